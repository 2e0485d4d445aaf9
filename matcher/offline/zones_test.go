package offline

import (
	"context"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"facematch/assets"
	"facematch/matcher"
	"facematch/matcher/document/mrz"
	"facematch/matcher/document/pages"
	"facematch/matcher/document/zone"
	"facematch/matcher/document/zone/zonetest"
	"facematch/matcher/internal/picture"
)

var zoneDay = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)

func newLines(t testing.TB) *Lines {
	t.Helper()
	network := assets.MRZNetwork
	if own := os.Getenv("FACEMATCH_MRZ"); own != "" { // to measure another one
		var err error
		if network, err = os.ReadFile(own); err != nil {
			t.Fatal(err)
		}
	}
	l, err := NewLines(network)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// specimen is a document with the true lines of its zone.
type specimen struct {
	file  string
	holds bool
	truth matcher.Zone
	page  *image.RGBA
}

func specimens(t testing.TB) (all []specimen) {
	t.Helper()
	dir := testdata(t, "documents")
	file, err := os.Open(filepath.Join(dir, "mrz.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = '\t', -1, true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	reader := pages.New(pages.Params{Log: discard()})
	t.Cleanup(func() { reader.Close() })
	for _, row := range rows[1:] {
		var lines [][]mrz.Glyph
		for line := range strings.FieldsSeq(strings.Join(row[3:], " ")) {
			lines = append(lines, mrz.Line(line))
		}
		truth, err := mrz.Parse(lines, zoneDay)
		if err != nil {
			t.Fatal(row[0], err)
		}
		path := filepath.Join(dir, row[0])
		if _, err := os.Stat(path); err != nil {
			path = filepath.Join(dir, "no_portrait", row[0])
		}
		f, err := reader.Open(context.Background(), matcher.Blob{Path: path})
		if err != nil {
			t.Fatal(row[0], err)
		}
		page, err := f.Page(context.Background(), 1)
		if err != nil {
			t.Fatal(row[0], err)
		}
		all = append(all, specimen{row[0], row[2] == "yes", truth, page.Picture})
		f.Close()
	}
	return all
}

// askew is the page turned clockwise by some degrees, on grey.
func askew(page *image.RGBA, degrees float64) *image.RGBA {
	s := similarityOf(degrees)
	size := page.Rect.Size()
	corners := []spot{{0, 0}, {float64(size.X), 0}, {0, float64(size.Y)}, {float64(size.X), float64(size.Y)}}
	least, most := s.of(corners[0]), s.of(corners[0])
	for _, c := range corners {
		p := s.of(c)
		least = spot{min(least.x, p.x), min(least.y, p.y)}
		most = spot{max(most.x, p.x), max(most.y, p.y)}
	}
	out := image.NewRGBA(image.Rect(0, 0, int(most.x-least.x), int(most.y-least.y)))
	for i := range out.Pix {
		out.Pix[i] = 160
	}
	draw.BiLinear.Transform(out, f64.Aff3{s.a, -s.b, -least.x, s.b, s.a, -least.y}, page, page.Rect, draw.Src, nil)
	return out
}

// outcome counts what was read of some documents.
type outcome struct {
	documents, found, digits, names, proven, wrong int
	characters, mistakes                           int
	took                                           time.Duration
}

// add compares a zone with the true one.
func (o *outcome) add(t testing.TB, name string, z matcher.Zone, ok bool, truth matcher.Zone) {
	t.Helper()
	o.documents++
	if ok {
		o.found++
	}
	if ok && z.DigitsHold && sameFields(z, truth) {
		o.digits++
	}
	if ok && sameNames(z, truth) {
		o.names++
	}
	o.compare(z, ok, truth)
	for field, f := range provable(z) {
		if f.Proven {
			o.proven++
			if f.Value != provable(truth)[field].Value {
				o.wrong++
				t.Errorf("%s: %s is proven as %q, but is %q", name, field, f.Value, provable(truth)[field].Value)
			}
		}
	}
}

// compare counts the characters that were read wrongly.
func (o *outcome) compare(z matcher.Zone, ok bool, truth matcher.Zone) {
	for i, line := range truth.Lines {
		o.characters += len(line)
		for at := range line {
			if !ok || i >= len(z.Lines) || at >= len(z.Lines[i]) || z.Lines[i][at] != line[at] {
				o.mistakes++
			}
		}
	}
}

func provable(z matcher.Zone) map[string]matcher.ZoneField {
	return map[string]matcher.ZoneField{
		"number": z.Number, "birth": z.Birth.ZoneField, "expiry": z.Expiry.ZoneField, "optional": z.Optional,
		"surname": z.Surname, "given names": z.GivenNames, "nationality": z.Nationality, "issuer": z.Issuer, "sex": z.Sex,
	}
}

func sameNames(z, truth matcher.Zone) bool {
	return z.Surname.Value == truth.Surname.Value && z.GivenNames.Value == truth.GivenNames.Value
}

func sameFields(z, truth matcher.Zone) bool {
	return z.Number.Value == truth.Number.Value && z.Birth.Value == truth.Birth.Value &&
		z.Expiry.Value == truth.Expiry.Value
}

// way is how a specimen lies.
type way struct {
	name    string
	turn    int
	degrees float64
}

var ways = []way{
	{"upright", 0, 0}, {"turned by 90", 90, 0}, {"turned by 180", 180, 0}, {"turned by 270", 270, 0},
	{"leaning by 7", 0, 7}, {"leaning by -7", 0, -7},
}

func (s specimen) read(t testing.TB, r *zone.Reader, w way, o *outcome) {
	t.Helper()
	page := picture.Turn(s.page, w.turn)
	if w.degrees != 0 {
		page = askew(page, w.degrees)
	}
	began := time.Now()
	z, ok, err := r.Zone(context.Background(), page, zoneDay)
	o.took += time.Since(began)
	if err != nil {
		t.Fatal(s.file, err)
	}
	if ok && z.DigitsHold && (w.turn+z.Turn)%360 != 0 {
		t.Errorf("%s, %s: is upright after %d degrees", s.file, w.name, z.Turn)
	}
	o.add(t, s.file+", "+w.name, z, ok, s.truth)
	if testing.Verbose() && !(ok && sameNames(z, s.truth) && z.DigitsHold) {
		t.Logf("%s, %s: found %v\n%s\n%s", s.file, w.name, ok, strings.Join(z.Lines, "\n"), strings.Join(s.truth.Lines, "\n"))
	}
}

// The specimens, each lying in one way, and in all ways where there is time: nearly all
// digits and names are read, and nothing wrong is proven.
func TestZonesOfSpecimens(t *testing.T) {
	skipRaced(t)
	r := zone.New(newLines(t))
	all := specimens(t)
	if os.Getenv("FACEMATCH_SOAK") == "" {
		var o outcome
		for i, s := range all {
			w := ways[[]int{0, 4, 5}[i%3]]
			if i%10 == 9 {
				w = ways[1+i/10] // a turn, which takes longer
			}
			s.read(t, r, w, &o)
		}
		o.expect(t, "in one way each", 24, 24)
		return
	}
	for _, w := range ways {
		var o outcome
		for _, s := range all {
			s.read(t, r, w, &o)
		}
		o.expect(t, w.name, 25, 24)
	}
}

// expect is how many documents must have been read at least.
func (o outcome) expect(t testing.TB, name string, digits, names int) {
	t.Helper()
	o.log(t, name)
	if o.digits < digits || o.names < names {
		t.Errorf("%s: all digits are right on %d of %d documents, names on %d; at least %d and %d are expected", name,
			o.digits, o.documents, o.names, digits, names)
	}
	if o.proven < 2*digits {
		t.Errorf("%s: only %d fields are proven", name, o.proven)
	}
}

func (o outcome) log(t testing.TB, name string) {
	t.Helper()
	t.Logf("%s: %d documents, %d zones found, %d with all digits right, %d with the name; %d fields proven, %d of them wrong; "+
		"%d of %d characters wrong; %v for each", name, o.documents, o.found, o.digits, o.names, o.proven, o.wrong,
		o.mistakes, o.characters, o.took/time.Duration(o.documents))
}

// skipRaced skips what takes minutes with the race detector and shares nothing between
// goroutines.
func skipRaced(t testing.TB) {
	t.Helper()
	if raced {
		t.Skip("zones are read without the race detector; make test does both")
	}
}

func similarityOf(degrees float64) similarity {
	return similarity{a: math.Cos(degrees * math.Pi / 180), b: math.Sin(degrees * math.Pi / 180)}
}

// rendered makes a held-back document with its true zone.
func rendered(t testing.TB, number int) (*image.RGBA, matcher.Zone) {
	t.Helper()
	r := rand.New(rand.NewPCG(18, uint64(number)))
	text := zonetest.Zone(r, zonetest.Kinds[number%len(zonetest.Kinds)])
	truth := parsed(t, text)
	pitch := 9 + 16*r.Float64()
	return zonetest.Worn(r, zonetest.Page(r, text, pitch)), truth
}

// readRendered reads some held-back documents.
func readRendered(t *testing.T, r *zone.Reader, from, to int) (o outcome) {
	t.Helper()
	for number := from; number < to; number++ {
		page, truth := rendered(t, number)
		began := time.Now()
		z, ok, err := r.Zone(context.Background(), page, zoneDay)
		if err != nil {
			t.Fatal(number, err)
		}
		o.took += time.Since(began)
		o.add(t, fmt.Sprintf("rendered document %d", number), z, ok, truth)
		if testing.Verbose() && (!ok || !z.DigitsHold) {
			t.Logf("document %d of %v: found %v\n%s\n%s", number, page.Rect.Size(), ok, strings.Join(z.Lines, "\n"),
				strings.Join(truth.Lines, "\n"))
		}
	}
	return o
}

// Of held-back documents most are read, and nothing wrong is proven; make soak reads
// 2,000 of them.
func TestZonesOfRendered(t *testing.T) {
	skipRaced(t)
	r := zone.New(newLines(t))
	if os.Getenv("FACEMATCH_SOAK") == "" {
		readRendered(t, r, 40, 50).expect(t, "ten", 8, 8)
		return
	}
	for from := 0; from < 2000; from += 250 {
		t.Run(fmt.Sprintf("from %d", from), func(t *testing.T) {
			readRendered(t, r, from, from+250).expect(t, "250", 200, 200)
		})
	}
}

// misleading is a kind of page that misleads: it is made from one with a zone of one of
// some kinds, and comes with the true zones on it.
type misleading struct {
	name  string
	kinds []string
	spoil func(r *rand.Rand, page *image.RGBA, text []string) (spoiled *image.RGBA, more []string)
}

// spoiling is for what adds no other zone.
func spoiling(spoil func(r *rand.Rand, page *image.RGBA, text []string) *image.RGBA) func(
	*rand.Rand, *image.RGBA, []string) (*image.RGBA, []string) {
	return func(r *rand.Rand, page *image.RGBA, text []string) (*image.RGBA, []string) {
		return spoil(r, page, text), nil
	}
}

var (
	documentKinds = []string{"TD3", "TD1", "TD2"}
	visaKinds     = []string{"MRV-A", "MRV-B"}
)

var misleadings = []misleading{
	{"cut in half along", documentKinds, spoiling(func(_ *rand.Rand, page *image.RGBA, _ []string) *image.RGBA {
		return part(page, image.Rect(0, 0, page.Rect.Dx()*6/10, page.Rect.Dy()))
	})},
	{"cut in half across", documentKinds, spoiling(func(_ *rand.Rand, page *image.RGBA, _ []string) *image.RGBA {
		return part(page, image.Rect(0, 0, page.Rect.Dx(), page.Rect.Dy()-29)) // through the last line
	})},
	{"handwriting", documentKinds, spoiling(func(r *rand.Rand, page *image.RGBA, text []string) *image.RGBA {
		return scribbled(r, page, 14*(1+2.5*float64(len(text)-1)))
	})},
	{"mirrored", zonetest.Kinds, spoiling(func(_ *rand.Rand, page *image.RGBA,
		_ []string) *image.RGBA {
		return picture.Mirror(page)
	})},
	{"a visa", visaKinds, spoiling(func(r *rand.Rand, page *image.RGBA,
		_ []string) *image.RGBA {
		return zonetest.Worn(r, page)
	})},
	{"a visa in a passport", visaKinds, func(r *rand.Rand, page *image.RGBA, _ []string) (*image.RGBA, []string) {
		return below(r, page, "TD3")
	}},
	{"a screen", documentKinds, spoiling(func(r *rand.Rand, page *image.RGBA,
		_ []string) *image.RGBA {
		return photographed(r, screened(page))
	})},
	{"two zones", documentKinds, func(r *rand.Rand, page *image.RGBA, _ []string) (*image.RGBA, []string) {
		return below(r, page, "TD2")
	}},
	{"two zones of one kind", []string{"TD3"}, func(r *rand.Rand, page *image.RGBA, _ []string) (*image.RGBA, []string) {
		return below(r, page, "TD3")
	}},
}

// Pages that mislead: nothing wrong is proven, and nothing falls over.
func TestZonesThatMislead(t *testing.T) {
	skipRaced(t)
	reader := zone.New(newLines(t))
	each := 1
	if os.Getenv("FACEMATCH_SOAK") != "" {
		each = 40
	}
	for _, m := range misleadings {
		var o outcome
		for n := range each {
			r := rand.New(rand.NewPCG(77, uint64(n)))
			text := zonetest.Zone(r, m.kinds[n%len(m.kinds)])
			page, more := m.spoil(r, zonetest.Page(r, text, 14), text)
			began := time.Now()
			z, ok, err := reader.Zone(context.Background(), page, zoneDay)
			o.took += time.Since(began)
			if err != nil {
				t.Fatal(m.name, err)
			}
			truth := parsed(t, text)
			if more != nil {
				truth = likest(z, truth, parsed(t, more))
			}
			o.add(t, fmt.Sprintf("%s, document %d", m.name, n), z, ok, truth)
		}
		o.log(t, m.name)
	}
}

// below puts another page with a zone of a kind under a page.
func below(r *rand.Rand, page *image.RGBA, kind string) (*image.RGBA, []string) {
	text := zonetest.Zone(r, kind)
	second := zonetest.Page(r, text, 14)
	out := picture.Solid(image.Pt(max(page.Rect.Dx(), second.Rect.Dx()), page.Rect.Dy()+second.Rect.Dy()), color.White)
	draw.Draw(out, page.Rect, page, image.Point{}, draw.Src)
	draw.Draw(out, second.Rect.Add(image.Pt(0, page.Rect.Dy())), second, image.Point{}, draw.Src)
	return out, text
}

// likest is the true zone that has the most characters of the one that was read.
func likest(z matcher.Zone, truths ...matcher.Zone) (likest matcher.Zone) {
	most := -1
	for _, truth := range truths {
		var same outcome
		same.compare(z, true, truth)
		if right := same.characters - same.mistakes; right > most {
			likest, most = truth, right
		}
	}
	return likest
}

func parsed(t testing.TB, text []string) matcher.Zone {
	t.Helper()
	var lines [][]mrz.Glyph
	for _, line := range text {
		lines = append(lines, mrz.Line(line))
	}
	z, err := mrz.Parse(lines, zoneDay)
	if err != nil || !z.DigitsHold {
		t.Fatalf("%q: %v, holds %v", text, err, z.DigitsHold)
	}
	return z
}

func part(page *image.RGBA, of image.Rectangle) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: of.Size()})
	draw.Draw(out, out.Rect, page, of.Min, draw.Src)
	return out
}

