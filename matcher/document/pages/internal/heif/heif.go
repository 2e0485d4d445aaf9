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
	"image/draw"
	"io"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"facematch/matcher/document/pages/internal/wasm"
)

//go:embed heif.wasm.gz
var packed []byte

// ErrDamaged says that the module cannot read a file.
var ErrDamaged = errors.New("heif: not readable")

// ErrSlow says that a picture takes longer than its size warrants.
var ErrSlow = errors.New("heif: takes too long")

// Decoder decodes pictures. It may be used from several goroutines.
type Decoder struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

// New compiles the module.
func New(ctx context.Context, compiler *wasm.Compiler) (*Decoder, error) {
	unpack, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	code, err := io.ReadAll(unpack)
	if err != nil {
		return nil, err
	}
	if code, err = wasm.Yielding(code, procExit); err != nil {
		return nil, err
	}
	d := &Decoder{}
	err = compiler.Compile(ctx, func(ctx context.Context, config wazero.RuntimeConfig) error {
		// It yields instead.
		d.runtime = wazero.NewRuntimeWithConfig(ctx, config.WithCloseOnContextDone(false))
		if err = system(ctx, d.runtime); err == nil {
			d.module, err = d.runtime.CompileModule(ctx, code)
		}
		if err != nil {
			return errors.Join(err, d.runtime.Close(ctx))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", wasm.ErrStart, err)
	}
	return d, nil
}

// procExit is the number of the module's import of that name.
const procExit = 9

// system gives the module the few functions of a system that it wants. It has no
// files; what it says of a picture is dropped.
func system(ctx context.Context, runtime wazero.Runtime) error {
	builder := runtime.NewHostModuleBuilder(wasi_snapshot_preview1.ModuleName)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(builder)
	builder.NewFunctionBuilder().WithFunc(func(ctx context.Context, code uint32) {
		if code != wasm.Yield {
			panic(ErrDamaged) // the module gives up
		}
		if err := ctx.Err(); err != nil {
			panic(err)
		}
	}).Export("proc_exit")
	_, err := builder.Instantiate(ctx)
	return err
}

// Close lets go of the module. Nothing may be decoded any more.
func (d *Decoder) Close() error { return d.runtime.Close(context.Background()) }

// Size is that of a file's first picture, turned as the file says.
func (d *Decoder) Size(ctx context.Context, data []byte) (image.Point, error) {
	var size image.Point
	err := d.run(ctx, minTime, data, func(c *call) error {
		h, err := c.decode(true, 0)
		size = image.Pt(h.width, h.height)
		return err
	})
	return size, err
}

// Decode decodes a file's first picture, turned and mirrored as the file says,
// which has a Size that the caller finds acceptable. It stops when the context
// ends.
func (d *Decoder) Decode(ctx context.Context, data []byte, size image.Point) (*image.RGBA, error) {
	var img *image.RGBA
	limit := minTime + time.Duration(size.X*size.Y/1_000_000)*timePerMegapixel
	err := d.run(ctx, limit, data, func(c *call) error {
		h, err := c.decode(true, 0)
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
		out, err := c.alloc(length)
		if err != nil {
			return err
		}
		again, err := c.decode(false, out)
		if err != nil {
			return err
		}
		if again != h {
			return ErrDamaged
		}
		pix, ok := c.module.Memory().Read(out, uint32(length))
		if !ok {
			return ErrDamaged
		}
		img = image.NewRGBA(image.Rect(0, 0, h.width, h.height))
		draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(img, img.Rect, view(pix), image.Point{}, draw.Over)
		return nil
	})
	return img, err
}

// run gives a file to an instance of its own, so that none can spoil the next.
func (d *Decoder) run(caller context.Context, limit time.Duration, data []byte, work func(*call) error) (err error) {
	ctx, cancel := context.WithTimeout(caller, limit)
	defer cancel()
	defer func() {
		if ctx.Err() != nil && caller.Err() == nil {
			err = ErrSlow
		}
	}()
	memory := &wasm.Memory{}
	defer memory.Release()
	module, err := d.runtime.InstantiateModule(memory.With(ctx), d.module, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		return err
	}
	defer module.Close(context.WithoutCancel(ctx))
	c := &call{ctx: ctx, module: module}
	if c.file, err = c.alloc(len(data)); err != nil {
		return err
	}
	c.length = len(data)
	if !module.Memory().Write(c.file, data) {
		return ErrDamaged
	}
	if c.answer, err = c.alloc(answerSize); err != nil {
		return err
	}
	return work(c)
}

// call is a file in an instance.
type call struct {
	ctx    context.Context
	module api.Module
	file   uint32
	length int
	answer uint32 // where the module writes its header to
}

const (
	// minTime and timePerMegapixel are how long a call may take: ten times what
	// ordinary pictures take on a slow computer.
	minTime          = 3 * time.Second
	timePerMegapixel = time.Second
)

const answerSize = 5 * 4 // width, height, colours, chroma, whether alpha was multiplied

func (c *call) alloc(length int) (uint32, error) {
	got, err := c.module.ExportedFunction("malloc").Call(c.ctx, uint64(length))
	switch {
	case err != nil:
		return 0, err
	case got[0] == 0:
		return 0, fmt.Errorf("heif: no room for %d bytes", length)
	}
	return uint32(got[0]), nil
}

// decode calls the module's one function: for the header only, or to write the
// picture to out.
func (c *call) decode(headerOnly bool, out uint32) (header, error) {
	only := uint64(0)
	if headerOnly {
		only = 1
	}
	at := uint64(c.answer)
	got, err := c.module.ExportedFunction("decode").Call(c.ctx, uint64(c.file), uint64(c.length), only,
		at, at+4, at+8, at+12, at+16, uint64(out))
	if err != nil {
		return header{}, err
	}
	answer, ok := c.module.Memory().Read(c.answer, answerSize)
	if got[0] == 0 || !ok {
		return header{}, ErrDamaged
	}
	number := func(i int) int { return int(binary.LittleEndian.Uint32(answer[4*i:])) }
	h := header{number(0), number(1), number(2), number(3), number(4) == 1}
	if h.width < 1 || h.height < 1 || h.width > maxSide || h.height > maxSide {
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
		return func(pix []byte) image.Image { return &image.Gray{Pix: pix, Stride: stride, Rect: bounds} }, stride * h.height, nil
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
			return &image.YCbCr{Y: pix[:cb], Cb: pix[cb:cr], Cr: pix[cr:end], YStride: stride, CStride: colour, SubsampleRatio: ratio, Rect: bounds}
		}, end, nil
	}
	return nil, 0, ErrDamaged
}

// aligned is the length of a row of a plane in the module's memory.
func aligned(width int) int { return (max(width, 64) + 15) &^ 15 }
