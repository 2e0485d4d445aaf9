package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/store/internal/checks"
)

// forge opens the database as somebody would who means harm and knows SQL: the
// triggers are gone until the returned function puts them back.
func forge(t *testing.T, path string) (db *sql.DB, restore func()) {
	t.Helper()
	db = rawDB(t, path)
	db.SetMaxOpenConns(1)
	found, err := tables(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	triggers := 0
	for _, f := range found {
		if f[0] == "trigger" {
			exec("DROP TRIGGER " + f[1])
			triggers++
		}
	}
	if triggers < 9 {
		t.Fatalf("only %d triggers guard the history", triggers)
	}
	return db, func() {
		t.Helper()
		for _, f := range found {
			if f[0] == "trigger" {
				exec(f[3])
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// chainAt makes one record right in itself, and leaves the next as it is.
func chainAt(t *testing.T, db *sql.DB, seq int64) {
	t.Helper()
	var prev, payload []byte
	if err := db.QueryRow(`SELECT p.hash, r.payload FROM record p, record r WHERE p.seq = r.seq - 1 AND r.seq = ?`,
		seq).Scan(&prev, &payload); err != nil {
		t.Fatal(err)
	}
	hash := link(seq, prev, payload)
	if _, err := db.Exec(`UPDATE record SET prev = ?, hash = ? WHERE seq = ?`, prev, hash[:], seq); err != nil {
		t.Fatal(err)
	}
}

// makeListsAnew makes the tables of lists hold what the records say again.
func makeListsAnew(t *testing.T, db *sql.DB) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(checks.Rebuild(context.Background(), tx), tx.Commit()); err != nil {
		t.Fatal(err)
	}
}

// chainFrom makes the chain right again from a record on.
func chainFrom(t *testing.T, db *sql.DB, from int64) {
	t.Helper()
	prev := make([]byte, 32)
	if from > 1 {
		if err := db.QueryRow(`SELECT hash FROM record WHERE seq = ?`, from-1).Scan(&prev); err != nil {
			t.Fatal(err)
		}
	}
	for seq := from; ; seq++ {
		var payload []byte
		err := db.QueryRow(`SELECT payload FROM record WHERE seq = ?`, seq).Scan(&payload)
		if err == sql.ErrNoRows {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		hash := link(seq, prev, payload)
		if _, err := db.Exec(`UPDATE record SET prev = ?, hash = ? WHERE seq = ?`, prev, hash[:], seq); err != nil {
			t.Fatal(err)
		}
		prev = hash[:]
	}
}

// listsAnew stands for what a careful forger does besides.
const listsAnew = "make the lists anew"

const editPayload = `UPDATE record SET payload = json_set(payload, '$.outcome', 'fail') WHERE seq = %d`

// TestTampering changes a copy of a history of 12 records, 6 of them with
// sealed parts and anchored at records 6 and 12, in every way that comes to
// mind.
func TestTampering(t *testing.T) {
	whole := t.TempDir()
	p := testParams(whole)
	day := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	now := day
	p.Now = func() time.Time { return now }
	s := mustOpen(t, p, noRing{})
	for i := range 6 {
		if i == 3 {
			now = day.AddDate(0, 0, 1)
		}
		name := ""
		if i%2 == 0 {
			name = "A Name"
		}
		record(t, s, fmt.Sprint(i), name)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edited := func(seq int) string { return fmt.Sprintf(editPayload, seq) }
	const unchained, rehashed = -1, -2
	for _, c := range []struct {
		name     string
		sql      []string
		rechain  int64 // from here on, or unchained
		noAnchor bool
		want     history.Fault
		bad      int64
	}{
		{"nothing", nil, unchained, false, "", 0},
		{"nothing, no anchor", nil, unchained, true, "", 0},
		{"edited", []string{edited(4)}, unchained, false, history.FaultChain, 4},
		{"first edited", []string{edited(1)}, unchained, false, history.FaultChain, 1},
		{"a space added", []string{`UPDATE record SET payload = payload || ' ' WHERE seq = 7`}, unchained, false,
			history.FaultChain, 7},
		{"prev changed", []string{`UPDATE record SET prev = zeroblob(32) WHERE seq = 5`}, unchained, false,
			history.FaultChain, 5},
		{"hash changed", []string{`UPDATE record SET hash = zeroblob(32) WHERE seq = 5`}, unchained, false,
			history.FaultChain, 5},
		{"deleted", []string{`DELETE FROM record WHERE seq = 4`}, unchained, false, history.FaultChain, 4},
		{"first deleted", []string{`DELETE FROM record WHERE seq = 1`}, unchained, false, history.FaultChain, 1},
		{"deleted and closed up", []string{`DELETE FROM record WHERE seq = 4`, `UPDATE record SET seq = -seq WHERE seq > 4`,
			`UPDATE record SET seq = -seq - 1 WHERE seq < 0`},
			unchained, false, history.FaultChain, 4},
		{"one slipped in", []string{`UPDATE record SET seq = -seq WHERE seq >= 4`,
			`UPDATE record SET seq = -seq + 1 WHERE seq < 0`,
			`INSERT INTO record (seq, prev, hash, payload) SELECT 4, hash, hash, payload FROM record WHERE seq = 3`},
			unchained, false, history.FaultChain, 4},
		{"one put in front", []string{`INSERT INTO record (seq, prev, hash, payload) SELECT 0, prev, hash, payload FROM record WHERE seq = 1`},
			unchained, false, history.FaultChain, 1},
		{"payloads swapped", []string{`UPDATE record SET payload = (SELECT payload FROM record o WHERE o.seq = 8 - record.seq) WHERE seq IN (2, 6)`},
			unchained, false, history.FaultChain, 2}, // 6 stays: its own comes back to it
		{"payloads exchanged", []string{`CREATE TEMP TABLE t AS SELECT seq, payload FROM record`,
			`UPDATE record SET payload = (SELECT payload FROM t WHERE t.seq = 8 - record.seq) WHERE seq IN (2, 6)`},
			unchained, false, history.FaultChain, 2},
		{"records swapped", []string{`UPDATE record SET seq = -2 WHERE seq = 2`, `UPDATE record SET seq = 2 WHERE seq = 4`,
			`UPDATE record SET seq = 4 WHERE seq = -2`},
			unchained, false, history.FaultChain, 2},
		{"edited, its hash made to fit", []string{edited(4)}, rehashed, false, history.FaultChain, 5},
		{"one slipped in, its hash made to fit",
			[]string{`UPDATE record SET seq = -seq WHERE seq >= 4`, `UPDATE record SET seq = -seq + 1 WHERE seq < 0`,
				`INSERT INTO record (seq, prev, hash, payload) SELECT 4, hash, hash, json_set(payload, '$.check', 'chk_x') FROM record WHERE seq = 3`},
			rehashed, false, history.FaultChain, 5},
		{"moved to the end", []string{`UPDATE record SET seq = 99 WHERE seq = 4`}, unchained, false, history.FaultChain, 4},
		{"moved to the end and closed up",
			[]string{`UPDATE record SET seq = -seq WHERE seq >= 4`, `UPDATE record SET seq = -seq - 1 WHERE seq < -4`,
				`UPDATE record SET seq = 12 WHERE seq = -4`},
			unchained, false, history.FaultChain, 4},
		{"a copy slipped in", []string{`UPDATE record SET seq = -seq WHERE seq >= 4`,
			`UPDATE record SET seq = -seq + 1 WHERE seq < 0`,
			`INSERT INTO record (seq, prev, hash, payload) SELECT 4, prev, hash, payload FROM record WHERE seq = 9`},
			unchained, false, history.FaultChain, 4},
		{"three deleted and closed up",
			[]string{`DELETE FROM record WHERE seq BETWEEN 4 AND 6`, `UPDATE record SET seq = -seq WHERE seq > 6`,
				`UPDATE record SET seq = -seq - 3 WHERE seq < 0`},
			unchained, false, history.FaultChain, 4},
		{"written over by a copy", []string{`UPDATE record SET (prev, hash, payload) = (SELECT prev, hash, payload FROM record WHERE seq = 3) WHERE seq = 7`},
			unchained, false, history.FaultChain, 7},
		{"edited and chained anew", []string{edited(4)}, 4, false, history.FaultReplaced, 6},
		{"last edited and chained anew", []string{edited(12)}, 12, false, history.FaultReplaced, 12},
		// of the check's first record
		{"edited and chained anew, no anchor", []string{edited(4)}, 4, true, history.FaultLists, 3},
		// what cannot be seen
		{"edited, chained and lists made anew, no anchor", []string{edited(4), listsAnew}, 4, true, "", 0},
		{"cut off", []string{`DELETE FROM record WHERE seq > 10`, `DELETE FROM sealed WHERE record > 10`}, unchained, false,
			history.FaultCutOff, 11},
		{"cut off, no anchor", []string{`DELETE FROM record WHERE seq > 10`, `DELETE FROM sealed WHERE record > 10`},
			unchained, true, history.FaultLists, 11},
		{"cut off, lists made anew, no anchor",
			[]string{`DELETE FROM record WHERE seq > 10`, `DELETE FROM sealed WHERE record > 10`, listsAnew}, unchained,
			true, "", 0},
		{"a check left out of lists", []string{`DELETE FROM checks WHERE seq = 5`}, unchained, false, history.FaultLists, 5},
		{"a check's outcome in lists", []string{`UPDATE checks SET outcome = 'fail' WHERE seq = 7`}, unchained, false,
			history.FaultLists, 7},
		{"an empty outcome in lists", []string{`UPDATE checks SET outcome = NULL WHERE seq = 7`}, unchained, false,
			history.FaultLists, 7},
		{"a column without a feature", []string{`UPDATE checks SET branch = 'north' WHERE seq = 3`}, unchained, false,
			history.FaultLists, 3},
		{"lists empty", []string{`DELETE FROM checks`}, unchained, false, history.FaultLists, 1},
		{"a check that never was", []string{`INSERT INTO checks (seq, at, "check", session, mode, operator, desk, minor, filmed_anyway, virtual_camera)
			VALUES (200, '2026-11-21T09:00:00.000Z', 'chk_x', 'sess_x', 'offline', 'clerk', 'Desk 3', 0, 0, 0)`}, unchained, false, history.FaultLists, 200},
		{"a day's count", []string{`UPDATE daily SET checks = checks + 1 WHERE day = '2026-11-21'`}, unchained, false,
			history.FaultLists, 0},
		{"a day gone", []string{`DELETE FROM daily WHERE day = '2026-11-21'`}, unchained, false, history.FaultLists, 0},
		{"a day more", []string{`INSERT INTO daily VALUES ('2026-11-23', '', '', '', '', '', 0, 1)`}, unchained, false,
			history.FaultLists, 0},
		{"the latest time lowered", []string{`UPDATE meta SET value = '2026-11-20T08:00:00.000Z' WHERE name = 'latest'`},
			unchained, false, history.FaultLists, 0},
		{"the latest time gone", []string{`DELETE FROM meta WHERE name = 'latest'`}, unchained, false, history.FaultLists, 0},
		{"a name that is not found", []string{`DELETE FROM name_word WHERE record = 5`,
			`DELETE FROM name_token WHERE record = 5`}, unchained, false, history.FaultLists, 0},
		{"a name found elsewhere", []string{`UPDATE name_token SET session = 'sess_1' WHERE record = 5`}, unchained, false,
			history.FaultLists, 0},
		{"a virtual camera in lists", []string{`UPDATE checks SET virtual_camera = 1 WHERE seq = 7`}, unchained, false,
			history.FaultLists, 7},
		{"tokens without a name", []string{`INSERT INTO name_word (token, record) VALUES (9, 3)`}, unchained, false,
			history.FaultLists, 0},
		{"cut off, sealed parts left, no anchor", []string{`DELETE FROM record WHERE seq > 8`}, unchained, true,
			history.FaultCutOff, 9},
		{"emptied", []string{`DELETE FROM sealed`, `DELETE FROM record`}, unchained, false, history.FaultCutOff, 1},
		{"ciphertext changed", []string{`UPDATE sealed SET ciphertext = zeroblob(40) WHERE record = 5`}, unchained, false,
			history.FaultSealed, 5},
		{"nonce changed", []string{`UPDATE sealed SET nonce = zeroblob(12) WHERE record = 5`}, unchained, false,
			history.FaultSealed, 5},
		{"sealed part deleted", []string{`DELETE FROM sealed WHERE record = 6`}, unchained, false, history.FaultPartGone, 6},
		{"sealed part moved", []string{`UPDATE sealed SET record = 3 WHERE record = 5`}, unchained, false,
			history.FaultSealed, 3},
		{"sealed parts swapped", []string{`UPDATE sealed SET record = -9 WHERE record = 1`,
			`UPDATE sealed SET record = 1 WHERE record = 5`, `UPDATE sealed SET record = 5 WHERE record = -9`},
			unchained, false, history.FaultSealed, 1},
		{"sealed part added", []string{`INSERT INTO sealed SELECT record, 'note', nonce, ciphertext FROM sealed WHERE record = 6`}, unchained, false, history.FaultSealed, 6},
		{"sealed part renamed", []string{`UPDATE sealed SET part = 'note' WHERE record = 5`}, unchained, false,
			history.FaultSealed, 5},
		{"a session's key deleted", []string{`DELETE FROM session_key WHERE session = 'sess_2'`}, unchained, false,
			history.FaultKeyGone, 5},
		{"all keys deleted", []string{`DELETE FROM session_key`}, unchained, false, history.FaultKeyGone, 1},
		{"a key given to another session", []string{`UPDATE session_key SET session = 'sess_9' WHERE session = 'sess_4'`},
			unchained, false, history.FaultKeyGone, 9},
		{"a generated column with another meaning", []string{`ALTER TABLE record DROP COLUMN at`,
			`ALTER TABLE record ADD COLUMN at ANY GENERATED ALWAYS AS ('another') VIRTUAL`}, unchained, false,
			history.FaultSchema, 0},
		{"a column gone", []string{`ALTER TABLE record DROP COLUMN at`}, unchained, false, history.FaultSchema, 0},
		{"an index gone", []string{`DROP INDEX record_check`}, unchained, false, history.FaultSchema, 0},
		{"a trigger added", []string{`CREATE TRIGGER forget AFTER INSERT ON record BEGIN DELETE FROM record WHERE seq = NEW.seq; END`}, unchained, false, history.FaultSchema, 0},
		{"a table gone", []string{`DROP TABLE session_key`,
			`CREATE TABLE session_key (session TEXT, nonce BLOB, wrapped BLOB)`,
			`ALTER TABLE session_key DROP COLUMN session`}, unchained, false, history.FaultSchema, 0},
		{"tables changed and a record edited", []string{`DROP INDEX record_check`, edited(4)}, unchained, false,
			history.FaultChain, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testParams(t.TempDir())
			copyFolder(t, whole, filepath.Dir(filepath.Dir(p.Path)))
			db, restore := forge(t, p.Path)
			for _, statement := range c.sql {
				if statement == listsAnew {
					makeListsAnew(t, db)
					continue
				}
				if _, err := db.Exec(statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			switch c.rechain {
			case unchained:
			case rehashed:
				chainAt(t, db, c.bad-1)
			default:
				chainFrom(t, db, c.rechain)
			}
			restore()
			if c.noAnchor {
				if err := os.Remove(p.Anchor); err != nil {
					t.Fatal(err)
				}
			}
			p.ReadOnly = true
			v := mustVerify(t, mustOpen(t, p, noRing{}))
			if v.Fault != c.want || v.BadSeq != c.bad || v.Intact != (c.want == "") || v.Anchored == c.noAnchor {
				t.Errorf("verdict is %+v, want %q at %d", v, c.want, c.bad)
			}
			switch {
			case c.noAnchor:
				if !v.Since.IsZero() || v.Until != 0 {
					t.Errorf("since %s until %d without an anchor", v.Since, v.Until)
				}
			case v.Intact:
				if !v.Since.Equal(day) || v.Until != 12 || v.Head == "" {
					t.Errorf("verdict is %+v", v)
				}
			}
		})
	}
}

func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// TestCutOffStaysVisible goes on working after the end was cut off: the anchor
// must not forget what it knew.
func TestCutOffStaysVisible(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	for i := range 4 {
		record(t, s, fmt.Sprint(i), "")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, restore := forge(t, p.Path)
	if _, err := db.Exec(`DELETE FROM record WHERE seq > 6`); err != nil {
		t.Fatal(err)
	}
	restore()
	s = mustOpen(t, p, noRing{})
	record(t, s, "more", "")
	wantKey(t, s.AnchorProblem(), "store.anchor_disagrees")
	if v := mustVerify(t, s); v.Fault != history.FaultReplaced || v.BadSeq != 8 {
		t.Errorf("verdict is %+v", v)
	}
	for i := range 4 {
		record(t, s, fmt.Sprint("again", i), "")
	}
	if v := mustVerify(t, s); v.Fault != history.FaultReplaced || v.BadSeq != 8 || v.Until != 8 {
		t.Errorf("verdict is %+v", v)
	}
}

func TestVerifyEmpty(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	if v := mustVerify(t, s); !reflect.DeepEqual(v, history.Verdict{Intact: true}) {
		t.Errorf("verdict is %+v", v)
	}
	if rows := mustList(t, s, history.Filter{}); len(rows) != 0 {
		t.Errorf("list is %+v", rows)
	}
}

func TestVerifyWhileWriting(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 40 {
			if err := s.Start(context.Background(), started(fmt.Sprint(i), "")); err != nil {
				t.Errorf("start: %v", err)
			}
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if v := mustVerify(t, s); !v.Intact {
			t.Fatalf("verdict is %+v", v)
		}
	}
	if v := mustVerify(t, s); v.Records != 40 || v.Until != 40 {
		t.Errorf("verdict is %+v", v)
	}
}

// TestTriggerGone leaves one trigger out, each in its turn: records could be
// changed from then on.
func TestTriggerGone(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	found, err := tables(context.Background(), s.reader)
	if err != nil {
		t.Fatal(err)
	}
	db := rawDB(t, p.Path)
	for _, f := range found {
		if f[0] != "trigger" {
			continue
		}
		if _, err := db.Exec("DROP TRIGGER " + f[1]); err != nil {
			t.Fatal(err)
		}
		if v := mustVerify(t, s); v.Intact || v.Fault != history.FaultSchema || v.Records != 2 {
			t.Errorf("without %s the verdict is %+v", f[1], v)
		}
		if _, err := db.Exec(f[3]); err != nil {
			t.Fatal(err)
		}
		if v := mustVerify(t, s); !v.Intact {
			t.Errorf("with %s again the verdict is %+v", f[1], v)
		}
	}
}

// TestReplaced puts another history, whole in itself, in the place of one the
// anchor knows.
func TestReplaced(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := testParams(t.TempDir())
	s = mustOpen(t, other, noRing{})
	for i := range 3 {
		record(t, s, fmt.Sprint("other", i), "")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(other.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p.KeyFile = other.KeyFile
	want := history.Verdict{BadSeq: 1, Fault: history.FaultReplaced}
	s = mustOpen(t, p, noRing{})
	if v := mustVerify(t, s); !reflect.DeepEqual(v, want) {
		t.Errorf("verdict is %+v, want %+v", v, want)
	}
	before, err := os.ReadFile(p.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	record(t, s, "more", "") // the check counts, the evidence stays
	wantKey(t, s.AnchorProblem(), "store.anchor_disagrees")
	if after, err := os.ReadFile(p.Anchor); err != nil || string(after) != string(before) {
		t.Errorf("the anchor became %s, %v", after, err)
	}
	if v := mustVerify(t, s); !reflect.DeepEqual(v, want) {
		t.Errorf("verdict is %+v, want %+v", v, want)
	}
	// Put away on purpose, with its anchor.
	if err := os.Rename(p.Anchor, p.Anchor+".old"); err != nil {
		t.Fatal(err)
	}
	if v := mustVerify(t, s); !v.Intact || v.Anchored || v.Records != 8 {
		t.Errorf("verdict is %+v", v)
	}
}

// TestMoved moves a history with its folder: the anchor knows it by its id.
func TestMoved(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	old := p.Path
	p.Path = filepath.Join(filepath.Dir(filepath.Dir(old)), "elsewhere", "history.db")
	p.KeyFile = filepath.Join(filepath.Dir(p.Path), filepath.Base(p.KeyFile))
	if err := os.Rename(filepath.Dir(old), filepath.Dir(p.Path)); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, p, noRing{})
	record(t, s, "b", "")
	if v := mustVerify(t, s); !v.Intact || !v.Anchored || v.Until != 4 || s.AnchorProblem() != nil {
		t.Errorf("verdict is %+v, %v", v, s.AnchorProblem())
	}
}

// spoil changes bytes of the database's file, the last that match: SQLite fills
// a page from its end.
func spoil(t *testing.T, path, from, to string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.LastIndex(data, []byte(from))
	if i < 0 || len(from) != len(to) {
		t.Fatalf("cannot spoil %q", from)
	}
	copy(data[i:], to)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSpoiltPayloads changes single bytes of the file behind SQLite's back:
// reading says that the history is damaged, and verify which record it is.
func TestSpoiltPayloads(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		seq            int64
		read, settings bool // whether they meet it
	}{
		{"settings no JSON", `{"kind":"settings`, `x"kind":"settings`, 1, false, true},
		{"settings of another form", `"sha256":"ab"`, `"sha256":1234`, 1, false, true},
		{"started no JSON", `{"kind":"started`, `x"kind":"started`, 2, true, false},
		{"started at no time", `"started","at":"2026-11`, `"started","at":"2026-xx`, 2, true, false},
		{"started without a session", `"session":"sess_a"`, `"sessiom":"sess_a"`, 2, true, false},
		{"end no JSON", `{"kind":"finished`, `x"kind":"finished`, 3, true, false},
		{"score no number", `"score":8358`, `"score":"xy"`, 3, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testParams(t.TempDir())
			p.Now = func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }
			s := mustOpen(t, p, noRing{})
			ctx := context.Background()
			if err := s.Settings(ctx, history.SettingsChange{How: "by hand", SHA256: "ab"}); err != nil {
				t.Fatal(err)
			}
			record(t, s, "a", "A Name")
			if err := s.Start(ctx, started("b", "")); err != nil { // open, for Recover to look
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			spoil(t, p.Path, c.from, c.to)
			s = mustOpen(t, p, noRing{})
			if v := mustVerify(t, s); v.Fault != history.FaultChain || v.BadSeq != c.seq || v.Intact {
				t.Errorf("verdict is %+v", v)
			}
			err := s.Each(ctx, history.Filter{}, func(history.Detail) error { return nil })
			if c.read {
				wantKey(t, err, "store.damaged")
			} else if err != nil {
				t.Errorf("each: %v", err)
			}
			_, _, err = s.LastSettings(ctx)
			if c.settings {
				wantKey(t, err, "store.damaged")
			} else if err != nil {
				t.Errorf("last settings: %v", err)
			}
			if _, err := s.Recover(ctx); err != nil {
				wantKey(t, err, "store.damaged")
			}
		})
	}
}

// TestRecoverMeetsSpoiltPayload spoils the record of the open check itself.
func TestRecoverMeetsSpoiltPayload(t *testing.T) {
	for _, change := range [][2]string{{`{"kind":"started`, `x"kind":"started`},
		{`"session":"sess_a"`, `"sessiom":"sess_a"`}} {
		p := testParams(t.TempDir())
		s := mustOpen(t, p, noRing{})
		if err := s.Start(context.Background(), started("a", "")); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		spoil(t, p.Path, change[0], change[1])
		_, err := mustOpen(t, p, noRing{}).Recover(context.Background())
		wantKey(t, err, "store.damaged")
	}
}

// TestIndexDoesNotFit lets an index tell something else than the records, whose
// bytes are all as they were.
func TestIndexDoesNotFit(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	// In the index the two words stand side by side, in a payload in quotes.
	changed := bytes.Replace(data, []byte("chk_astarted"), []byte("chk_bstarted"), 1)
	if bytes.Equal(changed, data) {
		t.Fatal("the index entry was not found")
	}
	if err := os.WriteFile(p.Path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if v := mustVerify(t, mustOpen(t, p, noRing{})); v.Fault != history.FaultDamaged || v.Records != 2 {
		t.Errorf("verdict is %+v", v)
	}
}
