package document

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"io"
	"time"

	"facematch/app"
)

// A camera that has just been opened takes its time to find the light and the distance, and
// may give no picture at all.
const (
	photoSettles  = 1500 * time.Millisecond
	photoPatience = 10 * time.Second
)

// photoBy is a picture of a camera of its own for documents, which is opened for it.
func photoBy(open func() app.Source) Item {
	return Item{camera: true, open: func(ctx context.Context) (app.Blob, error) {
		source := open()
		defer source.Close() // nothing is lost with a camera that does not close
		ctx, stop := context.WithTimeout(ctx, photoPatience)
		defer stop()
		live, err := source.Next(ctx, 0)
		if err != nil {
			return app.Blob{}, unsilent(err)
		}
		settled, stop := context.WithTimeout(ctx, photoSettles)
		defer stop()
		for live.Problem == nil {
			next, err := source.Next(settled, live.Seq)
			if err != nil {
				break
			}
			live = next
		}
		if ctx.Err() != nil {
			return app.Blob{}, ctx.Err()
		}
		return photo(live)
	}}
}

// unsilent gives a camera that gave no picture in time the words for that.
func unsilent(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &app.Problem{Key: "camera.frozen", Err: err}
	}
	return err
}

// photoOf is the camera's newest picture in full size, not mirrored. It is taken at once,
// because the clerk holds the document in one hand while the other presses the button.
func photoOf(source app.Source) Item {
	return Item{camera: true, open: func(ctx context.Context) (app.Blob, error) {
		live, err := source.Next(ctx, 0)
		if err != nil {
			return app.Blob{}, err
		}
		return photo(live)
	}}
}

// photo is a picture of a camera as a file.
func photo(live app.Live) (app.Blob, error) {
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
}
