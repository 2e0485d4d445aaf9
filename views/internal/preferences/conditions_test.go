package preferences

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/settings"
	"facematch/matcher"
)

// measured is a desk whose calibration says how often strangers reach a score.
func measured() *fakeDesk {
	d := newFakeDesk()
	d.Strangers = func(score float64) matcher.Rate {
		if score > 90 {
			return matcher.Rate{Share: 1e-4, Bound: matcher.AtMost}
		}
		return matcher.Rate{Share: 1 / (score * 100), Bound: matcher.About}
	}
	d.Same = func(score float64) matcher.Rate { return matcher.Rate{Share: score / 2000, Bound: matcher.About} }
	return d
}

// bounds are the bounds of the conditions that are typed; refer -1: there is none.
func bounds(t *testing.T, s *Screen) (pass, refer float64) {
	t.Helper()
	rules, err := app.ParseConditions(s.conditions.text.Text)
	if err != nil {
		t.Fatal(err)
	}
	at := scoreCondition(rules)
	if rules[at].Refer == nil {
		return rules[at].Pass, -1
	}
	return rules[at].Pass, *rules[at].Refer
}

func TestTheBoundsAreSliders(t *testing.T) {
	w := openSettings(t, measured())
	s, c := w.settings, w.settings.conditions
	says := func(want ...string) {
		t.Helper()
		for _, text := range want {
			if !strings.Contains(w.Text(), text) {
				t.Errorf("it does not say %q: %q", text, w.Text())
			}
		}
	}
	is := func(pass, refer float64) {
		t.Helper()
		if p, r := bounds(t, s); p != pass || r != refer {
			t.Errorf("the bounds are %g and %g, want %g and %g", p, r, pass, refer)
		}
	}
	says("Pass from a score of 80", "About 1 stranger in 8,000 passes. About 1 rightful holder in 25 does not pass.",
		"Refer to a person from a score of 60", "About 1 stranger in 6,000 reaches this",
		"About 1 rightful holder in 33 fails.")
	if c.pass.Value != 80 || c.refer.Value != 60 || !s.save.Disabled() || c.text.Visible() && len(w.Text()) == 0 {
		t.Errorf("at %g and %g", c.pass.Value, c.refer.Value)
	}

	c.pass.SetValue(95)
	is(95, 60)
	says("Pass from a score of 95", "Fewer than 1 stranger in 10,000 passes.")
	if s.save.Disabled() {
		t.Error("a bound that was moved cannot be saved")
	}
	c.refer.SetValue(70)
	is(95, 70)

	// They stop at each other; where both stand at one score, no score refers.
	c.pass.SetValue(10)
	is(71, 70)
	if c.pass.Value != 71 {
		t.Errorf("the slider stands at %g", c.pass.Value)
	}
	c.refer.SetValue(100)
	is(71, -1)
	says("Refer nobody because of the score", "Whoever does not pass fails.")
	if c.refer.Value != 71 {
		t.Errorf("the slider stands at %g", c.refer.Value)
	}
	c.pass.SetValue(85)
	is(85, -1)
	w.Win.Canvas().Focus(c.refer)
	w.TypeKey(fyne.KeyLeft)
	is(85, 84)

	test.Tap(s.save)
	w.Until(t, "the success", func() bool { return s.message.Text == w.Words.T("settings.saved") })
	if rules := w.saved.Conditions; len(rules) != 1 || rules[0].Pass != 85 || *rules[0].Refer != 84 {
		t.Errorf("saved %+v", rules)
	}
}

