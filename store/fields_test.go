package store

import (
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"facematch/app/history"
)

// withFields writes one whole check whose document was read.
func withFields(t *testing.T, s *Store, check, number string) {
	t.Helper()
	must(t, s.Start(t.Context(), started(check, "Ann Example")))
	f := finished(check, 8358, "")
	f.MRZ = &history.MRZ{Type: "TD3", DigitsHold: true, Expired: new(bool)}
	f.Fields = &history.Fields{Name: "EXAMPLE ANN", Birth: "1980-01-31", Nationality: "UTO", Number: number}
	must(t, s.Finish(t.Context(), f))
}

// A document's number is found whole, however it is typed, and by nothing else.
func TestDocumentNumbersAreFound(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	for i, number := range []string{"L898902C3", "L898902C", "D23145890", "L898902C3", ""} {
		withFields(t, s, string(rune('a'+i)), number)
	}
	referred(t, s, "r", "L898902C3")
	for typed, want := range map[string][]string{
		"L898902C3": {"chk_d", "chk_a"}, "l898902c3": {"chk_d", "chk_a"}, " L 898902-C3 ": {"chk_d", "chk_a"},
		"L898902C": {"chk_b"},
		"L898":     nil, "D23145890": {"chk_c"}, "EXAMPLE": nil, "--": nil, "1980-01-31": nil,
	} {
		var found []string
		for _, r := range mustList(t, s, history.Filter{Number: typed}) {
			found = append(found, r.Check)
		}
		if !slices.Equal(found, want) {
			t.Errorf("%q finds %v, want %v", typed, found, want)
		}
		n, err := s.Count(t.Context(), history.Filter{Number: typed})
		must(t, err)
		if n.Total != int64(len(want)) {
			t.Errorf("%q counts %d, want %d", typed, n.Total, len(want))
		}
	}
	if got := mustList(t, s, history.Filter{Reference: "L898902C3"}); len(got) != 1 || got[0].Check != "chk_r" {
		t.Errorf("as a reference: %v", got)
	}
	if got := mustList(t, s, history.Filter{Words: "ann", Number: "D23145890"}); len(got) != 1 {
		t.Errorf("with a name too: %v", got)
	}
}

