package matcher

// Flaw says why a document or a clip shows no face that can be compared. The
// words of a person's language come from the catalogue, under flaw.dark and so on;
// the answer's description says it in English.
type Flaw string

// The flaws.
const (
	FlawNone    Flaw = ""        // there is a face that can be compared
	FlawNobody  Flaw = "nobody"  // no face at all
	FlawShort   Flaw = "short"   // the clip has too few frames
	FlawDark    Flaw = "dark"    // too little light on the face
	FlawBright  Flaw = "bright"  // too much
	FlawSmall   Flaw = "small"   // too few pixels: too far away
	FlawBlurred Flaw = "blurred" // out of focus, or moved too fast
	FlawLying   Flaw = "lying"   // on its side or upside down
	FlawPoor    Flaw = "poor"    // too little of the face shows: hidden, or turned away
	FlawCutOff  Flaw = "cut_off" // by the picture's edge
	FlawTwo     Flaw = "two"     // more than one person
	FlawPicture Flaw = "picture" // the largest face is a picture: another one moves, it does not
)

var flawWords = map[Flaw]string{
	FlawNobody:  "nobody there",
	FlawShort:   "the clip is too short",
	FlawDark:    "too dark",
	FlawBright:  "too bright",
	FlawSmall:   "too small",
	FlawBlurred: "too blurred",
	FlawLying:   "lying on its side or upside down",
	FlawPoor:    "too little of the face can be seen",
	FlawPicture: "a picture hangs behind",
}

// Code is the code of an answer with this flaw.
func (f Flaw) Code() int {
	switch f {
	case FlawNone:
		return CodeOK
	case FlawTwo, FlawPicture:
		return CodeTwoFaces
	case FlawCutOff:
		return CodeCutOff
	}
	return CodeNoFace
}

// because adds the flaw to a description, where it says more than the code does.
func (f Flaw) because(description string) string {
	if words, ok := flawWords[f]; ok {
		return description + ": " + words
	}
	return description
}
