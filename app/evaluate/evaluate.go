// Package evaluate measures how often an engine takes two people for one, and
// one person for two, on pictures whose people are known: a biometric technology
// evaluation in the terms of ISO/IEC 19795-1.
//
//	list or folder ─▶ Test ─▶ each file looked at once ─▶ templates in memory
//	                                                            │ every pair
//	                              text, HTML, JSON ◀─ Report ◀──┘ scores
//
// Templates live in memory for the run, 2.5 KB each, and go with it. They are
// never written, not even to a private folder: ten thousand take 25 MB, and what
// was never on a disk need not be wiped from it. Scores are kept as float32; the
// most they take is said in constants.go.
//
// A test is no check: nothing of it stands in the history.
package evaluate

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"facematch/matcher"
	"facematch/matcher/accuracy"
)

// Kind is what a test compares.
type Kind string

// The kinds of tests.
const (
	PairsTest  Kind = "pairs"  // pictures listed in pairs
	PeopleTest Kind = "people" // folders of pictures, every pair
	ChecksTest Kind = "checks" // documents and clips: whole checks
)

// The stages a run reports.
const (
	StageFiles matcher.Stage = "files" // each file is looked at
	StagePairs matcher.Stage = "pairs" // the pairs are compared
)

// Params are what a test is run with; all are needed.
type Params struct {
	Engine  matcher.Comparer
	Rules   []matcher.Condition // decide the status of whole checks
	Version string              // of this program
	Now     func() time.Time
}

// file is one picture or clip of a test.
type file struct {
	path   string
	name   string // as the list or folder names it
	clip   bool
	person int // of a test of people; the files are in the order of their people
	group  int // of that person; noGroup without one
}

// pair is one row of a list.
type pair struct {
	a, b  int // into the test's files
	same  bool
	group int
}

const noGroup = -1

// Test is what to compare. Make one with Pairs, Checks or People.
type Test struct {
	Kind Kind
	Name string // what the data is called in the report
	Part string // the part of a split that was taken; empty for all

	files  []file
	pairs  []pair // of a list
	people int    // of a test of people
	groups []string
	notes
}

// notes are what a reader of the report should know, and what only the operator
// at the terminal sees, because it names files.
type notes struct {
	told    []matcher.Notice
	details []matcher.Notice
	dropped int // details beyond maxDetails
}

func (n *notes) tell(key string, params ...any) { n.told = append(n.told, notice(key, params...)) }

func (n *notes) detail(d matcher.Notice) {
	if len(n.details) == maxDetails {
		n.dropped++
		return
	}
	n.details = append(n.details, d)
}

func notice(key string, params ...any) matcher.Notice {
	p := matcher.NewProblem(key, nil, params...)
	return matcher.Notice{Key: p.Key, Params: p.Params}
}

// look is what the engine made of one file.
type look struct {
	template matcher.Template
	code     int
	problem  *matcher.Problem // the file cannot be read
	content  [sha256.Size]byte
}

func (l look) usable() bool { return l.problem == nil && l.code == matcher.CodeOK }

// run is one test as it goes.
type run struct {
	Params
	test     *Test
	progress matcher.ProgressFunc
	notes
	looks     []look
	identical int // pairs left out because both files hold the same bytes
}

