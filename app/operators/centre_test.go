package operators

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"facematch/app/history"
	"facematch/matcher"
)

// office signs lists, as the centre's administrator does.
type office struct {
	t     *testing.T
	key   ed25519.PrivateKey
	line  string // the public half, as the settings have it
	file  *Keeper
	clock *clock
}

func newOffice(t *testing.T, c *clock) *office {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	file, _ := staffed(t, c.Now)
	return &office{t, private, string(ssh.MarshalAuthorizedKey(wrapped)), file, c}
}

// publish signs the list as it is now, a minute after the one before.
func (o *office) publish(branch string) history.OperatorList {
	o.t.Helper()
	o.clock.add(time.Minute)
	list, err := o.file.Read()
	if err != nil {
		o.t.Fatal(err)
	}
	signed, err := Publish(o.key, list, branch, o.clock.Now())
	if err != nil {
		o.t.Fatal(err)
	}
	return signed
}

// branchDesk is the keeper of a desk that takes its list from the centre.
func branchDesk(t *testing.T, o *office, branch string, latest func() time.Time) *Keeper {
	t.Helper()
	return New(Params{
		File: filepath.Join(t.TempDir(), "operators.json"), Now: o.clock.Now, Cost: quick, Latest: latest,
		Centre: func() Centre { return Centre{Key: o.line, Branch: branch, Days: 7} },
	})
}

func namesOf(t *testing.T, k *Keeper) (all []string) {
	t.Helper()
	list, err := k.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Operators {
		all = append(all, o.Name)
	}
	return all
}

func quiet(List) error { return nil }

