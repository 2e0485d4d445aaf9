// Package names checks names of people and desks: they are shown again, and may become
// part of a header or a record.
package names

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

// Clean trims a name and checks it. It must hold no line breaks or other control
// characters, and nothing that turns the direction of a line, because then it would not
// read as it is. It needs at least one letter or digit, unless it is empty, and has at most
// this many characters.
func Clean(name string, most int) (string, error) {
	name = strings.TrimSpace(name)
	if strings.ContainsFunc(name, misleading) || !utf8.ValidString(name) ||
		name != "" && !strings.ContainsFunc(name, visible) {
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
