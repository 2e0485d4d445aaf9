package check

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"maps"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/views/internal/document"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// fakeDesk is what the screen needs of the desk.
type fakeDesk struct {
	*kittest.Checks
	*kittest.Staff
	*kittest.DeskSettings
	*kittest.Token
	mu     sync.Mutex
	logged []error

	source app.Source
	engine func(context.Context) (app.Description, error)
}

func newFakeDesk() *fakeDesk {
	return &fakeDesk{
		Checks: kittest.NewChecks(), Staff: &kittest.Staff{}, DeskSettings: kittest.NewDeskSettings(),
		Token: &kittest.Token{}, source: kittest.NewSource(),
		engine: func(context.Context) (app.Description, error) { return kittest.Description(false), nil },
	}
}

func (d *fakeDesk) log(_ string, err error) {
	if err == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logged = append(d.logged, err)
}

// shownScreen is the Check screen in a window of its own.
type shownScreen struct {
	*kittest.Window
	desk     *fakeDesk
	check    *Screen
	ended    int                 // how many checks have ended
	openers  int                 // how often the kept checks were to be shown
	identify []app.IdentifyInput // who was to be identified without a comparison
}

// open shows the screen, with a source and an engine that is loaded in the background.
func open(t *testing.T, desk *fakeDesk) *shownScreen {
	t.Helper()
	w := &shownScreen{Window: kittest.Open(t), desk: desk}
	w.Parts.Log = desk.log
	w.check = New(w.Parts, desk, Hooks{
		Browse: func(func([]document.Item)) {}, Copy: func(string) {}, Checked: func() { w.ended++ }, Revive: w.loadEngine,
		OpenKept: func() { w.openers++ }, Next: func() { w.check.Reset() },
		Decide:   func(history.Row, history.Choice, func(app.DecisionInput)) {},
		Identify: func(who app.IdentifyInput, done func()) { w.identify = append(w.identify, who); done() },
	})
	w.OnEscape = w.check.Escape
	w.Window.Show(w.check.Content)
	w.check.SetSource(desk.source)
	w.check.Show(true)
	w.loadEngine()
	return w
}

func (w *shownScreen) loadEngine() {
	w.Work.Start(func(ctx context.Context) {
		description, err := w.desk.engine(ctx)
		w.Work.Do(func() {
			w.Log("engine", err)
			w.check.SetEngine(description, err)
		})
	})
}

// load gives files as a drop does.
func (w *shownScreen) load(paths ...string) {
	var items []document.Item
	for _, path := range paths {
		items = append(items, document.File(path))
	}
	w.check.Document.Open(items)
}

// chosen is the name of the document; empty: there is none.
func (w *shownScreen) chosen() string {
	chosen, _ := w.check.Document.Chosen()
	return chosen.File.Name
}

// searches says whether a document is searched.
func (w *shownScreen) searches() bool {
	return w.check.Document.Missing() == w.Words.T("missing.looking")
}

// outlines are those over the live picture.
func (w *shownScreen) outlines() *draw.Outlines {
	marks, _ := kittest.Find[*draw.Outlines](w.check.preview)
	return marks
}

// ready brings the Check screen to where the button can be pressed.
func ready(t *testing.T, w *shownScreen) {
	t.Helper()
	w.load("document.jpg")
	w.check.consent.SetChecked(true)
	w.Until(t, "a check that can start", func() bool { return !w.check.start.Disabled() })
}

