package views

import "time"

const (
	// clipLength is how long the person is filmed: long enough for eight frames
	// spread over different moments, short enough to stand still for.
	clipLength = 3 * time.Second

	// paintInterval keeps the live picture at no more than 30 paints a second;
	// each one repaints the whole window. Where that is dear it comes as often as
	// drawingShare of a core affords, and every leastOften at least; while a check
	// runs, which needs the cores too, drawingShareHurried and leastOftenHurried.
	// Reading and watching the camera takes about a third of a core besides.
	paintInterval       = 33 * time.Millisecond
	leastOften          = time.Second / 8
	leastOftenHurried   = time.Second / 5
	drawingShare        = 0.7
	drawingShareHurried = 0.4

	// restInterval is how often a picture looks whether the dialog over it is gone.
	restInterval = 200 * time.Millisecond

	// riderWait is how long what moves by itself waits for a picture to come with:
	// longer than from one to the next.
	riderWait = 250 * time.Millisecond

	// measureEvery is over how long the cost of paints is measured, and measureLeast
	// over how many.
	measureEvery = time.Second
	measureLeast = 3

	// partInterval is how often the settings show a new whole picture of the camera.
	partInterval = 250 * time.Millisecond

	// barInterval is how often a moving bar moves.
	barInterval = 250 * time.Millisecond

	// adviceRest is how long the hint waits after its first error, and
	// adviceRestMost after many: where models are missing, each attempt looks
	// through their folders anew.
	adviceRest     = time.Second
	adviceRestMost = 30 * time.Second

	// camerasEvery is how often the settings look which cameras are plugged in.
	camerasEvery = 2 * time.Second

	// liveWidth and pageWidth are the widest pictures handed to the screen, in
	// pixels: more than half of a large screen shows nobody anything new and costs
	// an upload for every paint.
	liveWidth = 1280
	pageWidth = 1400

	// facesShown is how many faces are outlined; a crowd needs no more to be seen
	// as one.
	facesShown = 4

	// filesAtOnce is how many files one document may come in: each is looked at
	// for up to some seconds, and no document has more sides than that.
	filesAtOnce = 10

	// frameSteps is how many steps of an arrow key lead across a page.
	frameSteps = 40

	// rawShown is how much of an answer's body is shown, in characters: a real one
	// has some hundred.
	rawShown = 4000

	// historyPage is how many checks one page of the history loads, and
	// historyAhead how many rows before the end of the list the next page is asked
	// for: more rows than a large screen shows.
	historyPage  = 100
	historyAhead = 60

	// typingPause is how long nothing must be typed before a filter is asked for:
	// longer than between two keys, too short to be waited for.
	typingPause = 250 * time.Millisecond

	// followPause is how long the keys must rest on a check until an open detail
	// follows them.
	followPause = 80 * time.Millisecond

	// closeLimit is how long closing waits for work that does not end: a check
	// ends within 200 ms of its cancellation, a driver may hang for ever.
	closeLimit = 15 * time.Second
)

// Sizes in Fyne's device-independent pixels.
const (
	minWidth, minHeight     = 1024, 660 // with the menu bar a window of 1024x700
	startWidth, startHeight = 1280, 800

	cornerShare  = 0.28 // of a face's box: how long an outline's corner is
	outlineWidth = 3
	crossSize    = 26 // of the cross at another face's corner

	partWidth  = 400 // of the picture a part is chosen on, at least
	partHeight = 225

	barParts  = 8 // the moving part's share of a moving bar
	barHeight = 8

	leastFrame = 12 // a smaller frame was not meant as one
	notesRoom  = 96 // for four lines about what was found
	notesLeast = 48 // for two, where there is much else

	readerLine  = 40   // one press of an arrow key moves a text by this
	listLeast   = 160  // height of the list of checks
	besideFrom  = 1240 // from this width on a check stands beside the list
	detailShare = 0.47 // of the width, where it does

	exportWidth  = 640
	exportHeight = 600

	aboutWidth    = 560
	signInWidth   = 420
	tabsWidth     = 340 // of the three tabs, which who is signed in stands beside
	tabsHeight    = 40
	keptWidth     = 640
	keptHeight    = 320
	gaugeHeight   = 84
	markGap       = 6 // between two numbers below the gauge
	barsHeight    = 120
	bigButton     = 52 // height of the one button that matters
	sizeOfVerdict = 52 // of the text; OCR and an eye across the desk both read it
	sizeOfShape   = 64

	sizeOfPanel      = 28 // of a verdict's word in the history
	sizeOfPanelShape = 40
	keptPicture      = 180 // height of a kept picture in the history
)

// documentTypes are the files Browse offers, in small letters and capitals; what
// a file really is, its content tells.
var documentTypes = []string{
	".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".pdf", ".tif", ".tiff", ".heic", ".heif", ".hif", ".webp", ".bmp", ".dib",
}
