package decide

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// asked opens the decision about a check at a desk where somebody is signed in. done
// counts the decisions that were recorded.
func asked(
	t *testing.T, desk *kittest.Staff, signedIn string, row history.Row,
) (w *kittest.Window, f *Form, done *int) {
	t.Helper()
	desk.SignedIn = signedIn
	row.Check, row.At = "chk_1", time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	w, done = kittest.Open(t), new(int)
	f = New(w.Parts, desk, row, time.Now)
	f.OnDone = func(app.DecisionInput) { *done++ }
	f.Show("")
	return w, f, done
}

func TestADecisionNeedsItsReason(t *testing.T) {
	desk := kittest.Staffed()
	score := int64(7120)
	w, f, done := asked(t, desk, "olga", history.Row{
		Outcome: history.Refer, Decision: history.Undecided, Score: &score, Name: "Ada Lovelace",
	})
	wants := func(key string) {
		t.Helper()
		if f.said.Text != w.Words.T(key) || !f.record.Disabled() {
			t.Errorf("it says %q where %s is missing; recordable: %v", f.said.Text, key, !f.record.Disabled())
		}
	}
	for _, want := range []string{"REFER", "71.20 %", "Ada Lovelace"} {
		if !strings.Contains(w.DialogText(), want) {
			t.Errorf("the dialog lacks %q", want)
		}
	}
	if f.two || f.second.Visible() && strings.Contains(w.DialogText(), w.Words.T("deciding.second")) {
		t.Error("a referral's first decision asks for a second person")
	}
	wants("deciding.missing_choice")
	f.choice.Buttons["approve"].OnTapped()
	wants("deciding.missing_reason")
	if got := len(f.reason.Options); got != len(history.Reasons[history.Approve]) {
		t.Errorf("%d reasons to approve", got)
	}
	f.reason.SetSelectedIndex(0)
	if f.record.Disabled() {
		t.Error("it cannot be recorded")
	}
	f.choice.Buttons["reject"].OnTapped() // whose reasons are others
	wants("deciding.missing_reason")
	f.reason.SetSelectedIndex(len(f.reason.Options) - 1)
	wants("deciding.missing_note")
	f.note.SetText(" \n")
	wants("deciding.missing_note")
	f.note.SetText(" Not the person on the card. ")

	desk.OnDecide = func(app.DecisionInput) error { return &app.Problem{Key: "store.check_decided"} }
	test.Tap(f.record)
	w.Until(t, "the fault", func() bool { return strings.Contains(f.said.Text, w.Words.T("store.check_decided")) })
	if f.record.Disabled() || *done != 0 || w.Win.Canvas().Overlays().Top() == nil {
		t.Error("what was typed is lost, or cannot be tried again")
	}
	desk.OnDecide = nil
	test.Tap(f.record)
	w.Until(t, "the record", func() bool { return *done == 1 })
	want := app.DecisionInput{
		Check: "chk_1", Choice: history.Reject, Reason: history.ReasonOther, Note: "Not the person on the card.",
	}
	if len(desk.Decided) != 1 || desk.Decided[0] != want || w.Win.Canvas().Overlays().Top() != nil {
		t.Errorf("recorded %+v", desk.Decided)
	}
}