func TestTheReasonStandsBesideTheButton(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	source.ShowProblem(&app.Problem{Key: "camera.busy"})
	desk.source = source
	loaded := make(chan struct{})
	desk.engine = func(ctx context.Context) (app.Description, error) {
		select {
		case <-loaded:
		case <-ctx.Done():
		}
		return kittest.Description(false), ctx.Err()
	}
	w := open(t, desk)
	reads := func(key string) func() bool {
		return func() bool { return w.check.why.Text == w.Words.T(key) }
	}
	blocked := func(key string) {
		t.Helper()
		w.Until(t, key, reads(key))
		if !w.check.start.Disabled() {
			t.Errorf("%s, and yet the button works", key)
		}
	}
	blocked("missing.document")
	if !strings.Contains(w.Text(), w.Words.T("mode.loading")) {
		t.Error("nothing says that the engine loads")
	}
	w.Until(t, "the camera's fault", func() bool { return strings.Contains(w.Text(), w.Words.T("camera.busy")) })
	if !strings.Contains(w.Text(), w.Words.T("camera.busy.hint")) {
		t.Error("nothing says what to do about the camera")
	}
	w.load("document.jpg")
	blocked("missing.picture")
	source.ShowFrame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	blocked("missing.consent")
	test.Tap(w.check.consent)
	blocked("missing.engine")
	close(loaded)
	w.Until(t, "ready", reads("check.ready"))
	if w.check.start.Disabled() {
		t.Error("all is there, and yet the button is off")
	}
	if !strings.Contains(w.Text(), w.Words.T("mode.not_calibrated")) {
		t.Error("nothing says that the engine is not calibrated")
	}
	w.check.name.SetText(strings.Repeat("x", app.MaxName+1))
	if !w.check.start.Disabled() || !strings.Contains(w.check.why.Text, "200") {
		t.Errorf("a name too long passes: %q", w.check.why.Text)
	}
	w.check.name.SetText("Ana")
	source.ShowProblem(&app.Problem{Key: "camera.frozen"})
	blocked("missing.picture")
}

func TestAMissingModelIsSaidPlainly(t *testing.T) {
	desk := newFakeDesk()
	desk.engine = func(context.Context) (app.Description, error) {
		return app.Description{}, &app.Problem{Key: "camera.clip", Err: errors.New("secret cause")}
	}
	w := open(t, desk)
	w.Until(t, "the engine's fault", func() bool { return w.check.engineFault != nil })
	text := w.Text()
	if !strings.Contains(text, w.Words.T("camera.clip.hint")) || strings.Contains(text, "secret") {
		t.Errorf("the screen says %q", text)
	}
	if !w.check.start.Disabled() || len(desk.logged) != 1 {
		t.Errorf("button on, or not logged once: %v", desk.logged)
	}
}

// A fault of the engine says "try again": a button does, and so does whatever
// shows that the engine works.
func TestTheEngineIsTriedAgain(t *testing.T) {
	for _, how := range []string{"button", "document", "advice"} {
		t.Run(how, func(t *testing.T) {
			desk := newFakeDesk()
			source := kittest.NewSource()
			desk.source = source
			var installed atomic.Bool
			missing := &app.Problem{Key: "camera.clip"}
			desk.engine = func(context.Context) (app.Description, error) {
				if !installed.Load() {
					return app.Description{}, missing
				}
				return kittest.Description(false), nil
			}
			desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) {
				if !installed.Load() {
					return app.Portrait{}, missing
				}
				return kittest.Portrait(), nil
			}
			w := open(t, desk)
			w.load("document.jpg")
			w.Until(t, "the fault", func() bool { return w.check.engineFault != nil && !w.searches() })
			if n := strings.Count(w.Text(), w.Words.T("camera.clip")); n != 1 {
				t.Errorf("the fault is said %d times", n)
			}
			if !w.check.retry.Visible() {
				t.Fatal("nothing to try again with")
			}
			test.Tap(w.check.retry)
			if w.check.retry.Visible() || !strings.Contains(w.Text(), w.Words.T("mode.loading")) {
				t.Error("nothing says that it is tried")
			}
			w.Until(t, "the fault again", func() bool { return w.check.retry.Visible() })
			w.load("document.jpg")
			w.Until(t, "the document's end", func() bool { return !w.searches() })
			if n := strings.Count(w.Text(), w.Words.T("camera.clip")); n != 1 {
				t.Errorf("after another document the fault is said %d times", n)
			}
			installed.Store(true)
			switch how {
			case "button":
				test.Tap(w.check.retry)
			case "document":
				w.load("document.jpg")
			case "advice":
				source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.closer"}})
			}
			w.Until(t, "the engine", func() bool { return w.check.engineReady })
			if w.check.retry.Visible() || strings.Contains(w.Text(), w.Words.T("camera.clip")) {
				t.Error("the fault stays")
			}
		})
	}
}

func TestCalibratedEngineHasNoBadge(t *testing.T) {
	desk := newFakeDesk()
	desk.engine = func(context.Context) (app.Description, error) { return kittest.Description(true), nil }
	w := open(t, desk)
	w.Until(t, "the engine", func() bool { return w.check.engineReady })
	if strings.Contains(w.Text(), w.Words.T("mode.not_calibrated")) {
		t.Error("a calibrated engine is called not calibrated")
	}
}

