package views

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
	"facematch/views/internal/chooser"
	"facematch/views/internal/document"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
	"facematch/views/internal/kit/uiqueue"
)

// shownWindow is a window over a fake desk; its queue is run by the test.
type shownWindow struct {
	*Window
	desk *fakeDesk
	q    *uiqueue.Queue
	fyne fyne.App
}

func open(t *testing.T, desk *fakeDesk, document string) *shownWindow {
	t.Helper()
	a := test.NewTempApp(t)
	q := uiqueue.New()
	w := newWindow(Params{App: a, Desk: desk, Words: kittest.English(t).Catalogue, Document: document,
		Stuck: func() { t.Error("Fyne did not end") }}, q.Do,
		func(context.Context, chooser.Request) (string, error) { return "", chooser.ErrNone })
	w.win.Resize(fyne.NewSize(1024, minHeight))
	w.win.Show()
	t.Cleanup(func() {
		if w.ended == nil {
			w.end()
		}
		select {
		case <-w.ended:
		case <-time.After(20 * time.Second):
			t.Error("a worker does not end")
		}
	})
	return &shownWindow{Window: w, desk: desk, q: q, fyne: a}
}

func (w *shownWindow) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	w.q.Until(t, what, holds)
}

// text is everything that can be read on the screen that is shown.
func (w *shownWindow) text() string {
	return kittest.Readable(w.tabs.Selected().Content)
}

func (w *shownWindow) press(t *testing.T, name fyne.KeyName) {
	t.Helper()
	for _, menu := range w.win.MainMenu().Items {
		for _, item := range menu.Items {
			if s, ok := item.Shortcut.(*desktop.CustomShortcut); ok && s.KeyName == name {
				item.Action()
				return
			}
		}
	}
	t.Fatalf("no shortcut on %s", name)
}

// entry is the field beside a label, on the screen that is shown.
func (w *shownWindow) entry(t *testing.T, key string) *kit.Entry {
	t.Helper()
	return kittest.EntryBeside(t, w.tabs.Selected().Content, w.Words.T(key))
}

// box is the checkbox with this label.
func (w *shownWindow) box(t *testing.T, key string) *kit.Check {
	t.Helper()
	for _, b := range kittest.All[*kit.Check](w.tabs.Selected().Content) {
		if b.Text == w.Words.T(key) {
			return b
		}
	}
	t.Fatalf("there is no box %s", key)
	return nil
}

// button is the button with this label.
func (w *shownWindow) button(t *testing.T, key string) *kit.Button {
	t.Helper()
	return kittest.ButtonOf(t, w.tabs.Selected().Content, w.Words.T(key))
}

// nameField is the field of the person's name.
func (w *shownWindow) nameField(t *testing.T) *kit.Entry {
	t.Helper()
	for _, e := range kittest.All[*kit.Entry](w.check.Content) {
		if e.PlaceHolder == w.Words.T("check.name_placeholder") {
			return e
		}
	}
	t.Fatal("there is no field for the name")
	return nil
}

// consentBox is the tick for the person's consent.
func (w *shownWindow) consentBox(t *testing.T) *kit.Check {
	t.Helper()
	for _, b := range kittest.All[*kit.Check](w.check.Content) {
		if b.Text == "" {
			return b
		}
	}
	t.Fatal("there is no tick for the consent")
	return nil
}

// hasDocument says whether there is a document.
func (w *shownWindow) hasDocument() bool {
	_, there := w.check.Document.Chosen()
	return there
}

// hasPicture says whether the camera's picture is shown.
func (w *shownWindow) hasPicture() bool {
	return !strings.Contains(kittest.Readable(w.check.Content), w.Words.T("preview.waiting"))
}

// focusedLabel is the label of the button that has the keys; empty: none has.
func (w *shownWindow) focusedLabel() string {
	b, ok := w.win.Canvas().Focused().(*kit.Button)
	if !ok {
		return ""
	}
	return b.Text
}

// ready brings the Check screen to where the button can be pressed.
func ready(t *testing.T, w *shownWindow) {
	t.Helper()
	w.check.Document.Open([]document.Item{document.File("document.jpg")})
	w.consentBox(t).SetChecked(true)
	w.until(t, "a check that can start", func() bool { return !w.button(t, "check.start").Disabled() })
}

