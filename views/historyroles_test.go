package views

import (
	"context"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app/history"
	"facematch/app/operators"
	"facematch/views/internal/kit/kittest"
	"facematch/views/internal/kit/uiqueue"
)

// signedInAs is a window in which somebody of this role looks at the history.
func signedInAs(t *testing.T, desk *recordsFake, role history.Role) (*shownWindow, *historyScreen) {
	t.Helper()
	desk.People = []operators.Operator{{Name: "root", Role: history.RoleAdministrator}, {Name: "ana", Role: role}}
	desk.SignedIn = "ana"
	w := open(t, desk.fakeDesk, "")
	w.screen(w.historyTab)
	h := w.history
	w.until(t, "the history", func() bool { return len(h.rows) > 0 && h.count.Text != "" })
	return w, h
}

func TestWhatARoleMayDoInTheHistory(t *testing.T) {
	for role, can := range map[history.Role]struct{ decide, export bool }{
		history.RoleOperator: {true, false},
		history.RoleAuditor:  {false, true},
	} {
		w, h := signedInAs(t, newRecordsFake(), role)
		h.open(h.rows[0].Check)
		w.until(t, "the detail", func() bool { return h.detail != nil })
		if got := h.detail.decide != nil; got != can.decide {
			t.Errorf("%s: can decide: %t", role, got)
		}
		if got := h.detail.export != nil; got != can.export {
			t.Errorf("%s: can export a check: %t", role, got)
		}
		if got := h.export.Visible(); got != can.export {
			t.Errorf("%s: can export what is shown: %t", role, got)
		}
		var keys []fyne.KeyName
		for _, a := range w.actions {
			if w.offered(a) {
				keys = append(keys, a.on)
			}
		}
		if slices.Contains(keys, fyne.KeyS) != can.export || slices.Contains(keys, fyne.KeyJ) != can.decide {
			t.Errorf("%s: the menu offers %v", role, keys)
		}
	}
}

// TestTheNextOperatorStartsAnew has one operator find somebody in another desk's
// history and sign out; whoever comes next must see nothing of it.
func TestTheNextOperatorStartsAnew(t *testing.T) {
	desk := newRecordsFake()
	w, h := signedInAs(t, desk, history.RoleReviewer)
	other := &otherDesk{fakeDesk: desk.fakeDesk}
	h.opened(other, "/media/history.db", nil)
	w.until(t, "their rows", func() bool { return len(h.rows) > 0 })
	test.Type(h.filter.name, "xaverine")
	h.filter.outcome.SetSelected(w.Words.T("find.outcome.pass"))
	h.sortBy(history.Lowest)
	w.until(t, "the rows", func() bool { return h.loading == nil && len(h.rows) > 0 })
	h.open(h.rows[0].Check)
	w.until(t, "the detail", func() bool { return h.detail != nil })
	asked := desk.questions()

	w.signOut()
	w.until(t, "the other history closed", other.isClosed)
	if h.detail != nil || len(h.rows) > 0 || h.other != nil || h.filter.name.Text != "" || !h.filter.empty() || h.sort() != history.Newest {
		t.Error("something of the search is left")
	}
	if h.banner.Visible() || h.count.Text != "" || strings.Contains(kittest.Readable(h.content), "Ana") {
		t.Error("something of what was seen is left")
	}
	w.q.Run()
	if desk.questions() != asked {
		t.Error("the history is read while nobody is signed in")
	}
	desk.SignedIn = "root"
	w.enter()
	w.screen(w.historyTab)
	w.until(t, "all checks", func() bool { return len(h.rows) == historyPage })
	if f := desk.last(); f.Words != "" || len(f.Outcomes) > 0 {
		t.Errorf("the next operator sees %+v", f)
	}
}

func TestOnlyComparisonsCanBeDecided(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	for outcome, can := range map[history.Outcome]bool{
		history.Pass: true, history.Refer: true, history.Fail: true, history.NotCompared: false,
		history.CouldNotRun: false, history.Interrupted: false, history.Running: false,
	} {
		desk.OnDetail = func(_ context.Context, check string) (history.Detail, error) {
			d := someDetail(check)
			d.Outcome = outcome
			return d, nil
		}
		h.open("chk_" + string(outcome))
		w.until(t, string(outcome), func() bool { return h.detail != nil && h.detail.of.Check == h.sought })
		if got := h.detail.decide != nil; got != can {
			t.Errorf("%s can be decided: %t", outcome, got)
		}
	}
}

// BenchmarkHistoryScrolls moves a page down in a list of 100,000 checks, laid out
// and filled: what Fyne's goroutine has to do for it.
func BenchmarkHistoryScrolls(b *testing.B) {
	a := test.NewApp()
	defer a.Quit()
	desk := newFakeDesk()
	q := uiqueue.New()
	w := newWindow(Params{App: a, Desk: desk, Words: kittest.English(b).Catalogue}, q.Do)
	defer func() { w.end(); <-w.ended }()
	w.win.Resize(fyne.NewSize(1600, 960))
	w.screen(w.historyTab)
	h := w.history
	h.rows = rowsAfter(100_000, history.Filter{Limit: 100_000})
	h.complete = true
	h.showRows(true)
	down := &fyne.KeyEvent{Name: fyne.KeyPageDown}
	for b.Loop() {
		if h.list.at == len(h.rows)-1 {
			h.list.move(0)
		}
		h.list.TypedKey(down)
	}
}
