package store

import (
	"os"
	"reflect"
	"testing"

	"facematch/app/history"
)

// Who only looks leaves that they signed in, and nothing else.
func TestJournal(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	ctx := t.Context()
	must(t, s.Start(ctx, history.Started{Check: "chk_1", Session: "sess_1"}))
	must(t, s.Close())

	readOnly := p
	readOnly.ReadOnly = true
	looking := mustOpen(t, readOnly, noRing{})
	wantKey(t, looking.SignedIn(ctx, history.SignIn{}), "store.read_only")
	j := NewJournal(readOnly)
	must(t, j.SignedIn(ctx, history.SignIn{Failed: 2}))
	must(t, j.Exported(ctx, history.Export{Format: "csv"}))
	v, err := looking.Verify(ctx, nil)
	must(t, err)
	if !v.Intact || v.Records != 3 || v.Until != 3 {
		t.Errorf("%+v", v)
	}
	if n := reflect.TypeFor[*Journal]().NumMethod(); n != 2 {
		t.Errorf("a journal has %d methods", n)
	}
}

func TestJournalMakesNoHistory(t *testing.T) {
	p := testParams(t.TempDir())
	wantKey(t, NewJournal(p).SignedIn(t.Context(), history.SignIn{}), "store.missing")
	if _, err := os.Stat(p.Path); !os.IsNotExist(err) {
		t.Errorf("a history was made: %v", err)
	}
}
