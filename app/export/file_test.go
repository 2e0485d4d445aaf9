//go:build unix

package export

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facematch/matcher"
)

func problemKey(err error) string {
	var p *matcher.Problem
	if errors.As(err, &p) {
		return p.Key
	}
	return ""
}

// The digest beside the file is what sha256sum writes and reads, whatever the
// file is called.
func TestDigestIsThatOfSha256sum(t *testing.T) {
	for _, name := range []string{"a.csv", "with space.csv", `back\slash.csv`, "line\nbreak.csv", "#hash.csv"} {
		dir := t.TempDir()
		f, err := CreateFile(filepath.Join(dir, name), false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("some bytes")); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Publish(head, 3); err != nil {
			t.Fatal(err)
		}
		check := exec.Command("sha256sum", "--check", "--strict", name+DigestEnding)
		check.Dir = dir
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%q: %v, %s", name, err, out)
		}
	}
}

// namedTemp is a file as on disks that have none without a name.
func namedTemp(t *testing.T, dir string) temp {
	t.Helper()
	f, err := os.CreateTemp(dir, tempName)
	if err != nil {
		t.Fatal(err)
	}
	return temp{f, true}
}

// Both ways of a file to its name: from none at all, and, on disks that cannot
// do that, from another.
func TestFileGetsItsName(t *testing.T) {
	for _, named := range []bool{false, true} {
		for _, overwrite := range []bool{false, true} {
			dir := t.TempDir()
			path := filepath.Join(dir, "x")
			begin := func() *File {
				f, err := CreateFile(path, overwrite)
				if err != nil {
					t.Fatal(err)
				}
				if named {
					f.temp.drop()
					f.temp = namedTemp(t, dir)
				}
				if _, err := f.Write([]byte("all of it")); err != nil {
					t.Fatal(err)
				}
				if _, err := os.Lstat(path); err == nil && !overwrite {
					t.Error("it has its name already")
				}
				if _, err := f.Close(); err != nil {
					t.Fatal(err)
				}
				return f
			}
			begin().Abort()
			if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
				t.Errorf("%v %v", list, err)
			}
			if overwrite {
				if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := begin().Publish(head, 1); err != nil {
				t.Errorf("named %v, overwrite %v: %v", named, overwrite, err)
			}
			data, err := os.ReadFile(path)
			info, statErr := os.Stat(path)
			if string(data) != "all of it" || err != nil || statErr != nil || info.Mode() != 0o600 {
				t.Errorf("%q %v %v", data, err, info)
			}
			if list, err := os.ReadDir(dir); err != nil || len(list) != 2 {
				t.Errorf("%v %v", list, err)
			}
		}
	}
}

// On disks without links, such as FAT, a file is looked for and then moved; what
// is there stays.
func TestDiskWithoutLinks(t *testing.T) {
	for _, taken := range []bool{false, true} {
		dir := t.TempDir()
		path := filepath.Join(dir, "x")
		f, err := CreateFile(path, false)
		if err != nil {
			t.Fatal(err)
		}
		f.link = func(*temp, string) error { return syscall.EPERM }
		f.temp.drop()
		f.temp = namedTemp(t, dir)
		if _, err := f.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Close(); err != nil {
			t.Fatal(err)
		}
		want := "new"
		if taken {
			want = "mine"
			if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err = f.name(&f.temp, path)
		f.Abort()
		if (problemKey(err) == "export.exists") != taken || !taken && err != nil {
			t.Errorf("taken %v: %v", taken, err)
		}
		if data, err := os.ReadFile(path); string(data) != want {
			t.Errorf("%q %v", data, err)
		}
		if list, _ := os.ReadDir(dir); len(list) != 1 {
			t.Errorf("%v", list)
		}
	}
}

// On a full disk there is no export: here files may not grow, in a process of its
// own, as the tests have files too.
func TestDiskFull(t *testing.T) {
	if os.Getenv("EXPORT_FULL") == "" {
		child := exec.Command(os.Args[0], "-test.run", "^TestDiskFull$", "-test.v")
		child.Env = append(os.Environ(), "EXPORT_FULL=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestDiskFull") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	limit := syscall.Rlimit{Cur: 4096, Max: 4096}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats {
		dir := t.TempDir()
		f, err := CreateFile(filepath.Join(dir, "x"), false)
		if err != nil {
			t.Fatal(err)
		}
		w, err := New(format, f, about(true), english(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range many(300) {
			if err = w.Check(d); err != nil {
				break
			}
		}
		if err == nil {
			err = w.End(head)
		}
		if problemKey(err) != "export.full" {
			t.Errorf("%s: %v", format, err)
		}
		f.Abort()
		if list, _ := os.ReadDir(dir); len(list) != 0 {
			t.Errorf("%s: %v", format, list)
		}
	}
	for _, err := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		if problemKey(unwritten(&os.PathError{Op: "write", Path: "/a/name", Err: err})) != "export.full" {
			t.Error(err)
		}
	}
	if err := unwritten(&os.PathError{Op: "write", Path: "/a/name",
		Err: syscall.EIO}); problemKey(err) != "export.unwritten" || strings.Contains(err.Error(), "name") {
		t.Error(err)
	}
}

// A program that is killed leaves no file under the final name.
func TestKilledInTheMiddle(t *testing.T) {
	if path := os.Getenv("EXPORT_HALF"); path != "" {
		f, err := CreateFile(path, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("half of it")); err != nil {
			t.Fatal(err)
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "x.csv")
	child := exec.Command(os.Args[0], "-test.run", "^TestKilledInTheMiddle$")
	child.Env = append(os.Environ(), "EXPORT_HALF="+path)
	var exit *exec.ExitError
	if err := child.Run(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + DigestEnding} {
		if _, err := os.Lstat(p); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", p, err)
		}
	}
	f, err := newTemp(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.drop()
	if list, err := os.ReadDir(dir); !f.named && (err != nil || len(list) != 0) { // where the disk can
		t.Errorf("left behind: %v %v", list, err)
	}
}
