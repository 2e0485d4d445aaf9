//go:build e2e

package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/settings"
)

// TestFilmAnyway makes a check in bad light: it waits for better light for ten
// seconds, is then filmed anyway, and the record says so.
func TestFilmAnyway(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	dim := filepath.Join(t.TempDir(), "dim.mp4")
	ffmpeg(t, "-i", clip(t, photo(t, manLive)), "-vf",
		"lutyuv=y='16+(val-16)*0.2':u='128+(val-128)*0.2':v='128+(val-128)*0.2'",
		"-c:v", "libx264", "-pix_fmt", "yuv420p", dim)
	p := d.open("anyway", "dark", func(s *settings.Settings) { s.Camera.Source = dim })
	p.d.resize(p.window, sizes[1][0], sizes[1][1])
	d.drop(p.window, photo(t, sameMan))
	d.key("ctrl+k")
	press := func(kind history.Kind, into *history.Finished) func() bool {
		pressed := time.Time{}
		return func() bool {
			p.alive()
			if time.Since(pressed) > 2*time.Second {
				d.key("ctrl+Return")
				pressed = time.Now()
			}
			return p.next(kind, into)
		}
	}
	var began, ended history.Finished
	d.until("the check has begun", startTime, press(history.KindStarted, &began))
	time.Sleep(3 * time.Second)
	d.screenshot(p.name + "-waiting")
	d.until("the check has ended", checkTime, press(history.KindFinished, &ended))
	q := ended.Quality
	if q == nil || q.CaptureWarning != "coach.dark" && q.CaptureWarning != "coach.none_dark" {
		t.Errorf("the record's quality is %+v", q)
	}
	if ended.Took < 10*time.Second {
		t.Errorf("it waited for better light for %v", ended.Took)
	}
	d.key("Return") // the details
	p.shots("details")
	p.close()
}
