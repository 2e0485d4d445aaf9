package operators

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"facematch/matcher"
)

// CheckPassphrase says what is wrong with a new passphrase of an operator, as a
// *Problem: operators.passphrase_short, .passphrase_long or .passphrase_weak.
// Length counts, and that it is not one of the first that anybody would try; which
// characters it is made of does not matter.
func CheckPassphrase(name, passphrase string) error {
	switch n := utf8.RuneCountInString(norm.NFKC.String(passphrase)); {
	case n < MinPassphrase:
		return matcher.NewProblem("operators.passphrase_short", nil, "Min", MinPassphrase)
	case n > maxPassphrase:
		return matcher.NewProblem("operators.passphrase_long", nil, "Max", maxPassphrase)
	case weak(name, passphrase):
		return matcher.NewProblem("operators.passphrase_weak", nil)
	}
	return nil
}

// worst are what passphrases are guessed with first, beside the operator's name.
// What remains of one without them must be long enough by itself.
var worst = []string{
	"correcthorsebatterystaple", "facematchdesk", "facematch", "administrator", "passphrase", "password", "passwort",
	"passw0rd", "p@ssword", "p@ssw0rd", "motdepasse", "contraseña", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl",
	"zxcvbnm", "yxcvbnm", "qwerty", "qwertz", "azerty", "1q2w3e4r", "1qaz2wsx", "zaq12wsx", "iloveyou", "letmein",
	"welcome",
	"changeme", "trustno1", "operator", "reviewer", "auditor", "default", "secret", "dragon", "monkey", "sunshine",
	"football", "princess", "thisismy", "admin", "login", "guest", "test",
}

func weak(name, passphrase string) bool {
	text := squeezed(passphrase)
	if repeated(text) {
		return true
	}
	words := strings.FieldsFunc(fold(name), func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N) })
	for _, word := range append([]string{squeezed(name)}, append(words, worst...)...) {
		if utf8.RuneCountInString(word) >= 3 {
			text = strings.ReplaceAll(text, word, "")
		}
	}
	return own([]rune(text)) < ownWords
}

// squeezed is a text without what stands between its letters and digits, and
// without upper case.
func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.S) || r == '@' {
			return r
		}
		return -1
	}, fold(s))
}

// repeated says whether a text is one piece over and over.
func repeated(s string) bool {
	// It is found in itself, twice over, before its own second beginning.
	return len(s) > 0 && strings.Index((s + s)[1:], s) < len(s)-1
}

// own counts the characters that are not the neighbour of the one before them:
// "abcdef", "987654" and "aaaaaa" have one each.
func own(text []rune) int {
	n := 0
	for i, r := range text {
		if step := r - text[max(0, i-1)]; i == 0 || step < -1 || step > 1 {
			n++
		}
	}
	return n
}
