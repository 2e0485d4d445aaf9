package evaluate

import (
	"math"

	"facematch/matcher"
	"facematch/matcher/accuracy"
)

// curve is what a calibration draws of the distances of pairs.
type curve struct {
	points     [][2]float64
	samePerson float64
	marks      []matcher.Mark
}

// steps are a distance in the last decimal that is printed.
type steps int

func (s steps) distance() float64 { return float64(s) / distanceSteps }

// pinned is where a curve passes 80, 70 and 60.
type pinned struct{ d80, d70, d60 steps }

// newCurve makes the curve of a sample of distances, which must be large enough. Its
// thresholds are rounded as they are printed, and measured in that form. The problem is
// evaluate.calibrate_curve: the engine cannot distinguish these people.
func newCurve(s *accuracy.Sample) (*curve, error) {
	d80, d70 := within(s, fmrOfPass), within(s, fmrOfResult)
	d60 := upTo(-s.AtFNMR(fnmrOfFail))
	// Pairs that are exactly as far apart can bring both to one place.
	d80 = min(d80, d70-1)
	if d80 <= 0 {
		return nil, matcher.NewProblem("evaluate.calibrate_curve", nil)
	}
	c := &curve{samePerson: d70.distance()}
	at := pin(d80, d70, d60)
	genuine, _ := s.GenuineSummary()
	impostor, _ := s.ImpostorSummary()

	c.add(0, 100)
	if median := upTo(-genuine.Median); float64(median) < wellBelow*float64(at.d80) {
		c.add(median, 90)
	}
	c.add(at.d80, matcher.PassFrom)
	c.add(at.d70, matcher.ResultTrue)
	c.add(at.d60, matcher.FailUnder)
	c.add(within(s, fmrOf40), 40)
	c.add(within(s, fmrOf20), 20)
	// The curve reaches 0 even where an honest pair is farther apart than any other.
	c.add(max(upTo(-impostor.Min), steps(math.Round(c.points[len(c.points)-1][0]*distanceSteps))+1), 0)

	for _, m := range []struct {
		percentage float64
		at         steps
	}{{matcher.PassFrom, at.d80}, {matcher.ResultTrue, at.d70}, {matcher.FailUnder, at.d60}} {
		like := -asKept(m.at.distance())
		fmr, fnmr := s.FMR(like), s.FNMR(like)
		_, fmrHigh := fmr.Bounds()
		_, fnmrHigh := fnmr.Bounds()
		c.marks = append(c.marks, matcher.Mark{
			Percentage: m.percentage, Distance: m.at.distance(),
			FMR: fmr.Value(), FMRHigh: fmrHigh, FNMR: fnmr.Value(), FNMRHigh: fnmrHigh,
		})
	}
	return c, nil
}

// add adds a point, unless the curve is beyond it already.
func (c *curve) add(at steps, percentage float64) {
	if n := len(c.points); n == 0 || at.distance() > c.points[n-1][0] {
		c.points = append(c.points, [2]float64{at.distance(), percentage})
	}
}

// pin puts the anchors in order. d80 is below d70; d60 can be anywhere. An anchor may move
// only so that its promise still holds: 70 to a smaller distance, where the false match rate
// is lower, and 60 to a larger one, where the non-match rate is lower. If d60 is not above
// d70, 70 moves to the middle between 80 and 60. If d60 is not above d80 either, 60 moves to
// two steps above 80, so that hardly anything is left to refer.
func pin(d80, d70, d60 steps) pinned {
	if d60 > d70 {
		return pinned{d80, d70, d60}
	}
	d60 = max(d60, d80+2)
	return pinned{d80, d80 + (d60-d80)/2, d60}
}

// within is the most lenient threshold at which the false match rate is at most
// fmr.
func within(s *accuracy.Sample, fmr float64) steps {
	printed, _ := distances{}.above(s.AtFMR(fmr))
	return steps(math.Round(printed * distanceSteps))
}

// upTo is the strictest threshold a pair so far apart still meets.
func upTo(distance float64) steps {
	s := steps(math.Floor(distance * distanceSteps))
	for asKept(s.distance()) < distance {
		s++
	}
	return s
}
