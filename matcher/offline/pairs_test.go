package offline

import (
	"context"
	"os"
	"strings"
	"testing"

	"facematch/matcher"
)

// pair is a line of the shared list of documents and clips.
type pair struct {
	document, clip string
	same           bool
}

// pairs are all pairs of one person, and for each document one other person's
// clip, each time a further one down the list.
func pairs(t *testing.T) (chosen []pair) {
	t.Helper()
	data, err := os.ReadFile(testdata(t, "pairs.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	others := map[string][]pair{}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(strings.TrimSpace(line), "\t")
		p := pair{f[0], f[1], f[2] == "yes"}
		if p.same {
			chosen = append(chosen, p)
		} else {
			others[p.document] = append(others[p.document], p)
		}
	}
	for i, p := range chosen {
		o := others[p.document]
		chosen = append(chosen, o[i*7%len(o)])
	}
	return chosen
}

// described is what a clip came to.
type described struct {
	frames []seen
	faces  template
}

// Real people: nobody passes for another, and everybody is found and compared.
func TestPairs(t *testing.T) {
	all := pairs(t)
	m := newMatcher(t)
	ctx := context.Background()
	anchors, clips := map[string]descriptor{}, map[string]*described{}
	for _, p := range all {
		if _, ok := anchors[p.document]; !ok {
			portrait, d, err := m.portrait(ctx, matcher.Request{Page: matcher.Blob{Path: testdata(t, p.document)}})
			if err != nil || portrait.Code != 0 {
				t.Fatalf("%s: %+v, %v", p.document, portrait, err)
			}
			anchors[p.document] = d
		}
		if clips[p.clip] == nil {
			var some []matcher.Frame
			for i, f := range framesFrom(t, m, p.clip) {
				if i%6 == 1 { // four frames show enough here
					some = append(some, f)
				}
			}
			looked, err := m.lookAt(ctx, some, nil)
			if err != nil {
				t.Fatalf("%s: %v", p.clip, err)
			}
			chosen, faces, code, err := m.describeBest(ctx, looked, nil)
			if err != nil || code != 0 {
				t.Fatalf("%s: not compared, code %d, %v", p.clip, code, err)
			}
			clips[p.clip] = &described{chosen, faces}
		}
		c := clips[p.clip]
		a, err := m.compare(matcher.Answer{Best: -1}, anchors[p.document], c.frames, c.faces, rules(t))
		if err != nil {
			t.Fatal(err)
		}
		status := a.Result.Scoring.Status
		switch {
		case a.Swapped:
			t.Errorf("%s: one person is taken for two: %q", p.clip, a.Result.Scoring.FailedRefer)
		case p.same && status == matcher.Fail, !p.same && status == matcher.Pass:
			t.Errorf("%s, %s: %s with %.2f", p.document, p.clip, status, a.Result.Score)
		}
	}
}

// framesFrom are a few frames of a shared clip.
func framesFrom(t *testing.T, m *Matcher, clip string) []matcher.Frame {
	t.Helper()
	frames, err := m.frames(context.Background(), matcher.Request{Video: matcher.Blob{Path: testdata(t, clip)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

// The person on the document sits down, another one takes the seat half-way.
func TestSwappedHalfWay(t *testing.T) {
	m := newMatcher(t)
	one, other := framesFrom(t, m, "clips/london__024.mp4"), framesFrom(t, m, "clips/lfw__Hu_Jintao.mp4")
	clip := writeFrames(t, append(one[:12:12], other[12:]...))
	a := match(t, m, matcher.Request{Page: matcher.Blob{Path: testdata(t, "docs/london__024.jpg")}, Video: matcher.Blob{Path: clip}})
	t.Logf("%s with %.2f, reasons %q", a.Result.Scoring.Status, a.Result.Score, a.Result.Scoring.FailedRefer)
	if !a.Swapped || a.Result.Scoring.Status == matcher.Pass {
		t.Errorf("swapped %v, %s", a.Swapped, a.Result.Scoring.Status)
	}
}

// A real person who talks, nods and turns stays one person.
func TestTalkingPersonIsOne(t *testing.T) {
	m := newMatcher(t)
	for _, clip := range []string{"videos/liveportrait_d13.mp4", "videos/retalking_5.mp4"} {
		frames := framesFrom(t, m, clip)
		looked, err := m.lookAt(context.Background(), frames, nil)
		if err != nil {
			t.Fatal(err)
		}
		chosen, faces, code, err := m.describeBest(context.Background(), looked, nil)
		if err != nil || code != 0 {
			t.Errorf("%s: code %d, %v", clip, code, err)
			continue
		}
		a, err := m.compare(matcher.Answer{Best: -1}, faces.descriptors[0], chosen, faces, rules(t))
		if err != nil || a.Swapped || a.Result.Scoring.Status != matcher.Pass {
			t.Errorf("%s: swapped %v, %s with %.2f, %v", clip, a.Swapped, a.Result.Scoring.Status, a.Result.Score, err)
		}
	}
}

func TestTwoPeopleSideBySide(t *testing.T) {
	m := newMatcher(t)
	one, other := framesFrom(t, m, "clips/london__024.mp4"), framesFrom(t, m, "clips/lfw__Hu_Jintao.mp4")
	var frames []matcher.Frame
	for i := 0; i < len(one); i += 3 {
		frames = append(frames, matcher.Frame{Image: beside(one[i].Image, other[i].Image), At: one[i].At})
	}
	a := match(t, m, matcher.Request{Page: matcher.Blob{Path: testdata(t, "docs/london__024.jpg")}, Film: matcher.FilmOf(frames)})
	if a.Result.Data.Target.Code != matcher.CodeTwoFaces || len(a.Result.Data.Percentages) != 0 {
		t.Errorf("%+v", a.Result)
	}
}
