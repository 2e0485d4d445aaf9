package tiff

import (
	"cmp"
	"slices"
)

// How a page is stored.
const (
	compressionNone     = 1
	compressionG3       = 3
	compressionG4       = 4
	compressionLZW      = 5
	compressionJPEG     = 7
	compressionDeflate  = 8
	compressionDeflate0 = 32946 // the same, from before it was registered
	compressionPackBits = 32773

	whiteIsZero = 0
	blackIsZero = 1
	rgb         = 2
	paletted    = 3
	cmyk        = 5
	yCbCr       = 6
)

// layout is a page's header, checked.
type layout struct {
	Header
	compression int
	colours     int  // photometric interpretation
	bits        int  // of each sample
	samples     int  // of each pixel
	alpha       int  // which sample is alpha; 0: none
	multiplied  bool // colours were multiplied with alpha
	planes      int  // 1, or samples where each lies by itself
	differences bool // each sample is the difference to the one on its left
	reversed    bool // bits in a byte go from low to high
	subH, subV  int  // columns and rows that share their colour, in YCbCr
	palette     [256][3]uint8
	tables      []byte // of JPEG

	blockWidth, blockHeight int // a tile, or a strip as wide as the page
	across, down            int // how many blocks
	tiled                   bool
	offsets, counts         field
	starts, sorted          []uint32 // of the blocks, as they come and by place
}

// layout reads and checks a page's header, so that decoding needs no more
// memory and time than its pixels warrant.
func (f *File) layout(page int) (*layout, error) {
	header, err := f.Header(page)
	if err != nil {
		return nil, err
	}
	d := f.pages[page]
	l := &layout{
		Header:      header,
		compression: d.number(compression, compressionNone),
		bits:        d.number(bitsPerSample, 1),
		samples:     d.number(samplesPerPixel, max(1, d[bitsPerSample].len())),
		planes:      1,
		differences: d.number(predictor, 1) == 2,
		reversed:    d.number(fillOrder, 1) == 2,
		subH:        1,
		subV:        1,
		tables:      d[jpegTables].values,
	}
	l.colours = d.number(photometric, l.guess(d))
	if l.colours == paletted && l.bits == 8 && d[colorMap].len() == 0 {
		l.colours = l.guess(d) // a grey picture that says it had a palette
	}
	for _, check := range []func(directory) error{l.readSamples, l.readColours, l.readCompression, l.readBlocks} {
		if err := check(d); err != nil {
			return nil, err
		}
	}
	covered := uint64(0)
	l.starts = make([]uint32, l.across*l.down*l.planes)
	for i := range l.starts {
		l.starts[i], _ = l.offsets.at(i)
	}
	l.sorted = slices.Clone(l.starts)
	slices.Sort(l.sorted)
	for i := range l.starts {
		start, end := l.place(i, len(f.data))
		covered += uint64(end - start)
	}
	if covered > overlap*uint64(len(f.data)) {
		return nil, FormatError("strips or tiles overlap")
	}
	return l, nil
}

// place is where a strip or tile starts and ends, in a file of this length. What
// has no length, or none that can be, reaches to the next one, or to the end of
// the file.
func (l *layout) place(i, length int) (start, end int) {
	start = min(int(l.starts[i]), length)
	if count, ok := l.counts.at(i); ok && count > 0 {
		return start, min(length, start+int(count))
	}
	next, _ := slices.BinarySearchFunc(l.sorted, l.starts[i], func(place, this uint32) int {
		return cmp.Compare(uint64(place), uint64(this)+1)
	})
	if next < len(l.sorted) {
		return start, min(length, int(l.sorted[next]))
	}
	return start, length
}

// guess is what a page's colours are that does not name them, by what each pixel
// has and how it is compressed, as libtiff guesses.
func (l *layout) guess(d directory) int {
	fax := l.compression == compressionG3 || l.compression == compressionG4
	switch colours := l.samples - d[extraSamples].len(); {
	case colours == 3 && l.compression == compressionJPEG:
		return yCbCr // the JPEG itself says more
	case colours == 3:
		return rgb
	case colours == 1 && d[colorMap].len() > 0:
		return paletted
	case colours == 1 && fax:
		return whiteIsZero
	case colours == 1:
		return blackIsZero
	}
	return -1
}

func (l *layout) readSamples(d directory) error {
	const unsigned = 1
	switch {
	case l.samples < 1 || l.samples > maxSamples:
		return unsupported("samples per pixel", l.samples)
	case d.number(sampleFormat, unsigned) != unsigned:
		return unsupported("sample format", d.number(sampleFormat, unsigned))
	}
	switch l.bits {
	case 1, 2, 4, 8, 16:
	default:
		return unsupported("bits per sample", l.bits)
	}
	for i := range d[bitsPerSample].len() {
		if bits, _ := d[bitsPerSample].at(i); int(bits) != l.bits {
			return UnsupportedError("samples of different size")
		}
	}
	if d.number(planar, 1) == 2 && l.samples > 1 {
		l.planes = l.samples
	}
	return nil
}

