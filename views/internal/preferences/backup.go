package preferences

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
	"facematch/views/internal/kit"
)

// backupDesk is what the page needs of the desk.
type backupDesk interface {
	Backup(ctx context.Context, file string, progress app.ProgressFunc) error
}

// backupPage makes backups. It restores none: that wants a program that does not
// have the history open.
type backupPage struct {
	kit.Parts
	desk backupDesk
	now  func() time.Time

	copying *kit.Task

	folder        *kit.Entry
	start, cancel *kit.Button
	bar           *widget.ProgressBar
	said          *widget.Label
	content       *fyne.Container
}

// restoreCommand is the command that restores a backup. It is not translated.
const restoreCommand = "facematch history restore "

func newBackupPage(
	p kit.Parts, desk backupDesk, folder func(*kit.Entry) fyne.CanvasObject, copied func(string),
) *backupPage {
	b := &backupPage{Parts: p, desk: desk, now: time.Now}
	t := p.Words.T
	b.folder = p.Keys.Entry(func(string) { b.update() })
	b.folder.SetPlaceHolder(t("backup.placeholder"))
	b.start = p.Keys.Button(t("backup.start"), theme.DocumentSaveIcon(), b.begin)
	b.start.Importance = widget.HighImportance
	b.cancel = p.Keys.Button(t("button.cancel"), theme.CancelIcon(), b.stop)
	b.bar, b.said = widget.NewProgressBar(), kit.Wrapped("")
	b.copying = kit.NewTask(p.Work, b.bar)
	b.cancel.Hide()
	b.bar.Hide()
	b.said.Hide()
	command := widget.NewLabelWithStyle(
		restoreCommand+t("backup.file"), fyne.TextAlignLeading, fyne.TextStyle{Monospace: true},
	)
	b.content = container.NewVBox(
		kit.Bold(t("backup.title")), kit.Wrapped(t("backup.text")),
		container.NewBorder(nil, nil, widget.NewLabel(t("backup.folder")), nil, folder(b.folder)),
		container.NewBorder(nil, nil, container.NewHBox(b.start, b.cancel), nil, b.bar), b.said,
		widget.NewSeparator(),
		kit.Bold(t("backup.restore")), kit.Wrapped(t("backup.restore_text")),
		container.NewHBox(
			command, p.Keys.Button(t("result.copy"), theme.ContentCopyIcon(), func() { copied(restoreCommand) }),
		),
		kit.Wrapped(t("backup.restore_after")),
	)
	b.update()
	return b
}

func (b *backupPage) update() {
	kit.Enable(b.start, !b.copying.Busy() && filepath.IsAbs(strings.TrimSpace(b.folder.Text)))
}

// begin makes a backup under a name that says when, in the folder.
func (b *backupPage) begin() {
	if b.start.Disabled() {
		return
	}
	file := filepath.Join(strings.TrimSpace(b.folder.Text), "facematch-history-"+b.now().Format("20060102-150405")+".db")
	b.cancel.Show()
	kit.Say(b.said, b.Words.T("backup.running"), widget.MediumImportance)
	b.copying.Start(func(ctx context.Context, progress matcher.ProgressFunc) error {
		return b.desk.Backup(ctx, file, progress)
	}, func(err error) { b.ended(file, err) })
	b.update()
}

func (b *backupPage) stop() {
	b.copying.Cancel()
	b.cancel.Disable()
}

func (b *backupPage) ended(file string, err error) {
	b.cancel.Hide()
	b.cancel.Enable()
	switch {
	case errors.Is(err, context.Canceled):
		kit.Say(b.said, b.Words.T("backup.cancelled"), widget.MediumImportance)
	case err != nil:
		b.Log("backup", err)
		kit.Say(b.said, b.Words.ProblemText(err), widget.DangerImportance)
	default:
		kit.Say(b.said, b.Words.T("backup.done", "File", file), widget.SuccessImportance)
	}
	b.update()
}
