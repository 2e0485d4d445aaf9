package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"facematch/app/history"
)

// forge opens the database as somebody would who means harm and knows SQL: the
// triggers are gone.
func forge(t *testing.T, path string) *sql.DB {
	t.Helper()
	db := rawDB(t, path)
	db.SetMaxOpenConns(1)
	for _, trigger := range []string{"record_next", "record_no_update", "record_no_delete", "sealed_next", "sealed_no_update", "sealed_no_delete"} {
		if _, err := db.Exec("DROP TRIGGER " + trigger); err != nil {
			t.Fatal(err)
		}
	}
	return db
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
	const unchained = -1
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
		{"edited", []string{edited(4)}, unchained, false, history.FaultEdited, 4},
		{"first edited", []string{edited(1)}, unchained, false, history.FaultEdited, 1},
		{"a space added", []string{`UPDATE record SET payload = payload || ' ' WHERE seq = 7`}, unchained, false, history.FaultEdited, 7},
		{"prev changed", []string{`UPDATE record SET prev = zeroblob(32) WHERE seq = 5`}, unchained, false, history.FaultChain, 5},
		{"hash changed", []string{`UPDATE record SET hash = zeroblob(32) WHERE seq = 5`}, unchained, false, history.FaultEdited, 5},
		{"deleted", []string{`DELETE FROM record WHERE seq = 4`}, unchained, false, history.FaultMissing, 5},
		{"first deleted", []string{`DELETE FROM record WHERE seq = 1`}, unchained, false, history.FaultMissing, 2},
		{"deleted and closed up", []string{`DELETE FROM record WHERE seq = 4`, `UPDATE record SET seq = -seq WHERE seq > 4`, `UPDATE record SET seq = -seq - 1 WHERE seq < 0`},
			unchained, false, history.FaultChain, 4},
		{"one slipped in", []string{`UPDATE record SET seq = -seq WHERE seq >= 4`, `UPDATE record SET seq = -seq + 1 WHERE seq < 0`,
			`INSERT INTO record (seq, prev, hash, payload) SELECT 4, hash, hash, payload FROM record WHERE seq = 3`},
			unchained, false, history.FaultEdited, 4},
		{"one put in front", []string{`INSERT INTO record (seq, prev, hash, payload) SELECT 0, prev, hash, payload FROM record WHERE seq = 1`},
			unchained, false, history.FaultMissing, 0},
		{"payloads swapped", []string{`UPDATE record SET payload = (SELECT payload FROM record o WHERE o.seq = 8 - record.seq) WHERE seq IN (2, 6)`},
			unchained, false, history.FaultEdited, 2},
		{"records swapped", []string{`UPDATE record SET seq = -2 WHERE seq = 2`, `UPDATE record SET seq = 2 WHERE seq = 4`, `UPDATE record SET seq = 4 WHERE seq = -2`},
			unchained, false, history.FaultChain, 2},
		{"edited and chained anew", []string{edited(4)}, 4, false, history.FaultReplaced, 6},
		{"last edited and chained anew", []string{edited(12)}, 12, false, history.FaultReplaced, 12},
		{"edited and chained anew, no anchor", []string{edited(4)}, 4, true, "", 0}, // what cannot be seen
		{"cut off", []string{`DELETE FROM record WHERE seq > 10`, `DELETE FROM sealed WHERE record > 10`}, unchained, false, history.FaultCutOff, 11},
		{"cut off, no anchor", []string{`DELETE FROM record WHERE seq > 10`, `DELETE FROM sealed WHERE record > 10`}, unchained, true, "", 0},
		{"cut off, sealed parts left, no anchor", []string{`DELETE FROM record WHERE seq > 8`}, unchained, true, history.FaultCutOff, 9},
		{"emptied", []string{`DELETE FROM sealed`, `DELETE FROM record`}, unchained, false, history.FaultCutOff, 1},
		{"ciphertext changed", []string{`UPDATE sealed SET ciphertext = zeroblob(40) WHERE record = 5`}, unchained, false, history.FaultSealed, 5},
		{"nonce changed", []string{`UPDATE sealed SET nonce = zeroblob(12) WHERE record = 5`}, unchained, false, history.FaultSealed, 5},
		{"sealed part deleted", []string{`DELETE FROM sealed WHERE record = 6`}, unchained, false, history.FaultSealed, 6},
		{"sealed part moved", []string{`UPDATE sealed SET record = 3 WHERE record = 5`}, unchained, false, history.FaultSealed, 3},
		{"sealed parts swapped", []string{`UPDATE sealed SET record = -9 WHERE record = 1`, `UPDATE sealed SET record = 1 WHERE record = 5`, `UPDATE sealed SET record = 5 WHERE record = -9`},
			unchained, false, history.FaultSealed, 1},
		{"sealed part added", []string{`INSERT INTO sealed SELECT record, 'note', nonce, ciphertext FROM sealed WHERE record = 6`}, unchained, false, history.FaultSealed, 6},
		{"sealed part renamed", []string{`UPDATE sealed SET part = 'note' WHERE record = 5`}, unchained, false, history.FaultSealed, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testParams(t.TempDir())
			copyFolder(t, whole, filepath.Dir(filepath.Dir(p.Path)))
			db := forge(t, p.Path)
			for _, statement := range c.sql {
				if _, err := db.Exec(statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			if c.rechain != unchained {
				chainFrom(t, db, c.rechain)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
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
	db := forge(t, p.Path)
	if _, err := db.Exec(`DELETE FROM record WHERE seq > 6`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
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
	if v := mustVerify(t, s); v != (history.Verdict{Intact: true}) {
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
