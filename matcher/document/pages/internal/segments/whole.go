package segments

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"iter"
)

// Markers that are told apart.
const (
	sof0, sof1, sof2 = 0xc0, 0xc1, 0xc2 // baseline, extended, progressive
	dht              = 0xc4
	rst0, rst7       = 0xd0, 0xd7
	soi, eoi         = 0xd8, 0xd9
	sos              = 0xda
	dqt              = 0xdb
	dnl              = 0xdc
	dri              = 0xdd
	app0, app2       = 0xe0, 0xe2
	app14            = 0xee
)

// segment is a marker with what belongs to it. What stands between segments and
// belongs to none is skipped, as decoders do.
type segment struct {
	marker  byte
	at, end int    // from its FF on
	content []byte // behind the length
	scan    []byte // the coded pixels behind a start of scan, from its end on
}

// all are a JPEG's segments up to its end marker, which is the last of them, to
// the end of the file, or to what is no segment.
func all(jpeg []byte) iter.Seq[segment] {
	return func(yield func(segment) bool) {
		for at := min(2, len(jpeg)); ; {
			n := bytes.IndexByte(jpeg[at:], 0xff)
			if n < 0 {
				return
			}
			at += n
			next := at + 1
			for next < len(jpeg) && jpeg[next] == 0xff { // fill bytes
				next++
			}
			if next >= len(jpeg) {
				return
			}
			marker := jpeg[next]
			next++
			switch {
			case marker == eoi:
				yield(segment{marker: eoi, at: at, end: next})
				return
			case marker == 0 || marker >= rst0 && marker <= rst7:
				at = next
				continue
			}
			if next+2 > len(jpeg) {
				return
			}
			end := next + int(binary.BigEndian.Uint16(jpeg[next:]))
			if end < next+2 || end > len(jpeg) {
				return
			}
			s := segment{marker: marker, at: at, end: end, content: jpeg[next+2 : end]}
			if marker == sos {
				s.scan = coded(jpeg[end:])
			}
			if at = end + len(s.scan); !yield(s) {
				return
			}
		}
	}
}

// coded is the part of a JPEG behind a start of scan that holds pixels: all up to
// the next marker but restarts.
func coded(rest []byte) []byte {
	for at := 0; ; {
		n := bytes.IndexByte(rest[at:], 0xff)
		if n < 0 || at+n+1 >= len(rest) {
			return rest
		}
		at += n
		if next := rest[at+1]; next != 0 && (next < rst0 || next > rst7) {
			return rest[:at]
		}
		at += 2
	}
}

// frame is what a JPEG says of its picture and the scans that bring it.
type frame struct {
	sof       segment           // its content is nil where there is none
	scans     int               // how many there are
	ended     bool              // the end marker is there
	lines     []segment         // numbers of lines behind the first scan
	undefined bool              // a scan uses a Huffman table that no one defined
	bits      map[byte][64]int8 // of each component: how many bits of each coefficient are still to come; -1: all
}

func read(jpeg []byte) frame {
	f := frame{bits: map[byte][64]int8{}}
	defined := map[byte]bool{} // by class and number, as in the segment
	for s := range all(jpeg) {
		switch s.marker {
		case eoi:
			f.ended = true
		case sof0, sof1, sof2:
			f.start(s)
		case dht:
			for rest := s.content; len(rest) >= 17; {
				defined[rest[0]] = true
				n := 17
				for _, codes := range rest[1:17] {
					n += int(codes)
				}
				rest = rest[min(n, len(rest)):]
			}
		case dnl:
			if f.scans > 0 && len(s.content) == 2 {
				f.lines = append(f.lines, s)
			}
		case sos:
			f.scan(s.content, defined)
		}
	}
	return f
}

func (f *frame) start(s segment) {
	if f.sof.content != nil || len(s.content) < 6 || len(s.content) < 6+3*int(s.content[5]) {
		return // a decoder refuses it
	}
	f.sof = s
	var none [64]int8
	for i := range none {
		none[i] = -1
	}
	for i := range int(s.content[5]) {
		f.bits[s.content[6+3*i]] = none
	}
}

