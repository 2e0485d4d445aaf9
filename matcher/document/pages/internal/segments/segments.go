// Package segments reads what stands in a JPEG before the picture itself.
package segments

import (
	"encoding/binary"
	"iter"
)

// Of are the markers of a JPEG before the picture itself, with what
// follows each. They end where anything is not as it should be.
func Of(jpeg []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		// FF, marker, two bytes of length (which count themselves).
		for rest := jpeg[min(2, len(jpeg)):]; len(rest) >= 4 && rest[0] == 0xff; {
			marker, length := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
			if marker == 0xff { // a fill byte
				rest = rest[1:]
				continue
			}
			if marker == 0xda || marker < 0xc0 || marker >= 0xd0 && marker <= 0xd9 || length < 2 || len(rest) < 2+length {
				return
			}
			if !yield(marker, rest[4:2+length]) {
				return
			}
			rest = rest[2+length:]
		}
	}
}

// Baseline says whether a JPEG is surely not progressive.
func Baseline(jpeg []byte) bool {
	for marker := range Of(jpeg) {
		switch marker {
		case 0xc0, 0xc1:
			return true
		case 0xc2:
			return false
		}
	}
	return false
}
