//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facematch/app/apptest/need"
	"facematch/app/cli"
	"facematch/app/settings"
)

// set changes the desk's settings file.
func (d desk) set(change func(*settings.Matching)) {
	d.t.Helper()
	store, err := settings.Open(settings.Files{User: filepath.Join(d.home, "config", "settings.toml")})
	if err != nil {
		d.t.Fatal(err)
	}
	s := store.Get()
	change(&s.Matching)
	if err := store.Save(s); err != nil {
		d.t.Fatal(err)
	}
}

// model is one of the second network's files.
func model(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv("FACEMATCH_MODELS")
	if folder == "" {
		folder = filepath.Join(root, "assets", "models")
	}
	path, err := filepath.Abs(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		need.Missing(t, name+" is not here; make models fetches it")
	}
	return path
}

func TestUnder18IsReferred(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	photo, person := filepath.Join(images(t), "face.jpg"),
		clip(t, filepath.Join(images(t), "face-detect.jpg"), filepath.Join(t.TempDir(), "person.mp4"))
	code, out, errs := d.run(check(photo, person, "--under-18")...)
	if code != cli.ExitRefer || !strings.Contains(out, "a person of 18 or over (was under 18)") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	d.set(func(m *settings.Matching) { m.ReferMinors = false })
	if code, out, errs := d.run(check(photo, person, "--under-18")...); code != cli.ExitOK {
		t.Errorf("refer_minors = false: exit %d: %s%s", code, out, errs)
	}
	d.verify()
}

// The built program tries a network in a process of its own: whatever the file,
// it ends with one line that says what is wrong.
func TestNetworksThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good, err := os.ReadFile(model(t, "fr_feature.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errs := d.run("try-network", model(t, "fr_feature.onnx")); code != 0 || out+errs != "" {
		t.Errorf("the good network: exit %d: %s%s", code, out, errs)
	}
	dir := t.TempDir()
	people := filepath.Join(dir, "people")
	for _, file := range []string{"a/1", "a/2", "b/1"} {
		os.MkdirAll(filepath.Dir(filepath.Join(people, file)), 0o700)
		write(t, filepath.Join(people, file), nil)
	}
	for name, file := range map[string]string{
		"empty":         write(t, filepath.Join(dir, "empty.onnx"), nil),
		"text":          write(t, filepath.Join(dir, "text.onnx"), []byte("Dear clerk")),
		"cut":           write(t, filepath.Join(dir, "cut.onnx"), good[:len(good)/2]),
		"another input": model(t, "fr_landmark.onnx"),
		"a folder":      dir,
		"missing":       filepath.Join(dir, "none.onnx"),
	} {
		code, out, errs := d.run("evaluate", "people", people, "--network", file)
		if code != cli.ExitCouldNotRun || out != "" || strings.Count(errs, "\n") != 1 ||
			!strings.HasPrefix(errs, "facematch: The second network cannot be used: ") {
			t.Errorf("%s: exit %d: %s%s", name, code, out, errs)
		}
	}
}

// What the settings say of networks and calibration is never passed over.
func TestCalibrationOfTheSettings(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	dir := t.TempDir()
	shipped, err := os.ReadFile(filepath.Join(root, "assets", "calibration-goface.json"))
	if err != nil {
		t.Fatal(err)
	}
	var own map[string]any
	if err := json.Unmarshal(shipped, &own); err != nil {
		t.Fatal(err)
	}
	own["name"] = "of this branch"
	mine, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	models := own["models"].([]any)
	models[0].(map[string]any)["sha256"] = strings.Repeat("0", 64)
	other, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		calibration, says string
		code              int
	}{
		"own": {write(t, filepath.Join(dir, "own.json"), mine), "of this branch", cli.ExitOK},
		"other models": {write(t, filepath.Join(dir, "other.json"), other), "was measured with other models",
			cli.ExitCouldNotRun},
		"half": {write(t, filepath.Join(dir, "half.json"), mine[:len(mine)/2]), "cannot be understood",
			cli.ExitCouldNotRun},
		"missing": {filepath.Join(dir, "none.json"), "cannot be read", cli.ExitCouldNotRun},
	} {
		d.set(func(m *settings.Matching) { m.Network, m.Calibration = settings.NoNetwork, tt.calibration })
		if code, out, errs := d.run("doctor"); code != tt.code || !strings.Contains(out, tt.says) {
			t.Errorf("%s: exit %d: %s%s", name, code, out, errs)
		}
	}
	d.set(func(m *settings.Matching) { m.Network, m.Calibration = model(t, "fr_landmark.onnx"), "" })
	if code, out, errs := d.run("doctor"); code != cli.ExitCouldNotRun ||
		!strings.Contains(out, "This network is not the one the calibration was measured with") {
		t.Errorf("another network: exit %d: %s%s", code, out, errs)
	}
}
