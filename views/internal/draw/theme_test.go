package draw

import (
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

func TestColoursCanBeRead(t *testing.T) {
	th := NewTheme(100)
	for variant, name := range map[fyne.ThemeVariant]string{theme.VariantLight: "light", theme.VariantDark: "dark"} {
		ground := luminance(th, theme.ColorNameBackground, variant)
		for _, c := range []fyne.ThemeColorName{
			ColorPass, ColorRefer, ColorFail, ColorNotCompared, ColorIdentified, theme.ColorNameForeground,
			theme.ColorNameError, theme.ColorNameWarning, theme.ColorNameSuccess, theme.ColorNamePlaceHolder,
		} {
			l := luminance(th, c, variant)
			if ratio := (max(l, ground) + 0.05) / (min(l, ground) + 0.05); ratio < 4.5 {
				t.Errorf("%s, %s: contrast %.2f", c, name, ratio)
			}
		}
	}
}

// luminance is the relative luminance of WCAG 2.1.
func luminance(th fyne.Theme, name fyne.ThemeColorName, variant fyne.ThemeVariant) float64 {
	r, g, b, _ := th.Color(name, variant).RGBA()
	linear := func(v uint32) float64 {
		x := float64(v) / 0xffff
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
