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
	"syscall"
	"testing"
	"time"

	xdraw "golang.org/x/image/draw"

	"facematch/matcher"
	"facematch/matcher/document/zone"
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

// BenchmarkZone measures the search for a machine-readable zone on an upright page: what
// it adds to the search for the portrait. It reports processor time and the 95th
// percentile of what a clerk waits.
func BenchmarkZone(b *testing.B) {
	r := zone.New(newLines(b))
	cards, err := filepath.Glob(filepath.Join(testdata(b, "docs"), "*.jpg"))
	if err != nil || len(cards) == 0 {
		b.Fatal("no cards")
	}
	for name, files := range map[string][]string{
		"card_1200x760":  cards,
		"without_a_zone": {testdata(b, "documents/mindee_us_dl.jpg")},
		"passport":       {testdata(b, "documents/passporteye_100_pass-fin.png")},
	} {
		b.Run(name, func(b *testing.B) {
			var pages []*image.RGBA
			for _, file := range files {
				pages = append(pages, readPicture(b, file))
			}
			var took []time.Duration
			used := processorTime(b)
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				if _, _, err := r.Zone(context.Background(), pages[i%len(pages)], zoneDay); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			used = processorTime(b) - used
			slices.Sort(took)
			b.ReportMetric(float64(took[(len(took)-1)*95/100].Microseconds())/1000, "p95_ms")
			b.ReportMetric(float64(used.Microseconds())/1000/float64(len(took)), "cpu_ms")
		})
	}
}

// processorTime is what this process has used up.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
