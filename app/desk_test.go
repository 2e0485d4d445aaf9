package app

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/queue"
	"facematch/app/settings"
	"facematch/matcher"
)

// scripted is an engine that answers as told.
type scripted struct {
	answer    matcher.Answer
	err       error
	described error
	asked     matcher.Request
	wait      bool
}

func (s *scripted) Describe(context.Context) (matcher.Description, error) {
	return matcher.Description{Engine: "scripted", Calibration: "none"}, s.described
}

func (s *scripted) Match(ctx context.Context, r matcher.Request, _ matcher.ProgressFunc) (matcher.Answer, error) {
	s.asked = r
	if s.wait {
		<-ctx.Done()
		return matcher.Answer{}, ctx.Err()
	}
	return s.answer, s.err
}

// finder finds what it is told to.
type finder struct {
	portrait matcher.Portrait
	err      error
}

func (f finder) Portrait(context.Context, matcher.Blob) (matcher.Portrait, error) {
	return f.portrait, f.err
}

func (finder) OnPage(context.Context, matcher.Blob, int) (matcher.Portrait, error) {
	return matcher.Portrait{}, nil
}

func (finder) Choose(context.Context, matcher.Portrait, matcher.Choice) (matcher.Portrait, error) {
	return matcher.Portrait{}, nil
}

func (finder) Upright(_ context.Context, b matcher.Blob, _ matcher.Portrait) (matcher.Blob, error) {
	return b, nil
}

func desk(t *testing.T, engine *scripted) (*Desk, *apptest.History, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.toml")
	store, err := settings.Open(settings.Files{User: file})
	if err != nil {
		t.Fatal(err)
	}
	m := &apptest.History{}
	return New(Params{
		History: m, Engine: engine, Portraits: finder{}, Zones: apptest.Zones{}, Settings: store,
		OpenAPI: func(settings.API, func(context.Context) (string, error)) (API, error) {
			return nil, errors.New("no API was expected")
		},
		Tokens: &tokens{}, Queue: queue.New(filepath.Join(filepath.Dir(file), "kept"),
			func(context.Context) ([]byte, error) { return []byte("a key"), nil }),
		OpenSource: func(settings.Camera) Source { return nil }, Cameras: func() []Camera { return nil },
		OpenHistory: func(context.Context, string) (Records, error) {
			return nil, errors.New("no other history was expected")
		},
		Operators: operators.New(operators.Params{File: filepath.Join(filepath.Dir(file), "operators.json"), Now: time.Now,
			Cost: operators.Cost{Memory: 8, Passes: 1, Lanes: 1}}),
		Instance: "ins_1", Version: "test",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
	}), m, file
}

// A minor is recorded as one whatever the settings say, and for the
// engine where they say that it matters.
func TestUnder18(t *testing.T) {
	for _, refer := range []bool{true, false} {
		engine := &scripted{}
		d, m, _ := desk(t, engine)
		s := d.Settings()
		engine.answer = compared(t, s.Conditions, 90)
		s.Matching.ReferMinors = refer
		if err := d.SaveSettings(context.Background(), s); err != nil {
			t.Fatal(err)
		}
		for i, minor := range []bool{true, false} {
			if _, err := d.Check(context.Background(), CheckInput{Consent: true, Minor: minor}, nil); err != nil {
				t.Fatal(err)
			}
			if m.Started[i].Minor != minor || engine.asked.Minor != (minor && refer) {
				t.Errorf("refer_minors %v, minor %v: recorded %v, the engine was told %v", refer, minor, m.Started[i].Minor,
					engine.asked.Minor)
			}
			payload, err := json.Marshal(m.Started[i])
			if err != nil || strings.Contains(string(payload), `"minor":true`) != minor {
				t.Errorf("%v: %s", err, payload)
			}
		}
	}
}

