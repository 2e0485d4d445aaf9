package evaluate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"facematch/app/privatefile"
	"facematch/matcher"
	"facematch/matcher/accuracy"
)

// canCalibrate returns, before the work, the problem that would make a calibration impossible.
func (r *run) canCalibrate() error {
	switch {
	case !r.Calibrate:
		return nil
	case r.test.Kind == PeopleTest:
		return enough(r.pairsOf(indices(len(r.test.files))))
	case r.test.Kind == ChecksTest:
		impostor := 0
		for _, p := range r.test.pairs {
			if !p.same {
				impostor++
			}
		}
		return enoughChecks(impostor)
	}
	return errors.New("a list of pairs makes no calibration")
}

func enough(n Counts) error {
	if n.Genuine < leastGenuine || n.Impostor < leastImpostor {
		return matcher.NewProblem("evaluate.calibrate_few", nil, "Genuine", number(n.Genuine), "Impostor", number(n.Impostor))
	}
	return nil
}

func enoughChecks(impostor int) error {
	if impostor < leastStrangers {
		return matcher.NewProblem("evaluate.calibrate_checks", nil, "Least", number(leastStrangers), "Count", impostor)
	}
	return nil
}

// calibrate makes a calibration of the pairs of these files. Each of its passes compares all
// pairs anew, so that at most one number a pair is kept in memory.
func (r *run) calibrate(ctx context.Context, report *Report, files []int) (*matcher.Calibration, error) {
	if err := enough(Counts{report.Genuine, report.Impostor}); err != nil {
		return nil, err
	}
	now := r.Engine.Calibration()
	date := report.Made.Format("2006-01-02")
	c := matcher.Calibration{
		Name: report.Data + ", " + date, Engine: report.Engine.Engine, Calibrated: true, Finder: now.Finder,
		Network:    now.Network,
		ResultFrom: matcher.ResultTrue, Models: report.Engine.Models,
		Pairs: &matcher.MeasuredPairs{
			Data: report.Data, Part: report.Part, Date: date, Program: report.Program,
			People: report.People, Genuine: report.Genuine, Impostor: report.Impostor,
		},
	}
	like := likeness(r.goFace)
	if r.fused() {
		var err error
		if c.Fusion, err = r.fuse(ctx, files); err != nil {
			return nil, err
		}
		like = r.by(c.Fusion)
	}
	all, err := r.everyPair(ctx, StageCurve, files, like)
	if err != nil {
		return nil, err
	}
	drawn, err := newCurve(all.sample())
	if err != nil {
		return nil, err
	}
	c.Points, c.SamePerson, c.Pairs.Marks = drawn.points, drawn.samePerson, drawn.marks
	return parsed(&c)
}

// by is the likeness that a fusion computes.
func (r *run) by(f *matcher.Fusion) likeness {
	return func(a, b int) float32 { return float32(-f.Distance(r.parts(a, b))) }
}

// fuse weighs the networks by a logistic regression on the genuine pairs and the hardest
// impostor pairs: pairs far from every threshold must not influence it. The fusion is scaled
// so that the false match rate is fmrOfPass at a distance of 1.
func (r *run) fuse(ctx context.Context, files []int) (*matcher.Fusion, error) {
	genuine, impostor, err := r.hardPairs(ctx, files)
	if err != nil {
		return nil, err
	}
	weights, err := fitted(genuine, impostor)
	if err != nil {
		return nil, err
	}
	raw := newFusion(weights, 1)
	if !sound(raw) {
		return nil, matcher.NewProblem("evaluate.calibrate_fusion", nil)
	}
	all, err := r.everyPair(ctx, StageScale, files, r.by(raw))
	if err != nil {
		return nil, err
	}
	// The nearest impostor pair that must not match goes just beyond 1, so that 1 is
	// the bound once it is cut to the decimals that are printed.
	beyond := -all.sample().AtFMR(fmrOfPass)
	if beyond <= 0 {
		return nil, matcher.NewProblem("evaluate.calibrate_curve", nil)
	}
	return newFusion(weights, (1+.5/distanceSteps)/beyond), nil
}

// fitted gives the weights of the features. Where go-face adds nothing to the second
// network, chance may give it a weight of the wrong sign. It is then fitted without go-face.
func fitted(genuine, impostor [][]float64) ([]float64, error) {
	l, err := accuracy.FitLogistic(genuine, impostor, fusionPenalty)
	if err == nil && l.Weights[ofGoFace] > 0 { // a larger distance would mean more alike
		for _, row := range slices.Concat(genuine, impostor) {
			row[ofGoFace] = 0
		}
		l, err = accuracy.FitLogistic(genuine, impostor, fusionPenalty)
	}
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	return l.Weights, nil
}

// The features of a pair, as a fusion weighs them.
const (
	ofCosine = iota
	ofGoFace // squared
	ofStrength
	ofBoth // cosine times strength
)

func features(p matcher.Parts) []float64 {
	s := min(max(p.Strength, weakest), strongest)
	return []float64{ofCosine: p.Cosine, ofGoFace: p.GoFace * p.GoFace, ofStrength: s, ofBoth: p.Cosine * s}
}

// newFusion turns the sign of the weights and scales them. It rounds them as the file shows
// them, so that the fusion that is measured is the one that is written.
func newFusion(weights []float64, scale float64) *matcher.Fusion {
	of := func(i int) float64 { return rounded(-scale * weights[i]) }
	f := &matcher.Fusion{
		GoFaceSquared: of(ofGoFace), Cosine: of(ofCosine), Strength: of(ofStrength), CosineStrength: of(ofBoth),
		Weakest: weakest, Strongest: strongest,
	}
	f.Offset = rounded(-(f.Cosine + strongest*(f.Strength+f.CosineStrength)))
	return f
}

