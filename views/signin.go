package views

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
)

// signInDesk is what signing in needs of the desk.
type signInDesk interface {
	Names() []string
	SignIn(ctx context.Context, name, passphrase string) error
}

// signInPage asks who is there.
type signInPage struct {
	parts
	desk     signInDesk
	signedIn func()
	now      func() time.Time

	signing *job
	wait    wait

	why        *widget.Label
	name       *combo
	passphrase *entry
	shower     *check
	enter      *button
	said       *widget.Label
	content    *fyne.Container
}

func newSignInPage(p parts, desk signInDesk, signedIn func()) *signInPage {
	s := &signInPage{parts: p, desk: desk, signedIn: signedIn, now: time.Now}
	t := p.words.T
	s.why, s.said = wrapped(""), wrapped("")
	s.name = p.keys.combo(func(string) { s.update() })
	s.name.OnSubmitted = func(string) { s.focusAny(s.passphrase) }
	s.passphrase = p.keys.password(func(string) { s.update() })
	s.passphrase.OnSubmitted = func(string) { s.try() }
	s.shower = p.keys.shower(t("signin.show"), s.passphrase)
	s.enter = p.keys.button(t("signin.enter"), theme.LoginIcon(), s.try)
	s.enter.Importance = widget.HighImportance

	title := coloured(t("signin.title"), theme.ColorNameForeground, theme.SizeNameHeadingText)
	width := canvas.NewRectangle(nil)
	width.SetMinSize(fyne.NewSize(signInWidth, 0))
	form := container.NewVBox(
		width, title, s.why,
		container.New(layout.NewFormLayout(), widget.NewLabel(t("signin.name")), s.name,
			widget.NewLabel(t("signin.passphrase")), s.passphrase,
			widget.NewLabel(""), s.shower),
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
	s.work.start(func(context.Context) {
		names := s.desk.Names()
		s.work.do(func() { s.name.SetOptions(names) })
	})
}

func (s *signInPage) busy() bool { return s.signing != nil }

func (s *signInPage) update() {
	enable(s.enter, !s.busy() && s.wait.left(s.name.Text, s.now()) == 0 && s.name.Text != "" && s.passphrase.Text != "")
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
		s.work.do(func() { s.tried(name, err) })
	})
	s.update()
}

func (s *signInPage) tried(name string, err error) {
	s.signing = nil
	s.passphrase.SetText("")
	s.update()
	if err == nil {
		say(s.said, "", widget.MediumImportance)
		s.signedIn()
		return
	}
	s.log("sign in", err)
	say(s.said, s.words.problem(err), widget.DangerImportance)
	s.wait.begin(name, err, s.now())
	s.update()
	s.focusAny(s.passphrase)
}

// tick counts down to the next attempt.
func (s *signInPage) tick(now time.Time) {
	if text, counts := s.wait.tick(s.words, s.name.Text, now); counts {
		if text == "" {
			say(s.said, s.words.T("signin.again"), widget.MediumImportance)
		} else {
			say(s.said, text, widget.DangerImportance)
		}
		s.update()
	}
}

// wait is how long a name has to wait after wrong attempts. Others need not.
type wait struct {
	name  string
	until time.Time // zero: nobody waits
	key   string    // of the problem that said so
}

// begin takes the seconds a problem asks to wait, if it does.
func (w *wait) begin(name string, err error, now time.Time) {
	var p *app.Problem
	if !errors.As(err, &p) {
		return
	}
	if seconds, _ := p.Params["Seconds"].(int); seconds > 0 {
		*w = wait{name: name, until: now.Add(time.Duration(seconds) * time.Second), key: p.Key}
	}
}

// left is how many seconds a name still has to wait.
func (w *wait) left(name string, now time.Time) int {
	if w.until.IsZero() || !strings.EqualFold(strings.TrimSpace(name), strings.TrimSpace(w.name)) {
		return 0
	}
	return max(0, int(math.Ceil(w.until.Sub(now).Seconds())))
}

// tick gives the words for the name that stands in the field: what is left of
// its wait, or none when that is over; false where it does not wait.
func (w *wait) tick(words words, name string, now time.Time) (text string, counts bool) {
	if w.until.IsZero() || !strings.EqualFold(strings.TrimSpace(name), strings.TrimSpace(w.name)) {
		return "", false
	}
	left := w.left(name, now)
	if left == 0 {
		*w = wait{}
		return "", true
	}
	return words.problem(&app.Problem{Key: w.key, Params: map[string]any{"Seconds": left}}), true
}
