package draw

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"facematch/matcher"
)

// How faces are outlined; lengths in pixels of the screen.
const (
	facesShown   = 4    // faces that are outlined at most: enough to see a crowd
	cornerShare  = 0.28 // of a face's box: how long an outline's corner is
	OutlineWidth = 3
	crossSize    = 26 // of the cross at another face's corner
)

// Outlines marks faces on a picture. The first is whom the check is about: four
// amber corners while something is to be done, a whole green frame when all is well.
// Each other one has a whole red frame with a cross at its corner. Where it is not
// known whom the check is about all are alike: each has a whole red frame.
type Outlines struct {
	widget.BaseWidget
	Faces       []image.Rectangle
	PictureSize image.Point // of the picture
	Mirror      bool
	Good        bool
	Alike       bool
}

// NewOutlines makes outlines without faces.
func NewOutlines() *Outlines {
	o := &Outlines{}
	o.ExtendBaseWidget(o)
	return o
}

// Set outlines the faces of a picture of this size. good says that all is well.
func (o *Outlines) Set(faces []matcher.Face, size image.Point, mirror, good bool) {
	o.Faces = o.Faces[:0]
	for _, f := range faces[:min(len(faces), facesShown)] {
		o.Faces = append(o.Faces, f.Box)
	}
	o.PictureSize, o.Mirror, o.Good = size, mirror, good
	o.Refresh()
}

// CreateRenderer is part of fyne.Widget.
func (o *Outlines) CreateRenderer() fyne.WidgetRenderer { return newOutlinesRenderer(o) }

type outlinesRenderer struct {
	of     *Outlines
	whole  *canvas.Rectangle // of the first
	lines  [8]*canvas.Line   // of the first
	others [facesShown - 1]other
	all    []fyne.CanvasObject
}

// other is the mark of another person's face.
type other struct {
	frame *canvas.Rectangle
	cross [2]*canvas.Line
}

func newOutlinesRenderer(of *Outlines) *outlinesRenderer {
	r := &outlinesRenderer{of: of, whole: &canvas.Rectangle{StrokeWidth: OutlineWidth}}
	r.all = append(r.all, r.whole)
	for i := range r.lines {
		r.lines[i] = &canvas.Line{StrokeColor: OutlineNotYet, StrokeWidth: OutlineWidth + 1}
		r.all = append(r.all, r.lines[i])
	}
	for i := range r.others {
		o := &r.others[i]
		o.frame = &canvas.Rectangle{StrokeColor: outlineOther, StrokeWidth: OutlineWidth}
		r.all = append(r.all, o.frame)
		for j := range o.cross {
			o.cross[j] = &canvas.Line{StrokeColor: outlineOther, StrokeWidth: OutlineWidth + 1}
			r.all = append(r.all, o.cross[j])
		}
	}
	r.Layout(of.Size())
	return r
}

func (r *outlinesRenderer) Destroy() {}

func (r *outlinesRenderer) MinSize() fyne.Size { return fyne.Size{} }

func (r *outlinesRenderer) Objects() []fyne.CanvasObject { return r.all }

func (r *outlinesRenderer) Layout(size fyne.Size) {
	for _, o := range r.all {
		o.Hide()
	}
	if r.of.PictureSize.X == 0 || r.of.PictureSize.Y == 0 {
		return
	}
	for i, face := range r.of.Faces {
		at, box := Placed(face, r.of.PictureSize, size, r.of.Mirror)
		switch {
		case i > 0:
			r.others[i-1].lay(at, box, !r.of.Alike)
		case r.of.Good, r.of.Alike:
			r.whole.StrokeColor, r.whole.CornerRadius = OutlineGood, 10
			if r.of.Alike {
				r.whole.StrokeColor, r.whole.CornerRadius = outlineOther, 0
			}
			r.whole.Move(at)
			r.whole.Resize(box)
			r.whole.Show()
		default:
			Corners(r.lines, at, box)
			for _, l := range r.lines {
				l.Show()
			}
		}
	}
}

// lay puts the mark round a face, with or without the cross inside its upper right
// corner.
func (o other) lay(at fyne.Position, box fyne.Size, crossed bool) {
	o.frame.Move(at)
	o.frame.Resize(box)
	o.frame.Show()
	if !crossed {
		return
	}
	side := min(crossSize, box.Width/2, box.Height/2)
	left, top := at.X+box.Width-side, at.Y
	o.cross[0].Position1, o.cross[0].Position2 = fyne.NewPos(left, top), fyne.NewPos(left+side, top+side)
	o.cross[1].Position1, o.cross[1].Position2 = fyne.NewPos(left+side, top), fyne.NewPos(left, top+side)
	for _, l := range o.cross {
		l.Show()
	}
}

func (r *outlinesRenderer) Refresh() {
	r.Layout(r.of.Size())
	canvas.Refresh(r.of)
}

// Placed is where a rectangle of a picture lies on the screen, when the picture
// is contained in a place of this size.
func Placed(box image.Rectangle, picture image.Point, place fyne.Size, mirror bool) (fyne.Position, fyne.Size) {
	box = box.Intersect(image.Rectangle{Max: picture})
	if mirror {
		box.Min.X, box.Max.X = picture.X-box.Max.X, picture.X-box.Min.X
	}
	scale := min(place.Width/float32(picture.X), place.Height/float32(picture.Y))
	left := (place.Width - scale*float32(picture.X)) / 2
	top := (place.Height - scale*float32(picture.Y)) / 2
	return fyne.NewPos(left+scale*float32(box.Min.X), top+scale*float32(box.Min.Y)),
		fyne.NewSize(scale*float32(box.Dx()), scale*float32(box.Dy()))
}

// OnPicture is the point of a picture under a point of its place, when the
// picture is contained in a place of this size. What lies beside the picture
// counts as its nearest edge.
func OnPicture(at fyne.Position, picture image.Point, place fyne.Size) image.Point {
	left, size := Placed(image.Rectangle{Max: picture}, picture, place, false)
	along := func(at, begin, length float32, pixels int) int {
		if length <= 0 {
			return 0
		}
		return min(max(0, int((at-begin)/length*float32(pixels)+0.5)), pixels)
	}
	return image.Pt(along(at.X, left.X, size.Width, picture.X), along(at.Y, left.Y, size.Height, picture.Y))
}

// Corners lays eight lines along the four corners of a box.
func Corners(lines [8]*canvas.Line, at fyne.Position, box fyne.Size) {
	i := 0
	for _, right := range []bool{false, true} {
		for _, bottom := range []bool{false, true} {
			corner, dx, dy := at, box.Width*cornerShare, box.Height*cornerShare
			if right {
				corner.X, dx = at.X+box.Width, -dx
			}
			if bottom {
				corner.Y, dy = at.Y+box.Height, -dy
			}
			for _, end := range []fyne.Position{corner.AddXY(dx, 0), corner.AddXY(0, dy)} {
				lines[i].Position1, lines[i].Position2 = corner, end
				i++
			}
		}
	}
}
