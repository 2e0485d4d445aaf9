package matcher

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/interp"
)

// The percentages every calibration gives the same meaning to, so that settings
// keep theirs.
const (
	PassFrom   = 80.0 // the measured false match rate is at most 1e-4
	ResultTrue = 70.0 // at most 1e-3: the answer's result is true from here
	FailUnder  = 60.0 // at most 1 % of genuine comparisons fall below
)

// Calibration turns a distance between two faces into a percentage, and says how
// far that may be trusted. It is data, made by "facematch evaluate": see
// assets/calibration.json.
type Calibration struct {
	Name       string `json:"name"`
	Engine     string `json:"engine"`
	Calibrated bool   `json:"calibrated"` // false: the curve was chosen, not measured

	// Finder finds the faces that are compared.
	Finder Finder `json:"finder"`

	// Network is how a second network is asked; nil where go-face decides alone.
	Network *Network `json:"network,omitempty"`

	// Fusion makes one distance of what both networks say. It is there where
	// Network is; without, the distance is the L2 distance of go-face's descriptors.
	Fusion *Fusion `json:"fusion,omitempty"`

	// Points of the curve: distance and percentage, distances rising, percentages
	// falling.
	Points [][2]float64 `json:"points"`

	// SamePerson is the distance above which two frames of one clip are taken for
	// two people: the bound at a false match rate of 1e-3.
	SamePerson float64 `json:"same_person_distance"`

	// ResultFrom is the score from which the answer's result is true.
	ResultFrom float64 `json:"result_from"`

	// Models are the only models the curve belongs to.
	Models []Model `json:"models"`

	// Pairs is what the curve was measured on, Checks how whole checks came out with
	// it; nil where that was not measured.
	Pairs  *MeasuredPairs  `json:"pairs,omitempty"`
	Checks *MeasuredChecks `json:"checks,omitempty"`

	curve interp.FritschButland
}

// Finder names the models that find faces.
type Finder struct {
	Detector  string `json:"detector"`  // base name of the model that sees where faces are
	Landmarks string `json:"landmarks"` // of the one that finds 68 points of a face
}

// Network says how a second network is shown faces: upright, 112 by 112 pixels,
// eyes, nose and mouth always in the same place.
type Network struct {
	Features  string  `json:"features"`       // base name of its model; it gives one vector
	Mean      float64 `json:"mean"`           // what is taken from a pixel (0 to 255) ...
	Deviation float64 `json:"deviation"`      // ... and what the rest is divided by
	BGR       bool    `json:"bgr,omitempty"`  // the order of its colours; else RGB
	Gray      bool    `json:"gray,omitempty"` // it is shown all three as brightness: a cast of the light then matters less
}

// Parts are what the networks say of two faces.
type Parts struct {
	GoFace   float64 // L2 distance of go-face's descriptors, 0 to 2
	Cosine   float64 // of the second network's vectors, -1 to 1
	Strength float64 // length of the weaker of the two vectors before it was made 1: poor pictures give a weak one
}

// Fusion weighs the parts. Its weights are those of a logistic regression of
// genuine against impostor comparisons, with the sign turned, so that smaller is
// more alike; Offset makes 0 of two faces as alike as can be.
//
// A weak vector makes the cosine of a genuine pair smaller, but not that of an
// impostor pair: the strength says how much cosine may be asked for.
type Fusion struct {
	Offset         float64 `json:"offset"`
	GoFaceSquared  float64 `json:"go_face_squared"` // of Parts.GoFace, squared
	Cosine         float64 `json:"cosine"`
	Strength       float64 `json:"strength"`
	CosineStrength float64 `json:"cosine_strength"` // of the product of both
	// Weakest is the least strength of a face that is compared; the picture of one
	// with less is too poor. Beyond Strongest more makes no difference.
	Weakest   float64 `json:"weakest"`
	Strongest float64 `json:"strongest"`
}

// falls says whether the distance falls with the cosine at every strength and never
// with go-face's distance: without that a stranger could be nearer than the person.
func (f *Fusion) falls() bool {
	return f.GoFaceSquared >= 0 && f.Weakest <= f.Strongest &&
		f.Cosine+f.CosineStrength*f.Weakest < 0 && f.Cosine+f.CosineStrength*f.Strongest < 0
}

