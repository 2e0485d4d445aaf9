package draw

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app/history"
	"facematch/matcher"
)

const (
	gaugeHeight = 84
	markGap     = 6 // between two numbers below the gauge
)

// bounds are the score's bounds in force for a check; nil where there is none.
type bounds struct{ pass, refer *float64 }

// ScoreBounds reads the bounds off the conditions. Only a condition that asks
// for a high score can be drawn as one; of several the first is.
func ScoreBounds(rules []matcher.Condition) bounds {
	for _, c := range rules {
		if c.Field == "score" && (c.Op == ">=" || c.Op == ">") {
			pass := c.Pass
			return bounds{pass: &pass, refer: c.Refer}
		}
	}
	return bounds{}
}

// Values are the bounds there are, the lower one first.
func (b bounds) Values() []float64 {
	var all []float64
	for _, v := range []*float64{b.refer, b.pass} {
		if v != nil {
			all = append(all, *v)
		}
	}
	return all
}

// Gauge shows a score between 0 and 100 and the bounds it is measured by.
type Gauge struct {
	widget.BaseWidget
	score  float64
	label  string
	color  fyne.ThemeColorName
	bounds bounds
	word   func(history.Outcome) string // for the stretches of the scale
}

// NewGauge makes a gauge of a score; word names the stretches of the scale.
func NewGauge(
	score float64, label string, color fyne.ThemeColorName, b bounds, word func(history.Outcome) string,
) *Gauge {
	g := &Gauge{score: score, label: label, color: color, bounds: b, word: word}
	g.ExtendBaseWidget(g)
	return g
}

// zone is one stretch of the scale.
type zone struct {
	from, to float64
	outcome  history.Outcome // empty where there is no bound
}

// beside is the larger part of the stretch beside the needle, which must not
// cross the word.
func (z zone) beside(needle float64) (from, to float64) {
	switch {
	case needle <= z.from || needle >= z.to:
		return z.from, z.to
	case needle-z.from > z.to-needle:
		return z.from, needle
	}
	return needle, z.to
}

// zones divide the scale at the bounds. A bound outside the scale leaves an
// empty stretch.
func (b bounds) zones() []zone {
	if b.pass == nil {
		return []zone{{0, 100, ""}}
	}
	pass := onScale(*b.pass)
	if b.refer == nil {
		return []zone{{0, pass, history.Fail}, {pass, 100, history.Pass}}
	}
	refer := min(onScale(*b.refer), pass)
	return []zone{{0, refer, history.Fail}, {refer, pass, history.Refer}, {pass, 100, history.Pass}}
}

func onScale(x float64) float64 { return min(max(x, 0), 100) }

// CreateRenderer is part of fyne.Widget.
func (g *Gauge) CreateRenderer() fyne.WidgetRenderer {
	r := &gaugeRenderer{gauge: g, value: canvas.NewText(g.label, nil), needle: canvas.NewLine(nil)}
	r.value.TextStyle.Bold = true
	r.needle.StrokeWidth = 4
	for _, z := range g.bounds.zones() {
		r.zones = append(r.zones, z)
		r.bars = append(r.bars, canvas.NewRectangle(nil))
		word := canvas.NewText("", nil)
		if z.outcome != "" {
			word.Text = g.word(z.outcome)
		}
		word.TextStyle.Bold = true
		word.Alignment = fyne.TextAlignCenter
		r.words = append(r.words, word)
	}
	r.mark(0)
	r.mark(100)
	for _, b := range []*float64{g.bounds.pass, g.bounds.refer} {
		if b != nil {
			r.mark(*b)
		}
	}
	r.Refresh()
	return r
}

type gaugeRenderer struct {
	gauge  *Gauge
	value  *canvas.Text
	needle *canvas.Line
	zones  []zone
	bars   []*canvas.Rectangle
	words  []*canvas.Text // in the bars
	at     []float64      // where the marks stand: the scale's ends, then the bounds
	marks  []*canvas.Text
	ticks  []*canvas.Line
}

func (r *gaugeRenderer) mark(at float64) {
	r.at = append(r.at, at)
	t := canvas.NewText(strconv.FormatFloat(at, 'f', -1, 64), nil)
	t.Alignment = fyne.TextAlignCenter
	r.marks = append(r.marks, t)
	r.ticks = append(r.ticks, canvas.NewLine(nil))
}

func (r *gaugeRenderer) Destroy() {}

