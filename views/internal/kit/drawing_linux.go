package kit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// drawingThreads finds the threads that draw: the first one, to which the window is
// bound, and those of Mesa's software renderer, where it is in use. They are there
// as long as the window is.
var drawingThreads = sync.OnceValues(func() ([]string, error) {
	threads, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		return nil, err
	}
	found := []string{fmt.Sprintf("/proc/self/task/%d/stat", os.Getpid())}
	for _, thread := range threads {
		// An error is a thread that has just ended.
		if name, err := os.ReadFile(filepath.Join(thread, "comm")); err == nil &&
			strings.HasPrefix(string(name), "llvmpipe") {
			found = append(found, filepath.Join(thread, "stat"))
		}
	}
	return found, nil
})

// drawingTime is the CPU time they have taken. It reads files.
func drawingTime() (time.Duration, error) {
	threads, err := drawingThreads()
	var sum time.Duration
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		used, err := usedIn(stat)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, err
}

// usedIn reads the fields 14 and 15 of a stat file, hundredths of a second in user
// and kernel mode; see proc(5). The name in brackets may hold anything.
func usedIn(stat []byte) (time.Duration, error) {
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("a stat file without times")
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100, nil
}
