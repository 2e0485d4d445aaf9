package person

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit/kittest"
)

type fakeDesk struct {
	*kittest.History
	*kittest.Staff
}

func visit(session string, held bool, checks ...string) app.Visit {
	v := app.Visit{Session: session, Held: held}
	for i, check := range checks {
		v.Checks = append(v.Checks, history.Row{Check: check, Session: session, Name: "Ana", Desk: "Counter 3",
			Outcome: history.Refer, At: time.Date(2026, 11, 3, 10, i, 0, 0, time.Local)})
	}
	return v
}

// opened is the form of a desk that knows two sessions, in a dialog as the window opens it.
func opened(t *testing.T, role string, whom app.SubjectInput) (*kittest.Window, *Form, *fakeDesk) {
	t.Helper()
	w := kittest.Open(t)
	desk := &fakeDesk{kittest.NewHistory(), kittest.Staffed()}
	desk.SignedIn = role
	desk.OnSubject = func(in app.SubjectInput) ([]app.Visit, error) {
		if in.Name == "" && in.Reference == "" && len(in.Sessions) == 0 {
			return nil, &app.Problem{Key: "subject.whom"}
		}
		return []app.Visit{visit("sess_1", false, "chk_1", "chk_2"), visit("sess_2", true, "chk_3")}, nil
	}
	at := time.Date(2026, 11, 29, 15, 30, 0, 0, time.Local)
	form := New(w.Parts, desk, whom, "/tmp/x", func() time.Time { return at })
	form.OnCopy = w.App.Clipboard().SetContent
	d := w.Ask("person.title", form.Box, 640)
	form.OnClose = d.Hide
	d.SetOnClosed(form.Closed)
	form.Begin()
	return w, form, desk
}

func TestEverythingAboutOnePerson(t *testing.T) {
	w, form, desk := opened(t, "ada", app.SubjectInput{Name: "Ana", Sessions: []string{"sess_1"}})
	var mu sync.Mutex
	var given []app.ExportInput
	desk.OnExport = func(_ context.Context, in app.ExportInput, _ app.ProgressFunc) (app.Exported, error) {
		mu.Lock()
		defer mu.Unlock()
		given = append(given, in)
		return app.Exported{File: in.File, Checks: int64(len(in.Checks)), SHA256: "sum of " + in.Format}, nil
	}
	w.Until(t, "the sessions", func() bool { return len(form.visits) == 2 })
	text := w.DialogText()
	for _, want := range []string{"2 sessions were found", w.Words.T("person.namesakes")} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if got := form.chosen[1].Text; got != "3 Nov 2026 10:00, Ana, Counter 3: one check, refer, on legal hold" {
		t.Errorf("a session is called %q", got)
	}
	if !form.erase.Disabled() {
		t.Error("what nobody has a report of can be erased")
	}
	form.folder.SetText("x")
	test.Tap(form.write)
	if !strings.Contains(w.DialogText(), w.Words.T("person.no_folder")) {
		t.Error("half a path is taken")
	}
	form.folder.SetText("/tmp/x")
	test.Tap(form.write)
	w.Until(t, "the report", func() bool { return strings.Contains(w.DialogText(), w.Words.T("person.written")) })
	for i, format := range []string{"json", "pdf"} {
		in := given[i]
		if in.Format != format || in.File != "/tmp/x/facematch-person-2026-11-29-153000."+format || !in.Subject || !in.Names ||
			in.Overwrite || !slices.Equal(in.Checks, []string{"chk_1", "chk_2", "chk_3"}) {
			t.Errorf("exported %+v", in)
		}
		if !strings.Contains(w.DialogText(), "sum of "+format) {
			t.Errorf("the digest of the %s is not shown", format)
		}
	}

	// One session is a namesake's: it is in no report then, and not erased.
	form.chosen[1].SetChecked(false)
	if !form.erase.Disabled() {
		t.Error("the report of other sessions allows the erasure")
	}
	test.Tap(form.write)
	w.Until(t, "the second report", func() bool { return !form.erase.Disabled() })
	if in := given[2]; !slices.Equal(in.Checks, []string{"chk_1", "chk_2"}) {
		t.Errorf("exported %+v", in)
	}
	form.OnErase = func(visits []app.Visit, done func(int)) {
		if len(visits) != 1 || visits[0].Session != "sess_1" {
			t.Errorf("to be erased: %+v", visits)
		}
		done(1)
	}
	test.Tap(form.erase)
	if !strings.Contains(w.DialogText(), "One session is erased.") || len(form.visits) != 0 || !form.write.Disabled() {
		t.Errorf("it says:\n%s", w.DialogText())
	}
}

// What cannot be found or written is said, and an auditor is offered no erasure.
func TestWhatGoesWrongWithAPerson(t *testing.T) {
	w, form, desk := opened(t, "axel", app.SubjectInput{})
	if form.erase.Visible() {
		t.Error("an auditor is offered the erasure")
	}
	test.Tap(form.find)
	w.Until(t, "that nothing says who", func() bool { return strings.Contains(w.DialogText(), w.Words.T("subject.whom")) })
	form.name.SetText("Ana")
	w.Win.Canvas().Focus(form.name)
	w.TypeKey("Return")
	w.Until(t, "the sessions", func() bool { return len(form.visits) == 2 })
	desk.OnExport = func(_ context.Context, in app.ExportInput, _ app.ProgressFunc) (app.Exported, error) {
		if in.Format == "pdf" {
			return app.Exported{}, &app.Problem{Key: "export.full", Err: errors.New("no room")}
		}
		return app.Exported{File: in.File}, nil
	}
	test.Tap(form.write)
	w.Until(t, "the problem", func() bool { return strings.Contains(w.DialogText(), w.Words.T("export.full")) })
	if !strings.Contains(w.DialogText(), ".json") {
		t.Error("the file that was written is not named")
	}
	form.name.SetText("Ann")
	if len(form.visits) != 0 || strings.Contains(w.DialogText(), ".json") {
		t.Error("the sessions of somebody else are still shown")
	}
}

// Cancel ends what runs; the next press closes the form.
func TestCancellingAReport(t *testing.T) {
	w, form, desk := opened(t, "ada", app.SubjectInput{Name: "Ana"})
	desk.OnExport = func(ctx context.Context, _ app.ExportInput, _ app.ProgressFunc) (app.Exported, error) {
		<-ctx.Done()
		return app.Exported{}, ctx.Err()
	}
	w.Until(t, "the sessions", func() bool { return len(form.visits) == 2 })
	test.Tap(form.write)
	if form.close.Text != w.Words.T("button.cancel") || !form.name.Disabled() || !form.chosen[0].Disabled() {
		t.Error("what is being written can be changed")
	}
	test.Tap(form.close)
	w.Until(t, "the end", func() bool { return strings.Contains(w.DialogText(), w.Words.T("person.cancelled")) })
	test.Tap(form.close)
	if w.Win.Canvas().Overlays().Top() != nil {
		t.Error("it cannot be closed")
	}
}
