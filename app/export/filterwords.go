package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"facematch/app/history"
)

// FilterWords describes a filter. The words it searches names for are left out unless names
// is set.
func FilterWords(f history.Filter, names bool, words Words) string {
	var parts []string
	say := func(there bool, key string, params ...any) {
		if there {
			parts = append(parts, words.T(key, params...))
		}
	}
	say(!f.From.IsZero(), "filter.from", "At", filterTime(f.From))
	say(!f.To.IsZero(), "filter.before", "At", filterTime(f.To))
	say(len(f.Outcomes) > 0, "filter.outcome", "Values", either(f.Outcomes, words))
	say(len(f.Decisions) > 0, "filter.decision", "Values", either(f.Decisions, words))
	say(len(f.Inspections) > 0, "filter.inspection", "Values", either(f.Inspections, words))
	say(len(f.Modes) > 0, "filter.mode", "Values", either(f.Modes, words))
	say(len(f.Operators) > 0, "filter.operator", "Values", either(f.Operators, words))
	say(len(f.Desks) > 0, "filter.desk", "Values", either(f.Desks, words))
	say(len(f.Branches) > 0, "filter.branch", "Values", either(f.Branches, words))
	say(len(f.Codes) > 0, "filter.code", "Values", either(f.Codes, words))
	if f.LeastScore != nil {
		say(true, "filter.least", "Score", history.FormatScore(*f.LeastScore))
	}
	if f.MostScore != nil {
		say(true, "filter.most", "Score", history.FormatScore(*f.MostScore))
	}
	say(f.Words != "" && names, "filter.words", "Words", f.Words)
	say(f.Words != "" && !names, "filter.words_left_out")
	say(f.Reference != "" && names, "filter.reference", "Reference", f.Reference)
	say(f.Reference != "" && !names, "filter.reference_left_out")
	say(f.Number != "" && names, "filter.number", "Number", f.Number)
	say(f.Number != "" && !names, "filter.number_left_out")
	say(f.Session != "", "filter.session", "ID", f.Session)
	say(f.Check != "", "filter.check", "ID", f.Check)
	say(f.Request != "", "filter.request", "ID", f.Request)
	if len(parts) == 0 {
		parts = []string{words.T("filter.all")}
	}
	if f.Limit > 0 {
		parts = append(parts, words.T("filter.limit", "Count", f.Limit))
	}
	return strings.Join(parts, "; ")
}

// mostIDs is the greatest number of selected checks that are listed by id.
const mostIDs = 10

// ChosenWords describes a selection of single checks.
func ChosenWords(checks []string, words Words) string {
	if len(checks) > mostIDs {
		return words.T("filter.chosen_many", "Number", len(checks))
	}
	return words.T("filter.chosen", "Count", len(checks), "IDs", strings.Join(checks, ", "))
}

// SubjectWords describes the checks of one person.
func SubjectWords(checks []string, words Words) string {
	return words.T("filter.subject", "Count", len(checks))
}

func filterTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04 -07:00") }

func either[T any](values []T, words Words) string {
	said := make([]string, len(values))
	for i, v := range values {
		said[i] = fmt.Sprint(v)
	}
	return strings.Join(said, words.T("filter.or"))
}

// Known gives the word of a value from the catalogue, under prefix and value. A value of a
// newer version has no word there and is shown itself.
func Known(prefix, value string, words Words) string {
	key := prefix + strings.ReplaceAll(value, " ", "_")
	if word := words.T(key); word != key {
		return word
	}
	return strings.ReplaceAll(value, "_", " ")
}

// InspectionWords gives the state of an inspection.
func InspectionWords(s history.InspectionState, words Words) string {
	return Known("inspected.state.", string(s), words)
}

// PointWords gives a point of an inspection. A point in the settings' own words is those.
func PointWords(point string, words Words) string {
	if slices.Contains(history.InspectionPoints, point) {
		return words.T("inspect." + point)
	}
	return point
}

// AnswerWords gives each point of an inspection with its answer.
func AnswerWords(x history.Inspected, words Words) []string {
	answers := make([]string, len(x.Points))
	for i, p := range x.Points {
		answers[i] = words.T(
			"report.answered", "Point", PointWords(p.Point, words), "Answer", Known("inspect.answer.", string(p.Answer), words),
		)
	}
	return answers
}

// ObjectionWords gives the reason of an inspection with a "no". It is empty where no reason was given.
func ObjectionWords(x history.Inspected, words Words) string {
	switch x.Reason {
	case "":
		return ""
	case history.ReasonOther:
		return words.T("report.reason_other")
	}
	return Known("inspect.reason.", x.Reason, words)
}

// ReasonWords gives the reason of a decision.
func ReasonWords(d history.Decided, words Words) string {
	if d.Reason == history.ReasonOther {
		return words.T("report.reason_other") // the catalogue's own asks for a note
	}
	return Known("reason."+string(d.Choice)+".", d.Reason, words)
}
