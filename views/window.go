// Package views is the program's window: three screens (check, history, settings)
// over a Desk. It shows what the Desk knows and decides nothing. The screens lie in
// packages below internal, over kit (controls, workers, words) and draw (theme,
// shapes, pictures), and do not know each other. This package wires them: it holds the
// gate with the sign-in page, the menu, the dialogs that lie over the whole window, and
// the camera.
//
// Everything on the screen belongs to one goroutine, Fyne's. What takes time runs in
// workers, which hand plain values back through kit.Workers.Do; each late answer is
// compared with what is wanted by then. Closing the window cancels the workers, waits
// for them away from Fyne's goroutine, and then quits.
package views

import (
	"context"
	"fmt"
	"image/color"
	"os"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/scans"
	"facematch/app/settings"
	"facematch/assets"
	"facematch/assets/translations"
	"facematch/views/internal/check"
	"facematch/views/internal/chooser"
	"facematch/views/internal/decide"
	"facematch/views/internal/document"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/preferences"
	"facematch/views/internal/records"
	"facematch/views/internal/records/exporting"
	"facematch/views/internal/records/person"
	"facematch/views/internal/welcome"
)

// closeLimit is how long closing waits for work that does not end. A check ends
// within 200 ms of its cancellation; a driver may hang for ever.
const closeLimit = 15 * time.Second

// quitLimit is how long Fyne may take to end after it was asked to. Fyne 2.8 can hang then: it waits
// for an event that was queued just before it closed its queue. See runGL in
// https://github.com/fyne-io/fyne/blob/v2.8.0/internal/driver/glfw/loop.go.
const quitLimit = 5 * time.Second

// Sizes in Fyne's device-independent pixels.
const (
	minWidth, minHeight       = 1024, 660 // with the menu bar a window of 1024x700
	startWidth, startHeight   = 1280, 800
	exportWidth, exportHeight = 640, 600
	keptWidth, keptHeight     = 640, 320
	aboutWidth                = 560
)

// Desk is what the window needs of *app.Desk, whose methods say what they do:
// what its screens declare, and what the window itself calls.
// Settings, OpenCamera, Version and Log return at once.
type Desk interface {
	check.Desk
	welcome.Desk
	records.Desk
	exporting.Desk
	person.Desk
	preferences.Desk
	decide.Desk
	signInDesk

	OpenCamera(address string) app.Source
	WatchScans(ctx context.Context, tell func(scans.News)) error
	Engine(ctx context.Context) (app.Description, error)
	Log(what string, err error)
	Reread() // reads the list of operators anew; waits for the disk
	SignOut()
	Touch()
	AddOperator(ctx context.Context, name string, role history.Role, passphrase string) error
	RemoveOperator(ctx context.Context, name string) error
	SetPassphrase(ctx context.Context, name, passphrase string) error
	SetRecovery(ctx context.Context, passphrase string) error
	Erase(ctx context.Context, session string) error
}

var _ Desk = (*app.Desk)(nil)

// Params are the parts of a window. App, Desk and Words are needed.
type Params struct {
	App      fyne.App // made with an ID, so that it has preferences
	Desk     Desk
	Words    *translations.Catalogue
	Document string // path of a document to begin with; may be empty

	// Stuck ends the program. It is called, on a goroutine of its own, where Fyne hangs after the
	// window was closed, so that Run cannot return.
	Stuck func()
}

// Window is the program's window.
type Window struct {
	kit.Parts
	desk  Desk
	app   fyne.App
	win   fyne.Window
	ended <-chan struct{} // closed when the workers have ended; nil until the window closes
	quit  chan struct{}   // closed when Fyne is asked to end
	stuck func()

	scanning  *kit.Job // follows the scanner's folder; nil while there is none
	scansFrom string   // that folder

	// askDesktop asks for a file with the desktop's dialog.
	askDesktop func(context.Context, chooser.Request) (string, error)

	source  app.Source // nil while it is closed
	closing bool       // the camera is being closed
	stale   bool       // the settings name another camera

	gate                              *gate
	tabs                              *container.AppTabs
	checkTab, historyTab, settingsTab *container.TabItem
	check                             *check.Screen
	welcome                           *welcome.Screen // nil: it is over
	trial                             string          // the camera that the welcome tries; empty: that of the settings
	history                           *records.Screen
	settings                          *preferences.Screen
	actions                           []action
	folder                            string // where Browse was last
	choosing                          bool   // the desktop's file dialog is open
	// the document to begin with; opened once an operator may make checks
	first     string
	exports   string          // where the last export went; empty: none did
	exporting *exporting.Form // the newest; nil before the first
	dialog    dialog.Dialog   // the newest; nil before the first
	deciding  *decide.Form    // the newest; nil before the first
}

