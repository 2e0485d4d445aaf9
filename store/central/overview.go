package central

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
)

// What the table spread counts, as SQL's add_up calls it.
const (
	spreadScore  = "score"
	spreadTook   = "took"
	spreadWaited = "waited"
)

const bandWidth = 10_000 / overview.Bands // of scores, in hundredths

// Overview gives the numbers of the checks a filter selects, by periods of a unit. Those of some
// desks, branches and times are read from the coarser tables; for other filters PostgreSQL adds
// up the rows of checks, which takes longer. A search for what is sealed is the problem
// overview.sealed, with a key too.
func (r *Reader) Overview(ctx context.Context, f history.Filter, unit overview.Unit) (overview.Overview, error) {
	if f.Sealed() {
		return overview.Overview{}, matcher.NewProblem("overview.sealed", nil)
	}
	c, err := where(f)
	if err != nil {
		return overview.Overview{}, err
	}
	o := summing{Reader: r, filter: f, conditions: c, selected: c}
	var coarse conditions
	if len(f.Outcomes)+len(f.Decisions)+len(f.Modes)+len(f.Operators)+len(f.Codes) == 0 && coarse.counted(f) {
		o.coarse, o.selected = true, coarse
	}
	first, last, err := o.span(ctx)
	if err != nil {
		return overview.Overview{}, err
	}
	o.unit = overview.UnitFor(unit, first, last)
	return o.numbers(ctx)
}

// summing are the sums of one overview on their way.
type summing struct {
	*Reader
	filter     history.Filter
	conditions            // on checks
	coarse     bool       // the coarser tables count
	selected   conditions // on them or, where they do not count, on checks
	unit       overview.Unit

	counter   *overview.Counter
	desks     map[string]int
	operators map[string]int
}

// span gives when the first and the last check started, to the day.
func (o *summing) span(ctx context.Context) (first, last time.Time, err error) {
	sources := []source{fromDaily(`day::timestamp AT TIME ZONE 'UTC'`),
		fromChecks(`SELECT at FROM facematch.checks WHERE @`)}
	if !o.coarse {
		sources = sources[1:]
	}
	// Each end is found by an index: in the first part of the period that has a check, and in the last.
	var firsts, lasts []string
	queries, of, args := o.selected.parts(o.filter.From, o.filter.To, sources...)
	for i, query := range queries {
		firsts = append(firsts, fmt.Sprintf(`(%s ORDER BY %s LIMIT 1)`, query, of[i].at))
		lasts = append(lasts, fmt.Sprintf(`(%s ORDER BY %s DESC LIMIT 1)`, query, of[i].at))
	}
	slices.Reverse(lasts)
	// Without checks any day will do.
	err = o.pool.QueryRow(ctx, fmt.Sprintf(`SELECT coalesce(%s, 'epoch'), coalesce(%s, 'epoch')`,
		strings.Join(firsts, ", "), strings.Join(lasts, ", ")), args...).Scan(&first, &last)
	return first.UTC(), last.UTC(), readProblem(ctx, err)
}

// outcomesOf are the outcomes that are counted. The last place is for those that this program
// does not know.
func outcomesOf() []history.Outcome { return append(slices.Clone(history.Outcomes), "") }

func placeOf(o history.Outcome) int {
	if at := slices.Index(history.Outcomes, o); at >= 0 {
		return at
	}
	return len(history.Outcomes)
}

