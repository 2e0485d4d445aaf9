package store

import (
	"testing"

	"facematch/app/history"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFirstDecisionIsOne(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	ctx := t.Context()
	d := history.Decision{Check: "chk_1", Session: "sess_1", Choice: history.Approve, Reason: history.ReasonOther, Note: "seen before"}
	wantKey(t, s.Decide(ctx, d), "store.check_unknown")
	must(t, s.Start(ctx, history.Started{Check: "chk_1", Session: "sess_1"}))
	wantKey(t, s.Decide(ctx, d), "store.check_running")
	must(t, s.Finish(ctx, history.Finished{Check: "chk_1", Session: "sess_1", Outcome: history.Refer}))
	must(t, s.Decide(ctx, d))
	wantKey(t, s.Decide(ctx, d), "store.check_decided")
	d.Overrides = history.Refer
	must(t, s.Decide(ctx, d))
	must(t, s.SignedIn(ctx, history.SignIn{For: "override"}))
	must(t, s.Exported(ctx, history.Export{Format: "csv"}))
	head, err := s.Head(ctx)
	must(t, err)
	v, err := s.Verify(ctx, nil)
	must(t, err)
	if !v.Intact || v.Records != 6 || head.Seq != 6 || head.Hash != v.Head {
		t.Errorf("verdict %+v, head %+v", v, head)
	}
}

func TestDecidable(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	ctx := t.Context()
	_, err := s.Decidable(ctx, "chk_1")
	wantKey(t, err, "store.check_unknown")
	want := func(o history.Outcome, d history.DecisionState) {
		t.Helper()
		r, err := s.Decidable(ctx, "chk_1")
		if err != nil || r.Check != "chk_1" || r.Session != "sess_1" || r.Outcome != o || r.Decision != d || r.At.IsZero() {
			t.Errorf("%+v, %v; want %s, %q", r, err, o, d)
		}
	}
	must(t, s.Start(ctx, history.Started{Check: "chk_1", Session: "sess_1"}))
	want(history.Running, "")
	must(t, s.Finish(ctx, history.Finished{Check: "chk_1", Session: "sess_1", Outcome: history.Refer}))
	want(history.Refer, history.Undecided)
	d := history.Decision{Check: "chk_1", Session: "sess_1", Choice: history.Approve, Reason: "known_person"}
	must(t, s.Decide(ctx, d))
	want(history.Refer, history.Approved)
	d.Choice, d.Overrides = history.Reject, history.Refer
	must(t, s.Decide(ctx, d))
	want(history.Refer, history.Rejected)
	must(t, s.Start(ctx, history.Started{Check: "chk_2", Session: "sess_2"}))
	must(t, s.Finish(ctx, history.Finished{Check: "chk_2", Session: "sess_2", Outcome: history.Pass}))
	if r, err := s.Decidable(ctx, "chk_2"); err != nil || r.Outcome != history.Pass || r.Decision != "" {
		t.Errorf("%+v, %v", r, err)
	}
}
