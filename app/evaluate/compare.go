package evaluate

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"facematch/matcher"
	"facematch/matcher/accuracy"
)

// scores are the comparisons of one group, or of all.
type scores struct{ genuine, impostor []float32 }

func (s *scores) add(same bool, score float32) {
	if same {
		s.genuine = append(s.genuine, score)
	} else {
		s.impostor = append(s.impostor, score)
	}
}

// sample measures the scores, which it sorts.
func (s *scores) sample() *accuracy.Sample { return accuracy.NewSample(s.genuine, s.impostor) }

// likeness scores two files; a higher score means more alike.
type likeness func(a, b int) float32

// engine is the likeness by which the engine decides.
func (r *run) engine(a, b int) float32 {
	return float32(-r.Engine.Distances(r.looks[a].template, r.looks[b].template)[0])
}

// goFace is the likeness go-face alone sees.
func (r *run) goFace(a, b int) float32 { return float32(-r.parts(a, b).GoFace) }

func (r *run) parts(a, b int) matcher.Parts {
	return r.Engine.Parts(r.looks[a].template, r.looks[b].template)[0]
}

// fused reports whether the second network decides together with go-face.
func (r *run) fused() bool { return r.Engine.Calibration().Network != nil }

// same reports whether two files hold the same bytes. Such a pair does not test the engine.
func (r *run) same(a, b int) bool { return r.looks[a].content == r.looks[b].content }

// leaveOut counts a pair of the same bytes.
func (r *run) leaveOut(a, b int, same bool) {
	r.identical.add(same)
	if !same {
		r.detail(Detail{File: r.test.files[a].name, What: notice("evaluate.detail_mixed", "Other", r.test.files[b].name)})
	}
}

// rarity is how rare scores are among strangers, where the calibration knows it.
func (r *run) rarity() (all []Rarity) {
	for _, score := range rareScores {
		if of := r.Engine.Calibration().Rarity(score); of.OneIn > 0 {
			all = append(all, Rarity{Score: score, OneIn: of.OneIn, Fewer: of.Fewer})
		}
	}
	return all
}

// listed calls do with each pair of a list that can be compared, and counts the others.
func (r *run) listed(ctx context.Context, report *Report, do func(pair) error) error {
	for i, p := range r.test.pairs {
		if i%1000 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.progress.Report(StagePairs, i, len(r.test.pairs))
		}
		a, b := r.looks[p.a], r.looks[p.b]
		switch {
		case a.problem != nil || b.problem != nil:
			report.Unread++
		case !a.usable() || !b.usable():
			report.NotCompared.add(p.same)
		case r.same(p.a, p.b):
			r.leaveOut(p.a, p.b, p.same)
		default:
			if err := do(p); err != nil {
				return err
			}
		}
	}
	r.progress.Report(StagePairs, len(r.test.pairs), len(r.test.pairs))
	return nil
}

func (r *run) comparePairs(ctx context.Context, report *Report) error {
	whole, alone := newTallied(r.test), newTallied(r.test)
	withAlone := len(r.test.groups) > 0 && r.fused()
	err := r.listed(ctx, report, func(p pair) error {
		whole.add(p, r.engine(p.a, p.b))
		if withAlone {
			alone.add(p, r.goFace(p.a, p.b))
		}
		return nil
	})
	if err != nil {
		return err
	}
	whole.measure(newMeter(report, whole.all.sample(), distances{r.Engine.Percentage}), r.test)
	if withAlone {
		alone.measure(newAloneMeter(report, alone.all.sample()), r.test)
	}
	return nil
}

// tallied are the scores of a list, and those of each of its groups.
type tallied struct {
	all    scores
	groups []scores
}

func newTallied(t *Test) *tallied { return &tallied{groups: make([]scores, len(t.groups))} }

func (s *tallied) add(p pair, score float32) {
	s.all.add(p.same, score)
	if p.group != noGroup {
		s.groups[p.group].add(p.same, score)
	}
}

func (s *tallied) measure(m *meter, t *Test) {
	for i, g := range s.groups {
		m.group(t.groups[i], g.sample())
	}
}

func (r *run) compareChecks(ctx context.Context, report *Report) error {
	whole := newTallied(r.test)
	decisions := Decisions{Conditions: r.Rules}
	people := r.test.identities()
	err := r.listed(ctx, report, func(p pair) error {
		result, err := r.Engine.Result(r.looks[p.a].template, r.looks[p.b].template, r.Rules)
		if err != nil {
			return fmt.Errorf("compare: %w", err)
		}
		whole.add(p, float32(result.Score))
		decisions.add(p.same, result.Scoring.Status)
		people.add(p, result.Scoring.Status)
		return nil
	})
	if err != nil {
		return err
	}
	decisions.finish(report.NotCompared)
	people.bound(&decisions)
	report.Decisions, report.Rarity = &decisions, r.rarity()
	whole.measure(newMeter(report, whole.all.sample(), percentages{}), r.test)
	if people.contradictions > 0 {
		r.tell("evaluate.note_torn", "Count", people.contradictions)
	}
	r.tell("evaluate.note_people")
	if r.Calibrate {
		report.Calibration, err = r.withChecks(report, whole.all.impostor)
	}
	return err
}

