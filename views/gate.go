package views

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/document"
	"facematch/views/internal/kit"
)

const (
	tabsWidth  = 340 // of the three tabs, beside which the corner lies
	tabsHeight = 40
)

// gate stands between the screens and the person at the desk. While it
// is shut the window holds the sign-in page and nothing else: no tabs, no menu
// but Quit, no shortcuts, no drops, no camera. What runs goes on behind it.
type gate struct {
	open   bool
	held   bool                // tick neither opens nor shuts it, while the first operator is set up
	last   string              // the last operator who signed in; empty: none did yet
	behind []fyne.CanvasObject // dialogs that wait for the same operator, the lowest first
	focus  fyne.Focusable      // what had the keys; nil: nothing
	now    func() time.Time

	page   *signInPage
	who    *widget.Label // who is signed in, or that signing in is not needed
	lock   *kit.Button
	corner *fyne.Container
	main   *fyne.Container // the screens
}

func newGate(p kit.Parts, desk signInDesk, lock, signedIn func()) *gate {
	g := &gate{now: time.Now, page: newSignInPage(p, desk, signedIn)}
	g.page.now = func() time.Time { return g.now() }
	g.who = widget.NewLabel("")
	g.who.Alignment = fyne.TextAlignTrailing
	g.who.Truncation = fyne.TextTruncateEllipsis
	g.lock = p.Keys.Button(p.Words.T("gate.lock"), theme.LoginIcon(), lock)
	g.lock.Importance = widget.LowImportance // it lies on the tabs' line
	g.corner = container.NewBorder(nil, nil, nil, container.NewCenter(g.lock), container.New(kit.Middle{}, g.who))
	return g
}

// screens puts the tabs below the corner that says who is signed in.
func (g *gate) screens(tabs fyne.CanvasObject, used func()) fyne.CanvasObject {
	g.main = container.NewStack(tabs, container.New(atTop{}, g.corner))
	return newSensor(container.NewStack(g.main, g.page.content), used)
}

// atTop places the corner beside the tabs.
type atTop struct{}

// MinSize is part of fyne.Layout.
func (atTop) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// Layout is part of fyne.Layout.
func (atTop) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := max(0, size.Width-tabsWidth-theme.Padding())
	objects[0].Resize(fyne.NewSize(width, tabsHeight))
	objects[0].Move(fyne.NewPos(size.Width-width-theme.Padding(), 0))
}

// Why the gate is shut, as keys of what the sign-in page says.
const (
	shutLocked    = "gate.locked"
	shutSignedOut = "gate.signed_out"
	shutIdle      = "gate.idle"
	shutEnded     = "gate.ended"
)

// begin shows the screens, or the sign-in page where operators are set up, and
// looks each second from then on who is signed in still.
func (w *Window) begin() {
	if _, in := w.desk.Who(); in {
		w.enter()
	} else {
		w.shut("")
	}
	w.Work.Start(func(ctx context.Context) {
		every := time.NewTicker(time.Second)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
				w.desk.Reread() // reads a file, so not in the window's goroutine
				_, in := w.desk.Who()
				w.Work.Do(func() { w.tick(in) })
			}
		}
	})
}

// tick counts down the wait after a wrong passphrase, shuts the gate when the desk was
// left alone for too long, and follows what the command line changed: operators
// set up, a passphrase changed, an operator removed.
func (w *Window) tick(in bool) {
	g := w.gate
	w.deciding.Tick(g.now())
	g.page.tick(g.now())
	if in == g.open || g.held || g.page.busy() {
		return
	}
	actor, in := w.desk.Who() // it may have changed on the way here
	switch {
	case in && !g.open:
		w.enter()
	case !in && g.open && actor.Operator != "":
		w.shut(shutIdle)
	case !in && g.open:
		w.shut(shutEnded)
	}
}

// enter opens the gate for the operator who is signed in now. The same operator as
// before finds the screens as they were; another one finds them empty.
func (w *Window) enter() {
	g := w.gate
	actor, in := w.desk.Who()
	if !in {
		return
	}
	behind, same := g.behind, g.last == "" || g.last == actor.Operator
	g.open, g.last, g.behind = true, actor.Operator, nil
	if !same {
		w.forget()
	}
	w.sayWho(actor)
	w.chooseTabs()
	w.win.SetMainMenu(w.menu())
	g.page.content.Hide()
	g.main.Show()
	w.win.Canvas().Unfocus()
	w.camera()
	w.settings.Refresh()
	w.shown()
	if same {
		for _, o := range behind {
			w.win.Canvas().Overlays().Add(o)
		}
		if g.focus != nil {
			w.win.Canvas().Focus(g.focus)
		}
	}
	g.focus = nil
	if w.first != "" && w.desk.May(app.ActionCheck) {
		w.check.Document.Open([]document.Item{document.File(w.first)})
		w.first = ""
	}
}

