package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
	"facematch/matcher/remote"
	"facematch/matcher/remote/standin"
)

const apiToken = "tok_5ecret.Value"

var update = flag.Bool("update", false, "write testdata/answers.md anew")

var (
	pageBytes = append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), bytes.Repeat([]byte("page"), 10_000)...)
	clipBytes = append([]byte("\x00\x00\x00\x18ftypisom"), bytes.Repeat([]byte("clip"), 50_000)...)
)

// asItCame takes the document for its page.
type asItCame struct{ matcher.PortraitFinder }

func (asItCame) Upright(_ context.Context, document matcher.Blob, _ matcher.Portrait) (matcher.Blob, error) {
	return document, nil
}

// remoteParts are parts with a real client at an address.
func remoteParts(base, caFile string) *parts {
	return &parts{
		token:    apiToken,
		portrait: matcher.Portrait{Image: image.NewRGBA(image.Rect(0, 0, 1, 1)), Number: 1},
		change:   func(s *settings.Settings) { s.API.Base, s.API.CAFile = base, caFile },
		openAPI: func(at settings.API, token func(context.Context) (string, error)) (app.API, error) {
			return remote.New(remote.Params{
				Base: at.Base, CAFile: at.CAFile, Connect: time.Minute, TLS: time.Minute,
				Answer: time.Duration(at.AnswerSeconds) * time.Second,
				Token:  token, Portraits: asItCame{}, Clips: sameClips{}, Version: "1.2.3",
			})
		},
	}
}

func wanted() standin.Want {
	return standin.Want{Token: apiToken, Agent: "facematch-desk/1.2.3", Image: pageBytes, Video: clipBytes}
}

// files writes document and clip.
func files(t *testing.T) (document, clip string) {
	t.Helper()
	document, clip = filepath.Join(t.TempDir(), "jane.jpg"), filepath.Join(t.TempDir(), "jane.mp4")
	for file, data := range map[string][]byte{document: pageBytes, clip: clipBytes} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return document, clip
}

