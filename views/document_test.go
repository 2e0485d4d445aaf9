package views

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

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

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
func withCard(t *testing.T, answer func(app.Portrait, app.Choice) (app.Portrait, error)) (*shownWindow, *choices) {
	t.Helper()
	desk, c := newFakeDesk(), &choices{answer: answer}
	desk.portrait = func(context.Context, app.Blob) (app.Portrait, error) { return card(), nil }
	desk.choose = c.choose
	w := open(t, desk, "")
	w.load("card.jpg")
	w.settled(t)
	return w, c
}

// settled waits until nothing is looked for.
func (w *shownWindow) settled(t *testing.T) {
	t.Helper()
	w.until(t, "the end of the search", func() bool { return w.check.document.looking == nil })
}

// at is where a point of the page lies on the screen's page.
func (w *shownWindow) at(p image.Point) fyne.Position {
	v := w.check.document.panel.page
	position, _ := draw.Placed(image.Rectangle{Min: p, Max: p.Add(image.Pt(1, 1))}, v.Page, v.Size(), false)
	return position
}

// drag draws a frame as the driver does for a mouse.
func (w *shownWindow) drag(from, to fyne.Position) {
	v := w.check.document.panel.page
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
	if got := w.check.document.state.small.Rect.Dx(); got != draw.PageWidth {
		t.Fatalf("the screen's page is %d wide: nothing is reduced", got)
	}
	size := w.check.document.panel.page.Size()
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
	if len(c.asked) != 0 || w.check.document.panel.page.Band.Visible() {
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
	v := w.check.document.panel.page
	v.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: w.at(image.Pt(1000, 300))}})
	v.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: w.at(image.Pt(2000, 900))}})
	if !v.Band.Visible() || v.Band.Size().Width < 80 || v.Band.Position().Subtract(w.at(image.Pt(1000, 300))).X > 1 {
		t.Errorf("the frame is at %v, %v, seen: %v", v.Band.Position(), v.Band.Size(), v.Band.Visible())
	}
	w.escape()
	v.DragEnd()
	if v.Band.Visible() || len(c.asked) != 0 || w.check.document.state == nil {
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
	v := w.check.document.panel.page
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
			w.escape()
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
	side := w.check.document
	for _, i := range []int{1, 2} {
		side.face(i)
		w.settled(t)
		if !side.canUndo() || !strings.Contains(w.text(), w.Words.T("found.undo")) {
			t.Errorf("face %d: the screen says %q", i, w.text())
		}
	}
	side.undo()
	if text := w.text(); side.canUndo() || !strings.Contains(text, w.Words.T("found.by_hand")) ||
		strings.Contains(text, w.Words.T("found.undo")) {
		t.Errorf("the screen says %q", text)
	}
}

func TestUndoKeepsWhatWasAdded(t *testing.T) {
	w, _ := withCard(t, found)
	side := w.check.document
	first := side.state.portrait.Image
	side.face(1)
	w.settled(t)
	side.add(givenFiles([]string{"back.jpg"}))
	w.settled(t)
	side.undo()
	if side.state.pages() != 2 || side.state.portrait.Image != first {
		t.Errorf("after Undo there are %d pages", side.state.pages())
	}
}

func TestFacesAreClicked(t *testing.T) {
	w, c := withCard(t, found)
	v := w.check.document.panel.page
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
	tap(image.Pt(1400, 100)) // nobody
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
	if got := w.check.document.state; len(got.faces) != 3 || got.at != 0 {
		t.Errorf("after three clicks %d faces are known, %d is taken", len(got.faces), got.at)
	}
}

