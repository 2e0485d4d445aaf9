package charts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"facematch/views/internal/draw"
)

// Bar is one bar of a Stack.
type Bar struct {
	Label  string    // below it
	Say    string    // what is shown when the mouse is over it
	Values []float64 // of each series, from below
}

// Bound is a vertical line through a Stack.
type Bound struct {
	At    float64 // in bars from the left
	Label string
}

// Stack draws bars, each of several series on top of each other.
type Stack struct {
	chart
	series []Series
	bars   []Bar
	bounds []Bound
	area   plot
}

// NewStack makes a chart of bars.
func NewStack(series []Series, bars []Bar, bounds []Bound) *Stack {
	s := &Stack{series: series, bars: bars, bounds: bounds}
	s.prepare(usual)
	s.paint = s.draw
	s.partAt = func(at fyne.Position) int {
		i := int((at.X - s.area.left) / s.share())
		if at.X < s.area.left || i >= len(s.bars) {
			return -1
		}
		return i
	}
	s.place = func(i int) (fyne.Position, fyne.Size) {
		return fyne.NewPos(s.area.left+s.share()*float32(i), s.area.top), fyne.NewSize(s.share(), s.area.height)
	}
	s.say = func(i int) string { return s.bars[i].Say }
	s.ExtendBaseWidget(s)
	return s
}

func (s *Stack) share() float32 { return s.area.width / float32(max(len(s.bars), 1)) }

func (s *Stack) draw(d *drawing) {
	most := 0.0
	var names []string
	for _, b := range s.bars {
		sum := 0.0
		for _, v := range b.Values {
			sum += v
		}
		most = max(most, sum)
		names = append(names, b.Label)
	}
	to, steps := nice(most)
	top := draw.TextSize(line)
	if len(s.series) > 1 {
		top = d.legend(s.series)
	}
	s.area = d.scale(0, to, steps, top, draw.TextSize(line)+2, 0)
	width := max(1, s.share()*0.8)
	if s.share() < 3 {
		width = s.share()
	}
	for i, b := range s.bars {
		x, y := s.area.left+s.share()*(float32(i)+0.5)-width/2, s.area.top+s.area.height
		for k, v := range b.Values {
			if v <= 0 {
				continue
			}
			height := max(1, s.area.height*float32(v/to))
			y -= height
			d.rectangle(x, y, width, height, s.series[k].Color)
		}
	}
	for _, b := range s.bounds {
		x := s.area.left + s.share()*float32(b.At)
		d.line(x, s.area.top, x, s.area.top+s.area.height, 2, draw.Ink(theme.ColorNameForeground))
		d.text(x-4, s.area.top, 0, b.Label, fyne.TextAlignTrailing, true)
	}
	d.labels(s.area, names)
}
