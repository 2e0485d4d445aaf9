package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/apptest"
	"facematch/app/gateway"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/queue"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/assets/translations"
	"facematch/matcher"
)

// parts stands in for history, engine and finder.
type parts struct {
	centre Centre
	desks  *sealedDesks // what the centre holds; nil where the test has no centre

	apptest.History
	answer   matcher.Answer
	err      error
	portrait matcher.Portrait
	zones    apptest.Zones
	request  matcher.Request
	sent     matcher.Blob

	described   matcher.Description
	describeErr error
	historyErr  error

	comparer matcher.Comparer

	token      string // what is kept
	passphrase string // of the token's file; empty: a keyring answers
	locked     bool   // the file was not opened yet
	tokenErr   error  // of the API's test

	openAPI  func(settings.API, func(context.Context) (string, error)) (app.API, error) // nil: parts stand in for it too
	change   func(*settings.Settings)                                                   // of the defaults
	secret   func(prompt string) (string, error)
	models   []matcher.ModelFile
	measured Network
	tried    string
	home     string // where the tokens of those served lie; empty: a new folder

	other    app.Records // another desk's history
	otherErr error
	opened   string // the other history that was asked for

	restored    history.Restoring
	restoration history.Restoration

	operators string // the file of the operators; empty: none are set up

	staff bool // the settings show the numbers of each operator

	administrator, user string // the text of each settings file; empty: the file does not exist
}

// looking is the parts for somebody who only looks.
type looking struct {
	*parts
	*access.Guard
}

func (l looking) StaffShown(ctx context.Context) bool {
	return l.staff && l.Allow(ctx, access.Staff) == nil
}

func (p *parts) looking(t *testing.T) looking {
	t.Helper()
	return looking{p, access.New(access.Params{
		Operators: p.keeper(t), Recorded: p, Journal: p, Settings: settings.Default, Instance: "ins_2",
		Version: "1.2.3", Now: time.Now,
	})}
}

// keeper keeps the operators, at a hashing cost for tests.
func (p *parts) keeper(t *testing.T) *operators.Keeper {
	t.Helper()
	if p.operators == "" {
		p.operators = filepath.Join(t.TempDir(), "operators.json")
	}
	return operators.New(operators.Params{File: p.operators, Now: time.Now,
		Cost: operators.Cost{Memory: 8, Passes: 1, Lanes: 1}})
}

func (p *parts) Get(_, passphrase string) (string, token.Place, error) {
	switch {
	case p.token == "":
		return "", token.None, matcher.NewProblem("token.none", nil)
	case p.locked && passphrase == "":
		return "", token.Locked, matcher.NewProblem("token.locked", nil)
	case p.locked && passphrase != p.passphrase:
		return "", token.Locked, matcher.NewProblem("token.passphrase", nil)
	}
	p.locked = false
	return p.token, token.Keyring, nil
}

func (p *parts) Set(_, secret, passphrase string) (token.Place, error) {
	secret, err := token.Clean(secret)
	if err != nil {
		return token.None, err
	}
	if p.passphrase != "" && passphrase == "" {
		return token.None, matcher.NewProblem("token.needs_passphrase", nil)
	}
	p.token = secret
	if p.passphrase != "" {
		p.passphrase = passphrase
		return token.File, nil
	}
	return token.Keyring, nil
}

func (p *parts) Clear(string) error              { p.token = ""; return nil }
func (p *parts) TestToken(context.Context) error { return p.tokenErr }

// dark is a camera that gives no picture.
type dark struct{ app.Source }

func (dark) Close() error { return nil }
func (dark) Next(context.Context, uint64) (matcher.Live, error) {
	return matcher.Live{Seq: 1, Problem: matcher.NewProblem("settings.no_camera", nil)}, nil
}

// begun is the newest check that was started, and ended the newest that was finished.
func (p *parts) begun() (newest history.Started) {
	if n := len(p.Started); n > 0 {
		newest = p.Started[n-1]
	}
	return newest
}

func (p *parts) ended() (newest history.Finished) {
	if n := len(p.Finished); n > 0 {
		newest = p.Finished[n-1]
	}
	return newest
}

func (p *parts) Describe(context.Context) (matcher.Description, error) {
	return p.described, p.describeErr
}
func (p *parts) Match(_ context.Context, r matcher.Request, _ matcher.ProgressFunc) (matcher.Answer, error) {
	p.request = r
	return p.answer, p.err
}
func (p *parts) Portrait(context.Context, matcher.Blob) (matcher.Portrait, error) {
	return p.portrait, p.err
}
func (p *parts) OnPage(_ context.Context, _ matcher.Blob, number int) (matcher.Portrait, error) {
	found := p.portrait
	if found.Number = number; p.err == nil && number > max(1, found.Pages) {
		return matcher.Portrait{}, matcher.NewProblem("document.no_page", nil, "Number", number, "Pages", max(1, found.Pages))
	}
	return found, p.err
}
func (p *parts) Choose(_ context.Context, found matcher.Portrait, _ matcher.Choice) (matcher.Portrait, error) {
	return found, p.err
}
func (p *parts) Upright(_ context.Context, document matcher.Blob, _ matcher.Portrait) (matcher.Blob, error) {
	p.sent = document
	return matcher.Blob{Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("the page")),
			nil
	}}, p.err
}