// preferenceSize is the window's one preference: its size, such as 1280x800.
const preferenceSize = "window.size"

// New makes the window. A missing part is a mistake in the program and panics.
func New(p Params) *Window { return newWindow(p, fyne.Do, chooser.Ask) }

// newWindow takes what hands functions to the window's goroutine, because Fyne's test
// driver has none, and what asks with the desktop's file dialog, which a test must not open.
func newWindow(
	p Params, queue func(func()), askDesktop func(context.Context, chooser.Request) (string, error),
) *Window {
	if p.App == nil || p.Desk == nil || p.Words == nil || p.Stuck == nil {
		panic("views: App, Desk, Words or Stuck is missing from Params")
	}
	w := &Window{app: p.App, desk: p.Desk, askDesktop: askDesktop, quit: make(chan struct{}), stuck: p.Stuck}
	w.Parts = kit.Parts{
		Words: kit.Words{Catalogue: p.Words}, Log: p.Desk.Log, Ask: w.ask, Work: kit.NewWorkers(queue),
		Keys: &kit.Controls{Escape: w.escape}, Focus: w.focusOn,
		FocusAny: func(f fyne.Focusable) { w.win.Canvas().Focus(f) },
		Focused:  func() fyne.Focusable { return w.win.Canvas().Focused() },
	}
	w.Keys.Used = p.Desk.Touch
	w.Paints = kit.NewPaints(w.Work.Do)
	w.Paints.Covered = func() bool { return w.win.Canvas().Overlays().Top() != nil }
	icon := fyne.NewStaticResource("icon.svg", assets.Icon)
	p.App.SetIcon(icon)
	p.App.Settings().SetTheme(draw.NewTheme(p.Desk.Settings().Window.TextPercent))
	w.win = p.App.NewWindow(w.Words.T("window.title"))
	w.win.SetIcon(icon)
	w.win.SetMaster()

	w.gate = newGate(w.Parts, p.Desk, w.lock, w.enter)
	w.check = w.newCheckScreen()
	w.history = w.newHistory()
	w.settings = w.newSettings()
	checking := container.NewStack(w.check.Content)
	if p.Desk.SettingsFrom().FirstStart {
		w.welcome = w.newWelcome(checking)
	}
	w.checkTab = container.NewTabItemWithIcon(w.Words.T("tab.check"), theme.AccountIcon(), container.NewPadded(checking))
	w.historyTab = container.NewTabItemWithIcon(
		w.Words.T("tab.history"), theme.HistoryIcon(), container.NewPadded(w.history.Content),
	)
	w.settingsTab = container.NewTabItemWithIcon(
		w.Words.T("tab.settings"), theme.SettingsIcon(), container.NewPadded(w.settings.Content),
	)
	w.tabs = container.NewAppTabs(w.checkTab, w.historyTab, w.settingsTab)
	w.tabs.OnSelected = func(*container.TabItem) {
		w.win.Canvas().Unfocus() // else a field on a hidden screen would keep the keys
		w.shown()
	}
	w.actions = w.shortcuts()

	least := canvas.NewRectangle(color.Transparent)
	least.SetMinSize(fyne.NewSize(minWidth, minHeight))
	w.win.SetPadded(false)
	w.win.SetContent(container.NewStack(least, w.gate.screens(w.tabs, p.Desk.Touch)))
	w.win.Resize(w.lastSize())
	w.win.SetCloseIntercept(w.close)
	w.win.SetOnDropped(w.dropped)
	w.win.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) { w.Keys.HandleEscape(k) })

	w.first = p.Document
	w.begin()
	w.loadEngine()
	return w
}

// Run shows the window and returns when it was closed and all its work has
// ended.
func (w *Window) Run() {
	w.win.Show()
	returned := make(chan struct{})
	go unlessReturned(w.quit, returned, quitLimit, w.stuck)
	w.app.Run()
	close(returned)
	// Fyne also ends for a signal, without asking the window.
	if w.ended == nil {
		w.end()
	}
	waitFor(w.ended)
}

// unlessReturned calls stuck where Fyne was asked to quit and has not returned within a limit.
func unlessReturned(quit, returned <-chan struct{}, limit time.Duration, stuck func()) {
	select {
	case <-returned:
		return
	case <-quit:
	}
	select {
	case <-returned:
	case <-time.After(limit):
		stuck()
	}
}