// Distance is never below 0; smaller is more alike.
func (f *Fusion) Distance(p Parts) float64 {
	s := min(max(p.Strength, f.Weakest), f.Strongest)
	return max(0, f.Offset+f.GoFaceSquared*p.GoFace*p.GoFace+f.Cosine*p.Cosine+f.Strength*s+f.CosineStrength*p.Cosine*s)
}

// Distance makes one distance of the parts.
func (c *Calibration) Distance(p Parts) float64 {
	if c.Fusion == nil {
		return p.GoFace
	}
	return c.Fusion.Distance(p)
}

// MeasuredPairs is what a curve stands on: comparisons of single pictures.
type MeasuredPairs struct {
	Data     string `json:"data"`           // what the operator called the pictures
	Part     string `json:"part,omitempty"` // of a split
	Date     string `json:"date"`           // such as 2026-11-24
	Program  string `json:"program"`        // version
	People   int    `json:"people"`
	Genuine  int    `json:"genuine"`  // comparisons of one person
	Impostor int    `json:"impostor"` // comparisons of two
	Marks    []Mark `json:"marks"`    // at PassFrom, ResultTrue, FailUnder
}

// Mark is how often the engine errs at one of the pinned percentages. Rates go
// from 0 to 1, with the upper end of their 95 % bounds.
type Mark struct {
	Percentage float64 `json:"percentage"`
	Distance   float64 `json:"distance"`
	FMR        float64 `json:"fmr"`
	FMRHigh    float64 `json:"fmr_high"`
	FNMR       float64 `json:"fnmr"`
	FNMRHigh   float64 `json:"fnmr_high"`
}

// MeasuredChecks is how whole checks came out: documents against clips.
type MeasuredChecks struct {
	Data     string `json:"data"`
	Date     string `json:"date"`
	Program  string `json:"program"`
	Genuine  int    `json:"genuine"`
	Impostor int    `json:"impostor"`
	// Strangers are scores, rising, and how many impostor checks scored so high or
	// higher. What is above the last was reached by none.
	Strangers []Strangers `json:"strangers"`
}

// Strangers is how many impostor checks reached a score.
type Strangers struct {
	Score float64 `json:"score"`
	Count int     `json:"count"`
}

// Rarity says how rare it is that a stranger scores as high: about one in OneIn,
// or, where Fewer is true, fewer than one in OneIn, which is all that was
// measured. OneIn is 0 where nothing was.
type Rarity struct {
	OneIn int
	Fewer bool
}

// Rarity is how rare a stranger's check with this score is, from the whole checks
// that were measured. Without a stranger so high it is the rule of three: at a
// confidence of 95 % the true share is below 3/n.
func (c *Calibration) Rarity(score float64) Rarity {
	if c.Checks == nil || c.Checks.Impostor == 0 {
		return Rarity{}
	}
	n := c.Checks.Impostor
	for _, s := range c.Checks.Strangers { // the first one at or above the score
		if s.Score >= score && s.Count > 0 {
			return Rarity{OneIn: max(1, int(math.Round(float64(n)/float64(s.Count))))}
		}
	}
	return Rarity{OneIn: max(1, n/3), Fewer: true}
}

// Rate is a measured share, 0 to 1, of comparisons or checks.
type Rate struct {
	Share float64
	Bound Bound
}

// Bound says how a rate is meant.
type Bound int

// The bounds of a rate.
const (
	Unknown Bound = iota // nothing was measured
	About
	AtMost
	AtLeast
)

// FalseMatches is the share of strangers that reach a score, as a bound is to be chosen by:
// of the pairs and the whole checks that were measured, what speaks more against it.
func (c *Calibration) FalseMatches(score float64) Rate {
	pairs := c.between(score, false, func(m Mark) float64 { return m.FMR })
	whole := c.Rarity(score)
	if whole.OneIn == 0 {
		return pairs
	}
	checks := Rate{1 / float64(whole.OneIn), About}
	// One or two strangers say no more than none: the rule of three.
	if few := max(1, c.Checks.Impostor/3); whole.Fewer || whole.OneIn > few {
		checks = Rate{1 / float64(few), AtMost}
	}
	switch {
	case pairs.Bound == Unknown,
		pairs.Bound == AtMost && (checks.Bound == About || checks.Share < pairs.Share),
		pairs.Bound != AtMost && checks.Bound == About && checks.Share > pairs.Share:
		return checks
	}
	return pairs
}

