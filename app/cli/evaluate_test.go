package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"facematch/app/evaluate"
	"facematch/assets/translations"
	"facematch/matcher"
)

var wood = []matcher.Model{{Name: "wood.dat", SHA256: strings.Repeat("ab", 32)}}

// ruler compares files that hold numbers; an empty one has no face.
type ruler struct{ err error }

func (r ruler) Describe(context.Context) (matcher.Description, error) {
	return matcher.Description{Engine: "ruler", Models: wood}, r.err
}

func (r ruler) Document(_ context.Context, file matcher.Blob) (matcher.Template, matcher.Side, error) {
	raw, err := os.ReadFile(file.Path)
	if err != nil {
		return nil, matcher.Side{}, err
	}
	if len(raw) == 0 {
		return nil, matcher.Anchor(matcher.CodeNoFace, matcher.FlawNobody), nil
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(string(raw)), 64)
	return x, matcher.Anchor(matcher.CodeOK, matcher.FlawNone), err
}

func (r ruler) Clip(ctx context.Context, file matcher.Blob) (matcher.Template, matcher.Side, error) {
	return r.Document(ctx, file)
}

func (r ruler) Photograph(ctx context.Context, file matcher.Blob) (matcher.Template, matcher.Side, error) {
	return r.Document(ctx, file)
}

func (ruler) Calibration() *matcher.Calibration {
	return &matcher.Calibration{
		Name: "a straight line", Engine: "ruler", Points: [][2]float64{{0, 100}, {1, 0}}, SamePerson: 1, ResultFrom: 70,
		Models: wood,
		Finder: matcher.Finder{Detector: wood[0].Name, Landmarks: wood[0].Name},
	}
}

func (r ruler) Parts(reference, probe matcher.Template) []matcher.Parts {
	return []matcher.Parts{{GoFace: r.Distances(reference, probe)[0]}}
}

func (ruler) Distances(reference, probe matcher.Template) []float64 {
	return []float64{math.Abs(reference.(float64) - probe.(float64))}
}

func (ruler) Percentage(distance float64) float64 { return 100 * math.Max(0, 1-distance) }

func (r ruler) Result(reference, probe matcher.Template, rules []matcher.Condition) (matcher.Result, error) {
	return matcher.Compared([]float64{r.Percentage(r.Distances(reference, probe)[0])}, 70, rules)
}

// evaluated has people, a list of pairs and one of checks.
func evaluated(t *testing.T) string {
	return written(t, map[string]string{
		"people/ann/1": "0.1", "people/ann/2": "0.12", "people/bob/1": "0.6", "people/bob/2": "0.65", "people/bob/3": "",
		"pairs.csv":  "file_a,file_b,same\npeople/ann/1,people/ann/2,yes\npeople/ann/1,people/bob/1,no\npeople/ann/1,people/bob/3,no\npeople/ann/1,people/ann/1,yes\n",
		"checks.tsv": "document\tvideo\tsame\npeople/ann/1\tpeople/ann/2\tyes\npeople/ann/1\tpeople/bob/1\tno\n",
		"wrong.csv":  "file_a,file_b,same\npeople/ann/1,people/ann/2,perhaps\n",
		"split.csv":  "person,part\nann,fit\nbob,check\n",
		"groups.csv": "person,group\nann,first\nbob,second\n",
	})
}

// written has these files in a new folder.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEvaluateAnotherNetwork(t *testing.T) {
	dir := filepath.Join(evaluated(t), "people")
	for name, tt := range map[string]struct {
		args []string
		want Network
	}{
		"the settings' own": {nil, Network{}},
		"as usual":          {[]string{"--network", "n.onnx"}, Network{File: "n.onnx", Mean: 127, Deviation: 128}},
		"shown otherwise": {[]string{"--network", "n.onnx", "--network-mean", "0", "--network-deviation", "1",
			"--network-bgr", "--network-gray"}, Network{File: "n.onnx", Deviation: 1, BGR: true, Gray: true}},
	} {
		p := &parts{comparer: ruler{}}
		if code, _, errs := run(t, p, "", append([]string{"evaluate", "people", dir}, tt.args...)...); code != 0 ||
			p.measured != tt.want {
			t.Errorf("%s: exit %d, %+v: %s", name, code, p.measured, errs)
		}
	}
}

