package offline

import (
	"context"
	"errors"
	"image"
	"math"

	face "github.com/Kagami/go-face"
	"gocv.io/x/gocv"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
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

// describePortrait describes a face that stands on a picture, the portrait of a
// document: both it and its mirror image, which makes the descriptor of a single
// picture steadier. It is false where go-face does not see it, or where the second
// network makes so little of it that it is too poor to compare: hidden, out of
// focus, turned far away.
func (e *Engine) describePortrait(ctx context.Context, img *image.RGBA, f found) (descriptor, bool, error) {
	crop, err := closeUp(img, f)
	if err != nil {
		return descriptor{}, false, err
	}
	var d descriptor
	if e.params.Calibration.Network != nil {
		if d.imprint, err = work(ctx, e, func(n *networks) (imprint, error) { return n.describe(img, f, true) }); err != nil {
			return descriptor{}, false, err
		}
	}
	seen, ok, err := e.goFace(ctx, crop, quick)
	if err == nil && !ok {
		seen, ok, err = e.goFace(ctx, crop, thorough)
	}
	if err != nil || !ok {
		return descriptor{}, false, err
	}
	other, also, err := e.goFace(ctx, picture.Mirror(crop), quick)
	if err != nil {
		return descriptor{}, false, err
	}
	if also {
		for i, x := range other {
			seen[i] = (seen[i] + x) / 2
		}
	}
	d.goFace = seen
	return d, e.strong(d.imprint), nil
}

// strong says whether the second network makes enough of a face to compare it.
func (e *Engine) strong(i imprint) bool {
	fusion := e.params.Calibration.Fusion
	return fusion == nil || i.strength >= fusion.Weakest
}

// goFace is go-face's descriptor of the face in the middle of a crop; false where
// it sees none there.
func (e *Engine) goFace(ctx context.Context, crop *image.RGBA, detect detection) (face.Descriptor, bool, error) {
	all, err := withGoFace(ctx, e, func(r *face.Recognizer) ([]face.Face, error) { return recognise(r, crop, detect) })
	if err != nil {
		return face.Descriptor{}, false, err
	}
	// The eyes stand in one place in each crop; a face elsewhere is another one.
	at := image.Pt(crop.Rect.Dx()/2, int(float64(crop.Rect.Dy())*eyeLine))
	for _, f := range all {
		if at.In(f.Rectangle) {
			return f.Descriptor, true, nil
		}
	}
	return face.Descriptor{}, false, nil
}

// closeUp is an upright crop around a face, as large as go-face can use. A head
// that is turned away is larger than its eyes tell.
func closeUp(img *image.RGBA, f found) (*image.RGBA, error) {
	const side = cropInterEye * cropReach
	interEye := quality.InterEye(f.Eyes)
	if interEye < 1 {
		return nil, errors.New("a face without eyes")
	}
	apart := cropInterEye * interEye / max(interEye, min(f.box.width(), f.box.height())/widthPerEye)
	left, right := spot{(side - apart) / 2, side * eyeLine}, spot{(side + apart) / 2, side * eyeLine}
	at := alignOn(f.points)
	crop := warped(img, fit(at[:2], []spot{left, right}), int(side))
	defer crop.Close()
	return toRGBA(crop, gocv.ColorBGRToBGRA) // the order stays
}
