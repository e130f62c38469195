package api

import (
	"context"
	"time"

	"freshet"
	"freshet/internal/accounts"
	"freshet/internal/graphql"
	"freshet/internal/rate"
	"freshet/internal/rawjson"
	"freshet/internal/schema"
)

// Directory tells who there is. *accounts.Pool is one.
type Directory interface {
	PersonByEmail(ctx context.Context, email string) (accounts.Person, bool, error)
	Person(ctx context.Context, username string) (accounts.Person, bool, error)
}

const maxPeople = 100 // of one request for names

// people answers who somebody is, to users who are signed in.
type people struct {
	directory Directory
	noSearch  bool
	now       func() time.Time
	searches  rate.Limiter // for addresses, which somebody may be guessing
	lookups   rate.Limiter // of names
}

func newPeople(opts Options) *people {
	return &people{
		directory: opts.People, noSearch: opts.NoSearch, now: opts.Now,
		searches: rate.Limiter{Every: 10 * time.Second, Burst: 20},
		lookups:  rate.Limiter{Every: time.Second, Burst: 120},
	}
}

// admit refuses whoever is not signed in, and those who ask too often.
func (p *people) admit(id *freshet.Identity, limit *rate.Limiter) error {
	if !id.Has(freshet.UserPools) && !id.Has(freshet.OIDC) {
		return freshet.Errorf(freshet.Forbidden, "only users who are signed in may ask who somebody is")
	}
	if !limit.Admits(id.Name, p.now()) {
		return freshet.Errorf(freshet.Unavailable, "more than %d requests at once, or one in %v; ask less often", limit.Burst, limit.Every)
	}
	return nil
}

var emailType = &schema.Type{Name: "AWSEmail", NonNull: true}

// byEmail resolves who has an address.
func (p *people) byEmail(ctx context.Context, call *graphql.Call) (any, error) {
	if p.noSearch {
		return nil, freshet.Errorf(freshet.Forbidden, "finding people by their e-mail is switched off")
	}
	if err := p.admit(caller(ctx), &p.searches); err != nil {
		return nil, err
	}
	value, err := emailType.Append(nil, call.Arg("email"))
	if err != nil {
		return nil, freshet.Errorf(freshet.Invalid, "email: %v", err)
	}
	email, err := rawjson.String(value)
	if err != nil {
		return nil, err
	}
	found, ok, err := p.directory.PersonByEmail(ctx, email)
	if err != nil || !ok {
		return nil, err
	}
	return person(found), nil
}

// byName resolves who has some user names, in their order; null for those who are not there.
func (p *people) byName(ctx context.Context, call *graphql.Call) (any, error) {
	if err := p.admit(caller(ctx), &p.lookups); err != nil {
		return nil, err
	}
	var list graphql.Slice[any]
	err := rawjson.Elements(call.Arg("usernames"), func(element []byte) error {
		if len(list) == maxPeople {
			return freshet.Errorf(freshet.TooLarge, "usernames: more than %d, the most of one request", maxPeople)
		}
		name, err := rawjson.String(element)
		if err != nil {
			return err
		}
		found, ok, err := p.directory.Person(ctx, name)
		if err != nil {
			return err
		}
		if !ok {
			list = append(list, nil)
			return nil
		}
		list = append(list, person(found))
		return nil
	})
	return list, err
}

// person shows one as a Person.
type person accounts.Person

// Field gives one field of a person.
func (p person) Field(name string) (any, error) {
	switch name {
	case "username":
		return p.Username, nil
	case "name":
		if p.Name != "" {
			return p.Name, nil
		}
	}
	return nil, nil
}
