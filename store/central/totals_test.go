package central_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/store/central"
	"facematch/store/central/centraltest"
)

// testTotals compares what the coarser tables say with the rows of checks: totals for filters
// at random, and the overview.
func testTotals(t *testing.T, b *bench) {
	for i, branch := range []string{"north", "south", "west"} {
		c := centraltest.NewChain(uint64(31 + i))
		c.At = time.Now().UTC().AddDate(0, -3-i, -5)
		l := b.desk(t, c, branch)
		for range 40 {
			c.Fill(int(c.Seq()) + 12)
			c.At = c.At.Add(time.Duration(c.IntN(4*24)) * time.Hour)
			b.all(t, l, c) // some checks get their decision with a later push
		}
		if i == 0 { // an epoch takes checks away and changes others
			c.Cut(300)
			c.Restored()
			c.Fill(340)
			push(t, l, c, 300, 10)
			b.exec(t, central.Accept(c.History, 301))
			b.all(t, l, c)
		}
	}
	b.verify(t)
	for i, o := range history.Outcomes { // overview.go reads them in this order
		if place := b.number(t, `SELECT facematch.place('`+string(o)+`')`); place != int64(i)+2 {
			t.Errorf("%q has the place %d", o, place)
		}
	}
	if other := b.number(t, `SELECT facematch.place('other')`); other != int64(len(history.Outcomes))+2 {
		t.Errorf("outcomes that are not known have the place %d", other)
	}
	b.exec(t, `UPDATE facematch.checks SET arrived = arrived - interval '2 hours'`) // none is running
	r, err := central.Open(context.Background(), b.DSN(b.database, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()

	now := time.Now()
	random := rand.New(rand.NewPCG(7, 7))
	for range 150 {
		f := randomFilter(random, now)
		got, err := r.Count(t.Context(), f)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		f.Limit = 1_000_000
		rows, err := r.List(t.Context(), f)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		want := history.Counts{Total: int64(len(rows)), ByOutcome: map[history.Outcome]int64{}}
		for _, row := range rows {
			want.ByOutcome[row.Outcome]++
			switch row.Decision {
			case history.Undecided:
				want.Undecided++
			case history.Identified:
				want.Identified++
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v: counted %+v, listed %+v", f, got, want)
		}
	}

	everything := map[string]history.Detail{}
	if err := r.Each(t.Context(), history.Filter{}, func(d history.Detail) error {
		everything[d.Check] = d
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	filters := []history.Filter{{}, {Branches: []string{"south"}}, {Branches: []string{"none"}},
		{Desks: []string{"Desk"}, Branches: []string{"north", "west"}}, {From: now, To: now.AddDate(0, -1, 0)}}
	for i := range 60 {
		f := randomFilter(random, now)
		if i < 40 { // the coarser tables can answer
			f = history.Filter{From: f.From, To: f.To, Branches: f.Branches, Desks: f.Desks}
		}
		filters = append(filters, f)
	}
	for _, f := range filters {
		f.Limit = 1_000_000
		listed, err := r.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		var selected []history.Detail
		for _, row := range listed {
			selected = append(selected, everything[row.Check])
		}
		f.Limit = 0
		for _, unit := range append([]overview.Unit{overview.Automatic}, overview.Units...) {
			got, err := r.Overview(t.Context(), f, unit)
			if err != nil {
				t.Fatalf("%+v: %v", f, err)
			}
			compareOverview(t, fmt.Sprintf("%+v by %q", f, unit), unit, selected, got)
		}
	}
}

// sorted leaves out what depends on the moment of the question.
func sorted(o *overview.Overview) {
	slices.SortFunc(o.Quality, func(a, b overview.Quality) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Desk, b.Desk))
	})
}

// compareOverview compares an overview with one that is counted from everything about each
// check, as a desk counts.
func compareOverview(
	t *testing.T, name string, unit overview.Unit, checks []history.Detail, got overview.Overview,
) {
	t.Helper()
	counter := overview.NewCounter(history.Outcomes, time.Now())
	desks, operators := map[string]int{}, map[string]int{}
	place := func(places map[string]int, of string, add func(string) int) int {
		if _, known := places[of]; !known {
			places[of] = add(of)
		}
		return places[of]
	}
	for _, d := range checks {
		x := overview.Check{
			At: d.At.UnixMilli(), Desk: place(desks, d.Desk, counter.Desk),
			Operator: place(operators, d.Operator, counter.Operator),
			Outcome:  slices.Index(history.Outcomes, d.Outcome), Verdict: overview.VerdictOf(d.Outcome),
			Decision: overview.DecisionOf(d.Decision), Score: overview.None, Portrait: overview.None,
			Picture: overview.None, Took: overview.None, Waited: overview.None,
		}
		if d.Score != nil {
			x.Score = *d.Score
		}
		if d.Finished != nil {
			x.Took = d.Finished.Took.Milliseconds()
			if q := d.Finished.Quality; q != nil {
				x.FilmedAnyway, x.Portrait = q.CaptureWarning != "", q.Document.Total
			}
		}
		if n := len(d.Decisions); n > 0 {
			x.Waited = int64(d.Decisions[n-1].At.Sub(d.At) / time.Minute * 60) // all are decided within the hour
		}
		counter.Add(&x)
	}
	want := counter.Result(unit, true)
	for i := range want.Operators.Groups {
		want.Operators.Groups[i].Took = overview.Times{} // the centre does not count it
	}
	sorted(&got)
	sorted(&want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: PostgreSQL gives\n%+v\n the checks one by one\n%+v", name, got, want)
	}
}

func randomFilter(r *rand.Rand, now time.Time) (f history.Filter) {
	some := func(percent int) bool { return r.IntN(100) < percent }
	moment := func() time.Time {
		at := now.Add(-time.Duration(r.IntN(200*24*60)) * time.Minute)
		switch r.IntN(3) {
		case 0:
			return at.UTC().Truncate(24 * time.Hour)
		case 1:
			return at.Truncate(24 * time.Hour).Add(-90 * time.Minute) // midnight elsewhere
		}
		return at
	}
	if some(60) {
		f.From = moment()
	}
	if some(50) {
		f.To = moment()
	}
	if some(30) {
		f.Branches = []string{[]string{"north", "south", "nowhere"}[r.IntN(3)], "west"}
	}
	if some(20) {
		f.Desks = []string{"Desk"}
	}
	if some(30) {
		f.Outcomes = []history.Outcome{history.Outcomes[r.IntN(len(history.Outcomes))], history.Refer}
	}
	if some(20) {
		f.Decisions = []history.DecisionState{history.Undecided, history.Approved}[r.IntN(2):]
	}
	if some(15) {
		f.Modes = []history.Mode{history.Remote}
	}
	if some(15) {
		f.Operators = []string{"operator 1", "operator 3"}
	}
	if some(5) {
		f.Codes = []int{2}
	}
	return f
}
