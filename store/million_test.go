package store

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
)

// large is a history of manyRecords, made here or found where FACEMATCH_LARGE
// names a folder that TestMakeHistory made one of that size in.
func large(t testing.TB) *Store {
	t.Helper()
	if dir := os.Getenv("FACEMATCH_LARGE"); dir != "" {
		return mustOpen(t, testParams(dir), noRing{})
	}
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	begun := time.Now()
	fillMany(t, s, manyRecords(t))
	took := time.Since(begun)
	var checks int64
	if err := s.reader.QueryRow(`SELECT count(*) FROM record WHERE kind = 'started'`).Scan(&checks); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("made %d records of %d checks in %.1f s: %d MB", manyRecords(t), checks, took.Seconds(), info.Size()>>20)
	return s
}

// question is what somebody may ask of a large history.
type question struct {
	name string
	f    history.Filter
}

// questions are met by all checks, by some, by one and by none, alone and
// together, where they are easy to find and where they are far from the newest.
func questions(t testing.TB, s *Store) []question {
	t.Helper()
	middle := mustList(t, s, history.Filter{Codes: []int{rareCode}})
	if len(middle) != 1 {
		t.Fatalf("the rare code is found %d times", len(middle))
	}
	one := middle[0]
	score := func(n int64) *int64 { return &n }
	remote := mustList(t, s, history.Filter{Modes: []history.Mode{history.Remote},
		Outcomes: []history.Outcome{history.Pass}, Sort: history.Oldest, Limit: 1})
	first, last := mustList(t, s, history.Filter{Sort: history.Oldest, Limit: 1})[0],
		mustList(t, s, history.Filter{Limit: 1})[0]
	everything := history.Filter{From: first.At, To: last.At.Add(time.Hour)}
	with := func(f history.Filter, change func(*history.Filter)) history.Filter { change(&f); return f }
	return []question{
		{"no filter", history.Filter{}},
		{"oldest first", history.Filter{Sort: history.Oldest}},
		{"highest score", history.Filter{Sort: history.Highest}},
		{"lowest score", history.Filter{Sort: history.Lowest}},
		{"time: all", everything},
		{"time: first day", history.Filter{To: first.At.Add(24 * time.Hour)}},
		{"time: none", history.Filter{From: last.At.Add(time.Hour)}},
		{"outcome: pass", history.Filter{Outcomes: []history.Outcome{history.Pass}}},
		{"outcome: unknown", history.Filter{Outcomes: []history.Outcome{history.Unknown}}},
		{"outcome: running, none", history.Filter{Outcomes: []history.Outcome{history.Running}}},
		{"decision: open", history.Filter{Decisions: []history.DecisionState{history.Undecided}}},
		{"mode: remote", history.Filter{Modes: []history.Mode{history.Remote}}},
		{"operator: frequent", history.Filter{Operators: []string{"operator 01"}}},
		{"operator: one check", history.Filter{Operators: []string{rareOperator}}},
		{"operator: none", history.Filter{Operators: []string{"nobody"}}},
		{"desk", history.Filter{Desks: []string{"Desk 6"}}},
		{"code: one check", history.Filter{Codes: []int{rareCode}}},
		{"code: frequent", history.Filter{Codes: []int{0}}},
		{"score: range", history.Filter{LeastScore: score(5500), MostScore: score(6000)}},
		{"score: none", history.Filter{MostScore: score(-1)}},
		{"session", history.Filter{Session: one.Session}},
		{"session: beginning", history.Filter{Session: one.Session[:9]}},
		{"check: beginning", history.Filter{Check: one.Check[:8]}},
		{"request", history.Filter{Request: remote[0].Request}},
		{"all times and a rare code", with(everything, func(f *history.Filter) { f.Codes = []int{rareCode} })},
		{"a rare operator by score", with(everything,
			func(f *history.Filter) { f.Operators, f.Sort = []string{rareOperator}, history.Lowest })},
		{"two that never meet", history.Filter{Operators: []string{rareOperator}, Modes: []history.Mode{history.Remote},
			Outcomes: []history.Outcome{history.Pass}}},
		{"eight filters", with(everything, func(f *history.Filter) {
			f.Outcomes, f.Decisions = []history.Outcome{history.Refer, history.Fail}, []history.DecisionState{history.Approved}
			f.Modes, f.Operators, f.Desks = []history.Mode{history.Offline}, []string{"operator 02", "operator 09"},
				[]string{"Desk 1", "Desk 5"}
			f.Codes, f.LeastScore, f.Sort = []int{0}, score(6000), history.Highest
		})},
		{"word: frequent", history.Filter{Words: "Maria"}},
		{"word: one letter", history.Filter{Words: "m"}},
		{"word: one check", history.Filter{Words: "quodlibet"}},
		{"word: none", history.Filter{Words: "nemo"}},
		{"words: two", history.Filter{Words: "müll ann"}},
		{"words: two of one letter", history.Filter{Words: "m s"}},
		{"words: characters", history.Filter{Words: "小明"}},
		{"word by score", history.Filter{Words: "schm", Sort: history.Lowest}},
		{"word and filters", with(everything,
			func(f *history.Filter) { f.Words, f.Outcomes = "mar", []history.Outcome{history.Fail} })},
	}
}

