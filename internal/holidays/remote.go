package holidays

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"freshet"
)

const (
	kind      freshet.ModelName = "_Holidays" // of the documents in which answers are kept
	listKey                     = "countries" // other keys are like 2026/CH
	fresh                       = 24 * time.Hour
	pause                       = time.Minute // after a failure, in which the service is left alone
	fetchTime                   = 5 * time.Second
	maxAnswer                   = 1 << 20 // bytes
	fetches                     = 2       // at a time
)

// Remote asks a service that speaks as Nager.Date does, keeps what it says, and asks again after a day.
type Remote struct {
	address   string
	client    *http.Client
	documents freshet.Documents
	now       func() time.Time
	logger    *slog.Logger
	slots     chan struct{} // one for each fetch at a time

	mu      sync.Mutex
	flights map[string]*flight // fetches under way, by key
	rests   time.Time          // until when the service is left alone
}

var _ Source = (*Remote)(nil)

// flight is a fetch that several wait for.
type flight struct {
	done chan struct{}
	body []byte
	err  error
}

// kept is an answer of the service.
type kept struct {
	At   time.Time       `json:"at"`
	Body json.RawMessage `json:"body"`
}

// NewRemote makes a source of the service at an address like https://date.nager.at.
func NewRemote(address string, documents freshet.Documents, now func() time.Time, logger *slog.Logger) *Remote {
	return &Remote{
		address: strings.TrimRight(address, "/"), client: &http.Client{Timeout: fetchTime}, documents: documents, now: now, logger: logger,
		slots: make(chan struct{}, fetches), flights: make(map[string]*flight),
	}
}

// Countries gives the countries that the service knows.
func (s *Remote) Countries(ctx context.Context) ([]Country, error) {
	return get[Country](ctx, s, listKey, "/api/v3/AvailableCountries")
}

// Public gives the holidays of a year. Only countries of the service's list are asked about, so that nobody fills
// the store with answers to others.
func (s *Remote) Public(ctx context.Context, year int, country string) ([]Holiday, error) {
	countries, err := s.Countries(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(countries, func(c Country) bool { return c.CountryCode == country }) {
		return nil, unknown(country)
	}
	key := fmt.Sprintf("%d/%s", year, country)
	return get[Holiday](ctx, s, key, "/api/v3/PublicHolidays/"+key)
}

// get gives a list: what is kept where that is new enough or nothing newer can be had, and what the service says
// otherwise.
func get[T any](ctx context.Context, s *Remote, key, path string) ([]T, error) {
	var old kept
	found, err := s.documents.Get(ctx, freshet.Document{Kind: kind, Key: key}, &old)
	if err != nil {
		return nil, err
	}
	list := []T{}
	if !found || s.now().Sub(old.At) >= fresh {
		body, err := s.fetchOnce(ctx, key, path, func(body []byte) ([]byte, error) {
			var list []T
			if err := json.Unmarshal(body, &list); err != nil || list == nil {
				return nil, fmt.Errorf("%s is no list of what was asked for: %w", path, err)
			}
			return json.Marshal(list)
		})
		switch {
		case err == nil:
			old.Body = body
		case !found:
			return nil, freshet.Wrap(freshet.Unavailable, err, "the service that knows the holidays cannot be asked now")
		}
	}
	return list, json.Unmarshal(old.Body, &list)
}

// fetchOnce asks the service and keeps what it says. Who wants the same meanwhile waits for this answer.
func (s *Remote) fetchOnce(ctx context.Context, key, path string, read func([]byte) ([]byte, error)) ([]byte, error) {
	s.mu.Lock()
	f, under := s.flights[key], true
	if f == nil {
		if rest := s.rests.Sub(s.now()); rest > 0 {
			s.mu.Unlock()
			return nil, fmt.Errorf("it failed, and is left alone for %s", rest)
		}
		f, under = &flight{done: make(chan struct{})}, false
		s.flights[key] = f
	}
	s.mu.Unlock()
	if under {
		select {
		case <-f.done:
			return f.body, f.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	// Others wait for it, so it does not end with the request that it was begun for.
	f.body, f.err = s.fetch(context.WithoutCancel(ctx), key, path, read)
	s.mu.Lock()
	delete(s.flights, key)
	if f.err != nil {
		s.rests = s.now().Add(pause)
	}
	s.mu.Unlock()
	close(f.done)
	if f.err != nil {
		s.logger.WarnContext(ctx, "the holidays could not be read", "address", s.address, "err", f.err)
	}
	return f.body, f.err
}

func (s *Remote) fetch(ctx context.Context, key, path string, read func([]byte) ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", path, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("get %s: it has more than %d bytes", path, maxAnswer)
	}
	if body, err = read(body); err != nil {
		return nil, err
	}
	return body, freshet.PutDocument(ctx, s.documents, freshet.Document{Kind: kind, Key: key}, kept{At: s.now(), Body: body})
}
