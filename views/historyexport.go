package views

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
)

// exportQuery is what could be exported: one check, or all that are shown.
type exportQuery struct {
	check  string // empty: none is open
	filter history.Filter
	count  int64            // how many the filter chooses
	from   app.OtherHistory // another desk's; nil: this one's
}

// exportDesk is what an export needs of the desk.
type exportDesk interface {
	Export(ctx context.Context, in app.ExportInput, progress app.ProgressFunc) (app.Exported, error)
}

// exportForm asks how checks are to be written to a file, writes it, and says
// where it is and by what it can be recognised.
type exportForm struct {
	parts
	desk      exportDesk
	query     exportQuery
	OnFolder  func(from string, chosen func(path string)) // asks for a folder
	OnClose   func()
	OnCopy    func(text string)
	writing   *task
	replacing string // the file that may be replaced, because the clerk said so

	what   *radio
	format *radio
	names  *check
	file   *entry
	folder *button
	start  *button
	cancel *button
	bar    *widget.ProgressBar
	note   *widget.Label
	done   *fyne.Container
	box    *fyne.Container
}

// What to export.
const (
	exportCheck = "check"
	exportShown = "shown"
)

func newExportForm(p parts, desk exportDesk, w exportQuery, folder string, now time.Time) *exportForm {
	f := &exportForm{parts: p, desk: desk, query: w}
	t := p.words.T
	f.what = p.keys.radio([]string{exportCheck, exportShown}, func(v string) string {
		if v == exportCheck {
			return t("export_form.check")
		}
		return t("export_form.shown", "Count", w.count, "Number", app.FormatNumber(int(w.count)))
	}, f.again)
	f.format = p.keys.radio([]string{export.PDF, export.CSV, export.JSONL}, func(v string) string { return t("export_form." + v) }, f.chosen)
	f.names = p.keys.check(t("export_form.names"), func(bool) { f.again() })
	f.file = p.keys.entry(func(string) { f.again() })
	f.folder = p.keys.button(t("export_form.folder"), theme.FolderOpenIcon(), f.chooseFolder)
	f.start = p.keys.button(t("export_form.start"), theme.DocumentSaveIcon(), f.begin)
	f.start.Importance = widget.HighImportance
	f.cancel = p.keys.button(t("button.close"), theme.CancelIcon(), f.stop)
	f.bar = widget.NewProgressBar()
	f.writing = newTask(p.work, f.bar)
	f.bar.Hide()
	f.note = wrapped("")
	f.note.Hide()
	f.done = container.New(layout.NewCustomPaddedVBoxLayout(-theme.Padding()))

	f.what.set(exportShown)
	f.format.set(export.CSV)
	if w.check != "" {
		f.what.set(exportCheck)
		f.format.set(export.PDF)
	} else {
		f.what.row.Hide()
	}
	title := bold(t("export_form.shown", "Count", w.count, "Number", app.FormatNumber(int(w.count))))
	title.Hidden = w.check != ""
	namesHelp := wrapped(t("export_form.names_help"))
	namesHelp.SizeName = theme.SizeNameCaptionText
	f.file.Text = filepath.Join(folder, exportName(now, f.format.value))
	asked := container.NewVBox(
		title, f.what.row,
		bold(t("export_form.format")), f.format.row,
		f.names, namesHelp,
		bold(t("export_form.file")), container.NewBorder(nil, nil, nil, f.folder, f.file),
		f.bar, f.note, f.done,
	)
	f.box = container.NewBorder(nil, container.NewHBox(f.start, f.cancel), nil, nil, container.NewVScroll(container.NewPadded(asked)))
	return f
}

// exportName is what a file is called unless the clerk calls it otherwise.
func exportName(now time.Time, format string) string {
	return "facematch-" + now.Local().Format("2006-01-02-150405") + "." + format
}

// chosen gives the file the ending of the format.
func (f *exportForm) chosen() {
	name := f.file.Text
	for _, format := range []string{export.PDF, export.CSV, export.JSONL} {
		if base, ok := strings.CutSuffix(name, "."+format); ok {
			f.file.SetText(base + "." + f.format.value)
		}
	}
	f.again()
}

