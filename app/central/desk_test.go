package central_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"facematch/app/central"
	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/app/settings"
	"facematch/matcher"
	"facematch/store"
	storecentral "facematch/store/central"
	"facematch/store/central/centraltest"
)

// desk is a real history that is pushed.
type desk struct {
	dir    string
	store  *store.Store
	push   *central.Pusher
	ask    func(context.Context) (history.CentreHead, error)
	sends  history.Sends
	params store.Params

	withdrawErr error // of recording what was withdrawn
	log         bytes.Buffer
}

func openDesk(t *testing.T, dir string) *desk {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "") // no keyring: the key is a file
	t.Setenv("XDG_RUNTIME_DIR", dir)
	d := &desk{dir: dir}
	d.params = store.Params{
		Path: filepath.Join(dir, "history.db"), Anchor: filepath.Join(dir, "anchor.jsonl"),
		KeyFile:      filepath.Join(dir, "master.key"),
		Acknowledged: filepath.Join(dir, "acknowledged.jsonl"),
		Centre: func(ctx context.Context) (history.CentreHead, error) {
			if d.ask == nil {
				return history.CentreHead{}, matcher.NewProblem(history.KeyCentreUnreached, nil)
			}
			return d.ask(ctx)
		},
		Alive: func(string) bool { return false }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	d.open(t)
	return d
}

func (d *desk) open(t *testing.T) {
	t.Helper()
	var err error
	if d.store, err = store.Open(t.Context(), d.params); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.store.Close() })
}

func (d *desk) link(dsn string) {
	d.push = central.New(central.Params{
		Outbox: d.store, Link: centraltest.LinkAt(dsn, d.store.ID()),
		Chosen: func() bool { return true }, Sends: func() history.Sends { return d.sends },
		About: func() map[string]string { return map[string]string{"program": "1.0"} },
		Erase: func(ctx context.Context, session string) error {
			return d.store.Erase(ctx, history.Erasure{
				Session: session, Parts: []history.Part{history.PartKey}, Reason: history.AskedAtCentre,
			})
		},
		Withdraw: func(ctx context.Context, recipient string) error {
			if d.withdrawErr != nil {
				return d.withdrawErr
			}
			if _, err := secrets.Recipients(recipient); err != nil {
				return matcher.NewProblem(settings.KeyAuditRecipient, err)
			}
			return d.store.Withdraw(ctx, history.Withdrawn{Recipient: recipient})
		},
		Log: slog.New(slog.NewTextHandler(&d.log, nil)), Now: time.Now,
	})
	d.ask = d.push.Ask
}

func (d *desk) checks(t *testing.T, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		st := history.Started{
			Check: fmt.Sprint("chk_", i), Session: fmt.Sprint("sess_", i), Instance: "i", Mode: history.Offline, Operator: "Ada",
			Desk: "Desk", Name: fmt.Sprint("Person ", i),
		}
		score, code := int64(i*100), 0
		f := history.Finished{Check: st.Check, Session: st.Session, Outcome: history.Refer, Score: &score, Code: &code,
			Raw: []byte(`{"a":1}`)}
		n := history.Decision{Check: st.Check, Session: st.Session, Choice: history.Approve, Reason: "other", Note: "a note"}
		if err := errors.Join(d.store.Start(t.Context(), st), d.store.Finish(t.Context(), f),
			d.store.Decide(t.Context(), n)); err != nil {
			t.Fatal(err)
		}
	}
}

