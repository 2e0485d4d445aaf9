package camera

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/matcher"
)

// An encoder that stands back behind everything else starves on a busy machine, and
// the clerk waits: no thread has a lower priority than the program itself.
func TestNoThreadStandsBack(t *testing.T) {
	usual := niceness(t, fmt.Sprintf("/proc/%d/stat", os.Getpid()))
	s := opened(t, params(t, video(t, image.Pt(640, 480), 30, 12)))
	looked := 0
	if _, err := s.Record(soon(t), time.Second, func(p matcher.Progress) {
		if p.Done == 0 || p.Stage != matcher.StageRecording {
			return
		}
		threads, err := filepath.Glob("/proc/self/task/*/stat")
		if err != nil {
			t.Error(err)
		}
		for _, path := range threads {
			if nice := niceness(t, path); nice != "" && nice != usual {
				t.Errorf("a thread has the priority %s, the program %s", nice, usual)
			}
			looked++
		}
	}); err != nil {
		t.Fatal(err)
	}
	if looked == 0 {
		t.Error("no thread was looked at")
	}
}

// niceness reads the nineteenth field of a stat file; empty where the thread has
// just ended.
func niceness(t *testing.T, path string) string {
	t.Helper()
	stat, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	_, fields, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
	return strings.Fields(fields)[16]
}
