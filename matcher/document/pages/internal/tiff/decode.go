package tiff

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"math/bits"

	"golang.org/x/image/ccitt"
	"golang.org/x/image/tiff/lzw"

	"facematch/matcher/document/pages/internal/segments"
)

// Decode decodes a page, counted from 0. What is transparent becomes white. It
// stops between strips or tiles when the context ends.
func (f *File) Decode(ctx context.Context, page int) (*image.RGBA, error) {
	l, err := f.layout(page)
	if err != nil {
		return nil, err
	}
	dst := image.NewRGBA(image.Rect(0, 0, l.Width, l.Height))
	d := decoder{file: f, layout: l, dst: dst, content: make([][]byte, l.planes), buffers: make([][]byte, l.planes)}
	for i := range l.across * l.down {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := d.block(i); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// decoder decodes one page.
type decoder struct {
	file *File
	*layout
	dst     *image.RGBA
	content [][]byte // planes of the block at hand, decompressed
	buffers [][]byte // used again from block to block
	inflate io.ReadCloser
}

// block decodes the i-th strip or tile.
func (d *decoder) block(i int) error {
	at := image.Pt(i%d.across*d.blockWidth, i/d.across*d.blockHeight)
	size := image.Pt(d.blockWidth, d.blockHeight)
	if !d.tiled { // a tile is always whole, the last strip ends with the page
		size.Y = min(size.Y, d.Height-at.Y)
	}
	where := image.Rectangle{Min: at, Max: at.Add(size)}.Intersect(d.dst.Rect)
	if d.compression == compressionJPEG {
		return d.jpeg(i, size, where)
	}
	for p := range d.planes {
		if err := d.decompress(p, p*d.across*d.down+i, size); err != nil {
			return err
		}
	}
	if d.subH > 1 || d.subV > 1 {
		d.shared(size, where)
		return nil
	}
	d.rows(size, where)
	return nil
}

// raw is a block's content as it stands in the file.
func (d *decoder) raw(i int) ([]byte, error) {
	start, end := d.place(i, len(d.file.data))
	if start == end {
		return nil, FormatError("a strip or tile lies outside the file")
	}
	return d.file.data[start:end], nil
}

// decompress fills a plane with the block that has this number in the file.
func (d *decoder) decompress(plane, i int, size image.Point) error {
	raw, err := d.raw(i)
	if err != nil {
		return err
	}
	length := d.rowBytes(size.X) * size.Y
	if d.subH > 1 || d.subV > 1 {
		length = ceil(size.X, d.subH) * ceil(size.Y, d.subV) * (d.subH*d.subV + 2)
	}
	if d.compression == compressionNone && len(raw) < length {
		// How long it is, is known without what the file says of it.
		raw = d.file.data[d.starts[i]:]
		raw = raw[:min(len(raw), length)]
	}
	if d.reversed {
		raw = bytes.Clone(raw)
		for i, b := range raw {
			raw[i] = bits.Reverse8(b)
		}
	}
	if d.compression == compressionNone && !d.differences {
		if len(raw) < length {
			return FormatError("a strip or tile is cut off")
		}
		d.content[plane] = raw[:length]
		return nil
	}
	if cap(d.buffers[plane]) < length {
		d.buffers[plane] = make([]byte, length)
	}
	out := d.buffers[plane][:length]
	if err := d.fill(out, raw, size); err != nil {
		return err
	}
	if d.differences {
		d.sum(out, size)
	}
	d.content[plane] = out
	return nil
}

func (d *decoder) fill(out, raw []byte, size image.Point) error {
	var r io.Reader
	switch d.compression {
	case compressionPackBits:
		return unpackBits(out, raw)
	case compressionNone:
		r = bytes.NewReader(raw)
	case compressionLZW:
		unpack := lzw.NewReader(bytes.NewReader(raw), lzw.MSB, 8)
		defer unpack.Close()
		r = unpack
	case compressionDeflate, compressionDeflate0:
		if err := d.startInflate(raw); err != nil {
			return err
		}
		r = d.inflate
	case compressionG3:
		return unpackFax3(out, raw, size.X, size.Y)
	case compressionG4:
		// Inverted, white runs are zeros, as in other compressions of such pages.
		r = ccitt.NewReader(bytes.NewReader(raw), ccitt.MSB, ccitt.Group4, size.X, size.Y, &ccitt.Options{Invert: true})
	}
	if _, err := io.ReadFull(r, out); err != nil {
		return FormatError("a strip or tile is cut off or damaged: " + err.Error())
	}
	return nil
}

// startInflate begins a block with the reader of the block before, which has
// large tables.
func (d *decoder) startInflate(raw []byte) error {
	if d.inflate != nil {
		return d.inflate.(zlib.Resetter).Reset(bytes.NewReader(raw), nil)
	}
	var err error
	d.inflate, err = zlib.NewReader(bytes.NewReader(raw))
	return err
}

// unpackBits undoes PackBits: a count, then that many bytes, or one to repeat.
func unpackBits(out, raw []byte) error {
	for len(out) > 0 {
		if len(raw) < 2 {
			return FormatError("a strip or tile is cut off")
		}
		switch n := int(int8(raw[0])); {
		case n >= 0:
			n = min(n+1, len(out))
			if len(raw) < 1+n {
				return FormatError("a strip or tile is cut off")
			}
			copy(out, raw[1:1+n])
			out, raw = out[n:], raw[1+n:]
		case n == -128: // nothing, by the standard
			raw = raw[1:]
		default:
			n = min(1-n, len(out))
			for i := range n {
				out[i] = raw[1]
			}
			out, raw = out[n:], raw[2:]
		}
	}
	return nil
}

// rowBytes is the length of a row of one plane.
func (d *decoder) rowBytes(width int) int {
	return ceil(width*d.samples/d.planes*d.bits, 8)
}

func ceil(a, b int) int { return (a + b - 1) / b }

// sum turns differences back into samples.
func (d *decoder) sum(data []byte, size image.Point) {
	samples, length := d.samples/d.planes, d.rowBytes(size.X)
	for row := data; len(row) >= length; row = row[length:] {
		if d.bits == 8 {
			for i := samples; i < length; i++ {
				row[i] += row[i-samples]
			}
			continue
		}
		for i := 2 * samples; i < length; i += 2 {
			d.file.order.PutUint16(row[i:], d.file.order.Uint16(row[i:])+d.file.order.Uint16(row[i-2*samples:]))
		}
	}
}

// rows paints a block whose pixels have all their samples.
func (d *decoder) rows(size image.Point, where image.Rectangle) {
	length := d.rowBytes(size.X)
	samples := make([]uint8, where.Dx()*d.samples)
	for y := range where.Dy() {
		for p, plane := range d.content {
			d.unpack(samples, plane[y*length:(y+1)*length], p)
		}
		out := d.dst.Pix[d.dst.PixOffset(where.Min.X, where.Min.Y+y):]
		for x := range where.Dx() {
			pixel := samples[x*d.samples : (x+1)*d.samples]
			r, g, b := d.colour(pixel)
			if d.alpha > 0 {
				a := pixel[d.alpha]
				r, g, b = d.onWhite(r, a), d.onWhite(g, a), d.onWhite(b, a)
			}
			out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] = r, g, b, 255
		}
	}
}

// unpack makes each sample of a row eight bits; with several planes only those
// of this one.
func (d *decoder) unpack(samples, row []byte, plane int) {
	step := d.planes
	n := len(samples) / step
	switch d.bits {
	case 8:
		for i := range n {
			samples[i*step+plane] = row[i]
		}
	case 16:
		high := 0
		if d.file.order == binary.ByteOrder(binary.LittleEndian) {
			high = 1
		}
		for i := range n {
			samples[i*step+plane] = row[2*i+high]
		}
	default:
		mask := uint8(1)<<d.bits - 1
		full := 255 / mask // so that white becomes 255
		if d.colours == paletted {
			full = 1
		}
		for i := range n {
			bit := i * d.bits
			samples[i*step+plane] = row[bit/8] >> (8 - d.bits - bit%8) & mask * full
		}
	}
}

func (d *decoder) colour(pixel []uint8) (r, g, b uint8) {
	switch d.colours {
	case whiteIsZero:
		v := 255 - pixel[0]
		return v, v, v
	case blackIsZero:
		return pixel[0], pixel[0], pixel[0]
	case paletted:
		c := d.palette[pixel[0]]
		return c[0], c[1], c[2]
	case cmyk:
		return color.CMYKToRGB(pixel[0], pixel[1], pixel[2], pixel[3])
	case yCbCr:
		return color.YCbCrToRGB(pixel[0], pixel[1], pixel[2])
	}
	return pixel[0], pixel[1], pixel[2]
}

// onWhite is a colour seen on white paper.
func (d *decoder) onWhite(v, alpha uint8) uint8 {
	if d.multiplied {
		return uint8(min(255, int(v)+255-int(alpha)))
	}
	return uint8((int(v)*int(alpha) + 255*(255-int(alpha)) + 127) / 255)
}

// shared paints a block in which neighbouring pixels share their colour: first
// the brightness of each of them, then the two parts of the colour.
func (d *decoder) shared(size image.Point, where image.Rectangle) {
	unit, units := d.subH*d.subV+2, ceil(size.X, d.subH)
	for y := range where.Dy() {
		for x := range where.Dx() {
			data := d.content[0][(y/d.subV*units+x/d.subH)*unit:]
			out := d.dst.Pix[d.dst.PixOffset(where.Min.X+x, where.Min.Y+y):]
			out[0], out[1], out[2] = color.YCbCrToRGB(data[y%d.subV*d.subH+x%d.subH], data[unit-2], data[unit-1])
			out[3] = 255
		}
	}
}

// jpeg paints a block that is a JPEG of its own, whose tables may stand in the
// directory.
func (d *decoder) jpeg(i int, size image.Point, where image.Rectangle) error {
	raw, err := d.raw(i)
	if err != nil {
		return err
	}
	if len(raw) < 2 || raw[0] != 0xff || raw[1] != 0xd8 {
		return FormatError("a strip or tile is no JPEG")
	}
	whole := []byte{0xff, 0xd8}
	if d.colours == rgb || d.colours == cmyk {
		// The TIFF says what the colours are; an Adobe segment says the same in the JPEG.
		whole = append(whole, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"...)
	}
	if n := len(d.tables); n > 4 {
		whole = append(whole, d.tables[2:n-2]...) // without its own start and end
	}
	whole = segments.Mend(append(whole, raw[2:]...))
	if !segments.Baseline(whole) {
		return UnsupportedError("a strip or tile that is a progressive JPEG")
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(whole))
	if err != nil {
		return err
	}
	// A last strip may be as high as the others.
	if config.Width < where.Dx() || config.Height < where.Dy() || config.Width > size.X || config.Height > d.blockHeight {
		return FormatError("a strip or tile has another size")
	}
	img, err := jpeg.Decode(bytes.NewReader(whole))
	if err != nil {
		return err
	}
	if four, ok := img.(*image.CMYK); ok {
		// Adobe's JPEGs have their colours the other way round, TIFFs have not.
		for i := range four.Pix {
			four.Pix[i] = 255 - four.Pix[i]
		}
	}
	draw.Draw(d.dst, where, img, image.Point{}, draw.Src)
	return nil
}