// The text is what counts: the sliders follow it, and leave alone what they cannot show.
func TestTheConditionsAsText(t *testing.T) {
	w := openSettings(t, measured())
	s, c := w.settings, w.settings.conditions
	if strings.Contains(w.Text(), w.Words.T("settings.conditions_help")) {
		t.Error("the text is shown though nobody asked for it")
	}
	c.advanced.SetChecked(true)
	if !strings.Contains(w.Text(), w.Words.T("settings.conditions_help")) {
		t.Error("the text is not shown")
	}
	const other = "[[facematch_conditions]]\nfield = \"min(percentages)\"\nop = \">=\"\npass = 50.0\n"
	c.text.SetText(other + "\n[[facematch_conditions]]\nfield = \"score\"\nop = \">=\"\npass = 82.25\n")
	if c.passName.Text != "Pass from a score of 82.25" || !c.pass.Visible() || c.pass.Disabled() {
		t.Errorf("it says %q", c.passName.Text)
	}
	c.refer.SetValue(40)
	if p, r := bounds(t, s); p != 82.25 || r != 40 || !strings.HasPrefix(c.text.Text, other) {
		t.Errorf("got\n%s", c.text.Text)
	}
	for name, text := range map[string]string{"none of the score": other, "nonsense": "x",
		"an exact score": strings.Replace(
			other, "min(percentages)", "score", 1,
		)} {
		c.text.SetText(strings.Replace(text, `">="`,
			map[bool]string{true: `"=="`, false: `">="`}[name == "an exact score"], 1))
		if c.pass.Visible() || !strings.Contains(w.Text(), w.Words.T("settings.bounds_none")) {
			t.Errorf("%s: the sliders are shown", name)
		}
		c.pass.SetValue(3) // not by a clerk, who cannot see it
		if strings.Contains(c.text.Text, "3.0") {
			t.Errorf("%s: the text was changed", name)
		}
	}
}

// Without a measurement nothing is said of strangers.
func TestUnmeasuredBounds(t *testing.T) {
	w := openSettings(t, newFakeDesk())
	if text := w.Text(); !strings.Contains(text, w.Words.T("settings.bounds_unmeasured")) ||
		strings.Contains(text, "stranger") {
		t.Errorf("it says %q", text)
	}
}

