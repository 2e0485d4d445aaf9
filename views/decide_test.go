package views

import (
	"context"
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

// asked opens the decision about a check and gives its form.
func (w *shownWindow) asked(row history.Row) *decisionForm {
	row.Check, row.At = "chk_1", time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	w.openDecision(row, func() {})
	return w.deciding
}

// dialogText is everything that can be read in the dialog on top.
func (w *shownWindow) dialogText() string { return kittest.Readable(w.win.Canvas().Overlays().Top()) }

func TestADecisionNeedsItsReason(t *testing.T) {
	desk := staffedDesk()
	w := open(t, desk, "")
	w.enterAs(t, "olga")
	done := 0
	score := int64(7120)
	w.openDecision(history.Row{Check: "chk_1", Outcome: history.Refer, Decision: history.Undecided, Score: &score, Name: "Ada Lovelace"}, func() { done++ })
	f := w.deciding
	wants := func(key string) {
		t.Helper()
		if f.said.Text != w.Words.T(key) || !f.record.Disabled() {
			t.Errorf("it says %q where %s is missing; recordable: %v", f.said.Text, key, !f.record.Disabled())
		}
	}
	for _, want := range []string{"REFER", "71.20 %", "Ada Lovelace"} {
		if !strings.Contains(w.dialogText(), want) {
			t.Errorf("the dialog lacks %q", want)
		}
	}
	if f.two || f.second.Visible() && strings.Contains(w.dialogText(), w.Words.T("deciding.second")) {
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
	w.until(t, "the fault", func() bool { return strings.Contains(f.said.Text, w.Words.T("store.check_decided")) })
	if f.record.Disabled() || done != 0 || w.win.Canvas().Overlays().Top() == nil {
		t.Error("what was typed is lost, or cannot be tried again")
	}
	desk.OnDecide = nil
	test.Tap(f.record)
	w.until(t, "the record", func() bool { return done == 1 })
	want := app.DecisionInput{Check: "chk_1", Choice: history.Reject, Reason: history.ReasonOther, Note: "Not the person on the card."}
	if len(desk.Decided) != 1 || desk.Decided[0] != want || w.win.Canvas().Overlays().Top() != nil {
		t.Errorf("recorded %+v", desk.Decided)
	}
}

func TestASecondPersonAgrees(t *testing.T) {
	for name, row := range map[string]history.Row{
		"a pass": {Outcome: history.Pass}, "a fail": {Outcome: history.Fail},
		"an approved referral": {Outcome: history.Refer, Decision: history.Approved}, "a rejected one": {Outcome: history.Refer, Decision: history.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			desk := staffedDesk()
			desk.OnDecide = func(in app.DecisionInput) error {
				if in.Passphrase != "ruth" {
					return &app.Problem{Key: "operators.wrong", Params: map[string]any{"Seconds": 2}}
				}
				return nil
			}
			w := open(t, desk, "")
			w.enterAs(t, "olga")
			f := w.asked(row)
			warning := w.Words.T("deciding.override", "Outcome", w.Words.T(app.OutcomeKey(row.Outcome)))
			if row.Decision != "" {
				warning = w.Words.T("deciding.again", "Decision", w.Words.T("decision."+string(row.Decision)))
			}
			if !strings.Contains(w.dialogText(), warning) {
				t.Errorf("nothing warns: %q", w.dialogText())
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
			w.until(t, "the refusal", func() bool { return strings.Contains(f.said.Text, w.Words.T("operators.wrong")) })
			if f.passphrase.Text != "" || w.win.Canvas().Focused() != f.passphrase {
				t.Error("the passphrase is not asked for again")
			}
			f.passphrase.SetText("ruth")
			if !f.record.Disabled() {
				t.Error("the wait is not kept")
			}
			now = now.Add(3 * time.Second)
			f.tick(now)
			f.record.OnTapped()
			w.until(t, "the record", func() bool { return w.win.Canvas().Overlays().Top() == nil })
			if got := desk.Decided; len(got) != 1 || got[0].Second != "ruth" {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}

func TestWhoMayBeTheSecond(t *testing.T) {
	w := open(t, staffedDesk(), "")
	w.enterAs(t, "ruth")
	f := w.asked(history.Row{Outcome: history.Pass})
	var offered []string
	w.until(t, "the names", func() bool {
		f.second.ActionItem.(*kit.TapIcon).Tapped(nil)
		top := w.win.Canvas().Overlays().Top()
		offered = strings.Fields(kittest.Readable(top))
		w.win.Canvas().Overlays().Remove(top)
		return len(offered) > 0
	})
	if !slices.Equal(offered, []string{"ada"}) {
		t.Errorf("offered are %v: neither oneself nor who may not", offered)
	}
}

func TestASecondNameWithoutOperators(t *testing.T) {
	desk := newFakeDesk()
	w := open(t, desk, "")
	f := w.asked(history.Row{Outcome: history.Fail})
	if text := w.dialogText(); !strings.Contains(text, w.Words.T("deciding.unverified")) || strings.Contains(text, w.Words.T("deciding.passphrase")) {
		t.Errorf("the dialog says %q", text)
	}
	f.choice.Buttons["approve"].OnTapped()
	f.reason.SetSelectedIndex(0)
	f.second.SetText("Ben")
	test.Tap(f.record)
	w.until(t, "the record", func() bool { return len(desk.Recorded()) == 1 })
	if got := desk.Decided[0]; got.Second != "Ben" || got.Passphrase != "" {
		t.Errorf("recorded %+v", got)
	}
}

// referred shows a referral's result.
func referred(t *testing.T, desk *fakeDesk) *shownWindow {
	t.Helper()
	desk.check = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return compared(history.Refer, 70), nil
	}
	w := open(t, desk, "")
	if !w.gate.open {
		w.enterAs(t, "olga")
	}
	ready(t, w)
	w.check.begin()
	w.until(t, "a result", func() bool { return w.check.result != nil })
	return w
}

func TestAReferralIsDecidedWhereItIsShown(t *testing.T) {
	desk := newFakeDesk()
	w := referred(t, desk)
	if !strings.Contains(w.text(), w.Words.T("deciding.asked")) {
		t.Errorf("no decision is asked for: %q", w.text())
	}
	test.Tap(kittest.ButtonOf(t, w.check.result, w.Words.T("deciding.approve")))
	f := w.deciding
	if f.choice.Value != "approve" || w.win.Canvas().Focused() != f.reason {
		t.Error("the choice is to be made again")
	}
	f.reason.SetSelectedIndex(0)
	test.Tap(f.record)
	w.until(t, "the record", func() bool { return len(desk.Recorded()) == 1 && w.win.Canvas().Overlays().Top() == nil })
	if desk.Decided[0].Check != "chk_1" {
		t.Errorf("decided %+v", desk.Decided)
	}
	if text := w.text(); !strings.Contains(text, w.Words.T("decision.approved")) || !strings.Contains(text, "REFER") || strings.Contains(text, w.Words.T("deciding.asked")) {
		t.Errorf("the result says %q", text)
	}
	w.press(t, fyne.KeyN)
	if w.check.result != nil {
		t.Error("a decided referral is asked for again")
	}
}

func TestNewCheckAsksForTheDecision(t *testing.T) {
	w := referred(t, newFakeDesk())
	w.press(t, fyne.KeyN)
	if w.check.result == nil || !strings.Contains(w.dialogText(), w.Words.T("open.text")) {
		t.Fatal("the referral is left without a word")
	}
	w.escape()
	if w.check.result == nil {
		t.Error("Escape leaves the referral")
	}
	test.Tap(kittest.ButtonOf(t, w.check.result, w.Words.T("result.new")))
	test.Tap(kittest.ButtonOf(t, w.win.Canvas().Overlays().Top(), w.Words.T("open.decide")))
	if !strings.Contains(w.dialogText(), w.Words.T("deciding.decision")) {
		t.Error("no decision is asked for")
	}
	w.escape()
	w.press(t, fyne.KeyN)
	test.Tap(kittest.ButtonOf(t, w.win.Canvas().Overlays().Top(), w.Words.T("open.leave")))
	if w.check.result != nil || w.win.Canvas().Overlays().Top() != nil {
		t.Error("it cannot be left open")
	}
}

func TestAPassCanBeOverridden(t *testing.T) {
	desk := staffedDesk()
	desk.check = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return compared(history.Pass, 90.5), nil
	}
	w := open(t, desk, "")
	w.enterAs(t, "olga")
	ready(t, w)
	w.check.begin()
	w.until(t, "a result", func() bool { return w.check.result != nil })
	test.Tap(kittest.ButtonOf(t, w.check.result, w.Words.T("deciding.override_button")))
	if !w.deciding.two || !strings.Contains(w.dialogText(), "90.50 %") {
		t.Errorf("the dialog says %q", w.dialogText())
	}
	w.escape()
	w.press(t, fyne.KeyN)
	if w.check.result != nil {
		t.Error("a pass waits for a decision")
	}
}
