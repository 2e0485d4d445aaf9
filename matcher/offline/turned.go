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
func (e *Engine) FindTurned(ctx context.Context, page *image.RGBA, turns []int, like float64,
	quick bool) ([]matcher.Face, error) {
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
func (e *Engine) propose(ctx context.Context, page *image.RGBA, turns []int, scale float64,
	overlap int) ([]proposal, error) {
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
			g := guess{found: found{box: b}, lean: -float64(l.turn) * math.Pi / 180, weight: b.score}
			all = append(all, proposal{b, []guess{g}})
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

// likely leaves the guesses whose weight or score is less than that of the best one by
// no more than so much.
func (p *proposal) likely(by float64) {
	weight, score := 0.0, 0.0
	for _, g := range p.guesses {
		weight, score = max(weight, g.weight), max(score, g.box.score)
	}
	p.guesses = slices.DeleteFunc(p.guesses, func(g guess) bool {
		return g.weight == 0 || g.weight < weight-by && g.box.score <= score-by
	})
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
	for _, step := range []func(context.Context, sheet, []candidate) error{e.glance, e.weigh} {
		var candidates []candidate
		for i := range proposals {
			for j := range proposals[i].guesses {
				candidates = append(candidates, candidate{&proposals[i], &proposals[i].guesses[j]})
			}
		}
		if err := step(ctx, looked, candidates); err != nil {
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

// candidate is a proposal and one of its guesses.
type candidate struct {
	p *proposal
	g *guess
}

// glance looks at each guess closely. A guess that is not seen then is shown larger,
// because a part of the face may be hidden. One that is seen is shown smaller too where
// the face may lie another way.
func (e *Engine) glance(ctx context.Context, page sheet, candidates []candidate) error {
	views := make([]view, len(candidates))
	for i, at := range candidates {
		views[i] = view{at.p.box, at.g.lean, nearSide}
	}
	seen, err := e.near(ctx, page, views)
	if err != nil {
		return err
	}
	for i, at := range candidates {
		at.g.box, at.g.weight, at.g.shown = seen[i], seen[i].score, nearSide
	}
	var again []view
	var of []candidate
	for i, at := range candidates {
		switch {
		case seen[i].score == 0 && at.p.box.score > lyingScore:
			at.g.shown = nearSideLarge
			again, of = append(again, view{at.p.box, at.g.lean, nearSideLarge}), append(of, at)
		case seen[i].score > 0 && len(at.p.guesses) > 1:
			again, of = append(again, view{at.p.box, at.g.lean, nearSideLess}), append(of, at)
		}
	}
	if seen, err = e.near(ctx, page, again); err != nil {
		return err
	}
	for i, at := range of {
		if at.g.shown == nearSideLarge {
			at.g.box, at.g.weight = seen[i], seen[i].score
		} else {
			at.g.weight = (at.g.box.score + seen[i].score) / 2
		}
	}
	return nil
}

// weigh looks for the face's points, at the face once more as it leans then, and at
// what the second network makes of it. A face of which the detector is certain, and
// at one turn only, needs no more than its points.
func (e *Engine) weigh(ctx context.Context, page sheet, candidates []candidate) error {
	seen := make([]box, len(candidates))
	err := e.each(ctx, len(candidates), func(n *networks, i int) error {
		g := candidates[i].g
		seen[i] = g.box
		f, err := n.locate(page.whole, g.box, g.lean, landmarkLooks)
		if err != nil {
			return err
		}
		eyes := alignOn(f.points)
		g.found, g.lean = f, math.Atan2(eyes[1].y-eyes[0].y, eyes[1].x-eyes[0].x)
		g.weight = g.box.score + surelyStrong
		return nil
	})
	if err != nil {
		return err
	}
	var unsure []candidate
	var again []view
	var of []candidate
	for i, at := range candidates {
		if len(at.p.guesses) == 1 && min(at.p.box.score, at.g.box.score) >= certainScore {
			continue
		}
		unsure = append(unsure, at)
		if at.g.shown == nearSide {
			again, of = append(again, view{seen[i], at.g.lean, nearSideNext}), append(of, at)
		}
	}
	closer, err := e.near(ctx, page, again)
	if err != nil {
		return err
	}
	for i, at := range of {
		at.g.box.score = (at.g.box.score + closer[i].score) / 2
		at.g.weight = at.g.box.score + surelyStrong
	}
	return e.each(ctx, len(unsure), func(n *networks, i int) error {
		if n.features == nil {
			return nil
		}
		g := unsure[i].g
		print, err := n.describe(page.whole, g.found, false)
		g.weight = g.box.score + print.strength/strengthWeight
		return err
	})
}

// view is a place on a page as the detector is shown it: turned back by how it leans,
// and so many pixels large.
type view struct {
	box        box
	lean, size float64
}

// near shows the detector what is in each view, several views beside each other in
// one picture, each with nearReach times its size around. Of each view it gives the box
// of the face in its middle, as large as it is upright; the score is 0 where there is
// none.
func (e *Engine) near(ctx context.Context, page sheet, views []view) ([]box, error) {
	bySide := map[int][]int{}
	var sides []int
	for i, v := range views {
		side := 8 * int(math.Ceil(nearReach*max(v.size, nearSide)/8)) // the detector's smallest step
		if bySide[side] == nil {
			sides = append(sides, side)
		}
		bySide[side] = append(bySide[side], i)
	}
	type shot struct {
		side int
		of   []int // views
	}
	var shots []shot
	for _, side := range sides {
		for of := range slices.Chunk(bySide[side], (detectWidth/side)*(detectHeight/side)) {
			shots = append(shots, shot{side, of})
		}
	}
	seen := make([]box, len(views))
	err := e.each(ctx, len(shots), func(n *networks, i int) error {
		s := shots[i]
		shown := make([]view, len(s.of))
		for j, at := range s.of {
			shown[j] = views[at]
		}
		boxes, err := n.mosaic(page, shown, s.side)
		if err != nil {
			return err
		}
		for j, at := range s.of {
			seen[at] = boxes[j]
		}
		return nil
	})
	return seen, err
}

// mosaic looks at views that are laid beside each other, each in a square of this side.
func (n *networks) mosaic(page sheet, views []view, side int) ([]box, error) {
	grey := gocv.NewScalar(outside, outside, outside, 0)
	whole := gocv.NewMatWithSizeFromScalar(grey, detectHeight, detectWidth, gocv.MatTypeCV8UC3)
	defer whole.Close()
	columns := detectWidth / side
	onto := make([]similarity, len(views))
	middles := make([]spot, len(views))
	for i, v := range views {
		b := v.box.times(page.scale)
		scale := v.size / b.size()
		onto[i] = similarity{a: scale * math.Cos(v.lean), b: -scale * math.Sin(v.lean)}
		at := onto[i].of(b.middle())
		onto[i].dx, onto[i].dy = float64(side)/2-at.x, float64(side)/2-at.y
		corner := image.Pt(i%columns*side, i/columns*side)
		square := warpedOver(page.small, onto[i], side, gocv.BorderConstant)
		cell := whole.Region(image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))})
		square.CopyTo(&cell)
		cell.Close()
		square.Close()
		onto[i].dx, onto[i].dy = onto[i].dx+float64(corner.X), onto[i].dy+float64(corner.Y)
		middles[i] = spot{float64(corner.X + side/2), float64(corner.Y + side/2)}
	}
	all, err := n.boxes(whole, detectScore)
	if err != nil {
		return nil, err
	}
	seen := make([]box, len(views))
	for i, v := range views {
		best := box{}
		for _, c := range all {
			off := spot{c.middle().x - middles[i].x, c.middle().y - middles[i].y}
			if math.Hypot(off.x, off.y) < v.size/3 && c.size() > v.size/1.8 && c.size() < 1.8*v.size && c.score > best.score {
				best = c
			}
		}
		if best.score == 0 {
			continue
		}
		scale := onto[i].scale()
		m := onto[i].inverse().of(best.middle())
		w, h := best.width()/scale/2, best.height()/scale/2
		seen[i] = box{minX: m.x - w, maxX: m.x + w, minY: m.y - h, maxY: m.y + h, score: best.score}.times(1 / page.scale)
	}
	return seen, nil
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
