package document

import (
	"image"
	"math"

	"facematch/matcher"
)

// box is a part of a page, in its pixels; the corner of the first pixel is (0, 0).
type box struct{ minX, minY, maxX, maxY float64 }

func (b box) pixels() image.Rectangle {
	at := func(x float64) int { return int(math.Round(x)) }
	return image.Rect(at(b.minX), at(b.minY), at(b.maxX), at(b.maxY))
}

// turnedBox is where a box on a page of this size goes when the page is turned
// clockwise by a multiple of 90 degrees.
func turnedBox(r image.Rectangle, page image.Point, degrees int) image.Rectangle {
	switch ((degrees % 360) + 360) % 360 {
	case 90:
		return image.Rect(page.Y-r.Max.Y, r.Min.X, page.Y-r.Min.Y, r.Max.X)
	case 180:
		return image.Rect(page.X-r.Max.X, page.Y-r.Max.Y, page.X-r.Min.X, page.Y-r.Min.Y)
	case 270:
		return image.Rect(r.Min.Y, page.X-r.Max.X, r.Max.Y, page.X-r.Min.X)
	}
	return r
}

// onTurned gives the face once the page of this size is turned clockwise, in the
// turned page's pixels.
func (f face) onTurned(page image.Point, degrees int) matcher.Face {
	pixel := func(p image.Point) image.Point {
		return turnedBox(image.Rectangle{Min: p, Max: p.Add(image.Pt(1, 1))}, page, degrees).Min
	}
	m := f.Face
	m.Box = turnedBox(m.Box, page, degrees)
	m.Eyes = [2]image.Point{pixel(m.Eyes[0]), pixel(m.Eyes[1])}
	m.Nose = pixel(m.Nose)
	return m
}
