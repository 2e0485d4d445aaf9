package draw

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
)

func TestGaugeBounds(t *testing.T) {
	pass, refer := 80.0, 45.0
	rule := func(field, op string, pass float64, refer *float64) app.Condition {
		return app.Condition{Field: field, Op: op, Pass: pass, Refer: refer}
	}
	for name, c := range map[string]struct {
		rules []app.Condition
		want  string
	}{
		"both":        {[]app.Condition{rule("score", ">=", pass, &refer)}, "[{0 45 fail} {45 80 refer} {80 100 pass}]"},
		"pass only":   {[]app.Condition{rule("score", ">", pass, nil)}, "[{0 80 fail} {80 100 pass}]"},
		"none":        {[]app.Condition{rule("code", "==", 0, nil)}, "[{0 100 }]"},
		"upside down": {[]app.Condition{rule("score", "<=", pass, nil)}, "[{0 100 }]"},
		"second": {
			[]app.Condition{rule("code", "==", 0, nil), rule("score", ">=", pass, nil)}, "[{0 80 fail} {80 100 pass}]",
		},
		"off the scale":  {[]app.Condition{rule("score", ">=", 120, &refer)}, "[{0 45 fail} {45 100 refer} {100 100 pass}]"},
		"below the zero": {[]app.Condition{rule("score", ">=", 50, new(-5.0))}, "[{0 0 fail} {0 50 refer} {50 100 pass}]"},
	} {
		if got := fmt.Sprint(ScoreBounds(c.rules).zones()); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for needle, want := range map[float64][2]float64{10: {45, 80}, 50: {50, 80}, 75: {45, 75}, 45: {45, 80}} {
		if from, to := (zone{from: 45, to: 80}).beside(needle); from != want[0] || to != want[1] {
			t.Errorf("with the needle at %v the word lies from %v to %v", needle, from, to)
		}
	}
	test.NewTempApp(t).Settings().SetTheme(NewTheme(100))
	for _, score := range []float64{0, 63.5, 100} {
		g := NewGauge(
			score, fmt.Sprint(score), ColorPass, bounds{pass: &pass, refer: &refer}, func(o history.Outcome) string {
				return string(o)
			},
		)
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
	test.NewTempApp(t).Settings().SetTheme(NewTheme(100))
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
		g := NewGauge(
			50, "50 %", ColorPass, bounds{pass: bound(c.pass), refer: bound(c.refer)}, func(o history.Outcome) string {
				return string(o)
			},
		)
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

func TestLowestOf(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   int
	}{{nil, -1}, {[]float64{5}, 0}, {[]float64{9, 3, 7, 3}, 1}} {
		if got := lowestOf(c.values); got != c.want {
			t.Errorf("%v: %d", c.values, got)
		}
	}
}
