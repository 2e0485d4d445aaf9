package offline

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facematch/app/apptest/need"
	"facematch/matcher"
)

// clipMatcher reads clips; it needs no models.
func clipMatcher(t *testing.T) *Matcher {
	t.Helper()
	e := newEngine(t, Params{Calibration: calibration(t), Log: discard()})
	t.Cleanup(func() { e.Close() })
	m := NewMatcher(MatcherParams{Engine: e, Calibration: calibration(t), Temp: t.TempDir()})
	m.openFilm = sharedDecoders.film
	return m
}

func read(t *testing.T, m *Matcher, clip matcher.Blob) ([]matcher.Frame, error) {
	t.Helper()
	return m.frames(context.Background(), matcher.Request{Video: clip}, nil)
}

// frames are all that a request's film gives.
func (m *Matcher) frames(ctx context.Context, req matcher.Request,
	progress matcher.ProgressFunc) ([]matcher.Frame, error) {
	film, end, err := m.film(ctx, req, progress)
	if err != nil {
		return nil, err
	}
	defer end()
	return allOf(ctx, film)
}

// grayOf is the gray value of frame i in a clip by writeClip.
func grayOf(i int) uint8 { return uint8(20 + i%200) }

// writeClip writes a clip of n frames, each one shade of gray lighter than the
// one before, 25 a second.
func writeClip(t *testing.T, name, codec string, size image.Point, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := gocv.VideoWriterFile(path, codec, 25, size.X, size.Y, true)
	if err != nil || !w.IsOpened() {
		t.Skipf("no encoder for %s here", codec)
	}
	defer w.Close()
	for i := range n {
		g := float64(grayOf(i))
		mat := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(g, g, g, 0), size.Y, size.X, gocv.MatTypeCV8UC3)
		err := w.Write(mat)
		mat.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		need.Missing(t, "ffmpeg is not here")
	}
	if out, err := exec.Command("ffmpeg", append([]string{"-v", "error", "-y"}, args...)...).CombinedOutput(); err != nil {
		if strings.Contains(string(out), "Unknown encoder") {
			t.Skip("no such encoder here")
		}
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
}

func TestReadClipFormats(t *testing.T) {
	for _, c := range []struct{ name, codec string }{
		{"clip.avi", "MJPG"}, {"clip.mp4", "avc1"}, {"clip.mov", "avc1"}, {"clip.mkv", "H264"}, {"clip.webm", "VP80"},
		{"Ärger %02d.avi", "MJPG"}, // not a row of numbered pictures
	} {
		t.Run(c.name, func(t *testing.T) {
			frames, err := read(t, clipMatcher(t), matcher.Blob{Path: writeClip(t, c.name, c.codec, image.Pt(320, 240), 75)})
			if err != nil {
				t.Fatal(err)
			}
			if len(frames) != 24 {
				t.Fatalf("%d frames", len(frames))
			}
			for i, f := range frames {
				if f.Image.Rect != image.Rect(0, 0, 320, 240) || f.Image.Stride != 1280 || f.Image.RGBAAt(5, 5).A != 255 {
					t.Fatalf("frame %d: %v, stride %d", i, f.Image.Rect, f.Image.Stride)
				}
				if got, want := float64(f.Image.RGBAAt(160, 120).G), float64(grayOf(int(f.Seq)-1)); math.Abs(got-want) > 6 {
					t.Errorf("frame %d says it is number %d, but shows %g instead of %g", i, f.Seq, got, want)
				}
				if i > 0 && (f.Seq <= frames[i-1].Seq || f.At <= frames[i-1].At) {
					t.Errorf("frame %d: number %d at %v after %d at %v", i, f.Seq, f.At, frames[i-1].Seq, frames[i-1].At)
				}
			}
			last := frames[len(frames)-1]
			if frames[0].Seq != 1 || last.Seq < 70 || last.At < 2500*time.Millisecond || last.At > 3200*time.Millisecond {
				t.Errorf("frames %d to %d, the last at %v: not the whole clip", frames[0].Seq, last.Seq, last.At)
			}
		})
	}
}

