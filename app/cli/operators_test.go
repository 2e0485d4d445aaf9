package cli

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/matcher"
)

// staff are the operators of staffed parts, and their passphrases.
var staff = map[string]struct {
	role       history.Role
	passphrase string
}{
	"Ada":  {history.RoleAdministrator, "four tired horses drank"},
	"Ben":  {history.RoleOperator, "violet ladders under rain"},
	"Cleo": {history.RoleReviewer, "the seventh kettle sings"},
	"Dora": {history.RoleAuditor, "no owl counts its feathers"},
}

// staffList is the file of the staff, made once.
var staffList []byte

// staffed are parts with operators, and where each one's secret file lies.
func staffed(t *testing.T) (*parts, map[string]string) {
	t.Helper()
	p := &parts{answer: answer(t, 90), History: apptest.History{Verdict: history.Verdict{Intact: true}}, token: "t"}
	k := p.keeper(t)
	if staffList == nil {
		for _, name := range []string{"Ada", "Ben", "Cleo", "Dora"} {
			o := operators.Operator{Name: name, Role: staff[name].role}
			if err := k.Add(t.Context(), o, staff[name].passphrase, name == "Ada",
				func(operators.List, string) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if staffList, err = os.ReadFile(p.operators); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(p.operators, staffList, 0o600); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for name, who := range staff {
		files[name] = filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(files[name], []byte(who.passphrase+"\n# written down\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p, files
}

func TestWhatNeedsASignIn(t *testing.T) {
	for _, tt := range []struct {
		args []string
		may  string // who; empty: nobody needs to sign in
	}{
		{checkArgs, "Ada Ben Cleo"},
		{[]string{"history", "list"}, "Ada Ben Cleo Dora"},
		{[]string{"history", "verify"}, "Ada Ben Cleo Dora"},
		{[]string{"token", "test"}, "Ada"},
		{[]string{"token", "clear"}, "Ada"},
		{[]string{"token", "set"}, "Ada"},
		{[]string{"operator", "list"}, "Ada"},
		{[]string{"operator", "remove", "Ben"}, "Ada"},
		{[]string{"operator", "add", "Eve", "--role", "auditor"}, "Ada"},
		{[]string{"operator", "passphrase", "Ben"}, "Ada Ben"},
		{[]string{"history", "decide", "chk_1", "approve", "--reason", "known_person"}, "Ada Ben Cleo"},
		{[]string{"history", "erase", "--session", aSession, "--yes"}, "Ada"},
		{[]string{"history", "backup", "b.db"}, "Ada"},
		{[]string{"history", "restore", "b.db"}, "Ada"},
		{[]string{"history", "recovery"}, "Ada"},
		{[]string{"history", "recover"}, "Ada"},
		{[]string{"history", "rebuild"}, "Ada"},
		{[]string{"document", "d.jpg"}, ""},
	} {
		name := strings.Join(tt.args, " ")
		p, files := staffed(t)
		p.token = "t"
		code, _, errs := run(t, p, "", tt.args...)
		if needs := code == ExitUsage && strings.Contains(errs, "--operator NAME"); needs != (tt.may != "") {
			t.Errorf("%s: exit %d, %s", name, code, errs)
		}
		if tt.may == "" {
			continue
		}
		if len(p.SignIns) != 0 || p.begun().Check != "" || len(p.Decisions) != 0 {
			t.Errorf("%s was done by nobody", name)
		}
		for who := range files {
			p, files := staffed(t)
			p.Rows = []history.Row{history.Row{Check: "chk_1", Session: "sess_1", Outcome: history.Refer}}
			code, _, errs := run(t, p, "a.token.or.a.new.passphrase\n",
				append(tt.args, "--operator", who, "--secret-file", files[who])...)
			if may := code == 0; may != strings.Contains(tt.may, who) {
				t.Errorf("%s by %s: exit %d, %s", name, who, code, errs)
			} else if !may && (code != ExitCouldNotRun || !strings.Contains(errs, "Your role does not allow this")) {
				t.Errorf("%s by %s: exit %d, %s", name, who, code, errs)
			}
			if len(p.SignIns) != 1 || p.SignIns[0].Operator != who {
				t.Errorf("%s by %s: %+v", name, who, p.SignIns)
			}
			if p.begun().Check != "" && (p.begun().Operator != who || !p.begun().SignedIn) {
				t.Errorf("%s by %s: %+v", name, who, p.begun())
			}
		}
	}
}

func TestSecretFiles(t *testing.T) {
	p, files := staffed(t)
	list := func(who, file string) (int, string) {
		code, out, errs := run(t, p, "", "history", "list", "--format", "json", "--operator", who, "--secret-file", file)
		var told map[string]string
		if code == ExitCouldNotRun && json.Unmarshal([]byte(out), &told) != nil {
			t.Errorf("%s is no JSON: %q", file, out)
		}
		if strings.Contains(out+errs, file) || strings.Contains(out+errs, staff["Dora"].passphrase) {
			t.Errorf("a secret is told: %s%s", out, errs)
		}
		return code, errs
	}
	if code, errs := list("dora", files["Dora"]); code != 0 {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, errs := list("Dora", files["Ben"]); code != 1 || !strings.Contains(errs, "do not belong together") {
		t.Errorf("exit %d, %s", code, errs)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644} {
		if err := os.Chmod(files["Dora"], mode); err != nil {
			t.Fatal(err)
		}
		if code, errs := list("Dora", files["Dora"]); code != 1 || !strings.Contains(errs, "can be read by others") {
			t.Errorf("%v: exit %d, %s", mode, code, errs)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, t.TempDir(), filepath.Join(t.TempDir(), "none"), os.DevNull} {
		if code, errs := list("Dora", file); code != 1 || !strings.Contains(errs, "cannot be read, or is empty") {
			t.Errorf("exit %d, %s", code, errs)
		}
	}
	if code, _, errs := run(t, p, "", "history", "list", "--operator", "Dora"); code != ExitUsage ||
		!strings.Contains(errs, "--secret-file") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestSignInOnTheTerminal(t *testing.T) {
	p, _ := staffed(t)
	var asked []string
	p.secret = func(prompt string) (string, error) {
		asked = append(asked, prompt)
		return staff["Dora"].passphrase, nil
	}
	if code, _, errs := run(t, p, "Dora\n", "history", "list"); code != 0 || !strings.HasPrefix(errs, "Operator: ") ||
		len(asked) != 1 || !strings.Contains(asked[0], "Passphrase of Dora") {
		t.Errorf("exit %d, %s, %q", code, errs, asked)
	}
	if code, _, errs := run(t, p, "", "history", "list", "--operator", "dora"); code != 0 || len(asked) != 2 ||
		errs != "" {
		t.Errorf("exit %d, %s, %q", code, errs, asked)
	}
	p.secret = func(string) (string, error) { return "", errors.New("closed") }
	if code, _, _ := run(t, p, "", "history", "list", "--operator", "dora"); code != 1 {
		t.Errorf("exit %d", code)
	}
}

// A history in which no sign-in can be recorded is verified all the more, and
// nothing else is done with it.
func TestVerifyWithoutARecordOfTheSignIn(t *testing.T) {
	p, files := staffed(t)
	p.Verdict = history.Verdict{Records: 4, BadSeq: 3, Fault: history.FaultChain, Hint: history.HintEdited}
	p.NoSignIn = matcher.NewProblem("store.damaged", nil)
	code, out, errs := run(t, p, "", "history", "verify", "--operator", "Dora", "--secret-file", files["Dora"])
	if code != ExitNotCompared || !strings.Contains(out, "It looks edited") || !strings.Contains(errs, "damaged") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if code, _, errs = run(t, p, "", "history", "verify", "--operator", "Dora", "--secret-file",
		files["Ben"]); code != 1 || !strings.Contains(errs, "do not belong") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, out, errs = run(t, p, "", "history", "list", "--operator", "Dora", "--secret-file",
		files["Dora"]); code != 1 || out != "" || !strings.Contains(errs, "damaged") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if code, _, _ = run(t, p, "", append(checkArgs, "--operator", "Ben", "--secret-file", files["Ben"])...); code != 1 ||
		p.begun().Check != "" {
		t.Errorf("exit %d", code)
	}
}

func TestOperatorsWhereNoneAreSetUp(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("whatever it may be"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{checkArgs, {"history", "list"}, {"token", "clear"}, {"doctor"}} {
		p := &parts{answer: answer(t, 90)}
		if code, _, errs := run(t, p, "", append(args, "--operator", "Ada", "--secret-file", secret)...); code != 1 ||
			!strings.Contains(errs, "No operators are set up") || p.begun().Check != "" {
			t.Errorf("%q: exit %d, %s", args, code, errs)
		}
	}
	if code, _, errs := run(t, &parts{}, "", "--operator", "Ada"); code != ExitUsage {
		t.Errorf("the window with --operator: exit %d, %s", code, errs)
	}
}

func TestOperatorCommands(t *testing.T) {
	p := &parts{}
	const adas, bens = "four tired horses drank", "violet ladders under rain"
	if code, out, _ := run(t, p, "", "operator", "list"); code != 0 || !strings.Contains(out, "No operators are set up") {
		t.Errorf("exit %d, %s", code, out)
	}
	if code, out, _ := run(t, p, "", "operator", "list", "--format", "json"); code != 0 || out != "[]\n" {
		t.Errorf("exit %d, %s", code, out)
	}
	if code, _, errs := run(t, p, bens+"\n", "operator", "add", "Ben", "--role", "operator"); code != 1 ||
		!strings.Contains(errs, "must be an administrator") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, _, errs := run(t, p, "too short\n", "operator", "add", "Ada", "--role", "administrator"); code != 1 ||
		!strings.Contains(errs, "at least 15") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, out, errs := run(t, p, adas+"\n", "operator", "add", "Ada", "--role", "administrator"); code != 0 ||
		!strings.Contains(out, "Ada can sign in now") || !strings.Contains(errs, "everybody signs in") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	// On a terminal the new passphrase is typed twice.
	typed := []string{adas, bens, "another one"}
	p.secret = func(string) (string, error) {
		next := typed[0]
		typed = typed[1:]
		return next, nil
	}
	if code, _, errs := run(t, p, "", "operator", "add", "Ben", "--role", "operator", "--operator", "Ada"); code != 1 ||
		!strings.Contains(errs, "not the same") {
		t.Errorf("exit %d, %s", code, errs)
	}
	typed = []string{adas, bens, bens}
	if code, _, errs := run(t, p, "", "operator", "add", "Ben", "--role", "operator", "--operator", "Ada"); code != 0 ||
		strings.Contains(errs, "everybody") {
		t.Errorf("exit %d, %s", code, errs)
	}
	typed = []string{bens, "eleven quiet pianos fell", "eleven quiet pianos fell"}
	if code, out, errs := run(t, p, "", "operator", "passphrase", "--operator", "ben"); code != 0 ||
		!strings.Contains(out, "Ben has another passphrase") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	typed = []string{adas}
	if code, out, _ := run(t, p, "", "operator", "list", "--operator", "Ada"); code != 0 ||
		out != "administrator  Ada\noperator       Ben\n" {
		t.Errorf("exit %d, %q", code, out)
	}
	typed = []string{adas}
	if code, _, errs := run(t, p, "", "operator", "remove", "Ada", "--operator", "Ada"); code != 1 ||
		!strings.Contains(errs, "last administrator") {
		t.Errorf("exit %d, %s", code, errs)
	}
	for _, args := range [][]string{
		{"operator"}, {"operator", "add"}, {"operator", "add", "Eve"}, {"operator", "add", "Eve", "--role", "king"},
		{"operator", "add", "Eve", "--role", ","},
		{"operator", "remove"}, {"operator", "passphrase", "a", "b"}, {"operator", "list", "x"},
		{"operator", "list", "--format", "csv"},
	} {
		if code, out, errs := run(t, p, "", args...); code != ExitUsage || out != "" {
			t.Errorf("%q: exit %d, %s", args, code, errs)
		}
	}
}

func TestDecideCommand(t *testing.T) {
	refer := history.Row{Check: "chk_1", Session: "sess_1", Outcome: history.Refer, Decision: history.Undecided}
	p := &parts{History: apptest.History{Rows: []history.Row{refer}}}
	code, out, errs := run(t, p, "  in my own words \n", "history", "decide", "chk_1", "reject", "--reason", "other",
		"--note", "-")
	if code != 0 || out != "Recorded: rejected.\n" || len(p.Decisions) != 1 || p.Decisions[0].Note != "in my own words" ||
		p.Decisions[0].SignedIn {
		t.Errorf("exit %d, %s%s, %+v", code, out, errs, p.Decisions)
	}
	p = &parts{History: apptest.History{Rows: []history.Row{history.Row{Check: "chk_1", Session: "sess_1",
		Outcome: history.Pass}}}}
	if code, _, errs = run(t, p, "", "history", "decide", "chk_1", "reject", "--reason", "other_person"); code != 1 ||
		!strings.Contains(errs, "second operator") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, _, errs = run(t, p, "", "history", "decide", "chk_1", "reject", "--reason", "other_person", "--second",
		"Cleo"); code != 0 || p.Decisions[0].Second != "Cleo" || p.Decisions[0].Verified {
		t.Errorf("exit %d, %s, %+v", code, errs, p.Decisions)
	}

	p, files := staffed(t)
	p.Rows = []history.Row{history.Row{Check: "chk_1", Session: "sess_1", Outcome: history.Fail}}
	override := []string{"history", "decide", "chk_1", "approve", "--reason", "same_person_seen", "--operator", "Ben",
		"--secret-file", files["Ben"], "--second", "Cleo"}
	if code, _, errs = run(t, p, "", override...); code != ExitUsage || !strings.Contains(errs, "--second-secret-file") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, out, errs = run(t, p, "", append(override, "--second-secret-file", files["Cleo"])...); code != 0 ||
		out != "Recorded: approved.\n" || len(p.Decisions) != 1 {
		t.Fatalf("exit %d, %s%s", code, out, errs)
	}
	if d := p.Decisions[0]; d.Operator != "Ben" || d.Second != "Cleo" || !d.Verified || d.Overrides != history.Fail {
		t.Errorf("%+v", d)
	}

	for _, args := range [][]string{
		{}, {"chk_1"}, {"chk_1", "maybe", "--reason", "other"}, {"chk_1", "approve"},
		{"chk_1", "approve", "--reason", "other_person"},
		{"chk_1", "approve", "--reason", "other"}, {"chk_1", "approve", "--reason", "other", "--note", "typed here"},
		{"chk_1", "approve", "--reason", ", "},
	} {
		if code, out, errs := run(t, &parts{History: apptest.History{Rows: []history.Row{refer}}}, "",
			append([]string{"history", "decide"}, args...)...); code != ExitUsage || out != "" {
			t.Errorf("%q: exit %d, %s%s", args, code, out, errs)
		}
	}
}

func TestDoctorWithOperators(t *testing.T) {
	p, files := staffed(t)
	p.comparer = calibrated{c: &matcher.Calibration{Name: "a guess"}}
	if _, out, _ := run(t, p, "", "doctor"); !strings.Contains(out, "ok       operators") ||
		!strings.Contains(out, "warning  history     Not looked at") {
		t.Error(out)
	}
	if _, out, _ := run(t, p, "", "doctor", "--operator", "Ada", "--secret-file", files["Ada"]); !strings.Contains(out,
		"ok       history     ") {
		t.Error(out)
	}
	if err := os.WriteFile(p.operators, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := run(t, p, "", "doctor"); code != 1 ||
		!strings.Contains(out, "PROBLEM  operators   The list of operators is damaged") {
		t.Errorf("exit %d, %s", code, out)
	}
	if code, _, errs := run(t, p, "", "history", "list", "--operator", "Ada", "--secret-file", files["Ada"]); code != 1 ||
		!strings.Contains(errs, "damaged") {
		t.Errorf("exit %d, %s", code, errs)
	}
}
