package mrz

// Margins by which a character must be likelier than others in a field that is called
// proven, as differences of logarithms of probabilities.
const (
	twinMargin  = 3.0 // before its twins, which no check digit sees
	otherMargin = 1.0 // before all other characters that may stand there
)

// changeMargin is by how much less likely the look-alike may be that a character is
// changed to.
const changeMargin = 6.0

// stateMargin is by how much less likely the code of a state may be than the letters
// that were read and are none.
const stateMargin = 4.0

// oldest is the age in years up to which somebody may still hold a document.
const oldest = 105
