package central_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/app/secrets"
	"facematch/matcher"
	"facematch/store"
	storecentral "facematch/store/central"
	"facematch/store/central/centraltest"
)

func auditorsKey(t *testing.T) *secrets.Identity {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	i, err := secrets.ReadIdentity([]byte(key.String()), nil)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// visit makes a check of a session with everything that can be sealed; audit may be nil.
func (d *desk) visit(t *testing.T, i int, name string, audit *history.Audit) {
	t.Helper()
	st := history.Started{
		Check: fmt.Sprintf("chk_%08d", i), Session: fmt.Sprintf("sess_%08d", i), Instance: "i", Mode: history.Offline,
		Operator: "Ada", Desk: filepath.Base(d.dir), Name: name, Reference: fmt.Sprint("2026/", i), Audit: audit,
	}
	score, code := int64(i*100), 0
	f := history.Finished{Check: st.Check, Session: st.Session, Outcome: history.Refer, Score: &score, Code: &code,
		Raw: []byte(`{"a":1}`), Fields: &history.Fields{Name: name, Birth: "1815-12-10", Number: fmt.Sprint("P", i)}}
	n := history.Decision{Check: st.Check, Session: st.Session, Choice: history.Approve, Reason: "other", Note: "a note"}
	if err := errors.Join(d.store.Start(t.Context(), st), d.store.Finish(t.Context(), f),
		d.store.Decide(t.Context(), n)); err != nil {
		t.Fatal(err)
	}
}

// TestAuditorsReadNames follows the auditors' key: which sessions it opens, who may have them,
// and how they are gone again.
func TestAuditorsReadNames(t *testing.T) {
	server := centraltest.Start(t, false)
	database, admin := server.Centre(t)
	key := auditorsKey(t)
	audit := &history.Audit{Auditors: "the internal audit", Recipients: key.Recipients}
	number := func(query string, args ...any) (n int) {
		t.Helper()
		if err := admin.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	wraps := func(session string) int {
		t.Helper()
		return number(`SELECT count(audit_wrapped) FROM facematch.session_key WHERE session = $1`, session)
	}
	intact := func() {
		t.Helper()
		if v, err := storecentral.Verify(t.Context(), admin, nil); err != nil || !v.Intact {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	open := func(dsn string) *storecentral.Reader {
		t.Helper()
		r, err := storecentral.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		return r
	}

	north, south := openDesk(t, filepath.Join(t.TempDir(), "north")), openDesk(t, filepath.Join(t.TempDir(), "south"))
	for name, d := range map[string]*desk{"north": north, "south": south} {
		centraltest.Desk(t, admin, d.store.ID(), "desk_"+name, name, name)
		d.link(server.DSN(database, "desk_"+name))
	}
	north.visit(t, 1, "Zoë Unnamed", nil)
	for i, name := range []string{"Ada Lovelace", "Grace Hopper", "Mary Ann Lovelace", "Erased Person", "Wished Person"} {
		north.visit(t, 2+i, name, audit)
	}
	south.visit(t, 21, "Ada South", audit)
	north.pushed(t)
	south.pushed(t)
	intact()
	if n := number(`SELECT count(audit_wrapped) FROM facematch.session_key`); n != 6 || wraps("sess_00000001") != 0 {
		t.Fatalf("%d sessions have a key for the auditors", n)
	}

	for _, branch := range []string{"north", "south"} {
		for _, statement := range []string{`CREATE ROLE auditor_` + branch + ` LOGIN IN ROLE facematch_auditor`,
			`INSERT INTO facematch.sees VALUES ('auditor_` + branch + `', '` + branch + `')`} {
			if _, err := admin.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := open(server.DSN(database, "auditor_north"))
	period := history.Filter{From: time.Now().Add(-time.Hour), Sort: history.Oldest}
	names := func(f history.Filter) (all []string) {
		t.Helper()
		rows, err := r.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			switch {
			case row.Sealed:
				all = append(all, "sealed")
			case row.Erased:
				all = append(all, "erased")
			default:
				all = append(all, row.Name)
			}
		}
		return all
	}
	if got := names(period); slices.ContainsFunc(got, func(n string) bool { return n != "sealed" }) || len(got) != 6 {
		t.Errorf("without a key the auditor reads %v", got)
	}
	r = r.WithKey(auditorsKey(t))
	if got := names(period); slices.ContainsFunc(got, func(n string) bool { return n != "sealed" }) {
		t.Errorf("with another key the auditor reads %v", got)
	}
	if read := r.NamesRead(); read.Opened != 0 || read.Sealed != 6 {
		t.Errorf("%+v", read)
	}
	r = r.WithKey(key)
	want := []string{"sealed", "Ada Lovelace", "Grace Hopper", "Mary Ann Lovelace", "Erased Person", "Wished Person"}
	if got := names(period); !slices.Equal(got, want) { // and none of the south
		t.Errorf("the auditor reads %v", got)
	}
	if read := r.NamesRead(); read.Opened != 5 || read.Sealed != 1 {
		t.Errorf("%+v", read)
	}
	d, err := r.Show(t.Context(), "chk_00000002")
	if err != nil || d.Name != "Ada Lovelace" || d.Reference != "2026/2" || d.Fields.Number != "P2" ||
		d.Fields.Birth != "1815-12-10" || d.Decisions[0].Note != "a note" || !d.RawSealed || d.RawErased ||
		d.Started.Audit == nil {
		t.Errorf("%+v, %v", d, err)
	}

	// A search opens the names of a period.
	for typed, found := range map[string][]string{
		"love": {"Ada Lovelace", "Mary Ann Lovelace"}, "ada": {"Ada Lovelace"}, "unnamed": nil, "south": nil,
	} {
		f := period
		f.Words = typed
		counts, err := r.Count(t.Context(), f)
		if got := names(f); !slices.Equal(got, found) || err != nil || counts.Total != int64(len(found)) {
			t.Errorf("%q finds %v, %d, %v", typed, got, counts.Total, err)
		}
		f.Limit = 1
		if got := names(f); len(found) > 0 && !slices.Equal(got, found[:1]) {
			t.Errorf("the first page of %q is %v", typed, got)
		}
	}
	byReference, each := period, []string(nil)
	byReference.Reference = "2026/3"
	if err := r.Each(t.Context(), byReference, func(d history.Detail) error {
		each = append(each, d.Name)
		return nil
	}); err != nil || !slices.Equal(each, []string{"Grace Hopper"}) {
		t.Errorf("%v, %v", each, err)
	}
	if _, err := r.Overview(t.Context(), byReference, overview.Month); !matcher.IsProblem(err, "overview.sealed") {
		t.Errorf("an overview by a reference: %v", err)
	}
	if _, err := r.List(t.Context(), history.Filter{Words: "ada"}); !matcher.IsProblem(err, history.KeyCentrePeriod) {
		t.Errorf("a search without a period: %v", err)
	}

	// The keys are refused to an auditor of another branch and to a desk.
	other := open(server.DSN(database, "auditor_south"))
	other = other.WithKey(key)
	if rows, err := other.List(t.Context(), period); err != nil || len(rows) != 1 || rows[0].Name != "Ada South" {
		t.Errorf("%+v, %v", rows, err)
	}
	if d, err := other.Show(t.Context(), "chk_00000002"); !matcher.IsProblem(err, history.KeyCheckUnknown) {
		t.Errorf("%q, %v", d.Name, err)
	}
	conn := server.Connect(t, database, "auditor_south")
	var seen int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM facematch.session_key WHERE session < 'sess_00000010'`).
		Scan(&seen); err != nil || seen != 0 {
		t.Errorf("%d keys of another branch, %v", seen, err)
	}
	conn = server.Connect(t, database, "desk_north")
	for _, statement := range []string{`SELECT audit_wrapped FROM facematch.session_key`,
		`SELECT facematch.drop_audited()`, `UPDATE facematch.session_key SET audit_wrapped = ''`} {
		if _, err := conn.Exec(t.Context(), statement); err == nil {
			t.Errorf("a desk may %s", statement)
		}
	}

	// Erased at the desk, and by a wish of the head office.
	erase := history.Erasure{Session: "sess_00000005", Parts: []history.Part{history.PartKey}, Reason: history.OnRequest}
	if err := north.store.Erase(t.Context(), erase); err != nil {
		t.Fatal(err)
	}
	north.pushed(t)
	if _, err := admin.Exec(t.Context(), `SELECT facematch.erase($1, 'sess_00000006')`, north.store.ID()); err != nil {
		t.Fatal(err)
	}
	for _, session := range []string{"sess_00000005", "sess_00000006"} {
		if wraps(session) != 0 {
			t.Errorf("%s has its key for the auditors", session)
		}
	}
	intact()
	want = []string{"sealed", "Ada Lovelace", "Grace Hopper", "Mary Ann Lovelace", "erased", "erased"}
	if got := names(period); !slices.Equal(got, want) {
		t.Errorf("the auditor reads %v", got)
	}
	if d, err := r.Show(t.Context(), "chk_00000005"); err != nil || !d.Erased || !d.FieldsErased ||
		!d.Decisions[0].NoteErased || d.Name != "" {
		t.Errorf("%+v, %v", d, err)
	}
	north.pushed(t)
	intact()
	if v := north.verdict(t); !v.Intact {
		t.Errorf("%+v", v)
	}

	t.Run("restored from the centre", func(t *testing.T) { restoredWithEnvelope(t, north, server, database) })
	t.Run("edits", func(t *testing.T) {
		for statement, what := range map[string]history.CentreWhat{
			`UPDATE facematch.session_key SET audit_wrapped = '\x00' WHERE session = 'sess_00000001'`: history.CentreUnexpected,
			`UPDATE facematch.session_key SET audit_wrapped = '\x00' WHERE session = 'sess_00000002'`: history.CentreChanged,
			`UPDATE facematch.session_key SET audit_wrapped = NULL WHERE session = 'sess_00000003'`:   history.CentreGone,
		} {
			tx, err := admin.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			v, err := storecentral.VerifyIn(t.Context(), tx, nil)
			if err != nil || len(v.Faults) != 1 || v.Faults[0].Table != "session_key" || v.Faults[0].What != what ||
				!strings.Contains(statement, v.Faults[0].Which) {
				t.Errorf("%s: %+v, %v", statement, v.Faults, err)
			}
			_ = tx.Rollback(t.Context())
		}
	})
	t.Run("periods", func(t *testing.T) {
		if _, err := admin.Exec(t.Context(), `INSERT INTO facematch.period (part, days)
			SELECT p, 30 FROM unnest(ARRAY['name', 'reference', 'note', 'fields', 'number']) p`); err != nil {
			t.Fatal(err)
		}
		// All of one session is older than its period.
		if _, err := admin.Exec(t.Context(), `UPDATE facematch.record SET at = at - interval '60 days'
			WHERE session = 'sess_00000002'`); err != nil {
			t.Fatal(err)
		}
		number(`SELECT facematch.expire()`)
		if wraps("sess_00000002") != 0 || wraps("sess_00000003") != 1 {
			t.Error("the key for the auditors did not go with what it opens")
		}
		v, err := storecentral.Verify(t.Context(), admin, nil)
		ofKeys := func(f storecentral.Finding) bool { return f.Table == "session_key" }
		if err != nil || slices.ContainsFunc(v.Faults, ofKeys) {
			t.Errorf("%+v, %v", v.Faults, err)
		}
	})
}

// restoredWithEnvelope rebuilds a desk on another computer, twice: with the envelope of its
// master key from a file that was kept apart, and with the one that the centre has. The records
// are the same, byte for byte, and names can be read again.
func restoredWithEnvelope(t *testing.T, d *desk, server *centraltest.Server, database string) {
	const passphrase = "correct horse battery staple"
	const records = `SELECT seq || hex(prev) || hex(hash) || payload FROM record WHERE seq <= %d ORDER BY seq`
	const audited = `SELECT session || hex(wrapped) FROM audit_key ORDER BY 1`
	if err := d.store.SetRecovery(t.Context(), passphrase); err != nil {
		t.Fatal(err)
	}
	envelope, err := d.store.Recovery(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, atCentre := range []bool{false, true} {
		d.sends.Recovery = atCentre
		d.pushed(t)
		head, err := d.store.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before := rows(t, d.params.Path, fmt.Sprintf(records, head.Seq))
		c, err := storecentral.Copy(t.Context(), server.Connect(t, database, "postgres"), d.store.ID())
		if err != nil || (c.Recovery != "") != atCentre {
			t.Fatalf("the centre has the envelope: %v, %v", c.Recovery != "", err)
		}
		other := openDesk(t, t.TempDir())
		if err := other.store.Close(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"history.db", "anchor.jsonl"} { // a new computer
			_ = os.Remove(filepath.Join(other.dir, name))
		}
		if _, err := store.Restore(t.Context(), other.params, history.Restoring{Centre: &c}, nil); err != nil {
			t.Fatal(err)
		}
		if after := rows(t, other.params.Path, fmt.Sprintf(records, head.Seq)); len(before) == 0 ||
			!reflect.DeepEqual(after, before) {
			t.Errorf("%d records, want the same %d", len(after), len(before))
		}
		if after := rows(t, other.params.Path, audited); !reflect.DeepEqual(after, rows(t, d.params.Path, audited)) {
			t.Errorf("the keys for the auditors are %d", len(after))
		}
		other.open(t)
		if d, err := other.store.Show(t.Context(), "chk_00000002"); err != nil || d.Name != "" || !d.Sealed {
			t.Errorf("without the key: %q, %v", d.Name, err)
		}
		recover := func(passphrase string) error {
			if atCentre {
				_, err := other.store.RecoverKey(t.Context(), passphrase)
				return err
			}
			if _, err := other.store.RecoverKey(t.Context(), passphrase); !matcher.IsProblem(err, "store.recovery_none") {
				t.Errorf("without the envelope: %v", err)
			}
			_, err := other.store.RecoverKeyFrom(t.Context(), envelope, passphrase)
			return err
		}
		if err := recover("correct horse battery stable"); !matcher.IsProblem(err, "store.recovery_wrong") {
			t.Errorf("another passphrase: %v", err)
		}
		if err := errors.Join(recover(passphrase), other.store.Rebuild(t.Context())); err != nil {
			t.Fatal(err)
		}
		if d, err := other.store.Show(t.Context(), "chk_00000002"); err != nil || d.Name != "Ada Lovelace" {
			t.Errorf("with the key: %q, %v", d.Name, err)
		}
		if found, err := other.store.List(t.Context(), history.Filter{Words: "lovelace"}); err != nil || len(found) != 2 {
			t.Errorf("found %d, %v", len(found), err)
		}
		if v := other.verdict(t); !v.Intact {
			t.Errorf("%+v", v)
		}
		if err := other.store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
