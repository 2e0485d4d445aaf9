package matcher

import (
	"cmp"
	"image"
	"slices"
)

// Bystander is the size, as a share of the largest face's, under which another
// face belongs to somebody too far away to take part in the check.
const Bystander = 0.5

// Size is how large a face is, in pixels: the longer side of its box, which
// reaches over the picture's edge where that cuts the face.
func (f Face) Size() int { return max(f.Box.Dx(), f.Box.Dy()) }

// A face's square, in sizes of the face: how long its side is, and how far below the
// middle of the box its own middle lies.
const (
	squareSide = 0.78
	squareDrop = 0.07
)

// Square is the part of a face on which light and sharpness are measured: brows,
// eyes, nose and mouth, with a little of what is beside them but no forehead, over
// which hair may hang. The measures' limits were found on such squares, 2.4 inter-eye
// distances wide. It may reach over the picture's edge.
func (f Face) Square() image.Rectangle {
	size := float64(f.Size())
	half := int(squareSide * size / 2)
	middle := f.Box.Min.Add(f.Box.Max).Div(2).Add(image.Pt(0, int(squareDrop*size)))
	return image.Rectangle{Min: middle.Sub(image.Pt(half, half)), Max: middle.Add(image.Pt(half, half))}
}

// Counting are the faces that count as people in front of the camera, largest
// first: each from half the size of the largest on, wherever it stands and however
// it leans. Doubted ones count only where there are no others; then the surest does.
func Counting(faces []Face) []Face {
	sorted := slices.SortedStableFunc(slices.Values(faces), func(a, b Face) int { return b.Size() - a.Size() })
	sorted = slices.DeleteFunc(sorted, func(f Face) bool { return f.Doubted })
	if len(sorted) == 0 && len(faces) > 0 {
		return []Face{slices.MaxFunc(faces, func(a, b Face) int { return cmp.Compare(a.Score, b.Score) })}
	}
	for i, f := range sorted {
		if float64(f.Size()) < Bystander*float64(sorted[0].Size()) {
			return sorted[:i]
		}
	}
	return sorted
}
