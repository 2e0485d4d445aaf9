package offline

import (
	"context"
	"image"
	"math"

	"facematch/matcher"
	"facematch/matcher/internal/cascade"
	"facematch/matcher/internal/picture"
)

// glance looks for faces in a frame of a clip in a tenth of find's time: a cascade
// proposes where one may be, the landmark network says where its eyes are. A
// proposal is no proof. So go-face must see each chosen face too, in a crop of its
// own (describe), and where there seem to be several faces or none, find has the
// say.
func (e *Engine) glance(ctx context.Context, img *image.RGBA) ([]found, error) {
	if e.params.Calibration.Network != nil {
		face, ok, err := e.glanceOnce(ctx, img, [2]image.Point{})
		if err != nil {
			return nil, err
		}
		if ok {
			return []found{{Face: face}}, nil
		}
	}
	return e.find(ctx, img)
}

// glanceOnce is a glance alone: false where there seem to be several faces or none.
// The line between the eyes is how the head is expected to lean; two zero points:
// not at all.
func (e *Engine) glanceOnce(ctx context.Context, img *image.RGBA, eyes [2]image.Point) (matcher.Face, bool, error) {
	size := img.Bounds().Size()
	if size.X < 1 || size.Y < 1 {
		return matcher.Face{}, false, nil
	}
	small := picture.FitSize(size, glanceSide)
	scale := float64(size.X) / float64(small.X)
	least := max(cascade.Least, minInterEye*cascade.SizePerEye/scale)
	proposals, err := e.cascade.Propose(ctx, cascade.Copy(img, img.Rect, small), least, math.Inf(1), 0)
	if err != nil {
		return matcher.Face{}, false, err
	}
	if len(proposals) == 0 || proposals[0].Score < glanceScore || len(proposals) > 1 && proposals[1].Score >= glanceScore {
		return matcher.Face{}, false, nil
	}
	p := proposals[0]
	half := p.Size * scale * boxPerWindow / 2
	x, y := float64(img.Rect.Min.X)+(p.X+.5)*scale, float64(img.Rect.Min.Y)+(p.Y+.5)*scale+boxBelow*2*half
	face, err := e.landmarked(ctx, img, matcher.Face{
		Box: image.Rect(int(x-half), int(y-half), int(x+half), int(y+half)), Eyes: eyes,
	})
	return face, err == nil, err
}

// landmarked is a face with eyes and nose where the landmark network sees them.
func (e *Engine) landmarked(ctx context.Context, img *image.RGBA, f matcher.Face) (matcher.Face, error) {
	points, err := work(ctx, e, func(w *worker) ([]spot, error) { return w.networks.points(img, around(f)) })
	if err != nil {
		return f, err
	}
	at := alignOn(points)
	f.Eyes, f.Nose = [2]image.Point{at[0].pixel(), at[1].pixel()}, points[noseBase].pixel()
	return f, nil
}
