package draw

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"facematch/app/history"
)

// Look is how an outcome is shown, besides its word. Colour alone never carries the
// meaning.
type Look struct {
	Color fyne.ThemeColorName
	Shape ShapeKind
}

// LookOf gives an outcome's look. An outcome this program does not know looks
// like one without a result.
func LookOf(o history.Outcome) Look {
	switch o {
	case history.Pass:
		return Look{ColorPass, ShapeTick}
	case history.Refer:
		return Look{ColorRefer, ShapeQuestion}
	case history.Fail:
		return Look{ColorFail, ShapeCross}
	case history.NotCompared:
		return Look{ColorNotCompared, ShapeCircle}
	case history.CouldNotRun:
		return Look{ColorFail, ShapeTriangle}
	case history.Cancelled:
		return Look{ColorNotCompared, ShapeSquare}
	case history.Interrupted:
		return Look{ColorRefer, shapeBroken}
	case history.Unknown:
		return Look{ColorRefer, ShapeQuestion}
	case history.Running:
		return Look{ColorNotCompared, shapeDots}
	}
	return Look{ColorNotCompared, ShapeQuestion}
}

// ShapeKind is one of the forms.
type ShapeKind int

// The forms.
const (
	ShapeTick ShapeKind = iota
	ShapeQuestion
	ShapeCross
	ShapeCircle
	ShapeTriangle
	ShapeSquare
	shapeBroken
	shapeDots
)

// strokes of each shape, as lines in a square of side 1.
var strokes = map[ShapeKind][][4]float32{
	ShapeTick:  {{0.15, 0.55, 0.40, 0.80}, {0.40, 0.80, 0.87, 0.22}},
	ShapeCross: {{0.18, 0.18, 0.82, 0.82}, {0.82, 0.18, 0.18, 0.82}},
	ShapeTriangle: {
		{0.5, 0.10, 0.94, 0.88}, {0.94, 0.88, 0.06, 0.88}, {0.06, 0.88, 0.5, 0.10}, {0.5, 0.38, 0.5, 0.60}, {
			0.5, 0.70, 0.5, 0.77,
		},
	},
	ShapeSquare: {{0.2, 0.2, 0.8, 0.2}, {0.8, 0.2, 0.8, 0.8}, {0.8, 0.8, 0.2, 0.8}, {0.2, 0.8, 0.2, 0.2}},
	shapeBroken: {{0.05, 0.5, 0.38, 0.5}, {0.62, 0.5, 0.95, 0.5}, {0.38, 0.5, 0.44, 0.25}, {0.56, 0.75, 0.62, 0.5}},
	shapeDots:   {{0.15, 0.5, 0.2, 0.5}, {0.48, 0.5, 0.53, 0.5}, {0.81, 0.5, 0.86, 0.5}},
}

// Shape draws the form that belongs to an outcome.
type Shape struct {
	widget.BaseWidget
	Look Look
	side float32
}

// NewShape makes the form of a look, with sides of this length.
func NewShape(l Look, side float32) *Shape {
	s := &Shape{Look: l, side: side}
	s.ExtendBaseWidget(s)
	return s
}

// Set shows another look.
func (s *Shape) Set(l Look) {
	if s.Look != l {
		s.Look = l
		s.Refresh()
	}
}

// CreateRenderer is part of fyne.Widget.
func (s *Shape) CreateRenderer() fyne.WidgetRenderer {
	r := &shapeRenderer{shape: s, ring: &canvas.Circle{}, mark: canvas.NewText("?", nil)}
	r.mark.TextStyle.Bold = true
	r.mark.Alignment = fyne.TextAlignCenter
	r.Refresh()
	return r
}

type shapeRenderer struct {
	shape *Shape
	ring  *canvas.Circle
	mark  *canvas.Text
	lines []*canvas.Line
}

func (r *shapeRenderer) Destroy() {}

func (r *shapeRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(r.shape.side) }

func (r *shapeRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.ring, r.mark}
	for _, l := range r.lines {
		objects = append(objects, l)
	}
	return objects
}

// Layout keeps the shape square in the middle of its place.
func (r *shapeRenderer) Layout(size fyne.Size) {
	side := min(size.Width, size.Height)
	corner := fyne.NewPos((size.Width-side)/2, (size.Height-side)/2)
	width := side / 11
	r.ring.StrokeWidth = width
	r.ring.Resize(fyne.NewSquareSize(side * 0.86))
	r.ring.Move(corner.AddXY(side*0.07, side*0.07))
	r.mark.TextSize = side * 0.62
	r.mark.Resize(fyne.NewSquareSize(side))
	r.mark.Move(corner)
	for i, s := range strokes[r.shape.Look.Shape] {
		l := r.lines[i]
		l.StrokeWidth = width
		l.Position1 = corner.AddXY(s[0]*side, s[1]*side)
		l.Position2 = corner.AddXY(s[2]*side, s[3]*side)
	}
}

func (r *shapeRenderer) Refresh() {
	c, kind := Ink(r.shape.Look.Color), r.shape.Look.Shape
	r.ring.StrokeColor = c
	r.mark.Color = c
	r.ring.Hidden = kind != ShapeCircle && kind != ShapeQuestion
	r.mark.Hidden = kind != ShapeQuestion
	for len(r.lines) < len(strokes[kind]) {
		r.lines = append(r.lines, canvas.NewLine(c))
	}
	for i, l := range r.lines {
		l.StrokeColor = c
		l.Hidden = i >= len(strokes[kind])
	}
	r.Layout(r.shape.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
