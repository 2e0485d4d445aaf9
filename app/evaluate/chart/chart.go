// Package chart draws curves over two axes, as SVG that follows the light or dark mode of
// the screen. It holds only what an accuracy report needs, so that the program carries no
// plotting library with fonts and a PDF writer.
package chart

import (
	"math"
	"unicode/utf8"
)

// Chart is curves over two axes.
type Chart struct {
	Title  string // what it shows, for readers who cannot see it
	X, Y   Axis
	Curves []Curve
	Marks  []Mark
}

// Axis is one axis from Min to Max; Min must be less, and above 0 where Log is
// set.
type Axis struct {
	Label    string
	Min, Max float64
	Log      bool                   // logarithmic: each power of ten takes the same length
	Format   func(v float64) string // the words for a tick
}

// Curve is one line, its points from left to right. Points outside the axes are moved to
// their ends.
type Curve struct {
	Label  string // for the legend; none where it is empty
	Points [][2]float64
	Second bool // drawn dashed and in the other colour
	Filled bool // the area under it is tinted
}

// Mark is a labelled vertical line.
type Mark struct {
	X     float64
	Label string
}

type point struct{ x, y float64 }

// The classes of lines; the style sheet says how each is drawn.
const (
	gridClass   = "grid"
	axisClass   = "axis"
	markClass   = "mark"
	firstClass  = "first"
	secondClass = "second"
)

type align int

const (
	start align = iota
	middle
	end
)

func (c Chart) draw(on *svg) {
	for _, v := range c.X.ticks() {
		x := c.x(v)
		on.line([]point{{x, top}, {x, height - bottom}}, gridClass)
		on.line([]point{{x, height - bottom}, {x, height - bottom + tickLength}}, axisClass)
		on.text(point{x, height - bottom + tickLength + 15}, middle, c.X.Format(v))
	}
	for _, v := range c.Y.ticks() {
		y := c.y(v)
		on.line([]point{{left, y}, {width - right, y}}, gridClass)
		on.line([]point{{left - tickLength, y}, {left, y}}, axisClass)
		on.text(point{left - tickLength - 4, y + textSize/3}, end, c.Y.Format(v))
	}
	on.line([]point{{left, top}, {left, height - bottom}, {width - right, height - bottom}}, axisClass)
	on.text(point{(left + width - right) / 2, height - 12}, middle, c.X.Label)
	on.text(point{8, 18}, start, c.Y.Label) // level, above its axis: turned text is hard to read

	for _, curve := range c.Curves {
		points := make([]point, len(curve.Points))
		for i, p := range curve.Points {
			points[i] = point{c.x(p[0]), c.y(p[1])}
		}
		if n := len(points); curve.Filled && n > 0 {
			floor := float64(height - bottom)
			under := append([]point{{points[0].x, floor}}, points...)
			on.area(append(under, point{points[n-1].x, floor}), curve.class())
		}
		on.line(points, curve.class())
	}
	c.drawMarks(on)
	c.drawLegend(on)
}

// drawMarks puts each mark's words beside its line: the leftmost's on its left,
// the others' on their right, so that none crosses a neighbour's line, unless
// that would leave the plot.
func (c Chart) drawMarks(on *svg) {
	leftmost := math.Inf(1)
	for _, m := range c.Marks {
		leftmost = math.Min(leftmost, m.X)
	}
	for i, m := range c.Marks {
		x := c.x(m.X)
		on.line([]point{{x, top}, {x, height - bottom}}, markClass)
		long := textWidth(m.Label)
		side, at := start, point{x + 5, top + float64(i+1)*lineHeight}
		if m.X == leftmost && x-long > left || x+long > width-right {
			side, at.x = end, x-5
		}
		on.text(at, side, m.Label)
	}
}

// textWidth is about how long words are.
func textWidth(s string) float64 { return 12 + float64(utf8.RuneCountInString(s))*textSize*0.56 }

// drawLegend puts the curves' names above the plot.
func (c Chart) drawLegend(on *svg) {
	x := float64(left)
	for _, curve := range c.Curves {
		if curve.Label == "" {
			continue
		}
		y := float64(top) - 14
		on.line([]point{{x, y - 4}, {x + legendLine, y - 4}}, curve.class())
		on.text(point{x + legendLine + 6, y}, start, curve.Label)
		x += legendLine + 18 + textWidth(curve.Label)
	}
}

func (c Curve) class() string {
	if c.Second {
		return secondClass
	}
	return firstClass
}

func (c Chart) x(v float64) float64 { return left + c.X.share(v)*(width-left-right) }
func (c Chart) y(v float64) float64 { return height - bottom - c.Y.share(v)*(height-top-bottom) }

// share is where on the axis a value lies, 0 to 1.
func (a Axis) share(v float64) float64 {
	low, high := a.Min, a.Max
	if a.Log {
		low, high, v = math.Log10(low), math.Log10(high), math.Log10(max(v, a.Min))
	}
	return math.Max(0, math.Min(1, (v-low)/(high-low)))
}

// ticks are the powers of ten of a logarithmic axis, round numbers of a linear
// one.
func (a Axis) ticks() []float64 {
	var all []float64
	if a.Log {
		for e := math.Ceil(math.Log10(a.Min) - 1e-9); e <= math.Log10(a.Max)+1e-9; e++ {
			all = append(all, math.Pow(10, e))
		}
		return all
	}
	rough := (a.Max - a.Min) / linearTicks
	step := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, times := range []float64{10, 5, 2} {
		if step*times <= rough*1.5 {
			step *= times
			break
		}
	}
	for i := int(math.Ceil(a.Min/step - 1e-9)); float64(i)*step <= a.Max+step*1e-9; i++ {
		all = append(all, float64(i)*step)
	}
	return all
}
