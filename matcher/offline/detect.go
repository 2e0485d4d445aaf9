package offline

import (
	"cmp"
	"errors"
	"image"
	"image/color"
	"math"
	"slices"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// box is where the detector sees a face, in the picture's pixels.
type box struct {
	minX, minY, maxX, maxY float64
	score                  float64 // 0 to 1
	cut                    bool    // by the edge of the tile, inside the picture
}

func (b box) width() float64  { return b.maxX - b.minX }
func (b box) height() float64 { return b.maxY - b.minY }
func (b box) size() float64   { return max(b.width(), b.height()) }

// shared is how much of the smaller of two boxes lies in the other, and of both
// together in each, as shares from 0 to 1.
func (b box) shared(o box) (ofSmaller, ofBoth float64) {
	w := min(b.maxX, o.maxX) - max(b.minX, o.minX)
	h := min(b.maxY, o.maxY) - max(b.minY, o.minY)
	if w <= 0 || h <= 0 {
		return 0, 0
	}
	one, other := b.width()*b.height(), o.width()*o.height()
	return w * h / min(one, other), w * h / (one + other - w*h)
}

// detect looks at a part of a picture for faces, once; see look.
func (n *networks) detect(img gocv.Mat, part image.Rectangle, margin float64) ([]box, error) {
	return n.look(img, part, margin, detectScore)
}

// look finds what has the score of a face, or more, in a part of a picture. The part is
// scaled to the network's input as it is, with grey beside it, never squeezed. It gets
// a margin of so many of its pixels in which it is mirrored: of a face that its edge
// cuts, the network then sees a whole one.
func (n *networks) look(img gocv.Mat, part image.Rectangle, margin, least float64) ([]box, error) {
	width, height := float64(part.Dx()), float64(part.Dy())
	scale := min(detectWidth/(width+2*margin), detectHeight/(height+2*margin))
	size := image.Pt(max(1, int(math.Round(width*scale))), max(1, int(math.Round(height*scale))))
	region := img.Region(part)
	defer region.Close()
	small, mirrored, whole, rgb := gocv.NewMat(), gocv.NewMat(), gocv.NewMat(), gocv.NewMat()
	defer small.Close()
	defer mirrored.Close()
	defer whole.Close()
	defer rgb.Close()
	by := gocv.InterpolationArea
	if scale > 1 {
		by = gocv.InterpolationLinear
	}
	gocv.Resize(region, &small, size, 0, 0, by)
	left, top := (detectWidth-size.X)/2, (detectHeight-size.Y)/2
	m := min(int(margin*scale), left, top, size.X-1, size.Y-1)
	gocv.CopyMakeBorder(small, &mirrored, m, m, m, m, gocv.BorderReflect, color.RGBA{})
	gocv.CopyMakeBorder(mirrored, &whole, top-m, detectHeight-size.Y-top-m, left-m, detectWidth-size.X-left-m,
		gocv.BorderConstant, color.RGBA{R: outside, G: outside, B: outside, A: 255})
	gocv.CvtColor(whole, &rgb, gocv.ColorBGRAToBGR) // drops the fourth; the order stays
	all, err := n.boxes(rgb, least)
	perX, perY := width/float64(size.X), height/float64(size.Y)
	var kept []box
	for _, b := range all {
		b.minX, b.maxX = float64(part.Min.X)+(b.minX-float64(left))*perX, float64(part.Min.X)+(b.maxX-float64(left))*perX
		b.minY, b.maxY = float64(part.Min.Y)+(b.minY-float64(top))*perY, float64(part.Min.Y)+(b.maxY-float64(top))*perY
		// What stands farther outside is the mirror image of a face inside.
		x, y, reach := (b.minX+b.maxX)/2, (b.minY+b.maxY)/2, beyondEdge*b.width()
		if x > float64(part.Min.X)-reach && x < float64(part.Max.X)+reach &&
			y > float64(part.Min.Y)-reach && y < float64(part.Max.Y)+reach {
			kept = append(kept, b)
		}
	}
	return kept, err
}

// boxes runs the detector on a picture of its own size, in red, green and blue.
func (n *networks) boxes(rgb gocv.Mat, least float64) ([]box, error) {
	blob := gocv.BlobFromImage(rgb, 1./128, image.Pt(detectWidth, detectHeight), gocv.NewScalar(127, 127, 127, 0),
		false, false)
	defer blob.Close()
	n.detector.SetInput(blob, "")
	outs := n.detector.ForwardLayers([]string{"scores", "boxes"})
	defer func() {
		for i := range outs {
			outs[i].Close()
		}
	}()
	if len(outs) != 2 {
		return nil, matcher.NewProblem("engine.failed", errors.New("the detector gives another number of outputs"))
	}
	scores, err := outs[0].DataPtrFloat32()
	if err != nil {
		return nil, matcher.NewProblem("engine.failed", err)
	}
	corners, err := outs[1].DataPtrFloat32()
	if err != nil {
		return nil, matcher.NewProblem("engine.failed", err)
	}
	if len(scores) == 0 || len(scores)%2 != 0 || len(corners) != 2*len(scores) {
		return nil, matcher.NewProblem("engine.failed", errors.New("the detector gives another number of values"))
	}
	var all []box
	for i := range len(scores) / 2 {
		score := float64(scores[2*i+1])
		if !(score >= least) {
			continue
		}
		c := corners[4*i : 4*i+4]
		b := box{
			minX: detectWidth * float64(c[0]), minY: detectHeight * float64(c[1]),
			maxX: detectWidth * float64(c[2]), maxY: detectHeight * float64(c[3]), score: score,
		}
		if !(b.width() > 0) || !(b.height() > 0) || math.IsInf(b.size(), 0) { // also where they are no numbers
			continue
		}
		all = append(all, b)
	}
	return distinct(all), nil
}

// distinct keeps one box of each face: the surest, and rather a whole one than one
// that a tile's edge cuts.
func distinct(all []box) []box {
	slices.SortStableFunc(all, func(a, b box) int {
		if a.cut != b.cut {
			if a.cut {
				return 1
			}
			return -1
		}
		return cmp.Compare(b.score, a.score)
	})
	var kept []box
	for _, b := range all {
		if !slices.ContainsFunc(kept, func(k box) bool {
			smaller, both := b.shared(k)
			return both > oneFace || b.cut && smaller > oneFaceCut
		}) {
			kept = append(kept, b)
		}
	}
	return kept
}

// search looks at the whole picture, and closer in overlapping tiles for as long as
// it finds nothing or only small faces, and a face of least pixels would be too
// small to be seen.
func (n *networks) search(img *image.RGBA, least float64) ([]box, error) {
	mat, img, err := matOf(img)
	if err != nil {
		return nil, err
	}
	defer mat.Close()
	size := img.Rect.Size()
	all, err := n.detect(mat, image.Rectangle{Max: size}, edgeMargin*float64(max(size.X, size.Y)))
	if err != nil {
		return nil, err
	}
	for tiles := 2; ; tiles++ {
		part := tileSize(size, tiles-1)
		scale := min(detectWidth/float64(part.X), detectHeight/float64(part.Y))
		largest := 0.0
		for _, b := range all {
			largest = max(largest, b.size())
		}
		switch {
		case scale >= 1, largest*scale >= closeFrom, largest == 0 && least*scale >= seenFrom:
			return all, nil
		}
		part = tileSize(size, tiles)
		for row := range tiles {
			for column := range tiles {
				min := image.Pt(column*(size.X-part.X)/(tiles-1), row*(size.Y-part.Y)/(tiles-1))
				tile := image.Rectangle{Min: min, Max: min.Add(part)}
				found, err := n.detect(mat, tile, 0)
				if err != nil {
					return nil, err
				}
				for _, b := range found {
					b.cut = cutByTile(b, tile, size)
					all = append(all, b)
				}
			}
		}
		all = distinct(all)
	}
}

// tileSize is the size of tiles that cover a picture, so many in each direction,
// each of which shares tileOverlap of its side with the next.
func tileSize(size image.Point, tiles int) image.Point {
	if tiles < 2 {
		return size
	}
	share := 1 / (float64(tiles) - float64(tiles-1)*tileOverlap)
	return image.Pt(min(size.X, int(math.Ceil(float64(size.X)*share))), min(size.Y, int(math.Ceil(float64(size.Y)*share))))
}

// cutByTile says whether a box reaches to an edge of its tile that lies inside the
// picture.
func cutByTile(b box, tile image.Rectangle, size image.Point) bool {
	near := edgeShare * float64(max(tile.Dx(), tile.Dy()))
	return tile.Min.X > 0 && b.minX < float64(tile.Min.X)+near ||
		tile.Max.X < size.X && b.maxX > float64(tile.Max.X)-near ||
		tile.Min.Y > 0 && b.minY < float64(tile.Min.Y)+near || tile.Max.Y < size.Y && b.maxY > float64(tile.Max.Y)-near
}

// matOf lends a picture's pixels to OpenCV. The picture it gives beside is the same
// one, or a copy of it where it is a part of another.
func matOf(img *image.RGBA) (gocv.Mat, *image.RGBA, error) {
	img = ownPixels(img)
	size := img.Rect.Size()
	if size.X < 1 || size.Y < 1 {
		return gocv.Mat{}, img, matcher.NewProblem("engine.failed", errors.New("a picture without pixels"))
	}
	mat, err := gocv.NewMatFromBytes(size.Y, size.X, gocv.MatTypeCV8UC4, img.Pix)
	if err != nil {
		return gocv.Mat{}, img, matcher.NewProblem("engine.failed", err)
	}
	return mat, img, nil
}

// closeScore is how sure the detector is of a face when it is shown closely and
// upright.
func (n *networks) closeScore(img *image.RGBA, f found) (float64, error) {
	eyes := alignOn(f.points)
	lean := math.Atan2(eyes[1].y-eyes[0].y, eyes[1].x-eyes[0].x)
	scale := detectHeight / (sureReach * f.box.size())
	onto := similarity{a: scale * math.Cos(lean), b: -scale * math.Sin(lean)}
	middle := onto.of(spot{(f.box.minX + f.box.maxX) / 2, (f.box.minY + f.box.maxY) / 2})
	onto.dx, onto.dy = detectHeight/2-middle.x, detectHeight/2-middle.y
	all, err := n.inSquare(img, onto)
	if err != nil {
		return 0, err
	}
	const size = detectHeight / sureReach
	best := 0.0
	for _, b := range all {
		x, y := b.middle().x-detectHeight/2, b.middle().y-detectHeight/2
		if math.Hypot(x, y) < size/4 && b.size() > size/1.6 && b.size() < 1.6*size {
			best = max(best, b.score)
		}
	}
	return best, nil
}

// inSquare looks for faces in a picture as the similarity lays it onto a square of
// the detector's height, with what is beyond its edge by the border. The boxes are
// that square's.
func (n *networks) inSquare(img *image.RGBA, onto similarity) ([]box, error) {
	square := warpedOver(img, onto, detectHeight, gocv.BorderReflect)
	defer square.Close()
	whole := gocv.NewMat()
	defer whole.Close()
	const beside = (detectWidth - detectHeight) / 2
	gocv.CopyMakeBorder(square, &whole, 0, 0, beside, beside, gocv.BorderConstant,
		color.RGBA{R: outside, G: outside, B: outside, A: 255})
	all, err := n.boxes(whole, detectScore)
	for i := range all {
		all[i].minX -= beside
		all[i].maxX -= beside
	}
	return all, err
}
