// Package figures shows the numbers of the checks that a filter chooses: as charts, or as tables
// that the keys can go through.
package figures

import (
	"cmp"
	"image/color"
	"math"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/views/internal/charts"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

const (
	// mostRows is how many desks or operators a chart shows: those that stand apart and
	// those with the most checks. The table has all.
	mostRows = 12

	mostLines = 6 // desks that have a line of their own; the table has all

	cardWidth = 420 // least width of a chart beside another
)

// Narrow is what a click on a chart asks for. What is empty stays as it was.
type Narrow struct {
	Desks, Operators []string
	From, To         time.Time // in UTC, To not included
	Least, Most      *int64    // score, hundredths
	Decision         history.DecisionState
}

// Panel shows the numbers of the filter in force.
type Panel struct {
	kit.Parts
	OnNarrow func(Narrow)
	OnUnit   func()

	Numbers overview.Overview
	Unit    overview.Unit // that is asked for
	asked   bool          // for these numbers; false: nothing is shown
	rules   func() []app.Condition

	units   *kit.Choice
	tables  *kit.Check
	say     *widget.Label
	charts  *fyne.Container // in columns
	scroll  *container.Scroll
	reader  *kit.Reader // the tables
	written *fyne.Container
	Box     *fyne.Container
}

// New makes a panel that is hidden. The bounds of the conditions stand in the chart of scores.
func New(p kit.Parts, rules func() []app.Condition) *Panel {
	o := &Panel{Parts: p, rules: rules}
	units := append([]overview.Unit{overview.Automatic}, overview.Units...)
	o.units = p.Keys.Choice(func(string) {
		if at := o.units.SelectedIndex(); at >= 0 && units[at] != o.Unit {
			o.Unit = units[at]
			o.OnUnit()
		}
	})
	o.units.Options = kit.Labels(units, func(u overview.Unit) string {
		if u == overview.Automatic {
			return p.Words.T("overview.unit.auto")
		}
		return p.Words.T("overview.by." + string(u))
	})
	o.units.SetSelectedIndex(0)
	o.tables = p.Keys.Check(p.Words.T("overview.tables"), func(bool) { o.show() })
	o.say = kit.Wrapped("")
	o.charts = container.New(inCards{})
	o.scroll = container.NewVScroll(o.charts)
	o.written = container.NewVBox()
	o.reader = p.Keys.Reader(o.written)
	o.reader.Hide()
	o.Box = container.NewBorder(
		container.NewBorder(nil, nil, nil, container.NewCenter(container.NewHBox(o.tables, o.units)), o.say),
		nil, nil, nil,
		container.NewStack(o.scroll, o.reader),
	)
	o.Box.Hide()
	return o
}

// Shown says whether the panel is open.
func (o *Panel) Shown() bool { return !o.Box.Hidden }

// Set shows numbers, or the reason why they cannot be shown.
func (o *Panel) Set(numbers overview.Overview, err error) {
	o.Numbers, o.asked = numbers, err == nil
	text, importance := "", widget.MediumImportance
	switch {
	case err != nil:
		text, importance = o.Words.ProblemText(err), widget.DangerImportance
	case numbers.Checks == 0:
		text = o.Words.T("overview.none")
	default:
		text, importance = o.apart(), widget.WarningImportance
	}
	kit.Say(o.say, text, importance)
	o.show()
}

// show makes charts or tables of the numbers.
func (o *Panel) show() {
	o.charts.RemoveAll()
	o.written.RemoveAll()
	kit.SetVisible(o.scroll, !o.tables.Checked)
	kit.SetVisible(o.reader, o.tables.Checked)
	if !o.asked || o.Numbers.Checks == 0 {
		return
	}
	if o.tables.Checked {
		for _, t := range export.Tables(o.Numbers, o.Words) {
			o.written.Add(written(t))
		}
		o.reader.Update()
		return
	}
	o.charts.Objects = o.cards()
	o.charts.Refresh()
	o.scroll.Refresh()
}

// mostNamed is how many desks one sentence of apart names.
const mostNamed = 3

// apart says in words at which desks something stands apart, so that it is not missed among the
// charts, which do not show every desk.
func (o *Panel) apart() string {
	var said []string
	say := func(key string, names []string) {
		if more := len(names) - mostNamed; more > 0 {
			names = append(names[:mostNamed:mostNamed], o.Words.T("overview.apart.more", "Count", more))
		}
		if len(names) > 0 {
			said = append(said, o.Words.T(key, "Desks", strings.Join(names, ", ")))
		}
	}
	rates := func(key string, rate func(overview.Group) overview.Rate) {
		var names []string
		groups := slices.Clone(o.Numbers.Desks.Groups)
		slices.SortStableFunc(groups, func(a, b overview.Group) int { return cmp.Compare(rate(b).Share(), rate(a).Share()) })
		for _, g := range groups {
			if r := rate(g); r.Apart > 0 {
				names = append(names, export.GroupWords(g.Name, o.Words)+" ("+export.Percent(r.Share())+" %)")
			}
		}
		say(key, names)
	}
	rates("overview.apart.override", func(g overview.Group) overview.Rate { return g.Override })
	var worse []string
	for _, w := range o.Numbers.WorsePictures() {
		worse = append(worse, o.Words.T("overview.apart.from_to", "Desk", export.GroupWords(w.Desk, o.Words),
			"Was", w.Was/100, "Now", w.Now/100))
	}
	say("overview.apart.pictures", worse)
	rates("overview.apart.refer", func(g overview.Group) overview.Rate { return g.Refer })
	rates("overview.apart.filmed", func(g overview.Group) overview.Rate { return g.FilmedAnyway })
	return strings.Join(said, " ")
}

// written is a table as text: a label for each column, so that hundreds of rows cost
// little.
func written(t export.Table) fyne.CanvasObject {
	columns := make([]fyne.CanvasObject, len(t.Head))
	for i, head := range t.Head {
		cells := make([]string, len(t.Rows))
		for k, row := range t.Rows {
			cells[k] = row[i]
		}
		l := widget.NewLabel(strings.Join(cells, "\n"))
		title := kit.Bold(head)
		if i > 0 {
			l.Alignment, title.Alignment = fyne.TextAlignTrailing, fyne.TextAlignTrailing
		}
		columns[i] = container.NewBorder(title, nil, nil, nil, l)
	}
	box := container.NewVBox(kit.Bold(t.Title), container.NewHBox(columns...))
	if t.Note != "" {
		box.Add(kit.Small(t.Note))
	}
	return box
}

// card is a chart with its title.
func card(title string, chart fyne.CanvasObject, notes ...string) fyne.CanvasObject {
	box := container.NewVBox(kit.Bold(title), chart)
	for _, note := range notes {
		if note != "" {
			l := kit.Small(note)
			l.Wrapping = fyne.TextWrapWord
			box.Add(l)
		}
	}
	ground := canvas.NewRectangle(color.Transparent)
	ground.StrokeColor, ground.StrokeWidth = draw.Ink(theme.ColorNameSeparator), 1
	ground.CornerRadius = theme.Size(theme.SizeNameInputRadius)
	return container.NewStack(ground, container.NewPadded(box))
}

// cards are the charts, what an auditor looks for first coming first.
func (o *Panel) cards() []fyne.CanvasObject {
	n := o.Numbers
	rates := func(of string, g overview.Groups, rate func(overview.Group) overview.Rate, key string,
		set func(*Narrow, string)) fyne.CanvasObject {
		return card(o.Words.T(key)+" "+o.Words.T(of), o.rates(g, rate, set))
	}
	refer := func(g overview.Group) overview.Rate { return g.Refer }
	override := func(g overview.Group) overview.Rate { return g.Override }
	filmed := func(g overview.Group) overview.Rate { return g.FilmedAnyway }
	desk := func(n *Narrow, name string) { n.Desks = []string{name} }
	operator := func(n *Narrow, name string) { n.Operators = []string{name} }
	all := []fyne.CanvasObject{
		rates("overview.by_desk", n.Desks, override, "overview.override_rate", desk),
	}
	if len(n.Quality) > 0 {
		all = append(all, card(o.Words.T("overview.pictures_by_desk"), o.quality(func(q overview.Quality) (int64, int64) {
			return q.Pictures, q.Picture
		}, n.WorsePictures())))
	}
	all = append(all,
		card(o.Words.T("overview.by."+string(n.Unit)), o.periods()),
		rates("overview.by_desk", n.Desks, refer, "overview.refer_rate", desk),
		rates("overview.by_desk", n.Desks, filmed, "overview.filmed_rate", desk),
	)
	if n.Identified > 0 {
		all = append(all, card(o.Words.T("overview.identified")+" "+o.Words.T("overview.by_desk"), o.identified()))
	}
	if len(n.Quality) > 0 {
		all = append(all, card(o.Words.T("overview.portraits_by_desk"), o.quality(func(q overview.Quality) (int64, int64) {
			return q.Portraits, q.Portrait
		}, nil)))
	}
	all = append(all, card(o.Words.T("overview.scores"), o.scores()))
	if n.Took.Checks > 0 {
		all = append(all, card(o.Words.T("overview.took_by_desk"), o.took()))
	}
	if n.Waiting.Open+n.Waiting.Decided > 0 {
		all = append(all, card(o.Words.T("overview.referrals"), o.waiting(), o.waited()...))
	}
	if len(n.Operators.Groups) > 0 {
		all = append(all,
			rates("overview.by_operator", n.Operators, override, "overview.override_rate", operator),
			rates("overview.by_operator", n.Operators, refer, "overview.refer_rate", operator),
			rates("overview.by_operator", n.Operators, filmed, "overview.filmed_rate", operator),
		)
	}
	about := kit.Wrapped(o.Words.T("overview.about", "Count", n.Desks.Comparisons, "Least", overview.LeastShown))
	about.SizeName = theme.SizeNameCaptionText
	return append(all, about)
}

// series are the outcomes that occur, as the chart of periods stacks them, and above them those
// identified without a match.
func (o *Panel) series() (outcomes []history.Outcome, series []charts.Series) {
	outcomes = export.PresentOutcomes(o.Numbers.Alone())
	for _, outcome := range outcomes {
		series = append(series, charts.Series{Name: kit.Capital(kit.OutcomeWord(o.Words, outcome)),
			Color: outcomeColor(outcome)})
	}
	if o.Numbers.Identified > 0 {
		series = append(series, charts.Series{Name: o.Words.T("overview.identified"), Color: draw.Ink(draw.ColorIdentified)})
	}
	return outcomes, series
}

// outcomeColor is the colour of an outcome in a stack: those without a verdict, which
// share one elsewhere, grow fainter from one to the next.
func outcomeColor(o history.Outcome) color.Color {
	c := draw.Ink(draw.LookOf(o).Color)
	at := slices.Index(history.Outcomes, o) - slices.Index(history.Outcomes, history.NotCompared)
	if at <= 0 {
		return c
	}
	r, g, b, _ := c.RGBA()
	return color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8),
		A: uint8(0xff - 36*min(at, 5))} //nolint:gosec // bytes
}

