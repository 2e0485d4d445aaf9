package store

import (
	"testing"
	"time"

	"facematch/app/history"
)

// A session on hold is erased neither on request nor by the periods, until the hold is lifted.
func TestHold(t *testing.T) {
	p := testParams(t.TempDir())
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	p.Now = func() time.Time { return now }
	s := mustOpen(t, p, noRing{})
	ctx := t.Context()
	record(t, s, "a", "Ann Example")
	record(t, s, "b", "Bo Example")
	const held = "sess_a"
	hold := history.Hold{Session: held, Actor: history.Actor{Operator: "ada"}, Held: true, Note: "case 7"}
	lift := hold
	lift.Held, lift.Note = false, "over"
	unknown := hold
	unknown.Session = "sess_none"
	wantKey(t, s.Hold(ctx, unknown), "store.session_unknown")
	wantKey(t, s.Hold(ctx, lift), "store.session_not_held")
	must(t, s.Hold(ctx, hold))
	wantKey(t, s.Hold(ctx, hold), "store.session_held")
	holds, err := s.Holds(ctx)
	if err != nil || len(holds) != 1 || holds[0].Note != "case 7" || holds[0].NoteSealed || holds[0].Session != held ||
		holds[0].At.IsZero() {
		t.Errorf("%+v, %v", holds, err)
	}
	if d, err := s.Show(ctx, "chk_a"); err != nil || d.Hold == nil || d.Hold.Operator != "ada" || d.Hold.Note != "" {
		t.Errorf("%+v, %v", d.Hold, err)
	}
	erase := history.Erasure{Session: held, Parts: []history.Part{history.PartKey}, Reason: history.OnRequest}
	wantKey(t, s.Erase(ctx, erase), "store.session_held")
	now = now.AddDate(1, 0, 0)
	if n, err := s.Expire(ctx, history.Actor{Operator: history.Program},
		history.Periods{Names: time.Hour, Answers: time.Hour}); err != nil || n != 1 {
		t.Errorf("%d sessions are over their period, %v; want the other one", n, err)
	}
	named := func(check string) string {
		d, err := s.Show(ctx, check)
		must(t, err)
		return d.Name
	}
	if named("chk_a") != "Ann Example" || named("chk_b") != "" {
		t.Errorf("left: %q, %q", named("chk_a"), named("chk_b"))
	}
	must(t, s.Hold(ctx, lift))
	if holds, err := s.Holds(ctx); err != nil || len(holds) != 0 {
		t.Errorf("%+v, %v", holds, err)
	}
	must(t, s.Erase(ctx, erase))
	wantKey(t, s.Hold(ctx, hold), "store.session_erased")
	if v, err := s.Verify(ctx, nil); err != nil || !v.Intact {
		t.Errorf("%+v, %v", v, err)
	}
}

// The key of exports follows the master key, and is another one in every history.
func TestSigningKey(t *testing.T) {
	ctx := t.Context()
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	_, err := s.SigningKey(ctx)
	wantKey(t, err, "store.no_key")
	record(t, s, "a", "Ann Example")
	key, err := s.SigningKey(ctx)
	must(t, err)
	must(t, s.Close())
	again, err := mustOpen(t, p, noRing{}).SigningKey(ctx)
	if err != nil || !again.Equal(key) {
		t.Errorf("another key after the next start: %v", err)
	}
	other := mustOpen(t, testParams(t.TempDir()), noRing{})
	record(t, other, "a", "Ann Example")
	if theirs, err := other.SigningKey(ctx); err != nil || theirs.Equal(key) {
		t.Errorf("two histories have one key: %v", err)
	}
}
