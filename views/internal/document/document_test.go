package document

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/scans"
	"facematch/matcher"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// shownDocument is the document's half in a window of its own.
type shownDocument struct {
	*kittest.Window
	side   *Side
	desk   *kittest.Checks
	source app.Source
	logged []error
	browse int // how often the clerk was asked for a file
}

func open(t *testing.T, desk *kittest.Checks) *shownDocument {
	t.Helper()
	w := &shownDocument{Window: kittest.Open(t), desk: desk, source: kittest.NewSource()}
	p := w.Parts
	p.Log = func(_ string, err error) {
		if err != nil {
			w.logged = append(w.logged, err)
		}
	}
	w.side = New(p, desk, Hooks{
		Camera: func() app.Source { return w.source }, Browse: func(func([]Item)) { w.browse++ },
		Changed: func() {}, Read: func() {}, Answered: func() {},
	})
	w.OnEscape = w.side.Escape
	w.Show(container.NewGridWithColumns(2, widget.NewLabel(""), w.side.Content())) // as wide as on the screen
	return w
}

// load gives files as a drop does.
func (w *shownDocument) load(paths ...string) { w.side.Open(files(paths...)) }

func files(paths ...string) []Item {
	var items []Item
	for _, path := range paths {
		items = append(items, File(path))
	}
	return items
}

// drop gives what was dropped onto the window.
func (w *shownDocument) drop(uris ...fyne.URI) { w.side.Open(Dropped(uris)) }

// card is a document with a page of 3000x1500 pixels, which the screen shows
// reduced and between two bars; two more faces are on it.
var (
	cardFace   = image.Rect(300, 400, 700, 900)
	cardGhost  = image.Rect(1800, 500, 2000, 750)
	cardInside = image.Rect(1850, 550, 1900, 610) // a face in the ghost picture's box
	cardSize   = image.Pt(3000, 1500)
)

func card() app.Portrait {
	return app.Portrait{
		Image: image.NewRGBA(image.Rect(0, 0, 30, 40)), Page: image.NewRGBA(image.Rectangle{Max: cardSize}),
		Number: 1, Pages: 1, Box: cardFace, Others: []image.Rectangle{cardGhost, cardInside},
	}
}

// choices is a desk that answers each choice and remembers it.
type choices struct {
	asked  []app.Choice
	on     []app.Portrait
	answer func(app.Portrait, app.Choice) (app.Portrait, error)
}

func (c *choices) choose(_ context.Context, p app.Portrait, choice app.Choice) (app.Portrait, error) {
	c.asked, c.on = append(c.asked, choice), append(c.on, p)
	return c.answer(p, choice)
}

// found is an answer with a face just where it was looked for.
func found(p app.Portrait, c app.Choice) (app.Portrait, error) {
	p.Code, p.ByHand, p.Box, p.Others = 0, true, c.Area, nil
	p.Image = image.NewRGBA(image.Rect(0, 0, 30, 40))
	return p, nil
}

// nothing is an answer without a face.
func nothing(p app.Portrait, _ app.Choice) (app.Portrait, error) {
	return app.Portrait{Code: 1, Page: p.Page, Number: p.Number, Pages: p.Pages, ByHand: true}, nil
}

// withCard opens a window with the card in it.
func withCard(t *testing.T, answer func(app.Portrait, app.Choice) (app.Portrait, error)) (*shownDocument, *choices) {
	t.Helper()
	desk, c := kittest.NewChecks(), &choices{answer: answer}
	desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) { return card(), nil }
	desk.OnChoose = c.choose
	w := open(t, desk)
	w.load("card.jpg")
	w.settled(t)
	return w, c
}

// settled waits until nothing is looked for.
func (w *shownDocument) settled(t *testing.T) {
	t.Helper()
	w.Until(t, "the end of the search", func() bool { return !w.side.search.Busy() })
}

// at is where a point of the page lies on the screen's page.
func (w *shownDocument) at(p image.Point) fyne.Position {
	v := w.side.panel.page
	position, _ := draw.Placed(image.Rectangle{Min: p, Max: p.Add(image.Pt(1, 1))}, v.Page, v.Size(), false)
	return position
}

// drag draws a frame as the driver does for a mouse.
func (w *shownDocument) drag(from, to fyne.Position) {
	v := w.side.panel.page
	v.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: from}, Button: desktop.MouseButtonPrimary})
	for _, part := range []float32{0.2, 0.6, 1} {
		v.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: from.AddXY((to.X-from.X)*part, (to.Y-from.Y)*part)}})
	}
	v.MouseUp(&desktop.MouseEvent{})
	v.DragEnd()
}

func near(a, b image.Rectangle, by int) bool {
	for _, d := range []int{a.Min.X - b.Min.X, a.Min.Y - b.Min.Y, a.Max.X - b.Max.X, a.Max.Y - b.Max.Y} {
		if d < -by || d > by {
			return false
		}
	}
	return true
}

func TestAFrameIsInThePagesOwnPixels(t *testing.T) {
	w, c := withCard(t, found)
	if got := w.side.state.small.Rect.Dx(); got != draw.PageWidth {
		t.Fatalf("the screen's page is %d wide: nothing is reduced", got)
	}
	size := w.side.panel.page.Size()
	if top := w.at(image.Point{}); top.Y < 20 {
		t.Fatalf("the page lies at %v in %v: there are no bars", top, size)
	}
	page := image.Rectangle{Max: cardSize}
	for _, tt := range []struct {
		what     string
		from, to fyne.Position
		want     image.Rectangle
	}{
		{"down to the right", w.at(image.Pt(1000, 300)), w.at(image.Pt(1600, 1000)), image.Rect(1000, 300, 1600, 1000)},
		{"up to the left", w.at(image.Pt(1600, 1000)), w.at(image.Pt(1000, 300)), image.Rect(1000, 300, 1600, 1000)},
		{
			"out of the page", w.at(image.Pt(2500, 1200)), fyne.NewPos(size.Width+500, size.Height+500), image.Rect(
				2500, 1200, 3000, 1500,
			),
		},
		{
			"from the bar above", fyne.NewPos(w.at(image.Pt(1000, 0)).X, 1), w.at(image.Pt(2000, 700)), image.Rect(
				1000, 0, 2000, 700,
			),
		},
	} {
		c.asked = nil
		w.drag(tt.from, tt.to)
		w.settled(t)
		// One unit of the screen is some nine pixels of the page.
		if len(c.asked) != 1 || c.asked[0].Turn != 0 || !near(c.asked[0].Area, tt.want, 10) || !c.asked[0].Area.In(page) {
			t.Errorf("%s: asked for %+v, want %v", tt.what, c.asked, tt.want)
		}
	}
}

