package offline

import (
	"context"
	"image"
	"math"
	"slices"

	"facematch/matcher"
)

// found is a face with the 68 points that the landmark network sees in it.
type found struct {
	matcher.Face
	box    box
	points []spot
}

// Find finds the faces in a picture, also those that lean, at most to one side or
// upside down those that the detector happens to see so. It looks at the whole
// picture and, where it finds nothing or only small faces, in tiles. A face too
// small to be compared may be missed. The picture must not be changed afterwards.
// The error is the context's or a *matcher.Problem (see Load).
func (e *Engine) Find(ctx context.Context, img *image.RGBA) ([]matcher.Face, error) {
	all, err := e.find(ctx, img)
	var faces []matcher.Face
	for _, f := range all {
		faces = append(faces, f.Face)
	}
	return faces, err
}

func (e *Engine) find(ctx context.Context, img *image.RGBA) ([]found, error) {
	if size := img.Rect.Size(); size.X < 1 || size.Y < 1 {
		return nil, ctx.Err()
	}
	return work(ctx, e, func(n *networks) ([]found, error) { return n.find(img) })
}

// find finds faces with their points.
func (n *networks) find(img *image.RGBA) ([]found, error) {
	boxes, err := n.search(img, leastFace)
	if err != nil {
		return nil, err
	}
	from := img.Rect.Min
	sure := 0.0 // the size of the largest face the detector is certain of
	for _, b := range boxes {
		if b.score >= certainScore {
			sure = max(sure, b.size())
		}
	}
	var all []found
	for _, b := range boxes {
		// Beside a certain face one so small never counts, be it a face or not.
		small := b.size() < matcher.Bystander*sure-1
		looks := landmarkLooks
		if small {
			looks = 1
		}
		f, err := n.locate(img, moved(b, from), 0, looks)
		if err == nil && b.score < certainScore && !small {
			f.Doubted, err = n.doubted(img, f)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// doubted looks at a face once more, closely and turned upright, and says whether it
// is still none that detector and second network are sure of.
func (n *networks) doubted(img *image.RGBA, f found) (bool, error) {
	score, err := n.closeScore(img, f)
	if err != nil || score < sureScore {
		return true, err
	}
	if n.features == nil {
		return false, nil
	}
	seen, err := n.describe(img, f, false)
	return seen.strength < faceStrength, err
}

func middle(a, b image.Point) image.Point { return image.Pt((a.X+b.X)/2, (a.Y+b.Y)/2) }

// nearest is the face whose middle is nearest to a point; there must be one.
func nearest(all []found, p image.Point) found {
	return slices.MinFunc(all, func(a, b found) int {
		if away(a.Face, p) < away(b.Face, p) {
			return -1
		}
		return 1
	})
}

// away is how far the middle of a face is from a point, in pixels.
func away(f matcher.Face, p image.Point) float64 {
	d := middle(f.Box.Min, f.Box.Max).Sub(p)
	return math.Hypot(float64(d.X), float64(d.Y))
}
