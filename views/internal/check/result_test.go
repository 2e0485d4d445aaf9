package check

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

func show(t *testing.T, c shownCheck) (*resultView, string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(draw.NewTheme(100))
	r := newResultView(kit.Parts{Words: kittest.English(t), Keys: &kit.Controls{Escape: func() {}}}, newFakeDesk(), c)
	w := test.NewTempWindow(t, r)
	w.Resize(fyne.NewSize(1024, 600))
	return r, kittest.Readable(r)
}

func TestEachVerdict(t *testing.T) {
	ended := func(o history.Outcome, p *app.Problem) app.Check {
		return app.Check{ID: "chk_1", Session: app.NewSession(), Outcome: o, Problem: p, Took: time.Second}
	}
	for _, c := range []struct {
		word  string
		shape draw.ShapeKind
		gauge bool
		check app.Check
	}{
		{"PASS", draw.ShapeTick, true, kittest.Compared(history.Pass, 90, 80.5)},
		{"REFER", draw.ShapeQuestion, true, kittest.Compared(history.Refer, 60, 50)},
		{"FAIL", draw.ShapeCross, true, kittest.Compared(history.Fail, 0, 0)},
		{"NOT COMPARED", draw.ShapeCircle, false, notCompared(0, 1)},
		{"COULD NOT RUN", draw.ShapeTriangle, false, ended(history.CouldNotRun, &app.Problem{Key: "camera.lost"})},
		{"CANCELLED", draw.ShapeSquare, false, ended(history.Cancelled, nil)},
		{"UNKNOWN", draw.ShapeQuestion, false, ended(history.Unknown, nil)},
	} {
		t.Run(c.word, func(t *testing.T) {
			r, text := show(t, shownCheck{Check: c.check, rules: settings.Default().Conditions})
			if !strings.Contains("\n"+text, "\n"+c.word+"\n") {
				t.Errorf("the word is not there: %q", text)
			}
			if s, ok := kittest.Find[*draw.Shape](r); !ok || s.Look.Shape != c.shape {
				t.Errorf("the shape is %+v", s)
			}
			if _, ok := kittest.Find[*draw.Gauge](r); ok != c.gauge {
				t.Errorf("gauge shown: %v", ok)
			}
			if _, ok := kittest.Find[*draw.Bars](r); ok != c.gauge {
				t.Errorf("bars shown: %v", ok)
			}
			if !c.gauge && strings.Contains(text, "%") {
				t.Errorf("a score is shown though nothing was compared: %q", text)
			}
			if !strings.Contains(text, c.check.Session) {
				t.Error("the session is not shown")
			}
		})
	}
}

func TestReasonsInWords(t *testing.T) {
	c := kittest.Compared(history.Refer, 60, 50)
	c.Answer.Result.Scoring.FailedRefer = []string{"score >= 80 (was 55.00)"}
	_, text := show(t, shownCheck{Check: c})
	if !strings.Contains(text, "The score must be at least 80 to pass. It was 55.00.") ||
		!strings.Contains(text, "score >= 80 (was 55.00)") {
		t.Errorf("the screen says %q", text)
	}
	c.Answer.Result.Scoring.FailedRefer = []string{matcher.ReasonAnotherPerson}
	_, text = show(t, shownCheck{Check: c})
	w := kittest.English(t)
	if !strings.Contains(text, w.T("reason.another_person")) || strings.Contains(text, w.T("reason.other")) {
		t.Errorf("two people in the clip: %q", text)
	}
	_, text = show(t, shownCheck{Check: notCompared(2, 1)})
	for _, key := range []string{"side.anchor.2", "side.anchor.2.hint", "side.target.1", "side.target.1.hint"} {
		if !strings.Contains(text, w.T(key)) {
			t.Errorf("%s is missing in %q", key, text)
		}
	}
	if strings.Contains(text, w.T("reason.no_value", "Field", w.T("field.score"))) {
		t.Error("a missing score is given as a reason beside the real one")
	}
	c = kittest.Compared(history.Pass, 90)
	c.Warning = &app.Problem{Key: "check.clip_kept"}
	if _, text = show(t, shownCheck{Check: c}); !strings.Contains(text, w.T("check.clip_kept")) {
		t.Error("the warning is not shown")
	}
	for rule, want := range map[string]string{
		"min(percentages) > 40 (was 12.00)":  "The lowest picture must be more than 40 to pass. It was 12.00.",
		"len(percentages) != 3 (was 3)":      "The number of pictures must be anything but 3 to pass. It was 3.",
		"score >= 80 (was no value)":         "The score was asked for, but there was none.",
		"something new":                      w.T("reason.other"),
		"unknown_field >= 1 (was 0)":         w.T("reason.other"),
		"mean(percentages) <= 4 (was 12.00)": "The average of the pictures must be at most 4 to pass. It was 12.00.",
	} {
		if got := w.Reason(rule); got != want {
			t.Errorf("%s: %q", rule, got)
		}
	}
}

