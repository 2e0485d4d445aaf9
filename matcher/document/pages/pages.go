// Package pages opens a document file of any supported format and gives its
// pages as upright pictures. It trusts nothing but the content: the format
// comes from the first bytes, the size from the header before any pixel is
// decoded, and all decoding is done in Go or WebAssembly.
package pages

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"log/slog"
	"sync"

	"facematch/matcher"
	"facematch/matcher/document/pages/internal/heif"
	"facematch/matcher/document/pages/internal/pdf"
	"facematch/matcher/document/pages/internal/wasm"
	"facematch/matcher/internal/background"
	"facematch/matcher/internal/blob"
	"facematch/matcher/internal/picture"
)

// Params are what a Reader is made of.
type Params struct {
	Cache string       // private folder for the compiled PDF module; empty: none is kept
	Log   *slog.Logger // needed
}

// Reader opens documents. It may be used from several goroutines.
type Reader struct {
	work     background.Group
	turn     chan struct{} // holds a token while a page is decoded: each may take most of the memory there is
	compiler *wasm.Compiler
	pdf      *pdf.Engine
	heif     *heif.Decoder
}

// New makes a reader. A missing logger is a mistake in the program and panics.
func New(p Params) *Reader {
	if p.Log == nil {
		panic("pages: Params.Log is missing")
	}
	compiler := wasm.NewCompiler(p.Cache, p.Log)
	return &Reader{
		turn:     make(chan struct{}, 1),
		compiler: compiler,
		pdf:      pdf.New(compiler, pdf.MaxTime),
		heif:     heif.New(compiler),
	}
}

// Close waits for what is still being decoded, even for callers who left. It
// may be called again; after it nothing can be opened any more.
func (r *Reader) Close() error {
	r.work.Close()
	return errors.Join(r.pdf.Close(), r.heif.Close(), r.compiler.Close())
}

// File is a document that was opened; each page is decoded when asked for. It
// may be used from several goroutines.
type File struct {
	Format blob.Format
	Count  int  // pages that can be read, 1 to MaxPages
	More   bool // the file has more pages than that

	reader *Reader
	mu     sync.Mutex
	pages  document // nil once closed
}

// Page is one page, upright as far as the file tells.
type Page struct {
	Picture  *image.RGBA // longer side at most PageSide pixels, starts at (0, 0), no gaps between rows
	Turned   int         // degrees clockwise by which it was turned to undo the camera's EXIF orientation
	Mirrored bool        // and whether it was mirrored back, before it was turned
}

// document is what each format makes of its bytes.
type document interface {
	// pages is how many there are; one more than MaxPages may stand for all of
	// many.
	pages() int
	// page decodes one, counted from 1, and says how its camera was held: an EXIF
	// orientation of 1 to 8. Where it can, it stops when the context ends.
	page(ctx context.Context, number int) (image.Image, int, error)
}

// Open reads a document and its headers. Its errors are the context's, at once
// when that ends, or problems: document.missing, .directory, .denied,
// .unreadable, .empty, .too_many_bytes (parameter Megabytes), .too_many_pixels
// (Megapixels), .unsupported (Format), .raw, .unknown, .rare (Format), .animated,
// .encrypted, .xfa, .slow, .no_reader (Format), .damaged, and engine.closed after
// Close.
func (r *Reader) Open(ctx context.Context, file matcher.Blob) (*File, error) {
	return await(ctx, r, func() (*File, error) {
		data, err := read(ctx, file)
		if err != nil {
			return nil, err
		}
		format := blob.Sniff(data[:min(len(data), blob.HeadSize)])
		d, err := guard(ctx, format, func() (document, error) { return r.open(ctx, format, data) })
		if err != nil {
			return nil, err
		}
		n := d.pages()
		return &File{Format: format, Count: min(n, MaxPages), More: n > MaxPages, reader: r, pages: d}, nil
	})
}

