package matcher

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Zone is what the machine-readable zone of a document says. It tells what is printed
// there, and nothing of whether the document is genuine.
type Zone struct {
	Kind       string   // TD1, TD2, TD3, MRV-A or MRV-B, as ICAO 9303 names the shapes
	Lines      []string // as they were read, after the corrections
	DigitsHold bool     // all check digits hold
	Corrected  bool     // a character was changed to a look-alike so that they do
	Turn       int      // degrees clockwise by which the page must be turned for the zone to stand upright

	Code        ZoneField // of the kind of document, such as P
	Issuer      ZoneField // a code of one to three letters, as is Nationality
	Nationality ZoneField
	Number      ZoneField
	Surname     ZoneField
	GivenNames  ZoneField
	Sex         ZoneField // M, F or X
	Birth       ZoneDate
	Expiry      ZoneDate
	Optional    ZoneField // what the issuer is free to write, such as a personal number
}

// ZoneField is one field of a zone; its value is empty where it could not be read.
//
// It is proven where check digits leave no doubt about any of its characters. A field
// that has no check digit, such as a name, is never proven.
type ZoneField struct {
	Value     string
	Proven    bool
	Corrected bool
}

// ZoneDate is a date; its value is a day (2006-01-02), or a month or a year where the
// document says no more.
type ZoneDate struct {
	ZoneField
	// Either says that the year, of which two digits are written, could be one of the
	// century before as well.
	Either bool
}

// ExpiredBefore reports whether the document has surely expired by a day: the expiry date is
// proven and lies before it.
func (z Zone) ExpiredBefore(today time.Time) bool {
	at, ok := z.Expiry.day()
	return ok && z.Expiry.Proven && at.Before(dayOf(today))
}

// Younger reports whether the holder is surely younger than so many years on a day: the
// birth date is proven, and there is no doubt about its century.
func (z Zone) Younger(years int, today time.Time) bool {
	at, ok := z.Birth.day()
	return ok && z.Birth.Proven && !z.Birth.Either && at.AddDate(years, 0, 0).After(dayOf(today))
}

func (d ZoneDate) day() (time.Time, bool) {
	at, err := time.Parse(time.DateOnly, d.Value)
	return at, err == nil
}

func dayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// Names reports whether a name, as a person types it, can be the one in the zone: the
// same words in any order, each written in one of the ways ICAO 9303 allows. A zone holds
// a long name only in part, so the last word of either may be cut off.
func (z Zone) Names(typed string) bool {
	read := strings.Fields(z.Surname.Value + " " + z.GivenNames.Value)
	left := strings.FieldsFunc(strings.ToUpper(typed), func(r rune) bool {
		return unicode.IsSpace(r) || r == '-'
	})
	if len(read) == 0 || len(left) != len(read) {
		return false
	}
	for _, word := range read {
		at := -1
		for i, l := range left {
			if writtenAs(l, word) {
				at = i
				break
			}
		}
		if at < 0 {
			return false
		}
		left = append(left[:at], left[at+1:]...)
	}
	return true
}

// writtenAs reports whether a word in capitals can stand as another one in a zone.
func writtenAs(word, zone string) bool {
	ways := map[string]bool{"": true}
	for _, r := range norm.NFC.String(word) {
		next := map[string]bool{}
		for begun := range ways {
			for _, as := range latin(r) {
				if strings.HasPrefix(zone, begun+as) {
					next[begun+as] = true
				}
			}
		}
		ways = next
	}
	return ways[zone]
}

// latin gives the ways in which one letter is written in a zone.
func latin(r rune) []string {
	if as, ok := transliterated[r]; ok {
		return as
	}
	if r >= 'A' && r <= 'Z' {
		return []string{string(r)}
	}
	// The first of the parts is the letter without its accent.
	if base := norm.NFD.String(string(r))[0]; base >= 'A' && base <= 'Z' {
		return []string{string(base)}
	}
	if unicode.IsLetter(r) {
		return nil // of another script: the rules differ from state to state
	}
	return []string{""} // an apostrophe, a point
}

// transliterated are the letters that a zone may write otherwise than without their
// accent, after ICAO 9303, part 3, section 6.
var transliterated = map[rune][]string{
	'Ä': {"AE", "A"}, 'Å': {"AA", "A"}, 'Æ': {"AE"}, 'Ð': {"D"}, 'Đ': {"D"}, 'Ħ': {"H"}, 'I': {"I"}, 'İ': {"I"},
	'ı': {"I"}, 'Ĳ': {"IJ"}, 'ĸ': {"Q"}, 'Ł': {"L"}, 'Ñ': {"N", "NXX"}, 'Ŋ': {"N"}, 'Ö': {"OE", "O"},
	'Ø': {"OE"}, 'Œ': {"OE"}, 'ß': {"SS"}, 'ẞ': {"SS"}, 'Þ': {"TH"}, 'Ŧ': {"T"}, 'Ü': {"UE", "U", "UXX"}, 'Ə': {"E"},
}
