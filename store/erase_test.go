package store

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/store/internal/checks"
)

// personal are the strings of a person that must lie nowhere in clear.
var personal = []string{"Zaphodine", "Quxington", "zq-answer-77", "zq-note-88", "zq-picture-99", "zq-reference-66"}

// intimate records a check of everything that is personal.
func intimate(t testing.TB, s *Store, check string) {
	t.Helper()
	ctx := context.Background()
	st := started(check, "Zaphodine Quxington")
	st.Reference = "zq-reference-66"
	must(t, s.Start(ctx, st))
	f := finished(check, 7000, `{"x":"zq-answer-77"}`)
	f.Outcome, f.Document, f.Frame = history.Refer, []byte("zq-picture-99 document"), []byte("zq-picture-99 frame")
	must(t, s.Finish(ctx, f))
	must(t, s.Decide(ctx, history.Decision{Check: f.Check, Session: f.Session, Choice: history.Approve,
		Reason: history.ReasonOther, Note: "zq-note-88"}))
}

// sealedBytes gives what is stored of a session: its key as it is wrapped, and
// each sealed part.
func sealedBytes(t testing.TB, s *Store, session string) [][]byte {
	t.Helper()
	rows, err := s.reader.Query(`SELECT p.ciphertext FROM sealed p JOIN record r ON r.seq = p.record WHERE r.session = ?1
		UNION ALL SELECT wrapped FROM session_key WHERE session = ?1`, session)
	must(t, err)
	defer rows.Close()
	var all [][]byte
	for rows.Next() {
		var b []byte
		must(t, rows.Scan(&b))
		all = append(all, b)
	}
	must(t, rows.Err())
	return all
}

// nowhere searches every file below dir.
func nowhere(t testing.TB, dir string, what [][]byte) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, w := range what {
			if bytes.Contains(data, w) {
				t.Errorf("%s holds %.20q", filepath.Base(path), w)
			}
		}
		return err
	}))
}

func asBytes(words []string) (all [][]byte) {
	for _, w := range words {
		all = append(all, []byte(w))
	}
	return all
}

var erasing = history.Actor{Operator: "admin", Role: history.RoleAdministrator, SignedIn: true, Desk: "Desk 1",
	Program: "1"}

func TestEraseSession(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	p := testParams(dir)
	p.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := mustOpen(t, p, noRing{})
	ctx := t.Context()
	intimate(t, s, "a")
	intimate(t, s, "b")
	gone, stays := sealedBytes(t, s, "sess_a"), sealedBytes(t, s, "sess_b")
	if len(gone) != 7 || len(stays) != 7 {
		t.Fatalf("%d and %d parts and keys", len(gone), len(stays))
	}
	// A copy of the master key, as a backup of the computer would hold it.
	master, err := os.ReadFile(p.KeyFile)
	must(t, err)

	before := backUp(t, s)
	nowhere(t, filepath.Dir(before), asBytes(personal))

	e := history.Erasure{Session: "sess_a", Actor: erasing, Parts: []history.Part{history.PartKey},
		Reason: history.OnRequest}
	must(t, s.Erase(ctx, e))
	nowhere(t, filepath.Dir(backUp(t, s)), gone)
	nowhere(t, dir, gone) // though nothing is closed yet
	nowhere(t, dir, asBytes(personal))
	if info, err := os.Stat(p.Path + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("the log beside the history: %v, %v", info, err)
	}
	for _, w := range personal {
		if strings.Contains(log.String(), w) {
			t.Errorf("the log holds %s", w)
		}
	}
	if v := mustVerify(t, s); !v.Intact || v.Records != 7 || v.Erased != 1 || v.Until != 7 {
		t.Errorf("verdict is %+v", v)
	}
	rows := mustList(t, s, history.Filter{})
	if rows[0].Name != "Zaphodine Quxington" || rows[1].Name != "" {
		t.Errorf("list is %+v", rows)
	}
	if left := sealedBytes(t, s, "sess_b"); !slices.EqualFunc(left, stays, bytes.Equal) {
		t.Error("the other session was touched")
	}
	var tokens, words int
	must(t, s.reader.QueryRow(`SELECT (SELECT count(*) FROM name_token), (SELECT count(*) FROM name_word WHERE record = 1)`).Scan(&tokens, &words))
	if tokens != 1 || words != 0 {
		t.Errorf("%d names can be found, by %d beginnings of the erased one", tokens, words)
	}
	must(t, s.Erase(ctx, e)) // again: nothing is added
	if v := mustVerify(t, s); v.Records != 7 {
		t.Errorf("verdict is %+v", v)
	}
	// The session is closed to anything personal.
	wantKey(t, s.Start(ctx, history.Started{Check: "chk_again", Session: "sess_a", Name: "Zaphodine"}),
		"store.session_erased")
	wantKey(t, s.Start(ctx, history.Started{Check: "chk_again", Session: "sess_a"}), "store.session_erased")
	d := history.Decision{Check: "chk_a", Session: "sess_a", Choice: history.Reject, Reason: history.ReasonOther,
		Overrides: history.Refer, Note: "zq"}
	wantKey(t, s.Decide(ctx, d), "store.session_erased")
	d.Note, d.Reason = "", "seen"
	must(t, s.Decide(ctx, d))

	must(t, s.Close())
	nowhere(t, dir, gone)
	if after, err := os.ReadFile(p.KeyFile); err != nil || !bytes.Equal(after, master) {
		t.Errorf("the master key is another: %v", err)
	}
	list, err := s.anchor.Erasures().Of(s.id)
	if err != nil || len(list) != 1 || list[0].Session != "sess_a" || list[0].Seq != 7 ||
		!slices.Equal(list[0].Parts, []history.Part{history.PartKey}) {
		t.Errorf("the list of erasures is %+v, %v", list, err)
	}
}

