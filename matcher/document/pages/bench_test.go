package pages

import (
	"context"
	"image"
	"math/rand"
	"testing"
)

// photo is a picture with detail and noise everywhere, as a camera makes.
func photo(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	noise := rand.New(rand.NewSource(1))
	for y := range height {
		for x := range width {
			pixel := img.Pix[img.PixOffset(x, y):]
			grain := uint8(noise.Intn(12))
			pixel[0], pixel[1], pixel[2], pixel[3] = uint8(x*y>>12)+grain, uint8(x>>4)+grain, uint8(y>>4)+grain, 255
		}
	}
	return img
}

func benchmark(b *testing.B, data []byte) {
	for b.Loop() {
		f, err := shared.Open(context.Background(), memory(data))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Page(context.Background(), 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJPEG12MP(b *testing.B) { benchmark(b, jpegOf(b, photo(4000, 3000))) }
func BenchmarkJPEG48MP(b *testing.B) { benchmark(b, jpegOf(b, photo(8000, 6000))) }
func BenchmarkPNG12MP(b *testing.B)  { benchmark(b, pngOf(b, photo(4000, 3000))) }
func BenchmarkPDF(b *testing.B)      { benchmark(b, pdfOf(pageOf("/MediaBox[0 0 595 842]", fields()))) }
