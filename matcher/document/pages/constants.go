package pages

// PageSide is the longer side of a page that is kept, in pixels: A4 at 300 dots
// an inch is 3508. A portrait is cut out of it.
const PageSide = 4000

// MaxPages is how many pages of a file are read: a document has its picture on
// one of its first.
const MaxPages = 10

// What is read of a document, so that no picture takes more than a gigabyte of
// memory. The API takes 50 MB as well.
const (
	maxBytes = 50 << 20
	// maxPixels of a picture of most kinds, which take up to 16 bytes a pixel: most
	// of all a progressive JPEG, and a PNG of 16 bits that is interlaced. A4 at 600
	// dots an inch is 35 million.
	maxPixels = 40_000_000
	// maxHEICPixels of a HEIC, which is scaled down as it leaves its decoder: phones
	// make 48.8 million.
	maxHEICPixels = 50_000_000
	// maxJPEGPixels of an ordinary JPEG, which takes 2 to 7 bytes a pixel: phones
	// make such. With four colours a JPEG takes more, and may have half as many.
	maxJPEGPixels = 100_000_000
)
