package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"facematch/matcher"
	"facematch/matcher/remote/standin"
)

const (
	token   = "tok_5ecret.Value-that~is+long/enough="
	session = "sess_0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01"
)

// patience is long enough for a busy machine.
const patience = 2 * time.Minute

var (
	page = append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), noise(70_001)...)
	clip = append([]byte("\x00\x00\x00\x18ftypisom"), noise(300_003)...)
)

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// asItCame takes the document for its page, as it came.
type asItCame struct{ matcher.PortraitFinder }

func (asItCame) Upright(_ context.Context, document matcher.Blob, _ matcher.Portrait) (matcher.Blob, error) {
	return document, nil
}

func memory(b []byte) matcher.Blob {
	return matcher.Blob{Name: "Jane Doe.jpg", Size: int64(len(b)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b)), nil
	}}
}

func file(t testing.TB, b []byte) matcher.Blob {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Jane Doe.mp4")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return matcher.Blob{Name: "Jane Doe.mp4", Path: path, Size: -1}
}

func request(t testing.TB) matcher.Request {
	return matcher.Request{Page: memory(page), Portrait: &matcher.Portrait{Image: image.NewRGBA(image.Rect(0, 0, 1, 1))},
		Video: file(t, clip), Session: session}
}

func want() standin.Want {
	return standin.Want{Token: token, Agent: "facematch-desk/1.2.3", Session: session, Image: page, Video: clip}
}

func params(s *standin.Server) Params {
	return Params{
		// a test of a time-out sets its own
		Base: s.URL, CAFile: s.CAFile, Connect: patience, TLS: patience, Answer: patience,
		Token: func(context.Context) (string, error) { return token, nil }, Portraits: asItCame{}, Clips: sameClips{},
		Version: "1.2.3",
	}
}

