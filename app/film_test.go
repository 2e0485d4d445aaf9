package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// reel is a film that is being filmed: a frame each tenth of a second, for three
// seconds, while somebody else reads it.
type reel struct {
	frames chan matcher.Frame
	ctx    context.Context
	lost   error // comes in the middle; nil: it does not
}

func filmReel(ctx context.Context, lost error, progress matcher.ProgressFunc) *reel {
	r := &reel{frames: make(chan matcher.Frame, 30), ctx: ctx, lost: lost}
	progress.Report(matcher.StageRecording, 0, 3000)
	go func() {
		defer close(r.frames)
		for i := range 30 {
			if lost != nil && i == 15 {
				return
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return
			}
			r.frames <- matcher.Frame{Seq: uint64(i + 1)}
			progress.Report(matcher.StageRecording, 100*(i+1), 3000)
		}
	}()
	return r
}

func (r *reel) Next(ctx context.Context) (matcher.Frame, error) {
	select {
	case frame, more := <-r.frames:
		switch {
		case more:
			return frame, nil
		case r.lost != nil:
			return matcher.Frame{}, r.lost
		case r.ctx.Err() != nil:
			return matcher.Frame{}, r.ctx.Err()
		}
		return matcher.Frame{}, io.EOF
	case <-ctx.Done():
		return matcher.Frame{}, ctx.Err()
	}
}

func (r *reel) Unsampled() int { return 0 }

// watcher is an engine that looks at each frame as it comes.
type watcher struct {
	scripted
	stop int // frames it looks at before it breaks; 0: all
	saw  []time.Duration
}

func (w *watcher) Match(ctx context.Context, r matcher.Request, progress matcher.ProgressFunc) (matcher.Answer, error) {
	w.asked = r
	began := time.Now()
	progress.Report(matcher.StageLoading, 0, 0)
	for {
		_, err := r.Film.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return matcher.Answer{}, err
		}
		w.saw = append(w.saw, time.Since(began))
		progress.Report(matcher.StageFaces, len(w.saw), 30)
		if len(w.saw) == w.stop {
			return matcher.Answer{}, matcher.NewProblem("engine.broke", nil)
		}
	}
	progress.Report(matcher.StageComparing, 1, 1)
	return w.answer, w.err
}

// The engine looks at the frames while the person is filmed, and the screen tells of
// filming until it is over.
func TestMatchWhileFilming(t *testing.T) {
	for name, c := range map[string]struct {
		lost    error
		cancel  time.Duration
		stop    int
		outcome history.Outcome
		problem string
		took    time.Duration
	}{
		"to the end": {outcome: history.Pass, took: 3 * time.Second},
		"camera lost": {lost: matcher.NewProblem("camera.lost", nil), outcome: history.CouldNotRun, problem: "camera.lost",
			took: 1500 * time.Millisecond},
		"cancelled":     {cancel: time.Second, outcome: history.Cancelled, took: time.Second},
		"engine breaks": {stop: 5, outcome: history.CouldNotRun, problem: "engine.broke", took: 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := &watcher{scripted: scripted{answer: compared(t, nil, 90, 80)}, stop: c.stop}
				d, m, _ := desk(t, &engine.scripted)
				d.p.Engine = engine
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if c.cancel > 0 {
					time.AfterFunc(c.cancel, cancel)
				}
				var filming context.Context
				var stages []matcher.Stage
				var last matcher.Progress
				began := time.Now()
				check, err := d.Check(ctx, CheckInput{
					Consent: true, Portrait: &matcher.Portrait{}, CameraPart: matcher.Part{X: 0.5, Width: 0.5, Height: 1},
					Capture: func(ctx context.Context, asFile bool, progress matcher.ProgressFunc) (Captured, error) {
						if asFile {
							t.Error("a file is made that nobody will send")
						}
						filming = ctx
						return Captured{Film: filmReel(ctx, c.lost, progress)}, nil
					},
				}, func(p matcher.Progress) {
					if p.Stage == last.Stage && p.Done < last.Done {
						t.Errorf("%+v after %+v", p, last)
					}
					if p.Stage != last.Stage {
						stages = append(stages, p.Stage)
					}
					last = p
				})
				if err != nil || check.Outcome != c.outcome || check.Problem != nil && check.Problem.Key != c.problem ||
					check.Unsent != nil {
					t.Errorf("%v, %+v", err, check)
				}
				if took := time.Since(began); took != c.took {
					t.Errorf("the check took %v, want %v", took, c.took)
				}
				if filming.Err() == nil {
					t.Error("the camera goes on filming")
				}
				if len(m.Finished) != 1 || m.Finished[0].Outcome != c.outcome || m.Finished[0].Problem != c.problem {
					t.Errorf("recorded as %+v", m.Finished)
				}
				if m.Started[0].CameraPart.String() != "0.5 0 0.5 1" {
					t.Errorf("the part is recorded as %q", m.Started[0].CameraPart)
				}
				want := []matcher.Stage{matcher.StageRecording}
				if c.outcome == history.Pass {
					want = append(want, matcher.StageFaces, matcher.StageComparing)
					if len(engine.saw) != 30 || engine.saw[0] > 150*time.Millisecond {
						t.Errorf("the engine saw %v", engine.saw)
					}
				}
				if !slices.Equal(stages, want) {
					t.Errorf("the screen tells of %v, want %v", stages, want)
				}
				if engine.asked.Video.Path != "" || engine.asked.Film == nil {
					t.Errorf("the engine was asked %+v", engine.asked)
				}
			})
		})
	}
}

