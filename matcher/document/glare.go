package document

import (
	"image"
	"slices"

	"facematch/matcher"
)

// feature is a part of a face that has something dark in it, whatever the skin
// and the light: the lashes, the line of the mouth.
type feature struct {
	dark   float64 // brightness under which a twentieth of it lies, 0 to 255
	colour float64 // mean difference of the strongest and the weakest channel
}

// features of an upright crop (matcher.CropFace), by their places in inter-eye
// distances from between the eyes: both eyes, both halves of the mouth.
func features(crop *image.RGBA) (all [4]feature) {
	n := float64(crop.Rect.Dx())
	unit := n / matcher.CropMargin
	at := func(x, y float64) (int, int) { return int(n/2 + x*unit), int(n*0.46 + y*unit) }
	for i, f := range [4]struct{ x, y, w, h float64 }{
		{-0.5, 0, 0.6, 0.4}, {0.5, 0, 0.6, 0.4}, {-0.28, 1.05, 0.5, 0.5}, {0.28, 1.05, 0.5, 0.5},
	} {
		x0, y0 := at(f.x-f.w/2, f.y-f.h/2)
		x1, y1 := at(f.x+f.w/2, f.y+f.h/2)
		part := image.Rect(x0, y0, x1, y1).Intersect(crop.Rect)
		if part.Empty() {
			return [4]feature{}
		}
		var lumas []float64
		for y := part.Min.Y; y < part.Max.Y; y++ {
			for x := part.Min.X; x < part.Max.X; x++ {
				p := crop.Pix[crop.PixOffset(x, y):]
				lumas = append(lumas, float64(luma(p))/256)
				all[i].colour += float64(max(p[0], p[1], p[2]) - min(p[0], p[1], p[2]))
			}
		}
		slices.Sort(lumas)
		all[i].dark = lumas[len(lumas)/20]
		all[i].colour /= float64(len(lumas))
	}
	return all
}

// glare says whether a reflection lies over part of a portrait: it takes the
// dark from what must have some, and the colour, while another part of the face
// keeps both. Where the portrait is grey, only the two sides are compared.
func glare(crop *image.RGBA) bool {
	all := features(crop)
	darkest, most := 255.0, 0.0
	for _, f := range all {
		darkest, most = min(darkest, f.dark), max(most, f.colour)
	}
	if most < glareGrey {
		return abs(all[0].dark-all[1].dark) > glareEyes || abs(all[2].dark-all[3].dark) > glareMouth
	}
	paler, other := all[0], all[1]
	if paler.dark < other.dark {
		paler, other = other, paler
	}
	if paler.dark > other.dark+glareAcross && paler.colour < other.colour {
		return true // so much brighter that it needs not lose as much colour
	}
	return slices.ContainsFunc(all[:], func(f feature) bool {
		return f.dark > glareDark && f.dark > darkest+glareLift && f.colour < glareColour*most
	}) || blown(crop)
}

// veiled says whether a reflection lies over all of a portrait: nothing in it is
// dark. A ghost picture looks the same.
func veiled(crop *image.RGBA) bool {
	all := features(crop)
	return !slices.ContainsFunc(all[:], func(f feature) bool { return f.dark <= glareVeil })
}

// blown is the same as glare for brow and cheeks, which have nothing dark: part of a
// colourful face is white.
func blown(crop *image.RGBA) bool {
	n := float64(crop.Rect.Dx())
	unit := n / matcher.CropMargin
	inside, white := 0, 0
	var colours []int
	for y := range crop.Rect.Dy() {
		for x := range crop.Rect.Dx() {
			dx, dy := (float64(x)-n/2)/(0.95*unit), (float64(y)-n*0.46-unit/2)/(1.3*unit)
			if dx*dx+dy*dy > 1 {
				continue
			}
			p := crop.Pix[crop.PixOffset(x, y):]
			colour := int(max(p[0], p[1], p[2])) - int(min(p[0], p[1], p[2]))
			inside++
			if luma(p) >= blownLuma<<8 && colour <= blownColour {
				white++
			} else {
				colours = append(colours, colour)
			}
		}
	}
	if len(colours) == 0 {
		return false // white all over, which another warning tells
	}
	slices.Sort(colours)
	return float64(white) > blownShare*float64(inside) && colours[len(colours)/2] > blownBeside
}

func abs(x float64) float64 { return max(x, -x) }
