package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// dropZone asks for a document. Fyne tells of a drop anywhere in the window, so
// this only shows the clerk that dropping works, and offers the button.
type dropZone struct {
	widget.BaseWidget
	title, formats string
	browse         *button
	fault          *widget.Label // why the last file was not taken
	content        fyne.CanvasObject
	border         *canvas.Rectangle
}

func newDropZone(title, formats string, browse *button) *dropZone {
	z := &dropZone{title: title, formats: formats, browse: browse, fault: wrapped("")}
	z.fault.Alignment = fyne.TextAlignCenter
	z.fault.Hide()
	z.border = &canvas.Rectangle{StrokeWidth: 2, CornerRadius: 10}
	heading := widget.NewLabelWithStyle(title, fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	heading.SizeName = theme.SizeNameSubHeadingText
	icon := canvas.NewImageFromResource(theme.NewThemedResource(theme.FileImageIcon()))
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSquareSize(64))
	z.content = container.NewStack(z.border, container.NewPadded(container.New(middle{}, container.NewVBox(
		icon, heading,
		container.New(layout.NewCenterLayout(), browse),
		widget.NewLabelWithStyle(formats, fyne.TextAlignCenter, fyne.TextStyle{}),
		z.fault,
	))))
	z.ExtendBaseWidget(z)
	return z
}

// say tells why the last file was not taken; nothing takes it back.
func (z *dropZone) say(fault string) { say(z.fault, fault, widget.DangerImportance) }

// CreateRenderer is part of fyne.Widget.
func (z *dropZone) CreateRenderer() fyne.WidgetRenderer {
	z.paint()
	return widget.NewSimpleRenderer(z.content)
}

// Refresh is part of fyne.CanvasObject: the border follows the theme.
func (z *dropZone) Refresh() {
	z.paint()
	z.BaseWidget.Refresh()
}

func (z *dropZone) paint() {
	z.border.StrokeColor = ink(theme.ColorNamePrimary)
	z.border.FillColor = ink(theme.ColorNameInputBackground)
	z.border.Refresh()
}
