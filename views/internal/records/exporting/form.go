// Package exporting is the form that asks how checks are to be written to a file.
package exporting

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
	"facematch/app/history"
	"facematch/matcher"
	"facematch/views/internal/kit"
)

// Query is what could be exported: one check, all that are shown, or how far a sample is.
type Query struct {
	Check  string // empty: none is open
	Filter history.Filter
	Count  int64            // how many the filter chooses
	From   app.OtherHistory // another desk's; nil: this one's

	Sample string   // the sample that is shown; empty: what the filter chooses is
	Checks []string // its checks, in place of the filter
}

// Desk is what an export needs of the desk.
type Desk interface {
	Export(ctx context.Context, in app.ExportInput, progress app.ProgressFunc) (app.Exported, error)
}

// Form asks how checks are to be written to a file, writes it, and says
// where it is and by what it can be recognised.
type Form struct {
	kit.Parts
	desk      Desk
	query     Query
	OnFolder  func(from string, chosen func(path string)) // asks for a folder
	OnClose   func()
	OnCopy    func(text string)
	writing   *kit.Task
	replacing string // the file that the clerk agreed to replace

	what         *kit.Radio
	format       *kit.Radio
	names        *kit.Check
	file         *kit.Entry
	folderButton *kit.Button
	Start        *kit.Button
	cancel       *kit.Button
	bar          *widget.ProgressBar
	note         *widget.Label
	done         *fyne.Container
	ofChecks     *fyne.Container // what is asked about checks alone
	ofSample     *widget.Label
	Box          *fyne.Container
}

// What to export.
const (
	exportCheck = "check"
	exportShown = "shown"

	exportSample = "sample" // which of its checks were looked at, and the remarks
)

// New makes the form; the file is proposed in the folder.
func New(p kit.Parts, desk Desk, w Query, folder string, now time.Time) *Form {
	f := &Form{Parts: p, desk: desk, query: w}
	t := p.Words.T
	f.what = p.Keys.Radio(w.choices(), func(v string) string {
		if v == exportShown {
			return t("export_form.shown", "Count", w.Count, "Number", app.FormatNumber(int(w.Count)))
		}
		return t("export_form." + v)
	}, f.asked)
	f.format = p.Keys.Radio(
		[]string{export.PDF, export.CSV, export.JSONL}, func(v string) string { return t("export_form." + v) }, f.chosen,
	)
	f.names = p.Keys.Check(t("export_form.names"), func(bool) { f.again() })
	f.file = p.Keys.Entry(func(string) { f.again() })
	f.folderButton = p.Keys.Button(t("export_form.folder"), theme.FolderOpenIcon(), f.chooseFolder)
	f.Start = p.Keys.Button(t("export_form.start"), theme.DocumentSaveIcon(), f.begin)
	f.Start.Importance = widget.HighImportance
	f.cancel = p.Keys.Button(t("button.close"), theme.CancelIcon(), f.stop)
	f.bar = widget.NewProgressBar()
	f.writing = kit.NewTask(p.Work, f.bar)
	f.bar.Hide()
	f.note = kit.Wrapped("")
	f.note.Hide()
	f.done = container.New(layout.NewCustomPaddedVBoxLayout(-theme.Padding()))

	title := kit.Bold(t("export_form.shown", "Count", w.Count, "Number", app.FormatNumber(int(w.Count))))
	kit.SetVisible(title, len(f.what.Buttons) == 1)
	kit.SetVisible(f.what.Row, len(f.what.Buttons) > 1)
	namesHelp := kit.Wrapped(t("export_form.names_help"))
	namesHelp.SizeName = theme.SizeNameCaptionText
	f.ofChecks = container.NewVBox(f.names, namesHelp)
	f.ofSample = kit.Wrapped(t("export_form.sample_help"))
	asked := container.NewVBox(
		title, f.what.Row, kit.Bold(t("export_form.format")), f.format.Row, f.ofChecks, f.ofSample,
		kit.Bold(t("export_form.file")), container.NewBorder(nil, nil, nil, f.folderButton, f.file),
		f.bar, f.note, f.done,
	)
	f.what.Set(w.choices()[0])
	f.format.Set(export.CSV)
	if w.Check != "" {
		f.format.Set(export.PDF)
	}
	f.file.Text = filepath.Join(folder, exportName(now, f.format.Value))
	f.asked()
	f.Box = container.NewBorder(
		nil, container.NewHBox(f.Start, f.cancel), nil, nil, container.NewVScroll(container.NewPadded(asked)),
	)
	return f
}

// choices are what can be exported, what was meant most likely first.
func (w Query) choices() []string {
	var all []string
	if w.Check != "" {
		all = append(all, exportCheck)
	}
	if w.Sample != "" {
		all = append(all, exportSample)
	}
	return append(all, exportShown)
}

// asked shows what can be said of what is to be exported. How far a sample is makes no report.
func (f *Form) asked() {
	sample := f.what.Value == exportSample
	kit.SetVisible(f.ofChecks, !sample)
	kit.SetVisible(f.ofSample, sample)
	kit.SetVisible(f.format.Buttons[export.PDF], !sample)
	if sample && f.format.Value == export.PDF {
		f.format.Set(export.CSV)
	}
	f.chosen()
}

// exportName is what a file is called unless the clerk calls it otherwise.
func exportName(now time.Time, format string) string {
	return "facematch-" + now.Local().Format("2006-01-02-150405") + "." + format
}

