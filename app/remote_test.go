package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/matcher"
	"facematch/matcher/remote"
	"facematch/matcher/remote/standin"
)

// tokens keeps a token in memory.
type tokens struct{ token string }

func (k *tokens) Get(base, _ string) (string, token.Place, error) {
	if k.token == "" {
		return "", token.None, matcher.NewProblem("token.none", nil)
	}
	return k.token, token.Keyring, nil
}

func (k *tokens) Set(_, secret, _ string) (token.Place, error) {
	k.token = secret
	return token.Keyring, nil
}

func (k *tokens) Clear(string) error { k.token = ""; return nil }

// upright takes each document for its page, as it came.
type upright struct{ finder }

func (upright) Upright(_ context.Context, document matcher.Blob, _ matcher.Portrait) (matcher.Blob, error) {
	return document, nil
}

const secret = "tok_5ecret.Value"

var (
	pageBytes = append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), bytes.Repeat([]byte("page"), 10_000)...)
	clipBytes = append([]byte("\x00\x00\x00\x18ftypisom"), bytes.Repeat([]byte("clip"), 50_000)...)
)

func wanted() standin.Want {
	return standin.Want{Token: secret, Agent: "facematch-desk/test", Image: pageBytes, Video: clipBytes}
}

func inMemory(b []byte) matcher.Blob {
	return matcher.Blob{Name: "Jane Doe.jpg", Size: int64(len(b)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b)), nil
	}}
}

// onceFilmed gives a capture that records a clip as the camera does.
func onceFilmed(t *testing.T) (CaptureFunc, string) {
	path := filepath.Join(t.TempDir(), "clip.mp4")
	return func(context.Context, bool, matcher.ProgressFunc) (Captured, error) {
		return Captured{Clip: &matcher.Clip{Video: OpenFile(path)}}, os.WriteFile(path, clipBytes, 0o600)
	}, path
}

// remoteDesk is a desk at a stand-in.
func remoteDesk(t *testing.T, engine *scripted, s *standin.Server) (*Desk, *apptest.History) {
	t.Helper()
	d, m, _ := desk(t, engine)
	d.p.Portraits = upright{finder{portrait: matcher.Portrait{Image: image.NewRGBA(image.Rect(0, 0, 1, 1)), Number: 1}}}
	d.p.Tokens = &tokens{secret}
	d.p.OpenAPI = func(at settings.API, token func(context.Context) (string, error)) (API, error) {
		return remote.New(remote.Params{
			Base: at.Base, CAFile: at.CAFile, Connect: time.Minute, TLS: time.Minute,
			Answer: time.Duration(at.AnswerSeconds) * time.Second,
			Token:  token, Portraits: d.p.Portraits, Clips: sameClips{}, Version: "test",
		})
	}
	at(t, d, s.URL)
	return d, m
}

func at(t *testing.T, d *Desk, base string) {
	t.Helper()
	chosen := d.Settings()
	chosen.API.Base, chosen.Matching.Mode = base, history.Remote
	if err := d.p.Settings.Save(chosen); err != nil {
		t.Fatal(err)
	}
}

func remoteInput(t *testing.T) (CheckInput, string) {
	capture, clip := onceFilmed(t)
	return CheckInput{Document: inMemory(pageBytes), Capture: capture, Name: "Ada Lovelace", Consent: true}, clip
}

func is(path string) bool { _, err := os.Stat(path); return err == nil }

