package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"freshet"
)

// secretFile, in the data directory, holds the secret that seals accounts and access keys where the operator
// gives none. Who has it and the store has every signing key; without it no password fits any more.
const secretFile = "secret"

const secretBytes = 32

// openSecret gives the secret of the configuration or else of the file, and makes the file on the first start.
func openSecret(ctx context.Context, cfg *Config, documents freshet.Documents) ([]byte, error) {
	if cfg.Secret != "" {
		return parseSecret(cfg.Secret, "FRESHET_SECRET")
	}
	path := filepath.Join(cfg.Data, secretFile)
	text, err := os.ReadFile(path)
	if err == nil {
		return parseSecret(string(text), path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	// A new secret beside an old store would only hide that the old one is lost.
	sealed, err := hasSealed(ctx, documents)
	if err != nil {
		return nil, err
	}
	if sealed {
		return nil, freshet.Errorf(freshet.Invalid, "the accounts in %s are sealed with a secret that is not there; put the file %s back, or set FRESHET_SECRET", cfg.Data, path)
	}
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // it cannot go wrong: without randomness the process ends
	return secret, writePrivate(path, hex.EncodeToString(secret))
}

func parseSecret(text, source string) ([]byte, error) {
	text = strings.TrimSpace(text)
	secret, err := hex.DecodeString(text)
	if err != nil || len(secret) != secretBytes {
		return nil, freshet.Errorf(freshet.Invalid, "%s: the secret has %d characters; it has to be %d hexadecimal digits, as `openssl rand -hex %d` gives them",
			source, len(text), 2*secretBytes, secretBytes)
	}
	return secret, nil
}

// hasSealed tells whether the store holds what a secret was used for.
func hasSealed(ctx context.Context, documents freshet.Documents) (found bool, err error) {
	for _, kind := range []freshet.ModelName{"_UserKeys", "_accesskey"} {
		err := documents.Under(ctx, kind, "", func(string, []byte) error {
			found = true
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	return found, nil
}

// writePrivate writes a line to a file that only its owner can read. A file that is there is whole, whenever the
// process may end.
func writePrivate(path, line string) error {
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(line + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
