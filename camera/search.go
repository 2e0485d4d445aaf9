package camera

import (
	"context"
	"image"
	"math"
	"time"

	"facematch/matcher"
)

// search looks for the faces in one frame after the other. A copy of moderate
// size is enough to see whoever stands near enough. Where nobody does, it looks
// closer now and then, for the one who has to be told to come nearer; that takes
// several times as long.
type search struct {
	faces  matcher.FaceFinder
	closer time.Duration // when it may look closer next, in the source's time
	far    bool          // whether the newest closer look saw anybody
}

func (s *search) find(ctx context.Context, frame matcher.Frame) ([]matcher.Face, error) {
	picture := frame.Image
	faces, err := s.within(ctx, picture, picture.Rect, min(adviceWidth, picture.Rect.Dx()))
	if err != nil || len(faces) > 0 || frame.At < s.closer && !s.far {
		return faces, err
	}
	s.closer = frame.At + closerEvery
	for _, part := range []image.Rectangle{picture.Rect, middle(picture.Rect)} {
		if faces, err = s.within(ctx, picture, part, closerWidth); err != nil || len(faces) > 0 {
			break
		}
	}
	s.far = len(faces) > 0
	return faces, err
}

// within looks for faces in a part of a picture, in a copy of this width, and
// gives them in the picture's own pixels.
func (s *search) within(ctx context.Context, picture *image.RGBA, part image.Rectangle, width int) ([]matcher.Face, error) {
	if part == picture.Rect && width == part.Dx() {
		return s.faces.Find(ctx, picture)
	}
	copied, err := scaled(picture, part, image.Pt(width, max(1, part.Dy()*width/part.Dx())))
	if err != nil {
		return nil, err
	}
	faces, err := s.faces.Find(ctx, copied)
	if err != nil {
		return nil, err
	}
	scaleX := float64(part.Dx()) / float64(copied.Rect.Dx())
	scaleY := float64(part.Dy()) / float64(copied.Rect.Dy())
	back := func(p image.Point) image.Point {
		return part.Min.Add(image.Pt(int(math.Round(float64(p.X)*scaleX)), int(math.Round(float64(p.Y)*scaleY))))
	}
	found := make([]matcher.Face, len(faces))
	for i, f := range faces {
		found[i] = matcher.Face{
			Box:  image.Rectangle{Min: back(f.Box.Min), Max: back(f.Box.Max)},
			Eyes: [2]image.Point{back(f.Eyes[0]), back(f.Eyes[1])},
			Nose: back(f.Nose), Score: f.Score,
		}
	}
	return found, nil
}
