package matcher

import (
	"math"
	"os"
	"strings"
	"testing"
)

func shipped(t *testing.T) *Calibration {
	t.Helper()
	raw, err := os.ReadFile("../assets/calibration.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCalibration(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestShippedCurveGoesThroughItsPoints(t *testing.T) {
	c := shipped(t)
	if c.Calibrated {
		t.Error("the curve was not measured, but says it was")
	}
	for distance, want := range map[float64]float64{
		-1: 100, 0: 100, 0.45: 80, 0.55: 60, 0.60: 50, 0.80: 10, 1.2: 0, 2: 0, math.Inf(1): 0, math.NaN(): 0,
	} {
		if got := c.Percentage(distance); got != want {
			t.Errorf("at %g: got %g, want %g", distance, got, want)
		}
	}
}

func TestShippedCurveNeverRises(t *testing.T) {
	c := shipped(t)
	last := 100.0
	for d := 0.0; d <= 1.3; d += 0.0005 {
		p := c.Percentage(d)
		if p > last || p < 0 {
			t.Fatalf("at %g the curve goes from %g to %g", d, last, p)
		}
		last = p
	}
}

func TestBadCalibrationsAreRefused(t *testing.T) {
	raw, err := os.ReadFile("../assets/calibration.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"not JSON":         {"{", ""},
		"rising":           {"[0.55, 60]", "[0.55, 85]"},
		"to the left":      {"[0.55, 60]", "[0.40, 60]"},
		"over 100":         {"[0, 100]", "[0, 101]"},
		"below 0":          {"[1.2, 0]", "[1.2, -1]"},
		"no bound":         {`"same_person_distance": 0.545`, `"same_person_distance": 0`},
		"result too high":  {`"result_from": 60`, `"result_from": 101`},
		"one point":        {"[0, 100], [0.45, 80], [0.55, 60], [0.60, 50], [0.80, 10], ", ""},
		"no models at all": {`"models"`, `"model"`},
	} {
		text := strings.Replace(string(raw), change[0], change[1], 1)
		if text == string(raw) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := ParseCalibration([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRarity(t *testing.T) {
	c := &Calibration{Checks: &MeasuredChecks{Impostor: 30_000, Strangers: []Strangers{{10, 9000}, {62.5, 30}, {71.25, 3}}}}
	for score, want := range map[float64]Rarity{
		0: {OneIn: 3}, 10: {OneIn: 3}, 10.01: {OneIn: 1000}, 62.5: {OneIn: 1000}, 71.25: {OneIn: 10_000},
		71.26: {OneIn: 10_000, Fewer: true}, 100: {OneIn: 10_000, Fewer: true},
	} {
		if got := c.Rarity(score); got != want {
			t.Errorf("at %g: got %+v, want %+v", score, got, want)
		}
	}
	if got := (&Calibration{}).Rarity(90); got != (Rarity{}) {
		t.Errorf("nothing measured, but got %+v", got)
	}
}

func TestFusionNeverRisesWithLikeness(t *testing.T) {
	f := &Fusion{Offset: 1, GoFaceSquared: .5, Cosine: -.5, Strength: .1, CosineStrength: -.1, Weakest: 2, Strongest: 4}
	far := f.Distance(Parts{GoFace: .7, Cosine: .1, Strength: 3})
	for name, near := range map[string]Parts{
		"go-face nearer":   {GoFace: .5, Cosine: .1, Strength: 3},
		"cosine nearer":    {GoFace: .7, Cosine: .4, Strength: 3},
		"both much nearer": {GoFace: .1, Cosine: .9, Strength: 3},
	} {
		if d := f.Distance(near); d >= far || d < 0 {
			t.Errorf("%s: %g, not below %g", name, d, far)
		}
	}
	weak, weaker := Parts{Cosine: .2, Strength: 2}, Parts{Cosine: .2, Strength: 1}
	if f.Distance(weak) != f.Distance(weaker) {
		t.Error("below the weakest strength nothing changes")
	}
}
