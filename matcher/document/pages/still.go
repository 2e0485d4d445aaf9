package pages

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"facematch/matcher/internal/blob"
)

// still is a file with one picture.
type still struct {
	data        []byte
	decode      func(io.Reader) (image.Image, error)
	orientation int
}

func (s still) pages() int { return 1 }

func (s still) page(ctx context.Context, _ int) (image.Image, int, error) {
	img, err := s.decode(blob.Until(ctx, bytes.NewReader(s.data)))
	return img, s.orientation, err
}

func openJPEG(data []byte) (document, error) {
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if err := tooLarge(config.Width, config.Height, jpegPixels(data, config)); err != nil {
		return nil, err
	}
	return still{data, jpeg.Decode, orientation(data)}, nil
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

func openPNG(data []byte) (document, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if err := tooLarge(config.Width, config.Height, maxPixels); err != nil {
		return nil, err
	}
	return still{data, png.Decode, 1}, nil
}
