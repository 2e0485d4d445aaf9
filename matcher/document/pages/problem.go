package pages

import (
	"errors"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/bmp"

	"facematch/matcher"
	"facematch/matcher/document/pages/internal/heif"
	"facematch/matcher/document/pages/internal/pdf"
	"facematch/matcher/document/pages/internal/tiff"
	"facematch/matcher/document/pages/internal/wasm"
	"facematch/matcher/internal/blob"
)

// problem tells a damaged picture from one of a rare kind, such
// as an arithmetically coded JPEG. A problem stays as it is.
func problem(err error, format blob.Format) error {
	var known *matcher.Problem
	if errors.As(err, &known) {
		return err
	}
	var rareJPEG jpeg.UnsupportedError
	var rarePNG png.UnsupportedError
	var rareTIFF tiff.UnsupportedError
	switch {
	case errors.As(err, &rareJPEG), errors.As(err, &rarePNG), errors.As(err, &rareTIFF),
		errors.Is(err, bmp.ErrUnsupported), errors.Is(err, heif.ErrDemanding):
		return matcher.NewProblem("document.rare", err, "Format", string(format))
	case errors.Is(err, tiff.ErrRaw):
		return matcher.NewProblem("document.raw", err)
	case errors.Is(err, pdf.ErrEncrypted):
		return matcher.NewProblem("document.encrypted", err)
	case errors.Is(err, pdf.ErrForm):
		return matcher.NewProblem("document.xfa", err)
	case errors.Is(err, wasm.ErrSlow):
		return matcher.NewProblem("document.slow", err)
	case errors.Is(err, wasm.ErrStart):
		return matcher.NewProblem("document.no_reader", err, "Format", string(format))
	}
	return matcher.NewProblem("document.damaged", err)
}

// tooLarge refuses a picture of more pixels than this; nil where it has no more.
func tooLarge(width, height, most int) error {
	switch {
	case width < 1 || height < 1:
		return matcher.NewProblem("document.damaged", errors.New("no pixels"))
	case width > most/height:
		return matcher.NewProblem("document.too_many_pixels", nil, "Megapixels", most/1_000_000)
	}
	return nil
}
