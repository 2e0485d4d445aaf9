package preferences

import (
	"context"
	"image"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// fakeDesk is what the screen needs of the desk.
type fakeDesk struct {
	*kittest.DeskSettings
	*kittest.Staff
	*kittest.Token
	*kittest.Backups
	centre history.CentreStatus
}

func (d *fakeDesk) CentreStatus(context.Context) (history.CentreStatus, error) { return d.centre, nil }

func newFakeDesk() *fakeDesk {
	return &fakeDesk{
		DeskSettings: kittest.NewDeskSettings(), Staff: &kittest.Staff{}, Token: &kittest.Token{}, Backups: &kittest.Backups{},
	}
}

// staffedSettings is a desk with operators, where the administrator is signed in.
func staffedSettings() *fakeDesk {
	d := newFakeDesk()
	d.Staff = kittest.Staffed()
	d.SignedIn = "ada"
	return d
}

// settingsOfAPI is a desk with an API and its token.
func settingsOfAPI(mode history.Mode) *fakeDesk {
	d := newFakeDesk()
	d.Now.Matching.Mode, d.Now.API.Base = mode, "https://api.test"
	d.Secret, d.Place = "tok", token.File
	return d
}

// shownSettings is the Settings screen in a window of its own.
type shownSettings struct {
	*kittest.Window
	settings *Screen
	saved    settings.Settings // the newest that were saved
	left     int               // how much is left to set up
	asked    int               // how often the recovery passphrase was asked for
}

func openSettings(t *testing.T, desk *fakeDesk) *shownSettings {
	t.Helper()
	w := &shownSettings{Window: kittest.Open(t)}
	source := kittest.NewSource()
	w.settings = New(w.Parts, desk, Hooks{
		Source: func() app.Source { return source },
		Saved:  func(_, now settings.Settings) { w.saved = now },

		SetRecovery: func() { w.asked++ }, SetupLeft: func(count int) { w.left = count },
	})
	w.Show(w.settings.Content)
	w.settings.Show(true)
	return w
}

// A list of the centre's is shown, and not changed here; the page says why.
func TestOperatorsFromTheCentre(t *testing.T) {
	signed, contact := time.Date(2026, 11, 28, 9, 30, 0, 0, time.Local), time.Date(2026, 11, 29, 15, 4, 0, 0, time.Local)
	for branch, key := range map[string]string{"north": "people.of_centre", operators.AllBranches: "people.of_centre_all"} {
		desk := staffedSettings()
		desk.FromCentre = &operators.FromCentre{Signed: signed, Branch: branch, Contact: contact}
		w := openSettings(t, desk)
		w.settings.open(pageOperators)
		words := w.Words.T(key, "Branch", branch, "Signed", "2026-11-28 09:30", "Contact", "2026-11-29 15:04")
		w.Until(t, "the list", func() bool {
			return strings.Contains(w.Text(), words) && strings.Contains(w.Text(), "olga")
		})
		for _, label := range []string{"people.add", "people.change", "people.remove"} {
			if b := kittest.ButtonOf(t, w.Win.Content(), w.Words.T(label)); !b.Disabled() {
				t.Errorf("%s: %s can be pressed", branch, label)
			}
		}
		desk.FromCentre = nil // the desk keeps its own list again
		w.settings.Look()
		w.Until(t, "its own list", func() bool { return !strings.Contains(w.Text(), words) })
		for _, label := range []string{"people.add", "people.change", "people.remove"} {
			if b := kittest.ButtonOf(t, w.Win.Content(), w.Words.T(label)); b.Disabled() {
				t.Errorf("%s: %s cannot be pressed", branch, label)
			}
		}
	}
}

func TestTabReachesTheSettings(t *testing.T) {
	w := openSettings(t, newFakeDesk())
	w.settings.conditions.advanced.SetChecked(true)
	seen := kittest.Tabbed(t, w.Win.Canvas())
	for name, f := range map[string]fyne.Focusable{
		"camera": w.settings.camera, "mirror": w.settings.mirror, "conditions": w.settings.conditions.text,
		"pass": w.settings.conditions.pass, "refer": w.settings.conditions.refer,
		"models": w.settings.models,
	} {
		if !seen[f] {
			t.Errorf("Tab does not reach %s", name)
		}
	}
}

func TestSettingsAreCheckedWhileTyped(t *testing.T) {
	w := openSettings(t, newFakeDesk())
	s := w.settings
	if !s.save.Disabled() || !s.undo.Disabled() {
		t.Error("unchanged settings can be saved or undone")
	}
	bad := func(field *kit.Entry, text, want string) {
		t.Helper()
		good := field.Text
		field.SetText(text)
		if !strings.Contains(w.Text(), want) || !s.save.Disabled() || s.undo.Disabled() {
			t.Errorf("%q: saveable %v, the screen says %q", text, !s.save.Disabled(), w.Text())
		}
		field.SetText(good)
		if strings.Contains(w.Text(), want) {
			t.Errorf("%q: the complaint stays", text)
		}
	}
	bad(s.camera, " ", w.Words.T("settings.no_camera"))
	bad(s.camera, "rtsp://me:secret@camera/", w.Words.T("settings.camera_password"))
	bad(s.models, "models", w.Words.T("settings.folder", "Name", "models"))
	bad(s.conditions.text, "[[facematch_conditions]]\nfield = \"score\"\nop = \"~\"\npass = 1.0\n", "line 3")
	bad(s.conditions.text, "", "line 1")

	s.deskName.SetText("Desk 7")
	if s.save.Disabled() {
		t.Error("good settings cannot be saved")
	}
	test.Tap(s.undo)
	if s.deskName.Text != "Desk 1" || !s.save.Disabled() {
		t.Error("undo does not bring the settings back")
	}
}

func TestSettingsThatCannotBeSaved(t *testing.T) {
	desk := newFakeDesk()
	desk.OnSave = func(settings.Settings) error { return &app.Problem{Key: "settings.unwritable"} }
	w := openSettings(t, desk)
	w.settings.deskName.SetText("Desk 9")
	test.Tap(w.settings.save)
	w.Until(t, "the fault", func() bool { return strings.Contains(w.Text(), w.Words.T("settings.unwritable")) })
	if w.settings.deskName.Text != "Desk 9" || w.settings.save.Disabled() {
		t.Error("what was typed is lost, or cannot be tried again")
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
	w := openSettings(t, desk)
	cameras, field := w.settings.cameras, w.settings.camera
	if !cameras.list.Disabled() || cameras.list.PlaceHolder != w.Words.T("settings.camera_none") {
		t.Error("without a camera one can be chosen")
	}
	web := app.Camera{Name: "HD Pro Webcam C920", Address: "/dev/v4l/by-id/usb-c920"}
	built := app.Camera{Name: "Integrated Camera", Address: "/dev/video0", Problem: &app.Problem{Key: "camera.denied"}}
	plug(built, web)
	w.Until(t, "the cameras", func() bool { return len(cameras.list.Options) == 3 })
	if cameras.list.Selected != "Integrated Camera" || !strings.Contains(w.Text(), w.Words.T("camera.denied")) {
		t.Errorf("0 is shown as %q", cameras.list.Selected)
	}
	if !w.settings.save.Disabled() {
		t.Error("the list changed the settings by itself")
	}
	cameras.list.SetSelected("HD Pro Webcam C920")
	if field.Text != web.Address || w.settings.save.Disabled() || strings.Contains(w.Text(), w.Words.T("camera.denied")) {
		t.Errorf("the choice gives %q", field.Text)
	}
	field.SetText("rtsp://door/live")
	if cameras.list.Selected != w.Words.T("settings.camera_other") {
		t.Errorf("an address is shown as %q", cameras.list.Selected)
	}
	cameras.list.SetSelected("HD Pro Webcam C920")
	plug(built)
	w.Until(t, "that one was pulled out", func() bool { return len(cameras.list.Options) == 2 })
	if field.Text != web.Address {
		t.Errorf("pulled out, the choice became %q", field.Text)
	}
	cameras.list.SetSelected("Integrated Camera")
	cameras.list.SetSelected(w.Words.T("settings.camera_other"))
	if field.Text != "" || !strings.Contains(w.Text(), w.Words.T("settings.no_camera")) {
		t.Errorf("another source leaves %q", field.Text)
	}
	w.settings.Show(false)
	if cameras.looking != nil {
		t.Error("nobody sees it, and yet it looks for cameras")
	}
}

// The camera for documents is none of its own until one is chosen, and a virtual camera is
// called one in both lists.
func TestTheCameraForDocuments(t *testing.T) {
	desk := newFakeDesk()
	desk.OnCameras = func() []app.Camera {
		return []app.Camera{
			{Name: "Webcam", Address: "/dev/video0"}, {Name: "OBS", Address: "/dev/video9", Virtual: "v4l2 loopback"},
		}
	}
	w := openSettings(t, desk)
	s := w.settings
	w.Until(t, "the cameras", func() bool {
		return len(s.photographs.list.Options) == 4 &&
			len(s.cameras.list.Options) == 3
	})
	if s.photographs.list.Selected != "The same camera" || !s.save.Disabled() {
		t.Errorf("it is %q", s.photographs.list.Selected)
	}
	if s.cameras.list.Options[1] != "OBS (virtual camera)" {
		t.Errorf("the cameras are %q", s.cameras.list.Options)
	}
	s.photographs.list.SetSelected("OBS (virtual camera)")
	if s.photos.Text != "/dev/video9" || s.camera.Text != "0" {
		t.Errorf("chosen are %q and %q", s.photos.Text, s.camera.Text)
	}
	w.store(t)
	if w.saved.Camera.Document != "/dev/video9" {
		t.Errorf("saved is %q", w.saved.Camera.Document)
	}
	s.photographs.list.SetSelected("The same camera")
	s.scans.SetText("/srv/scans")
	s.reference.name.SetText(" Case number ")
	s.reference.pattern.SetText("[0-9]+")
	if !s.save.Disabled() || !strings.Contains(w.Text(), w.Words.T("settings.reference_example")) {
		t.Errorf("a pattern without an example: %q", s.reference.fault.Text)
	}
	s.reference.example.SetText("17")
	w.store(t)
	want := settings.Reference{Name: "Case number", Pattern: "[0-9]+", Example: "17"}
	if w.saved.Camera.Document != "" || w.saved.Folders.Scans != "/srv/scans" || w.saved.Reference != want {
		t.Errorf("saved are %+v, %+v, %+v", w.saved.Camera, w.saved.Folders, w.saved.Reference)
	}
}

// store presses Save and waits for its end.
func (w *shownSettings) store(t *testing.T) {
	t.Helper()
	if w.settings.save.Disabled() {
		t.Fatalf("nothing can be saved: %q", w.Text())
	}
	test.Tap(w.settings.save)
	w.Until(t, "the end of saving", func() bool { return w.settings.saving == nil })
}

func TestLockTimeAndPeriodsAreSettings(t *testing.T) {
	desk := staffedSettings()
	w := openSettings(t, desk)
	s := w.settings
	s.open(pageOperators)
	s.operators.lock.SetText("soon")
	if !s.save.Disabled() || !strings.Contains(w.Text(), w.Words.T("settings.lock_minutes", "Max", 1440)) {
		t.Errorf("it says %q", w.Text())
	}
	s.open(pagePrivacy)
	if !strings.Contains(w.Text(), w.Words.T("settings.elsewhere", "Page", w.Words.T("settings.page.operators"))) {
		t.Errorf("why nothing can be saved is not said: %q", w.Text())
	}
	s.operators.lock.SetText("3")
	s.privacy.second.SetText("share")
	if !s.save.Disabled() || !strings.Contains(w.Text(), w.Words.T("settings.folder", "Name", "second_anchor")) {
		t.Errorf("it says %q", w.Text())
	}
	s.privacy.second.SetText("/mnt/share")
	s.privacy.names.SetText("90")
	s.privacy.answers.SetText("30")
	s.privacy.images.SetText("7")
	s.privacy.fields.SetText("5")
	s.privacy.keepNumber.SetChecked(true)
	s.privacy.keep.SetChecked(true)
	test.Tap(s.save)
	w.Until(t, "the success", func() bool { return s.message.Text == w.Words.T("settings.saved") })
	now := desk.Settings()
	if now.Operators.LockMinutes != 3 ||
		now.Retention != (settings.Retention{NamesDays: 90, AnswersDays: 30, ImagesDays: 7, FieldsDays: 5}) ||
		!now.Privacy.KeepImages || !now.Privacy.KeepNumber || now.Folders.SecondAnchor != "/mnt/share" {
		t.Errorf("saved %+v %+v %+v", now.Operators, now.Retention, now.Privacy)
	}
	if !s.save.Disabled() {
		t.Error("there is still something to save")
	}
}

func TestBackingUp(t *testing.T) {
	desk := newFakeDesk()
	var file string
	step, result := make(chan struct{}), make(chan error)
	desk.OnBackup = func(ctx context.Context, to string, p app.ProgressFunc) error {
		file = to
		p(app.Progress{Done: 3, Total: 4})
		step <- struct{}{}
		select {
		case err := <-result:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w := openSettings(t, desk)
	w.settings.open(pageBackup)
	b := w.settings.backup
	b.now = func() time.Time { return time.Date(2026, 11, 24, 9, 30, 5, 0, time.UTC) }
	b.folder.SetText("usb")
	if !b.start.Disabled() || !strings.Contains(w.Text(), "facematch history restore FILE") {
		t.Errorf("a relative folder works, or the way to restore is not said: %q", w.Text())
	}
	b.folder.SetText("/media/usb")
	test.Tap(b.start)
	<-step
	w.Until(t, "the progress", func() bool { return b.bar.Value == 0.75 })
	if !b.start.Disabled() || file != "/media/usb/facematch-history-20261124-093005.db" {
		t.Errorf("backs up to %q", file)
	}
	result <- nil
	w.Until(t, "the success", func() bool { return b.said.Text == w.Words.T("backup.done", "File", file) })

	test.Tap(b.start)
	<-step
	result <- &app.Problem{Key: "store.disk_full"}
	w.Until(
		t, "the fault", func() bool {
			return strings.Contains(b.said.Text, w.Words.T("store.disk_full")) && !b.bar.Visible()
		},
	)

	test.Tap(b.start)
	<-step
	test.Tap(b.cancel)
	w.Until(t, "the end", func() bool { return b.said.Text == w.Words.T("backup.cancelled") && !b.start.Disabled() })
}

func TestTheTokenInSettings(t *testing.T) {
	desk := settingsOfAPI(history.Remote)
	desk.Secret, desk.Place = "", token.None
	desk.TokenErr = &app.Problem{Key: "token.needs_passphrase"}
	w := openSettings(t, desk)
	a := w.settings.api
	w.Until(t, "no token", func() bool { return strings.HasPrefix(a.place.Text, w.Words.T("token.none")) })
	if !a.set.Disabled() || a.passphraseRow.Visible() {
		t.Error("nothing can be set, or a passphrase is asked for that nobody needs")
	}
	a.secret.SetText("tok_5ecret.Value")
	if !a.secret.Password || !a.passphrase.Password {
		t.Error("a secret is shown")
	}
	test.Tap(a.set)
	w.Until(t, "the passphrase", func() bool { return a.passphraseRow.Visible() })
	a.passphrase.SetText("four plain words")
	test.Tap(a.set)
	w.Until(t, "the success", func() bool { return a.said.Text == w.Words.T("token.kept_in.keyring", "Host", "api.test") })
	if a.secret.Text != "" || a.passphrase.Text != "" || desk.Secret != "tok_5ecret.Value" {
		t.Error("a secret is left on the screen, or nothing was set")
	}
	desk.TokenErr = nil
	test.Tap(a.test)
	w.Until(t, "the test", func() bool { return a.said.Text == w.Words.T("token.good", "Host", "api.test") })
	a.base.SetText("https://other.test")
	if !a.test.Disabled() || !a.remove.Disabled() {
		t.Error("the token of an address that is not saved can be used")
	}
	a.base.SetText("https://api.test")
	test.Tap(a.remove)
	w.Until(t, "its removal", func() bool { return a.said.Text == w.Words.T("token.cleared", "Host", "api.test") })
	w.Until(t, "no token again", func() bool { return strings.HasPrefix(a.place.Text, w.Words.T("token.none")) })
	desk.Lock()
	w.settings.Show(false)
	w.settings.Show(true)
	w.Until(t, "the lock", func() bool { return a.set.Text == w.Words.T("settings.token_unlock") })
	a.passphrase.SetText("four plain words")
	test.Tap(a.set)
	w.Until(t, "open", func() bool { return a.said.Text == w.Words.T("settings.token_unlocked") })
}

func TestTheAPIsSettings(t *testing.T) {
	desk := settingsOfAPI(history.Offline)
	w := openSettings(t, desk)
	s := w.settings
	for text, field := range map[string]*kit.Entry{
		"http://api.test": s.api.base, "https://a:secret@api.test": s.api.base, "x": s.api.answer, "31": s.api.keepDays,
		"ca.pem": s.api.caFile,
	} {
		good := field.Text
		field.SetText(text)
		if !s.api.fault.Visible() || !s.save.Disabled() {
			t.Errorf("%q passes", text)
		}
		field.SetText(good)
		if s.api.fault.Visible() {
			t.Errorf("%q: the complaint stays: %q", text, s.api.fault.Text)
		}
	}
	test.Tap(s.api.who.Buttons["ask"])
	s.api.answer.SetText("60")
	s.api.processing.SetText("Our words.")
	test.Tap(s.save)
	w.Until(t, "the success", func() bool { return strings.Contains(w.Text(), w.Words.T("settings.saved")) })
	now := desk.Settings()
	if now.Matching.Mode != history.Ask || now.API.AnswerSeconds != 60 || now.Consent.Processing != "Our words." {
		t.Errorf("saved %+v", now)
	}
}

// drawOn drags a frame over a share of the picture that is shown.
func drawOn(c *cameraPart, fromX, fromY, toX, toY float32) {
	at, size := draw.Placed(image.Rectangle{Max: c.size}, c.size, c.page.Size(), false)
	point := func(x, y float32) fyne.Position { return at.AddXY(x*size.Width, y*size.Height) }
	c.page.MouseDown(
		&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: point(fromX, fromY)}, Button: desktop.MouseButtonPrimary},
	)
	c.page.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: point(toX, toY)}})
	c.page.DragEnd()
	c.page.MouseUp(nil)
}

