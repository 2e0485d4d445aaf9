package document

import (
	"bytes"
	"context"
	"image/png"
	"io"

	"facematch/app"
)

// photoOf is the camera's newest picture in full size, not mirrored. It is taken at once,
// because the clerk holds the document in one hand while the other presses the button.
func photoOf(source app.Source) Item {
	return Item{camera: true, open: func(ctx context.Context) (app.Blob, error) {
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
