package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"filippo.io/age"

	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/matcher"
)

// sealedDesks are the checks of other desks, whose names a key opens.
type sealedDesks struct {
	apptest.History
	key history.AuditorsKey
}

func (s *sealedDesks) ID() string { return "centre" }

func (s *sealedDesks) UseKey(key history.AuditorsKey) { s.key = key }

func (s *sealedDesks) NamesRead() history.NamesRead { return history.NamesRead{Opened: 2, Sealed: 1} }

func (s *sealedDesks) List(context.Context, history.Filter) ([]history.Row, error) {
	rows := []history.Row{{Check: "chk_1", Desk: "a"}, {Check: "chk_2", Desk: "b"}, {Check: "chk_3", Sealed: true}}
	if s.key != nil {
		rows[0].Name, rows[1].Name = "Ada", "Grace"
	}
	return rows, nil
}

func (s *sealedDesks) Show(context.Context, string) (history.Detail, error) {
	d := history.Detail{Row: history.Row{Check: "chk_1"}}
	if s.key != nil {
		d.Name = "Ada"
	}
	return d, nil
}

// keyFiles are an auditors' key file, and the same under a passphrase.
func keyFiles(t *testing.T) (plain, sealed, public string) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	must(t, err)
	text, err := secrets.Wrap([]byte(key.String()), "five words on paper", 8)
	must(t, err)
	plain, sealed = filepath.Join(t.TempDir(), "key.txt"), filepath.Join(t.TempDir(), "key.age")
	must(t, os.WriteFile(plain, []byte(key.String()), 0o600))
	must(t, os.WriteFile(sealed, []byte(text), 0o600))
	return plain, sealed, key.Recipient().String()
}

// Names at the centre open for an auditor with the key, each is recorded when it is shown, and
// they close with the sign-out.
func TestOpenNames(t *testing.T) {
	d, m, _ := staffed(t)
	centre := &sealedDesks{}
	d.p.OpenCentre = func(context.Context, string) (Records, error) { return centre, nil }
	plain, sealed, public := keyFiles(t)
	as(t, d, "Ben") // an operator
	other, err := d.OpenCentre(t.Context(), "")
	must(t, err)
	named := other.(NamedHistory)
	if err := named.OpenNames(t.Context(), plain, ""); !matcher.IsProblem(err, "operators.may_not") {
		t.Errorf("an operator: %v", err)
	}
	as(t, d, "Dora") // an auditor
	names := func() (all []string) {
		t.Helper()
		rows, err := named.List(t.Context(), history.Filter{Words: "secret words"})
		must(t, err)
		for _, row := range rows {
			all = append(all, row.Name)
		}
		return all
	}
	for _, c := range []struct{ file, passphrase, key string }{
		{filepath.Join(t.TempDir(), "none"), "", "auditors.unread"}, {os.Args[0], "", "auditors.invalid"},
		{sealed, "", KeyAuditorsPassphrase}, {sealed, "six words", KeyAuditorsWrong},
	} {
		if err := named.OpenNames(t.Context(), c.file, c.passphrase); !matcher.IsProblem(err, c.key) {
			t.Errorf("%v, want %s", err, c.key)
		}
	}
	if got := names(); !slices.Equal(got, []string{"", "", ""}) || len(m.Exports) != 0 {
		t.Errorf("before a key: %q, %+v", got, m.Exports)
	}
	must(t, named.OpenNames(t.Context(), sealed, "five words on paper"))
	for range 2 { // the second time they are no news
		if got := names(); !slices.Equal(got, []string{"Ada", "Grace", ""}) || len(m.Exports) != 1 {
			t.Errorf("with the key: %q, %+v", got, m.Exports)
		}
	}
	if e := m.Exports[0]; e.Operator != "Dora" || e.Checks != 2 || !e.Names || e.Format != history.OnScreen ||
		e.AuditorsKey != public || e.Database != "centre" || e.Filter == "" {
		t.Errorf("%+v", e)
	}
	if shown, err := named.Show(t.Context(), "chk_1"); err != nil || shown.Name != "Ada" || len(m.Exports) != 2 {
		t.Errorf("%+v, %v, %+v", shown, err, m.Exports)
	}
	m.NoExport = matcher.NewProblem("store.full", nil)
	must(t, named.OpenNames(t.Context(), plain, ""))
	if _, err := named.List(t.Context(), history.Filter{}); err == nil {
		t.Error("names were shown without a record")
	}
	m.NoExport = nil
	as(t, d, "Cleo")
	as(t, d, "Dora")
	if named.List(t.Context(), history.Filter{}); centre.key == nil {
		t.Error("the same auditor has to open the names again")
	}
	as(t, d, "Cleo")
	if _, err := named.List(t.Context(), history.Filter{}); err != nil || centre.key != nil || named.NamesKey() != "" {
		t.Errorf("the next operator has the key, %v", err)
	}
}
