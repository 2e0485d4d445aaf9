package offline

import (
	"math"
	"testing"
)

// imprint and points go by length: it must not hide a value that is no number.
func TestLengthShowsWhatIsNoNumber(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if n := length([]float32{1, float32(x), 2}); !math.IsNaN(n) && !math.IsInf(n, 0) {
			t.Errorf("%g: length %g", x, n)
		}
	}
}
