package central

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/app/history/overview"
)

// ofBranches selects the desks of some branches.
const ofBranches = `chain = ANY (ARRAY(SELECT id FROM facematch.chain WHERE branch = ANY (?)))`

// grain says how finely a table counts checks.
type grain int

const (
	rows  grain = iota // it has a row for each check
	days               // it counts them by UTC day
	weeks              // from Monday
	months
	always // of all time together
)

// unit is what the tables of counts call a grain: the units of an overview, and all.
func (g grain) unit() string {
	return [...]string{days: `day`, weeks: `week`, months: `month`, always: `all`}[g]
}

// start gives the beginning of the day, week or month in which a moment lies, and next that of the
// one after it.
func (g grain) start(at time.Time) time.Time   { return overview.Unit(g.unit()).Start(at) }
func (g grain) next(start time.Time) time.Time { return overview.Unit(g.unit()).Next(start) }

// source is a query of a table that counts checks. In it @ stands for a condition.
type source struct {
	grain grain
	query string
	at    string // the column that says when
	where string // which rows are of the grain
}

// from are the columns of a table that counts by unit, from rows of some grains.
func from(table, columns string, grains ...grain) []source {
	var all []source
	for _, g := range grains {
		all = append(all, source{g, `SELECT ` + columns + ` FROM facematch.` + table + ` WHERE @`, `start`,
			`unit = '` + g.unit() + `'`})
	}
	return all
}

// fromDaily are the columns of the table daily.
func fromDaily(columns string) source {
	return source{days, `SELECT ` + columns + ` FROM facematch.daily WHERE @`, `day`, `true`}
}

// fromChecks is a query of the rows of checks.
func fromChecks(query string) source { return source{rows, query, `at`, `NOT lost`} }

// counted adds the conditions of a filter on the columns that checks and the tables of counts have
// in common, all but the time. It returns false where the filter needs other columns.
func (c *conditions) counted(f history.Filter) bool {
	if len(f.Inspections) > 0 || f.LeastScore != nil || f.MostScore != nil ||
		f.Session+f.Check+f.Request+f.Words+f.Reference+f.Number != "" {
		return false
	}
	for _, o := range f.Outcomes { // the tables do not tell these apart while a check has no end
		if o == history.Running || o == history.Unknown || o == history.Interrupted {
			return false
		}
	}
	codes := make([]string, len(f.Codes))
	for i, code := range f.Codes {
		codes[i] = strconv.Itoa(code)
	}
	c.add(`true`)
	for _, of := range []struct {
		term   string
		values []string
	}{
		{`coalesce(outcome, '') = ANY (?)`, texts(f.Outcomes)}, {`coalesce(decision, '') = ANY (?)`, texts(f.Decisions)},
		{`desk = ANY (?)`, f.Desks}, {ofBranches, f.Branches}, {`mode = ANY (?)`, texts(f.Modes)},
		{`operator = ANY (?)`, f.Operators}, {`coalesce(code::text, '') = ANY (?)`, codes},
	} {
		if len(of.values) > 0 {
			c.add(of.term, of.values)
		}
	}
	return true
}

// stretch is a part of a period, and the grain of the table that counts it. Zero times are open.
type stretch struct {
	grain
	from, to time.Time
}

// stretches divides a period among tables of some grains, the coarsest first: what is left at its
// ends of whole months, weeks or days is counted more finely.
func stretches(from, to time.Time, grains ...grain) []stretch {
	if grains[0] == always {
		if from.IsZero() && to.IsZero() {
			return []stretch{{grain: always}}
		}
		grains = grains[1:]
	}
	open := from.IsZero() || to.IsZero()
	if grains[0] == rows {
		if !open && !from.Before(to) {
			return nil
		}
		return []stretch{{rows, from, to}}
	}
	first, last := from, to // of what is whole
	if !from.IsZero() {
		first = grains[0].start(from)
		if first.Before(from) {
			first = grains[0].next(first)
		}
	}
	if !to.IsZero() {
		last = grains[0].start(to)
	}
	if !open && !first.Before(last) {
		return stretches(from, to, grains[1:]...)
	}
	all := []stretch{{grains[0], first, last}}
	if !from.IsZero() {
		all = append(all, stretches(from, first, grains[1:]...)...)
	}
	if !to.IsZero() {
		all = append(all, stretches(last, to, grains[1:]...)...)
	}
	return all
}

// read gives the query for what the sources, the coarsest first, count of a period under the
// conditions. The last source are the rows of checks.
func (c conditions) read(from, to time.Time, sources ...source) (query string, args []any) {
	queries, _, args := c.parts(from, to, sources...)
	return strings.Join(queries, " UNION ALL "), args
}

// parts gives a query for each part of a period, and the source of each, in the order of time.
func (c conditions) parts(begin, end time.Time, sources ...source) (queries []string, of []source, args []any) {
	var grains []grain
	for _, s := range sources {
		grains = append(grains, s.grain)
	}
	c.terms, args = slices.Clip(c.terms), slices.Clip(c.args)
	parts := stretches(begin, end, grains...)
	if len(parts) == 0 { // an empty period
		c.terms = append(c.terms, `false`)
		parts = []stretch{{grain: rows}}
	}
	slices.SortFunc(parts, func(a, b stretch) int { return a.from.Compare(b.from) })
	for _, part := range parts {
		s := sources[slices.Index(grains, part.grain)]
		where := conditions{slices.Clip(c.terms), args}
		where.add(s.where)
		bound := func(term string, at time.Time) {
			switch {
			case at.IsZero():
			case s.grain == rows:
				where.add(s.at+term+`?`, at)
			default:
				where.add(s.at+term+`?::date`, at.Format(time.DateOnly))
			}
		}
		bound(` >= `, part.from)
		bound(` < `, part.to)
		queries = append(queries, strings.Replace(s.query, "@", strings.Join(where.terms, " AND "), 1))
		of, args = append(of, s), where.args
	}
	return queries, of, args
}

// ended are the columns of all tables but rates and spread that say how a check ended.
const ended = `coalesce(outcome, '') AS outcome, coalesce(decision, '') AS decision`

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
	const columns = ended + `, checks AS n`
	const ofRows = `SELECT ` + ended + `, 1 AS n FROM facematch.checks WHERE `
	query, args := ofRows+strings.Join(all.terms, " AND "), all.args
	var c conditions
	if c.counted(f) {
		sources := append(from(`staff`, columns, always), from(`periods`, columns, months, weeks, days)...)
		if len(f.Modes)+len(f.Operators)+len(f.Codes) > 0 {
			sources = from(`staff`, columns, always, months, weeks)
			if len(f.Codes) == 0 {
				sources = append(sources, fromDaily(columns))
			}
		}
		query, args = c.read(f.From, f.To, append(sources, fromChecks(ofRows+`@`))...)
	}
	err = r.count(ctx, &counts, `SELECT outcome, sum(n)::bigint,
		coalesce(sum(n) FILTER (WHERE decision = 'open'), 0)::bigint,
		coalesce(sum(n) FILTER (WHERE decision = 'identified'), 0)::bigint FROM (`+query+`) k GROUP BY 1`, args)
	if err != nil || counts.ByOutcome[""] == 0 {
		return counts, err
	}
	// The few checks without an end: only their rows tell which of them may still run. One that ends
	// before the second query is in neither.
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
