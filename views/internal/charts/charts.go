// Package charts draws the numbers of an overview: stacked bars, lines, and rates with their
// bounds. A chart shows what is under the mouse in words, and tells which part was clicked.
// It knows no screen and no desk. Nothing is told by colour alone: series have names or
// marks of their own, and who needs the numbers finds them in a table elsewhere.
package charts

import (
	"image/color"
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/views/internal/draw"
)

const (
	textSize = 11  // of all writing
	line     = 15  // a line of it
	gap      = 6   // between things that stand beside each other
	least    = 220 // width
	usual    = 140 // height of a chart
)

// Series is what one colour stands for.
type Series struct {
	Name  string
	Color color.Color
}

// chart is what all charts have: a drawing that is made anew for each size, the part that
// is under the mouse, and what a click does.
type chart struct {
	widget.BaseWidget
	height   float32
	paint    func(d *drawing)
	partAt   func(at fyne.Position) int // the part there; -1: none
	place    func(part int) (fyne.Position, fyne.Size)
	say      func(part int) string
	OnTapped func(part int) // a part was clicked; nil: nothing happens

	hovered int
	tip     *canvas.Text
	band    *canvas.Rectangle
}

func (c *chart) prepare(height float32) {
	c.height, c.hovered = height, -1
	c.tip, c.band = canvas.NewText("", nil), canvas.NewRectangle(nil)
	c.tip.Alignment = fyne.TextAlignTrailing
	c.tip.Hide()
	c.band.Hide()
}

// CreateRenderer is part of fyne.Widget.
func (c *chart) CreateRenderer() fyne.WidgetRenderer { return &renderer{chart: c} }

// Tapped is part of fyne.Tappable.
func (c *chart) Tapped(e *fyne.PointEvent) {
	if part := c.partAt(e.Position); part >= 0 && c.OnTapped != nil {
		c.OnTapped(part)
	}
}

