package remote

import "time"

const (
	// maxFile is the most bytes of one file the API takes. Its page says 50 MB;
	// the document's page is kept under the same number.
	maxFile = 50 << 20

	// maxAnswer is the most bytes of an answer that are read. A real one has some
	// hundred; a longer body is not an answer.
	maxAnswer = 1 << 20

	// maxText is how much of the API's own words on an error is shown, and of its
	// ids kept, in characters.
	maxText = 300

	// writeSize is how much is handed to the network at a time: the step of the
	// progress, and about what is held in memory of a clip.
	writeSize = 32 << 10

	// longestAdvice bounds what is believed of Retry-After.
	longestAdvice = 24 * time.Hour
)
