package views

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// pageView shows a page with the faces on it, and takes the clerk's word about
// them: a click on a face, a frame drawn with the mouse, a frame moved with the
// keys. What is known of the page and what the clerk says is in the page's own
// pixels, however large it is on the screen.
type pageView struct {
	widget.DisableableWidget
	keys *controls

	OnFace  func(i int)                // a face was clicked
	OnFrame func(area image.Rectangle) // a frame was drawn
	OnFocus func(focused bool)         // the keys come here, or no longer

	page  image.Point // its size; zero: there is none
	faces []image.Rectangle
	at    int // the face that is the portrait; -1: none

	pressed fyne.Position   // where the mouse went down
	begun   bool            // it went down here, on this page, and nothing took its frame away
	drawn   image.Rectangle // being drawn with the mouse; empty: none
	drawing bool
	focused bool
	moved   image.Rectangle // being moved with the keys; empty: none
	down    fyne.KeyName    // pressed here and not yet acted upon

	picture *canvas.Image
	marks   *fyne.Container
	band    *canvas.Rectangle
	ring    *canvas.Rectangle
	content *fyne.Container
}

var (
	_ fyne.Draggable     = (*pageView)(nil)
	_ fyne.Tappable      = (*pageView)(nil)
	_ fyne.Focusable     = (*pageView)(nil)
	_ desktop.Mouseable  = (*pageView)(nil)
	_ desktop.Keyable    = (*pageView)(nil)
	_ desktop.Cursorable = (*pageView)(nil)
)

func newPageView(keys *controls) *pageView {
	v := &pageView{keys: keys, at: -1}
	v.picture = newPicture(nil)
	v.marks = container.NewWithoutLayout()
	v.band = &canvas.Rectangle{StrokeColor: bandEdge, FillColor: bandFill, StrokeWidth: 2}
	v.ring = &canvas.Rectangle{StrokeWidth: 2, CornerRadius: 6}
	ground := canvas.NewRectangle(pictureGround)
	ground.CornerRadius = 6
	v.content = container.New(onPage{v}, ground, v.picture, v.marks, v.band, v.ring)
	v.ExtendBaseWidget(v)
	return v
}

// CreateRenderer is part of fyne.Widget.
func (v *pageView) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(v.content)
}

// set shows a page: its size, a picture of it in any size, the faces on it and
// which of them is the portrait (-1: none).
func (v *pageView) set(page image.Point, picture *image.RGBA, faces []image.Rectangle, at int) {
	v.repicture(picture)
	v.mark(page, faces, at)
}

// repicture shows another picture of the same page.
func (v *pageView) repicture(picture *image.RGBA) {
	v.picture.Image = toImage(picture)
	v.picture.Refresh()
}

// mark is set for a page whose picture is shown already.
func (v *pageView) mark(page image.Point, faces []image.Rectangle, at int) {
	v.page, v.faces, v.at = page, faces, at
	v.begun, v.drawing, v.drawn, v.moved = false, false, image.Rectangle{}, image.Rectangle{}
	v.marks.Objects = nil
	for i := range faces {
		if i == at {
			v.marks.Objects = append(v.marks.Objects,
				&canvas.Rectangle{StrokeColor: outlineShade, StrokeWidth: outlineWidth + 3, CornerRadius: 6},
				&canvas.Rectangle{StrokeColor: outlineGood, StrokeWidth: outlineWidth, CornerRadius: 6})
			continue
		}
		for _, c := range []*canvas.Line{{StrokeColor: outlineShade, StrokeWidth: outlineWidth}, {StrokeColor: outlineNotYet, StrokeWidth: outlineWidth - 1.5}} {
			for range 8 {
				line := *c
				v.marks.Objects = append(v.marks.Objects, &line)
			}
		}
	}
	v.paint()
}

// frame is what the clerk draws or moves just now; empty: nothing.
func (v *pageView) frame() image.Rectangle {
	if v.drawing {
		return v.drawn
	}
	return v.moved
}

// paint brings what lies over the page to its place.
func (v *pageView) paint() {
	v.ring.StrokeColor = ink(theme.ColorNamePrimary)
	v.ring.Hidden = !v.focused
	v.band.Hidden = v.frame().Empty()
	onPage{v}.Layout(v.content.Objects, v.Size())
	canvas.Refresh(v)
}

// onPage lays the marks over the page.
type onPage struct{ *pageView }

// MinSize is part of fyne.Layout.
func (onPage) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(160, 140) }

// Layout is part of fyne.Layout.
func (v onPage) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		if o != v.band {
			o.Move(fyne.Position{})
			o.Resize(size)
		}
	}
	if v.page.X == 0 || v.page.Y == 0 {
		return
	}
	marks := v.marks.Objects
	for i, face := range v.faces {
		at, box := placed(face, v.page, size, false)
		if i == v.at {
			for _, o := range marks[:2] {
				o.Move(at)
				o.Resize(box)
			}
			marks = marks[2:]
			continue
		}
		for range 2 {
			var lines [8]*canvas.Line
			for j := range lines {
				lines[j] = marks[j].(*canvas.Line)
			}
			corners(lines, at, box)
			marks = marks[8:]
		}
	}
	at, box := placed(v.frame(), v.page, size, false)
	v.band.Move(at)
	v.band.Resize(box)
}

// usable says whether there is a page to point at.
func (v *pageView) usable() bool { return v.page.X > 0 && v.page.Y > 0 && !v.Disabled() }

// Cursor is part of desktop.Cursorable: it shows that the page can be drawn on.
func (v *pageView) Cursor() desktop.Cursor {
	if v.usable() {
		return desktop.CrosshairCursor
	}
	return desktop.DefaultCursor
}

