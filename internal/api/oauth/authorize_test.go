package oauth_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"freshet/internal/accounts"
	"freshet/internal/api/oauth"
)

func TestAuthorizeRefuses(t *testing.T) {
	d := open(t)
	for name, changes := range map[string][]string{
		"no client":                  {"client_id"},
		"an unknown client":          {"client_id=evil"},
		"no redirect":                {"redirect_uri"},
		"a redirect of another app":  {"redirect_uri=https://shop.test/back"},
		"a redirect not listed":      {"redirect_uri=https://evil.test/"},
		"a listed one, longer":       {"redirect_uri=" + back + "/more"},
		"a listed one, with a query": {"redirect_uri=" + back + "?x=1"},
		"a listed one, by case":      {"redirect_uri=https://APP.test/back"},
		"a listed one, in clear":     {"redirect_uri=http://app.test/back"},
		"a listed one, as a user":    {"redirect_uri=https://app.test@evil.test/back"},
		"a script":                   {"redirect_uri=javascript:alert(1)"},
		"endless":                    {"state=" + strings.Repeat("x", 9000)},
	} {
		for _, page := range []string{"authorize", "signin", "signup", "forgot"} {
			address := strings.Replace(d.authorize(changes...), "authorize", page, 1)
			if b := d.browser().get(address); b.status != http.StatusBadRequest || b.header.Get("Location") != "" {
				t.Errorf("%s at %s: %d to %q", name, page, b.status, b.header.Get("Location"))
			}
		}
	}
	if b := d.browser().get(d.authorize() + "&redirect_uri=https://evil.test/"); b.status != http.StatusBadRequest {
		t.Errorf("two redirects: %d", b.status)
	}
}

func TestAuthorizeTellsTheApp(t *testing.T) {
	d := open(t)
	for name, test := range map[string]struct {
		changes []string
		code    string
	}{
		"no PKCE":                 {[]string{"code_challenge", "code_challenge_method"}, "invalid_request"},
		"plain PKCE":              {[]string{"code_challenge_method=plain"}, "invalid_request"},
		"PKCE of no method":       {[]string{"code_challenge_method"}, "invalid_request"},
		"a short challenge":       {[]string{"code_challenge=abc"}, "invalid_request"},
		"an odd challenge":        {[]string{"code_challenge=" + strings.Repeat("!", 43)}, "invalid_request"},
		"no response type":        {[]string{"response_type"}, "invalid_request"},
		"the implicit flow":       {[]string{"response_type=token"}, "unsupported_response_type"},
		"the fragment":            {[]string{"response_mode=fragment"}, "invalid_request"},
		"an unknown scope":        {[]string{"scope=openid root"}, "invalid_scope"},
		"a request object":        {[]string{"request=e30"}, "request_not_supported"},
		"a request by reference":  {[]string{"request_uri=https://evil.test/"}, "request_uri_not_supported"},
		"none and login":          {[]string{"prompt=none login"}, "invalid_request"},
		"max_age of words":        {[]string{"max_age=long"}, "invalid_request"},
		"nobody there, no prompt": {[]string{"prompt=none"}, "login_required"},
	} {
		b := d.browser().get(d.authorize(test.changes...))
		q := b.at.Query()
		if b.status != http.StatusSeeOther || !strings.HasPrefix(b.at.String(), back+"?") || q.Get("error") != test.code ||
			q.Get("state") != "s t&te" || q.Get("iss") != d.issuer || q.Get("code") != "" {
			t.Errorf("%s: %d %s", name, b.status, b.at)
		}
	}
	b := d.browser().get(d.authorize("response_type", "redirect_uri="+backMore))
	if !strings.HasPrefix(b.at.String(), backMore+"&error=") {
		t.Errorf("a redirect with a query: %s", b.at)
	}
	b = d.browser().get(d.authorize() + "&scope=openid")
	if b.at.Query().Get("error") != "invalid_request" {
		t.Errorf("a parameter twice: %s", b.at)
	}
	b = d.browser().get(d.authorize("state", "response_type"))
	if b.at.Query().Has("state") {
		t.Errorf("a state that was not sent: %s", b.at)
	}
}

