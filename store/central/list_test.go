package central_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/central"
	"facematch/store/central/centraltest"
)

// testList compares filters, pages and counts with what the table holds.
func testList(t *testing.T, b *bench) {
	north, south := centraltest.NewChain(21).Fill(300), centraltest.NewChain(22).Fill(300)
	b.all(t, b.desk(t, north, "north"), north)
	b.all(t, b.desk(t, south, "south"), south)
	r, err := central.Open(context.Background(), b.DSN(b.database, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	score := func(n int64) *int64 { return &n }
	middle := north.At.Add(-20 * 60 * 1e9)
	for name, f := range map[string]history.Filter{
		"all":       {},
		"oldest":    {Sort: history.Oldest},
		"highest":   {Sort: history.Highest},
		"lowest":    {Sort: history.Lowest},
		"outcome":   {Outcomes: []history.Outcome{history.Refer, history.Fail}},
		"no end":    {Outcomes: []history.Outcome{history.Running, history.Unknown, history.Interrupted}},
		"decision":  {Decisions: []history.DecisionState{history.Approved}},
		"undecided": {Decisions: []history.DecisionState{""}, Sort: history.Highest},
		"score":     {LeastScore: score(6000), MostScore: score(7000), Sort: history.Lowest},
		"mode":      {Modes: []history.Mode{history.Remote}, Operators: []string{"operator 1"}},
		"time":      {From: middle, Sort: history.Oldest},
		"code":      {Codes: []int{2}},
		"none":      {Operators: []string{"nobody"}},
		"check":     {Check: north.Checks[5][0][:14]},
		"session":   {Session: south.Checks[7][1]},
	} {
		f.Limit = 1000
		whole, err := r.List(t.Context(), f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		counts, err := r.Count(t.Context(), f)
		if err != nil || counts.Total != int64(len(whole)) {
			t.Errorf("%s: %d are counted, %d are listed, %v", name, counts.Total, len(whole), err)
		}
		f.Limit = 7
		var paged []history.Row
		for {
			some, err := r.List(t.Context(), f)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			paged = append(paged, some...)
			if len(some) < f.Limit {
				break
			}
			f.After = &some[len(some)-1]
		}
		if !slices.EqualFunc(whole, paged, func(a, b history.Row) bool { return a.Check == b.Check }) {
			t.Errorf("%s: %d rows in pages, %d at once", name, len(paged), len(whole))
		}
		f.After, f.Limit = nil, 50
		if len(whole) > 60 {
			f.After = &whole[10]
		}
		ordered, err := r.List(t.Context(), f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if sorted, err := r.ListSorted(t.Context(), f); err != nil || !reflect.DeepEqual(sorted, ordered) {
			t.Errorf("%s: sorted it is another page, %v", name, err)
		}
		if (len(whole) == 0) != (name == "none") {
			t.Errorf("%s: %d rows", name, len(whole))
		}
	}
	began := time.Now()
	late, err := r.ListLate(t.Context(), history.Filter{})
	if all, _ := r.List(t.Context(), history.Filter{}); err != nil || !reflect.DeepEqual(late, all) {
		t.Errorf("where one query is late, %d rows of %d come, %v", len(late), len(all), err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("they come after %v", took)
	}
	for end := time.Now().Add(10 * time.Second); b.number(t, `SELECT count(*) FROM pg_stat_activity
		WHERE state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the query that is not needed any more goes on")
		}
	}
	if _, err := r.List(t.Context(), history.Filter{Words: "maria"}); !matcher.IsProblem(err, "central.sealed") {
		t.Errorf("a search for a name: %v", err)
	}
	for _, c := range north.Checks[:20] {
		d, err := r.Show(t.Context(), c[0])
		if err != nil || d.Session != c[1] || d.Started.Check != c[0] || !d.Sealed || d.Head.Seq != north.Seq() {
			t.Errorf("%+v, %v", d.Row, err)
		}
	}
	each := 0
	if err := r.Each(t.Context(), history.Filter{Limit: 150}, func(d history.Detail) error {
		each++
		return nil
	}); err != nil || each != 150 {
		t.Errorf("each gave %d, %v", each, err)
	}
	choices, err := r.Choices(t.Context())
	if err != nil || len(choices.Operators) != 4 || !slices.Equal(choices.Codes, []int{0, 2}) {
		t.Errorf("%+v, %v", choices, err)
	}
	if h, err := r.Head(t.Context()); err != nil || h.Seq != north.Seq()+south.Seq() || len(h.Hash) != 64 {
		t.Errorf("%+v, %v", h, err)
	}
	if v, err := r.Verify(t.Context(), nil); err != nil || !v.Intact || v.Records != north.Seq()+south.Seq() {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := central.Open(t.Context(), b.DSN(b.database, fmt.Sprint("desk_", roles))); !matcher.IsProblem(err,
		history.KeyCentreRefused) {
		t.Errorf("a desk reads the centre: %v", err)
	}
	if _, err := r.Show(t.Context(), "chk_none"); !matcher.IsProblem(err, history.KeyCheckUnknown) {
		t.Errorf("an unknown check: %v", err)
	}
}
