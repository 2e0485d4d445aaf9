package zone

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// line is where something like a line of print lies on a page, in its pixels: between
// two columns, along a curve y = a + b*x + c*x*x that runs through its middle.
type line struct {
	from, to float64
	curve    curve
	height   float64 // about that of its capitals
	weight   float64 // how well it stands out

	characters float64 // of one width that fit between its ends, where it is spaced evenly
	clarity    float64 // how clearly they do
}

type curve struct{ a, b, c float64 }

func (c curve) at(x float64) float64    { return c.a + x*(c.b+x*c.c) }
func (c curve) slope(x float64) float64 { return c.b + 2*c.c*x }

// lines finds what may be lines of a zone on a page, the likeliest first. It looks at the
// page at several sizes, at each for print of one height.
func lines(page *image.Gray) (all []line) {
	longer := max(page.Rect.Dx(), page.Rect.Dy())
	page = fitted(page, levels[0])
	work := newWorkshop(page.Rect.Dx(), page.Rect.Dy())
	for i, side := range levels {
		if i > 0 && side >= longer {
			continue
		}
		small := fitted(page, side)
		scale := float64(longer) / float64(max(small.Rect.Dx(), small.Rect.Dy()))
		for _, l := range work.ridges(small) {
			all = append(all, l.times(scale))
		}
	}
	slices.SortStableFunc(all, func(a, b line) int { return cmp.Compare(b.weight, a.weight) })
	return distinct(all)
}

// times gives the line on a page that is so much larger.
func (l line) times(scale float64) line {
	l.from, l.to, l.height = l.from*scale, l.to*scale, l.height*scale
	l.curve.a *= scale
	l.curve.c /= scale
	return l
}

// upsideDown gives the lines on a page of this size that is turned by 180 degrees.
func upsideDown(all []line, size image.Point) []line {
	w, h := float64(size.X-1), float64(size.Y-1)
	turned := slices.Clone(all)
	for i, l := range all {
		t := &turned[i]
		t.from, t.to = w-l.to, w-l.from
		t.curve = curve{a: h - l.curve.a - w*(l.curve.b+w*l.curve.c), b: l.curve.b + 2*w*l.curve.c, c: -l.curve.c}
	}
	return turned
}

// is reports whether a row is on the line.
func (l line) is(r row) bool {
	x := (l.from + l.to) / 2
	return math.Abs(l.curve.at(x)-r.track.curve.at(x)) < r.track.step
}

// distinct keeps one of those that several sizes show, the first.
func distinct(all []line) (kept []line) {
	for _, l := range all {
		if !slices.ContainsFunc(kept, func(k line) bool {
			shared := min(k.to, l.to) - max(k.from, l.from)
			x := (max(k.from, l.from) + min(k.to, l.to)) / 2
			return shared > 0.85*max(k.to-k.from, l.to-l.from) && math.Abs(k.curve.at(x)-l.curve.at(x)) < 0.6*l.height
		}) {
			kept = append(kept, l)
		}
	}
	return kept
}

// workshop is the memory in which lines are looked for at one size after another.
type workshop struct {
	strokes, sums, ridge []float32
	top, used            []bool
}

func newWorkshop(w, h int) *workshop {
	n := w * h
	return &workshop{make([]float32, n), make([]float32, n+w), make([]float32, n), make([]bool, n), make([]bool, n)}
}

// ridges finds lines of print of about ridgeHeight pixels: rows with many strokes, with
// few above and below.
func (m *workshop) ridges(img *image.Gray) []line {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w < leastLine || h < 4*ridgeHeight {
		return nil
	}
	m.findStrokes(img)
	m.findRidge(w, h)
	// Where a ridge has its top.
	ridge, top := m.ridge[:w*h], m.top[:w*h]
	clear(top)
	for y := 2; y < h-2; y++ {
		for at := y * w; at < (y+1)*w; at++ {
			r := ridge[at]
			top[at] = r > leastRidge && r >= ridge[at-w] && r >= ridge[at+w] && r >= ridge[at-2*w] && r >= ridge[at+2*w]
		}
	}
	return joined(m.chains(w, h))
}

