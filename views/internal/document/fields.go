package document

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
	"facematch/views/internal/kit"
)

// read is what was read of a document; its reading is empty where there is no zone.
type read struct {
	zone    app.Zone
	reading history.Reading
}

// there says whether there is anything to show.
func (r *read) there() bool { return r != nil && r.reading.MRZ.Type != "" }

func (r *read) expired() bool {
	return r.there() && r.reading.MRZ.Expired != nil && *r.reading.MRZ.Expired
}

// readOf says what is being read, or was: a page among so many files.
type readOf struct{ file, number, files int }

// readZone reads the machine-readable zone of what is shown, unless that was read before:
// of the page that is shown or, where it has none, of the document's other files, such as
// the back of a card.
func (d *Side) readZone() {
	s := d.state
	of := readOf{s.file, s.number, len(s.files)}
	if d.readOf == of {
		return
	}
	d.forgetRead()
	d.readOf = of
	var found read
	d.reader.Start(func(ctx context.Context, _ matcher.ProgressFunc) error {
		var err error
		found.zone, found.reading, err = d.desk.Read(ctx, s.files[s.file].blob, s.portrait)
		for i := 0; i < len(s.files) && err == nil && !found.there(); i++ {
			if i != s.file {
				found.zone, found.reading, err = d.desk.Read(ctx, s.files[i].blob, app.Portrait{})
			}
		}
		return err
	}, func(err error) {
		d.Log("document not read", err) // which hides no portrait
		d.read = &found
		d.panel.fields.fill(found)
		d.panel.update()
		d.hooks.Read()
	})
}

// forgetRead forgets what was read, and what is being read.
func (d *Side) forgetRead() {
	d.reader.Drop()
	d.read, d.readOf = nil, readOf{}
	d.panel.fields.fill(read{})
}

// Reading is what was read of the document, as the clerk left it; nil: it is not known yet.
// It is empty where there is no zone.
func (d *Side) Reading() *history.Reading {
	if d.read == nil {
		return nil
	}
	r := d.read.reading
	if d.read.there() {
		r.Fields.Birth, r.Fields.Nationality, r.Fields.Number, r.MRZ.Edited = d.panel.fields.typed()
	}
	return &r
}

// Typed tells the document the name that stands in the form.
func (d *Side) Typed(name string) {
	if d.name != name {
		d.name = name
		d.panel.writeNotes()
	}
}

// readNotes are the sentences about what was read, what matters most first.
func readNotes(w kit.Words, r *read, name string) []note {
	if !r.there() {
		return nil
	}
	var notes []note
	if r.expired() {
		notes = append(notes, note{w.T("fields.expired", "Day", r.zone.Expiry.Value), theme.ColorNameError})
	}
	if name != "" && r.reading.Fields.Name != "" && !r.zone.Names(name) {
		notes = append(notes, note{w.T("fields.differs", "Name", r.reading.Fields.Name), theme.ColorNameWarning})
	}
	if r.reading.Minor {
		notes = append(notes, note{w.T("fields.minor", "Day", r.zone.Birth.Value), theme.ColorNameWarning})
	}
	if at, err := time.Parse(time.DateOnly, r.zone.Birth.Value); err == nil && r.zone.Birth.Either {
		notes = append(notes, note{
			w.T("fields.either", "Year", at.Year(), "Earlier", at.Year()-100), theme.ColorNameWarning,
		})
	}
	return notes
}

// fieldsForm shows what was read: the name as it stands on the document, and the other
// fields to be put right. Each is marked.
type fieldsForm struct {
	content *fyne.Container
	name    *widget.Label
	named   *mark
	cells   []*fieldCell
}

// fieldCell is one field, with its mark below it.
type fieldCell struct {
	entry  *kit.Entry
	mark   *mark
	was    string // as it was read
	proven bool
}

const (
	cellBirth = iota
	cellNationality
	cellNumber
	cellExpiry
)

