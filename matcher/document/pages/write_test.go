package pages

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

// What follows writes files that no encoder here does.

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func bmpOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bmp.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exifOf is EXIF data with this orientation.
func exifOf(order binary.AppendByteOrder, orientation int) []byte {
	exif := []byte("MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		exif = []byte("II")
	}
	exif = order.AppendUint16(exif, 42)
	exif = order.AppendUint32(exif, 8)
	exif = order.AppendUint16(exif, 2) // entries
	for _, e := range [][2]uint16{{0x010f, 1}, {0x0112, uint16(orientation)}} {
		exif = order.AppendUint16(exif, e[0])
		exif = order.AppendUint16(exif, 3)
		exif = order.AppendUint32(exif, 1)
		exif = order.AppendUint16(exif, e[1])
		exif = order.AppendUint16(exif, 0)
	}
	return exif
}

func jpegWithEXIF(data, exif []byte) []byte {
	exif = append([]byte("Exif\x00\x00"), exif...)
	segment := append([]byte{0xff, 0xe1, byte((len(exif) + 2) >> 8), byte(len(exif) + 2)}, exif...)
	return append(append([]byte{0xff, 0xd8}, segment...), data[2:]...)
}

func pngChunk(kind string, content []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	out = append(append(out, kind...), content...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func pngWithEXIF(data, exif []byte) []byte {
	const header = 8 + 12 + 13
	return bytes.Join([][]byte{data[:header], pngChunk("eXIf", exif), data[header:]}, nil)
}

func pngHeader(width, height, bits, colours int) []byte {
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(width)), uint32(height))
	return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(size, byte(bits), byte(colours), 0, 0, 0))...)
}

func jpegHeader(marker byte, width, height, colours int) []byte {
	out := []byte{0xff, 0xd8, 0xff, marker, 0, byte(8 + 3*colours), 8, byte(height >> 8), byte(height), byte(width >> 8),
		byte(width), byte(colours)}
	for i := range colours {
		out = append(out, byte(i+1), 0x11, 0)
	}
	return append(out, 0xff, 0xda, 0, 2)
}

func riffChunk(kind string, content []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(content)))
	out = append(out, content...)
	if len(content)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// webpExtended is a WebP of these chunks behind a header with this size and these
// flags.
func webpExtended(flags byte, width, height int, chunks ...[]byte) []byte {
	w, h := uint32(width-1), uint32(height-1)
	header := []byte{flags, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)}
	return riffChunk("RIFF", append([]byte("WEBP"),
		bytes.Join(append([][]byte{riffChunk("VP8X", header)}, chunks...), nil)...))
}

func webpWithEXIF(simple []byte, size image.Point, exif []byte) []byte {
	const hasEXIF = 8
	return webpExtended(hasEXIF, size.X, size.Y, simple[12:], riffChunk("EXIF", exif))
}

// entry is one of a TIFF's directory: short where it is one small number, else
// long, or bytes.
type entry struct {
	tag    uint16
	values []uint32
	bytes  []byte
}

// tiffOf is a TIFF of these pages, each of its directory (sorted by tag) and its
// strips or tiles, whose places and lengths are put where the directory has
// entries 273 and 279, or 324 and 325.
func tiffOf(order binary.AppendByteOrder, pages ...tiffPage) []byte {
	out := []byte("MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		out = []byte("II")
	}
	out = order.AppendUint16(out, 42)
	out = order.AppendUint32(out, 0)
	next := 4 // where the place of the next directory belongs
	put := func(at int, v uint32) { copy(out[at:], order.AppendUint32(nil, v)) }
	for _, p := range pages {
		var places, lengths []uint32
		for _, b := range p.blocks {
			places, lengths = append(places, uint32(len(out))), append(lengths, uint32(len(b)))
			out = append(out, b...)
		}
		var listed []byte
		for _, e := range p.entries {
			switch e.tag {
			case 273, 324:
				e.values = places
			case 279, 325:
				e.values = lengths
			}
			values, kind := []byte(nil), uint16(4)
			for _, v := range e.values {
				values = order.AppendUint32(values, v)
			}
			if len(e.values) == 1 && e.values[0] < 1<<16 {
				kind, values = 3, append(order.AppendUint16(nil, uint16(e.values[0])), 0, 0)
			}
			if e.bytes != nil {
				kind, values = 7, e.bytes
			}
			count := max(len(e.values), len(e.bytes))
			if len(values) > 4 {
				at := uint32(len(out))
				out = append(out, values...)
				values = order.AppendUint32(nil, at)
			}
			listed = order.AppendUint16(listed, e.tag)
			listed = order.AppendUint16(listed, kind)
			listed = order.AppendUint32(listed, uint32(count))
			listed = append(listed, values...)
		}
		put(next, uint32(len(out)))
		out = order.AppendUint16(out, uint16(len(p.entries)))
		out = append(out, listed...)
		next = len(out)
		out = order.AppendUint32(out, 0)
	}
	return out
}

