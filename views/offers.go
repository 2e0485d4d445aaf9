package views

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
)

// offersDesk is what the offers need of the desk.
type offersDesk interface {
	Settings() settings.Settings
	Keep(ctx context.Context, in app.CheckInput) (app.KeptCheck, error)
	Drop(in app.CheckInput)
}

// offers are what the clerk can do with a check the API has not taken: send it
// again, let this computer decide, or keep it for later. Nothing happens by
// itself.
type offers struct {
	parts
	desk   offersDesk
	in     app.CheckInput
	OnRun  func(app.CheckInput) // makes a check of it
	OnKept func()               // it was kept

	taken             bool // somebody else has the clip now, or it is deleted
	again, here, keep *button
	note              *widget.Label
	box               *fyne.Container
}

func newOffers(p parts, desk offersDesk, in app.CheckInput) *offers {
	o := &offers{parts: p, desk: desk, in: in, note: wrapped("")}
	o.note.Hide()
	run := func(mode history.Mode) func() {
		return func() {
			if o.take() {
				in := o.in
				if in.Mode = mode; mode == history.Offline {
					in.SendName, in.Prefilled = false, false
				}
				o.OnRun(in)
			}
		}
	}
	o.again = p.keys.button(p.words.T("offer.again"), theme.ViewRefreshIcon(), run(history.Remote))
	o.here = p.keys.button(p.words.T("offer.offline"), theme.ComputerIcon(), run(history.Offline))
	o.keep = p.keys.button(p.words.T("offer.keep"), theme.DocumentSaveIcon(), o.askKeep)
	o.box = container.NewVBox(bold(p.words.T("offer.title")), container.NewHBox(o.again, o.here, o.keep), o.note)
	if in.Prefilled { // there is no film this computer could look at
		o.here.Hide()
	}
	return o
}

// take says whether the clip is still free to be used, once.
func (o *offers) take() bool {
	free := !o.taken
	o.taken = true
	return free
}

// drop deletes the clip where nobody took it.
func (o *offers) drop() {
	if o != nil && o.take() {
		o.work.start(func(context.Context) { o.desk.Drop(o.in) }) // deletes files
	}
}

// askKeep tells first what keeping means, because the person agreed that no
// pictures are kept here; a second press does it.
func (o *offers) askKeep() {
	say(o.note, o.words.T("offer.keep_question", "Days", o.desk.Settings().API.KeepDays), widget.WarningImportance)
	o.keep.SetText(o.words.T("offer.keep_yes"))
	o.keep.OnTapped = o.store
}

func (o *offers) store() {
	if !o.take() {
		return
	}
	for _, b := range []*button{o.again, o.here, o.keep} {
		b.Disable()
	}
	o.work.start(func(ctx context.Context) {
		_, err := o.desk.Keep(ctx, o.in)
		o.work.do(func() { o.kept(err) })
	})
}

func (o *offers) kept(err error) {
	if err != nil {
		o.log("keep", err)
		o.taken = false
		for _, b := range []*button{o.again, o.here, o.keep} {
			b.Enable()
		}
		say(o.note, o.words.problem(err), widget.DangerImportance)
		return
	}
	say(o.note, o.words.T("offer.kept"), widget.SuccessImportance)
	for _, b := range []*button{o.again, o.here, o.keep} {
		b.Hide()
	}
	o.OnKept()
}

// keptDesk is what the list of kept checks needs of the desk.
type keptDesk interface {
	Settings() settings.Settings
	DropKept(id string) error
}

// keptList is the kept checks, each to be sent or deleted.
type keptList struct {
	parts
	desk   keptDesk
	OnSend func(app.KeptCheck)

	box *fyne.Container
}

func newKeptList(p parts, desk keptDesk, kept app.KeptChecks) *keptList {
	l := &keptList{parts: p, desk: desk, box: container.NewVBox()}
	l.box.Add(wrapped(p.words.T("kept.help", "Days", desk.Settings().API.KeepDays)))
	for _, k := range kept.Checks {
		l.box.Add(l.row(k))
	}
	if kept.Broken > 0 {
		l.box.Add(wrapped(p.words.T("kept.broken", "Count", kept.Broken)))
	}
	return l
}

// keptAs is what a kept check is called.
func keptAs(w words, k app.KeptCheck) string {
	name := k.Name
	if name == "" {
		name = w.T("kept.no_name")
	}
	return date(k.At) + "  " + name
}

func (l *keptList) row(k app.KeptCheck) fyne.CanvasObject {
	label := widget.NewLabel(keptAs(l.words, k))
	label.Truncation = fyne.TextTruncateEllipsis
	note := wrapped("")
	note.Hide()
	send := l.keys.button(l.words.T("kept.send"), theme.MailSendIcon(), func() { l.OnSend(k) })
	var remove *button
	remove = l.keys.button(l.words.T("kept.delete"), theme.DeleteIcon(), func() {
		remove.SetText(l.words.T("kept.delete_yes"))
		remove.Importance = widget.DangerImportance
		remove.OnTapped = func() {
			send.Disable()
			remove.Disable()
			l.work.start(func(context.Context) {
				err := l.desk.DropKept(k.ID)
				l.work.do(func() {
					l.log("kept check", err)
					if err != nil {
						say(note, l.words.problem(err), widget.DangerImportance)
						return
					}
					say(note, l.words.T("kept.deleted"), widget.MediumImportance)
				})
			})
		}
		remove.Refresh()
	})
	return container.NewVBox(container.NewBorder(nil, nil, nil, container.NewHBox(send, remove), label), note)
}
