package matcher

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func data(percentages ...float64) Data {
	r, err := Compared(percentages, 60, nil)
	if err != nil {
		panic(err)
	}
	return r.Data
}

func notCompared(anchor, target int) Data {
	r, err := NotCompared(Anchor(anchor, ""), side(target, "", ""), nil)
	if err != nil {
		panic(err)
	}
	return r.Data
}

func number(x float64) *float64 { return &x }

func TestEvaluate(t *testing.T) {
	tests := []struct {
		name   string
		rule   Condition
		data   Data
		status Status
		reason string
	}{
		{"at least, met at the bound", Condition{"score", ">=", 80, number(45)}, data(80), Pass, ""},
		{"at least, refer at the bound", Condition{"score", ">=", 80, number(45)}, data(45), Refer,
			"score >= 80 (was 45.00)"},
		{"at least, refer inside", Condition{"score", ">=", 80, number(45)}, data(71.2), Refer, "score >= 80 (was 71.20)"},
		{"at least, below both", Condition{"score", ">=", 80, number(45)}, data(44.99), Fail, "score >= 80 (was 44.99)"},
		{"at least, no refer bound", Condition{"score", ">=", 80, nil}, data(79.99), Fail, "score >= 80 (was 79.99)"},
		{"just under the bound is rounded as shown", Condition{"score", ">=", 80, nil}, data(79.996), Pass, ""},
		{"more than, at the bound", Condition{"score", ">", 80, number(70)}, data(80), Refer, "score > 80 (was 80.00)"},
		{"more than, above", Condition{"score", ">", 80, number(70)}, data(80.01), Pass, ""},
		{"more than, refer bound not met at it", Condition{"score", ">", 80, number(70)}, data(70), Fail,
			"score > 80 (was 70.00)"},
		{"at most, met", Condition{"len(percentages)", "<=", 2, number(3)}, data(90, 90), Pass, ""},
		{"at most, refer", Condition{"len(percentages)", "<=", 2, number(3)}, data(90, 90, 90), Refer,
			"len(percentages) <= 2 (was 3)"},
		{"at most, fail", Condition{"len(percentages)", "<=", 1, number(2)}, data(90, 90, 90), Fail,
			"len(percentages) <= 1 (was 3)"},
		{"less than, met", Condition{"min(percentages)", "<", 50, nil}, data(90, 49.99), Pass, ""},
		{"less than, at the bound", Condition{"min(percentages)", "<", 50, number(60)}, data(90, 50), Refer,
			"min(percentages) < 50 (was 50.00)"},
		{"equal, met", Condition{"result", "==", 1, nil}, data(60), Pass, ""},
		{"equal, not met", Condition{"result", "==", 1, nil}, data(59.99), Fail, "result == 1 (was 0)"},
		{"equal, refer", Condition{"len(percentages)", "==", 8, number(7)}, data(1, 2, 3, 4, 5, 6, 7), Refer,
			"len(percentages) == 8 (was 7)"},
		{"not equal, met", Condition{"len(percentages)", "!=", 1, nil}, data(9, 9), Pass, ""},
		{"not equal, not met", Condition{"len(percentages)", "!=", 1, nil}, data(9), Fail, "len(percentages) != 1 (was 1)"},
		{"not equal, refer", Condition{"len(percentages)", "!=", 1, number(2)}, data(9), Refer,
			"len(percentages) != 1 (was 1)"},
		{"mean", Condition{"mean(percentages)", ">=", 70, nil}, data(60, 80.02), Pass, ""},
		{"mean, not met", Condition{"mean(percentages)", ">=", 70.02, nil}, data(60, 80.02), Fail,
			"mean(percentages) >= 70.02 (was 70.01)"},
		{"min", Condition{"min(percentages)", ">=", 60, nil}, data(60, 99), Pass, ""},
		{"code", Condition{"code", "==", 0, nil}, data(99), Pass, ""},
		{"anchor.code", Condition{"anchor.code", "==", 0, nil}, data(99), Pass, ""},
		{"target.code", Condition{"target.code", "!=", 0, nil}, data(99), Fail, "target.code != 0 (was 0)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tt.rule.check(nil); err != nil {
				t.Fatalf("the condition itself is refused: %v", err)
			}
			want := Scoring{Failed: []string{}, FailedRefer: []string{}, Status: tt.status}
			switch tt.status {
			case Fail:
				want.Failed = []string{tt.reason}
			case Refer:
				want.FailedRefer = []string{tt.reason}
			}
			if got := Evaluate([]Condition{tt.rule}, tt.data); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestEvaluateWithoutValueFails(t *testing.T) {
	for _, field := range []string{"score", "result", "min(percentages)", "mean(percentages)"} {
		for op := range operators {
			got := Evaluate([]Condition{{field, op, 0, number(-1)}}, notCompared(CodeNoFace, CodeOK))
			want := []string{"code == 0", field + " " + op + " 0 (was no value)"}
			if got.Status != Fail || !reflect.DeepEqual(got.Failed, want) {
				t.Errorf("%s %s: got %+v, want failed %q", field, op, got, want)
			}
		}
	}
}

func TestCodeOtherThanZeroAlwaysFails(t *testing.T) {
	for _, rules := range [][]Condition{nil, {{"code", "==", 1, nil}}, {{"len(percentages)", ">=", 0, nil}}} {
		got := Evaluate(rules, notCompared(CodeNoFace, CodeTwoFaces))
		if got.Status != Fail || len(got.Failed) == 0 || got.Failed[0] != "code == 0" {
			t.Errorf("%v: got %+v", rules, got)
		}
	}
}

func TestFailBeatsReferBeatsPass(t *testing.T) {
	pass := Condition{"score", ">=", 10, nil}
	refer := Condition{"score", ">=", 80, number(10)}
	fail := Condition{"min(percentages)", ">=", 60, nil}
	d := data(70, 40)
	for _, tt := range []struct {
		rules []Condition
		want  Status
	}{
		{[]Condition{pass}, Pass},
		{[]Condition{pass, refer}, Refer},
		{[]Condition{refer, pass}, Refer},
		{[]Condition{refer, fail, pass}, Fail},
		{[]Condition{fail, refer}, Fail},
	} {
		if got := Evaluate(tt.rules, d); got.Status != tt.want {
			t.Errorf("%v: got %s, want %s", tt.rules, got.Status, tt.want)
		}
	}
	if got := Evaluate([]Condition{pass}, d).ReferFor("two people"); got.Status != Refer {
		t.Errorf("a reason to refer leaves a pass %s", got.Status)
	}
	if got := Evaluate([]Condition{fail}, d).ReferFor("two people"); got.Status != Fail {
		t.Errorf("a reason to refer turns a fail into %s", got.Status)
	}
}

func TestParseConditions(t *testing.T) {
	rules, err := ParseConditions(`
# two rules
[[facematch_conditions]]
field = "score"
op    = ">="
pass  = 80.0
refer = 60

[[facematch_conditions]]
field = "len(percentages)"
op = ">="
pass = 4
`)
	want := []Condition{{"score", ">=", 80, number(60)}, {"len(percentages)", ">=", 4, nil}}
	if err != nil || !reflect.DeepEqual(rules, want) {
		t.Fatalf("got %v, %v", rules, err)
	}
	again, err := ParseConditions(FormatConditions(rules))
	if err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("written and read again: %v, %v", again, err)
	}
	inline, err := ParseConditions("facematch_conditions = [\n {field=\"score\", op=\">=\", pass=80.0, refer=60.0},\n {field=\"len(percentages)\", op=\">=\", pass=4}\n]")
	if err != nil || !reflect.DeepEqual(inline, want) {
		t.Errorf("inline tables: %v, %v", inline, err)
	}
}

func TestParseConditionsNamesTheLine(t *testing.T) {
	const head = "[[facematch_conditions]]\n"
	tests := []struct {
		name, text string
		line       int
		says       string
	}{
		{"empty", "", 1, "no [[facematch_conditions]]"},
		{"not TOML", head + "field = \"score\"\nop = >=\n", 3, ""},
		{"unknown key", head + "field = \"score\"\nop = \">=\"\npass = 1.0\nrefuse = 2.0\n", 5, "refuse"},
		{"unknown table", head + "field = \"score\"\nop = \">=\"\npass = 1.0\n[other]\nx = 1\n", 5, "other"},
		{"unknown field", "\n" + head + "field = \"scores\"\nop = \">=\"\npass = 1.0\n", 3, "scores"},
		{"unknown op", head + "field = \"score\"\nop = \"=>\"\npass = 1.0\n", 3, "=>"},
		{"pass is text", head + "field = \"score\"\nop = \">=\"\npass = \"80\"\n", 4, ""},
		{"pass is not finite", head + "field = \"score\"\nop = \">=\"\npass = nan\n", 4, "finite"},
		{"single brackets", "# bounds\n[facematch_conditions]\nfield = \"score\"\nop = \">=\"\npass = 80.0\n", 2,
			"double brackets"},
		{"single inline table", "facematch_conditions = {field=\"score\", op=\">=\", pass=1.0}", 1, "inline table"},
		{"keys in other case, op wrong", "[[Facematch_Conditions]]\nField = \"score\"\nOP = \"?\"\nPass = 1.0\n", 3, "?"},
		{"three decimals", head + "field = \"score\"\nop = \"==\"\npass = 80.001\n", 4, "two decimals"},
		{"refer with three decimals", head + "field = \"score\"\nop = \">=\"\npass = 80.0\nrefer = 45.125\n", 5,
			"two decimals"},
		{"refer is not finite", head + "field = \"score\"\nop = \">=\"\npass = 1.0\nrefer = inf\n", 5, "finite"},
		{"pass missing", head + "field = \"score\"\nop = \">=\"\n" + head + "field = \"score\"\n", 1, "pass"},
		{"field missing in the second",
			head + "field = \"score\"\nop = \">=\"\npass = 1.0\n\n" + head + "op = \">=\"\npass = 1.0\n", 6, "field"},
		{"refer harder than pass", head + "field = \"score\"\nop = \">=\"\npass = 60.0\nrefer = 80.0\n", 5, "below"},
		{"refer harder than pass, downwards", head + "field = \"code\"\nop = \"<\"\nrefer = 1.0\npass = 2.0\n", 4, "above"},
		{"refer equals pass", head + "field = \"code\"\nop = \"==\"\npass = 2.0\nrefer = 2.0\n", 5, "differ"},
		{"inline, second on its own line",
			"facematch_conditions = [{field=\"score\", op=\">=\", pass=1.0},\n{field=\"score\", op=\"~\", pass=1.0}]", 2, "~"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseConditions(tt.text)
			var fault *ConditionError
			if !errors.As(err, &fault) {
				t.Fatalf("got %v", err)
			}
			if fault.Line != tt.line || !strings.Contains(fault.Error(), tt.says) {
				t.Errorf("got %v, want line %d and %q", err, tt.line, tt.says)
			}
		})
	}
}

func TestConditionFaultSkipsOtherTables(t *testing.T) {
	text := "version = 1\n[camera]\nsource = \"0\"\n[[facematch_conditions]]\nfield = \"score\"\nop = \">=\"\npass = 80.0\n[[facematch_conditions]]\nfield = \"score\"\nop = \"?\"\npass = 1.0\n[folders]\nop = 3\n"
	if fault := ConditionFault(text); fault == nil || fault.Line != 10 {
		t.Errorf("got %v, want line 10", fault)
	}
	if fault := ConditionFault(strings.Replace(text, `"?"`, `"<"`, 1)); fault != nil {
		t.Errorf("a good text is refused: %v", fault)
	}
}

func FuzzParseConditions(f *testing.F) {
	f.Add(DefaultConditions)
	f.Add("facematch_conditions = [{field=\"score\", op=\">=\", pass=1.0}]")
	f.Add("[[facematch_conditions]]\nfield.x = 1")
	f.Add("facematch_conditions.a = [[facematch_conditions]]")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := ParseConditions(text)
		if err == nil && len(rules) == 0 {
			t.Error("no conditions and no error")
		}
	})
}
