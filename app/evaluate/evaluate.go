// Package evaluate measures how often an engine takes two people for one, and one person for
// two, on pictures of known people: a technology evaluation in the terms of ISO/IEC 19795-1.
//
//	list or folder ─▶ Test ─▶ each file looked at once ─▶ templates in memory
//	                                                            │ every pair
//	                              text, HTML, JSON ◀─ Report ◀──┘ scores
//
// Templates are kept in memory for the run, 2.5 KB each. They are never written to a disk,
// not even to a private folder, so they need not be wiped from one: ten thousand take 25 MB.
// Scores are kept as float32; constants.go bounds their memory.
//
// On request the same scores give a calibration: from pairs of people the fusion of two
// networks and the curve, from whole checks how rare a score is among strangers.
//
// A test is not a check: the history does not record it.
package evaluate

import (
	"context"
	"slices"
	"time"

	"facematch/matcher"
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
	StageAlone matcher.Stage = "alone" // the pairs are compared by go-face alone
	StageHard  matcher.Stage = "hard"  // the hardest pairs are selected, to fit the fusion on
	StageScale matcher.Stage = "scale" // the pairs are compared by the fusion, to scale it
	StageCurve matcher.Stage = "curve" // the pairs are compared for the new curve
	quietly    matcher.Stage = ""
)

// Params are what a test is run with; all but Calibrate are needed.
type Params struct {
	Engine  matcher.Comparer
	Rules   []matcher.Condition // decide the status of whole checks
	Version string              // of this program
	Now     func() time.Time

	// Calibrate makes Report.Calibration: of people a new one, of whole checks the
	// one in force with how these came out.
	Calibrate bool
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
	details []Detail
	dropped int // details beyond maxDetails
}

// Detail is what is wrong with one line of a list or one file.
type Detail struct {
	Line int    // of the list; 0 where a file is meant
	File string // as the list or folder names it; empty where a line is meant
	What matcher.Notice
}

func (n *notes) tell(key string, params ...any) { n.told = append(n.told, notice(key, params...)) }

func (n *notes) detail(d Detail) {
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

// run is one test as it goes.
type run struct {
	Params
	test     *Test
	progress matcher.ProgressFunc
	notes
	looks     []look
	identical Counts // pairs left out because both files hold the same bytes
}

// Run looks at each file of the test once and compares the pairs. Files that
// cannot be read or show no usable face are counted, not an error; errors are
// the context's, the engine's, and evaluate.nothing where not one pair could be
// compared. A calibration has problems of its own: evaluate.calibrate_few,
// calibrate_fusion, calibrate_curve and calibrate_checks. It takes 2.5 KB a file
// and 4 to 8 bytes a pair.
func Run(ctx context.Context, p Params, t *Test, progress matcher.ProgressFunc) (*Report, error) {
	engine, err := p.Engine.Describe(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{Params: p, test: t, progress: progress}
	r.told, r.details, r.dropped = slices.Clone(t.told), slices.Clone(t.details), t.dropped
	if err := r.canCalibrate(); err != nil {
		return nil, err
	}
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

// closingNotes are the caveats that the numbers call for.
func (r *run) closingNotes(report *Report) {
	if n := r.identical.Genuine + r.identical.Impostor; n > 0 {
		r.tell("evaluate.note_identical", "Count", n)
	}
	if r.identical.Impostor > 0 {
		r.tell("evaluate.note_mixed", "Count", r.identical.Impostor)
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
