package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/apptest"
	"facematch/app/operators"
	"facematch/app/queue"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/matcher"
)

// fake is a history, an engine and a finder. The engine reads both files to their end, as a
// real one does.
type fake struct {
	apptest.History
	zones apptest.Zones

	mu      sync.Mutex
	video   []byte // of the newest check
	image   []byte
	running int
	most    int // that ran at once
	hold    chan struct{}
	problem error
	loadErr error
}

// breakDown makes the engine or the key missing.
func (f *fake) breakDown(load, key error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loadErr = load
	f.BreakKey(key)
}

func (f *fake) Describe(context.Context) (matcher.Description, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return matcher.Description{Engine: "fake"}, f.loadErr
}

func (f *fake) Match(ctx context.Context, r matcher.Request, _ matcher.ProgressFunc) (matcher.Answer, error) {
	image, video, err := readBlob(r.Page), []byte(nil), error(nil)
	video = readBlob(r.Video)
	f.mu.Lock()
	f.image, f.video, err = image, video, f.problem
	hold := f.hold
	f.running++
	f.most = max(f.most, f.running)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.running--
		f.mu.Unlock()
	}()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return matcher.Answer{}, ctx.Err()
		}
	}
	if err != nil {
		return matcher.Answer{}, err
	}
	result, err := matcher.Compared([]float64{87.49, 84.12, 83.35, 81.35, 81.43, 84.94, 83.79, 82.17}, 70, r.Rules)
	return matcher.Answer{Result: result, Best: 0}, err
}

func readBlob(b matcher.Blob) []byte {
	if b.Open == nil {
		return nil
	}
	r, err := b.Open()
	if err != nil {
		return nil
	}
	defer r.Close()
	data, _ := io.ReadAll(r)
	return data
}

func (f *fake) Portrait(context.Context, matcher.Blob) (matcher.Portrait, error) {
	return matcher.Portrait{Image: image.NewRGBA(image.Rect(0, 0, 1, 1))}, nil
}
func (f *fake) OnPage(context.Context, matcher.Blob, int) (matcher.Portrait, error) {
	return matcher.Portrait{}, nil
}
func (f *fake) Choose(context.Context, matcher.Portrait, matcher.Choice) (matcher.Portrait, error) {
	return matcher.Portrait{}, nil
}
func (f *fake) Upright(context.Context, matcher.Blob, matcher.Portrait) (matcher.Blob, error) {
	return matcher.Blob{}, nil
}
func (f *fake) Get(string, string) (string, token.Place, error) { return "", token.None, nil }
func (f *fake) Set(string, string, string) (token.Place, error) { return token.None, nil }
func (f *fake) Clear(string) error                              { return nil }

// served is a running gateway with one token.
type served struct {
	*fake
	t     testing.TB
	g     *Gateway
	url   string
	addr  string
	token string

	metrics string

	dir    string
	clock  *clock
	log    *lines
	stop   func()
	ended  chan error
	client *http.Client
}

// clock is the time, as far as the gateway asks for it; it can be put forward.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// lines is a log in memory.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newGateway(t testing.TB, f *fake, atOnce int) (*Gateway, *clock, *lines) {
	t.Helper()
	dir := t.TempDir()
	chosen, err := settings.Open(settings.Files{User: filepath.Join(dir, "settings.toml")})
	if err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	c := &clock{}
	desk := app.New(app.Params{
		History: f, Engine: f, Portraits: f, Zones: f.zones, Tokens: f, Settings: chosen,
		OpenAPI: func(settings.API, func(context.Context) (string, error)) (app.API, error) {
			return nil, errors.New("a served check goes nowhere else")
		},
		Queue:       queue.New(dir, func(context.Context) ([]byte, error) { return nil, errors.New("no key") }),
		OpenHistory: func(context.Context, string) (app.Records, error) { return nil, errors.New("no other history") },
		OpenSource:  func(settings.Camera) app.Source { return nil }, Cameras: func() []app.Camera { return nil },
		Operators: operators.New(operators.Params{
			File: filepath.Join(dir, "operators.json"), Now: time.Now, Cost: operators.Cost{Memory: 8, Passes: 1, Lanes: 1},
		}),
		Instance: "ins_1", Version: "test", Log: logger, Now: time.Now,
	})
	temp := filepath.Join(dir, "temp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	return New(Params{
		Desk: desk, Tokens: NewTokens(filepath.Join(dir, "served-tokens.json"), time.Now), Temp: temp, AtOnce: atOnce,
		Log: logger, Now: c.now,
		Values: map[string]func() float64{"facematch_of_another_part": func() float64 { return 7.5 }},
	}), c, log
}

