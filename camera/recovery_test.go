package camera

import (
	"image"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Sources that fail in every way and come back: what is said and how long both
// take, for the table in the log. Each is away for three seconds.
func TestRecovery(t *testing.T) {
	const away = 3 * time.Second
	broken := []string{"camera.stream", "camera.frozen"} // which of them comes first, the machine's load decides
	for name, prepare := range map[string]func(t *testing.T) (url string, fail, mend func(), said []string){
		"MJPEG server killed": func(t *testing.T) (string, func(), func(), []string) {
			c := startNetcam(t)
			return c.url(), c.kill, func() { c.start(t) }, []string{"camera.stream"}
		},
		"MJPEG stops without closing": func(t *testing.T) (string, func(), func(), []string) {
			c := startNetcam(t)
			return c.url(), func() { c.mode.Store(silent) }, func() { c.mode.Store(newPlay) }, broken
		},
		"MJPEG trickles bytes": func(t *testing.T) (string, func(), func(), []string) {
			c := startNetcam(t)
			return c.url(), func() { c.mode.Store(trickle) }, func() { c.mode.Store(newPlay) }, broken
		},
		"MJPEG sends garbage": func(t *testing.T) (string, func(), func(), []string) {
			c := startNetcam(t)
			return c.url(), func() { c.mode.Store(garbage) }, func() { c.mode.Store(newPlay) }, broken
		},
		"RTSP server killed": func(t *testing.T) (string, func(), func(), []string) {
			c := startRTSPcam(t)
			return c.url(), c.kill, c.start, broken
		},
		"RTSP stops without closing": func(t *testing.T) (string, func(), func(), []string) {
			c := startRTSPcam(t)
			return c.url(), func() { c.setMute(true) }, func() { c.setMute(false) }, broken
		},
		"server accepts and is silent": func(t *testing.T) (string, func(), func(), []string) {
			c := startNetcam(t)
			var deaf net.Listener
			fail := func() {
				c.kill()
				var err error
				if deaf, err = net.Listen("tcp", c.address); err != nil {
					t.Fatal(err)
				}
			}
			return c.url(), fail, func() { deaf.Close(); c.start(t) }, broken
		},
		"file deleted": func(t *testing.T) (string, func(), func(), []string) {
			path := video(t, image.Pt(160, 120), 25, 200)
			hidden := filepath.Join(t.TempDir(), "hidden.avi")
			move := func(from, to string) func() {
				return func() {
					if err := os.Rename(from, to); err != nil {
						t.Fatal(err)
					}
				}
			}
			return path, move(path, hidden), move(hidden, path), []string{"camera.file"}
		},
		"file replaced": func(t *testing.T) (string, func(), func(), []string) {
			path := video(t, image.Pt(160, 120), 25, 200)
			other := video(t, image.Pt(320, 240), 25, 200)
			return path, func() {
				if err := os.Rename(other, path); err != nil {
					t.Fatal(err)
				}
			}, nil, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, fail, mend, said := prepare(t)
			s := opened(t, params(t, url))
			live := frameAfter(t, s, 0)
			for range 10 {
				live = frameAfter(t, s, live.Seq)
			}
			size := live.Frame.Image.Rect
			fail()
			failed := time.Now()
			if mend == nil { // nothing is said, but the new picture is shown
				for live.Frame.Image.Rect == size {
					live = frameAfter(t, s, live.Seq)
				}
				t.Logf("%-30s nothing is said; the new picture after %.1f s", name, time.Since(failed).Seconds())
				return
			}
			live = problemAfter(t, s, live.Seq)
			found := time.Since(failed)
			if !slices.Contains(said, live.Problem.Key) {
				t.Errorf("said %v", live.Problem)
			}
			if found > 6*time.Second {
				t.Errorf("%v was said after %v only", live.Problem.Key, found)
			}
			key := live.Problem.Key
			time.Sleep(away)
			mend()
			mended := time.Now()
			frameAfter(t, s, live.Seq)
			t.Logf("%-30s %s after %.1f s; the picture is back after %.1f s", name, key, found.Seconds(),
				time.Since(mended).Seconds())
		})
	}
}
