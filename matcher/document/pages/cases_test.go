package pages

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"facematch/app/apptest/need"
	"facematch/matcher"
)

// Examples of kinds that others made: what they come to, and how many pages there
// are.
func TestCases(t *testing.T) {
	dir := filepath.FromSlash("../../../../shared/testdata/cases")
	if _, err := os.Stat(dir); err != nil {
		need.Missing(t, "the shared cases are not here")
	}
	for name, c := range map[string]struct {
		want  string // a problem's key, or nothing
		pages []image.Point
	}{
		"heic_48_megapixels.heic":         {"", []image.Point{{4000, 3000}}},
		"jpeg_no_end_marker.jpg":          {"", []image.Point{{1200, 760}}},
		"jpeg_no_huffman_tables.jpg":      {"", []image.Point{{1200, 760}}},
		"pdf_widget_without_acroform.pdf": {"", []image.Point{{2479, 3508}}},
		"pdf_xfa_only.pdf":                {"document.xfa", nil},
		"phone_raw.dng":                   {"document.raw", nil},
		"png_no_iend.png":                 {"", []image.Point{{900, 570}}},
		"tiff_last_link_outside.tif":      {"", []image.Point{{600, 800}, {900, 570}}},
		"tiff_old_jpeg.tif":               {"document.rare", nil},
		"tiff_strip_length_0.tif":         {"", []image.Point{{900, 570}}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := shared.Open(context.Background(), matcher.Blob{Path: filepath.Join(dir, name)})
			var sizes []image.Point
			for n := 1; err == nil && n <= f.Count; n++ {
				var p Page
				if p, err = f.Page(context.Background(), n); err == nil {
					sizes = append(sizes, p.Picture.Rect.Max)
				}
			}
			if got := keyOf(t, err); got != c.want || !slices.Equal(sizes, c.pages) {
				t.Errorf("%q, pages of %v, want %q, %v", got, sizes, c.want, c.pages)
			}
		})
	}
}
