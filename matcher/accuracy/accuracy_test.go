package accuracy

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: got %g, want %g", what, got, want)
	}
}

// The bounds of textbooks: 1 of 10 and 50 of 1000 after Clopper and Pearson, no
// error in 30,000 after the rule of three.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		rate      Rate
		low, high float64
	}{
		{Rate{1, 10}, 0.0025286, 0.4450161},
		{Rate{50, 1000}, 0.0373354, 0.0653905},
		{Rate{0, 30000}, 0, 9.985e-5},
		{Rate{10, 10}, 0.7411344, 1},
		{Rate{0, 0}, 0, 1},
	} {
		low, high := c.rate.Bounds()
		near(t, "low", low, c.low, 1e-6)
		near(t, "high", high, c.high, 1e-6)
	}
}

// ten impostor pairs at 0 to 9, ten genuine ones at 5 to 14.
func ten() *Sample {
	var genuine, impostor []float32
	for i := range 10 {
		impostor = append(impostor, float32(9-i))
		genuine = append(genuine, float32(i+5))
	}
	return NewSample(genuine, impostor)
}

func TestRates(t *testing.T) {
	s := ten()
	if got := s.FMR(8); got != (Rate{2, 10}) { // a score at the threshold matches
		t.Errorf("FMR at 8: %v", got)
	}
	if got := s.FNMR(8); got != (Rate{3, 10}) {
		t.Errorf("FNMR at 8: %v", got)
	}
	for _, c := range []struct {
		fmr    float64
		errors int
	}{{1, 10}, {0.3, 3}, {0.29, 2}, {0.1, 1}, {0.01, 0}} {
		threshold := s.AtFMR(c.fmr)
		if got := s.FMR(threshold).Errors; got != c.errors {
			t.Errorf("at FMR %g: %d errors, want %d", c.fmr, got, c.errors)
		}
		// The lowest such threshold: just below it there is an error more.
		if below := s.FMR(math.Nextafter(threshold, -1)).Errors; c.errors < 10 && below != c.errors+1 {
			t.Errorf("below the threshold of FMR %g: %d errors", c.fmr, below)
		}
	}
	if got := s.AtFNMR(0.2); got != 7 || s.FNMR(got).Errors != 2 {
		t.Errorf("at FNMR 0.2: threshold %g", got)
	}
	rate, threshold := s.EER()
	near(t, "EER", rate, 0.25, 1e-9) // 2 and 3 of ten at 7 and 8: never equal
	if threshold != 7 && threshold != 8 {
		t.Errorf("EER's threshold: %g", threshold)
	}
}

func TestEqualErrorRateOfNormalScores(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var genuine, impostor []float32
	for range 20000 {
		genuine = append(genuine, float32(random.NormFloat64()+2))
		impostor = append(impostor, float32(random.NormFloat64()))
	}
	rate, threshold := NewSample(genuine, impostor).EER()
	near(t, "EER", rate, 0.1587, 0.005) // two normal distributions two deviations apart: Φ(-1)
	near(t, "threshold", threshold, 1, 0.05)
}

func TestSeparatedAndEmpty(t *testing.T) {
	s := NewSample([]float32{5, 6}, []float32{1, 2})
	if rate, _ := s.EER(); rate != 0 {
		t.Errorf("EER of separated scores: %g", rate)
	}
	none := NewSample(nil, nil)
	if !math.IsNaN(none.AtFMR(.1)) || !math.IsNaN(none.AtFNMR(.1)) || !math.IsNaN(none.FMR(0).Value()) {
		t.Error("an empty sample has rates")
	}
	if rate, _ := none.EER(); !math.IsNaN(rate) || none.DET(5) != nil || none.Histogram(3) != nil {
		t.Error("an empty sample has an EER or a curve")
	}
}

func TestDET(t *testing.T) {
	points := ten().DET(10)
	for i := 1; i < len(points); i++ {
		if points[i].FMR.Errors >= points[i-1].FMR.Errors || points[i].FNMR.Errors < points[i-1].FNMR.Errors {
			t.Errorf("point %d does not trade one error for the other", i)
		}
	}
	if last := points[len(points)-1]; last.FMR.Errors != 1 {
		t.Errorf("the curve ends at %d false matches, want 1", last.FMR.Errors)
	}
}

func TestHistogram(t *testing.T) {
	genuine, impostor := 0, 0
	bins := ten().Histogram(5)
	for _, b := range bins {
		genuine, impostor = genuine+b.Genuine, impostor+b.Impostor
	}
	if len(bins) != 5 || genuine != 10 || impostor != 10 || bins[0].Genuine != 0 || bins[4].Impostor != 0 {
		t.Errorf("bins %v", bins)
	}
	if one := NewSample([]float32{3}, []float32{3}).Histogram(2); one[0].Genuine+one[0].Impostor != 2 {
		t.Errorf("one value: %v", one)
	}
}

func TestSummary(t *testing.T) {
	var scores []float32
	for i := range 101 {
		scores = append(scores, float32(100-i))
	}
	s := NewSample(nil, scores)
	if got, ok := s.ImpostorSummary(); !ok || got != (Summary{Min: 0, P5: 5, Median: 50, P95: 95, Max: 100, Mean: 50}) {
		t.Errorf("got %+v", got)
	}
	if _, ok := s.GenuineSummary(); ok {
		t.Error("no scores have a summary")
	}
}