func (r *Reader) open(ctx context.Context, format blob.Format, data []byte) (document, error) {
	switch format {
	case blob.JPEG:
		return openJPEG(data)
	case blob.PNG:
		return openPNG(data)
	case blob.WebP:
		return openWebP(data)
	case blob.TIFF:
		return openTIFF(data)
	case blob.BMP:
		return openBMP(data)
	case blob.HEIC:
		return r.openHEIC(ctx, data)
	case blob.PDF:
		return r.openPDF(ctx, data)
	case blob.Raw:
		return nil, matcher.NewProblem("document.raw", nil)
	case blob.Unknown:
		return nil, matcher.NewProblem("document.unknown", nil)
	}
	return nil, matcher.NewProblem("document.unsupported", nil, "Format", string(format))
}

// Page decodes a page, counted from 1. Its errors are the context's, at once
// when that ends, or problems as of Open.
func (f *File) Page(ctx context.Context, number int) (Page, error) {
	if number < 1 || number > f.Count {
		return Page{}, fmt.Errorf("pages: there is no page %d of %d", number, f.Count)
	}
	f.mu.Lock()
	d := f.pages
	f.mu.Unlock()
	if d == nil {
		return Page{}, fs.ErrClosed
	}
	return await(ctx, f.reader, func() (Page, error) {
		select {
		case f.reader.turn <- struct{}{}:
			defer func() { <-f.reader.turn }()
		case <-ctx.Done():
			return Page{}, ctx.Err()
		}
		return guard(ctx, f.Format, func() (Page, error) {
			img, orientation, err := d.page(ctx, number)
			if err != nil {
				return Page{}, err
			}
			return turned(picture.Fit(img, PageSide), orientation), nil
		})
	})
}

// Bare is a file for another program to read, with nothing but its pixels as they
// are and its colour profile: no place, time, names or numbers, no smaller copy, no
// second picture, and nothing behind its end. The orientation is lost. It is nil
// for all formats but JPEG and PNG. Its errors are those of Page.
func (f *File) Bare(ctx context.Context) ([]byte, error) {
	f.mu.Lock()
	d := f.pages
	f.mu.Unlock()
	if d == nil {
		return nil, fs.ErrClosed
	}
	s, ok := d.(still)
	if !ok || s.bare == nil {
		return nil, nil
	}
	return await(ctx, f.reader, func() ([]byte, error) {
		return guard(ctx, f.Format, func() ([]byte, error) { return s.bare(ctx, s.data) })
	})
}

// Close lets go of the file. It may be called again.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pages = nil
	return nil
}

// await does work that cannot be interrupted everywhere; see background.Run.
func await[T any](ctx context.Context, r *Reader, work func() (T, error)) (T, error) {
	value, err := background.Run(ctx, &r.work, work)
	if errors.Is(err, background.ErrClosed) {
		err = matcher.NewProblem(matcher.KeyEngineClosed, err)
	}
	return value, err
}

// guard is the one place from which foreign decoders are called: what is wrong
// with the picture comes back as a problem, even where a decoder panics.
func guard[T any](ctx context.Context, format blob.Format, work func() (T, error)) (value T, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = matcher.NewProblem("document.damaged", fmt.Errorf("%s decoder: %v", format, fault))
		}
	}()
	value, err = work()
	var none T
	switch {
	case ctx.Err() != nil:
		return none, ctx.Err()
	case err != nil:
		return none, problem(err, format)
	}
	return value, nil
}

func read(ctx context.Context, file matcher.Blob) ([]byte, error) {
	r, err := blob.Open(file, "document")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(blob.Until(ctx, r), maxBytes+1))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, matcher.NewProblem("document.unreadable", err)
	case len(data) == 0:
		return nil, matcher.NewProblem("document.empty", nil)
	case len(data) > maxBytes:
		return nil, matcher.NewProblem("document.too_many_bytes", nil, "Megabytes", maxBytes>>20)
	}
	return data, nil
}
