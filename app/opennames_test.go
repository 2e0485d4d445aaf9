package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/matcher"
)

// sealedDesks are the checks of other desks, whose names a key opens.
type sealedDesks struct {
	*apptest.History
	key    history.AuditorsKey
	during func() // what happens while a call is answered
}

func newSealedDesks() *sealedDesks { return &sealedDesks{History: &apptest.History{}} }

func (s *sealedDesks) ID() string { return "centre" }

func (s *sealedDesks) Heads(context.Context) ([]history.ChainHead, error) { return nil, nil }

func (s *sealedDesks) WithKey(key history.AuditorsKey) OpenedRecords {
	return &sealedDesks{History: s.History, key: key}
}

func (s *sealedDesks) NamesRead() history.NamesRead { return history.NamesRead{Opened: 2, Sealed: 1} }

func (s *sealedDesks) List(_ context.Context, f history.Filter) ([]history.Row, error) {
	if s.during != nil {
		s.during()
	}
	switch { // the customer of the reference has no name, and nobody has that number
	case f.Reference != "":
		return []history.Row{{Check: "chk_1", Desk: "a"}}, nil
	case f.Number != "":
		return nil, nil
	}
	rows := []history.Row{{Check: "chk_1", Desk: "a"}, {Check: "chk_2", Desk: "b"}, {Check: "chk_3", Sealed: true}}
	if s.key != nil {
		rows[0].Name, rows[1].Name = "Ada", "Grace"
	}
	return rows, nil
}

func (s *sealedDesks) Count(_ context.Context, f history.Filter) (history.Counts, error) {
	rows, err := s.List(context.Background(), f)
	return history.Counts{Total: int64(len(rows))}, err
}

func (s *sealedDesks) Show(context.Context, string) (history.Detail, error) {
	if s.during != nil {
		s.during()
	}
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
	centre := newSealedDesks()
	d.p.OpenCentre = func(context.Context, string) (SealedRecords, error) { return centre, nil }
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
		rows, err := named.List(t.Context(), history.Filter{})
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
	if named.List(t.Context(), history.Filter{}); named.NamesKey() == "" {
		t.Error("the same auditor has to open the names again")
	}
	as(t, d, "Cleo")
	if _, err := named.List(t.Context(), history.Filter{}); err != nil || named.NamesKey() != "" {
		t.Errorf("the next operator has the key, %v", err)
	}
}