// MouseDown is part of desktop.Mouseable.
func (v *pageView) MouseDown(e *desktop.MouseEvent) {
	v.keys.stir()
	if e.Button != desktop.MouseButtonSecondary {
		v.pressed, v.begun = e.Position, true
	}
}

// MouseUp is part of desktop.Mouseable.
func (v *pageView) MouseUp(*desktop.MouseEvent) { v.begun = false }

// Dragged is part of fyne.Draggable. Fyne also tells of a mouse that went down
// elsewhere, or before this page was shown, and goes on after Escape.
func (v *pageView) Dragged(e *fyne.DragEvent) {
	if !v.begun || !v.usable() {
		return
	}
	v.drawing = true
	v.drawn = image.Rectangle{Min: v.onPage(v.pressed), Max: v.onPage(e.Position)}.Canon()
	v.paint()
}

// DragEnd is part of fyne.Draggable.
func (v *pageView) DragEnd() {
	if !v.drawing {
		return
	}
	area := v.drawn
	v.dropFrame()
	_, size := placed(area, v.page, v.Size(), false)
	switch {
	case !v.usable():
	case size.Width < leastFrame && size.Height < leastFrame: // a click with an unsteady hand
		v.click(v.pressed)
	case size.Width >= leastFrame && size.Height >= leastFrame:
		v.OnFrame(area)
	}
}

// Tapped is part of fyne.Tappable.
func (v *pageView) Tapped(e *fyne.PointEvent) { v.click(e.Position) }

// click takes the face at this place; of several, the smallest.
func (v *pageView) click(at fyne.Position) {
	if !v.usable() {
		return
	}
	point, hit := v.onPage(at), -1
	for i, face := range v.faces {
		if point.In(face) && (hit < 0 || face.Dx() < v.faces[hit].Dx()) {
			hit = i
		}
	}
	if hit >= 0 && hit != v.at {
		v.OnFace(hit)
	}
}

func (v *pageView) onPage(at fyne.Position) image.Point { return onPicture(at, v.page, v.Size()) }

// dropFrame takes the frame away, and says whether there was one.
func (v *pageView) dropFrame() bool {
	was := !v.frame().Empty()
	v.begun, v.drawing, v.drawn, v.moved = false, false, image.Rectangle{}, image.Rectangle{}
	v.paint()
	return was
}

// FocusGained is part of fyne.Focusable.
func (v *pageView) FocusGained() { v.focus(true) }

// FocusLost is part of fyne.Focusable.
func (v *pageView) FocusLost() { v.focus(false) }

func (v *pageView) focus(focused bool) {
	v.focused, v.down, v.moved = focused, "", image.Rectangle{}
	v.paint()
	v.OnFocus(focused)
}

// KeyDown is part of desktop.Keyable.
func (v *pageView) KeyDown(key *fyne.KeyEvent) { v.down = key.Name }

// KeyUp is part of desktop.Keyable.
func (v *pageView) KeyUp(*fyne.KeyEvent) { v.down = "" }

// TypedKey is part of fyne.Focusable: the arrows move a frame, Return takes it.
func (v *pageView) TypedKey(key *fyne.KeyEvent) {
	step := max(1, max(v.page.X, v.page.Y)/frameSteps)
	switch key.Name {
	case fyne.KeyEscape:
		if !v.dropFrame() {
			v.keys.caught(key)
		}
	case fyne.KeyLeft:
		v.move(image.Pt(-step, 0))
	case fyne.KeyRight:
		v.move(image.Pt(step, 0))
	case fyne.KeyUp:
		v.move(image.Pt(0, -step))
	case fyne.KeyDown:
		v.move(image.Pt(0, step))
	case fyne.KeyReturn, fyne.KeyEnter:
		// As for a button, one press counts once, and only where it began here.
		if v.down == key.Name && !v.moved.Empty() && v.usable() {
			v.down = ""
			area := v.moved
			v.dropFrame()
			v.OnFrame(area)
		}
	}
}

// TypedRune is part of fyne.Focusable: + and - change the frame's size.
func (v *pageView) TypedRune(r rune) {
	step := max(1, max(v.page.X, v.page.Y)/frameSteps)
	switch r {
	case '+', '=': // the same key without Shift
		v.grow(step)
	case '-':
		v.grow(-step)
	}
}

// move moves the frame, which first comes up round the portrait, or in the
// middle of the page.
func (v *pageView) move(by image.Point) {
	if v.usable() && !v.begin() {
		page := image.Rectangle{Max: v.page}
		to := v.moved.Add(by)
		to = to.Add(image.Pt(max(0, -to.Min.X)-max(0, to.Max.X-page.Max.X), max(0, -to.Min.Y)-max(0, to.Max.Y-page.Max.Y)))
		v.moved = to.Intersect(page)
	}
	v.paint()
}

// grow makes the frame larger on each side, or smaller.
func (v *pageView) grow(by int) {
	if v.usable() && !v.begin() {
		to := v.moved.Inset(-by).Intersect(image.Rectangle{Max: v.page})
		if _, size := placed(to, v.page, v.Size(), false); by > 0 || min(size.Width, size.Height) >= leastFrame {
			v.moved = to
		}
	}
	v.paint()
}

// begin puts the frame on the page; false where it is there already.
func (v *pageView) begin() bool {
	if !v.moved.Empty() {
		return false
	}
	page := image.Rectangle{Max: v.page}
	v.moved = page.Inset(min(v.page.X, v.page.Y) / 3)
	if v.at >= 0 {
		v.moved = v.faces[v.at].Intersect(page)
	}
	return true
}
