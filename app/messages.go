package app

import (
	"math"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"facematch/app/history"
	"facematch/matcher"
)

// FormatScore writes hundredths of a percent as people read them: 8358 is 83.58.
func FormatScore(hundredths int64) string {
	return history.FormatScore(hundredths)
}

// OutcomeKey is the catalogue's key of an outcome's name.
func OutcomeKey(o history.Outcome) string { return "outcome." + slug(string(o)) }

// VerdictWords says in one sentence what verifying the history found.
func VerdictWords(v history.Verdict) matcher.Notice {
	switch {
	case !v.Intact:
		key := "verify." + slug(string(v.Fault))
		if v.Hint != "" {
			key += "." + string(v.Hint)
		}
		return matcher.Notice{Key: key, Params: map[string]any{"Seq": v.BadSeq, "Records": v.Records, "Good": v.Good}}
	case v.Older:
		return matcher.Notice{Key: "verify.older", Params: map[string]any{"Records": v.Records, "Until": v.Until}}
	case v.Records == 0:
		return matcher.Notice{Key: "verify.empty"}
	case v.Anchored:
		return matcher.Notice{Key: "verify.intact_since", Params: map[string]any{
			"Count": v.Records, "Since": v.Since.Local().Format(minuteLayout),
		}}
	}
	return matcher.Notice{Key: "verify.intact", Params: map[string]any{"Count": v.Records}}
}

// minuteLayout is how words tell a time.
const minuteLayout = "2 Jan 2006 15:04"

// VerdictNotes says what stands beside the verdict: what the anchors show and
// what they cannot, and what was lost or erased with a record of it.
func VerdictNotes(v history.Verdict) []matcher.Notice {
	var notes []matcher.Notice
	note := func(when bool, key string, params map[string]any) {
		if when {
			notes = append(notes, matcher.Notice{Key: "verify.note." + key, Params: params})
		}
	}
	note(v.Older && v.Good == v.Records, "older_same", map[string]any{"Records": v.Records})
	note(v.Older && v.Good < v.Records, "older_unsure", map[string]any{"Good": v.Good})
	// What an anchor sees, and the chain alone does not.
	byAnchor := v.Fault == history.FaultReplaced || v.Fault == history.FaultCutOff
	note(byAnchor && v.Good > 0, "good", map[string]any{"Good": v.Good})
	for _, loss := range v.Losses {
		params := map[string]any{"At": loss.At.Local().Format(minuteLayout), "By": loss.By, "Seq": loss.Seq,
			"Count": loss.To - loss.From + 1, "From": loss.From, "To": loss.To}
		note(loss.To > 0, "lost", params)
		note(loss.Another, "lost_another", params)
	}
	note(v.Erased > 0, "erased", map[string]any{"Count": v.Erased})
	note(v.Intact && v.Anchored && v.Until < v.Records, "not_yet", map[string]any{"Until": v.Until})
	switch {
	case v.Second.Problem != "":
		note(true, "second_unread", nil)
	case v.Second.Chosen && !v.Second.Found:
		note(true, "second_unknown", nil)
	case v.Intact && v.Second.Found && v.First.Found:
		note(true, "both", nil)
	case v.Intact && v.Second.Found:
		note(true, "second_only", nil)
	case v.Intact && v.First.Found && !v.Centre.Found:
		note(true, "first_only", nil)
	}
	switch {
	case !v.Centre.Chosen:
	case v.Centre.Asked:
		note(true, "centre_asked", map[string]any{"Until": v.Centre.Until})
	case v.Centre.Found:
		note(true, "centre_file", map[string]any{"Until": v.Centre.Until})
	default:
		note(true, "centre_unknown", nil)
	}
	note(v.Absent > 0, "absent", map[string]any{"Count": v.Absent})
	note(!v.Anchored && (v.Records > 0 || !v.Intact), "no_anchor", nil)
	return notes
}

// reasonKeys are the keys of the words for the reasons besides conditions.
var reasonKeys = map[string]string{
	matcher.ReasonMinor:         "reason.minor",
	matcher.ReasonExpired:       "reason.expired",
	matcher.ReasonSecondPerson:  "reason.second_person",
	matcher.ReasonAnotherPerson: "reason.another_person",
	matcher.ReasonUnclear:       "reason.unclear",
	matcher.ReasonStill:         "reason.still",
	matcher.ReasonDocument:      "reason.document",
	matcher.ReasonJumps:         "reason.jumps",
}

// ReasonKey is the key of the words for a reason an answer gives besides
// conditions; empty where it is none of those.
func ReasonKey(reason string) string { return reasonKeys[reason] }

// FormatNumber writes a whole number with its thousands apart: 30,450.
func FormatNumber(n int) string { return message.NewPrinter(language.English).Sprint(n) }

// manyStrangers is the N up to which "1 stranger in N" would sound better than it
// is.
const manyStrangers = 10

// RarityWords says how rare it is that a stranger scores as high; false where
// nothing was measured. Two digits are all that such counts support. Where none
// scored as high the number is rounded down, because a larger one claims more.
func RarityWords(r matcher.Rarity) (words matcher.Notice, measured bool) {
	n := float64(r.OneIn)
	key, rounded := "rarity.about", twoDigits(n, math.Round)
	switch {
	case r.OneIn <= 0:
		return matcher.Notice{}, false
	case r.Fewer && r.OneIn <= manyStrangers:
		return matcher.Notice{Key: "rarity.too_few"}, true
	case r.OneIn <= manyStrangers:
		return matcher.Notice{Key: "rarity.many"}, true
	case r.Fewer:
		key, rounded = "rarity.fewer", twoDigits(n, math.Floor)
	}
	return matcher.Notice{Key: key, Params: map[string]any{"Number": FormatNumber(rounded)}}, true
}

// twoDigits rounds to two digits.
func twoDigits(n float64, round func(float64) float64) int {
	unit := math.Pow10(max(0, int(math.Floor(math.Log10(n)))-1))
	return int(round(n/unit) * unit)
}

// RateWords say a rate as 1 in so many, under a key that goes on with about, at_most, at_least
// or many; false where nothing was measured. A bound is rounded so that it claims no more.
func RateWords(key string, r matcher.Rate) (words matcher.Notice, measured bool) {
	if r.Bound == matcher.Unknown || r.Share <= 0 {
		return matcher.Notice{}, false
	}
	how, round := ".about", math.Round
	switch r.Bound {
	case matcher.AtMost:
		how, round = ".at_most", math.Floor
	case matcher.AtLeast:
		how, round = ".at_least", math.Ceil
	}
	n := 1 / r.Share
	if n <= manyStrangers {
		return matcher.Notice{Key: key + ".many"}, true
	}
	return matcher.Notice{Key: key + how, Params: map[string]any{"Number": FormatNumber(twoDigits(n, round))}}, true
}

func slug(s string) string { return strings.ReplaceAll(s, " ", "_") }
