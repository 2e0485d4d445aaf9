package document

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

// dropZone asks for a document. Fyne reports a drop anywhere in the window, so
// this only shows the clerk that dropping works, and offers the button.
type dropZone struct {
	widget.BaseWidget
	browse, photo *kit.Button
	fault         *widget.Label // why the last file was not taken
	content       fyne.CanvasObject
	border        *canvas.Rectangle
}

func newDropZone(w kit.Words, browse, photo *kit.Button) *dropZone {
	z := &dropZone{browse: browse, photo: photo, fault: kit.Centred("")}
	z.fault.Hide()
	z.border = &canvas.Rectangle{StrokeWidth: 2, CornerRadius: 10}
	heading := widget.NewLabelWithStyle(w.T("drop.title"), fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	heading.SizeName = theme.SizeNameSubHeadingText
	icon := canvas.NewImageFromResource(theme.NewThemedResource(theme.FileImageIcon()))
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSquareSize(64))
	z.content = container.NewStack(z.border, container.NewPadded(container.New(kit.Middle{}, container.NewVBox(
		icon, heading,
		container.New(layout.NewCenterLayout(), container.NewHBox(browse, photo)),
		kit.Centred(w.T("drop.formats")), kit.Centred(w.T("drop.photo_help")),
		z.fault,
	))))
	z.ExtendBaseWidget(z)
	return z
}

// showFault shows why the last file was not taken; an empty text hides that.
func (z *dropZone) showFault(fault string) { kit.Say(z.fault, fault, widget.DangerImportance) }

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
	z.border.StrokeColor = draw.Ink(theme.ColorNamePrimary)
	z.border.FillColor = draw.Ink(theme.ColorNameBackground) // so that the buttons stand out
	z.border.Refresh()
}
