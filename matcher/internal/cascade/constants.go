package cascade

// How the cascade goes over a picture. Pico's authors use the same: windows a
// tenth larger each time, moved by a tenth of their size.
const (
	Growth     = 1.1
	windowStep = 0.1
	// SameFace is the overlap, as a part of both, from which two windows see one
	// face.
	SameFace = 0.2
	// sampled is how many pixels of a page, across and down, are looked at for one
	// of the small copy: more make no difference to the proposals.
	sampled = 3
	// maxClusters is how many proposals of one turn are told apart: enough to find
	// the faces among them.
	maxClusters = 100
)

// What the cascade's windows are to a face, measured on 79 portraits: their
// side is 2.3 to 3.8 inter-eye distances, mostly SizePerEye.
const SizePerEye = 2.85

// Least is the smallest window, in pixels, in which the cascade tells a face.
const Least = 20.0
