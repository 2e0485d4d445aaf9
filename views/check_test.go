package views

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// load gives files as a drop does.
func (w *shownWindow) load(paths ...string) { w.check.document.open(givenFiles(paths)) }

// ready brings the Check screen to where the button can be pressed.
func ready(t *testing.T, w *shownWindow) {
	t.Helper()
	w.load("document.jpg")
	w.check.consent.SetChecked(true)
	w.until(t, "a check that can start", func() bool { return !w.check.start.Disabled() })
}

func TestTheReasonStandsBesideTheButton(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	source.ShowProblem(&app.Problem{Key: "camera.busy"})
	desk.source = func(string) app.Source { return source }
	loaded := make(chan struct{})
	desk.engine = func(ctx context.Context) (app.Description, error) {
		select {
		case <-loaded:
		case <-ctx.Done():
		}
		return kittest.Description(false), ctx.Err()
	}
	w := open(t, desk, "")
	reads := func(key string) func() bool {
		return func() bool { return w.check.why.Text == w.Words.T(key) }
	}
	blocked := func(key string) {
		t.Helper()
		w.until(t, key, reads(key))
		if !w.check.start.Disabled() {
			t.Errorf("%s, and yet the button works", key)
		}
	}
	blocked("missing.document")
	if !strings.Contains(w.text(), w.Words.T("mode.loading")) {
		t.Error("nothing says that the engine loads")
	}
	w.until(t, "the camera's fault", func() bool { return strings.Contains(w.text(), w.Words.T("camera.busy")) })
	if !strings.Contains(w.text(), w.Words.T("camera.busy.hint")) {
		t.Error("nothing says what to do about the camera")
	}
	w.load("document.jpg")
	blocked("missing.picture")
	source.ShowFrame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	blocked("missing.consent")
	test.Tap(w.check.consent)
	blocked("missing.engine")
	close(loaded)
	w.until(t, "ready", reads("check.ready"))
	if w.check.start.Disabled() {
		t.Error("all is there, and yet the button is off")
	}
	if !strings.Contains(w.text(), w.Words.T("mode.not_calibrated")) {
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
	w := open(t, desk, "")
	w.until(t, "the engine's fault", func() bool { return w.check.engineFault != nil })
	text := w.text()
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
			desk.source = func(string) app.Source { return source }
			var installed atomic.Bool
			missing := &app.Problem{Key: "camera.clip"}
			desk.engine = func(context.Context) (app.Description, error) {
				if !installed.Load() {
					return app.Description{}, missing
				}
				return kittest.Description(false), nil
			}
			desk.portrait = func(context.Context, app.Blob) (app.Portrait, error) {
				if !installed.Load() {
					return app.Portrait{}, missing
				}
				return somePortrait(), nil
			}
			w := open(t, desk, "document.jpg")
			w.until(t, "the fault", func() bool { return w.check.engineFault != nil && w.check.document.looking == nil })
			if n := strings.Count(w.text(), w.Words.T("camera.clip")); n != 1 {
				t.Errorf("the fault is said %d times", n)
			}
			if !w.check.retry.Visible() {
				t.Fatal("nothing to try again with")
			}
			test.Tap(w.check.retry)
			if w.check.retry.Visible() || !strings.Contains(w.text(), w.Words.T("mode.loading")) {
				t.Error("nothing says that it is tried")
			}
			w.until(t, "the fault again", func() bool { return w.check.retry.Visible() })
			w.load("document.jpg")
			w.until(t, "the document's end", func() bool { return w.check.document.looking == nil })
			if n := strings.Count(w.text(), w.Words.T("camera.clip")); n != 1 {
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
			w.until(t, "the engine", func() bool { return w.check.engineReady })
			if w.check.retry.Visible() || strings.Contains(w.text(), w.Words.T("camera.clip")) {
				t.Error("the fault stays")
			}
		})
	}
}

