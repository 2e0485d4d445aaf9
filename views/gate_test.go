package views

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// signIn signs in on the page that is shown, whatever comes of it.
func (w *shownWindow) signIn(t *testing.T, name, passphrase string) {
	t.Helper()
	if w.gate.open {
		t.Fatal("there is no sign-in page")
	}
	page := w.gate.page
	page.name.SetText(name)
	page.passphrase.SetText(passphrase)
	page.try()
	w.until(t, "an answer", func() bool { return !page.busy() })
}

// enterAs signs in.
func (w *shownWindow) enterAs(t *testing.T, name string) {
	t.Helper()
	w.signIn(t, name, name)
	if !w.gate.open {
		t.Fatalf("%s is not let in: %q", name, w.gate.page.said.Text)
	}
}

// menuKeys are the names of what the menu offers.
func (w *shownWindow) menuKeys() string {
	var all []string
	for _, menu := range w.win.MainMenu().Items {
		for _, item := range menu.Items {
			all = append(all, item.Label)
		}
	}
	return strings.Join(all, "\n")
}

// all is everything that can be read in the window, but for dialogs.
func (w *shownWindow) all() string { return kittest.Readable(w.win.Content()) }

func TestNothingIsReachableBeforeSigningIn(t *testing.T) {
	desk := staffedDesk()
	w := open(t, desk, "document.jpg")
	nothing := func(when string) {
		t.Helper()
		if got := w.menuKeys(); got != w.Words.T("menu.quit") {
			t.Errorf("%s the menu offers %q", when, got)
		}
		if w.source != nil || w.hasPicture() {
			t.Errorf("%s the camera is open", when)
		}
		w.dropped(fyne.Position{}, uris("other.jpg"))
		w.photo()
		if w.hasDocument() {
			t.Errorf("%s a document is taken", when)
		}
		if strings.Contains(w.all(), w.Words.T("drop.title")) || !strings.Contains(w.all(), w.Words.T("signin.title")) {
			t.Errorf("%s the screen says %q", when, w.all())
		}
		w.escape() // the dialog that says why no photo is taken
		w.win.Canvas().Unfocus()
		page := []fyne.Focusable{w.gate.page.name, w.gate.page.passphrase, w.gate.page.shower, w.gate.page.enter}
		for range 12 {
			w.win.Canvas().(interface{ FocusNext() }).FocusNext()
			if f := w.win.Canvas().Focused(); f != nil && !slices.Contains(page, f) {
				t.Errorf("%s Tab reaches %T behind the page", when, f)
			}
		}
	}
	nothing("at the start")
	if len(desk.opened) != 0 {
		t.Error("the camera was opened")
	}
	w.enterAs(t, "olga")
	w.until(t, "the document of the command line", func() bool { return w.hasDocument() })
	if !strings.Contains(w.all(), "olga · Operator") {
		t.Errorf("who is signed in is not said: %q", w.all())
	}
	w.until(t, "the picture", func() bool { return w.hasPicture() })
	source := w.source.(*kittest.Source)
	w.check.Document.Clear("")
	w.press(t, fyne.KeyW)
	w.until(t, "that the camera is closed", source.IsClosed)
	nothing("locked")
	w.enterAs(t, "olga")
	w.until(t, "the camera again", func() bool { return len(desk.opened) == 2 })
}

func TestAWrongPassphrase(t *testing.T) {
	w := open(t, staffedDesk(), "")
	page := w.gate.page
	if w.win.Canvas().Focused() != page.name {
		t.Error("the name does not have the keys")
	}
	page.name.OnSubmitted("")
	if w.win.Canvas().Focused() != page.passphrase {
		t.Error("Return does not lead on to the passphrase")
	}
	w.until(t, "the names", func() bool { return page.name.ActionItem != nil })
	w.signIn(t, "olga", "ada")
	if w.gate.open || !strings.Contains(w.all(), w.Words.T("operators.wrong")) {
		t.Errorf("a wrong passphrase: %q", w.all())
	}
	if page.passphrase.Text != "" || page.name.Text != "olga" || w.win.Canvas().Focused() != page.passphrase {
		t.Error("it is not ready for another attempt")
	}
	if !page.enter.Disabled() {
		t.Error("nothing can be sent")
	}
}

