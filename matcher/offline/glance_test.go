package offline

import (
	"context"
	"image"
	"testing"

	"golang.org/x/image/draw"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

// A glance must not lose a second person whom the full search sees: of the same
// size and smaller, in the dark and at the edge.
func TestGlanceSeesTheSecondPerson(t *testing.T) {
	m := newMatcher(t)
	e := m.params.Engine
	var people []*image.RGBA
	for _, clip := range []string{"azure__family1_son", "goface__chaeyeon", "lfw__Hu_Jintao", "lfw__Serena_Williams", "london__024", "london__062"} {
		frames := framesFrom(t, m, "clips/"+clip+".mp4")
		people = append(people, frames[len(frames)/2].Image)
	}
	for name, c := range map[string]struct {
		scale, light float64
		cut          int // per cent of the second picture that show
	}{
		"as large":       {1, 1, 100},
		"smaller":        {0.6, 1, 100},
		"in the dark":    {1, 0.4, 100},
		"darker, behind": {0.75, 0.3, 100},
		"at the edge":    {1, 1, 70},
	} {
		full, lost := 0, 0
		for i, first := range people {
			other := people[(i+2)%len(people)]
			second := image.NewRGBA(image.Rect(0, 0, int(float64(other.Rect.Dx())*c.scale), int(float64(other.Rect.Dy())*c.scale)))
			draw.BiLinear.Scale(second, second.Rect, other, other.Rect, draw.Src, nil)
			for k := range second.Pix {
				if k%4 != 3 {
					second.Pix[k] = uint8(float64(second.Pix[k]) * c.light)
				}
			}
			both := beside(first, second)
			shown := image.Rect(0, 0, first.Rect.Dx()+second.Rect.Dx()*c.cut/100, both.Rect.Dy())
			both = picture.Fit(both.SubImage(shown), both.Rect.Dx())
			codes := [2]int{}
			for k, search := range []func(context.Context, *image.RGBA) ([]found, error){e.find, e.glance} {
				all, err := search(context.Background(), both)
				if err != nil {
					t.Fatal(err)
				}
				codes[k] = look(matcher.Frame{Image: both}, all).code
			}
			if codes[0] == matcher.CodeTwoFaces {
				full++
				if codes[1] != matcher.CodeTwoFaces {
					lost++
				}
			}
		}
		t.Logf("%s: the full search sees two people in %d of %d, a glance in %d of those", name, full, len(people), full-lost)
		if lost > 0 {
			t.Errorf("%s: %d of %d lost", name, lost, full)
		}
	}
}
