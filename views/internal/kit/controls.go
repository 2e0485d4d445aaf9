package kit

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Controls makes the widgets that take the keyboard. Fyne gives a plain key to
// the focused widget only and has no menu shortcut without a modifier, so each
// of them passes Escape on. Each also reports that it is used, because Fyne
// does not report that for a window as a whole.
type Controls struct {
	Escape  func()
	Used    func()   // may be nil
	Secrets []*Entry // fields for passphrases, to be emptied
}

// Wipe empties the fields for passphrases.
func (c *Controls) Wipe() {
	for _, e := range c.Secrets {
		e.SetText("")
	}
}

// Forget lets go of fields for passphrases whose dialog is closed.
func (c *Controls) Forget(gone ...*Entry) {
	c.Secrets = slices.DeleteFunc(c.Secrets, func(e *Entry) bool { return slices.Contains(gone, e) })
}

// Touch reports that a control is used.
func (c *Controls) Touch() {
	if c.Used != nil {
		c.Used()
	}
}

// HandleEscape reports a key, and says whether it was Escape, which it passes on.
func (c *Controls) HandleEscape(key *fyne.KeyEvent) bool {
	c.Touch()
	if key.Name == fyne.KeyEscape {
		c.Escape()
		return true
	}
	return false
}

// Button is a button that Return presses too. It takes one press of a key for
// one, and only where the press began here: of a key held down, Fyne sends the
// repeats to whatever has the focus by then.
type Button struct {
	widget.Button
	keys      *Controls
	down      fyne.KeyName // pressed here and not yet acted upon
	OnFocused func()       // called when the keys come here; may be nil
}

var _ desktop.Keyable = (*Button)(nil)

