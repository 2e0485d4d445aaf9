package overview

import (
	"slices"
	"strings"
	"time"

	"facematch/app/history"
)

// Check is what is counted of a check. Desk, operator and outcome are places in the lists
// of the Counter, so that hundreds of thousands of checks are counted in some milliseconds.
type Check struct {
	At                      int64 // when it started, in milliseconds since 1970
	Desk, Operator, Outcome int
	Verdict                 Verdict
	Decision                Decision
	FilmedAnyway            bool
	Score                   int64 // hundredths; None where the check has no score
	Portrait, Picture       int64 // quality, 0 to 100; None where it was not measured
	Took                    int64 // milliseconds; None where that is not known
	Waited                  int64 // seconds until the newest decision; None where it is undecided
}

// None stands for a number that is not there.
const None = -1

// Verdict is what kind of outcome a check has.
type Verdict uint8

// The kinds of outcomes.
const (
	NoVerdict Verdict = iota
	NotCompared
	Pass
	Refer
	Fail
)

// VerdictOf gives the kind of an outcome.
func VerdictOf(o history.Outcome) Verdict {
	switch o {
	case history.Pass:
		return Pass
	case history.Refer:
		return Refer
	case history.Fail:
		return Fail
	case history.NotCompared:
		return NotCompared
	}
	return NoVerdict
}

// Decision is whether a person decided.
type Decision uint8

// The decisions.
const (
	NoDecision Decision = iota
	Open
	Decided
	Identified // without a match: no decision about a verdict
)

// DecisionOf gives the kind of a state.
func DecisionOf(d history.DecisionState) Decision {
	switch d {
	case history.Undecided:
		return Open
	case history.Approved, history.Rejected:
		return Decided
	case history.Identified:
		return Identified
	}
	return NoDecision
}

const (
	dayMillis = 24 * 60 * 60 * 1000
	lastDay   = 1<<16 - 1
	bandWidth = 10_000 / Bands
)

// MostTenths is how many tenths of a second what took longer counts as.
const MostTenths = 10 * 60 * 10

// Counter counts checks.
type Counter struct {
	desks, operators []string
	outcomes         []history.Outcome
	now              int64 // in milliseconds

	checks  int64
	days    [][]int64 // from the day first on: by outcome, then those identified without a match by outcome
	first   int       // day since 1970
	byDesk  []group
	byOp    []group
	scores  [Bands][3]int64
	quality map[int][]sums // by day: of each desk
	open    []int64        // when each open referral started
	waited  []int64        // seconds

	referrals *Waiting // as SetWaiting says; nil: of open and waited

	// The day of the last check, which the next one mostly shares.
	newest   int
	newestOf []sums
}

type group struct {
	outcomes                                  []int64
	verdicts, looked, refer, override, filmed int64
	identified                                int64
	tenths                                    []int64 // how many checks took so long
}

type sums struct{ portraits, portrait, pictures, picture int64 }

// NewCounter makes a counter of checks with these outcomes. Waiting is as of now.
func NewCounter(outcomes []history.Outcome, now time.Time) *Counter {
	return &Counter{outcomes: outcomes, now: now.UnixMilli(), quality: map[int][]sums{}, newest: -1}
}

// Desk adds a desk and gives its place.
func (c *Counter) Desk(name string) int {
	c.desks = append(c.desks, name)
	c.byDesk = append(c.byDesk, group{outcomes: make([]int64, len(c.outcomes))})
	return len(c.desks) - 1
}

// Operator adds an operator and gives its place.
func (c *Counter) Operator(name string) int {
	c.operators = append(c.operators, name)
	c.byOp = append(c.byOp, group{outcomes: make([]int64, len(c.outcomes))})
	return len(c.operators) - 1
}

// Add counts a check. Checks come in any order, the oldest first is the fastest.
func (c *Counter) Add(x *Check) {
	c.checks++
	day := dayOf(x.At)
	counts := c.day(day)
	counts[x.Outcome]++
	if x.Decision == Identified {
		counts[len(c.outcomes)+x.Outcome]++
	}
	c.byDesk[x.Desk].add(x)
	c.byOp[x.Operator].add(x)
	if x.Verdict >= Pass && x.Score != None {
		c.scores[min(max(x.Score/bandWidth, 0), Bands-1)][x.Verdict-Pass]++
	}
	if x.Portrait != None || x.Picture != None {
		c.measured(day, x)
	}
	if x.Verdict != Refer {
		return
	}
	switch {
	case x.Decision == Open:
		c.open = append(c.open, x.At)
	case x.Decision == Decided && x.Waited != None:
		c.waited = append(c.waited, x.Waited)
	}
}