// comparePeople compares every picture with every other. A group's pairs are its members
// against each other. They are compared a second time, because to keep the group of each
// pair would take more memory.
func (r *run) comparePeople(ctx context.Context, report *Report) error {
	var usable, tried []int
	for i, l := range r.looks {
		if l.problem == nil {
			tried = append(tried, i)
		}
		if l.usable() {
			usable = append(usable, i)
		}
	}
	total, readable, compared := r.pairsOf(indices(len(r.looks))), r.pairsOf(tried), r.pairsOf(usable)
	report.Unread = total.Genuine + total.Impostor - readable.Genuine - readable.Impostor
	report.NotCompared = Counts{
		Genuine: readable.Genuine - compared.Genuine, Impostor: readable.Impostor - compared.Impostor,
	}
	groups := make([][]int, len(r.test.groups))
	for _, i := range usable {
		if g := r.test.files[i].group; g != noGroup {
			groups[g] = append(groups[g], i)
		}
	}
	err := r.measurePeople(ctx, StagePairs, usable, groups, r.engine, func(s *accuracy.Sample) *meter {
		return newMeter(report, s, distances{r.Engine.Percentage})
	})
	if err == nil && len(groups) > 0 && r.fused() {
		err = r.measurePeople(ctx, StageAlone, usable, groups, r.goFace, func(s *accuracy.Sample) *meter {
			return newAloneMeter(report, s)
		})
	}
	if err == nil && r.Calibrate {
		report.Calibration, err = r.calibrate(ctx, report, usable)
	}
	return err
}

// measurePeople compares all these files, and then those of each group. The
// scores of one step are freed before the next step starts.
func (r *run) measurePeople(
	ctx context.Context, stage matcher.Stage, files []int, groups [][]int, like likeness,
	meterOf func(*accuracy.Sample) *meter,
) error {
	all, err := r.everyPair(ctx, stage, files, like)
	if err != nil {
		return err
	}
	m := meterOf(all.sample())
	for g, members := range groups {
		within, err := r.everyPair(ctx, quietly, members, like)
		if err != nil {
			return err
		}
		m.group(r.test.groups[g], within.sample())
	}
	return nil
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// pairsOf is how many pairs these files make.
func (r *run) pairsOf(files []int) (all Counts) {
	for _, n := range r.rows(files) {
		all.Genuine, all.Impostor = all.Genuine+n.Genuine, all.Impostor+n.Impostor
	}
	return all
}

// rows counts, for each of these files, its pairs with those after it. The files
// of one person stand together.
func (r *run) rows(files []int) []Counts {
	counts := make([]Counts, len(files))
	end := len(files) // of the person's files
	for i := len(files) - 1; i >= 0; i-- {
		if i+1 < len(files) && r.test.files[files[i]].person != r.test.files[files[i+1]].person {
			end = i + 1
		}
		counts[i] = Counts{Genuine: end - i - 1, Impostor: len(files) - end}
	}
	return counts
}

// span is one file's pairs with the files after it, first those of the same
// person, and where they stand among all pairs of each kind.
type span struct {
	at                int // of the file
	genuine, impostor int // pairs before
	Counts
}

// eachSpan calls do with each span of these files, on all cores at once.
func (r *run) eachSpan(ctx context.Context, stage matcher.Stage, files []int, do func(span)) error {
	var mu sync.Mutex // guards done
	var done int
	all := r.pairsOf(files)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	var before Counts
	for at, n := range r.rows(files) {
		s := span{at: at, genuine: before.Genuine, impostor: before.Impostor, Counts: n}
		before.Genuine, before.Impostor = before.Genuine+n.Genuine, before.Impostor+n.Impostor
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			do(s)
			if stage != quietly {
				mu.Lock()
				defer mu.Unlock()
				done += n.Genuine + n.Impostor
				r.progress.Report(stage, done, all.Genuine+all.Impostor)
			}
			return nil
		})
	}
	return group.Wait()
}

// everyPair compares these files. Each span writes to its own place in the scores, so that
// nothing is copied. Pairs of the same bytes are left out, and reported where the stage is
// StagePairs.
func (r *run) everyPair(ctx context.Context, stage matcher.Stage, files []int, like likeness) (scores, error) {
	pairs := r.pairsOf(files)
	total := scores{genuine: make([]float32, pairs.Genuine), impostor: make([]float32, pairs.Impostor)}
	var mu sync.Mutex // guards the pairs left out
	leftOut := 0
	err := r.eachSpan(ctx, stage, files, func(s span) {
		mine, others := total.genuine[s.genuine:s.genuine+s.Genuine], total.impostor[s.impostor:s.impostor+s.Impostor]
		a := files[s.at]
		var identical []int
		for k, b := range files[s.at+1:] {
			var score float32
			if r.same(a, b) {
				score, identical = float32(math.NaN()), append(identical, k)
			} else {
				score = like(a, b)
			}
			if k < len(mine) {
				mine[k] = score
			} else {
				others[k-len(mine)] = score
			}
		}
		if len(identical) == 0 {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		leftOut += len(identical)
		if stage == StagePairs {
			for _, k := range identical {
				r.leaveOut(a, files[s.at+1+k], k < len(mine))
			}
		}
	})
	if err != nil {
		return scores{}, err
	}
	if leftOut > 0 {
		isNaN := func(x float32) bool { return x != x }
		total.genuine = slices.DeleteFunc(total.genuine, isNaN)
		total.impostor = slices.DeleteFunc(total.impostor, isNaN)
	}
	return total, nil
}
