package app

import (
	"encoding/json"
	"strings"
	"testing"

	"facematch/app/access"
	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/matcher"
)

// checked puts a check with this outcome and decision into the history.
func checked(m *apptest.History, o history.Outcome, s history.DecisionState) string {
	m.Rows = []history.Row{{Check: "chk_1", Session: "sess_1", Outcome: o, Decision: s}}
	return "chk_1"
}

func TestDecideAReferral(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Ben")
	in := DecisionInput{Check: checked(m, history.Refer, history.Undecided), Choice: history.Approve,
		Reason: "second_document", Note: "  seen\r\nhere "}
	must(t, d.Decide(t.Context(), in))
	got := m.Decisions[0]
	if got.Check != "chk_1" || got.Session != "sess_1" || got.Operator != "Ben" || !got.SignedIn ||
		got.Role != history.RoleOperator || got.Note != "seen\r\nhere" ||
		got.Overrides != "" || got.Second != "" || got.Verified || got.Choice != history.Approve ||
		got.Reason != "second_document" {
		t.Errorf("%+v", got)
	}
	if payload, err := json.Marshal(got); err != nil || strings.Contains(string(payload), "seen") {
		t.Errorf("the note is in the payload: %s, %v", payload, err)
	}
}

func TestDecisionsThatAreNone(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Ben")
	good := DecisionInput{Check: checked(m, history.Refer, history.Undecided), Choice: history.Approve,
		Reason: "known_person"}
	for key, change := range map[string]func(*DecisionInput){
		"decide.choice":       func(in *DecisionInput) { in.Choice = "maybe" },
		"decide.reason":       func(in *DecisionInput) { in.Reason = "other_person" }, // to reject only
		"decide.note":         func(in *DecisionInput) { in.Reason, in.Note = history.ReasonOther, " \n" },
		"decide.note_long":    func(in *DecisionInput) { in.Note = strings.Repeat("x", maxNote+1) },
		"decide.note_odd":     func(in *DecisionInput) { in.Note = "a\x1b[31m" },
		"store.check_unknown": func(in *DecisionInput) { in.Check = "chk_2" },
	} {
		in := good
		change(&in)
		wantKey(t, d.Decide(t.Context(), in), key)
	}
	for outcome, key := range map[history.Outcome]string{
		history.NotCompared: "decide.nothing", history.CouldNotRun: "decide.nothing", history.Cancelled: "decide.nothing",
		history.Interrupted: "decide.nothing", history.Unknown: "decide.nothing", history.Running: "store.check_running",
	} {
		checked(m, outcome, "")
		in := good
		in.Second, in.Passphrase = "Cleo", staff["Cleo"].passphrase
		wantKey(t, d.Decide(t.Context(), in), key)
	}
	if len(m.Decisions) != 0 {
		t.Errorf("%+v", m.Decisions)
	}
	checked(m, history.Refer, history.Undecided)
	m.Refuse = matcher.NewProblem("store.check_decided", nil)
	wantKey(t, d.Decide(t.Context(), good), "store.check_decided")
}