func TestReadClipKeepsColours(t *testing.T) {
	path := filepath.Join(t.TempDir(), "red.avi")
	w, err := gocv.VideoWriterFile(path, "MJPG", 25, 64, 64, true)
	if err != nil {
		t.Fatal(err)
	}
	mat := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(10, 60, 200, 0), 64, 64, gocv.MatTypeCV8UC3) // blue, green, red
	defer mat.Close()
	if err := w.Write(mat); err != nil {
		t.Fatal(err)
	}
	w.Close()
	frames, err := read(t, clipMatcher(t), matcher.Blob{Path: path})
	if err != nil || len(frames) != 1 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	if p := frames[0].Image.RGBAAt(30, 30); p.R < 180 || p.B > 40 {
		t.Errorf("red became %v", p)
	}
}

// However many frames a clip has, enough spread over all of it are taken.
func TestReadClipOfAnyLength(t *testing.T) {
	for _, n := range []int{1, 2, 23, 24, 25, 47, 48, 49, 95, 96, 97, 200, 400, 1000} {
		frames, err := read(t, clipMatcher(t), matcher.Blob{Path: writeClip(t, "clip.avi", "MJPG", image.Pt(32, 32), n)})
		if err != nil {
			t.Fatalf("%d frames: %v", n, err)
		}
		seconds := float64(n-1) / 25
		want := max(min(n, 24), int(8*min(10, seconds)+2*max(0, min(20, seconds-10))))
		if len(frames) < want || len(frames) > want+1+2*(n/200) { // where the grey begins anew the picture jumps
			t.Errorf("%d frames: %d taken, not %d", n, len(frames), want)
		}
		last := 0
		for _, f := range frames {
			step := 4
			if f.At > 10*time.Second {
				step = 19
			}
			if int(f.Seq)-last > step {
				t.Errorf("%d frames: nothing between %d and %d", n, last, f.Seq)
			}
			last = int(f.Seq)
		}
		if n-last > 19 || n <= 250 && n-last > 4 {
			t.Errorf("%d frames: nothing after %d", n, last)
		}
	}
}

func TestReadClipScalesLargeFrames(t *testing.T) {
	frames, err := read(t, clipMatcher(t), matcher.Blob{Path: writeClip(t, "clip.avi", "MJPG", image.Pt(1920, 1080), 3)})
	if err != nil || len(frames) != 3 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	if got := frames[0].Image.Rect.Max; got != image.Pt(1280, 720) {
		t.Errorf("1920x1080 became %v", got)
	}
}

