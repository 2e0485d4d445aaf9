package document

import (
	"context"
	"image"
	"image/draw"
	"math"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// face is a face on a page that lies as it came.
type face struct {
	matcher.Face
	core     box     // its features with some skin around, whatever the hair and the turn
	interEye float64 // pixels
	turn     float64 // degrees clockwise by which the page must be turned for the eyes to be level, 0 to 360
	light    quality.Light
	colours  colours
}

// quarter is the turn of the page after which the face stands most upright.
func (f face) quarter() int { return int(math.Round(f.turn/90)) % 4 * 90 }

// look says where to look for faces on a page, and how hard.
type look struct {
	part  image.Rectangle
	turns []int // which ways may be up: degrees clockwise to turn the page by
	quick bool
}

// find finds the faces in a part of a page.
func (f *Finder) find(ctx context.Context, page *image.RGBA, l look) ([]face, error) {
	if l.part.Dx() < 2 || l.part.Dy() < 2 {
		return nil, ctx.Err()
	}
	img := page
	if l.part != page.Rect {
		img = image.NewRGBA(image.Rectangle{Max: l.part.Size()})
		draw.Draw(img, img.Rect, page, l.part.Min, draw.Src)
	}
	seen, err := f.faces.FindTurned(ctx, img, l.turns, matcher.Alike, l.quick)
	var all []face
	for _, m := range seen {
		if m.Eyes[0] == m.Eyes[1] || m.Box.Empty() {
			continue
		}
		m.Box, m.Nose = m.Box.Add(l.part.Min), m.Nose.Add(l.part.Min)
		m.Eyes = [2]image.Point{m.Eyes[0].Add(l.part.Min), m.Eyes[1].Add(l.part.Min)}
		all = append(all, faceOf(page, m))
	}
	return all, err
}

func faceOf(page *image.RGBA, m matcher.Face) face {
	across := m.Eyes[1].Sub(m.Eyes[0])
	dx, dy := float64(across.X), float64(across.Y)
	f := face{Face: m, interEye: math.Hypot(dx, dy), turn: math.Mod(360-math.Atan2(dy, dx)*180/math.Pi, 360)}
	between := m.Eyes[0].Add(m.Eyes[1])
	half := corePerEye * f.interEye / 2
	x, y := float64(between.X)/2-coreBelow*dy, float64(between.Y)/2+coreBelow*dx
	f.core = box{x - half, y - half, x + half, y + half}
	f.light, f.colours = quality.LightOf(page, f.core.pixels()), coloursOf(page, f.core.pixels())
	return f
}
