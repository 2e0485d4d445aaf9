package offline

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest/need"
	"facematch/matcher"
	"facematch/matcher/document/pages"
	"facematch/matcher/internal/picture"
)

// Documents on which no portrait is expected; whatever lies in no_portrait
// besides. The portraits of the glare cards are half hidden: either they are
// found with a warning, or the hidden portrait is told.
func expectNone(path string) bool { return strings.Contains(path, "no_portrait") }

// kind sorts the test documents for the table.
func kind(path string) string {
	dir, name := filepath.Split(path)
	if strings.HasSuffix(dir, "variants/") {
		return "variant " + strings.TrimSuffix(name[strings.LastIndex(name, "__")+2:], filepath.Ext(name))
	}
	return filepath.Base(dir)
}

// raced says that the race detector is on.
var raced bool

func testDocuments(t *testing.T) []string {
	t.Helper()
	if raced {
		t.Skip("documents are searched without the race detector, which makes it take minutes; make test does both")
	}
	root := testdata(t, ".")
	var all []string
	for _, pattern := range []string{"docs/*.*", "docs/variants/*.*", "documents/*.*", "documents/faces/*.*",
		"documents/no_portrait/*.*"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, slices.DeleteFunc(files, func(path string) bool { return filepath.Ext(path) == ".tsv" })...)
	}
	if len(all) < 80 {
		t.Fatalf("only %d documents", len(all))
	}
	return all
}

func warned(p matcher.Portrait, key string) bool {
	return slices.ContainsFunc(p.Warnings, func(n matcher.Notice) bool { return n.Key == key })
}

// Every test document: its portrait is found, upright, or rightly none.
func TestDocuments(t *testing.T) {
	finder := newFinder(t)
	type row struct{ files, found, none, warned int }
	table := map[string]*row{}
	var times []time.Duration
	ghosts := 0
	for _, path := range testDocuments(t) {
		name := filepath.Base(path)
		start := time.Now()
		p, err := finder.Portrait(context.Background(), matcher.Blob{Path: path})
		took := time.Since(start)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := table[kind(path)]
		if r == nil {
			r = &row{}
			table[kind(path)] = r
		}
		r.files++
		if len(p.Warnings) > 0 {
			r.warned++
		}
		switch {
		case p.Code == matcher.CodeOK:
			r.found++
			times = append(times, took)
		default:
			r.none++
		}
		switch glare := strings.Contains(name, "__glare"); {
		case glare && !(p.Code == matcher.CodeOK && warned(p, "document.warn_glare") ||
			p.Code != matcher.CodeOK && warned(p, "document.warn_hidden")):
			t.Errorf("%s: code %d, %v: nobody is told of the reflection", name, p.Code, p.Warnings)
		case !glare && warned(p, "document.warn_glare"):
			t.Errorf("%s: a reflection where there is none", name)
		case !glare && expectNone(path) && p.Code != matcher.CodeNoFace:
			t.Errorf("%s: code %d where there is no portrait", name, p.Code)
		case !glare && !expectNone(path) && p.Code != matcher.CodeOK:
			t.Errorf("%s: code %d, %v", name, p.Code, p.Warnings)
		}
		if turned := wantTurned(name); p.Code == matcher.CodeOK && p.Rotation != turned {
			t.Errorf("%s: turned by %d, want %d", name, p.Rotation, turned)
		}
		// The made-up cards have their portrait on the left and a ghost of it on the
		// right.
		if at := p.Box.Min.Add(p.Box.Max).Div(2); p.Code == matcher.CodeOK && strings.Contains(path, "/docs/") {
			ghosts++
			if at.X > p.Page.Rect.Dx()*35/100 {
				t.Errorf("%s: the portrait at %v is the ghost", name, at)
			}
		}
		if testing.Verbose() {
			t.Logf("%-34s code %d, turned %3d, eyes %3.0f px, %d others, %4d ms %v", name, p.Code, p.Rotation,
				p.Quality.InterEye, len(p.Others), took.Milliseconds(), keys(p.Warnings))
		}
	}
	kinds := make([]string, 0, len(table))
	for k := range table {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		t.Logf("%-20s %3d files, %3d found, %3d none, %3d with a warning", k, table[k].files, table[k].found, table[k].none,
			table[k].warned)
	}
	t.Logf("portrait and not the ghost on %d cards", ghosts)
	slices.Sort(times)
	t.Logf("time: median %v, p95 %v", times[len(times)/2], times[len(times)*95/100])
}

