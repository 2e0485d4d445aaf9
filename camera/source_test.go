package camera

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"facematch/matcher"
)

func TestFileLoopsInRealTime(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(320, 240), 30, 10)))
	first := frameAfter(t, s, 0)
	if first.Frame.Image.Rect != image.Rect(0, 0, 320, 240) || first.Frame.Image.Stride != 4*320 {
		t.Fatalf("picture %v, stride %d", first.Frame.Image.Rect, first.Frame.Image.Stride)
	}
	time.Sleep(2 * time.Second)
	last := frameAfter(t, s, first.Seq)
	// By the source's own clock, so that a busy machine does not matter.
	frames, took := last.Frame.Seq-first.Frame.Seq, last.Frame.At-first.Frame.At
	if rate := float64(frames) / took.Seconds(); rate < 18 || rate > 36 {
		t.Errorf("%d frames in %v: %.1f a second, not about 30", frames, took, rate)
	}
	if frames <= 20 {
		t.Errorf("%d frames in 2 s: a file of 10 was not played over and over", frames)
	}
}

// Encoding what is a few pixels wide ends the program.
func TestTooSmall(t *testing.T) {
	for _, size := range []image.Point{{2, 600}, {62, 64}, {64, 62}, {64, 2000}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			s := opened(t, params(t, still(t, size)))
			live, err := s.Next(soon(t), 0)
			if err != nil {
				t.Fatal(err)
			}
			if live.Problem == nil || live.Problem.Key != "camera.too_small" {
				t.Fatalf("got %v with a picture: %t", live.Problem, live.Frame.Image != nil)
			}
		})
	}
	frameAfter(t, opened(t, params(t, still(t, image.Pt(64, 64)))), 0)
}

func TestNextSkipsAndNeverRepeats(t *testing.T) {
	s := opened(t, params(t, video(t, image.Pt(160, 120), 50, 20)))
	var before matcher.Live
	skipped := false
	for range 12 {
		live := frameAfter(t, s, before.Seq)
		switch {
		case live.Seq <= before.Seq, live.Frame.Seq <= before.Frame.Seq, live.Frame.At <= before.Frame.At && before.Seq > 0:
			t.Fatalf("after %d/%d came %d/%d", before.Seq, before.Frame.Seq, live.Seq, live.Frame.Seq)
		case before.Seq > 0 && live.Frame.Image == before.Frame.Image:
			t.Fatal("two frames share one picture")
		}
		skipped = skipped || live.Seq > before.Seq+1 && before.Seq > 0
		before = live
		time.Sleep(60 * time.Millisecond)
	}
	if !skipped {
		t.Error("a slow reader missed no frame")
	}
	if live, err := s.Next(soon(t), 0); err != nil || live.Seq < before.Seq {
		t.Errorf("the newest is %d, %v; %d was seen already", live.Seq, err, before.Seq)
	}
}