// TestAnswersOfTheAPI makes the table of testdata/answers.md: for each answer or
// fault of the API what the clerk reads, what is recorded and the exit code.
func TestAnswersOfTheAPI(t *testing.T) {
	reply := func(r standin.Reply) func(*testing.T) *parts {
		return func(t *testing.T) *parts {
			s := standin.New(t, true, wanted(), func(int) standin.Reply { return r })
			return remoteParts(s.URL, s.CAFile)
		}
	}
	sample := func(old, new string) func(*testing.T) *parts {
		return reply(standin.Reply{Body: strings.Replace(standin.Sample, old, new, 1)})
	}
	status := func(code int, body string) func(*testing.T) *parts {
		return reply(standin.Reply{Status: code, Body: body})
	}
	table := strings.Builder{}
	table.WriteString("Answers and faults of the match-faces API: what is shown, what is recorded, the exit code.\n" +
		"Made by `go test ./app/cli -run TestAnswersOfTheAPI -update`.\n\n" +
		"| What comes back | Shown | Recorded | HTTP | Exit |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range []struct {
		name string
		at   func(*testing.T) *parts
		exit int
	}{
		{"the published sample", reply(standin.Reply{}), ExitOK},
		{"status refer", sample(`"status": "pass"`, `"status": "refer"`), ExitRefer},
		{"status fail", sample(`"status": "pass"`, `"status": "fail"`), ExitFail},
		{"`result` as 1", sample("true", "1"), ExitOK},
		{"a code other than 0", reply(standin.Reply{Body: `{"data":{"code":1,"description":"No face","anchor":{"code":1},"target":{"code":0}},"scoring_result":{"status":"fail"}}`}), ExitNotCompared},
		{"no `scoring_result`", reply(standin.Reply{Body: `{"data":{"code":0,"result":true,"score":83.58}}`}),
			ExitCouldNotRun},
		{"nulls", reply(standin.Reply{Body: `{"data":{"code":null,"result":null,"score":null,"anchor":null},"scoring_result":{"status":"pass"},"score":null}`}), ExitOK},
		{"extra fields", sample(`"message"`, `"decision_reasons":["x"],"message"`), ExitOK},
		{"201", reply(standin.Reply{Status: 201, Body: standin.Sample}), ExitOK},
		{"204", status(204, ""), ExitCouldNotRun},
		{"302", reply(standin.Reply{Status: 302, Head: "Location: https://elsewhere.test/\r\n"}), ExitCouldNotRun},
		{"400, `error`", status(400, `{"error":"image is required"}`), ExitCouldNotRun},
		{"400, `message`", status(400, `{"message":"image is required"}`), ExitCouldNotRun},
		{"400, an object", status(400, `{"error":{"code":"E7","message":"image is required"}}`), ExitCouldNotRun},
		{"401", status(401, `{"error":"missing or invalid token"}`), ExitCouldNotRun},
		{"404", status(404, `{"error":"not found"}`), ExitCouldNotRun},
		{"413", status(413, ""), ExitCouldNotRun},
		{"429 with Retry-After", reply(standin.Reply{Status: 429, Head: "Retry-After: 17\r\n",
			Body: `{"error":"slow down"}`}), ExitCouldNotRun},
		{"500, `error`", status(500, `{"error":"boom"}`), ExitCouldNotRun},
		{"500, `message`", status(500, `{"message":"boom"}`), ExitCouldNotRun},
		{"502 of HTML", status(502, "<html><h1>Bad Gateway</h1></html>"), ExitCouldNotRun},
		{"200 of HTML", reply(standin.Reply{Body: "<html>Sign in</html>"}), ExitCouldNotRun},
		{"100 MB of garbage", reply(standin.Reply{Body: strings.Repeat("x", 1<<20), Chunks: 100}), ExitCouldNotRun},
		{"a slow answer", func(t *testing.T) *parts {
			p := reply(standin.Reply{Delay: time.Hour})(t)
			usual := p.change
			p.change = func(s *settings.Settings) { usual(s); s.API.AnswerSeconds = 2 }
			return p
		}, ExitUnknown},
		{"a cut answer", reply(standin.Reply{CutAnswer: 150}), ExitUnknown},
		{"cut while sending", reply(standin.Reply{CutAfter: 100_000}), ExitUnknown},
		{"a wrong certificate", func(t *testing.T) *parts {
			return remoteParts(standin.New(t, true, wanted(), nil).URL, "")
		}, ExitCouldNotRun},
		{"nobody there", func(t *testing.T) *parts {
			s := standin.New(t, true, wanted(), nil)
			s.Close()
			return remoteParts(s.URL, s.CAFile)
		}, ExitCouldNotRun},
		{"a proxy that refuses", func(t *testing.T) *parts {
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
				_ *http.Request) {
				w.WriteHeader(http.StatusForbidden)
			}))
			t.Cleanup(proxy.Close)
			t.Setenv("HTTPS_PROXY", proxy.URL)
			return remoteParts("https://api.test", "")
		}, ExitCouldNotRun},
		{"no token", func(*testing.T) *parts {
			p := remoteParts("https://api.test", "")
			p.token = ""
			return p
		}, ExitCouldNotRun},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.at(t)
			document, clip := files(t)
			code, stdout, stderr := run(t, p, "", "check", "--document", document, "--video", clip, "--consent", "--name", "Ada",
				"--mode", "remote")
			if code != c.exit {
				t.Errorf("exit %d, want %d: %s%s", code, c.exit, stdout, stderr)
			}
			for _, hidden := range []string{apiToken, "jane", "Ada"} {
				if strings.Contains(stdout+stderr, hidden) {
					t.Errorf("%q is shown: %s%s", hidden, stdout, stderr)
				}
			}
			shown := strings.TrimSpace(strings.TrimPrefix(stderr, "facematch: "))
			if first, _, _ := strings.Cut(stdout, "\n"); first != "" {
				shown = strings.TrimSpace(first + " " + shown)
			}
			recorded, http := string(p.ended().Outcome), "–"
			if recorded == "" {
				recorded = "nothing: it did not begin"
			}
			if p.ended().Problem != "" {
				recorded += ", " + p.ended().Problem
			}
			if r := p.ended().Remote; r != nil && r.Status != 0 {
				http = fmt.Sprint(r.Status)
			}
			if r := p.ended().Remote; r != nil && r.Host != "" {
				shown = strings.ReplaceAll(shown, r.Host, "HOST")
			}
			fmt.Fprintf(&table, "| %s | %s | %s | %s | %d |\n", c.name, shown, recorded, http, code)
		})
	}
	const golden = "testdata/answers.md"
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != table.String() {
		t.Errorf("%v; the table is now\n%s", err, table.String())
	}
}

