package offline

import (
	"context"
	"image"
	"math"

	"facematch/matcher"
	"facematch/matcher/internal/cascade"
	"facematch/matcher/internal/picture"
	"facematch/matcher/quality"
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
	x, y := (p.X+.5)*scale, (p.Y+.5)*scale+boxBelow*side
	box := image.Rect(int(x-side/2), int(y-side/2), int(x+side/2), int(y+side/2))
	f, err := work(ctx, e, func(w *worker) (found, error) {
		points, err := w.networks.points(img, box)
		return found{Face: faceOf(points), points: points}, err
	})
	if err != nil {
		return nil, err
	}
	return []found{f}, nil
}

// faceOf is the face of 68 landmarks: its box as go-face's detector has it.
func faceOf(p []spot) matcher.Face {
	five := alignOn(p)
	pixel := func(s spot) image.Point { return image.Pt(int(math.Round(s.x)), int(math.Round(s.y))) }
	f := matcher.Face{Eyes: [2]image.Point{pixel(five[0]), pixel(five[1])}, Nose: pixel(p[33])}
	half := quality.InterEye(f.Eyes) * widthPerEye / 2
	x := (five[0].x + five[1].x + five[3].x + five[4].x) / 4
	y := (five[0].y+five[1].y)/2*(1-boxMiddle) + (five[3].y+five[4].y)/2*boxMiddle
	f.Box = image.Rect(int(x-half), int(y-half), int(x+half), int(y+half))
	return f
}
