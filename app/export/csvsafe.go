package export

import (
	"strings"
	"unicode"
)

// CSVSafe keeps a spreadsheet from taking a text for a formula (OWASP, CSV
// injection): a sign that begins one gets an apostrophe before it. Spreadsheets
// skip blanks before the sign, take its full-width form too, and, where they
// split at another character than the comma, begin a cell in the middle of a
// text. So every place is looked at where a cell could begin.
//
// It is for texts only: a number that begins with a minus is left to be one.
func CSVSafe(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if !strings.ContainsFunc(s, beginsFormula) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 1)
	begins := true // a cell could begin here
	for _, r := range s {
		if begins && beginsFormula(r) {
			b.WriteByte('\'')
		}
		switch {
		case splitsCells(r):
			begins = true
		case !skipped(r):
			begins = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// beginsFormula: a tab or a line's end at the front of a cell are signs too, but
// harmless without what they hide.
func beginsFormula(r rune) bool {
	switch r {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−':
		return true
	}
	return false
}

// splitsCells: what programs split lines at, and the quote that begins a cell.
func splitsCells(r rune) bool {
	switch r {
	case ',', ';', '|', '\t', '\r', '\n', '"', '\v', '\f', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// skipped are characters that cannot be seen.
func skipped(r rune) bool {
	if r > ' ' && r < 0x7f {
		return false
	}
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
