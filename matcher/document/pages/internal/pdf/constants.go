package pdf

import "time"

// MaxTime of a call. An ordinary page takes a tenth of a second, a full one of a
// map one or two.
const MaxTime = 4 * time.Second

const (
	pointsPerInch = 72.0
	// minDots an inch at which a page is drawn, as good scanners do.
	minDots = 300.0
	// minPicture is the shorter side in pixels of a picture whose fineness counts:
	// a small portrait still has as many.
	minPicture = 100
	// maxObjects of a page among which pictures are looked for; a scan is one.
	maxObjects = 1000
)