// save saves the settings that are shown.
func (w *shownWindow) save(t *testing.T) {
	t.Helper()
	test.Tap(w.button(t, "settings.save"))
	w.until(t, "the success", func() bool { return strings.Contains(w.text(), w.Words.T("settings.saved")) })
}

// settingsPage shows a page of the settings.
func (w *shownWindow) settingsPage(t *testing.T, key string) {
	t.Helper()
	w.tabs.Select(w.settingsTab)
	test.Tap(w.button(t, key))
}

func TestEveryPartIsNeeded(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a window without a desk was made")
		}
	}()
	New(Params{App: test.NewTempApp(t), Words: kittest.English(t).Catalogue})
}

func TestTheWindowFitsTheSmallestScreen(t *testing.T) {
	desk := newFakeDesk()
	desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) {
		p := kittest.Portrait()
		p.Warnings = []app.Notice{{Key: "coach.closer"}, {Key: "coach.centre"}}
		return p, nil
	}
	desk.OnRead = func(context.Context, app.Blob, app.Portrait) (app.Zone, history.Reading, error) {
		expired := true
		return app.Zone{}, history.Reading{
			MRZ: history.MRZ{Type: "TD3", Expired: &expired}, Fields: history.Fields{Name: strings.Repeat("LONG ", 20)},
		}, nil
	}
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return kittest.Compared(history.Refer, 50, 60, 70, 80, 50, 60, 70, 80), nil
	}
	w := open(t, desk, "")
	fits := func(what string) {
		t.Helper()
		if size := w.win.Content().MinSize(); size.Width > minWidth || size.Height > minHeight {
			t.Errorf("%s: the window cannot be smaller than %v", what, size)
		}
	}
	fits("empty")
	ready(t, w)
	fits("ready")
	for i := range 3 {
		w.tabs.SelectIndex(i)
		fits("screen " + strconv.Itoa(i))
	}
	w.tabs.SelectIndex(0)
	w.check.Begin()
	w.until(t, "a result", func() bool { return w.check.HasResult() })
	fits("result")
	test.Tap(w.button(t, "result.details"))
	fits("details")
}

// The program ends by itself where Fyne does not return after it was asked to quit, and only there.
func TestFyneDoesNotReturn(t *testing.T) {
	closed, never := make(chan struct{}), make(chan struct{})
	close(closed)
	for name, c := range map[string]struct {
		quit, returned chan struct{}
		stuck          bool
	}{
		"returned": {closed, closed, false}, "returned for a signal": {never, closed, false}, "stuck": {closed, never, true},
	} {
		called := false
		unlessReturned(c.quit, c.returned, 10*time.Millisecond, func() { called = true })
		if called != c.stuck {
			t.Errorf("%s: ended by itself: %v", name, called)
		}
	}
	w := open(t, newFakeDesk(), "")
	w.close()
	w.until(t, "Fyne is asked to quit", func() bool {
		select {
		case <-w.quit:
			return true
		default:
			return false
		}
	})
}

func TestSizeIsRemembered(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	w.win.Resize(fyne.NewSize(1300, 900))
	w.close()
	w.until(t, "the size kept", func() bool { return w.app.Preferences().String(preferenceSize) != "" })
	if got := w.lastSize(); got.Width != 1300 || got.Height != 900 {
		t.Errorf("remembered %v", got)
	}
	for kept, want := range map[string]fyne.Size{
		"10x900": fyne.NewSize(minWidth, 900), "": fyne.NewSize(startWidth, startHeight), "wide": fyne.NewSize(
			startWidth, startHeight,
		),
	} {
		w.app.Preferences().SetString(preferenceSize, kept)
		if got := w.lastSize(); got != want {
			t.Errorf("%q opens a window of %v", kept, got)
		}
	}
}

func TestShortcuts(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	w.win.Canvas().Focus(w.nameField(t))
	w.press(t, fyne.Key2)
	if w.win.Canvas().Focused() != nil {
		t.Error("a field on a hidden screen still takes the keys")
	}
	if w.tabs.SelectedIndex() != 1 {
		t.Error("Ctrl+2 does not show the history")
	}
	w.press(t, fyne.KeyK)
	if w.consentBox(t).Checked {
		t.Error("the person agreed while nobody could see it")
	}
	w.press(t, fyne.Key1)
	w.press(t, fyne.KeyK)
	if !w.consentBox(t).Checked {
		t.Error("Ctrl+K does not tick the consent")
	}
	used := map[string]string{}
	for _, a := range w.actions {
		if a.on == "" {
			continue
		}
		if other := used[string(a.on)]; other != "" {
			t.Errorf("%s is on %s and on %s", a.on, other, a.key)
		}
		used[string(a.on)] = a.key
	}
	w.about()
	if w.win.Canvas().Overlays().Top() == nil {
		t.Fatal("no About")
	}
	w.press(t, fyne.KeyK)
	if !w.consentBox(t).Checked {
		t.Error("a shortcut worked behind a dialog")
	}
	w.escape()
	if w.win.Canvas().Overlays().Top() != nil {
		t.Error("Escape does not close a dialog")
	}
}

