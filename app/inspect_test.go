package app

import (
	"strings"
	"testing"

	"facematch/app/history"
	"facematch/app/settings"
)

func answers(of ...history.InspectionAnswer) []history.InspectedPoint {
	var points []history.InspectedPoint
	for i, a := range of {
		points = append(points, history.InspectedPoint{Point: history.InspectionPoints[i], Answer: a})
	}
	return points
}

func TestInspect(t *testing.T) {
	const yes, no, open = history.InspectionYes, history.InspectionNo, history.InspectionUnanswered
	d, m, _ := staffed(t)
	as(t, d, "Ben")
	checked(m, history.Pass, "")
	for name, c := range map[string]struct {
		in  InspectionInput
		key string
	}{
		"no points":        {InspectionInput{}, "inspect.points"},
		"an odd answer":    {InspectionInput{Points: answers("maybe")}, "inspect.points"},
		"an empty point":   {InspectionInput{Points: []history.InspectedPoint{{Answer: yes}}}, "inspect.points"},
		"no reason":        {InspectionInput{Points: answers(yes, no)}, "inspect.reason"},
		"a reason of none": {InspectionInput{Points: answers(no), Reason: "known_person"}, "inspect.reason"},
		"other, not said":  {InspectionInput{Points: answers(no), Reason: history.ReasonOther, Note: " "}, "decide.note"},
		"too long": {InspectionInput{Points: answers(no), Reason: "not_live", Note: strings.Repeat("x", maxNote+1)},
			"decide.note_long"},
		"an unknown check":  {InspectionInput{Check: "chk_2", Points: answers(yes)}, "store.check_unknown"},
		"nothing was found": {InspectionInput{Check: "chk_none", Points: answers(yes)}, "decide.nothing"},
	} {
		m.Rows = append(m.Rows[:1], history.Row{Check: "chk_none", Outcome: history.NotCompared})
		if c.in.Check == "" {
			c.in.Check = "chk_1"
		}
		wantKey(t, d.Inspect(t.Context(), c.in), c.key)
		if len(m.Inspected) != 0 {
			t.Fatalf("%s was recorded", name)
		}
	}
	for _, c := range []struct {
		points []history.InspectedPoint
		state  history.InspectionState
	}{{answers(yes, yes, yes), history.InspectionClear}, {answers(yes, open), history.InspectionOpen},
		{answers(open, no), history.InspectionObjection}} {
		must(t, d.Inspect(t.Context(), InspectionInput{Check: "chk_1", Points: c.points, Reason: "not_live", Note: " seen "}))
		got := m.Inspected[len(m.Inspected)-1]
		reason, note := "", ""
		if c.state == history.InspectionObjection {
			reason, note = "not_live", "seen"
		}
		if got.State != c.state || got.Reason != reason || got.Note != note || got.Operator != "Ben" ||
			got.Session != "sess_1" {
			t.Errorf("%+v", got)
		}
	}
}

// Where the settings require an inspection, nothing is approved before it. A rejection only
// makes things stricter.
func TestApprovalWaitsForTheInspection(t *testing.T) {
	for _, use := range history.InspectionUses {
		d, m, _ := staffed(t)
		as(t, d, "Ada")
		now := d.Settings()
		now.Inspection.Use = use
		must(t, d.SaveSettings(t.Context(), now))
		checked(m, history.Refer, history.Undecided)
		m.Rows[0].Inspection = history.InspectionOpen
		approve := DecisionInput{Check: "chk_1", Choice: history.Approve, Reason: "known_person"}
		if use == history.InspectionRequired {
			wantKey(t, d.Decide(t.Context(), approve), "decide.inspection")
			must(t, d.Decide(t.Context(), DecisionInput{Check: "chk_1", Choice: history.Reject, Reason: "other_person"}))
			m.Rows[0].Inspection = history.InspectionObjection
		}
		must(t, d.Decide(t.Context(), approve))
	}
}

// The record says whether a clerk was to be asked. One of the command line and of another
// program never was.
func TestWhetherAClerkWasAsked(t *testing.T) {
	for use, want := range map[history.InspectionUse]history.InspectionUse{
		history.InspectionOff: history.InspectionOff, history.InspectionRequired: history.InspectionRequired,
	} {
		chosen := settings.Default()
		chosen.Inspection.Use = use
		if got := inspectionOf(&Attempt{Input: CheckInput{Inspect: true}}, chosen); got != want {
			t.Errorf("%s: %s", use, got)
		}
		for _, a := range []*Attempt{{}, {Input: CheckInput{Inspect: true}, kept: "kept_1"}} {
			if got := inspectionOf(a, chosen); got != history.InspectionNone {
				t.Errorf("%s: %s", use, got)
			}
		}
	}
}
