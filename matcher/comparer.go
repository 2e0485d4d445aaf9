package matcher

import "context"

// Template is what an engine keeps of the faces of one picture or clip, so that
// it can be compared many times (a biometric template, ISO/IEC 2382-37). Only
// the engine that made it can read it; it lives in memory and is never written
// anywhere.
type Template any

// Comparer is a Matcher taken apart, so that an accuracy test can make millions
// of comparisons of a few thousand pictures, each looked at once.
type Comparer interface {
	// Describe names what compares; see Matcher.
	Describe(ctx context.Context) (Description, error)

	// Document looks at a document as a check does. A side with a code other than 0 is
	// a failure to acquire, and says why; the error says that the file cannot be read.
	Document(ctx context.Context, file Blob) (Template, Side, error)

	// Photograph does the same for a photograph of one person. Where others are on it
	// too, the one nearest to its middle is meant, as in collections of photographs;
	// in a check a clerk would choose.
	Photograph(ctx context.Context, file Blob) (Template, Side, error)

	// Clip looks at a clip as a check does.
	Clip(ctx context.Context, file Blob) (Template, Side, error)

	// Calibration is the one in force.
	Calibration() *Calibration

	// Parts are what each network says of each face of the probe (8 for a clip, 1
	// for a picture) and the first one of the reference.
	Parts(reference, probe Template) []Parts

	// Distances are the calibration's distances of the same. Smaller is more alike.
	Distances(reference, probe Template) []float64

	// Percentage is the calibrated percentage of one distance.
	Percentage(distance float64) float64

	// Result is the answer of a whole check: a document's template against a
	// clip's.
	Result(reference, probe Template, rules []Condition) (Result, error)
}