func TestRateWords(t *testing.T) {
	for _, tt := range []struct {
		rate   matcher.Rate
		key    string
		number any
	}{
		{matcher.Rate{}, "", nil},
		{matcher.Rate{Bound: matcher.AtMost}, "", nil},
		{matcher.Rate{Share: 0.0000989, Bound: matcher.About}, "k.about", "10,000"},
		{matcher.Rate{Share: 1. / 712, Bound: matcher.AtLeast}, "k.at_least", "720"},
		{matcher.Rate{Share: 1. / 19_532, Bound: matcher.AtMost}, "k.at_most", "19,000"},
		{matcher.Rate{Share: 0.029, Bound: matcher.About}, "k.about", "34"},
		{matcher.Rate{Share: 0.2, Bound: matcher.About}, "k.many", nil},
		{matcher.Rate{Share: 1, Bound: matcher.About}, "k.many", nil},
	} {
		words, measured := RateWords("k", tt.rate)
		if words.Key != tt.key || words.Params["Number"] != tt.number || measured != (tt.key != "") {
			t.Errorf("%+v: %+v", tt.rate, words)
		}
	}
}

func TestRarityWords(t *testing.T) {
	for _, tt := range []struct {
		rarity matcher.Rarity
		key    string
		number any
	}{
		{matcher.Rarity{}, "", nil},
		{matcher.Rarity{Fewer: true}, "", nil},
		{matcher.Rarity{OneIn: 1}, "rarity.many", nil},
		{matcher.Rarity{OneIn: 10}, "rarity.many", nil},
		{matcher.Rarity{OneIn: 11}, "rarity.about", "11"},
		{matcher.Rarity{OneIn: 104}, "rarity.about", "100"},
		{matcher.Rarity{OneIn: 105}, "rarity.about", "110"},
		{matcher.Rarity{OneIn: 996}, "rarity.about", "1,000"},
		{matcher.Rarity{OneIn: 7961}, "rarity.about", "8,000"},
		{matcher.Rarity{OneIn: 30450}, "rarity.about", "30,000"},
		{matcher.Rarity{OneIn: 1_234_567}, "rarity.about", "1,200,000"},
		{matcher.Rarity{OneIn: 10, Fewer: true}, "rarity.too_few", nil},
		{matcher.Rarity{OneIn: 11, Fewer: true}, "rarity.fewer", "11"},
		{matcher.Rarity{OneIn: 999, Fewer: true}, "rarity.fewer", "990"}, // never more than was measured
		{matcher.Rarity{OneIn: 10150, Fewer: true}, "rarity.fewer", "10,000"},
	} {
		words, measured := RarityWords(tt.rarity)
		if measured != (tt.key != "") || words.Key != tt.key || words.Params["Number"] != tt.number {
			t.Errorf("%+v: %v %+v", tt.rarity, measured, words)
		}
	}
}

func compared(t *testing.T, rules []matcher.Condition, percentages ...float64) matcher.Answer {
	t.Helper()
	r, err := matcher.Compared(percentages, 60, rules)
	if err != nil {
		t.Fatal(err)
	}
	return matcher.Answer{Result: r, Portrait: &matcher.Portrait{Image: image.NewRGBA(image.Rect(0, 0, 1, 1))},
		Engine: matcher.Description{Engine: "scripted"}}
}