func (o *Panel) periods() fyne.CanvasObject {
	outcomes, series := o.series()
	var bars []charts.Bar
	for _, p := range o.Numbers.Periods {
		b := charts.Bar{Label: shortPeriod(p.From, o.Numbers.Unit)}
		alone := p.Alone()
		counts := history.Counts{Total: p.Checks, ByOutcome: alone, Identified: p.Identified}
		b.Say = export.PeriodWords(p.From, o.Numbers.Unit) + ": " + kit.CountsText(o.Words, counts)
		for _, outcome := range outcomes {
			b.Values = append(b.Values, float64(alone[outcome]))
		}
		if o.Numbers.Identified > 0 {
			b.Values = append(b.Values, float64(p.Identified))
		}
		bars = append(bars, b)
	}
	c := charts.NewStack(series, bars, nil)
	c.OnTapped = func(i int) {
		p := o.Numbers.Periods[i]
		o.OnNarrow(Narrow{From: p.From, To: p.To})
	}
	return c
}

// shortPeriod names a period below a chart.
func shortPeriod(from time.Time, unit overview.Unit) string {
	if unit == overview.Month {
		return from.Format("Jan 06")
	}
	return from.Format("2 Jan")
}

// chosen are the groups a chart shows.
func chosen(g overview.Groups, rate func(overview.Group) overview.Rate) []overview.Group {
	some := slices.Clone(g.Groups)
	if len(some) > mostRows {
		slices.SortStableFunc(some, func(a, b overview.Group) int {
			apart := func(g overview.Group) int { return -rate(g).Apart * rate(g).Apart }
			return 2*(apart(a)-apart(b)) + int(max(min(b.Checks-a.Checks, 1), -1))
		})
		some = some[:mostRows]
		slices.SortFunc(some, func(a, b overview.Group) int { return strings.Compare(a.Name, b.Name) })
	}
	return some
}

