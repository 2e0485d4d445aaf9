package central_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/central"
	"facematch/store/central/centraltest"
	"facematch/store/internal/checks"
)

const seed = "00112233445566778899aabbccddeeff"

// drawnFrom draws a sample from the records of chains up to their heads, and from nothing else: it
// folds each check as a desk does, and sorts by SHA-256(seed, id of the history, seq).
func drawnFrom(t *testing.T, p history.Sampling, fits func(*checks.State) bool, chains ...*centraltest.Chain) ([]history.Picked, int64) {
	t.Helper()
	type one struct {
		rank []byte
		history.Picked
	}
	var all []one
	for _, c := range chains {
		at := slices.IndexFunc(p.Heads, func(h history.ChainHead) bool { return h.History == c.History })
		states, order := map[string]*checks.State{}, []string{}
		for _, r := range c.Records[:p.Heads[at].Seq] {
			s := checks.Parse(r.Seq, string(r.Payload))
			if states[s.Check] == nil {
				states[s.Check], order = &checks.State{}, append(order, s.Check)
			}
			states[s.Check].Apply(s)
		}
		for _, check := range order {
			s := states[check]
			if !s.Started() || s.Ended == 0 || !fits(s) {
				continue
			}
			text, err := hex.DecodeString(p.Seed + c.History)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(binary.BigEndian.AppendUint64(text, uint64(s.Seq)))
			all = append(all, one{sum[:], history.Picked{Check: s.Check, Session: s.Session}})
		}
	}
	slices.SortFunc(all, func(a, b one) int { return bytes.Compare(a.rank, b.rank) })
	picked := []history.Picked{}
	for _, o := range all[:min(p.Count, len(all))] {
		picked = append(picked, o.Picked)
	}
	return picked, int64(len(all))
}

