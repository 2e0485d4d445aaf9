package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"facematch/matcher"
	"facematch/matcher/accuracy"
)

// known is a list with known distances: 300 impostor pairs 0.500, 0.501 … 0.799
// apart, and 100 genuine ones 0.100, 0.105 … 0.595. The nearest twenty of the
// impostors and the farthest ten of the genuine ones are a group.
func known(t *testing.T) *Test {
	t.Helper()
	var list strings.Builder
	list.WriteString("file_a,file_b,same,group\n")
	files := map[string]string{"zero": "0"}
	add := func(name string, apart float64, same, group string) {
		files[name] = fmt.Sprintf("%.4f # %s", apart, name)
		fmt.Fprintf(&list, "zero,%s,%s,%s\n", name, same, group)
	}
	for i := range 300 {
		group := ""
		if i < 20 {
			group = "near"
		}
		add(fmt.Sprintf("other%d", i), 0.5+0.001*float64(i), "no", group)
	}
	for i := range 100 {
		group := ""
		if i >= 90 {
			group = "near"
		}
		add(fmt.Sprintf("mine%d", i), 0.1+0.005*float64(i), "yes", group)
	}
	files["list.csv"] = list.String()
	test, err := Pairs(filepath.Join(folder(t, files), "list.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return test
}

func TestKnownPairs(t *testing.T) {
	r := mustRun(t, known(t))
	if r.Genuine != 100 || r.Impostor != 300 || r.Unit != "distance" || r.Pictures.Acquired != 401 || r.Made != someDay {
		t.Errorf("%+v", r)
	}
	// Three impostors may match: those at 0.500 to 0.502. Of the genuine pairs 81
	// are at most 0.5029 apart.
	at := r.Targets[0]
	if at.Target != 1e-2 || !at.Supported || *at.Threshold != 0.5029 || *at.Percentage != 49.71 ||
		at.FMR.Errors != 3 || *at.FMR.Rate != 0.01 || at.FNMR.Errors != 19 || at.FNMR.Trials != 100 {
		t.Errorf("at 1e-2: %+v, threshold %v, FMR %+v, FNMR %+v", at, *at.Threshold, at.FMR, at.FNMR)
	}
	low, high := accuracy.Rate{Errors: 3, Trials: 300}.Bounds()
	if at.FMR.Low != low || at.FMR.High != high {
		t.Errorf("bounds %g to %g", at.FMR.Low, at.FMR.High)
	}
	for _, other := range r.Targets[1:] { // rule of three: 3/300
		if other.Supported || other.FewerThan1In != 100 || other.FMR != nil || other.Threshold != nil {
			t.Errorf("300 pairs support %+v", other)
		}
	}
	// FNMR and FMR meet between 0.515 (16 of 300 and 16 of 100) and above: at
	// 0.560 they are 61/300 and 7/100, at 0.530 31/300 and 13/100.
	if r.EER == nil || math.Abs(r.EER.Rate-0.115) > 0.02 || math.Abs(r.EER.Threshold-0.535) > 0.006 {
		t.Errorf("EER %+v", r.EER)
	}
	// 80 % is a distance of 0.2, which 21 genuine pairs do not exceed.
	if a := r.Anchors[0]; a.Target != 80 || *a.Threshold != 0.2 || a.FMR.Errors != 0 || a.FNMR.Errors != 79 {
		t.Errorf("at 80 %%: %+v at %v, %+v", a, *a.Threshold, a.FNMR)
	}
	if s := r.Scores.Impostor; !near(s.Min, 0.5) || !near(s.Max, 0.799) || !near(s.Mean, 0.6495) {
		t.Errorf("impostor distances %+v", s)
	}
	if len(r.Groups) != 1 || len(r.Groups[0].At) != 0 || !r.Groups[0].Direction || r.Groups[0].Impostor != 20 {
		t.Errorf("groups at thresholds nobody knows: %+v", r.Groups)
	}
	sum := Counts{}
	for i, b := range r.Histogram {
		sum.Genuine, sum.Impostor = sum.Genuine+b.Genuine, sum.Impostor+b.Impostor
		if b.From >= b.To || i > 0 && !near(b.From, r.Histogram[i-1].To) {
			t.Errorf("bin %d is from %g to %g", i, b.From, b.To)
		}
	}
	if sum != (Counts{Genuine: 100, Impostor: 300}) || r.DET[0].FMR != 1 {
		t.Errorf("histogram %+v, DET %+v", sum, r.DET[0])
	}
	if got := keys(r.Notes); got != "evaluate.note_uncalibrated <nil>; evaluate.note_bounds <nil>; evaluate.note_pictures <nil>" {
		t.Errorf("notes %s", got)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

// The groups of people at a threshold of all: 50 people with two pictures each,
// in two groups, in one of which all are alike.
func TestGroupsOfPeople(t *testing.T) {
	files := map[string]string{}
	groups := "person,group\n"
	for i := range 50 {
		x, group := 0.3*float64(i), "apart"
		if i >= 45 {
			x, group = 100+0.001*float64(i*i), "alike"
		}
		person := fmt.Sprintf("p%02d", i)
		files["photos/"+person+"/1"] = fmt.Sprintf("%.4f", x)
		files["photos/"+person+"/2"] = fmt.Sprintf("%.4f", x+0.01)
		groups += person + "," + group + "\n"
	}
	files["groups.csv"] = groups
	dir := folder(t, files)
	test, err := People(filepath.Join(dir, "photos"), PeopleOptions{Groups: filepath.Join(dir, "groups.csv")})
	if err != nil {
		t.Fatal(err)
	}
	r := mustRun(t, test)
	if r.People != 50 || r.Genuine != 50 || r.Impostor != 100*99/2-50 {
		t.Fatalf("%d people, %d and %d pairs", r.People, r.Genuine, r.Impostor)
	}
	alike, apart := r.Groups[0], r.Groups[1]
	if alike.Name != "alike" || alike.Genuine != 5 || alike.Impostor != 40 || apart.Impostor != 90*89/2-45 ||
		!alike.Direction || apart.Direction {
		t.Errorf("groups %+v, %+v", alike, apart)
	}
	// Of 4,900 impostor pairs four may match at 1e-3, all of them alike: 0.1 in 40
	// against 4 in 4,900.
	at := alike.At[0]
	whole := r.Targets[1].FMR
	if len(alike.At) != 1 || at.Target != 1e-3 || whole.Errors != 4 || at.FMR.Errors != whole.Errors ||
		!near(*at.Ratio, 4900.0/40) || *at.RatioHigh <= *at.Ratio {
		t.Errorf("alike: %+v, ratio %v; whole %+v", at, *at.Ratio, whole)
	}
	if at := apart.At[0]; at.FMR.Errors != 0 || *at.Ratio != 0 || *at.RatioHigh <= 0 || at.FNMR.Trials != 45 {
		t.Errorf("apart: %+v", at)
	}
}

// What cannot be taken in is counted by its reason, and its pairs too.
func TestFailuresAreCountedApart(t *testing.T) {
	dir := folder(t, map[string]string{
		"p/ann/1": "0.1", "p/ann/2": "code 1", "p/ann/3": "code 2", "p/ann/4": "0.1 # again",
		"p/bob/1": "0.7", "p/bob/2": "damaged", "p/bob/3": "code 1 # also",
	})
	test, err := People(filepath.Join(dir, "p"), PeopleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := mustRun(t, test)
	a := r.Pictures
	if a.Files != 7 || a.Acquired != 3 || len(a.Failed) != 2 || a.Failed[0].Code != 1 || a.Failed[0].Count != 2 ||
		a.Failed[1].Count != 1 ||
		len(a.Unreadable) != 1 || a.Unreadable[0].Key != "document.damaged" || a.FTA.Errors != 3 || a.FTA.Trials != 6 {
		t.Errorf("%+v", a)
	}
	// Of the 4+2 readable pictures: 6+1 genuine and 8 impostor pairs; compared 1 and 2.
	if r.Genuine != 1 || r.Impostor != 2 || r.NotCompared != (Counts{Genuine: 6, Impostor: 6}) || r.Unread != 6 {
		t.Errorf("compared %d and %d, not compared %+v, unread %d", r.Genuine, r.Impostor, r.NotCompared, r.Unread)
	}
	if !strings.HasPrefix(keys(r.Notes), "evaluate.note_unread 6") || len(r.Details) != 4 || r.Details[0].File != "ann/2" {
		t.Errorf("notes %s, details %+v", keys(r.Notes), r.Details)
	}
}

func TestSamePictureTwice(t *testing.T) {
	dir := folder(t, map[string]string{
		"p/ann/1": "0.1", "p/ann/2": "0.1", "p/ann/3": "0.2", "p/bob/1": "0.7", "p/bob/2": "0.2",
		"list": "file_a,file_b,same\np/ann/1,p/ann/2,yes\np/ann/1,p/ann/3,yes\np/ann/3,p/bob/2,no\np/ann/1,p/bob/1,no\n",
	})
	people, err := People(filepath.Join(dir, "p"), PeopleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := Pairs(filepath.Join(dir, "list"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		test              *Test
		genuine, impostor int
		file, other       string
	}{{people, 3, 5, "ann/3", "bob/2"}, {pairs, 1, 1, "p/ann/3", "p/bob/2"}} {
		r := mustRun(t, c.test)
		if r.Genuine != c.genuine || r.Impostor != c.impostor ||
			!strings.HasPrefix(keys(r.Notes), "evaluate.note_identical 2; evaluate.note_mixed 1;") {
			t.Errorf("%s: %d and %d pairs, notes %s", c.test.Kind, r.Genuine, r.Impostor, keys(r.Notes))
		}
		if d := r.Details; len(d) != 1 || d[0].File != c.file || d[0].What.Params["Other"] != c.other {
			t.Errorf("%s: details %+v", c.test.Kind, d)
		}
	}
}

// checks has six: passed, referred and failed ones, and one of each kind that
// is not compared.
func checks(t *testing.T) *Test {
	t.Helper()
	dir := folder(t, map[string]string{
		"list": "document\tvideo\tsame\tgroup\n" +
			"d1\tv1\tyes\ta\nd1\tv2\tyes\ta\nd1\tv3\tno\t\nd1\tv4\tno\ta\nd2\tv1\tno\t\nd1\tv5\tyes\t\nd1\tv6\tno\t\n",
		"d1": "0", "d2": "code 3",
		"v1": "0.10 0.12 0.14", "v2": "0.30 0.35 0.31", "v3": "0.18 0.2 0.19", "v4": "0.9 0.8", "v5": "code 2 #",
		"v6": "damaged",
	})
	test, err := Checks(filepath.Join(dir, "list"))
	if err != nil {
		t.Fatal(err)
	}
	return test
}

func TestChecks(t *testing.T) {
	engine := &ruler{calibrated: true}
	r, err := Run(context.Background(), params(t, engine), checks(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := engine.looks.Load(); n != 8 {
		t.Errorf("8 files were looked at %d times", n)
	}
	d := r.Decisions
	if d.Genuine != (Outcomes{Pass: 1, Refer: 1, NotCompared: 1}) ||
		d.Impostor != (Outcomes{Pass: 1, Fail: 1, NotCompared: 1}) {
		t.Errorf("genuine %+v, impostor %+v", d.Genuine, d.Impostor)
	}
	for name, c := range map[string]struct {
		got       Measure
		errors, n int
	}{
		"impostors passed":  {d.ImpostorsPassed, 1, 2},
		"genuine referred":  {d.GenuineReferred, 1, 2},
		"genuine failed":    {d.GenuineFailed, 0, 2},
		"false acceptances": {d.FalseAccepts, 1, 3},
		"false rejections":  {d.FalseRejects, 2, 3},
		"failed clips":      {r.Clips.FTA, 1, 5},
		"failed documents":  {r.Pictures.FTA, 1, 2},
	} {
		if c.got.Errors != c.errors || c.got.Trials != c.n {
			t.Errorf("%s: %+v", name, c.got)
		}
	}
	if r.Unit != "score" || r.Genuine != 2 || r.Impostor != 2 || r.Unread != 1 || r.Scores.Genuine.Max != 88 ||
		r.Groups[0].Impostor != 1 {
		t.Errorf("%+v, scores %+v", r, r.Scores.Genuine)
	}
	if a := r.Anchors[0]; *a.Threshold != 80 || a.Percentage != nil || a.FMR.Errors != 1 || a.FNMR.Errors != 1 {
		t.Errorf("at 80: %+v", a)
	}
	if strings.Contains(keys(r.Notes), "uncalibrated") {
		t.Error("a calibrated engine is called uncalibrated")
	}
}

// Scores are compared as they are printed, though they are kept as float32.
func TestScoreThresholdsAreStrict(t *testing.T) {
	for i := range 10001 {
		score := float64(i) / 100
		s := accuracy.NewSample([]float32{float32(score)}, []float32{float32(score)})
		printed, like := percentages{}.above(s.AtFMR(0.01))
		if s.FMR(like).Errors != 0 || math.Abs(printed-score-0.01) > 1e-9 {
			t.Fatalf("above %g: %g lets it match", score, printed)
		}
		if _, like, _ := (percentages{}).from(score, 0); s.FMR(like).Errors != 1 || s.FNMR(like).Errors != 0 {
			t.Fatalf("from %g on %g does not match", score, score)
		}
	}
	for i := range 20001 {
		apart := float64(i) / 10000
		s := accuracy.NewSample(nil, []float32{float32(-apart)})
		if printed, like := (distances{}).above(s.AtFMR(0.01)); s.FMR(like).Errors != 0 || apart-printed > 1.01e-4 {
			t.Fatalf("below %g: %g lets it match", apart, printed)
		}
	}
}

func TestOnePersonOnly(t *testing.T) {
	test, err := People(folder(t, map[string]string{"ann/1": "0.1", "ann/2": "0.2"}), PeopleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := mustRun(t, test)
	if r.Genuine != 1 || r.Impostor != 0 || r.EER != nil || len(r.DET) != 0 || r.Scores.Impostor != nil ||
		r.Targets[0].Supported || r.Targets[0].FewerThan1In != 0 || !strings.Contains(keys(r.Notes), "note_no_impostors") {
		t.Errorf("%+v, notes %s", r, keys(r.Notes))
	}
	if text := string(r.Text(english(t))); !strings.Contains(text, "no: there are no impostor pairs") {
		t.Error(text)
	}
}

func TestNothingToCompare(t *testing.T) {
	test, err := People(folder(t, map[string]string{"ann/1": "0.1", "ann/2": "code 1", "bob/1": "damaged"}),
		PeopleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(context.Background(), params(t, &ruler{}), test, nil)
	if text := wantProblem(t, err, "evaluate.nothing"); !strings.Contains(text, "2 of 3 files") {
		t.Errorf("it says %q", text)
	}
}

func TestFaultsOfTheEngineEndTheTest(t *testing.T) {
	for _, fault := range []error{matcher.NewProblem("engine.failed", nil), errors.New("anything")} {
		if _, err := Run(context.Background(), params(t, &ruler{err: fault}), known(t), nil); !errors.Is(err, fault) {
			t.Errorf("got %v, want %v", err, fault)
		}
	}
}

func TestCancelled(t *testing.T) {
	test := known(t)
	ctx, cancel := context.WithCancel(context.Background())
	engine := &ruler{}
	engine.looking = func() {
		if engine.looks.Load() == 20 {
			cancel()
		}
	}
	if _, err := Run(ctx, params(t, engine), test, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := engine.looks.Load(); n > 20+picturesAtOnce {
		t.Errorf("%d more files were looked at", n-20)
	}
	// While the pairs are compared.
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	people, err := People(filepath.Join(family(t), "photos"), PeopleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(ctx, params(t, &ruler{}), people, func(p matcher.Progress) {
		if p.Stage == StageFiles && p.Done == p.Total {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestProgressReachesItsEnd(t *testing.T) {
	for _, test := range []*Test{known(t), checks(t)} {
		var mu sync.Mutex
		done, total := map[matcher.Stage]int64{}, map[matcher.Stage]int64{}
		_, err := Run(context.Background(), params(t, &ruler{}), test, func(p matcher.Progress) {
			mu.Lock()
			defer mu.Unlock()
			done[p.Stage], total[p.Stage] = max(done[p.Stage], p.Done), p.Total
		})
		if err != nil {
			t.Fatal(err)
		}
		if total[StageFiles] != int64(len(test.files)) || total[StagePairs] != int64(len(test.pairs)) ||
			done[StageFiles] != total[StageFiles] || done[StagePairs] != total[StagePairs] {
			t.Errorf("%s: %v of %v", test.Kind, done, total)
		}
	}
}