func TestPages(t *testing.T) {
	d := open(t)
	address, err := url.Parse(d.authorize("login_hint=\"><script>alert(1)</script>", "state='\"><script>"))
	d.must(err)
	b := d.browser().send("POST", d.root+"/oauth2/authorize", address.Query()).on("Sign in", "The &lt;b&gt;Web&lt;/b&gt; app", "Delta &lt;&amp; co&gt;")
	if strings.Contains(b.body, "<script") || strings.Contains(b.body, "<b>Web") || !strings.Contains(b.body, `value="&#34;&gt;&lt;script&gt;`) {
		t.Errorf("it is not escaped:\n%s", b.body)
	}
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self' https:;", "base-uri 'none'"} {
		if policy := b.header.Get("Content-Security-Policy"); !strings.Contains(policy, want) || strings.Contains(policy, "unsafe") {
			t.Errorf("the policy is %q, without %q", policy, want)
		}
	}
	for name, want := range map[string]string{
		"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
	} {
		if got := b.header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	b.get(d.authorize("prompt=create")).on("Create an account", `autocomplete="new-password"`)
	b.get(d.authorize("redirect_uri=com.example.app:/back"))
	if policy := b.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' com.example.app:;") {
		t.Errorf("of an app on a phone: %q", policy)
	}
	b.get(strings.Replace(d.authorize(), "authorize", "reset", 1)).on("Sign in")
}

func TestCookies(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	for issuer, want := range map[string]struct {
		name   string
		secure bool
	}{"https://id.test": {"__Host-freshet-browser", true}, "http://localhost:8080": {"freshet-browser", false}} {
		h := oauth.New(d.pool, oauth.Options{Issuer: issuer, Secret: serverSecret, Clients: []oauth.Client{{ID: "web", RedirectURIs: []string{back}}}})
		address := strings.Replace(strings.TrimPrefix(d.authorize(), d.root), "authorize", "signin", 1)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
		cookies := w.Result().Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: %v", issuer, cookies)
		}
		c := cookies[0]
		if c.Name != want.name || c.Secure != want.secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s: %v", issuer, c)
		}
	}
	b := d.browser().signIn("ana@example.com")
	for _, c := range b.header.Values("Set-Cookie") {
		if !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Max-Age=3600") {
			t.Errorf("%s", c)
		}
	}
}

func TestForgedForms(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	ana, mallory := d.browser(), d.browser()
	_, hidden := mallory.get(d.authorize()).form()
	action, own := ana.get(d.authorize()).form()
	fields := func(form string) url.Values {
		return url.Values{"form": {form}, "username": {"ana@example.com"}, "password": {goodPassword}}
	}
	_, ofSignUp := ana.get(d.authorize("prompt=create")).form()
	for name, form := range map[string]string{"none": "", "of another browser": hidden, "changed": own[:len(own)-2] + "AA", "of another page": ofSignUp, "endless": strings.Repeat("a", 20<<10)} {
		if ana.send("POST", action, fields(form)); ana.status != http.StatusForbidden || ana.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d", name, ana.status)
		}
	}
	if b := d.browser().send("POST", action, fields(own)); b.status != http.StatusForbidden {
		t.Errorf("without the cookie: %d", b.status)
	}
	ofShop := strings.NewReplacer("web", "shop", url.QueryEscape(back), url.QueryEscape("https://shop.test/back")).Replace(action)
	if ana.send("POST", ofShop, fields(own)); ana.status != http.StatusForbidden {
		t.Errorf("for another app: %d", ana.status)
	}
	toEvil := strings.Replace(action, url.QueryEscape(back), url.QueryEscape("https://evil.test/"), 1)
	if ana.send("POST", toEvil, fields(own)); ana.status != http.StatusBadRequest {
		t.Errorf("with another redirect: %d", ana.status)
	}
	ana.send("POST", action, fields(own)).code()
	d.clock.advance(2 * time.Hour)
	if ana.send("POST", action, fields(own)).on("This page is too old", "Start again"); ana.status != http.StatusForbidden {
		t.Errorf("too old: %d", ana.status)
	}
}

