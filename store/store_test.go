package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/matcher"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/seal"
	"facematch/store/internal/vault"
)

// memoryRing is a keyring that answers.
type memoryRing struct {
	mu      sync.Mutex
	secrets map[string]string
	sets    int
}

func (r *memoryRing) Get(user string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.secrets[user]; ok {
		return s, nil
	}
	return "", keyring.ErrNotFound
}

func (r *memoryRing) Set(user, secret string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.secrets == nil {
		r.secrets = map[string]string{}
	}
	r.secrets[user] = secret
	r.sets++
	return nil
}

// noRing is a computer without a keyring.
type noRing struct{}

func (noRing) Get(string) (string, error) { return "", secrets.ErrNoKeyring }
func (noRing) Set(string, string) error   { return secrets.ErrNoKeyring }

func testParams(dir string) Params {
	return Params{
		Path:    filepath.Join(dir, "data", "history.db"),
		Anchor:  filepath.Join(dir, "state", "anchor.jsonl"),
		KeyFile: filepath.Join(dir, "data", "master.key"),
		Alive:   func(string) bool { return false },
		Now:     time.Now,
		Log:     slog.New(slog.DiscardHandler),
	}
}

func mustOpen(t testing.TB, p Params, r vault.Ring) *Store {
	t.Helper()
	s, err := open(context.Background(), p, r)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func started(check, name string) history.Started {
	refer := 45.0
	return history.Started{
		Check: "chk_" + check, Session: "sess_" + check, Instance: "instance-1",
		Mode: history.Offline, Operator: "clerk", Desk: "Desk 3 <north>", Program: "0.1",
		Consent:     history.Consent{Processing: true, Wording: "2026-1"},
		Rules:       []matcher.Condition{{Field: "score", Op: ">=", Pass: 80, Refer: &refer}},
		Description: matcher.Description{Engine: "go-face", Models: []matcher.Model{{Name: "m", SHA256: "00"}}},
		Name:        name,
	}
}

func finished(check string, score int64, raw string) history.Finished {
	code, result := 0, true
	return history.Finished{
		Check: "chk_" + check, Session: "sess_" + check, Outcome: history.Pass, Took: time.Second,
		Code: &code, Result: &result, Status: matcher.Pass, Score: &score, Percentages: []int64{score},
		Raw: []byte(raw),
	}
}

// record writes one whole check.
func record(t testing.TB, s *Store, check, name string) {
	t.Helper()
	if err := s.Start(context.Background(), started(check, name)); err != nil {
		t.Fatalf("start: %v", err)
	}
	raw := ""
	if name != "" {
		raw = `{"who":"` + name + `"}`
	}
	if err := s.Finish(context.Background(), finished(check, 8358, raw)); err != nil {
		t.Fatalf("finish: %v", err)
	}
}

func mustVerify(t testing.TB, s *Store) history.Verdict {
	t.Helper()
	v, err := s.Verify(context.Background(), nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return v
}

func mustList(t testing.TB, s *Store, f history.Filter) []history.Row {
	t.Helper()
	rows, err := s.List(context.Background(), f)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	return rows
}

// wantKey checks that err is the problem of this key.
func wantKey(t testing.TB, err error, key string) {
	t.Helper()
	var p *matcher.Problem
	if !errors.As(err, &p) || p.Key != key {
		t.Errorf("error is %v, want the problem %s", err, key)
	}
}

func TestCheckFromStartToList(t *testing.T) {
	p := testParams(t.TempDir())
	now := time.Date(2026, 11, 22, 10, 0, 0, 123_456_789, time.FixedZone("CET", 3600))
	p.Now = func() time.Time { return now }
	p.Alive = func(instance string) bool { return instance == "instance-1" }
	s := mustOpen(t, p, &memoryRing{})

	record(t, s, "a", "Łucja O'Neil")
	if err := s.Start(context.Background(), started("b", "")); err != nil {
		t.Fatal(err)
	}
	dead := started("c", "")
	dead.Instance = "instance-0"
	if err := s.Start(context.Background(), dead); err != nil {
		t.Fatal(err)
	}
	score := int64(8358)
	at := time.Date(2026, 11, 22, 9, 0, 0, 123_000_000, time.UTC)
	code := 0
	want := []history.Row{
		{Seq: 4, Check: "chk_c", Session: "sess_c", Outcome: history.Interrupted},
		{Seq: 3, Check: "chk_b", Session: "sess_b", Outcome: history.Running},
		{Seq: 1, Check: "chk_a", Session: "sess_a", Name: "Łucja O'Neil", Outcome: history.Pass, Score: &score, Code: &code},
	}
	for i := range want {
		want[i].At, want[i].Mode, want[i].Operator, want[i].Desk = at, history.Offline, "clerk", "Desk 3 <north>"
	}
	if got := mustList(t, s, history.Filter{}); !reflect.DeepEqual(got, want) {
		t.Errorf("list is\n%+v, want\n%+v", got, want)
	}
	if got := mustList(t, s, history.Filter{Before: 4, Limit: 1}); !reflect.DeepEqual(got, want[1:2]) {
		t.Errorf("second page is %+v, want %+v", got, want[1:2])
	}
	if got := mustList(t, s, history.Filter{Before: 1}); len(got) != 0 {
		t.Errorf("the page before the first is %+v", got)
	}
	v := mustVerify(t, s)
	if !v.Intact || v.Records != 4 || !v.Anchored || v.Until != 4 || !v.Since.Equal(at) {
		t.Errorf("verdict is %+v", v)
	}
}

func TestAnswerIsSealedAndOpens(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), &memoryRing{})
	record(t, s, "a", "Ann Example")
	var nonce, ciphertext []byte
	if err := s.reader.QueryRow(`SELECT nonce, ciphertext FROM sealed WHERE record = 2 AND part = 'answer'`).Scan(&nonce,
		&ciphertext); err != nil {
		t.Fatal(err)
	}
	var keyNonce, wrapped []byte
	if err := s.reader.QueryRow(`SELECT nonce, wrapped FROM session_key WHERE session = 'sess_a'`).Scan(&keyNonce,
		&wrapped); err != nil {
		t.Fatal(err)
	}
	master, err := s.vault.Master(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal.Open(master, keyNonce, wrapped, seal.KeyBinding(s.id, "sess_a"))
	if err != nil {
		t.Fatal(err)
	}
	clear, err := seal.Open(key, nonce, ciphertext, seal.PartBinding("sess_a", "chk_a", seal.Answer))
	if err != nil || string(clear) != `{"who":"Ann Example"}` {
		t.Errorf("answer is %q, %v", clear, err)
	}
	for what, bound := range map[string][]byte{
		"another part":    seal.PartBinding("sess_a", "chk_a", seal.Name),
		"another check":   seal.PartBinding("sess_a", "chk_b", seal.Answer),
		"another session": seal.PartBinding("sess_b", "chk_a", seal.Answer),
	} {
		if _, err := seal.Open(key, nonce, ciphertext, bound); err == nil {
			t.Errorf("the answer opens as that of %s", what)
		}
	}
	if _, err := seal.Open(key, nonce[:5], ciphertext, nil); err == nil {
		t.Error("a short nonce opens")
	}
}

// TestEndWithoutAnswerNeedsNoKey records that a check was cancelled though the
// key is gone meanwhile.
func TestEndWithoutAnswerNeedsNoKey(t *testing.T) {
	p := testParams(t.TempDir())
	if err := mustOpen(t, p, &memoryRing{}).Start(context.Background(), started("a", "")); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, p, &memoryRing{}) // another keyring
	wantKey(t, s.Finish(context.Background(), finished("a", 8358, "{}")), "store.key_lost")
	if err := s.Finish(context.Background(), finished("a", 8358, "")); err != nil {
		t.Errorf("an end without an answer: %v", err)
	}
}

