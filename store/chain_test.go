package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
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
	if err := eachStored(context.Background(), s.reader,
		func(r *stored) bool { found = append(found, *r); return true }); err != nil || len(found) != 3 {
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
	if err := s.reader.QueryRow(`SELECT nonce, ciphertext FROM sealed WHERE record = 1`).Scan(&nonce,
		&ciphertext); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(ciphertext)
	if named.Sealed["name"] != hex.EncodeToString(sum[:]) || named.Nonces["name"] != hex.EncodeToString(nonce) {
		t.Errorf("the payload names %v", named)
	}
}

// TestPlainTables reads the table of checks as anybody does who has sqlite3.
func TestPlainTables(t *testing.T) {
	p := testParams(t.TempDir())
	p.Now = func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }
	s := mustOpen(t, p, noRing{})
	ctx := context.Background()
	record(t, s, "a", "Ann Example")
	must(t, s.Start(ctx, started("b", "")))
	f := finished("b", 7500, "")
	f.VirtualCamera = "v4l2 loopback"
	f.Outcome, f.Status, f.Remote = history.Refer, matcher.Refer, &matcher.Exchange{RequestID: "req_1"}
	f.Quality = &history.Quality{Document: &history.Measures{Total: 61}, Camera: &history.Measures{Total: 72},
		CaptureWarning: "coach.dark"}
	must(t, s.Finish(ctx, f))
	must(t, s.Decide(ctx, history.Decision{Check: "chk_b", Session: "sess_b", Choice: history.Approve}))
	must(t, s.Start(ctx, started("c", "")))
	lines := func(query string) string {
		t.Helper()
		var found string
		must(t, s.reader.QueryRow(`SELECT group_concat(line, char(10)) FROM (`+query+`)`).Scan(&found))
		return found
	}
	if got, want := lines(`SELECT concat_ws('|', kind, at, "check", session) AS line FROM record WHERE seq = 1`),
		"started|2026-11-22T09:00:00.000Z|chk_a|sess_a"; got != want {
		t.Errorf("record is %s, want %s", got, want)
	}
	const at = "2026-11-22T09:00:00.000Z|"
	want := "1|" + at + `chk_a|sess_a|offline|pass|pass|8358|0|||clerk|Desk 3 <north>|||0|||0|0|||1000
3|` + at + `chk_b|sess_b|offline|refer|refer|7500|0|approved|` + at + `clerk|Desk 3 <north>||req_1|0|||1|1|61|72|1000
6|` + at + `chk_c|sess_c|offline|||||||clerk|Desk 3 <north>|||0|||0|0|||`
	if got := lines(`SELECT printf('%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s', seq, at, "check", session, mode,
		outcome, status, score, code, decision, decided_at, operator, desk, branch, request, minor, expired, inspection,
		filmed_anyway, virtual_camera, portrait_quality, picture_quality, took_ms) AS line FROM checks ORDER BY seq`); got != want {
		t.Errorf("checks are\n%s\nwant\n%s", got, want)
	}
	if got := lines(`SELECT score AS line FROM checks_in_percent WHERE score IS NOT NULL ORDER BY seq`); got != "83.58\n75.00" {
		t.Errorf("in percent: %s", got)
	}
	if got, want := lines(`SELECT concat_ws('|', day, desk, operator, mode, outcome, decision, filmed_anyway, checks) AS line FROM daily`),
		`2026-11-22|Desk 3 <north>|clerk|offline|||0|1
2026-11-22|Desk 3 <north>|clerk|offline|pass||0|1
2026-11-22|Desk 3 <north>|clerk|offline|refer|approved|1|1`; got != want {
		t.Errorf("daily is\n%s\nwant\n%s", got, want)
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
	if v := mustVerify(t, s); v.Intact || v.BadSeq != 3 || v.Fault != history.FaultChain {
		t.Errorf("verdict is %+v", v)
	}
}
