package quality

import (
	"image"
	"image/color"
	"math"
	"testing"
)

// drawn is a made face-like picture of this side: smooth shading with edges of
// eyes, brows and mouth, lit by the factor.
func drawn(side int, light float64) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			u, v := float64(x)/float64(side), float64(y)/float64(side)
			b := 190 - 90*((u-.5)*(u-.5)+(v-.5)*(v-.5))
			switch {
			case math.Hypot(u-.33, v-.4) < .05, math.Hypot(u-.67, v-.4) < .05:
				b = 40
			case math.Abs(v-.3) < .015 && math.Abs(math.Abs(u-.5)-.17) < .09:
				b = 70
			case math.Abs(v-.72) < .02 && math.Abs(u-.5) < .13:
				b = 90
			}
			g := uint8(math.Min(255, b*light))
			img.SetRGBA(x, y, color.RGBA{g, g, g, 255})
		}
	}
	return img
}

// blurred is the picture with each pixel the mean of its surroundings.
func blurred(img *image.RGBA, radius int) *image.RGBA {
	out := image.NewRGBA(img.Rect)
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			sum, n := 0, 0
			for dy := -radius; dy <= radius; dy++ {
				for dx := -radius; dx <= radius; dx++ {
					if p := image.Pt(x+dx, y+dy); p.In(img.Rect) {
						sum += int(img.RGBAAt(p.X, p.Y).R)
						n++
					}
				}
			}
			g := uint8(sum / n)
			out.SetRGBA(x, y, color.RGBA{g, g, g, 255})
		}
	}
	return out
}

func measureDrawn(img *image.RGBA) Measures {
	b := img.Bounds()
	s := float64(b.Dx())
	at := func(u, v float64) image.Point { return b.Min.Add(image.Pt(int(u*s), int(v*s))) }
	return Measure(img, b, [2]image.Point{at(.33, .4), at(.67, .4)}, at(.5, .6))
}

func TestSharpness(t *testing.T) {
	sharp := drawn(150, 1)
	last := Sharpness(sharp, sharp.Bounds())
	if last < 40 {
		t.Errorf("the sharp picture scores %.1f, want at least 40", last)
	}
	for radius := 1; radius <= 4; radius++ {
		got := Sharpness(blurred(sharp, radius), sharp.Bounds())
		if got >= last {
			t.Errorf("blurred by %d: %.1f, not below %.1f", radius, got, last)
		}
		last = got
	}
	if last > 10 {
		t.Errorf("blurred by 4: %.1f, want at most 10", last)
	}
}

// The same face with more pixels must not score lower, or frames nearer to the
// camera would lose.
func TestSharpnessOfLargerFace(t *testing.T) {
	at150 := Sharpness(drawn(150, 1), image.Rect(0, 0, 150, 150))
	at600 := Sharpness(drawn(600, 1), image.Rect(0, 0, 600, 600))
	at40 := Sharpness(drawn(40, 1), image.Rect(0, 0, 40, 40))
	if math.Abs(at600-at150) > 25 {
		t.Errorf("150 px: %.1f, 600 px: %.1f; want them near each other", at150, at600)
	}
	if at40 > at150/2 {
		t.Errorf("40 px: %.1f, want less than half of %.1f", at40, at150)
	}
}

// A face with soft features is as sharp as one with hard ones, until it is blurred.
func TestFocus(t *testing.T) {
	hard := drawn(150, 1)
	soft := image.NewRGBA(hard.Rect)
	for i := range hard.Pix {
		soft.Pix[i] = uint8(160 + (int(hard.Pix[i])-160)/2) // half the contrast
	}
	for name, img := range map[string]*image.RGBA{"hard": hard, "soft": soft} {
		last := Focus(img, img.Bounds())
		if last < 5 {
			t.Errorf("%s: %.1f, want at least 5", name, last)
		}
		for _, radius := range []int{1, 3, 6} {
			got := Focus(blurred(img, radius), img.Bounds())
			if got >= last {
				t.Errorf("%s, blurred by %d: %.2f, not below %.2f", name, radius, got, last)
			}
			last = got
		}
		if last > 2 {
			t.Errorf("%s, blurred by 6: %.2f, want at most 2", name, last)
		}
	}
	if f := Focus(hard, image.Rect(400, 400, 500, 500)); f != 0 {
		t.Errorf("outside the picture: %.2f", f)
	}
	plain := image.NewRGBA(image.Rect(0, 0, 50, 50))
	if f := Focus(plain, plain.Rect); f != 0 {
		t.Errorf("one shade: %.2f", f)
	}
}

// Angles of a head whose points are turned as a head turns: the nose stands out
// before the eyes and goes round with it.
func TestAngles(t *testing.T) {
	const unit = 1000.0 // large, so that whole pixels do not matter
	for _, want := range []Angles{{}, {Yaw: 20}, {Yaw: -30}, {Pitch: -25}, {Pitch: 15}, {Roll: 12}, {Roll: -30},
		{Yaw: 15, Roll: 20}} {
		sin, cos := math.Sincos(want.Yaw * math.Pi / 180)
		sinP, cosP := math.Sincos(want.Pitch * math.Pi / 180)
		// Before roll: the eyes' distance shrinks with cos(yaw), and so does the unit
		// everything is measured in.
		x, y := noseReach*sin*unit, (UsualRest*cosP+noseReach*sinP)*unit*cos
		half := unit / 2 * cos
		sinR, cosR := math.Sincos(want.Roll * math.Pi / 180)
		turn := func(x, y float64) image.Point {
			return image.Pt(int(math.Round(2000+x*cosR-y*sinR)), int(math.Round(2000+x*sinR+y*cosR)))
		}
		got := AnglesOf([2]image.Point{turn(-half, 0), turn(half, 0)}, turn(x, y), UsualRest)
		if math.Abs(got.Yaw-want.Yaw) > .5 || math.Abs(got.Pitch-want.Pitch) > 1 || math.Abs(got.Roll-want.Roll) > .5 {
			t.Errorf("got %+.1f, want %+.1f", got, want)
		}
	}
	if got := AnglesOf([2]image.Point{{5, 5}, {5, 5}}, image.Pt(5, 9), UsualRest); got != (Angles{}) {
		t.Errorf("eyes in one place: %+v", got)
	}
	if m := measureDrawn(drawn(150, 1)); m.Tilt != 100 || m.Contrast < 50 {
		t.Errorf("upright and well lit: %+v", m)
	}
}

