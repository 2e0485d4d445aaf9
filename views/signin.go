package views

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

const signInWidth = 420

// signInDesk is what signing in needs of the desk.
type signInDesk interface {
	Names() []string
	SignIn(ctx context.Context, name, passphrase string) error
}

// signInPage asks who is there.
type signInPage struct {
	kit.Parts
	desk     signInDesk
	signedIn func()
	now      func() time.Time

	signing *kit.Job
	wait    kit.Wait

	why        *widget.Label
	name       *kit.Combo
	passphrase *kit.Entry
	shower     *kit.Check
	enter      *kit.Button
	said       *widget.Label
	content    *fyne.Container
}

func newSignInPage(p kit.Parts, desk signInDesk, signedIn func()) *signInPage {
	s := &signInPage{Parts: p, desk: desk, signedIn: signedIn, now: time.Now}
	t := p.Words.T
	s.why, s.said = kit.Wrapped(""), kit.Wrapped("")
	s.name = p.Keys.Combo(func(string) { s.update() })
	s.name.OnSubmitted = func(string) { s.FocusAny(s.passphrase) }
	s.passphrase = p.Keys.Password(func(string) { s.update() })
	s.passphrase.OnSubmitted = func(string) { s.try() }
	s.shower = p.Keys.ShowBox(t("signin.show"), s.passphrase)
	s.enter = p.Keys.Button(t("signin.enter"), theme.LoginIcon(), s.try)
	s.enter.Importance = widget.HighImportance

	title := draw.Coloured(t("signin.title"), theme.ColorNameForeground, theme.SizeNameHeadingText)
	width := canvas.NewRectangle(nil)
	width.SetMinSize(fyne.NewSize(signInWidth, 0))
	form := container.NewVBox(
		width, title, s.why,
		container.New(layout.NewFormLayout(), widget.NewLabel(t("signin.name")), s.name,
			widget.NewLabel(t("signin.passphrase")), s.passphrase,
			widget.NewLabel(""), s.shower),
		container.New(kit.Tall{}, s.enter), s.said,
	)
	s.content = container.NewCenter(form)
	s.content.Hide()
	s.update()
	return s
}

// show makes the page ready, with the name of the last operator where there is one.
func (s *signInPage) show(why, last string, running bool) {
	text := ""
	if why != "" {
		text = s.Words.T(why)
	}
	if running {
		text = kit.Join(text, s.Words.T("gate.running"))
	}
	kit.Say(s.why, text, widget.MediumImportance)
	kit.Say(s.said, "", widget.MediumImportance)
	if why == shutSignedOut {
		last = ""
	}
	s.name.SetText(last)
	s.passphrase.SetText("")
	s.shower.SetChecked(false)
	s.look()
	s.update()
}

// first is the field to begin with.
func (s *signInPage) first() fyne.Focusable {
	if s.name.Text == "" {
		return s.name
	}
	return s.passphrase
}

// look fills the list of names.
func (s *signInPage) look() {
	s.Work.Start(func(context.Context) {
		names := s.desk.Names()
		s.Work.Do(func() { s.name.SetOptions(names) })
	})
}

func (s *signInPage) busy() bool { return s.signing != nil }

func (s *signInPage) update() {
	kit.Enable(
		s.enter, !s.busy() && s.wait.Left(s.name.Text, s.now()) == 0 && s.name.Text != "" && s.passphrase.Text != "",
	)
}

// try signs in.
func (s *signInPage) try() {
	if s.enter.Disabled() {
		return
	}
	name, passphrase := s.name.Text, s.passphrase.Text
	kit.Say(s.said, s.Words.T("signin.looking"), widget.MediumImportance)
	s.signing = s.Work.Start(func(ctx context.Context) {
		err := s.desk.SignIn(ctx, name, passphrase)
		s.Work.Do(func() { s.tried(name, err) })
	})
	s.update()
}

func (s *signInPage) tried(name string, err error) {
	s.signing = nil
	s.passphrase.SetText("")
	s.update()
	if err == nil {
		kit.Say(s.said, "", widget.MediumImportance)
		s.signedIn()
		return
	}
	s.Log("sign in", err)
	kit.Say(s.said, s.Words.ProblemText(err), widget.DangerImportance)
	s.wait.Begin(name, err, s.now())
	s.update()
	s.FocusAny(s.passphrase)
}

// tick counts down to the next attempt.
func (s *signInPage) tick(now time.Time) {
	if text, counts := s.wait.Tick(s.Words, s.name.Text, now); counts {
		if text == "" {
			kit.Say(s.said, s.Words.T("signin.again"), widget.MediumImportance)
		} else {
			kit.Say(s.said, text, widget.DangerImportance)
		}
		s.update()
	}
}
