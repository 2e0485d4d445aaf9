package pages

import (
	"context"
	"image"

	"facematch/matcher/document/pages/internal/heif"
)

type heicFile struct {
	decoder *heif.Decoder
	data    []byte
	size    image.Point
}

func (r *Reader) openHEIC(ctx context.Context, data []byte) (document, error) {
	size, err := r.heif.Size(ctx, data)
	if err != nil {
		return nil, err
	}
	if err := tooLarge(size.X, size.Y, maxHEICPixels); err != nil {
		return nil, err
	}
	return heicFile{r.heif, data, size}, nil
}

func (f heicFile) pages() int { return 1 }

// page leaves EXIF's orientation alone: what the file itself says was done by
// the decoder, and cameras write both.
func (f heicFile) page(ctx context.Context, _ int) (image.Image, int, error) {
	img, err := f.decoder.Decode(ctx, f.data, f.size, PageSide)
	return img, upright, err
}
