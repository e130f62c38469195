package auth

import (
	"context"
	"time"

	"freshet"
	"freshet/internal/rate"
)

// Guesses slows networks that try API keys, and tells of each that is refused. What an operator has chosen can be
// guessed, so a fixed key lets nobody in from a network that has tried too many; a stored one has 192 random bits, and
// does all the same: whoever has one is not to be kept out by a neighbour.
type Guesses struct {
	wrong   rate.Limiter // by network
	now     func() time.Time
	refused func(ctx context.Context, from string)
}

// What one network may try: enough for a program with an old key, and 8,640 a day.
const (
	wrongAtOnce = 30
	wrongEvery  = 10 * time.Second
)

// NewGuesses counts by a clock. refused is told of each wrong key and the address that it came from; it must not hold
// up its caller.
func NewGuesses(now func() time.Time, refused func(ctx context.Context, from string)) *Guesses {
	return &Guesses{wrong: rate.Limiter{Every: wrongEvery, Burst: wrongAtOnce}, now: now, refused: refused}
}

// identify gives the identity of an API key that came from an address.
func (g *Guesses) identify(ctx context.Context, keys *Keys, secret, from string) (freshet.Identity, time.Time, error) {
	key, err := keys.find(secret)
	if g != nil && (err != nil || key.Fixed) {
		network := rate.NetworkOf(from)
		if g.wrong.Over(network, g.now()) {
			return freshet.Identity{}, time.Time{}, freshet.Errorf(freshet.Unavailable, "too many wrong API keys came from your network; try again later")
		}
		if err != nil {
			g.wrong.Count(network, g.now())
			g.refused(ctx, from)
		}
	}
	if err != nil {
		return freshet.Identity{}, time.Time{}, err
	}
	keys.use(key)
	return key.identity(), key.Expires, nil
}