type program struct {
	desk     *app.Desk
	gateway  *gateway.Gateway
	comparer matcher.Comparer
	models   []matcher.ModelFile
}

func (p program) Desk() *app.Desk             { return p.desk }
func (p program) Gateway() *gateway.Gateway   { return p.gateway }
func (p program) Comparer() matcher.Comparer  { return p.comparer }
func (p program) Models() []matcher.ModelFile { return p.models }
func (p program) Log(string, error)           {}
func (p program) Close() error                { return nil }

// settingsFiles writes the settings files.
func (p *parts) settingsFiles(t *testing.T) settings.Files {
	t.Helper()
	files := settings.Files{
		Administrator: filepath.Join(t.TempDir(), "etc.toml"), User: filepath.Join(t.TempDir(), "settings.toml"),
	}
	for file, text := range map[string]string{files.Administrator: p.administrator, files.User: p.user} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// run runs the command line on the parts.
func run(t *testing.T, p *parts, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	words, err := translations.New("en")
	if err != nil {
		t.Fatal(err)
	}
	store, unusable := settings.Open(p.settingsFiles(t))
	if p.change != nil {
		chosen := store.Get()
		p.change(&chosen)
		if err := store.Save(chosen); err != nil {
			t.Fatal(err)
		}
	}
	openAPI := p.openAPI
	if openAPI == nil {
		openAPI = func(settings.API, func(context.Context) (string, error)) (app.API, error) { return p, nil }
	}
	home := t.TempDir()
	if p.home != "" {
		home = p.home
	}
	var out, errs bytes.Buffer
	open := func(context.Context) (Program, error) {
		if unusable != nil {
			return nil, unusable
		}
		desk := app.New(app.Params{
			History: p, Engine: p, Portraits: p, Zones: p.zones, Settings: store,
			OpenSource: func(settings.Camera) app.Source { return dark{} },
			OpenAPI:    openAPI, Tokens: p, Queue: queue.New(t.TempDir(),
				func(context.Context) ([]byte, error) { return []byte("a key"), nil }),
			Cameras:     func() []app.Camera { return nil },
			Operators:   p.keeper(t),
			OpenHistory: p.openOther,
			OpenCentre:  p.openCentre,
			Instance:    "ins_1", Version: "1.2.3",
			Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
		})
		served := gateway.New(gateway.Params{
			Desk: desk, Tokens: gateway.NewTokens(filepath.Join(home, "served-tokens.json"), time.Now), Temp: home,
			Log: slog.New(slog.DiscardHandler), Now: time.Now,
		})
		return program{comparer: p.comparer, models: p.models, desk: desk, gateway: served}, nil
	}
	code = Run(context.Background(), args, Params{
		Words: words, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Version: "1.2.3", Secret: p.secret,
		Open: open,
		Measure: func(ctx context.Context, n Network) (Program, error) {
			p.measured = n
			return open(ctx)
		},
		TryNetwork: func(file string) error {
			p.tried = file
			return p.err
		},
		History:      func(context.Context) (Records, error) { return p.looking(t), p.historyErr },
		OtherHistory: p.openOther,
		Restore:      func(context.Context) (Restorer, error) { return restorer{p.looking(t)}, nil },
		Centre:       p.centre,
		Window: func(_ context.Context, document string) error {
			out.WriteString("window " + document)
			return nil
		},
	})
	return code, out.String(), errs.String()
}

func answer(t *testing.T, percentages ...float64) matcher.Answer {
	t.Helper()
	rules, err := matcher.ParseConditions(matcher.DefaultConditions)
	if err != nil {
		t.Fatal(err)
	}
	var r matcher.Result
	if len(percentages) == 0 {
		r, err = matcher.NotCompared(matcher.Anchor(matcher.CodeNoFace, ""), matcher.Target(""), rules)
	} else {
		r, err = matcher.Compared(percentages, 60, rules)
	}
	if err != nil {
		t.Fatal(err)
	}
	return matcher.Answer{Result: r, Engine: matcher.Description{Engine: "go-face"}}
}

var checkArgs = []string{"check", "--document", "d.jpg", "--video", "v.mp4", "--consent"}

func TestCheckExitCodesAndText(t *testing.T) {
	for name, tt := range map[string]struct {
		answer matcher.Answer
		err    error
		code   int
		says   string
	}{
		"pass":         {answer(t, 90, 91), nil, 0, "PASS: score 90.50 of 100"},
		"refer":        {answer(t, 60), nil, 3, "score >= 80 (was 60.00)"},
		"fail":         {answer(t, 10), nil, 4, "FAIL: score 10.00 of 100"},
		"not compared": {answer(t), nil, 5, "NOT COMPARED: No usable face found in the image"},
		"broken": {matcher.Answer{}, matcher.NewProblem("check.session", nil), 1,
			"This is not a session id. Leave it out for a new person."},
		"internal":  {matcher.Answer{}, errors.New("secret detail"), 1, "Something went wrong inside the program."},
		"cancelled": {matcher.Answer{}, context.Canceled, 1, "Cancelled."},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := run(t, &parts{answer: tt.answer, err: tt.err}, "", checkArgs...)
			if code != tt.code || !strings.Contains(out+errs, tt.says) {
				t.Errorf("exit %d, want %d\n%s\n%s", code, tt.code, out, errs)
			}
			if strings.Contains(out+errs, "secret detail") {
				t.Error("an internal detail was shown")
			}
			if (tt.code == 1) != (out == "") {
				t.Errorf("stdout is %q", out)
			}
		})
	}
}

