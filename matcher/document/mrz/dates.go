package mrz

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// birthDate gives the date of six characters: the last one with these digits that lies
// not after today. It may be one a hundred years earlier as well where somebody that old
// could still hold a document.
func birthDate(text string, today time.Time) (date string, either bool) {
	century := today.Year() / 100 * 100
	date, at := dated(text, century)
	if date == "" {
		return "", false
	}
	if at.After(today) {
		century -= 100
		date, at = dated(text, century)
	}
	return date, date != "" && today.Year()-(at.Year()-100) <= oldest
}

// expiryDate gives the date of six characters in the year that is nearest to today's.
func expiryDate(text string, today time.Time) string {
	best, nearest := "", 100
	for _, off := range []int{-100, 0, 100} {
		date, at := dated(text, today.Year()/100*100+off)
		if years := max(at.Year()-today.Year(), today.Year()-at.Year()); date != "" && years < nearest {
			best, nearest = date, years
		}
	}
	return best
}

// dated gives the date of six characters in a century, and the first day it may be.
// Fillers stand for a month or day that is not known; the date is empty where the
// characters are not a date.
func dated(text string, century int) (string, time.Time) {
	year, err := strconv.Atoi(text[:2])
	if err != nil || strings.ContainsAny(text[:2], "+-") {
		return "", time.Time{}
	}
	year += century
	switch {
	case text[2:] == "<<<<" || text[2:] == "0000":
		return fmt.Sprintf("%04d", year), time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	case text[4:] == "<<" || text[4:] == "00":
		at, err := time.Parse("2006-01", fmt.Sprintf("%04d-%s", year, text[2:4]))
		if err != nil {
			return "", at
		}
		return at.Format("2006-01"), at
	}
	at, err := time.Parse(time.DateOnly, fmt.Sprintf("%04d-%s-%s", year, text[2:4], text[4:]))
	if err != nil {
		return "", at
	}
	return at.Format(time.DateOnly), at
}