// close ends everything that runs, out of sight, and then the program.
func (w *Window) close() {
	if w.ended != nil {
		return
	}
	size := w.win.Canvas().Size()
	w.end()
	w.win.Hide()
	ended, queue := w.ended, w.Work.Queue
	go func() { // waiting here would hold up the goroutine workers report to
		waitFor(ended)
		queue(func() {
			w.keepSize(size)
			close(w.quit)
			w.app.Quit()
		})
	}()
}

// keepSize keeps the window's size for the next start. It is to be the last thing
// before the end, and to write even what did not change: Fyne writes its
// preferences once more at the end and, unless it has just done so, reads the
// file again at the same time and complains of the half it finds.
func (w *Window) keepSize(size fyne.Size) {
	p := w.app.Preferences()
	p.RemoveValue(preferenceSize)
	p.SetString(preferenceSize, fmt.Sprintf("%.0fx%.0f", size.Width, size.Height))
}

func waitFor(ended <-chan struct{}) {
	select {
	case <-ended:
	case <-time.After(closeLimit):
	}
}

// end cancels the workers and closes the camera after them.
func (w *Window) end() {
	work, source, done := w.Work.Stop(), w.source, make(chan struct{})
	other := w.history.Other
	w.ended = done
	go func() {
		defer close(done)
		<-work
		if other != nil {
			_ = other.Close() // it was only read
		}
		if source != nil {
			_ = source.Close() // nothing is lost with a camera that does not close
		}
	}()
}

func (w *Window) lastSize() fyne.Size {
	var size fyne.Size
	if _, err := fmt.Sscanf(w.app.Preferences().String(preferenceSize), "%gx%g", &size.Width, &size.Height); err != nil {
		size = fyne.NewSize(startWidth, startHeight) // the first start
	}
	return size.Max(fyne.NewSize(minWidth, minHeight))
}

// loadEngine asks for the engine, at the start and again after a fault.
func (w *Window) loadEngine() {
	w.Work.Start(func(ctx context.Context) {
		description, err := w.desk.Engine(ctx)
		if ctx.Err() != nil {
			return
		}
		w.Work.Do(func() {
			w.Log("engine", err)
			w.check.SetEngine(description, err)
			w.settings.SetEngine(description)
		})
	})
}

// camera brings the camera in line with what is wanted: open where somebody may
// make checks, opened anew where the settings name another or another part of its picture. The old one is
// closed first, because a device has one owner; a check that is filming goes on
// to its end before.
func (w *Window) camera() {
	films := w.gate.open && w.desk.May(app.ActionCheck)
	w.watchScans(films)
	switch {
	case w.closing || w.check.Busy(): // asked again after that
	case w.source == nil && films:
		w.stale = false
		w.source = w.desk.OpenCamera(w.trial)
		w.setSource(w.source)
		w.settings.Look()
	case w.source != nil && (w.stale || !films):
		w.closing = true
		old := w.source
		w.source = nil
		w.setSource(nil)
		w.Work.Start(func(context.Context) {
			err := old.Close()
			w.Work.Do(func() {
				w.Log("camera", err)
				w.closing = false
				w.camera()
			})
		})
	}
}

// watchScans follows the scanner's folder that the settings name, where somebody may make
// checks.
func (w *Window) watchScans(on bool) {
	folder := ""
	if on {
		folder = w.desk.Settings().Folders.Scans
	}
	if folder == w.scansFrom {
		return
	}
	w.scanning.Stop()
	w.scanning, w.scansFrom = nil, folder
	w.check.Document.Offer(scans.News{})
	if folder == "" {
		return
	}
	var mine *kit.Job
	mine = w.Work.Start(func(ctx context.Context) {
		w.Log("scans", w.desk.WatchScans(ctx, func(n scans.News) {
			w.Work.Do(func() {
				if w.scanning == mine { // else it is late
					w.check.Document.Offer(n)
				}
			})
		}))
	})
	w.scanning = mine
}

// setSource gives a camera to the screens that show it.
func (w *Window) setSource(source app.Source) {
	w.check.SetSource(source)
	if w.welcome != nil {
		w.welcome.SetSource(source)
	}
}

// shown tells the screens which of them can be seen.
func (w *Window) shown() {
	on, welcome := w.on(w.checkTab), w.welcoming()
	w.check.Show(on && !welcome)
	kit.SetVisible(w.check.Content, !welcome)
	if w.welcome != nil {
		kit.SetVisible(w.welcome.Content, welcome)
		w.welcome.Show(on && welcome)
	}
	if w.on(w.historyTab) {
		w.history.Refresh()
	}
	w.settings.Show(w.on(w.settingsTab))
}