func TestCalibratedEngineHasNoBadge(t *testing.T) {
	desk := newFakeDesk()
	desk.engine = func(context.Context) (app.Description, error) { return kittest.Description(true), nil }
	w := open(t, desk, "")
	w.until(t, "the engine", func() bool { return w.check.engineReady })
	if strings.Contains(w.text(), w.Words.T("mode.not_calibrated")) {
		t.Error("a calibrated engine is called not calibrated")
	}
}

func TestDropTakesWhatCanBeRead(t *testing.T) {
	desk := newFakeDesk()
	desk.portrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		if b.Name == "good.png" {
			p := somePortrait()
			p.Warnings = []app.Notice{{Key: "coach.closer"}}
			return p, nil
		}
		return app.Portrait{}, &app.Problem{Key: "document.damaged"}
	}
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	w.dropped(fyne.Position{}, uris("/a/bad.jpg", "/a/good.png", "/a/other.png"))
	if w.tabs.SelectedIndex() != 0 {
		t.Error("a dropped document does not show the Check screen")
	}
	w.until(t, "the document", func() bool { return w.check.document.state != nil })
	if got := w.check.document.state.files[0].blob.Name; got != "good.png" {
		t.Errorf("took %s", got)
	}
	text := w.text()
	for _, say := range []string{
		w.Words.T("files.unread", "Bad", 2, "Of", 3) + " " + w.Words.T("document.damaged"), w.Words.T("coach.closer"),
		w.Words.T("found.portrait"),
	} {
		if !strings.Contains(text, say) {
			t.Errorf("missing %q in %q", say, text)
		}
	}

	w.dropped(fyne.Position{}, uris("/a/bad.jpg"))
	if w.check.document.state != nil {
		t.Error("the old document stays while a new one is looked at")
	}
	w.until(t, "the fault", func() bool { return strings.Contains(w.text(), w.Words.T("document.damaged.hint")) })
}

func TestDropOfWhatIsNoFile(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	page, err := storage.ParseURI("https://example.org/a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	// As it comes from the window system, where Fyne takes it for a file.
	asFile := storage.NewFileURI("https://example.org/a.jpg")
	asData := storage.NewFileURI("data:image/png;base64,iVBORw0KGgo=")
	for _, u := range []fyne.URI{page, asFile, asData} {
		w.check.document.clear("")
		w.dropped(fyne.Position{}, []fyne.URI{u})
		w.until(
			t, "words about "+u.String(), func() bool { return strings.Contains(w.text(), w.Words.T("drop.not_a_file.hint")) },
		)
	}
	w.dropped(fyne.Position{}, append([]fyne.URI{asFile}, uris("/a/document.jpg")...))
	w.until(t, "the file beside an address", func() bool { return w.check.document.state != nil })
	if !strings.Contains(w.text(), w.Words.T("drop.not_a_file")) {
		t.Error("the address is passed over in silence")
	}
	w.dropped(fyne.Position{}, uris(t.TempDir()))
	w.until(t, "the folder's words", func() bool { return strings.Contains(w.text(), w.Words.T("drop.folder")) })
	w.dropped(fyne.Position{}, nil)
}

func TestDocumentFromTheCommandLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "document.jpg")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := open(t, newFakeDesk(), path)
	w.until(t, "the document", func() bool { return w.check.document.state != nil })
	if w.check.document.state.files[0].blob.Path != path {
		t.Errorf("took %s", w.check.document.state.files[0].blob.Path)
	}
}

func TestADocumentWithoutPortrait(t *testing.T) {
	desk := newFakeDesk()
	desk.portrait = func(context.Context, app.Blob) (app.Portrait, error) {
		return app.Portrait{Code: 2, Page: image.NewRGBA(image.Rect(0, 0, 9, 9))}, nil
	}
	var given app.CheckInput
	desk.check = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return notCompared(2, 0), nil
	}
	w := open(t, desk, "")
	ready(t, w)
	if !strings.Contains(w.text(), w.Words.T("found.several")) {
		t.Errorf("the screen says %q", w.text())
	}
	w.check.begin()
	w.until(t, "a result", func() bool { return w.check.result != nil })
	if given.Portrait == nil || given.Portrait.Code != 2 {
		t.Error("the check was not told that the page on the screen has no portrait")
	}
}

