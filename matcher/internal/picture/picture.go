// Package picture turns, scales and flattens pictures for the packages below
// matcher. All pictures it returns are new, start at (0, 0) and have a stride
// of 4*width.
package picture

import (
	"image"
	"image/color"
	"runtime"
	"sync"

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
	op := draw.Over
	if o, ok := src.(interface{ Opaque() bool }); ok && o.Opaque() {
		op = draw.Src
	}
	if size == src.Bounds().Size() {
		bands(size.Y, func(from, to int) { flatten(dst, image.Rect(0, from, size.X, to), src, from, op) })
		return dst
	}
	// Bilinear in x/image averages over all source pixels when it makes smaller,
	// so fine print does not turn into false edges. Its buffer takes 32 bytes for
	// each row of the source and column of the result: over a gigabyte for what
	// a good phone makes, which goes row by row instead.
	if s := src.Bounds().Size(); size.X*s.Y > maxBuffered && size.X <= s.X && size.Y <= s.Y {
		bands(size.Y, func(from, to int) { shrink(dst, src, from, to, op) })
		return dst
	}
	if op == draw.Over {
		draw.Draw(dst, dst.Rect, image.White, image.Point{}, draw.Src)
	}
	draw.BiLinear.Scale(dst, dst.Rect, src, src.Bounds(), op, nil)
	return dst
}

// maxBuffered is how many places of its buffer bilinear may use: 256 MB.
const maxBuffered = 8 << 20

// flatten draws the source's rows from this one on, counted from its first, into
// a part of dst; with draw.Over on white.
func flatten(dst *image.RGBA, where image.Rectangle, src image.Image, row int, op draw.Op) {
	if op == draw.Over {
		draw.Draw(dst, where, image.White, image.Point{}, draw.Src)
	}
	draw.Draw(dst, where, src, src.Bounds().Min.Add(image.Pt(0, row)), op)
}

// bands does work on n rows, some of them on each processor.
func bands(n int, work func(from, to int)) {
	count := max(1, min(runtime.GOMAXPROCS(0), n/minBand))
	var others sync.WaitGroup
	for i := range count - 1 {
		others.Go(func() { work(i*n/count, (i+1)*n/count) })
	}
	work((count-1)*n/count, n)
	others.Wait()
}

// minBand is how many rows are worth a goroutine.
const minBand = 64

// shrink fills the rows of dst from one to another with the mean of the area
// that each pixel covers in src, which is no smaller than dst on any side. It
// needs a few rows of memory.
func shrink(dst *image.RGBA, src image.Image, from, to int, op draw.Op) {
	size, small := src.Bounds().Size(), dst.Rect.Size()
	row := image.NewRGBA(image.Rect(0, 0, size.X, 1))
	columns := shares(size.X, small.X)
	sums := make([]uint32, 4*small.X)  // of one source row, each pixel weighed by its share
	total := make([]uint64, 4*small.X) // of the rows of one row of dst, weighed by theirs
	all := uint64(size.X) * uint64(size.Y)
	for y, s := range shares(size.Y, small.Y) {
		if s.at < from-1 || s.at >= to {
			continue
		}
		flatten(row, row.Rect, src, y, op)
		clear(sums)
		for x, c := range columns {
			pixel, sum := row.Pix[4*x:4*x+4:4*x+4], sums[4*c.at:4*c.at+4:4*c.at+4]
			sum[0] += c.here * uint32(pixel[0])
			sum[1] += c.here * uint32(pixel[1])
			sum[2] += c.here * uint32(pixel[2])
			sum[3] += c.here * uint32(pixel[3])
			if c.next > 0 {
				sum = sums[4*c.at+4 : 4*c.at+8 : 4*c.at+8]
				sum[0] += c.next * uint32(pixel[0])
				sum[1] += c.next * uint32(pixel[1])
				sum[2] += c.next * uint32(pixel[2])
				sum[3] += c.next * uint32(pixel[3])
			}
		}
		for i, v := range sums {
			total[i] += uint64(s.here) * uint64(v)
		}
		if (y+1)*small.Y < (s.at+1)*size.Y {
			continue // more rows belong to this one
		}
		out := dst.Pix[s.at*dst.Stride:]
		for i, v := range sums {
			if s.at >= from { // else it is another band's last row
				out[i] = uint8((total[i] + all/2) / all)
			}
			total[i] = uint64(s.next) * uint64(v)
		}
	}
}

// share says to which place a source place goes, with what weight, and with what
// weight to the place behind it.
type share struct {
	at         int
	here, next uint32
}

// shares are those of so many source places in n places, no more than there are
// of them. The weights a place gets add up to the number of source places.
func shares(of, n int) []share {
	all := make([]share, of)
	for i := range all {
		at := i * n / of
		over := max(0, (i+1)*n-(at+1)*of)
		all[i] = share{at, uint32(n - over), uint32(over)}
	}
	return all
}

// Turn returns the picture turned clockwise by a multiple of 90 degrees.
func Turn(src *image.RGBA, degrees int) *image.RGBA {
	right, bottom := src.Rect.Dx()-1, src.Rect.Dy()-1
	switch ((degrees % 360) + 360) % 360 {
	case 90:
		return remap(src, image.Pt(0, bottom), image.Pt(0, -1), image.Pt(1, 0))
	case 180:
		return remap(src, image.Pt(right, bottom), image.Pt(-1, 0), image.Pt(0, -1))
	case 270:
		return remap(src, image.Pt(right, 0), image.Pt(0, 1), image.Pt(-1, 0))
	}
	return src
}

// Mirror returns the picture with left and right exchanged.
func Mirror(src *image.RGBA) *image.RGBA {
	return remap(src, image.Pt(src.Rect.Dx()-1, 0), image.Pt(-1, 0), image.Pt(0, 1))
}

// remap fills a new picture from a place in the old one on, going so far in it
// for each column and each row.
func remap(src *image.RGBA, start, column, row image.Point) *image.RGBA {
	size := src.Rect.Size()
	if column.X == 0 {
		size.X, size.Y = size.Y, size.X
	}
	dst := image.NewRGBA(image.Rectangle{Max: size})
	step := column.Y*src.Stride + column.X*4
	bands(size.Y, func(from, to int) {
		for y := from; y < to; y++ {
			at := src.PixOffset(src.Rect.Min.X+start.X+y*row.X, src.Rect.Min.Y+start.Y+y*row.Y)
			for out := dst.Pix[y*dst.Stride : (y+1)*dst.Stride]; len(out) >= 4; out = out[4:] {
				copy(out[:4], src.Pix[at:at+4])
				at += step
			}
		}
	})
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
