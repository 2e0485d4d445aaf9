// Package tiff reads TIFF files as scanners, fax programs and photo editors make
// them: several pages, all usual compressions and colours. It decodes straight
// into an opaque RGBA picture and bounds everything by the header first.
package tiff

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// FormatError says that a file is damaged.
type FormatError string

func (e FormatError) Error() string { return "tiff: " + string(e) }

// UnsupportedError says that a file is right but of a kind this package does not
// read.
type UnsupportedError string

func (e UnsupportedError) Error() string { return "tiff: not supported: " + string(e) }

// File is a TIFF file whose directories were read.
type File struct {
	data  []byte
	order binary.ByteOrder
	pages []directory
	parts int // directories looked at beside the pages
}

// ErrRaw says that a file is what a camera's sensor saw, such as a DNG, which
// takes a program of its own to become a picture.
var ErrRaw = errors.New("tiff: a raw photo")

// Open reads the directories of a file, up to a number of pages. Thumbnails and
// masks are no pages, but for a file that has nothing but thumbnails. Where the
// directories lead outside the file or in a circle, the pages up to there are
// the file's, as libtiff reads it.
func Open(data []byte, most int) (*File, error) {
	f := &File{data: data}
	switch {
	case bytes.HasPrefix(data, []byte("II+\x00")), bytes.HasPrefix(data, []byte("MM\x00+")):
		return nil, UnsupportedError("64-bit offsets")
	case bytes.HasPrefix(data, []byte("II*\x00")) && len(data) >= 8:
		f.order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("MM\x00*")) && len(data) >= 8:
		f.order = binary.BigEndian
	default:
		return nil, FormatError("no header")
	}
	var reduced []directory
	var fault error // why the directories end; nil where they end as they should
	seen := map[uint32]bool{}
	for at := f.order.Uint32(data[4:]); at != 0 && len(f.pages) < most; {
		if seen[at] {
			fault = FormatError("the directories go round in circles")
			break
		}
		if seen[at] = true; len(seen) > maxDirectories {
			return nil, FormatError("too many directories")
		}
		d, next, err := f.directory(at)
		if err != nil {
			fault = err
			break
		}
		if f.raw(d) {
			return nil, ErrRaw
		}
		switch d.use() {
		case usePage:
			f.pages = append(f.pages, d)
		case useReduced:
			reduced = append(reduced, d)
		}
		at = next
	}
	if len(f.pages) == 0 {
		f.pages = reduced[:min(len(reduced), most)]
	}
	switch {
	case len(f.pages) > 0:
		return f, nil
	case fault != nil:
		return nil, fault
	}
	return nil, FormatError("no pages")
}

// raw says whether a directory, or one of those it names as its parts, is that of
// a raw photo.
func (f *File) raw(d directory) bool {
	if d.sensor() {
		return true
	}
	parts := d[subIFDs]
	for i := 0; i < parts.len() && f.parts < maxParts; i++ {
		at, ok := parts.at(i)
		if !ok {
			return false
		}
		f.parts++
		if part, _, err := f.directory(at); err == nil && part.sensor() {
			return true
		}
	}
	return false
}

// sensor says whether a directory has what a sensor saw. A DNG says so even where
// it has a picture beside.
func (d directory) sensor() bool {
	const filtered, linear = 32803, 34892 // each pixel in one colour only; or not yet developed
	colours := d.number(photometric, -1)
	return colours == filtered || colours == linear || d[dngVersion].len() > 0
}

// Count is how many pages were found.
func (f *File) Count() int { return len(f.pages) }

// directory holds what a page says of itself.
type directory map[tag]field

// field is one entry: its values as they stand in the file.
type field struct {
	kind, size int // size of one value in bytes
	values     []byte
	order      binary.ByteOrder
}

