//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// operatorsOfTheCentre goes through what the administrator of a centre does, so that a desk takes
// its operators from there: with the built program, ssh-keygen and psql, as the README says it.
func operatorsOfTheCentre(t *testing.T, d desk, at string) {
	dir := t.TempDir()
	key, bank := filepath.Join(dir, "operators"), filepath.Join(dir, "bank.json")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	do := func(stdin string, code int, says string, args ...string) (stdout string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var out, errs strings.Builder
		cmd := d.command(ctx, args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
		_ = cmd.Run() // the exit code is looked at
		if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(out.String()+errs.String(), says) {
			t.Fatalf("%q: exit %d, want %d with %q\n%s%s", args, got, code, says, &out, &errs)
		}
		return out.String()
	}
	publish := func() {
		t.Helper()
		sql := do("", 0, "Signed", "central", "operators", "publish", bank, "--key", key, "--branch", "Trial office")
		cmd := exec.Command("psql", "-v", "ON_ERROR_STOP=1", "-q", "-d", at)
		cmd.Stdin = strings.NewReader(sql)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	as := func(name string, args ...string) []string {
		secret := filepath.Join(dir, name)
		passphrase := map[string]string{"Ada": "four tired horses drank", "Ben": "violet ladders under rain"}[name]
		if err := os.WriteFile(secret, []byte(passphrase+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return append([]string{"--operator", name, "--secret-file", secret}, args...)
	}
	add := []string{"central", "operators", "add", bank}
	do("four tired horses drank\n", 0, "Ada", append(add, "Ada", "--role", "administrator")...)
	do("violet ladders under rain\n", 0, "Ben", append(add, "Ben", "--role", "operator")...)

	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(d.home, "config", "settings.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "\noperators_key = '"+strings.TrimSpace(string(public))+"'\noperators_branch = 'Trial office'\n"...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	do("", 1, "has not come from the centre yet", "history", "list")
	do("", 1, "no list of operators for this desk's branch", "central", "push")
	publish()
	do("", 0, "at the centre", "central", "push")
	do("", 0, "", as("Ben", "history", "list")...)
	do("", 1, "not changed at this desk", as("Ada", "operator", "remove", "Ben")...)
	do("", 0, "no longer", "central", "operators", "remove", bank, "Ben")
	publish()
	do("", 0, "at the centre", as("Ada", "central", "push")...)
	do("", 1, "do not belong together", as("Ben", "history", "list")...)
	do("", 0, "centre", as("Ada", "history", "verify")...)
	if _, out, errs := d.run(as("Ada", "doctor")...); !strings.Contains(out+errs, "The list of operators comes from the centre") {
		t.Errorf("doctor: %s%s", out, errs)
	}

	// A new computer gets its history back before it has a list. After that the history knows
	// that operators were set up.
	other := newDesk(t)
	if err := os.Mkdir(filepath.Join(other.home, "config"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other.home, "config", "settings.toml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	d = other
	restore := []string{"history", "restore", "--from-centre", "--at", at, "--history", "Trial desk"}
	do("", 0, "Restored", restore...)
	do("", 1, "has not come from the centre yet", append(restore, "--replace")...)
}
