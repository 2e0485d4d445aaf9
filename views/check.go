package views

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
)

// checkDesk is what the Check screen needs of the desk.
type checkDesk interface {
	Check(ctx context.Context, in app.CheckInput, progress app.ProgressFunc) (app.Check, error)
	SendKept(ctx context.Context, id string, progress app.ProgressFunc) (app.Check, error)
	documentDesk
	remoteDesk
	resultDesk
}

// checkScreen is where a check is made: the live picture, the document, what
// the person agreed to, one button; then the result in their place. All its
// methods are for the window's goroutine.
type checkScreen struct {
	parts
	desk    checkDesk
	copy    func(text string)           // puts text on the clipboard
	checked func()                      // a check has ended
	next    func()                      // asks for the next person
	decide  func(chosen history.Choice) // asks for a decision of the result that is shown
	revive  func()                      // asks for the engine again, which ends in setEngine

	source   app.Source // nil while it is reopened
	visible  bool
	watching []*job // pictures and advice

	engine      app.Description
	engineReady bool
	engineFault error

	document *documentSide
	running  *job
	goOn     chan struct{} // closed when the clerk films anyway; of the running check
	remote   *remoteForm
	offers   *offers // of the result that is shown; nil where there are none
	fault    error   // why the last check did not begin
	handed   bool    // the operator changed while it ran: the form is to be forgotten at its end
	result   *resultView

	preview   *preview
	hint      *widget.Label
	name      *entry
	consent   *check
	agreed    *tapLabel // the words of the consent
	minor     *check    // hidden where the settings make nothing of it
	mode      *widget.Label
	calibre   *widget.Label
	retry     *button // there while the engine has a fault
	start     *button
	why       *widget.Label
	stage     *widget.Label
	bar       *widget.ProgressBar
	endless   *movingBar
	anyway    *button // films though the picture is not good; there while that is offered
	cancel    *button
	form      *fyne.Container
	progress  *fyne.Container
	capture   fyne.CanvasObject // everything but the result
	content   *fyne.Container
	progressf latest[app.Progress]
}

func newCheckScreen(p parts, desk checkDesk, browse func(func([]given)), copy func(string), checked, revive, openKept func()) *checkScreen {
	s := &checkScreen{parts: p, desk: desk, copy: copy, checked: checked, revive: revive}
	s.progressf = latest[app.Progress]{do: s.paints.soon, show: s.showProgress}

	s.preview = newPreview(s.paints, s.words.T("preview.waiting"), s.words.Problem)
	s.preview.Log = func(err error) { s.log("advice", err) }
	s.preview.OnPicture = func(bool) { s.update() }
	s.preview.OnHint = func(advice app.Advice) {
		if advice.Hint.Key == "" {
			s.showHint("", advice.Good)
		} else {
			s.showHint(s.words.advice(advice), advice.Good)
			s.reviveEngine() // which must work by now: it found faces, or none
		}
	}
	s.hint = widget.NewLabelWithStyle("", fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	s.hint.SizeName = theme.SizeNameSubHeadingText
	s.hint.Wrapping = fyne.TextWrapWord

	s.name = s.keys.entry(func(string) { s.update() })
	s.name.SetPlaceHolder(s.words.T("check.name_placeholder"))
	s.consent = s.keys.check("", func(bool) { s.update() })
	s.remote = newRemoteForm(p, desk, copy, openKept, func() { s.update() })
	s.agreed = newTapLabel(s.remote.consentWords(), s.toggleConsent)
	s.minor = s.keys.check(s.words.T("check.minor"), nil)
	s.mode, s.calibre = widget.NewLabel(""), widget.NewLabel("")
	s.retry = s.keys.button(s.words.T("check.retry"), theme.ViewRefreshIcon(), s.reviveEngine)
	s.start = s.keys.button(s.words.T("check.start"), theme.ConfirmIcon(), s.begin)
	s.start.Importance = widget.HighImportance
	s.why = wrapped("")

	s.stage = wrapped("")
	s.stage.TextStyle.Bold = true
	s.bar, s.endless = widget.NewProgressBar(), newMovingBar(p)
	s.anyway = s.keys.button(s.words.T("check.anyway"), theme.MediaRecordIcon(), s.filmAnyway)
	s.anyway.Hide()
	s.cancel = s.keys.button(s.words.T("button.cancel"), theme.CancelIcon(), s.stopRunning)

	s.document = newDocumentSide(p, desk, func() app.Source { return s.source }, browse, s.update, s.reviveEngine)
	s.lay()
	s.update()
	return s
}

func (s *checkScreen) lay() {
	name := container.NewBorder(nil, nil, widget.NewLabel(s.words.T("check.name")), s.minor, s.name)
	consent := container.NewBorder(nil, nil, container.NewVBox(s.consent), nil, s.agreed)
	badges := container.NewHBox(s.mode, s.calibre, s.retry, layout.NewSpacer(), s.remote.kept)
	big := container.New(tall{}, s.start)
	s.form = container.NewGridWithColumns(2,
		container.NewVBox(name, consent, s.remote.nameRow),
		container.NewVBox(badges, s.remote.who.row, s.remote.sessionRow, big, s.why),
	)
	s.progress = container.NewVBox(
		s.stage, container.NewStack(s.bar, s.endless),
		container.NewHBox(layout.NewSpacer(), s.anyway, s.cancel),
	)
	s.progress.Hide()
	twoLines := widget.NewLabel("\n") // what a long hint needs where the window is small
	twoLines.SizeName = s.hint.SizeName
	twoLines.Hide()
	left := container.NewBorder(nil, container.New(steady{}, twoLines, s.hint), nil, nil, s.preview)
	s.capture = container.NewBorder(nil, container.NewVBox(widget.NewSeparator(), container.New(steady{}, s.form, s.progress)), nil, nil,
		container.NewGridWithColumns(2, left, s.document.panel))
	s.content = container.NewStack(s.capture)
}

// steady stacks objects and keeps room for the hidden ones, so that nothing
// jumps when they take turns.
type steady struct{}

func (steady) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

func (steady) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
	}
}

