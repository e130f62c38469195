package accounts

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName      = 128 // characters of a user name, as in Cognito
	maxNameBytes = 4 * maxName
	maxEmail     = 254 // bytes, RFC 5321
)

// checkUserName refuses names that could be taken for something else: for an e-mail, for an id, with a colon for an
// id and a name, as the owner of a record may stand there, or, with characters that are not seen, for another name.
func checkUserName(name string) error {
	odd := func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == '@' || r == ':' }
	n := utf8.RuneCountInString(name)
	if n == 0 || n > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, odd) || isUUID(name) {
		return refuse(InvalidParameter, "A username has 1 to %d letters, digits, marks and signs, no colon, and is no UUID; or it is an e-mail address.", maxName)
	}
	return nil
}

func checkEmail(text string) error {
	odd := func(r rune) bool {
		return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`"(),:;<>[\]`, r)
	}
	address, err := mail.ParseAddress(text)
	if err != nil || len(text) > maxEmail || address.Address != text || strings.ContainsFunc(text, odd) {
		return refuse(InvalidParameter, "Invalid email address format.")
	}
	return nil
}
