package evaluate

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"facematch/app/evaluate/chart"
	"facematch/matcher"
)

// Words gives the words for a key, a notice or a problem: the catalogue.
type Words interface {
	T(key string, params ...any) string
	Notice(n matcher.Notice) string
}

// number writes a whole number with its thousands apart.
func number(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// share writes a share as so many per cent with two digits that count, or one
// decimal, without the sign.
func share(x float64) string {
	percent := 100 * x
	if percent == 0 || percent == 100 {
		return strconv.Itoa(int(percent))
	}
	decimals := 1
	if percent < 10 {
		// What rounds up to a power of ten has a digit more before its point.
		exponent, _ := strconv.Atoi(strconv.FormatFloat(percent, 'e', 1, 64)[4:])
		decimals = max(1, 1-exponent)
	}
	return strconv.FormatFloat(percent, 'f', decimals, 64)
}

// rate is the measured share in per cent; a dash where nothing was measured.
func rate(m Measure) string {
	if m.Rate == nil {
		return "–"
	}
	return share(*m.Rate) + " %"
}

// bounds are those of a measured share, in per cent.
func bounds(m Measure) string { return share(m.Low) + "–" + share(m.High) }

// people are the bounds by people, in per cent; a dash where they say nothing.
func people(m Measure) string {
	if m.People == nil {
		return "–"
	}
	return share(m.People.Low) + "–" + share(m.People.High)
}

// power writes a target such as 1e-3.
func power(x float64) string { return "1e" + strconv.Itoa(int(math.Round(math.Log10(x)))) }

// oneIn is the target as one in so many.
func oneIn(x float64) int { return int(math.Round(1 / x)) }

// threshold is one as it is printed: a distance with four decimals, a score
// with two.
func (r *Report) threshold(x float64) string {
	decimals := 2
	if r.Unit == (distances{}).name() {
		decimals = 4
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

func decimal2(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }

// times is the ratio of a group's rate to the whole's; without a false match in
// the group, what it is below.
func times(at GroupRate) string {
	ratio, below := at.Ratio, ""
	if ratio != nil && *ratio == 0 {
		ratio, below = at.RatioHigh, "<"
	}
	switch {
	case ratio == nil:
		return "–"
	case *ratio >= 9.95:
		return below + strconv.FormatFloat(*ratio, 'f', 0, 64) + "×"
	}
	return below + strconv.FormatFloat(*ratio, 'f', 1, 64) + "×"
}

// words are a report's parts that text and HTML say alike.
type words struct {
	Words
	*Report
}

// reason is why a file could not be taken in.
func (w words) reason(r Reason) string {
	if r.Key != "" {
		return w.Notice(matcher.Notice{Key: r.Key, Params: r.Params})
	}
	return r.Text
}

// unsupported says what too few impostor pairs can say all the same.
func (w words) unsupported(t Target) string {
	if t.FewerThan1In == 0 {
		return w.T("evaluate.no_impostors_measured")
	}
	return w.T("evaluate.fewer_than", "N", number(t.FewerThan1In))
}

// rarity says how rare a score is among strangers.
func (w words) rarity(r Rarity) string {
	if r.Fewer {
		return w.T("evaluate.rarity_fewer", "N", number(r.OneIn))
	}
	return w.T("evaluate.rarity_about", "N", number(r.OneIn))
}

// calibration is the name of the calibration, with a word that says so if it is not a
// measured one.
func (w words) calibration() string {
	if w.Engine.Calibrated {
		return w.Engine.Calibration
	}
	return w.T("evaluate.uncalibrated", "Name", w.Engine.Calibration)
}

// conditions are those of the settings, one a line.
func (w words) conditions() []string {
	var lines []string
	for _, c := range w.Decisions.Conditions {
		key, params := "evaluate.condition", []any{"Field", c.Field, "Op", c.Op, "Pass", short(c.Pass)}
		if c.Refer != nil {
			key, params = "evaluate.condition_refer", append(params, "Refer", short(*c.Refer))
		}
		lines = append(lines, w.T(key, params...))
	}
	return lines
}

func short(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// keyed is a value and the key of its name.
type keyed[T any] struct {
	Key   string
	Value T
}

func (w words) decisions() []keyed[Measure] {
	d := w.Decisions
	return []keyed[Measure]{
		{"evaluate.impostors_passed", d.ImpostorsPassed},
		{"evaluate.impostors_referred", d.ImpostorsReferred},
		{"evaluate.genuine_failed", d.GenuineFailed},
		{"evaluate.genuine_referred", d.GenuineReferred},
		{"evaluate.false_accepts", d.FalseAccepts},
		{"evaluate.false_rejects", d.FalseRejects},
	}
}

// acquisitions are those of the pictures, or of documents and clips.
func (w words) acquisitions() []keyed[*Acquisition] {
	if w.Clips == nil {
		return []keyed[*Acquisition]{{"evaluate.pictures", w.Pictures}}
	}
	return []keyed[*Acquisition]{{"evaluate.documents", w.Pictures}, {"evaluate.clips", w.Clips}}
}

// summaries are of the kinds there are pairs of.
func (w words) summaries() []keyed[*Summary] {
	all := []keyed[*Summary]{{"evaluate.genuine", w.Scores.Genuine}, {"evaluate.impostor", w.Scores.Impostor}}
	return slices.DeleteFunc(all, func(s keyed[*Summary]) bool { return s.Value == nil })
}

// marks are the thresholds shown among the scores.
func (w words) marks() (marks []chart.Mark) {
	for _, t := range w.Targets {
		if t.Supported && slices.Contains(groupTargets, t.Target) {
			marks = append(marks, chart.Mark{
				X: *t.Threshold, Label: w.T("evaluate.mark", "Target", power(t.Target), "Threshold", w.threshold(*t.Threshold)),
			})
		}
	}
	return marks
}

// terms are the words of ISO/IEC 19795-1 the report explains.
var terms = []string{
	"evaluate.term_genuine", "evaluate.term_impostor", "evaluate.term_fmr", "evaluate.term_fnmr", "evaluate.term_fta",
	"evaluate.term_eer",
}
