package offline

import (
	"image"
	"testing"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// faceAt is a face of this inter-eye distance whose box has its middle here.
func faceAt(centre image.Point, interEye int) found {
	half := interEye * 23 / 20
	return found{Face: matcher.Face{
		Box:  image.Rect(centre.X-half, centre.Y-half, centre.X+half, centre.Y+half),
		Eyes: [2]image.Point{{centre.X - interEye/2, centre.Y - interEye/3}, {centre.X - interEye/2 + interEye, centre.Y - interEye/3}},
		Nose: image.Pt(centre.X, centre.Y+interEye/3),
	}, seen: float64(interEye)}
}

func TestLook(t *testing.T) {
	frame := matcher.Frame{Image: image.NewRGBA(image.Rect(0, 0, 640, 480))}
	middle := image.Pt(320, 240)
	for name, c := range map[string]struct {
		faces []found
		want  int
	}{
		"nobody":                     {nil, matcher.CodeNoFace},
		"one":                        {[]found{faceAt(middle, 80)}, matcher.CodeOK},
		"too small":                  {[]found{faceAt(middle, 20)}, matcher.CodeNoFace},
		"cut off":                    {[]found{faceAt(image.Pt(30, 240), 80)}, matcher.CodeCutOff},
		"cut off at the top":         {[]found{faceAt(image.Pt(320, 60), 80)}, matcher.CodeCutOff},
		"whole, but at the edge":     {[]found{faceAt(image.Pt(70, 240), 40)}, matcher.CodeCutOff},
		"a little off the middle":    {[]found{faceAt(image.Pt(200, 260), 80)}, matcher.CodeOK},
		"two":                        {[]found{faceAt(image.Pt(200, 240), 70), faceAt(image.Pt(440, 240), 80)}, matcher.CodeTwoFaces},
		"three":                      {[]found{faceAt(image.Pt(150, 240), 60), faceAt(middle, 60), faceAt(image.Pt(480, 240), 60)}, matcher.CodeTwoFaces},
		"somebody far behind":        {[]found{faceAt(image.Pt(480, 200), 30), faceAt(middle, 80)}, matcher.CodeOK},
		"a second one, cut off":      {[]found{faceAt(middle, 80), faceAt(image.Pt(610, 240), 70)}, matcher.CodeOK},
		"the nearer one is cut off":  {[]found{faceAt(image.Pt(20, 240), 90), faceAt(image.Pt(400, 240), 60)}, matcher.CodeOK},
		"only one far behind usable": {[]found{faceAt(image.Pt(20, 240), 100), faceAt(image.Pt(400, 240), 30)}, matcher.CodeCutOff},
	} {
		got := look(frame, c.faces)
		if got.code != c.want {
			t.Errorf("%s: code %d, want %d", name, got.code, c.want)
		}
		if (got.code == matcher.CodeOK) != (got.quality.InterEye > 0) {
			t.Errorf("%s: code %d, quality %+v", name, got.code, got.quality)
		}
	}
}

// framesOf are frames with these codes, and for usable ones this quality.
func framesOf(codes ...int) []seen {
	out := make([]seen, len(codes))
	for i, c := range codes {
		out[i] = seen{code: c, frame: matcher.Frame{Seq: uint64(i + 1)}, quality: quality.Measures{Total: float64(i % 3)}}
	}
	return out
}

func TestChoose(t *testing.T) {
	const no, ok, two, cut = matcher.CodeNoFace, matcher.CodeOK, matcher.CodeTwoFaces, matcher.CodeCutOff
	for name, c := range map[string]struct {
		frames []seen
		chosen int
		code   int
	}{
		"all usable":                          {framesOf(make([]int, 24)...), 8, ok},
		"few frames":                          {framesOf(ok, ok, ok), 3, ok},
		"too few frames":                      {framesOf(ok, ok), 0, no},
		"one frame":                           {framesOf(ok), 0, no},
		"no frames":                           {nil, 0, no},
		"skipped, not scored":                 {framesOf(ok, no, ok, cut, ok, ok, no, ok, ok, no), 6, ok},
		"commonest reason":                    {framesOf(cut, cut, cut, no, no, ok, ok), 0, cut},
		"commonest reason is none found":      {framesOf(no, no, no, cut, cut, ok), 0, no},
		"a tie goes to what can be put right": {framesOf(no, cut, no, cut), 0, cut},
		"two people in one of five":           {framesOf(two, ok, ok, ok, ok, ok, ok, ok, two, ok), 7, ok},
		"two people in more":                  {framesOf(two, ok, ok, ok, two, ok, ok, ok, two, ok), 0, two},
		"two people all the time":             {framesOf(two, two, two, two), 0, two},
	} {
		chosen, code := choose(c.frames)
		if code != c.code || c.code == ok && len(chosen) < minUsable || c.code != ok && chosen != nil {
			t.Errorf("%s: %d chosen, code %d; want code %d", name, len(chosen), code, c.code)
		}
		if c.code == ok && len(chosen) != c.chosen {
			t.Errorf("%s: %d chosen, want %d", name, len(chosen), c.chosen)
		}
		for _, i := range chosen {
			if c.frames[i].code != ok {
				t.Errorf("%s: an unusable frame was chosen", name)
			}
		}
	}
}

// Usable frames crowded into one moment do not stand for the whole clip.
func TestChooseNeedsTheWholeClip(t *testing.T) {
	frames := framesOf(make([]int, 24)...)
	for i := range frames {
		if i >= 4 {
			frames[i].code = matcher.CodeNoFace
		}
	}
	if chosen, code := choose(frames); code != matcher.CodeNoFace || chosen != nil {
		t.Errorf("4 usable frames at the start of 24: %d chosen, code %d", len(chosen), code)
	}
}
