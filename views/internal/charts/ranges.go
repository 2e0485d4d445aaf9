package charts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"facematch/views/internal/draw"
)

// Range is one row of Ranges: a value with its bounds.
type Range struct {
	Name             string
	Low, Value, High float64
	Words            string // beside it
	Apart            bool   // it stands out
	None             bool   // there is nothing to draw but the words
}

// Ranges draws values with their bounds, one below the other.
type Ranges struct {
	chart
	rows []Range
	all  float64 // of all together; negative: none
	unit string
	area plot
}

// NewRanges makes a chart of values with bounds; all is drawn as a line through them.
func NewRanges(rows []Range, all float64, unit string) *Ranges {
	r := &Ranges{rows: rows, all: all, unit: unit}
	r.prepare(max(usual, line*float32(len(rows)+3)))
	r.paint = r.draw
	r.partAt = func(at fyne.Position) int {
		i := int((at.Y - r.area.top) / r.share())
		if at.Y < r.area.top || i >= len(r.rows) {
			return -1
		}
		return i
	}
	r.place = func(i int) (fyne.Position, fyne.Size) {
		return fyne.NewPos(0, r.area.top+r.share()*float32(i)), fyne.NewSize(r.area.left+r.area.width, r.share())
	}
	r.say = func(i int) string { return r.rows[i].Name + ": " + r.rows[i].Words }
	r.ExtendBaseWidget(r)
	return r
}

func (r *Ranges) share() float32 {
	return min(r.area.height/float32(max(len(r.rows), 1)), 2*draw.TextSize(line))
}

func (r *Ranges) draw(d *drawing) {
	most := r.all
	var names, words []string
	for _, row := range r.rows {
		if !row.None {
			most = max(most, row.High)
		}
		names, words = append(names, row.Name), append(words, row.Words)
	}
	to, steps := nice(most)
	high := draw.TextSize(line)
	left := min(widest(names)+gap, d.size.Width/3)
	right := min(widest(words)+gap, d.size.Width/3)
	r.area = plot{left: left, top: high, width: d.size.Width - left - right - gap, height: d.size.Height - 2*high - 4}
	bottom := r.area.top + r.share()*float32(len(r.rows))
	x := func(v float64) float32 { return left + r.area.width*float32(v/to) }
	for i := range steps + 1 {
		v := to * float64(i) / float64(steps)
		d.line(x(v), r.area.top, x(v), bottom, 1, draw.Ink(theme.ColorNameSeparator))
		d.text(x(v), bottom+2, 0, numeral(v)+r.unit, fyne.TextAlignCenter, false)
	}
	if r.all >= 0 {
		d.line(x(r.all), r.area.top, x(r.all), bottom, 2, draw.Ink(theme.ColorNamePlaceHolder))
	}
	for i, row := range r.rows {
		y := r.area.top + r.share()*(float32(i)+0.5)
		d.text(0, y-high/2, left-gap, row.Name, fyne.TextAlignLeading, row.Apart)
		d.text(left+r.area.width+gap, y-high/2, right, row.Words, fyne.TextAlignLeading, row.Apart)
		if row.None {
			continue
		}
		ink := draw.Ink(theme.ColorNamePrimary)
		if row.Apart {
			ink = draw.Ink(draw.ColorRefer)
		}
		d.line(x(row.Low), y, x(row.High), y, 3, ink)
		for _, v := range []float64{row.Low, row.High} {
			d.line(x(v), y-4, x(v), y+4, 2, ink)
		}
		d.circle(x(row.Value), y, 5, ink, !row.Apart)
	}
}
