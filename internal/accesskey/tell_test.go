package accesskey

import (
	"context"
	"slices"
	"testing"
	"time"

	"freshet/internal/documentstest"
)

func TestUsesAreTold(t *testing.T) {
	b := newBench(t, Options{})
	var told []string
	b.keys.OnUse(func(id string) { told = append(told, id) })
	check := func() error {
		_, err := b.verifier.Check(b.posted(t), []byte(graphQLBody))
		return err
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	good := b.signer
	b.signer.secret = "x"
	wantReason(t, "another secret", check(), Mismatch, "signature")
	temporary, err := b.keys.Issue(Subject{Guest: true, IdentityID: "eu-west-1:2"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b.signer.id, b.signer.secret, b.signer.token = temporary.ID, temporary.Secret, temporary.SessionToken
	if err := check(); err != nil {
		t.Error(err)
	}
	b.signer = good
	if _, err := b.keys.Revoke(t.Context(), b.key.ID); err != nil {
		t.Fatal(err)
	}
	wantReason(t, "revoked", check(), UnknownKey, "revoked")
	if want := []string{b.key.ID}; !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
}

func TestRevocationsAreTold(t *testing.T) {
	documents := new(documentstest.Memory)
	keys := newKeys(t, documents, newClock())
	key, _ := create(t, keys, "robot", time.Time{}, false)
	var told []string
	keys.OnRevoke(func(identity string) {
		if key, err := keys.Lookup(t.Context(), key.ID); err != nil || key.Revoked.IsZero() {
			t.Errorf("it is told before it is stored: %+v, %v", key, err)
		}
		told = append(told, identity)
	})
	documents.Fail(context.DeadlineExceeded)
	if _, err := keys.Revoke(t.Context(), key.ID); err == nil {
		t.Error("it was not stored and not refused")
	}
	documents.Fail(nil)
	for range 2 { // the second one finds nothing to revoke
		if _, err := keys.Revoke(t.Context(), key.ID); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"access key robot"}; !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
}