func TestADocumentWithoutPortrait(t *testing.T) {
	desk := newFakeDesk()
	desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) {
		return app.Portrait{Code: 2, Page: image.NewRGBA(image.Rect(0, 0, 9, 9))}, nil
	}
	var given app.CheckInput
	desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return notCompared(2, 0), nil
	}
	w := open(t, desk)
	ready(t, w)
	if !strings.Contains(w.Text(), w.Words.T("found.several")) {
		t.Errorf("the screen says %q", w.Text())
	}
	w.check.Begin()
	w.Until(t, "a result", func() bool { return w.check.result != nil })
	if given.Portrait == nil || given.Portrait.Code != 2 {
		t.Error("the check was not told that the page on the screen has no portrait")
	}
}

func TestEscapeCancelsTheSearchFromTheNameField(t *testing.T) {
	desk := newFakeDesk()
	desk.OnPortrait = func(ctx context.Context, _ app.Blob) (app.Portrait, error) {
		<-ctx.Done()
		return app.Portrait{}, ctx.Err()
	}
	w := open(t, desk)
	w.load("document.jpg")
	if w.check.why.Text != w.Words.T("missing.looking") {
		t.Errorf("beside the button stands %q", w.check.why.Text)
	}
	w.Win.Canvas().Focus(w.check.name)
	w.Win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	w.Queue.Run()
	if w.searches() || w.chosen() != "" {
		t.Error("the search goes on")
	}
	if w.check.Document.Missing() != w.Words.T("missing.document") {
		t.Error("a cancelled search is shown as a fault")
	}
	if len(desk.logged) != 0 {
		t.Errorf("logged %v", desk.logged)
	}
}

func TestACheckAndItsInput(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	desk.source = source
	source.GiveAdvice(app.Advice{Good: true, Hint: app.Notice{Key: "coach.good"}})
	var filmed atomic.Bool
	source.OnFilm = func(context.Context, app.ProgressFunc) (app.Film, error) {
		filmed.Store(true)
		return nil, nil
	}
	var given app.CheckInput
	steps, go1, go2 := make(chan struct{}), make(chan struct{}), make(chan struct{})
	desk.OnCheck = func(ctx context.Context, in app.CheckInput, p app.ProgressFunc) (app.Check, error) {
		given = in
		p(app.Progress{Stage: "recording", Done: 1, Total: 4})
		close(steps)
		<-go1
		p(app.Progress{Stage: "comparing"})
		<-go2
		_, err := in.Capture(ctx, false, p)
		return kittest.Compared(history.Pass, 90, 91), err
	}
	w := open(t, desk)
	ready(t, w)
	w.check.name.SetText("  Ana María ")
	session := w.check.remote.session.Text
	w.Win.Canvas().Focus(w.check.name)
	w.check.Begin()
	<-steps
	w.Until(t, "the first stage", func() bool { return strings.Contains(w.Text(), w.Words.T("stage.recording")) })
	if w.check.bar.Value != 0.25 || w.check.form.Visible() {
		t.Errorf("the bar stands at %v, the form is shown: %v", w.check.bar.Value, w.check.form.Visible())
	}
	w.check.Reset()
	w.load("/a/other.png")
	if w.check.remote.session.Text != session || w.chosen() != "document.jpg" {
		t.Error("a running check lost its person or document")
	}
	close(go1)
	w.Until(t, "the second stage", func() bool { return strings.Contains(w.Text(), w.Words.T("stage.comparing")) })
	if w.check.bar.Visible() || !w.check.endless.Visible() {
		t.Error("a stage of unknown length shows an amount")
	}
	close(go2)
	w.Until(t, "the result", func() bool { return w.check.result != nil })
	switch {
	case given.Name != "Ana María", !given.Consent, given.SendName, given.Session != session,
		given.Portrait == nil, given.Document.Name != "document.jpg", given.Video.Open != nil:
		t.Errorf("the check was given %+v", given)
	case !filmed.Load():
		t.Error("nobody was filmed")
	}
	if w.ended != 1 {
		t.Errorf("the window was told of %d checks", w.ended)
	}
	w.check.again()
	if w.check.remote.session.Text != session || w.check.name.Text != "  Ana María " || !w.check.consent.Checked ||
		w.chosen() == "" {
		t.Error("another attempt does not keep the person")
	}
	w.check.Reset()
	if w.check.remote.session.Text == session || w.check.name.Text != "" || w.check.consent.Checked ||
		w.chosen() != "" {
		t.Error("something of the last person stays")
	}
}

