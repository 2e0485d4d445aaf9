package kit

import (
	"fyne.io/fyne/v2"
)

// Steady stacks objects and keeps room for the hidden ones, so that nothing
// jumps when they take turns.
type Steady struct{}

// MinSize is the size of the largest object, hidden ones too.
func (Steady) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

// Layout gives each object the whole size.
func (Steady) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
	}
}

// bigButton is the height of the one button that matters.
const bigButton = 52

// Tall makes a button as high as it is important.
type Tall struct{}

// MinSize is the width of the button and bigButton's height.
func (Tall) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objects[0].MinSize().Width, bigButton)
}

// Layout gives the button the whole size.
func (Tall) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }

// Middle lays one object out in its full width, half way down.
type Middle struct{}

// MinSize is the object's own size.
func (Middle) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// Layout puts the object half way down.
func (Middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	height := objects[0].MinSize().Height
	objects[0].Resize(fyne.NewSize(size.Width, height))
	objects[0].Move(fyne.NewPos(0, max(0, (size.Height-height)/2)))
}