// dayOf gives the UTC day of a moment, counted from 1970. A clock that was set wrong may
// give any day; the Counter keeps a place for each up to the last, which is of 2149.
func dayOf(at int64) int { return int(min(max(at/dayMillis, 0), lastDay)) }

// day gives the counts of a day.
func (c *Counter) day(day int) []int64 {
	switch {
	case len(c.days) == 0:
		c.first = day
	case day < c.first:
		c.days = append(make([][]int64, c.first-day), c.days...)
		c.first = day
	}
	for len(c.days) <= day-c.first {
		c.days = append(c.days, nil)
	}
	counts := &c.days[day-c.first]
	if *counts == nil {
		*counts = make([]int64, 2*len(c.outcomes))
	}
	return *counts
}

func (c *Counter) measured(day int, x *Check) {
	if day != c.newest || x.Desk >= len(c.newestOf) {
		for len(c.quality[day]) < len(c.desks) {
			c.quality[day] = append(c.quality[day], sums{})
		}
		c.newest, c.newestOf = day, c.quality[day]
	}
	s := &c.newestOf[x.Desk]
	if x.Portrait != None {
		s.portraits++
		s.portrait += x.Portrait
	}
	if x.Picture != None {
		s.pictures++
		s.picture += x.Picture
	}
}

func (g *group) add(x *Check) {
	g.outcomes[x.Outcome]++
	if x.Decision == Identified {
		g.identified++
	}
	if x.Verdict == NoVerdict {
		return
	}
	g.looked++
	if x.FilmedAnyway {
		g.filmed++
	}
	if x.Verdict == NotCompared {
		return
	}
	g.verdicts++
	switch {
	case x.Verdict == Refer:
		g.refer++
	case x.Decision == Decided:
		g.override++
	}
	if x.Took == None {
		return
	}
	tenths := int(min(x.Took/100, MostTenths))
	for len(g.tenths) <= tenths {
		g.tenths = append(g.tenths, 0)
	}
	g.tenths[tenths]++
}

// Result gives the numbers, by periods of a unit. Operators are left out unless they are
// asked for.
func (c *Counter) Result(unit Unit, operators bool) Overview {
	o := Overview{Checks: c.checks, ByOutcome: map[history.Outcome]int64{}, IdentifiedAs: map[history.Outcome]int64{},
		Unit: unitOf(unit, c.first, c.first+len(c.days)-1)}
	for _, day := range c.days {
		if day != nil {
			c.into(o.ByOutcome, day[:len(c.outcomes)])
			o.Identified += c.into(o.IdentifiedAs, day[len(c.outcomes):])
		}
	}
	o.Periods = c.periods(o.Unit)
	o.Quality = c.qualities(o.Unit)
	o.Desks = c.groups(c.desks, c.byDesk)
	if operators {
		o.Operators = c.groups(c.operators, c.byOp)
	}
	for i, by := range c.scores {
		o.Scores = append(o.Scores, Band{
			Least: int64(i) * bandWidth, Below: int64(i+1) * bandWidth, Pass: by[0], Refer: by[1], Fail: by[2],
		})
	}
	var all []int64
	for _, g := range c.byDesk {
		for len(all) < len(g.tenths) {
			all = append(all, 0)
		}
		for i, n := range g.tenths {
			all[i] += n
		}
	}
	o.Took = timesOf(all)
	o.Waiting = c.waiting()
	return o
}

// into adds counts by outcome to a table, which holds no zeros.
func (c *Counter) into(table map[history.Outcome]int64, counts []int64) (sum int64) {
	for i, n := range counts {
		if n > 0 {
			table[c.outcomes[i]] += n
			sum += n
		}
	}
	return sum
}

func timeOf(day int) time.Time { return time.UnixMilli(int64(day) * dayMillis).UTC() }

