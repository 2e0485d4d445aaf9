package blob

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Format is what a file is by its content, as a person would call it.
type Format string

// The formats that are told apart.
const (
	Unknown Format = ""
	JPEG    Format = "JPEG"
	PNG     Format = "PNG"
	GIF     Format = "GIF"
	BMP     Format = "BMP"
	TIFF    Format = "TIFF"
	WebP    Format = "WebP"
	HEIC    Format = "HEIC"
	AVIF    Format = "AVIF"
	PDF     Format = "PDF"
	ZIP     Format = "ZIP" // and office documents, which are ZIP files
	JPEGXL  Format = "JPEG XL"
	JPEG2K  Format = "JPEG 2000"
	SVG     Format = "SVG"
	PSD     Format = "Photoshop"
	DjVu    Format = "DjVu"
	EPS     Format = "PostScript"
	RTF     Format = "RTF"
	Office  Format = "Microsoft Office" // from before 2007
	Raw     Format = "raw photo"        // what a sensor saw; those that begin like a TIFF (DNG, NEF) are TIFF
	MP4     Format = "MP4"
	MOV     Format = "MOV"
	AVI     Format = "AVI"
	MKV     Format = "MKV" // and WebM, which is a kind of it
	Text    Format = "text"

	// Films that are told apart only to say so.
	MTS  Format = "MTS" // of camcorders: MPEG-TS, also with times between the packets
	MPEG Format = "MPEG"
	WMV  Format = "WMV"
	FLV  Format = "Flash video"
	Ogg  Format = "Ogg"
	Real Format = "RealMedia"
	MXF  Format = "MXF"
)

// OtherFilm says whether this is a film of a kind that is not read.
func (f Format) OtherFilm() bool {
	switch f {
	case MTS, MPEG, WMV, FLV, Ogg, Real, MXF:
		return true
	}
	return false
}

// HeadSize is how many bytes of a file Sniff wants to see.
const HeadSize = 1024

// Sniff tells a file's format from its first bytes.
func Sniff(head []byte) Format {
	for _, m := range []struct {
		magic  string
		format Format
	}{
		{"\xff\xd8\xff", JPEG}, {"\x89PNG\r\n\x1a\n", PNG}, {"GIF87a", GIF}, {"GIF89a", GIF},
		{"II*\x00", TIFF}, {"MM\x00*", TIFF}, {"II+\x00", TIFF}, {"MM\x00+", TIFF}, // + is the 64-bit kind
		{"\xff\x0a", JPEGXL}, {"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a", JPEGXL},
		{"\xff\x4f\xff\x51", JPEG2K}, {"\x00\x00\x00\x0cjP  \x0d\x0a\x87\x0a", JPEG2K},
		{"8BPS\x00", PSD}, {"AT&TFORM", DjVu}, {"%!PS", EPS}, {"\xc5\xd0\xd3\xc6", EPS}, {"{\\rtf", RTF},
		{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Office}, {"PK\x03\x04", ZIP}, {"\x1a\x45\xdf\xa3", MKV},
		{"IIU\x00", Raw}, {"IIRO", Raw}, {"IIRS", Raw}, {"MMOR", Raw}, // Panasonic, Olympus
		{"II\x1a\x00\x00\x00HEAPCCDR", Raw},                       // Canon
		{"FUJIFILMCCD-RAW", Raw}, {"\x00MRM", Raw}, {"FOVb", Raw}, // Fujifilm, Minolta, Sigma
		{"\x30\x26\xb2\x75\x8e\x66\xcf\x11", WMV}, {"FLV\x01", FLV}, {"OggS\x00", Ogg}, {".RMF\x00", Real},
		{"\x00\x00\x01\xba", MPEG}, {"\x00\x00\x01\xb3", MPEG}, {"\x06\x0e\x2b\x34\x02\x05\x01\x01", MXF},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			if m.format == TIFF && rawTIFF(head) {
				return Raw
			}
			return m.format
		}
	}
	switch {
	case at(head, 0, "RIFF") && at(head, 8, "WEBP"):
		return WebP
	case at(head, 0, "RIFF") && at(head, 8, "AVI "):
		return AVI
	case at(head, 4, "ftyp"):
		return brand(head)
	case at(head, 0, "BM") && at(head, 6, "\x00\x00\x00\x00"): // reserved bytes: plain text can start with BM
		return BMP
	case packets(head, 0, 188), packets(head, 4, 192):
		return MTS
	case bytes.Contains(head, []byte("%PDF-")): // readers accept it anywhere in the first kilobyte
		return PDF
	}
	// A QuickTime film from before the ftyp box starts with any of these.
	for _, box := range []string{"moov", "mdat", "wide", "free", "skip", "pnot"} {
		if at(head, 4, box) && !text(head) {
			return MOV
		}
	}
	switch {
	case !text(head):
		return Unknown
	case bytes.Contains(head, []byte("<svg")):
		return SVG
	}
	return Text
}

// rawTIFF says whether a TIFF has the mark of Canon's or Phase One's raw photos.
func rawTIFF(head []byte) bool {
	return at(head, 4, "\x10\x00\x00\x00CR\x02") || at(head, 8, "IIIITwaR") || at(head, 8, "MMMMRawT")
}

// brand tells the kinds of the ISO base media format apart by its major brand,
// and a still picture's codec by the compatible ones where the major says none.
func brand(head []byte) Format {
	switch {
	case at(head, 8, "qt  "):
		return MOV
	case at(head, 8, "crx "): // Canon
		return Raw
	case at(head, 8, "avif"), at(head, 8, "avis"):
		return AVIF
	}
	for _, heic := range []string{"heic", "heix", "heim", "heis", "hevc", "hevx"} {
		if at(head, 8, heic) {
			return HEIC
		}
	}
	if at(head, 8, "mif1") || at(head, 8, "msf1") {
		end := min(len(head), int(binary.BigEndian.Uint32(head)))
		for i := 16; i+4 <= end; i += 4 {
			if at(head, i, "avif") || at(head, i, "avis") {
				return AVIF
			}
		}
		return HEIC
	}
	return MP4
}

// packets says whether the first packets of a transport stream begin from here on,
// each so long.
func packets(head []byte, from, length int) bool {
	for range 4 {
		if !at(head, from, "G") {
			return false
		}
		from += length
	}
	return true
}

func at(head []byte, offset int, magic string) bool {
	return len(head) >= offset && bytes.HasPrefix(head[offset:], []byte(magic))
}

// text says whether this is the start of a text: UTF-8 without control
// characters, but for a character cut in two at its end.
func text(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 {
			return !utf8.FullRune(head)
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			return false
		}
		head = head[n:]
	}
	return true
}
