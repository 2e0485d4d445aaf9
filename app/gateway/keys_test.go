package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

const aKey = "8e03978e-40d5-43e8-bc93-6894a57f9324"

// told is the data of an answer of requests/.
func (s *served) told(id string) (told outcome, a answered) {
	s.t.Helper()
	a = s.do("GET", "/api-gateway/requests/"+id, nil)
	var got struct{ Data outcome }
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		s.t.Fatal(err)
	}
	return got.Data, a
}

// recordedChecks are the ids of all checks, and the outcomes of those that ended.
func (s *served) recordedChecks() (ids []string, outcomes []history.Outcome) {
	started, finished := s.Checks()
	for _, one := range started {
		ids = append(ids, one.Check)
	}
	for _, one := range finished {
		outcomes = append(outcomes, one.Outcome)
	}
	return ids, outcomes
}

func (s *served) until(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited too long until %s", what)
		}
	}
}

func TestTheSameKeyGivesTheSameAnswer(t *testing.T) {
	s := serve(t, &fake{}, 1)
	first := s.match(both, headerKey, `"`+aKey+`"`, "X-User-Fullname", "José Núñez")
	if first.status != 200 {
		t.Fatalf("%d %s", first.status, first.body)
	}
	reversed := []piece{both[1], both[0], {"phrase", "", "", "not part of it"}}
	for what, a := range map[string]answered{
		"again":              s.match(both, headerKey, aKey, "X-User-Fullname", "José Núñez"),
		"in another order":   s.match(reversed, headerKey, aKey, "X-User-Fullname", "José Núñez"),
		"the name in Latin1": s.match(both, headerKey, aKey, "X-User-Fullname", "Jos\xe9 N\xfa\xf1ez"),
	} {
		if a.status != 200 || a.body != first.body || a.header.Get("X-Request-Id") != first.header.Get("X-Request-Id") {
			t.Errorf("%s: %d %s %v", what, a.status, a.body, a.header)
		}
	}
	if ids, _ := s.recordedChecks(); len(ids) != 1 || !checkForm.MatchString(ids[0]) || s.Started[0].RequestDigest == "" {
		t.Errorf("recorded %v", ids)
	}
	for what, a := range map[string]answered{
		"another video": s.match([]piece{both[0], {"video", "", "", aClip + "!"}}, headerKey, aKey, "X-User-Fullname",
			"José Núñez"),
		"another image": s.match([]piece{{"image", "", "", aJPEG + "!"}, both[1]}, headerKey, aKey, "X-User-Fullname",
			"José Núñez"),
		"parts exchanged": s.match([]piece{{"image", "", "", aJPEG + aClip}, {"video", "", "", ""}}, headerKey, aKey,
			"X-User-Fullname", "José Núñez"),
		"another portrait": s.match(append([]piece{{"portrait", "", "", "1"}}, both...), headerKey, aKey,
			"X-User-Fullname", "José Núñez"),
		"another name": s.match(both, headerKey, aKey, "X-User-Fullname", "Ann"),
		"no name":      s.match(both, headerKey, aKey),
	} {
		if a.status != 422 || a.error() != errOtherRequest.text {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	// To another token it is another key.
	other, err := s.g.Tokens().Add("Counter 2")
	if err != nil {
		t.Fatal(err)
	}
	mine := s.token
	s.token = other
	if told, a := s.told(aKey); a.status != 404 {
		t.Errorf("another's request: %d %+v", a.status, told)
	}
	if told, a := s.told(first.header.Get("X-Request-Id")); a.status != 404 {
		t.Errorf("another's request: %d %+v", a.status, told)
	}
	if a := s.match(both, headerKey, aKey); a.status != 200 ||
		a.header.Get("X-Request-Id") == first.header.Get("X-Request-Id") {
		t.Errorf("another's key: %d %v", a.status, a.header)
	}
	s.token = mine
	for _, id := range []string{aKey, first.header.Get("X-Request-Id")} {
		told, a := s.told(id)
		again := asJSON(told.Answer)
		if a.status != 200 || told.Request != first.header.Get("X-Request-Id") || told.Outcome != history.Pass ||
			string(again) != first.body || told.Error != "" {
			t.Errorf("the outcome: %d %s", a.status, a.body)
		}
	}
	if ids, _ := s.recordedChecks(); len(ids) != 2 {
		t.Errorf("recorded %v", ids)
	}
	if strings.Contains(fmt.Sprintf("%+v", s.Started), aKey) || strings.Contains(s.log.String(), aKey) {
		t.Error("the key stands in a record or in the log")
	}
}

func TestKeysAndIDs(t *testing.T) {
	s := serve(t, &fake{}, 1)
	for _, key := range []string{"short", "", `""`, `"12345678`, "with blanks in it", "slashes/and/more",
		strings.Repeat("k", 129), "umläute-umläute"} {
		body, contentType := form(both...)
		r, _ := http.NewRequest("POST", s.url+"/api-gateway/match-faces", strings.NewReader(string(body)))
		r.Header = http.Header{"Authorization": {"Bearer " + s.token}, "Content-Type": {contentType}, headerKey: {key}}
		response, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != 400 || !strings.Contains(string(text), headerKey) {
			t.Errorf("%q: %d %s", key, response.StatusCode, text)
		}
	}
	if a := s.match(both, headerKey, aKey, headerKey, aKey); a.status != 400 {
		t.Errorf("twice: %d %s", a.status, a.body)
	}
	for _, id := range []string{"short", aKey, "chk_" + aKey, "chk_" + strings.ToUpper(aKey)} {
		if _, a := s.told(id); a.status != 404 || a.error() != errUnknownRequest.text {
			t.Errorf("%s: %d %s", id, a.status, a.body)
		}
	}
	if ids, _ := s.recordedChecks(); len(ids) != 0 {
		t.Errorf("recorded %v", ids)
	}
	// A check that did not come through the API is not found here.
	s.mu.Lock()
	s.Started = append(s.Started, history.Started{Check: "chk_" + aKey, Desk: "Counter 1"})
	s.mu.Unlock()
	if _, a := s.told("chk_" + aKey); a.status != 404 {
		t.Errorf("a check of this desk itself: %d %s", a.status, a.body)
	}
}

func TestTheSameKeyWhileItIsAnswered(t *testing.T) {
	f := &fake{hold: make(chan struct{})}
	s := serve(t, f, 1)
	first := make(chan answered)
	go func() { first <- s.match(both, headerKey, aKey) }()
	s.until("the check runs", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.running == 1 })
	if a := s.match(both, headerKey, aKey); a.status != 409 || a.error() != errAnswering.text ||
		a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if told, a := s.told(aKey); a.status != 200 || told.Outcome != history.Running || told.Answer != nil {
		t.Errorf("%d %s", a.status, a.body)
	}
	ids, _ := s.recordedChecks()
	if told, a := s.told(ids[0]); a.status != 200 || told.Outcome != history.Running || told.Request != ids[0] {
		t.Errorf("%d %s", a.status, a.body)
	}
	close(f.hold)
	one := <-first
	if a := s.match(both, headerKey, aKey); one.status != 200 || a.status != 200 || a.body != one.body {
		t.Errorf("%d %s, then %d %s", one.status, one.body, a.status, a.body)
	}
	if ids, _ := s.recordedChecks(); len(ids) != 1 {
		t.Errorf("recorded %v", ids)
	}
}

// TestACutConnection cuts the connection while the check runs: without a key the check is
// cancelled, with one it goes on, and its answer can be had.
func TestACutConnection(t *testing.T) {
	f := &fake{hold: make(chan struct{})}
	s := serve(t, f, 1)
	cut := func(header ...string) {
		t.Helper()
		ctx, leave := context.WithCancel(context.Background())
		body, contentType := form(both...)
		r, _ := http.NewRequestWithContext(ctx, "POST", s.url+"/api-gateway/match-faces", strings.NewReader(string(body)))
		r.Header.Set("Authorization", "Bearer "+s.token)
		r.Header.Set("Content-Type", contentType)
		if len(header) > 0 {
			r.Header.Set(header[0], header[1])
		}
		gone := make(chan error)
		go func() {
			response, err := s.client.Do(r)
			if err == nil {
				_ = response.Body.Close()
			}
			gone <- err
		}()
		s.until("the check runs", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.running == 1 })
		leave()
		if err := <-gone; err == nil {
			t.Error("there was an answer")
		}
	}
	cut()
	s.until("the check without a key is cancelled", func() bool { _, o := s.recordedChecks(); return len(o) == 1 })
	cut(headerKey, aKey)
	time.Sleep(50 * time.Millisecond) // the server notices
	if told, _ := s.told(aKey); told.Outcome != history.Running {
		t.Errorf("after the cut: %+v", told)
	}
	close(f.hold)
	s.until("the check has ended", func() bool { _, o := s.recordedChecks(); return len(o) == 2 })
	s.until("the key is free", func() bool { told, _ := s.told(aKey); return told.Outcome != history.Running })
	told, _ := s.told(aKey)
	again := s.match(both, headerKey, aKey)
	if told.Outcome != history.Pass || again.status != 200 || string(asJSON(told.Answer)) != again.body {
		t.Errorf("%+v, %d %s", told, again.status, again.body)
	}
	if _, outcomes := s.recordedChecks(); !slices.Equal(outcomes, []history.Outcome{history.Cancelled, history.Pass}) {
		t.Errorf("recorded %v", outcomes)
	}
}

