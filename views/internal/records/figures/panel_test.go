package figures

import (
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/app/settings"
	"facematch/views/internal/charts"
	"facematch/views/internal/kit/kittest"
)

// madeUp counts a year at four desks: at Desk 2 most fails are overridden, and from June on
// the camera of Desk 3 is dim.
func madeUp(unit overview.Unit, operators bool) overview.Overview {
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	c := overview.NewCounter(history.Outcomes, now)
	r := rand.New(rand.NewPCG(1, 2))
	for _, desk := range []string{"Desk 1", "Desk 2", "Desk 3", "Desk 4"} {
		c.Desk(desk)
		for _, operator := range []string{" anna", " ben", " cleo"} {
			c.Operator(desk + operator)
		}
	}
	dim := time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)
	at := now.AddDate(-1, 0, 0).Add(8 * time.Hour)
	for ; at.Before(now); at = at.Add(time.Duration(r.IntN(17)) * time.Minute) {
		if at.Hour() >= 18 {
			at = at.Truncate(24 * time.Hour).Add(32 * time.Hour)
		}
		for at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
			at = at.AddDate(0, 0, 1)
		}
		desk := r.IntN(4)
		worse := 0.0
		if desk == 2 && at.After(dim) {
			worse = min(25, at.Sub(dim).Hours()/24)
		}
		x := overview.Check{At: at.UnixMilli(), Desk: desk, Operator: 3*desk + r.IntN(3), Took: 3000 + r.Int64N(5000),
			Waited: overview.None}
		quality := func(mean float64) int64 { return int64(max(0, min(100, mean+5*r.NormFloat64()))) }
		x.Portrait, x.Picture = quality(78), quality(82-worse)
		x.FilmedAnyway = r.IntN(100) < 2+int(worse/3)
		x.Score = int64(max(0, min(10_000, 8800-20*worse+700*r.NormFloat64())))
		outcome := history.Pass
		switch n := r.IntN(100); {
		case n < 4:
			outcome, x.Score = history.NotCompared, overview.None
		case n < 6:
			outcome, x.Score, x.Portrait, x.Picture = history.CouldNotRun, overview.None, overview.None, overview.None
			if r.IntN(3) == 0 {
				x.Decision = overview.Identified
			}
		case n < 10:
			outcome, x.Score = history.Fail, int64(r.IntN(6000))
			if desk == 1 && r.IntN(10) < 7 {
				x.Decision = overview.Decided
			}
		case x.Score < 8000:
			outcome, x.Decision, x.Waited = history.Refer, overview.Decided, r.Int64N(7200)
			if r.IntN(40) == 0 {
				x.Decision, x.Waited = overview.Open, overview.None
			}
		}
		x.Outcome, x.Verdict = slices.Index(history.Outcomes, outcome), overview.VerdictOf(outcome)
		c.Add(&x)
	}
	return c.Result(unit, operators)
}

// shown is a panel that shows these numbers.
func shown(t testing.TB, numbers overview.Overview) (*kittest.Window, *Panel) {
	t.Helper()
	w := kittest.Open(t)
	o := New(w.Parts, func() []app.Condition { return settings.Default().Conditions })
	o.Box.Show()
	w.Show(o.Box)
	o.Set(numbers, nil)
	return w, o
}

func TestOverviewShowsWhatStandsApart(t *testing.T) {
	w, o := shown(t, madeUp(overview.Automatic, false))
	text := kittest.Readable(o.charts)
	if !strings.Contains(text, "above others") || !strings.Contains(text, w.Words.T("overview.pictures_by_desk")) ||
		strings.Contains(text, w.Words.T("overview.by_operator")) {
		t.Errorf("the charts say:\n%s", text)
	}
	o.tables.SetChecked(true)
	text = kittest.Readable(o.Box)
	for _, want := range []string{"above the others", w.Words.T("overview.identified"), w.Words.T("overview.identified_note"),
		"1 Jun 2026", w.Words.T("overview.referrals"), "Desk 3"} {
		if !strings.Contains(text, want) {
			t.Errorf("the tables lack %q", want)
		}
	}
	if at := strings.Index(text, "overview."); at >= 0 {
		t.Errorf("a word is missing: %s", text[at:min(at+30, len(text))])
	}
	found := false
	for f := range kittest.Tabbed(t, w.Win.Canvas()) {
		found = found || f == fyne.Focusable(o.reader)
	}
	if !found {
		t.Error("the keys do not come to the tables")
	}
}