func TestOverridesNeedASecondOperator(t *testing.T) {
	for name, tt := range map[string]struct {
		outcome history.Outcome
		before  history.DecisionState
		second  bool
	}{
		"pass":             {history.Pass, "", true},
		"fail":             {history.Fail, "", true},
		"refer":            {history.Refer, history.Undecided, false},
		"approved before":  {history.Refer, history.Approved, true},
		"rejected before":  {history.Refer, history.Rejected, true},
		"pass, overridden": {history.Pass, history.Rejected, true},
	} {
		d, m, _ := staffed(t)
		as(t, d, "Ben")
		in := DecisionInput{Check: checked(m, tt.outcome, tt.before), Choice: history.Reject, Reason: "other_person"}
		if got := d.NeedsSecond(m.Rows[0]); got != tt.second {
			t.Errorf("%s: needs a second: %v", name, got)
		}
		if !tt.second {
			must(t, d.Decide(t.Context(), in))
			continue
		}
		signedIn := len(m.SignIns)
		for _, bad := range []struct{ name, passphrase, key string }{
			{" ", "", "decide.second"},
			{"Cleo\u202e", "", "operators.name"},
			{" ben ", staff["Ben"].passphrase, "decide.same_person"},
			{"Cleo", staff["Ben"].passphrase, "operators.wrong"},
			{"Nobody", staff["Cleo"].passphrase, "operators.wrong"},
			{"Dora", staff["Dora"].passphrase, "decide.second_role"},
		} {
			in.Second, in.Passphrase = bad.name, bad.passphrase
			wantKey(t, d.Decide(t.Context(), in), bad.key)
		}
		if len(m.Decisions) != 0 {
			t.Fatalf("%s: %+v", name, m.Decisions)
		}
		in.Second, in.Passphrase = "cleo", staff["Cleo"].passphrase
		must(t, d.Decide(t.Context(), in))
		got := m.Decisions[0]
		if got.Operator != "Ben" || got.Second != "Cleo" || !got.Verified || got.Overrides != tt.outcome {
			t.Errorf("%s: %+v", name, got)
		}
		last := m.SignIns[len(m.SignIns)-1]
		if len(m.SignIns) != signedIn+2 || last.Operator != "Cleo" || last.For != "override" || last.Failed != 1 ||
			last.Role != history.RoleReviewer {
			t.Errorf("%s: %+v", name, m.SignIns[signedIn:])
		}
		if who, _ := d.Who(); who.Operator != "Ben" {
			t.Errorf("%s: now %s is signed in", name, who.Operator)
		}
	}
}

func TestSecondNameInSingleUserMode(t *testing.T) {
	d, m, _ := desk(t, &scripted{})
	in := DecisionInput{Check: checked(m, history.Fail, ""), Choice: history.Approve, Reason: "same_person_seen"}
	wantKey(t, d.Decide(t.Context(), in), "decide.second")
	in.Second = " " + strings.ToUpper(access.SystemUser()) + " "
	wantKey(t, d.Decide(t.Context(), in), "decide.same_person")
	in.Second = "  Cleo   Night "
	must(t, d.Decide(t.Context(), in))
	if got := m.Decisions[0]; got.Second != "Cleo Night" || got.Verified || got.SignedIn ||
		got.Overrides != history.Fail || got.Operator != access.SystemUser() {
		t.Errorf("%+v", got)
	}
	if len(m.SignIns) != 0 {
		t.Errorf("%+v", m.SignIns)
	}
}

// Two operators guess no faster by calling each other the second one.
func TestSecondOperatorWaitsToo(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Ben")
	in := DecisionInput{Check: checked(m, history.Fail, ""), Choice: history.Approve, Reason: "same_person_seen",
		Second: "Cleo", Passphrase: "this one is not right"}
	for range 3 {
		wantKey(t, d.Decide(t.Context(), in), "operators.wrong")
	}
	in.Passphrase = staff["Cleo"].passphrase
	wantKey(t, d.Decide(t.Context(), in), "operators.wait")
	wantKey(t, d.SignIn(t.Context(), "Cleo", staff["Cleo"].passphrase), "operators.wait")
	if len(m.Decisions) != 0 {
		t.Errorf("%+v", m.Decisions)
	}
}

