package nametoken

import (
	"slices"
	"strings"
	"testing"

	"facematch/store/internal/seal"
)

// Match finds what the tokens find.
func TestMatch(t *testing.T) {
	h, err := New([]byte(strings.Repeat("k", seal.KeySize)), "one")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"Ada Lovelace", "Siân O'Connor", "Ana de la Cruz", "王小明", "Łucja Größe", "عبد الله", ""}
	for _, name := range names {
		tokens := h.OfName(name)
		for _, typed := range []string{
			"ada", "ADA lov", "love ada", "lovelace x", "oconnor", "connor", "sian", "cruz", "delacruz", "de la cruz",
			"小明", "明小", "groesse", "groß", "lucja", "الله", "", "'", "d",
		} {
			words := Sought(typed)
			found := len(words) > 0 && !slices.ContainsFunc(words, func(spellings [][]string) bool {
				return !slices.ContainsFunc(spellings, func(texts []string) bool {
					return !slices.ContainsFunc(texts, func(text string) bool { return !slices.Contains(tokens, h.Of(text)) })
				})
			})
			if Match(name, typed) != found {
				t.Errorf("%q finds %q: %v, by the tokens %v", typed, name, !found, found)
			}
		}
	}
	if !Match("Siân O'Connor", "conn sian") || Match("Ada Lovelace", "lovelace ada b") {
		t.Error("the words are not what they must be")
	}
	for typed, want := range map[string]bool{
		"2026/77-a": true, "202677a": true, "2026/7": true, "2026": true, "202": false, "77": false, "": false, "-": false,
	} {
		if MatchReference("2026/77-A", typed) != want {
			t.Errorf("reference %q: %v", typed, !want)
		}
	}
	for typed, want := range map[string]bool{"ab 123456": true, "AB12345": false, "": false} {
		if MatchNumber("AB123456", typed) != want {
			t.Errorf("number %q: %v", typed, !want)
		}
	}
}