// numbers asks for all sums side by side and puts them together.
func (o *summing) numbers(ctx context.Context) (overview.Overview, error) {
	now := time.Now()
	o.counter = overview.NewCounter(outcomesOf(), now)
	o.desks, o.operators = map[string]int{}, map[string]int{}
	var periods, quality, staff []sum
	var spread []values
	var w overview.Waiting
	asking, together := errgroup.WithContext(ctx)
	for _, of := range []struct {
		to *[]sum
		q  question
	}{{&periods, o.periodsQuery()}, {&quality, o.qualityQuery()}, {&staff, o.staffQuery()}} {
		asking.Go(func() (err error) {
			*of.to, err = o.ask(together, of.q)
			return err
		})
	}
	asking.Go(func() (err error) {
		spread, err = o.spread(together)
		return err
	})
	asking.Go(func() (err error) {
		w, err = o.undecided(together, now)
		return err
	})
	if err := asking.Wait(); err != nil {
		return overview.Overview{}, readProblem(ctx, err)
	}
	var first, last time.Time // of the periods with checks that have no end
	for _, s := range periods {
		s.each(func(of overview.Sum) { o.counter.AddPeriod(s.from, of) })
		if s.checks[unended] == 0 {
			continue
		}
		if first.IsZero() || s.from.Before(first) {
			first = s.from
		}
		if s.from.After(last) {
			last = s.from
		}
	}
	open, err := o.unended(ctx, first, last)
	if err != nil {
		return overview.Overview{}, readProblem(ctx, err)
	}
	for _, s := range staff {
		desk, operator := o.desk(s.desk), o.operator(s.operator)
		s.each(func(of overview.Sum) {
			o.counter.AddDesk(desk, of)
			o.counter.AddOperator(operator, of)
		})
	}
	for _, s := range quality {
		o.counter.AddQuality(s.from, o.desk(s.desk), s.portraits, s.portrait, s.pictures, s.picture)
	}
	o.addUnended(open)
	o.addSpread(spread, &w)
	o.counter.SetWaiting(w)
	return o.counter.Result(o.unit, true), nil
}

// desk is the place of a desk in the counter, operator that of an operator.
func (o *summing) desk(name string) int     { return placeIn(o.desks, name, o.counter.Desk) }
func (o *summing) operator(name string) int { return placeIn(o.operators, name, o.counter.Operator) }

func placeIn(places map[string]int, name string, add func(string) int) int {
	at, known := places[name]
	if !known {
		at = add(name)
		places[name] = at
	}
	return at
}

// The places of outcomes in the arrays of the table rates, as SQL's place counts them from 1 on.
const (
	unended  = 0 // checks without an end
	firstEnd = 1 // those of outcomesOf, in that order
)

// places is how many there are.
var places = firstEnd + len(outcomesOf())

// sum is a row of sums: of a period, of a desk and an operator, or of a period and a desk.
type sum struct {
	from               time.Time
	desk, operator     string
	checks, identified []int64 // by outcome
	filmed, overridden int64

	portraits, portrait, pictures, picture int64
}

// each calls do for each outcome that checks ended with.
func (s *sum) each(do func(overview.Sum)) {
	for i, n := range s.checks[firstEnd:] {
		of := overview.Sum{Outcome: i, Checks: n, Identified: s.identified[firstEnd+i]}
		if i == placeOf(history.Pass) { // those of all outcomes, for the rates that count them together
			of.Filmed, of.Decided = s.filmed, s.overridden
		}
		if of != (overview.Sum{Outcome: i}) {
			do(of)
		}
	}
}

// question is a query with its values, and where its columns go.
type question struct {
	text string
	args []any
	into func(s *sum) []any
}

// ask gives the rows of a question.
func (o *summing) ask(ctx context.Context, q question) ([]sum, error) {
	rows, err := o.pool.Query(ctx, q.text, q.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s sum, err error) {
		err = row.Scan(q.into(&s)...)
		return s, err
	})
}

// read gives the query for what the sources count. The last one are the rows of checks.
func (o *summing) read(sources ...source) (query string, args []any) {
	if !o.coarse {
		sources = sources[len(sources)-1:]
	}
	return o.selected.read(o.filter.From, o.filter.To, sources...)
}

// start is the column of that name: the first day of the period of the overview in which a time
// in UTC lies.
func (o *summing) start(of string) string {
	return `date_trunc('` + string(o.unit) + `', ` + of + `)::date AS start`
}

const atUTC = `at AT TIME ZONE 'UTC'`

// byPlace repeats a text for each place of an outcome. In it # stands for the place.
func byPlace(text string) string {
	var all strings.Builder
	for place := range places {
		all.WriteString(strings.ReplaceAll(text, "#", strconv.Itoa(place+1)))
	}
	return all.String()
}

// ofRates are columns of the table rates.
func ofRates(kind, columns string, grains ...grain) []source {
	all := from(`rates`, columns, grains...)
	for i := range all {
		all[i].where += ` AND kind = '` + kind + `'`
	}
	return all
}