// What a document says of its holder stands in no payload, is shown with its check, and
// goes with its session, alone or after its period.
func TestFieldsAreSealedAndErased(t *testing.T) {
	p := testParams(t.TempDir())
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	p.Now = func() time.Time { return now }
	s := mustOpen(t, p, noRing{})
	for _, check := range []string{"a", "b", "c"} {
		withFields(t, s, check, "L898902C3")
	}
	for _, personal := range []string{"L898902C3", "1980", "EXAMPLE", "UTO"} {
		var clear int
		must(t, s.reader.QueryRow(`SELECT count(*) FROM record WHERE instr(payload, ?) > 0`, personal).Scan(&clear))
		if clear != 0 {
			t.Errorf("%s stands in %d payloads", personal, clear)
		}
	}
	var payload string
	must(t, s.reader.QueryRow(`SELECT payload ->> '$.mrz' FROM record WHERE seq = 2`).Scan(&payload))
	if payload != `{"type":"TD3","digits_hold":true,"expired":false}` {
		t.Errorf("the payload says %s", payload)
	}
	d, err := s.Show(t.Context(), "chk_a")
	must(t, err)
	want := history.Fields{Name: "EXAMPLE ANN", Birth: "1980-01-31", Nationality: "UTO", Number: "L898902C3"}
	if d.Fields != want || *d.Finished.Fields != want || d.FieldsSealed || d.FieldsErased {
		t.Errorf("shown is %+v, %v, %v", d.Fields, d.FieldsSealed, d.FieldsErased)
	}

	find := func() int { return len(mustList(t, s, history.Filter{Number: "L898902C3"})) }
	erase := func(session string, part history.Part) {
		t.Helper()
		must(t, s.Erase(t.Context(), history.Erasure{
			Session: session, Actor: erasing, Parts: []history.Part{part}, Reason: history.OnRequest,
		}))
		if v := mustVerify(t, s); !v.Intact {
			t.Errorf("verdict is %+v", v)
		}
	}
	erase("sess_a", history.PartKey)
	erase("sess_b", history.PartFields)
	d, err = s.Show(t.Context(), "chk_b")
	if err != nil || d.Fields != (history.Fields{}) || !d.FieldsErased || d.Name != "Ann Example" ||
		d.Finished.MRZ == nil {
		t.Errorf("erased alone: %+v, %v, %q, %v", d.Fields, d.FieldsErased, d.Name, err)
	}
	if n := find(); n != 1 {
		t.Errorf("%d are found after two sessions were erased", n)
	}
	now = now.AddDate(0, 0, 40)
	if _, err := s.Expire(t.Context(), erasing, history.Periods{Fields: 30 * 24 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	if d, err = s.Show(t.Context(), "chk_c"); err != nil || !d.FieldsErased || d.Name != "Ann Example" || find() != 0 {
		t.Errorf("after its period: %v, %q, %v, %d found", d.FieldsErased, d.Name, err, find())
	}
	var left int
	must(t, s.reader.QueryRow(`SELECT (SELECT count(*) FROM number_word) + (SELECT count(*) FROM number_token)
		+ (SELECT count(*) FROM sealed WHERE part IN ('fields', 'number'))`).Scan(&left))
	if v := mustVerify(t, s); !v.Intact || left != 0 {
		t.Errorf("%d parts and tokens are left, verdict is %+v", left, v)
	}
}

// What numbers are found by is compared with the records, and made anew from them.
func TestDocumentNumbersOfLists(t *testing.T) {
	for _, spoil := range []string{
		`DELETE FROM number_token`,
		`UPDATE number_token SET session = 'sess_b' WHERE record = 2`,
		`PRAGMA foreign_keys = off; INSERT INTO number_word (token, record) VALUES (9, 1)`,
	} {
		s := mustOpen(t, testParams(t.TempDir()), noRing{})
		withFields(t, s, "a", "L898902C3")
		_, err := s.writer.Exec(spoil)
		must(t, err)
		if v := mustVerify(t, s); v.Fault != history.FaultLists {
			t.Errorf("%s: verdict is %+v", spoil, v)
		}
		must(t, s.Rebuild(t.Context()))
		if v := mustVerify(t, s); !v.Intact || len(mustList(t, s, history.Filter{Number: "l898902c3"})) != 1 {
			t.Errorf("%s: made anew, verdict is %+v", spoil, v)
		}
	}
}

// The table of checks says whether the document had expired, where that is known, and
// whether the person is under 18, by the clerk or by the document.
func TestExpiredAndMinorStandInTheTable(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	yes, no := true, false
	for i, c := range []struct {
		mrz            *history.MRZ
		clerk, written bool
		want           string
	}{
		{nil, false, false, `[0,null]`},
		{&history.MRZ{Type: "TD1"}, true, false, `[1,null]`},
		{&history.MRZ{Type: "TD1", Expired: &yes}, false, true, `[1,1]`},
		{&history.MRZ{Type: "TD1", Expired: &no}, false, false, `[0,0]`},
	} {
		check := string(rune('a' + i))
		st, f := started(check, ""), finished(check, 8358, "")
		st.Minor, f.MRZ, f.Minor = c.clerk, c.mrz, c.written
		must(t, s.Start(t.Context(), st))
		must(t, s.Finish(t.Context(), f))
		var got string
		must(t, s.reader.QueryRow(`SELECT json_array(minor, expired) FROM checks WHERE "check" = ?`, st.Check).Scan(&got))
		if got != c.want {
			t.Errorf("%+v: the table says %s, want %s", c.mrz, got, c.want)
		}
	}
	before := mustVerify(t, s)
	must(t, s.Rebuild(t.Context()))
	if v := mustVerify(t, s); !before.Intact || !v.Intact {
		t.Errorf("verdicts are %+v and %+v", before, v)
	}
	_, err := s.writer.Exec(`UPDATE checks SET expired = 0 WHERE expired = 1`)
	must(t, err)
	if v := mustVerify(t, s); v.Fault != history.FaultLists {
		t.Errorf("a document that did not expire: verdict is %+v", v)
	}
}

// A history of the first package, which knows no fields of documents, takes them once this
// program has opened it.
func TestMigrationOfFields(t *testing.T) {
	p := testParams(t.TempDir())
	must(t, os.MkdirAll(filepath.Dir(p.Path), 0o700))
	db, err := sql.Open("sqlite3", "file:"+p.Path)
	must(t, err)
	first, err := migrationFiles.ReadFile("migrations/0001_history.sql")
	must(t, err)
	for _, statement := range []string{string(first),
		`INSERT INTO migration (number, at) VALUES (1, '2026-11-01T08:00:00.000Z')`} {
		_, err = db.Exec(statement)
		must(t, err)
	}
	must(t, db.Close())

	s := mustOpen(t, p, noRing{})
	withFields(t, s, "new", "L898902C3")
	must(t, s.Erase(t.Context(), history.Erasure{
		Session: "sess_new", Actor: erasing, Parts: []history.Part{history.PartFields}, Reason: history.OnRequest,
	}))
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("verdict is %+v", v)
	}
}

// A document that was read for another program stands in the chain, and in no list or
// count.
func TestDocumentsReadForOthersAreNoChecks(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	record(t, s, "a", "Ann Example")
	must(t, s.DocumentRead(t.Context(), history.DocumentRead{
		ID: "doc_1", Session: "sess_a", Actor: erasing, MRZ: &history.MRZ{Type: "TD3", DigitsHold: true}, Result: "refer",
	}))
	var payload string
	must(t, s.reader.QueryRow(`SELECT payload ->> '$.mrz' FROM record WHERE kind = 'document read'`).Scan(&payload))
	n, err := s.Count(t.Context(), history.Filter{})
	must(t, err)
	if payload != `{"type":"TD3","digits_hold":true}` || n.Total != 1 || len(mustList(t, s, history.Filter{})) != 1 {
		t.Errorf("recorded is %s, %d checks are counted", payload, n.Total)
	}
	if v := mustVerify(t, s); !v.Intact || v.Records != 3 {
		t.Errorf("verdict is %+v", v)
	}
}
