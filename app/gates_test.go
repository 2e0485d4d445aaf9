package app

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// open is the action of what everybody may do, signed in or not.
const open access.Action = ""

// gates says which action each method of a desk is. A new method is added here, and
// asks Allow, or enter where it records who did it.
var gates = map[string]access.Action{
	// The door itself.
	"SingleUser": open, "Who": open, "SignIn": open, "SignOut": open, "May": open, "Allow": open, "Touch": open,
	"Stay": open, "Reread": open,
	"Names": open, "Seconds": open, "WhoNow": open, "ReadOperators": open, "Enter": open, "Vouch": open,
	"KeepSignedIn": open,
	// everyone at the desk may see who can sign in

	// What touches no record, token or setting: a document is looked at, the camera
	// is shown, a clip that has no use any more is deleted.
	"Settings": open, "SettingsFrom": open, "NoticeSettings": open, "OpenCamera": open, "OpenDocumentCamera": open,
	"HasDocumentCamera": open, "Cameras": open, "Portrait": open, "PortraitOnPage": open,
	"ChoosePortrait": open, "PickPortrait": open, "UprightPage": open, "Engine": open, "Rates": open, "Drop": open,
	"KeyPlace": open, "KeyProblem": open, "Version": open, "Log": open,
	// the program does it by itself, as the settings say
	"NeedsSecond": open, "Uninspected": open, "Expire": open, "KeepPeriods": open,
	"CentreStatus": open, "HasCentre": open, "PushToCentre": open, "EraseAsked": open, "WithdrawAsked": open, "WithdrawnAuditors": open, // the program does it by itself
	"TakeOperators": open, "HeldOperators": open, "OperatorsFromCentre": open, // likewise
	"NoteDoctor": open, // likewise
	"Enrol":      access.Settings,
	"Zone":       open, "Read": open, // what stands on a document

	"ReadFor": access.Check, "Check": access.Check, "Retry": access.Check, "Keep": access.Check,
	"KeptChecks": access.Check, "SendKept": access.Check, "DropKept": access.Check,
	"TokenPlace": access.Check, "UnlockToken": access.Check, "WatchScans": access.Check,
	"Decide": access.Decide, "Identify": access.Override, "Inspect": access.Check, "SigningKey": access.History,
	"Subject": access.Export, "Hold": access.Erase, "Holds": access.History,
	"List": access.History, "Verify": access.History, "Count": access.History, "Choices": access.History,
	"Show": access.History, "OpenHistory": access.History,
	"OpenCentre": access.History,
	"Overview":   access.History, "Attention": access.History,
	"Export": access.Export, "Sample": access.Export, "Samples": access.Export, "LookedAt": access.Export,
	"Erase":  access.Erase,
	"Backup": access.Backup, "SetRecovery": access.Backup, "RecoverySet": access.Backup,
	"KeepRecovery": access.Backup, "RecoverKeyFrom": access.Backup,
	"RecoverKey": access.Backup, "Rebuild": access.Backup,
	"SaveSettings": access.Settings,
	"Operators":    access.Operators, "AddOperator": access.Operators, "RemoveOperator": access.Operators,
	"SetPassphrase": access.Operators,
	"SetToken":      access.Token, "ClearToken": access.Token, "TestToken": access.Token,
}

func methods() []reflect.Method {
	var all []reflect.Method
	for i := range reflect.TypeFor[*Desk]().NumMethod() {
		all = append(all, reflect.TypeFor[*Desk]().Method(i))
	}
	return all
}

// call calls a method with nothing in its arguments but a context and consent. What
// falls over that came through its gate.
func call(t *testing.T, d *Desk, m reflect.Method) (err error) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s fell over: %v", m.Name, r)
		}
	}()
	in := []reflect.Value{reflect.ValueOf(d)}
	for i := 1; i < m.Type.NumIn(); i++ {
		switch arg := m.Type.In(i); arg {
		case reflect.TypeFor[context.Context]():
			in = append(in, reflect.ValueOf(t.Context()))
		case reflect.TypeFor[CheckInput]():
			in = append(in, reflect.ValueOf(CheckInput{Consent: true}))
		case reflect.TypeFor[*Attempt]():
			in = append(in, reflect.ValueOf(&Attempt{Input: CheckInput{Consent: true}}))
		default:
			in = append(in, reflect.Zero(arg))
		}
	}
	for _, out := range m.Func.Call(in) {
		if err, ok := out.Interface().(error); ok {
			return err
		}
	}
	return nil
}

