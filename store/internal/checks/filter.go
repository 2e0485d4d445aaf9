package checks

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/sqlite"
)

const (
	// rare is up to how many checks a filter on one column counts as rare: the others are
	// then tested on those checks alone. To find so many takes some milliseconds.
	rare = 20_000

	// shortestBeginning is how many bytes of an id are needed to search for its beginning.
	shortestBeginning = 8

	// dayLayout is how the table daily names a day (UTC).
	dayLayout = "2006-01-02"
)

// conditions is the WHERE clause of a filter.
type conditions struct {
	terms []string
	args  []any
}

func (c *conditions) add(term string, args ...any) {
	c.terms = append(c.terms, term)
	c.args = append(c.args, args...)
}

// oneOf asks that a column has one of the values.
func oneOf[T any](c *conditions, column string, values []T) {
	if len(values) == 0 {
		return
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
	var args []any
	for _, value := range values {
		args = append(args, value)
	}
	c.add(column+` IN (`+marks+`)`, args...)
}

// where joins the terms; there may be none.
func (c conditions) where() string {
	if len(c.terms) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(c.terms, ` AND `)
}

// with gives the conditions and one more.
func (c conditions) with(term string, args ...any) conditions {
	c.terms, c.args = slices.Clone(c.terms), slices.Clone(c.args)
	c.add(term, args...)
	return c
}

// query is a filter made ready to be asked.
type query struct {
	conditions // without the outcomes
	filter     history.Filter
	only       []int64 // the checks it may choose, ascending; nil: all
}

// newQuery makes a filter ready to be asked of all checks.
func newQuery(f history.Filter) *query {
	q := &query{filter: f}
	// In the order in which they are tested: first what excludes most.
	if len(f.Decisions) > 0 {
		q.decisions(f.Decisions)
	}
	oneOf(&q.conditions, "inspection", f.Inspections)
	oneOf(&q.conditions, "operator", f.Operators)
	oneOf(&q.conditions, "desk", f.Desks)
	oneOf(&q.conditions, "code", f.Codes)
	if f.LeastScore != nil {
		q.add(`score >= ?`, *f.LeastScore)
	}
	if f.MostScore != nil {
		q.add(`score <= ?`, *f.MostScore)
	}
	oneOf(&q.conditions, "mode", f.Modes)
	if !f.From.IsZero() {
		q.add(`at >= ?`, ceilMilli(f.From))
	}
	if !f.To.IsZero() {
		q.add(`at < ?`, ceilMilli(f.To))
	}
	return q
}

// nothing reports whether the filter chooses no check.
func (q *query) nothing() bool { return q.only != nil && len(q.only) == 0 }

// decisions asks for one of the states. The empty state is NULL in the table.
func (c *conditions) decisions(wanted []history.DecisionState) {
	var list conditions
	oneOf(&list, "decision", wanted)
	if slices.Contains(wanted, "") {
		c.add(`(decision IS NULL OR `+list.terms[0]+`)`, list.args...)
	} else {
		c.add(list.terms[0], list.args...)
	}
}

// outcomes asks for the filter's outcomes. A check without an end counts as what it
// is now: see View.open.
func (v *View) outcomes(c conditions, wanted []history.Outcome) conditions {
	if len(wanted) == 0 {
		return c
	}
	var list conditions
	oneOf(&list, "outcome", wanted)
	var open []int64
	for seq, outcome := range v.open {
		if slices.Contains(wanted, outcome) {
			open = append(open, seq)
		}
	}
	if len(open) == 0 {
		return c.with(list.terms[0], list.args...)
	}
	return c.with(`(`+list.terms[0]+` OR seq IN (SELECT value FROM json_each(?)))`, append(list.args, jsonOf(open))...)
}

// ceilMilli rounds up to milliseconds, in the form of the table. Times in the history are
// whole milliseconds, so no check lies between a bound and its rounded value.
func ceilMilli(t time.Time) string {
	return t.Add(time.Millisecond - 1).Truncate(time.Millisecond).UTC().Format(TimeLayout)
}

func jsonOf(seqs []int64) string {
	text := []byte{'['}
	for i, seq := range seqs {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, seq, 10)
	}
	return string(append(text, ']'))
}

