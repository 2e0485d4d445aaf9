package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

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
	d := history.Decision{Check: "chk_1", Session: "sess_1", Choice: history.Approve, Reason: history.ReasonOther,
		Note: "seen before"}
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

// What a clerk saw stands in the row beside the machine's outcome, from the first record on
// and after the tables were made anew; the newest inspection counts.
func TestInspections(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	ctx := t.Context()
	in := history.Inspection{
		Check: "chk_1", Session: "sess_1", Actor: history.Actor{Operator: "clerk"}, State: history.InspectionObjection,
		Points: []history.InspectedPoint{{Point: "person", Answer: history.InspectionNo}}, Reason: history.ReasonOther,
		Note: "a mask",
	}
	wantKey(t, s.Inspect(ctx, in), "store.check_unknown")
	must(t, s.Start(ctx, history.Started{Check: "chk_1", Session: "sess_1", Inspection: history.InspectionRequired}))
	wantKey(t, s.Inspect(ctx, in), "store.check_running")
	must(t, s.Finish(ctx, history.Finished{Check: "chk_1", Session: "sess_1", Outcome: history.Pass}))
	for i, c := range []struct {
		use     history.InspectionUse
		outcome history.Outcome
		want    history.InspectionState
	}{
		{history.InspectionOffered, history.Refer, history.InspectionOpen},
		{history.InspectionOff, history.Fail, history.NotInspected},
		{history.InspectionNone, history.Pass, history.NotInspected},
		{"", history.Pass, ""},
		{history.InspectionRequired, history.NotCompared, ""},
	} {
		check, session := fmt.Sprintf("chk_of%d", i), fmt.Sprintf("sess_of%d", i)
		must(t, s.Start(ctx, history.Started{Check: check, Session: session, Inspection: c.use}))
		must(t, s.Finish(ctx, history.Finished{Check: check, Session: session, Outcome: c.outcome}))
		if r, err := s.Decidable(ctx, check); err != nil || r.Inspection != c.want {
			t.Errorf("%q, %s: %q, %v, want %q", c.use, c.outcome, r.Inspection, err, c.want)
		}
	}
	objections := history.Filter{Inspections: []history.InspectionState{history.InspectionObjection}}
	want := func(state history.InspectionState, found int64) {
		t.Helper()
		d, err := s.Show(ctx, "chk_1")
		if err != nil || d.Inspection != state || d.Outcome != history.Pass {
			t.Errorf("%q %s, %v, want %q", d.Inspection, d.Outcome, err, state)
		}
		if n, err := s.Count(ctx, objections); err != nil || n.Total != found {
			t.Errorf("%d objections, %v, want %d", n.Total, err, found)
		}
		if v, err := s.Verify(ctx, nil); err != nil || !v.Intact {
			t.Errorf("%+v, %v", v, err)
		}
	}
	want(history.InspectionOpen, 0)
	must(t, s.Inspect(ctx, in))
	want(history.InspectionObjection, 1)
	must(t, s.Rebuild(ctx))
	want(history.InspectionObjection, 1)
	if d, err := s.Show(ctx, "chk_1"); err != nil || len(d.Inspected) != 1 ||
		!reflect.DeepEqual(d.Inspected[0].Inspection, in) ||
		d.Inspected[0].NoteSealed {
		t.Errorf("%+v, %v", d.Inspected, err)
	}
	must(t, s.Erase(ctx, history.Erasure{Session: "sess_1", Parts: []history.Part{history.PartNote},
		Reason: history.OnRequest}))
	if d, err := s.Show(ctx, "chk_1"); err != nil || d.Inspected[0].Note != "" || !d.Inspected[0].NoteErased {
		t.Errorf("%+v, %v", d.Inspected, err)
	}
	in.Points[0].Answer, in.State, in.Reason, in.Note = history.InspectionYes, history.InspectionClear, "", ""
	must(t, s.Inspect(ctx, in))
	want(history.InspectionClear, 0)
}

