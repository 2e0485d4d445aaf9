package views

import (
	"context"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// dialogText is everything that can be read in the dialog on top.
func (w *shownWindow) dialogText() string { return kittest.Readable(w.win.Canvas().Overlays().Top()) }

// referred shows a referral's result.
func referred(t *testing.T, desk *fakeDesk) *shownWindow {
	t.Helper()
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return kittest.Compared(history.Refer, 70), nil
	}
	w := open(t, desk, "")
	if !w.gate.open {
		w.enterAs(t, "olga")
	}
	ready(t, w)
	w.check.Begin()
	w.until(t, "a result", func() bool { return w.check.HasResult() })
	return w
}

func TestAReferralIsDecidedWhereItIsShown(t *testing.T) {
	desk := newFakeDesk()
	w := referred(t, desk)
	if !strings.Contains(w.text(), w.Words.T("deciding.asked")) {
		t.Errorf("no decision is asked for: %q", w.text())
	}
	test.Tap(kittest.ButtonOf(t, w.check.Content, w.Words.T("deciding.approve")))
	reason, _ := w.win.Canvas().Focused().(*kit.Choice)
	if reason == nil {
		t.Fatal("the choice is to be made again")
	}
	reason.SetSelectedIndex(0)
	test.Tap(w.onTop(t, "deciding.record"))
	w.until(t, "the record", func() bool { return len(desk.Recorded()) == 1 && w.win.Canvas().Overlays().Top() == nil })
	if desk.Decided[0].Check != "chk_1" {
		t.Errorf("decided %+v", desk.Decided)
	}
	if text := w.text(); !strings.Contains(text, w.Words.T("decision.approved")) ||
		!strings.Contains(text, "REFER") || strings.Contains(text, w.Words.T("deciding.asked")) {
		t.Errorf("the result says %q", text)
	}
	w.press(t, fyne.KeyN)
	if w.check.HasResult() {
		t.Error("a decided referral is asked for again")
	}
}

func TestNewCheckAsksForTheDecision(t *testing.T) {
	w := referred(t, newFakeDesk())
	w.press(t, fyne.KeyN)
	if !w.check.HasResult() || !strings.Contains(w.dialogText(), w.Words.T("open.text")) {
		t.Fatal("the referral is left without a word")
	}
	w.escape()
	if !w.check.HasResult() {
		t.Error("Escape leaves the referral")
	}
	test.Tap(kittest.ButtonOf(t, w.check.Content, w.Words.T("result.new")))
	test.Tap(kittest.ButtonOf(t, w.win.Canvas().Overlays().Top(), w.Words.T("open.decide")))
	if !strings.Contains(w.dialogText(), w.Words.T("deciding.decision")) {
		t.Error("no decision is asked for")
	}
	w.escape()
	w.press(t, fyne.KeyN)
	test.Tap(kittest.ButtonOf(t, w.win.Canvas().Overlays().Top(), w.Words.T("open.leave")))
	if w.check.HasResult() || w.win.Canvas().Overlays().Top() != nil {
		t.Error("it cannot be left open")
	}
}

func TestAPassCanBeOverridden(t *testing.T) {
	desk := staffedDesk()
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return kittest.Compared(history.Pass, 90.5), nil
	}
	w := open(t, desk, "")
	w.enterAs(t, "olga")
	ready(t, w)
	w.check.Begin()
	w.until(t, "a result", func() bool { return w.check.HasResult() })
	test.Tap(kittest.ButtonOf(t, w.check.Content, w.Words.T("deciding.override_button")))
	if !strings.Contains(w.dialogText(), w.Words.T("deciding.second")) || !strings.Contains(w.dialogText(), "90.50 %") {
		t.Errorf("the dialog says %q", w.dialogText())
	}
	w.escape()
	w.press(t, fyne.KeyN)
	if w.check.HasResult() {
		t.Error("a pass waits for a decision")
	}
}
