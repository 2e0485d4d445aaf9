package nametoken

import (
	"slices"
	"strings"

	"facematch/app/history"
)

// Match reports whether a name that can be read is one that a search for some words finds.
func Match(name, typed string) bool {
	words := Sought(typed)
	found := beginnings(name)
	has := func(text string) bool {
		_, ok := slices.BinarySearch(found, text)
		return ok
	}
	for _, spellings := range words {
		if !slices.ContainsFunc(spellings, func(texts []string) bool {
			return !slices.ContainsFunc(texts, func(text string) bool { return !has(text) })
		}) {
			return false
		}
	}
	return len(words) > 0
}

// MatchReference reports whether a search for a reference finds this one.
func MatchReference(reference, typed string) bool {
	whole, sought := string(referenceText(reference)), referenceText(typed)
	return len(sought) > 0 && (whole == string(sought) ||
		len(sought) >= history.LeastReference && strings.HasPrefix(whole, string(sought)))
}

// MatchNumber reports whether a search for the number of a document finds this one.
func MatchNumber(number, typed string) bool {
	sought := string(referenceText(typed))
	return sought != "" && string(referenceText(number)) == sought
}
