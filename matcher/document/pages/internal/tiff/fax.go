package tiff

import (
	"bytes"
	"io"

	"golang.org/x/image/ccitt"
)

// unpackFax3 undoes one-dimensional group 3. Writers fill up before the end of a
// line as they please, which the decoder does not bear: it gets each line by
// itself, behind an end of line without any filling.
func unpackFax3(out, raw []byte, width, height int) error {
	line := make([]byte, 0, len(raw)/height+16)
	length := ceil(width, 8)
	at := endOfLine(raw, 0)
	for ; height > 0; height-- {
		if at < 0 {
			return FormatError("a fax ends early")
		}
		end := endOfLine(raw, at)
		if end < 0 {
			end = 8 * len(raw)
		}
		line = append(line[:0], 0, 0x10) // eleven zeros and a one; then the line, by half a byte later
		for bit := at; bit < end; bit += 8 {
			b := byteAt(raw, bit)
			line[len(line)-1] |= b >> 4
			line = append(line, b<<4)
		}
		r := ccitt.NewReader(bytes.NewReader(line), ccitt.MSB, ccitt.Group3, width, 1, &ccitt.Options{Invert: true})
		if _, err := io.ReadFull(r, out[:length]); err != nil {
			return err
		}
		out, at = out[length:], end
	}
	return nil
}

// endOfLine is the bit behind the next end of line, eleven zeros or more and a
// one; -1 where there is none.
func endOfLine(data []byte, bit int) int {
	for zeros := 0; bit < 8*len(data); bit++ {
		switch {
		case data[bit/8]>>(7-bit%8)&1 == 0:
			zeros++
		case zeros >= 11:
			return bit + 1
		default:
			zeros = 0
		}
	}
	return -1
}

// byteAt is the eight bits from here on; zeros behind the end.
func byteAt(data []byte, bit int) byte {
	two := uint16(data[bit/8]) << 8
	if bit/8+1 < len(data) {
		two |= uint16(data[bit/8+1])
	}
	return byte(two << (bit % 8) >> 8)
}
