package draw

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Panel frames one verdict: whose it is, its shape, its word, and more.
func Panel(title string, icon fyne.Resource, l Look, word string, more ...fyne.CanvasObject) fyne.CanvasObject {
	caption := widget.NewLabel(title)
	caption.SizeName = theme.SizeNameCaptionText
	box := container.NewVBox(
		container.NewHBox(widget.NewIcon(icon), caption),
		container.NewHBox(container.NewCenter(NewShape(l, sizeOfPanelShape)), Coloured(word, l.Color, SizePanel)),
	)
	for _, m := range more {
		box.Add(m)
	}
	return container.NewPadded(
		container.NewStack(NewFrame(l.Color), container.New(layout.NewCustomPaddedLayout(6, 6, 8, 8), box)),
	)
}

// Frame is a border in a colour that follows the theme.
type Frame struct {
	widget.BaseWidget
	color fyne.ThemeColorName
	line  *canvas.Rectangle
}

// NewFrame makes a border in a colour of the theme.
func NewFrame(color fyne.ThemeColorName) *Frame {
	f := &Frame{color: color, line: &canvas.Rectangle{StrokeWidth: 2, CornerRadius: 8}}
	f.ExtendBaseWidget(f)
	return f
}

// CreateRenderer is part of fyne.Widget.
func (f *Frame) CreateRenderer() fyne.WidgetRenderer {
	f.line.StrokeColor = Ink(f.color)
	return widget.NewSimpleRenderer(f.line)
}

// Refresh is part of fyne.CanvasObject.
func (f *Frame) Refresh() {
	f.line.StrokeColor = Ink(f.color)
	f.line.Refresh()
	f.BaseWidget.Refresh()
}
