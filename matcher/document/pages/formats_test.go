package pages

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/matcher"
	"facematch/matcher/internal/blob"
	"facematch/matcher/internal/picture"
)

func TestFormats(t *testing.T) {
	card := card(1)
	sixteen := image.NewRGBA64(card.Rect)
	draw.Draw(sixteen, card.Rect, card, image.Point{}, draw.Src)
	few := image.NewPaletted(card.Rect, color.Palette{cardFields[0], cardFields[1], cardFields[2], cardFields[3]})
	draw.Draw(few, card.Rect, card, image.Point{}, draw.Src)
	for name, c := range map[string]struct {
		data   []byte
		format blob.Format
	}{
		"jpeg":               {jpegOf(t, card), blob.JPEG},
		"jpeg, half colours": {testdata(t, "baseline.jpg"), blob.JPEG},
		"jpeg, progressive":  {testdata(t, "progressive.jpg"), blob.JPEG},
		"jpeg, four colours": {testdata(t, "cmyk.jpg"), blob.JPEG},
		"png":                {pngOf(t, card), blob.PNG},
		"png, 16 bit":        {pngOf(t, sixteen), blob.PNG},
		"png, palette":       {pngOf(t, few), blob.PNG},
		"webp, lossy":        {testdata(t, "lossy.webp"), blob.WebP},
		"webp, lossless":     {testdata(t, "lossless.webp"), blob.WebP},
		"bmp":                {bmpOf(t, card), blob.BMP},
		"bmp, palette":       {testdata(t, "palette.bmp"), blob.BMP},
		"heic":               {testdata(t, "plain.heic"), blob.HEIC},
		"heic, two pictures": {testdata(t, "two.heic"), blob.HEIC},
		"heic, alpha":        {testdata(t, "alpha.heic"), blob.HEIC},
		"heic, turned":       {testdata(t, "turned.heic"), blob.HEIC}, // stored on its side
		"tiff":               {tiffOf(binary.LittleEndian, rgbPage(card)), blob.TIFF},
		"tiff, big endian":   {tiffOf(binary.BigEndian, rgbPage(card)), blob.TIFF},
		"tiff, lzw":          {testdata(t, "lzw.tif"), blob.TIFF},
		"tiff, tiles":        {testdata(t, "tiles.tif"), blob.TIFF},
		"tiff, planes":       {testdata(t, "planes.tif"), blob.TIFF},
		"tiff, 16 bit":       {testdata(t, "16bit.tif"), blob.TIFF},
		"tiff, palette":      {testdata(t, "palette.tif"), blob.TIFF},
		"tiff, jpeg":         {testdata(t, "jpeg.tif"), blob.TIFF},
		"tiff, four colours": {testdata(t, "cmyk.tif"), blob.TIFF},
		"tiff, four as jpeg": {testdata(t, "cmyk-jpeg.tif"), blob.TIFF},
		"pdf":                {pdfOf(pageOf("", fields())), blob.PDF},
	} {
		t.Run(name, func(t *testing.T) {
			f, p := open(t, c.data)
			if f.Format != c.format || f.More {
				t.Errorf("a %s, more pages: %v", f.Format, f.More)
			}
			if p.Turned != 0 || p.Mirrored {
				t.Errorf("turned by %d, mirrored: %v", p.Turned, p.Mirrored)
			}
			showsCard(t, p.Picture)
		})
	}
}

func TestGrey(t *testing.T) {
	gray := image.NewGray(card(1).Rect)
	draw.Draw(gray, gray.Rect, card(1), image.Point{}, draw.Src)
	gray16 := image.NewGray16(gray.Rect)
	draw.Draw(gray16, gray.Rect, gray, image.Point{}, draw.Src)
	for name, data := range map[string][]byte{
		"jpeg": testdata(t, "gray.jpg"), "png": pngOf(t, gray), "png, 16 bit": pngOf(t, gray16),
		"tiff, 4 bit": testdata(t, "gray4.tif"), "heic": testdata(t, "gray.heic"),
	} {
		_, p := open(t, data)
		for i, c := range cardFields {
			v := color.GrayModel.Convert(c).(color.Gray).Y
			if got := field(p.Picture, i); !like(got, color.RGBA{v, v, v, 255}) {
				t.Errorf("%s: field %d is %v, want %d", name, i, got, v)
			}
		}
	}
}

// Black on white comes out so, whichever of the two a file calls zero.
func TestBlackAndWhite(t *testing.T) {
	for _, name := range []string{"g3.tif", "g4.tif", "g4-black.tif", "packbits.tif"} {
		_, p := open(t, testdata(t, name))
		for i, want := range []uint8{0, 255, 255, 255} {
			if got := field(p.Picture, i); got != (color.RGBA{want, want, want, 255}) {
				t.Errorf("%s: field %d is %v, want %d", name, i, got, want)
			}
		}
	}
}

