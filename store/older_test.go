package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"facematch/app/history"
)

// backedUp is a history with three days of records, a backup of the second, and
// the triggers of its tables. It is closed; its last record is the 12th.
func backedUp(t *testing.T) (own Params, backup string, triggers [][2]string) {
	t.Helper()
	own = testParams(t.TempDir())
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	own.Now = func() time.Time { return now }
	s := mustOpen(t, own, noRing{})
	for day := range 3 {
		for i := range 2 {
			record(t, s, fmt.Sprint(day, i), "A Name")
		}
		if day == 1 {
			backup = backUp(t, s)
			record(t, s, "later", "A Name") // on the day of the backup, after it
		}
		now = now.AddDate(0, 0, 1)
	}
	found, err := tables(t.Context(), s.reader)
	must(t, err)
	for _, f := range found {
		if f[0] == "trigger" {
			triggers = append(triggers, [2]string{f[1], f[3]})
		}
	}
	must(t, s.Close())
	return own, backup, triggers
}

// verifyFile verifies a file as one does that is named with --db.
func verifyFile(t *testing.T, own Params, file string) history.Verdict {
	t.Helper()
	own.Live, own.Path, own.ReadOnly, own.Other = own.Path, file, true, true
	s, err := open(t.Context(), own, noRing{})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	return mustVerify(t, s)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, data, 0o600))
}

// otherNames gives names under which a file can be opened too.
func otherNames(t *testing.T, file string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	names := map[string]string{
		"its own":         file,
		"a longer way":    filepath.Join(filepath.Dir(file), "..", filepath.Base(filepath.Dir(file)), filepath.Base(file)),
		"a symbolic link": filepath.Join(dir, "symbolic"),
		"a link to that":  filepath.Join(dir, "twice"),
		"a hard link":     filepath.Join(filepath.Dir(file), "hard.db"),
		"a linked folder": filepath.Join(dir, "folder", filepath.Base(file)),
	}
	must(t, os.Symlink(file, names["a symbolic link"]))
	must(t, os.Symlink(names["a symbolic link"], names["a link to that"]))
	must(t, os.Link(file, names["a hard link"]))
	must(t, os.Symlink(filepath.Dir(file), filepath.Join(dir, "folder")))
	bound := filepath.Join(dir, "bound")
	must(t, os.Mkdir(bound, 0o700))
	if bindFolder(t, filepath.Dir(file), bound) {
		names["a bound folder"] = filepath.Join(bound, filepath.Base(file))
	} else {
		t.Log("without a folder that is bound elsewhere: this user may not do that")
	}
	return names
}

func TestAnOlderBackupIsIntact(t *testing.T) {
	own, backup, _ := backedUp(t)
	v := verifyFile(t, own, backup)
	if !v.Intact || !v.Older || v.Records != 8 || v.Until != 14 || v.Good != 8 || v.Fault != "" {
		t.Errorf("verdict is %+v", v)
	}
	// A copy of now is not older, and the history itself is intact.
	now := filepath.Join(t.TempDir(), "now.db")
	copyFile(t, own.Path, now)
	for name, file := range map[string]string{"a copy of now": now, "the history": own.Path} {
		if v := verifyFile(t, own, file); !v.Intact || v.Older || v.Records != 14 || v.Good != 0 {
			t.Errorf("%s: verdict is %+v", name, v)
		}
	}
	// Who does not say where the live history lies gets no benefit of the doubt.
	elsewhere := own
	elsewhere.Path, elsewhere.ReadOnly, elsewhere.Other = backup, true, true
	if v := mustVerify(t, mustOpen(t, elsewhere, noRing{})); v.Intact || v.Fault != history.FaultCutOff {
		t.Errorf("verdict is %+v", v)
	}
}

