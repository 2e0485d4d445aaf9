package app

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// camera is a source whose advice follows a script: what it says from when on.
type camera struct {
	Source
	began  time.Time
	script []spell
	filmed time.Duration // when filming began
	err    error
}

// spell is what the camera says from a time on: a hint, or nothing at all.
type spell struct {
	from time.Duration
	hint string
}

func (c *camera) Advise(ctx context.Context, after uint64) (matcher.Advice, error) {
	for {
		select {
		case <-ctx.Done():
			return matcher.Advice{}, ctx.Err()
		case <-time.After(150 * time.Millisecond):
		}
		if c.err != nil {
			return matcher.Advice{}, c.err
		}
		now := spell{}
		for _, s := range c.script {
			if time.Since(c.began) >= s.from {
				now = s
			}
		}
		if now.hint != "" {
			return matcher.Advice{
				Seq: after + 1, Good: now.hint == "coach.good", Hint: matcher.Notice{Key: now.hint},
				Quality: quality.Measures{InterEye: 80},
			}, nil
		}
	}
}

// Virtual is one camera until filming begins, and another from then on.
func (c *camera) Virtual() string {
	if c.filmed < 0 {
		return "the one before"
	}
	return "v4l2 loopback"
}

func (c *camera) Record(context.Context, time.Duration, matcher.ProgressFunc) (matcher.Clip, error) {
	c.filmed = time.Since(c.began)
	return matcher.Clip{Length: 3 * time.Second}, nil
}

func (c *camera) Film(context.Context, time.Duration, matcher.ProgressFunc) (matcher.Film, error) {
	c.filmed = time.Since(c.began)
	return matcher.FilmOf(nil), nil
}

func TestCapture(t *testing.T) {
	const never = time.Hour
	fault := errors.New("no faces today")
	for name, c := range map[string]struct {
		script  []spell
		err     error
		anyway  time.Duration // when the clerk presses
		filmed  time.Duration // to the second; -1: never
		warning string
		offered bool
		want    error
	}{
		"good at once": {script: []spell{{0, "coach.good"}}, anyway: never},
		"good after 4 s": {script: []spell{{0, "coach.dark"}, {4 * time.Second, "coach.good"}}, anyway: never,
			filmed: 4 * time.Second},
		"never good": {script: []spell{{0, "coach.dark"}}, anyway: 15 * time.Second, filmed: 15 * time.Second,
			warning: "coach.dark", offered: true},
		"pressed too early": {script: []spell{{0, "coach.dark"}}, anyway: 2 * time.Second, filmed: 10 * time.Second,
			warning: "coach.dark", offered: true},
		"good while it is asked": {script: []spell{{0, "coach.dark"}, {20 * time.Second, "coach.good"}}, anyway: never,
			filmed: 20 * time.Second, offered: true},
		"no picture": {anyway: 11 * time.Second, filmed: 11 * time.Second, warning: "coach.no_picture",
			offered: true},
		"a broken finder": {err: fault, anyway: never, filmed: -1, want: fault},
		"cancelled": {script: []spell{{0, "coach.dark"}}, anyway: never, filmed: -1, offered: true,
			want: context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &camera{began: time.Now(), script: c.script, filmed: -1, err: c.err}
				anyway := make(chan struct{})
				press := time.AfterFunc(c.anyway, func() { close(anyway) })
				defer press.Stop()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var stages []matcher.Stage
				asFile := len(name)%2 == 0
				captured, err := Capture(source, 3*time.Second, anyway)(ctx, asFile, func(p matcher.Progress) {
					if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
						stages = append(stages, p.Stage)
					}
				})
				if !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
				if got := source.filmed.Truncate(time.Second); source.filmed >= 0 && got != c.filmed ||
					source.filmed < 0 && c.filmed >= 0 {
					t.Errorf("filmed at %v, want %v", source.filmed, c.filmed)
				}
				if captured.Warning.Key != c.warning {
					t.Errorf("warning %q, want %q", captured.Warning.Key, c.warning)
				}
				if filmed := c.want == nil; (captured.Clip != nil) != (filmed && asFile) ||
					(captured.Film != nil) != (filmed && !asFile) {
					t.Errorf("as a file %t: %+v", asFile, captured)
				}
				if filmed := source.filmed >= 0; filmed && captured.Virtual != "v4l2 loopback" ||
					!filmed && captured.Virtual != "" {
					t.Errorf("the camera that filmed is %q", captured.Virtual)
				}
				if offered := slices.Contains(stages, matcher.StageOffering); offered != c.offered {
					t.Errorf("stages %v", stages)
				}
				if len(stages) > 0 && stages[0] != matcher.StageCoaching {
					t.Errorf("begins with %v", stages)
				}
			})
		})
	}
}

