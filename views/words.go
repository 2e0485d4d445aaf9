package views

import (
	"regexp"
	"strconv"
	"time"

	"facematch/app"
	"facematch/app/history"
	"facematch/assets/translations"
	"facematch/matcher"
)

// words is the catalogue with the few sentences that are put together here.
type words struct{ *translations.Catalogue }

// problem gives an error's words and hint as one paragraph.
func (w words) problem(err error) string { return join(w.Problem(err)) }

// stage names the step a check is at.
func (w words) stage(p app.Progress) string {
	if p.Stage == "" {
		return w.T("stage.starting")
	}
	if p.Stage == matcher.StageSending && p.Total > 0 {
		return w.T("stage.sending_of", "Done", megabytes(p.Done), "Total", megabytes(p.Total))
	}
	return w.T("stage." + string(p.Stage))
}

// side says why the document ("anchor") or the clip ("target") gave no usable
// face, and what to do next.
func (w words) side(which string, code int, flaw app.Flaw) (text, advice string) {
	key := history.WhyKey(which, code, flaw)
	if !w.Has(key) { // recorded by another version of the program
		key = history.WhyKey(which, code, matcher.FlawNone)
	}
	return w.T(key), w.T(key + ".hint")
}

// advice is a hint; where somebody is to step aside, with the place where the clerk
// sees them.
func (w words) advice(a app.Advice) string {
	if a.Aside != "" {
		if key := a.Hint.Key + "_" + string(a.Aside); w.Has(key) {
			return w.T(key)
		}
	}
	return w.Notice(a.Hint)
}

// rule is the form of a condition that was not met, as the answer writes it.
var rule = regexp.MustCompile(`^(\S+) (>=|>|<=|<|==|!=) (\S+) \(was (.+)\)$`)

var fieldKeys = map[string]string{
	"code": "field.code", "anchor.code": "field.anchor", "target.code": "field.target",
	"result": "field.result", "score": "field.score", "min(percentages)": "field.min",
	"mean(percentages)": "field.mean", "len(percentages)": "field.len",
}

var opKeys = map[string]string{
	">=": "op.at_least", ">": "op.more", "<=": "op.at_most", "<": "op.less", "==": "op.exactly", "!=": "op.other",
}

// reason puts a condition that was not met into a sentence. One of another form
// is named as what it is: something the engine wants a person to look at.
func (w words) reason(text string) string {
	if key := app.ReasonKey(text); key != "" {
		return w.T(key)
	}
	m := rule.FindStringSubmatch(text)
	if m == nil || fieldKeys[m[1]] == "" {
		return w.T("reason.other")
	}
	if m[4] == "no value" {
		return w.T("reason.no_value", "Field", w.T(fieldKeys[m[1]]))
	}
	return w.T("reason.rule", "Field", w.T(fieldKeys[m[1]]), "Op", w.T(opKeys[m[2]]), "Bound", m[3], "Was", m[4])
}

func (w words) percent(p float64) string {
	return w.T("number.percent", "Number", strconv.FormatFloat(p, 'f', 2, 64))
}

func (w words) seconds(d time.Duration) string {
	return w.T("number.seconds", "Number", strconv.FormatFloat(d.Seconds(), 'f', 1, 64))
}

func megabytes(bytes int64) string { return strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64) }

// measures are the quality measures of a face on a few lines.
func (w words) measures(m *history.Measures) string {
	return w.T("details.measures", "Eyes", m.Eyes, "Size", m.Size, "Sharpness", m.Sharpness, "Exposure", m.Exposure,
		"Contrast", m.Contrast, "Pose", m.Pose, "Tilt", m.Tilt, "Total", m.Total)
}

// date is a time as the clerk's clock shows it.
func date(t time.Time) string { return t.Local().Format("2 Jan 2006 15:04") }

// short is the beginning of a SHA-256: enough to compare by eye.
func short(sum string) string { return sum[:min(len(sum), 12)] }

// exactly is a time with its seconds and its place on earth's clock.
func exactly(t time.Time) string { return t.Local().Format("2 Jan 2006 15:04:05 -07:00") }
