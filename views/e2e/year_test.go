//go:build e2e

package e2e

import (
	"testing"

	"facematch/app/settings"
	"facematch/store/storetest"
)

// TestAYearAtAGlance opens the overview of a year as a new auditor would. The desk that overrides
// and the one whose camera went dim are both in words above the charts, also in the smallest
// window.
func TestAYearAtAGlance(t *testing.T) {
	t.Parallel()
	home := storetest.Year(t)
	d := newDesktop(t)
	d.settle(home, func(*settings.Settings) {})
	p := d.openIn(home, "year", "light")
	d.resize(p.window, sizes[1][0], sizes[1][1])
	d.key("ctrl+h")
	p.shows("what stands apart", top, "Overridden more often than elsewhere: Desk 2 (", "became worse: Desk 3 (from 8")
	p.shots("overview")
	d.resize(p.window, sizes[0][0], sizes[0][1])
	p.shows("the same in a small window", smallTop, "Overridden more often than elsewhere: Desk 2 (", "Desk 3 (from 8")
	p.close()
}

// smallTop is the upper part of the window of 1024x700.
const smallTop = "1024x330+2+24"
