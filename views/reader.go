package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// reader is a long text in a scroll that the keys can move: Fyne's own takes the
// mouse only.
type reader struct {
	widget.BaseWidget
	keys   *controls
	scroll *container.Scroll
	ring   *canvas.Rectangle
}

func (c *controls) reader(content fyne.CanvasObject) *reader {
	r := &reader{keys: c, scroll: container.NewVScroll(content), ring: &canvas.Rectangle{StrokeWidth: 2, CornerRadius: 6}}
	r.ring.Hide()
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer is part of fyne.Widget.
func (r *reader) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(container.NewPadded(r.scroll), r.ring))
}

// FocusGained is part of fyne.Focusable.
func (r *reader) FocusGained() { r.paint(true) }

// FocusLost is part of fyne.Focusable.
func (r *reader) FocusLost() { r.paint(false) }

func (r *reader) paint(focused bool) {
	r.ring.StrokeColor = ink(theme.ColorNamePrimary)
	r.ring.Hidden = !focused
	r.ring.Refresh()
}

// TypedRune is part of fyne.Focusable.
func (r *reader) TypedRune(rune) {}

// TypedKey is part of fyne.Focusable.
func (r *reader) TypedKey(key *fyne.KeyEvent) {
	if r.keys.caught(key) {
		return
	}
	page := r.scroll.Size().Height - readerLine
	switch key.Name {
	case fyne.KeyUp:
		r.move(-readerLine)
	case fyne.KeyDown:
		r.move(readerLine)
	case fyne.KeyPageUp:
		r.move(-page)
	case fyne.KeyPageDown, fyne.KeySpace:
		r.move(page)
	case fyne.KeyHome:
		r.scroll.ScrollToTop()
	case fyne.KeyEnd:
		r.scroll.ScrollToBottom()
	}
}

func (r *reader) move(by float32) {
	most := max(0, r.scroll.Content.MinSize().Height-r.scroll.Size().Height)
	r.scroll.ScrollToOffset(fyne.NewPos(0, min(max(r.scroll.Offset.Y+by, 0), most)))
}

// reveal brings something inside into sight, such as a button that has the keys
// now.
func (r *reader) reveal(o fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(o).Y - driver.AbsolutePositionForObject(r.scroll).Y
	bottom := top + o.Size().Height
	switch {
	case top < 0:
		r.move(top - readerLine)
	case bottom > r.scroll.Size().Height:
		r.move(bottom - r.scroll.Size().Height + readerLine)
	}
}
