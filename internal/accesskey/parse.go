package accesskey

import (
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"freshet"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"

	// maxSigned bounds what a request spends on its signature: the header or the query, and the signed headers
	// together. Each signed byte is hashed before we know who sent it.
	maxSigned = 16 << 10

	maxSignedHeaders = 64
	maxScopePart     = 64
	maxPresigned     = 7 * 24 * time.Hour
)

// signature is what a request says about how it was signed.
type signature struct {
	keyID, date, region, service string // the credential scope; date as 20060102
	headers                      []string
	signature                    string
}

// parseAuthorization reads the header Authorization:
// AWS4-HMAC-SHA256 Credential=ID/20060102/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=HEX.
func parseAuthorization(header string) (signature, error) {
	if len(header) > maxSigned {
		return signature{}, freshet.Errorf(freshet.TooLarge, "the Authorization header has more than %d bytes", maxSigned)
	}
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return signature{}, refuse(Malformed, "the Authorization header does not begin with %s", algorithm)
	}
	parts := strings.Split(rest, ",")
	if len(parts) != 3 {
		return signature{}, refuse(Malformed, "the Authorization header has to name Credential, SignedHeaders and Signature, each once")
	}
	values := make(map[string]string, 3)
	for _, part := range parts {
		name, value, _ := strings.Cut(strings.Trim(part, " "), "=")
		values[name] = value
	}
	return parseParts(values["Credential"], values["SignedHeaders"], values["Signature"])
}

func parseParts(credential, headers, hash string) (signature, error) {
	var s signature
	scope := strings.Split(credential, "/")
	if len(scope) != 5 || scope[4] != "aws4_request" {
		return s, refuse(Malformed, "the credential is not ID/date/region/service/aws4_request")
	}
	s.keyID, s.date, s.region, s.service = scope[0], scope[1], scope[2], scope[3]
	if !isID(s.keyID, permanentPrefix) && !isID(s.keyID, temporaryPrefix) {
		return s, refuse(UnknownKey, "the access key is none of this server's")
	}
	if _, err := time.Parse("20060102", s.date); err != nil {
		return s, refuse(Malformed, "the date of the credential is not YYYYMMDD")
	}
	if !isScopePart(s.region) || !isScopePart(s.service) {
		return s, refuse(Malformed, "the region or the service of the credential is empty, too long, or has odd characters")
	}
	s.headers = strings.Split(headers, ";")
	if len(s.headers) > maxSignedHeaders {
		return s, freshet.Errorf(freshet.TooLarge, "the request has more than %d signed headers", maxSignedHeaders)
	}
	for i, name := range s.headers {
		if !isHeaderName(name) || i > 0 && s.headers[i-1] >= name {
			return s, refuse(Malformed, "the signed headers are not lower-case names, sorted, each once")
		}
	}
	if !slices.Contains(s.headers, "host") {
		return s, refuse(Malformed, "the header host is not signed")
	}
	if b, err := hex.DecodeString(hash); err != nil || len(b) != 32 || strings.ToLower(hash) != hash {
		return s, refuse(Malformed, "the signature is not 64 hexadecimal digits in lower case")
	}
	s.signature = hash
	return s, nil
}

// isScopePart admits more than AWS's regions: clients that are pointed elsewhere by their region, such as
// localhost:9443?, sign with it.
func isScopePart(text string) bool {
	return text != "" && len(text) <= maxScopePart && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func isHeaderName(name string) bool {
	return name != "" && len(name) <= maxScopePart*2 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	})
}

// presigned is a signature that stands in the query, and for how long it holds.
type presigned struct {
	signature
	date    string // as 20060102T150405Z
	token   string
	expires time.Duration
}

func isPresigned(query url.Values) bool {
	return query.Has("X-Amz-Signature") || query.Has("X-Amz-Algorithm")
}

func parsePresigned(query url.Values) (presigned, error) {
	var p presigned
	for name, values := range query {
		if strings.HasPrefix(strings.ToLower(name), "x-amz-") && len(values) != 1 {
			return p, refuse(Malformed, "the query has a part of the signature twice")
		}
	}
	if query.Get("X-Amz-Algorithm") != algorithm {
		return p, refuse(Malformed, "X-Amz-Algorithm is not %s", algorithm)
	}
	seconds, err := strconv.ParseUint(query.Get("X-Amz-Expires"), 10, 32)
	p.expires = time.Duration(seconds) * time.Second
	if err != nil || seconds == 0 || p.expires > maxPresigned {
		return p, refuse(Malformed, "X-Amz-Expires is not 1 to %d seconds", int(maxPresigned.Seconds()))
	}
	p.date, p.token = query.Get("X-Amz-Date"), query.Get("X-Amz-Security-Token")
	p.signature, err = parseParts(query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Signature"))
	return p, err
}
