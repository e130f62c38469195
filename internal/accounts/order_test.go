package accounts

import (
	"fmt"
	"testing"
	"time"

	"freshet/internal/passkeytest"
)

// thief has the password, the mailbox and a device of a user, which is remembered and was never there with the second
// factor, and a passkey of another user. What it lacks is the code of the user's app.
type thief struct {
	*fixture
	device  thing
	passkey *passkeytest.Passkey
	tried   map[string]bool // tickets, but for what differs each time
	steps   map[string]bool // challenges that it got to
	got     []*Tokens
}

// goesOn says all that a thief knows at each challenge, with what one answer holds.
func (x *thief) goesOn(result AuthResult, client *srpClient) {
	if result.Tokens != nil {
		x.got = append(x.got, result.Tokens)
		return
	}
	t, err := x.ticketOf(app, ChallengeAnswer{Challenge: result.Challenge, Session: result.Session, Responses: map[string]string{
		"PASSWORD_CLAIM_SECRET_BLOCK": result.Parameters["SECRET_BLOCK"],
	}})
	x.must(err)
	x.steps[result.Challenge] = true
	state := fmt.Sprint(t.Step, t.Factor, t.SetUp, t.Secret != nil, t.Second, t.Device, t.Proven, t.Challenge != "")
	if x.tried[state] {
		return
	}
	x.tried[state] = true
	for _, challenge := range challenges {
		for _, responses := range x.responses(result, client) {
			x.forgiveGuesses()
			if next, err := x.respond(challenge, result.Session, responses); err == nil {
				x.goesOn(next, client)
			}
		}
	}
	if _, session, err := x.AssociateSoftwareToken(x.t.Context(), app, "", result.Session); err == nil {
		x.goesOn(AuthResult{Challenge: ChallengeMFASetup, Session: session}, client)
	}
}

// responses gives what a thief knows in the words of all challenges at once.
func (x *thief) responses(result AuthResult, client *srpClient) (list []map[string]string) {
	x.clock.advance(codeIntervals)
	ana, err := x.find(x.t.Context(), "ana")
	x.must(err)
	_, err = x.sendCode(x.t.Context(), ana, codeSignIn, ana.email())
	x.must(err)
	proofs := []map[string]string{nil}
	if result.Parameters["SECRET_BLOCK"] != "" {
		result.Parameters["USER_ID_FOR_SRP"] = ana.ID
		proofs = append(proofs, client.prove("test", goodPassword, result.Parameters), client.proveAs(x.device.key, x.device.group, x.device.password, result.Parameters))
	}
	for _, answer := range []string{factorPassword, factorSRP, ChallengeEmail, ChallengePasskey, ChallengeTOTP} {
		for _, proof := range proofs {
			one := map[string]string{
				"ANSWER": answer, "PASSWORD": goodPassword, "NEW_PASSWORD": "rose-garden-48", "EMAIL": ana.email(), "EMAIL_OTP_CODE": x.code(ana.email()),
				"SOFTWARE_TOKEN_MFA_CODE": "000000", "SRP_A": client.public.Text(16),
			}
			if options := result.Parameters["CREDENTIAL_REQUEST_OPTIONS"]; options != "" {
				one["CREDENTIAL"] = string(x.passkey.Sign([]byte(options)))
			}
			for name, value := range proof {
				one[name] = value
			}
			one["USERNAME"], one["DEVICE_KEY"] = "ana", x.device.key
			list = append(list, one)
		}
	}
	return list
}

// TestNoOrderOfSteps: whatever a thief says, in whatever order, nothing stands in for the second factor but what may.
func TestNoOrderOfSteps(t *testing.T) {
	for _, mfa := range []MFA{MFAOptional, MFARequired} {
		t.Run(string(mfa), func(t *testing.T) {
			all := func(c *Config) { c.EmailSignIn, c.Devices, c.ChallengeLifetime = true, DevicesAsk, 10_000*time.Hour }
			f := newFixture(t, withPasskeys, all)
			f.user("ana")
			f.user("mallory")
			x := &thief{fixture: f, passkey: passkeytest.NewES256(testPage), tried: make(map[string]bool), steps: make(map[string]bool)}
			f.register("mallory", x.passkey)
			first := f.tokens("ana")
			x.device = f.track(first)
			f.must(f.UpdateDeviceStatus(t.Context(), app, Whose{AccessToken: first.Access}, x.device.key, Remembered))
			secret := f.withTOTP("ana")
			f.Pool = f.open(withPasskeys, all, func(c *Config) { c.MFA = mfa })
			for _, flow := range []string{FlowSRP, FlowPassword, FlowUser} {
				for _, device := range []string{"", x.device.key} {
					client := newSRPClient(32)
					result, err := f.InitiateAuth(t.Context(), app, AuthRequest{Flow: flow, Parameters: map[string]string{
						"USERNAME": "ana", "PASSWORD": goodPassword, "SRP_A": client.public.Text(16), "DEVICE_KEY": device,
					}})
					f.must(err)
					x.goesOn(result, client)
				}
			}
			for _, step := range []string{ChallengeVerifier, ChallengeSelect, ChallengeTOTP, ChallengeEmail, ChallengeDevice, ChallengeDeviceVerifier, ChallengePasskey} {
				if !x.steps[step] {
					t.Errorf("the thief never got to %s, but to %v", step, x.steps)
				}
			}
			if len(x.got) > 0 {
				t.Errorf("the thief got tokens %d times", len(x.got))
			}
			f.clock.advance(time.Hour)
			result, err := f.onDevice("ana", x.device)
			f.comesTo("the owner", result, err, ChallengeTOTP)
			_, err = f.respond(ChallengeTOTP, result.Session, map[string]string{"SOFTWARE_TOKEN_MFA_CODE": f.totp(secret)})
			f.want("the owner, with the code", err, "")
		})
	}
}
