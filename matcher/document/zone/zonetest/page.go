package zonetest

import (
	"bytes"
	_ "embed"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/f64"
	"golang.org/x/image/math/fixed"
)

//go:embed OCRBS.otf
var ocrB []byte

func face(data []byte, size float64) font.Face {
	parsed, err := opentype.Parse(data)
	if err != nil {
		panic(err) // the font is the package's own
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err)
	}
	return f
}

// perSize is the pitch of OCR B as a share of its size.
var perSize = func() float64 {
	advance, _ := face(ocrB, 1000).GlyphAdvance('0')
	return float64(advance) / 64 / 1000
}()

// Page draws a page that carries a zone: a card or passport page with paper, print, a
// portrait's place and the zone at the bottom. Pitch is the number of pixels from one
// character to the next.
func Page(r *rand.Rand, lines []string, pitch float64) *image.RGBA {
	length := float64(len(lines[0]))
	w := int((length + 4 + 4*r.Float64()) * pitch)
	h := int(float64(w) * (0.6 + 0.1*r.Float64()))
	img := paper(r, w, h)
	small := face(goregular.TTF, pitch*(0.8+0.4*r.Float64()))
	for i := range 6 {
		text(img, small, ink(r), float64(w)*0.4, float64(h)*(0.12+0.08*float64(i)), words(r))
	}
	portrait := image.Rect(w/20, h/8, w/3, h*6/10)
	draw.Draw(img, portrait, image.NewUniform(color.RGBA{uint8(100 + r.IntN(100)), uint8(90 + r.IntN(90)),
		uint8(80 + r.IntN(90)), 255}), image.Point{}, draw.Src)
	Print(r, img, lines, pitch, (float64(w)-length*pitch)/2,
		float64(h)-pitch*(2.5*float64(len(lines)-1)+1.2+0.8*r.Float64()))
	return img
}

// Print prints a zone: its first line begins at x and stands on y.
func Print(r *rand.Rand, img *image.RGBA, lines []string, pitch, x, y float64) {
	f := face(ocrB, pitch/perSize)
	c := ink(r)
	bold := r.IntN(3) == 0
	for i, line := range lines {
		for j := range line {
			at, base := x+float64(j)*pitch, y+2.5*pitch*float64(i)
			text(img, f, c, at, base, line[j:j+1])
			if bold {
				text(img, f, c, at+0.06*pitch, base, line[j:j+1])
			}
		}
	}
}

func ink(r *rand.Rand) color.Color {
	v := r.IntN(80)
	return color.RGBA{uint8(v + r.IntN(20)), uint8(v + r.IntN(20)), uint8(v + r.IntN(30)), 255}
}

func text(img *image.RGBA, f font.Face, c color.Color, x, y float64, s string) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: f,
		Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)}}
	d.DrawString(s)
}

func words(r *rand.Rand) (s string) {
	for range 2 + r.IntN(3) {
		for range 2 + r.IntN(8) {
			s += string(rune("abcdefghijklmnopqrstuvwxyzABCDEFGHJ0123456789"[r.IntN(45)]))
		}
		s += " "
	}
	return s
}

// paper is tinted, and may have waves and lines of colour.
func paper(r *rand.Rand, w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	base := [3]float64{190 + 65*r.Float64(), 190 + 65*r.Float64(), 190 + 65*r.Float64()}
	type wave struct {
		cos, sin, period, bend, deep float64
		tint                         [3]float64
	}
	var waves []wave
	for range r.IntN(4) {
		angle := r.Float64() * math.Pi
		waves = append(waves, wave{
			math.Cos(angle), math.Sin(angle), 4 + 40*r.Float64(), 12 * r.Float64(), 6 + 22*r.Float64(),
			[3]float64{r.Float64(), r.Float64(), r.Float64()},
		})
	}
	for y := range h {
		for x := range w {
			p := base
			for _, v := range waves {
				along, across := float64(x)*v.cos+float64(y)*v.sin, float64(y)*v.cos-float64(x)*v.sin
				s := v.deep * (1 + math.Sin(2*math.Pi/v.period*(along+v.bend*math.Sin(across/30))))
				for c := range p {
					p[c] -= s * v.tint[c]
				}
			}
			at := img.PixOffset(x, y)
			for c := range p {
				img.Pix[at+c] = byte(max(0, min(255, p[c])))
			}
			img.Pix[at+3] = 255
		}
	}
	return img
}

