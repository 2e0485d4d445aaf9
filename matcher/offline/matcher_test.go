package offline

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

// writeFrames writes pictures of one size as a clip of 25 a second.
func writeFrames(t testing.TB, frames []matcher.Frame) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.avi")
	size := frames[0].Image.Rect.Size()
	w, err := gocv.VideoWriterFile(path, "MJPG", 25, size.X, size.Y, true)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, f := range frames {
		rgba, err := gocv.NewMatFromBytes(size.Y, size.X, gocv.MatTypeCV8UC4, f.Image.Pix)
		if err != nil {
			t.Fatal(err)
		}
		bgr := gocv.NewMat()
		gocv.CvtColor(rgba, &bgr, gocv.ColorRGBAToBGR)
		err = w.Write(bgr)
		rgba.Close()
		bgr.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// page is a document of 1200x760 with this portrait on it.
func page(portrait *image.RGBA) *image.RGBA {
	out := picture.Solid(image.Pt(1200, 760), color.RGBA{225, 232, 240, 255})
	draw.Draw(out, portrait.Rect.Add(image.Pt(70, 160)), portrait, image.Point{}, draw.Src)
	return out
}

func match(t testing.TB, m *Matcher, req matcher.Request) matcher.Answer {
	t.Helper()
	req.Rules = rules(t)
	answer, err := m.Match(context.Background(), req, nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// One man on two photographs: one on a document, the other as the clip, both
// ways round, the clip as a file and as frames.
func TestMatchOneMan(t *testing.T) {
	m := newMatcher(t)
	one, other := readPicture(t, gocvPhoto(t, "face.jpg")), readPicture(t, gocvPhoto(t, "face-detect.jpg"))
	for name, req := range map[string]matcher.Request{
		"frames": {Page: jpegBlob(t, page(other)), Film: matcher.FilmOf(moving(one, 12))},
		"file":   {Page: jpegBlob(t, page(one)), Video: matcher.Blob{Path: writeFrames(t, moving(other, 40))}},
	} {
		t.Run(name, func(t *testing.T) {
			a := match(t, m, req)
			t.Logf("score %.2f, percentages %v", a.Result.Score, a.Result.Data.Percentages)
			if a.Result.Scoring.Status != matcher.Pass || a.Result.Data.Code != 0 || !a.Result.Data.Result ||
				len(a.Result.Scoring.FailedRefer) != 0 {
				t.Fatalf("%+v", a.Result)
			}
			if len(a.Frames) != stretches || len(a.Result.Data.Percentages) != stretches {
				t.Fatalf("%d frames, %d percentages", len(a.Frames), len(a.Result.Data.Percentages))
			}
			for i, f := range a.Frames {
				if f.Percentage != a.Result.Data.Percentages[i] || f.Percentage > a.Frames[a.Best].Percentage {
					t.Errorf("frame %d: %.2f, the best is %.2f", i, f.Percentage, a.Frames[a.Best].Percentage)
				}
				if got := calibration(t).Percentage(f.Distance); got != f.Percentage {
					t.Errorf("frame %d: distance %.3f is %.2f %%, not %.2f", i, f.Distance, got, f.Percentage)
				}
				if b := f.Face.Rect; b.Dx() != b.Dy() || b.Dx() > 400 || f.Quality.Total <= 0 {
					t.Errorf("frame %d: crop %v, quality %+v", i, b, f.Quality)
				}
				if i > 0 && f.At <= a.Frames[i-1].At {
					t.Errorf("frame %d at %v comes after %v", i, f.At, a.Frames[i-1].At)
				}
			}
			if a.Portrait == nil || a.Portrait.Image == nil || a.Portrait.Code != 0 || a.Portrait.Rotation != 0 {
				t.Errorf("portrait %+v", a.Portrait)
			}
			if c := calibration(t); a.Engine.Engine != c.Engine || a.Engine.Calibrated != c.Calibrated ||
				len(a.Engine.Models) != len(c.Models) {
				t.Errorf("engine %+v", a.Engine)
			}
		})
	}
}

func TestMatchNotCompared(t *testing.T) {
	m := newMatcher(t)
	man := readPicture(t, gocvPhoto(t, "face.jpg"))
	empty := picture.Solid(image.Pt(640, 480), color.RGBA{90, 120, 90, 255})
	portrait, blank := &matcher.Portrait{Image: readPicture(t, gocvPhoto(t, "face-detect.jpg"))}, jpegBlob(t, empty)
	cut := picture.Solid(image.Pt(640, 480), color.Gray{Y: 90})
	draw.Draw(cut, cut.Rect, man, image.Pt(300, 0), draw.Src) // the left edge cuts the face
	for name, c := range map[string]struct {
		req            matcher.Request
		anchor, target int
	}{
		"no face on the document": {matcher.Request{Page: blank, Film: matcher.FilmOf(moving(man, 6))},
			matcher.CodeNoFace, 0},
		"no face in the clip": {matcher.Request{Portrait: portrait, Film: matcher.FilmOf(moving(empty, 6))}, 0,
			matcher.CodeNoFace},
		"no face anywhere": {matcher.Request{Page: blank, Film: matcher.FilmOf(moving(empty, 6))},
			matcher.CodeNoFace, matcher.CodeNoFace},
		"two people in the clip": {matcher.Request{Portrait: portrait,
			Film: matcher.FilmOf(moving(beside(man, man), 6))}, 0, matcher.CodeTwoFaces},
		"two people on the document": {matcher.Request{Page: jpegBlob(t, beside(man, man)),
			Film: matcher.FilmOf(moving(man, 6))}, matcher.CodeTwoFaces, 0},
		"too few frames": {matcher.Request{Portrait: portrait, Film: matcher.FilmOf(moving(man, 2))}, 0,
			matcher.CodeNoFace},
		"at the edge": {matcher.Request{Portrait: portrait, Film: matcher.FilmOf(moving(cut, 6))}, 0,
			matcher.CodeCutOff},
		"a crop by hand without face": {matcher.Request{Portrait: &matcher.Portrait{Image: empty},
			Film: matcher.FilmOf(moving(man, 6))}, matcher.CodeNoFace, 0},
		"a portrait known to be bad": {matcher.Request{Portrait: &matcher.Portrait{Code: matcher.CodeCutOff},
			Film: matcher.FilmOf(moving(man, 6))}, matcher.CodeCutOff, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := match(t, m, c.req)
			d := a.Result.Data
			if d.Anchor.Code != c.anchor || d.Target.Code != c.target {
				t.Fatalf("anchor %d, target %d; want %d, %d", d.Anchor.Code, d.Target.Code, c.anchor, c.target)
			}
			if a.Result.Scoring.Status != matcher.Fail || a.Result.Scoring.Failed[0] != "code == 0" || len(d.Percentages) != 0 ||
				d.Score != 0 || d.Result {
				t.Errorf("%+v", a.Result)
			}
			if a.Best != -1 || len(a.Frames) != 0 || a.Portrait == nil || a.Portrait.Code != c.anchor {
				t.Errorf("best %d, %d frames, portrait %+v", a.Best, len(a.Frames), a.Portrait)
			}
		})
	}
}

// A few frames that show nothing, or two people for a moment, are skipped and
// do not lower the score; but a person who stood beside for a moment is seen.
func TestMatchSkipsUnusableFrames(t *testing.T) {
	m := newMatcher(t)
	man := readPicture(t, gocvPhoto(t, "face.jpg"))
	portrait := &matcher.Portrait{Image: readPicture(t, gocvPhoto(t, "face-detect.jpg"))}
	clean := match(t, m, matcher.Request{Portrait: portrait, Film: matcher.FilmOf(moving(man, 12))})
	frames := moving(man, 12)
	frames[0].Image = picture.Solid(image.Pt(640, 480), color.Black)
	frames[1].Image = frames[0].Image
	frames[6].Image = beside(man, man)
	got := match(t, m, matcher.Request{Portrait: portrait, Film: matcher.FilmOf(frames)})
	if got.Result.Data.Code != 0 || len(got.Frames) < 6 || math.Abs(got.Result.Score-clean.Result.Score) > 3 {
		t.Errorf("score %.2f of %d frames; without the unusable ones %.2f", got.Result.Score, len(got.Frames),
			clean.Result.Score)
	}
	if s := got.Result.Scoring; s.Status != matcher.Refer ||
		!slices.Equal(s.FailedRefer, []string{matcher.ReasonSecondPerson}) {
		t.Errorf("%s for %q", s.Status, s.FailedRefer)
	}
	if got.Others == nil || len(got.Others.Faces) != 2 {
		t.Errorf("the frame with both is %+v", got.Others)
	}
}

// A crop that ends at the very edge of the face is enough.
func TestMatchTightCropByHand(t *testing.T) {
	m := newMatcher(t)
	man := readPicture(t, gocvPhoto(t, "face.jpg"))
	tight := picture.Fit(man.SubImage(image.Rect(272, 200, 430, 375)), frameSide)
	a := match(t, m, matcher.Request{Portrait: &matcher.Portrait{Image: tight}, Film: matcher.FilmOf(moving(man, 8))})
	if a.Result.Scoring.Status != matcher.Pass {
		t.Errorf("%+v", a.Result)
	}
}

func TestMatchProblems(t *testing.T) {
	m := newMatcher(t)
	good := matcher.Request{Rules: rules(t), Page: jpegBlob(t, page(readPicture(t, gocvPhoto(t, "face.jpg"))))}
	for name, c := range map[string]struct {
		change func(*matcher.Request)
		want   string
	}{
		"no rules":    {func(r *matcher.Request) { r.Rules = nil }, "problem.internal"},
		"no document": {func(r *matcher.Request) { r.Page = matcher.Blob{} }, "document.missing"},
		"text":        {func(r *matcher.Request) { r.Page = memoryBlob([]byte("not a picture")) }, "document.unsupported"},
		"no clip":     {func(*matcher.Request) {}, "clip.missing"},
		"a text as clip": {func(r *matcher.Request) {
			r.Video = memoryBlob([]byte("not a video"))
		}, "clip.unsupported"},
		"no picture": {func(r *matcher.Request) { r.Portrait = &matcher.Portrait{} }, "problem.internal"},
	} {
		req := good
		c.change(&req)
		_, err := m.Match(context.Background(), req, nil)
		t.Run(name, func(t *testing.T) { wantProblem(t, err, c.want) })
	}
}

func TestMatchWithoutModels(t *testing.T) {
	e := newEngine(t, Params{Folders: []string{t.TempDir()}, Calibration: calibration(t), Log: discard()})
	defer e.Close()
	m := NewMatcher(MatcherParams{Engine: e, Calibration: calibration(t)})
	_, err := m.Match(context.Background(), matcher.Request{Rules: rules(t)}, nil)
	wantProblem(t, err, "engine.model_missing")
	_, err = m.Describe(context.Background())
	wantProblem(t, err, "engine.model_missing")
}

func TestDescribe(t *testing.T) {
	d, err := newMatcher(t).Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if c := calibration(t); d.Engine != c.Engine || len(d.Models) != len(c.Models) ||
		!slices.IsSortedFunc(d.Models, func(a, b matcher.Model) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%+v", d)
	}
}

// fileRequest is a request whose every stage has work to do.
func fileRequest(t testing.TB) matcher.Request {
	return matcher.Request{
		Rules: rules(t),
		Page:  jpegBlob(t, page(readPicture(t, gocvPhoto(t, "face.jpg")))),
		Video: matcher.Blob{Path: writeFrames(t, moving(readPicture(t, gocvPhoto(t, "face-detect.jpg")), 75))},
	}
}

func TestMatchReportsEachStage(t *testing.T) {
	var mu sync.Mutex
	var stages []matcher.Stage
	_, err := newMatcher(t).Match(context.Background(), fileRequest(t), func(p matcher.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(stages, p.Stage) {
			stages = append(stages, p.Stage)
		}
		if p.Total > 0 && p.Done > p.Total {
			t.Errorf("%+v", p)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []matcher.Stage{matcher.StageLoading, matcher.StageDocument, matcher.StageClip, matcher.StageFaces,
		matcher.StageComparing}
	if !slices.Equal(stages, want) {
		t.Errorf("stages %v", stages)
	}
}

// Cancelled in any stage, the caller is back at once. The rule is 200 ms; the
// bound here leaves room for a machine busy with other tests.
func TestMatchCancelledInEachStage(t *testing.T) {
	m, req := newMatcher(t), fileRequest(t)
	for _, stage := range []matcher.Stage{matcher.StageLoading, matcher.StageDocument, matcher.StageClip,
		matcher.StageFaces, matcher.StageComparing} {
		t.Run(string(stage), func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var once sync.Once
			var at time.Time
			_, err := m.Match(ctx, req, func(p matcher.Progress) {
				if p.Stage == stage {
					once.Do(func() {
						at = time.Now()
						cancel()
					})
				}
			})
			took := time.Since(at)
			t.Logf("back after %v", took)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
			if took > time.Second {
				t.Errorf("back after %v", took)
			}
		})
	}
}

func TestMatchFromSeveralGoroutines(t *testing.T) {
	m := newMatcher(t)
	man := readPicture(t, gocvPhoto(t, "face.jpg"))
	req := matcher.Request{Rules: rules(t),
		Portrait: &matcher.Portrait{Image: readPicture(t, gocvPhoto(t, "face-detect.jpg"))}}
	scores := make([]float64, 4)
	var callers sync.WaitGroup
	for i := range scores {
		callers.Add(1)
		go func() {
			defer callers.Done()
			req := req
			req.Film = matcher.FilmOf(moving(man, 6))
			a, err := m.Match(context.Background(), req, nil)
			if err != nil {
				t.Error(err)
			}
			scores[i] = a.Result.Score
		}()
	}
	callers.Wait()
	for _, s := range scores {
		if s != scores[0] || s < 80 {
			t.Errorf("scores %v", scores)
			break
		}
	}
}

func TestMatchLeavesNothingBehind(t *testing.T) {
	m := newMatcher(t)
	data, err := os.ReadFile(writeFrames(t, moving(readPicture(t, gocvPhoto(t, "face.jpg")), 6)))
	if err != nil {
		t.Fatal(err)
	}
	match(t, m, matcher.Request{Portrait: &matcher.Portrait{Image: readPicture(t, gocvPhoto(t, "face-detect.jpg"))},
		Video: memoryBlob(data)})
	if left, err := os.ReadDir(m.params.Temp); err != nil || len(left) != 0 {
		t.Errorf("%d files left, %v", len(left), err)
	}
}

func BenchmarkMatch(b *testing.B) {
	m, req := newMatcher(b), fileRequest(b)
	for b.Loop() {
		if _, err := m.Match(context.Background(), req, nil); err != nil {
			b.Fatal(err)
		}
	}
}
