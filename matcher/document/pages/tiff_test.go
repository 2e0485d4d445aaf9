package pages

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"math/bits"
	"testing"
)

// strips cuts a picture into pieces of so many rows.
func strips(img *image.RGBA, rows int, encode func(*image.RGBA) []byte) (all [][]byte) {
	for y := 0; y < img.Rect.Dy(); y += rows {
		part := img.SubImage(image.Rect(0, y, img.Rect.Dx(), min(img.Rect.Dy(), y+rows))).(*image.RGBA)
		whole := image.NewRGBA(image.Rectangle{Max: part.Rect.Size()})
		copy(whole.Pix, part.Pix)
		all = append(all, encode(whole))
	}
	return all
}

// sharing stores brightness for each pixel, and colour once for h x v of them.
func sharing(img *image.RGBA, h, v int) (out []byte) {
	size := img.Rect.Size()
	at := func(x, y int) (uint8, uint8, uint8) {
		c := img.RGBAAt(min(x, size.X-1), min(y, size.Y-1))
		return color.RGBToYCbCr(c.R, c.G, c.B)
	}
	for y := 0; y < size.Y; y += v {
		for x := 0; x < size.X; x += h {
			for dy := range v {
				for dx := range h {
					bright, _, _ := at(x+dx, y+dy)
					out = append(out, bright)
				}
			}
			_, cb, cr := at(x, y)
			out = append(out, cb, cr)
		}
	}
	return out
}

func TestColoursOfTIFF(t *testing.T) {
	img := card(1)
	base := rgbPage(img).entries
	ycc := func(rows, h, v int, more ...entry) []byte {
		d := base.with(numbers(262, 6), numbers(278, uint32(rows)), numbers(530, uint32(h), uint32(v))).with(more...)
		return tiffOf(binary.LittleEndian, tiffPage{d, strips(img, rows, func(part *image.RGBA) []byte { return sharing(part, h, v) })})
	}
	perPixel := func(samples int, of func(c color.RGBA, x int) []byte) (out []byte) {
		for i := 0; i < len(img.Pix); i += 4 {
			p := img.Pix[i : i+4]
			sample := of(color.RGBA{p[0], p[1], p[2], 255}, i/4%cardSize.X)
			if len(sample) != samples {
				t.Fatalf("%d samples", len(sample))
			}
			out = append(out, sample...)
		}
		return out
	}
	for name, data := range map[string][]byte{
		"colour for each pixel":       ycc(90, 1, 1),
		"colour for two":              ycc(32, 2, 1),
		"colour for four":             ycc(16, 2, 2),
		"colour for sixteen":          ycc(20, 4, 4),
		"shares are 2x2 if not named": tiffOf(binary.BigEndian, tiffPage{base.with(numbers(262, 6)), [][]byte{sharing(img, 2, 2)}}),
		"jpeg": tiffOf(binary.BigEndian, tiffPage{base.with(numbers(259, 7), numbers(262, 6), numbers(278, 32)),
			strips(img, 32, func(part *image.RGBA) []byte { return jpegOf(t, part) })}),
		"jpeg, every strip as high": tiffOf(binary.BigEndian, tiffPage{base.with(numbers(259, 7), numbers(262, 6), numbers(278, 32)),
			strips(img, 32, func(part *image.RGBA) []byte {
				high := image.NewRGBA(image.Rect(0, 0, cardSize.X, 32))
				copy(high.Pix, part.Pix)
				return jpegOf(t, high)
			})}),
		"an extra sample": tiffOf(binary.LittleEndian, tiffPage{base.with(numbers(258, 8, 8, 8, 8), numbers(277, 4), numbers(338, 0)),
			[][]byte{perPixel(4, func(c color.RGBA, _ int) []byte { return []byte{c.R, c.G, c.B, 0} })}}),
		"four colours, deflated": tiffOf(binary.LittleEndian, tiffPage{base.with(numbers(258, 8, 8, 8, 8), numbers(259, 32946), numbers(262, 5), numbers(277, 4)),
			[][]byte{deflated(perPixel(4, func(c color.RGBA, _ int) []byte { return []byte{255 - c.R, 255 - c.G, 255 - c.B, 0} }))}}),
		"no length of the only strip": tiffOf(binary.LittleEndian, tiffPage{without(base, 279), rgbPage(img).blocks}),
		"a thumbnail in front":        tiffOf(binary.LittleEndian, rgbPage(card(1), numbers(254, 1)), rgbPage(img)),
	} {
		t.Run(name, func(t *testing.T) {
			_, p := open(t, data)
			showsCard(t, p.Picture)
		})
	}
	// Half of the page is transparent.
	for name, data := range map[string][]byte{
		"multiplied": tiffOf(binary.LittleEndian, tiffPage{base.with(numbers(258, 8, 8, 8, 8), numbers(277, 4), numbers(338, 1)),
			[][]byte{perPixel(4, func(c color.RGBA, x int) []byte {
				if x >= cardSize.X/2 {
					return []byte{0, 0, 0, 0}
				}
				return []byte{c.R, c.G, c.B, 255}
			})}}),
		"as it is": tiffOf(binary.LittleEndian, tiffPage{base.with(numbers(258, 8, 8, 8, 8), numbers(277, 4), numbers(338, 2)),
			[][]byte{perPixel(4, func(c color.RGBA, x int) []byte {
				if x >= cardSize.X/2 {
					return []byte{c.R, c.G, c.B, 0}
				}
				return []byte{c.R, c.G, c.B, 255}
			})}}),
	} {
		_, p := open(t, data)
		for i, want := range []color.RGBA{cardFields[0], {255, 255, 255, 255}, cardFields[2], {255, 255, 255, 255}} {
			if got := field(p.Picture, i); !like(got, want) {
				t.Errorf("%s: field %d is %v, want %v", name, i, got, want)
			}
		}
	}
}

