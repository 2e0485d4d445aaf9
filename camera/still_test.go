package camera

import (
	"bytes"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"facematch/app/apptest/need"
)

// A camera whose resolution is raised while it runs.
func TestStreamThatGrows(t *testing.T) {
	t.Parallel()
	cam := startNetcam(t)
	s := opened(t, params(t, cam.url()))
	live := frameAfter(t, s, 0)
	for range 5 {
		live = frameAfter(t, s, live.Seq)
	}
	cam.mode.Store(grown)
	ctx := soon(t)
	for live.Frame.Image == nil || live.Frame.Image.Rect != image.Rect(0, 0, 640, 480) {
		var err error
		if live, err = s.Next(ctx, live.Seq); err != nil {
			t.Fatalf("the larger picture never came: %v", err)
		}
		// On a busy machine opening it anew may take over two seconds, which is then
		// rightly called frozen; nothing else may be said.
		if live.Problem != nil && live.Problem.Key != "camera.frozen" {
			t.Fatalf("the clerk is told %v", live.Problem)
		}
	}
}

// H.264 of one size joined to a larger one.
func TestFileThatGrows(t *testing.T) {
	t.Parallel()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		need.Missing(t, "ffmpeg is not installed")
	}
	folder := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(ffmpeg, append([]string{"-v", "error"}, args...)...)
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for name, source := range map[string]string{"1.mkv": "testsrc=s=640x480:r=25:d=1",
		"2.mkv": "testsrc2=s=800x600:r=25:d=4"} {
		run("-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", name)
	}
	if err := os.WriteFile(filepath.Join(folder, "both.txt"), []byte("file 1.mkv\nfile 2.mkv\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run("-f", "concat", "-i", "both.txt", "-c", "copy", "both.mkv")

	s := opened(t, params(t, filepath.Join(folder, "both.mkv")))
	live := frameAfter(t, s, 0)
	moved, stood := live.Frame.Seq, false
	for {
		next := frameAfter(t, s, live.Seq)
		if !bytes.Equal(next.Frame.Image.Pix, live.Frame.Image.Pix) {
			if stood {
				return // it moves again
			}
			moved = next.Frame.Seq
		}
		live = next
		// The large part has 100 frames, 25 a second; the file's end rewinds it too.
		switch n := live.Frame.Seq - moved; {
		case n > 60:
			t.Fatalf("the picture stands still for %d frames", n)
		case n > 10:
			stood = true
		}
	}
}

func TestStillness(t *testing.T) {
	const frame = 40 * time.Millisecond
	now := time.Now()
	var s stillness
	play := func(pictures int, moving bool) (stuck int) {
		for i := range pictures {
			picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
			if moving {
				picture.Pix[0] = uint8(1 + i)
			}
			now = now.Add(frame)
			if s.stuck(picture, now) {
				return i
			}
		}
		return -1
	}
	s.reopened()
	if at := play(100, false); at != -1 {
		t.Errorf("a picture that never moved is stuck at %d", at)
	}
	for _, patience := range []int{25, 50, 100} { // doubled each time it was in vain
		s.reopened()
		if at := play(10, true); at != -1 {
			t.Errorf("a moving picture is stuck at %d", at)
		}
		if at := play(200, false); at != patience {
			t.Errorf("stuck at %d, want %d", at, patience)
		}
	}
	s.reopened()
	larger := image.NewRGBA(image.Rect(0, 0, 128, 64))
	if s.stuck(larger, now) || s.patience != stillAfter {
		t.Errorf("after a new size the patience is %v", s.patience)
	}

	// The machine hangs for a while: two like pictures are no proof.
	s.reopened()
	play(2, true)
	now = now.Add(time.Minute)
	if at := play(stillLeast, false); at != -1 {
		t.Errorf("a hiccup is taken for a picture that stands still, at %d", at)
	}
}
