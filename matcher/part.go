package matcher

import (
	"errors"
	"fmt"
	"image"
	"math"
	"strconv"
	"strings"
)

// Part is the part of a camera's picture that is used: its left and top edge, its
// width and its height, as shares of the picture's, 0 to 1. The zero value is the
// whole picture. In text it is four numbers with a space between, or nothing.
type Part struct{ X, Y, Width, Height float64 }

// LeastPart is the least share of a picture's width or height that a part has: a
// person needs that much.
const LeastPart = 0.1

// partDigits is how exactly a part is written: to less than two pixels of a
// 1280 pixel camera.
const partDigits = 3

// Whole says whether it is the whole picture.
func (p Part) Whole() bool { return p == Part{} }

// Check says what is wrong with a part; nil: nothing.
func (p Part) Check() error {
	if p.Whole() {
		return nil
	}
	const rounding = 1e-9
	for _, side := range [][2]float64{{p.X, p.Width}, {p.Y, p.Height}} {
		// Asked this way round, what is no number is wrong too.
		if !(side[0] >= 0 && side[1] >= LeastPart-rounding && side[0]+side[1] <= 1+rounding) {
			return errors.New("the part of the picture does not lie in it, or is too small")
		}
	}
	return nil
}

// In is the part of a picture of this size, in its pixels.
func (p Part) In(size image.Point) image.Rectangle {
	all := image.Rectangle{Max: size}
	if p.Whole() {
		return all
	}
	at := func(share float64, pixels int) int { return int(math.Round(share * float64(pixels))) }
	return image.Rect(
		at(p.X, size.X), at(p.Y, size.Y), at(p.X+p.Width, size.X), at(p.Y+p.Height, size.Y),
	).Intersect(all)
}

// PartOf is the part of a picture of this size that an area of it is: no smaller
// than LeastPart, and inside. An area of all of it is the whole picture.
func PartOf(area image.Rectangle, size image.Point) Part {
	area = area.Intersect(image.Rectangle{Max: size})
	if area.Empty() || area.Size() == size {
		return Part{}
	}
	along := func(from, to, pixels int) (at, length float64) {
		at, end := round(float64(from)/float64(pixels)), round(float64(to)/float64(pixels))
		length = max(end-at, LeastPart)
		return min(at, round(1-length)), round(length)
	}
	var p Part
	p.X, p.Width = along(area.Min.X, area.Max.X, size.X)
	p.Y, p.Height = along(area.Min.Y, area.Max.Y, size.Y)
	return p
}

func round(share float64) float64 {
	unit := math.Pow10(partDigits)
	return math.Round(share*unit) / unit
}

// String is the part in text.
func (p Part) String() string {
	if p.Whole() {
		return ""
	}
	var words []string
	for _, share := range []float64{p.X, p.Y, p.Width, p.Height} {
		words = append(words, strconv.FormatFloat(round(share), 'f', -1, 64))
	}
	return strings.Join(words, " ")
}

// Percent is the part for people: "50 % by 100 % from 25 %, 0 %".
func (p Part) Percent() string {
	whole := func(share float64) int { return int(math.Round(100 * share)) }
	return fmt.Sprintf("%d %% by %d %% from %d %%, %d %%", whole(p.Width), whole(p.Height), whole(p.X), whole(p.Y))
}

// MarshalText is part of encoding.TextMarshaler.
func (p Part) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is part of encoding.TextUnmarshaler.
func (p *Part) UnmarshalText(text []byte) error {
	words := strings.Fields(string(text))
	if len(words) == 0 {
		*p = Part{}
		return nil
	}
	shares := make([]float64, len(words))
	for i, word := range words {
		share, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return fmt.Errorf("%q is no number", word)
		}
		shares[i] = share
	}
	if len(shares) != 4 {
		return fmt.Errorf("%d numbers where a part has four", len(shares))
	}
	*p = Part{shares[0], shares[1], shares[2], shares[3]}
	return nil
}
