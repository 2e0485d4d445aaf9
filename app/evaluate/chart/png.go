package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// PNG draws the chart as PNG on white.
func (c Chart) PNG() ([]byte, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: textSize * pngScale, DPI: 72})
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	defer face.Close()
	r := &raster{img: image.NewRGBA(image.Rect(0, 0, width*pngScale, height*pngScale)), face: face}
	draw.Draw(r.img, r.img.Rect, image.NewUniform(paper), image.Point{}, draw.Src)
	c.draw(r)
	var b bytes.Buffer
	if err := png.Encode(&b, r.img); err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	return b.Bytes(), nil
}

type raster struct {
	img  *image.RGBA
	face font.Face
}

func (r *raster) area(points []point, p pen) {
	p.colour.A = fillAlpha
	r.fill([][]point{points}, p.colour)
}

// line strokes each piece as a rectangle and each joint as an octagon. All run
// the same way round, so that where they overlap they add up.
func (r *raster) line(points []point, p pen) {
	var shapes [][]point
	half := p.width / 2
	for _, piece := range dashed(points, p.dash) {
		for i := 1; i < len(piece); i++ {
			a, b := piece[i-1], piece[i]
			long := math.Hypot(b.x-a.x, b.y-a.y)
			if long == 0 {
				continue
			}
			nx, ny := -(b.y-a.y)/long*half, (b.x-a.x)/long*half
			shapes = append(shapes, []point{{a.x - nx, a.y - ny}, {b.x - nx, b.y - ny}, {b.x + nx, b.y + ny}, {a.x + nx, a.y + ny}})
			if i > 1 {
				joint := make([]point, 8)
				for k := range joint {
					sin, cos := math.Sincos(float64(k) * math.Pi / 4)
					joint[k] = point{a.x + half*cos, a.y + half*sin}
				}
				shapes = append(shapes, joint)
			}
		}
	}
	r.fill(shapes, p.colour)
}

// fill fills shapes as one. Only the part of the picture they lie in is touched:
// most lines are thin.
func (r *raster) fill(shapes [][]point, c color.NRGBA) {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, shape := range shapes {
		for _, p := range shape {
			low.x, low.y = math.Min(low.x, p.x), math.Min(low.y, p.y)
			high.x, high.y = math.Max(high.x, p.x), math.Max(high.y, p.y)
		}
	}
	if low.x > high.x {
		return
	}
	box := image.Rect(int(low.x*pngScale)-1, int(low.y*pngScale)-1, int(high.x*pngScale)+2, int(high.y*pngScale)+2).Intersect(r.img.Rect)
	var all vector.Rasterizer
	all.Reset(box.Dx(), box.Dy())
	for _, shape := range shapes {
		for i, p := range shape {
			if x, y := float32(p.x*pngScale)-float32(box.Min.X), float32(p.y*pngScale)-float32(box.Min.Y); i == 0 {
				all.MoveTo(x, y)
			} else {
				all.LineTo(x, y)
			}
		}
		all.ClosePath()
	}
	all.Draw(r.img, box, image.NewUniform(c), image.Point{})
}

// dashed cuts a line into its dashes; whole where dash is 0.
func dashed(points []point, dash float64) (pieces [][]point) {
	if dash == 0 || len(points) == 0 {
		return [][]point{points}
	}
	on, rest := true, dash
	piece := []point{points[0]}
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		for long := math.Hypot(b.x-a.x, b.y-a.y); ; {
			if long <= rest {
				rest -= long
				piece = append(piece, b)
				break
			}
			a = point{a.x + (b.x-a.x)*rest/long, a.y + (b.y-a.y)*rest/long}
			long -= rest
			if piece = append(piece, a); on {
				pieces = append(pieces, piece)
			}
			on, rest, piece = !on, dash, []point{a}
		}
	}
	if on {
		pieces = append(pieces, piece)
	}
	return pieces
}

func (r *raster) text(at point, a align, s string) {
	d := font.Drawer{Dst: r.img, Src: image.NewUniform(ink), Face: r.face}
	dot := fixed.Point26_6{X: fixed.Int26_6(at.x * pngScale * 64), Y: fixed.Int26_6(at.y * pngScale * 64)}
	switch wide := d.MeasureString(s); a {
	case middle:
		dot.X -= wide / 2
	case end:
		dot.X -= wide
	}
	d.Dot = dot
	d.DrawString(s)
}
