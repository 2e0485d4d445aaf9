package quality

import (
	"image"
	"math"
)

// Light is how a face or a picture is lit.
type Light struct {
	Mean     float64 // brightness, 0 (black) to 255 (white)
	Contrast float64 // standard deviation of the brightness
	Shades   float64 // entropy of the brightness in bits: 0 (one shade) to 8
	Lost     float64 // share of the pixels that hold no detail, being too dark or too bright, 0 to 1
	Burnt    float64 // share of the pixels that are as good as white, 0 to 1
	Darkest  float64 // brightness that 2 % of the pixels do not exceed
}

// darkest is the share of the pixels that counts as the darkest: pupils, brows,
// nostrils and the line of the mouth are more than this of any face.
const darkest = 0.02

// LightOf measures the light on what of the box lies in the picture; where
// nothing does, all is 0.
func LightOf(img *image.RGBA, box image.Rectangle) Light {
	box = box.Intersect(img.Bounds())
	if box.Empty() {
		return Light{}
	}
	var l Light
	var sum, squares float64
	var shades [256]int
	for y := box.Min.Y; y < box.Max.Y; y++ {
		row := img.Pix[img.PixOffset(box.Min.X, y):]
		for x := range box.Dx() {
			b := brightness(row[4*x:])
			sum += b
			squares += b * b
			shades[min(255, int(b))]++
			if b <= crushed || b >= burnt {
				l.Lost++
			}
			if b >= white {
				l.Burnt++
			}
		}
	}
	n := float64(box.Dx() * box.Dy())
	l.Mean = sum / n
	l.Contrast = math.Sqrt(math.Max(0, squares/n-l.Mean*l.Mean))
	l.Lost /= n
	l.Burnt /= n
	below := 0
	for b, count := range shades {
		if below += count; float64(below-count) < darkest*n {
			l.Darkest = float64(b)
		}
		if count > 0 {
			share := float64(count) / n
			l.Shades -= share * math.Log2(share)
		}
	}
	return l
}

// exposure is 100 for a face that is neither too dark nor too bright nor has
// lost its detail.
func exposure(l Light) float64 {
	score := 1.0
	switch {
	case l.Mean < dark:
		score = (l.Mean - blackout) / (dark - blackout)
	case l.Mean > bright:
		score = (whiteout - l.Mean) / (whiteout - bright)
	}
	score *= 1 - math.Max(0, l.Lost-harmless)/(1-harmless)
	return 100 * math.Min(1, math.Max(0, score))
}

// contrast is OFIQ's dynamic range (ISO/IEC 29794-5): all 8 bits of entropy are
// 100.
func contrast(l Light) float64 { return 100 * l.Shades / 8 }

// brightness is ITU-R BT.601 luma, 0 to 255.
func brightness(p []uint8) float64 {
	return 0.299*float64(p[0]) + 0.587*float64(p[1]) + 0.114*float64(p[2])
}