func TestASecondPersonAgrees(t *testing.T) {
	for name, row := range map[string]history.Row{
		"a pass": {Outcome: history.Pass}, "a fail": {Outcome: history.Fail},
		"an approved referral": {Outcome: history.Refer, Decision: history.Approved}, "a rejected one": {
			Outcome: history.Refer, Decision: history.Rejected,
		},
	} {
		t.Run(name, func(t *testing.T) {
			desk := kittest.Staffed()
			desk.OnDecide = func(in app.DecisionInput) error {
				if in.Passphrase != "ruth" {
					return &app.Problem{Key: "operators.wrong", Params: map[string]any{"Seconds": 2}}
				}
				return nil
			}
			w, f, _ := asked(t, desk, "olga", row)
			warning := w.Words.T("deciding.override", "Outcome", w.Words.T(app.OutcomeKey(row.Outcome)))
			if row.Decision != "" {
				warning = w.Words.T("deciding.again", "Decision", w.Words.T("decision."+string(row.Decision)))
			}
			if !strings.Contains(w.DialogText(), warning) {
				t.Errorf("nothing warns: %q", w.DialogText())
			}
			f.choice.Buttons["reject"].OnTapped()
			f.reason.SetSelectedIndex(1)
			if f.said.Text != w.Words.T("deciding.missing_second") || !f.record.Disabled() {
				t.Errorf("without a second person: %q", f.said.Text)
			}
			f.second.SetText("ruth")
			if f.said.Text != w.Words.T("deciding.missing_passphrase") || !f.record.Disabled() {
				t.Errorf("without their passphrase: %q", f.said.Text)
			}
			now := time.Now()
			f.now = func() time.Time { return now }
			f.passphrase.SetText("olga")
			f.passphrase.OnSubmitted("")
			w.Until(t, "the refusal", func() bool { return strings.Contains(f.said.Text, w.Words.T("operators.wrong")) })
			if f.passphrase.Text != "" || w.Win.Canvas().Focused() != f.passphrase {
				t.Error("the passphrase is not asked for again")
			}
			f.passphrase.SetText("ruth")
			if !f.record.Disabled() {
				t.Error("the wait is not kept")
			}
			now = now.Add(3 * time.Second)
			f.Tick(now)
			f.record.OnTapped()
			w.Until(t, "the record", func() bool { return w.Win.Canvas().Overlays().Top() == nil })
			if got := desk.Decided; len(got) != 1 || got[0].Second != "ruth" {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}

func TestWhoMayBeTheSecond(t *testing.T) {
	w, f, _ := asked(t, kittest.Staffed(), "ruth", history.Row{Outcome: history.Pass})
	var offered []string
	w.Until(t, "the names", func() bool {
		f.second.ActionItem.(*kit.TapIcon).Tapped(nil)
		top := w.Win.Canvas().Overlays().Top()
		offered = strings.Fields(kittest.Readable(top))
		w.Win.Canvas().Overlays().Remove(top)
		return len(offered) > 0
	})
	if !slices.Equal(offered, []string{"ada"}) {
		t.Errorf("offered are %v: neither oneself nor who may not", offered)
	}
}

func TestASecondNameWithoutOperators(t *testing.T) {
	desk := &kittest.Staff{}
	w, f, _ := asked(t, desk, "", history.Row{Outcome: history.Fail})
	if text := w.DialogText(); !strings.Contains(text, w.Words.T("deciding.unverified")) ||
		strings.Contains(text, w.Words.T("deciding.passphrase")) {
		t.Errorf("the dialog says %q", text)
	}
	f.choice.Buttons["approve"].OnTapped()
	f.reason.SetSelectedIndex(0)
	f.second.SetText("Ben")
	test.Tap(f.record)
	w.Until(t, "the record", func() bool { return len(desk.Recorded()) == 1 })
	if got := desk.Decided[0]; got.Second != "Ben" || got.Passphrase != "" {
		t.Errorf("recorded %+v", got)
	}
}

func TestTabReachesTheDecision(t *testing.T) {
	w, f, _ := asked(t, kittest.Staffed(), "olga", history.Row{Outcome: history.Pass})
	f.choice.Buttons["approve"].OnTapped()
	f.reason.SetSelectedIndex(0)
	f.second.SetText("ruth")
	f.passphrase.SetText("ruth")
	seen := kittest.Tabbed(t, w.Win.Canvas())
	for name, c := range map[string]fyne.Focusable{
		"approve": f.choice.Buttons["approve"], "reject": f.choice.Buttons["reject"], "reason": f.reason, "note": f.note,
		"second": f.second, "passphrase": f.passphrase, "show": f.shower, "cancel": f.cancel, "record": f.record,
	} {
		if !seen[c] {
			t.Errorf("Tab does not reach %s", name)
		}
	}
}

// Where nothing was compared, the form has one choice: how two people know who this is.
func TestIdentify(t *testing.T) {
	desk := kittest.Staffed()
	w, f, done := asked(t, desk, "olga", history.Row{Outcome: history.NotCompared})
	text := w.DialogText()
	if strings.Contains(text, w.Words.T("deciding.decision")) ||
		!strings.Contains(text, w.Words.T("identify.warning")) || !f.two {
		t.Errorf("the dialog says %q", text)
	}
	if got := len(f.reason.Options); got != len(history.Reasons[history.Identify]) {
		t.Errorf("%d ways to identify", got)
	}
	f.reason.SetSelectedIndex(1)
	if f.said.Text != w.Words.T("deciding.missing_how") {
		t.Errorf("it says %q", f.said.Text)
	}
	f.note.SetText("passport 2")
	f.second.SetText("ruth")
	f.passphrase.SetText("ruth")
	test.Tap(f.record)
	w.Until(t, "the record", func() bool { return *done == 1 })
	want := app.DecisionInput{
		Check: "chk_1", Choice: history.Identify, Reason: "second_document", Note: "passport 2", Second: "ruth",
		Passphrase: "ruth",
	}
	if len(desk.Decided) != 1 || desk.Decided[0] != want {
		t.Errorf("recorded %+v", desk.Decided)
	}
}

// A person who is not compared at all is recorded with why.
func TestIdentifyWithoutACheck(t *testing.T) {
	desk := kittest.Staffed()
	desk.SignedIn = "olga"
	w := kittest.Open(t)
	f := NewWithout(w.Parts, desk, app.IdentifyInput{Name: "Ada Lovelace", Minor: true}, time.Now)
	done := 0
	f.OnDone = func(app.DecisionInput) { done++ }
	f.Show("")
	if f.said.Text != w.Words.T("identify.missing_why") ||
		strings.Contains(w.DialogText(), w.Words.T("deciding.decision")) {
		t.Errorf("the dialog says %q, %q", f.said.Text, w.DialogText())
	}
	f.why.Buttons["check.consent_refused"].OnTapped()
	f.reason.SetSelectedIndex(0)
	f.note.SetText("their passport")
	f.second.SetText("ruth")
	f.passphrase.SetText("ruth")
	test.Tap(f.record)
	w.Until(t, "the record", func() bool { return done == 1 })
	got := desk.Identifications[0]
	if got.Why != "check.consent_refused" || got.Name != "Ada Lovelace" || !got.Minor || got.Decision.Second != "ruth" ||
		len(desk.Decided) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestEveryWayToIdentifyHasItsWords(t *testing.T) {
	words := kittest.English(t)
	for choice, reasons := range history.Reasons {
		for _, r := range reasons {
			if key := "reason." + string(choice) + "." + r; words.T(key) == key {
				t.Errorf("no words for %s", key)
			}
		}
	}
	for _, key := range history.WhyNotCompared {
		if words.T(key) == key {
			t.Errorf("no words for %s", key)
		}
	}
}
