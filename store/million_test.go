package store

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"
)

// largeHistory makes a history once for all that read it.
func largeHistory(t testing.TB) (*Store, Params) {
	t.Helper()
	dir := os.Getenv("FACEMATCH_LARGE")
	if dir == "" {
		dir = t.TempDir()
	}
	p := testParams(dir)
	_, err := os.Stat(p.Path)
	s := mustOpen(t, p, noRing{})
	if err != nil {
		begun := time.Now()
		fillMany(t, s, manyRecords(t))
		info, _ := os.Stat(p.Path)
		t.Logf("made %d records in %s, %d MB", manyRecords(t), time.Since(begun).Round(time.Millisecond), info.Size()>>20)
	}
	return s, p
}

func TestLarge(t *testing.T) {
	s, _ := largeHistory(t)
	begun := time.Now()
	v := mustVerify(t, s)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%+v %s %d MB", v, time.Since(begun), m.Sys>>20)
	_ = context.Background()
}
