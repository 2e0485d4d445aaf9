// Package kittest is what the tests of the window's screens share: a window that shows
// one screen, and a desk made of functions, split by the screens that call it.
package kittest

import (
	"image/color"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"facematch/assets/translations"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/uiqueue"
)

// English is the catalogue in English.
func English(t testing.TB) kit.Words {
	t.Helper()
	c, err := translations.New("en")
	if err != nil {
		t.Fatal(err)
	}
	return kit.Words{Catalogue: c}
}

// In is the program's theme in light or dark.
func In(variant fyne.ThemeVariant) fyne.Theme { return inVariant{draw.NewTheme(100), variant} }

type inVariant struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

// Color is part of fyne.Theme.
func (i inVariant) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return i.Theme.Color(name, i.variant)
}

// Readable is all text that is shown in an object.
func Readable(o fyne.CanvasObject) string {
	var b strings.Builder
	See(o, func(o fyne.CanvasObject) bool {
		switch o := o.(type) {
		case *widget.Label:
			b.WriteString(o.Text + "\n")
			return false
		case *widget.RichText:
			b.WriteString(o.String() + "\n")
			return false
		case *canvas.Text:
			b.WriteString(o.Text + "\n")
		}
		return true
	})
	return b.String()
}

// See visits what is shown, parents first; visit says whether to go deeper.
func See(o fyne.CanvasObject, visit func(fyne.CanvasObject) bool) {
	if o == nil || !o.Visible() || !visit(o) {
		return
	}
	var children []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		children = o.Objects
	case fyne.Widget:
		children = test.WidgetRenderer(o).Objects()
	}
	for _, c := range children {
		See(c, visit)
	}
}

// Find gives the first shown object of a type.
func Find[T fyne.CanvasObject](o fyne.CanvasObject) (found T, ok bool) {
	See(o, func(o fyne.CanvasObject) bool {
		if t, is := o.(T); is && !ok {
			found, ok = t, true
		}
		return !ok
	})
	return found, ok
}

// ButtonOf is the button with this label.
func ButtonOf(t *testing.T, o fyne.CanvasObject, label string) *kit.Button {
	t.Helper()
	var found *kit.Button
	See(o, func(o fyne.CanvasObject) bool {
		if b, is := o.(*kit.Button); is && b.Text == label {
			found = b
		}
		return true
	})
	if found == nil {
		t.Fatalf("there is no button %q", label)
	}
	return found
}

// ButtonsWith are the shown buttons with this text in them; empty: those without
// any.
func ButtonsWith(o fyne.CanvasObject, text string) []*kit.Button {
	var found []*kit.Button
	See(o, func(o fyne.CanvasObject) bool {
		if b, ok := o.(*kit.Button); ok && (text == "" && b.Text == "" || text != "" && strings.Contains(b.Text, text)) {
			found = append(found, b)
		}
		return true
	})
	return found
}

// All are the parts of this kind that can be seen.
func All[T fyne.CanvasObject](o fyne.CanvasObject) (found []T) {
	See(o, func(o fyne.CanvasObject) bool {
		if t, is := o.(T); is {
			found = append(found, t)
		}
		return true
	})
	return found
}

// HoldKey presses a key. repeat does what Fyne does with a key that is held down: it
// sends the repeats to whatever has the focus by then. release lets it go.
func HoldKey(c fyne.Canvas, q *uiqueue.Queue, name fyne.KeyName) (repeat, release func()) {
	key := &fyne.KeyEvent{Name: name}
	if f, ok := c.Focused().(desktop.Keyable); ok {
		f.KeyDown(key)
	}
	repeat = func() {
		q.Run()
		if f := c.Focused(); f != nil {
			f.TypedKey(key)
		}
	}
	repeat()
	return repeat, func() {
		if f, ok := c.Focused().(desktop.Keyable); ok {
			f.KeyUp(key)
		}
	}
}

