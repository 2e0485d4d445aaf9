package pages

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"io"
	"iter"
	"strings"

	"facematch/matcher/internal/blob"
)

func openPNG(data []byte) (document, error) {
	data = mendPNG(data)
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if err := tooLarge(config.Width, config.Height, maxPixels); err != nil {
		return nil, err
	}
	orientation := upright
	for c := range pngChunks(data) {
		if c.kind == "eXIf" {
			orientation = exifOrientation(c.content)
		}
	}
	return still{data, png.Decode, orientation, barePNG}, nil
}

// chunk is a part of a PNG.
type chunk struct {
	kind    string
	content []byte
	whole   []byte // with length, name and check sum
}

const (
	pngSignature = 8
	pngFrame     = 4 + 4 + 4 // length, name, check sum
)

// pngChunks are a PNG's chunks. They end where the file does, or is not as it
// should be.
func pngChunks(data []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		for rest := data[min(pngSignature, len(data)):]; len(rest) >= pngFrame; {
			length := int64(binary.BigEndian.Uint32(rest))
			if length > int64(len(rest)-pngFrame) {
				return
			}
			end := length + pngFrame
			if !yield(chunk{string(rest[4:8]), rest[8 : 8+length], rest[:end]}) {
				return
			}
			rest = rest[end:]
		}
	}
}

// ancillary says whether a PNG can be shown without a chunk: its name starts with
// a small letter.
func (c chunk) ancillary() bool { return c.kind[0]&0x20 != 0 }

// named says whether a chunk has a name at all: four letters.
func (c chunk) named() bool {
	return !strings.ContainsFunc(c.kind, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') })
}

// right says whether a chunk's check sum is.
func (c chunk) right() bool {
	body := c.whole[4 : 8+len(c.content)]
	return crc32.ChecksumIEEE(body) == binary.BigEndian.Uint32(c.whole[8+len(c.content):])
}

// mendPNG is a PNG as Go's decoder takes it, where viewers take more: with its end
// chunk, and without ancillary chunks whose check sum is wrong. One that needs
// nothing comes back as it is. Whether its pixels are whole, the decoder says.
func mendPNG(data []byte) []byte {
	ended, wrong, taken := false, false, pngSignature
	for c := range pngChunks(data) {
		if c.kind == "IEND" || !c.named() {
			ended = c.kind == "IEND" && c.right() && len(c.content) == 0
			break
		}
		wrong = wrong || c.ancillary() && !c.right()
		taken += len(c.whole)
	}
	if ended && !wrong {
		return data
	}
	out := append(make([]byte, 0, len(data)+pngFrame), data[:pngSignature]...)
	for c := range pngChunks(data[:taken]) {
		if !c.ancillary() || c.right() {
			out = append(out, c.whole...)
		}
	}
	return appendChunk(out, "IEND", nil)
}

func appendChunk(to []byte, kind string, content []byte) []byte {
	to = binary.BigEndian.AppendUint32(to, uint32(len(content)))
	start := len(to)
	to = append(append(to, kind...), content...)
	return binary.BigEndian.AppendUint32(to, crc32.ChecksumIEEE(to[start:]))
}

// barePNG is a PNG with nothing but its pixels, palette, transparency and colours.
// The name of a colour profile is anybody's words and goes too.
func barePNG(ctx context.Context, data []byte) ([]byte, error) {
	lengths := map[string]int{"sRGB": 1, "gAMA": 4, "cHRM": 32} // of what says how colours look
	out := append(make([]byte, 0, len(data)), data[:pngSignature]...)
	var pixels []byte
	for c := range pngChunks(data) {
		switch length, isLength := lengths[c.kind]; {
		case c.kind == "IDAT":
			pixels = append(pixels, c.content...)
		case len(pixels) > 0: // too late for all others
		case c.kind == "IHDR", c.kind == "PLTE", c.kind == "tRNS", isLength && length == len(c.content):
			out = append(out, c.whole...)
		case c.kind == "iCCP":
			if _, profile, ok := bytes.Cut(c.content, []byte{0}); ok {
				out = appendChunk(out, "iCCP", append([]byte("ICC\x00"), profile...))
			}
		}
		if c.kind == "IEND" {
			break
		}
	}
	// Behind the pixels anything may stand.
	from := bytes.NewReader(pixels)
	unpack, err := zlib.NewReader(from)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, blob.Until(ctx, unpack)); err != nil {
		return nil, err
	}
	out = appendChunk(out, "IDAT", pixels[:len(pixels)-from.Len()])
	return appendChunk(out, "IEND", nil), nil
}
