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
	// so fine print does not turn into false edges. Its buffer takes 32 bytes for
	// each row of the source and column of the result: over a gigabyte for what
	// a good phone makes, which goes row by row instead.
	if s := src.Bounds().Size(); size.X*s.Y > maxBuffered && size.X <= s.X && size.Y <= s.Y {
		shrink(dst, src)
		return dst
	}
	draw.BiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), op, nil)
	return dst
}

// maxBuffered is how many places of its buffer bilinear may use: 256 MB.
const maxBuffered = 8 << 20

// shrink fills dst, which is no larger than src on any side, with the mean of
// the area that each of its pixels covers. It needs a few rows of memory.
func shrink(dst *image.RGBA, src image.Image) {
	from, to := src.Bounds(), dst.Rect.Size()
	size := from.Size()
	row := image.NewRGBA(image.Rect(0, 0, size.X, 1))
	sums := make([]uint64, 4*to.X)  // of one source row, each pixel weighed by its share
	total := make([]uint64, 4*to.X) // of the rows of one row of dst, weighed by theirs
	all := uint64(size.X) * uint64(size.Y)
	for y := range size.Y {
		draw.Draw(row, row.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(row, row.Rect, src, image.Pt(from.Min.X, from.Min.Y+y), draw.Over)
		clear(sums)
		for x := range size.X {
			pixel := row.Pix[4*x : 4*x+4]
			at, here, next := share(x, size.X, to.X)
			for c, v := range pixel {
				sums[4*at+c] += here * uint64(v)
				if next > 0 {
					sums[4*at+4+c] += next * uint64(v)
				}
			}
		}
		at, here, next := share(y, size.Y, to.Y)
		for i, v := range sums {
			total[i] += here * v
		}
		if (y+1)*to.Y < (at+1)*size.Y {
			continue // more rows belong to this one
		}
		out := dst.Pix[at*dst.Stride:]
		for i, v := range total {
			out[i] = uint8((v + all/2) / all)
			total[i] = next * sums[i]
		}
	}
}

// share says to which of n places the i-th of a larger number of source places
// goes, with what weight, and with what weight to the place behind it. The
// weights a place gets add up to the number of source places.
func share(i, of, n int) (at int, here, next uint64) {
	at = i * n / of
	over := max(0, (i+1)*n-(at+1)*of)
	return at, uint64(n - over), uint64(over)
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
