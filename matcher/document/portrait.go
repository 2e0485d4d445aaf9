package document

import (
	"image"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// portrait cuts the portrait out of the page, which stands upright now.
func (c choice) portrait(upright *image.RGBA) matcher.Portrait {
	lying := upright.Rect.Size()
	if c.turn%180 != 0 {
		lying = image.Pt(lying.Y, lying.X)
	}
	p := matcher.Portrait{Code: c.flaw.Code(), Flaw: c.flaw, Page: upright}
	var others []image.Rectangle
	for _, other := range c.others {
		others = append(others, other.onTurned(lying, c.turn).Box)
	}
	p.Others, _ = matcher.InOrder(others)
	if c.face != nil {
		f := c.face.onTurned(lying, c.turn)
		p.Box, p.Eyes = f.Box, f.Eyes
		p.Image = matcher.CropFace(upright, f)
		p.Quality = quality.Measure(upright, turnedBox(c.face.core.pixels(), lying, c.turn), f.Eyes, f.Nose)
	} else if p.Flaw == matcher.FlawNobody && brightest(upright) < warnDark {
		p.Flaw = matcher.FlawDark
	}
	p.Warnings = c.warnings(p)
	return p
}
