package document

import (
	"cmp"
	"image"
	"slices"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// portrait cuts the portrait out of the page, which stands upright now.
func (c choice) portrait(upright *image.RGBA) matcher.Portrait {
	lying := upright.Rect.Size()
	if c.turn%180 != 0 {
		lying = image.Pt(lying.Y, lying.X)
	}
	p := matcher.Portrait{Code: c.code, Page: upright}
	for _, other := range c.others {
		p.Others = append(p.Others, other.onTurned(lying, c.turn).Box)
	}
	bySize(p.Others)
	if c.face != nil {
		f := c.face.onTurned(lying, c.turn)
		p.Box, p.Eyes = f.Box, f.Eyes
		p.Image = matcher.CropFace(upright, f)
		p.Quality = quality.Measure(upright, f.Box, f.Eyes, f.Nose)
	}
	p.Warnings = c.warnings(p)
	return p
}

// bySize sorts boxes, the largest first.
func bySize(boxes []image.Rectangle) {
	slices.SortStableFunc(boxes, func(a, b image.Rectangle) int { return cmp.Compare(b.Dx()*b.Dy(), a.Dx()*a.Dy()) })
}
