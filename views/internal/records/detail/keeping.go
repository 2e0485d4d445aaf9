package detail

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/views/internal/kit"
)

// held says above everything else that the session is on legal hold, since when and why.
func (d *View) held() fyne.CanvasObject {
	h := d.Of.Hold
	text := d.Words.T("detail.on_hold", "At", kit.Date(h.At), "Who", actorText(d.Words, h.Actor), "Seq", h.Seq)
	if why := sealedNote(d.Words, h.Note, h.NoteSealed, false); why != "" {
		text += "\n" + why
	}
	l := kit.Wrapped(text)
	l.Importance = widget.WarningImportance
	return container.NewBorder(nil, nil, container.NewCenter(widget.NewIcon(theme.WarningIcon())), nil, l)
}

// keeping is what can be done about what is kept of the person.
func (d *View) keeping() fyne.CanvasObject {
	buttons := container.NewHBox()
	if d.Hooks.Person != nil {
		d.Person = d.button(d.Words.T("detail.everything"), theme.AccountIcon(), func() { d.Hooks.Person(d.Of.Detail) })
		buttons.Add(d.Person)
	}
	if d.Hooks.Hold != nil {
		held := d.Of.Hold != nil
		key, icon := "detail.hold", theme.WarningIcon()
		if held {
			key, icon = "detail.lift", theme.ContentUndoIcon()
		}
		d.Hold = d.button(d.Words.T(key), icon, func() { d.Hooks.Hold(d.Of.Row, !held) })
		buttons.Add(d.Hold)
	}
	if len(buttons.Objects) == 0 {
		return nil
	}
	return d.section("detail.keeping", buttons)
}