func TestOverviewOfOperators(t *testing.T) {
	w, o := shown(t, madeUp(overview.Automatic, true))
	if text := kittest.Readable(o.charts); !strings.Contains(text, w.Words.T("overview.by_operator")) ||
		!strings.Contains(text, "Desk 2 ben") {
		t.Errorf("the charts say:\n%s", text)
	}
}

// A click asks for what it was on, and the mouse finds the bar it is over, and what it says.
func TestAClickNarrows(t *testing.T) {
	_, o := shown(t, madeUp(overview.Automatic, true))
	var asked Narrow
	o.OnNarrow = func(n Narrow) { asked = n }
	stacks, ranges, lines := kittest.All[*charts.Stack](o.charts), kittest.All[*charts.Ranges](o.charts),
		kittest.All[*charts.Lines](o.charts)
	if len(stacks) != 4 || len(ranges) != 7 || len(lines) != 2 {
		t.Fatalf("%d, %d, %d charts", len(stacks), len(ranges), len(lines))
	}
	second, last := o.Numbers.Periods[1], o.Numbers.Periods[len(o.Numbers.Periods)-1]
	within := func(n Narrow) bool { return n.From.Equal(second.From) && n.To.Equal(second.To) }
	for _, c := range []struct {
		what string
		tap  func(int)
		part int
		want func(Narrow) bool
	}{
		{"a bar", stacks[0].OnTapped, 1, within},
		{"a place in a line", lines[0].OnTapped, 1, within},
		{"a desk", ranges[0].OnTapped, 1, func(n Narrow) bool { return slices.Equal(n.Desks, []string{"Desk 2"}) }},
		{"an operator", ranges[4].OnTapped, 4, func(n Narrow) bool { return slices.Equal(n.Operators, []string{"Desk 2 ben"}) }},
		{"a desk that identified without a match", stacks[1].OnTapped, 0, func(n Narrow) bool {
			return len(n.Desks) == 1 && n.Decision == history.Identified
		}},
		{"a band of scores", stacks[2].OnTapped, 49, func(n Narrow) bool { return *n.Least == 9800 && *n.Most == 10_000 }},
		{"open referrals", stacks[3].OnTapped, 0, func(n Narrow) bool { return n.Decision == history.Undecided }},
	} {
		asked = Narrow{}
		if c.tap(c.part); !c.want(asked) {
			t.Errorf("%s: %+v", c.what, asked)
		}
	}

	at := fyne.NewPos(stacks[0].Size().Width-4, stacks[0].Size().Height/2)
	stacks[0].MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at}})
	if text := kittest.Readable(stacks[0]); !strings.Contains(text, last.From.Format("2 Jan 2006: ")) {
		t.Errorf("under the mouse:\n%s", text)
	}
	test.TapAt(stacks[0], at)
	if !asked.From.Equal(last.From) {
		t.Errorf("%+v", asked)
	}
}

// TestOverviewPictures draws the overview in the folder FACEMATCH_PICTURES, to be looked at.
func TestOverviewPictures(t *testing.T) {
	folder := os.Getenv("FACEMATCH_PICTURES")
	if folder == "" {
		t.Skip("FACEMATCH_PICTURES names no folder")
	}
	for name, variant := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
		for _, size := range []fyne.Size{{Width: 1024, Height: 660}, {Width: 1280, Height: 860},
			{Width: 1024, Height: 2400}} {
			w, o := shown(t, madeUp(overview.Automatic, true))
			w.App.Settings().SetTheme(kittest.In(variant))
			o.show()
			w.Win.Resize(size)
			f, err := os.Create(filepath.Join(folder,
				name+"-"+strings.TrimSuffix(time.Duration(size.Width*size.Height).String(), "ns")+".png"))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, w.Win.Canvas().Capture()); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