// rounded keeps six digits, and no negative zero.
func rounded(x float64) float64 {
	kept, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64)
	if err != nil || kept == 0 {
		return 0
	}
	return kept
}

// sound reports whether more alike faces always have a smaller distance, at any strength.
func sound(f *matcher.Fusion) bool {
	return f.GoFaceSquared >= 0 && f.Cosine+f.CosineStrength*weakest < 0 && f.Cosine+f.CosineStrength*strongest < 0
}

// hard is an impostor pair with a high cosine.
type hard struct {
	matcher.Parts
	a, b int
}

// hardPairs gives the features of the genuine pairs, and those of the impostor
// pairs of highest cosine. Of more genuine pairs than mostGenuine it takes every nth.
func (r *run) hardPairs(ctx context.Context, files []int) (genuine, impostor [][]float64, err error) {
	stride := 1 + r.pairsOf(files).Genuine/mostGenuine
	genuine = make([][]float64, 1+r.pairsOf(files).Genuine/stride)
	kept := newTop(hardImpostors, func(a, b hard) int {
		return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b))
	})
	err = r.eachSpan(ctx, StageHard, files, func(s span) {
		var found []hard
		least, full := kept.least()
		for k, b := range files[s.at+1:] {
			at := s.genuine + k
			mine := k < s.Genuine
			if r.same(files[s.at], b) || mine && at%stride != 0 {
				continue
			}
			switch p := r.parts(files[s.at], b); {
			case mine:
				genuine[at/stride] = features(p)
			case !full || p.Cosine >= least.Cosine:
				found = append(found, hard{p, files[s.at], b})
			}
		}
		kept.add(found)
	})
	if err != nil {
		return nil, nil, err
	}
	for _, h := range kept.best() {
		impostor = append(impostor, features(h.Parts))
	}
	return slices.DeleteFunc(genuine, func(row []float64) bool { return row == nil }), impostor, nil
}

// withChecks is the calibration in force with how whole checks came out; impostor
// are the scores of strangers, rising.
func (r *run) withChecks(report *Report, impostor []float32) (*matcher.Calibration, error) {
	if err := enoughChecks(len(impostor)); err != nil {
		return nil, err
	}
	c := *r.Engine.Calibration()
	c.Checks = &matcher.MeasuredChecks{
		Data: report.Data, Date: report.Made.Format("2006-01-02"), Program: report.Program,
		Genuine: report.Genuine, Impostor: report.Impostor, Strangers: strangers(impostor),
	}
	return parsed(&c)
}

// strangers gives, for rising scores, the number of impostor pairs at or above each. It omits
// a score whose count is within a tenth of that of the next kept score above it; that one
// stands for both.
func strangers(scores []float32) (kept []matcher.Strangers) {
	last := 0
	for i, score := range slices.Backward(scores) {
		count := len(scores) - i
		if i > 0 && scores[i-1] == score || count >= everyBelow && float64(last) > thinning*float64(count) {
			continue
		}
		kept, last = append(kept, matcher.Strangers{Score: percentages{}.value(float64(score)), Count: count}), count
	}
	slices.Reverse(kept)
	return kept
}

// parsed is the calibration as the engine will read it.
func parsed(c *matcher.Calibration) (*matcher.Calibration, error) {
	data, err := encode(c)
	if err != nil {
		return nil, err
	}
	return matcher.ParseCalibration(data)
}

// inner matches a list or object of several lines that holds no other list or object.
var inner = regexp.MustCompile(`[\[{]\n[^\[\]{}]*\n *[\]}]`)

// space matches a line break and the indent after it.
var space = regexp.MustCompile(`\n *`)

// encode writes a calibration for people to read: a line for each point, mark and
// model.
func encode(c *matcher.Calibration) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(c); err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	// JSON has no line breaks inside strings, so no string is changed.
	return inner.ReplaceAllFunc(b.Bytes(), func(block []byte) []byte {
		line := space.ReplaceAll(block, []byte(" "))
		return slices.Concat(line[:1], bytes.TrimSpace(line[1:len(line)-1]), line[len(line)-1:])
	}), nil
}

// PrepareCalibration checks, before the work, that a calibration can be written to the file.
// An existing file is never overwritten, because an engine may use it. Its problems are
// evaluate.calibration_exists and evaluate.calibration_unwritten.
func PrepareCalibration(file string) error {
	if err := vacant(file); err != nil {
		return err
	}
	if err := writable(filepath.Dir(file)); err != nil {
		return matcher.NewProblem("evaluate.calibration_unwritten", err)
	}
	return nil
}

func vacant(file string) error {
	if _, err := os.Lstat(file); err == nil {
		return matcher.NewProblem("evaluate.calibration_exists", nil)
	} else if !errors.Is(err, os.ErrNotExist) {
		return matcher.NewProblem("evaluate.calibration_unwritten", err)
	}
	return nil
}

// WriteCalibration writes Calibration, in one step; its problems are those of
// PrepareCalibration.
func (r *Report) WriteCalibration(file string) error {
	data, err := encode(r.Calibration)
	if err != nil {
		return err
	}
	if err := vacant(file); err != nil {
		return err
	}
	if err := privatefile.Write(file, data); err != nil {
		return matcher.NewProblem("evaluate.calibration_unwritten", err)
	}
	return nil
}

// noBand reports that no refer band is left, because so few genuine pairs lie beyond the
// bound of pass.
func noBand(p *matcher.MeasuredPairs) bool { return p.Marks[0].FNMR <= fnmrOfFail }