// TestRemoteCheckIsRecorded is the table of what is recorded of each answer.
func TestRemoteCheckIsRecorded(t *testing.T) {
	no := func(old, new string) string { return strings.Replace(standin.Sample, old, new, 1) }
	for name, tt := range map[string]struct {
		reply   standin.Reply
		outcome history.Outcome
		problem string
		record  string // stands in the finished record
		raw     string // of the sealed body; empty: none
		unsent  bool
	}{
		"pass": {standin.Reply{Head: "X-Request-Id: req-1\r\n"}, history.Pass, "", `"request_id":"req-1"`,
			standin.Sample, false},
		"refer": {standin.Reply{Body: no(`"status": "pass"`, `"status": "refer"`)}, history.Refer, "",
			`"status":"refer","score":8358`, "refer", false},
		"fail, though result is true": {standin.Reply{Body: no(`"status": "pass"`, `"status": "fail"`)}, history.Fail, "",
			`"result":true,"status":"fail"`, "fail", false},
		"not compared, though status is pass": {standin.Reply{Body: no(`"code": 0, "description": "Successful check",
          "percentages"`, `"code": 2, "description": "x", "percentages"`)}, history.NotCompared, "",
			`"code":2,"anchor_code":0,"target_code":0,"result":true,"status":"pass","score":8358`, `"code": 2`, false},
		"no status": {standin.Reply{Body: `{"data":{"code":0,"result":true,"score":99}}`}, history.CouldNotRun,
			"remote.no_status", `"absent":["anchor.code","target.code","status"]`, `"score":99`, false},
		"no codes": {standin.Reply{Body: `{"data":{"score":99},"scoring_result":{"status":"pass"}}`}, history.Pass, "",
			`"status":"pass","score":9900`, `"score":99`, false},
		"huge scores": {standin.Reply{Body: `{"data":{"score":1e300,"percentages":[-1e300]},"scoring_result":{"status":"pass"}}`}, history.Pass, "", `"score":9007199254740992,"percentages":[-9007199254740992]`, `1e300`, false},
		"400": {standin.Reply{Status: 400, Body: `{"error":"bad"}`}, history.CouldNotRun, "remote.bad_request",
			`"http_status":400`, `{"error":"bad"}`, false},
		"401": {standin.Reply{Status: 401, Body: secret}, history.CouldNotRun, "remote.token",
			`"refused":true,"http_status":401`, `[token]`, true},
		"429": {standin.Reply{Status: 429}, history.CouldNotRun, "remote.too_many", `"http_status":429`, "", true},
		"502": {standin.Reply{Status: 502, Body: "<html>"}, history.CouldNotRun, "remote.server",
			`"answered":true,"http_status":502`, "<html>", false},
		"cut": {standin.Reply{CutAfter: 1000}, history.Unknown, "remote.cut", `"reached":true,"answered":false`,
			"", false},
		"silent": {standin.Reply{Delay: time.Hour}, history.Unknown, "remote.silent", `"reached":true,"answered":false`,
			"", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := standin.New(t, true, wanted(), func(int) standin.Reply { return tt.reply })
			engine := &scripted{}
			d, m := remoteDesk(t, engine, s)
			chosen := d.Settings()
			chosen.API.CAFile = s.CAFile
			if name == "silent" {
				chosen.API.AnswerSeconds = 2
			}
			if err := d.p.Settings.Save(chosen); err != nil {
				t.Fatal(err)
			}
			in, clip := remoteInput(t)
			check, err := d.Check(context.Background(), in, nil)
			if err != nil {
				t.Fatal(err)
			}
			finished := m.Finished[0]
			record, err := json.Marshal(finished)
			if err != nil {
				t.Fatal(err)
			}
			if check.Outcome != tt.outcome || finished.Outcome != tt.outcome || finished.Problem != tt.problem ||
				!bytes.Contains(record, []byte(tt.record)) {
				t.Errorf("%s, %s", check.Outcome, record)
			}
			if !bytes.Contains(finished.Raw, []byte(tt.raw)) || (tt.raw == "") != (len(finished.Raw) == 0) {
				t.Errorf("sealed: %q", finished.Raw)
			}
			if (check.Unsent != nil) != tt.unsent || is(clip) != tt.unsent {
				t.Errorf("unsent %v, the clip is there: %v", check.Unsent != nil, is(clip))
			}
			if len(m.Sent) != 1 || m.Sent[0].Host != Host(s.URL) || len(s.Posts()) > 1 {
				t.Errorf("%+v, %d posts", m.Sent, len(s.Posts()))
			}
			if started := m.Started[0]; started.Mode != history.Remote || started.Description.Engine != remote.EngineName ||
				started.Consent.Wording != RemoteConsentWording {
				t.Errorf("%+v", started)
			}
			if bytes.Contains(record, []byte("Ada")) || bytes.Contains(append(record, finished.Raw...), []byte(secret)) {
				t.Errorf("a name or the token is in %s or %s", record, finished.Raw)
			}
			if engine.asked.Session != "" {
				t.Error("this computer's engine was asked")
			}
		})
	}
}

