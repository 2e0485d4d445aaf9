package kit

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"facematch/app"
	"facematch/app/history"
	"facematch/assets/translations"
	"facematch/matcher"
)

// DecisionReason is a decision's reason in words.
func DecisionReason(w Words, c history.Choice, reason string) string {
	key := "reason." + string(c) + "." + reason
	if !w.Has(key) { // recorded by another version of the program
		return reason
	}
	return w.T(key)
}

// RoleName is a role's name.
func RoleName(w Words, r history.Role) string { return w.T("role." + string(r)) }

// PersonName is a person's name, or why it is not there.
func PersonName(w Words, row history.Row) string {
	switch {
	case row.Erased:
		return w.T("history.erased")
	case row.Sealed:
		return w.T("history.sealed")
	}
	if row.Name == "" {
		return w.T("number.none")
	}
	return row.Name
}

// RowScore is a check's score, or a sign that it has none.
func RowScore(w Words, row history.Row) string {
	if row.Score == nil {
		return w.T("number.none")
	}
	return w.Percent(float64(*row.Score) / 100)
}

// OutcomeWord is an outcome inside a sentence.
func OutcomeWord(w Words, o history.Outcome) string {
	return w.T("outcome.word." + strings.TrimPrefix(app.OutcomeKey(o), "outcome."))
}

// CountsText says how many checks of each outcome there are, those that came to a
// verdict first: 1,204 checks: 1,100 pass, 60 refer (3 open), 44 fail.
func CountsText(w Words, c history.Counts) string {
	var parts []string
	for _, o := range history.Outcomes {
		n := c.ByOutcome[o]
		if n == 0 {
			continue
		}
		part := app.FormatNumber(int(n)) + " " + OutcomeWord(w, o)
		if o == history.Refer && c.Undecided > 0 {
			part += " " + w.T("history.count_open", "Number", app.FormatNumber(int(c.Undecided)))
		}
		parts = append(parts, part)
	}
	if c.Identified > 0 { // identified is not an outcome, so it is counted beside them
		parts = append(parts, w.T("history.count_identified_all", "Number", app.FormatNumber(int(c.Identified))))
	}
	total := w.T("history.count", "Count", c.Total, "Number", app.FormatNumber(int(c.Total)))
	if len(parts) == 0 {
		return total
	}
	return total + ": " + strings.Join(parts, ", ")
}

// DecisionWord is a decision in a list.
func DecisionWord(w Words, d history.DecisionState) string {
	if d == "" {
		return ""
	}
	return w.T("decision.state." + string(d))
}

// Labels are the words of values.
func Labels[T any](values []T, word func(T) string) []string {
	var list []string
	for _, v := range values {
		list = append(list, word(v))
	}
	return list
}

// Capital begins a text with a capital letter.
func Capital(text string) string {
	for i, r := range text {
		return string(unicode.ToUpper(r)) + text[i+len(string(r)):]
	}
	return text
}

// Words is the catalogue with the few sentences that are put together here.
type Words struct{ *translations.Catalogue }

// ProblemText gives an error's words and hint as one paragraph.
func (w Words) ProblemText(err error) string { return Join(w.Problem(err)) }

// Stage names the step a check is at.
func (w Words) Stage(p app.Progress) string {
	if p.Stage == "" {
		return w.T("stage.starting")
	}
	if p.Stage == matcher.StageSending && p.Total > 0 {
		return w.T("stage.sending_of", "Done", megabytes(p.Done), "Total", megabytes(p.Total))
	}
	return w.T("stage." + string(p.Stage))
}

// Side says why the document ("anchor") or the clip ("target") gave no usable
// face, and what to do next.
func (w Words) Side(which string, code int, flaw app.Flaw) (text, advice string) {
	key := history.WhyKey(which, code, flaw)
	if !w.Has(key) { // recorded by another version of the program
		key = history.WhyKey(which, code, matcher.FlawNone)
	}
	return w.T(key), w.T(key + ".hint")
}

// Advice is a hint. Where a person should step aside it names the place where the
// clerk sees that person.
func (w Words) Advice(a app.Advice) string {
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

// Reason puts a condition that was not met into a sentence. One of another form
// is named as what it is: something the engine wants a person to look at.
func (w Words) Reason(text string) string {
	if key := app.ReasonKey(text); key != "" {
		return w.T(key)
	}
	m := rule.FindStringSubmatch(text)
	if m == nil || fieldKeys[m[1]] == "" {
		return w.T("reason.other")
	}
	if m[4] == "no value" {
		return w.T("reason.no_value", "Field", w.Field(m[1]))
	}
	return w.T("reason.rule", "Field", w.Field(m[1]), "Op", w.Operator(m[2]), "Bound", m[3], "Was", m[4])
}

// Field is the name of a condition's field.
func (w Words) Field(name string) string { return w.T(fieldKeys[name]) }

// Operator is a condition's comparison in words.
func (w Words) Operator(op string) string { return w.T(opKeys[op]) }

// Percent is a percentage with two decimals.
func (w Words) Percent(p float64) string {
	return w.T("number.percent", "Number", strconv.FormatFloat(p, 'f', 2, 64))
}

// Seconds is a length of time.
func (w Words) Seconds(d time.Duration) string {
	return w.T("number.seconds", "Number", strconv.FormatFloat(d.Seconds(), 'f', 1, 64))
}

func megabytes(bytes int64) string { return strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64) }

// rawShown is how many characters of an answer's body are shown; a real one has some
// hundred.
const rawShown = 4000

// Excerpt is the beginning of an answer's body as text.
func Excerpt(raw []byte) string {
	text := []rune(strings.ToValidUTF8(string(raw), "�"))
	if len(text) > rawShown {
		return string(text[:rawShown]) + "…"
	}
	return string(text)
}

// Measures are the quality measures of a face on a few lines.
func (w Words) Measures(m *history.Measures) string {
	return w.T("details.measures", "Eyes", m.Eyes, "Size", m.Size, "Sharpness", m.Sharpness, "Exposure", m.Exposure,
		"Contrast", m.Contrast, "Pose", m.Pose, "Tilt", m.Tilt, "Total", m.Total)
}

// Date is a time as the clerk's clock shows it.
func Date(t time.Time) string { return t.Local().Format("2 Jan 2006 15:04") }

// ShortHash is the beginning of a SHA-256: enough to compare by eye.
func ShortHash(sum string) string { return sum[:min(len(sum), 12)] }

// ExactTime is a time with its seconds and its place on earth's clock.
func ExactTime(t time.Time) string { return t.Local().Format("2 Jan 2006 15:04:05 -07:00") }
