package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/views/internal/draw"
)

// readerLine is how far an arrow key moves the text.
const readerLine = 40

// Reader is a long text in a scroll that the keys can move: Fyne's own takes the
// mouse only.
type Reader struct {
	widget.BaseWidget
	keys   *Controls
	Scroll *container.Scroll
	ring   *canvas.Rectangle
}

// Reader makes a reader of this content.
func (c *Controls) Reader(content fyne.CanvasObject) *Reader {
	r := &Reader{keys: c, Scroll: container.NewVScroll(content), ring: &canvas.Rectangle{StrokeWidth: 2, CornerRadius: 6}}
	r.ring.Hide()
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer is part of fyne.Widget.
func (r *Reader) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(container.NewPadded(r.Scroll), r.ring))
}

// FocusGained is part of fyne.Focusable.
func (r *Reader) FocusGained() { r.paint(true) }

// FocusLost is part of fyne.Focusable.
func (r *Reader) FocusLost() { r.paint(false) }

func (r *Reader) paint(focused bool) {
	r.ring.StrokeColor = draw.Ink(theme.ColorNamePrimary)
	r.ring.Hidden = !focused
	r.ring.Refresh()
}

// TypedRune is part of fyne.Focusable.
func (r *Reader) TypedRune(rune) {}

// TypedKey is part of fyne.Focusable.
func (r *Reader) TypedKey(key *fyne.KeyEvent) {
	if r.keys.HandleEscape(key) {
		return
	}
	page := r.Scroll.Size().Height - readerLine
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
		r.Scroll.ScrollToTop()
	case fyne.KeyEnd:
		r.Scroll.ScrollToBottom()
	}
}

func (r *Reader) move(by float32) {
	most := max(0, r.Scroll.Content.MinSize().Height-r.Scroll.Size().Height)
	r.Scroll.ScrollToOffset(fyne.NewPos(0, min(max(r.Scroll.Offset.Y+by, 0), most)))
}

// Update lays the text out anew, after a change.
func (r *Reader) Update() { r.Scroll.Content.Refresh() }

// Reveal brings something inside into sight, such as a button that has the keys
// now.
func (r *Reader) Reveal(o fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(o).Y - driver.AbsolutePositionForObject(r.Scroll).Y
	bottom := top + o.Size().Height
	switch {
	case top < 0:
		r.move(top - readerLine)
	case bottom > r.Scroll.Size().Height:
		r.move(bottom - r.Scroll.Size().Height + readerLine)
	}
}
