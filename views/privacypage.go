package views

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
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
	desk       privacyDesk
	OnErase    func(session string)
	OnRecovery func()

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

func newPrivacySettings(p parts, desk privacyDesk, folder func(*entry) fyne.CanvasObject, changed func()) *privacySettings {
	v := &privacySettings{parts: p, desk: desk}
	t := p.words.T
	typed := func(string) { changed() }
	v.names, v.answers, v.images, v.second = p.keys.entry(typed), p.keys.entry(typed), p.keys.entry(typed), p.keys.entry(typed)
	v.second.SetPlaceHolder(t("privacy.second_none"))
	v.keep = p.keys.check(t("privacy.keep_images"), func(bool) { changed() })
	v.fault, v.recovery, v.said = wrapped(""), wrapped(""), wrapped("")
	v.fault.Hide()
	v.said.Hide()
	v.setRecovery = p.keys.button(t("recovery.set"), theme.DocumentCreateIcon(), func() { v.OnRecovery() })
	v.session = p.keys.entry(func(string) { v.update() })
	v.session.SetPlaceHolder(t("erase.placeholder"))
	v.erase = p.keys.button(t("erase.ask"), theme.DeleteIcon(), func() { v.OnErase(strings.TrimSpace(v.session.Text)) })

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

// openRecovery asks for the recovery passphrase. In a dialog that was not asked
// for, "Not now" is an answer that is kept.
func (w *Window) openRecovery(offered bool) {
	f := newFormDialog(w.parts, "recovery.do", theme.ConfirmIcon())
	passphrase, same := f.passphrase("recovery.passphrase")
	f.missing = same
	f.begin = func() func(context.Context) error {
		secret := passphrase.Text
		return func(ctx context.Context) error { return w.desk.SetRecovery(ctx, secret) }
	}
	f.done = w.settings.privacy.look
	if offered {
		f.cancel.SetText(w.words.T("recovery.not_now"))
		f.dismissed = w.recoveryDeclined
	}
	f.show(w, "recovery.title", w.words.T("recovery.why"), w.words.T("recovery.write_down"))
}

// offerRecovery offers the recovery passphrase once, to who may set it.
func (w *Window) offerRecovery() {
	if w.desk.Settings().Privacy.RecoveryAsked || !w.desk.May(app.ActionBackup) {
		return
	}
	w.work.start(func(ctx context.Context) {
		set, err := w.desk.RecoverySet(ctx)
		w.work.do(func() {
			w.log("recovery", err)
			if err == nil && !set && w.gate.open && w.win.Canvas().Overlays().Top() == nil {
				w.openRecovery(true)
			}
		})
	})
}

func (w *Window) recoveryDeclined() {
	next := w.desk.Settings()
	if next.Privacy.RecoveryAsked {
		return
	}
	next.Privacy.RecoveryAsked = true
	w.work.start(func(ctx context.Context) {
		err := w.desk.SaveSettings(context.WithoutCancel(ctx), next)
		w.work.do(func() {
			w.log("settings", err) // it is offered again at the next start
			w.settings.refresh()
		})
	})
}

// openErase asks whether a session is to be erased, and says what is lost; done
// is called when it is.
func (w *Window) openErase(session string, done func()) {
	w.work.start(func(ctx context.Context) {
		all, err := w.desk.Checks(ctx, history.Filter{Session: session})
		w.work.do(func() {
			w.log("erase", err)
			var rows []history.Row
			for _, r := range all {
				if r.Session == session {
					rows = append(rows, r)
				}
			}
			switch {
			case err != nil:
				w.tellError("erase.title", err)
			case len(rows) == 0:
				w.tell("erase.title", "erase.unknown")
			case w.gate.open:
				w.confirmErase(session, rows, done)
			}
		})
	})
}

func (w *Window) confirmErase(session string, rows []history.Row, done func()) {
	f := newFormDialog(w.parts, "erase.do", theme.DeleteIcon())
	f.ok.Importance = widget.DangerImportance
	var more error // it is erased, and there is something to know
	f.begin = func() func(context.Context) error {
		return func(ctx context.Context) error {
			err := w.desk.Erase(ctx, session)
			if app.IsProblem(err, history.KeyErasedTraces, history.KeyErasuresUnlisted) {
				more, err = err, nil
			}
			return err
		}
	}
	f.done = func() {
		done()
		if more != nil {
			w.tellError("erase.title", more)
		}
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = fmt.Sprintf("%s  %s  %s", date(r.At), w.words.T(app.OutcomeKey(r.Outcome)), r.Name)
	}
	const shown = 5
	if more := len(lines) - shown; more > 0 {
		lines = append(lines[:shown], w.words.T("erase.more", "Count", more))
	}
	f.show(w, "erase.title", w.words.T("erase.what", "Count", len(rows)), strings.Join(lines, "\n"), w.words.T("erase.lost"), w.words.T("erase.stays"))
}