func TestPersonalPartsNowhereInClear(t *testing.T) {
	dir := t.TempDir()
	p := testParams(dir)
	s := mustOpen(t, p, noRing{})
	const name = "Zaphodine Quxworthy"
	for i := range 20 {
		record(t, s, fmt.Sprint(i), name)
	}
	if got := mustList(t, s, history.Filter{Limit: 1})[0].Name; got != name {
		t.Fatalf("name is %q", got)
	}
	key, err := os.ReadFile(p.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	master, err := vault.ParseKey(string(key))
	if err != nil {
		t.Fatal(err)
	}
	search := func(when string) {
		files := 0
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path == p.KeyFile {
				return err
			}
			files++
			data, err := os.ReadFile(path)
			for _, secret := range [][]byte{[]byte("Zaphodine"), []byte("Quxworthy"), []byte(`"who"`), bytes.TrimSpace(key),
				master} {
				if bytes.Contains(data, secret) {
					t.Errorf("%s: %s holds a secret in clear", when, filepath.Base(path))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := 3; files < want { // database, log, anchor at least
			t.Errorf("%s: only %d files were searched", when, files)
		}
	}
	if info, err := os.Stat(p.Path + "-wal"); err != nil || info.Size() == 0 {
		t.Fatalf("the write-ahead log is not there to be searched: %v", err)
	}
	search("open")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	search("closed")
}

func TestSettings(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	ctx := context.Background()
	if _, ok, err := s.LastSettings(ctx); ok || err != nil {
		t.Errorf("settings of an empty history: %v, %v", ok, err)
	}
	for _, how := range []string{"first seen", "by hand"} {
		if err := s.Settings(ctx, history.SettingsChange{How: how, SHA256: "ab"}); err != nil {
			t.Fatal(err)
		}
	}
	record(t, s, "a", "")
	got, ok, err := s.LastSettings(ctx)
	if want := (history.SettingsChange{How: "by hand", SHA256: "ab"}); !reflect.DeepEqual(got, want) || !ok || err != nil {
		t.Errorf("last settings are %+v, %v, %v", got, ok, err)
	}
	if _, ok, err := s.LastOperators(ctx); ok || err != nil {
		t.Errorf("operators nobody set up: %v, %v", ok, err)
	}
	ada := history.SettingsChange{
		How: history.ChangedOperators, SHA256: "cd", Actor: &history.Actor{Operator: "system"}, Change: history.OperatorAdded,
		Changed:   "Ada",
		Operators: []history.Operator{{Name: "Ada", Role: history.RoleAdministrator}},
	}
	if err := s.Settings(ctx, ada); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := s.LastOperators(ctx); !reflect.DeepEqual(got, ada) || !ok || err != nil {
		t.Errorf("last operators are %+v, %v, %v", got, ok, err)
	}
	if got, _, _ := s.LastSettings(ctx); got.How != "by hand" {
		t.Errorf("last settings are %+v", got)
	}
}

func TestCheckEndsOnce(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	ctx := context.Background()
	record(t, s, "a", "")
	wantKey(t, s.Start(ctx, started("a", "")), "store.check_known")
	wantKey(t, s.Finish(ctx, finished("a", 1, "")), "store.check_ended")
	wantKey(t, s.Finish(ctx, finished("b", 1, "")), "store.check_unknown")
	if err := s.Start(ctx, started("c", "")); err != nil {
		t.Fatal(err)
	}
	f := finished("c", 1, "")
	f.Session = "sess_a"
	if err := s.Finish(ctx, f); err == nil {
		t.Error("a check ended in another session")
	}
	f = finished("c", 1, "")
	f.Outcome = history.Running
	if err := s.Finish(ctx, f); err == nil {
		t.Error("a check ended as running")
	}
	if n, err := s.Recover(ctx); n != 1 || err != nil {
		t.Errorf("recovered %d, %v", n, err)
	}
	wantKey(t, s.Finish(ctx, finished("c", 1, "")), "store.check_ended")
	if err := s.Start(ctx, history.Started{}); err == nil {
		t.Error("a check without an id started")
	}
	if v := mustVerify(t, s); v.Records != 4 || !v.Intact {
		t.Errorf("refused records left a trace: %+v", v)
	}
}

func TestRecover(t *testing.T) {
	p := testParams(t.TempDir())
	p.Alive = func(instance string) bool { return instance == "alive" }
	stores := []*Store{mustOpen(t, p, noRing{}), mustOpen(t, p, noRing{})}
	ctx := context.Background()
	const each = 10
	for i := range each {
		for _, instance := range []string{"alive", "dead"} {
			st := started(fmt.Sprint(instance, i), "")
			st.Instance = instance
			if err := stores[0].Start(ctx, st); err != nil {
				t.Fatal(err)
			}
		}
	}
	counts := make([]int, len(stores))
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var err error
			if counts[i], err = s.Recover(ctx); err != nil {
				t.Errorf("recover: %v", err)
			}
		}()
	}
	wg.Wait()
	if counts[0]+counts[1] != each {
		t.Errorf("two programs recovered %v, want %d in all", counts, each)
	}
	outcomes := map[history.Outcome]int{}
	for _, r := range mustList(t, stores[0], history.Filter{}) {
		outcomes[r.Outcome]++
	}
	if want := map[history.Outcome]int{history.Running: each,
		history.Interrupted: each}; !reflect.DeepEqual(outcomes, want) {
		t.Errorf("outcomes are %v, want %v", outcomes, want)
	}
	if v := mustVerify(t, stores[1]); !v.Intact || v.Records != 3*each {
		t.Errorf("verdict is %+v", v)
	}
	if err := stores[0].Finish(ctx, finished("alive0", 1, "")); err != nil {
		t.Errorf("a living check cannot end: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	for i := range 5 {
		record(t, s, fmt.Sprint(i), "A Name")
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err := s.Verify(ctx, func(p matcher.Progress) { cancel() }) // at the first report
	if !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v, want cancelled", err)
	}
	if _, err := s.List(ctx, history.Filter{}); !errors.Is(err, context.Canceled) {
		t.Errorf("list: %v, want cancelled", err)
	}
	if err := s.Start(ctx, started("x", "")); !errors.Is(err, context.Canceled) {
		t.Errorf("start: %v, want cancelled", err)
	}
	record(t, s, "after", "") // the one writer is free
	if v := mustVerify(t, s); !v.Intact || v.Records != 12 {
		t.Errorf("verdict is %+v", v)
	}
}

func TestTwoStoresWriteAtOnce(t *testing.T) {
	p := testParams(t.TempDir())
	r := &memoryRing{}
	stores := []*Store{mustOpen(t, p, r), mustOpen(t, p, r)}
	const writers, each = 4, 8
	var wg sync.WaitGroup
	for w := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := stores[w%len(stores)]
			for i := range each {
				check := fmt.Sprintf("%d-%d", w, i)
				if err := s.Start(context.Background(), started(check, "Name "+check)); err != nil {
					t.Errorf("start: %v", err)
				}
				if _, err := s.List(context.Background(), history.Filter{Limit: 3}); err != nil {
					t.Errorf("list: %v", err)
				}
				if err := s.Finish(context.Background(), finished(check, 8000, "{}")); err != nil {
					t.Errorf("finish: %v", err)
				}
			}
		}()
	}
	wg.Wait()
	if r.sets != 1 {
		t.Errorf("%d master keys were made, want 1", r.sets)
	}
	for _, s := range stores {
		if v := mustVerify(t, s); !v.Intact || v.Records != 2*writers*each || v.Until != v.Records {
			t.Errorf("verdict is %+v", v)
		}
		if err := s.AnchorProblem(); err != nil {
			t.Errorf("anchor: %v", err)
		}
		rows := mustList(t, s, history.Filter{})
		if len(rows) != writers*each {
			t.Errorf("%d checks are listed", len(rows))
		}
		for _, r := range rows {
			if r.Sealed || r.Name != "Name "+r.Check[len("chk_"):] || r.Outcome != history.Pass {
				t.Errorf("row is %+v", r)
			}
		}
	}
}

