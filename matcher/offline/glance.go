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
	size := img.Bounds().Size()
	if e.params.Calibration.Network == nil || size.X < 1 || size.Y < 1 {
		return e.find(ctx, img)
	}
	small := picture.FitSize(size, glanceSide)
	scale := float64(size.X) / float64(small.X)
	least := max(cascade.Least, minInterEye*cascade.SizePerEye/scale)
	proposals, err := e.cascade.Propose(ctx, cascade.Copy(img, img.Rect, small), least, math.Inf(1), 0)
	if err != nil {
		return nil, err
	}
	if len(proposals) == 0 || proposals[0].Score < glanceFirst || len(proposals) > 1 && proposals[1].Score >= glanceSecond {
		return e.find(ctx, img)
	}
	p := proposals[0]
	side := p.Size * scale * boxPerWindow
	f, err := work(ctx, e, func(w *worker) (found, error) {
		points, err := w.networks.points(img, aroundFace((p.X+.5)*scale, (p.Y+.5)*scale+boxBelow*side, side))
		return found{Face: faceOf(points)}, err
	})
	if err != nil {
		return nil, err
	}
	return []found{f}, nil
}

// faceOf is the face with these landmarks. Its box is as go-face's detector has it
// in the mean.
func faceOf(p []spot) matcher.Face {
	five := alignOn(p)
	left, right := five[0], five[1]
	pixel := func(s spot) image.Point { return image.Pt(int(math.Round(s.x)), int(math.Round(s.y))) }
	f := matcher.Face{Eyes: [2]image.Point{pixel(left), pixel(right)}, Nose: pixel(p[33])}
	dx, dy := right.x-left.x, right.y-left.y
	half := math.Hypot(dx, dy) * widthPerEye / 2
	x, y := (left.x+right.x)/2-boxDrop*dy, (left.y+right.y)/2+boxDrop*dx
	f.Box = image.Rect(int(x-half), int(y-half), int(x+half), int(y+half))
	return f
}
