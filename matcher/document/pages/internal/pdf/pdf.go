// Package pdf draws the pages of PDF files with PDFium, compiled to WebAssembly.
// Each call gets an instance of its own, so that no file can spoil the next.
package pdf

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"

	"facematch/matcher/document/pages/internal/wasm"
)

// What can be wrong with a file.
var (
	ErrEncrypted = errors.New("pdf: a password is needed")
	ErrSlow      = errors.New("pdf: takes too long")
	ErrDamaged   = errors.New("pdf: not readable")
)

// Engine draws pages, one at a time. It may be used from several goroutines.
type Engine struct {
	compiler *wasm.Compiler
	limit    time.Duration
	turn     chan struct{} // holds one token while a call is made

	// What follows belongs to whoever holds the token.
	pool   pdfium.Pool // nil until wanted, and after it was stopped
	ctx    context.Context
	stop   context.CancelFunc // stops whatever runs in the pool
	memory *wasm.Memory
}

// New makes an engine, which compiles its module when it is first used. A call
// that takes longer than the limit is given up; MaxTime is a good one.
func New(compiler *wasm.Compiler, limit time.Duration) *Engine {
	return &Engine{compiler: compiler, limit: limit, turn: make(chan struct{}, 1)}
}

// Close ends the engine. It waits for a call still made.
func (e *Engine) Close() error {
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	return e.end()
}

// Count is how many pages a file has.
func (e *Engine) Count(ctx context.Context, data []byte) (int, error) {
	count := 0
	err := e.open(ctx, data, func(i pdfium.Pdfium, document references.FPDF_DOCUMENT) error {
		pages, err := i.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: document})
		if err != nil {
			return err
		}
		count = pages.PageCount
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
	err := e.open(ctx, data, func(i pdfium.Pdfium, document references.FPDF_DOCUMENT) error {
		if err := fillIn(i, document, page); err != nil {
			return err
		}
		loaded, err := i.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: document, Index: page})
		if err != nil {
			return err
		}
		img, err = draw(i, requests.Page{ByReference: &loaded.Page}, side)
		return err
	})
	return img, err
}

// fillIn makes what stands in the fields of a form a part of the page, which
// else is drawn without.
func fillIn(i pdfium.Pdfium, document references.FPDF_DOCUMENT, page int) error {
	form, err := i.FPDF_GetFormType(&requests.FPDF_GetFormType{Document: document})
	if err != nil || form.FormType == enums.FPDF_FORMTYPE_NONE {
		return err
	}
	loaded, err := i.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: document, Index: page})
	if err != nil {
		return err
	}
	if _, err := i.FPDFPage_Flatten(&requests.FPDFPage_Flatten{
		Page: requests.Page{ByReference: &loaded.Page}, Usage: requests.FPDFPage_FlattenUsageNormalDisplay,
	}); err != nil {
		return err
	}
	_, err = i.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page})
	return err
}

func draw(i pdfium.Pdfium, page requests.Page, side int) (*image.RGBA, error) {
	width, err := i.FPDF_GetPageWidth(&requests.FPDF_GetPageWidth{Page: page})
	if err != nil {
		return nil, err
	}
	height, err := i.FPDF_GetPageHeight(&requests.FPDF_GetPageHeight{Page: page})
	if err != nil {
		return nil, err
	}
	longer := max(width.Width, height.Height)
	if !(width.Width > 0 && height.Height > 0) || math.IsInf(longer, 0) {
		return nil, fmt.Errorf("%w: a page without area", ErrDamaged)
	}
	scale := min(max(minDots/pointsPerInch, finest(i, page)), float64(side)/longer)
	size := image.Pt(pixels(width.Width*scale, side), pixels(height.Height*scale, side))

	bitmap, err := i.FPDFBitmap_Create(&requests.FPDFBitmap_Create{Width: size.X, Height: size.Y})
	if err != nil {
		return nil, err
	}
	const white = 0xffffffff
	if _, err := i.FPDFBitmap_FillRect(&requests.FPDFBitmap_FillRect{Bitmap: bitmap.Bitmap, Width: size.X, Height: size.Y, Color: white}); err != nil {
		return nil, err
	}
	if _, err := i.FPDF_RenderPageBitmap(&requests.FPDF_RenderPageBitmap{
		Bitmap: bitmap.Bitmap, Page: page, SizeX: size.X, SizeY: size.Y,
		Flags: enums.FPDF_RENDER_FLAG_ANNOT | enums.FPDF_RENDER_FLAG_REVERSE_BYTE_ORDER,
	}); err != nil {
		return nil, err
	}
	buffer, err := i.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: bitmap.Bitmap})
	if err != nil {
		return nil, err
	}
	img := image.NewRGBA(image.Rectangle{Max: size})
	if len(buffer.Buffer) != len(img.Pix) { // four bytes a pixel need no gaps
		return nil, fmt.Errorf("%w: a picture of %d bytes", ErrDamaged, len(buffer.Buffer))
	}
	copy(img.Pix, buffer.Buffer)
	for alpha := 3; alpha < len(img.Pix); alpha += 4 {
		img.Pix[alpha] = 255 // the fourth byte is of no meaning
	}
	return img, nil
}

