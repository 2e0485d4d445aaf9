package cascade

import (
	"image"
	"math"
)

// Copy is the brightness of a part of a picture in a copy of the given
// size. Each pixel is the mean of what it covers, so that fine print does not
// turn into false edges; where it covers less than a pixel, it lies evenly
// between neighbours.
func Copy(img *image.RGBA, part image.Rectangle, size image.Point) Gray {
	g := Gray{make([]uint8, size.X*size.Y), size.X, size.Y}
	if size.X*2 > part.Dx() || size.Y*2 > part.Dy() {
		g.enlarge(img, part)
		return g
	}
	// Made much smaller: sums over whole pixels. Of a very large picture every
	// second or third pixel is enough.
	skip := max(1, part.Dx()/size.X/sampled)
	columns := make([]int32, 0, part.Dx()/skip+1) // for each column looked at, where it goes
	for x := 0; x < part.Dx(); x += skip {
		columns = append(columns, int32(x*size.X/part.Dx()))
	}
	sums, counts := make([]int32, size.X), make([]int32, size.X)
	row := 0
	flush := func() {
		for x, n := range counts {
			if n > 0 {
				g.Pix[row*size.X+x] = uint8(sums[x] / (n << 8))
			}
		}
		clear(sums)
		clear(counts)
	}
	for y := 0; y < part.Dy(); y += skip {
		if to := y * size.Y / part.Dy(); to != row {
			flush()
			row = to
		}
		pix := img.Pix[img.PixOffset(part.Min.X, part.Min.Y+y):]
		for i, to := range columns {
			p := pix[4*i*skip:]
			sums[to] += Luma(p)
			counts[to]++
		}
	}
	flush()
	return g
}

// Luma is the brightness of a pixel (ITU-R BT.601), times 256.
func Luma(p []uint8) int32 { return 77*int32(p[0]) + 150*int32(p[1]) + 29*int32(p[2]) }

// enlarge fills the copy bilinearly.
func (g Gray) enlarge(img *image.RGBA, part image.Rectangle) {
	type place struct {
		at, next int
		share    int32 // of next, of 256
	}
	places := func(from, to int) []place {
		all := make([]place, to)
		for i := range all {
			exact := math.Max(0, (float64(i)+.5)*float64(from)/float64(to)-.5)
			at := min(from-1, int(exact))
			all[i] = place{at, min(from-1, at+1), int32(256 * (exact - float64(at)))}
		}
		return all
	}
	columns, rows := places(part.Dx(), g.Width), places(part.Dy(), g.Height)
	for y, r := range rows {
		above, below := img.Pix[img.PixOffset(part.Min.X, part.Min.Y+r.at):], img.Pix[img.PixOffset(part.Min.X, part.Min.Y+r.next):]
		out := g.Pix[y*g.Width : (y+1)*g.Width]
		for x, c := range columns {
			top := Luma(above[4*c.at:])*(256-c.share) + Luma(above[4*c.next:])*c.share
			bottom := Luma(below[4*c.at:])*(256-c.share) + Luma(below[4*c.next:])*c.share
			out[x] = uint8((int64(top)*int64(256-r.share) + int64(bottom)*int64(r.share)) >> 24)
		}
	}
}
