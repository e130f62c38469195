package oauth

import (
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"freshet/internal/accounts"
)

func (v *visit) signInPage(user string) page {
	return v.form(page{
		Title: "Sign in", Lead: "to continue to " + v.app(),
		Fields: []field{
			{Name: "username", Label: "E-mail or user name", Type: "text", Value: user, Complete: "username"},
			{Name: "password", Label: "Password", Type: "password", Complete: "current-password"},
		},
		Submit: "Sign in",
		Links: []link{
			{Label: "Forgot your password?", Href: v.q.link("forgot")},
			{Text: "New here?", Label: "Create an account", Href: v.q.link("signup")},
		},
	}, "signin", step{})
}

const maxHint = 256 // bytes

func (v *visit) showSignIn() {
	hint := v.q.hint
	if len(hint) > maxHint {
		hint = ""
	}
	v.say(v.signInPage(hint))
}

func (v *visit) takeSignIn(form url.Values) {
	user := strings.TrimSpace(form.Get("username"))
	p := v.signInPage(user)
	if v.filled(p, form) {
		v.byPassword(p, user, form.Get("password"))
	}
}

// byPassword begins a sign-in. What the account's state forbids leads to the page that helps; any other refusal is
// shown on p.
func (v *visit) byPassword(p page, user, password string) {
	result, err := v.pool.InitiateAuth(v.r.Context(), v.caller(), accounts.AuthRequest{
		Flow: accounts.FlowPassword, Parameters: map[string]string{"USERNAME": user, "PASSWORD": password}, Life: v.opts.SessionLifetime,
	})
	switch accounts.FaultOf(err) {
	case accounts.UserNotConfirmed:
		v.resendConfirmation(step{User: user})
	case accounts.PasswordResetRequired:
		v.startReset(user, "")
	default:
		v.proceed(p, user, result, err, places{accounts.NotAuthorized: "password", accounts.UserNotFound: "username", accounts.InvalidParameter: "username"})
	}
}

// proceed goes on after a step of a sign-in: with the next one, or back to the app. A refusal is shown on p.
func (v *visit) proceed(p page, user string, result accounts.AuthResult, err error, where places) {
	switch {
	case err != nil:
		v.again(p, err, where)
	case result.Tokens != nil:
		v.endSession(v.r) // of who was signed in here before
		v.remember(v.w, v.q.client.ID, result.Tokens.Refresh)
		v.giveCode(v.w, v.r, v.q, result.Tokens.Access)
	default:
		v.ask(user, result)
	}
}

// ask shows the page of a challenge.
func (v *visit) ask(user string, result accounts.AuthResult) {
	s := step{User: user, Challenge: result.Challenge, Session: result.Session, Sent: result.Parameters["CODE_DELIVERY_DESTINATION"]}
	switch result.Challenge {
	case accounts.ChallengeSelectMFA:
		s.Choices = choices(result.Parameters["MFAS_CAN_CHOOSE"])
	case accounts.ChallengeMFASetup:
		s.Choices = choices(result.Parameters["MFAS_CAN_SETUP"])
		secret, session, err := v.pool.AssociateSoftwareToken(v.r.Context(), v.caller(), "", result.Session)
		if err != nil {
			v.again(v.signInPage(user), err, nil)
			return
		}
		s.Secret, s.Session = secret, session
	}
	if p, known := v.challengePage(s); known {
		v.say(p)
		return
	}
	v.opts.Logger.WarnContext(v.r.Context(), "there is no page for a challenge", "challenge", result.Challenge)
	v.refuse(v.w, v.r, "Your account asks for a proof that this page cannot take.")
}

func choices(text string) (list []string) {
	_ = json.Unmarshal([]byte(text), &list) // the pool's own; an empty list leads to a page without choices
	return list
}

func codeField(hint string) field {
	return field{Name: "code", Label: "Code", Type: "text", Complete: "one-time-code", Mode: "numeric", Hint: hint}
}

func passwordField() field {
	return field{Name: "password", Label: "New password", Type: "password", Complete: "new-password", Hint: "At least 8 characters. A few words that only you would put together are a good one."}
}

