// Package accuracy counts the errors of a face comparison: the false match rate
// (FMR: different people taken for one) and the false non-match rate (FNMR: one
// person taken for two), in the terms of ISO/IEC 19795-1, each with the bounds
// its number of trials supports. It is pure Go.
package accuracy

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// Confidence of the bounds that are printed.
const Confidence = 0.95

// Rate is a share of errors among trials.
type Rate struct {
	Errors int `json:"errors"`
	Trials int `json:"trials"`
}

// Value is the measured share, 0 to 1; NaN without trials.
func (r Rate) Value() float64 {
	if r.Trials == 0 {
		return math.NaN()
	}
	return float64(r.Errors) / float64(r.Trials)
}

// Bounds are the exact binomial bounds of the true share at Confidence, each
// side with half of the rest (Clopper and Pearson, Biometrika 26, 1934). They
// take the trials for independent, which pairs that share a person are not:
// the truth is wider. Without an error the whole rest lies above, which gives
// the rule of three, 3/trials. Without trials they are 0 and 1.
func (r Rate) Bounds() (low, high float64) {
	k, n := float64(r.Errors), float64(r.Trials)
	rest := (1 - Confidence) / 2
	switch {
	case r.Trials == 0:
		return 0, 1
	case r.Errors == 0:
		return 0, 1 - math.Pow(1-Confidence, 1/n)
	case r.Errors == r.Trials:
		return math.Pow(1-Confidence, 1/n), 1
	}
	return distuv.Beta{Alpha: k, Beta: n - k + 1}.Quantile(rest),
		distuv.Beta{Alpha: k + 1, Beta: n - k}.Quantile(1 - rest)
}

// Sample holds the scores of a test's comparisons; a higher score is more alike.
// They are kept as float32, which halves what tens of millions of pairs take and
// is far finer than any engine's noise. Make one with NewSample.
type Sample struct {
	genuine, impostor []float32 // rising
}

// NewSample makes a sample from the scores of genuine pairs (the same person)
// and impostor pairs (two people). The slices are sorted in place and kept.
func NewSample(genuine, impostor []float32) *Sample {
	slices.Sort(genuine)
	slices.Sort(impostor)
	return &Sample{genuine: genuine, impostor: impostor}
}

// Genuine is the number of genuine comparisons.
func (s *Sample) Genuine() int { return len(s.genuine) }

// Impostor is the number of impostor comparisons.
func (s *Sample) Impostor() int { return len(s.impostor) }

// FMR is the false match rate where scores from the threshold on match.
func (s *Sample) FMR(threshold float64) Rate {
	return Rate{Errors: len(s.impostor) - below(s.impostor, threshold), Trials: len(s.impostor)}
}

// FNMR is the false non-match rate where scores from the threshold on match.
func (s *Sample) FNMR(threshold float64) Rate {
	return Rate{Errors: below(s.genuine, threshold), Trials: len(s.genuine)}
}

// below is how many of rising scores lie below the threshold.
func below(scores []float32, threshold float64) int {
	return sort.Search(len(scores), func(i int) bool { return float64(scores[i]) >= threshold })
}

// AtFMR is the lowest threshold at which the measured false match rate is at
// most fmr; NaN without impostor pairs. With fewer than 1/fmr of them it lies
// just above the highest impostor score, and only FMR(threshold).Bounds() tells
// how little that says.
func (s *Sample) AtFMR(fmr float64) float64 {
	n := len(s.impostor)
	if n == 0 {
		return math.NaN()
	}
	allowed := int(fmr*float64(n) + 1e-9) // 0.01*300 is 3, not 2.9999…
	if allowed >= n {
		return float64(s.impostor[0])
	}
	return math.Nextafter(float64(s.impostor[n-1-allowed]), math.Inf(1))
}

// AtFNMR is the highest threshold at which the measured false non-match rate is
// at most fnmr; NaN without genuine pairs.
func (s *Sample) AtFNMR(fnmr float64) float64 {
	n := len(s.genuine)
	if n == 0 {
		return math.NaN()
	}
	return float64(s.genuine[min(int(fnmr*float64(n)+1e-9), n-1)])
}