func (d *desk) pushed(t *testing.T) {
	t.Helper()
	if err := d.push.Push(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := d.push.Status(t.Context()); err != nil || s.Here != s.There || s.Problem != "" {
		t.Fatalf("%+v, %v", s, err)
	}
}

func (d *desk) verdict(t *testing.T) history.Verdict {
	t.Helper()
	v, err := d.store.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func rows(t *testing.T, path, query string) (all []string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var row string
		if err := found.Scan(&row); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// TestDeskAndCentre follows a desk: it pushes, is cut off, is restored from the centre on another
// computer, and from a backup that is older.
func TestDeskAndCentre(t *testing.T) {
	server := centraltest.Start(t, false)
	database, admin := server.Centre(t)
	d := openDesk(t, t.TempDir())
	enrol := func(role string) string {
		centraltest.Desk(t, admin, d.store.ID(), role, "Desk", "north")
		return server.DSN(database, role)
	}
	d.link(enrol("computer_1"))
	d.checks(t, 0, 20)
	if err := d.store.SetRecovery(t.Context(), "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}
	d.sends.Recovery = true
	d.pushed(t)
	intact := func() {
		t.Helper()
		if v, err := storecentral.Verify(t.Context(), admin, nil); err != nil || !v.Intact {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	intact()
	if v := d.verdict(t); !v.Intact || !v.Centre.Asked || v.Centre.Until != 60 {
		t.Fatalf("%+v", v)
	}
	ask := d.ask
	d.ask = nil
	if v := d.verdict(t); !v.Intact || v.Centre.Asked || v.Centre.Until != 60 || v.Centre.Problem == "" {
		t.Fatalf("without the centre: %+v", v)
	}
	d.ask = ask

	// A wish of the head office.
	if _, err := admin.Exec(t.Context(), `SELECT facematch.erase($1, 'sess_3')`, d.store.ID()); err != nil {
		t.Fatal(err)
	}
	d.pushed(t)
	if gone, err := d.store.Erased(t.Context(), "sess_3"); err != nil || !gone {
		t.Fatalf("erased: %v, %v", gone, err)
	}
	d.pushed(t)
	intact()
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := d.store.Backup(t.Context(), backup, nil); err != nil {
		t.Fatal(err)
	}
	d.checks(t, 20, 30)
	d.pushed(t)

	const records = `SELECT seq || hex(prev) || hex(hash) || payload FROM record WHERE seq <= 91 ORDER BY seq`
	before := rows(t, d.params.Path, records)
	if len(before) != 91 {
		t.Fatalf("%d records", len(before))
	}
	t.Run("restored from the centre", func(t *testing.T) {
		other := openDesk(t, t.TempDir())
		if err := other.store.Close(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"history.db", "anchor.jsonl"} { // a new computer
			_ = os.Remove(filepath.Join(other.dir, name))
		}
		conn := server.Connect(t, database, "postgres")
		c, err := storecentral.Copy(t.Context(), conn, d.store.ID())
		if err != nil {
			t.Fatal(err)
		}
		done, err := store.Restore(t.Context(), other.params,
			history.Restoring{Centre: &c, By: history.Actor{Operator: "Ada"}}, nil)
		if err != nil || done.Backup.Seq != 91 {
			t.Fatalf("%+v, %v", done, err)
		}
		if after := rows(t, other.params.Path, records); !reflect.DeepEqual(after, before) {
			t.Error("the records are not the same")
		}
		const made = `SELECT group_concat(c, '|') FROM (SELECT quote(checks) || quote(day) || quote(outcome) || quote(decision) AS c FROM daily ORDER BY 1)`
		if a, b := rows(t, other.params.Path, made), rows(t, d.params.Path, made); !reflect.DeepEqual(a, b) {
			t.Errorf("%v, want %v", a, b)
		}
		other.open(t)
		v := other.verdict(t)
		if !v.Intact || v.Absent == 0 {
			t.Fatalf("%+v", v)
		}
		detail, err := other.store.Show(t.Context(), "chk_5")
		if err != nil || detail.Name != "" || !detail.Sealed {
			t.Errorf("without the key: %q, %v", detail.Name, err)
		}
		envelope, err := d.store.Recovery(t.Context())
		if err != nil || envelope != c.Recovery {
			t.Fatalf("the centre has another envelope, %v", err)
		}
		if _, err := other.store.RecoverKeyFrom(t.Context(), envelope, "correct horse battery stable"); err == nil {
			t.Error("a wrong passphrase opens")
		}
		if _, err := other.store.RecoverKeyFrom(t.Context(), envelope, "correct horse battery staple"); err != nil {
			t.Fatal(err)
		}
		if err := other.store.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		detail, err = other.store.Show(t.Context(), "chk_5")
		if err != nil || detail.Name != "Person 5" {
			t.Errorf("with the key: %q, %v", detail.Name, err)
		}
		found, err := other.store.List(t.Context(), history.Filter{Words: "person 25"})
		if err != nil || len(found) != 1 {
			t.Errorf("found %d, %v", len(found), err)
		}
		if v := other.verdict(t); !v.Intact {
			t.Fatalf("%+v", v)
		}
		// The new computer continues the history. The old one gets an error.
		other.link(enrol("computer_2"))
		other.checks(t, 30, 35)
		other.pushed(t)
		d.checks(t, 40, 41)
		if err := d.push.Push(t.Context()); !matcher.IsProblem(err, history.KeyCentreRetired) {
			t.Errorf("the computer before: %v", err)
		}
		intact()
	})
	t.Run("restored from an older backup", func(t *testing.T) {
		// On the first computer again, which has lost what the second one did.
		other := openDesk(t, t.TempDir())
		if err := other.store.Close(); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(other.params.Path)
		_ = os.Remove(other.params.Anchor)
		key, err := os.ReadFile(d.params.KeyFile)
		if err == nil {
			err = os.WriteFile(other.params.KeyFile, key, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Restore(t.Context(), other.params, history.Restoring{File: backup}, nil); err != nil {
			t.Fatal(err)
		}
		other.open(t)
		other.checks(t, 50, 55)
		other.link(enrol("computer_3"))
		if err := other.push.Push(t.Context()); !matcher.IsProblem(err, history.KeyCentreRestored) {
			t.Fatalf("%v", err)
		}
		if s, err := other.push.Status(t.Context()); err != nil || s.State != history.CentreRestored ||
			s.Problem != history.KeyCentreRestored {
			t.Errorf("%+v, %v", s, err)
		}
		if _, err := admin.Exec(t.Context(), storecentral.Accept(d.store.ID(), 62)); err != nil {
			t.Fatal(err)
		}
		other.pushed(t)
		v, err := storecentral.Verify(t.Context(), admin, nil)
		if err != nil || !v.Intact || v.Lost == 0 {
			t.Errorf("%+v, %v", v, err)
		}
		// A history that is an older copy of the file gets an error that says so.
		older := openDesk(t, t.TempDir())
		if err := older.store.Close(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(backup)
		if err == nil {
			err = os.WriteFile(older.params.Path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(older.params.Anchor)
		older.open(t)
		older.link(enrol("computer_4"))
		if err := older.push.Push(t.Context()); !matcher.IsProblem(err, history.KeyCentreBehind) {
			t.Errorf("an older copy: %v", err)
		}
	})
}

// A lost desk is restored after the centre deleted parts of its history: what the centre was
// asked to erase is recorded as erased, what was over its periods is known to be absent, what
// is left stays, and both ends verify as intact.
func TestRestoredAfterTheCentreDeleted(t *testing.T) {
	server := centraltest.Start(t, false)
	database, admin := server.Centre(t)
	d := openDesk(t, t.TempDir())
	reopen := func(d *desk, now func() time.Time) {
		if err := d.store.Close(); err != nil {
			t.Fatal(err)
		}
		d.params.Now = now
		d.open(t)
	}
	audit := &history.Audit{Auditors: "the internal audit", Recipients: auditorsKey(t).Recipients}
	reopen(d, func() time.Time { return time.Now().AddDate(-2, 0, 0) })
	d.checks(t, 0, 10)
	d.visit(t, 30, "Ada Old", audit)
	d.visit(t, 31, "Ben Old", audit)
	reopen(d, func() time.Time { return time.Now().AddDate(0, 0, -10) })
	d.visit(t, 32, "Cleo Recent", audit)
	reopen(d, time.Now)
	centraltest.Desk(t, admin, d.store.ID(), "computer_1", "Desk", "north")
	d.link(server.DSN(database, "computer_1"))
	d.checks(t, 10, 20)
	d.pushed(t)
	run := func(statements ...string) {
		t.Helper()
		for _, statement := range statements {
			if _, err := admin.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(`INSERT INTO facematch.period (part, days) VALUES ('name', 365), ('note', 365), ('reference', 365),
		('answer', 365), ('fields', 365), ('number', 1)`, `SELECT facematch.expire()`)
	hold := history.Hold{Session: "sess_00000031", Held: true, Note: "a court asked"}
	if err := d.store.Hold(t.Context(), hold); err != nil {
		t.Fatal(err)
	}
	d.pushed(t)
	run(`SELECT facematch.erase('` + d.store.ID() + `', 'sess_15')`)

	copied := func() history.CentreCopy {
		t.Helper()
		c, err := storecentral.Copy(t.Context(), server.Connect(t, database, "postgres"), d.store.ID())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	key, err := os.ReadFile(d.params.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	// restored restores on a new computer.
	restored := func(c history.CentreCopy) (*desk, history.Restoration, error) {
		t.Helper()
		other := openDesk(t, t.TempDir())
		if err := errors.Join(other.store.Close(), os.Remove(other.params.Path),
			os.WriteFile(other.params.KeyFile, key, 0o600)); err != nil {
			t.Fatal(err)
		}
		done, err := store.Restore(t.Context(), other.params,
			history.Restoring{Centre: &c, By: history.Actor{Operator: "Ada"}}, nil)
		return other, done, err
	}
	c := copied()
	other, done, err := restored(c)
	if err != nil {
		t.Fatalf("%+v, %v", done, err)
	}
	other.open(t)
	if v := other.verdict(t); !v.Intact || v.Absent == 0 {
		t.Errorf("%+v", v)
	}
	for check, name := range map[string]string{
		"chk_5": "", "chk_15": "", "chk_12": "Person 12", "chk_00000030": "", "chk_00000031": "",
	} {
		if of, err := other.store.Show(t.Context(), check); err != nil || of.Name != name {
			t.Errorf("%s: %q, %v", check, of.Name, err)
		}
	}
	if of, err := other.store.Show(t.Context(), "chk_00000032"); err != nil ||
		of.Fields.Birth == "" || of.Fields.Number != "" {
		t.Errorf("without its number: %+v, %v", of.Fields, err)
	}
	if holds, err := other.store.Holds(t.Context()); err != nil || len(holds) != 1 || holds[0].Note != hold.Note {
		t.Errorf("%+v, %v", holds, err)
	}
	for what, change := range map[string]func(*history.CentreCopy){
		"what was asked for":        func(c *history.CentreCopy) { c.Deleted = nil },
		"what was over its periods": func(c *history.CentreCopy) { c.Expired = nil },
	} {
		less := copied()
		change(&less)
		if _, _, err := restored(less); !matcher.IsProblem(err, "store.restore_broken") {
			t.Errorf("without %s: %v", what, err)
		}
	}

	centraltest.Desk(t, admin, d.store.ID(), "computer_2", "Desk", "north")
	other.link(server.DSN(database, "computer_2"))
	other.pushed(t)
	if v, err := storecentral.Verify(t.Context(), admin, nil); err != nil || !v.Intact {
		t.Errorf("%+v, %v", v, err)
	}
}
