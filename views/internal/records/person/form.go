// Package person is the form that gathers everything about one person, for a request for access:
// it finds the sessions, writes the report as PDF and as JSON, and offers the erasure.
package person

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/export"
	"facematch/matcher"
	"facematch/views/internal/kit"
	"facematch/views/internal/records/exporting"
)

// Desk is what the form needs of the desk.
type Desk interface {
	Subject(ctx context.Context, in app.SubjectInput) ([]app.Visit, error)
	Export(ctx context.Context, in app.ExportInput, progress app.ProgressFunc) (app.Exported, error)
	May(a app.Action) bool
}

// formats are those of the report, each in a file of its own. PDF comes last: it has a bound.
var formats = []string{export.JSON, export.PDF}

// Form finds the sessions of a person, writes the report and offers the erasure.
type Form struct {
	kit.Parts
	desk     Desk
	now      func() time.Time
	OnFolder func(from string, chosen func(path string)) // asks for a folder
	OnCopy   func(text string)
	OnErase  func(visits []app.Visit, done func(erased int)) // asks whether they are to be erased
	OnClose  func()

	name, reference, sessions *kit.Entry
	find                      *kit.Button
	visits                    []app.Visit
	chosen                    []*kit.Check // of each visit
	found                     *fyne.Container
	folder                    *kit.Entry
	folderButton              *kit.Button
	write                     *kit.Button
	erase                     *kit.Button
	close                     *kit.Button
	working                   *kit.Task
	bar                       *widget.ProgressBar
	note                      *widget.Label
	done                      *fyne.Container // what was written
	scroll                    *container.Scroll
	Box                       *fyne.Container
}

// New makes the form; the report is proposed in the folder.
func New(p kit.Parts, desk Desk, whom app.SubjectInput, folder string, now func() time.Time) *Form {
	f := &Form{Parts: p, desk: desk, now: now}
	t := p.Words.T
	field := func(text string) *kit.Entry {
		e := p.Keys.Entry(func(string) { f.forget() })
		e.OnSubmitted = func(string) { f.look() }
		e.Text = text
		return e
	}
	f.name, f.reference, f.sessions = field(whom.Name), field(whom.Reference), field(strings.Join(whom.Sessions, " "))
	f.find = p.Keys.Button(t("person.find"), theme.SearchIcon(), f.look)
	f.found = container.NewVBox()
	f.folder = p.Keys.Entry(func(string) {})
	f.folder.Text = folder
	f.folderButton = p.Keys.Button(t("export_form.folder"), theme.FolderOpenIcon(), func() {
		f.OnFolder(f.folder.Text, f.folder.SetText)
	})
	f.write = p.Keys.Button(t("person.write"), theme.DocumentSaveIcon(), f.report)
	f.write.Importance = widget.HighImportance
	f.erase = p.Keys.Button(t("person.erase"), theme.DeleteIcon(), f.eraseChosen)
	f.erase.Importance = widget.DangerImportance
	kit.SetVisible(f.erase, desk.May(app.ActionErase))
	f.close = p.Keys.Button(t("button.close"), theme.CancelIcon(), f.stop)
	f.bar = widget.NewProgressBar()
	f.working = kit.NewTask(p.Work, f.bar)
	f.bar.Hide()
	f.note = kit.Wrapped("")
	f.note.Hide()
	f.done = container.New(layout.NewCustomPaddedVBoxLayout(-theme.Padding()))
	whomRows := container.New(layout.NewFormLayout(),
		widget.NewLabel(t("history.name")), f.name,
		widget.NewLabel(t("report.reference")), f.reference,
		widget.NewLabel(t("detail.session")), container.NewBorder(nil, nil, nil, f.find, f.sessions),
	)
	asked := container.NewVBox(
		kit.Wrapped(t("person.what")), whomRows, f.found,
		kit.Bold(t("person.folder")), container.NewBorder(nil, nil, nil, f.folderButton, f.folder),
		kit.Small(t("person.report_help")), f.done,
	)
	f.scroll = container.NewVScroll(container.NewPadded(asked))
	f.Box = container.NewBorder(
		nil, container.NewVBox(f.bar, f.note, container.NewHBox(f.write, f.erase, f.close)), nil, nil, f.scroll,
	)
	f.update()
	return f
}

// Begin looks for the person at once, where something says who it is.
func (f *Form) Begin() {
	if f.name.Text+f.reference.Text+f.sessions.Text == "" {
		f.FocusAny(f.name)
		return
	}
	f.FocusAny(f.find)
	f.look()
}

// forget drops what was found of somebody else.
func (f *Form) forget() {
	f.visits, f.chosen = nil, nil
	f.found.RemoveAll()
	f.again()
	f.scroll.Refresh()
	f.scroll.ScrollToTop()
}

// again drops what was said of the last report.
func (f *Form) again() {
	f.done.RemoveAll()
	kit.Say(f.note, "", widget.MediumImportance)
	f.update()
}

