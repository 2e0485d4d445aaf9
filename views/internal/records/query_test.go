package records

import (
	"reflect"
	"testing"
	"time"

	"facematch/app/export"
	"facematch/app/history"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.Local)
}

func TestPeriods(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 55, 0, 0, time.Local)
	for p, want := range map[period][2]time.Time{
		"":        {},
		anyTime:   {},
		today:     {day(2026, 3, 1), day(2026, 3, 2)},
		yesterday: {day(2026, 2, 28), day(2026, 3, 1)},
		week:      {day(2026, 2, 23), day(2026, 3, 2)},
		thisMonth: {day(2026, 3, 1), day(2026, 4, 1)},
		lastMonth: {day(2026, 2, 1), day(2026, 3, 1)},
	} {
		f := query{period: p}.filter(now)
		if !f.From.Equal(want[0]) || !f.To.Equal(want[1]) {
			t.Errorf("%q: %v to %v", p, f.From, f.To)
		}
	}
	// The last day is looked at whole; a side left open stays open.
	f := query{period: ownDays, from: day(2026, 1, 31), to: day(2026, 2, 28)}.filter(now)
	if !f.From.Equal(day(2026, 1, 31)) || !f.To.Equal(day(2026, 3, 1)) {
		t.Errorf("own days: %v to %v", f.From, f.To)
	}
	if f = (query{period: ownDays, to: day(2026, 2, 28)}).filter(now); !f.From.IsZero() || f.To.IsZero() {
		t.Errorf("open at the beginning: %v to %v", f.From, f.To)
	}
	if f = (query{period: ownDays, from: day(2026, 2, 28)}).filter(now); f.From.IsZero() || !f.To.IsZero() {
		t.Errorf("open at the end: %v to %v", f.From, f.To)
	}
}

func TestOneFieldForEachKindOfID(t *testing.T) {
	for id, want := range map[string]history.Filter{
		"chk_0f8b6a51":  {Check: "chk_0f8b6a51"},
		"sess_5b1b1f0e": {Session: "sess_5b1b1f0e"},
		"9f86d081-88":   {Request: "9f86d081-88"},
		"":              {},
	} {
		if got := (query{id: id}).filter(time.Now()); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v", id, got)
		}
	}
}

