package camera

import (
	"fmt"
	"image"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest/need"
	"facematch/matcher"
)

func TestStream(t *testing.T) {
	t.Parallel()
	cam := startNetcam(t)
	s := opened(t, params(t, cam.url()))
	live := frameAfter(t, s, 0)
	if live.Frame.Image.Rect != image.Rect(0, 0, 320, 240) {
		t.Errorf("picture %v", live.Frame.Image.Rect)
	}
	// The ground is red to the right, green to the bottom: a swapped channel or a
	// picture upside down would show. A tenth of the range for JPEG.
	got, want := live.Frame.Image.RGBAAt(300, 20), image.Pt(300*255/320, 20*255/240)
	if !near(got.R, want.X) || !near(got.G, want.Y) || !near(got.B, 80) || got.A != 255 {
		t.Errorf("top right is %v", got)
	}
	for range 5 {
		live = frameAfter(t, s, live.Seq)
	}
}

func near(got uint8, want int) bool { return int(got) > want-25 && int(got) < want+25 }

func TestStreamComesBack(t *testing.T) {
	t.Parallel()
	cam := startNetcam(t)
	log := &lines{}
	p := params(t, cam.url())
	p.Log = slog.New(slog.NewTextHandler(log, nil))
	s := opened(t, p)
	live := frameAfter(t, s, 0)
	for range 2 {
		cam.kill()
		live = problemAfter(t, s, live.Seq)
		if live.Problem.Key != "camera.stream" {
			t.Errorf("a killed stream gives %v", live.Problem)
		}
		if text := fmt.Sprint(live.Problem, live.Problem.Params); strings.Contains(text, "s3cret") {
			t.Errorf("the problem holds the password: %s", text)
		}
		cam.start(t)
		live = frameAfter(t, s, live.Seq)
	}
	if text := log.String(); strings.Contains(text, "s3cret") || strings.Contains(text, cam.address) ||
		!strings.Contains(text, "camera.stream") {
		t.Errorf("log:\n%s", text)
	}
}

// A camera that holds the line but sends no more picture: the read never
// returns, so nothing but the clock can tell.
func TestFrozenStream(t *testing.T) {
	t.Parallel()
	cam := startNetcam(t)
	cam.mode.Store(trickle)
	s := opened(t, params(t, cam.url()))
	live := frameAfter(t, s, 0)
	live = problemAfter(t, s, live.Seq)
	if live.Problem.Key != "camera.frozen" {
		t.Fatalf("a frozen stream gives %v", live.Problem)
	}
	start := time.Now()
	s.Close()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Close took %v", took)
	}
	cam.kill() // wakes the read that was left behind
	ended := make(chan struct{})
	go func() { s.busy.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the owner that was left behind never ended")
	}
}

func TestSilentServer(t *testing.T) {
	for _, scheme := range []string{"http", "rtsp"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			start := time.Now()
			s := opened(t, params(t, scheme+"://"+l.Addr().String()+"/live"))
			// A clip that has not begun cannot be lost in the middle.
			_, err = s.Record(soon(t), time.Second, nil)
			if key := matcher.AsProblem(err, "").Key; key != "camera.frozen" && key != "camera.stream" {
				t.Errorf("recording gives %v", err)
			}
			live := problemAfter(t, s, 0)
			if live.Problem.Key == "camera.frozen" { // the clock may be first
				live = problemAfter(t, s, live.Seq)
			}
			if live.Problem.Key != "camera.stream" {
				t.Errorf("got %v", live.Problem)
			}
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("found out after %v: FFmpeg's time-out is not set", took)
			}
			time.Sleep(retryFirst + 300*time.Millisecond) // into the next opening
			start = time.Now()
			s.Close()
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("Close took %v", took)
			}
		})
	}
}

func TestGarbageStream(t *testing.T) {
	t.Parallel()
	cam := startNetcam(t)
	cam.mode.Store(garbage)
	s := opened(t, params(t, cam.url()))
	live := problemAfter(t, s, 0)
	if key := live.Problem.Key; key != "camera.stream" && key != "camera.frozen" {
		t.Errorf("got %v", live.Problem)
	}
	start := time.Now()
	s.Close()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Close took %v", took)
	}
}

func TestStreamOfFFmpeg(t *testing.T) {
	t.Parallel()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		need.Missing(t, "ffmpeg is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String() + "/live"
	l.Close()
	cmd := exec.Command(ffmpeg, "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=25",
		"-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-f", "mpjpeg", "-listen", "1", url)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	s := opened(t, params(t, url))
	live := frameAfter(t, s, 0)
	for range 10 {
		live = frameAfter(t, s, live.Seq)
	}
	cmd.Process.Kill()
	if live = problemAfter(t, s, live.Seq); live.Problem.Key != "camera.stream" {
		t.Errorf("after its end the stream gives %v", live.Problem)
	}
}

func TestStreamLostInTheMiddleOfAClip(t *testing.T) {
	t.Parallel()
	cam := startNetcam(t)
	s := opened(t, params(t, cam.url()))
	frameAfter(t, s, 0)
	killed := false
	_, err := s.Record(soon(t), 30*time.Second, func(p matcher.Progress) {
		if p.Done > 300 && !killed {
			killed = true
			cam.kill()
		}
	})
	if matcher.AsProblem(err, "").Key != "camera.lost" {
		t.Errorf("got %v", err)
	}
	if left := left(t, s.p.Temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
