package offline

import (
	"image"
	"image/color"
	"math"

	"gocv.io/x/gocv"

	"facematch/matcher/internal/picture"
)

// spot is a place in a picture; the middle of the first pixel is (0, 0).
type spot struct{ x, y float64 }

func (s spot) pixel() image.Point { return image.Pt(int(math.Round(s.x)), int(math.Round(s.y))) }

func spotOf(p image.Point) spot { return spot{float64(p.X), float64(p.Y)} }

// similarity moves, turns and scales: (x, y) goes to (a*x - b*y + dx, b*x + a*y + dy).
type similarity struct{ a, b, dx, dy float64 }

func (s similarity) of(p spot) spot {
	return spot{s.a*p.x - s.b*p.y + s.dx, s.b*p.x + s.a*p.y + s.dy}
}

func (s similarity) scale() float64 { return math.Hypot(s.a, s.b) }

func (s similarity) inverse() similarity {
	n := s.a*s.a + s.b*s.b
	back := similarity{a: s.a / n, b: -s.b / n}
	moved := back.of(spot{s.dx, s.dy})
	back.dx, back.dy = -moved.x, -moved.y
	return back
}

// fit is the similarity that takes the points nearest to the others, by least
// squares (Umeyama, IEEE PAMI 13, 1991, without its reflection). The points must
// not all be one.
func fit(from, to []spot) similarity {
	n := float64(len(from))
	var p, q spot // middles
	for i := range from {
		p.x, p.y, q.x, q.y = p.x+from[i].x/n, p.y+from[i].y/n, q.x+to[i].x/n, q.y+to[i].y/n
	}
	var along, across, spread float64
	for i := range from {
		x, y, u, v := from[i].x-p.x, from[i].y-p.y, to[i].x-q.x, to[i].y-q.y
		along += x*u + y*v
		across += x*v - y*u
		spread += x*x + y*y
	}
	s := similarity{a: along / spread, b: across / spread}
	moved := s.of(p)
	s.dx, s.dy = q.x-moved.x, q.y-moved.y
	return s
}

// warped is the picture as the similarity lays it onto a square of so many
// pixels a side, in three channels in the order red, green, blue. What lies
// outside the picture is grey. The caller closes it.
func warped(img *image.RGBA, s similarity, side int) gocv.Mat {
	return warpedOver(img, s, side, gocv.BorderConstant)
}

// warpedOver does the same with a choice of what lies outside the picture: grey, or
// the picture mirrored.
func warpedOver(img *image.RGBA, s similarity, side int, border gocv.BorderType) gocv.Mat {
	from := img.Rect.Min
	img = ownPixels(img)
	s = s.after(similarity{a: 1, dx: float64(from.X - img.Rect.Min.X), dy: float64(from.Y - img.Rect.Min.Y)})
	b := img.Bounds()
	pixels, err := gocv.NewMatFromBytes(b.Dy(), b.Dx(), gocv.MatTypeCV8UC4, img.Pix)
	if scale := s.scale(); err != nil || !(scale > 0) || math.IsInf(scale, 0) { // nothing that could be laid anywhere
		return gocv.NewMatWithSizeFromScalar(gocv.NewScalar(outside, outside, outside, 0), side, side, gocv.MatTypeCV8UC3)
	}
	defer pixels.Close()

	// Only the part that shows is scaled down; three pixels more for the edges.
	part := image.Rectangle{}
	back := s.inverse()
	for i, corner := range []spot{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		p := back.of(spot{corner.x * float64(side), corner.y * float64(side)})
		at := image.Rect(int(p.x)-3, int(p.y)-3, int(p.x)+4, int(p.y)+4)
		if i == 0 {
			part = at
		}
		part = part.Union(at)
	}
	part = part.Intersect(image.Rectangle{Max: b.Size()})
	if part.Empty() {
		return gocv.NewMatWithSizeFromScalar(gocv.NewScalar(outside, outside, outside, 0), side, side, gocv.MatTypeCV8UC3)
	}
	s = s.after(similarity{a: 1, dx: float64(part.Min.X), dy: float64(part.Min.Y)})
	region := pixels.Region(part)
	defer region.Close()
	source := region
	if scale := s.scale(); scale < shrinkFrom {
		// Made smaller by so much, each pixel must be the mean of what it covers.
		size := image.Pt(max(1, int(math.Round(float64(part.Dx())*scale))), max(1, int(math.Round(float64(part.Dy())*scale))))
		small := gocv.NewMat()
		defer small.Close()
		gocv.Resize(region, &small, size, 0, 0, gocv.InterpolationArea)
		fx, fy := float64(part.Dx())/float64(size.X), float64(part.Dy())/float64(size.Y)
		f := (fx + fy) / 2
		s = s.after(similarity{a: f, dx: fx/2 - .5, dy: fy/2 - .5})
		source = small
	}
	matrix := gocv.NewMatWithSize(2, 3, gocv.MatTypeCV64F)
	defer matrix.Close()
	for i, v := range []float64{s.a, -s.b, s.dx, s.b, s.a, s.dy} {
		matrix.SetDoubleAt(i/3, i%3, v)
	}
	four := gocv.NewMat()
	defer four.Close()
	gocv.WarpAffineWithParams(source, &four, matrix, image.Pt(side, side), gocv.InterpolationLinear, border,
		color.RGBA{R: outside, G: outside, B: outside, A: 255})
	out := gocv.NewMat()
	gocv.CvtColor(four, &out, gocv.ColorBGRAToBGR) // drops the fourth; the order stays
	return out
}

// ownPixels is the picture itself or, where it is a part of another one, a copy
// that begins at (0, 0), with no gaps between its rows.
func ownPixels(img *image.RGBA) *image.RGBA {
	b := img.Bounds()
	if b.Min == (image.Point{}) && img.Stride == 4*b.Dx() {
		return img
	}
	return picture.Fit(img, max(b.Dx(), b.Dy()))
}

// after is first the other, then this one.
func (s similarity) after(first similarity) similarity {
	moved := s.of(spot{first.dx, first.dy})
	return similarity{
		a: s.a*first.a - s.b*first.b, b: s.a*first.b + s.b*first.a,
		dx: moved.x, dy: moved.y,
	}
}