func TestEveryMethodHasItsGate(t *testing.T) {
	for _, m := range methods() {
		if _, listed := gates[m.Name]; !listed {
			t.Errorf("Desk.%s is not in the table of gates: who may use it?", m.Name)
		}
	}
}

// An operator without the role is refused by the method itself, whatever else is
// wrong with what they ask for, and nothing is recorded.
func TestGatesAreShut(t *testing.T) {
	shut := 0
	for _, who := range []string{"", "Ada", "Ben", "Cleo", "Dora"} {
		d, m, _ := staffed(t)
		if who != "" {
			as(t, d, who)
		}
		before := m.Writes()
		for _, method := range methods() {
			action := gates[method.Name]
			if action == open || who != "" && access.RoleMay(staff[who].role, action) {
				continue
			}
			want := "operators.may_not"
			if who == "" {
				want = "operators.signed_out"
			}
			if err := call(t, d, method); matcher.AsProblem(err, "none").Key != want {
				t.Errorf("%s calls %s: %v, want %s", who, method.Name, err, want)
			}
			shut++
		}
		if after := m.Writes(); !slices.Equal(before, after) {
			t.Errorf("%s wrote %v", who, after)
		}
	}
	if shut < 30 {
		t.Errorf("only %d calls were tried", shut)
	}
}

// Whatever an auditor calls, their session writes nothing but that they signed in
// and what they exported.
func TestAuditorsOnlyLook(t *testing.T) {
	d, m, _ := staffed(t)
	must(t, d.NoticeSettings(t.Context())) // as at the start, before anybody signs in
	before := m.Writes()
	as(t, d, "Dora")
	for _, method := range methods() {
		if slices.Contains([]string{"SignOut", "SignIn"}, method.Name) {
			continue
		}
		_ = call(t, d, method)
	}
	after := m.Writes()
	if after[0] != before[0]+1 {
		t.Error("the sign-in was not recorded")
	}
	if !slices.Equal(before[2:], after[2:]) {
		t.Errorf("an auditor's session wrote: %v, then %v", before, after)
	}
	if who, in := d.Who(); !in || who.Role != history.RoleAuditor {
		t.Errorf("%+v", who)
	}
	// The journal is no more than that.
	var journal []string
	for i := range reflect.TypeFor[access.Journal]().NumMethod() {
		journal = append(journal, reflect.TypeFor[access.Journal]().Method(i).Name)
	}
	if got := strings.Join(journal, " "); got != "Exported SignedIn" {
		t.Errorf("the journal writes %s", got)
	}
}

func TestRoles(t *testing.T) {
	for role, may := range map[history.Role]string{
		history.RoleOperator:      "check decide override history",
		history.RoleReviewer:      "check decide override history",
		history.RoleAuditor:       "history export staff",
		history.RoleAdministrator: "check decide override history export settings operators erase token backup staff",
		"king":                    "",
		"":                        "",
	} {
		var got []string
		for _, a := range access.Actions {
			if access.RoleMay(role, a) {
				got = append(got, string(a))
			}
		}
		if strings.Join(got, " ") != may {
			t.Errorf("%q may %v", role, got)
		}
		if second := role == history.RoleReviewer || role == history.RoleAdministrator; access.RoleMaySecond(role) != second {
			t.Errorf("%q as the second: %v", role, !second)
		}
	}
}

// Two operators decide at once, at one desk, while others come and go.
func TestDecisionsAtOnce(t *testing.T) {
	d, m, _ := staffed(t)
	checked(m, history.Refer, history.Undecided)
	desks := []*Desk{d, again(t, d)}
	as(t, desks[0], "Ben")
	as(t, desks[1], "Cleo")
	var wg sync.WaitGroup
	for _, d := range desks {
		for range 5 {
			wg.Go(func() {
				if err := d.Decide(t.Context(),
					DecisionInput{Check: "chk_1", Choice: history.Approve, Reason: "known_person"}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	by := map[string]int{}
	for _, d := range m.Decisions {
		by[d.Operator]++
	}
	if by["Ben"] != 5 || by["Cleo"] != 5 {
		t.Errorf("%v", by)
	}
}
