package document

import (
	"image"
	"math"
)

// colours are how colourful a part of a picture is, on a scale of 0 to 127.
type colours struct {
	mean   float64 // distance from grey
	spread float64 // standard deviation: 0 for any picture printed in one ink
}

func coloursOf(img *image.RGBA, part image.Rectangle) colours {
	part = part.Intersect(img.Rect)
	if part.Empty() {
		return colours{}
	}
	var blue, red, blues, reds, mean float64
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := img.Pix[img.PixOffset(part.Min.X, y):]
		for x := range part.Dx() {
			r, g, b := float64(row[4*x]), float64(row[4*x+1]), float64(row[4*x+2])
			u, v := -0.169*r-0.331*g+0.5*b, 0.5*r-0.419*g-0.081*b
			blue, red, blues, reds = blue+u, red+v, blues+u*u, reds+v*v
			mean += math.Hypot(u, v)
		}
	}
	n := float64(part.Dx() * part.Dy())
	blue, red = blue/n, red/n
	return colours{mean / n, math.Sqrt(max(0, blues/n-blue*blue+reds/n-red*red))}
}

// luma is the brightness of a pixel (ITU-R BT.601), times 256.
func luma(p []uint8) int32 { return 77*int32(p[0]) + 150*int32(p[1]) + 29*int32(p[2]) }
