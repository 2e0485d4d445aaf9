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
	decoder, err := r.heif()
	if err != nil {
		return nil, err
	}
	size, err := decoder.Size(ctx, data)
	if err != nil {
		return nil, err
	}
	if err := tooLarge(size.X, size.Y, maxPixels); err != nil {
		return nil, err
	}
	return heicFile{decoder, data, size}, nil
}

func (f heicFile) pages() int { return 1 }

// page leaves EXIF's orientation alone: what the file itself says was done by
// the decoder, and cameras write both.
func (f heicFile) page(ctx context.Context, _ int) (image.Image, int, error) {
	img, err := f.decoder.Decode(ctx, f.data, f.size)
	return img, upright, err
}

// heif is the decoder, made when it is first wanted.
func (r *Reader) heif() (*heif.Decoder, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.heic == nil {
		decoder, err := heif.New(context.Background(), r.compiler)
		if err != nil {
			return nil, err
		}
		r.heic = decoder
	}
	return r.heic, nil
}
