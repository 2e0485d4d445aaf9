// Package e2e tests the camera together with the real engine: which hint stands
// before which picture, and what the chosen frames are worth.
package e2e

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"facematch/app/apptest/need"
	"facematch/assets"
	"facematch/camera"
	"facematch/matcher"
	"facematch/matcher/offline"
)

// testClips are the clips of people, and FFmpeg to spoil them with. One clip is
// enough for everyday; FACEMATCH_SOAK plays all.
func testClips(t *testing.T) (all, played []string, ffmpeg string) {
	t.Helper()
	all, err := filepath.Glob("../../../shared/testdata/clips/*.mp4")
	if err != nil || len(all) == 0 {
		need.Missing(t, "no test clips in ../shared/testdata/clips")
	}
	if ffmpeg, err = exec.LookPath("ffmpeg"); err != nil {
		need.Missing(t, "ffmpeg is not installed")
	}
	if os.Getenv("FACEMATCH_SOAK") == "" {
		return all, all[:1], ffmpeg
	}
	return all, all, ffmpeg
}

func runFFmpeg(t *testing.T, ffmpeg string, args ...string) {
	t.Helper()
	if out, err := exec.Command(ffmpeg,
		append([]string{"-nostdin", "-v", "error", "-y"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// calibration is the one that ships.
func calibration(t *testing.T) *matcher.Calibration {
	t.Helper()
	c, err := matcher.ParseCalibration(assets.Calibration)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func loadedEngine(t *testing.T) *offline.Engine {
	t.Helper()
	engine, err := offline.New(offline.Params{
		Folders: []string{os.Getenv("FACEMATCH_MODELS"), "../../assets/models"}, Calibration: calibration(t),
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	if err := engine.Load(context.Background()); err != nil {
		need.Missing(t, "the face models are not here; make models fetches them")
	}
	return engine
}

// play opens a clip as a camera, which the test need not close.
func play(t *testing.T, faces matcher.FaceFinder, clip string) *camera.Source {
	t.Helper()
	s := camera.Open(camera.Params{Address: clip, Faces: faces, Temp: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { s.Close() })
	return s
}