func client(t testing.TB, p Params) *Client {
	t.Helper()
	c, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func key(err error) string {
	var p *matcher.Problem
	switch {
	case err == nil:
		return ""
	case errors.As(err, &p):
		return p.Key
	}
	return err.Error()
}

func TestTheSample(t *testing.T) {
	for _, withTLS := range []bool{false, true} {
		s := standin.New(t, withTLS, want(), func(int) standin.Reply {
			// Without a delay the answer may be there before the client has noted the end of its request.
			return standin.Reply{Head: "X-Request-Id: req-42\r\n", Delay: 20 * time.Millisecond}
		})
		var mu sync.Mutex
		var stages []matcher.Progress
		answer, err := client(t, params(s)).Match(context.Background(), request(t), func(p matcher.Progress) {
			mu.Lock()
			defer mu.Unlock()
			stages = append(stages, p)
		})
		if err != nil {
			t.Fatal(err)
		}
		if string(answer.Raw) != standin.Sample {
			t.Errorf("the body is not as it came: %s", answer.Raw)
		}
		r := answer.Result
		if r.Scoring.Status != matcher.Pass || !r.Data.Result || r.Data.Code != 0 || r.Data.Score != 83.58 ||
			r.Score != 83.58 ||
			len(r.Data.Percentages) != 8 || r.Message != matcher.Message || r.Data.Anchor.Description != "Successful check" {
			t.Errorf("%+v", r)
		}
		e := answer.Exchange
		if !e.Reached || !e.Answered || e.Status != 200 || e.RequestID != "req-42" || len(e.Absent) != 0 ||
			e.Sent != e.Size || e.Size < int64(len(page)+len(clip)) {
			t.Errorf("%+v", e)
		}
		if e.Connect <= 0 || e.Send <= 0 || e.Wait <= 0 {
			t.Errorf("times: %+v", e)
		}
		checkProgress(t, stages, e.Size)
		if len(s.Posts()) != 1 {
			t.Errorf("%d posts", len(s.Posts()))
		}
	}
}

// checkProgress wants bytes that only grow, by small steps, up to all of them,
// and then the wait.
func checkProgress(t *testing.T, stages []matcher.Progress, size int64) {
	t.Helper()
	last := int64(0)
	for _, p := range stages {
		if p.Stage != matcher.StageSending || p.Total == 0 {
			continue
		}
		if p.Total != size || p.Done < last || p.Done-last > 2*writeSize {
			t.Errorf("progress %d of %d after %d", p.Done, p.Total, last)
		}
		last = p.Done
	}
	if end := stages[len(stages)-1]; last != size || end.Stage != matcher.StageWaiting {
		t.Errorf("progress ends at %d of %d, with %v", last, size, end)
	}
}

func TestEachHeaderAndPart(t *testing.T) {
	png := append([]byte("\x89PNG\r\n\x1a\n"), noise(5000)...)
	for name, c := range map[string]func(*matcher.Request, *standin.Want){
		"no name": func(*matcher.Request, *standin.Want) {},
		"a name":  func(r *matcher.Request, w *standin.Want) { r.Person, w.Name = "José Ñandú 李", "José Ñandú 李" },
		"prefilled": func(r *matcher.Request, w *standin.Want) {
			r.Prefilled, r.Video, w.Prefilled = true, matcher.Blob{}, true
		},
		"a PNG": func(r *matcher.Request, w *standin.Want) {
			r.Page, w.Image, w.ImageType = memory(png), png, "image/png"
		},
		"a page on disk": func(r *matcher.Request, _ *standin.Want) { r.Page = file(t, page) },
		"sizes not known": func(r *matcher.Request,
			_ *standin.Want) {
			r.Page.Size = -1
			r.Video = memory(clip)
			r.Video.Size = -1
		},
		"a very short one": func(r *matcher.Request, w *standin.Want) { w.Video = clip[:12]; r.Video = memory(clip[:12]) },
	} {
		t.Run(name, func(t *testing.T) {
			req, w := request(t), want()
			c(&req, &w)
			s := standin.New(t, false, w, nil)
			if _, err := client(t, params(s)).Match(context.Background(), req, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatIsNeverSent(t *testing.T) {
	s := standin.New(t, false, want(), nil)
	large := file(t, clip)
	if err := os.Truncate(large.Path, maxFile+1); err != nil {
		t.Fatal(err)
	}
	for wantKey, change := range map[string]func(*matcher.Request){
		"remote.name":          func(r *matcher.Request) { r.Person = "Ada\r\nX-Evil: 1" },
		"remote.prefilled":     func(r *matcher.Request) { r.Prefilled, r.Session = true, "" },
		"remote.clip_large":    func(r *matcher.Request) { r.Video = large },
		"clip.empty":           func(r *matcher.Request) { r.Video = memory(nil) },
		"clip.missing":         func(r *matcher.Request) { r.Video = matcher.Blob{} },
		"clip.unsupported":     func(r *matcher.Request) { r.Video = memory(page) },
		"document.unsupported": func(r *matcher.Request) { r.Page = memory(clip) },
	} {
		req := request(t)
		change(&req)
		answer, err := client(t, params(s)).Match(context.Background(), req, nil)
		if key(err) != wantKey || answer.Exchange != nil {
			t.Errorf("%s: %v, %+v", wantKey, err, answer.Exchange)
		}
		if strings.Contains(fmt.Sprint(err), "Jane") {
			t.Errorf("a file's name is in %v", err)
		}
	}
	p := params(s)
	p.Token = func(context.Context) (string, error) { return "", matcher.NewProblem("token.none", nil) }
	if _, err := client(t, p).Match(context.Background(), request(t), nil); key(err) != "token.none" {
		t.Error(err)
	}
	if len(s.Posts()) != 0 {
		t.Error("something was sent")
	}
}

// answers is the table of what comes back, from the wire to the record.
var answers = []struct {
	name     string
	reply    standin.Reply
	problem  string // a key; empty: an answer
	text     string // of the API, in the problem
	status   matcher.Status
	absent   []string
	unknown  bool // no whole answer
	patience time.Duration
}{
	{name: "the sample", status: "pass"},
	{name: "201", reply: standin.Reply{Status: 201, Body: standin.Sample}, status: "pass"},
	{name: "result 1", reply: standin.Reply{Body: strings.Replace(standin.Sample, "true", "1", 1)}, status: "pass"},
	{name: "no scoring_result", reply: standin.Reply{Body: `{"data":{"code":0,"anchor":{"code":0},"target":{"code":0},"result":1,"score":83.58,"percentages":[83.58]}}`}, absent: []string{"status"}},
	{name: "nulls", reply: standin.Reply{Body: `{"data":{"code":null,"anchor":null,"target":{"code":null},"result":null,"score":null,"percentages":null},"scoring_result":null,"score":null,"message":null}`},
		absent: []string{"code", "anchor.code", "target.code", "result", "score", "status"}},
	{name: "extra fields", reply: standin.Reply{Body: strings.Replace(standin.Sample, `"message"`,
		`"decision_reasons":["x"],"v":{"a":[1]},"message"`, 1)}, status: "pass"},
	{name: "odd forms", reply: standin.Reply{Body: `{"data":{"code":"0","anchor":[],"target":{"code":1.5},"result":2,"score":"83","percentages":[1,"x",null,2]},"scoring_result":{"status":"maybe","failed_conditions":[{"f":1},"score"]}}`},
		absent: []string{"code", "anchor.code", "target.code", "result", "score", "status"}},
	{name: "with a BOM, in chunks", reply: standin.Reply{Body: "\xef\xbb\xbf" + standin.Sample, Chunks: 1},
		status: "pass"},
	{name: "204", reply: standin.Reply{Status: 204}, problem: "remote.unreadable"},
	{name: "200 without a body", reply: standin.Reply{Body: " "}, problem: "remote.unreadable"},
	{name: "200 of HTML", reply: standin.Reply{Body: "<html>Sign in to the guest network</html>"},
		problem: "remote.unreadable"},
	{name: "200 of an error", reply: standin.Reply{Body: `{"error":"no"}`}, problem: "remote.unreadable"},
	{name: "302", reply: standin.Reply{Status: 302, Head: "Location: http://127.0.0.1:1/elsewhere\r\n"},
		problem: "remote.redirect"},
	{name: "400, error", reply: standin.Reply{Status: 400, Body: `{"error":"image is required"}`},
		problem: "remote.bad_request", text: "image is required"},
	{name: "400, message", reply: standin.Reply{Status: 400, Body: `{"message":"image is required"}`},
		problem: "remote.bad_request", text: "image is required"},
	{name: "400, an object", reply: standin.Reply{Status: 400,
		Body: `{"error":{"code":"E7","message":"bad\n image"},"message":"x"}`}, problem: "remote.bad_request",
		text: "E7 bad image"},
	{name: "400, a number in an object",
		reply: standin.Reply{Status: 400, Body: `{"error":{"code":7,"message":"bad image"}}`}, problem: "remote.bad_request",
		text: "7 bad image"},
	{name: "401", reply: standin.Reply{Status: 401, Body: `{"error":"unknown token ` + token + `"}`},
		problem: "remote.token", text: "unknown token [token]"},
	{name: "401 before the body", reply: standin.Reply{Status: 401, Body: `{"message":"missing or invalid token"}`,
		Early: true}, problem: "remote.token", text: "missing or invalid token"},
	{name: "403", reply: standin.Reply{Status: 403}, problem: "remote.forbidden"},
	{name: "404", reply: standin.Reply{Status: 404, Body: `{"error":{"message":"no such path"}}`},
		problem: "remote.not_found", text: "no such path"},
	{name: "413", reply: standin.Reply{Status: 413, Early: true}, problem: "remote.too_large"},
	{name: "418", reply: standin.Reply{Status: 418}, problem: "remote.unexpected"},
	{name: "429", reply: standin.Reply{Status: 429, Head: "Retry-After: 17\r\n", Body: `{"error":"slow down"}`},
		problem: "remote.too_many", text: "slow down"},
	{name: "500", reply: standin.Reply{Status: 500, Body: `{"error":"boom"}`}, problem: "remote.server", text: "boom"},
	{name: "502 of HTML", reply: standin.Reply{Status: 502, Body: "<html><h1>502 Bad Gateway</h1></html>"},
		problem: "remote.server"},
	{name: "100 MB of garbage", reply: standin.Reply{Body: strings.Repeat("x", 1<<20), Chunks: 100},
		problem: "remote.unreadable"},
	{name: "100 MB of garbage as an error",
		reply: standin.Reply{Status: 500, Body: strings.Repeat("x", 1<<20), Chunks: 100}, problem: "remote.server"},
	{name: "a slow answer", reply: standin.Reply{Delay: time.Hour}, patience: 2 * time.Second, problem: "remote.silent",
		unknown: true},
	{name: "a cut answer", reply: standin.Reply{CutAnswer: 200}, problem: "remote.answer_cut", unknown: true},
	{name: "cut within the header", reply: standin.Reply{CutAnswer: 9}, problem: "remote.cut", unknown: true},
	{name: "cut after a byte", reply: standin.Reply{CutAfter: 1}, problem: "remote.cut", unknown: true},
	{name: "cut in the middle", reply: standin.Reply{CutAfter: 200_000}, problem: "remote.cut", unknown: true},
}

func TestAnswersAndFaults(t *testing.T) {
	for i, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			s := standin.New(t, i%2 == 0, want(), func(int) standin.Reply { return a.reply })
			p := params(s)
			if a.patience > 0 {
				p.Answer = a.patience
			}
			answer, err := client(t, p).Match(context.Background(), request(t), nil)
			if key(err) != a.problem {
				t.Fatalf("got %v, want %s", err, a.problem)
			}
			e := answer.Exchange
			if e.Unanswered() != a.unknown || e.Unsent() || e.Answered == a.unknown {
				t.Errorf("%+v", e)
			}
			var problem *matcher.Problem
			if errors.As(err, &problem) {
				if text, _ := problem.Params["Text"].(string); text != a.text {
					t.Errorf("the API's words: %q", text)
				}
				if strings.Contains(fmt.Sprintf("%v %+v", err, problem.Params), token) {
					t.Error("the token is in the problem")
				}
				if a.name == "429" && problem.Params["Wait"] != 17 {
					t.Errorf("%v", problem.Params)
				}
			}
			if bytes.Contains(answer.Raw, []byte(token)) || len(answer.Raw) > maxAnswer {
				t.Errorf("%d bytes of raw answer, or the token in it", len(answer.Raw))
			}
			if got := answer.Result.Scoring.Status; a.problem == "" &&
				(a.status != "" && got != a.status || !reflect.DeepEqual(e.Absent, a.absent)) {
				t.Errorf("status %q, absent %q", got, e.Absent)
			}
			s.Close()
			if posts := s.Posts(); len(posts) != 1 {
				t.Errorf("%d posts", len(posts))
			}
		})
	}
}

// What keeps the connection from standing: nothing was sent, and may be again.
func TestNothingWasSent(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	closed.Close()
	plain, asked := tunnel(t, "", http.StatusOK)
	secure := standin.New(t, true, want(), nil)
	silent := standin.New(t, false, want(), func(int) standin.Reply { return standin.Reply{Hang: true, Delay: time.Hour} })
	own := filepath.Join(t.TempDir(), "own.pem")
	if err := os.WriteFile(own, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for wantKey, change := range map[string]func(*Params){
		"remote.unreachable": func(p *Params) { p.Base, p.CAFile = "https://"+nobody, "" },
		"remote.certificate": func(p *Params) { p.CAFile = "" },
		"remote.tls":         func(p *Params) { p.Base = "https://" + plain },
		"remote.tls_timeout": func(p *Params) {
			p.Base, p.TLS = strings.Replace(silent.URL, "http:", "https:", 1), 150*time.Millisecond
		},
		"remote.ca_file": func(p *Params) { p.CAFile = own },
		"remote.proxy": func(p *Params) {
			t.Setenv("HTTPS_PROXY", "http://user:pr0xy-secret@"+nobody)
			p.Base = "https://api.test"
		},
	} {
		t.Run(wantKey, func(t *testing.T) {
			t.Setenv("HTTPS_PROXY", "")
			p := params(secure)
			change(&p)
			answer, err := client(t, p).Match(context.Background(), request(t), nil)
			if key(err) != wantKey || !answer.Exchange.Unsent() || answer.Exchange.Unanswered() || answer.Exchange.Sent != 0 {
				t.Errorf("%v, %+v", err, answer.Exchange)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), "secret") {
				t.Errorf("a secret is in %v", err)
			}
		})
	}
	if len(asked())+len(secure.Posts()) != 0 {
		t.Error("something was sent")
	}
}

// tunnel is an HTTP proxy that connects to the stand-in, whatever it is asked for.
func tunnel(t *testing.T, to string, status int) (address string, asked func() []string) {
	var mu sync.Mutex
	var hosts []string
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		hosts = append(hosts, r.Method+" "+r.Host+" "+r.Header.Get("Proxy-Authorization"))
		mu.Unlock()
		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		there, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		here, in, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		defer there.Close()
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(there, in) }()
		_, _ = io.Copy(here, there)
	})}
	go server.Serve(ln)
	t.Cleanup(func() { server.Close() })
	return ln.Addr().String(), func() []string { mu.Lock(); defer mu.Unlock(); return hosts }
}

