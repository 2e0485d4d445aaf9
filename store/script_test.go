package store

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"facematch/app/apptest/need"
	"facematch/app/history"
)

// TestVerifiedInAnotherLanguage has the script in testdata, which knows the stored
// form from its description alone, verify an intact history and broken ones.
func TestVerifiedInAnotherLanguage(t *testing.T) {
	if exec.Command("python3", "-c", "import sqlite3").Run() != nil {
		need.Missing(t, "python3 is not installed: the script is not tested")
	}
	whole := t.TempDir()
	p := testParams(whole)
	s := mustOpen(t, p, noRing{})
	for _, check := range []string{"erased", "a", "b"} {
		intimate(t, s, check)
	}
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_erased", Actor: erasing,
		Parts: []history.Part{history.PartKey}, Reason: history.OnRequest}))
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_a", Actor: erasing,
		Parts: []history.Part{history.PartImages, history.PartName}, Reason: history.AfterPeriod}))
	file := backUp(t, s)
	record(t, s, "c", "C Name")
	must(t, s.Close())
	// One that was restored: the anchors know more than the backup holds.
	restored := testParams(t.TempDir())
	copyFolder(t, whole, filepath.Dir(filepath.Dir(restored.Path)))
	mustRestore(t, restored, history.Restoring{File: file, Replace: true})

	verify := func(db string, anchors ...string) (int, string) {
		t.Helper()
		cmd := exec.Command("python3", append([]string{"-B", filepath.Join("testdata", "verify.py"), db}, anchors...)...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 1 {
			t.Fatalf("%v: %s", err, out)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if code, out := verify(p.Path, p.Anchor); code != 0 ||
		!strings.HasPrefix(out, "intact: 13 records, head "+mustVerify(t, mustOpen(t, p, noRing{})).Head) {
		t.Errorf("intact: exit %d, %s", code, out)
	}
	if code, out := verify(restored.Path, restored.Anchor); code != 0 ||
		!strings.Contains(out, "records 12 to 13 were lost") {
		t.Errorf("restored: exit %d, %s", code, out)
	}
	for _, c := range []struct {
		sql      string
		chain    bool
		anchored bool
		says     string
	}{
		{edit(5), false, false, "record 5 was edited"},
		{drop(5, 1), false, false, "record 5 is not there"},
		{drop(5, 1) + shift(6, -1), false, false, "record 5 does not follow"},
		{edit(5), true, false, ""},
		{edit(5), true, true, "an anchor knows another record 13"},
		{drop(12, 2), false, true, "record 12 is cut off"},
		{`DELETE FROM record WHERE seq > 11;`, false, false, "record 12 is cut off"},
		{`UPDATE sealed SET ciphertext = randomblob(40) WHERE record = 5 AND part = 'answer';`, false, false,
			"record 5: the sealed answer was changed"},
		{`DELETE FROM sealed WHERE record = 5 AND part = 'answer';`, false, false, "record 5: the sealed answer is gone"},
		{`DELETE FROM session_key WHERE session = 'sess_b';`, false, false, "record 7: the session's key is gone"},
		{`INSERT INTO session_key SELECT 'sess_erased', nonce, wrapped FROM session_key LIMIT 1;`, false, false,
			"record 10: the key it says"},
	} {
		q := testParams(t.TempDir())
		copyFolder(t, whole, filepath.Dir(filepath.Dir(q.Path)))
		db, triggers := forge(t, q.Path)
		_, err := db.Exec(c.sql)
		must(t, err)
		if c.chain {
			chainFrom(t, db, 5)
		}
		triggers()
		var anchors []string
		if c.anchored {
			anchors = []string{q.Anchor}
		}
		code, out := verify(q.Path, anchors...)
		if want := map[bool]int{true: 0, false: 5}[c.says == ""]; code != want || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit %d, %s", c.sql, code, out)
		}
	}
	script, err := os.ReadFile(filepath.Join("testdata", "verify.py"))
	must(t, err)
	for _, line := range bytes.Split(script, []byte("\n")) {
		if m := bytes.TrimSpace(line); bytes.HasPrefix(m, []byte("import ")) &&
			!strings.Contains("import datetime|import hashlib|import json|import pathlib|import sqlite3|import sys", string(m)) {
			t.Errorf("more than the standard library: %s", m)
		}
	}
}