// Cursor is part of desktop.Cursorable: it shows what can be clicked.
func (c *chart) Cursor() desktop.Cursor {
	if c.OnTapped != nil && c.hovered >= 0 {
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

// MouseIn is part of desktop.Hoverable.
func (c *chart) MouseIn(e *desktop.MouseEvent) { c.hover(c.partAt(e.Position)) }

// MouseMoved is part of desktop.Hoverable.
func (c *chart) MouseMoved(e *desktop.MouseEvent) { c.hover(c.partAt(e.Position)) }

// MouseOut is part of desktop.Hoverable.
func (c *chart) MouseOut() { c.hover(-1) }

// hover says what is under the mouse, without painting the chart anew.
func (c *chart) hover(part int) {
	if part == c.hovered {
		return
	}
	c.hovered = part
	c.tip.Hidden, c.band.Hidden = part < 0, part < 0
	if part >= 0 {
		c.tip.Text = c.say(part)
		at, size := c.place(part)
		c.band.Move(at)
		c.band.Resize(size)
	}
	c.tip.Refresh()
	c.band.Refresh()
}

type renderer struct {
	chart   *chart
	size    fyne.Size
	objects []fyne.CanvasObject
}

func (r *renderer) Destroy() {}

func (r *renderer) MinSize() fyne.Size { return fyne.NewSize(least, draw.TextSize(r.chart.height)) }

func (r *renderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *renderer) Layout(size fyne.Size) {
	if size != r.size {
		r.size = size
		r.Refresh()
	}
}

func (r *renderer) Refresh() {
	d := &drawing{size: r.size}
	c := r.chart
	c.hovered, c.tip.Hidden, c.band.Hidden = -1, true, true
	c.band.FillColor = draw.Ink(theme.ColorNameHover)
	if r.size.Width > 0 {
		c.paint(d)
	}
	c.tip.Color, c.tip.TextSize, c.tip.TextStyle.Bold = draw.Ink(theme.ColorNameForeground), draw.TextSize(textSize), true
	c.tip.Resize(fyne.NewSize(r.size.Width, draw.TextSize(line)))
	c.tip.Move(fyne.Position{})
	r.objects = append(append([]fyne.CanvasObject{c.band}, d.objects...), c.tip)
	canvas.Refresh(c)
}

// drawing collects what is drawn.
type drawing struct {
	size    fyne.Size
	objects []fyne.CanvasObject
}

func (d *drawing) rectangle(x, y, width, height float32, fill color.Color) {
	r := canvas.NewRectangle(fill)
	r.Move(fyne.NewPos(x, y))
	r.Resize(fyne.NewSize(width, height))
	d.objects = append(d.objects, r)
}

func (d *drawing) line(x1, y1, x2, y2, width float32, c color.Color) {
	l := canvas.NewLine(c)
	l.StrokeWidth = width
	l.Position1, l.Position2 = fyne.NewPos(x1, y1), fyne.NewPos(x2, y2)
	d.objects = append(d.objects, l)
}

// circle draws a mark; hollow is drawn as a ring.
func (d *drawing) circle(x, y, radius float32, c color.Color, hollow bool) {
	o := canvas.NewCircle(c)
	if hollow {
		o.FillColor, o.StrokeColor, o.StrokeWidth = draw.Ink(theme.ColorNameBackground), c, 2
	}
	o.Move(fyne.NewPos(x-radius, y-radius))
	o.Resize(fyne.NewSize(2*radius, 2*radius))
	d.objects = append(d.objects, o)
}

// text writes a line; align says which side of it, or its middle, stands at x. A text that
// is wider than room is cut; 0: it is never.
func (d *drawing) text(x, y, room float32, text string, align fyne.TextAlign, bold bool) float32 {
	t := canvas.NewText(text, draw.Ink(theme.ColorNameForeground))
	t.TextSize, t.TextStyle.Bold = draw.TextSize(textSize), bold
	for runes := []rune(text); room > 0 && t.MinSize().Width > room && len(runes) > 1; {
		runes = runes[:len(runes)-1]
		t.Text = string(runes) + "…"
	}
	width := t.MinSize().Width
	switch align {
	case fyne.TextAlignCenter:
		x = min(max(x-width/2, 0), max(d.size.Width-width, 0))
	case fyne.TextAlignTrailing:
		x -= width
	}
	t.Move(fyne.NewPos(x, y))
	t.Resize(t.MinSize())
	d.objects = append(d.objects, t)
	return width
}

// widest gives the width of the widest of some texts, where it is bold.
func widest(texts []string) (width float32) {
	for _, text := range texts {
		width = max(width, fyne.MeasureText(text, draw.TextSize(textSize), fyne.TextStyle{Bold: true}).Width)
	}
	return width
}

// legend names the series, below the line that is kept for what is under the mouse, and
// gives where it ends.
func (d *drawing) legend(series []Series) (bottom float32) {
	high := draw.TextSize(line)
	x, y := float32(0), high
	for _, s := range series {
		width := 10 + 4 + widest([]string{s.Name}) + 2*gap
		if x > 0 && x+width > d.size.Width {
			x, y = 0, y+high
		}
		d.rectangle(x, y+high/2-5, 10, 10, s.Color)
		d.text(x+14, y, 0, s.Name, fyne.TextAlignLeading, false)
		x += width
	}
	return y + high + 2
}

// nice gives a round number that is not less, and how many steps divide it.
func nice(most float64) (top float64, steps int) {
	if most <= 0 {
		return 1, 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, n := range []struct {
		times float64
		steps int
	}{{1, 2}, {2, 2}, {3, 3}, {5, 5}, {10, 2}} {
		if n.times*unit >= most*(1-1e-9) {
			return n.times * unit, n.steps
		}
	}
	return 10 * unit, 2
}

func numeral(v float64) string {
	if v >= 10_000 {
		return strconv.FormatFloat(v/1000, 'f', -1, 64) + "k"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// plot is the area in which a chart's values stand.
type plot struct{ left, top, width, height float32 }

// scale draws the horizontal lines of an axis with their numbers, and gives the plot beside
// them.
func (d *drawing) scale(from, to float64, steps int, top, below, right float32) plot {
	high := draw.TextSize(line)
	var numbers []string
	for i := range steps + 1 {
		numbers = append(numbers, numeral(from+(to-from)*float64(i)/float64(steps)))
	}
	p := plot{left: widest(numbers) + gap, top: top + high/2}
	p.width, p.height = d.size.Width-p.left-right, d.size.Height-p.top-below
	for i, n := range numbers {
		y := p.top + p.height*(1-float32(i)/float32(steps))
		d.line(p.left, y, p.left+p.width, y, 1, draw.Ink(theme.ColorNameSeparator))
		d.text(p.left-gap, y-high/2, 0, n, fyne.TextAlignTrailing, false)
	}
	return p
}

// labels writes the names of parts below the plot, as many as there is room for.
func (d *drawing) labels(p plot, names []string) {
	if len(names) == 0 {
		return
	}
	share := p.width / float32(len(names))
	every := 1
	for room := widest(names) + 2*gap; float32(every)*share < room && every < len(names); {
		every++
	}
	for i := 0; i < len(names); i += every {
		x := p.left + share*(float32(i)+0.5)
		d.text(x, p.top+p.height+2, 0, names[i], fyne.TextAlignCenter, false)
	}
}

// Colors are for series that are no outcomes: they differ in lightness too, and read on the
// window's background.
func Colors() []color.Color {
	r, g, b, _ := draw.Ink(theme.ColorNameBackground).RGBA()
	dark := r+g+b < 3*0x8000
	var all []color.Color
	for _, pair := range [][2]uint32{
		{0x0b5fa5, 0x6cb6ff}, {0xa33b00, 0xffa066}, {0x00695c, 0x4dd0b8}, {0x7b1fa2, 0xd59bf0}, {0x5d4037, 0xd7b59f},
		{0x37474f, 0xb0bec5},
	} {
		rgb := pair[0]
		if dark {
			rgb = pair[1]
		}
		all = append(all, color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb),
			A: 0xff}) //nolint:gosec // bytes
	}
	return all
}
