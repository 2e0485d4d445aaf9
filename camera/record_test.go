package camera

import (
	"context"
	"errors"
	"image"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

func TestRecord(t *testing.T) {
	for name, c := range map[string]struct {
		size, clip image.Point
		rate       float64
		length     time.Duration
	}{
		"usual":    {image.Pt(640, 480), image.Pt(640, 480), 30, 3 * time.Second},
		"slow":     {image.Pt(160, 120), image.Pt(160, 120), 8, 1500 * time.Millisecond},
		"too wide": {image.Pt(1300, 730), image.Pt(1280, 718), 10, time.Second},
		"too tall": {image.Pt(480, 1600), image.Pt(384, 1280), 10, time.Second},
		"narrow":   {image.Pt(64, 1280), image.Pt(64, 1280), 10, time.Second},
		"low":      {image.Pt(1280, 64), image.Pt(1280, 64), 10, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, params(t, video(t, c.size, c.rate, 12)))
			for live := frameAfter(t, s, 0); live.Frame.Seq < 10; { // as with a preview running
				live = frameAfter(t, s, live.Seq)
			}
			var last matcher.Progress
			clip, err := s.Record(soon(t), c.length, func(p matcher.Progress) {
				if p.Stage == matcher.StageWriting && last.Done == last.Total {
					return
				}
				if p.Stage != matcher.StageRecording || p.Total != c.length.Milliseconds() || p.Done < last.Done {
					t.Errorf("progress %+v after %+v", p, last)
				}
				last = p
			})
			if err != nil {
				t.Fatal(err)
			}
			if last.Done != last.Total {
				t.Errorf("progress ended at %d of %d", last.Done, last.Total)
			}
			checkClip(t, clip, c.length, c.clip, s.p.Temp)
			checkPicture(t, clip, frameSize(c.size))
			if rate := clipRate(t, clip); rate < 0.5*c.rate || rate > 2*c.rate {
				t.Errorf("the clip has %g frames a second, the source %g", rate, c.rate)
			}
		})
	}
}

func clipRate(t *testing.T, clip matcher.Clip) float64 {
	t.Helper()
	capture, err := openFile(clip.Video.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer capture.Close()
	return capture.Get(gocv.VideoCaptureFPS)
}

// H.264 knows no odd sizes, cameras do. A still picture played as a video is one;
// it also is a file that ends after each frame.
func TestRecordOddSize(t *testing.T) {
	s := opened(t, params(t, still(t, image.Pt(321, 241))))
	clip, err := s.Record(soon(t), time.Second, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkClip(t, clip, time.Second, image.Pt(320, 240), s.p.Temp)
	checkPicture(t, clip, image.Pt(321, 241))
	if rate := clipRate(t, clip); rate > 2*usualRate {
		t.Errorf("a still picture runs at %g frames a second", rate)
	}
}

// checkClip reads the clip back.
func checkClip(t *testing.T, clip matcher.Clip, length time.Duration, size image.Point, folder string) {
	t.Helper()
	// The source may be late by a frame or two of the slowest, or the machine.
	if clip.Length < length || clip.Length > length+2*time.Second {
		t.Errorf("%v long, asked for %v", clip.Length, length)
	}
	v := clip.Video
	info, err := os.Stat(v.Path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 || v.Size != info.Size() || v.Size == 0 || filepath.Dir(v.Path) != folder ||
		v.Name != "clip.mp4" || v.MediaType != "video/mp4" {
		t.Errorf("file %v of %d bytes, blob %+v", info.Mode(), info.Size(), v)
	}
	if r, err := v.Open(); err != nil {
		t.Error(err)
	} else {
		n, err := io.Copy(io.Discard, r)
		if r.Close(); err != nil || n != v.Size {
			t.Errorf("%d bytes come out of %d, %v", n, v.Size, err)
		}
	}

	capture, problem := openFile(v.Path)
	if problem != nil {
		t.Fatal(problem)
	}
	defer capture.Close()
	mat := gocv.NewMat()
	defer mat.Close()
	frames := 0
	for capture.Read(&mat) {
		if got := image.Pt(mat.Cols(), mat.Rows()); got != size {
			t.Fatalf("the clip is %v, want %v", got, size)
		}
		frames++
	}
	lasts := float64(frames) / capture.Get(gocv.VideoCaptureFPS)
	// A tenth, or where it has few the two frames at its ends and one that came late
	// and was sampled all the same.
	off := math.Abs(lasts - clip.Length.Seconds())
	if off > 0.1*clip.Length.Seconds() && off > 3.5/capture.Get(gocv.VideoCaptureFPS) {
		t.Errorf("%d frames last %.2f s, the clip %v", frames, lasts, clip.Length)
	}
	if codec := capture.CodecString(); codec != "avc1" && codec != "h264" {
		t.Errorf("codec %q", codec)
	}
	ffprobe, err := exec.LookPath("ffprobe")
	if err != nil {
		return
	}
	out, err := exec.Command(ffprobe, "-v", "error", "-select_streams", "v",
		"-show_entries", "stream=codec_name,codec_tag_string,pix_fmt", "-of", "csv=p=0", v.Path).Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != "h264,avc1,yuv420p" {
		t.Errorf("ffprobe says %q, %v", got, err)
	}
}

func checkPicture(t *testing.T, clip matcher.Clip, size image.Point) {
	t.Helper()
	if clip.Picture == nil || clip.Picture.Rect != (image.Rectangle{Max: size}) {
		t.Errorf("the clip's picture is not one of %v", size)
	}
}

func TestRecordTwice(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(160, 120), 30, 12)))
	var paths []string
	for range 2 {
		clip, err := s.Record(soon(t), 500*time.Millisecond, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkClip(t, clip, 500*time.Millisecond, image.Pt(160, 120), s.p.Temp)
		paths = append(paths, clip.Video.Path)
	}
	if paths[0] == paths[1] || len(left(t, s.p.Temp)) != 2 {
		t.Errorf("clips %v, in the folder %v", paths, left(t, s.p.Temp))
	}
}

func TestRecordIsCancelled(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(640, 480), 30, 12)))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var asked time.Time
	_, err := s.Record(ctx, 30*time.Second, func(p matcher.Progress) {
		if p.Done > 400 && asked.IsZero() {
			asked = time.Now()
			cancel()
		}
	})
	if took := time.Since(asked); !errors.Is(err, context.Canceled) || took > time.Second {
		t.Errorf("cancelled after %v with %v", took, err)
	}
	if left := left(t, s.p.Temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	frameAfter(t, s, 0) // the source goes on
	s.Close()           // waits for the encoder, which must not bring the file back
	if left := left(t, s.p.Temp); len(left) > 0 {
		t.Errorf("came back: %v", left)
	}
}

