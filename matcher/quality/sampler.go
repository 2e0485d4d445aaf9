package quality

import "time"

// How many frames of a clip are sampled.
const (
	// SampledLeast is how many frames of a short clip are sampled, as far as it has
	// them.
	SampledLeast = 24
	// SampledMost is the most frames that are sampled evenly over a clip, and the
	// most beside jumps of the picture.
	SampledMost = 120

	denseFor    = 10 * time.Second       // for so long from the beginning ...
	denseEvery  = time.Second / 8        // ... a frame is sampled so often,
	sparseEvery = 500 * time.Millisecond // later so often
)

// A thumbnail is a small grey copy of a frame, of which neighbours are compared.
const (
	thumbWidth, thumbHeight = 32, 24
	// jumpShare is the share of a thumbnail that must have changed by more than
	// jumpStep (of 256) for a jump.
	jumpShare = 0.02
	jumpStep  = 24
)

// Thumbnail is a small grey copy of a frame.
type Thumbnail [thumbWidth * thumbHeight]uint8

// ThumbnailOf makes a thumbnail of pixels whose first three channels are colours,
// in any order, row by row. Each of its values is the mean of 4 by 4 points of its
// part of the picture. A picture with fewer pixels gives some of them twice.
func ThumbnailOf(pix []uint8, width, height, channels int) Thumbnail {
	const points = 4
	var t Thumbnail
	for y := range thumbHeight {
		for x := range thumbWidth {
			sum := 0
			for j := range points {
				row := ((y*points + j) * height / (thumbHeight * points)) * width
				for i := range points {
					at := (row + (x*points+i)*width/(thumbWidth*points)) * channels
					sum += int(pix[at]) + 2*int(pix[at+1]) + int(pix[at+2])
				}
			}
			t[y*thumbWidth+x] = uint8(sum / (4 * points * points))
		}
	}
	return t
}

// jumped says whether the picture changed from one frame to the next as it does
// where another scene, or another person, takes its place.
func jumped(a, b Thumbnail) bool {
	changed := 0
	for i := range a {
		if d := int(a[i]) - int(b[i]); d > jumpStep || d < -jumpStep {
			changed++
		}
	}
	return float64(changed) > jumpShare*float64(len(a))
}

// Sampler chooses which frames of a clip are compared: evenly spread ones, at
// least 24, 8 for each second up to 10 s and 2 for each further one, at most 120;
// and the frames on both sides of each jump of the picture, for which all frames
// are watched. So nobody can be shown for a moment without being seen.
type Sampler struct {
	every  func(at time.Duration) time.Duration // from a sampled frame to the next
	due    time.Duration
	last   Thumbnail
	count  int  // of frames
	taken  bool // the frame before was sampled
	beside int
	missed int
}

// NewSampler makes a sampler for a clip of about this length; 0 where it is not
// known.
func NewSampler(length time.Duration) *Sampler {
	s := &Sampler{}
	switch sparse := length - denseFor; {
	case length <= 0:
		s.every = func(at time.Duration) time.Duration {
			if at < denseFor {
				return denseEvery
			}
			return sparseEvery
		}
	case sparse <= 0:
		step := min(denseEvery, length/SampledLeast)
		s.every = func(time.Duration) time.Duration { return step }
	default:
		const left = SampledMost - int(denseFor/denseEvery)
		step := max(sparseEvery, sparse/time.Duration(left))
		s.every = func(at time.Duration) time.Duration {
			if at < denseFor {
				return denseEvery
			}
			return step
		}
	}
	return s
}

// Add takes the next frame's time and thumbnail, and says whether that frame is to
// be sampled, and whether the one before it is, which was not.
func (s *Sampler) Add(at time.Duration, t Thumbnail) (before, this bool) {
	jump := s.count > 0 && jumped(s.last, t)
	s.last = t
	s.count++
	if jump {
		if s.beside+2 > SampledMost {
			s.missed++
			jump = false
		} else {
			s.beside += 2
		}
	}
	if at >= s.due {
		this = true
		s.due = max(s.due+s.every(at), at+s.every(at)/2)
	}
	before = jump && !s.taken
	this = this || jump
	s.taken = this
	return before, this
}

// Unsampled is how many jumps were not sampled because there were too many.
func (s *Sampler) Unsampled() int { return s.missed }
