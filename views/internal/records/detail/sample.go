package detail

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app/history"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

// Sample is what is said of a check in the sample that is shown.
type Sample struct {
	Number, Of int             // its place among the checks of the sample
	Looked     *history.Looked // nil: it was not looked at yet
	Look       func()          // asks for a remark, and marks it as looked at
	Next       func()          // opens the next that was not looked at; nil: there is none
}

// sample says in one line how the check stands in the sample, with what can be done.
func (d *View) sample() fyne.CanvasObject {
	in, t := d.Of.Sample, d.Words.T
	text := t("sample.not_looked", "Number", in.Number, "Of", in.Of)
	d.Look = d.Keys.Button(t("sample.mark_button"), theme.ConfirmIcon(), in.Look)
	d.Look.Importance = widget.HighImportance
	buttons := container.NewHBox()
	if l := in.Looked; l != nil {
		text = t("sample.looked", "Number", in.Number, "Of", in.Of, "Who", actorText(d.Words, l.Actor), "At", kit.Date(l.At))
		if note := sealedNote(d.Words, l.Text, l.Sealed, l.Erased); note != "" {
			text += "\n" + note
		}
		d.Look.SetText(t("sample.mark_again"))
		d.Look.Importance = widget.MediumImportance
		if in.Next != nil {
			next := d.Keys.Button(t("sample.next"), theme.NavigateNextIcon(), in.Next)
			next.Importance = widget.HighImportance
			buttons.Add(next)
		}
	}
	buttons.Add(d.Look)
	return container.NewStack(draw.NewFrame(theme.ColorNamePrimary), container.NewPadded(container.NewBorder(
		nil, nil, nil, container.NewCenter(buttons), container.New(kit.Middle{}, kit.Wrapped(text)),
	)))
}
