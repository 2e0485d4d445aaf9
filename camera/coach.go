package camera

import (
	"context"
	"fmt"
	"image"
	"math"

	"facematch/matcher"
)

// Advise waits for a frame after the given Live.Seq and says what it needs to
// become a good capture: one hint, with a key coach.*. The error is the
// context's, ErrClosed, or the face finder's.
func (s *Source) Advise(ctx context.Context, after uint64) (matcher.Advice, error) {
	live, err := s.Next(ctx, after)
	for err == nil && live.Problem != nil {
		live, err = s.Next(ctx, live.Seq)
	}
	if err != nil {
		return matcher.Advice{}, err
	}
	picture := live.Frame.Image
	size := picture.Rect.Size()
	faces, err := s.find(ctx, picture)
	if err != nil {
		return matcher.Advice{}, fmt.Errorf("looking for faces: %w", err)
	}
	key := hint(faces, size)
	return matcher.Advice{
		Seq: live.Seq, Size: size, Faces: faces,
		Good: key == hintGood, Hint: matcher.Notice{Key: key},
	}, nil
}

// find looks for faces in a copy of moderate size, and gives them in the
// picture's own pixels.
func (s *Source) find(ctx context.Context, picture *image.RGBA) ([]matcher.Face, error) {
	width := picture.Rect.Dx()
	if width <= adviceWidth {
		return s.p.Faces.Find(ctx, picture)
	}
	small, err := shrink(picture, image.Pt(adviceWidth, max(1, picture.Rect.Dy()*adviceWidth/width)))
	if err != nil {
		return nil, err
	}
	faces, err := s.p.Faces.Find(ctx, small)
	if err != nil {
		return nil, err
	}
	scaleX := float64(width) / float64(small.Rect.Dx())
	scaleY := float64(picture.Rect.Dy()) / float64(small.Rect.Dy())
	back := func(p image.Point) image.Point {
		return image.Pt(int(math.Round(float64(p.X)*scaleX)), int(math.Round(float64(p.Y)*scaleY)))
	}
	large := make([]matcher.Face, len(faces))
	for i, f := range faces {
		large[i] = matcher.Face{
			Box:  image.Rectangle{Min: back(f.Box.Min), Max: back(f.Box.Max)},
			Eyes: [2]image.Point{back(f.Eyes[0]), back(f.Eyes[1])},
			Nose: back(f.Nose),
		}
	}
	return large, nil
}

// The hints.
const (
	hintNone    = "coach.none"
	hintSeveral = "coach.several"
	hintCloser  = "coach.closer"
	hintCentre  = "coach.centre"
	hintGood    = "coach.good"
)

// hint is the one thing to do next, the most pressing first.
func hint(faces []matcher.Face, size image.Point) string {
	switch len(faces) {
	case 0:
		return hintNone
	case 1:
	default:
		return hintSeveral
	}
	f := faces[0]
	apart := f.Eyes[1].Sub(f.Eyes[0])
	if math.Hypot(float64(apart.X), float64(apart.Y)) < leastEyes {
		return hintCloser
	}
	middle := f.Box.Min.Add(f.Box.Max) // twice the middle, as is size
	switch {
	case !f.Box.In(image.Rectangle{Max: size}),
		math.Abs(float64(middle.X-size.X)) > 2*offCentreX*float64(size.X),
		math.Abs(float64(middle.Y-size.Y)) > 2*offCentreY*float64(size.Y):
		return hintCentre
	}
	return hintGood
}
