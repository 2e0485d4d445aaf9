package inspect

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/views/internal/kit/kittest"
)

type fakeDesk struct {
	*kittest.Staff
	*kittest.DeskSettings
}

func opened(t *testing.T, use history.InspectionUse, points ...string) (*kittest.Window, *Form, fakeDesk) {
	t.Helper()
	desk := fakeDesk{&kittest.Staff{}, kittest.NewDeskSettings()}
	desk.Now.Inspection.Use = use
	if points != nil {
		desk.Now.Inspection = settings.Inspection{Use: use, Points: points}
	}
	w := kittest.Open(t)
	f := New(w.Parts, desk, "chk_1")
	w.Show(f.Content)
	return w, f, desk
}

func (f *Form) tap(point int, answer history.InspectionAnswer) {
	test.Tap(f.answers[point].Buttons[string(answer)])
}

func TestEachPointAnsweredWithYesIsRecordedAtOnce(t *testing.T) {
	w, f, desk := opened(t, history.InspectionRequired, "document", "Is the seal whole?")
	text := kittest.Readable(f.Content)
	first, second := strings.Index(text, w.Words.T("inspect.document")), strings.Index(text, "Is the seal whole?")
	if first < 0 || second < first {
		t.Errorf("the points are %q", text)
	}
	f.tap(0, history.InspectionYes)
	if f.Waits() != "inspect.waits" || len(desk.Inspected()) != 0 || f.why.Visible() {
		t.Errorf("after one answer: %q, %v", f.Waits(), desk.Inspected())
	}
	f.tap(1, history.InspectionYes)
	w.Until(t, "the record", func() bool { return f.State() == history.InspectionClear })
	want := []history.InspectedPoint{
		{Point: "document", Answer: history.InspectionYes}, {Point: "Is the seal whole?", Answer: history.InspectionYes},
	}
	if got := desk.Inspected(); len(got) != 1 || !slices.Equal(got[0].Points, want) || got[0].Check != "chk_1" ||
		f.Waits() != "" {
		t.Errorf("%+v, %q", got, f.Waits())
	}
	left := 0
	f.Leave(func() { left++ })
	if left != 1 || len(desk.Inspected()) != 1 {
		t.Error("what is recorded is recorded again, or keeps the clerk")
	}
}

func TestANoNeedsAReason(t *testing.T) {
	w, f, desk := opened(t, history.InspectionOffered)
	f.tap(1, history.InspectionNo)
	if !f.why.Visible() || !f.record.Disabled() || f.Waits() != "inspect.waits_reason" {
		t.Errorf("asked for a reason: %v; %q", f.why.Visible(), f.Waits())
	}
	f.Leave(func() { t.Error("the clerk goes on without a reason") })
	f.reason.SetSelectedIndex(len(history.InspectionReasons) - 1)
	if f.said.Text != w.Words.T("deciding.missing_note") {
		t.Errorf("it says %q", f.said.Text)
	}
	f.note.SetText(" a photo on a telephone ")
	desk.OnInspect = func(app.InspectionInput) error { return &app.Problem{Key: "store.disk"} }
	test.Tap(f.record)
	w.Until(t, "the fault", func() bool { return strings.Contains(f.said.Text, w.Words.T("store.disk")) })
	if f.State() != history.InspectionOpen || f.record.Disabled() {
		t.Error("what could not be recorded cannot be tried again")
	}
	desk.OnInspect = nil
	test.Tap(f.record)
	w.Until(t, "the record", func() bool { return f.State() == history.InspectionObjection })
	got := desk.Inspected()[0]
	if got.Reason != history.ReasonOther || got.Note != "a photo on a telephone" || f.Waits() != "" ||
		!f.record.Disabled() {
		t.Errorf("%+v", got)
	}
	// A second look is recorded beside the first.
	for i := range f.answers {
		f.tap(i, history.InspectionYes)
	}
	w.Until(t, "the second record", func() bool { return f.State() == history.InspectionClear })
	if len(desk.Inspected()) != 2 {
		t.Errorf("%+v", desk.Inspected())
	}
}

func TestUnansweredPointsAreRecordedAsTheClerkGoesOn(t *testing.T) {
	w, f, desk := opened(t, history.InspectionOffered)
	left := false
	f.Leave(func() { left = true })
	if !left || len(desk.Inspected()) != 0 {
		t.Error("an inspection without an answer was recorded, or keeps the clerk")
	}
	f.tap(0, history.InspectionYes)
	left = false
	f.Leave(func() { left = true })
	w.Until(t, "the next person", func() bool { return left })
	if got := desk.Inspected(); len(got) != 1 || got[0].Points[0].Answer != history.InspectionYes ||
		got[0].Points[2].Answer != history.InspectionUnanswered {
		t.Errorf("%+v", got)
	}
}

func TestInADialog(t *testing.T) {
	w, f, _ := opened(t, history.InspectionOff) // as it is now; the check was made under another setting
	done := 0
	f.Show(func() { done++ })
	if w.Win.Canvas().Focused() != f.answers[0].Buttons["yes"] {
		t.Error("the keys are not at the first answer")
	}
	for i := range f.answers {
		f.tap(i, history.InspectionYes)
	}
	w.Until(t, "the end", func() bool { return done == 1 })
	if w.Win.Canvas().Overlays().Top() != nil {
		t.Error("the dialog stays")
	}
}

func TestEveryReasonAndAnswerHasItsWords(t *testing.T) {
	words := kittest.English(t)
	var keys []string
	for _, r := range history.InspectionReasons {
		keys = append(keys, "inspect.reason."+r)
	}
	for _, s := range history.InspectionStates {
		keys = append(keys, "inspected.state."+string(s), "find.inspection."+string(s))
	}
	for _, p := range history.InspectionPoints {
		keys = append(keys, "inspect."+p)
	}
	for _, u := range history.InspectionUses {
		keys = append(keys, "settings.inspection."+string(u))
	}
	for _, key := range append(keys, "inspect.answer.yes", "inspect.answer.no", "inspect.answer.unanswered",
		"inspect.recorded.clear", "inspect.recorded.objection", "inspect.waits", "inspect.waits_reason") {
		if words.T(key) == key {
			t.Errorf("no words for %s", key)
		}
	}
}
