package matcher

import (
	"math"
	"os"
	"strings"
	"testing"
)

// shipped are both calibrations that come with the program.
func shipped(t *testing.T) map[string]*Calibration {
	t.Helper()
	all := map[string]*Calibration{}
	for _, name := range []string{"calibration.json", "calibration-goface.json"} {
		raw, err := os.ReadFile("../assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if all[name], err = ParseCalibration(raw); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

// plain is a small calibration of go-face alone.
const plain = `{"name": "plain", "engine": "go-face", "calibrated": false,
	"finder": {"detector": "d.onnx", "landmarks": "l.onnx"},
	"points": [[0, 100], [0.45, 80], [0.55, 60], [0.60, 50], [0.80, 10], [1.2, 0]],
	"same_person_distance": 0.545, "result_from": 60,
	"models": [{"name": "one.dat", "sha256": "ab"}, {"name": "d.onnx", "sha256": "01"}, {"name": "l.onnx", "sha256": "ef"}]}`

// fused is one with a second network.
var fused = strings.Replace(plain, `"models": [`, `"network": {"features": "f.onnx", "mean": 127, "deviation": 128},
	"fusion": {"offset": 1, "go_face_squared": 1, "cosine": -1, "weakest": 1, "strongest": 2},
	"models": [{"name": "f.onnx", "sha256": "cd"}, `, 1)

func TestCurveGoesThroughItsPoints(t *testing.T) {
	c, err := ParseCalibration([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	for distance, want := range map[float64]float64{
		-1: 100, 0: 100, 0.45: 80, 0.55: 60, 0.60: 50, 0.80: 10, 1.2: 0, 2: 0, math.Inf(1): 0, math.NaN(): 0,
	} {
		if got := c.Percentage(distance); got != want {
			t.Errorf("at %g: got %g, want %g", distance, got, want)
		}
	}
}

func TestCurvesNeverRise(t *testing.T) {
	for name, c := range shipped(t) {
		last := 100.0
		for d := 0.0; d <= 3; d += 0.0005 {
			p := c.Percentage(d)
			if p > last || p < 0 {
				t.Fatalf("%s: at %g the curve goes from %g to %g", name, d, last, p)
			}
			last = p
		}
	}
}

// The shipped curves were measured, and keep the meaning of the three pinned
// percentages.
func TestShippedCurvesKeepTheirAnchors(t *testing.T) {
	for name, c := range shipped(t) {
		if !c.Calibrated || c.Pairs == nil || c.Checks == nil || len(c.Pairs.Marks) != 3 || c.ResultFrom != ResultTrue {
			t.Fatalf("%s is not measured: %+v", name, c)
		}
		for i, want := range []struct{ percentage, fmr, fnmr float64 }{{PassFrom, 1e-4, 1}, {ResultTrue, 1e-3, 1},
			{FailUnder, 1, 0.01}} {
			m := c.Pairs.Marks[i]
			if m.Percentage != want.percentage || c.Percentage(m.Distance) != want.percentage {
				t.Errorf("%s: %g is %g %% at %g", name, m.Percentage, c.Percentage(m.Distance), m.Distance)
			}
			if m.FMR > want.fmr || m.FNMR > want.fnmr || m.FMRHigh <= m.FMR || m.FNMRHigh <= m.FNMR {
				t.Errorf("%s: at %g %% FMR %g (%g), FNMR %g (%g)", name, m.Percentage, m.FMR, m.FMRHigh, m.FNMR, m.FNMRHigh)
			}
		}
		if c.Pairs.Impostor < 30_000 || c.Checks.Impostor < 30_000 {
			t.Errorf("%s: %d impostor pairs and %d checks do not support 1e-4", name, c.Pairs.Impostor, c.Checks.Impostor)
		}
	}
}

func TestBadCalibrationsAreRefused(t *testing.T) {
	if _, err := ParseCalibration([]byte(fused)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"not JSON":             {"{", ""},
		"rising":               {"[0.55, 60]", "[0.55, 85]"},
		"to the left":          {"[0.55, 60]", "[0.40, 60]"},
		"over 100":             {"[0, 100]", "[0, 101]"},
		"below 0":              {"[1.2, 0]", "[1.2, -1]"},
		"no bound":             {`"same_person_distance": 0.545`, `"same_person_distance": 0`},
		"result too high":      {`"result_from": 60`, `"result_from": 101`},
		"one point":            {"[0, 100], [0.45, 80], [0.55, 60], [0.60, 50], [0.80, 10], ", ""},
		"no models at all":     {`"models"`, `"model"`},
		"no fusion":            {`"fusion"`, `"fission"`},
		"no network":           {`"network"`, `"net"`},
		"fusion of nothing":    {`"cosine": -1`, `"cosine": 0`},
		"fusion the wrong way": {`"go_face_squared": 1`, `"go_face_squared": -1`},
		"strengths changed":    {`"strongest": 2`, `"strongest": 0.5`},
		"no deviation":         {`"deviation": 128`, `"deviation": 0`},
		"detector not a model": {`"detector": "d.onnx"`, `"detector": "e.onnx"`},
		"features not a model": {`"features": "f.onnx"`, `"features": "g.onnx"`},
	} {
		text := strings.Replace(fused, change[0], change[1], 1)
		if text == fused {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := ParseCalibration([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRarity(t *testing.T) {
	c := &Calibration{Checks: &MeasuredChecks{Impostor: 30_000,
		Strangers: []Strangers{{10, 9000}, {62.5, 30}, {71.25, 3}}}}
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

func TestRatesAtABound(t *testing.T) {
	pairs := &MeasuredPairs{Marks: []Mark{
		{Percentage: 80, FMR: 1e-4, FNMR: 0.03}, {Percentage: 70, FMR: 1e-3, FNMR: 0.01}, {Percentage: 60, FMR: 2e-3},
	}}
	checks := &MeasuredChecks{Impostor: 30_000, Strangers: []Strangers{{50, 300}, {65, 45}, {75, 15}, {82, 3}, {84, 1}}}
	for name, tt := range map[string]struct {
		c       *Calibration
		score   float64
		matches Rate
		misses  Rate
	}{
		"nothing measured": {&Calibration{}, 80, Rate{}, Rate{}},
		"at a mark":        {&Calibration{Pairs: pairs}, 80, Rate{1e-4, About}, Rate{0.03, About}},
		"between marks": {&Calibration{Pairs: pairs}, 75, Rate{math.Sqrt(1e-7), About},
			Rate{math.Sqrt(3e-4), About}},
		"above all":                 {&Calibration{Pairs: pairs}, 90, Rate{1e-4, AtMost}, Rate{0.03, AtLeast}},
		"below all":                 {&Calibration{Pairs: pairs}, 50, Rate{2e-3, AtLeast}, Rate{0, AtMost}},
		"one rate is zero":          {&Calibration{Pairs: pairs}, 65, Rate{math.Sqrt(2e-6), About}, Rate{0.01, AtMost}},
		"checks alone":              {&Calibration{Checks: checks}, 75, Rate{1. / 2000, About}, Rate{}},
		"checks alone, none so far": {&Calibration{Checks: checks}, 90, Rate{1e-4, AtMost}, Rate{}},
		"the checks are worse": {&Calibration{Pairs: pairs, Checks: checks}, 75, Rate{1. / 2000, About},
			Rate{math.Sqrt(3e-4), About}},
		"the pairs are worse": {&Calibration{Pairs: pairs, Checks: checks}, 80, Rate{1e-4, About}, Rate{0.03, About}},
		"beyond the pairs":    {&Calibration{Pairs: pairs, Checks: checks}, 81, Rate{1e-4, About}, Rate{0.03, AtLeast}},
		"two strangers only":  {&Calibration{Checks: checks}, 83, Rate{1e-4, AtMost}, Rate{}},
		"below the pairs":     {&Calibration{Pairs: pairs, Checks: checks}, 50, Rate{0.01, About}, Rate{0, AtMost}},
		"few checks say nothing": {
			&Calibration{Pairs: pairs, Checks: &MeasuredChecks{Impostor: 300}}, 80, Rate{1e-4, About}, Rate{0.03, About},
		},
	} {
		close := func(a, b Rate) bool { return a.Bound == b.Bound && math.Abs(a.Share-b.Share) < 1e-12 }
		if got := tt.c.FalseMatches(tt.score); !close(got, tt.matches) {
			t.Errorf("%s: false matches %+v, want %+v", name, got, tt.matches)
		}
		if got := tt.c.FalseNonMatches(tt.score); !close(got, tt.misses) {
			t.Errorf("%s: false non-matches %+v, want %+v", name, got, tt.misses)
		}
	}
}

// A higher bound never lets more strangers through, nor more of the right people.
func TestRatesOfTheShippedCalibrations(t *testing.T) {
	for name, c := range shipped(t) {
		matches, misses := math.Inf(1), 0.0
		for score := 0.0; score <= 100; score++ {
			m, n := c.FalseMatches(score), c.FalseNonMatches(score)
			if m.Share > matches || n.Share < misses || m.Bound == Unknown || n.Bound == Unknown {
				t.Errorf("%s at %g: %+v, %+v", name, score, m, n)
			}
			matches, misses = m.Share, n.Share
		}
		if pass := c.FalseMatches(PassFrom); pass.Share > 1e-3 || pass.Share < 5e-5 || pass.Bound != About {
			t.Errorf("%s: %+v pass", name, pass)
		}
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
