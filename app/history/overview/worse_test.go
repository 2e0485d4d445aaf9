package overview

import (
	"slices"
	"testing"
)

// A desk is named where its newest pictures are ten points worse than its best ones, the worst
// first. Periods with few pictures tell nothing.
func TestWorsePictures(t *testing.T) {
	of := func(desk string, pictures, mean int64) Quality {
		return Quality{Desk: desk, Pictures: pictures, Picture: mean}
	}
	o := Overview{Quality: []Quality{
		of("dim", 40, 8000), of("dimmer", 40, 8200), of("steady", 40, 8100), of("few", 40, 8000), of("mended", 40, 8000),
		of("mended", 40, 5000), of("dim", 40, 7900), of("none", 0, 0),
		of("dim", 40, 7000), of("dimmer", 40, 5600), of("steady", 40, 7101), of("few", 9, 2000), of("mended", 40, 8000),
	}}
	want := []Worse{{"dimmer", 8200, 5600}, {"dim", 8000, 7000}}
	if got := o.WorsePictures(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