// What the administrator locked is grey, says so, and stays as it is.
func TestLockedSettingsAreGrey(t *testing.T) {
	desk := staffedSettings()
	desk.Strangers, desk.Same = measured().Strangers, measured().Same
	desk.From = settings.Sources{Files: settings.Files{Administrator: "/etc/facematch/settings.toml"}}
	desk.OnCameras = func() []app.Camera { return []app.Camera{{Name: "Webcam", Address: "/dev/video0"}} }
	free := openSettings(t, desk)
	if text := free.Text(); strings.Contains(text, "locked") {
		t.Errorf("nothing is locked, yet it says %q", text)
	}
	greys := func(s *Screen) map[string]fyne.Disableable {
		return map[string]fyne.Disableable{
			"desk": s.deskName, "camera.source": s.camera, "camera.mirror": s.mirror, "camera.part": s.part.page,
			"matching.mode": s.api.who, "matching.refer_minors": s.minors, "matching.refer_expired": s.expired,
			"api.base": s.api.base, "api.ca_file": s.api.caFile, "api.connect_seconds": s.api.connect,
			"api.tls_seconds": s.api.tls, "api.answer_seconds": s.api.answer, "api.keep_days": s.api.keepDays,
			"consent.processing": s.api.processing, "consent.send_name": s.api.sendName,
			"operators.lock_minutes": s.operators.lock, "overview.operators": s.operators.staff,
			"folders.history": s.history, "folders.models": s.models, "folders.documents": s.documents,
			"folders.second_anchor": s.privacy.second, "folders.scans": s.scans, "camera.document": s.photos,
			"reference.name": s.reference.name, "reference.pattern": s.reference.pattern,
			"reference.example": s.reference.example,
			"inspection.use":    s.inspection.use, "inspection.points": s.inspection.points,
			"retention.names_days": s.privacy.names, "retention.answers_days": s.privacy.answers,
			"retention.images_days": s.privacy.images, "privacy.keep_images": s.privacy.keep,
			"retention.fields_days": s.privacy.fields, "privacy.keep_number": s.privacy.keepNumber,
			"central.host": s.centre.host, "central.push": s.centre.push, "central.images": s.centre.images,
			"central.answers": s.centre.answers, "central.recovery": s.centre.recovery,
			"central.auditors": s.centre.auditors.name, "central.audit_recipient": s.centre.auditors.keys,
			"window.text_percent": s.textSize, "facematch_conditions": s.conditions.pass,
			"setup.no_operators": s.setup.items[0].box, "setup.no_recovery": s.setup.items[1].box,
			"setup.no_second_anchor": s.setup.items[2].box, "setup.usual_bounds": s.setup.items[3].box,
		}
	}
	for key, control := range greys(free.settings) {
		if control.Disabled() {
			t.Errorf("%s is grey, though it is not locked", key)
		}
	}
	file := filepath.Join(t.TempDir(), "settings.toml")
	var everything []string // also a table that is added later
	for _, f := range reflect.VisibleFields(reflect.TypeFor[settings.Settings]()) {
		if key := f.Tag.Get("toml"); key != "version" {
			everything = append(everything, strconv.Quote(key))
		}
	}
	locked := "locked = [" + strings.Join(everything, ", ") + "]"
	if err := os.WriteFile(file, []byte(locked), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := settings.Open(settings.Files{Administrator: file})
	if err != nil {
		t.Fatal(err)
	}
	desk.From.Locked = all.Sources().Locked
	// These have no control in the window.
	inTheFileOnly := []string{
		"matching.network", "matching.calibration", "consent.version",
		"central.database", "central.cert_file", "central.key_file", "central.ca_file",
		"central.operators_key", "central.operators_branch", "central.operators_days",
	}
	for _, key := range desk.From.Locked {
		if greys(free.settings)[key] == nil && !slices.Contains(inTheFileOnly, key) {
			t.Errorf("%s: its control is missing in greys of this test, or its key in inTheFileOnly", key)
		}
	}
	w := openSettings(t, desk)
	s := w.settings
	w.Until(t, "the cameras", func() bool { return len(s.cameras.list.Options) == 2 })
	for key, control := range greys(s) {
		if !control.Disabled() {
			t.Errorf("%s is locked, but not grey", key)
		}
	}
	if !s.cameras.list.Disabled() || !s.photographs.list.Disabled() || !s.part.whole.Disabled() ||
		!s.conditions.refer.Disabled() || !s.conditions.text.Disabled() {
		t.Error("a locked setting can be changed in another way")
	}
	// Each page marks its own, the label beside the field.
	for page, want := range map[string]int{pageDesk: 28, pageOperators: 2, pagePrivacy: 7, pageCentre: 7} {
		s.open(page)
		w.Until(t, "the page", func() bool { return strings.Contains(w.Text(), "(locked)") })
		if got := strings.Count(w.Text(), "(locked)"); got < want {
			t.Errorf("%s marks %d as locked, want %d: %q", page, got, want, w.Text())
		}
		if !strings.Contains(w.Text(), "/etc/facematch/settings.toml") {
			t.Errorf("%s does not say where", page)
		}
	}
	// Nothing that is locked changes by being shown.
	before := s.shownNow
	if next, err := s.typed(); err != nil || next.Camera != before.Camera || next.API != before.API {
		t.Errorf("typed %+v, %v", next, err)
	}
}

// The size of the text is chosen among a few; a file may hold another.
func TestTheSizeOfTheText(t *testing.T) {
	desk := newFakeDesk()
	desk.Now.Window.TextPercent = 120
	w := openSettings(t, desk)
	s := w.settings
	if s.textSize.Value != "120" || !s.save.Disabled() {
		t.Errorf("120 is shown as %q", s.textSize.Value)
	}
	test.Tap(s.textSize.Buttons["130"])
	test.Tap(s.save)
	w.Until(t, "the success", func() bool { return s.message.Text == w.Words.T("settings.saved") })
	if w.saved.Window.TextPercent != 130 {
		t.Errorf("saved %+v", w.saved.Window)
	}
}
