package paper

// Column is a column of a table.
type Column struct {
	Title string
	Share float64 // of the width, against the other columns
	Right bool    // numbers
}

// Table is a table that goes on over pages, with its head on each.
type Table struct {
	d       *Paper
	columns []Column
	widths  []float64
	style   Style
	headed  bool
	shade   bool
}

var (
	grid  = Colour{0xc4, 0xc9, 0xd1}
	faint = Colour{0xf4, 0xf5, 0xf7}
	muted = Colour{0x47, 0x50, 0x5e}
)

// Table begins a table.
func (d *Paper) Table(columns []Column) *Table {
	t := &Table{d: d, columns: columns, style: Style{Size: 7.6}}
	sum := 0.0
	for _, c := range columns {
		sum += c.Share
	}
	for _, c := range columns {
		t.widths = append(t.widths, Width*c.Share/sum)
	}
	return t
}

// Row prints a row. Text that is too long for a cell continues in its next line.
func (t *Table) Row(cells ...string) {
	laid, height := t.layout(cells, t.style)
	if !t.headed || t.d.y+height > bottom {
		t.head(height)
	}
	t.print(laid, t.style)
}

// head prints the head, on a new page where a row of this height has no room
// below it.
func (t *Table) head(row float64) {
	titles := make([]string, len(t.columns))
	for i, c := range t.columns {
		titles[i] = c.Title
	}
	bold := Style{Size: t.style.Size, Bold: true, Colour: muted}
	laid, height := t.layout(titles, bold)
	t.d.Need(height + min(row, bottom/2))
	t.headed, t.shade = true, false
	t.print(laid, bold)
	t.d.rule(t.d.y, grid)
}

func (t *Table) layout(cells []string, s Style) (laid [][]line, height float64) {
	most := 1
	for i, text := range cells {
		lines := t.d.lines(text, s, t.widths[i]-2*cellPad)
		laid = append(laid, lines)
		most = max(most, len(lines))
	}
	return laid, float64(most)*s.height() + 2*cellPad*0.6
}

// print prints a row; one that is higher than what is left of a page goes on on
// the next.
func (t *Table) print(laid [][]line, s Style) {
	total := 1
	for _, lines := range laid {
		total = max(total, len(lines))
	}
	const pad = 2 * cellPad * 0.6
	for from := 0; from < total; {
		n := min(max(int((bottom-t.d.y-pad)/s.height()), 1), total-from)
		height := float64(n)*s.height() + pad
		if t.shade {
			t.d.fill(margin, t.d.y, Width, height, faint)
		}
		x := margin
		for i, lines := range laid {
			for j := from; j < min(from+n, len(lines)); j++ {
				at := x + cellPad
				if t.columns[i].Right && lines[j].shaped == nil {
					at = x + t.widths[i] - cellPad - t.d.width(lines[j].text, s)
				}
				t.d.draw(lines[j], at, t.d.y+pad/2+float64(j-from)*s.height(), s)
			}
			x += t.widths[i]
		}
		t.d.y += height
		if from += n; from < total {
			t.d.page()
		}
	}
	t.shade = !t.shade
}

// Fact is a title with its value.
type Fact struct{ Name, Value string }

// Facts prints facts in one column, names on the left.
func (d *Paper) Facts(facts []Fact) {
	const names = 36.0
	label, value := Style{Size: 8.2, Colour: muted}, Style{Size: 8.2}
	for _, f := range facts {
		if f.Value == "" {
			continue
		}
		left, right := d.lines(f.Name, label, names-2), d.lines(f.Value, value, Width-names)
		d.Need(value.height())
		for i := range max(len(left), len(right)) {
			d.Need(value.height())
			if i < len(left) {
				d.draw(left[i], margin, d.y, label)
			}
			if i < len(right) {
				d.draw(right[i], margin+names, d.y, value)
			}
			d.y += value.height()
		}
		d.y += 0.5
	}
}

func (d *Paper) fill(x, y, w, h float64, c Colour) {
	d.pdf.SetFillColor(int(c.R), int(c.G), int(c.B))
	d.pdf.Rect(x, y, w, h, "F")
}
