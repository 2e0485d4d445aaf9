package offline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// misbehaveCommand makes this test's binary a decoder that does as its further
// arguments say.
const misbehaveCommand = "misbehave"

// decoded does in the test's own binary what the program does with DecodeCommand,
// or something worse.
func decoded(args []string) (code int, asked bool) {
	switch {
	case len(args) == 2 && args[1] == DecodeCommand:
		fmt.Fprintln(os.Stderr, DecodeHere(os.Stdin, os.Stdout))
		return 1, true
	case len(args) > 2 && args[1] == misbehaveCommand:
		misbehave(args[2], args[3:])
		return 1, true
	case len(args) == 3 && args[1] == parentCommand:
		beParent(args[2])
		return 1, true
	}
	return 0, false
}

// good is a frame as a decoder may send it, the nth of a clip.
func good(n int) said {
	return said{What: sayFrame, Sheet: uint8(n % sheetCount), Width: 4, Height: 3, Number: uint32(n + 1),
		At: time.Duration(n) * time.Millisecond}
}

// lies are what no decoder of ours says of a clip.
var lies = map[string][]said{
	"nothing sensible":      {{What: 77}},
	"ready once more":       {{What: sayReady}},
	"no frames":             {{What: sayJumps}, {What: sayDone}},
	"another number":        {good(0), {What: sayJumps}, {What: sayDone, Number: 2}},
	"a huge number":         {good(0), {What: sayJumps}, {What: sayDone, Number: 1<<32 - 1}},
	"no word of jumps":      {good(0), {What: sayDone, Number: 1}},
	"jumps twice":           {good(0), {What: sayJumps, Number: 1}, {What: sayJumps}},
	"many jumps":            {good(0), {What: sayJumps, Number: maxFrames + 1}},
	"a frame after jumps":   {good(0), {What: sayJumps}, good(1)},
	"a fault after jumps":   {good(0), {What: sayJumps}, {What: sayFault}},
	"no width":              {{What: sayFrame, Height: 3, Number: 1}},
	"no height":             {{What: sayFrame, Width: 3, Number: 1}},
	"too wide":              {{What: sayFrame, Width: frameSide + 1, Height: 1, Number: 1}},
	"too high":              {{What: sayFrame, Width: 1, Height: 1<<16 - 1, Number: 1}},
	"no such sheet":         {{What: sayFrame, Sheet: sheetCount, Width: 1, Height: 1, Number: 1}},
	"before the clip":       {{What: sayFrame, Width: 1, Height: 1, Number: 1, At: -1}},
	"after the clip":        {{What: sayFrame, Width: 1, Height: 1, Number: 1, At: maxLength + 1}},
	"frame 0":               {{What: sayFrame, Width: 1, Height: 1}},
	"beyond the last frame": {{What: sayFrame, Width: 1, Height: 1, Number: maxFrames + 1}},
	"a frame twice":         {good(0), good(0)},
	"time runs backwards":   {good(5), {What: sayFrame, Width: 1, Height: 1, Number: 9, At: 4 * time.Millisecond}},
	"an unknown fault":      {{What: sayFault, Number: uint32(len(faults))}},
	"read after jumps":      {good(0), {What: sayJumps}, {What: sayRead, Number: 1}},
	"read too much":         {{What: sayRead, Number: 1 << 30}},
	"too many frames": func() (all []said) {
		for i := range mostFrames + 1 {
			all = append(all, good(i))
		}
		return append(all, said{What: sayJumps}, said{What: sayDone, Number: mostFrames + 1})
	}(),
}