func (w *Window) checked() {
	if w.gate.open {
		w.history.Refresh()
	}
	w.camera()
}

func (w *Window) settingsSaved(old, now settings.Settings) {
	if old.Window != now.Window {
		w.app.Settings().SetTheme(draw.NewTheme(now.Window.TextPercent))
	}
	w.check.Refresh()
	if old.Camera.Source != now.Camera.Source || old.Camera.Part != now.Camera.Part {
		w.stale = true
	}
	w.camera()
	w.check.Update()
}

// escape closes the dialog that is open, else cancels what runs on the screen
// that is shown.
func (w *Window) escape() {
	if w.win.Canvas().Overlays().Top() != nil {
		if w.dialog != nil {
			w.dialog.Dismiss()
		}
		return
	}
	switch {
	case w.welcoming():
		w.welcome.Escape()
	case w.on(w.checkTab):
		w.check.Escape()
	case w.on(w.historyTab):
		w.history.Escape()
	}
}

func (w *Window) focusOn(f fyne.Focusable) {
	if w.on(w.checkTab) {
		w.win.Canvas().Focus(f)
	}
}

// dropped takes files from anywhere in the window: they can only be meant for
// the document.
func (w *Window) dropped(_ fyne.Position, uris []fyne.URI) {
	w.Keys.Touch()
	if w.gate.open && w.takesDocument() && len(uris) > 0 {
		w.check.Document.Open(document.Dropped(uris))
	}
}

// takesDocument shows the Check screen and says whether a document can go into
// it now. Where not, a dialog says what to do first.
func (w *Window) takesDocument() bool {
	w.screen(w.checkTab)
	if w.welcoming() { // an operator who begins a check needs no welcome
		w.welcome.Skip()
	}
	key := ""
	switch {
	case !w.on(w.checkTab):
		key = "drop.not_yours"
	case w.check.Busy():
		key = "drop.busy"
	case w.check.HasResult():
		key = "drop.result"
	default:
		return true
	}
	w.tell("drop.not_now", key)
	return false
}

// tell says something that is to be read first, unless something else is.
func (w *Window) tell(title, text string) {
	if w.win.Canvas().Overlays().Top() == nil {
		d := dialog.NewInformation(w.Words.T(title), w.Words.T(text), w.win)
		w.dialog = d
		d.Show()
	}
}

// tellError says what went wrong.
func (w *Window) tellError(title string, err error) {
	if w.win.Canvas().Overlays().Top() == nil {
		w.ask(
			title, kit.Wrapped(w.Words.ProblemText(err)), keptWidth, w.Keys.Button(
				w.Words.T("button.close"), theme.CancelIcon(), func() { w.dialog.Dismiss() },
			),
		)
	}
}

// photo takes the camera's picture as the document.
func (w *Window) photo() {
	if w.takesDocument() {
		w.check.Document.Photo()
	}
}

// newCheckScreen makes the Check screen.
func (w *Window) newCheckScreen() *check.Screen {
	return check.New(w.Parts, w.desk, check.Hooks{
		Browse: w.browse, Copy: w.app.Clipboard().SetContent, Checked: w.checked, Revive: w.loadEngine,
		OpenKept: w.openKept, Next: w.newCheck, SetUp: func() {
			w.screen(w.settingsTab)
			w.settings.OpenSetup()
		},
		Identify: w.identify,
		Decide: func(row history.Row, chosen history.Choice, done func(app.DecisionInput)) {
			w.decide(row, chosen, func(in app.DecisionInput) {
				done(in)
				w.history.Refresh()
			})
		},
	})
}

// newWelcome makes the welcome of the first start, in the Check screen's place.
func (w *Window) newWelcome(place *fyne.Container) *welcome.Screen {
	s := welcome.New(w.Parts, w.desk, welcome.Hooks{
		Try: func(address string) {
			w.trial, w.stale = address, true
			w.camera()
		},
		Done: func(old, now settings.Settings) {
			tried := w.trial != "" && w.trial != now.Camera.Source
			w.welcome.Show(false)
			place.Remove(w.welcome.Content)
			w.welcome, w.trial = nil, ""
			w.stale = w.stale || tried
			w.settings.UndoAll()
			w.settingsSaved(old, now)
			w.camera()
			w.shown()
		},
	})
	s.Content.Hide()
	place.Add(s.Content)
	return s
}

