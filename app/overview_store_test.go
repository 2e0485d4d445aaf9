package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/store"
)

// exported is what the count needs of a line of an export.
type exported struct {
	At       time.Time
	Outcome  history.Outcome
	Decision history.DecisionState
	Desk     string
	Operator string
	Score    *int64
	Finished *struct {
		Took    int64 `json:"took_ns"`
		Quality *struct {
			Warning  string                 `json:"capture_warning"`
			Document *struct{ Total int64 } `json:"document"`
			Camera   *struct{ Total int64 } `json:"camera"`
		}
	}
	Decisions []struct{ At time.Time }
}

// counted is the overview once more, counted in the plainest way over an export.
func counted(t *testing.T, lines []exported, unit overview.Unit, now time.Time) overview.Overview {
	t.Helper()
	o := overview.Overview{Checks: int64(len(lines)), ByOutcome: map[history.Outcome]int64{}, Unit: unit}
	o.IdentifiedAs = map[history.Outcome]int64{}
	periods, identified := map[time.Time]map[history.Outcome]int64{}, map[time.Time]map[history.Outcome]int64{}
	desks, operators := map[string]*overview.Group{}, map[string]*overview.Group{}
	took := map[string][]int64{}
	type place struct {
		from time.Time
		desk string
	}
	quality := map[place]*overview.Quality{}
	o.Scores = make([]overview.Band, overview.Bands)
	for i := range o.Scores {
		o.Scores[i].Least, o.Scores[i].Below = int64(i)*200, int64(i)*200+200
	}
	var waited []int64
	for _, l := range lines {
		o.ByOutcome[l.Outcome]++
		from := start(l.At, unit)
		if periods[from] == nil {
			periods[from], identified[from] = map[history.Outcome]int64{}, map[history.Outcome]int64{}
		}
		periods[from][l.Outcome]++
		if l.Decision == history.Identified {
			o.Identified++
			o.IdentifiedAs[l.Outcome]++
			identified[from][l.Outcome]++
		}
		filmed := l.Finished != nil && l.Finished.Quality != nil && l.Finished.Quality.Warning != ""
		verdict := slices.Contains([]history.Outcome{history.Pass, history.Refer, history.Fail}, l.Outcome)
		for _, g := range []*overview.Group{group(desks, l.Desk), group(operators, l.Operator)} {
			g.Checks++
			g.ByOutcome[l.Outcome]++
			if l.Decision == history.Identified {
				g.Identified++
			}
			if verdict || l.Outcome == history.NotCompared {
				g.FilmedAnyway.Of++
				if filmed {
					g.FilmedAnyway.Count++
				}
			}
			if verdict {
				g.Refer.Of++
				g.Override.Of++
				if l.Outcome == history.Refer {
					g.Refer.Count++
				} else if l.Decision != "" {
					g.Override.Count++
				}
			}
		}
		if verdict {
			tenths := min(l.Finished.Took/100_000_000, 6000)
			for _, of := range []string{"", "desk " + l.Desk, "operator " + l.Operator} {
				took[of] = append(took[of], tenths)
			}
		}
		if verdict && l.Score != nil {
			b := &o.Scores[min(*l.Score/200, overview.Bands-1)]
			switch l.Outcome {
			case history.Pass:
				b.Pass++
			case history.Refer:
				b.Refer++
			default:
				b.Fail++
			}
		}
		if l.Finished != nil && l.Finished.Quality != nil &&
			(l.Finished.Quality.Document != nil || l.Finished.Quality.Camera != nil) {
			at := place{from, l.Desk}
			if quality[at] == nil {
				quality[at] = &overview.Quality{From: from, Desk: l.Desk}
			}
			if d := l.Finished.Quality.Document; d != nil {
				quality[at].Portraits++
				quality[at].Portrait += d.Total
			}
			if c := l.Finished.Quality.Camera; c != nil {
				quality[at].Pictures++
				quality[at].Picture += c.Total
			}
		}
		if l.Outcome == history.Refer {
			switch waits := now.Sub(l.At); {
			case l.Decision != history.Undecided:
				waited = append(waited, int64(l.Decisions[len(l.Decisions)-1].At.Sub(l.At)/time.Second))
				continue
			case waits <= time.Hour:
				o.Waiting.Hour++
			case waits <= 24*time.Hour:
				o.Waiting.Day++
			case waits <= 7*24*time.Hour:
				o.Waiting.Week++
			default:
				o.Waiting.Longer++
			}
			if o.Waiting.Open++; o.Waiting.Oldest.IsZero() || l.At.Before(o.Waiting.Oldest) {
				o.Waiting.Oldest = l.At
			}
		}
	}
	for from, by := range periods {
		p := overview.Period{From: from, ByOutcome: by, IdentifiedAs: identified[from]}
		for _, n := range by {
			p.Checks += n
		}
		for _, n := range p.IdentifiedAs {
			p.Identified += n
		}
		o.Periods = append(o.Periods, p)
	}
	slices.SortFunc(o.Periods, func(a, b overview.Period) int { return a.From.Compare(b.From) })
	for _, q := range quality {
		if q.Portraits > 0 {
			q.Portrait = 100 * q.Portrait / q.Portraits
		}
		if q.Pictures > 0 {
			q.Picture = 100 * q.Picture / q.Pictures
		}
		o.Quality = append(o.Quality, *q)
	}
	slices.SortFunc(o.Quality, func(a, b overview.Quality) int {
		return 2*a.From.Compare(b.From) + strings.Compare(a.Desk, b.Desk)
	})
	for what, groups := range map[string]map[string]*overview.Group{"desk ": desks, "operator ": operators} {
		var list []overview.Group
		for name, g := range groups {
			g.Name, g.Took = name, times(took[what+name])
			list = append(list, *g)
		}
		slices.SortFunc(list, func(a, b overview.Group) int { return strings.Compare(a.Name, b.Name) })
		if what == "desk " {
			o.Desks.Groups = list
		} else {
			o.Operators.Groups = list
		}
	}
	o.Took = times(took[""])
	if o.Waiting.Decided = int64(len(waited)); len(waited) > 0 {
		slices.Sort(waited)
		o.Waiting.MedianSec, o.Waiting.P95Sec = rank(waited, 50), rank(waited, 95)
	}
	return o
}

