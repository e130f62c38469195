package graphqlhttp_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"freshet/internal/api/apitest"
	"freshet/internal/api/graphqlhttp"
)

const sdl = `type Task @model @auth(rules: [{allow: owner}, {allow: public}]) { title: String! }`

type door struct {
	*apitest.House
	url string
}

func open(t *testing.T) *door {
	t.Helper()
	h := apitest.Open(t, sdl)
	handler, err := graphqlhttp.New(h.API, h, graphqlhttp.Options{BodyBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &door{House: h, url: server.URL}
}

// send sends a request with headers as "name: value".
func (d *door) send(method, body string, headers ...string) (*http.Response, string) {
	d.T.Helper()
	request, err := http.NewRequestWithContext(d.T.Context(), method, d.url, strings.NewReader(body))
	if err != nil {
		d.T.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		d.T.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		d.T.Fatal(err)
	}
	return response, string(text)
}

const (
	byKey  = "x-api-key: " + apitest.Key
	isJSON = "Content-Type: application/json"
)

func TestRequests(t *testing.T) {
	d := open(t)
	query := func(q string) string { b, _ := json.Marshal(map[string]string{"query": q}); return string(b) }
	for name, test := range map[string]struct {
		method, body string
		headers      []string
		status       int
		errorType    string // of the header
		contains     string
	}{
		"an API key":               {"POST", query(`{ __typename }`), []string{byKey, isJSON}, 200, "", `{"data":{"__typename":"Query"}}`},
		"a token":                  {"POST", query(`{ listTasks { nextToken } }`), []string{"Authorization: ana", isJSON}, 200, "", `{"data":{"listTasks":{"nextToken":null}}}`},
		"a token with Bearer":      {"POST", query(`{ __typename }`), []string{"Authorization: Bearer ana", isJSON}, 200, "", `"Query"`},
		"content type of Amplify":  {"POST", query(`{ __typename }`), []string{byKey, "Content-Type: application/json; charset=UTF-8"}, 200, "", `"Query"`},
		"operation name":           {"POST", `{"query":"query A { __typename } query B { b: __typename }","operationName":"B","extensions":{}}`, []string{byKey, isJSON}, 200, "", `{"data":{"b":"Query"}}`},
		"variables":                {"POST", `{"query":"query($l: Int) { listTasks(limit: $l) { nextToken } }","variables":{"l":3}}`, []string{byKey, isJSON}, 200, "", `"nextToken":null`},
		"no credential":            {"POST", query(`{ __typename }`), []string{isJSON}, 401, "UnauthorizedException", `"message":"the credential is not known"`},
		"an unknown key":           {"POST", query(`{ __typename }`), []string{"x-api-key: ?", isJSON}, 401, "UnauthorizedException", `"errorType":"UnauthorizedException"`},
		"no JSON":                  {"POST", `query`, []string{byKey, isJSON}, 400, "MalformedHttpRequestException", "no JSON"},
		"a list":                   {"POST", `[]`, []string{byKey, isJSON}, 400, "MalformedHttpRequestException", "no JSON object"},
		"no query":                 {"POST", `{}`, []string{byKey, isJSON}, 400, "MalformedHttpRequestException", "no query"},
		"query is no string":       {"POST", `{"query":1}`, []string{byKey, isJSON}, 400, "MalformedHttpRequestException", "write a string"},
		"variables are no object":  {"POST", `{"query":"{__typename}","variables":[]}`, []string{byKey, isJSON}, 400, "MalformedHttpRequestException", "variables"},
		"another content type":     {"POST", query(`{ __typename }`), []string{byKey, "Content-Type: text/plain"}, 415, "MalformedHttpRequestException", "application/json"},
		"a syntax error":           {"POST", query(`{`), []string{byKey, isJSON}, 400, "MalformedHttpRequestException", `"errors"`},
		"a validation error":       {"POST", query(`{ nothing }`), []string{byKey, isJSON}, 200, "", "FieldUndefined"},
		"a subscription":           {"POST", query(`subscription { onCreateTask { id } }`), []string{byKey, isJSON}, 400, "MalformedHttpRequestException", "graphql-transport-ws"},
		"GET":                      {"GET", "", []string{byKey}, 405, "MethodNotAllowed", "POST"},
		"a body at the limit":      {"POST", pad(query(`{ __typename }`), 64<<10), []string{byKey, isJSON}, 200, "", `"Query"`},
		"a body one byte over":     {"POST", pad(query(`{ __typename }`), 64<<10+1), []string{byKey, isJSON}, 413, "LimitExceededException", "65536 bytes"},
		"deeper than JSON may be":  {"POST", strings.Repeat("[", 1000), []string{byKey, isJSON}, 400, "MalformedHttpRequestException", "deep"},
		"a null where none may be": {"POST", `{"query":"mutation($i: CreateTaskInput!) { createTask(input: $i) { id } }","variables":{"i":null}}`, []string{byKey, isJSON}, 200, "", "has coerced Null value for NonNull type"},
	} {
		t.Run(name, func(t *testing.T) {
			response, text := d.send(test.method, test.body, test.headers...)
			if response.StatusCode != test.status || response.Header.Get("x-amzn-errortype") != test.errorType || !strings.Contains(text, test.contains) {
				t.Errorf("gave %d %q %s\nwant %d %q with %s", response.StatusCode, response.Header.Get("x-amzn-errortype"), text, test.status, test.errorType, test.contains)
			}
			if !json.Valid([]byte(text)) {
				t.Errorf("%s is no JSON", text)
			}
			if strings.Contains(text, `"errors"`) && !strings.Contains(text, `"errorInfo":{"code":"`) {
				t.Errorf("%s has no code", text)
			}
		})
	}
}

func pad(body string, size int) string { return body + strings.Repeat(" ", size-len(body)) }

func TestPagesOfOtherOriginsMayCall(t *testing.T) {
	d := open(t)
	response, _ := d.send("OPTIONS", "", "Origin: https://app.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,x-api-key")
	if response.StatusCode != 204 || response.Header.Get("Access-Control-Allow-Origin") != "*" || response.Header.Get("Access-Control-Allow-Headers") != "authorization,x-api-key" {
		t.Errorf("the preflight gave %d %v", response.StatusCode, response.Header)
	}
	response, _ = d.send("POST", `{}`, isJSON, "Origin: https://app.example")
	if !strings.Contains(response.Header.Get("Access-Control-Expose-Headers"), "x-amzn-errortype") {
		t.Errorf("the page cannot read the type of an error: %v", response.Header)
	}
}

func TestLargeResponsesAreCompressed(t *testing.T) {
	d := open(t)
	for range 50 {
		d.Ask(d.ByKey(), `mutation { createTask(input: {title: "Water the plants"}) { id } }`)
	}
	const query = `{"query":"{ changes { changes { record } } }"}`
	plain, want := d.send("POST", query, byKey, isJSON, "Accept-Encoding: identity")
	packed, text := d.send("POST", query, byKey, isJSON, "Accept-Encoding: gzip")
	if plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("encodings %v and %v", plain.Header, packed.Header)
	}
	r, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != want || len(text) > len(want)/3 {
		t.Errorf("%d bytes unpack to %.100s, %v", len(text), got, err)
	}
}
