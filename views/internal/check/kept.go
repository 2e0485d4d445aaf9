package check

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// keptDesk is what the list of kept checks needs of the desk.
type keptDesk interface {
	Settings() settings.Settings
	DropKept(ctx context.Context, id string) error
}

// keptList is the kept checks, each to be sent or deleted.
type keptList struct {
	kit.Parts
	desk keptDesk
	send func(app.KeptCheck)
	box  *fyne.Container
}

func newKeptList(p kit.Parts, desk keptDesk, kept app.KeptChecks, send func(app.KeptCheck)) *keptList {
	l := &keptList{Parts: p, desk: desk, send: send, box: container.NewVBox()}
	l.box.Add(kit.Wrapped(p.Words.T("kept.help", "Days", desk.Settings().API.KeepDays)))
	for _, k := range kept.Checks {
		l.box.Add(l.row(k))
	}
	if kept.Held > 0 {
		l.box.Add(kit.Wrapped(p.Words.T("kept.held", "Count", kept.Held)))
	}
	if kept.Broken > 0 {
		l.box.Add(kit.Wrapped(p.Words.T("kept.broken", "Count", kept.Broken)))
	}
	return l
}

// keptAs is what a kept check is called.
func keptAs(w kit.Words, k app.KeptCheck) string {
	name := k.Name
	if name == "" {
		name = w.T("kept.no_name")
	}
	return kit.Date(k.At) + "  " + name
}

func (l *keptList) row(k app.KeptCheck) fyne.CanvasObject {
	label := widget.NewLabel(keptAs(l.Words, k))
	label.Truncation = fyne.TextTruncateEllipsis
	note := kit.Wrapped("")
	note.Hide()
	send := l.Keys.Button(l.Words.T("kept.send"), theme.MailSendIcon(), func() { l.send(k) })
	var remove *kit.Button
	remove = l.Keys.Button(l.Words.T("kept.delete"), theme.DeleteIcon(), func() {
		remove.SetText(l.Words.T("kept.delete_yes"))
		remove.Importance = widget.DangerImportance
		remove.OnTapped = func() {
			send.Disable()
			remove.Disable()
			l.Work.Start(func(ctx context.Context) {
				err := l.desk.DropKept(ctx, k.ID)
				l.Work.Do(func() {
					l.Log("kept check", err)
					if err != nil {
						kit.Say(note, l.Words.ProblemText(err), widget.DangerImportance)
						return
					}
					kit.Say(note, l.Words.T("kept.deleted"), widget.MediumImportance)
				})
			})
		}
		remove.Refresh()
	})
	return container.NewVBox(container.NewBorder(nil, nil, nil, container.NewHBox(send, remove), label), note)
}
