package camera

import (
	"image"
	"testing"

	"facematch/matcher"
)

// face is a face around a middle, with the eyes this far apart.
func face(x, y, eyes int) matcher.Face {
	return matcher.Face{
		Box:  image.Rect(x-eyes, y-eyes, x+eyes, y+eyes),
		Eyes: [2]image.Point{{X: x - eyes/2, Y: y - eyes/4}, {X: x + (eyes+1)/2, Y: y - eyes/4}},
		Nose: image.Pt(x, y+eyes/4),
	}
}

func TestHints(t *testing.T) {
	for name, c := range map[string]struct {
		faces []matcher.Face
		key   string
	}{
		"nobody":         {nil, "coach.none"},
		"good":           {[]matcher.Face{face(320, 240, 80)}, "coach.good"},
		"just enough":    {[]matcher.Face{face(320, 240, 50)}, "coach.good"},
		"too far away":   {[]matcher.Face{face(320, 240, 49)}, "coach.closer"},
		"two":            {[]matcher.Face{face(200, 240, 80), face(440, 240, 80)}, "coach.several"},
		"one far behind": {[]matcher.Face{face(320, 240, 80), face(40, 40, 10)}, "coach.several"},
		"to the left":    {[]matcher.Face{face(150, 240, 80)}, "coach.centre"},
		"to the right":   {[]matcher.Face{face(490, 240, 80)}, "coach.centre"},
		"too high":       {[]matcher.Face{face(320, 110, 80)}, "coach.centre"},
		"cut off":        {[]matcher.Face{face(320, 240, 250)}, "coach.centre"},
	} {
		if key := hint(c.faces, image.Pt(640, 480)); key != c.key {
			t.Errorf("%s: %s, want %s", name, key, c.key)
		}
	}
}

func TestAdvise(t *testing.T) {
	for name, c := range map[string]struct {
		size, saw image.Point
		found     matcher.Face // in the picture the finder sees
		want      matcher.Face
	}{
		"small": {image.Pt(640, 480), image.Pt(640, 480), face(320, 240, 60), face(320, 240, 60)},
		"large": {image.Pt(1280, 960), image.Pt(640, 480), face(320, 240, 60), face(640, 480, 120)},
	} {
		t.Run(name, func(t *testing.T) {
			p := params(t, video(t, c.size, 20, 4))
			eyes := &finder{faces: []matcher.Face{c.found}}
			p.Faces = eyes
			s := opened(t, p)
			a, err := s.Advise(soon(t), 0)
			if err != nil {
				t.Fatal(err)
			}
			if *eyes.saw.Load() != c.saw {
				t.Errorf("faces were looked for in %v", *eyes.saw.Load())
			}
			if a.Size != c.size || len(a.Faces) != 1 || a.Faces[0] != c.want || !a.Good || a.Hint.Key != "coach.good" {
				t.Errorf("advice %+v, want %+v", a, c.want)
			}
			b, err := s.Advise(soon(t), a.Seq)
			if err != nil || b.Seq <= a.Seq {
				t.Errorf("the next advice is of %d after %d, %v", b.Seq, a.Seq, err)
			}
		})
	}
}
