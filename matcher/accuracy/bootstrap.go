package accuracy

import (
	"math/rand/v2"
	"slices"
)

// Resamples is how often Bootstrap draws the people anew: enough for bounds with
// two digits that count.
const Resamples = 1000

// seed of the draws is fixed, so that a report can be made again.
const seed = 19795

// Tally counts the errors among the comparisons of two people, or, where A is B,
// of one with himself.
type Tally struct {
	A, B int // people, from 0
	Rate
}

// Bootstrap gives the bounds at Confidence of the share of errors in all tallies
// by drawing the people anew, with replacement: a comparison of two people counts
// as often as one was drawn times as often as the other, one of a single person as
// often as that one was drawn (B. Efron, Ann. Stat. 7, 1979; percentiles). So they
// know what Rate.Bounds does not: that the comparisons of a person are alike.
// Where there was no error, or nothing else, they say nothing: false.
func Bootstrap(people int, tallies []Tally) (low, high float64, ok bool) {
	var all Rate
	for _, t := range tallies {
		all.Errors, all.Trials = all.Errors+t.Errors, all.Trials+t.Trials
	}
	if all.Errors == 0 || all.Errors == all.Trials {
		return 0, 0, false
	}
	random := rand.New(rand.NewPCG(seed, seed))
	drawn := make([]int, people)
	var shares []float64
	for range Resamples {
		clear(drawn)
		for range people {
			drawn[random.IntN(people)]++
		}
		var sum Rate
		for _, t := range tallies {
			times := drawn[t.A]
			if t.A != t.B {
				times *= drawn[t.B]
			}
			sum.Errors, sum.Trials = sum.Errors+times*t.Errors, sum.Trials+times*t.Trials
		}
		if sum.Trials > 0 { // with few people a draw may leave nothing to compare
			shares = append(shares, sum.Value())
		}
	}
	if len(shares) == 0 {
		return 0, 0, false
	}
	slices.Sort(shares)
	beyond := int((1 - Confidence) / 2 * float64(len(shares)))
	return shares[beyond], shares[len(shares)-1-beyond], true
}
