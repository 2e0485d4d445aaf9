package pages

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"

	"facematch/matcher/internal/picture"
)

// jpegParts cuts a JPEG into its segments, each with what follows it up to the
// next; a check of its own, by the standard.
func jpegParts(t testing.TB, data []byte) (parts []jpegPart) {
	t.Helper()
	if !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		t.Fatal("no JPEG")
	}
	for at := 2; at < len(data); {
		if data[at] != 0xff || at+2 > len(data) {
			t.Fatalf("no marker at %d", at)
		}
		marker, end := data[at+1], at+2
		if marker != 0xd9 {
			end += int(data[at+2])<<8 | int(data[at+3])
		}
		for marker == 0xda && end+1 < len(data) && (data[end] != 0xff || data[end+1] == 0 || data[end+1]&0xf8 == 0xd0) {
			if end++; end+1 == len(data) {
				end++ // it has no end marker
			}
		}
		parts = append(parts, jpegPart{marker, data[at:end]})
		at = end
	}
	return parts
}

type jpegPart struct {
	marker byte
	whole  []byte
}

func joined(parts []jpegPart) []byte {
	out := []byte{0xff, 0xd8}
	for _, p := range parts {
		out = append(out, p.whole...)
	}
	return out
}

// withoutSegments leaves segments out.
func withoutSegments(t testing.TB, data []byte, markers ...byte) []byte {
	return joined(slices.DeleteFunc(jpegParts(t, data), func(p jpegPart) bool {
		return bytes.IndexByte(markers, p.marker) >= 0
	}))
}

// withLines has its height behind the first scan, not in front.
func withLines(t testing.TB, data []byte) []byte {
	parts := jpegParts(t, bytes.Clone(data))
	var out []jpegPart
	var height []byte
	for _, p := range parts {
		if p.marker >= 0xc0 && p.marker <= 0xc2 {
			height = bytes.Clone(p.whole[5:7])
			p.whole[5], p.whole[6] = 0, 0
		}
		out = append(out, p)
		if p.marker == 0xda && height != nil {
			out = append(out, jpegPart{0xdc, append([]byte{0xff, 0xdc, 0, 4}, height...)})
			height = nil
		}
	}
	return joined(out)
}

