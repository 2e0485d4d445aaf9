package views

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"fyne.io/fyne/v2"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/views/internal/kit/kittest"
)

// withChecks has a desk's history hold one check.
func withChecks(desk *fakeDesk) {
	row := history.Row{Check: "chk_1", Name: "Ana Ray", Outcome: history.Refer, Decision: history.Undecided}
	desk.OnChecks = func(context.Context, history.Filter) ([]history.Row, error) { return []history.Row{row}, nil }
	desk.OnCount = func(context.Context, history.Filter) (history.Counts, error) {
		return history.Counts{Total: 1, Undecided: 1, ByOutcome: map[history.Outcome]int64{history.Refer: 1}}, nil
	}
	desk.OnDetail = func(context.Context, string) (history.Detail, error) { return history.Detail{Row: row}, nil }
}

// signedInAs is a window in which somebody of this role looks at the history.
func signedInAs(t *testing.T, desk *fakeDesk, role history.Role) *shownWindow {
	t.Helper()
	withChecks(desk)
	desk.People = []operators.Operator{{Name: "root", Role: history.RoleAdministrator}, {Name: "ana", Role: role}}
	desk.SignedIn = "ana"
	w := open(t, desk, "")
	w.screen(w.historyTab)
	w.until(t, "the history", func() bool { return strings.Contains(w.text(), "Ana Ray") })
	return w
}

func TestWhatTheMenuOffersForTheHistory(t *testing.T) {
	for role, can := range map[history.Role]struct{ decide, export bool }{
		history.RoleOperator: {true, false},
		history.RoleAuditor:  {false, true},
	} {
		w := signedInAs(t, newFakeDesk(), role)
		menu := w.menuKeys()
		if strings.Contains(menu, w.Words.T("menu.export")) != can.export ||
			strings.Contains(menu, w.Words.T("menu.decide")) != can.decide {
			t.Errorf("%s: the menu offers %q", role, menu)
		}
	}
}

// The next operator sees nothing of what the last operator looked for, and the
// history is not read meanwhile.
func TestTheNextOperatorStartsAnew(t *testing.T) {
	desk := newFakeDesk()
	w := signedInAs(t, desk, history.RoleReviewer)
	var asked atomic.Int32
	before := desk.OnChecks
	desk.OnChecks = func(ctx context.Context, f history.Filter) ([]history.Row, error) {
		asked.Add(1)
		return before(ctx, f)
	}
	w.signOut()
	w.q.Run()
	if asked.Load() != 0 || strings.Contains(kittest.Readable(w.historyTab.Content), "Ana Ray") {
		t.Error("something of what was seen is left, or the history is read while nobody is signed in")
	}
	desk.SignedIn = "root"
	w.enter()
	w.screen(w.historyTab)
	w.until(t, "all checks", func() bool { return strings.Contains(w.text(), "Ana Ray") })
}

// The menu's keys lead to the History screen, and work there.
func TestTheKeysOfTheHistory(t *testing.T) {
	desk := newFakeDesk()
	withChecks(desk)
	w := open(t, desk, "")
	w.press(t, fyne.KeyG) // from anywhere
	if w.tabs.SelectedIndex() != 1 {
		t.Fatal("Ctrl+G does not show the referrals")
	}
	w.until(t, "the referrals", func() bool { return strings.Contains(w.text(), "Ana Ray") })
	w.press(t, fyne.KeyF)
	if w.win.Canvas().Focused() == nil {
		t.Error("Ctrl+F leads nowhere")
	}
	w.press(t, fyne.KeyI)
	if !strings.Contains(w.text(), w.Words.T("find.outcome")) {
		t.Error("Ctrl+I does not open the other filters")
	}
	w.press(t, fyne.KeyS)
	if !strings.Contains(w.dialogText(), w.Words.T("export_form.format")) {
		t.Errorf("Ctrl+S does not ask for an export: %q", w.dialogText())
	}
	w.escape()
	if w.win.Canvas().Overlays().Top() != nil {
		t.Error("Escape does not close the form")
	}
}

// foreignHistory is another desk's history.
type foreignHistory struct {
	*kittest.History
	closed atomic.Bool
}

func (o *foreignHistory) Close() error {
	o.closed.Store(true)
	return nil
}

func TestAnotherHistoryIsClosedWithTheWindow(t *testing.T) {
	desk := newFakeDesk()
	withChecks(desk)
	other := &foreignHistory{History: kittest.NewHistory()}
	desk.OnOpen = func(string) (app.OtherHistory, error) { return other, nil }
	w := open(t, desk, "")
	w.screen(w.historyTab)
	w.history.OpenFile("/media/history.db")
	w.until(t, "the other history", func() bool { return strings.Contains(w.text(), "/media/history.db") })
	w.close()
	<-w.ended
	if !other.closed.Load() {
		t.Error("the other history stays open")
	}
}
