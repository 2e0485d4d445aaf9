package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"

	"facematch/app"
	"facematch/views/internal/document"
	"facematch/views/internal/kit"
	"facematch/views/internal/records"
)

// action is one line of the main menu. Fyne runs the shortcuts of menu items
// before a focused field can swallow them, so all of them stand there.
type action struct {
	menu  string // key of the menu's name
	key   string // of the words
	on    fyne.KeyName
	plain bool // without Ctrl
	run   func()

	needs  app.Action // what the operator must be allowed; empty: nothing
	signed bool       // only where operators are set up
	always bool       // works over an open dialog, which it leaves as it is
	quits  bool       // ends the program: it works everywhere, also on the sign-in page
}

// offered says whether a line stands in the menu now: on the sign-in page only
// Quit does.
func (w *Window) offered(a action) bool {
	switch {
	case a.quits:
		return true
	case !w.gate.open, a.signed && w.desk.SingleUser():
		return false
	}
	return a.needs == "" || w.desk.May(a.needs)
}

// shortcuts is the one table of everything the keyboard can do anywhere.
func (w *Window) shortcuts() []action {
	screen := func(tab *container.TabItem) func() { return func() { w.screen(tab) } }
	page := func(run func(*document.Side)) func() {
		return func() { w.onCheck(func() { run(w.check.Document) }) }
	}
	return []action{
		{menu: "menu.check", key: "menu.new", on: fyne.KeyN, run: w.newCheck, needs: app.ActionCheck},
		{
			menu: "menu.check", key: "menu.open", on: fyne.KeyO, run: func() { w.check.Document.BrowseAnother() },
			needs: app.ActionCheck,
		},
		{
			menu: "menu.check", key: "menu.consent", on: fyne.KeyK, run: func() { w.onCheck(w.check.ToggleConsent) },
			needs: app.ActionCheck,
		},
		{
			menu: "menu.check", key: "menu.minor", on: fyne.KeyM, run: func() { w.onCheck(w.check.ToggleMinor) },
			needs: app.ActionCheck,
		},
		{
			menu: "menu.check", key: "menu.start", on: fyne.KeyReturn, run: func() { w.onCheck(w.check.Begin) },
			needs: app.ActionCheck,
		},
		// Escape reaches the focused widget or the canvas, which pass it on
		// (controls); here it is only shown.
		{menu: "menu.check", key: "menu.cancel", on: fyne.KeyEscape, plain: true, run: w.escape},
		{menu: "menu.check", key: "menu.quit", on: fyne.KeyQ, run: w.close, quits: true},
		{menu: "menu.document", key: "menu.photo", on: fyne.KeyP, run: w.photo, needs: app.ActionCheck},
		{
			menu: "menu.document", key: "menu.add", on: fyne.KeyD, run: page((*document.Side).BrowseMore),
			needs: app.ActionCheck,
		},
		{
			menu: "menu.document", key: "menu.left", on: fyne.KeyL, run: page(func(d *document.Side) { d.Turn(-90) }),
			needs: app.ActionCheck,
		},
		{
			menu: "menu.document", key: "menu.right", on: fyne.KeyR, run: page(func(d *document.Side) { d.Turn(90) }),
			needs: app.ActionCheck,
		},
		{menu: "menu.document", key: "menu.next_face", on: fyne.KeyF, run: w.find},
		{menu: "menu.document", key: "menu.undo", on: fyne.KeyU, run: page((*document.Side).Undo), needs: app.ActionCheck},
		{
			menu: "menu.document", key: "menu.back", on: fyne.KeyPageUp, run: page(func(d *document.Side) { d.Step(-1) }),
			needs: app.ActionCheck,
		},
		{
			menu: "menu.document", key: "menu.forth", on: fyne.KeyPageDown, run: page(func(d *document.Side) { d.Step(1) }),
			needs: app.ActionCheck,
		},
		// on Ctrl+F, see find
		{menu: "menu.history", key: "menu.search", run: w.onHistory((*records.Screen).Search), needs: app.ActionHistory},
		{
			menu: "menu.history", key: "menu.referrals", on: fyne.KeyG, run: w.onHistory((*records.Screen).OpenReferrals),
			needs: app.ActionHistory,
		},
		{
			menu: "menu.history", key: "menu.filters", on: fyne.KeyI, run: w.onHistory((*records.Screen).ToggleFold),
			needs: app.ActionHistory,
		},
		{
			menu: "menu.history", key: "menu.clear", on: fyne.KeyBackspace, run: w.onHistory((*records.Screen).ClearFilters),
			needs: app.ActionHistory,
		},
		{
			menu: "menu.history", key: "menu.decide", on: fyne.KeyJ, run: w.onHistory((*records.Screen).Decide),
			needs: app.ActionDecide,
		},
		{
			menu: "menu.history", key: "overview.title", on: fyne.KeyH, run: w.onHistory((*records.Screen).ToggleOverview),
			needs: app.ActionHistory,
		},
		{
			menu: "menu.history", key: "menu.sample", on: fyne.KeyT, run: w.onHistory((*records.Screen).PickSample),
			needs: app.ActionExport,
		},
		{
			menu: "menu.history", key: "menu.looked", on: fyne.KeyB, run: w.onHistory((*records.Screen).MarkLooked),
			needs: app.ActionExport,
		},
		{
			menu: "menu.history", key: "menu.export", on: fyne.KeyS, run: w.onHistory((*records.Screen).ExportAny),
			needs: app.ActionExport,
		},
		{
			menu: "menu.history", key: "menu.person", run: w.onHistory((*records.Screen).OpenPerson), needs: app.ActionExport,
		},
		{
			menu: "menu.history", key: "menu.verify", run: w.onHistory((*records.Screen).StartVerifying),
			needs: app.ActionHistory,
		},
		{
			menu: "menu.history", key: "menu.another", run: w.onHistory((*records.Screen).OpenAnother), needs: app.ActionHistory,
		},
		{menu: "menu.view", key: "tab.check", on: fyne.Key1, run: screen(w.checkTab), needs: app.ActionCheck},
		{menu: "menu.view", key: "tab.history", on: fyne.Key2, run: screen(w.historyTab), needs: app.ActionHistory},
		{menu: "menu.view", key: "tab.settings", on: fyne.Key3, run: screen(w.settingsTab), needs: app.ActionSettings},
		{menu: "menu.operator", key: "menu.lock", on: fyne.KeyW, always: true, run: w.lock, signed: true},
		{menu: "menu.operator", key: "menu.sign_out", on: fyne.KeyE, always: true, run: w.signOut, signed: true},
		{menu: "menu.help", key: "menu.about", run: w.about},
	}
}