func TestProxyOfTheEnvironment(t *testing.T) {
	// The stand-in's certificate is for 127.0.0.1, which goes through no proxy; so
	// the host is another and its certificate wrong, which tells that the
	// handshake went through the tunnel to it.
	s := standin.New(t, true, want(), nil)
	address, asked := tunnel(t, strings.TrimPrefix(s.URL, "https://"), 200)
	t.Setenv("HTTPS_PROXY", "http://clerk:pr0xy-secret@"+address)
	p := params(s)
	p.Base = "https://api.test:8443"
	_, err := client(t, p).Match(context.Background(), request(t), nil)
	if key(err) != "remote.certificate" {
		t.Error(err)
	}
	if got := asked(); len(got) != 1 || got[0] != "CONNECT api.test:8443 Basic Y2xlcms6cHIweHktc2VjcmV0" {
		t.Errorf("the proxy was asked for %q", got)
	}
	address, _ = tunnel(t, "", http.StatusProxyAuthRequired)
	t.Setenv("HTTPS_PROXY", "http://clerk:pr0xy-secret@"+address)
	answer, err := client(t, p).Match(context.Background(), request(t), nil)
	if key(err) != "remote.proxy" || !answer.Exchange.Unsent() {
		t.Errorf("%v, %+v", err, answer.Exchange)
	}
	t.Setenv("NO_PROXY", "api.test")
	if _, err := client(t, p).Match(context.Background(), request(t), nil); key(err) == "remote.proxy" {
		t.Error("NO_PROXY is not heeded")
	}
}

