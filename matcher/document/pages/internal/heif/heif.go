// Package heif decodes HEIC pictures with libheif and libde265, compiled to
// WebAssembly. The module is the one of github.com/gen2brain/heic v0.4.5 (see
// PROVENANCE.md), without that package: it would rather use the system's own
// library, and sets its module no bounds.
package heif

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"time"

	"facematch/matcher/document/pages/internal/wasm"
	"facematch/matcher/internal/picture"
)

//go:embed heif.wasm.gz
var packed []byte

// What can be wrong with a file, but for wasm's errors.
var (
	ErrDamaged = errors.New("heif: not readable")
	// ErrDemanding says that a file takes more memory than there is for it: large
	// ones do that are not as phones make them.
	ErrDemanding = errors.New("heif: takes too much memory")
)

// Decoder decodes pictures. It may be used from several goroutines.
type Decoder struct{ module *wasm.Module }

// New makes a decoder, which compiles its module when it is first used.
func New(compiler *wasm.Compiler) *Decoder {
	return &Decoder{wasm.NewModule(compiler, func() ([]byte, error) {
		unpack, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(unpack)
	})}
}

// Close lets go of the module. Nothing may be decoded any more.
func (d *Decoder) Close() error { return d.module.Close() }

// Size is that of a file's first picture, turned as the file says.
func (d *Decoder) Size(ctx context.Context, data []byte) (image.Point, error) {
	var size image.Point
	err := d.module.Run(ctx, minTime, func(i *wasm.Instance) error {
		f, err := load(i, data)
		if err != nil {
			return err
		}
		h, err := f.decode(0)
		size = image.Pt(h.width, h.height)
		return err
	})
	return size, err
}

// Decode decodes a file's first picture, turned and mirrored as the file says,
// which has a Size that the caller finds acceptable, and scales it down to so many
// pixels on its longer side: as it is, the largest would take 200 MB more. It
// stops when the context ends.
func (d *Decoder) Decode(ctx context.Context, data []byte, size image.Point, side int) (*image.RGBA, error) {
	var img *image.RGBA
	limit := minTime + time.Duration(size.X*size.Y/1_000_000)*timePerMegapixel
	err := d.module.Run(ctx, limit, func(i *wasm.Instance) error {
		f, err := load(i, data)
		if err != nil {
			return err
		}
		h, err := f.decode(0)
		if err != nil {
			return err
		}
		if image.Pt(h.width, h.height) != size {
			return ErrDamaged
		}
		view, length, err := h.picture()
		if err != nil {
			return err
		}
		out, err := i.Alloc(length)
		if err != nil {
			return err
		}
		again, err := f.decode(out)
		if err != nil {
			return err
		}
		if again != h {
			return ErrDamaged
		}
		pix, err := i.Bytes(out, length)
		if err != nil {
			return err
		}
		img = picture.Resize(view(pix), picture.FitSize(size, side)) // a copy
		return nil
	})
	if errors.Is(err, wasm.ErrMemory) {
		err = fmt.Errorf("%w: %w", ErrDemanding, err)
	}
	return img, err
}

// minTime and timePerMegapixel are how long a call may take: five times what
// ordinary pictures take, for a computer that does much else.
const (
	minTime          = 3 * time.Second
	timePerMegapixel = 2 * time.Second
)

// file is one in an instance.
type file struct {
	instance *wasm.Instance
	at       uint64
	length   int
	answer   uint64 // where the module writes its header to
}

const answerSize = 5 * 4 // width, height, colours, chroma, whether alpha was multiplied

func load(i *wasm.Instance, data []byte) (file, error) {
	at, err := i.Put(data)
	if err != nil {
		return file{}, err
	}
	answer, err := i.Alloc(answerSize)
	return file{i, at, len(data), answer}, err
}

// decode calls the module's one function, to write the picture to out; with 0
// for the header only.
func (f file) decode(out uint64) (header, error) {
	only := uint64(0)
	if out == 0 {
		only = 1
	}
	ok, err := f.instance.Call("decode", f.at, uint64(f.length), only,
		f.answer, f.answer+4, f.answer+8, f.answer+12, f.answer+16, out)
	if err != nil {
		return header{}, err
	}
	answer, err := f.instance.Bytes(f.answer, answerSize)
	if err != nil {
		return header{}, err
	}
	number := func(i int) int { return int(binary.LittleEndian.Uint32(answer[4*i:])) }
	h := header{number(0), number(1), number(2), number(3), number(4) == 1}
	if ok == 0 || h.width < 1 || h.height < 1 || h.width > maxSide || h.height > maxSide {
		return header{}, ErrDamaged
	}
	return h, nil
}

// maxSide is what the module itself accepts at most.
const maxSide = 1 << 15

// header is what the module says of a picture.
type header struct {
	width, height   int
	colours, chroma int // libheif's numbers
	multiplied      bool
}

// picture says how the module lays a picture out: how to look at the bytes, and
// how many there are.
func (h header) picture() (view func([]byte) image.Image, length int, err error) {
	const yCbCr, rgb, gray = 0, 1, 2
	const chroma420, chroma422, chroma444 = 1, 2, 3
	bounds := image.Rect(0, 0, h.width, h.height)
	switch h.colours {
	case gray:
		stride := aligned(h.width)
		return func(pix []byte) image.Image { return &image.Gray{Pix: pix, Stride: stride, Rect: bounds} },
			stride * h.height, nil
	case rgb:
		stride := 4 * aligned(h.width)
		return func(pix []byte) image.Image {
			if h.multiplied {
				return &image.RGBA{Pix: pix, Stride: stride, Rect: bounds}
			}
			return &image.NRGBA{Pix: pix, Stride: stride, Rect: bounds}
		}, stride * h.height, nil
	case yCbCr:
		ratio, width, height := image.YCbCrSubsampleRatio444, h.width, h.height
		switch h.chroma {
		case chroma420:
			ratio, width, height = image.YCbCrSubsampleRatio420, (h.width+1)/2, (h.height+1)/2
		case chroma422:
			ratio, width = image.YCbCrSubsampleRatio422, (h.width+1)/2
		case chroma444:
		default:
			return nil, 0, ErrDamaged
		}
		stride, colour := aligned(h.width), aligned(width)
		cb := stride * h.height
		cr := cb + colour*height
		end := cr + colour*height
		return func(pix []byte) image.Image {
			return &image.YCbCr{Y: pix[:cb], Cb: pix[cb:cr], Cr: pix[cr:end], YStride: stride, CStride: colour,
				SubsampleRatio: ratio, Rect: bounds}
		}, end, nil
	}
	return nil, 0, ErrDamaged
}

// aligned is the length of a row of a plane in the module's memory.
func aligned(width int) int { return (max(width, 64) + 15) &^ 15 }
