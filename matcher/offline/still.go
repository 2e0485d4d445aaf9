package offline

import (
	"math"
	"slices"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// still says whether the largest face stands as still as a picture, for two
// seconds or more. Of a shorter film it says nothing.
func (w watched) still() bool {
	moves, known := w.motion(0)
	return known && moves < stillMotion
}

// anotherMoves says whether a face smaller than the largest moves as a living
// person does. It need not be large enough to count.
func (w watched) anotherMoves() bool {
	moves, known := w.motion(1)
	return known && moves > livingMotion
}

// motion is how far the points of a face move, in its inter-eye distances: in one
// frame of five they are farther than that from where they are in the middle of the
// film. The face is the largest (0) or the second largest (1) of each frame. It is
// known where half of the frames, over at least two seconds, show the face.
//
// Noise moves the points too, from one frame to the next and back; a person moves
// more slowly. So each point is the mean of three frames in a row.
func (w watched) motion(rank int) (moves float64, known bool) {
	var faces []found
	var first, last seen
	for _, s := range w.seen {
		if len(s.faces) <= rank {
			continue
		}
		if len(faces) == 0 {
			first = s
		}
		last = s
		faces = append(faces, s.faces[rank])
	}
	if len(faces) < max(3*smoothed, len(w.seen)/2) || last.at-first.at < stillFor {
		return 0, false
	}
	interEye := 0.0
	for _, f := range faces {
		interEye += quality.InterEye(f.Eyes) / float64(len(faces))
	}
	if interEye < 1 {
		return 0, false
	}
	paths := make([][]spot, landmarkCount) // of each point, in the order of the film
	for k := range paths {
		for i := range len(faces) - smoothed + 1 {
			var p spot
			for _, f := range faces[i : i+smoothed] {
				p.x, p.y = p.x+f.points[k].x/smoothed, p.y+f.points[k].y/smoothed
			}
			paths[k] = append(paths[k], p)
		}
	}
	away := make([]float64, len(paths[0])) // of each frame, squared
	for _, path := range paths {
		x := medianOf(path, func(p spot) float64 { return p.x })
		y := medianOf(path, func(p spot) float64 { return p.y })
		for i, p := range path {
			away[i] += ((p.x-x)*(p.x-x) + (p.y-y)*(p.y-y)) / landmarkCount
		}
	}
	slices.Sort(away)
	return math.Sqrt(away[len(away)*4/5]) / interEye, true
}

func medianOf(path []spot, of func(spot) float64) float64 {
	values := make([]float64, len(path))
	for i, p := range path {
		values[i] = of(p)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// picture is a frame with the picture that stands still and the person who moves.
func (w watched) picture() *matcher.Sight {
	for _, s := range w.seen {
		if len(s.faces) > 1 && s.frame != nil {
			return &matcher.Sight{Frame: *s.frame, Faces: []matcher.Face{s.faces[0].Face, s.faces[1].Face}}
		}
	}
	return nil
}
