package oauth

import (
	"net/http"
	"slices"
	"strings"

	"freshet"
	"freshet/internal/accounts"
)

// configuration is the document of OpenID Connect Discovery 1.0, with what RFC 8414, 9207 and RP-Initiated Logout
// add to it.
type configuration struct {
	Issuer            string   `json:"issuer"`
	Authorization     string   `json:"authorization_endpoint"`
	Token             string   `json:"token_endpoint"`
	UserInfo          string   `json:"userinfo_endpoint"`
	Revocation        string   `json:"revocation_endpoint"`
	EndSession        string   `json:"end_session_endpoint"`
	Keys              string   `json:"jwks_uri"`
	ResponseTypes     []string `json:"response_types_supported"`
	ResponseModes     []string `json:"response_modes_supported"`
	GrantTypes        []string `json:"grant_types_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
	IDAlgorithms      []string `json:"id_token_signing_alg_values_supported"`
	TokenMethods      []string `json:"token_endpoint_auth_methods_supported"`
	RevocationMethods []string `json:"revocation_endpoint_auth_methods_supported"`
	ChallengeMethods  []string `json:"code_challenge_methods_supported"`
	Scopes            []string `json:"scopes_supported"`
	Claims            []string `json:"claims_supported"`
	Prompts           []string `json:"prompt_values_supported"`
	IssInResponse     bool     `json:"authorization_response_iss_parameter_supported"`
	RequestURIs       bool     `json:"request_uri_parameter_supported"` // would be true if it were left out
	IdentityPool      string   `json:"identity_pool,omitempty"`         // not of a standard, like what follows: for clients that sign requests
	UserPool          string   `json:"user_pool,omitempty"`             // for those that sign in by SRP
	ClientID          string   `json:"client_id,omitempty"`             // of the web app of this server
}

// keysAge is for how long others may keep the keys. It has to be short against the time for which the next key is
// shown before it signs.
const keysAge = "public, max-age=300"

func (h *handler) serveConfiguration(w http.ResponseWriter, _ *http.Request) {
	methods := []string{"none", "client_secret_basic", "client_secret_post"}
	w.Header().Set("Cache-Control", keysAge)
	answer(w, http.StatusOK, configuration{
		Issuer:            h.opts.Issuer,
		Authorization:     h.root + "/oauth2/authorize",
		Token:             h.root + "/oauth2/token",
		UserInfo:          h.root + "/oauth2/userInfo",
		Revocation:        h.root + "/oauth2/revoke",
		EndSession:        h.root + "/logout",
		Keys:              strings.TrimRight(h.opts.Issuer, "/") + "/.well-known/jwks.json",
		ResponseTypes:     []string{"code"},
		ResponseModes:     []string{"query"},
		GrantTypes:        []string{"authorization_code", "refresh_token"},
		SubjectTypes:      []string{"public"},
		IDAlgorithms:      []string{"RS256"},
		TokenMethods:      methods,
		RevocationMethods: methods,
		ChallengeMethods:  []string{"S256"},
		Scopes:            accounts.Scopes(),
		Claims: slices.Concat(
			[]string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "cognito:username", "cognito:groups"},
			accounts.AttributesOf("email"), accounts.AttributesOf("phone"), accounts.AttributesOf("profile")),
		Prompts:       []string{"none", "login", "select_account", "create"},
		IssInResponse: true,
		IdentityPool:  h.opts.IdentityPoolID,
		UserPool:      h.opts.PoolID,
		ClientID:      h.opts.ClientID,
	})
}

func (h *handler) serveKeys(w http.ResponseWriter, r *http.Request) {
	keys, err := h.pool.JWKS(r.Context())
	if err != nil {
		h.failed(r, "read the signing keys", err)
		answerError(w, http.StatusServiceUnavailable, "temporarily_unavailable", "the keys cannot be read now")
		return
	}
	w.Header().Set("Cache-Control", keysAge)
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_, _ = w.Write(keys)
}

// serveUserInfo tells what is known of the user of an access token, as far as its scopes go.
func (h *handler) serveUserInfo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	refuse := func(status int, code, description string) {
		w.Header().Set("WWW-Authenticate", `Bearer error="`+code+`", error_description="`+description+`"`)
		answerError(w, status, code, description)
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || token == "" {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750, 3.1: no error where nothing was tried
		answerError(w, http.StatusUnauthorized, "invalid_token", "send an access token: Authorization: Bearer")
		return
	}
	identity, _, err := h.pool.Check(r.Context(), strings.TrimSpace(token))
	if freshet.CodeOf(err) == freshet.Unauthenticated && err != nil {
		refuse(http.StatusUnauthorized, "invalid_token", "the access token has expired, was revoked, or is not valid")
		return
	}
	var user accounts.User
	if err == nil {
		sub, _ := identity.Claims["sub"].(string)
		user, err = h.pool.AdminGetUser(r.Context(), sub)
	}
	if err != nil {
		h.failed(r, "look up a user", err)
		answerError(w, http.StatusServiceUnavailable, "temporarily_unavailable", "the user cannot be looked up now")
		return
	}
	scope, _ := identity.Claims["scope"].(string)
	granted := strings.Fields(scope)
	if !slices.Contains(granted, "openid") {
		refuse(http.StatusForbidden, "insufficient_scope", "the access token does not have the scope openid")
		return
	}
	answer(w, http.StatusOK, claims(user, granted))
}

func claims(user accounts.User, granted []string) map[string]any {
	shown := map[string]any{"sub": user.ID, "username": user.Name}
	for _, a := range user.Attributes {
		if !slices.ContainsFunc(granted, func(scope string) bool { return slices.Contains(accounts.AttributesOf(scope), a.Name) }) {
			continue
		}
		shown[a.Name] = a.Value
		if strings.HasSuffix(a.Name, "_verified") {
			shown[a.Name] = a.Value == "true"
		}
	}
	return shown
}