// tall makes a button as high as it is important.
type tall struct{}

func (tall) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objects[0].MinSize().Width, bigButton)
}

func (tall) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }

// setSource gives the screen the source to show; nil while there is none.
func (s *checkScreen) setSource(source app.Source) {
	s.source = source
	s.preview.another()
	s.preview.say(s.words.T("preview.waiting"), "")
	s.watch()
}

// show tells the screen whether it can be seen: nothing is painted for nobody.
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
		j.stop()
	}
	s.watching = nil
	if s.source == nil || !s.visible || s.result != nil {
		s.watching = before // stopped, but to be waited for
		return
	}
	s.preview.mirror.Store(s.desk.Settings().Camera.Mirror)
	source, number := s.source, s.preview.source
	for _, feed := range []func(context.Context, app.Source, int){s.preview.watch, s.preview.advise} {
		s.watching = append(s.watching, s.work.start(func(ctx context.Context) {
			for _, j := range before {
				j.over()
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
		s.running.stop()
		s.cancel.Disable()
		s.anyway.Hide()
		s.stage.SetText(s.words.T("stage.cancelling"))
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
		return s.words.problem(s.engineFault)
	case s.document.missing() != "":
		return s.document.missing()
	case s.remote.missing() != "":
		return s.remote.missing()
	case (s.source == nil || !s.preview.there) && !s.remote.filmed():
		return s.words.T("missing.picture")
	case !s.consent.Checked:
		return s.words.T("missing.consent")
	case !s.engineReady && here:
		return s.words.T("missing.engine")
	}
	if _, err := app.CleanName(s.name.Text); err != nil {
		return s.words.problem(err)
	}
	return ""
}

// update brings the form in line with the state.
func (s *checkScreen) update() {
	if words := s.remote.consentWords(); s.agreed.Text != words {
		s.agreed.SetText(words)
		s.consent.Checked = false // nobody agreed to these words yet
		s.consent.Refresh()
	}
	placeholder := "check.name_placeholder"
	if s.remote.isRemote() {
		placeholder = "check.name_placeholder_remote"
	}
	if text := s.words.T(placeholder); s.name.PlaceHolder != text {
		s.name.SetPlaceHolder(text)
	}
	s.remote.update(strings.TrimSpace(s.name.Text))
	missing, running := s.missing(), s.busy()
	s.document.hold(running || s.result != nil)
	enable(s.start, missing == "" && !running)
	switch {
	case s.engineFault != nil:
		say(s.why, missing, widget.DangerImportance)
	case s.fault != nil:
		say(s.why, s.words.problem(s.fault), widget.DangerImportance)
	case missing != "":
		say(s.why, missing, widget.MediumImportance)
	case s.document.state.portrait.Code != matcher.CodeOK:
		say(s.why, s.words.T("check.no_portrait"), widget.WarningImportance)
	case s.remote.filmed():
		say(s.why, s.words.T("check.ready_filmed"), widget.SuccessImportance)
	default:
		say(s.why, s.words.T("check.ready"), widget.SuccessImportance)
	}
	if s.desk.Settings().Matching.ReferMinors {
		s.minor.Show()
	} else {
		s.minor.Hide()
	}
	mode, calibre := s.words.T("mode.offline"), ""
	switch {
	case s.remote.deciding() == "":
		mode = s.words.T("mode.ask")
	case s.remote.isRemote():
		mode = s.words.T("mode.remote", "Host", s.remote.host())
	case s.engineFault != nil:
		mode = s.words.T("mode.none")
	case !s.engineReady:
		calibre = s.words.T("mode.loading")
	case !s.engine.Calibrated:
		calibre = s.words.T("mode.not_calibrated")
	}
	say(s.mode, mode, widget.MediumImportance)
	say(s.calibre, calibre, widget.WarningImportance)
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
	s.run(shown, func(ctx context.Context) (app.Check, error) { return s.desk.Check(ctx, in, s.progressf.put) })
}

// run runs a check and shows its result with what is known of it already.
func (s *checkScreen) run(shown shownCheck, check func(context.Context) (app.Check, error)) {
	s.fault = nil
	enable(s.cancel, true)
	s.paints.hurried.Store(true)
	s.running = s.work.start(func(ctx context.Context) {
		done, err := check(ctx)
		s.work.do(func() { s.ended(done, err, shown) })
	})
	s.showProgress(app.Progress{})
	s.update()
	s.focus(s.cancel)
}

// rerun makes a check of what the API has not taken, with the same clip.
func (s *checkScreen) rerun(shown shownCheck, in app.CheckInput) {
	if s.busy() {
		return
	}
	s.again()
	s.run(shown, func(ctx context.Context) (app.Check, error) {
		done, err := s.desk.Check(ctx, in, s.progressf.put)
		if done.ID == "" { // it did not begin, so nobody else has the clip
			s.desk.Drop(in)
		}
		return done, err
	})
}

// sendKept sends a kept check. Its pictures stay sealed: none is shown.
func (s *checkScreen) sendKept(k app.KeptCheck) {
	if s.busy() || s.result != nil {
		return
	}
	s.run(shownCheck{kept: keptAs(s.words, k), byCamera: k.FromPhoto}, func(ctx context.Context) (app.Check, error) {
		return s.desk.SendKept(ctx, k.ID, s.progressf.put)
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
	s.stage.SetText(s.words.stage(p))
	s.endless.run(p.Total == 0 && s.busy())
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
	s.endless.run(false)
	s.paints.hurried.Store(false)
	s.log("check", err)
	if s.handed {
		s.handed = false
		defer s.forget() // the result is shown, for whoever is there now
	}
	s.remote.refresh()
	if done.ID == "" {
		s.fault = err
		s.update()
		s.focus(s.start)
		return
	}
	shown.Check, shown.unrecorded = done, err
	s.result = newResultView(s.parts, s.desk, shown)
	if s.offers = s.result.offers; s.offers != nil {
		s.offers.OnRun = func(in app.CheckInput) { s.rerun(shown, in) }
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
	s.focus(s.result.more) // which takes nothing away, whatever is pressed next
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
	s.focus(nil) // the button that was pressed is gone, and must not take the next press
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
// on, and is theirs to see.
func (s *checkScreen) handOver() {
	s.handed = s.busy()
	s.reset()
}

// undecided says whether the result that is shown waits for a decision.
func (s *checkScreen) undecided() bool { return s.result != nil && s.result.undecided() }
