package offline

import (
	"context"
	"image"
	"math"

	face "github.com/Kagami/go-face"

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

// describe describes a face that was found in the picture.
func (e *Engine) describe(ctx context.Context, img *image.RGBA, f found) (descriptor, error) {
	if e.params.Calibration.Network == nil && !f.coarse() {
		return descriptor{goFace: f.goFace}, ctx.Err()
	}
	return work(ctx, e, func(w *worker) (d descriptor, err error) {
		if d.goFace, err = w.describe(img, f); err == nil && w.networks != nil {
			d.imprint, err = w.networks.describe(img, f.Box)
		}
		return d, err
	})
}

// coarse says whether the face was found in a copy with fewer pixels than
// go-face's net can use, and the picture itself has more.
func (f found) coarse() bool {
	return f.seen < netInterEye && quality.InterEye(f.Eyes) > f.seen*1.1
}

// describe gives go-face's descriptor, of a coarse face from an upright crop of
// the picture itself.
func (w *worker) describe(img *image.RGBA, f found) (face.Descriptor, error) {
	if !f.coarse() {
		return f.goFace, nil
	}
	crop := matcher.CropFace(img, f.Face)
	again, err := w.search(crop, crop.Rect.Size(), quick)
	if err != nil {
		return face.Descriptor{}, err
	}
	if len(again) == 0 {
		return f.goFace, nil
	}
	return nearest(again, image.Pt(crop.Rect.Dx()/2, crop.Rect.Dy()/2)).goFace, nil
}
