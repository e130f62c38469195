package control

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"

	"freshet"
	"freshet/internal/accesskey"
	"freshet/internal/mail"
)

// The two ends of an operation on accounts, mail and signed keys stand here together: what the client sends and
// what the handler makes of it.

type userAnswer struct {
	User     User   `json:"user"`
	Password string `json:"password,omitempty"`
}

type signedKeyRequest struct {
	Name    string    `json:"name"`
	Expires time.Time `json:"expires,omitzero"`
	Admin   bool      `json:"admin,omitempty"`
}

type signedKeyAnswer struct {
	Key    accesskey.Key `json:"key"`
	Secret string        `json:"secret"`
}

// ask sends a request as JSON.
func (c *Client) ask(ctx context.Context, path string, query url.Values, request, result any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	return c.call(ctx, "POST", path, query, bytes.NewReader(body), noItem, result)
}

// decode reads a request strictly.
func decode(r *http.Request, request any) error {
	body := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	body.DisallowUnknownFields()
	if err := body.Decode(request); err != nil {
		return freshet.Wrap(freshet.Invalid, err, "the request cannot be read")
	}
	return nil
}

// accountRoutes are the operations on accounts, mail and signed keys.
func (h *handler) accountRoutes() map[string]func(*http.Request, *stream) (any, error) {
	return map[string]func(*http.Request, *stream) (any, error){
		"GET /users":         h.users,
		"POST /users":        h.createUser,
		"POST /users/act":    h.actOnUser,
		"POST /setup-link":   h.setupLink,
		"POST /users/groups": h.setUserGroups,
		"GET /mail":          h.letters,
		"GET /mail/{id}":     h.letter,
		"GET /signed-keys":   h.signedKeys,
		"POST /signed-keys":  h.createSignedKey,
	}
}

// named says whom a request is about; a name may hold anything, so it is no part of the path.
func named(name string) url.Values { return url.Values{"name": {name}} }

func nameOf(r *http.Request) string { return r.URL.Query().Get("name") }

// Users calls visit with the users.
func (c *Client) Users(ctx context.Context, visit func([]User) error) error {
	return c.call(ctx, "GET", "/users", nil, nil, func(text []byte) error {
		var users []User
		if err := json.Unmarshal(text, &users); err != nil {
			return err
		}
		return visit(users)
	}, nil)
}

func (h *handler) users(r *http.Request, out *stream) (any, error) {
	return nil, h.desk.Users(r.Context(), func(users []User) error { return out.marshal(memberItem, users) })
}

// CreateUser makes an account.
func (c *Client) CreateUser(ctx context.Context, n NewUser) (User, string, error) {
	var answer userAnswer
	err := c.ask(ctx, "/users", nil, n, &answer)
	return answer.User, answer.Password, err
}

func (h *handler) createUser(r *http.Request, _ *stream) (any, error) {
	var n NewUser
	if err := decode(r, &n); err != nil {
		return nil, err
	}
	user, password, err := h.desk.CreateUser(r.Context(), n)
	return userAnswer{user, password}, err
}

// ActOnUser does something with a user as a whole.
func (c *Client) ActOnUser(ctx context.Context, name string, act UserAct) error {
	return c.ask(ctx, "/users/act", named(name), act, nil)
}

func (h *handler) actOnUser(r *http.Request, _ *stream) (any, error) {
	var act UserAct
	if err := decode(r, &act); err != nil {
		return nil, err
	}
	return nil, h.desk.ActOnUser(r.Context(), nameOf(r), act)
}

// SetUserGroups has a user join and leave groups.
func (c *Client) SetUserGroups(ctx context.Context, name string, change GroupChange) ([]string, error) {
	var groups []string
	err := c.ask(ctx, "/users/groups", named(name), change, &groups)
	return groups, err
}

func (h *handler) setUserGroups(r *http.Request, _ *stream) (any, error) {
	var change GroupChange
	if err := decode(r, &change); err != nil {
		return nil, err
	}
	return h.desk.SetUserGroups(r.Context(), nameOf(r), change)
}

// SetupLink makes the link by which a user becomes the first administrator.
func (c *Client) SetupLink(ctx context.Context) (string, error) {
	var link string
	err := c.call(ctx, "POST", "/setup-link", nil, nil, noItem, &link)
	return link, err
}

func (h *handler) setupLink(r *http.Request, _ *stream) (any, error) {
	return h.desk.SetupLink(r.Context())
}

// Letters gives the mail.
func (c *Client) Letters(ctx context.Context) ([]mail.Entry, error) {
	var list []mail.Entry
	err := c.call(ctx, "GET", "/mail", nil, nil, noItem, &list)
	return list, err
}

func (h *handler) letters(r *http.Request, _ *stream) (any, error) {
	return h.desk.Letters(r.Context())
}

// Letter gives one letter.
func (c *Client) Letter(ctx context.Context, id string) (mail.Kept, error) {
	var letter mail.Kept
	err := c.call(ctx, "GET", "/mail/"+url.PathEscape(id), nil, nil, noItem, &letter)
	return letter, err
}

func (h *handler) letter(r *http.Request, _ *stream) (any, error) {
	return h.desk.Letter(r.Context(), r.PathValue("id"))
}

// SignedKeys gives the keys that sign requests.
func (c *Client) SignedKeys(ctx context.Context) ([]SignedKey, error) {
	var keys []SignedKey
	err := c.call(ctx, "GET", "/signed-keys", nil, nil, noItem, &keys)
	return keys, err
}

func (h *handler) signedKeys(r *http.Request, _ *stream) (any, error) {
	return h.desk.SignedKeys(r.Context())
}

// CreateSignedKey makes a key that signs requests.
func (c *Client) CreateSignedKey(ctx context.Context, name string, expires time.Time, admin bool) (accesskey.Key, string, error) {
	var answer signedKeyAnswer
	err := c.ask(ctx, "/signed-keys", nil, signedKeyRequest{Name: name, Expires: expires, Admin: admin}, &answer)
	return answer.Key, answer.Secret, err
}

func (h *handler) createSignedKey(r *http.Request, _ *stream) (any, error) {
	var request signedKeyRequest
	if err := decode(r, &request); err != nil {
		return nil, err
	}
	key, secret, err := h.desk.CreateSignedKey(r.Context(), request.Name, request.Expires, request.Admin)
	return signedKeyAnswer{key, secret}, err
}
