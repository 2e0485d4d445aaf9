package evaluate

import (
	"cmp"
	"slices"
	"time"

	"facematch/matcher"
	"facematch/matcher/accuracy"
)

// Format is the version of the report's JSON. Keys are added, never renamed.
const Format = 1

// Report is what a test measured. It marshals to report.json and holds counts
// only: no names of people or files, but for Details, which stay out of it. A
// share is a number from 0 to 1; null stands where nothing was measured.
type Report struct {
	Format  int                 `json:"format"`
	Kind    Kind                `json:"kind"`           // pairs, people or checks
	Data    string              `json:"data"`           // what the operator calls the data
	Part    string              `json:"part,omitempty"` // of a split
	Made    time.Time           `json:"made"`           // UTC
	Program string              `json:"program"`        // version
	Engine  matcher.Description `json:"engine"`

	People   int          `json:"people,omitempty"` // of a test of people
	Pictures *Acquisition `json:"pictures"`         // documents, where whole checks are tested
	Clips    *Acquisition `json:"clips,omitempty"`

	Genuine     int    `json:"genuine"`      // pairs of one person that were compared
	Impostor    int    `json:"impostor"`     // pairs of two people that were compared
	NotCompared Counts `json:"not_compared"` // pairs with a failure to acquire
	Unread      int    `json:"unread"`       // pairs with a file that cannot be read

	// Unit of thresholds, scores and bins: "distance", where less is more alike,
	// or "score", 0 to 100, where more is.
	Unit      string     `json:"unit"`
	EER       *Equal     `json:"eer"`
	Targets   []Target   `json:"targets"`                 // at false match rates of 1e-2 to 1e-6
	Anchors   []Target   `json:"anchors"`                 // at percentages of 80, 70 and 60
	Groups    []Group    `json:"groups"`                  // in the order of their first mention
	Alone     *Alone     `json:"go_face_alone,omitempty"` // where there are groups and a second network
	Scores    Spread     `json:"scores"`
	Decisions *Decisions `json:"decisions"`        // of whole checks; else null
	Rarity    []Rarity   `json:"rarity,omitempty"` // of scores, where the calibration knows it
	DET       []Point    `json:"det"`              // FMR falling
	Histogram []Bin      `json:"histogram"`        // rising

	Notes []matcher.Notice `json:"notes"`

	// Calibration is the new one that Params.Calibrate asked for. It is not part of the
	// report, which describes the calibration in force.
	Calibration *matcher.Calibration `json:"-"`

	// Details name lines and files: for the terminal only. Dropped is how many
	// more there were.
	Details []Detail `json:"-"`
	Dropped int      `json:"-"`
}

// Counts are pairs of both kinds.
type Counts struct {
	Genuine  int `json:"genuine"`
	Impostor int `json:"impostor"`
}

func (c *Counts) add(same bool) {
	if same {
		c.Genuine++
	} else {
		c.Impostor++
	}
}

// Acquisition is what the engine could take in. A failure to acquire (FTA) is a
// file it could read, but without one usable face.
type Acquisition struct {
	Files      int      `json:"files"`
	Acquired   int      `json:"acquired"`
	Failed     []Reason `json:"failed"`
	Unreadable []Reason `json:"unreadable"`
	FTA        Measure  `json:"fta"` // of the files that can be read
}

// Reason is why files could not be taken in, and how many.
type Reason struct {
	Code   int            `json:"code,omitempty"` // of matcher.Side
	Text   string         `json:"text,omitempty"` // its description
	Key    string         `json:"key,omitempty"`  // of the problem
	Params map[string]any `json:"-"`              // of the problem
	Count  int            `json:"count"`
}

func (a *Acquisition) finish() {
	for _, reasons := range []*[]Reason{&a.Failed, &a.Unreadable} {
		if *reasons == nil {
			*reasons = []Reason{}
		}
		slices.SortStableFunc(*reasons, func(a, b Reason) int { return cmp.Compare(b.Count, a.Count) })
	}
	failed := 0
	for _, r := range a.Failed {
		failed += r.Count
	}
	a.FTA = measure(accuracy.Rate{Errors: failed, Trials: failed + a.Acquired})
}

// Measure is a share with its 95 % bounds.
type Measure struct {
	Errors int      `json:"errors"`
	Trials int      `json:"trials"`
	Rate   *float64 `json:"rate"` // null without trials
	Low    float64  `json:"low"`
	High   float64  `json:"high"`
	// People are the bounds of a share of whole checks, by bootstrap over the people; null
	// where there was no error, because a bootstrap then says nothing.
	People *Bounds `json:"people,omitempty"`
}

// Bounds of a share.
type Bounds struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

func measure(r accuracy.Rate) Measure {
	m := Measure{Errors: r.Errors, Trials: r.Trials}
	if r.Trials > 0 {
		v := r.Value()
		m.Rate = &v
	}
	m.Low, m.High = r.Bounds()
	return m
}