func TestTabReachesEverything(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	seen := kittest.Tabbed(t, w.win.Canvas())
	for name, f := range map[string]fyne.Focusable{
		"browse": w.button(t, "drop.browse"), "name": w.nameField(t), "consent": w.consentBox(t),
	} {
		if !seen[f] {
			t.Errorf("Tab does not reach %s", name)
		}
	}
}

func TestClosingCancelsAndWaits(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	desk.source = func(string) app.Source { return source }
	began, cancelled, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	desk.OnCheck = func(ctx context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		close(began)
		<-ctx.Done()
		close(cancelled)
		<-release
		return app.Check{ID: "chk_1", Session: in.Session, Outcome: history.Cancelled}, nil
	}
	w := open(t, desk, "")
	ready(t, w)
	w.check.Begin()
	<-began
	w.close()
	<-cancelled
	w.close() // asked twice, done once
	select {
	case <-w.ended:
		t.Fatal("closed before the check ended")
	default:
	}
	if source.IsClosed() {
		t.Error("the camera was closed under a check that still runs")
	}
	close(release)
	<-w.ended
	if !source.IsClosed() {
		t.Error("the camera stays open")
	}
	w.q.Run()
	if w.check.HasResult() {
		t.Error("a closed window shows a result")
	}
}

// stages are all stages a check can report.
var stages = []string{
	string(matcher.StageCoaching), string(matcher.StageOffering), string(matcher.StageRecording),
	string(matcher.StageLoading), string(matcher.StageDocument), string(matcher.StageClip),
	string(matcher.StageFaces), string(matcher.StageComparing), string(matcher.StageSending), string(matcher.StageWaiting),
}

// literal is what a key looks like.
var literal = regexp.MustCompile(`^[a-z][a-z_]*\.[a-z0-9_.]*[a-z0-9_]$`)

func TestEveryKeyHasWords(t *testing.T) {
	catalogue := kittest.English(t)
	set := token.NewFileSet()
	var names []string
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") && !strings.Contains(path, "kittest") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	note := func(n ast.Node) bool {
		if _, ok := n.(*ast.ImportSpec); ok {
			return false
		}
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if key, err := strconv.Unquote(lit.Value); err == nil && literal.MatchString(key) {
			keys[key] = true
		}
		return true
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, note)
	}
	// Preferences, the icon and the theme's own names look like keys.
	for _, other := range []string{
		preferenceSize, "icon.svg", "photo.png", string(draw.ColorPass), string(draw.ColorRefer), string(draw.ColorFail),
		string(draw.ColorNotCompared), string(draw.ColorIdentified), string(draw.SizeVerdict), string(draw.SizePanel),
		"anchor.code", "target.code",
		"bound.pass", "bound.refer", "settings.auditing_", // words are put behind them
	} {
		delete(keys, other)
	}
	// So do the keys of settings, which are all locked here to be known.
	locked := filepath.Join(t.TempDir(), "settings.toml")
	if err := os.WriteFile(locked, []byte(`locked = ["camera", "matching", "api", "reference", "inspection", "consent", "operators",
		"central", "folders", "retention", "privacy", "window", "setup"]`), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := settings.Open(settings.Files{Administrator: locked})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range all.Sources().Locked {
		delete(keys, key)
	}
	for _, o := range []history.Outcome{
		history.Pass, history.Refer, history.Fail, history.NotCompared, history.CouldNotRun,
		history.Cancelled, history.Interrupted, history.Unknown,
	} {
		keys[app.OutcomeKey(o)] = true
		keys["meaning."+strings.TrimPrefix(app.OutcomeKey(o), "outcome.")] = true
	}
	keys[app.OutcomeKey(history.Running)] = true
	for _, m := range []history.Mode{history.Offline, history.Remote} {
		keys["mode.name."+string(m)] = true
	}
	for _, f := range []history.Fault{
		history.FaultCutOff, history.FaultReplaced,
		history.FaultSealed, history.FaultPartGone, history.FaultKeyGone, history.FaultBack,
		history.FaultSchema, history.FaultDamaged,
	} {
		keys[app.VerdictWords(history.Verdict{Fault: f}).Key] = true
	}
	for _, h := range []history.Hint{history.HintMissing, history.HintEdited, history.HintMoved} {
		keys[app.VerdictWords(history.Verdict{Fault: history.FaultChain, Hint: h}).Key] = true
	}
	for _, s := range stages {
		keys["stage."+s] = true
	}
	for _, which := range []string{"anchor", "target"} {
		for _, code := range []string{"1", "2", "3", "other"} {
			keys["side."+which+"."+code] = true
			keys["side."+which+"."+code+".hint"] = true
		}
	}
	if len(keys) < 150 {
		t.Fatalf("only %d keys found: the search is broken", len(keys))
	}
	for key := range keys {
		if text := catalogue.T(key); text == key || text == "" {
			t.Errorf("no words for %s", key)
		}
	}
}

