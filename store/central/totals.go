package central

import (
	"context"
	"fmt"
	"strings"
	"time"

	"facematch/app/history"
)

const day = 24 * time.Hour

// ofBranches selects the desks of some branches.
const ofBranches = `chain = ANY (ARRAY(SELECT id FROM facematch.chain WHERE branch = ANY (?)))`

// counted are the conditions of a filter on the columns that checks, daily and, where months is
// true, monthly have in common, all but the time. It is false where the filter needs others.
func counted(f history.Filter) (c conditions, months, ok bool) {
	if len(f.Codes)+len(f.Inspections) > 0 || f.LeastScore != nil || f.MostScore != nil ||
		f.Session+f.Check+f.Request+f.Words+f.Reference+f.Number != "" {
		return c, false, false
	}
	for _, o := range f.Outcomes { // the tables do not tell these apart while a check has no end
		if o == history.Running || o == history.Unknown || o == history.Interrupted {
			return c, false, false
		}
	}
	c.add(`true`)
	for _, of := range []struct {
		term   string
		values []string
	}{
		{`coalesce(outcome, '') = ANY (?)`, texts(f.Outcomes)}, {`coalesce(decision, '') = ANY (?)`, texts(f.Decisions)},
		{`desk = ANY (?)`, f.Desks}, {ofBranches, f.Branches}, {`mode = ANY (?)`, texts(f.Modes)},
		{`operator = ANY (?)`, f.Operators},
	} {
		if len(of.values) > 0 {
			c.add(of.term, of.values)
		}
	}
	return c, len(f.Modes)+len(f.Operators) == 0, true
}

// stretch is a part of a period, and the table that counts it.
type stretch struct {
	table, column string
	from, to      time.Time // zero: open
}

// stretches divides a period: whole months are in the table monthly, where that may be read,
// whole UTC days in daily, and what is left at both ends in checks.
func stretches(from, to time.Time, months bool) []stretch {
	var all []stretch
	add := func(table, column string, from, to time.Time) {
		if from.IsZero() || to.IsZero() || from.Before(to) {
			all = append(all, stretch{table, column, from, to})
		}
	}
	first, last := from.UTC(), to.UTC() // of whole days
	if !from.IsZero() {
		first = first.Add(day - 1).Truncate(day)
	}
	if !to.IsZero() {
		last = last.Truncate(day)
	}
	if !from.IsZero() && !to.IsZero() && !first.Before(last) {
		return []stretch{{`checks`, `at`, from, to}}
	}
	if !from.IsZero() {
		add(`checks`, `at`, from, first)
	}
	if !to.IsZero() {
		add(`checks`, `at`, last, to)
	}
	begin, end := first, last // of whole months
	if !from.IsZero() {
		if begin = monthOf(first); begin.Before(first) {
			begin = begin.AddDate(0, 1, 0)
		}
	}
	if !to.IsZero() {
		end = monthOf(last)
	}
	if !months || !from.IsZero() && !to.IsZero() && !begin.Before(end) {
		add(`daily`, `day`, first, last)
		return all
	}
	if !from.IsZero() {
		add(`daily`, `day`, first, begin)
	}
	add(`monthly`, `month`, begin, end)
	if !to.IsZero() {
		add(`daily`, `day`, end, last)
	}
	return all
}

func monthOf(t time.Time) time.Time { return t.AddDate(0, 0, 1-t.Day()) }

// query selects outcome, decision and number of the checks in a stretch.
func (s stretch) query(c *conditions) string {
	number, terms := `checks`, c.terms
	if s.table == `checks` {
		number, terms = `1`, append(terms[:len(terms):len(terms)], `NOT lost`)
	}
	bound := func(term string, at time.Time) {
		if at.IsZero() {
			return
		}
		var value any = at
		if s.table != `checks` {
			value, term = at.Format(time.DateOnly), term+`::date`
		}
		c.args = append(c.args, value)
		terms = append(terms[:len(terms):len(terms)], fmt.Sprintf(term, s.column, len(c.args)))
	}
	bound(`%s >= $%d`, s.from)
	bound(`%s < $%d`, s.to)
	return `SELECT coalesce(outcome, '') AS outcome, coalesce(decision, '') AS decision, ` + number + ` AS n
		FROM facematch.` + s.table + ` WHERE ` + strings.Join(terms, " AND ")
}

// Count counts the checks a filter selects. Where the coarser tables can answer, it reads
// those.
func (r *Reader) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	if r.opening != nil && f.Sealed() {
		return r.countFound(ctx, r.opening, f)
	}
	counts := history.Counts{ByOutcome: map[history.Outcome]int64{}}
	all, err := where(f)
	if err != nil {
		return counts, err
	}
	const sums = `, sum(n)::bigint, coalesce(sum(n) FILTER (WHERE decision = 'open'), 0)::bigint,
			coalesce(sum(n) FILTER (WHERE decision = 'identified'), 0)::bigint FROM (`
	c, months, ok := counted(f)
	if !ok {
		return counts, r.count(ctx, &counts, `SELECT outcome`+sums+`SELECT `+outcome+` AS outcome, decision, 1 AS n
			FROM facematch.checks WHERE `+strings.Join(all.terms, " AND ")+`) k GROUP BY 1`, all.args)
	}
	parts := stretches(f.From, f.To, months)
	if len(f.Operators) > 0 && len(f.Modes) == 0 && f.From.IsZero() && f.To.IsZero() {
		parts = []stretch{{table: `staff`}}
	}
	var queries []string
	for _, s := range parts {
		queries = append(queries, s.query(&c))
	}
	err = r.count(ctx, &counts, `SELECT outcome`+sums+strings.Join(queries, " UNION ALL ")+`) k GROUP BY 1`, c.args)
	if err != nil || counts.ByOutcome[""] == 0 {
		return counts, err
	}
	// The few checks without an end: only their rows tell which of them may still run.
	counts.Total -= counts.ByOutcome[""]
	delete(counts.ByOutcome, "")
	open := history.Counts{ByOutcome: map[history.Outcome]int64{}}
	err = r.count(ctx, &open, `SELECT `+outcome+`, count(*), 0::bigint, 0::bigint FROM facematch.checks
		WHERE outcome IS NULL AND `+strings.Join(all.terms, " AND ")+` GROUP BY 1`, all.args)
	counts.Total += open.Total
	for o, n := range open.ByOutcome {
		counts.ByOutcome[o] += n
	}
	return counts, err
}

// count adds up what a query gives: outcomes, and how many checks each has.
func (r *Reader) count(ctx context.Context, to *history.Counts, query string, args []any) error {
	rows, err := r.pool.Query(ctx, query, args...)
	if err != nil {
		return readProblem(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var o history.Outcome
		var n, open, identified int64
		if err := rows.Scan(&o, &n, &open, &identified); err != nil {
			return err
		}
		to.Total += n
		to.ByOutcome[o] += n
		to.Undecided += open
		to.Identified += identified
	}
	return readProblem(ctx, rows.Err())
}
