package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
)

func TestAnswerHasThePublishedShape(t *testing.T) {
	s := serve(t, &fake{}, 1)
	a := s.match(both, "X-User-Fullname", "José Núñez")
	want := `{"data":{"anchor":{"code":0,"description":"Successful check"},"code":0,"description":"Successful check",` +
		`"percentages":[87.49,84.12,83.35,81.35,81.43,84.94,83.79,82.17],"result":true,"score":83.58,"target":{"code":0,"description":"Successful check"}},` +
		`"scoring_result":{"failed_conditions":[],"failed_refer_conditions":[],"status":"pass"},"score":83.58,"message":"faces match result is here"}` + "\n"
	if a.status != 200 || a.body != want {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if string(s.image) != aJPEG || string(s.video) != aClip {
		t.Error("the engine got other files than were sent")
	}
	st, end := s.Started[0], s.Finished[0]
	switch {
	case a.header.Get("X-Request-Id") != st.Check:
		t.Errorf("X-Request-Id %s is not the check's id %s", a.header.Get("X-Request-Id"), st.Check)
	case st.Desk != "Counter 1" || !st.Served || st.Mode != history.Offline || st.Name != "José Núñez":
		t.Errorf("recorded %+v", st)
	case st.Consent != history.Consent{Processing: true, Wording: app.AssertedConsent}:
		t.Errorf("consent %+v", st.Consent)
	case end.Outcome != history.Pass || !app.ValidSession(st.Session):
		t.Errorf("recorded %+v in session %q", end, st.Session)
	}
}

func TestRequestsOfEveryKind(t *testing.T) {
	s := serve(t, &fake{}, 1)
	impatient(s)
	session := app.NewSession()
	reversed := []piece{both[1], both[0]}
	for name, c := range map[string]struct {
		pieces []piece
		header []string
		status int
		text   string // the error's
	}{
		"parts in the other order": {reversed, nil, 200, ""},
		"types that say nothing": {[]piece{{"image", "", "", aJPEG}, {"video", "x", "application/octet-stream", aClip}},
			nil, 200, ""},
		"parts nobody knows":       {append([]piece{{"phrase", "", "", "1 2 3"}}, both...), nil, 200, ""},
		"a session nobody started": {both, []string{"X-Session-ID", session}, 200, ""},
		"name in Latin-1":          {both, []string{"X-User-Fullname", "Jos\xe9"}, 200, ""},
		"prefilled: false":         {both, []string{"X-Use-Prefilled-Video", "false"}, 200, ""},
		"portrait no number": {append([]piece{{"portrait", "", "", "two"}}, both...), nil, 400,
			"the part portrait is no number from 1"},
		"portrait 0": {append([]piece{{"portrait", "", "", "0"}}, both...), nil, 400,
			"the part portrait is no number from 1"},
		"portrait too long": {append([]piece{{"portrait", "", "", strings.Repeat("1", 1025)}}, both...), nil, 413,
			"the part portrait is larger than 1 KB"},
		"portrait not there": {append([]piece{{"portrait", "", "", "9"}}, both...), nil, 400,
			"the image has no face with the number in the part portrait: it shows 0"},
		"no video":    {both[:1], nil, 400, "the part video is missing"},
		"no image":    {both[1:], nil, 400, "the part image is missing"},
		"no part":     {nil, nil, 400, "the part image is missing"},
		"image twice": {append(both[:1:1], both...), nil, 400, "the part image came twice"},
		"name with a line break": {both, []string{"X-User-Fullname", "a\u0085b"}, 400,
			"X-User-Fullname is no name: letters in UTF-8 or Latin-1, no control characters, at most 200"},
		"name too long": {both, []string{"X-User-Fullname", strings.Repeat("é", 201)}, 400,
			"X-User-Fullname is no name: letters in UTF-8 or Latin-1, no control characters, at most 200"},
		"name twice": {both, []string{"X-User-Fullname", "A", "X-User-Fullname", "B"}, 400,
			"X-User-Fullname came twice"},
		"session of no form": {both, []string{"X-Session-ID", "../../etc"}, 400,
			"X-Session-ID is not of the form sess_<uuid>"},
		"prefilled: perhaps": {both, []string{"X-Use-Prefilled-Video", "perhaps"}, 400,
			"X-Use-Prefilled-Video is neither true nor false"},
		"prefilled without a session": {both[:1], []string{"X-Use-Prefilled-Video", "true"}, 400,
			"X-Use-Prefilled-Video needs X-Session-ID"},
		"prefilled without a video": {both[:1], []string{"X-Use-Prefilled-Video", "true", "X-Session-ID", session}, 400,
			"no video is stored for this session: send one to process-video first, or with this request"},
		"an empty image": {[]piece{{"image", "a.jpg", "image/jpeg", ""}, both[1]}, nil, 400,
			"the image is empty"},
		"a PDF as image": {[]piece{{"image", "a.jpg", "image/jpeg", "%PDF-1.7 "}, both[1]}, nil, 400,
			"the image is neither JPEG nor PNG"},
		"PNG": {[]piece{{"image", "a.jpg", "image/jpeg", "\x89PNG\r\n\x1a\n"}, both[1]}, nil,
			200, ""},
		"a part that holds several": {[]piece{{"image", "", "multipart/mixed; boundary=b", aJPEG}, both[1]}, nil, 400,
			"the part image must be a file, not several"},
		"JSON": {both, []string{"Content-Type", "application/json"}, 400,
			"the body must be multipart/form-data"},
		"compressed":                {both, []string{"Content-Encoding", "gzip"}, 400, "the body must not be compressed"},
		"no token":                  {both, []string{"Authorization", ""}, 401, "missing or invalid token"},
		"a token of another scheme": {both, []string{"Authorization", "Basic eDp5"}, 401, "missing or invalid token"},
		"17 parts":                  {repeat(piece{"x", "", "", "y"}, 17), nil, 400, "the body has more than 16 parts"},
		"10,000 parts": {repeat(piece{"x", "", "", "y"}, 10_000), nil, 400,
			"the body has more than 16 parts"},
		"a part's header of 100 KB": {[]piece{{"image", strings.Repeat("n", 100_000), "", aJPEG}}, nil, 400,
			"the header of a part is too long"},
		"a part one byte over 50 MB": {[]piece{{"image", "", "", strings.Repeat("j", maxPart+1)}, both[1]}, nil, 413,
			"the part image is larger than 50 MB"},
		"path tricks in file names": {[]piece{{"image", "../../../../tmp/x.jpg", "", aJPEG},
			{"video", "/dev/null;%00", "", aClip}}, nil, 200, ""},
		"path tricks in a part's name": {[]piece{{"../image", "x", "", aJPEG}, both[1]}, nil, 400,
			"the part image is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			header := c.header
			if len(header) > 1 && (header[0] == "Content-Type") { // in place of the form's own
				body, _ := form(c.pieces...)
				if a := s.do("POST", "/api-gateway/match-faces", body, header...); a.status != c.status || a.error() != c.text {
					t.Errorf("got %d %s", a.status, a.body)
				}
				return
			}
			if len(header) > 1 && header[0] == "Authorization" {
				before := s.token
				defer func() { s.token = before }()
				s.token = "x"
				if header[1] != "" {
					s.token = ""
				}
			}
			a := s.match(c.pieces, header...)
			if c.text == "" && a.status == 200 {
				return
			}
			if a.status != c.status || a.error() != c.text {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
	if got := s.Started[len(s.Started)-1]; len(s.Started) == 0 || got.Check == "" {
		t.Error("nothing was recorded")
	}
	// The good ones were recorded, the bad ones never began.
	s.t = t
	if a := s.match(both); a.status != 200 {
		t.Errorf("the next good request: %d %s", a.status, a.body)
	}
}

func repeat(p piece, n int) []piece {
	all := make([]piece, n)
	for i := range all {
		all[i] = p
	}
	return all
}

func TestNameInLatin1IsRecordedAsItReads(t *testing.T) {
	s := serve(t, &fake{}, 1)
	s.match(both, "X-User-Fullname", "Jos\xe9 N\xfa\xf1ez")
	if s.Started[0].Name != "José Núñez" {
		t.Errorf("recorded %q", s.Started[0].Name)
	}
}

func TestPaths(t *testing.T) {
	s := serve(t, &fake{}, 1)
	for _, c := range []struct {
		method, path string
		header       []string
		status       int
	}{
		{"GET", "/healthz", []string{"Authorization", ""}, 200},
		{"HEAD", "/healthz", nil, 200},
		{"GET", "/readyz", []string{"Authorization", ""}, 200},
		{"GET", "/api-projects/public/apikeys", nil, 200},
		{"POST", "/api-gateway/sessions/start?warmup=true", nil, 200},
		{"GET", "/api-gateway/match-faces", nil, 405},
		{"OPTIONS", "/api-gateway/match-faces", nil, 405},
		{"PUT", "/healthz", nil, 405},
		{"GET", "/", nil, 404},
		{"POST", "//api-gateway//match-faces", nil, 404},
		{"POST", "/api-gateway/./match-faces", nil, 404},
		{"POST", "/api-gateway/match-faces/", nil, 404},
		{"POST", "/api-gateway%2Fmatch-faces", nil, 404},
		{"POST", "/api-gateway/sessions/end/", nil, 404},
		{"POST", "/api-gateway/sessions/end/a/b", nil, 404},
		{"POST", "/api-gateway/sessions/end/sess_x", nil, 404},
		{"POST", "/api-gateway/v2/face-match", nil, 404},
	} {
		a := s.do(c.method, c.path, nil, c.header...)
		if a.status != c.status || c.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.body)
		}
	}
	// The client of our own reads message there, as the vendor's neighbours have it.
	s.token = "wrong"
	a := s.do("GET", "/api-projects/public/apikeys", nil)
	if a.status != 401 || !strings.Contains(a.body, `"message":"missing or invalid token"`) ||
		a.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestReady(t *testing.T) {
	f := &fake{}
	f.breakDown(matcher.NewProblem("engine.model_missing", nil), nil)
	s := serve(t, f, 1)
	if a := s.do("GET", "/readyz", nil); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.breakDown(nil, errors.New("locked"))
	if a := s.do("GET", "/readyz", nil); a.status != 503 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.do("GET", "/healthz", nil); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// With operators set up the served checks are of the operator who started the server, at the
// desk the token is named after, for as long as they may check.
func TestServedByAnOperator(t *testing.T) {
	const adas, bens = "four tired horses drank", "violet ladders under rain"
	s := serve(t, &fake{}, 1)
	desk := s.g.p.Desk
	for _, do := range []error{
		desk.AddOperator(t.Context(), "Ada", history.RoleAdministrator, adas), desk.SignIn(t.Context(), "Ada", adas),
		desk.AddOperator(t.Context(), "Ben", history.RoleOperator, bens),
	} {
		if do != nil {
			t.Fatal(do)
		}
	}
	desk.SignOut()
	refused := func() {
		t.Helper()
		for _, a := range []answered{s.match(both), s.do("GET", "/readyz", nil)} {
			if a.status != 503 || !strings.Contains(a.body, "may not check any more") || a.header.Get("Retry-After") == "" {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
	}
	refused()
	if err := desk.SignIn(t.Context(), "Ben", bens); err != nil {
		t.Fatal(err)
	}
	if a := s.match(both); a.status != 200 || s.do("GET", "/readyz", nil).status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.mu.Lock()
	if got := s.Started; len(got) != 1 || got[0].Operator != "Ben" || !got[0].SignedIn || got[0].Desk != "Counter 1" ||
		!got[0].Served {
		t.Errorf("%+v", got)
	}
	s.mu.Unlock()
	if err := desk.SetPassphrase(t.Context(), "Ben", "the seventh kettle sings"); err != nil {
		t.Fatal(err)
	}
	if a := s.match(both); a.status != 200 { // their own hand
		t.Errorf("%d %s", a.status, a.body)
	}
	desk.SignOut()
	refused()
}

func TestHosts(t *testing.T) {
	h := hosts{names: names([]string{"Desk.Example.ORG."})}
	for host, want := range map[string]bool{
		"127.0.0.1:8480": true, "localhost:8480": true, "LOCALHOST": true, "[::1]:8480": true, "[::1]": true,
		"192.168.1.7":           true,
		"desk.example.org:8480": true, "desk.example.org.": true,
		"evil.example.org": false, "": false, "localhost.evil.org": false, "127.0.0.1.evil.org": false,
	} {
		if h.allowed(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
	s := serve(t, &fake{}, 1)
	if got := s.raw("GET /api-projects/public/apikeys HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n",
		time.Second); !strings.HasPrefix(got, "HTTP/1.1 421 ") {
		t.Errorf("got %s", got)
	}
}

func TestSessionsAndTheirVideos(t *testing.T) {
	s := serve(t, &fake{}, 1)
	start := func() string {
		a := s.do("POST", "/api-gateway/sessions/start", nil)
		var got struct{ Data, Message string }
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Message != "session started successfully" ||
			!app.ValidSession(got.Data) {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return got.Data
	}
	store := func(session string, pieces ...piece) answered {
		body, contentType := form(pieces...)
		return s.do("POST", "/api-gateway/process-video", body, "Content-Type", contentType, "X-Session-ID", session)
	}
	prefilled := func(session string) answered {
		return s.match(both[:1], "X-Session-ID", session, "X-Use-Prefilled-Video", "true")
	}
	phrase, video := piece{"phrase", "", "", "one two"}, both[1]
	stored := func() []string {
		all, _ := filepath.Glob(filepath.Join(s.dir, "session-*"))
		return all
	}

	one := start()
	if a := store(one, phrase, video); a.status != 200 ||
		a.body != `{"data":{},"message":"video processed successfully"}`+"\n" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := prefilled(one); a.status != 200 || string(s.video) != aClip {
		t.Errorf("%d %s, %d bytes of video", a.status, a.body, len(s.video))
	}
	if st := s.Started[0]; !st.Prefilled || st.Session != one {
		t.Errorf("recorded %+v", st)
	}
	sealed, err := os.ReadFile(stored()[0])
	if err != nil || strings.Contains(string(sealed), "clipclip") {
		t.Errorf("the video lies open on the disk, %v", err)
	}
	if info, err := os.Stat(stored()[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if a := s.match(both, "X-Session-ID", one, "X-Use-Prefilled-Video", "true"); a.status != 400 ||
		a.error() != "with X-Use-Prefilled-Video there must be no part video" {
		t.Errorf("%d %s", a.status, a.body)
	}
	// A second one takes the first one's place.
	if a := store(one, piece{"video", "", "", "another " + aClip}); a.status != 200 || len(stored()) != 1 {
		t.Errorf("%d %s, %d videos", a.status, a.body, len(stored()))
	}
	if prefilled(one); !strings.HasPrefix(string(s.video), "another ") {
		t.Error("the first video was taken")
	}

	// To another token the session does not exist.
	mine := s.token
	other, err := s.g.Tokens().Add("Counter 2")
	if err != nil {
		t.Fatal(err)
	}
	s.token = other
	for what, a := range map[string]answered{
		"prefilled": prefilled(one), "store": store(one, phrase, video),
		"end": s.do("POST", "/api-gateway/sessions/end/"+one, nil),
	} {
		if a.status != 400 && a.status != 404 {
			t.Errorf("%s with another's session: %d %s", what, a.status, a.body)
		}
	}
	s.token = mine

	if a := s.do("POST", "/api-gateway/sessions/end/"+one, []byte("{}")); a.status != 200 ||
		a.body != `{"message":"session ended successfully"}`+"\n" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := prefilled(one); a.status != 400 || len(stored()) != 0 {
		t.Errorf("after the end: %d %s, %d videos", a.status, a.body, len(stored()))
	}

	for what, a := range map[string]answered{
		"no session": store("", phrase, video), "unknown": store(app.NewSession(), phrase, video),
		"no video": store(start(), phrase), "empty": store(start(), piece{"video", "", "", ""}),
		"a novel as phrase": store(start(), piece{"phrase", "", "", strings.Repeat("x", maxText+1)}, video),
	} {
		if a.status < 400 || len(stored()) != 0 {
			t.Errorf("%s: %d %s, %d videos", what, a.status, a.body, len(stored()))
		}
	}

	// 15 minutes are the most, used or not.
	two := start()
	store(two, phrase, video)
	for range 3 {
		s.clock.forward(5*time.Minute + time.Second)
		s.do("POST", "/api-consent/consent", []byte(`{"is_consent_given":true,"user_fullname":"x"}`), "X-Session-ID", two)
	}
	if a := prefilled(two); a.status != 400 {
		t.Errorf("after 15 minutes: %d %s", a.status, a.body)
	}
	s.g.sessions.sweep(s.g.knows)
	if len(stored()) != 0 || s.g.sessions.stored != 0 {
		t.Errorf("%d videos after 15 minutes, %d bytes", len(stored()), s.g.sessions.stored)
	}
	// A revoked token's sessions go with it.
	three := start()
	store(three, phrase, video)
	if err := s.g.Tokens().Revoke("Counter 1"); err != nil {
		t.Fatal(err)
	}
	s.g.sessions.sweep(s.g.knows)
	if len(stored()) != 0 {
		t.Error("the video of a revoked token stays")
	}
}

func TestConsent(t *testing.T) {
	s := serve(t, &fake{}, 1)
	var started struct{ Data string }
	_ = json.Unmarshal([]byte(s.do("POST", "/api-gateway/sessions/start", nil).body), &started)
	say := func(body string, header ...string) answered {
		return s.do("POST", "/api-consent/consent", []byte(body), header...)
	}
	if a := say(`{"is_consent_given":true,"user_fullname":"Ann"}`); a.body != `{"is_consent_given":true,"user_fullname":"Ann"}`+"\n" {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, bad := range []string{``, `[]`, `{"user_fullname":"Ann"}`, `{"is_consent_given":"yes","user_fullname":"Ann"}`,
		strings.Repeat("x", maxText+1)} {
		if a := say(bad); a.status != 400 && a.status != 413 {
			t.Errorf("%.20q: %d %s", bad, a.status, a.body)
		}
	}
	say(`{"is_consent_given":false,"user_fullname":"Ann"}`, "X-Session-ID", started.Data)
	if a := s.match(both, "X-Session-ID", started.Data); a.status != 400 ||
		a.error() != "the person did not give consent in this session" || len(s.Started) != 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	say(`{"is_consent_given":true,"user_fullname":"Ann"}`, "X-Session-ID", started.Data)
	if a := s.match(both, "X-Session-ID", started.Data); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestProblemsOfFiles(t *testing.T) {
	f := &fake{}
	s := serve(t, f, 1)
	for key, c := range map[string]struct {
		status int
		text   string
	}{
		"document.damaged":     {400, "the image is damaged or incomplete"},
		"document.unsupported": {400, "the image is a file of the kind PSD: send JPEG or PNG"},
		"document.new":         {400, "the image cannot be used"},
		"clip.unreadable":      {400, "the video cannot be read: it may be damaged or incomplete"},
		"clip.new":             {400, "the video cannot be used"},
		"clip.temp":            {503, "there is no room on the server's disk"},
		"engine.model_missing": {503, errNoEngine.text},
		"engine.failed":        {500, internal},
		"engine.closed":        {503, stopped},
	} {
		f.mu.Lock()
		f.problem = matcher.NewProblem(key, nil, "Format", "PSD")
		f.mu.Unlock()
		if a := s.match(both); a.status != c.status || a.error() != c.text ||
			!strings.HasPrefix(a.header.Get("X-Request-Id"), "chk_") {
			t.Errorf("%s: %d %s", key, a.status, a.body)
		}
	}
	if len(s.Started) != len(s.Finished) || s.Finished[0].Outcome != history.CouldNotRun {
		t.Errorf("%d started, %d finished", len(s.Started), len(s.Finished))
	}
}

// TestFullLine fills the line: the next is refused at once, one that leaves frees
// its place, and no more are checked at once than may be.
func TestFullLine(t *testing.T) {
	f := &fake{hold: make(chan struct{})}
	s := serve(t, f, 2)
	other, err := s.g.Tokens().Add("other")
	if err != nil {
		t.Fatal(err)
	}
	body, contentType := form(both...)
	ask := func(ctx context.Context, token string) (int, error) {
		r, _ := http.NewRequestWithContext(ctx, "POST", s.url+"/api-gateway/match-faces", strings.NewReader(string(body)))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", contentType)
		response, err := s.client.Do(r)
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		_, _ = io.Copy(io.Discard, response.Body)
		return response.StatusCode, nil
	}
	leaving, leave := context.WithCancel(context.Background())
	var done sync.WaitGroup
	statuses := make(chan int, maxInside)
	for i := range maxInside {
		ctx, token := context.Background(), s.token
		if i < 10 {
			ctx = leaving
		}
		if i >= maxShare {
			token = other
		}
		done.Go(func() {
			if status, err := ask(ctx, token); err == nil {
				statuses <- status
			}
		})
	}
	inside := func(want int) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); s.inside() != want; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d are inside, want %d", s.inside(), want)
			}
		}
	}
	inside(maxInside)
	a := s.match(both)
	if a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("with a full line: %d %s", a.status, a.body)
	}
	leave()
	inside(maxInside - 10)
	close(f.hold)
	done.Wait()
	close(statuses)
	n := 0
	for status := range statuses {
		if status != 200 {
			t.Errorf("status %d", status)
		}
		n++
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if n != maxInside-10 || f.most != 2 {
		t.Errorf("%d answers, %d at once", n, f.most)
	}
	for _, e := range f.Finished {
		if e.Outcome != history.Pass && e.Outcome != history.Cancelled {
			t.Errorf("outcome %s", e.Outcome)
		}
	}
}

// inside is how many places are taken.
func (s *served) inside() int {
	s.g.line.mu.Lock()
	defer s.g.line.mu.Unlock()
	return s.g.line.taken
}

// TestCallersTakeTurns has one caller wait with many, and others come later.
func TestCallersTakeTurns(t *testing.T) {
	l := newLine(20, 15, 1)
	var order []string
	var mu sync.Mutex
	first, err := l.turn(context.Background(), "busy")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	waits := func(caller string) {
		l.mu.Lock()
		before := len(l.waiting[caller])
		l.mu.Unlock()
		group.Go(func() {
			done, err := l.turn(context.Background(), caller)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, caller)
			mu.Unlock()
			done()
		})
		for {
			l.mu.Lock()
			now := len(l.waiting[caller])
			l.mu.Unlock()
			if now > before {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
	for range 4 {
		waits("busy")
	}
	waits("counter 1")
	waits("counter 2")
	waits("counter 1")
	gone, leave := context.WithCancel(context.Background())
	leave()
	if _, err := l.turn(gone, "gone"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	first()
	group.Wait()
	if got := strings.Join(order, ", "); got != "busy, counter 1, counter 2, busy, counter 1, busy, busy" {
		t.Errorf("the order was %s", got)
	}
	if l.running != 0 || len(l.waiting) != 0 || len(l.callers) != 0 {
		t.Errorf("left: %d running, %v, %v", l.running, l.waiting, l.callers)
	}
	for range 15 {
		if _, err := l.enter("busy"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.enter("busy"); err == nil {
		t.Error("one caller may take all places")
	}
	for range 5 {
		if _, err := l.enter("counter 1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.enter("counter 2"); err == nil {
		t.Error("there is no bound")
	}
}

// TestTurnsAndLeaving has callers come and leave at any moment: no turn is lost,
// and never are more under way than may be.
func TestTurnsAndLeaving(t *testing.T) {
	const atOnce = 3
	l := newLine(1000, 1000, atOnce)
	var running, most atomic.Int64
	var group sync.WaitGroup
	for i := range 300 {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%7)*time.Millisecond+time.Microsecond)
			defer cancel()
			done, err := l.turn(ctx, fmt.Sprint(i%5))
			if err != nil {
				return
			}
			n := running.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			time.Sleep(100 * time.Microsecond)
			running.Add(-1)
			done()
		})
	}
	group.Wait()
	if most.Load() > atOnce || l.running != 0 || len(l.waiting) != 0 || len(l.callers) != 0 {
		t.Errorf("%d at once; left: %d running, %v, %v", most.Load(), l.running, l.waiting, l.callers)
	}
}

// TestStop stops with one check under way and one waiting.
func TestStop(t *testing.T) {
	f := &fake{hold: make(chan struct{})}
	s := serve(t, f, 1)
	answers := make(chan answered, 2)
	for range 2 {
		go func() { answers <- s.match(both) }()
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			f.mu.Lock()
			running := f.running
			f.mu.Unlock()
			if running == 1 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("no check runs")
			}
		}
	}
	for end := time.Now().Add(5 * time.Second); s.inside() != 2 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // its body is read
	s.stop()
	if a := <-answers; a.status != 503 || a.error() != stopped {
		t.Errorf("who waits gets %d %s", a.status, a.body)
	}
	close(f.hold)
	if a := <-answers; a.status != 200 {
		t.Errorf("what ran ended with %d %s", a.status, a.body)
	}
}

func TestTokens(t *testing.T) {
	s := serve(t, &fake{}, 1)
	tokens := s.g.Tokens()
	good, err := tokens.Add("  Schalter Süd ")
	if err != nil || !regexp.MustCompile(`^fmd_[A-Za-z0-9_-]{43}$`).MatchString(good) {
		t.Fatalf("%q, %v", good, err)
	}
	kept, err := tokens.List()
	if err != nil || len(kept) != 2 || kept[1].Name != "Schalter Süd" {
		t.Fatalf("%v, %v", kept, err)
	}
	data, _ := os.ReadFile(tokens.file)
	info, _ := os.Stat(tokens.file)
	if strings.Contains(string(data), good) || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %s", info.Mode(), data)
	}
	for name, key := range map[string]string{"schalter süd": "serve.token_known", "": "serve.token_name",
		"a\nb": "serve.token_name", strings.Repeat("x", maxName+1): "serve.token_name"} {
		if _, err := tokens.Add(name); matcher.AsProblem(err, "").Key != key {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := tokens.Revoke("nobody"); matcher.AsProblem(err, "").Key != "serve.token_unknown" {
		t.Errorf("%v", err)
	}
	s.token = good
	if a := s.match(both); a.status != 200 || s.Started[0].Desk != "Schalter Süd" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := tokens.Revoke("Schalter Süd"); err != nil {
		t.Fatal(err)
	}
	if a := s.match(both); a.status != 401 {
		t.Errorf("a revoked token: %d", a.status)
	}
	// Two that add at once both stay.
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			if _, err := tokens.Add(fmt.Sprint("desk ", i)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if kept, _ := tokens.List(); len(kept) != 9 {
		t.Errorf("%d tokens are left of 9", len(kept))
	}
	if err := os.WriteFile(tokens.file, []byte(`[{"name":"x","sha256":"12"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.List(); matcher.AsProblem(err, "").Key != "serve.token_file" {
		t.Errorf("%v", err)
	}
	if a := s.match(both); a.status != 500 {
		t.Errorf("with a damaged file of tokens: %d", a.status)
	}
}

// TestRevokedWhileItWaited takes a token back while its request waits.
func TestRevokedWhileItWaited(t *testing.T) {
	f := &fake{hold: make(chan struct{})}
	s := serve(t, f, 1)
	first, err := s.g.Tokens().Add("other")
	if err != nil {
		t.Fatal(err)
	}
	one, two := make(chan answered), make(chan answered)
	body, contentType := form(both...)
	go func() {
		one <- s.do("POST", "/api-gateway/match-faces", body, "Content-Type", contentType)
	}()
	wait := func(n int) {
		for end := time.Now().Add(5 * time.Second); s.inside() != n && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
	}
	wait(1)
	time.Sleep(100 * time.Millisecond)
	waiting := *s
	waiting.token = first
	go func() { two <- waiting.match(both) }()
	wait(2)
	if err := s.g.Tokens().Revoke("other"); err != nil {
		t.Fatal(err)
	}
	close(f.hold)
	if a := <-one; a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := <-two; a.status != 401 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestWhereItListens(t *testing.T) {
	g, _, _ := newGateway(t, &fake{}, 1)
	for _, c := range []struct {
		at  Place
		key string
	}{
		{Place{Address: "127.0.0.1:0"}, ""},
		{Place{Address: "localhost:0"}, ""},
		{Place{Address: "[::ffff:127.0.0.1]:0"}, ""},
		{Place{Address: "8480"}, "serve.address"},
		{Place{Address: ":0"}, "serve.public"},
		{Place{Address: "0.0.0.0:0"}, "serve.public"},
		{Place{Address: "[::]:0"}, "serve.public"},
		{Place{Address: "0.0.0.0:0", Insecure: true}, ""},
		{Place{Address: "127.0.0.1:0", Cert: "/none.pem", Key: "/none.key"}, "serve.certificate"},
		{Place{Address: "127.0.0.1:1234567"}, "serve.listen"},
		{Place{Address: "127.0.0.1:0", Proxies: []string{"balancer"}}, "serve.proxy"},
		{Place{Address: "127.0.0.1:0", Metrics: "0.0.0.0:0"}, "serve.metrics"},
		{Place{Address: "127.0.0.1:0", Metrics: ":9480"}, "serve.metrics"},
		{Place{Address: "127.0.0.1:0", Metrics: "9480"}, "serve.metrics"},
		{Place{Address: "127.0.0.1:0", Metrics: "127.0.0.1:1234567"}, "serve.listen"},
	} {
		s, err := g.Open(context.Background(), c.at)
		if err == nil {
			_ = s.ln.Close()
		}
		if key := matcher.AsProblem(err, "").Key; err == nil && c.key != "" || err != nil && key != c.key {
			t.Errorf("%+v: %v", c.at, err)
		}
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	if _, err := g.Open(context.Background(), Place{Address: busy.Addr().String()}); matcher.AsProblem(err,
		"").Key != "serve.listen" {
		t.Errorf("%v", err)
	}
}
