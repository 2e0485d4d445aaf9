package offline

import (
	"context"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	face "github.com/Kagami/go-face"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

// Taken apart, a check comes to the same answer.
func TestComparerAnswersAsMatch(t *testing.T) {
	m := newMatcher(t)
	ctx := context.Background()
	one, other := readPicture(t, gocvPhoto(t, "face.jpg")), readPicture(t, gocvPhoto(t, "face-detect.jpg"))
	document, clip := jpegBlob(t, page(one)), matcher.Blob{Path: writeFrames(t, moving(other, 40))}
	whole := match(t, m, matcher.Request{Page: document, Video: clip})

	reference, side, err := m.Document(ctx, document)
	if err != nil || side.Code != matcher.CodeOK {
		t.Fatalf("document: code %d, %v", side.Code, err)
	}
	probe, side, err := m.Clip(ctx, clip)
	if err != nil || side.Code != matcher.CodeOK {
		t.Fatalf("clip: code %d, %v", side.Code, err)
	}
	apart, err := m.Result(reference, probe, rules(t))
	if err != nil || !reflect.DeepEqual(apart, whole.Result) {
		t.Errorf("got %+v, %v\nwant %+v", apart, err, whole.Result)
	}
	for i, d := range m.Distances(reference, probe) {
		if d != whole.Frames[i].Distance || m.Percentage(d) != whole.Frames[i].Percentage {
			t.Errorf("frame %d: distance %g, in the check %g", i, d, whole.Frames[i].Distance)
		}
	}
	// Nothing but what rounding leaves of the vectors' length.
	if d := m.Distances(reference, reference); len(d) != 1 || d[0] > 1e-6 || m.Percentage(d[0]) != 100 {
		t.Errorf("a picture is %v from itself", d)
	}
}

func TestComparerTellsFailures(t *testing.T) {
	m := newMatcher(t)
	ctx := context.Background()
	empty := picture.Solid(image.Pt(640, 480), color.Gray{Y: 128})
	if made, side, err := m.Document(ctx, jpegBlob(t, empty)); made != nil || side.Code != matcher.CodeNoFace ||
		err != nil {
		t.Errorf("an empty page: %v, code %d, %v", made, side.Code, err)
	}
	if made, side, err := m.Clip(ctx, matcher.Blob{Path: writeFrames(t, moving(empty, 20))}); made != nil ||
		side.Code != matcher.CodeNoFace || err != nil {
		t.Errorf("an empty clip: %v, code %d, %v", made, side.Code, err)
	}
	_, _, err := m.Document(ctx, memoryBlob([]byte("Just a letter.")))
	wantProblem(t, err, "document.unsupported")
	_, _, err = m.Clip(ctx, memoryBlob([]byte("\x01\x02\x03\x04")))
	wantProblem(t, err, "clip.unreadable")
}

func TestDistanceIsGoFaces(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var a, b face.Descriptor
		for i := range a {
			a[i], b[i] = random.Float32()-0.5, random.Float32()-0.5
		}
		if got, want := distance(a, b), math.Sqrt(face.SquaredEuclideanDistance(a, b)); got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

// What a test of millions of pairs takes: 10,000 pictures make 50 million.
func BenchmarkDistances(b *testing.B) {
	var all []matcher.Template
	for i := range 200 {
		var d descriptor
		d.goFace[i%len(d.goFace)] = 1
		d.vector, d.strength = make([]float32, 512), 3
		d.vector[i] = 1
		all = append(all, template(d))
	}
	m := &Matcher{params: MatcherParams{Calibration: calibration(b)}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Distances(all[i%200], all[i/200%200])
	}
}

// Of several people on a photograph the one nearest to its middle is meant.
func TestPhotographTakesTheOneInTheMiddle(t *testing.T) {
	m := newMatcher(t)
	ctx := context.Background()
	man, woman := readPicture(t, gocvPhoto(t, "face.jpg")), readPicture(t, testdata(t, "identities/london__024/1.jpg"))
	want, side, err := m.Photograph(ctx, jpegBlob(t, man))
	if err != nil || side.Code != matcher.CodeOK {
		t.Fatalf("code %d, %v", side.Code, err)
	}
	// The man in the middle, a larger woman at the edge.
	wide := picture.Solid(image.Pt(3*man.Rect.Dx(), 900), color.Gray{Y: 200})
	copyInto(wide, man, image.Pt(man.Rect.Dx(), 200))
	copyInto(wide, picture.Resize(woman,
		image.Pt(900*woman.Rect.Dx()/woman.Rect.Dy(), 900)).SubImage(image.Rect(0, 0, man.Rect.Dx(), 900)).(*image.RGBA),
		image.Point{})
	got, side, err := m.Photograph(ctx, jpegBlob(t, wide))
	if err != nil || side.Code != matcher.CodeOK {
		t.Fatalf("code %d, %v", side.Code, err)
	}
	if away := m.Distances(want, got)[0]; m.Percentage(away) < matcher.PassFrom {
		t.Errorf("distance %.2f: somebody else was taken", away)
	}
}