// Each search for something sealed is recorded once: what its pages show and its number of hits.
func TestSearchesAreRecorded(t *testing.T) {
	d, m, _ := staffed(t)
	d.p.OpenCentre = func(context.Context, string) (SealedRecords, error) { return newSealedDesks(), nil }
	plain, _, public := keyFiles(t)
	as(t, d, "Dora")
	list := func(f history.Filter) func(NamedHistory) error {
		return func(n NamedHistory) error {
			_, err := n.List(t.Context(), f)
			return err
		}
	}
	count := func(f history.Filter) func(NamedHistory) error {
		return func(n NamedHistory) error {
			_, err := n.Count(t.Context(), f)
			return err
		}
	}
	name, reference := history.Filter{Words: "secret words"}, history.Filter{Reference: "secret words"}
	number, unsealed := history.Filter{Number: "secret words"}, history.Filter{Desks: []string{"a"}}
	paged := name
	paged.Limit, paged.After, paged.Sort = 3, &history.Row{Check: "chk_0"}, history.Highest
	for what, c := range map[string]struct {
		calls []func(NamedHistory) error
		want  []int64 // the checks that each record counts
	}{
		"a list by a reference":             {[]func(NamedHistory) error{list(reference)}, []int64{1}},
		"a count by a reference":            {[]func(NamedHistory) error{count(reference)}, []int64{1}},
		"a list by a number without a hit":  {[]func(NamedHistory) error{list(number)}, []int64{0}},
		"a count by a number without a hit": {[]func(NamedHistory) error{count(number)}, []int64{0}},
		"a count by a name":                 {[]func(NamedHistory) error{count(name)}, []int64{3}},
		"a list, its count, a page and the list again": {
			[]func(NamedHistory) error{list(name), count(name), list(paged), list(name)}, []int64{3}},
		"a count before its list":           {[]func(NamedHistory) error{count(name), list(name)}, []int64{3}},
		"two searches":                      {[]func(NamedHistory) error{list(name), list(reference)}, []int64{3, 1}},
		"a search of names that were shown": {[]func(NamedHistory) error{list(unsealed), list(name)}, []int64{2, 3}},
		"names that a search showed":        {[]func(NamedHistory) error{list(name), list(unsealed)}, []int64{3}},
		"a count of what is not sealed":     {[]func(NamedHistory) error{count(unsealed)}, nil},
	} {
		m.Exports = nil
		other, err := d.OpenCentre(t.Context(), "")
		must(t, err)
		named := other.(NamedHistory)
		must(t, named.OpenNames(t.Context(), plain, ""))
		for _, call := range c.calls {
			must(t, call(named))
		}
		var got []int64
		for _, e := range m.Exports {
			got = append(got, e.Checks)
			if e.AuditorsKey != public || e.Operator != "Dora" || e.Format != history.OnScreen || !e.Names ||
				e.Filter == "" || strings.Contains(e.Filter, "secret") {
				t.Errorf("%s: %+v", what, e)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: the records count %v checks, want %v", what, got, c.want)
		}
	}
	other, err := d.OpenCentre(t.Context(), "")
	must(t, err)
	named := other.(NamedHistory)
	must(t, named.OpenNames(t.Context(), plain, ""))
	m.NoExport = matcher.NewProblem("store.full", nil)
	if rows, err := named.List(t.Context(), reference); err == nil || rows != nil {
		t.Errorf("a search was answered without a record: %+v", rows)
	}
	if counts, err := named.Count(t.Context(), reference); err == nil || counts.Total != 0 {
		t.Errorf("a search was counted without a record: %+v", counts)
	}
}

// What began while names were sealed gives none, also where they are opened meanwhile.
func TestNamesOpenedMeanwhile(t *testing.T) {
	d, m, _ := staffed(t)
	centre := newSealedDesks()
	centre.Rows, centre.NewestHead = make([]history.Row, 1), history.Head{Seq: 1, Hash: "h"}
	d.p.OpenCentre = func(context.Context, string) (SealedRecords, error) { return centre, nil }
	plain, _, _ := keyFiles(t)
	as(t, d, "Dora")
	other, err := d.OpenCentre(t.Context(), "")
	must(t, err)
	named := other.(NamedHistory)
	for what, names := range map[string]func() (string, error){
		"list": func() (string, error) {
			rows, err := named.List(t.Context(), history.Filter{})
			return rows[0].Name, err
		},
		"detail": func() (string, error) {
			d, err := named.Show(t.Context(), "chk_1")
			return d.Name, err
		},
		"export": func() (string, error) {
			var out strings.Builder
			in := ExportInput{Format: "jsonl", Names: true, To: &out, Checks: []string{"chk_1"}}
			_, err := named.Export(t.Context(), in, nil)
			if m.Exports = nil; strings.Contains(out.String(), "Ada") {
				return "Ada", err
			}
			return "", err
		},
	} {
		named.CloseNames()
		centre.during = func() {
			centre.during = nil
			must(t, named.OpenNames(t.Context(), plain, ""))
		}
		if name, err := names(); err != nil || name != "" || len(m.Exports) != 0 {
			t.Errorf("the %s gives the name %q, recorded %+v, %v", what, name, m.Exports, err)
		}
		if named.NamesKey() == "" {
			t.Errorf("%s: the names did not open", what)
		}
	}
}

// Names are opened and closed while others read: none is shown without a record.
func TestNamesAreOpenedBesideReading(t *testing.T) {
	d, m, _ := staffed(t)
	d.p.OpenCentre = func(context.Context, string) (SealedRecords, error) { return newSealedDesks(), nil }
	plain, _, _ := keyFiles(t)
	as(t, d, "Dora")
	other, err := d.OpenCentre(t.Context(), "")
	must(t, err)
	named := other.(NamedHistory)
	var reading sync.WaitGroup
	m.NoExport = matcher.NewProblem("store.full", nil)
	for range 4 {
		reading.Go(func() {
			for range 50 {
				rows, err := named.List(t.Context(), history.Filter{})
				if err == nil && rows[0].Name != "" {
					t.Errorf("shown without a record: %+v", rows)
				}
			}
		})
	}
	for range 20 {
		must(t, named.OpenNames(t.Context(), plain, ""))
		named.CloseNames()
	}
	reading.Wait()
}
