package offline

import (
	"context"
	"image"
	"math"

	face "github.com/Kagami/go-face"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
	"facematch/matcher/quality"
)

// found is a face with what go-face makes of it.
type found struct {
	matcher.Face
	goFace face.Descriptor
	seen   float64 // inter-eye distance in the picture go-face searched, in pixels; 0 where it has not seen the face yet
}

// Find finds the faces in an upright picture, in two steps: fast in a small
// copy, and only where nothing is found more closely. The picture must not be
// changed afterwards. The error is the context's or a *matcher.Problem (see
// Load).
func (e *Engine) Find(ctx context.Context, img *image.RGBA) ([]matcher.Face, error) {
	all, err := e.find(ctx, img)
	return placesOf(all), err
}

// Hidden finds faces that are partly hidden, by a reflection for one, with a
// detector that is several times slower. It is for small crops: larger pictures
// are made small.
func (e *Engine) Hidden() matcher.FaceFinder { return hiddenFinder{e} }

type hiddenFinder struct{ *Engine }

func (h hiddenFinder) Find(ctx context.Context, img *image.RGBA) ([]matcher.Face, error) {
	all, err := h.findHidden(ctx, img)
	return placesOf(all), err
}

func (e *Engine) findHidden(ctx context.Context, img *image.RGBA) ([]found, error) {
	size := img.Bounds().Size()
	if size.X < 1 || size.Y < 1 {
		return nil, ctx.Err()
	}
	return e.search(ctx, img, picture.FitSize(size, hiddenSide), thorough)
}

func placesOf(all []found) []matcher.Face {
	var faces []matcher.Face
	for _, f := range all {
		faces = append(faces, f.Face)
	}
	return faces
}

func (e *Engine) find(ctx context.Context, img *image.RGBA) ([]found, error) {
	size := img.Bounds().Size()
	if size.X < 1 || size.Y < 1 {
		return nil, ctx.Err()
	}
	all, err := e.search(ctx, img, picture.FitSize(size, quickSide), quick)
	if err != nil || len(all) > 0 {
		return all, err
	}
	switch longer := max(size.X, size.Y); {
	case longer > quickSide:
		return e.search(ctx, img, picture.FitSize(size, closeSide), quick)
	case longer <= smallSide:
		return e.search(ctx, img, size.Mul(enlargeBy), quick)
	}
	return nil, nil
}

// search looks for faces in a copy of the picture of the given size. The faces
// are in the picture's own pixels.
func (e *Engine) search(ctx context.Context, img *image.RGBA, size image.Point, detect detector) ([]found, error) {
	return work(ctx, e, func(w *worker) ([]found, error) { return w.search(img, size, detect) })
}

func (w *worker) search(img *image.RGBA, size image.Point, detect detector) ([]found, error) {
	searched := img
	if size != img.Bounds().Size() {
		searched = picture.Resize(img, size)
	}
	raw, err := w.recognise(searched, detect)
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	back := func(p image.Point) image.Point {
		return b.Min.Add(image.Pt(scaled(p.X, b.Dx(), size.X), scaled(p.Y, b.Dy(), size.Y)))
	}
	all := make([]found, 0, len(raw))
	for _, r := range raw {
		// The five-point model gives both corners of one eye, both of the other,
		// and the base of the nose.
		if len(r.Shapes) != 5 {
			continue
		}
		one, other := middle(r.Shapes[0], r.Shapes[1]), middle(r.Shapes[2], r.Shapes[3])
		if one.X > other.X {
			one, other = other, one
		}
		f := found{goFace: r.Descriptor, seen: quality.InterEye([2]image.Point{one, other})}
		f.Box = image.Rectangle{Min: back(r.Rectangle.Min), Max: back(r.Rectangle.Max)}
		f.Eyes = [2]image.Point{back(one), back(other)}
		f.Nose = back(r.Shapes[4])
		all = append(all, f)
	}
	return all, nil
}

// scaled is n*to/from, rounded.
func scaled(n, to, from int) int {
	return int(math.Round(float64(n) * float64(to) / float64(from)))
}

func middle(a, b image.Point) image.Point { return image.Pt((a.X+b.X)/2, (a.Y+b.Y)/2) }

// nearest is the face whose middle is nearest to a point; there must be one.
func nearest(all []found, p image.Point) found {
	best, least := all[0], math.Inf(1)
	for _, f := range all {
		d := middle(f.Box.Min, f.Box.Max).Sub(p)
		if away := math.Hypot(float64(d.X), float64(d.Y)); away < least {
			best, least = f, away
		}
	}
	return best
}