func TestEvaluate(t *testing.T) {
	dir := evaluated(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, c := range map[string]struct {
		args []string
		out  string
		errs string
	}{
		"pairs": {[]string{"pairs", at("pairs.csv")}, "1 genuine, 1 impostor",
			"people/bob/3: No usable face found in the image: nobody there\n"},
		"row": {[]string{"pairs", at("pairs.csv")}, "One row was left out",
			"line 5: both files are one and the same; left out\n"},
		"people": {[]string{"people", at("people"), "--groups", at("groups.csv")}, "2 genuine, 4 impostor", "bob/3"},
		"part": {[]string{"people", at("people"), "--split", at("split.csv"), "--part", "fit"},
			"1 genuine, 0 impostor", ""},
		"checks": {[]string{"checks", at("checks.tsv")}, "How whole checks ended", ""},
		"named":  {[]string{"checks", at("checks.tsv"), "--name", "Our branch"}, "Accuracy on Our branch", ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := run(t, &parts{comparer: ruler{}}, "", append([]string{"evaluate"}, c.args...)...)
			if code != ExitOK || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || c.errs == "" && errs != "" {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
}

// measurable has people and checks enough for a calibration.
func measurable(t *testing.T) string {
	files := map[string]string{}
	list, split := "document,video,same\n", "person,part\n"
	for i := range 110 {
		// The squares lie farther and farther apart.
		files[fmt.Sprintf("people/p%03d/1", i)] = fmt.Sprintf("%.6f", 1e-2*float64(i*i))
		files[fmt.Sprintf("people/p%03d/2", i)] = fmt.Sprintf("%.6f", 1e-2*float64(i*i)+0.002)
		split += fmt.Sprintf("p%03d,fit\n", i)
		for k := range 20 {
			if i < 20 {
				list += fmt.Sprintf("people/p%03d/1,people/p%03d/2,%t\n", i, k, i == k)
			}
		}
	}
	files["checks.csv"], files["split.csv"] = list, split
	return written(t, files)
}

func TestEvaluateCalibrates(t *testing.T) {
	dir := measurable(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, c := range map[string]struct {
		args []string
		says string
		want func(*matcher.Calibration) bool
	}{
		"people": {
			[]string{"people", at("people"), "--split", at("split.csv"), "--part", "fit", "--name", "Our people"},
			"A new calibration, from 110 genuine and 23,980 impostor pairs:\n  From    Distance  FMR (95 % bound)",
			func(c *matcher.Calibration) bool {
				return strings.HasPrefix(c.Name, "Our people, 20") && c.Calibrated && c.Pairs.Part == "fit" &&
					c.Pairs.Program == "1.2.3" && len(c.Pairs.Marks) == 3
			},
		},
		"checks": {
			[]string{"checks", at("checks.csv"), "--report", at("report")},
			"The calibration in force, with 20 genuine and 380 impostor checks.\n",
			func(c *matcher.Calibration) bool {
				return c.Name == "a straight line" && !c.Calibrated && c.Checks.Impostor == 380 && c.Rarity(50).OneIn > 0
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := at(name + ".json")
			args := append(append([]string{"evaluate"}, c.args...), "--calibrate", file)
			code, out, errs := run(t, &parts{comparer: ruler{}}, "", args...)
			if code != ExitOK || !strings.Contains(out, "Accuracy on") || !strings.Contains(errs, c.says) ||
				!strings.HasSuffix(errs, "The calibration is in "+file+".\n") {
				t.Fatalf("exit %d\n%s%s", code, out, errs)
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			read, err := matcher.ParseCalibration(raw)
			if err != nil || !c.want(read) {
				t.Errorf("%v\n%s", err, raw)
			}
			// A second time it stays as it is, and the engine is not asked.
			code, out, errs = run(t, &parts{comparer: ruler{errors.New("asked")}}, "", args...)
			if now, _ := os.ReadFile(file); code != ExitCouldNotRun || out != "" ||
				!strings.Contains(errs, "There is a file of this name") || string(now) != string(raw) {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
}

func TestEvaluateJSONAndReport(t *testing.T) {
	dir := evaluated(t)
	folder := filepath.Join(dir, "report")
	code, out, errs := run(t, &parts{comparer: ruler{}}, "", "evaluate", "people", filepath.Join(dir, "people"),
		"--format", "json", "--report", folder)
	var r evaluate.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 || r.Genuine != 2 || r.Impostor != 4 ||
		r.Program != "1.2.3" || r.Pictures.FTA.Errors != 1 {
		t.Errorf("exit %d, %v, %+v", code, err, r)
	}
	if raw, err := os.ReadFile(filepath.Join(folder, "report.json")); err != nil || string(raw) != out {
		t.Errorf("report.json differs from what was printed: %v", err)
	}
	if !strings.Contains(errs, "The report is in "+folder) {
		t.Errorf("%s", errs)
	}
}

func TestEvaluateExitCodes(t *testing.T) {
	dir := evaluated(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no test":         {[]string{"fingers"}, ExitUsage, "pairs, people and checks"},
		"no file":         {[]string{"pairs"}, ExitUsage, "one file or folder"},
		"two files":       {[]string{"pairs", "a", "b"}, ExitUsage, "one file or folder"},
		"wrong format":    {[]string{"pairs", at("pairs.csv"), "--format", "csv"}, ExitUsage, "--format"},
		"part alone":      {[]string{"people", at("people"), "--part", "fit"}, ExitUsage, "go together"},
		"groups of pairs": {[]string{"pairs", at("pairs.csv"), "--groups", at("groups.csv")}, ExitUsage, "unknown flag"},
		"wrong list": {[]string{"pairs", at("wrong.csv")}, ExitCouldNotRun,
			"Line 2 of the list has the word perhaps in the column same. Write yes or no"},
		"wrong columns": {[]string{"checks", at("pairs.csv")}, ExitCouldNotRun, "no column document"},
		"no list":       {[]string{"pairs", at("none")}, ExitCouldNotRun, "The list is not there."},
		"no folder":     {[]string{"people", at("none")}, ExitCouldNotRun, "The folder is not there."},
		"too few people": {[]string{"people", at("people"), "--calibrate", at("new.json")}, ExitCouldNotRun,
			"at least 100 genuine and 10,000 impostor pairs"},
		"too few checks": {[]string{"checks", at("checks.tsv"), "--calibrate", at("new.json")}, ExitCouldNotRun,
			"at least 100 checks of two people"},
		"pairs calibrate": {[]string{"pairs", at("pairs.csv"), "--calibrate", at("new.json")}, ExitUsage, "unknown flag"},
		"written over": {[]string{"people", at("people"), "--calibrate", at("split.csv")}, ExitCouldNotRun,
			"A calibration is not written over"},
		"nowhere": {[]string{"people", at("people"), "--calibrate", at("none/new.json")}, ExitCouldNotRun,
			"The calibration could not be written."},
		"file as report": {[]string{"pairs", at("pairs.csv"), "--report", at("wrong.csv")}, ExitCouldNotRun,
			"The report could not be written."},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := run(t, &parts{comparer: ruler{}}, "", append([]string{"evaluate"}, c.args...)...)
			if code != c.code || out != "" || !strings.Contains(errs, c.says) {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
	code, out, _ := run(t, &parts{comparer: ruler{}}, "", "evaluate", "pairs", at("wrong.csv"), "--format", "json")
	var e map[string]string
	if err := json.Unmarshal([]byte(out), &e); err != nil || code != ExitCouldNotRun ||
		!strings.HasPrefix(e["error"], "Line 2") {
		t.Errorf("exit %d, %v, %s", code, err, out)
	}
	for _, fault := range []error{context.Canceled, matcher.NewProblem("engine.failed", errors.New("x"))} {
		if code, out, errs := run(t, &parts{comparer: ruler{fault}}, "", "evaluate", "pairs",
			at("pairs.csv")); code != ExitCouldNotRun || out != "" || errs == "" {
			t.Errorf("%v: exit %d\n%s%s", fault, code, out, errs)
		}
	}
}

func TestEveryStageOfATestHasWords(t *testing.T) {
	words, err := translations.New("en")
	if err != nil {
		t.Fatal(err)
	}
	c := &commands{Params: Params{Words: words}}
	for _, stage := range []matcher.Stage{
		evaluate.StageFiles, evaluate.StagePairs, evaluate.StageAlone, evaluate.StageHard, evaluate.StageScale,
		evaluate.StageCurve,
	} {
		if got := c.progressWords(matcher.Progress{Stage: stage, Done: 1, Total: 2}); !strings.HasSuffix(got, ": 1 of 2") {
			t.Errorf("%s: %q", stage, got)
		}
	}
}

func TestProgressLine(t *testing.T) {
	for name, c := range map[string]struct {
		terminal bool
		want     string
	}{
		"terminal": {true, "\r\x1b[K1 of 9\r\x1b[K4 of 9\r\x1b[K7 of 9\r\x1b[K"},
		"file":     {false, "7 of 9\n"},
	} {
		var out bytes.Buffer
		p := newProgressLine(&out, func(p matcher.Progress) string { return fmt.Sprintf("%d of %d", p.Done, p.Total) })
		now := p.last
		p.terminal, p.now = c.terminal, func() time.Time { return now }
		for i, step := range []time.Duration{onTerminal, 0, onTerminal / 2, onTerminal, onTerminal / 2, 0, inFile} {
			now = now.Add(step)
			p.Show(matcher.Progress{Done: int64(i + 1), Total: 9})
		}
		p.Clear()
		p.Clear() // once is enough
		if out.String() != c.want {
			t.Errorf("%s: %q", name, out.String())
		}
	}
	if newProgressLine(io.Discard, nil).terminal {
		t.Error("anything is taken for a terminal")
	}
}