func TestOptions(t *testing.T) {
	valid := oauth.Options{Issuer: "https://id.test", Secret: bytes.Repeat([]byte("x"), 32)}
	with := func(uri string) func(*oauth.Options) {
		return func(o *oauth.Options) { o.Clients = []oauth.Client{{ID: "web", RedirectURIs: []string{uri}}} }
	}
	for name, test := range map[string]struct {
		change func(*oauth.Options)
		ok     bool
	}{
		"valid":                    {func(*oauth.Options) {}, true},
		"https":                    {with("https://app.test/back?x=1"), true},
		"a phone's":                {with("myapp://back"), true},
		"localhost":                {with("http://localhost:3000/"), true},
		"in clear":                 {with("http://app.test/"), false},
		"a script":                 {with("javascript:alert(1)"), false},
		"data":                     {with("data:text/html,x"), false},
		"a fragment":               {with("https://app.test/#x"), false},
		"no host":                  {with("https:///x"), false},
		"relative":                 {with("/back"), false},
		"a scheme with a policy":   {with("https://a.test/;script-src"), false},
		"no issuer":                {func(o *oauth.Options) { o.Issuer = "" }, false},
		"an issuer with a query":   {func(o *oauth.Options) { o.Issuer = "https://id.test?x" }, false},
		"another address":          {func(o *oauth.Options) { o.URL = "http://localhost:8080" }, true},
		"another one, with a path": {func(o *oauth.Options) { o.URL = "https://a.test/b" }, false},
		"another one, no address":  {func(o *oauth.Options) { o.URL = "a.test" }, false},
		"a session of the past":    {func(o *oauth.Options) { o.SessionLifetime = -time.Second }, false},
		"a short secret":           {func(o *oauth.Options) { o.Secret = []byte("x") }, false},
		"a client without an id":   {func(o *oauth.Options) { o.Clients = make([]oauth.Client, 1) }, false},
		"a client twice":           {func(o *oauth.Options) { o.Clients = []oauth.Client{{ID: "a"}, {ID: "a"}} }, false},
	} {
		o := valid
		test.change(&o)
		if err := o.Validate(); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSingleSignOn(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	b := d.browser().signIn("ana@example.com")
	first := b.code()
	pages, err := url.Parse(d.root)
	d.must(err)
	silent := func(changes ...string) *browser { return b.get(d.authorize(changes...)) }
	if code := silent("prompt=none").code(); code == first {
		t.Error("the same code comes again")
	}
	silent().code()
	toShop := silent("client_id=shop", "redirect_uri=https://shop.test/back")
	if toShop.at.Query().Get("code") == "" || toShop.at.Host != "shop.test" {
		t.Errorf("to another app: %d %s", toShop.status, toShop.at)
	}
	silent("prompt=login").on("Sign in")
	silent("prompt=select_account").on("Sign in")
	silent("max_age=0").on("Sign in")
	d.clock.advance(30 * time.Minute)
	silent("max_age=3600").code()
	silent("max_age=1800").on("Sign in")
	d.must(d.pool.AdminUserGlobalSignOut(t.Context(), accounts.Caller{}, "ana@example.com"))
	silent().on("Sign in")

	b.signIn("ana@example.com").code()
	d.clock.advance(61 * time.Minute)
	silent().on("Sign in")

	b.signIn("ana@example.com").code()
	old := b.client.Jar.Cookies(pages)
	silent("prompt=login").fill("username=ana@example.com", "password="+goodPassword).code()
	left := d.browser()
	left.client.Jar.SetCookies(pages, old)
	left.get(d.authorize()).on("Sign in")

	silent().code()
	old = b.client.Jar.Cookies(pages)
	if b.get(d.root + "/logout").on("Signed out"); !strings.Contains(b.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("the cookie stays: %v", b.header)
	}
	silent().on("Sign in")
	left.client.Jar.SetCookies(pages, old)
	left.get(d.authorize()).on("Sign in")
}

// TestAuthTime holds that an app is told when the user proved who it is, and not when the app asked.
func TestAuthTime(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	authTime := func(b *browser) time.Time {
		t.Helper()
		_, tokens, _ := d.exchange(b.code())
		text, _ := tokens["id_token"].(string)
		id, _, err := d.pool.CheckID(t.Context(), text)
		d.must(err)
		seconds, _ := id.Claims["auth_time"].(float64)
		return time.Unix(int64(seconds), 0)
	}
	b := d.browser()
	before := d.clock.now().Truncate(time.Second)
	first := authTime(b.signIn("ana@example.com"))
	if first.Before(before) || first.After(d.clock.now()) {
		t.Errorf("signed in at %v, not at %v", first, before)
	}
	d.clock.advance(20 * time.Minute)
	for _, ask := range []string{"state=again", "max_age=1500"} {
		if again := authTime(b.get(d.authorize(ask))); !again.Equal(first) {
			t.Errorf("%s, 20 minutes later: signed in at %v, not at %v", ask, again, first)
		}
	}
	for _, ask := range []string{"prompt=login", "max_age=600"} {
		d.clock.advance(20 * time.Minute)
		now := d.clock.now().Truncate(time.Second)
		next := authTime(b.get(d.authorize(ask)).on("Sign in").fill("username=ana@example.com", "password="+goodPassword))
		if next.Before(now) {
			t.Errorf("%s: signed in at %v, not at %v", ask, next, now)
		}
	}
}

// TestSessionLifetime holds that the pages' session ends in its own time, in the pool too, and an app's does not.
func TestSessionLifetime(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	d.opts.SessionLifetime = 10 * time.Minute
	d.handler = oauth.New(d.pool, d.opts)
	b := d.browser().signIn("ana@example.com")
	if cookie := b.header.Get("Set-Cookie"); !strings.Contains(cookie, "Max-Age=600") {
		t.Errorf("the cookie is %s", cookie)
	}
	_, tokens, _ := d.exchange(b.code())
	d.clock.advance(9 * time.Minute)
	b.get(d.authorize()).code()
	if n, err := d.pool.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("%d documents have had their time, %v", n, err)
	}
	d.clock.advance(time.Minute)
	b.get(d.authorize()).on("Sign in")
	if n, err := d.pool.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("%d sessions of pages have ended in the pool, %v", n, err)
	}
	if status, answer, _ := d.refresh(tokens["refresh_token"], "web"); status != 200 {
		t.Errorf("the app's session: %d %v", status, answer)
	}
}

