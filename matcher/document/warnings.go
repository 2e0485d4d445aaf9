package document

import (
	"image"
	"slices"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// warnings are what a clerk should know of the portrait, most important first.
func (c choice) warnings(p matcher.Portrait) (all []matcher.Notice) {
	found := c.face != nil
	reflects := found && (glare(p.Image) || veiled(p.Image) && !c.face.faint())
	var light quality.Light
	var colour colours
	if found {
		light, colour = c.face.light, c.face.colours
	}
	for _, w := range []struct {
		key  string
		when bool
	}{
		{"document.warn_hidden", c.hidden},
		{"document.warn_glare", reflects},
		{"document.warn_covered", found && c.face.Doubted && !reflects},
		{"document.warn_several", found && c.several},
		{"document.warn_small", found && p.Quality.InterEye < warnInterEye},
		{"document.warn_blurred", found && p.Quality.Sharpness < warnSharpness},
		{"document.warn_dark", found && light.Mean < warnDark && brightest(p.Image) < warnDarkAround},
		{"document.warn_bright", found && light.Mean > warnBright},
		{"document.warn_grey", found && colour.spread < greySpread && colour.mean < greyMean},
	} {
		if w.when {
			all = append(all, matcher.Notice{Key: w.key})
		}
	}
	return all
}

// brightest is the brightness that a tenth of a picture reaches, 0 to 255. A dark
// face before something bright is no fault of the light.
func brightest(img *image.RGBA) float64 {
	lumas := make([]int32, 0, len(img.Pix)/4)
	for i := 0; i < len(img.Pix); i += 4 {
		lumas = append(lumas, luma(img.Pix[i:]))
	}
	slices.Sort(lumas)
	return float64(lumas[len(lumas)*9/10]) / 256
}
