package paper

import (
	"math"
	"strconv"

	"codeberg.org/go-pdf/fpdf"
)

// Shape is a form that stands for a verdict beside its word and colour.
type Shape int

// The shapes, as on the screen.
const (
	Tick Shape = iota
	Question
	Cross
	Circle
	Triangle
	Square
	Broken
	Dots
)

// strokes of each shape, as lines in a square of side 1; Circle and Question are
// drawn otherwise.
var strokes = map[Shape][][4]float64{
	Tick:  {{0.15, 0.55, 0.40, 0.80}, {0.40, 0.80, 0.87, 0.22}},
	Cross: {{0.18, 0.18, 0.82, 0.82}, {0.82, 0.18, 0.18, 0.82}},
	Triangle: {
		{0.5, 0.10, 0.94, 0.88}, {0.94, 0.88, 0.06, 0.88}, {0.06, 0.88, 0.5, 0.10}, {0.5, 0.38, 0.5, 0.60},
		{0.5, 0.70, 0.5, 0.77},
	},
	Square: {{0.2, 0.2, 0.8, 0.2}, {0.8, 0.2, 0.8, 0.8}, {0.8, 0.8, 0.2, 0.8}, {0.2, 0.8, 0.2, 0.2}},
	Broken: {{0.05, 0.5, 0.38, 0.5}, {0.62, 0.5, 0.95, 0.5}, {0.38, 0.5, 0.44, 0.25}, {0.56, 0.75, 0.62, 0.5}},
	Dots:   {{0.15, 0.5, 0.2, 0.5}, {0.48, 0.5, 0.53, 0.5}, {0.81, 0.5, 0.86, 0.5}},
}

func (d *Paper) shape(s Shape, x, y, side float64, c Colour) {
	d.pdf.SetDrawColor(int(c.R), int(c.G), int(c.B))
	d.pdf.SetLineWidth(side / 9)
	d.pdf.SetLineCapStyle("round")
	d.pdf.SetLineJoinStyle("round")
	for _, l := range strokes[s] {
		d.pdf.Line(x+l[0]*side, y+l[1]*side, x+l[2]*side, y+l[3]*side)
	}
	if s == Circle || s == Question {
		d.pdf.Circle(x+side/2, y+side/2, side*0.4, "D")
	}
	if s == Question {
		mark := Style{Size: side * 0.6 * pointsPerMM, Bold: true, Colour: c}
		d.put(x+side/2-d.width("?", mark)/2, y+side*0.19, "?", mark)
	}
	d.pdf.SetLineCapStyle("butt")
	d.pdf.SetLineJoinStyle("miter")
}

// Verdict prints the one word the document is about: shape, word and colour, and
// what belongs to it below.
func (d *Paper) Verdict(s Shape, word string, c Colour, below ...string) {
	const side, pad, indent = 13.0, 4.0, 24.0
	small := Style{Size: 9.5}
	var lines []line
	for _, text := range below {
		lines = append(lines, d.lines(text, small, Width-indent-pad)...)
	}
	big := Style{Size: 22, Bold: true, Colour: c}
	height := 2*pad + big.height() + float64(len(lines))*small.height()
	d.Need(height)
	d.fill(margin, d.y, Width, height, faint)
	d.fill(margin, d.y, 1.6, height, c)
	d.shape(s, margin+pad+2, d.y+pad, side, c)
	y := d.y + pad - 1
	d.put(margin+indent, y, word, big)
	y += big.height() + 1
	for _, l := range lines {
		d.draw(l, margin+indent, y, small)
		y += small.height()
	}
	d.y += height + 3
}

// Bound is a place on a scale from 0 to 100 that means something.
type Bound struct {
	At     float64
	Label  string
	Colour Colour
}

// Zone is a stretch of the scale.
type Zone struct {
	From, To float64
	Label    string
	Colour   Colour
}

// Gauge prints a value on a scale from 0 to 100 with its zones and bounds.
func (d *Paper) Gauge(value float64, label string, c Colour, zones []Zone, bounds []Bound) {
	const above, bar, below = 8.0, 7.0, 9.0
	d.Need(above + bar + below)
	x := func(v float64) float64 { return margin + Width*math.Min(100, math.Max(0, v))/100 }
	top := d.y + above
	for _, z := range zones {
		d.fill(x(z.From), top, x(z.To)-x(z.From), bar, tint(z.Colour))
		s := Style{Size: 8, Bold: true, Colour: z.Colour}
		if w := d.width(z.Label, s); w < x(z.To)-x(z.From)-2 {
			at := (x(z.From)+x(z.To))/2 - w/2
			// The needle must not cross the word.
			if needle := x(value); needle > at-2 && needle < at+w+2 {
				switch {
				case needle-x(z.From) > w+4:
					at = needle - w - 3
				case x(z.To)-needle > w+4:
					at = needle + 3
				default:
					at = math.NaN()
				}
			}
			if !math.IsNaN(at) {
				d.put(at, top+1.6, z.Label, s)
			}
		}
	}
	d.pdf.SetDrawColor(int(muted.R), int(muted.G), int(muted.B))
	d.pdf.SetLineWidth(0.3)
	d.pdf.Rect(margin, top, Width, bar, "D")
	small := Style{Size: smallSize, Colour: muted}
	for _, b := range append([]Bound{{At: 0, Label: "0"}, {At: 100, Label: "100"}}, bounds...) {
		d.pdf.Line(x(b.At), top, x(b.At), top+bar+1.5)
		w := d.width(b.Label, small)
		d.put(math.Min(math.Max(margin, x(b.At)-w/2), margin+Width-w), top+bar+1.8, b.Label, small)
	}
	d.pdf.SetFillColor(int(c.R), int(c.G), int(c.B))
	d.pdf.Polygon(
		[]fpdf.PointType{{X: x(value) - 2, Y: top - 2.6}, {X: x(value) + 2, Y: top - 2.6}, {X: x(value), Y: top}}, "F",
	)
	d.pdf.SetDrawColor(int(c.R), int(c.G), int(c.B))
	d.pdf.SetLineWidth(0.8)
	d.pdf.Line(x(value), top-1, x(value), top+bar)
	s := Style{Size: 11, Bold: true, Colour: c}
	w := d.width(label, s)
	d.put(math.Min(math.Max(margin, x(value)-w/2), margin+Width-w), top-2.8-s.height(), label, s)
	d.y = top + bar + below
}

