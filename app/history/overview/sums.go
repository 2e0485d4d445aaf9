package overview

import "time"

// Sum is several checks that were added up elsewhere.
type Sum struct {
	Outcome    int   // its place in the list of the Counter
	Checks     int64 // how many
	Identified int64 // of them, without a match

	// Rates count these of several outcomes together, so one Sum may hold those of the others too.
	Filmed  int64 // filmed against the hint
	Decided int64 // decided by a person about a verdict
}

// AddPeriod counts checks that started in a period of the unit which Result is asked for.
func (c *Counter) AddPeriod(from time.Time, s Sum) {
	c.checks += s.Checks
	counts := c.day(dayOf(from.UnixMilli()))
	counts[s.Outcome] += s.Checks
	counts[len(c.outcomes)+s.Outcome] += s.Identified
}

// AddDesk counts checks of a desk for its rates.
func (c *Counter) AddDesk(desk int, s Sum) {
	c.byDesk[desk].addSum(s, VerdictOf(c.outcomes[s.Outcome]))
}

// AddOperator counts checks of an operator for their rates.
func (c *Counter) AddOperator(operator int, s Sum) {
	c.byOp[operator].addSum(s, VerdictOf(c.outcomes[s.Outcome]))
}

func (g *group) addSum(s Sum, v Verdict) {
	g.outcomes[s.Outcome] += s.Checks
	g.identified += s.Identified
	if v == NoVerdict {
		return
	}
	g.looked += s.Checks
	g.filmed += s.Filmed
	switch v {
	case Refer:
		g.refer += s.Checks
	case Pass, Fail:
		g.override += s.Decided
	default:
		return
	}
	g.verdicts += s.Checks
}

// AddQuality counts the quality of faces that a desk saw in a period: how many portraits and
// pictures were measured, and the sum of what was measured.
func (c *Counter) AddQuality(from time.Time, desk int, portraits, portrait, pictures, picture int64) {
	day := dayOf(from.UnixMilli())
	for len(c.quality[day]) < len(c.desks) {
		c.quality[day] = append(c.quality[day], sums{})
	}
	s := &c.quality[day][desk]
	s.portraits += portraits
	s.portrait += portrait
	s.pictures += pictures
	s.picture += picture
}

// AddScores counts checks with a verdict whose scores lie in a band.
func (c *Counter) AddScores(band int64, v Verdict, checks int64) {
	if v >= Pass {
		c.scores[min(max(band, 0), Bands-1)][v-Pass] += checks
	}
}

// AddTook counts checks with a verdict of a desk that took so long.
func (c *Counter) AddTook(desk int, tenths, checks int64) {
	at, g := int(min(max(tenths, 0), MostTenths)), &c.byDesk[desk]
	for len(g.tenths) <= at {
		g.tenths = append(g.tenths, 0)
	}
	g.tenths[at] += checks
}

// SetWaiting sets the numbers of referrals, in place of those of single checks.
func (c *Counter) SetWaiting(w Waiting) { c.referrals = &w }
