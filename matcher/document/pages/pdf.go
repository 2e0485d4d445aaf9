package pages

import (
	"context"
	"image"

	"facematch/matcher/document/pages/internal/pdf"
)

type pdfFile struct {
	engine *pdf.Engine
	data   []byte
	count  int
}

func (r *Reader) openPDF(ctx context.Context, data []byte) (document, error) {
	count, err := r.pdf.Count(ctx, data)
	if err != nil {
		return nil, err
	}
	return pdfFile{r.pdf, data, count}, nil
}

func (f pdfFile) pages() int { return f.count }

func (f pdfFile) page(ctx context.Context, number int) (image.Image, int, error) {
	img, err := f.engine.Draw(ctx, f.data, number-1, PageSide)
	return img, upright, err
}
