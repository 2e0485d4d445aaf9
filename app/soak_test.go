package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/app/instance"
	"facematch/app/operators"
	"facematch/app/queue"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/matcher"
	"facematch/matcher/remote"
	"facematch/matcher/remote/standin"
	"facematch/store"
)

// The soak: remote checks against the stand-in, with the real store, queue, token
// and client in a process of their own, which is killed, cut off and denied the
// disk at random. 10 checks in the tests, 200 with FACEMATCH_SOAK=1.

const soakToken = "tok_5ecret.Value~of-the-soak"

var (
	soakPage = append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), bytes.Repeat([]byte("page"), 20_000)...)
	soakClip = append([]byte("\x00\x00\x00\x18ftypisom"), bytes.Repeat([]byte("clip"), 100_000)...)
)

func TestMain(m *testing.M) {
	if task := os.Getenv("SOAK_TASK"); task != "" {
		os.Exit(child(task))
	}
	os.Exit(m.Run())
}

// report is what the child says, a line of JSON each.
type report struct {
	Ready   bool            `json:"ready,omitempty"`
	Kept    string          `json:"kept,omitempty"`
	Check   string          `json:"check,omitempty"`
	Outcome history.Outcome `json:"outcome,omitempty"`
	Problem string          `json:"problem,omitempty"`
	Error   string          `json:"error,omitempty"` // it did not begin, or its end is not recorded
}

