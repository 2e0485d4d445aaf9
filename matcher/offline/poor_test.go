package offline

import (
	"context"
	"testing"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

// A portrait so poor that the second network makes nothing of it is not compared:
// it has no score, instead of a low one.
func TestPoorPortraitIsNotCompared(t *testing.T) {
	m := newMatcher(t)
	man := readPicture(t, gocvPhoto(t, "face.jpg"))
	// What is left of the face after a copy of some 25 pixels.
	poor := picture.Resize(picture.Resize(man, man.Rect.Size().Div(9)), man.Rect.Size())
	all, err := m.params.Engine.find(context.Background(), poor)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d faces, %v: the test needs a face that go-face sees", len(all), err)
	}
	a := match(t, m, matcher.Request{Portrait: &matcher.Portrait{Image: poor}, Film: matcher.FilmOf(moving(man, 8))})
	if a.Result.Data.Anchor.Code != matcher.CodeNoFace || a.Result.Data.Target.Code != matcher.CodeOK ||
		len(a.Result.Data.Percentages) != 0 {
		t.Errorf("%+v", a.Result)
	}
}