// Light is told apart: burnt, washed out, and of how many shades.
func TestLightTellsWhatIsWrong(t *testing.T) {
	good := LightOf(drawn(150, 1), image.Rect(0, 0, 150, 150))
	if good.Burnt > 0 || good.Darkest > 100 || good.Shades < 3 {
		t.Errorf("well lit: %+v", good)
	}
	burnt := LightOf(drawn(150, 1.6), image.Rect(0, 0, 150, 150))
	if burnt.Burnt < 0.2 {
		t.Errorf("burnt out: %+v", burnt)
	}
	pale := drawn(150, 1)
	for i := range pale.Pix {
		pale.Pix[i] = uint8(min(255, int(pale.Pix[i])+90))
	}
	if l := LightOf(pale, pale.Rect); l.Darkest < 110 {
		t.Errorf("washed out: %+v", l)
	}
}

func TestExposure(t *testing.T) {
	ideal := measureDrawn(drawn(150, 1)).Exposure
	if ideal < 95 {
		t.Errorf("well lit: %.1f, want at least 95", ideal)
	}
	last := ideal
	for _, light := range []float64{0.3, 0.2, 0.1, 0.02} {
		got := measureDrawn(drawn(150, light)).Exposure
		if got >= last {
			t.Errorf("light %.2f: %.1f, not below %.1f", light, got, last)
		}
		last = got
	}
	if last > 5 {
		t.Errorf("almost black: %.1f, want at most 5", last)
	}
	if burnt := measureDrawn(drawn(150, 1.5)).Exposure; burnt > 30 {
		t.Errorf("burnt out: %.1f, want at most 30", burnt)
	}
}

func TestLightOf(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 4, 4))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for y := range 4 {
		img.SetRGBA(0, y, color.RGBA{0, 0, 0, 255})
		img.SetRGBA(1, y, color.RGBA{0, 0, 0, 255})
	}
	if l := LightOf(img, image.Rect(-5, -5, 9, 9)); math.Abs(l.Mean-127.5) > .01 || math.Abs(l.Contrast-127.5) > .01 {
		t.Errorf("half black, half white: %+v", l)
	}
	if l := LightOf(img, image.Rect(2, 0, 4, 4)); math.Abs(l.Mean-255) > .01 || l.Contrast > .01 {
		t.Errorf("white: %+v", l)
	}
	if l := LightOf(img, image.Rect(8, 8, 9, 9)); l != (Light{}) {
		t.Errorf("outside: %+v", l)
	}
}

func TestSizeFollowsOFIQ(t *testing.T) {
	for px, want := range map[float64]float64{70: 50, 90: 73, 120: 92} {
		if got := size(px); math.Abs(got-want) > 0.5 {
			t.Errorf("%g px: %.2f, want %g", px, got, want)
		}
	}
	if size(0) != 0 {
		t.Error("no distance must score 0")
	}
}

func TestPose(t *testing.T) {
	eyes := [2]image.Point{{100, 200}, {200, 200}}
	if got := pose(eyes, image.Pt(150, 270)); got != 100 {
		t.Errorf("frontal: %.1f", got)
	}
	if a, b := pose(eyes, image.Pt(140, 270)), pose(eyes, image.Pt(160, 270)); a != b || a >= 100 {
		t.Errorf("left %.1f, right %.1f: want them equal and below 100", a, b)
	}
	// 30 degrees: the nose moves by 0.4*tan(30°) = 0.23 of the distance; ISO's 75.
	if got := pose(eyes, image.Pt(173, 270)); math.Abs(got-75) > 1 {
		t.Errorf("30 degrees: %.1f, want 75", got)
	}
	// A head held to one side is not turned: all points rotated by 90 degrees.
	if got := pose([2]image.Point{{200, 100}, {200, 200}}, image.Pt(130, 150)); got != 100 {
		t.Errorf("tilted: %.1f", got)
	}
	if got := pose([2]image.Point{{5, 5}, {5, 5}}, image.Pt(5, 9)); got != 0 {
		t.Errorf("eyes in one place: %.1f", got)
	}
}

func TestTotalRanks(t *testing.T) {
	best := measureDrawn(drawn(300, 1))
	for name, worse := range map[string]Measures{
		"smaller": measureDrawn(drawn(100, 1)),
		"blurred": measureDrawn(blurred(drawn(300, 1), 5)),
		"darker":  measureDrawn(drawn(300, .2)),
	} {
		if worse.Total >= best.Total {
			t.Errorf("%s: %.1f, not below %.1f", name, worse.Total, best.Total)
		}
	}
	if best.Total <= 0 || best.Total > 100 {
		t.Errorf("the best has %.1f", best.Total)
	}
	nothing := Measure(drawn(50, 1), image.Rect(60, 60, 90, 90), [2]image.Point{}, image.Point{})
	if nothing != (Measures{}) {
		t.Errorf("a box outside the picture: %+v", nothing)
	}
}

func BenchmarkMeasure(b *testing.B) {
	img := drawn(300, 1)
	for b.Loop() {
		measureDrawn(img)
	}
}