func (c *Counter) periods(unit Unit) []Period {
	periods := []Period{}
	for i, counts := range c.days {
		if counts == nil {
			continue
		}
		from := unit.Start(timeOf(c.first + i))
		for len(periods) > 0 && periods[len(periods)-1].To.Before(from) && len(periods) < mostPeriods {
			last := periods[len(periods)-1].To
			periods = append(periods, Period{From: last, To: unit.Next(last)})
		}
		if len(periods) == 0 || !periods[len(periods)-1].From.Equal(from) {
			periods = append(periods, Period{From: from, To: unit.Next(from)})
		}
		p := &periods[len(periods)-1]
		if p.ByOutcome == nil {
			p.ByOutcome, p.IdentifiedAs = map[history.Outcome]int64{}, map[history.Outcome]int64{}
		}
		p.Checks += c.into(p.ByOutcome, counts[:len(c.outcomes)])
		p.Identified += c.into(p.IdentifiedAs, counts[len(c.outcomes):])
	}
	return periods
}

func (c *Counter) qualities(unit Unit) []Quality {
	days := make([]int, 0, len(c.quality))
	for day := range c.quality {
		days = append(days, day)
	}
	slices.Sort(days)
	all := []Quality{}
	period := make([]sums, len(c.desks))
	for i, day := range days {
		for desk, s := range c.quality[day] {
			p := &period[desk]
			p.portraits += s.portraits
			p.portrait += s.portrait
			p.pictures += s.pictures
			p.picture += s.picture
		}
		from := unit.Start(timeOf(day))
		if i+1 < len(days) && unit.Start(timeOf(days[i+1])).Equal(from) {
			continue
		}
		begin := len(all)
		for desk, s := range period {
			if s != (sums{}) {
				all = append(all, Quality{
					From: from, Desk: c.desks[desk],
					Portraits: s.portraits, Portrait: mean(s.portrait, s.portraits),
					Pictures: s.pictures, Picture: mean(s.picture, s.pictures),
				})
			}
		}
		slices.SortFunc(all[begin:], func(a, b Quality) int { return strings.Compare(a.Desk, b.Desk) })
		clear(period)
	}
	return all
}

// mean gives the mean in hundredths, rounded down.
func mean(sum, n int64) int64 {
	if n == 0 {
		return 0
	}
	return 100 * sum / n
}

func (c *Counter) groups(names []string, groups []group) Groups {
	all := Groups{Groups: []Group{}}
	for i, g := range groups {
		one := Group{Name: names[i], Identified: g.identified, ByOutcome: map[history.Outcome]int64{},
			Took: timesOf(g.tenths)}
		if one.Checks = c.into(one.ByOutcome, g.outcomes); one.Checks == 0 {
			continue
		}
		one.Refer = Rate{Count: g.refer, Of: g.verdicts}
		one.Override = Rate{Count: g.override, Of: g.verdicts}
		one.FilmedAnyway = Rate{Count: g.filmed, Of: g.looked}
		all.Groups = append(all.Groups, one)
	}
	slices.SortFunc(all.Groups, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	all.compare()
	return all
}

// timesOf gives median and 95th percentile (nearest rank) of how many took so long.
func timesOf(tenths []int64) Times {
	var t Times
	for _, n := range tenths {
		t.Checks += n
	}
	rank := func(percent int64) int64 {
		left := (t.Checks*percent + 99) / 100
		for i, n := range tenths {
			if left -= n; left <= 0 {
				return int64(i)
			}
		}
		return 0
	}
	t.Median, t.P95 = rank(50), rank(95)
	return t
}

func (c *Counter) waiting() Waiting {
	if c.referrals != nil {
		return *c.referrals
	}
	w := Waiting{Open: int64(len(c.open)), Decided: int64(len(c.waited))}
	for _, at := range c.open {
		switch waits := time.Duration(c.now-at) * time.Millisecond; {
		case waits <= time.Hour:
			w.Hour++
		case waits <= 24*time.Hour:
			w.Day++
		case waits <= 7*24*time.Hour:
			w.Week++
		default:
			w.Longer++
		}
	}
	if len(c.open) > 0 {
		w.Oldest = time.UnixMilli(slices.Min(c.open)).UTC()
	}
	if len(c.waited) > 0 {
		slices.Sort(c.waited)
		at := func(percent int) int64 { return c.waited[(len(c.waited)*percent+99)/100-1] }
		w.MedianSec, w.P95Sec = at(50), at(95)
	}
	return w
}
