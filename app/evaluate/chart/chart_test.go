package chart

import (
	"bytes"
	"encoding/xml"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// sample has a rising line over the whole plot, a level one, and a mark.
func sample() Chart {
	return Chart{
		Title: `Errors <of "one" & all>`,
		X:     Axis{Label: "distance", Min: 0, Max: 2, Format: number},
		Y:     Axis{Label: "share", Min: 1e-4, Max: 1, Log: true, Format: number},
		Curves: []Curve{{Label: "rising", Points: [][2]float64{{0, 1e-4}, {2, 1}}, Filled: true},
			{Label: "level", Second: true, Points: [][2]float64{{-1, 1e-2}, {9, 1e-2}}}},
		Marks: []Mark{{X: 1.5, Label: "here"}},
	}
}

func TestSVG(t *testing.T) {
	raw := sample().SVG()
	var words []string
	d := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := d.Token()
		if token == nil {
			if err.Error() != "EOF" {
				t.Fatalf("%v\n%s", err, raw)
			}
			break
		}
		if text, ok := token.(xml.CharData); ok {
			words = append(words, string(text))
		}
	}
	for _, want := range []string{`Errors <of "one" & all>`, "distance", "share", "rising", "level", "here",
		"0.0001", "1"} {
		if !slices.Contains(words, want) {
			t.Errorf("%q is not in it", want)
		}
	}
	// The area under the rising line is filled, and only there.
	if n := strings.Count(string(raw), "<polygon class=\"fm-first\""); n != 1 ||
		strings.Count(string(raw), "<polygon") != 1 {
		t.Errorf("%d areas are filled", n)
	}
	// The rising line runs from corner to corner, the level one is cut off at the
	// sides, at half the height of four powers of ten.
	for _, want := range []string{`points="78.0,382.0 738.0,56.0"`, `points="78.0,219.0 738.0,219.0"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is not in it", want)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		axis Axis
		want []float64
	}{
		{Axis{Min: 0, Max: 100}, []float64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}},
		{Axis{Min: 0.13, Max: 1.02}, []float64{0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}},
		{Axis{Min: 0, Max: 7}, []float64{0, 1, 2, 3, 4, 5, 6, 7}},
		{Axis{Min: 0, Max: 0.041}, []float64{0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04}},
		{Axis{Min: 1e-3, Max: 1, Log: true}, []float64{1e-3, 1e-2, 1e-1, 1}},
		{Axis{Min: 3e-3, Max: 0.5, Log: true}, []float64{1e-2, 1e-1}},
	} {
		got := c.axis.ticks()
		same := slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
		if !same {
			t.Errorf("%g to %g: %v", c.axis.Min, c.axis.Max, got)
		}
	}
}
