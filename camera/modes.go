package camera

import "cmp"

// mode is one kind of pictures that a device gives.
type mode struct {
	format        uint32 // its four characters, as the kernel writes them
	width, height int
	rate          float64 // pictures a second
}

// motionJPEG is the format in which cameras give large pictures quickly over USB.
const motionJPEG = uint32('M') | 'J'<<8 | 'P'<<16 | 'G'<<24

// usualMode is asked for where a device does not say what it can: 720p is what
// nearly every camera has, and drivers that do not give the nearest.
var usualMode = mode{format: motionJPEG, width: preferredWidth, height: preferredHeight, rate: preferredRate}

// choose chooses the pictures to ask a camera for: quick enough before large
// enough, 720p before larger ones that only take longer, uncompressed where that
// is as good.
func choose(modes []mode) mode {
	best := usualMode
	for i, m := range modes {
		if i == 0 || better(m, best) {
			best = m
		}
	}
	return best
}

func better(a, b mode) bool {
	return cmp.Or(
		cmp.Compare(min(a.rate, enoughRate), min(b.rate, enoughRate)),
		-cmp.Compare(a.distance(), b.distance()),
		cmp.Compare(min(a.rate, preferredRate), min(b.rate, preferredRate)),
		-cmp.Compare(a.rate, b.rate), // more than preferred is light lost for nothing
		compressed(b)-compressed(a),
	) > 0
}

// distance says how far a mode's pictures are from the preferred ones. Smaller
// ones are farther than larger: they can be scaled down.
func (m mode) distance() float64 {
	const preferred = preferredWidth * preferredHeight
	pixels := float64(m.width * m.height)
	distance := pixels/preferred - 1
	if distance < 0 {
		distance = 4 * (preferred/pixels - 1)
	}
	if m.width*preferredHeight != m.height*preferredWidth {
		distance += 0.1 // another shape, such as 960x960
	}
	return distance
}

func compressed(m mode) int {
	if m.format == motionJPEG {
		return 1
	}
	return 0
}
