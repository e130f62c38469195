package oauth

import (
	"net/url"
	"strings"

	"freshet/internal/accounts"
)

func (v *visit) forgotPage(user string) page {
	return v.form(page{
		Title: "Forgot your password?", Lead: "We send a code to the e-mail of your account. With it you choose a new one.",
		Fields: []field{{Name: "username", Label: "E-mail or user name", Type: "text", Value: user, Complete: "username"}},
		Submit: "Send the code",
		Links:  []link{{Text: "Remembered it?", Label: "Sign in", Href: v.q.link("signin")}},
	}, "forgot", step{})
}

func (v *visit) showForgot() { v.say(v.forgotPage("")) }

func (v *visit) takeForgot(form url.Values) {
	user := strings.TrimSpace(form.Get("username"))
	if v.filled(v.forgotPage(user), form) {
		v.startReset(user, "")
	}
}

// startReset sends a code, and asks for it and the new password.
func (v *visit) startReset(user, notice string) {
	d, err := v.pool.ForgotPassword(v.r.Context(), v.caller(), user)
	p := v.resetPage(step{User: user, Sent: d.Destination})
	switch fault := accounts.FaultOf(err); {
	case err == nil:
		p.Notice = notice
		v.say(p)
	case fault == accounts.LimitExceeded: // one that was sent a moment ago still counts
		v.again(p, err, nil)
	default:
		v.again(v.forgotPage(user), err, places{accounts.UserNotFound: "username", accounts.InvalidParameter: "username"})
	}
}

func (v *visit) resetPage(s step) page {
	lead := "If there is an account by this name, a code comes by e-mail."
	if s.Sent != "" {
		lead = "If there is an account by this name, a code is on its way to " + s.Sent + "."
	}
	return v.form(page{
		Title: "Choose a new password", Lead: lead, User: s.User,
		Fields: []field{codeField("Six digits."), passwordField()}, Submit: "Save and sign in",
		Others: []button{{"resend", "Send another code"}},
		Links:  []link{{Label: "Start again", Href: v.q.link("signin")}},
	}, "reset", s)
}

func (v *visit) takeReset(form url.Values) {
	if pressed(form, "resend") {
		v.startReset(v.step.User, "We sent another code.")
		return
	}
	s, password := v.step, form.Get("password")
	p := v.resetPage(s)
	p.Fields[0].Value = form.Get("code")
	if !v.filled(p, form) {
		return
	}
	err := v.pool.ConfirmForgotPassword(v.r.Context(), v.caller(), s.User, code(form), password)
	if err != nil {
		if accounts.FaultOf(err) != accounts.InvalidPassword {
			p.Fields[0].Value = "" // it is wrong, or used up
		}
		where := places{accounts.InvalidPassword: "password"}
		for fault, field := range atCode {
			where[fault] = field
		}
		v.again(p, err, where)
		return
	}
	start := v.signInPage(s.User)
	start.Notice = "Your password is changed."
	v.byPassword(start, s.User, password)
}
