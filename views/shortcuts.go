package views

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"

	"facematch/app"
)

// action is one line of the main menu. Fyne runs the shortcuts of menu items
// before a focused field can swallow them, so all of them stand there.
type action struct {
	menu  string // key of the menu's name
	key   string // of the words
	on    fyne.KeyName
	plain bool // without Ctrl
	run   func()
}

// shortcuts is the one table of everything the keyboard can do anywhere.
func (w *Window) shortcuts() []action {
	screen := func(i int) func() { return func() { w.tabs.SelectIndex(i) } }
	document := func(run func(*documentSide)) func() {
		return func() { w.onCheck(func() { run(w.check.document) }) }
	}
	return []action{
		{menu: "menu.check", key: "menu.new", on: fyne.KeyN, run: func() { w.tabs.SelectIndex(0); w.check.reset() }},
		{menu: "menu.check", key: "menu.open", on: fyne.KeyO, run: func() { w.check.document.browseAnother() }},
		{menu: "menu.check", key: "menu.consent", on: fyne.KeyK, run: func() { w.onCheck(w.check.toggleConsent) }},
		{menu: "menu.check", key: "menu.minor", on: fyne.KeyM, run: func() { w.onCheck(w.check.toggleMinor) }},
		{menu: "menu.check", key: "menu.start", on: fyne.KeyReturn, run: func() { w.onCheck(w.check.begin) }},
		// Escape reaches the focused widget or the canvas, which pass it on
		// (controls); here it is only shown.
		{menu: "menu.check", key: "menu.cancel", on: fyne.KeyEscape, plain: true, run: w.escape},
		{menu: "menu.check", key: "menu.quit", on: fyne.KeyQ, run: w.close},
		{menu: "menu.document", key: "menu.photo", on: fyne.KeyP, run: w.photo},
		{menu: "menu.document", key: "menu.add", on: fyne.KeyD, run: document((*documentSide).browseMore)},
		{menu: "menu.document", key: "menu.left", on: fyne.KeyL, run: document(func(d *documentSide) { d.turn(-90) })},
		{menu: "menu.document", key: "menu.right", on: fyne.KeyR, run: document(func(d *documentSide) { d.turn(90) })},
		{menu: "menu.document", key: "menu.next_face", on: fyne.KeyF, run: w.find},
		{menu: "menu.document", key: "menu.undo", on: fyne.KeyU, run: document((*documentSide).undo)},
		{menu: "menu.document", key: "menu.back", on: fyne.KeyPageUp, run: document(func(d *documentSide) { d.step(-1) })},
		{menu: "menu.document", key: "menu.forth", on: fyne.KeyPageDown, run: document(func(d *documentSide) { d.step(1) })},
		{menu: "menu.history", key: "menu.search", run: w.onHistory((*historyScreen).search)}, // on Ctrl+F, see find
		{menu: "menu.history", key: "menu.referrals", on: fyne.KeyG, run: w.onHistory((*historyScreen).openReferrals)},
		{menu: "menu.history", key: "menu.filters", on: fyne.KeyI, run: w.onHistory((*historyScreen).toggleFold)},
		{menu: "menu.history", key: "menu.clear", on: fyne.KeyBackspace, run: w.onHistory(func(h *historyScreen) { h.filter.reset() })},
		{menu: "menu.history", key: "menu.decide", on: fyne.KeyJ, run: w.onHistory((*historyScreen).decide)},
		{menu: "menu.history", key: "menu.export", on: fyne.KeyS, run: w.onHistory((*historyScreen).exportAny)},
		{menu: "menu.history", key: "menu.verify", run: w.onHistory((*historyScreen).startVerifying)},
		{menu: "menu.history", key: "menu.another", run: w.onHistory((*historyScreen).openAnother)},
		{menu: "menu.view", key: "tab.check", on: fyne.Key1, run: screen(0)},
		{menu: "menu.view", key: "tab.history", on: fyne.Key2, run: screen(1)},
		{menu: "menu.view", key: "tab.settings", on: fyne.Key3, run: screen(2)},
		{menu: "menu.help", key: "menu.about", run: w.about},
	}
}

// onCheck keeps what belongs to the Check screen from happening unseen.
func (w *Window) onCheck(run func()) {
	if w.tabs.SelectedIndex() == 0 {
		run()
	}
}

// onHistory shows the History screen, where it is not shown, and does something
// there.
func (w *Window) onHistory(run func(*historyScreen)) func() {
	return func() {
		w.tabs.SelectIndex(1)
		run(w.history)
	}
}

// find is what Ctrl+F does: it finds the next face on a page, or somebody's name
// in the history.
func (w *Window) find() {
	switch w.tabs.SelectedIndex() {
	case 0:
		w.check.document.nextFace()
	case 1:
		w.history.search()
	}
}

func (w *Window) menu() *fyne.MainMenu {
	var menus []*fyne.Menu
	name := ""
	for _, a := range w.actions {
		if a.menu != name {
			name = a.menu
			menus = append(menus, fyne.NewMenu(w.words.T(a.menu)))
		}
		item := fyne.NewMenuItem(w.words.T(a.key), a.run)
		item.IsQuit = a.key == "menu.quit"
		if a.key != "menu.quit" {
			// A shortcut also works over an open dialog, which must be answered first.
			item.Action = func() {
				if w.win.Canvas().Overlays().Top() == nil {
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

// about tells what this program is and, as plainly, what it is not.
func (w *Window) about() {
	content := container.NewVBox()
	for _, line := range w.aboutLines(w.check.engine) {
		content.Add(wrapped(line))
	}
	d := dialog.NewCustom(w.words.T("about.title"), w.words.T("button.close"), content, w.win)
	d.Resize(fyne.NewSize(aboutWidth, content.MinSize().Height))
	w.dialog = d
	d.Show()
}

// aboutLines are the lines of About: version, engine, models, licence, limits.
func (p parts) aboutLines(engine app.Description) []string {
	lines := []string{p.words.T("about.version", "Version", p.desk.Version())}
	if engine.Engine != "" {
		lines = append(lines, p.words.T("about.engine", "Engine", engine.Engine, "Calibration", engine.Calibration))
		models := make([]string, len(engine.Models))
		for i, m := range engine.Models {
			models[i] = m.Name + " " + short(m.SHA256)
		}
		lines = append(lines, p.words.T("about.models", "Models", strings.Join(models, ", ")))
	}
	return append(lines, p.words.T("about.licence"), p.words.T("about.liveness"))
}