func TestTheCountdown(t *testing.T) {
	desk := staffedDesk()
	desk.OnSignIn = func(name string) error {
		if name == "olga" {
			return &app.Problem{Key: "operators.wait", Params: map[string]any{"Seconds": 3}}
		}
		return nil
	}
	w := open(t, desk, "")
	now := time.Now()
	w.gate.now = func() time.Time { return now }
	page := w.gate.page
	w.signIn(t, "olga", "olga")
	page.passphrase.SetText("olga")
	for _, left := range []string{"3 s", "2 s", "1 s"} {
		if !strings.Contains(page.said.Text, left) || !page.enter.Disabled() {
			t.Errorf("%s: it says %q, and the button works: %v", left, page.said.Text, !page.enter.Disabled())
		}
		now = now.Add(time.Second)
		w.tick(false)
	}
	if page.said.Text != w.Words.T("signin.again") || page.enter.Disabled() {
		t.Errorf("after it: %q", page.said.Text)
	}

	// Who mistyped waits; a colleague does not.
	w.signIn(t, "olga", "olga")
	page.name.SetText("otto")
	page.passphrase.SetText("otto")
	if page.enter.Disabled() {
		t.Error("everybody has to wait")
	}
	page.name.SetText(" OLGA")
	if !page.enter.Disabled() {
		t.Error("the same name in other letters does not wait")
	}
	w.enterAs(t, "otto")
}

func TestTheLockKeepsARunningCheck(t *testing.T) {
	for _, next := range []string{"olga", "otto"} {
		t.Run(next, func(t *testing.T) {
			desk := staffedDesk()
			release := make(chan struct{})
			desk.OnCheck = func(ctx context.Context, _ app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
				select {
				case <-release:
				case <-ctx.Done():
					t.Error("the check was cancelled")
				}
				return kittest.Compared(history.Pass, 90), nil
			}
			w := open(t, desk, "")
			w.enterAs(t, "olga")
			name := w.nameField(t)
			name.SetText("Ada Lovelace")
			ready(t, w)
			w.check.Begin()
			source := w.source.(*kittest.Source)
			w.press(t, fyne.KeyW)
			if !strings.Contains(w.all(), w.Words.T("gate.running")) || source.IsClosed() {
				t.Errorf("the check does not go on: %q", w.all())
			}
			if next == "otto" {
				w.enterAs(t, next) // while it runs
				if !w.check.Busy() {
					t.Error("another operator ends the check")
				}
			}
			close(release)
			w.until(t, "the end", func() bool { return !w.check.Busy() })
			if next == "olga" {
				w.until(t, "that the camera is closed", source.IsClosed)
				if strings.Contains(w.all(), "PASS") || w.focusedLabel() == w.Words.T("result.details") {
					t.Error("the result does not wait behind the lock")
				}
				w.enterAs(t, next)
			}
			if !strings.Contains(w.text(), "PASS") {
				t.Errorf("no result: %q", w.text())
			}
			if kept := name.Text != ""; kept != (next == "olga") {
				t.Errorf("%s finds the name %q", next, name.Text)
			}
			if kept := w.hasDocument(); kept != (next == "olga") {
				t.Errorf("%s finds the document: %v", next, kept)
			}
		})
	}
}

func TestDraftsAreKeptForTheSameOperator(t *testing.T) {
	for _, next := range []string{"olga", "otto"} {
		t.Run(next, func(t *testing.T) {
			w := open(t, staffedDesk(), "")
			w.enterAs(t, "olga")
			name := w.nameField(t)
			name.SetText("Ada Lovelace")
			w.openDecision(history.Row{Check: "chk_1", Outcome: history.Fail, At: time.Now()}, func() {})
			test.Tap(w.onTop(t, "deciding.choice.approve"))
			dialog := w.win.Canvas().Overlays().Top()
			reason, _ := kittest.Find[*kit.Choice](dialog)
			reason.SetSelectedIndex(2)
			note, _ := kittest.Find[*kit.Entry](dialog)
			note.SetText("his twin")
			second, _ := kittest.Find[*kit.Combo](dialog)
			second.SetText("ruth")
			passphrase := w.Keys.Secrets[len(w.Keys.Secrets)-1]
			passphrase.SetText("ruth")
			w.FocusAny(note)
			w.press(t, fyne.KeyW) // over the dialog
			if w.gate.open || w.win.Canvas().Overlays().Top() != nil {
				t.Fatal("the dialog can be seen on the sign-in page")
			}
			w.enterAs(t, next)
			if passphrase.Text != "" {
				t.Error("the second one's passphrase waited behind the lock")
			}
			top := w.win.Canvas().Overlays().Top()
			if next == "otto" {
				if top != nil || name.Text != "" {
					t.Errorf("otto finds olga's dialog (%v) and name (%q)", top != nil, name.Text)
				}
				return
			}
			if top == nil || note.Text != "his twin" || reason.SelectedIndex() != 2 || second.Text != "ruth" ||
				name.Text == "" {
				t.Error("what was typed is lost")
			}
			if w.win.Canvas().Focused() != note {
				t.Errorf("%T has the keys", w.win.Canvas().Focused())
			}
			w.escape()
			if w.win.Canvas().Overlays().Top() != nil {
				t.Error("Escape does not close the dialog any more")
			}
		})
	}
}