// directory reads the directory at this place, and where the next one is.
func (f *File) directory(at uint32) (directory, uint32, error) {
	start := int64(at)
	if start+2 > int64(len(f.data)) {
		return nil, 0, FormatError("a directory lies outside the file")
	}
	entries := int64(f.order.Uint16(f.data[start:]))
	end := start + 2 + entries*12
	switch {
	case entries > maxEntries:
		return nil, 0, FormatError("too many entries in a directory")
	case end > int64(len(f.data)):
		return nil, 0, FormatError("a directory is cut off")
	}
	d := make(directory, entries)
	for e := f.data[start+2 : end]; len(e) > 0; e = e[12:] { // tag, kind, count, values or their place
		name, kind := tag(f.order.Uint16(e)), int(f.order.Uint16(e[2:]))
		if kind >= len(sizes) || sizes[kind] == 0 {
			continue // a kind from after this was written, which readers are to skip
		}
		if _, again := d[name]; again {
			continue // the first one counts
		}
		length := int64(sizes[kind]) * int64(f.order.Uint32(e[4:]))
		values := e[8:12]
		if length > 4 {
			place := int64(f.order.Uint32(values))
			if place+length > int64(len(f.data)) {
				continue // only a fault where it is a needed one
			}
			values = f.data[place : place+length]
		}
		d[name] = field{kind, sizes[kind], values[:length], f.order}
	}
	if end+4 > int64(len(f.data)) {
		return d, 0, nil // the last one's end is left out now and then
	}
	return d, f.order.Uint32(f.data[end:]), nil
}

// sizes of the kinds of value in bytes: byte, text, short, long, rational, the
// signed and fractional ones, and the place of a directory.
var sizes = [...]int{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4}

// len is how many values there are.
func (f field) len() int { return len(f.values) / max(1, f.size) }

// at is a value that is a whole number and not below zero; false where it is
// none.
func (f field) at(i int) (uint32, bool) {
	if i >= f.len() {
		return 0, false
	}
	v := f.values[i*f.size:]
	switch f.kind {
	case 1:
		return uint32(v[0]), true
	case 3:
		return uint32(f.order.Uint16(v)), true
	case 4, 13:
		return f.order.Uint32(v), true
	case 6:
		return uint32(v[0]), v[0] < 1<<7
	case 8:
		return uint32(f.order.Uint16(v)), f.order.Uint16(v) < 1<<15
	case 9:
		return f.order.Uint32(v), f.order.Uint32(v) < 1<<31
	}
	return 0, false
}

// number is a directory's single value, or what it means when it is left out.
func (d directory) number(t tag, otherwise int) int {
	if v, ok := d[t].at(0); ok {
		return int(v)
	}
	return otherwise
}

// use is what a directory is for.
func (d directory) use() use {
	const reduced, mask, oldReduced = 1, 4, 2
	switch kind := d.number(newSubfileType, 0); {
	case kind&mask != 0:
		return useMask
	case kind&reduced != 0 || d.number(subfileType, 0) == oldReduced:
		return useReduced
	}
	return usePage
}

type use int

const (
	usePage    use = iota
	useReduced     // a smaller copy of another page
	useMask        // says which parts of another page are to be seen
)

// Header says how large a page is and how it was put on the scanner: an EXIF
// orientation of 1 to 8.
type Header struct{ Width, Height, Orientation int }

// Header reads the header of a page, counted from 0.
func (f *File) Header(page int) (Header, error) {
	d := f.pages[page]
	h := Header{d.number(imageWidth, 0), d.number(imageLength, 0), d.number(orientation, 1)}
	if h.Width < 1 || h.Height < 1 {
		return Header{}, FormatError("no pixels")
	}
	if h.Orientation < 1 || h.Orientation > 8 {
		h.Orientation = 1
	}
	return h, nil
}

type tag uint16

const (
	newSubfileType   tag = 254
	subfileType      tag = 255
	imageWidth       tag = 256
	imageLength      tag = 257
	bitsPerSample    tag = 258
	compression      tag = 259
	photometric      tag = 262
	fillOrder        tag = 266
	stripOffsets     tag = 273
	orientation      tag = 274
	samplesPerPixel  tag = 277
	rowsPerStrip     tag = 278
	stripByteCounts  tag = 279
	planar           tag = 284
	t4Options        tag = 292
	predictor        tag = 317
	colorMap         tag = 320
	tileWidth        tag = 322
	tileLength       tag = 323
	tileOffsets      tag = 324
	tileByteCounts   tag = 325
	subIFDs          tag = 330
	extraSamples     tag = 338
	sampleFormat     tag = 339
	jpegTables       tag = 347
	yCbCrSubSampling tag = 530
	dngVersion       tag = 50706
)

func unsupported(what string, value int) error {
	return UnsupportedError(fmt.Sprintf("%s %d", what, value))
}
