package tiff

const (
	// maxDirectories of a file, thumbnails among them: far more than the ten
	// pages anybody looks at.
	maxDirectories = 1000
	// maxParts of a file among which a raw photo is looked for: cameras write up to
	// four.
	maxParts = 64
	// maxEntries of a directory, as in libtiff.
	maxEntries = 4096
	// maxBlocks, strips or tiles, of a page: 40 million pixels in tiles of 16x16
	// have 160 000.
	maxBlocks = 200_000
	// maxSamples of a pixel: four colours, alpha, and a few extras nobody reads.
	maxSamples = 8
	// padding is how many times the page's pixels its tiles may cover (they reach
	// over its edges), with smallTiles pixels free.
	padding    = 2
	smallTiles = 4 << 20
	// maxBlockBytes of a strip or tile, decompressed: 40 million pixels of four
	// samples of 16 bits.
	maxBlockBytes = 320_000_000
	// overlap is how many times the file's bytes its strips or tiles may cover.
	// More than once is only right where blank tiles share their bytes.
	overlap = 4
)
