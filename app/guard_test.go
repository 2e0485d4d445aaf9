package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"facematch/app/access"
	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/settings"
	"facematch/matcher"
)

// clock is a clock that goes where it is told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// The operators of a staffed desk, one of each role.
var staff = map[string]struct {
	role       history.Role
	passphrase string
}{
	"Ada":  {history.RoleAdministrator, "four tired horses drank"},
	"Ben":  {history.RoleOperator, "violet ladders under rain"},
	"Cleo": {history.RoleReviewer, "the seventh kettle sings"},
	"Dora": {history.RoleAuditor, "no owl counts its feathers"},
}

// staffed is a desk with an operator of each role, none of whom is signed in. Its
// clock stands.
func staffed(t *testing.T) (*Desk, *apptest.History, *clock) {
	t.Helper()
	d, m, _ := desk(t, &scripted{})
	c := &clock{now: time.Date(2026, 11, 24, 8, 55, 0, 0, time.UTC)}
	d.p.Now = c.Now
	d.Guard = newGuard(d.p)
	ctx := t.Context()
	must(t, d.AddOperator(ctx, "Ada", history.RoleAdministrator, staff["Ada"].passphrase))
	as(t, d, "Ada")
	for _, name := range []string{"Ben", "Cleo", "Dora"} {
		must(t, d.AddOperator(ctx, name, staff[name].role, staff[name].passphrase))
	}
	d.SignOut()
	return d, m, c
}