func TestLateDocumentsAreDropped(t *testing.T) {
	desk := newFakeDesk()
	release := make(chan struct{})
	desk.portrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		if b.Name == "slow.jpg" { // deaf to its cancellation
			<-release
			return app.Portrait{Code: 1}, nil
		}
		return somePortrait(), nil
	}
	w := open(t, desk, "")
	w.load("slow.jpg")
	slow := w.check.document.looking
	w.load("fast.jpg")
	w.until(t, "the second document", func() bool { return w.check.document.state != nil })
	close(release)
	slow.Wait()
	w.q.Run()
	if w.check.document.state == nil || w.check.document.state.files[0].blob.Name != "fast.jpg" {
		t.Error("a late answer replaced the document")
	}
}

func TestEscapeCancelsTheSearchFromTheNameField(t *testing.T) {
	desk := newFakeDesk()
	desk.portrait = func(ctx context.Context, _ app.Blob) (app.Portrait, error) {
		<-ctx.Done()
		return app.Portrait{}, ctx.Err()
	}
	w := open(t, desk, "")
	w.load("document.jpg")
	looking := w.check.document.looking
	if w.check.why.Text != w.Words.T("missing.looking") {
		t.Errorf("beside the button stands %q", w.check.why.Text)
	}
	w.win.Canvas().Focus(w.check.name)
	w.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	looking.Wait()
	w.q.Run()
	if w.check.document.looking != nil || w.check.document.state != nil {
		t.Error("the search goes on")
	}
	if !w.check.document.panel.zone.Visible() || w.check.document.panel.zone.fault.Visible() {
		t.Error("a cancelled search is shown as a fault")
	}
	if len(desk.logged) != 0 {
		t.Errorf("logged %v", desk.logged)
	}
}

func TestACheckAndItsInput(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	desk.source = func(string) app.Source { return source }
	source.GiveAdvice(app.Advice{Good: true, Hint: app.Notice{Key: "coach.good"}})
	var filmed atomic.Bool
	source.OnFilm = func(context.Context, app.ProgressFunc) (app.Film, error) {
		filmed.Store(true)
		return nil, nil
	}
	var given app.CheckInput
	steps, go1, go2 := make(chan struct{}), make(chan struct{}), make(chan struct{})
	desk.check = func(ctx context.Context, in app.CheckInput, p app.ProgressFunc) (app.Check, error) {
		given = in
		p(app.Progress{Stage: "recording", Done: 1, Total: 4})
		close(steps)
		<-go1
		p(app.Progress{Stage: "comparing"})
		<-go2
		_, err := in.Capture(ctx, false, p)
		return compared(history.Pass, 90, 91), err
	}
	listed := atomic.Int32{}
	desk.OnChecks = func(context.Context, history.Filter) ([]history.Row, error) {
		listed.Add(1)
		return nil, nil
	}
	w := open(t, desk, "")
	ready(t, w)
	w.check.name.SetText("  Ana María ")
	session := w.check.remote.session.Text
	w.win.Canvas().Focus(w.check.name)
	w.press(t, fyne.KeyReturn)
	<-steps
	w.until(t, "the first stage", func() bool { return strings.Contains(w.text(), w.Words.T("stage.recording")) })
	if w.check.bar.Value != 0.25 || w.check.form.Visible() {
		t.Errorf("the bar stands at %v, the form is shown: %v", w.check.bar.Value, w.check.form.Visible())
	}
	w.press(t, fyne.KeyN)
	w.dropped(fyne.Position{}, uris("/a/other.png"))
	if w.check.remote.session.Text != session || w.check.document.state == nil {
		t.Error("a running check lost its person or document")
	}
	if w.win.Canvas().Overlays().Top() == nil {
		t.Error("nothing says why the document was not taken")
	}
	w.escape()
	close(go1)
	w.until(t, "the second stage", func() bool { return strings.Contains(w.text(), w.Words.T("stage.comparing")) })
	if w.check.bar.Visible() || !w.check.endless.Visible() {
		t.Error("a stage of unknown length shows an amount")
	}
	close(go2)
	w.until(t, "the result", func() bool { return w.check.result != nil })
	switch {
	case given.Name != "Ana María", !given.Consent, given.SendName, given.Session != session,
		given.Portrait == nil, given.Document.Name != "document.jpg", given.Video.Open != nil:
		t.Errorf("the check was given %+v", given)
	case !filmed.Load():
		t.Error("nobody was filmed")
	}
	w.until(t, "the history to be read anew", func() bool { return listed.Load() > 0 })

	w.press(t, fyne.KeyO)
	if w.win.Canvas().Overlays().Top() == nil || w.check.result == nil {
		t.Error("nothing says what to do before the next document")
	}
	w.escape()
	w.check.again()
	if w.check.remote.session.Text != session || w.check.name.Text != "  Ana María " || !w.check.consent.Checked ||
		w.check.document.state == nil {
		t.Error("another attempt does not keep the person")
	}
	w.press(t, fyne.KeyN)
	if w.check.remote.session.Text == session || w.check.name.Text != "" || w.check.consent.Checked ||
		w.check.document.state != nil {
		t.Error("something of the last person stays")
	}
}

