package export

import (
	"slices"
	"time"

	"facematch/app/export/paper"
	"facematch/app/history"
	"facematch/app/history/overview"
)

// seen counts the checks of an export for its overview.
type seen struct {
	counter *overview.Counter
	desks   map[string]int
	nobody  int // in the place of every operator: a report is for readers of all kinds
}

func newSeen(now time.Time) *seen {
	s := &seen{counter: overview.NewCounter(history.Outcomes, now), desks: map[string]int{}}
	s.nobody = s.counter.Operator("")
	return s
}

func (s *seen) add(d history.Detail) {
	desk, known := s.desks[d.Desk]
	if !known {
		desk = s.counter.Desk(d.Desk)
		s.desks[d.Desk] = desk
	}
	x := overview.Check{
		At: d.At.UnixMilli(), Desk: desk, Operator: s.nobody, Outcome: slices.Index(history.Outcomes, d.Outcome),
		Verdict: overview.VerdictOf(d.Outcome), Decision: overview.DecisionOf(d.Decision), Score: overview.None,
		Portrait: overview.None, Picture: overview.None, Took: overview.None, Waited: overview.None,
	}
	if x.Outcome < 0 {
		return // of a newer program
	}
	if d.Score != nil {
		x.Score = *d.Score
	}
	if f := d.Finished; f != nil {
		x.Took = f.Took.Milliseconds()
		if q := f.Quality; q != nil {
			x.FilmedAnyway = q.CaptureWarning != ""
			if q.Document != nil {
				x.Portrait = q.Document.Total
			}
			if q.Camera != nil {
				x.Picture = q.Camera.Total
			}
		}
	}
	if l := last(d); l != nil {
		x.Waited = int64(l.At.Sub(d.At) / time.Second)
	}
	s.counter.Add(&x)
}

// printOverview prints the numbers of the checks in the report: the checks by period as a
// chart, and all of them as tables.
func (w *pdfWriter) printOverview(p *paper.Paper) {
	if len(w.rows) == 0 {
		return
	}
	o := w.seen.counter.Result(overview.Automatic, false)
	p.Heading(w.words.T("overview.title"))
	outcomes := PresentOutcomes(o.Alone())
	var series []paper.Series
	for _, outcome := range outcomes {
		_, colour := look(outcome)
		series = append(series, paper.Series{Name: w.outcome(outcome), Colour: colour})
	}
	if o.Identified > 0 {
		series = append(series, paper.Series{Name: w.words.T("overview.identified"), Colour: violet})
	}
	var columns []paper.Stacked
	for _, period := range o.Periods {
		c := paper.Stacked{Label: PeriodWords(period.From, o.Unit)}
		alone := period.Alone()
		for _, outcome := range outcomes {
			c.Values = append(c.Values, float64(alone[outcome]))
		}
		if o.Identified > 0 {
			c.Values = append(c.Values, float64(period.Identified))
		}
		columns = append(columns, c)
	}
	p.Stack(series, columns)
	for _, t := range Tables(o, w.words) {
		p.Heading(t.Title)
		var columns []paper.Column
		for i, head := range t.Head {
			columns = append(columns, paper.Column{Title: head, Share: 1, Right: i > 0})
		}
		table := p.Table(columns)
		for _, row := range t.Rows {
			table.Row(row...)
		}
		if t.Note != "" {
			p.Space(1)
			p.Text(t.Note, paper.Style{Size: 7.6, Colour: soft})
		}
	}
}
