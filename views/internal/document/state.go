package document

import (
	"context"
	"image"
	"slices"

	"facematch/app"
	"facematch/matcher"
	"facematch/views/internal/draw"
)

// state is a document as it stands on the screen: the files it came in,
// the page that is shown and what was found there. It is never changed; each
// search makes the next state out of it, away from the window's goroutine.
type state struct {
	files []file
	asked int     // how many items were dropped or chosen last
	bad   []error // why some of them could not be read
	left  int     // how many were not looked at, because there were too many

	file     int               // whose page is shown
	number   int               // of the page in its file, from 1
	portrait app.Portrait      // found there; its Page is nil where the page could not be read
	small    *image.RGBA       // that page, small enough for the screen
	faces    []image.Rectangle // all that are known on it, in an order that stays
	at       int               // which of them was looked at last; -1: none
	missed   bool              // there is no face where the clerk pointed
	fault    error             // why the page could not be read, or the last search failed

	// before is what Undo brings back. Its own before is nil, because a page may take 64 MB.
	before *state
}

// file is a file, or photo, that could be read.
type file struct {
	blob   app.Blob
	camera bool
	pages  int  // that can be looked at
	more   bool // it has more than that
}

// searchItems looks for the portrait on all items and shows the page with the best one.
// With a former state the items are added to its files, and the page that is shown
// changes only where a better portrait was found. A former state of nil means that
// there is no document yet. A state without files says why none could be read.
func searchItems(ctx context.Context, desk Desk, items []Item, former *state) (*state, error) {
	next := &state{at: -1}
	if former != nil {
		*next = *former
		next.files = slices.Clone(former.files)
		next.fault = nil
	}
	next.asked, next.bad = len(items), nil
	room := max(0, filesAtOnce-len(next.files))
	next.left = max(0, len(items)-room)
	best, at := next.portrait, -1 // at: in which of the files the best one was found
	for _, item := range items[:min(len(items), room)] {
		blob, err := item.open(ctx)
		var found app.Portrait
		if err == nil {
			found, err = desk.Portrait(ctx, blob)
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && ofTheFile(err):
			next.bad = append(next.bad, err)
			continue
		case err != nil: // a missing model, say: the other files would meet it too
			return nil, err
		}
		next.files = append(next.files, file{blob, item.camera, max(1, found.Pages), found.More})
		if len(next.files) == 1 || better(found, best) {
			best, at = found, len(next.files)-1
		}
	}
	if at < 0 {
		if next.before != nil { // Undo takes back a choice, not what was added since
			before := *next.before
			before.files = next.files
			next.before = &before
		}
		return next, nil
	}
	return next.on(at, max(1, best.Number), best), nil
}

// ofTheFile says whether the error lies in the file, so that another file might be read.
func ofTheFile(err error) bool {
	return matcher.InArea(err, matcher.AreaDocument) || app.IsProblem(err, keyNotAFile, keyFolder)
}

// better says whether a portrait found is to be shown instead of another. What
// the clerk chose stays.
func better(a, than app.Portrait) bool {
	if than.ByHand && than.Code == matcher.CodeOK {
		return false
	}
	// One to choose from two is nearer to a portrait than one cut off, and that
	// nearer than none.
	rank := func(p app.Portrait) int {
		return slices.Index([]int{matcher.CodeNoFace, matcher.CodeCutOff, matcher.CodeTwoFaces, matcher.CodeOK}, p.Code)
	}
	if rank(a) != rank(than) {
		return rank(a) > rank(than)
	}
	return a.Quality.Total > than.Quality.Total
}

// on is the state with a page of one of its files shown.
func (s *state) on(file, number int, p app.Portrait) *state {
	next := *s
	next.file, next.number, next.portrait = file, number, p
	next.faces, next.at = knownFaces(nil, p)
	next.missed, next.fault, next.before = false, nil, nil
	if p.Page != s.portrait.Page || next.small == nil {
		next.small = draw.ForScreen(p.Page)
	}
	return &next
}

// pages is how many pages there are in all files.
func (s *state) pages() (sum int) {
	for _, f := range s.files {
		sum += f.pages
	}
	return sum
}

// page is the number of the page shown, counted through all files.
func (s *state) page() int {
	before := 0
	for _, f := range s.files[:s.file] {
		before += f.pages
	}
	return before + s.number
}

// byCamera says whether the page shown is a photo by the camera.
func (s *state) byCamera() bool { return s.files[s.file].camera }

// chosen is which of the faces is the portrait; -1: none.
func (s *state) chosen() int {
	if s.portrait.Code != matcher.CodeOK {
		return -1
	}
	return s.at
}

// toPage goes to a page, counted through all files, and looks for the portrait
// there. One that cannot be read is a state too: the clerk may go on from it.
func (s *state) toPage(ctx context.Context, desk Desk, page int) (*state, error) {
	file := 0
	for page > s.files[file].pages {
		page -= s.files[file].pages
		file++
	}
	found, err := desk.PortraitOnPage(ctx, s.files[file].blob, page)
	if err != nil && (ctx.Err() != nil || !ofTheFile(err)) {
		return nil, err
	}
	next := s.on(file, page, found)
	next.fault = err
	return next, nil
}

// choose looks again at the page shown, as the clerk says; at is which of the
// faces was meant; -1: another place on the page.
func (s *state) choose(ctx context.Context, desk Desk, c app.Choice, at int) (*state, error) {
	found, err := desk.ChoosePortrait(ctx, s.portrait, c)
	if err != nil {
		return nil, err
	}
	next := s.on(s.file, s.number, found)
	if found.Rotation == s.portrait.Rotation && found.Page.Rect.Size() == s.portrait.Page.Rect.Size() {
		next.faces, next.at = knownFaces(s.faces, found)
	}
	if found.Code != matcher.CodeOK {
		next.at = at
		next.missed = !c.Area.Empty()
	}
	// Undo leads back to a portrait over any number of attempts that gave none.
	before := *s
	if s.portrait.Code != matcher.CodeOK && s.before != nil {
		before = *s.before
	}
	before.before, before.fault = nil, nil
	next.before = &before
	return next, nil
}

// knownFaces adds the faces of a portrait to those known on its page, and says
// which of them the portrait is.
func knownFaces(known []image.Rectangle, p app.Portrait) (all []image.Rectangle, at int) {
	all, at = slices.Clone(known), -1
	add := func(face image.Rectangle) int {
		i := slices.IndexFunc(all, func(k image.Rectangle) bool { return sameFace(k, face) })
		if i < 0 {
			all = append(all, face)
			i = len(all) - 1
		}
		return i
	}
	if p.Code == matcher.CodeOK && !p.Box.Empty() {
		at = add(p.Box)
		all[at] = p.Box
	}
	for _, face := range p.Others {
		if !face.Empty() {
			add(face)
		}
	}
	return all, at
}

// sameFace says whether two boxes, found in two searches, are round one face: the
// middle of each lies in the other.
func sameFace(a, b image.Rectangle) bool {
	middle := func(r image.Rectangle) image.Point { return r.Min.Add(r.Max).Div(2) }
	return middle(a).In(b) && middle(b).In(a)
}
