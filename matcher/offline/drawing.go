package offline

import (
	"image"
	"image/color"
)

// drawnSide is the side of the drawn face's picture, in pixels.
const drawnSide = 240

// oval is a part of the drawn face: its middle, its half axes, and its colour.
type oval struct {
	x, y, wide, high int
	colour           color.RGBA
}

// drawnFace is a face of ovals, softened, that go-face's own detector takes for one. It is
// made of whole numbers, so it is the same to the bit on every processor.
func drawnFace() *image.RGBA {
	skin, shade := color.RGBA{214, 170, 140, 255}, color.RGBA{178, 130, 104, 255}
	white, dark := color.RGBA{236, 232, 226, 255}, color.RGBA{48, 34, 28, 255}
	parts := []oval{
		{120, 250, 110, 70, color.RGBA{60, 78, 110, 255}}, // shoulders
		{120, 190, 34, 50, shade},                         // neck
		{120, 96, 74, 84, dark},                           // hair
		{120, 120, 60, 78, skin},
		{92, 104, 17, 8, shade}, {148, 104, 17, 8, shade}, // the hollows of the eyes
		{92, 92, 17, 4, dark}, {148, 92, 17, 4, dark}, // brows
		{92, 106, 12, 6, white}, {148, 106, 12, 6, white},
		{92, 106, 6, 6, dark}, {148, 106, 6, 6, dark},
		{120, 138, 11, 8, shade}, {113, 141, 4, 3, dark}, {127, 141, 4, 3, dark}, // nose
		{120, 164, 24, 6, color.RGBA{160, 84, 80, 255}}, {120, 164, 22, 2, dark}, // mouth
	}
	img := image.NewRGBA(image.Rect(0, 0, drawnSide, drawnSide))
	for y := range drawnSide {
		for x := range drawnSide {
			c := color.RGBA{uint8(150 + x/4), uint8(160 + y/5), 190, 255}
			for _, p := range parts {
				u, v := (x-p.x)*p.high, (y-p.y)*p.wide
				if u*u+v*v <= p.wide*p.wide*p.high*p.high {
					c = p.colour
				}
			}
			img.SetRGBA(x, y, c)
		}
	}
	for range 3 {
		img = softened(img)
	}
	return img
}

// softened is the picture with each pixel the mean of the nine around it.
func softened(img *image.RGBA) *image.RGBA {
	soft := image.NewRGBA(img.Rect)
	last := drawnSide - 1
	for y := range drawnSide {
		for x := range drawnSide {
			for part := range 4 {
				sum := 0
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						sum += int(img.Pix[img.PixOffset(min(max(x+dx, 0), last), min(max(y+dy, 0), last))+part])
					}
				}
				soft.Pix[soft.PixOffset(x, y)+part] = uint8(sum / 9)
			}
		}
	}
	return soft
}
