package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"facematch/app/history"
	"facematch/app/history/overview"
)

// Table is some numbers of an overview in words: what a chart shows, to be read.
type Table struct {
	Title string
	Note  string // what one must know to read it; may be empty
	Head  []string
	Rows  [][]string
}

// Tables gives the numbers of an overview as tables. One without a row is left out.
func Tables(o overview.Overview, words Words) []Table {
	all := []Table{
		periodTable(o, words),
		groupTable("overview.desks", "history.desk", o.Desks, words),
		groupTable("overview.operators", "history.operator", o.Operators, words),
		scoreTable(o, words),
		qualityTable(o, words),
		waitingTable(o, words),
	}
	var some []Table
	for _, t := range all {
		if len(t.Rows) > 0 {
			some = append(some, t)
		}
	}
	return some
}

// PeriodWords names a period.
func PeriodWords(from time.Time, unit overview.Unit) string {
	if unit == overview.Month {
		return from.Format("Jan 2006")
	}
	return from.Format("2 Jan 2006")
}

// GroupWords names a desk or an operator.
func GroupWords(name string, words Words) string {
	if name == "" {
		return words.T("overview.no_name")
	}
	return name
}

// PresentOutcomes are the outcomes that occur, in the order in which they are counted.
func PresentOutcomes(counts map[history.Outcome]int64) []history.Outcome {
	var some []history.Outcome
	for _, outcome := range history.Outcomes {
		if counts[outcome] > 0 {
			some = append(some, outcome)
		}
	}
	return some
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func periodTable(o overview.Overview, words Words) Table {
	t := Table{Title: words.T("overview.by." + unitKey(o.Unit)), Note: words.T("overview.utc")}
	outcomes := PresentOutcomes(o.Alone())
	t.Head = []string{words.T("overview." + unitKey(o.Unit)), words.T("overview.checks")}
	for _, outcome := range outcomes {
		t.Head = append(t.Head, Known("outcome.word.", string(outcome), words))
	}
	if o.Identified > 0 {
		t.Head = append(t.Head, words.T("overview.identified"))
		t.Note += " " + words.T("overview.identified_note")
	}
	for _, p := range o.Periods {
		row := []string{PeriodWords(p.From, o.Unit), whole(p.Checks)}
		alone := p.Alone()
		for _, outcome := range outcomes {
			row = append(row, whole(alone[outcome]))
		}
		if o.Identified > 0 {
			row = append(row, whole(p.Identified))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func unitKey(u overview.Unit) string {
	if u == overview.Automatic {
		u = overview.Day
	}
	return string(u)
}

func groupTable(title, column string, g overview.Groups, words Words) Table {
	t := Table{
		Title: words.T(title),
		Note:  words.T("overview.bounds", "Count", g.Comparisons, "Least", overview.LeastShown),
		Head: []string{
			words.T(column), words.T("overview.checks"), words.T("overview.identified"), words.T("overview.refer"),
			words.T("overview.override"),
			words.T("overview.filmed_anyway"), words.T("overview.median"), words.T("overview.p95"),
		},
	}
	timed := slices.ContainsFunc(g.Groups, func(one overview.Group) bool { return one.Took.Checks > 0 })
	if !timed {
		t.Head = t.Head[:len(t.Head)-2]
		t.Note += " " + words.T("overview.no_times")
	}
	for _, one := range g.Groups {
		row := []string{
			GroupWords(one.Name, words), whole(one.Checks), whole(one.Identified), RateWords(one.Refer, words),
			RateWords(one.Override, words),
			RateWords(one.FilmedAnyway, words),
		}
		if timed {
			row = append(row, tenths(one.Took, one.Took.Median), tenths(one.Took, one.Took.P95))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// RateWords writes a rate with its bounds, and whether it stands apart.
func RateWords(r overview.Rate, words Words) string {
	if !r.Shown() {
		return words.T("overview.too_few", "Number", r.Count, "Of", r.Of)
	}
	key := map[int]string{1: "overview.rate_above", -1: "overview.rate_below", 0: "overview.rate"}[r.Apart]
	return words.T(key, "Share", Percent(r.Share()), "Low", Percent(r.Low), "High", Percent(r.High))
}

// Percent writes a share of 0 to 1 in percent, with one decimal.
func Percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) }

func tenths(t overview.Times, n int64) string {
	if t.Checks == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d", n/10, n%10)
}

func scoreTable(o overview.Overview, words Words) Table {
	t := Table{Title: words.T("overview.scores"), Head: []string{
		words.T("overview.band"), words.T("overview.checks"), words.T("outcome.word.pass"), words.T("outcome.word.refer"),
		words.T("outcome.word.fail"),
	}}
	for _, b := range o.Scores {
		if b.Checks() > 0 {
			t.Rows = append(t.Rows, []string{
				words.T("overview.from_to", "From", b.Least/100, "To", b.Below/100), whole(b.Checks()),
				whole(b.Pass), whole(b.Refer), whole(b.Fail),
			})
		}
	}
	return t
}

func qualityTable(o overview.Overview, words Words) Table {
	t := Table{Title: words.T("overview.quality"), Head: []string{
		words.T("overview." + unitKey(o.Unit)), words.T("history.desk"), words.T("overview.portraits"),
		words.T("overview.pictures"),
	}}
	mean := func(n, mean int64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatFloat(float64(mean)/100, 'f', 1, 64)
	}
	for _, q := range o.Quality {
		t.Rows = append(t.Rows, []string{
			PeriodWords(q.From, o.Unit), GroupWords(q.Desk, words), mean(q.Portraits, q.Portrait), mean(q.Pictures, q.Picture),
		})
	}
	return t
}

func waitingTable(o overview.Overview, words Words) Table {
	w := o.Waiting
	t := Table{Title: words.T("overview.referrals"),
		Head: []string{words.T("overview.referral"), words.T("overview.checks")}}
	if w.Open+w.Decided == 0 {
		return t
	}
	say := func(key, value string) { t.Rows = append(t.Rows, []string{words.T("overview." + key), value}) }
	say("open", whole(w.Open))
	say("open.hour", whole(w.Hour))
	say("open.day", whole(w.Day))
	say("open.week", whole(w.Week))
	say("open.longer", whole(w.Longer))
	if w.Open > 0 {
		say("oldest", filterTime(w.Oldest))
	}
	say("decided", whole(w.Decided))
	if w.Decided > 0 {
		say("waited_median", WaitWords(w.MedianSec, words))
		say("waited_p95", WaitWords(w.P95Sec, words))
	}
	return t
}

// WaitWords writes how long something waited.
func WaitWords(seconds int64, words Words) string {
	switch d := time.Duration(seconds) * time.Second; {
	case d < time.Hour:
		return words.T("overview.minutes", "Number", int64(d/time.Minute))
	case d < 48*time.Hour:
		return words.T("overview.hours", "Number", int64(d/time.Hour))
	default:
		return words.T("overview.days", "Number", int64(d/(24*time.Hour)))
	}
}

// WriteOverview writes the numbers of an overview as CSV, one number a row.
func WriteOverview(to io.Writer, o overview.Overview) error {
	w := csv.NewWriter(to)
	put := func(chart, of, part, measure, value string) {
		_ = w.Write([]string{chart, CSVSafe(of), CSVSafe(part), measure, value}) // Error gives the first
	}
	put("chart", "of", "part", "measure", "value")
	outcomes := PresentOutcomes(o.ByOutcome)
	for _, outcome := range outcomes {
		put("total", "", "", string(outcome), whole(o.ByOutcome[outcome]))
	}
	put("total", "", "", "checks", whole(o.Checks))
	put("total", "", "", "identified", whole(o.Identified))
	for _, p := range o.Periods {
		for _, outcome := range outcomes {
			put(string(o.Unit), p.From.Format(time.DateOnly), "", string(outcome), whole(p.ByOutcome[outcome]))
		}
		put(string(o.Unit), p.From.Format(time.DateOnly), "", "identified", whole(p.Identified))
	}
	groups := func(chart string, g overview.Groups) {
		for _, one := range g.Groups {
			put(chart, one.Name, "", "checks", whole(one.Checks))
			put(chart, one.Name, "", "identified", whole(one.Identified))
			for _, r := range []struct {
				name string
				overview.Rate
			}{{"refer", one.Refer}, {"override", one.Override}, {"filmed_anyway", one.FilmedAnyway}} {
				put(chart, one.Name, r.name, "count", whole(r.Count))
				put(chart, one.Name, r.name, "of", whole(r.Of))
				if r.Shown() {
					put(chart, one.Name, r.name, "low_percent", strconv.FormatFloat(100*r.Low, 'f', 2, 64))
					put(chart, one.Name, r.name, "high_percent", strconv.FormatFloat(100*r.High, 'f', 2, 64))
					put(chart, one.Name, r.name, "apart", strconv.Itoa(r.Apart))
				}
			}
			times(put, chart, one.Name, one.Took)
		}
	}
	groups("desk", o.Desks)
	groups("operator", o.Operators)
	for _, b := range o.Scores {
		of := history.FormatScore(b.Least)
		put("score", of, "", "pass", whole(b.Pass))
		put("score", of, "", "refer", whole(b.Refer))
		put("score", of, "", "fail", whole(b.Fail))
	}
	for _, q := range o.Quality {
		day := q.From.Format(time.DateOnly)
		put("quality", day, q.Desk, "portraits", whole(q.Portraits))
		put("quality", day, q.Desk, "portrait_mean", history.FormatScore(q.Portrait))
		put("quality", day, q.Desk, "pictures", whole(q.Pictures))
		put("quality", day, q.Desk, "picture_mean", history.FormatScore(q.Picture))
	}
	times(put, "total", "", o.Took)
	for _, n := range []struct {
		name string
		n    int64
	}{
		{"open", o.Waiting.Open}, {"open_up_to_hour", o.Waiting.Hour}, {"open_up_to_day", o.Waiting.Day},
		{"open_up_to_week", o.Waiting.Week}, {"open_longer", o.Waiting.Longer}, {"decided", o.Waiting.Decided},
		{"median_seconds", o.Waiting.MedianSec}, {"p95_seconds", o.Waiting.P95Sec},
	} {
		put("referrals", "", "", n.name, whole(n.n))
	}
	w.Flush()
	return w.Error()
}

func times(put func(chart, of, part, measure, value string), chart, of string, t overview.Times) {
	put(chart, of, "took", "checks", whole(t.Checks))
	if t.Checks > 0 {
		put(chart, of, "took", "median_seconds", tenths(t, t.Median))
		put(chart, of, "took", "p95_seconds", tenths(t, t.P95))
	}
}
