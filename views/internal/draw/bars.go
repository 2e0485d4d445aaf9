package draw

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

const barsHeight = 120

// Bars shows how each frame compared: a column with its percentage, the lowest
// one marked by a word and a frame.
type Bars struct {
	widget.BaseWidget
	percentages []float64
	lowest      int
	lowestWord  string
}

// NewBars makes a chart of the percentages; the word marks the lowest.
func NewBars(percentages []float64, lowestWord string) *Bars {
	b := &Bars{percentages: percentages, lowest: lowestOf(percentages), lowestWord: lowestWord}
	b.ExtendBaseWidget(b)
	return b
}

// lowestOf gives the index of the smallest; the first of several, -1 of none.
func lowestOf(values []float64) int {
	lowest := -1
	for i, v := range values {
		if lowest < 0 || v < values[lowest] {
			lowest = i
		}
	}
	return lowest
}

// CreateRenderer is part of fyne.Widget.
func (b *Bars) CreateRenderer() fyne.WidgetRenderer {
	r := &barsRenderer{bars: b}
	for i, p := range b.percentages {
		value := canvas.NewText(strconv.FormatFloat(p, 'f', 2, 64), nil)
		name := canvas.NewText(strconv.Itoa(i+1), nil)
		if i == b.lowest && len(b.percentages) > 1 {
			name.Text = b.lowestWord
			name.TextStyle.Bold, value.TextStyle.Bold = true, true
		}
		for _, t := range []*canvas.Text{value, name} {
			t.Alignment = fyne.TextAlignCenter
		}
		r.values, r.names = append(r.values, value), append(r.names, name)
		r.grounds = append(r.grounds, canvas.NewRectangle(nil))
		r.columns = append(r.columns, canvas.NewRectangle(nil))
	}
	r.Refresh()
	return r
}

type barsRenderer struct {
	bars             *Bars
	values, names    []*canvas.Text
	grounds, columns []*canvas.Rectangle
}

func (r *barsRenderer) Destroy() {}

func (r *barsRenderer) MinSize() fyne.Size { return fyne.NewSize(220, barsHeight) }

func (r *barsRenderer) Objects() []fyne.CanvasObject {
	var all []fyne.CanvasObject
	for i := range r.columns {
		all = append(all, r.grounds[i], r.columns[i], r.values[i], r.names[i])
	}
	return all
}

// Layout gives each frame an equal share of the width.
func (r *barsRenderer) Layout(size fyne.Size) {
	const widest = 46
	text := TextSize(18) // a line of it
	share := size.Width / float32(max(len(r.columns), 1))
	room := size.Height - 2*text
	for i, p := range r.bars.percentages {
		left, width := share*float32(i), min(share*0.6, widest)
		height := room * float32(onScale(p)/100)
		x := left + (share-width)/2
		r.values[i].Move(fyne.NewPos(left, 0))
		r.values[i].Resize(fyne.NewSize(share, text))
		r.grounds[i].Move(fyne.NewPos(x, text))
		r.grounds[i].Resize(fyne.NewSize(width, room))
		r.columns[i].Move(fyne.NewPos(x, text+room-height))
		r.columns[i].Resize(fyne.NewSize(width, height))
		r.names[i].Move(fyne.NewPos(left, text+room))
		r.names[i].Resize(fyne.NewSize(share, text))
	}
}

func (r *barsRenderer) Refresh() {
	foreground := Ink(theme.ColorNameForeground)
	for i := range r.columns {
		r.values[i].Color, r.names[i].Color = foreground, foreground
		r.values[i].TextSize, r.names[i].TextSize = TextSize(12), TextSize(12)
		r.grounds[i].FillColor = Ink(theme.ColorNameInputBackground)
		r.columns[i].FillColor = Ink(theme.ColorNamePrimary)
		if i == r.bars.lowest && len(r.columns) > 1 {
			r.grounds[i].StrokeColor, r.grounds[i].StrokeWidth = foreground, 2
		}
	}
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
