// Package mrz understands the machine-readable zone of a travel document after ICAO 9303:
// passports (TD3), cards (TD1, TD2) and visas (MRV-A, MRV-B).
//
//	lines of glyphs, each with a chance for every character
//	      │ layout: which characters may stand where
//	      ▼
//	characters ─ check digits ─ at most one change to a look-alike a field ─ matcher.Zone
//
// A check digit is a sum modulo 10, so it does not see one character taken for another
// of the same value modulo 10 (its twins): 6 and G, 1 and L, 8 and S, 5 and Z, 0 and U,
// K and the filler "<". It sees each other single mistake. So a field is proven only
// where nothing in the zone speaks against it: all check digits hold, nothing in the
// field was corrected and at most one character elsewhere, no character in it looked more
// like a twin that may not stand there, and each was read with a margin before its twins,
// and before all other characters. The margins are in constants.go.
//
// A page that is mirrored, or shows something else, may have digits that hold by chance.
// So the whole zone must look like one as well: both dates are dates, and hardly any
// character looked more like one that may not stand in its place.
//
// It is pure Go. Reading the glyphs is the business of others.
package mrz

import (
	"errors"
	"strings"
	"time"

	"facematch/matcher"
)

// Alphabet are the characters of a zone, in the order of a Glyph.
const Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"

// Glyph is one character as it was read: for each of the Alphabet the logarithm of its
// probability.
type Glyph [len(Alphabet)]float32

// ErrNoZone says that lines have the shape of no zone, or look like something else.
var ErrNoZone = errors.New("these are not the lines of a machine-readable zone")

// never is the logarithm of a probability that counts as none.
const never = -30

// Line makes the glyphs of a text that is known for certain. What is not in the Alphabet
// is like nothing in it.
func Line(text string) []Glyph {
	line := make([]Glyph, len(text))
	for i := range line {
		for j := range line[i] {
			line[i][j] = never
		}
		if at := index(text[i]); at >= 0 {
			line[i][at] = 0
		}
	}
	return line
}

func index(c byte) int { return strings.IndexByte(Alphabet, c) }

// Parse understands lines of one zone, from the top. Two digits of a year are taken as
// they must be meant on a day. The error is ErrNoZone.
func Parse(lines [][]Glyph, today time.Time) (matcher.Zone, error) {
	kind, ok := kindOf(lines)
	if !ok {
		return matcher.Zone{}, ErrNoZone
	}
	r := &reading{kind: kind, glyphs: lines}
	r.choose()
	if r.odd > mostOdd {
		return matcher.Zone{}, ErrNoZone
	}
	r.findNumber()
	r.correct()
	return r.zone(today), nil
}

// reading is a zone that is being understood.
type reading struct {
	kind
	glyphs [][]Glyph
	chars  [][]byte
	seemed [][]byte // what each character looks most like, whatever may stand there
	odd    int      // how many look more like one that may not stand there
	fixed  map[place]bool
	number number
	sound  bool // nothing in the zone as a whole speaks against it
}

// place is where one character stands.
type place struct{ line, at int }

// span is a part of a line.
type span struct{ line, from, to int }

func (s span) places() (all []place) {
	for at := s.from; at < s.to; at++ {
		all = append(all, place{s.line, at})
	}
	return all
}

func (r *reading) char(p place) byte { return r.chars[p.line][p.at] }

func (r *reading) text(s span) string { return string(r.chars[s.line][s.from:s.to]) }

// choose takes for each place the likeliest of the characters that may stand there.
func (r *reading) choose() {
	r.fixed = map[place]bool{}
	for l, line := range r.glyphs {
		chars, seemed := make([]byte, len(line)), make([]byte, len(line))
		for at, g := range line {
			chars[at] = g.best(r.allowed(place{l, at}))
			if seemed[at] = g.best(Alphabet); seemed[at] != chars[at] {
				r.odd++
			}
		}
		r.chars, r.seemed = append(r.chars, chars), append(r.seemed, seemed)
	}
	for _, s := range []span{r.issuer, r.nationality} {
		r.chooseState(s)
	}
	r.endNames()
}

