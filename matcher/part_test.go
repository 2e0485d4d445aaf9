package matcher

import (
	"encoding/json"
	"image"
	"math"
	"testing"
)

func TestPart(t *testing.T) {
	size := image.Pt(1280, 720)
	for _, c := range []struct {
		area image.Rectangle
		text string
		in   image.Rectangle
	}{
		{image.Rectangle{Max: size}, "", image.Rectangle{Max: size}},
		{image.Rect(-5, -5, 2000, 2000), "", image.Rectangle{Max: size}},
		{image.Rectangle{}, "", image.Rectangle{Max: size}},
		{image.Rect(320, 72, 960, 720), "0.25 0.1 0.5 0.9", image.Rect(320, 72, 960, 720)},
		{image.Rect(1270, 0, 1280, 720), "0.9 0 0.1 1", image.Rect(1152, 0, 1280, 720)}, // too narrow for a person
		{image.Rect(427, 0, 854, 720), "0.334 0 0.333 1", image.Rect(428, 0, 854, 720)},
	} {
		p := PartOf(c.area, size)
		if p.String() != c.text || p.In(size) != c.in || p.Check() != nil {
			t.Errorf("%v: %q, in the picture %v, %v; want %q, %v", c.area, p, p.In(size), p.Check(), c.text, c.in)
		}
		var again Part
		if err := again.UnmarshalText([]byte(p.String())); err != nil || again != p {
			t.Errorf("%q is read as %+v, %v", p, again, err)
		}
	}
	data, err := json.Marshal(struct {
		Part Part `json:"part,omitzero"`
	}{Part{0.25, 0, 0.5, 1}})
	if err != nil || string(data) != `{"part":"0.25 0 0.5 1"}` {
		t.Errorf("%s, %v", data, err)
	}
}

func TestBadParts(t *testing.T) {
	for _, p := range []Part{
		{0, 0, 1.1, 1}, {-0.1, 0, 0.5, 0.5}, {0.6, 0, 0.5, 1}, {0, 0, 0.05, 1}, {0, 0, 1, 0}, {math.NaN(), 0, 0.5, 0.5},
		{0, 0, math.Inf(1), 1}, {0, 0.95, 1, 0.1},
	} {
		if p.Check() == nil {
			t.Errorf("%+v is taken for a part", p)
		}
	}
	for _, text := range []string{"1", "0 0 1", "0 0 1 1 1", "a b c d", "0,0,1,1"} {
		if err := new(Part).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for a part", text)
		}
	}
}