func (o *Panel) rates(
	g overview.Groups, rate func(overview.Group) overview.Rate, set func(*Narrow, string),
) fyne.CanvasObject {
	var all overview.Rate
	for _, one := range g.Groups {
		all.Count += rate(one).Count
		all.Of += rate(one).Of
	}
	some := chosen(g, rate)
	var rows []charts.Range
	for _, one := range some {
		r := rate(one)
		row := charts.Range{Name: export.GroupWords(one.Name, o.Words), Apart: r.Apart > 0, None: !r.Shown()}
		row.Low, row.Value, row.High = 100*r.Low, 100*r.Share(), 100*r.High
		switch {
		case !r.Shown():
			row.Words = o.Words.T("overview.too_few", "Number", r.Count, "Of", r.Of)
		case r.Apart > 0:
			row.Words = o.Words.T("overview.above", "Share", export.Percent(r.Share()))
		case r.Apart < 0:
			row.Words = o.Words.T("overview.below", "Share", export.Percent(r.Share()))
		default:
			row.Words = export.Percent(r.Share()) + " %"
		}
		rows = append(rows, row)
	}
	share := -1.0
	if all.Shown() && len(some) > 1 {
		share = 100 * all.Share()
	}
	c := charts.NewRanges(rows, share, " %")
	c.OnTapped = func(i int) {
		var n Narrow
		set(&n, some[i].Name)
		o.OnNarrow(n)
	}
	return c
}

