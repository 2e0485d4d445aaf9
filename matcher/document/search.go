package document

import (
	"cmp"
	"context"
	"image"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"facematch/matcher"
	"facematch/matcher/internal/cascade"
	"facematch/matcher/quality"
)

// face is a face on a page that lies as it came.
type face struct {
	eyes          [2]spot // the one on the left first, once the face is upright
	nose          spot
	middle        spot    // of its box
	width, height float64 // of its box, once the face is upright
	interEye      float64 // pixels
	turn          float64 // degrees clockwise by which the page must be turned for the eyes to be level, 0 to 360
	light         quality.Light
	colours       colours
	covered       bool // only the slow detector sees it: part of it is hidden
}

// quarter is the turn of the page after which the face stands most upright.
func (f face) quarter() int { return int(math.Round(f.turn/90)) % 4 * 90 }

// look says where to look for faces on a page, and how hard.
type look struct {
	part  image.Rectangle
	turns []float64 // which ways may be up: degrees clockwise to turn the page by
	quick bool      // only what takes a tenth of a second
}

// find finds the faces in a part of a page.
//
// A quick look at a small copy, at every turn, finds the portrait on most
// documents. Only where that is not convincing the page is looked at askew, then
// in finer copies for smaller faces, and at last with the slow detector for one
// that is partly hidden: that is looked for too where there is but a faint one,
// because then the real portrait may be the hidden one.
func (f *Finder) find(ctx context.Context, page *image.RGBA, l look) ([]face, error) {
	if l.part.Dx() < 2 || l.part.Dy() < 2 {
		return nil, ctx.Err()
	}
	var faces []face
	var seen []cascade.Proposal
	most := math.Inf(1) // the largest face still to be looked for, in pixels of the page
	for i, level := range levels {
		if l.quick && !level.quick {
			break
		}
		copied, scale := copyOf(page, l.part, level.side)
		least := max(level.least, smallest/scale)
		proposals, err := f.cascade.Propose(ctx, copied, least, most/scale, level.turns(l.turns)...)
		if err != nil {
			return nil, err
		}
		seen = append(seen, onPage(proposals, l.part, scale)...)
		if i == 0 && (len(seen) == 0 || seen[0].Score < sure) {
			continue // which way is up is not sure either before the page was looked at askew
		}
		if faces, err = f.confirmAll(ctx, page, places(seen)); err != nil {
			return nil, err
		}
		if reached := least * scale; i > 0 {
			if reached <= smallest {
				break
			}
			seen, most = nil, reached*cascade.Growth*cascade.Growth
		}
		if len(faces) > 0 {
			break
		}
	}
	if f.hidden == nil || l.quick || slices.ContainsFunc(faces, func(f face) bool { return !f.faint() }) {
		return faces, nil
	}
	if len(faces) > 0 { // it tells which way is up
		l.turns = []float64{faces[0].turn}
	}
	behind, err := f.uncover(ctx, page, l)
	for _, f := range behind { // it may be one of the faint ones, seen better
		faces = append(slices.DeleteFunc(faces, f.same), f)
	}
	return faces, err
}

// turns are the turns to look at: each of those possible, askew or not.
func (l level) turns(possible []float64) (all []float64) {
	for _, turn := range possible {
		for _, skew := range l.skews {
			all = append(all, math.Mod(turn+skew+360, 360))
		}
	}
	return all
}

// copyOf is a part of a page in grey with a longer side of so many pixels, and
// how many pixels of the page one of its makes.
func copyOf(page *image.RGBA, part image.Rectangle, side float64) (cascade.Gray, float64) {
	scale := float64(max(part.Dx(), part.Dy())) / side
	size := image.Pt(max(1, int(float64(part.Dx())/scale)), max(1, int(float64(part.Dy())/scale)))
	return cascade.Copy(page, part, size), scale
}

// onPage gives proposals in the pixels of the page.
func onPage(all []cascade.Proposal, part image.Rectangle, scale float64) []cascade.Proposal {
	for i, p := range all {
		all[i].X, all[i].Y, all[i].Size = float64(part.Min.X)+p.X*scale, float64(part.Min.Y)+p.Y*scale, p.Size*scale
	}
	return all
}

