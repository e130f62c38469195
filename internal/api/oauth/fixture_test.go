package oauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"freshet/internal/accounts"
	"freshet/internal/api/apitest"
	"freshet/internal/api/oauth"
)

// postbox keeps the codes that were mailed.
type postbox struct {
	mu    sync.Mutex
	codes map[string]string // by address
}

func (b *postbox) Send(_ context.Context, m accounts.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.codes[m.To] = m.Data["code"]
	return nil
}

func (b *postbox) code(to string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.codes[to]
}

type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// The apps.
const (
	back     = "https://app.test/back"
	backMore = "https://app.test/back?tenant=7"
	leaving  = "https://app.test/bye"
	secret   = "a secret: of the 100% server-side app"

	goodPassword = "tulip-garden-47"
	verifier     = "a-verifier-of-at-least-forty-three-characters"
)

var serverSecret = bytes.Repeat([]byte("fixture "), 4)

type door struct {
	t      *testing.T
	pool   *accounts.Pool
	post   *postbox
	clock  *clock
	root   string
	issuer string

	opts    oauth.Options
	handler *oauth.Door // a test may put another one in its place before it asks
}

func open(t *testing.T, configure ...func(*accounts.Config)) *door {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	d := &door{t: t, post: &postbox{codes: make(map[string]string)}, clock: &clock{}, root: "http://" + server.Listener.Addr().String()}
	d.issuer = d.root + "/local_test"
	house := apitest.Open(t, `type Task @model @auth(rules: [{allow: owner}]) { title: String! }`)
	config := accounts.Config{
		Secret: serverSecret, PoolID: "local_test", Issuer: d.issuer, Clients: []string{"web", "shop", "backend"}, Mailer: d.post, Now: d.clock.now,
	}
	for _, c := range configure {
		c(&config)
	}
	var err error
	if d.pool, err = accounts.Open(t.Context(), house.Engine.Documents(), config); err != nil {
		t.Fatal(err)
	}
	d.opts = oauth.Options{
		Issuer: d.issuer, Secret: serverSecret, Now: d.clock.now, Product: "Delta <& co>",
		Clients: []oauth.Client{
			{ID: "web", Name: "The <b>Web</b> app", RedirectURIs: []string{back, backMore, "com.example.app:/back"}, LogoutURIs: []string{leaving}},
			{ID: "shop", RedirectURIs: []string{"https://shop.test/back"}},
			{ID: "backend", Secret: secret, RedirectURIs: []string{back}},
		},
	}
	d.handler = oauth.New(d.pool, d.opts)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) })
	server.Start()
	t.Cleanup(server.Close)
	return d
}

// user makes a user who may sign in.
func (d *door) user(email string) {
	d.t.Helper()
	_, err := d.pool.SignUp(d.t.Context(), accounts.Caller{Client: "web"}, accounts.SignUp{Username: email, Password: goodPassword})
	d.must(err)
	d.must(d.pool.AdminConfirmSignUp(d.t.Context(), accounts.Caller{}, email))
	d.clock.advance(time.Minute) // codes may be sent again
}

