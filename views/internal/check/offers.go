package check

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// offersDesk is what the offers need of the desk.
type offersDesk interface {
	Settings() settings.Settings
	SettingsFrom() settings.Sources
	Keep(ctx context.Context, unsent *app.Attempt) (app.KeptCheck, error)
	Drop(unsent *app.Attempt)
}

// offers are what the clerk can do with a check the API has not taken: send it
// again, let this computer decide, or keep it for later. Nothing happens by
// itself.
type offers struct {
	kit.Parts
	desk   offersDesk
	unsent *app.Attempt
	OnRun  func(mode history.Mode) // makes another check of it
	OnKept func()                  // it was kept

	taken             bool // the clip is used by another check, or deleted
	again, here, keep *kit.Button
	note              *widget.Label
	box               *fyne.Container
}

func newOffers(p kit.Parts, desk offersDesk, unsent *app.Attempt) *offers {
	o := &offers{Parts: p, desk: desk, unsent: unsent, note: kit.Wrapped("")}
	o.note.Hide()
	run := func(mode history.Mode) func() {
		return func() {
			if o.take() {
				o.OnRun(mode)
			}
		}
	}
	o.again = p.Keys.Button(p.Words.T("offer.again"), theme.ViewRefreshIcon(), run(history.Remote))
	o.here = p.Keys.Button(p.Words.T("offer.offline"), theme.ComputerIcon(), run(history.Offline))
	o.keep = p.Keys.Button(p.Words.T("offer.keep"), theme.DocumentSaveIcon(), o.askKeep)
	o.box = container.NewVBox(kit.Bold(p.Words.T("offer.title")), container.NewHBox(o.again, o.here, o.keep), o.note)
	locked := desk.Settings().Matching.Mode == history.Remote && desk.SettingsFrom().IsLocked("matching.mode")
	if locked || unsent.Input.Prefilled { // of a prefilled check the API has the film, and this computer none
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

// drop deletes the clip unless it was taken.
func (o *offers) drop() {
	if o != nil && o.take() {
		o.Work.Start(func(context.Context) { o.desk.Drop(o.unsent) }) // deletes files
	}
}

// askKeep first says what keeping means, because the person agreed that no
// pictures are kept here; a second press does it.
func (o *offers) askKeep() {
	kit.Say(o.note, o.Words.T("offer.keep_question", "Days", o.desk.Settings().API.KeepDays), widget.WarningImportance)
	o.keep.SetText(o.Words.T("offer.keep_yes"))
	o.keep.OnTapped = o.store
}

func (o *offers) store() {
	if !o.take() {
		return
	}
	for _, b := range []*kit.Button{o.again, o.here, o.keep} {
		b.Disable()
	}
	o.Work.Start(func(ctx context.Context) {
		_, err := o.desk.Keep(ctx, o.unsent)
		o.Work.Do(func() { o.kept(err) })
	})
}

func (o *offers) kept(err error) {
	if err != nil {
		o.Log("keep", err)
		o.taken = false
		for _, b := range []*kit.Button{o.again, o.here, o.keep} {
			b.Enable()
		}
		kit.Say(o.note, o.Words.ProblemText(err), widget.DangerImportance)
		return
	}
	kit.Say(o.note, o.Words.T("offer.kept"), widget.SuccessImportance)
	for _, b := range []*kit.Button{o.again, o.here, o.keep} {
		b.Hide()
	}
	o.OnKept()
}
