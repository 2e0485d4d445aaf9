package views

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
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
	w := newWindow(Params{App: a, Desk: desk, Words: kittest.English(t).Catalogue, Document: document}, q.Do)
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

// hold presses a key, as holdKey does.
func (w *shownWindow) hold(name fyne.KeyName) (repeat, release func()) {
	return kittest.HoldKey(w.win.Canvas(), w.q, name)
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
	desk.portrait = func(context.Context, app.Blob) (app.Portrait, error) {
		p := somePortrait()
		p.Warnings = []app.Notice{{Key: "coach.closer"}, {Key: "coach.centre"}}
		return p, nil
	}
	desk.check = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return compared(history.Refer, 50, 60, 70, 80, 50, 60, 70, 80), nil
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
	w.check.begin()
	w.until(t, "a result", func() bool { return w.check.result != nil })
	fits("result")
	w.check.result.details.Show()
	fits("details")
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
	w.win.Canvas().Focus(w.check.name)
	w.press(t, fyne.Key2)
	if w.win.Canvas().Focused() != nil {
		t.Error("a field on a hidden screen still takes the keys")
	}
	if w.tabs.SelectedIndex() != 1 {
		t.Error("Ctrl+2 does not show the history")
	}
	w.press(t, fyne.KeyK)
	if w.check.consent.Checked {
		t.Error("the person agreed while nobody could see it")
	}
	w.press(t, fyne.Key1)
	w.press(t, fyne.KeyK)
	if !w.check.consent.Checked {
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
	if !w.check.consent.Checked {
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
		"browse": w.check.document.panel.zone.browse, "name": w.check.name, "consent": w.check.consent,
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
	desk.check = func(ctx context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		close(began)
		<-ctx.Done()
		close(cancelled)
		<-release
		return app.Check{ID: "chk_1", Session: in.Session, Outcome: history.Cancelled}, nil
	}
	w := open(t, desk, "")
	ready(t, w)
	w.check.begin()
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
	if w.check.result != nil {
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
		string(draw.ColorNotCompared), string(draw.SizeVerdict), string(draw.SizePanel), "anchor.code", "target.code",
	} {
		delete(keys, other)
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