func TestCancelAndEscapeEndACheck(t *testing.T) {
	for _, how := range []string{"button", "escape", "menu"} {
		t.Run(how, func(t *testing.T) {
			desk := newFakeDesk()
			release := make(chan struct{})
			desk.check = func(ctx context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
				<-ctx.Done()
				<-release
				return app.Check{ID: "chk_1", Session: in.Session, Outcome: history.Cancelled}, nil
			}
			w := open(t, desk, "")
			ready(t, w)
			test.Tap(w.check.start)
			switch how {
			case "button":
				test.Tap(w.check.cancel)
			case "escape":
				w.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
			case "menu":
				w.press(t, fyne.KeyEscape)
			}
			if !strings.Contains(w.text(), w.Words.T("stage.cancelling")) || !w.check.busy() {
				t.Error("a cancelled check is not shown until it has ended")
			}
			w.check.progressf.Put(app.Progress{Stage: "faces"})
			w.q.Run()
			if !strings.Contains(w.text(), w.Words.T("stage.cancelling")) {
				t.Error("late progress hides the cancellation")
			}
			close(release)
			w.until(t, "the result", func() bool { return w.check.result != nil })
			if !strings.Contains(w.text(), "CANCELLED") {
				t.Errorf("the screen says %q", w.text())
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
			desk.check = func(ctx context.Context, _ app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
				select {
				case <-release:
				case <-ctx.Done():
					cancelled.Store(true)
				}
				return compared(history.Pass, 90), nil
			}
			w := open(t, desk, "")
			ready(t, w)
			w.win.Canvas().Focus(w.check.start)
			repeat, up := w.hold(key)
			for range 5 {
				repeat()
			}
			if !w.check.busy() || w.win.Canvas().Focused() != w.check.cancel {
				t.Fatal("the check does not run, or Cancel has not the focus")
			}
			close(release)
			w.until(t, "the result", func() bool { return w.check.result != nil })
			for range 5 {
				repeat()
			}
			if cancelled.Load() || w.check.result == nil || w.check.document.state == nil {
				t.Error("the repeats of one press cancelled the check or took its result away")
			}
			up()
			w.hold(key) // a press in vain, by a clerk who did not look
			if w.check.result == nil || w.check.document.state == nil {
				t.Error("the next press takes the result away")
			}
		})
	}
}

// New check is gone once it is pressed: a second press of the key must not reach
// it, or what was begun by then would be forgotten.
func TestNewCheckIsPressedOnce(t *testing.T) {
	desk := newFakeDesk()
	desk.check = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return compared(history.Pass, 90), nil
	}
	w := open(t, desk, "")
	ready(t, w)
	w.check.begin()
	w.until(t, "the result", func() bool { return w.check.result != nil })
	kittest.See(w.check.result, func(o fyne.CanvasObject) bool {
		if b, is := o.(*kit.Button); is && b.Text == w.Words.T("result.new") {
			w.win.Canvas().Focus(b)
		}
		return true
	})
	if w.win.Canvas().Focused() == nil {
		t.Fatal("there is no such button")
	}
	_, up := w.hold(fyne.KeyReturn)
	up()
	w.check.name.SetText("Ana")
	_, up = w.hold(fyne.KeyReturn)
	up()
	if w.check.result != nil || w.check.name.Text != "Ana" {
		t.Error("the second press began yet another check")
	}
}

