package document

// The core of a face is a square of corePerEye inter-eye distances a side, whose middle
// lies coreBelow of them below the eyes: brows, eyes, nose and mouth.
const (
	corePerEye = 2.36
	coreBelow  = 0.5
)

// What makes a portrait.
const (
	// minInterEye in pixels of the page: below, the portrait is a stamp of some 40
	// pixels, and nothing is left to compare.
	minInterEye = 10.0
	// minInside is the share of the face's core that must lie on the page.
	minInside = 0.9
	// pattern and ghost are explained at choose. Ghost pictures on cards have 0.15 to
	// 0.4 of the portrait's contrast, second portraits 0.7 and more; neither is more
	// than 0.55 of its size.
	pattern = 0.45
	ghost   = 0.6
	// likeness is the score from which what the finder doubts is shown to the clerk.
	likeness = 0.9
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
