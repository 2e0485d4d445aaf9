package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/maphash"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
)

// rawDB opens a database as any other program would.
func rawDB(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestHashByHand computes the chain from the documented form alone.
func TestHashByHand(t *testing.T) {
	p := testParams(t.TempDir())
	p.Now = func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "Ann <Example> & Søn")
	if err := s.Settings(context.Background(), history.SettingsChange{How: "by hand", SHA256: "ab"}); err != nil {
		t.Fatal(err)
	}
	var found []stored
	if err := eachStored(context.Background(), s.reader, maphash.MakeSeed(), func(r *stored) bool { found = append(found, *r); return true }); err != nil || len(found) != 3 {
		t.Fatalf("%d records, %v", len(found), err)
	}
	prev := make([]byte, 32)
	for i, r := range found {
		data := binary.BigEndian.AppendUint64(nil, uint64(i+1))
		data = append(data, prev...)
		data = append(data, r.payload...)
		sum := sha256.Sum256(data)
		if r.seq != int64(i+1) || !bytes.Equal(r.hash, sum[:]) {
			t.Errorf("record %d has hash %x, by hand it is %x", r.seq, r.hash, sum)
		}
		prev = sum[:]
	}
	const opens = `{"kind":"started","at":"2026-11-22T09:00:00.000Z","check":"chk_a","session":"sess_a",`
	if !strings.HasPrefix(string(found[0].payload), opens) {
		t.Errorf("payload is %s", found[0].payload)
	}
	if want := `{"kind":"settings changed","at":"2026-11-22T09:00:00.000Z","how":"by hand","sha256":"ab"}`; string(found[2].payload) != want {
		t.Errorf("payload is %s, want %s", found[2].payload, want)
	}
	var named struct{ Sealed, Nonces map[string]string }
	if err := json.Unmarshal(found[0].payload, &named); err != nil {
		t.Fatal(err)
	}
	var nonce, ciphertext []byte
	if err := s.reader.QueryRow(`SELECT nonce, ciphertext FROM sealed WHERE record = 1`).Scan(&nonce, &ciphertext); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(ciphertext)
	if named.Sealed["name"] != hex.EncodeToString(sum[:]) || named.Nonces["name"] != hex.EncodeToString(nonce) {
		t.Errorf("the payload names %v", named)
	}
}

func TestColumnsComeFromThePayload(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	record(t, s, "a", "")
	var kind, check, session, instance, mode, operator, desk string
	if err := s.reader.QueryRow(`SELECT kind, "check", session, instance, mode, operator, desk FROM record WHERE seq = 1`).
		Scan(&kind, &check, &session, &instance, &mode, &operator, &desk); err != nil {
		t.Fatal(err)
	}
	got := strings.Join([]string{kind, check, session, instance, mode, operator, desk}, "|")
	if want := "started|chk_a|sess_a|instance-1|offline|clerk|Desk 3 <north>"; got != want {
		t.Errorf("columns are %s, want %s", got, want)
	}
	var outcome, scoreType string
	var score int64
	if err := s.reader.QueryRow(`SELECT outcome, score, typeof(score) FROM record WHERE seq = 2`).Scan(&outcome, &score, &scoreType); err != nil {
		t.Fatal(err)
	}
	if outcome != "pass" || score != 8358 || scoreType != "integer" {
		t.Errorf("columns are %s, %d, %s", outcome, score, scoreType)
	}
}

// TestTriggers tries, as another program, to change what was recorded.
func TestTriggers(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "Ann Example")
	db := rawDB(t, p.Path)
	for _, statement := range []string{
		`UPDATE record SET payload = '{}' WHERE seq = 1`,
		`UPDATE record SET seq = 9 WHERE seq = 2`,
		`DELETE FROM record WHERE seq = 2`,
		`DELETE FROM record`,
		`INSERT OR REPLACE INTO record (seq, prev, hash, payload) SELECT seq, prev, hash, '{"kind":"x","at":"y"}' FROM record WHERE seq = 2`,
		`INSERT INTO record (seq, prev, hash, payload) SELECT 4, hash, hash, payload FROM record WHERE seq = 2`,
		`INSERT INTO record (seq, prev, hash, payload) SELECT 0, hash, hash, payload FROM record WHERE seq = 2`,
		`INSERT INTO record (prev, hash, payload) SELECT prev, hash, payload FROM record WHERE seq = 2`,
		`INSERT INTO record (seq, prev, hash, payload) SELECT 3, prev, hash, payload FROM record WHERE seq = 2`,
		`INSERT INTO record (seq, prev, hash, payload) SELECT 3, hash, hash, 'no json' FROM record WHERE seq = 2`,
		`UPDATE sealed SET ciphertext = zeroblob(20)`,
		`DELETE FROM sealed`,
		`INSERT OR REPLACE INTO sealed SELECT record, part, nonce, zeroblob(20) FROM sealed WHERE record = 2`,
		`INSERT INTO sealed SELECT 1, 'note', nonce, ciphertext FROM sealed WHERE record = 2`,
	} {
		if _, err := db.Exec(statement); err == nil {
			t.Errorf("allowed: %s", statement)
		}
	}
	if v := mustVerify(t, s); !v.Intact || v.Records != 2 {
		t.Errorf("verdict is %+v", v)
	}
	// The trigger refuses only what is not next: this forged record is, and
	// verify finds it.
	if _, err := db.Exec(`INSERT INTO record (seq, prev, hash, payload) SELECT 3, hash, hash, '{"kind":"x","at":"y"}' FROM record WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	if v := mustVerify(t, s); v.Intact || v.BadSeq != 3 || v.Fault != history.FaultEdited {
		t.Errorf("verdict is %+v", v)
	}
}
