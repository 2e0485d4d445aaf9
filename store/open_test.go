package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

func TestConnectionSettings(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000", "secure_delete": "1",
	} {
		var got string
		if err := s.writer.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", pragma, got, err, want)
		}
	}
	if _, err := s.reader.Exec(`INSERT INTO meta (name, value) VALUES ('x', 'y')`); err == nil {
		t.Error("the reader writes")
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{
		"a ? mode=memory.db", "50% #1.db", "%41.db", "Łódź прибор 顔.db", "a&b=c;d.db", "x?_journal_mode=DELETE",
		"quo'te\".db",
	} {
		dir := t.TempDir()
		p := testParams(dir)
		p.Path = filepath.Join(dir, "Mr. #1 %20?", name)
		s := mustOpen(t, p, noRing{})
		record(t, s, "a", "A Name")
		p.ReadOnly = true
		if rows := mustList(t, mustOpen(t, p, noRing{}), history.Filter{}); len(rows) != 1 {
			t.Errorf("%s: %d rows", name, len(rows))
		}
		if info, err := os.Stat(p.Path); err != nil || info.Size() == 0 {
			t.Errorf("%s: the database is not there: %v", name, err)
		}
	}
}

func TestRightsOfFiles(t *testing.T) {
	leaveAllRights(t)
	dir := t.TempDir()
	p := testParams(dir)
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	check := func() {
		seen := map[string]bool{}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || path == dir {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			want := fs.FileMode(0o600)
			if d.IsDir() {
				want = 0o700
			}
			if info.Mode().Perm() != want {
				t.Errorf("%s has rights %o, want %o", d.Name(), info.Mode().Perm(), want)
			}
			seen[d.Name()] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"history.db", "history.db-wal", "history.db-shm", "master.key", "anchor.jsonl"} {
			if !seen[name] {
				t.Errorf("%s is not there", name)
			}
		}
	}
	check()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// A backup that was brought back may be readable by all.
	for _, path := range []string{p.Path, p.KeyFile, p.Anchor} {
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s = mustOpen(t, p, noRing{})
	record(t, s, "b", "A Name")
	check()
}

// files gives the bytes of all files in a folder but those SQLite needs even to
// read: its shared memory and an empty log.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-shm") {
			return err
		}
		data, err := os.ReadFile(path)
		if len(data) > 0 || !strings.HasSuffix(path, "-wal") {
			found[path] = data
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestNewerIsRefusedUntouched opens a history of the future, once as it is
// after a tidy end and once as after a crash, with records in the log beside.
func TestNewerIsRefusedUntouched(t *testing.T) {
	for _, crashed := range []bool{false, true} {
		p := testParams(t.TempDir())
		s := mustOpen(t, p, noRing{})
		record(t, s, "a", "A Name")
		if _, err := s.writer.Exec(`INSERT INTO migration (number, at) VALUES (99, '2030-01-01T00:00:00.000Z')`); err != nil {
			t.Fatal(err)
		}
		future := testParams(t.TempDir())
		if !crashed {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(future.Path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(future.Path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if crashed {
			data, err := os.ReadFile(p.Path + "-wal")
			if err != nil || len(data) == 0 {
				t.Fatalf("there is no log: %v", err)
			}
			if err := os.WriteFile(future.Path+"-wal", data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		before := contents(t, filepath.Dir(future.Path))
		for _, readOnly := range []bool{false, true} {
			future.ReadOnly = readOnly
			_, err := Open(context.Background(), future)
			wantKey(t, err, "store.newer")
		}
		if !reflect.DeepEqual(before, contents(t, filepath.Dir(future.Path))) {
			t.Errorf("crashed %v: the newer history was touched", crashed)
		}
		if info, err := os.Stat(future.Path); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("the newer history's rights are %v, %v", info.Mode(), err)
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	write := func(data []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	overwrite := func(t *testing.T, path string, offset int64) {
		p := testParams(t.TempDir())
		s := mustOpen(t, p, noRing{})
		record(t, s, "a", "A Name")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		copy(data[offset:], bytes.Repeat([]byte{0xEE}, 400))
		write(data)(t, path)
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		want string
	}{
		{"text", write(bytes.Repeat([]byte("this is no database. "), 200)), "store.foreign"},
		{"short text", write([]byte("hello")), "store.foreign"},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "store.foreign"},
		{"another program's database", func(t *testing.T, path string) {
			db := rawDB(t, path)
			if _, err := db.Exec(`CREATE TABLE bookmark (name TEXT); INSERT INTO bookmark VALUES ('x')`); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}, "store.foreign"},
		{"schema overwritten", func(t *testing.T, path string) { overwrite(t, path, 100) }, "store.damaged"},
		{"header overwritten", func(t *testing.T, path string) { overwrite(t, path, 0) }, "store.foreign"},
	} {
		for _, readOnly := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, read only %v", c.name, readOnly), func(t *testing.T) {
				p := testParams(t.TempDir())
				if err := os.MkdirAll(filepath.Dir(p.Path), 0o700); err != nil {
					t.Fatal(err)
				}
				c.make(t, p.Path)
				before := contents(t, filepath.Dir(p.Path))
				p.ReadOnly = readOnly
				_, err := Open(context.Background(), p)
				wantKey(t, err, c.want)
				if !reflect.DeepEqual(before, contents(t, filepath.Dir(p.Path))) {
					t.Error("what was refused was touched")
				}
			})
		}
	}
}

// TestDamagedPages damages a page of the records: the history opens, and verify
// says what it is.
func TestDamagedPages(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, &memoryRing{})
	fill(t, s, 2000)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	middle := len(data) / 2 / 4096 * 4096
	copy(data[middle:], bytes.Repeat([]byte{0xEE}, 20*4096))
	if err := os.WriteFile(p.Path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, p, &memoryRing{})
	if v := mustVerify(t, s); v.Intact || v.Fault != history.FaultDamaged && v.Fault != history.FaultChain {
		t.Errorf("verdict is %+v", v)
	}
}

// TestEveryPageDamaged damages one page after the other: where the history
// still opens, verify gives a verdict and never calls it intact, and what is
// read says why it cannot be.
func TestEveryPageDamaged(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	fill(t, s, 60)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	p.ReadOnly = true
	opened := 0
	for page := 1; page < len(data)/4096; page++ {
		damaged := bytes.Clone(data)
		copy(damaged[page*4096:(page+1)*4096], bytes.Repeat([]byte{0xEE}, 4096))
		if err := os.WriteFile(p.Path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := open(context.Background(), p, noRing{})
		if err != nil {
			wantKey(t, err, "store.damaged")
			continue
		}
		opened++
		if v, err := s.Verify(context.Background(), nil); err != nil || v.Intact || v.Fault == "" {
			t.Errorf("page %d: verdict is %+v, %v", page, v, err)
		}
		if _, err := s.List(context.Background(), history.Filter{}); err != nil {
			wantKey(t, err, "store.damaged")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if opened < 10 {
		t.Errorf("only %d damaged histories opened", opened)
	}
}

// TestGone takes a history away that the anchor knows, in each way: nobody may
// start afresh or say that all is well.
func TestGone(t *testing.T) {
	for name, take := range map[string]func(t *testing.T, path string){
		"deleted": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"emptied": func(t *testing.T, path string) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		},
		"its folder is gone": func(t *testing.T, path string) {
			if err := os.RemoveAll(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		},
		"a database without tables": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			db := rawDB(t, path)
			if _, err := db.Exec(`PRAGMA journal_mode = WAL`); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Size() == 0 {
				t.Fatalf("there is no database: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := testParams(dir)
			s := mustOpen(t, p, noRing{})
			for i := range 3 {
				record(t, s, fmt.Sprint(i), "")
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			take(t, p.Path)
			before := contents(t, dir)
			for _, readOnly := range []bool{true, false, true} {
				p.ReadOnly = readOnly
				_, err := open(context.Background(), p, noRing{})
				wantKey(t, err, "store.gone")
			}
			if !reflect.DeepEqual(before, contents(t, dir)) {
				t.Error("something was changed")
			}
			// On purpose, as the hint says.
			if err := os.Rename(p.Anchor, p.Anchor+".old"); err != nil {
				t.Fatal(err)
			}
			p.ReadOnly = false
			s = mustOpen(t, p, noRing{})
			record(t, s, "new", "")
			if v := mustVerify(t, s); !v.Intact || !v.Anchored || v.Records != 2 {
				t.Errorf("verdict is %+v", v)
			}
		})
	}
}

// TestReadOnlyWritesNothing looks at every file beside a writer, with a key
// file and an anchor whose rights the writer would mend.
func TestReadOnlyWritesNothing(t *testing.T) {
	dir := t.TempDir()
	p := testParams(dir)
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	for _, path := range []string{p.KeyFile, p.Anchor} {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	type state struct {
		mode    fs.FileMode
		changed time.Time
	}
	states := func() map[string]state {
		found := map[string]state{}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || strings.HasSuffix(path, "-shm") { // where readers say that they read
				return err
			}
			info, err := d.Info()
			if err == nil {
				found[path] = state{info.Mode(), info.ModTime()}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	bytesBefore, before := contents(t, dir), states()
	p.ReadOnly = true
	ro := mustOpen(t, p, noRing{})
	if rows := mustList(t, ro, history.Filter{}); len(rows) != 1 || rows[0].Name != "A Name" {
		t.Errorf("list is %+v", rows)
	}
	if v := mustVerify(t, ro); !v.Intact || !v.Anchored {
		t.Errorf("verdict is %+v", v)
	}
	if err := ro.KeyProblem(context.Background()); err != nil {
		t.Errorf("key problem: %v", err)
	}
	if err := ro.Close(); err != nil {
		t.Error(err)
	}
	if after := states(); !reflect.DeepEqual(before, after) {
		t.Errorf("files were\n%v, are\n%v", before, after)
	}
	if !reflect.DeepEqual(bytesBefore, contents(t, dir)) {
		t.Error("a file was written")
	}
}

// TestNoID opens a history whose id was deleted.
func TestNoID(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	if _, err := s.writer.Exec(`DELETE FROM meta`); err != nil {
		t.Fatal(err)
	}
	_, err := open(context.Background(), p, noRing{})
	wantKey(t, err, "store.damaged")
}

func TestReadOnly(t *testing.T) {
	p := testParams(t.TempDir())
	p.ReadOnly = true
	_, err := Open(context.Background(), p)
	wantKey(t, err, "store.missing")
	if _, err := os.Stat(filepath.Dir(p.Path)); err == nil {
		t.Error("looking made a folder")
	}
	p.ReadOnly = false
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	p.ReadOnly = true
	for range 2 { // beside a writer, and alone
		ro, err := open(context.Background(), p, noRing{})
		if err != nil {
			t.Fatal(err)
		}
		if rows := mustList(t, ro, history.Filter{}); len(rows) != 1 || rows[0].Name != "A Name" {
			t.Errorf("list is %+v", rows)
		}
		if v := mustVerify(t, ro); !v.Intact || !v.Anchored {
			t.Errorf("verdict is %+v", v)
		}
		ctx := context.Background()
		wantKey(t, ro.Start(ctx, started("b", "Another Name")), "store.read_only")
		wantKey(t, ro.Finish(ctx, finished("a", 1, "")), "store.read_only")
		wantKey(t, ro.Settings(ctx, history.SettingsChange{}), "store.read_only")
		if err := ro.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := os.WriteFile(p.Path+"2", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.Path += "2"
	_, err = Open(context.Background(), p)
	wantKey(t, err, "store.older")
}

// TestDiskFull makes SQLite meet the limit of a full disk.
func TestDiskFull(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	record(t, s, "a", "")
	var pages int
	if err := s.writer.QueryRow(`PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		if _, err := s.writer.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, n)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages)
	big := started("b", "")
	big.Program = strings.Repeat("x", 50_000)
	wantKey(t, s.Start(context.Background(), big), "store.full")
	if v := mustVerify(t, s); !v.Intact || v.Records != 2 || v.Until != 2 {
		t.Errorf("verdict on the full disk is %+v", v)
	}
	limit(pages + 1000)
	if err := s.Start(context.Background(), big); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestIncompleteParams(t *testing.T) {
	whole := testParams(t.TempDir())
	for name, spoil := range map[string]func(*Params){
		"Path":    func(p *Params) { p.Path = "" },
		"Anchor":  func(p *Params) { p.Anchor = "" },
		"KeyFile": func(p *Params) { p.KeyFile = "" },
		"Alive":   func(p *Params) { p.Alive = nil },
		"Now":     func(p *Params) { p.Now = nil },
		"Log":     func(p *Params) { p.Log = nil },
	} {
		p := whole
		spoil(&p)
		if s, err := Open(context.Background(), p); err == nil {
			t.Errorf("opened without %s", name)
			s.Close()
		}
	}
}

// TestNoPersonalThingsInErrors makes errors of every kind at hand and searches
// their text and the log.
func TestNoPersonalThingsInErrors(t *testing.T) {
	const name = "Zaphodine"
	var log bytes.Buffer
	dir := filepath.Join(t.TempDir(), name) // a folder may hold a name too
	p := testParams(dir)
	p.Log = slog.New(slog.NewTextHandler(&log, nil))
	if err := os.MkdirAll(p.Anchor, 0o700); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, p, noRing{})
	record(t, s, name, name) // its check id holds the name
	errs := []error{s.Start(context.Background(), started(name, name)), s.AnchorProblem()}
	if err := os.WriteFile(p.Path+"x", []byte(name), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Path += "x"
	_, err := Open(context.Background(), p)
	errs = append(errs, err)
	p.ReadOnly, p.Path = true, p.Path+"y"
	_, err = Open(context.Background(), p)
	errs = append(errs, err)
	for _, err := range errs {
		if err == nil || strings.Contains(err.Error(), name) {
			t.Errorf("error is %v", err)
		}
		var known *matcher.Problem
		if p := matcher.AsProblem(err, "none"); p.Key == "none" {
			t.Errorf("%v is no %T", err, known)
		}
	}
	if log.Len() == 0 || strings.Contains(log.String(), name) {
		t.Errorf("log is %s", log.String())
	}
}

// TestCrashWhileBeingMade finds a database whose very first transaction was
// cut: only the writer can roll it back.
func TestCrashWhileBeingMade(t *testing.T) {
	cut := filepath.Join(t.TempDir(), "history.db")
	db := rawDB(t, cut)
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		`PRAGMA cache_size = 1`, `BEGIN`, `CREATE TABLE t (x)`,
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO t SELECT randomblob(4000) FROM n`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	p := testParams(t.TempDir())
	copyFolder(t, filepath.Dir(cut), filepath.Dir(p.Path)) // as it would be found after a crash now
	for _, name := range []string{p.Path, p.Path + "-journal"} {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Fatalf("the crash left nothing to roll back: %v", err)
		}
	}
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "")
	if v := mustVerify(t, s); !v.Intact || v.Records != 2 {
		t.Errorf("verdict is %+v", v)
	}
}

func TestNoWAL(t *testing.T) {
	db := rawDB(t, filepath.Join(t.TempDir(), "x.db")) // a rollback journal
	wantKey(t, connect(context.Background(), db), "store.no_wal")
}

// TestWords looks for the words of each problem of this package, and for words
// no process uses.
func TestWords(t *testing.T) {
	areas, err := filepath.Glob(filepath.Join("..", "assets", "translations", "*.en.json"))
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	for _, area := range areas {
		data, err := os.ReadFile(area)
		if err != nil {
			t.Fatal(err)
		}
		var these map[string]any // a text, or one for each number
		if err := json.Unmarshal(data, &these); err != nil {
			t.Fatal(err)
		}
		for key, text := range these {
			if words[key], _ = text.(string); !strings.HasPrefix(key, "store.") {
				delete(words, key)
			}
		}
	}
	used := map[string]bool{}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob("internal/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	sources = append(sources, parts...)
	sources = append(sources, filepath.Join("..", "app", "history", "problems.go")) // those that others compare too
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(store\.[a-z_]+)"`).FindAllSubmatch(source, -1) {
			used[string(m[1])] = true
		}
	}
	for key := range used {
		if words[key] == "" || words[key+".hint"] == "" {
			t.Errorf("%s has no words or no hint", key)
		}
	}
	for key := range words {
		if !used[strings.TrimSuffix(key, ".hint")] {
			t.Errorf("nobody uses %s", key)
		}
	}
	if len(used) < 20 {
		t.Errorf("only %d keys were found", len(used))
	}
}
