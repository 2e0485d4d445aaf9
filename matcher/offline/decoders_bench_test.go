package offline

import (
	"context"
	"testing"
	"time"

	"facematch/matcher"
)

// A clip read by a decoder beside the same read in this process, and how long a
// decoder takes to start, which no check waits for while there is a spare one.
func BenchmarkDecoder(b *testing.B) {
	for name, clip := range map[string]string{
		"640x480": "clips/lfw__Jackie_Chan.mp4", "talking": "videos/liveportrait_d13.mp4",
	} {
		b.Run(name, func(b *testing.B) {
			path := testdata(b, clip)
			p := newDecoders(1, "")
			b.Cleanup(p.close)
			timed := func(read func(context.Context, string, func(int)) ([]matcher.Frame, error)) float64 {
				start := time.Now()
				frames, err := read(context.Background(), path, func(int) {})
				if err != nil || !leastFrames(frames) {
					b.Fatalf("%d frames, %v", len(frames), err)
				}
				return milliseconds(time.Since(start))
			}
			cold := timed(p.read)
			timed(readClip)
			var ours, ratios []float64
			for b.Loop() {
				apart := timed(p.read)
				ours, ratios = append(ours, apart), append(ratios, apart/timed(readClip))
			}
			b.ReportMetric(cold, "first_ms")
			b.ReportMetric(median(ours), "ours_ms")
			b.ReportMetric(median(ratios), "ratio_to_in_process")
		})
	}
}