func (r *gaugeRenderer) MinSize() fyne.Size { return fyne.NewSize(220, gaugeHeight) }

func (r *gaugeRenderer) Objects() []fyne.CanvasObject {
	var all []fyne.CanvasObject
	for i := range r.bars {
		all = append(all, r.bars[i], r.words[i])
	}
	for i := range r.marks {
		all = append(all, r.ticks[i], r.marks[i])
	}
	return append(all, r.needle, r.value)
}

// Layout places the scale: the value above, the bar in the middle, the marks
// below.
func (r *gaugeRenderer) Layout(size fyne.Size) {
	const side, top, height = 18, 38, 18
	x := func(v float64) float32 { return side + float32(onScale(v)/100)*(size.Width-2*side) }
	for i, z := range r.zones {
		r.bars[i].Move(fyne.NewPos(x(z.from), top))
		r.bars[i].Resize(fyne.NewSize(x(z.to)-x(z.from), height))
		from, to := z.beside(r.gauge.score)
		r.words[i].Move(fyne.NewPos(x(from), top))
		r.words[i].Resize(fyne.NewSize(x(to)-x(from), height))
		r.words[i].Hidden = r.words[i].MinSize().Width > x(to)-x(from)
	}
	for i, at := range r.at {
		r.ticks[i].Position1 = fyne.NewPos(x(at), top+height)
		r.ticks[i].Position2 = fyne.NewPos(x(at), top+height+6)
		r.marks[i].Resize(r.marks[i].MinSize())
		width := r.marks[i].MinSize().Width
		r.marks[i].Move(fyne.NewPos(min(max(x(at)-width/2, 0), size.Width-width), top+height+6))
	}
	r.part(size.Width)
	needle, width := x(r.gauge.score), r.value.MinSize().Width
	r.needle.Position1 = fyne.NewPos(needle, top-6)
	r.needle.Position2 = fyne.NewPos(needle, top+height+4)
	r.value.Resize(r.value.MinSize())
	r.value.Move(fyne.NewPos(min(max(needle-width/2, 0), max(size.Width-width, 0)), 0))
}

// part keeps the marks' numbers from being printed over each other. Two bounds
// move apart, and the scale's ends make way for them. Of
// equal bounds, or where there is no room for both, only pass is written.
func (r *gaugeRenderer) part(width float32) {
	zero, hundred, bounds := r.marks[0], r.marks[1], r.marks[2:]
	if len(bounds) == 2 {
		left, right := bounds[1], bounds[0] // refer is the lower one
		left.Hidden = left.Text == right.Text
		if !left.Hidden && touch(left, right) {
			left.Move(fyne.NewPos(max(0, right.Position().X-left.Size().Width-markGap), left.Position().Y))
			if touch(left, right) { // both at the left edge
				at := left.Size().Width + markGap
				left.Hidden = at+right.Size().Width > width
				if !left.Hidden {
					right.Move(fyne.NewPos(at, right.Position().Y))
				}
			}
		}
	}
	zero.Hidden, hundred.Hidden = false, false
	for _, b := range bounds {
		if !b.Hidden {
			zero.Hidden = zero.Hidden || touch(zero, b)
			hundred.Hidden = hundred.Hidden || touch(hundred, b)
		}
	}
}

// touch says whether two numbers on one line stand too close to be told apart.
func touch(a, b fyne.CanvasObject) bool {
	if a.Position().X > b.Position().X {
		a, b = b, a
	}
	return a.Position().X+a.Size().Width+markGap > b.Position().X+0.01 // not for a rounding error
}

func (r *gaugeRenderer) Refresh() {
	foreground := Ink(theme.ColorNameForeground)
	r.value.Color, r.value.TextSize = Ink(r.gauge.color), TextSize(24)
	r.needle.StrokeColor = foreground
	for i, z := range r.zones {
		r.bars[i].FillColor = Ink(LookOf(z.outcome).Color)
		r.bars[i].Refresh()
		r.words[i].Color, r.words[i].TextSize = Ink(theme.ColorNameBackground), TextSize(11)
		r.words[i].Refresh()
	}
	for i := range r.marks {
		r.marks[i].Color, r.ticks[i].StrokeColor = foreground, foreground
		r.marks[i].TextSize = TextSize(13)
		r.marks[i].Refresh()
		r.ticks[i].Refresh()
	}
	r.needle.Refresh()
	r.value.Refresh()
}