func TestWhatIsNoFrame(t *testing.T) {
	w, c := withCard(t, found)
	middle := w.at(image.Pt(1300, 750))
	w.drag(middle, middle.AddXY(4, 3)) // a click beside the faces, with an unsteady hand
	w.drag(middle, middle.AddXY(120, 3))
	w.drag(fyne.NewPos(3, 1), fyne.NewPos(200, 5)) // in the bar above the page
	if len(c.asked) != 0 || w.side.panel.page.Band.Visible() {
		t.Errorf("asked for %+v", c.asked)
	}
	w.drag(w.at(image.Pt(1810, 510)), w.at(image.Pt(1810, 510)).AddXY(3, 2)) // the same on a face
	w.settled(t)
	if len(c.asked) != 1 || c.asked[0].Area != cardGhost {
		t.Errorf("an unsteady click on a face asks for %+v", c.asked)
	}
}

func TestTheFrameIsSeenAndTakenBack(t *testing.T) {
	w, c := withCard(t, found)
	v := w.side.panel.page
	v.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: w.at(image.Pt(1000, 300))}})
	v.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: w.at(image.Pt(2000, 900))}})
	if !v.Band.Visible() || v.Band.Size().Width < 80 || v.Band.Position().Subtract(w.at(image.Pt(1000, 300))).X > 1 {
		t.Errorf("the frame is at %v, %v, seen: %v", v.Band.Position(), v.Band.Size(), v.Band.Visible())
	}
	w.Escape()
	v.DragEnd()
	if v.Band.Visible() || len(c.asked) != 0 || w.side.state == nil {
		t.Error("Escape does not take a frame back")
	}
	if v.Cursor() != desktop.CrosshairCursor {
		t.Error("nothing shows that the page can be drawn on")
	}
}

// Fyne goes on telling of a drag after Escape, and tells of one that began
// elsewhere, from the first place on the page it comes to.
func TestAFrameBeginsWhereTheMouseWentDown(t *testing.T) {
	w, c := withCard(t, found)
	v := w.side.panel.page
	press := func(button desktop.MouseButton, at image.Point) {
		v.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: w.at(at)}, Button: button})
	}
	move := func(to image.Point) {
		v.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: w.at(to)}})
	}
	release := func() {
		v.MouseUp(&desktop.MouseEvent{})
		v.DragEnd()
		w.settled(t)
	}
	for name, drag := range map[string]func(){
		"after Escape": func() {
			press(desktop.MouseButtonPrimary, image.Pt(1000, 300))
			move(image.Pt(2000, 900))
			w.Escape()
			move(image.Pt(2100, 1000))
		},
		"begun elsewhere": func() {
			press(desktop.MouseButtonPrimary, image.Pt(1000, 300))
			v.MouseUp(&desktop.MouseEvent{})
			move(image.Pt(2100, 1000))
		},
		"begun on another page": func() {
			press(desktop.MouseButtonPrimary, image.Pt(1000, 300))
			move(image.Pt(2000, 900))
			w.load("other.jpg")
			w.settled(t)
			move(image.Pt(2100, 1000))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.asked = nil
			drag()
			if v.Band.Visible() {
				t.Error("there is a frame")
			}
			release()
			if len(c.asked) != 0 {
				t.Errorf("looked at %v", c.asked)
			}
		})
	}
	press(desktop.MouseButtonPrimary, image.Pt(1000, 300))
	move(image.Pt(1500, 600))
	press(desktop.MouseButtonSecondary, image.Pt(1900, 800))
	move(image.Pt(2000, 900))
	release()
	if len(c.asked) != 1 || !near(c.asked[0].Area, image.Rect(1000, 300, 2000, 900), 10) {
		t.Errorf("with the other button pressed meanwhile, looked at %v", c.asked)
	}
}

// Undo takes back one choice: where none is left to take back, nothing says so.
func TestUndoIsOfferedWhereThereIsOne(t *testing.T) {
	w, _ := withCard(t, found)
	side := w.side
	for _, i := range []int{1, 2} {
		side.face(i)
		w.settled(t)
		if !side.canUndo() || !strings.Contains(w.Text(), w.Words.T("found.undo")) {
			t.Errorf("face %d: the screen says %q", i, w.Text())
		}
	}
	side.Undo()
	if text := w.Text(); side.canUndo() || !strings.Contains(text, w.Words.T("found.by_hand")) ||
		strings.Contains(text, w.Words.T("found.undo")) {
		t.Errorf("the screen says %q", text)
	}
}

func TestUndoKeepsWhatWasAdded(t *testing.T) {
	w, _ := withCard(t, found)
	side := w.side
	first := side.state.portrait.Image
	side.face(1)
	w.settled(t)
	side.add(files("back.jpg"))
	w.settled(t)
	side.Undo()
	if side.state.pages() != 2 || side.state.portrait.Image != first {
		t.Errorf("after Undo there are %d pages", side.state.pages())
	}
}

func TestFacesAreClicked(t *testing.T) {
	w, c := withCard(t, found)
	v := w.side.panel.page
	if got := v.Faces; !slices.Equal(got, []image.Rectangle{cardFace, cardGhost, cardInside}) || v.At != 0 {
		t.Fatalf("on the page are %v, taken is %d", got, v.At)
	}
	// One whole frame round the portrait, corners round the others.
	if got := len(v.Marks.Objects); got != 2+2*16 {
		t.Errorf("%d marks", got)
	}
	tap := func(p image.Point) {
		t.Helper()
		test.TapAt(v, w.at(p))
		w.settled(t)
	}
	tap(image.Pt(1400, 100)) // beside every face
	tap(image.Pt(500, 600))  // the one that is taken already
	if len(c.asked) != 0 {
		t.Fatalf("asked for %+v", c.asked)
	}
	tap(image.Pt(1875, 580)) // in two boxes: the smaller counts
	tap(image.Pt(1960, 720))
	tap(image.Pt(500, 600))
	for i, want := range []image.Rectangle{cardInside, cardGhost, cardFace} {
		if c.asked[i].Area != want {
			t.Errorf("click %d asked for %v, want %v", i, c.asked[i].Area, want)
		}
	}
	if got := w.side.state; len(got.faces) != 3 || got.at != 0 {
		t.Errorf("after three clicks %d faces are known, %d is taken", len(got.faces), got.at)
	}
}

func TestOfFacesInEachOtherTheSmallerIsClicked(t *testing.T) {
	for _, faces := range [][]image.Rectangle{{cardGhost, cardInside}, {cardInside, cardGhost}} {
		w, _ := withCard(t, found)
		v, clicked := w.side.panel.page, -1
		v.Set(cardSize, nil, faces, -1)
		v.OnFace = func(i int) { clicked = i }
		test.TapAt(v, w.at(image.Pt(1875, 580)))
		if clicked < 0 || faces[clicked] != cardInside {
			t.Errorf("of %v number %d was clicked", faces, clicked)
		}
	}
}