// The reference has the settings' name, goes into the check in its form, and is forgotten with
// the person. What does not fit is said at once.
func TestAReferenceOfTheCustomersOwn(t *testing.T) {
	desk := newFakeDesk()
	var given app.CheckInput
	desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		done := kittest.Compared(history.Pass, 90, 91)
		done.Virtual = "v4l2 loopback"
		return done, nil
	}
	w := open(t, desk)
	ready(t, w)
	s := w.check
	if s.referred.Visible() {
		t.Error("there is a field though the settings have no name for it")
	}
	desk.Now.Reference = settings.Reference{Name: "Case number", Pattern: "[0-9]{4}/[0-9]+", Example: "2026/17"}
	s.Update()
	if !s.referred.Visible() || !strings.Contains(w.Text(), "Case number") ||
		s.reference.PlaceHolder != "Optional, such as 2026/17" {
		t.Errorf("the field: %v, %q", s.referred.Visible(), s.reference.PlaceHolder)
	}
	test.Type(s.reference, "2026")
	if want := "Case number: this is not written as it should be. It is written like 2026/17."; s.why.Text != want ||
		!s.start.Disabled() {
		t.Errorf("the clerk reads %q", s.why.Text)
	}
	s.consent.SetChecked(false)
	if !strings.Contains(s.why.Text, "Case number") {
		t.Errorf("before the consent the clerk reads %q", s.why.Text)
	}
	s.consent.SetChecked(true)
	test.Type(s.reference, "/99 ")
	if s.start.Disabled() {
		t.Fatalf("the clerk reads %q", s.why.Text)
	}
	s.Begin()
	w.Until(t, "the result", func() bool { return s.result != nil })
	if !strings.Contains(w.Text(), w.Words.T("reason.virtual", "Driver", "v4l2 loopback")) {
		t.Errorf("the result does not say that the camera was none: %q", w.Text())
	}
	if given.Reference != "2026/99" {
		t.Errorf("the check was given %q", given.Reference)
	}
	s.Reset()
	if s.reference.Text != "" {
		t.Error("the reference of the last person stays")
	}
}

func TestCancelAndEscapeEndACheck(t *testing.T) {
	for _, how := range []string{"button", "escape", "menu"} {
		t.Run(how, func(t *testing.T) {
			desk := newFakeDesk()
			release := make(chan struct{})
			desk.OnCheck = func(ctx context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
				<-ctx.Done()
				<-release
				return app.Check{ID: "chk_1", Session: in.Session, Outcome: history.Cancelled}, nil
			}
			w := open(t, desk)
			ready(t, w)
			test.Tap(w.check.start)
			switch how {
			case "button":
				test.Tap(w.check.cancel)
			case "escape":
				w.Win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
			case "menu":
				w.check.Escape()
			}
			if !strings.Contains(w.Text(), w.Words.T("stage.cancelling")) || !w.check.Busy() {
				t.Error("a cancelled check is not shown until it has ended")
			}
			w.check.reports.Put(app.Progress{Stage: "faces"})
			w.Queue.Run()
			if !strings.Contains(w.Text(), w.Words.T("stage.cancelling")) {
				t.Error("late progress hides the cancellation")
			}
			close(release)
			w.Until(t, "the result", func() bool { return w.check.result != nil })
			if !strings.Contains(w.Text(), "CANCELLED") {
				t.Errorf("the screen says %q", w.Text())
			}
		})
	}
}

