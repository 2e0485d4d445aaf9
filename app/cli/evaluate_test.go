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
	"facematch/matcher"
)

// ruler compares files that hold numbers; an empty one has no face.
type ruler struct{ err error }

func (r ruler) Describe(context.Context) (matcher.Description, error) {
	return matcher.Description{Engine: "ruler"}, r.err
}

func (r ruler) Picture(_ context.Context, file matcher.Blob) (matcher.Template, int, error) {
	raw, err := os.ReadFile(file.Path)
	if err != nil {
		return nil, 0, err
	}
	if len(raw) == 0 {
		return nil, matcher.CodeNoFace, nil
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(string(raw)), 64)
	return x, matcher.CodeOK, err
}

func (r ruler) Clip(ctx context.Context, file matcher.Blob) (matcher.Template, int, error) {
	return r.Picture(ctx, file)
}

func (ruler) Calibration() *matcher.Calibration { return &matcher.Calibration{Engine: "ruler"} }

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
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"people/ann/1": "0.1", "people/ann/2": "0.12", "people/bob/1": "0.6", "people/bob/2": "0.65", "people/bob/3": "",
		"pairs.csv":  "file_a,file_b,same\npeople/ann/1,people/ann/2,yes\npeople/ann/1,people/bob/1,no\npeople/ann/1,people/bob/3,no\npeople/ann/1,people/ann/1,yes\n",
		"checks.tsv": "document\tvideo\tsame\npeople/ann/1\tpeople/ann/2\tyes\npeople/ann/1\tpeople/bob/1\tno\n",
		"wrong.csv":  "file_a,file_b,same\npeople/ann/1,people/ann/2,perhaps\n",
		"split.csv":  "person,part\nann,fit\nbob,check\n",
		"groups.csv": "person,group\nann,first\nbob,second\n",
	} {
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

func TestEvaluate(t *testing.T) {
	dir := evaluated(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, c := range map[string]struct {
		args []string
		out  string
		errs string
	}{
		"pairs":  {[]string{"pairs", at("pairs.csv")}, "1 genuine, 1 impostor", "people/bob/3: No usable face found in the image\n"},
		"row":    {[]string{"pairs", at("pairs.csv")}, "One row was left out", "line 5: both files are one and the same; left out\n"},
		"people": {[]string{"people", at("people"), "--groups", at("groups.csv")}, "2 genuine, 4 impostor", "bob/3"},
		"part":   {[]string{"people", at("people"), "--split", at("split.csv"), "--part", "fit"}, "1 genuine, 0 impostor", ""},
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

func TestEvaluateJSONAndReport(t *testing.T) {
	dir := evaluated(t)
	folder := filepath.Join(dir, "report")
	code, out, errs := run(t, &parts{comparer: ruler{}}, "", "evaluate", "people", filepath.Join(dir, "people"), "--format", "json", "--report", folder)
	var r evaluate.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 || r.Genuine != 2 || r.Impostor != 4 || r.Program != "1.2.3" || r.Pictures.FTA.Errors != 1 {
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
		"wrong list":      {[]string{"pairs", at("wrong.csv")}, ExitCouldNotRun, "Line 2 of the list has the word perhaps in the column same. Write yes or no"},
		"wrong columns":   {[]string{"checks", at("pairs.csv")}, ExitCouldNotRun, "no column document"},
		"no list":         {[]string{"pairs", at("none")}, ExitCouldNotRun, "The list is not there."},
		"no folder":       {[]string{"people", at("none")}, ExitCouldNotRun, "The folder is not there."},
		"file as report":  {[]string{"pairs", at("pairs.csv"), "--report", at("wrong.csv")}, ExitCouldNotRun, "The report could not be written."},
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
	if err := json.Unmarshal([]byte(out), &e); err != nil || code != ExitCouldNotRun || !strings.HasPrefix(e["error"], "Line 2") {
		t.Errorf("exit %d, %v, %s", code, err, out)
	}
	for _, fault := range []error{context.Canceled, matcher.NewProblem("engine.failed", errors.New("x"))} {
		if code, out, errs := run(t, &parts{comparer: ruler{fault}}, "", "evaluate", "pairs", at("pairs.csv")); code != ExitCouldNotRun || out != "" || errs == "" {
			t.Errorf("%v: exit %d\n%s%s", fault, code, out, errs)
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
