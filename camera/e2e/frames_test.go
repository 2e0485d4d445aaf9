package e2e

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/matcher"
	"facematch/matcher/document"
	"facematch/matcher/document/pages"
	"facematch/matcher/offline"
)

// TestBestFrames films each test clip as the program does and compares the person
// with their document twice: by the eight best frames spread over the clip, and by
// eight evenly spaced ones, good or bad. It prints both, for the clips as they are
// and with bad moments in them. One clip is enough for everyday; FACEMATCH_SOAK
// takes all.
func TestBestFrames(t *testing.T) {
	_, clips, ffmpeg := testClips(t)
	engine := loadedEngine(t)
	ctx := context.Background()
	reader := pages.New(pages.Params{Log: slog.New(slog.DiscardHandler)})
	defer reader.Close()
	portraits := document.New(document.Params{Pages: reader, Faces: engine})
	matching := offline.NewMatcher(offline.MatcherParams{Engine: engine, Portraits: portraits, Calibration: calibration(t),
		Temp: t.TempDir()})
	rules, err := matcher.ParseConditions(matcher.DefaultConditions)
	if err != nil {
		t.Fatal(err)
	}
	score := func(path string, film matcher.Film) float64 {
		t.Helper()
		answer, err := matching.Match(ctx, matcher.Request{
			Page: matcher.Blob{Path: path, Size: -1, Open: func() (io.ReadCloser, error) { return os.Open(path) }}, Film: film,
			Rules: rules,
		}, nil)
		if err != nil || answer.Result.Data.Code != matcher.CodeOK {
			t.Fatalf("%s: %+v, %v", path, answer.Result.Data, err)
		}
		return answer.Result.Data.Score
	}
	for _, kind := range []struct{ name, filter string }{
		{"as they are", "null"},
		// Twice in the clip the person moves for 0.4 s, or the light goes.
		{"with bad moments", "gblur=sigma=7:enable='between(mod(t,1.5),0.2,0.6)',lutyuv=y='16+(val-16)*0.2':enable='between(mod(t,1.5),0.9,1.1)'"},
	} {
		var best, even []float64
		for _, clip := range clips {
			card := filepath.Join("../../../shared/testdata/docs", strings.TrimSuffix(filepath.Base(clip), ".mp4")+".jpg")
			path := filepath.Join(t.TempDir(), "clip.mp4")
			runFFmpeg(t, ffmpeg, "-i", clip, "-vf", kind.filter, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18",
				"-pix_fmt", "yuv420p", path)
			source := play(t, engine, path)
			film, err := source.Film(ctx, 2900*time.Millisecond, nil)
			if err != nil {
				t.Fatal(err)
			}
			best = append(best, score(card, film)) // while it is filmed
			source.Close()
			even = append(even, score(card, matcher.FilmOf(evenFrames(t, ffmpeg, path, 8))))
			t.Logf("  %-32s best %6.2f, even %6.2f", strings.TrimSuffix(filepath.Base(clip), ".mp4"), best[len(best)-1],
				even[len(even)-1])
		}
		t.Logf("%-18s the 8 best: mean %.2f, worst %.2f; 8 even ones: mean %.2f, worst %.2f",
			kind.name, mean(best), slices.Min(best), mean(even), slices.Min(even))
		if mean(best) < mean(even)-1 {
			t.Errorf("%s: choosing frames costs %.2f", kind.name, mean(even)-mean(best))
		}
	}
}

func mean(all []float64) float64 {
	sum := 0.0
	for _, x := range all {
		sum += x
	}
	return sum / float64(len(all))
}

// evenFrames reads a clip and takes this many evenly spaced frames of it.
func evenFrames(t *testing.T, ffmpeg, clip string, count int) (frames []matcher.Frame) {
	t.Helper()
	folder := t.TempDir()
	runFFmpeg(t, ffmpeg, "-i", clip, filepath.Join(folder, "%04d.png"))
	all, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for i := range count {
		n := int(math.Round((float64(i) + 0.5) * float64(len(all)) / float64(count)))
		f, err := os.Open(filepath.Join(folder, fmt.Sprintf("%04d.png", min(n+1, len(all)))))
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := png.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		m := image.NewRGBA(image.Rectangle{Max: decoded.Bounds().Size()})
		draw.Draw(m, m.Rect, decoded, decoded.Bounds().Min, draw.Src)
		frames = append(frames, matcher.Frame{Image: m, At: time.Duration(n) * 40 * time.Millisecond, Seq: uint64(i + 1)})
	}
	return frames
}