// deskIn opens a desk as main does, on real parts but for camera and engine.
func deskIn(ctx context.Context, home string) (*app.Desk, *store.Store, func(), error) {
	chosen, err := settings.Open(settings.Files{User: filepath.Join(home, "settings.toml")})
	if err != nil {
		return nil, nil, nil, err
	}
	here, err := instance.Begin(ctx, filepath.Join(home, "state"), home)
	if err != nil {
		return nil, nil, nil, err
	}
	log, err := os.OpenFile(filepath.Join(home, "facematch.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, nil, err
	}
	logger := slog.New(slog.NewJSONHandler(log, nil))
	s, err := store.Open(ctx, store.Params{
		Path: filepath.Join(home, "history.db"), Anchor: filepath.Join(home, "anchor.jsonl"),
		KeyFile: filepath.Join(home, "master.key"),
		Alive:   here.Alive, Now: time.Now, Log: logger,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	if _, err := s.Recover(ctx); err != nil {
		return nil, nil, nil, err
	}
	portraits := onlyPage{}
	return app.New(app.Params{
			History: s, Verified: filepath.Join(home, "verified.json"), Engine: noEngine{}, Portraits: portraits,
			Zones: apptest.Zones{}, Settings: chosen, Instance: here.ID, Version: "soak",
			OpenSource: func(settings.Camera) app.Source { return nil }, Cameras: func() []app.Camera { return nil },
			OpenHistory: func(context.Context, string) (app.Records, error) {
				return nil, errors.New("no other history was expected")
			},
			OpenAPI: func(at settings.API, token func(context.Context) (string, error)) (app.API, error) {
				return remote.New(remote.Params{
					Base: at.Base, CAFile: at.CAFile, Connect: time.Minute, TLS: time.Minute, Answer: time.Minute,
					Token: token, Portraits: portraits, Clips: sameClips{}, Version: "soak",
				})
			},
			Tokens: token.New(filepath.Join(home, "api-token.json")),
			Queue: queue.New(filepath.Join(home, "kept"), func(ctx context.Context) ([]byte, error) {
				return s.DerivedKey(ctx, "kept checks")
			}),
			Operators: operators.New(operators.Params{File: filepath.Join(home, "operators.json"), Now: time.Now}),
			Log:       logger, Now: time.Now,
		}), s, func() {
			_ = s.Close()
			_ = here.End()
			_ = log.Close()
		}, nil
}

type onlyPage struct{ matcher.PortraitFinder }

func (onlyPage) Upright(_ context.Context, document matcher.Blob, _ matcher.Portrait) (matcher.Blob, error) {
	if os.Getenv("SOAK_TASK") == "crash" {
		panic("in the middle of a call")
	}
	return document, nil
}

type noEngine struct{}

func (noEngine) Describe(context.Context) (matcher.Description, error) {
	return matcher.Description{}, nil
}
func (noEngine) Match(context.Context, matcher.Request, matcher.ProgressFunc) (matcher.Answer, error) {
	return matcher.Answer{}, errors.New("this computer's engine was asked")
}

func blobOf(b []byte) matcher.Blob {
	return matcher.Blob{Size: int64(len(b)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// child is the program that is killed: it makes one remote check of a session,
// keeps one, or sends a kept one.
func child(task string) int {
	say := func(r report) { line, _ := json.Marshal(r); fmt.Printf("%s\n", line) }
	ctx := context.Background()
	desk, _, closeAll, err := deskIn(ctx, os.Getenv("SOAK_HOME"))
	if err != nil {
		say(report{Error: err.Error()})
		return 1
	}
	defer closeAll()
	say(report{Ready: true})
	// From the mark on nothing more can be written to any file: as a full disk.
	if limit := os.Getenv("SOAK_LIMIT"); limit != "" {
		var most uint64
		_, _ = fmt.Sscan(limit, &most)
		signal.Ignore(syscall.SIGXFSZ) // the write fails instead
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			say(report{Error: err.Error()})
			return 1
		}
	}
	portrait := matcher.Portrait{Image: image.NewRGBA(image.Rect(0, 0, 1, 1)), Number: 1}
	in := app.CheckInput{
		Document: blobOf(soakPage), Portrait: &portrait, Video: blobOf(soakClip), Name: "Ada Lovelace",
		Consent: true, Session: os.Getenv("SOAK_SESSION"), Mode: history.Remote,
	}
	var check app.Check
	switch task {
	case "keep":
		kept, err := desk.Keep(ctx, &app.Attempt{Input: in})
		if err != nil {
			say(report{Error: err.Error()})
			return 1
		}
		say(report{Kept: kept.ID})
		return 0
	case "send":
		check, err = desk.SendKept(ctx, os.Getenv("SOAK_KEPT"), nil)
	default:
		check, err = desk.Check(ctx, in, nil)
	}
	r := report{Check: check.ID, Outcome: check.Outcome}
	if check.Problem != nil {
		r.Problem = check.Problem.Key
	}
	if err != nil {
		r.Error = err.Error()
	}
	say(r)
	return 0
}

// A program that crashes in the middle of a call prints what its goroutines did,
// but not the token they did it with.
func TestACrashShowsNoToken(t *testing.T) {
	home := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SOAK_TASK=crash", "SOAK_HOME="+home, "SOAK_SESSION="+app.NewSession(),
		"GOTRACEBACK=all",
		"DBUS_SESSION_BUS_ADDRESS=autolaunch:", token.Variable+"="+soakToken)
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("in the middle of a call")) ||
		!bytes.Contains(out, []byte("remote.(*Client).Match")) {
		t.Errorf("it did not crash there: %v\n%s", err, out)
	}
	if bytes.Contains(out, []byte(soakToken)) || bytes.Contains(out, []byte("Ada Lovelace")) {
		t.Errorf("the token or the name is in the crash output:\n%s", out)
	}
	noToken(t, home)
}

// attempt is one child, what was done to it and what it said.
type attempt struct {
	task, session, kept string
	fault               string
	reply               standin.Reply
	said                report
	ready               bool
}

// upcoming is how the next request is answered; one child runs at a time.
type upcoming struct {
	mu    sync.Mutex
	reply standin.Reply
}

func (u *upcoming) set(r standin.Reply) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reply = r
}

func (u *upcoming) get() standin.Reply {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.reply
}

func TestSoak(t *testing.T) {
	count := 10
	if os.Getenv("FACEMATCH_SOAK") != "" {
		count = 200
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	home := t.TempDir()
	var next upcoming
	server := standin.New(t, true, standin.Want{
		Token: soakToken, Agent: "facematch-desk/soak", Image: soakPage, Video: soakClip,
	}, func(int) standin.Reply { return next.get() })
	chosen, err := settings.Open(settings.Files{User: filepath.Join(home, "settings.toml")})
	if err != nil {
		t.Fatal(err)
	}
	base := chosen.Get()
	base.API.Base, base.API.CAFile = server.URL, server.CAFile
	if err := chosen.Save(base); err != nil {
		t.Fatal(err)
	}

	run := func(a *attempt) {
		runChild(t, random, home, &next, a)
	}
	var attempts []*attempt
	kept := map[string]string{} // session by id
	for i := range count {
		a := &attempt{task: "check", session: app.NewSession()}
		waiting := waitingItems(kept, attempts)
		switch {
		case i%4 == 1:
			a.task = "keep"
		case i%4 == 3 && len(waiting) > 0:
			a.task, a.kept = "send", waiting[random.IntN(len(waiting))]
			a.session = kept[a.kept]
		}
		injure(random, a)
		if a.task == "keep" && (a.fault == "cut" || a.fault == "cut answer") {
			a.fault, a.reply = "", standin.Reply{}
		}
		run(a)
		attempts = append(attempts, a)
		if a.said.Kept != "" {
			kept[a.said.Kept] = a.session
		}
	}
	// What is left in the queue is sent in the end, without faults.
	for range 3 {
		for _, id := range waitingItems(kept, attempts) {
			a := &attempt{task: "send", kept: id, session: kept[id]}
			run(a)
			attempts = append(attempts, a)
		}
	}
	judge(t, home, server, attempts, kept)
}

// waitingItems are the kept checks of which nobody knows yet that they are gone.
func waitingItems(kept map[string]string, attempts []*attempt) []string {
	var waiting []string
	for id := range kept {
		gone := false
		for _, a := range attempts {
			if a.kept == id && (a.said.Outcome == history.Pass || a.said.Outcome == history.Unknown ||
				strings.Contains(a.said.Error, "queue.taken") || strings.Contains(a.said.Error, "queue.gone")) {
				gone = true
			}
		}
		if !gone {
			waiting = append(waiting, id)
		}
	}
	return waiting
}

// injure chooses what is done to an attempt.
func injure(random *rand.Rand, a *attempt) {
	whole := int64(len(soakPage) + len(soakClip))
	switch random.IntN(6) {
	case 0:
	case 1, 2:
		a.fault, a.reply = "cut", standin.Reply{CutAfter: 1 + random.Int64N(whole)}
	case 3:
		a.fault, a.reply = "cut answer", standin.Reply{CutAnswer: 1 + random.IntN(200)}
	case 4:
		a.fault = "killed"
		a.reply.Delay = 20 * time.Millisecond
		if a.task != "keep" && random.IntN(2) == 0 {
			a.fault = "killed while sending"
			a.reply.At = 1 + random.Int64N(whole)
		}
	case 5:
		a.fault = "disk full"
	}
}

// runChild runs one attempt in a process of its own.
func runChild(t *testing.T, random *rand.Rand, home string, next *upcoming, a *attempt) {
	t.Helper()
	reply := a.reply
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "SOAK_TASK="+a.task, "SOAK_HOME="+home, "SOAK_SESSION="+a.session, "SOAK_KEPT="+a.kept,
		"DBUS_SESSION_BUS_ADDRESS=autolaunch:", token.Variable+"="+soakToken)
	if a.fault == "disk full" {
		largest := int64(0)
		_ = filepath.Walk(home, func(_ string, info os.FileInfo, err error) error {
			if err == nil && !info.IsDir() {
				largest = max(largest, info.Size())
			}
			return nil
		})
		// SQLite's shared memory must be there whole: it is mapped, not written.
		cmd.Env = append(cmd.Env, fmt.Sprintf("SOAK_LIMIT=%d", max(64<<10, random.Int64N(largest+100_000))))
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	started := make(chan *os.Process, 1)
	if a.fault == "killed while sending" {
		reply.Then = func() { _ = (<-started).Kill() }
	}
	next.set(reply)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	started <- cmd.Process
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var r report
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%s: %q", a.task, lines.Text())
		}
		if r.Ready {
			a.ready = true
			if a.fault == "killed" {
				time.Sleep(time.Duration(random.IntN(30_000)) * time.Microsecond)
				_ = cmd.Process.Kill()
			}
			continue
		}
		a.said = r
	}
	_ = cmd.Wait() // how it ended is the fault's affair
	if !a.ready {
		t.Errorf("%s: the program did not start: %+v %s", a.task, a.said, stderr.String())
	}
	if strings.Contains(stderr.String(), soakToken) {
		t.Error("the token is in what the program printed")
	}
	if a.fault == "" && a.said == (report{}) {
		t.Errorf("%s: the program said nothing: %s", a.task, stderr.String())
	}
}

// judge compares what the history holds with what the stand-in saw.
func judge(t *testing.T, home string, server *standin.Server, attempts []*attempt, kept map[string]string) {
	t.Helper()
	ctx := context.Background()
	desk, s, closeAll, err := deskIn(ctx, home) // which recovers, as each start does
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	if v, err := s.Verify(ctx, nil); err != nil || !v.Intact {
		t.Errorf("the history is not intact: %v, %+v", err, v)
	}
	rows, err := s.List(ctx, history.Filter{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[string][]history.Outcome{} // by session, oldest first
	byCheck := map[string]history.Outcome{}
	for i := len(rows) - 1; i >= 0; i-- {
		recorded[rows[i].Session] = append(recorded[rows[i].Session], rows[i].Outcome)
		byCheck[rows[i].Check] = rows[i].Outcome
	}
	posts := map[string]int{}
	for _, p := range server.Posts() {
		if p.Session != "" {
			posts[p.Session]++
		}
	}
	faults := map[string]int{}
	for _, a := range attempts {
		faults[a.task+", "+a.fault]++
		if a.task == "keep" {
			continue
		}
		outcomes := recorded[a.session]
		mayHaveBeenSent := false
		for _, o := range outcomes {
			if o == history.Unknown || o == history.Pass {
				mayHaveBeenSent = true
			}
		}
		if posts[a.session] > 1 {
			t.Errorf("%+v: %d POSTs", a, posts[a.session])
		}
		if posts[a.session] > 0 && !mayHaveBeenSent {
			t.Errorf("%+v: the API got something, but the history says %v", a, outcomes)
		}
		switch {
		case a.fault == "killed" || a.fault == "disk full":
			// It may have ended before, or not have begun.
		case a.fault == "killed while sending":
			if outcomes[len(outcomes)-1] != history.Unknown && posts[a.session] > 0 {
				t.Errorf("%+v: the history says %v", a, outcomes)
			}
		case strings.Contains(a.said.Error, "queue.taken") || strings.Contains(a.said.Error, "queue.gone"):
			if !mayHaveBeenSent {
				t.Errorf("%+v: it is gone, but the history says %v", a, outcomes)
			}
		case a.said.Check == "" || byCheck[a.said.Check] != a.said.Outcome:
			t.Errorf("%+v: the history says %q", a, byCheck[a.said.Check])
		case a.fault == "" && a.said.Outcome != history.Pass,
			a.fault != "" && a.said.Outcome != history.Unknown:
			t.Errorf("%+v: a wrong outcome", a)
		}
		if a.said.Check != "" && a.said.Error == "" && byCheck[a.said.Check] != a.said.Outcome {
			t.Errorf("%+v: the history says %q", a, byCheck[a.said.Check])
		}
	}
	waiting, err := desk.KeptChecks(ctx)
	if err != nil || waiting.Broken > 0 || waiting.Expired > 0 {
		t.Errorf("%v, %+v", err, waiting)
	}
	still := map[string]bool{}
	for _, k := range waiting.Checks {
		still[k.ID] = true
	}
	for id, session := range kept {
		sent := false
		for _, o := range recorded[session] {
			sent = sent || o == history.Pass || o == history.Unknown
		}
		if !sent && !still[id] {
			t.Errorf("%s is lost: the history says %v", id, recorded[session])
		}
		if sent && still[id] {
			t.Errorf("%s was sent and still waits", id)
		}
		if still[id] {
			t.Errorf("%s could not be sent in the end", id)
		}
	}
	for _, a := range attempts {
		if a.task == "keep" && a.fault == "" && a.said.Kept == "" {
			t.Errorf("%+v: not kept", a)
		}
	}
	t.Logf("%d attempts, %d POSTs, %d records of checks, %d kept; %v", len(attempts), len(server.Posts()), len(rows),
		len(kept), faults)
	noToken(t, home)
}

// noToken looks for the token in everything the program left.
func noToken(t *testing.T, home string) {
	t.Helper()
	files := 0
	err := filepath.Walk(home, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, hidden := range []string{soakToken, "Ada Lovelace"} {
			if bytes.Contains(data, []byte(hidden)) {
				t.Errorf("%q is in %s", hidden, filepath.Base(path))
			}
		}
		return err
	})
	if err != nil || files < 4 {
		t.Errorf("%d files, %v", files, err)
	}
}

// sameClips are clips that hold nothing but pictures.
type sameClips struct{}

func (sameClips) Clean(_ context.Context, clip matcher.Blob) (matcher.Blob, matcher.Cleaning, func(), error) {
	return clip, matcher.ClipRewritten, func() {}, nil
}