func TestEveryFaceByKeyboard(t *testing.T) {
	w, c := withCard(t, found)
	w.Win.Canvas().Focus(w.side.panel.next)
	for range 4 {
		_, up := w.Hold(fyne.KeyReturn)
		up()
		w.settled(t)
	}
	var areas []image.Rectangle
	for _, choice := range c.asked {
		areas = append(areas, choice.Area)
	}
	if want := []image.Rectangle{cardGhost, cardInside, cardFace, cardGhost}; !slices.Equal(areas, want) {
		t.Errorf("Next face went to %v", areas)
	}
	if !strings.Contains(w.Text(), w.Words.T("found.by_hand")) {
		t.Errorf("the screen says %q", w.Text())
	}
}

func TestTwoEqualPortraits(t *testing.T) {
	desk, c := kittest.NewChecks(), &choices{answer: found}
	desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) {
		p := card()
		p.Code, p.Image, p.Box, p.Others = 2, nil, image.Rectangle{}, []image.Rectangle{cardFace, cardGhost}
		return p, nil
	}
	desk.OnChoose = c.choose
	w := open(t, desk)
	w.load("card.jpg")
	w.settled(t)
	if chosen, there := w.side.Chosen(); !there || chosen.Portrait.Code != 2 || w.side.Missing() != "" {
		t.Errorf("a check is made of %+v, %q is missing", chosen.Portrait, w.side.Missing())
	}
	if text := w.Text(); !strings.Contains(text, w.Words.T("found.several")) ||
		!strings.Contains(text, w.Words.T("result.no_portrait")) {
		t.Errorf("the screen says %q", text)
	}
	test.Tap(w.side.panel.next)
	w.settled(t)
	if len(c.asked) != 1 || c.asked[0].Area != cardFace || w.side.state.portrait.Code != 0 ||
		w.side.panel.page.At != 0 {
		t.Errorf("asked for %+v", c.asked)
	}
	if strings.Contains(w.Text(), w.Words.T("result.no_portrait")) {
		t.Error("the portrait is not shown")
	}
}

// Nothing in the frame: that is shown, and Undo leads back to the portrait over
// any number of such attempts.
func TestAFrameWithoutAFace(t *testing.T) {
	w, _ := withCard(t, nothing)
	if !w.side.panel.undo.Disabled() {
		t.Error("there is something to undo")
	}
	for range 3 {
		w.drag(w.at(image.Pt(1000, 300)), w.at(image.Pt(1600, 1000)))
		w.settled(t)
		if text := w.Text(); !strings.Contains(text, w.Words.T("found.missed")) ||
			strings.Contains(text, w.Words.T("found.portrait")) {
			t.Errorf("the screen says %q", text)
		}
		if v := w.side.panel.page; v.At != -1 || len(v.Faces) != 3 || !v.Usable() {
			t.Errorf("the page has %d faces, %d taken", len(v.Faces), v.At)
		}
	}
	if before := w.side.state.before; before == nil || before.before != nil {
		t.Error("more than one page is kept for Undo")
	}
	test.Tap(w.side.panel.undo)
	if got := w.side.state.portrait; got.Code != 0 || got.Box != cardFace ||
		!w.side.panel.undo.Disabled() {
		t.Errorf("Undo leads to %+v", got)
	}
	if !strings.Contains(w.Text(), w.Words.T("found.portrait")) {
		t.Errorf("the screen says %q", w.Text())
	}
}

func TestAFaultWhileChoosing(t *testing.T) {
	w, _ := withCard(t, func(app.Portrait, app.Choice) (app.Portrait, error) {
		return app.Portrait{}, &app.Problem{Key: "engine.closed"}
	})
	test.Tap(w.side.panel.right)
	w.settled(t)
	if text := w.Text(); !strings.Contains(text, w.Words.T("engine.closed")) ||
		!strings.Contains(text, w.Words.T("found.portrait")) {
		t.Errorf("the screen says %q", text)
	}
	if w.side.state.portrait.Box != cardFace || len(w.logged) != 1 {
		t.Errorf("the portrait is lost, or the fault not logged: %v", w.logged)
	}
}

// Pressed once more while the last turn is looked at, a turn counts on; the page
// that is turned stays the one on the screen.
func TestTurnsAddUp(t *testing.T) {
	desk, c := kittest.NewChecks(), &choices{}
	release := make(chan struct{})
	desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) { return card(), nil }
	desk.OnChoose = func(ctx context.Context, p app.Portrait, choice app.Choice) (app.Portrait, error) {
		select {
		case <-release:
		case <-ctx.Done():
			return app.Portrait{}, ctx.Err()
		}
		p.Page = image.NewRGBA(image.Rect(0, 0, 1500, 3000))
		return nothing(p, choice)
	}
	w := open(t, desk)
	w.load("card.jpg")
	w.settled(t)
	side := w.side
	test.Tap(side.panel.right)
	if !side.panel.busy.Visible() || side.panel.notes.Visible() || side.Missing() != w.Words.T("missing.looking") {
		t.Error("nothing shows that the page is looked at")
	}
	test.Tap(side.panel.right)
	test.Tap(side.panel.right)
	if side.turnAsked != 270 {
		t.Errorf("three turns make %d degrees", side.turnAsked)
	}
	test.Tap(side.panel.left)
	test.Tap(side.panel.left)
	test.Tap(side.panel.left)
	if w.side.search.Busy() || side.panel.busy.Visible() || side.state.portrait.Code != 0 {
		t.Error("turned there and back, the page is still looked at")
	}
	test.Tap(side.panel.left)
	if side.turnAsked != 270 {
		t.Errorf("a turn to the left makes %d degrees", side.turnAsked)
	}
	close(release)
	w.settled(t)
	_ = c
	if got := side.state; got.portrait.Page.Rect.Dx() != 1500 || len(got.faces) != 0 || side.turnAsked != 0 ||
		len(w.logged) != 0 {
		t.Errorf("the page is %v, with faces %v; logged %v", got.portrait.Page.Rect, got.faces, w.logged)
	}
	if !strings.Contains(w.Text(), w.Words.T("found.none")) {
		t.Errorf("the screen says %q", w.Text())
	}
	test.Tap(side.panel.undo)
	if side.state.portrait.Box != cardFace {
		t.Error("Undo does not turn the page back")
	}
}

// library is a desk on which each file has so many pages; a damaged one has none.
// A page's portrait is as good as its number in its file's name says.
type library struct {
	mu    sync.Mutex // an abandoned search may still ask
	pages map[string]int
	good  map[string]float64
	asked []string
}

func (f *library) page(name string, number int) (app.Portrait, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, fmt.Sprintf("%s %d", name, number))
	if f.pages[name] == 0 {
		return app.Portrait{}, &app.Problem{Key: "document.damaged"}
	}
	p := kittest.Portrait()
	p.Number, p.Pages, p.Quality.Total = max(1, number), f.pages[name], f.good[name]
	if f.good[name] == 0 {
		p.Code, p.Image = 1, nil
	}
	return p, nil
}

