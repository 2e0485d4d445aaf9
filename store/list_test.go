package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// all gives every check by Each, which reads nothing but the order of the
// records from what is derived.
func all(t *testing.T, s *Store) []history.Detail {
	t.Helper()
	var found []history.Detail
	if err := s.Each(context.Background(), history.Filter{Sort: history.Oldest}, func(d history.Detail) error {
		found = append(found, d)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// meets says whether a check meets a filter: written from the words of
// history.Filter alone, to hold the store against.
func meets(f history.Filter, r history.Row) bool {
	id := func(want, have string) bool {
		return want == "" || want == have || len(want) >= 8 && strings.HasPrefix(have, want)
	}
	for _, typed := range strings.Fields(f.Words) {
		if !slices.ContainsFunc(strings.Fields(r.Name), func(w string) bool {
			return strings.HasPrefix(strings.ToLower(w), strings.ToLower(typed))
		}) {
			return false
		}
	}
	switch {
	case !f.From.IsZero() && r.At.Before(f.From), !f.To.IsZero() && !r.At.Before(f.To),
		len(f.Outcomes) > 0 && !slices.Contains(f.Outcomes, r.Outcome),
		len(f.Decisions) > 0 && !slices.Contains(f.Decisions, r.Decision),
		len(f.Inspections) > 0 && !slices.Contains(f.Inspections, r.Inspection),
		len(f.Modes) > 0 && !slices.Contains(f.Modes, r.Mode),
		len(f.Operators) > 0 && !slices.Contains(f.Operators, r.Operator),
		len(f.Desks) > 0 && !slices.Contains(f.Desks, r.Desk),
		len(f.Codes) > 0 && (r.Code == nil || !slices.Contains(f.Codes, *r.Code)),
		f.LeastScore != nil && (r.Score == nil || *r.Score < *f.LeastScore),
		f.MostScore != nil && (r.Score == nil || *r.Score > *f.MostScore),
		!id(f.Session, r.Session), !id(f.Check, r.Check), !id(f.Request, r.Request):
		return false
	}
	return true
}

func inOrder(order history.Sort) func(a, b history.Row) int {
	return func(a, b history.Row) int {
		newest := int(b.Seq - a.Seq)
		switch {
		case order == history.Oldest:
			return -newest
		case order != history.Highest && order != history.Lowest:
			return newest
		case (a.Score == nil) != (b.Score == nil):
			if a.Score == nil {
				return 1
			}
			return -1
		case a.Score == nil || *a.Score == *b.Score:
			return newest
		case (*a.Score < *b.Score) == (order == history.Lowest):
			return -1
		}
		return 1
	}
}

// TestEveryFilter makes up combinations of filters and holds what is listed, page
// by page, and counted against what every check says.
func TestEveryFilter(t *testing.T) {
	p := testParams(t.TempDir())
	p.Alive = func(instance string) bool { return instance == "instance-1" }
	s := mustOpen(t, p, noRing{})
	fillMany(t, s, 1000)
	// Some that have not ended: running, interrupted, unknown.
	for i, instance := range []string{"instance-1", "gone", "gone"} {
		st := started(fmt.Sprint("open", i), "Maria Open")
		st.Instance, st.Mode = instance, history.Remote
		if err := s.Start(context.Background(), st); err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			if err := s.Sending(context.Background(),
				history.Sending{Check: st.Check, Session: st.Session, Host: "api.test"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var rows []history.Row
	outcomes := map[history.Outcome]bool{}
	for _, d := range all(t, s) {
		rows = append(rows, d.Row)
		outcomes[d.Outcome] = true
	}
	if len(outcomes) != 9 {
		t.Fatalf("the history has the outcomes %v, want all", outcomes)
	}
	r := rand.New(rand.NewPCG(3, 4))
	one := func() history.Row { return rows[r.IntN(len(rows))] }
	met := 0
	for range 60 {
		f := history.Filter{Limit: 1 + r.IntN(300)}
		f.Sort = []history.Sort{"", history.Newest, history.Oldest, history.Highest, history.Lowest}[r.IntN(5)]
		for range r.IntN(4) {
			switch like := one(); r.IntN(13) {
			case 0:
				f.From = like.At
			case 1:
				f.To = like.At.Add(time.Duration(r.IntN(2)))
			case 2:
				f.Outcomes = append(f.Outcomes, like.Outcome, one().Outcome)
			case 3:
				f.Decisions = append(f.Decisions, like.Decision)
			case 4:
				f.Modes = append(f.Modes, like.Mode)
			case 5:
				f.Operators = append(f.Operators, like.Operator, "nobody")
			case 6:
				f.Desks = append(f.Desks, like.Desk)
			case 7:
				if f.Codes = append(f.Codes, 1234); like.Code != nil {
					f.Codes = append(f.Codes, *like.Code)
				}
			case 12:
				if like.Inspection != "" {
					f.Inspections = append(f.Inspections, like.Inspection)
				}
			case 8:
				f.LeastScore = like.Score
			case 9:
				f.MostScore = like.Score
			case 10:
				f.Words = strings.ToUpper([]string{"m", "mar", "ma s", "schm", "pet w", "Quodlibet xav", "nemo"}[r.IntN(7)])
			case 11:
				switch r.IntN(3) {
				case 0:
					f.Session = like.Session[:5+r.IntN(len(like.Session)-5)]
				case 1:
					f.Check = like.Check[:4+r.IntN(len(like.Check)-4)]
				case 2:
					f.Request = like.Request
				}
			}
		}
		want := []history.Row{}
		counts := history.Counts{ByOutcome: map[history.Outcome]int64{}}
		for _, row := range rows {
			if meets(f, row) {
				want = append(want, row)
				counts.Total++
				counts.ByOutcome[row.Outcome]++
				if row.Decision == history.Undecided {
					counts.Undecided++
				}
			}
		}
		met += len(want)
		slices.SortFunc(want, inOrder(f.Sort))
		if got, err := s.Count(context.Background(), f); err != nil || !reflect.DeepEqual(got, counts) {
			t.Fatalf("%+v counts %+v, %v, want %+v", f, got, err, counts)
		}
		got := []history.Row{}
		for page := f; ; {
			some := mustList(t, s, page)
			got = append(got, some...)
			if len(some) < f.Limit {
				break
			}
			page.After = &some[len(some)-1]
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v lists %d checks, want %d", f, len(got), len(want))
		}
		var seqs []int64
		if err := s.Each(context.Background(), f, func(d history.Detail) error {
			seqs = append(seqs, d.Seq)
			return nil
		}); err != nil || len(seqs) != min(f.Limit, len(want)) ||
			len(seqs) > 0 && seqs[len(seqs)-1] != want[len(seqs)-1].Seq {
			t.Fatalf("%+v: each of %d checks, %v, want %d", f, len(seqs), err, min(f.Limit, len(want)))
		}
	}
	if met < 1000 {
		t.Errorf("the filters chose only %d checks in all", met)
	}
}

func TestChoices(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	if got, err := s.Choices(context.Background()); err != nil || !reflect.DeepEqual(got, history.Choices{}) {
		t.Errorf("an empty history gives the choices %+v, %v", got, err)
	}
	for i, operator := range []string{"zoe", "ann", "zoe"} {
		st := started(fmt.Sprint(i), "")
		st.Operator, st.Desk = operator, "Desk "+operator
		f := finished(fmt.Sprint(i), 8000, "")
		code := -i
		f.Code = &code
		if err := errors.Join(s.Start(context.Background(), st), s.Finish(context.Background(), f)); err != nil {
			t.Fatal(err)
		}
	}
	want := history.Choices{Operators: []string{"ann", "zoe"}, Desks: []string{"Desk ann", "Desk zoe"},
		Codes: []int{-2, -1, 0}}
	if got, err := s.Choices(context.Background()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("choices are %+v, %v, want %+v", got, err, want)
	}
}

// erase erases parts of a session, whether a check of it is open or not.
func erase(t *testing.T, s *Store, e history.Erasure) {
	t.Helper()
	must(t, s.append(context.Background(), func(ctx context.Context, a *appending) error {
		_, err := a.erase(ctx, e)
		return err
	}))
}

func TestShow(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	ctx := context.Background()
	first, second := started("a", "Ann Example"), started("b", "Ann Example")
	second.Session = first.Session
	end := finished("b", 7500, `{"who":"Ann"}`)
	end.Session, end.Outcome, end.Remote = first.Session, history.Refer,
		&matcher.Exchange{Host: "h", RequestID: "req_12345678"}
	decided := history.Decision{Check: "chk_b", Session: first.Session, Actor: history.Actor{Operator: "clerk"},
		Choice: history.Reject, Reason: "other_person", Note: "A note"}
	if err := errors.Join(s.Start(ctx, first), s.Finish(ctx, finished("a", 100, "")), s.Start(ctx, second),
		s.Finish(ctx, end),
		s.Decide(ctx, decided)); err != nil {
		t.Fatal(err)
	}
	record(t, s, "other", "Bo")
	show := func(s *Store) history.Detail {
		t.Helper()
		d, err := s.Show(ctx, "chk_b")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := show(s)
	if !reflect.DeepEqual(d.Started, second) || d.Name != "Ann Example" || d.Request != "req_12345678" ||
		d.Decision != history.Rejected {
		t.Errorf("started %+v, row %+v", d.Started, d.Row)
	}
	if !reflect.DeepEqual(*d.Finished, end) || string(d.Raw) != `{"who":"Ann"}` || d.RawSealed || d.RawErased {
		t.Errorf("finished %+v, %s", d.Finished, d.Raw)
	}
	if len(d.Decisions) != 1 || d.Decisions[0].Decision != decided || d.Decisions[0].Seq != 5 ||
		d.Decisions[0].At.IsZero() {
		t.Errorf("decisions %+v", d.Decisions)
	}
	if len(d.Attempts) != 2 || d.Attempts[0].Check != "chk_a" || !reflect.DeepEqual(d.Attempts[1], d.Row) {
		t.Errorf("attempts %+v", d.Attempts)
	}
	if head, err := s.Head(ctx); err != nil || d.Head != head || !reflect.DeepEqual(d.Seqs, []int64{3, 4, 5}) {
		t.Errorf("head %+v, want %+v, %v; records %v", d.Head, head, err, d.Seqs)
	}
	_, err := s.Show(ctx, "chk_none")
	wantKey(t, err, "store.check_unknown")

	// Without the key all is there but what is sealed.
	other := p
	other.KeyFile += ".none"
	other.ReadOnly = true
	if d := show(mustOpen(t, other, noRing{})); !d.Sealed || d.Name != "" || !d.RawSealed || d.Raw != nil ||
		!d.Decisions[0].NoteSealed || d.Decisions[0].Note != "" {
		t.Errorf("without the key: %+v", d)
	}
	erase(t, s, history.Erasure{Session: first.Session, Parts: []history.Part{history.PartName, history.PartNote},
		Reason: history.AfterPeriod})
	if d := show(s); !d.Erased || d.Sealed || d.Name != "" || d.Raw == nil || !d.Decisions[0].NoteErased ||
		len(d.Erasures) != 1 || !d.Attempts[0].Erased {
		t.Errorf("without name and note: %+v", d)
	}
	// What is written afterwards in the session is not erased.
	third := started("c", "Ann Again")
	third.Session = first.Session
	if err := s.Start(ctx, third); err != nil {
		t.Fatal(err)
	}
	if rows := mustList(t, s, history.Filter{Words: "ann"}); len(rows) != 1 || rows[0].Name != "Ann Again" ||
		rows[0].Erased {
		t.Errorf("a name after the erasure: %+v", rows)
	}
	erase(t, s, history.Erasure{Session: first.Session, Parts: []history.Part{history.PartKey}, Reason: history.OnRequest})
	if rows := mustList(t, s, history.Filter{Session: first.Session}); len(rows) != 3 || !rows[0].Erased {
		t.Errorf("without key: %+v", rows)
	}
	if d := show(s); d.Raw != nil || d.RawSealed || !d.RawErased || len(d.Erasures) != 2 ||
		d.Erasures[1].Reason != history.OnRequest {
		t.Errorf("without key: %+v", d)
	}
	if rows := mustList(t, s, history.Filter{Words: "ann"}); len(rows) != 0 {
		t.Errorf("an erased name is found: %+v", rows)
	}
	if rows := mustList(t, s, history.Filter{Words: "bo"}); len(rows) != 1 || rows[0].Erased {
		t.Errorf("another's name: %+v", rows)
	}
}

// TestListsAreCancelled looks whether a query whose answer is not wanted any
// more ends.
func TestListsAreCancelled(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	fillMany(t, s, 500)
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	if err := s.Each(ctx, history.Filter{}, func(history.Detail) error {
		if n++; n == 3 {
			cancel()
		}
		return nil
	}); !errors.Is(err, context.Canceled) || n > 4 {
		t.Errorf("each ended after %d with %v", n, err)
	}
	f := history.Filter{Words: "maria"}
	_, err1 := s.List(ctx, f)
	_, err2 := s.Count(ctx, f)
	_, err3 := s.Choices(ctx)
	_, err4 := s.Show(ctx, "chk_a")
	for i, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d ended with %v", i, err)
		}
	}
	stop := errors.New("enough")
	if err := s.Each(context.Background(), history.Filter{},
		func(history.Detail) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("each ended with %v", err)
	}
}

// TestRebuild spoils everything that is derived, and makes it anew.
func TestRebuild(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	fillMany(t, s, 500)
	want, found := all(t, s), mustList(t, s, history.Filter{Words: "m"})
	for _, statement := range []string{`DELETE FROM checks WHERE seq < 100`, `DELETE FROM daily`, `DELETE FROM name_word`,
		`INSERT INTO name_token (record, session) SELECT seq, 'none' FROM record WHERE kind = 'decided'`} {
		if _, err := s.writer.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if v := mustVerify(t, s); v.Fault != history.FaultLists {
		t.Errorf("verdict is %+v", v)
	}
	if err := s.Rebuild(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := mustList(t, s, history.Filter{Words: "m"}); !reflect.DeepEqual(got, found) || len(found) == 0 {
		t.Errorf("%d names are found, want %d", len(got), len(found))
	}
	if got := all(t, s); !reflect.DeepEqual(got, want) {
		t.Error("the checks are not those from before")
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("verdict is %+v", v)
	}
	p.ReadOnly = true
	wantKey(t, mustOpen(t, p, noRing{}).Rebuild(context.Background()), "store.read_only")
}
