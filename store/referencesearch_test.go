package store

import (
	"slices"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/seal"
)

// referred writes one whole check with a reference.
func referred(t *testing.T, s *Store, check, reference string) {
	t.Helper()
	st := started(check, "Ann Example")
	st.Reference = reference
	must(t, s.Start(t.Context(), st))
	must(t, s.Finish(t.Context(), finished(check, 8358, "")))
}

// References are found whole and by their beginnings, however they are typed, and by
// nothing that is a name.
func TestReferencesAreFound(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	all := []string{"2026/000123-A", "2026/000124-B", "ÄZ 77", "12", "ＡＢ１２３４"}
	for i, reference := range all {
		referred(t, s, string(rune('a'+i)), reference)
	}
	record(t, s, "none", "2026 Name")
	for typed, want := range map[string][]int{
		"2026/000123-A": {0}, "2026000123a": {0}, " 2026 000123 a ": {0}, "2026/0001": {0, 1}, "2026": {0, 1},
		"202": nil, "000123": nil, "2026/000123-B": nil, "äz 77": {2}, "ÄZ77": {2}, "AZ77": nil, "12": {3}, "1": nil,
		"ab1234": {4}, "AB12": {4}, "Ann": nil, "annexample": nil, "-/": nil, "  ": {4, 3, 2, 1, 0},
	} {
		var found []int
		for _, r := range mustList(t, s, history.Filter{Reference: typed}) {
			if r.Check != "chk_none" {
				found = append(found, int(r.Check[len("chk_")]-'a'))
			}
		}
		slices.Sort(want)
		slices.Sort(found)
		if !slices.Equal(found, want) {
			t.Errorf("%q finds %v, want %v", typed, found, want)
		}
		n, err := s.Count(t.Context(), history.Filter{Reference: typed})
		must(t, err)
		if typed != "  " && n.Total != int64(len(want)) {
			t.Errorf("%q counts %d, want %d", typed, n.Total, len(want))
		}
	}
	if got := mustList(t, s, history.Filter{Words: "ann", Reference: "2026"}); len(got) != 2 {
		t.Errorf("with a name too: %d", len(got))
	}
	if got := mustList(t, s, history.Filter{Words: "2026"}); len(got) != 1 || got[0].Check != "chk_none" {
		t.Errorf("as a name: %v", got)
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("verdict is %+v", v)
	}
}

// A reference is in no payload, is shown with its check, and goes with its session, alone
// or after its period.
func TestReferencesAreSealedAndErased(t *testing.T) {
	p := testParams(t.TempDir())
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	p.Now = func() time.Time { return now }
	s := mustOpen(t, p, noRing{})
	for _, check := range []string{"a", "b", "c"} {
		referred(t, s, check, "ACC-4711-"+check)
	}
	var clear int
	must(t, s.reader.QueryRow(`SELECT count(*) FROM record WHERE instr(payload, '4711') > 0`).Scan(&clear))
	if clear != 0 {
		t.Errorf("the reference stands in %d payloads", clear)
	}
	d, err := s.Show(t.Context(), "chk_a")
	must(t, err)
	if d.Reference != "ACC-4711-a" || d.Started.Reference != d.Reference || d.ReferenceSealed || d.ReferenceErased {
		t.Errorf("it is shown as %q, %v, %v", d.Reference, d.ReferenceSealed, d.ReferenceErased)
	}
	find := func() int { return len(mustList(t, s, history.Filter{Reference: "acc-4711"})) }
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
	if n := find(); n != 2 {
		t.Errorf("%d are found after the session was erased", n)
	}
	erase("sess_b", history.PartReference)
	if d, err = s.Show(t.Context(), "chk_b"); err != nil || d.Reference != "" || !d.ReferenceErased ||
		d.Name != "Ann Example" {
		t.Errorf("alone: %q, %v, %q, %v", d.Reference, d.ReferenceErased, d.Name, err)
	}
	if n, named := find(), len(mustList(t, s, history.Filter{Words: "ann"})); n != 1 || named != 2 {
		t.Errorf("%d references and %d names are found after one was erased alone", n, named)
	}
	now = now.AddDate(0, 0, 40)
	if _, err := s.Expire(t.Context(), erasing, history.Periods{Names: 30 * 24 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	if d, err = s.Show(t.Context(), "chk_c"); err != nil || d.Reference != "" || !d.ReferenceErased || find() != 0 {
		t.Errorf("after its period: %q, %v, %v, %d found", d.Reference, d.ReferenceErased, err, find())
	}
	var left int
	must(t, s.reader.QueryRow(`SELECT (SELECT count(*) FROM reference_word) + (SELECT count(*) FROM reference_token)`).Scan(&left))
	if v := mustVerify(t, s); !v.Intact || left != 0 {
		t.Errorf("%d tokens are left, verdict is %+v", left, v)
	}
}

// What references are found by is compared with the records, and made anew from them.
func TestReferencesOfLists(t *testing.T) {
	for _, spoil := range []string{
		`DELETE FROM reference_token`,
		`UPDATE reference_token SET session = 'sess_b' WHERE record = 1`,
		`PRAGMA foreign_keys = off; INSERT INTO reference_word (token, record) VALUES (9, 2)`,
	} {
		s := mustOpen(t, testParams(t.TempDir()), noRing{})
		referred(t, s, "a", "ACC-4711")
		_, err := s.writer.Exec(spoil)
		must(t, err)
		if v := mustVerify(t, s); v.Fault != history.FaultLists {
			t.Errorf("%s: verdict is %+v", spoil, v)
		}
		must(t, s.Rebuild(t.Context()))
		if v := mustVerify(t, s); !v.Intact || len(mustList(t, s, history.Filter{Reference: "acc4711"})) != 1 {
			t.Errorf("%s: made anew, verdict is %+v", spoil, v)
		}
	}
}

// A long reference has a bounded number of tokens and is found by what of it counts.
func TestTokensOfLongReferences(t *testing.T) {
	hasher, err := nametoken.New(make([]byte, seal.KeySize), "")
	must(t, err)
	const long = "0123456789012345678901234567890123456789-and-more"
	found := hasher.OfReference(long)
	if len(found) != 37 { // beginnings of 4 to 40
		t.Errorf("%d tokens", len(found))
	}
	if token, ok := hasher.SoughtReference(long); !ok || !slices.Contains(found, token) {
		t.Error("it is not found by itself")
	}
}
