package zone

import (
	"image"
	"math"
	"slices"
)

// spaced gives those lines that are spaced as evenly as a zone's, in their order.
func spaced(page *image.Gray, found []line) (even []line) {
	for _, l := range found[:min(len(found), mostLines)] {
		if l.characters, l.clarity = l.comb(page); l.characters >= leastCharacters && l.clarity >= leastClarity {
			even = append(even, l)
		}
	}
	return even
}

// comb says how evenly the print of a line is spaced, as that of a zone is: how many
// characters of one width its length holds, and how clearly that number stands out among
// others, as a multiple of what is usual.
func (l line) comb(page *image.Gray) (characters, clarity float64) {
	profile := l.profile(page)
	spectrum := make([]float64, 0, int((mostTeeth-leastTeeth)/toothStep)+1)
	most := 0.0
	for teeth := leastTeeth; teeth <= mostTeeth; teeth += toothStep {
		// The discrete Fourier transform at one frequency, after Goertzel.
		twice := 2 * math.Cos(2*math.Pi*teeth/float64(len(profile)))
		last, before := 0.0, 0.0
		for _, v := range profile {
			last, before = v+twice*last-before, last
		}
		power := last*last + before*before - twice*last*before
		if spectrum = append(spectrum, power); power > most {
			most, characters = power, teeth
		}
	}
	slices.Sort(spectrum)
	return characters, most / (spectrum[len(spectrum)/2] + 1e-9)
}

// profile is how light a line is from left to right, in up to mostProfile steps, without what
// changes slowly.
func (l line) profile(page *image.Gray) []float64 {
	size := page.Rect.Size()
	n := min(mostProfile, int(l.to-l.from))
	// Row i of sums holds that of all steps before i.
	sums := make([]float64, n+1)
	for i := range n {
		x := l.from + (float64(i)+.5)*(l.to-l.from)/float64(n)
		middle, sum := l.curve.at(x), 0.0
		for row := range profileRows {
			y := int(middle + (float64(row)+.5-profileRows/2.)*1.2*l.height/profileRows)
			sum += float64(page.Pix[min(max(y, 0), size.Y-1)*page.Stride+min(int(x), size.X-1)])
		}
		sums[i+1] = sums[i] + sum
	}
	half := n / 30
	out := make([]float64, n)
	for i := range out {
		from, to := max(0, i-half), min(n, i+half+1)
		out[i] = sums[i+1] - sums[i] - (sums[to]-sums[from])/float64(to-from)
	}
	return out
}