// FalseNonMatches is the share of comparisons of one person that stay below a score.
func (c *Calibration) FalseNonMatches(score float64) Rate {
	return c.between(score, true, func(m Mark) float64 { return m.FNMR })
}

// between reads a rate of the pairs off their marks. Between two marks its logarithm is taken
// to go straight; below and above all marks the nearest one is a bound.
func (c *Calibration) between(score float64, rises bool, rate func(Mark) float64) Rate {
	if c.Pairs == nil || len(c.Pairs.Marks) == 0 {
		return Rate{}
	}
	marks := slices.Clone(c.Pairs.Marks)
	slices.SortFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Percentage, b.Percentage) })
	above := slices.IndexFunc(marks, func(m Mark) bool { return m.Percentage >= score })
	bound := map[bool]Bound{true: AtLeast, false: AtMost}
	switch {
	case above < 0:
		return Rate{rate(marks[len(marks)-1]), bound[rises]}
	case marks[above].Percentage == score:
		return Rate{rate(marks[above]), About}
	case above == 0:
		return Rate{rate(marks[0]), bound[!rises]}
	}
	low, high := marks[above-1], marks[above]
	if rate(low) <= 0 || rate(high) <= 0 { // it has no logarithm
		return Rate{max(rate(low), rate(high)), AtMost}
	}
	along := (score - low.Percentage) / (high.Percentage - low.Percentage)
	return Rate{rate(low) * math.Pow(rate(high)/rate(low), along), About}
}

// ParseCalibration reads and checks a calibration.
func ParseCalibration(data []byte) (*Calibration, error) {
	var c Calibration
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	if len(c.Points) < 2 {
		return nil, errors.New("calibration: the curve needs at least two points")
	}
	xs, ys := make([]float64, len(c.Points)), make([]float64, len(c.Points))
	for i, p := range c.Points {
		xs[i], ys[i] = p[0], p[1]
		if ys[i] < 0 || ys[i] > 100 {
			return nil, fmt.Errorf("calibration: point %d is %g %%, outside 0 to 100", i+1, ys[i])
		}
		if i > 0 && (xs[i] <= xs[i-1] || ys[i] >= ys[i-1]) {
			return nil, fmt.Errorf("calibration: point %d does not fall to the right", i+1)
		}
	}
	if (c.Network == nil) != (c.Fusion == nil) ||
		c.Network != nil && (c.Network.Deviation <= 0 || !c.has(c.Network.Features)) {
		return nil, errors.New("calibration: network and fusion belong together, and the network must stand among the models")
	}
	if !c.has(c.Finder.Detector) || !c.has(c.Finder.Landmarks) {
		return nil, errors.New("calibration: the detector and the landmarks must stand among the models")
	}
	if c.Fusion != nil && !c.Fusion.falls() {
		return nil, errors.New("calibration: the fusion's distance does not fall with likeness")
	}
	if c.SamePerson <= 0 || c.ResultFrom <= 0 || c.ResultFrom > 100 || len(c.Models) == 0 {
		return nil, errors.New("calibration: same_person_distance, result_from or models missing or out of range")
	}
	// Fritsch and Butland's slopes keep a cubic monotone between monotone
	// points (SIAM J. Sci. Stat. Comput. 5, 1984).
	if err := c.curve.Fit(xs, ys); err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	return &c, nil
}

func (c *Calibration) has(model string) bool {
	return slices.ContainsFunc(c.Models, func(m Model) bool { return m.Name == model })
}

// Percentage is how alike two faces at this distance are, 0 to 100, rounded
// to two decimals. It never rises with the distance.
func (c *Calibration) Percentage(distance float64) float64 {
	first, last := c.Points[0], c.Points[len(c.Points)-1]
	switch {
	case math.IsNaN(distance) || distance >= last[0]:
		return round2(last[1])
	case distance <= first[0]:
		return round2(first[1])
	}
	return round2(c.curve.Predict(distance))
}
