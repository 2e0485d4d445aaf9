package offline

import (
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"facematch/matcher"
)

// Checks leave nothing behind: after a thousand the program is at most 50 MB
// larger than after the first fifty. The short form makes 24, and looks first
// after 8.
func TestMemoryOfManyChecks(t *testing.T) {
	if raced {
		t.Skip("the race detector keeps memory of its own")
	}
	first, all := 8, 24
	if os.Getenv("FACEMATCH_SOAK") != "" {
		first, all = 50, 1000
	}
	const most = 50 << 20
	m := newMatcher(t)
	req := matcher.Request{
		Page:  matcher.Blob{Path: testdata(t, "docs/lfw__Jackie_Chan.jpg")},
		Video: matcher.Blob{Path: testdata(t, "clips/lfw__Jackie_Chan.mp4")}, Rules: rules(t),
	}
	before := 0
	for i := 1; i <= all; i++ {
		if _, err := m.Match(context.Background(), req, nil); err != nil {
			t.Fatal(err)
		}
		if i == first {
			before = residentMemory(t)
		}
	}
	after := residentMemory(t)
	t.Logf("%d MB after %d checks, %d MB after %d", before>>20, first, after>>20, all)
	if after-before > most {
		t.Errorf("grown by %d MB", (after-before)>>20)
	}
}

// residentMemory is what this process has in memory, in bytes, once Go has given
// back what it does not use.
func residentMemory(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("this system does not tell how much memory a program has")
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	t.Skip("this system does not tell how much memory a program has")
	return 0
}