// as signs somebody in.
func as(t *testing.T, d *Desk, name string) {
	t.Helper()
	must(t, d.SignIn(t.Context(), name, staff[name].passphrase))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKey(t *testing.T, err error, key string) {
	t.Helper()
	var p *matcher.Problem
	if !errors.As(err, &p) || p.Key != key {
		t.Errorf("got %v, want %s", err, key)
	}
}

// again is another program on the same history, settings and operators.
func again(t *testing.T, d *Desk) *Desk {
	t.Helper()
	p := d.p
	p.Instance = "ins_2"
	p.Operators = operators.New(operators.Params{File: operatorsFile(d), Now: p.Now,
		Cost: operators.Cost{Memory: 8, Passes: 1, Lanes: 1}})
	return New(p)
}

// operatorsFile is where the operators of a desk from desk() lie.
func operatorsFile(d *Desk) string {
	return reflect.ValueOf(d.p.Operators).Elem().FieldByName("file").String()
}

func TestSingleUser(t *testing.T) {
	d, m, _ := desk(t, &scripted{})
	who, in := d.Who()
	if !d.SingleUser() || !in || who.Operator != access.SystemUser() || who.SignedIn || who.Role != "" ||
		who.Instance != "ins_1" || who.Program != "test" {
		t.Errorf("%+v, %v", who, in)
	}
	for _, a := range access.Actions {
		if !d.May(a) {
			t.Errorf("may not %s", a)
		}
	}
	if _, err := d.Check(t.Context(), CheckInput{Consent: true}, nil); err != nil || m.Started[0].SignedIn ||
		m.Started[0].Operator != access.SystemUser() {
		t.Errorf("%v, %+v", err, m.Started)
	}
	wantKey(t, d.SignIn(t.Context(), "Ada", "whatever it may be"), "operators.none")
	wantKey(t, d.SetPassphrase(t.Context(), "Ada", "whatever it may be"), "operators.none")
	if all, err := d.Operators(); err != nil || all != nil {
		t.Errorf("%v, %v", all, err)
	}
}

// From the first operator on everybody signs in, also in a program that runs.
func TestFirstOperator(t *testing.T) {
	d, m, _ := desk(t, &scripted{})
	running := again(t, d)
	ctx := t.Context()
	wantKey(t, d.AddOperator(ctx, "Ben", history.RoleOperator, staff["Ben"].passphrase), "operators.first_admin")
	must(t, d.AddOperator(ctx, " Ada ", history.RoleAdministrator, staff["Ada"].passphrase))
	for _, d := range []*Desk{d, running} {
		if _, in := d.Who(); d.SingleUser() || in {
			t.Error("somebody is in")
		}
		wantKey(t, d.Allow(ctx, access.Check), "operators.signed_out")
		wantKey(t, d.AddOperator(ctx, "Eve", history.RoleAdministrator, staff["Ben"].passphrase), "operators.signed_out")
	}
	if len(m.Changes) != 1 {
		t.Fatalf("%+v", m.Changes)
	}
	c := m.Changes[0]
	if c.How != history.ChangedOperators || c.Change != history.OperatorAdded || c.Changed != "Ada" || c.Actor == nil ||
		c.Operator != access.SystemUser() ||
		len(c.Operators) != 1 || c.SHA256 == "" {
		t.Errorf("%+v", c)
	}
	as(t, d, "Ada")
	if who, in := d.Who(); !in || who.Operator != "Ada" || !who.SignedIn || who.Role != history.RoleAdministrator {
		t.Errorf("%+v", who)
	}
	if s := m.SignIns; len(s) != 1 || s[0].Operator != "Ada" || s[0].Role != history.RoleAdministrator || !s[0].SignedIn ||
		s[0].For != "" || s[0].Desk != d.Settings().Desk {
		t.Errorf("%+v", s)
	}
	if _, in := running.Who(); in {
		t.Error("signing in at one program signs in at another")
	}
}

func TestSignInIsRecordedWithTheWrongAttemptsBefore(t *testing.T) {
	d, m, _ := staffed(t)
	before := len(m.SignIns)
	for range 2 {
		wantKey(t, d.SignIn(t.Context(), "Ben", "this one is not right"), "operators.wrong")
	}
	as(t, d, "Ben")
	if s := m.SignIns[before:]; len(s) != 1 || s[0].Failed != 2 || s[0].Operator != "Ben" {
		t.Errorf("%+v", s)
	}
	d.SignOut()
	if _, in := d.Who(); in {
		t.Error("Ben is still in")
	}
	// Who cannot be recorded does not come in.
	m.Refuse = matcher.NewProblem("store.full", nil)
	wantKey(t, d.SignIn(t.Context(), "Ben", staff["Ben"].passphrase), "store.full")
	if d.May(access.Check) {
		t.Error("Ben is in, and nobody knows")
	}
}

func TestChecksAreTheOperators(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Ben")
	_, err := d.Check(t.Context(), CheckInput{Consent: true}, nil)
	must(t, err)
	if s := m.Started[0]; s.Operator != "Ben" || !s.SignedIn {
		t.Errorf("%+v", s)
	}
	as(t, d, "Ada")
	s := d.Settings()
	s.Desk = "Desk 9"
	must(t, d.SaveSettings(t.Context(), s))
	if c := m.Changes[len(m.Changes)-1]; c.Actor == nil || c.Operator != "Ada" || c.How != history.ChangedInWindow {
		t.Errorf("%+v", c)
	}
}

// The door does not open by taking it out.
func TestListThatIsGone(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Ada")
	file := operatorsFile(d)
	good, err := os.ReadFile(file)
	must(t, err)
	fresh := again(t, d)
	for key, spoil := range map[string]func() error{
		"operators.missing": func() error { return os.Remove(file) },
		"operators.damaged": func() error { return os.WriteFile(file, []byte(`{"version": 1, "operators": []}`), 0o600) },
	} {
		must(t, spoil())
		for name, d := range map[string]*Desk{"running": d, "just started": fresh} {
			must(t, d.NoticeSettings(t.Context()))
			records := len(m.Changes)
			for _, a := range access.Actions {
				wantKey(t, d.Allow(t.Context(), a), key)
			}
			if _, in := d.Who(); in || d.SingleUser() {
				t.Errorf("%s, %s: somebody is in", key, name)
			}
			wantKey(t, d.SignIn(t.Context(), "Ada", staff["Ada"].passphrase), key)
			wantKey(t, d.AddOperator(t.Context(), "Eve", history.RoleAdministrator, staff["Ben"].passphrase), key)
			_, err := d.Check(t.Context(), CheckInput{Consent: true}, nil)
			wantKey(t, err, key)
			if len(m.Changes) != records || len(m.Started) != 0 {
				t.Error("something was recorded")
			}
		}
		must(t, os.WriteFile(file, good, 0o600))
		as(t, fresh, "Ada")
	}
}

// silent is a history that cannot say whether operators are set up.
type silent struct{ History }

func (silent) LastOperators(context.Context) (history.SettingsChange, bool, error) {
	return history.SettingsChange{}, false, matcher.NewProblem("store.damaged", nil)
}

// Where the history cannot say whether operators are set up, nobody may assume
// that they are not.
func TestHistoryThatCannotSay(t *testing.T) {
	d, _, _ := desk(t, &scripted{})
	d.p.History = silent{d.p.History}
	d.Guard = newGuard(d.p)
	if _, in := d.Who(); in || d.SingleUser() {
		t.Error("somebody is in")
	}
	wantKey(t, d.Allow(t.Context(), access.Check), "store.damaged")
}

func TestOperatorsChangedByHandAreNoticed(t *testing.T) {
	d, m, _ := staffed(t)
	must(t, d.NoticeSettings(t.Context()))
	if c, _, _ := m.LastOperators(t.Context()); c.Change != history.OperatorAdded || c.Changed != "Dora" {
		t.Fatalf("%+v", c)
	}
	file := operatorsFile(d)
	data, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, append(data, '\n'), 0o600))
	for range 2 {
		must(t, again(t, d).NoticeSettings(t.Context()))
	}
	c, _, _ := m.LastOperators(t.Context())
	if c.Change != history.OperatorsByHand || c.Actor != nil || len(c.Operators) != len(staff) {
		t.Errorf("%+v", c)
	}
	by := 0
	for _, c := range m.Changes {
		if c.Change == history.OperatorsByHand {
			by++
		}
	}
	if by != 1 {
		t.Errorf("noticed %d times", by)
	}
	// A list that came with the history's folder is noticed too.
	fresh, mine, settingsFile := desk(t, &scripted{})
	must(t, os.WriteFile(filepath.Join(filepath.Dir(settingsFile), "operators.json"), data, 0o600))
	must(t, fresh.NoticeSettings(t.Context()))
	if c, found, _ := mine.LastOperators(t.Context()); !found || c.Change != history.OperatorsByHand {
		t.Errorf("%+v", c)
	}
}