// welcoming says whether the welcome stands in the Check screen's place: for those who may
// save what they choose in it.
func (w *Window) welcoming() bool {
	return w.welcome != nil && w.gate.open && w.desk.May(app.ActionCheck) && w.desk.May(app.ActionSettings)
}

// setupLeft says on the Check screen how much is left to set up, to those who may do it.
func (w *Window) setupLeft(count int) {
	if !w.desk.May(app.ActionSettings) {
		count = 0
	}
	w.check.SetupLeft(count)
}

// openKept shows the checks that wait to be sent.
func (w *Window) openKept() {
	var d *dialog.CustomDialog
	scroll := container.NewVScroll(w.check.KeptChecks(func(k app.KeptCheck) {
		d.Hide()
		if w.takesDocument() {
			w.check.SendKept(k)
		}
	}))
	scroll.SetMinSize(fyne.NewSize(keptWidth, keptHeight))
	d = dialog.NewCustom(w.Words.T("kept.title"), w.Words.T("button.close"), scroll, w.win)
	d.SetOnClosed(w.check.Refresh)
	w.dialog = d
	d.Show()
}

// newSettings makes the Settings screen.
func (w *Window) newSettings() *preferences.Screen {
	return preferences.New(w.Parts, w.desk, preferences.Hooks{
		Source: func() app.Source { return w.source }, ChooseFolder: w.chooseFolder,
		Copy: w.app.Clipboard().SetContent, Saved: w.settingsSaved,
		SetUpOperators: w.setUpOperators, AddOperator: w.addOperator,
		ChangePassphrase: w.changePassphrase, RemoveOperator: w.removeOperator,
		SetRecovery: w.openRecovery, SetupLeft: w.setupLeft,
		Erase: func(session string) { w.openErase(session, w.settings.SessionErased) },
	})
}

// newHistory makes the History screen. Its parts take the keys while it is shown.
func (w *Window) newHistory() *records.Screen {
	p := w.Parts
	p.Focus = func(f fyne.Focusable) {
		if w.on(w.historyTab) && w.win.Canvas().Overlays().Top() == nil {
			w.win.Canvas().Focus(f)
		}
	}
	return records.New(p, w.desk, records.Hooks{
		Copy: w.app.Clipboard().SetContent, Decide: w.openDecision, Inspect: w.openInspection, Export: w.openExport,
		Choose: w.chooseHistory, ChooseKey: w.chooseKey, ChooseSample: w.chooseSample, Person: w.openPerson,
	})
}

// exportFolder is where the last export went.
func (w *Window) exportFolder() string {
	if w.exports == "" {
		w.exports, _ = os.UserHomeDir() // none: the clerk is asked for the whole path
	}
	return w.exports
}

// openPerson gathers everything about a person.
func (w *Window) openPerson(whom app.SubjectInput) {
	p := w.Parts
	p.Focus = w.win.Canvas().Focus
	form := person.New(p, w.desk, whom, w.exportFolder(), time.Now)
	form.OnCopy = w.app.Clipboard().SetContent
	form.OnFolder = w.chooseFolder
	d := dialog.NewCustomWithoutButtons(w.Words.T("person.title"), form.Box, w.win)
	form.OnErase = func(visits []app.Visit, done func(erased int)) {
		w.confirmErasePerson(visits, func(erased int) {
			w.history.Erased()
			done(erased)
		})
	}
	form.OnClose = d.Hide
	d.SetOnClosed(func() {
		form.Closed()
		w.exports = form.Folder()
	})
	w.dialog = d
	d.Resize(fyne.NewSize(exportWidth, exportHeight))
	d.Show()
	form.Begin()
}

// openExport asks how checks are to be written to a file, and has it done.
func (w *Window) openExport(what exporting.Query) {
	p := w.Parts
	p.Focus = w.win.Canvas().Focus
	form := exporting.New(p, w.desk, what, w.exportFolder(), time.Now())
	w.exporting = form
	form.OnCopy = w.app.Clipboard().SetContent
	form.OnFolder = w.chooseFolder
	d := dialog.NewCustomWithoutButtons(w.Words.T("export_form.title"), form.Box, w.win)
	form.OnClose = d.Hide
	d.SetOnClosed(func() {
		form.Closed()
		w.exports = form.Folder()
	})
	w.dialog = d
	d.Resize(fyne.NewSize(exportWidth, exportHeight))
	d.Show()
	p.Focus(form.Start)
}
