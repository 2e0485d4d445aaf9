//go:build e2e

package e2e

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

// TestRemoteModeEqualsOffline makes the same checks twice: on this computer, and
// in remote mode by a program that serves. The answers must be the same in every
// field. FACEMATCH_SOAK takes 40 pairs, half of them of the same person as far as
// there are such.
func TestRemoteModeEqualsOffline(t *testing.T) {
	dir := testdata(t)
	f, err := os.Open(filepath.Join(dir, "pairs.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader := csv.NewReader(f)
	reader.Comma, reader.Comment = '\t', '#'
	all, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var same, other, pairs [][]string
	for _, p := range all[1:] {
		if p[2] == "yes" {
			same = append(same, p)
		} else {
			other = append(other, p)
		}
	}
	if soak() {
		pairs = same[:min(20, len(same))]
		for i := 0; len(pairs) < 40; i += 7 { // spread over the documents
			pairs = append(pairs, other[i%len(other)])
		}
	} else {
		pairs = [][]string{same[0], other[20]}
	}

	// Over TLS under an authority of one's own, as a branch has it, where openssl is
	// there to make one.
	home, temp := t.TempDir(), t.TempDir()
	cert, key := filepath.Join(temp, "cert.pem"), filepath.Join(temp, "key.pem")
	var secured []string
	if openssl, err := exec.LookPath("openssl"); err == nil {
		code, _, errs := run(t, exec.Command(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
			"-nodes", "-days", "2",
			"-subj", "/CN=desk", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert))
		if code != 0 {
			t.Fatalf("openssl: %s", errs)
		}
		secured = []string{"--tls-cert", cert, "--tls-key", key}
	}
	s := start(t, t.TempDir(), secured...)
	file := filepath.Join(home, "config", "settings.toml")
	settings := "[api]\nbase = '" + s.url + "'\n"
	if secured != nil {
		settings += "ca_file = '" + cert + "'\n"
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}

	remote := func(args ...string) (int, string, string) {
		cmd := command(t, home, args...)
		cmd.Env = append(cmd.Env, "FACEMATCH_TOKEN="+s.token)
		return run(t, cmd)
	}
	if code, out, errs := remote("token", "test"); code != 0 {
		t.Errorf("token test: exit %d, %s%s", code, out, errs)
	}
	outcomes := map[int]int{}
	for _, p := range pairs {
		args := []string{"check", "--document", filepath.Join(dir, p[0]), "--video", filepath.Join(dir, p[1]), "--consent",
			"--format", "json"}
		here, offline, errs := run(t, command(t, home, append(args, "--mode", "offline")...))
		there, served, more := remote(append(args, "--mode", "remote")...)
		outcomes[here]++
		var a, b any
		if json.Unmarshal([]byte(offline), &a) != nil || json.Unmarshal([]byte(served), &b) != nil || here != there ||
			!reflect.DeepEqual(a, b) {
			t.Errorf("%s and %s:\noffline exit %d: %s%s\nserved exit %d: %s%s", p[0], p[1], here, offline, errs, there,
				served, more)
		}
	}
	t.Logf("%d pairs, exit codes of the offline checks: %v", len(pairs), outcomes)
	if n := len(rows(t, s.home)); n != len(pairs) {
		t.Errorf("%d checks are in the server's history, %d were asked for", n, len(pairs))
	}
	s.stop()
	verify(t, s.home)
}
