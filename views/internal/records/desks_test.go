package records

import (
	"context"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit/kittest"
)

// centreFake is the centre: a history of many desks.
type centreFake struct {
	otherDesk
	desks []history.CentreDesk
	err   error
}

func (c *centreFake) CentreDesks(context.Context) ([]app.CentreDesk, error) {
	return app.CentreDesks(c.desks, time.Now()), c.err
}

// someDesks are desks in every state, and a few that are well.
func someDesks() []history.CentreDesk {
	now := time.Now()
	ago := func(d time.Duration) *time.Time {
		at := now.Add(-d)
		return &at
	}
	days := func(back ...int) (days []time.Time) {
		for _, n := range back {
			days = append(days, now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -n))
		}
		return days
	}
	about := func(doctor string) map[string]any {
		return map[string]any{
			"program": "1.4.0", "calibration": "fused 2026-11", "settings": strings.Repeat("4e17c0ab", 8),
			"administrator": strings.Repeat("b09a55f1", 8), "doctor": doctor, "doctor_at": now.UTC().Format(time.RFC3339),
		}
	}
	seq, off, right := int64(1205), -312.4, 0.2
	all := []history.CentreDesk{
		{Desk: "Counter 3", Branch: "Harbour Street", Head: 1204, Declared: 1301, Seen: ago(time.Minute), State: "forked",
			Fork: &seq, Clock: &right, About: about("ok")},
		{Desk: "Counter 1", Branch: "Old Market", Head: 88_410, Declared: 88_310, Seen: ago(time.Hour), State: "restored",
			Fork: &seq, Clock: &right, About: about("ok")},
		{Desk: "Counter 2", Branch: "Old Market", Head: 5120, Declared: 5300, Seen: ago(time.Minute), State: "ok",
			Behind: ago(30 * time.Hour), Clock: &right, About: about("ok")},
		{Desk: "Counter with a name that is too long for its column", Branch: "Railway Station, upper hall", State: "ok"},
		{Desk: "Counter 5", Branch: "Harbour Street", Head: 410, Declared: 410, Seen: ago(200 * time.Hour), State: "ok",
			Clock: &right, About: about("ok")},
		{Desk: "Counter 6", Branch: "Harbour Street", Head: 77_000, Declared: 77_000, Seen: ago(time.Minute), State: "ok",
			Worked: days(8, 15, 22, 29), Clock: &right, About: about("ok")},
		{Desk: "Counter 7", Branch: "Harbour Street", Head: 9, Declared: 9, Seen: ago(time.Minute), State: "ok",
			Clock: &off, About: about("ok")},
		{Desk: "Counter 8", Branch: "Harbour Street", Head: 9, Declared: 9, Seen: ago(time.Minute), State: "ok",
			Clock: &right, About: about("doctor.model")},
	}
	for i := range 12 {
		n := int64(4000 * (i + 1))
		all = append(all, history.CentreDesk{Desk: fmt.Sprint("Counter ", 10+i), Branch: "University", Head: n,
			Declared: n, Seen: ago(20 * time.Second), State: "ok", Clock: &right, About: about("ok")})
	}
	return all
}

func openedCentre(t *testing.T, desks []history.CentreDesk) (*shownScreen, *Screen, *centreFake) {
	t.Helper()
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	fake := &centreFake{otherDesk: otherDesk{History: newRecordsFake().History}, desks: desks}
	h.opened(fake, w.Words.T("history.of_centre"), nil)
	w.Until(t, "the centre's rows", func() bool { return h.Other != nil && len(h.rows) > 0 })
	return w, h, fake
}

