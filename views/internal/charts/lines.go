package charts

import (
	"math"
	"slices"

	"fyne.io/fyne/v2"

	"facematch/views/internal/draw"
)

// Line is one series of Lines: a value between 0 and 100 for each label, NaN where it has
// no value.
type Line struct {
	Series
	Values []float64
}

// Lines draws how values changed.
type Lines struct {
	chart
	names []string
	lines []Line
	area  plot
}

// NewLines makes a chart of lines; say gives the words for the values of one label.
func NewLines(names []string, lines []Line, say func(i int) string) *Lines {
	l := &Lines{names: names, lines: lines}
	l.prepare(usual)
	l.paint = l.draw
	l.partAt = func(at fyne.Position) int {
		i := int((at.X - l.area.left) / l.share())
		if at.X < l.area.left || i >= len(l.names) {
			return -1
		}
		return i
	}
	l.place = func(i int) (fyne.Position, fyne.Size) {
		return fyne.NewPos(l.area.left+l.share()*float32(i), l.area.top), fyne.NewSize(l.share(), l.area.height)
	}
	l.say = say
	l.ExtendBaseWidget(l)
	return l
}

func (l *Lines) share() float32 { return l.area.width / float32(max(len(l.names), 1)) }

// end is the name of a line, beside its last value.
type end struct {
	name string
	y    float32
}

func (l *Lines) draw(d *drawing) {
	least := 100.0
	var names []string
	for _, one := range l.lines {
		names = append(names, one.Name)
		for _, v := range one.Values {
			if !math.IsNaN(v) {
				least = min(least, v)
			}
		}
	}
	from := 20 * math.Floor(min(least, 99)/20)
	high := draw.TextSize(line)
	l.area = d.scale(from, 100, max(1, int(100-from)/20), high, high+2, min(widest(names)+4*gap, d.size.Width/3))
	x := func(i int) float32 { return l.area.left + l.share()*(float32(i)+0.5) }
	y := func(v float64) float32 { return l.area.top + l.area.height*(1-float32((v-from)/(100-from))) }
	var ends []end
	for k, one := range l.lines {
		last := -1
		for i, v := range one.Values {
			if math.IsNaN(v) {
				continue
			}
			if last >= 0 {
				d.line(x(last), y(one.Values[last]), x(i), y(v), 2, one.Color)
			}
			last = i
		}
		if last < 0 {
			continue
		}
		// The mark at its end, and beside its name, tells a line without its colour.
		d.mark(x(last), y(one.Values[last]), k, one)
		ends = append(ends, end{one.Name, y(one.Values[last])})
	}
	l.write(d, ends)
	d.labels(l.area, l.names)
}

// mark draws the sign of a line: a disc or a ring, small or large.
func (d *drawing) mark(x, y float32, k int, of Line) {
	d.circle(x, y, 4+float32(k/2%3), of.Color, k%2 == 1)
}

// write writes the names at the right, each as near to its line as there is room.
func (l *Lines) write(d *drawing, ends []end) {
	order := make([]int, len(ends))
	for i := range ends {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(100 * (ends[a].y - ends[b].y)) })
	high := draw.TextSize(line)
	next := l.area.top - high/2
	left := l.area.left + l.area.width + gap
	bottom := l.area.top + l.area.height + high/2 - high*float32(len(ends))
	for n, i := range order {
		next = min(max(next, ends[i].y-high/2), bottom+high*float32(n))
		d.mark(left+6, next+high/2, l.index(ends[i].name), l.lines[l.index(ends[i].name)])
		d.text(left+14, next, d.size.Width-left-14, ends[i].name, fyne.TextAlignLeading, false)
		next += high
	}
}

func (l *Lines) index(name string) int {
	return slices.IndexFunc(l.lines, func(of Line) bool { return of.Name == name })
}