// findStrokes says how strong the strokes are around each pixel: the mean change from left
// to right over some characters.
func (m *workshop) findStrokes(img *image.Gray) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	sums := make([]int32, w+1)
	const all = 2*strokeReach + 1
	for y := range h {
		row := img.Pix[y*img.Stride : y*img.Stride+w]
		for x := 1; x < w-1; x++ {
			change := int32(row[x+1]) - int32(row[x-1])
			sums[x+1] = sums[x] + max(change, -change)
		}
		sums[w] = sums[w-1]
		out := m.strokes[y*w : (y+1)*w]
		for x := range out {
			from, to := max(0, x-strokeReach), min(w, x+strokeReach+1)
			if change := float32(sums[to] - sums[from]); to-from == all {
				out[x] = change * (1. / all)
			} else {
				out[x] = change / float32(to-from)
			}
		}
	}
}

// findRidge says how much more strokes there are over the height of a line about each pixel
// than in the gaps above and below.
func (m *workshop) findRidge(w, h int) {
	// Row y of sums holds those of all rows above y.
	row := func(y int) []float32 { return m.sums[y*w : (y+1)*w] }
	clear(row(0))
	for y := range h {
		last, next, strokes := row(y), row(y+1), m.strokes[y*w:(y+1)*w]
		for x := range next {
			next[x] = last[x] + strokes[x]
		}
	}
	// between gives the two rows of sums around some rows of the picture, and the share of
	// each of these in their mean.
	between := func(from, to int) (upper, lower []float32, share float32) {
		if from, to = max(0, from), min(h, to); to > from {
			return row(from), row(to), 1 / float32(to-from)
		}
		return row(0), row(0), 0
	}
	const half, gap = ridgeHeight / 2, ridgeHeight
	for y := range h {
		a0, a1, above := between(y-half-gap, y-half-2)
		m0, m1, middle := between(y-half, y+half+1)
		b0, b1, below := between(y+half+3, y+half+gap+1)
		out := m.ridge[y*w : (y+1)*w]
		a0, a1, m0, m1, b0, b1 = a0[:len(out)], a1[:len(out)], m0[:len(out)], m1[:len(out)], b0[:len(out)], b1[:len(out)]
		for x := range out {
			out[x] = middle*(m1[x]-m0[x]) - (above*(a1[x]-a0[x])+below*(b1[x]-b0[x]))/2
		}
	}
}

// chain is a run of tops from left to right.
type chain struct {
	xs, ys []float64
	weight float64
}

// chains follows the tops from left to right, over gaps of some pixels.
func (m *workshop) chains(w, h int) (all []chain) {
	top, used := m.top, m.used[:w*h]
	clear(used)
	for x := range w {
		for y := range h {
			if !top[y*w+x] || used[y*w+x] {
				continue
			}
			c := chain{}
			cx, cy := x, y
			for {
				used[cy*w+cx] = true
				c.xs, c.ys = append(c.xs, float64(cx)), append(c.ys, float64(cy))
				c.weight += float64(m.ridge[cy*w+cx])
				nx, ny, ok := next(top, used, w, h, cx, cy)
				if !ok {
					break
				}
				cx, cy = nx, ny
			}
			if len(c.xs) >= leastChain {
				all = append(all, c)
			}
		}
	}
	return all
}

// next is the nearest top that follows.
func next(top, used []bool, w, h, x, y int) (nx, ny int, ok bool) {
	for nx = x + 1; nx <= x+chainGap && nx < w; nx++ {
		reach := 1 + (nx-x)/4
		for d := 0; d <= reach; d++ {
			for _, ny = range [2]int{y - d, y + d} {
				if ny >= 0 && ny < h && top[ny*w+nx] && !used[ny*w+nx] {
					return nx, ny, true
				}
			}
		}
	}
	return 0, 0, false
}