// Tabbed is everything that Tab leads to.
func Tabbed(t *testing.T, c fyne.Canvas) map[fyne.Focusable]bool {
	t.Helper()
	c.Unfocus()
	seen := map[fyne.Focusable]bool{}
	for {
		c.(interface{ FocusNext() }).FocusNext()
		f := c.Focused()
		if f == nil || seen[f] {
			return seen
		}
		if tab, ok := f.(fyne.Tabbable); ok && tab.AcceptsTab() {
			t.Errorf("%T keeps the Tab key", f)
		}
		seen[f] = true
	}
}

// Window shows one screen, with the parts a screen is made with. The test runs
// what workers hand to the window's goroutine.
type Window struct {
	kit.Parts
	Win   fyne.Window
	App   fyne.App
	Queue *uiqueue.Queue

	OnEscape func() // what Escape does where no dialog is open
	dialog   *dialog.CustomDialog
}

// Open opens an empty window of the smallest size the program has.
func Open(t testing.TB) *Window {
	t.Helper()
	w := &Window{App: test.NewTempApp(t), Queue: uiqueue.New(), OnEscape: func() {}}
	w.App.Settings().SetTheme(draw.NewTheme(100))
	w.Win = test.NewTempWindow(t, container.NewStack())
	w.Parts = kit.Parts{
		Words: English(t), Work: kit.NewWorkers(w.Queue.Do), Keys: &kit.Controls{Escape: w.Escape},
		Focus:    func(f fyne.Focusable) { w.Win.Canvas().Focus(f) },
		FocusAny: func(f fyne.Focusable) { w.Win.Canvas().Focus(f) },
		Focused:  func() fyne.Focusable { return w.Win.Canvas().Focused() },
		Log:      func(string, error) {}, Ask: w.showDialog,
	}
	w.Paints = kit.NewPaints(w.Work.Do)
	w.Win.Resize(fyne.NewSize(1024, 660))
	t.Cleanup(func() {
		select {
		case <-w.Work.Stop():
		case <-time.After(20 * time.Second):
			t.Error("a worker does not end")
		}
	})
	return w
}

// Show puts a screen into the window.
func (w *Window) Show(screen fyne.CanvasObject) {
	w.Win.SetContent(screen)
	w.Win.Resize(fyne.NewSize(1024, 660))
}

func (w *Window) showDialog(
	title string, content fyne.CanvasObject, _ float32, buttons ...*kit.Button,
) *dialog.CustomDialog {
	row := container.NewHBox()
	for _, b := range buttons {
		row.Add(b)
	}
	w.dialog = dialog.NewCustomWithoutButtons(w.Words.T(title), container.NewVBox(content, row), w.Win)
	w.dialog.Show()
	return w.dialog
}

// Escape does what Escape does: it closes the dialog, if there is one.
func (w *Window) Escape() {
	if w.Win.Canvas().Overlays().Top() == nil {
		w.OnEscape()
	} else if w.dialog != nil {
		w.dialog.Dismiss()
	}
}

// Until runs what workers hand over until the condition holds.
func (w *Window) Until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	w.Queue.Until(t, what, holds)
}

// Text is everything that can be read in the window, but for dialogs.
func (w *Window) Text() string { return Readable(w.Win.Content()) }

// DialogText is everything that can be read in the dialog on top.
func (w *Window) DialogText() string { return Readable(w.Win.Canvas().Overlays().Top()) }

// Hold presses a key, as holdKey does.
func (w *Window) Hold(name fyne.KeyName) (repeat, release func()) {
	return HoldKey(w.Win.Canvas(), w.Queue, name)
}

// TypeKey presses a key and lets it go.
func (w *Window) TypeKey(name fyne.KeyName) {
	_, release := w.Hold(name)
	release()
}

// EntryBeside is the field beside the label with this text.
func EntryBeside(t *testing.T, o fyne.CanvasObject, label string) *kit.Entry {
	t.Helper()
	var found *kit.Entry
	labelled := false
	See(o, func(o fyne.CanvasObject) bool {
		if l, ok := o.(*widget.Label); ok {
			labelled = l.Text == label
		}
		if e, ok := o.(*kit.Entry); ok && labelled && found == nil {
			found = e
		}
		return true
	})
	if found == nil {
		t.Fatalf("there is no field beside %q", label)
	}
	return found
}