func TestCancelTakesItsOwnPress(t *testing.T) {
	desk := newFakeDesk()
	desk.check = func(ctx context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		<-ctx.Done()
		return app.Check{ID: "chk_1", Session: in.Session, Outcome: history.Cancelled}, nil
	}
	w := open(t, desk, "")
	ready(t, w)
	w.win.Canvas().Focus(w.check.start)
	_, up := w.hold(fyne.KeyReturn)
	up()
	w.hold(fyne.KeyReturn)
	w.until(t, "the cancelled check", func() bool { return w.check.result != nil })
}

func TestACheckThatDidNotBegin(t *testing.T) {
	desk := newFakeDesk()
	desk.check = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return app.Check{}, &app.Problem{Key: "store.missing"}
	}
	w := open(t, desk, "")
	ready(t, w)
	w.check.begin()
	w.until(t, "the end", func() bool { return !w.check.busy() })
	if w.check.result != nil || !strings.Contains(w.check.why.Text, w.Words.T("store.missing")) {
		t.Errorf("beside the button stands %q", w.check.why.Text)
	}
	if w.check.start.Disabled() || w.check.document.state == nil {
		t.Error("it cannot be tried again")
	}
}

func TestThePreviewRestsWhileHidden(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	desk.source = func(string) app.Source { return source }
	w := open(t, desk, "")
	w.until(t, "a picture", func() bool { return w.check.preview.there })
	waiting := func(n int) func() bool {
		return func() bool {
			source.Mu.Lock()
			defer source.Mu.Unlock()
			return source.Waiters == n
		}
	}
	w.until(t, "two feeders", waiting(2))
	w.tabs.SelectIndex(2)
	w.until(t, "nobody asking for frames", waiting(0))
	w.tabs.SelectIndex(0)
	w.until(t, "two feeders again", waiting(2))
}

func TestTheHintFollowsTheAdvice(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	desk.source = func(string) app.Source { return source }
	w := open(t, desk, "")
	w.until(t, "a picture", func() bool { return w.check.preview.there })
	face := app.Face{Box: image.Rect(10, 10, 30, 40)}
	source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Faces: []app.Face{face}, Hint: app.Notice{Key: "coach.closer"}})
	w.until(t, "the hint", func() bool { return w.check.hint.Text == w.Words.T("coach.closer") })
	if o := w.check.preview.outlines; len(o.Faces) != 1 || o.Good || !o.Mirror {
		t.Errorf("the outline is %+v", o)
	}
	source.GiveAdvice(
		app.Advice{Size: image.Pt(64, 48), Faces: []app.Face{face}, Good: true, Hint: app.Notice{Key: "coach.good"}},
	)
	w.until(t, "the good hint", func() bool { return w.check.hint.Text == w.Words.T("coach.good") })
	source.ShowProblem(&app.Problem{Key: "camera.frozen"})
	w.until(t, "the fault", func() bool { return !w.check.preview.there })
	if w.check.hint.Text != "" || len(w.check.preview.outlines.Faces) != 0 {
		t.Error("a hint stays without a picture")
	}
	w.check.preview.showAdvice(adviceNews{w.check.preview.source, app.Advice{Seq: 1, Hint: app.Notice{Key: "coach.good"}}})
	if w.check.hint.Text != "" {
		t.Error("advice on an old picture is shown")
	}
}