// tint is a colour as a ground under letters of that colour.
func tint(c Colour) Colour {
	light := func(v uint8) uint8 { return uint8(255 - (255-int(v))*14/100) }
	return Colour{light(c.R), light(c.G), light(c.B)}
}

// Bar is one value from 0 to 100.
type Bar struct {
	Value  float64
	Label  string // below it
	Number string // below that
	Colour Colour
}

// barsPerRow is how many bars stand beside each other, with room for their
// labels.
const barsPerRow = 16

// Bars prints values as upright bars in rows, with dashed lines at the bounds.
func (d *Paper) Bars(bars []Bar, bounds []Bound) {
	const high, above, below = 17.0, 1.0, 8.5
	label, small := Style{Size: 6.8, Colour: Colour{0x1c, 0x1f, 0x24}}, Style{Size: 6, Colour: muted}
	for len(bars) > 0 {
		row := bars[:min(barsPerRow, len(bars))]
		bars = bars[len(row):]
		d.Need(above + high + below)
		step := Width / barsPerRow
		base := d.y + above + high
		y := func(v float64) float64 { return base - high*math.Min(100, math.Max(0, v))/100 }
		for i, b := range row {
			x := margin + step*float64(i)
			d.fill(x+step*0.22, y(b.Value), step*0.56, base-y(b.Value), b.Colour)
			d.put(x+step/2-d.width(b.Label, label)/2, base+0.6, b.Label, label)
			d.put(x+step/2-d.width(b.Number, small)/2, base+3.6, b.Number, small)
		}
		end := margin + step*float64(len(row))
		d.pdf.SetDrawColor(int(grid.R), int(grid.G), int(grid.B))
		d.pdf.SetLineWidth(0.3)
		d.pdf.Line(margin, base, end, base)
		d.pdf.SetDashPattern([]float64{1, 1}, 0)
		for _, b := range bounds {
			d.pdf.SetDrawColor(int(b.Colour.R), int(b.Colour.G), int(b.Colour.B))
			d.pdf.Line(margin, y(b.At), end, y(b.At))
			d.put(end+0.8, y(b.At)-1.5, b.Label, Style{Size: 6, Colour: b.Colour})
		}
		d.pdf.SetDashPattern(nil, 0)
		d.y = base + below
	}
}

// Series is what one colour of a Stack stands for.
type Series struct {
	Name   string
	Colour Colour
}

// Stacked is one bar of a Stack: a value of each series, from below.
type Stacked struct {
	Label  string
	Values []float64
}

// Stack prints bars of several series on top of each other, the tallest as high as there
// is room for, with its sum beside it.
func (d *Paper) Stack(series []Series, columns []Stacked) {
	const high, above, below = 30.0, 2.0, 9.0
	small := Style{Size: 6.8, Colour: Colour{0x1c, 0x1f, 0x24}}
	most := 0.0
	for _, c := range columns {
		sum := 0.0
		for _, v := range c.Values {
			sum += v
		}
		most = math.Max(most, sum)
	}
	if most == 0 {
		return
	}
	d.Need(above + high + below)
	base := d.y + above + high
	step := Width / float64(max(len(columns), barsPerRow))
	every := 1
	for float64(every)*step < d.width(columns[0].Label, small)+3 && every < len(columns) {
		every++
	}
	for i, c := range columns {
		x, y := margin+step*float64(i), base
		for k, v := range c.Values {
			height := high * v / most
			y -= height
			if v > 0 {
				d.fill(x+step*0.1, y, step*0.8, height, series[k].Colour)
			}
		}
		if i%every == 0 {
			d.put(x, base+0.6, c.Label, small)
		}
	}
	d.put(margin, d.y-1, strconv.FormatFloat(most, 'f', -1, 64), small)
	x := margin
	for _, s := range series {
		d.fill(x, base+4.9, 2.2, 2.2, s.Colour)
		d.put(x+3, base+4.4, s.Name, small)
		x += 3 + d.width(s.Name, small) + 4
	}
	d.y = base + below
}