// A phone writes its clips lying, a front camera's even mirrored, and says by a
// matrix how to lay them. All eight ways are shown as the ffmpeg program does.
func TestReadClipLaysAsItsMatrixSays(t *testing.T) {
	dir := t.TempDir()
	lying := filepath.Join(dir, "lying.mp4")
	ffmpeg(t, "-f", "lavfi", "-i",
		"color=black:s=320x240:d=0.4,drawbox=0:0:160:240:white:fill,drawbox=0:0:320:60:gray:fill", "-c:v", "mpeg4", lying)
	data, err := os.ReadFile(lying)
	if err != nil {
		t.Fatal(err)
	}
	const one = 1 << 16
	for _, m := range [][4]int32{
		{one, 0, 0, one}, {-one, 0, 0, one}, {one, 0, 0, -one}, {-one, 0, 0, -one},
		{0, one, one, 0}, {0, -one, one, 0}, {0, one, -one, 0}, {0, -one, -one, 0},
	} {
		matrix := data[bytes.Index(data, []byte("tkhd"))+4+40:]
		for i, at := range []int{0, 4, 12, 16} {
			binary.BigEndian.PutUint32(matrix[at:], uint32(m[i]))
		}
		path, shown := written(t, "laid.mp4", data), filepath.Join(dir, "shown.png")
		ffmpeg(t, "-i", path, "-frames:v", "1", shown)
		frames, err := read(t, clipMatcher(t), matcher.Blob{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		got, want := frames[0].Image, readPicture(t, shown)
		if got.Rect != want.Rect {
			t.Errorf("%v: %v instead of %v", m, got.Rect, want.Rect)
			continue
		}
		for _, share := range []image.Point{{1, 1}, {3, 1}, {1, 3}, {3, 3}} {
			at := image.Pt(got.Rect.Dx()*share.X/4, got.Rect.Dy()*share.Y/4)
			if share.Y == 1 {
				at.Y = got.Rect.Dy() / 8
			}
			if g, w := int(got.RGBAAt(at.X, at.Y).G), int(want.RGBAAt(at.X, at.Y).G); g > w+12 || w > g+12 {
				t.Errorf("%v at %v: %d instead of %d", m, at, g, w)
			}
		}
	}
}

// A truncated file goes on with the frames there are.
func TestReadClipTruncated(t *testing.T) {
	whole := writeClip(t, "clip.avi", "MJPG", image.Pt(320, 240), 60)
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half.avi")
	if err := os.WriteFile(half, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	frames, err := read(t, clipMatcher(t), matcher.Blob{Path: half})
	if err != nil {
		t.Fatal(err)
	}
	if last := frames[len(frames)-1].Seq; len(frames) < 10 || last > 35 {
		t.Errorf("half a file of 60 frames gave %d, up to number %d", len(frames), last)
	}
}

// An MP4 has its table of contents at the end: without it nothing can be read.
func TestReadClipTruncatedMP4(t *testing.T) {
	data, err := os.ReadFile(writeClip(t, "clip.mp4", "mp4v", image.Pt(320, 240), 60))
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half.mp4")
	if err := os.WriteFile(half, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = read(t, clipMatcher(t), matcher.Blob{Path: half})
	wantProblem(t, err, "clip.unreadable")
}

func TestReadClipProblems(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pipe := filepath.Join(dir, "pipe.mp4")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path, want, format string
	}{
		"missing":             {filepath.Join(dir, "none.mp4"), "clip.missing", ""},
		"folder":              {dir, "clip.directory", ""},
		"pipe":                {pipe, "clip.unreadable", ""},
		"empty":               {write("empty.mp4", ""), "clip.empty", ""},
		"no frames":           {writeClip(t, "none.avi", "MJPG", image.Pt(64, 64), 0), "clip.empty", ""},
		"text named as video": {write("letter.mp4", "Dear Sir or Madam"), "clip.unsupported", "text"},
		"picture":             {gocvPhoto(t, "face.jpg"), "clip.unsupported", "JPEG"},
		"noise":               {write("noise.mp4", "\x01\x02\x03\x04\x05"), "clip.unreadable", ""},
		"only a header":       {write("head.mp4", "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"), "clip.unreadable", ""},
		"header of an avi":    {write("head.avi", "RIFF\x10\x00\x00\x00AVI LIST"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, clipMatcher(t), matcher.Blob{Path: c.path})
			if c.want == "" { // FFmpeg opens it or not, as it likes
				var p *matcher.Problem
				if !errors.As(err, &p) || p.Key != "clip.unreadable" && p.Key != "clip.empty" {
					t.Errorf("got %v", err)
				}
				return
			}
			p := wantProblem(t, err, c.want)
			if c.format != "" && p.Params["Format"] != c.format {
				t.Errorf("parameters %v, want the format %s", p.Params, c.format)
			}
		})
	}
	_, err := read(t, clipMatcher(t), matcher.Blob{})
	wantProblem(t, err, "clip.missing")
}

// A video file without a picture track, and one that is nothing but sound.
func TestReadClipOfSound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sound.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", path)
	_, err := read(t, clipMatcher(t), matcher.Blob{Path: path})
	wantProblem(t, err, "clip.unreadable")
}

func TestReadClipTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.mkv")
	ffmpeg(t, "-f", "lavfi", "-i", "color=gray:s=32x32:r=1:d=330", "-c:v", "mpeg4", path)
	_, err := readClip(context.Background(), path, func(int) { t.Fatal("it was decoded, though it says its length") })
	if p := wantProblem(t, err, "clip.too_long"); p.Params["Minutes"] != 5 {
		t.Errorf("parameters %v", p.Params)
	}
}

// A clip that does not say its length is found out by the times of its pictures.
func TestReadClipTooLongUnstated(t *testing.T) {
	for _, path := range []string{"long.mkv", "long.mp4"} {
		path := filepath.Join(t.TempDir(), path)
		args := []string{"-live", "1"}
		if filepath.Ext(path) == ".mp4" {
			args = []string{"-movflags", "empty_moov+frag_keyframe"}
		}
		ffmpeg(t, append(append([]string{"-f", "lavfi", "-i", "color=gray:s=32x32:r=1:d=330", "-c:v", "mpeg4"}, args...),
			path)...)
		_, err := readClip(context.Background(), path,
			func(int) { t.Fatal("it was decoded, though its pictures have times") })
		wantProblem(t, err, "clip.too_long")
	}
}

