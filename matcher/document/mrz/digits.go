package mrz

import (
	"slices"
	"strings"

	"facematch/matcher"
)

// check is a check digit with the places it is computed of, in their order.
type check struct {
	of    []place
	digit place
}

// value is what a character counts: digits themselves, letters from 10 on, fillers 0.
func value(c byte) int {
	if c == '<' {
		return 0
	}
	return index(c)
}

// Digit computes the check digit of a text after ICAO 9303: the sum of the values,
// weighed 7, 3, 1 in turn, modulo 10.
func Digit(text string) byte {
	sum := 0
	for i := range len(text) {
		sum += value(text[i]) * [3]int{7, 3, 1}[i%3]
	}
	return digits[sum%10]
}

func (r *reading) holds(c check) bool {
	text := make([]byte, len(c.of))
	for i, p := range c.of {
		text[i] = r.char(p)
	}
	want := Digit(string(text))
	have := r.char(c.digit)
	// An optional field that is empty may have a filler for its digit.
	return have == want || have == '<' && c.digit == r.optionalDigit && strings.Trim(string(text), "<") == ""
}

// checks are the fields' own.
func (r *reading) checks() []check {
	all := []check{r.number.check, {r.birth.places(), r.birthDigit}, {r.expiry.places(), r.expiryDigit}}
	if r.optionalDigit != (place{}) {
		all = append(all, check{r.optional[0].places(), r.optionalDigit})
	}
	return all
}

// compositeHolds is true too where the kind has no such digit.
func (r *reading) compositeHolds() bool {
	if r.composite == (place{}) {
		return true
	}
	c := check{digit: r.composite}
	for _, s := range r.over {
		c.of = append(c.of, s.places()...)
	}
	return r.holds(c)
}

// hold reports whether all digits do.
func (r *reading) hold() bool {
	return !slices.ContainsFunc(r.checks(), func(c check) bool { return !r.holds(c) }) && r.compositeHolds()
}

// lookAlikes are pairs of characters that print and scanners make alike. Twins are not
// among them: no digit would tell that they were taken for each other.
var lookAlikes = []string{
	"0O", "0D", "0Q", "OD", "OQ", "DQ", "1I", "IL", "17", "2Z", "5S", "8B", "CG", "UV", "MN",
	"08", "38", "56", "68", "69", "89",
}

// change is one character changed to a look-alike.
type change struct {
	at place
	to byte
}

// correct looks for one change in each field whose digit does not hold, to a look-alike that
// is hardly less likely, so that all digits hold, and makes it where there is exactly one
// way.
func (r *reading) correct() {
	var failing []check
	for _, c := range r.checks() {
		if !r.holds(c) {
			failing = append(failing, c)
		}
	}
	if len(failing) == 0 {
		return
	}
	ways := r.ways(failing)
	if len(ways) != 1 {
		return
	}
	for _, c := range ways[0] {
		r.chars[c.at.line][c.at.at] = c.to
		r.fixed[c.at] = true
	}
	r.findNumber()
}

// ways are those in which one change in each of some fields makes all digits hold.
func (r *reading) ways(failing []check) (all [][]change) {
	if len(failing) == 0 {
		if r.hold() {
			all = append(all, nil)
		}
		return all
	}
	c := failing[0]
	for _, p := range append(slices.Clone(c.of), c.digit) {
		was := r.char(p)
		for _, pair := range lookAlikes {
			at := strings.IndexByte(pair, was)
			if at < 0 || strings.IndexByte(r.allowed(p), pair[1-at]) < 0 {
				continue
			}
			to, g := pair[1-at], r.glyphs[p.line][p.at]
			if g[index(was)]-g[index(to)] > changeMargin {
				continue
			}
			r.chars[p.line][p.at] = to
			if r.holds(c) {
				for _, rest := range r.ways(failing[1:]) {
					all = append(all, append([]change{{p, to}}, rest...))
				}
			}
			r.chars[p.line][p.at] = was
		}
	}
	return all
}

// proof says whether a field with a digit of its own is proven; see the package.
func (r *reading) proof(c check, value string) matcher.ZoneField {
	f := matcher.ZoneField{Value: value, Proven: value != "" && r.sound}
	for _, p := range append(slices.Clone(c.of), c.digit) {
		if r.fixed[p] {
			f.Corrected, f.Proven = true, false
		}
		f.Proven = f.Proven && r.sure(p)
	}
	return f
}

// sure reports whether the character at a place was read with the margins.
func (r *reading) sure(p place) bool {
	is, seemed, g := r.char(p), r.seemed[p.line][p.at], r.glyphs[p.line][p.at]
	if seemed != is && twins(seemed, is) {
		return false
	}
	allowed := r.allowed(p)
	for i := range len(Alphabet) {
		other := Alphabet[i]
		if other == is || strings.IndexByte(allowed, other) < 0 {
			continue
		}
		margin := float32(OtherMargin)
		if twins(other, is) {
			margin = TwinMargin
		}
		if g[index(is)]-g[i] < margin {
			return false
		}
	}
	return true
}

// twins reports whether no check digit tells two characters from each other.
func twins(a, b byte) bool { return value(a)%10 == value(b)%10 }
