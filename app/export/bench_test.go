package export

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// BenchmarkExport writes a million checks, or FACEMATCH_RECORDS of them, and
// prints how many a second, and how much more memory is in use in the middle than
// a hundredth of the way: what grows with the number of checks would show.
func BenchmarkExport(b *testing.B) {
	n := 1_000_000
	if set := os.Getenv("FACEMATCH_RECORDS"); set != "" {
		var err error
		if n, err = strconv.Atoi(set); err != nil {
			b.Fatal(err)
		}
	}
	for _, format := range []string{CSV, JSONL} {
		b.Run(format, func(b *testing.B) { streamed(b, format, n) })
	}
	b.Run(PDF, func(b *testing.B) { streamed(b, PDF, min(n, MaxPDF)) })
}

func streamed(b *testing.B, format string, n int) (grown int64) {
	checks := many(100)
	for b.Loop() {
		w, err := New(format, io.Discard, about(true), english(b))
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		var early int64
		for i := range n {
			if err := w.Check(checks[i%len(checks)]); err != nil {
				b.Fatal(err)
			}
			switch i {
			case n / 100:
				early = inUse()
			case n - 1:
				grown = inUse() - early
			}
		}
		if err := w.End(head); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(n)/time.Since(start).Seconds(), "checks/s")
		b.ReportMetric(float64(grown)/1e6, "grown-MB")
	}
	return grown
}

// inUse is the memory that is really needed.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The memory of an export does not grow with it: here for 10,000 checks, which as
// lines are 30 MB.
func TestConstantMemory(t *testing.T) {
	for _, format := range []string{CSV, JSONL} {
		w, err := New(format, io.Discard, about(true), english(t))
		if err != nil {
			t.Fatal(err)
		}
		checks := many(100)
		var early int64
		const n = 10_000
		for i := range n {
			if err := w.Check(checks[i%len(checks)]); err != nil {
				t.Fatal(err)
			}
			if i == n/100 {
				early = inUse()
			}
		}
		if grown := inUse() - early; grown > 1<<20 {
			t.Errorf("%s: %d bytes more after %d checks", format, grown, n)
		}
	}
}