// The part of the camera's picture is chosen on the whole picture, with the mouse
// or the keys, and in force once it is saved.
func TestChooseThePart(t *testing.T) {
	for _, mirror := range []bool{false, true} {
		desk := newFakeDesk()
		desk.Now.Camera.Mirror = mirror
		w := openSettings(t, desk)
		w.Win.Resize(fyne.NewSize(1600, 1000))
		c := w.settings.part
		w.Until(t, "the whole picture", func() bool { return c.size == image.Pt(128, 48) })
		if !strings.Contains(w.Text(), w.Words.T("settings.part_all")) || !c.whole.Disabled() || !w.settings.save.Disabled() {
			t.Errorf("before: %q", c.now.Text)
		}
		drawOn(c, 0.25, 0, 0.75, 1)
		if c.part.X != 0.25 || c.part.Width != 0.5 || c.part.Height != 1 || w.settings.save.Disabled() {
			t.Fatalf("the middle half is %q", c.part)
		}
		drawOn(c, 0, 0, 0.5, 1) // what the clerk sees on the left
		if left := map[bool]float64{false: 0, true: 0.5}[mirror]; c.part.X != left || c.part.Width != 0.5 {
			t.Errorf("mirrored %v: the left half is %q", mirror, c.part)
		}
		if !strings.Contains(c.now.Text, "50 %") || c.whole.Disabled() || len(c.page.Faces) != 1 ||
			c.page.Faces[0].Min.X != 0 {
			t.Errorf("it says %q and marks %v", c.now.Text, c.page.Faces)
		}
		test.Tap(w.settings.save)
		w.Until(t, "the success", func() bool { return w.settings.message.Text == w.Words.T("settings.saved") })
		if w.saved.Camera.Part != c.part || desk.Settings().Camera.Part != c.part {
			t.Errorf("saved is the part %q", w.saved.Camera.Part)
		}

		test.Tap(c.whole)
		if !c.part.Whole() || w.settings.save.Disabled() {
			t.Errorf("undone: %q", c.part)
		}
		test.Tap(w.settings.undo)
		if c.part != desk.Settings().Camera.Part {
			t.Errorf("undone twice: %q", c.part)
		}
		test.Tap(c.whole)
		w.Win.Canvas().Focus(c.page)
		for _, key := range []fyne.KeyName{fyne.KeyUp, fyne.KeyUp, fyne.KeyReturn} {
			c.page.KeyDown(&fyne.KeyEvent{Name: key})
			c.page.TypedKey(&fyne.KeyEvent{Name: key})
			c.page.KeyUp(&fyne.KeyEvent{Name: key})
		}
		if c.part.Whole() || c.part.Check() != nil {
			t.Errorf("by the keys: %q", c.part)
		}
		w.settings.Show(false)
		if c.feed != nil {
			t.Error("the whole picture is watched though nobody sees it")
		}
	}
}

