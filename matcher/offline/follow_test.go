package offline

import (
	"context"
	"image"
	"testing"

	"facematch/matcher/quality"
)

// A face that is followed stands where the full search sees it, and nobody hides
// behind that: a second person, another place and an empty picture are seen at once.
func TestFollow(t *testing.T) {
	e := loadedEngine(t)
	ctx := context.Background()
	man := readPicture(t, gocvPhoto(t, "face.jpg"))
	follow := e.Follow()
	for i, frame := range moving(man, 2*followLooks) {
		faces, err := follow.Find(ctx, frame.Image)
		if err != nil || len(faces) != 1 {
			t.Fatalf("frame %d: %d faces, %v", i, len(faces), err)
		}
		full, err := e.Find(ctx, frame.Image)
		if err != nil || len(full) != 1 {
			t.Fatalf("frame %d: the full search sees %d faces, %v", i, len(full), err)
		}
		unit := quality.InterEye(full[0].Eyes)
		for k, eye := range faces[0].Eyes {
			if off := quality.InterEye([2]image.Point{eye, full[0].Eyes[k]}); off > 0.15*unit {
				t.Errorf("frame %d: an eye is %.2f inter-eye distances away", i, off/unit)
			}
		}
		if !near(faces[0].Box, full[0].Box) {
			t.Errorf("frame %d: the box is %v, not %v", i, faces[0].Box, full[0].Box)
		}
	}
	if f := follow.(*follower); f.looks == 0 || f.looks == followLooks {
		t.Fatalf("%d glances are left: nobody is followed", f.looks)
	}

	// In a picture of the same size there are two of him, then nobody.
	two := beside(man, man)
	alone := image.NewRGBA(two.Rect)
	copy(alone.Pix, beside(man, image.NewRGBA(man.Rect)).Pix)
	for _, step := range []struct {
		name    string
		picture *image.RGBA
		faces   int
	}{{"alone", alone, 1}, {"still alone", alone, 1}, {"two", two, 2}, {"alone again", alone, 1}, {"nobody", image.NewRGBA(two.Rect), 0}} {
		faces, err := follow.Find(ctx, step.picture)
		if err != nil || len(faces) != step.faces {
			t.Errorf("%s: %d faces, %v", step.name, len(faces), err)
		}
	}
}

func TestNear(t *testing.T) {
	box := image.Rect(100, 100, 200, 200)
	for name, c := range map[string]struct {
		other image.Rectangle
		near  bool
	}{
		"the same":         {box, true},
		"a step aside":     {box.Add(image.Pt(30, 10)), true},
		"larger":           {box.Inset(-40), true},
		"beside":           {box.Add(image.Pt(80, 0)), false},
		"elsewhere":        {box.Add(image.Pt(300, 0)), false},
		"no box":           {image.Rectangle{}, false},
		"touching corners": {box.Add(image.Pt(100, 100)), false},
	} {
		if near(c.other, box) != c.near {
			t.Errorf("%s: near is %v", name, !c.near)
		}
	}
}