func TestClipInMemory(t *testing.T) {
	data, err := os.ReadFile(writeClip(t, "clip.avi", "MJPG", image.Pt(64, 64), 30))
	if err != nil {
		t.Fatal(err)
	}
	m := clipMatcher(t)
	var mode os.FileMode
	reader := m.openFilm
	m.openFilm = func(ctx context.Context, j job, report func(int)) (openedFilm, error) {
		info, err := os.Stat(j.path)
		if err != nil {
			return nil, err
		}
		mode = info.Mode()
		return reader(ctx, j, report)
	}
	frames, err := read(t, m, memoryBlob(data))
	if err != nil || !leastFrames(frames) {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	if mode != 0o600 {
		t.Errorf("the private file has mode %v", mode)
	}
	if _, err := read(t, m, memoryBlob(data[:200])); err == nil {
		t.Error("200 bytes of a clip were read")
	}
	if left, err := os.ReadDir(m.params.Temp); err != nil || len(left) != 0 {
		t.Errorf("%d files left behind, %v", len(left), err)
	}
	m.params.Temp = filepath.Join(m.params.Temp, "gone")
	_, err = read(t, m, memoryBlob(data))
	wantProblem(t, err, "clip.temp")
}

// The caller leaves at once, even where the reader hangs; the engine's Close
// waits for it.
func TestClipCancelledWhileReading(t *testing.T) {
	m := clipMatcher(t)
	started, release, ended := make(chan struct{}), make(chan struct{}), false
	m.openFilm = func(context.Context, job, func(int)) (openedFilm, error) {
		close(started)
		<-release
		ended = true
		return nil, errGone
	}
	ctx, cancel := context.WithCancel(context.Background())
	var cancelled time.Time
	go func() {
		<-started
		cancelled = time.Now()
		cancel()
	}()
	_, err := m.frames(ctx, matcher.Request{Video: matcher.Blob{Path: writeClip(t, "clip.avi", "MJPG", image.Pt(64, 64),
		1)}}, nil)
	if took := time.Since(cancelled); !errors.Is(err, context.Canceled) || took > time.Second {
		t.Errorf("got %v after %v", err, took)
	}
	close(release)
	m.params.Engine.Close()
	if !ended {
		t.Error("Close did not wait for the reader")
	}
	_, err = read(t, m, memoryBlob([]byte("RIFF....AVI ")))
	wantProblem(t, err, "engine.closed")
}

// The real reader ends soon after its caller left.
func TestReadClipStops(t *testing.T) {
	path := writeClip(t, "clip.avi", "MJPG", image.Pt(64, 64), 300)
	ctx, cancel := context.WithCancel(context.Background())
	most := 0
	_, err := readClip(ctx, path, func(read int) {
		most = read
		cancel()
	})
	if !errors.Is(err, context.Canceled) || most != 1 {
		t.Errorf("got %v after %d frames", err, most)
	}
}

// Times count from the first frame, and never run backwards.
func TestClock(t *testing.T) {
	c := clock{step: 40 * time.Millisecond}
	for i, s := range []struct {
		ms   float64
		want time.Duration
	}{
		{400_000, 0}, {401_000, time.Second}, {400_500, 1040 * time.Millisecond}, {-7, 1080 * time.Millisecond},
		{math.NaN(), 1120 * time.Millisecond}, {math.Inf(1), 1160 * time.Millisecond}, {1e300, 1200 * time.Millisecond},
		{402_000, 2 * time.Second},
	} {
		if got := c.tell(s.ms); got != s.want {
			t.Errorf("%d: %v, want %v", i, got, s.want)
		}
	}
	nothing := clock{step: 40 * time.Millisecond}
	nothing.tell(math.NaN())
	if got := nothing.tell(math.NaN()); got != 40*time.Millisecond {
		t.Errorf("without times: %v", got)
	}
}

func TestToRGBARefusesOtherKinds(t *testing.T) {
	gray := gocv.NewMatWithSize(8, 8, gocv.MatTypeCV8UC1)
	defer gray.Close()
	if _, err := (shape{aspect: 1}).copy(heap{}, gray); err == nil {
		t.Error("a gray frame was taken")
	}
}
