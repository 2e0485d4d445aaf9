package operators

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// quick is a cost for tests, which are not guessed at.
var quick = Cost{Memory: 8, Passes: 1, Lanes: 1}

const (
	adas  = "four tired horses drank"
	bens  = "violet ladders under rain"
	other = "the seventh kettle sings"
)

// clock is a clock that goes where it is told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 24, 8, 55, 0, 0, time.UTC)} }

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

func keeper(t testing.TB, folder string, now func() time.Time) *Keeper {
	t.Helper()
	return New(Params{File: filepath.Join(folder, "operators.json"), Now: now, Cost: quick})
}

func recorded(List, string) error { return nil }

// staffed is a keeper with an administrator, Ada, and an operator, Ben.
func staffed(t testing.TB, now func() time.Time) (*Keeper, string) {
	t.Helper()
	folder := t.TempDir()
	k := keeper(t, folder, now)
	must(t, k.Add(t.Context(), Operator{Name: "Ada", Role: history.RoleAdministrator}, adas, true, recorded))
	must(t, k.Add(t.Context(), Operator{Name: "Ben", Role: history.RoleOperator}, bens, false, recorded))
	return k, folder
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKey(t testing.TB, err error, key string) *matcher.Problem {
	t.Helper()
	var p *matcher.Problem
	if !errors.As(err, &p) || p.Key != key {
		t.Errorf("got %v, want %s", err, key)
		return &matcher.Problem{}
	}
	return p
}

func TestWhoBelongsHere(t *testing.T) {
	k, folder := staffed(t, time.Now)
	ctx := t.Context()
	for name, role := range map[string]history.Role{"Ada": history.RoleAdministrator, " ada ": history.RoleAdministrator,
		"ＡＤＡ": history.RoleAdministrator} {
		in, err := k.SignIn(ctx, name, adas)
		if err != nil || in.Name != "Ada" || in.Role != role || in.Failed != 0 {
			t.Errorf("%q: %+v, %v", name, in, err)
		}
	}
	_, err := k.SignIn(ctx, "Ada", bens)
	wantKey(t, err, "operators.wrong")
	_, err = k.SignIn(ctx, "Cleo", adas)
	wantKey(t, err, "operators.wrong")
	if in, err := k.SignIn(ctx, "ada", adas); err != nil || in.Failed != 1 {
		t.Errorf("%+v, %v", in, err)
	}

	must(t, os.Chmod(k.file, 0o644)) // as a copy from a backup may be
	_, err = k.SignIn(ctx, "Ada", adas)
	must(t, err)
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, e := range entries {
		info, err := e.Info()
		must(t, err)
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		must(t, err)
		if info.Mode().Perm() != 0o600 || strings.Contains(string(data), "horses") ||
			strings.Contains(string(data), "Cleo") || strings.Contains(string(data), "cleo") {
			t.Errorf("%s: %v\n%s", e.Name(), info.Mode(), data)
		}
	}
	data, err := os.ReadFile(k.file)
	must(t, err)
	if strings.Count(string(data), `"hash": "$argon2id$v=19$m=8,t=1,p=1$`) != 2 {
		t.Errorf("no costs beside the hashes: %s", data)
	}
}

// The same letters may be coded in more than one way, as keyboards do.
func TestPassphraseInAnotherCoding(t *testing.T) {
	k := keeper(t, t.TempDir(), time.Now)
	must(t, k.Add(t.Context(), Operator{Name: "José", Role: history.RoleAdministrator}, "caf\u00e9s are never quiet", true,
		recorded))
	if _, err := k.SignIn(t.Context(), "Jose\u0301", "cafe\u0301s are never quiet"); err != nil {
		t.Error(err)
	}
	_, err := k.SignIn(t.Context(), "José", "Caf\u00e9s are never quiet")
	wantKey(t, err, "operators.wrong")
}

func TestChangesOfTheList(t *testing.T) {
	ctx := t.Context()
	k := keeper(t, t.TempDir(), time.Now)
	_, err := k.SignIn(ctx, "Ada", adas)
	wantKey(t, err, "operators.none")
	wantKey(t, k.Add(ctx, Operator{Name: "Ada", Role: history.RoleOperator}, adas, true, recorded),
		"operators.first_admin")
	wantKey(t, k.Add(ctx, Operator{Name: "Ada", Role: "king"}, adas, true, recorded), "operators.role")
	must(t, k.Add(ctx, Operator{Name: "  Ada   Lovelace ", Role: history.RoleAdministrator}, adas, true, recorded))
	wantKey(t, k.Add(ctx, Operator{Name: "Eve", Role: history.RoleAdministrator}, bens, true, recorded),
		"operators.signed_out")
	wantKey(t, k.Add(ctx, Operator{Name: "ADA LOVELACE", Role: history.RoleOperator}, bens, false, recorded),
		"operators.known")
	for key, name := range map[string]string{
		"operators.no_name": " ", "operators.name": "Ada\u202e", "operators.name_long": strings.Repeat("a", maxName+1),
	} {
		wantKey(t, k.Add(ctx, Operator{Name: name, Role: history.RoleOperator}, bens, false, recorded), key)
	}
	wantKey(t, k.Remove(ctx, "Eve", recorded), "operators.unknown")
	wantKey(t, k.Remove(ctx, "ada lovelace", recorded), "operators.last_admin")
	wantKey(t, k.SetPassphrase(ctx, "Eve", bens, recorded), "operators.unknown")

	var seen List
	must(t, k.Add(ctx, Operator{Name: "Ben", Role: history.RoleAuditor}, bens, false,
		func(now List, _ string) error { seen = now; return nil }))
	now, err := k.Read()
	must(t, err)
	want := []Operator{{Name: "Ada Lovelace", Role: history.RoleAdministrator}, {Name: "Ben", Role: history.RoleAuditor}}
	if !slices.Equal(now.Operators, want) || !slices.Equal(seen.Operators, want) || seen.SHA256 != now.SHA256 ||
		len(now.SHA256) != 64 {
		t.Errorf("%+v, recorded %+v", now.Operators, seen.Operators)
	}

	in, err := k.SignIn(ctx, "Ben", bens)
	must(t, err)
	if o, still := now.Still(in); !still || o.Name != "Ben" {
		t.Error("Ben is not signed in")
	}
	must(t, k.SetPassphrase(ctx, "ben", other, recorded))
	now, err = k.Read()
	must(t, err)
	if _, still := now.Still(in); still {
		t.Error("a sign-in outlives its passphrase")
	}
	if _, still := now.Still(now.Renewed(in)); !still {
		t.Error("a sign-in that was renewed does not hold")
	}
	if _, err := k.SignIn(ctx, "Ben", other); err != nil {
		t.Error(err)
	}
	must(t, k.Remove(ctx, "BEN", recorded))
	_, err = k.SignIn(ctx, "Ben", other)
	wantKey(t, err, "operators.wrong")
}

// A change that could not be recorded is not made.
func TestChangeThatIsNotRecorded(t *testing.T) {
	ctx := t.Context()
	full := matcher.NewProblem("store.full", nil)
	k := keeper(t, t.TempDir(), time.Now)
	wantKey(t, k.Add(ctx, Operator{Name: "Ada", Role: history.RoleAdministrator}, adas, true,
		func(List, string) error { return full }), "store.full")
	if _, err := os.Stat(k.file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file is left: %v", err)
	}
	k, _ = staffed(t, time.Now)
	before, err := os.ReadFile(k.file)
	must(t, err)
	refuse := func(List, string) error { return full }
	wantKey(t, k.Remove(ctx, "Ben", refuse), "store.full")
	wantKey(t, k.SetPassphrase(ctx, "Ben", other, refuse), "store.full")
	after, err := os.ReadFile(k.file)
	must(t, err)
	if string(after) != string(before) {
		t.Error("the list changed")
	}
}

func TestListThatCannotBeUsed(t *testing.T) {
	k, _ := staffed(t, time.Now)
	good, err := os.ReadFile(k.file)
	must(t, err)
	text := string(good)
	for key, broken := range map[string][]string{
		"operators.damaged": {
			"", "{", "null", "[]", "{}", `{"version": 1}`, `{"version": 1, "operators": []}`, text + "{}", text[:len(text)/2],
			strings.Replace(text, `"administrator"`, `"operator"`, 1),
			strings.Replace(text, `"administrator"`, `"king"`, 1),
			strings.Replace(text, `"Ben"`, `"ADA"`, 1),
			strings.Replace(text, `"Ben"`, `"Ben\u202e"`, 1),
			strings.Replace(text, `"Ben"`, `""`, 1),
			strings.Replace(text, "$argon2id", "$argon2i", 1),
			strings.Replace(text, "m=8", "m=4294967295", 1),
			strings.Replace(text, "m=8", "m=0", 1),
			strings.Replace(text, "t=1", "t=0", 1),
			strings.Replace(text, "p=1", "p=0", 1),
			strings.Replace(text, "p=1", "p=300", 1),
			strings.Replace(text, `"version": 1`, `"version": 0`, 1),
		},
		"operators.newer":      {strings.Replace(text, `"version": 1`, `"version": 2`, 1)},
		"operators.unreadable": {strings.Repeat(" ", maxFile+1)},
	} {
		for _, b := range broken {
			if b == text {
				t.Fatal("the test breaks nothing")
			}
			must(t, os.WriteFile(k.file, []byte(b), 0o600))
			if list, err := k.Read(); list.Operators != nil {
				t.Errorf("%.60q gives %v", b, list.Operators)
			} else {
				wantKey(t, err, key)
			}
			_, err := k.SignIn(t.Context(), "Ada", adas)
			wantKey(t, err, key)
			wantKey(t, k.Add(t.Context(), Operator{Name: "Eve", Role: history.RoleAdministrator}, bens, true, recorded), key)
			if left, _ := os.ReadFile(k.file); string(left) != b {
				t.Errorf("%.60q was written over", b)
			}
		}
	}
	must(t, os.Remove(k.file))
	must(t, os.Mkdir(k.file, 0o700))
	_, err = k.Read()
	wantKey(t, err, "operators.unreadable")
}

func TestHashForm(t *testing.T) {
	h := hash(adas, usual)
	text, err := h.MarshalText()
	must(t, err)
	var back hashed
	must(t, back.UnmarshalText(text))
	if !reflect.DeepEqual(h, back) || !back.is(adas) || back.is(bens) ||
		!strings.HasPrefix(string(text), "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("%s", text)
	}
	if usual.Memory < 19<<10 || usual.Passes < 2 {
		t.Error("less than OWASP's least")
	}
	if other := hash(adas, quick); reflect.DeepEqual(other.salt, hash(adas, quick).salt) {
		t.Error("two hashes have one salt")
	}
	// One of the test vectors of the reference implementation.
	var reference hashed
	must(t, reference.UnmarshalText([]byte("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")))
	if !reference.is("password") || reference.is("passwort") {
		t.Error("another implementation's hash is not understood")
	}
}

func TestPassphrases(t *testing.T) {
	for key, refused := range map[string][]string{
		"operators.passphrase_short": {"", "fourteen chars", strings.Repeat("é", 14)},
		"operators.passphrase_long":  {strings.Repeat("longer than long ", 20)},
		"operators.passphrase_weak": {
			"passwordpassword", "Password1234567", "123456789012345", "abcdefghijklmnop", "aaaaaaaaaaaaaaaa",
			"correct horse battery staple",
			"qwertyuiopasdfgh", "facematch desk 1", "ada lovelace 2026", "AdaLovelace!!!!1815", "administrator 1",
			"zaqzaqzaqzaqzaq", "987654321098765",
			"                ", "welcome welcome admin", "Lovelace-Lovelace",
		},
	} {
		for _, p := range refused {
			wantKey(t, CheckPassphrase("Ada Lovelace", p), key)
		}
	}
	for _, good := range []string{
		adas, bens, other, "fifteen letters", "nur kleine worte hier", "Überraschung im Keller", "четыре усталые лошади",
		"四匹の疲れた馬が水を飲んでいました",
		"8 1 5 3 9 2 7 4 6 0 2 8 5", strings.Repeat("x7", 3) + " and a half dozen owls",
	} {
		if err := CheckPassphrase("Ada Lovelace", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestWrongAttemptsWait(t *testing.T) {
	c := newClock()
	k, folder := staffed(t, c.Now)
	ctx := t.Context()
	var waits []int
	for range 14 {
		_, err := k.SignIn(ctx, "Ben", other)
		p := wantKey(t, err, "operators.wrong")
		seconds, _ := p.Params["Seconds"].(int)
		waits = append(waits, seconds)
		if seconds == 0 {
			continue
		}
		// The right one has to wait too, in every program, and costs nothing more.
		for range 3 {
			_, err = keeper(t, folder, c.Now).SignIn(ctx, "ben", bens)
			if p := wantKey(t, err, "operators.wait"); p.Params["Seconds"] != seconds {
				t.Errorf("waits %v, was told %d", p.Params["Seconds"], seconds)
			}
		}
		// And nobody else has to.
		if _, err := k.SignIn(ctx, "Ada", adas); err != nil {
			t.Error(err)
		}
		c.add(time.Duration(seconds)*time.Second - time.Millisecond)
		_, err = k.SignIn(ctx, "Ben", bens)
		wantKey(t, err, "operators.wait")
		c.add(time.Millisecond)
	}
	if want := []int{0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300}; !slices.Equal(waits, want) {
		t.Errorf("the waits are %v, want %v", waits, want)
	}
	in, err := keeper(t, folder, c.Now).SignIn(ctx, "Ben", bens)
	if err != nil || in.Failed != 14 {
		t.Errorf("%+v, %v", in, err)
	}
	if in, err = k.SignIn(ctx, "Ben", bens); err != nil || in.Failed != 0 {
		t.Errorf("afterwards: %+v, %v", in, err)
	}
}

// A guesser learns nothing about names: an unknown one takes as long. What
// was typed is not kept, however much it is.
func TestUnknownNamesWaitToo(t *testing.T) {
	c := newClock()
	k, _ := staffed(t, c.Now)
	ctx := t.Context()
	for i, want := range []int{0, 0, 1} {
		_, err := k.SignIn(ctx, "my secret passphrase", other)
		if p := wantKey(t, err, "operators.wrong"); p.Params["Seconds"] != want {
			t.Errorf("attempt %d: %v", i, p.Params)
		}
	}
	_, err := k.SignIn(ctx, "My Secret Passphrase", other)
	wantKey(t, err, "operators.wait")
	if _, err := k.SignIn(ctx, "Ben", bens); err != nil {
		t.Error(err)
	}
	data, err := os.ReadFile(k.attempts)
	must(t, err)
	if strings.Contains(strings.ToLower(string(data)), "secret") {
		t.Errorf("%s", data)
	}
	a, keys := k.readAttempts(), map[string]bool{}
	for i := range 20 * unknownNames {
		keys[a.key(fmt.Sprint("name ", i), false)] = true
	}
	if len(keys) != unknownNames || !keys[a.key("my secret passphrase", false)] {
		t.Errorf("%d counters", len(keys))
	}
}

// A clock that is set back makes a wait begin again: it neither ends nor lasts
// until the clock is where it was.
func TestClockGoingBackwards(t *testing.T) {
	c := newClock()
	k, folder := staffed(t, c.Now)
	ctx := t.Context()
	for range 5 {
		c.add(time.Minute)
		_, err := k.SignIn(ctx, "Ben", other)
		wantKey(t, err, "operators.wrong")
	}
	c.add(-10 * 365 * 24 * time.Hour)
	_, err := k.SignIn(ctx, "Ben", bens)
	if p := wantKey(t, err, "operators.wait"); p.Params["Seconds"] != 4 {
		t.Errorf("waits %v", p.Params)
	}
	c.add(3 * time.Second)
	_, err = keeper(t, folder, c.Now).SignIn(ctx, "Ben", bens)
	if p := wantKey(t, err, "operators.wait"); p.Params["Seconds"] != 1 {
		t.Errorf("waits %v", p.Params)
	}
	c.add(time.Second)
	if in, err := k.SignIn(ctx, "Ben", bens); err != nil || in.Failed != 5 {
		t.Errorf("%+v, %v", in, err)
	}
}

// A damaged file of attempts counts as a deleted one, and locks no operator out.
func TestAttemptsThatCannotBeUsed(t *testing.T) {
	for _, broken := range []string{"", "{", "null", `{"version": 7}`,
		`{"version": 1, "salt": "AAAA", "names": {"=ben": null}}`, strings.Repeat(" ", maxFile+1)} {
		k, _ := staffed(t, time.Now)
		must(t, os.WriteFile(k.attempts, []byte(broken), 0o600))
		if _, err := k.SignIn(t.Context(), "Ben", bens); err != nil {
			t.Errorf("%.20q: %v", broken, err)
		}
	}
}

// Without counting there is no looking.
func TestAttemptsThatCannotBeWritten(t *testing.T) {
	k, _ := staffed(t, time.Now)
	must(t, os.RemoveAll(k.attempts))
	must(t, os.Mkdir(k.attempts, 0o700))
	_, err := k.SignIn(t.Context(), "Ben", bens)
	wantKey(t, err, "operators.unwritable")
}

func TestWaitForTheLockEnds(t *testing.T) {
	k, _ := staffed(t, time.Now)
	must(t, k.locked(t.Context(), func() error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := New(Params{File: k.file, Now: time.Now, Cost: quick}).SignIn(ctx, "Ben", bens)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return nil
	}))
}

// Several goroutines and processes guess no faster than one, and lose no count.
func TestGuessersAtOnce(t *testing.T) {
	const processes, each = 3, 20
	_, folder := staffed(t, time.Now)
	var wg sync.WaitGroup
	counts := make([]map[string]int, processes+1)
	for i := range processes {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^$")
			cmd.Env = append(os.Environ(), "OPERATORS_GUESS="+folder, fmt.Sprint("OPERATORS_TIMES=", each))
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("%v: %s", err, out)
				return
			}
			counts[i] = map[string]int{}
			if err := json.Unmarshal(out, &counts[i]); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	k := keeper(t, folder, time.Now)
	here := map[string]int{}
	counts[processes] = here
	var mu sync.Mutex
	for range 4 {
		wg.Go(func() {
			got := guess(k, each)
			mu.Lock()
			defer mu.Unlock()
			for key, n := range got {
				here[key] += n
			}
		})
	}
	wg.Wait()
	looked, waited := 0, 0
	for _, c := range counts {
		looked += c["operators.wrong"]
		waited += c["operators.wait"]
	}
	if looked+waited != processes*each+4*each {
		t.Errorf("of %d guesses %d were looked at and %d had to wait: %v", processes*each+4*each, looked, waited, counts)
	}
	a := k.readAttempts()
	failed := a.Names["=ben"].Failed
	// Each guess after the free ones doubles the wait: more are looked at only as
	// time goes by.
	if failed != looked || looked < freeAttempts+1 || looked > freeAttempts+8 {
		t.Errorf("%d were looked at, %d were counted", looked, failed)
	}
}

func guess(k *Keeper, times int) map[string]int {
	got := map[string]int{}
	for range times {
		_, err := k.SignIn(context.Background(), "Ben", other)
		got[matcher.AsProblem(err, "none").Key]++
	}
	return got
}

// Several programs change the list at once, and no change is lost.
func TestChangesAtOnce(t *testing.T) {
	k, folder := staffed(t, time.Now)
	const many = 12
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			name := fmt.Sprintf("Operator %d", i)
			if err := keeper(t, folder, time.Now).Add(t.Context(), Operator{Name: name, Role: history.RoleOperator}, other,
				false, recorded); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := k.Read()
	if err != nil || len(list.Operators) != many+2 {
		t.Errorf("%d operators, %v", len(list.Operators), err)
	}
}

func TestMain(m *testing.M) {
	if folder := os.Getenv("OPERATORS_GUESS"); folder != "" {
		var times int
		fmt.Sscan(os.Getenv("OPERATORS_TIMES"), &times)
		k := New(Params{File: filepath.Join(folder, "operators.json"), Now: time.Now, Cost: quick})
		if err := json.NewEncoder(os.Stdout).Encode(guess(k, times)); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// BenchmarkSignIn tells how long one attempt takes, and that an unknown name
// takes as long as one that somebody does.
func BenchmarkSignIn(b *testing.B) {
	folder := b.TempDir()
	c := newClock()
	k := New(Params{File: filepath.Join(folder, "operators.json"), Now: c.Now})
	must(b, k.Add(b.Context(), Operator{Name: "Ada", Role: history.RoleAdministrator}, adas, true, recorded))
	took := map[string]time.Duration{}
	for b.Loop() {
		for _, name := range []string{"Ada", "Nobody"} {
			c.add(longestWait)
			began := time.Now()
			_, err := k.SignIn(b.Context(), name, other)
			took[name] += time.Since(began)
			wantKey(b, err, "operators.wrong")
		}
	}
	b.ReportMetric(float64(took["Nobody"])/float64(took["Ada"]), "unknown/known")
	b.ReportMetric(took["Ada"].Seconds()*1000/float64(b.N), "ms/attempt")
}

// Names that look alike because of invisible letters are one name.
func TestUnseenLettersTellNoNamesApart(t *testing.T) {
	for _, other := range []string{"a\u200bda", "a\u00adda", "ada\u2060", "a\u034fda", "ada\ufe0f"} {
		if !Same("ada", other) {
			t.Errorf("%+q is another name", other)
		}
	}
	if Same("ada", "adda") {
		t.Error("ada and adda are one name")
	}
}