// narrow finds the checks of what few have: names, ids, and each value that has an
// index and is rare.
func (v *View) narrow(ctx context.Context, q *query) error {
	if err := v.seek(ctx, q); err != nil || q.nothing() {
		return err
	}
	if err := v.probeOutcomes(ctx, q); err != nil {
		return err
	}
	for _, column := range []struct{ name, index string }{
		{"operator", "checks_operator"}, {"code", "checks_code"}, {"score", "checks_score"}, {"at", "checks_at"},
		{"decision", "checks_decision"}, {"inspection", "checks_inspection"}, {"desk", "checks_desk"},
	} {
		if q.only != nil && len(q.only) <= rare {
			return nil
		}
		if err := v.probe(ctx, q, column.name, column.index); err != nil {
			return err
		}
	}
	return nil
}

// seek finds the checks of the names, references and ids that the filter asks for.
func (v *View) seek(ctx context.Context, q *query) error {
	f := q.filter
	for _, id := range []struct{ text, query string }{
		{f.Session, sessionsQuery}, {f.Check, checksQuery}, {f.Request, requestsQuery},
	} {
		text := strings.TrimSpace(id.text)
		if text == "" {
			continue
		}
		upTo := text
		if len(text) >= shortestBeginning {
			upTo += "\U0010ffff"
		}
		found, err := numbers(ctx, v.tx, id.query, text, upTo)
		if err != nil {
			return err
		}
		q.restrict(found)
	}
	if words := nametoken.Sought(f.Words); len(words) > 0 {
		if v.tokens == nil { // nothing is sealed yet
			q.only = []int64{}
			return nil
		}
		found, err := named(ctx, v.tx, v.tokens, words)
		if err != nil {
			return err
		}
		q.restrict(found)
	}
	if reference := strings.TrimSpace(f.Reference); reference != "" {
		found, err := v.sought(ctx, referenceQuery, (*nametoken.Hasher).SoughtReference, reference)
		if err != nil {
			return err
		}
		q.restrict(found)
	}
	if number := strings.TrimSpace(f.Number); number != "" {
		found, err := v.sought(ctx, numberQuery, (*nametoken.Hasher).SoughtNumber, number)
		if err != nil {
			return err
		}
		q.restrict(found)
	}
	return nil
}

// restrict leaves only those of the list, which is ascending.
func (q *query) restrict(found []int64) {
	if q.only == nil {
		q.only = found
	} else {
		q.only = both(q.only, found)
	}
}

// probe looks how many checks meet the conditions on one column. Where they are few
// the rest of the search is among them.
func (v *View) probe(ctx context.Context, q *query, column, index string) error {
	var on conditions
	from := 0
	for _, term := range q.terms {
		n := strings.Count(term, "?")
		if strings.HasPrefix(term, column+" ") {
			on.add(term, q.args[from:from+n]...)
		}
		from += n
	}
	if len(on.terms) == 0 {
		return nil
	}
	found, few, err := v.few(ctx, index, on)
	if err == nil && few {
		q.restrict(found)
	}
	return err
}

