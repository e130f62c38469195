package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"

	"freshet/internal/accounts"
	"freshet/internal/engine"
)

// verify measures how long a token of the user pool takes to be believed.
func (b *bench) verify() (*table, error) {
	t := &table{
		title: "Verifying an access token",
		about: "In one process, without a server, one after the other. Tokens of one session; the first time each is verified (RSA, 2,048 bits), after that its hash is known. " +
			"Every few seconds the session is looked up in the store besides. The limit is the check of such a signature by crypto/rsa, with nothing around it.",
		columns: []string{"token", "processor time, µs each"},
	}
	dir, remove, err := b.fresh("pool")
	if err != nil {
		return nil, err
	}
	defer remove()
	p, err := openEngine(b.ctx, dir)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	tokens, err := manyTokens(b.ctx, p.engine, b.size(500, 50))
	if err != nil {
		return nil, err
	}
	signature, err := rsaCheck()
	if err != nil {
		return nil, err
	}
	var limit, first, again samples
	for range b.rounds {
		alone, err := signature(len(tokens))
		if err != nil {
			return nil, err
		}
		limit.add(alone)
		pool, err := openPool(b.ctx, p.engine) // it has verified nothing yet
		if err != nil {
			return nil, err
		}
		check := func(tokens []string) (float64, error) {
			begin := ownCPU()
			for _, token := range tokens {
				if _, _, err := pool.Check(b.ctx, token); err != nil {
					return 0, err
				}
			}
			return micros(ownCPU()-begin) / float64(len(tokens)), nil
		}
		if _, err := check(tokens[:1]); err != nil { // reads the keys and the session
			return nil, err
		}
		once, err := check(tokens[1:])
		if err != nil {
			return nil, err
		}
		first.add(once)
		for range 10 {
			once, err := check(tokens)
			if err != nil {
				return nil, err
			}
			again.add(once)
		}
	}
	t.row("its signature alone", limit.median())
	t.row("not seen before", first.median())
	t.row("seen before", again.median())
	t.atMost("not seen before", first.median(), 60, " µs")
	t.atMost("seen before", again.median(), 2, " µs")
	return t, nil
}

// rsaCheck gives what measures the check of one signature, several times.
func rsaCheck() (func(times int) (float64, error), error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte("a token"))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	return func(times int) (float64, error) {
		begin := ownCPU()
		for range times {
			if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
				return 0, err
			}
		}
		return micros(ownCPU()-begin) / float64(times), nil
	}, err
}

// manyTokens gives access tokens of one session.
func manyTokens(ctx context.Context, e *engine.Engine, count int) ([]string, error) {
	pool, err := openPool(ctx, e)
	if err != nil {
		return nil, err
	}
	caller := accounts.Caller{Client: appID, Address: "192.0.2.1"}
	if _, err := pool.SignUp(ctx, caller, accounts.SignUp{Username: "ana", Password: personPassword}); err != nil {
		return nil, err
	}
	in, err := pool.InitiateAuth(ctx, caller, accounts.AuthRequest{
		Flow: accounts.FlowPassword, Parameters: map[string]string{"USERNAME": "ana", "PASSWORD": personPassword},
	})
	if err != nil {
		return nil, err
	}
	if in.Tokens == nil {
		return nil, errors.New("the sign-in gives no tokens")
	}
	tokens, refresh := []string{in.Tokens.Access}, in.Tokens.Refresh
	for len(tokens) < count {
		next, err := pool.GetTokensFromRefreshToken(ctx, caller, refresh)
		if err != nil {
			return nil, err
		}
		tokens, refresh = append(tokens, next.Access), next.Refresh
	}
	return tokens, nil
}

func openPool(ctx context.Context, e *engine.Engine) (*accounts.Pool, error) {
	return accounts.Open(ctx, e.Documents(), accounts.Config{
		Secret: bytes.Repeat([]byte("benchmark"), 4), Issuer: issuer, Clients: []string{appID}, Mailer: noMail{}, AutoConfirm: true,
	})
}

// noMail is the post of a pool that writes nobody.
type noMail struct{}

func (noMail) Send(context.Context, accounts.Message) error { return nil }