// scan notes what a scan brings: of which components, which coefficients, and up
// to which bit.
func (f *frame) scan(header []byte, defined map[byte]bool) {
	f.scans++
	if len(header) < 1 || len(header) < 4+2*int(header[0]) {
		return
	}
	n := int(header[0])
	from, to, left := int(header[1+2*n]), int(header[2+2*n]), int8(header[3+2*n]&0xf)
	if f.sof.marker != sof2 {
		from, to, left = 0, 63, 0
	}
	for i := range n {
		component, tables := header[1+2*i], header[2+2*i]
		if f.sof.marker != sof2 && !(defined[tables>>4] && defined[0x10|tables&0xf]) {
			f.undefined = true
		}
		bits := f.bits[component]
		for k := from; k <= min(to, 63); k++ {
			bits[k] = left
		}
		f.bits[component] = bits
	}
}

// whole says whether the scans bring all of the picture.
func (f *frame) whole() bool {
	for _, bits := range f.bits {
		if bits != [64]int8{} {
			return false
		}
	}
	return f.scans > 0 && len(f.bits) > 0
}

// Mend gives a JPEG the parts that some leave out and all viewers do without, but
// Go's decoder does not: the Huffman tables, where they are the standard's (as in
// frames of Motion JPEG), the height, where it stands behind the first scan, and
// the end marker, where all scans are there. Whether they are whole, the decoder
// says. A JPEG that needs nothing comes back as it is.
func Mend(jpeg []byte) []byte {
	if len(jpeg) < 2 {
		return jpeg
	}
	f := read(jpeg)
	if f.sof.content == nil || !f.undefined && len(f.lines) == 0 && (f.ended || !f.whole()) {
		return jpeg
	}
	out := make([]byte, 0, len(jpeg)+len(standardTables)+2)
	out = append(out, jpeg[:2]...)
	if f.undefined {
		out = append(out, standardTables...) // first, so that those the file has come in their place
	}
	height := len(out) - 2 + f.sof.end - len(f.sof.content) + 1
	at := 2
	for _, s := range f.lines {
		out = append(out, jpeg[at:s.at]...)
		at = s.end
	}
	out = append(out, jpeg[at:]...)
	if len(f.lines) > 0 && out[height] == 0 && out[height+1] == 0 {
		copy(out[height:], f.lines[0].content)
	}
	if !f.ended && f.whole() {
		out = append(out, 0xff, eoi)
	}
	return out
}

// Bare is a JPEG with nothing but its pixels, how they are coded, and its colour
// profile: no notes of any program or camera, no smaller copy, and nothing of what
// comes behind its end, such as a film or a second picture.
func Bare(jpeg []byte) []byte {
	out := append(make([]byte, 0, len(jpeg)), 0xff, soi)
	scans := 0
	for s := range all(jpeg) {
		switch s.marker {
		case eoi:
			out = append(out, 0xff, eoi)
		case sof0, sof1, sof2, dht, dqt, dri:
			out = add(out, s.marker, s.content)
		case sos:
			out = append(add(out, s.marker, s.content), s.scan...)
			scans++
		case app0: // says that the colours are as usual
			if bytes.HasPrefix(s.content, []byte("JFIF\x00")) {
				out = add(out, app0, []byte("JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"))
			}
		case app14: // says that they are not
			if bytes.HasPrefix(s.content, []byte("Adobe")) && len(s.content) >= 12 {
				out = add(out, app14, append([]byte("Adobe\x00\x64\x00\x00\x00\x00"), s.content[11]))
			}
		case app2:
			if scans == 0 && bytes.HasPrefix(s.content, []byte("ICC_PROFILE\x00")) {
				out = add(out, app2, s.content)
			}
		}
	}
	return out
}

func add(to []byte, marker byte, content []byte) []byte {
	to = append(to, 0xff, marker)
	to = binary.BigEndian.AppendUint16(to, uint16(len(content)+2))
	return append(to, content...)
}

var standardTables = func() []byte {
	tables, err := hex.DecodeString("ffc401a2" +
		"0000010501010101010100000000000000000102030405060708090a0b100002010303020403050504040000017d01020300041105" +
		"122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445" +
		"464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8" +
		"a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa01000301" +
		"01010101010101010000000000000102030405060708090a0b11000201020404030407050404000102770001020311040521310612" +
		"41510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748" +
		"494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aa" +
		"b2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa")
	if err != nil {
		panic(err)
	}
	return tables
}()
