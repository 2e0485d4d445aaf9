//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/settings"
)

const (
	previewTime = 10 * time.Second // over which the preview alone is measured
	runningTime = 5 * time.Second  // from the start of a check: three seconds of clip, then the comparison
	smooth      = 66 * time.Millisecond
)

// TestPreview prints how smooth the live picture is and what it costs, alone
// and while a check runs. It asserts only that the picture moves: how fast, other
// work on the machine would decide.
func TestPreview(t *testing.T) {
	d := newDesktop(t)
	p := d.open("preview", "light", func(s *settings.Settings) { s.Camera.Source = noisyClip(t, photo(t, manLive)) })
	p.d.resize(p.window, sizes[0][0], sizes[0][1])
	d.drop(p.window, photo(t, sameMan))
	time.Sleep(10 * time.Second) // models load, the portrait is found: that is not preview

	began, before, drawnBefore := time.Now(), p.processorTime(), p.drawingTime()
	alone := p.watch(previewTime)
	share := func(used time.Duration) float64 { return 100 * used.Seconds() / time.Since(began).Seconds() }
	t.Logf("preview alone: %s; %.0f %% of one core, of which %.0f %% draw what a graphics card would",
		alone, share(p.processorTime()-before), share(p.drawingTime()-drawnBefore))

	d.key("ctrl+k")
	var begun, ended history.Finished
	d.key("ctrl+Return")
	d.until("the check has begun", startTime, func() bool { return p.next(history.KindStarted, &begun) })
	running := p.watch(runningTime)
	d.until("the check has ended", checkTime, func() bool { return p.next(history.KindFinished, &ended) })
	t.Logf("while a check runs: %s; the check took %v", running, ended.Took.Round(10*time.Millisecond))
	if alone.paints < 10 || running.paints < 5 {
		t.Errorf("the picture stands still: %d and %d paints", alone.paints, running.paints)
	}
	p.close()
}

// noisyClip is a clip of 30 frames a second no two of which are alike.
func noisyClip(t *testing.T, photo string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "noisy.mp4")
	ffmpeg(t, "-loop", "1", "-framerate", "30", "-t", "3", "-i", photo,
		"-vf", "crop=400:300:0:20,scale=640:480,noise=alls=12:allf=t", "-c:v", "libx264", "-pix_fmt", "yuv420p", path)
	return path
}

// painted is what was seen of the live picture.
type painted struct {
	paints int
	over   time.Duration
	smooth int // paints that came within 66 ms of the one before
}

func (p painted) String() string {
	return fmt.Sprintf("%.1f paints a second, %.1f %% of them within %v",
		float64(p.paints)/p.over.Seconds(), 100*float64(p.smooth)/float64(max(p.paints, 1)), smooth)
}

// watch looks at a spot in the middle of the live picture a hundred times a
// second and counts how often it changes. While a result is shown there is no
// live picture: watching ends with the last change.
func (p *program) watch(over time.Duration) painted {
	p.t.Helper()
	left, top, width, height := p.d.geometry(p.window)
	display := ""
	for _, v := range p.d.env {
		if number, ok := strings.CutPrefix(v, "DISPLAY="); ok {
			display = number
		}
	}
	cmd := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-f", "x11grab", "-framerate", "100", "-draw_mouse", "0",
		"-video_size", "64x48", "-i", fmt.Sprintf("%s+%d,%d", display, left+width/4, top+height*2/5),
		"-t", fmt.Sprint(over.Seconds()), "-fps_mode", "passthrough", "-f", "framehash", "-hash", "md5", "-")
	cmd.Env = p.d.env
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("watching the screen: %v", err)
	}
	var seen painted
	hash, last := "", time.Duration(-1)
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		// stream, dts, pts, duration, size, hash; times in microseconds
		fields := strings.Split(strings.ReplaceAll(lines.Text(), " ", ""), ",")
		if strings.HasPrefix(fields[0], "#") || len(fields) != 6 || fields[5] == hash {
			continue
		}
		pts, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		at := time.Duration(pts) * time.Microsecond
		if hash != "" {
			seen.paints++
			if at-last <= smooth {
				seen.smooth++
			}
			seen.over = at
		}
		hash, last = fields[5], at
	}
	return seen
}

// processorTime is what the program has used of all cores since its start.
func (p *program) processorTime() time.Duration {
	p.t.Helper()
	_, used, err := processorTime(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return used
}

// drawingTime is what Mesa's threads have used of it, which draw where there is
// no graphics card.
func (p *program) drawingTime() time.Duration {
	p.t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	var sum time.Duration
	for _, path := range threads {
		// An error is a thread that has just ended; Mesa's do not.
		if name, used, err := processorTime(path); err == nil && strings.HasPrefix(name, "llvmpipe") {
			sum += used
		}
	}
	return sum
}

// processorTime reads a process's or thread's name and time from its stat file.
func processorTime(path string) (name string, used time.Duration, err error) {
	stat, err := os.ReadFile(path)
	if err != nil {
		return "", 0, err
	}
	// proc(5): the second field is the name in brackets and may hold spaces;
	// fields 14 and 15 are the time in user and kernel mode.
	open, shut := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	var ticks int64
	for _, field := range strings.Fields(string(stat[shut+1:]))[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return "", 0, fmt.Errorf("%s: %w", path, err)
		}
		ticks += n
	}
	// Linux counts in hundredths of a second for every program.
	return string(stat[open+1 : shut]), time.Duration(ticks) * time.Second / 100, nil
}
