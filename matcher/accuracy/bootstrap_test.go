package accuracy

import (
	"math"
	"testing"
)

// Where each person has one comparison, the bounds are about the binomial ones:
// 0.1 plus or minus 1.96 deviations of a share of 400.
func TestBootstrapOfIndependentComparisons(t *testing.T) {
	var tallies []Tally
	for i := range 400 {
		errors := 0
		if i%10 == 0 {
			errors = 1
		}
		tallies = append(tallies, Tally{A: i, B: i, Rate: Rate{errors, 1}})
	}
	low, high, ok := Bootstrap(400, tallies)
	deviation := math.Sqrt(.1 * .9 / 400)
	if !ok {
		t.Fatal("it says nothing")
	}
	near(t, "low", low, .1-1.96*deviation, .005)
	near(t, "high", high, .1+1.96*deviation, .005)
	if l, h, _ := Bootstrap(400, tallies); l != low || h != high {
		t.Error("the same people give other bounds")
	}
}

// All errors are one person's: 39 of his 390 comparisons with others, 10 with each
// of them. He is drawn k times with a probability of about Poisson's.
func TestBootstrapKnowsThePeople(t *testing.T) {
	const people = 40
	var tallies []Tally
	errors, trials := 0, 0
	for a := range people {
		for b := a + 1; b < people; b++ {
			r := Rate{0, 10}
			if a == 0 {
				r.Errors = 1
			}
			errors, trials = errors+r.Errors, trials+r.Trials
			tallies = append(tallies, Tally{A: a, B: b, Rate: r})
		}
	}
	low, high, ok := Bootstrap(people, tallies)
	if !ok || low != 0 { // in more than a third of the draws he is missing
		t.Errorf("low %g, %v", low, ok)
	}
	_, exact := Rate{errors, trials}.Bounds()
	if once := float64(errors) / float64(trials); high < 2.5*once || high < 2*exact || high > 5*once {
		t.Errorf("high %g; he makes %g, the exact bound is %g", high, once, exact)
	}
}

func TestBootstrapThatSaysNothing(t *testing.T) {
	for name, tallies := range map[string][]Tally{
		"nothing":     nil,
		"no error":    {{0, 1, Rate{0, 100}}},
		"only errors": {{0, 1, Rate{4, 4}}},
	} {
		if _, _, ok := Bootstrap(2, tallies); ok {
			t.Errorf("%s: it has bounds", name)
		}
	}
}