func withFiles(t *testing.T, f *library) *shownDocument {
	t.Helper()
	desk := kittest.NewChecks()
	desk.OnPortrait = func(_ context.Context, b app.Blob) (app.Portrait, error) { return f.page(b.Name, 0) }
	desk.OnPage = func(_ context.Context, b app.Blob, n int) (app.Portrait, error) { return f.page(b.Name, n) }
	return open(t, desk)
}

func TestAllPagesOfAllFiles(t *testing.T) {
	f := &library{
		pages: map[string]int{"back.jpg": 1, "front.pdf": 3, "weak.png": 1},
		good:  map[string]float64{"front.pdf": 80, "weak.png": 40},
	}
	w := withFiles(t, f)
	side := w.side
	w.load("/a/back.jpg", "/a/damaged.jpg", "/a/front.pdf", "/a/weak.png")
	w.settled(t)
	says := func(want ...string) {
		t.Helper()
		for _, say := range want {
			if text := w.Text(); !strings.Contains(text, say) {
				t.Errorf("missing %q in %q", say, text)
			}
		}
	}
	says(w.Words.T("page.place", "Number", 2, "Of", 5), w.Words.T("found.portrait"),
		w.Words.T("files.unread", "Bad", 1, "Of", 4)+" "+w.Words.T("document.damaged"))
	if len(w.logged) != 1 {
		t.Errorf("logged %v", w.logged)
	}
	f.asked = nil
	for range 7 { // two more than there are
		test.Tap(side.panel.back)
		w.settled(t)
	}
	says(w.Words.T("page.place", "Number", 1, "Of", 5), w.Words.T("found.none"))
	for range 7 {
		test.Tap(side.panel.forth)
		w.settled(t)
	}
	says(w.Words.T("page.place", "Number", 5, "Of", 5))
	want := []string{"back.jpg 1", "front.pdf 1", "front.pdf 2", "front.pdf 3", "weak.png 1"}
	if !slices.Equal(f.asked, want) {
		t.Errorf("looked at %q, want %q", f.asked, want)
	}

	// What is on the screen is what is checked.
	test.Tap(side.panel.back)
	w.settled(t)
	chosen, _ := side.Chosen()
	if chosen.File.Name != "front.pdf" || chosen.Portrait.Number != 3 || chosen.Page != 4 || chosen.ByCamera {
		t.Errorf("a check is made of %s, page %d, number %d", chosen.File.Name, chosen.Page, chosen.Portrait.Number)
	}
}

func TestAPageThatCannotBeRead(t *testing.T) {
	f := &library{pages: map[string]int{"front.pdf": 3}, good: map[string]float64{"front.pdf": 80}}
	w := withFiles(t, f)
	side := w.side
	w.load("front.pdf")
	w.settled(t)
	f.pages["front.pdf"] = 0
	test.Tap(side.panel.forth)
	w.settled(t)
	text := w.Text()
	if !strings.Contains(text, w.Words.T("document.damaged")) ||
		!strings.Contains(text, w.Words.T("page.place", "Number", 2, "Of", 3)) {
		t.Errorf("the screen says %q", text)
	}
	if side.Missing() != w.Words.T("missing.page") || !side.panel.left.Disabled() ||
		side.panel.page.Usable() {
		t.Error("a page nobody can see can be used")
	}
	test.TapAt(side.panel.page, fyne.NewPos(100, 100))
	w.drag(fyne.NewPos(10, 10), fyne.NewPos(100, 100))
	f.pages["front.pdf"] = 3
	test.Tap(side.panel.forth)
	w.settled(t)
	if !strings.Contains(w.Text(), w.Words.T("page.place", "Number", 3, "Of", 3)) || side.Missing() != "" {
		t.Errorf("the next page says %q", w.Text())
	}
}

func TestNoneOfTheFilesCanBeRead(t *testing.T) {
	w := withFiles(t, &library{})
	w.drop(uris("/a/b.jpg", "/a/c.jpg", t.TempDir())...)
	w.settled(t)
	want := w.Words.T("files.unread", "Bad", 3, "Of", 3) + " " + w.Words.T("document.damaged") + " " + w.Words.T(
		"drop.folder",
	)
	if !strings.Contains(w.Text(), want) || w.side.state != nil {
		t.Errorf("the screen says %q", w.Text())
	}
}

func TestNoFileIsLookedAtAfterCancel(t *testing.T) {
	f := &library{}
	w := withFiles(t, f)
	began := make(chan struct{})
	w.desk.OnPortrait = func(ctx context.Context, b app.Blob) (app.Portrait, error) {
		_, _ = f.page(b.Name, 0)
		if b.Name == "a.jpg" {
			close(began)
			<-ctx.Done()
			return app.Portrait{}, &app.Problem{Key: "document.damaged"} // as a decoder cut short may say
		}
		return kittest.Portrait(), nil
	}
	w.load("a.jpg", "b.jpg", "c.jpg")
	search := w.side.search.Last
	<-began
	test.Tap(w.side.panel.cancel)
	search.Wait()
	w.Queue.Run()
	if len(f.asked) != 1 || w.side.state != nil || w.side.panel.zone.fault.Visible() {
		t.Errorf("looked at %q", f.asked)
	}
}

func TestTooManyFiles(t *testing.T) {
	f := &library{pages: map[string]int{}, good: map[string]float64{}}
	var paths []string
	for i := range filesAtOnce + 2 {
		name := fmt.Sprintf("%02d.jpg", i)
		f.pages[name], f.good[name] = 1, float64(10+i)
		paths = append(paths, "/a/"+name)
	}
	w := withFiles(t, f)
	w.load(paths...)
	w.settled(t)
	text := w.Text()
	if !strings.Contains(text, w.Words.T("files.left", "Most", filesAtOnce, "Count", 2)) ||
		!strings.Contains(text, w.Words.T("page.place", "Number", 10, "Of", 10)) {
		t.Errorf("the screen says %q", text)
	}
	if len(f.asked) != filesAtOnce || !w.side.panel.add.Disabled() {
		t.Errorf("looked at %q", f.asked)
	}
	w.side.BrowseMore()
	if w.browse != 0 {
		t.Error("one more can be chosen")
	}
}

func TestADocumentOfTooManyPages(t *testing.T) {
	desk := kittest.NewChecks()
	desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) {
		p := kittest.Portrait()
		p.Number, p.Pages, p.More = 1, 10, true
		return p, nil
	}
	w := open(t, desk)
	w.load("book.pdf")
	w.settled(t)
	if !strings.Contains(w.Text(), w.Words.T("page.more", "Most", 10)) {
		t.Errorf("the screen says %q", w.Text())
	}
}