// byUnit are the start and other columns of desks in the table rates, by the unit of the overview, and
// by day at its ends.
func (o *summing) byUnit(columns string) []source {
	whole := func(g grain) []source { return ofRates(`desk`, `start`+columns, g) }
	ends := ofRates(`desk`, o.start(`start::timestamp`)+columns, days)
	switch o.unit { // a week may lie in two months
	case overview.Month:
		return append(whole(months), ends...)
	case overview.Week:
		return append(whole(weeks), ends...)
	}
	return whole(days)
}

// byOutcome are the columns of the table rates that outcomes adds up.
var byOutcome = byPlace(`, checks[#] AS c#, identified[#] AS i#`) + `, filmed, overridden`

// outcomes asks for the checks of each outcome by some columns. ofRows gives the same columns of the
// table checks.
func (o *summing) outcomes(by, ofRows string, sources []source, into func(s *sum) []any) question {
	rows := `SELECT ` + by + byPlace(`, n * (place = #)::int AS c#, known * (place = #)::int AS i#`) + `,
			filmed, overridden
		FROM (SELECT ` + ofRows + `, facematch.place(outcome) AS place, count(*) AS n,
			count(*) FILTER (WHERE decision = 'identified') AS known,
			count(*) FILTER (WHERE filmed_anyway AND outcome IN ('pass', 'refer', 'fail', 'not compared')) AS filmed,
			count(*) FILTER (WHERE outcome IN ('pass', 'fail') AND decision IN ('approved', 'rejected')) AS overridden
			FROM facematch.checks WHERE @ GROUP BY ` + by + `, place) k`
	query, args := o.read(append(sources, fromChecks(rows))...)
	array := func(of string) string {
		return `, ARRAY[` + strings.TrimPrefix(byPlace(`, sum(`+of+`)`), `, `) + `]::bigint[]`
	}
	return question{`SELECT ` + by + array(`c#`) + array(`i#`) + `, sum(filmed)::bigint, sum(overridden)::bigint
		FROM (` + query + `) k GROUP BY ` + by, args, func(s *sum) []any {
		return append(into(s), &s.checks, &s.identified, &s.filmed, &s.overridden)
	}}
}

func (o *summing) periodsQuery() question {
	return o.outcomes(`start`, o.start(atUTC), o.byUnit(byOutcome), func(s *sum) []any { return []any{&s.from} })
}

func (o *summing) staffQuery() question {
	const who = `desk, operator`
	return o.outcomes(who, who, ofRates(`operator`, who+byOutcome, always, months, weeks, days),
		func(s *sum) []any { return []any{&s.desk, &s.operator} })
}

func (o *summing) qualityQuery() question {
	query, args := o.read(append(o.byUnit(`, desk, portraits, portrait, pictures, picture`),
		fromChecks(`SELECT `+o.start(atUTC)+`, desk, count(portrait_quality) AS portraits,
			sum(facematch.percent(portrait_quality)) AS portrait, count(picture_quality) AS pictures,
			sum(facematch.percent(picture_quality)) AS picture FROM facematch.checks WHERE @ GROUP BY 1, 2`))...)
	return question{`SELECT start, desk, sum(portraits)::bigint, sum(portrait)::bigint, sum(pictures)::bigint,
		sum(picture)::bigint FROM (` + query + `) k GROUP BY start, desk HAVING sum(portraits) + sum(pictures) > 0`, args,
		func(s *sum) []any {
			return []any{&s.from, &s.desk, &s.portraits, &s.portrait, &s.pictures, &s.picture}
		}}
}

// values are how many checks of a desk or an outcome have which value.
type values struct {
	kind, desk    string
	outcome       history.Outcome
	value, checks []int32
}

// spreadOfRows counts the checks of a condition as the table spread does.
const spreadOfRows = `SELECT kind, desk, outcome, array_agg(value) AS value, array_agg(n) AS checks FROM (
		SELECT CASE 0 WHEN GROUPING(score) THEN '` + spreadScore + `' WHEN GROUPING(took) THEN '` + spreadTook + `'
				ELSE '` + spreadWaited + `' END AS kind,
			coalesce(desk, '') AS desk, coalesce(outcome, '') AS outcome, coalesce(score, took, waited) AS value,
			count(*)::int AS n
		FROM (SELECT desk, outcome, facematch.band(score) AS score, facematch.tenths(took_ms) AS took,
			CASE WHEN outcome = 'refer' AND decision IN ('approved', 'rejected') THEN facematch.waited(at, decided_at)
				END AS waited
			FROM facematch.checks WHERE facematch.compared(outcome) AND @) k
		GROUP BY GROUPING SETS ((outcome, score), (desk, took), (waited))) k
	WHERE value IS NOT NULL GROUP BY kind, desk, outcome`

