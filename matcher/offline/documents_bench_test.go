package offline

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"path/filepath"
	"slices"
	"testing"
	"time"

	xdraw "golang.org/x/image/draw"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

// BenchmarkDocument measures the whole search, from the file to the portrait,
// beside go-face used plainly on the same picture: one call, upright pictures
// only, no page made. It reports the 95th percentile of both and their ratio.
func BenchmarkDocument(b *testing.B) {
	finder, engine := newFinder(b), loadedEngine(b)
	cards, err := filepath.Glob(filepath.Join(testdata(b, "docs"), "*.jpg"))
	if err != nil || len(cards) == 0 {
		b.Fatal("no cards")
	}
	encode := func(img image.Image) []byte {
		var out bytes.Buffer
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
			b.Fatal(err)
		}
		return out.Bytes()
	}
	for name, makeUp := range map[string]func(card *image.RGBA) *image.RGBA{
		"card_1200x760": func(card *image.RGBA) *image.RGBA { return card },
		"card_turned":   func(card *image.RGBA) *image.RGBA { return picture.Turn(card, 90) },
		"12MP_card": func(card *image.RGBA) *image.RGBA {
			sheet := picture.Solid(image.Pt(4000, 3000), color.White)
			xdraw.BiLinear.Scale(sheet, image.Rect(0, 200, 4000, 2733), card, card.Rect, draw.Src, nil)
			return sheet
		},
		"12MP_card_at_300dpi": func(card *image.RGBA) *image.RGBA {
			sheet := picture.Solid(image.Pt(4000, 3000), color.White)
			xdraw.BiLinear.Scale(sheet, image.Rect(400, 500, 400+1011, 500+640), card, card.Rect, draw.Src, nil)
			return sheet
		},
	} {
		b.Run(name, func(b *testing.B) {
			var files [][]byte
			for _, card := range cards {
				files = append(files, encode(makeUp(readPicture(b, card))))
			}
			var ours, plain []time.Duration
			for i := 0; b.Loop(); i++ {
				data := files[i%len(files)]
				start := time.Now()
				p, err := finder.Portrait(context.Background(), memoryBlob(data))
				ours = append(ours, time.Since(start))
				if err != nil || p.Code != matcher.CodeOK {
					b.Fatalf("card %d: code %d, %v", i%len(files), p.Code, err)
				}
				start = time.Now()
				w := <-engine.current.goFace.free
				_, err = w.Recognize(data)
				engine.current.goFace.free <- w
				if err != nil {
					b.Fatal(err)
				}
				plain = append(plain, time.Since(start))
			}
			p95 := func(all []time.Duration) float64 {
				slices.Sort(all)
				return float64(all[(len(all)-1)*95/100].Microseconds()) / 1000
			}
			o, g := p95(ours), p95(plain)
			b.ReportMetric(o, "p95_ms")
			b.ReportMetric(g, "goface_p95_ms")
			b.ReportMetric(o/g, "ratio")
		})
	}
}