func TestLogout(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	_, tokens, _ := d.exchange(d.browser().signIn("ana@example.com").code())
	hint, _ := tokens["id_token"].(string)
	d.clock.advance(2 * time.Hour) // the hint is of a token that has expired, as it mostly is
	for name, test := range map[string]struct {
		query  string
		status int
		to     string
	}{
		"by Cognito":                   {"client_id=web&logout_uri=" + leaving, 303, leaving},
		"by OpenID Connect":            {"client_id=web&post_logout_redirect_uri=" + leaving + "&state=a%26b", 303, leaving + "?state=a%26b"},
		"by the ID token":              {"id_token_hint=" + hint + "&post_logout_redirect_uri=" + leaving, 303, leaving},
		"by both":                      {"client_id=web&id_token_hint=" + hint + "&post_logout_redirect_uri=" + leaving, 303, leaving},
		"by another's ID token":        {"client_id=shop&id_token_hint=" + hint + "&post_logout_redirect_uri=" + leaving, 400, ""},
		"by an ID token, not listed":   {"id_token_hint=" + hint + "&post_logout_redirect_uri=https://evil.test/", 400, ""},
		"nowhere":                      {"client_id=web", 200, ""},
		"not listed":                   {"client_id=web&logout_uri=https://evil.test/", 400, ""},
		"a listed one of sign-in":      {"client_id=web&logout_uri=" + back, 400, ""},
		"of another app":               {"client_id=shop&logout_uri=" + leaving, 400, ""},
		"of an unknown app":            {"client_id=?&logout_uri=" + leaving, 400, ""},
		"of no app":                    {"logout_uri=" + leaving, 400, ""},
		"of no app, with a false hint": {"id_token_hint=x.y.z&logout_uri=" + leaving, 400, ""},
	} {
		b := d.browser().get(d.root + "/logout?" + test.query)
		if b.status != test.status || b.header.Get("Location") != test.to {
			t.Errorf("%s: %d %s", name, b.status, b.header.Get("Location"))
		}
	}
}