func TestReferredForTheAge(t *testing.T) {
	w := kittest.English(t)
	c := kittest.Compared(history.Refer, 90)
	c.Answer.Result.Scoring.FailedRefer = []string{app.ReasonMinor}
	_, text := show(t, shownCheck{Check: c})
	if !strings.Contains(text, w.T("reason.minor")) || !strings.Contains(text, w.T("meaning.refer_minor")) ||
		strings.Contains(text, w.T("meaning.refer")) {
		t.Errorf("the screen says %q", text)
	}
	c.Answer.Result.Scoring.FailedRefer = []string{app.ReasonExpired}
	_, text = show(t, shownCheck{Check: c})
	if !strings.Contains(text, w.T("reason.expired")) || !strings.Contains(text, w.T("meaning.refer_expired")) ||
		strings.Contains(text, w.T("meaning.refer_minor")) {
		t.Errorf("an expired document: %q", text)
	}
	c.Answer.Result.Scoring.FailedRefer = []string{"score >= 80 (was 70.00)", app.ReasonMinor}
	_, text = show(t, shownCheck{Check: c})
	if !strings.Contains(text, w.T("reason.minor")) || !strings.Contains(text, w.T("meaning.refer")) ||
		strings.Contains(text, w.T("meaning.refer_minor")) {
		t.Errorf("for the score as well: %q", text)
	}
}

// Where nothing but the film is in doubt, the screen does not say that the match is.
func TestReferredForTheFilm(t *testing.T) {
	w := kittest.English(t)
	c := kittest.Compared(history.Refer, 90)
	for _, k := range []struct {
		reasons []string
		meaning string
	}{
		{[]string{matcher.ReasonStill}, "meaning.refer_film"},
		{[]string{matcher.ReasonMinor, matcher.ReasonSecondPerson}, "meaning.refer_film"},
		{[]string{"score >= 80 (was 70.00)", matcher.ReasonStill}, "meaning.refer"},
		{nil, "meaning.refer"},
	} {
		c.Answer.Result.Scoring.FailedRefer = k.reasons
		if _, text := show(t, shownCheck{Check: c}); !strings.Contains(text, w.T(k.meaning)) {
			t.Errorf("%q: the screen says %q", k.reasons, text)
		}
	}
}

func TestRarityStandsUnderTheGauge(t *testing.T) {
	c := kittest.Compared(history.Pass, 90)
	if _, text := show(t, shownCheck{Check: c}); strings.Contains(text, "stranger") {
		t.Errorf("a rarity nobody measured: %q", text)
	}
	c.Answer.Rarity.OneIn, c.Answer.Rarity.Fewer = 10150, true
	if _, text := show(t, shownCheck{Check: c}); !strings.Contains(text,
		"\nFewer than 1 stranger in 10,000 measured scored this high.\n") {
		t.Errorf("the screen says %q", text)
	}
	c = notCompared(1, 0)
	c.Answer.Rarity.OneIn = 10150
	if _, text := show(t, shownCheck{Check: c}); strings.Contains(text, "stranger") {
		t.Errorf("a rarity of no score: %q", text)
	}
}

func TestAnUnrecordedPassIsNoPass(t *testing.T) {
	_, text := show(t, shownCheck{Check: kittest.Compared(history.Pass, 99),
		unrecorded: &app.Problem{Key: "store.missing"}})
	if strings.Contains(text, "PASS\n") || !strings.Contains(text, "COULD NOT RUN") || strings.Contains(text, "99.00") {
		t.Errorf("the screen says %q", text)
	}
}

func TestDetailsAndCopy(t *testing.T) {
	c := kittest.Compared(history.Pass, 90, 80)
	r, text := show(t, shownCheck{Check: c})
	copied := ""
	r.OnCopy = func(s string) { copied = s }
	for _, label := range []string{r.Words.T("result.copy"), r.Words.T("result.details")} {
		if !tapButton(r, label) {
			t.Fatalf("no button %q", label)
		}
	}
	if copied != c.Session {
		t.Errorf("copied %q", copied)
	}
	if strings.Contains(text, "0 (Successful check)") {
		t.Error("details were open from the start")
	}
	for _, want := range []string{"0 (Successful check)", "true", "pass", "85.00"} {
		if !strings.Contains(kittest.Readable(r), want) {
			t.Errorf("details lack %q", want)
		}
	}
}

func tapButton(in fyne.CanvasObject, label string) bool {
	tapped := false
	kittest.See(in, func(o fyne.CanvasObject) bool {
		if b, ok := o.(*kit.Button); ok && b.Text == label && !tapped {
			tapped = true
			test.Tap(b)
		}
		return true
	})
	return tapped
}