func TestNextIsCancelled(t *testing.T) {
	s := opened(t, params(t, filepath.Join(t.TempDir(), "missing.mp4")))
	live := problemAfter(t, s, 0)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	// The file stays missing: the same problem again is no news.
	if _, err := s.Next(ctx, live.Seq); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestWhatIsNoSource(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole, err := os.ReadFile(video(t, image.Pt(64, 64), 25, 3))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ address, key string }{
		"nothing":        {"", "camera.file"},
		"missing file":   {filepath.Join(folder, "missing.mp4"), "camera.file"},
		"empty file":     {write("empty.mp4", ""), "camera.file"},
		"text":           {write("text.mp4", "This is not a video."), "camera.file"},
		"coloured text":  {write("art.ans", "\x1b[31mred\x1b[0m\r\n"), "camera.file"},
		"playlist":       {write("list.m3u8", "#EXTM3U\n#EXTINF:1,\n/etc/hostname\n"), "camera.file"},
		"noise":          {write("noise.mp4", "\x00\x01\x02\x03noise\xff\xfe\xfd"), "camera.file"},
		"only a header":  {write("head.avi", string(whole[:200])), "camera.file"},
		"directory":      {folder, "camera.file"},
		"missing number": {"4711", "camera.none"},
		"absurd number":  {"99999999999999999999", "camera.none"},
		"missing device": {"/dev/facematch-missing", "camera.none"},
		"no device":      {"/dev/fd/../shm", "camera.none"},
		"other device":   {"/dev/null", "camera.busy"},
		"nobody there":   {"http://127.0.0.1:1/live", "camera.stream"},
		"no RTSP there":  {"rtsp://127.0.0.1:1/live", "camera.stream"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := opened(t, params(t, c.address))
			live := problemAfter(t, s, 0)
			if live.Problem.Key != c.key || live.Seq != 1 {
				t.Errorf("got %v at %d, want %s at 1", live.Problem, live.Seq, c.key)
			}
			if _, err := s.Record(soon(t), time.Second, nil); matcher.AsProblem(err, "").Key != c.key {
				t.Errorf("recording gave %v, want %s", err, c.key)
			}
			if left := left(t, s.p.Temp); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestFileThatComesLater(t *testing.T) {
	made := video(t, image.Pt(64, 64), 25, 5)
	path := filepath.Join(t.TempDir(), "later.avi")
	s := opened(t, params(t, path))
	live := problemAfter(t, s, 0)
	if err := os.Rename(made, path); err != nil {
		t.Fatal(err)
	}
	frameAfter(t, s, live.Seq)
}

func TestManyReaders(t *testing.T) {
	s := Open(params(t, video(t, image.Pt(160, 120), 60, 30)))
	var readers sync.WaitGroup
	for i := range 12 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			ctx, seq, seen := soon(t), uint64(0), 0
			for ; ; seen++ {
				var err error
				if i%3 == 0 {
					var a matcher.Advice
					a, err = s.Advise(ctx, seq)
					seq = a.Seq
				} else {
					var live matcher.Live
					live, err = s.Next(ctx, seq)
					seq = live.Seq
				}
				if err == nil {
					continue
				}
				if !errors.Is(err, ErrClosed) || seen == 0 {
					t.Errorf("reader %d: %v after %d frames", i, err, seen)
				}
				return
			}
		}()
	}
	clip, err := s.Record(soon(t), 500*time.Millisecond, nil)
	if err != nil || clip.Picture == nil {
		t.Errorf("a clip with a picture: %t, %v", clip.Picture != nil, err)
	}
	s.Close()
	readers.Wait()
}

func TestCloseLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	path := video(t, image.Pt(64, 64), 50, 5)
	for range 3 {
		s := Open(params(t, path))
		frameAfter(t, s, 0)
		if _, err := s.Record(soon(t), 200*time.Millisecond, nil); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s.Close()
		if _, err := s.Next(context.Background(), 0); !errors.Is(err, ErrClosed) {
			t.Errorf("Next after Close: %v", err)
		}
		if _, err := s.Advise(context.Background(), 0); !errors.Is(err, ErrClosed) {
			t.Errorf("Advise after Close: %v", err)
		}
		if _, err := s.Record(context.Background(), time.Second, nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Record after Close: %v", err)
		}
	}
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestDeviceErrorsHaveTheirOwnWords(t *testing.T) {
	for _, c := range []struct {
		err error
		key string
	}{
		{&os.PathError{Op: "open", Path: "/dev/video0", Err: os.ErrPermission}, "camera.denied"},
		{&os.PathError{Op: "open", Path: "/dev/video0", Err: syscall.EBUSY}, "camera.busy"},
		{&os.PathError{Op: "stat", Path: "/dev/video0", Err: os.ErrNotExist}, "camera.none"},
		{&os.PathError{Op: "open", Path: "/dev/video0", Err: syscall.ENODEV}, "camera.none"},
	} {
		if key := deviceKey(c.err); key != c.key {
			t.Errorf("%v gives %s, want %s", c.err, key, c.key)
		}
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]address{
		"0":                      {device, "/dev/video0"},
		" 12 ":                   {device, "/dev/video12"},
		"/dev/v4l/by-id/usb-cam": {device, "/dev/v4l/by-id/usb-cam"},
		"HTTP://cam/live":        {stream, "HTTP://cam/live"},
		"https://a:b@cam/live":   {stream, "https://a:b@cam/live"},
		"rtsp://cam:8554/live":   {stream, "rtsp://cam:8554/live"},
		"/clips/one.mp4":         {file, "/clips/one.mp4"},
	} {
		if got := parseAddress(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
	if got := parseAddress("concat:a|b"); got.kind != file || !filepath.IsAbs(got.name) {
		t.Errorf("a relative name became %v", got)
	}
}

func TestPacer(t *testing.T) {
	start := time.Now()
	p := pacer{period: 100 * time.Millisecond}
	for i, c := range []struct{ now, wait time.Duration }{
		{0, 0},
		{10, 90},
		{150, 50},
		{350, -50},  // a little late: the next ones catch up
		{360, 40},   // back on its own clock
		{2000, 0},   // far too late: it goes on from here
		{2000, 100}, // and not faster
	} {
		if wait := p.next(start.Add(c.now * time.Millisecond)); wait != c.wait*time.Millisecond {
			t.Errorf("frame %d at %d ms waits %v, want %d ms", i, c.now, wait, c.wait)
		}
	}
	if wait := (&pacer{}).next(start); wait != 0 {
		t.Errorf("a live source waits %v", wait)
	}
}

func TestRate(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		gaps   []time.Duration
		lo, hi float64 // 0: not known yet
	}{
		"nothing yet":   {nil, 0, 0},
		"too few":       {[]time.Duration{40 * ms, 40 * ms}, 0, 0},
		"even":          {repeat(8, 40*ms), 24.9, 25.1},
		"one hiccup":    {append(repeat(8, 40*ms), 1500*ms), 24.9, 25.1},
		"caught up":     {append(repeat(8, 40*ms), 200*ms, 0), 24.9, 25.1},
		"dim light":     {repeat(16, 33*ms, 67*ms), 19, 21},
		"all at once":   {repeat(16, 0), 1000, math.Inf(1)},
		"slow but long": {[]time.Duration{600 * ms, 600 * ms}, 1.6, 1.7},
	} {
		// No owner: the times of arrival are what the test says.
		s := &Source{opened: time.Now()}
		at := time.Duration(0)
		s.arrivals = append(s.arrivals, at)
		for _, gap := range c.gaps {
			at += gap
			s.arrivals = append(s.arrivals, at)
		}
		s.opened = s.opened.Add(-at)
		rate, ok := s.rate()
		if ok != (c.hi > 0) || ok && (rate < c.lo || rate > c.hi) {
			t.Errorf("%s: %g, %t; want %g to %g", name, rate, ok, c.lo, c.hi)
		}
	}
}

func repeat(times int, gaps ...time.Duration) []time.Duration {
	var all []time.Duration
	for range times {
		all = append(all, gaps...)
	}
	return all
}