func TestOfFacesInEachOtherTheSmallerIsClicked(t *testing.T) {
	for _, faces := range [][]image.Rectangle{{cardGhost, cardInside}, {cardInside, cardGhost}} {
		w, _ := withCard(t, found)
		v, clicked := w.check.document.panel.page, -1
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
	w.win.Canvas().Focus(w.check.document.panel.next)
	for range 4 {
		_, up := w.hold(fyne.KeyReturn)
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
	if !strings.Contains(w.text(), w.Words.T("found.by_hand")) {
		t.Errorf("the screen says %q", w.text())
	}
}

func TestTwoEqualPortraits(t *testing.T) {
	desk, c := newFakeDesk(), &choices{answer: found}
	desk.portrait = func(context.Context, app.Blob) (app.Portrait, error) {
		p := card()
		p.Code, p.Image, p.Box, p.Others = 2, nil, image.Rectangle{}, []image.Rectangle{cardFace, cardGhost}
		return p, nil
	}
	desk.choose = c.choose
	w := open(t, desk, "")
	w.load("card.jpg")
	w.settled(t)
	w.check.consent.SetChecked(true)
	w.until(t, "the engine", func() bool { return w.check.engineReady && w.check.preview.there })
	if w.check.why.Text != w.Words.T("check.no_portrait") {
		t.Errorf("beside the button stands %q", w.check.why.Text)
	}
	if text := w.text(); !strings.Contains(text, w.Words.T("found.several")) ||
		!strings.Contains(text, w.Words.T("result.no_portrait")) {
		t.Errorf("the screen says %q", text)
	}
	test.Tap(w.check.document.panel.next)
	w.settled(t)
	if len(c.asked) != 1 || c.asked[0].Area != cardFace || w.check.document.state.portrait.Code != 0 ||
		w.check.document.panel.page.At != 0 {
		t.Errorf("asked for %+v", c.asked)
	}
	if strings.Contains(w.text(), w.Words.T("result.no_portrait")) {
		t.Error("the portrait is not shown")
	}
}

// Nothing in the frame: that is shown, and Undo leads back to the portrait over
// any number of such attempts.
func TestAFrameWithoutAFace(t *testing.T) {
	w, _ := withCard(t, nothing)
	if !w.check.document.panel.undo.Disabled() {
		t.Error("there is something to undo")
	}
	for range 3 {
		w.drag(w.at(image.Pt(1000, 300)), w.at(image.Pt(1600, 1000)))
		w.settled(t)
		if text := w.text(); !strings.Contains(text, w.Words.T("found.missed")) ||
			strings.Contains(text, w.Words.T("found.portrait")) {
			t.Errorf("the screen says %q", text)
		}
		if v := w.check.document.panel.page; v.At != -1 || len(v.Faces) != 3 || !v.Usable() {
			t.Errorf("the page has %d faces, %d taken", len(v.Faces), v.At)
		}
	}
	if before := w.check.document.state.before; before == nil || before.before != nil {
		t.Error("more than one page is kept for Undo")
	}
	test.Tap(w.check.document.panel.undo)
	if got := w.check.document.state.portrait; got.Code != 0 || got.Box != cardFace ||
		!w.check.document.panel.undo.Disabled() {
		t.Errorf("Undo leads to %+v", got)
	}
	if !strings.Contains(w.text(), w.Words.T("found.portrait")) {
		t.Errorf("the screen says %q", w.text())
	}
}

func TestAFaultWhileChoosing(t *testing.T) {
	w, _ := withCard(t, func(app.Portrait, app.Choice) (app.Portrait, error) {
		return app.Portrait{}, &app.Problem{Key: "engine.closed"}
	})
	test.Tap(w.check.document.panel.right)
	w.settled(t)
	if text := w.text(); !strings.Contains(text, w.Words.T("engine.closed")) ||
		!strings.Contains(text, w.Words.T("found.portrait")) {
		t.Errorf("the screen says %q", text)
	}
	if w.check.document.state.portrait.Box != cardFace || len(w.desk.logged) != 1 {
		t.Errorf("the portrait is lost, or the fault not logged: %v", w.desk.logged)
	}
}

// Pressed once more while the last turn is looked at, a turn counts on; the page
// that is turned stays the one on the screen.
func TestTurnsAddUp(t *testing.T) {
	desk, c := newFakeDesk(), &choices{}
	release := make(chan struct{})
	desk.portrait = func(context.Context, app.Blob) (app.Portrait, error) { return card(), nil }
	desk.choose = func(ctx context.Context, p app.Portrait, choice app.Choice) (app.Portrait, error) {
		select {
		case <-release:
		case <-ctx.Done():
			return app.Portrait{}, ctx.Err()
		}
		p.Page = image.NewRGBA(image.Rect(0, 0, 1500, 3000))
		return nothing(p, choice)
	}
	w := open(t, desk, "")
	w.load("card.jpg")
	w.settled(t)
	side := w.check.document
	test.Tap(side.panel.right)
	if !side.panel.busy.Visible() || side.panel.notes.Visible() || !w.check.start.Disabled() {
		t.Error("nothing shows that the page is looked at")
	}
	test.Tap(side.panel.right)
	test.Tap(side.panel.right)
	if side.turning != 270 {
		t.Errorf("three turns make %d degrees", side.turning)
	}
	test.Tap(side.panel.left)
	test.Tap(side.panel.left)
	test.Tap(side.panel.left)
	if side.looking != nil || side.panel.busy.Visible() || side.state.portrait.Code != 0 {
		t.Error("turned there and back, the page is still looked at")
	}
	test.Tap(side.panel.left)
	if side.turning != 270 {
		t.Errorf("a turn to the left makes %d degrees", side.turning)
	}
	close(release)
	w.settled(t)
	_ = c
	if got := side.state; got.portrait.Page.Rect.Dx() != 1500 || len(got.faces) != 0 || side.turning != 0 ||
		len(desk.logged) != 0 {
		t.Errorf("the page is %v, with faces %v; logged %v", got.portrait.Page.Rect, got.faces, desk.logged)
	}
	if !strings.Contains(w.text(), w.Words.T("found.none")) {
		t.Errorf("the screen says %q", w.text())
	}
	test.Tap(side.panel.undo)
	if side.state.portrait.Box != cardFace {
		t.Error("Undo does not turn the page back")
	}
}

// files is a desk on which each file has so many pages; a damaged one has none.
// A page's portrait is as good as its number in its file's name says.
type files struct {
	mu    sync.Mutex // a search nobody waits for any more may still ask
	pages map[string]int
	good  map[string]float64
	asked []string
}

func (f *files) page(name string, number int) (app.Portrait, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, fmt.Sprintf("%s %d", name, number))
	if f.pages[name] == 0 {
		return app.Portrait{}, &app.Problem{Key: "document.damaged"}
	}
	p := somePortrait()
	p.Number, p.Pages, p.Quality.Total = max(1, number), f.pages[name], f.good[name]
	if f.good[name] == 0 {
		p.Code, p.Image = 1, nil
	}
	return p, nil
}

func withFiles(t *testing.T, f *files) *shownWindow {
	t.Helper()
	desk := newFakeDesk()
	desk.portrait = func(_ context.Context, b app.Blob) (app.Portrait, error) { return f.page(b.Name, 0) }
	desk.onPage = func(_ context.Context, b app.Blob, n int) (app.Portrait, error) { return f.page(b.Name, n) }
	return open(t, desk, "")
}

func TestAllPagesOfAllFiles(t *testing.T) {
	f := &files{
		pages: map[string]int{"back.jpg": 1, "front.pdf": 3, "weak.png": 1},
		good:  map[string]float64{"front.pdf": 80, "weak.png": 40},
	}
	w := withFiles(t, f)
	side := w.check.document
	w.dropped(fyne.Position{}, uris("/a/back.jpg", "/a/damaged.jpg", "/a/front.pdf", "/a/weak.png"))
	w.settled(t)
	says := func(want ...string) {
		t.Helper()
		for _, say := range want {
			if text := w.text(); !strings.Contains(text, say) {
				t.Errorf("missing %q in %q", say, text)
			}
		}
	}
	says(w.Words.T("page.place", "Number", 2, "Of", 5), w.Words.T("found.portrait"),
		w.Words.T("files.unread", "Bad", 1, "Of", 4)+" "+w.Words.T("document.damaged"))
	if len(w.desk.logged) != 1 {
		t.Errorf("logged %v", w.desk.logged)
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
	var given app.CheckInput
	w.desk.check = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return compared(history.Pass, 90), nil
	}
	test.Tap(side.panel.back)
	w.settled(t)
	w.check.consent.SetChecked(true)
	w.until(t, "a check that can start", func() bool { return !w.check.start.Disabled() })
	w.check.begin()
	w.until(t, "a result", func() bool { return w.check.result != nil })
	if given.Document.Name != "front.pdf" || given.Portrait.Number != 3 || given.DocumentFrom == history.FromCamera {
		t.Errorf("checked %s, page %d", given.Document.Name, given.Portrait.Number)
	}
	w.check.result.details.Show()
	if given.DocumentPage != 4 || !strings.Contains(w.text(), w.Words.T("details.from_file", "Page", 4)) {
		t.Error("the details do not tell the page")
	}
}

func TestAPageThatCannotBeRead(t *testing.T) {
	f := &files{pages: map[string]int{"front.pdf": 3}, good: map[string]float64{"front.pdf": 80}}
	w := withFiles(t, f)
	side := w.check.document
	w.load("front.pdf")
	w.settled(t)
	w.check.consent.SetChecked(true)
	f.pages["front.pdf"] = 0
	test.Tap(side.panel.forth)
	w.settled(t)
	text := w.text()
	if !strings.Contains(text, w.Words.T("document.damaged")) ||
		!strings.Contains(text, w.Words.T("page.place", "Number", 2, "Of", 3)) {
		t.Errorf("the screen says %q", text)
	}
	if !w.check.start.Disabled() || w.check.why.Text != w.Words.T("missing.page") || !side.panel.left.Disabled() ||
		side.panel.page.Usable() {
		t.Error("a page nobody can see can be used")
	}
	test.TapAt(side.panel.page, fyne.NewPos(100, 100))
	w.drag(fyne.NewPos(10, 10), fyne.NewPos(100, 100))
	f.pages["front.pdf"] = 3
	test.Tap(side.panel.forth)
	w.settled(t)
	if !strings.Contains(w.text(), w.Words.T("page.place", "Number", 3, "Of", 3)) || side.missing() != "" {
		t.Errorf("the next page says %q", w.text())
	}
}

func TestNoneOfTheFilesCanBeRead(t *testing.T) {
	w := withFiles(t, &files{})
	w.dropped(fyne.Position{}, uris("/a/b.jpg", "/a/c.jpg", t.TempDir()))
	w.settled(t)
	want := w.Words.T("files.unread", "Bad", 3, "Of", 3) + " " + w.Words.T("document.damaged") + " " + w.Words.T(
		"drop.folder",
	)
	if !strings.Contains(w.text(), want) || w.check.document.state != nil {
		t.Errorf("the screen says %q", w.text())
	}
}

func TestNoFileIsLookedAtAfterCancel(t *testing.T) {
	f := &files{}
	w := withFiles(t, f)
	began := make(chan struct{})
	w.desk.portrait = func(ctx context.Context, b app.Blob) (app.Portrait, error) {
		_, _ = f.page(b.Name, 0)
		if b.Name == "a.jpg" {
			close(began)
			<-ctx.Done()
			return app.Portrait{}, &app.Problem{Key: "document.damaged"} // as a decoder cut short may say
		}
		return somePortrait(), nil
	}
	w.load("a.jpg", "b.jpg", "c.jpg")
	looking := w.check.document.looking
	<-began
	test.Tap(w.check.document.panel.cancel)
	looking.Wait()
	w.q.Run()
	if len(f.asked) != 1 || w.check.document.state != nil || w.check.document.panel.zone.fault.Visible() {
		t.Errorf("looked at %q", f.asked)
	}
}

func TestTooManyFiles(t *testing.T) {
	f := &files{pages: map[string]int{}, good: map[string]float64{}}
	var paths []string
	for i := range filesAtOnce + 2 {
		name := fmt.Sprintf("%02d.jpg", i)
		f.pages[name], f.good[name] = 1, float64(10+i)
		paths = append(paths, "/a/"+name)
	}
	w := withFiles(t, f)
	w.dropped(fyne.Position{}, uris(paths...))
	w.settled(t)
	text := w.text()
	if !strings.Contains(text, w.Words.T("files.left", "Most", filesAtOnce, "Count", 2)) ||
		!strings.Contains(text, w.Words.T("page.place", "Number", 10, "Of", 10)) {
		t.Errorf("the screen says %q", text)
	}
	if len(f.asked) != filesAtOnce || !w.check.document.panel.add.Disabled() {
		t.Errorf("looked at %q", f.asked)
	}
	w.check.document.browseMore()
	if w.win.Canvas().Overlays().Top() != nil {
		t.Error("one more can be chosen")
	}
}

func TestADocumentOfTooManyPages(t *testing.T) {
	desk := newFakeDesk()
	desk.portrait = func(context.Context, app.Blob) (app.Portrait, error) {
		p := somePortrait()
		p.Number, p.Pages, p.More = 1, 10, true
		return p, nil
	}
	w := open(t, desk, "book.pdf")
	w.settled(t)
	if !strings.Contains(w.text(), w.Words.T("page.more", "Most", 10)) {
		t.Errorf("the screen says %q", w.text())
	}
}

func TestTheOtherSideIsAdded(t *testing.T) {
	f := &files{
		pages: map[string]int{"front.jpg": 1, "back.jpg": 1, "best.jpg": 1}, good: map[string]float64{
			"front.jpg": 50, "best.jpg": 90,
		},
	}
	w := withFiles(t, f)
	side := w.check.document
	w.load("front.jpg")
	w.settled(t)
	if side.panel.pages.Visible() {
		t.Error("one page has a way to other pages")
	}
	shown := side.state.portrait.Image
	side.add(givenFiles([]string{"back.jpg"}))
	if !side.panel.shown.Visible() || !side.panel.busy.Visible() {
		t.Error("the front goes away while the back is looked at")
	}
	w.settled(t)
	if side.state.portrait.Image != shown || !strings.Contains(w.text(), w.Words.T("page.place", "Number", 1, "Of", 2)) {
		t.Error("the back takes the front's place")
	}
	side.add(givenFiles([]string{"damaged.jpg"}))
	w.settled(t)
	if side.state.portrait.Image != shown || !strings.Contains(w.text(), w.Words.T("document.damaged")) {
		t.Errorf("the screen says %q", w.text())
	}
	side.add(givenFiles([]string{"best.jpg"}))
	w.settled(t)
	if !strings.Contains(w.text(), w.Words.T("page.place", "Number", 3, "Of", 3)) ||
		side.panel.page.Picture.Image != draw.ToImage(side.state.portrait.Page) {
		t.Errorf("the better page is not shown: %q", w.text())
	}
	side.state.portrait.ByHand = true
	f.good["front.jpg"] = 95
	side.add(givenFiles([]string{"front.jpg"}))
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
	f := &files{pages: map[string]int{"front.pdf": 5}, good: map[string]float64{"front.pdf": 80}}
	w := withFiles(t, f)
	side := w.check.document
	w.load("front.pdf")
	w.settled(t)
	release := make(chan struct{})
	plain := w.desk.onPage
	w.desk.onPage = func(ctx context.Context, b app.Blob, n int) (app.Portrait, error) {
		if n < 4 { // deaf to its cancellation
			<-release
		}
		return plain(ctx, b, n)
	}
	test.Tap(side.panel.forth)
	second := side.looking
	test.Tap(side.panel.forth)
	third := side.looking
	if !strings.Contains(w.text(), w.Words.T("page.place", "Number", 3, "Of", 5)) {
		t.Errorf("two steps lead to %q", side.panel.place.Text)
	}
	test.Tap(side.panel.forth)
	w.settled(t)
	close(release)
	second.Wait()
	third.Wait()
	w.q.Run()
	if side.state.page() != 4 {
		t.Errorf("a late answer shows page %d", side.state.page())
	}
}

func TestANewFileWinsOverEverything(t *testing.T) {
	w, _ := withCard(t, found)
	side := w.check.document
	release := make(chan struct{})
	w.desk.choose = func(context.Context, app.Portrait, app.Choice) (app.Portrait, error) {
		<-release
		return card(), nil
	}
	test.Tap(side.panel.left)
	turning := side.looking
	w.dropped(fyne.Position{}, uris("/a/other.jpg"))
	if side.state != nil || !side.panel.looking.Visible() {
		t.Error("the old document stays while a new one is looked at")
	}
	w.settled(t)
	close(release)
	turning.Wait()
	w.q.Run()
	if side.state.files[0].blob.Name != "other.jpg" || side.state.before != nil {
		t.Error("a late answer about the old document is shown")
	}
}

func TestCancelKeepsWhatWasShown(t *testing.T) {
	w, _ := withCard(t, nil)
	w.desk.choose = func(ctx context.Context, _ app.Portrait, _ app.Choice) (app.Portrait, error) {
		<-ctx.Done()
		return app.Portrait{}, ctx.Err()
	}
	side := w.check.document
	for _, cancel := range []func(){func() { test.Tap(side.panel.busyCancel) }, w.escape} {
		test.Tap(side.panel.right)
		turning := side.looking
		cancel()
		turning.Wait()
		w.q.Run()
		if side.looking != nil || side.state.portrait.Box != cardFace || !side.panel.notes.Visible() ||
			len(w.desk.logged) != 0 {
			t.Errorf("after Cancel: %v, logged %v", side.state, w.desk.logged)
		}
	}
}

// photoOf is what the desk was given for a photo.
func photoOf(t *testing.T, b app.Blob) image.Image {
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
	desk, c := newFakeDesk(), &choices{answer: found}
	source := kittest.NewSource()
	// Larger than the screen's copy, and the left is not like the right.
	frame := image.NewRGBA(image.Rect(0, 0, 2*draw.LiveWidth, 40))
	frame.Set(3, 5, color.RGBA{200, 10, 20, 255})
	source.ShowFrame(frame)
	desk.source = func(string) app.Source { return source }
	var taken app.Blob
	desk.portrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		taken = b
		return card(), nil
	}
	desk.choose = c.choose
	var given app.CheckInput
	desk.check = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return compared(history.Pass, 90), nil
	}
	w := open(t, desk, "")
	side := w.check.document
	if !strings.Contains(w.text(), w.Words.T("drop.photo_help")) {
		t.Error("nothing says how to hold the document")
	}
	w.check.consent.SetChecked(true)
	w.until(t, "the engine and a picture", func() bool { return w.check.engineReady && w.check.preview.there })
	test.Tap(side.panel.zone.photo)
	w.settled(t)
	photo := photoOf(t, taken)
	if r, _, _, _ := photo.At(3, 5).RGBA(); photo.Bounds().Size() != frame.Rect.Size() || r>>8 != 200 {
		t.Errorf("the photo is %v, mirrored or reduced", photo.Bounds())
	}
	if taken.Name != "photo.png" || taken.MediaType != "image/png" || taken.Path != "" {
		t.Errorf("the photo is called %q, %q, at %q", taken.Name, taken.MediaType, taken.Path)
	}
	if !strings.Contains(w.text(), w.Words.T("photo.warning")) {
		t.Errorf("no warning in %q", w.text())
	}
	blocked := func(when string) {
		t.Helper()
		if !w.check.start.Disabled() || w.check.why.Text != w.Words.T("missing.confirm") {
			t.Errorf("%s, a check can start: %q", when, w.check.why.Text)
		}
		w.check.begin()
		if w.check.busy() {
			t.Fatalf("%s, a check runs", when)
		}
	}
	blocked("before the tick")
	test.Tap(side.panel.confirm)
	if w.check.start.Disabled() {
		t.Errorf("after the tick: %q", w.check.why.Text)
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
	w.check.begin()
	w.until(t, "a result", func() bool { return w.check.result != nil })
	if given.DocumentFrom != history.FromCamera || given.Document.Name != "photo.png" {
		t.Errorf("recorded as %q", given.DocumentFrom)
	}
	w.check.result.details.Show()
	if !strings.Contains(w.text(), w.Words.T("details.from_camera")) {
		t.Error("the details do not tell of the camera")
	}
	w.check.again()
	if w.check.start.Disabled() {
		t.Error("another attempt with the same portrait asks again")
	}
	test.Tap(side.panel.photo)
	w.settled(t)
	blocked("with another photo")
	w.load("card.jpg")
	w.settled(t)
	if side.panel.confirming.Visible() || w.check.start.Disabled() ||
		strings.Contains(w.text(), w.Words.T("photo.warning")) {
		t.Error("a file has to be confirmed like a photo")
	}
}

