package store

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"facematch/app/history"
)

// A filter is one pass over the entries of all checks: some nanoseconds for
// each, whatever it asks for and however rare what it asks for is.

// chooser is a filter made ready to be asked about each entry.
type chooser struct {
	from, to         int64 // milliseconds; to is excluded
	outcomes         set   // nil: all
	decisions, modes set
	operators, desks set
	codes            set
	least, most      int64
	timed, scored    bool    // the bounds of time and of score are asked for
	only             []int64 // ascending; nil: all
	first, last      int64   // seq, both included
	oldestFirst      bool
	byScore, highest bool   // the order, where it is not that of the records
	after            *place // the last of the page before, in that order
}

// set says for each number whether it is in; nil holds all.
type set []bool

func (s set) has(n uint32) bool { return s == nil || int(n) < len(s) && s[n] }

func (s *set) add(n uint32) {
	for int(n) >= len(*s) {
		*s = append(*s, false)
	}
	(*s)[n] = true
}

// running stands for history.Running, which no entry holds.
const running = math.MaxUint8

func outcomeOf(n uint8) history.Outcome {
	switch {
	case n == running:
		return history.Running
	case int(n) < len(outcomes):
		return outcomes[n]
	}
	return ""
}

// chooser makes a filter ready; nil where it chooses nothing.
func (r *reading) chooser(ctx context.Context, f history.Filter) (*chooser, error) {
	c := &chooser{from: math.MinInt64, to: math.MaxInt64, least: math.MinInt64, most: math.MaxInt64,
		first: 1, last: math.MaxInt64}
	if !f.From.IsZero() {
		c.from, c.timed = ceilMilli(f.From), true
	}
	if !f.To.IsZero() {
		c.to, c.timed = ceilMilli(f.To), true
	}
	if f.LeastScore != nil {
		c.least, c.scored = *f.LeastScore, true
	}
	if f.MostScore != nil {
		c.most, c.scored = *f.MostScore, true
	}
	for _, o := range f.Outcomes {
		if o == history.Running {
			c.outcomes.add(running)
		} else if n := number(outcomes, o); n > 0 {
			c.outcomes.add(uint32(n))
		}
	}
	for _, d := range f.Decisions {
		c.decisions.add(uint32(number(decisions, d)))
	}
	for _, m := range f.Modes {
		if n := number(modes, m); n > 0 {
			c.modes.add(uint32(n))
		}
	}
	for _, l := range []struct {
		to   *set
		kind string
		text []string
	}{{&c.operators, labelOperator, f.Operators}, {&c.desks, labelDesk, f.Desks}, {&c.codes, labelCode, texts(f.Codes)}} {
		for _, text := range l.text {
			if id, ok := r.labels[labelText{l.kind, text}]; ok {
				l.to.add(id)
			}
		}
	}
	// Asked for and nowhere in the history.
	if len(f.Outcomes) > 0 && c.outcomes == nil || len(f.Modes) > 0 && c.modes == nil || len(f.Operators) > 0 && c.operators == nil ||
		len(f.Desks) > 0 && c.desks == nil || len(f.Codes) > 0 && c.codes == nil {
		return nil, nil
	}
	if err := r.only(ctx, c, f); err != nil || c.only != nil && len(c.only) == 0 {
		return nil, err
	}
	c.order(f)
	return c, nil
}

// ceilMilli rounds up to milliseconds: times in the history have no more, and
// both bounds are met by what is not earlier than they are.
func ceilMilli(t time.Time) int64 {
	milli := t.UnixMilli() // rounds down
	if t.After(time.UnixMilli(milli)) {
		milli++
	}
	return milli
}

func texts(codes []int) []string {
	var list []string
	for _, c := range codes {
		list = append(list, strconv.Itoa(c))
	}
	return list
}

