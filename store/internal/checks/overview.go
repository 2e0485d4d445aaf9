package checks

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/store/internal/sqlite"
)

// Overview counts what a filter chooses. It reads the packed form of all checks, which
// takes some tens of milliseconds for half a million, whatever the filter is.
func (v *View) Overview(
	ctx context.Context, f history.Filter, unit overview.Unit, now time.Time,
) (overview.Overview, error) {
	q := newQuery(f)
	if err := v.seek(ctx, q); err != nil {
		return overview.Overview{}, err
	}
	if err := v.inspected(ctx, q); err != nil {
		return overview.Overview{}, err
	}
	texts, err := readPackedTexts(ctx, v.tx)
	if err != nil {
		return overview.Overview{}, err
	}
	s := v.newScan(q, texts, now)
	if !q.nothing() {
		if err := eachChunk(ctx, v.tx, s.chunk); err != nil {
			return overview.Overview{}, err
		}
	}
	return s.counter.Result(unit, true), nil
}

// inspected finds the checks with the inspections that the filter asks for, which the packed
// form does not hold.
func (v *View) inspected(ctx context.Context, q *query) error {
	var c conditions
	oneOf(&c, "inspection", q.filter.Inspections)
	if len(c.terms) == 0 || q.nothing() {
		return nil
	}
	found, err := numbers(ctx, v.tx, `SELECT group_concat(seq) FROM checks INDEXED BY checks_inspection`+c.where(),
		c.args...)
	if err != nil {
		return err
	}
	slices.Sort(found)
	q.restrict(found)
	return nil
}

const notCounted = -1

// scan counts packed checks.
type scan struct {
	counter *overview.Counter

	// What each packed text is, by its id.
	texts      []string
	verdicts   []overview.Verdict
	decisions  []overview.Decision
	outcomes   []int // places in the list of outcomes
	deskAt     []int // places in the counter; notCounted: none yet
	operatorAt []int
	open       map[int64]int

	// Which ids the filter allows; nil: all.
	operators, desks, modes, codes, decided []bool
	allowed                                 []bool // outcomes, by their places
	from, to                                int64  // milliseconds
	least, most                             int64
	scored                                  bool // a score is asked for
	only                                    []int64
	all                                     bool // only asks for nothing
}

func (v *View) newScan(q *query, texts *packedTexts, now time.Time) *scan {
	f := q.filter
	s := &scan{
		texts: texts.texts, open: map[int64]int{}, from: math.MinInt64, to: math.MaxInt64, least: 0, most: math.MaxInt64,
		scored: f.LeastScore != nil || f.MostScore != nil, only: q.only, all: q.only == nil,
		operators: texts.allow(f.Operators), desks: texts.allow(f.Desks), modes: texts.allow(textsOf(f.Modes)),
		codes: texts.allow(numerals(f.Codes)), decided: texts.allow(textsOf(f.Decisions)),
	}
	if !f.From.IsZero() {
		s.from = millisFrom(f.From)
	}
	if !f.To.IsZero() {
		s.to = millisFrom(f.To)
	}
	if f.LeastScore != nil {
		s.least = *f.LeastScore
	}
	if f.MostScore != nil {
		s.most = *f.MostScore
	}
	list := append(slices.Clone(history.Outcomes), "") // the last place is for outcomes this program does not know
	place := func(o history.Outcome) int {
		if at := slices.Index(list, o); at >= 0 {
			return at
		}
		return len(list) - 1
	}
	for _, text := range texts.texts {
		s.deskAt, s.operatorAt = append(s.deskAt, notCounted), append(s.operatorAt, notCounted)
		s.verdicts = append(s.verdicts, overview.VerdictOf(history.Outcome(text)))
		s.decisions = append(s.decisions, overview.DecisionOf(history.DecisionState(text)))
		s.outcomes = append(s.outcomes, place(history.Outcome(text)))
	}
	for seq, o := range v.open {
		s.open[seq] = place(o)
	}
	s.allowed = make([]bool, len(list))
	for i, o := range list {
		s.allowed[i] = len(f.Outcomes) == 0 || slices.Contains(f.Outcomes, o)
	}
	s.counter = overview.NewCounter(list, now)
	return s
}

