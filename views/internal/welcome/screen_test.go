package welcome

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/settings"
	"facematch/views/internal/kit/kittest"
)

// shown is the welcome in a window of its own.
type shown struct {
	*kittest.Window
	welcome *Screen
	tried   []string
	done    bool
}

func open(t *testing.T, desk *kittest.DeskSettings) *shown {
	t.Helper()
	w := &shown{Window: kittest.Open(t)}
	w.welcome = New(w.Parts, desk, Hooks{
		Try:  func(address string) { w.tried = append(w.tried, address) },
		Done: func(_, _ settings.Settings) { w.done = true },
	})
	w.OnEscape = w.welcome.Escape
	w.Window.Show(w.welcome.Content)
	w.welcome.SetSource(kittest.NewSource())
	w.welcome.Show(true)
	return w
}

func twoCameras() []app.Camera {
	return []app.Camera{
		{Name: "Built-in", Address: "/dev/video0"},
		{Name: "Logi", Address: "/dev/video2", Problem: &app.Problem{Key: "camera.busy"}},
	}
}

// The three steps with the keys alone: the camera that was chosen and the name that was
// typed are saved at the end, and not before.
func TestThreeSteps(t *testing.T) {
	desk := kittest.NewDeskSettings()
	desk.OnCameras = twoCameras
	saved := 0
	desk.OnSave = func(settings.Settings) error {
		saved++
		return nil
	}
	w := open(t, desk)
	w.Until(t, "the cameras", func() bool { return w.welcome.list.Selected == "Built-in" })
	if len(w.tried) != 0 {
		t.Errorf("the camera in use is opened anew: %q", w.tried)
	}
	w.Win.Canvas().Focus(w.welcome.list)
	w.TypeKey(fyne.KeyRight)
	if len(w.tried) != 1 || w.tried[0] != "/dev/video2" {
		t.Fatalf("tried %q", w.tried)
	}
	if !strings.Contains(w.Text(), w.Words.T("camera.busy")) {
		t.Error("nothing says why the camera gives no picture")
	}
	w.Win.Canvas().Focus(w.welcome.next)
	w.TypeKey(fyne.KeyReturn)
	if w.Win.Canvas().Focused() != w.welcome.name || w.welcome.name.SelectedText() != "Desk 1" {
		t.Fatalf("the name has not the keys, or is not marked: %q", w.welcome.name.SelectedText())
	}
	w.TypeKey(fyne.KeyBackspace)
	test.Type(w.welcome.name, "Counter 3")
	w.TypeKey(fyne.KeyReturn)
	if !strings.Contains(w.Text(), w.Words.T("welcome.ready")) || saved != 0 {
		t.Fatalf("saved %d times, the screen says %q", saved, w.Text())
	}
	w.Escape()
	if w.welcome.step != 1 {
		t.Error("Escape does not go back")
	}
	w.TypeKey(fyne.KeyReturn)
	w.TypeKey(fyne.KeyReturn)
	w.Until(t, "the end", func() bool { return w.done })
	if now := desk.Settings(); now.Desk != "Counter 3" || now.Camera.Source != "/dev/video2" || saved != 1 {
		t.Errorf("saved %d times: %q, %q", saved, now.Desk, now.Camera.Source)
	}
}

// Skipping saves the settings as they were, so that the next start is not the first.
func TestSkip(t *testing.T) {
	for name, fault := range map[string]error{"saved": nil, "not saved": &app.Problem{Key: "settings.unwritable"}} {
		t.Run(name, func(t *testing.T) {
			desk := kittest.NewDeskSettings()
			desk.OnCameras = twoCameras
			saved := 0
			desk.OnSave = func(settings.Settings) error {
				saved++
				return fault
			}
			w := open(t, desk)
			w.Until(t, "the cameras", func() bool { return len(w.welcome.cameras) == 2 })
			w.welcome.list.SetSelectedIndex(1)
			test.Tap(kittest.ButtonOf(t, w.welcome.Content, w.Words.T("welcome.skip")))
			w.Until(t, "the end", func() bool { return w.done })
			if saved != 1 || desk.Settings().Camera.Source != "0" {
				t.Errorf("saved %d times, with %q", saved, desk.Settings().Camera.Source)
			}
		})
	}
}

// What cannot be saved is said, and what was typed stays.
func TestSettingsThatCannotBeSaved(t *testing.T) {
	desk := kittest.NewDeskSettings()
	desk.OnSave = func(settings.Settings) error { return &app.Problem{Key: "settings.unwritable"} }
	w := open(t, desk)
	for range 3 {
		w.welcome.forth()
	}
	w.Until(t, "the reason", func() bool { return strings.Contains(w.Text(), w.Words.T("settings.unwritable")) })
	if w.done || w.welcome.next.Disabled() {
		t.Error("it is over, or cannot be tried again")
	}
}

func TestANameThatIsTooLong(t *testing.T) {
	w := open(t, kittest.NewDeskSettings())
	w.welcome.forth()
	w.welcome.name.SetText(strings.Repeat("x", 81))
	if !w.welcome.next.Disabled() || !strings.Contains(w.Text(), w.Words.T("settings.desk_name", "Max", 80)) {
		t.Errorf("the screen says %q", w.Text())
	}
	w.welcome.name.OnSubmitted("")
	if w.welcome.step != 1 {
		t.Error("Return goes on with it")
	}
}

// Without a camera that is said, and one that is plugged in comes up by itself.
func TestWithoutACamera(t *testing.T) {
	desk := kittest.NewDeskSettings()
	w := open(t, desk)
	w.Until(t, "that there is none", func() bool { return strings.Contains(w.Text(), w.Words.T("welcome.no_camera")) })
	w.welcome.showCameras(twoCameras())
	if strings.Contains(w.Text(), w.Words.T("welcome.no_camera")) || w.welcome.list.Selected != "Built-in" {
		t.Error("the camera does not come up")
	}
}

// What the administrator locked cannot be chosen.
func TestLockedSettings(t *testing.T) {
	desk := kittest.NewDeskSettings()
	desk.From.Locked = []string{"camera.source", "desk"}
	w := open(t, desk)
	if !w.welcome.list.Disabled() || !strings.Contains(w.Text(), w.Words.T("welcome.locked")) {
		t.Error("a locked camera can be chosen")
	}
	w.welcome.forth()
	if !w.welcome.name.Disabled() || w.Win.Canvas().Focused() != w.welcome.next {
		t.Error("a locked name can be typed")
	}
}

// Each step fits the smallest window, and Tab reaches what it has.
func TestTheStepsFit(t *testing.T) {
	desk := kittest.NewDeskSettings()
	desk.OnCameras = twoCameras
	w := open(t, desk)
	for step, wanted := range [][]fyne.Focusable{
		{w.welcome.list, w.welcome.skip, w.welcome.next}, {w.welcome.name, w.welcome.back, w.welcome.next},
		{w.welcome.back, w.welcome.next},
	} {
		w.welcome.goTo(step)
		if size := w.welcome.Content.MinSize(); size.Width > 1016 || size.Height > 610 {
			t.Errorf("step %d takes at least %v", step+1, size)
		}
		w.Until(t, "the cameras", func() bool { return len(w.welcome.cameras) == 2 })
		seen := kittest.Tabbed(t, w.Win.Canvas())
		for _, f := range wanted {
			if !seen[f] {
				t.Errorf("step %d: Tab does not reach %T", step+1, f)
			}
		}
	}
}
