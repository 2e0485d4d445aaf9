package views

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/operators"
)

// decisionDesk is what a decision needs of the desk.
type decisionDesk interface {
	NeedsSecond(row history.Row) bool
	SingleUser() bool
	Seconds() []string
	Decide(ctx context.Context, in app.DecisionInput) error
}

// decisionForm is what a person decides about a check, with the reason.
type decisionForm struct {
	parts
	desk decisionDesk
	row  history.Row
	now  func() time.Time

	OnDone func(app.DecisionInput) // the decision is recorded

	two       bool // a second person is needed
	reasons   []string
	recording *job
	wait      wait  // of the second one
	fault     error // why it was not recorded

	choice         *radio
	reason         *choice
	note           *entry
	second         *combo
	passphrase     *entry
	shower         *check
	said           *widget.Label
	cancel, record *button
	content        *fyne.Container
	dialog         *dialog.CustomDialog
}

func newDecisionForm(p parts, desk decisionDesk, row history.Row, now func() time.Time) *decisionForm {
	f := &decisionForm{parts: p, desk: desk, row: row, now: now, two: desk.NeedsSecond(row)}
	t := p.words.T
	changed := func(string) { f.typed() }
	f.choice = p.keys.radio([]string{string(history.Approve), string(history.Reject)},
		func(v string) string { return t("deciding.choice." + v) }, f.chosen)
	f.reason = p.keys.choice(changed)
	f.reason.PlaceHolder = t("deciding.reason_choose")
	f.note = p.keys.text(2, changed)
	f.note.Wrapping = fyne.TextWrapWord
	f.note.TextStyle.Monospace = false
	f.second, f.passphrase = p.keys.combo(changed), p.keys.password(changed)
	f.shower = p.keys.shower(t("signin.show"), f.passphrase)
	f.passphrase.OnSubmitted = func(string) { f.store() }
	f.said = wrapped("")
	f.cancel = p.keys.button(t("button.cancel"), theme.CancelIcon(), nil)
	f.record = p.keys.button(t("deciding.record"), theme.ConfirmIcon(), f.store)
	f.record.Importance = widget.HighImportance
	f.lay()
	f.update()
	return f
}

// show asks for the decision in a dialog, with a choice made already or none.
func (f *decisionForm) show(chosen history.Choice) {
	f.dialog = f.ask("deciding.title", f.content, dialogWidth, f.cancel, f.record)
	f.dialog.SetOnClosed(func() { f.keys.done(f.passphrase) })
	f.cancel.OnTapped = f.dialog.Dismiss
	if chosen != "" {
		f.choice.set(string(chosen))
		f.chosen()
		f.focusAny(f.reason)
	} else {
		f.focusAny(f.choice.buttons[string(history.Approve)])
	}
}

func (f *decisionForm) lay() {
	t := f.words.T
	f.content = container.NewVBox(f.machine())
	if f.two {
		warning := wrapped(f.warning())
		warning.Importance = widget.WarningImportance
		f.content.Add(container.NewBorder(nil, nil, container.NewCenter(widget.NewIcon(theme.WarningIcon())), nil, warning))
	}
	form := container.New(layout.NewFormLayout(),
		widget.NewLabel(t("deciding.decision")), f.choice.row,
		widget.NewLabel(t("deciding.reason")), f.reason,
		widget.NewLabel(t("deciding.note")), f.note,
	)
	if f.two {
		form.Add(widget.NewLabel(t("deciding.second")))
		form.Add(f.second)
		if !f.desk.SingleUser() {
			form.Add(widget.NewLabel(t("deciding.passphrase")))
			form.Add(f.passphrase)
			form.Add(widget.NewLabel(""))
			form.Add(f.shower)
			f.seconds()
		}
	}
	f.content.Add(form)
	if f.two && f.desk.SingleUser() {
		f.content.Add(small(t("deciding.unverified")))
	}
	f.content.Add(f.said)
}

// machine is the check's own result, which stays.
func (f *decisionForm) machine() fyne.CanvasObject {
	l := lookOf(f.row.Outcome)
	what := f.words.T("deciding.machine", "Time", date(f.row.At))
	if f.row.Score != nil {
		what = f.words.T("deciding.machine_score", "Time", date(f.row.At), "Score", f.words.percent(float64(*f.row.Score)/100))
	}
	if name := f.row.Name; name != "" {
		what = name + "\n" + what
	}
	return container.NewBorder(nil, nil,
		container.NewHBox(container.NewCenter(newShape(l, 28)), coloured(f.words.T(app.OutcomeKey(f.row.Outcome)), l.color, theme.SizeNameSubHeadingText)),
		nil, container.New(middle{}, wrapped(what)))
}