func TestTheOtherSideIsAdded(t *testing.T) {
	f := &library{
		pages: map[string]int{"front.jpg": 1, "back.jpg": 1, "best.jpg": 1}, good: map[string]float64{
			"front.jpg": 50, "best.jpg": 90,
		},
	}
	w := withFiles(t, f)
	side := w.side
	w.load("front.jpg")
	w.settled(t)
	if side.panel.pages.Visible() {
		t.Error("one page has a way to other pages")
	}
	shown := side.state.portrait.Image
	side.add(files("back.jpg"))
	if !side.panel.shown.Visible() || !side.panel.busy.Visible() {
		t.Error("the front goes away while the back is looked at")
	}
	w.settled(t)
	if side.state.portrait.Image != shown || !strings.Contains(w.Text(), w.Words.T("page.place", "Number", 1, "Of", 2)) {
		t.Error("the back takes the front's place")
	}
	side.add(files("damaged.jpg"))
	w.settled(t)
	if side.state.portrait.Image != shown || !strings.Contains(w.Text(), w.Words.T("document.damaged")) {
		t.Errorf("the screen says %q", w.Text())
	}
	side.add(files("best.jpg"))
	w.settled(t)
	if !strings.Contains(w.Text(), w.Words.T("page.place", "Number", 3, "Of", 3)) ||
		side.panel.page.Picture.Image != draw.ToImage(side.state.portrait.Page) {
		t.Errorf("the better page is not shown: %q", w.Text())
	}
	side.state.portrait.ByHand = true
	f.good["front.jpg"] = 95
	side.add(files("front.jpg"))
	w.settled(t)
	if side.state.page() != 3 || side.state.pages() != 4 {
		t.Error("what the clerk chose was replaced")
	}
}

func TestTheBetterPortrait(t *testing.T) {
	p := func(code int, total float64, byHand bool) app.Portrait {
		p := app.Portrait{Code: code, ByHand: byHand}
		p.Quality.Total = total
		return p
	}
	order := []app.Portrait{p(1, 0, true), p(3, 0, false), p(2, 0, false), p(0, 10, false), p(0, 80, false), p(0, 5, true)}
	for i, a := range order {
		for j, b := range order {
			if got := better(b, a); got != (j > i) && !(b.ByHand && b.Code == 0) {
				t.Errorf("%d better than %d: %v", j, i, got)
			}
		}
	}
}

// A second wish wins over the first, however late the first one's answer comes.
func TestLateAnswersAboutPagesAreDropped(t *testing.T) {
	f := &library{pages: map[string]int{"front.pdf": 5}, good: map[string]float64{"front.pdf": 80}}
	w := withFiles(t, f)
	side := w.side
	w.load("front.pdf")
	w.settled(t)
	release := make(chan struct{})
	plain := w.desk.OnPage
	w.desk.OnPage = func(ctx context.Context, b app.Blob, n int) (app.Portrait, error) {
		if n < 4 { // deaf to its cancellation
			<-release
		}
		return plain(ctx, b, n)
	}
	test.Tap(side.panel.forth)
	second := side.search.Last
	test.Tap(side.panel.forth)
	third := side.search.Last
	if !strings.Contains(w.Text(), w.Words.T("page.place", "Number", 3, "Of", 5)) {
		t.Errorf("two steps lead to %q", side.panel.place.Text)
	}
	test.Tap(side.panel.forth)
	w.settled(t)
	close(release)
	second.Wait()
	third.Wait()
	w.Queue.Run()
	if side.state.page() != 4 {
		t.Errorf("a late answer shows page %d", side.state.page())
	}
}

func TestANewFileWinsOverEverything(t *testing.T) {
	w, _ := withCard(t, found)
	side := w.side
	release := make(chan struct{})
	w.desk.OnChoose = func(context.Context, app.Portrait, app.Choice) (app.Portrait, error) {
		<-release
		return card(), nil
	}
	test.Tap(side.panel.left)
	turning := side.search.Last
	w.load("/a/other.jpg")
	if side.state != nil || !side.panel.looking.Visible() {
		t.Error("the old document stays while a new one is looked at")
	}
	w.settled(t)
	close(release)
	turning.Wait()
	w.Queue.Run()
	if side.state.files[0].blob.Name != "other.jpg" || side.state.before != nil {
		t.Error("a late answer about the old document is shown")
	}
}

func TestCancelKeepsWhatWasShown(t *testing.T) {
	w, _ := withCard(t, nil)
	w.desk.OnChoose = func(ctx context.Context, _ app.Portrait, _ app.Choice) (app.Portrait, error) {
		<-ctx.Done()
		return app.Portrait{}, ctx.Err()
	}
	side := w.side
	for _, cancel := range []func(){func() { test.Tap(side.panel.busyCancel) }, w.Escape} {
		test.Tap(side.panel.right)
		turning := side.search.Last
		cancel()
		turning.Wait()
		w.Queue.Run()
		if w.side.search.Busy() || side.state.portrait.Box != cardFace || !side.panel.notes.Visible() ||
			len(w.logged) != 0 {
			t.Errorf("after Cancel: %v, logged %v", side.state, w.logged)
		}
	}
}

// decoded is what the desk was given for a photo.
func decoded(t *testing.T, b app.Blob) image.Image {
	t.Helper()
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil || int64(len(data)) != b.Size {
		t.Fatalf("%d bytes of %d, %v", len(data), b.Size, err)
	}
	photo, err := png.Decode(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return photo
}

func TestAPhotoByTheCamera(t *testing.T) {
	desk, c := kittest.NewChecks(), &choices{answer: found}
	source := kittest.NewSource()
	// Larger than the screen's copy, and the left is not like the right.
	frame := image.NewRGBA(image.Rect(0, 0, 2*draw.LiveWidth, 40))
	frame.Set(3, 5, color.RGBA{200, 10, 20, 255})
	source.ShowFrame(frame)
	var taken app.Blob
	desk.OnPortrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		taken = b
		return card(), nil
	}
	desk.OnChoose = c.choose
	w := open(t, desk)
	w.source = source
	side := w.side
	if !strings.Contains(w.Text(), w.Words.T("drop.photo_help")) {
		t.Error("nothing says how to hold the document")
	}
	test.Tap(side.panel.zone.photo)
	w.settled(t)
	photo := decoded(t, taken)
	if r, _, _, _ := photo.At(3, 5).RGBA(); photo.Bounds().Size() != frame.Rect.Size() || r>>8 != 200 {
		t.Errorf("the photo is %v, mirrored or reduced", photo.Bounds())
	}
	if taken.Name != "photo.png" || taken.MediaType != "image/png" || taken.Path != "" {
		t.Errorf("the photo is called %q, %q, at %q", taken.Name, taken.MediaType, taken.Path)
	}
	if !strings.Contains(w.Text(), w.Words.T("photo.warning")) {
		t.Errorf("no warning in %q", w.Text())
	}
	blocked := func(when string) {
		t.Helper()
		if side.Missing() != w.Words.T("missing.confirm") {
			t.Errorf("%s, a check can start: %q", when, side.Missing())
		}
	}
	blocked("before the tick")
	test.Tap(side.panel.confirm)
	if side.Missing() != "" {
		t.Errorf("after the tick: %q", side.Missing())
	}
	test.Tap(side.panel.next)
	w.settled(t)
	if side.panel.confirm.Checked {
		t.Error("the tick for one face stays for another")
	}
	blocked("with another face")
	test.Tap(side.panel.confirm)
	test.Tap(side.panel.undo)
	blocked("after Undo")
	test.Tap(side.panel.confirm)
	if chosen, _ := side.Chosen(); !chosen.ByCamera || chosen.File.Name != "photo.png" {
		t.Errorf("a check is made of %q, by camera: %v", chosen.File.Name, chosen.ByCamera)
	}
	side.Hold(true)
	side.Hold(false)
	if side.Missing() != "" {
		t.Error("another attempt with the same portrait asks again")
	}
	test.Tap(side.panel.photo)
	w.settled(t)
	blocked("with another photo")
	w.load("card.jpg")
	w.settled(t)
	if side.panel.confirming.Visible() || side.Missing() != "" || strings.Contains(w.Text(), w.Words.T("photo.warning")) {
		t.Error("a file has to be confirmed like a photo")
	}
}