// TestManyRecords fills a history in few transactions, and reads it.
func TestManyRecords(t *testing.T) {
	const records = 10_000
	s := mustOpen(t, testParams(t.TempDir()), &memoryRing{})
	fill(t, s, records)

	var seen int64
	before := int64(0)
	for {
		rows := mustList(t, s, history.Filter{Before: before, Limit: 700})
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			if before != 0 && r.Seq >= before {
				t.Fatalf("row %d comes after %d", r.Seq, before)
			}
			if r.Name == "" || r.Outcome != history.Pass {
				t.Fatalf("row is %+v", r)
			}
			before = r.Seq
			seen++
		}
	}
	if seen != records/2 {
		t.Errorf("the pages hold %d checks, want %d", seen, records/2)
	}
	var last matcher.Progress
	v, err := s.Verify(context.Background(), func(p matcher.Progress) {
		if p.Done < last.Done || p.Stage != "verifying" {
			t.Errorf("progress %+v after %+v", p, last)
		}
		last = p
	})
	if err != nil || !v.Intact || v.Records != records || last.Done != records || last.Total != records {
		t.Errorf("verdict is %+v, %v; last progress %+v", v, err, last)
	}
}

// fill adds checks of two records each, many to a transaction.
func fill(t testing.TB, s *Store, records int) {
	t.Helper()
	ctx := context.Background()
	master, err := s.vault.Master(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := nametoken.New(master, s.id)
	if err != nil {
		t.Fatal(err)
	}
	err = s.append(ctx, func(ctx context.Context, a *appending) error {
		for i := range records / 2 {
			st := started(fmt.Sprint(i), "A Name")
			sealed, err := a.sealParts(ctx, master, s.id, st.Session, st.Check,
				[]seal.Clear{{Name: seal.Name, Text: []byte(st.Name)}})
			if err != nil {
				return err
			}
			if err := a.add(ctx, struct {
				header
				history.Started
				seals
			}{a.header(history.KindStarted), st, sealsOf(sealed)}, sealed); err != nil {
				return err
			}
			if err := a.addTokens(ctx, searched[seal.Name], hasher, st.Session, st.Name); err != nil {
				return err
			}
			if err := a.add(ctx, struct {
				header
				history.Finished
			}{a.header(history.KindFinished), finished(fmt.Sprint(i), 8358, "")}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sent starts a check and says that its request goes out.
func sent(t *testing.T, s *Store, check, kept string) history.Started {
	t.Helper()
	st := started(check, "Name "+check)
	st.Kept = kept
	if err := s.Start(context.Background(), st); err != nil {
		t.Fatal(err)
	}
	if err := s.Sending(context.Background(),
		history.Sending{Check: st.Check, Session: st.Session, Host: "api.test", Kept: kept}); err != nil {
		t.Fatal(err)
	}
	return st
}

func TestACheckThatWasSentAndHasNoEndIsUnknown(t *testing.T) {
	dir := t.TempDir()
	p := testParams(dir)
	s := mustOpen(t, p, noRing{})
	sent(t, s, "sent", "")
	if err := s.Start(context.Background(), started("unsent", "Name")); err != nil {
		t.Fatal(err)
	}
	s.alive = func(string) bool { return false }
	want := func(when string) {
		t.Helper()
		rows := mustList(t, s, history.Filter{})
		if rows[0].Outcome != history.Interrupted || rows[1].Outcome != history.Unknown {
			t.Errorf("%s: %s, %s", when, rows[0].Outcome, rows[1].Outcome)
		}
	}
	want("before anybody recovers")
	if n, err := s.Recover(context.Background()); n != 2 || err != nil {
		t.Errorf("%d recovered, %v", n, err)
	}
	want("after")
}

func TestSendingBelongsToARunningCheck(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	st := sent(t, s, "a", "")
	ctx := context.Background()
	wantKey(t, s.Sending(ctx, history.Sending{Check: "chk_none", Session: st.Session}), "store.check_unknown")
	if err := s.Sending(ctx, history.Sending{Check: st.Check, Session: "sess_other"}); err == nil {
		t.Error("a check is sent in another session")
	}
	if err := s.Finish(ctx, history.Finished{Check: st.Check, Session: st.Session, Outcome: history.Pass}); err != nil {
		t.Fatal(err)
	}
	wantKey(t, s.Sending(ctx, history.Sending{Check: st.Check, Session: st.Session}), "store.check_ended")
	if v, err := s.Verify(ctx, nil); err != nil || !v.Intact {
		t.Errorf("%v, %+v", err, v)
	}
}

func TestTaken(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		end  *matcher.Exchange
		ends bool
		want bool
	}{
		"no end":             {want: true},
		"an end, no call":    {ends: true},
		"not reached":        {ends: true, end: &matcher.Exchange{}},
		"refused":            {ends: true, end: &matcher.Exchange{Reached: true, Answered: true, Refused: true}},
		"answered":           {ends: true, end: &matcher.Exchange{Reached: true, Answered: true}, want: true},
		"reached, no answer": {ends: true, end: &matcher.Exchange{Reached: true}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, testParams(t.TempDir()), noRing{})
			st := sent(t, s, "a", "kept_1")
			if c.ends {
				if err := s.Finish(ctx, history.Finished{Check: st.Check, Session: st.Session, Outcome: history.CouldNotRun,
					Remote: c.end}); err != nil {
					t.Fatal(err)
				}
			}
			for kept, want := range map[string]bool{"kept_1": c.want, "kept_2": false} {
				if taken, err := s.Taken(ctx, st.Session, kept); taken != want || err != nil {
					t.Errorf("%s: %v, %v", kept, taken, err)
				}
			}
		})
	}
}

func TestDerivedKeys(t *testing.T) {
	ctx := context.Background()
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	one, err := s.DerivedKey(ctx, "one")
	master, err0 := s.vault.Master(ctx, false)
	two, err2 := s.DerivedKey(ctx, "two")
	again, err3 := mustOpen(t, p, noRing{}).DerivedKey(ctx, "one")
	if err := errors.Join(err0, err, err2, err3); err != nil {
		t.Fatal(err)
	}
	if len(one) != seal.KeySize || bytes.Equal(one, two) || !bytes.Equal(one, again) || bytes.Equal(one, master) {
		t.Error("keys are not what they must be")
	}
}