// serve starts a gateway on the fake, which must leave no file behind.
func serve(t testing.TB, f *fake, atOnce int) *served {
	t.Helper()
	return serveAt(t, f, atOnce, Place{Address: "127.0.0.1:0"})
}

func serveAt(t testing.TB, f *fake, atOnce int, at Place, prepare ...func(*Gateway)) *served {
	t.Helper()
	g, c, log := newGateway(t, f, atOnce)
	for _, do := range prepare {
		do(g)
	}
	secret, err := g.Tokens().Add("Counter 1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := g.Open(context.Background(), at)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	out := &served{
		fake: f, t: t, g: g, url: s.URL, addr: strings.TrimPrefix(s.URL, "http://"), token: secret, metrics: s.Metrics,
		dir: g.p.Temp, clock: c, log: log,
		stop: stop, ended: make(chan error, 1),
		client: &http.Client{Transport: described(t),
			CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("redirected") }},
	}
	go func() { out.ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		select {
		case <-out.ended:
		case <-time.After(stopTime):
			t.Error("the gateway does not stop")
		}
		out.client.CloseIdleConnections()
		if left, _ := os.ReadDir(out.dir); len(left) > 0 {
			t.Errorf("%d files are left behind", len(left))
		}
		if strings.Contains(log.String(), "fmd_") || strings.Contains(log.String(), "Jos") {
			t.Errorf("a token or a name is in the log:\n%s", log)
		}
	})
	return out
}

// piece is one part of a body.
type piece struct{ name, file, media, data string }

var (
	aJPEG = "\xff\xd8\xff\xe0\x00\x10JFIF" + strings.Repeat("page", 1000)
	aClip = "\x00\x00\x00\x18ftypisom" + strings.Repeat("clip", 5000)
	both  = []piece{{"image", "card.jpg", "image/jpeg", aJPEG}, {"video", "person.mp4", "video/mp4", aClip}}
)

func form(pieces ...piece) (body []byte, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range pieces {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, p.name, p.file))
		if p.media != "" {
			h.Set("Content-Type", p.media)
		}
		part, _ := w.CreatePart(h)
		_, _ = io.WriteString(part, p.data)
	}
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// answered is what came back, read whole.
type answered struct {
	status int
	header http.Header
	body   string
}

func (a answered) error() string {
	var e struct{ Error string }
	_ = json.Unmarshal([]byte(a.body), &e)
	return e.Error
}

func (s *served) do(method, path string, body []byte, header ...string) answered {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header[header[i]] = append(r.Header[header[i]], header[i+1])
		if header[i+1] == "" {
			delete(r.Header, header[i])
		}
	}
	response, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answered{response.StatusCode, response.Header, string(data)}
	s.form(method, a)
	return a
}

// form checks what holds for each answer.
func (s *served) form(method string, a answered) {
	s.t.Helper()
	if a.header.Get("X-Request-Id") == "" || a.header.Get("Content-Type") != "application/json" {
		s.t.Errorf("an answer without X-Request-Id or not JSON: %v", a.header)
	}
	if method != http.MethodHead && !json.Valid([]byte(a.body)) {
		s.t.Errorf("no JSON: %s", a.body)
	}
	if a.status >= 400 && method != http.MethodHead && a.error() == "" {
		s.t.Errorf("no error text: %s", a.body)
	}
}

func (s *served) match(pieces []piece, header ...string) answered {
	s.t.Helper()
	body, contentType := form(pieces...)
	return s.do(http.MethodPost, "/api-gateway/match-faces", body,
		append([]string{"Content-Type", contentType}, header...)...)
}

// raw sends bytes as they are and gives all that comes back.
func (s *served) raw(text string, wait time.Duration) string {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, text)
	_ = c.SetReadDeadline(time.Now().Add(wait))
	data, _ := io.ReadAll(c)
	return string(data)
}
