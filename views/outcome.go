package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"facematch/app/history"
)

// look is how an outcome is shown, besides its word: nothing is told by colour
// alone.
type look struct {
	color fyne.ThemeColorName
	shape shapeKind
}

// lookOf gives an outcome's look. An outcome this program does not know looks
// like one that tells nothing.
func lookOf(o history.Outcome) look {
	switch o {
	case history.Pass:
		return look{colorPass, shapeTick}
	case history.Refer:
		return look{colorRefer, shapeQuestion}
	case history.Fail:
		return look{colorFail, shapeCross}
	case history.NotCompared:
		return look{colorNotCompared, shapeCircle}
	case history.CouldNotRun:
		return look{colorFail, shapeTriangle}
	case history.Cancelled:
		return look{colorNotCompared, shapeSquare}
	case history.Interrupted:
		return look{colorRefer, shapeBroken}
	case history.Unknown:
		return look{colorRefer, shapeQuestion}
	case history.Running:
		return look{colorNotCompared, shapeDots}
	}
	return look{colorNotCompared, shapeQuestion}
}

type shapeKind int

const (
	shapeTick shapeKind = iota
	shapeQuestion
	shapeCross
	shapeCircle
	shapeTriangle
	shapeSquare
	shapeBroken
	shapeDots
)

// strokes of each shape, as lines in a square of side 1.
var strokes = map[shapeKind][][4]float32{
	shapeTick:     {{0.15, 0.55, 0.40, 0.80}, {0.40, 0.80, 0.87, 0.22}},
	shapeCross:    {{0.18, 0.18, 0.82, 0.82}, {0.82, 0.18, 0.18, 0.82}},
	shapeTriangle: {{0.5, 0.10, 0.94, 0.88}, {0.94, 0.88, 0.06, 0.88}, {0.06, 0.88, 0.5, 0.10}, {0.5, 0.38, 0.5, 0.60}, {0.5, 0.70, 0.5, 0.77}},
	shapeSquare:   {{0.2, 0.2, 0.8, 0.2}, {0.8, 0.2, 0.8, 0.8}, {0.8, 0.8, 0.2, 0.8}, {0.2, 0.8, 0.2, 0.2}},
	shapeBroken:   {{0.05, 0.5, 0.38, 0.5}, {0.62, 0.5, 0.95, 0.5}, {0.38, 0.5, 0.44, 0.25}, {0.56, 0.75, 0.62, 0.5}},
	shapeDots:     {{0.15, 0.5, 0.2, 0.5}, {0.48, 0.5, 0.53, 0.5}, {0.81, 0.5, 0.86, 0.5}},
}

// shape draws the form that belongs to an outcome.
type shape struct {
	widget.BaseWidget
	look look
	side float32
}

func newShape(l look, side float32) *shape {
	s := &shape{look: l, side: side}
	s.ExtendBaseWidget(s)
	return s
}

func (s *shape) set(l look) {
	if s.look != l {
		s.look = l
		s.Refresh()
	}
}

// CreateRenderer is part of fyne.Widget.
func (s *shape) CreateRenderer() fyne.WidgetRenderer {
	r := &shapeRenderer{shape: s, ring: &canvas.Circle{}, mark: canvas.NewText("?", nil)}
	r.mark.TextStyle.Bold = true
	r.mark.Alignment = fyne.TextAlignCenter
	r.Refresh()
	return r
}

type shapeRenderer struct {
	shape *shape
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
	for i, s := range strokes[r.shape.look.shape] {
		l := r.lines[i]
		l.StrokeWidth = width
		l.Position1 = corner.AddXY(s[0]*side, s[1]*side)
		l.Position2 = corner.AddXY(s[2]*side, s[3]*side)
	}
}

func (r *shapeRenderer) Refresh() {
	c, kind := ink(r.shape.look.color), r.shape.look.shape
	r.ring.StrokeColor = c
	r.mark.Color = c
	r.ring.Hidden = kind != shapeCircle && kind != shapeQuestion
	r.mark.Hidden = kind != shapeQuestion
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

// coloured is text in one of this program's colours, which follows the theme.
func coloured(text string, name fyne.ThemeColorName, size fyne.ThemeSizeName) *widget.RichText {
	return widget.NewRichText(&widget.TextSegment{
		Text:  text,
		Style: widget.RichTextStyle{ColorName: name, SizeName: size, TextStyle: fyne.TextStyle{Bold: true}},
	})
}
