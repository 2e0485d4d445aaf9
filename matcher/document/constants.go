package document

// widthPerEye is how wide the detector's box is in inter-eye distances: 1.7 to 3.0
// on 79 portraits, mostly this.
const widthPerEye = 2.36

// level is one look of the cascade at a page.
type level struct {
	side  float64   // longer side of the copy in pixels
	least float64   // smallest face in the copy, in pixels: the cascade needs 20 to 24
	skews []float64 // degrees besides those by which the page may be turned
	quick bool
}

// levels are tried in this order until faces are found. The first takes 60 ms of
// one core for all four turns. Faces are seen up to 15 to 20 degrees askew, and
// all 360 are covered by steps of 15.
var levels = [...]level{
	{side: 480, least: 24, skews: []float64{0}, quick: true}, // a face of a twentieth of the page
	{side: 480, least: 24, skews: []float64{-30, -15, 15, 30, 45}, quick: true},
	{side: 1280, least: 20, skews: []float64{0}},
	{side: 2560, least: 20, skews: []float64{0}},
}

// smallest is the smallest face looked for, in the cascade's measure and pixels
// of the page: eyes 10 pixels apart.
const smallest = 29.0

// Scores of proposals. 76 portraits measured 12 to 404 at the first level; what is
// no face, on the seven test papers without one, 6 there and up to 13 at the finer
// levels; ghost and second pictures 1 to 171; faces turned wrongly up to 0.75 of
// their score when turned rightly.
const (
	sure        = 12.0 // from here a quick look is enough
	minUnsure   = 20.0 // below that, the least inter-eye distance of a face, in pixels
	weakest     = 2.0
	ofStrongest = 0.02 // of the strongest on the page: weaker ones are not looked at
	maxPlaces   = 6    // places on a page that are looked at
	nearly      = 0.2  // of the score of another turn from which both are looked at again
)

// settleSide is the side in pixels of the copy in which a turn is decided; faces
// are half as large, and are looked for in sizes up to settleReach larger or
// smaller.
const (
	settleSide  = 160.0
	settleReach = 1.4
)

// A proposal is confirmed in a crop of around its size, with confirmSides pixels
// a side: eyes 50 or 62 pixels apart, which suits the engine's detector. Of 76
// portraits one needed the second size.
const (
	around = 1.8
	atMost = 0.4 // of the proposal's size, between its middle and the face's
)

var confirmSides = [...]int{256, 320}

// The search for a hidden face. The slow detector takes 0.1 to 0.2 s for a crop
// of hiddenSide pixels a side; with hiddenAround it found 26 of 27 portraits
// with a reflection over the face.
const (
	hiddenTrees  = 100 // of 468
	hiddenPlaces = 4
	hiddenSide   = 256
	hiddenAround = 3.2
	hiddenAgain  = 0.3 // overlap from which two places are one
	hiddenLevel  = 20  // degrees by which a face must be more level to come before one at an earlier turn
	// minHidden is the least inter-eye distance, in pixels of the page: of a smaller
	// face with a part hidden nothing is left to compare, and small print is taken
	// for one.
	minHidden = 24.0
)

// What makes a portrait.
const (
	// minInterEye in pixels of the page: below, the portrait is a stamp of some 40
	// pixels, and nothing is left to compare.
	minInterEye = 10.0
	// minInside is the share of the face's box that must lie on the page.
	minInside = 0.9
	// pattern, ghost and rival are explained at choose. Ghost pictures on cards
	// have 0.15 to 0.4 of the portrait's contrast, second portraits 0.7 and more;
	// neither is more than 0.55 of its size.
	pattern = 0.45
	ghost   = 0.6
	rival   = 0.75
	// faint is the contrast, as a part of the mean brightness, under which a face
	// in one tint is a ghost: ghosts measured 0.04 to 0.10, portraits in one tint
	// 0.13 and more. One in colours can be pale (0.138 was seen): faintest is what
	// no portrait has.
	faint    = 0.115
	faintest = 0.06
	// oneTint is the spread of colours (coloursOf) up to which a face is printed
	// in one ink: ghosts and grey portraits have 0 to 3.9, colour portraits 4.0 to
	// 19.
	oneTint = 4.0
)

// Bounds of the warnings.
const (
	warnInterEye  = 50.0 // the engine's net looks at eyes 50 pixels apart
	warnSharpness = 15.0 // of 100: a blur that hides the eyelids; seen by eye, not measured
	warnDark      = 60.0 // mean brightness of the face, 0 to 255
	// warnDarkAround is how bright at least a tenth of a portrait is, the paper
	// around it included, where there was light enough.
	warnDarkAround = 120.0
	warnBright     = 215.0
	// Grey portraits measured a mean of 0 to 6 and a spread of 0 to 3.1; the least
	// colourful in colour 7.5 and 4.0.
	greyMean   = 7.0
	greySpread = 3.3
)

// Bounds of glare, measured on 24 portraits under a reflection and 188 without, many
// of them variants of the same cards.
const (
	glareDark   = 75.0 // the darkest of a feature, 0 to 255
	glareLift   = 35.0 // over the darkest of another feature
	glareColour = 0.65 // of the colour of the most colourful feature
	glareGrey   = 12.0 // no feature has more colour: the portrait is grey
	glareEyes   = 45.0 // between the darkest of both eyes of a grey one; without glare up to 30
	glareMouth  = 75.0 // between both halves of the mouth; without glare up to 59
	// Measured on 129 portraits without a reflection, and those with one as strong.
	glareAcross = 60.0  // between the darkest of both eyes, in colour: without glare up to 41
	glareVeil   = 130.0 // the darkest of all features: without glare up to 111
	blownLuma   = 200
	blownColour = 20
	blownShare  = 0.07 // of the face
	blownBeside = 32   // colour of the rest of the face
)

// What goes to another program.
const (
	sentQuality = 92
	maxSent     = 50 << 20
)
