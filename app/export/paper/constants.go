package paper

// Lengths are in millimetres, sizes of letters in points.
const (
	pageWidth, pageHeight = 210.0, 297.0 // A4
	margin                = 16.0
	footerHeight          = 13.0

	// Width is the width of what is printed on.
	Width = pageWidth - 2*margin

	bottom = pageHeight - margin - footerHeight

	pointsPerMM = 72 / 25.4
	lineSpacing = 1.32 // of the letters' size

	bodySize  = 9.0
	smallSize = 7.2
	cellPad   = 1.0
)