func start(at time.Time, unit overview.Unit) time.Time {
	y, m, d := at.UTC().Date()
	switch unit {
	case overview.Month:
		d = 1
	case overview.Week:
		for at = at.UTC(); at.Weekday() != time.Monday; at = at.Add(-24 * time.Hour) {
			d--
		}
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func group(groups map[string]*overview.Group, name string) *overview.Group {
	if groups[name] == nil {
		groups[name] = &overview.Group{ByOutcome: map[history.Outcome]int64{}}
	}
	return groups[name]
}

func rank(sorted []int64, percent int) int64 { return sorted[(len(sorted)*percent+99)/100-1] }

func times(tenths []int64) overview.Times {
	if len(tenths) == 0 {
		return overview.Times{}
	}
	slices.Sort(tenths)
	return overview.Times{Checks: int64(len(tenths)), Median: rank(tenths, 50), P95: rank(tenths, 95)}
}

// plain leaves of an overview what was counted: bounds are computed from it, and
// periods without a check are not in an export.
func plain(o overview.Overview) overview.Overview {
	for _, g := range []*overview.Groups{&o.Desks, &o.Operators} {
		g.Comparisons = 0
		for i := range g.Groups {
			for _, r := range []*overview.Rate{&g.Groups[i].Refer, &g.Groups[i].Override, &g.Groups[i].FilmedAnyway} {
				*r = overview.Rate{Count: r.Count, Of: r.Of}
			}
		}
		if len(g.Groups) == 0 {
			g.Groups = nil
		}
	}
	o.Periods = slices.DeleteFunc(o.Periods, func(p overview.Period) bool { return p.Checks == 0 })
	for i := range o.Periods {
		o.Periods[i].To = time.Time{}
	}
	if len(o.Periods) == 0 {
		o.Periods = nil
	}
	if len(o.Quality) == 0 {
		o.Quality = nil
	}
	return o
}

// randomFilter makes a filter of one to four conditions that fit the made-up history.
func randomFilter(r *rand.Rand, names []string, first, last time.Time) history.Filter {
	var f history.Filter
	span := last.Sub(first)
	some := func(n int) bool { return r.IntN(n) == 0 }
	conditions := []func(){
		func() {
			f.Inspections = []history.InspectionState{history.InspectionStates[r.IntN(len(history.InspectionStates))]}
		},
		func() { f.From = first.Add(time.Duration(r.Int64N(int64(span)))) },
		func() { f.To = first.Add(time.Duration(r.Int64N(int64(span)))) },
		func() { f.From = first.Add(time.Duration(r.Int64N(int64(span)))).Truncate(24 * time.Hour) },
		func() {
			for _, o := range history.Outcomes {
				if some(3) {
					f.Outcomes = append(f.Outcomes, o)
				}
			}
		},
		func() { f.Decisions = []history.DecisionState{history.DecisionStates[r.IntN(3)]} },
		func() { f.Modes = []history.Mode{history.Modes[r.IntN(2)]} },
		func() {
			f.Operators = []string{fmt.Sprintf("operator %02d", 1+r.IntN(12)), fmt.Sprintf("operator %02d", 1+r.IntN(12))}
		},
		func() { f.Desks = []string{fmt.Sprint("Desk ", 1+r.IntN(6)), fmt.Sprint("Desk ", 1+r.IntN(8))} },
		func() { f.Codes = []int{r.IntN(4)} },
		func() { least := int64(r.IntN(10_000)); f.LeastScore = &least },
		func() { most := int64(r.IntN(10_000)); f.MostScore = &most },
		func() { f.Words = strings.ToLower(string([]rune(names[r.IntN(len(names))])[:1])) },
	}
	for range 1 + r.IntN(4) {
		conditions[r.IntN(len(conditions))]()
	}
	return f
}

// TestOverviewEqualsAnExport counts over the export of 50 random filters what the overview
// of the same filter says, for each unit.
func TestOverviewEqualsAnExport(t *testing.T) {
	ctx := context.Background()
	desk, s, _ := exporting(t, 4000)
	names := namesOf(t, s)
	all, err := s.List(ctx, history.Filter{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 5))
	filters := []history.Filter{{}}
	for len(filters) < 51 {
		filters = append(filters, randomFilter(r, names, all[len(all)-1].At, all[0].At))
	}
	empty := 0
	for i, f := range filters {
		unit := overview.Units[i%len(overview.Units)]
		var file bytes.Buffer
		if _, err := desk.Export(ctx, app.ExportInput{Filter: f, Format: export.JSONL, To: &file}, nil); err != nil {
			t.Fatal(err)
		}
		var lines []exported
		for scan := bufio.NewScanner(&file); scan.Scan(); {
			var l exported
			if bytes.HasPrefix(scan.Bytes(), []byte(`{"facematch_export"`)) {
				break
			}
			if err := json.Unmarshal(scan.Bytes(), &l); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, l)
		}
		now := time.Now()
		got, err := s.Overview(ctx, f, unit)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) == 0 {
			empty++
		}
		want := counted(t, lines, unit, now)
		if got = plain(got); len(lines) > 0 && !reflect.DeepEqual(got, want) || len(lines) == 0 && got.Checks != 0 {
			a, _ := json.Marshal(got)
			b, _ := json.Marshal(want)
			t.Errorf("%+v:\n%s\n%s", f, a, b)
		}
	}
	if empty > 20 {
		t.Errorf("%d filters chose nothing", empty)
	}
}

// The numbers of operators are for auditors and administrators, and for those who work
// alone, and only where the settings show them.
func TestOverviewHidesOperators(t *testing.T) {
	ctx := context.Background()
	desk, _, _ := exporting(t, 200)
	for _, shown := range []bool{false, true} {
		next := desk.Settings()
		next.Overview.Operators = shown
		if err := desk.SaveSettings(ctx, next); err != nil {
			t.Fatal(err)
		}
		o, err := desk.Overview(ctx, history.Filter{}, overview.Automatic)
		if err != nil || o.Checks == 0 || len(o.Desks.Groups) == 0 || (len(o.Operators.Groups) > 0) != shown {
			t.Errorf("%v: %+v %v", shown, o.Operators, err)
		}
	}
}

var _ app.Overviewer = (*store.Store)(nil)
