package central_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store"
	storecentral "facematch/store/central"
	"facematch/store/central/centraltest"
)

// TestWithdrawnAuditors withdraws a public key of the auditors: what was encrypted for it goes at
// the centre and at the desk, none comes again, and both ends verify as intact.
func TestWithdrawnAuditors(t *testing.T) {
	server := centraltest.Start(t, false)
	database, admin := server.Centre(t)
	stolen, other := auditorsKey(t).Recipients[0], auditorsKey(t).Recipients[0]
	audit := func(recipients ...string) *history.Audit {
		return &history.Audit{Auditors: "the internal audit", Recipients: recipients}
	}
	d := openDesk(t, t.TempDir())
	centraltest.Desk(t, admin, d.store.ID(), "computer_1", "Desk", "north")
	d.link(server.DSN(database, "computer_1"))
	d.visit(t, 1, "Ada One", audit(stolen))
	d.visit(t, 2, "Ada Two", audit(other, stolen))
	d.visit(t, 3, "Ada Three", audit(other))
	d.pushed(t)
	here := func(path string) []string {
		t.Helper()
		return rows(t, path, `SELECT session FROM audit_key ORDER BY 1`)
	}
	there := func() (all []string) {
		t.Helper()
		if err := admin.QueryRow(t.Context(), `SELECT coalesce(array_agg(session ORDER BY session), '{}')
			FROM facematch.session_key WHERE audit_wrapped IS NOT NULL`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	is := func(what string, got []string, want ...int) {
		t.Helper()
		var sessions []string
		for _, i := range want {
			sessions = append(sessions, fmt.Sprintf("sess_%08d", i))
		}
		if !slices.Equal(got, sessions) {
			t.Errorf("%s: %v, want %v", what, got, sessions)
		}
	}
	intact := func() {
		t.Helper()
		for _, role := range []string{"postgres", "auditor_north"} {
			v, err := storecentral.Verify(t.Context(), server.Connect(t, database, role), nil)
			if err != nil || !v.Intact {
				t.Errorf("as %s: %+v, %v", role, v, err)
			}
		}
	}
	run := func(statements ...string) {
		t.Helper()
		for _, statement := range statements {
			if _, err := admin.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	run(`CREATE ROLE auditor_north LOGIN IN ROLE facematch_auditor`, `INSERT INTO facematch.sees VALUES ('auditor_north', 'north')`,
		`CREATE TABLE thief AS SELECT * FROM facematch.session_key`)
	is("before", there(), 1, 2, 3)

	if _, err := admin.Exec(t.Context(), storecentral.Withdraw("age1")); err == nil {
		t.Error("a text that is not a public key was withdrawn")
	}
	run(storecentral.Withdraw(stolen))
	is("at the centre", there(), 3)
	intact()
	var acts int
	if err := admin.QueryRow(t.Context(), `SELECT count(*) FROM facematch.act WHERE text::jsonb @>
		jsonb_build_object('what', 'withdrawn', 'recipient', $1::text, 'by', 'postgres', 'sessions', 2)`, stolen).
		Scan(&acts); err != nil || acts != 1 {
		t.Errorf("%d acts, %v", acts, err)
	}

	// A desk that does not know yet encrypts for it still. The centre does not take that.
	d.visit(t, 4, "Ada Four", audit(stolen))
	is("at the desk before it called", here(d.params.Path), 1, 2, 3, 4)
	head, err := d.store.Acknowledged(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	parcel, err := d.store.Parcel(t.Context(), head.Seq, 100, history.Sends{})
	if err != nil || len(parcel.AuditKeys) != 1 {
		t.Fatalf("%d keys, %v", len(parcel.AuditKeys), err)
	}
	answer, err := server.Link(t, database, "computer_1", d.store.ID()).Push(t.Context(), parcel, nil)
	if err != nil || !slices.Equal(answer.Withdrawn, []string{stolen}) {
		t.Errorf("%+v, %v", answer, err)
	}
	is("of a desk that did not know", there(), 3)
	intact()
	lost, err := storecentral.Copy(t.Context(), server.Connect(t, database, "auditor_north"), d.store.ID())
	if err != nil {
		t.Fatal(err)
	}

	for range 2 { // the second time nothing is left to do
		d.pushed(t)
		is("at the desk", here(d.params.Path), 3)
	}
	if n := rows(t, d.params.Path, `SELECT payload ->> '$.recipient' FROM record WHERE kind = 'withdrawn'`); !reflect.DeepEqual(n,
		[]string{stolen}) {
		t.Errorf("recorded: %v", n)
	}
	d.visit(t, 5, "Ada Five", audit(stolen))
	d.visit(t, 6, "Ada Six", audit(stolen, other))
	d.pushed(t)
	is("at the desk afterwards", here(d.params.Path), 3, 6)
	is("at the centre afterwards", there(), 3, 6)
	intact()
	if v := d.verdict(t); !v.Intact {
		t.Errorf("%+v", v)
	}
	if of, err := d.store.Show(t.Context(), "chk_00000001"); err != nil || of.Name != "Ada One" {
		t.Errorf("the desk's own name: %q, %v", of.Name, err)
	}

	// A desk that was lost before it called is restored without the keys, and records why.
	restored := func(c history.CentreCopy) (*desk, error) {
		t.Helper()
		computer := openDesk(t, t.TempDir())
		if err := errors.Join(computer.store.Close(), os.Remove(computer.params.Path)); err != nil {
			t.Fatal(err)
		}
		_, err := store.Restore(t.Context(), computer.params, history.Restoring{Centre: &c}, nil)
		return computer, err
	}
	computer, err := restored(lost)
	if err != nil {
		t.Fatal(err)
	}
	computer.open(t)
	is("restored", here(computer.params.Path), 3)
	if v := computer.verdict(t); !v.Intact {
		t.Errorf("%+v", v)
	}
	lost.Withdrawn = nil
	lost.Records = func(ctx context.Context, do func(history.ChainRecord, []history.SealedPart) error) error {
		c, err := storecentral.Copy(ctx, server.Connect(t, database, "postgres"), d.store.ID())
		if err != nil {
			return err
		}
		return c.Records(ctx, func(r history.ChainRecord, parts []history.SealedPart) error {
			if r.Seq > lost.Head.Seq {
				return nil
			}
			return do(r, parts)
		})
	}
	if _, err := restored(lost); !matcher.IsProblem(err, "store.restore_broken") {
		t.Errorf("where the centre does not say why they are gone: %v", err)
	}

	// Verify names an encrypted key that was put back, and a withdrawal that was hidden or made up.
	for statement, want := range map[string]storecentral.Finding{
		`UPDATE facematch.session_key k SET audit_wrapped = t.audit_wrapped FROM thief t WHERE t.session = k.session
			AND k.session = 'sess_00000001'`: {Table: "session_key", What: history.CentreUnexpected, Which: "sess_00000001"},
		`DELETE FROM facematch.withdrawn`: {Table: "withdrawn", What: history.CentreGone, Which: stolen},
		`INSERT INTO facematch.withdrawn VALUES ('` + other + `')`: {Table: "withdrawn",
			What: history.CentreUnexpected, Which: other},
		`UPDATE facematch.session_key SET audit_wrapped = NULL WHERE session = 'sess_00000003'`: {Table: "session_key",
			What: history.CentreGone, Which: "sess_00000003"},
	} {
		tx, err := admin.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		v, err := storecentral.VerifyIn(t.Context(), tx, nil)
		if err != nil || len(v.Faults) != 1 || v.Faults[0].Table != want.Table || v.Faults[0].What != want.What ||
			v.Faults[0].Which != want.Which {
			t.Errorf("%s: %+v, %v", statement, v.Faults, err)
		}
		_ = tx.Rollback(t.Context())
	}
}

// What was withdrawn never keeps records back. A desk whose file was put back to an older state
// appends nothing before it is restored.
func TestWithdrawnKeysHoldNoRecordsBack(t *testing.T) {
	server := centraltest.Start(t, false)
	database, admin := server.Centre(t)
	d := openDesk(t, t.TempDir())
	centraltest.Desk(t, admin, d.store.ID(), "computer_1", "Desk", "north")
	d.link(server.DSN(database, "computer_1"))
	withdraw := func(recipient string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), `SELECT facematch.withdraw($1)`, recipient); err != nil {
			t.Fatal(err)
		}
	}
	recorded := func() int {
		t.Helper()
		return len(rows(t, d.params.Path, `SELECT seq FROM record WHERE kind = 'withdrawn'`))
	}
	stolen, other := auditorsKey(t).Recipients[0], auditorsKey(t).Recipients[0]
	d.checks(t, 0, 2)
	d.pushed(t)

	mistyped := "age1" + strings.Repeat("q", 58)
	withdraw(mistyped)
	withdraw(stolen)
	d.checks(t, 2, 4)
	for range 2 {
		d.pushed(t)
	}
	if n := recorded(); n != 1 || strings.Count(d.log.String(), mistyped) != 1 {
		t.Errorf("%d recorded, logged: %s", n, d.log.String())
	}

	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := d.store.Backup(t.Context(), backup, nil); err != nil {
		t.Fatal(err)
	}
	withdraw(other)
	d.checks(t, 4, 6)
	d.withdrawErr = errors.New("the disk is full")
	if err := d.push.Push(t.Context()); !errors.Is(err, d.withdrawErr) {
		t.Errorf("%v", err)
	}
	if s, err := d.push.Status(t.Context()); err != nil || s.Here != s.There {
		t.Errorf("where withdrawing fails: %+v, %v", s, err)
	}
	d.withdrawErr = nil

	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(backup)
	if err == nil {
		err = os.WriteFile(d.params.Path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(d.params.Anchor)
	d.open(t)
	d.link(server.DSN(database, "computer_1"))
	before := len(rows(t, d.params.Path, `SELECT seq FROM record`))
	for range 2 {
		if err := d.push.Push(t.Context()); !matcher.IsProblem(err, history.KeyCentreBehind) {
			t.Errorf("put back: %v", err)
		}
	}
	if n := len(rows(t, d.params.Path, `SELECT seq FROM record`)); n != before {
		t.Errorf("%d records, were %d", n, before)
	}
}
