//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"facematch/app/settings"
)

const (
	soakTime   = 30 * time.Minute // or FACEMATCH_SOAK_FOR
	warmUp     = 2 * time.Minute  // until caches and buffers are as large as they get
	soakWindow = time.Minute      // over which memory is read at the beginning and at the end
	soakStep   = 5 * time.Minute
	mostGrowth = 20 << 20 // bytes
)

// TestMemoryStaysFlat looks at a 720p stream with the coach for half an hour. The
// memory of a program that allocates a picture for each frame swings with its
// garbage, so medians of a minute are compared.
func TestMemoryStaysFlat(t *testing.T) {
	if os.Getenv("FACEMATCH_SOAK") == "" {
		t.Skip("takes half an hour: make soak")
	}
	length := soakTime
	if text := os.Getenv("FACEMATCH_SOAK_FOR"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil || length < warmUp+2*soakWindow {
			t.Fatalf("FACEMATCH_SOAK_FOR: %v, or under %v", err, warmUp+2*soakWindow)
		}
	}
	d := newDesktop(t)
	_, address := startClock(t, photo(t, manLive))
	p := d.open("soak", "light", func(s *settings.Settings) { s.Camera.Source = address })
	time.Sleep(warmUp)
	first := p.medianMemory(soakWindow)
	last := first
	for begun, ends := time.Now(), time.Now().Add(length-warmUp-soakWindow); time.Now().Before(ends); {
		// Every so often, so that a steady rise can be told from one step.
		time.Sleep(max(0, min(soakStep, time.Until(ends))-soakWindow))
		last = p.medianMemory(soakWindow)
		t.Logf("after %v: %d MB", (warmUp + soakWindow + time.Since(begun)).Round(time.Second), last>>20)
	}
	t.Logf("after %v the program has %d MB, after %v %d MB", warmUp+soakWindow, first>>20, length, last>>20)
	if last-first > mostGrowth {
		t.Errorf("it grew by %d MB", (last-first)>>20)
	}
	p.close()
}

// medianMemory is the middle one of the program's resident sizes over a time, in
// bytes.
func (p *program) medianMemory(over time.Duration) int64 {
	p.t.Helper()
	var sizes []int64
	for end := time.Now().Add(over); time.Now().Before(end); time.Sleep(time.Second) {
		p.alive()
		// proc(5): the second field is the resident size in pages.
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
		if err != nil {
			p.t.Fatal(err)
		}
		pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		sizes = append(sizes, pages*int64(os.Getpagesize()))
	}
	slices.Sort(sizes)
	return sizes[len(sizes)/2]
}
