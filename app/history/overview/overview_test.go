package overview

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"facematch/app/history"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.0005 {
		t.Errorf("%s is %.4f, want %.4f", what, got, want)
	}
}

// The bounds of 81 in 263 and of 0 in 29 are those of Newcombe's table (Statistics in
// Medicine 17, 1998, pages 857 to 872), method 3.
func TestWilson(t *testing.T) {
	z := quantile(1)
	near(t, "z", z, 1.95996)
	near(t, "z of 10 comparisons", quantile(10), 2.80703)
	for _, tt := range []struct {
		count, of int64
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		low, high := wilson(tt.count, tt.of, z)
		near(t, "low", low, tt.low)
		near(t, "high", high, tt.high)
	}
}

// TestApart also has the bounds of a difference from Newcombe's second paper (pages 873
// to 890), method 10: 56/70 against 48/80 gives 0.0524 to 0.3339, so it is apart.
func TestApart(t *testing.T) {
	g := Groups{Groups: []Group{
		{Name: "a", Refer: Rate{Count: 56, Of: 70}},
		{Name: "b", Refer: Rate{Count: 48, Of: 80}},
		{Name: "few", Refer: Rate{Count: 20, Of: 29}},
	}}
	g.compare()
	if g.Comparisons != 2 || g.Groups[2].Refer.High != 0 || g.Groups[0].Refer.Apart != 1 {
		t.Errorf("%+v", g)
	}
	one := Rate{Count: 56, Of: 70}
	one.bound(Rate{Count: 104, Of: 150}, quantile(1))
	other := Rate{Count: 48, Of: 80}
	other.bound(Rate{Count: 104, Of: 150}, quantile(1))
	if one.Apart != 1 || other.Apart != -1 {
		t.Errorf("%+v %+v", one, other)
	}
	// Of twenty comparisons one is expected to be so far apart by chance.
	many := Rate{Count: 56, Of: 70}
	if many.bound(Rate{Count: 104, Of: 150}, quantile(20)); many.Apart != 0 {
		t.Errorf("%+v", many)
	}
	b, err := json.Marshal(g.Groups[2].Refer)
	if err != nil || string(b) != `{"count":20,"of":29}` {
		t.Errorf("%s %v", b, err)
	}
	if b, err = json.Marshal(one); err != nil ||
		string(b) != `{"count":56,"of":70,"percent":80,"low":69.18,"high":87.7,"apart":1}` {
		t.Errorf("%s %v", b, err)
	}
}

