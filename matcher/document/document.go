// Package document finds the portrait on a scan or photo of an ID document: a
// file of any kind that package pages reads in, one upright portrait out.
//
//	file ─ pages ─ a page as it lies
//	                 │ FaceFinder: every face at every turn, with eyes and nose
//	                 ▼
//	               faces ─ choose: which one is the holder's ─ Portrait
//
// It is pure Go; what a face is, the FaceFinder says.
package document

import (
	"context"
	"errors"
	"image"
	"time"

	"facematch/matcher"
	"facematch/matcher/document/pages"
	"facematch/matcher/internal/picture"
)

// FaceFinder finds the faces on a page that may lie on any side. The turns are the
// degrees clockwise, multiples of 90, after which it may be upright; like is the
// smallest size that counts, as a share of the largest face's; quick allows it to see
// only what is large. The page is not changed afterwards.
type FaceFinder interface {
	FindTurned(ctx context.Context, page *image.RGBA, turns []int, like float64, quick bool) ([]matcher.Face, error)
}

// ZoneReader reads the machine-readable zone on a page that may lie on any side.
type ZoneReader interface {
	Zone(ctx context.Context, page *image.RGBA, today time.Time) (z matcher.Zone, ok bool, err error)
}

// Params are what a Finder is made of; all but Zones are needed.
type Params struct {
	Pages *pages.Reader
	Faces FaceFinder
	Zones ZoneReader // nil: no zone is ever found
}

// Finder finds portraits. It may be used from several goroutines. What it is
// made of must be open for as long.
type Finder struct {
	pages *pages.Reader
	faces FaceFinder
	zones ZoneReader
}

var _ matcher.PortraitFinder = (*Finder)(nil)

// New makes a finder.
func New(p Params) *Finder { return &Finder{pages: p.Pages, faces: p.Faces, zones: p.Zones} }

// allTurns are the four ways a page can lie.
var allTurns = []int{0, 90, 180, 270}

// Portrait reads a document and finds the holder's portrait; see
// matcher.PortraitFinder. Its problems are those of pages.Reader.Open and the
// FaceFinder's.
//
// The best portrait on any page wins. The first one without a fault ends the
// search: more pages could only bring more pixels than the comparison uses, at
// up to a second each. Of several pages each is first looked at quickly; all
// that takes longer is done only where no page showed anything. One page at a
// time is in memory beside the best one.
//
// A page that cannot be read hides nothing on another one: it is told in a
// warning unless a portrait without a fault is found, and is the answer only
// where no page can be read.
func (f *Finder) Portrait(ctx context.Context, document matcher.Blob) (matcher.Portrait, error) {
	file, err := f.pages.Open(ctx, document)
	if err != nil {
		return matcher.Portrait{}, err
	}
	defer file.Close()
	if file.Count > 1 {
		if best, err := f.onAll(ctx, file, true); err != nil || best.Code == matcher.CodeOK {
			return best, err
		}
	}
	return f.onAll(ctx, file, false)
}

func (f *Finder) onAll(ctx context.Context, file *pages.File, quick bool) (matcher.Portrait, error) {
	var best matcher.Portrait
	var unread error // of the first page that cannot be read
	count := 0
	for number := 1; number <= file.Count; number++ {
		page, err := file.Page(ctx, number)
		if ctx.Err() != nil {
			return matcher.Portrait{}, ctx.Err()
		}
		if err != nil {
			if count++; count == 1 {
				unread = err
			}
			continue
		}
		p, err := f.onPage(ctx, file, page, number, quick)
		if err != nil {
			return matcher.Portrait{}, err
		}
		if best.Page == nil || better(p, best) {
			best = p
		}
		if best.Code == matcher.CodeOK && len(best.Warnings) == 0 {
			return best, nil
		}
	}
	if best.Page == nil {
		return matcher.Portrait{}, unread
	}
	if count > 0 {
		best.Warnings = append(best.Warnings,
			matcher.Notice{Key: "document.warn_unread", Params: map[string]any{"Count": count}})
	}
	return best, nil
}

// better says whether a page shows a better portrait than another one. A face
// with a flaw tells a clerk more than none.
func better(p, than matcher.Portrait) bool {
	for _, is := range []func(matcher.Portrait) bool{
		func(p matcher.Portrait) bool { return p.Code == matcher.CodeOK },
		func(p matcher.Portrait) bool { return p.Code != matcher.CodeNoFace },
		func(p matcher.Portrait) bool { return len(p.Others) > 0 },
	} {
		if is(p) != is(than) {
			return is(p)
		}
	}
	return p.Quality.Total > than.Quality.Total
}