func TestCheckThroughAProxy(t *testing.T) {
	s := standin.Named(t, "api.test", want())
	address, asked := tunnel(t, s.Address(), 200)
	t.Setenv("HTTPS_PROXY", "http://"+address)
	if _, err := client(t, params(s)).Match(context.Background(), request(t), nil); err != nil {
		t.Error(err)
	}
	if len(asked()) != 1 || len(s.Posts()) != 1 {
		t.Errorf("%q, %d posts", asked(), len(s.Posts()))
	}
}

func TestASilentProxyIsGivenUp(t *testing.T) {
	s := standin.New(t, false, want(), func(int) standin.Reply { return standin.Reply{Hang: true, Delay: time.Hour} })
	t.Setenv("HTTPS_PROXY", s.URL)
	p := params(s)
	p.Base, p.Connect, p.TLS = "https://api.test", 100*time.Millisecond, 100*time.Millisecond
	answer, err := client(t, p).Match(context.Background(), request(t), nil)
	if key(err) != "remote.connect_timeout" || !answer.Exchange.Unsent() {
		t.Errorf("%v, %+v", err, answer.Exchange)
	}
}

func TestCancelAtAnyByte(t *testing.T) {
	for range 20 {
		// only cancelling ends the call
		s := standin.New(t, true, want(), func(int) standin.Reply { return standin.Reply{Delay: time.Hour} })
		at := rand.Int64N(int64(len(page) + len(clip)))
		ctx, cancel := context.WithCancel(context.Background())
		var once sync.Once
		answer, err := client(t, params(s)).Match(ctx, request(t), func(p matcher.Progress) {
			if p.Stage == matcher.StageSending && p.Done >= at {
				once.Do(cancel)
			}
		})
		unsent := errors.Is(err, context.Canceled) && answer.Exchange.Unsent()
		if unknown := key(err) == "remote.cancelled" && answer.Exchange.Unanswered(); !unknown && !unsent {
			t.Errorf("at %d: %v, %+v", at, err, answer.Exchange)
		}
		cancel()
	}
}