// The right half of the card is transparent.
func TestTransparentIsWhite(t *testing.T) {
	half := image.NewNRGBA(card(1).Rect)
	draw.Draw(half, image.Rect(0, 0, cardSize.X/2, cardSize.Y), card(1), image.Point{}, draw.Src)
	for name, data := range map[string][]byte{
		"png": pngOf(t, half), "webp": testdata(t, "alpha.webp"), "tiff": testdata(t, "alpha.tif"),
	} {
		_, p := open(t, data)
		for i, want := range []color.RGBA{cardFields[0], {255, 255, 255, 255}, cardFields[2], {255, 255, 255, 255}} {
			if got := field(p.Picture, i); !like(got, want) {
				t.Errorf("%s: field %d is %v, want %v", name, i, got, want)
			}
		}
	}
}

func TestAllOrientations(t *testing.T) {
	turns := [9]int{1: 0, 2: 0, 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}
	for orientation := 1; orientation <= 8; orientation++ {
		img := stored(card(1), orientation)
		exif := exifOf([]binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian}[orientation%2], orientation)
		lossy := testdata(t, "lossy.webp")
		for name, data := range map[string][]byte{
			"jpeg":              jpegWithEXIF(jpegOf(t, img), exif),
			"png":               pngWithEXIF(pngOf(t, img), exif),
			"tiff":              tiffOf(binary.LittleEndian, rgbPage(img, numbers(274, uint32(orientation)))),
			"webp":              webpWithEXIF(lossy, cardSize, exif),
			"webp, with prefix": webpWithEXIF(lossy, cardSize, append([]byte("Exif\x00\x00"), exif...)),
		} {
			t.Run(fmt.Sprint(name, " ", orientation), func(t *testing.T) {
				_, p := open(t, data)
				mirrored := orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7
				if p.Turned != turns[orientation] || p.Mirrored != mirrored {
					t.Errorf("turned by %d, mirrored: %v", p.Turned, p.Mirrored)
				}
				if strings.HasPrefix(name, "webp") { // the one file there is was stored upright
					p.Picture = stored(p.Picture, orientation)
				}
				showsCard(t, p.Picture)
			})
		}
	}
}

func TestDamagedEXIFIsUpright(t *testing.T) {
	good := exifOf(binary.BigEndian, 6)
	if got := exifOrientation(good); got != 6 {
		t.Fatalf("orientation %d", got)
	}
	for n := range len(good) { // cut off anywhere
		if got := exifOrientation(good[:n]); got != 1 && got != 6 {
			t.Errorf("cut after %d bytes: %d", n, got)
		}
	}
	for at := range good { // any byte wrong
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			bad := append([]byte(nil), good...)
			bad[at] = v
			if got := exifOrientation(bad); got < 1 || got > 8 {
				t.Errorf("byte %d is %d: orientation %d", at, v, got)
			}
		}
	}
}

