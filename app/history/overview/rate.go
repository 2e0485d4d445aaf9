package overview

import (
	"encoding/json"
	"math"
)

// LeastShown is the number of checks from which on a rate is shown: with fewer its bounds
// say nothing.
const LeastShown = 30

// Rate is a share of checks.
type Rate struct {
	Count int64 // met it
	Of    int64 // could have

	// Low and High are the bounds of the true share, 0 to 1, by Wilson's score interval
	// (Journal of the American Statistical Association 22, 1927), which Brown, Cai and
	// DasGupta recommend for shares near 0 and 1 (Statistical Science 16, 2001). The level
	// is corrected by Bonferroni's inequality (Dunn, Journal of the American Statistical
	// Association 56, 1961). They are set where Shown is true.
	Low, High float64

	// Apart says that the share is above (1) or below (-1) that of all others together by
	// more than chance explains; 0: it is not. The bounds of the difference are Newcombe's
	// (method 10, Statistics in Medicine 17, 1998), at the same level.
	Apart int
}

// Shown reports whether there are enough checks to show the rate.
func (r Rate) Shown() bool { return r.Of >= LeastShown }

// Share is the measured share, 0 to 1; 0 without checks.
func (r Rate) Share() float64 {
	if r.Of == 0 {
		return 0
	}
	return float64(r.Count) / float64(r.Of)
}

// Percent writes a share in percent with two decimals, as a number.
func percent(share float64) json.Number {
	b, _ := json.Marshal(math.Round(share*10_000) / 100) // a finite number always marshals
	return json.Number(b)
}

// MarshalJSON writes the numbers, and the share with its bounds in percent where it is shown.
func (r Rate) MarshalJSON() ([]byte, error) {
	type shown struct {
		Count   int64       `json:"count"`
		Of      int64       `json:"of"`
		Percent json.Number `json:"percent,omitempty"`
		Low     json.Number `json:"low,omitempty"`
		High    json.Number `json:"high,omitempty"`
		Apart   int         `json:"apart,omitempty"`
	}
	s := shown{Count: r.Count, Of: r.Of, Apart: r.Apart}
	if r.Shown() {
		s.Percent, s.Low, s.High = percent(r.Share()), percent(r.Low), percent(r.High)
	}
	return json.Marshal(s)
}

// quantile gives the two-sided quantile of the normal distribution for so many comparisons.
func quantile(comparisons int) float64 {
	return math.Sqrt2 * math.Erfinv(1-0.05/float64(max(comparisons, 1)))
}

// wilson gives the bounds of a share.
func wilson(count, of int64, z float64) (low, high float64) {
	if of == 0 {
		return 0, 1
	}
	n, p := float64(of), float64(count)/float64(of)
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high = max(0, middle-half), min(1, middle+half)
	if count == 0 {
		low = 0 // which rounding may miss
	}
	if count == of {
		high = 1
	}
	return low, high
}

// bound sets the bounds of a rate and compares it with all others of its kind: those of
// all groups together but for its own.
func (r *Rate) bound(all Rate, z float64) {
	if !r.Shown() {
		return
	}
	r.Low, r.High = wilson(r.Count, r.Of, z)
	others := Rate{Count: all.Count - r.Count, Of: all.Of - r.Of}
	if !others.Shown() {
		return
	}
	low, high := wilson(others.Count, others.Of, z)
	p, q := r.Share(), others.Share()
	switch difference := p - q; {
	case difference > math.Hypot(p-r.Low, high-q):
		r.Apart = 1
	case -difference > math.Hypot(r.High-p, q-low):
		r.Apart = -1
	}
}

// compare sets the bounds of all rates of the groups.
func (g *Groups) compare() {
	kinds := []func(*Group) *Rate{
		func(g *Group) *Rate { return &g.Refer },
		func(g *Group) *Rate { return &g.Override },
		func(g *Group) *Rate { return &g.FilmedAnyway },
	}
	all := make([]Rate, len(kinds))
	g.Comparisons = 0
	for i := range g.Groups {
		for k, of := range kinds {
			r := of(&g.Groups[i])
			all[k].Count += r.Count
			all[k].Of += r.Of
			if r.Shown() {
				g.Comparisons++
			}
		}
	}
	z := quantile(g.Comparisons)
	for i := range g.Groups {
		for k, of := range kinds {
			of(&g.Groups[i]).bound(all[k], z)
		}
	}
}