func uris(paths ...string) []fyne.URI {
	var all []fyne.URI
	for _, p := range paths {
		all = append(all, storage.NewFileURI(p))
	}
	return all
}

func TestDocumentFromTheCommandLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "document.jpg")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := open(t, newFakeDesk(), path)
	w.until(t, "the document", w.hasDocument)
	if chosen, _ := w.check.Document.Chosen(); chosen.File.Path != path {
		t.Errorf("took %s", chosen.File.Path)
	}
}

// A drop anywhere in the window is a document. While a check runs, or its result is
// shown, a dialog says what to do first.
func TestWhenADropIsTaken(t *testing.T) {
	desk := newFakeDesk()
	release := make(chan struct{})
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		<-release
		return kittest.Compared(history.Pass, 90), nil
	}
	var listed atomic.Int32
	desk.OnChecks = func(context.Context, history.Filter) ([]history.Row, error) {
		listed.Add(1)
		return nil, nil
	}
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	w.dropped(fyne.Position{}, uris("/a/document.jpg"))
	if w.tabs.SelectedIndex() != 0 {
		t.Error("a dropped document does not show the Check screen")
	}
	w.until(t, "the document", w.hasDocument)
	ready(t, w)
	refused := func(how, key string, give func()) {
		t.Helper()
		give()
		if !strings.Contains(w.dialogText(), w.Words.T(key)) {
			t.Errorf("%s: the dialog says %q", how, w.dialogText())
		}
		w.escape()
		if chosen, _ := w.check.Document.Chosen(); chosen.File.Name != "document.jpg" {
			t.Errorf("%s: the document is %q", how, chosen.File.Name)
		}
	}
	w.press(t, fyne.KeyReturn)
	refused("dropped during a check", "drop.busy", func() { w.dropped(fyne.Position{}, uris("/a/other.png")) })
	w.press(t, fyne.KeyN)
	if !w.check.Busy() || !w.hasDocument() {
		t.Error("New check ended a running one")
	}
	before := listed.Load()
	close(release)
	w.until(t, "the result", w.check.HasResult)
	w.until(t, "the history to be read anew", func() bool { return listed.Load() > before })
	refused("browsed over a result", "drop.result", func() { w.press(t, fyne.KeyO) })
	w.press(t, fyne.KeyN)
	if w.check.HasResult() || w.hasDocument() {
		t.Error("New check keeps something of the last person")
	}
}

// The keys of the menu reach the document, and only while it can be seen.
func TestTheKeysOfTheDocument(t *testing.T) {
	desk := newFakeDesk()
	asked := make(chan app.Choice, 2)
	desk.OnChoose = func(_ context.Context, p app.Portrait, c app.Choice) (app.Portrait, error) {
		asked <- c
		return p, nil
	}
	w := open(t, desk, "document.jpg")
	w.until(t, "the document", w.hasDocument)
	w.tabs.SelectIndex(1)
	w.press(t, fyne.KeyR)
	w.tabs.SelectIndex(0)
	w.press(t, fyne.KeyL)
	if c := <-asked; c.Turn != 270 {
		t.Errorf("Ctrl+L asks for %+v", c)
	}
	w.press(t, fyne.KeyP)
	w.until(t, "the photo", func() bool { chosen, _ := w.check.Document.Chosen(); return chosen.ByCamera })
}

