package pages

import (
	"context"
	"image"

	"facematch/matcher/document/pages/internal/tiff"
)

type tiffFile struct{ file *tiff.File }

func openTIFF(data []byte) (document, error) {
	file, err := tiff.Open(data, MaxPages+1)
	if err != nil {
		return nil, err
	}
	// One odd page does not spoil the others.
	f, first := tiffFile{file}, error(nil)
	for i := range min(file.Count(), MaxPages) {
		_, err := f.header(i)
		if err == nil {
			return f, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func (f tiffFile) header(i int) (tiff.Header, error) {
	h, err := f.file.Header(i)
	if err != nil {
		return h, err
	}
	return h, tooLarge(h.Width, h.Height, maxPixels)
}

func (f tiffFile) pages() int { return f.file.Count() }

func (f tiffFile) page(ctx context.Context, number int) (image.Image, int, error) {
	h, err := f.header(number - 1)
	if err != nil {
		return nil, 0, err
	}
	img, err := f.file.Decode(ctx, number-1)
	return img, h.Orientation, err
}
