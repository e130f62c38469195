package test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"freshet/internal/api/control"
	"freshet/internal/server"
)

// TestSignedRequests sends requests that AWS's own signers signed.
func TestSignedRequests(t *testing.T) {
	needWire(t)
	sdl := filepath.Join(t.TempDir(), "note.graphql")
	check(t, os.WriteFile(sdl, []byte(`type Note @model @auth(rules: [
		{allow: private, provider: iam}, {allow: public, provider: iam, operations: [read]}
	]) { text: String! }`), 0o600))
	c := openCounter(t, server.Config{Schema: []string{sdl}, ClientIDs: []string{app}, IdentityPoolID: identityPool, Guests: true})
	key, secret, err := c.operator.CreateSignedKey(t.Context(), "robot", time.Time{}, false)
	check(t, err)
	_, _, err = c.operator.CreateUser(t.Context(), control.NewUser{Name: "ana", Password: password})
	check(t, err)
	runNode(t, time.Minute, "signed.mjs", c.URL()+"/graphql", c.idp(), key.ID, secret, "ana", password)
}