func TestAPhotoWithoutAPortrait(t *testing.T) {
	desk := newFakeDesk()
	desk.portrait = func(context.Context, app.Blob) (app.Portrait, error) {
		return app.Portrait{Code: 1, Page: image.NewRGBA(image.Rect(0, 0, 64, 48))}, nil
	}
	w := open(t, desk, "")
	w.check.document.photo()
	w.settled(t)
	if !strings.Contains(w.text(), w.Words.T("found.none_photo")) || w.check.document.panel.confirming.Visible() {
		t.Errorf("the screen says %q", w.text())
	}
}

func TestAPhotoWithoutAPicture(t *testing.T) {
	desk := newFakeDesk()
	source := kittest.NewSource()
	source.ShowProblem(&app.Problem{Key: "camera.busy"})
	desk.source = func(string) app.Source { return source }
	w := open(t, desk, "")
	test.Tap(w.check.document.panel.zone.photo)
	w.settled(t)
	if got := w.check.document.panel.zone.fault.Text; !strings.Contains(got, w.Words.T("camera.busy")) {
		t.Errorf("the clerk reads %q", got)
	}
	w.check.setSource(nil)
	test.Tap(w.check.document.panel.zone.photo)
	if got := w.check.document.panel.zone.fault.Text; got != w.Words.T("missing.picture") {
		t.Errorf("without a camera the clerk reads %q", got)
	}
}

