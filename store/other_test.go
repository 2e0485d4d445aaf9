package store

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"facematch/app/history"
	"facematch/store/internal/vault"
)

// copied is another desk's history, as somebody brought it: the database alone,
// without key and anchor.
func copied(t *testing.T, from Params, beside ...string) Params {
	t.Helper()
	p := testParams(t.TempDir())
	p.ReadOnly, p.Other = true, true
	if err := os.MkdirAll(filepath.Dir(p.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, end := range append([]string{""}, beside...) {
		data, err := os.ReadFile(from.Path + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p.Path+end, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// everything is what lies in a folder, with rights and times.
func everything(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		found[path] = info.Mode().String() + info.ModTime().String()
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found[path] += string(data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// look does all that somebody does with another desk's history.
func look(t *testing.T, p Params, r vault.Ring) {
	t.Helper()
	ctx := context.Background()
	s, err := open(ctx, p, r)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.ID() == "" {
		t.Error("it has no id")
	}
	rows := mustList(t, s, history.Filter{})
	if len(rows) != 1 || rows[0].Name != "" || !rows[0].Sealed {
		t.Errorf("list is %+v", rows)
	}
	if d, err := s.Show(ctx, rows[0].Check); err != nil || d.Name != "" || !d.Sealed || d.Raw != nil || !d.RawSealed {
		t.Errorf("%+v %v", d, err)
	}
	n := 0
	if err := s.Each(ctx, history.Filter{}, func(history.Detail) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("%d checks, %v", n, err)
	}
	if c, err := s.Count(ctx, history.Filter{}); err != nil || c.Total != 1 {
		t.Errorf("%+v %v", c, err)
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("verdict is %+v", v)
	}
	wantKey(t, s.Exported(ctx, history.Export{}), "store.read_only")
}

// Looking at another desk's history leaves no trace, and shows no name, on a disk
// that can be written and on one that cannot.
func TestOtherLeavesNoTrace(t *testing.T) {
	own := testParams(t.TempDir())
	s := mustOpen(t, own, noRing{})
	record(t, s, "a", "A Name")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{false, true} {
		p := copied(t, own)
		dir := filepath.Dir(p.Path)
		if readOnly {
			if err := os.Chmod(p.Path, 0o400); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, 0o500); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(dir, 0o700) })
		}
		before := everything(t, dir)
		look(t, p, noRing{})
		if after := everything(t, dir); !reflect.DeepEqual(before, after) {
			t.Errorf("read-only %v: something was changed", readOnly)
		}
	}
}

// A copy whose last records lie in the file beside it, as after a crash or while
// its desk works, shows them too, and the database itself is not changed.
func TestOtherWithItsLog(t *testing.T) {
	own := testParams(t.TempDir())
	s := mustOpen(t, own, noRing{})
	record(t, s, "a", "A Name")
	p := copied(t, own, "-wal") // while it is open
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	look(t, p, noRing{})
	after, err := os.ReadFile(p.Path)
	if err != nil || string(before) != string(after) {
		t.Errorf("the database was changed, %v", err)
	}
}

// One of an older form is refused, and left as it is.
func TestOtherOfAnOlderForm(t *testing.T) {
	own := testParams(t.TempDir())
	s := mustOpen(t, own, noRing{})
	if _, err := s.writer.Exec(`DELETE FROM migration`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	p := copied(t, own)
	before := everything(t, filepath.Dir(p.Path))
	_, err := open(context.Background(), p, noRing{})
	wantKey(t, err, "store.older")
	if after := everything(t, filepath.Dir(p.Path)); !reflect.DeepEqual(before, after) {
		t.Error("something was changed")
	}
}