func textsOf[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}

func numerals(values []int) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = strconv.Itoa(v)
	}
	return texts
}

// allow says of each id whether its text is one of those; nil: any is.
func (t *packedTexts) allow(wanted []string) []bool {
	if len(wanted) == 0 {
		return nil
	}
	allowed := make([]bool, len(t.texts))
	for _, text := range wanted {
		if id, known := t.ids[text]; known {
			allowed[id] = true
		}
	}
	return allowed
}

// millisFrom rounds up to milliseconds since 1970.
func millisFrom(t time.Time) int64 {
	return t.Add(time.Millisecond - 1).Truncate(time.Millisecond).UnixMilli()
}

// sought reports whether a check is one of those that names and ids choose. It is asked
// in the order of records.
func (s *scan) sought(seq int64) bool {
	if s.all {
		return true
	}
	for len(s.only) > 0 && s.only[0] < seq {
		s.only = s.only[1:]
	}
	return len(s.only) > 0 && s.only[0] == seq
}

func may(allowed []bool, id uint16) bool { return allowed == nil || allowed[id] }

// chunk counts the checks of a chunk that the filter chooses.
func (s *scan) chunk(first int64, chunk []byte) error {
	le := binary.LittleEndian
	for ; len(chunk) >= packedSize; chunk = chunk[packedSize:] {
		b := chunk[:packedSize:packedSize]
		desk, operator, code := le.Uint16(b[16:]), le.Uint16(b[18:]), le.Uint16(b[20:])
		outcome, decision, mode := le.Uint16(b[22:]), le.Uint16(b[24:]), le.Uint16(b[26:])
		if top := len(s.outcomes); max(int(desk), int(operator), int(code), int(outcome), int(decision), int(mode)) >= top {
			return sqlite.Damaged(errors.New("a packed check names a text that is not there"))
		}
		seq := first + int64(le.Uint16(b))
		millis := le.Uint64(b[2:]) & (1<<48 - 1)
		x := overview.Check{
			At: int64(millis &^ filmedBit), Outcome: s.outcomes[outcome],
			Verdict: s.verdicts[outcome], Decision: s.decisions[decision], FilmedAnyway: millis&filmedBit != 0,
			Score: number16(le.Uint16(b[28:])), Portrait: number8(b[30]), Picture: number8(b[31]),
			Took: number32(le.Uint32(b[8:])), Waited: number32(le.Uint32(b[12:])),
		}
		if outcome == 0 {
			if place, open := s.open[seq]; open {
				x.Outcome = place
			}
		}
		switch {
		case x.At < s.from || x.At >= s.to || !s.allowed[x.Outcome],
			!may(s.operators, operator) || !may(s.desks, desk) || !may(s.modes, mode),
			!may(s.codes, code) || !may(s.decided, decision),
			s.scored && (x.Score == overview.None || x.Score < s.least || x.Score > s.most),
			!s.sought(seq):
			continue
		}
		if s.deskAt[desk] == notCounted {
			s.deskAt[desk] = s.counter.Desk(s.texts[desk])
		}
		if s.operatorAt[operator] == notCounted {
			s.operatorAt[operator] = s.counter.Operator(s.texts[operator])
		}
		x.Desk, x.Operator = s.deskAt[desk], s.operatorAt[operator]
		s.counter.Add(&x)
	}
	return nil
}

func number32(n uint32) int64 {
	if n == math.MaxUint32 {
		return overview.None
	}
	return int64(n)
}

func number16(n uint16) int64 {
	if n == math.MaxUint16 {
		return overview.None
	}
	return int64(n)
}

func number8(n uint8) int64 {
	if n == math.MaxUint8 {
		return overview.None
	}
	return int64(n)
}