// A key held down must not press the button that comes into its place: Cancel,
// and after it New check, which forgets the person.
func TestAKeyHeldDownPressesOnce(t *testing.T) {
	for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace} {
		t.Run(string(key), func(t *testing.T) {
			desk := newFakeDesk()
			release := make(chan struct{})
			var cancelled atomic.Bool
			desk.OnCheck = func(ctx context.Context, _ app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
				select {
				case <-release:
				case <-ctx.Done():
					cancelled.Store(true)
				}
				return kittest.Compared(history.Pass, 90), nil
			}
			w := open(t, desk)
			ready(t, w)
			w.Win.Canvas().Focus(w.check.start)
			repeat, up := w.Hold(key)
			for range 5 {
				repeat()
			}
			if !w.check.Busy() || w.Win.Canvas().Focused() != w.check.cancel {
				t.Fatal("the check does not run, or Cancel has not the focus")
			}
			close(release)
			w.Until(t, "the result", func() bool { return w.check.result != nil })
			for range 5 {
				repeat()
			}
			if cancelled.Load() || w.check.result == nil || w.chosen() == "" {
				t.Error("the repeats of one press cancelled the check or took its result away")
			}
			up()
			w.Hold(key) // a press in vain, by a clerk who did not look
			if w.check.result == nil || w.chosen() == "" {
				t.Error("the next press takes the result away")
			}
		})
	}
}

// New check is gone once it is pressed: a second press of the key must not reach
// it, or what was begun by then would be forgotten.
func TestNewCheckIsPressedOnce(t *testing.T) {
	desk := newFakeDesk()
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return kittest.Compared(history.Pass, 90), nil
	}
	w := open(t, desk)
	ready(t, w)
	w.check.Begin()
	w.Until(t, "the result", func() bool { return w.check.result != nil })
	kittest.See(w.check.result, func(o fyne.CanvasObject) bool {
		if b, is := o.(*kit.Button); is && b.Text == w.Words.T("result.new") {
			w.Win.Canvas().Focus(b)
		}
		return true
	})
	if w.Win.Canvas().Focused() == nil {
		t.Fatal("there is no such button")
	}
	_, up := w.Hold(fyne.KeyReturn)
	up()
	w.check.name.SetText("Ana")
	_, up = w.Hold(fyne.KeyReturn)
	up()
	if w.check.result != nil || w.check.name.Text != "Ana" {
		t.Error("the second press began yet another check")
	}
}

func TestCancelTakesItsOwnPress(t *testing.T) {
	desk := newFakeDesk()
	desk.OnCheck = func(ctx context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		<-ctx.Done()
		return app.Check{ID: "chk_1", Session: in.Session, Outcome: history.Cancelled}, nil
	}
	w := open(t, desk)
	ready(t, w)
	w.Win.Canvas().Focus(w.check.start)
	_, up := w.Hold(fyne.KeyReturn)
	up()
	w.Hold(fyne.KeyReturn)
	w.Until(t, "the cancelled check", func() bool { return w.check.result != nil })
}

func TestACheckThatDidNotBegin(t *testing.T) {
	desk := newFakeDesk()
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return app.Check{}, &app.Problem{Key: "store.missing"}
	}
	w := open(t, desk)
	ready(t, w)
	w.check.Begin()
	w.Until(t, "the end", func() bool { return !w.check.Busy() })
	if w.check.result != nil || !strings.Contains(w.check.why.Text, w.Words.T("store.missing")) {
		t.Errorf("beside the button stands %q", w.check.why.Text)
	}
	if w.check.start.Disabled() || w.chosen() == "" {
		t.Error("it cannot be tried again")
	}
}

func TestTheHintFollowsTheAdvice(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	desk.source = source
	w := open(t, desk)
	w.Until(t, "a picture", func() bool { return w.check.preview.There() })
	face := app.Face{Box: image.Rect(10, 10, 30, 40)}
	source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Faces: []app.Face{face}, Hint: app.Notice{Key: "coach.closer"}})
	w.Until(t, "the hint", func() bool { return w.check.hint.Text == w.Words.T("coach.closer") })
	if o := w.outlines(); len(o.Faces) != 1 || o.Good || !o.Mirror {
		t.Errorf("the outline is %+v", o)
	}
	source.GiveAdvice(
		app.Advice{Size: image.Pt(64, 48), Faces: []app.Face{face}, Good: true, Hint: app.Notice{Key: "coach.good"}},
	)
	w.Until(t, "the good hint", func() bool { return w.check.hint.Text == w.Words.T("coach.good") })
	source.ShowProblem(&app.Problem{Key: "camera.frozen"})
	w.Until(t, "the fault", func() bool { return !w.check.preview.There() })
	if w.check.hint.Text != "" || len(w.outlines().Faces) != 0 {
		t.Error("a hint stays without a picture")
	}
}

