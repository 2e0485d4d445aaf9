package records

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

// Columns of the list of checks.
const (
	columnTime = iota
	columnName
	columnScore
	columnOutcome
	columnDecision
	columnOperator
	columnDesk
)

// historyColumns have a least width, with text of the usual size, and a share of what is left.
var historyColumns = []struct {
	key          string
	least, share float32
}{
	{"history.time", 144, 1}, {"history.name", 180, 6}, {"history.score", 84, 0}, {"history.outcome", 168, 1},
	{"history.decision", 88, 1}, {"history.operator", 90, 3}, {"history.desk", 90, 3},
}

// columnWidths divides a row's width. Where it is narrow the last columns, which the
// detail shows too, get no width.
func columnWidths(width float32) []float32 {
	widths := make([]float32, len(historyColumns))
	shown, least := 0, float32(0)
	for _, c := range historyColumns {
		needs := draw.TextSize(c.least)
		if shown > columnDecision && least+needs > width {
			break
		}
		least += needs
		shown++
	}
	shares := float32(0)
	for _, c := range historyColumns[:shown] {
		shares += c.share
	}
	for i, c := range historyColumns[:shown] {
		widths[i] = draw.TextSize(c.least) + max(0, width-least)*c.share/shares
	}
	return widths
}

// inColumns lays a row's cells side by side.
type inColumns struct{}

// MinSize is part of fyne.Layout.
func (inColumns) MinSize(cells []fyne.CanvasObject) fyne.Size {
	height := float32(0)
	for _, c := range cells {
		height = max(height, c.MinSize().Height)
	}
	return fyne.NewSize(400, height)
}

// Layout is part of fyne.Layout.
func (inColumns) Layout(cells []fyne.CanvasObject, size fyne.Size) {
	x := float32(0)
	for i, width := range columnWidths(size.Width) {
		if width == 0 {
			cells[i].Hide()
			continue
		}
		cells[i].Show()
		cells[i].Move(fyne.NewPos(x, 0))
		cells[i].Resize(fyne.NewSize(width, size.Height))
		x += width
	}
}

// checkRow is one check in the list.
type checkRow struct {
	widget.BaseWidget
	labels [columnDesk + 1]*widget.Label
	shape  *draw.Shape
	word   *widget.RichText // of the outcome
	open   *widget.RichText // that a decision is missing
	chosen *canvas.Rectangle
	mark   *widget.Icon // whether it was looked at, in a sample
	cells  *fyne.Container
}

func newCheckRow() *checkRow {
	r := &checkRow{
		shape: draw.NewShape(draw.Look{}, 18), word: draw.Coloured("", draw.ColorPass, theme.SizeNameText),
		open:   draw.Coloured("", draw.ColorRefer, theme.SizeNameText),
		chosen: canvas.NewRectangle(nil), mark: widget.NewIcon(nil),
	}
	r.mark.Hide()
	r.chosen.CornerRadius = theme.Size(theme.SizeNameSelectionRadius)
	r.chosen.Hide()
	cells := make([]fyne.CanvasObject, len(r.labels))
	for i := range r.labels {
		l := widget.NewLabel("")
		l.Truncation = fyne.TextTruncateEllipsis
		r.labels[i], cells[i] = l, l
		switch i {
		case columnName:
			cells[i] = container.NewBorder(nil, nil, r.mark, nil, l)
		case columnScore:
			l.Alignment = fyne.TextAlignTrailing
		case columnOutcome:
			gap := canvas.NewRectangle(color.Transparent)
			gap.SetMinSize(fyne.NewSize(theme.Padding(), 0))
			cells[i] = container.NewBorder(nil, nil, container.NewHBox(gap, container.NewCenter(r.shape)), nil, r.word)
		case columnDecision:
			cells[i] = container.NewStack(l, r.open)
		}
	}
	r.cells = container.New(inColumns{}, cells...)
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer is part of fyne.Widget.
func (r *checkRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(r.chosen, r.cells))
}

