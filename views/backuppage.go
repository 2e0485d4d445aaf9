package views

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/matcher"
)

// backupDesk is what the page needs of the desk.
type backupDesk interface {
	Backup(ctx context.Context, file string, progress app.ProgressFunc) error
}

// backupPage makes backups. It restores none: that wants a program that does not
// have the history open.
type backupPage struct {
	parts
	desk backupDesk
	now  func() time.Time

	copying *task

	folder        *entry
	start, cancel *button
	bar           *widget.ProgressBar
	said          *widget.Label
	content       *fyne.Container
}

// restoreCommand is what restores a backup; it is no sentence.
const restoreCommand = "facematch history restore "

func newBackupPage(p parts, desk backupDesk, folder func(*entry) fyne.CanvasObject, copied func(string)) *backupPage {
	b := &backupPage{parts: p, desk: desk, now: time.Now}
	t := p.words.T
	b.folder = p.keys.entry(func(string) { b.update() })
	b.folder.SetPlaceHolder(t("backup.placeholder"))
	b.start = p.keys.button(t("backup.start"), theme.DocumentSaveIcon(), b.begin)
	b.start.Importance = widget.HighImportance
	b.cancel = p.keys.button(t("button.cancel"), theme.CancelIcon(), b.stop)
	b.bar, b.said = widget.NewProgressBar(), wrapped("")
	b.copying = newTask(p.work, b.bar)
	b.cancel.Hide()
	b.bar.Hide()
	b.said.Hide()
	command := widget.NewLabelWithStyle(restoreCommand+t("backup.file"), fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	b.content = container.NewVBox(
		bold(t("backup.title")), wrapped(t("backup.text")),
		container.NewBorder(nil, nil, widget.NewLabel(t("backup.folder")), nil, folder(b.folder)),
		container.NewBorder(nil, nil, container.NewHBox(b.start, b.cancel), nil, b.bar), b.said,
		widget.NewSeparator(),
		bold(t("backup.restore")), wrapped(t("backup.restore_text")),
		container.NewHBox(command, p.keys.button(t("result.copy"), theme.ContentCopyIcon(), func() { copied(restoreCommand) })),
		wrapped(t("backup.restore_after")),
	)
	b.update()
	return b
}

func (b *backupPage) update() {
	enable(b.start, !b.copying.busy() && filepath.IsAbs(strings.TrimSpace(b.folder.Text)))
}

// begin makes a backup under a name that says when, in the folder.
func (b *backupPage) begin() {
	if b.start.Disabled() {
		return
	}
	file := filepath.Join(strings.TrimSpace(b.folder.Text), "facematch-history-"+b.now().Format("20060102-150405")+".db")
	b.cancel.Show()
	say(b.said, b.words.T("backup.running"), widget.MediumImportance)
	b.copying.start(func(ctx context.Context, progress matcher.ProgressFunc) error {
		return b.desk.Backup(ctx, file, progress)
	}, func(err error) { b.ended(file, err) })
	b.update()
}

func (b *backupPage) stop() {
	b.copying.cancel()
	b.cancel.Disable()
}

func (b *backupPage) ended(file string, err error) {
	b.cancel.Hide()
	b.cancel.Enable()
	switch {
	case errors.Is(err, context.Canceled):
		say(b.said, b.words.T("backup.cancelled"), widget.MediumImportance)
	case err != nil:
		b.log("backup", err)
		say(b.said, b.words.problem(err), widget.DangerImportance)
	default:
		say(b.said, b.words.T("backup.done", "File", file), widget.SuccessImportance)
	}
	b.update()
}