// TestChecksWithoutAnAnswer asks again where the first check gave none: a file that cannot be
// used stays one, everything else is another try under the same key.
func TestChecksWithoutAnAnswer(t *testing.T) {
	f := &fake{}
	s := serve(t, f, 1)
	fail := func(key string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.problem = nil; key != "" {
			f.problem = matcher.NewProblem(key, nil, "Format", "PSD")
		}
	}
	for problem, want := range map[string]string{
		"clip.unreadable":      "the video cannot be read: it may be damaged or incomplete",
		"document.unsupported": "the image cannot be used", // the kind is not recorded
	} {
		key, _ := strings.CutPrefix(problem, "document.")
		key += "-0000"
		fail(problem)
		first := s.match(both, headerKey, key)
		fail("")
		again := s.match(both, headerKey, key)
		if first.status != 400 || again.status != 400 || again.error() != want ||
			again.header.Get("X-Request-Id") != first.header.Get("X-Request-Id") {
			t.Errorf("%s: %d %s, then %d %s", problem, first.status, first.body, again.status, again.body)
		}
		if told, _ := s.told(key); told.Outcome != history.CouldNotRun || told.Error != want {
			t.Errorf("%+v", told)
		}
	}
	for problem := range passing { // the machine was busy
		fail(problem)
		first := s.match(both, headerKey, problem)
		fail("")
		if again := s.match(both, headerKey, problem); first.status != 400 || again.status != 200 {
			t.Errorf("%s: %d %s, then %d %s", problem, first.status, first.body, again.status, again.body)
		}
	}
	before, _ := s.recordedChecks()
	fail("engine.failed")
	first := s.match(both, headerKey, aKey)
	if told, _ := s.told(aKey); first.status != 500 || told.Outcome != history.CouldNotRun ||
		told.Error != errNoAnswer.text {
		t.Errorf("%d %s, %+v", first.status, first.body, told)
	}
	if a := s.match(both[:1:1], headerKey, aKey); a.status != 400 { // it never becomes a check
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.match([]piece{both[0], {"video", "", "", "another"}}, headerKey, aKey); a.status != 422 {
		t.Errorf("%d %s", a.status, a.body)
	}
	fail("")
	second := s.match(both, headerKey, aKey)
	if told, _ := s.told(aKey); second.status != 200 || told.Outcome != history.Pass ||
		told.Request != second.header.Get("X-Request-Id") {
		t.Errorf("%d %s, %+v", second.status, second.body, told)
	}
	if ids, _ := s.recordedChecks(); len(ids) != len(before)+2 || ids[len(before)] == ids[len(before)+1] {
		t.Errorf("recorded %v", ids)
	}
}

// TestAnswersThatAreGone asks for answers that were erased or cannot be read.
func TestAnswersThatAreGone(t *testing.T) {
	s := serve(t, &fake{}, 1)
	s.match(both, headerKey, aKey)
	ids, _ := s.recordedChecks()
	d, err := s.Show(t.Context(), ids[0])
	if err != nil {
		t.Fatal(err)
	}
	gone := func(how func(*history.Detail)) {
		s.mu.Lock()
		defer s.mu.Unlock()
		d := d
		d.Raw = nil
		how(&d)
		s.Details = []history.Detail{d}
	}
	for status, how := range map[int]func(*history.Detail){
		410: func(d *history.Detail) { d.RawErased = true },
		503: func(d *history.Detail) { d.RawSealed = true },
	} {
		gone(how)
		if a := s.match(both, headerKey, aKey); a.status != status {
			t.Errorf("%d %s, want %d", a.status, a.body, status)
		}
		if told, a := s.told(aKey); a.status != 200 || told.Outcome != history.Pass || told.Answer != nil ||
			told.Error == "" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if ids, _ := s.recordedChecks(); len(ids) != 1 {
		t.Errorf("recorded %v", ids)
	}
}

func TestAPrefilledRequestAgain(t *testing.T) {
	s := serve(t, &fake{}, 1)
	session := s.do("POST", "/api-gateway/sessions/start", nil).header.Get("X-Session-ID")
	body, contentType := form(both[1])
	if a := s.do("POST", "/api-gateway/process-video", body, "Content-Type", contentType, "X-Session-ID",
		session); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	ask := func(key string) answered {
		return s.match(both[:1], headerKey, key, "X-Session-ID", session, "X-Use-Prefilled-Video", "true")
	}
	first := ask(aKey)
	s.do("POST", "/api-gateway/sessions/end/"+session, nil)
	if again := ask(aKey); first.status != 200 || again.status != 200 || again.body != first.body {
		t.Errorf("%d %s, then %d %s", first.status, first.body, again.status, again.body)
	}
	if other := ask("another-key"); other.status != 400 || other.error() != errNoVideo.text {
		t.Errorf("%d %s", other.status, other.body)
	}
}

// cutter passes connections on to an address, and cuts each after some bytes in either
// direction.
func cutter(t *testing.T, to string, after func() int64) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	t.Cleanup(func() { _ = ln.Close(); group.Wait() })
	group.Go(func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			cut := func() { _ = near.(*net.TCPConn).SetLinger(0); _ = near.Close(); _ = far.Close() }
			up, down := after(), after()
			group.Go(func() { _, _ = io.CopyN(far, near, up); cut() })
			group.Go(func() { _, _ = io.CopyN(near, far, down); cut() })
		}
	})
	return ln.Addr().String()
}

