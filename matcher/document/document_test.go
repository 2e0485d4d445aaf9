package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

// dots is a FaceFinder for drawn faces: a red dot for the left eye, a blue one
// for the right, a green one for the nose. Like the engine's it finds faces that
// stand more or less upright, and none with eyes under 10 pixels apart.
type dots struct{}

func (dots) Find(ctx context.Context, img *image.RGBA) ([]matcher.Face, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	reds, blues, greens := blobs(img, 0), blobs(img, 2), blobs(img, 1)
	var faces []matcher.Face
	for _, l := range reds {
		for _, r := range blues {
			apart := float64(r.X - l.X)
			if apart < 10 || math.Abs(float64(r.Y-l.Y)) > apart/3 {
				continue
			}
			for _, n := range greens {
				below := float64(n.Y) - float64(l.Y+r.Y)/2
				if math.Abs(float64(n.X)-float64(l.X+r.X)/2) > apart/3 || below < apart/3 || below > apart {
					continue
				}
				half := int(apart * 1.15)
				faces = append(faces, matcher.Face{
					Box:  image.Rect(n.X-half, n.Y-half*5/4, n.X+half, n.Y+half*3/4),
					Eyes: [2]image.Point{l, r},
					Nose: n,
				})
			}
		}
	}
	return faces, nil
}

// blobs are the middles of the connected spots in which one channel stands out.
func blobs(img *image.RGBA, channel int) (middles []image.Point) {
	// Every third pixel of every third row is enough to meet each dot.
	b := img.Bounds()
	seen := map[image.Point]bool{}
	stands := func(p image.Point) bool {
		if !p.In(b) {
			return false
		}
		pix := img.Pix[img.PixOffset(p.X, p.Y):]
		return int(pix[channel]) > int(pix[(channel+1)%3])+50 && int(pix[channel]) > int(pix[(channel+2)%3])+50
	}
	for y := b.Min.Y; y < b.Max.Y; y += 3 {
		row := img.Pix[img.PixOffset(b.Min.X, y) : img.PixOffset(b.Max.X-1, y)+4]
		for i := 0; i < len(row); i += 12 {
			if int(row[i+channel]) < int(row[i+(channel+1)%3])+50 {
				continue
			}
			sum, n := image.Point{}, 0
			for open := []image.Point{{b.Min.X + i/4, y}}; len(open) > 0; {
				p := open[len(open)-1]
				open = open[:len(open)-1]
				if seen[p] || !stands(p) {
					continue
				}
				seen[p] = true
				sum, n = sum.Add(p), n+1
				open = append(open, p.Add(image.Pt(1, 0)), p.Add(image.Pt(-1, 0)), p.Add(image.Pt(0, 1)), p.Add(image.Pt(0, -1)))
			}
			if n >= 4 {
				middles = append(middles, sum.Div(n))
			}
		}
	}
	return middles
}

// drawFace draws a face with its nose here; strength under 1 makes it as faint
// as a ghost picture.
func drawFace(img *image.RGBA, nose image.Point, interEye int, strength float64) {
	spot := func(centre image.Point, radius int, c color.RGBA) {
		for y := -radius; y <= radius; y++ {
			for x := -radius; x <= radius; x++ {
				if p := centre.Add(image.Pt(x, y)); x*x+y*y <= radius*radius && p.In(img.Rect) {
					old := img.RGBAAt(p.X, p.Y)
					mix := func(a, b uint8) uint8 { return uint8(float64(a) + strength*(float64(b)-float64(a))) }
					img.SetRGBA(p.X, p.Y, color.RGBA{mix(old.R, c.R), mix(old.G, c.G), mix(old.B, c.B), 255})
				}
			}
		}
	}
	spot(nose, interEye*5/4, color.RGBA{185, 180, 175, 255})
	radius := max(2, interEye/8)
	spot(nose.Add(image.Pt(-interEye/2, -interEye*6/10)), radius, color.RGBA{200, 0, 0, 255})
	spot(nose.Add(image.Pt(interEye/2, -interEye*6/10)), radius, color.RGBA{0, 0, 200, 255})
	spot(nose, radius, color.RGBA{0, 160, 0, 255})
}

// card is a page of 1000x600 with a portrait on its left.
func card() *image.RGBA {
	img := picture.Solid(image.Pt(1000, 600), color.RGBA{235, 235, 235, 255})
	drawFace(img, image.Pt(250, 300), 80, 1)
	return img
}

