package views

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit/kittest"
)

func TestSavingReopensTheCameraAfterTheOldOneClosed(t *testing.T) {
	desk := newFakeDesk()
	var sources []*kittest.Source
	desk.source = func(string) app.Source {
		if n := len(sources); n > 0 && !sources[n-1].IsClosed() {
			t.Error("two cameras are open at once")
		}
		s := kittest.NewSource()
		sources = append(sources, s)
		return s
	}
	w := open(t, desk, "")
	w.tabs.SelectIndex(2)
	w.entry(t, "settings.camera_source").SetText("1")
	w.entry(t, "settings.models").SetText("/models")
	w.box(t, "settings.mirror").SetChecked(false)
	test.Tap(w.button(t, "settings.save"))
	w.until(t, "the success", func() bool { return strings.Contains(w.text(), w.Words.T("settings.saved_folders")) })
	w.until(t, "the new camera", func() bool { return len(sources) == 2 })
	if got := desk.opened[1]; got != "1" {
		t.Errorf("opened %q", got)
	}
	w.tabs.SelectIndex(0)
	w.until(t, "its picture", func() bool { return w.hasPicture() })
	sources[1].GiveAdvice(app.Advice{Size: image.Pt(64, 48), Faces: make([]app.Face, 1),
		Hint: app.Notice{Key: "coach.dark"}})
	marks, _ := kittest.Find[*draw.Outlines](w.check.Content)
	w.until(t, "the outline", func() bool { return len(marks.Faces) == 1 })
	if marks.Mirror {
		t.Error("the picture is still mirrored")
	}
	w.tabs.SelectIndex(2)
	w.entry(t, "settings.desk").SetText("Desk 2")
	test.Tap(w.button(t, "settings.save"))
	w.until(t, "the success", func() bool { return strings.Contains(w.text(), w.Words.T("settings.saved")+"\n") })
	if len(sources) != 2 {
		t.Error("the camera was reopened for another setting")
	}
}

func TestTheCameraIsNotChangedUnderACheck(t *testing.T) {
	desk := newFakeDesk()
	release := make(chan struct{})
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		<-release
		return kittest.Compared(history.Pass, 90), nil
	}
	w := open(t, desk, "")
	ready(t, w)
	w.check.Begin()
	w.tabs.Select(w.settingsTab)
	w.entry(t, "settings.camera_source").SetText("2")
	w.save(t)
	if len(desk.opened) != 1 {
		t.Error("the camera was changed while it was filming")
	}
	close(release)
	w.until(t, "the new camera", func() bool { return len(desk.opened) == 2 })
}

func TestAboutSaysWhatDecides(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	w.tabs.SelectIndex(2)
	w.until(t, "the engine", func() bool { return strings.Contains(w.text(), "go-face") })
	for _, want := range []string{"0.1.0", "shape.dat 0123456789ab", "MIT", "No liveness is claimed"} {
		if !strings.Contains(w.text(), want) {
			t.Errorf("About lacks %q", want)
		}
	}
}

// The scanner's folder is followed where the settings name one, and its offer goes with it.
func TestTheScannersFolderIsFollowed(t *testing.T) {
	desk := newFakeDesk()
	w := open(t, desk, "")
	for range 2 {
		old := desk.Settings()
		desk.Now.Folders.Scans = t.TempDir()
		w.settingsSaved(old, desk.Settings())
		w.until(t, "the offer", func() bool { return strings.Contains(w.text(), "New scan: scan.pdf") })
		old = desk.Settings()
		desk.Now.Folders.Scans = ""
		w.settingsSaved(old, desk.Settings())
		if strings.Contains(w.text(), "New scan") {
			t.Error("the offer of a folder that is not followed any more stays")
		}
	}
}

// Another part of the camera's picture opens the camera anew.
func TestAnotherPartReopensTheCamera(t *testing.T) {
	desk := newFakeDesk()
	var sources []*kittest.Source
	desk.source = func(string) app.Source {
		s := kittest.NewSource()
		s.Cut = desk.Settings().Camera.Part
		sources = append(sources, s)
		return s
	}
	w := open(t, desk, "")
	old, part := desk.Settings(), app.Part{X: 0.25, Width: 0.5, Height: 1}
	desk.Now.Camera.Part = part
	w.settingsSaved(old, desk.Settings())
	w.until(t, "the camera, opened anew", func() bool { return len(sources) == 2 && w.source == app.Source(sources[1]) })
	if !sources[0].IsClosed() || sources[1].Cut != part {
		t.Errorf("the new source has the part %q", sources[1].Cut)
	}
}

// Whatever is locked and however large the text is, the window fits a screen of 1024x700.
func TestTheWindowFitsASmallScreen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings.toml")
	const all = `locked = ["desk", "camera", "matching", "api", "consent", "operators", "folders", "retention", "privacy",
		"window", "facematch_conditions"]`
	if err := os.WriteFile(file, []byte(all), 0o600); err != nil {
		t.Fatal(err)
	}
	locked, err := settings.Open(settings.Files{Administrator: file})
	if err != nil {
		t.Fatal(err)
	}
	for _, percent := range []int{100, 130} {
		desk := newFakeDesk()
		desk.From, desk.Now.Window.TextPercent = locked.Sources(), percent
		desk.From.FirstStart = false
		desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
			return kittest.Compared(history.Refer, 70), nil
		}
		w := open(t, desk, "")
		fits := func(what string) {
			t.Helper()
			if min := w.win.Content().MinSize(); min.Width > minWidth || min.Height > minHeight {
				t.Errorf("%s at %d %% needs %v", what, percent, min)
			}
		}
		for i, tab := range w.tabs.Items {
			w.tabs.SelectIndex(i)
			fits(tab.Text)
		}
		w.tabs.Select(w.settingsTab)
		for _, page := range []string{"operators", "privacy", "backup", "centre", "desk"} {
			test.Tap(w.button(t, "settings.page."+page))
			fits(page)
		}
		w.tabs.SelectIndex(0)
		ready(t, w)
		fits("a check that can start")
		w.check.Begin()
		w.until(t, "the verdict", func() bool { return w.check.HasResult() })
		fits("the verdict")
	}
}

// Another size of the text counts as soon as it is saved.
func TestTheSizeOfTheTextCountsAtOnce(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	before := theme.TextSize()
	w.tabs.Select(w.settingsTab)
	test.Tap(kittest.ButtonOf(t, w.settings.Content, "130 %"))
	w.save(t)
	if got := theme.TextSize(); got != before*1.3 {
		t.Errorf("the text has the size %g, it had %g", got, before)
	}
}
