package offline

import (
	"testing"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// Where no face is seen and the light is at fault, the clerk hears of the light.
func TestEmptyPictures(t *testing.T) {
	for want, light := range map[matcher.Flaw]quality.Light{
		matcher.FlawNobody: {Mean: 120},
		matcher.FlawDark:   {Mean: 20},
		matcher.FlawBright: {Mean: 180, Burnt: 0.5},
	} {
		if got := emptyFlaw(light); got != want {
			t.Errorf("%+v: %q, want %q", light, got, want)
		}
	}
}
