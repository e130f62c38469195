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
// gives none, and in the lines below those that were in its place. Who has it and the store has every signing key;
// without it no password fits any more.
const secretFile = "secret"

const secretBytes = 32

// openSecrets gives the secret of the configuration or else of the file, which it makes on the first start, and those
// before it.
func openSecrets(ctx context.Context, cfg *Config, documents freshet.Documents) (secret []byte, former [][]byte, err error) {
	for _, text := range cfg.Former {
		old, err := parseSecret(text, "FRESHET_SECRET_OLD")
		if err != nil {
			return nil, nil, err
		}
		former = append(former, old)
	}
	if cfg.Secret != "" {
		secret, err = parseSecret(cfg.Secret, "FRESHET_SECRET")
		return secret, former, err
	}
	path := filepath.Join(cfg.Data, secretFile)
	secrets, err := readSecrets(path)
	if err == nil {
		return secrets[0], append(former, secrets[1:]...), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	// A new secret beside an old store would only hide that the old one is lost.
	sealed, err := hasSealed(ctx, documents)
	if err != nil {
		return nil, nil, err
	}
	if sealed {
		return nil, nil, freshet.Errorf(freshet.Invalid, "the accounts in %s are sealed with a secret that is not there; put the file %s back, or set FRESHET_SECRET", cfg.Data, path)
	}
	secret = newSecret()
	return secret, former, writePrivate(path, hex.EncodeToString(secret))
}

func newSecret() []byte {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // it cannot go wrong: without randomness the process ends
	return secret
}

// readSecrets gives the lines of the file of secrets, of which there is one at least.
func readSecrets(path string) (secrets [][]byte, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		secret, err := parseSecret(line, fmt.Sprintf("%s:%d", path, i+1))
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// RotateSecret puts a new secret above those in the file of a data directory, and gives the path of the file. What is
// sealed is sealed with it when the accounts are opened next; a server that runs goes on with the one it has. Errors:
// invalid where the configuration gives the secret, not_found where there is none yet.
func RotateSecret(cfg Config) (path string, err error) {
	cfg = cfg.withDefaults()
	path = filepath.Join(cfg.Data, secretFile)
	if cfg.Secret != "" {
		return path, freshet.Errorf(freshet.Invalid, "the secret is given by FRESHET_SECRET: put it in FRESHET_SECRET_OLD, set FRESHET_SECRET to another one, as `openssl rand -hex %d` gives it, and start the server again", secretBytes)
	}
	secrets, err := readSecrets(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, freshet.Errorf(freshet.NotFound, "there is no secret in %s yet; the first start makes one", cfg.Data)
	}
	if err != nil {
		return path, err
	}
	lines := []string{hex.EncodeToString(newSecret())}
	for _, secret := range secrets {
		lines = append(lines, hex.EncodeToString(secret))
	}
	return path, writePrivate(path, strings.Join(lines, "\n"))
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

// writePrivate writes lines to a file that only its owner can read. A file that is there is whole, whenever the
// machine may end, and once it is written it stays: what is sealed with a secret must not outlive it.
func writePrivate(path, lines string) error {
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(lines + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
