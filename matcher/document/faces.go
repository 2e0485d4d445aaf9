package document

import (
	"context"
	"image"
	"slices"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
	"facematch/matcher/quality"
)

// candidate is a face that may be the portrait.
type candidate struct {
	matcher.Face
	interEye float64
	contrast float64
	doubtful bool // turned over it is as good a face
}

// faceLike finds the faces on a page that are faces, and tells whether they may
// be upside down.
func (f *Finder) faceLike(ctx context.Context, img *image.RGBA) ([]candidate, error) {
	faces, err := f.faces.Find(ctx, img)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(faces, func(a, b matcher.Face) int {
		return int(quality.InterEye(b.Eyes) - quality.InterEye(a.Eyes))
	})
	var kept []candidate
	for _, face := range faces[:min(len(faces), maxFaces)] {
		hits, err := f.confirm(ctx, img, face)
		if err != nil {
			return nil, err
		}
		if hits < minHits {
			continue
		}
		down, err := f.upsideDown(ctx, img, face, hits)
		if err != nil {
			return nil, err
		}
		kept = append(kept, candidate{face, quality.InterEye(face.Eyes), quality.LightOf(img, face.Box).Contrast, down})
	}
	return kept, nil
}

// confirm looks for a face again in its own crop, and says at how many sizes it
// is found.
func (f *Finder) confirm(ctx context.Context, img *image.RGBA, face matcher.Face) (hits int, err error) {
	crop := matcher.CropFace(img, face)
	for _, side := range confirmSides {
		again, err := f.faces.Find(ctx, picture.Resize(crop, image.Pt(side, side)))
		if err != nil {
			return 0, err
		}
		want := float64(side) / matcher.CropMargin
		if slices.ContainsFunc(again, func(found matcher.Face) bool {
			got := quality.InterEye(found.Eyes)
			return got < want*sameEyes && want < got*sameEyes
		}) {
			hits++
		}
	}
	return hits, nil
}

// upsideDown says whether a face, found again so many times, is a better face
// when it is turned over. Some are found upside down every time, brows and mouth
// taken for each other; their eyes then seem nearer together than they are.
func (f *Finder) upsideDown(ctx context.Context, img *image.RGBA, face matcher.Face, hits int) (bool, error) {
	around := face.Box.Inset(-face.Box.Dx() * 3 / 4).Intersect(img.Rect)
	turned := picture.Turn(img.SubImage(around).(*image.RGBA), 180)
	others, err := f.faces.Find(ctx, turned)
	if err != nil {
		return false, err
	}
	for _, other := range others[:min(len(others), maxFaces)] {
		otherHits, err := f.confirm(ctx, turned, other)
		if err != nil {
			return false, err
		}
		if otherHits > hits || otherHits == hits && quality.InterEye(other.Eyes) > quality.InterEye(face.Eyes) {
			return true, nil
		}
	}
	return false, nil
}