func TestASendThatStallsIsGivenUp(t *testing.T) {
	s := standin.New(t, false, want(), func(int) standin.Reply { return standin.Reply{Hang: true, Delay: time.Hour} })
	req := request(t)
	big := file(t, clip)
	if err := os.Truncate(big.Path, 20<<20); err != nil { // more than the system keeps for a slow reader
		t.Fatal(err)
	}
	req.Video = big
	p := params(s)
	p.Answer = time.Second
	answer, err := client(t, p).Match(context.Background(), req, nil)
	if key(err) != "remote.stalled" || !answer.Exchange.Unanswered() || answer.Exchange.Sent == 0 ||
		answer.Exchange.Sent >= answer.Exchange.Size {
		t.Errorf("%v, %+v", err, answer.Exchange)
	}
}

func TestAFileThatShrinksWhileItIsSent(t *testing.T) {
	req, w := request(t), want()
	req.Video = memory(clip)
	req.Video.Size += 1000
	w.Video = append(bytes.Clone(clip), make([]byte, 1000)...)
	s := standin.New(t, false, w, nil)
	answer, err := client(t, params(s)).Match(context.Background(), req, nil)
	if key(err) != "remote.cut" || !answer.Exchange.Unanswered() {
		t.Errorf("%v, %+v", err, answer.Exchange)
	}
}

