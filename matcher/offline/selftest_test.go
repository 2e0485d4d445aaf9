package offline

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"slices"
	"testing"

	"facematch/matcher"
)

var update = flag.Bool("update", false, "store what the networks make of the drawn face")

// TestSelfTest has every shipped network's answer in the stored ones, and finds what is off
// in each.
func TestSelfTest(t *testing.T) {
	c := calibration(t)
	e, l := newEngine(t, Params{Calibration: c, Log: discard()}), &load{}
	if err := e.read(l, models(t)); err != nil {
		t.Fatal(err)
	}
	defer l.close()
	defer e.Close()
	got, err := l.answers(c)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		for _, a := range got {
			for i, x := range a.Values {
				a.Values[i] = math.Round(1e6*x) / 1e6
			}
		}
		data, err := json.Marshal(got)
		if err == nil {
			err = os.WriteFile("selftest.json", append(data, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		storedAnswers = data
	}
	var stored []answer
	if err := json.Unmarshal(storedAnswers, &stored); err != nil {
		t.Fatal(err)
	}
	if len(stored) != 4 {
		t.Errorf("answers of %d networks are stored, want 4", len(stored))
	}
	for i, g := range got {
		if w := stored[i]; w.Model != g.Model || w.SHA256 != g.SHA256 || len(w.Values) < 5 ||
			furthest(w.Values, g.Values) > mostOff/10 {
			t.Errorf("%s: off by %g", g.Model, furthest(w.Values, g.Values))
		}
	}
	if err := l.selfTest(c, storedAnswers); err != nil {
		t.Error(err)
	}

	for i, s := range stored {
		for name, values := range map[string][]float64{"a little off": changed(s.Values, 2*mostOff), "no face": {}} {
			other := slices.Clone(stored)
			other[i].Values = values
			data, err := json.Marshal(other)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.selfTest(c, data); !matcher.IsProblem(err, matcher.KeyMiscalculates) {
				t.Errorf("%s, %s: %v", s.Model, name, err)
			}
		}
		if off := furthest(changed(s.Values, math.NaN()), s.Values); off <= mostOff {
			t.Errorf("what is no number is off by %g", off)
		}
	}
}

// changed is a copy with one value that differs by so much.
func changed(values []float64, by float64) []float64 {
	other := slices.Clone(values)
	other[len(other)/2] += by
	return other
}
