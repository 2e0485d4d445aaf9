package kit

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/views/internal/draw"
)

// Of the frame that is drawn on a page.
const (
	FrameSteps = 40 // steps of an arrow key across a page
	leastFrame = 12 // a smaller frame was a click
)

// PageView shows a page with the faces on it, and takes the clerk's word about
// them: a click on a face, a frame drawn with the mouse, a frame moved with the
// keys. What is known of the page and what the clerk says is in the page's own
// pixels, however large it is on the screen.
type PageView struct {
	widget.DisableableWidget
	keys *Controls

	OnFace  func(i int)                // a face was clicked
	OnFrame func(area image.Rectangle) // a frame was drawn
	OnFocus func(focused bool)         // the keys come here, or no longer

	Page  image.Point // its size; zero: there is none
	Faces []image.Rectangle
	At    int // the face that is the portrait; -1: none

	pressed fyne.Position   // where the mouse went down
	begun   bool            // it went down here, on this page, and nothing took its frame away
	drawn   image.Rectangle // being drawn with the mouse; empty: none
	drawing bool
	Focused bool
	moved   image.Rectangle // being moved with the keys; empty: none
	down    fyne.KeyName    // pressed here and not yet acted upon

	Picture *canvas.Image
	Marks   *fyne.Container
	Band    *canvas.Rectangle
	Ring    *canvas.Rectangle
	content *fyne.Container
}

var (
	_ fyne.Draggable     = (*PageView)(nil)
	_ fyne.Tappable      = (*PageView)(nil)
	_ fyne.Focusable     = (*PageView)(nil)
	_ desktop.Mouseable  = (*PageView)(nil)
	_ desktop.Keyable    = (*PageView)(nil)
	_ desktop.Cursorable = (*PageView)(nil)
)

// NewPageView makes a view without a page.
func NewPageView(keys *Controls) *PageView {
	v := &PageView{keys: keys, At: -1}
	v.Picture = draw.NewPicture(nil)
	v.Marks = container.NewWithoutLayout()
	v.Band = &canvas.Rectangle{StrokeColor: draw.BandEdge, FillColor: draw.BandFill, StrokeWidth: 2}
	v.Ring = &canvas.Rectangle{StrokeWidth: 2, CornerRadius: 6}
	ground := canvas.NewRectangle(draw.PictureGround)
	ground.CornerRadius = 6
	v.content = container.New(onPage{v}, ground, v.Picture, v.Marks, v.Band, v.Ring)
	v.ExtendBaseWidget(v)
	return v
}

// CreateRenderer is part of fyne.Widget.
func (v *PageView) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(v.content)
}

// Set shows a page: its size, a picture of it in any size, the faces on it and
// which of them is the portrait (-1: none).
func (v *PageView) Set(page image.Point, picture *image.RGBA, faces []image.Rectangle, at int) {
	v.SetPicture(picture)
	v.Mark(page, faces, at)
}

// SetPicture shows another picture of the same page.
func (v *PageView) SetPicture(picture *image.RGBA) {
	v.Picture.Image = draw.ToImage(picture)
	v.Picture.Refresh()
}

// Mark is set for a page whose picture is shown already.
func (v *PageView) Mark(page image.Point, faces []image.Rectangle, at int) {
	v.Page, v.Faces, v.At = page, faces, at
	v.begun, v.drawing, v.drawn, v.moved = false, false, image.Rectangle{}, image.Rectangle{}
	v.Marks.Objects = nil
	for i := range faces {
		if i == at {
			v.Marks.Objects = append(v.Marks.Objects,
				&canvas.Rectangle{StrokeColor: draw.OutlineShade, StrokeWidth: draw.OutlineWidth + 3, CornerRadius: 6},
				&canvas.Rectangle{StrokeColor: draw.OutlineGood, StrokeWidth: draw.OutlineWidth, CornerRadius: 6})
			continue
		}
		for _, c := range []*canvas.Line{
			{StrokeColor: draw.OutlineShade, StrokeWidth: draw.OutlineWidth}, {
				StrokeColor: draw.OutlineNotYet, StrokeWidth: draw.OutlineWidth - 1.5,
			},
		} {
			for range 8 {
				line := *c
				v.Marks.Objects = append(v.Marks.Objects, &line)
			}
		}
	}
	v.paint()
}

// Frame is what the clerk draws or moves just now; empty: nothing.
func (v *PageView) Frame() image.Rectangle {
	if v.drawing {
		return v.drawn
	}
	return v.moved
}

// paint brings what lies over the page to its place.
func (v *PageView) paint() {
	v.Ring.StrokeColor = draw.Ink(theme.ColorNamePrimary)
	v.Ring.Hidden = !v.Focused
	v.Band.Hidden = v.Frame().Empty()
	onPage{v}.Layout(v.content.Objects, v.Size())
	canvas.Refresh(v)
}

// onPage lays the marks over the page.
type onPage struct{ *PageView }

// MinSize is part of fyne.Layout.
func (onPage) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(160, 140) }

// Layout is part of fyne.Layout.
func (v onPage) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		if o != v.Band {
			o.Move(fyne.Position{})
			o.Resize(size)
		}
	}
	if v.Page.X == 0 || v.Page.Y == 0 {
		return
	}
	marks := v.Marks.Objects
	for i, face := range v.Faces {
		at, box := draw.Placed(face, v.Page, size, false)
		if i == v.At {
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
			draw.Corners(lines, at, box)
			marks = marks[8:]
		}
	}
	at, box := draw.Placed(v.Frame(), v.Page, size, false)
	v.Band.Move(at)
	v.Band.Resize(box)
}

