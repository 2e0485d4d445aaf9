package nametoken

import (
	"slices"
	"strings"
	"testing"

	"facematch/store/internal/seal"
)

// TestTokensSayNothing makes tokens of one text under the keys of several histories.
func TestTokensSayNothing(t *testing.T) {
	a, err := New([]byte(strings.Repeat("k", seal.KeySize)), "one")
	b, err2 := New([]byte(strings.Repeat("k", seal.KeySize)), "two")
	c, err3 := New([]byte(strings.Repeat("l", seal.KeySize)), "one")
	if err != nil || err2 != nil || err3 != nil {
		t.Fatal(err, err2, err3)
	}
	once, again := a.Of("maria"), a.Of("maria")
	if once != again || once == b.Of("maria") || once == c.Of("maria") || once == a.Of("mari") {
		t.Error("tokens are not what they must be")
	}
	if once < 0 || once >= 1<<(8*tokenBytes) {
		t.Errorf("a token is %x", once)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Łucja O'Neil", "王小明David", "''", "a\u0301'", "İ", "\xff", "フー", "de la Größe",
		"van der de la 王", "al-ʿAbbās",
		"McDeLa O'", "العباس", "ad-ad-ad-ad", "\u0301a", "´", "Mcä", "ـ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		found := beginnings(name)
		// A name is found by itself.
		for _, spellings := range Sought(name) {
			for _, texts := range spellings {
				for _, text := range texts {
					if _, ok := slices.BinarySearch(found, text); !ok {
						t.Fatalf("%q is not found by %q of itself, only by %q", name, text, found)
					}
				}
			}
		}
	})
}
