package document

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/image/math/f64"

	xdraw "golang.org/x/image/draw"

	"facematch/matcher"
	"facematch/matcher/document/pages"
	"facematch/matcher/internal/picture"
	"facematch/matcher/quality"
)

// marks is a FaceFinder that sees a face wherever paste has marked two eyes, at any
// turn it is asked for. So these tests need no engine; what that one finds, its own
// tests show.
type marks struct{ doubted bool }

func (m marks) FindTurned(ctx context.Context, img *image.RGBA, turns []int, _ float64,
	_ bool) (all []matcher.Face, _ error) {
	right := spots(img, func(r, g, b uint8) bool { return r < 90 && g > 170 && b > 170 })
	for _, eye := range spots(img, func(r, g, b uint8) bool { return r > 170 && g < 90 && b > 170 }) {
		away := func(p image.Point) float64 { return math.Hypot(float64(p.X-eye.X), float64(p.Y-eye.Y)) }
		if len(right) == 0 {
			continue
		}
		other := slices.MinFunc(right, func(a, b image.Point) int { return cmp.Compare(away(a), away(b)) })
		d := away(other)
		x, y := float64(other.X-eye.X)/d, float64(other.Y-eye.Y)/d
		if !slices.ContainsFunc(turns, func(turn int) bool {
			return math.Abs(math.Remainder(math.Atan2(y, x)+float64(turn)*math.Pi/180, 2*math.Pi)) < 46*math.Pi/180
		}) {
			continue
		}
		below := func(by float64) image.Point {
			return eye.Add(other).Div(2).Add(image.Pt(int(-y*d*by), int(x*d*by)))
		}
		half := image.Pt(int(1.2*d), int(1.6*d))
		if math.Abs(y) > math.Abs(x) {
			half.X, half.Y = half.Y, half.X
		}
		all = append(all, matcher.Face{
			Box:  image.Rectangle{Min: below(0.35).Sub(half), Max: below(0.35).Add(half)},
			Eyes: [2]image.Point{eye, other}, Nose: below(0.6), Score: 1, Doubted: m.doubted,
		})
	}
	return all, ctx.Err()
}

// spots are the middles of the marks of a colour.
func spots(img *image.RGBA, is func(r, g, b uint8) bool) []image.Point {
	type mark struct {
		sum, first image.Point
		count      int
	}
	var all []mark
	for y := range img.Rect.Dy() {
	next:
		for x := range img.Rect.Dx() {
			if p := img.Pix[img.PixOffset(x, y):]; !is(p[0], p[1], p[2]) {
				continue
			}
			at := image.Pt(x, y)
			for i := range all {
				if near(all[i].first, at, 14) {
					all[i].sum, all[i].count = all[i].sum.Add(at), all[i].count+1
					continue next
				}
			}
			all = append(all, mark{at, at, 1})
		}
	}
	var middles []image.Point
	for _, m := range all {
		middles = append(middles, m.sum.Div(m.count))
	}
	return middles
}

