package views

import (
	"context"
	"image"

	"facematch/app"
	"facematch/matcher"
	"facematch/views/internal/kit"
)

// filesAtOnce is how many files one document may come in. Each is searched for up to
// some seconds, and no document has more sides.
const filesAtOnce = 10

// documentDesk is what the document needs of the desk.
type documentDesk interface {
	Portrait(ctx context.Context, document app.Blob) (app.Portrait, error)
	PortraitOnPage(ctx context.Context, document app.Blob, number int) (app.Portrait, error)
	ChoosePortrait(ctx context.Context, p app.Portrait, c app.Choice) (app.Portrait, error)
}

// documentSide is the document's half of the Check screen: the document that is
// shown, the search that runs, and what the clerk confirmed. Whatever the clerk asks
// for (a file, a photo, a page, a turn or a frame) is one search, which makes the
// next state out of the one that is shown:
//
//	            look ──▶ looking ──answer──▶ the next state is shown
//	             ▲          │
//	newer look ──┘          └─cancel, fault─▶ the state that was shown stays
//
// Only the newest search counts. All methods are for the window's goroutine.
type documentSide struct {
	kit.Parts
	desk    documentDesk
	camera  func() app.Source         // the live camera; nil while there is none
	browse  func(taken func([]given)) // lets the clerk choose a file
	changed func()                    // what a check is made of has changed
	found   func()                    // a search has gone well, so the engine works

	panel     *documentPanel
	state     *documentState // nil: no document
	looking   *kit.Job       // nil: nothing is looked for
	turning   int            // degrees asked for since the page was shown, while they are looked at
	going     int            // the page asked for, while it is looked at; 0: none
	fault     string         // why there is no document
	confirmed bool           // the clerk saw that the portrait of a photo is the document's
	held      bool           // a check runs: nothing may change
}

// newDocumentSide makes the half, empty.
func newDocumentSide(
	p kit.Parts, desk documentDesk, camera func() app.Source, browse func(taken func([]given)), changed, found func(),
) *documentSide {
	d := &documentSide{Parts: p, desk: desk, camera: camera, browse: browse, changed: changed, found: found}
	d.panel = newDocumentPanel(d)
	d.panel.update()
	return d
}

// browseAnother lets the clerk choose another document.
func (d *documentSide) browseAnother() { d.browse(d.open) }

// browseMore lets the clerk choose one more file of the same document.
func (d *documentSide) browseMore() {
	if d.canAdd() {
		d.browse(d.add)
	}
}

func (d *documentSide) canAdd() bool {
	return d.state != nil && len(d.state.files) < filesAtOnce && !d.held
}

// open searches these items in place of the document that is shown.
func (d *documentSide) open(things []given) {
	if d.held {
		return
	}
	d.state, d.fault = nil, ""
	d.look(0, 0, func(ctx context.Context) (*documentState, error) { return lookAt(ctx, d.desk, things, nil) })
}

// add looks at more files of the same document, such as its other side.
func (d *documentSide) add(things []given) {
	former := d.state
	d.look(0, 0, func(ctx context.Context) (*documentState, error) { return lookAt(ctx, d.desk, things, former) })
}

// photo takes the camera's picture as the document.
func (d *documentSide) photo() {
	source := d.camera()
	switch {
	case d.held:
	case source == nil:
		d.clear(d.Words.T("missing.picture"))
	default:
		d.open([]given{givenPhoto(source)})
	}
}

// turn turns the page by so many degrees clockwise, and once more for each press
// while that is looked at.
func (d *documentSide) turn(degrees int) {
	if !d.hasPage() {
		return
	}
	degrees = (d.turning + degrees + 360) % 360
	if degrees == 0 {
		d.cancel()
		return
	}
	d.choose(app.Choice{Turn: degrees}, -1)
}

// frame looks for the portrait in a part of the page.
func (d *documentSide) frame(area image.Rectangle) { d.choose(app.Choice{Area: area}, -1) }

// face takes one of the faces on the page.
func (d *documentSide) face(i int) {
	if d.hasPage() && i < len(d.state.faces) {
		d.choose(app.Choice{Area: d.state.faces[i]}, i)
	}
}

// nextFace takes the face after the one looked at last.
func (d *documentSide) nextFace() {
	if d.canNextFace() {
		d.face((d.state.at + 1) % len(d.state.faces))
	}
}

func (d *documentSide) choose(c app.Choice, at int) {
	if !d.hasPage() {
		return
	}
	shown := d.state
	d.look(c.Turn, 0, func(ctx context.Context) (*documentState, error) { return shown.choose(ctx, d.desk, c, at) })
}

