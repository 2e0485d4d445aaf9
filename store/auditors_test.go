package store

import (
	"crypto/sha256"
	"encoding/hex"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/store/internal/seal"
)

func auditorsKey(t testing.TB) (*secrets.Identity, *history.Audit) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	must(t, err)
	i, err := secrets.ReadIdentity([]byte(key.String()), nil)
	must(t, err)
	return i, &history.Audit{Auditors: "the internal audit", Recipients: i.Recipients}
}

// auditKeyOf gives the auditors' key of a session; nil where it has none.
func auditKeyOf(t testing.TB, s *Store, session string) []byte {
	t.Helper()
	var wrapped []byte
	must(t, s.reader.QueryRow(`SELECT max(wrapped) FROM audit_key WHERE session = ?`, session).Scan(&wrapped))
	return wrapped
}

// A session's key is encrypted for the auditors when the session begins, or never.
func TestAuditKeys(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	identity, audit := auditorsKey(t)
	start := func(check, session string, a *history.Audit) history.Started {
		t.Helper()
		st := started(check, "Ada "+check)
		st.Session, st.Audit = session, a
		must(t, s.Start(t.Context(), st))
		d, err := s.Show(t.Context(), "chk_"+check)
		must(t, err)
		return d.Started
	}
	unnamed := start("unnamed", "sess_unnamed", nil)
	later := start("later", "sess_unnamed", audit)
	named := start("named", "sess_named", audit)
	again := start("again", "sess_named", audit)
	for _, st := range []history.Started{unnamed, later, again} {
		if st.Audit != nil {
			t.Errorf("the record of %s says %+v", st.Check, st.Audit)
		}
	}
	if wrapped := auditKeyOf(t, s, "sess_unnamed"); wrapped != nil {
		t.Error("a session that began without the auditors has a key for them")
	}
	wrapped := auditKeyOf(t, s, "sess_named")
	sum := sha256.Sum256(wrapped)
	if a := named.Audit; a == nil || a.SHA256 != hex.EncodeToString(sum[:]) || a.Auditors != "the internal audit" {
		t.Fatalf("the record says %+v", a)
	}
	key, err := identity.Unwrap(wrapped, seal.KeySize)
	must(t, err)
	var part seal.Part
	must(t, s.reader.QueryRow(`SELECT s.nonce, s.ciphertext FROM sealed s JOIN record r ON r.seq = s.record
		WHERE r."check" = 'chk_named' AND part = 'name'`).Scan(&part.Nonce, &part.Ciphertext))
	name, err := seal.Open(key, part.Nonce, part.Ciphertext, seal.PartBinding("sess_named", "chk_named", seal.Name))
	if err != nil || string(name) != "Ada named" {
		t.Errorf("the auditors read %q, %v", name, err)
	}
	other, _ := auditorsKey(t)
	if _, err := other.Unwrap(wrapped, seal.KeySize); err == nil {
		t.Error("another key opens it")
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("%+v", v)
	}
	for _, statement := range []string{
		`INSERT INTO audit_key VALUES ('sess_unnamed', x'00')`, `INSERT OR REPLACE INTO audit_key VALUES ('sess_named', x'00')`,
		`UPDATE audit_key SET wrapped = x'00'`, `DELETE FROM audit_key`,
	} {
		if _, err := s.writer.Exec(statement); err == nil {
			t.Errorf("the database takes %s", statement)
		}
	}
}

