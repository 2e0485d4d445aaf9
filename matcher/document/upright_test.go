package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"io"
	"math"
	"testing"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

func TestUpright(t *testing.T) {
	f := newFinder(t, marks{})
	ctx := context.Background()
	for name, c := range map[string]struct {
		document matcher.Blob
		same     bool // pixels
		kind     string
	}{
		"jpeg":             {jpegBlob(t, card()), true, "image/jpeg"},
		"png":              {pngBlob(t, card()), true, "image/png"},
		"turned":           {pngBlob(t, picture.Turn(card(), 90)), false, "image/jpeg"},
		"one page of two":  {tiffBlob(card(), card()), false, "image/jpeg"},
		"tiff of one page": {tiffBlob(card()), false, "image/jpeg"},
	} {
		t.Run(name, func(t *testing.T) {
			p := find(t, f, c.document)
			sent, err := f.Upright(ctx, c.document, p)
			if err != nil {
				t.Fatal(err)
			}
			got := content(t, sent)
			if c.same && !bytes.Equal(pixelsOf(t, got), pixelsOf(t, content(t, c.document))) {
				t.Error("the pixels are others")
			}
			if sent.MediaType != c.kind || sent.Size != int64(len(got)) {
				t.Errorf("%s, %d bytes", sent.MediaType, sent.Size)
			}
			if again := find(t, f, sent); again.Code != matcher.CodeOK || again.Rotation != 0 {
				t.Errorf("what is sent: code %d, turned by %d", again.Code, again.Rotation)
			}
		})
	}
}

func pixelsOf(t *testing.T, data []byte) []byte {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture.Fit(img, math.MaxInt32).Pix
}

// What a camera, a phone or a program wrote beside the pixels stays here, whichever
// way the picture goes.
func TestUprightTellsNothing(t *testing.T) {
	const secret = "52.5163N 13.3777E, serial 0815, Jane Roe"
	f := newFinder(t, marks{})
	// A flag as EXIF has it, and words behind.
	exif := func(orientation byte) string {
		return "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" +
			string([]byte{orientation}) + "\x00\x00\x00\x00\x00\x00" + secret
	}
	segment := func(marker byte, content string) string {
		return "\xff" + string([]byte{marker, byte((len(content) + 2) >> 8), byte(len(content) + 2)}) + content
	}
	full := func(img image.Image, orientation byte) matcher.Blob {
		plain := string(content(t, jpegBlob(t, img)))
		return memory([]byte(plain[:2] + segment(0xe1, exif(orientation)) + segment(0xe1,
			"http://ns.adobe.com/xap/1.0/\x00"+secret) +
			segment(0xe2, "MPF\x00"+secret) + segment(0xed, secret) + segment(0xfe,
			secret) + plain[2:] + plain + "....ftypmp42" + secret))
	}
	chunk := func(kind, content string) string {
		out := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
		out = append(append(out, kind...), content...)
		return string(binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:])))
	}
	asPNG := string(content(t, pngBlob(t, card())))
	const header = 8 + 12 + 13
	for name, document := range map[string]matcher.Blob{
		"jpeg":        full(card(), 1),
		"turned jpeg": full(picture.Turn(card(), 270), 6),
		"lying jpeg":  full(picture.Turn(card(), 90), 1),
		"png": memory([]byte(asPNG[:header] + chunk("eXIf", exif(1)[6:]) + chunk("tEXt",
			"Author\x00"+secret) + asPNG[header:] + secret)),
		"turned png": memory([]byte(asPNG[:header] + chunk("eXIf", exif(3)[6:]) + chunk("iTXt",
			"a\x00\x00\x00\x00\x00"+secret) + asPNG[header:])),
		"tiff, by way": tiffBlob(card()),
	} {
		t.Run(name, func(t *testing.T) {
			p := find(t, f, document)
			sent, err := f.Upright(context.Background(), document, p)
			if err != nil {
				t.Fatal(err)
			}
			got := content(t, sent)
			for _, word := range []string{"Roe", "0815", "Exif", "MPF", "ns.adobe", "ftyp", "tEXt", "eXIf", "iTXt"} {
				if bytes.Contains(got, []byte(word)) {
					t.Errorf("%s is sent", word)
				}
			}
			if bytes.Count(got, []byte("\xff\xd8\xff")) > 1 {
				t.Error("a second picture is sent")
			}
			img, _, err := image.Decode(bytes.NewReader(got)) // knows of no flag
			if err != nil || img.Bounds().Size() != p.Page.Rect.Size() {
				t.Fatalf("%v, %v", img, err)
			}
			again := find(t, f, memory(got))
			if again.Code != matcher.CodeOK || again.Rotation != 0 {
				t.Errorf("what is sent: code %d, turned by %d", again.Code, again.Rotation)
			}
		})
	}
}

func content(t *testing.T, b matcher.Blob) []byte {
	t.Helper()
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