func newFinder(t testing.TB, faces FaceFinder) *Finder {
	t.Helper()
	reader := pages.New(pages.Params{Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { reader.Close() })
	return New(Params{Pages: reader, Faces: faces})
}

// man is the head of the man on the photograph that gocv ships, 300x300 with eyes 46
// pixels apart at manEyes, which are marked.
var man = sync.OnceValue(func() *image.RGBA {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	if err != nil {
		panic(err)
	}
	file, err := os.Open(filepath.Join(strings.TrimSpace(string(out)), "images", "face.jpg"))
	if err != nil {
		panic(err)
	}
	defer file.Close()
	photo, err := jpeg.Decode(file)
	if err != nil {
		panic(err)
	}
	head := image.NewRGBA(image.Rect(0, 0, 300, 300))
	xdraw.BiLinear.Scale(head, head.Rect, photo, square(photo.Bounds()), draw.Src, nil)
	return head
})

var manEyes = [2]image.Point{{147, 151}, {194, 150}}

// square is the largest square in the middle of the upper part.
func square(b image.Rectangle) image.Rectangle {
	side := min(b.Dx(), b.Dy())
	x := b.Min.X + (b.Dx()-side)/2
	return image.Rect(x, b.Min.Y, x+side, b.Min.Y+side)
}

var paper = color.RGBA{228, 232, 236, 255}

// paste puts the head onto a page, so many pixels wide with its middle there;
// strength under 1 prints it as faintly, and in one tint.
func paste(page *image.RGBA, middle image.Point, side int, strength float64) {
	head := picture.Resize(man(), image.Pt(side, side))
	for y := range side {
		for x := range side {
			at := middle.Add(image.Pt(x-side/2, y-side/2))
			if !at.In(page.Rect) {
				continue
			}
			from, to := head.Pix[head.PixOffset(x, y):], page.Pix[page.PixOffset(at.X, at.Y):]
			grey := 0.3*float64(from[0]) + 0.59*float64(from[1]) + 0.11*float64(from[2])
			for c := range 3 {
				v := float64(from[c])
				if strength < 1 {
					v = grey
				}
				to[c] = uint8(strength*v + (1-strength)*float64(to[c]))
			}
		}
	}
	half := max(1, side/60)
	for i, colour := range []color.RGBA{{255, 0, 255, 255}, {0, 255, 255, 255}} {
		eye := middle.Add(manEyes[i].Mul(side).Div(300)).Sub(image.Pt(side/2, side/2))
		mark := image.Rectangle{Min: eye, Max: eye}.Inset(-half)
		draw.Draw(page, mark, image.NewUniform(colour), image.Point{}, draw.Src)
	}
}

// card is a page of 1000x640 with a portrait on its left.
func card() *image.RGBA {
	page := picture.Solid(image.Pt(1000, 640), paper)
	paste(page, image.Pt(230, 300), 340, 1)
	return page
}

func askew(img *image.RGBA, degrees float64) *image.RGBA {
	out := picture.Solid(img.Rect.Size(), paper)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	x, y := float64(img.Rect.Dx())/2, float64(img.Rect.Dy())/2
	xdraw.BiLinear.Transform(out, f64.Aff3{cos, -sin, x - cos*x + sin*y, sin, cos, y - sin*x - cos*y}, img, img.Rect,
		draw.Src, nil)
	return out
}

func pngBlob(t testing.TB, img image.Image) matcher.Blob {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return memory(b.Bytes())
}

func jpegBlob(t testing.TB, img image.Image) matcher.Blob {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return memory(b.Bytes())
}

// tiffBlob is a TIFF file with these pages, uncompressed.
func tiffBlob(all ...*image.RGBA) matcher.Blob {
	out := []byte("II*\x00\x08\x00\x00\x00")
	for i, img := range all {
		const entries = 8
		bits := len(out) + 2 + 12*entries + 4
		pixels := bits + 6
		w, h := img.Rect.Dx(), img.Rect.Dy()
		out = binary.LittleEndian.AppendUint16(out, entries)
		for _, e := range [entries][4]int{
			{256, 4, 1, w}, {257, 4, 1, h}, {258, 3, 3, bits}, {259, 3, 1, 1}, {262, 3, 1, 2},
			{273, 4, 1, pixels}, {277, 3, 1, 3}, {279, 4, 1, 3 * w * h},
		} {
			out = binary.LittleEndian.AppendUint16(out, uint16(e[0]))
			out = binary.LittleEndian.AppendUint16(out, uint16(e[1]))
			out = binary.LittleEndian.AppendUint32(out, uint32(e[2]))
			out = binary.LittleEndian.AppendUint32(out, uint32(e[3]))
		}
		next := pixels + 3*w*h
		if next += next % 2; i == len(all)-1 {
			next = 0
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(next))
		out = append(out, 8, 0, 8, 0, 8, 0)
		for p := 0; p < len(img.Pix); p += 4 {
			out = append(out, img.Pix[p:p+3]...)
		}
		if len(out)%2 == 1 {
			out = append(out, 0)
		}
	}
	return memory(out)
}

func memory(data []byte) matcher.Blob {
	return matcher.Blob{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

func find(t testing.TB, f *Finder, document matcher.Blob) matcher.Portrait {
	t.Helper()
	p, err := f.Portrait(context.Background(), document)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func near(a, b image.Point, within float64) bool {
	return math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y)) <= within
}

func middleOf(r image.Rectangle) image.Point { return r.Min.Add(r.Max).Div(2) }

func warns(p matcher.Portrait, key string) bool {
	for _, w := range p.Warnings {
		if w.Key == key {
			return true
		}
	}
	return false
}

func TestPortraitInAllPositions(t *testing.T) {
	f := newFinder(t, marks{})
	for _, turned := range []int{0, 90, 180, 270} {
		p := find(t, f, pngBlob(t, picture.Turn(card(), turned)))
		if p.Code != matcher.CodeOK || (p.Rotation+turned)%360 != 0 || p.Page.Rect.Max != image.Pt(1000, 640) {
			t.Errorf("turned by %d: code %d, turned back by %d, page %v", turned, p.Code, p.Rotation, p.Page.Rect)
			continue
		}
		if !near(middleOf(p.Box), image.Pt(230, 300), 60) || p.Eyes[0].X >= p.Eyes[1].X || p.Image == nil {
			t.Errorf("turned by %d: box %v, eyes %v", turned, p.Box, p.Eyes)
		}
		if p.Number != 1 || p.Pages != 1 || p.More || p.ByHand || len(p.Others) != 0 {
			t.Errorf("turned by %d: page %d of %d, others %v", turned, p.Number, p.Pages, p.Others)
		}
	}
}

func TestPortraitAskew(t *testing.T) {
	f := newFinder(t, marks{})
	for _, degrees := range []float64{-15, -7, 7, 15, 30, -30} {
		p := find(t, f, pngBlob(t, askew(card(), degrees)))
		if p.Code != matcher.CodeOK || p.Rotation != 0 {
			t.Errorf("%g degrees: code %d, turned by %d", degrees, p.Code, p.Rotation)
		}
	}
}

func TestSmallPortraitOnALargeSheet(t *testing.T) {
	f := newFinder(t, marks{})
	sheet := picture.Solid(image.Pt(2480, 3508), color.White) // A4 at 300 dots an inch
	paste(sheet, image.Pt(1900, 3000), 110, 1)
	for _, turned := range []int{0, 90} {
		p := find(t, f, pngBlob(t, picture.Turn(sheet, turned)))
		if p.Code != matcher.CodeOK || (p.Rotation+turned)%360 != 0 || !near(middleOf(p.Box), image.Pt(1900, 3000), 30) {
			t.Errorf("turned by %d: code %d, by %d, box %v", turned, p.Code, p.Rotation, p.Box)
		}
	}
}

func TestGhost(t *testing.T) {
	f := newFinder(t, marks{})
	page := card()
	paste(page, image.Pt(800, 450), 150, 0.3)
	p := find(t, f, pngBlob(t, page))
	if p.Code != matcher.CodeOK || !near(middleOf(p.Box), image.Pt(230, 300), 60) || warns(p, "document.warn_several") {
		t.Errorf("code %d, box %v, %v", p.Code, p.Box, p.Warnings)
	}
	// Alone it is no portrait, and the clerk is told why.
	page = picture.Solid(image.Pt(1000, 640), paper)
	paste(page, image.Pt(800, 450), 150, 0.2)
	p = find(t, f, pngBlob(t, page))
	if p.Code != matcher.CodeNoFace || !warns(p, "document.warn_hidden") || p.Image != nil {
		t.Errorf("a ghost alone: code %d, box %v, %v", p.Code, p.Box, p.Warnings)
	}
}

// A face of which the finder is not sure is no portrait by itself. The clerk may say
// that it is one, and is told that too little of it shows.
func TestDoubtedPortrait(t *testing.T) {
	f := newFinder(t, marks{doubted: true})
	p := find(t, f, pngBlob(t, card()))
	if p.Code != matcher.CodeNoFace || p.Flaw != matcher.FlawPoor || len(p.Others) != 1 ||
		warns(p, "document.warn_hidden") {
		t.Fatalf("code %d, %q, others %v, %v", p.Code, p.Flaw, p.Others, p.Warnings)
	}
	chosen, err := f.Choose(context.Background(), p, matcher.Choice{Area: p.Others[0]})
	if err != nil || chosen.Code != matcher.CodeOK || !warns(chosen, "document.warn_covered") {
		t.Errorf("code %d, %v, %v", chosen.Code, chosen.Warnings, err)
	}
	if p = find(t, newFinder(t, marks{}), pngBlob(t, card())); warns(p, "document.warn_covered") {
		t.Errorf("not covered: %v", p.Warnings)
	}
}

// light lays white over a part of a page.
func light(page *image.RGBA, part image.Rectangle, share float64) {
	white := color.RGBA{R: uint8(255 * share), G: uint8(255 * share), B: uint8(255 * share), A: uint8(255 * share)}
	draw.Draw(page, part, image.NewUniform(white), image.Point{}, draw.Over)
}

func TestGlare(t *testing.T) {
	f := newFinder(t, marks{})
	clean := find(t, f, pngBlob(t, card()))
	if warns(clean, "document.warn_glare") {
		t.Errorf("a reflection where there is none: %v", clean.Warnings)
	}
	middle := clean.Eyes[0].Add(clean.Eyes[1]).Div(2)
	for name, part := range map[string]image.Rectangle{
		"over all of it":  clean.Page.Rect,
		"over one side":   image.Rect(0, 0, middle.X, 640),
		"over the other":  image.Rect(middle.X, 0, 1000, 640),
		"over the mouth ": image.Rect(0, clean.Box.Max.Y-clean.Box.Dy()/3, 1000, 640),
	} {
		page := card()
		light(page, part, 0.65)
		// Where the face lies is known: what is tested here is what is said of it.
		known := faceOf(page, matcher.Face{Eyes: clean.Eyes, Box: clean.Box})
		known.light = quality.Light{Mean: 180, Contrast: 30}
		chosen := choice{face: &known}
		if p := chosen.portrait(page); !warns(p, "document.warn_glare") {
			t.Errorf("%s: %v", name, p.Warnings)
		}
	}
}

// Portraits of about one size are two documents, or more, however each lies: only
// the clerk can tell which is meant, and the record says which of them it was.
func TestTwoPortraits(t *testing.T) {
	f := newFinder(t, marks{})
	paper := func() *image.RGBA { return picture.Solid(image.Pt(1240, 1754), color.White) }
	lying := picture.Solid(image.Pt(300, 300), paper().At(0, 0))
	paste(lying, image.Pt(150, 150), 200, 1)
	for name, draw := range map[string]func(page *image.RGBA){
		"the same twice": func(page *image.RGBA) {
			paste(page, image.Pt(300, 300), 200, 1)
			paste(page, image.Pt(300, 1000), 200, 1)
		},
		"side by side, three quarters as large": func(page *image.RGBA) {
			paste(page, image.Pt(300, 300), 200, 1)
			paste(page, image.Pt(800, 320), 152, 1)
		},
		"one printed faintly": func(page *image.RGBA) {
			paste(page, image.Pt(300, 300), 200, 1)
			paste(page, image.Pt(800, 300), 200, 0.55)
		},
		"one on its side": func(page *image.RGBA) {
			paste(page, image.Pt(300, 300), 200, 1)
			xdraw.Copy(page, image.Pt(700, 900), picture.Turn(lying, 90), lying.Rect, xdraw.Src, nil)
		},
		"with a ghost each": func(page *image.RGBA) {
			paste(page, image.Pt(300, 300), 200, 1)
			paste(page, image.Pt(700, 300), 100, 0.3)
			paste(page, image.Pt(300, 1000), 200, 1)
			paste(page, image.Pt(700, 1000), 100, 0.3)
		},
	} {
		page := paper()
		draw(page)
		p := find(t, f, pngBlob(t, page))
		all, alike := p.Faces()
		if p.Code != matcher.CodeTwoFaces || p.Flaw != matcher.FlawTwo || alike != 2 || !p.Box.Empty() ||
			p.Chosen != (matcher.Pick{}) {
			t.Errorf("%s: code %d, %q, box %v, others %v", name, p.Code, p.Flaw, p.Box, p.Others)
			continue
		}
		// The clerk says which, and another one after that.
		for i, face := range all[:2] {
			chosen, err := f.Choose(context.Background(), p, matcher.Choice{Area: face})
			turn := 0
			if name == "one on its side" && i == 1 { // the page is turned for it
				turn = 270
			}
			at := middleOf(turnedBox(face, page.Rect.Size(), turn))
			if err != nil || chosen.Code != matcher.CodeOK || !chosen.ByHand || chosen.Rotation != turn ||
				!near(middleOf(chosen.Box), at, 40) {
				t.Errorf("%s: code %d, turned by %d, box %v for %v, %v", name, chosen.Code, chosen.Rotation, chosen.Box, face, err)
			}
			if want := (matcher.Pick{Number: i + 1, Of: 2}); chosen.Chosen != want || len(chosen.Others) != len(all)-1 {
				t.Errorf("%s: chosen %v, others %v", name, chosen.Chosen, chosen.Others)
			}
		}
		if len(all) > 2 {
			ghost, err := f.Choose(context.Background(), p, matcher.Choice{Area: all[2]})
			if want := (matcher.Pick{Number: 3, Of: 4}); err != nil || ghost.Chosen != want {
				t.Errorf("%s: a ghost is %v, %v", name, ghost.Chosen, err)
			}
		}
	}
}

// Why there is no portrait, where it can be told.
func TestFlaws(t *testing.T) {
	f := newFinder(t, marks{})
	for name, tt := range map[string]struct {
		draw func(page *image.RGBA)
		want matcher.Flaw
	}{
		"nobody": {func(*image.RGBA) {}, matcher.FlawNobody},
		"black": {func(page *image.RGBA) { draw.Draw(page, page.Rect, image.Black, image.Point{}, draw.Src) },
			matcher.FlawDark},
		"small":   {func(page *image.RGBA) { paste(page, image.Pt(300, 300), 50, 1) }, matcher.FlawSmall},
		"cut off": {func(page *image.RGBA) { paste(page, image.Pt(20, 300), 600, 1) }, matcher.FlawCutOff},
		"two": {func(page *image.RGBA) {
			paste(page, image.Pt(250, 300), 300, 1)
			paste(page, image.Pt(700, 300), 300, 1)
		}, matcher.FlawTwo},
		"a ghost": {func(page *image.RGBA) { paste(page, image.Pt(800, 450), 150, 0.2) }, matcher.FlawPoor},
	} {
		page := picture.Solid(image.Pt(1000, 640), paper)
		tt.draw(page)
		if p := find(t, f, pngBlob(t, page)); p.Flaw != tt.want || p.Code != tt.want.Code() {
			t.Errorf("%s: code %d, %q", name, p.Code, p.Flaw)
		}
	}
}

func TestChoose(t *testing.T) {
	f := newFinder(t, marks{})
	found := find(t, f, pngBlob(t, card()))
	choose := func(from matcher.Portrait, c matcher.Choice) matcher.Portrait {
		t.Helper()
		p, err := f.Choose(context.Background(), from, c)
		if err != nil {
			t.Fatal(err)
		}
		if !p.ByHand || p.Number != 1 || p.Pages != 1 {
			t.Errorf("%+v: by hand %v, page %d of %d", c, p.ByHand, p.Number, p.Pages)
		}
		return p
	}
	// The clerk's word about which way is up is final.
	down := choose(found, matcher.Choice{Turn: 180})
	if down.Code != matcher.CodeNoFace || down.Rotation != 180 || !near(down.Page.Rect.Max, found.Page.Rect.Max, 0) {
		t.Errorf("turned over: code %d, by %d", down.Code, down.Rotation)
	}
	if up := choose(down, matcher.Choice{Turn: 180}); up.Code != matcher.CodeOK || up.Rotation != 0 {
		t.Errorf("turned back: code %d, by %d", up.Code, up.Rotation)
	}
	for name, area := range map[string]image.Rectangle{
		"around the portrait":      image.Rect(80, 150, 380, 460),
		"tight around the face":    found.Box,
		"over the edge":            image.Rect(-50, -50, 400, 500),
		"drawn from right to left": {Min: image.Pt(60, 120), Max: image.Pt(400, 480)},
	} {
		if p := choose(found, matcher.Choice{Area: area}); p.Code != matcher.CodeOK ||
			!near(middleOf(p.Box), middleOf(found.Box), 30) {
			t.Errorf("%s: code %d, box %v", name, p.Code, p.Box)
		}
	}
	for name, wrong := range map[string]struct {
		from matcher.Portrait
		turn int
	}{"askew": {found, 45}, "without a page": {matcher.Portrait{}, 90}} {
		var problem *matcher.Problem
		if _, err := f.Choose(context.Background(), wrong.from, matcher.Choice{Turn: wrong.turn}); !errors.As(err,
			&problem) || problem.Key != "problem.internal" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, area := range map[string]image.Rectangle{
		"paper":        image.Rect(600, 100, 900, 400),
		"off the page": image.Rect(2000, 2000, 2100, 2100),
		"one pixel":    image.Rect(700, 300, 701, 301),
	} {
		p := choose(found, matcher.Choice{Area: area})
		if p.Code != matcher.CodeNoFace || p.Image != nil || len(p.Others) != 1 {
			t.Errorf("%s: code %d, others %v", name, p.Code, p.Others)
		}
	}
}

func TestPages(t *testing.T) {
	f := newFinder(t, marks{})
	empty := picture.Solid(image.Pt(600, 400), paper)
	document := tiffBlob(empty, card(), empty)
	p := find(t, f, document)
	if p.Code != matcher.CodeOK || p.Number != 2 || p.Pages != 3 {
		t.Errorf("code %d, page %d of %d", p.Code, p.Number, p.Pages)
	}
	one, err := f.OnPage(context.Background(), document, 3)
	if err != nil || one.Code != matcher.CodeNoFace || one.Number != 3 {
		t.Errorf("page 3: code %d, number %d, %v", one.Code, one.Number, err)
	}
	for _, number := range []int{0, 4} {
		var problem *matcher.Problem
		if _, err := f.OnPage(context.Background(), document, number); !errors.As(err, &problem) ||
			problem.Key != "document.no_page" {
			t.Errorf("page %d: %v", number, err)
		}
	}
}

// unreadable is a TIFF file's data with its first page damaged: its pixels lie
// beyond the end.
func unreadable(t *testing.T, tiff matcher.Blob) matcher.Blob {
	t.Helper()
	data := content(t, tiff)
	const strip = 8 + 2 + 12*5 + 8
	binary.LittleEndian.PutUint32(data[strip:], uint32(len(data)+1000))
	return memory(data)
}

func TestUnreadablePages(t *testing.T) {
	f := newFinder(t, marks{})
	empty := picture.Solid(image.Pt(600, 400), paper)
	p := find(t, f, unreadable(t, tiffBlob(empty, card())))
	if p.Code != matcher.CodeOK || p.Number != 2 || len(p.Warnings) != 0 {
		t.Errorf("a portrait beside it: code %d, page %d, %v", p.Code, p.Number, p.Warnings)
	}
	// Without a portrait the clerk still can look at the other pages.
	p = find(t, f, unreadable(t, tiffBlob(card(), empty, empty)))
	if p.Code != matcher.CodeNoFace || p.Page == nil || p.Pages != 3 || p.Number == 1 {
		t.Errorf("no portrait beside it: code %d, page %d of %d", p.Code, p.Number, p.Pages)
	}
	if len(p.Warnings) != 1 || p.Warnings[0].Key != "document.warn_unread" || p.Warnings[0].Params["Count"] != 1 {
		t.Errorf("warnings %v", p.Warnings)
	}
	var problem *matcher.Problem
	if _, err := f.Portrait(context.Background(), unreadable(t, tiffBlob(empty))); !errors.As(err, &problem) {
		t.Errorf("no page can be read: %v", err)
	}
	// An engine that fails is no unreadable page.
	if _, err := newFinder(t, broken{}).Portrait(context.Background(),
		unreadable(t, tiffBlob(empty, card()))); !errors.As(err, &problem) || problem.Key != "engine.model_missing" {
		t.Errorf("got %v", err)
	}
}

func TestNoPortrait(t *testing.T) {
	empty := pngBlob(t, picture.Solid(image.Pt(600, 400), paper))
	if p := find(t, newFinder(t, marks{}), empty); p.Code != matcher.CodeNoFace || p.Page == nil || p.Image != nil ||
		len(p.Warnings) != 0 {
		t.Errorf("code %d, %v", p.Code, p.Warnings)
	}
	for _, size := range []image.Point{{1, 1}, {1, 3000}, {3000, 1}, {2, 2}} {
		if p := find(t, newFinder(t, marks{}), pngBlob(t, picture.Solid(size, paper))); p.Code != matcher.CodeNoFace {
			t.Errorf("%v: code %d", size, p.Code)
		}
	}
}

// broken fails as the engine does without models.
type broken struct{}

func (broken) FindTurned(context.Context, *image.RGBA, []int, float64, bool) ([]matcher.Face, error) {
	return nil, matcher.NewProblem("engine.model_missing", nil)
}

func TestFaceFinderFails(t *testing.T) {
	var p *matcher.Problem
	if _, err := newFinder(t, broken{}).Portrait(context.Background(), pngBlob(t, card())); !errors.As(err, &p) ||
		p.Key != "engine.model_missing" {
		t.Errorf("got %v", err)
	}
}

// waiting sees nothing until its caller leaves.
type waiting struct{}

func (waiting) FindTurned(ctx context.Context, _ *image.RGBA, _ []int, _ float64, _ bool) ([]matcher.Face, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestCancelled(t *testing.T) {
	f := newFinder(t, waiting{})
	sheet := pngBlob(t, picture.Solid(image.Pt(3000, 3000), paper))
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(150*time.Millisecond, cancel)
	began := time.Now()
	_, err := f.Portrait(ctx, sheet)
	if took := time.Since(began); !errors.Is(err, context.Canceled) || took > 2*time.Second {
		t.Errorf("got %v after %v", err, took)
	}
}

func TestFromSeveralGoroutines(t *testing.T) {
	f := newFinder(t, marks{})
	document := pngBlob(t, card())
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if p, err := f.Portrait(context.Background(), document); err != nil || p.Code != matcher.CodeOK {
				t.Errorf("code %d, %v", p.Code, err)
			}
		}()
	}
	wg.Wait()
}