// again takes back what was said about the answers before.
func (f *exportForm) again() {
	f.replacing = ""
	say(f.note, "", widget.MediumImportance)
	f.start.SetText(f.words.T("export_form.start"))
	f.done.RemoveAll()
}

func (f *exportForm) chooseFolder() {
	f.OnFolder(filepath.Dir(f.file.Text), func(path string) {
		f.file.SetText(filepath.Join(path, filepath.Base(f.file.Text)))
	})
}

func (f *exportForm) begin() {
	path := strings.TrimSpace(f.file.Text)
	switch {
	case f.writing.busy():
		return
	case path == "" || !filepath.IsAbs(path):
		say(f.note, f.words.T("export_form.no_file"), widget.WarningImportance)
		return
	}
	in := app.ExportInput{Filter: f.query.filter, From: f.query.from, Format: f.format.value, Names: f.names.Checked, File: path, Words: f.words.Catalogue}
	if f.what.value == exportCheck {
		in.Filter, in.Checks = history.Filter{}, []string{f.query.check}
	}
	in.Overwrite = f.replacing == path
	f.done.RemoveAll()
	say(f.note, "", widget.MediumImportance)
	f.busy(true)
	var out app.Exported
	f.writing.start(func(ctx context.Context, progress matcher.ProgressFunc) (err error) {
		out, err = f.desk.Export(ctx, in, progress)
		return err
	}, func(err error) {
		f.busy(false)
		f.ended(path, out, err)
	})
}

// busy keeps the answers as they are while a file is written.
func (f *exportForm) busy(on bool) {
	for _, d := range []fyne.Disableable{f.names, f.file, f.folder, f.start} {
		enable(d, !on)
	}
	for _, r := range []*radio{f.what, f.format} {
		for _, b := range r.buttons {
			enable(b, !on)
		}
	}
	key := "button.close"
	if on {
		key = "button.cancel"
	}
	f.cancel.SetText(f.words.T(key))
	if on {
		f.focus(f.cancel)
	} else {
		f.focus(f.start)
	}
}

func (f *exportForm) ended(path string, out app.Exported, err error) {
	f.replacing = ""
	f.start.SetText(f.words.T("export_form.start"))
	switch {
	case app.IsProblem(err, export.KeyExists): // a second press replaces it
		f.replacing = path
		say(f.note, f.words.T("export_form.replace_question"), widget.WarningImportance)
		f.start.SetText(f.words.T("export_form.replace"))
	case errors.Is(err, context.Canceled):
		say(f.note, f.words.T("export_form.cancelled"), widget.MediumImportance)
	case err != nil:
		f.log("export", err)
		say(f.note, f.words.problem(err), widget.DangerImportance)
	default:
		say(f.note, f.words.T("export_form.done", "Count", out.Checks, "Number", app.FormatNumber(int(out.Checks))), widget.SuccessImportance)
		f.line("export_form.where", out.File, out.File)
		f.line("export_form.sha256", out.SHA256, out.SHA256)
		f.line("detail.head", out.Head.Hash, f.words.T("detail.head_of", "Seq", out.Head.Seq, "Hash", out.Head.Hash))
		f.focus(f.cancel)
	}
}

// folderOf is the folder of the file in the field.
func (f *exportForm) folderOf() string { return filepath.Dir(f.file.Text) }

// closed is called when nobody sees the form any more.
func (f *exportForm) closed() {
	f.writing.drop()
}

// line is one thing to keep about a file that was written.
func (f *exportForm) line(key, value, shown string) {
	text := wrapped(shown)
	text.Wrapping = fyne.TextWrapBreak
	text.TextStyle.Monospace = true
	text.SizeName = theme.SizeNameCaptionText
	copies := f.keys.button("", theme.ContentCopyIcon(), func() { f.OnCopy(value) })
	copies.Importance = widget.LowImportance
	f.done.Add(container.NewBorder(nil, nil, nil, container.NewVBox(copies), bold(f.words.T(key))))
	f.done.Add(text)
}

// stop ends the writing or, where nothing is written, closes the form.
func (f *exportForm) stop() {
	if !f.writing.busy() {
		f.OnClose()
		return
	}
	f.writing.cancel()
}