func TestEraseOnePart(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	ctx := t.Context()
	intimate(t, s, "a")
	for i, part := range []history.Part{
		history.PartImages, history.PartNote, history.PartName, history.PartReference, history.PartAnswer,
	} {
		must(t, s.Erase(ctx, history.Erasure{Session: "sess_a", Actor: erasing, Parts: []history.Part{part},
			Reason: history.OnRequest}))
		var left []string
		rows, err := s.reader.Query(`SELECT part FROM sealed ORDER BY part`)
		must(t, err)
		for rows.Next() {
			var p string
			must(t, rows.Scan(&p))
			left = append(left, p)
		}
		must(t, rows.Err())
		want := [][]string{
			{"answer", "name", "note", "reference"}, {"answer", "name", "reference"}, {"answer", "reference"}, {"answer"}, nil,
		}[i]
		if !slices.Equal(left, want) {
			t.Errorf("without %s there is %q, want %q", part, left, want)
		}
		if v := mustVerify(t, s); !v.Intact || v.Erased != int64(i+1) {
			t.Errorf("without %s the verdict is %+v", part, v)
		}
	}
	// A new note may be sealed: only the parts are gone, and the key is there.
	must(t, s.Decide(ctx, history.Decision{Check: "chk_a", Session: "sess_a", Overrides: history.Refer, Note: "new"}))
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("verdict is %+v", v)
	}
}

func TestWhatCannotBeErased(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	ctx := t.Context()
	e := history.Erasure{Session: "sess_a", Parts: []history.Part{history.PartKey}}
	wantKey(t, s.Erase(ctx, e), "store.session_unknown")
	must(t, s.Start(ctx, started("a", "A Name")))
	wantKey(t, s.Erase(ctx, e), "store.session_open")
	if v := mustVerify(t, s); v.Records != 1 || !v.Intact {
		t.Errorf("verdict is %+v", v)
	}
}