func TestNameIsSentWithItsConsentOnly(t *testing.T) {
	for _, send := range []bool{false, true} {
		w := wanted()
		if send {
			w.Name = "Ada Lovelace"
		}
		s := standin.New(t, false, w, nil)
		d, m := remoteDesk(t, &scripted{}, s)
		in, _ := remoteInput(t)
		in.SendName = send
		check, err := d.Check(context.Background(), in, nil)
		if err != nil || check.Outcome != history.Pass || m.Started[0].Consent.SendName != send {
			t.Errorf("%v, %+v", err, check)
		}
	}
}

// What could not be sent is tried again, decided here, or kept; with the same
// clip, in the same session, never by itself.
func TestWhatTheAPIHasNotTaken(t *testing.T) {
	s := standin.New(t, false, wanted(), nil)
	s.Close()
	engine := &scripted{answer: compared(t, nil, 90)}
	d, m := remoteDesk(t, engine, s)
	in, clip := remoteInput(t)
	check, err := d.Check(context.Background(), in, nil)
	if err != nil || check.Outcome != history.CouldNotRun || check.Problem.Key != "remote.unreachable" ||
		check.Unsent == nil || !is(clip) {
		t.Fatalf("%v, %+v", err, check)
	}
	again, err := d.Retry(context.Background(), check.Unsent, history.Remote, nil)
	if err != nil || again.Unsent == nil || again.Session != check.Session || !is(clip) || len(m.Started) != 2 {
		t.Fatalf("%v, %+v", err, again)
	}
	offline, err := d.Retry(context.Background(), again.Unsent, history.Offline, nil)
	if err != nil || offline.Outcome != history.Pass || offline.Session != check.Session ||
		m.Started[2].Mode != history.Offline || is(clip) {
		t.Errorf("%v, %+v", err, offline)
	}
	if m.Started[2].Consent.SendName {
		t.Error("a name is said to be sent where this computer decides")
	}
	if m.Started[2].Consent.Wording != RemoteConsentWording {
		t.Error("the wording is not the one the person agreed to")
	}
	if len(engine.asked.Video.Path) == 0 || len(s.Posts()) != 0 {
		t.Error("the engine got no clip, or something was sent")
	}
}

func TestKeptCheckIsSentOnce(t *testing.T) {
	s := standin.New(t, false, wanted(), nil)
	d, m := remoteDesk(t, &scripted{}, s)
	good := s.URL
	at(t, d, "http://127.0.0.1:1")
	in, clip := remoteInput(t)
	in.DocumentFrom, in.Reference = history.FromCamera, " 4711 "
	film := in.Capture
	in.Capture = func(ctx context.Context, asFile bool, p matcher.ProgressFunc) (Captured, error) {
		captured, err := film(ctx, asFile, p)
		captured.Virtual = "v4l2 loopback"
		return captured, err
	}
	referring(t, d, settings.Reference{Name: "Case"})
	check, err := d.Check(context.Background(), in, nil)
	if err != nil || check.Unsent == nil {
		t.Fatal(err)
	}
	referring(t, d, settings.Reference{}) // what the person agreed to stays as it was
	kept, err := d.Keep(context.Background(), check.Unsent)
	if err != nil || is(clip) {
		t.Fatalf("%v, the clip is still there: %v", err, is(clip))
	}
	list, err := d.KeptChecks(context.Background())
	if err != nil || len(list.Checks) != 1 || list.Checks[0] != kept || kept.Name != "Ada Lovelace" ||
		kept.Check != check.ID {
		t.Fatalf("%v, %+v", err, list)
	}
	// Still no connection: it stays.
	tried, err := d.SendKept(context.Background(), kept.ID, nil)
	if list, _ := d.KeptChecks(context.Background()); err != nil || tried.Outcome != history.CouldNotRun ||
		len(list.Checks) != 1 {
		t.Fatalf("%v, %+v", err, tried)
	}
	at(t, d, good)
	sent, err := d.SendKept(context.Background(), kept.ID, nil)
	if err != nil || sent.Outcome != history.Pass || sent.Session != check.Session {
		t.Fatalf("%v, %+v", err, sent)
	}
	started := m.Started[len(m.Started)-1]
	if started.Reference != "4711" || m.Finished[len(m.Finished)-1].VirtualCamera != "v4l2 loopback" {
		t.Errorf("reference %q, camera %q", started.Reference, m.Finished[len(m.Finished)-1].VirtualCamera)
	}
	if started.Kept != kept.ID || started.DocumentFrom != history.FromCamera ||
		started.Consent.Wording != RemoteConsentWording {
		t.Errorf("%+v", started)
	}
	if list, err := d.KeptChecks(context.Background()); err != nil || len(list.Checks) != 0 {
		t.Errorf("%v, %+v", err, list)
	}
	if _, err := d.SendKept(context.Background(), kept.ID, nil); matcher.AsProblem(err, "").Key != "queue.gone" {
		t.Error(err)
	}
	if len(s.Posts()) != 1 {
		t.Errorf("%d posts", len(s.Posts()))
	}
}

