package oauth

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"freshet/internal/accounts"
)

func (v *visit) signUpPage(email string) page {
	password := passwordField()
	password.Label = "Password"
	return v.form(page{
		Title: "Create an account", Lead: "to continue to " + v.app(),
		Fields: []field{
			{Name: "email", Label: "E-mail", Type: "email", Value: email, Complete: "username", Mode: "email", Hint: "We send a code there to make sure that it is yours."},
			password,
		},
		Submit: "Create account",
		Links:  []link{{Text: "Have an account?", Label: "Sign in", Href: v.q.link("signin")}},
	}, "signup", step{})
}

func (v *visit) showSignUp() {
	hint := v.q.hint
	if len(hint) > maxHint {
		hint = ""
	}
	v.say(v.signUpPage(hint))
}

func (v *visit) takeSignUp(form url.Values) {
	email, password := strings.TrimSpace(form.Get("email")), form.Get("password")
	p := v.signUpPage(email)
	if !v.filled(p, form) {
		return
	}
	if !strings.Contains(email, "@") { // the pool would take it for a user name
		p.complain("email", "Please enter a whole e-mail address.")
		v.render(v.w, v.r, http.StatusBadRequest, p)
		return
	}
	answer, err := v.pool.SignUp(v.r.Context(), v.caller(), accounts.SignUp{Username: email, Password: password})
	switch {
	case err != nil:
		v.again(p, err, places{accounts.UsernameExists: "email", accounts.InvalidParameter: "email", accounts.InvalidPassword: "password"})
	case answer.Confirmed:
		v.byPassword(p, email, password)
	default:
		s := step{User: email, Session: answer.Session}
		if answer.Delivery != nil {
			s.Sent = answer.Delivery.Destination
		}
		v.say(v.confirmPage(s))
	}
}

func (v *visit) confirmPage(s step) page {
	return v.form(page{
		Title: "Check your e-mail", Lead: "We sent a code to " + cmp.Or(s.Sent, "your e-mail") + ". With it your account is ready.", User: s.User,
		Fields: []field{codeField("Six digits.")}, Submit: "Confirm",
		Others: []button{{"resend", "Send another code"}},
		Links:  []link{{Label: "Start again", Href: v.q.link("signin")}},
	}, "confirm", s)
}

func (v *visit) takeConfirm(form url.Values) {
	if pressed(form, "resend") {
		v.resendConfirmation(v.step)
		return
	}
	s := v.step
	p := v.confirmPage(s)
	if !v.filled(p, form) {
		return
	}
	session, err := v.pool.ConfirmSignUp(v.r.Context(), v.caller(), s.User, code(form), s.Session)
	if err != nil {
		v.again(p, err, atCode)
		return
	}
	const done = "Your e-mail is confirmed. Please sign in."
	if session == "" {
		v.start(s.User, done)
		return
	}
	result, err := v.pool.InitiateAuth(v.r.Context(), v.caller(), accounts.AuthRequest{
		Flow: accounts.FlowUser, Session: session, Life: v.opts.SessionLifetime,
	})
	if err != nil {
		v.start(s.User, done)
		return
	}
	v.proceed(p, s.User, result, nil, nil)
}

// resendConfirmation shows the page for the code, with another code on its way.
func (v *visit) resendConfirmation(s step) {
	d, err := v.pool.ResendConfirmationCode(v.r.Context(), v.caller(), s.User)
	if d.Destination != "" {
		s.Sent = d.Destination
	}
	v.sent(v.confirmPage(s), err, s.Sent)
}

// sent shows the page for a code that was to be sent. One that was sent a moment ago still counts, so the page
// comes in any case.
func (v *visit) sent(p page, err error, to string) {
	if err != nil {
		v.again(p, err, nil)
		return
	}
	p.Notice = "Another code is on its way to " + to + "."
	v.say(p)
}