// The end of a hint says what to do: no hint is cut off in the smallest window, with the
// usual text or the largest, and the picture does not jump when a long one comes.
func TestHintsAreShownWhole(t *testing.T) {
	catalogue, err := os.ReadFile("../../../assets/translations/camera.en.json")
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]string
	if err := json.Unmarshal(catalogue, &words); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(words, func(key, _ string) bool { return !strings.HasPrefix(key, "coach.") })
	if len(words) < 10 {
		t.Fatalf("the catalogue has %d hints", len(words))
	}
	for _, percent := range []int{100, 130} {
		w := open(t, newFakeDesk())
		w.App.Settings().SetTheme(draw.NewTheme(percent))
		w.Win.Resize(fyne.NewSize(1024, 660))
		w.check.showHint("", true)
		w.check.capture.Refresh()
		height := w.check.preview.Size().Height
		for key, text := range words {
			w.check.showHint(text, false)
			w.check.capture.Refresh() // as the driver does when something in it has grown
			hint := w.check.hint
			if w.check.preview.Size().Height != height || hint.MinSize().Height > hint.Size().Height {
				t.Errorf("at %d %% %s has %v of %v, the picture %v instead of %v", percent, key,
					hint.Size().Height, hint.MinSize().Height, w.check.preview.Size().Height, height)
			}
		}
	}
}

// The tick for somebody under 18 is for one person, and there only where the
// settings make something of it.
func TestUnder18(t *testing.T) {
	desk := newFakeDesk()
	var given app.CheckInput
	desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return kittest.Compared(history.Refer, 90), nil
	}
	w := open(t, desk)
	ready(t, w)
	check := func() {
		t.Helper()
		w.check.Begin()
		w.Until(t, "the result", func() bool { return w.check.result != nil })
	}
	w.check.ToggleMinor()
	if !w.check.minor.Checked || !strings.Contains(w.Text(), w.Words.T("check.minor")) {
		t.Fatal("the tick is not there or not set")
	}
	check()
	if !given.Minor {
		t.Error("the check does not know that the person is under 18")
	}
	w.check.ToggleMinor()
	w.check.again()
	if !w.check.minor.Checked {
		t.Error("another attempt made the person older")
	}
	w.check.Reset()
	if w.check.minor.Checked {
		t.Error("the next person is under 18, too")
	}

	desk.Now.Matching.ReferMinors = false
	w.check.Update()
	if w.check.minor.Visible() {
		t.Error("the tick is there though it changes nothing")
	}
	w.check.ToggleMinor()
	ready(t, w)
	check()
	if given.Minor {
		t.Error("what cannot be seen was ticked")
	}
}

// notCompared is a check whose document or clip gave no face.
func notCompared(anchor, target int) app.Check {
	answer := &app.Answer{Best: -1, Engine: kittest.Description(false)}
	answer.Result.Data.Anchor.Code, answer.Result.Data.Target.Code = anchor, target
	answer.Result.Data.Code = max(anchor, target)
	answer.Result.Scoring.Status = "fail"
	answer.Result.Scoring.Failed = []string{"code == 0", "score >= 80 (was no value)"}
	return app.Check{
		ID: "chk_1", Session: app.NewSession(), Outcome: history.NotCompared, Answer: answer, Took: time.Second,
	}
}