// A kept check whose sending was cut, or during which the program ended, is never
// sent again.
func TestKeptCheckThatMayHaveBeenSent(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *Desk, *apptest.History, *standin.Server, KeptCheck){
		"cut": func(t *testing.T, d *Desk, _ *apptest.History, _ *standin.Server, kept KeptCheck) {
			if sent, err := d.SendKept(context.Background(), kept.ID, nil); err != nil || sent.Outcome != history.Unknown {
				t.Errorf("%v, %+v", err, sent)
			}
		},
		"the program ended": func(_ *testing.T, _ *Desk, m *apptest.History, _ *standin.Server, kept KeptCheck) {
			m.Sent = append(m.Sent, history.Sending{Check: "chk_1", Session: kept.Session, Kept: kept.ID})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := standin.New(t, false, wanted(), func(int) standin.Reply { return standin.Reply{CutAfter: 5000} })
			d, m := remoteDesk(t, &scripted{}, s)
			kept, err := d.Keep(context.Background(),
				&Attempt{Input: CheckInput{Document: inMemory(pageBytes), Video: inMemory(clipBytes), Session: NewSession(),
					Consent: true}})
			if err != nil {
				t.Fatal(err)
			}
			end(t, d, m, s, kept)
			posts := len(s.Posts())
			_, err = d.SendKept(context.Background(), kept.ID, nil)
			if key := matcher.AsProblem(err, "").Key; key != "queue.taken" && key != "queue.gone" {
				t.Error(err)
			}
			if list, _ := d.KeptChecks(context.Background()); len(list.Checks) != 0 || len(s.Posts()) != posts {
				t.Errorf("%+v, %d posts", list, len(s.Posts()))
			}
		})
	}
}

func TestKeptChecksExpire(t *testing.T) {
	s := standin.New(t, false, wanted(), nil)
	d, _ := remoteDesk(t, &scripted{}, s)
	if _, err := d.Keep(context.Background(),
		&Attempt{Input: CheckInput{Document: inMemory(pageBytes), Video: inMemory(clipBytes),
			Session: NewSession()}}); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Duration(d.Settings().API.KeepDays)*24*time.Hour + time.Minute)
	d.p.Now = func() time.Time { return later }
	list, err := d.KeptChecks(context.Background())
	if err != nil || len(list.Checks) != 0 || list.Expired != 1 {
		t.Errorf("%v, %+v", err, list)
	}
}

// While a session is on legal hold, its kept check cannot be deleted: not by hand, and not because
// its time is over.
func TestKeptChecksOnHold(t *testing.T) {
	s := standin.New(t, false, wanted(), nil)
	d, m := remoteDesk(t, &scripted{}, s)
	var kept []KeptCheck
	for range 2 {
		k, err := d.Keep(t.Context(), &Attempt{Input: CheckInput{Document: inMemory(pageBytes), Video: inMemory(clipBytes),
			Session: NewSession()}})
		must(t, err)
		kept = append(kept, k)
	}
	must(t, d.Hold(t.Context(), kept[0].Session, true, "a court asked"))
	wantKey(t, d.DropKept(t.Context(), kept[0].ID), history.KeySessionHeld)
	later := time.Now().Add(time.Duration(d.Settings().API.KeepDays)*24*time.Hour + time.Minute)
	d.p.Now = func() time.Time { return later }
	for _, k := range kept { // of a list that was made before
		_, err := d.SendKept(t.Context(), k.ID, nil)
		wantKey(t, err, "queue.expired")
	}
	if len(s.Posts()) != 0 {
		t.Errorf("%d sent", len(s.Posts()))
	}
	for expired := range 2 { // the second time the other one is gone
		list, err := d.KeptChecks(t.Context())
		if err != nil || len(list.Checks) != 0 || list.Held != 1 || list.Expired != 1-expired {
			t.Errorf("%v, %+v", err, list)
		}
	}
	if _, _, _, err := d.p.Queue.Open(t.Context(), kept[0].ID); err != nil {
		t.Errorf("the one on hold: %v", err)
	}
	m.OnHold = nil // lifted
	if list, err := d.KeptChecks(t.Context()); err != nil || list.Expired != 1 || list.Held != 0 {
		t.Errorf("%v, %+v", err, list)
	}
}

