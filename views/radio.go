package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// radio is one of several things, shown as buttons beside each other. None is
// chosen at first.
type radio struct {
	value   string // empty: none yet
	changed func()
	buttons map[string]*button
	row     *fyne.Container
}

// radio makes a choice of values; the words are given for each.
func (c *controls) radio(values []string, words func(value string) string, changed func()) *radio {
	ch := &radio{changed: changed, buttons: map[string]*button{}, row: container.NewHBox()}
	for _, v := range values {
		b := c.button(words(v), theme.RadioButtonIcon(), func() {
			if ch.value != v {
				ch.set(v)
				ch.changed()
			}
		})
		ch.buttons[v] = b
		ch.row.Add(b)
	}
	return ch
}

// set chooses without telling anybody.
func (ch *radio) set(value string) {
	ch.value = value
	for v, b := range ch.buttons {
		icon := theme.RadioButtonIcon()
		if v == value {
			icon = theme.RadioButtonCheckedIcon()
		}
		b.SetIcon(icon)
	}
}