// The list says what is done and what is left; what the desk can do without counts once it
// is saved.
func TestWhatIsLeftToSetUp(t *testing.T) {
	desk := newFakeDesk()
	desk.NoRecovery = true
	w := openSettings(t, desk)
	w.settings.OpenSetup()
	w.Until(t, "four things", func() bool { return w.left == 4 })
	states := func() (all []string) {
		for _, i := range w.settings.setup.items {
			all = append(all, i.state.Text)
		}
		return all
	}
	open, done, waived := w.Words.T("setup.open"), w.Words.T("setup.done"), w.Words.T("setup.waived")
	if got := states(); !slices.Equal(got, []string{open, open, open, open}) {
		t.Errorf("%q", got)
	}
	buttons := kittest.ButtonsWith(w.settings.Content, w.Words.T("setup.go"))
	test.Tap(buttons[1])
	if w.asked != 1 {
		t.Error("the recovery passphrase is not asked for")
	}
	_ = desk.SetRecovery(t.Context(), "far from here")
	w.settings.RecoveryChanged()
	w.Until(t, "the passphrase", func() bool { return w.left == 3 })

	w.settings.setup.items[0].box.SetChecked(true)
	if w.left != 3 {
		t.Error("a tick counts before it is saved")
	}
	w.settings.privacy.second.SetText("/media/share")
	test.Tap(w.settings.save)
	w.Until(t, "that it is saved", func() bool { return w.left == 1 })
	if got := states(); !slices.Equal(got, []string{waived, done, done, open}) || !w.saved.Setup.NoOperators {
		t.Errorf("%q, saved %+v", got, w.saved.Setup)
	}
	w.settings.setup.items[3].box.SetChecked(true)
	test.Tap(w.settings.save)
	w.Until(t, "that all is done", func() bool { return w.left == 0 })
	if !strings.Contains(w.Text(), w.Words.T("setup.all_done")) {
		t.Error("nothing says that all is done")
	}
	test.Tap(buttons[0])
	if w.settings.pager.Value != pageOperators {
		t.Errorf("Set up leads to %s", w.settings.pager.Value)
	}
}

// A keyring that hangs or fails must not make something of the list that it is not.
func TestARecoveryPassphraseThatIsNotKnown(t *testing.T) {
	desk := newFakeDesk()
	w := openSettings(t, desk)
	if got := w.settings.setup.items[1].state.Text; got != w.Words.T("setup.unknown") || w.left != 3 {
		t.Errorf("%q, left %d", got, w.left)
	}
}
