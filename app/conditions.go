package app

import (
	"facematch/app/history"
	"facematch/matcher"
)

// ParseConditions reads conditions as text; the error says what is wrong, with
// the line.
func ParseConditions(text string) ([]matcher.Condition, error) { return matcher.ParseConditions(text) }

// FormatConditions writes conditions as ParseConditions reads them.
func FormatConditions(rules []matcher.Condition) string { return matcher.FormatConditions(rules) }

// Met says how a check that was compared on this computer met one of its
// conditions, taken by itself: as pass, refer or fail, and with which value.
func Met(c matcher.Condition, f history.Finished) (how history.Outcome, was string) {
	var data matcher.Data
	for _, p := range f.Percentages {
		data.Percentages = append(data.Percentages, float64(p)/100)
	}
	if f.Score != nil {
		data.Score = float64(*f.Score) / 100
	}
	if f.Result != nil {
		data.Result = *f.Result
	}
	status, was := c.Judge(data)
	return history.Outcome(status), was
}
