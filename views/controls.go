package views

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// controls makes the widgets that take the keyboard. Fyne gives a plain key to
// the focused widget only and has no menu shortcut without a modifier, so each
// of them passes Escape on. Each also tells when somebody uses it, because Fyne
// has no such news of a window as a whole.
type controls struct {
	escape  func()
	used    func()   // may be nil
	secrets []*entry // fields for passphrases, to be emptied
}

// wipe empties the fields for passphrases.
func (c *controls) wipe() {
	for _, e := range c.secrets {
		e.SetText("")
	}
}

// done lets go of fields for passphrases whose dialog is closed.
func (c *controls) done(gone ...*entry) {
	c.secrets = slices.DeleteFunc(c.secrets, func(e *entry) bool { return slices.Contains(gone, e) })
}

func (c *controls) stir() {
	if c.used != nil {
		c.used()
	}
}

func (c *controls) caught(key *fyne.KeyEvent) bool {
	c.stir()
	if key.Name == fyne.KeyEscape {
		c.escape()
		return true
	}
	return false
}

// button is a button that Return presses too. It takes one press of a key for
// one, and only where the press began here: of a key held down, Fyne sends the
// repeats to whatever has the focus by then.
type button struct {
	widget.Button
	keys      *controls
	down      fyne.KeyName // pressed here and not yet acted upon
	onFocused func()       // the keys come here; nil: nobody asks
}

var _ desktop.Keyable = (*button)(nil)

func (c *controls) button(label string, icon fyne.Resource, tapped func()) *button {
	b := &button{keys: c}
	b.Text, b.Icon, b.OnTapped = label, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// KeyDown is part of desktop.Keyable.
func (b *button) KeyDown(key *fyne.KeyEvent) {
	b.keys.stir()
	b.down = key.Name
}

// MouseMoved is part of desktop.Hoverable.
func (b *button) MouseMoved(e *desktop.MouseEvent) {
	b.keys.stir()
	b.Button.MouseMoved(e)
}

// Tapped is part of fyne.Tappable.
func (b *button) Tapped(e *fyne.PointEvent) {
	b.keys.stir()
	b.Button.Tapped(e)
}

// KeyUp is part of desktop.Keyable.
func (b *button) KeyUp(*fyne.KeyEvent) { b.down = "" }

// FocusGained is part of fyne.Focusable.
func (b *button) FocusGained() {
	b.Button.FocusGained()
	if b.onFocused != nil {
		b.onFocused()
	}
}

// FocusLost is part of fyne.Focusable.
func (b *button) FocusLost() {
	b.down = ""
	b.Button.FocusLost()
}

// TypedKey is part of fyne.Focusable.
func (b *button) TypedKey(key *fyne.KeyEvent) {
	if b.keys.caught(key) || b.down != key.Name {
		return
	}
	b.down = ""
	switch key.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		// Not Tapped, which takes the keys away: Next face is pressed many times.
		if !b.Disabled() {
			b.OnTapped()
		}
	}
}

func enable(w fyne.Disableable, on bool) {
	switch {
	case on && w.Disabled():
		w.Enable()
	case !on && !w.Disabled():
		w.Disable()
	}
}

// entry is a text field in which Tab goes on to the next field, even where it
// has several lines: nobody should be caught in it.
type entry struct {
	widget.Entry
	keys   *controls
	shower *check // of a passphrase: shows it
}

func (c *controls) entry(changed func(string)) *entry {
	e := &entry{keys: c}
	e.OnChanged = changed
	e.ExtendBaseWidget(e)
	return e
}

func (c *controls) text(rows int, changed func(string)) *entry {
	e := c.entry(changed)
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapOff
	e.TextStyle.Monospace = true
	e.SetMinRowsVisible(rows)
	return e
}

// password makes a field whose text is hidden, with an eye for the mouse that
// shows it. Tab passes the eye by, so that nobody who types on lands there; for
// the keys there is shower.
func (c *controls) password(changed func(string)) *entry {
	e := c.entry(changed)
	e.Password = true
	e.ActionItem = newTapIcon(theme.VisibilityOffIcon(), func() { e.shower.SetChecked(e.Password) })
	e.shower = c.check("", e.reveal)
	c.secrets = append(c.secrets, e)
	return e
}

// reveal shows what is typed, or hides it.
func (e *entry) reveal(shown bool) {
	icon := theme.VisibilityOffIcon()
	if shown {
		icon = theme.VisibilityIcon()
	}
	e.Password = !shown
	e.ActionItem.(*tapIcon).icon.SetResource(icon)
	e.Refresh()
}

// shower is a box that shows what is typed into these fields.
func (c *controls) shower(label string, fields ...*entry) *check {
	all := c.check(label, func(shown bool) {
		for _, e := range fields {
			e.reveal(shown)
		}
	})
	for _, e := range fields {
		e.shower = all
	}
	return all
}

// KeyDown is part of desktop.Keyable.
func (e *entry) KeyDown(key *fyne.KeyEvent) {
	e.keys.stir()
	e.Entry.KeyDown(key)
}