// Where the picture does not get good the clerk may film anyway, with the button
// or the keys that started the check, but not before that is offered.
func TestFilmAnyway(t *testing.T) {
	for _, how := range []string{"button", "keys", "good after all"} {
		t.Run(how, func(t *testing.T) {
			desk := newFakeDesk()
			source := kittest.NewSource()
			desk.source = source
			source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.dark"}})
			filmed := make(chan struct{})
			source.OnFilm = func(context.Context, app.ProgressFunc) (app.Film, error) {
				close(filmed)
				return nil, nil
			}
			report := make(chan app.ProgressFunc, 1)
			desk.OnCheck = func(ctx context.Context, in app.CheckInput, p app.ProgressFunc) (app.Check, error) {
				report <- p
				clip, err := in.Capture(ctx, false, func(app.Progress) {}) // what it reports, the test does
				done := kittest.Compared(history.Pass, 90)
				done.Filmed.Warning = clip.Warning
				if clip.Warning.Key != "" {
					done.Quality = &history.Quality{
						CaptureWarning: clip.Warning.Key, Camera: &history.Measures{Eyes: 81, Exposure: 12, Total: 34},
					}
				}
				return done, err
			}
			w := open(t, desk)
			ready(t, w)
			test.Tap(w.check.start)
			p := <-report
			p(app.Progress{Stage: "coaching", Done: 2000, Total: 10000})
			w.Until(t, "that it waits", func() bool { return strings.Contains(w.Text(), w.Words.T("stage.coaching")) })
			if !strings.Contains(w.Text(), w.Words.T("coach.dark")) || w.check.bar.Value != 0.2 {
				t.Errorf("while it waits the screen says %q, the bar %v", w.Text(), w.check.bar.Value)
			}
			w.check.Begin()
			if w.check.anyway.Visible() {
				t.Error("it can be filmed anyway at once")
			}
			select {
			case <-w.check.goOn:
				t.Fatal("a second press of the keys films anyway before it is offered")
			default:
			}
			p(app.Progress{Stage: app.StageOffering})
			w.Until(t, "the offer", func() bool { return w.check.anyway.Visible() })
			switch how {
			case "button":
				test.Tap(w.check.anyway)
			case "keys":
				w.check.Begin()
			default:
				source.GiveAdvice(app.Advice{Good: true, Hint: app.Notice{Key: "coach.good"}})
				<-filmed
				p(app.Progress{Stage: "recording", Done: 1, Total: 3000})
				w.Until(t, "recording", func() bool { return !w.check.anyway.Visible() })
				w.Until(t, "the result", func() bool { return w.check.result != nil })
				if strings.Contains(w.Text(), w.Words.T("coach.dark")) {
					t.Error("a good picture has a warning")
				}
				return
			}
			if w.check.anyway.Visible() {
				t.Error("the offer stays after it was taken")
			}
			// The check's own clock offers it after ten seconds, of which a test has none;
			// that its choice arrives there, TestCapture of the app shows.
			select {
			case <-w.check.goOn:
			case <-time.After(5 * time.Second):
				t.Fatal("the choice does not arrive")
			}
			test.Tap(w.check.cancel)
			w.Until(t, "the end", func() bool { return w.check.result != nil })
		})
	}
}

func TestQualityStandsInTheDetails(t *testing.T) {
	test.NewTempApp(t)
	done := kittest.Compared(history.Pass, 90)
	done.Filmed.Warning = app.Notice{Key: "coach.dark"}
	done.Quality = &history.Quality{
		CaptureWarning: "coach.dark",
		Document:       &history.Measures{Eyes: 61, Size: 39, Total: 55}, Camera: &history.Measures{
			Eyes: 81, Exposure: 12, Total: 34,
		},
	}
	w := open(t, newFakeDesk())
	w.check.result = newResultView(w.Parts, w.desk, shownCheck{Check: done})
	w.check.Content.Objects = []fyne.CanvasObject{w.check.result}
	filmed := w.Words.T("reason.filmed_anyway", "Hint", w.Words.T("coach.dark"))
	if text := w.Text(); !strings.Contains(text, filmed) || strings.Contains(text, "exposure 12") {
		t.Errorf("the result says %q", text)
	}
	test.Tap(w.check.result.more)
	for _, want := range []string{
		"quality 55 of 100: size 39", "quality 34 of 100", "exposure 12", "eyes 81 px", "(coach.dark)",
	} {
		if !strings.Contains(w.Text(), want) {
			t.Errorf("the details lack %q: %s", want, w.Text())
		}
	}
}

// Without a source no film can be made, whatever the picture says.
func TestWithoutASourceNothingBegins(t *testing.T) {
	w := open(t, newFakeDesk())
	ready(t, w)
	w.check.SetSource(nil)
	w.check.Begin()
	if !w.check.start.Disabled() || w.check.Busy() || w.check.why.Text != w.Words.T("missing.picture") {
		t.Errorf("a check without a source: %q", w.check.why.Text)
	}
}