// TestErasedNeedsItsRecord tries to delete without a record, with the record of
// another session or part, and to bring back what was erased.
func TestErasedNeedsItsRecord(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	intimate(t, s, "a")
	intimate(t, s, "b")
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_a", Actor: erasing,
		Parts: []history.Part{history.PartName}, Reason: history.OnRequest}))
	db := rawDB(t, p.Path)
	for _, statement := range []string{
		`DELETE FROM session_key WHERE session = 'sess_a'`,
		`DELETE FROM session_key WHERE session = 'sess_b'`,
		`DELETE FROM sealed WHERE part = 'answer' AND record = 2`,
		`DELETE FROM sealed WHERE part = 'name'`, // sess_b's
		`DELETE FROM sealed WHERE part = 'frame'`,
	} {
		if _, err := db.Exec(statement); err == nil {
			t.Errorf("allowed: %s", statement)
		}
	}
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_b", Actor: erasing, Parts: []history.Part{history.PartKey},
		Reason: history.OnRequest}))
	if _, err := db.Exec(`INSERT INTO session_key SELECT 'sess_b', nonce, wrapped FROM session_key`); err == nil {
		t.Error("an erased session gets a key")
	}
	must(t, db.Close())
	raw, restore := forge(t, p.Path)
	_, err := raw.Exec(`INSERT INTO session_key SELECT 'sess_b', nonce, wrapped FROM session_key`)
	must(t, err)
	restore()
	if v := mustVerify(t, s); v.Fault != history.FaultBack || v.BadSeq != 8 {
		t.Errorf("verdict is %+v", v)
	}
	raw, restore = forge(t, p.Path)
	_, err = raw.Exec(`DELETE FROM session_key WHERE session IN ('sess_a', 'sess_b')`)
	must(t, err)
	restore()
	if v := mustVerify(t, s); v.Fault != history.FaultKeyGone || v.BadSeq != 1 {
		t.Errorf("verdict is %+v", v)
	}
}

// TestErasedPartIsBack puts the stored part of an erased name into its place
// again, as somebody could with a backup.
func TestErasedPartIsBack(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	intimate(t, s, "a")
	var nonce, ciphertext []byte
	must(t, s.reader.QueryRow(`SELECT nonce, ciphertext FROM sealed WHERE part = 'name'`).Scan(&nonce, &ciphertext))
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_a", Actor: erasing,
		Parts: []history.Part{history.PartName}, Reason: history.OnRequest}))
	db, restore := forge(t, p.Path)
	_, err := db.Exec(`INSERT INTO sealed VALUES (1, 'name', ?, ?)`, nonce, ciphertext)
	must(t, err)
	restore()
	if v := mustVerify(t, s); v.Fault != history.FaultBack || v.BadSeq != 1 {
		t.Errorf("verdict is %+v", v)
	}
}

func TestExpire(t *testing.T) {
	p := testParams(t.TempDir())
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	p.Now = func() time.Time { return now }
	s := mustOpen(t, p, noRing{})
	ctx := t.Context()
	const day = 24 * time.Hour
	intimate(t, s, "old")
	now = now.Add(10 * day)
	intimate(t, s, "new")
	now = now.Add(25 * day)
	parts := func() string {
		t.Helper()
		if v := mustVerify(t, s); !v.Intact {
			t.Fatalf("verdict is %+v", v)
		}
		var list string
		must(t, s.reader.QueryRow(`SELECT coalesce(group_concat(x, ' '), '') FROM (SELECT r.session || ':' || p.part AS x
			FROM sealed p JOIN record r ON r.seq = p.record ORDER BY p.record, p.part)`).Scan(&list))
		return strings.ReplaceAll(list, "sess_", "")
	}
	for _, c := range []struct {
		keep history.Periods
		n    int
		left string
	}{
		{history.Periods{}, 0, "old:name old:reference old:answer old:document old:frame old:note new:name new:reference new:answer new:document new:frame new:note"},
		{history.Periods{Images: 30 * day}, 1,
			"old:name old:reference old:answer old:note new:name new:reference new:answer new:document new:frame new:note"},
		{history.Periods{Images: 30 * day, Names: 20 * day}, 2, "old:answer new:answer new:document new:frame"},
		{history.Periods{Images: 30 * day, Names: 20 * day}, 0, "old:answer new:answer new:document new:frame"},
		{history.Periods{Answers: 30 * day, Images: 10 * day}, 2, "new:answer"},
	} {
		n, err := s.Expire(ctx, erasing, c.keep)
		if err != nil || n != c.n {
			t.Errorf("%+v: %d sessions, %v, want %d", c.keep, n, err, c.n)
		}
		if got := parts(); got != c.left {
			t.Errorf("%+v: left are %s, want %s", c.keep, got, c.left)
		}
	}
	var payload []byte
	must(t, s.reader.QueryRow(`SELECT payload FROM record WHERE kind = 'erased' AND session = 'sess_new'`).Scan(&payload))
	var e history.Erasure
	must(t, json.Unmarshal(payload, &e))
	if e.Reason != history.AfterPeriod || e.Operator != "admin" ||
		!slices.Equal(e.Parts, []history.Part{history.PartName, history.PartReference, history.PartNote}) {
		t.Errorf("the record is %s", payload)
	}
	// A session whose check is open keeps what is young.
	must(t, s.Start(ctx, started("open", "A Name")))
	if n, err := s.Expire(ctx, erasing, history.Periods{Names: day}); err != nil || n != 0 {
		t.Errorf("%d sessions, %v", n, err)
	}
}