// Run looks at each file of the test once and compares the pairs. Files that
// cannot be read or show no usable face are counted, not an error; errors are
// the context's, the engine's, and evaluate.nothing where not one pair could be
// compared. It takes 2.5 KB a file and 4 to 8 bytes a pair.
func Run(ctx context.Context, p Params, t *Test, progress matcher.ProgressFunc) (*Report, error) {
	engine, err := p.Engine.Describe(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{Params: p, test: t, progress: progress}
	r.told, r.details, r.dropped = slices.Clone(t.told), slices.Clone(t.details), t.dropped
	if err := r.lookAtFiles(ctx); err != nil {
		return nil, err
	}
	report := &Report{
		Format: Format, Kind: t.Kind, Data: t.Name, Part: t.Part, People: t.people,
		Made: p.Now().UTC().Truncate(time.Second), Program: p.Version, Engine: engine,
	}
	r.countFiles(report)
	switch t.Kind {
	case PeopleTest:
		err = r.comparePeople(ctx, report)
	case ChecksTest:
		err = r.compareChecks(ctx, report)
	default:
		err = r.comparePairs(ctx, report)
	}
	if err != nil {
		return nil, err
	}
	if report.Genuine+report.Impostor == 0 {
		return nil, matcher.NewProblem("evaluate.nothing", nil, "Failed", len(r.looks)-r.usable(), "Files", len(r.looks))
	}
	r.closingNotes(report)
	report.Details, report.Dropped = r.details, r.dropped
	return report, nil
}

// lookAtFiles has the engine look at each file once.
func (r *run) lookAtFiles(ctx context.Context) error {
	r.looks = make([]look, len(r.test.files))
	var done atomic.Int64
	r.progress.Report(StageFiles, 0, len(r.looks))
	for _, clips := range []bool{false, true} {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(min(runtime.NumCPU(), picturesAtOnce))
		look := r.Engine.Picture
		if clips {
			group.SetLimit(min(runtime.NumCPU(), clipsAtOnce))
			look = r.Engine.Clip
		}
		for i, f := range r.test.files {
			if f.clip != clips {
				continue
			}
			group.Go(func() error {
				l, err := lookAt(ctx, f, look)
				if err != nil {
					return err
				}
				r.looks[i] = l
				r.progress.Report(StageFiles, int(done.Add(1)), len(r.looks))
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// lookAt looks at one file. Only the file's own faults become part of the look.
func lookAt(ctx context.Context, f file, look1 func(context.Context, matcher.Blob) (matcher.Template, int, error)) (look, error) {
	if err := ctx.Err(); err != nil {
		return look{}, err
	}
	var l look
	var err error
	l.template, l.code, err = look1(ctx, matcher.Blob{
		Name: filepath.Base(f.path), Size: -1, Path: f.path,
		Open: func() (io.ReadCloser, error) { return os.Open(f.path) },
	})
	if err == nil {
		l.content, err = fingerprint(f.path)
	}
	var p *matcher.Problem
	if errors.As(err, &p) && (strings.HasPrefix(p.Key, "document.") || strings.HasPrefix(p.Key, "clip.")) {
		return look{problem: p}, ctx.Err()
	}
	return l, err
}

// fingerprint is the SHA-256 of a file, by which the same picture is known under
// another name.
func fingerprint(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, matcher.NewProblem("document.unreadable", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, matcher.NewProblem("document.unreadable", err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

func (r *run) usable() int {
	n := 0
	for _, l := range r.looks {
		if l.usable() {
			n++
		}
	}
	return n
}

// countFiles counts what the engine could take in, and what not.
func (r *run) countFiles(report *Report) {
	report.Pictures = &Acquisition{}
	if r.test.Kind == ChecksTest {
		report.Clips = &Acquisition{}
	}
	for i, l := range r.looks {
		f, a, text := r.test.files[i], report.Pictures, matcher.Anchor(l.code).Description
		if f.clip {
			a, text = report.Clips, matcher.Target(l.code).Description
		}
		a.Files++
		switch {
		case l.problem != nil:
			a.Unreadable = count(a.Unreadable, Reason{Key: l.problem.Key, Params: l.problem.Params})
			r.detail(notice("evaluate.detail_unreadable", "File", f.name, "Problem", l.problem))
		case l.code != matcher.CodeOK:
			a.Failed = count(a.Failed, Reason{Code: l.code, Text: text})
			r.detail(notice("evaluate.detail_failed", "File", f.name, "Reason", text))
		default:
			a.Acquired++
		}
	}
	for _, a := range []*Acquisition{report.Pictures, report.Clips} {
		if a != nil {
			a.finish()
		}
	}
}

// count adds one to the reason of this code and key.
func count(reasons []Reason, r Reason) []Reason {
	for i := range reasons {
		if reasons[i].Code == r.Code && reasons[i].Key == r.Key {
			reasons[i].Count++
			return reasons
		}
	}
	r.Count = 1
	return append(reasons, r)
}

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
			r.identical++
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
	report.measure(all.sample(), distances{r.Engine.Percentage})
	for i := range groups {
		report.addGroup(r.test.groups[i], groups[i].sample(), distances{r.Engine.Percentage})
	}
	return nil
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
	report.measure(all.sample(), percentages{})
	for i := range groups {
		report.addGroup(r.test.groups[i], groups[i].sample(), percentages{})
	}
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
	if n := len(usable); n*(n-1)/2 > maxPairs {
		return matcher.NewProblem("evaluate.too_many", nil, "Pictures", n, "Most", int(math.Sqrt(2*maxPairs)))
	}
	all, err := r.everyPair(ctx, usable, true)
	if err != nil {
		return err
	}
	genuine, impostor := r.pairsOf(tried)
	compared, compared2 := r.pairsOf(usable)
	report.NotCompared = Counts{Genuine: genuine - compared, Impostor: impostor - compared2}
	genuine, impostor = r.pairsOf(indices(len(r.looks)))
	triedGenuine, triedImpostor := r.pairsOf(tried)
	report.Unread = genuine + impostor - triedGenuine - triedImpostor
	report.measure(all.sample(), distances{r.Engine.Percentage})
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
		report.addGroup(name, within.sample(), distances{r.Engine.Percentage})
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
func (r *run) pairsOf(files []int) (genuine, impostor int) {
	for _, n := range r.rows(files) {
		genuine, impostor = genuine+n.genuine, impostor+n.impostor
	}
	return genuine, impostor
}

// rows counts, for each of these files, its pairs with those after it. The files
// of one person stand together.
func (r *run) rows(files []int) []struct{ genuine, impostor int } {
	counts := make([]struct{ genuine, impostor int }, len(files))
	end := len(files) // of the person's files
	for i := len(files) - 1; i >= 0; i-- {
		if i+1 < len(files) && r.test.files[files[i]].person != r.test.files[files[i+1]].person {
			end = i + 1
		}
		counts[i].genuine, counts[i].impostor = end-i-1, len(files)-end
	}
	return counts
}

// everyPair compares these files, as many rows at a time as there are cores.
// Each row has its place in the scores, so that nothing is copied.
func (r *run) everyPair(ctx context.Context, files []int, whole bool) (scores, error) {
	rows := r.rows(files)
	total := scores{}
	genuine, impostor := r.pairsOf(files)
	total.genuine, total.impostor = make([]float32, genuine), make([]float32, impostor)

	var mu sync.Mutex // guards done and identical
	var done, identical int
	tell := func(pairs, same int) {
		mu.Lock()
		defer mu.Unlock()
		if done, identical = done+pairs, identical+same; whole {
			r.progress.Report(StagePairs, done, genuine+impostor)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	g, i := 0, 0
	for at, n := range rows {
		mine, others := total.genuine[g:g+n.genuine], total.impostor[i:i+n.impostor]
		g, i = g+n.genuine, i+n.impostor
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			same := 0
			for k, b := range files[at+1:] {
				score := r.likeness(files[at], b)
				if r.same(files[at], b) {
					score, same = float32(math.NaN()), same+1
				}
				if k < len(mine) {
					mine[k] = score
				} else {
					others[k-len(mine)] = score
				}
			}
			tell(n.genuine+n.impostor, same)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return scores{}, err
	}
	if identical > 0 {
		isNaN := func(x float32) bool { return x != x }
		total.genuine = slices.DeleteFunc(total.genuine, isNaN)
		total.impostor = slices.DeleteFunc(total.impostor, isNaN)
	}
	if whole {
		r.identical = identical
	}
	return total, nil
}

// closingNotes are what the numbers themselves ask to be said.
func (r *run) closingNotes(report *Report) {
	if r.identical > 0 {
		r.tell("evaluate.note_identical", "Count", r.identical)
	}
	if report.Unread > 0 {
		r.tell("evaluate.note_unread", "Count", report.Unread)
	}
	if report.Impostor == 0 {
		r.tell("evaluate.note_no_impostors")
	}
	if report.Genuine == 0 {
		r.tell("evaluate.note_no_genuine")
	}
	if !report.Engine.Calibrated {
		r.tell("evaluate.note_uncalibrated")
	}
	r.tell("evaluate.note_bounds")
	r.tell("evaluate.note_pictures")
	report.Notes = r.told
}