// The auditors' key goes with the session's key, and when a period leaves nothing it opens.
func TestAuditKeysGo(t *testing.T) {
	p := testParams(t.TempDir())
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	p.Now = func() time.Time { return now }
	s := mustOpen(t, p, noRing{})
	_, audit := auditorsKey(t)
	for _, check := range []string{"erased", "old", "kept"} {
		st := started(check, "Ada Lovelace")
		st.Audit = audit
		must(t, s.Start(t.Context(), st))
		f := finished(check, 7000, "")
		if check == "kept" {
			f.Raw = []byte(`{"x":1}`)
		}
		must(t, s.Finish(t.Context(), f))
	}
	file := backUp(t, s)
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_erased", Parts: []history.Part{history.PartKey}}))
	now = now.AddDate(0, 0, 40)
	if _, err := s.Expire(t.Context(), history.Actor{}, history.Periods{Names: 30 * 24 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	for session, want := range map[string]bool{"sess_erased": false, "sess_old": false, "sess_kept": true} {
		if got := auditKeyOf(t, s, session) != nil; got != want {
			t.Errorf("%s has a key for the auditors: %v", session, got)
		}
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("%+v", v)
	}
	must(t, s.Close())
	// A backup from before is erased again.
	mustRestore(t, p, history.Restoring{File: file, Replace: true})
	s = mustOpen(t, p, noRing{})
	for _, session := range []string{"sess_erased", "sess_old"} {
		if auditKeyOf(t, s, session) != nil {
			t.Errorf("%s has its key for the auditors again", session)
		}
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("%+v", v)
	}
}

// Verify, and the script that knows the form from its description alone, find a key that is
// not the one the session began with.
func TestVerifySeesAuditKeys(t *testing.T) {
	whole := t.TempDir()
	p := testParams(whole)
	s := mustOpen(t, p, noRing{})
	_, audit := auditorsKey(t)
	for _, check := range []string{"a", "b", "c", "d"} { // records 1, 2, 3, 4 and then their ends
		st := started(check, "Ada Lovelace")
		if check != "a" {
			st.Audit = audit
		}
		must(t, s.Start(t.Context(), st))
	}
	for _, check := range []string{"a", "b", "c", "d"} {
		must(t, s.Finish(t.Context(), finished(check, 7000, `{"x":1}`)))
	}
	back := "x'" + hex.EncodeToString(auditKeyOf(t, s, "sess_d")) + "'"
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_d", Parts: []history.Part{history.PartKey}}))
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_c", Parts: []history.Part{history.PartName}}))
	must(t, s.Close())
	for sql, want := range map[string]struct {
		seq   int64
		fault history.Fault
	}{
		`SELECT 1`: {0, ""},
		`UPDATE audit_key SET wrapped = randomblob(200) WHERE session = 'sess_b'`:        {2, history.FaultAuditKey},
		`INSERT INTO audit_key SELECT 'sess_a', wrapped FROM audit_key LIMIT 1`:          {1, history.FaultAuditKey},
		`DELETE FROM audit_key WHERE session = 'sess_b'`:                                 {2, history.FaultKeyGone},
		`DELETE FROM audit_key WHERE session = 'sess_c'`:                                 {7, history.FaultKeyGone},
		`INSERT INTO audit_key VALUES ('sess_d', ` + back + `)`:                          {9, history.FaultBack},
		`INSERT INTO audit_key SELECT 'sess_nobody', wrapped FROM audit_key LIMIT 1`:     {11, history.FaultCutOff},
		`UPDATE audit_key SET session = 'sess_x' WHERE session = 'sess_b'`:               {2, history.FaultKeyGone},
		`UPDATE audit_key SET wrapped = (SELECT wrapped FROM audit_key ORDER BY 1 DESC)`: {2, history.FaultAuditKey},
	} {
		q := testParams(t.TempDir())
		copyFolder(t, whole, filepath.Dir(filepath.Dir(q.Path)))
		db, triggers := forge(t, q.Path)
		_, err := db.Exec(sql)
		must(t, err)
		triggers()
		broken := mustOpen(t, q, noRing{})
		v := mustVerify(t, broken)
		if v.Fault == history.FaultAuditKey && want.fault == v.Fault && strings.Contains(sql, "ORDER BY") {
			want.seq = v.BadSeq // one of the two is its own
		}
		if v.BadSeq != want.seq || v.Fault != want.fault {
			t.Errorf("%s: record %d, %q, want %d, %q", sql, v.BadSeq, v.Fault, want.seq, want.fault)
		}
		must(t, broken.Close())
		if exec.Command("python3", "-c", "import sqlite3").Run() != nil || want.seq == 7 {
			continue // the script does not say when a key could go after part of its session
		}
		out, err := exec.Command("python3", "-B", filepath.Join("testdata", "verify.py"), q.Path).CombinedOutput()
		if code, _ := err.(*exec.ExitError); (code != nil) != (want.fault != "") || code != nil && code.ExitCode() != 5 {
			t.Errorf("%s: the script says %s", sql, out)
		}
	}
}

// What was encrypted for a public key that was withdrawn goes, none is encrypted for it again, and
// verify and the script find one that is back.
func TestWithdrawn(t *testing.T) {
	whole := t.TempDir()
	p := testParams(whole)
	s := mustOpen(t, p, noRing{})
	_, stolen := auditorsKey(t)
	_, other := auditorsKey(t)
	both := &history.Audit{Auditors: stolen.Auditors, Recipients: []string{stolen.Recipients[0], other.Recipients[0]}}
	start := func(check string, a *history.Audit) *history.Audit {
		t.Helper()
		st := started(check, "Ada Lovelace")
		st.Audit = a
		must(t, s.Start(t.Context(), st))
		d, err := s.Show(t.Context(), "chk_"+check)
		must(t, err)
		return d.Started.Audit
	}
	start("a", stolen)
	start("b", both)
	start("c", other)
	back := hex.EncodeToString(auditKeyOf(t, s, "sess_a"))
	for range 2 { // the second time it is known
		must(t, s.Withdraw(t.Context(), history.Withdrawn{Recipient: stolen.Recipients[0]}))
	}
	if a := start("d", stolen); a != nil {
		t.Errorf("encrypted again, for %+v", a)
	}
	if a := start("e", both); a == nil || len(a.Recipients) != 1 || a.Recipients[0] != other.Recipients[0] {
		t.Errorf("encrypted for %+v", a)
	}
	for session, want := range map[string]bool{"sess_a": false, "sess_b": false, "sess_c": true, "sess_d": false, "sess_e": true} {
		if got := auditKeyOf(t, s, session) != nil; got != want {
			t.Errorf("%s has a key for the auditors: %v", session, got)
		}
	}
	if h, err := s.Head(t.Context()); err != nil || h.Seq != 6 {
		t.Errorf("head is %+v, %v", h, err)
	}
	if _, err := s.writer.Exec(`DELETE FROM audit_key`); err == nil {
		t.Error("the database lets a key go that was not withdrawn")
	}
	must(t, s.Close())
	for sql, want := range map[string]struct {
		seq   int64
		fault history.Fault
	}{
		`SELECT 1`: {0, ""},
		`INSERT INTO audit_key VALUES ('sess_a', x'` + back + `')`: {4, history.FaultBack},
		`DELETE FROM audit_key WHERE session = 'sess_c'`:           {3, history.FaultKeyGone},
		`DELETE FROM audit_key WHERE session = 'sess_e'`:           {6, history.FaultKeyGone},
	} {
		q := testParams(t.TempDir())
		copyFolder(t, whole, filepath.Dir(filepath.Dir(q.Path)))
		db, triggers := forge(t, q.Path)
		_, err := db.Exec(sql)
		must(t, err)
		triggers()
		broken := mustOpen(t, q, noRing{})
		if v := mustVerify(t, broken); v.BadSeq != want.seq || v.Fault != want.fault {
			t.Errorf("%s: record %d, %q, want %d, %q", sql, v.BadSeq, v.Fault, want.seq, want.fault)
		}
		must(t, broken.Close())
		if exec.Command("python3", "-c", "import sqlite3").Run() != nil {
			continue
		}
		out, err := exec.Command("python3", "-B", filepath.Join("testdata", "verify.py"), q.Path).CombinedOutput()
		if code, _ := err.(*exec.ExitError); (code != nil) != (want.fault != "") || code != nil && code.ExitCode() != 5 {
			t.Errorf("%s: the script says %s", sql, out)
		}
	}
}
