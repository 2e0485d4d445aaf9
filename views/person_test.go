package views

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
)

// What is kept of a person is erased after the report, but for sessions on legal hold.
func TestErasingAPersonAfterTheReport(t *testing.T) {
	desk := newFakeDesk()
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.Local)
	held := false
	visit := func(session string, held bool) app.Visit {
		return app.Visit{Session: session, Held: held, Checks: []history.Row{
			{Session: session, Check: "chk_" + session, At: at, Name: "Ada Lovelace", Outcome: history.Pass},
		}}
	}
	desk.OnSubject = func(app.SubjectInput) ([]app.Visit, error) {
		return []app.Visit{visit("sess_1", held), visit("sess_2", true)}, nil
	}
	w := open(t, desk, "")
	w.screen(w.historyTab)
	ask := func() {
		t.Helper()
		w.openPerson(app.SubjectInput{Name: "Ada Lovelace"})
		visits, _ := desk.OnSubject(app.SubjectInput{})
		w.confirmErasePerson(visits, func(int) {})
	}
	ask()
	text := w.dialogText()
	for _, want := range []string{
		w.Words.T("erase.held", "Count", 1), "3 Nov 2026 10:00", w.Words.T("erase.lost"), w.Words.T("erase.sessions", "Count", 1),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	test.Tap(w.onTop(t, "erase.do"))
	w.until(t, "the erasure", func() bool { return strings.Contains(w.dialogText(), w.Words.T("person.find")) })
	if len(desk.erased) != 1 || desk.erased[0] != "sess_1" {
		t.Errorf("erased %v", desk.erased)
	}
	w.escape() // closes the form below, which is on top again
	if w.win.Canvas().Overlays().Top() != nil {
		t.Errorf("Escape leaves:\n%s", w.dialogText())
	}

	held = true
	ask()
	if ok := w.onTop(t, "erase.do"); !ok.Disabled() || !strings.Contains(w.dialogText(), w.Words.T("erase.all_held")) {
		t.Errorf("held sessions are erased:\n%s", w.dialogText())
	}
}

// The erasure of a session that was put on hold meanwhile is refused in words.
func TestErasingAHeldSession(t *testing.T) {
	desk := newFakeDesk()
	desk.eraseErr = &app.Problem{Key: "store.session_held"}
	w := open(t, desk, "")
	w.confirmErase("sess_1", []history.Row{{Session: "sess_1"}}, func() { t.Error("it is called erased") })
	test.Tap(w.onTop(t, "erase.do"))
	w.until(t, "why not", func() bool { return strings.Contains(w.dialogText(), w.Words.T("store.session_held.hint")) })
}
