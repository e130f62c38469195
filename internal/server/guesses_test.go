package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const chosenKey = "chosen-by-somebody"

// TestGuessing goes to every door at which something could be guessed, from one network, until it is slowed. The right
// thing does not get in from there any more, and does from another network, though both come through one proxy and each
// request says to come from elsewhere.
func TestGuessing(t *testing.T) {
	s := start(t, Config{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, APIKeys: []string{chosenKey}})
	ana := s.verified(t, "ana")
	setupSecret := s.SetupLink()[strings.Index(s.SetupLink(), "#")+1:]
	tries := 0
	from := func(network string) []string {
		tries++
		return []string{"X-Forwarded-For", fmt.Sprintf("203.0.113.%d, %s, 127.0.0.9", tries%250, network)}
	}
	post := func(path, body, network string, headers ...string) string {
		response, answer := s.ask(t, "POST", path, body, append(from(network), headers...)...)
		return strconv.Itoa(response.StatusCode) + " " + answer
	}
	cognito := func(operation, body, network string) string {
		return post("/idp", body, network, "X-Amz-Target", "AWSCognitoIdentityProviderService."+operation, "Content-Type", "application/x-amz-json-1.1")
	}
	for name, door := range map[string]struct {
		most  int // guesses
		try   func(guess bool, network string) string
		slow  string // an expression, of the answer to one too many
		right string // in the answer to the right one
	}{
		"an API key": {30, func(guess bool, network string) string {
			return post("/graphql", askType, network, "Content-Type", "application/json", "X-Api-Key", ifGuess(guess, chosenKey))
		}, "503", "200"},
		"the key of a feed": {30, func(guess bool, network string) string {
			response, _ := s.ask(t, "GET", "/calendar/none.ics?key="+ifGuess(guess, chosenKey), "", from(network)...)
			return strconv.Itoa(response.StatusCode)
		}, "503", "404"},
		"an API key on a socket": {30, func(guess bool, network string) string {
			return s.initFrom(t, network, `{"x-api-key":"`+ifGuess(guess, chosenKey)+`"}`)
		}, "1013", "connection_ack"},
		"a password": {5, func(guess bool, network string) string {
			return cognito("InitiateAuth", `{"ClientId":"`+DefaultClient+`","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"`+ifGuess(guess, testPassword)+`"}}`, network)
		}, "Password attempts exceeded", "AccessToken"},
		"a password by SRP": {5, func(guess bool, network string) string {
			if !guess {
				return cognito("InitiateAuth", `{"ClientId":"`+DefaultClient+`","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ana","PASSWORD":"`+testPassword+`"}}`, network)
			}
			begun := cognito("InitiateAuth", `{"ClientId":"`+DefaultClient+`","AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"ana","SRP_A":"1234567890abcdef"}}`, network)
			var challenge struct{ ChallengeParameters map[string]string }
			if err := json.Unmarshal([]byte(begun[4:]), &challenge); err != nil {
				return begun
			}
			return cognito("RespondToAuthChallenge", `{"ClientId":"`+DefaultClient+`","ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":"`+
				challenge.ChallengeParameters["USER_ID_FOR_SRP"]+`","PASSWORD_CLAIM_SECRET_BLOCK":"`+challenge.ChallengeParameters["SECRET_BLOCK"]+
				`","TIMESTAMP":"`+time.Now().UTC().Format("Mon Jan 2 15:04:05 UTC 2006")+`","PASSWORD_CLAIM_SIGNATURE":"AAAA"}}`, network)
		}, "Password attempts exceeded", "AccessToken"},
		"the code of a sign-up": {5, func(_ bool, network string) string {
			return cognito("ConfirmSignUp", `{"ClientId":"`+DefaultClient+`","Username":"nobody","ConfirmationCode":"123456"}`, network)
		}, "NotAuthorized|TooManyFailedAttempts", "TooManyFailedAttempts"}, // the code's own tries are used up, whoever guessed
		"the secret of the first administrator": {5, func(guess bool, network string) string {
			return post("/setup", `{"secret":"`+ifGuess(guess, setupSecret)+`"}`, network, "Content-Type", "application/json", "Authorization", "Bearer "+ana)
		}, "Too many wrong secrets", "200"},
		"who has an e-mail": {20, func(_ bool, _ string) string { // by user: another network is no help
			return post("/graphql", `{"query":"{ userByEmail(email: \"x@example.com\") { username } }"}`, "198.51.100.1", "Content-Type", "application/json", "Authorization", ana)
		}, "ask less often", "ask less often"},
	} {
		networks := map[bool]string{true: "198.51.100." + strconv.Itoa(len(name)), false: "192.0.2." + strconv.Itoa(len(name))}
		for i := range door.most {
			if answer := door.try(true, networks[true]); regexp.MustCompile(door.slow).MatchString(answer) {
				t.Errorf("%s: guess %d is answered %s", name, i, answer)
			}
		}
		for _, guess := range []bool{true, false} {
			if answer := door.try(guess, networks[true]); !regexp.MustCompile(door.slow).MatchString(answer) {
				t.Errorf("%s: one too many, wrong: %v, is answered %s", name, guess, answer)
			}
		}
		if answer := door.try(false, networks[false]); !strings.Contains(answer, door.right) {
			t.Errorf("%s: the right one from another network is answered %s", name, answer)
		}
	}
	for _, want := range []string{"APIKey unauthenticated", "InitiateAuth NotAuthorizedException", "RespondToAuthChallenge NotAuthorizedException", "ConfirmSignUp CodeMismatchException"} {
		if !slices.Contains(s.entries(t), want) {
			t.Errorf("%q is not on record", want)
		}
	}
}