// The hidden Check screen asks its camera for nothing.
func TestThePreviewRestsWhileHidden(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	desk.source = func(string) app.Source { return source }
	w := open(t, desk, "")
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

// A dialog over the window lets the picture rest.
func TestThePictureRestsUnderADialog(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	if w.Paints.Covered() {
		t.Error("the picture rests though nothing covers it")
	}
	w.tell("drop.not_now", "drop.busy")
	if !w.Paints.Covered() {
		t.Error("the picture does not rest under a dialog")
	}
}

// Browse paints a folder whose names are in any script.
func TestBrowse(t *testing.T) {
	desk, dir := newFakeDesk(), t.TempDir()
	for _, name := range []string{"паспорт.jpg", "身分證 1.png", "two\nlines.png", "not\xff\xfeutf8.png", "רישיון.jpg"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	desk.Now.Folders.Documents = dir
	w := open(t, desk, "")
	w.press(t, fyne.KeyO)
	w.until(t, "the dialog", func() bool { return w.win.Canvas().Overlays().Top() != nil })
	w.win.Canvas().Capture()
	w.escape()
}

// The checks that wait to be sent are listed in a dialog, and sent from it.
func TestKeptChecksAreSent(t *testing.T) {
	desk := newFakeDesk()
	desk.Kept = app.KeptChecks{Checks: []app.KeptCheck{{ID: "kept_1", At: time.Now(), Name: "Ada Lovelace"}}}
	desk.OnSendKept = func(id string) (app.Check, error) {
		if id != "kept_1" {
			t.Errorf("sent %q", id)
		}
		return kittest.Compared(history.Pass, 90), nil
	}
	w := open(t, desk, "")
	open := w.Words.T("kept.open", "Count", 1)
	w.until(t, "the button", func() bool { return len(kittest.ButtonsWith(w.check.Content, open)) == 1 })
	test.Tap(kittest.ButtonOf(t, w.check.Content, open))
	if !strings.Contains(w.dialogText(), "Ada Lovelace") {
		t.Fatalf("the dialog says %q", w.dialogText())
	}
	test.Tap(w.onTop(t, "kept.send"))
	w.until(t, "the result", w.check.HasResult)
}

// The first start shows the welcome in the Check screen's place, and no question covers it.
// With its end the camera that was chosen and the Check screen are there.
func TestTheFirstStart(t *testing.T) {
	desk := newFakeDesk()
	desk.From.FirstStart, desk.NoRecovery = true, true
	desk.OnCameras = func() []app.Camera {
		return []app.Camera{{Name: "Built-in", Address: "/dev/video0"}, {Name: "Logi", Address: "/dev/video2"}}
	}
	var addresses []string
	desk.source = func(address string) app.Source {
		addresses = append(addresses, address)
		return kittest.NewSource()
	}
	w := open(t, desk, "document.jpg")
	w.until(t, "the document behind it", w.hasDocument)
	if text := w.text(); !strings.Contains(text, w.Words.T("welcome.title")) ||
		strings.Contains(text, w.Words.T("check.name")) {
		t.Fatalf("the screen says %q", text)
	}
	w.press(t, fyne.KeyK) // reaches no hidden tick
	w.until(t, "the cameras", func() bool { return strings.Contains(w.text(), w.Words.T("welcome.camera_help")) })
	list, _ := kittest.Find[*kit.Choice](w.tabs.Selected().Content)
	if list == nil {
		t.Fatal("no list of cameras")
	}
	w.until(t, "both cameras", func() bool { return len(list.Options) == 2 })
	list.SetSelectedIndex(1)
	w.until(t, "the other camera", func() bool { return len(addresses) == 2 })
	if addresses[1] != "/dev/video2" {
		t.Errorf("opened %q", addresses)
	}
	for range 2 {
		test.Tap(w.button(t, "welcome.next"))
	}
	test.Tap(w.button(t, "welcome.begin"))
	w.until(t, "the Check screen", func() bool { return strings.Contains(w.text(), w.Words.T("check.name")) })
	w.until(t, "the camera that was chosen", func() bool { return len(addresses) == 3 && w.hasPicture() })
	if got := desk.Settings().Camera.Source; got != "/dev/video2" || addresses[2] != "" {
		t.Errorf("the camera is %q, opened were %q", got, addresses)
	}
	if w.consentBox(t).Checked || !w.hasDocument() {
		t.Error("a key reached the Check screen behind the welcome, or the document is lost")
	}
	if w.win.Canvas().Overlays().Top() != nil {
		t.Error("a question covers the screen")
	}
	left := w.Words.T("setup.left", "Count", 4)
	w.until(t, "what is left to set up", func() bool { return len(kittest.ButtonsWith(w.check.Content, left)) == 1 })
	test.Tap(kittest.ButtonOf(t, w.check.Content, left))
	if !strings.Contains(w.text(), w.Words.T("setup.title")) {
		t.Errorf("the line leads to %q", w.text())
	}
}

// A document that is dropped begins a check: the welcome is over.
func TestADropEndsTheWelcome(t *testing.T) {
	desk := newFakeDesk()
	desk.From.FirstStart = true
	w := open(t, desk, "")
	w.dropped(fyne.Position{}, uris("/a/document.jpg"))
	w.until(t, "the document", w.hasDocument)
	w.until(t, "the Check screen", func() bool { return strings.Contains(w.text(), w.Words.T("check.name")) })
}

// An operator who may change no settings finds no welcome.
func TestNoWelcomeForAnOperator(t *testing.T) {
	desk := staffedDesk()
	desk.From.FirstStart = true
	w := open(t, desk, "")
	w.enterAs(t, "olga")
	if text := w.text(); !strings.Contains(text, w.Words.T("check.name")) ||
		strings.Contains(text, w.Words.T("setup.title")) {
		t.Errorf("the screen says %q", text)
	}
}

// Where the desktop has no file dialog, Fyne's shows the files of the kind that is asked for, and
// every file where any will do.
func TestBrowseWithoutTheDesktopsDialog(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	w.folder = t.TempDir()
	w.exports = w.folder
	for _, name := range []string{"mine.db", "sample.json", "auditors.key"} {
		if err := os.WriteFile(filepath.Join(w.folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	none := func(string) { t.Error("a file was chosen") }
	for _, tt := range []struct {
		what  string
		ask   func()
		shows []string
	}{
		{"key", func() { w.chooseKey(none) }, []string{"mine", "sample", "auditors"}},
		{"sample", func() { w.chooseSample(none) }, []string{"mine", "sample", "auditors"}},
		{"history", func() { w.chooseHistory(none) }, []string{"mine"}},
	} {
		tt.ask()
		w.until(t, tt.what, func() bool { return w.win.Canvas().Overlays().Top() != nil })
		text := kittest.Readable(w.win.Canvas().Overlays().Top())
		for _, name := range []string{"mine", "sample", "auditors"} {
			if want := slices.Contains(tt.shows, name); strings.Contains(text, name) != want {
				t.Errorf("%s: %s is shown: %v\n%s", tt.what, name, !want, text)
			}
		}
		w.dialog.Dismiss()
	}
}

// Where the desktop has a file dialog it is asked, once at a time, and Fyne's does not open.
func TestBrowseWithTheDesktopsDialog(t *testing.T) {
	desk := newFakeDesk()
	desk.Now.Folders.Documents = "/home/anna/scans"
	w := open(t, desk, "")
	asked, answer := make(chan chooser.Request, 2), make(chan string)
	w.askDesktop = func(ctx context.Context, r chooser.Request) (string, error) {
		asked <- r
		select {
		case path := <-answer:
			return path, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	w.press(t, fyne.KeyO)
	w.press(t, fyne.KeyO)
	if r := <-asked; r.Folder != "/home/anna/scans" || !slices.Contains(r.Types, ".pdf") || r.Directory {
		t.Errorf("asked for %+v", r)
	}
	answer <- "/home/anna/scans/card 1+2.jpg"
	w.until(t, "the document", w.hasDocument)
	if chosen, _ := w.check.Document.Chosen(); chosen.File.Path != "/home/anna/scans/card 1+2.jpg" {
		t.Errorf("took %q", chosen.File.Path)
	}
	if len(asked) != 0 || w.win.Canvas().Overlays().Top() != nil {
		t.Error("a second dialog was opened")
	}
	w.press(t, fyne.KeyO) // and closed without a choice
	<-asked
	answer <- ""
	w.until(t, "the dialog's end", func() bool { return !w.choosing })
	if w.win.Canvas().Overlays().Top() != nil || !w.hasDocument() {
		t.Error("without a choice something changes")
	}
	w.press(t, fyne.KeyO) // and still open when the window closes: open waits for its end
	<-asked
}