// challengePage gives the page of a challenge, if there is one for it.
func (v *visit) challengePage(s step) (page, bool) {
	p := page{User: s.User, Submit: "Continue", Links: []link{{Label: "Start again", Href: v.q.link("signin")}}}
	switch s.Challenge {
	case accounts.ChallengeNewPassword:
		p.Title, p.Lead = "Choose a password", "The one you were given was for the first time only."
		p.Fields = []field{passwordField()}
	case accounts.ChallengeTOTP:
		p.Title, p.Lead = "Enter your code", "Your authenticator app shows it."
		p.Fields = []field{codeField("Six digits; they change every 30 seconds.")}
	case accounts.ChallengeEmail:
		p.Title, p.Lead = "Check your e-mail", "We sent a code to "+s.Sent+"."
		p.Fields = []field{codeField("Six digits.")}
	case accounts.ChallengeSelectMFA:
		p.Title, p.Lead = "One more step", "How do you want to show that it is you?"
		f := field{Name: "answer", Label: "Where your code comes from"}
		for i, c := range s.Choices {
			f.Choices = append(f.Choices, choice{Value: c, Label: methods[c], Checked: i == 0})
		}
		p.Fields = []field{f}
	case accounts.ChallengeMFASetup:
		p.Title, p.Lead = "Set up an authenticator app", "Signing in takes a code from an app. Scan the picture with yours, or add the key to it, then enter the code it shows."
		p.Secret = grouped(s.Secret)
		p.Setup = setupLink(v.opts.Product, s.User, s.Secret)
		p.Code = qrCode(string(p.Setup))
		p.Fields = []field{codeField("Six digits; they change every 30 seconds.")}
		if slices.Contains(s.Choices, accounts.ChallengeEmail) && strings.Contains(s.User, "@") {
			p.Others = []button{{"email", "Get codes by e-mail instead"}}
		}
	default:
		return page{}, false
	}
	return v.form(p, "challenge", s), true
}

var methods = map[string]string{accounts.ChallengeTOTP: "An authenticator app", accounts.ChallengeEmail: "An e-mail to me"}

// grouped parts a key for the eye.
func grouped(secret string) string {
	var parts []string
	for part := range slices.Chunk([]byte(secret), 4) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, " ")
}

// setupLink opens an authenticator app on the device itself. The scheme is ours and all else is escaped, so the
// template may take it as it is.
func setupLink(product, user, secret string) template.URL {
	uri := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/" + product + ":" + user,
		RawQuery: "secret=" + secret + "&issuer=" + url.PathEscape(product), // apps do not read + as a space
	}
	return template.URL(uri.String())
}

func (v *visit) takeChallenge(form url.Values) {
	s := v.step
	p, known := v.challengePage(s)
	if !known {
		v.refuse(v.w, v.r, "The form cannot be read.")
		return
	}
	respond := func(session string, responses map[string]string, where places) {
		result, err := v.pool.RespondToAuthChallenge(v.r.Context(), v.caller(), accounts.ChallengeAnswer{Challenge: s.Challenge, Responses: responses, Session: session})
		v.proceed(p, s.User, result, err, where)
	}
	byEmail := len(p.Others) > 0 && pressed(form, "email")
	if !byEmail && !v.filled(p, form) {
		return
	}
	switch s.Challenge {
	case accounts.ChallengeNewPassword:
		respond(s.Session, map[string]string{"NEW_PASSWORD": form.Get("password")}, places{accounts.InvalidPassword: "password", accounts.NotAuthorized: "password"})
	case accounts.ChallengeTOTP:
		respond(s.Session, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": code(form)}, atCode)
	case accounts.ChallengeEmail:
		respond(s.Session, map[string]string{"EMAIL_OTP_CODE": code(form)}, atCode)
	case accounts.ChallengeSelectMFA:
		respond(s.Session, map[string]string{"ANSWER": form.Get("answer")}, places{accounts.InvalidParameter: "answer"})
	case accounts.ChallengeMFASetup:
		if byEmail {
			respond(s.Session, map[string]string{"EMAIL": s.User}, nil)
			return
		}
		session, err := v.pool.VerifySoftwareToken(v.r.Context(), v.caller(), "", s.Session, code(form))
		if err != nil {
			v.again(p, err, atCode)
			return
		}
		respond(session, nil, atCode)
	}
}

// atCode shows what may be wrong with a code beside it.
var atCode = places{
	accounts.CodeMismatch: "code", accounts.ExpiredCode: "code", accounts.TooManyFailedAttempts: "code",
	accounts.EnableSoftwareTokenMFA: "code", accounts.NotAuthorized: "code",
}

// start gives the page for signing in, after something that went well.
func (v *visit) start(user, notice string) {
	p := v.signInPage(user)
	p.Notice = notice
	v.render(v.w, v.r, http.StatusOK, p)
}
