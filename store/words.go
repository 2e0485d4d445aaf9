package store

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A name is found by its words and their beginnings, whatever their case and
// accents. So that nothing of it lies open in the database, each beginning is
// kept as a token: its keyed hash, cut short.

// longestBeginning is how many letters of a word count.
const longestBeginning = 20

// tokenBytes is what is left of a token's hash. Among a million names two
// different beginnings practically never share one.
const tokenBytes = 6

// closeScripts are those whose names have no spaces between words: they are
// found by their characters and pairs of characters.
var closeScripts = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo}

// accented are the scripts whose marks can be left out without changing the
// letter. In others, such as Thai and Devanagari, marks are vowels.
var accented = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic}

// plainLetters are letters that Unicode does not take apart.
var plainLetters = strings.NewReplacer("ł", "l", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe",
	"ı", "i", "ħ", "h", "ŋ", "n", "ŧ", "t", "ə", "e", "ى", "ي", "ـ", "")

// spelledOut is how passports' machine-readable lines and many a keyboard write
// these letters; a name is found either way.
var spelledOut = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe")

// fold leaves out what two spellings of a word may differ in.
func fold(s string) string {
	var b strings.Builder
	var base rune
	for _, r := range norm.NFKD.String(plainLetters.Replace(s)) {
		switch {
		case !unicode.Is(unicode.Mn, r):
			base = r
		case unicode.In(base, accented...):
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String()) // Hangul and kana become whole characters again
}

// word is a word in its spellings, or a run of characters without spaces.
type word struct {
	forms  []string
	close  bool     // of closeScripts; has one form
	pieces []string // what stands after an apostrophe
}

// split gives the words of a name, or of what somebody typed to find one.
func split(name string) []word {
	var words []word
	add := func(runes []rune, close bool) {
		lower := string(runes)
		if lower = strings.Trim(lower, "'"); lower == "" {
			return
		}
		whole := strings.ReplaceAll(lower, "'", "")
		w := word{forms: []string{fold(whole)}, close: close}
		if other := fold(spelledOut.Replace(whole)); other != w.forms[0] {
			w.forms = append(w.forms, other)
		}
		if parts := strings.Split(lower, "'"); len(parts) > 1 {
			for _, p := range parts[1:] {
				w.pieces = append(w.pieces, fold(p))
			}
		}
		words = append(words, w)
	}
	var run []rune
	runClose := false
	for _, r := range norm.NFKC.String(cases.Fold().String(norm.NFKC.String(name))) {
		switch r {
		case '\'', '’', '‘', 'ʼ', 'ʻ', '`', '´', '′':
			if len(run) > 0 {
				run = append(run, '\'')
			}
			continue
		}
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			add(run, runClose)
			run = nil
			continue
		}
		// Marks and the sound lengthener belong to whatever stands before them.
		if close := unicode.In(r, closeScripts...); close != runClose && !unicode.In(r, unicode.M, unicode.Lm) {
			add(run, runClose)
			run, runClose = nil, close
		}
		run = append(run, r)
	}
	add(run, runClose)
	return words
}

// beginnings gives every text under which a name is found, each once.
func beginnings(name string) []string {
	var found []string
	of := func(form string) {
		n := 0
		for i := range form {
			if i > 0 {
				if n++; n > longestBeginning {
					return
				}
				found = append(found, form[:i])
			}
		}
		if n < longestBeginning && form != "" {
			found = append(found, form)
		}
	}
	for _, w := range split(name) {
		if w.close {
			found = append(found, characters(w.forms[0])...)
			found = append(found, pairs(w.forms[0])...)
			continue
		}
		for _, form := range slices.Concat(w.forms, w.pieces) {
			of(form)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// sought gives what a name must be found under: for each word typed its
// spellings, one of which must be met; of a spelling every text must be.
func sought(typed string) [][][]string {
	var all [][][]string
	for _, w := range split(typed) {
		var spellings [][]string
		for _, form := range w.forms {
			runes := []rune(form)
			switch {
			case w.close && len(runes) > 1:
				spellings = append(spellings, pairs(form))
			default:
				spellings = append(spellings, []string{string(runes[:min(len(runes), longestBeginning)])})
			}
		}
		all = append(all, spellings)
	}
	return all
}

func characters(s string) []string { return strings.Split(s, "") }

func pairs(s string) []string {
	chars := characters(s)
	var found []string
	for i := range len(chars) - 1 {
		found = append(found, chars[i]+chars[i+1])
	}
	return found
}

// tokens makes tokens under the key of one history. It is not for several
// goroutines.
type tokens struct{ mac hash.Hash }

// newTokens derives the key, so that who has a token cannot try names without
// the master key.
func newTokens(master []byte, database string) (tokens, error) {
	key, err := derive(master, database, "names")
	return tokens{hmac.New(sha256.New, key)}, err
}

func derive(master []byte, database, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, master, nil, string(binding("facematch derived key", database, purpose)), keySize)
}

func (t tokens) of(text string) int64 {
	t.mac.Reset()
	t.mac.Write([]byte(text))
	var sum [sha256.Size]byte
	var wide [8]byte
	copy(wide[8-tokenBytes:], t.mac.Sum(sum[:0]))
	return int64(binary.BigEndian.Uint64(wide[:]))
}

// ofName gives the tokens of all beginnings, sorted.
func (t tokens) ofName(name string) []int64 {
	texts := beginnings(name)
	found := make([]int64, len(texts))
	for i, text := range texts {
		found[i] = t.of(text)
	}
	slices.Sort(found)
	return slices.Compact(found)
}