// identified draws at which desks persons were identified without a match.
func (o *Panel) identified() fyne.CanvasObject {
	some := slices.DeleteFunc(slices.Clone(o.Numbers.Desks.Groups), func(g overview.Group) bool {
		return g.Identified == 0
	})
	slices.SortStableFunc(some, func(a, b overview.Group) int { return cmp.Compare(b.Identified, a.Identified) })
	some = some[:min(len(some), mostRows)]
	var bars []charts.Bar
	for _, g := range some {
		name := export.GroupWords(g.Name, o.Words)
		bars = append(bars, charts.Bar{
			Label: name, Say: name + ": " + app.FormatNumber(int(g.Identified)), Values: []float64{float64(g.Identified)},
		})
	}
	c := charts.NewStack([]charts.Series{{Color: draw.Ink(draw.ColorIdentified)}}, bars, nil)
	c.OnTapped = func(i int) {
		o.OnNarrow(Narrow{Desks: []string{some[i].Name}, Decision: history.Identified})
	}
	return c
}

// quality draws a mean by desk and period: of the desks that became worse, and of those with the
// most measures.
func (o *Panel) quality(
	of func(overview.Quality) (n, mean int64), worse []overview.Worse,
) fyne.CanvasObject {
	measured := map[string]int64{}
	for _, q := range o.Numbers.Quality {
		n, _ := of(q)
		measured[q.Desk] += n
	}
	var desks []string
	for desk, n := range measured {
		if n > 0 {
			desks = append(desks, desk)
		}
	}
	slices.SortFunc(desks, func(a, b string) int {
		return 2*int(max(min(measured[b]-measured[a], 1), -1)) + strings.Compare(a, b)
	})
	for _, w := range slices.Backward(worse) {
		desks = slices.Insert(slices.DeleteFunc(desks, func(d string) bool { return d == w.Desk }), 0, w.Desk)
	}
	desks = desks[:min(len(desks), mostLines)]
	slices.Sort(desks)

	periods := o.Numbers.Periods
	var names []string
	place := map[time.Time]int{}
	for i, p := range periods {
		names = append(names, shortPeriod(p.From, o.Numbers.Unit))
		place[p.From] = i
	}
	colors := charts.Colors()
	lines := make([]charts.Line, len(desks))
	for k, desk := range desks {
		lines[k] = charts.Line{
			Series: charts.Series{Name: export.GroupWords(desk, o.Words), Color: colors[k%len(colors)]},
			Values: slices.Repeat([]float64{math.NaN()}, len(periods)),
		}
	}
	for _, q := range o.Numbers.Quality {
		n, mean := of(q)
		if k, at := slices.Index(desks, q.Desk), place[q.From]; k >= 0 && n > 0 {
			lines[k].Values[at] = float64(mean) / 100
		}
	}
	c := charts.NewLines(names, lines, func(i int) string {
		said := []string{export.PeriodWords(periods[i].From, o.Numbers.Unit)}
		for _, one := range lines {
			if !math.IsNaN(one.Values[i]) {
				said = append(said, one.Name+" "+export.Percent(one.Values[i]/100))
			}
		}
		return strings.Join(said, ", ")
	})
	c.OnTapped = func(i int) { o.OnNarrow(Narrow{From: periods[i].From, To: periods[i].To}) }
	return c
}

