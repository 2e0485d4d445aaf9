package check

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/views/internal/kit"
)

// remoteDesk is what the form needs of the desk.
type remoteDesk interface {
	Settings() settings.Settings
	TokenPlace() (token.Place, error)
	KeptChecks(ctx context.Context) (app.KeptChecks, error)
}

// remoteForm is what the Check screen asks besides where the API may decide: who
// decides, the second consent, the session, and whether the API has its film.
type remoteForm struct {
	kit.Parts
	desk    remoteDesk
	changed func()

	token      error // why there is none; nil: there is one, or it was not looked for yet
	asked      int   // how often: only the last answer counts
	keptChecks app.KeptChecks

	who       *kit.Radio // for a desk that asks each time
	sendName  *kit.Check
	nameWords *kit.TapLabel
	session   *kit.Entry
	prefilled *kit.Check
	kept      *kit.Button // opens the kept checks; there while there are some

	sessionRow, nameRow *fyne.Container
}

func newRemoteForm(p kit.Parts, desk remoteDesk, copyText func(string), openKept func(), changed func()) *remoteForm {
	f := &remoteForm{Parts: p, desk: desk, changed: changed}
	f.who = p.Keys.Radio([]string{string(history.Offline), string(history.Remote)},
		func(v string) string { return p.Words.T("mode.choose." + v) }, changed)
	f.sendName = p.Keys.Check("", func(bool) { changed() })
	f.nameWords = kit.NewTapLabel("", func() {
		if !f.sendName.Disabled() {
			f.sendName.SetChecked(!f.sendName.Checked)
		}
	})
	f.nameRow = container.NewBorder(nil, nil, container.NewVBox(f.sendName), nil, f.nameWords)
	f.session = p.Keys.Entry(func(string) { changed() })
	f.session.Text = app.NewSession()
	f.prefilled = p.Keys.Check(p.Words.T("check.prefilled_box"), func(bool) { changed() })
	copySession := p.Keys.Button("", theme.ContentCopyIcon(), func() { copyText(f.session.Text) })
	f.sessionRow = container.NewVBox(
		container.NewBorder(nil, nil, widget.NewLabel(p.Words.T("result.session")), copySession, f.session),
		f.prefilled,
	)
	f.kept = p.Keys.Button("", theme.MailSendIcon(), openKept)
	f.kept.Hide()
	return f
}

// deciding is who decides the next check; empty until the clerk has chosen.
func (f *remoteForm) deciding() history.Mode {
	mode := f.desk.Settings().Matching.Mode
	if mode == history.Ask {
		return history.Mode(f.who.Value)
	}
	return mode
}

func (f *remoteForm) isRemote() bool { return f.deciding() == history.Remote }

// filmed says that the API has the film already.
func (f *remoteForm) filmed() bool { return f.isRemote() && f.prefilled.Checked }

// missing says what a check by the API still needs.
func (f *remoteForm) missing() string {
	switch {
	case f.deciding() == "":
		return f.Words.T("missing.mode")
	case !f.isRemote():
		return ""
	case f.token != nil:
		return f.Words.ProblemText(f.token)
	case !app.ValidSession(strings.TrimSpace(f.session.Text)):
		return f.Words.T("missing.session")
	}
	return ""
}

// consentWords are what the person is asked; they follow who decides.
func (f *remoteForm) consentWords() string {
	if own := f.desk.Settings().ConsentWords().Processing; own != "" {
		return own
	}
	words := f.usualConsent()
	if now := f.desk.Settings(); now.Auditing() == settings.AuditingOn {
		words += " " + f.Words.T("check.consent_auditors", "Auditors", now.Central.Auditors)
	}
	return words
}

// usualConsent are the program's own words.
func (f *remoteForm) usualConsent() string {
	kept := f.desk.Settings().Privacy.KeepImages
	switch {
	case f.isRemote() && kept:
		return f.Words.T("check.consent_remote_pictures", "Host", f.host())
	case f.isRemote():
		return f.Words.T("check.consent_remote", "Host", f.host())
	case kept:
		return f.Words.T("check.consent_pictures")
	}
	return f.Words.T("check.consent")
}

func (f *remoteForm) host() string { return app.Host(f.desk.Settings().API.Base) }

// update brings the form in line. The name can be sent only where there is one.
func (f *remoteForm) update(name string) {
	show := func(o fyne.CanvasObject, on bool) {
		if on {
			o.Show()
		} else {
			o.Hide()
		}
	}
	remote := f.isRemote()
	show(f.who.Row, f.desk.Settings().Matching.Mode == history.Ask)
	show(f.nameRow, remote)
	show(f.sessionRow, remote)
	words := f.desk.Settings().ConsentWords().SendName
	if words == "" {
		words = f.Words.T("check.consent_name")
	}
	if f.nameWords.Text != words {
		f.nameWords.SetText(words)
	}
	if name == "" && f.sendName.Checked {
		f.sendName.SetChecked(false)
	}
	kit.Enable(f.sendName, name != "")
	count := len(f.keptChecks.Checks) + f.keptChecks.Held
	show(f.kept, count > 0)
	f.kept.SetText(f.Words.T("kept.open", "Count", count))
}

// fill puts the form's answers into a check's input.
func (f *remoteForm) fill(in *app.CheckInput) {
	in.Mode = f.deciding()
	if in.Session = strings.TrimSpace(f.session.Text); !app.ValidSession(in.Session) {
		// Only where this computer decides, and the field is not shown.
		in.Session = app.NewSession()
		f.session.Text = in.Session
	}
	if in.Mode != history.Remote {
		return
	}
	in.SendName, in.Prefilled = f.sendName.Checked, f.prefilled.Checked
	if in.Prefilled {
		in.Capture = nil
		if in.DocumentFrom != history.FromCamera {
			in.CameraPart = app.Part{}
		}
	}
}

// reset forgets the person.
func (f *remoteForm) reset() {
	f.session.SetText(app.NewSession())
	f.sendName.SetChecked(false)
	f.prefilled.SetChecked(false)
	f.who.Set("")
}

// refresh asks for the token and the kept checks anew.
func (f *remoteForm) refresh() {
	f.asked++
	this := f.asked
	mayAsk := f.desk.Settings().Matching.Mode != history.Offline
	f.Work.Start(func(ctx context.Context) {
		var token error
		if mayAsk {
			_, token = f.desk.TokenPlace()
		}
		kept, err := f.desk.KeptChecks(ctx)
		if ctx.Err() != nil {
			return
		}
		f.Work.Do(func() {
			if this != f.asked {
				return
			}
			f.Log("kept checks", err)
			f.token = token
			if err == nil {
				f.keptChecks = kept
			}
			f.changed()
		})
	})
}
