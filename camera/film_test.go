package camera

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"facematch/matcher"
)

// whole reads a film to its end.
func whole(t *testing.T, f matcher.Film) []matcher.Frame {
	t.Helper()
	var frames []matcher.Frame
	for ctx := soon(t); ; {
		frame, err := f.Next(ctx)
		if errors.Is(err, io.EOF) {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame)
	}
}

// filmsNot waits until the source has no film to make.
func filmsNot(t *testing.T, s *Source) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		n := len(s.filmed)
		s.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the source still films")
		}
	}
}

func TestFilm(t *testing.T) {
	for name, c := range map[string]struct {
		size, frame image.Point
		rate        float64
		length      time.Duration
		least       int
	}{
		"usual":    {image.Pt(640, 480), image.Pt(640, 480), 30, 3 * time.Second, 24},
		"slow":     {image.Pt(160, 120), image.Pt(160, 120), 8, 1500 * time.Millisecond, 10},
		"too wide": {image.Pt(1300, 730), image.Pt(1280, 718), 10, time.Second, 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, params(t, videoOf(t, c.size, c.rate, 12, func(size image.Point, i int) *image.RGBA {
				return scene(size, i/6) // so slowly that nothing jumps but the end to the beginning
			})))
			var last matcher.Progress
			began := time.Now()
			f, err := s.Film(soon(t), c.length, func(p matcher.Progress) {
				if p.Stage != matcher.StageRecording || p.Total != c.length.Milliseconds() || p.Done < last.Done {
					t.Errorf("progress %+v after %+v", p, last)
				}
				last = p
			})
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > c.length/2+time.Second {
				t.Errorf("filming began after %v", took)
			}
			frames := whole(t, f)
			if last.Done != last.Total {
				t.Errorf("progress ended at %d of %d", last.Done, last.Total)
			}
			if len(frames) < c.least || f.Unsampled() != 0 {
				t.Errorf("%d frames, want %d at least; %d jumps unsampled", len(frames), c.least, f.Unsampled())
			}
			for i, frame := range frames {
				if frame.Image.Rect != (image.Rectangle{Max: c.frame}) {
					t.Fatalf("frame %d is %v", i, frame.Image.Rect)
				}
				if i > 0 && (frame.At <= frames[i-1].At || frame.Seq <= frames[i-1].Seq) {
					t.Errorf("frame %d of %v stands after %v", i, frame.At, frames[i-1].At)
				}
			}
			if frames[0].At != 0 || frames[len(frames)-1].At < c.length*3/4 {
				t.Errorf("from %v to %v", frames[0].At, frames[len(frames)-1].At)
			}
			filmsNot(t, s)
			if left := left(t, s.p.Temp); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// fill is a picture of one colour.
func fill(c color.Color) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	draw.Draw(m, m.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return m
}

// Somebody who is shown for one frame only is seen, and so are those before and
// after, in the order in which they came; also in what the encoder is given.
func TestBothSidesOfAJump(t *testing.T) {
	sampled := []uint64{}
	all := []uint64{}
	f := newFilming(3*time.Second, nil, func(frame matcher.Frame, s bool) {
		all = append(all, frame.Seq)
		if s {
			sampled = append(sampled, frame.Seq)
		}
	})
	black, white := fill(color.Black), fill(color.White)
	for i := range 91 {
		picture := black
		if i == 50 {
			picture = white
		}
		f.take(matcher.Frame{Image: picture, At: time.Duration(i) * time.Second / 30, Seq: uint64(i)})
	}
	for _, want := range []uint64{49, 50, 51} {
		if !slices.Contains(sampled, want) {
			t.Errorf("frame %d was not sampled: %v", want, sampled)
		}
	}
	if !slices.IsSorted(sampled) || len(sampled) < 24 || len(sampled) > 40 {
		t.Errorf("sampled %v", sampled)
	}
	if len(all) != 91 || !slices.IsSorted(all) {
		t.Errorf("%d frames were handed on, in order: %t", len(all), slices.IsSorted(all))
	}
	if !f.isDone() || f.held != nil || f.lasted != 3*time.Second {
		t.Errorf("done %t, lasted %v", f.isDone(), f.lasted)
	}
}

// A slow reader costs other readers no frame, and what it has read is not kept.
func TestSlowReader(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(160, 120), 30, 12)))
	f, err := s.Film(soon(t), time.Second, nil)
	if err != nil {
		t.Fatal(err)
	}
	<-f.(*film).done
	waiting := len(f.(*film).frames)
	frames := whole(t, f)
	if len(frames) != waiting || len(f.(*film).frames) != 0 {
		t.Errorf("%d frames came, %d waited, %d are left", len(frames), waiting, len(f.(*film).frames))
	}
	if _, err := f.Next(soon(t)); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}