func pngBlob(t *testing.T, img image.Image) matcher.Blob {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return memory(b.Bytes())
}

func jpegBytes(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func memory(data []byte) matcher.Blob {
	return matcher.Blob{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

func find(t *testing.T, document matcher.Blob) matcher.Portrait {
	t.Helper()
	p, err := New(Params{Faces: dots{}}).Portrait(context.Background(), document)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPortrait(t *testing.T) {
	p := find(t, pngBlob(t, card()))
	if p.Code != 0 || p.Rotation != 0 || p.Page.Rect.Max != image.Pt(1000, 600) {
		t.Fatalf("code %d, turned by %d, page %v", p.Code, p.Rotation, p.Page.Rect)
	}
	near := func(got, want image.Point) bool { d := got.Sub(want); return d.X*d.X+d.Y*d.Y <= 9 }
	if !near(p.Eyes[0], image.Pt(210, 252)) || !near(p.Eyes[1], image.Pt(290, 252)) || !image.Pt(250, 300).In(p.Box) {
		t.Errorf("eyes %v, box %v", p.Eyes, p.Box)
	}
	if p.Image == nil || p.Image.Rect.Dx() != p.Image.Rect.Dy() || p.Image.Rect.Dx() != 368 {
		t.Errorf("crop %v", p.Image.Bounds())
	}
	if math.Abs(p.Quality.InterEye-80) > 2 || p.Quality.Total <= 0 {
		t.Errorf("quality %+v", p.Quality)
	}
	if len(p.Warnings) != 0 {
		t.Errorf("warnings %v", p.Warnings)
	}
}

func TestFourPositions(t *testing.T) {
	for _, turned := range []int{0, 90, 180, 270} {
		p := find(t, pngBlob(t, picture.Turn(card(), turned)))
		if p.Code != 0 || (p.Rotation+turned)%360 != 0 || p.Page.Rect.Max != image.Pt(1000, 600) {
			t.Errorf("turned by %d: code %d, turned back by %d, page %v", turned, p.Code, p.Rotation, p.Page.Rect)
		}
	}
}

// withEXIF puts an EXIF segment with this orientation into a JPEG.
func withEXIF(data []byte, order binary.AppendByteOrder, orientation uint16) []byte {
	tiff := []byte("MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		tiff = []byte("II")
	}
	tiff = order.AppendUint16(tiff, 42)
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2) // entries
	for _, e := range [][2]uint16{{0x010f, 1}, {0x0112, orientation}} {
		tiff = order.AppendUint16(tiff, e[0])
		tiff = order.AppendUint16(tiff, 3)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(tiff, e[1])
		tiff = order.AppendUint16(tiff, 0)
	}
	exif := append([]byte("Exif\x00\x00"), tiff...)
	segment := append([]byte{0xff, 0xe1, byte((len(exif) + 2) >> 8), byte(len(exif) + 2)}, exif...)
	return append(append([]byte{0xff, 0xd8}, segment...), data[2:]...)
}

// stored is how a camera held in this way stores an upright picture.
func stored(upright *image.RGBA, orientation int) *image.RGBA {
	undo := map[int]func(*image.RGBA) *image.RGBA{
		1: func(i *image.RGBA) *image.RGBA { return i },
		2: picture.Mirror,
		3: func(i *image.RGBA) *image.RGBA { return picture.Turn(i, 180) },
		4: func(i *image.RGBA) *image.RGBA { return picture.Turn(picture.Mirror(i), 180) },
		5: func(i *image.RGBA) *image.RGBA { return picture.Mirror(picture.Turn(i, 90)) },
		6: func(i *image.RGBA) *image.RGBA { return picture.Turn(i, 270) },
		7: func(i *image.RGBA) *image.RGBA { return picture.Mirror(picture.Turn(i, 270)) },
		8: func(i *image.RGBA) *image.RGBA { return picture.Turn(i, 90) },
	}
	return undo[orientation](upright)
}

func TestAllEXIFOrientations(t *testing.T) {
	rotations := map[int]int{1: 0, 2: 0, 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}
	for orientation := 1; orientation <= 8; orientation++ {
		order := []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian}[orientation%2]
		p := find(t, memory(withEXIF(jpegBytes(t, stored(card(), orientation)), order, uint16(orientation))))
		if p.Code != 0 || p.Page.Rect.Max != image.Pt(1000, 600) || p.Rotation != rotations[orientation] {
			t.Errorf("orientation %d, %v: code %d, page %v, turned by %d", orientation, order, p.Code, p.Page.Rect, p.Rotation)
			continue
		}
		if d := p.Eyes[0].Sub(image.Pt(210, 252)); d.X*d.X+d.Y*d.Y > 16 {
			t.Errorf("orientation %d: left eye at %v", orientation, p.Eyes[0])
		}
	}
}

// The flag says upright, the card lay on its side.
func TestEXIFAndRotation(t *testing.T) {
	data := withEXIF(jpegBytes(t, stored(picture.Turn(card(), 90), 6)), binary.LittleEndian, 6)
	if p := find(t, memory(data)); p.Code != 0 || p.Rotation != 0 {
		t.Errorf("code %d, turned by %d; the two turns undo each other", p.Code, p.Rotation)
	}
}

func TestDamagedEXIFIsUpright(t *testing.T) {
	good := withEXIF(jpegBytes(t, picture.Solid(image.Pt(8, 8), color.White)), binary.BigEndian, 6)
	if got := orientation(good); got != 6 {
		t.Fatalf("orientation %d", got)
	}
	for n := range 50 { // cut off anywhere
		if got := orientation(good[:n]); got != 1 && got != 6 {
			t.Errorf("cut after %d bytes: %d", n, got)
		}
	}
	for at := 2; at < 46; at++ { // any byte wrong
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			bad := bytes.Clone(good)
			bad[at] = v
			if got := orientation(bad); got < 1 || got > 8 {
				t.Errorf("byte %d is %d: orientation %d", at, v, got)
			}
		}
	}
}

func TestKindsOfPicture(t *testing.T) {
	rgba := card()
	rgba64 := image.NewRGBA64(rgba.Rect)
	draw.Draw(rgba64, rgba.Rect, rgba, image.Point{}, draw.Src)
	alpha := image.NewNRGBA(rgba.Rect) // the card on nothing
	draw.Draw(alpha, image.Rect(100, 100, 450, 500), rgba, image.Pt(100, 100), draw.Src)
	for name, blob := range map[string]matcher.Blob{
		"png, 16 bit":    pngBlob(t, rgba64),
		"png with alpha": pngBlob(t, alpha),
		"jpeg":           memory(jpegBytes(t, rgba)),
		"wrong name":     {Open: memory(jpegBytes(t, rgba)).Open, Name: "scan.pdf"},
	} {
		p := find(t, blob)
		if p.Code != 0 {
			t.Errorf("%s: code %d", name, p.Code)
			continue
		}
		if c := p.Page.RGBAAt(5, 5); c.A != 255 || c.R < 230 {
			t.Errorf("%s: the paper is %v", name, c)
		}
	}
}

// Gray pictures are read, though no dot finder can see a colour in them.
func TestGrayPictures(t *testing.T) {
	gray := image.NewGray(image.Rect(0, 0, 60, 40))
	gray16 := image.NewGray16(gray.Rect)
	for name, blob := range map[string]matcher.Blob{"jpeg": memory(jpegBytes(t, gray)), "png": pngBlob(t, gray), "png, 16 bit": pngBlob(t, gray16)} {
		if p := find(t, blob); p.Code != matcher.CodeNoFace || p.Page.Rect != gray.Rect || p.Image != nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestSizesOfPage(t *testing.T) {
	for name, c := range map[string]struct {
		size, want image.Point
		apart      int
	}{
		"a large scan": {image.Pt(4400, 900), image.Pt(4000, 818), 330},
		"a thumbnail":  {image.Pt(400, 240), image.Pt(400, 240), 32},
	} {
		img := picture.Solid(c.size, color.RGBA{235, 235, 235, 255})
		drawFace(img, c.size.Div(2), c.apart, 1)
		p := find(t, pngBlob(t, img))
		want := float64(c.apart*c.want.X) / float64(c.size.X)
		if p.Code != 0 || math.Abs(p.Quality.InterEye-want) > want/15 || p.Page.Rect.Max != c.want {
			t.Errorf("%s: code %d, eyes %.1f apart, want %.1f, page %v", name, p.Code, p.Quality.InterEye, want, p.Page.Rect)
		}
	}
}

func TestWhichFace(t *testing.T) {
	blank := func() *image.RGBA { return picture.Solid(image.Pt(1000, 600), color.RGBA{235, 235, 235, 255}) }
	for name, c := range map[string]struct {
		draw    func(*image.RGBA)
		code    int
		nose    image.Point
		warning string
	}{
		"none":                      {func(*image.RGBA) {}, matcher.CodeNoFace, image.Point{}, ""},
		"a small ghost":             {func(i *image.RGBA) { drawFace(i, image.Pt(250, 300), 80, 1); drawFace(i, image.Pt(800, 450), 40, .45) }, 0, image.Pt(250, 300), ""},
		"faded, nearly as large":    {func(i *image.RGBA) { drawFace(i, image.Pt(250, 300), 80, 1); drawFace(i, image.Pt(700, 300), 72, .45) }, 0, image.Pt(250, 300), "document.warn_several"},
		"somewhat faded, smaller":   {func(i *image.RGBA) { drawFace(i, image.Pt(250, 300), 80, 1); drawFace(i, image.Pt(800, 450), 50, .56) }, 0, image.Pt(250, 300), "document.warn_several"},
		"the larger one is faded":   {func(i *image.RGBA) { drawFace(i, image.Pt(250, 300), 60, 1); drawFace(i, image.Pt(700, 300), 90, .45) }, 0, image.Pt(700, 300), "document.warn_several"},
		"faded, a little larger":    {func(i *image.RGBA) { drawFace(i, image.Pt(250, 300), 75, 1); drawFace(i, image.Pt(700, 300), 80, .45) }, matcher.CodeTwoFaces, image.Point{}, ""},
		"a smaller second picture":  {func(i *image.RGBA) { drawFace(i, image.Pt(250, 300), 80, 1); drawFace(i, image.Pt(800, 450), 50, 1) }, 0, image.Pt(250, 300), "document.warn_several"},
		"two people":                {func(i *image.RGBA) { drawFace(i, image.Pt(250, 300), 80, 1); drawFace(i, image.Pt(700, 300), 75, 1) }, matcher.CodeTwoFaces, image.Point{}, ""},
		"cut off":                   {func(i *image.RGBA) { drawFace(i, image.Pt(62, 300), 80, 1) }, matcher.CodeCutOff, image.Point{}, ""},
		"a whole one and a cut one": {func(i *image.RGBA) { drawFace(i, image.Pt(65, 300), 80, 1); drawFace(i, image.Pt(600, 300), 70, 1) }, matcher.CodeTwoFaces, image.Point{}, ""},
		"too small":                 {func(i *image.RGBA) { drawFace(i, image.Pt(250, 300), 16, 1) }, matcher.CodeNoFace, image.Point{}, ""},
		"small":                     {func(i *image.RGBA) { drawFace(i, image.Pt(250, 300), 34, 1) }, 0, image.Pt(250, 300), "document.warn_small"},
	} {
		t.Run(name, func(t *testing.T) {
			img := blank()
			c.draw(img)
			p := find(t, pngBlob(t, img))
			if p.Code != c.code {
				t.Fatalf("code %d, want %d", p.Code, c.code)
			}
			if (p.Image != nil) != (c.code == 0) || p.Page == nil {
				t.Errorf("crop %v", p.Image)
			}
			if c.code == 0 && !c.nose.In(p.Box.Inset(p.Box.Dx()/4)) {
				t.Errorf("box %v, not around %v", p.Box, c.nose)
			}
			if c.warning != "" && (len(p.Warnings) == 0 || p.Warnings[0].Key != c.warning) || c.warning == "" && c.code == 0 && len(p.Warnings) != 0 {
				t.Errorf("warnings %v, want %q", p.Warnings, c.warning)
			}
		})
	}
}

func TestWarnsOfPoorLight(t *testing.T) {
	for want, shade := range map[string]func(uint8) uint8{
		"document.warn_dark":   func(v uint8) uint8 { return v / 4 },
		"document.warn_bright": func(v uint8) uint8 { return 200 + v/5 },
	} {
		img := card()
		page := page{picture: img}
		found, err := dots{}.Find(context.Background(), img)
		if err != nil || len(found) != 1 {
			t.Fatalf("%d faces, %v", len(found), err)
		}
		for i, v := range img.Pix {
			if i%4 != 3 {
				img.Pix[i] = shade(v)
			}
		}
		p := view{face: found[0]}.portrait(page)
		if len(p.Warnings) == 0 || p.Warnings[len(p.Warnings)-1].Key != want {
			t.Errorf("warnings %v, want %s", p.Warnings, want)
		}
	}
}

// pattern finds a face on whole pages but not in crops of it, as happens with a
// guilloche that looks like a face by chance.
type pattern struct{ dots }

func (p pattern) Find(ctx context.Context, img *image.RGBA) ([]matcher.Face, error) {
	if img.Rect.Dx() == img.Rect.Dy() {
		return nil, nil
	}
	return p.dots.Find(ctx, img)
}

func TestPatternIsNoFace(t *testing.T) {
	p, err := New(Params{Faces: pattern{}}).Portrait(context.Background(), pngBlob(t, card()))
	if err != nil || p.Code != matcher.CodeNoFace {
		t.Errorf("code %d, %v", p.Code, err)
	}
}

// bothWays also finds faces that stand on their head, with eyes a little nearer
// together, as the engine does with some people.
type bothWays struct{ dots }

func (b bothWays) Find(ctx context.Context, img *image.RGBA) ([]matcher.Face, error) {
	faces, err := b.dots.Find(ctx, img)
	if err != nil {
		return nil, err
	}
	turned := picture.Turn(img, 180)
	down, err := b.dots.Find(ctx, turned)
	size := turned.Rect.Size()
	for _, f := range down {
		f.Eyes[0].X += 2
		over := func(p image.Point) image.Point { return img.Rect.Min.Add(size.Sub(p)) }
		faces = append(faces, matcher.Face{
			Box:  image.Rectangle{Min: over(f.Box.Max), Max: over(f.Box.Min)},
			Eyes: [2]image.Point{over(f.Eyes[1]), over(f.Eyes[0])},
			Nose: over(f.Nose),
		})
	}
	return faces, err
}

func TestUpsideDownIsTurned(t *testing.T) {
	for _, turned := range []int{0, 180} {
		p, err := New(Params{Faces: bothWays{}}).Portrait(context.Background(), pngBlob(t, picture.Turn(card(), turned)))
		if err != nil || p.Code != 0 || (p.Rotation+turned)%360 != 0 {
			t.Errorf("turned by %d: code %d, turned back by %d, %v", turned, p.Code, p.Rotation, err)
		}
	}
}

// pngHeader and jpegHeader are the start of a file of this size, without a
// picture.
func pngHeader(w, h int) []byte {
	chunk := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))...)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

func jpegHeader(w, h int) []byte {
	return []byte{0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0, 0xff, 0xda, 0, 2}
}

// ofKind is the header of a JPEG of 80 million pixels, by its frame marker and
// number of colours.
func ofKind(marker byte, colours int) []byte {
	out := []byte{0xff, 0xd8, 0xff, marker, 0, byte(8 + 3*colours), 8, 8000 >> 8, 8000 & 0xff, 10000 >> 8, 10000 & 0xff, byte(colours)}
	for i := range colours {
		out = append(out, byte(i+1), 0x11, 0)
	}
	return append(out, 0xff, 0xda, 0, 2)
}

func TestProblems(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) matcher.Blob {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return matcher.Blob{Path: path, Name: name}
	}
	whole := jpegBytes(t, card())
	lossless := bytes.Clone(whole)
	lossless[bytes.Index(lossless, []byte{0xff, 0xc0})+1] = 0xc3
	huge := make([]byte, maxBytes+1)
	copy(huge, whole)
	for name, c := range map[string]struct {
		blob   matcher.Blob
		want   string
		params string
	}{
		"missing":             {matcher.Blob{Path: filepath.Join(dir, "none.jpg")}, "document.missing", "map[]"},
		"folder":              {matcher.Blob{Path: dir}, "document.directory", "map[]"},
		"empty":               {write("empty.jpg", nil), "document.empty", "map[]"},
		"text as jpeg":        {write("letter.jpg", []byte("Dear Sir or Madam")), "document.unsupported", "map[Format:text]"},
		"pdf":                 {write("scan.pdf", []byte("%PDF-1.4\n")), "document.unsupported", "map[Format:PDF]"},
		"heic as jpeg":        {write("phone.jpg", []byte("\x00\x00\x00\x18ftypheic")), "document.unsupported", "map[Format:HEIC]"},
		"tiff":                {write("scan.tif", []byte("II*\x00\x08\x00\x00\x00")), "document.unsupported", "map[Format:TIFF]"},
		"webp":                {write("a.webp", []byte("RIFF\x00\x00\x00\x00WEBPVP8 ")), "document.unsupported", "map[Format:WebP]"},
		"gif":                 {write("a.gif", []byte("GIF89a")), "document.unsupported", "map[Format:GIF]"},
		"video":               {write("a.mp4", []byte("\x00\x00\x00\x18ftypisom")), "document.unsupported", "map[Format:MP4]"},
		"noise":               {write("noise.jpg", []byte{1, 2, 3, 4}), "document.unknown", "map[]"},
		"truncated":           {write("half.jpg", whole[:len(whole)/2]), "document.damaged", "map[]"},
		"only the magic":      {write("magic.jpg", whole[:3]), "document.damaged", "map[]"},
		"truncated png":       {write("half.png", pngHeader(100, 100)), "document.damaged", "map[]"},
		"too many bytes":      {write("huge.jpg", huge), "document.too_many_bytes", "map[Megabytes:50]"},
		"too many pixels":     {write("wide.png", pngHeader(8000, 5001)), "document.too_many_pixels", "map[Megapixels:40]"},
		"too many for a jpeg": {write("wide.jpg", jpegHeader(60000, 60000)), "document.too_many_pixels", "map[Megapixels:100]"},
		"progressive":         {write("slow.jpg", ofKind(0xc2, 3)), "document.too_many_pixels", "map[Megapixels:40]"},
		"rubbish in front":    {write("rub.jpg", append([]byte("\xff\xd8\xff\xd0"), ofKind(0xc0, 3)[2:]...)), "document.too_many_pixels", "map[Megapixels:40]"},
		"four colours":        {write("four.jpg", ofKind(0xc0, 4)), "document.too_many_pixels", "map[Megapixels:50]"},
		"four, progressive":   {write("both.jpg", ofKind(0xc2, 4)), "document.too_many_pixels", "map[Megapixels:20]"},
		"ordinary":            {write("good.jpg", ofKind(0xc0, 3)), "document.damaged", "map[]"}, // no picture behind the header
		"no pixels":           {write("zero.jpg", jpegHeader(0, 0)), "document.damaged", "map[]"},
		"lossless jpeg":       {write("lossless.jpg", lossless), "document.rare", "map[Format:JPEG]"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(Params{Faces: dots{}}).Portrait(context.Background(), c.blob)
			var p *matcher.Problem
			if !errors.As(err, &p) || p.Key != c.want || fmt.Sprint(p.Params) != c.params {
				t.Errorf("got %v %v, want %s %s", err, p, c.want, c.params)
			}
		})
	}
}

