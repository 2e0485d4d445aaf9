// Package pdf draws the pages of PDF files with PDFium, compiled to WebAssembly.
// Each call gets an instance of its own, so that no file can spoil the next.
package pdf

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math"
	"time"
	_ "unsafe" // for the module

	_ "github.com/klippa-app/go-pdfium/webassembly" // has the module
	"github.com/tetratelabs/wazero/api"

	"facematch/matcher/document/pages/internal/wasm"
)

// What can be wrong with a file, but for wasm's errors.
var (
	ErrEncrypted = errors.New("pdf: a password is needed")
	ErrDamaged   = errors.New("pdf: not readable")
	// ErrForm says that what the file shows is made by the one program that runs its
	// form (XFA), and that its page only asks to wait for that.
	ErrForm = errors.New("pdf: a form that only its own program draws")
)

// Engine draws pages. It may be used from several goroutines.
type Engine struct {
	module *wasm.Module
	limit  time.Duration
}

// New makes an engine, which compiles its module when it is first used. A call
// that takes longer than the limit is given up; MaxTime is a good one.
func New(compiler *wasm.Compiler, limit time.Duration) *Engine {
	return &Engine{wasm.NewModule(compiler, module), limit}
}

// pdfium is the module, of which its package makes no present. That package runs
// it only in the way that makes it slow (see package wasm), and has no other way
// to stop it.
//
//go:linkname pdfium github.com/klippa-app/go-pdfium/webassembly.pdfiumWasm
var pdfium []byte

func module() ([]byte, error) {
	if len(pdfium) == 0 {
		return nil, errors.New("pdf: go-pdfium has its module elsewhere")
	}
	return pdfium, nil
}

// Close ends the engine. No call may be made any more.
func (e *Engine) Close() error { return e.module.Close() }

// Count is how many pages a file has.
func (e *Engine) Count(ctx context.Context, data []byte) (int, error) {
	count := 0
	err := e.open(ctx, data, func(f file) error {
		n, err := f.Call("FPDF_GetPageCount", f.document)
		if err != nil {
			return err
		}
		if count = int(int32(n)); count == 1 {
			return f.waits()
		}
		return nil
	})
	if err == nil && count < 1 {
		err = fmt.Errorf("%w: no pages", ErrDamaged)
	}
	return count, err
}

// Draw draws a page, counted from 0, on white: as fine as the finest picture on
// it, at least at 300 dots an inch, but with no side longer than this.
func (e *Engine) Draw(ctx context.Context, data []byte, page, side int) (*image.RGBA, error) {
	var img *image.RGBA
	err := e.open(ctx, data, func(f file) error {
		handle, err := f.load(page)
		if err != nil {
			return err
		}
		img, err = f.draw(handle, side)
		return err
	})
	return img, err
}

// file is one that is open in an instance.
type file struct {
	*wasm.Instance
	document uint64
}

// open opens a file in a new instance and does the work with it.
func (e *Engine) open(ctx context.Context, data []byte, work func(file) error) error {
	return e.module.Run(ctx, e.limit, func(i *wasm.Instance) error {
		if _, err := i.Call("FPDF_InitLibrary"); err != nil {
			return err
		}
		at, err := i.Put(data)
		if err != nil {
			return err
		}
		const noPassword = 0
		f := file{Instance: i}
		f.document, err = i.Call("FPDF_LoadMemDocument", at, uint64(len(data)), noPassword)
		switch {
		case err != nil:
			return err
		case f.document == 0:
			return f.fault()
		}
		return work(f)
	})
}

// fault says why a file could not be opened.
func (f file) fault() error {
	code, err := f.Call("FPDF_GetLastError")
	const password, security = 4, 5
	switch {
	case err != nil:
		return err
	case code == password || code == security:
		return ErrEncrypted
	}
	return fmt.Errorf("%w: PDFium's error %d", ErrDamaged, code)
}

// handle calls a function that makes something, and 0 where it cannot.
func (f file) handle(name string, args ...uint64) (uint64, error) {
	made, err := f.Call(name, args...)
	if err == nil && made == 0 {
		err = fmt.Errorf("%w: %s", ErrDamaged, name)
	}
	return made, err
}

// Kinds of forms, and of notes and objects on a page.
const (
	noForm, xfaOnly, xfaToo = 0, 2, 3
	noteWidget              = 20
	objectPicture           = 3
	objectForm              = 5
)

// waits gives ErrForm for the one page of a form that is yet to be drawn by its
// own program. Such a page has words only; one with a picture or a field is more,
// and is drawn as it is.
func (f file) waits() error {
	form, err := f.Call("FPDF_GetFormType", f.document)
	if err != nil || form != xfaOnly && form != xfaToo {
		return err
	}
	page, err := f.handle("FPDF_LoadPage", f.document, 0)
	if err != nil {
		return err
	}
	if fields, err := f.hasFields(page); err != nil || fields {
		return err
	}
	more := false
	err = f.objects(page, func(_ uint64, kind uint64) error {
		more = more || kind == objectPicture || kind == objectForm
		return nil
	})
	if err == nil && !more {
		err = ErrForm
	}
	return err
}

// hasFields says whether there are fields of a form on a page.
func (f file) hasFields(page uint64) (bool, error) {
	count, err := f.Call("FPDFPage_GetAnnotCount", page)
	if err != nil {
		return false, err
	}
	for n := range min(int(int32(count)), maxObjects) {
		note, err := f.Call("FPDFPage_GetAnnot", page, uint64(n))
		if err != nil {
			return false, err
		}
		if note == 0 {
			continue // not what it should be, and not drawn
		}
		kind, err := f.Call("FPDFAnnot_GetSubtype", note)
		if err != nil {
			return false, err
		}
		if _, err := f.Call("FPDFPage_CloseAnnot", note); err != nil {
			return false, err
		}
		if kind == noteWidget {
			return true, nil
		}
	}
	return false, nil
}

