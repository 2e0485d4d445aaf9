//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"facematch/app/apptest/need"
)

const (
	frameRate = 25                // of clips and streams, frames a second, as common cameras give
	sameMan   = "face.jpg"        // gocv's photos of one man: the document ...
	manLive   = "face-detect.jpg" // ... and who sits before the camera
	noFace    = "gocvlogo.jpg"
)

// gocv asks once where its module lies.
var gocv = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	return string(bytes.TrimSpace(out)), err
})

// photo gives the path of a picture that comes with gocv.
func photo(t *testing.T, name string) string {
	t.Helper()
	module, err := gocv()
	if err != nil {
		t.Fatalf("gocv's module: %v", err)
	}
	return filepath.Join(module, "images", name)
}

// clip makes three seconds of video in which the man of a photo sways gently.
func clip(t *testing.T, photo string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.mp4")
	// The photo shows gocv's window: its frame is cut off, the rest doubled.
	ffmpeg(t, "-loop", "1", "-framerate", fmt.Sprint(frameRate), "-t", "3", "-i", photo,
		"-vf", "crop=400:300:0:20,scale=960:720,crop=800:600:80+20*cos(2*PI*t/3):60+15*sin(2*PI*t/3)",
		"-c:v", "libx264", "-pix_fmt", "yuv420p", path)
	return path
}

// stream sends a clip round and round as a network camera does, as MJPEG over
// HTTP on this computer, and gives its address.
func stream(t *testing.T, clip string) string {
	t.Helper()
	dir := t.TempDir()
	ffmpeg(t, "-i", clip, "-q:v", "3", filepath.Join(dir, "%04d.jpg"))
	names, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no frames in the clip: %v", err)
	}
	slices.Sort(names)
	var frames [][]byte
	for _, name := range names {
		frame, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame)
	}
	return serve(t, frameRate, func(i int) []byte { return frames[i%len(frames)] })
}

// serve is a network camera that sends these JPEGs, counted from 0 for each
// viewer, as many a second, and gives its address.
func serve(t *testing.T, rate int, frame func(i int) []byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for i := 0; ; i++ {
			frame := frame(i)
			if _, err := fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(frame),
				frame); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
			}
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL + "/camera.mjpeg"
}

func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v %s", err, out)
	}
}

// stranger gives a document of somebody else than the man on gocv's photos;
// empty where no such picture is on this computer.
func stranger(t *testing.T) string { t.Helper(); return shared(t, "docs", "london__024.jpg") }

// shared is the path of a test file that does not come with the program; empty where
// it is not on this computer.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{root, "..", "shared", "testdata"}, parts...)...))
	if err != nil {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		need.Optional(t, "the folder of test pictures is not here")
		return ""
	}
	return path
}