// joined puts together the chains that lie on one line, and keeps what is long and
// straight enough.
func joined(all []chain) (kept []line) {
	slices.SortStableFunc(all, func(a, b chain) int { return cmp.Compare(len(b.xs), len(a.xs)) })
	taken := make([]bool, len(all))
	for i, c := range all {
		if taken[i] || len(c.xs) < seedChain {
			continue
		}
		grown := c
		fitted := fitLine(grown)
		for again := true; again; {
			again = false
			for j := range all {
				if taken[j] || j == i || !continues(fitted, all[j]) {
					continue
				}
				taken[j], again = true, true
				grown.xs = append(slices.Clone(grown.xs), all[j].xs...)
				grown.ys = append(slices.Clone(grown.ys), all[j].ys...)
				grown.weight += all[j].weight
				fitted = fitLine(grown)
			}
		}
		taken[i] = true
		if length := fitted.to - fitted.from; length >= leastLine &&
			math.Abs(fitted.curve.slope((fitted.from+fitted.to)/2)) < steepest {
			kept = append(kept, fitted)
		}
	}
	return kept
}

// continues reports whether a chain goes on where a line ends.
func continues(l line, c chain) bool {
	from, to := c.xs[0], c.xs[len(c.xs)-1]
	if from > l.to+joinGap || to < l.from-joinGap || min(to, l.to)-max(from, l.from) > 0.3*(to-from) {
		return false
	}
	off := 0.0
	for i := range c.xs {
		off += math.Abs(c.ys[i] - l.curve.at(c.xs[i]))
	}
	return off/float64(len(c.xs)) < joinOff
}

// fitLine lays a line through a chain: a straight one, or a bent one where that is long
// and fits much better.
func fitLine(c chain) line {
	from, to := slices.Min(c.xs), slices.Max(c.xs)
	middle := (from + to) / 2
	// Moments about the middle.
	var n, s1, s2, s3, s4, t0, t1, t2 float64
	for i := range c.xs {
		x, y := (c.xs[i]-middle)/100, c.ys[i]
		n, s1, s2, s3, s4 = n+1, s1+x, s2+x*x, s3+x*x*x, s4+x*x*x*x
		t0, t1, t2 = t0+y, t1+x*y, t2+x*x*y
	}
	l := line{from: from, to: to, height: ridgeHeight, weight: c.weight}
	det := n*s2 - s1*s1
	if det <= 0 {
		l.curve.a = t0 / n
		return l
	}
	straight := [3]float64{(t0*s2 - t1*s1) / det, (n*t1 - s1*t0) / det, 0}
	best := straight
	if d := n*(s2*s4-s3*s3) - s1*(s1*s4-s2*s3) + s2*(s1*s3-s2*s2); to-from > leastLine && d > 1e-9 {
		bent := [3]float64{
			(t0*(s2*s4-s3*s3) - s1*(t1*s4-t2*s3) + s2*(t1*s3-t2*s2)) / d,
			(n*(t1*s4-t2*s3) - t0*(s1*s4-s2*s3) + s2*(s1*t2-s2*t1)) / d,
			(n*(s2*t2-s3*t1) - s1*(s1*t2-s2*t1) + t0*(s1*s3-s2*s2)) / d,
		}
		if off(c, middle, bent) < 0.7*off(c, middle, straight) {
			best = bent
		}
	}
	a, b, q := best[0], best[1]/100, best[2]/10000
	l.curve = curve{a: a - b*middle + q*middle*middle, b: b - 2*q*middle, c: q}
	return l
}

// off is the mean distance of a chain from a curve about the middle.
func off(c chain, middle float64, k [3]float64) (sum float64) {
	for i := range c.xs {
		x := (c.xs[i] - middle) / 100
		sum += math.Abs(c.ys[i] - k[0] - x*(k[1]+x*k[2]))
	}
	return sum / float64(len(c.xs))
}
