package views

import (
	"context"
	"strings"
	"sync"
	"testing"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

func TestSettingsAreCheckedWhileTyped(t *testing.T) {
	w := open(t, newFakeDesk(), "")
	w.tabs.SelectIndex(2)
	s := w.settings
	if !s.save.Disabled() || !s.undo.Disabled() {
		t.Error("unchanged settings can be saved or undone")
	}
	bad := func(field *kit.Entry, text, want string) {
		t.Helper()
		good := field.Text
		field.SetText(text)
		if !strings.Contains(w.text(), want) || !s.save.Disabled() || s.undo.Disabled() {
			t.Errorf("%q: saveable %v, the screen says %q", text, !s.save.Disabled(), w.text())
		}
		field.SetText(good)
		if strings.Contains(w.text(), want) {
			t.Errorf("%q: the complaint stays", text)
		}
	}
	bad(s.camera, " ", w.Words.T("settings.no_camera"))
	bad(s.camera, "rtsp://me:secret@camera/", w.Words.T("settings.camera_password"))
	bad(s.models, "models", w.Words.T("settings.folder", "Name", "models"))
	bad(s.conditions, "[[facematch_conditions]]\nfield = \"score\"\nop = \"~\"\npass = 1.0\n", "line 3")
	bad(s.conditions, "", "line 1")

	s.deskName.SetText("Desk 7")
	if s.save.Disabled() {
		t.Error("good settings cannot be saved")
	}
	test.Tap(s.undo)
	if s.deskName.Text != "Desk 1" || !s.save.Disabled() {
		t.Error("undo does not bring the settings back")
	}
}

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
	w.settings.camera.SetText("1")
	w.settings.models.SetText("/models")
	w.settings.mirror.SetChecked(false)
	test.Tap(w.settings.save)
	w.until(t, "the success", func() bool { return strings.Contains(w.text(), w.Words.T("settings.saved_folders")) })
	w.until(t, "the new camera", func() bool { return len(sources) == 2 })
	if got := desk.opened[1]; got != "1" {
		t.Errorf("opened %q", got)
	}
	w.tabs.SelectIndex(0)
	w.until(t, "its picture", func() bool { return w.check.preview.there })
	if w.check.preview.mirror.Load() {
		t.Error("the picture is still mirrored")
	}
	w.tabs.SelectIndex(2)
	w.settings.deskName.SetText("Desk 2")
	test.Tap(w.settings.save)
	w.until(t, "the success", func() bool { return strings.Contains(w.text(), w.Words.T("settings.saved")+"\n") })
	if len(sources) != 2 {
		t.Error("the camera was reopened for another setting")
	}
}

func TestTheCameraIsNotChangedUnderACheck(t *testing.T) {
	desk := newFakeDesk()
	release := make(chan struct{})
	desk.check = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		<-release
		return compared(history.Pass, 90), nil
	}
	w := open(t, desk, "")
	ready(t, w)
	w.check.begin()
	w.settings.camera.SetText("2")
	w.settings.store()
	w.until(t, "the success", func() bool { return w.settings.message.Text == w.Words.T("settings.saved") })
	if len(desk.opened) != 1 {
		t.Error("the camera was changed while it was filming")
	}
	close(release)
	w.until(t, "the new camera", func() bool { return len(desk.opened) == 2 })
}

func TestSettingsThatCannotBeSaved(t *testing.T) {
	desk := newFakeDesk()
	desk.OnSave = func(settings.Settings) error { return &app.Problem{Key: "settings.unwritable"} }
	w := open(t, desk, "")
	w.tabs.SelectIndex(2)
	w.settings.deskName.SetText("Desk 9")
	test.Tap(w.settings.save)
	w.until(t, "the fault", func() bool { return strings.Contains(w.text(), w.Words.T("settings.unwritable")) })
	if w.settings.deskName.Text != "Desk 9" || w.settings.save.Disabled() {
		t.Error("what was typed is lost, or cannot be tried again")
	}
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

// Cameras are chosen by name and come and go while the screen is shown; the field
// holds what counts.
func TestCamerasAreChosenByName(t *testing.T) {
	desk := newFakeDesk()
	var mu sync.Mutex
	var plugged []app.Camera
	plug := func(all ...app.Camera) {
		mu.Lock()
		defer mu.Unlock()
		plugged = all
	}
	desk.OnCameras = func() []app.Camera {
		mu.Lock()
		defer mu.Unlock()
		return plugged
	}
	w := open(t, desk, "")
	cameras, field := w.settings.cameras, w.settings.camera
	w.tabs.SelectIndex(2)
	if !cameras.list.Disabled() || cameras.list.PlaceHolder != w.Words.T("settings.camera_none") {
		t.Error("without a camera one can be chosen")
	}
	web := app.Camera{Name: "HD Pro Webcam C920", Address: "/dev/v4l/by-id/usb-c920"}
	built := app.Camera{Name: "Integrated Camera", Address: "/dev/video0", Problem: &app.Problem{Key: "camera.denied"}}
	plug(built, web)
	w.until(t, "the cameras", func() bool { return len(cameras.list.Options) == 3 })
	if cameras.list.Selected != "Integrated Camera" || !strings.Contains(w.text(), w.Words.T("camera.denied")) {
		t.Errorf("0 is shown as %q", cameras.list.Selected)
	}
	if !w.settings.save.Disabled() {
		t.Error("the list changed the settings by itself")
	}
	cameras.list.SetSelected("HD Pro Webcam C920")
	if field.Text != web.Address || w.settings.save.Disabled() || strings.Contains(w.text(), w.Words.T("camera.denied")) {
		t.Errorf("the choice gives %q", field.Text)
	}
	field.SetText("rtsp://door/live")
	if cameras.list.Selected != w.Words.T("settings.camera_other") {
		t.Errorf("an address is shown as %q", cameras.list.Selected)
	}
	cameras.list.SetSelected("HD Pro Webcam C920")
	plug(built)
	w.until(t, "that one was pulled out", func() bool { return len(cameras.list.Options) == 2 })
	if field.Text != web.Address {
		t.Errorf("pulled out, the choice became %q", field.Text)
	}
	cameras.list.SetSelected("Integrated Camera")
	cameras.list.SetSelected(w.Words.T("settings.camera_other"))
	if field.Text != "" || !strings.Contains(w.text(), w.Words.T("settings.no_camera")) {
		t.Errorf("another source leaves %q", field.Text)
	}
	w.tabs.SelectIndex(0)
	if cameras.looking != nil {
		t.Error("nobody sees it, and yet it looks for cameras")
	}
}
