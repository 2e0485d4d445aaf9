package camera

import (
	"image"
	"math"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// The hints.
const (
	hintNone       = "coach.none"
	hintNoneDark   = "coach.none_dark"
	hintNoneBright = "coach.none_bright"
	hintNoneSharp  = "coach.none_sharp"
	hintSeveral    = "coach.several"
	hintDark       = "coach.dark"
	hintBright     = "coach.bright"
	hintCloser     = "coach.closer"
	hintBack       = "coach.back"
	hintCentre     = "coach.centre"
	hintStraight   = "coach.straight"
	hintUpright    = "coach.upright"
	hintSharp      = "coach.sharp"
	hintGood       = "coach.good"
)

// severalKeys are what hintSeveral is while the coach decides: where the other one
// stands has to hold still too.
var severalKeys = map[matcher.Aside]string{
	matcher.AsideNobody: hintSeveral,
	matcher.AsideLeft:   hintSeveral + "_left",
	matcher.AsideRight:  hintSeveral + "_right",
	matcher.AsideBehind: hintSeveral + "_behind",
}

// view is what one frame shows.
type view struct {
	size     image.Point
	faces    []matcher.Face   // those that count, whom the check is about first
	light    quality.Light    // on the one face, or on the middle of a picture without any
	edges    float64          // of the middle of a picture without a face: see edges
	measures quality.Measures // of the one face
	held     quality.Angles   // of the one face
	focus    float64          // of the one face
}

// hint is the one thing to do next, the most pressing first: what keeps a face
// from being found, then what is measured wrongly without it, then the rest. The
// hint shown before stays until its cause has gone well past its limit.
func (v view) hint(before string) string {
	if len(v.faces) > 1 {
		return severalKeys[aside(v.faces)]
	}
	for _, h := range []struct {
		key   string
		needs func(v view, shown bool) bool
	}{
		{hintNoneDark, func(v view, shown bool) bool { return len(v.faces) == 0 && darkLight.broken(v.light.Mean, shown) }},
		{hintNoneBright, func(v view, shown bool) bool { return len(v.faces) == 0 && v.tooBright(shown) }},
		{hintNoneSharp, func(v view, shown bool) bool { return len(v.faces) == 0 && blurredPicture.broken(v.edges, shown) }},
		{hintNone, func(v view, _ bool) bool { return len(v.faces) == 0 }},
		{hintDark, func(v view, shown bool) bool { return darkLight.broken(v.light.Mean, shown) }},
		{hintBright, view.tooBright},
		{hintCloser, func(v view, shown bool) bool { return nearEnough.broken(v.measures.InterEye, shown) }},
		{hintBack, view.tooNear},
		{hintCentre, view.offCentre},
		{hintSharp, func(v view, shown bool) bool { return sharpEnough.broken(v.focus, shown) }},
		{hintUpright, func(v view, shown bool) bool { return leaning.broken(math.Abs(v.held.Roll), shown) }},
		{hintStraight, func(v view, shown bool) bool {
			return turned.broken(math.Abs(v.held.Yaw), shown) || nodding.broken(math.Abs(v.held.Pitch), shown)
		}},
	} {
		if h.needs(v, h.key == before) {
			return h.key
		}
	}
	return hintGood
}

func (v view) tooBright(shown bool) bool {
	return brightLight.broken(v.light.Mean, shown) || burntOut.broken(v.light.Burnt, shown) ||
		washedOut.broken(v.light.Darkest, shown) && len(v.faces) == 1
}

// tooNear says whether the face fills the picture or more.
func (v view) tooNear(shown bool) bool {
	box := v.faces[0].Box
	share := max(float64(box.Dx())/float64(v.size.X), float64(box.Dy())/float64(v.size.Y))
	return farEnough.broken(share, shown)
}

// offCentre says whether the face is cut off or too near an edge.
func (v view) offCentre(shown bool) bool {
	box := v.faces[0].Box
	centre := box.Min.Add(box.Max) // twice the middle, as is size
	return !box.In(image.Rectangle{Max: v.size}) ||
		centreX.broken(math.Abs(float64(centre.X-v.size.X))/float64(2*v.size.X), shown) ||
		centreY.broken(math.Abs(float64(centre.Y-v.size.Y))/float64(2*v.size.Y), shown)
}

// edges is how much of a picture's contrast lies in its finest detail, from 0; a
// picture of one shade has enough.
func edges(sharpness float64, l quality.Light) float64 {
	if l.Contrast < plainContrast {
		return 1
	}
	return sharpness / l.Contrast
}

// limit is where a hint begins and where it ends again: beyond from it is needed,
// and once it is shown only within to it is no more, so that a value that swings
// about the limit does not make the hint flicker. A limit downwards has its to
// above its from, one upwards below.
type limit struct{ from, to float64 }

func (l limit) broken(x float64, shown bool) bool {
	at := l.from
	if shown {
		at = l.to
	}
	if l.to > l.from {
		return x < at
	}
	return x > at
}