func TestTheLowestFrameIsMarked(t *testing.T) {
	_, text := show(t, shownCheck{Check: kittest.Compared(history.Pass, 90, 81.25, 88)})
	if strings.Count(text, "lowest") != 1 || !strings.Contains(text, "81.25") {
		t.Errorf("the bars say %q", text)
	}
}

// Where the settings require it, the next check and an approval wait for the inspection, and
// what was answered is recorded before anything goes on.
func TestTheNextCheckWaitsForTheInspection(t *testing.T) {
	desk := newFakeDesk()
	desk.Now.Inspection.Use = history.InspectionRequired
	var given app.CheckInput
	desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return kittest.Compared(history.Refer, 70), nil
	}
	w := open(t, desk)
	next := 0
	w.check.hooks.Next = func() { next++ }
	ready(t, w)
	w.check.Begin()
	w.Until(t, "the result", func() bool { return w.check.result != nil })
	if !given.Inspect {
		t.Error("the check does not say that a clerk is asked")
	}
	r := w.check.result
	held := func(want bool) {
		t.Helper()
		left := false
		w.check.Leave(func() { left = true })
		if r.next.Disabled() != want || kittest.ButtonOf(t, r, w.Words.T("deciding.approve")).Disabled() != want ||
			left == want {
			t.Errorf("waits: New check %v, Approve, or the menu; want %v", r.next.Disabled(), want)
		}
		if kittest.ButtonOf(t, r, w.Words.T("deciding.reject")).Disabled() {
			t.Error("a rejection waits")
		}
	}
	held(true)
	for _, yes := range kittest.ButtonsWith(r, w.Words.T("inspect.answer.yes")) {
		test.Tap(yes)
	}
	w.Until(t, "the record", func() bool { return len(desk.Inspected()) == 1 && !r.next.Disabled() })
	held(false)
	if row := r.row(); row.Inspection != history.InspectionClear {
		t.Errorf("%+v", row)
	}
	test.Tap(r.next)
	if next != 1 {
		t.Error("New check does not go on")
	}
}

// Nothing is asked where nothing was compared, and where the settings say so.
func TestNoInspection(t *testing.T) {
	desk := newFakeDesk()
	desk.Now.Inspection.Use = history.InspectionOff
	words := kittest.English(t)
	for name, r := range map[string]*resultView{
		"off": newResultView(kit.Parts{Words: words, Keys: &kit.Controls{Escape: func() {}}}, desk,
			shownCheck{Check: kittest.Compared(history.Pass, 90)}),
		"not compared": newResultView(
			kit.Parts{Words: words, Keys: &kit.Controls{Escape: func() {}}}, newFakeDesk(), shownCheck{Check: notCompared(1, 0)},
		),
	} {
		if r.inspection != nil || r.next.Disabled() {
			t.Errorf("%s: something is asked", name)
		}
	}
}

// Where nothing was compared, the clerk may record how the person was identified, from the
// result or without a check.
func TestIdentifyFromTheCheckScreen(t *testing.T) {
	r, text := show(t, shownCheck{Check: notCompared(0, 1)})
	if !strings.Contains(text, r.Words.T("identify.how")) {
		t.Errorf("the result says %q", text)
	}
	var chosen history.Choice
	r.OnDecide = func(c history.Choice) { chosen = c }
	if !tapButton(r, r.Words.T("identify.button")) || chosen != history.Identify {
		t.Errorf("asked for %q", chosen)
	}
	r.decidedAs(app.DecisionInput{Choice: history.Identify, Reason: "vouched", Note: "by their mother"})
	if text := kittest.Readable(r); !strings.Contains(text, r.Words.T("decision.identified")) ||
		strings.Contains(text, r.Words.T("decision.approved")) {
		t.Errorf("the result says %q", text)
	}
	unrecorded := shownCheck{Check: kittest.Compared(history.Pass, 99), unrecorded: &app.Problem{Key: "store.missing"}}
	if _, text := show(t, unrecorded); strings.Contains(text, r.Words.T("identify.how")) {
		t.Errorf("a check that is not recorded is offered for more: %q", text)
	}

	w := open(t, newFakeDesk())
	w.check.name.SetText(" Ada ")
	session := w.check.remote.session.Text
	test.Tap(w.check.without)
	if len(w.identify) != 1 || w.identify[0].Name != "Ada" || w.identify[0].Session != session {
		t.Errorf("%+v", w.identify)
	}
	if w.check.name.Text != "" || w.check.why.Text != w.Words.T("identify.done") || w.ended != 1 {
		t.Errorf("afterwards: %q, %q", w.check.name.Text, w.check.why.Text)
	}
}
