package accounts

import (
	"slices"
	"strings"
)

// userScope lets a token at its own user's account. Tokens of a sign-in without OAuth have it.
const userScope = "aws.cognito.signin.user.admin"

// Scopes gives the scopes that an app may ask for.
func Scopes() []string {
	return []string{"openid", "email", "profile", "phone", "offline_access", userScope}
}

// AttributesOf gives the attributes that a scope shows, by OpenID Connect Core 5.4.
func AttributesOf(scope string) []string {
	switch scope {
	case "email":
		return []string{attrEmail, attrEmailVerified}
	case "phone":
		return []string{attrPhone, attrPhoneVerified}
	case "profile":
		return []string{
			"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
			"gender", "birthdate", "zoneinfo", "locale", "updated_at",
		}
	}
	return nil
}

// shows tells whether scopes, with spaces between, show an attribute. One that lets at the account shows all.
func shows(scopes, attribute string) bool {
	return slices.ContainsFunc(strings.Fields(scopes), func(scope string) bool {
		return scope == userScope || slices.Contains(AttributesOf(scope), attribute)
	})
}