// broken fails as the engine does without models.
type broken struct{}

func (broken) Find(context.Context, *image.RGBA) ([]matcher.Face, error) {
	return nil, matcher.NewProblem("engine.model_missing", nil)
}

func TestFaceFinderFails(t *testing.T) {
	_, err := New(Params{Faces: broken{}}).Portrait(context.Background(), pngBlob(t, card()))
	var p *matcher.Problem
	if !errors.As(err, &p) || p.Key != "engine.model_missing" {
		t.Errorf("got %v", err)
	}
}

// slow is a file that gives its bytes one by one until it is released.
type slow struct{ release chan struct{} }

func (s slow) Read(p []byte) (int, error) { <-s.release; return 0, io.EOF }
func (s slow) Close() error               { return nil }

func TestCancelledWhileReading(t *testing.T) {
	f := New(Params{Faces: dots{}})
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	var at time.Time
	_, err := f.Portrait(ctx, matcher.Blob{Open: func() (io.ReadCloser, error) {
		at = time.Now()
		cancel()
		return slow{release}, nil
	}})
	if took := time.Since(at); !errors.Is(err, context.Canceled) || took > time.Second {
		t.Errorf("got %v after %v", err, took)
	}
	close(release)
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	var p *matcher.Problem
	if _, err := f.Portrait(context.Background(), pngBlob(t, card())); !errors.As(err, &p) || p.Key != "engine.closed" {
		t.Errorf("after Close: %v", err)
	}
}
