package pages

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"testing"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

func memory(data []byte) matcher.Blob {
	return matcher.Blob{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

func TestJPEGAndPNG(t *testing.T) {
	r := New(Params{Log: slog.New(slog.DiscardHandler)})
	defer r.Close()
	img := picture.Solid(image.Pt(300, 200), color.RGBA{200, 100, 50, 255})
	var asJPEG, asPNG bytes.Buffer
	if err := jpeg.Encode(&asJPEG, img, nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&asPNG, img); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{asJPEG.Bytes(), asPNG.Bytes()} {
		f, err := r.Open(context.Background(), memory(data))
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.Page(context.Background(), 1)
		if err != nil || f.Count != 1 || f.More || p.Picture.Rect.Max != image.Pt(300, 200) || p.Picture.RGBAAt(9, 9).R < 195 {
			t.Errorf("%s: %+v, %v", f.Format, f, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