// chosen gives the file the ending of the format.
func (f *Form) chosen() {
	name := f.file.Text
	for _, format := range []string{export.PDF, export.CSV, export.JSONL} {
		if base, ok := strings.CutSuffix(name, "."+format); ok {
			f.file.SetText(base + "." + f.format.Value)
		}
	}
	f.again()
}

// again clears the message about the last export, because an answer has changed.
func (f *Form) again() {
	f.replacing = ""
	kit.Say(f.note, "", widget.MediumImportance)
	f.Start.SetText(f.Words.T("export_form.start"))
	f.done.RemoveAll()
}

func (f *Form) chooseFolder() {
	f.OnFolder(filepath.Dir(f.file.Text), func(path string) {
		f.file.SetText(filepath.Join(path, filepath.Base(f.file.Text)))
	})
}

func (f *Form) begin() {
	path := strings.TrimSpace(f.file.Text)
	switch {
	case f.writing.Busy():
		return
	case path == "" || !filepath.IsAbs(path):
		kit.Say(f.note, f.Words.T("export_form.no_file"), widget.WarningImportance)
		return
	}
	in := app.ExportInput{
		Filter: f.query.Filter, Format: f.format.Value, Names: f.names.Checked, File: path, Words: f.Words.Catalogue,
	}
	switch {
	case f.what.Value == exportCheck:
		in.Filter, in.Checks = history.Filter{}, []string{f.query.Check}
	case f.what.Value == exportSample:
		in.Filter, in.Sample, in.Names = history.Filter{}, f.query.Sample, false
	case f.query.Sample != "":
		in.Filter, in.Checks = history.Filter{}, f.query.Checks
	}
	in.Overwrite = f.replacing == path
	f.done.RemoveAll()
	kit.Say(f.note, "", widget.MediumImportance)
	f.busy(true)
	var from Desk = f.desk
	if f.query.From != nil {
		from = f.query.From
	}
	var out app.Exported
	f.writing.Start(func(ctx context.Context, progress matcher.ProgressFunc) (err error) {
		out, err = from.Export(ctx, in, progress)
		return err
	}, func(err error) {
		f.busy(false)
		f.ended(path, out, err)
	})
}

// busy keeps the answers as they are while a file is written.
func (f *Form) busy(on bool) {
	for _, d := range []fyne.Disableable{f.names, f.file, f.folderButton, f.Start} {
		kit.Enable(d, !on)
	}
	for _, r := range []*kit.Radio{f.what, f.format} {
		for _, b := range r.Buttons {
			kit.Enable(b, !on)
		}
	}
	key := "button.close"
	if on {
		key = "button.cancel"
	}
	f.cancel.SetText(f.Words.T(key))
	if on {
		f.Focus(f.cancel)
	} else {
		f.Focus(f.Start)
	}
}

func (f *Form) ended(path string, out app.Exported, err error) {
	f.replacing = ""
	f.Start.SetText(f.Words.T("export_form.start"))
	switch {
	case app.IsProblem(err, export.KeyExists): // a second press replaces it
		f.replacing = path
		kit.Say(f.note, f.Words.T("export_form.replace_question"), widget.WarningImportance)
		f.Start.SetText(f.Words.T("export_form.replace"))
	case errors.Is(err, context.Canceled):
		kit.Say(f.note, f.Words.T("export_form.cancelled"), widget.MediumImportance)
	case err != nil:
		f.Log("export", err)
		kit.Say(f.note, f.Words.ProblemText(err), widget.DangerImportance)
	default:
		kit.Say(
			f.note, f.Words.T("export_form.done", "Count", out.Checks, "Number", app.FormatNumber(int(out.Checks))),
			widget.SuccessImportance,
		)
		f.line("export_form.where", out.File, out.File)
		f.line("export_form.sha256", out.SHA256, out.SHA256)
		f.line("detail.head", out.Head.Hash, f.Words.T("detail.head_of", "Seq", out.Head.Seq, "Hash", out.Head.Hash))
		if out.Unsigned != nil {
			f.done.Add(kit.Wrapped(f.Words.T("export_form.unsigned", "Why", f.Words.ProblemText(out.Unsigned))))
		} else {
			f.line("export_form.signer", out.Signer, out.Signer)
		}
		f.Focus(f.cancel)
	}
}

// Folder is the folder of the file in the field.
func (f *Form) Folder() string { return filepath.Dir(f.file.Text) }

// Closed ends what runs, once the form is closed.
func (f *Form) Closed() {
	f.writing.Drop()
}

func (f *Form) line(key, value, shown string) { Line(f.Parts, f.done, f.OnCopy, key, value, shown) }

// Line adds one thing to keep about a file that was written, with a button that copies it.
func Line(p kit.Parts, to *fyne.Container, copied func(text string), key, value, shown string) {
	text := kit.Wrapped(shown)
	text.Wrapping = fyne.TextWrapBreak
	text.TextStyle.Monospace = true
	text.SizeName = theme.SizeNameCaptionText
	copies := p.Keys.Button("", theme.ContentCopyIcon(), func() { copied(value) })
	copies.Importance = widget.LowImportance
	to.Add(container.NewBorder(nil, nil, nil, container.NewVBox(copies), kit.Bold(p.Words.T(key))))
	to.Add(text)
}

// stop ends the writing or, where nothing is written, closes the form.
func (f *Form) stop() {
	if !f.writing.Busy() {
		f.OnClose()
		return
	}
	f.writing.Cancel()
}
