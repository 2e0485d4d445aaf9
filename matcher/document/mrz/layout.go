package mrz

import "strings"

const (
	digits  = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// kind is one of the shapes of ICAO 9303, parts 4 to 7.
type kind struct {
	name      string
	lines     int
	length    int    // of each line
	beginning string // with which letters it may begin

	code, issuer, nationality, names, sex span

	document      span // the number, or its first nine characters
	documentDigit place
	birth         span
	birthDigit    place
	expiry        span
	expiryDigit   place
	optional      []span
	optionalDigit place  // the zero place where there is none
	long          bool   // a number of more than nine characters goes on in the optional field
	over          []span // what the composite digit is computed of
	composite     place  // the zero place where there is none
}

// second gives the fields of the second line of all kinds with two.
func second(k kind) kind {
	k.lines = 2
	k.code, k.issuer, k.names = span{0, 0, 2}, span{0, 2, 5}, span{0, 5, k.length}
	k.document, k.documentDigit, k.nationality = span{1, 0, 9}, place{1, 9}, span{1, 10, 13}
	k.birth, k.birthDigit, k.sex = span{1, 13, 19}, place{1, 19}, span{1, 20, 21}
	k.expiry, k.expiryDigit = span{1, 21, 27}, place{1, 27}
	return k
}

var kinds = []kind{
	second(kind{
		name: "TD3", length: 44, beginning: "P",
		optional: []span{{1, 28, 42}}, optionalDigit: place{1, 42},
		over: []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 43}}, composite: place{1, 43},
	}),
	second(kind{
		name: "TD2", length: 36, beginning: "IAC", long: true,
		optional: []span{{1, 28, 35}},
		over:     []span{{1, 0, 10}, {1, 13, 20}, {1, 21, 35}}, composite: place{1, 35},
	}),
	second(kind{name: "MRV-A", length: 44, beginning: "V", optional: []span{{1, 28, 44}}}),
	second(kind{name: "MRV-B", length: 36, beginning: "V", optional: []span{{1, 28, 36}}}),
	{
		name: "TD1", lines: 3, length: 30, beginning: "IAC", long: true,
		code: span{0, 0, 2}, issuer: span{0, 2, 5}, document: span{0, 5, 14}, documentDigit: place{0, 14},
		birth: span{1, 0, 6}, birthDigit: place{1, 6}, sex: span{1, 7, 8},
		expiry: span{1, 8, 14}, expiryDigit: place{1, 14}, nationality: span{1, 15, 18},
		names:    span{2, 0, 30},
		optional: []span{{0, 15, 30}, {1, 18, 29}},
		over:     []span{{0, 5, 30}, {1, 0, 7}, {1, 8, 15}, {1, 18, 29}}, composite: place{1, 29},
	},
}

// kindOf is the likeliest of the kinds with lines of this number and length.
func kindOf(lines [][]Glyph) (found kind, ok bool) {
	most := float32(0)
	for _, k := range kinds {
		if len(lines) != k.lines {
			continue
		}
		fits := true
		for _, line := range lines {
			fits = fits && len(line) == k.length
		}
		if !fits {
			continue
		}
		first := lines[0][0]
		if chance := first[index(first.best(k.beginning))]; !ok || chance > most {
			found, most, ok = k, chance, true
		}
	}
	return found, ok
}

// allowed are the characters that may stand at a place.
func (k kind) allowed(p place) string {
	switch {
	case p == place{k.code.line, k.code.from}:
		return k.beginning
	case k.code.has(p):
		return Alphabet // some states write a digit
	case k.issuer.has(p), k.nationality.has(p), k.names.has(p):
		return letters + "<"
	case k.sex.has(p):
		return "MF<"
	case k.birth.has(p), k.expiry.has(p):
		return digits + "<" // a filler where a day or month is not known
	case p == k.documentDigit, p == k.optionalDigit && k.optionalDigit != place{}:
		return digits + "<" // a filler where the number is longer, or where nothing is checked
	case p == k.birthDigit, p == k.expiryDigit, p == k.composite && k.composite != place{}:
		return digits
	}
	return Alphabet
}

func (s span) has(p place) bool { return p.line == s.line && p.at >= s.from && p.at < s.to }

// number is the document's number with what checks it.
type number struct {
	text     string
	check    check
	optional string // what is left of the optional fields
}

// findNumber finds the number. One of more than nine characters goes on in the optional
// field, up to the filler, and its digit stands behind it; the place of the digit holds
// a filler then.
func (r *reading) findNumber() {
	r.number = number{text: r.text(r.document), check: check{r.document.places(), r.documentDigit}}
	first := r.optional[0]
	rest := r.text(first)
	if long, _, _ := strings.Cut(rest, "<"); r.long && r.char(r.documentDigit) == '<' && len(long) > 1 {
		more := span{first.line, first.from, first.from + len(long) - 1}
		r.number.text += r.text(more)
		r.number.check.of = append(r.number.check.of, more.places()...)
		r.number.check.digit = place{first.line, more.to}
		rest = rest[len(long):]
	}
	r.number.optional = rest
	for _, s := range r.optional[1:] {
		r.number.optional += "<" + r.text(s)
	}
}
