package pages

import (
	"bytes"
	"encoding/binary"
	"iter"

	"golang.org/x/image/webp"

	"facematch/matcher"
)

func openWebP(data []byte) (document, error) {
	orientation := upright
	for kind, content := range webpChunks(data) {
		switch kind {
		case "ANIM", "ANMF":
			return nil, matcher.NewProblem("document.animated", nil)
		case "EXIF":
			exif, _ := bytes.CutPrefix(content, []byte(exifPrefix)) // some programs put it there
			orientation = exifOrientation(exif)
		}
	}
	config, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if err := tooLarge(config.Width, config.Height, maxPixels); err != nil {
		return nil, err
	}
	return still{data, webp.Decode, orientation, nil}, nil
}

// webpChunks are a WebP's chunks with their names. They end where the file does,
// or is not as it should be.
func webpChunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		// Name, length, content, made even; behind "RIFF", a length and "WEBP".
		for rest := data[min(12, len(data)):]; len(rest) >= 8; {
			length := int64(binary.LittleEndian.Uint32(rest[4:]))
			if length > int64(len(rest)-8) || !yield(string(rest[:4]), rest[8:8+length]) {
				return
			}
			rest = rest[min(int64(len(rest)), 8+length+length%2):]
		}
	}
}