func TestRemoteBodyIsPrintedAsItCame(t *testing.T) {
	body := strings.Replace(standin.Sample, `"message"`, `"later": [1,  2],"message"`, 1)
	s := standin.New(t, true, wanted(), func(int) standin.Reply { return standin.Reply{Body: body} })
	document, clip := files(t)
	code, stdout, stderr := run(t, remoteParts(s.URL, s.CAFile), "", "check", "--document", document, "--video", clip,
		"--consent", "--mode", "remote", "--format", "json")
	if code != ExitOK || stdout != body || stderr != "" {
		t.Errorf("exit %d, %q, %q", code, stdout, stderr)
	}
}

func TestUnknownAsJSON(t *testing.T) {
	s := standin.New(t, true, wanted(), func(int) standin.Reply { return standin.Reply{CutAfter: 5000} })
	document, clip := files(t)
	code, stdout, _ := run(t, remoteParts(s.URL, s.CAFile), "", "check", "--document", document, "--video", clip,
		"--consent", "--mode", "remote", "--format", "json")
	if code != ExitUnknown || !strings.HasPrefix(stdout, `{"error":"The connection to `) {
		t.Errorf("exit %d, %q", code, stdout)
	}
}

func TestPrefilled(t *testing.T) {
	const session = "sess_0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01"
	w := wanted()
	w.Prefilled, w.Session, w.Name = true, session, "Ada Lovelace"
	s := standin.New(t, true, w, nil)
	document, clip := files(t)
	p := remoteParts(s.URL, s.CAFile)
	p.change = func(c *settings.Settings) {
		c.API.Base, c.API.CAFile, c.Matching.Mode = s.URL, s.CAFile, history.Remote
	}
	code, _, stderr := run(t, p, "Ada Lovelace", "check", "--document", document, "--prefilled", "--session", session,
		"--consent", "--consent-name", "--name", "-")
	if code != ExitOK || !p.begun().Prefilled || !p.begun().Consent.SendName {
		t.Errorf("exit %d, %s, %+v", code, stderr, p.begun())
	}
	for _, args := range [][]string{
		{"--prefilled"}, {"--prefilled", "--session", session, "--video", clip},
		{"--prefilled", "--session", session, "--mode", "offline"},
	} {
		if code, _, _ := run(t, p, "",
			append([]string{"check", "--document", document, "--consent"}, args...)...); code != ExitUsage {
			t.Errorf("%q: exit %d", args, code)
		}
	}
}