// A desk works with what the centre gave last, and with nothing else.
func TestListOfTheCentre(t *testing.T) {
	c := newClock()
	o := newOffice(t, c)
	desk := branchDesk(t, o, "north", nil)
	if _, err := desk.Read(); !matcher.IsProblem(err, KeyNotYet) {
		t.Fatalf("before the first contact: %v", err)
	}
	var recorded []List
	record := func(now List) error { recorded = append(recorded, now); return nil }
	first := o.publish("north")
	for range 2 { // the second time nothing changes
		if err := desk.Take(t.Context(), first, record); err != nil {
			t.Fatal(err)
		}
	}
	if len(recorded) != 1 || len(recorded[0].Operators) != 2 || recorded[0].Centre.Branch != "north" {
		t.Fatalf("recorded %+v", recorded)
	}
	info, err := os.Stat(desk.fromCentre)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	in, err := desk.SignIn(t.Context(), "Ben", bens)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.file.Remove(t.Context(), "Ben", func(List, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	// Ben left: with the next list the one who is signed in is out.
	second := o.publish("north")
	if err := desk.Take(t.Context(), second, record); err != nil {
		t.Fatal(err)
	}
	list, err := desk.Read()
	if err != nil {
		t.Fatal(err)
	}
	if _, still := list.Still(in); still || len(recorded) != 2 {
		t.Error("who left is signed in still")
	}
	if _, err := desk.SignIn(t.Context(), "Ben", bens); !matcher.IsProblem(err, KeyWrong) {
		t.Errorf("who left signs in: %v", err)
	}
	sum, signed, fromCentre := desk.Held()
	if !fromCentre || len(sum) != 32 || !signed.Equal(list.Centre.Signed) {
		t.Errorf("held: %x, %v, %v", sum, signed, fromCentre)
	}
}

// What is not the list of this desk is refused, and the list before stays.
func TestListsThatAreRefused(t *testing.T) {
	c := newClock()
	o := newOffice(t, c)
	stranger := newOffice(t, c)
	older := o.publish("north")
	same := o.publish("north")
	for _, test := range []struct {
		name string
		list history.OperatorList
		want string
	}{
		{"another key", stranger.publish("north"), KeyListSignature},
		{"no signature", history.OperatorList{Text: o.publish("north").Text}, KeyListSignature},
		{"another text", history.OperatorList{Text: o.publish("south").Text, Signature: same.Signature}, KeyListSignature},
		{"another branch", o.publish("south"), KeyListBranch},
		{"all branches", o.publish(AllBranches), KeyListBranch},
		{"an older one", older, KeyListOlder},
	} {
		desk := branchDesk(t, o, "north", nil)
		if err := desk.Take(t.Context(), same, quiet); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(desk.fromCentre)
		if err != nil {
			t.Fatal(err)
		}
		err = desk.Take(t.Context(), test.list, func(List) error { t.Errorf("%s: recorded", test.name); return nil })
		if !matcher.IsProblem(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
		if after, _ := os.ReadFile(desk.fromCentre); !bytes.Equal(after, before) {
			t.Errorf("%s: the file was changed", test.name)
		}
		if all := namesOf(t, desk); !slices.Equal(all, []string{"Ada", "Ben"}) {
			t.Errorf("%s: %v", test.name, all)
		}
	}
	// A desk without a branch takes none but the list of all.
	desk := branchDesk(t, o, "", nil)
	if err := desk.Take(t.Context(), o.publish("north"), quiet); !matcher.IsProblem(err, KeyListBranch) {
		t.Errorf("without a branch: %v", err)
	}
	if _, err := desk.Read(); !matcher.IsProblem(err, KeyNotYet) {
		t.Errorf("after that: %v", err)
	}
}

// After the kept file was changed at the desk no operator signs in until the next contact.
func TestFileOfTheCentresListThatWasChanged(t *testing.T) {
	c := newClock()
	o := newOffice(t, c)
	desk := branchDesk(t, o, "north", nil)
	list := o.publish("north")
	for name, test := range map[string]struct {
		change func([]byte) []byte
		want   string
	}{
		"cut off":        {func(b []byte) []byte { return b[:len(b)/2] }, KeyListDamaged},
		"another letter": {func(b []byte) []byte { b[40] ^= 1; return b }, KeyListSignature},
		"empty":          {func([]byte) []byte { return nil }, KeyListDamaged},
	} {
		if err := desk.Take(t.Context(), list, quiet); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(desk.fromCentre)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(desk.fromCentre, test.change(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := desk.SignIn(t.Context(), "Ada", adas); !matcher.IsProblem(err, test.want, KeyListDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if sum, _, fromCentre := desk.Held(); sum != nil || !fromCentre {
			t.Errorf("%s: held %x", name, sum)
		}
	}
	if err := desk.Take(t.Context(), list, quiet); err != nil {
		t.Fatal(err)
	}
	if all := namesOf(t, desk); len(all) != 2 {
		t.Errorf("after the next contact: %v", all)
	}
}

// After too many days without a contact only administrators sign in, also where the clock was
// set back meanwhile.
func TestListThatIsTooOld(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		name    string
		passed  time.Duration // on the clock since the last contact
		latest  time.Duration // when the latest record was written, after that contact
		contact bool          // one in between, with the same list
		old     bool
	}{
		{"fresh", 0, 0, false, false},
		{"seven days", 7 * day, 0, false, false},
		{"eight days", 8 * day, 0, false, true},
		{"eight days with a contact", 8 * day, 0, true, false},
		{"clock set back", -400 * day, 0, false, false},
		{"clock set back after eight days", day, 8 * day, false, true},
		{"clock that was ahead", 0, 30 * day, true, false},
	} {
		c := newClock()
		o := newOffice(t, c)
		var latest time.Time
		desk := branchDesk(t, o, "north", func() time.Time { return latest })
		if err := desk.Take(t.Context(), o.publish("north"), quiet); err != nil {
			t.Fatal(err)
		}
		latest = c.Now().Add(test.latest)
		c.add(test.passed)
		if test.contact {
			if err := desk.Take(t.Context(), history.OperatorList{}, quiet); err != nil {
				t.Fatal(err)
			}
		}
		_, err := desk.SignIn(t.Context(), "Ben", bens)
		if matcher.IsProblem(err, KeyOld) != test.old || err != nil && !test.old {
			t.Errorf("%s: an operator: %v", test.name, err)
		}
		if _, err := desk.SignIn(t.Context(), "Ada", adas); err != nil {
			t.Errorf("%s: an administrator: %v", test.name, err)
		}
		if _, err := desk.SignIn(t.Context(), "Ben", adas); !matcher.IsProblem(err, KeyWrong) {
			t.Errorf("%s: a wrong passphrase: %v", test.name, err)
		}
	}
	if history.ContactOver(time.Unix(0, 0), 0, time.Now()) {
		t.Error("with no days it counts without end")
	}
}

// A desk does not change the list of the centre.
func TestTheCentresListIsNotChangedHere(t *testing.T) {
	c := newClock()
	o := newOffice(t, c)
	desk := branchDesk(t, o, "north", nil)
	if err := desk.Take(t.Context(), o.publish("north"), quiet); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"add": desk.Add(t.Context(), Operator{Name: "Cleo", Role: history.RoleAdministrator}, other, false,
			func(List, string) error { return nil }),
		"remove":     desk.Remove(t.Context(), "Ben", func(List, string) error { return nil }),
		"passphrase": desk.SetPassphrase(t.Context(), "Ada", other, func(List, string) error { return nil }),
	} {
		if !matcher.IsProblem(err, KeyOfCentre) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(desk.file); !os.IsNotExist(err) {
		t.Errorf("a list of its own was written: %v", err)
	}
}

// A list that cannot be recorded is not taken.
func TestCentresListThatIsNotRecorded(t *testing.T) {
	c := newClock()
	o := newOffice(t, c)
	desk := branchDesk(t, o, "north", nil)
	full := errors.New("the disk is full")
	fail := func(List) error { return full }
	if err := desk.Take(t.Context(), o.publish("north"), fail); !errors.Is(err, full) {
		t.Fatal(err)
	}
	if _, err := desk.Read(); !matcher.IsProblem(err, KeyNotYet) {
		t.Errorf("the first: %v", err)
	}
	if err := desk.Take(t.Context(), o.publish("north"), quiet); err != nil {
		t.Fatal(err)
	}
	before, err := desk.Read()
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Take(t.Context(), o.publish("north"), fail); !errors.Is(err, full) {
		t.Fatal(err)
	}
	after, err := desk.Read()
	if err != nil || after.SHA256 != before.SHA256 || !after.Centre.Contact.Equal(before.Centre.Contact) {
		t.Errorf("%v, %v, %v", after.Centre, before.Centre, err)
	}
}

// Several programs of one desk take the same lists while others sign in: each list is recorded
// once, in its order.
func TestTakersAtOnce(t *testing.T) {
	c := newClock()
	o := newOffice(t, c)
	folder := t.TempDir()
	lists := []history.OperatorList{o.publish("north"), o.publish("north"), o.publish("north")}
	var mu sync.Mutex
	var recorded []time.Time
	var done sync.WaitGroup
	for range 4 {
		desk := New(Params{
			File: filepath.Join(folder, "operators.json"), Now: c.Now, Cost: quick,
			Centre: func() Centre { return Centre{Key: o.line, Branch: "north", Days: 7} },
		})
		done.Go(func() {
			for _, list := range lists {
				err := desk.Take(t.Context(), list, func(now List) error {
					mu.Lock()
					defer mu.Unlock()
					recorded = append(recorded, now.Centre.Signed)
					return nil
				})
				if err != nil && !matcher.IsProblem(err, KeyListOlder) {
					t.Error(err)
				}
				if _, err := desk.SignIn(t.Context(), "Ada", adas); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	if len(recorded) == 0 || len(recorded) > len(lists) ||
		!slices.IsSortedFunc(recorded, func(a, b time.Time) int { return a.Compare(b) }) {
		t.Errorf("recorded: %v", recorded)
	}
}

// A desk that moves takes the list of its branch from then on, though the one it had was signed
// later.
func TestDeskThatMoves(t *testing.T) {
	c := newClock()
	o := newOffice(t, c)
	from := Centre{Key: o.line, Days: 7}
	desk := New(Params{
		File: filepath.Join(t.TempDir(), "operators.json"), Now: c.Now, Cost: quick, Centre: func() Centre { return from },
	})
	lists := map[string]history.OperatorList{}
	for _, branch := range []string{"south", "north", AllBranches} {
		lists[branch] = o.publish(branch)
	}
	for _, branch := range []string{"", "north", "south", ""} {
		if from.Branch = branch; branch == "" {
			branch = AllBranches
		}
		if err := desk.Take(t.Context(), lists[branch], quiet); err != nil {
			t.Errorf("%s: %v", branch, err)
		}
		if list, err := desk.Read(); err != nil || list.Centre.Branch != branch {
			t.Errorf("%s: %+v, %v", branch, list.Centre, err)
		}
	}
}

// The history knows which lists are older than one that was taken.
func TestListOlderThanTheRecordedOne(t *testing.T) {
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	list := List{Centre: &FromCentre{Signed: at, Branch: "north", Key: "SHA256:a"}}
	for name, test := range map[string]struct {
		list   List
		newest time.Time
		older  bool
	}{
		"older":    {list, at.Add(1), true},
		"the same": {list, at, false},
		"newer":    {list, at.Add(-1), false},
		"none":     {list, time.Time{}, false},
		"its own":  {List{}, at.Add(1), false},
	} {
		signed := func(_ context.Context, branch, key string) (time.Time, error) {
			if branch != "north" || key != "SHA256:a" {
				t.Errorf("%s: asked for %s, %s", name, branch, key)
			}
			return test.newest, nil
		}
		if err := test.list.NotBefore(t.Context(), signed); matcher.IsProblem(err, KeyListOlder) != test.older {
			t.Errorf("%s: %v", name, err)
		}
	}
	gone := errors.New("the history cannot be read")
	if err := list.NotBefore(t.Context(), func(context.Context, string, string) (time.Time, error) {
		return time.Time{}, gone
	}); !errors.Is(err, gone) {
		t.Errorf("a list of which the history cannot say: %v", err)
	}
}

// A list that was checked is checked anew where the settings name another key or branch.
func TestAnotherKeyForAListThatWasRead(t *testing.T) {
	c := newClock()
	o, other := newOffice(t, c), newOffice(t, c)
	from := Centre{Key: o.line, Branch: "north", Days: 7}
	desk := New(Params{
		File: filepath.Join(t.TempDir(), "operators.json"), Now: c.Now, Cost: quick, Centre: func() Centre { return from },
	})
	if err := desk.Take(t.Context(), o.publish("north"), quiet); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		centre Centre
		want   string
	}{
		{Centre{Key: o.line, Branch: "north"}, ""},
		{Centre{Key: other.line, Branch: "north", Days: 7}, KeyListSignature},
		{Centre{Key: o.line, Branch: "south", Days: 7}, KeyListBranch},
		{Centre{Key: o.line, Branch: "north", Days: 7}, ""},
	} {
		from = step.centre
		list, err := desk.Read()
		if step.want != "" {
			wantKey(t, err, step.want)
		} else if err != nil || list.Centre.Days != step.centre.Days {
			t.Errorf("%+v: %+v, %v", step.centre, list.Centre, err)
		}
	}
	// A list by the new key is taken, though the old one was signed later.
	old := o.publish("north")
	if err := desk.Take(t.Context(), old, quiet); err != nil {
		t.Fatal(err)
	}
	from.Key = other.line
	other.clock = &clock{now: c.Now().Add(-time.Hour)}
	if err := desk.Take(t.Context(), other.publish("north"), quiet); err != nil {
		t.Errorf("a list by another key: %v", err)
	}
}

// A list that no desk would take is not signed.
func TestListThatIsTooLong(t *testing.T) {
	c := newClock()
	o := newOffice(t, c)
	list, err := o.file.Read()
	if err != nil {
		t.Fatal(err)
	}
	for len(list.entries) < 20_000 {
		list.entries = append(list.entries, list.entries[1])
	}
	if _, err := Publish(o.key, list, AllBranches, c.Now()); !matcher.IsProblem(err, KeyListLong) {
		t.Error(err)
	}
	if _, err := Publish(o.key, List{}, AllBranches, c.Now()); !matcher.IsProblem(err, KeyNone) {
		t.Error(err)
	}
}