// misbehave is a decoder that is well until it is asked for a clip.
func misbehave(how string, further []string) {
	if how == "start" { // not even that
		os.Stdout.WriteString(further[0])
		time.Sleep(time.Hour)
	}
	if err := confineDecoder(); err != nil {
		return
	}
	said{What: sayReady}.write(os.Stdout)
	if a, err := readAsked(os.Stdin); err != nil || a.job == nil {
		return
	}
	switch how {
	case "break": // in the second clip
		good(0).write(os.Stdout)
		said{What: sayJumps}.write(os.Stdout)
		said{What: sayDone, Number: 1}.write(os.Stdout)
		for {
			if a, err := readAsked(os.Stdin); err != nil || a.job != nil {
				break
			}
		}
		if further[0] == "after" {
			good(0).write(os.Stdout)
			readAsked(os.Stdin) // it has been copied
		}
	case "hang": // also when its parent has gone
		time.Sleep(time.Hour)
	case "talk":
		for i := uint32(1); ; i = i%maxFrames + 1 {
			if (said{What: sayRead, Number: i}).write(os.Stdout) != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	case "lie":
		for _, s := range lies[further[0]] {
			s.write(os.Stdout)
		}
		time.Sleep(time.Hour)
	case "garbage":
		os.Stdout.Write(bytes.Repeat([]byte(further[0]), 1<<20))
	case "zeros":
		os.Stdout.Write(make([]byte, 1<<20))
	case "half a word":
		os.Stdout.Write([]byte{sayFrame, 0, 4})
	case "close":
		os.Stdout.Close()
		time.Sleep(time.Hour)
	case "eat":
		for all := [][]byte{}; len(all) < 100; {
			all = append(all, make([]byte, 512<<20))
		}
		good(0).write(os.Stdout) // more than it was asked for
		said{What: sayJumps}.write(os.Stdout)
		said{What: sayDone, Number: 1}.write(os.Stdout)
	case "spin":
		limitTime(0)
		for end := time.Now().Add(time.Hour); time.Now().Before(end); {
		}
	case "try":
		for _, i := range append(attempts(further[0]), len(forbidden)) {
			said{What: sayRead, Number: uint32(i + 1)}.write(os.Stdout)
		}
		said{What: sayFault}.write(os.Stdout)
	}
}

// misbehaving are decoders that do so. They wait less long than usual.
func misbehaving(t *testing.T, how ...string) *decoders {
	t.Helper()
	p := newDecoders(2, "")
	p.arguments = append([]string{misbehaveCommand}, how...)
	p.prepare = func(d *decoder) { d.silence, d.patience = 2*time.Second, 4*time.Second }
	t.Cleanup(p.close)
	return p
}

func anyClip(t *testing.T) string {
	t.Helper()
	return writeClip(t, "clip.avi", "MJPG", image.Pt(64, 64), 30)
}

func quiet(int) {}

// read reads a clip to its end, in another process.
func (p *decoders) read(ctx context.Context, path string, report func(int)) ([]matcher.Frame, error) {
	film, err := p.film(ctx, job{path: path}, report)
	if err != nil {
		return nil, err
	}
	defer film.end()
	return allOf(ctx, film)
}

// readClip reads a clip to its end, in this process.
func readClip(ctx context.Context, path string, report func(int)) ([]matcher.Frame, error) {
	var frames []matcher.Frame
	_, err := readOnto(ctx, heap{}, job{path: path}, report, func(f matcher.Frame) error {
		frames = append(frames, f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return frames, nil
}

// leastFrames says whether a clip by anyClip was read whole.
func leastFrames(frames []matcher.Frame) bool {
	return len(frames) >= quality.SampledLeast && frames[0].Seq == 1 && len(frames) <= mostFrames
}

// Every frame is the same, pixel for pixel, as read in this process.
func TestDecoderReadsTheSame(t *testing.T) {
	clips, err := filepath.Glob(testdata(t, "clips") + "/*.mp4")
	if err != nil || len(clips) == 0 {
		t.Fatalf("%d clips, %v", len(clips), err)
	}
	upright := filepath.Join(t.TempDir(), "upright.mp4")
	ffmpeg(t, "-i", clips[0], "-c", "copy", "-metadata:s:v", "rotate=90", upright)
	large := filepath.Join(t.TempDir(), "large.mp4") // more pixels than are kept
	ffmpeg(t, "-i", clips[1], "-vf", "scale=1920:1080", "-frames:v", "60", "-c:v", "libx264", "-preset",
		"ultrafast", large)
	for _, clip := range append(clips, upright, large, anyClip(t)) {
		var told, toldHere int
		apart, err := sharedDecoders.read(context.Background(), clip, func(read int) { told = read })
		if err != nil {
			t.Fatalf("%s: %v", clip, err)
		}
		here, err := readClip(context.Background(), clip, func(read int) { toldHere = max(toldHere, read) })
		if err != nil {
			t.Fatal(err)
		}
		same(t, filepath.Base(clip), apart, here)
		if told != toldHere {
			t.Errorf("%s: told of %d frames, not %d", clip, told, toldHere)
		}
	}
}

func same(t *testing.T, clip string, apart, here []matcher.Frame) {
	t.Helper()
	if !slices.EqualFunc(apart, here, func(a, b matcher.Frame) bool {
		return a.At == b.At && a.Seq == b.Seq && a.Image.Rect == b.Image.Rect && a.Image.Stride == b.Image.Stride &&
			bytes.Equal(a.Image.Pix, b.Image.Pix)
	}) {
		t.Errorf("%s: other frames, %d and %d", clip, len(apart), len(here))
	}
}

// What is wrong with a clip is told as it is in this process.
func TestDecoderTellsFaults(t *testing.T) {
	clip := anyClip(t)
	data, err := os.ReadFile(clip)
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range []string{
		written(t, "noise.avi", bytes.Repeat([]byte{7, 250}, 5000)), written(t, "cut.avi", data[:200]),
		written(t, "half.avi", data[:len(data)/2]), writeClip(t, "none.avi", "MJPG", image.Pt(64, 64), 0),
	} {
		apart, err := sharedDecoders.read(context.Background(), path, quiet)
		here, want := readClip(context.Background(), path, quiet)
		if fmt.Sprint(err) != fmt.Sprint(want) || len(apart) != len(here) {
			t.Errorf("%d: %v and %d frames, in this process %v and %d", i, err, len(apart), want, len(here))
		}
	}
	_, err = sharedDecoders.read(context.Background(), filepath.Join(t.TempDir(), "none.mp4"), quiet)
	wantProblem(t, err, "clip.missing")
}

// FFmpeg would open the files that such a file names.
func TestDecoderOpensNothingElse(t *testing.T) {
	dir := filepath.Dir(anyClip(t))
	list := filepath.Join(dir, "list.mp4")
	if err := os.WriteFile(list, []byte("ffconcat version 1.0\nfile clip.avi\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if frames, err := readClip(context.Background(), list, quiet); err != nil || len(frames) == 0 {
		t.Skipf("this FFmpeg does not read such a list anyway: %v", err)
	}
	_, err := sharedDecoders.read(context.Background(), list, quiet)
	wantProblem(t, err, "clip.unreadable")
}

// A decoder that lies, breaks, hangs or eats is ended, and its clip gets a clear
// answer.
func TestDecodersThatMisbehave(t *testing.T) {
	clip := anyClip(t)
	for name, tt := range map[string]struct {
		how []string
		key string
	}{
		"hangs":           {[]string{"hang"}, "clip.too_slow"},
		"talks for ever":  {[]string{"talk"}, "clip.too_slow"},
		"ends":            {[]string{"end"}, "clip.reader_broke"},
		"closes early":    {[]string{"close"}, "clip.reader_broke"},
		"half a word":     {[]string{"half a word"}, "clip.reader_broke"},
		"zeros":           {[]string{"zeros"}, "clip.reader_broke"},
		"text":            {[]string{"garbage", "all is well "}, "clip.reader_broke"},
		"frames for ever": {[]string{"garbage", "\x03\x01\x04\x03"}, "clip.reader_broke"},
		"eats memory":     {[]string{"eat"}, "clip.reader_broke"},
		"spins":           {[]string{"spin"}, "clip.reader_broke"},
		"never ready":     {[]string{"start", "not ready, but eighteen bytes or more"}, "engine.failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := misbehaving(t, tt.how...)
			if name == "spins" || name == "eats memory" {
				p.prepare = nil // the system ends them
			}
			_, err := p.read(context.Background(), clip, quiet)
			wantProblem(t, err, tt.key)
			if len(p.idle) > 1 {
				t.Errorf("%d decoders are kept", len(p.idle))
			}
		})
	}
	_, err := misbehaving(t, "lie", "too many frames").read(context.Background(), clip, quiet)
	if p := wantProblem(t, err, "clip.reader_broke"); !errors.Is(p, errLied) {
		t.Errorf("%v", p)
	}
}

// heard is all that these words of a decoder come to.
func heard(r io.Reader, shared io.ReaderAt) (frames []matcher.Frame, h *hearing, err error) {
	h = &hearing{from: r, shared: shared, back: func(uint8) error { return nil }, report: quiet, most: mostFrames}
	for {
		f, err := h.next()
		if err != nil {
			return frames, h, err
		}
		frames = append(frames, f)
	}
}

func TestHearBelievesNoLies(t *testing.T) {
	shared := bytes.NewReader(make([]byte, sheetCount*sheetSize))
	for lie, all := range lies {
		var b bytes.Buffer
		for _, s := range all {
			s.write(&b)
		}
		if frames, _, err := heard(&b, shared); !errors.Is(err, errLied) {
			t.Errorf("%s: %d frames, %v", lie, len(frames), err)
		}
	}
	// What is said before it breaks off is no end of the clip.
	var b bytes.Buffer
	for i := range 24 {
		good(i).write(&b)
		said{What: sayRead, Number: uint32(i)}.write(&b)
	}
	said{What: sayJumps, Number: 7}.write(&b)
	said{What: sayDone, Number: 24}.write(&b)
	whole := b.Bytes()
	for n := range whole {
		if frames, _, err := heard(bytes.NewReader(whole[:n]), shared); err == io.EOF ||
			errors.As(err, new(*matcher.Problem)) {
			t.Fatalf("cut after %d bytes: %d frames, %v", n, len(frames), err)
		}
	}
	if frames, h, err := heard(&b, shared); err != io.EOF || len(frames) != 24 || h.unsampled != 7 {
		t.Errorf("the truth: %d frames, %v, %d jumps", len(frames), err, h.unsampled)
	}
}

// Where nothing is shared, the pixels go the same way as the words.
func TestPixelsWithoutSharedMemory(t *testing.T) {
	frames, err := readClip(context.Background(), anyClip(t), quiet)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range frames {
		if err := sendFrame(&b, f, newSheets(nil)); err != nil {
			t.Fatal(err)
		}
	}
	sent, _, err := heard(&b, nil)
	if err != io.ErrUnexpectedEOF {
		t.Fatal(err)
	}
	same(t, "sent", sent, frames)
}

// Nothing a decoder says makes the parent fail, or take more frames than there may be.
func FuzzHear(f *testing.F) {
	for _, lie := range lies {
		var b bytes.Buffer
		for _, s := range lie {
			s.write(&b)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		frames, _, err := heard(bytes.NewReader(b), bytes.NewReader(make([]byte, 100)))
		if err == io.EOF && (len(frames) == 0 || len(frames) > mostFrames) {
			t.Errorf("%d frames", len(frames))
		}
	})
}

// A caller who leaves is not waited for, his decoder is ended, and the next clip is
// read.
func TestDecoderCancelled(t *testing.T) {
	p := misbehaving(t, "hang")
	p.prepare = nil
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(2*time.Second, cancel)
	_, err := p.read(ctx, anyClip(t), quiet)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	p.close()
	if left := children(t); slices.ContainsFunc(left, func(c child) bool { return c.has("hang") }) {
		t.Errorf("left behind: %v", left)
	}
	// Who waits for a place leaves too.
	p = newDecoders(1, "")
	t.Cleanup(p.close)
	p.places <- struct{}{}
	ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.read(ctx, "", quiet); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// A decoder killed in the middle of its first clip costs that clip alone.
func TestDecoderKilledInTheMiddle(t *testing.T) {
	p := newDecoders(1, "")
	t.Cleanup(p.close)
	clip := writeClip(t, "clip.avi", "MJPG", image.Pt(640, 480), 300)
	for range 2 {
		film, err := p.film(context.Background(), job{path: clip}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range children(t) {
			if !p.has(c.pid) {
				c.kill(t)
			}
		}
		_, err = allOf(context.Background(), film)
		film.end()
		wantProblem(t, err, "clip.reader_broke")
		frames, err := p.read(context.Background(), clip, quiet)
		if err != nil || !leastFrames(frames) {
			t.Fatalf("the next one: %d frames, %v", len(frames), err)
		}
		p.close()
		p = newDecoders(1, "")
		t.Cleanup(p.close)
	}
}

// A decoder that had read another clip costs the next one nothing where it breaks
// before it has given a frame: who knows which of them broke it. Once it has, nobody
// can say what to believe.
func TestDecoderBrokenByTheClipBefore(t *testing.T) {
	for how, tt := range map[string]struct {
		frames int
		key    string
	}{"before": {1, ""}, "after": {0, "clip.reader_broke"}} {
		p := misbehaving(t, "break", how)
		first, err := p.read(context.Background(), anyClip(t), quiet)
		if err != nil || len(first) != 1 {
			t.Fatalf("%d frames, %v", len(first), err)
		}
		next, err := p.read(context.Background(), anyClip(t), quiet)
		if len(next) != tt.frames {
			t.Errorf("%s: %d frames, %v", how, len(next), err)
		}
		if tt.key != "" {
			wantProblem(t, err, tt.key)
		} else if err != nil {
			t.Errorf("%s: %v", how, err)
		}
	}
}

// A decoder waits for a slow reader, a few frames ahead.
func TestSlowEngine(t *testing.T) {
	p := newDecoders(1, "")
	t.Cleanup(p.close)
	p.prepare = func(d *decoder) { d.silence, d.patience = time.Second, 4*time.Second }
	clip := writeClip(t, "clip.avi", "MJPG", image.Pt(1280, 720), 75)
	here, err := readClip(context.Background(), clip, quiet)
	if err != nil {
		t.Fatal(err)
	}
	film, err := p.film(context.Background(), job{path: clip}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer film.end()
	var apart []matcher.Frame
	for {
		f, err := film.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("after %d frames: %v", len(apart), err)
		}
		apart = append(apart, f)
		if n := len(apart); n == 1 || n == 12 {
			time.Sleep(3 * time.Second) // longer than the silence allowed, twice longer than all
		}
	}
	same(t, "slowly", apart, here)
	if _, err := film.Next(context.Background()); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}

// A film that is ended early gives its place and its file back, and lets the engine
// close.
func TestFilmEndedEarly(t *testing.T) {
	p := newDecoders(1, "")
	t.Cleanup(p.close)
	m := clipMatcher(t)
	m.openFilm = p.film
	data, err := os.ReadFile(writeClip(t, "clip.avi", "MJPG", image.Pt(640, 480), 300))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		film, end, err := m.film(context.Background(), matcher.Request{Video: memoryBlob(data)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := film.Next(context.Background()); err != nil || f.Seq != 1 {
			t.Fatalf("frame %d, %v", f.Seq, err)
		}
		end()
		if _, err := film.Next(context.Background()); !errors.Is(err, context.Canceled) {
			t.Errorf("after its end: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	film, end, err := m.film(ctx, matcher.Request{Video: memoryBlob(data)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := allOf(context.Background(), film); !errors.Is(err, context.Canceled) {
		t.Errorf("its context ended: %v", err)
	}
	m.params.Engine.Close() // also before it is ended
	end()
	if left, err := os.ReadDir(m.params.Temp); err != nil || len(left) != 0 {
		t.Errorf("%d files left behind, %v", len(left), err)
	}
}

// A spare one that was killed while it had nothing to do is not used.
func TestIdleDecoderKilled(t *testing.T) {
	p := newDecoders(1, "")
	t.Cleanup(p.close)
	for range 3 {
		d, err := p.take(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		p.hand(started{decoder: d})
		d.kill()
		<-d.gone
		if frames, err := p.read(context.Background(), anyClip(t), quiet); err != nil || !leastFrames(frames) {
			t.Fatalf("%d frames, %v", len(frames), err)
		}
	}
}

// Decoders are replaced after so many clips, and all but one rest in the end.
func TestDecodersWearOut(t *testing.T) {
	p := newDecoders(1, "")
	t.Cleanup(p.close)
	clip := anyClip(t)
	pids := map[int]bool{}
	p.prepare = func(d *decoder) {
		p.mu.Lock()
		pids[d.cmd.Process.Pid] = true
		p.mu.Unlock()
	}
	for range decoderClips + 5 {
		if _, err := p.read(context.Background(), clip, quiet); err != nil {
			t.Fatal(err)
		}
	}
	p.starts.Wait()
	if len(pids) != 2 {
		t.Errorf("%d processes", len(pids))
	}
	p.rest()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) != 1 || !p.idle[0].alive() {
		t.Errorf("%d decoders are kept", len(p.idle))
	}
}

// Twenty at once share two places, and get their own frames.
func TestManyClipsAtOnce(t *testing.T) {
	p := newDecoders(2, "")
	t.Cleanup(p.close)
	var wg sync.WaitGroup
	for i := range 20 {
		clip := writeClip(t, fmt.Sprint("clip", i, ".avi"), "MJPG", image.Pt(64+16*i, 64), 30)
		wg.Go(func() {
			ctx := context.Background()
			if i%5 == 4 {
				var cancel func()
				ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*10*time.Millisecond)
				defer cancel()
			}
			frames, err := p.read(ctx, clip, quiet)
			switch {
			case ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded):
			case err != nil || !leastFrames(frames) || frames[0].Image.Rect.Dx() != 64+16*i:
				t.Errorf("%d: %d frames, %v", i, len(frames), err)
			}
		})
	}
	wg.Wait()
	p.starts.Wait()
	if len(p.idle) > cap(p.places) {
		t.Errorf("%d decoders are kept", len(p.idle))
	}
}

// A decoder that is asked to start decoders would never end.
func TestDecoderStartsNone(t *testing.T) {
	t.Setenv(decoderEnv, "1")
	_, err := newDecoders(1, "").read(context.Background(), anyClip(t), quiet)
	wantProblem(t, err, "engine.failed")
}

// Where /proc/self/exe is not this program, a test says where that is.
func TestDecoderProgram(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	moved := written(t, "elsewhere", data)
	if err := os.Chmod(moved, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, key := range map[string]string{moved: "", filepath.Join(t.TempDir(), "none"): "engine.failed"} {
		t.Setenv(programEnv, path)
		p := newDecoders(1, "")
		t.Cleanup(p.close)
		frames, err := p.read(context.Background(), anyClip(t), quiet)
		if key != "" {
			wantProblem(t, err, key)
		} else if err != nil || !leastFrames(frames) {
			t.Errorf("%d frames, %v", len(frames), err)
		}
	}
}

// No token, password or home is known to a decoder.
func TestDecoderEnviron(t *testing.T) {
	t.Setenv("FACEMATCH_TOKEN", "secret")
	t.Setenv("HTTPS_PROXY", "http://user:secret@proxy")
	if env := strings.Join(decoderEnviron(), "\n"); strings.Contains(env, "secret") || strings.Contains(env, "HOME") {
		t.Errorf("%s", env)
	}
}