func (r *checkRow) set(row history.Row, w kit.Words, chosen bool, mark fyne.Resource) {
	if r.mark.Resource != mark {
		r.mark.SetResource(mark)
		kit.SetVisible(r.mark, mark != nil)
		r.cells.Refresh()
	}
	put := func(column int, text string) {
		if r.labels[column].Text != text {
			r.labels[column].SetText(text)
		}
	}
	put(columnTime, kit.Date(row.At))
	put(columnName, kit.PersonName(w, row))
	put(columnScore, kit.RowScore(w, row))
	put(columnOperator, row.Operator)
	put(columnDesk, row.Desk)
	l := draw.LookOf(row.Outcome)
	r.shape.Set(l)
	retext(r.word, w.T(app.OutcomeKey(row.Outcome)), l.Color)
	if row.Decision == history.Undecided {
		put(columnDecision, "")
		retext(r.open, kit.Capital(kit.DecisionWord(w, row.Decision)), draw.ColorRefer)
		r.open.Show()
	} else {
		put(columnDecision, kit.Capital(kit.DecisionWord(w, row.Decision)))
		r.open.Hide()
	}
	r.chosen.FillColor = draw.Ink(theme.ColorNameSelection)
	r.chosen.Hidden = !chosen
	r.chosen.Refresh()
}

// retext changes coloured text.
func retext(t *widget.RichText, text string, color fyne.ThemeColorName) {
	segment := t.Segments[0].(*widget.TextSegment)
	if segment.Text != text || segment.Style.ColorName != color {
		segment.Text, segment.Style.ColorName = text, color
		t.Refresh()
	}
}

// checkList is the list of checks. One of them is where the keys are; a click,
// or Return, opens one.
type checkList struct {
	widget.List
	keys *kit.Controls

	OnMoved  func(row int) // the keys went to another check
	OnOpened func(row int) // it was clicked
	OnReturn func(row int) // Return was pressed on it

	at      int // where the keys are
	focused bool
	down    fyne.KeyName // pressed here and not yet acted upon
	ring    *canvas.Rectangle
}

func newCheckList(c *kit.Controls) *checkList {
	l := &checkList{keys: c, ring: &canvas.Rectangle{StrokeWidth: 2, CornerRadius: 6}}
	l.ring.Hide()
	l.List.OnSelected = func(row int) {
		l.UnselectAll() // or a second click on the same check would tell nothing
		l.at = row
		l.OnOpened(row)
		l.Refresh()
	}
	l.ExtendBaseWidget(l)
	return l
}

// move moves the keys to a check and brings it into sight.
func (l *checkList) move(to int) {
	count := l.Length()
	if count == 0 {
		return
	}
	l.at = min(max(to, 0), count-1)
	l.Highlight(l.at)
}

// page is how many checks are in sight.
func (l *checkList) page() int {
	row := newCheckRow().MinSize().Height + theme.Padding()
	return max(1, int(l.Size().Height/row)-1)
}

// KeyDown is part of desktop.Keyable.
func (l *checkList) KeyDown(key *fyne.KeyEvent) { l.down = key.Name }

// KeyUp is part of desktop.Keyable.
func (l *checkList) KeyUp(*fyne.KeyEvent) { l.down = "" }

// TypedKey is part of fyne.Focusable.
func (l *checkList) TypedKey(key *fyne.KeyEvent) {
	if l.keys.HandleEscape(key) || l.Length() == 0 {
		return
	}
	to := l.at
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if l.down == key.Name { // a key held down opens once
			l.down = ""
			l.OnReturn(l.at)
		}
		return
	case fyne.KeyUp:
		to--
	case fyne.KeyDown:
		to++
	case fyne.KeyPageUp:
		to -= l.page()
	case fyne.KeyPageDown:
		to += l.page()
	case fyne.KeyHome:
		to = 0
	case fyne.KeyEnd:
		to = l.Length() - 1
	default:
		return
	}
	before := l.at
	l.move(to)
	if l.at != before {
		l.OnMoved(l.at)
	}
}

// FocusGained is part of fyne.Focusable.
func (l *checkList) FocusGained() {
	l.focused = true
	l.List.FocusGained()
	l.paint()
}

// FocusLost is part of fyne.Focusable.
func (l *checkList) FocusLost() {
	l.focused, l.down = false, ""
	l.List.FocusLost()
	l.paint()
}

// paint shows whether the keys go here.
func (l *checkList) paint() {
	l.ring.StrokeColor = draw.Ink(theme.ColorNamePrimary)
	l.ring.Hidden = !l.focused
	l.ring.Refresh()
}
