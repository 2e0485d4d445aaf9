package views

import (
	"bytes"
	"context"
	"image/png"
	"io"

	"facematch/app"
)

// givenPhoto is the camera's newest picture, as the camera took it: in full size
// and not mirrored. It is taken when it is opened, at once: the clerk holds the
// document in one hand and has just pressed with the other.
func givenPhoto(source app.Source) given {
	return given{camera: true, open: func(ctx context.Context) (app.Blob, error) {
		live, err := source.Next(ctx, 0)
		if err != nil {
			return app.Blob{}, err
		}
		if live.Frame.Image == nil {
			return app.Blob{}, live.Problem
		}
		var b bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, live.Frame.Image); err != nil {
			return app.Blob{}, err
		}
		return app.Blob{
			Name: "photo.png", MediaType: "image/png", Size: int64(b.Len()),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		}, nil
	}}
}
