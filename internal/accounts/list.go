package accounts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"

	"freshet"
)

// Users is a page of users.
type Users struct {
	Users []User
	Next  string // for the next page; empty: there is none
}

// filter is Cognito's: an attribute, = or ^= (begins with), and a text.
type filter struct {
	name   string
	prefix bool
	value  string
}

var filterForm = regexp.MustCompile(`^\s*"?([a-z:_]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$`)

func readFilter(text string) (*filter, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	m := filterForm.FindStringSubmatch(text)
	if m == nil {
		return nil, refuse(InvalidParameter, `The filter cannot be read; write it like email = "ana@example.com" or username ^= "a".`)
	}
	f := &filter{name: m[1], prefix: m[2] == "^=", value: strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[3])}
	switch f.name {
	case "username", "sub", attrEmail, attrPhone, "name", "given_name", "family_name", "preferred_username", "cognito:user_status", "status":
		return f, nil
	}
	return nil, refuse(InvalidParameter, "The filter attribute %s is not supported; take username, sub, email, phone_number, name, given_name, "+
		"family_name, preferred_username, cognito:user_status or status.", excerpt(f.name))
}

func (f *filter) fits(u *user) bool {
	if f == nil {
		return true
	}
	value := u.Attributes[f.name]
	switch f.name {
	case "username":
		value = u.Name
	case "sub":
		value = u.ID
	case "cognito:user_status":
		value = string(u.Status)
	case "status":
		value = "Enabled"
		if u.Disabled {
			value = "Disabled"
		}
	}
	want := f.value
	switch f.name {
	case "username", attrEmail, "status", "cognito:user_status":
		value, want = fold(value), fold(want)
	}
	if f.prefix {
		return strings.HasPrefix(value, want)
	}
	return value == want
}

// ListUsers gives users in no order that says anything, as far as they fit a filter; an empty filter is none. A
// limit of 0 is 60, the most. All users are looked through, unless the filter says which one it wants by
// username, sub or email.
func (p *Pool) ListUsers(ctx context.Context, filterText string, limit int, next string) (Users, error) {
	f, err := readFilter(filterText)
	if err != nil {
		return Users{}, err
	}
	if f != nil && !f.prefix && (f.name == "username" || f.name == "sub" || f.name == attrEmail) {
		u, err := p.find(ctx, f.value)
		if err != nil || u.ghost || !f.fits(u) {
			return Users{}, err
		}
		return Users{Users: []User{u.view()}}, nil
	}
	return p.page(ctx, kindUser, "", limit, next, func(_ string, body []byte) (*user, error) {
		u := new(user)
		if err := json.Unmarshal(body, u); err != nil || !f.fits(u) {
			return nil, err
		}
		return u, nil
	})
}

// ListUsersInGroup gives the users of a group.
func (p *Pool) ListUsersInGroup(ctx context.Context, name string, limit int, next string) (Users, error) {
	if _, err := p.GetGroup(ctx, name); err != nil {
		return Users{}, err
	}
	return p.page(ctx, kindMember, name+" ", limit, next, func(id string, _ []byte) (*user, error) {
		u, err := p.load(ctx, id)
		if err != nil || u.ghost {
			return nil, err
		}
		return u, nil
	})
}

// page gathers users from documents whose keys end in their ids.
func (p *Pool) page(ctx context.Context, kind freshet.ModelName, base string, limit int, next string, read func(id string, body []byte) (*user, error)) (Users, error) {
	limit, err := checkLimit(limit)
	if err != nil {
		return Users{}, err
	}
	last, err := readNext(next)
	if err != nil {
		return Users{}, err
	}
	var page Users
	err = p.after(ctx, kind, base, last, func(key string, body []byte) error {
		u, err := read(strings.TrimPrefix(key, base), body)
		if err != nil || u == nil {
			return err
		}
		if len(page.Users) == limit {
			page.Next = writeNext(page.Users[limit-1].ID)
			return errStop
		}
		page.Users = append(page.Users, u.view())
		return nil
	})
	return page, err
}

func checkLimit(limit int) (int, error) {
	if limit < 0 || limit > pageLimit {
		return 0, refuse(InvalidParameter, "The limit is %d; it has to be 1 to %d.", limit, pageLimit)
	}
	if limit == 0 {
		limit = pageLimit
	}
	return limit, nil
}

func writeNext(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

func readNext(text string) (string, error) {
	key, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(key) > maxNameBytes {
		return "", refuse(InvalidParameter, "The pagination token is not one of this server's.")
	}
	return string(key), nil
}
