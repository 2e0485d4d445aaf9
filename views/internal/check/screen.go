// Package check is the Check screen: the live picture, the document, what the person
// agreed to, and one button; then the result in their place.
package check

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
	"facematch/views/internal/document"
	"facematch/views/internal/kit"
	"facematch/views/internal/live"
)

// clipLength is how long the person is filmed: long enough for eight frames spread
// over different moments, short enough to stand still for.
const clipLength = 3 * time.Second

// Desk is what the Check screen needs of the desk.
type Desk interface {
	Check(ctx context.Context, in app.CheckInput, progress app.ProgressFunc) (app.Check, error)
	Retry(ctx context.Context, unsent *app.Attempt, mode history.Mode, progress app.ProgressFunc) (app.Check, error)
	SendKept(ctx context.Context, id string, progress app.ProgressFunc) (app.Check, error)
	document.Desk
	remoteDesk
	resultDesk
	keptDesk
}

// Hooks are what the screen needs of the window.
type Hooks struct {
	Browse   func(chosen func([]document.Item)) // lets the clerk choose a file
	Copy     func(text string)                  // puts text on the clipboard
	Checked  func()                             // a check has ended
	Revive   func()                             // asks for the engine again, which ends in SetEngine
	OpenKept func()                             // shows the kept checks
	Next     func()                             // asks for the next person
	SetUp    func()                             // shows what is left to set up
	// Decide asks for a decision of the check in this row, with a choice made already or
	// none; done is called with the decision that was recorded.
	Decide func(row history.Row, chosen history.Choice, done func(app.DecisionInput))
	// Identify asks how a person was identified who is not compared at all; done is called when
	// it is recorded.
	Identify func(who app.IdentifyInput, done func())
}

// Screen is where a check is made. All its methods are for the window's goroutine.
type Screen struct {
	kit.Parts
	Content  *fyne.Container
	Document *document.Side

	desk    Desk
	hooks   Hooks
	source  app.Source // nil while it is reopened
	visible bool

	engine      app.Description
	engineReady bool
	engineFault error

	running *kit.Task     // the check
	goOn    chan struct{} // closed when the clerk films anyway; of the running check
	remote  *remoteForm
	offers  *offers // of the result that is shown; nil where there are none
	fault   error   // why the last check did not begin
	handed  bool    // the operator changed while it ran: the form is to be forgotten at its end
	result  *resultView

	preview     *live.Preview
	hint        *widget.Label
	name        *kit.Entry
	reference   *kit.Entry
	referred    *fyne.Container // the reference with its name; hidden where the settings have none
	referredTo  *widget.Label
	consent     *kit.Check
	agreed      *kit.TapLabel // the words of the consent
	minor       *kit.Check    // hidden where the settings make nothing of it
	filled      string        // the name as it was read from the document, where that went into the form
	ticked      bool          // the box for the age was ticked by what was read
	mode        *widget.Label
	calibration *widget.Label
	retry       *kit.Button // there while the engine has a fault
	start       *kit.Button
	why         *widget.Label
	stage       *widget.Label
	bar         *widget.ProgressBar
	endless     *kit.MovingBar
	anyway      *kit.Button // films though the picture is not good; there while that is offered
	cancel      *kit.Button
	without     *kit.Button // records who is not compared at all
	identified  bool        // that was recorded, and nothing was typed since
	setUp       *kit.Button // leads to what is left to set up; there while something is
	form        *fyne.Container
	progress    *fyne.Container
	capture     fyne.CanvasObject // everything but the result
	reports     kit.Latest[app.Progress]
}