func TestTestToken(t *testing.T) {
	s := standin.New(t, true, want(), func(n int) standin.Reply {
		return standin.Reply{Status: []int{200, 401}[n], Body: `{"message":"missing or invalid token"}`}
	})
	c := client(t, params(s))
	if err := c.TestToken(context.Background()); err != nil {
		t.Error(err)
	}
	if err := c.TestToken(context.Background()); key(err) != "remote.token" {
		t.Error(err)
	}
	s.Close()
	if s.Tests() != 2 || len(s.Posts()) != 0 {
		t.Errorf("%d tests, %d posts", s.Tests(), len(s.Posts()))
	}
}

// Memory while a clip of 50 MB is sent: the heap may not grow by the clip.
func TestMemoryWhileSending(t *testing.T) {
	big := file(t, clip)
	if err := os.Truncate(big.Path, maxFile); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0") // reads without comparing, which would need the clip in memory
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		if n != r.ContentLength || n < maxFile {
			t.Errorf("%d bytes of %d came", n, r.ContentLength)
		}
		_, _ = io.WriteString(w, standin.Sample)
	})}
	go server.Serve(ln)
	t.Cleanup(func() { server.Close() })
	p := params(&standin.Server{URL: "http://" + ln.Addr().String()})
	req := request(t)
	req.Video = big

	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	most := uint64(0)
	var mu sync.Mutex
	_, err = client(t, p).Match(context.Background(), req, func(progress matcher.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if progress.Done/writeSize%32 == 0 {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapInuse+now.StackInuse)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	growth := int64(most) - int64(before.HeapInuse+before.StackInuse)
	t.Logf("memory grew by %.1f MB while 50 MB were sent", float64(growth)/(1<<20))
	if growth > 20<<20 {
		t.Errorf("memory grew by %d bytes", growth)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for in, want := range map[string]int{
		"": 0, "17": 17, "0.5": 1, "-3": 0, "soon": 0, "5m": 0, "NaN": 0, "1e300": 86400,
		"Tue, 24 Nov 2026 09:02:00 GMT": 120, "Tue, 24 Nov 2026 08:00:00 GMT": 0,
	} {
		if got := advice(in, now); got != want {
			t.Errorf("%q: got %d, want %d", in, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(standin.Sample))
	for _, a := range answers {
		f.Add([]byte(a.reply.Body[:min(len(a.reply.Body), 1000)]))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, absent, err := decode(raw)
		_ = complaint(raw)
		known := r.Scoring.Status == matcher.Pass || r.Scoring.Status == matcher.Refer || r.Scoring.Status == matcher.Fail
		if err == nil && known == slices.Contains(absent, "status") {
			t.Errorf("status %q, absent %q", r.Scoring.Status, absent)
		}
	})
}

// sameClips are clips that hold nothing but pictures.
type sameClips struct{}

func (sameClips) Clean(_ context.Context, clip matcher.Blob) (matcher.Blob, matcher.Cleaning, func(), error) {
	return clip, matcher.ClipRewritten, func() {}, nil
}

// cleaned are clips of which something else is sent.
type cleaned struct {
	clean   matcher.Blob
	err     error
	removed int
}

func (c *cleaned) Clean(context.Context, matcher.Blob) (matcher.Blob, matcher.Cleaning, func(), error) {
	return c.clean, matcher.ClipEncoded, func() { c.removed++ }, c.err
}

// A clip from outside leaves as it was cleaned, one that was filmed here as it is.
func TestClipIsCleaned(t *testing.T) {
	other := append(bytes.Clone(clip), "other pictures"...)
	wants := want()
	wants.Video = other
	s := standin.New(t, false, wants, func(int) standin.Reply { return standin.Reply{} })
	c := &cleaned{clean: file(t, other)}
	p := params(s)
	p.Clips = c
	answer, err := client(t, p).Match(context.Background(), request(t), nil)
	if err != nil || answer.Exchange.Clip != matcher.ClipEncoded || c.removed != 1 {
		t.Errorf("%v, %q, removed %d times", err, answer.Exchange.Clip, c.removed)
	}
	c.err = matcher.NewProblem("clip.unreadable", nil)
	answer, err = client(t, p).Match(context.Background(), request(t), nil)
	if key(err) != "clip.unreadable" || answer.Exchange != nil {
		t.Errorf("%v, %+v", err, answer.Exchange)
	}

	p = params(standin.New(t, false, want(), func(int) standin.Reply { return standin.Reply{} }))
	p.Clips = c // and is not asked
	own := request(t)
	own.Own = true
	answer, err = client(t, p).Match(context.Background(), own, nil)
	if err != nil || answer.Exchange.Clip != "" {
		t.Errorf("our own: %v, %q", err, answer.Exchange.Clip)
	}
}