// forget drops what another operator typed and saw.
func (w *Window) forget() {
	w.dialog = nil
	w.check.HandOver()
	w.history.Forget()
	w.settings.UndoAll()
}

// shut closes the gate; the key says why, empty: it was never open. Passphrases
// that were typed are wiped: the next operator must not find the second operator's
// in its field.
func (w *Window) shut(why string) {
	g := w.gate
	w.Keys.Wipe()
	if g.open {
		g.focus = w.win.Canvas().Focused()
		w.win.Canvas().Unfocus() // else it would look focused when the gate opens again
	}
	if list := w.win.Canvas().Overlays().List(); len(list) > 0 {
		g.behind = append(g.behind, list...)
		w.win.Canvas().Overlays().Remove(g.behind[0]) // and all above it
	}
	w.desk.SignOut()
	g.open = false
	w.check.Show(false)
	w.settings.Show(false)
	w.win.SetMainMenu(w.menu())
	g.main.Hide()
	g.page.show(why, g.last, w.check.Busy())
	g.page.content.Show()
	w.camera()
	w.win.Canvas().Focus(g.page.first())
}

// lock shuts the gate for the operator to come back to.
func (w *Window) lock() {
	if w.gate.open && !w.desk.SingleUser() {
		w.shut(shutLocked)
	}
}

// signOut shuts the gate for another operator: nothing that was typed is kept.
func (w *Window) signOut() {
	if !w.gate.open || w.desk.SingleUser() {
		return
	}
	w.shut(shutSignedOut)
	w.gate.behind, w.gate.focus = nil, nil
	w.forget()
}

// sayWho shows who is signed in, or that signing in is not needed.
func (w *Window) sayWho(actor history.Actor) {
	g := w.gate
	if w.desk.SingleUser() {
		g.lock.Hide()
		g.who.SizeName, g.who.TextStyle = theme.SizeNameCaptionText, fyne.TextStyle{}
		g.who.SetText(w.Words.T("gate.single", "Name", actor.Operator))
		return
	}
	g.lock.Show()
	g.who.SizeName, g.who.TextStyle = theme.SizeNameText, fyne.TextStyle{Bold: true}
	g.who.SetText(w.Words.T("gate.who", "Name", actor.Operator, "Role", kit.RoleName(w.Words, actor.Role)))
}

// chooseTabs leaves the screens the role may see.
func (w *Window) chooseTabs() {
	var items []*container.TabItem
	for _, s := range []struct {
		tab   *container.TabItem
		needs app.Action
	}{{w.checkTab, app.ActionCheck}, {w.historyTab, app.ActionHistory}, {w.settingsTab, app.ActionSettings}} {
		if w.desk.May(s.needs) {
			items = append(items, s.tab)
		}
	}
	at := w.tabs.Selected()
	w.tabs.SetItems(items)
	for _, i := range items {
		if i == at {
			w.tabs.Select(i)
			return
		}
	}
	if len(items) > 0 {
		w.tabs.SelectIndex(0)
	}
}

// screen shows a screen, where it may be seen.
func (w *Window) screen(tab *container.TabItem) {
	for _, i := range w.tabs.Items {
		if i == tab {
			w.tabs.Select(tab)
		}
	}
}

func (w *Window) on(tab *container.TabItem) bool { return w.gate.open && w.tabs.Selected() == tab }

// sensor reports mouse moves over its content. Fyne sends a move to the innermost
// object that wants it; entering and leaving such an object counts as a move here,
// and kit's controls report their own moves.
type sensor struct {
	widget.BaseWidget
	content fyne.CanvasObject
	moved   func()
}

var _ desktop.Hoverable = (*sensor)(nil)

func newSensor(content fyne.CanvasObject, moved func()) *sensor {
	s := &sensor{content: content, moved: moved}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer is part of fyne.Widget.
func (s *sensor) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.content) }

// MouseIn is part of desktop.Hoverable.
func (s *sensor) MouseIn(*desktop.MouseEvent) { s.moved() }

// MouseMoved is part of desktop.Hoverable.
func (s *sensor) MouseMoved(*desktop.MouseEvent) { s.moved() }

// MouseOut is part of desktop.Hoverable.
func (s *sensor) MouseOut() { s.moved() }
