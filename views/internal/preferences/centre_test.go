package preferences

import (
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/views/internal/draw"
)

// The page of the centre says how far it is, and its settings are saved.
func TestTheCentreInTheSettings(t *testing.T) {
	desk := newFakeDesk()
	w := openSettings(t, desk)
	s := w.settings
	s.open(pageCentre)
	w.Until(t, "that there is no centre", func() bool { return s.centre.state.Text == w.Words.T("centre.none") })
	if !strings.Contains(w.Text(), "facematch central enrol") {
		t.Error("how a desk is enrolled is not said")
	}
	s.centre.host.SetText("centre.example/x")
	if !s.save.Disabled() || !strings.Contains(s.centre.fault.Text, w.Words.T(settings.KeyCentralHost)) {
		t.Errorf("a host that is not valid: %q", s.centre.fault.Text)
	}
	s.open(pagePrivacy)
	if !strings.Contains(w.Text(), w.Words.T("settings.elsewhere", "Page", w.Words.T("settings.page.centre"))) {
		t.Error("another page does not say where the fault is")
	}
	s.open(pageCentre)
	s.centre.host.SetText(" centre.example ")
	s.centre.images.SetChecked(true)
	s.centre.recovery.SetChecked(true)
	desk.centre = history.CentreStatus{Chosen: true, Here: 1204, There: 1204}
	test.Tap(s.save)
	w.Until(t, "the success", func() bool { return s.message.Text == w.Words.T("settings.saved_centre") })
	now := desk.Settings().Central
	if now.Host != "centre.example" || !now.Push || !now.Images || now.Answers || !now.Recovery {
		t.Errorf("saved %+v", now)
	}
	w.Until(t, "that all is there", func() bool { return s.centre.state.Text == "All 1,204 records are at the centre." })
	desk.centre = history.CentreStatus{Chosen: true, Here: 1204, There: 1200, Problem: history.KeyCentreRefused,
		Since: time.Now()}
	s.Look()
	w.Until(t, "why not", func() bool { return s.centre.state.Importance == widget.WarningImportance })
	if words, _ := app.CentreWords(desk.centre); s.centre.state.Text != w.Words.Notice(words) {
		t.Errorf("it says %q", s.centre.state.Text)
	}
}

// coloured is a theme in light or dark.
type coloured struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

func (c coloured) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return c.Theme.Color(name, c.variant)
}

// TestCentrePictures draws the page of the centre in the folder FACEMATCH_PICTURES, to be
// looked at.
func TestCentrePictures(t *testing.T) {
	folder := os.Getenv("FACEMATCH_PICTURES")
	if folder == "" {
		t.Skip("FACEMATCH_PICTURES names no folder")
	}
	for name, variant := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
		desk := newFakeDesk()
		desk.From.Locked = []string{"central.images"}
		desk.centre = history.CentreStatus{Chosen: true, Here: 1204, There: 1190, Problem: history.KeyCentreRefused,
			Since: time.Now().Add(-5 * time.Hour)}
		w := openSettings(t, desk)
		w.App.Settings().SetTheme(coloured{draw.NewTheme(100), variant})
		w.Win.Resize(fyne.NewSize(1024, 700))
		w.settings.open(pageCentre)
		w.settings.centre.host.SetText("centre.bank.example")
		w.Until(t, "the state", func() bool { return w.settings.centre.state.Text != "" })
		w.settings.Content.Refresh()
		f, err := os.Create(filepath.Join(folder, "settings-"+name+".png"))
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
