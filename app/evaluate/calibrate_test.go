package evaluate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"facematch/matcher"
	"facematch/matcher/accuracy"
)

// duo stands in for an engine with two networks: a file holds eight numbers for
// each, and the strength of the second.
type duo struct {
	*ruler
	turned bool // the second network takes alike for unlike
}

func (d *duo) models() []matcher.Model {
	return []matcher.Model{{Name: "eyes.onnx", SHA256: strings.Repeat("ab", 32)},
		{Name: "points.onnx", SHA256: strings.Repeat("ef", 32)}}
}

func (d *duo) Describe(context.Context) (matcher.Description, error) {
	return matcher.Description{Engine: "duo", Calibration: "by hand", Models: d.models()}, nil
}

func (d *duo) Calibration() *matcher.Calibration {
	return &matcher.Calibration{
		Name: "by hand", Engine: "duo", Finder: matcher.Finder{Detector: "points.onnx", Landmarks: "points.onnx"},
		Network: &matcher.Network{Features: "eyes.onnx", Mean: 127, Deviation: 128},
		Fusion:  &matcher.Fusion{Offset: 1, Cosine: -1}, Points: [][2]float64{{0, 100}, {1, 0}}, SamePerson: 1,
		ResultFrom: 70, Models: d.models(),
	}
}

func (d *duo) Parts(reference, probe matcher.Template) []matcher.Parts {
	a, b := reference.([]float64), probe.([]float64)
	apart := 0.0
	for i := range 8 {
		apart += (a[i] - b[i]) * (a[i] - b[i])
	}
	cosine := cosine(a[8:16], b[8:16])
	if d.turned {
		cosine = -cosine
	}
	return []matcher.Parts{{GoFace: math.Sqrt(apart), Cosine: cosine, Strength: min(a[16], b[16])}}
}

func (d *duo) Distances(reference, probe matcher.Template) []float64 {
	return []float64{d.Calibration().Distance(d.Parts(reference, probe)[0])}
}

func cosine(a, b []float64) float64 {
	ab, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	return ab / math.Sqrt(aa*bb)
}

// crowd are the pictures of so many people for duo: three each, the poorer the
// weaker.
func crowd(t *testing.T, people int) string {
	t.Helper()
	random := rand.New(rand.NewPCG(5, 6))
	files, groups := map[string]string{}, "person,group\n"
	for p := range people {
		var person [16]float64
		for i := range person {
			person[i] = random.NormFloat64()
		}
		for k := range 3 {
			strength := 2.4 + 1.6*random.Float64()
			var text strings.Builder
			for i, x := range person {
				noise := 0.2
				if i >= 8 {
					noise = 0.7 / strength
				}
				fmt.Fprintf(&text, "%.6f ", 0.3*(x+noise*random.NormFloat64()))
			}
			fmt.Fprintf(&text, "%.6f", strength)
			files[fmt.Sprintf("crowd/p%03d/%d", p, k)] = text.String()
		}
		groups += fmt.Sprintf("p%03d,%s\n", p, []string{"odd", "even"}[p%2])
	}
	files["groups.csv"] = groups
	return folder(t, files)
}

func calibrated(t *testing.T, engine matcher.Comparer, test *Test, err error) (*Report, error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	p := params(t, engine)
	p.Calibrate = true
	return Run(context.Background(), p, test, nil)
}

