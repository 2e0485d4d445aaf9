package check

import (
	"context"
	"image"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

func checkGiving(
	given chan<- app.CheckInput, done app.Check,
) func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
	return func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given <- in
		return done, nil
	}
}

// After two people were filmed the result shows the frame with both, and films again
// at once with what the clerk gave before.
func TestTogether(t *testing.T) {
	both := notCompared(0, matcher.CodeTwoFaces)
	both.Answer.Flaw = matcher.FlawTwo
	frame := image.NewRGBA(image.Rect(0, 0, 400, 300))
	both.Answer.Others = &app.Sight{Frame: app.Frame{Image: frame}, Faces: []app.Face{
		{Box: image.Rect(50, 50, 150, 150)}, {Box: image.Rect(250, 60, 330, 140)},
	}}
	desk := newFakeDesk()
	given := make(chan app.CheckInput, 1)
	desk.OnCheck = checkGiving(given, both)
	w := open(t, desk)
	ready(t, w)
	w.check.name.SetText("Ada Lovelace")
	w.check.Begin()
	first := <-given
	w.Until(t, "the result", func() bool { return w.check.result != nil })
	r := w.check.result
	text := kittest.Readable(r)
	if !strings.Contains(text, w.Words.T("flaw.two")) || !strings.Contains(text, w.Words.T("result.together")) ||
		strings.Contains(text, w.Words.T("result.again")) {
		t.Errorf("the result says %q", text)
	}
	marks, ok := kittest.Find[*draw.Outlines](r)
	if !ok || !marks.Alike || len(marks.Faces) != 2 || marks.PictureSize != frame.Rect.Size() || marks.Mirror {
		t.Errorf("the faces are not outlined: %+v", marks)
	}
	var film *kit.Button
	for _, b := range kittest.All[*kit.Button](r) {
		if b.Text == w.Words.T("result.film_again") {
			film = b
		} else if b.Importance == widget.HighImportance {
			t.Errorf("%q is the primary action", b.Text)
		}
	}
	if film == nil || !film.Visible() || film.Importance != widget.HighImportance {
		t.Fatal("Film again is not the primary action")
	}
	test.Tap(film)
	second := <-given
	if second.Name != first.Name || !second.Consent || second.Document.Name != first.Document.Name ||
		second.Session != first.Session {
		t.Errorf("filmed again with %+v, before %+v", second, first)
	}
	w.Until(t, "the second result", func() bool { return w.check.result != nil && w.check.result != r })
}

// Without such a frame the result is as for any other check that was not compared.
func TestNotTogether(t *testing.T) {
	both := notCompared(0, matcher.CodeTwoFaces)
	if r, text := show(t, shownCheck{Check: both}); len(kittest.All[*draw.Outlines](r)) > 0 {
		t.Errorf("%q", text)
	}
	alone := kittest.Compared(history.Refer, 70)
	alone.Answer.Others = &app.Sight{
		Frame: app.Frame{Image: image.NewRGBA(image.Rect(0, 0, 4, 4))}, Faces: make([]app.Face, 2),
	}
	if r, text := show(t, shownCheck{Check: alone}); len(kittest.All[*draw.Outlines](r)) > 0 {
		t.Errorf("a check that was compared: %q", text)
	}
}

// Filming again is offered where the film is what has to be better, and is the first
// thing to do where nothing was compared for that alone.
func TestFilmAgain(t *testing.T) {
	referred := func(reasons ...string) app.Check {
		c := kittest.Compared(history.Refer, 90)
		c.Answer.Result.Scoring.FailedRefer = reasons
		return c
	}
	for name, c := range map[string]struct {
		check       app.Check
		film, first bool
	}{
		"film":                 {notCompared(0, matcher.CodeNoFace), true, true},
		"two people":           {notCompared(0, matcher.CodeTwoFaces), true, true},
		"document":             {notCompared(matcher.CodeNoFace, 0), false, false},
		"both":                 {notCompared(matcher.CodeNoFace, matcher.CodeNoFace), false, false},
		"pass":                 {kittest.Compared(history.Pass, 90), false, false},
		"refer by score":       {referred("score >= 80 (was 70.00)"), false, false},
		"refer, minor":         {referred(matcher.ReasonMinor), false, false},
		"refer, somebody else": {referred(matcher.ReasonSecondPerson), true, true},
		"refer, stands still":  {referred(matcher.ReasonMinor, matcher.ReasonStill), true, true},
	} {
		r, text := show(t, shownCheck{Check: c.check})
		first := false
		for _, b := range kittest.All[*kit.Button](r) {
			first = first || b.Text == r.Words.T("result.film_again") && b.Importance == widget.HighImportance
		}
		if film := strings.Contains(text, "Film again"); film != c.film || film == strings.Contains(text, "Try again") ||
			first != c.first {
			t.Errorf("%s: first %t, %q", name, first, text)
		}
	}
}

// Why nothing was compared is said in words, of document and clip.
func TestFlawsInWords(t *testing.T) {
	check := notCompared(matcher.CodeNoFace, matcher.CodeNoFace)
	check.Answer.Flaw = matcher.FlawDark
	check.Answer.Portrait = &app.Portrait{Code: matcher.CodeNoFace, Flaw: matcher.FlawBlurred}
	r, text := show(t, shownCheck{Check: check})
	for _, key := range []string{"flaw.dark", "flaw.dark.hint", "flaw.document.blurred", "flaw.document.blurred.hint"} {
		if !strings.Contains(text, r.Words.T(key)) {
			t.Errorf("the result lacks %q: %q", r.Words.T(key), text)
		}
	}
	if of, _ := r.Words.Side("target", matcher.CodeNoFace, "of another version"); of != r.Words.T("side.target.1") {
		t.Errorf("an unknown flaw: %q", of)
	}
}