func keys(all []matcher.Notice) (out []string) {
	for _, n := range all {
		out = append(out, strings.TrimPrefix(n.Key, "document.warn_"))
	}
	return out
}

// wantTurned is how a test document must be turned, by its name.
func wantTurned(name string) int {
	for mark, degrees := range map[string]int{"__rot90": 270, "__rot180": 180, "__rot270": 90, "__exif6": 90} {
		if strings.Contains(name, mark) {
			return degrees
		}
	}
	return 0
}

// withOrientation puts an EXIF flag into a JPEG.
func withOrientation(jpeg []byte, orientation int) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00")
	tiff = append(tiff, byte(orientation), 0, 0, 0, 0, 0, 0)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, 0, 0)
	binary.BigEndian.PutUint16(out[4:], uint16(2+6+len(tiff)))
	out = append(append(out, "Exif\x00\x00"...), tiff...)
	return append(out, jpeg[2:]...)
}

// asFlagged is the picture as a camera stores it with that flag: shown as the
// flag says, it is upright.
func asFlagged(img *image.RGBA, orientation int) *image.RGBA {
	degrees := [9]int{0, 0, 0, 180, 180, 90, 270, 270, 90}[orientation]
	img = picture.Turn(img, degrees)
	switch orientation {
	case 2, 4, 5, 7:
		img = picture.Mirror(img)
	}
	return img
}

