package central

import (
	"context"
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

// What the table spread counts.
const (
	spreadScore  = "score"
	spreadTook   = "took"
	spreadWaited = "waited"
)

const bandWidth = 10_000 / overview.Bands // of scores, in hundredths

// Overview gives the numbers of the checks a filter selects, by periods of a unit. All checks,
// and those of some desks or branches, are read from the coarser tables; for other filters
// PostgreSQL adds up the rows of checks, which takes longer. A search for what is sealed is the
// problem overview.sealed, with a key too.
func (r *Reader) Overview(ctx context.Context, f history.Filter, unit overview.Unit) (overview.Overview, error) {
	if f.Sealed() {
		return overview.Overview{}, matcher.NewProblem("overview.sealed", nil)
	}
	c, err := where(f)
	if err != nil {
		return overview.Overview{}, err
	}
	o := summing{Reader: r, conditions: c}
	_, _, simple := counted(f)
	simple = simple && f.From.IsZero() && f.To.IsZero() &&
		len(f.Outcomes)+len(f.Decisions)+len(f.Modes)+len(f.Operators) == 0
	if simple {
		o.coarse, _, _ = counted(f)
	}
	first, last, err := o.span(ctx, simple)
	if err != nil {
		return overview.Overview{}, err
	}
	o.unit = overview.UnitFor(unit, first, last)
	o.byMonth = simple && o.unit == overview.Month
	o.bySpread = simple
	return o.numbers(ctx)
}

// summing are the sums of one overview on their way.
type summing struct {
	*Reader
	conditions            // on checks
	coarse     conditions // on the coarser tables
	unit       overview.Unit
	byMonth    bool // periods and desks are read from monthly
	bySpread   bool // operators, scores and times are read from staff and spread

	counter   *overview.Counter
	desks     map[string]int
	operators map[string]int
}

// span gives when the first and the last check started, in whole days.
func (o *summing) span(ctx context.Context, simple bool) (first, last time.Time, err error) {
	// Each end by its index. Without checks any day will do.
	const days = `coalesce((SELECT day FROM facematch.daily WHERE @ ORDER BY day LIMIT 1), 'epoch'),
		coalesce((SELECT day FROM facematch.daily WHERE @ ORDER BY day DESC LIMIT 1), 'epoch')`
	const times = `coalesce((SELECT at FROM facematch.checks WHERE @ ORDER BY at LIMIT 1), 'epoch'),
		coalesce((SELECT at FROM facematch.checks WHERE @ ORDER BY at DESC LIMIT 1), 'epoch')`
	query, c := times, o.conditions
	if simple {
		query, c = days, o.coarse
	}
	err = o.pool.QueryRow(ctx, `SELECT `+strings.ReplaceAll(query, "@", strings.Join(c.terms, " AND ")),
		c.args...).Scan(&first, &last)
	return first, last, readProblem(ctx, err)
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
	var open []history.Row
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
	asking.Go(func() (err error) {
		open, err = o.unended(together)
		return err
	})
	if err := asking.Wait(); err != nil {
		return overview.Overview{}, readProblem(ctx, err)
	}
	for _, s := range periods {
		if s.outcome != "" || !o.byMonth {
			o.counter.AddPeriod(s.from, s.Sum)
		}
	}
	for _, s := range staff {
		if s.outcome != "" || !o.bySpread {
			o.addStaff(s)
		}
	}
	for _, s := range quality {
		o.counter.AddQuality(s.from, o.desk(s.desk), s.portraits, s.portrait, s.pictures, s.picture)
	}
	o.addUnended(open)
	o.addSpread(spread, &w)
	o.counter.SetWaiting(w)
	return o.counter.Result(o.unit, true), nil
}

// desk is the place of a desk in the counter.
func (o *summing) desk(name string) int { return placeIn(o.desks, name, o.counter.Desk) }

func placeIn(places map[string]int, name string, add func(string) int) int {
	at, known := places[name]
	if !known {
		at = add(name)
		places[name] = at
	}
	return at
}

// addStaff counts checks of a desk and an operator.
func (o *summing) addStaff(s sum) {
	o.counter.AddDesk(o.desk(s.desk), s.Sum)
	o.counter.AddOperator(placeIn(o.operators, s.operator, o.counter.Operator), s.Sum)
}

// sum is a row of sums: of a period and an outcome, of a desk, an operator and an outcome, or
// of a period and a desk.
type sum struct {
	from           time.Time
	desk, operator string
	outcome        history.Outcome // empty: without an end
	overview.Sum
	portraits, portrait, pictures, picture int64
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
	var s sum
	var all []sum
	_, err = pgx.ForEachRow(rows, q.into(&s), func() error {
		s.Outcome = placeOf(s.outcome)
		all = append(all, s)
		return nil
	})
	return all, err
}

// as gives the coarser table of a name as k or, in its place, the checks of the filter added
// up in the same way.
func (o *summing) as(coarse bool, name, keys, numbers, from string) (with string, args []any) {
	if coarse {
		return `WITH k AS NOT MATERIALIZED (SELECT * FROM facematch.` + name + ` WHERE ` +
			strings.Join(o.coarse.terms, " AND ") + `) `, o.coarse.args
	}
	var places []string
	for i := range strings.Count(keys, " AS ") {
		places = append(places, strconv.Itoa(i+1))
	}
	return `WITH k AS MATERIALIZED (SELECT ` + keys + `, ` + numbers + ` FROM ` + from + ` WHERE ` +
		strings.Join(o.terms, " AND ") + ` GROUP BY ` + strings.Join(places, ", ") + `) `, o.args
}

const (
	ended      = outcome + ` AS outcome, coalesce(decision, '') AS decision`
	identified = `coalesce(sum(checks) FILTER (WHERE decision = 'identified'), 0)::bigint`
)

// month is the column of that name, in the unit of the overview.
func (o *summing) month() string {
	return `date_trunc('` + string(o.unit) + `', at AT TIME ZONE 'UTC')::date AS month`
}

func (o *summing) periodsQuery() question {
	with, args := o.as(o.byMonth, "monthly", o.month()+`, `+ended, `count(*)::int AS checks`, `facematch.checks`)
	return question{with + `SELECT month, outcome, sum(checks)::bigint, ` + identified + ` FROM k GROUP BY month, outcome`,
		args, func(s *sum) []any { return []any{&s.from, &s.outcome, &s.Checks, &s.Identified} }}
}

func (o *summing) qualityQuery() question {
	with, args := o.as(o.byMonth, "quality", o.month()+`, desk AS desk`,
		`count(portrait_quality)::int AS portraits, count(picture_quality)::int AS pictures,
		coalesce(sum(least(greatest(portrait_quality, 0), 100)), 0)::int AS portrait,
		coalesce(sum(least(greatest(picture_quality, 0), 100)), 0)::int AS picture`, `facematch.checks`)
	return question{with + `SELECT month, desk, sum(portraits)::bigint, sum(portrait)::bigint, sum(pictures)::bigint,
		sum(picture)::bigint FROM k GROUP BY month, desk HAVING sum(portraits) + sum(pictures) > 0`, args,
		func(s *sum) []any {
			return []any{&s.from, &s.desk, &s.portraits, &s.portrait, &s.pictures, &s.picture}
		}}
}

func (o *summing) staffQuery() question {
	with, args := o.as(o.bySpread, "staff", `desk AS desk, operator AS operator, `+ended,
		`count(*)::int AS checks, count(*) FILTER (WHERE filmed_anyway)::int AS filmed`, `facematch.checks`)
	return question{with + `SELECT desk, operator, outcome, sum(checks)::bigint, sum(filmed)::bigint,
		coalesce(sum(checks) FILTER (WHERE decision IN ('approved', 'rejected')), 0)::bigint, ` + identified + `
		FROM k GROUP BY desk, operator, outcome`, args, func(s *sum) []any {
		return []any{&s.desk, &s.operator, &s.outcome, &s.Checks, &s.Filmed, &s.Decided, &s.Identified}
	}}
}

// values are how many checks of a desk or an outcome have which value.
type values struct {
	kind, desk    string
	outcome       history.Outcome
	value, checks []int64
}

// spread asks for the values: times of each desk, and the others of all desks.
func (o *summing) spread(ctx context.Context) ([]values, error) {
	with, args := o.as(o.bySpread, "spread", `kind AS kind, desk AS desk, of_outcome AS outcome, value::int AS value`,
		`count(*) AS checks`, `facematch.checks c, LATERAL facematch.spread_of(c) s`)
	rows, err := o.pool.Query(ctx, with+`SELECT kind, '', outcome, array_agg(value), array_agg(n) FROM (
			SELECT kind, outcome, value, sum(checks)::bigint AS n FROM k WHERE kind <> '`+spreadTook+`' GROUP BY 1, 2, 3) s
		GROUP BY 1, 2, 3
		UNION ALL SELECT '`+spreadTook+`', desk, '', array_agg(value), array_agg(checks::bigint) FROM k
		WHERE kind = '`+spreadTook+`' GROUP BY desk`, args...)
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
		for i, value := range v.value {
			switch v.kind {
			case spreadScore:
				o.counter.AddScores(value, overview.VerdictOf(v.outcome), v.checks[i])
			case spreadTook:
				o.counter.AddTook(o.desk(v.desk), value, v.checks[i])
			case spreadWaited:
				waited[value] += v.checks[i]
				w.Decided += v.checks[i]
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

// undecided gives how many referrals wait for a decision, and since when.
func (o *summing) undecided(ctx context.Context, now time.Time) (overview.Waiting, error) {
	var w overview.Waiting
	const open = `outcome = 'refer' AND decision = 'open' AND `
	// Of the rows of checks only the last week's are read, where the months say how many there
	// are in all.
	const ages = `count(*) FILTER (WHERE at >= @now - interval '1 hour'),
		count(*) FILTER (WHERE at >= @now - interval '1 day' AND at < @now - interval '1 hour'),
		count(*) FILTER (WHERE at >= @now - interval '7 days' AND at < @now - interval '1 day'),
		count(*), min(at)`
	c := o.conditions
	c.args = append(slices.Clip(c.args), now)
	query := strings.ReplaceAll(ages, "@now", placeholder(len(c.args))+"::timestamptz")
	terms := open + strings.Join(c.terms, " AND ")
	if o.bySpread {
		terms += ` AND at >= ` + placeholder(len(c.args)) + `::timestamptz - interval '7 days'`
	}
	var oldest *time.Time
	err := o.pool.QueryRow(ctx, `SELECT `+query+` FROM facematch.checks WHERE `+terms, c.args...).
		Scan(&w.Hour, &w.Day, &w.Week, &w.Open, &oldest)
	if err != nil {
		return w, err
	}
	if o.bySpread {
		if oldest, err = o.openInMonths(ctx, &w); err != nil {
			return w, err
		}
	}
	w.Longer = w.Open - w.Hour - w.Day - w.Week
	if oldest != nil {
		w.Oldest = oldest.UTC()
	}
	return w, nil
}

// unended gives the few checks without an end: the coarser tables do not say which of them may
// still run.
func (o *summing) unended(ctx context.Context) ([]history.Row, error) {
	if !o.bySpread {
		return nil, nil
	}
	rows, err := o.pool.Query(ctx, `SELECT at, desk, operator, `+outcome+`, coalesce(decision, '')
		FROM facematch.checks WHERE outcome IS NULL AND `+
		strings.Join(o.terms, " AND "), o.args...)
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
		o.addStaff(sum{desk: h.Desk, operator: h.Operator, Sum: s})
		if o.byMonth {
			o.counter.AddPeriod(h.At, s)
		}
	}
}

// openInMonths counts the open referrals of all months, and finds the oldest in the first.
func (o *summing) openInMonths(ctx context.Context, w *overview.Waiting) (oldest *time.Time, err error) {
	const open = ` WHERE outcome = 'refer' AND decision = 'open' AND `
	var first *time.Time
	err = o.pool.QueryRow(ctx, `SELECT coalesce(sum(checks), 0)::bigint, min(month) FROM facematch.monthly`+open+
		strings.Join(o.coarse.terms, " AND "), o.coarse.args...).Scan(&w.Open, &first)
	if err != nil || first == nil {
		return nil, err
	}
	c := o.conditions
	c.args = append(slices.Clip(c.args), *first, first.AddDate(0, 1, 0))
	err = o.pool.QueryRow(ctx, `SELECT min(at) FROM facematch.checks`+open+strings.Join(c.terms, " AND ")+
		` AND at >= `+placeholder(len(c.args)-1)+` AND at < `+placeholder(len(c.args)), c.args...).Scan(&oldest)
	return oldest, err
}

func placeholder(n int) string { return "$" + strconv.Itoa(n) }
