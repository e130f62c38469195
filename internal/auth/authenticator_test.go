package auth

import (
	"strings"
	"testing"
	"time"

	"freshet"
	"freshet/internal/documentstest"
)

func TestIdentify(t *testing.T) {
	c := newClock()
	keys := openKeys(t, new(documentstest.Memory), c)
	_, secret, err := keys.Create(t.Context(), "console", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	_, short, err := keys.Create(t.Context(), "short", c.now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	signer := rs256("k1")
	tokens := newTokens(t, c, trust(keyFile(t, signer.public())))
	token := signer.sign(t, of(c, claims{"username": "ana"}))
	signed := "AWS4-HMAC-SHA256 Credential=AK/20261121/eu-west-1/appsync/aws4_request, SignedHeaders=host, Signature=00"

	both, onlyKeys, onlyTokens := &Authenticator{Keys: keys, Tokens: tokens}, &Authenticator{Keys: keys}, &Authenticator{Tokens: tokens}
	for name, test := range map[string]struct {
		a       *Authenticator
		c       Credentials
		want    string // the identity's name
		expires time.Duration
		refused string
	}{
		"key":                   {a: both, c: Credentials{APIKey: secret}, want: "key console"},
		"key for a time":        {a: both, c: Credentials{APIKey: short}, want: "key short", expires: time.Minute},
		"token":                 {a: both, c: Credentials{Authorization: token}, want: "user ana of " + testIssuer, expires: time.Hour},
		"token behind Bearer":   {a: both, c: Credentials{Authorization: " bearer " + token}, want: "user ana of " + testIssuer, expires: time.Hour},
		"key before token":      {a: both, c: Credentials{APIKey: secret, Authorization: token}, want: "key console"},
		"wrong key, good token": {a: both, c: Credentials{APIKey: "fk_wrong", Authorization: token}, refused: "the API key is not known, or was revoked"},
		"wrong token":           {a: both, c: Credentials{Authorization: token + "x"}, refused: "the token"},
		"key as token":          {a: both, c: Credentials{Authorization: secret}, refused: "no signed JWT"},
		"token as key":          {a: both, c: Credentials{APIKey: token}, refused: "the API key is not known"},
		"nothing":               {a: both, refused: "send an API key in x-api-key, or a token in Authorization"},
		"blank":                 {a: both, c: Credentials{Authorization: " "}, refused: "send an API key in x-api-key, or a token in Authorization"},
		"signed":                {a: both, c: Credentials{Authorization: signed}, refused: "signed requests (AWS4-HMAC-SHA256) are not taken here"},
		"no keys":               {a: onlyTokens, c: Credentials{APIKey: secret}, refused: "API keys are not set up on this server"},
		"no tokens":             {a: onlyKeys, c: Credentials{Authorization: token}, refused: "tokens are not set up on this server"},
		"neither":               {a: &Authenticator{}, refused: "send an API key"},
	} {
		id, expires, err := test.a.Identify(t.Context(), test.c)
		if test.refused != "" {
			if freshet.CodeOf(err) != freshet.Unauthenticated || !strings.Contains(freshet.MessageOf(err), test.refused) {
				t.Errorf("%s: %v, want %s", name, err, test.refused)
			}
			if id.Name != "" || id.Providers != nil || id.Claims != nil || id.System {
				t.Errorf("%s: refused, and an identity came: %+v", name, id)
			}
			continue
		}
		if err != nil || id.Name != test.want || id.System {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
		if forever := test.expires == 0; forever != expires.IsZero() || !forever && !expires.Equal(c.now().Add(test.expires)) {
			t.Errorf("%s: expires %v", name, expires)
		}
	}
}