// only finds the checks by what is looked up one by one: names and ids.
func (r *reading) only(ctx context.Context, c *chooser, f history.Filter) error {
	keep := func(found []int64, err error) error {
		switch {
		case err != nil:
			return err
		case c.only == nil:
			c.only = found
		default:
			c.only = both(c.only, found)
		}
		return nil
	}
	for _, id := range []struct{ text, query string }{{f.Session, sessionsQuery}, {f.Check, checksQuery}, {f.Request, requestsQuery}} {
		text := strings.TrimSpace(id.text)
		if text == "" || c.only != nil && len(c.only) == 0 {
			continue
		}
		upTo := text
		if len(text) >= shortestBeginning {
			upTo += "\U0010ffff"
		}
		if err := keep(numbers(ctx, r.tx, id.query, text, upTo)); err != nil {
			return err
		}
	}
	if len(sought(f.Words)) == 0 || c.only != nil && len(c.only) == 0 {
		return nil
	}
	if r.tokens == nil {
		c.only = []int64{}
		return nil
	}
	return keep(named(ctx, r.tx, *r.tokens, f.Words))
}

// These take the first and the last text and give checks' first records. SQLite
// would rather go through all "started" records than through a range of texts.
const (
	sessionsQuery = `SELECT group_concat(seq) FROM record INDEXED BY record_session WHERE session BETWEEN ? AND ? AND kind = 'started'`
	checksQuery   = `SELECT group_concat(seq) FROM record INDEXED BY record_check WHERE "check" BETWEEN ? AND ? AND kind = 'started'`
	requestsQuery = `SELECT group_concat(s.seq) FROM record f INDEXED BY record_request CROSS JOIN record s ON s."check" = f."check" AND s.kind = 'started'
		WHERE f.request BETWEEN ? AND ?`
)

// order says where a page begins and how it is sorted.
func (c *chooser) order(f history.Filter) {
	if len(c.only) > 0 {
		c.first, c.last = c.only[0], c.only[len(c.only)-1]
	}
	switch f.Sort {
	case history.Highest, history.Lowest:
		c.byScore, c.highest = true, f.Sort == history.Highest
	case history.Oldest:
		c.oldestFirst = true
		if f.After != nil {
			c.first = max(c.first, f.After.Seq+1)
		}
		return
	default:
		if f.Before > 0 {
			c.last = min(c.last, f.Before-1)
		}
		if f.After != nil {
			c.last = min(c.last, f.After.Seq-1)
		}
		return
	}
	if f.After != nil {
		score := int64(noScore)
		if f.After.Score != nil {
			score = *f.After.Score
		}
		c.after = &place{c.rank(score), f.After.Seq}
	}
}

// place is where a check stands in an order by score.
type place struct {
	rank uint64 // the less the earlier
	seq  int64  // of equal rank the newest is first
}

func (p place) before(q place) bool { return p.rank < q.rank || p.rank == q.rank && p.seq > q.seq }

// rank puts noScore, the least number there is, behind all scores either way.
func (c *chooser) rank(score int64) uint64 {
	up := uint64(score) + 1<<63 // as great among unsigned numbers
	if c.highest {
		return ^up
	}
	return up - 1
}

// choose gives the entries of one page.
func (r *reading) choose(ctx context.Context, f history.Filter, limit int) ([]entry, error) {
	c, err := r.chooser(ctx, f)
	if err != nil || c == nil {
		return nil, err
	}
	var found []entry
	if !c.byScore {
		err := r.scan(ctx, c, func(b []byte, _ uint8) bool {
			found = append(found, parseEntry(b))
			return len(found) < limit
		})
		return found, err
	}
	// The best so far, sorted and cut each time they are twice as many as asked
	// for; from then on only what is better than the last of them counts.
	var bound *place
	placeOf := func(e entry) place { return place{c.rank(e.score), e.seq} }
	cut := func() {
		slices.SortFunc(found, func(a, b entry) int {
			if placeOf(a).before(placeOf(b)) {
				return -1
			}
			return 1 // no two are in one place
		})
		if len(found) >= limit {
			found = found[:limit]
			last := placeOf(found[limit-1])
			bound = &last
		}
	}
	err = r.scan(ctx, c, func(b []byte, _ uint8) bool {
		p := place{c.rank(scoreOf(b)), seqOf(b)}
		if c.after != nil && !c.after.before(p) || bound != nil && !p.before(*bound) {
			return true
		}
		if found = append(found, parseEntry(b)); len(found) >= 2*limit {
			cut()
		}
		return true
	})
	cut()
	return found, err
}

