package pages

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"facematch/matcher"
	"facematch/matcher/document/pages/internal/heif"
	"facematch/matcher/document/pages/internal/pdf"
	"facematch/matcher/document/pages/internal/tiff"
	"facematch/matcher/document/pages/internal/wasm"
	"facematch/matcher/internal/blob"
)

func TestGuard(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	encrypted := matcher.NewProblem("document.encrypted", nil)
	for name, c := range map[string]struct {
		work func() (int, error)
		want string
	}{
		"a decoder panics": {func() (int, error) { var none []int; return none[7], nil }, "document.damaged"},
		"a decoder fails":  {func() (int, error) { return 0, errors.New("broken") }, "document.damaged"},
		"a problem stays":  {func() (int, error) { return 0, fmt.Errorf("inside: %w", encrypted) }, "document.encrypted"},
		"a password": {func() (int, error) { return 0, fmt.Errorf("inside: %w", pdf.ErrEncrypted) },
			"document.encrypted"},
		"much memory": {func() (int, error) { return 0, fmt.Errorf("%w: %w", heif.ErrDemanding, wasm.ErrMemory) },
			"document.rare"},
		"a raw photo":         {func() (int, error) { return 0, tiff.ErrRaw }, "document.raw"},
		"a form of its own":   {func() (int, error) { return 0, fmt.Errorf("inside: %w", pdf.ErrForm) }, "document.xfa"},
		"slow":                {func() (int, error) { return 0, fmt.Errorf("inside: %w", wasm.ErrSlow) }, "document.slow"},
		"a reader is missing": {func() (int, error) { return 0, wasm.ErrStart }, "document.no_reader"},
		"nothing is wrong":    {func() (int, error) { return 7, nil }, ""},
	} {
		value, err := guard(context.Background(), blob.PDF, c.work)
		if got := keyOf(t, err); got != c.want || (value == 7) != (c.want == "") {
			t.Errorf("%s: %d, %v", name, value, err)
		}
		// The context has ended: its error comes, whatever came out.
		if value, err := guard(gone, blob.PDF, c.work); c.want != "document.damaged" &&
			(value != 0 || err != context.Canceled) {
			t.Errorf("%s, for nobody: %d, %v", name, value, err)
		}
	}
}