// The end of a hint says what to do: it must not be cut off in a small window,
// and the picture must not jump when a long one comes.
func TestHintsAreShownWhole(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	w.win.Resize(fyne.NewSize(minWidth, minHeight))
	w.check.showHint("", true)
	w.check.capture.Refresh()
	height := w.check.preview.Size().Height
	for _, key := range []string{"coach.none", "coach.several", "coach.closer", "coach.centre", "coach.good"} {
		w.check.showHint(w.Words.T(key), false)
		w.check.capture.Refresh() // as the driver does when something in it has grown
		hint := w.check.hint
		line := fyne.MeasureText(hint.Text, theme.Size(hint.SizeName), hint.TextStyle).Width
		if hint.Wrapping == fyne.TextWrapOff && line > hint.Size().Width-2*theme.InnerPadding() {
			t.Errorf("%s is cut off", key)
		}
		if w.check.preview.Size().Height != height || hint.MinSize().Height > hint.Size().Height {
			t.Errorf("%s has %v of %v, the picture %v instead of %v", key,
				hint.Size().Height, hint.MinSize().Height, w.check.preview.Size().Height, height)
		}
	}
}

// What is on its way from a source when it is taken away must neither switch the
// button on nor be shown over the next source.
func TestLateNewsOfAnotherSourceIsDropped(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	ready(t, w)
	p := w.check.preview
	old := p.source
	late := func() {
		p.live.Put(liveNews{source: old, seq: 99, buffer: p.keep(image.NewRGBA(image.Rect(0, 0, 8, 8)))})
		p.advice.Put(adviceNews{old, app.Advice{Seq: 99, Size: image.Pt(8, 8), Hint: app.Notice{Key: "coach.closer"}}})
	}
	late()
	w.check.setSource(nil)
	w.q.Run()
	if p.there || !w.check.start.Disabled() || w.check.hint.Text != "" {
		t.Errorf("without a source: picture %v, button off %v, hint %q", p.there, w.check.start.Disabled(), w.check.hint.Text)
	}
	p.setThere(true) // whatever the picture says: nobody can be filmed
	w.check.begin()
	if w.check.busy() || w.check.why.Text != w.Words.T("missing.picture") {
		t.Errorf("a check without a source: %q", w.check.why.Text)
	}
	next := kittest.NewSource()
	next.ShowProblem(&app.Problem{Key: "camera.busy"})
	w.check.setSource(next)
	w.until(t, "the next source's fault", func() bool { return strings.Contains(w.text(), w.Words.T("camera.busy")) })
	late()
	w.q.Run()
	if p.there || w.check.hint.Text != "" {
		t.Errorf("over the next source: picture %v, hint %q", p.there, w.check.hint.Text)
	}
}

func TestTheHintOutlivesAnError(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	source.Fails = 1
	desk.source = func(string) app.Source { return source }
	w := open(t, desk, "")
	source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.closer"}})
	w.until(t, "the hint", func() bool { return w.check.hint.Text == w.Words.T("coach.closer") })
	desk.mu.Lock()
	defer desk.mu.Unlock()
	if len(desk.logged) != 1 {
		t.Errorf("logged %v", desk.logged)
	}
}

