package views

import (
	"context"
	"errors"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
)

// signInPage asks who is there.
type signInPage struct {
	parts
	signedIn func()
	now      func() time.Time

	signing *job
	until   time.Time // when the next attempt is taken; zero: now
	fault   error     // what the countdown is about

	why        *widget.Label
	name       *combo
	passphrase *entry
	enter      *button
	said       *widget.Label
	content    *fyne.Container
}

func newSignInPage(p parts, signedIn func()) *signInPage {
	s := &signInPage{parts: p, signedIn: signedIn}
	t := p.words.T
	s.why, s.said = wrapped(""), wrapped("")
	s.name = p.keys.combo(func(string) { s.update() })
	s.name.OnSubmitted = func(string) { s.focusAny(s.passphrase) }
	s.passphrase = p.keys.password(func(string) { s.update() })
	s.passphrase.OnSubmitted = func(string) { s.try() }
	s.enter = p.keys.button(t("signin.enter"), theme.LoginIcon(), s.try)
	s.enter.Importance = widget.HighImportance

	title := coloured(t("signin.title"), theme.ColorNameForeground, theme.SizeNameHeadingText)
	width := canvas.NewRectangle(nil)
	width.SetMinSize(fyne.NewSize(signInWidth, 0))
	form := container.NewVBox(
		width, title, s.why,
		container.New(layout.NewFormLayout(), widget.NewLabel(t("signin.name")), s.name,
			widget.NewLabel(t("signin.passphrase")), s.passphrase),
		container.New(tall{}, s.enter), s.said,
	)
	s.content = container.NewCenter(form)
	s.content.Hide()
	s.update()
	return s
}

// show makes the page ready: for the same operator again, or for anybody.
func (s *signInPage) show(why, last string, running bool) {
	text := ""
	if why != "" {
		text = s.words.T(why)
	}
	if running {
		text = join(text, s.words.T("gate.running"))
	}
	say(s.why, text, widget.MediumImportance)
	say(s.said, "", widget.MediumImportance)
	if why == "gate.signed_out" {
		last = ""
	}
	s.name.SetText(last)
	s.passphrase.SetText("")
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
	s.work.start(func(context.Context) {
		all, err := s.desk.Operators()
		s.work.do(func() {
			s.desk.Log("operators", err) // a name can still be typed
			var names []string
			for _, o := range all {
				names = append(names, o.Name)
			}
			s.name.SetOptions(names)
		})
	})
}

func (s *signInPage) busy() bool { return s.signing != nil }

func (s *signInPage) update() {
	enable(s.enter, !s.busy() && s.until.IsZero() && s.name.Text != "" && s.passphrase.Text != "")
}

// try signs in.
func (s *signInPage) try() {
	if s.enter.Disabled() {
		return
	}
	name, passphrase := s.name.Text, s.passphrase.Text
	say(s.said, s.words.T("signin.looking"), widget.MediumImportance)
	s.signing = s.work.start(func(ctx context.Context) {
		err := s.desk.SignIn(ctx, name, passphrase)
		s.work.do(func() { s.tried(err) })
	})
	s.update()
}

func (s *signInPage) tried(err error) {
	s.signing = nil
	s.passphrase.SetText("")
	s.update()
	if err == nil {
		say(s.said, "", widget.MediumImportance)
		s.signedIn()
		return
	}
	s.desk.Log("sign in", err)
	if seconds := waitOf(err); seconds > 0 {
		s.fault, s.until = err, s.now().Add(time.Duration(seconds)*time.Second)
		s.tick(s.now())
	} else {
		say(s.said, s.words.problem(err), widget.DangerImportance)
	}
	s.focusAny(s.passphrase)
}

// tick counts down to the next attempt.
func (s *signInPage) tick(now time.Time) {
	if s.until.IsZero() {
		return
	}
	left := int(math.Ceil(s.until.Sub(now).Seconds()))
	if left <= 0 {
		s.until, s.fault = time.Time{}, nil
		say(s.said, s.words.T("signin.again"), widget.MediumImportance)
	} else {
		say(s.said, s.words.waiting(s.fault, left), widget.DangerImportance)
	}
	s.update()
}

// keyWait is the problem of an attempt that came too early.
const keyWait = "operators.wait"

// waitOf is how many seconds a problem asks to wait; 0: none.
func waitOf(err error) int {
	var p *app.Problem
	if !errors.As(err, &p) || p.Key != keyWait {
		return 0
	}
	seconds, _ := p.Params["Seconds"].(int)
	return max(1, seconds)
}

// waiting is a problem that asks to wait, with the seconds that are left.
func (w words) waiting(err error, left int) string {
	return w.problem(&app.Problem{Key: keyWait, Params: map[string]any{"Seconds": left, "Count": left}})
}