// OnPage finds the portrait on one page; see matcher.PortraitFinder. Besides the
// problems of Portrait there is document.no_page (parameters Number and Pages).
func (f *Finder) OnPage(ctx context.Context, document matcher.Blob, number int) (matcher.Portrait, error) {
	file, err := f.pages.Open(ctx, document)
	if err != nil {
		return matcher.Portrait{}, err
	}
	defer file.Close()
	if number < 1 || number > file.Count {
		return matcher.Portrait{}, matcher.NewProblem(matcher.KeyNoPage, nil, "Number", number, "Pages", file.Count)
	}
	page, err := file.Page(ctx, number)
	if err != nil {
		return matcher.Portrait{}, err
	}
	return f.onPage(ctx, file, page, number, false)
}

func (f *Finder) onPage(ctx context.Context, file *pages.File, page pages.Page, number int,
	quick bool) (matcher.Portrait, error) {
	faces, err := f.find(ctx, page.Picture, look{part: page.Picture.Rect, turns: allTurns, quick: quick})
	if err != nil {
		return matcher.Portrait{}, err
	}
	c := choose(page.Picture.Rect.Size(), faces)
	p := c.portrait(picture.Turn(page.Picture, c.turn))
	p.Number, p.Pages, p.More = number, file.Count, file.More
	p.Rotation = (page.Turned + c.turn) % 360
	return p, nil
}

// Choose looks again at a page; see matcher.PortraitFinder. The clerk's word is
// final: about which way is up, give or take a skew, and about which face is the
// portrait. Where none is seen there it is code 1. A face that lies otherwise than
// the page turns the page, as the second of two cards does. Of several faces the
// portrait's Chosen says which it is, as they were numbered before.
func (f *Finder) Choose(ctx context.Context, p matcher.Portrait, c matcher.Choice) (matcher.Portrait, error) {
	if p.Page == nil || c.Turn%90 != 0 {
		return matcher.Portrait{}, matcher.NewProblem("problem.internal", errors.New("a choice without a page, or askew"))
	}
	page := picture.Turn(p.Page, c.Turn)
	chosen, err := f.chosen(ctx, page, c.Area)
	if err != nil {
		return matcher.Portrait{}, err
	}
	out := chosen.portrait(picture.Turn(page, chosen.turn))
	out.Number, out.Pages, out.More = p.Number, p.Pages, p.More
	out.Rotation = ((p.Rotation+c.Turn+chosen.turn)%360 + 360) % 360
	out.ByHand = true
	if !c.Area.Empty() {
		out.Others = others(out.Box, p, c.Turn+chosen.turn)
		if chosen.face != nil && len(out.Others) > 0 {
			out.Chosen = picked(turnedBox(chosen.face.Box, page.Rect.Size(), -c.Turn), p)
		}
	}
	return out, nil
}

// chosen is the portrait in an area of a page, or anywhere where that is empty.
func (f *Finder) chosen(ctx context.Context, page *image.RGBA, area image.Rectangle) (choice, error) {
	if area.Empty() {
		faces, err := f.find(ctx, page, look{part: page.Rect, turns: []int{0}})
		c := choose(page.Rect.Size(), faces)
		c.turn = 0
		return c, err
	}
	area = area.Intersect(page.Rect)
	// A detector needs to see what is around a face: more than the area, which may be
	// drawn tightly.
	part := area.Inset(-max(area.Dx(), area.Dy()) / 2).Intersect(page.Rect)
	for _, turns := range [][]int{{0}, allTurns[1:]} {
		faces, err := f.find(ctx, page, look{part: part, turns: turns})
		if err != nil {
			return choice{}, err
		}
		if c := inArea(area, faces); c.face != nil {
			if turns[0] != 0 {
				c.turn = c.face.quarter()
			}
			return c, nil
		}
	}
	return choice{flaw: matcher.FlawNobody}, nil
}

// picked says which of the faces that were known before one is, as they were numbered
// then. A face seen again has another box by some pixels.
func picked(face image.Rectangle, before matcher.Portrait) matcher.Pick {
	all, _ := before.Faces()
	for _, box := range all {
		if middle(box).In(face) || middle(face).In(box) {
			return before.PickOf(box)
		}
	}
	return matcher.Portrait{Box: face, Others: others(face, before, 0)}.PickOf(face)
}

// others are the faces known on a page before the clerk chose one of them, so
// that another can still be chosen.
func others(now image.Rectangle, before matcher.Portrait, turn int) (all []image.Rectangle) {
	for _, box := range append([]image.Rectangle{before.Box}, before.Others...) {
		box = turnedBox(box, before.Page.Rect.Size(), turn)
		if !box.Empty() && !middle(box).In(now) {
			all = append(all, box)
		}
	}
	all, _ = matcher.InOrder(all)
	return all
}
