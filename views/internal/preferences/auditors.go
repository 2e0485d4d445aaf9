package preferences

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// auditorKeys are the problems of the auditors' settings.
var auditorKeys = []string{settings.KeyAuditRecipient, settings.KeyAuditorsName, settings.KeyAuditorsMissing}

// auditorSettings say who besides this desk can read what is sealed at the centre.
type auditorSettings struct {
	kit.Parts
	name, keys *kit.Entry
	fault      *widget.Label
	content    *fyne.Container
}

func newAuditorSettings(p kit.Parts, l locks, changed func()) *auditorSettings {
	a := &auditorSettings{Parts: p, fault: kit.Wrapped("")}
	t := p.Words.T
	a.name, a.keys = p.Keys.Entry(func(string) { changed() }), p.Keys.Entry(func(string) { changed() })
	a.name.SetPlaceHolder(t("auditors.name_none"))
	a.keys.SetPlaceHolder(t("auditors.keys_none"))
	l.grey("central.auditors", a.name)
	l.grey("central.audit_recipient", a.keys)
	a.fault.Hide()
	a.content = container.NewVBox(
		kit.Bold(t("auditors.title")), kit.Small(t("auditors.help")),
		container.New(layout.NewFormLayout(),
			widget.NewLabel(l.name("auditors.name", "central.auditors")), a.name,
			widget.NewLabel(l.name("auditors.keys", "central.audit_recipient")), a.keys,
		),
		a.fault,
	)
	return a
}

func (a *auditorSettings) fill(now settings.Settings) {
	a.name.SetText(now.Central.Auditors)
	a.keys.SetText(now.Central.AuditRecipient)
}

// typed reads the fields into settings.
func (a *auditorSettings) typed(next *settings.Settings) {
	next.Central.Auditors = strings.TrimSpace(a.name.Text)
	next.Central.AuditRecipient = strings.TrimSpace(a.keys.Text)
}

// complain says what is wrong here, and whether it is something of these fields.
func (a *auditorSettings) complain(problem *app.Problem) bool {
	text := ""
	if problem != nil && slices.Contains(auditorKeys, problem.Key) {
		text = a.Words.ProblemText(problem)
	}
	kit.Say(a.fault, text, widget.DangerImportance)
	return text != ""
}
