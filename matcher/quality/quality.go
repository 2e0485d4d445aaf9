// Package quality holds every quality measure of a face picture and the choice
// of the best frames, in pure Go.
package quality

import (
	"image"
	"math"
)

// Measures are the quality measures of one face, each 0 (useless) to 100
// (ideal) but for InterEye.
type Measures struct {
	InterEye  float64 `json:"inter_eye_px"` // distance between the centres of the eyes in pixels
	Size      float64 `json:"size"`         // from InterEye
	Sharpness float64 `json:"sharpness"`
	Exposure  float64 `json:"exposure"`
	Contrast  float64 `json:"contrast"` // how many shades there are
	Pose      float64 `json:"pose"`     // looking straight ahead is 100
	Tilt      float64 `json:"tilt"`     // an upright head is 100
	Total     float64 `json:"total"`    // the one number frames are ranked by
}

// Measure measures the face in the box. The eyes are the centres of the eyes
// in either order, the nose is its base. A box outside the picture, or both
// eyes in one place, gives measures of 0.
func Measure(img *image.RGBA, box image.Rectangle, eyes [2]image.Point, nose image.Point) Measures {
	light := LightOf(img, box)
	m := Measures{
		InterEye:  InterEye(eyes),
		Sharpness: Sharpness(img, box),
		Exposure:  exposure(light),
		Contrast:  contrast(light),
		Pose:      pose(eyes, nose),
		Tilt:      tilt(eyes),
	}
	m.Size = size(m.InterEye)
	// A geometric mean: what is useless in one respect is not saved by the others.
	// Contrast stays out, because dark skin and even light have few shades and
	// match as well; so does the tilt, because the engine sets a face upright.
	m.Total = math.Sqrt(math.Sqrt(m.Size * m.Sharpness * m.Exposure * m.Pose))
	return m
}

// InterEye is the distance between the centres of the eyes in pixels.
func InterEye(eyes [2]image.Point) float64 {
	d := eyes[1].Sub(eyes[0])
	return math.Hypot(float64(d.X), float64(d.Y))
}

func size(interEye float64) float64 {
	if interEye == 0 {
		return 0
	}
	return 100 / (1 + math.Exp((sizeMiddle-interEye)/sizeWidth))
}

// Sharpness is 0 (nothing but blur) to 100, from the variance of the Laplacian
// over the middle of the face, scaled to one fixed size. A face with few pixels
// of its own is blurred at that size, and scores so.
func Sharpness(img *image.RGBA, box image.Rectangle) float64 {
	variance := detail(img, box, faceSide)
	return 100 * variance / (variance + sharpMiddle)
}

// Focus tells a blurred face from one that is smooth by itself, which Sharpness
// does not: it is the detail (variance of the Laplacian) at full size, times the
// share that detail at half the size has of that at a quarter. Blur takes fine
// detail away before coarse; smooth skin in soft light has little of both. From 0,
// without a bound; a face is sharp from about 5 on.
func Focus(img *image.RGBA, box image.Rectangle) float64 {
	coarse := detail(img, box, faceSide/4)
	if coarse == 0 {
		return 0
	}
	return detail(img, box, faceSide) * detail(img, box, faceSide/2) / coarse
}

// detail is the variance of the Laplacian over the middle of a face that is
// scaled to this side, as brightness from 0 to 255.
func detail(img *image.RGBA, box image.Rectangle, side int) float64 {
	face := scaledGray(img, box, side)
	if face == nil {
		return 0
	}
	// The outer eighth is background, whose detail says nothing about the face.
	edge := side / 8
	var sum, squares, n float64
	for y := edge; y < side-edge; y++ {
		for x := edge; x < side-edge; x++ {
			i := y*side + x
			l := face[i-1] + face[i+1] + face[i-side] + face[i+side] - 4*face[i]
			sum += l
			squares += l * l
			n++
		}
	}
	return squares/n - (sum/n)*(sum/n)
}

// scaledGray is the brightness of what of the box lies in the picture, scaled
// to a square of this side; nil where nothing does. Each value is the mean of
// the pixels it covers where there are several, and lies evenly between its
// neighbours where there are too few.
func scaledGray(img *image.RGBA, box image.Rectangle, side int) []float64 {
	box = box.Intersect(img.Bounds())
	if box.Empty() {
		return nil
	}
	columns, rows := spans(box.Dx(), side), spans(box.Dy(), side)
	across := make([]float64, box.Dy()*side)
	for y := range box.Dy() {
		row := img.Pix[img.PixOffset(box.Min.X, box.Min.Y+y):]
		for x, s := range columns {
			for i, w := range s.weights {
				across[y*side+x] += w * brightness(row[4*(s.first+i):])
			}
		}
	}
	scaled := make([]float64, side*side)
	for y, s := range rows {
		for i, w := range s.weights {
			from := across[(s.first+i)*side : (s.first+i+1)*side]
			for x, b := range from {
				scaled[y*side+x] += w * b
			}
		}
	}
	return scaled
}

// span says which pixels of a line one scaled pixel is made of.
type span struct {
	first   int
	weights []float64 // they add up to 1
}

// spans are the triangle-filtered spans that scale a line of n pixels to side.
func spans(n, side int) []span {
	ratio := float64(n) / float64(side)
	reach := math.Max(1, ratio)
	out := make([]span, side)
	for i := range out {
		centre := (float64(i)+0.5)*ratio - 0.5
		first := max(0, int(math.Ceil(centre-reach)))
		last := min(n-1, int(math.Floor(centre+reach)))
		s := span{first: first}
		total := 0.0
		for j := first; j <= last; j++ {
			w := 1 - math.Abs(float64(j)-centre)/reach
			s.weights = append(s.weights, w)
			total += w
		}
		for j := range s.weights {
			s.weights[j] /= total
		}
		out[i] = s
	}
	return out
}
