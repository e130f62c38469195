package accesskey

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestSkew(t *testing.T) {
	for _, test := range []struct {
		late  time.Duration
		taken bool
	}{
		{0, true},
		{MaxSkew, true},
		{MaxSkew + 1, false},
		{MaxSkew + time.Second, false},
		{time.Hour, false},
		{24 * time.Hour, false},
		{-MaxSkew, true},
		{-MaxSkew - 1, false},
		{-time.Hour, false},
	} {
		b := newBench(t, Options{})
		r := b.posted(t)
		b.clock.move(test.late)
		_, err := b.verifier.Check(r, []byte(graphQLBody))
		if test.taken && err != nil {
			t.Errorf("%v late: %v", test.late, err)
		}
		if !test.taken {
			wantReason(t, fmt.Sprintf("%v late", test.late), err, Skewed, "set the clock")
		}
	}
	b := newBench(t, Options{}) // midnight lies between the clocks
	b.clock.move(12*time.Hour + time.Minute)
	b.signer.at = b.clock.now().Add(-2 * time.Minute)
	if _, err := b.verifier.Check(b.posted(t), []byte(graphQLBody)); err != nil {
		t.Error(err)
	}
}

func TestPresignedTimes(t *testing.T) {
	for _, test := range []struct {
		expires string
		late    time.Duration
		want    Reason
	}{
		{"900", 0, ""},
		{"900", 15 * time.Minute, ""},
		{"900", 15*time.Minute + 1, Expired},
		{"1", time.Second, ""},
		{"1", 2 * time.Second, Expired},
		{"900", -MaxSkew, ""},
		{"900", -MaxSkew - 1, Skewed},
		{"604800", 7 * 24 * time.Hour, ""},
		{"604801", 0, Malformed},
		{"0", 0, Malformed},
		{"-1", 0, Malformed},
		{"", 0, Malformed},
		{"1e3", 0, Malformed},
		{"99999999999", 0, Malformed},
	} {
		b := newBench(t, Options{Presigned: true})
		signed := b.signer.presign(t, newRequest(t, "GET", "http://127.0.0.1:4000/a?X-Amz-Expires="+test.expires, ""), hashOf(""))
		b.clock.move(test.late)
		_, err := b.verifier.Check(newRequest(t, "GET", signed, ""), nil)
		if reason, _ := errors.AsType[Reason](err); reason != test.want || (err == nil) != (test.want == "") {
			t.Errorf("expires %s, %v late: %v, want %s", test.expires, test.late, err, test.want)
		}
	}
	b := newBench(t, Options{Presigned: true}) // UNSIGNED-PAYLOAD is another option
	signed := b.signer.presign(t, newRequest(t, "GET", "http://127.0.0.1:4000/a?X-Amz-Expires=9", ""), unsignedPayload)
	_, err := b.verifier.Check(newRequest(t, "GET", signed, ""), nil)
	wantReason(t, "unsigned", err, Mismatch, "signature")
}

func TestKeysThatEnd(t *testing.T) {
	b := newBench(t, Options{})
	key, secret := create(t, b.keys, "short", b.clock.now().Add(time.Minute), false)
	b.signer.id, b.signer.secret = key.ID, secret
	proof, err := b.verifier.Verify(t.Context(), RequestOf(b.posted(t), []byte(graphQLBody)))
	if err != nil || !proof.Expires.Equal(key.Expires) || proof.KeyID != key.ID || proof.Identity.Claims["admin"] != false {
		t.Errorf("%+v, %v", proof, err)
	}
	b.clock.move(time.Minute)
	_, err = b.verifier.Check(b.posted(t), []byte(graphQLBody))
	wantReason(t, "a minute later", err, Expired, "the access key has expired")

	key, b.signer.secret = create(t, b.keys, "long", time.Time{}, false)
	b.signer.id = key.ID
	if _, err := b.verifier.Check(b.posted(t), []byte(graphQLBody)); err != nil {
		t.Error(err)
	}
	if _, err := b.keys.Revoke(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	_, err = b.verifier.Check(b.posted(t), []byte(graphQLBody))
	wantReason(t, "revoked", err, UnknownKey, "was revoked")
}
