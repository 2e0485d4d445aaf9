// Package inspect is the form in which a clerk answers what they see of person and document.
// The program itself checks none of it.
package inspect

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// Desk is what an inspection needs of the desk.
type Desk interface {
	Settings() settings.Settings
	Inspect(ctx context.Context, in app.InspectionInput) error
}

// Form asks each point, and records the answers: at once where each is yes, with a reason
// where one is no, and what there is when the clerk goes on. It is made anew for each check.
type Form struct {
	kit.Parts
	Content *fyne.Container

	OnChanged func() // what is recorded, or what Waits says, has changed; may be nil

	desk     Desk
	check    string
	required bool
	points   []string
	state    history.InspectionState // as recorded
	unstored bool                    // there are answers that are not recorded
	job      *kit.Job                // recording
	fault    error                   // why it was not recorded
	next     func()                  // what waits for the recording; nil: nothing

	answers []*kit.Radio
	reason  *kit.Choice
	note    *kit.Entry
	record  *kit.Button
	why     *fyne.Container // reason, note and button; there while an answer is no
	said    *widget.Label
	dialog  *dialog.CustomDialog // nil where the form stands on a screen
}

// New makes the form for a check that was not inspected yet.
func New(p kit.Parts, desk Desk, check string) *Form {
	t := p.Words.T
	use := desk.Settings().Inspection
	f := &Form{
		Parts: p, desk: desk, check: check, required: use.Use == history.InspectionRequired, points: use.Points,
		state: history.InspectionOpen,
	}
	f.Content = container.NewVBox(kit.Bold(t("inspect.title")))
	for _, point := range use.Points {
		answer := p.Keys.Radio([]string{string(history.InspectionYes), string(history.InspectionNo)},
			func(v string) string { return t("inspect.answer." + v) }, f.answered)
		f.answers = append(f.answers, answer)
		f.Content.Add(container.NewBorder(nil, nil, nil, container.NewCenter(answer.Row),
			container.New(kit.Middle{}, kit.Wrapped(export.PointWords(point, p.Words)))))
	}
	f.reason = p.Keys.Choice(func(string) { f.typed() })
	f.reason.PlaceHolder = t("deciding.reason_choose")
	f.reason.Options = kit.Labels(history.InspectionReasons, func(r string) string { return t("inspect.reason." + r) })
	f.note = p.Keys.Note(2, func(string) { f.typed() })
	f.record = p.Keys.Button(t("inspect.record"), theme.ConfirmIcon(), func() { f.store() })
	f.record.Importance = widget.HighImportance
	f.why = container.NewVBox(container.New(layout.NewFormLayout(),
		widget.NewLabel(t("deciding.reason")), f.reason, widget.NewLabel(t("deciding.note")), f.note,
	), container.NewHBox(f.record))
	f.said = kit.Wrapped("")
	f.said.SizeName = theme.SizeNameCaptionText
	f.Content.Add(f.why)
	f.Content.Add(f.said)
	f.update()
	return f
}

// Show asks in a dialog; done is called when each point is answered and recorded.
func (f *Form) Show(done func()) {
	cancel := f.Keys.Button(f.Words.T("button.cancel"), theme.CancelIcon(), nil)
	f.dialog = f.Ask("inspect.dialog", f.Content, kit.DialogWidth, cancel)
	cancel.OnTapped = f.dialog.Dismiss
	f.OnChanged = func() {
		if f.state != history.InspectionOpen {
			f.dialog.Hide()
			done()
		}
	}
	f.FocusAny(f.answers[0].Buttons[string(history.InspectionYes)])
}

// State is what is recorded.
func (f *Form) State() history.InspectionState { return f.state }

// Waits is the key of why the next person, and an approval, have to wait; empty: they need not.
func (f *Form) Waits() string {
	switch {
	case f.unstored && history.StateOf(f.input().Points) == history.InspectionObjection:
		return "inspect.waits_reason"
	case f.required && f.state == history.InspectionOpen:
		return "inspect.waits"
	}
	return ""
}

// Leave records what was answered, and then goes on. It goes nowhere while a no has no reason
// or the answers could not be recorded, and says so.
func (f *Form) Leave(next func()) {
	switch {
	case !f.unstored:
		next()
	case history.StateOf(f.input().Points) == history.InspectionObjection && f.record.Disabled():
		f.update()
		f.FocusAny(f.reason)
	default:
		f.next = next
		f.store()
	}
}

func (f *Form) input() app.InspectionInput {
	in := app.InspectionInput{Check: f.check, Note: strings.TrimSpace(f.note.Text)}
	for i, answer := range f.answers {
		p := history.InspectedPoint{Point: f.points[i], Answer: history.InspectionUnanswered}
		if answer.Value != "" {
			p.Answer = history.InspectionAnswer(answer.Value)
		}
		in.Points = append(in.Points, p)
	}
	if i := f.reason.SelectedIndex(); i >= 0 {
		in.Reason = history.InspectionReasons[i]
	}
	return in
}

// answered takes an answer. Where each point is answered with yes, nothing is left to ask.
func (f *Form) answered() {
	f.unstored, f.fault = true, nil
	if history.StateOf(f.input().Points) == history.InspectionClear {
		f.store()
		return
	}
	f.update()
	f.changed()
}

func (f *Form) typed() {
	f.unstored, f.fault = true, nil
	f.update()
}

func (f *Form) changed() {
	if f.OnChanged != nil {
		f.OnChanged()
	}
}

// update says what is missing or what was recorded.
func (f *Form) update() {
	in := f.input()
	state := history.StateOf(in.Points)
	objects := state == history.InspectionObjection
	missing := ""
	switch {
	case objects && in.Reason == "":
		missing = "deciding.missing_reason"
	case objects && in.Reason == history.ReasonOther && in.Note == "":
		missing = "deciding.missing_note"
	}
	kit.SetVisible(f.why, objects)
	kit.Enable(f.record, objects && missing == "" && f.unstored && f.job == nil)
	for _, answer := range f.answers {
		kit.Enable(answer, f.job == nil)
	}
	switch {
	case f.job != nil:
		kit.Say(f.said, f.Words.T("deciding.recording"), widget.MediumImportance)
	case f.fault != nil:
		kit.Say(f.said, f.Words.ProblemText(f.fault), widget.DangerImportance)
	case missing != "":
		kit.Say(f.said, f.Words.T(missing), widget.WarningImportance)
	case objects && f.unstored:
		kit.Say(f.said, f.Words.T("inspect.ready"), widget.MediumImportance)
	case !f.unstored && f.state != history.InspectionOpen:
		kit.Say(f.said, f.Words.T("inspect.recorded."+string(f.state)), widget.SuccessImportance)
	case f.required:
		kit.Say(f.said, f.Words.T("inspect.waits"), widget.MediumImportance)
	default:
		kit.Say(f.said, f.Words.T("inspect.note"), widget.MediumImportance)
	}
}

// store records the answers. Closing the window must not cut it.
func (f *Form) store() {
	if f.job != nil {
		return
	}
	in := f.input()
	f.fault = nil
	f.job = f.Work.Start(func(ctx context.Context) {
		err := f.desk.Inspect(context.WithoutCancel(ctx), in)
		f.Work.Do(func() { f.stored(in, err) })
	})
	f.update()
}

func (f *Form) stored(in app.InspectionInput, err error) {
	f.job = nil
	next := f.next
	f.next = nil
	if err != nil {
		f.Log("inspection", err)
		f.fault = err
		f.update()
		f.changed()
		return
	}
	f.state, f.unstored = history.StateOf(in.Points), false
	f.update()
	f.changed()
	if next != nil {
		next()
	}
}