func (l *layout) readColours(d directory) error {
	needed := 3
	switch l.colours {
	case whiteIsZero, blackIsZero:
		needed = 1
	case paletted:
		needed = 1
		if l.bits > 8 {
			return unsupported("bits per sample in a palette", l.bits)
		}
		n := 1 << l.bits
		if d[colorMap].len() < 3*n {
			return FormatError("the palette is cut off")
		}
		shift := 0 // some write values of eight bits
		for i := range 3 * n {
			if v, _ := d[colorMap].at(i); v > 255 {
				shift = 8
			}
		}
		for i := range 3 * n {
			v, _ := d[colorMap].at(i)
			l.palette[i%n][i/n] = uint8(v >> shift)
		}
	case rgb:
	case cmyk:
		needed = 4
	case yCbCr:
		sub := d[yCbCrSubSampling]
		h, hasH := sub.at(0)
		v, hasV := sub.at(1)
		if !hasH || !hasV {
			h, v = 2, 2
		}
		if h != 1 && h != 2 && h != 4 || v != 1 && v != 2 && v != 4 {
			return FormatError("no such share of colours")
		}
		l.subH, l.subV = int(h), int(v)
	case -1:
		return FormatError("no colours are named")
	default:
		return unsupported("colours", l.colours)
	}
	switch {
	case l.samples < needed:
		return FormatError("too few samples in a pixel")
	case l.bits < 8 && l.colours != whiteIsZero && l.colours != blackIsZero && l.colours != paletted:
		return unsupported("bits per colour", l.bits)
	case l.colours == yCbCr && l.compression != compressionJPEG && (l.subH > 1 || l.subV > 1) &&
		(l.samples != 3 || l.bits != 8 || l.planes > 1 || l.differences):
		return UnsupportedError("a rare kind of shared colours")
	}
	const associated, unassociated = 1, 2
	if kind := d.number(extraSamples, 0); l.samples > needed && l.colours != paletted &&
		(kind == associated || kind == unassociated) {
		l.alpha, l.multiplied = needed, kind == associated
	}
	return nil
}

func (l *layout) readCompression(d directory) error {
	switch l.compression {
	case compressionNone, compressionLZW, compressionDeflate, compressionDeflate0, compressionPackBits:
	case compressionG3, compressionG4:
		const twoDimensional, uncompressed = 1, 2
		if l.bits != 1 || l.samples != 1 {
			return FormatError("a fax has one bit in a pixel")
		}
		if l.compression == compressionG3 && d.number(t4Options, 0)&(twoDimensional|uncompressed) != 0 {
			return UnsupportedError("two-dimensional group 3")
		}
	case compressionJPEG:
		if l.bits != 8 || l.planes > 1 || l.colours == paletted || l.colours == whiteIsZero || l.alpha > 0 {
			return UnsupportedError("a rare kind of JPEG")
		}
	default:
		return unsupported("compression", l.compression)
	}
	switch p := d.number(predictor, 1); {
	case p != 1 && p != 2:
		return unsupported("predictor", p)
	case l.differences && l.bits < 8:
		return unsupported("differences of bits", l.bits)
	}
	return nil
}

func (l *layout) readBlocks(d directory) error {
	rows := d.number(rowsPerStrip, 0)
	if rows < 1 {
		rows = l.Height
	}
	l.blockWidth, l.blockHeight = l.Width, min(l.Height, rows)
	l.offsets, l.counts = d.either(stripOffsets, tileOffsets), d.either(stripByteCounts, tileByteCounts)
	if d.number(tileWidth, 0) > 0 {
		l.tiled = true
		l.blockWidth, l.blockHeight = d.number(tileWidth, 0), d.number(tileLength, 0)
		l.offsets, l.counts = d.either(tileOffsets, stripOffsets), d.either(tileByteCounts, stripByteCounts)
	}
	if l.blockWidth < 1 || l.blockHeight < 1 {
		return FormatError("strips or tiles without pixels")
	}
	l.across = (l.Width-1)/l.blockWidth + 1
	l.down = (l.Height-1)/l.blockHeight + 1
	blocks := uint64(l.across) * uint64(l.down)
	switch {
	case blocks*uint64(l.planes) > maxBlocks:
		return FormatError("too many strips or tiles")
	case l.tiled && (l.blockWidth > 1<<16 || l.blockHeight > 1<<16 ||
		blocks*uint64(l.blockWidth)*uint64(l.blockHeight) > padding*uint64(l.Width)*uint64(l.Height)+smallTiles):
		return FormatError("tiles reach far over the page")
	case uint64(l.blockWidth)*uint64(l.blockHeight)*uint64(l.samples*l.bits) > 8*maxBlockBytes:
		return unsupported("bytes in a strip or tile: over", maxBlockBytes)
	case l.offsets.len() < int(blocks)*l.planes:
		return FormatError("too few strips or tiles")
	}
	return nil
}

// either is a field, or where it is left out the one that some write instead.
func (d directory) either(first, second tag) field {
	if d[first].len() > 0 {
		return d[first]
	}
	return d[second]
}