// warning says why a second person is needed.
func (f *decisionForm) warning() string {
	if f.row.Decision == history.Approved || f.row.Decision == history.Rejected {
		return f.words.T("deciding.again", "Decision", f.words.T("decision."+string(f.row.Decision)))
	}
	return f.words.T("deciding.override", "Outcome", f.words.T(app.OutcomeKey(f.row.Outcome)))
}

// seconds fills the list of those who may agree.
func (f *decisionForm) seconds() {
	f.work.start(func(context.Context) {
		names := f.desk.Seconds()
		f.work.do(func() { f.second.SetOptions(names) })
	})
}

// chosen offers the reasons of the choice that was made.
func (f *decisionForm) chosen() {
	f.reasons = history.Reasons[history.Choice(f.choice.value)]
	options := make([]string, len(f.reasons))
	for i, r := range f.reasons {
		options[i] = decisionReason(f.words, history.Choice(f.choice.value), r)
	}
	f.reason.Selected = ""
	f.reason.SetOptions(options)
	f.update()
}

// decisionReason is a decision's reason in words.
func decisionReason(w words, c history.Choice, reason string) string {
	key := "reason." + string(c) + "." + reason
	if !w.Has(key) { // recorded by another version of the program
		return reason
	}
	return w.T(key)
}

func (f *decisionForm) input() app.DecisionInput {
	in := app.DecisionInput{
		Check: f.row.Check, Choice: history.Choice(f.choice.value), Note: strings.TrimSpace(f.note.Text),
	}
	if i := f.reason.SelectedIndex(); i >= 0 && i < len(f.reasons) {
		in.Reason = f.reasons[i]
	}
	if f.two {
		in.Second, in.Passphrase = strings.TrimSpace(f.second.Text), f.passphrase.Text
	}
	return in
}

// missing says what a decision still needs; empty: nothing.
func (f *decisionForm) missing() string {
	in := f.input()
	switch {
	case in.Choice == "":
		return "deciding.missing_choice"
	case in.Reason == "":
		return "deciding.missing_reason"
	case in.Reason == history.ReasonOther && in.Note == "":
		return "deciding.missing_note"
	case f.two && in.Second == "":
		return "deciding.missing_second"
	case f.two && !f.desk.SingleUser() && in.Passphrase == "":
		return "deciding.missing_passphrase"
	}
	return ""
}

func (f *decisionForm) update() {
	if f.record == nil { // it is being made
		return
	}
	missing, waits := f.missing(), f.wait.left(f.second.Text, f.now()) > 0
	enable(f.record, missing == "" && f.recording == nil && !waits)
	switch {
	case f.recording != nil || waits || f.fault != nil: // what is said stays
	case missing != "":
		say(f.said, f.words.T(missing), widget.MediumImportance)
	default:
		say(f.said, f.words.T("deciding.ready"), widget.MediumImportance)
	}
}

// typed is what update is after a change: what went wrong before counts no more.
func (f *decisionForm) typed() {
	f.fault = nil
	f.update()
}

// store records the decision. Closing the window must not cut it.
func (f *decisionForm) store() {
	if f.record.Disabled() {
		return
	}
	in := f.input()
	f.fault = nil
	say(f.said, f.words.T("deciding.recording"), widget.MediumImportance)
	f.recording = f.work.start(func(ctx context.Context) {
		err := f.desk.Decide(context.WithoutCancel(ctx), in)
		f.work.do(func() { f.stored(in, err) })
	})
	f.update()
}

func (f *decisionForm) stored(in app.DecisionInput, err error) {
	f.recording = nil
	if err == nil {
		f.dialog.Hide()
		f.OnDone(in)
		return
	}
	f.log("decision", err)
	f.passphrase.SetText("")
	f.fault = err
	say(f.said, f.words.problem(err), widget.DangerImportance)
	f.wait.begin(in.Second, err, f.now())
	f.update()
	if app.IsProblem(err, operators.KeyWrong, operators.KeyWait) {
		f.focusAny(f.passphrase)
	}
}

// tick counts down to the second one's next attempt.
func (f *decisionForm) tick(now time.Time) {
	if f == nil {
		return
	}
	if text, counts := f.wait.tick(f.words, f.second.Text, now); counts {
		if text == "" {
			f.fault = nil
		} else {
			say(f.said, text, widget.DangerImportance)
		}
		f.update()
	}
}