// Button makes a button.
func (c *Controls) Button(label string, icon fyne.Resource, tapped func()) *Button {
	b := &Button{keys: c}
	b.Text, b.Icon, b.OnTapped = label, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// KeyDown is part of desktop.Keyable.
func (b *Button) KeyDown(key *fyne.KeyEvent) {
	b.keys.Touch()
	b.down = key.Name
}

// MouseMoved is part of desktop.Hoverable.
func (b *Button) MouseMoved(e *desktop.MouseEvent) {
	b.keys.Touch()
	b.Button.MouseMoved(e)
}

// Tapped is part of fyne.Tappable.
func (b *Button) Tapped(e *fyne.PointEvent) {
	b.keys.Touch()
	b.Button.Tapped(e)
}

// KeyUp is part of desktop.Keyable.
func (b *Button) KeyUp(*fyne.KeyEvent) { b.down = "" }

// FocusGained is part of fyne.Focusable.
func (b *Button) FocusGained() {
	b.Button.FocusGained()
	if b.OnFocused != nil {
		b.OnFocused()
	}
}

// FocusLost is part of fyne.Focusable.
func (b *Button) FocusLost() {
	b.down = ""
	b.Button.FocusLost()
}

// TypedKey is part of fyne.Focusable.
func (b *Button) TypedKey(key *fyne.KeyEvent) {
	if b.keys.HandleEscape(key) || b.down != key.Name {
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

// Enable enables or disables a control.
func Enable(w fyne.Disableable, on bool) {
	switch {
	case on && w.Disabled():
		w.Enable()
	case !on && !w.Disabled():
		w.Disable()
	}
}

// Entry is a text field in which Tab goes on to the next field, even where it
// has several lines: else the keyboard could not leave it.
type Entry struct {
	widget.Entry
	keys    *Controls
	showBox *Check // of a passphrase: shows it
}

// Entry makes a field of one line.
func (c *Controls) Entry(changed func(string)) *Entry {
	e := &Entry{keys: c}
	e.OnChanged = changed
	e.ExtendBaseWidget(e)
	return e
}

// Text makes a field of several lines.
func (c *Controls) Text(rows int, changed func(string)) *Entry {
	e := c.Entry(changed)
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapOff
	e.TextStyle.Monospace = true
	e.SetMinRowsVisible(rows)
	return e
}

// Note makes a field of several lines for sentences.
func (c *Controls) Note(rows int, changed func(string)) *Entry {
	e := c.Text(rows, changed)
	e.Wrapping = fyne.TextWrapWord
	e.TextStyle.Monospace = false
	return e
}

// Password makes a field whose text is hidden, with an eye for the mouse that
// shows it. Tab passes the eye by, so that the next key typed is not lost there; for
// the keys there is shower.
func (c *Controls) Password(changed func(string)) *Entry {
	e := c.Entry(changed)
	e.Password = true
	e.ActionItem = newTapIcon(theme.VisibilityOffIcon(), func() { e.showBox.SetChecked(e.Password) })
	e.showBox = c.Check("", e.reveal)
	c.Secrets = append(c.Secrets, e)
	return e
}

// reveal shows what is typed, or hides it.
func (e *Entry) reveal(shown bool) {
	icon := theme.VisibilityOffIcon()
	if shown {
		icon = theme.VisibilityIcon()
	}
	e.Password = !shown
	e.ActionItem.(*TapIcon).icon.SetResource(icon)
	e.Refresh()
}

// ShowBox is a box that shows what is typed into these fields.
func (c *Controls) ShowBox(label string, fields ...*Entry) *Check {
	all := c.Check(label, func(shown bool) {
		for _, e := range fields {
			e.reveal(shown)
		}
	})
	for _, e := range fields {
		e.showBox = all
	}
	return all
}

// KeyDown is part of desktop.Keyable.
func (e *Entry) KeyDown(key *fyne.KeyEvent) {
	e.keys.Touch()
	e.Entry.KeyDown(key)
}

// MouseDown is part of desktop.Mouseable.
func (e *Entry) MouseDown(m *desktop.MouseEvent) {
	e.keys.Touch()
	e.Entry.MouseDown(m)
}

// AcceptsTab is part of fyne.Tabbable.
func (e *Entry) AcceptsTab() bool { return false }

// TypedKey is part of fyne.Focusable.
func (e *Entry) TypedKey(key *fyne.KeyEvent) {
	if !e.keys.HandleEscape(key) {
		e.Entry.TypedKey(key)
	}
}

// Combo is a field to type into, with a list to choose from: the arrow in it, or
// the arrow key down, opens it.
type Combo struct {
	widget.SelectEntry
	keys *Controls
	open func()
}

// Combo makes a field with a list.
func (c *Controls) Combo(changed func(string)) *Combo {
	e := &Combo{keys: c}
	e.OnChanged = changed
	e.Scroll = fyne.ScrollNone
	e.ExtendBaseWidget(e)
	e.SetOptions(nil)
	// Tab would stop at Fyne's own arrow, on the way from a name to a passphrase.
	e.open = e.ActionItem.(*widget.Button).OnTapped
	e.ActionItem = newTapIcon(theme.MenuDropDownIcon(), e.open)
	return e
}

// TapIcon is a picture in a field that can be clicked, and that Tab passes by.
type TapIcon struct {
	widget.BaseWidget
	icon   *widget.Icon
	tapped func()
}

func newTapIcon(icon fyne.Resource, tapped func()) *TapIcon {
	i := &TapIcon{icon: widget.NewIcon(icon), tapped: tapped}
	i.ExtendBaseWidget(i)
	return i
}

// CreateRenderer is part of fyne.Widget.
func (i *TapIcon) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewPadded(container.NewCenter(i.icon)))
}

// Tapped is part of fyne.Tappable.
func (i *TapIcon) Tapped(*fyne.PointEvent) { i.tapped() }

// AcceptsTab is part of fyne.Tabbable.
func (e *Combo) AcceptsTab() bool { return false }

// KeyDown is part of desktop.Keyable.
func (e *Combo) KeyDown(key *fyne.KeyEvent) {
	e.keys.Touch()
	e.SelectEntry.KeyDown(key)
}

// TypedKey is part of fyne.Focusable.
func (e *Combo) TypedKey(key *fyne.KeyEvent) {
	switch {
	case e.keys.HandleEscape(key):
	case key.Name == fyne.KeyDown:
		e.open()
	default:
		e.SelectEntry.TypedKey(key)
	}
}

// Check is a checkbox.
type Check struct {
	widget.Check
	keys *Controls
}

// Check makes a checkbox.
func (c *Controls) Check(label string, changed func(bool)) *Check {
	b := &Check{keys: c}
	b.Text, b.OnChanged = label, changed
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey is part of fyne.Focusable.
func (b *Check) TypedKey(key *fyne.KeyEvent) {
	if !b.keys.HandleEscape(key) {
		b.Check.TypedKey(key)
	}
}

// MouseMoved is part of desktop.Hoverable.
func (b *Check) MouseMoved(e *desktop.MouseEvent) {
	b.keys.Touch()
	b.Check.MouseMoved(e)
}

// Tapped is part of fyne.Tappable.
func (b *Check) Tapped(e *fyne.PointEvent) {
	b.keys.Touch()
	b.Check.Tapped(e)
}

// Slider is a number between two others.
type Slider struct {
	widget.Slider
	keys *Controls
}

// Slider makes a slider of whole numbers.
func (c *Controls) Slider(from, to float64, changed func(float64)) *Slider {
	s := &Slider{keys: c}
	s.Min, s.Max, s.Step, s.OnChanged = from, to, 1, changed
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey is part of fyne.Focusable.
func (s *Slider) TypedKey(key *fyne.KeyEvent) {
	if !s.keys.HandleEscape(key) {
		s.Slider.TypedKey(key)
	}
}

// MouseMoved is part of desktop.Hoverable.
func (s *Slider) MouseMoved(e *desktop.MouseEvent) {
	s.keys.Touch()
	s.Slider.MouseMoved(e)
}

// Tapped is part of fyne.Tappable.
func (s *Slider) Tapped(e *fyne.PointEvent) {
	s.keys.Touch()
	s.Slider.Tapped(e)
}

// Choice is a list of which one is chosen.
type Choice struct {
	widget.Select
	keys *Controls
}

// Choice makes a list of which one is chosen.
func (c *Controls) Choice(changed func(string)) *Choice {
	b := &Choice{keys: c}
	b.OnChanged = changed
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey is part of fyne.Focusable.
func (c *Choice) TypedKey(key *fyne.KeyEvent) {
	if !c.keys.HandleEscape(key) {
		c.Select.TypedKey(key)
	}
}

// Tapped is part of fyne.Tappable.
func (c *Choice) Tapped(e *fyne.PointEvent) {
	c.keys.Touch()
	c.Select.Tapped(e)
}

// TapLabel is the wrapped text of a checkbox, whose own label cannot wrap.
type TapLabel struct {
	widget.Label
	tapped func()
}

// NewTapLabel makes a text that can be clicked.
func NewTapLabel(text string, tapped func()) *TapLabel {
	l := &TapLabel{tapped: tapped}
	l.Text, l.Wrapping = text, fyne.TextWrapWord
	l.ExtendBaseWidget(l)
	return l
}

// Tapped is part of fyne.Tappable.
func (l *TapLabel) Tapped(*fyne.PointEvent) { l.tapped() }

// Wrapped is a label whose lines break between words.
func Wrapped(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// Centred is a wrapped label in the middle of its place.
func Centred(text string) *widget.Label {
	l := Wrapped(text)
	l.Alignment = fyne.TextAlignCenter
	return l
}

// Small is wrapped text that explains what stands beside it.
func Small(text string) *widget.Label {
	l := Wrapped(text)
	l.SizeName = theme.SizeNameCaptionText
	return l
}

// Bold is a label in bold letters.
func Bold(text string) *widget.Label {
	return widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
}

// Say sets a label's words and how grave they are; no words hide it.
func Say(l *widget.Label, text string, importance widget.Importance) {
	l.Importance = importance
	l.SetText(text)
	if text == "" {
		l.Hide()
	} else {
		l.Show()
	}
}

// Join puts a text and its hint, which may be empty, into one paragraph.
func Join(text, hint string) string {
	if hint == "" {
		return text
	}
	return text + " " + hint
}

// SetVisible shows or hides an object.
func SetVisible(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}
