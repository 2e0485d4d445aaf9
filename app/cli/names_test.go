package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"facematch/app"
	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/matcher"
)

// sealedDesks are the checks of all desks: one of two names opens with a key.
type sealedDesks struct {
	*apptest.History
	public string // of the key that opens it
	key    history.AuditorsKey
	filter *history.Filter // the newest
}

func (p *parts) openCentre(context.Context, string) (app.SealedRecords, error) {
	if p.desks == nil {
		return nil, matcher.NewProblem("central.off", nil)
	}
	return p.desks, nil
}

func (s *sealedDesks) ID() string { return "centre" }

func (s *sealedDesks) Heads(context.Context) ([]history.ChainHead, error) {
	return []history.ChainHead{{History: "a0", Branch: "north", Seq: 1204, Hash: "aa"}}, nil
}

func (s *sealedDesks) WithKey(key history.AuditorsKey) app.OpenedRecords {
	opened := *s
	opened.key = key
	return &opened
}

func (s *sealedDesks) opens() bool {
	i, ok := s.key.(*secrets.Identity)
	return ok && i.Recipients[0] == s.public
}

func (s *sealedDesks) NamesRead() history.NamesRead {
	if !s.opens() {
		return history.NamesRead{Sealed: 2}
	}
	return history.NamesRead{Opened: 1, Sealed: 1}
}

func (s *sealedDesks) row() history.Row {
	row := history.Row{Check: "chk_12345678", Desk: "Counter 7", Sealed: true}
	if s.opens() {
		row.Name, row.Sealed = "Ada Lovelace", false
	}
	return row
}

func (s *sealedDesks) List(_ context.Context, f history.Filter) ([]history.Row, error) {
	*s.filter = f
	if f.Check != "" {
		return []history.Row{s.row()}, nil
	}
	if f.Number != "" {
		return nil, nil
	}
	return []history.Row{s.row(), {Check: "chk_other", Desk: "Counter 9", Sealed: true}}, nil
}

func (s *sealedDesks) Show(context.Context, string) (history.Detail, error) {
	d := history.Detail{Row: s.row(), ReferenceSealed: !s.opens()}
	if s.opens() {
		d.Reference = "2026/77"
	}
	return d, nil
}

func (s *sealedDesks) Each(_ context.Context, _ history.Filter, do func(history.Detail) error) error {
	d, _ := s.Show(context.Background(), "")
	return do(d)
}

func TestNamesAtTheCentre(t *testing.T) {
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	text, err := secrets.Wrap([]byte(key.String()), "five words on paper", 8)
	if err != nil {
		t.Fatal(err)
	}
	plain, sealed, another, none := file(key.String()), file(text), file(other.String()), file("not a key")
	list := []string{"history", "list", "--central", "--names", "--identity"}
	const out = "history export --central --names --format jsonl --out - --identity"
	for name, c := range map[string]struct {
		args     []string
		stdin    string
		code     int
		says     []string
		recorded int
	}{
		"list": {append(list, plain), "", 0, []string{"Ada Lovelace", "(sealed at desk Counter 9)",
			"Names opened: 1. Sealed at their desks: 1."}, 1},
		"list in JSON": {append(list, plain, "--format", "json"), "", 0, []string{`"name":"Ada Lovelace"`}, 1},
		"search":       {append(list, plain, "--name", "-", "--last", "30d"), "lovelace\n", 0, []string{"Ada Lovelace"}, 1},
		"search without a hit": {
			append(list, plain, "--document-number", "-", "--last", "30d"), "P1\n", 0, nil, 1},
		"passphrase":         {append(list, sealed), "five words on paper\n", 0, []string{"Ada Lovelace"}, 1},
		"a wrong passphrase": {append(list, sealed), "six\n", 1, []string{"This is not the passphrase"}, 0},
		"another key": {append(list, another), "", 0, []string{"(sealed at desk Counter 7)",
			"This key opens none of the names", "2.", other.Recipient().String()}, 0},
		"no key file":       {append(list, none), "", 1, []string{"no", "key file of age"}, 0},
		"our own history":   {[]string{"history", "list", "--identity", plain}, "", 64, []string{"--central"}, 0},
		"our own, exported": {strings.Fields("history export --format csv --out - --identity " + plain), "", 64, []string{"--central"}, 0},
		"show": {[]string{"history", "show", "chk_12345678", "--central", "--names", "--identity", plain}, "", 0,
			[]string{"Ada Lovelace", "2026/77"}, 2},
		"show another": {[]string{"history", "show", "chk_12345678", "--central", "--names", "--identity", another}, "", 0,
			[]string{"(sealed at desk Counter 7)"}, 0},
		"export": {append(strings.Fields(out), plain), "", 0, []string{"Ada Lovelace"}, 1},
	} {
		p := &parts{desks: &sealedDesks{
			History: &apptest.History{}, public: key.Recipient().String(), filter: &history.Filter{},
		}}
		p.desks.Rows = make([]history.Row, 2)
		code, out, errs := run(t, p, c.stdin, c.args...)
		if code != c.code || len(p.Exports) != c.recorded {
			t.Errorf("%s: exit %d, recorded %+v\n%s%s", name, code, p.Exports, out, errs)
		}
		for _, e := range p.Exports {
			if !e.Names || e.Database != "centre" || e.AuditorsKey != p.desks.public {
				t.Errorf("%s: recorded %+v", name, e)
			}
		}
		for _, words := range c.says {
			if !strings.Contains(out+errs, words) {
				t.Errorf("%s does not say %q:\n%s%s", name, words, out, errs)
			}
		}
		if name == "search" && p.desks.filter.Words != "lovelace" {
			t.Errorf("the search is for %+v", p.desks.filter)
		}
	}
}