// New makes the screen, without a source and before the engine is known.
func New(p kit.Parts, desk Desk, hooks Hooks) *Screen {
	s := &Screen{Parts: p, desk: desk, hooks: hooks, running: kit.NewTask(p.Work, nil)}
	s.reports = kit.Latest[app.Progress]{Do: s.Paints.Soon, Show: s.showProgress}

	s.preview = live.New(p)
	s.preview.OnPicture = func(bool) { s.Update() }
	s.preview.OnHint = func(advice app.Advice) {
		if advice.Hint.Key == "" {
			s.showHint("", advice.Good)
		} else {
			s.showHint(s.Words.Advice(advice), advice.Good)
			s.reviveEngine() // advice comes from the engine, so it works by now
		}
	}
	s.hint = widget.NewLabelWithStyle("", fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	s.hint.SizeName = theme.SizeNameSubHeadingText
	s.hint.Wrapping = fyne.TextWrapWord

	s.name = s.Keys.Entry(func(string) { s.Update() })
	s.name.SetPlaceHolder(s.Words.T("check.name_placeholder"))
	s.reference = s.Keys.Entry(func(string) { s.Update() })
	s.referredTo = widget.NewLabel("")
	s.consent = s.Keys.Check("", func(bool) { s.Update() })
	s.remote = newRemoteForm(p, desk, hooks.Copy, hooks.OpenKept, func() { s.Update() })
	s.agreed = kit.NewTapLabel(s.remote.consentWords(), s.ToggleConsent)
	s.minor = s.Keys.Check(s.Words.T("check.minor"), nil)
	s.mode, s.calibration = widget.NewLabel(""), widget.NewLabel("")
	s.retry = s.Keys.Button(s.Words.T("check.retry"), theme.ViewRefreshIcon(), s.reviveEngine)
	s.start = s.Keys.Button(s.Words.T("check.start"), theme.ConfirmIcon(), s.Begin)
	s.start.Importance = widget.HighImportance
	s.why = kit.Wrapped("")
	s.setUp = s.Keys.Button("", nil, hooks.SetUp)
	s.setUp.Importance = widget.LowImportance
	s.setUp.Hide()
	s.without = s.Keys.Button(s.Words.T("identify.open"), theme.AccountIcon(), s.Identify)
	s.without.Importance = widget.LowImportance

	s.stage = kit.Wrapped("")
	s.stage.TextStyle.Bold = true
	s.bar, s.endless = widget.NewProgressBar(), kit.NewMovingBar(p)
	s.anyway = s.Keys.Button(s.Words.T("check.anyway"), theme.MediaRecordIcon(), s.filmAnyway)
	s.anyway.Hide()
	s.cancel = s.Keys.Button(s.Words.T("button.cancel"), theme.CancelIcon(), s.stopRunning)

	s.Document = document.New(p, desk, document.Hooks{
		Camera: func() app.Source { return s.source }, Browse: hooks.Browse, Changed: s.Update, Answered: s.reviveEngine,
		Read: s.documentRead,
	})
	s.lay()
	s.Update()
	return s
}

func (s *Screen) lay() {
	name := container.NewBorder(nil, nil, widget.NewLabel(s.Words.T("check.name")), s.minor, s.name)
	s.referred = container.NewBorder(nil, nil, s.referredTo, nil, s.reference)
	consent := container.NewBorder(nil, nil, container.NewVBox(s.consent), nil, s.agreed)
	badges := container.NewHBox(s.mode, s.calibration, s.retry, layout.NewSpacer(), s.remote.kept)
	big := container.New(kit.Tall{}, s.start)
	s.form = container.NewGridWithColumns(2,
		container.NewVBox(name, s.referred, consent, s.remote.nameRow, container.NewHBox(s.without)),
		container.NewVBox(badges, s.remote.who.Row, s.remote.sessionRow, big, s.why, container.NewHBox(s.setUp)),
	)
	s.progress = container.NewVBox(
		s.stage, container.NewStack(s.bar, s.endless),
		container.NewHBox(layout.NewSpacer(), s.anyway, s.cancel),
	)
	s.progress.Hide()
	// It keeps the room that the longest hint needs, so that the picture does not jump.
	longest := widget.NewLabelWithStyle(s.Words.T("coach.none_sharp"), s.hint.Alignment, s.hint.TextStyle)
	longest.SizeName, longest.Wrapping = s.hint.SizeName, s.hint.Wrapping
	longest.Hide()
	left := container.NewBorder(nil, container.New(kit.Steady{}, longest, s.hint), nil, nil, s.preview)
	s.capture = container.NewBorder(nil, container.NewVBox(
		widget.NewSeparator(), container.New(kit.Steady{}, s.form, s.progress)), nil, nil,
		container.NewGridWithColumns(2, left, s.Document.Content()))
	s.Content = container.NewStack(s.capture)
}

// SetSource gives the screen the source to show; nil while there is none.
func (s *Screen) SetSource(source app.Source) {
	s.source = source
	s.preview.SetSource(source)
}

// Show tells the screen whether it can be seen. While it is hidden the preview does
// not repaint.
// (Fyne does not tell when the window is minimised; a window that merely lost
// the keyboard may well be looked at.)
func (s *Screen) Show(visible bool) {
	s.visible = visible
	s.watch()
	if visible {
		s.Refresh()
	}
}

// Refresh asks for what may have changed outside of the screen: the token and the kept
// checks.
func (s *Screen) Refresh() { s.remote.refresh() }

// watch starts or stops the live picture.
func (s *Screen) watch() {
	s.preview.Run(s.visible && s.result == nil, s.desk.Settings().Camera.Mirror)
}

func (s *Screen) showHint(text string, good bool) {
	importance := widget.WarningImportance
	if good {
		importance = widget.SuccessImportance
	}
	if s.hint.Text == text && s.hint.Importance == importance {
		return
	}
	s.hint.Importance = importance
	s.hint.SetText(text)
}

// SetEngine tells the screen what decides checks, or why nothing can.
func (s *Screen) SetEngine(d app.Description, err error) {
	s.engine, s.engineReady, s.engineFault = d, err == nil, err
	s.Update()
	if s.engineReady {
		s.watch() // advice may have waited for the engine
	}
}

// SetupLeft says in one quiet line how much an administrator has left to set up.
func (s *Screen) SetupLeft(count int) {
	s.setUp.SetText(s.Words.T("setup.left", "Count", count))
	kit.SetVisible(s.setUp, count > 0)
}

// Engine is what decides checks here; empty: it is not known yet.
func (s *Screen) Engine() app.Description { return s.engine }

// reviveEngine tries the engine again after its fault.
func (s *Screen) reviveEngine() {
	if s.engineFault == nil {
		return
	}
	s.engineFault = nil
	s.Update()
	s.hooks.Revive()
}

// Busy says whether a check runs.
func (s *Screen) Busy() bool { return s.running.Busy() }

func (s *Screen) stopRunning() {
	if s.Busy() {
		s.running.Cancel()
		s.cancel.Disable()
		s.anyway.Hide()
		s.stage.SetText(s.Words.T("stage.cancelling"))
	}
}

// ToggleConsent ticks the consent or takes the tick away, before a check begins.
func (s *Screen) ToggleConsent() {
	if !s.Busy() && s.result == nil {
		s.consent.SetChecked(!s.consent.Checked)
	}
}

// ToggleMinor ticks that the person is under 18 or takes the tick away, before a check
// begins.
func (s *Screen) ToggleMinor() {
	if !s.Busy() && s.result == nil && s.minor.Visible() {
		s.minor.SetChecked(!s.minor.Checked)
	}
}

// Escape cancels what runs.
func (s *Screen) Escape() {
	if s.Busy() {
		s.stopRunning()
	} else {
		s.Document.Escape()
	}
}

// missing says what a check still needs, in the order a clerk meets it; empty:
// nothing.
func (s *Screen) missing() string {
	here := !s.remote.isRemote()
	switch {
	case s.engineFault != nil && here:
		return s.Words.ProblemText(s.engineFault)
	case s.Document.Missing() != "":
		return s.Document.Missing()
	case s.remote.missing() != "":
		return s.remote.missing()
	case (s.source == nil || !s.preview.There()) && !s.remote.filmed():
		return s.Words.T("missing.picture")
	case s.referenceFault() != nil: // before what is still to be done: it was typed just now
		return s.Words.ProblemText(s.referenceFault())
	case !s.consent.Checked:
		return s.Words.T("missing.consent")
	case !s.engineReady && here:
		return s.Words.T("missing.engine")
	}
	if _, err := app.CleanName(s.name.Text); err != nil {
		return s.Words.ProblemText(err)
	}
	return ""
}

// Update brings the form in line with the state.
func (s *Screen) Update() {
	if words := s.remote.consentWords(); s.agreed.Text != words {
		s.agreed.SetText(words)
		s.consent.Checked = false // the person has not agreed to these words
		s.consent.Refresh()
	}
	placeholder := "check.name_placeholder"
	if s.remote.isRemote() {
		placeholder = "check.name_placeholder_remote"
	}
	if text := s.Words.T(placeholder); s.name.PlaceHolder != text {
		s.name.SetPlaceHolder(text)
	}
	s.updateReference()
	s.remote.update(strings.TrimSpace(s.name.Text))
	s.Document.Typed(strings.TrimSpace(s.name.Text))
	missing, running := s.missing(), s.Busy()
	chosen, _ := s.Document.Chosen()
	s.Document.Hold(running || s.result != nil)
	kit.Enable(s.start, missing == "" && !running)
	switch {
	case s.engineFault != nil:
		kit.Say(s.why, missing, widget.DangerImportance)
	case s.fault != nil:
		kit.Say(s.why, s.Words.ProblemText(s.fault), widget.DangerImportance)
	case s.identified:
		kit.Say(s.why, s.Words.T("identify.done"), widget.SuccessImportance)
		s.identified = false // until anything changes
	case missing != "":
		kit.Say(s.why, missing, widget.MediumImportance)
	case chosen.Portrait.Code != matcher.CodeOK:
		kit.Say(s.why, s.Words.T("check.no_portrait"), widget.WarningImportance)
	case s.remote.filmed():
		kit.Say(s.why, s.Words.T("check.ready_filmed"), widget.SuccessImportance)
	default:
		kit.Say(s.why, s.Words.T("check.ready"), widget.SuccessImportance)
	}
	if s.desk.Settings().Matching.ReferMinors {
		s.minor.Show()
	} else {
		s.minor.Hide()
	}
	mode, calibration := s.Words.T("mode.offline"), ""
	switch {
	case s.remote.deciding() == "":
		mode = s.Words.T("mode.ask")
	case s.remote.isRemote():
		mode = s.Words.T("mode.remote", "Host", s.remote.host())
	case s.engineFault != nil:
		mode = s.Words.T("mode.none")
	case !s.engineReady:
		calibration = s.Words.T("mode.loading")
	case !s.engine.Calibrated:
		calibration = s.Words.T("mode.not_calibrated")
	}
	kit.Say(s.mode, mode, widget.MediumImportance)
	kit.Say(s.calibration, calibration, widget.WarningImportance)
	if s.engineFault == nil {
		s.retry.Hide()
	} else {
		s.retry.Show()
		s.Document.HideFault(missing)
	}
	if running {
		s.form.Hide()
		s.progress.Show()
	} else {
		s.progress.Hide()
		s.form.Show()
	}
}

// documentRead takes what was read of the document into the form: the name, unless one was
// typed, and the age. What an earlier document left there goes.
func (s *Screen) documentRead() {
	read := s.Document.Reading()
	if read == nil {
		return
	}
	if s.name.Text == "" || s.name.Text == s.filled {
		s.filled = read.Fields.Name
		s.name.SetText(s.filled)
	}
	if read.Minor != s.ticked {
		s.minor.SetChecked(read.Minor)
		s.ticked = read.Minor
	}
	s.Update()
}

// reading is what was read of the document, for a check. Where there is a box for the age,
// that is the clerk's last word on it.
func (s *Screen) reading() *history.Reading {
	read := s.Document.Reading()
	if read != nil {
		read.Minor = read.Minor && !s.minor.Visible()
	}
	return read
}

// updateReference brings the field of the reference in line with the settings.
func (s *Screen) updateReference() {
	of := s.desk.Settings().Reference
	kit.SetVisible(s.referred, of.On())
	if !of.On() {
		return
	}
	if s.referredTo.Text != of.Name {
		s.referredTo.SetText(of.Name)
	}
	placeholder := s.Words.T("check.name_placeholder")
	if of.Example != "" {
		placeholder = s.Words.T("check.reference_placeholder", "Example", of.Example)
	}
	if s.reference.PlaceHolder != placeholder {
		s.reference.SetPlaceHolder(placeholder)
	}
}

// typedReference is what was typed as the reference, where there is such a field.
func (s *Screen) typedReference() string {
	if !s.desk.Settings().Reference.On() {
		return ""
	}
	return strings.TrimSpace(s.reference.Text)
}

// referenceFault says what is wrong with the reference; nil: nothing.
func (s *Screen) referenceFault() error {
	_, err := s.desk.Settings().Reference.Clean(s.typedReference())
	return err
}

// Begin starts a check, or goes on with one that waits for a good picture.
func (s *Screen) Begin() {
	if s.Busy() {
		s.filmAnyway()
		return
	}
	if s.result != nil || s.missing() != "" {
		return
	}
	chosen, _ := s.Document.Chosen()
	source := s.source
	shown := shownCheck{
		rules: s.desk.Settings().Conditions, portrait: chosen.Portrait, page: chosen.Page, byCamera: chosen.ByCamera,
	}
	s.goOn = make(chan struct{})
	in := app.CheckInput{
		Document:     chosen.File,
		Portrait:     &chosen.Portrait, // one without a face too: the page on the screen is what counts
		Name:         strings.TrimSpace(s.name.Text),
		Reference:    s.typedReference(),
		Consent:      s.consent.Checked,
		Minor:        s.minor.Checked && s.minor.Visible(),
		DocumentPage: chosen.Page,
		Inspect:      true,
		Reading:      s.reading(),
	}
	if source != nil { // none is needed where the API has the film already
		in.Capture, in.CameraPart = app.Capture(source, clipLength, s.goOn), source.Part()
	}
	if chosen.ByCamera {
		in.DocumentFrom = history.FromCamera
	}
	s.remote.fill(&in)
	s.run(shown, func(ctx context.Context) (app.Check, error) { return s.desk.Check(ctx, in, s.reports.Put) })
}

// run runs a check and shows its result with what is known of it already.
func (s *Screen) run(shown shownCheck, check func(context.Context) (app.Check, error)) {
	s.fault = nil
	kit.Enable(s.cancel, true)
	s.Paints.Hurried.Store(true)
	s.running.Start(func(ctx context.Context, _ app.ProgressFunc) (err error) {
		shown.Check, err = check(ctx)
		shown.unrecorded = err
		return err
	}, func(error) { s.ended(shown) })
	s.showProgress(app.Progress{})
	s.Update()
	s.Focus(s.cancel)
}

// rerun makes a check of what the API has not taken, with the same clip.
func (s *Screen) rerun(shown shownCheck, unsent *app.Attempt, mode history.Mode) {
	if s.Busy() {
		return
	}
	s.again()
	s.run(shown, func(ctx context.Context) (app.Check, error) {
		done, err := s.desk.Retry(ctx, unsent, mode, s.reports.Put)
		if done.ID == "" { // it did not begin, so no other check uses the clip
			s.desk.Drop(unsent)
		}
		return done, err
	})
}

// SendKept sends a kept check. Its pictures stay sealed: none is shown.
func (s *Screen) SendKept(k app.KeptCheck) {
	if s.Busy() || s.result != nil {
		return
	}
	s.run(shownCheck{kept: keptAs(s.Words, k), byCamera: k.FromPhoto}, func(ctx context.Context) (app.Check, error) {
		return s.desk.SendKept(ctx, k.ID, s.reports.Put)
	})
}

// filmAnyway films though the picture is not good, where that is offered.
func (s *Screen) filmAnyway() {
	if s.anyway.Visible() {
		s.anyway.Hide()
		close(s.goOn)
	}
}

func (s *Screen) showProgress(p app.Progress) {
	if s.cancel.Disabled() { // "cancelling" stays until it is over
		return
	}
	select {
	case <-s.goOn: // once is enough
		s.anyway.Hide()
	default:
		s.anyway.Hidden = p.Stage != matcher.StageOffering
		s.anyway.Refresh()
	}
	s.stage.SetText(s.Words.Stage(p))
	s.endless.Run(p.Total == 0 && s.Busy())
	if p.Total > 0 {
		s.endless.Hide()
		s.bar.Show()
		s.bar.SetValue(float64(p.Done) / float64(p.Total))
	} else {
		s.bar.Hide()
		s.endless.Show()
	}
}

// ended shows how a check ended. One that never began leaves the form as it
// is, with the reason.
func (s *Screen) ended(shown shownCheck) {
	s.endless.Run(false)
	s.Paints.Hurried.Store(false)
	s.Log("check", shown.unrecorded)
	if s.handed {
		s.handed = false
		defer s.forget() // the result is shown to the operator who is signed in now
	}
	s.Refresh()
	if shown.ID == "" {
		s.fault = shown.unrecorded
		s.Update()
		s.Focus(s.start)
		return
	}
	s.result = newResultView(s.Parts, s.desk, shown)
	if s.offers = s.result.offers; s.offers != nil {
		s.offers.OnRun = func(mode history.Mode) { s.rerun(shown, shown.Unsent, mode) }
		s.offers.OnKept = s.Refresh
	}
	result := s.result
	s.result.OnFilm = func() {
		result.leave(func() {
			s.again()
			s.Begin()
		})
	}
	s.result.OnNew, s.result.OnCopy, s.result.OnDecide = s.hooks.Next, s.hooks.Copy, s.Decide
	s.result.OnAgain = func() { result.leave(s.again) }
	s.Content.Objects = []fyne.CanvasObject{s.result}
	s.Content.Refresh()
	s.Update()
	s.watch()
	s.Focus(s.result.more) // which takes nothing away, whatever is pressed next
	s.hooks.Checked()
}

// again goes back to the form for another attempt with the same person.
func (s *Screen) again() {
	if s.Busy() {
		return
	}
	s.offers.drop()
	s.result, s.offers = nil, nil
	s.fault = nil
	s.Focus(nil) // the button that was pressed is gone, and must not take the next press
	s.Content.Objects = []fyne.CanvasObject{s.capture}
	s.Content.Refresh()
	s.Update()
	s.watch()
}

// Reset makes the screen ready for the next person: nothing of the last one
// stays.
func (s *Screen) Reset() {
	if s.Busy() {
		return
	}
	s.again()
	s.forget()
}

// forget empties the form.
func (s *Screen) forget() {
	s.remote.reset()
	s.name.SetText("")
	s.reference.SetText("")
	s.consent.SetChecked(false)
	s.minor.SetChecked(false)
	s.filled, s.ticked = "", false
	s.Document.Clear("")
}

// HandOver makes the screen ready for another operator. A check that runs goes
// on, and its result is shown to that operator.
func (s *Screen) HandOver() {
	s.handed = s.Busy()
	s.Reset()
}

// Leave goes on to something else than the result that is shown, once what the clerk saw is
// recorded. It goes nowhere while the settings or a no without a reason keep the next person
// waiting.
func (s *Screen) Leave(next func()) {
	switch {
	case s.result == nil:
		next()
	case s.result.waits() == "":
		s.result.leave(next)
	}
}

// Identify asks how the person of the form was identified, without a comparison.
func (s *Screen) Identify() {
	if s.Busy() || s.result != nil {
		return
	}
	who := app.IdentifyInput{
		Name: strings.TrimSpace(s.name.Text), Reference: s.typedReference(), Session: s.remote.session.Text,
		Minor: s.minor.Checked && s.minor.Visible(),
	}
	s.hooks.Identify(who, func() {
		s.Reset()
		s.identified = true
		s.Update()
		s.hooks.Checked()
	})
}

// Undecided says whether the result that is shown waits for a decision.
func (s *Screen) Undecided() bool { return s.result != nil && s.result.undecided() }

// Decide asks for a decision of the check whose result is shown, with a choice made
// already or none.
func (s *Screen) Decide(chosen history.Choice) {
	if shown := s.result; shown != nil {
		s.hooks.Decide(shown.row(), chosen, shown.decidedAs)
	}
}

// HasResult says whether the result of a check is shown.
func (s *Screen) HasResult() bool { return s.result != nil }

// KeptChecks lists the checks that wait to be sent; send is called with the one that the
// clerk sends.
func (s *Screen) KeptChecks(send func(app.KeptCheck)) fyne.CanvasObject {
	return newKeptList(s.Parts, s.desk, s.remote.keptChecks, send).box
}