// objects goes through what is on a page, as far as maxObjects.
func (f file) objects(page uint64, see func(object, kind uint64) error) error {
	count, err := f.Call("FPDFPage_CountObjects", page)
	if err != nil {
		return err
	}
	for n := range min(int(int32(count)), maxObjects) {
		object, err := f.handle("FPDFPage_GetObject", page, uint64(n))
		if err != nil {
			return err
		}
		kind, err := f.Call("FPDFPageObj_GetType", object)
		if err != nil {
			return err
		}
		if err := see(object, kind); err != nil {
			return err
		}
	}
	return nil
}

// load opens a page, counted from 0, on which what stands in the fields of a form
// is a part of the page: else it is drawn without. There are fields on pages of
// files that are no form.
func (f file) load(page int) (uint64, error) {
	const toBeSeen = 0
	form, err := f.Call("FPDF_GetFormType", f.document)
	if err != nil {
		return 0, err
	}
	handle, err := f.handle("FPDF_LoadPage", f.document, uint64(page))
	if err != nil {
		return 0, err
	}
	fields := form != noForm
	if !fields {
		if fields, err = f.hasFields(handle); err != nil {
			return 0, err
		}
	}
	if !fields {
		return handle, nil
	}
	if _, err := f.Call("FPDFPage_Flatten", handle, toBeSeen); err != nil {
		return 0, err
	}
	if _, err := f.Call("FPDF_ClosePage", handle); err != nil {
		return 0, err
	}
	return f.handle("FPDF_LoadPage", f.document, uint64(page))
}

// draw draws a page that is open.
func (f file) draw(page uint64, side int) (*image.RGBA, error) {
	width, err := f.length("FPDF_GetPageWidth", page)
	if err != nil {
		return nil, err
	}
	height, err := f.length("FPDF_GetPageHeight", page)
	if err != nil {
		return nil, err
	}
	fine, err := f.finest(page)
	if err != nil {
		return nil, err
	}
	scale := min(max(minDots/pointsPerInch, fine), float64(side)/max(width, height))
	size := image.Pt(pixels(width*scale, side), pixels(height*scale, side))
	w, h := uint64(size.X), uint64(size.Y)

	const withoutAlpha, white = 0, 0xffffffff
	const notTurned, notes, redFirst = 0, 0x01, 0x10
	bitmap, err := f.handle("FPDFBitmap_Create", w, h, withoutAlpha)
	if err != nil {
		return nil, err
	}
	if _, err := f.Call("FPDFBitmap_FillRect", bitmap, 0, 0, w, h, white); err != nil {
		return nil, err
	}
	if _, err := f.Call("FPDF_RenderPageBitmap", bitmap, page, 0, 0, w, h, notTurned, notes|redFirst); err != nil {
		return nil, err
	}
	at, err := f.handle("FPDFBitmap_GetBuffer", bitmap)
	if err != nil {
		return nil, err
	}
	img := image.NewRGBA(image.Rectangle{Max: size})
	drawn, err := f.Bytes(at, len(img.Pix)) // four bytes a pixel leave no gaps
	if err != nil {
		return nil, err
	}
	copy(img.Pix, drawn)
	for alpha := 3; alpha < len(img.Pix); alpha += 4 {
		img.Pix[alpha] = 255 // the fourth byte is of no meaning
	}
	return img, nil
}

// length is a page's width or height in points.
func (f file) length(name string, page uint64) (float64, error) {
	bits, err := f.Call(name, page)
	length := api.DecodeF64(bits)
	if err == nil && !(length > 0 && length < math.MaxFloat32) {
		err = fmt.Errorf("%w: a page without area", ErrDamaged)
	}
	return length, err
}

func pixels(length float64, most int) int { return min(most, max(1, int(math.Round(length)))) }

// finest is how many pixels a point the finest picture on a page has: a scan
// needs no more, and a portrait no less. Small ones, such as signs, do not count.
func (f file) finest(page uint64) (float64, error) {
	answer, err := f.Alloc(4 * 4)
	if err != nil {
		return 0, err
	}
	most := 0.0
	err = f.objects(page, func(object, kind uint64) error {
		if kind != objectPicture {
			return nil
		}
		size, err := f.answers(answer, 2, "FPDFImageObj_GetImagePixelSize", object, answer, answer+4)
		if err != nil {
			return err
		}
		box, err := f.answers(answer, 4, "FPDFPageObj_GetBounds", object, answer, answer+4, answer+8, answer+12)
		if err != nil {
			return err
		}
		if size == nil || box == nil || min(size[0], size[1]) < minPicture {
			return nil
		}
		float := func(i int) float64 { return float64(math.Float32frombits(box[i])) } // left, bottom, right, top
		if area := (float(2) - float(0)) * (float(3) - float(1)); area > 0 {
			most = max(most, math.Sqrt(float64(size[0])*float64(size[1])/area))
		}
		return nil
	})
	return most, err
}

// answers calls a function that writes n numbers to a place; nil where it says
// that it cannot.
func (f file) answers(at uint64, n int, name string, args ...uint64) ([]uint32, error) {
	ok, err := f.Call(name, args...)
	if err != nil || ok == 0 {
		return nil, err
	}
	data, err := f.Bytes(at, 4*n)
	if err != nil {
		return nil, err
	}
	numbers := make([]uint32, n)
	for i := range numbers {
		numbers[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	return numbers, nil
}
