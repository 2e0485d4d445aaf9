package offline

import (
	"image"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// seen is what one frame shows: exactly one usable face (code 0), or why not.
type seen struct {
	frame   matcher.Frame
	face    found
	code    int
	quality quality.Measures
}

// look judges the faces found in a frame.
func look(frame matcher.Frame, all []found) seen {
	s := seen{frame: frame, code: matcher.CodeNoFace}
	if len(all) == 0 {
		return s
	}
	largest := 0.0
	for _, f := range all {
		largest = max(largest, quality.InterEye(f.Eyes))
	}
	usable := 0
	for _, f := range all {
		interEye := quality.InterEye(f.Eyes)
		if interEye < bystander*largest {
			continue // somebody far behind
		}
		code := unusable(f.Face, frame.Image.Bounds())
		switch {
		case code == matcher.CodeOK:
			usable++
			s.face, s.code = f, matcher.CodeOK
		case usable == 0 && interEye == largest:
			s.code = code
		}
	}
	switch usable {
	case 0:
		return s
	case 1:
		b := s.face
		s.quality = quality.Measure(frame.Image, b.Box, b.Eyes, b.Nose)
		return s
	}
	return seen{frame: frame, code: matcher.CodeTwoFaces}
}

// unusable says why a face in a picture of these bounds cannot be compared; 0
// where it can.
func unusable(f matcher.Face, bounds image.Rectangle) int {
	if quality.InterEye(f.Eyes) < minInterEye {
		return matcher.CodeNoFace
	}
	inside := f.Box.Intersect(bounds)
	if float64(inside.Dx()*inside.Dy()) < minInside*float64(f.Box.Dx()*f.Box.Dy()) {
		return matcher.CodeCutOff
	}
	edge := image.Pt(int(offCentre*float64(bounds.Dx())), int(offCentre*float64(bounds.Dy())))
	if !middle(f.Box.Min, f.Box.Max).In(image.Rectangle{Min: bounds.Min.Add(edge), Max: bounds.Max.Sub(edge)}) {
		return matcher.CodeCutOff
	}
	return matcher.CodeOK
}

// choose takes the best usable frame of each stretch of the clip, by its index.
// Where the clip decides nothing, the code says why, and there are no frames.
func choose(frames []seen) (chosen []int, code int) {
	count := map[int]int{}
	for _, s := range frames {
		count[s.code]++
	}
	if float64(count[matcher.CodeTwoFaces]) > twoFaces*float64(len(frames)) {
		return nil, matcher.CodeTwoFaces
	}
	chosen = quality.Spread(len(frames), stretches, func(i int) float64 {
		if frames[i].code != matcher.CodeOK {
			return -1
		}
		return frames[i].quality.Total
	})
	if len(chosen) >= minUsable {
		return chosen, matcher.CodeOK
	}
	// The commonest reason among the skipped. Of equals the one a clerk can put
	// right most easily; a clip with hardly any frames has none, and no face.
	code = matcher.CodeNoFace
	for _, c := range []int{matcher.CodeCutOff, matcher.CodeTwoFaces} {
		if count[c] >= count[code] && count[c] > 0 {
			code = c
		}
	}
	return nil, code
}
