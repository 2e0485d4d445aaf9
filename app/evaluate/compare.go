package evaluate

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

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

func (s *scores) sample() *accuracy.Sample { return accuracy.NewSample(s.genuine, s.impostor) }

// likeness is the score of a distance: the more alike, the higher.
func (r *run) likeness(a, b int) float32 {
	return float32(-r.Engine.Distances(r.looks[a].template, r.looks[b].template)[0])
}

// same says whether two files hold the same bytes. Such a pair says nothing of
// the engine.
func (r *run) same(a, b int) bool { return r.looks[a].content == r.looks[b].content }

// leaveOut counts a pair of the same bytes.
func (r *run) leaveOut(a, b int, same bool) {
	r.identical.add(same)
	if !same {
		r.detail(Detail{File: r.test.files[a].name, What: notice("evaluate.detail_mixed", "Other", r.test.files[b].name)})
	}
}

// listed goes through the pairs of a list and gives those that can be compared
// to do; the others it counts.
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
	var all scores
	groups := make([]scores, len(r.test.groups))
	err := r.listed(ctx, report, func(p pair) error {
		score := r.likeness(p.a, p.b)
		all.add(p.same, score)
		if p.group != noGroup {
			groups[p.group].add(p.same, score)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.measure(report, distances{r.Engine.Percentage}, all, groups)
	return nil
}

// measure measures a list's scores, and those of each group.
func (r *run) measure(report *Report, u unit, all scores, groups []scores) {
	m := newMeter(report, all.sample(), u)
	for i, g := range groups {
		m.group(r.test.groups[i], g.sample())
	}
}

func (r *run) compareChecks(ctx context.Context, report *Report) error {
	var all scores
	groups := make([]scores, len(r.test.groups))
	decisions := Decisions{Conditions: r.Rules}
	err := r.listed(ctx, report, func(p pair) error {
		result, err := r.Engine.Result(r.looks[p.a].template, r.looks[p.b].template, r.Rules)
		if err != nil {
			return fmt.Errorf("compare: %w", err)
		}
		score := float32(result.Score)
		all.add(p.same, score)
		decisions.add(p.same, result.Scoring.Status)
		if p.group != noGroup {
			groups[p.group].add(p.same, score)
		}
		return nil
	})
	if err != nil {
		return err
	}
	decisions.finish(report.NotCompared)
	report.Decisions = &decisions
	r.measure(report, percentages{}, all, groups)
	return nil
}

// comparePeople compares every picture with every other. A group's pairs are
// those within it: its members against each other. They are compared once more,
// which costs less memory than to remember which pair was whose.
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
	all, err := r.everyPair(ctx, usable, true)
	if err != nil {
		return err
	}
	total, readable, compared := r.pairsOf(indices(len(r.looks))), r.pairsOf(tried), r.pairsOf(usable)
	report.Unread = total.Genuine + total.Impostor - readable.Genuine - readable.Impostor
	report.NotCompared = Counts{Genuine: readable.Genuine - compared.Genuine, Impostor: readable.Impostor - compared.Impostor}
	m := newMeter(report, all.sample(), distances{r.Engine.Percentage})
	for g, name := range r.test.groups {
		var members []int
		for _, i := range usable {
			if r.test.files[i].group == g {
				members = append(members, i)
			}
		}
		within, err := r.everyPair(ctx, members, false)
		if err != nil {
			return err
		}
		m.group(name, within.sample())
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

// everyPair compares these files, as many rows at a time as there are cores.
// Each row has its place in the scores, so that nothing is copied.
func (r *run) everyPair(ctx context.Context, files []int, whole bool) (scores, error) {
	pairs := r.pairsOf(files)
	total := scores{genuine: make([]float32, pairs.Genuine), impostor: make([]float32, pairs.Impostor)}

	var mu sync.Mutex // guards done and the pairs left out
	var done, leftOut int
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	g, i := 0, 0
	for at, n := range r.rows(files) {
		mine, others := total.genuine[g:g+n.Genuine], total.impostor[i:i+n.Impostor]
		g, i = g+n.Genuine, i+n.Impostor
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			var identical []int
			for k, b := range files[at+1:] {
				score := r.likeness(files[at], b)
				if r.same(files[at], b) {
					score, identical = float32(math.NaN()), append(identical, k)
				}
				if k < len(mine) {
					mine[k] = score
				} else {
					others[k-len(mine)] = score
				}
			}
			mu.Lock()
			defer mu.Unlock()
			done, leftOut = done+n.Genuine+n.Impostor, leftOut+len(identical)
			if whole {
				for _, k := range identical {
					r.leaveOut(files[at], files[at+1+k], k < len(mine))
				}
				r.progress.Report(StagePairs, done, pairs.Genuine+pairs.Impostor)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return scores{}, err
	}
	if leftOut > 0 {
		isNaN := func(x float32) bool { return x != x }
		total.genuine = slices.DeleteFunc(total.genuine, isNaN)
		total.impostor = slices.DeleteFunc(total.impostor, isNaN)
	}
	return total, nil
}
