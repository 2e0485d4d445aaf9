package document

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"testing"
	"time"

	"facematch/matcher"
	"facematch/matcher/document/pages"
)

// zones is a ZoneReader that finds one when it is asked for the time numbered at.
type zones struct {
	asked, at int
	err       error
}

func (z *zones) Zone(context.Context, *image.RGBA, time.Time) (matcher.Zone, bool, error) {
	z.asked++
	return matcher.Zone{Kind: "TD1"}, z.asked == z.at, z.err
}

func TestZone(t *testing.T) {
	reader := pages.New(pages.Params{Log: slog.New(slog.DiscardHandler)})
	defer reader.Close()
	file := matcher.Blob{Path: "pages/testdata/pages.tif"} // of three pages
	page := image.NewRGBA(image.Rect(0, 0, 9, 9))
	for _, c := range []struct {
		name      string
		p         matcher.Portrait
		at, asked int
		ok        bool
	}{
		{"on the portrait's page", matcher.Portrait{Page: page, Number: 2, Pages: 3}, 1, 1, true},
		{"on another page", matcher.Portrait{Page: page, Number: 2, Pages: 3}, 3, 3, true},
		{"on none", matcher.Portrait{Page: page, Number: 2, Pages: 3}, 9, 3, false},
		{"one page", matcher.Portrait{Page: page, Number: 1, Pages: 1}, 9, 1, false},
		{"no portrait was looked for", matcher.Portrait{}, 2, 2, true},
	} {
		z := &zones{at: c.at}
		got, ok, err := New(Params{Pages: reader, Zones: z}).Zone(t.Context(), file, c.p, time.Now())
		if err != nil || ok != c.ok || z.asked != c.asked || ok && got.Kind != "TD1" {
			t.Errorf("%s: %+v %v %v after %d pages", c.name, got, ok, err, z.asked)
		}
	}
	broken := &zones{err: errors.New("broken")}
	if _, _, err := New(Params{Pages: reader, Zones: broken}).Zone(t.Context(), file,
		matcher.Portrait{Page: page, Pages: 3}, time.Now()); !errors.Is(err, broken.err) {
		t.Error(err)
	}
	if _, _, err := New(Params{Pages: reader, Zones: &zones{}}).Zone(t.Context(), matcher.Blob{Path: "missing"},
		matcher.Portrait{Pages: 3}, time.Now()); err == nil {
		t.Error("a file that is gone gives no error")
	}
	if _, ok, err := New(Params{Pages: reader}).Zone(t.Context(), file, matcher.Portrait{Page: page, Pages: 3},
		time.Now()); ok || err != nil {
		t.Error(ok, err)
	}
}
