package matcher

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// CropMargin is the side of a crop (CropFace) in inter-eye distances. A head from
// chin to crown is about 3.7 of them high: this leaves some air on each side, as
// a passport photo does.
const CropMargin = 4.6

const (
	// boxMargin is the side in widths of the face's box, where eyes are missing:
	// a box is about 2.3 inter-eye distances wide.
	boxMargin = CropMargin / 2.3
	// eyeLine is how far down the crop the eyes stand: a little above the middle,
	// because less of a head lies below them than above with hair.
	eyeLine = 0.46
	// cropSide is the largest side of a crop in pixels: eyes 87 px apart, more
	// than any model here looks at.
	cropSide = 400
	// averageUnder is the scale from which the four nearest pixels are not enough.
	averageUnder = 0.6
)

// CropFace cuts a face out of a picture, always in the same way: square,
// turned so that the eyes are level, with margin so that the whole head shows,
// at most 400 pixels a side and never enlarged. What would lie outside the
// picture is grey. The picture stays as it is.
func CropFace(picture *image.RGBA, face Face) *image.RGBA {
	left, right := face.Eyes[0], face.Eyes[1]
	dx, dy := float64(right.X-left.X), float64(right.Y-left.Y)
	between := math.Hypot(dx, dy)
	side := between * CropMargin
	centreX, centreY := float64(left.X+right.X)/2, float64(left.Y+right.Y)/2
	cos, sin := 1.0, 0.0
	if between >= 1 {
		cos, sin = dx/between, dy/between
	} else { // no eyes known: a clerk drew the box
		side = boxMargin * float64(max(face.Box.Dx(), face.Box.Dy(), 1))
		centreX, centreY = float64(face.Box.Min.X+face.Box.Max.X)/2, float64(face.Box.Min.Y+face.Box.Max.Y)/2
	}

	n := min(cropSide, max(1, int(math.Round(side))))
	scale := float64(n) / side
	toX, toY := float64(n)/2, float64(n)*eyeLine
	if between < 1 {
		toY = toX
	}
	crop := image.NewRGBA(image.Rect(0, 0, n, n))
	draw.Draw(crop, crop.Rect, image.NewUniform(color.RGBA{128, 128, 128, 255}), image.Point{}, draw.Src)
	a, b := scale*cos, scale*sin
	// Made much smaller, each pixel must be the mean of what it covers; that takes
	// four times as long.
	var by draw.Transformer = draw.ApproxBiLinear
	if scale < averageUnder {
		by = draw.BiLinear
	}
	by.Transform(crop, f64.Aff3{
		a, b, toX - a*centreX - b*centreY,
		-b, a, toY + b*centreX - a*centreY,
	}, picture, picture.Rect, draw.Src, nil)
	return crop
}

// CropEyes is where CropFace puts the centres of the eyes in a crop of so many
// pixels a side: how far from the left each stands, and how far down both.
func CropEyes(side int) (left, right, down float64) {
	apart := float64(side) / CropMargin
	return (float64(side) - apart) / 2, (float64(side) + apart) / 2, float64(side) * eyeLine
}
