package document

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

const (
	notesRoom  = 96 // for four lines about what was found
	notesLeast = 48 // for two, where there is much else
)

// panel shows where to put a document, then that a search runs, then what was found and
// the buttons that correct it. It shows the state of a Side and decides nothing.
type panel struct {
	widget.BaseWidget
	side *Side
	of   *state // what is shown

	zone *dropZone // while there is no document

	looking *fyne.Container // while the first page of one is looked for
	bar     *kit.MovingBar
	cancel  *kit.Button

	shown                   *fyne.Container // what was found
	page                    *kit.PageView
	crop                    *canvas.Image
	none                    *widget.Label // in the crop's place
	left, right, next, undo *kit.Button
	notes                   *widget.RichText
	fields                  *fieldsForm
	busy                    *fyne.Container // in the notes' place, while a search runs
	busyBar                 *kit.MovingBar
	busyCancel              *kit.Button
	confirm                 *kit.Check
	confirming              *fyne.Container
	pages                   *fyne.Container
	back, forth             *kit.Button
	place                   *widget.Label
	another, photo, add     *kit.Button

	offer *fyne.Container // of a new scan; above all the others
	scan  *widget.Label
	use   *kit.Button
}

func newPanel(side *Side) *panel {
	p := &panel{side: side}
	w, keys := side.Words, side.Keys

	p.zone = newDropZone(w,
		keys.Button(w.T("drop.browse"), theme.FolderOpenIcon(), side.BrowseAnother),
		keys.Button(w.T("drop.photo"), theme.MediaPhotoIcon(), side.Photo))

	p.bar = kit.NewMovingBar(side.Parts)
	p.cancel = keys.Button(w.T("button.cancel"), theme.CancelIcon(), side.cancel)
	p.looking = container.NewPadded(container.New(kit.Middle{}, container.NewVBox(
		widget.NewLabelWithStyle(w.T("drop.looking"), fyne.TextAlignCenter, fyne.TextStyle{Bold: true}),
		p.bar, container.NewCenter(p.cancel),
	)))

	p.left = keys.Button(w.T("page.left"), theme.MediaReplayIcon(), func() { side.Turn(-90) })
	p.right = keys.Button(w.T("page.right"), theme.ViewRefreshIcon(), func() { side.Turn(90) })
	p.next = keys.Button(w.T("page.next_face"), theme.AccountIcon(), side.NextFace)
	p.undo = keys.Button(w.T("page.undo"), theme.ContentUndoIcon(), side.Undo)

	p.page = kit.NewPageView(keys)
	p.page.OnFace, p.page.OnFrame = side.face, side.frame
	p.page.OnFocus = func(bool) { p.writeNotes() }
	p.crop = draw.NewPicture(nil)
	p.none = kit.Centred(w.T("result.no_portrait"))

	p.notes = widget.NewRichText()
	p.notes.Wrapping = fyne.TextWrapWord
	p.busyBar = kit.NewMovingBar(side.Parts)
	p.busyCancel = keys.Button(w.T("button.cancel"), theme.CancelIcon(), side.cancel)
	p.busy = container.NewVBox(kit.Bold(w.T("drop.looking")), container.NewBorder(nil, nil, nil, p.busyCancel, p.busyBar))

	p.confirm = keys.Check("", side.confirm)
	p.confirming = container.NewBorder(nil, nil, container.NewVBox(p.confirm), nil,
		kit.NewTapLabel(w.T("photo.confirm"), func() {
			if !p.confirm.Disabled() {
				p.confirm.SetChecked(!p.confirm.Checked)
			}
		}))

	p.back = keys.Button(w.T("page.back"), theme.NavigateBackIcon(), func() { side.Step(-1) })
	p.forth = keys.Button(w.T("page.forth"), theme.NavigateNextIcon(), func() { side.Step(1) })
	p.place = widget.NewLabelWithStyle("", fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	p.pages = container.NewBorder(nil, nil, p.back, p.forth, p.place)

	p.another = keys.Button(w.T("drop.another"), theme.FolderOpenIcon(), side.BrowseAnother)
	p.photo = keys.Button(w.T("page.photo"), theme.MediaPhotoIcon(), side.Photo)
	p.add = keys.Button(w.T("drop.add"), theme.ContentAddIcon(), side.BrowseMore)

	p.fields = newFieldsForm(side.Parts)
	words := container.NewVScroll(p.notes)
	p.shown = container.New(foundLayout{notes: p.notes},
		container.NewHBox(p.left, p.right, p.next, p.undo),
		container.New(beside{2, 1}, p.page, container.NewStack(p.crop, container.New(kit.Middle{}, p.none))),
		container.NewStack(words, p.busy),
		p.fields.content, p.confirming, p.pages,
		container.NewHBox(p.another, p.photo, p.add),
	)
	p.scan = widget.NewLabel("")
	p.scan.Truncation = fyne.TextTruncateEllipsis
	p.scan.TextStyle.Bold = true
	p.use = keys.Button(w.T("scan.use"), theme.DocumentIcon(), side.useScan)
	p.offer = container.NewBorder(nil, nil, nil, p.use, p.scan)
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer is part of fyne.Widget.
func (p *panel) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(
		container.NewBorder(p.offer, nil, nil, nil, container.NewStack(p.zone, p.looking, p.shown)),
	)
}

// update brings the panel in line with the side.
func (p *panel) update() {
	side := p.side
	looking := side.search.Busy()
	kit.SetVisible(p.zone, side.state == nil && !looking)
	kit.SetVisible(p.looking, side.state == nil && looking)
	kit.SetVisible(p.shown, side.state != nil)
	p.bar.Run(side.state == nil && looking)
	p.busyBar.Run(side.state != nil && looking)
	p.zone.showFault(side.fault)
	p.showOffer()
	for _, b := range []*kit.Button{p.zone.browse, p.zone.photo, p.another, p.photo} {
		kit.Enable(b, !side.held)
	}
	if side.state != nil {
		p.show(side.state, looking)
	} else if p.of != nil {
		p.of = nil
		p.page.Set(image.Point{}, nil, nil, -1) // nothing of the last person stays
		p.crop.Image = nil
		p.notes.Segments = nil
	}
	p.rescueFocus()
}

// showOffer shows the new scan, or why the scanner's folder cannot be read.
func (p *panel) showOffer() {
	scan := p.side.scan
	text, importance := "", widget.MediumImportance
	switch {
	case scan.Problem != nil:
		text, importance = p.side.Words.ProblemText(scan.Problem), widget.WarningImportance
	case scan.Name != "":
		text = p.side.Words.T("scan.new", "Name", scan.Name)
	}
	kit.SetVisible(p.use, scan.Name != "")
	kit.Enable(p.use, !p.side.held)
	if p.scan.Text != text || p.scan.Importance != importance {
		p.scan.Importance = importance
		p.scan.SetText(text)
	}
	kit.SetVisible(p.offer, text != "")
}

func (p *panel) show(s *state, looking bool) {
	side, w := p.side, p.side.Words
	for b, on := range map[*kit.Button]bool{
		p.left: side.hasPage(), p.right: side.hasPage(), p.next: side.canNextFace(), p.undo: side.canUndo(),
		p.add:  side.canAdd(),
		p.back: !side.held && side.page() > 1, p.forth: !side.held && side.page() < s.pages(),
	} {
		kit.Enable(b, on)
	}
	kit.Enable(p.page, side.hasPage())
	kit.Enable(p.confirm, !side.held)
	for _, c := range p.fields.cells {
		kit.Enable(c.entry, !side.held)
	}

	if p.of != s {
		size := image.Point{}
		if s.portrait.Page != nil {
			size = s.portrait.Page.Rect.Size()
		}
		p.page.Set(size, s.small, s.faces, s.chosen())
		p.crop.Image = draw.ToImage(s.portrait.Image)
		p.crop.Refresh()
		p.of = s
	}
	kit.SetVisible(p.crop, s.portrait.Image != nil)
	kit.SetVisible(p.none, s.portrait.Image == nil)
	kit.SetVisible(p.confirming, side.toConfirm())
	if p.confirm.Checked != side.confirmed {
		p.confirm.SetChecked(side.confirmed)
	}
	kit.SetVisible(p.pages, s.pages() > 1)
	p.place.SetText(w.T("page.place", "Number", side.page(), "Of", s.pages()))
	kit.SetVisible(p.busy, looking)
	kit.SetVisible(p.notes, !looking)
	p.writeNotes()
	p.shown.Refresh()
}

// writeNotes writes what was found, in words.
func (p *panel) writeNotes() {
	if p.side.state == nil {
		return
	}
	var segments []widget.RichTextSegment
	notes := append(readNotes(p.side.Words, p.side.read, p.side.name),
		notesFor(p.side.Words, p.side.state, p.page.Focused)...)
	for _, n := range notes {
		style := widget.RichTextStyleParagraph
		style.ColorName = n.color
		segments = append(segments, &widget.TextSegment{Text: n.text, Style: style})
	}
	p.notes.Segments = segments
	p.notes.Refresh()
	p.shown.Refresh()
}

// rescueFocus takes the keys away from what is hidden now: they would go on
// pressing it unseen.
func (p *panel) rescueFocus() {
	focused, ok := p.side.Focused().(fyne.CanvasObject)
	if !ok {
		return
	}
	var fields []fyne.CanvasObject
	for _, c := range p.fields.cells {
		fields = append(fields, c.entry)
	}
	for _, group := range []struct {
		of      fyne.CanvasObject
		members []fyne.CanvasObject
	}{
		{p.offer, []fyne.CanvasObject{p.use}},
		{p.zone, []fyne.CanvasObject{p.zone.browse, p.zone.photo}},
		{p.looking, []fyne.CanvasObject{p.cancel}},
		{p.shown, []fyne.CanvasObject{p.left, p.right, p.next, p.undo, p.page, p.another, p.photo, p.add}},
		{p.busy, []fyne.CanvasObject{p.busyCancel}},
		{p.confirming, []fyne.CanvasObject{p.confirm}},
		{p.fields.content, fields},
		{p.pages, []fyne.CanvasObject{p.back, p.forth}},
	} {
		for _, member := range group.members {
			if member != focused || group.of.Visible() && p.shownAlong(group.of) {
				continue
			}
			p.side.Focus(p.first())
			return
		}
	}
}

// shownAlong says whether what holds a group is shown too.
func (p *panel) shownAlong(group fyne.CanvasObject) bool {
	return group == p.zone || group == p.looking || group == p.offer || p.shown.Visible()
}

// first is where the keys go when what had them is gone.
func (p *panel) first() fyne.Focusable {
	switch {
	case p.zone.Visible():
		return p.zone.browse
	case p.looking.Visible():
		return p.cancel
	}
	return p.another // not the tick: a space bar held down must not set it
}

// foundLayout lays out what was found: tools, pictures, words, what was read, the tick for a
// photo, pages, and the ways to another document. The words keep room for a few
// lines, so that the pictures rarely change their size, and leave the pictures
// enough to be judged.
type foundLayout struct{ notes *widget.RichText }

// MinSize is part of fyne.Layout.
func (foundLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(0, -theme.Padding())
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		least := o.MinSize()
		if i == 2 {
			least.Height = notesLeast
		}
		size.Height += least.Height + theme.Padding()
		size.Width = max(size.Width, least.Width)
	}
	return size
}

// Layout is part of fyne.Layout.
func (l foundLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.notes.Resize(fyne.NewSize(size.Width, l.notes.MinSize().Height)) // so that its lines are known
	room := size.Height + theme.Padding()
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		room -= theme.Padding()
		if i != 1 && i != 2 {
			room -= o.MinSize().Height
		}
	}
	words := max(notesLeast, min(max(notesRoom, l.notes.MinSize().Height), room-objects[1].MinSize().Height))
	y := float32(0)
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		height := o.MinSize().Height
		switch i {
		case 1:
			height = room - words
		case 2:
			height = words
		}
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(size.Width, height))
		y += height + theme.Padding()
	}
}

// beside lays objects out side by side in these shares of the width.
type beside []float32

// MinSize is part of fyne.Layout.
func (b beside) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(240, 140) }

// Layout is part of fyne.Layout.
func (b beside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	sum, gap := float32(0), theme.Padding()
	for i := range objects {
		sum += b[i]
	}
	room, x := size.Width-gap*float32(len(objects)-1), float32(0)
	for i, o := range objects {
		width := room * b[i] / sum
		o.Move(fyne.NewPos(x, 0))
		o.Resize(fyne.NewSize(width, size.Height))
		x += width + gap
	}
}