func TestFilmEndsEarly(t *testing.T) {
	path := video(t, image.Pt(160, 120), 30, 12)
	for name, c := range map[string]struct {
		end  func(s *Source, cancel func())
		want func(error) bool
	}{
		"cancelled": {func(_ *Source, cancel func()) { cancel() },
			func(err error) bool { return errors.Is(err, context.Canceled) }},
		"closed": {func(s *Source, _ func()) { s.Close() }, func(err error) bool { return errors.Is(err, ErrClosed) }},
		"lost": {func(s *Source, _ func()) { s.fail(s.owner, matcher.NewProblem("camera.unplugged", nil)) },
			func(err error) bool { return matcher.AsProblem(err, "").Key == "camera.lost" }},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, params(t, path))
			ctx, cancel := context.WithCancel(soon(t))
			defer cancel()
			f, err := s.Film(ctx, 30*time.Second, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Next(soon(t)); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() {
				for {
					if _, err := f.Next(soon(t)); err != nil {
						ended <- err
						return
					}
				}
			}()
			asked := time.Now()
			c.end(s, cancel)
			if err := <-ended; !c.want(err) || time.Since(asked) > time.Second {
				t.Errorf("ended with %v after %v", err, time.Since(asked))
			}
			filmsNot(t, s)
		})
	}
}

func TestFilmDoesNotBegin(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(160, 120), 30, 12)))
	gone, cancel := context.WithCancel(soon(t))
	cancel()
	if _, err := s.Film(gone, time.Second, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	s.Close()
	if _, err := s.Film(soon(t), time.Second, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("closed before: %v", err)
	}
	none := opened(t, params(t, "/nowhere/at/all.mp4"))
	problemAfter(t, none, 0)
	if _, err := none.Film(soon(t), time.Second, nil); matcher.AsProblem(err, "").Key != "camera.file" {
		t.Errorf("a source with a problem: %v", err)
	}
}

// Many film, read and look at one source at once.
func TestManyFilmAtOnce(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(160, 120), 60, 12)))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(soon(t), time.Duration(200+100*i)*time.Millisecond)
			defer cancel()
			f, err := s.Film(ctx, 500*time.Millisecond, func(matcher.Progress) {})
			for err == nil {
				_, err = f.Next(ctx)
			}
			if !errors.Is(err, io.EOF) && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := s.Whole(soon(t)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// Nothing outside the part is seen by anybody but who asks for the whole.
func TestPart(t *testing.T) {
	size := image.Pt(320, 240)
	// The left half moves, the right half does not.
	path := videoOf(t, size, 30, 12, func(size image.Point, i int) *image.RGBA {
		m := scene(size, 0)
		draw.Draw(m, image.Rect(i, 0, i+20, size.Y), image.NewUniform(color.White), image.Point{}, draw.Src)
		return m
	})
	p := params(t, path)
	p.Part = matcher.Part{X: 0.5, Y: 0.25, Width: 0.5, Height: 0.75}
	look := &finder{faces: []matcher.Face{face(80, 90, 40)}}
	p.Faces = look
	s := opened(t, p)
	cut := image.Rect(0, 0, 160, 180)
	live := frameAfter(t, s, 0)
	all, err := s.Whole(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if live.Frame.Image.Rect != cut || all.Rect.Size() != size {
		t.Fatalf("cut to %v of %v", live.Frame.Image.Rect, all.Rect)
	}
	for y := range cut.Dy() { // two frames of one scene, not pressed equally
		a, b := all.Pix[all.PixOffset(160, 60+y):][:4*160], live.Frame.Image.Pix[y*live.Frame.Image.Stride:][:4*160]
		for i := range a {
			if d := int(a[i]) - int(b[i]); d > 12 || d < -12 {
				t.Fatalf("line %d is not that of the whole picture: %d and %d", y, a[i], b[i])
			}
		}
	}
	if _, err := s.Advise(soon(t), 0); err != nil || *look.saw.Load() != cut.Size() {
		t.Errorf("the coach looked at %v, %v", *look.saw.Load(), err)
	}
	f, err := s.Film(soon(t), 300*time.Millisecond, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, frame := range whole(t, f) {
		if frame.Image.Rect != cut {
			t.Errorf("a frame of the film is %v", frame.Image.Rect)
		}
	}
	clip, err := s.Record(soon(t), 300*time.Millisecond, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkClip(t, clip, 300*time.Millisecond, cut.Size(), s.p.Temp)
	checkPicture(t, clip, cut.Size())
	if s.Part() != p.Part {
		t.Errorf("the part is %v", s.Part())
	}
	// What stands still in the part moves in the whole: nothing is opened anew.
	seq := live.Frame.Seq
	time.Sleep(1500 * time.Millisecond)
	if now := frameAfter(t, s, 0); now.Frame.Seq < seq+20 {
		t.Errorf("only %d frames since", now.Frame.Seq-seq)
	}
}

func TestPartTooSmall(t *testing.T) {
	p := params(t, video(t, image.Pt(320, 240), 30, 12))
	p.Part = matcher.Part{X: 0, Y: 0, Width: 0.1, Height: 1}
	if live := problemAfter(t, opened(t, p), 0); live.Problem.Key != "camera.too_small" {
		t.Errorf("got %v", live.Problem)
	}
}

func TestWholeEnds(t *testing.T) {
	none := opened(t, params(t, "/nowhere/at/all.mp4"))
	gone, cancel := context.WithCancel(soon(t))
	cancel()
	if _, err := none.Whole(gone); !errors.Is(err, context.Canceled) || len(none.whole) != 0 {
		t.Errorf("got %v, %d still wait", err, len(none.whole))
	}
	none.Close()
	if _, err := none.Whole(soon(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}