// The hint says where the person to be asked aside stands as the clerk sees them: a
// mirrored picture has left and right exchanged.
func TestWhomToAskAside(t *testing.T) {
	for mirror, cases := range map[bool]map[app.Aside]string{
		false: {"left": "coach.several_left", "right": "coach.several_right"},
		true: {
			"left": "coach.several_right", "right": "coach.several_left", "behind": "coach.several_behind", "": "coach.several",
		},
	} {
		desk := newFakeDesk()
		source := kittest.NewSource()
		desk.source = source
		desk.Now.Camera.Mirror = mirror
		w := open(t, desk)
		w.Until(t, "a picture", func() bool { return w.check.preview.There() })
		for aside, key := range cases {
			source.GiveAdvice(app.Advice{
				Size: image.Pt(400, 300), Faces: make([]app.Face, 2), Hint: app.Notice{Key: "coach.several"}, Aside: aside,
			})
			w.Until(t, key, func() bool { return w.check.hint.Text == w.Words.T(key) })
		}
	}
}

// The part of the camera's picture is recorded with the check.
func TestThePartIsRecorded(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	source.Cut = app.Part{X: 0.25, Width: 0.5, Height: 1}
	desk.source = source
	given := make(chan app.CheckInput, 1)
	desk.OnCheck = checkGiving(given, kittest.Compared(history.Pass, 90))
	w := open(t, desk)
	ready(t, w)
	w.check.Begin()
	if in := <-given; in.CameraPart != source.Cut {
		t.Errorf("the check has the part %q", in.CameraPart)
	}
	w.Until(t, "the result", func() bool { return w.check.result != nil })
}

// The details of a result say where the document came from.
func TestWhereTheDocumentCameFrom(t *testing.T) {
	for key, shown := range map[string]shownCheck{
		"details.from_camera": {Check: kittest.Compared(history.Pass, 90), byCamera: true},
		"details.from_file":   {Check: kittest.Compared(history.Pass, 90), page: 4},
	} {
		r, _ := show(t, shown)
		r.details.Show()
		if text := kittest.Readable(r); !strings.Contains(text, r.Words.T(key, "Page", 4)) {
			t.Errorf("%s is missing in %q", key, text)
		}
	}
}

// A photo by the camera is recorded as such.
func TestAPhotoIsRecordedAsOne(t *testing.T) {
	desk := newFakeDesk()
	given := make(chan app.CheckInput, 1)
	desk.OnCheck = checkGiving(given, kittest.Compared(history.Pass, 90))
	w := open(t, desk)
	w.check.consent.SetChecked(true)
	w.check.Document.Photo()
	w.Until(t, "the question whose portrait it is",
		func() bool { return w.check.why.Text == w.Words.T("missing.confirm") })
	for _, box := range kittest.All[*kit.Check](w.check.Document.Content()) {
		box.SetChecked(true)
	}
	w.Until(t, "a check that can start", func() bool { return !w.check.start.Disabled() })
	w.check.Begin()
	if in := <-given; in.DocumentFrom != history.FromCamera || in.Document.Name != "photo.png" {
		t.Errorf("recorded as %q, %q", in.DocumentFrom, in.Document.Name)
	}
	w.Until(t, "the result", func() bool { return w.check.result != nil })
}

// What stands beside the button where the page has no portrait.
func TestAPageWithTwoPortraits(t *testing.T) {
	desk := newFakeDesk()
	desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) {
		p := kittest.Portrait()
		p.Code, p.Image = 2, nil
		return p, nil
	}
	w := open(t, desk)
	ready(t, w)
	w.Until(t, "the warning", func() bool { return w.check.why.Text == w.Words.T("check.no_portrait") })
}

// The words beside the button may need two lines in the smallest window: nothing may
// push it larger or cut them off.
func TestLongWordsFitTheSmallestScreen(t *testing.T) {
	w := open(t, newFakeDesk())
	ready(t, w)
	w.check.why.SetText(strings.Repeat("two lines of words ", 6))
	w.check.capture.Refresh() // as the driver does when something in it has grown
	if size := w.check.Content.MinSize(); size.Width > 1024 || size.Height > 610 {
		t.Errorf("the screen cannot be smaller than %v", size)
	}
	if why := w.check.why; why.Position().Y+why.MinSize().Height > w.check.form.Size().Height+1 {
		t.Errorf(
			"the words under the button end at %v of %v", why.Position().Y+why.MinSize().Height, w.check.form.Size().Height,
		)
	}
}