func TestADialogThatEndsBehindTheLock(t *testing.T) {
	desk := staffedDesk()
	release := make(chan struct{})
	desk.OnDecide = func(app.DecisionInput) error { <-release; return nil }
	w := open(t, desk, "")
	w.enterAs(t, "olga")
	told := false
	w.openDecision(
		history.Row{Check: "chk_1", Outcome: history.Refer, Decision: history.Undecided, At: time.Now()}, func() {
			told = true
		},
	)
	test.Tap(w.onTop(t, "deciding.choice.reject"))
	reason, _ := kittest.Find[*kit.Choice](w.win.Canvas().Overlays().Top())
	reason.SetSelectedIndex(0)
	test.Tap(w.onTop(t, "deciding.record"))
	w.Window.shut("gate.locked")
	close(release)
	w.until(t, "the record", func() bool { return told })
	w.enterAs(t, "olga")
	if w.win.Canvas().Overlays().Top() != nil {
		t.Error("the dialog is there again, though it is done")
	}
}

func TestSigningOutForgets(t *testing.T) {
	w := open(t, staffedDesk(), "")
	w.enterAs(t, "ada")
	name := w.nameField(t)
	name.SetText("Ada Lovelace")
	w.tabs.Select(w.settingsTab)
	desk := w.entry(t, "settings.desk")
	desk.SetText("Desk 9")
	w.press(t, fyne.KeyE)
	if w.gate.open || w.gate.page.name.Text != "" {
		t.Error("signed out, the page still names who was there")
	}
	w.enterAs(t, "ada")
	if name.Text != "" || desk.Text != "Desk 1" {
		t.Error("what was typed is still there")
	}
}

func TestADeskLeftAlone(t *testing.T) {
	desk := staffedDesk()
	w := open(t, desk, "")
	w.enterAs(t, "olga")
	desk.LeaveAlone()
	w.until(t, "the lock", func() bool { return !w.gate.open })
	if !strings.Contains(w.all(), w.Words.T("gate.idle")) || w.gate.page.name.Text != "olga" {
		t.Errorf("it says %q", w.all())
	}
	w.enterAs(t, "olga")
	// An administrator elsewhere removes her.
	_ = desk.RemoveOperator(context.Background(), "olga")
	w.until(t, "the sign-in page", func() bool { return !w.gate.open })
	if !strings.Contains(w.all(), w.Words.T("gate.ended")) {
		t.Errorf("it says %q", w.all())
	}
}

func TestOperatorsSetUpByTheCommandLine(t *testing.T) {
	desk := newFakeDesk()
	w := open(t, desk, "")
	_ = desk.AddOperator(context.Background(), "ada", history.RoleAdministrator, "ada")
	w.until(t, "the sign-in page", func() bool { return !w.gate.open })
}

// Any key, mouse or drop is told to the desk, which begins the idle time again.
func TestWhatCountsAsUse(t *testing.T) {
	desk := staffedDesk()
	w := open(t, desk, "")
	w.enterAs(t, "olga")
	ready(t, w)
	name, start, consent := w.nameField(t), w.button(t, "check.start"), w.consentBox(t)
	page, _ := kittest.Find[*kit.PageView](w.check.Content)
	key, mouse := &fyne.KeyEvent{Name: fyne.KeyA}, &desktop.MouseEvent{}
	sensed, _ := kittest.Find[*sensor](w.win.Content())
	for how, use := range map[string]func(){
		"a key in a field":    func() { name.KeyDown(key) },
		"a key on a button":   func() { start.KeyDown(key) },
		"a key on a box":      func() { consent.TypedKey(key) },
		"a key for nobody":    func() { w.win.Canvas().OnTypedKey()(key) },
		"a shortcut":          func() { w.press(t, fyne.KeyK) },
		"a click on a button": func() { test.Tap(w.button(t, "page.left")) },
		"a click in a field":  func() { name.MouseDown(mouse) },
		"a click on a page":   func() { page.MouseDown(mouse) },
		"the mouse on a box":  func() { consent.MouseMoved(mouse) },
		"the mouse":           func() { sensed.MouseMoved(mouse) },
		"the mouse going out": func() { sensed.MouseOut() },
		"a drop":              func() { w.dropped(fyne.Position{}, nil) },
	} {
		before := desk.Touched.Load()
		use()
		if desk.Touched.Load() == before {
			t.Errorf("%s is not told", how)
		}
	}
	before := desk.Touched.Load()
	w.tick(true)
	if desk.Touched.Load() != before {
		t.Error("the program touches itself")
	}
}

