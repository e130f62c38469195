package test

import (
	"bufio"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"freshet/internal/accounts"
	"freshet/internal/server"
)

const sealedUsers = 350 // more than go into three writes

// TestSecretRotates has the operator change the secret that seals the accounts, and kills the real server while it seals
// them anew. It starts with the new secret and the old one, whenever it was killed, and in the end with the new one
// alone. SEED, in the environment, gives the seed of an earlier run.
func TestSecretRotates(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	seed := envInt(t, "SEED", time.Now().UnixNano())
	t.Logf("SEED=%d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	program, data := buildServer(t), filepath.Join(t.TempDir(), "data")
	makeSealedUsers(t, data)
	rotate(t, data)
	for range 6 {
		killWhileSealing(t, program, data, random)
	}
	changed := serveSealed(t, program, data)
	t.Logf("of %d, %s were left", sealedUsers+1, changed)

	// Twice, before everything is sealed with the first, is no harm.
	rotate(t, data)
	rotate(t, data)
	killWhileSealing(t, program, data, random)
	serveSealed(t, program, data)
	path := filepath.Join(data, "secret")
	text, err := os.ReadFile(path)
	check(t, err)
	lines := strings.Fields(string(text))
	if len(lines) != 4 {
		t.Fatalf("the file has %d secrets", len(lines))
	}
	check(t, os.WriteFile(path, []byte(lines[0]), 0o600))
	if left := serveSealed(t, program, data); left != "" {
		t.Errorf("without a former secret %s are sealed anew", left)
	}
	check(t, os.WriteFile(path, []byte(lines[3]), 0o600))
	out, err := exec.Command(program, "user", "list", "--data", data).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the server's secret is another one") {
		t.Errorf("with the first secret alone: %v %s", err, out)
	}
	checkData(t, program, data)
}

func makeSealedUsers(t *testing.T, data string) {
	t.Helper()
	desk, err := server.OpenOffline(t.Context(), server.Config{Data: data}, server.WithAccounts, slog.New(slog.DiscardHandler))
	check(t, err)
	by := accounts.Caller{By: "test"}
	for i := range sealedUsers {
		_, err := desk.Pool.AdminCreateUser(t.Context(), by, accounts.AdminCreateUser{Username: fmt.Sprintf("user%d", i), TemporaryPassword: password, MessageAction: "SUPPRESS"})
		check(t, err)
	}
	check(t, desk.Close())
}

// rotate puts another secret into the file, as the command does.
func rotate(t *testing.T, data string) {
	t.Helper()
	_, err := server.RotateSecret(server.Config{Data: data})
	check(t, err)
}

// killWhileSealing starts the server, and kills it a moment after it has begun to look.
func killWhileSealing(t *testing.T, program, data string, random *rand.Rand) {
	t.Helper()
	cmd := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--data", data, "--log-level", "debug")
	output, err := cmd.StderrPipe()
	check(t, err)
	check(t, cmd.Start())
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if strings.Contains(lines.Text(), "looking for what is sealed") {
			pause(random, 10*time.Millisecond)
			check(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait() // it was killed
}

var sealedAnew = regexp.MustCompile(`"changed":(\d+)`)

// serveSealed starts the server, has some users come in, and gives how many documents it sealed anew.
func serveSealed(t *testing.T, program, data string) string {
	t.Helper()
	p := startServer(t, program, "--data", data, "--log-format", "json")
	p.awaitAddress(t)
	for _, i := range []int{0, 1, sealedUsers / 2, sealedUsers - 1} {
		body := fmt.Sprintf(`{"ClientId":%q,"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"user%d","PASSWORD":%q}}`, server.DefaultClient, i, password)
		r, err := http.NewRequestWithContext(t.Context(), "POST", strings.TrimSuffix(p.url, "/graphql")+"/idp", strings.NewReader(body))
		check(t, err)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
		answer, err := http.DefaultClient.Do(r)
		check(t, err)
		if answer.StatusCode != http.StatusOK {
			t.Errorf("user%d is answered %s", i, answer.Status)
		}
		check(t, answer.Body.Close())
	}
	p.kill()
	if found := sealedAnew.FindStringSubmatch(p.stderr.String()); found != nil {
		return found[1]
	}
	return ""
}
