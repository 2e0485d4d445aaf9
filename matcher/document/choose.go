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
	code    int
	turn    int    // degrees clockwise by which to turn the page for the portrait to be upright: 0, 90, 180, 270
	face    *face  // the portrait; nil where the code is not 0
	others  []face // the other faces
	several bool   // one of them could be a portrait too
	hidden  bool   // only a faint second picture is seen: the portrait itself may be hidden
}

// choose takes the portrait among the faces on a page of this size. The rules:
//
//   - A portrait is the strongest print on a page. A face with less than pattern
//     of another's contrast is part of the background, however large; one with
//     less than ghost of another's contrast that is smaller too is the ghost
//     picture many cards carry.
//   - A ghost alone is no portrait: the real one is hidden, by a reflection or a
//     finger. It is never taken in its place. Ghosts are printed so faintly and
//     in one tint that each tells by itself (faint).
//   - Of the others the largest is the holder's: second pictures on cards are
//     half as large (see rival). One that can be used, whole and large enough,
//     comes before one that cannot.
//   - Two of nearly the same size are two people, or two documents in one scan:
//     code 2. Nobody but the clerk can tell which is meant.
//
// The portrait says which way the page stands.
func choose(page image.Point, all []face) choice {
	var strong, lesser []face
	for _, f := range all {
		if f.faint() || slices.ContainsFunc(all, func(other face) bool { return other.outshines(f) }) {
			lesser = append(lesser, f)
		} else {
			strong = append(strong, f)
		}
	}
	larger := func(a, b face) int { return cmp.Compare(b.interEye, a.interEye) }
	slices.SortStableFunc(lesser, larger)
	if len(strong) == 0 {
		c := choice{code: matcher.CodeNoFace, others: lesser, hidden: len(lesser) > 0}
		if c.hidden {
			c.turn = lesser[0].quarter()
		}
		return c
	}
	slices.SortStableFunc(strong, func(a, b face) int {
		return cmp.Or(cmp.Compare(truth(a.unusable(page) != 0), truth(b.unusable(page) != 0)), larger(a, b))
	})
	first := strong[0]
	c := choice{code: first.unusable(page), turn: first.quarter(), others: append(strong[1:], lesser...)}
	c.several = slices.ContainsFunc(c.others, func(f face) bool {
		return !f.faint() && !(f.light.Contrast < ghost*first.light.Contrast && f.interEye < rival*first.interEye)
	})
	if c.code == matcher.CodeOK && len(strong) > 1 && strong[1].interEye > rival*first.interEye {
		c.code = matcher.CodeTwoFaces
	}
	if c.code == matcher.CodeOK {
		c.face = &first
	} else {
		c.others = append(c.others, first)
	}
	return c
}

// inArea takes the face a clerk drew around: the largest of those whose middle
// lies there, and of two alike the one nearer to the area's middle. However
// small or faint it is, the clerk's word is final.
func inArea(area image.Rectangle, faces []face) choice {
	middle := spot{float64(area.Min.X+area.Max.X) / 2, float64(area.Min.Y+area.Max.Y) / 2}
	reach := math.Hypot(float64(area.Dx()), float64(area.Dy())) / 2
	weight := func(f face) float64 {
		return f.interEye * (1 - math.Hypot(f.middle.x-middle.x, f.middle.y-middle.y)/reach/2)
	}
	c := choice{code: matcher.CodeNoFace}
	for _, f := range faces {
		if !image.Pt(int(f.middle.x), int(f.middle.y)).In(area) {
			continue
		}
		if c.face == nil || weight(f) > weight(*c.face) {
			c.code, c.face = matcher.CodeOK, &f
		}
	}
	return c
}

// outshines says whether another face is but a ghost or a pattern beside this
// one.
func (f face) outshines(other face) bool {
	return other.light.Contrast < pattern*f.light.Contrast ||
		other.light.Contrast < ghost*f.light.Contrast && other.interEye < f.interEye
}

// faint says whether a face is printed as faintly as a ghost picture. Contrast
// goes with the light on the page, so it is taken by the brightness.
func (f face) faint() bool {
	contrast := f.light.Contrast / max(1, f.light.Mean)
	return contrast < faintest || contrast < faint && f.colours.spread < oneTint
}

// unusable says why the face cannot be the portrait; 0 where it can.
func (f face) unusable(page image.Point) int {
	if f.interEye < minInterEye {
		return matcher.CodeNoFace
	}
	across := min(float64(page.X), f.middle.x+f.width/2) - max(0, f.middle.x-f.width/2)
	down := min(float64(page.Y), f.middle.y+f.height/2) - max(0, f.middle.y-f.height/2)
	if across < 0 || down < 0 || across*down < minInside*f.width*f.height {
		return matcher.CodeCutOff
	}
	return matcher.CodeOK
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
