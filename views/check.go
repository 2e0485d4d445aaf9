package views

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
	"facematch/views/internal/kit"
)

// clipLength is how long the person is filmed: long enough for eight frames spread
// over different moments, short enough to stand still for.
const clipLength = 3 * time.Second

// checkDesk is what the Check screen needs of the desk.
type checkDesk interface {
	Check(ctx context.Context, in app.CheckInput, progress app.ProgressFunc) (app.Check, error)
	Retry(ctx context.Context, unsent *app.Attempt, mode history.Mode, progress app.ProgressFunc) (app.Check, error)
	SendKept(ctx context.Context, id string, progress app.ProgressFunc) (app.Check, error)
	documentDesk
	remoteDesk
	resultDesk
}

// checkScreen is where a check is made: the live picture, the document, what
// the person agreed to, one button; then the result in their place. All its
// methods are for the window's goroutine.
type checkScreen struct {
	kit.Parts
	desk    checkDesk
	copy    func(text string)           // puts text on the clipboard
	checked func()                      // a check has ended
	next    func()                      // asks for the next person
	decide  func(chosen history.Choice) // asks for a decision of the result that is shown
	revive  func()                      // asks for the engine again, which ends in setEngine

	source   app.Source // nil while it is reopened
	visible  bool
	watching []*kit.Job // pictures and advice

	engine      app.Description
	engineReady bool
	engineFault error

	document *documentSide
	running  *kit.Job
	goOn     chan struct{} // closed when the clerk films anyway; of the running check
	remote   *remoteForm
	offers   *offers // of the result that is shown; nil where there are none
	fault    error   // why the last check did not begin
	handed   bool    // the operator changed while it ran: the form is to be forgotten at its end
	result   *resultView

	preview   *preview
	hint      *widget.Label
	name      *kit.Entry
	consent   *kit.Check
	agreed    *kit.TapLabel // the words of the consent
	minor     *kit.Check    // hidden where the settings make nothing of it
	mode      *widget.Label
	calibre   *widget.Label
	retry     *kit.Button // there while the engine has a fault
	start     *kit.Button
	why       *widget.Label
	stage     *widget.Label
	bar       *widget.ProgressBar
	endless   *kit.MovingBar
	anyway    *kit.Button // films though the picture is not good; there while that is offered
	cancel    *kit.Button
	form      *fyne.Container
	progress  *fyne.Container
	capture   fyne.CanvasObject // everything but the result
	content   *fyne.Container
	progressf kit.Latest[app.Progress]
}