func pixels(length float64, most int) int { return min(most, max(1, int(math.Round(length)))) }

// finest is how many pixels a point the finest picture on a page has: a scan
// needs no more, and a portrait no less. Small ones, such as signs, do not count.
func finest(i pdfium.Pdfium, page requests.Page) float64 {
	objects, err := i.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if err != nil {
		return 0
	}
	most := 0.0
	for n := range min(objects.Count, maxObjects) {
		object, err := i.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: n})
		if err != nil {
			return most
		}
		kind, err := i.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object.PageObject})
		if err != nil || kind.Type != enums.FPDF_PAGEOBJ_IMAGE {
			continue
		}
		size, err := i.FPDFImageObj_GetImagePixelSize(&requests.FPDFImageObj_GetImagePixelSize{ImageObject: object.PageObject})
		if err != nil || min(size.Width, size.Height) < minPicture {
			continue
		}
		box, err := i.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: object.PageObject})
		if err != nil {
			continue
		}
		if area := float64(box.Right-box.Left) * float64(box.Top-box.Bottom); area > 0 {
			most = max(most, math.Sqrt(float64(size.Width)*float64(size.Height)/area))
		}
	}
	return most
}

// open opens a file in a new instance and does the work with it.
func (e *Engine) open(ctx context.Context, data []byte, work func(pdfium.Pdfium, references.FPDF_DOCUMENT) error) error {
	return e.call(ctx, func(i pdfium.Pdfium) error {
		document, err := i.FPDF_LoadMemDocument(&requests.FPDF_LoadMemDocument{Data: &data})
		switch {
		case errors.Is(err, pdferrors.ErrPassword), errors.Is(err, pdferrors.ErrSecurity):
			return ErrEncrypted
		case err != nil:
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if err := work(i, document.Document); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return nil
	})
}

// call does the work in a new instance. Where it takes too long, or the context
// ends, the module is stopped and the work returns an error soon.
func (e *Engine) call(ctx context.Context, work func(pdfium.Pdfium) error) (err error) {
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-e.turn }()
	if err := e.start(); err != nil {
		return err
	}
	done := false
	defer func() {
		// What was stopped is of no more use, nor what panicked.
		if !done || e.ctx.Err() != nil {
			err = errors.Join(err, e.end())
		}
		e.memory.Release()
	}()
	defer context.AfterFunc(ctx, e.stop)()
	defer time.AfterFunc(e.limit, e.stop).Stop()

	instance, err := e.pool.GetInstanceWithContext(e.ctx)
	if err == nil {
		err = errors.Join(work(instance), instance.Close())
	}
	done = true
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case e.ctx.Err() != nil:
		return fmt.Errorf("%w: over %v", ErrSlow, e.limit)
	}
	return err
}

// start compiles the module where that was not done.
func (e *Engine) start() error {
	switch {
	case e.pool != nil && e.ctx.Err() == nil:
		return nil
	case e.pool != nil: // stopped just as the last call was over
		if err := e.end(); err != nil {
			return err
		}
	}
	e.memory = &wasm.Memory{}
	e.ctx, e.stop = context.WithCancel(e.memory.With(context.Background()))
	err := e.compiler.Compile(e.ctx, func(ctx context.Context, config wazero.RuntimeConfig) (err error) {
		e.pool, err = webassembly.Init(webassembly.Config{
			Context: ctx, RuntimeConfig: config, MaxTotal: 1,
			// It sees no files, and what it says of them is dropped.
			FSConfig: wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard,
		})
		return err
	})
	if err != nil {
		e.stop()
		return fmt.Errorf("%w: %w", wasm.ErrStart, err)
	}
	return nil
}

// end lets go of the module; it is compiled, or found compiled, when it is next
// wanted.
func (e *Engine) end() error {
	if e.pool == nil {
		return nil
	}
	err := e.pool.Close()
	e.stop()
	e.pool = nil
	return err
}
