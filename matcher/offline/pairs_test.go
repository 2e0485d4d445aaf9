package offline

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

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

// Real people: no impostor passes, and every person is found and compared.
func TestPairs(t *testing.T) {
	all := pairs(t)
	m := newMatcher(t)
	ctx := context.Background()
	anchors, clips := map[string]descriptor{}, map[string]probe{}
	for _, p := range all {
		if _, ok := anchors[p.document]; !ok {
			portrait, d, err := m.portrait(ctx, matcher.Request{Page: matcher.Blob{Path: testdata(t, p.document)}})
			if err != nil || portrait.Code != 0 {
				t.Fatalf("%s: %+v, %v", p.document, portrait, err)
			}
			anchors[p.document] = d
		}
		if _, ok := clips[p.clip]; !ok {
			var some []matcher.Frame
			for i, f := range framesOf(t, m, testdata(t, p.clip)) {
				if i%6 == 1 { // four frames show enough here
					some = append(some, f)
				}
			}
			c, flaw, err := m.probe(ctx, matcher.Request{Film: matcher.FilmOf(some)}, nil)
			if err != nil || flaw != matcher.FlawNone {
				t.Fatalf("%s: not compared, %q, %v", p.clip, flaw, err)
			}
			clips[p.clip] = c
		}
		result, _, err := m.result(anchors[p.document], clips[p.clip], rules(t))
		if err != nil {
			t.Fatal(err)
		}
		status := result.Scoring.Status
		switch {
		case len(clips[p.clip].doubts) > 0:
			t.Errorf("%s: an honest clip is doubted: %q", p.clip, clips[p.clip].doubts)
		case p.same && status == matcher.Fail, !p.same && status == matcher.Pass:
			t.Errorf("%s, %s: %s with %.2f", p.document, p.clip, status, result.Score)
		}
	}
}

// framesOf are the sampled frames of a clip file.
func framesOf(t testing.TB, m *Matcher, path string) []matcher.Frame {
	t.Helper()
	ctx := context.Background()
	film, end, err := m.film(ctx, matcher.Request{Video: matcher.Blob{Path: path}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	frames, err := allOf(ctx, film)
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

// A real person who talks, nods and turns stays one person, and moves.
func TestTalkingPersonIsOne(t *testing.T) {
	m := newMatcher(t)
	for _, clip := range []string{"videos/liveportrait_d13.mp4", "videos/retalking_5.mp4"} {
		p, flaw, err := m.probe(context.Background(), matcher.Request{Video: matcher.Blob{Path: testdata(t, clip)}}, nil)
		if err != nil || flaw != matcher.FlawNone || len(p.doubts) > 0 {
			t.Errorf("%s: %q, doubts %q, %v", clip, flaw, p.doubts, err)
		}
	}
}

// Every 3 s of the real films, one window a second, show one living person. The soak runs it.
func TestHonestWindows(t *testing.T) {
	if os.Getenv("FACEMATCH_SOAK") == "" {
		t.Skip("takes minutes; FACEMATCH_SOAK=1 runs it")
	}
	m := newMatcher(t)
	films, err := filepath.Glob(filepath.Join(testdata(t, "videos"), "*.mp4"))
	if err != nil || len(films) < 10 {
		t.Fatalf("%d films, %v", len(films), err)
	}
	windows, found := 0, map[string]int{}
	for _, film := range films {
		for start := 0; ; start++ {
			window := made(t, "window.mp4", "-ss", strconv.Itoa(start), "-t", "3", "-i", film, "-an",
				"-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p")
			frames, err := readClip(context.Background(), window, quiet)
			if err != nil || len(frames) == 0 || frames[len(frames)-1].At < 2500*time.Millisecond {
				break // the film has ended
			}
			windows++
			p, flaw, err := m.probe(context.Background(), matcher.Request{Video: matcher.Blob{Path: window}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, what := range append([]string{string(flaw)}, p.doubts...) {
				if what != "" {
					found[what]++
					t.Logf("%s from %d s: %s", filepath.Base(film), start, what)
				}
			}
		}
	}
	t.Logf("%d windows; %v", windows, found)
	switch {
	case windows < 80:
		t.Errorf("only %d windows", windows)
	case found[matcher.ReasonStill] > 0 || found[string(matcher.FlawTwo)] > 0:
		t.Errorf("still or two people where one person talks: %v", found)
	case found[matcher.ReasonAnotherPerson]*100 > windows:
		t.Errorf("another person in over 1 %%: %v", found)
	}
}
