package pages

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"iter"
)

func openPNG(data []byte) (document, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if err := tooLarge(config.Width, config.Height, maxPixels); err != nil {
		return nil, err
	}
	orientation := upright
	for kind, content := range pngChunks(data) {
		if kind == "eXIf" {
			orientation = exifOrientation(content)
		}
	}
	return still{data, png.Decode, orientation}, nil
}

// pngChunks are a PNG's chunks with their names. They end where the file does,
// or is not as it should be.
func pngChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		// Length, name, content, check sum; behind a signature of 8 bytes.
		for rest := data[min(8, len(data)):]; len(rest) >= 12; {
			length := int64(binary.BigEndian.Uint32(rest))
			if length > int64(len(rest)-12) || !yield(string(rest[4:8]), rest[8:8+length]) {
				return
			}
			rest = rest[12+length:]
		}
	}
}
