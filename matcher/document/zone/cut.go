package zone

import (
	"image"
	"math"
)

// The picture of one line, as the network was trained with it, in pixels.
const (
	Width  = 768
	Height = 32
	pitch  = 16.0 // from one character to the next
	start  = 32.0 // where the first character's middle is expected
)

// track says where the characters of a line stand on a page: number i, from 0, at
// x = x0 + i*(step + i*bend), on the curve.
type track struct {
	x0, step, bend float64
	curve          curve
}

// x is where a character stands, or a place between two.
func (t track) x(i float64) float64 { return t.x0 + i*(t.step+i*t.bend) }

// shifted is the track of a line so many pitches below.
func (t track) shifted(pitches float64) track {
	down := pitches * t.step
	// The next line begins where a perpendicular meets it.
	t.x0 -= down * t.curve.slope(t.x0)
	t.curve.a += down * (1 + t.curve.b*t.curve.b)
	return t
}

// cutting says how a line is cut out: other than at its best guess where several looks
// are taken.
type cutting struct {
	wider, taller, lower float64 // factors, and a shift in pixels of the cut
}

// cut lays a line of the page straight, as dark print on light paper 32 pixels high.
func cut(page *image.Gray, t track, how cutting) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, Width, Height))
	scale := t.step * math.Hypot(1, t.curve.slope(t.x(10))) / pitch // page pixels for each of the cut
	samples := min(6, max(1, int(math.Ceil(scale))))
	size := page.Rect.Size()
	lights := func(x, y float64) float64 {
		x, y = min(max(x, 0), float64(size.X-1)), min(max(y, 0), float64(size.Y-1))
		ix, iy := min(int(x), size.X-2), min(int(y), size.Y-2)
		fx, fy := x-float64(ix), y-float64(iy)
		p := page.Pix[iy*page.Stride+ix:]
		upper := float64(p[0]) + fx*(float64(p[1])-float64(p[0]))
		p = p[page.Stride:]
		lower := float64(p[0]) + fx*(float64(p[1])-float64(p[0]))
		return upper + fy*(lower-upper)
	}
	n := float64(samples)
	for u := range Width {
		var xs, ys, nx, ny [6]float64
		for s := range samples {
			sub := (float64(s)+.5)/n - .5
			x := t.x((float64(u) + sub - start) / (pitch * how.wider))
			slope := t.curve.slope(x)
			norm := math.Hypot(1, slope)
			xs[s], ys[s], nx[s], ny[s] = x, t.curve.at(x), -slope/norm, 1/norm
		}
		for v := range Height {
			sum := 0.0
			for down := range samples {
				off := (float64(v) + (float64(down)+.5)/n - .5 - (Height-1)/2. - how.lower) * scale / how.taller
				for s := range samples {
					sum += lights(xs[s]+nx[s]*off, ys[s]+ny[s]*off)
				}
			}
			out.Pix[v*out.Stride+u] = uint8(sum/n/n + .5)
		}
	}
	return out
}
