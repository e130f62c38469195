package server

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"freshet"
)

func TestParseHosted(t *testing.T) {
	got, err := ParseHosted("client_id=web, redirect_uri=https://a.example/cb,redirect_uri=http://localhost:3000,logout_uri=https://a.example,name=My app")
	want := Hosted{ID: "web", Name: "My app", RedirectURIs: []string{"https://a.example/cb", "http://localhost:3000"}, LogoutURIs: []string{"https://a.example"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, text := range []string{"", "client_id=web", "redirect_uri=https://a.example", "client_id=a,client_id=b,redirect_uri=https://a.example", "client_id=a,uri=b", "client_id="} {
		if _, err := ParseHosted(text); freshet.CodeOf(err) != freshet.Invalid || err == nil {
			t.Errorf("%q gives %v", text, err)
		}
	}
}
