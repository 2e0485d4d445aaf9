package matcher

import (
	"cmp"
	"image"
	"slices"
)

// Alike is the size, as a share of the largest face's, from which faces on a page are
// portraits of about one size: they belong to several documents.
const Alike = 0.7

// Pick says which of the faces on its page a person chose as the portrait.
type Pick struct {
	Number int `json:"number"` // from 1, in the order of Portrait.Faces
	Of     int `json:"of"`
}

// Faces are all faces on the page in the order in which they are numbered, from 1:
// first those of about one size, of which each may be a document's portrait, then
// the smaller ones; both in the order of reading, row by row from the left. Alike is
// how many the first are.
func (p Portrait) Faces() (all []image.Rectangle, alike int) {
	for _, box := range append([]image.Rectangle{p.Box}, p.Others...) {
		if !box.Empty() {
			all = append(all, box)
		}
	}
	return InOrder(all)
}

// InOrder brings faces into the order of Portrait.Faces.
func InOrder(faces []image.Rectangle) (all []image.Rectangle, alike int) {
	side := func(r image.Rectangle) int { return max(r.Dx(), r.Dy()) }
	largest := 0
	for _, box := range faces {
		largest = max(largest, side(box))
	}
	var portraits, smaller []image.Rectangle
	for _, box := range faces {
		if float64(side(box)) >= Alike*float64(largest) {
			portraits = append(portraits, box)
		} else {
			smaller = append(smaller, box)
		}
	}
	return append(asRead(portraits), asRead(smaller)...), len(portraits)
}

// asRead sorts boxes as one reads. Those whose middles are no farther apart than half
// the first one's height stand in one row.
func asRead(boxes []image.Rectangle) (all []image.Rectangle) {
	middle := func(r image.Rectangle) image.Point { return r.Min.Add(r.Max).Div(2) }
	slices.SortStableFunc(boxes, func(a, b image.Rectangle) int { return cmp.Compare(middle(a).Y, middle(b).Y) })
	for len(boxes) > 0 {
		below := middle(boxes[0]).Y + boxes[0].Dy()/2
		count := 1
		for count < len(boxes) && middle(boxes[count]).Y <= below {
			count++
		}
		row := boxes[:count]
		slices.SortStableFunc(row, func(a, b image.Rectangle) int { return cmp.Compare(middle(a).X, middle(b).X) })
		all, boxes = append(all, row...), boxes[count:]
	}
	return all
}

// PickOf says which of the faces on the page one is, by its box.
func (p Portrait) PickOf(face image.Rectangle) Pick {
	all, alike := p.Faces()
	at := slices.Index(all, face)
	switch {
	case at < 0:
		return Pick{}
	case at < alike:
		return Pick{Number: at + 1, Of: alike}
	}
	return Pick{Number: at + 1, Of: len(all)}
}
