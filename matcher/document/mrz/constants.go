package mrz

// Margins by which a character must be likelier than others in a field that is called
// proven, as differences of logarithms of probabilities.
//
// They come from TestZonesMargins in matcher/offline: 500 held-back documents, hardly
// legible, with numbers of nothing but twins. In the 285 zones in which a field might be
// proven, the surest mistake between twins, U for 0, had 2.66, and the surest other one
// 0.37. The first margin is 1.5 times as large. The second is larger than it need be,
// for it costs hardly a field: the digits see what it guards against.
const (
	TwinMargin  = 4.0 // before its twins, which no check digit sees
	OtherMargin = 3.0 // before all other characters that may stand there
)

// How many characters of a zone may look more like one that may not stand in their place:
// fewOdd where a field of it is proven, mostOdd where it is one at all.
const (
	fewOdd  = 2
	mostOdd = 10
)

// changeMargin is by how much less likely the look-alike may be that a character is
// changed to.
const changeMargin = 6.0

// stateMargin is by how much less likely the code of a state may be than the letters
// that were read and are not a code.
const stateMargin = 4.0

// oldest is the age in years up to which somebody may still hold a document.
const oldest = 105