// Who was identified without a match is counted apart, and is no pass.
func TestIdentifiedIsCountedApart(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	ctx := t.Context()
	for i, outcome := range []history.Outcome{history.Pass, history.NotCompared, history.CouldNotRun} {
		check, session := fmt.Sprintf("chk_%d", i), fmt.Sprintf("sess_%d", i)
		must(t, s.Start(ctx, history.Started{Check: check, Session: session}))
		must(t, s.Finish(ctx, history.Finished{Check: check, Session: session, Outcome: outcome}))
		if outcome != history.Pass {
			must(t, s.Decide(ctx, history.Decision{Check: check, Session: session, Choice: history.Identify, Reason: "vouched",
				Note: "by their mother", Second: "cleo"}))
		}
	}
	for name, f := range map[string]history.Filter{"by day": {}, "by check": {From: time.Unix(1, 1)}} {
		n, err := s.Count(ctx, f)
		if err != nil || n.Total != 3 || n.Identified != 2 || n.ByOutcome[history.Pass] != 1 ||
			n.ByOutcome[history.NotCompared] != 1 {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
	rows, err := s.List(ctx, history.Filter{Decisions: []history.DecisionState{history.Identified}})
	if err != nil || len(rows) != 2 || rows[0].Outcome != history.CouldNotRun {
		t.Errorf("%+v, %v", rows, err)
	}
	if v, err := s.Verify(ctx, nil); err != nil || !v.Intact {
		t.Errorf("%+v, %v", v, err)
	}
}

// The latest time stays where the clock is set back, whatever is recorded then. A history of an
// older form knows it too.
func TestLatest(t *testing.T) {
	p := testParams(t.TempDir())
	begin := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	now := begin
	p.Now = func() time.Time { return now }
	s := mustOpen(t, p, noRing{})
	want := func(s *Store, at time.Time) {
		t.Helper()
		if got, err := s.Latest(t.Context()); err != nil || !got.Equal(at) {
			t.Errorf("latest is %v, %v, want %v", got, err, at)
		}
	}
	want(s, time.Time{})
	sixth := begin.Add(6 * 24 * time.Hour)
	for _, now = range []time.Time{begin, sixth, begin, begin.Add(time.Hour)} {
		must(t, s.Settings(t.Context(), history.SettingsChange{How: history.ChangedByHand}))
	}
	want(s, sixth)
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("verdict is %+v", v)
	}

	for _, statement := range []string{
		`DROP TRIGGER record_latest`, `DELETE FROM meta WHERE name = 'latest'`, `DELETE FROM migration WHERE number = 6`,
	} {
		_, err := s.writer.Exec(statement)
		must(t, err)
	}
	must(t, s.Close())
	again := mustOpen(t, p, noRing{})
	want(again, sixth)
	now = sixth.Add(time.Hour)
	must(t, again.Settings(t.Context(), history.SettingsChange{How: history.ChangedByHand}))
	want(again, now)
}

// Rebuild brings the latest time back.
func TestLatestRebuilt(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	must(t, s.Settings(t.Context(), history.SettingsChange{How: history.ChangedByHand}))
	before, err := s.Latest(t.Context())
	must(t, err)
	_, err = s.writer.Exec(`UPDATE meta SET value = '2020-01-01T00:00:00.000Z' WHERE name = 'latest'`)
	must(t, err)
	if v := mustVerify(t, s); v.Fault != history.FaultLists {
		t.Errorf("verdict is %+v", v)
	}
	must(t, s.Rebuild(t.Context()))
	if after, err := s.Latest(t.Context()); err != nil || !after.Equal(before) {
		t.Errorf("latest is %v, %v, want %v", after, err, before)
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("verdict is %+v", v)
	}
}

// Of each branch and key the newest list counts, whatever list was taken after it, and a whole
// second is written without milliseconds.
func TestListSigned(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	for _, c := range []history.SettingsChange{
		{Branch: "south", Key: "a", Signed: at},
		{Branch: "south", Key: "a", Signed: at.Add(time.Second / 2)},
		{Branch: "north", Key: "a", Signed: at.Add(time.Hour)},
		{Branch: "south", Key: "b", Signed: at.Add(2 * time.Hour)},
	} {
		c.How, c.Change = history.ChangedOperators, history.OperatorsCentre
		must(t, s.Settings(t.Context(), c))
	}
	must(t, s.Settings(t.Context(), history.SettingsChange{How: history.ChangedOperators, Change: history.OperatorsByHand}))
	for _, c := range []struct {
		branch, key string
		want        time.Time
	}{{"south", "a", at.Add(time.Second / 2)}, {"north", "a", at.Add(time.Hour)}, {"north", "b", time.Time{}}} {
		if got, err := s.ListSigned(t.Context(), c.branch, c.key); err != nil || !got.Equal(c.want) {
			t.Errorf("%s, %s: %v, %v", c.branch, c.key, got, err)
		}
	}
}
