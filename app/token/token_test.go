package token

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest/need"
	"facematch/matcher"
)

const (
	base   = "https://api.example.com"
	other  = "https://api.example.org"
	secret = "tok_5ecret.Value-that~is+long/enough="
	phrase = "correct horse battery"
)

// alone is a keeper where no keyring answers.
func alone(t *testing.T) *Keeper {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "autolaunch:")
	t.Setenv(Variable, "")
	k := New(filepath.Join(t.TempDir(), "token.json"))
	k.workFactor = 4 // or each test would take seconds
	return k
}

func key(err error) string {
	var p *matcher.Problem
	switch {
	case err == nil:
		return ""
	case errors.As(err, &p):
		return p.Key
	}
	return err.Error()
}

func get(t *testing.T, k *Keeper, base, passphrase string, want string, place Place, problem string) {
	t.Helper()
	got, at, err := k.Get(base, passphrase)
	if got != want || at != place || key(err) != problem {
		t.Errorf("got a token: %v, %s, %v; want %s, %q", got != "", at, err, place, problem)
	}
	if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), phrase)) {
		t.Error("a secret is in the error")
	}
}

func TestSealedFile(t *testing.T) {
	k := alone(t)
	get(t, k, base, "", "", None, "token.none")
	if _, err := k.Set(base, secret, ""); key(err) != "token.needs_passphrase" {
		t.Error(err)
	}
	if _, err := k.Set(base, secret, "short"); key(err) != "token.passphrase_short" {
		t.Error(err)
	}
	if place, err := k.Set(base, "  "+secret+"\n", phrase); place != File || err != nil {
		t.Fatal(place, err)
	}
	get(t, k, base, "", secret, File, "") // who set it need not open it
	raw, err := os.ReadFile(k.file)
	if err != nil || bytes.Contains(raw, []byte(secret)) || bytes.Contains(raw, []byte(phrase)) {
		t.Errorf("%v, or the token lies open in the file", err)
	}
	if info, _ := os.Stat(k.file); info.Mode() != 0o600 {
		t.Errorf("the file's rights are %v", info.Mode())
	}

	again := New(k.file)
	get(t, again, base, "", "", Locked, "token.locked")
	get(t, again, base, "wrong horse battery", "", Locked, "token.passphrase")
	get(t, again, other, phrase, "", None, "token.none") // bound to its address
	get(t, again, base, phrase, secret, File, "")
	get(t, again, base, "", secret, File, "") // opened once

	// A file whose address was changed by hand opens for neither.
	if err := os.WriteFile(k.file, bytes.Replace(raw, []byte("example.com"), []byte("example.org"), 1),
		0o600); err != nil {
		t.Fatal(err)
	}
	get(t, again, other, phrase, "", Locked, "token.file")
	get(t, again, base, phrase, "", None, "token.none")
	if err := os.WriteFile(k.file, raw[:len(raw)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	get(t, again, base, phrase, "", Locked, "token.file")
	if err := os.WriteFile(k.file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := again.Clear(other); err != nil {
		t.Error(err)
	}
	get(t, New(k.file), base, "", "", Locked, "token.locked")
	if err := again.Clear(base); err != nil {
		t.Error(err)
	}
	get(t, again, base, "", "", None, "token.none")
	if _, err := os.Stat(k.file); !os.IsNotExist(err) {
		t.Error("the file is still there")
	}
}

func TestEnvironmentIsTheLastPlace(t *testing.T) {
	k := alone(t)
	t.Setenv(Variable, " env-token\n")
	get(t, k, base, "", "env-token", Environment, "")
	if _, err := k.Set(base, secret, phrase); err != nil {
		t.Fatal(err)
	}
	get(t, k, base, "", secret, File, "")
	again := New(k.file) // without a prompt for the passphrase
	get(t, again, base, "", "env-token", Environment, "")
	get(t, again, base, "wrong horse battery", "", Locked, "token.passphrase")
	t.Setenv(Variable, "two words")
	get(t, again, other, "", "", Environment, "token.form")
}

func TestTokensThatCannotBe(t *testing.T) {
	for _, bad := range []string{"", " ", "two words", "a\r\nX-Evil: 1", "tökén", "a\x00",
		strings.Repeat("a", maxLength+1)} {
		if _, err := Clean(bad); key(err) != "token.form" {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

// TestRealKeyring runs the keeper against gnome-keyring on a session bus of its
// own, in a process of its own.
func TestRealKeyring(t *testing.T) {
	if dir := os.Getenv("TOKEN_TEST_IN_BUS"); dir != "" {
		inBus(t, dir)
		return
	}
	for _, tool := range []string{"dbus-run-session", "dbus-send", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(tool); err != nil {
			need.Missing(t, tool+" is not installed: run make setup-test")
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	const script = `printf '\n' | gnome-keyring-daemon --unlock --components=secrets --control-directory="$1/control" >/dev/null || exit 9
n=0
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q true; do
	n=$((n+1)); [ $n -lt 200 ] || exit 8
	sleep 0.05
done
exec "$0" -test.run '^TestRealKeyring$' -test.v`
	cmd := exec.CommandContext(ctx, "dbus-run-session", "--", "sh", "-c", script, os.Args[0], dir)
	cmd.Env = append(os.Environ(), "TOKEN_TEST_IN_BUS="+dir, "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_RUNTIME_DIR="+dir,
		Variable+"=env-token")
	cmd.WaitDelay = 5 * time.Second // the daemon keeps the pipe open
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("PASS: TestRealKeyring")) {
		t.Errorf("%v\n%s", err, out)
	}
	if bytes.Contains(out, []byte(secret)) {
		t.Error("the token was printed")
	}
}

func inBus(t *testing.T, dir string) {
	k := New(filepath.Join(dir, "token.json"))
	get(t, k, base, "", "env-token", Environment, "")
	if place, err := k.Set(base, secret, ""); place != Keyring || err != nil {
		t.Fatal(place, err)
	}
	get(t, New(k.file), base, "", secret, Keyring, "")
	get(t, k, other, "", "env-token", Environment, "")
	if err := k.Clear(base); err != nil {
		t.Error(err)
	}
	if err := k.Clear(base); err != nil {
		t.Errorf("clearing nothing: %v", err)
	}
	get(t, k, base, "", "env-token", Environment, "")
	// A file from when no keyring answered gives way to the keyring.
	k.workFactor = 4
	if err := k.intoFile(sealed{base, "old"}, phrase); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Set(base, secret, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(k.file); !os.IsNotExist(err) {
		t.Error("the old token is still in the file")
	}
}
