package app

import (
	"fmt"
	"strings"

	"facematch/app/history"
	"facematch/matcher"
)

// FormatScore writes hundredths of a percent as people read them: 8358 is 83.58.
func FormatScore(hundredths int64) string {
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// OutcomeKey is the catalogue's key of an outcome's name.
func OutcomeKey(o history.Outcome) string { return "outcome." + slug(string(o)) }

// VerdictWords says what verifying the history found.
func VerdictWords(v history.Verdict) matcher.Notice {
	switch {
	case !v.Intact:
		return matcher.Notice{Key: "verify." + slug(string(v.Fault)), Params: map[string]any{"Seq": v.BadSeq, "Records": v.Records}}
	case v.Records == 0:
		return matcher.Notice{Key: "verify.empty"}
	case v.Anchored:
		return matcher.Notice{Key: "verify.intact_since", Params: map[string]any{
			"Count": v.Records, "Since": v.Since.Local().Format("2 Jan 2006 15:04"),
		}}
	}
	return matcher.Notice{Key: "verify.intact", Params: map[string]any{"Count": v.Records}}
}

func slug(s string) string { return strings.ReplaceAll(s, " ", "_") }