// MouseDown is part of desktop.Mouseable.
func (e *entry) MouseDown(m *desktop.MouseEvent) {
	e.keys.stir()
	e.Entry.MouseDown(m)
}

// AcceptsTab is part of fyne.Tabbable.
func (e *entry) AcceptsTab() bool { return false }

// TypedKey is part of fyne.Focusable.
func (e *entry) TypedKey(key *fyne.KeyEvent) {
	if !e.keys.caught(key) {
		e.Entry.TypedKey(key)
	}
}

// combo is a field to type into, with a list to choose from: the arrow in it, or
// the arrow key down, opens it.
type combo struct {
	widget.SelectEntry
	keys *controls
	open func()
}

func (c *controls) combo(changed func(string)) *combo {
	e := &combo{keys: c}
	e.OnChanged = changed
	e.Scroll = fyne.ScrollNone
	e.ExtendBaseWidget(e)
	e.SetOptions(nil)
	// Tab would stop at Fyne's own arrow, on the way from a name to a passphrase.
	e.open = e.ActionItem.(*widget.Button).OnTapped
	e.ActionItem = newTapIcon(theme.MenuDropDownIcon(), e.open)
	return e
}

// tapIcon is a picture in a field that can be clicked, and that Tab passes by.
type tapIcon struct {
	widget.BaseWidget
	icon   *widget.Icon
	tapped func()
}

func newTapIcon(icon fyne.Resource, tapped func()) *tapIcon {
	i := &tapIcon{icon: widget.NewIcon(icon), tapped: tapped}
	i.ExtendBaseWidget(i)
	return i
}

// CreateRenderer is part of fyne.Widget.
func (i *tapIcon) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewPadded(container.NewCenter(i.icon)))
}

// Tapped is part of fyne.Tappable.
func (i *tapIcon) Tapped(*fyne.PointEvent) { i.tapped() }

// AcceptsTab is part of fyne.Tabbable.
func (e *combo) AcceptsTab() bool { return false }

// KeyDown is part of desktop.Keyable.
func (e *combo) KeyDown(key *fyne.KeyEvent) {
	e.keys.stir()
	e.SelectEntry.KeyDown(key)
}

// TypedKey is part of fyne.Focusable.
func (e *combo) TypedKey(key *fyne.KeyEvent) {
	switch {
	case e.keys.caught(key):
	case key.Name == fyne.KeyDown:
		e.open()
	default:
		e.SelectEntry.TypedKey(key)
	}
}

// check is a checkbox.
type check struct {
	widget.Check
	keys *controls
}

func (c *controls) check(label string, changed func(bool)) *check {
	b := &check{keys: c}
	b.Text, b.OnChanged = label, changed
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey is part of fyne.Focusable.
func (b *check) TypedKey(key *fyne.KeyEvent) {
	if !b.keys.caught(key) {
		b.Check.TypedKey(key)
	}
}

// MouseMoved is part of desktop.Hoverable.
func (b *check) MouseMoved(e *desktop.MouseEvent) {
	b.keys.stir()
	b.Check.MouseMoved(e)
}

// Tapped is part of fyne.Tappable.
func (b *check) Tapped(e *fyne.PointEvent) {
	b.keys.stir()
	b.Check.Tapped(e)
}

// choice is a list of which one is chosen.
type choice struct {
	widget.Select
	keys *controls
}

func (c *controls) choice(changed func(string)) *choice {
	b := &choice{keys: c}
	b.OnChanged = changed
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey is part of fyne.Focusable.
func (c *choice) TypedKey(key *fyne.KeyEvent) {
	if !c.keys.caught(key) {
		c.Select.TypedKey(key)
	}
}

// Tapped is part of fyne.Tappable.
func (c *choice) Tapped(e *fyne.PointEvent) {
	c.keys.stir()
	c.Select.Tapped(e)
}

// tapLabel is the wrapped text of a checkbox, whose own label cannot wrap.
type tapLabel struct {
	widget.Label
	tapped func()
}

func newTapLabel(text string, tapped func()) *tapLabel {
	l := &tapLabel{tapped: tapped}
	l.Text, l.Wrapping = text, fyne.TextWrapWord
	l.ExtendBaseWidget(l)
	return l
}

// Tapped is part of fyne.Tappable.
func (l *tapLabel) Tapped(*fyne.PointEvent) { l.tapped() }

// wrapped is a label whose lines break between words.
func wrapped(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// centred is a wrapped label in the middle of its place.
func centred(text string) *widget.Label {
	l := wrapped(text)
	l.Alignment = fyne.TextAlignCenter
	return l
}

// small is wrapped text that explains what stands beside it.
func small(text string) *widget.Label {
	l := wrapped(text)
	l.SizeName = theme.SizeNameCaptionText
	return l
}

func bold(text string) *widget.Label {
	return widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
}

// say sets a label's words and how grave they are; no words hide it.
func say(l *widget.Label, text string, importance widget.Importance) {
	l.Importance = importance
	l.SetText(text)
	if text == "" {
		l.Hide()
	} else {
		l.Show()
	}
}

// join puts a text and its hint, which may be empty, into one paragraph.
func join(text, hint string) string {
	if hint == "" {
		return text
	}
	return text + " " + hint
}