// scribbled writes by hand across so many pixels at the bottom of a page.
func scribbled(r *rand.Rand, page *image.RGBA, high float64) *image.RGBA {
	out := part(page, page.Rect)
	bottom := float64(out.Rect.Dy()) - high/2 - 14
	for x := 0.1 * float64(out.Rect.Dx()); x < 0.8*float64(out.Rect.Dx()); x += 0.3 {
		y := bottom + high/2*math.Sin(x/17+3*math.Sin(x/41)) + r.Float64()
		draw.Draw(out, image.Rect(int(x), int(y), int(x)+3, int(y)+3), image.NewUniform(color.RGBA{20, 20, 120, 255}),
			image.Point{}, draw.Src)
	}
	return out
}

// screened is a page as a screen shows it: each pixel has a red, a green and a blue part.
func screened(page *image.RGBA) *image.RGBA {
	const fine = 3 // the camera's pixels for each of the screen's, before perspective
	size := page.Rect.Size()
	out := image.NewRGBA(image.Rect(0, 0, fine*size.X, fine*size.Y))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			from, to := page.Pix[page.PixOffset(x/fine, y/fine):], out.Pix[out.PixOffset(x, y):]
			to[3] = 255
			for c := range fine {
				to[c] = from[c]
				if x%fine != c {
					to[c] = byte(float64(from[c]) * 0.45)
				}
				if y%fine == 0 {
					to[c] = byte(float64(to[c]) * 0.5)
				}
			}
		}
	}
	return out
}

// photographed is a page as a camera aslant before it sees it, with fewer pixels than the
// page has: fine patterns become moiré.
func photographed(r *rand.Rand, page *image.RGBA) *image.RGBA {
	slantX, slantY := 0.3*(r.Float64()-.5), 0.3*(r.Float64()-.5)
	scale := 2.3 + 0.4*r.Float64()
	size := page.Rect.Size()
	out := image.NewRGBA(image.Rect(0, 0, int(float64(size.X)/scale), int(float64(size.Y)/scale)))
	w, h := float64(out.Rect.Dx()), float64(out.Rect.Dy())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			u, v := float64(x)/w-.5, float64(y)/h-.5
			near := 1 + slantX*u + slantY*v
			at := image.Pt(int((u/near*1.1+.5)*float64(size.X)), int((v/near*1.1+.5)*float64(size.Y)))
			if at.In(page.Rect) {
				copy(out.Pix[out.PixOffset(x, y):][:4], page.Pix[page.PixOffset(at.X, at.Y):])
			} else {
				out.Pix[out.PixOffset(x, y)+3] = 255
			}
		}
	}
	return out
}