func without(d directory, tag uint16) (left directory) {
	for _, e := range d {
		if e.tag != tag {
			left = append(left, e)
		}
	}
	return left
}

// Bits from low to high, and two of them for a grey.
func TestBitsOfTIFF(t *testing.T) {
	two := make([]byte, cardSize.X/4*cardSize.Y)
	for y := range cardSize.Y {
		for x := range cardSize.X {
			level := uint8(2*y/cardSize.Y*2 + 2*x/cardSize.X)
			two[y*cardSize.X/4+x/4] |= level << (6 - x%4*2)
		}
	}
	low := bytes.Clone(two)
	for i, b := range low {
		low[i] = bits.Reverse8(b)
	}
	base := without(rgbPage(card(1)).entries, 258).with(numbers(258, 2), numbers(277, 1))
	for name, c := range map[string]struct {
		data  []byte
		white bool // is zero
	}{
		"black is zero": {tiffOf(binary.LittleEndian, tiffPage{base.with(numbers(262, 1)), [][]byte{two}}), false},
		"white is zero": {tiffOf(binary.LittleEndian, tiffPage{base.with(numbers(262, 0)), [][]byte{two}}), true},
		"low to high":   {tiffOf(binary.LittleEndian, tiffPage{base.with(numbers(262, 1), numbers(266, 2)), [][]byte{low}}), false},
	} {
		_, p := open(t, c.data)
		for i, want := range []uint8{0, 85, 170, 255} {
			if c.white {
				want = 255 - want
			}
			if got := field(p.Picture, i); got != (color.RGBA{want, want, want, 255}) {
				t.Errorf("%s: field %d is %v, want %d", name, i, got, want)
			}
		}
	}
}

// What a header says of a strip or tile is believed only as far as it is true.
func TestDamagedTIFF(t *testing.T) {
	img := card(1)
	base := rgbPage(img).entries
	jpegs := func(size image.Point) [][]byte {
		return [][]byte{jpegOf(t, image.NewRGBA(image.Rectangle{Max: size}))}
	}
	progressive := testdata(t, "progressive.jpg")
	for name, c := range map[string]struct {
		page tiffPage
		want string
	}{
		"a strip too short":          {tiffPage{base, [][]byte{make([]byte, 100)}}, "document.damaged"},
		"packed bits too short":      {tiffPage{base.with(numbers(259, 32773)), [][]byte{{5, 1}}}, "document.damaged"},
		"deflated rubbish":           {tiffPage{base.with(numbers(259, 8)), [][]byte{{1, 2, 3, 4}}}, "document.damaged"},
		"lzw rubbish":                {tiffPage{base.with(numbers(259, 5)), [][]byte{{0xff, 2, 3, 4}}}, "document.damaged"},
		"too few strips":             {tiffPage{base.with(numbers(278, 10)), rgbPage(img).blocks}, "document.damaged"},
		"a fax of colours":           {tiffPage{base.with(numbers(259, 4)), rgbPage(img).blocks}, "document.damaged"},
		"a fax of nothing":           {tiffPage{without(base, 258).with(numbers(259, 3), numbers(262, 0), numbers(277, 1)), [][]byte{{0, 0, 0}}}, "document.damaged"},
		"no palette":                 {tiffPage{base.with(numbers(258, 8), numbers(262, 3), numbers(277, 1)), rgbPage(img).blocks}, "document.damaged"},
		"jpeg that is larger":        {tiffPage{base.with(numbers(259, 7), numbers(262, 6)), jpegs(image.Pt(3000, 3000))}, "document.damaged"},
		"jpeg that is smaller":       {tiffPage{base.with(numbers(259, 7), numbers(262, 6)), jpegs(image.Pt(30, 30))}, "document.damaged"},
		"jpeg that is none":          {tiffPage{base.with(numbers(259, 7), numbers(262, 6)), rgbPage(img).blocks}, "document.damaged"},
		"jpeg that is progressive":   {tiffPage{base.with(numbers(259, 7), numbers(262, 6)), [][]byte{progressive}}, "document.rare"},
		"a strip of much memory":     {tiffPage{base.with(numbers(256, 8000), numbers(257, 5000), numbers(258, 16, 16, 16, 16, 16), numbers(277, 5)), rgbPage(img).blocks}, "document.rare"},
		"fractions":                  {tiffPage{base.with(numbers(339, 3)), rgbPage(img).blocks}, "document.rare"},
		"differences of fractions":   {tiffPage{base.with(numbers(317, 3)), rgbPage(img).blocks}, "document.rare"},
		"a share of colours of five": {tiffPage{base.with(numbers(262, 6), numbers(530, 5, 1)), rgbPage(img).blocks}, "document.damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refused(t, tiffOf(binary.LittleEndian, c.page)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
