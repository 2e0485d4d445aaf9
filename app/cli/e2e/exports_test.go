//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/store/storetest"
)

// intact says whether a file is what its digest says; false where neither is
// there.
func intact(t *testing.T, file string) bool {
	t.Helper()
	_, missing := os.Lstat(file)
	_, undigested := os.Lstat(file + ".sha256")
	if missing != nil {
		return false // the digest comes first, so it may be there
	}
	if undigested != nil {
		t.Errorf("%s has no digest", filepath.Base(file))
	}
	check := exec.Command("sha256sum", "--check", "--strict", filepath.Base(file)+".sha256")
	check.Dir = filepath.Dir(file)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	return true
}

func TestExports(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.home = storetest.Home(t, 1000) // of made-up checks
	folder := t.TempDir()
	code, out, errs := d.run("history", "list", "--outcome", "refer", "--sort", "lowest", "--limit", "5", "--format",
		"json", "--names")
	var rows []struct {
		Check, Name string
		Score       int64
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil || code != 0 || len(rows) != 5 ||
		rows[0].Score > rows[4].Score {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	if code, out, errs = d.run("history", "show", rows[0].Check[:16], "--names"); code != 0 ||
		!strings.Contains(out, rows[0].Check) || !strings.Contains(out, rows[0].Name) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	for _, format := range []string{"csv", "jsonl", "pdf"} {
		for _, names := range []bool{false, true} {
			file := filepath.Join(folder, format)
			args := []string{"history", "export", "--format", format, "--out", file, "--outcome", "refer", "--overwrite"}
			if names {
				args = append(args, "--names")
			}
			if code, out, errs := d.run(args...); code != 0 || out != "" {
				t.Fatalf("%q: exit %d\n%s%s", args, code, out, errs)
			}
			data, err := os.ReadFile(file)
			if err != nil || !intact(t, file) {
				t.Errorf("%s: %v", format, err)
			}
			if format != "pdf" && bytes.Contains(data, []byte(rows[0].Name)) != names {
				t.Errorf("%s: with names %v, but they are in it or not", format, names)
			}
		}
	}
	// Another desk's copy, without its key.
	other := newDesk(t)
	copied := filepath.Join(folder, "their history.db")
	data, err := os.ReadFile(filepath.Join(d.home, "data", "history.db"))
	if err == nil {
		err = os.WriteFile(copied, data, 0o400)
	}
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errs := other.run("history", "show", rows[0].Check, "--names", "--db", copied); code != 0 ||
		strings.Contains(out, rows[0].Name) || !strings.Contains(out, "(sealed)") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := other.run("history", "export", "--format", "jsonl", "--out", "-", "--names", "--db",
		copied); code != 0 || !strings.Contains(out, `"database":"`) {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if code, out, errs := other.run("history", "verify", "--db", copied); code != 0 {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	other.verify()
	t.Run("killed", func(t *testing.T) { killedExports(t, d) })
	d.verify()
}

// An export that is killed leaves nothing, or is whole.
func killedExports(t *testing.T, d desk) {
	folder := t.TempDir()
	begun := time.Now()
	if code, _, errs := d.run("history", "export", "--format", "csv", "--out", filepath.Join(folder, "y"),
		"--names"); code != 0 {
		t.Fatal(errs)
	}
	usual := time.Since(begun)
	for _, name := range []string{"y", "y.sha256", "y.sig"} {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	times, whole := 3, 0
	if soak() {
		times = 100
	}
	for i := range times {
		file := filepath.Join(folder, "x.csv")
		cmd := d.command(context.Background(), "history", "export", "--format", "csv", "--out", file, "--names",
			"--overwrite")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pause := time.Duration(rand.Int64N(int64(usual + usual/5)))
		time.Sleep(pause)
		cmd.Process.Kill()
		cmd.Wait()
		if intact(t, file) {
			whole++
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if name := e.Name(); name != "x.csv" && name != "x.csv.sha256" && name != "x.csv.sig" {
				t.Errorf("kill %d after %v left %s", i, pause, name)
			}
			if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d of %d were whole", whole, times)
}
