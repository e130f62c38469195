package accesskey

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"

	"freshet"
)

// Request is what was signed.
type Request struct {
	Method string
	Host   string // with the port, if it has one
	Path   string // escaped, as it came
	Query  string // escaped, as it came
	Header http.Header
	Body   []byte
}

// RequestOf takes a request apart whose body was read before.
func RequestOf(r *http.Request, body []byte) Request {
	return Request{Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header, Body: body}
}

// SocketRequest makes a request of the JSON object that stands for the headers when a socket connects or a
// subscription starts. The client signs a POST to path, that was never sent: to /graphql/connect with the body {},
// or to /graphql with the subscription's data. The host that the object names has to be the one that was called, for
// it is that which keeps others from passing on what was signed for them.
func SocketRequest(host, path string, object map[string]string, body []byte) (Request, error) {
	r := Request{Method: http.MethodPost, Path: path, Header: make(http.Header, len(object)), Body: body}
	for name, value := range object {
		if strings.EqualFold(name, "host") {
			name = "Host"
		}
		if len(r.Header.Values(name)) > 0 {
			return Request{}, refuse(Malformed, "the header %.64q is there twice", name)
		}
		r.Header.Set(name, value)
	}
	r.Host = r.Header.Get("Host") // as it was signed
	if r.Host == "" {
		return Request{}, refuse(Malformed, "there is no host among the headers")
	}
	if !strings.EqualFold(r.Host, host) {
		return Request{}, refuse(Mismatch, "the headers are signed for the host %.64q, and %.64q was called", r.Host, host)
	}
	return r, nil
}

// IsSigned tells whether a request brings a signature, good or not.
func IsSigned(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), algorithm) || isPresigned(r.URL.Query())
}

const unsignedPayload = "UNSIGNED-PAYLOAD"

// payloads gives what may stand for the body in the signature.
func (c *claim) payloads(r Request, unsigned bool) ([]string, error) {
	stated := strings.Join(r.Header.Values("X-Amz-Content-Sha256"), ",")
	if c.presigned && stated == "" {
		stated = c.query.Get("X-Amz-Content-Sha256")
	}
	sum := sha256.Sum256(r.Body)
	hash := hex.EncodeToString(sum[:])
	switch {
	case stated == "" && c.presigned && unsigned: // what presigners of files take, and do not say
		return []string{hash, unsignedPayload}, nil
	case stated == "" || stated == hash:
		return []string{hash}, nil
	case stated == unsignedPayload && unsigned:
		return []string{unsignedPayload}, nil
	case stated == unsignedPayload:
		return nil, refuse(Malformed, "%s is not accepted here; sign the hash of the body", unsignedPayload)
	case strings.HasPrefix(stated, "STREAMING-"):
		return nil, refuse(Malformed, "a body signed in chunks (%.64q) is not accepted here; sign the hash of the body", stated)
	}
	return nil, refuse(Mismatch, "x-amz-content-sha256 is not the hash of the body")
}

// resign gives the signature that the request would have, had we signed it with secret.
//
// The SDK's signer adds host and x-amz-date by itself and signs every header that it is given, but for some
// that it knows by their usual spelling; in lower case it takes those too. It leaves out content-length when
// that is 0, so an empty body whose length was signed is refused. A new signer for each request: an old one
// keeps a key for every region that strangers make up.
func (c *claim) resign(ctx context.Context, r Request, secret, payload string) (string, error) {
	path := r.Path
	if c.service == "s3" { // escaped once, in one way; for all others what came is escaped again
		plain, err := url.PathUnescape(path)
		if err != nil {
			return "", refuse(Malformed, "the path of a signed request cannot be read")
		}
		path = httpbinding.EscapePath(plain, false)
	}
	again := &http.Request{
		Method: r.Method, Host: r.Host, Header: make(http.Header, len(c.headers)),
		URL: &url.URL{Opaque: "//host" + path, RawQuery: c.query.Encode()},
	}
	for _, name := range c.headers {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = int64(len(r.Body))
		case "x-amz-date":
			if c.presigned {
				again.Header[name] = r.Header.Values(name)
			}
		default:
			again.Header[name] = r.Header.Values(name)
		}
	}
	at, err := time.Parse(timeFormat, c.date)
	if err != nil {
		return "", err
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = c.service == "s3"
		o.DisableHeaderHoisting = true
	})
	credentials := aws.Credentials{AccessKeyID: c.keyID, SecretAccessKey: secret}
	var signed string
	if c.presigned {
		signed, _, err = signer.PresignHTTP(ctx, credentials, again, payload, c.service, c.region, at)
	} else if err = signer.SignHTTP(ctx, credentials, again, payload, c.service, c.region, at); err == nil {
		signed = again.Header.Get("Authorization")
	}
	if err != nil {
		return "", freshet.Wrap(freshet.Internal, err, "the request cannot be signed again")
	}
	return signed[max(0, len(signed)-len(c.signature.signature)):], nil // it stands last in both
}
