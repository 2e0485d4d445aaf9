// Package plain says which text reads as it is: names that are shown again, and
// may become part of a header or a record.
package plain

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is wrong with a name.
var (
	ErrOdd  = errors.New("characters that mislead, or none that can be seen")
	ErrLong = errors.New("too long")
)

// Name trims a name and checks it: no line breaks or other control characters;
// nothing that turns the direction of a line, because then it would not read as it
// is; at least one letter or digit, unless it is empty; at most this many
// characters.
func Name(name string, most int) (string, error) {
	name = strings.TrimSpace(name)
	if strings.ContainsFunc(name, misleading) || !utf8.ValidString(name) || name != "" && !strings.ContainsFunc(name, visible) {
		return "", ErrOdd
	}
	if utf8.RuneCountInString(name) > most {
		return "", ErrLong
	}
	return name, nil
}

func misleading(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

func visible(r rune) bool { return unicode.In(r, unicode.L, unicode.N) }
