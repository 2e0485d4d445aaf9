package views

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
)

// outlines marks faces on a picture: four amber corners each while something
// is to be done, a whole green frame when all is well.
type outlines struct {
	widget.BaseWidget
	faces  []image.Rectangle
	size   image.Point // of the picture
	mirror bool
	good   bool
}

func newOutlines() *outlines {
	o := &outlines{}
	o.ExtendBaseWidget(o)
	return o
}

func (o *outlines) set(faces []app.Face, size image.Point, mirror, good bool) {
	o.faces = o.faces[:0]
	for _, f := range faces[:min(len(faces), facesShown)] {
		o.faces = append(o.faces, f.Box)
	}
	o.size, o.mirror, o.good = size, mirror, good
	o.Refresh()
}

// CreateRenderer is part of fyne.Widget.
func (o *outlines) CreateRenderer() fyne.WidgetRenderer { return &outlinesRenderer{of: o} }

type outlinesRenderer struct {
	of    *outlines
	whole [facesShown]*canvas.Rectangle
	lines [facesShown][8]*canvas.Line
	all   []fyne.CanvasObject
}

func (r *outlinesRenderer) Destroy()           {}
func (r *outlinesRenderer) MinSize() fyne.Size { return fyne.Size{} }

func (r *outlinesRenderer) Objects() []fyne.CanvasObject {
	if r.all == nil {
		for i := range r.whole {
			r.whole[i] = &canvas.Rectangle{StrokeColor: outlineGood, StrokeWidth: outlineWidth, CornerRadius: 10}
			r.whole[i].Hide()
			r.all = append(r.all, r.whole[i])
			for j := range r.lines[i] {
				r.lines[i][j] = &canvas.Line{StrokeColor: outlineNotYet, StrokeWidth: outlineWidth + 1}
				r.lines[i][j].Hide()
				r.all = append(r.all, r.lines[i][j])
			}
		}
	}
	return r.all
}

func (r *outlinesRenderer) Layout(size fyne.Size) {
	r.Objects()
	for i := range r.whole {
		there := i < len(r.of.faces) && r.of.size.X > 0 && r.of.size.Y > 0
		r.whole[i].Hidden = !there || !r.of.good
		for _, l := range r.lines[i] {
			l.Hidden = !there || r.of.good
		}
		if !there {
			continue
		}
		at, box := placed(r.of.faces[i], r.of.size, size, r.of.mirror)
		r.whole[i].Move(at)
		r.whole[i].Resize(box)
		corners(r.lines[i], at, box)
	}
}

func (r *outlinesRenderer) Refresh() {
	r.Layout(r.of.Size())
	canvas.Refresh(r.of)
}

// placed is where a rectangle of a picture lies on the screen, when the picture
// is contained in a place of this size.
func placed(box image.Rectangle, picture image.Point, place fyne.Size, mirror bool) (fyne.Position, fyne.Size) {
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

// onPicture is the point of a picture under a point of its place, when the
// picture is contained in a place of this size. What lies beside the picture
// counts as its nearest edge.
func onPicture(at fyne.Position, picture image.Point, place fyne.Size) image.Point {
	left, size := placed(image.Rectangle{Max: picture}, picture, place, false)
	along := func(at, begin, length float32, pixels int) int {
		if length <= 0 {
			return 0
		}
		return min(max(0, int((at-begin)/length*float32(pixels)+0.5)), pixels)
	}
	return image.Pt(along(at.X, left.X, size.Width, picture.X), along(at.Y, left.Y, size.Height, picture.Y))
}

// corners lays eight lines along the four corners of a box.
func corners(lines [8]*canvas.Line, at fyne.Position, box fyne.Size) {
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
