package oauth_test

import (
	"crypto/hmac"
	"crypto/sha1" // as authenticator apps do
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"html"
	"image"
	"image/color"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"

	"freshet/internal/accounts"
)

// totp does what an authenticator app does.
func totp(t *testing.T, key string, at time.Time) string {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(key, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// wrong gives a code that is not the one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestSignUpFlow(t *testing.T) {
	d := open(t)
	b := d.browser().get(d.authorize()).on("Sign in")
	if !strings.Contains(b.body, `href="/oauth2/signup?`) || !strings.Contains(b.body, `href="/oauth2/forgot?`) {
		t.Errorf("the page does not lead on:\n%s", b.body)
	}
	b.get(d.authorize("prompt=create")).on("Create an account")
	b.fill("email=", "password=").on("Create an account", "Please fill this in.", `aria-invalid="true"`)
	if strings.Count(b.body, "autofocus") != 1 || b.status != http.StatusBadRequest {
		t.Errorf("%d\n%s", b.status, b.body)
	}
	b.fill("email=ana", "password="+goodPassword).on("Create an account", "a whole e-mail address", `value="ana"`)
	b.fill("email=ana@example.com", "password=12345678").on("Create an account", "Choose another password: it is one of the most common ones.", `aria-describedby="password-error" autofocus`)
	if strings.Contains(b.body, "12345678") {
		t.Error("the page shows the password")
	}
	b.fill("email=ana@example.com", "password="+goodPassword).on("Check your e-mail", "a***@e***", `autocomplete="one-time-code"`)
	code := d.post.code("ana@example.com")
	b.fill("code="+wrong(code)).on("Check your e-mail", "Invalid verification code provided")
	b.fill("action=resend").on("Check your e-mail", "less than 1 min ago")
	if b.status != http.StatusTooManyRequests {
		t.Errorf("another code at once: %d", b.status)
	}
	b.fill("code=" + code[:3] + " " + code[3:])
	if status, tokens, _ := d.exchange(b.code()); status != 200 || tokens["id_token"] == nil {
		t.Errorf("%d %v", status, tokens)
	}
	d.browser().get(d.authorize("prompt=create")).fill("email=ANA@example.com", "password="+goodPassword).on("Create an account", "already exists", `id="email-error"`)
}

func TestConfirmLater(t *testing.T) {
	d := open(t)
	d.browser().get(d.authorize("prompt=create")).fill("email=ana@example.com", "password="+goodPassword).on("Check your e-mail")
	d.clock.advance(time.Minute)
	b := d.browser().signIn("ana@example.com").on("Check your e-mail", "Another code is on its way")
	d.clock.advance(time.Minute)
	b.fill("action=resend").on("Check your e-mail", "Another code is on its way")
	b.fill("code=" + d.post.code("ana@example.com")).code()

	b = d.browser().get(d.authorize("prompt=create")).fill("email=ben@example.com", "password="+goodPassword).on("Check your e-mail")
	d.must(d.pool.AdminDisableUser(t.Context(), accounts.Caller{}, "ben@example.com"))
	b.fill("code="+d.post.code("ben@example.com")).on("Sign in", "Your e-mail is confirmed", `value="ben@example.com"`)
	d.must(d.pool.AdminEnableUser(t.Context(), accounts.Caller{}, "ben@example.com"))
	b.fill("username=ben@example.com", "password="+goodPassword).code()
}

func TestSignInRefuses(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	b := d.browser().get(d.authorize())
	wrongPassword := b.fill("username=ana@example.com", "password=wrong").on("Sign in", "Incorrect username or password.", `<title>Error: `).body
	nobody := b.fill("username=bob@example.com", "password=wrong").on("Sign in").body
	blur := func(body string) string { return hiddenOf.ReplaceAllString(strings.ReplaceAll(body, "bob", "ana"), "") }
	if blur(wrongPassword) != blur(nobody) {
		t.Errorf("one who is not there is told from one who is:\n%s\n%s", wrongPassword, nobody)
	}
	for range 5 {
		b.fill("username=ana@example.com", "password=wrong")
	}
	b.fill("username=ana@example.com", "password="+goodPassword).on("Sign in", "Password attempts exceeded")
	d.clock.advance(time.Hour)
	b = d.browser().get(d.authorize())
	b.fill("username=ana@example.com", "password="+goodPassword).code()
}

func TestForgotPassword(t *testing.T) {
	d := open(t)
	d.user("ana@example.com")
	const next = "window-lantern-93"
	b := d.browser().get(strings.Replace(d.authorize(), "authorize", "forgot", 1)).on("Forgot your password?")
	b.fill("username=ana@example.com").on("Choose a new password", "a***@e***", `value="ana@example.com" readonly hidden`)
	code := d.post.code("ana@example.com")
	b.fill("code="+wrong(code), "password="+next).on("Choose a new password", "Invalid verification code", `id="code-error"`, `name="code" type="text" value=""`)
	b.fill("code="+code, "password=short").on("Choose a new password", "Choose another password: it has 5 characters", `id="password-error"`, `value="`+code+`"`)
	b.fill("code="+code, "password="+next).code()
	d.browser().signIn("ana@example.com").on("Sign in", "Incorrect username or password.")

	nobody := d.browser().get(strings.Replace(d.authorize(), "authorize", "forgot", 1)).fill("username=bob@example.com").on("Choose a new password", "b***@e***")
	nobody.fill("code=123456", "password="+next).on("Choose a new password", "Invalid verification code")

	d.clock.advance(time.Minute)
	d.must(d.pool.AdminResetUserPassword(t.Context(), accounts.Caller{}, "ana@example.com"))
	b = d.browser().get(d.authorize())
	b.fill("username=ana@example.com", "password="+next)
	b.on("Choose a new password")
	b.fill("code="+d.post.code("ana@example.com"), "password="+goodPassword).code()
}

func TestNewPasswordRequired(t *testing.T) {
	d := open(t)
	_, err := d.pool.AdminCreateUser(t.Context(), accounts.Caller{}, accounts.AdminCreateUser{Username: "ana@example.com", TemporaryPassword: goodPassword})
	d.must(err)
	b := d.browser().signIn("ana@example.com").on("Choose a password", "first time only")
	b.fill("password=short").on("Choose a password", "it has 5 characters")
	b.fill("password=window-lantern-93").code()
}

var keyOf = regexp.MustCompile(`<code[^>]*>([A-Z2-7 ]+)</code>`)

var (
	linkOf = regexp.MustCompile(`href="(otpauth:[^"]*)"`)
	boxOf  = regexp.MustCompile(`viewBox="0 0 (\d+) `)
	runOf  = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
)

// seesCode looks at the picture of a page as a camera would: it has to be the QR code of the link beside it.
func seesCode(t *testing.T, page string) {
	t.Helper()
	number := func(text string) int { n, _ := strconv.Atoi(text); return n }
	link, box := linkOf.FindStringSubmatch(page), boxOf.FindStringSubmatch(page)
	if link == nil || box == nil {
		t.Fatalf("there is no picture:\n%s", page)
	}
	black := make(map[[2]int]bool)
	for _, run := range runOf.FindAllStringSubmatch(page, -1) {
		for i := range number(run[3]) {
			black[[2]int{number(run[1]) + i, number(run[2])}] = true
		}
	}
	want, err := qr.Encode(html.UnescapeString(link[1]), qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	size, quiet := number(box[1]), 4
	if size != want.Bounds().Dx()+2*quiet {
		t.Errorf("the picture has %d modules", size)
	}
	for y := range size {
		for x := range size {
			at := image.Pt(x-quiet, y-quiet)
			if want := at.In(want.Bounds()) && want.At(at.X, at.Y) == color.Black; black[[2]int{x, y}] != want {
				t.Fatalf("at %d, %d it is black: %v", x, y, !want)
			}
		}
	}
}

func TestSecondFactors(t *testing.T) {
	d := open(t, func(c *accounts.Config) { c.MFA = accounts.MFARequired })
	d.user("ana@example.com")
	b := d.browser().signIn("ana@example.com").on("Set up an authenticator app", `href="otpauth://totp/Delta%20%3C&amp;%20co%3E:ana@example.com?secret=`)
	key := keyOf.FindStringSubmatch(b.body)
	if key == nil {
		t.Fatalf("there is no key:\n%s", b.body)
	}
	seesCode(t, b.body)
	b.fill("code="+wrong(totp(t, key[1], d.clock.now()))).on("Set up an authenticator app", "Code mismatch", key[1])
	b.fill("code=" + totp(t, key[1], d.clock.now())).code()

	d.clock.advance(time.Minute)
	b = d.browser().signIn("ana@example.com").on("Enter your code", "authenticator app")
	b.fill("code="+wrong(totp(t, key[1], d.clock.now()))).on("Enter your code", "Invalid verification code")
	b.fill("code=" + totp(t, key[1], d.clock.now())).code()

	on := &accounts.MFASetting{Enabled: true}
	d.must(d.pool.AdminUpdateUserAttributes(t.Context(), accounts.Caller{}, "ana@example.com", []accounts.Attribute{{Name: "email_verified", Value: "true"}}))
	d.must(d.pool.AdminSetUserMFAPreference(t.Context(), accounts.Caller{}, "ana@example.com", on, on))
	b = d.browser().signIn("ana@example.com").on("One more step", `value="SOFTWARE_TOKEN_MFA" checked`, `value="EMAIL_OTP"`)
	b.fill("answer=EMAIL_OTP").on("Check your e-mail", "a***@e***")
	b.fill("code=" + d.post.code("ana@example.com")).code()

	d.user("ben@example.com")
	b = d.browser().signIn("ben@example.com").on("Set up an authenticator app").fill("action=email").on("Check your e-mail")
	d.clock.advance(4 * time.Minute)
	b.fill("code="+d.post.code("ben@example.com")).on("Check your e-mail", "the session has expired", "Start again")
}
