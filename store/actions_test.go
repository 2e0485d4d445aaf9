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