// What the camera saw, and what the clerk went on with, stands in the record,
// however the check ends.
func TestQualityIsRecorded(t *testing.T) {
	answer := compared(t, nil, 90, 80)
	answer.Portrait.Quality = quality.Measures{InterEye: 61.6, Size: 40.4, Sharpness: 30, Exposure: 99.6, Contrast: 88,
		Pose: 97, Tilt: 100, Total: 58}
	answer.Frames = []matcher.MatchedFrame{{Quality: quality.Measures{InterEye: 80, Size: 60, Total: 70}},
		{Quality: quality.Measures{InterEye: 91, Size: 75, Total: 75}}}
	dark := Filmed{Warning: matcher.Notice{Key: "coach.dark"}, Quality: quality.Measures{InterEye: 77, Exposure: 12}}
	lost := matcher.NewProblem("camera.lost", nil)
	for name, c := range map[string]struct {
		engine  scripted
		filmed  Filmed
		err     error
		want    string
		without string
	}{
		"compared": {scripted{answer: answer}, Filmed{Quality: quality.Measures{InterEye: 50}}, nil,
			`"document":{"inter_eye_px":62,"size":40,"sharpness":30,"exposure":100,"contrast":88,"pose":97,"tilt":100,"total":58},` +
				`"camera":{"inter_eye_px":86,"size":68,"sharpness":0,"exposure":0,"contrast":0,"pose":0,"tilt":0,"total":73}}`,
			"capture_warning"},
		"filmed anyway": {scripted{answer: answer}, dark, nil, `"inter_eye_px":86,"size":68`, ""},
		"its warning":   {scripted{answer: answer}, dark, nil, `"capture_warning":"coach.dark"`, ""},
		"nothing compared": {scripted{err: errors.New("broken")}, dark, nil,
			`"camera":{"inter_eye_px":77,"size":0,"sharpness":0,"exposure":12`, "document\":{"},
		"the clip was lost": {scripted{answer: answer}, dark, lost, `"capture_warning":"coach.dark"`, ""},
		"nothing measured":  {scripted{err: errors.New("broken")}, Filmed{}, nil, `"took_ns"`, "quality"},
	} {
		t.Run(name, func(t *testing.T) {
			d, m, _ := desk(t, &c.engine)
			check, err := d.Check(context.Background(), CheckInput{
				Consent: true, Portrait: &matcher.Portrait{},
				Capture: func(context.Context, bool, matcher.ProgressFunc) (Captured, error) {
					return Captured{Filmed: c.filmed}, c.err
				},
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			record, err := json.Marshal(m.Finished[0])
			if err != nil || !strings.Contains(string(record), c.want) ||
				c.without != "" && strings.Contains(string(record), c.without) {
				t.Errorf("%v: %s", err, record)
			}
			if check.Filmed.Warning.Key != c.filmed.Warning.Key || check.Quality != m.Finished[0].Quality {
				t.Errorf("the check says %+v, %+v", check.Filmed, check.Quality)
			}
		})
	}
}