func newCheckScreen(
	p kit.Parts, desk checkDesk, browse func(func([]given)), copyText func(string), checked, revive, openKept func(),
) *checkScreen {
	s := &checkScreen{Parts: p, desk: desk, copy: copyText, checked: checked, revive: revive}
	s.progressf = kit.Latest[app.Progress]{Do: s.Paints.Soon, Show: s.showProgress}

	s.preview = newPreview(s.Paints, s.Words.T("preview.waiting"), s.Words.Problem)
	s.preview.Log = func(err error) { s.Log("advice", err) }
	s.preview.OnPicture = func(bool) { s.update() }
	s.preview.OnHint = func(advice app.Advice) {
		if advice.Hint.Key == "" {
			s.showHint("", advice.Good)
		} else {
			s.showHint(s.Words.Advice(advice), advice.Good)
			s.reviveEngine() // which must work by now: it found faces, or none
		}
	}
	s.hint = widget.NewLabelWithStyle("", fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	s.hint.SizeName = theme.SizeNameSubHeadingText
	s.hint.Wrapping = fyne.TextWrapWord

	s.name = s.Keys.Entry(func(string) { s.update() })
	s.name.SetPlaceHolder(s.Words.T("check.name_placeholder"))
	s.consent = s.Keys.Check("", func(bool) { s.update() })
	s.remote = newRemoteForm(p, desk, copyText, openKept, func() { s.update() })
	s.agreed = kit.NewTapLabel(s.remote.consentWords(), s.toggleConsent)
	s.minor = s.Keys.Check(s.Words.T("check.minor"), nil)
	s.mode, s.calibre = widget.NewLabel(""), widget.NewLabel("")
	s.retry = s.Keys.Button(s.Words.T("check.retry"), theme.ViewRefreshIcon(), s.reviveEngine)
	s.start = s.Keys.Button(s.Words.T("check.start"), theme.ConfirmIcon(), s.begin)
	s.start.Importance = widget.HighImportance
	s.why = kit.Wrapped("")

	s.stage = kit.Wrapped("")
	s.stage.TextStyle.Bold = true
	s.bar, s.endless = widget.NewProgressBar(), kit.NewMovingBar(p)
	s.anyway = s.Keys.Button(s.Words.T("check.anyway"), theme.MediaRecordIcon(), s.filmAnyway)
	s.anyway.Hide()
	s.cancel = s.Keys.Button(s.Words.T("button.cancel"), theme.CancelIcon(), s.stopRunning)

	s.document = newDocumentSide(p, desk, func() app.Source { return s.source }, browse, s.update, s.reviveEngine)
	s.lay()
	s.update()
	return s
}

func (s *checkScreen) lay() {
	name := container.NewBorder(nil, nil, widget.NewLabel(s.Words.T("check.name")), s.minor, s.name)
	consent := container.NewBorder(nil, nil, container.NewVBox(s.consent), nil, s.agreed)
	badges := container.NewHBox(s.mode, s.calibre, s.retry, layout.NewSpacer(), s.remote.kept)
	big := container.New(kit.Tall{}, s.start)
	s.form = container.NewGridWithColumns(2,
		container.NewVBox(name, consent, s.remote.nameRow),
		container.NewVBox(badges, s.remote.who.Row, s.remote.sessionRow, big, s.why),
	)
	s.progress = container.NewVBox(
		s.stage, container.NewStack(s.bar, s.endless),
		container.NewHBox(layout.NewSpacer(), s.anyway, s.cancel),
	)
	s.progress.Hide()
	twoLines := widget.NewLabel("\n") // what a long hint needs where the window is small
	twoLines.SizeName = s.hint.SizeName
	twoLines.Hide()
	left := container.NewBorder(nil, container.New(kit.Steady{}, twoLines, s.hint), nil, nil, s.preview)
	s.capture = container.NewBorder(nil, container.NewVBox(
		widget.NewSeparator(), container.New(kit.Steady{}, s.form, s.progress)), nil, nil,
		container.NewGridWithColumns(2, left, s.document.panel))
	s.content = container.NewStack(s.capture)
}

// setSource gives the screen the source to show; nil while there is none.
func (s *checkScreen) setSource(source app.Source) {
	s.source = source
	s.preview.another()
	s.preview.say(s.Words.T("preview.waiting"), "")
	s.watch()
}

// show tells the screen whether it can be seen. While it is hidden the preview does
// not repaint.
// (Fyne does not tell when the window is minimised; a window that merely lost
// the keyboard may well be looked at.)
func (s *checkScreen) show(visible bool) {
	s.visible = visible
	s.watch()
	if visible {
		s.remote.refresh()
	}
}

// watch starts or stops what feeds the live picture. A new feeder waits for the
// one before it, because both write into the same buffers.
func (s *checkScreen) watch() {
	before := s.watching
	for _, j := range before {
		j.Stop()
	}
	s.watching = nil
	if s.source == nil || !s.visible || s.result != nil {
		s.watching = before // stopped, but to be waited for
		return
	}
	s.preview.mirror.Store(s.desk.Settings().Camera.Mirror)
	source, number := s.source, s.preview.source
	for _, feed := range []func(context.Context, app.Source, int){s.preview.watch, s.preview.advise} {
		s.watching = append(s.watching, s.Work.Start(func(ctx context.Context) {
			for _, j := range before {
				j.Wait()
			}
			feed(ctx, source, number)
		}))
	}
}

func (s *checkScreen) showHint(text string, good bool) {
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

// setEngine tells the screen what decides checks, or why nothing can.
func (s *checkScreen) setEngine(d app.Description, err error) {
	s.engine, s.engineReady, s.engineFault = d, err == nil, err
	s.update()
	if s.engineReady {
		s.watch() // advice may have waited for the engine
	}
}

// reviveEngine tries the engine again after its fault.
func (s *checkScreen) reviveEngine() {
	if s.engineFault == nil {
		return
	}
	s.engineFault = nil
	s.update()
	s.revive()
}

// busy says whether a check runs.
func (s *checkScreen) busy() bool { return s.running != nil }

func (s *checkScreen) stopRunning() {
	if s.busy() {
		s.running.Stop()
		s.cancel.Disable()
		s.anyway.Hide()
		s.stage.SetText(s.Words.T("stage.cancelling"))
	}
}

func (s *checkScreen) toggleConsent() {
	if !s.busy() && s.result == nil {
		s.consent.SetChecked(!s.consent.Checked)
	}
}

func (s *checkScreen) toggleMinor() {
	if !s.busy() && s.result == nil && s.minor.Visible() {
		s.minor.SetChecked(!s.minor.Checked)
	}
}

// escape cancels what runs.
func (s *checkScreen) escape() {
	if s.busy() {
		s.stopRunning()
	} else {
		s.document.escape()
	}
}

// missing says what a check still needs, in the order a clerk meets it; empty:
// nothing.
func (s *checkScreen) missing() string {
	here := !s.remote.isRemote()
	switch {
	case s.engineFault != nil && here:
		return s.Words.ProblemText(s.engineFault)
	case s.document.missing() != "":
		return s.document.missing()
	case s.remote.missing() != "":
		return s.remote.missing()
	case (s.source == nil || !s.preview.there) && !s.remote.filmed():
		return s.Words.T("missing.picture")
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

// update brings the form in line with the state.
func (s *checkScreen) update() {
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
	s.remote.update(strings.TrimSpace(s.name.Text))
	missing, running := s.missing(), s.busy()
	s.document.hold(running || s.result != nil)
	kit.Enable(s.start, missing == "" && !running)
	switch {
	case s.engineFault != nil:
		kit.Say(s.why, missing, widget.DangerImportance)
	case s.fault != nil:
		kit.Say(s.why, s.Words.ProblemText(s.fault), widget.DangerImportance)
	case missing != "":
		kit.Say(s.why, missing, widget.MediumImportance)
	case s.document.state.portrait.Code != matcher.CodeOK:
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
	mode, calibre := s.Words.T("mode.offline"), ""
	switch {
	case s.remote.deciding() == "":
		mode = s.Words.T("mode.ask")
	case s.remote.isRemote():
		mode = s.Words.T("mode.remote", "Host", s.remote.host())
	case s.engineFault != nil:
		mode = s.Words.T("mode.none")
	case !s.engineReady:
		calibre = s.Words.T("mode.loading")
	case !s.engine.Calibrated:
		calibre = s.Words.T("mode.not_calibrated")
	}
	kit.Say(s.mode, mode, widget.MediumImportance)
	kit.Say(s.calibre, calibre, widget.WarningImportance)
	if s.engineFault == nil {
		s.retry.Hide()
	} else {
		s.retry.Show()
		if zone := s.document.panel.zone; zone.fault.Text == missing {
			zone.say("") // what stands under the button is not said twice
		}
	}
	if running {
		s.form.Hide()
		s.progress.Show()
	} else {
		s.progress.Hide()
		s.form.Show()
	}
}

// begin starts a check, or goes on with one that waits for a good picture.
func (s *checkScreen) begin() {
	if s.busy() {
		s.filmAnyway()
		return
	}
	if s.result != nil || s.missing() != "" {
		return
	}
	document, source := s.document.state, s.source
	portrait := document.portrait
	rules := s.desk.Settings().Conditions
	s.goOn = make(chan struct{})
	in := app.CheckInput{
		Document:     document.files[document.file].blob,
		Portrait:     &portrait, // one without a face too: the page on the screen is what counts
		Name:         strings.TrimSpace(s.name.Text),
		Consent:      s.consent.Checked,
		Minor:        s.minor.Checked && s.minor.Visible(),
		DocumentPage: document.page(),
	}
	if source != nil { // none is needed where the API has the film already
		in.Capture, in.CameraPart = app.Capture(source, clipLength, s.goOn), source.Part()
	}
	if document.byCamera() {
		in.DocumentFrom = history.FromCamera
	}
	s.remote.fill(&in)
	shown := shownCheck{rules: rules, portrait: document.portrait, page: document.page(), byCamera: document.byCamera()}
	s.run(shown, func(ctx context.Context) (app.Check, error) { return s.desk.Check(ctx, in, s.progressf.Put) })
}

// run runs a check and shows its result with what is known of it already.
func (s *checkScreen) run(shown shownCheck, check func(context.Context) (app.Check, error)) {
	s.fault = nil
	kit.Enable(s.cancel, true)
	s.Paints.Hurried.Store(true)
	s.running = s.Work.Start(func(ctx context.Context) {
		done, err := check(ctx)
		s.Work.Do(func() { s.ended(done, err, shown) })
	})
	s.showProgress(app.Progress{})
	s.update()
	s.Focus(s.cancel)
}

// rerun makes a check of what the API has not taken, with the same clip.
func (s *checkScreen) rerun(shown shownCheck, unsent *app.Attempt, mode history.Mode) {
	if s.busy() {
		return
	}
	s.again()
	s.run(shown, func(ctx context.Context) (app.Check, error) {
		done, err := s.desk.Retry(ctx, unsent, mode, s.progressf.Put)
		if done.ID == "" { // it did not begin, so no other check uses the clip
			s.desk.Drop(unsent)
		}
		return done, err
	})
}

// sendKept sends a kept check. Its pictures stay sealed: none is shown.
func (s *checkScreen) sendKept(k app.KeptCheck) {
	if s.busy() || s.result != nil {
		return
	}
	s.run(shownCheck{kept: keptAs(s.Words, k), byCamera: k.FromPhoto}, func(ctx context.Context) (app.Check, error) {
		return s.desk.SendKept(ctx, k.ID, s.progressf.Put)
	})
}

// filmAnyway films though the picture is not good, where that is offered.
func (s *checkScreen) filmAnyway() {
	if s.anyway.Visible() {
		s.anyway.Hide()
		close(s.goOn)
	}
}

func (s *checkScreen) showProgress(p app.Progress) {
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
	s.endless.Run(p.Total == 0 && s.busy())
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
func (s *checkScreen) ended(done app.Check, err error, shown shownCheck) {
	s.running = nil
	s.endless.Run(false)
	s.Paints.Hurried.Store(false)
	s.Log("check", err)
	if s.handed {
		s.handed = false
		defer s.forget() // the result is shown to the operator who is signed in now
	}
	s.remote.refresh()
	if done.ID == "" {
		s.fault = err
		s.update()
		s.Focus(s.start)
		return
	}
	shown.Check, shown.unrecorded = done, err
	s.result = newResultView(s.Parts, s.desk, shown)
	if s.offers = s.result.offers; s.offers != nil {
		s.offers.OnRun = func(mode history.Mode) { s.rerun(shown, done.Unsent, mode) }
		s.offers.OnKept = s.remote.refresh
	}
	s.result.OnFilm = func() {
		s.again()
		s.begin()
	}
	s.result.OnNew, s.result.OnAgain, s.result.OnCopy, s.result.OnDecide = s.next, s.again, s.copy, s.decide
	s.content.Objects = []fyne.CanvasObject{s.result}
	s.content.Refresh()
	s.update()
	s.watch()
	s.Focus(s.result.more) // which takes nothing away, whatever is pressed next
	s.checked()
}

// again goes back to the form for another attempt with the same person.
func (s *checkScreen) again() {
	if s.busy() {
		return
	}
	s.offers.drop()
	s.result, s.offers = nil, nil
	s.fault = nil
	s.Focus(nil) // the button that was pressed is gone, and must not take the next press
	s.content.Objects = []fyne.CanvasObject{s.capture}
	s.content.Refresh()
	s.update()
	s.watch()
}

// reset makes the screen ready for the next person: nothing of the last one
// stays.
func (s *checkScreen) reset() {
	if s.busy() {
		return
	}
	s.again()
	s.forget()
}

// forget empties the form.
func (s *checkScreen) forget() {
	s.remote.reset()
	s.name.SetText("")
	s.consent.SetChecked(false)
	s.minor.SetChecked(false)
	s.document.clear("")
}

// handOver makes the screen ready for another operator. A check that runs goes
// on, and its result is shown to that operator.
func (s *checkScreen) handOver() {
	s.handed = s.busy()
	s.reset()
}

// undecided says whether the result that is shown waits for a decision.
func (s *checkScreen) undecided() bool { return s.result != nil && s.result.undecided() }
