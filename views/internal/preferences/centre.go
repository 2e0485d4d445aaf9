package preferences

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// centreDesk is what the page needs of the desk.
type centreDesk interface {
	CentreStatus(ctx context.Context) (history.CentreStatus, error)
}

// enrolCommand is the command that makes this desk's key for the centre. It is not translated.
const enrolCommand = "facematch central enrol"

// centreKeys are the problems of the settings of the centre.
var centreKeys = []string{
	settings.KeyCentralHost, settings.KeyCentralFile, settings.KeyOperatorsKey, settings.KeyOperatorsAlone,
	settings.KeyOperatorsDays,
}

// centreSettings are where the records of all desks come together, what goes there, and how
// far it is. The files of the certificate stand in the settings file alone.
type centreSettings struct {
	kit.Parts
	desk  centreDesk
	looks int // how often it was asked how far the centre is

	host                            *kit.Entry
	push, images, answers, recovery *kit.Check
	fault, state                    *widget.Label
	auditors                        *auditorSettings
	content                         *fyne.Container
}

func newCentreSettings(p kit.Parts, desk centreDesk, l locks, copied func(string), changed func()) *centreSettings {
	c := &centreSettings{Parts: p, desk: desk, fault: kit.Wrapped(""), state: kit.Wrapped("")}
	t := p.Words.T
	c.host = p.Keys.Entry(func(string) { changed() })
	c.host.SetPlaceHolder(t("centre.host_none"))
	tick := func(words, key string) *kit.Check {
		box := p.Keys.Check(l.name(words, key), func(bool) { changed() })
		l.grey(key, box)
		return box
	}
	c.push = tick("centre.push", "central.push")
	c.images = tick("centre.images", "central.images")
	c.answers = tick("centre.answers", "central.answers")
	c.recovery = tick("centre.recovery", "central.recovery")
	l.grey("central.host", c.host)
	c.fault.Hide()
	c.auditors = newAuditorSettings(p, l, changed)
	command := widget.NewLabelWithStyle(enrolCommand, fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	left := container.NewVBox(
		kit.Bold(t("centre.title")), kit.Small(t("centre.help")),
		container.New(layout.NewFormLayout(), widget.NewLabel(l.name("centre.host", "central.host")), c.host),
		c.fault, c.push, kit.Small(t("centre.push_help")), c.auditors.content,
		kit.Bold(t("centre.state")), c.state,
	)
	right := container.NewVBox(
		kit.Bold(t("centre.besides")), kit.Small(t("centre.besides_help")), c.images, c.answers,
		c.recovery, kit.Small(t("centre.recovery_help")),
		kit.Bold(t("centre.enrol")), kit.Wrapped(t("centre.enrol_help")),
		container.NewHBox(command, p.Keys.Button(t("result.copy"), theme.ContentCopyIcon(), func() { copied(enrolCommand) })),
		kit.Small(t("centre.enrol_after")),
	)
	c.content = container.NewGridWithColumns(2, left, right)
	return c
}

func (c *centreSettings) fill(now settings.Settings) {
	c.host.SetText(now.Central.Host)
	c.push.SetChecked(now.Central.Push)
	c.images.SetChecked(now.Central.Images)
	c.answers.SetChecked(now.Central.Answers)
	c.recovery.SetChecked(now.Central.Recovery)
	c.auditors.fill(now)
}

// typed reads the fields into settings.
func (c *centreSettings) typed(next *settings.Settings) {
	next.Central.Host = strings.TrimSpace(c.host.Text)
	next.Central.Push = c.push.Checked
	next.Central.Images, next.Central.Answers = c.images.Checked, c.answers.Checked
	next.Central.Recovery = c.recovery.Checked
	c.auditors.typed(next)
}

// complain says what is wrong here, and whether it is something of this page.
func (c *centreSettings) complain(problem *app.Problem) bool {
	text := ""
	if problem != nil && slices.Contains(centreKeys, problem.Key) {
		text = c.Words.ProblemText(problem)
	}
	kit.Say(c.fault, text, widget.DangerImportance)
	auditors := c.auditors.complain(problem)
	return auditors || text != ""
}

// look asks how far the centre is. Only this computer is asked.
func (c *centreSettings) look() {
	c.looks++
	this := c.looks
	c.Work.Start(func(ctx context.Context) {
		status, err := c.desk.CentreStatus(ctx)
		c.Work.Do(func() {
			if this != c.looks {
				return
			}
			c.Log("centre status", err)
			if err != nil {
				kit.Say(c.state, c.Words.ProblemText(err), widget.DangerImportance)
				return
			}
			words, wrong := app.CentreWords(status)
			importance := widget.MediumImportance
			switch {
			case wrong:
				importance = widget.WarningImportance
			case status.Chosen && status.Here <= status.There:
				importance = widget.SuccessImportance
			}
			kit.Say(c.state, c.Words.Notice(words), importance)
		})
	})
}