// A camera of its own for documents is opened for the photo, may find the light first, and is
// closed again; the person's camera is not asked.
func TestAPhotoByTheDocumentCamera(t *testing.T) {
	desk := kittest.NewChecks()
	var taken app.Blob
	desk.OnPortrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		taken = b
		return card(), nil
	}
	first := image.NewRGBA(image.Rect(0, 0, 30, 20))
	settled := image.NewRGBA(image.Rect(0, 0, 60, 40))
	var opened []*kittest.Source
	desk.OnDocument = func() app.Source {
		s := kittest.NewSource()
		s.ShowFrame(first)
		time.AfterFunc(50*time.Millisecond, func() { s.ShowFrame(settled) })
		opened = append(opened, s)
		return s
	}
	w := open(t, desk)
	w.source = nil
	test.Tap(w.side.panel.zone.photo)
	w.settled(t)
	if len(opened) != 1 || !opened[0].IsClosed() {
		t.Errorf("opened %d cameras", len(opened))
	}
	if photo := decoded(t, taken); photo.Bounds().Size() != settled.Rect.Size() {
		t.Errorf("the photo is one of %v", photo.Bounds().Size())
	}
	if chosen, _ := w.side.Chosen(); !chosen.ByCamera || !w.side.panel.confirming.Visible() {
		t.Error("it is not taken for a photo")
	}
	desk.OnDocument = func() app.Source {
		s := kittest.NewSource()
		s.ShowProblem(&app.Problem{Key: "camera.busy"})
		opened = append(opened, s)
		return s
	}
	w.side.Clear("")
	test.Tap(w.side.panel.zone.photo)
	w.settled(t)
	if got := w.side.panel.zone.fault.Text; !strings.Contains(got, w.Words.T("camera.busy")) || !opened[1].IsClosed() {
		t.Errorf("the clerk reads %q", got)
	}
	w.side.Hold(true)
	w.side.Photo()
	if len(opened) != 2 {
		t.Error("the camera is opened while a check runs")
	}
}

// A new scan is offered in words, and taken only when the clerk says so.
func TestANewScanIsOffered(t *testing.T) {
	desk := kittest.NewChecks()
	var looked []string
	desk.OnPortrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		looked = append(looked, b.Path)
		return card(), nil
	}
	w := open(t, desk)
	panel := w.side.panel
	if panel.offer.Visible() {
		t.Error("something is offered though nothing is new")
	}
	folder := t.TempDir()
	scan := scans.News{Name: "scan.pdf", Path: filepath.Join(folder, "scan.pdf")}
	if err := os.WriteFile(scan.Path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.side.Offer(scan)
	if !panel.offer.Visible() || !strings.Contains(w.Text(), "New scan: scan.pdf") || len(looked) > 0 {
		t.Errorf("the screen says %q, %q were looked at", w.Text(), looked)
	}
	w.side.Hold(true)
	if !panel.use.Disabled() {
		t.Error("a scan can be taken while a check runs")
	}
	w.side.Hold(false)
	w.Win.Canvas().Focus(panel.use)
	test.Tap(panel.use)
	w.settled(t)
	if len(looked) != 1 || looked[0] != scan.Path || panel.offer.Visible() {
		t.Errorf("looked at %q, still offered: %v", looked, panel.offer.Visible())
	}
	if w.Win.Canvas().Focused() == fyne.Focusable(panel.use) {
		t.Error("the keys are left on a hidden button")
	}
	w.side.Offer(scan) // over a document that is shown
	if !panel.offer.Visible() || panel.use.Disabled() {
		t.Error("it is not offered over another document")
	}
	w.side.Offer(scans.News{Problem: &app.Problem{Key: scans.KeyUnreadable}})
	if panel.use.Visible() || !strings.Contains(w.Text(), w.Words.T(scans.KeyUnreadable)) {
		t.Errorf("a folder that cannot be read: %q", w.Text())
	}
	w.side.Offer(scans.News{})
	if panel.offer.Visible() {
		t.Error("the offer stays")
	}
}

func TestAPhotoWithoutAPortrait(t *testing.T) {
	desk := kittest.NewChecks()
	desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) {
		return app.Portrait{Code: 1, Page: image.NewRGBA(image.Rect(0, 0, 64, 48))}, nil
	}
	w := open(t, desk)
	w.side.Photo()
	w.settled(t)
	if !strings.Contains(w.Text(), w.Words.T("found.none_photo")) || w.side.panel.confirming.Visible() {
		t.Errorf("the screen says %q", w.Text())
	}
}

func TestAPhotoWithoutAPicture(t *testing.T) {
	desk := kittest.NewChecks()
	source := kittest.NewSource()
	source.ShowProblem(&app.Problem{Key: "camera.busy"})
	w := open(t, desk)
	w.source = source
	test.Tap(w.side.panel.zone.photo)
	w.settled(t)
	if got := w.side.panel.zone.fault.Text; !strings.Contains(got, w.Words.T("camera.busy")) {
		t.Errorf("the clerk reads %q", got)
	}
	w.source = nil
	test.Tap(w.side.panel.zone.photo)
	if got := w.side.panel.zone.fault.Text; got != w.Words.T("missing.picture") {
		t.Errorf("without a camera the clerk reads %q", got)
	}
}