// Equal is where false matches and false non-matches are equally frequent.
type Equal struct {
	Rate       float64  `json:"rate"`
	Threshold  float64  `json:"threshold"`
	Percentage *float64 `json:"percentage"` // null where the unit is the score
}

// Target is a threshold and the error rates at it.
type Target struct {
	Target    float64 `json:"target"`    // the false match rate, or the percentage, that was asked for
	Supported bool    `json:"supported"` // false: there are too few impostor pairs to say
	// FewerThan1In, where not supported and without an impostor pair too like: the
	// true rate is below one in so many (rule of three); 0 without impostor pairs.
	FewerThan1In int      `json:"fewer_than_1_in,omitempty"`
	Threshold    *float64 `json:"threshold"`
	Percentage   *float64 `json:"percentage"` // of that distance; null where the unit is the score
	FMR          *Measure `json:"fmr"`
	FNMR         *Measure `json:"fnmr"`
}

// Group is how a group of people fares at the thresholds of the whole.
type Group struct {
	Name     string      `json:"name"`
	Genuine  int         `json:"genuine"`
	Impostor int         `json:"impostor"`
	At       []GroupRate `json:"at"`
	// Direction says that there are too few impostor pairs for a rate.
	Direction bool `json:"direction"`
}

// GroupRate are a group's error rates at one threshold of the whole.
type GroupRate struct {
	Target float64 `json:"target"`
	FMR    Measure `json:"fmr"`
	// Ratio is that of the FMR to the whole's, RatioHigh that of its upper bound;
	// null where one of them is not known.
	Ratio     *float64 `json:"ratio"`
	RatioHigh *float64 `json:"ratio_high"`
	FNMR      Measure  `json:"fnmr"`
}

// Alone is how go-face would fare without the second network, at distances of its
// own.
type Alone struct {
	Targets []Target `json:"targets"` // of the whole, at false match rates of 1e-3 and 1e-4
	Groups  []Group  `json:"groups"`  // as in the report
}

// Rarity is how rare a score is among strangers, as the calibration in force has
// it: about one in OneIn reaches it, or, where Fewer is true, fewer.
type Rarity struct {
	Score float64 `json:"score"`
	OneIn int     `json:"one_in"`
	Fewer bool    `json:"fewer"`
}

// Summary describes the scores of one kind.
type Summary = accuracy.Summary

// Spread describes the distribution of scores; null without pairs of a kind.
type Spread struct {
	Genuine  *Summary `json:"genuine"`
	Impostor *Summary `json:"impostor"`
}

// Point is one point of the DET curve.
type Point struct {
	Threshold float64 `json:"threshold"`
	FMR       float64 `json:"fmr"`
	FNMR      float64 `json:"fnmr"`
}

// Bin is one bar of the histogram.
type Bin struct {
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Genuine  int     `json:"genuine"`
	Impostor int     `json:"impostor"`
}

// Decisions are how whole checks ended under the conditions of the settings.
type Decisions struct {
	Conditions []matcher.Condition `json:"conditions"`
	Genuine    Outcomes            `json:"genuine"`
	Impostor   Outcomes            `json:"impostor"`

	// Of the checks that were compared.
	ImpostorsPassed   Measure `json:"impostors_passed"` // false matches
	ImpostorsReferred Measure `json:"impostors_referred"`
	GenuineReferred   Measure `json:"genuine_referred"`
	GenuineFailed     Measure `json:"genuine_failed"` // false non-matches

	// Of all checks, those not compared included.
	FalseAccepts Measure `json:"false_accepts"` // impostors passed
	FalseRejects Measure `json:"false_rejects"` // genuine ones not passed
}

// Outcomes counts checks by how they ended.
type Outcomes struct {
	Pass        int `json:"pass"`
	Refer       int `json:"refer"`
	Fail        int `json:"fail"`
	NotCompared int `json:"not_compared"`
}

func (d *Decisions) add(same bool, status matcher.Status) {
	o := &d.Impostor
	if same {
		o = &d.Genuine
	}
	o.add(status)
}

func (o *Outcomes) add(status matcher.Status) {
	switch status {
	case matcher.Pass:
		o.Pass++
	case matcher.Refer:
		o.Refer++
	default:
		o.Fail++
	}
}

func (d *Decisions) finish(notCompared Counts) {
	d.Genuine.NotCompared, d.Impostor.NotCompared = notCompared.Genuine, notCompared.Impostor
	g, i := d.Genuine, d.Impostor
	genuine, impostor := g.Pass+g.Refer+g.Fail, i.Pass+i.Refer+i.Fail
	share := func(n, of int) Measure { return measure(accuracy.Rate{Errors: n, Trials: of}) }
	d.ImpostorsPassed, d.ImpostorsReferred = share(i.Pass, impostor), share(i.Refer, impostor)
	d.GenuineReferred, d.GenuineFailed = share(g.Refer, genuine), share(g.Fail, genuine)
	d.FalseAccepts = share(i.Pass, impostor+i.NotCompared)
	d.FalseRejects = share(g.Refer+g.Fail+g.NotCompared, genuine+g.NotCompared)
}