func TestTheKeysMoveAFrame(t *testing.T) {
	w, c := withCard(t, found)
	v := w.check.document.panel.page
	w.win.Canvas().Focus(v)
	if !v.Ring.Visible() || !strings.Contains(w.text(), w.Words.T("page.keys")) {
		t.Error("nothing tells what the keys do")
	}
	press := func(keys ...fyne.KeyName) {
		for _, key := range keys {
			_, up := w.hold(key)
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
	repeat, up := w.hold(fyne.KeyReturn)
	repeat()
	up()
	w.settled(t)
	if len(c.asked) != 1 || c.asked[0].Area != area {
		t.Errorf("one press asked for %+v, want %v", c.asked, area)
	}
	press(fyne.KeyLeft)
	press(fyne.KeyEscape)
	if v.Band.Visible() || w.check.document.state == nil {
		t.Error("Escape does not take the frame away, or takes more")
	}
}

func TestTheDocumentByKeyboardAlone(t *testing.T) {
	w, _ := withCard(t, found)
	panel := w.check.document.panel
	seen := map[fyne.Focusable]bool{}
	w.win.Canvas().Unfocus()
	for range 40 {
		w.win.Canvas().(interface{ FocusNext() }).FocusNext()
		seen[w.win.Canvas().Focused()] = true
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
	w.press(t, fyne.KeyP)
	w.settled(t)
	for range 40 {
		w.win.Canvas().(interface{ FocusNext() }).FocusNext()
		if w.win.Canvas().Focused() == panel.confirm {
			panel.confirm.TypedRune(' ')
			break
		}
	}
	if !w.check.document.confirmed {
		t.Error("a photo cannot be confirmed with the keys")
	}
	w.load("card.jpg")
	w.settled(t)
	w.press(t, fyne.KeyR)
	if w.check.document.turning != 90 {
		t.Error("Ctrl+R does not turn the page")
	}
	w.settled(t)
	w.press(t, fyne.KeyF)
	w.settled(t)
	w.press(t, fyne.KeyU)
	if w.check.document.state.before != nil {
		t.Error("Ctrl+U does not undo")
	}
}

// A button that has vanished must not go on taking the keys, and a field in which
// somebody types must not lose them.
func TestTheKeysDoNotStayWithWhatIsHidden(t *testing.T) {
	desk := newFakeDesk()
	w := open(t, desk, "")
	panel := w.check.document.panel
	canvas := w.win.Canvas()
	canvas.Focus(panel.zone.photo)
	_, up := w.hold(fyne.KeyReturn)
	if canvas.Focused() != panel.cancel {
		t.Errorf("while the photo is looked at, the keys go to %T", canvas.Focused())
	}
	w.settled(t)
	up()
	if canvas.Focused() != panel.another {
		t.Errorf("then the keys go to %T", canvas.Focused())
	}
	canvas.Focus(w.check.name)
	w.load("card.jpg")
	w.settled(t)
	if canvas.Focused() != w.check.name {
		t.Error("the name lost the keys")
	}
}

func TestNothingChangesWhileACheckRuns(t *testing.T) {
	w, c := withCard(t, found)
	release := make(chan struct{})
	w.desk.check = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		<-release
		return compared(history.Pass, 90), nil
	}
	w.check.consent.SetChecked(true)
	w.until(t, "a check that can start", func() bool { return !w.check.start.Disabled() })
	w.check.begin()
	side := w.check.document
	before := side.state
	for _, b := range []*kit.Button{
		side.panel.left, side.panel.right, side.panel.next, side.panel.another, side.panel.photo, side.panel.add,
	} {
		if !b.Disabled() {
			t.Errorf("%s can be pressed", b.Text)
		}
	}
	w.drag(w.at(image.Pt(1000, 300)), w.at(image.Pt(1600, 1000)))
	side.turn(90)
	side.photo()
	side.open(givenFiles([]string{"other.jpg"}))
	side.undo()
	if side.state != before || side.looking != nil || len(c.asked) != 0 {
		t.Error("the document changed while it was checked")
	}
	close(release)
	w.until(t, "a result", func() bool { return w.check.result != nil })
	w.check.again()
	if side.panel.left.Disabled() {
		t.Error("after the check nothing can be changed")
	}
}

func TestNewCheckForgetsTheDocument(t *testing.T) {
	w, _ := withCard(t, found)
	panel := w.check.document.panel
	w.check.reset()
	if panel.page.Picture.Image != nil || panel.crop.Image != nil || panel.of != nil || len(panel.page.Faces) != 0 ||
		!panel.zone.Visible() {
		t.Error("something of the last person stays")
	}
}

// Real files under names in any script, as they come from a drop, from Browse and
// from the command line: their bytes arrive.
func TestFileNamesInAnyScript(t *testing.T) {
	desk := newFakeDesk()
	var read string
	desk.portrait = func(_ context.Context, b app.Blob) (app.Portrait, error) {
		r, err := b.Open()
		if err != nil {
			return app.Portrait{}, err
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		read = string(data)
		return somePortrait(), err
	}
	dir := t.TempDir()
	w := open(t, desk, "")
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
			"drop":         func() { w.dropped(fyne.Position{}, uris(path)) },
			"browse":       func() { w.check.document.open(givenFiles([]string{listed.Path()})) },
			"command line": func() { w.check.document.open(givenFiles([]string{path})) },
		} {
			read = ""
			give()
			w.settled(t)
			if read != content || w.check.document.state == nil {
				t.Errorf("%q by %s: read %q, the screen says %q", name, how, read, w.check.document.fault)
			}
		}
	}
	desk.Now.Folders.Documents = dir
	w.check.document.browseAnother()
	w.win.Canvas().Capture() // lists and paints all these names
	if w.win.Canvas().Overlays().Top() == nil {
		t.Error("Browse does not open")
	}
	w.escape()
	// As programs write it that mean a file but say so in another way.
	path := filepath.Join(dir, "file:.jpg")
	read = ""
	w.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI("file:" + path)})
	w.settled(t)
	if read == "" {
		t.Error("file:/... is no file")
	}
}