func TestTheKeysMoveAFrame(t *testing.T) {
	w, c := withCard(t, found)
	v := w.side.panel.page
	w.Win.Canvas().Focus(v)
	if !v.Ring.Visible() || !strings.Contains(w.Text(), w.Words.T("page.keys")) {
		t.Error("nothing tells what the keys do")
	}
	press := func(keys ...fyne.KeyName) {
		for _, key := range keys {
			_, up := w.Hold(key)
			up()
		}
	}
	press(fyne.KeyReturn) // there is no frame yet
	press(fyne.KeyRight)  // it comes up round the portrait
	if v.Frame() != cardFace || !v.Band.Visible() {
		t.Errorf("the frame is %v", v.Frame())
	}
	step := cardSize.X / kit.FrameSteps
	press(fyne.KeyRight, fyne.KeyRight, fyne.KeyDown, fyne.KeyUp, fyne.KeyUp)
	v.TypedRune('+')
	v.TypedRune('-')
	v.TypedRune('-')
	want := cardFace.Add(image.Pt(2*step, -step)).Inset(step)
	if v.Frame() != want {
		t.Errorf("the frame is %v, want %v", v.Frame(), want)
	}
	for range 60 {
		v.TypedRune('-')
	}
	if v.Frame().Empty() {
		t.Error("the frame can be made to vanish")
	}
	for range 90 {
		press(fyne.KeyLeft, fyne.KeyDown)
	}
	if page := (image.Rectangle{Max: cardSize}); !v.Frame().In(page) || v.Frame().Min.X != 0 ||
		v.Frame().Max.Y != cardSize.Y || v.Frame().Empty() {
		t.Errorf("the frame left the page: %v", v.Frame())
	}
	area := v.Frame()
	repeat, up := w.Hold(fyne.KeyReturn)
	repeat()
	up()
	w.settled(t)
	if len(c.asked) != 1 || c.asked[0].Area != area {
		t.Errorf("one press asked for %+v, want %v", c.asked, area)
	}
	press(fyne.KeyLeft)
	press(fyne.KeyEscape)
	if v.Band.Visible() || w.side.state == nil {
		t.Error("Escape does not take the frame away, or takes more")
	}
}

func TestTheDocumentByKeyboardAlone(t *testing.T) {
	w, _ := withCard(t, found)
	panel := w.side.panel
	seen := map[fyne.Focusable]bool{}
	w.Win.Canvas().Unfocus()
	for range 40 {
		w.Win.Canvas().(interface{ FocusNext() }).FocusNext()
		seen[w.Win.Canvas().Focused()] = true
	}
	for name, f := range map[string]fyne.Focusable{
		"turn left": panel.left, "turn right": panel.right, "next face": panel.next, "the page": panel.page,
		"other document": panel.another, "photo": panel.photo, "add": panel.add,
	} {
		if !seen[f] {
			t.Errorf("Tab does not reach %s", name)
		}
	}
	if seen[panel.zone.browse] || seen[panel.undo] {
		t.Error("Tab reaches what cannot be used")
	}
	w.side.Photo()
	w.settled(t)
	for range 40 {
		w.Win.Canvas().(interface{ FocusNext() }).FocusNext()
		if w.Win.Canvas().Focused() == panel.confirm {
			panel.confirm.TypedRune(' ')
			break
		}
	}
	if !w.side.confirmed {
		t.Error("a photo cannot be confirmed with the keys")
	}
	w.load("card.jpg")
	w.settled(t)
	w.side.Turn(90)
	if w.side.turnAsked != 90 {
		t.Error("Ctrl+R does not turn the page")
	}
	w.settled(t)
	w.side.NextFace()
	w.settled(t)
	w.side.Undo()
	if w.side.state.before != nil {
		t.Error("Ctrl+U does not undo")
	}
}

// A button that has vanished must not go on taking the keys, and a field in which
// somebody types must not lose them.
func TestTheKeysDoNotStayWithWhatIsHidden(t *testing.T) {
	w := open(t, kittest.NewChecks())
	field := w.Keys.Entry(func(string) {})
	w.Show(container.NewGridWithColumns(2, field, w.side.Content()))
	panel := w.side.panel
	canvas := w.Win.Canvas()
	canvas.Focus(panel.zone.photo)
	_, up := w.Hold(fyne.KeyReturn)
	if canvas.Focused() != panel.cancel {
		t.Errorf("while the photo is looked at, the keys go to %T", canvas.Focused())
	}
	w.settled(t)
	up()
	if canvas.Focused() != panel.another {
		t.Errorf("then the keys go to %T", canvas.Focused())
	}
	canvas.Focus(field)
	w.load("card.jpg")
	w.settled(t)
	if canvas.Focused() != field {
		t.Error("the field lost the keys")
	}
}

func TestNothingChangesWhileACheckRuns(t *testing.T) {
	w, c := withCard(t, found)
	side := w.side
	before := side.state
	side.Hold(true)
	for _, b := range []*kit.Button{
		side.panel.left, side.panel.right, side.panel.next, side.panel.another, side.panel.photo, side.panel.add,
	} {
		if !b.Disabled() {
			t.Errorf("%s can be pressed", b.Text)
		}
	}
	w.drag(w.at(image.Pt(1000, 300)), w.at(image.Pt(1600, 1000)))
	side.Turn(90)
	side.Photo()
	side.Open(files("other.jpg"))
	side.Undo()
	if side.state != before || w.side.search.Busy() || len(c.asked) != 0 {
		t.Error("the document changed while it was checked")
	}
	side.Hold(false)
	if side.panel.left.Disabled() {
		t.Error("after the check nothing can be changed")
	}
}

func TestNewCheckForgetsTheDocument(t *testing.T) {
	w, _ := withCard(t, found)
	panel := w.side.panel
	w.side.Clear("")
	if panel.page.Picture.Image != nil || panel.crop.Image != nil || panel.of != nil || len(panel.page.Faces) != 0 ||
		!panel.zone.Visible() {
		t.Error("something of the last person stays")
	}
}

// Real files under names in any script, as they come from a drop, from Browse and
// from the command line: their bytes arrive.
func TestFileNamesInAnyScript(t *testing.T) {
	desk := kittest.NewChecks()
	var read string
	desk.OnPortrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		r, err := b.Open()
		if err != nil {
			return app.Portrait{}, err
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		read = string(data)
		return kittest.Portrait(), err
	}
	dir := t.TempDir()
	w := open(t, desk)
	for i, name := range []string{ // the last is used again below
		"паспорт.jpg", "身分證 1.png", "pièce d’identité.pdf", "100%20.jpg", "%41.png", "a#b.png", "a?b=c&d.png", " spaces .png",
		"two\nlines.png", "not\xff\xfeutf8.png", "רישיון.jpg", "-dash.jpg", "\"quoted\".jpg", "https:.jpg", "file:.jpg",
	} {
		path, content := filepath.Join(dir, name), fmt.Sprintf("content %d", i)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		// The file dialog makes its addresses from a folder's listing.
		listed, err := storage.Child(storage.NewFileURI(dir), name)
		if err != nil {
			t.Fatal(err)
		}
		for how, give := range map[string]func(){
			"drop":         func() { w.drop(uris(path)...) },
			"browse":       func() { w.side.Open(files(listed.Path())) },
			"command line": func() { w.side.Open(files(path)) },
		} {
			read = ""
			give()
			w.settled(t)
			if read != content || w.side.state == nil {
				t.Errorf("%q by %s: read %q, the screen says %q", name, how, read, w.side.fault)
			}
		}
	}
	// As programs write it that mean a file but say so in another way.
	path := filepath.Join(dir, "file:.jpg")
	read = ""
	w.drop(storage.NewFileURI("file:" + path))
	w.settled(t)
	if read == "" {
		t.Error("file:/... is no file")
	}
}

