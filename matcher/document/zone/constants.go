package zone

// levels are the sizes of the page's longer side at which lines are looked for. Each shows
// print of about ridgeHeight pixels best.
var levels = []int{1500, 1000, 667, 444, 296}

// How lines are looked for at one size, in its pixels.
const (
	ridgeHeight = 7
	strokeReach = 9   // pixels to either side over which strokes are counted
	leastRidge  = 5.0 // grey levels by which the strokes stand out
	leastLine   = 120 // pixels: 30 characters of 4
	leastChain  = 12
	seedChain   = 40
	chainGap    = 8
	joinGap     = 60.0
	joinOff     = 2.0
	steepest    = 0.27 // 15 degrees
)

// How evenly spaced print is recognised.
const (
	leastTeeth  = 27.0 // how many characters a line may hold is looked for from here
	mostTeeth   = 51.0 // to here
	toothStep   = 0.25
	mostProfile = 512 // places along a line
	profileRows = 8   // and across it

	leastCharacters = 29.0
	// leastClarity is that of a line whose reading is begun. The clearest line of a zone had
	// 74 or more on each of 28 specimens, upright and leaning by 7 degrees, and on 40 rendered
	// documents; 19 of 20 other lines of print have less than 20.
	leastClarity = 20.0
)

// How lines are read.
const (
	lowest = -16.0 // the least logarithm of a probability that counts
	// lowestOutside is the least that counts where a line ends: what stands there may be
	// the edge of the card.
	lowestOutside = -4.0
	unevenStep    = 0.7 // what it costs when a character stands not four columns behind the one before
)

// What counts as a line and as a zone: means of logarithms of probabilities.
const (
	leastGuess     = -2.5 // below, a second look at a line is no use
	leastSeed      = -0.9 // of the first line that is found
	leastCompanion = -1.6 // of the others
	leastZone      = -0.6 // of a zone whose digits do not hold
	surelyZone     = -0.1 // no other line is tried
	closeBy        = 0.1  // by how much worse than a zone's a line may be that another one is begun with
	farOff         = 0.5  // by how much worse a look may be that has a vote
)

// Where the next line is, in pitches: ICAO 9303 has 2.5.
const (
	usualLine    = 2.5
	nearestLine  = 1.5
	farthestLine = 3.6
)

const (
	leastSide = 60   // pixels of a page that can hold a zone
	mostSide  = 5000 // of a page that is looked at: 16 megapixels of a phone
	mostLines = 24   // that are looked at
	// mostGuesses are read as the first of a zone. Of 113 zones the first guess was right for
	// 112; with two, one specimen was missed in one of six ways.
	mostGuesses = 3
	mostTracks  = 3 // that are read as the line beside
)
