// Package draw holds what the window's screens draw with: the theme and its colours,
// the shapes of the outcomes, the gauge, the bars, outlines of faces, and pictures. It
// knows no screen and no desk.
package draw

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Sizes in Fyne's device-independent pixels.
const (
	sizeOfVerdict    = 52 // of the text: to be read across the desk, and by OCR
	sizeOfPanel      = 28 // of a verdict's word in a panel
	sizeOfPanelShape = 40
)

// The widest pictures handed to the screen, in pixels. More than half of a large
// screen shows nothing new and costs an upload for every paint.
const (
	LiveWidth = 1280
	PageWidth = 1400
)

// Colours and sizes this program adds to Fyne's own. Each colour reads on the
// window's background with a contrast of at least 4.5:1 (WCAG 2.1, 1.4.3), in
// light and dark; a test measures it.
const (
	ColorPass        fyne.ThemeColorName = "facematch.pass"
	ColorRefer       fyne.ThemeColorName = "facematch.refer"
	ColorFail        fyne.ThemeColorName = "facematch.fail"
	ColorNotCompared fyne.ThemeColorName = "facematch.notcompared"
	ColorIdentified  fyne.ThemeColorName = "facematch.identified" // without a match

	SizeVerdict fyne.ThemeSizeName = "facematch.verdict"
	SizePanel   fyne.ThemeSizeName = "facematch.panel"
)

// Outlines and frames lie on pictures of any kind, so they are the same in light
// and dark.
var (
	OutlineGood    = color.NRGBA{R: 0x3d, G: 0xdc, B: 0x6c, A: 0xff}
	OutlineNotYet  = color.NRGBA{R: 0xff, G: 0xb3, B: 0x00, A: 0xff}
	outlineOther   = color.NRGBA{R: 0xff, G: 0x5c, B: 0x8a, A: 0xff}
	OutlineShade   = color.NRGBA{R: 0x00, G: 0x00, B: 0x00, A: 0x90} // under an outline, so that it shows on paper too
	BandEdge       = color.NRGBA{R: 0x1f, G: 0x6f, B: 0xeb, A: 0xff}
	BandFill       = color.NRGBA{R: 0x1f, G: 0x6f, B: 0xeb, A: 0x40}
	PictureGround  = color.NRGBA{R: 0x1c, G: 0x1f, B: 0x24, A: 0xff}
	PictureWriting = color.NRGBA{R: 0xf2, G: 0xf4, B: 0xf7, A: 0xff}
)

// deskTheme is Fyne's default theme with the colours of the outcomes and the size of the text.
type deskTheme struct {
	fyne.Theme
	text float32 // times the usual size
}

// NewTheme makes the program's theme, with text of this size in percent of the usual.
func NewTheme(textPercent int) fyne.Theme {
	return deskTheme{theme.DefaultTheme(), float32(textPercent) / 100}
}

// TextSize is a size of text, given as it usually is, as the theme has it now.
func TextSize(usual float32) float32 {
	return usual * theme.TextSize() / theme.DefaultTheme().Size(theme.SizeNameText)
}

// Color is part of fyne.Theme.
func (t deskTheme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	dark := variant == theme.VariantDark
	pick := func(onLight, onDark color.NRGBA) color.Color {
		if dark {
			return onDark
		}
		return onLight
	}
	switch name {
	case ColorPass:
		return pick(color.NRGBA{R: 0x12, G: 0x6b, B: 0x2e, A: 0xff}, color.NRGBA{R: 0x63, G: 0xd6, B: 0x86, A: 0xff})
	case ColorRefer:
		return pick(color.NRGBA{R: 0x8a, G: 0x4b, B: 0x00, A: 0xff}, color.NRGBA{R: 0xff, G: 0xb9, B: 0x4d, A: 0xff})
	case ColorFail:
		return pick(color.NRGBA{R: 0xb3, G: 0x1b, B: 0x1b, A: 0xff}, color.NRGBA{R: 0xff, G: 0x8a, B: 0x80, A: 0xff})
	case ColorNotCompared:
		return pick(color.NRGBA{R: 0x47, G: 0x50, B: 0x5e, A: 0xff}, color.NRGBA{R: 0xb4, G: 0xbf, B: 0xcc, A: 0xff})
	case ColorIdentified:
		return pick(color.NRGBA{R: 0x7b, G: 0x1f, B: 0xa2, A: 0xff}, color.NRGBA{R: 0xd5, G: 0x9b, B: 0xf0, A: 0xff})
	// Fyne draws what cannot be pressed, and the edge of an empty box, almost in
	// the colour of the window; a clerk should see that there is something.
	case theme.ColorNameInputBorder:
		return pick(color.NRGBA{R: 0x82, G: 0x88, B: 0x92, A: 0xff}, color.NRGBA{R: 0x7d, G: 0x83, B: 0x8d, A: 0xff})
	case theme.ColorNameDisabled:
		return pick(color.NRGBA{R: 0x82, G: 0x88, B: 0x92, A: 0xff}, color.NRGBA{R: 0x7d, G: 0x83, B: 0x8d, A: 0xff})
	case theme.ColorNamePlaceHolder:
		return pick(color.NRGBA{R: 0x66, G: 0x6c, B: 0x76, A: 0xff}, color.NRGBA{R: 0xa4, G: 0xaa, B: 0xb4, A: 0xff})
	// Fyne's own warning and error colours are made for areas; as text on a
	// light window they are too faint to read.
	case theme.ColorNameWarning:
		return t.Color(ColorRefer, variant)
	case theme.ColorNameError:
		return t.Color(ColorFail, variant)
	case theme.ColorNameSuccess:
		return t.Color(ColorPass, variant)
	}
	return t.Theme.Color(name, variant)
}

// Size is part of fyne.Theme.
func (t deskTheme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case SizeVerdict:
		return sizeOfVerdict * t.text
	case SizePanel:
		return sizeOfPanel * t.text
	case theme.SizeNameText, theme.SizeNameCaptionText, theme.SizeNameHeadingText, theme.SizeNameSubHeadingText,
		theme.SizeNameInlineIcon:
		return t.Theme.Size(name) * t.text
	case theme.SizeNameModalBlurRadius:
		// Fyne blurs the window anew for each frame it draws under a dialog, which
		// takes a second of a core where there is no graphics card. The shade over
		// it says enough.
		return 0
	}
	return t.Theme.Size(name)
}

// Ink is a colour of the theme as it is now.
func Ink(name fyne.ThemeColorName) color.Color {
	settings := fyne.CurrentApp().Settings()
	return settings.Theme().Color(name, settings.ThemeVariant())
}
