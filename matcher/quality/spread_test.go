package quality

import (
	"math"
	"slices"
	"testing"
)

func TestSpread(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		scores []float64
		k      int
		want   []int
	}{
		"best of each half":           {[]float64{1, 5, 2, 9, 0, 3}, 2, []int{1, 3}},
		"not the best overall":        {[]float64{9, 8, 7, 1, 2, 3}, 2, []int{0, 5}},
		"unequal parts":               {[]float64{1, 2, 3, 4, 5, 6, 7}, 3, []int{1, 3, 6}},
		"fewer frames than stretches": {[]float64{4, 2}, 8, []int{0, 1}},
		"an unusable stretch":         {[]float64{-1, -1, 3, 1}, 2, []int{2}},
		"not a number":                {[]float64{nan, 2, nan, nan}, 2, []int{1}},
		"zero may be chosen":          {[]float64{-1, 0}, 1, []int{1}},
		"first of equals":             {[]float64{5, 5, 5}, 1, []int{0}},
		"none usable":                 {[]float64{-1, -1}, 2, nil},
		"no frames":                   {nil, 8, nil},
		"no stretches":                {[]float64{1}, 0, nil},
	} {
		if got := Spread(len(c.scores), c.k, func(i int) float64 { return c.scores[i] }); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestSpreadAsksOnceAndCoversAll(t *testing.T) {
	for n := range 40 {
		for k := 1; k < 12; k++ {
			asked := make([]int, n)
			got := Spread(n, k, func(i int) float64 { asked[i]++; return 1 })
			if len(got) != min(n, k) || !slices.IsSorted(got) {
				t.Fatalf("n=%d k=%d: %v", n, k, got)
			}
			for i, times := range asked {
				if times != 1 {
					t.Fatalf("n=%d k=%d: frame %d was asked for %d times", n, k, i, times)
				}
			}
		}
	}
}