// The page of desks says how each stands, those first that need a look, and goes away again.
func TestDesksOfTheCentre(t *testing.T) {
	w, h, fake := openedCentre(t, someDesks())
	if !h.showDesks.Visible() || h.desks.box.Visible() {
		t.Fatal("the centre offers no page of desks, or shows it unasked")
	}
	test.Tap(h.showDesks)
	w.Until(t, "the desks", func() bool { return strings.Contains(w.Text(), "Counter 21") })
	text := w.Text()
	for _, want := range []string{
		w.Words.T("desks.some", "Count", 8, "Number", "20"), "Fork at record 1,205", "Restored from before record 1,205",
		"Behind since", w.Words.T("desks.state.never"), "No call since", "No check on", w.Words.T("desks.state.clock"),
		"clock -312 s", "180 missing", "b09a55f1 + 4e17c0ab", "fused 2026-11", "1.4.0", ": model", ": no fault",
		w.Words.T("desks.unknown"), w.Words.T("desks.state.current"),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if h.area.Visible() {
		t.Error("the checks are shown beside it")
	}
	if w.Win.Canvas().Focused() != fyne.Focusable(h.desks.reader) {
		t.Error("the keys do not go to the table")
	}
	h.Escape()
	if h.desks.box.Visible() || !h.area.Visible() {
		t.Error("Escape does not bring the checks back")
	}
	fake.desks = nil
	test.Tap(h.showDesks)
	w.Until(t, "no desks", func() bool { return strings.Contains(w.Text(), w.Words.T("desks.none")) })
	fake.err = &app.Problem{Key: history.KeyCentreUnreached}
	test.Tap(h.desks.back)
	test.Tap(h.showDesks)
	w.Until(t, "the reason", func() bool {
		return strings.Contains(w.Text(), w.Words.ProblemText(&app.Problem{Key: history.KeyCentreUnreached}))
	})
	test.Tap(h.desks.back)
	test.Tap(h.back)
	w.Until(t, "our own rows", func() bool { return h.Other == nil && len(h.rows) > 0 })
	if h.OpenDesks(); h.desks.box.Visible() {
		t.Error("a desk's own history has a page of desks")
	}
}

// Every state has its words, and all but the good one say more.
func TestEveryStateOfADeskHasWords(t *testing.T) {
	words := kittest.English(t)
	for _, d := range app.CentreDesks(someDesks(), time.Now()) {
		if !words.Has(d.Words.Key) || d.State != app.DeskCurrent && !words.Has(d.Words.Key+".hint") {
			t.Errorf("%s has no words", d.Words.Key)
		}
	}
}

// The centre's branches can be filtered by; a desk's own history has none.
func TestBranchesAreAFilter(t *testing.T) {
	w, h, _ := openedCentre(t, nil)
	if h.filter.branches.Visible() {
		t.Error("branches are offered where there are none")
	}
	h.filter.offer(history.Choices{Branches: []string{"Harbour Street", "Old Market"}})
	test.Tap(h.filter.more)
	if !h.filter.branches.Visible() {
		t.Fatal("branches are not offered")
	}
	h.filter.branches.SetSelected("Old Market")
	w.Until(t, "the filter", func() bool { return slices.Equal(h.filtered.Branches, []string{"Old Market"}) })
	if !strings.Contains(w.Text(), "Branch Old Market") {
		t.Error("no chip says so")
	}
}

// TestDesksPictures draws the page of desks, and the centre's filters, in the folder
// FACEMATCH_PICTURES, to be looked at.
func TestDesksPictures(t *testing.T) {
	folder := os.Getenv("FACEMATCH_PICTURES")
	if folder == "" {
		t.Skip("FACEMATCH_PICTURES names no folder")
	}
	for name, variant := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
		w, h, fake := openedCentre(t, someDesks())
		w.App.Settings().SetTheme(kittest.In(variant))
		w.Win.Resize(fyne.NewSize(1024, 700))
		save := func(what string) {
			f, err := os.Create(filepath.Join(folder, what+"-"+name+".png"))
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
		h.filter.offer(history.Choices{
			Branches: []string{"Harbour Street"}, Desks: []string{"Counter 3"}, Operators: []string{"ada"},
		})
		test.Tap(h.filter.more)
		h.filter.branches.SetSelected("Harbour Street")
		w.Until(t, "the answer", func() bool { return !h.asking })
		save("centre")
		drawing := sampleOfTheCentre(70, 12, 200)
		h.Other = &otherDesk{History: drawing.History}
		h.PickSample()
		save("pick")
		test.Tap(kittest.ButtonOf(t, w.Win.Canvas().Overlays().Top(), w.Words.T("sample.pick")))
		w.Until(t, "the sample", func() bool { return h.sample != nil && len(h.rows) == 3 })
		save("sample")
		h.closeSample()
		drawing.Drawn[0].Looks = []history.Looked{{Look: history.Look{Check: "chk_12", Actor: history.Actor{Operator: "axel"}}}}
		h.PickSample()
		w.Until(t, "the earlier one", func() bool { return strings.Contains(w.DialogText(), "1 of 3") })
		kittest.EntryBeside(t, w.Win.Canvas().Overlays().Top(), w.Words.T("sample.of_file")).SetText("/home/ada/facematch.jsonl")
		save("pick-again")
		test.Tap(kittest.ButtonOf(t, w.Win.Canvas().Overlays().Top(), w.Words.T("button.cancel")))
		h.Other = fake
		test.Tap(h.showDesks)
		w.Until(t, "the desks", func() bool { return strings.Contains(w.Text(), "Counter 21") })
		save("desks")
	}
}
