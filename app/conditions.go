package app

import "facematch/matcher"

// ParseConditions reads conditions as text; the error says what is wrong, with
// the line.
func ParseConditions(text string) ([]matcher.Condition, error) { return matcher.ParseConditions(text) }

// FormatConditions writes conditions as ParseConditions reads them.
func FormatConditions(rules []matcher.Condition) string { return matcher.FormatConditions(rules) }