func TestCancelAfterBytesWereSentIsUnknown(t *testing.T) {
	s := standin.New(t, false, wanted(), func(int) standin.Reply { return standin.Reply{Delay: time.Hour} })
	d, m := remoteDesk(t, &scripted{}, s)
	in, clip := remoteInput(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	check, err := d.Check(ctx, in, func(p matcher.Progress) {
		if p.Stage == matcher.StageWaiting {
			cancel()
		}
	})
	if err != nil || check.Outcome != history.Unknown || check.Problem.Key != "remote.cancelled" ||
		m.Finished[0].Outcome != history.Unknown || is(clip) {
		t.Errorf("%v, %+v", err, check)
	}
}

func TestNothingGoesOutThatIsNotRecorded(t *testing.T) {
	s := standin.New(t, false, wanted(), nil)
	d, m := remoteDesk(t, &scripted{}, s)
	in, _ := remoteInput(t)
	in.Capture = func(context.Context, bool, matcher.ProgressFunc) (Captured, error) {
		m.Refuse = matcher.NewProblem("store.full", nil) // the disk fills up meanwhile
		return Captured{Clip: &matcher.Clip{Video: inMemory(clipBytes)}}, nil
	}
	check, err := d.Check(context.Background(), in, nil)
	if err != nil || check.Outcome != history.CouldNotRun || check.Problem.Key != "store.full" || len(s.Posts()) != 0 {
		t.Errorf("%v, %+v, %d posts", err, check, len(s.Posts()))
	}
}

// The program's own words say whether pictures are kept, so they are other words.
func TestWordingWherePicturesAreKept(t *testing.T) {
	s := settings.Default()
	seen := map[string]bool{}
	for _, kept := range []bool{false, true} {
		s.Privacy.KeepImages = kept
		for _, mode := range []history.Mode{history.Offline, history.Remote} {
			seen[wordingOf(s, mode)] = true
		}
	}
	if len(seen) != 4 || !seen[ConsentWording] || !seen[RemoteConsentWording] {
		t.Errorf("the versions are %v", seen)
	}
	for agreed, may := range map[string]bool{
		ConsentWording: false, RemoteConsentWording: false, ConsentWording + PicturesWording: true,
		RemoteConsentWording + PicturesWording: true,
	} {
		if mayKeepPictures(s, agreed) != may {
			t.Errorf("agreed to %q, pictures may be kept: %v", agreed, !may)
		}
	}
	s.Consent.Processing = "own"
	if got := wordingOf(s, history.Offline); got != Wording(s.Consent, history.Offline) {
		t.Errorf("own words are called %q", got)
	}
}

func TestWordingOfConsent(t *testing.T) {
	d, m, _ := desk(t, &scripted{err: errors.New("enough seen")})
	seen := map[string]bool{ConsentWording: true, RemoteConsentWording: true}
	for i, words := range []settings.Consent{{Processing: "one"}, {Processing: "one", SendName: "two"},
		{Processing: "onetwo"}} {
		next := d.Settings()
		next.Consent.Processing, next.Consent.SendName = words.Processing, words.SendName
		if err := d.SaveSettings(context.Background(), next); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Check(context.Background(), CheckInput{Consent: true}, nil); err != nil {
			t.Fatal(err)
		}
		wording := m.Started[i].Consent.Wording
		changed := m.Changes[i].Consent
		if seen[wording] || changed == nil || changed.Wording != wording || changed.Processing != words.Processing ||
			d.Settings().Consent.Version != i+1 {
			t.Errorf("%q, %+v", wording, changed)
		}
		seen[wording] = true
	}
	next := d.Settings()
	next.Desk = "Desk 7"
	if err := d.SaveSettings(context.Background(), next); err != nil || d.Settings().Consent.Version != 3 {
		t.Errorf("%v, version %d", err, d.Settings().Consent.Version)
	}
}

// sameClips are clips that hold nothing but pictures.
type sameClips struct{}

func (sameClips) Clean(_ context.Context, clip matcher.Blob) (matcher.Blob, matcher.Cleaning, func(), error) {
	return clip, matcher.ClipRewritten, func() {}, nil
}