// Whom the program has not compared, two people identify in another way: beside its outcome,
// which stays, and never as an approval.
func TestIdentifiedWithoutAMatch(t *testing.T) {
	good := DecisionInput{
		Check: "chk_1", Choice: history.Identify, Reason: "second_document", Note: "passport 2", Second: "Cleo",
		Passphrase: staff["Cleo"].passphrase,
	}
	for _, outcome := range []history.Outcome{history.NotCompared, history.CouldNotRun} {
		d, m, _ := staffed(t)
		as(t, d, "Ben")
		checked(m, outcome, "")
		for key, change := range map[string]func(*DecisionInput){
			"decide.note_how":    func(in *DecisionInput) { in.Note = " " },
			"decide.reason":      func(in *DecisionInput) { in.Reason = "old_photo" },
			"decide.second":      func(in *DecisionInput) { in.Second = "" },
			"decide.same_person": func(in *DecisionInput) { in.Second = "Ben" },
			"decide.nothing":     func(in *DecisionInput) { in.Choice, in.Reason = history.Approve, "known_person" },
		} {
			in := good
			change(&in)
			wantKey(t, d.Decide(t.Context(), in), key)
		}
		if len(m.Decisions) != 0 || !d.NeedsSecond(m.Rows[0]) {
			t.Fatalf("%s: %+v", outcome, m.Decisions)
		}
		must(t, d.Decide(t.Context(), good))
		if got := m.Decisions[0]; got.Overrides != "" || got.Second != "Cleo" || !got.Verified || got.Note != "passport 2" {
			t.Errorf("%s: %+v", outcome, got)
		}
		checked(m, outcome, history.Identified)
		must(t, d.Decide(t.Context(), good))
		if got := m.Decisions[1]; got.Overrides != outcome {
			t.Errorf("%s, again: %+v", outcome, got)
		}
	}
	d, m, _ := staffed(t)
	as(t, d, "Ben")
	for _, outcome := range []history.Outcome{history.Pass, history.Refer, history.Fail, history.Cancelled,
		history.Unknown} {
		checked(m, outcome, "")
		wantKey(t, d.Decide(t.Context(), good), "identify.nothing")
	}
}

// Who refuses the comparison, or cannot be compared, has a record too: of a check that could
// not run, and of how they were identified.
func TestIdentifiedWithoutACheck(t *testing.T) {
	good := IdentifyInput{Why: "check.consent_refused", Name: " Ada Lovelace ", Minor: true, Decision: DecisionInput{
		Reason: "own_records", Note: "date of birth and number", Second: "Cleo", Passphrase: staff["Cleo"].passphrase,
	}}
	d, m, _ := staffed(t)
	as(t, d, "Ben")
	for key, change := range map[string]func(*IdentifyInput){
		"identify.why":         func(in *IdentifyInput) { in.Why = "check.timeout" },
		"check.session":        func(in *IdentifyInput) { in.Session = "sess_1" },
		"check.name_long":      func(in *IdentifyInput) { in.Name = strings.Repeat("x", MaxName+1) },
		"decide.note_how":      func(in *IdentifyInput) { in.Decision.Note = "" },
		"operators.wrong":      func(in *IdentifyInput) { in.Decision.Passphrase = "nothing of the kind" },
		"check.reference_none": func(in *IdentifyInput) { in.Reference = "2026/17" },
	} {
		in := good
		change(&in)
		if err := d.Identify(t.Context(), in); key != "check.reference_none" {
			wantKey(t, err, key)
		} else if err == nil {
			t.Error("a reference is taken where the settings have none")
		}
	}
	if len(m.Started)+len(m.Finished)+len(m.Decisions) != 0 {
		t.Fatalf("%+v", m.Started)
	}
	must(t, d.Identify(t.Context(), good))
	started, finished, decision := m.Started[0], m.Finished[0], m.Decisions[0]
	if started.Name != "Ada Lovelace" || started.Consent.Processing || !started.Minor || started.Operator != "Ben" ||
		started.Inspection != history.InspectionNone {
		t.Errorf("%+v", started)
	}
	if finished.Outcome != history.CouldNotRun || finished.Problem != "check.consent_refused" || finished.Code != nil ||
		finished.Score != nil {
		t.Errorf("%+v", finished)
	}
	if decision.Choice != history.Identify || decision.Check != started.Check || decision.Session != started.Session ||
		decision.Second != "Cleo" {
		t.Errorf("%+v", decision)
	}
}
