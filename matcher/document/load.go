package document

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"facematch/matcher"
	"facematch/matcher/internal/blob"
	"facematch/matcher/internal/picture"
)

// page is a document's page as an upright picture, as far as the file tells.
type page struct {
	picture *image.RGBA
	turned  int // degrees clockwise, to undo the camera's EXIF orientation
}

// load reads and decodes a document. It trusts nothing but the content: the
// kind comes from the first bytes, the size from the header before any pixel is
// decoded.
func load(ctx context.Context, document matcher.Blob) (page, error) {
	data, err := read(ctx, document)
	if err != nil {
		return page{}, err
	}
	var decoder struct {
		config func(io.Reader) (image.Config, error)
		decode func(io.Reader) (image.Image, error)
		pixels int // the most
	}
	format := blob.Sniff(data[:min(len(data), blob.HeadSize)])
	switch format {
	case blob.JPEG:
		decoder.config, decoder.decode, decoder.pixels = jpeg.DecodeConfig, jpeg.Decode, 0
	case blob.PNG:
		decoder.config, decoder.decode, decoder.pixels = png.DecodeConfig, png.Decode, maxPixels
	case blob.Unknown:
		return page{}, matcher.NewProblem("document.unknown", nil)
	default:
		return page{}, matcher.NewProblem("document.unsupported", nil, "Format", string(format))
	}

	config, err := decoder.config(bytes.NewReader(data))
	if err != nil {
		return page{}, decodeProblem(err, format)
	}
	if config.Width < 1 || config.Height < 1 {
		return page{}, matcher.NewProblem("document.damaged", errors.New("no pixels"))
	}
	if format == blob.JPEG {
		decoder.pixels = jpegPixels(data, config)
	}
	if config.Width > decoder.pixels/config.Height {
		return page{}, matcher.NewProblem("document.too_many_pixels", nil, "Megapixels", decoder.pixels/1_000_000)
	}
	img, err := decoder.decode(blob.Until(ctx, bytes.NewReader(data)))
	switch {
	case ctx.Err() != nil:
		return page{}, ctx.Err()
	case err != nil:
		return page{}, decodeProblem(err, format)
	}
	p := page{picture: picture.Fit(img, pageSide)}
	if format == blob.JPEG {
		p.picture, p.turned = upright(p.picture, orientation(data))
	}
	return p, nil
}

// jpegPixels is how many pixels a JPEG may have, by what one takes in memory.
func jpegPixels(data []byte, config image.Config) int {
	most := maxJPEGPixels
	if !baseline(data) {
		most = maxPixels
	}
	if config.ColorModel == color.CMYKModel {
		most /= 2
	}
	return most
}

func read(ctx context.Context, document matcher.Blob) ([]byte, error) {
	r, err := blob.Open(document, "document")
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

// decodeProblem tells a damaged picture from one of a kind hardly anybody uses,
// such as an arithmetically coded JPEG.
func decodeProblem(err error, format blob.Format) error {
	var rareJPEG jpeg.UnsupportedError
	var rarePNG png.UnsupportedError
	if errors.As(err, &rareJPEG) || errors.As(err, &rarePNG) {
		return matcher.NewProblem("document.rare", err, "Format", string(format))
	}
	return matcher.NewProblem("document.damaged", err)
}
