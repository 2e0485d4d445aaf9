package document

// What is read of a document, so that no picture takes more than a gigabyte of
// memory. The API takes 50 MB as well.
const (
	maxBytes = 50 << 20
	// maxPixels of a PNG, which takes up to 8 bytes a pixel, and of a progressive
	// JPEG, which takes 15. A4 at 600 dots an inch is 35 million.
	maxPixels = 40_000_000
	// maxJPEGPixels of an ordinary JPEG, which takes 2 to 7 bytes a pixel: phones
	// make such. With four colours a JPEG takes more, and may have half as many.
	maxJPEGPixels = 100_000_000
)

// pageSide is the longer side of the page that is kept: A4 at 300 dots an inch
// is 3508. The portrait is cut out of it.
const pageSide = 4000

// The search looks at a copy of the page: large enough for a portrait that fills
// a fourteenth of its longer side, small enough to take a tenth of a second.
const (
	searchSide = 1280
	smallSide  = 700 // a page with a longer side under this is enlarged for the search
	enlargeBy  = 2
)

// What makes a portrait.
const (
	// minInterEye in pixels of the page: below, the portrait is a stamp of some
	// 50 pixels, and nothing is left to compare.
	minInterEye = 20.0
	// minInside is the share of the face's box that must lie on the page.
	minInside = 0.9
	// ghost is the contrast of a face, against the strongest on the page, under
	// which it is faded. Where it is smaller too, it is not the portrait.
	ghost = 0.6
	// faint is the contrast under which a face, if it is also clearly smaller, is
	// the ghost picture many cards carry and needs no warning.
	faint = 0.55
	// rival is the size of a second face, against the first, from which nobody
	// can tell which is the holder's. Second pictures on cards are half as large.
	rival = 0.75
)

// A pattern taken for a face, and most faces seen upside down, are found by
// chance at one size and lost at the next. Each face found is therefore looked
// for again in its own crop at confirmSides (pixels), and must be found at
// minHits of them, with eyes as far apart as before, give or take sameEyes.
// Measured on 39 documents in four positions: a portrait is found each time, a
// pattern hardly ever.
const (
	minHits  = 2
	sameEyes = 1.4
	// maxFaces is how many faces of a page are looked at again, largest first.
	maxFaces = 4
)

var confirmSides = [...]int{400, 480, 600}

// Bounds of the warnings.
const (
	warnInterEye  = 50.0 // the engine's net looks at eyes 50 pixels apart
	warnSharpness = 15.0 // of 100: a blur that hides the eyelids
	warnDark      = 55.0 // mean brightness of the face, 0 to 255
	warnBright    = 215.0
)
