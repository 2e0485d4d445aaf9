package records

import (
	"context"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit/kittest"
)

// A session is put on hold from the detail, which says so above all else, and why.
func TestALegalHold(t *testing.T) {
	desk := newRecordsFake()
	held := func() *history.Holding {
		holds, _ := desk.Holds(t.Context())
		if len(holds) == 0 {
			return nil
		}
		shown := holds[0]
		shown.Note = "" // as Show gives it
		return &shown
	}
	desk.OnDetail = func(_ context.Context, check string) (history.Detail, error) {
		d := someDetail(check)
		d.Hold = held()
		return d, nil
	}
	w, h := openedHistory(t, desk)
	h.open("chk_70")
	w.Until(t, "the check", func() bool { return h.detail != nil })
	answer := func(button, reason, do string) {
		t.Helper()
		test.Tap(h.detail.Hold)
		if h.detail.Hold.Text != w.Words.T(button) {
			t.Errorf("the button says %q", h.detail.Hold.Text)
		}
		top := w.Win.Canvas().Overlays().Top()
		ok := kittest.ButtonOf(t, top, w.Words.T(do))
		if !ok.Disabled() || !strings.Contains(w.DialogText(), w.Words.T("hold.why")) {
			t.Error("no reason is needed")
		}
		kittest.EntryBeside(t, top, w.Words.T("hold.reason")).SetText(reason)
		test.Tap(ok)
	}
	answer("detail.hold", "Case 12/26", "hold.do")
	w.Until(t, "the hold", func() bool { return strings.Contains(kittest.Readable(h.detail), "Note: Case 12/26") })
	if text := kittest.Readable(h.detail); !strings.Contains(text, "On legal hold since") {
		t.Errorf("the detail says:\n%s", text)
	}
	answer("detail.lift", "Closed", "hold.do_lift")
	w.Until(t, "its end", func() bool { return !strings.Contains(kittest.Readable(h.detail), "On legal hold") })
}

// Only administrators hold, auditors also gather what is kept of a person, and of another history
// neither can be done.
func TestWhoMayHoldAndGather(t *testing.T) {
	for name, can := range map[string]struct{ hold, person bool }{
		"olga": {}, "ruth": {}, "axel": {person: true}, "ada": {hold: true, person: true},
	} {
		desk := newRecordsFake()
		desk.Staff = kittest.Staffed()
		desk.SignedIn = name
		theirs := newRecordsFake()
		desk.OnOpen = func(string) (app.OtherHistory, error) { return &otherDesk{History: theirs.History}, nil }
		w, h := openedHistory(t, desk)
		h.open("chk_70")
		w.Until(t, "the check", func() bool { return h.detail != nil })
		if (h.detail.Hold != nil) != can.hold || (h.detail.Person != nil) != can.person {
			t.Errorf("%s: hold %v, everything about a person %v", name, h.detail.Hold != nil, h.detail.Person != nil)
		}
		h.OpenFile("/media/history.db")
		w.Until(t, "the other history", func() bool { return h.Other != nil && len(h.rows) > 0 })
		h.open(h.rows[0].Check)
		w.Until(t, "their check", func() bool { return h.detail != nil })
		if h.detail.Hold != nil || h.detail.Person != nil {
			t.Errorf("%s holds or gathers what belongs to another desk", name)
		}
		h.OpenPerson()
		if h.fault.Text != w.Words.T("person.own_only") {
			t.Errorf("%s is told %q", name, h.fault.Text)
		}
	}
}

// Whom it is about is known from the check that is open.
func TestWhomItIsAbout(t *testing.T) {
	w, h := openedHistory(t, newRecordsFake())
	var asked []app.SubjectInput
	h.hooks.Person = func(whom app.SubjectInput) { asked = append(asked, whom) }
	h.OpenPerson()
	h.open("chk_70")
	w.Until(t, "the check", func() bool { return h.detail != nil })
	h.OpenPerson()
	test.Tap(h.detail.Person)
	if len(asked) != 3 || asked[0].Name != "" || len(asked[0].Sessions) != 0 || asked[1].Name != "Ana" ||
		asked[1].Sessions[0] != "sess_1" || asked[2].Name != "Ana" {
		t.Errorf("asked for %+v", asked)
	}
}

// What was erased is not shown any longer.
func TestWhatWasErasedIsReadAnew(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	h.open("chk_70")
	w.Until(t, "the check", func() bool { return h.detail != nil })
	desk.OnDetail = func(_ context.Context, check string) (history.Detail, error) {
		d := someDetail(check)
		d.Name, d.Erased = "", true
		return d, nil
	}
	h.Erased()
	w.Until(t, "the erasure", func() bool {
		return strings.Contains(kittest.Readable(h.detail), w.Words.T("detail.name_erased"))
	})
}
