package camera

import (
	"context"
	"errors"
	"image"
	"slices"
	"sync"
	"testing"
	"time"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// face is a face around a middle, with the eyes this far apart, as the engine sees it.
func face(x, y, eyes int) matcher.Face {
	return matcher.Face{
		Box:  image.Rect(x-eyes*106/100, y-eyes*3/2, x+eyes*106/100, y+eyes*3/2),
		Eyes: [2]image.Point{{X: x - eyes/2, Y: y - eyes/4}, {X: x + (eyes+1)/2, Y: y - eyes/4}},
		Nose: image.Pt(x, y+eyes/4),
	}
}

// seenAs is a well-lit, sharp picture of 640x480 with these faces.
func seenAs(faces ...matcher.Face) view {
	v := view{size: image.Pt(640, 480), faces: faces, light: quality.Light{Mean: 120, Contrast: 40, Shades: 7}, edges: 1}
	if len(faces) == 1 {
		v.measures = quality.Measures{InterEye: quality.InterEye(faces[0].Eyes)}
		v.focus = 30
		v.held = quality.AnglesOf(faces[0].Eyes, faces[0].Nose, quality.UsualRest)
	}
	return v
}

func TestHints(t *testing.T) {
	good := face(320, 240, 80)
	turnedFace, raised, leaningFace := good, good, good
	turnedFace.Nose.X += 12 // 0.15 of the distance between the eyes: 20 degrees
	raised.Nose.Y -= 6      // 0.425 below: 29 degrees against the usual rest
	leaningFace.Eyes[1].Y += 31
	leaningFace.Nose = image.Pt(310, 263)
	lit := func(l quality.Light, faces ...matcher.Face) view {
		v := seenAs(faces...)
		v.light = l
		return v
	}
	blurred := seenAs(good)
	blurred.focus = 3.9
	for name, c := range map[string]struct {
		view view
		key  string
	}{
		"nobody":          {seenAs(), "coach.none"},
		"nobody, dark":    {lit(quality.Light{Mean: 12}), "coach.none_dark"},
		"nobody, bright":  {lit(quality.Light{Mean: 190, Burnt: 0.4}), "coach.none_bright"},
		"nobody, blurred": {func() view { v := seenAs(); v.edges = edges(6, v.light); return v }(), "coach.none_sharp"},
		"plain wall": {func() view {
			v := lit(quality.Light{Mean: 150, Contrast: 4})
			v.edges = edges(0.1,
				v.light)
			return v
		}(), "coach.none"},
		"washed out":       {lit(quality.Light{Mean: 190, Darkest: 120}, good), "coach.bright"},
		"good":             {seenAs(good), "coach.good"},
		"just enough":      {seenAs(face(320, 240, 50)), "coach.good"},
		"too far away":     {seenAs(face(320, 240, 49)), "coach.closer"},
		"one on the right": {seenAs(face(200, 240, 80), face(440, 240, 80)), "coach.several_right"},
		"one on the left":  {seenAs(face(440, 240, 80), face(200, 240, 60)), "coach.several_left"},
		"one behind":       {seenAs(good, face(340, 140, 50)), "coach.several_behind"},
		"a child in arms":  {seenAs(good, face(340, 400, 50)), "coach.several"},
		"to the left":      {seenAs(face(150, 240, 80)), "coach.centre"},
		"to the right":     {seenAs(face(490, 240, 80)), "coach.centre"},
		"too high":         {seenAs(face(320, 110, 80)), "coach.centre"},
		"cut off":          {seenAs(face(60, 240, 80)), "coach.centre"},
		"fills it":         {seenAs(face(320, 240, 195)), "coach.back"},
		"dark":             {lit(quality.Light{Mean: 39}, good), "coach.dark"},
		"dark skin":        {lit(quality.Light{Mean: 55, Shades: 6}, good), "coach.good"},
		"bright":           {lit(quality.Light{Mean: 216}, good), "coach.bright"},
		"half burnt":       {lit(quality.Light{Mean: 180, Burnt: 0.3}, good), "coach.bright"},
		"turned":           {seenAs(turnedFace), "coach.straight"},
		"chin up":          {seenAs(raised), "coach.straight"},
		"leaning":          {seenAs(leaningFace), "coach.upright"},
		"blurred":          {blurred, "coach.sharp"},
		"dark before far":  {lit(quality.Light{Mean: 20}, face(320, 240, 30)), "coach.dark"},
		"far before turns": {seenAs(matcher.Face{Box: good.Box, Eyes: [2]image.Point{{300, 220}, {340, 220}},
			Nose: image.Pt(340, 240)}), "coach.closer"},
	} {
		if key := c.view.hint(""); key != c.key {
			t.Errorf("%s: %s, want %s", name, key, c.key)
		}
	}
}

// A value that swings about its limit by less than the hysteresis makes one hint
// and no flicker.
func TestHintsDoNotFlicker(t *testing.T) {
	for name, swing := range map[string]func(v *view, bad bool){
		"coach.closer":   func(v *view, bad bool) { v.measures.InterEye = pick(bad, 49, 52) },
		"coach.dark":     func(v *view, bad bool) { v.light.Mean = pick(bad, 39, 42) },
		"coach.bright":   func(v *view, bad bool) { v.light.Mean = pick(bad, 216, 211) },
		"coach.upright":  func(v *view, bad bool) { v.held.Roll = -pick(bad, 21, 18) },
		"coach.straight": func(v *view, bad bool) { v.held.Yaw = -pick(bad, 19, 16) },
		"coach.sharp":    func(v *view, bad bool) { v.focus = pick(bad, 3.9, 4.3) },
		"coach.back":     func(v *view, bad bool) { v.faces[0].Box = image.Rect(0, 60, int(pick(bad, 570, 540)), 400) },
	} {
		c := coach{}
		changes, before := 0, ""
		for i := range 60 {
			v := seenAs(face(320, 240, 80))
			swing(&v, i/3%2 == 0)
			shown := c.steady(v.hint(c.hint), time.Duration(i)*adviceEvery)
			if shown != before {
				changes++
			}
			before = shown
		}
		if before != name || changes > 2 {
			t.Errorf("%s: %d changes, and at last %s", name, changes, before)
		}
	}
}

func pick(bad bool, yes, no float64) float64 {
	if bad {
		return yes
	}
	return no
}

func TestHintsStandStill(t *testing.T) {
	const ms = time.Millisecond
	c := coach{}
	for _, step := range []struct {
		at          time.Duration
		right, show string
	}{
		{0, hintNone, hintNone},                // the first at once
		{100 * ms, hintCloser, hintNone},       // not yet
		{300 * ms, hintNone, hintNone},         // and not for a moment
		{900 * ms, hintCloser, hintNone},       // begins anew
		{1200 * ms, hintCloser, hintNone},      // 300 ms are too few
		{1250 * ms, hintCloser, hintCloser},    // 350 are not
		{1300 * ms, hintGood, hintCloser},      // has to be read first
		{1700 * ms, hintGood, hintCloser},      // right for long enough, but not yet read
		{1900 * ms, hintCentre, hintCloser},    // another one
		{2200 * ms, hintCentre, hintCloser},    //
		{2250 * ms, hintCentre, hintCentre},    //
		{2300 * ms, hintSeveral, hintCentre},   //
		{9000 * ms, hintSeveral, hintSeveral},  //
		{9010 * ms, hintSeveral, hintSeveral},  //
		{15000 * ms, hintSeveral, hintSeveral}, //
	} {
		if got := c.steady(step.right, step.at); got != step.show {
			t.Errorf("at %v: %s, want %s", step.at, got, step.show)
		}
	}
}

// The coach knows a person by how the nose stands at rest, and forgets somebody
// who was gone.
func TestNodAgainstOnesOwnRest(t *testing.T) {
	picture := textured(image.Pt(640, 480), 0)
	long := face(320, 240, 80) // a nose 0.86 below the eyes: a nod for most
	long.Nose.Y = 220 + 69
	c := coach{}
	at := time.Duration(0)
	advise := func(f matcher.Face) string {
		at += adviceEvery
		return c.advise(matcher.Frame{Image: picture, At: at}, []matcher.Face{f}).Hint.Key
	}
	if key := advise(long); key != hintStraight {
		t.Fatalf("a stranger with a long nose: %s", key)
	}
	for range 20 {
		advise(long)
	}
	if c.hint != hintGood {
		t.Errorf("once known: %s", c.hint)
	}
	up := long
	up.Nose.Y = 220 + 45
	for range 6 {
		advise(up)
	}
	if c.hint != hintStraight {
		t.Errorf("with the chin up: %s", c.hint)
	}
	at += adviceForgotten
	if key := advise(long); key != hintStraight {
		t.Errorf("after a gap the person is still known: %s", key)
	}
}

// Of several, those that count are given, and one hint says whom to ask aside.
func TestAdviceAboutOthers(t *testing.T) {
	picture := textured(image.Pt(640, 480), 0)
	person, far := face(320, 240, 60), face(60, 60, 29)
	beside, larger, child := face(520, 240, 50), face(120, 240, 70), face(330, 400, 40)
	for name, c := range map[string]struct {
		faces []matcher.Face
		want  []matcher.Face
		aside matcher.Aside
		key   string
	}{
		"under half the size": {[]matcher.Face{far, person}, []matcher.Face{person}, matcher.AsideNobody, hintGood},
		"half the size": {[]matcher.Face{face(60, 60, 30), person}, []matcher.Face{person, face(60, 60, 30)},
			matcher.AsideLeft, hintSeveral},
		"beside": {[]matcher.Face{beside, person, far}, []matcher.Face{person, beside}, matcher.AsideRight,
			hintSeveral},
		"the middle one is meant": {[]matcher.Face{larger, person}, []matcher.Face{person, larger}, matcher.AsideLeft,
			hintSeveral},
		"but not a much larger one": {[]matcher.Face{face(120, 240, 90), person}, []matcher.Face{face(120, 240, 90), person},
			matcher.AsideRight, hintSeveral},
		"a child in arms": {[]matcher.Face{person, child}, []matcher.Face{person, child}, matcher.AsideNobody,
			hintSeveral},
	} {
		coach := coach{}
		a := coach.advise(matcher.Frame{Image: picture}, c.faces)
		if !slices.Equal(a.Faces, c.want) || a.Aside != c.aside || a.Hint.Key != c.key || a.Good != (c.key == hintGood) {
			t.Errorf("%s: %d faces, %q, %s, good %t; first %v", name, len(a.Faces), a.Aside, a.Hint.Key, a.Good, a.Faces[0].Box)
		}
	}
	if got := []matcher.Aside{
		matcher.AsideLeft.Mirrored(), matcher.AsideRight.Mirrored(), matcher.AsideBehind.Mirrored(),
		matcher.AsideNobody.Mirrored(),
	}; !slices.Equal(got, []matcher.Aside{matcher.AsideRight, matcher.AsideLeft, matcher.AsideBehind,
		matcher.AsideNobody}) {
		t.Errorf("mirrored: %q", got)
	}
}

// A picture is looked at as a film has it, and the advice is in its pixels.
func TestAdvise(t *testing.T) {
	for name, c := range map[string]struct{ size, saw image.Point }{
		"small": {image.Pt(640, 480), image.Pt(640, 480)},
		"large": {image.Pt(1920, 1440), image.Pt(1280, 960)},
	} {
		t.Run(name, func(t *testing.T) {
			p := params(t, videoOf(t, c.size, 20, 4, textured))
			found := face(c.saw.X/2, c.saw.Y/2, 60)
			eyes := &finder{faces: []matcher.Face{found}}
			p.Faces = eyes
			s := opened(t, p)
			a, err := s.Advise(soon(t), 0)
			if err != nil {
				t.Fatal(err)
			}
			if *eyes.saw.Load() != c.saw {
				t.Errorf("faces were looked for in %v", *eyes.saw.Load())
			}
			if a.Size != c.saw || len(a.Faces) != 1 || a.Faces[0] != found || a.Quality.InterEye == 0 || !a.Good ||
				a.Hint.Key != "coach.good" {
				t.Errorf("advice %+v, want %+v", a, found)
			}
			b, err := s.Advise(soon(t), a.Seq)
			if err != nil || b.Seq <= a.Seq {
				t.Errorf("the next advice is of %d after %d, %v", b.Seq, a.Seq, err)
			}
		})
	}
}

// However many ask, each frame is looked at once, and few of them: fewer while
// the picture is empty.
func TestAdviceIsShared(t *testing.T) {
	for name, c := range map[string]struct {
		faces []matcher.Face
		every time.Duration
	}{
		"somebody": {[]matcher.Face{face(160, 120, 60)}, adviceEvery},
		"nobody":   {nil, idleEvery},
	} {
		t.Run(name, func(t *testing.T) {
			p := params(t, videoOf(t, image.Pt(320, 240), 60, 10, textured))
			eyes := &finder{faces: c.faces}
			p.Faces = eyes
			s := opened(t, p)
			var asking sync.WaitGroup
			start := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			for range 5 {
				asking.Add(1)
				go func() {
					defer asking.Done()
					for seq := uint64(0); ; {
						a, err := s.Advise(ctx, seq)
						if err != nil {
							if !errors.Is(err, context.DeadlineExceeded) {
								t.Error(err)
							}
							return
						}
						if a.Seq <= seq {
							t.Errorf("after %d came %d", seq, a.Seq)
						}
						seq = a.Seq
					}
				}()
			}
			asking.Wait()
			most := int64(time.Since(start)/c.every) + 1
			if looks := eyes.looks.Load(); looks < 3 || looks > most {
				t.Errorf("%d looks for five who ask, want at most %d", looks, most)
			}
		})
	}
}
