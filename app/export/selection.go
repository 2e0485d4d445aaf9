package export

import (
	"strconv"
	"time"

	"facematch/app/export/paper"
	"facematch/app/history"
)

// printSelection prints what was asked for, the counts, and the list.
func (w *pdfWriter) printSelection(p *paper.Paper) {
	t := w.words.T
	first, final := w.period()
	p.Facts([]paper.Fact{
		{Name: t("report.filter"), Value: w.about.Filter},
		{Name: t("report.checks"), Value: strconv.FormatInt(w.counts.Total, 10)},
		{Name: t("report.first"), Value: LocalTime(first)},
		{Name: t("report.last"), Value: LocalTime(final)},
		{Name: t("report.exported"), Value: w.exportedBy()},
	})
	p.Heading(t("report.counts"))
	counts := p.Table([]paper.Column{
		{
			Title: t("report.outcome"), Share: 3,
		}, {Title: t("report.number"), Share: 1, Right: true}, {Title: t("report.share"), Share: 1, Right: true}, {Share: 3},
	})
	for _, o := range history.Outcomes {
		n := w.counts.ByOutcome[o]
		if n == 0 {
			continue
		}
		share := strconv.FormatFloat(100*float64(n)/float64(w.counts.Total), 'f', 1, 64) + " %"
		counts.Row(w.outcome(o), strconv.FormatInt(n, 10), share, "")
	}
	counts.Row(t("report.undecided"), strconv.FormatInt(w.counts.Undecided, 10), "", "")
	if w.counts.Identified > 0 {
		counts.Row(t("report.identified"), strconv.FormatInt(w.counts.Identified, 10), "", "")
	}
	if len(w.rows) == 0 {
		return
	}
	p.Heading(t("report.list"))
	columns := []paper.Column{
		{
			Title: t("report.record"), Share: 14, Right: true,
		}, {Title: t("report.time"), Share: 25}, {Title: t("report.outcome"), Share: 25},
		{
			Title: t("report.score"), Share: 12, Right: true,
		}, {Title: t("report.decision"), Share: 17}, {Title: t("report.operator"), Share: 17},
		{Title: t("report.desk"), Share: 16}, {Title: t("report.check"), Share: 23},
	}
	if w.about.Names {
		columns = append(columns, paper.Column{Title: t("report.name"), Share: 30})
	}
	list := p.Table(columns)
	for _, r := range w.rows {
		cells := []string{
			strconv.FormatInt(r.Seq, 10), r.At.Local().Format("2006-01-02 15:04"), w.outcome(r.Outcome), score(r),
			w.decision(r.Decision), r.Operator, r.Desk, short(r.Check),
		}
		if w.about.Names {
			cells = append(cells, w.name(r))
		}
		list.Row(cells...)
	}
}

// period is when the first and the last of the checks started.
func (w *pdfWriter) period() (first, final time.Time) {
	for i, r := range w.rows {
		if i == 0 || r.At.Before(first) {
			first = r.At
		}
		if r.At.After(final) {
			final = r.At
		}
	}
	return first, final
}

// shortID is as much of a check's id as finds it again.
const shortID = len("chk_") + 8

func short(id string) string { return id[:min(len(id), shortID)] }