// scan hands over each entry that is chosen, as it is stored, with its outcome,
// the newest first unless the order says otherwise, until see returns false.
func (r *reading) scan(ctx context.Context, c *chooser, see func(b []byte, outcome uint8) bool) error {
	only := c.only
	err := entries(ctx, r.tx, c.first, c.last, c.oldestFirst, func(b []byte) bool {
		if c.only != nil {
			var in bool
			if only, in = c.take(only, seqOf(b)); !in {
				return true
			}
		}
		outcome, ok := r.chosen(ctx, c, b)
		return r.err == nil && (!ok || see(b, outcome))
	})
	if err == nil {
		err = r.err
	}
	return err
}

// entries hands over the stored entries of checks from one number to another, the
// newest first unless told otherwise, until see returns false.
func entries(ctx context.Context, q querier, first, last int64, oldestFirst bool, see func(b []byte) bool) error {
	query := pagesQuery
	if !oldestFirst {
		query += ` DESC`
	}
	rows, err := q.QueryContext(ctx, query, first, last)
	if err != nil {
		return err
	}
	defer rows.Close()
	var page sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&page); err != nil {
			return damaged(err)
		}
		n := len(page) / entrySize
		for i := range n {
			if !oldestFirst {
				i = n - 1 - i
			}
			b := page[i*entrySize : (i+1)*entrySize : (i+1)*entrySize]
			if seq := seqOf(b); seq >= first && seq <= last && !see(b) {
				return nil
			}
		}
	}
	return rows.Err()
}

// pagesQuery takes a first and a last number and gives the pages that hold
// entries from one to the other; the first of them may begin before it.
const pagesQuery = `SELECT entries FROM check_page
	WHERE first >= coalesce((SELECT max(first) FROM check_page WHERE first <= ?1), 0) AND first <= ?2 ORDER BY first`

// take says whether seq is the next of those left, whose end comes first where
// the newest do; and gives what is left then.
func (c *chooser) take(left []int64, seq int64) ([]int64, bool) {
	if c.oldestFirst {
		for len(left) > 0 && left[0] < seq {
			left = left[1:]
		}
		return left, len(left) > 0 && left[0] == seq
	}
	for len(left) > 0 && left[len(left)-1] > seq {
		left = left[:len(left)-1]
	}
	return left, len(left) > 0 && left[len(left)-1] == seq
}

// chosen says whether a stored entry meets the filter, and its outcome. It is
// asked about every check, so it reads of an entry only what it needs.
func (r *reading) chosen(ctx context.Context, c *chooser, b []byte) (outcome uint8, ok bool) {
	if c.timed {
		if at := atOf(b); at < c.from || at >= c.to {
			return 0, false
		}
	}
	if c.scored {
		if score := scoreOf(b); score < c.least || score > c.most || score == noScore {
			return 0, false
		}
	}
	if c.operators != nil && !c.operators.has(operatorOf(b)) || c.desks != nil && !c.desks.has(deskOf(b)) ||
		c.codes != nil && !c.codes.has(codeOf(b)) ||
		!c.decisions.has(uint32(decisionOf(b))) || !c.modes.has(uint32(modeOf(b))) {
		return 0, false
	}
	if outcome = endOf(b); outcome == 0 {
		switch unended(r.alive(r.instance(ctx, instanceOf(b))), sentOf(b)) {
		case history.Running:
			outcome = running
		case history.Unknown:
			outcome = unknown
		default:
			outcome = interruptedOutcome
		}
	}
	return outcome, c.outcomes.has(uint32(outcome))
}

var (
	unknown            = number(outcomes, history.Unknown)
	interruptedOutcome = number(outcomes, history.Interrupted)
)
