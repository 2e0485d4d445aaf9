package store

import (
	"context"
	"fmt"
	"testing"

	"facematch/app/history"
)

// BenchmarkCheck writes whole checks: two records with a sealed name and a
// sealed answer, on the disk and anchored.
func BenchmarkCheck(b *testing.B) {
	s := mustOpen(b, testParams(b.TempDir()), &memoryRing{})
	for i := 0; b.Loop(); i++ {
		record(b, s, fmt.Sprint(i), "A Name")
	}
}

// BenchmarkList reads a page of 100 names from the middle of 10,000 records.
func BenchmarkList(b *testing.B) {
	s := mustOpen(b, testParams(b.TempDir()), &memoryRing{})
	fill(b, s, 10_000)
	for b.Loop() {
		if rows := mustList(b, s, history.Filter{Before: 5000, Limit: 100}); len(rows) != 100 {
			b.Fatalf("%d rows", len(rows))
		}
	}
}

// BenchmarkVerify walks 10,000 records, 5,000 of them with a sealed part.
func BenchmarkVerify(b *testing.B) {
	s := mustOpen(b, testParams(b.TempDir()), &memoryRing{})
	fill(b, s, 10_000)
	for b.Loop() {
		if v, err := s.Verify(context.Background(), nil); err != nil || !v.Intact {
			b.Fatalf("%+v, %v", v, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/10_000, "µs/record")
}