// onCheck keeps what belongs to the Check screen from happening unseen.
func (w *Window) onCheck(run func()) {
	if w.on(w.checkTab) && !w.welcoming() {
		run()
	}
}

// onHistory shows the History screen, where it is not shown, and does something
// there.
func (w *Window) onHistory(run func(*records.Screen)) func() {
	return func() {
		if w.screen(w.historyTab); w.on(w.historyTab) {
			run(w.history)
		}
	}
}

// find is what Ctrl+F does: it finds the next face on a page, or somebody's name
// in the history.
func (w *Window) find() {
	switch {
	case w.on(w.checkTab) && !w.welcoming():
		w.check.Document.NextFace()
	case w.on(w.historyTab):
		w.history.Search()
	}
}

func (w *Window) menu() *fyne.MainMenu {
	var menus []*fyne.Menu
	name := ""
	for _, a := range w.actions {
		if !w.offered(a) {
			continue
		}
		if !w.gate.open {
			a.menu = "menu.program"
		}
		if a.menu != name {
			name = a.menu
			menus = append(menus, fyne.NewMenu(w.Words.T(a.menu)))
		}
		item := fyne.NewMenuItem(w.Words.T(a.key), a.run)
		item.IsQuit = a.quits
		if !a.quits {
			// A shortcut also works over an open dialog, which must be answered first.
			item.Action = func() {
				w.Keys.Touch()
				if a.always || w.win.Canvas().Overlays().Top() == nil {
					a.run()
				}
			}
		}
		if a.on != "" {
			s := &desktop.CustomShortcut{KeyName: a.on, Modifier: fyne.KeyModifierShortcutDefault}
			if a.plain {
				s.Modifier = 0
			}
			item.Shortcut = s
		}
		last := menus[len(menus)-1]
		last.Items = append(last.Items, item)
	}
	return fyne.NewMainMenu(menus...)
}

// about shows what this program is, and what it does not claim.
func (w *Window) about() {
	content := container.NewVBox()
	for _, line := range kit.AboutLines(w.Words, w.desk.Version(), w.check.Engine()) {
		content.Add(kit.Wrapped(line))
	}
	d := dialog.NewCustom(w.Words.T("about.title"), w.Words.T("button.close"), content, w.win)
	d.Resize(fyne.NewSize(aboutWidth, content.MinSize().Height))
	w.dialog = d
	d.Show()
}