func TestCalibrationOfTwoNetworks(t *testing.T) {
	dir := crowd(t, 120)
	test, err := People(filepath.Join(dir, "crowd"), PeopleOptions{Groups: filepath.Join(dir, "groups.csv")})
	engine := &duo{ruler: &ruler{}}
	r, err := calibrated(t, engine, test, err)
	if err != nil {
		t.Fatal(err)
	}
	c, now := r.Calibration, engine.Calibration()
	if c.Name != "crowd, 2026-11-23" || c.Engine != "duo" || !c.Calibrated || *c.Network != *now.Network ||
		!slices.Equal(c.Models, now.Models) || c.ResultFrom != 70 {
		t.Errorf("%+v", c)
	}
	if p := c.Pairs; p.Data != "crowd" || p.Date != "2026-11-23" || p.Program != "1.2.3" || p.People != 120 ||
		p.Genuine != 360 || p.Impostor != 360*359/2-360 {
		t.Errorf("%+v", p)
	}
	alike := matcher.Parts{Cosine: 1, Strength: strongest}
	if d := c.Fusion.Distance(alike); d > 2e-5 {
		t.Errorf("two faces as alike as can be are %g apart", d)
	}
	for _, stronger := range []float64{weakest, strongest} {
		if c.Fusion.Cosine+c.Fusion.CosineStrength*stronger >= 0 || c.Fusion.GoFaceSquared <= 0 {
			t.Errorf("the distance rises with likeness: %+v", c.Fusion)
		}
	}

	// Everything again, by hand, with what the file says.
	raw, err := encode(c)
	if err != nil {
		t.Fatal(err)
	}
	read, err := matcher.ParseCalibration(raw)
	if err != nil {
		t.Fatal(err)
	}
	fused, alone := byHand(t, engine, test, read)
	bound := c.Pairs.Marks[0].Distance
	if bound != 1 {
		t.Errorf("80 lies at %g, not at 1", bound)
	}
	for _, m := range c.Pairs.Marks {
		if fmr, fnmr := fused.FMR(-asKept(m.Distance)), fused.FNMR(-asKept(m.Distance)); fmr.Value() != m.FMR ||
			fnmr.Value() != m.FNMR || m.FMRHigh <= m.FMR || m.FNMRHigh <= m.FNMR {
			t.Errorf("%+v is FMR %v, FNMR %v", m, fmr, fnmr)
		}
		if got := read.Percentage(m.Distance); got != m.Percentage {
			t.Errorf("at %g the curve is %g, not %g", m.Distance, got, m.Percentage)
		}
	}
	if allowed := int(fmrOfPass * float64(fused.Impostor())); fused.FMR(-asKept(bound)).Errors > allowed ||
		fused.FMR(-asKept(bound+1/distanceSteps)).Errors <= allowed {
		t.Errorf("80 is not the most lenient bound: %v, then %v", fused.FMR(-asKept(bound)),
			fused.FMR(-asKept(bound+1/distanceSteps)))
	}
	both, one := fused.FNMR(fused.AtFMR(1e-4)).Value(), alone.FNMR(alone.AtFMR(1e-4)).Value()
	t.Logf("FNMR at FMR 1e-4: fused %.4f, go-face alone %.4f", both, one)
	if both >= one {
		t.Errorf("the fusion misses %g, go-face alone %g", both, one)
	}

	// The groups are told without the second network too.
	if r.Alone == nil || len(r.Alone.Groups) != 2 || r.Alone.Groups[0].Name != "even" ||
		r.Alone.Groups[0].Impostor != r.Groups[0].Impostor {
		t.Fatalf("%+v", r.Alone)
	}
	at := r.Alone.Targets[0]
	if printed, like := (distances{}).above(alone.AtFMR(1e-3)); *at.Threshold != printed ||
		at.FNMR.Errors != alone.FNMR(like).Errors || at.Percentage != nil {
		t.Errorf("go-face alone at 1e-3: %+v", at)
	}
	sum := r.Alone.Groups[0].At[0].FNMR.Errors + r.Alone.Groups[1].At[0].FNMR.Errors
	if sum != at.FNMR.Errors {
		t.Errorf("the groups miss %d, all %d", sum, at.FNMR.Errors)
	}

	// The same pictures give the same file.
	again, err := calibrated(t, engine, test, nil)
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := encode(again.Calibration); string(second) != string(raw) {
		t.Error("the same pictures give another calibration")
	}
}

