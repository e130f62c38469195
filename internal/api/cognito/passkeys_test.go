package cognito_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"freshet/internal/accounts"
	"freshet/internal/api/cognito"
	"freshet/internal/passkeytest"
)

const page = "https://app.example.com"

func withPasskeys(c *accounts.Config, _ *cognito.Options) {
	c.RelyingParty = accounts.RelyingParty{ID: "example.com", Origins: []string{page}}
}

// ask sends an operation, and gives the member of the answer that is to be shown to a passkey.
func (h *house) ask(operation, body string) (answer struct {
	CredentialCreationOptions json.RawMessage
	ChallengeParameters       struct {
		Options string `json:"CREDENTIAL_REQUEST_OPTIONS"`
	}
	Session string
},
) {
	h.t.Helper()
	_, text := h.send(h.request(operation, h.fill(body)))
	must(h.t, json.Unmarshal([]byte(text), &answer))
	return answer
}

func TestPasskeys(t *testing.T) {
	h := open(t, withPasskeys)
	h.walk(ana...)
	const token = `"AccessToken":"$AccessToken"`
	k := passkeytest.NewES256(page)
	begun := h.ask("StartWebAuthnRegistration", `{`+token+`}`)
	h.known["Made"] = string(k.Create(begun.CredentialCreationOptions))
	h.walk(
		step{operation: "ListWebAuthnCredentials", body: `{` + token + `}`, want: `{"Credentials":[]}`},
		step{operation: "CompleteWebAuthnRegistration", body: `{` + token + `,"Credential":{}}`, fault: accounts.InvalidParameter},
		step{operation: "CompleteWebAuthnRegistration", body: `{` + token + `,"Credential":$Made}`, want: `{}`},
		step{operation: "CompleteWebAuthnRegistration", body: `{` + token + `,"Credential":$Made}`, fault: accounts.WebAuthnChallengeNotFound},
		step{
			operation: "ListWebAuthnCredentials", body: `{` + token + `,"MaxResults":5}`,
			want: `{"Credentials":[{"CredentialId":"*","FriendlyCredentialName":"Passkey","RelyingPartyId":"example.com",` +
				`"AuthenticatorAttachment":"platform","AuthenticatorTransports":["internal"],"CreatedAt":"*"}]}`,
		},
		step{
			operation: "InitiateAuth", body: `{"ClientId":"web","AuthFlow":"USER_AUTH","AuthParameters":{"USERNAME":"ana","PREFERRED_CHALLENGE":"WEB_AUTHN"}}`,
			want: `{"ChallengeName":"WEB_AUTHN","ChallengeParameters":{"USERNAME":"ana","CREDENTIAL_REQUEST_OPTIONS":"*"},"Session":"*"}`,
		},
	)
	asked := h.ask("InitiateAuth", `{"ClientId":"web","AuthFlow":"USER_AUTH","AuthParameters":{"USERNAME":"ana","PREFERRED_CHALLENGE":"WEB_AUTHN"}}`)
	proof, err := json.Marshal(string(k.Sign([]byte(asked.ChallengeParameters.Options))))
	must(t, err)
	answer := fmt.Sprintf(`{"ClientId":"web","ChallengeName":"WEB_AUTHN","Session":%q,"ChallengeResponses":{"USERNAME":"ana","CREDENTIAL":%s}}`, asked.Session, proof)
	h.walk(
		step{operation: "RespondToAuthChallenge", body: strings.Replace(answer, `"web"`, `"cli"`, 1), fault: accounts.NotAuthorized},
		step{operation: "RespondToAuthChallenge", body: answer, want: wantToken},
		step{operation: "RespondToAuthChallenge", body: answer, fault: accounts.NotAuthorized},
		step{operation: "DeleteWebAuthnCredential", body: `{` + token + `,"CredentialId":"AAAA"}`, fault: accounts.ResourceNotFound},
		step{operation: "DeleteWebAuthnCredential", body: `{` + token + `,"CredentialId":"$CredentialId"}`, want: `{}`},
		step{operation: "ListWebAuthnCredentials", body: `{` + token + `}`, want: `{"Credentials":[]}`},
	)
}

func TestPasskeysAreNotForThisServer(t *testing.T) {
	h := open(t)
	h.walk(ana...)
	const token = `"AccessToken":"$AccessToken"`
	h.walk(
		step{operation: "StartWebAuthnRegistration", body: `{` + token + `}`, fault: accounts.WebAuthnConfigurationMissing},
		step{operation: "CompleteWebAuthnRegistration", body: `{` + token + `,"Credential":{}}`, fault: accounts.WebAuthnConfigurationMissing},
		step{operation: "ListWebAuthnCredentials", body: `{` + token + `}`, want: `{"Credentials":[]}`},
		step{operation: "StartWebAuthnRegistration", body: `{"AccessToken":"x.y.z"}`, fault: accounts.NotAuthorized},
	)
}