// What is found upright is found in each of the four positions and with each
// EXIF flag, right or lying, and as the same face: the descriptors are less than
// 0.25 apart.
func TestDocumentsTurned(t *testing.T) {
	finder, engine := newFinder(t), newMatcher(t)
	describe := func(p matcher.Portrait) (descriptor, bool) {
		d, ok, err := engine.describePortrait(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		return d, ok
	}
	all := testDocuments(t)
	short := os.Getenv("FACEMATCH_SOAK") == ""
	farthest, trials := 0.0, 0
	for i, path := range all {
		name := filepath.Base(path)
		if expectNone(path) || strings.Contains(name, "__glare") || wantTurned(name) != 0 || short && i%10 != 0 {
			continue
		}
		upright, err := finder.Portrait(context.Background(), matcher.Blob{Path: path})
		if err != nil || upright.Code != matcher.CodeOK || upright.Rotation != 0 {
			continue // TestDocuments tells
		}
		want, ok := describe(upright)
		if !ok {
			t.Errorf("%s: the engine does not see the portrait that was found", name)
			continue
		}
		encoded := func(img *image.RGBA) []byte {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
		try := func(what string, data []byte) {
			trials++
			p, err := finder.Portrait(context.Background(), memoryBlob(data))
			if err != nil || p.Code != matcher.CodeOK {
				t.Errorf("%s %s: code %d, %v", name, what, p.Code, err)
				return
			}
			got, ok := describe(p)
			if !ok {
				t.Errorf("%s %s: the engine does not see the portrait", name, what)
				return
			}
			away := distance(got.goFace, want.goFace)
			farthest = max(farthest, away)
			if away >= 0.25 {
				t.Errorf("%s %s: %.3f from the upright one", name, what, away)
			}
		}
		for _, degrees := range []int{90, 180, 270} {
			data := encoded(picture.Turn(upright.Page, degrees))
			try(fmt.Sprintf("turned by %d", degrees), data)
			if degrees == 90 {
				try("turned by 90, with a flag that lies", withOrientation(data, 3))
			}
		}
		for orientation := 1; orientation <= 8; orientation++ {
			if short && orientation%3 != 0 {
				continue
			}
			try(fmt.Sprintf("with flag %d", orientation),
				withOrientation(encoded(asFlagged(upright.Page, orientation)), orientation))
		}
	}
	t.Logf("%d trials; farthest from the upright portrait: %.3f", trials, farthest)
}

// asFlagged and what reads the flag must agree, or the test above tests nothing.
func TestFlagsAreUndone(t *testing.T) {
	corner := picture.Solid(image.Pt(64, 32), color.White)
	for y := range 8 {
		for x := range 8 {
			copy(corner.Pix[corner.PixOffset(x, y):], []byte{0, 0, 0, 255})
		}
	}
	reader := pages.New(pages.Params{Log: discard()})
	defer reader.Close()
	for orientation := 1; orientation <= 8; orientation++ {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, asFlagged(corner, orientation), nil); err != nil {
			t.Fatal(err)
		}
		file, err := reader.Open(context.Background(), memoryBlob(withOrientation(b.Bytes(), orientation)))
		if err != nil {
			t.Fatal(err)
		}
		page, err := file.Page(context.Background(), 1)
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
		if page.Picture.Rect.Max != image.Pt(64, 32) || page.Picture.RGBAAt(3, 3).R > 60 ||
			page.Picture.RGBAAt(60, 28).R < 200 {
			t.Errorf("flag %d: %v, corner %v", orientation, page.Picture.Rect, page.Picture.RGBAAt(3, 3))
		}
	}
}

// laid is a card on a sheet: its corner and width in inches, and how it is turned.
type laid struct {
	x, y, width float64
	turned      int
}

// sheetOf is a sheet of so many inches with cards on it.
func sheetOf(width, height, dpi float64, cards []*image.RGBA, at ...laid) *image.RGBA {
	sheet := picture.Solid(image.Pt(int(width*dpi), int(height*dpi)), color.White)
	for i, l := range at {
		card := cards[i]
		size := image.Pt(int(l.width*dpi), int(l.width*dpi)*card.Rect.Dy()/card.Rect.Dx())
		card = picture.Turn(picture.Resize(card, size), l.turned)
		from := image.Pt(int(l.x*dpi), int(l.y*dpi))
		draw.Draw(sheet, card.Rect.Add(from), card, image.Point{}, draw.Src)
	}
	return sheet
}

// twoCards are cards of two people or, where the shared ones are not here, two
// photographs.
func twoCards(t *testing.T) []*image.RGBA {
	t.Helper()
	names := []string{gocvPhoto(t, "face.jpg"), gocvPhoto(t, "face-detect.jpg")}
	root := "../../../shared/testdata/docs"
	if _, err := os.Stat(root); err == nil {
		names = []string{filepath.Join(root, "azure__family2_man.jpg"), filepath.Join(root, "london__042.jpg")}
	} else {
		need.Optional(t, "the shared test pictures are not here")
	}
	return []*image.RGBA{readPicture(t, names[0]), readPicture(t, names[1])}
}

// Two cards on one sheet are two documents, wherever they lie and however they are
// turned, and the same card twice is so as well. Each can be chosen.
func TestTwoCardsOnASheet(t *testing.T) {
	finder := newFinder(t)
	cards := twoCards(t)
	ctx := context.Background()
	const card = 3.37 // inches wide, in true size
	for name, at := range map[string][]laid{
		"one above the other":   {{1, 1, card, 0}, {1, 5, card, 0}},
		"side by side":          {{0.5, 1, card, 0}, {4.4, 1, card, 0}},
		"in opposite corners":   {{0.5, 0.5, card, 0}, {4.5, 8, card, 0}},
		"one on its side":       {{1, 1, card, 0}, {5, 5, card, 90}},
		"one upside down":       {{1, 1, card, 0}, {1, 5, card, 180}},
		"both on their side":    {{1, 1, card, 90}, {5, 6, card, 90}},
		"one a little smaller":  {{1, 1, card, 0}, {1, 5, 0.8 * card, 0}},
		"on their other sides":  {{1, 1, card, 90}, {5, 6, card, 270}},
		"the same card, turned": {{1, 1, card, 0}, {4, 6, card, 270}},
	} {
		pair := cards
		if strings.HasPrefix(name, "the same") {
			pair = []*image.RGBA{cards[0], cards[0]}
		}
		resolutions := []float64{150}
		if os.Getenv("FACEMATCH_SOAK") != "" {
			resolutions = append(resolutions, 200, 300)
		}
		for _, dpi := range resolutions {
			sheet := sheetOf(8.27, 11.69, dpi, pair, at...)
			p, err := finder.Portrait(ctx, jpegBlob(t, sheet))
			if err != nil {
				t.Fatal(err)
			}
			all, alike := p.Faces()
			if p.Code != matcher.CodeTwoFaces || alike != 2 {
				t.Errorf("%s at %g dpi: code %d, %d alike, others %v", name, dpi, p.Code, alike, p.Others)
				continue
			}
			for i, face := range all[:2] {
				chosen, err := finder.Choose(ctx, p, matcher.Choice{Area: face})
				if want := (matcher.Pick{Number: i + 1, Of: 2}); err != nil || chosen.Code != matcher.CodeOK ||
					chosen.Chosen != want {
					t.Errorf("%s at %g dpi: face %d gives code %d, %v, %v", name, dpi, i+1, chosen.Code, chosen.Chosen, err)
				}
			}
		}
	}
}

// A photograph's face is found at every turn, leaning too, and on a large sheet; the
// box is turned with it.
func TestFindTurned(t *testing.T) {
	engine := loadedEngine(t)
	photo := readPicture(t, gocvPhoto(t, "face.jpg"))
	sheet := sheetOf(8.27, 11.69, 300, []*image.RGBA{photo}, laid{6, 9, 0.6, 0})
	for name, tt := range map[string]struct {
		page *image.RGBA
		eyes float64
	}{"photograph": {photo, 74}, "on a sheet": {sheet, 21}} {
		for _, turned := range []int{0, 90, 180, 270} {
			page := picture.Turn(tt.page, turned)
			all, err := engine.FindTurned(context.Background(), page, []int{0, 90, 180, 270}, matcher.Alike, false)
			if err != nil || len(all) != 1 {
				t.Errorf("%s, turned by %d: %d faces, %v", name, turned, len(all), err)
				continue
			}
			f := all[0]
			across := f.Eyes[1].Sub(f.Eyes[0])
			lean := math.Atan2(float64(across.Y), float64(across.X)) * 180 / math.Pi
			if off := math.Abs(math.Remainder(lean-float64(turned), 360)); off > 15 || f.Doubted {
				t.Errorf("%s, turned by %d: leans by %.0f, doubted: %v", name, turned, lean, f.Doubted)
			}
			if d := math.Hypot(float64(across.X), float64(across.Y)); math.Abs(d-tt.eyes) > 0.2*tt.eyes {
				t.Errorf("%s, turned by %d: eyes %.0f pixels apart, want %.0f", name, turned, d, tt.eyes)
			}
			if high := f.Box.Dy() > f.Box.Dx(); high != (turned%180 == 0) || !middle(f.Eyes[0], f.Eyes[1]).In(f.Box) {
				t.Errorf("%s, turned by %d: box %v", name, turned, f.Box)
			}
		}
	}
	// Only the turns that are asked for are believed.
	all, err := engine.FindTurned(context.Background(), picture.Turn(photo, 180), []int{0}, matcher.Alike, false)
	for _, f := range all {
		if across := f.Eyes[1].Sub(f.Eyes[0]); across.X < 0 {
			t.Errorf("upside down: %v, %v", f, err)
		}
	}
}