func TestChipsSayWhatIsAskedFor(t *testing.T) {
	w := kittest.English(t)
	asked := query{
		name: "ana mül", period: ownDays, from: day(2026, 11, 1), to: day(2026, 11, 5),
		outcomes: []history.Outcome{history.Refer, history.Fail}, decisions: []history.DecisionState{
			history.Undecided, history.Rejected,
		},
		modes: []history.Mode{history.Remote}, operators: []string{"ana", "ben", "cy"}, desks: []string{"Counter 3"},
		codes: []int{1},
		least: new(int64(6000)), most: new(int64(7999)), reference: "2026/17", number: "L898902C3", id: "chk_0f8b6a51",
		sort: history.Lowest,
	}
	if f := asked.filter(time.Now()); f.Reference != "2026/17" || f.Number != "L898902C3" {
		t.Errorf("the filter asks for the reference %q, the number %q", f.Reference, f.Number)
	}
	want := []string{
		"Name: ana mül", "1 Nov 2026 to 5 Nov 2026", "Refer or fail", "Open referral or rejected", "Remote",
		"Operator ana, ben or cy", "Desk Counter 3", "Code 1", "Score 60.00 to 79.99", "Reference 2026/17",
		"Document number L898902C3",
		"ID chk_0f8b6a51",
	}
	chips := chipsOf(w, asked)
	if len(chips) != len(want) {
		t.Fatalf("%d chips: %v", len(chips), chips)
	}
	for i, c := range chips {
		if c.text != want[i] {
			t.Errorf("chip %d says %q, want %q", i, c.text, want[i])
		}
		if left := chipsOf(w, c.without); len(left) != len(want)-1 {
			t.Errorf("without %q there are %d chips", c.text, len(left))
		}
		if c.without.sort != history.Lowest {
			t.Errorf("without %q the order is another", c.text)
		}
	}
	// Taken away one after the other, nothing is left.
	for len(chips) > 0 {
		asked = chips[0].without
		chips = chipsOf(w, asked)
	}
	if !reflect.DeepEqual(asked, query{sort: history.Lowest}) {
		t.Errorf("something is left: %+v", asked)
	}
	for text, asked := range map[string]query{
		"Today":                     {period: today},
		"From 1 Nov 2026":           {period: ownDays, from: day(2026, 11, 1)},
		"Until 5 Nov 2026":          {period: ownDays, to: day(2026, 11, 5)},
		"5 Nov 2026":                {period: ownDays, from: day(2026, 11, 5), to: day(2026, 11, 5)},
		"Score from 60.00":          {least: new(int64(6000))},
		"Score up to 5.05":          {most: new(int64(505))},
		"Could not run or unknown":  {outcomes: []history.Outcome{history.CouldNotRun, history.Unknown}},
		"Offline or Remote":         {modes: []history.Mode{history.Offline, history.Remote}},
		"Open referral":             undecidedReferrals(),
		"Pass, fail or interrupted": {outcomes: []history.Outcome{history.Pass, history.Fail, history.Interrupted}},
	} {
		if chips := chipsOf(w, asked); len(chips) != 1 || chips[0].text != text {
			t.Errorf("%v, want %q", chips, text)
		}
	}
	if chips := chipsOf(w, query{period: ownDays}); len(chips) != 0 {
		t.Errorf("own dates of which none is written yet: %v", chips)
	}
}

func TestCountsInOneLine(t *testing.T) {
	w := kittest.English(t)
	for want, c := range map[string]history.Counts{
		"1,204 checks: 1,100 pass, 60 refer (3 open), 44 fail": {Total: 1204, Undecided: 3,
			ByOutcome: map[history.Outcome]int64{
				history.Fail: 44, history.Pass: 1100, history.Refer: 60,
			}},
		"1 check: 1 not compared": {Total: 1, ByOutcome: map[history.Outcome]int64{history.NotCompared: 1}},
		"0 checks":                {},
		"3 checks: 2 pass, 1 not compared, 1 identified without a match": {Total: 3, Identified: 1,
			ByOutcome: map[history.Outcome]int64{history.NotCompared: 1, history.Pass: 2}},
		"2 checks: 1 refer, 1 running": {Total: 2, ByOutcome: map[history.Outcome]int64{
			history.Running: 1, history.Refer: 1, history.Cancelled: 0,
		}},
	} {
		if got := kit.CountsText(w, c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestEveryFilterAndDetailHasItsWords(t *testing.T) {
	w := kittest.English(t)
	said := func(key string) {
		t.Helper()
		if w.T(key) == key {
			t.Errorf("no words for %s", key)
		}
	}
	for _, o := range countedOutcomes {
		if got := kit.OutcomeWord(w, o); got != string(o) {
			t.Errorf("%q inside a sentence is %q", o, got)
		}
	}
	for _, p := range periods {
		said("find.period." + string(p))
	}
	for _, d := range filterDecisions {
		said("decision.state." + string(d))
		said("find.decision." + string(d))
	}
	for _, r := range []history.Role{
		history.RoleOperator, history.RoleReviewer, history.RoleAuditor, history.RoleAdministrator,
	} {
		said("detail.role." + string(r))
	}
	for _, p := range []history.Part{
		history.PartKey, history.PartName, history.PartReference, history.PartFields, history.PartNote, history.PartAnswer,
		history.PartImages,
	} {
		said("detail.part." + string(p))
	}
	for _, f := range []string{export.PDF, export.CSV, export.JSONL} {
		said("export_form." + f)
	}
}
