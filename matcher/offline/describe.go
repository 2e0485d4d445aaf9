package offline

import (
	"context"
	"image"
	"math"

	face "github.com/Kagami/go-face"
	"gocv.io/x/gocv"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// descriptor is what the networks make of a face.
type descriptor struct {
	goFace face.Descriptor
	imprint
}

// parts are what the networks say of two faces.
func parts(a, b descriptor) matcher.Parts {
	p := matcher.Parts{GoFace: distance(a.goFace, b.goFace), Strength: min(a.strength, b.strength)}
	for i, x := range a.vector {
		p.Cosine += float64(x) * float64(b.vector[i])
	}
	return p
}

// distance is the L2 distance of go-face's descriptors, 0 to 2. It is go-face's
// own to the bit, in a thirtieth of the time: that one calls math.Pow for each
// square.
func distance(a, b face.Descriptor) float64 {
	sum := 0.0
	for i, x := range a {
		apart := float64(x - b[i])
		sum += apart * apart
	}
	return math.Sqrt(sum)
}

// describe describes a face that was found in the picture; false where go-face does
// not see it, which only glanced at faces can come to.
func (e *Engine) describe(ctx context.Context, img *image.RGBA, f found, mirror bool) (descriptor, bool, error) {
	if e.params.Calibration.Network == nil && !f.coarse() {
		return descriptor{goFace: f.goFace}, true, ctx.Err()
	}
	seen := true
	d, err := work(ctx, e, func(w *worker) (d descriptor, err error) {
		if d.goFace, seen, err = w.describe(img, f); err != nil || !seen || w.networks == nil {
			return d, err
		}
		if f.points == nil {
			if f.points, err = w.networks.points(img, f.Box); err != nil {
				return d, err
			}
		}
		d.imprint, err = w.networks.describe(img, f.points, mirror)
		return d, err
	})
	if err != nil {
		return descriptor{}, false, err
	}
	return d, seen, nil
}

// coarse says whether go-face saw the face with fewer pixels than its net can use,
// or not at all, and the picture itself has more.
func (f found) coarse() bool {
	return f.seen < netInterEye && quality.InterEye(f.Eyes) > f.seen*1.1
}

// describe gives go-face's descriptor, of a coarse face from an upright crop of
// the picture itself. It is false where go-face sees no face there and saw none
// before.
func (w *worker) describe(img *image.RGBA, f found) (face.Descriptor, bool, error) {
	if !f.coarse() {
		return f.goFace, true, nil
	}
	crop, err := closeUp(img, f.Eyes)
	if err != nil {
		return face.Descriptor{}, false, err
	}
	again, err := w.search(crop, crop.Rect.Size(), quick)
	if err != nil {
		return face.Descriptor{}, false, err
	}
	if len(again) == 0 {
		return f.goFace, f.seen > 0, nil
	}
	return nearest(again, image.Pt(crop.Rect.Dx()/2, crop.Rect.Dy()/2)).goFace, true, nil
}

// closeUp is an upright crop around the eyes, as large as go-face can use.
func closeUp(img *image.RGBA, eyes [2]image.Point) (*image.RGBA, error) {
	const side = cropInterEye * cropReach
	left := spot{(side - cropInterEye) / 2, side * eyeLine}
	onto := fit([]spot{{float64(eyes[0].X), float64(eyes[0].Y)}, {float64(eyes[1].X), float64(eyes[1].Y)}},
		[]spot{left, {left.x + cropInterEye, left.y}})
	crop := warped(img, onto, int(side))
	defer crop.Close()
	return toRGBA(crop, gocv.ColorBGRToBGRA) // the order stays
}