type tiffPage struct {
	entries directory
	blocks  [][]byte
}

type directory []entry

// with is the directory with entries added or changed.
func (d directory) with(more ...entry) directory {
	d = slices.Clone(d)
	for _, e := range more {
		d = append(slices.DeleteFunc(d, func(old entry) bool { return old.tag == e.tag }), e)
	}
	slices.SortFunc(d, func(a, b entry) int { return cmp.Compare(a.tag, b.tag) })
	return d
}

// numbers is an entry of whole numbers.
func numbers(tag uint16, values ...uint32) entry { return entry{tag: tag, values: values} }

// rgbPage is a page without compression, in one strip.
func rgbPage(img *image.RGBA, more ...entry) tiffPage {
	var strip []byte
	for i := 0; i < len(img.Pix); i += 4 {
		strip = append(strip, img.Pix[i:i+3]...)
	}
	size := img.Rect.Size()
	return tiffPage{directory{
		numbers(256, uint32(size.X)), numbers(257, uint32(size.Y)), numbers(258, 8, 8, 8), numbers(259, 1), numbers(262, 2),
		numbers(273), numbers(277, 3), numbers(279),
	}.with(more...), [][]byte{strip}}
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// bombOf is what a short text becomes when so many megabytes of it are deflated,
// without an end.
func bombOf(text string, megabytes int) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(strings.Repeat(text, 1<<20/len(text))))
	w.Flush() // to a whole byte, so that what follows the header can be repeated
	return append(b.Bytes(), bytes.Repeat(b.Bytes()[2:], megabytes-1)...)
}

// pdfOf is a PDF of these objects, numbered from 1; the first is the catalogue.
func pdfOf(objects []string, trailer ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	places := make([]int, len(objects))
	for i, o := range objects {
		places[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, p := range places {
		fmt.Fprintf(&b, "%010d 00000 n \n", p)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1,
		strings.Join(trailer, ""), table)
	return b.Bytes()
}

func stream(entries, content string) string {
	return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(content), content)
}

// fields paints the card's four fields over 120x90 points.
func fields() string {
	var b strings.Builder
	for i, c := range cardFields {
		fmt.Fprintf(&b, "%.3f %.3f %.3f rg %d %d 60 45 re f ", float64(c.R)/255, float64(c.G)/255, float64(c.B)/255, i%2*60,
			45-i/2*45)
	}
	return b.String()
}

// pageOf is the objects of a PDF with one page of 120x90 points, or what the
// entries say otherwise, and more objects numbered from 5.
func pageOf(entries, content string, more ...string) []string {
	if !strings.Contains(entries, "/MediaBox") {
		entries += "/MediaBox[0 0 120 90]"
	}
	return append([]string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R" + entries + ">>",
		stream("", content),
	}, more...)
}

// encryptedPDF locks a page with RC4 of 40 bits, as PDF 1.1 did. With an empty
// password anybody may read it, though not change it.
func encryptedPDF(password string) []byte {
	padding := []byte("\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")
	padded := func(p string) []byte { return append([]byte(p), padding...)[:32] }
	cipher := func(key, data []byte) []byte {
		c, err := rc4.NewCipher(key)
		if err != nil {
			panic(err)
		}
		out := make([]byte, len(data))
		c.XORKeyStream(out, data)
		return out
	}
	const id = "0123456789abcdef"
	const rights = "\xfc\xff\xff\xff" // -4
	owners := md5.Sum(padded("owner"))
	owner := cipher(owners[:5], padded(password))
	sum := md5.Sum(bytes.Join([][]byte{padded(password), owner, []byte(rights), []byte(id)}, nil))
	key := sum[:5]
	user := cipher(key, padding)

	objects := pageOf("", "")
	ofStream := md5.Sum(append(bytes.Clone(key), 4, 0, 0, 0, 0)) // object 4, generation 0
	objects[3] = stream("", string(cipher(ofStream[:10], []byte(fields()))))
	return pdfOf(append(objects, fmt.Sprintf("<</Filter/Standard/V 1/R 2/P -4/O<%x>/U<%x>>>", owner, user)),
		fmt.Sprintf("/Encrypt 5 0 R/ID[<%x><%x>]", id, id))
}
