package evaluate

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"facematch/matcher/accuracy"
)

// unit is how a report speaks of the scores of a sample.
type unit interface {
	name() string
	// value is a score in the report's unit.
	value(score float64) float64
	// above is the most lenient printable threshold that no score below this one reaches: as
	// it is printed, and as it is looked up in the sample.
	above(score float64) (printed, like float64)
	// from is the most lenient threshold that can be printed of those with at
	// least this percentage, searched down to the lowest score; false where none
	// has it.
	from(percentage, lowest float64) (printed, like float64, ok bool)
	// percentage is that of a printed threshold; nil where it is one itself.
	percentage(printed float64) *float64
}

// distances are scored as their negative.
type distances struct {
	calibrated func(distance float64) float64
}

func (distances) name() string { return "distance" }

func (distances) value(score float64) float64 { return -score }

func (distances) above(score float64) (printed, like float64) {
	steps := math.Floor(-score * distanceSteps)
	if asKept(steps/distanceSteps) > -score { // rounded up to what is too like
		steps--
	}
	printed = steps / distanceSteps
	return printed, -asKept(printed)
}

func (d distances) from(percentage, lowest float64) (printed, like float64, ok bool) {
	steps := int(math.Ceil(-lowest * distanceSteps))
	beyond := sort.Search(steps+1, func(i int) bool { return d.calibrated(float64(i)/distanceSteps) < percentage })
	printed = float64(beyond-1) / distanceSteps
	return printed, -asKept(printed), beyond > 0
}

func (d distances) percentage(printed float64) *float64 {
	p := d.calibrated(printed)
	return &p
}

// percentages are scores of whole checks, in whole hundredths.
type percentages struct{}

func (percentages) name() string { return "score" }

func (percentages) value(score float64) float64 { return math.Round(score*scoreSteps) / scoreSteps }

func (percentages) above(score float64) (printed, like float64) {
	printed = (math.Round(score*scoreSteps) + 1) / scoreSteps
	return printed, asKept(printed)
}

func (percentages) from(percentage, _ float64) (printed, like float64, ok bool) {
	return percentage, asKept(percentage), true
}

func (percentages) percentage(float64) *float64 { return nil }

// asKept is a number as a sample keeps it, so that 80.03 is not below 80.03.
func asKept(score float64) float64 { return float64(float32(score)) }

// bare are distances no percentage belongs to.
type bare struct{ distances }

func (bare) percentage(float64) *float64 { return nil }

// meter reads a sample of all scores, and then those of groups.
type meter struct {
	report *Report
	whole  *accuracy.Sample // until the report is filled
	unit   unit
	bounds []bound  // of groupTargets, as far as the whole supports them
	groups *[]Group // where groups go
}

// bound is a threshold of the whole at which groups are compared.
type bound struct {
	target float64
	like   float64
	whole  accuracy.Rate
}

// newAloneMeter fills in at what distances go-face alone would decide.
func newAloneMeter(r *Report, whole *accuracy.Sample) *meter {
	r.Alone = &Alone{Targets: []Target{}, Groups: []Group{}}
	m := &meter{report: r, whole: whole, unit: bare{}, groups: &r.Alone.Groups}
	for _, fmr := range groupTargets {
		r.Alone.Targets = append(r.Alone.Targets, m.atFMR(fmr))
	}
	m.whole = nil
	return m
}

