//go:build e2e

package e2e

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

// twoPeople is a stream of 1280x720 with the man of gocv's photos on the left and
// somebody else, as large, on the right: the same man where there is nobody else.
func twoPeople(t *testing.T) string {
	t.Helper()
	man := clip(t, photo(t, manLive))
	beside := man
	if person := shared(t, "clips", "london__024.mp4"); person != "" {
		beside = person
	}
	path := filepath.Join(t.TempDir(), "two.mp4")
	ffmpeg(t, "-i", man, "-stream_loop", "-1", "-i", beside, "-filter_complex",
		"[0]scale=-2:720,crop=720:720[a];[1]scale=-2:720,crop=560:720[b];[a][b]hstack=shortest=1",
		"-t", "3", "-c:v", "libx264", "-pix_fmt", "yuv420p", path)
	return stream(t, path)
}

// Where things of the settings lie in the larger window.
var (
	partOnScreen = image.Rect(202, 399, 602, 623)
	saveOnScreen = image.Pt(45, 957)
)

// TestTwoPeople photographs what a clerk sees of a second person: the coach before a
// check, the result of filming both, and the setting that cuts the picture to one of
// them. With the cut the check is compared, and the record says that there was one.
func TestTwoPeople(t *testing.T) { t.Parallel(); seesTwoPeople(t, "light") }

func TestTwoPeopleInTheDark(t *testing.T) {
	if os.Getenv("FACEMATCH_SOAK") == "" {
		t.Skip("the dark screens are photographed by make soak")
	}
	seesTwoPeople(t, "dark")
}

func seesTwoPeople(t *testing.T, theme string) {
	t.Helper()
	d := newDesktop(t)
	address := twoPeople(t)
	home := d.settled(func(s *settings.Settings) { s.Camera.Source = address })
	p := d.openIn(home, "people", theme)
	d.resize(p.window, sizes[1][0], sizes[1][1])
	d.drop(p.window, photo(t, sameMan))
	d.key("ctrl+k")
	press := func(kind history.Kind, into any) func() bool {
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
	var began history.Started
	var ended history.Finished
	d.until("the check has begun", startTime, press(history.KindStarted, &began))
	time.Sleep(2 * time.Second)
	p.shots("coach")
	d.resize(p.window, sizes[1][0], sizes[1][1])
	d.until("the check has ended", checkTime, press(history.KindFinished, &ended))
	if ended.Outcome != history.NotCompared || ended.TargetCode == nil || *ended.TargetCode != matcher.CodeTwoFaces {
		t.Errorf("two people: %q, code %v", ended.Outcome, ended.TargetCode)
	}
	if !began.CameraPart.Whole() {
		t.Errorf("the record names a part: %q", began.CameraPart)
	}
	time.Sleep(2 * time.Second)
	p.shots("code-2")

	// The man stands in the left part of the picture as the camera takes it, which
	// is the right one of a mirror.
	d.resize(p.window, sizes[1][0], sizes[1][1])
	d.key("ctrl+3")
	time.Sleep(3 * time.Second)
	left, top, _, _ := d.geometry(p.window)
	picture := partOnScreen
	d.drag(left+picture.Min.X+picture.Dx()*44/100, top+picture.Min.Y+4, left+picture.Max.X-4, top+picture.Max.Y-4,
		func() {
			d.screenshot(p.name + "-part-drawn")
		})
	time.Sleep(time.Second)
	p.shots("part")
	d.resize(p.window, sizes[1][0], sizes[1][1])
	var part matcher.Part
	d.until("the part is saved", toolTime, func() bool {
		time.Sleep(time.Second) // until it is laid out anew, on a busy machine
		d.click(left+saveOnScreen.X, top+saveOnScreen.Y)
		store, err := settings.Open(settings.Files{User: filepath.Join(home, "config", "settings.toml")})
		if err != nil {
			t.Fatal(err)
		}
		part = store.Get().Camera.Part
		return !part.Whole()
	})
	if part.X > 0.05 || part.Width < 0.4 || part.Width > 0.65 {
		t.Errorf("the part is %q", part)
	}

	d.key("ctrl+1")
	d.key("ctrl+n")
	d.drop(p.window, photo(t, sameMan))
	d.key("ctrl+k")
	d.until("the second check has begun", startTime, press(history.KindStarted, &began))
	p.shots("cut")
	d.until("the second check has ended", checkTime, press(history.KindFinished, &ended))
	if ended.Outcome != history.Pass || began.CameraPart != part {
		t.Errorf("of one of them: %q, the record's part is %q", ended.Outcome, fmt.Sprint(began.CameraPart))
	}
	p.close()
}