// A check without a progress function.
func TestMatchWhileFilmingUnwatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &watcher{scripted: scripted{answer: compared(t, nil, 90, 80)}}
		d, _, _ := desk(t, &engine.scripted)
		d.p.Engine = engine
		check, err := d.Check(context.Background(), CheckInput{
			Consent: true, Portrait: &matcher.Portrait{},
			Capture: func(ctx context.Context, _ bool, progress matcher.ProgressFunc) (Captured, error) {
				return Captured{Film: filmReel(ctx, nil, progress)}, nil
			},
		}, nil)
		if err != nil || check.Outcome != history.Pass {
			t.Errorf("%v, %+v", err, check)
		}
	})
}

// Why a clip or document could not be compared is recorded in a word; the picture of
// who stood there together is not kept anywhere.
func TestFlawsAreRecorded(t *testing.T) {
	rules, err := matcher.ParseConditions(matcher.DefaultConditions)
	if err != nil {
		t.Fatal(err)
	}
	result, err := matcher.NotCompared(matcher.Anchor(matcher.CodeNoFace, matcher.FlawBlurred),
		matcher.Target(matcher.FlawTwo), rules)
	if err != nil {
		t.Fatal(err)
	}
	both := image.NewRGBA(image.Rect(0, 0, 300, 200))
	engine := &scripted{answer: matcher.Answer{
		Result: result, Best: -1, Flaw: matcher.FlawTwo,
		Portrait: &matcher.Portrait{Code: matcher.CodeNoFace, Flaw: matcher.FlawBlurred},
		Others:   &matcher.Sight{Frame: matcher.Frame{Image: both}, Faces: make([]matcher.Face, 2)},
	}}
	d, m, _ := desk(t, engine)
	next := d.Settings()
	next.Privacy.KeepImages = true
	if err := d.SaveSettings(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	check, err := d.Check(t.Context(), CheckInput{Consent: true}, nil)
	if err != nil || check.Outcome != history.NotCompared || check.Answer.Others == nil {
		t.Fatalf("%v, %+v", err, check)
	}
	f := m.Finished[0]
	payload, err := json.Marshal(f)
	if err != nil || !strings.Contains(string(payload), `"flaw":"two","document_flaw":"blurred"`) {
		t.Errorf("%v: %s", err, payload)
	}
	if f.Frame != nil || f.Document != nil || bytes.Contains(payload, []byte("Pix")) ||
		bytes.Contains(f.Raw, []byte("Pix")) {
		t.Error("a picture of both is kept")
	}
}