// What a file is called means nothing.
func TestNameLies(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"scan.pdf": jpegOf(t, card(1)), "photo.jpg": testdata(t, "plain.heic"), "photo.heic": jpegOf(t, card(1)),
		"page.png": pdfOf(pageOf("", fields())), "no extension": testdata(t, "lzw.tif"),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := shared.Open(context.Background(), matcher.Blob{Path: path, Name: name, MediaType: "text/plain"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := f.Page(context.Background(), 1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		showsCard(t, p.Picture)
	}
}

// A page is never longer than PageSide, before it is turned or after.
func TestLongPictures(t *testing.T) {
	img := picture.Resize(card(1), image.Pt(4400, 110))
	for name, c := range map[string]struct {
		data []byte
		want image.Point
	}{
		"jpeg":   {jpegOf(t, img), image.Pt(4000, 100)},
		"png":    {pngOf(t, img), image.Pt(4000, 100)},
		"tiff":   {tiffOf(binary.LittleEndian, rgbPage(img)), image.Pt(4000, 100)},
		"turned": {jpegWithEXIF(jpegOf(t, stored(img, 6)), exifOf(binary.LittleEndian, 6)), image.Pt(4000, 100)},
	} {
		_, p := open(t, c.data)
		if p.Picture.Rect.Max != c.want {
			t.Errorf("%s: %v", name, p.Picture.Rect)
		}
		showsFields(t, p.Picture)
	}
}

func TestPagesOfTIFF(t *testing.T) {
	f, _ := open(t, testdata(t, "pages.tif")) // the third one is mirrored
	if f.Count != 3 || f.More {
		t.Errorf("%d pages, more: %v", f.Count, f.More)
	}
	p, err := f.Page(context.Background(), 3)
	if err != nil {
		t.Fatal(err)
	}
	showsCard(t, picture.Mirror(p.Picture))

	var all []tiffPage
	for i := range 12 {
		all = append(all, rgbPage(stored(card(1), i%8+1), numbers(274, uint32(i%8+1))))
	}
	// Thumbnails and masks count for nothing, wherever they stand.
	small := rgbPage(picture.Solid(image.Pt(4, 3), color.White), numbers(254, 1))
	old := rgbPage(picture.Solid(image.Pt(4, 3), color.White), numbers(255, 2))
	all = append([]tiffPage{small, all[0], old}, all[1:]...)
	if f, _ = open(t, tiffOf(binary.BigEndian, all...)); f.Count != MaxPages || !f.More {
		t.Errorf("%d pages, more: %v", f.Count, f.More)
	}
	for n := 1; n <= f.Count; n++ {
		p, err := f.Page(context.Background(), n)
		if err != nil {
			t.Fatal(err)
		}
		showsCard(t, p.Picture)
	}
	for _, n := range []int{0, -1, 11} {
		if _, err := f.Page(context.Background(), n); err == nil {
			t.Errorf("there is a page %d", n)
		}
	}
}

// One page that cannot be read does not spoil the others.
func TestOddPageOfTIFF(t *testing.T) {
	odd := rgbPage(card(1), numbers(259, 9999))
	f, err := shared.Open(context.Background(), memory(tiffOf(binary.BigEndian, odd, rgbPage(card(1)))))
	if err != nil || f.Count != 2 {
		t.Fatalf("%+v, %v", f, err)
	}
	if _, err := f.Page(context.Background(), 1); keyOf(t, err) != "document.rare" {
		t.Errorf("the odd one: %v", err)
	}
	p, err := f.Page(context.Background(), 2)
	if err != nil {
		t.Fatal(err)
	}
	showsCard(t, p.Picture)
}

// slow is a file that gives nothing until it is released.
type slow struct {
	asked   func()
	release chan struct{}
}

func (s slow) Read([]byte) (int, error) {
	s.asked()
	<-s.release
	return 0, io.EOF
}

func (s slow) Close() error { return nil }

func TestCallerLeaves(t *testing.T) {
	r := New(Params{Log: slog.New(slog.DiscardHandler)})
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	var at time.Time
	asked := func() {
		at = time.Now()
		cancel()
	}
	_, err := r.Open(ctx, matcher.Blob{Open: func() (io.ReadCloser, error) { return slow{asked, release}, nil }})
	if took := time.Since(at); err != context.Canceled || took > 2*time.Second {
		t.Errorf("got %v after %v", err, took)
	}
	f, err := r.Open(context.Background(), memory(jpegOf(t, card(1))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Page(ctx, 1); err != context.Canceled {
		t.Errorf("a page for nobody: %v", err)
	}

	closed := make(chan struct{})
	go func() {
		r.Close()
		close(closed)
	}()
	select {
	case <-closed:
		t.Error("Close did not wait for the file being read")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	<-closed
	if err := r.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if _, err := f.Page(context.Background(), 1); keyOf(t, err) != "engine.closed" {
		t.Errorf("after Close: %v", err)
	}
	if _, err := r.Open(context.Background(), memory(nil)); keyOf(t, err) != "engine.closed" {
		t.Errorf("after Close: %v", err)
	}
}

func TestClosedFile(t *testing.T) {
	f, _ := open(t, jpegOf(t, card(1)))
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := f.Page(context.Background(), 1); err == nil {
		t.Error("a closed file gives pages")
	}
}

// All formats at once, several times, from several goroutines.
func TestManyAtOnce(t *testing.T) {
	errs := make(chan error)
	files := [][]byte{jpegOf(t, card(1)), testdata(t, "plain.heic"), testdata(t, "pages.tif"), pdfOf(pageOf("", fields())),
		testdata(t, "lossy.webp")}
	for i := range 10 {
		go func() {
			errs <- func() error {
				f, err := shared.Open(context.Background(), memory(files[i%len(files)]))
				if err != nil {
					return err
				}
				p, err := f.Page(context.Background(), 1)
				if err == nil && !like(field(p.Picture, 0), cardFields[0]) {
					err = fmt.Errorf("%s: field 0 is %v", f.Format, field(p.Picture, 0))
				}
				return err
			}()
		}()
	}
	for range 10 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
