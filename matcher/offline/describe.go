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

// view is where the networks are shown a face: go-face in the picture it was found
// in, the second network where it can be seen best.
type view struct {
	img  *image.RGBA
	face found
	best *image.RGBA  // nil: the same picture
	at   matcher.Face // where on the best picture
	// mirror has the mirror image looked at too, which makes the descriptor of a
	// single picture steadier. A clip's frames are steadier together already.
	mirror bool
}

// describe describes a face; false where go-face does not see it, which only
// glanced at faces can come to.
func (e *Engine) describe(ctx context.Context, v view) (descriptor, bool, error) {
	if e.params.Calibration.Network == nil && !v.face.coarse() && !v.mirror {
		return descriptor{goFace: v.face.goFace}, true, ctx.Err()
	}
	if v.best == nil {
		v.best, v.at = v.img, v.face.Face
	}
	seen := true
	d, err := work(ctx, e, func(w *worker) (d descriptor, err error) {
		if d.goFace, seen, err = w.describe(v); err != nil || !seen || w.networks == nil {
			return d, err
		}
		d.imprint, err = w.networks.describe(v.best, v.at, v.mirror)
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
func (w *worker) describe(v view) (face.Descriptor, bool, error) {
	if !v.face.coarse() && !v.mirror {
		return v.face.goFace, true, nil
	}
	crop, err := closeUp(v.img, v.face.Face)
	if err != nil {
		return face.Descriptor{}, false, err
	}
	d, ok, err := v.face.goFace, v.face.seen > 0, error(nil)
	if v.face.coarse() {
		var again []found
		if again, err = w.search(crop, crop.Rect.Size(), quick); err != nil {
			return face.Descriptor{}, false, err
		}
		if len(again) > 0 {
			d, ok = nearest(again, middle(crop.Rect.Min, crop.Rect.Max)).goFace, true
		}
	}
	if !ok || !v.mirror {
		return d, ok, nil
	}
	other, err := w.search(picture.Mirror(crop), crop.Rect.Size(), quick)
	if err != nil {
		return face.Descriptor{}, false, err
	}
	if len(other) > 0 {
		for i, x := range nearest(other, middle(crop.Rect.Min, crop.Rect.Max)).goFace {
			d[i] = (d[i] + x) / 2
		}
	}
	return d, true, nil
}

// closeUp is an upright crop around a face, as large as go-face can use. A head
// that is turned away is larger than its eyes tell.
func closeUp(img *image.RGBA, f matcher.Face) (*image.RGBA, error) {
	const side = cropInterEye * cropReach
	interEye := quality.InterEye(f.Eyes)
	if interEye < 1 {
		return nil, errors.New("a face without eyes")
	}
	apart := cropInterEye * interEye / max(interEye, float64(f.Box.Dx())/widthPerEye)
	left, right := spot{(side - apart) / 2, side * eyeLine}, spot{(side + apart) / 2, side * eyeLine}
	onto := fit([]spot{{float64(f.Eyes[0].X), float64(f.Eyes[0].Y)}, {float64(f.Eyes[1].X), float64(f.Eyes[1].Y)}}, []spot{left, right})
	crop := warped(img, onto, int(side))
	defer crop.Close()
	return toRGBA(crop, gocv.ColorBGRToBGRA) // the order stays
}
