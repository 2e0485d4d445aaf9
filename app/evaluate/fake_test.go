package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"facematch/assets/translations"
	"facematch/matcher"
)

// ruler stands in for an engine: a file holds a number, or eight of a clip, and
// two faces are as far apart as their numbers. "code 2" is a failure to acquire,
// "damaged" cannot be read, and what follows a # is ignored.
type ruler struct {
	looks      atomic.Int64
	calibrated bool
	err        error
	looking    func() // called by each look
}

func (r *ruler) Describe(context.Context) (matcher.Description, error) {
	return matcher.Description{
		Engine: "ruler", Calibration: "a straight line", Calibrated: r.calibrated,
		Models: []matcher.Model{{Name: "wood.dat", SHA256: strings.Repeat("ab", 32)}},
	}, nil
}

func (r *ruler) look(ctx context.Context, file matcher.Blob, area string) (matcher.Template, matcher.Side, error) {
	r.looks.Add(1)
	if r.looking != nil {
		r.looking()
	}
	if r.err != nil {
		return nil, matcher.Side{}, r.err
	}
	f, err := file.Open()
	if err != nil {
		return nil, matcher.Side{}, err
	}
	defer f.Close()
	raw, err := io.ReadAll(f)
	if err != nil {
		return nil, matcher.Side{}, err
	}
	text, _, _ := strings.Cut(string(raw), "#")
	words := strings.Fields(text)
	switch {
	case len(words) == 0 || words[0] == "damaged":
		return nil, matcher.Side{}, matcher.NewProblem(area+".damaged", errors.New("no number"))
	case words[0] == "code":
		code, err := strconv.Atoi(words[1])
		side := matcher.Anchor(code, matcher.FlawNone)
		if area == "clip" { // the flaw whose code it is
			for _, f := range []matcher.Flaw{matcher.FlawPoor, matcher.FlawTwo, matcher.FlawCutOff} {
				if f.Code() == code {
					side = matcher.Target(f)
				}
			}
		}
		return nil, side, err
	}
	var numbers []float64
	for _, w := range words {
		x, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return nil, matcher.Side{}, err
		}
		numbers = append(numbers, x)
	}
	return numbers, matcher.Side{}, ctx.Err()
}

func (r *ruler) Document(ctx context.Context, file matcher.Blob) (matcher.Template, matcher.Side, error) {
	return r.look(ctx, file, "document")
}

func (r *ruler) Photograph(ctx context.Context, file matcher.Blob) (matcher.Template, matcher.Side, error) {
	return r.look(ctx, file, "document")
}

func (r *ruler) Clip(ctx context.Context, file matcher.Blob) (matcher.Template, matcher.Side, error) {
	return r.look(ctx, file, "clip")
}

func (r *ruler) Calibration() *matcher.Calibration {
	return &matcher.Calibration{Name: "a straight line", Engine: "ruler", Calibrated: r.calibrated,
		Finder: matcher.Finder{Detector: "wood.dat", Landmarks: "wood.dat"}}
}

func (r *ruler) Parts(reference, probe matcher.Template) []matcher.Parts {
	var all []matcher.Parts
	for _, d := range r.Distances(reference, probe) {
		all = append(all, matcher.Parts{GoFace: d})
	}
	return all
}

func (r *ruler) Distances(reference, probe matcher.Template) []float64 {
	var all []float64
	for _, x := range probe.([]float64) {
		all = append(all, math.Abs(x-reference.([]float64)[0]))
	}
	return all
}

// Percentage falls in a straight line from 100 at 0 to 0 at 1.
func (r *ruler) Percentage(distance float64) float64 {
	return math.Round(1e4*math.Max(0, 1-distance)) / 100
}

func (r *ruler) Result(reference, probe matcher.Template, rules []matcher.Condition) (matcher.Result, error) {
	var all []float64
	for _, d := range r.Distances(reference, probe) {
		all = append(all, r.Percentage(d))
	}
	return matcher.Compared(all, 70, rules)
}

var someDay = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func params(t *testing.T, engine matcher.Comparer) Params {
	t.Helper()
	refer := 60.0
	return Params{
		Engine: engine, Rules: []matcher.Condition{{Field: "score", Op: ">=", Pass: 80, Refer: &refer}},
		Version: "1.2.3", Now: func() time.Time { return someDay },
	}
}

func mustRun(t *testing.T, test *Test) *Report {
	t.Helper()
	r, err := Run(context.Background(), params(t, &ruler{}), test, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func english(t *testing.T) *translations.Catalogue {
	t.Helper()
	words, err := translations.New("en")
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// folder writes files, by their paths, into a new folder.
func folder(t *testing.T, files map[string]string) string {
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

// wantProblem checks for the problem of this key, and gives its words.
func wantProblem(t *testing.T, err error, key string) string {
	t.Helper()
	var p *matcher.Problem
	if !errors.As(err, &p) || p.Key != key {
		t.Fatalf("got %v, want the problem %s", err, key)
	}
	text, hint := english(t).Problem(err)
	if hint == "" || strings.Contains(text+hint, "no value>") {
		t.Errorf("%s: words %q, hint %q", key, text, hint)
	}
	return text
}

func keys(notes []matcher.Notice) string {
	var all []string
	for _, n := range notes {
		all = append(all, fmt.Sprintf("%s %v", n.Key, n.Params["Count"]))
	}
	return strings.Join(all, "; ")
}
