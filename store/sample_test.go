package store

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"facematch/app/history"
)

const seed = "00112233445566778899aabbccddeeff"

// The same seed, head and filter pick the same checks, whatever is decided, added or
// erased in between. Another seed picks others.
func TestSamplingAgain(t *testing.T) {
	ctx := context.Background()
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	fillMany(t, s, 3000)
	head, err := s.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	least := int64(7000)
	samplings := []history.Sampling{
		{Count: 25, Seed: seed, Head: head.Seq, Hash: head.Hash},
		{Count: 25, Seed: seed, Head: head.Seq,
			Filter: history.Filter{Decisions: []history.DecisionState{history.Undecided}}},
		{Count: 40, Seed: seed, Head: head.Seq,
			Filter: history.Filter{Outcomes: []history.Outcome{history.Fail, history.Refer}, LeastScore: &least}},
		{Count: 25, Seed: seed, Head: head.Seq - 1500, Filter: history.Filter{Desks: []string{"Desk 1", "Desk 2"}}},
	}
	type result struct {
		picked []history.Picked
		of     int64
	}
	pick := func(p history.Sampling) result {
		t.Helper()
		all, of, err := s.Pick(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		return result{all, of}
	}
	var before []result
	for _, p := range samplings {
		before = append(before, pick(p))
	}
	for i, r := range before {
		if len(r.picked) == 0 || r.of < int64(len(r.picked)) {
			t.Fatalf("sampling %d: %+v", i, r)
		}
	}
	if p := samplings[0]; len(before[0].picked) != 25 {
		t.Errorf("%+v", before[0])
	} else if p.Seed = strings.Repeat("0", 32); reflect.DeepEqual(pick(p), before[0]) {
		t.Error("another seed picks the same checks")
	}
	// Open referrals are decided, checks are added, and a session is erased.
	for _, p := range before[1].picked {
		if err := s.Decide(ctx, history.Decision{Check: p.Check, Session: p.Session, Choice: history.Approve,
			Reason: "known_person"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"new1", "new2", "new3"} {
		record(t, s, id, "Somebody")
	}
	if err := s.Erase(ctx, history.Erasure{
		Session: before[0].picked[0].Session, Parts: []history.Part{history.PartKey}, Reason: history.OnRequest,
	}); err != nil {
		t.Fatal(err)
	}
	for i, p := range samplings {
		if after := pick(p); !reflect.DeepEqual(after, before[i]) {
			t.Errorf("sampling %d: %d of %d, then %d of %d", i, len(before[i].picked), before[i].of, len(after.picked), after.of)
		}
	}
	for key, p := range map[string]history.Sampling{
		"sample.seed": {Count: 1, Seed: "x", Head: 1},
		"sample.head": {Count: 1, Seed: seed, Head: head.Seq, Hash: strings.Repeat("0", 64)},
	} {
		_, _, err := s.Pick(ctx, p)
		wantKey(t, err, key)
	}
}

// Every check has the same chance, as far as 2,000 samples of 10 in 100 can show.
func TestSamplesAreFair(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a moment")
	}
	ctx := context.Background()
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	fillMany(t, s, 230)
	head, err := s.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	var of int64
	const samples = 400
	for i := range samples {
		text := []byte(seed)
		copy(text, []byte{digit(i >> 8), digit(i >> 4), digit(i)})
		var all []history.Picked
		if all, of, err = s.Pick(ctx, history.Sampling{Count: 10, Seed: string(text), Head: head.Seq}); err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			times[p.Check]++
		}
	}
	// The chi-square of n-1 degrees is below n+6*sqrt(2n) but once in millions.
	expected := samples * 10 / float64(of)
	chi := 0.0
	for _, n := range times {
		chi += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	if n := float64(of); len(times) != int(of) || chi > n+6*14.2*n/100 {
		t.Errorf("%d of %d checks were picked; chi-square is %.1f", len(times), of, chi)
	}
}

func digit(i int) byte { return "0123456789abcdef"[i&15] }

// What somebody found is sealed, is read again, and goes with an erasure; the chain stays
// whole.
func TestLooksAtASample(t *testing.T) {
	ctx := context.Background()
	s := mustOpen(t, testParams(t.TempDir()), &memoryRing{})
	record(t, s, "1", "A Name")
	record(t, s, "2", "Another Name")
	head, err := s.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sample := history.Sample{Sample: "smp_1", Sampling: history.Sampling{Count: 2, Seed: seed, Head: head.Seq}}
	if sample.Checks, sample.Of, err = s.Pick(ctx, sample.Sampling); err != nil {
		t.Fatal(err)
	}
	theirs := history.Picked{Check: "chk_theirs", Session: "sess_theirs"} // of another desk
	for range 200 {                                                       // of the centre
		sample.Heads = append(sample.Heads, history.ChainHead{History: seed, Branch: "north", Seq: 9, Hash: head.Hash})
	}
	sample.Checks = append(sample.Checks, theirs)
	err = errors.Join(s.Sampled(ctx, sample),
		s.Looked(ctx, history.Look{Sample: "smp_1", Check: sample.Checks[1].Check, Session: sample.Checks[1].Session,
			Remark: "First remark."}),
		s.Looked(ctx, history.Look{Sample: "smp_1", Check: theirs.Check, Session: theirs.Session, Remark: "Wore glasses."}),
		s.Looked(ctx, history.Look{Sample: "smp_1", Check: sample.Checks[0].Check, Session: sample.Checks[0].Session}),
		s.Looked(ctx, history.Look{Sample: "smp_1", Check: sample.Checks[1].Check, Session: sample.Checks[1].Session,
			Remark: "Second remark."}))
	if err != nil {
		t.Fatal(err)
	}
	found := func() []history.Looked {
		t.Helper()
		samples, err := s.Samples(ctx)
		if err != nil || len(samples) != 1 || !slices.Equal(samples[0].Checks, sample.Checks) || samples[0].Seed != seed ||
			!slices.Equal(samples[0].Heads, sample.Heads) {
			t.Fatalf("%+v %v", samples, err)
		}
		return samples[0].Looks
	}
	if l := found(); len(l) != 3 || l[0].Text != "" || l[0].Sealed || l[1].Text != "Second remark." ||
		l[2].Text != "Wore glasses." {
		t.Errorf("%+v", l)
	}
	var payloads string
	if err := s.reader.QueryRow(`SELECT group_concat(payload) FROM record`).Scan(&payloads); err != nil ||
		strings.Contains(payloads, "glasses") {
		t.Errorf("a remark stands in a payload: %v", err)
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("%+v", v)
	}
	if err := s.Erase(ctx, history.Erasure{Session: sample.Checks[1].Session, Parts: []history.Part{history.PartNote},
		Reason: history.OnRequest}); err != nil {
		t.Fatal(err)
	}
	if l := found(); !l[1].Erased || l[1].Text != "" || l[2].Text != "Wore glasses." {
		t.Errorf("%+v", l)
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("%+v", v)
	}
}