func TestCheckEndsWithItsOutcome(t *testing.T) {
	rules, err := matcher.ParseConditions(matcher.DefaultConditions)
	if err != nil {
		t.Fatal(err)
	}
	none, err := matcher.NotCompared(matcher.Anchor(matcher.CodeNoFace, ""), matcher.Target(""), rules)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		engine  scripted
		outcome history.Outcome
		score   int64 // -1: none
		problem string
	}{
		"pass":         {scripted{answer: compared(t, rules, 87.49, 84.12)}, history.Pass, 8581, ""},
		"refer":        {scripted{answer: compared(t, rules, 60)}, history.Refer, 6000, ""},
		"fail":         {scripted{answer: compared(t, rules, 12.34)}, history.Fail, 1234, ""},
		"not compared": {scripted{answer: matcher.Answer{Result: none}}, history.NotCompared, -1, ""},
		"broken": {scripted{err: matcher.NewProblem("clip.unreadable", nil)}, history.CouldNotRun, -1,
			"clip.unreadable"},
		"internal": {scripted{err: errors.New("native code said no")}, history.CouldNotRun, -1, "problem.internal"},
		"no models": {scripted{err: matcher.NewProblem("engine.model_missing", nil), described: errors.New("no models")},
			history.CouldNotRun, -1, "engine.model_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			d, m, _ := desk(t, &tt.engine)
			check, err := d.Check(context.Background(),
				CheckInput{Consent: true, Name: "  Ada Lovelace ", Document: OpenFile("d.jpg")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if check.Outcome != tt.outcome || len(m.Started) != 1 || len(m.Finished) != 1 {
				t.Fatalf("outcome %s, %d started, %d finished", check.Outcome, len(m.Started), len(m.Finished))
			}
			s, f := m.Started[0], m.Finished[0]
			if s.Check != check.ID || f.Check != check.ID || s.Session != check.Session || f.Session != check.Session ||
				!ValidSession(s.Session) {
				t.Error("the records are not of this check")
			}
			if s.Name != "Ada Lovelace" || !s.Consent.Processing || s.Consent.Wording != ConsentWording ||
				s.Instance != "ins_1" || s.Program != "test" || len(s.Rules) != 1 {
				t.Errorf("started: %+v", s)
			}
			if f.Outcome != tt.outcome || f.Problem != tt.problem || (f.Score == nil) != (tt.score < 0) ||
				(f.Score != nil && *f.Score != tt.score) {
				t.Errorf("finished: %+v", f)
			}
			if (f.Raw == nil) != (check.Answer == nil) {
				t.Error("the answer and its raw form do not go together")
			}
		})
	}
}

func TestNothingRunsWithoutConsent(t *testing.T) {
	engine := &scripted{}
	d, m, _ := desk(t, engine)
	captured := false
	_, err := d.Check(context.Background(),
		CheckInput{Capture: func(context.Context, bool, matcher.ProgressFunc) (Captured, error) {
			captured = true
			return Captured{}, nil
		}}, nil)
	var p *matcher.Problem
	if !errors.As(err, &p) || p.Key != "check.no_consent" || captured || len(m.Started) != 0 {
		t.Errorf("%v, captured %v, %d records", err, captured, len(m.Started))
	}
}

func TestInputThatBeginsNoCheck(t *testing.T) {
	for key, in := range map[string]CheckInput{
		"check.name_control": {Consent: true, Name: "Ada\r\nX-Evil: 1"},
		"check.name_long":    {Consent: true, Name: strings.Repeat("a", MaxName+1)},
		"check.session":      {Consent: true, Session: "sess_1"},
		"check.mode":         {Consent: true, Mode: "elsewhere"},
		"check.mode_ask":     {Consent: true, Mode: history.Ask},
		"check.prefilled":    {Consent: true, Mode: history.Offline, Prefilled: true, Session: NewSession()},
		"token.none":         {Consent: true, Mode: history.Remote},
	} {
		d, m, _ := desk(t, &scripted{})
		_, err := d.Check(context.Background(), in, nil)
		var p *matcher.Problem
		if !errors.As(err, &p) || p.Key != key || len(m.Started) != 0 {
			t.Errorf("%s: %v, %d records", key, err, len(m.Started))
		}
		if strings.Contains(err.Error(), "Ada") {
			t.Error("the name is in the error")
		}
	}
}

func TestNameGoesOutOnlyWithItsConsent(t *testing.T) {
	for _, send := range []bool{false, true} {
		engine := &scripted{err: errors.New("enough seen")}
		d, _, _ := desk(t, engine)
		if _, err := d.Check(context.Background(), CheckInput{Consent: true, Name: "Ada Lovelace", SendName: send},
			nil); err != nil {
			t.Fatal(err)
		}
		if got := engine.asked.Person != ""; got != send {
			t.Errorf("consent %v, sent %v", send, got)
		}
	}
}