func ifGuess(guess bool, right string) string {
	if guess {
		return "a-wrong-one"
	}
	return right
}

// initFrom opens a socket through the proxy, and gives the answer to its credential.
func (r *running) initFrom(t *testing.T, network, payload string) string {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	ws, _, err := dialer.DialContext(t.Context(), "ws://"+r.Addr()+"/graphql", http.Header{"X-Forwarded-For": {network}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	answer, err := tell(t, ws, "connection_init", payload)
	if err != nil {
		return err.Error()
	}
	return answer
}

// TestThrottle asks each of the account doors as fast as it can.
func TestThrottle(t *testing.T) {
	s := start(t, Config{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Hosted: []Hosted{{ID: DefaultClient, RedirectURIs: []string{"http://localhost/back"}}}})
	client := &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	for i, path := range []string{"/", "/idp", "/idp/", "/oauth2/token", "/oauth2/revoke", "/oauth2/signin", "/oauth2/signup", "/oauth2/reset", "/setup"} {
		network, other := fmt.Sprintf("198.51.100.%d", i+1), fmt.Sprintf("192.0.2.%d", i+1)
		ask := func(network string) int {
			request, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.Addr()+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Forwarded-For", network)
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			return response.StatusCode
		}
		begin, refused := time.Now(), 0
		for range askedAtOnce + 100 {
			if ask(network) == http.StatusTooManyRequests {
				refused++
			}
		}
		if earned := int(time.Since(begin)/askedEvery) + 1; refused > 100 || refused < 100-earned {
			t.Errorf("%s refuses %d of %d requests", path, refused, askedAtOnce+100)
		}
		if response, body := s.ask(t, "POST", path, "", "X-Forwarded-For", network, "Accept", "text/html,*/*"); response.StatusCode == http.StatusTooManyRequests && !strings.HasPrefix(body, "Too many requests") {
			t.Errorf("%s tells a person %s", path, body)
		}
		if status := ask(other); status == http.StatusTooManyRequests {
			t.Errorf("%s refuses another network", path)
		}
	}
}