func day(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestUnits(t *testing.T) {
	for _, tt := range []struct {
		wanted   Unit
		from, to string
		want     Unit
	}{
		{"", "2026-01-01", "2026-01-01", Day}, {"", "2026-01-01", "2026-02-14", Day}, {"", "2026-01-01", "2026-02-15", Week},
		{"", "2026-01-01", "2026-12-31", Week}, {"", "2025-01-01", "2026-12-31", Month},
		{Day, "2025-01-01", "2026-12-31", Day},
		{Day, "1990-01-01", "2026-12-31", Month}, {Month, "2026-01-01", "2026-01-01", Month},
	} {
		if got := unitOf(tt.wanted, dayOf(day(tt.from).UnixMilli()), dayOf(day(tt.to).UnixMilli())); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	for u, want := range map[Unit][2]string{Day: {"2026-03-01", "2026-03-02"}, Week: {"2026-02-23", "2026-03-02"},
		Month: {"2026-03-01", "2026-04-01"}} {
		if from := u.Start(day("2026-03-01").Add(time.Hour)); from != day(want[0]) || u.Next(from) != day(want[1]) {
			t.Errorf("%s from %v", u, from)
		}
	}
}

func TestCounter(t *testing.T) {
	now := day("2026-03-10")
	c := NewCounter([]history.Outcome{history.Pass, history.Refer, history.Fail, history.Cancelled}, now)
	desk, operator := c.Desk("Desk 1"), c.Operator("anna")
	other := c.Desk("Desk 2")
	add := func(at string, desk, outcome int, change func(*Check)) {
		verdicts := []Verdict{Pass, Refer, Fail, NoVerdict}
		x := Check{At: day(at).Add(12 * time.Hour).UnixMilli(), Desk: desk, Operator: operator, Outcome: outcome,
			Verdict: verdicts[outcome],
			Score:   None, Portrait: None, Picture: None, Took: None, Waited: None}
		change(&x)
		c.Add(&x)
	}
	add("2026-03-05", desk, 0, func(x *Check) { x.Score, x.Took, x.Picture = 10_000, 2499, 80 })
	add("2026-03-01", desk, 2, func(x *Check) { x.Score, x.Decision, x.Took = 0, Decided, 700_000 })
	add("2026-03-05", other, 1, func(x *Check) { x.Score, x.Decision, x.Waited = 6000, Decided, 90 })
	add("2026-03-05", other, 1, func(x *Check) { x.Score, x.Decision, x.Picture = 7999, Open, 41 })
	add("2026-03-09", other, 1, func(x *Check) { x.Decision = Open })
	add("2026-03-05", desk, 3, func(x *Check) { x.FilmedAnyway = true })
	add("2026-03-05", desk, 0, func(x *Check) { x.FilmedAnyway, x.Picture = true, 81 })
	add("2026-03-05", desk, 3, func(x *Check) { x.Decision = Identified })
	o := c.Result(Day, false)
	// Who was identified without a match is counted beside the outcomes, and never as a pass.
	if p := o.Periods[4]; o.Identified != 1 || o.IdentifiedAs[history.Cancelled] != 1 || p.Identified != 1 ||
		p.ByOutcome[history.Cancelled] != 2 || p.Alone()[history.Cancelled] != 1 || p.Alone()[history.Pass] != 2 ||
		o.Alone()[history.Cancelled] != 1 || o.Desks.Groups[0].Identified != 1 {
		t.Errorf("%+v", o)
	}
	if o.Checks != 8 || len(o.Periods) != 9 || o.Periods[1].Checks != 0 || o.Periods[4].Checks != 6 ||
		o.Periods[4].ByOutcome[history.Refer] != 2 {
		t.Errorf("%+v", o.Periods)
	}
	if b := o.Scores; len(b) != Bands || b[0].Fail != 1 || b[Bands-1].Pass != 1 || b[30].Refer != 1 || b[39].Refer != 1 ||
		b[30].Least != 6000 {
		t.Errorf("%+v", b)
	}
	one := o.Desks.Groups[0]
	if one.Name != "Desk 1" || one.Checks != 5 || one.Override != (Rate{Count: 1, Of: 3}) ||
		one.FilmedAnyway != (Rate{Count: 1, Of: 3}) ||
		one.Refer != (Rate{Of: 3}) || one.Took != (Times{2, 24, 6000}) {
		t.Errorf("%+v", one)
	}
	if len(o.Operators.Groups) != 0 || len(c.Result(Day, true).Operators.Groups) != 1 {
		t.Error("operators are shown to those who may not see them")
	}
	if q := o.Quality; len(q) != 2 ||
		q[0] != (Quality{From: day("2026-03-05"), Desk: "Desk 1", Pictures: 2, Picture: 8050}) || q[1].Picture != 4100 {
		t.Errorf("%+v", q)
	}
	if m := c.Result(Month, false); len(m.Periods) != 1 || len(m.Quality) != 2 {
		t.Errorf("%+v", m)
	}
	if w := o.Waiting; w != (Waiting{Open: 2, Day: 1, Week: 1, Oldest: day("2026-03-05").Add(12 * time.Hour), Decided: 1,
		MedianSec: 90, P95Sec: 90}) {
		t.Errorf("%+v", w)
	}
	empty := NewCounter(nil, now).Result("", true)
	if empty.Checks != 0 || len(empty.Periods) != 0 || empty.Took != (Times{}) {
		t.Errorf("%+v", empty)
	}
}

// A clock that was wrong for one check gives no list of all days since.
func TestWrongClock(t *testing.T) {
	c := NewCounter([]history.Outcome{history.Pass}, day("2026-03-10"))
	desk, operator := c.Desk("d"), c.Operator("o")
	for _, at := range []string{"0001-01-01", "2026-03-09", "9999-12-31"} {
		c.Add(&Check{At: day(at).UnixMilli(), Desk: desk, Operator: operator, Verdict: Pass})
	}
	if o := c.Result("", false); o.Checks != 3 || o.Unit != Month || len(o.Periods) > mostPeriods+3 {
		t.Errorf("%d %s %d", o.Checks, o.Unit, len(o.Periods))
	}
}