// newMeter fills in what follows from the sample of all scores.
func newMeter(r *Report, whole *accuracy.Sample, u unit) *meter {
	m := &meter{report: r, whole: whole, unit: u, groups: &r.Groups}
	r.Unit, r.Genuine, r.Impostor = u.name(), whole.Genuine(), whole.Impostor()
	r.Targets, r.Anchors, r.Groups = []Target{}, []Target{}, []Group{}
	r.DET, r.Histogram = []Point{}, []Bin{}
	if s, ok := whole.GenuineSummary(); ok {
		r.Scores.Genuine = m.inUnit(s)
	}
	if s, ok := whole.ImpostorSummary(); ok {
		r.Scores.Impostor = m.inUnit(s)
	}
	if rate, threshold := whole.EER(); !math.IsNaN(rate) {
		at := u.value(threshold)
		r.EER = &Equal{Rate: rate, Threshold: at, Percentage: u.percentage(at)}
	}
	for _, fmr := range targets {
		r.Targets = append(r.Targets, m.atFMR(fmr))
	}
	m.anchors()
	if whole.Genuine() > 0 {
		for _, p := range whole.DET(detPerDecade) {
			r.DET = append(r.DET, Point{Threshold: u.value(p.Threshold), FMR: p.FMR.Value(), FNMR: p.FNMR.Value()})
		}
	}
	for _, b := range whole.Histogram(histogramBins) {
		from, to := u.value(b.From), u.value(b.To)
		r.Histogram = append(
			r.Histogram, Bin{From: min(from, to), To: max(from, to), Genuine: b.Genuine, Impostor: b.Impostor},
		)
	}
	slices.SortFunc(r.Histogram, func(a, b Bin) int { return cmp.Compare(a.From, b.From) })
	m.whole = nil // a hundred million scores: the groups' need the room
	return m
}

// inUnit is the summary in the report's unit. As distances the ends change sides.
func (m *meter) inUnit(s accuracy.Summary) *accuracy.Summary {
	v := m.unit.value
	out := accuracy.Summary{Min: v(s.Min), P5: v(s.P5), Median: v(s.Median), P95: v(s.P95), Max: v(s.Max), Mean: v(s.Mean)}
	if out.Min > out.Max {
		out.Min, out.P5, out.P95, out.Max = out.Max, out.P95, out.P5, out.Min
	}
	return &out
}

// atFMR measures at the threshold for a false match rate.
func (m *meter) atFMR(fmr float64) Target {
	t := Target{Target: fmr}
	n := m.whole.Impostor()
	if float64(n)*fmr < 1-1e-9 {
		if n > 0 {
			_, high := accuracy.Rate{Trials: n}.Bounds()
			t.FewerThan1In = int(1 / high)
		}
		return t
	}
	printed, like := m.unit.above(m.whole.AtFMR(fmr))
	if slices.Contains(groupTargets, fmr) {
		m.bounds = append(m.bounds, bound{target: fmr, like: like, whole: m.whole.FMR(like)})
	}
	return m.fill(t, printed, like)
}

// anchors measures at the percentages every calibration gives a meaning to.
func (m *meter) anchors() {
	lowest := 0.0
	for _, s := range []*accuracy.Summary{m.report.Scores.Genuine, m.report.Scores.Impostor} {
		if s != nil {
			lowest = min(lowest, -s.Max)
		}
	}
	for _, percentage := range anchors {
		if printed, like, ok := m.unit.from(percentage, lowest); ok {
			m.report.Anchors = append(m.report.Anchors, m.fill(Target{Target: percentage}, printed, like))
		}
	}
}

func (m *meter) fill(t Target, printed, like float64) Target {
	fmr, fnmr := measure(m.whole.FMR(like)), measure(m.whole.FNMR(like))
	t.Supported, t.Threshold, t.Percentage, t.FMR, t.FNMR = true, &printed, m.unit.percentage(printed), &fmr, &fnmr
	return t
}

// group compares a group's scores with the whole.
func (m *meter) group(name string, s *accuracy.Sample) {
	g := Group{
		Name: name, Genuine: s.Genuine(), Impostor: s.Impostor(), At: []GroupRate{}, Direction: s.Impostor() < rareFrom,
	}
	for _, b := range m.bounds {
		rate := GroupRate{Target: b.target, FMR: measure(s.FMR(b.like)), FNMR: measure(s.FNMR(b.like))}
		if b.whole.Errors > 0 && s.Impostor() > 0 {
			ratio, high := *rate.FMR.Rate/b.whole.Value(), rate.FMR.High/b.whole.Value()
			rate.Ratio, rate.RatioHigh = &ratio, &high
		}
		g.At = append(g.At, rate)
	}
	*m.groups = append(*m.groups, g)
}