// What all viewers do without is no reason to refuse a JPEG; what is cut off is.
func TestMendedJPEG(t *testing.T) {
	plain := jpegOf(t, card(3))
	gray := image.NewGray(card(3).Rect)
	draw.Draw(gray, gray.Rect, card(3), image.Point{}, draw.Src)
	progressive := testdata(t, "progressive.jpg")
	cut := func(data []byte, n int) []byte { return slices.Clip(data[:len(data)-n]) }
	padded := func(data []byte) []byte { return append(cut(data, 2), make([]byte, 300)...) }
	redundant := append(cut(plain, 2), 0xff, 0xdc, 0, 4, 1, 14, 0xff, 0xd9) // the height is in front too
	for name, data := range map[string][]byte{
		"no Huffman tables":              withoutSegments(t, plain, 0xc4),
		"no Huffman tables, half colour": withoutSegments(t, jpegOf(t, picture.Resize(card(1), image.Pt(640, 480))), 0xc4),
		"no tables, no end":              cut(withoutSegments(t, plain, 0xc4), 2),
		"no end":                         cut(plain, 2),
		"half an end":                    cut(plain, 1),
		"no end, but zeros":              padded(plain),
		"no end, four colours":           cut(testdata(t, "cmyk.jpg"), 2),
		"no end, half colours":           cut(testdata(t, "baseline.jpg"), 2),
		"no end, progressive":            cut(progressive, 2),
		"height behind":                  withLines(t, plain),
		"height behind, half colours":    withLines(t, testdata(t, "baseline.jpg")),
		"height behind, progressive":     withLines(t, progressive),
		"height behind, no tables":       withLines(t, withoutSegments(t, plain, 0xc4)),
		"height in front and behind":     redundant,
	} {
		t.Run(name, func(t *testing.T) {
			_, p := open(t, data)
			showsCard(t, p.Picture)
		})
	}
	_, p := open(t, withoutSegments(t, jpegOf(t, gray), 0xc4))
	if got, want := field(p.Picture, 0),
		color.GrayModel.Convert(cardFields[0]).(color.Gray).Y; !like(got, color.RGBA{want, want, want, 255}) {
		t.Errorf("grey without tables is %v, want %d", got, want)
	}
	// The EXIF flag is found as ever.
	turned := cut(jpegWithEXIF(withoutSegments(t, jpegOf(t, stored(card(3), 6)), 0xc4), exifOf(binary.BigEndian, 6)), 2)
	_, p = open(t, turned)
	showsCard(t, p.Picture)
	if p.Turned != 90 {
		t.Errorf("turned by %d", p.Turned)
	}

	photo := jpegOf(t, photo(640, 480))
	bare := func(data []byte) []byte { return data[:bytes.LastIndex(data, []byte{0xff, 0xda})] }
	for name, data := range map[string][]byte{
		"cut in half":                       photo[:len(photo)/2],
		"a hundred bytes short":             cut(photo, 100),
		"a hundred bytes short, with end":   append(cut(photo, 100), 0xff, 0xd9),
		"progressive, a scan short":         bare(progressive),
		"progressive, a scan short, at end": cut(progressive[:bytes.LastIndex(progressive, []byte{0xff, 0xda})], 1),
		"no height anywhere": slices.Concat(photo[:bytes.Index(photo, []byte{0xff, 0xc0})],
			withLinesOf(t, photo, 0)),
	} {
		if got := refused(t, data); got != "document.damaged" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// withLinesOf is the rest of a JPEG from its start of frame on, with this height.
func withLinesOf(t testing.TB, data []byte, height byte) []byte {
	rest := bytes.Clone(data[bytes.Index(data, []byte{0xff, 0xc0}):])
	rest[5], rest[6] = 0, height
	return rest
}

// The tables put in are those of the standard, which Go's encoder uses too.
func TestStandardTables(t *testing.T) {
	var tables []byte
	for _, p := range jpegParts(t, jpegOf(t, card(1))) {
		if p.marker == 0xc4 {
			tables = append(tables, p.whole[4:]...)
		}
	}
	mended, err := openJPEG(withoutSegments(t, jpegOf(t, card(1)), 0xc4))
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, p := range jpegParts(t, mended.(still).data) {
		if p.marker == 0xc4 {
			got = append(got, p.whole[4:]...)
		}
	}
	if !bytes.Equal(got, tables) {
		t.Errorf("got %x, want %x", got, tables)
	}
}

// pngParts are a PNG's chunks, whole.
func pngParts(t testing.TB, data []byte) (parts [][]byte) {
	t.Helper()
	for rest := data[8:]; len(rest) > 0; {
		n := 12 + int(binary.BigEndian.Uint32(rest))
		parts = append(parts, rest[:n])
		rest = rest[n:]
	}
	return parts
}

func TestMendedPNG(t *testing.T) {
	plain := pngOf(t, card(1))
	few := image.NewPaletted(card(1).Rect, color.Palette{cardFields[0], cardFields[1], cardFields[2], cardFields[3]})
	draw.Draw(few, few.Rect, card(1), image.Point{}, draw.Src)
	palette := pngOf(t, few)
	const header = 8 + 12 + 13
	wrong := func(c []byte) []byte {
		c = bytes.Clone(c)
		c[len(c)-1] ^= 1
		return c
	}
	with := func(data []byte, chunks ...[]byte) []byte {
		return slices.Concat(data[:header], bytes.Join(chunks, nil), data[header:])
	}
	end := len(plain) - 12
	text := pngChunk("tEXt", []byte("Comment\x00none"))
	for name, data := range map[string][]byte{
		"no end":                         plain[:end],
		"no end, palette":                palette[:len(palette)-12],
		"half an end":                    plain[:end+6],
		"end with a wrong sum":           append(plain[:end:end], wrong(plain[end:])...),
		"a text with a wrong sum":        with(plain, wrong(text)),
		"texts, one with a wrong sum":    with(plain, text, wrong(text), text),
		"wrong sum in front of palette":  with(palette, wrong(pngChunk("pHYs", make([]byte, 9)))),
		"wrong sum behind the pixels":    slices.Concat(plain[:end], wrong(text), plain[end:]),
		"wrong sum, no end":              slices.Concat(plain[:end], wrong(text)),
		"a text that is cut off, no end": slices.Concat(plain[:end], text[:10]),
		"zeros in place of the end":      append(plain[:end:end], make([]byte, 40)...),
	} {
		t.Run(name, func(t *testing.T) {
			_, p := open(t, data)
			showsCard(t, p.Picture)
		})
	}
	// A flag with a wrong sum is no flag.
	if _, p := open(t, with(plain, wrong(pngChunk("eXIf", exifOf(binary.BigEndian, 6))))); p.Turned != 0 {
		t.Errorf("turned by %d", p.Turned)
	}

	photo := pngOf(t, photo(640, 480))
	parts := pngParts(t, photo)
	if len(parts) < 5 {
		t.Fatalf("only %d chunks", len(parts))
	}
	for name, data := range map[string][]byte{
		"cut in half":                  photo[:len(photo)/2],
		"a chunk of pixels short":      slices.Concat(photo[:8], bytes.Join(parts[:len(parts)-2], nil)),
		"a few bytes short":            photo[:len(photo)-20],
		"wrong sum of pixels":          slices.Concat(photo[:8], parts[0], wrong(parts[1]), bytes.Join(parts[2:], nil)),
		"wrong sum of the palette":     bytes.Replace(palette, pngParts(t, palette)[1], wrong(pngParts(t, palette)[1]), 1),
		"a chunk of pixels in between": slices.Concat(photo[:8], parts[0], parts[1], bytes.Join(parts[3:], nil)),
	} {
		if got := refused(t, data); got != "document.damaged" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// secret stands in all places of a file where something may be told.
const secret = "Jane Roe, 52.5163N 13.3777E"

func bareOf(t *testing.T, data []byte) []byte {
	t.Helper()
	f, _ := open(t, data)
	bare, err := f.Bare(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(bare, []byte("Roe")) {
		t.Error("the name goes with it")
	}
	return bare
}

// samePixels fails where two files are not the same picture to the last bit, for
// decoders that mend nothing.
func samePixels(t *testing.T, a, b []byte) {
	t.Helper()
	one, _, err := image.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if one.Bounds() != two.Bounds() {
		t.Fatalf("%v and %v", one.Bounds(), two.Bounds())
	}
	for y := range one.Bounds().Dy() {
		for x := range one.Bounds().Dx() {
			if one.At(x, y) != two.At(x, y) {
				t.Fatalf("(%d, %d) is %v, then %v", x, y, one.At(x, y), two.At(x, y))
			}
		}
	}
}

func jpegSegment(marker byte, content string) []byte {
	return append([]byte{0xff, marker, byte((len(content) + 2) >> 8), byte(len(content) + 2)}, content...)
}

// exifWith is EXIF data with an upright flag, and words.
func exifWith(words string) string {
	return "Exif\x00\x00" + string(exifOf(binary.LittleEndian, 1)) + words
}

func TestBareJPEG(t *testing.T) {
	profile := string(jpegSegment(0xe2, "ICC_PROFILE\x00\x01\x01"+"the colours of a phone"))
	for name, plain := range map[string][]byte{
		"plain": jpegOf(t, card(3)), "half colours": testdata(t, "baseline.jpg"),
		"progressive":  testdata(t, "progressive.jpg"),
		"four colours": testdata(t, "cmyk.jpg"), "grey": testdata(t, "gray.jpg"),
	} {
		t.Run(name, func(t *testing.T) {
			thumbnail := jpegOf(t, card(1))
			front := bytes.Join([][]byte{
				jpegSegment(0xe0, "JFIF\x00\x01\x02\x01\x01\x2c\x01\x2c\x00\x00"),
				jpegSegment(0xe0, "JFXX\x00\x10"+secret),
				jpegSegment(0xe1, exifWith(secret+string(thumbnail))),
				jpegSegment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>"+secret),
				jpegSegment(0xe2, "MPF\x00"+secret),
				[]byte(profile),
				jpegSegment(0xed, "Photoshop 3.0\x008BIM"+secret),
				jpegSegment(0xef, secret),
				jpegSegment(0xfe, secret),
			}, nil)
			// Between the scans and behind the end, too.
			var parts []jpegPart
			for _, p := range jpegParts(t, plain) {
				parts = append(parts, p)
				if p.marker == 0xda {
					parts = append(parts, jpegPart{0xfe, jpegSegment(0xfe, secret)},
						jpegPart{0xe2, jpegSegment(0xe2, "ICC_PROFILE\x00"+secret)})
				}
			}
			full := joined(parts)
			full = slices.Concat(full[:2], front, full[2:], thumbnail, []byte("....ftypmp42"+secret))
			bare := bareOf(t, full)
			for _, p := range jpegParts(t, bare) {
				switch p.marker {
				case 0xc0, 0xc1, 0xc2, 0xc4, 0xda, 0xdb, 0xdd, 0xd9:
				case 0xe0:
					if len(p.whole) != 18 || !bytes.HasPrefix(p.whole[4:], []byte("JFIF\x00")) {
						t.Errorf("%q", p.whole)
					}
				case 0xee:
					if len(p.whole) != 16 {
						t.Errorf("%q", p.whole)
					}
				case 0xe2:
					if string(p.whole) != profile {
						t.Errorf("%q", p.whole)
					}
				default:
					t.Errorf("a segment %#x: %q", p.marker, p.whole)
				}
			}
			if !bytes.Contains(bare, []byte(profile)) {
				t.Error("the colour profile is gone")
			}
			if !bytes.HasSuffix(bare, []byte{0xff, 0xd9}) || bytes.Count(bare, []byte{0xff, 0xd8, 0xff}) != 1 {
				t.Error("a second picture, or none to its end")
			}
			samePixels(t, plain, bare)
		})
	}
	// What was mended goes so that any program can read it.
	plain := jpegOf(t, card(3))
	samePixels(t, plain, bareOf(t, withLines(t, withoutSegments(t, plain, 0xc4, 0xd9))))
}

func TestBarePNG(t *testing.T) {
	sixteen := image.NewNRGBA64(card(1).Rect)
	draw.Draw(sixteen, card(1).Rect, card(1), image.Point{}, draw.Src)
	sixteen.SetNRGBA64(0, 0, color.NRGBA64{1, 2, 3, 4})
	few := image.NewPaletted(card(1).Rect,
		color.Palette{cardFields[0], cardFields[1], cardFields[2], cardFields[3], color.NRGBA{1, 2, 3, 0}})
	draw.Draw(few, few.Rect, card(1), image.Point{}, draw.Src)
	for name, plain := range map[string][]byte{
		"plain": pngOf(t, card(3)), "16 bit": pngOf(t, sixteen), "palette": pngOf(t, few),
		"many chunks": pngOf(t, photo(640, 480)),
	} {
		t.Run(name, func(t *testing.T) {
			const header = 8 + 12 + 13
			end := len(plain) - 12
			profile := pngChunk("iCCP", append([]byte(secret+"\x00\x00"), deflated([]byte("the colours of a phone"))...))
			full := slices.Concat(plain[:header],
				profile, pngChunk("gAMA", []byte{0, 0, 0xb1, 0x8f}), pngChunk("sRGB", []byte(secret)),
				pngChunk("eXIf", append(exifOf(binary.BigEndian, 1), secret...)), pngChunk("tEXt", []byte("Author\x00"+secret)),
				pngChunk("iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"+secret)), pngChunk("tIME", []byte(secret)[:7]),
				pngChunk("acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0}), pngChunk("prVt", []byte(secret)),
				plain[header:end],
				pngChunk("IDAT", []byte(secret)), pngChunk("zTXt", []byte(secret)), pngChunk("gAMA", []byte("Roe4")),
				pngChunk("fdAT", append([]byte{0, 0, 0, 1}, secret...)),
				plain[end:], []byte(secret))
			bare := bareOf(t, full)
			var kinds []string
			for _, c := range pngParts(t, bare) {
				kinds = append(kinds, string(c[4:8]))
			}
			want := []string{"IHDR", "iCCP", "gAMA", "IDAT", "IEND"}
			if name == "palette" {
				want = []string{"IHDR", "iCCP", "gAMA", "PLTE", "tRNS", "IDAT", "IEND"}
			}
			if !slices.Equal(kinds, want) {
				t.Errorf("the chunks are %v", kinds)
			}
			if !bytes.Contains(bare, deflated([]byte("the colours of a phone"))) {
				t.Error("the colour profile is gone")
			}
			samePixels(t, plain, bare)
		})
	}
}

// Other formats are not sent as they came.
func TestNothingElseIsBare(t *testing.T) {
	for _, name := range []string{"lossy.webp", "palette.bmp", "lzw.tif", "plain.heic"} {
		if bare := bareOf(t, testdata(t, name)); bare != nil {
			t.Errorf("%s: %d bytes", name, len(bare))
		}
	}
	f, _ := open(t, jpegOf(t, card(1)))
	f.Close()
	if _, err := f.Bare(context.Background()); err == nil {
		t.Error("a closed file gives its bytes")
	}
}
