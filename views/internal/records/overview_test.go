package records

import (
	"context"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
	"facematch/views/internal/charts"
	"facematch/views/internal/draw"
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
	for at := now.AddDate(-1, 0, 0).Add(8 * time.Hour); at.Before(now); at = at.Add(time.Duration(r.IntN(17)) * time.Minute) {
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

// overviewed is a screen that shows the made-up year.
func overviewed(t *testing.T, operators bool) (*shownScreen, *Screen, func() []history.Filter) {
	t.Helper()
	desk := newRecordsFake()
	var mu sync.Mutex
	var asked []history.Filter
	desk.OnOverview = func(_ context.Context, f history.Filter, u overview.Unit) (overview.Overview, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, f)
		return madeUp(u, operators), nil
	}
	w, h := openedHistory(t, desk)
	h.ToggleOverview()
	w.Until(t, "the overview", func() bool { return h.overview.asked && h.overview.numbers.Checks > 0 })
	return w, h, func() []history.Filter {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(asked)
	}
}

func TestOverviewShowsWhatStandsApart(t *testing.T) {
	w, h, _ := overviewed(t, false)
	text := kittest.Readable(h.overview.charts)
	if !strings.Contains(text, "above others") || !strings.Contains(text, w.Words.T("overview.pictures_by_desk")) ||
		strings.Contains(text, w.Words.T("overview.by_operator")) {
		t.Errorf("the charts say:\n%s", text)
	}
	h.overview.tables.SetChecked(true)
	text = kittest.Readable(h.overview.box)
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
		found = found || f == fyne.Focusable(h.overview.reader)
	}
	if !found {
		t.Error("the keys do not come to the tables")
	}
}

// What needs a look stands in one line above the list, and goes with another history.
func TestWhatNeedsALook(t *testing.T) {
	desk := newRecordsFake()
	desk.Notices = []matcher.Notice{
		{Key: "attention.referrals", Params: map[string]any{"Count": 3}},
		{Key: "attention.silent", Params: map[string]any{"Desks": "Desk 4", "Day": "5 Nov 2026"}},
	}
	w, h := openedHistory(t, desk)
	w.Until(t, "the line", func() bool { return !h.attention.Hidden })
	if text := h.attention.Text; !strings.Contains(text, "3 referrals") || !strings.Contains(text, "Desk 4") ||
		strings.Contains(text, "\n") {
		t.Errorf("it says %q", text)
	}
	desk.Notices = nil
	h.Refresh()
	w.Until(t, "nothing to look at", func() bool { return h.attention.Hidden })
}

func TestOverviewOfOperators(t *testing.T) {
	w, h, _ := overviewed(t, true)
	if text := kittest.Readable(h.overview.charts); !strings.Contains(text, w.Words.T("overview.by_operator")) ||
		!strings.Contains(text, "Desk 2 ben") {
		t.Errorf("the charts say:\n%s", text)
	}
}

func TestAClickInTheOverviewSetsTheFilter(t *testing.T) {
	w, h, asked := overviewed(t, false)
	stacks := kittest.All[*charts.Stack](h.overview.charts)
	ranges := kittest.All[*charts.Ranges](h.overview.charts)
	lines := kittest.All[*charts.Lines](h.overview.charts)
	if len(stacks) != 4 || len(ranges) != 4 || len(lines) != 2 {
		t.Fatalf("%d, %d, %d charts", len(stacks), len(ranges), len(lines))
	}
	second, last := h.overview.numbers.Periods[1], h.overview.numbers.Periods[len(h.overview.numbers.Periods)-1]
	check := func(what string, tap func(), want func(history.Filter) bool) {
		t.Helper()
		before := len(asked())
		h.filter.reset()
		w.Until(t, "no filter", func() bool { return len(asked()) > before })
		before = len(asked())
		tap()
		w.Until(t, what, func() bool { return len(asked()) > before })
		if last := asked()[len(asked())-1]; !want(last) {
			t.Errorf("%s: %+v", what, last)
		}
	}
	within := func(f history.Filter) bool { return f.From.Equal(second.From) && f.To.Equal(second.To) }
	check("a bar", func() { stacks[0].OnTapped(1) }, within)
	check("a place in a line", func() { lines[0].OnTapped(1) }, within)
	check("a desk", func() { ranges[0].OnTapped(1) },
		func(f history.Filter) bool { return slices.Equal(f.Desks, []string{"Desk 2"}) })
	check("a band of scores", func() { stacks[2].OnTapped(49) },
		func(f history.Filter) bool { return *f.LeastScore == 9800 && *f.MostScore == 10_000 })
	check("a desk that identified without a match", func() { stacks[1].OnTapped(0) }, func(f history.Filter) bool {
		return len(f.Desks) == 1 && slices.Equal(f.Decisions, []history.DecisionState{history.Identified})
	})
	check("open referrals", func() { stacks[3].OnTapped(0) }, func(f history.Filter) bool {
		return slices.Equal(f.Decisions, []history.DecisionState{history.Undecided})
	})

	// The mouse finds the bar it is over, and what it says.
	at := fyne.NewPos(stacks[0].Size().Width-4, stacks[0].Size().Height/2)
	stacks[0].MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at}})
	if text := kittest.Readable(stacks[0]); !strings.Contains(text, last.From.Format("2 Jan 2006: ")) {
		t.Errorf("under the mouse:\n%s", text)
	}
	before := len(asked())
	test.TapAt(stacks[0], at)
	w.Until(t, "a click", func() bool { return len(asked()) > before })
	if f := asked()[len(asked())-1]; !f.From.Equal(last.From) {
		t.Errorf("%+v", f)
	}
}

// A stretch of UTC days is asked for exactly, whatever the time zone of this computer is.
func TestAStretchOfTheOverviewInAnotherZone(t *testing.T) {
	since, until := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("UTC+2", 7200)} {
		time.Local = zone
		q := query{from: time.Now()}
		q.within(since, until)
		f := q.filter(time.Now())
		if !f.From.Equal(since) || !f.To.Equal(until) {
			t.Errorf("%s: %v to %v", zone, f.From, f.To)
		}
		chips := chipsOf(kittest.English(t), q)
		if len(chips) != 1 || !strings.Contains(chips[0].text, "1 Jun 2026") ||
			!strings.Contains(chips[0].text, "30 Jun 2026") ||
			strings.Contains(chips[0].text, "UTC") != (zone != time.UTC) {
			t.Errorf("%s: %+v", zone, chips)
		}
	}
}

// in is a theme in light or dark.
type in struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

func (i in) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return i.Theme.Color(name, i.variant)
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
			w, h, _ := overviewed(t, true)
			w.App.Settings().SetTheme(in{draw.NewTheme(100), variant})
			h.overview.show()
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