func TestOwnPassphrase(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Ben")
	const next = "eleven quiet pianos fell"
	// Also not for the moment of the change, when somebody looks.
	done, looked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(looked)
		for {
			if who, in := d.Who(); !in || who.Operator != "Ben" {
				t.Error("Ben is out, who does it")
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	}()
	must(t, d.SetPassphrase(t.Context(), "ben", next))
	close(done)
	<-looked
	if who, in := d.Who(); !in || who.Operator != "Ben" {
		t.Error("Ben is out, who did it")
	}
	if c := m.Changes[len(m.Changes)-1]; c.Change != history.OperatorPassphrase || c.Changed != "Ben" ||
		c.Operator != "Ben" {
		t.Errorf("%+v", c)
	}
	wantKey(t, d.SetPassphrase(t.Context(), "Cleo", next), "operators.may_not")
	other := again(t, d)
	must(t, other.SignIn(t.Context(), "Ben", next))
	as(t, d, "Ada")
	must(t, d.SetPassphrase(t.Context(), "Ben", "nine soft hammers wait"))
	wantKey(t, other.Allow(t.Context(), access.Check), "operators.signed_out")
}

func TestWhoIsRemovedIsOut(t *testing.T) {
	d, _, _ := staffed(t)
	other := again(t, d)
	as(t, other, "Ben")
	as(t, d, "Ada")
	must(t, d.RemoveOperator(t.Context(), " BEN "))
	if c, _, _ := d.p.History.LastOperators(t.Context()); c.Change != history.OperatorRemoved || c.Changed != "Ben" ||
		c.Operator != "Ada" || len(c.Operators) != 3 {
		t.Errorf("%+v", c)
	}
	wantKey(t, other.Allow(t.Context(), access.Check), "operators.signed_out")
	wantKey(t, d.RemoveOperator(t.Context(), "Ada"), "operators.last_admin")
	// Another role is in force at once too.
	as(t, other, "Cleo")
	must(t, d.RemoveOperator(t.Context(), "Cleo"))
	must(t, d.AddOperator(t.Context(), "Cleo", history.RoleAuditor, staff["Cleo"].passphrase))
	wantKey(t, other.Allow(t.Context(), access.Check), "operators.signed_out")
}

func TestLockAfterIdleTime(t *testing.T) {
	d, _, c := staffed(t)
	as(t, d, "Ben")
	c.add(9*time.Minute + 59*time.Second)
	d.Touch()
	c.add(9*time.Minute + 59*time.Second)
	if !d.May(access.Check) {
		t.Fatal("locked too early")
	}
	c.add(time.Second)
	wantKey(t, d.Allow(t.Context(), access.Check), "operators.locked")
	who, in := d.Who()
	if in || who.Operator != "Ben" || who.SignedIn {
		t.Errorf("%+v, %v", who, in)
	}
	d.Touch()                // has no effect on others
	c.add(-30 * time.Minute) // nor does the clock
	wantKey(t, d.Allow(t.Context(), access.Check), "operators.locked")
	wantKey(t, d.SignIn(t.Context(), "Ben", "this one is not right"), "operators.wrong")
	wantKey(t, d.Allow(t.Context(), access.Check), "operators.locked")
	as(t, d, "Ben")
	if !d.May(access.Check) {
		t.Error("still locked")
	}
	c.add(10 * time.Minute)
	d.Touch() // comes too late
	wantKey(t, d.Allow(t.Context(), access.Check), "operators.locked")
	as(t, d, "Cleo") // instead of Ben
	if who, in := d.Who(); !in || who.Operator != "Cleo" {
		t.Errorf("%+v", who)
	}
}

func TestLockNever(t *testing.T) {
	d, _, c := staffed(t)
	as(t, d, "Ada")
	s := d.Settings()
	s.Operators.LockMinutes = 0
	must(t, d.SaveSettings(t.Context(), s))
	c.add(1000 * time.Hour)
	if !d.May(access.Settings) {
		t.Error("locked")
	}
	s.Operators.LockMinutes = 1
	must(t, d.SaveSettings(t.Context(), s))
	d.Stay() // as a program does that serves others
	c.add(time.Hour)
	if !d.May(access.Settings) {
		t.Error("a program nobody sits at is locked")
	}
	for _, wrong := range []int{-1, 24*60 + 1} {
		s.Operators.LockMinutes = wrong
		wantKey(t, d.SaveSettings(t.Context(), s), "settings.lock_minutes")
	}
	if settings.Default().Operators.LockMinutes != 10 {
		t.Error("the usual time is another one")
	}
}

// A computer that slept for an hour was away for an hour, though its own clock, by
// which Go measures, stood still.
func TestLockAfterSleep(t *testing.T) {
	d, _, _ := staffed(t)
	now := time.Now()
	d.p.Now = func() time.Time { return now }
	d.Guard = newGuard(d.p)
	as(t, d, "Ben")
	now = now.Round(0).Add(time.Hour) // by the wall clock alone
	wantKey(t, d.Allow(t.Context(), access.Check), "operators.locked")
}

// A check that runs while the lock falls goes on, and is recorded as its
// operator's.
func TestLockDuringACheck(t *testing.T) {
	d, m, c := staffed(t)
	as(t, d, "Ben")
	check, err := d.Check(t.Context(),
		CheckInput{Consent: true, Capture: func(context.Context, bool, matcher.ProgressFunc) (Captured, error) {
			c.add(time.Hour)
			wantKey(t, d.Allow(t.Context(), access.Check), "operators.locked")
			return Captured{}, matcher.NewProblem("camera.lost", nil)
		}}, nil)
	if err != nil || check.Outcome != history.CouldNotRun || len(m.Finished) != 1 || m.Started[0].Operator != "Ben" {
		t.Errorf("%v, %+v", err, check)
	}
	_, err = d.Check(t.Context(), CheckInput{Consent: true}, nil)
	wantKey(t, err, "operators.locked")
}

// A double click on the button is no wrong attempt.
func TestSameSignInTwiceAtOnce(t *testing.T) {
	d, m, _ := staffed(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := d.SignIn(t.Context(), "Ben", staff["Ben"].passphrase); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range m.SignIns {
		if s.Failed != 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestGuardFromManyGoroutines(t *testing.T) {
	d, _, c := staffed(t)
	var wg sync.WaitGroup
	for _, name := range []string{"Ada", "Ben", "Cleo", "Dora"} {
		wg.Go(func() {
			for range 5 {
				if err := d.SignIn(t.Context(), name, staff[name].passphrase); err != nil {
					t.Error(err)
				}
				d.Who()
				d.May(access.History)
				d.SingleUser()
			}
		})
		wg.Go(func() {
			for range 50 {
				d.Touch()
				c.add(time.Second)
				d.SignOut()
			}
		})
	}
	wg.Wait()
}

// A window asks many times at once what somebody may do. The list of operators may
// lie on a share that is slow: only an action waits for it.
func TestAskingDoesNotWaitForTheDisk(t *testing.T) {
	const slow = 300 * time.Millisecond
	d, _, _ := staffed(t)
	var mu sync.Mutex
	reads := 0
	p := d.p
	p.Operators = operators.New(operators.Params{
		File: operatorsFile(d), Now: p.Now, Cost: operators.Cost{Memory: 8, Passes: 1, Lanes: 1},
		ReadFile: func(path string) ([]byte, error) {
			mu.Lock()
			reads++
			mu.Unlock()
			time.Sleep(slow)
			return os.ReadFile(path)
		},
	})
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return reads
	}
	d = New(p)
	as(t, d, "Ben")
	// What one menu, one result and one look at the history ask.
	ask := func() time.Duration {
		begun := time.Now()
		for range 10 {
			for _, a := range access.Actions {
				d.May(a)
			}
			d.Who()
			d.SingleUser()
			d.Names()
			d.Seconds()
		}
		return time.Since(begun)
	}
	before := count()
	took := ask()
	t.Logf("%d questions took %v, with a file that takes %v to read", 10*(len(access.Actions)+4), took, slow)
	if took > slow/2 || count() != before {
		t.Errorf("asking took %v and read the file %d times", took, count()-before)
	}
	time.Sleep(access.RereadAfter)
	if took = ask(); took > slow/2 {
		t.Errorf("asking after a while took %v", took)
	}
	time.Sleep(2 * slow)
	if n := count() - before; n != 1 {
		t.Errorf("after a while the file was read %d times, want once", n)
	}
	// Doing something goes by the list as it is.
	before = count()
	if err := d.Allow(t.Context(), access.Check); err != nil || count() == before {
		t.Errorf("%v, the file was read %d times", err, count()-before)
	}
}

// Whatever changes the list elsewhere is known to who does something at once, and
// to who asks soon after.
func TestAListThatChangedIsKnown(t *testing.T) {
	d, _, _ := staffed(t)
	as(t, d, "Ben")
	other := again(t, d)
	as(t, other, "Ada")
	if !d.May(access.Check) {
		t.Fatal("Ben may not check")
	}
	must(t, other.RemoveOperator(t.Context(), "Ben"))
	wantKey(t, d.Allow(t.Context(), access.Check), "operators.signed_out")
	if _, in := d.Who(); in || d.May(access.Check) || slices.Contains(d.Names(), "Ben") {
		t.Error("Ben is still in")
	}
	if slices.Contains(other.Names(), "Ben") {
		t.Error("who removed Ben still sees the name")
	}
	// Only asked: known after a while.
	if !slices.Contains(d.Names(), "Ada") || slices.Contains(d.Names(), "Zoe") {
		t.Fatalf("the names are %q", d.Names())
	}
	must(t, other.AddOperator(t.Context(), "Zoe", history.RoleOperator, "a long enough passphrase"))
	for deadline := time.Now().Add(10 * time.Second); !slices.Contains(d.Names(),
		"Zoe"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a new operator is not known")
		}
	}
}
