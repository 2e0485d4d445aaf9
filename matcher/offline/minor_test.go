package offline

import (
	"context"
	"slices"
	"testing"

	"facematch/matcher"
)

// A person under 18 is compared as anybody is, and does not pass by the score.
func TestMatchUnder18(t *testing.T) {
	m := newMatcher(t)
	one, other := readPicture(t, gocvPhoto(t, "face.jpg")), readPicture(t, gocvPhoto(t, "face-detect.jpg"))
	req := matcher.Request{Page: jpegBlob(t, page(other)), Film: matcher.FilmOf(moving(one, 12))}
	grown := match(t, m, req)
	req.Minor, req.Film = true, matcher.FilmOf(moving(one, 12))
	minor := match(t, m, req)
	scoring := minor.Result.Scoring
	if grown.Result.Scoring.Status != matcher.Pass || scoring.Status != matcher.Refer ||
		!slices.Equal(scoring.FailedRefer, []string{matcher.ReasonMinor}) || len(scoring.Failed) != 0 {
		t.Errorf("%+v instead of %+v", scoring, grown.Result.Scoring)
	}
	if minor.Result.Score != grown.Result.Score || minor.Result.Data.Result != grown.Result.Data.Result {
		t.Errorf("the age changed the score: %+v, %+v", minor.Result, grown.Result)
	}

	// A fail stays one.
	req.Film = matcher.FilmOf(moving(one, 12))
	req.Rules = []matcher.Condition{{Field: "score", Op: ">", Pass: 100}}
	failed, err := m.Match(context.Background(), req, nil)
	if err != nil || failed.Result.Scoring.Status != matcher.Fail {
		t.Errorf("%v, %+v", err, failed.Result.Scoring)
	}
}
