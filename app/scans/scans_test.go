package scans

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// folder is a scanner's folder that is watched.
type folder struct {
	t    *testing.T
	path string
	day  time.Time // of the next file

	mu   sync.Mutex
	news []string // told since the last look
}

// watched runs a test with a folder that holds one old scan.
func watched(t *testing.T, test func(f *folder)) {
	synctest.Test(t, func(t *testing.T) {
		f := &folder{t: t, path: filepath.Join(t.TempDir(), "scans"), day: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)}
		if err := os.Mkdir(f.path, 0o700); err != nil {
			t.Fatal(err)
		}
		f.write("old.pdf", "somebody else's")
		ctx, stop := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() {
			Watch(ctx, f.path, func(n News) {
				f.mu.Lock()
				defer f.mu.Unlock()
				switch {
				case n.Problem != nil:
					f.news = append(f.news, n.Problem.Key)
				case n.Name == "":
					f.news = append(f.news, "none")
				default:
					if n.Path != filepath.Join(f.path, n.Name) {
						t.Errorf("%s lies at %s", n.Name, n.Path)
					}
					f.news = append(f.news, n.Name)
				}
			})
		})
		synctest.Wait()
		test(f)
		stop()
		done.Wait()
	})
}

// write writes a file, later than the one before.
func (f *folder) write(name, text string) {
	f.t.Helper()
	f.day = f.day.Add(time.Second)
	path := filepath.Join(f.path, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Chtimes(path, f.day, f.day); err != nil {
		f.t.Fatal(err)
	}
}

// after waits so long and wants to have been told this, and no more.
func (f *folder) after(wait time.Duration, want ...string) {
	f.t.Helper()
	time.Sleep(wait)
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.news) != len(want) {
		f.t.Errorf("told %q, want %q", f.news, want)
	} else {
		for i := range want {
			if f.news[i] != want[i] {
				f.t.Errorf("told %q, want %q", f.news, want)
			}
		}
	}
	f.news = nil
}

func TestTheNewestScanIsOffered(t *testing.T) {
	watched(t, func(f *folder) {
		f.after(time.Minute) // what lay there before is not offered
		f.write("one.pdf", "1")
		f.after(2 * time.Second)
		f.after(3*time.Second, "one.pdf")
		f.after(time.Minute)
		f.write("a.JPG", "2")
		f.write("z.tiff", "3")
		f.after(5*time.Second, "z.tiff") // and not the one before
		f.after(time.Minute)
		f.write("old.pdf", "written anew under its name")
		f.after(5*time.Second, "old.pdf")
		f.after(offered, "none")
		f.after(time.Hour)
	})
}

func TestAHalfWrittenScanIsNotOffered(t *testing.T) {
	watched(t, func(f *folder) {
		text := "page"
		for range 10 {
			f.write("slow.pdf", text)
			text += " page"
			f.after(2500 * time.Millisecond)
		}
		f.after(4*time.Second, "slow.pdf")
		f.write("slow.pdf", text) // it went on after all
		f.after(2*time.Second, "none")
		f.after(4*time.Second, "slow.pdf")
		f.write("empty.png", "")
		f.after(time.Minute)
		f.write("empty.png", "x")
		f.after(5*time.Second, "empty.png")
	})
}

func TestWhatIsNoScan(t *testing.T) {
	watched(t, func(f *folder) {
		f.write(".hidden.pdf", "1")
		f.write("notes.txt", "1")
		f.write("scan.pdf.part", "1")
		outside := filepath.Join(filepath.Dir(f.path), "outside.pdf")
		if err := os.WriteFile(outside, []byte("1"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(f.path, "link.pdf")); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(f.path, "folder.pdf"), 0o700); err != nil {
			t.Fatal(err)
		}
		f.after(time.Minute)
		if err := os.Rename(filepath.Join(f.path, "scan.pdf.part"), filepath.Join(f.path, "scan.pdf")); err != nil {
			t.Fatal(err)
		}
		f.after(5*time.Second, "scan.pdf")
	})
}

func TestAScanThatGoes(t *testing.T) {
	watched(t, func(f *folder) {
		f.write("one.pdf", "1")
		f.after(5*time.Second, "one.pdf")
		if err := os.Remove(filepath.Join(f.path, "one.pdf")); err != nil {
			t.Fatal(err)
		}
		f.after(2*time.Second, "none")
	})
}

// A folder that goes is said once, and what lies in it when it is back is offered only
// where it is new.
func TestAFolderThatCannotBeRead(t *testing.T) {
	watched(t, func(f *folder) {
		away := f.path + ".away"
		if err := os.Rename(f.path, away); err != nil {
			t.Fatal(err)
		}
		f.after(time.Minute, KeyUnreadable)
		if err := os.Rename(away, f.path); err != nil {
			t.Fatal(err)
		}
		f.after(time.Minute, "none")
		f.write("one.pdf", "1")
		f.after(5*time.Second, "one.pdf")
	})
}
