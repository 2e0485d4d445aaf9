package chart

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/png"
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
		Title:  `Errors <of "one" & all>`,
		X:      Axis{Label: "distance", Min: 0, Max: 2, Format: number},
		Y:      Axis{Label: "share", Min: 1e-4, Max: 1, Log: true, Format: number},
		Curves: []Curve{{Label: "rising", Points: [][2]float64{{0, 1e-4}, {2, 1}}, Filled: true}, {Label: "level", Second: true, Points: [][2]float64{{-1, 1e-2}, {9, 1e-2}}}},
		Marks:  []Mark{{X: 1.5, Label: "here"}},
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
	for _, want := range []string{`Errors <of "one" & all>`, "distance", "share", "rising", "level", "here", "0.0001", "1"} {
		if !slices.Contains(words, want) {
			t.Errorf("%q is not in it", want)
		}
	}
	// The rising line runs from corner to corner, the level one is cut off at the
	// sides, at half the height of four powers of ten.
	for _, want := range []string{`points="78.0,382.0 738.0,56.0"`, `points="78.0,219.0 738.0,219.0"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is not in it", want)
		}
	}
}

func TestPNG(t *testing.T) {
	raw, err := sample().PNG()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, width*pngScale, height*pngScale) {
		t.Errorf("size %v", img.Bounds())
	}
	at := func(x, y float64) (r, g, b uint32) {
		r, g, b, _ = img.At(int(x*pngScale), int(y*pngScale)).RGBA()
		return r >> 8, g >> 8, b >> 8
	}
	for name, c := range map[string]struct {
		x, y    float64
		r, g, b uint32
	}{
		"paper":          {2, 430, 255, 255, 255},
		"the rising one": {left + 330 - 60, 219 + 163.0*60/330, 0, 94, 162},
		"the level one":  {left + 3, 219, 196, 78, 0},
		"a gap in it":    {left + 10, 219, 222, 224, 228},
	} {
		if r, g, b := at(c.x, c.y); r != c.r || g != c.g || b != c.b {
			t.Errorf("%s: colour %d %d %d", name, r, g, b)
		}
	}
	// Under the rising line, and only there, the paper is tinted.
	if r, _, b := at(left+500, height-bottom-8); r >= b {
		t.Errorf("the area is not tinted: %d, %d", r, b)
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

func TestDashes(t *testing.T) {
	pieces := dashed([]point{{0, 0}, {5, 0}, {25, 0}}, 10)
	if len(pieces) != 2 || pieces[0][len(pieces[0])-1].x != 10 || pieces[1][0].x != 20 || pieces[1][len(pieces[1])-1].x != 25 {
		t.Errorf("%v", pieces)
	}
}
