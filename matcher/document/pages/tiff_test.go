package pages

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"math/bits"
	"testing"

	"facematch/matcher/internal/picture"
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
		return tiffOf(binary.LittleEndian,
			tiffPage{d, strips(img, rows, func(part *image.RGBA) []byte { return sharing(part, h, v) })})
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
		"colour for each pixel": ycc(90, 1, 1),
		"colour for two":        ycc(32, 2, 1),
		"colour for four":       ycc(16, 2, 2),
		"colour for sixteen":    ycc(20, 4, 4),
		"shares are 2x2 if not named": tiffOf(binary.BigEndian,
			tiffPage{base.with(numbers(262, 6)), [][]byte{sharing(img, 2, 2)}}),
		"jpeg": tiffOf(binary.BigEndian, tiffPage{base.with(numbers(259, 7), numbers(262, 6), numbers(278, 32)),
			strips(img, 32, func(part *image.RGBA) []byte { return jpegOf(t, part) })}),
		"jpeg, every strip as high": tiffOf(binary.BigEndian,
			tiffPage{base.with(numbers(259, 7), numbers(262, 6), numbers(278, 32)),
				strips(img, 32, func(part *image.RGBA) []byte {
					high := image.NewRGBA(image.Rect(0, 0, cardSize.X, 32))
					copy(high.Pix, part.Pix)
					return jpegOf(t, high)
				})}),
		"an extra sample": tiffOf(binary.LittleEndian,
			tiffPage{base.with(numbers(258, 8, 8, 8, 8), numbers(277, 4), numbers(338, 0)),
				[][]byte{perPixel(4, func(c color.RGBA, _ int) []byte { return []byte{c.R, c.G, c.B, 0} })}}),
		"four colours, deflated": tiffOf(binary.LittleEndian,
			tiffPage{base.with(numbers(258, 8, 8, 8, 8), numbers(259, 32946), numbers(262, 5), numbers(277, 4)),
				[][]byte{deflated(perPixel(4, func(c color.RGBA,
					_ int) []byte {
					return []byte{255 - c.R, 255 - c.G, 255 - c.B, 0}
				}))}}),
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
		"multiplied": tiffOf(binary.LittleEndian,
			tiffPage{base.with(numbers(258, 8, 8, 8, 8), numbers(277, 4), numbers(338, 1)),
				[][]byte{perPixel(4, func(c color.RGBA, x int) []byte {
					if x >= cardSize.X/2 {
						return []byte{0, 0, 0, 0}
					}
					return []byte{c.R, c.G, c.B, 255}
				})}}),
		"as it is": tiffOf(binary.LittleEndian,
			tiffPage{base.with(numbers(258, 8, 8, 8, 8), numbers(277, 4), numbers(338, 2)),
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
		"low to high": {tiffOf(binary.LittleEndian,
			tiffPage{base.with(numbers(262, 1), numbers(266, 2)), [][]byte{low}}), false},
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
		"a strip too short":     {tiffPage{base, [][]byte{make([]byte, 100)}}, "document.damaged"},
		"packed bits too short": {tiffPage{base.with(numbers(259, 32773)), [][]byte{{5, 1}}}, "document.damaged"},
		"deflated rubbish":      {tiffPage{base.with(numbers(259, 8)), [][]byte{{1, 2, 3, 4}}}, "document.damaged"},
		"lzw rubbish":           {tiffPage{base.with(numbers(259, 5)), [][]byte{{0xff, 2, 3, 4}}}, "document.damaged"},
		"too few strips":        {tiffPage{base.with(numbers(278, 10)), rgbPage(img).blocks}, "document.damaged"},
		"a fax of colours":      {tiffPage{base.with(numbers(259, 4)), rgbPage(img).blocks}, "document.damaged"},
		"a fax of nothing": {tiffPage{without(base, 258).with(numbers(259, 3), numbers(262, 0), numbers(277, 1)),
			[][]byte{{0, 0, 0}}}, "document.damaged"},
		"half a palette": {tiffPage{base.with(numbers(258, 8), numbers(262, 3), numbers(277, 1),
			numbers(320, make([]uint32, 300)...)), rgbPage(img).blocks}, "document.damaged"},
		"no palette of four bits": {tiffPage{base.with(numbers(258, 4), numbers(262, 3), numbers(277, 1)),
			rgbPage(img).blocks}, "document.damaged"},
		"jpeg that is larger": {tiffPage{base.with(numbers(259, 7), numbers(262, 6)), jpegs(image.Pt(3000, 3000))},
			"document.damaged"},
		"jpeg that is smaller": {tiffPage{base.with(numbers(259, 7), numbers(262, 6)), jpegs(image.Pt(30, 30))},
			"document.damaged"},
		"jpeg that is none": {tiffPage{base.with(numbers(259, 7), numbers(262, 6)), rgbPage(img).blocks},
			"document.damaged"},
		"jpeg that is progressive": {tiffPage{base.with(numbers(259, 7), numbers(262, 6)), [][]byte{progressive}},
			"document.rare"},
		"a strip of much memory": {tiffPage{base.with(numbers(256, 8000), numbers(257, 5000),
			numbers(258, 16, 16, 16, 16, 16), numbers(277, 5)), rgbPage(img).blocks}, "document.rare"},
		"fractions":                {tiffPage{base.with(numbers(339, 3)), rgbPage(img).blocks}, "document.rare"},
		"differences of fractions": {tiffPage{base.with(numbers(317, 3)), rgbPage(img).blocks}, "document.rare"},
		"a share of colours of five": {tiffPage{base.with(numbers(262, 6), numbers(530, 5, 1)), rgbPage(img).blocks},
			"document.damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refused(t, tiffOf(binary.LittleEndian, c.page)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// entryAt is where a directory's entry stands in a file of one page.
func entryAt(t testing.TB, order binary.ByteOrder, data []byte, tag uint16) int {
	t.Helper()
	at := int(order.Uint32(data[4:]))
	for i := range int(order.Uint16(data[at:])) {
		if e := at + 2 + 12*i; order.Uint16(data[e:]) == tag {
			return e
		}
	}
	t.Fatalf("no entry %d", tag)
	return 0
}

// Files that break the rules in ways that libtiff bears with, and so all who use
// it.
func TestSloppyTIFF(t *testing.T) {
	img := card(1)
	base := rgbPage(img).entries
	of := func(d directory, blocks [][]byte) []byte { return tiffOf(binary.LittleEndian, tiffPage{d, blocks}) }
	pixels := rgbPage(img).blocks[0]
	plain := func(part *image.RGBA) []byte { return rgbPage(part).blocks[0] }
	deflate := func(part *image.RGBA) []byte { return deflated(plain(part)) }
	few := strips(img, 16, plain)
	// set changes an entry behind the writer's back: its count, and its first value
	// or their place.
	set := func(data []byte, tag uint16, count, value uint32) []byte {
		e := entryAt(t, binary.LittleEndian, data, tag)
		binary.LittleEndian.PutUint32(data[e+4:], count)
		binary.LittleEndian.PutUint32(data[e+8:], value)
		return data
	}
	zeros := func(data []byte) []byte { // for all lengths
		e := entryAt(t, binary.LittleEndian, data, 279)
		n := int(binary.LittleEndian.Uint32(data[e+4:]))
		clear(data[binary.LittleEndian.Uint32(data[e+8:]):][:4*n])
		return data
	}
	lzw := testdata(t, "lzw.tif")
	copy(lzw[entryAt(t, binary.LittleEndian, lzw, 279)+8:], []byte{0, 0, 0, 0})
	wide := deflated(pixels)
	palette := make([]uint32, 3*256)
	indices := make([]byte, 0, len(img.Pix)/4)
	for i, c := range cardFields {
		palette[i], palette[256+i], palette[512+i] = uint32(c.R), uint32(c.G), uint32(c.B)
	}
	for y := range cardSize.Y {
		for x := range cardSize.X {
			indices = append(indices, byte(2*y/cardSize.Y*2+2*x/cardSize.X))
		}
	}
	indexed := base.with(numbers(258, 8), numbers(262, 3), numbers(277, 1), numbers(320, palette...))
	unended := of(base, [][]byte{pixels})
	kind := func(data []byte, tag uint16, kind byte) []byte {
		data[entryAt(t, binary.LittleEndian, data, tag)+2] = kind
		return data
	}
	late := of(base, [][]byte{pixels})
	late = append(late, late[len(late)-4:]...) // a second width, which counts for nothing
	start := int(binary.LittleEndian.Uint32(late[4:]))
	binary.LittleEndian.PutUint16(late[start:], binary.LittleEndian.Uint16(late[start:])+1)
	late = append(late[:len(late)-8], 0, 1, 3, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0)

	for name, data := range map[string][]byte{
		"length 0 of a deflated strip":          set(of(base.with(numbers(259, 8)), [][]byte{wide}), 279, 1, 0),
		"length 0 of a strip of lzw":            lzw,
		"length 0 of a plain strip":             set(of(base, [][]byte{pixels}), 279, 1, 0),
		"length 0 of each of many plain strips": zeros(of(base.with(numbers(278, 16)), few)),
		"length 0 of each of many strips": zeros(of(base.with(numbers(259, 8), numbers(278, 16)),
			strips(img, 16, deflate))),
		"no lengths of many strips": of(without(base.with(numbers(259, 8), numbers(278, 16)), 279),
			strips(img, 16, deflate)),
		"no lengths of many plain strips": of(without(base.with(numbers(278, 16)), 279), few),
		"a length far too large":          set(of(base.with(numbers(259, 8)), [][]byte{wide}), 279, 1, 1<<31),
		"a length far too small":          set(of(base, [][]byte{pixels}), 279, 1, 100),
		"fewer lengths than strips": set(of(base.with(numbers(259, 8), numbers(278, 45)),
			strips(img, 45, deflate)), 279, 1, uint32(len(strips(img, 45, deflate)[0]))),
		"no rows in a strip":           of(base.with(numbers(278, 0)), [][]byte{pixels}),
		"strips that lie in one piece": of(base, few),
		"no colours named":             of(without(base, 262), [][]byte{pixels}),
		"no colours named, deflated":   of(without(base.with(numbers(259, 8)), 262), [][]byte{wide}),
		"no colours named, jpeg":       of(without(base.with(numbers(259, 7)), 262), [][]byte{jpegOf(t, img)}),
		"jpeg without its end": of(base.with(numbers(259, 7), numbers(262, 6)),
			[][]byte{withoutSegments(t, jpegOf(t, img), 0xd9)}),
		"jpeg without tables": of(base.with(numbers(259, 7), numbers(262, 6)),
			[][]byte{withoutSegments(t, jpegOf(t, img), 0xc4)}),
		"jpeg with its height behind": of(base.with(numbers(259, 7), numbers(262, 6)),
			[][]byte{withLines(t, jpegOf(t, img))}),
		"no colours named, a palette":         of(without(indexed, 262), [][]byte{indices}),
		"no number of samples":                of(without(base, 277), [][]byte{pixels}),
		"a palette of eight bits":             of(indexed, [][]byte{indices}),
		"a palette that is none, in colour":   of(base.with(numbers(262, 3)), [][]byte{pixels}),
		"no end of the directories":           unended[:len(unended)-4],
		"half an end of the directories":      unended[:len(unended)-2],
		"a second width":                      late,
		"signed numbers":                      kind(kind(kind(of(base, [][]byte{pixels}), 256, 8), 257, 8), 273, 9),
		"a place of a directory for a number": kind(of(base, [][]byte{pixels}), 273, 13),
		"tiles listed as strips": of(base.with(numbers(322, 128), numbers(323, 96)), [][]byte{func() []byte {
			tile := image.NewRGBA(image.Rect(0, 0, 128, 96))
			draw.Draw(tile, img.Rect, img, image.Point{}, draw.Src)
			return plain(tile)
		}()}),
		"strips listed as tiles": tiffOf(binary.LittleEndian,
			tiffPage{without(without(base, 273), 279).with(numbers(324), numbers(325)), [][]byte{pixels}}),
		"nothing but a thumbnail": of(base.with(numbers(254, 1)), [][]byte{pixels}),
	} {
		t.Run(name, func(t *testing.T) {
			f, p := open(t, data)
			if f.Count != 1 {
				t.Errorf("%d pages", f.Count)
			}
			showsCard(t, p.Picture)
		})
	}

	// What names no colours and has one sample is grey, and on a fax white is zero.
	gray := make([]byte, 0, len(img.Pix)/4)
	for i := 0; i < len(img.Pix); i += 4 {
		gray = append(gray, img.Pix[i])
	}
	one := base.with(numbers(258, 8), numbers(277, 1))
	for name, data := range map[string][]byte{
		"grey":                    of(without(one, 262), [][]byte{gray}),
		"grey, without a palette": of(one.with(numbers(262, 3)), [][]byte{gray}),
	} {
		_, p := open(t, data)
		for i, want := range cardFields {
			if got := field(p.Picture, i); got != (color.RGBA{want.R, want.R, want.R, 255}) {
				t.Errorf("%s: field %d is %v, want %d", name, i, got, want.R)
			}
		}
	}
	fax := testdata(t, "g4.tif")
	binary.LittleEndian.PutUint16(fax[entryAt(t, binary.LittleEndian, fax, 262):], 65000) // the name is gone
	if _, p := open(t, fax); field(p.Picture, 0) != (color.RGBA{0, 0, 0, 255}) ||
		field(p.Picture, 1) != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("a fax is %v and %v", field(p.Picture, 0), field(p.Picture, 1))
	}
}

// A bad link to a next page does not spoil those in front of it.
func TestLastLinkOfTIFF(t *testing.T) {
	two := func(last uint32) []byte {
		data := tiffOf(binary.LittleEndian, rgbPage(card(1)), rgbPage(card(2)))
		binary.LittleEndian.PutUint32(data[len(data)-4:], last)
		return data
	}
	first := binary.LittleEndian.Uint32(two(0)[4:])
	for name, last := range map[string]uint32{
		"as it should be": 0, "far outside": 1 << 31, "just outside": uint32(len(two(0))),
		"at the end":        uint32(len(two(0)) - 1),
		"back to the first": first, "back to itself": uint32(len(two(0)) - 4 - 12*8 - 2), "into the pixels": 9,
	} {
		f, _ := open(t, two(last))
		if f.Count != 2 || f.More {
			t.Errorf("%s: %d pages, more: %v", name, f.Count, f.More)
			continue
		}
		p, err := f.Page(context.Background(), 2)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		showsCard(t, p.Picture)
	}
	// Where not even the first one is there, there is nothing.
	data := two(0)
	binary.LittleEndian.PutUint32(data[4:], uint32(len(data)))
	if got := refused(t, data); got != "document.damaged" {
		t.Errorf("no page at all: %q", got)
	}
}

// withParts is a TIFF with directories beside its pages: what its first page calls its
// parts.
func withParts(t testing.TB, page tiffPage, parts ...tiffPage) []byte {
	t.Helper()
	page.entries = page.entries.with(numbers(330, make([]uint32, max(2, len(parts)))...))
	data := tiffOf(binary.LittleEndian, append([]tiffPage{page}, parts...)...)
	e := entryAt(t, binary.LittleEndian, data, 330)
	list := int(binary.LittleEndian.Uint32(data[e+8:]))
	link := int(binary.LittleEndian.Uint32(data[4:]))
	for i := range max(2, len(parts)) {
		link += 2 + 12*int(binary.LittleEndian.Uint16(data[link:]))
		next := binary.LittleEndian.Uint32(data[link:])
		binary.LittleEndian.PutUint32(data[link:], 0)
		if next == 0 {
			break
		}
		binary.LittleEndian.PutUint32(data[list+4*i:], next)
		link = int(next)
	}
	return data
}

// A raw photo is named, though it begins like a TIFF and has a small picture.
func TestRawPhotos(t *testing.T) {
	preview := rgbPage(card(1), numbers(254, 1))
	sensor := tiffPage{rgbPage(card(1)).entries.with(numbers(258, 16), numbers(262, 32803), numbers(277, 1)),
		[][]byte{make([]byte, 2*120*90)}}
	linear := rgbPage(card(1), numbers(262, 34892))
	jpeg := tiffPage{preview.entries.with(numbers(259, 6)), [][]byte{jpegOf(t, card(1))}}
	named := func(maker string) entry { return entry{tag: 271, bytes: []byte(maker + "\x00")} }
	with := func(p tiffPage, more ...entry) tiffPage { return tiffPage{p.entries.with(more...), p.blocks} }
	version := entry{tag: 50706, bytes: []byte{1, 4, 0, 0}}
	for name, data := range map[string][]byte{
		"dng":                           withParts(t, with(preview, version), sensor),
		"dng, without parts":            tiffOf(binary.BigEndian, with(sensor, version)),
		"dng, linear":                   withParts(t, with(preview, version), linear),
		"dng, a large picture in front": withParts(t, with(rgbPage(card(3)), version), sensor),
		"nef":                           withParts(t, with(preview, named("NIKON CORPORATION")), jpeg, sensor),
		"nef, large picture in front":   withParts(t, with(rgbPage(card(3)), named("NIKON CORPORATION")), jpeg, sensor),
		"arw":                           withParts(t, with(jpeg, named("SONY")), sensor),
		"pef":                           tiffOf(binary.BigEndian, with(sensor, named("PENTAX Corporation")), preview),
		"srw":                           withParts(t, with(preview, named("SAMSUNG")), jpeg, sensor),
		"cr2":                           []byte("II*\x00\x10\x00\x00\x00CR\x02\x00\x00\x00\x00\x00\x00\x00"),
		"cr3":                           []byte("\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom"),
		"crw":                           []byte("II\x1a\x00\x00\x00HEAPCCDR\x02\x00\x01\x00"),
		"rw2":                           []byte("IIU\x00\x18\x00\x00\x00"),
		"orf":                           []byte("IIRO\x08\x00\x00\x00"),
		"raf":                           []byte("FUJIFILMCCD-RAW 0201"),
		"mrw":                           []byte("\x00MRM\x00\x00\x00\x00"),
		"x3f":                           []byte("FOVb\x00\x00\x02\x00"),
		"iiq":                           []byte("II*\x00\x10\x00\x00\x00IIIITwaR"),
	} {
		if got := refused(t, data); got != "document.raw" {
			t.Errorf("%s: %q", name, got)
		}
	}
	// A small picture beside the page is not a page, and pixels may have any value.
	grey := picture.Solid(image.Pt(40, 30), color.RGBA{'I', 'I', 'I', 255})
	for name, data := range map[string][]byte{
		"a page with a smaller copy": withParts(t, rgbPage(card(1)), rgbPage(card(1), numbers(254, 1))),
		"a page that begins as iiq":  tiffOf(binary.LittleEndian, rgbPage(grey)),
		"parts that are nowhere":     tiffOf(binary.LittleEndian, rgbPage(card(1), numbers(330, 1<<30, 3))),
	} {
		if got := refused(t, data); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