func TestBrowseOffersWhatCanBeRead(t *testing.T) {
	filter := storage.NewExtensionFileFilter(Types)
	for _, name := range []string{"a.JPG", "b.Tiff", "c.pdf", "d.HEIC", "e.webp", "身分證.BMP", "f.jfif"} {
		if !filter.Matches(storage.NewFileURI("/a/" + name)) {
			t.Errorf("%s is not offered", name)
		}
	}
	if filter.Matches(storage.NewFileURI("/a/letter.docx")) {
		t.Error("a letter is offered")
	}
}

func TestDropTakesWhatCanBeRead(t *testing.T) {
	desk := kittest.NewChecks()
	desk.OnPortrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		if b.Name == "good.png" {
			p := kittest.Portrait()
			p.Warnings = []app.Notice{{Key: "coach.closer"}}
			return p, nil
		}
		return app.Portrait{}, &app.Problem{Key: "document.damaged"}
	}
	w := open(t, desk)
	w.drop(uris("/a/bad.jpg", "/a/good.png", "/a/other.png")...)
	w.Until(t, "the document", func() bool { return w.side.state != nil })
	if got := w.side.state.files[0].blob.Name; got != "good.png" {
		t.Errorf("took %s", got)
	}
	text := w.Text()
	for _, say := range []string{
		w.Words.T("files.unread", "Bad", 2, "Of", 3) + " " + w.Words.T("document.damaged"), w.Words.T("coach.closer"),
		w.Words.T("found.portrait"),
	} {
		if !strings.Contains(text, say) {
			t.Errorf("missing %q in %q", say, text)
		}
	}

	w.drop(uris("/a/bad.jpg")...)
	if w.side.state != nil {
		t.Error("the old document stays while a new one is looked at")
	}
	w.Until(t, "the fault", func() bool { return strings.Contains(w.Text(), w.Words.T("document.damaged.hint")) })
}

func TestDropOfWhatIsNoFile(t *testing.T) {
	w := open(t, kittest.NewChecks())
	page, err := storage.ParseURI("https://example.org/a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	// As it comes from the window system, where Fyne takes it for a file.
	asFile := storage.NewFileURI("https://example.org/a.jpg")
	asData := storage.NewFileURI("data:image/png;base64,iVBORw0KGgo=")
	for _, u := range []fyne.URI{page, asFile, asData} {
		w.side.Clear("")
		w.drop(u)
		w.Until(
			t, "words about "+u.String(), func() bool { return strings.Contains(w.Text(), w.Words.T("drop.not_a_file.hint")) },
		)
	}
	w.drop(append([]fyne.URI{asFile}, uris("/a/document.jpg")...)...)
	w.Until(t, "the file beside an address", func() bool { return w.side.state != nil })
	if !strings.Contains(w.Text(), w.Words.T("drop.not_a_file")) {
		t.Error("the address is passed over in silence")
	}
	w.drop(uris(t.TempDir())...)
	w.Until(t, "the folder's words", func() bool { return strings.Contains(w.Text(), w.Words.T("drop.folder")) })
}

func TestLateDocumentsAreDropped(t *testing.T) {
	desk := kittest.NewChecks()
	release := make(chan struct{})
	desk.OnPortrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		if b.Name == "slow.jpg" { // deaf to its cancellation
			<-release
			return app.Portrait{Code: 1}, nil
		}
		return kittest.Portrait(), nil
	}
	w := open(t, desk)
	w.load("slow.jpg")
	slow := w.side.search.Last
	w.load("fast.jpg")
	w.Until(t, "the second document", func() bool { return w.side.state != nil })
	close(release)
	slow.Wait()
	w.Queue.Run()
	if w.side.state == nil || w.side.state.files[0].blob.Name != "fast.jpg" {
		t.Error("a late answer replaced the document")
	}
}

func uris(paths ...string) []fyne.URI {
	var all []fyne.URI
	for _, p := range paths {
		all = append(all, storage.NewFileURI(p))
	}
	return all
}

// A page without a face may have to be turned, or another page be looked at.
func TestPageWithoutAFace(t *testing.T) {
	w := kittest.English(t)
	for flaw, want := range map[app.Flaw]string{
		matcher.FlawNobody:  w.T("found.none"),
		matcher.FlawBlurred: kit.Join(w.T("flaw.document.blurred"), w.T("flaw.document.blurred.hint")),
	} {
		page := app.Portrait{Code: matcher.CodeNoFace, Flaw: flaw, Page: image.NewRGBA(image.Rect(0, 0, 4, 4))}
		if got := foundNote(w, &state{portrait: page, files: make([]file, 1)}).text; got != want {
			t.Errorf("%s: %q, want %q", flaw, got, want)
		}
	}
}

// Everything at once, in the room that the smallest window leaves: the last row of
// buttons can be seen, and the page can be judged.
func TestALongStoryFits(t *testing.T) {
	desk := kittest.NewChecks()
	desk.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) {
		p := card()
		p.Pages, p.More = 10, true
		for _, key := range []string{"several", "small", "blurred", "dark", "bright"} {
			p.Warnings = append(p.Warnings, app.Notice{Key: "document.warn_" + key})
		}
		return p, nil
	}
	w := open(t, desk)
	w.side.Photo()
	w.settled(t)
	w.side.state.bad = []error{errors.New("x")}
	w.side.panel.update()
	w.Win.Canvas().Focus(w.side.panel.page)
	panel := w.side.panel
	if least := panel.MinSize(); least.Width > 504 || least.Height > 430 {
		t.Errorf("it takes at least %v", least)
	}
	panel.Resize(fyne.NewSize(504, 430))
	bottom := panel.another.Position().Y + panel.another.Size().Height
	if row := panel.shown.Objects[5]; row.Position().Y+bottom > panel.Size().Height+1 {
		t.Errorf("the last row ends at %v of %v", row.Position().Y+bottom, panel.Size().Height)
	}
	if height := panel.page.Size().Height; height < 139 {
		t.Errorf("the page has a height of %v", height)
	}
}
