//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
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
)

// TestPreview prints how smooth the live picture of a 1280x720 stream is, how late,
// and what it costs, alone and while a check runs; the coach works all the time. It
// asserts only that the picture moves: how fast, other work on the machine would
// decide.
func TestPreview(t *testing.T) {
	d := newDesktop(t)
	c, address := startClock(t, photo(t, manLive))
	p := d.open("preview", "light", func(s *settings.Settings) { s.Camera.Source = address })
	p.d.resize(p.window, sizes[0][0], sizes[0][1])
	d.drop(p.window, photo(t, sameMan))
	time.Sleep(10 * time.Second) // models load, the portrait is found: that is not preview

	began, before, drawnBefore := time.Now(), p.processorTime(), p.drawingTime()
	alone := p.watch(c, previewTime)
	share := func(used time.Duration) float64 { return 100 * used.Seconds() / time.Since(began).Seconds() }
	t.Logf("preview alone: %s; %.0f %% of one core, of which %.0f %% draw what a graphics card would",
		alone, share(p.processorTime()-before), share(p.drawingTime()-drawnBefore))

	d.key("ctrl+k")
	var begun, ended history.Finished
	d.key("ctrl+Return")
	d.until("the check has begun", startTime, func() bool { return p.next(history.KindStarted, &begun) })
	running := p.watch(c, runningTime)
	d.until("the check has ended", checkTime, func() bool { return p.next(history.KindFinished, &ended) })
	t.Logf("while a check runs: %s; the check took %v", running, ended.Took.Round(10*time.Millisecond))
	if alone.paints < 10 || running.paints < 5 {
		t.Errorf("the picture stands still: %d and %d paints", alone.paints, running.paints)
	}
	p.close()
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
