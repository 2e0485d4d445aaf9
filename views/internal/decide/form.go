// Package decide is the form in which people decide about a check: one person about a
// referral, two about anything else, and two about who somebody is whom the program has not
// compared.
package decide

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
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

// Desk is what a decision needs of the desk.
type Desk interface {
	NeedsSecond(row history.Row) bool
	SingleUser() bool
	Seconds() []string
	Decide(ctx context.Context, in app.DecisionInput) error
	Identify(ctx context.Context, in app.IdentifyInput) error
}

// Form is what a person decides about a check, with the reason.
type Form struct {
	kit.Parts
	desk Desk
	row  history.Row
	now  func() time.Time

	OnDone func(app.DecisionInput) // the decision is recorded

	two       bool               // a second person is needed
	identify  bool               // the one choice is to say how the person was identified
	without   *app.IdentifyInput // an identification without a check; nil otherwise
	reasons   []string
	recording *kit.Job
	wait      kit.Wait // of the second one
	fault     error    // why it was not recorded

	choice         *kit.Radio
	why            *kit.Radio // why there is no check
	reason         *kit.Choice
	note           *kit.Entry
	second         *kit.Combo
	passphrase     *kit.Entry
	shower         *kit.Check
	said           *widget.Label
	cancel, record *kit.Button
	content        *fyne.Container
	dialog         *dialog.CustomDialog
}

// New makes the form for a check; now is the clock.
func New(p kit.Parts, desk Desk, row history.Row, now func() time.Time) *Form {
	return made(&Form{
		Parts: p, desk: desk, row: row, now: now, two: desk.NeedsSecond(row), identify: app.Unmatched(row.Outcome),
	})
}

// NewWithout makes the form for a person who is not compared at all.
func NewWithout(p kit.Parts, desk Desk, who app.IdentifyInput, now func() time.Time) *Form {
	return made(&Form{Parts: p, desk: desk, now: now, two: true, identify: true, without: &who})
}

func made(f *Form) *Form {
	p := f.Parts
	t := p.Words.T
	changed := func(string) { f.typed() }
	f.choice = p.Keys.Radio([]string{string(history.Approve), string(history.Reject)},
		func(v string) string { return t("deciding.choice." + v) }, f.chosen)
	f.why = p.Keys.Radio(history.WhyNotCompared, func(v string) string { return t(v) }, f.typed)
	f.reason = p.Keys.Choice(changed)
	f.reason.PlaceHolder = t("deciding.reason_choose")
	f.note = p.Keys.Text(2, changed)
	f.note.Wrapping = fyne.TextWrapWord
	f.note.TextStyle.Monospace = false
	f.second, f.passphrase = p.Keys.Combo(changed), p.Keys.Password(changed)
	f.shower = p.Keys.ShowBox(t("signin.show"), f.passphrase)
	f.passphrase.OnSubmitted = func(string) { f.store() }
	f.said = kit.Wrapped("")
	f.cancel = p.Keys.Button(t("button.cancel"), theme.CancelIcon(), nil)
	f.record = p.Keys.Button(t(f.words("deciding.record", "identify.record")), theme.ConfirmIcon(), f.store)
	f.record.Importance = widget.HighImportance
	if f.identify {
		f.choice.Set(string(history.Identify))
	}
	f.lay()
	if f.identify {
		f.chosen()
	}
	f.update()
	return f
}

// words chooses between the words of a decision and those of an identification.
func (f *Form) words(decide, identify string) string {
	if f.identify {
		return identify
	}
	return decide
}

// Show asks for the decision in a dialog, with a choice made already or none.
func (f *Form) Show(chosen history.Choice) {
	f.dialog = f.Ask(f.words("deciding.title", "identify.title"), f.content, kit.DialogWidth, f.cancel, f.record)
	f.dialog.SetOnClosed(func() { f.Keys.Forget(f.passphrase) })
	f.cancel.OnTapped = f.dialog.Dismiss
	switch {
	case f.without != nil:
		f.FocusAny(f.why.Buttons[history.WhyNotCompared[0]])
	case f.identify:
		f.FocusAny(f.reason)
	case chosen != "":
		f.choice.Set(string(chosen))
		f.chosen()
		f.FocusAny(f.reason)
	default:
		f.FocusAny(f.choice.Buttons[string(history.Approve)])
	}
}

func (f *Form) lay() {
	t := f.Words.T
	f.content = container.NewVBox(f.machine())
	if f.two {
		warning := kit.Wrapped(f.warning())
		warning.Importance = widget.WarningImportance
		f.content.Add(container.NewBorder(nil, nil, container.NewCenter(widget.NewIcon(theme.WarningIcon())), nil, warning))
	}
	form := container.New(layout.NewFormLayout())
	if f.without != nil {
		form.Add(widget.NewLabel(t("identify.why_label")))
		form.Add(f.why.Row)
	} else if !f.identify {
		form.Add(widget.NewLabel(t("deciding.decision")))
		form.Add(f.choice.Row)
	}
	for _, o := range []fyne.CanvasObject{
		widget.NewLabel(t("deciding.reason")), f.reason,
		widget.NewLabel(t("deciding.note")), f.note,
	} {
		form.Add(o)
	}
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
		f.content.Add(kit.Small(t("deciding.unverified")))
	}
	f.content.Add(f.said)
}