// notCompared is a check whose document or clip gave no face.
// The tick for somebody under 18 is for one person, and there only where the
// settings make something of it.
func TestUnder18(t *testing.T) {
	desk := newFakeDesk()
	var given app.CheckInput
	desk.check = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return compared(history.Refer, 90), nil
	}
	w := open(t, desk, "")
	ready(t, w)
	check := func() {
		t.Helper()
		w.press(t, fyne.KeyReturn)
		w.until(t, "the result", func() bool { return w.check.result != nil })
	}
	w.press(t, fyne.KeyM)
	if !w.check.minor.Checked || !strings.Contains(w.text(), w.Words.T("check.minor")) {
		t.Fatal("the tick is not there or not set")
	}
	check()
	if !given.Minor {
		t.Error("the check does not know that the person is under 18")
	}
	w.press(t, fyne.KeyM)
	w.check.again()
	if !w.check.minor.Checked {
		t.Error("another attempt made the person older")
	}
	w.press(t, fyne.KeyN)
	if w.check.minor.Checked {
		t.Error("the next person is under 18, too")
	}

	w.tabs.SelectIndex(2)
	w.box(t, "settings.refer_minors").SetChecked(false)
	w.save(t)
	w.tabs.SelectIndex(0)
	if w.check.minor.Visible() {
		t.Error("the tick is there though it changes nothing")
	}
	w.press(t, fyne.KeyM)
	ready(t, w)
	check()
	if given.Minor {
		t.Error("what cannot be seen was ticked")
	}
}

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
			desk.source = func(string) app.Source { return source }
			source.GiveAdvice(app.Advice{Size: image.Pt(64, 48), Hint: app.Notice{Key: "coach.dark"}})
			filmed := make(chan struct{})
			source.OnFilm = func(context.Context, app.ProgressFunc) (app.Film, error) {
				close(filmed)
				return nil, nil
			}
			report := make(chan app.ProgressFunc, 1)
			desk.check = func(ctx context.Context, in app.CheckInput, p app.ProgressFunc) (app.Check, error) {
				report <- p
				clip, err := in.Capture(ctx, false, func(app.Progress) {}) // what it reports, the test does
				done := compared(history.Pass, 90)
				done.Filmed.Warning = clip.Warning
				if clip.Warning.Key != "" {
					done.Quality = &history.Quality{
						CaptureWarning: clip.Warning.Key, Camera: &history.Measures{Eyes: 81, Exposure: 12, Total: 34},
					}
				}
				return done, err
			}
			w := open(t, desk, "")
			ready(t, w)
			test.Tap(w.check.start)
			p := <-report
			p(app.Progress{Stage: "coaching", Done: 2000, Total: 10000})
			w.until(t, "that it waits", func() bool { return strings.Contains(w.text(), w.Words.T("stage.coaching")) })
			if !strings.Contains(w.text(), w.Words.T("coach.dark")) || w.check.bar.Value != 0.2 {
				t.Errorf("while it waits the screen says %q, the bar %v", w.text(), w.check.bar.Value)
			}
			w.press(t, fyne.KeyReturn)
			if w.check.anyway.Visible() {
				t.Error("it can be filmed anyway at once")
			}
			select {
			case <-w.check.goOn:
				t.Fatal("a second press of the keys films anyway before it is offered")
			default:
			}
			p(app.Progress{Stage: app.StageOffering})
			w.until(t, "the offer", func() bool { return w.check.anyway.Visible() })
			switch how {
			case "button":
				test.Tap(w.check.anyway)
			case "keys":
				w.press(t, fyne.KeyReturn)
			default:
				source.GiveAdvice(app.Advice{Good: true, Hint: app.Notice{Key: "coach.good"}})
				<-filmed
				p(app.Progress{Stage: "recording", Done: 1, Total: 3000})
				w.until(t, "recording", func() bool { return !w.check.anyway.Visible() })
				w.until(t, "the result", func() bool { return w.check.result != nil })
				if strings.Contains(w.text(), w.Words.T("coach.dark")) {
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
			w.until(t, "the end", func() bool { return w.check.result != nil })
		})
	}
}

func TestQualityStandsInTheDetails(t *testing.T) {
	test.NewTempApp(t)
	done := compared(history.Pass, 90)
	done.Filmed.Warning = app.Notice{Key: "coach.dark"}
	done.Quality = &history.Quality{
		CaptureWarning: "coach.dark",
		Document:       &history.Measures{Eyes: 61, Size: 39, Total: 55}, Camera: &history.Measures{
			Eyes: 81, Exposure: 12, Total: 34,
		},
	}
	w := open(t, newFakeDesk(), "")
	w.check.result = newResultView(w.Parts, w.desk, shownCheck{Check: done})
	w.check.content.Objects = []fyne.CanvasObject{w.check.result}
	filmed := w.Words.T("reason.filmed_anyway", "Hint", w.Words.T("coach.dark"))
	if text := w.text(); !strings.Contains(text, filmed) || strings.Contains(text, "exposure 12") {
		t.Errorf("the result says %q", text)
	}
	test.Tap(w.check.result.more)
	for _, want := range []string{
		"quality 55 of 100: size 39", "quality 34 of 100", "exposure 12", "eyes 81 px", "(coach.dark)",
	} {
		if !strings.Contains(w.text(), want) {
			t.Errorf("the details lack %q: %s", want, w.text())
		}
	}
}
