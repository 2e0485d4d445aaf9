package pages

import (
	"bytes"
	"context"
	"image"
	"io"

	"golang.org/x/image/bmp"

	"facematch/matcher/internal/blob"
)

// still is a file with one picture, as most formats have.
type still struct {
	data        []byte
	decode      func(io.Reader) (image.Image, error)
	orientation int // EXIF's, 1 to 8
	// bare takes away all that is neither pixels nor colour profile; nil where this is
	// not done for the format.
	bare func(context.Context, []byte) ([]byte, error)
}

func (s still) pages() int { return 1 }

func (s still) page(ctx context.Context, _ int) (image.Image, int, error) {
	img, err := s.decode(blob.Until(ctx, bytes.NewReader(s.data)))
	return img, s.orientation, err
}

func openBMP(data []byte) (document, error) {
	config, err := bmp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if err := tooLarge(config.Width, config.Height, maxPixels); err != nil {
		return nil, err
	}
	return still{data, bmp.Decode, upright, nil}, nil
}
