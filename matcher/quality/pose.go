package quality

import (
	"image"
	"math"
)

// Angles is how a head is held, in degrees, from the centres of the eyes and the
// base of the nose.
//
// Three points say the roll well, the yaw to a few degrees, and the pitch
// hardly: how far the nose stands below the eyes differs from person to person
// as much as a nod of 15 degrees makes. Against the person's own rest (see
// Reach) it can be told; and chin down beyond 25 degrees no further shows,
// because the nose then moves along the line of sight.
type Angles struct {
	Yaw   float64 // turned towards the picture's right is positive
	Pitch float64 // chin down is positive
	Roll  float64 // leaning clockwise, as seen in the picture, is positive
}

// AnglesOf gives the angles of a head whose nose, when it looks straight ahead,
// stands rest below the eyes, in inter-eye distances (UsualRest where the
// person's own is not known). The left of the picture comes first in eyes. Eyes
// in one place give no angles.
func AnglesOf(eyes [2]image.Point, nose image.Point, rest float64) Angles {
	across, below, ok := noseAt(eyes, nose)
	if !ok {
		return Angles{}
	}
	// A nose of noseReach standing rest below the eyes goes round the axis through
	// them on a circle: below = radius*cos(pitch-start).
	radius, start := math.Hypot(rest, noseReach), math.Atan2(noseReach, rest)
	d := eyes[1].Sub(eyes[0])
	return Angles{
		Yaw:   degrees(math.Atan(across / noseReach)),
		Pitch: degrees(start - math.Acos(math.Max(-1, math.Min(1, below/radius)))),
		Roll:  degrees(math.Atan2(float64(d.Y), float64(d.X))),
	}
}

// NoseBelow is how far the nose stands below the line of the eyes, in inter-eye
// distances: a person's rest, where they look straight ahead.
func NoseBelow(eyes [2]image.Point, nose image.Point) float64 {
	_, below, _ := noseAt(eyes, nose)
	return below
}

// noseAt is where the nose stands in inter-eye distances: across from the middle
// between the eyes, towards the second eye, and below their line. False where
// the eyes are in one place.
func noseAt(eyes [2]image.Point, nose image.Point) (across, below float64, ok bool) {
	d := eyes[1].Sub(eyes[0])
	length := float64(d.X*d.X + d.Y*d.Y)
	if length == 0 {
		return 0, 0, false
	}
	n := nose.Sub(eyes[0])
	return float64(n.X*d.X+n.Y*d.Y)/length - 0.5, float64(n.Y*d.X-n.X*d.Y) / length, true
}

func degrees(radians float64) float64 { return radians * 180 / math.Pi }

// pose takes the head's turn from where the nose stands between the eyes: on a
// turned head it moves towards the farther eye by noseReach*tan(turn). The
// score is 100*cos(turn)^2 as in ISO/IEC 29794-5. A nod does not show.
func pose(eyes [2]image.Point, nose image.Point) float64 {
	across, _, ok := noseAt(eyes, nose)
	if !ok {
		return 0
	}
	tan := across / noseReach
	return 100 / (1 + tan*tan)
}

// tilt is the score for the roll, 100*cos(roll)^2 as in ISO/IEC 29794-5.
func tilt(eyes [2]image.Point) float64 {
	d := eyes[1].Sub(eyes[0])
	length := float64(d.X*d.X + d.Y*d.Y)
	if length == 0 {
		return 0
	}
	return 100 * float64(d.X*d.X) / length
}