func TestBrowseOffersWhatCanBeRead(t *testing.T) {
	filter := storage.NewExtensionFileFilter(documentTypes)
	for _, name := range []string{"a.JPG", "b.Tiff", "c.pdf", "d.HEIC", "e.webp", "身分證.BMP", "f.jfif"} {
		if !filter.Matches(storage.NewFileURI("/a/" + name)) {
			t.Errorf("%s is not offered", name)
		}
	}
	if filter.Matches(storage.NewFileURI("/a/letter.docx")) {
		t.Error("a letter is offered")
	}
}

// Everything at once, in the smallest window: nothing may push it larger.
func TestALongStoryFitsTheSmallestScreen(t *testing.T) {
	desk := newFakeDesk()
	desk.portrait = func(context.Context, app.Blob) (app.Portrait, error) {
		p := card()
		p.Pages, p.More = 10, true
		for _, key := range []string{"several", "small", "blurred", "dark", "bright"} {
			p.Warnings = append(p.Warnings, app.Notice{Key: "document.warn_" + key})
		}
		return p, nil
	}
	w := open(t, desk, "")
	w.check.document.photo()
	w.settled(t)
	w.check.document.state.bad = []error{errors.New("x")}
	w.check.document.panel.update()
	w.win.Canvas().Focus(w.check.document.panel.page)
	w.check.why.SetText(strings.Repeat("two lines of words ", 6))
	w.check.capture.Refresh() // as the driver does when something in it has grown
	if size := w.win.Content().MinSize(); size.Width > minWidth || size.Height > minHeight {
		t.Errorf("the window cannot be smaller than %v", size)
	}
	panel := w.check.document.panel
	bottom := panel.another.Position().Y + panel.another.Size().Height
	if row := panel.shown.Objects[5]; row.Position().Y+bottom > panel.Size().Height+1 {
		t.Errorf("the last row ends at %v of %v", row.Position().Y+bottom, panel.Size().Height)
	}
	if height := panel.page.Size().Height; height < 139 {
		t.Errorf("the page has a height of %v", height)
	}
	if why := w.check.why; why.Position().Y+why.MinSize().Height > w.check.form.Size().Height+1 {
		t.Errorf(
			"the words under the button end at %v of %v", why.Position().Y+why.MinSize().Height, w.check.form.Size().Height,
		)
	}
}
