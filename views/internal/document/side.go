// Package document is the document's half of the Check screen: where the clerk gives a
// document, sees what was found on it, and corrects that.
package document

import (
	"context"
	"image"

	"fyne.io/fyne/v2"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/scans"
	"facematch/matcher"
	"facematch/views/internal/kit"
)

// filesAtOnce is how many files one document may come in. Each is searched for up to
// some seconds, and no document has more sides.
const filesAtOnce = 10

// Desk is what the document needs of the desk.
type Desk interface {
	Portrait(ctx context.Context, document app.Blob) (app.Portrait, error)
	PortraitOnPage(ctx context.Context, document app.Blob, number int) (app.Portrait, error)
	ChoosePortrait(ctx context.Context, p app.Portrait, c app.Choice) (app.Portrait, error)
	// Read reads the machine-readable zone. A portrait without a page has it look at all pages.
	Read(ctx context.Context, document app.Blob, p app.Portrait) (app.Zone, history.Reading, error)
	// OpenDocumentCamera opens the camera for documents, and HasDocumentCamera says whether
	// there is one of its own.
	OpenDocumentCamera() app.Source
	HasDocumentCamera() bool
}

// Hooks are what the document needs of the screen around it.
type Hooks struct {
	Camera   func() app.Source         // the live camera; nil while there is none
	Browse   func(chosen func([]Item)) // lets the clerk choose a file
	Changed  func()                    // what a check is made of has changed
	Read     func()                    // what was read of the document is known
	Answered func()                    // a search has ended without an error, so the engine works
}

// Side is the document that is shown, the search that runs, and what the clerk
// confirmed. Whatever the clerk asks for (a file, a photo, a page, a turn or a frame) is
// one search, which makes the next state out of the one that is shown:
//
//	            look ──▶ search ──answer──▶ the next state is shown
//	             ▲          │
//	newer look ──┘          └─cancel, fault─▶ the state that was shown stays
//
// Only the newest search counts. What the document says in its machine-readable zone is
// read beside it, when a page is shown: nothing waits for that. All methods are for the window's goroutine.
type Side struct {
	kit.Parts
	desk  Desk
	hooks Hooks

	panel     *panel
	state     *state    // nil: no document
	search    *kit.Task // looks for the portrait
	turnAsked int       // degrees asked for since the page was shown, while they are looked at
	pageAsked int       // the page asked for, while it is looked at; 0: none
	fault     string    // why there is no document
	confirmed bool      // the clerk saw that the portrait of a photo is the document's
	held      bool      // a check runs: nothing may change
	scan      scans.News

	reader *kit.Task // reads the zone of what is shown
	readOf readOf
	read   *read  // what was read; nil: it is not known yet
	name   string // that stands in the form
}

// New makes the half, empty.
func New(p kit.Parts, desk Desk, hooks Hooks) *Side {
	d := &Side{Parts: p, desk: desk, hooks: hooks, search: kit.NewTask(p.Work, nil), reader: kit.NewTask(p.Work, nil)}
	d.panel = newPanel(d)
	d.panel.update()
	return d
}

// Content is what is shown of the document.
func (d *Side) Content() fyne.CanvasObject { return d.panel }

// Chosen is what a check is made of: the page that is shown and the portrait on it.
type Chosen struct {
	File     app.Blob
	Portrait app.Portrait // without a face too: its Code says why
	Page     int          // counted through all files
	ByCamera bool         // the page is a photo by the camera
}

// Chosen is what is shown; false: there is no document.
func (d *Side) Chosen() (Chosen, bool) {
	s := d.state
	if s == nil {
		return Chosen{}, false
	}
	return Chosen{s.files[s.file].blob, s.portrait, s.page(), s.byCamera()}, true
}

// BrowseAnother lets the clerk choose another document.
func (d *Side) BrowseAnother() { d.hooks.Browse(d.Open) }

// BrowseMore lets the clerk choose one more file of the same document.
func (d *Side) BrowseMore() {
	if d.canAdd() {
		d.hooks.Browse(d.add)
	}
}

func (d *Side) canAdd() bool {
	return d.state != nil && len(d.state.files) < filesAtOnce && !d.held
}

// Open searches these items in place of the document that is shown.
func (d *Side) Open(items []Item) {
	if d.held {
		return
	}
	d.state, d.fault = nil, ""
	d.forgetRead()
	d.look(0, 0, func(ctx context.Context) (*state, error) { return searchItems(ctx, d.desk, items, nil) })
}

// add looks at more files of the same document, such as its other side.
func (d *Side) add(items []Item) {
	former := d.state
	d.look(0, 0, func(ctx context.Context) (*state, error) { return searchItems(ctx, d.desk, items, former) })
}

// Offer shows what there is to say of the scanner's folder.
func (d *Side) Offer(news scans.News) {
	d.scan = news
	d.panel.update()
}

// useScan takes the file that is offered as the document.
func (d *Side) useScan() {
	if path := d.scan.Path; path != "" && !d.held {
		d.scan = scans.News{}
		d.Open([]Item{File(path)})
	}
}

