package accounts

import "context"

// Person is what users may know of each other.
type Person struct {
	Username string // as owner fields hold it
	Name     string // as it is shown: the attribute name; empty: there is none
}

func (u *user) person() Person { return Person{Username: u.Name, Name: u.Attributes["name"]} }

// PersonByEmail gives who has exactly this verified address, and tells whether there is one. Who asks must be slowed
// by the caller: the answer says who has an account.
func (p *Pool) PersonByEmail(ctx context.Context, email string) (Person, bool, error) {
	if !isEmail(email) || len(email) > maxEmail {
		return Person{}, false, nil
	}
	u, err := p.find(ctx, email)
	if err != nil || u.ghost || u.Disabled || u.Status == Unconfirmed || !u.emailVerified() || fold(u.email()) != fold(email) {
		return Person{}, false, err
	}
	return u.person(), true, nil
}

// Person gives who has a user name or an id, and tells whether there is one. An e-mail is neither.
func (p *Pool) Person(ctx context.Context, username string) (Person, bool, error) {
	if username == "" || isEmail(username) || len(username) > maxNameBytes {
		return Person{}, false, nil
	}
	u, err := p.find(ctx, username)
	if err != nil || u.ghost || u.Status == Unconfirmed {
		return Person{}, false, err
	}
	return u.person(), true, nil
}
