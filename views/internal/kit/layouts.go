package kit

import (
	"fyne.io/fyne/v2"
)

// Steady stacks objects and keeps room for the hidden ones, so that nothing
// jumps when they take turns.
type Steady struct{}

func (Steady) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

func (Steady) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
	}
}

// bigButton is the height of the one button that matters.
const bigButton = 52

// Tall makes a button as high as it is important.
type Tall struct{}

func (Tall) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objects[0].MinSize().Width, bigButton)
}

func (Tall) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }

// Middle lays one object out in its full width, half way down.
type Middle struct{}

func (Middle) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (Middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	height := objects[0].MinSize().Height
	objects[0].Resize(fyne.NewSize(size.Width, height))
	objects[0].Move(fyne.NewPos(0, max(0, (size.Height-height)/2)))
}