// machine is the check's own result, which stays.
func (f *Form) machine() fyne.CanvasObject {
	if f.without != nil {
		return kit.Wrapped(f.Words.T("identify.without"))
	}
	l := draw.LookOf(f.row.Outcome)
	what := f.Words.T("deciding.machine", "Time", kit.Date(f.row.At))
	if f.row.Score != nil {
		what = f.Words.T(
			"deciding.machine_score", "Time", kit.Date(f.row.At), "Score", f.Words.Percent(float64(*f.row.Score)/100),
		)
	}
	if name := f.row.Name; name != "" {
		what = name + "\n" + what
	}
	return container.NewBorder(nil, nil,
		container.NewHBox(
			container.NewCenter(draw.NewShape(l, 28)), draw.Coloured(
				f.Words.T(app.OutcomeKey(f.row.Outcome)), l.Color, theme.SizeNameSubHeadingText,
			),
		),
		nil, container.New(kit.Middle{}, kit.Wrapped(what)))
}

// warning says why a second person is needed.
func (f *Form) warning() string {
	switch {
	case f.row.Decision == history.Identified:
		return f.Words.T("identify.again")
	case f.identify:
		return f.Words.T("identify.warning")
	}
	if f.row.Decision == history.Approved || f.row.Decision == history.Rejected {
		return f.Words.T("deciding.again", "Decision", f.Words.T("decision."+string(f.row.Decision)))
	}
	return f.Words.T("deciding.override", "Outcome", f.Words.T(app.OutcomeKey(f.row.Outcome)))
}

// seconds fills the list of those who may agree.
func (f *Form) seconds() {
	f.Work.Start(func(context.Context) {
		names := f.desk.Seconds()
		f.Work.Do(func() { f.second.SetOptions(names) })
	})
}

// chosen offers the reasons of the choice that was made.
func (f *Form) chosen() {
	f.reasons = history.Reasons[history.Choice(f.choice.Value)]
	options := make([]string, len(f.reasons))
	for i, r := range f.reasons {
		options[i] = kit.DecisionReason(f.Words, history.Choice(f.choice.Value), r)
	}
	f.reason.Selected = ""
	f.reason.SetOptions(options)
	f.update()
}

func (f *Form) input() app.DecisionInput {
	in := app.DecisionInput{
		Check: f.row.Check, Choice: history.Choice(f.choice.Value), Note: strings.TrimSpace(f.note.Text),
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
func (f *Form) missing() string {
	in := f.input()
	switch {
	case f.without != nil && f.why.Value == "":
		return "identify.missing_why"
	case in.Choice == "":
		return "deciding.missing_choice"
	case in.Reason == "":
		return "deciding.missing_reason"
	case in.Reason == history.ReasonOther && in.Note == "":
		return "deciding.missing_note"
	case f.identify && in.Note == "":
		return "deciding.missing_how"
	case f.two && in.Second == "":
		return "deciding.missing_second"
	case f.two && !f.desk.SingleUser() && in.Passphrase == "":
		return "deciding.missing_passphrase"
	}
	return ""
}

func (f *Form) update() {
	if f.record == nil { // it is being made
		return
	}
	missing, waits := f.missing(), f.wait.Left(f.second.Text, f.now()) > 0
	kit.Enable(f.record, missing == "" && f.recording == nil && !waits)
	switch {
	case f.recording != nil || waits || f.fault != nil: // the message stays
	case missing != "":
		kit.Say(f.said, f.Words.T(missing), widget.MediumImportance)
	default:
		kit.Say(f.said, f.Words.T(f.words("deciding.ready", "identify.ready")), widget.MediumImportance)
	}
}

// typed clears the last fault, because an answer has changed.
func (f *Form) typed() {
	f.fault = nil
	f.update()
}

// store records the decision. Closing the window must not cut it.
func (f *Form) store() {
	if f.record.Disabled() {
		return
	}
	in, why := f.input(), f.why.Value
	f.fault = nil
	kit.Say(f.said, f.Words.T("deciding.recording"), widget.MediumImportance)
	f.recording = f.Work.Start(func(ctx context.Context) {
		err := f.do(context.WithoutCancel(ctx), in, why)
		f.Work.Do(func() { f.stored(in, err) })
	})
	f.update()
}

func (f *Form) do(ctx context.Context, in app.DecisionInput, why string) error {
	if f.without == nil {
		return f.desk.Decide(ctx, in)
	}
	who := *f.without
	who.Why, who.Decision = why, in
	return f.desk.Identify(ctx, who)
}

func (f *Form) stored(in app.DecisionInput, err error) {
	f.recording = nil
	if err == nil {
		f.dialog.Hide()
		f.OnDone(in)
		return
	}
	f.Log("decision", err)
	f.passphrase.SetText("")
	f.fault = err
	kit.Say(f.said, f.Words.ProblemText(err), widget.DangerImportance)
	f.wait.Begin(in.Second, err, f.now())
	f.update()
	if app.IsProblem(err, operators.KeyWrong, operators.KeyWait) {
		f.FocusAny(f.passphrase)
	}
}

// Tick counts down to the second one's next attempt.
func (f *Form) Tick(now time.Time) {
	if f == nil {
		return
	}
	if text, counts := f.wait.Tick(f.Words, f.second.Text, now); counts {
		if text == "" {
			f.fault = nil
		} else {
			kit.Say(f.said, text, widget.DangerImportance)
		}
		f.update()
	}
}