// The live history that was cut off is broken under every name it has, also where
// it is, byte for byte, an older backup.
func TestTheLiveHistoryIsNeverAnOlderOne(t *testing.T) {
	own, backup, _ := backedUp(t)
	must(t, os.Remove(own.Path))
	copyFile(t, backup, own.Path)
	for name, file := range otherNames(t, own.Path) {
		if v := verifyFile(t, own, file); v.Intact || v.Older || v.Fault != history.FaultCutOff || v.BadSeq != 9 {
			t.Errorf("%s: verdict is %+v", name, v)
		}
	}
	live := own
	live.ReadOnly = true
	if v := mustVerify(t, mustOpen(t, live, noRing{})); v.Intact || v.Fault != history.FaultCutOff {
		t.Errorf("without --db: verdict is %+v", v)
	}
	// And where the settings name it by a link.
	link := own
	link.Path = filepath.Join(t.TempDir(), "link.db")
	must(t, os.Symlink(own.Path, link.Path))
	if v := verifyFile(t, link, own.Path); v.Intact || v.Fault != history.FaultCutOff {
		t.Errorf("live through a link: verdict is %+v", v)
	}
	// The backup is still one. Nothing proves its last records now, which is said.
	if v := verifyFile(t, own, backup); !v.Intact || !v.Older || v.Good >= v.Records {
		t.Errorf("the backup: verdict is %+v", v)
	}
}

// A backup that was changed stays broken: the chain shows a plain change; one with
// the chain made anew is shown by a mark or, where none knows the record, by the
// live history.
func TestAnOlderBackupThatWasChanged(t *testing.T) {
	own, backup, triggers := backedUp(t)
	for name, tt := range map[string]struct {
		statements string
		anew       int64
		fault      history.Fault
		bad        int64
	}{
		"a record edited":                 {edit(3), 0, history.FaultChain, 3},
		"the last record edited":          {edit(8), 0, history.FaultChain, 8},
		"a record deleted":                {drop(5, 1), 0, history.FaultChain, 5},
		"edited, all anew, a mark knows":  {edit(2), 2, history.FaultReplaced, 4},
		"edited, all anew, no mark knows": {edit(6), 6, history.FaultReplaced, 6},
		"the last edited, all anew":       {edit(8), 8, history.FaultReplaced, 8},
		"a record put in, all anew":       {insert(9), 9, history.FaultReplaced, 9},
		"the first edited, all anew":      {edit(1), 1, history.FaultReplaced, 1},
		"a sealed part changed, none anew ": {`UPDATE sealed SET ciphertext = randomblob(44) WHERE record = 7;`, 0,
			history.FaultSealed, 7},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "changed.db")
			copyFile(t, backup, file)
			sqliteTool(t, file, triggers, tt.statements)
			if tt.anew > 0 {
				sqliteTool(t, file, triggers, chainAnew(t, file, tt.anew, false))
			}
			if v := verifyFile(t, own, file); v.Intact || v.Older || v.Fault != tt.fault || v.BadSeq != tt.bad {
				t.Errorf("verdict is %+v, want %q at %d", v, tt.fault, tt.bad)
			}
		})
	}
}

// What the live history cannot prove is said, not guessed: it is gone, broken after
// the backup's end, or another desk's.
func TestAnOlderBackupAndNothingThatProvesIt(t *testing.T) {
	own, backup, triggers := backedUp(t)
	gone := own
	gone.Path = filepath.Join(t.TempDir(), "history.db")
	broken := own
	broken.Path = filepath.Join(t.TempDir(), "history.db")
	copyFile(t, own.Path, broken.Path)
	sqliteTool(t, broken.Path, triggers, edit(10))
	other := testParams(t.TempDir())
	s := mustOpen(t, other, noRing{})
	for i := range 7 {
		record(t, s, fmt.Sprint(i), "Another")
	}
	must(t, s.Close())
	another := own
	another.Path = other.Path
	noHistory := own
	noHistory.Path = filepath.Join(t.TempDir(), "history.db")
	must(t, os.WriteFile(noHistory.Path, []byte("no history at all"), 0o600))
	for name, p := range map[string]Params{
		"gone": gone, "broken": broken, "another": another, "no history": noHistory,
	} {
		if v := verifyFile(t, p, backup); !v.Intact || !v.Older || v.Records != 8 || v.Until != 14 || v.Good >= 8 {
			t.Errorf("%s: verdict is %+v", name, v)
		}
	}
}
