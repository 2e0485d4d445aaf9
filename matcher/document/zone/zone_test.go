package zone

import (
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"facematch/matcher/document/mrz"
	"facematch/matcher/document/zone/zonetest"
)

var today = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)

// answered makes the network's answer for a text whose first character stands in a column
// and the others each so many columns further, with noise.
func answered(r *rand.Rand, text string, first, step, noise float64) []float32 {
	raw := make([]float32, Classes*Columns)
	for x := range Columns {
		for c := range Classes {
			raw[c*Columns+x] = float32(noise * r.NormFloat64())
		}
		nearest, off := 0, math.Inf(1)
		for i := range text {
			if d := math.Abs(first + float64(i)*step - float64(x)); d < off {
				nearest, off = i, d
			}
		}
		class := nothing
		if off < 0.3*step {
			class = strings.IndexByte(mrz.Alphabet, text[nearest])
		}
		raw[class*Columns+x] += 6
	}
	return raw
}

// best are the likeliest characters.
func best(glyphs []mrz.Glyph) string {
	text := make([]byte, len(glyphs))
	for i, g := range glyphs {
		top := 0
		for c := range g {
			if g[c] > g[top] {
				top = c
			}
		}
		text[i] = mrz.Alphabet[top]
	}
	return string(text)
}

func TestDecode(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 15 {
		kind := zonetest.Kinds[r.IntN(len(zonetest.Kinds))]
		for _, text := range zonetest.Zone(r, kind) {
			first, step := 6+4*r.Float64(), 3.75+0.4*r.Float64()
			a := answerOf(answered(r, text, first, step, 1))
			d := decode(&a, len(text))
			if got := best(d.glyphs); got != text {
				t.Fatalf("%s, from %.1f by %.2f: read %s", text, first, step, got)
			}
			from, by, _ := d.fitted()
			if math.Abs(from-(Step*first+1)) > 4 || math.Abs(by-Step*step) > 0.3 {
				t.Errorf("the first stands at %.1f, not %.1f; the step is %.2f, not %.2f", from, Step*first+1, by, Step*step)
			}
			for _, other := range []int{30, 36, 44} {
				if wrong := decode(&a, other); other != len(text) && wrong.score > d.score-0.04 {
					t.Fatalf("%d characters fit as well as %d: %.2f and %.2f", other, len(text), wrong.score, d.score)
				}
			}
		}
	}
	var silent answer // of a network that says nothing
	if d := decode(&silent, 44); len(d.glyphs) != 44 {
		t.Error(len(d.glyphs))
	}
}

// TestFound looks for the lines of a zone on pages that lie askew.
func TestFound(t *testing.T) {
	for n := range 20 {
		r := rand.New(rand.NewPCG(3, uint64(n)))
		text := zonetest.Zone(r, zonetest.Kinds[n%len(zonetest.Kinds)])
		pitch := 8 + 14*r.Float64()
		img := image.NewRGBA(image.Rect(0, 0, int(pitch*52), int(pitch*30)))
		draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{220, 210, 230, 255}), image.Point{}, draw.Src)
		zonetest.Print(r, img, text, pitch, 3*pitch, 20*pitch)
		all := lines(greyOf(img))
		for i := range text {
			middle := 20*pitch + 2.5*pitch*float64(i) - 0.45*pitch
			from, to := 3*pitch, (3+float64(len(text[0])))*pitch
			found := false
			for _, l := range all[:min(len(all), mostLines)] {
				x := (from + to) / 2
				found = found || math.Abs(l.curve.at(x)-middle) < 0.4*pitch && math.Abs(l.from-from) < 2*pitch &&
					math.Abs(l.to-to) < 2*pitch
			}
			if !found {
				t.Errorf("page %d: line %d of pitch %.1f is not found", n, i, pitch)
			}
		}
		even := spaced(greyOf(img), all)
		if len(even) == 0 || math.Abs(even[0].characters-float64(len(text[0]))-1) > 2 {
			t.Errorf("page %d: of lines of %d characters these are spaced evenly: %+v", n, len(text[0]), even)
		}
	}
}