// place is where a face may be, turned as most likely, and in what other ways.
type place []cascade.Proposal

// places sorts proposals by where they are, the strongest first.
func places(all []cascade.Proposal) (found []place) {
	slices.SortFunc(all, func(a, b cascade.Proposal) int { return cmp.Compare(b.Score, a.Score) })
next:
	for _, p := range all {
		for i, at := range found {
			if cascade.Overlap(at[0], p) >= cascade.SameFace {
				found[i] = append(at, p)
				continue next
			}
		}
		found = append(found, place{p})
	}
	return found
}

// confirmAll has the places looked at by the detector that knows faces, several
// at a time.
func (f *Finder) confirmAll(ctx context.Context, page *image.RGBA, at []place) (faces []face, err error) {
	at = at[:min(len(at), maxPlaces)]
	found := make([]*face, len(at)) // at each place; nil: none
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range at {
		if p[0].Score < weakest || p[0].Score < ofStrongest*at[0][0].Score {
			break
		}
		group.Go(func() error {
			best, err := f.settle(ctx, page, p)
			if err != nil {
				return err
			}
			// Where the cascade is sure one size is enough, else it takes both: noise
			// and patterns are taken for a face now and then, but hardly twice. Print is,
			// where it is small.
			for _, side := range confirmSides {
				seen, ok, err := f.confirm(ctx, f.faces, page, best, side)
				if err != nil {
					return err
				}
				found[i] = nil
				if isSure := p[0].Score >= sure; ok && (isSure || seen.interEye >= minUnsure) {
					found[i] = &seen
				}
				if ok == (p[0].Score >= sure) {
					break
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, one := range found {
		if one != nil && !slices.ContainsFunc(faces, one.same) {
			faces = append(faces, *one)
		}
	}
	return faces, nil
}

// same says whether two faces are one, found from two proposals.
func (f face) same(other face) bool {
	return math.Hypot(f.middle.x-other.middle.x, f.middle.y-other.middle.y) < max(f.interEye, other.interEye)
}

// settle decides how the face at a place is turned. Where a second turn comes
// near the first, as with faces that look like one upside down too, both are
// looked at once more: closely, at a size that suits the cascade best, and a
// little askew as well.
func (f *Finder) settle(ctx context.Context, page *image.RGBA, at place) (cascade.Proposal, error) {
	best := at[0]
	turns := []float64{}
	for _, p := range at {
		if p.Score >= nearly*best.Score {
			turns = append(turns, p.Turn)
		}
	}
	if len(turns) == 1 {
		return best, nil
	}
	reach := int(best.Size)
	middle := image.Pt(int(best.X), int(best.Y))
	part := image.Rect(-reach, -reach, reach, reach).Add(middle).Intersect(page.Rect)
	copied, scale := copyOf(page, part, settleSide)
	size := best.Size / scale
	again, err := f.cascade.Propose(ctx, copied, size/settleReach, size*settleReach, level{skews: []float64{-15, 0, 15}}.turns(turns)...)
	if err != nil || len(again) == 0 {
		return best, err
	}
	return onPage(again, part, scale)[0], nil
}

// confirm looks for the face of a proposal in a crop of so many pixels a side
// that stands upright. It must be where it was proposed, and about as large.
func (f *Finder) confirm(ctx context.Context, by matcher.FaceFinder, page *image.RGBA, p cascade.Proposal, side int) (face, bool, error) {
	crop, back := cutOut(page, p, p.Size*around, side)
	all, err := by.Find(ctx, crop)
	if err != nil {
		return face{}, false, err
	}
	found, away := central(crop, all, p, p.Size*around/float64(side), back)
	return found, away < p.Size*atMost && found.interEye > p.Size/cascade.SizePerEye/2 && found.interEye < p.Size/cascade.SizePerEye*2, nil
}

// central is the face nearest to the middle of a crop that was cut out around a
// proposal, and how far away it is; infinitely where there is none.
func central(crop *image.RGBA, all []matcher.Face, p cascade.Proposal, perPixel float64, back func(image.Point) spot) (face, float64) {
	var best face
	least := math.Inf(1)
	for _, m := range all {
		middle := back(m.Box.Min.Add(m.Box.Max).Div(2))
		away := math.Hypot(middle.x-p.X, middle.y-p.Y)
		if m.Eyes[0] == m.Eyes[1] || m.Box.Empty() || away >= least {
			continue
		}
		least = away
		best = face{
			eyes: [2]spot{back(m.Eyes[0]), back(m.Eyes[1])}, nose: back(m.Nose), middle: middle,
			width: float64(m.Box.Dx()) * perPixel, height: float64(m.Box.Dy()) * perPixel,
			light: quality.LightOf(crop, m.Box), colours: coloursOf(crop, m.Box),
		}
		dx, dy := best.eyes[1].x-best.eyes[0].x, best.eyes[1].y-best.eyes[0].y
		best.interEye = math.Hypot(dx, dy)
		best.turn = math.Mod(360-math.Atan2(dy, dx)*180/math.Pi, 360)
	}
	return best, least
}

// uncover looks for a face that is partly hidden, by a reflection for one, with
// the slow detector. That is never shown a whole page, only a few places: those
// that the start of the cascade takes for a face, which asks about little.
func (f *Finder) uncover(ctx context.Context, page *image.RGBA, l look) ([]face, error) {
	copied, scale := copyOf(page, l.part, levels[0].side)
	start := f.cascade.Start(hiddenTrees)
	proposals, err := start.Propose(ctx, copied, max(levels[0].least, smallest/scale), math.Inf(1), l.turns...)
	if err != nil {
		return nil, err
	}
	var looked []cascade.Proposal
	for _, at := range places(onPage(proposals, l.part, scale)) {
		p := at[0]
		p.Size *= hiddenAround / around
		if slices.ContainsFunc(looked, func(q cascade.Proposal) bool { return cascade.Overlap(p, q) > hiddenAgain }) {
			continue
		}
		if looked = append(looked, p); len(looked) > hiddenPlaces {
			break
		}
		found, err := f.behind(ctx, page, p, l.turns)
		if err != nil || found != nil {
			return found, err
		}
	}
	return nil, nil
}

// behind looks for a hidden face at a place, at all turns at once. The first
// turn is right most often, but the slow detector sees some faces that lie, too:
// a turn after which the eyes are clearly more level is taken instead.
func (f *Finder) behind(ctx context.Context, page *image.RGBA, p cascade.Proposal, turns []float64) ([]face, error) {
	seen := make([]*face, len(turns))
	group, inGroup := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, turn := range turns {
		p := p
		p.Turn = turn
		group.Go(func() error {
			crop, back := cutOut(page, p, p.Size*around, hiddenSide)
			all, err := f.hidden.Find(inGroup, crop)
			found, away := central(crop, all, p, p.Size*around/hiddenSide, back)
			if err == nil && away <= p.Size && !found.faint() && found.interEye >= minHidden {
				seen[i] = &found
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var best *face
	least := math.Inf(1) // degrees between its eyes and level
	for i, one := range seen {
		if one == nil {
			continue
		}
		if skew := math.Abs(math.Remainder(one.turn-turns[i], 360)); skew < least-hiddenLevel {
			best, least, p.Turn = one, skew, turns[i]
		}
	}
	if best == nil {
		return nil, nil
	}
	// Once more, now that it is known where: its eyes are then seen better.
	again := cascade.Proposal{X: best.middle.x, Y: best.middle.y, Size: best.width * cascade.SizePerEye / widthPerEye, Turn: p.Turn}
	closer, ok, err := f.confirm(ctx, f.hidden, page, again, hiddenSide)
	if err != nil {
		return nil, err
	}
	if !ok {
		closer = *best
	}
	closer.covered = true
	return []face{closer}, nil
}