func (d *door) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// authorize gives the address to which the app "web" sends a browser; changes are "name=value", or "name" to
// leave a parameter out.
func (d *door) authorize(changes ...string) string {
	q := url.Values{
		"response_type": {"code"}, "client_id": {"web"}, "redirect_uri": {back}, "state": {"s t&te"}, "nonce": {"n-1"}, "scope": {"openid email"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}
	for _, c := range changes {
		name, value, set := strings.Cut(c, "=")
		if q.Del(name); set {
			q.Set(name, value)
		}
	}
	return d.root + "/oauth2/authorize?" + q.Encode()
}

// browser acts as one: it keeps cookies and follows redirects, but those to an app.
type browser struct {
	*door
	client *http.Client

	status int
	header http.Header
	body   string
	at     *url.URL // where it is, or would be sent: an app
}

func (d *door) browser() *browser {
	jar, err := cookiejar.New(nil)
	d.must(err)
	b := &browser{door: d, client: &http.Client{Jar: jar}}
	b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), d.root+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

func (b *browser) get(address string) *browser {
	b.t.Helper()
	return b.send("GET", address, nil)
}

func (b *browser) send(method, address string, form url.Values) *browser {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	b.must(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.client.Do(r)
	b.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	b.must(err)
	b.status, b.header, b.body, b.at = response.StatusCode, response.Header, string(body), response.Request.URL
	if to := response.Header.Get("Location"); to != "" {
		b.at, err = url.Parse(to)
		b.must(err)
	}
	return b
}

var (
	actionOf = regexp.MustCompile(`action="([^"]*)"`)
	hiddenOf = regexp.MustCompile(`name="form" value="([^"]*)"`)
	headOf   = regexp.MustCompile(`<h1>([^<]*)</h1>`)
)

// form gives where the form of the page leads, and what is hidden in it.
func (b *browser) form() (action, hidden string) {
	b.t.Helper()
	a, h := actionOf.FindStringSubmatch(b.body), hiddenOf.FindStringSubmatch(b.body)
	if a == nil || h == nil {
		b.t.Fatalf("there is no form in\n%s", b.body)
	}
	return b.root + html.UnescapeString(a[1]), h[1]
}

// fill sends the form of the page, with fields as "name=value".
func (b *browser) fill(fields ...string) *browser {
	b.t.Helper()
	action, hidden := b.form()
	form := url.Values{"form": {hidden}}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		if !strings.Contains(b.body, `name="`+name+`"`) {
			b.t.Fatalf("the page has no field %s:\n%s", name, b.body)
		}
		form.Set(name, value)
	}
	return b.send("POST", action, form)
}

// signIn goes through the page for signing in.
func (b *browser) signIn(user string) *browser {
	b.t.Helper()
	return b.get(b.authorize()).fill("username="+user, "password="+goodPassword)
}

// on tells whether a page is there, and that it holds some texts.
func (b *browser) on(heading string, texts ...string) *browser {
	b.t.Helper()
	found := headOf.FindStringSubmatch(b.body)
	if found == nil || html.UnescapeString(found[1]) != heading {
		b.t.Fatalf("%d %s: the page is not %q but\n%s", b.status, b.at, heading, b.body)
	}
	for _, text := range texts {
		if !strings.Contains(b.body, text) {
			b.t.Errorf("the page %q does not hold %q:\n%s", heading, text, b.body)
		}
	}
	return b
}

// code gives the code with which the browser went back to the app.
func (b *browser) code() string {
	b.t.Helper()
	q := b.at.Query()
	if b.status != http.StatusSeeOther || !strings.HasPrefix(b.at.String(), back+"?") || q.Get("code") == "" || q.Get("iss") != b.issuer {
		b.t.Fatalf("no code comes back but %d %s\n%s", b.status, b.at, b.body)
	}
	return q.Get("code")
}

// ask sends a form as an app does; headers are "name: value".
func (d *door) ask(path string, form url.Values, headers ...string) (int, map[string]any, http.Header) {
	d.t.Helper()
	return d.call("POST", path, form, headers...)
}

func (d *door) call(method, path string, form url.Values, headers ...string) (int, map[string]any, http.Header) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.root+path, strings.NewReader(form.Encode()))
	d.must(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	d.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	d.must(err)
	answer := make(map[string]any)
	if len(body) > 0 {
		if err := json.Unmarshal(body, &answer); err != nil {
			d.t.Fatalf("%s %s: %d %s", method, path, response.StatusCode, body)
		}
	}
	return response.StatusCode, answer, response.Header
}

// exchange takes a code to the door of the app "web", changed as in authorize.
func (d *door) exchange(code string, changes ...string) (int, map[string]any, http.Header) {
	d.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"web"}, "code": {code}, "redirect_uri": {back}, "code_verifier": {verifier}}
	for _, c := range changes {
		name, value, set := strings.Cut(c, "=")
		if form.Del(name); set {
			form.Set(name, value)
		}
	}
	return d.ask("/oauth2/token", form)
}

func (d *door) refresh(token any, client string) (int, map[string]any, http.Header) {
	d.t.Helper()
	text, _ := token.(string)
	return d.ask("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {text}})
}

func (d *door) userInfo(token any) (int, map[string]any) {
	d.t.Helper()
	text, _ := token.(string)
	status, answer, _ := d.call("GET", "/oauth2/userInfo", nil, "Authorization: Bearer "+text)
	return status, answer
}

func sorted(m map[string]any) []string {
	var list []string
	for name := range m {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