func TestCloseEndsRecording(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(160, 120), 30, 12)))
	_, err := s.Record(soon(t), 30*time.Second, func(p matcher.Progress) {
		if p.Done > 200 {
			s.Close()
		}
	})
	if !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if left := left(t, s.p.Temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNowhereToRecord(t *testing.T) {
	p := params(t, video(t, image.Pt(160, 120), 30, 12))
	p.Temp = filepath.Join(p.Temp, "gone")
	s := opened(t, p)
	_, err := s.Record(soon(t), time.Second, nil)
	if matcher.AsProblem(err, "").Key != "camera.clip" || strings.Contains(err.Error(), p.Temp) {
		t.Errorf("got %v", err)
	}
}

// A full disk shows in no return value of the writer, only in the file.
func TestUnfinishedClipIsNotPlayable(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(160, 120), 30, 12)))
	clip, err := s.Record(soon(t), 300*time.Millisecond, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(clip.Video.Path, clip.Video.Size/2); err != nil {
		t.Fatal(err)
	}
	if playable(clip.Video.Path, 1) == nil {
		t.Error("half a clip is taken for a whole one")
	}
}

func TestClipSizes(t *testing.T) {
	for from, want := range map[image.Point]image.Point{
		{X: 641, Y: 481}:   {X: 640, Y: 480},
		{X: 1280, Y: 720}:  {X: 1280, Y: 720},
		{X: 3840, Y: 2160}: {X: 1280, Y: 720},
		{X: 1281, Y: 721}:  {X: 1280, Y: 720},
		{X: 2160, Y: 3840}: {X: 720, Y: 1280},
		{X: 4000, Y: 1}:    {X: 1280, Y: 2},
		{X: 1, Y: 1}:       {X: 2, Y: 2},
	} {
		if got := clipSize(from); got != want {
			t.Errorf("%v becomes %v, want %v", from, got, want)
		}
	}
}

// The picture of a clip is the sharpest one from its middle.
func TestClipPicture(t *testing.T) {
	flat := image.NewRGBA(image.Rect(0, 0, 64, 64))
	sharp := image.NewRGBA(flat.Rect)
	for i := range sharp.Pix {
		sharp.Pix[i] = uint8(i / 4 % 2 * 255)
	}
	same := image.NewRGBA(flat.Rect)
	copy(same.Pix, sharp.Pix)
	p := portrait{length: 1600 * time.Millisecond}
	for i, picture := range []*image.RGBA{same, flat, same, flat, flat, sharp, flat, flat, same} {
		p.add(matcher.Frame{Image: picture, At: time.Duration(i) * 200 * time.Millisecond})
		if i == 0 && p.picture != same {
			t.Error("a film that ends early has no picture")
		}
	}
	if p.picture != sharp {
		t.Error("the picture is not the sharp one of the middle")
	}
}

// What is sampled stands in the clip, however far behind the encoder is.
func TestSampledFramesAreNotDropped(t *testing.T) {
	e := &encoder{frames: make(chan offered, encoderQueue+mostSampled)}
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 3 * encoderQueue {
		e.offer(matcher.Frame{Image: picture, Seq: uint64(i)}, false)
	}
	if len(e.frames) != encoderQueue {
		t.Fatalf("%d frames wait", len(e.frames))
	}
	for range mostSampled {
		e.offer(matcher.Frame{Image: picture}, true)
	}
	e.offer(matcher.Frame{Image: picture}, false)
	if len(e.frames) != encoderQueue+mostSampled {
		t.Errorf("%d frames wait", len(e.frames))
	}
}

// Frames come as they like; the clip must last as long as they did.
func TestUnevenFrames(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(64, 64), 30, 5)))
	e, err := s.startEncoder(image.Pt(64, 64), 25)
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range []time.Duration{0, 3, 5, 40, 300, 310, 700} {
		size := image.Pt(64, 64)
		if i == 4 {
			size = image.Pt(97, 51) // a source that changes its size in the middle
		}
		e.frames <- offered{matcher.Frame{Image: scene(size, i), At: at * time.Millisecond}, at == 5}
	}
	e.lasts = time.Second
	close(e.frames)
	video, err := e.wait(soon(t), s.quit)
	if err != nil {
		t.Fatal(err)
	}
	checkClip(t, matcher.Clip{Video: video, Length: time.Second}, time.Second, image.Pt(64, 64), s.p.Temp)
}