// Usable says whether there is a page to point at.
func (v *PageView) Usable() bool { return v.Page.X > 0 && v.Page.Y > 0 && !v.Disabled() }

// Cursor is part of desktop.Cursorable: it shows that the page can be drawn on.
func (v *PageView) Cursor() desktop.Cursor {
	if v.Usable() {
		return desktop.CrosshairCursor
	}
	return desktop.DefaultCursor
}

// MouseDown is part of desktop.Mouseable.
func (v *PageView) MouseDown(e *desktop.MouseEvent) {
	v.keys.Touch()
	if e.Button != desktop.MouseButtonSecondary {
		v.pressed, v.begun = e.Position, true
	}
}

// MouseUp is part of desktop.Mouseable.
func (v *PageView) MouseUp(*desktop.MouseEvent) { v.begun = false }

// Dragged is part of fyne.Draggable. Fyne also tells of a mouse that went down
// elsewhere, or before this page was shown, and goes on after Escape.
func (v *PageView) Dragged(e *fyne.DragEvent) {
	if !v.begun || !v.Usable() {
		return
	}
	v.drawing = true
	v.drawn = image.Rectangle{Min: v.onPage(v.pressed), Max: v.onPage(e.Position)}.Canon()
	v.paint()
}

// DragEnd is part of fyne.Draggable.
func (v *PageView) DragEnd() {
	if !v.drawing {
		return
	}
	area := v.drawn
	v.DropFrame()
	_, size := draw.Placed(area, v.Page, v.Size(), false)
	switch {
	case !v.Usable():
	case size.Width < leastFrame && size.Height < leastFrame: // a click with an unsteady hand
		v.click(v.pressed)
	case size.Width >= leastFrame && size.Height >= leastFrame:
		v.OnFrame(area)
	}
}

// Tapped is part of fyne.Tappable.
func (v *PageView) Tapped(e *fyne.PointEvent) { v.click(e.Position) }

// click takes the face at this place; of several, the smallest.
func (v *PageView) click(at fyne.Position) {
	if !v.Usable() {
		return
	}
	point, hit := v.onPage(at), -1
	for i, face := range v.Faces {
		if point.In(face) && (hit < 0 || face.Dx() < v.Faces[hit].Dx()) {
			hit = i
		}
	}
	if hit >= 0 && hit != v.At {
		v.OnFace(hit)
	}
}

func (v *PageView) onPage(at fyne.Position) image.Point { return draw.OnPicture(at, v.Page, v.Size()) }

// DropFrame takes the frame away, and says whether there was one.
func (v *PageView) DropFrame() bool {
	was := !v.Frame().Empty()
	v.begun, v.drawing, v.drawn, v.moved = false, false, image.Rectangle{}, image.Rectangle{}
	v.paint()
	return was
}

// FocusGained is part of fyne.Focusable.
func (v *PageView) FocusGained() { v.focus(true) }

// FocusLost is part of fyne.Focusable.
func (v *PageView) FocusLost() { v.focus(false) }

func (v *PageView) focus(focused bool) {
	v.Focused, v.down, v.moved = focused, "", image.Rectangle{}
	v.paint()
	v.OnFocus(focused)
}

// KeyDown is part of desktop.Keyable.
func (v *PageView) KeyDown(key *fyne.KeyEvent) { v.down = key.Name }

// KeyUp is part of desktop.Keyable.
func (v *PageView) KeyUp(*fyne.KeyEvent) { v.down = "" }

// TypedKey is part of fyne.Focusable: the arrows move a frame, Return takes it.
func (v *PageView) TypedKey(key *fyne.KeyEvent) {
	step := max(1, max(v.Page.X, v.Page.Y)/FrameSteps)
	switch key.Name {
	case fyne.KeyEscape:
		if !v.DropFrame() {
			v.keys.HandleEscape(key)
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
		if v.down == key.Name && !v.moved.Empty() && v.Usable() {
			v.down = ""
			area := v.moved
			v.DropFrame()
			v.OnFrame(area)
		}
	}
}

// TypedRune is part of fyne.Focusable: + and - change the frame's size.
func (v *PageView) TypedRune(r rune) {
	step := max(1, max(v.Page.X, v.Page.Y)/FrameSteps)
	switch r {
	case '+', '=': // the same key without Shift
		v.grow(step)
	case '-':
		v.grow(-step)
	}
}

// move moves the frame, which first comes up round the portrait, or in the
// middle of the page.
func (v *PageView) move(by image.Point) {
	if v.Usable() && !v.begin() {
		page := image.Rectangle{Max: v.Page}
		to := v.moved.Add(by)
		to = to.Add(image.Pt(max(0, -to.Min.X)-max(0, to.Max.X-page.Max.X), max(0, -to.Min.Y)-max(0, to.Max.Y-page.Max.Y)))
		v.moved = to.Intersect(page)
	}
	v.paint()
}

// grow makes the frame larger on each side, or smaller.
func (v *PageView) grow(by int) {
	if v.Usable() && !v.begin() {
		to := v.moved.Inset(-by).Intersect(image.Rectangle{Max: v.Page})
		if _, size := draw.Placed(to, v.Page, v.Size(), false); by > 0 || min(size.Width, size.Height) >= leastFrame {
			v.moved = to
		}
	}
	v.paint()
}

// begin puts the frame on the page; false where it is there already.
func (v *PageView) begin() bool {
	if !v.moved.Empty() {
		return false
	}
	page := image.Rectangle{Max: v.Page}
	v.moved = page.Inset(min(v.Page.X, v.Page.Y) / 3)
	if v.At >= 0 {
		v.moved = v.Faces[v.At].Intersect(page)
	}
	return true
}
