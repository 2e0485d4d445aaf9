package central_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/store/central"
	"facematch/store/central/centraltest"
)

// BenchmarkPush has four desks push side by side, 500 records at a time, to a PostgreSQL that
// waits for the disk, and then verifies what came.
func BenchmarkPush(b *testing.B) {
	server := centraltest.Start(b, true)
	const desks, records = 4, 20_000
	for b.Loop() {
		database, admin := server.Centre(b)
		links, chains := make([]*central.Link, desks), make([]*centraltest.Chain, desks)
		for i := range desks {
			roles++
			chains[i] = centraltest.NewChain(uint64(100*roles + i)).Fill(records)
			role := fmt.Sprint("bench_", roles)
			centraltest.Desk(b, admin, chains[i].History, role, role, "north")
			links[i] = server.Link(b, database, role, chains[i].History)
		}
		parcels := make([][]history.Parcel, desks)
		for i, c := range chains {
			for after := int64(0); after < c.Seq(); after += 500 {
				parcels[i] = append(parcels[i], c.Parcel(after, 500))
			}
		}
		start := time.Now()
		var pushing sync.WaitGroup
		for i := range desks {
			pushing.Go(func() {
				for _, p := range parcels[i] {
					if _, err := links[i].Push(context.Background(), p, nil); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		pushing.Wait()
		pushed := time.Since(start)
		start = time.Now()
		v, err := central.Verify(b.Context(), admin, nil)
		if err != nil || !v.Intact {
			b.Fatalf("%d faults, %v", len(v.Faults), err)
		}
		b.ReportMetric(float64(v.Records)/pushed.Seconds(), "pushed/s")
		b.ReportMetric(float64(v.Records)/time.Since(start).Seconds(), "verified/s")
		var bytes float64
		if err := admin.QueryRow(b.Context(), `SELECT sum(pg_total_relation_size(c.oid))::float8 FROM pg_class c
			JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'facematch' AND c.relkind IN ('r', 'p')`).Scan(&bytes); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(bytes/float64(v.Records), "B/record")
	}
}

// BenchmarkFilters asks each filter for its page and its count, alone and with a time, as an
// administrator and as an auditor of a fifth of the desks. A page is to take 150 ms at most,
// totals 50 ms.
func BenchmarkFilters(b *testing.B) {
	server, database, admin := generated(b)
	var check, session, request string
	if err := admin.QueryRow(b.Context(), `SELECT "check", session, request FROM facematch.checks
		WHERE request IS NOT NULL AND chain = 40 LIMIT 1`).Scan(&check, &session, &request); err != nil {
		b.Fatal(err)
	}
	score := func(n int64) *int64 { return &n }
	filters := []struct {
		name string
		f    history.Filter
	}{
		{"all", history.Filter{}}, {"outcome", history.Filter{Outcomes: []history.Outcome{history.Fail}}},
		{"no end", history.Filter{Outcomes: []history.Outcome{history.Running}}},
		{"decision", history.Filter{Decisions: []history.DecisionState{history.Undecided}}},
		{"mode", history.Filter{Modes: []history.Mode{history.Remote}}},
		{"operator", history.Filter{Operators: []string{"operator 200"}}},
		{"branch", history.Filter{Branches: []string{"branch 3"}}},
		{"desk", history.Filter{Desks: []string{"Desk 40"}}}, {"code", history.Filter{Codes: []int{3}}},
		{"score", history.Filter{LeastScore: score(6000), MostScore: score(6100)}},
		{"highest", history.Filter{Sort: history.Highest}},
		{"lowest", history.Filter{Sort: history.Lowest}}, {"oldest", history.Filter{Sort: history.Oldest}},
		{"check", history.Filter{Check: check[:20]}}, {"session", history.Filter{Session: session}},
		{"request", history.Filter{Request: request}},
		{"inspection", history.Filter{Inspections: []history.InspectionState{history.InspectionObjection}}},
		{"nobody", history.Filter{Operators: []string{"nobody"}}},
		{"all at once", history.Filter{Outcomes: []history.Outcome{history.Refer}, Modes: []history.Mode{history.Offline},
			Desks:      []string{"Desk 40"},
			LeastScore: score(7000), MostScore: score(7500), Decisions: []history.DecisionState{history.Approved}}},
		{"none fits", history.Filter{Outcomes: []history.Outcome{history.Pass}, MostScore: score(100)}},
	}
	month := time.Now().UTC().AddDate(0, -7, 0).Truncate(24 * time.Hour)
	someDay := month.AddDate(0, 0, 9).Add(9 * time.Hour)
	month = month.AddDate(0, 0, 1-month.Day())
	for _, role := range []string{"postgres", "reviewer_of_a_fifth"} {
		r, err := central.Open(b.Context(), server.DSN(database, role))
		if err != nil {
			b.Fatal(err)
		}
		for name, f := range map[string]history.Filter{"all": {}, "branch": {Branches: []string{"branch 3"}},
			"desk": {Desks: []string{"Desk 40"}}, "month": {From: month, To: month.AddDate(0, 1, 0)},
			"year": {From: month.AddDate(-1, 0, 0), To: month}, "30 days": {From: someDay, To: someDay.AddDate(0, 0, 30)}} {
			b.Run(role+"/"+name+", overview", func(b *testing.B) {
				for b.Loop() {
					if _, err := r.Overview(b.Context(), f, overview.Automatic); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(role+"/choices", func(b *testing.B) {
			for b.Loop() {
				if _, err := r.Choices(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, timed := range []bool{false, true} {
			for _, c := range filters {
				f, name := c.f, role+"/"+c.name
				if timed {
					f.From, f.To = time.Now().AddDate(0, -7, 0), time.Now().AddDate(0, -6, 0)
					name += " in a month"
				}
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if _, err := r.List(b.Context(), f); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.Run(name+", counted", func(b *testing.B) {
					for b.Loop() {
						if _, err := r.Count(b.Context(), f); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
		b.Run(role+"/combinations", func(b *testing.B) { benchCombinations(b, r) })
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
	benchSamples(b, server, database, admin)
}

// benchCombinations asks forty filters of several fields each for their page and count, and gives
// the slowest of both. Some select nothing.
func benchCombinations(b *testing.B, r *central.Reader) {
	random := rand.New(rand.NewPCG(20, 26))
	some := func(percent int) bool { return random.IntN(100) < percent }
	var page, count time.Duration
	for b.Loop() {
		for range 40 {
			var f history.Filter
			if some(50) {
				f.Outcomes = []history.Outcome{history.Refer, history.Fail, history.NotCompared}[random.IntN(3):]
			}
			if some(30) {
				f.Decisions = []history.DecisionState{history.Undecided, history.Approved, history.Rejected}[random.IntN(3):]
			}
			if some(40) {
				f.Modes = []history.Mode{history.Modes[random.IntN(len(history.Modes))]}
			}
			if some(30) {
				f.Inspections = []history.InspectionState{history.InspectionObjection, history.NotInspected}[random.IntN(2):]
			}
			if some(40) {
				for range 1 + random.IntN(3) {
					f.Operators = append(f.Operators, fmt.Sprint("operator ", random.IntN(1000)))
				}
			}
			if some(30) {
				f.Branches = []string{fmt.Sprint("branch ", random.IntN(20)), "branch 3"}
			}
			if some(20) {
				f.Desks = []string{fmt.Sprint("Desk ", random.IntN(200)), "Desk 40"}
			}
			if some(20) {
				f.Codes = []int{random.IntN(7), 3}
			}
			if some(40) {
				least := int64(random.IntN(9000))
				most := least + int64(random.IntN(3000))
				f.LeastScore, f.MostScore = &least, &most
			}
			if some(40) {
				f.From = time.Now().AddDate(0, 0, -random.IntN(700))
				f.To = f.From.AddDate(0, 0, random.IntN(90))
			}
			f.Sort = []history.Sort{history.Newest, history.Oldest, history.Highest, history.Lowest}[random.IntN(4)]
			began := time.Now()
			if _, err := r.List(b.Context(), f); err != nil {
				b.Fatal(err)
			}
			listed := time.Now()
			if _, err := r.Count(b.Context(), f); err != nil {
				b.Fatal(err)
			}
			if took := listed.Sub(began); took > page {
				page = took
				b.Logf("a page in %v: %+v", took.Round(time.Millisecond), f)
			}
			if took := time.Since(listed); took > count {
				count = took
				b.Logf("counted in %v: %+v", took.Round(time.Millisecond), f)
			}
		}
	}
	b.ReportMetric(float64(page.Milliseconds()), "ms/slowest-page")
	b.ReportMetric(float64(count.Milliseconds()), "ms/slowest-count")
}

// benchSamples picks 25 checks, of which 20,000 went on after the heads.
func benchSamples(b *testing.B, server *centraltest.Server, database string, admin *pgx.Conn) {
	for _, statement := range []string{
		`INSERT INTO facematch.epoch (chain, epoch, first_seq) SELECT id, 1, 1 FROM facematch.chain`,
		`CREATE TEMP TABLE went_on AS SELECT * FROM facematch.checks WHERE outcome IS NOT NULL ORDER BY random() LIMIT 20000`,
		`INSERT INTO facematch.record
			SELECT chain, 1, seq, '', convert_to(json_build_object('kind', 'started', 'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
				'check', "check", 'session', session, 'mode', mode, 'operator', operator, 'desk', desk)::text, 'UTF8'),
				'started', "check", session, at, '{}' FROM went_on`,
		`INSERT INTO facematch.record
			SELECT chain, 1, seq + 1, '', convert_to(json_build_object('kind', 'finished', 'check', "check", 'session', session,
				'outcome', outcome, 'score', score, 'code', code)::text, 'UTF8'), 'finished', "check", session, at, '{}' FROM went_on`,
		`UPDATE facematch.chain SET head_seq = 100000000, head_hash = sha256(history::bytea)`,
		`INSERT INTO facematch.record SELECT id, 1, head_seq, head_hash, '', 'verified', NULL, NULL, now(), '{}' FROM facematch.chain`,
		`INSERT INTO facematch.record SELECT chain, 1, 200000000 + seq, '', '', 'decided', "check", session, now(), '{}' FROM went_on`,
		`ANALYZE`,
	} {
		if _, err := admin.Exec(b.Context(), statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	least := int64(9000)
	for _, role := range []string{"postgres", "reviewer_of_a_fifth"} {
		r, err := central.Open(b.Context(), server.DSN(database, role))
		if err != nil {
			b.Fatal(err)
		}
		for name, f := range map[string]history.Filter{
			"all": {}, "month": {From: time.Now().AddDate(0, -7, 0), To: time.Now().AddDate(0, -6, 0)},
			"desk": {Desks: []string{"Desk 40"}}, "branch": {Branches: []string{"branch 3"}}, "score": {LeastScore: &least},
			"refer": {Outcomes: []history.Outcome{history.Refer}},
		} {
			b.Run(role+"/"+name+", sample", func(b *testing.B) {
				var of int64
				for b.Loop() {
					heads, err := r.Heads(b.Context())
					if err != nil {
						b.Fatal(err)
					}
					h := history.HeadOfHeads(heads)
					var picked []history.Picked
					if picked, of, err = r.Pick(b.Context(), history.Sampling{
						Filter: f, Count: 25, Seed: seed, Head: h.Seq, Hash: h.Hash, Heads: heads,
					}); err != nil || len(picked) != 25 {
						b.Fatal(len(picked), err)
					}
				}
				b.ReportMetric(float64(of), "checks")
			})
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// generated makes a centre with checks of 200 desks over 23 months (FACEMATCH_CHECKS, ten million
// unless told), and an auditor who sees a fifth of the desks: reviewer_of_a_fifth.
func generated(b *testing.B) (server *centraltest.Server, database string, admin *pgx.Conn) {
	many := 10_000_000
	if text := os.Getenv("FACEMATCH_CHECKS"); text != "" {
		var err error
		if many, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	server = centraltest.Start(b, false)
	database, admin = server.Centre(b)
	exec := func(statement string, args ...any) {
		b.Helper()
		if _, err := admin.Exec(b.Context(), statement, args...); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	start := time.Now()
	exec(`INSERT INTO facematch.chain (history, desk, branch)
		SELECT md5(i::text), 'Desk ' || i, 'branch ' || i % 20 FROM generate_series(1, 200) i`)
	// Indexes last, which is many times faster.
	exec(`CREATE TEMP TABLE made AS SELECT indexname, indexdef FROM pg_indexes
		WHERE schemaname = 'facematch' AND tablename = 'checks' AND indexname <> 'checks_pkey'`)
	exec(`DO $$ DECLARE m record; BEGIN FOR m IN SELECT * FROM made LOOP EXECUTE 'DROP INDEX facematch.' || m.indexname; END LOOP; END $$`)
	exec(`ALTER TABLE facematch.checks DISABLE TRIGGER USER`) // they are for the rows of a push
	exec(fmt.Sprintf(`INSERT INTO facematch.checks
		SELECT 1 + i %% 200, 1, i, at, 'chk_' || gen_random_uuid(), 'sess_' || gen_random_uuid(), CASE WHEN h %% 7 = 0 THEN 'remote' ELSE 'offline' END,
			CASE WHEN h %% 100 < 3 THEN 'not compared' WHEN h %% 100 < 5 THEN 'could not run' WHEN s < 6000 THEN 'fail' WHEN s < 8000 THEN 'refer' ELSE 'pass' END,
			NULL, CASE WHEN h %% 100 >= 5 THEN s END, CASE WHEN h %% 100 < 3 THEN 1 + h %% 6 WHEN h %% 100 >= 5 THEN 0 END,
			CASE WHEN h %% 100 >= 5 AND s BETWEEN 6000 AND 7999 THEN CASE WHEN h %% 41 = 0 THEN 'open' WHEN h %% 3 = 0 THEN 'rejected' ELSE 'approved' END END,
			CASE WHEN h %% 100 >= 5 AND s BETWEEN 6000 AND 7999 AND h %% 41 > 0 THEN at + interval '1 second' * (h %% 90000) END,
			'operator ' || (i %% 200 * 5 + h %% 5), 'Desk ' || (1 + i %% 200), NULL, CASE WHEN h %% 7 = 0 THEN 'req_' || gen_random_uuid() END,
			h %% 30 = 0, NULL, CASE WHEN h %% 100 >= 5 THEN CASE WHEN h %% 501 = 7 THEN 'objection' WHEN h %% 9 = 0 THEN 'open' ELSE 'clear' END END, h %% 20 = 0, false, 70, 70, 2000 + h %% 7001, h %% 7 = 0, false, at
		FROM (SELECT i, now() - interval '1 day' * (700.0 * i / %d) AS at, abs(hashint8(i)) AS h,
			least(10000, greatest(0, 8800 + ((random() + random() + random() - 1.7) * 2200)::int)) AS s
			FROM generate_series(1::bigint, %d) i) g`, many, many))
	exec(`INSERT INTO facematch.daily SELECT chain, (at AT TIME ZONE 'UTC')::date, desk, operator, mode, outcome, coalesce(decision, ''), filmed_anyway, count(*)
		FROM facematch.checks GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 2`) // as days come
	exec(`SELECT facematch.recount(id) FROM facematch.chain`)
	exec(`ALTER TABLE facematch.checks ENABLE TRIGGER USER`)
	exec(`DO $$ DECLARE m record; BEGIN FOR m IN SELECT * FROM made LOOP EXECUTE replace(m.indexdef, ' ON ONLY ', ' ON '); END LOOP; END $$`)
	exec(`VACUUM ANALYZE`) // or PostgreSQL does it by itself, beside what is measured
	b.Logf("%d checks generated in %v", many, time.Since(start).Round(time.Second))

	exec(`CREATE ROLE reviewer_of_a_fifth LOGIN IN ROLE facematch_auditor`)
	exec(`INSERT INTO facematch.sees SELECT 'reviewer_of_a_fifth', 'branch ' || i FROM generate_series(0, 3) i`)
	return server, database, admin
}
