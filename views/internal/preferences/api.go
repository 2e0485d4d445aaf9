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
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/views/internal/kit"
)

// tokenDesk is what the API's token needs of the desk.
type tokenDesk interface {
	TokenPlace() (token.Place, error)
	UnlockToken(passphrase string) error
	SetToken(secret, passphrase string) (token.Place, error)
	ClearToken() error
	TestToken(ctx context.Context) error
}

// apiSettings are the settings of the API, the consents' wording, and the token,
// which is not a setting: it is stored, tested and removed at once, and never shown.
type apiSettings struct {
	kit.Parts
	desk  tokenDesk
	locks locks
	saved func() settings.Settings // what is in force

	who                            *kit.Radio
	base, caFile                   *kit.Entry
	connect, tls, answer, keepDays *kit.Entry
	fault                          *widget.Label

	processing, sendName *kit.Entry // the wording
	wordingFault         *widget.Label
	auditing             *widget.Label // whether the auditors can read names

	place              *widget.Label // where the token lies
	secret, passphrase *kit.Entry
	passphraseRow      *fyne.Container
	set, test, remove  *kit.Button
	said               *widget.Label // what came of the last of them
	busy               bool
	locked             bool
	looks              int // how often it was looked where the token lies: only the last answer counts

	decide, content, wording *fyne.Container
}

func newAPISettings(
	p kit.Parts, desk tokenDesk, l locks, saved func() settings.Settings, changed func(),
) *apiSettings {
	a := &apiSettings{Parts: p, desk: desk, locks: l, saved: saved}
	typed := func(string) { changed() }
	a.who = p.Keys.Radio([]string{string(history.Offline), string(history.Remote), string(history.Ask)},
		func(v string) string { return p.Words.T("mode.choose." + v) }, changed)
	a.base, a.caFile = p.Keys.Entry(typed), p.Keys.Entry(typed)
	a.caFile.SetPlaceHolder(p.Words.T("settings.ca_none"))
	for _, e := range []**kit.Entry{&a.connect, &a.tls, &a.answer, &a.keepDays} {
		*e = p.Keys.Entry(typed)
	}
	for _, e := range []**kit.Entry{&a.processing, &a.sendName} {
		*e = p.Keys.Text(3, typed)
		(*e).Wrapping = fyne.TextWrapWord
		(*e).TextStyle.Monospace = false
		(*e).SetPlaceHolder(p.Words.T("settings.wording_usual"))
	}
	for _, l := range []**widget.Label{&a.fault, &a.wordingFault, &a.said} {
		*l = kit.Wrapped("")
		(*l).Hide()
	}
	a.place, a.auditing = kit.Wrapped(""), kit.Wrapped("")
	a.secret, a.passphrase = p.Keys.Password(func(string) { a.update() }), p.Keys.Password(func(string) { a.update() })
	t := p.Words.T
	a.set = p.Keys.Button(t("settings.token_set"), theme.DocumentSaveIcon(), a.setToken)
	a.test = p.Keys.Button(t("settings.token_test"), theme.ConfirmIcon(), a.testToken)
	a.remove = p.Keys.Button(t("settings.token_remove"), theme.DeleteIcon(), a.removeToken)
	a.lay()
	for key, c := range map[string]fyne.Disableable{
		"matching.mode": a.who, "api.base": a.base, "api.ca_file": a.caFile, "api.connect_seconds": a.connect,
		"api.tls_seconds": a.tls, "api.answer_seconds": a.answer, "api.keep_days": a.keepDays,
		"consent.processing": a.processing, "consent.send_name": a.sendName,
	} {
		l.grey(key, c)
	}
	return a
}

func (a *apiSettings) lay() {
	t := a.Words.T
	form := func(rows ...fyne.CanvasObject) *fyne.Container { return container.New(layout.NewFormLayout(), rows...) }
	name := func(words, key string) fyne.CanvasObject { return widget.NewLabel(a.locks.name(words, key)) }
	a.decide = a.who.Row
	a.passphraseRow = form(widget.NewLabel(t("settings.passphrase")), a.passphrase)
	a.passphraseRow.Hide() // until it is needed
	a.content = container.NewVBox(
		kit.Bold(t("settings.section_api")),
		form(
			name("settings.api_base", "api.base"), a.base, name("settings.ca_file_label", "api.ca_file"), a.caFile,
			name("settings.connect", "api.connect_seconds"), a.connect, name("settings.tls", "api.tls_seconds"), a.tls,
			name("settings.answer", "api.answer_seconds"), a.answer, name("settings.keep_days", "api.keep_days"), a.keepDays,
		),
		a.fault,
		form(widget.NewLabel(t("settings.token")), a.secret), a.passphraseRow,
		container.NewHBox(a.set, a.test, a.remove), a.place, a.said,
	)
	a.wording = container.NewVBox(
		kit.Bold(t("settings.section_consent")), kit.Small(t("settings.wording_help")),
		name("settings.wording_processing", "consent.processing"), a.processing,
		name("settings.wording_name", "consent.send_name"), a.sendName, a.wordingFault,
		a.auditing,
	)
}

func (a *apiSettings) fill(now settings.Settings) {
	a.who.Set(string(now.Matching.Mode))
	a.base.SetText(now.API.Base)
	a.caFile.SetText(now.API.CAFile)
	for e, n := range map[*kit.Entry]int{
		a.connect: now.API.ConnectSeconds, a.tls: now.API.TLSSeconds, a.answer: now.API.AnswerSeconds,
		a.keepDays: now.API.KeepDays,
	} {
		e.SetText(strconv.Itoa(n))
	}
	a.processing.SetText(now.Consent.Processing)
	a.sendName.SetText(now.Consent.SendName)
	a.update()
}

