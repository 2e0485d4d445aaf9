//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"facematch/app/apptest/need"
	"facematch/app/cli"
	"facematch/app/evaluate"
	"facematch/assets"
	"facematch/matcher"
)

// The real engine on gocv's two photos of one man, and where they are here on a
// few people of the shared pictures.
func TestEvaluateWithTheRealEngine(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	list := filepath.Join(t.TempDir(), "pairs.csv")
	text := fmt.Sprintf("file_a,file_b,same\n%[1]s/face.jpg,%[1]s/face-detect.jpg,yes\n", images(t))
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := d.evaluate("pairs", list)
	shipped, err := matcher.ParseCalibration(assets.Calibration)
	if err != nil {
		t.Fatal(err)
	}
	if r.Genuine != 1 || r.Impostor != 0 || shipped.Percentage(r.Scores.Genuine.Max) < matcher.PassFrom ||
		r.Engine.Engine != shipped.Engine {
		t.Errorf("one man twice: %+v, distances %+v", r, r.Scores.Genuine)
	}

	identities := filepath.Join(root, "..", "shared", "testdata", "identities")
	if _, err := os.Stat(identities); err != nil {
		need.Missing(t, "the shared test pictures are not here")
	}
	people := t.TempDir()
	for _, person := range []string{"london__001", "london__004", "london__024", "lfw__Hu_Jintao"} {
		from, err := filepath.Abs(filepath.Join(identities, person))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(from, filepath.Join(people, person)); err != nil {
			t.Fatal(err)
		}
	}
	r = d.evaluate("people", people)
	t.Logf("genuine %+v, impostor %+v", r.Scores.Genuine, r.Scores.Impostor)
	if r.People != 4 || r.Genuine < 4 || r.Impostor < 20 || r.Scores.Genuine.Median >= r.Scores.Impostor.Min {
		t.Errorf("%d people, %d genuine, %d impostor", r.People, r.Genuine, r.Impostor)
	}
	if len(d.rows()) != 0 {
		t.Error("a measurement stands in the history")
	}
}

func (d desk) evaluate(test, of string) (r evaluate.Report) {
	d.t.Helper()
	folder := filepath.Join(d.t.TempDir(), "report")
	code, out, errs := d.run("evaluate", test, of, "--format", "json", "--report", folder)
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != cli.ExitOK {
		d.t.Fatalf("evaluate %s: exit %d, %v\n%s", test, code, err, errs)
	}
	if _, err := os.Stat(filepath.Join(folder, "report.html")); err != nil {
		d.t.Error(err)
	}
	return r
}