// spread asks for the values. The rows of the table spread are few, but long, so they are added up
// here.
func (o *summing) spread(ctx context.Context) ([]values, error) {
	query, args := o.read(append(from(`spread`, `kind, desk, outcome, value, checks`, always, months, weeks, days),
		fromChecks(spreadOfRows))...)
	rows, err := o.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (v values, err error) {
		err = row.Scan(&v.kind, &v.desk, &v.outcome, &v.value, &v.checks)
		return v, err
	})
}

// addSpread adds the values to the counter, and those of referrals to the numbers of them.
func (o *summing) addSpread(all []values, w *overview.Waiting) {
	waited := map[int64]int64{}
	for _, v := range all {
		for i := range min(len(v.value), len(v.checks)) { // verify names a row where they differ
			value, n := int64(v.value[i]), int64(v.checks[i])
			switch v.kind {
			case spreadScore:
				o.counter.AddScores(value, overview.VerdictOf(v.outcome), n)
			case spreadTook:
				o.counter.AddTook(o.desk(v.desk), value, n)
			case spreadWaited:
				waited[value] += n
				w.Decided += n
			}
		}
	}
	sorted := slices.Sorted(maps.Keys(waited))
	rank := func(percent int64) int64 {
		left := (w.Decided*percent + 99) / 100
		for _, value := range sorted {
			if left -= waited[value]; left <= 0 {
				return value
			}
		}
		return 0
	}
	w.MedianSec, w.P95Sec = rank(50), rank(95)
}

// undecided gives how many referrals wait for a decision, and since when. An index holds them alone.
func (o *summing) undecided(ctx context.Context, now time.Time) (overview.Waiting, error) {
	var w overview.Waiting
	c := conditions{slices.Clip(o.conditions.terms), append(slices.Clip(o.conditions.args), now)}
	c.terms = append(c.terms, `outcome = 'refer'`, `decision = 'open'`)
	var oldest *time.Time
	err := o.pool.QueryRow(ctx, strings.ReplaceAll(`SELECT count(*) FILTER (WHERE at >= @now - interval '1 hour'),
		count(*) FILTER (WHERE at >= @now - interval '1 day' AND at < @now - interval '1 hour'),
		count(*) FILTER (WHERE at >= @now - interval '7 days' AND at < @now - interval '1 day'), count(*), min(at)
		FROM facematch.checks WHERE `, "@now", fmt.Sprint("$", len(c.args), "::timestamptz"))+
		strings.Join(c.terms, " AND "), c.args...).Scan(&w.Hour, &w.Day, &w.Week, &w.Open, &oldest)
	w.Longer = w.Open - w.Hour - w.Day - w.Week
	if oldest != nil {
		w.Oldest = oldest.UTC()
	}
	return w, err
}

// unended gives the few checks without an end, which lie in the periods from first to last, both
// included: the coarser tables do not say which of them may still run.
func (o *summing) unended(ctx context.Context, first, last time.Time) ([]history.Row, error) {
	if first.IsZero() {
		return nil, nil
	}
	c := o.conditions
	c.terms, c.args = slices.Clip(c.terms), slices.Clip(c.args)
	c.add(`outcome IS NULL AND at >= ? AND at < ?`, first, last.AddDate(0, 1, 0)) // no period is longer than a month
	rows, err := o.pool.Query(ctx, `SELECT at, desk, operator, `+outcome+`, coalesce(decision, '')
		FROM facematch.checks WHERE `+strings.Join(c.terms, " AND "), c.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h history.Row, err error) {
		err = row.Scan(&h.At, &h.Desk, &h.Operator, &h.Outcome, &h.Decision)
		return h, err
	})
}

func (o *summing) addUnended(all []history.Row) {
	for _, h := range all {
		s := overview.Sum{Outcome: placeOf(h.Outcome), Checks: 1}
		if h.Decision == history.Identified {
			s.Identified = 1
		}
		o.counter.AddDesk(o.desk(h.Desk), s)
		o.counter.AddOperator(o.operator(h.Operator), s)
		o.counter.AddPeriod(h.At, s)
	}
}
