// Package kit holds what the window's screens are made of: the controls that take the
// keyboard, the workers that keep long work away from the window's goroutine, dialogs
// with fields, layouts, and the words that several screens use. It knows no screen and
// no desk: what it needs of the window comes in Parts.
package kit

import (
	"fyne.io/fyne/v2"
)

// Parts are what every screen is made with.
type Parts struct {
	Words Words
	Work  *Workers
	Keys  *Controls

	Paints *Paints
	Focus  func(fyne.Focusable) // where the Check screen is shown

	FocusAny func(fyne.Focusable)  // wherever it is
	Focused  func() fyne.Focusable // what has the keys; nil: nothing

	Ask AskFunc                      // shows a dialog
	Log func(what string, err error) // writes an error, if there is one
}