// Summary says where scores lie. The quantiles are scores that occurred.
type Summary struct {
	Min    float64 `json:"min"`
	P5     float64 `json:"p5"` // a twentieth lies below
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Max    float64 `json:"max"`
	Mean   float64 `json:"mean"`
}

// GenuineSummary says where the scores of genuine pairs lie; false without any.
func (s *Sample) GenuineSummary() (Summary, bool) { return summary(s.genuine) }

// ImpostorSummary says where the scores of impostor pairs lie; false without any.
func (s *Sample) ImpostorSummary() (Summary, bool) { return summary(s.impostor) }

func summary(scores []float32) (Summary, bool) {
	if len(scores) == 0 {
		return Summary{}, false
	}
	at := func(share float64) float64 { return float64(scores[int(share*float64(len(scores)-1))]) }
	sum := 0.0
	for _, x := range scores {
		sum += float64(x)
	}
	return Summary{
		Min: at(0), P5: at(.05), Median: at(.5), P95: at(.95), Max: at(1), Mean: sum / float64(len(scores)),
	}, true
}

// EER is the equal error rate, 0 to 1: where FMR and FNMR meet, halfway between
// them where no threshold makes them equal. NaN without pairs of both kinds.
func (s *Sample) EER() (rate, threshold float64) {
	if len(s.genuine) == 0 || len(s.impostor) == 0 {
		return math.NaN(), math.NaN()
	}
	// FNMR - FMR never falls with the threshold, so its change of sign is found
	// by halving among the genuine scores, where FNMR changes.
	gap := func(t float64) float64 { return s.FNMR(t).Value() - s.FMR(t).Value() }
	i := sort.Search(len(s.genuine), func(i int) bool { return gap(float64(s.genuine[i])) >= 0 })
	best, rate := math.Inf(1), math.NaN()
	for _, j := range []int{i - 1, i} {
		if j < 0 {
			continue
		}
		t := math.Nextafter(float64(s.genuine[len(s.genuine)-1]), math.Inf(1))
		if j < len(s.genuine) {
			t = float64(s.genuine[j])
		}
		if g := math.Abs(gap(t)); g < best {
			best, threshold = g, t
			rate = (s.FNMR(t).Value() + s.FMR(t).Value()) / 2
		}
	}
	return rate, threshold
}

// Point is one threshold with both error rates.
type Point struct {
	Threshold float64
	FMR, FNMR Rate
}

// DET are the points of a detection error trade-off curve: FMR falling from 1 to
// the smallest the sample can show, so many points to each power of ten.
func (s *Sample) DET(perDecade int) []Point {
	var points []Point
	for i := 0; len(s.impostor) > 0; i++ {
		fmr := math.Pow(10, -float64(i)/float64(perDecade))
		if fmr*float64(len(s.impostor)) < 1 {
			break
		}
		t := s.AtFMR(fmr)
		if n := len(points); n > 0 && points[n-1].Threshold == t {
			continue
		}
		points = append(points, Point{Threshold: t, FMR: s.FMR(t), FNMR: s.FNMR(t)})
	}
	return points
}

// Bin is one bar of a histogram: scores from From to below To; the last bar holds
// the highest score too.
type Bin struct {
	From, To          float64
	Genuine, Impostor int
}

// Histogram counts the scores in so many equal bins from the lowest score of all
// to the highest.
func (s *Sample) Histogram(bins int) []Bin {
	low, high := math.Inf(1), math.Inf(-1)
	for _, scores := range [][]float32{s.genuine, s.impostor} {
		if n := len(scores); n > 0 {
			low, high = math.Min(low, float64(scores[0])), math.Max(high, float64(scores[n-1]))
		}
	}
	if low > high {
		return nil
	}
	width := (high - low) / float64(bins)
	if width == 0 {
		width = 1
	}
	out := make([]Bin, bins)
	for i := range out {
		out[i].From, out[i].To = low+float64(i)*width, low+float64(i+1)*width
	}
	at := func(score float32) *Bin { return &out[min(int((float64(score)-low)/width), bins-1)] }
	for _, x := range s.genuine {
		at(x).Genuine++
	}
	for _, x := range s.impostor {
		at(x).Impostor++
	}
	return out
}