// A sample of all desks is drawn from what their records were at the heads, and is the same for
// each auditor who sees those desks, whatever was decided, added, erased, restored or moved since.
func testSample(t *testing.T, b *bench) {
	north, west, south := centraltest.NewChain(31).Fill(400), centraltest.NewChain(32).Fill(300), centraltest.NewChain(33).Fill(200)
	links := map[*centraltest.Chain]*central.Link{}
	for c, branch := range map[*centraltest.Chain]string{north: "north", west: "west", south: "south"} {
		links[c] = b.desk(t, c, branch)
		b.all(t, links[c], c)
	}
	silent := centraltest.NewChain(34) // it has pushed nothing
	b.desk(t, silent, "north")
	reader := func(role string, branches ...string) *central.Reader {
		t.Helper()
		b.exec(t, `CREATE ROLE `+role+` LOGIN IN ROLE facematch_auditor`)
		b.exec(t, `INSERT INTO facematch.sees SELECT $1::text::name, unnest($2::text[])`, role, branches)
		r, err := central.Open(context.Background(), b.DSN(b.database, role))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		return r
	}
	ines, ada, bo := reader("sampling_ines", "north", "west"), reader("sampling_ada", "*"), reader("sampling_bo", "north")
	heads, err := ines.Heads(t.Context())
	if err != nil || len(heads) != 3 {
		t.Fatalf("%+v, %v", heads, err)
	}
	head, err := ines.Head(t.Context())
	if h := history.HeadOfHeads(heads); err != nil || h.Seq != head.Seq || h.Hash != head.Hash ||
		h.Seq != north.Seq()+west.Seq() {
		t.Fatalf("the head of all heads is %+v, %v, of %+v", head, err, h)
	}
	least := int64(7000)
	middle := north.At.Add(-time.Hour)
	samplings := map[string]struct {
		filter history.Filter
		fits   func(*checks.State) bool
		of     []*centraltest.Chain
	}{
		"all": {history.Filter{}, func(*checks.State) bool { return true }, []*centraltest.Chain{north, west}},
		"undecided": {history.Filter{Decisions: []history.DecisionState{history.Undecided}},
			func(s *checks.State) bool { return s.Decision == "open" }, []*centraltest.Chain{north, west}},
		"score": {history.Filter{Outcomes: []history.Outcome{history.Refer, history.Pass}, LeastScore: &least},
			func(s *checks.State) bool {
				return (s.Outcome == "refer" || s.Outcome == "pass") && s.Score.Int64 >= least
			}, []*centraltest.Chain{north, west}},
		"no end": {history.Filter{Outcomes: []history.Outcome{history.Running, history.Unknown, history.Interrupted}},
			func(s *checks.State) bool { return false }, []*centraltest.Chain{north, west}},
		"branch": {history.Filter{Branches: []string{"north"}}, func(*checks.State) bool { return true }, []*centraltest.Chain{north}},
		"time": {history.Filter{From: middle}, func(s *checks.State) bool {
			return s.At >= middle.UTC().Format(checks.TimeLayout)
		}, []*centraltest.Chain{north, west}},
		"operator": {history.Filter{Operators: []string{"operator 1"}, Inspections: []history.InspectionState{history.InspectionOpen}},
			func(s *checks.State) bool {
				return s.Operator == "operator 1" && s.Inspection == string(history.InspectionOpen)
			}, []*centraltest.Chain{north, west}},
		"session": {history.Filter{Session: west.Checks[0][1][:14]}, func(s *checks.State) bool {
			return s.Session == west.Checks[0][1]
		}, []*centraltest.Chain{north, west}},
	}
	type result struct {
		picked []history.Picked
		of     int64
	}
	before := map[string]result{}
	sampling := func(name string) history.Sampling {
		return history.Sampling{Filter: samplings[name].filter, Count: 25, Seed: seed, Head: head.Seq, Hash: head.Hash, Heads: heads}
	}
	check := func(when string, r *central.Reader, names ...string) {
		t.Helper()
		for _, name := range names {
			picked, of, err := r.Pick(t.Context(), sampling(name))
			if err != nil {
				t.Fatalf("%s, %s: %v", when, name, err)
			}
			if now := (result{picked, of}); !reflect.DeepEqual(now, before[name]) {
				t.Errorf("%s, %s: %d of %d, and were %d of %d", when, name, len(picked), of, len(before[name].picked), before[name].of)
			}
		}
	}
	var names []string
	for name, s := range samplings {
		names = append(names, name)
		picked, of := drawnFrom(t, sampling(name), s.fits, s.of...)
		before[name] = result{picked, of}
		if (of == 0) != (name == "no end") {
			t.Fatalf("%s: %d of %d", name, len(picked), of)
		}
	}
	check("at once", ines, names...)
	check("as an auditor who sees more", ada, names...)
	check("as an auditor of the one branch", bo, "branch")
	another := sampling("all")
	another.Seed = "ff" + seed[2:]
	if other, _, err := ines.Pick(t.Context(), another); err != nil || reflect.DeepEqual(other, before["all"].picked) {
		t.Errorf("another seed picks the same checks, %v", err)
	}

	// What is open is decided, inspected and ended; more is added, and a session is erased.
	for _, c := range []*centraltest.Chain{north, west} {
		ended := map[string]bool{}
		for _, r := range c.Records {
			s := checks.Parse(r.Seq, string(r.Payload))
			ended[s.Check] = ended[s.Check] || s.Kind == history.KindFinished
		}
		for _, id := range slices.Clone(c.Checks) {
			if !ended[id[0]] {
				c.AddRecord(history.KindInterrupted, history.Finished{Check: id[0], Session: id[1], Outcome: history.Interrupted})
			}
			c.AddRecord(history.KindDecided, history.Decision{Check: id[0], Session: id[1], Choice: history.Approve, Reason: "known_person"})
			if c.IntN(2) == 0 {
				c.AddRecord(history.KindInspected, history.Inspection{Check: id[0], Session: id[1], State: history.InspectionObjection})
			}
		}
		c.Fill(int(c.Seq()) + 200)
		c.Erase(before["all"].picked[0].Session, history.PartKey)
		b.all(t, links[c], c)
	}
	b.exec(t, `SELECT facematch.erase($1, $2)`, north.History, north.Checks[3][1])
	check("later", ines, names...)
	// A desk pushes that checks of the sample began once more.
	again := slices.Clone(before["branch"].picked)
	for _, p := range again {
		north.AddRecord(history.KindStarted, history.Started{Check: p.Check, Session: p.Session, Mode: history.Offline})
	}
	b.all(t, links[north], north)
	check("begun twice", ines, names...)
	// A desk moves to another branch.
	b.exec(t, `UPDATE facematch.chain SET branch = 'west' WHERE history = $1`, north.History)
	check("after a move", ines, names...)
	b.exec(t, `UPDATE facematch.chain SET branch = 'north' WHERE history = $1`, north.History)
	// A desk is restored to a record after the head.
	restore := func(c *centraltest.Chain, to int64) {
		t.Helper()
		c.Cut(int(to))
		c.Restored()
		push(t, links[c], c, to, 10)
		b.exec(t, central.Accept(c.History, to+1))
		c.Fill(int(to) + 60)
		b.all(t, links[c], c)
	}
	at := slices.IndexFunc(heads, func(h history.ChainHead) bool { return h.History == west.History })
	restore(west, heads[at].Seq+30)
	check("after a restore", ines, names...)
	b.verify(t)

	refused := func(what, key string, r *central.Reader, change func(*history.Sampling)) {
		t.Helper()
		p := sampling("all")
		p.Heads = slices.Clone(p.Heads)
		change(&p)
		if _, _, err := r.Pick(t.Context(), p); !matcher.IsProblem(err, key) {
			t.Errorf("%s: %v", what, err)
		}
	}
	whole := func(p *history.Sampling) {
		h := history.HeadOfHeads(p.Heads)
		p.Head, p.Hash = h.Seq, h.Hash
	}
	refused("a seed", "sample.seed", ines, func(p *history.Sampling) { p.Seed = "00" })
	refused("a desk's head", "sample.head", ines, func(p *history.Sampling) { p.Heads = nil })
	refused("another head", "sample.head", ines, func(p *history.Sampling) { p.Heads[0].Seq++ })
	refused("a head that is not there", "sample.chain", ines, func(p *history.Sampling) {
		p.Heads[at].Seq--
		whole(p)
	})
	refused("a branch that is not seen", "sample.chain", bo, func(*history.Sampling) {})
	var unseen *matcher.Problem
	if _, _, err := bo.Pick(t.Context(), sampling("all")); !errors.As(err, &unseen) || unseen.Params["Whose"] != "" ||
		unseen.Params["Branch"] != "west" {
		t.Errorf("of a desk that is not seen: %v, %+v", err, unseen)
	}
	refused("a name", "central.sealed", ines, func(p *history.Sampling) { p.Filter.Words = "maria" })
	restore(west, heads[at].Seq-30) // to a record before the head
	_, _, err = ines.Pick(t.Context(), sampling("all"))
	var p *matcher.Problem
	if !errors.As(err, &p) || p.Key != "sample.chain" || p.Params["Whose"] != "Desk of west" {
		t.Errorf("after a restore before the head: %v", err)
	}
	check("of the other branch", bo, "branch")

	// It can be cut off while PostgreSQL is at work.
	tx, err := b.admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `LOCK TABLE facematch.checks`); err != nil {
		t.Fatal(err)
	}
	waiting := func(want int64, what string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			// Within a transaction the view stays as it was first read, unless that is cleared.
			if _, err := tx.Exec(t.Context(), `SELECT pg_stat_clear_snapshot()`); err != nil {
				t.Fatal(err)
			}
			var at int64
			if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
				WHERE usename = 'sampling_bo' AND wait_event_type = 'Lock'`).Scan(&at); err != nil {
				t.Fatal(err)
			}
			if at == want {
				return
			}
			if time.Now().After(end) {
				t.Fatal(what)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, _, err := bo.Pick(ctx, sampling("branch"))
		ended <- err
	}()
	waiting(1, "it does not come so far")
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cut off: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it goes on after it was cut off")
	}
	waiting(0, "PostgreSQL goes on with what was cut off")
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("afterwards", bo, "branch")
}