// look finds the sessions.
func (f *Form) look() {
	if f.working.Busy() {
		return
	}
	f.forget()
	whom := app.SubjectInput{
		Name: strings.TrimSpace(f.name.Text), Reference: strings.TrimSpace(f.reference.Text),
		Sessions: strings.Fields(f.sessions.Text),
	}
	var visits []app.Visit
	f.working.Start(func(ctx context.Context, _ matcher.ProgressFunc) (err error) {
		visits, err = f.desk.Subject(ctx, whom)
		return err
	}, func(err error) {
		if err != nil {
			f.failed("person", err)
		} else {
			f.show(visits)
		}
		f.update()
	})
	f.update()
}

// show lists the sessions, each of which can be left out: namesakes are among them.
func (f *Form) show(visits []app.Visit) {
	f.visits, f.chosen = visits, make([]*kit.Check, len(visits))
	f.found.Add(kit.Bold(f.Words.T("person.found", "Count", len(visits))))
	if len(visits) > 1 {
		f.found.Add(kit.Small(f.Words.T("person.namesakes")))
	}
	for i, v := range visits {
		first, last := v.Checks[0], v.Checks[len(v.Checks)-1]
		text := f.Words.T("person.visit", "At", kit.Date(first.At), "Name", kit.PersonName(f.Words, first),
			"Count", len(v.Checks), "Outcome", kit.OutcomeWord(f.Words, last.Outcome), "Desk", first.Desk)
		if v.Held {
			text += ", " + f.Words.T("report.on_hold")
		}
		f.chosen[i] = f.Keys.Check(text, func(bool) { f.again() })
		f.chosen[i].Checked = true
		f.found.Add(f.chosen[i])
	}
}

// picked are the sessions that were not left out.
func (f *Form) picked() []app.Visit {
	var some []app.Visit
	for i, v := range f.visits {
		if f.chosen[i].Checked {
			some = append(some, v)
		}
	}
	return some
}

// update enables what can be done. The erasure follows the report: once erased, it is too late.
func (f *Form) update() {
	busy, some := f.working.Busy(), len(f.picked()) > 0
	kit.Enable(f.find, !busy)
	kit.Enable(f.write, !busy && some)
	kit.Enable(f.erase, !busy && some && len(f.done.Objects) > 0)
	for _, e := range []*kit.Entry{f.name, f.reference, f.sessions, f.folder} {
		kit.Enable(e, !busy)
	}
	for _, c := range f.chosen {
		kit.Enable(c, !busy)
	}
	kit.Enable(f.folderButton, !busy)
	key := "button.close"
	if busy {
		key = "button.cancel"
	}
	f.close.SetText(f.Words.T(key))
}

// report writes both files.
func (f *Form) report() {
	folder := strings.TrimSpace(f.folder.Text)
	if !filepath.IsAbs(folder) {
		kit.Say(f.note, f.Words.T("person.no_folder"), widget.WarningImportance)
		return
	}
	f.again()
	in := app.ExportInput{Checks: app.ChecksOf(f.picked()), Subject: true, Names: true, Words: f.Words.Catalogue}
	base := filepath.Join(folder, "facematch-person-"+f.now().Local().Format("2006-01-02-150405")+".")
	var written []app.Exported
	f.working.Start(func(ctx context.Context, progress matcher.ProgressFunc) error {
		for _, in.Format = range formats {
			in.File = base + in.Format
			out, err := f.desk.Export(ctx, in, progress)
			if err != nil {
				return err
			}
			written = append(written, out)
		}
		return nil
	}, func(err error) {
		for _, out := range written {
			exporting.Line(f.Parts, f.done, f.OnCopy, "export_form.where", out.File, out.File)
			exporting.Line(f.Parts, f.done, f.OnCopy, "export_form.sha256", out.SHA256, out.SHA256)
		}
		f.scroll.Refresh()
		f.scroll.ScrollToBottom()
		if err != nil {
			f.failed("person's report", err)
		} else {
			kit.Say(f.note, f.Words.T("person.written"), widget.SuccessImportance)
		}
		f.update()
	})
	f.update()
}

func (f *Form) failed(what string, err error) {
	if errors.Is(err, context.Canceled) {
		kit.Say(f.note, f.Words.T("person.cancelled"), widget.MediumImportance)
		return
	}
	f.Log(what, err)
	kit.Say(f.note, f.Words.ProblemText(err), widget.DangerImportance)
}

func (f *Form) eraseChosen() {
	f.OnErase(f.picked(), func(erased int) {
		f.forget()
		kit.Say(f.note, f.Words.T("person.erased", "Count", erased), widget.SuccessImportance)
	})
}

// stop ends what runs or, where nothing does, closes the form.
func (f *Form) stop() {
	if f.working.Busy() {
		f.working.Cancel()
		return
	}
	f.OnClose()
}

// Closed ends what runs, once the form is closed.
func (f *Form) Closed() { f.working.Drop() }

// Folder is the folder in the field.
func (f *Form) Folder() string { return f.folder.Text }
