package records

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/store"
	"facematch/store/storetest"
	"facematch/views/internal/charts"
	"facematch/views/internal/kit/kittest"
)

// year gives the numbers of a made-up year, as a desk's history counts them.
func year(t testing.TB) overview.Overview {
	t.Helper()
	home := storetest.Year(t)
	s, err := store.Open(context.Background(), store.Params{
		Path: filepath.Join(home, "data", "history.db"), Anchor: filepath.Join(home, "state", "anchor.jsonl"),
		KeyFile: filepath.Join(home, "data", "master.key"), ReadOnly: true, Now: time.Now,
		Alive: func(string) bool { return false }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	numbers, err := s.Overview(context.Background(), history.Filter{}, overview.Automatic)
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

// A year's charts tell what happened in it: which desk overrides, and whose camera went dim.
func TestAYearIsSeenAtAGlance(t *testing.T) {
	numbers := year(t)
	w, h := openedHistory(t, newRecordsFake())
	w.Win.Resize(fyne.NewSize(1024, 660))
	h.ToggleOverview()
	h.overview.Set(numbers, nil)
	ranges, lines := kittest.All[*charts.Ranges](h.overview.Box), kittest.All[*charts.Lines](h.overview.Box)
	if text := kittest.Readable(ranges[0]); !strings.Contains(text, "Desk 2\n") ||
		strings.Count(text, "above others") != 1 {
		t.Errorf("overridden by desk:\n%s", text)
	}
	// Both are named in words, and stand in the first row of charts, which needs no scrolling in the
	// smallest window.
	for _, want := range []string{"Overridden more often than elsewhere: Desk 2 (", "became worse: Desk 3 (from 8"} {
		if !strings.Contains(kittest.Readable(h.overview.Box), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	at := func(o fyne.CanvasObject) float32 { return w.App.Driver().AbsolutePositionForObject(o).Y }
	if at(ranges[0]) != at(lines[0]) || at(lines[0])+lines[0].Size().Height > at(h.list) {
		t.Errorf("the charts stand at %v and %v, the list at %v", at(ranges[0]), at(lines[0]), at(h.list))
	}
	if text := kittest.Readable(lines[0]); !strings.Contains(text, "Desk 3") {
		t.Errorf("the pictures' quality by desk:\n%s", text)
	}
	first, last := 0.0, 0.0
	for _, q := range numbers.Quality {
		if q.Desk == "Desk 3" && q.Pictures > 0 {
			if first == 0 {
				first = float64(q.Picture) / 100
			}
			last = float64(q.Picture) / 100
		}
	}
	if first < 75 || last > 65 {
		t.Errorf("the pictures of Desk 3 go from %v to %v", first, last)
	}
}

// BenchmarkOverviewIsDrawn measures from the numbers of a year to the painted window: the charts
// are made and laid out, and Fyne's software painter paints all of it.
func BenchmarkOverviewIsDrawn(b *testing.B) {
	numbers := year(b)
	for _, size := range []fyne.Size{{Width: 1024, Height: 700}, {Width: 1600, Height: 1000}} {
		name := map[float32]string{1024: "1024x700", 1600: "1600x1000"}[size.Width]
		w := shownHistory(b, newRecordsFake())
		w.Win.Resize(size)
		h := w.history
		h.ToggleOverview()
		b.Run("made/"+name, func(b *testing.B) {
			for b.Loop() {
				h.overview.Set(numbers, nil)
				h.area.Refresh()
			}
		})
		b.Run("painted/"+name, func(b *testing.B) {
			for b.Loop() {
				h.overview.Set(numbers, nil)
				h.area.Refresh()
				w.Win.Canvas().Capture()
			}
		})
	}
}