// TestExpireMany erases more sessions than fit into one transaction, while
// another store writes.
func TestExpireMany(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, &memoryRing{})
	fill(t, s, 2*(2*expireAtOnce+50))
	other := mustOpen(t, p, noRing{})
	done := make(chan error)
	go func() {
		for i := range 20 {
			if err := other.SignedIn(context.Background(), history.SignIn{Failed: i}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	s.now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	n, err := s.Expire(t.Context(), erasing, history.Periods{Names: 24 * time.Hour})
	must(t, err)
	must(t, <-done)
	if v := mustVerify(t, s); !v.Intact || n != 2*expireAtOnce+50 || v.Erased != int64(n) {
		t.Errorf("%d sessions, verdict is %+v", n, v)
	}
	list, err := s.anchor.Erasures().Of(s.id)
	if err != nil || len(list) != n {
		t.Errorf("the list has %d lines, %v", len(list), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := s.Expire(ctx, erasing, history.Periods{Names: time.Hour}); n != 0 || err == nil {
		t.Errorf("cancelled: %d, %v", n, err)
	}
}

// TestErasuresAreListedAtStart loses the list between the erasure and its line.
func TestErasuresAreListedAtStart(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	for _, check := range []string{"a", "b"} {
		intimate(t, s, check)
		must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_" + check, Parts: []history.Part{history.PartKey}}))
	}
	must(t, s.Close())
	path := s.anchor.Erasures().Path
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, data[:len(data)-30], 0o600)) // the second is cut off
	s = mustOpen(t, p, noRing{})
	list, err := s.anchor.Erasures().Of(s.id)
	if err != nil || len(list) != 2 || list[1].Session != "sess_b" {
		t.Errorf("the list is %+v, %v", list, err)
	}
}

// TestKindsOfTheFuture: what a newer program records is checked like all the rest.
func TestKindsOfTheFuture(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	must(t, s.append(t.Context(), func(ctx context.Context, a *appending) error {
		return a.add(ctx, map[string]any{"kind": "asked again", "at": a.now.Format(checks.TimeLayout),
			"session": "sess_a"}, nil)
	}))
	record(t, s, "b", "B Name")
	if v := mustVerify(t, s); !v.Intact || v.Records != 5 {
		t.Errorf("verdict is %+v", v)
	}
	db, triggers := forge(t, p.Path)
	_, err := db.Exec(edit(3))
	must(t, err)
	triggers()
	if v := mustVerify(t, s); v.Fault != history.FaultChain || v.BadSeq != 3 {
		t.Errorf("verdict is %+v", v)
	}
}

// TestEraseWhileSomebodyReads waits for a reader's end before it says that nothing
// is left, and keeps nobody from writing meanwhile.
func TestEraseWhileSomebodyReads(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	intimate(t, s, "a")
	gone := sealedBytes(t, s, "sess_a")
	reading, err := mustOpen(t, p, noRing{}).reader.BeginTx(t.Context(), nil)
	must(t, err)
	defer reading.Rollback()
	var n int
	must(t, reading.QueryRow(`SELECT count(*) FROM sealed`).Scan(&n))
	erased := make(chan error, 1)
	go func() {
		erased <- s.Erase(context.Background(),
			history.Erasure{Session: "sess_a", Parts: []history.Part{history.PartKey}, Reason: history.OnRequest})
	}()
	other := mustOpen(t, p, noRing{})
	for deadline := time.Now().Add(10 * time.Second); mustVerify(t, other).Erased == 0; {
		if time.Now().After(deadline) {
			t.Fatal("it is not erased")
		}
	}
	for range 5 { // while the log waits to be emptied
		must(t, other.SignedIn(t.Context(), history.SignIn{}))
		must(t, s.SignedIn(t.Context(), history.SignIn{}))
	}
	select {
	case err := <-erased:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	must(t, reading.Rollback())
	must(t, <-erased)
	nowhere(t, filepath.Dir(p.Path), gone)
}
