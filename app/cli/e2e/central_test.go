//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest/need"
)

// TestCentreToTry goes through what an administrator and a desk do, with the built program, a
// real PostgreSQL and TLS, as try.sh does it; and then restores the desk from the centre.
func TestCentreToTry(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/usr/lib/postgresql/15/bin/initdb"); err != nil {
		need.Missing(t, "PostgreSQL 15 is not installed")
	}
	d := newDesk(t)
	// Not t.TempDir, which PostgreSQL's user cannot enter.
	dir, err := os.MkdirTemp("", "facematch-try-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	program, err := filepath.Abs(filepath.Join(root, "bin", "facematch"))
	if err != nil {
		t.Fatal(err)
	}
	try := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(filepath.Join(root, "store", "central", "try.sh"), append([]string{program, dir}, args...)...)
		cmd.Env = append(os.Environ(), fmt.Sprint("FACEMATCH_CENTRE_PORT=", port), "DBUS_SESSION_BUS_ADDRESS=",
			"XDG_RUNTIME_DIR="+dir)
		cmd.WaitDelay = 5 * time.Second // PostgreSQL goes on, whatever it has open
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("try.sh %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	t.Cleanup(func() {
		_ = exec.Command(filepath.Join(root, "store", "central", "try.sh"), program, dir, "stop").Run()
	})
	out := try()
	for _, says := range []string{"at the centre", "Trial desk", "The centre is intact",
		"The centre of all desks says so too"} {
		if !strings.Contains(out, says) {
			t.Errorf("it does not say %q:\n%s", says, out)
		}
	}
	d.home = filepath.Join(dir, "home")
	at := fmt.Sprintf("host=%s/server port=%d dbname=facematch user=postgres", dir, port)
	must := func(code int, says string, args ...string) {
		t.Helper()
		got, out, errs := d.run(args...)
		if got != code || !strings.Contains(out+errs, says) {
			t.Fatalf("%q: exit %d, want %d with %q\n%s%s", args, got, code, says, out, errs)
		}
	}
	must(1, "already", "central", "enrol")
	must(0, "[]", "history", "list", "--central", "--at", at, "--format", "json")
	must(0, "0 checks picked of 0", "history", "sample", "pick", "--central", "--at", at)

	// The computer is lost; another one has its place.
	d = newDesk(t)
	must(0, "Restored", "history", "restore", "--from-centre", "--at", at, "--history", "Trial desk")
	must(0, "Intact", "history", "verify")
	must(1, "with this name", "history", "restore", "--from-centre", "--at", at, "--history", "nobody", "--replace")

	// The centre is away, and comes back.
	d.home = filepath.Join(dir, "home")
	try("stop")
	must(1, "does not answer", "central", "push")
	must(0, "not reached", "history", "verify")
	if out := try(); !strings.Contains(out, "at the centre") {
		t.Errorf("%s", out)
	}
	operatorsOfTheCentre(t, d, at)
}
