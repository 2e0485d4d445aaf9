package preferences

import (
	"context"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// privacyDesk is what the page needs of the desk.
type privacyDesk interface {
	May(a app.Action) bool
	RecoverySet(ctx context.Context) (bool, error)
}

// privacySettings are what is kept of persons and for how long, and what can be
// done about it at once: erase a session, and keep a way to the names.
type privacySettings struct {
	kit.Parts
	desk  privacyDesk
	hooks Hooks

	looks int // how often it was looked whether a recovery passphrase is set

	names, answers, images, fields *kit.Entry
	keep, keepNumber               *kit.Check
	second                         *kit.Entry
	fault                          *widget.Label

	recovery    *widget.Label
	setRecovery *kit.Button
	session     *kit.Entry
	erase       *kit.Button
	said        *widget.Label
	content     *fyne.Container
}

func newPrivacySettings(
	p kit.Parts, desk privacyDesk, l locks, hooks Hooks, folder func(*kit.Entry) fyne.CanvasObject, changed func(),
) *privacySettings {
	v := &privacySettings{Parts: p, desk: desk, hooks: hooks}
	t := p.Words.T
	typed := func(string) { changed() }
	for _, e := range []**kit.Entry{&v.names, &v.answers, &v.images, &v.fields, &v.second} {
		*e = p.Keys.Entry(typed)
	}
	v.second.SetPlaceHolder(t("privacy.second_none"))
	v.keep = p.Keys.Check(l.name("privacy.keep_images", "privacy.keep_images"), func(bool) { changed() })
	v.keepNumber = p.Keys.Check(l.name("privacy.keep_number", "privacy.keep_number"), func(bool) { changed() })
	l.grey("retention.names_days", v.names)
	l.grey("retention.answers_days", v.answers)
	l.grey("retention.images_days", v.images)
	l.grey("retention.fields_days", v.fields)
	l.grey("privacy.keep_images", v.keep)
	l.grey("privacy.keep_number", v.keepNumber)
	l.grey("folders.second_anchor", v.second)
	v.fault, v.recovery, v.said = kit.Wrapped(""), kit.Wrapped(""), kit.Wrapped("")
	v.fault.Hide()
	v.said.Hide()
	v.setRecovery = p.Keys.Button(t("recovery.set"), theme.DocumentCreateIcon(), hooks.SetRecovery)
	v.session = p.Keys.Entry(func(string) { v.update() })
	v.session.SetPlaceHolder(t("erase.placeholder"))
	v.erase = p.Keys.Button(
		t("erase.ask"), theme.DeleteIcon(), func() { v.hooks.Erase(strings.TrimSpace(v.session.Text)) },
	)

	left := container.NewVBox(
		kit.Bold(t("privacy.periods")), kit.Small(t("privacy.periods_help")),
		container.New(layout.NewFormLayout(),
			widget.NewLabel(l.name("privacy.names_days", "retention.names_days")), v.names,
			widget.NewLabel(l.name("privacy.answers_days", "retention.answers_days")), v.answers,
			widget.NewLabel(l.name("privacy.images_days", "retention.images_days")), v.images,
			widget.NewLabel(l.name("privacy.fields_days", "retention.fields_days")), v.fields,
		),
		v.fault,
		kit.Bold(t("privacy.images")), v.keep, kit.Small(t("privacy.keep_help")),
		kit.Bold(t("privacy.number")), v.keepNumber, kit.Small(t("privacy.number_help")),
		kit.Bold(l.name("privacy.second", "folders.second_anchor")), folder(v.second), kit.Small(t("privacy.second_help")),
	)
	right := container.NewVBox(
		kit.Bold(t("recovery.title")), kit.Small(t("recovery.why")), v.recovery, container.NewHBox(v.setRecovery),
		kit.Bold(t("erase.title")), kit.Small(t("erase.help")),
		container.New(layout.NewFormLayout(), widget.NewLabel(t("erase.session")), v.session),
		container.NewHBox(v.erase), v.said,
	)
	v.content = container.NewGridWithColumns(2, left, right)
	v.update()
	return v
}

func (v *privacySettings) fill(now settings.Settings) {
	for e, n := range map[*kit.Entry]int{
		v.names: now.Retention.NamesDays, v.answers: now.Retention.AnswersDays, v.images: now.Retention.ImagesDays,
		v.fields: now.Retention.FieldsDays,
	} {
		e.SetText(strconv.Itoa(n))
	}
	v.keep.SetChecked(now.Privacy.KeepImages)
	v.keepNumber.SetChecked(now.Privacy.KeepNumber)
	v.second.SetText(now.Folders.SecondAnchor)
}

// typed reads the fields into settings.
func (v *privacySettings) typed(next *settings.Settings) {
	next.Retention = settings.Retention{
		NamesDays: days(v.names), AnswersDays: days(v.answers), ImagesDays: days(v.images), FieldsDays: days(v.fields),
	}
	next.Privacy.KeepImages, next.Privacy.KeepNumber = v.keep.Checked, v.keepNumber.Checked
	next.Folders.SecondAnchor = strings.TrimSpace(v.second.Text)
}

func (v *privacySettings) update() {
	kit.Enable(v.erase, app.ValidSession(strings.TrimSpace(v.session.Text)) && v.desk.May(app.ActionErase))
}

// look says whether there is a recovery passphrase.
func (v *privacySettings) look() {
	v.looks++
	this := v.looks
	v.Work.Start(func(ctx context.Context) {
		set, err := v.desk.RecoverySet(ctx)
		v.Work.Do(func() {
			if this != v.looks {
				return
			}
			v.Log("recovery", err)
			switch {
			case err != nil:
				kit.Say(v.recovery, v.Words.ProblemText(err), widget.DangerImportance)
			case set:
				kit.Say(v.recovery, v.Words.T("recovery.is_set"), widget.SuccessImportance)
				v.setRecovery.SetText(v.Words.T("recovery.change"))
			default:
				kit.Say(v.recovery, v.Words.T("recovery.not_set"), widget.WarningImportance)
				v.setRecovery.SetText(v.Words.T("recovery.set"))
			}
		})
	})
}
