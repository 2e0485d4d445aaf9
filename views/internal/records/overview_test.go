package records

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2/widget"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
	"facematch/views/internal/kit/kittest"
	"facematch/views/internal/records/figures"
)

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

// What is clicked in the overview is asked for, beside what was asked for before.
func TestTheOverviewNarrowsTheFilter(t *testing.T) {
	desk := newRecordsFake()
	var mu sync.Mutex
	var asked []history.Filter
	desk.OnOverview = func(_ context.Context, f history.Filter, _ overview.Unit) (overview.Overview, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, f)
		return overview.Overview{Checks: int64(len(asked))}, nil
	}
	w, h := openedHistory(t, desk)
	h.ToggleOverview()
	since, until := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 8, 0, 0, 0, 0, time.UTC)
	for i, n := range []figures.Narrow{
		{}, {Desks: []string{"Counter 3"}}, {From: since, To: until}, {Least: new(int64(100)), Most: new(int64(200))},
		{Decision: history.Undecided}, {Operators: []string{"ana"}},
	} {
		if i > 0 {
			h.overview.OnNarrow(n)
		}
		w.Until(t, "the overview", func() bool { return h.overview.Numbers.Checks == int64(i+1) })
	}
	mu.Lock()
	defer mu.Unlock()
	f := asked[len(asked)-1]
	if !slices.Equal(f.Desks, []string{"Counter 3"}) || !f.From.Equal(since) || !f.To.Equal(until) ||
		*f.LeastScore != 100 ||
		*f.MostScore != 200 || !slices.Equal(f.Decisions, []history.DecisionState{history.Undecided}) ||
		!slices.Equal(f.Operators, []string{"ana"}) {
		t.Errorf("%+v", f)
	}
	h.Forget()
	if h.overview.Shown() || h.overview.Numbers.Checks != 0 || h.showOverview.Importance != widget.MediumImportance {
		t.Error("the next operator sees the overview, or that it is open")
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
