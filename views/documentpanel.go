package views

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// documentPanel shows where to put a document, then that it is looked at, then
// what was found on it and all that a clerk can say about that. It follows a
// documentSide and decides nothing.
type documentPanel struct {
	widget.BaseWidget
	side *documentSide
	of   *documentState // what is shown

	zone *dropZone // while there is no document

	looking *fyne.Container // while the first page of one is looked for
	bar     *movingBar
	cancel  *button

	shown                   *fyne.Container // what was found
	page                    *pageView
	crop                    *canvas.Image
	none                    *widget.Label // in the crop's place
	left, right, next, undo *button
	notes                   *widget.RichText
	busy                    *fyne.Container // in the notes' place, while a search runs
	busyBar                 *movingBar
	busyCancel              *button
	confirm                 *check
	confirming              *fyne.Container
	pages                   *fyne.Container
	back, forth             *button
	place                   *widget.Label
	another, photo, add     *button
}

func newDocumentPanel(side *documentSide) *documentPanel {
	p := &documentPanel{side: side}
	w, keys := side.words, side.keys

	p.zone = newDropZone(w,
		keys.button(w.T("drop.browse"), theme.FolderOpenIcon(), side.browseAnother),
		keys.button(w.T("drop.photo"), theme.MediaPhotoIcon(), side.photo))

	p.bar = newMovingBar(side.parts)
	p.cancel = keys.button(w.T("button.cancel"), theme.CancelIcon(), side.cancel)
	p.looking = container.NewPadded(container.New(middle{}, container.NewVBox(
		widget.NewLabelWithStyle(w.T("drop.looking"), fyne.TextAlignCenter, fyne.TextStyle{Bold: true}),
		p.bar, container.NewCenter(p.cancel),
	)))

	p.left = keys.button(w.T("page.left"), theme.MediaReplayIcon(), func() { side.turn(-90) })
	p.right = keys.button(w.T("page.right"), theme.ViewRefreshIcon(), func() { side.turn(90) })
	p.next = keys.button(w.T("page.next_face"), theme.AccountIcon(), side.nextFace)
	p.undo = keys.button(w.T("page.undo"), theme.ContentUndoIcon(), side.undo)

	p.page = newPageView(keys)
	p.page.OnFace, p.page.OnFrame = side.face, side.frame
	p.page.OnFocus = func(bool) { p.say() }
	p.crop = newPicture(nil)
	p.none = centred(w.T("result.no_portrait"))

	p.notes = widget.NewRichText()
	p.notes.Wrapping = fyne.TextWrapWord
	p.busyBar = newMovingBar(side.parts)
	p.busyCancel = keys.button(w.T("button.cancel"), theme.CancelIcon(), side.cancel)
	p.busy = container.NewVBox(bold(w.T("drop.looking")), container.NewBorder(nil, nil, nil, p.busyCancel, p.busyBar))

	p.confirm = keys.check("", side.confirm)
	p.confirming = container.NewBorder(nil, nil, container.NewVBox(p.confirm), nil,
		newTapLabel(w.T("photo.confirm"), func() {
			if !p.confirm.Disabled() {
				p.confirm.SetChecked(!p.confirm.Checked)
			}
		}))

	p.back = keys.button(w.T("page.back"), theme.NavigateBackIcon(), func() { side.step(-1) })
	p.forth = keys.button(w.T("page.forth"), theme.NavigateNextIcon(), func() { side.step(1) })
	p.place = widget.NewLabelWithStyle("", fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	p.pages = container.NewBorder(nil, nil, p.back, p.forth, p.place)

	p.another = keys.button(w.T("drop.another"), theme.FolderOpenIcon(), side.browseAnother)
	p.photo = keys.button(w.T("drop.photo"), theme.MediaPhotoIcon(), side.photo)
	p.add = keys.button(w.T("drop.add"), theme.ContentAddIcon(), side.browseMore)

	words := container.NewVScroll(p.notes)
	p.shown = container.New(foundLayout{notes: p.notes},
		container.NewHBox(p.left, p.right, p.next, p.undo),
		container.New(beside{2, 1}, p.page, container.NewStack(p.crop, container.New(middle{}, p.none))),
		container.NewStack(words, p.busy),
		p.confirming, p.pages,
		container.NewHBox(p.another, p.photo, p.add),
	)
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer is part of fyne.Widget.
func (p *documentPanel) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(p.zone, p.looking, p.shown))
}