// few gives the checks that meet conditions on the columns of an index; false where they
// are not rare.
func (v *View) few(ctx context.Context, index string, c conditions) ([]int64, bool, error) {
	from := ` FROM checks INDEXED BY ` + index + c.where()
	var many bool
	err := v.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1`+from+` LIMIT 1 OFFSET ?)`, append(c.args, rare)...).
		Scan(&many)
	if err != nil || many {
		return nil, false, err
	}
	found, err := numbers(ctx, v.tx, `SELECT group_concat(seq)`+from, c.args...)
	return found, true, err
}

// probeOutcomes is probe for the outcomes, which checks without an end have too.
func (v *View) probeOutcomes(ctx context.Context, q *query) error {
	if len(q.filter.Outcomes) == 0 {
		return nil
	}
	var c conditions
	oneOf(&c, "outcome", q.filter.Outcomes)
	found, few, err := v.few(ctx, "checks_outcome", c)
	if err != nil || !few {
		return err
	}
	for seq := range v.open {
		found = append(found, seq)
	}
	slices.Sort(found)
	q.restrict(found)
	return nil
}

// These take the first and the last text and give the first records of checks. SQLite
// would otherwise go through all "started" records and not through a range of texts.
const (
	sessionsQuery = `SELECT group_concat(seq) FROM record INDEXED BY record_session
		WHERE session BETWEEN ? AND ? AND kind = 'started'`
	checksQuery = `SELECT group_concat(seq) FROM record INDEXED BY record_check
		WHERE "check" BETWEEN ? AND ? AND kind = 'started'`
	requestsQuery = `SELECT group_concat(seq) FROM checks INDEXED BY checks_request WHERE request BETWEEN ? AND ?`
)

// Place is where a check stands in a list.
type Place struct {
	Seq   int64
	Score *int64 // nil where there is none
}

// Choose gives the checks of one page.
func (v *View) Choose(ctx context.Context, f history.Filter, limit int) ([]Place, error) {
	q := newQuery(f)
	if err := v.narrow(ctx, q); err != nil || q.nothing() {
		return nil, err
	}
	c := v.outcomes(q.conditions, f.Outcomes)
	after := f.After
	if f.Before > 0 && (f.Sort == "" || f.Sort == history.Newest) && (after == nil || f.Before < after.Seq) {
		after = &history.Row{Seq: f.Before}
	}
	switch f.Sort {
	case history.Highest, history.Lowest:
		return v.byScore(ctx, q, c, after, limit)
	case history.Oldest:
		if after != nil {
			c = c.with(`seq > ?`, after.Seq)
		}
		return v.places(ctx, q, c, "checks_newest", `seq`, limit)
	}
	if after != nil {
		c = c.with(`seq < ?`, after.Seq)
	}
	return v.places(ctx, q, c, "checks_newest", `seq DESC`, limit)
}

// byScore gives a page in the order of scores: first the checks that have one, then
// the others, the newest first.
func (v *View) byScore(ctx context.Context, q *query, c conditions, after *history.Row, limit int) ([]Place, error) {
	var found []Place
	if after == nil || after.Score != nil {
		scored := c.with(`score IS NOT NULL`)
		order := `score, seq DESC`
		if q.filter.Sort == history.Highest {
			order = `score DESC, seq DESC`
		}
		if after != nil && q.filter.Sort == history.Highest {
			scored = scored.with(`score <= ?`, *after.Score).with(`(score < ? OR seq < ?)`, *after.Score, after.Seq)
		} else if after != nil {
			scored = scored.with(`score >= ?`, *after.Score).with(`(score > ? OR seq < ?)`, *after.Score, after.Seq)
		}
		var err error
		if found, err = v.places(ctx, q, scored, "checks_score", order, limit); err != nil || len(found) == limit {
			return found, err
		}
		after = nil
	}
	rest := c.with(`score IS NULL`)
	if after != nil {
		rest = rest.with(`seq < ?`, after.Seq)
	}
	more, err := v.places(ctx, q, rest, "checks_score", `seq DESC`, limit-len(found))
	return append(found, more...), err
}

// places asks for some checks. Where the search is among a few, the newest of them
// are asked first.
func (v *View) places(ctx context.Context, q *query, c conditions, index, order string, limit int) ([]Place, error) {
	if q.only == nil {
		return v.ask(ctx, `FROM checks INDEXED BY `+index+c.where(), c.args, order, limit)
	}
	if strings.HasPrefix(order, "score") {
		return v.among(ctx, q.only, c, order, limit)
	}
	var found []Place
	left := q.only
	for size := 10 * limit; len(left) > 0 && len(found) < limit; size *= 8 {
		n := min(size, len(left))
		some := left[len(left)-n:]
		if order == `seq` {
			some, left = left[:n], left[n:]
		} else {
			left = left[:len(left)-n]
		}
		more, err := v.among(ctx, some, c, order, limit-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// amongThese takes a JSON list of numbers.
const amongThese = `FROM json_each(?) CROSS JOIN checks INDEXED BY checks_newest ON seq = value`

func (v *View) among(ctx context.Context, seqs []int64, c conditions, order string, limit int) ([]Place, error) {
	return v.ask(ctx, amongThese+c.where(), append([]any{jsonOf(seqs)}, c.args...), order, limit)
}

func (v *View) ask(ctx context.Context, from string, args []any, order string, limit int) ([]Place, error) {
	rows, err := v.tx.QueryContext(ctx, `SELECT seq, score `+from+` ORDER BY `+order+` LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Place
	for rows.Next() {
		var p Place
		if err := rows.Scan(&p.Seq, &p.Score); err != nil {
			return nil, sqlite.Damaged(err)
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

// Count counts what a filter chooses.
func (v *View) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	counts := history.Counts{ByOutcome: map[history.Outcome]int64{}}
	add := func(o history.Outcome, n, undecided, identified int64) {
		counts.Total += n
		counts.Identified += identified
		counts.ByOutcome[o] += n
		counts.Undecided += undecided
	}
	q := newQuery(f)
	days, byDay := daysOf(f)
	if !byDay {
		if err := v.narrow(ctx, q); err != nil || q.nothing() {
			return counts, err
		}
	}
	open, err := v.openOf(ctx, q)
	if err != nil {
		return counts, err
	}
	for _, seq := range open {
		if o := v.open[seq]; len(f.Outcomes) == 0 || slices.Contains(f.Outcomes, o) {
			add(o, 1, 0, 0)
		}
	}
	from, c := `FROM checks INDEXED BY checks_outcome`, q.conditions
	number, undecided, identified := `count(*)`, `sum(decision = 'open')`, `sum(decision = 'identified')`
	switch {
	case byDay:
		from, c = `FROM daily INDEXED BY daily_outcome`, days
		number, undecided = `sum(checks)`, `sum(checks) FILTER (WHERE decision = 'open')`
		identified = `sum(checks) FILTER (WHERE decision = 'identified')`
	case q.only != nil:
		from = amongThese
		c.args = append([]any{jsonOf(q.only)}, c.args...)
	}
	oneOf(&c, "outcome", f.Outcomes)
	rows, err := v.tx.QueryContext(ctx,
		`SELECT outcome, `+number+`, coalesce(`+undecided+`, 0), coalesce(`+identified+`, 0) `+from+
			c.with(`outcome > ''`).where()+` GROUP BY outcome`, c.args...)
	if err != nil {
		return counts, err
	}
	defer rows.Close()
	for rows.Next() {
		var o history.Outcome
		var n, u, i int64
		if err := rows.Scan(&o, &n, &u, &i); err != nil {
			return counts, sqlite.Damaged(err)
		}
		add(o, n, u, i)
	}
	return counts, rows.Err()
}

// openOf gives the checks without an end that meet the filter but for its outcomes.
func (v *View) openOf(ctx context.Context, q *query) ([]int64, error) {
	if len(v.open) == 0 {
		return nil, nil
	}
	var all []int64
	for seq := range v.open {
		all = append(all, seq)
	}
	slices.Sort(all)
	if q.only != nil {
		all = both(all, q.only)
	}
	found, err := v.among(ctx, all, q.conditions, `seq`, math.MaxInt64)
	seqs := make([]int64, len(found))
	for i, p := range found {
		seqs[i] = p.Seq
	}
	return seqs, err
}

// daysOf gives the conditions of a filter that the table daily can answer: one that
// asks only for its columns, and for whole days.
func daysOf(f history.Filter) (conditions, bool) {
	var c conditions
	whole := func(t time.Time) bool { return t.IsZero() || t.Equal(t.UTC().Truncate(24*time.Hour)) }
	if !whole(f.From) || !whole(f.To) || len(f.Codes) > 0 || len(f.Inspections) > 0 || f.LeastScore != nil ||
		f.MostScore != nil ||
		len(nametoken.Sought(f.Words)) > 0 || strings.TrimSpace(f.Session+f.Check+f.Request+f.Reference+f.Number) != "" {
		return c, false
	}
	if !f.From.IsZero() {
		c.add(`day >= ?`, f.From.UTC().Format(dayLayout))
	}
	if !f.To.IsZero() {
		c.add(`day < ?`, f.To.UTC().Format(dayLayout))
	}
	oneOf(&c, "desk", f.Desks)
	oneOf(&c, "operator", f.Operators)
	oneOf(&c, "mode", f.Modes)
	oneOf(&c, "decision", f.Decisions)
	return c, true
}

// OpenChecks gives the checks that have no end, oldest first.
func OpenChecks(ctx context.Context, q sqlite.Querier) ([]State, error) {
	ids, err := texts(ctx, q, `SELECT "check" FROM checks INDEXED BY checks_outcome WHERE outcome IS NULL ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	var open []State
	for _, id := range ids {
		c, err := StateOf(ctx, q, id)
		if err != nil {
			return nil, err
		}
		if c.Started() && c.Ended == 0 {
			open = append(open, c)
		}
	}
	return open, nil
}

func texts(ctx context.Context, q sqlite.Querier, query string) ([]string, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, sqlite.Damaged(err)
		}
		found = append(found, text)
	}
	return found, rows.Err()
}
