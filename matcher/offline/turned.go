package offline

import (
	"cmp"
	"context"
	"image"
	"math"
	"runtime"
	"slices"

	"gocv.io/x/gocv"
	"golang.org/x/sync/errgroup"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

// FindTurned finds the faces on a page that may lie on any of its sides. The turns,
// multiples of 90, are the degrees clockwise after which it may be upright; a face
// may lean by up to 45 besides. It looks at the whole page and then closer, until a
// face of like times the size of the largest one it has found would have been seen
// as well; a quick search ends with the second level. The page must not be changed
// afterwards. The error is the context's or a *matcher.Problem (see Load).
func (e *Engine) FindTurned(ctx context.Context, page *image.RGBA, turns []int, like float64, quick bool) ([]matcher.Face, error) {
	page = ownPixels(page)
	longer := max(page.Rect.Dx(), page.Rect.Dy())
	if min(page.Rect.Dx(), page.Rect.Dy()) < 2 {
		return nil, ctx.Err()
	}
	var faces []found
	for i, level := range pageLevels {
		if quick && i > quickLevel {
			break
		}
		scale := min(level.longer*detectHeight/float64(longer), seenFrom/leastOnPage)
		proposals, err := e.propose(ctx, page, turns, scale, level.overlap)
		if err != nil {
			return nil, err
		}
		seen, err := e.settle(ctx, page, proposals, scale)
		if err != nil {
			return nil, err
		}
		faces = together(append(faces, seen...))
		largest := 0.0
		for _, f := range faces {
			if !f.Doubted {
				largest = max(largest, f.box.size())
			}
		}
		if like*largest*scale >= proposedFrom || leastOnPage*scale >= seenFrom {
			break
		}
	}
	var all []matcher.Face
	for _, f := range faces {
		all = append(all, f.Face)
	}
	return all, nil
}

// proposal is a place on a page where the detector sees something like a face.
type proposal struct {
	box     box // on the page as it lies
	guesses []guess
}

// guess is a proposal as a face that lies one way.
type guess struct {
	found
	lean   float64 // radians clockwise
	shown  float64 // the size at which it is looked at closely
	weight float64
}

// sheet is a page with a copy of so much of its size, in which all that is proposed is
// still as large as it is looked at.
type sheet struct {
	whole, small *image.RGBA
	scale        float64
}

// propose looks at every part of a page, scaled by so much, at every turn.
func (e *Engine) propose(ctx context.Context, page *image.RGBA, turns []int, scale float64, overlap int) ([]proposal, error) {
	small, err := scaled(page, scale)
	if err != nil {
		return nil, err
	}
	type look struct {
		turn  int
		img   *image.RGBA
		tile  image.Rectangle
		boxes []box
	}
	var looks []look
	for _, turn := range turns {
		turned := picture.Turn(small, turn)
		for _, tile := range tilesOf(turned.Rect.Size(), overlap) {
			if !blank(turned, tile) {
				looks = append(looks, look{turn: turn, img: turned, tile: tile})
			}
		}
	}
	err = e.each(ctx, len(looks), func(n *networks, i int) error {
		l := &looks[i]
		mat, _, err := matOf(l.img)
		if err != nil {
			return err
		}
		defer mat.Close()
		l.boxes, err = n.look(mat, l.tile, 0, proposedScore)
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []proposal
	for _, l := range looks {
		size := l.img.Rect.Size()
		for _, b := range l.boxes {
			b.cut = cutByTile(b, l.tile, size)
			b = turnedBack(b, size, l.turn).times(1 / scale)
			all = append(all, proposal{b, []guess{{lean: -float64(l.turn) * math.Pi / 180, weight: b.score}}})
		}
	}
	return places(all), nil
}

// each does something for so many indices, on all sets of networks at once.
func (e *Engine) each(ctx context.Context, count int, do func(n *networks, i int) error) error {
	group, inGroup := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range count {
		group.Go(func() error {
			_, err := work(inGroup, e, func(n *networks) (struct{}, error) { return struct{}{}, do(n, i) })
			return err
		})
	}
	return group.Wait()
}

// scaled is a copy of a picture, each of whose pixels is the mean of what it
// covers: so also a page of nothing but black and white dots shows its greys.
func scaled(img *image.RGBA, scale float64) (*image.RGBA, error) {
	mat, img, err := matOf(img)
	if err != nil {
		return nil, err
	}
	defer mat.Close()
	side := func(pixels int) int { return max(1, int(math.Round(float64(pixels)*scale))) }
	out := image.NewRGBA(image.Rect(0, 0, side(img.Rect.Dx()), side(img.Rect.Dy())))
	small, _, err := matOf(out)
	if err != nil {
		return nil, err
	}
	defer small.Close()
	gocv.Resize(mat, &small, out.Rect.Size(), 0, 0, gocv.InterpolationArea)
	return out, nil
}

// tilesOf are parts of a picture of the detector's own size that cover it, each of
// which shares so many pixels or more with the next.
func tilesOf(size image.Point, overlap int) (all []image.Rectangle) {
	part := image.Pt(min(size.X, detectWidth), min(size.Y, detectHeight))
	count := func(size, part int) int {
		return 1 + int(math.Ceil(float64(size-part)/float64(part-overlap)))
	}
	columns, rows := count(size.X, part.X), count(size.Y, part.Y)
	for row := range rows {
		for column := range columns {
			from := image.Pt(column*(size.X-part.X)/max(1, columns-1), row*(size.Y-part.Y)/max(1, rows-1))
			all = append(all, image.Rectangle{Min: from, Max: from.Add(part)})
		}
	}
	return all
}

// blank says whether there is nothing at all to be seen in a part of a picture.
func blank(img *image.RGBA, part image.Rectangle) bool {
	least, most := uint8(255), uint8(0)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := img.Pix[img.PixOffset(part.Min.X, y):img.PixOffset(part.Max.X, y)]
		for i := 1; i < len(row); i += 4 { // green is most of the brightness
			least, most = min(least, row[i]), max(most, row[i])
		}
	}
	return int(most)-int(least) < blankRange
}

// turnedBack is where a box on a page of this size, which was turned clockwise, is
// on the page as it lay before.
func turnedBack(b box, size image.Point, turn int) box {
	w, h := float64(size.X), float64(size.Y)
	back := b
	switch turn {
	case 90:
		back.minX, back.maxX, back.minY, back.maxY = b.minY, b.maxY, w-b.maxX, w-b.minX
	case 180:
		back.minX, back.maxX, back.minY, back.maxY = w-b.maxX, w-b.minX, h-b.maxY, h-b.minY
	case 270:
		back.minX, back.maxX, back.minY, back.maxY = h-b.maxY, h-b.minY, b.minX, b.maxX
	}
	return back
}

func (b box) times(factor float64) box {
	b.minX, b.minY, b.maxX, b.maxY = factor*b.minX, factor*b.minY, factor*b.maxX, factor*b.maxY
	return b
}

func (b box) middle() spot { return spot{(b.minX + b.maxX) / 2, (b.minY + b.maxY) / 2} }

// places puts together what is seen in one place, the surest first.
func places(all []proposal) (kept []proposal) {
	slices.SortStableFunc(all, func(a, b proposal) int {
		if a.box.cut != b.box.cut {
			if a.box.cut {
				return 1
			}
			return -1
		}
		return cmp.Compare(b.box.score, a.box.score)
	})
next:
	for _, p := range all {
		for i, k := range kept {
			if smaller, both := p.box.shared(k.box); both > oneFace || smaller > oneFaceCut {
				if !slices.ContainsFunc(k.guesses, func(g guess) bool { return g.lean == p.guesses[0].lean }) {
					kept[i].guesses = append(k.guesses, p.guesses...)
				}
				continue next
			}
		}
		kept = append(kept, p)
	}
	for i := range kept {
		kept[i].likely(lessSeen)
	}
	return kept[:min(len(kept), mostPlaces)]
}

// likely leaves the guesses that are less good than the best one by no more than so
// much.
func (p *proposal) likely(by float64) {
	most := 0.0
	for _, g := range p.guesses {
		most = max(most, g.weight)
	}
	p.guesses = slices.DeleteFunc(p.guesses, func(g guess) bool { return g.weight == 0 || g.weight < most-by })
}

// settle decides of each proposal whether it is a face and how it lies. Many a face
// looks like one upside down too, or on its side. It does so less the smaller it is
// shown, the landmarks fit worse, and the second network's answer is weaker.
func (e *Engine) settle(ctx context.Context, page *image.RGBA, proposals []proposal, scale float64) ([]found, error) {
	if len(proposals) == 0 {
		return nil, ctx.Err()
	}
	looked := sheet{page, page, 1}
	if copied := scale * nearSideLarge / seenFrom; copied < shrinkFrom {
		small, err := scaled(page, copied)
		if err != nil {
			return nil, err
		}
		looked.small, looked.scale = small, copied
	}
	for _, look := range []func(*networks, sheet, *proposal, *guess) error{(*networks).glance, (*networks).weigh} {
		type pair struct {
			p *proposal
			g *guess
		}
		var pairs []pair
		for i := range proposals {
			for j := range proposals[i].guesses {
				pairs = append(pairs, pair{&proposals[i], &proposals[i].guesses[j]})
			}
		}
		if err := e.each(ctx, len(pairs), func(n *networks, i int) error { return look(n, looked, pairs[i].p, pairs[i].g) }); err != nil {
			return nil, err
		}
		for i := range proposals {
			proposals[i].likely(lessNear)
		}
	}
	var all []found
	for _, p := range proposals {
		if len(p.guesses) == 0 {
			continue
		}
		best := slices.MaxFunc(p.guesses, func(a, b guess) int { return cmp.Compare(a.weight, b.weight) })
		if best.box.score < detectScore {
			continue
		}
		// The box is upright like the face; the page need not be.
		if b := best.box; math.Abs(math.Sin(best.lean)) > math.Abs(math.Cos(best.lean)) {
			m, w, h := b.middle(), b.width()/2, b.height()/2
			best.box = box{minX: m.x - h, maxX: m.x + h, minY: m.y - w, maxY: m.y + w, score: b.score}
		}
		best.Face = best.face()
		best.Doubted = best.weight < leastWeight
		all = append(all, best.found)
	}
	return all, nil
}

// glance looks at a guess closely, and smaller once more where there are others.
func (n *networks) glance(page sheet, p *proposal, g *guess) (err error) {
	g.shown = nearSide
	g.box, err = n.near(page, p.box, g.lean, g.shown)
	if err == nil && g.box.score == 0 && p.box.score > lyingScore { // a part of it may be hidden
		g.shown = nearSideLarge
		g.box, err = n.near(page, p.box, g.lean, g.shown)
	}
	g.weight = g.box.score
	if err != nil || len(p.guesses) == 1 || g.weight == 0 {
		return err
	}
	less, err := n.near(page, p.box, g.lean, nearSideLess)
	g.weight = (g.box.score + less.score) / 2
	return err
}

// weigh looks for the face's points, at the face once more as it leans then, and at
// what the second network makes of it. A face of which the detector is certain, and
// at one turn only, needs no more than its points.
func (n *networks) weigh(page sheet, p *proposal, g *guess) error {
	seen, turn := g.box, g.lean
	f, err := n.locate(page.whole, seen, turn)
	if err != nil {
		return err
	}
	eyes := alignOn(f.points)
	g.found, g.lean = f, math.Atan2(eyes[1].y-eyes[0].y, eyes[1].x-eyes[0].x)
	g.weight = seen.score + surelyStrong
	if len(p.guesses) == 1 && p.box.score >= certainScore {
		return nil
	}
	if g.shown == nearSide {
		again, err := n.near(page, seen, g.lean, nearSideNext)
		if err != nil {
			return err
		}
		g.box.score = (seen.score + again.score) / 2
	}
	g.weight = g.box.score + surelyStrong
	if n.features == nil {
		return nil
	}
	print, err := n.describe(page.whole, f, false)
	g.weight = g.box.score + print.strength/strengthWeight
	return err
}

// near shows the detector a face, turned back by how it leans and so many pixels
// large, in the middle of what is around it, and gives the box it then has, as large
// as it is upright. The score is 0 where it sees none.
func (n *networks) near(page sheet, b box, lean, size float64) (box, error) {
	b = b.times(page.scale)
	scale := size / b.size()
	onto := similarity{a: scale * math.Cos(lean), b: -scale * math.Sin(lean)}
	at := onto.of(b.middle())
	onto.dx, onto.dy = detectHeight/2-at.x, detectHeight/2-at.y
	all, err := n.inSquare(page.small, onto, gocv.BorderConstant)
	best := box{}
	for _, c := range all {
		off := spot{c.middle().x - detectHeight/2, c.middle().y - detectHeight/2}
		if math.Hypot(off.x, off.y) < size/3 && c.size() > size/1.8 && c.size() < 1.8*size && c.score > best.score {
			best = c
		}
	}
	if err != nil || best.score == 0 {
		return box{}, err
	}
	m := onto.inverse().of(best.middle())
	w, h := best.width()/scale/2, best.height()/scale/2
	return box{minX: m.x - w, maxX: m.x + w, minY: m.y - h, maxY: m.y + h, score: best.score}.times(1 / page.scale), nil
}

// together keeps one of each face that was found at several levels: the surest.
func together(all []found) (kept []found) {
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(b.Score, a.Score) })
	for _, f := range all {
		if !slices.ContainsFunc(kept, func(k found) bool {
			smaller, _ := f.box.shared(k.box)
			return smaller > oneFaceCut
		}) {
			kept = append(kept, f)
		}
	}
	return kept
}