func TestAskNeedsAMode(t *testing.T) {
	p := &parts{change: func(c *settings.Settings) { c.Matching.Mode = history.Ask }}
	document, clip := files(t)
	if code, _, stderr := run(t, p, "", "check", "--document", document, "--video", clip,
		"--consent"); code != ExitUsage || !strings.Contains(stderr, "--mode") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// typing answers prompts in turn.
func typing(t *testing.T, lines ...string) func(string) (string, error) {
	return func(string) (string, error) {
		if len(lines) == 0 {
			t.Error("more was asked than was to be")
			return "", errors.New("nothing left")
		}
		line := lines[0]
		lines = lines[1:]
		return line, nil
	}
}

func TestTokenCommands(t *testing.T) {
	for name, c := range map[string]struct {
		p     *parts // nil: empty ones
		stdin string
		typed []string
		args  string
		exit  int
		want  string // of what is printed
		token string // kept after
	}{
		"set from stdin":      {stdin: apiToken + "\n", args: "set", want: "keyring", token: apiToken},
		"set on the terminal": {typed: []string{apiToken}, args: "set", want: "keyring", token: apiToken},
		"set nothing":         {args: "set", exit: 1, want: "Nothing could be read"},
		"set no token":        {stdin: "two words\n", args: "set", exit: 1, want: "no token"},
		"sealed, from stdin": {p: &parts{passphrase: "old"}, stdin: apiToken + "\nfour plain words here\n",
			args: "set", want: "sealed with the passphrase", token: apiToken},
		"sealed, on the terminal": {p: &parts{passphrase: "old"},
			typed: []string{apiToken, "four plain words", "four plain words"}, args: "set", want: "sealed", token: apiToken},
		"sealed, mistyped": {p: &parts{passphrase: "old"},
			typed: []string{apiToken, "four plain words", "four plain wrds"}, args: "set", exit: 1, want: "not the same"},
		"test": {p: &parts{token: apiToken}, args: "test", want: "accepts the token",
			token: apiToken},
		"test none": {args: "test", exit: 1, want: "No token"},
		"test a bad one": {p: &parts{token: apiToken,
			tokenErr: matcher.NewProblem("remote.token", nil, "Status", http.StatusUnauthorized)}, args: "test", exit: 1,
			want: "does not accept", token: apiToken},
		"test a locked one": {p: &parts{token: apiToken, passphrase: "right one", locked: true},
			typed: []string{"right one"}, args: "test", want: "accepts", token: apiToken},
		"test with a wrong passphrase": {p: &parts{token: apiToken, passphrase: "right one", locked: true},
			typed: []string{"wrong one"}, args: "test", exit: 1, want: "passphrase is wrong", token: apiToken},
		"test without a terminal": {p: &parts{token: apiToken, passphrase: "right one", locked: true}, args: "test",
			exit: 1, want: "locked", token: apiToken},
		"clear":       {p: &parts{token: apiToken}, args: "clear", want: "removed"},
		"nothing":     {exit: ExitUsage, want: "set, test and clear"},
		"an argument": {p: &parts{}, args: "set " + apiToken, exit: ExitUsage, want: "flags only"},
	} {
		t.Run(name, func(t *testing.T) {
			p := cmp.Or(c.p, &parts{})
			if c.typed != nil {
				p.secret = typing(t, c.typed...)
			}
			code, stdout, stderr := run(t, p, c.stdin, append([]string{"token"}, strings.Fields(c.args)...)...)
			if code != c.exit || !strings.Contains(stdout+stderr, c.want) || p.token != c.token {
				t.Errorf("exit %d, %q, %q, kept: %v", code, stdout, stderr, p.token != "")
			}
			for _, hidden := range []string{apiToken, "four plain", "right one"} {
				if strings.Contains(stdout+stderr, hidden) {
					t.Errorf("a secret is shown: %q, %q", stdout, stderr)
				}
			}
		})
	}
}

func TestDoctorAsksTheAPIWhereItDecides(t *testing.T) {
	for _, c := range []struct {
		mode  history.Mode
		err   error
		state string
	}{
		{history.Offline, errors.New("asked"), "ok"},
		{history.Remote, nil, "ok"},
		{history.Ask, matcher.NewProblem("remote.token", nil, "Status", 401), "problem"},
	} {
		p := &parts{comparer: calibrated{c: &matcher.Calibration{}},
			History: apptest.History{Verdict: history.Verdict{Intact: true}}, token: apiToken, tokenErr: c.err,
			change: func(s *settings.Settings) { s.Matching.Mode = c.mode }}
		_, out, _ := run(t, p, "", "doctor", "--format", "json")
		if !strings.Contains(out, `{"part":"API","state":"`+c.state+`"`) || strings.Contains(out, apiToken) {
			t.Errorf("%s: %s", c.mode, out)
		}
	}
}

// sameClips are clips that hold nothing but pictures.
type sameClips struct{}

func (sameClips) Clean(_ context.Context, clip matcher.Blob) (matcher.Blob, matcher.Cleaning, func(), error) {
	return clip, matcher.ClipRewritten, func() {}, nil
}
