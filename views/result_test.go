package views

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

func show(t *testing.T, c shownCheck) (*resultView, string) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(newTheme())
	r := newResultView(parts{words: english(t), keys: &controls{escape: func() {}}}, newFakeDesk(), c)
	w := test.NewTempWindow(t, r)
	w.Resize(fyne.NewSize(1024, 600))
	return r, readable(r)
}

func TestEachVerdict(t *testing.T) {
	ended := func(o history.Outcome, p *app.Problem) app.Check {
		return app.Check{ID: "chk_1", Session: app.NewSession(), Outcome: o, Problem: p, Took: time.Second}
	}
	for _, c := range []struct {
		word  string
		shape shapeKind
		gauge bool
		check app.Check
	}{
		{"PASS", shapeTick, true, compared(history.Pass, 90, 80.5)},
		{"REFER", shapeQuestion, true, compared(history.Refer, 60, 50)},
		{"FAIL", shapeCross, true, compared(history.Fail, 0, 0)},
		{"NOT COMPARED", shapeCircle, false, notCompared(0, 1)},
		{"COULD NOT RUN", shapeTriangle, false, ended(history.CouldNotRun, &app.Problem{Key: "camera.lost"})},
		{"CANCELLED", shapeSquare, false, ended(history.Cancelled, nil)},
		{"UNKNOWN", shapeQuestion, false, ended(history.Unknown, nil)},
	} {
		t.Run(c.word, func(t *testing.T) {
			r, text := show(t, shownCheck{Check: c.check, rules: settings.Default().Conditions})
			if !strings.Contains("\n"+text, "\n"+c.word+"\n") {
				t.Errorf("the word is not there: %q", text)
			}
			if s, ok := find[*shape](r); !ok || s.look.shape != c.shape {
				t.Errorf("the shape is %+v", s)
			}
			if _, ok := find[*gauge](r); ok != c.gauge {
				t.Errorf("gauge shown: %v", ok)
			}
			if _, ok := find[*bars](r); ok != c.gauge {
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
	c := compared(history.Refer, 60, 50)
	c.Answer.Result.Scoring.FailedRefer = []string{"score >= 80 (was 55.00)"}
	_, text := show(t, shownCheck{Check: c})
	if !strings.Contains(text, "The score must be at least 80 to pass. It was 55.00.") ||
		!strings.Contains(text, "score >= 80 (was 55.00)") {
		t.Errorf("the screen says %q", text)
	}
	c.Answer.Result.Scoring.FailedRefer = []string{matcher.ReasonAnotherPerson}
	_, text = show(t, shownCheck{Check: c})
	w := english(t)
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
	c = compared(history.Pass, 90)
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
		if got := w.reason(rule); got != want {
			t.Errorf("%s: %q", rule, got)
		}
	}
}

func TestReferredForTheAge(t *testing.T) {
	w := english(t)
	c := compared(history.Refer, 90)
	c.Answer.Result.Scoring.FailedRefer = []string{app.ReasonMinor}
	_, text := show(t, shownCheck{Check: c})
	if !strings.Contains(text, w.T("reason.minor")) || !strings.Contains(text, w.T("meaning.refer_minor")) || strings.Contains(text, w.T("meaning.refer")) {
		t.Errorf("the screen says %q", text)
	}
	c.Answer.Result.Scoring.FailedRefer = []string{"score >= 80 (was 70.00)", app.ReasonMinor}
	_, text = show(t, shownCheck{Check: c})
	if !strings.Contains(text, w.T("reason.minor")) || !strings.Contains(text, w.T("meaning.refer")) || strings.Contains(text, w.T("meaning.refer_minor")) {
		t.Errorf("for the score as well: %q", text)
	}
}

// Where nothing but the film is in doubt, the screen does not say that the match is.
func TestReferredForTheFilm(t *testing.T) {
	w := english(t)
	c := compared(history.Refer, 90)
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
	c := compared(history.Pass, 90)
	if _, text := show(t, shownCheck{Check: c}); strings.Contains(text, "stranger") {
		t.Errorf("a rarity nobody measured: %q", text)
	}
	c.Answer.Rarity.OneIn, c.Answer.Rarity.Fewer = 10150, true
	if _, text := show(t, shownCheck{Check: c}); !strings.Contains(text, "\nFewer than 1 stranger in 10,000 measured scored this high.\n") {
		t.Errorf("the screen says %q", text)
	}
	c = notCompared(1, 0)
	c.Answer.Rarity.OneIn = 10150
	if _, text := show(t, shownCheck{Check: c}); strings.Contains(text, "stranger") {
		t.Errorf("a rarity of no score: %q", text)
	}
}

func TestAnUnrecordedPassIsNoPass(t *testing.T) {
	_, text := show(t, shownCheck{Check: compared(history.Pass, 99), unrecorded: &app.Problem{Key: "store.missing"}})
	if strings.Contains(text, "PASS\n") || !strings.Contains(text, "COULD NOT RUN") || strings.Contains(text, "99.00") {
		t.Errorf("the screen says %q", text)
	}
}

func TestDetailsAndCopy(t *testing.T) {
	c := compared(history.Pass, 90, 80)
	r, text := show(t, shownCheck{Check: c})
	copied := ""
	r.OnCopy = func(s string) { copied = s }
	for _, label := range []string{r.words.T("result.copy"), r.words.T("result.details")} {
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
		if !strings.Contains(readable(r), want) {
			t.Errorf("details lack %q", want)
		}
	}
}

func tapButton(in fyne.CanvasObject, label string) bool {
	tapped := false
	see(in, func(o fyne.CanvasObject) bool {
		if b, ok := o.(*button); ok && b.Text == label && !tapped {
			tapped = true
			test.Tap(b)
		}
		return true
	})
	return tapped
}

func TestGaugeBounds(t *testing.T) {
	pass, refer := 80.0, 45.0
	rule := func(field, op string, pass float64, refer *float64) app.Condition {
		return app.Condition{Field: field, Op: op, Pass: pass, Refer: refer}
	}
	for name, c := range map[string]struct {
		rules []app.Condition
		want  string
	}{
		"both":           {[]app.Condition{rule("score", ">=", pass, &refer)}, "[{0 45 fail} {45 80 refer} {80 100 pass}]"},
		"pass only":      {[]app.Condition{rule("score", ">", pass, nil)}, "[{0 80 fail} {80 100 pass}]"},
		"none":           {[]app.Condition{rule("code", "==", 0, nil)}, "[{0 100 }]"},
		"upside down":    {[]app.Condition{rule("score", "<=", pass, nil)}, "[{0 100 }]"},
		"second":         {[]app.Condition{rule("code", "==", 0, nil), rule("score", ">=", pass, nil)}, "[{0 80 fail} {80 100 pass}]"},
		"off the scale":  {[]app.Condition{rule("score", ">=", 120, &refer)}, "[{0 45 fail} {45 100 refer} {100 100 pass}]"},
		"below the zero": {[]app.Condition{rule("score", ">=", 50, pointer(-5.0))}, "[{0 0 fail} {0 50 refer} {50 100 pass}]"},
	} {
		if got := fmt.Sprint(scoreBounds(c.rules).zones()); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for needle, want := range map[float64][2]float64{10: {45, 80}, 50: {50, 80}, 75: {45, 75}, 45: {45, 80}} {
		if from, to := (zone{from: 45, to: 80}).beside(needle); from != want[0] || to != want[1] {
			t.Errorf("with the needle at %v the word lies from %v to %v", needle, from, to)
		}
	}
	test.NewTempApp(t).Settings().SetTheme(newTheme())
	for _, score := range []float64{0, 63.5, 100} {
		g := newGauge(score, fmt.Sprint(score), colorPass, bounds{pass: &pass, refer: &refer}, func(o history.Outcome) string { return string(o) })
		test.NewTempWindow(t, g).Resize(fyne.NewSize(400, 100))
		r := test.WidgetRenderer(g).(*gaugeRenderer)
		r.Layout(fyne.NewSize(400, gaugeHeight))
		if x, want := r.needle.Position1.X, 18+float32(score)/100*364; x < want-0.01 || x > want+0.01 {
			t.Errorf("the needle for %v stands at %v, not %v", score, x, want)
		}
		if at := r.value.Position().X; at < 0 || at+r.value.MinSize().Width > 400 {
			t.Errorf("the value for %v reaches over the edge", score)
		}
	}
}

func TestGaugeMarksDoNotOverlap(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(newTheme())
	for _, c := range []struct{ refer, pass, want string }{
		{"", "", "0 100"}, {"45", "80", "0 100 80 45"}, {"", "99.5", "0 99.5"}, {"98", "99.5", "0 99.5 98"},
		{"79.5", "80", "0 100 80 79.5"}, {"80", "80", "0 100 80"}, {"0", "0.5", "100 0.5 0"}, {"0.25", "100", "100 0.25"},
		{"45", "120", "0 120 45"}, {"0.25", "0.5", "100 0.5 0.25"}, {"-5", "50", "100 50 -5"},
		{"0.12345678901234", "0.12345678901235", ""}, // room for both on a wide gauge only
	} {
		bound := func(text string) *float64 {
			if text == "" {
				return nil
			}
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			return &v
		}
		g := newGauge(50, "50 %", colorPass, bounds{pass: bound(c.pass), refer: bound(c.refer)}, func(o history.Outcome) string { return string(o) })
		test.NewTempWindow(t, g)
		r := test.WidgetRenderer(g).(*gaugeRenderer)
		for _, width := range []float32{220, 600, 220} {
			r.Layout(fyne.NewSize(width, gaugeHeight))
			var shown []string
			for i, m := range r.marks {
				if m.Hidden {
					continue
				}
				shown = append(shown, m.Text)
				if x := m.Position().X; x < 0 || x+m.Size().Width > width {
					t.Errorf("%v: %s reaches over the edge", c, m.Text)
				}
				for _, n := range r.marks[i+1:] {
					if from, to := m.Position().X, n.Position().X; !n.Hidden && from < to+n.Size().Width && to < from+m.Size().Width {
						t.Errorf("%v: %s is printed over %s", c, m.Text, n.Text)
					}
				}
			}
			if got := strings.Join(shown, " "); c.want != "" && got != c.want {
				t.Errorf("%v, %v wide: %q can be read", c, width, got)
			}
		}
	}
}

func TestTheLowestFrameIsMarked(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   int
	}{{nil, -1}, {[]float64{5}, 0}, {[]float64{9, 3, 7, 3}, 1}} {
		if got := lowestOf(c.values); got != c.want {
			t.Errorf("%v: %d", c.values, got)
		}
	}
	_, text := show(t, shownCheck{Check: compared(history.Pass, 90, 81.25, 88)})
	if strings.Count(text, "lowest") != 1 || !strings.Contains(text, "81.25") {
		t.Errorf("the bars say %q", text)
	}
}
