package app_test

import (
	"context"
	"slices"
	"testing"

	"facematch/app/history"
)

// The generated history ends years ago. Its open referrals are therefore old, and it was never
// verified.
func TestAttentionOfARealHistory(t *testing.T) {
	ctx := context.Background()
	desk, s, _ := exporting(t, 1000)
	keys := func() (all []string) {
		notices, err := desk.Attention(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range notices {
			all = append(all, n.Key)
		}
		return all
	}
	if got := keys(); !slices.Equal(got, []string{"attention.referrals", "attention.never"}) {
		t.Errorf("%q", got)
	}
	open, err := s.List(ctx, history.Filter{Decisions: []history.DecisionState{history.Undecided}, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range open {
		if err := s.Decide(ctx, history.Decision{Check: r.Check, Session: r.Session, Choice: history.Reject,
			Reason: "other_person"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := desk.Verify(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if got := keys(); len(got) != 0 {
		t.Errorf("decided and verified, it says %q", got)
	}
}