// Photo takes the camera's picture as the document.
func (d *Side) Photo() {
	source := d.hooks.Camera()
	switch {
	case d.held:
	case d.desk.HasDocumentCamera():
		d.Open([]Item{photoBy(d.desk.OpenDocumentCamera)})
	case source == nil:
		d.Clear(d.Words.T("missing.picture"))
	default:
		d.Open([]Item{photoOf(source)})
	}
}

// Turn turns the page by so many degrees clockwise, and once more for each press
// while that is looked at.
func (d *Side) Turn(degrees int) {
	if !d.hasPage() {
		return
	}
	degrees = (d.turnAsked + degrees + 360) % 360
	if degrees == 0 {
		d.cancel()
		return
	}
	d.choose(app.Choice{Turn: degrees}, -1)
}

// frame looks for the portrait in a part of the page.
func (d *Side) frame(area image.Rectangle) { d.choose(app.Choice{Area: area}, -1) }

// face takes one of the faces on the page.
func (d *Side) face(i int) {
	if d.hasPage() && i < len(d.state.faces) {
		d.choose(app.Choice{Area: d.state.faces[i]}, i)
	}
}

// NextFace takes the face after the one looked at last.
func (d *Side) NextFace() {
	if d.canNextFace() {
		d.face((d.state.at + 1) % len(d.state.faces))
	}
}

func (d *Side) choose(c app.Choice, at int) {
	if !d.hasPage() {
		return
	}
	shown := d.state
	d.look(c.Turn, 0, func(ctx context.Context) (*state, error) { return shown.choose(ctx, d.desk, c, at) })
}

// Step goes so many pages on, and further for each press while that is looked
// at.
func (d *Side) Step(by int) {
	if page := d.page() + by; d.state != nil && !d.held && page >= 1 && page <= d.state.pages() {
		shown := d.state
		d.look(0, page, func(ctx context.Context) (*state, error) { return shown.toPage(ctx, d.desk, page) })
	}
}

// page is the page shown or asked for, counted through all files; 0: none.
func (d *Side) page() int {
	switch {
	case d.state == nil:
		return 0
	case d.pageAsked > 0:
		return d.pageAsked
	}
	return d.state.page()
}

// Undo brings back what was shown before the last choice of the clerk.
func (d *Side) Undo() {
	if d.canUndo() {
		d.drop()
		d.state, d.confirmed = d.state.before, false
		d.update()
	}
}

func (d *Side) hasPage() bool {
	return d.state != nil && d.state.portrait.Page != nil && !d.held
}

func (d *Side) canUndo() bool { return d.state != nil && d.state.before != nil && !d.held }

// canNextFace says whether there is a face besides the one that is taken.
func (d *Side) canNextFace() bool {
	if !d.hasPage() {
		return false
	}
	n := len(d.state.faces)
	return n > 1 || n == 1 && d.state.portrait.Code != matcher.CodeOK
}

// look starts a search in place of the one that runs. The turn and the page that
// were asked for are kept, so that the next press counts on from them.
func (d *Side) look(turn, page int, search func(context.Context) (*state, error)) {
	if d.held {
		return
	}
	var next *state
	d.search.Start(func(ctx context.Context, _ matcher.ProgressFunc) (err error) {
		next, err = search(ctx)
		return err
	}, func(err error) { d.searched(next, err) })
	d.turnAsked, d.pageAsked = turn, page
	d.update()
}

// searched shows what a search found.
func (d *Side) searched(next *state, err error) {
	d.drop()
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
		d.readZone()
		d.hooks.Answered()
	}
	if next != nil {
		for _, bad := range next.bad {
			d.Log("document", bad)
		}
	}
	d.update()
}

// drop does without the search that runs.
func (d *Side) drop() {
	d.search.Drop()
	d.turnAsked, d.pageAsked = 0, 0
}

// cancel ends the search; what was shown before stays.
func (d *Side) cancel() {
	if d.search.Busy() {
		d.drop()
		d.update()
	}
}

// Escape drops the frame that is being drawn, else cancels the search.
func (d *Side) Escape() {
	if !d.panel.page.DropFrame() {
		d.cancel()
	}
}

// Clear forgets the document. The fault says why, where the clerk did not ask for it.
func (d *Side) Clear(fault string) {
	d.drop()
	d.state, d.fault, d.confirmed = nil, fault, false
	d.forgetRead()
	d.update()
}

// Hold keeps the document as it is while a check runs.
func (d *Side) Hold(held bool) {
	if d.held != held {
		d.held = held
		d.panel.update()
	}
}

// HideFault hides why there is no document, where the screen says the same elsewhere.
func (d *Side) HideFault(text string) {
	if d.panel.zone.fault.Text == text {
		d.panel.zone.showFault("")
	}
}

func (d *Side) confirm(confirmed bool) {
	d.confirmed = confirmed
	d.hooks.Changed()
}

func (d *Side) update() {
	d.panel.update()
	d.hooks.Changed()
}

// toConfirm says whether the clerk has to look whose face the portrait is: in a
// photo by the camera it may be that of the person in front of it.
func (d *Side) toConfirm() bool {
	return d.state != nil && d.state.byCamera() && d.state.portrait.Code == matcher.CodeOK
}

// Missing says what the document still needs for a check; empty: nothing.
func (d *Side) Missing() string {
	switch {
	case d.search.Busy():
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