func TestRolesSeeWhatIsTheirs(t *testing.T) {
	for name, c := range map[string]struct {
		tabs   string
		menu   []string
		hidden []string
		camera bool
	}{
		"ada":  {"Check History Settings", []string{"menu.new", "tab.settings", "menu.lock"}, nil, true},
		"olga": {"Check History", []string{"menu.new", "menu.photo", "menu.about"}, []string{"tab.settings"}, true},
		"ruth": {"Check History", []string{"menu.new"}, []string{"tab.settings"}, true},
		"axel": {
			"History", []string{"tab.history", "menu.about", "menu.quit", "menu.sign_out"},
			[]string{"tab.check", "menu.new", "menu.photo", "tab.settings"}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			desk := staffedDesk()
			w := open(t, desk, "document.jpg")
			w.enterAs(t, name)
			var tabs []string
			for _, i := range w.tabs.Items {
				tabs = append(tabs, i.Text)
			}
			if got := strings.Join(tabs, " "); got != c.tabs {
				t.Errorf("the tabs are %s", got)
			}
			menu := "\n" + w.menuKeys() + "\n"
			for _, key := range c.menu {
				if !strings.Contains(menu, "\n"+w.Words.T(key)+"\n") {
					t.Errorf("the menu lacks %s", key)
				}
			}
			for _, key := range c.hidden {
				if strings.Contains(menu, "\n"+w.Words.T(key)+"\n") {
					t.Errorf("the menu offers %s", key)
				}
			}
			if got := len(desk.opened) == 1; got != c.camera {
				t.Errorf("the camera is open: %v", got)
			}
			if !c.camera {
				w.dropped(fyne.Position{}, uris("other.jpg"))
				if w.win.Canvas().Overlays().Top() == nil || w.hasDocument() {
					t.Error("a drop is taken, or nothing says why not")
				}
			}
		})
	}
}

func TestWithoutOperatorsItIsSaid(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	if !strings.Contains(w.all(), w.Words.T("gate.single", "Name", "anna")) {
		t.Errorf("the screen says %q", w.all())
	}
	if menu := w.menuKeys(); strings.Contains(menu, w.Words.T("menu.lock")) || w.gate.lock.Visible() {
		t.Error("a lock nobody could open is offered")
	}
	w.lock()
	w.signOut()
	if !w.gate.open {
		t.Error("the window locked nobody out for good")
	}
}

func TestTabReachesSigningIn(t *testing.T) {
	w := open(t, staffedDesk(), "")
	page := w.gate.page
	page.name.SetText("olga")
	page.passphrase.SetText("olga")
	seen := kittest.Tabbed(t, w.win.Canvas())
	for name, f := range map[string]fyne.Focusable{
		"name": page.name, "passphrase": page.passphrase, "show": page.shower, "sign in": page.enter,
	} {
		if !seen[f] {
			t.Errorf("Tab does not reach %s", name)
		}
	}
}

// A passphrase is shown on request, by the mouse or by the keys; Tab leads from the
// name to it and not to something in between.
func TestThePassphraseIsShownOnRequest(t *testing.T) {
	w := open(t, staffedDesk(), "")
	page := w.gate.page
	hidden := func(want bool) {
		t.Helper()
		if page.passphrase.Password != want || page.shower.Checked == want {
			t.Errorf("hidden: %v, ticked: %v", page.passphrase.Password, page.shower.Checked)
		}
	}
	hidden(true)
	page.passphrase.ActionItem.(*kit.TapIcon).Tapped(nil)
	hidden(false)
	page.shower.SetChecked(false)
	hidden(true)
	page.shower.SetChecked(true)
	hidden(false)
	w.enterAs(t, "olga")
	w.lock()
	hidden(true)
	w.win.Canvas().Focus(page.name)
	w.win.Canvas().(interface{ FocusNext() }).FocusNext()
	if w.win.Canvas().Focused() != page.passphrase {
		t.Errorf("Tab leads from the name to %T", w.win.Canvas().Focused())
	}
}