// best is the likeliest of some characters.
func (g Glyph) best(of string) byte {
	best := of[0]
	for i := range len(of) {
		if g[index(of[i])] > g[index(best)] {
			best = of[i]
		}
	}
	return best
}

// chooseState takes the likeliest code of a state where what was read is not a code, if it is
// hardly less likely.
func (r *reading) chooseState(s span) {
	read := r.text(s)
	if states[strings.TrimRight(read, "<")] {
		return
	}
	glyphs := r.glyphs[s.line][s.from:s.to]
	chance := func(code string) (sum float32) {
		for i := range glyphs {
			sum += glyphs[i][index(code[i])]
		}
		return sum
	}
	best, most := read, chance(read)-stateMargin
	for code := range states {
		code += strings.Repeat("<", len(read)-len(code))
		if c := chance(code); c > most {
			best, most = code, c
		}
	}
	copy(r.chars[s.line][s.from:s.to], best)
}

// endNames clears what was read behind the end of the names: after three fillers, or
// after two once both parts have been there, only fillers can come.
func (r *reading) endNames() {
	names := r.chars[r.names.line][r.names.from:r.names.to]
	fillers, parts := 0, 0
	for i, c := range names {
		if c != '<' {
			fillers = 0
			continue
		}
		if fillers++; fillers == 2 {
			parts++
		}
		if fillers == 3 || parts == 2 {
			for j := i; j < len(names); j++ {
				names[j] = '<'
			}
			return
		}
	}
}

// zone writes down what was understood.
func (r *reading) zone(today time.Time) matcher.Zone {
	z := matcher.Zone{Kind: r.name, DigitsHold: r.hold(), Corrected: len(r.fixed) > 0}
	for _, line := range r.chars {
		z.Lines = append(z.Lines, string(line))
	}
	plain := func(s span) matcher.ZoneField { return matcher.ZoneField{Value: spaced(r.text(s))} }
	z.Code, z.Issuer, z.Nationality = plain(r.code), plain(r.issuer), plain(r.nationality)
	surname, given, _ := strings.Cut(r.text(r.names), "<<")
	z.Surname.Value, z.GivenNames.Value = spaced(surname), spaced(given)
	z.Sex.Value = string(r.char(place{r.sex.line, r.sex.from}))
	if z.Sex.Value == "<" {
		z.Sex.Value = "X"
	}

	birth, either := birthDate(r.text(r.birth), today)
	expiry := expiryDate(r.text(r.expiry), today)
	r.sound = z.DigitsHold && birth != "" && expiry != "" && r.odd <= fewOdd && len(r.fixed) <= 1
	z.Number = r.proof(r.number.check, spaced(r.number.text))
	z.Number.Proven = z.Number.Proven && !strings.Contains(strings.TrimRight(r.number.text, "<"), "<")
	z.Birth = matcher.ZoneDate{ZoneField: r.date(r.birth, r.birthDigit, birth), Either: either}
	z.Expiry.ZoneField = r.date(r.expiry, r.expiryDigit, expiry)
	z.Optional.Value = spaced(r.number.optional)
	if r.optionalDigit != (place{}) {
		z.Optional = r.proof(check{r.optional[0].places(), r.optionalDigit}, z.Optional.Value)
	}
	return z
}

// date is the field of a date; one of which the day is not known is not proven.
func (r *reading) date(s span, digit place, value string) matcher.ZoneField {
	f := r.proof(check{s.places(), digit}, value)
	f.Proven = f.Proven && len(value) == len(time.DateOnly)
	return f
}

// spaced gives a field for people: fillers become blanks.
func spaced(field string) string {
	return strings.Join(strings.FieldsFunc(field, func(c rune) bool { return c == '<' }), " ")
}
