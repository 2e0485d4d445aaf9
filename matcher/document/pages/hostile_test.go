package pages

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

func TestProblems(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) matcher.Blob {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return matcher.Blob{Path: path, Name: name}
	}
	whole := jpegOf(t, card(1))
	lossless := bytes.Clone(whole)
	lossless[bytes.Index(lossless, []byte{0xff, 0xc0})+1] = 0xc3
	huge := make([]byte, maxBytes+1)
	copy(huge, whole)
	rubbish := append([]byte("\xff\xd8\xff\xd0"), jpegHeader(0xc0, 10000, 8000, 3)[2:]...)
	for name, c := range map[string]struct {
		blob   matcher.Blob
		want   string
		params string
	}{
		"missing":              {matcher.Blob{Path: filepath.Join(dir, "none.jpg")}, "document.missing", "map[]"},
		"folder":               {matcher.Blob{Path: dir}, "document.directory", "map[]"},
		"empty":                {write("empty.jpg", nil), "document.empty", "map[]"},
		"noise":                {memory([]byte{1, 2, 3, 4}), "document.unknown", "map[]"},
		"text":                 {memory([]byte("Dear Sir or Madam")), "document.unsupported", "map[Format:text]"},
		"gif":                  {memory([]byte("GIF89a")), "document.unsupported", "map[Format:GIF]"},
		"avif":                 {memory(testdata(t, "picture.avif")), "document.unsupported", "map[Format:AVIF]"},
		"jpeg xl":              {memory([]byte("\xff\x0a\xfa")), "document.unsupported", "map[Format:JPEG XL]"},
		"video":                {memory([]byte("\x00\x00\x00\x18ftypisom")), "document.unsupported", "map[Format:MP4]"},
		"office":               {memory([]byte("PK\x03\x04")), "document.unsupported", "map[Format:ZIP]"},
		"animated":             {memory(testdata(t, "animated.webp")), "document.animated", "map[]"},
		"half a jpeg":          {write("half.jpg", whole[:len(whole)/2]), "document.damaged", "map[]"},
		"the magic of a jpeg":  {memory(whole[:3]), "document.damaged", "map[]"},
		"jpeg without picture": {memory(jpegHeader(0xc0, 1000, 800, 3)), "document.damaged", "map[]"},
		"jpeg of no pixels":    {memory(jpegHeader(0xc0, 0, 0, 3)), "document.damaged", "map[]"},
		"lossless jpeg":        {memory(lossless), "document.rare", "map[Format:JPEG]"},
		"png without picture":  {memory(pngHeader(100, 100, 8, 2)), "document.damaged", "map[]"},
		"bmp, compressed":      {memory(testdata(t, "rle.bmp")), "document.rare", "map[Format:BMP]"},
		"tiff, 64 bit": {memory([]byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00")), "document.rare",
			"map[Format:TIFF]"},
		"tiff, compression": {memory(tiffOf(binary.LittleEndian, rgbPage(card(1), numbers(259, 34712)))), "document.rare",
			"map[Format:TIFF]"},
		"tiff, lab colours": {memory(tiffOf(binary.LittleEndian, rgbPage(card(1), numbers(262, 8)))), "document.rare",
			"map[Format:TIFF]"},
		"too many bytes": {write("huge.jpg", huge), "document.too_many_bytes", "map[Megabytes:50]"},
		"too large a jpeg": {memory(jpegHeader(0xc0, 60000, 60000, 3)), "document.too_many_pixels",
			"map[Megapixels:100]"},
		// there is no picture
		"of 80 million, ok":   {memory(jpegHeader(0xc0, 10000, 8000, 3)), "document.damaged", "map[]"},
		"of 80 million, slow": {memory(jpegHeader(0xc2, 10000, 8000, 3)), "document.too_many_pixels", "map[Megapixels:40]"},
		"rubbish in front":    {memory(rubbish), "document.too_many_pixels", "map[Megapixels:40]"},
		"of 80 million, four": {memory(jpegHeader(0xc0, 10000, 8000, 4)), "document.too_many_pixels", "map[Megapixels:50]"},
		"of 80 million, both": {memory(jpegHeader(0xc2, 10000, 8000, 4)), "document.too_many_pixels", "map[Megapixels:20]"},
		"too large a png":     {memory(pngHeader(8000, 5001, 8, 2)), "document.too_many_pixels", "map[Megapixels:40]"},
		"pdf of nothing":      {memory([]byte("%PDF-1.4\n")), "document.damaged", "map[]"},
		"pdf without pages": {memory(pdfOf([]string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"})),
			"document.damaged", "map[]"},
		"heic of nothing": {memory([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")), "document.damaged",
			"map[]"},
		"webp of nothing": {memory([]byte("RIFF\x04\x00\x00\x00WEBPVP8 ")), "document.damaged", "map[]"},
		"tiff of nothing": {memory([]byte("II*\x00\x08\x00\x00\x00")), "document.damaged", "map[]"},
		"bmp of nothing":  {memory([]byte("BM\x10\x00\x00\x00\x00\x00\x00\x00\x36")), "document.damaged", "map[]"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := shared.Open(context.Background(), c.blob)
			if err == nil {
				_, err = f.Page(context.Background(), 1)
			}
			if key := keyOf(t, err); key != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if p := matcher.AsProblem(err, ""); fmt.Sprint(p.Params) != c.params {
				t.Errorf("parameters %v, want %s", p.Params, c.params)
			}
			if strings.Contains(err.Error(), dir) {
				t.Errorf("the error names the file: %v", err)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	for want, fault := range map[string]error{"document.denied": fs.ErrPermission, "document.missing": fs.ErrNotExist,
		"document.unreadable": fs.ErrInvalid} {
		if _, err := shared.Open(context.Background(),
			matcher.Blob{Open: func() (io.ReadCloser, error) { return nil, fault }}); keyOf(t, err) != want {
			t.Errorf("%v: got %v", fault, err)
		}
	}
}

// Each is refused for what its header says, before anything is decoded, or is
// too much work for a moment.
func TestHostile(t *testing.T) {
	const much = 65535
	megapixels := 40
	if raced { // it makes the decoders twenty times as slow
		megapixels = 2
	}
	mask := rgbPage(card(1), numbers(254, 4)) // no page
	circle := tiffOf(binary.LittleEndian, mask)
	copy(circle[len(circle)-4:], circle[4:8]) // the next directory is the same one
	crossed := tiffOf(binary.LittleEndian, mask, mask)
	copy(crossed[len(crossed)-4:], crossed[4:8])
	many := make([]tiffPage, 0, 1100)
	for range cap(many) {
		many = append(many, rgbPage(picture.Solid(image.Pt(1, 1), color.White), numbers(254, 1)))
	}
	wide := func(more ...entry) []byte { return tiffOf(binary.LittleEndian, rgbPage(card(1), more...)) }
	heic := func(width, height uint32) []byte { // the size the file says its picture has
		data := testdata(t, "plain.heic")
		at := bytes.Index(data, []byte("ispe")) + 8
		copy(data[at:], binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height))
		return data
	}
	bmp := bmpOf(t, card(1))
	copy(bmp[18:], binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, much), much))
	const image5 = "/Resources<</XObject<</I 5 0 R>>>>"
	const show = "q 120 0 0 90 0 0 cm /I Do Q"

	for name, c := range map[string]struct {
		data []byte
		want string // keys that may come; an empty one says that a picture may
	}{
		"jpeg of 65535x65535": {jpegHeader(0xc0, much, much, 3), "document.too_many_pixels"},
		"png of 65535x65535":  {pngHeader(much, much, 16, 6), "document.too_many_pixels"},
		"png of 4 thousand million": {pngHeader(1<<31-1, 1<<31-1, 8, 2),
			"document.too_many_pixels document.rare document.damaged"},
		"bmp of 65535x65535":  {bmp, "document.too_many_pixels"},
		"tiff of 65535x65535": {wide(numbers(256, much), numbers(257, much)), "document.too_many_pixels"},
		"webp of 16384x16384": {webpExtended(16, 1<<14, 1<<14, riffChunk("ALPH", []byte{0})),
			"document.too_many_pixels"},
		"webp of 16 million a side": {webpExtended(0, 1<<24, 1<<24), "document.too_many_pixels document.damaged"},
		"webp within a small one":   {webpExtended(0, 10, 10, testdata(t, "lossless.webp")[12:]), "document.damaged"},
		"heic of 65535x65535":       {heic(much, much), "document.too_many_pixels document.damaged"},
		"heic of 30000x30000":       {heic(30000, 30000), "document.too_many_pixels document.damaged"},
		"heic of another size":      {heic(6000, 6000), "document.damaged "},
		"png bomb": {bytes.Join([][]byte{pngHeader(megapixels*1000, 1000, 8, 2),
			pngChunk("IDAT", bombOf("\x00", 4*megapixels))}, nil), "document.damaged"},
		"png bomb in a profile": {bytes.Join([][]byte{pngHeader(10, 10, 8, 2),
			pngChunk("iCCP", bombOf("\x00", 50))}, nil), "document.damaged"},
		"tiff bomb": {tiffOf(binary.LittleEndian,
			tiffPage{rgbPage(card(1)).entries.with(numbers(256, uint32(megapixels)*1000), numbers(257, 1000), numbers(259, 8)),
				[][]byte{bombOf("\x00", 4*megapixels)}}), ""},
		"tiff in a circle":              {circle, "document.damaged"},
		"tiff in a wider circle":        {crossed, "document.damaged"},
		"tiff of a thousand thumbnails": {tiffOf(binary.LittleEndian, many...), "document.damaged"},
		"tiff of endless strips": {wide(numbers(256, 1), numbers(257, 40_000_000), numbers(278, 1)),
			"document.damaged"},
		"tiff of tiny tiles": {wide(numbers(256, 6000), numbers(257, 6000), numbers(322, 1), numbers(323, 1),
			numbers(324, 0), numbers(325, 0)), "document.damaged"},
		"tiff of a huge tile": {wide(numbers(322, 60000), numbers(323, 60000), numbers(324, 0), numbers(325, 0)),
			"document.damaged"},
		"tiff of strips over one another": {overlapping(), "document.damaged"},
		"tiff of many samples":            {wide(numbers(277, 60000)), "document.rare"},
		"pdf with pages in a circle": {pdfOf([]string{"<</Type/Catalog/Pages 2 0 R>>",
			"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2000000000/Parent 2 0 R>>"}), "document.slow document.damaged "},
		"pdf of a thousand million pages": {pdfOf([]string{"<</Type/Catalog/Pages 2 0 R>>",
			"<</Type/Pages/Kids[3 0 R]/Count 1000000000>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 120 90]>>"}),
			"document.slow document.damaged "},
		"pdf with tables in a circle": {pdfOf(pageOf("", ""), "/Prev 9"), "document.slow document.damaged "},
		"pdf with a flate bomb": {pdfOf(replaced(pageOf("", ""), 3,
			stream("/Filter/FlateDecode", string(bombOf("q ", 200))))), "document.slow document.damaged "},
		"pdf with bombs in bombs": {pdfOf(replaced(pageOf("", ""), 3,
			stream("/Filter[/FlateDecode/FlateDecode/FlateDecode]", string(deflated(deflated(bombOf("\x00", 200))))))),
			"document.slow document.damaged "},
		"pdf with a picture of 65535": {pdfOf(pageOf(image5, show,
			stream("/Type/XObject/Subtype/Image/Width 65535/Height 65535/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode", string(bombOf("\x00", 30))))), "document.slow document.damaged "},
		"pdf with a jpeg of 65535": {pdfOf(pageOf(image5, show,
			stream("/Type/XObject/Subtype/Image/Width 65535/Height 65535/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", string(jpegHeader(0xc0, much, much, 3))))), "document.slow document.damaged "},
		"pdf that draws itself": {pdfOf(pageOf("/Resources<</XObject<</F 5 0 R>>>>", "/F Do",
			stream("/Type/XObject/Subtype/Form/BBox[0 0 120 90]/Resources<</XObject<</F 5 0 R>>>>", "/F Do /F Do"))),
			"document.slow document.damaged "},
		"pdf with a page of no size": {pdfOf(pageOf("/MediaBox[0 0 0 0]", "")), "document.slow document.damaged "},
		"pdf with a page of any size": {pdfOf(pageOf("/MediaBox[0 0 1e38 1e-38]", "")),
			"document.slow document.damaged "},
		"pdf with fine hatching": {pdfOf(pageOf("/Resources<</Pattern<</P 5 0 R>>>>/MediaBox[0 0 5000 5000]",
			"/Pattern cs /P scn 0 0 5000 5000 re f",
			stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep .001/YStep .001/Resources<<>>",
				"0 0 1 1 re f"))), "document.slow document.damaged "},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			got := refused(t, c.data)
			took := time.Since(began)
			allowed := false
			for _, want := range strings.Split(c.want, " ") {
				allowed = allowed || got == want
			}
			if !allowed {
				t.Errorf("got %q, want %q", got, c.want)
			}
			// Five seconds on a free processor.
			if limit := 5 * time.Second; took > limit && !raced {
				t.Errorf("%q took %v", got, took)
			}
		})
	}
}

// overlapping has strips that all are the whole file.
func overlapping() []byte {
	p := rgbPage(card(1), numbers(278, 1))
	p.blocks = nil
	for range cardSize.Y {
		p.blocks = append(p.blocks, nil)
	}
	data := tiffOf(binary.LittleEndian, p)
	at := bytes.Index(data, []byte{0x17, 1, 4, 0}) // the lengths
	place := binary.LittleEndian.Uint32(data[at+8:])
	for i := range cardSize.Y {
		binary.LittleEndian.PutUint32(data[int(place)+4*i:], uint32(len(data)))
	}
	return data
}

func replaced(objects []string, i int, with string) []string {
	objects[i] = with
	return objects
}

// A small file of each format, cut off after each kilobyte and at its end, gives
// an error or a picture.
func TestTruncated(t *testing.T) {
	for name, data := range formats(t) {
		t.Run(name, func(t *testing.T) {
			step := max(len(data)/8, 1)
			if len(data) > 8<<10 {
				step = 1 << 10
			}
			for n := step; n < len(data); n += step {
				refused(t, data[:n])
			}
			refused(t, data[:len(data)-1])
		})
	}
}

// formats are small files, one of each kind that takes another way.
func formats(t testing.TB) map[string][]byte {
	all := map[string][]byte{
		"jpeg": jpegOf(t, card(3)), "png": pngOf(t, card(1)), "bmp": bmpOf(t, picture.Resize(card(1), image.Pt(40, 30))),
		"tiff": tiffOf(binary.BigEndian, rgbPage(picture.Resize(card(1), image.Pt(40, 30)))),
		"pdf":  pdfOf(pageOf("", fields())), "locked pdf": encryptedPDF(""),
		"webp, alpha and exif": webpWithEXIF(testdata(t, "lossy.webp"), cardSize, exifOf(binary.LittleEndian, 6)),
	}
	plain := jpegOf(t, card(1))
	all["jpeg without tables"] = withoutSegments(t, plain, 0xc4)
	all["jpeg without end"] = plain[:len(plain)-2]
	all["jpeg with its height behind"] = withLines(t, plain)
	all["progressive jpeg without end"] = withoutSegments(t, testdata(t, "progressive.jpg"), 0xd9)
	whole := pngOf(t, picture.Resize(card(1), image.Pt(40, 30)))
	text := pngChunk("tEXt", []byte("Comment\x00none"))
	text[len(text)-1] ^= 1
	all["png without end"] = slices.Concat(whole[:33], text, whole[33:len(whole)-12])
	small := rgbPage(picture.Resize(card(1), image.Pt(40, 30)))
	linked := tiffOf(binary.LittleEndian, small, small)
	linked[len(linked)-1] = 0x7f
	all["tiff with a bad link"] = linked
	all["tiff without lengths and colours"] = tiffOf(binary.LittleEndian,
		tiffPage{without(without(small.entries, 279), 262).with(numbers(278, 10)), small.blocks})
	all["tiff with parts"] = withParts(t, small, small)
	all["dng"] = withParts(t, tiffPage{small.entries.with(numbers(254, 1)), small.blocks},
		tiffPage{small.entries.with(numbers(262, 32803)), small.blocks})
	look := stream("/Type/XObject/Subtype/Form/BBox[0 0 120 90]", fields())
	field := "<</Type/Annot/Subtype/Widget/FT/Btn/T(a)/F 4/Rect[0 0 120 90]/AP<</N 6 0 R>>>>"
	all["pdf with a field in no form"] = pdfOf(pageOf("/Annots[5 0 R]", "", field, look))
	waits := pageOf("", "BT ET", "<</Fields[]/XFA[(template) 6 0 R]>>", stream("", "<template/>"))
	waits[0] = "<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R/NeedsRendering true>>"
	all["pdf that asks to wait"] = pdfOf(waits)
	all["heic in tiles"] = gridHEIC(t, testdata(t, "tile.heic"), tileSize, image.Pt(1000, 700), 1)
	for _, name := range []string{
		"progressive.jpg", "cmyk.jpg", "lossy.webp", "lossless.webp", "alpha.webp", "animated.webp", "palette.bmp",
		"plain.heic", "two.heic", "alpha.heic",
		"turned.heic", "16bit.tif", "alpha.tif", "cmyk-jpeg.tif", "g3.tif", "g4.tif", "jpeg.tif", "lzw.tif", "packbits.tif",
		"pages.tif", "palette.tif", "planes.tif", "tiles.tif",
	} {
		all[name] = testdata(t, name)
	}
	return all
}

// FuzzOpen opens a file and decodes its first pages: no crash, no hang, and an
// error always a problem. The seeds run as a test.
func FuzzOpen(f *testing.F) {
	for _, data := range formats(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		began := time.Now()
		file, err := impatient.Open(context.Background(), memory(data))
		if keyOf(t, err) == "" {
			for n := range min(2, file.Count) {
				p, err := file.Page(context.Background(), n+1)
				if keyOf(t, err) == "" && (p.Picture.Rect.Empty() || max(p.Picture.Rect.Dx(), p.Picture.Rect.Dy()) > PageSide ||
					!p.Picture.Opaque()) {
					t.Errorf("a picture of %v", p.Picture.Rect)
				}
			}
			fuzzBare(t, file)
		}
		if took := time.Since(began); took > 5*time.Second && !raced {
			t.Errorf("took %v", took)
		}
	})
}

// fuzzBare takes a file down to its pixels, which then are the same.
func fuzzBare(t *testing.T, file *File) {
	before, err := file.Page(context.Background(), 1)
	if keyOf(t, err) != "" {
		return
	}
	bare, err := file.Bare(context.Background())
	if keyOf(t, err) != "" || bare == nil {
		return
	}
	again, err := impatient.Open(context.Background(), memory(bare))
	if err != nil {
		t.Fatalf("the bare file does not open: %v", err)
	}
	after, err := again.Page(context.Background(), 1)
	if err != nil {
		t.Fatalf("the bare file is not read: %v", err)
	}
	undone := Page{Picture: after.Picture}
	for orientation := 1; orientation <= 8; orientation++ {
		if p := turned(after.Picture, orientation); p.Turned == before.Turned && p.Mirrored == before.Mirrored {
			undone = p
			break
		}
	}
	if !bytes.Equal(undone.Picture.Pix, before.Picture.Pix) {
		t.Error("the bare file shows other pixels")
	}
}