// update brings the panel in line with the side.
func (p *documentPanel) update() {
	side := p.side
	looking := side.looking != nil
	visible(p.zone, side.state == nil && !looking)
	visible(p.looking, side.state == nil && looking)
	visible(p.shown, side.state != nil)
	p.bar.run(side.state == nil && looking)
	p.busyBar.run(side.state != nil && looking)
	p.zone.say(side.fault)
	for _, b := range []*button{p.zone.browse, p.zone.photo, p.another, p.photo} {
		enable(b, !side.held)
	}
	if side.state != nil {
		p.show(side.state, looking)
	} else if p.of != nil {
		p.of = nil
		p.page.set(image.Point{}, nil, nil, -1) // nothing of the last person stays
		p.crop.Image = nil
		p.notes.Segments = nil
	}
	p.rescueFocus()
}

func (p *documentPanel) show(s *documentState, looking bool) {
	side, w := p.side, p.side.words
	for b, on := range map[*button]bool{
		p.left: side.hasPage(), p.right: side.hasPage(), p.next: side.canNextFace(), p.undo: side.canUndo(),
		p.add:  side.canAdd(),
		p.back: !side.held && side.page() > 1, p.forth: !side.held && side.page() < s.pages(),
	} {
		enable(b, on)
	}
	enable(p.page, side.hasPage())
	enable(p.confirm, !side.held)

	if p.of != s {
		size := image.Point{}
		if s.portrait.Page != nil {
			size = s.portrait.Page.Rect.Size()
		}
		p.page.set(size, s.small, s.faces, s.chosen())
		p.crop.Image = toImage(s.portrait.Image)
		p.crop.Refresh()
		p.of = s
	}
	visible(p.crop, s.portrait.Image != nil)
	visible(p.none, s.portrait.Image == nil)
	visible(p.confirming, side.toConfirm())
	if p.confirm.Checked != side.confirmed {
		p.confirm.SetChecked(side.confirmed)
	}
	visible(p.pages, s.pages() > 1)
	p.place.SetText(w.T("page.place", "Number", side.page(), "Of", s.pages()))
	visible(p.busy, looking)
	visible(p.notes, !looking)
	p.say()
	p.shown.Refresh()
}

// say writes what was found, in words.
func (p *documentPanel) say() {
	if p.side.state == nil {
		return
	}
	var segments []widget.RichTextSegment
	for _, n := range documentNotes(p.side.words, p.side.state, p.page.focused) {
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
func (p *documentPanel) rescueFocus() {
	focused, ok := p.side.focused().(fyne.CanvasObject)
	if !ok {
		return
	}
	for _, group := range []struct {
		of      fyne.CanvasObject
		members []fyne.CanvasObject
	}{
		{p.zone, []fyne.CanvasObject{p.zone.browse, p.zone.photo}},
		{p.looking, []fyne.CanvasObject{p.cancel}},
		{p.shown, []fyne.CanvasObject{p.left, p.right, p.next, p.undo, p.page, p.another, p.photo, p.add}},
		{p.busy, []fyne.CanvasObject{p.busyCancel}},
		{p.confirming, []fyne.CanvasObject{p.confirm}},
		{p.pages, []fyne.CanvasObject{p.back, p.forth}},
	} {
		for _, member := range group.members {
			if member != focused || group.of.Visible() && p.shownAlong(group.of) {
				continue
			}
			p.side.focus(p.first())
			return
		}
	}
}

// shownAlong says whether what holds a group is shown too.
func (p *documentPanel) shownAlong(group fyne.CanvasObject) bool {
	return group == p.zone || group == p.looking || p.shown.Visible()
}

// first is where the keys go when what had them is gone.
func (p *documentPanel) first() fyne.Focusable {
	switch {
	case p.zone.Visible():
		return p.zone.browse
	case p.looking.Visible():
		return p.cancel
	}
	return p.another // not the tick: a space bar held down must not set it
}

func visible(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}

// toImage keeps no picture from becoming a picture that is none.
func toImage(picture *image.RGBA) image.Image {
	if picture == nil {
		return nil
	}
	return picture
}

// newPicture shows a picture that stays.
func newPicture(picture *image.RGBA) *canvas.Image {
	return &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest, Image: toImage(picture)}
}

// foundLayout lays out what was found: tools, pictures, words, the tick for a
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
