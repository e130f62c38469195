package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"freshet"
	"freshet/internal/auth"
)

// keyFile, in the data directory, holds the API key that a server makes for itself when it is given none,
// so that somebody can try it at once. Who takes the file away takes the key away.
const keyFile = "api-key"

// The names of the fixed keys: of the one in the file, and of those in the configuration.
const (
	keyName   = "default"
	givenName = "given"
)

// openKeys reads the stored keys and adds the fixed ones. It gives the secret of the key file; empty where
// there is none.
func openKeys(ctx context.Context, cfg *Config, documents freshet.Documents) (*auth.Keys, string, error) {
	keys, err := auth.OpenKeys(ctx, documents, cfg.Now)
	if err != nil {
		return nil, "", err
	}
	for i, secret := range cfg.APIKeys {
		name := givenName
		if i > 0 {
			name = fmt.Sprintf("%s %d", givenName, i+1)
		}
		if err := keys.AddFixed(name, secret); err != nil {
			return nil, "", err
		}
	}
	path := filepath.Join(cfg.Data, keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return keys, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the API key: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if slices.Contains(cfg.APIKeys, secret) {
		return keys, secret, nil
	}
	if err := keys.AddFixed(keyName, secret); err != nil {
		return nil, "", freshet.Wrap(freshet.CodeOf(err), err, "the key in %s cannot be used; correct the file, or remove it", path)
	}
	return keys, secret, nil
}

// makeKey makes the key of the key file, unless there is another key by which to come in; one of groups alone is
// for somebody else.
func makeKey(cfg *Config, keys *auth.Keys) (string, error) {
	now := cfg.Now()
	for _, key := range keys.List() {
		if key.Live(now) && len(key.Groups) == 0 {
			return "", nil
		}
	}
	secret := "fk_" + rand.Text()
	if err := writePrivate(filepath.Join(cfg.Data, keyFile), secret); err != nil {
		return "", fmt.Errorf("write the API key: %w", err)
	}
	return secret, keys.AddFixed(keyName, secret)
}
