package zone

import (
	"math"

	"facematch/matcher/document/mrz"
)

// Step is how many pixels of a line's picture one column of the network's answer stands
// for, and Columns how many there are.
const (
	Step    = 4
	Columns = Width / Step
)

// Classes are what the network tells apart in each column: the characters of
// mrz.Alphabet, and last that there is none.
const Classes = len(mrz.Alphabet) + 1

const nothing = Classes - 1

// answer is the network's, as logarithms of probabilities.
type answer [Columns][Classes]float64

// answerOf takes the network's numbers, class by class.
func answerOf(raw []float32) (a answer) {
	for x := range Columns {
		most := math.Inf(-1)
		for c := range Classes {
			most = max(most, float64(raw[c*Columns+x]))
		}
		sum := 0.0
		for c := range Classes {
			sum += math.Exp(float64(raw[c*Columns+x]) - most)
		}
		for c := range Classes {
			a[x][c] = max(lowest, float64(raw[c*Columns+x])-most-math.Log(sum))
		}
	}
	return a
}

// decoded is a line of so many characters as it was best found in an answer.
type decoded struct {
	glyphs []mrz.Glyph
	middle []float64 // of each character, in pixels of the picture
	score  float64   // the mean logarithm of a character's probability, with the gap behind it
}

// decode finds the best places for exactly so many characters, each from three to five
// columns behind the one before, with nothing before, between and behind them.
func decode(a *answer, count int) decoded {
	// here is how likely a character of any kind has its middle in a column.
	var here, gap [Columns]float64
	for x := range Columns {
		here[x] = math.Inf(-1)
		for c := range nothing {
			here[x] = max(here[x], a.middle(x, c))
		}
		gap[x] = a[x][nothing]
	}
	// outside is how likely there is no character beside the first or last one, on a side.
	outside := func(x, side int) (sum float64) {
		for away := 3; away <= 5; away++ {
			if at := x + side*away; at >= 0 && at < Columns {
				sum += max(lowestOutside, gap[at])
			}
		}
		return sum
	}
	type state struct {
		score float64
		back  int
	}
	states := make([][Columns]state, count)
	for x := range Columns {
		states[0][x] = state{here[x] + outside(x, -1), -1}
	}
	for i := 1; i < count; i++ {
		for x := range Columns {
			best := state{math.Inf(-1), -1}
			for step := 3; step <= 5; step++ {
				from := x - step
				if from < 0 {
					continue
				}
				between := gap[x-2]
				if step != 4 {
					between = max(gap[x-1], gap[x-2], gap[from+1], gap[from+2])
				}
				s := states[i-1][from].score + here[x] + between
				if step != 4 {
					s -= unevenStep
				}
				if s > best.score {
					best = state{s, from}
				}
			}
			states[i][x] = best
		}
	}
	end, most := -1, math.Inf(-1)
	for x := range Columns {
		if s := states[count-1][x].score + outside(x, 1); s > most {
			end, most = x, s
		}
	}
	d := decoded{glyphs: make([]mrz.Glyph, count), middle: make([]float64, count), score: math.Inf(-1)}
	if end < 0 {
		return d
	}
	d.score = most / float64(count)
	for i, x := count-1, end; i >= 0; i, x = i-1, states[i][x].back {
		d.glyphs[i] = a.glyph(x)
		d.middle[i] = Step*a.peak(x) + 1
	}
	return d
}

// middle is how likely a character has its middle in or beside a column.
func (a *answer) middle(x, c int) float64 {
	m := 2 * math.Exp(a[x][c])
	weight := 2.0
	if x > 0 {
		m, weight = m+math.Exp(a[x-1][c]), weight+1
	}
	if x < Columns-1 {
		m, weight = m+math.Exp(a[x+1][c]), weight+1
	}
	return max(lowest, math.Log(m/weight))
}

// glyph is what stands in a column, given that something does.
func (a *answer) glyph(x int) (g mrz.Glyph) {
	var p [nothing]float64
	sum := 0.0
	for c := range p {
		p[c] = math.Exp(a.middle(x, c))
		sum += p[c]
	}
	for c := range p {
		g[c] = float32(max(lowest, math.Log(p[c]/sum)))
	}
	return g
}

// peak is a column's place, moved to where the characters around it are likeliest.
func (a *answer) peak(x int) float64 {
	sum, weighed := 1e-6, 0.0
	for at := max(0, x-1); at <= min(Columns-1, x+1); at++ {
		p := 1 - math.Exp(a[at][nothing])
		sum += p
		weighed += p * float64(at-x)
	}
	return float64(x) + weighed/sum
}

// fitted lays the characters' middles along a track that bends evenly: it gives the
// middle of the first, the step, and how much that grows.
func (d decoded) fitted() (first, step, bend float64) {
	var n, s1, s2, s3, s4, t0, t1, t2 float64
	half := float64(len(d.middle)-1) / 2
	for i, m := range d.middle {
		x := (float64(i) - half) / half
		n, s1, s2, s3, s4 = n+1, s1+x, s2+x*x, s3+x*x*x, s4+x*x*x*x
		t0, t1, t2 = t0+m, t1+x*m, t2+x*x*m
	}
	// The places are even about the middle, so odd moments are zero.
	q := (n*t2 - s2*t0) / (n*s4 - s2*s2)
	a, b := (t0-q*s2)/n, t1/s2
	// In terms of i: x = i/half - 1.
	return a - b + q, (b - 2*q) / half, q / half / half
}