// TestMillion asks a large history everything once; benchmarks ask it again and
// again.
func TestMillion(t *testing.T) {
	s := large(t)
	once := map[string]bool{"operator: one check": true, "code: one check": true, "word: one check": true,
		"all times and a rare code": true, "a rare operator by score": true, "request": true}
	none := map[string]bool{"time: none": true, "operator: none": true, "score: none": true, "two that never meet": true,
		"word: none": true, "outcome: running, none": true}
	for _, q := range questions(t, s) {
		counts, err := s.Count(context.Background(), q.f)
		if err != nil {
			t.Fatal(err)
		}
		rows := mustList(t, s, q.f)
		if int64(len(rows)) != min(counts.Total, defaultLimit) {
			t.Errorf("%s: %d rows of %d checks", q.name, len(rows), counts.Total)
		}
		switch want := counts.Total; {
		case once[q.name] && want != 1, none[q.name] && want != 0, !none[q.name] && want == 0:
			t.Errorf("%s: %d checks", q.name, want)
		}
	}
	if v := mustVerify(t, s); !v.Intact || v.Records != int64(manyRecords(t)) {
		t.Errorf("verdict is %+v", v)
	}
}

// BenchmarkMillion measures what an auditor waits for, on a history of as many
// records as FACEMATCH_RECORDS says: 10,000 unless told, a million in make bench.
func BenchmarkMillion(b *testing.B) {
	s := large(b)
	ctx := context.Background()
	measure := func(name string, do func()) {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begun := time.Now()
				do()
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
	for _, q := range questions(b, s) {
		measure("rows/"+q.name, func() { mustList(b, s, q.f) })
	}
	for _, q := range questions(b, s) {
		measure("count/"+q.name, func() { mustCount(b, s, q.f) })
	}
	for _, q := range questions(b, s) {
		measure("overview/"+q.name, func() {
			if _, err := s.Overview(ctx, q.f, overview.Automatic); err != nil {
				b.Fatal(err)
			}
		})
	}
	measure("totals/all", func() { mustCount(b, s, history.Filter{}) })
	var month history.Filter
	month.From, month.To = time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2023, 4, 1, 0, 0, 0, 0, time.UTC)
	measure("totals/a month", func() { mustCount(b, s, month) })
	for _, order := range []history.Sort{history.Newest, history.Oldest, history.Highest, history.Lowest} {
		page := history.Filter{Sort: order}
		measure("page down/"+string(order), func() {
			rows := mustList(b, s, page)
			if page.After = nil; len(rows) == defaultLimit {
				page.After = &rows[defaultLimit-1]
			}
		})
	}
	middle := mustList(b, s, history.Filter{Codes: []int{rareCode}})[0]
	measure("page down/from the middle", func() { mustList(b, s, history.Filter{After: &middle}) })
	measure("detail", func() {
		if _, err := s.Show(ctx, middle.Check); err != nil {
			b.Fatal(err)
		}
	})
	measure("choices", func() {
		if _, err := s.Choices(ctx); err != nil {
			b.Fatal(err)
		}
	})
	records := float64(manyRecords(b))
	b.Run("verify", func(b *testing.B) {
		var m heap
		for b.Loop() {
			v, err := s.Verify(ctx, func(matcher.Progress) { m.look(100) })
			if err != nil || !v.Intact {
				b.Fatalf("%+v, %v", v, err)
			}
		}
		b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		m.report(b)
	})
	b.Run("each", func(b *testing.B) {
		var m heap
		checks := 0
		for b.Loop() {
			if err := s.Each(ctx, history.Filter{}, func(history.Detail) error {
				checks++
				m.look(1000)
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(checks)/b.Elapsed().Seconds(), "checks/s")
		m.report(b)
	})
}

func mustCount(t testing.TB, s *Store, f history.Filter) history.Counts {
	t.Helper()
	counts, err := s.Count(context.Background(), f)
	if err != nil {
		t.Fatalf("count: %v", err)
	}
	return counts
}

// heap is the greatest size of the heap that was seen.
type heap struct {
	n    int
	peak uint64
}

// look measures on every so many calls.
func (h *heap) look(every int) {
	if h.n++; h.n%every == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.peak = max(h.peak, m.HeapInuse)
	}
}

func (h *heap) report(b *testing.B) { b.ReportMetric(float64(h.peak)/(1<<20), "peak-heap-MB") }

// TestMakeHistory makes a large history for other programs and for people to
// look at, where FACEMATCH_MAKE names a folder that FACEMATCH_HOME can name then.
// Where FACEMATCH_YEAR is set, it is that of fillYear. Package storetest runs it for other
// packages' tests.
func TestMakeHistory(t *testing.T) {
	home := os.Getenv("FACEMATCH_MAKE")
	if home == "" {
		t.Skip("FACEMATCH_MAKE names no folder to make a history in")
	}
	p := testParams(home) // lies as below FACEMATCH_HOME
	if _, err := os.Stat(p.Path); err == nil {
		t.Fatalf("%s is there already", p.Path)
	}
	s := mustOpen(t, p, noRing{})
	if os.Getenv("FACEMATCH_YEAR") != "" {
		fillYear(t, s)
	} else {
		fillMany(t, s, manyRecords(t))
	}
	fmt.Println("made", p.Path)
}
