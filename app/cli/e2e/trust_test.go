//go:build e2e

package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHistoryIsKept goes through the life of a history with the built program:
// checks with kept pictures, a backup, an erasure, a restore over newer records,
// the loss accepted, and the key brought back on a computer that lost it.
func TestHistoryIsKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	share := t.TempDir()
	d.run("history", "list") // makes the folders
	must := func(code int, says string, args ...string) {
		t.Helper()
		got, out, errs := d.run(args...)
		if got != code || !strings.Contains(out+errs, says) {
			t.Fatalf("%q: exit %d, want %d with %q\n%s%s", args, got, code, says, out, errs)
		}
	}
	settings := filepath.Join(d.home, "config", "settings.toml")
	text := "version = 1\n[folders]\nsecond_anchor = '" + share + "'\n[privacy]\nkeep_images = true\n" +
		"[[facematch_conditions]]\nfield = \"score\"\nop = \">=\"\npass = 80.0\nrefer = 60.0\n"
	if err := os.MkdirAll(filepath.Dir(settings), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	photos := images(t)
	film := clip(t, filepath.Join(photos, "face-detect.jpg"), filepath.Join(t.TempDir(), "clip.mp4"))
	const session = "sess_0b5a0c2e-8f2b-4f4e-9a34-2f3b1c0d9e8f"
	if code, out, errs := d.run(check(filepath.Join(photos, "face.jpg"), film, "--name", "Zaphodine Quxington",
		"--session", session)...); code != 0 {
		t.Fatalf("check: exit %d, %s%s", code, out, errs)
	}
	secret := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(secret, []byte("correct horse battery staple\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	withSecret := func(says string, args ...string) {
		t.Helper()
		in, err := os.Open(secret)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		cmd := d.command(t.Context(), args...)
		cmd.Stdin = in
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), says) {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	withSecret("is set", "history", "recovery")
	backup := filepath.Join(t.TempDir(), "backup.db")
	must(0, "verified", "history", "backup", backup)
	must(1, "already", "history", "backup", backup)
	must(64, "--yes", "history", "erase", "--session", session)
	must(0, "Erased", "history", "erase", "--session", session, "--yes")
	must(0, "Both anchors", "history", "verify")
	must(1, "--replace", "history", "restore", backup)
	must(0, "erased again", "history", "restore", backup, "--replace")
	must(0, "lost at the restore of", "history", "verify")
	for _, folder := range []string{d.home, share, filepath.Dir(backup)} {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, []byte("Zaphodine")) || bytes.Contains(data, []byte("Quxington")) {
				t.Errorf("%s holds the name", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}

	// Another computer, with the backup and the passphrase alone.
	d = newDesk(t)
	must(0, "Restored", "history", "restore", backup)
	must(0, "(sealed)", "history", "list", "--names")
	withSecret("can be read again", "history", "recover")
	must(0, "Zaphodine Quxington", "history", "list", "--names")
	must(0, "Intact since", "history", "verify")
}