// typed reads the fields into settings. Text that is not a number becomes 0, which the
// settings refuse.
func (a *apiSettings) typed(next *settings.Settings) {
	number := func(e *kit.Entry) int {
		n, _ := strconv.Atoi(strings.TrimSpace(e.Text))
		return n
	}
	next.Matching.Mode = history.Mode(a.who.Value)
	next.API = settings.API{
		Base: strings.TrimSpace(a.base.Text), CAFile: strings.TrimSpace(a.caFile.Text),
		ConnectSeconds: number(a.connect), TLSSeconds: number(a.tls), AnswerSeconds: number(a.answer), KeepDays: number(
			a.keepDays,
		),
	}
	next.Consent.Processing = strings.TrimSpace(a.processing.Text)
	next.Consent.SendName = strings.TrimSpace(a.sendName.Text)
}

// complain shows a problem beside the field it belongs to. It is false for problems
// of other pages.
func (a *apiSettings) complain(p *app.Problem) bool {
	var api, wording string
	if p != nil {
		switch p.Key {
		case app.KeyBase, app.KeyBaseParts, app.KeyBasePlain, settings.KeyCAFile, settings.KeyAPILimits:
			api = a.Words.ProblemText(p)
		case settings.KeyWording, settings.KeyAuditorsMissing:
			wording = a.Words.ProblemText(p)
		}
	}
	kit.Say(a.fault, api, widget.DangerImportance)
	kit.Say(a.wordingFault, wording, widget.DangerImportance)
	return api != "" || wording != ""
}

// sayAuditing says whether the auditors can read what is sealed in the sessions that begin
// under these words.
func (a *apiSettings) sayAuditing(next settings.Settings) {
	words, importance := "", widget.MediumImportance
	if state := next.Auditing(); state != settings.AuditingOff {
		words = a.Words.T("settings.auditing_"+string(state), "Auditors", next.Central.Auditors)
		if state != settings.AuditingOn {
			importance = widget.WarningImportance
		}
	}
	kit.Say(a.auditing, words, importance)
}

// update says which of the token's buttons work: it belongs to the address that
// is saved.
func (a *apiSettings) update() {
	idle := !a.busy && strings.TrimSpace(a.base.Text) == a.saved().API.Base
	kit.Enable(a.set, idle && (a.secret.Text != "" || a.locked && a.passphrase.Text != ""))
	kit.Enable(a.test, idle)
	kit.Enable(a.remove, idle)
	label := "settings.token_set"
	if a.locked && a.secret.Text == "" {
		label = "settings.token_unlock"
	}
	a.set.SetText(a.Words.T(label))
}

// look shows where the token lies.
func (a *apiSettings) look() {
	a.looks++
	this := a.looks
	a.Work.Start(func(context.Context) {
		place, err := a.desk.TokenPlace()
		a.Work.Do(func() {
			if this == a.looks {
				a.found(place, err)
			}
		})
	})
}

func (a *apiSettings) found(place token.Place, err error) {
	a.locked = place == token.Locked
	text := ""
	if err != nil {
		text = a.Words.ProblemText(err)
	} else {
		text = a.Words.T("settings.token_there") + " " + a.Words.T("token.place."+string(place))
	}
	kit.Say(a.place, text, widget.MediumImportance)
	if a.locked || place == token.File {
		a.passphraseRow.Show()
	}
	a.update()
}

// do runs one of the token's buttons away from the window, and says what came of
// it. What was typed is gone from the screen when it worked.
func (a *apiSettings) do(work func(context.Context) (string, error)) {
	a.busy = true
	kit.Say(a.said, a.Words.T("settings.token_wait"), widget.MediumImportance)
	a.update()
	a.Work.Start(func(ctx context.Context) {
		text, err := work(ctx)
		a.Work.Do(func() {
			a.busy = false
			a.Log("token", err)
			if err == nil {
				a.secret.SetText("")
				a.passphrase.SetText("")
				kit.Say(a.said, text, widget.SuccessImportance)
			} else {
				kit.Say(a.said, a.Words.ProblemText(err), widget.DangerImportance)
				a.passphraseRow.Show() // where it is what is missing, here it goes
			}
			a.update()
			a.look()
		})
	})
}

func (a *apiSettings) setToken() {
	secret, passphrase, host := a.secret.Text, a.passphrase.Text, app.Host(a.saved().API.Base)
	a.do(func(context.Context) (string, error) {
		if secret == "" {
			return a.Words.T("settings.token_unlocked"), a.desk.UnlockToken(passphrase)
		}
		place, err := a.desk.SetToken(secret, passphrase)
		return a.Words.T("token.kept_in."+string(place), "Host", host), err
	})
}

func (a *apiSettings) testToken() {
	host := app.Host(a.saved().API.Base)
	a.do(func(ctx context.Context) (string, error) {
		return a.Words.T("token.good", "Host", host), a.desk.TestToken(ctx)
	})
}

func (a *apiSettings) removeToken() {
	host := app.Host(a.saved().API.Base)
	a.do(func(context.Context) (string, error) {
		return a.Words.T("token.cleared", "Host", host), a.desk.ClearToken()
	})
}
