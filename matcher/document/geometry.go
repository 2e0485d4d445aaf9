package document

import (
	"image"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"facematch/matcher"
	"facematch/matcher/internal/cascade"
)

// spot is a place on a page, in its pixels; the corner of the first pixel is
// (0, 0).
type spot struct{ x, y float64 }

// turnedSpot is where a spot on a page of this size goes when the page is turned
// clockwise by a multiple of 90 degrees.
func turnedSpot(s spot, page image.Point, degrees int) spot {
	w, h := float64(page.X), float64(page.Y)
	switch ((degrees % 360) + 360) % 360 {
	case 90:
		return spot{h - s.y, s.x}
	case 180:
		return spot{w - s.x, h - s.y}
	case 270:
		return spot{s.y, w - s.x}
	}
	return s
}

// turnedBox is the same for a box.
func turnedBox(box image.Rectangle, page image.Point, degrees int) image.Rectangle {
	a := turnedSpot(spot{float64(box.Min.X), float64(box.Min.Y)}, page, degrees)
	b := turnedSpot(spot{float64(box.Max.X), float64(box.Max.Y)}, page, degrees)
	return image.Rect(int(a.x), int(a.y), int(b.x), int(b.y))
}

// onTurned gives the face once the page of this size is turned clockwise, in the
// turned page's pixels.
func (f face) onTurned(page image.Point, degrees int) matcher.Face {
	pixel := func(s spot) image.Point {
		s = turnedSpot(s, page, degrees)
		return image.Pt(int(math.Floor(s.x)), int(math.Floor(s.y)))
	}
	middle := turnedSpot(f.middle, page, degrees)
	edge := func(at, half float64) int { return int(math.Round(at + half)) }
	return matcher.Face{
		Box: image.Rect(edge(middle.x, -f.width/2), edge(middle.y, -f.height/2),
			edge(middle.x, f.width/2), edge(middle.y, f.height/2)),
		Eyes: [2]image.Point{pixel(f.eyes[0]), pixel(f.eyes[1])},
		Nose: pixel(f.nose),
	}
}

// cutOut cuts a square of so many pixels of the page around a proposal and turns
// it upright, into a crop of the given side. It returns the way back too: from
// the crop's pixels to the page.
func cutOut(page *image.RGBA, p cascade.Proposal, square float64, side int) (*image.RGBA, func(image.Point) spot) {
	scale := float64(side) / square
	sin, cos := math.Sincos(p.Turn * math.Pi / 180)
	half := float64(side) / 2
	a, b := scale*cos, scale*sin
	crop := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.Draw(crop, crop.Rect, image.White, image.Point{}, draw.Src)
	draw.BiLinear.Transform(crop, f64.Aff3{
		a, -b, half - a*p.X + b*p.Y,
		b, a, half - b*p.X - a*p.Y,
	}, page, page.Rect, draw.Src, nil)
	return crop, func(pixel image.Point) spot {
		x, y := (float64(pixel.X)+.5-half)/scale, (float64(pixel.Y)+.5-half)/scale
		return spot{p.X + x*cos + y*sin, p.Y - x*sin + y*cos}
	}
}
