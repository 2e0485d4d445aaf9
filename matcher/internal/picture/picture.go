// Package picture turns, scales and flattens pictures for the packages below
// matcher. All pictures it returns are new, start at (0, 0) and have a stride
// of 4*width.
package picture

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// Fit returns the picture with its longer side at most the given number of
// pixels; one that fits already comes back as it is, if it is an *image.RGBA
// that starts at (0, 0) without gaps between its rows. What is transparent
// becomes white, as on paper.
func Fit(src image.Image, side int) *image.RGBA {
	size := src.Bounds().Size()
	fitted := FitSize(size, side)
	if rgba, ok := src.(*image.RGBA); ok && fitted == size && whole(rgba) && rgba.Opaque() {
		return rgba
	}
	return Resize(src, fitted)
}

// FitSize is the size Fit gives a picture of this size: the same proportions,
// no side under one pixel.
func FitSize(size image.Point, side int) image.Point {
	longer := max(size.X, size.Y)
	if longer <= side {
		return size
	}
	return image.Pt(max(1, (size.X*side+longer/2)/longer), max(1, (size.Y*side+longer/2)/longer))
}

// Resize returns the picture in exactly this size, on white.
func Resize(src image.Image, size image.Point) *image.RGBA {
	dst := image.NewRGBA(image.Rectangle{Max: size})
	op := draw.Src
	if o, ok := src.(interface{ Opaque() bool }); !ok || !o.Opaque() {
		draw.Draw(dst, dst.Bounds(), image.White, image.Point{}, draw.Src)
		op = draw.Over
	}
	if size == src.Bounds().Size() {
		draw.Draw(dst, dst.Bounds(), src, src.Bounds().Min, op)
		return dst
	}
	// Bilinear in x/image averages over all source pixels when it makes smaller,
	// so fine print does not turn into false edges.
	draw.BiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), op, nil)
	return dst
}

// Turn returns the picture turned clockwise by a multiple of 90 degrees.
func Turn(src *image.RGBA, degrees int) *image.RGBA {
	switch ((degrees % 360) + 360) % 360 {
	case 90:
		return remap(src, true, func(x, y, w, h int) (int, int) { return y, h - 1 - x })
	case 180:
		return remap(src, false, func(x, y, w, h int) (int, int) { return w - 1 - x, h - 1 - y })
	case 270:
		return remap(src, true, func(x, y, w, h int) (int, int) { return w - 1 - y, x })
	}
	return src
}

// Mirror returns the picture with left and right exchanged.
func Mirror(src *image.RGBA) *image.RGBA {
	return remap(src, false, func(x, y, w, h int) (int, int) { return w - 1 - x, y })
}

// remap fills each pixel (x, y) of the new picture from the place the function
// names in the old one, which is w wide and h high.
func remap(src *image.RGBA, swapped bool, from func(x, y, w, h int) (int, int)) *image.RGBA {
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if swapped {
		dst = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	out := dst.Pix
	for y := range dst.Rect.Max.Y {
		for x := range dst.Rect.Max.X {
			sx, sy := from(x, y, w, h)
			copy(out[:4], src.Pix[src.PixOffset(b.Min.X+sx, b.Min.Y+sy):])
			out = out[4:]
		}
	}
	return dst
}

// Solid returns a picture of one colour.
func Solid(size image.Point, c color.Color) *image.RGBA {
	dst := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(dst, dst.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return dst
}

func whole(img *image.RGBA) bool {
	return img.Rect.Min == image.Point{} && img.Stride == 4*img.Rect.Dx()
}
