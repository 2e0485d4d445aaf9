package privatefile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWriteIsPrivateAndWhole(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", elsewhere)
	path := filepath.Join(dir, "portrait.png")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(elsewhere, 0); err != nil { // a write there would fail, unless root does it
		t.Fatal(err)
	}
	defer os.Chmod(elsewhere, 0o700)
	if err := Write(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	data, _ := os.ReadFile(path)
	if err != nil || info.Mode().Perm() != 0o600 || string(data) != "new" {
		t.Errorf("%v, %v, %q", info.Mode(), err, data)
	}
	if err := Write(filepath.Join(path, "x"), nil); err == nil {
		t.Error("a file below a file was written")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files are left", len(left))
	}
}