// byHand compares all pairs with a calibration's fusion, and with go-face alone.
func byHand(t *testing.T, engine *duo, test *Test, c *matcher.Calibration) (fused, alone *accuracy.Sample) {
	t.Helper()
	r := &run{Params: params(t, engine), test: test}
	if err := r.lookAtFiles(context.Background()); err != nil {
		t.Fatal(err)
	}
	var f, g scores
	for a := range test.files {
		for b := a + 1; b < len(test.files); b++ {
			p, same := r.parts(a, b), test.files[a].person == test.files[b].person
			f.add(same, float32(-c.Distance(p)))
			g.add(same, float32(-p.GoFace))
		}
	}
	return f.sample(), g.sample()
}

// A list's groups are told without the second network too, other tests are not.
func TestGoFaceAloneOfAList(t *testing.T) {
	dir := crowd(t, 4)
	list := "file_a,file_b,same,group\n"
	for p := range 4 {
		list += fmt.Sprintf("crowd/p%03d/0,crowd/p%03d/1,yes,\ncrowd/p%03d/0,crowd/p%03d/1,no,near\n", p, p, p, (p+1)%4)
	}
	for name, c := range map[string]struct {
		list  string
		alone bool
	}{"groups": {list, true}, "no groups": {strings.ReplaceAll(list, "near", ""), false}} {
		file := filepath.Join(dir, "list.csv")
		if err := os.WriteFile(file, []byte(c.list), 0o600); err != nil {
			t.Fatal(err)
		}
		test, err := Pairs(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(context.Background(), params(t, &duo{ruler: &ruler{}}), test, nil)
		if err != nil || (r.Alone != nil) != c.alone {
			t.Fatalf("%s: %v, %+v", name, err, r.Alone)
		}
		if c.alone && (r.Alone.Groups[0].Impostor != 4 || r.Alone.Groups[0].Genuine != 0 || !r.Alone.Groups[0].Direction) {
			t.Errorf("%+v", r.Alone)
		}
	}
	if r := mustRun(t, checks(t)); r.Alone != nil || r.Rarity != nil {
		t.Errorf("%+v, %+v", r.Alone, r.Rarity)
	}
}

func TestTheHardestPairsAreFound(t *testing.T) {
	test, err := People(filepath.Join(crowd(t, 120), "crowd"), PeopleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := &run{Params: params(t, &duo{ruler: &ruler{}}), test: test}
	if err := r.lookAtFiles(context.Background()); err != nil {
		t.Fatal(err)
	}
	genuine, impostor, err := r.hardPairs(context.Background(), indices(len(test.files)))
	if err != nil {
		t.Fatal(err)
	}
	var all []float64
	for a := range test.files {
		for b := a + 1; b < len(test.files); b++ {
			if test.files[a].person != test.files[b].person {
				all = append(all, r.parts(a, b).Cosine)
			}
		}
	}
	slices.Sort(all)
	slices.Reverse(all)
	if len(genuine) != 360 || len(impostor) != hardImpostors {
		t.Fatalf("%d genuine, %d impostor pairs", len(genuine), len(impostor))
	}
	for i, row := range impostor {
		if row[ofCosine] != all[i] || row[ofStrength] < weakest || row[ofStrength] > strongest ||
			row[ofBoth] != row[ofCosine]*row[ofStrength] {
			t.Fatalf("pair %d: %v, want a cosine of %g", i, row, all[i])
		}
	}
}

func TestTopOfMany(t *testing.T) {
	few := newTop(3, func(a, b int) int { return a - b })
	few.add([]int{5, 4})
	if got := few.best(); !slices.Equal(got, []int{4, 5}) {
		t.Errorf("%v", got)
	}
	if _, full := few.least(); full {
		t.Error("two of three are all")
	}
	for i := range 100 {
		few.add([]int{(i * 37) % 101})
	}
	if last, full := few.least(); !full || last < 2 {
		t.Errorf("last %d, %v", last, full)
	}
	if got := few.best(); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("%v", got)
	}
}

// Where go-face says the opposite of what it should, it has no weight.
func TestGoFaceNeverWeighsAgainstItself(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	pairs := func(n int, cosine, goFace float64) (rows [][]float64) {
		for range n {
			rows = append(rows, features(matcher.Parts{
				Cosine: cosine + 0.1*random.NormFloat64(), GoFace: goFace + 0.1*random.NormFloat64(),
				Strength: 3 + 0.3*random.NormFloat64(),
			}))
		}
		return rows
	}
	weights, err := fitted(pairs(300, .6, .8), pairs(3000, .2, .5))
	if err != nil {
		t.Fatal(err)
	}
	if f := newFusion(weights, 1); f.GoFaceSquared != 0 || !sound(f) {
		t.Errorf("%+v", f)
	}
}

func TestCalibrationOfGoFaceAlone(t *testing.T) {
	files := map[string]string{}
	for i := range 110 {
		for k := range 2 {
			files[fmt.Sprintf("row/p%03d/%d", i, k)] = fmt.Sprintf("%.6f", 0.01*float64(i)+0.004*float64(k))
		}
	}
	test, err := People(filepath.Join(folder(t, files), "row"), PeopleOptions{})
	r, err := calibrated(t, &ruler{}, test, err)
	if err != nil {
		t.Fatal(err)
	}
	// Everybody's own pictures are 0.004 apart; the nearest of others are 109 pairs of
	// neighbours at 0.006, too many for 80 and for 70, which lies just before them.
	c := r.Calibration
	if c.Fusion != nil || c.Network != nil || c.Pairs.Marks[0].Distance != 0.0058 || c.SamePerson != 0.0059 ||
		c.Pairs.Marks[0].FMR != 0 || c.Pairs.Marks[0].FNMR != 0 {
		t.Errorf("%+v, marks %+v", c, c.Pairs.Marks)
	}
	text := string(r.CalibrationText(english(t)))
	for _, line := range []string{
		"A new calibration, from 110 genuine and 23,980 impostor pairs:",
		"  80        0.0058  0 % (0.012 %)            0 % (2.7 %)",
		"  There is no refer band: at most 1 % of the genuine pairs lie beyond 80.",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}

// spread are so many distances from one on, a step apart, and then others.
func spread(n int, from float64, more ...float64) (scores []float32) {
	for i := range n {
		scores = append(scores, float32(-(from + float64(i)/distanceSteps)))
	}
	for _, d := range more {
		scores = append(scores, float32(-d))
	}
	return scores
}

func times11(d float64) []float64 { return slices.Repeat([]float64{d}, 11) }

// Of 20,000 impostor pairs from 1 on, two are nearer than 1.0002 and 20 nearer
// than 1.0020; of 1,000 genuine pairs eleven, one too many, lie where 60 must.
func TestCurves(t *testing.T) {
	impostor := func() []float32 { return spread(20_000, 1) }
	for name, c := range map[string]struct {
		impostor []float32
		genuine  []float32
		marks    [3]float64
		points   string
	}{
		"in order": {impostor(), spread(989, .3, times11(1.05)...), [3]float64{1.0001, 1.0019, 1.05},
			"100 90 80 70 60 40 20 0"},
		"60 squeezes 70": {impostor(), spread(989, .3, times11(1.001)...), [3]float64{1.0001, 1.0005, 1.001},
			"100 90 80 70 60 40 20 0"},
		"60 at 80": {impostor(), spread(989, .3, times11(1.0001)...), [3]float64{1.0001, 1.0002, 1.0003},
			"100 90 80 70 60 40 20 0"},
		"60 beside 80": {impostor(), spread(989, .3, times11(1.0002)...), [3]float64{1.0001, 1.0002, 1.0003},
			"100 90 80 70 60 40 20 0"},
		"crossed": {impostor(), spread(989, .3, times11(.8)...), [3]float64{1.0001, 1.0002, 1.0003},
			"100 90 80 70 60 40 20 0"},
		"genuine at 0": {impostor(), spread(0, 0, slices.Repeat([]float64{0}, 200)...), [3]float64{1.0001, 1.0002, 1.0003},
			"100 80 70 60 40 20 0"},
		"median near 80": {impostor(), spread(989, .9, times11(1.5)...), [3]float64{1.0001, 1.0019, 1.5},
			"100 80 70 60 20 0"},
		"60 beyond 20": {impostor(), spread(989, .3, times11(2.5)...), [3]float64{1.0001, 1.0019, 2.5},
			"100 90 80 70 60 0"},
		"60 beyond all": {impostor(), spread(989, .3, times11(5)...), [3]float64{1.0001, 1.0019, 5}, "100 90 80 70 60 0"},
		"one distance": {spread(0, 0, slices.Repeat([]float64{1}, 20_000)...), spread(1000, .3),
			[3]float64{.9998, .9999, 1}, "100 90 80 70 60 0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := accuracy.NewSample(c.genuine, c.impostor)
			drawn, err := newCurve(s)
			if err != nil {
				t.Fatal(err)
			}
			var percentages []string
			for _, p := range drawn.points {
				percentages = append(percentages, fmt.Sprint(p[1]))
			}
			if got := strings.Join(percentages, " "); got != c.points {
				t.Errorf("points %v, want %s", drawn.points, c.points)
			}
			read, err := parsed(&matcher.Calibration{
				Points: drawn.points, SamePerson: drawn.samePerson, ResultFrom: 70, Models: []matcher.Model{{Name: "wood.dat"}},
				Finder: matcher.Finder{Detector: "wood.dat", Landmarks: "wood.dat"},
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range drawn.marks {
				if m.Distance != c.marks[i] || read.Percentage(m.Distance) != anchors[i] {
					t.Errorf("%g lies at %g and is %g there, want %g", m.Percentage, m.Distance, read.Percentage(m.Distance),
						c.marks[i])
				}
			}
			// What the anchors promise is so, as printed.
			m := drawn.marks
			if m[0].FMR > 1e-4 || m[1].FMR > 1e-3 || m[2].FNMR > 1e-2 {
				t.Errorf("marks %+v", m)
			}
			if read.Percentage(math.Inf(1)) != 0 {
				t.Error("the curve does not reach 0")
			}
		})
	}
	_, err := newCurve(accuracy.NewSample(spread(200, .1), spread(0, 0, slices.Repeat([]float64{0}, 20_000)...)))
	wantProblem(t, err, "evaluate.calibrate_curve")
}

func TestCalibrationsThatAreRefused(t *testing.T) {
	few, err := People(filepath.Join(crowd(t, 30), "crowd"), PeopleOptions{})
	engine := &duo{ruler: &ruler{}}
	_, err = calibrated(t, engine, few, err)
	if text := wantProblem(t, err, "evaluate.calibrate_few"); !strings.Contains(text, "90 and 3,915") ||
		engine.looks.Load() != 0 {
		t.Errorf("%s, after %d looks", text, engine.looks.Load())
	}

	// Enough by their number, but not of those that show a face.
	files := map[string]string{}
	for i := range 101 {
		files[fmt.Sprintf("row/p%03d/1", i)], files[fmt.Sprintf("row/p%03d/2", i)] = fmt.Sprint(i), fmt.Sprintf("%d.5", i)
	}
	files["row/p000/1"], files["row/p050/1"] = "code 1", "code 2"
	faceless, err := People(filepath.Join(folder(t, files), "row"), PeopleOptions{})
	_, err = calibrated(t, &ruler{}, faceless, err)
	if text := wantProblem(t, err, "evaluate.calibrate_few"); !strings.Contains(text, "99 and 19,") {
		t.Error(text)
	}

	turned, err := People(filepath.Join(crowd(t, 120), "crowd"), PeopleOptions{})
	_, err = calibrated(t, &duo{ruler: &ruler{}, turned: true}, turned, err)
	wantProblem(t, err, "evaluate.calibrate_fusion")

	_, err = calibrated(t, &ruler{}, checks(t), nil)
	wantProblem(t, err, "evaluate.calibrate_checks")
	if _, err := calibrated(t, &ruler{}, known(t), nil); err == nil {
		t.Error("a list of pairs makes a calibration")
	}
}

func TestStrangers(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	var scores []float32
	for range 30_450 {
		scores = append(scores, float32(math.Round(100*math.Min(90, 8*random.ExpFloat64()))/100))
	}
	slices.Sort(scores)
	c := matcher.Calibration{Checks: &matcher.MeasuredChecks{Impostor: len(scores), Strangers: strangers(scores)}}
	kept := c.Checks.Strangers
	if len(kept) > 120 {
		t.Errorf("%d of %d scores are kept", len(kept), len(scores))
	}
	for i := 1; i < len(kept); i++ {
		if kept[i].Score <= kept[i-1].Score || kept[i].Count >= kept[i-1].Count {
			t.Fatalf("%+v, then %+v", kept[i-1], kept[i])
		}
	}
	// The truth is told within a tenth, and exactly where it is rare.
	for i, score := range scores {
		if i > 0 && scores[i-1] == score {
			continue
		}
		count := len(scores) - i
		at := slices.IndexFunc(kept, func(s matcher.Strangers) bool { return s.Score >= percentages{}.value(float64(score)) })
		if got := kept[at].Count; got > count || float64(got) < .9*float64(count) || count < everyBelow && got != count {
			t.Fatalf("%d reached %g, %d are told", count, score, got)
		}
	}
	if top := kept[len(kept)-1]; float32(top.Score) != scores[len(scores)-1] {
		t.Errorf("the highest is %g, %g is told", scores[len(scores)-1], top.Score)
	}
	if got := strangers([]float32{1, 1, 2}); !slices.Equal(got,
		[]matcher.Strangers{{Score: 1, Count: 3}, {Score: 2, Count: 1}}) {
		t.Errorf("%v", got)
	}
}

// square has so many documents and clips, each of one person, every one against
// every other; the first two people are alike.
func square(t *testing.T, n int) *Test {
	t.Helper()
	files, list := map[string]string{}, "document,video,same\n"
	for i := range n {
		x := float64(i)
		if i == 1 {
			x = 0.1
		}
		files[fmt.Sprintf("d%d", i)], files[fmt.Sprintf("v%d", i)] = fmt.Sprint(x), fmt.Sprintf("%g %g", x+.01, x+.03)
		for k := range n {
			list += fmt.Sprintf("d%d,v%d,%s\n", i, k, map[bool]string{true: "yes", false: "no"}[i == k])
		}
	}
	files["square.csv"] = list
	test, err := Checks(filepath.Join(folder(t, files), "square.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return test
}

// measured is a ruler whose calibration knows how whole checks came out.
type measured struct{ *ruler }

func (m measured) Calibration() *matcher.Calibration {
	return &matcher.Calibration{
		Name: "a straight line", Engine: "ruler", Calibrated: true, Points: [][2]float64{{0, 100}, {1, 0}}, SamePerson: 1,
		ResultFrom: 70,
		Models:     []matcher.Model{{Name: "wood.dat"}}, Finder: matcher.Finder{Detector: "wood.dat", Landmarks: "wood.dat"},
		Checks: &matcher.MeasuredChecks{Impostor: 24_000,
			Strangers: []matcher.Strangers{{Score: 10, Count: 20_000}, {Score: 65, Count: 30}, {Score: 72.5, Count: 3}}},
	}
}

func TestCalibrationWithChecks(t *testing.T) {
	r, err := calibrated(t, measured{&ruler{}}, square(t, 20), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := r.Calibration
	if m := c.Checks; m.Data != "square.csv" || m.Date != "2026-11-23" || m.Program != "1.2.3" || m.Genuine != 20 ||
		m.Impostor != 380 {
		t.Errorf("%+v", m)
	}
	// Only the two alike come near: 12 % and 8 % away on average.
	if top := c.Checks.Strangers; top[len(top)-1] != (matcher.Strangers{Score: 92, Count: 1}) ||
		top[len(top)-2] != (matcher.Strangers{Score: 88, Count: 2}) {
		t.Errorf("%+v", top)
	}
	if c.Name != "a straight line" || len(c.Points) != 2 || c.Pairs != nil ||
		c.Rarity(89) != (matcher.Rarity{OneIn: 380}) {
		t.Errorf("%+v, %+v", c, c.Rarity(89))
	}
	if text := string(r.CalibrationText(english(t))); !strings.Contains(text, "with 20 genuine and 380 impostor checks") {
		t.Error(text)
	}

	// The report's words are of the calibration in force.
	if want := []Rarity{{60, 800, false}, {70, 8000, false}, {80, 8000, true},
		{90, 8000, true}}; !slices.Equal(r.Rarity, want) {
		t.Errorf("%+v", r.Rarity)
	}
	// Both false matches are of the same two people, so the bounds by people are far
	// wider than the exact ones.
	passed := r.Decisions.ImpostorsPassed
	if passed.Errors != 2 || passed.People == nil || passed.People.Low != 0 || passed.People.High < passed.High ||
		r.Decisions.GenuineFailed.People != nil {
		t.Errorf("%+v, by people %+v", passed, passed.People)
	}
	text := string(r.Text(english(t)))
	for _, line := range []string{
		fmt.Sprintf("  Impostors passed (false matches)   %-30s 0–%s", "0.53 % (0.064–1.9), 2", share(passed.People.High)),
		"  Genuine failed (false non-matches) 0 % (0–13.9), 0                –",
		"  70     about 1 stranger in 8,000",
		"  80     fewer than 1 in 8,000 measured",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
	if !strings.Contains(keys(r.Notes), "evaluate.note_people") {
		t.Error("it does not say what the bounds by people are")
	}
}

func TestTiedPeople(t *testing.T) {
	dir := folder(t, map[string]string{
		"list": "document,video,same\nd1,v1,yes\nd1,v2,yes\nd2,v2,yes\nd2,v1,no\nd3,v1,no\nd3,v3,no\n",
		"d1":   "0", "d2": "0.01", "d3": "0.5", "v1": "0.1", "v2": "code 1", "v3": "0.9",
	})
	test, err := Checks(filepath.Join(dir, "list"))
	if err != nil {
		t.Fatal(err)
	}
	all := test.identities()
	of := map[string]int{}
	for i, f := range test.files {
		of[f.name] = all.person[i]
	}
	if all.people != 3 || of["d1"] != of["v1"] || of["d1"] != of["d2"] || of["d3"] == of["d1"] || of["v3"] == of["d3"] ||
		of["v3"] == of["d1"] || all.contradictions != 1 {
		t.Errorf("%d people, %d torn rows: %v", all.people, all.contradictions, of)
	}
	if got := keys(mustRun(t, test).Notes); !strings.Contains(got, "evaluate.note_torn 1") {
		t.Errorf("notes %s", got)
	}
}

func TestCalibrationFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ours.json")
	if err := PrepareCalibration(file); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	c := measured{&ruler{}}.Calibration()
	c.Name = `[a name} with {"brackets]`
	r := &Report{Kind: ChecksTest, Calibration: c}
	if err := r.WriteCalibration(file); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(file)
	read, err := matcher.ParseCalibration(raw)
	if err != nil || read.Name != c.Name || info.Mode().Perm() != 0o600 || !json.Valid(raw) {
		t.Errorf("%v, %v\n%s", err, info.Mode(), raw)
	}
	for _, line := range []string{"    [0, 100],\n", `    {"name": "wood.dat", "sha256": ""}` + "\n",
		`      {"score": 65, "count": 30},` + "\n"} {
		if !strings.Contains(string(raw), line) {
			t.Errorf("no line %q in\n%s", line, raw)
		}
	}

	wantProblem(t, PrepareCalibration(file), "evaluate.calibration_exists")
	wantProblem(t, r.WriteCalibration(file), "evaluate.calibration_exists")
	if now, _ := os.ReadFile(file); string(now) != string(raw) {
		t.Error("it was written over")
	}
	for _, wrong := range []string{filepath.Join(dir, "none", "ours.json"), filepath.Join(file, "below.json")} {
		wantProblem(t, PrepareCalibration(wrong), "evaluate.calibration_unwritten")
		wantProblem(t, r.WriteCalibration(wrong), "evaluate.calibration_unwritten")
	}
}
