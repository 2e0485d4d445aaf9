package draw

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Coloured is text in one of this program's colours, which follows the theme.
func Coloured(text string, name fyne.ThemeColorName, size fyne.ThemeSizeName) *widget.RichText {
	return widget.NewRichText(&widget.TextSegment{
		Text:  text,
		Style: widget.RichTextStyle{ColorName: name, SizeName: size, TextStyle: fyne.TextStyle{Bold: true}},
	})
}
