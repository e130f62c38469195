package mail

import (
	netmail "net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"freshet"
)

// checkAddress admits a bare address and nothing around it.
func checkAddress(text string) error {
	const maxAddress = 254 // RFC 5321, 4.5.3.1.3
	address, err := netmail.ParseAddress(text)
	if err != nil || len(text) > maxAddress || !isLine(text) || address.Name != "" || address.Address != text {
		return freshet.Errorf(freshet.Invalid, "%.300q is no e-mail address", text)
	}
	if _, err := onTheWire(text); err != nil {
		return freshet.Wrap(freshet.Invalid, err, "%.300q is no e-mail address: there can be no such domain", text)
	}
	return nil
}

// onTheWire gives an address as mail servers take it: of a domain in another script they know the ASCII form.
func onTheWire(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	domain := address[at+1:]
	if isASCII(domain) {
		return address, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	return address[:at+1] + ascii, err
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}