// Worn is a page as a bad camera or scanner gives it: askew, of less resolution, blurred,
// noisy, under uneven light, with a reflection, in black and white, coded as JPEG; each
// of it by chance.
func Worn(r *rand.Rand, page *image.RGBA) *image.RGBA {
	size := page.Rect.Size()
	angle := r.NormFloat64() * 2 * math.Pi / 180
	scale := 0.55 + 0.6*r.Float64()
	slant := r.NormFloat64() * 0.02
	sin, cos := math.Sincos(angle)
	w, h := int(float64(size.X)*scale*1.05)+20, int(float64(size.Y)*scale*1.08)+20
	m := f64.Aff3{scale * cos, scale * (slant - sin), 0, scale * sin, scale * cos, 0}
	cx, cy := float64(size.X)/2, float64(size.Y)/2
	m[2], m[5] = float64(w)/2-m[0]*cx-m[1]*cy, float64(h)/2-m[3]*cx-m[4]*cy
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	around := byte(r.IntN(256))
	for i := range img.Pix {
		img.Pix[i] = around
	}
	draw.BiLinear.Transform(img, m, page, page.Rect, draw.Src, nil)
	if r.IntN(3) == 0 {
		img = blurred(img, 1+r.IntN(2))
	}
	grain, dim := 0.0, 1.0
	if r.IntN(2) == 0 {
		grain = 2 + 14*r.Float64()
	}
	if r.IntN(3) == 0 {
		dim = 0.5 + 0.5*r.Float64()
	}
	var spot [4]float64
	if r.IntN(4) == 0 {
		spot = [4]float64{r.Float64() * float64(w), r.Float64() * float64(h), float64(w) * (0.05 + 0.2*r.Float64()),
			60 + 160*r.Float64()}
	}
	bitonal := r.IntN(12) == 0
	grey := bitonal || r.IntN(4) == 0
	for y := range h {
		for x := range w {
			p := img.Pix[img.PixOffset(x, y):][:3]
			light := dim + (1-dim)*float64(x)/float64(w)
			add := grain * r.NormFloat64()
			if spot[3] > 0 {
				dx, dy := (float64(x)-spot[0])/spot[2], (float64(y)-spot[1])/spot[2]
				add += spot[3] * math.Exp(-dx*dx-dy*dy)
			}
			if grey {
				l := (299*int(p[0]) + 587*int(p[1]) + 114*int(p[2])) / 1000
				p[0], p[1], p[2] = byte(l), byte(l), byte(l)
			}
			for c := range p {
				v := float64(p[c])*light + add
				if bitonal {
					if v = 0; float64(p[c])*light+add > 125 {
						v = 255
					}
				}
				p[c] = byte(max(0, min(255, v)))
			}
		}
	}
	if r.IntN(3) > 0 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 25 + r.IntN(70)}); err != nil {
			panic(err) // writing to memory does not fail
		}
		coded, err := jpeg.Decode(&b)
		if err != nil {
			panic(err)
		}
		draw.Draw(img, img.Rect, coded, image.Point{}, draw.Src)
	}
	return img
}

// blurred is the mean of each pixel's surroundings.
func blurred(img *image.RGBA, reach int) *image.RGBA {
	out := image.NewRGBA(img.Rect)
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for y := range h {
		for x := range w {
			var sum [4]int
			n := 0
			for dy := max(0, y-reach); dy <= min(h-1, y+reach); dy++ {
				for dx := max(0, x-reach); dx <= min(w-1, x+reach); dx++ {
					at := img.PixOffset(dx, dy)
					for c := range sum {
						sum[c] += int(img.Pix[at+c])
					}
					n++
				}
			}
			at := out.PixOffset(x, y)
			for c := range sum {
				out.Pix[at+c] = byte(sum[c] / n)
			}
		}
	}
	return out
}
