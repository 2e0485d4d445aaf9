package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// Radio is one of several things, shown as buttons beside each other. None is
// chosen at first.
type Radio struct {
	Value   string // empty: none yet
	changed func()
	Buttons map[string]*Button
	Row     *fyne.Container
}

// Radio makes a choice of values, each with its words.
func (c *Controls) Radio(values []string, words func(value string) string, changed func()) *Radio {
	ch := &Radio{changed: changed, Buttons: map[string]*Button{}, Row: container.NewHBox()}
	for _, v := range values {
		b := c.Button(words(v), theme.RadioButtonIcon(), func() {
			if ch.Value != v {
				ch.Set(v)
				ch.changed()
			}
		})
		ch.Buttons[v] = b
		ch.Row.Add(b)
	}
	return ch
}

// Enable is part of fyne.Disableable.
func (ch *Radio) Enable() { ch.able(true) }

// Disable is part of fyne.Disableable.
func (ch *Radio) Disable() { ch.able(false) }

// Disabled is part of fyne.Disableable.
func (ch *Radio) Disabled() bool {
	for _, b := range ch.Buttons {
		return b.Disabled() // all are as one is
	}
	return false
}

func (ch *Radio) able(on bool) {
	for _, b := range ch.Buttons {
		Enable(b, on)
	}
}

// Set chooses a value without calling changed.
func (ch *Radio) Set(value string) {
	ch.Value = value
	for v, b := range ch.Buttons {
		icon := theme.RadioButtonIcon()
		if v == value {
			icon = theme.RadioButtonCheckedIcon()
		}
		b.SetIcon(icon)
	}
}