// step goes so many pages on, and further for each press while that is looked
// at.
func (d *documentSide) step(by int) {
	if page := d.page() + by; d.state != nil && !d.held && page >= 1 && page <= d.state.pages() {
		shown := d.state
		d.look(0, page, func(ctx context.Context) (*documentState, error) { return shown.toPage(ctx, d.desk, page) })
	}
}

// page is the page shown or asked for, counted through all files; 0: none.
func (d *documentSide) page() int {
	switch {
	case d.state == nil:
		return 0
	case d.going > 0:
		return d.going
	}
	return d.state.page()
}

// undo brings back what was shown before the last choice of the clerk.
func (d *documentSide) undo() {
	if d.canUndo() {
		d.forget()
		d.state, d.confirmed = d.state.before, false
		d.update()
	}
}

func (d *documentSide) hasPage() bool {
	return d.state != nil && d.state.portrait.Page != nil && !d.held
}

func (d *documentSide) canUndo() bool { return d.state != nil && d.state.before != nil && !d.held }

// canNextFace says whether there is a face besides the one that is taken.
func (d *documentSide) canNextFace() bool {
	if !d.hasPage() {
		return false
	}
	n := len(d.state.faces)
	return n > 1 || n == 1 && d.state.portrait.Code != matcher.CodeOK
}

// look starts a search in place of the one that runs. The turn and the page that
// were asked for are kept, so that the next press counts on from them.
func (d *documentSide) look(turning, going int, search func(context.Context) (*documentState, error)) {
	if d.held {
		return
	}
	d.forget()
	var mine *kit.Job
	mine = d.Work.Start(func(ctx context.Context) {
		next, err := search(ctx)
		d.Work.Do(func() {
			if d.looking == mine { // else it was cancelled, or a newer one runs
				d.took(next, err)
			}
		})
	})
	d.looking, d.turning, d.going = mine, turning, going
	d.update()
}

// took shows what a search came to.
func (d *documentSide) took(next *documentState, err error) {
	d.forget()
	switch {
	case err != nil:
		d.Log("document", err)
		if d.state == nil {
			d.fault = d.Words.ProblemText(err)
		} else {
			same := *d.state
			same.fault = err
			d.state = &same
		}
	case len(next.files) == 0:
		d.fault = unreadText(d.Words, next)
	default:
		if d.state == nil || d.state.portrait.Image != next.portrait.Image {
			d.confirmed = false
		}
		d.state = next
		d.Log("page", next.fault)
		d.found() // whatever was found: the engine was asked and answered
	}
	if next != nil {
		for _, bad := range next.bad {
			d.Log("document", bad)
		}
	}
	d.update()
}

// forget drops what is looked for.
func (d *documentSide) forget() {
	d.looking.Stop()
	d.looking, d.turning, d.going = nil, 0, 0
}

// cancel ends the search; what was shown before stays.
func (d *documentSide) cancel() {
	if d.looking != nil {
		d.forget()
		d.update()
	}
}

// escape drops the frame that is being drawn, else cancels the search.
func (d *documentSide) escape() {
	if !d.panel.page.DropFrame() {
		d.cancel()
	}
}

// clear forgets the document. The fault says why, where the clerk did not ask for it.
func (d *documentSide) clear(fault string) {
	d.forget()
	d.state, d.fault, d.confirmed = nil, fault, false
	d.update()
}

// hold keeps the document as it is while a check runs.
func (d *documentSide) hold(held bool) {
	if d.held != held {
		d.held = held
		d.panel.update()
	}
}

func (d *documentSide) confirm(confirmed bool) {
	d.confirmed = confirmed
	d.changed()
}

func (d *documentSide) update() {
	d.panel.update()
	d.changed()
}

// byCamera says whether the page shown is a photo by the camera.
func (d *documentSide) byCamera() bool { return d.state != nil && d.state.byCamera() }

// toConfirm says whether the clerk has to look whose face the portrait is: in a
// photo by the camera it may be that of the person in front of it.
func (d *documentSide) toConfirm() bool {
	return d.byCamera() && d.state.portrait.Code == matcher.CodeOK
}

// missing says what the document still needs for a check; empty: nothing.
func (d *documentSide) missing() string {
	switch {
	case d.looking != nil:
		return d.Words.T("missing.looking")
	case d.state == nil:
		return d.Words.T("missing.document")
	case d.state.portrait.Page == nil:
		return d.Words.T("missing.page")
	case d.toConfirm() && !d.confirmed:
		return d.Words.T("missing.confirm")
	}
	return ""
}