func TestUpsideDown(t *testing.T) {
	size := image.Pt(300, 200)
	was := line{from: 20, to: 250, curve: curve{a: 40, b: 0.1, c: -0.0004}}
	is := upsideDown([]line{was}, size)[0]
	for x := was.from; x <= was.to; x += 10 {
		if got, want := is.curve.at(299-x), 199-was.curve.at(x); math.Abs(got-want) > 1e-9 {
			t.Errorf("at %v the line is at %v, not %v", x, got, want)
		}
	}
	if is.from != 49 || is.to != 279 {
		t.Errorf("%+v", is)
	}
}

func TestGrey(t *testing.T) {
	page := image.NewRGBA(image.Rect(0, 0, 30, 20))
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	page.SetRGBA(7, 3, color.RGBA{A: 255})
	grey := greyOf(page)
	for degrees, at := range map[int]image.Point{0: {7, 3}, 90: {16, 7}, 180: {22, 16}} {
		if got := turned(grey, degrees).GrayAt(at.X, at.Y).Y; got != 0 {
			t.Errorf("turned by %d degrees the black pixel is not at %v", degrees, at)
		}
	}
	small := fitted(grey, 10)
	if small.Rect.Size() != image.Pt(10, 7) {
		t.Fatal(small.Rect)
	}
	sum := 0.0
	for _, v := range small.Pix {
		sum += 255 - float64(v)
	}
	// The one black pixel is spread over those it belongs to.
	if want := 255.0 * 70 / 600; math.Abs(sum-want) > 4 || small.GrayAt(2, 1).Y == 255 {
		t.Errorf("%.1f of black, not %.1f", sum, want)
	}
}

// network is a stand-in.
type network func(*image.Gray) ([]float32, error)

func (n network) Line(_ context.Context, line *image.Gray) ([]float32, error) { return n(line) }

func TestNoZone(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	page := zonetest.Page(r, zonetest.Zone(r, "TD3"), 12)
	noise := network(func(*image.Gray) ([]float32, error) {
		raw := make([]float32, Classes*Columns)
		for i := range raw {
			raw[i] = float32(3 * r.NormFloat64())
		}
		return raw, nil
	})
	if z, ok, err := New(noise).Zone(t.Context(), page, today); ok || err != nil {
		t.Errorf("a zone in noise: %+v, %v", z, err)
	}
	for _, size := range []image.Point{{}, {1, 1}, {59, 600}, {2000, 61}, {61, 61}} {
		if _, ok, err := New(noise).Zone(t.Context(), image.NewRGBA(image.Rectangle{Max: size}), today); ok || err != nil {
			t.Errorf("%v: %v, %v", size, ok, err)
		}
	}
	if _, ok, err := New(noise).Zone(t.Context(), nil, today); ok || err != nil {
		t.Error(ok, err)
	}
	// A page with nothing but other print costs few looks.
	asked := 0
	counting := network(func(*image.Gray) ([]float32, error) {
		asked++
		raw := make([]float32, Classes*Columns)
		for i := nothing * Columns; i < len(raw); i++ {
			raw[i] = 9
		}
		return raw, nil
	})
	for range 5 {
		page := zonetest.Page(r, zonetest.Zone(r, "TD3"), 25)
		upper := image.NewRGBA(image.Rect(0, 0, page.Rect.Dx(), page.Rect.Dy()*3/4))
		draw.Draw(upper, upper.Rect, page, image.Point{}, draw.Src)
		asked = 0
		if _, ok, err := New(counting).Zone(t.Context(), upper, today); ok || err != nil || asked > 4*mostGuesses {
			t.Errorf("%v, %v after %d looks", ok, err, asked)
		}
	}
	broken := errors.New("broken")
	if _, _, err := New(network(func(*image.Gray) ([]float32, error) { return nil, broken })).Zone(t.Context(), page,
		today); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, _, err := New(network(func(*image.Gray) ([]float32, error) { return make([]float32, 7), nil })).Zone(t.Context(),
		page, today); err == nil {
		t.Error("an answer of the wrong size is taken")
	}
	left, leave := context.WithCancel(t.Context())
	count := 0
	leaving := network(func(g *image.Gray) ([]float32, error) {
		if count++; count == 2 {
			leave()
		}
		return noise(g)
	})
	if _, _, err := New(leaving).Zone(left, page, today); !errors.Is(err, context.Canceled) || count != 2 {
		t.Errorf("%v after %d lines", err, count)
	}
}