func TestCancelledCheckIsRecordedAndItsClipDeleted(t *testing.T) {
	d, m, _ := desk(t, &scripted{wait: true})
	clip := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(clip, []byte("a person"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	check, err := d.Check(ctx, CheckInput{Consent: true,
		Capture: func(context.Context, bool, matcher.ProgressFunc) (Captured, error) {
			time.AfterFunc(10*time.Millisecond, cancel)
			return Captured{Clip: &matcher.Clip{Video: OpenFile(clip)}}, nil
		}}, nil)
	if err != nil || check.Outcome != history.Cancelled || len(m.Finished) != 1 ||
		m.Finished[0].Outcome != history.Cancelled {
		t.Errorf("%v, %+v", err, check)
	}
	if _, err := os.Stat(clip); !errors.Is(err, os.ErrNotExist) {
		t.Error("the clip is still there")
	}
}

func TestLostCameraIsRecorded(t *testing.T) {
	engine := &scripted{}
	d, m, _ := desk(t, engine)
	check, err := d.Check(context.Background(),
		CheckInput{Consent: true, Capture: func(context.Context, bool, matcher.ProgressFunc) (Captured, error) {
			return Captured{}, matcher.NewProblem("camera.lost", nil)
		}}, nil)
	if err != nil || check.Outcome != history.CouldNotRun || check.Problem.Key != "camera.lost" ||
		m.Finished[0].Problem != "camera.lost" {
		t.Errorf("%v, %+v", err, check)
	}
	if !reflect.DeepEqual(engine.asked, matcher.Request{}) {
		t.Error("the engine was asked without a clip")
	}
}

// Whatever engine decides: it gets the portrait, found here where nobody found it
// before, and one without a face as it is.
func TestTheEngineGetsThePortrait(t *testing.T) {
	found := matcher.Portrait{Image: image.NewRGBA(image.Rect(0, 0, 1, 1)), Number: 2}
	clerks := matcher.Portrait{Code: matcher.CodeTwoFaces, Number: 3, ByHand: true}
	for name, tt := range map[string]struct {
		found matcher.Portrait
		err   error
		given *matcher.Portrait
		want  *matcher.Portrait // nil: the engine is not asked
	}{
		"found here": {found: found, want: &found},
		"none there": {found: matcher.Portrait{Code: matcher.CodeNoFace},
			want: &matcher.Portrait{Code: matcher.CodeNoFace}},
		"from the clerk": {found: found, given: &clerks, want: &clerks},
		"unreadable":     {err: matcher.NewProblem("document.damaged", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			engine := &scripted{err: errors.New("enough seen")}
			d, m, _ := desk(t, engine)
			d.p.Portraits = finder{tt.found, tt.err}
			filmed, stages := false, []matcher.Stage{}
			check, err := d.Check(context.Background(), CheckInput{Consent: true, Portrait: tt.given,
				Capture: func(context.Context, bool, matcher.ProgressFunc) (Captured, error) {
					filmed = true
					return Captured{}, nil
				}}, func(p matcher.Progress) { stages = append(stages, p.Stage) })
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(engine.asked.Portrait, tt.want) || filmed != (tt.want != nil) {
				t.Errorf("the engine got %+v; filmed: %v", engine.asked.Portrait, filmed)
			}
			if looked := len(stages) > 0 && stages[0] == matcher.StageDocument; looked != (tt.given == nil) {
				t.Errorf("stages %v", stages)
			}
			if tt.err != nil && (check.Outcome != history.CouldNotRun || m.Finished[0].Problem != "document.damaged") {
				t.Errorf("%+v", check)
			}
		})
	}
}

// picker finds two portraits, and takes the one the clerk means.
type picker struct{ finder }

func (picker) Choose(_ context.Context, p matcher.Portrait, c matcher.Choice) (matcher.Portrait, error) {
	chosen := matcher.Portrait{Image: image.NewRGBA(image.Rect(0, 0, 1, 1)), Box: c.Area}
	for _, other := range p.Others {
		if other != c.Area {
			chosen.Others = append(chosen.Others, other)
		}
	}
	chosen.Chosen = chosen.PickOf(c.Area)
	return chosen, nil
}

// Of two portraits the one with the number is compared, and the record says which it
// was. A number that no face has begins no check.
func TestAFaceIsChosenByItsNumber(t *testing.T) {
	left, right := image.Rect(0, 0, 10, 10), image.Rect(50, 2, 60, 12)
	two := matcher.Portrait{Code: matcher.CodeTwoFaces, Others: []image.Rectangle{left, right}}
	for number, want := range map[int]image.Rectangle{1: left, 2: right} {
		engine := &scripted{err: errors.New("enough seen")}
		d, m, _ := desk(t, engine)
		d.p.Portraits = picker{finder{portrait: two}}
		if _, err := d.Check(context.Background(), CheckInput{Consent: true, Face: number}, nil); err != nil {
			t.Fatal(err)
		}
		if engine.asked.Portrait.Box != want || m.Started[0].Chosen != (matcher.Pick{Number: number, Of: 2}) {
			t.Errorf("%d: %+v, recorded %+v", number, engine.asked.Portrait, m.Started[0].Chosen)
		}
	}
	d, m, _ := desk(t, &scripted{})
	d.p.Portraits = picker{finder{portrait: two}}
	_, err := d.Check(context.Background(), CheckInput{Consent: true, Face: 3}, nil)
	if matcher.AsProblem(err, "").Key != KeyNoFace || len(m.Started) != 0 {
		t.Errorf("number 3: %v, %d checks", err, len(m.Started))
	}
	d.p.Portraits = picker{finder{err: matcher.NewProblem("document.damaged", nil)}}
	check, err := d.Check(context.Background(), CheckInput{Consent: true, Face: 1}, nil)
	if err != nil || check.Outcome != history.CouldNotRun || len(m.Started) != 1 {
		t.Errorf("a damaged document: %+v, %v", check, err)
	}
}

func TestWhereTheDocumentCameFromIsRecorded(t *testing.T) {
	for given, want := range map[history.DocumentSource]string{"": `"file"`, history.FromFile: `"file"`,
		history.FromCamera: `"camera"`} {
		answer := compared(t, nil, 90)
		answer.Portrait.Number, answer.Portrait.ByHand = 2, true
		d, m, _ := desk(t, &scripted{answer: answer})
		if _, err := d.Check(context.Background(), CheckInput{Consent: true, DocumentFrom: given}, nil); err != nil {
			t.Fatal(err)
		}
		started, err := json.Marshal(m.Started[0])
		if err != nil || !strings.Contains(string(started), `"document_from":`+want) {
			t.Errorf("%v: %s", err, started)
		}
		finished, err := json.Marshal(m.Finished[0])
		if err != nil || !strings.Contains(string(finished), `"portrait_page":2,"portrait_by_hand":true`) {
			t.Errorf("%v: %s", err, finished)
		}
	}
	// A document may come in several files, of which a check is given one.
	answer := compared(t, nil, 90)
	answer.Portrait.Number = 1
	d, m, _ := desk(t, &scripted{answer: answer})
	if _, err := d.Check(context.Background(), CheckInput{Consent: true, DocumentPage: 4}, nil); err != nil {
		t.Fatal(err)
	}
	if page := m.Finished[0].Quality.PortraitPage; page != 4 {
		t.Errorf("recorded as page %d", page)
	}
	// A record from before these fields says nothing of them, and is written again
	// as it was.
	var old history.Finished
	before := `{"check":"chk_1","session":"sess_1","outcome":"pass","took_ns":1,"quality":{"portrait":1,"portrait_inter_eye_px":2,"frames":null,"frames_inter_eye_px":null,"portrait_warnings":0},"description":{"engine":"","models":null,"calibration":"","calibrated":false}}`
	if err := json.Unmarshal([]byte(before), &old); err != nil {
		t.Fatal(err)
	}
	if after, _ := json.Marshal(old); string(after) != before {
		t.Errorf("an old record became %s", after)
	}
}

func TestNoHistoryNoCheck(t *testing.T) {
	engine := &scripted{}
	d, m, _ := desk(t, engine)
	m.Refuse = matcher.NewProblem("store.full", nil)
	if _, err := d.Check(context.Background(), CheckInput{Consent: true}, nil); err == nil ||
		!reflect.DeepEqual(engine.asked, matcher.Request{}) {
		t.Errorf("%v; a check that cannot be recorded ran", err)
	}
}

func TestSettingsChangedByHandAreNoticed(t *testing.T) {
	d, m, file := desk(t, &scripted{})
	ctx := context.Background()
	for range 2 {
		if err := d.NoticeSettings(ctx); err != nil {
			t.Fatal(err)
		}
	}
	next := d.Settings()
	next.Desk = "Desk 7"
	if err := d.SaveSettings(ctx, next); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(file)
	if err := os.WriteFile(file, append(text, "# edited\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	reopened, err := settings.Open(settings.Files{User: file})
	if err != nil {
		t.Fatal(err)
	}
	d.p.Settings = reopened
	if err := d.NoticeSettings(ctx); err != nil {
		t.Fatal(err)
	}
	administrator := filepath.Join(t.TempDir(), "settings.toml")
	if err := os.WriteFile(administrator, []byte("desk = 'Branch 17'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d.p.Settings, err = settings.Open(settings.Files{Administrator: administrator, User: file}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.NoticeSettings(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if last := m.Changes[len(m.Changes)-1]; last.SHA256 != m.Changes[len(m.Changes)-2].SHA256 ||
		len(last.Administrator) != 64 {
		t.Errorf("recorded %+v", last)
	}
	var how []string
	for _, c := range m.Changes {
		how = append(how, c.How)
	}
	if want := []string{history.FirstSeen, history.ChangedInWindow, history.ChangedByHand,
		history.ChangedByHand}; !reflect.DeepEqual(how, want) {
		t.Errorf("got %q, want %q", how, want)
	}
}

func TestAnswerThatCannotBeWrittenDown(t *testing.T) {
	broken := compared(t, nil, 90)
	broken.Result.Score = math.NaN()
	strange := compared(t, nil, 90)
	strange.Result.Scoring.Status = "maybe"
	for name, answer := range map[string]matcher.Answer{"NaN": broken, "unknown status": strange} {
		d, m, _ := desk(t, &scripted{answer: answer})
		check, err := d.Check(context.Background(), CheckInput{Consent: true}, nil)
		if err != nil || check.ID == "" || check.Outcome != history.CouldNotRun || len(m.Finished) != 1 ||
			m.Finished[0].Problem != "problem.internal" {
			t.Errorf("%s: %v, %+v, %d finished", name, err, check, len(m.Finished))
		}
	}
}

func TestAnchorThatCannotBeWrittenIsSaid(t *testing.T) {
	d, m, _ := desk(t, &scripted{err: errors.New("enough seen")})
	m.NoAnchor = matcher.NewProblem("store.anchor_unwritten", nil)
	check, err := d.Check(context.Background(), CheckInput{Consent: true}, nil)
	if err != nil || check.Warning == nil || check.Warning.Key != "store.anchor_unwritten" || len(m.Finished) != 1 {
		t.Errorf("%v, warning %v", err, check.Warning)
	}
}

func TestMissingPartPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a desk without parts was made")
		}
	}()
	New(Params{})
}

func TestFormatScore(t *testing.T) {
	for in, want := range map[int64]string{0: "0.00", 5: "0.05", 8358: "83.58", 10000: "100.00"} {
		if got := FormatScore(in); got != want {
			t.Errorf("%d: got %s, want %s", in, got, want)
		}
	}
}
