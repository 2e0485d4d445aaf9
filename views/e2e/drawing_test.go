//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/settings"
)

const (
	drawingRuns = 10               // of each measure; the middle one counts
	idleTime    = 15 * time.Second // over which the idle Check screen is measured
	filmTime    = 3 * time.Second  // of a check
)

// TestDrawing prints what the window costs and how quickly it answers, with a stream
// of 1280x720 and where nothing but the processor draws: the idle Check screen, a
// click in the file dialog over it, a check from its beginning to its record. It
// asserts nothing about time, which other work on the machine would decide.
func TestDrawing(t *testing.T) {
	if os.Getenv("FACEMATCH_SOAK") == "" {
		t.Skip("takes minutes: make soak")
	}
	d := newDesktop(t)
	address := stream(t, wideClip(t, photo(t, manLive)))
	documents := filepath.Join(t.TempDir(), "documents")
	if err := os.Mkdir(documents, 0o700); err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(photo(t, sameMan))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		if err := os.WriteFile(filepath.Join(documents, fmt.Sprintf("document-%d.jpg", i)), picture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := d.open("drawing", "light",
		func(s *settings.Settings) { s.Camera.Source, s.Folders.Documents = address, documents })
	d.resize(p.window, 1280, 820)
	d.drop(p.window, photo(t, sameMan))
	time.Sleep(10 * time.Second) // models load, the portrait is found

	began, used, drawn := time.Now(), p.processorTime(), p.drawingTime()
	time.Sleep(idleTime)
	cores := func(used time.Duration) float64 { return used.Seconds() / time.Since(began).Seconds() }
	t.Logf("idle Check screen: %.2f cores, of which %.2f draw what a graphics card would", cores(p.processorTime()-used),
		cores(p.drawingTime()-drawn))

	d.key("ctrl+o")
	time.Sleep(2 * time.Second)
	began, used = time.Now(), p.processorTime()
	time.Sleep(5 * time.Second)
	t.Logf("under the file dialog: %.2f cores", cores(p.processorTime()-used))
	left, top, width, height := d.geometry(p.window)
	var answers []time.Duration
	for i := range drawingRuns {
		// Two files in the dialog's grid, in turn: one that is not chosen yet.
		x, y := left+width*(36+i%2*12)/100, top+height*30/100
		d.tool("xdotool", "mousemove", fmt.Sprint(x), fmt.Sprint(y))
		time.Sleep(time.Second) // what the pointer lies over has changed by now
		answers = append(answers, p.answer(left+width/10, top+height/10, width*8/10, height*8/10))
	}
	d.screenshot(p.name + "-dialog")
	t.Logf("a click in the file dialog is answered after %v (median of %d: %v)", answers, drawingRuns, median(answers))
	d.key("Escape")

	var overdue []time.Duration
	for range drawingRuns {
		d.key("ctrl+n")
		d.drop(p.window, photo(t, sameMan))
		d.key("ctrl+k")
		var begun, ended history.Finished
		pressed := time.Time{}
		d.until("the check has begun", startTime, func() bool {
			p.alive()
			if time.Since(pressed) > 2*time.Second {
				d.key("ctrl+Return")
				pressed = time.Now()
			}
			return p.next(history.KindStarted, &begun)
		})
		d.until("the check has ended", checkTime, func() bool { return p.next(history.KindFinished, &ended) })
		overdue = append(overdue, (ended.Took - filmTime).Round(10*time.Millisecond))
		time.Sleep(3 * time.Second) // it is recorded before it is shown
	}
	t.Logf("from the beginning of a check to its verdict: the film's %v and %v (median of %d: %v)", filmTime, overdue,
		drawingRuns, median(overdue))
	p.close()
}

// wideClip is a clip of 1280x720 of a photo that moves, with a camera's noise.
func wideClip(t *testing.T, photo string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wide.mp4")
	ffmpeg(t, "-loop", "1", "-framerate", fmt.Sprint(frameRate), "-t", "3", "-i", photo,
		"-vf", "crop=400:225:0:57,scale=1440:810,crop=1280:720:80+30*cos(2*PI*t/3):45+20*sin(2*PI*t/3),noise=alls=7:allf=t",
		"-c:v", "libx264", "-pix_fmt", "yuv420p", path)
	return path
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// answer clicks where the pointer is and says how long the window takes to change
// within a part of the screen, as the X server has it.
func (p *program) answer(left, top, width, height int) time.Duration {
	p.t.Helper()
	display := ""
	for _, v := range p.d.env {
		if number, ok := strings.CutPrefix(v, "DISPLAY="); ok {
			display = number
		}
	}
	cmd := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-f", "x11grab", "-framerate", "100", "-draw_mouse", "0",
		"-video_size", fmt.Sprintf("%dx%d", width&^1, height&^1), "-i", fmt.Sprintf("%s+%d,%d", display, left, top),
		"-t", "2", "-fps_mode", "passthrough", "-vf", "scale=iw/4:ih/4:flags=area", "-f", "rawvideo", "-pix_fmt", "gray", "-")
	cmd.Env = p.d.env
	var errors bytes.Buffer
	cmd.Stderr = &errors
	grabbed, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	clicked := make(chan time.Time, 1)
	var before uint64
	var answered time.Duration
	var at time.Time
	for i, frame := 0, make([]byte, (width&^1)/4*((height&^1)/4)); ; i++ {
		if _, err := io.ReadFull(grabbed, frame); err != nil {
			break
		}
		now := time.Now()
		sum := fnv.New64a()
		sum.Write(frame)
		select {
		case at = <-clicked:
		default:
		}
		if i == 20 {
			go func() {
				asked := time.Now()
				p.d.tool("xdotool", "click", "1")
				clicked <- asked
			}()
		}
		if i <= 20 {
			before = sum.Sum64()
		} else if answered == 0 && sum.Sum64() != before {
			if at.IsZero() {
				at = <-clicked
			}
			answered = now.Sub(at)
		}
	}
	if err := cmd.Wait(); err != nil {
		p.t.Fatalf("watching the screen: %v %s", err, &errors)
	}
	if answered == 0 {
		p.t.Error("a click changed nothing")
	}
	return answered.Round(time.Millisecond)
}
