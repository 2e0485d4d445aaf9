package views

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
)

// privacyDesk is what the page needs of the desk.
type privacyDesk interface {
	May(a app.Action) bool
	RecoverySet(ctx context.Context) (bool, error)
}

// privacySettings are what is kept of persons and for how long, and what can be
// done about it at once: erase a session, and keep a way to the names.
type privacySettings struct {
	parts
	desk  privacyDesk
	hooks settingsHooks

	looks int // how often it was looked whether a recovery passphrase is set

	names, answers, images *entry
	keep                   *check
	second                 *entry
	fault                  *widget.Label

	recovery    *widget.Label
	setRecovery *button
	session     *entry
	erase       *button
	said        *widget.Label
	content     *fyne.Container
}

func newPrivacySettings(p parts, desk privacyDesk, hooks settingsHooks, folder func(*entry) fyne.CanvasObject, changed func()) *privacySettings {
	v := &privacySettings{parts: p, desk: desk, hooks: hooks}
	t := p.words.T
	typed := func(string) { changed() }
	v.names, v.answers, v.images, v.second = p.keys.entry(typed), p.keys.entry(typed), p.keys.entry(typed), p.keys.entry(typed)
	v.second.SetPlaceHolder(t("privacy.second_none"))
	v.keep = p.keys.check(t("privacy.keep_images"), func(bool) { changed() })
	v.fault, v.recovery, v.said = wrapped(""), wrapped(""), wrapped("")
	v.fault.Hide()
	v.said.Hide()
	v.setRecovery = p.keys.button(t("recovery.set"), theme.DocumentCreateIcon(), hooks.SetRecovery)
	v.session = p.keys.entry(func(string) { v.update() })
	v.session.SetPlaceHolder(t("erase.placeholder"))
	v.erase = p.keys.button(t("erase.ask"), theme.DeleteIcon(), func() { v.hooks.Erase(strings.TrimSpace(v.session.Text)) })

	left := container.NewVBox(
		bold(t("privacy.periods")), small(t("privacy.periods_help")),
		container.New(layout.NewFormLayout(),
			widget.NewLabel(t("privacy.names_days")), v.names,
			widget.NewLabel(t("privacy.answers_days")), v.answers,
			widget.NewLabel(t("privacy.images_days")), v.images,
		),
		v.fault,
		bold(t("privacy.images")), v.keep, small(t("privacy.keep_help")),
		bold(t("privacy.second")), folder(v.second), small(t("privacy.second_help")),
	)
	right := container.NewVBox(
		bold(t("recovery.title")), small(t("recovery.why")), v.recovery, container.NewHBox(v.setRecovery),
		bold(t("erase.title")), small(t("erase.help")),
		container.New(layout.NewFormLayout(), widget.NewLabel(t("erase.session")), v.session),
		container.NewHBox(v.erase), v.said,
	)
	v.content = container.NewGridWithColumns(2, left, right)
	v.update()
	return v
}

func (v *privacySettings) fill(now settings.Settings) {
	for e, n := range map[*entry]int{v.names: now.Retention.NamesDays, v.answers: now.Retention.AnswersDays, v.images: now.Retention.ImagesDays} {
		e.SetText(strconv.Itoa(n))
	}
	v.keep.SetChecked(now.Privacy.KeepImages)
	v.second.SetText(now.Folders.SecondAnchor)
}

// typed reads the fields into settings.
func (v *privacySettings) typed(next *settings.Settings) {
	next.Retention = settings.Retention{NamesDays: days(v.names), AnswersDays: days(v.answers), ImagesDays: days(v.images)}
	next.Privacy.KeepImages = v.keep.Checked
	next.Folders.SecondAnchor = strings.TrimSpace(v.second.Text)
}

func (v *privacySettings) update() {
	enable(v.erase, app.ValidSession(strings.TrimSpace(v.session.Text)) && v.desk.May(app.ActionErase))
}

// look says whether there is a recovery passphrase.
func (v *privacySettings) look() {
	v.looks++
	this := v.looks
	v.work.start(func(ctx context.Context) {
		set, err := v.desk.RecoverySet(ctx)
		v.work.do(func() {
			if this != v.looks {
				return
			}
			v.log("recovery", err)
			switch {
			case err != nil:
				say(v.recovery, v.words.problem(err), widget.DangerImportance)
			case set:
				say(v.recovery, v.words.T("recovery.is_set"), widget.SuccessImportance)
				v.setRecovery.SetText(v.words.T("recovery.change"))
			default:
				say(v.recovery, v.words.T("recovery.not_set"), widget.WarningImportance)
				v.setRecovery.SetText(v.words.T("recovery.set"))
			}
		})
	})
}