func newFieldsForm(p kit.Parts) *fieldsForm {
	t := p.Words.T
	f := &fieldsForm{name: widget.NewLabelWithStyle("", fyne.TextAlignLeading, fyne.TextStyle{Bold: true}),
		named: newMark(p.Words)}
	f.name.Truncation = fyne.TextTruncateEllipsis
	f.name.Selectable = true
	cells := container.NewGridWithColumns(4)
	for _, key := range []string{"fields.birth", "fields.nationality", "fields.number", "fields.expiry"} {
		c := &fieldCell{mark: newMark(p.Words)}
		c.entry = p.Keys.Entry(func(string) { c.show() })
		f.cells = append(f.cells, c)
		cells.Add(container.New(layout.NewCustomPaddedVBoxLayout(1), snugly(caption(t(key))), c.entry, c.mark.content))
	}
	f.content = container.New(layout.NewCustomPaddedVBoxLayout(2),
		snugly(caption(t("fields.title"))),
		container.NewBorder(nil, nil, nil, f.named.content, snugly(f.name)),
		cells,
	)
	f.content.Hide()
	return f
}

// fill shows what was read.
func (f *fieldsForm) fill(r read) {
	z := r.zone
	f.name.SetText(r.reading.Fields.Name)
	f.named.show(markOf(r.reading.Fields.Name, false, false))
	birth := z.Birth.ZoneField
	birth.Proven = birth.Proven && !z.Birth.Either
	for i, field := range []matcher.ZoneField{birth, z.Nationality, z.Number, z.Expiry.ZoneField} {
		c := f.cells[i]
		c.was, c.proven = field.Value, field.Proven
		c.entry.SetText(field.Value)
		c.show()
	}
	kit.SetVisible(f.content, r.there())
}

// typed gives the fields that are recorded, and whether any was changed.
func (f *fieldsForm) typed() (birth, nationality, number string, edited bool) {
	for _, c := range f.cells {
		edited = edited || c.text() != c.was
	}
	return f.cells[cellBirth].text(), f.cells[cellNationality].text(), f.cells[cellNumber].text(), edited
}

func (c *fieldCell) text() string { return strings.TrimSpace(c.entry.Text) }

func (c *fieldCell) show() { c.mark.show(markOf(c.text(), c.proven, c.text() != c.was)) }

// marking is how sure a field is.
type marking string

const (
	markProven  marking = "fields.proven"
	markCompare marking = "fields.compare"
	markChanged marking = "fields.changed"
	markNone    marking = "fields.none" // not read
)

func markOf(value string, proven, changed bool) marking {
	switch {
	case changed:
		return markChanged
	case value == "":
		return markNone
	case proven:
		return markProven
	}
	return markCompare
}

// mark says in a word and a sign how sure a field is.
type mark struct {
	words   kit.Words
	icon    *widget.Icon
	word    *widget.Label
	content *fyne.Container
}

func newMark(words kit.Words) *mark {
	m := &mark{words: words, icon: widget.NewIcon(nil), word: caption("")}
	m.content = container.NewHBox(container.NewGridWrap(fyne.NewSquareSize(theme.IconInlineSize()*markShare), m.icon),
		snugly(m.word))
	return m
}

// markShare is the size of a mark's sign, as a share of an icon in a button.
const markShare = 0.75

func (m *mark) show(as marking) {
	icon, importance := fyne.Resource(nil), widget.LowImportance
	switch as {
	case markProven:
		icon, importance = theme.NewSuccessThemedResource(theme.ConfirmIcon()), widget.SuccessImportance
	case markCompare:
		icon, importance = theme.NewWarningThemedResource(theme.WarningIcon()), widget.WarningImportance
	case markChanged:
		icon, importance = theme.DocumentCreateIcon(), widget.MediumImportance
	}
	m.icon.SetResource(icon)
	kit.Say(m.word, m.words.T(string(as)), importance)
}

// caption is a small text.
func caption(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.SizeName = theme.SizeNameCaptionText
	return l
}

// snugly is a label without the space around it.
func snugly(l *widget.Label) *fyne.Container { return container.New(snug{}, l) }

type snug struct{}

// MinSize is part of fyne.Layout.
func (snug) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().SubtractWidthHeight(2*theme.InnerPadding(), 2*theme.InnerPadding())
}

// Layout is part of fyne.Layout.
func (snug) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(-theme.InnerPadding(), -theme.InnerPadding()))
	objects[0].Resize(size.AddWidthHeight(2*theme.InnerPadding(), 2*theme.InnerPadding()))
}