func (o *Panel) scores() fyne.CanvasObject {
	var series []charts.Series
	for _, outcome := range []history.Outcome{history.Fail, history.Refer, history.Pass} {
		series = append(series, charts.Series{Name: kit.Capital(kit.OutcomeWord(o.Words, outcome)),
			Color: outcomeColor(outcome)})
	}
	var bars []charts.Bar
	for i, b := range o.Numbers.Scores {
		bar := charts.Bar{Values: []float64{float64(b.Fail), float64(b.Refer), float64(b.Pass)}}
		if i%5 == 0 {
			bar.Label = app.FormatNumber(int(b.Least / 100))
		}
		counts := history.Counts{Total: b.Checks(), ByOutcome: map[history.Outcome]int64{
			history.Pass: b.Pass, history.Refer: b.Refer, history.Fail: b.Fail,
		}}
		bar.Say = o.Words.T("overview.from_to", "From", b.Least/100, "To", b.Below/100) + " %: " +
			kit.CountsText(o.Words, counts)
		bars = append(bars, bar)
	}
	var bounds []charts.Bound
	for _, b := range draw.ScoreBounds(o.rules()).Values() {
		bounds = append(bounds, charts.Bound{At: b / 100 * overview.Bands, Label: app.FormatNumber(int(b))})
	}
	c := charts.NewStack(series, bars, bounds)
	c.OnTapped = func(i int) {
		b := o.Numbers.Scores[i]
		most := b.Below - 1
		if i == overview.Bands-1 {
			most = b.Below
		}
		o.OnNarrow(Narrow{Least: &b.Least, Most: &most})
	}
	return c
}

func (o *Panel) took() fyne.CanvasObject {
	some := slices.DeleteFunc(
		chosen(o.Numbers.Desks, func(overview.Group) overview.Rate { return overview.Rate{} }),
		func(g overview.Group) bool { return g.Took.Checks == 0 },
	)
	var rows []charts.Range
	for _, g := range some {
		median, p95 := float64(g.Took.Median)/10, float64(g.Took.P95)/10
		rows = append(rows, charts.Range{
			Name: export.GroupWords(g.Name, o.Words), Low: median, Value: median, High: p95,
			Words: o.Words.T("overview.seconds", "Median", median, "P95", p95),
		})
	}
	c := charts.NewRanges(rows, float64(o.Numbers.Took.Median)/10, " s")
	c.OnTapped = func(i int) { o.OnNarrow(Narrow{Desks: []string{some[i].Name}}) }
	return c
}

func (o *Panel) waiting() fyne.CanvasObject {
	w := o.Numbers.Waiting
	var bars []charts.Bar
	for _, b := range []struct {
		key string
		n   int64
	}{{"hour", w.Hour}, {"day", w.Day}, {"week", w.Week}, {"longer", w.Longer}} {
		bars = append(bars, charts.Bar{
			Label: o.Words.T("overview.wait." + b.key), Values: []float64{float64(b.n)},
			Say: o.Words.T("overview.open."+b.key) + ": " + app.FormatNumber(int(b.n)),
		})
	}
	c := charts.NewStack([]charts.Series{{Color: draw.Ink(draw.ColorRefer)}}, bars, nil)
	c.OnTapped = func(int) {
		o.OnNarrow(Narrow{Decision: history.Undecided})
	}
	return c
}

// waited says how long referrals waited.
func (o *Panel) waited() []string {
	w := o.Numbers.Waiting
	var notes []string
	if w.Open > 0 {
		notes = append(notes, o.Words.T("overview.open_since", "Count", w.Open, "At", kit.Date(w.Oldest)))
	}
	if w.Decided > 0 {
		notes = append(notes, o.Words.T(
			"overview.decided_after", "Count", w.Decided, "Median", export.WaitWords(w.MedianSec, o.Words),
			"P95", export.WaitWords(w.P95Sec, o.Words),
		))
	}
	return notes
}

// inCards lays charts out in as many columns as there is room for.
type inCards struct{}

func (inCards) columns(width float32) int { return max(1, int(width/cardWidth)) }

// MinSize is part of fyne.Layout. Its height is that of the last layout.
func (l inCards) MinSize(cards []fyne.CanvasObject) fyne.Size {
	least := fyne.NewSize(0, 0)
	for _, c := range cards {
		size := c.MinSize()
		least.Width = max(least.Width, size.Width)
		least.Height = max(least.Height, c.Position().Y+size.Height)
	}
	return least
}

// Layout is part of fyne.Layout.
func (l inCards) Layout(cards []fyne.CanvasObject, size fyne.Size) {
	columns := l.columns(size.Width)
	width := (size.Width - float32(columns-1)*theme.Padding()) / float32(columns)
	y := float32(0)
	for begin := 0; begin < len(cards); begin += columns {
		row := cards[begin:min(begin+columns, len(cards))]
		height := float32(0)
		for i, c := range row {
			c.Resize(fyne.NewSize(width, c.MinSize().Height)) // first: wrapped notes need their width
			c.Move(fyne.NewPos(float32(i)*(width+theme.Padding()), y))
			height = max(height, c.MinSize().Height)
		}
		for _, c := range row {
			c.Resize(fyne.NewSize(width, height))
		}
		y += height + theme.Padding()
	}
}