func TestCheckJSON(t *testing.T) {
	code, out, errs := run(t, &parts{answer: answer(t, 90)}, "", append(checkArgs, "--format", "json")...)
	var r matcher.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 || errs != "" || r.Score != 90 {
		t.Errorf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	code, out, _ = run(t, &parts{err: matcher.NewProblem("check.session", nil)}, "",
		append(checkArgs, "--format", "json")...)
	var e map[string]string
	if err := json.Unmarshal([]byte(out), &e); err != nil || code != 1 || len(e) != 1 ||
		!strings.HasPrefix(e["error"], "This is not a session id.") {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
	raw := answer(t, 90)
	raw.Raw = []byte(`{"as": "it came"}`)
	if _, out, _ = run(t, &parts{answer: raw}, "", append(checkArgs, "--format", "json")...); out != `{"as": "it came"}` {
		t.Errorf("a remote answer was changed: %s", out)
	}
}

func TestNameComesFromStdin(t *testing.T) {
	p := &parts{answer: answer(t, 90)}
	if code, _, errs := run(t, p, "Zoë Müller\n", append(checkArgs, "--name", "-")...); code != 0 ||
		p.begun().Name != "Zoë Müller" {
		t.Errorf("exit %d, name %q, %s", code, p.begun().Name, errs)
	}
}

func TestWrongUsageExits64(t *testing.T) {
	for _, args := range [][]string{
		{"check"},
		{"check", "--document", "d.jpg", "--consent"},
		{"check", "--document", "d.jpg", "--video", "v.mp4"},
		{"check", "--document", "d.jpg", "--video", "v.mp4", "--consent", "--mode", "psychic"},
		{"check", "--document", "d.jpg", "--video", "v.mp4", "--consent", "--session", "x"},
		{"check", "--document", "d.jpg", "--video", "v.mp4", "--consent", "--format", "xml"},
		{"check", "--document", "d.jpg", "--video", "v.mp4", "--consent", "--name", "a\nb"},
		{"check", "--document", "d.jpg", "--video", "v.mp4", "--consent", "extra"},
		{"check", "--nonsense"},
		{"document"},
		{"document", "a", "b"},
		{"document", "a", "--format", "csv"},
		{"document", "a", "--page", "0"},
		{"document", "a", "--page", "-1"},
		{"document", "a", "--page", "two"},
		{"document", "a", "--page", "2"},
		{"document", "a", "--page", "2", "--format", "json"},
		{"history", "burn"},
		{"history", "list", "--limit", "0"},
		{"history", "list", "--limit", "many"},
		{"history", "list", "extra"},
		{"history", "verify", "--format", "csv"},
		{"doctor", "who"},
		{"try-network"},
		{"try-network", "a", "b"},
		{"evaluate", "people", "a", "--network-mean", "0"},
		{"evaluate", "people", "a", "--network-bgr"},
		{"evaluate", "people", "a", "--network", "n.onnx", "--network-mean", "256"},
		{"evaluate", "people", "a", "--network", "n.onnx", "--network-mean", "NaN"},
		{"evaluate", "people", "a", "--network", "n.onnx", "--network-deviation", "0"},
		{"evaluate", "people", "a", "--network", "n.onnx", "--network-deviation", "Inf"},
		{"chekc"},
		{"a", "b"},
	} {
		code, out, errs := run(t, &parts{}, "", args...)
		if code != ExitUsage || out != "" || !strings.Contains(errs, "--help") {
			t.Errorf("%q: exit %d\n%s%s", args, code, out, errs)
		}
	}
}

func TestDocument(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.png")
	p := &parts{portrait: matcher.Portrait{
		Image: image.NewRGBA(image.Rect(0, 0, 4, 4)), Page: image.NewRGBA(image.Rect(0, 0, 120, 80)), Rotation: 90,
		Number: 2, Pages: 3, More: true, Others: []image.Rectangle{image.Rect(60, 20, 80, 45), image.Rect(90, 20, 100, 32)},
		Box: image.Rect(10, 20, 40, 60), Eyes: [2]image.Point{{15, 30}, {30, 30}},
		Warnings: []matcher.Notice{{Key: "check.session"}},
	}}
	code, out, _ := run(t, p, "", "document", "d.jpg", "--out", file, "--format", "json")
	var f found
	if err := json.Unmarshal([]byte(out), &f); err != nil || code != 0 {
		t.Fatalf("exit %d, %v: %s", code, err, out)
	}
	if f.Code != 0 || *f.Box != (box{10, 20, 30, 40}) || f.Page != (page{120, 80, 2, 3, true}) || f.Rotation != 90 ||
		len(f.Eyes) != 2 || f.Warnings[0].Text != "This is not a session id." {
		t.Errorf("got %+v", f)
	}
	if want := []box{{60, 20, 20, 25}, {90, 20, 10, 12}}; !slices.Equal(f.Others, want) {
		t.Errorf("others are %+v", f.Others)
	}
	order := regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(regexp.MustCompile(`\{[^{}]*\}`).ReplaceAllString(out[1:], ""), -1)
	var keys []string
	for _, m := range order {
		keys = append(keys, m[1])
	}
	if want := "code description page rotation box eyes quality warnings others mrz"; strings.Join(keys, " ") != want {
		t.Errorf("the keys are %q", keys)
	}
	if !strings.Contains(out, `"page":{"width":120,"height":80,"number":2,"count":3,"more":true}`) {
		t.Errorf("the page is not told: %s", out)
	}
	_, out, _ = run(t, p, "", "document", "d.jpg")
	for _, say := range []string{"Page 2 of 3.", "only the first 3", "3 faces on the page; --portrait",
		"1: 30 x 40 pixels at (10, 20)", "2: 20 x 25 pixels at (60, 20)", "3: 10 x 12"} {
		if !strings.Contains(out, say) {
			t.Errorf("missing %q in %s", say, out)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("portrait: %v, %v", info, err)
	}
	code, out, _ = run(t, p, "", "document", "d.jpg", "--portrait", "1", "--format", "json")
	if code != 0 || !strings.Contains(out, `"chosen":{"number":1,"of":1}`) {
		t.Errorf("exit %d: %s", code, out)
	}
	if _, out, _ = run(t, p, "", "document", "d.jpg", "--portrait", "1"); !strings.Contains(out,
		"The portrait is chosen, 1 of 1.") {
		t.Errorf("the choice is not told: %s", out)
	}
	for number, say := range map[string]string{"4": "There are 3 faces on the page, and none with the number 4.",
		"0": "--portrait takes a number from 1", "-1": "--portrait"} {
		for _, args := range [][]string{{"document", "d.jpg"},
			{"check", "--document", "d.jpg", "--video", "v.mp4", "--consent"}} {
			if code, _, errs := run(t, p, "", append(args, "--portrait", number)...); code != ExitUsage ||
				!strings.Contains(errs, say) {
				t.Errorf("%s --portrait %s: exit %d, %s", args[0], number, code, errs)
			}
		}
	}
	code, out, _ = run(t, &parts{portrait: matcher.Portrait{Code: 1}}, "", "document", "d.jpg", "--format", "json")
	if code != ExitNotCompared || !strings.Contains(out, `"code":1`) || !strings.Contains(out, `"box":null`) ||
		!strings.Contains(out, `"warnings":[]`) {
		t.Errorf("exit %d: %s", code, out)
	}
	code, out, _ = run(t, &parts{err: matcher.NewProblem("check.session", nil)}, "", "document", "d.jpg",
		"--format", "json")
	if code != ExitCouldNotRun || !strings.Contains(out, `{"error":`) {
		t.Errorf("exit %d: %s", code, out)
	}
	code, _, errs := run(t, p, "", "document", "d.jpg", "--out", filepath.Join(file, "below-a-file.png"))
	if code != ExitCouldNotRun || !strings.Contains(errs, "could not be written") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestDocumentZone(t *testing.T) {
	zone := matcher.Zone{
		Kind: "TD1", Lines: []string{"a", "b", "c"}, DigitsHold: true,
		Number: matcher.ZoneField{Value: "D23145890", Proven: true}, Surname: matcher.ZoneField{Value: "ERIKSSON"},
		Birth: matcher.ZoneDate{ZoneField: matcher.ZoneField{Value: "2025-08-12", Proven: true}, Either: true},
	}
	p := &parts{portrait: matcher.Portrait{Code: 1, Page: image.NewRGBA(image.Rect(0, 0, 12, 8)), Number: 1, Pages: 1},
		zones: apptest.Zones{Found: &zone}}
	code, out, _ := run(t, p, "", "document", "d.jpg", "--format", "json")
	for _, say := range []string{
		`"mrz":{"type":"TD1","digits_hold":true,"corrected":false,"turn":0,"lines":["a","b","c"],"fields":{"document_code":{"value":"","proven":false}`,
		`"number":{"value":"D23145890","proven":true}`, `"surname":{"value":"ERIKSSON","proven":false}`,
		`"birth_date":{"value":"2025-08-12","proven":true,"either_century":true}`,
	} {
		if code != ExitNotCompared || !strings.Contains(out, say) {
			t.Errorf("exit %d, no %s in %s", code, say, out)
		}
	}
	_, out, _ = run(t, p, "", "document", "d.jpg")
	want := "Machine-readable zone (TD1): all check digits hold.\n" +
		"  Surname: ERIKSSON (please compare)\n  Number: D23145890 (proven by the check digits)\n" +
		"  Born: 2025-08-12 (proven by the check digits; the year may also be 1925)\n"
	if !strings.Contains(out, want) || strings.Contains(out, "Sex") {
		t.Errorf("got %s", out)
	}
	zone.DigitsHold, zone.Corrected = false, true
	zone.Number = matcher.ZoneField{Value: "D23145890", Corrected: true}
	_, out, _ = run(t, p, "", "document", "d.jpg")
	if !strings.Contains(out, "(TD1): not all check digits hold.") ||
		!strings.Contains(out, "Number: D23145890 (corrected; please compare)") {
		t.Errorf("got %s", out)
	}
	// What cannot be read hides no portrait.
	p.zones = apptest.Zones{Err: errors.New("broken")}
	if code, out, _ = run(t, p, "", "document", "d.jpg", "--format", "json"); code != ExitNotCompared ||
		!strings.Contains(out, `"mrz":null`) {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestDocumentPage(t *testing.T) {
	p := &parts{portrait: matcher.Portrait{Code: 1, Page: image.NewRGBA(image.Rect(0, 0, 12, 8)), Number: 1, Pages: 3}}
	code, out, _ := run(t, p, "", "document", "d.pdf", "--page", "3", "--format", "json")
	if code != ExitNotCompared || !strings.Contains(out, `"number":3,"count":3,"more":false}`) ||
		!strings.HasSuffix(out, `"others":[],"mrz":null}`+"\n") {
		t.Errorf("exit %d: %s", code, out)
	}
	code, out, errs := run(t, p, "", "document", "d.pdf", "--page", "4")
	if code != ExitUsage || out != "" || !strings.Contains(errs, "no page 4: 3 of its pages") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	broken := &parts{err: matcher.NewProblem("check.session", nil)}
	if code, _, errs = run(t, broken, "", "document", "d.pdf", "--page", "4"); code != ExitCouldNotRun ||
		strings.Contains(errs, "no page") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestDocumentToSend(t *testing.T) {
	// In any script, and with what a shell or an address would take apart.
	for _, name := range []string{"card.jpg", "паспорт.jpg", "身分證 1.png", "pièce d’identité.pdf", "100%20 #1?.png",
		"two\nlines.png", "not\xffutf8.png"} {
		dir := t.TempDir()
		file := filepath.Join(dir, "sent-"+name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		p := &parts{portrait: matcher.Portrait{Code: 1, Page: image.NewRGBA(image.Rect(0, 0, 12, 8))}}
		code, _, errs := run(t, p, "", "document", filepath.Join(dir, name), "--send-as", file)
		if code != ExitNotCompared || p.sent.Path != filepath.Join(dir, name) || p.sent.Size != 1 {
			t.Errorf("%q: exit %d, sent %q, %s", name, code, p.sent.Path, errs)
		}
		if data, err := os.ReadFile(file); err != nil || string(data) != "the page" {
			t.Errorf("%q: %q, %v", name, data, err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v, %v", name, info, err)
		}
	}
	file := filepath.Join(t.TempDir(), "none", "page.jpg")
	p := &parts{portrait: matcher.Portrait{Page: image.NewRGBA(image.Rect(0, 0, 12, 8)),
		Image: image.NewRGBA(image.Rect(0, 0, 2, 2))}}
	if code, _, errs := run(t, p, "", "document", "d.jpg", "--send-as",
		filepath.Join(file, "x")); code != ExitCouldNotRun ||
		!strings.Contains(errs, "The page to send could not be written.") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestHistoryList(t *testing.T) {
	score := int64(8358)
	p := &parts{History: apptest.History{Rows: []history.Row{
		{Seq: 3, Check: "chk_2", Session: "sess_2", At: time.Unix(1790000000, 0), Name: "=HYPERLINK(1)",
			Mode: history.Offline, Outcome: history.Pass, Score: &score},
		{Seq: 1, Check: "chk_1", Session: "sess_1", At: time.Unix(1780000000, 0), Sealed: true, Mode: history.Offline,
			Outcome: history.NotCompared},
	}}}
	_, out, _ := run(t, p, "", "history", "list")
	if !strings.Contains(out, "83.58") || strings.Contains(out, "HYPERLINK") || strings.Contains(out, " 0.00") {
		t.Errorf("text: %s", out)
	}
	_, out, _ = run(t, p, "", "history", "list", "--names", "--format", "csv")
	if !strings.Contains(out, ",'=HYPERLINK(1),given\r\n") || !strings.Contains(out, ",,sealed\r\n") ||
		!strings.HasPrefix(out, "seq,time,") {
		t.Errorf("csv: %s", out)
	}
	_, out, _ = run(t, p, "", "history", "list", "--format", "json", "--limit", "1")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 1 || rows[0]["score"] != 8358.0 ||
		rows[0]["name"] != nil {
		t.Errorf("json: %v %s", err, out)
	}
	_, out, _ = run(t, &parts{}, "", "history", "list", "--format", "json")
	if out != "[]\n" {
		t.Errorf("empty json: %q", out)
	}
	_, out, _ = run(t, &parts{}, "", "history", "list")
	if out != "No checks yet.\n" {
		t.Errorf("empty: %q", out)
	}
}

// A list without rows says why it has none.
func TestHistoryListWithoutRows(t *testing.T) {
	for _, tt := range []struct {
		all, fit int64
		args     []string
		want     string
	}{
		{0, 0, nil, "No checks yet.\n"},
		{0, 0, []string{"--outcome", "refer"}, "No checks yet.\n"},
		{1, 0, []string{"--name", "nobody"}, "No check fits. There is one in all.\n"},
		{34, 0, []string{"--score-from", "99", "--mode", "remote"}, "No check fits. There are 34 in all.\n"},
		{1234567, 0, []string{"--from", "2030-01-01"}, "No check fits. There are 1,234,567 in all.\n"},
		{34, 1, []string{"--outcome", "refer", "--before", "3"}, "No more checks. One fits in all.\n"},
		{34, 34, []string{"--before", "1"}, "No more checks. 34 fit in all.\n"},
	} {
		p := &parts{History: apptest.History{CountOf: func(f history.Filter) int64 {
			if reflect.DeepEqual(f, history.Filter{}) {
				return tt.all
			}
			return tt.fit
		}}}
		code, out, errs := run(t, p, "", append([]string{"history", "list"}, tt.args...)...)
		if code != ExitOK || out != tt.want || errs != "" {
			t.Errorf("%v: exit %d, %q, %s; want %q", tt.args, code, out, errs, tt.want)
		}
		// What programs read stays a list.
		for format, want := range map[string]string{"json": "[]\n", "csv": csvHead} {
			if _, out, _ := run(t, p, "", append([]string{"history", "list", "--format", format}, tt.args...)...); out != want {
				t.Errorf("%v as %s: %q", tt.args, format, out)
			}
		}
	}
}

const csvHead = "seq,time,mode,outcome,score,code,decision,operator,desk,session,check,request,inspection\r\n"

func TestHistoryVerify(t *testing.T) {
	for _, tt := range []struct {
		verdict history.Verdict
		code    int
		says    string
	}{
		{history.Verdict{Intact: true}, 0, "empty"},
		{history.Verdict{Intact: true, Records: 4}, 0, "No anchor was found"},
		{history.Verdict{Intact: true, Records: 4, Anchored: true, Since: time.Unix(1780000000, 0), Until: 4}, 0,
			"Intact since " + time.Unix(1780000000, 0).Format("2 Jan 2006")},
		{history.Verdict{Records: 4, BadSeq: 3, Fault: history.FaultChain, Hint: history.HintEdited}, 5,
			"BROKEN: record 3 is not the one that was written there. It looks edited"},
		{history.Verdict{Records: 4, BadSeq: 3, Fault: history.FaultChain, Hint: history.HintMissing}, 5,
			"no record has its number"},
		{history.Verdict{Records: 4, BadSeq: 3, Fault: history.FaultChain, Hint: history.HintMoved}, 5,
			"put in, taken out or moved"},
		{history.Verdict{Records: 4, BadSeq: 4, Fault: history.FaultPartGone}, 5, "no record says that it was erased"},
		{history.Verdict{Records: 4, BadSeq: 4, Fault: history.FaultKeyGone}, 5, "key of record 4's session is gone"},
		{history.Verdict{Records: 4, BadSeq: 4, Fault: history.FaultBack}, 5, "put back"},
		{history.Verdict{Records: 4, BadSeq: 4, Fault: history.FaultReplaced, Anchored: true, Good: 2}, 5,
			"confirm every record up to 2"},
		{history.Verdict{Records: 4, BadSeq: 5, Fault: history.FaultCutOff}, 5, "cut off"},
		{history.Verdict{Records: 4, BadSeq: 4, Fault: history.FaultReplaced}, 5, "not the one"},
		{history.Verdict{Records: 4, BadSeq: 4, Fault: history.FaultSealed}, 5, "sealed part"},
		{history.Verdict{Records: 4, Fault: history.FaultSchema}, 5, "BROKEN"},
		{history.Verdict{Records: 4, BadSeq: 2, Fault: history.FaultDamaged}, 5, "BROKEN"},
	} {
		code, out, _ := run(t, &parts{History: apptest.History{Verdict: tt.verdict}}, "", "history", "verify")
		if code != tt.code || !strings.Contains(out, tt.says) {
			t.Errorf("%+v: exit %d, %s", tt.verdict, code, out)
		}
	}
}

// broken is a standard output that is closed.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestResultThatCannotBeWrittenOut(t *testing.T) {
	words, err := translations.New("en")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"history", "list"}, {"history", "list", "--format", "json"}, {"history", "list", "--format", "csv"},
		{"history", "verify"},
	} {
		var errs bytes.Buffer
		code := Run(context.Background(), args, Params{
			Words: words, Stdout: broken{}, Stderr: &errs,
			History: func(context.Context) (Records, error) {
				return (&parts{History: apptest.History{Rows: []history.Row{{Seq: 1}},
					Verdict: history.Verdict{Intact: true}}}).looking(t), nil
			},
		})
		if code != ExitCouldNotRun || !strings.Contains(errs.String(), "could not be written out") {
			t.Errorf("%q: exit %d, %s", args, code, &errs)
		}
	}
}

func TestHistoryThatCannotBeOpened(t *testing.T) {
	for _, command := range []string{"list", "verify"} {
		p := &parts{historyErr: errors.New("a path with a name")}
		code, out, errs := run(t, p, "", "history", command, "--format", "json")
		var e map[string]string
		if err := json.Unmarshal([]byte(out), &e); err != nil || code != ExitCouldNotRun || len(e) != 1 ||
			strings.Contains(out+errs, "a path") {
			t.Errorf("%s: exit %d, %v\n%s%s", command, code, err, out, errs)
		}
	}
}

func TestVerifyOfALostHistoryIsBroken(t *testing.T) {
	for _, key := range []string{"store.damaged", "store.gone"} {
		p := &parts{historyErr: matcher.NewProblem(key, nil)}
		if code, _, errs := run(t, p, "", "history", "verify"); code != ExitNotCompared || errs == "" {
			t.Errorf("%s: exit %d, %s", key, code, errs)
		}
	}
}

// A reference is taken in the settings' form, from the flag or after the name, and is wrong
// usage otherwise.
func TestReferenceOfACheck(t *testing.T) {
	asked := func(s *settings.Settings) {
		s.Reference = settings.Reference{Name: "Case number", Pattern: "[0-9]{4}/[0-9]+", Example: "2026/17"}
	}
	for _, c := range []struct {
		change       func(*settings.Settings)
		stdin        string
		args         []string
		code         int
		name, stands string // the recorded name and reference, or the error's text
	}{
		{asked, "", []string{"--reference", "2026/99"}, 0, "", "2026/99"},
		{asked, "2026/99\n", []string{"--reference", "-"}, 0, "", "2026/99"},
		{asked, "Zoë Müller\n2026/99\n", []string{"--name", "-", "--reference", "-"}, 0, "Zoë Müller", "2026/99"},
		{asked, "Zoë Müller\n", []string{"--name", "-", "--reference", "-"}, ExitUsage, "",
			"first the name, then the reference"},
		{asked, "\n", []string{"--reference", "-"}, ExitUsage, "", "found nothing on standard input"},
		{asked, "", []string{"--reference", "99"}, ExitUsage, "",
			"Case number: this is not written as it should be. It is written like 2026/17."},
		{nil, "", []string{"--reference", "99"}, ExitUsage, "", "Checks have no reference at this desk."},
	} {
		p := &parts{answer: answer(t, 90), change: c.change}
		code, _, errs := run(t, p, c.stdin, append(checkArgs, c.args...)...)
		begun := p.begun()
		if code != c.code || code == 0 && (begun.Reference != c.stands || begun.Name != c.name) ||
			code != 0 && (!strings.Contains(errs, c.stands) || begun.Check != "") {
			t.Errorf("%q with %q: exit %d, %q %q, %s", c.args, c.stdin, code, begun.Name, begun.Reference, errs)
		}
	}
}

func TestNoNameOnStdin(t *testing.T) {
	p := &parts{answer: answer(t, 90)}
	if code, _, errs := run(t, p, " \n", append(checkArgs, "--name", "-")...); code != ExitUsage || p.begun().Check != "" {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestDoctor(t *testing.T) {
	network := matcher.ModelFile{Model: matcher.Model{Name: "fr_feature.onnx", SHA256: strings.Repeat("ab", 32)}}
	measured := &matcher.Calibration{
		Name: "two networks", Calibrated: true,
		Pairs:  &matcher.MeasuredPairs{Data: "LFW", Date: "2026-11-24", People: 1500, Genuine: 3204, Impostor: 4460000},
		Checks: &matcher.MeasuredChecks{Data: "LFW documents", Date: "2026-11-25", Genuine: 175, Impostor: 30450},
	}
	good := &parts{
		History: apptest.History{Verdict: history.Verdict{Intact: true}}, described: matcher.Description{Engine: "go-face"},
		comparer: calibrated{c: measured}, models: []matcher.ModelFile{network},
	}
	code, out, _ := run(t, good, "", "doctor")
	for _, want := range []string{
		"warning  camera", "ok       engine", "ok       calibration two networks: measured.",
		"3,204 comparisons of one person and 4,460,000 of two",
		"1,500 people (LFW, 2026-11-24)", "175 of one person and 30,450 of two (LFW documents, 2026-11-25)",
		"ok       signing     Exports are signed with the key SHA256:",
		"ok       model       fr_feature.onnx is there and the right one: SHA-256 " + network.SHA256,
	} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, without %q: %s", code, want, out)
		}
	}
	good.comparer, good.models[0].Problem = calibrated{c: &matcher.Calibration{Name: "a guess"}},
		matcher.NewProblem("engine.model_missing", nil, "Model", "fr_feature.onnx")
	code, out, _ = run(t, good, "", "doctor")
	if code != 1 || !strings.Contains(out, "warning  calibration a guess: not measured") ||
		!strings.Contains(out, "PROBLEM  model       fr_feature.onnx should have the SHA-256 "+network.SHA256) {
		t.Errorf("exit %d: %s", code, out)
	}
	good.Verdict = history.Verdict{Intact: true, Records: 4, Second: history.Anchor{Chosen: true}}
	if _, out, _ = run(t, good, "", "doctor"); !strings.Contains(out,
		"PROBLEM  history     The second anchor does not know this history.") {
		t.Error(out)
	}
	broken := &parts{
		History: apptest.History{Verdict: history.Verdict{Records: 1, BadSeq: 1, Fault: history.FaultChain,
			Hint: history.HintEdited}}, describeErr: matcher.NewProblem("check.session", nil),
		comparer: calibrated{c: measured}, models: []matcher.ModelFile{network},
	}
	code, out, _ = run(t, broken, "", "doctor", "--format", "json")
	var f []finding
	if err := json.Unmarshal([]byte(out), &f); err != nil || code != 1 || len(f) != 12 {
		t.Fatalf("exit %d, %v: %s", code, err, out)
	}
	for i, want := range []string{"ok", "ok", "ok", "ok", "problem", "ok", "problem", "ok", "ok", "ok", "warning", "ok"} {
		if f[i].State != want {
			t.Errorf("%s: %s, want %s", f[i].Part, f[i].State, want)
		}
	}
}

// The doctor finds fault with settings that name a public key of the auditors which was withdrawn.
func TestDoctorOfWithdrawnAuditors(t *testing.T) {
	const key = "age1r4hl4tuhahfht5pg9uv64457y0rs2nl7erm4szrg0fw8903v4u4sjuez6e"
	for _, withdrawn := range []bool{false, true} {
		p := &parts{
			History: apptest.History{Verdict: history.Verdict{Intact: true}}, comparer: calibrated{c: &matcher.Calibration{}},
			change: func(s *settings.Settings) {
				s.Central.Host, s.Central.AuditRecipient, s.Central.Auditors = "centre.test", key, "the internal audit"
			},
		}
		want := "ok       auditors"
		if withdrawn {
			p.WithdrawnKeys = []history.Withdrawn{{Recipient: key}}
			want = "was withdrawn, so nothing is encrypted for it: " + key
		}
		if _, out, _ := run(t, p, "", "doctor"); !strings.Contains(out, want) {
			t.Errorf("withdrawn %v, without %q: %s", withdrawn, want, out)
		}
	}
}

// calibrated is an engine of which only the calibration is asked.
type calibrated struct {
	matcher.Comparer
	c *matcher.Calibration
}

func (c calibrated) Calibration() *matcher.Calibration { return c.c }

func TestUnder18IsToldToTheEngine(t *testing.T) {
	p := &parts{answer: answer(t, 90)}
	if code, _, errs := run(t, p, "", append(checkArgs, "--under-18")...); code != 0 || !p.request.Minor ||
		!p.begun().Minor {
		t.Errorf("exit %d, %s: the engine was told %v, the record %v", code, errs, p.request.Minor, p.begun().Minor)
	}
	if run(t, p, "", checkArgs...); p.request.Minor || p.begun().Minor {
		t.Error("everybody is under 18")
	}
}

func TestRarityIsSaid(t *testing.T) {
	a := answer(t, 90)
	a.Rarity = matcher.Rarity{OneIn: 7961}
	if _, out, _ := run(t, &parts{answer: a}, "", checkArgs...); !strings.Contains(out,
		"\nAbout 1 stranger in 8,000 scores this high.\n") {
		t.Error(out)
	}
	if _, out, _ := run(t, &parts{answer: answer(t, 90)}, "", checkArgs...); strings.Contains(out, "stranger") {
		t.Errorf("a rarity nobody measured: %s", out)
	}
}

func TestTryNetwork(t *testing.T) {
	p := &parts{}
	if code, out, errs := run(t, p, "", "try-network", "--", "-n.onnx"); code != 0 || out+errs != "" ||
		p.tried != "-n.onnx" {
		t.Errorf("exit %d, %q: %s%s", code, p.tried, out, errs)
	}
	p.err = matcher.NewProblem("engine.network_unusable", nil, "Reason", "unfit")
	if code, out, errs := run(t, p, "", "try-network", "n.onnx"); code != 1 || out != "" ||
		strings.Count(errs, "\n") != 1 {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if _, out, _ := run(t, p, "", "--help"); strings.Contains(out, "try-network") {
		t.Error("a command for the program itself is shown")
	}
}

func TestWindowAndHelp(t *testing.T) {
	if code, out, _ := run(t, &parts{}, ""); code != 0 || out != "window " {
		t.Errorf("exit %d: %q", code, out)
	}
	if code, out, _ := run(t, &parts{}, "", os.Args[0]); code != 0 || out != "window "+os.Args[0] {
		t.Errorf("exit %d: %q", code, out)
	}
	for _, args := range [][]string{{"--help"}, {"check", "--help"}, {"history", "--help"}, {"--version"}} {
		code, out, errs := run(t, &parts{}, "", args...)
		if code != 0 || out == "" || errs != "" || strings.Contains(out, "cli.") {
			t.Errorf("%q: exit %d\n%s%s", args, code, out, errs)
		}
	}
}
