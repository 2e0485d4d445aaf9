package pages

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"

	"facematch/matcher/document/pages/internal/segments"
)

func openJPEG(data []byte) (document, error) {
	data = segments.Mend(data)
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if err := tooLarge(config.Width, config.Height, jpegPixels(data, config)); err != nil {
		return nil, err
	}
	return still{data, jpeg.Decode, jpegOrientation(data), bareJPEG}, nil
}

// jpegPixels is how many pixels a JPEG may have, by what one takes in memory.
func jpegPixels(data []byte, config image.Config) int {
	most := maxJPEGPixels
	if !segments.Baseline(data) {
		most = maxPixels
	}
	if config.ColorModel == color.CMYKModel {
		most /= 2
	}
	return most
}

// jpegOrientation reads how a camera was held from a JPEG's EXIF data.
func jpegOrientation(data []byte) int {
	for marker, content := range segments.Of(data) {
		if exif, ok := bytes.CutPrefix(content, []byte(exifPrefix)); ok && marker == 0xe1 {
			return exifOrientation(exif)
		}
	}
	return upright
}

func bareJPEG(_ context.Context, data []byte) ([]byte, error) { return segments.Bare(data), nil }
