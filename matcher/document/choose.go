package document

import (
	"cmp"
	"image"
	"math"
	"slices"

	"facematch/matcher"
)

// choice is what the faces on a page come to.
type choice struct {
	flaw    matcher.Flaw // why there is no portrait
	turn    int          // degrees clockwise by which to turn the page for the portrait to be upright: 0, 90, 180, 270
	face    *face        // the portrait; nil where there is a flaw
	others  []face       // the other faces
	several bool         // one of them could be a portrait too
	hidden  bool         // only a faint second picture is seen: the portrait itself may be hidden
}

// choose takes the portrait among the faces on a page of this size. The rules:
//
//   - A portrait is the strongest print on a page. A face of another size with less
//     than pattern of another's contrast is part of the background, however large; a
//     smaller one with less than ghost of it is the ghost picture many cards carry.
//   - A ghost alone is no portrait: the real one is hidden, by a reflection or a
//     finger. It is never taken in its place. Ghosts are printed so faintly and
//     in one tint that each tells by itself (faint).
//   - Of the others the largest is the holder's: second pictures on cards are
//     half as large. One that can be used, whole and large enough, comes before one
//     that cannot.
//   - Those of nearly the same size (matcher.Alike) are two people, or two documents
//     in one scan: code 2. Only the clerk can tell which is meant.
//   - What the finder doubts is no portrait by itself. Beside one, and of nearly its
//     size, it counts as a second.
//
// The portrait says which way the page stands.
func choose(page image.Point, all []face) choice {
	all = slices.DeleteFunc(slices.Clone(all), func(f face) bool { return f.Doubted && f.Score < likeness })
	certain := slices.ContainsFunc(all, func(f face) bool { return !f.Doubted })
	var strong, lesser []face
	for _, f := range all {
		if f.faint() || f.Doubted && !certain ||
			slices.ContainsFunc(all, func(other face) bool { return other.outshines(f) }) {
			lesser = append(lesser, f)
		} else {
			strong = append(strong, f)
		}
	}
	larger := func(a, b face) int { return cmp.Compare(b.Size(), a.Size()) }
	slices.SortStableFunc(lesser, larger)
	if len(strong) == 0 {
		c := choice{flaw: matcher.FlawNobody, others: lesser, hidden: certain}
		if len(lesser) > 0 {
			c.turn, c.flaw = lesser[0].quarter(), lesser[0].poor()
		}
		return c
	}
	slices.SortStableFunc(strong, func(a, b face) int {
		return cmp.Or(
			cmp.Compare(truth(a.Doubted), truth(b.Doubted)),
			cmp.Compare(truth(a.unusable(page) != matcher.FlawNone), truth(b.unusable(page) != matcher.FlawNone)), larger(a, b))
	})
	first := strong[0]
	c := choice{flaw: first.unusable(page), turn: first.quarter(), others: append(strong[1:], lesser...)}
	c.several = slices.ContainsFunc(c.others, func(f face) bool {
		return !f.faint() && !(f.light.Contrast < ghost*first.light.Contrast && !f.alike(first))
	})
	if c.flaw == matcher.FlawNone && slices.ContainsFunc(strong[1:], first.alike) {
		c.flaw = matcher.FlawTwo
	}
	if c.flaw == matcher.FlawNone {
		c.face = &first
	} else {
		c.others = append(c.others, first)
	}
	return c
}

// alike says whether two faces are of about one size.
func (f face) alike(other face) bool {
	small, large := float64(min(f.Size(), other.Size())), float64(max(f.Size(), other.Size()))
	return small >= matcher.Alike*large
}

// inArea takes the face a clerk drew around: the largest of those whose middle
// lies there, and of two alike the one nearer to the area's middle. However
// small or faint it is, the clerk's word is final.
func inArea(area image.Rectangle, faces []face) choice {
	x, y := float64(area.Min.X+area.Max.X)/2, float64(area.Min.Y+area.Max.Y)/2
	reach := math.Hypot(float64(area.Dx()), float64(area.Dy())) / 2
	weight := func(f face) float64 {
		m := middle(f.Box)
		return float64(f.Size()) * (1 - math.Hypot(float64(m.X)-x, float64(m.Y)-y)/reach/2)
	}
	c := choice{flaw: matcher.FlawNobody}
	for _, f := range faces {
		if middle(f.Box).In(area) && (c.face == nil || weight(f) > weight(*c.face)) {
			c.flaw, c.face = matcher.FlawNone, &f
		}
	}
	return c
}

func middle(r image.Rectangle) image.Point { return r.Min.Add(r.Max).Div(2) }

// outshines says whether another face is but a ghost or a pattern beside this one.
func (f face) outshines(other face) bool {
	return !f.Doubted && !f.alike(other) && (other.light.Contrast < pattern*f.light.Contrast ||
		other.light.Contrast < ghost*f.light.Contrast && other.Size() < f.Size())
}

// faint says whether a face is printed as faintly as a ghost picture. Contrast
// goes with the light on the page, so it is taken by the brightness.
func (f face) faint() bool {
	contrast := f.light.Contrast / max(1, f.light.Mean)
	return contrast < faintest || contrast < faint && f.colours.spread < oneTint
}

// unusable says why the face cannot be the portrait.
func (f face) unusable(page image.Point) matcher.Flaw {
	if f.interEye < minInterEye {
		return matcher.FlawSmall
	}
	across := min(float64(page.X), f.core.maxX) - max(0, f.core.minX)
	down := min(float64(page.Y), f.core.maxY) - max(0, f.core.minY)
	if side := f.core.maxX - f.core.minX; across < 0 || down < 0 || across*down < minInside*side*side {
		return matcher.FlawCutOff
	}
	return matcher.FlawNone
}

// poor says why too little of a face can be seen.
func (f face) poor() matcher.Flaw {
	switch {
	case f.interEye < minInterEye:
		return matcher.FlawSmall
	case f.light.Mean < warnDark:
		return matcher.FlawDark
	case f.light.Mean > warnBright:
		return matcher.FlawBright
	}
	return matcher.FlawPoor
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