// TestCutsAtRandomBytes has connections cut in the request, while the check runs, and in the
// answer. Clients ask again under the same key until there is an answer: there is one check
// for each key.
func TestCutsAtRandomBytes(t *testing.T) {
	s := serve(t, &fake{}, 2)
	body, contentType := form(both...)
	var mu sync.Mutex
	chance := rand.New(rand.NewPCG(1, 2))
	cuts := 0
	at := cutter(t, s.addr, func() int64 {
		mu.Lock()
		defer mu.Unlock()
		cuts++
		if chance.IntN(2) == 0 {
			return chance.Int64N(900) // the answer has some 750 bytes
		}
		return chance.Int64N(int64(2 * len(body)))
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(key string) (status int, text, id string) {
		r, _ := http.NewRequest("POST", "http://"+at+"/api-gateway/match-faces", strings.NewReader(string(body)))
		r.Header = http.Header{"Authorization": {"Bearer " + s.token}, "Content-Type": {contentType}, headerKey: {key}}
		response, err := client.Do(r)
		if err != nil {
			return 0, "", ""
		}
		defer response.Body.Close()
		data, err := io.ReadAll(response.Body)
		if err != nil {
			return 0, "", ""
		}
		return response.StatusCode, string(data), response.Header.Get("X-Request-Id")
	}
	const requests = 40
	tries := 0
	for i := range requests {
		key := fmt.Sprintf("request-%04d", i)
		for status, text, id := 0, "", ""; status != 200; tries++ {
			status, text, id = ask(key)
			if status != 0 && status != 200 && status != 409 {
				t.Fatalf("%d %s", status, text)
			}
			if told, a := s.told(key); status == 200 && (told.Request != id || string(asJSON(told.Answer)) != text) {
				t.Errorf("%s: %s, %d %s", id, text, a.status, a.body)
			}
			if tries > 100*requests {
				t.Fatal("no answer comes through")
			}
		}
	}
	ids, outcomes := s.recordedChecks()
	if len(ids) != requests || len(outcomes) != requests {
		t.Errorf("%d checks for %d keys, %d ended", len(ids), requests, len(outcomes))
	}
	mu.Lock()
	t.Logf("%d requests for %d answers, %d connections", tries, requests, cuts/2)
	mu.Unlock()
	if tries < requests+10 {
		t.Errorf("only %d tries: nothing was cut", tries)
	}
}
