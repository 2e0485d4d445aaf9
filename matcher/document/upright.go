package document

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"io"

	"facematch/matcher"
	"facematch/matcher/internal/blob"
)

// Upright gives the page for another program; see matcher.PortraitFinder. The
// pixels go as they came where the document is one JPEG or PNG of fit size that
// nothing turns, neither the clerk nor its own EXIF flag; else the page goes as a
// JPEG. Nothing goes with them but their colour profile, and the name says nothing
// of the person. The problems are those of Portrait.
func (f *Finder) Upright(ctx context.Context, document matcher.Blob, p matcher.Portrait) (matcher.Blob, error) {
	if p.Page == nil {
		return matcher.Blob{}, matcher.NewProblem("problem.internal", errors.New("a portrait without a page"))
	}
	if p.Rotation == 0 && p.Pages == 1 {
		as, ok, err := f.asItCame(ctx, document)
		if err != nil || ok {
			return as, err
		}
	}
	for quality := sentQuality; ; quality /= 2 {
		var encoded bytes.Buffer
		if err := jpeg.Encode(whileWanted{ctx, &encoded}, p.Page, &jpeg.Options{Quality: quality}); err != nil {
			return matcher.Blob{}, err // nothing but the context ends it
		}
		if encoded.Len() < maxSent { // pure noise at 16 megapixels has 30 MB
			return inMemory("document.jpg", "image/jpeg", encoded.Bytes()), nil
		}
	}
}

// asItCame is the document's pixels as they came; false where they cannot go like
// that.
func (f *Finder) asItCame(ctx context.Context, document matcher.Blob) (matcher.Blob, bool, error) {
	file, err := f.pages.Open(ctx, document)
	if err != nil {
		return matcher.Blob{}, false, err
	}
	defer file.Close()
	name, mediaType := "document.jpg", "image/jpeg"
	switch file.Format {
	case blob.JPEG:
	case blob.PNG:
		name, mediaType = "document.png", "image/png"
	default:
		return matcher.Blob{}, false, nil
	}
	page, err := file.Page(ctx, 1) // says what the flag turns
	if err != nil || page.Turned != 0 || page.Mirrored {
		return matcher.Blob{}, false, err
	}
	data, err := file.Bare(ctx)
	if err != nil {
		return matcher.Blob{}, false, err
	}
	return inMemory(name, mediaType, data), len(data) < maxSent, nil
}

func inMemory(name, mediaType string, data []byte) matcher.Blob {
	return matcher.Blob{Name: name, MediaType: mediaType, Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// whileWanted writes until the context ends, so that encoding a large page ends
// soon after its caller left.
type whileWanted struct {
	ctx context.Context
	to  io.Writer
}

func (w whileWanted) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.to.Write(p)
}
