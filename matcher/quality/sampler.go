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

	fastest = 240 // frames a second of any camera
)

// How a jump of the picture is told from a movement. In 11 films of people who talk,
// two of them wildly, 70 of 3,270 frames count as jumps, in 16 films panned over a
// photograph 3 of 1,200; and each of 500 faces exchanged between two frames of
// these films, with the same background.
const (
	thumbWidth, thumbHeight = 32, 24
	// blockSide is how wide and high a block is, in points of a thumbnail: a sixth of
	// the picture. Blocks overlap by half.
	blockSide              = 4
	blocksAcross, blocksUp = thumbWidth/(blockSide/2) - 1, thumbHeight/(blockSide/2) - 1
	// A block changes by the mean difference of its points, of 256. Where something
	// moves it changed in the frames before too: all but one of jumpPast, and the
	// blocks around count with it. A jump changes one by jumpOver more than that, or by
	// jumpAlways, whatever was before.
	jumpPast   = 8
	jumpOver   = 12
	jumpAlways = 45
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

// changes is by how much each block of the picture changed.
type changes [blocksUp][blocksAcross]int

// changed compares two thumbnails block by block.
func changed(a, b *Thumbnail) (c changes) {
	var cells [thumbHeight / 2][thumbWidth / 2]int // quarters of blocks
	for i := range a {
		d := int(a[i]) - int(b[i])
		cells[i/thumbWidth/2][i%thumbWidth/2] += max(d, -d)
	}
	for y := range c {
		for x := range c[y] {
			c[y][x] = (cells[y][x] + cells[y][x+1] + cells[y+1][x] + cells[y+1][x+1]) / (blockSide * blockSide)
		}
	}
	return c
}

// around gives each block the largest change of those around it.
func (c *changes) around() (out changes) {
	for y := range c {
		for x := range c[y] {
			for j := max(0, y-1); j <= min(blocksUp-1, y+1); j++ {
				for i := max(0, x-1); i <= min(blocksAcross-1, x+1); i++ {
					out[y][x] = max(out[y][x], c[j][i])
				}
			}
		}
	}
	return out
}

// watch looks for jumps of the picture.
type watch struct {
	last Thumbnail
	seen int               // frames
	past [jumpPast]changes // in the frames before, the oldest is replaced
}

// jumped takes the next frame, and says whether the picture changed as it does where
// another scene, or another person, takes its place.
func (w *watch) jumped(t *Thumbnail) (jump bool) {
	w.seen++
	if w.seen > 1 {
		now := changed(&w.last, t)
		known := min(w.seen-2, jumpPast)
		for y := range now {
			for x := range now[y] {
				most, second := 0, 0
				for i := range known {
					v := w.past[i][y][x]
					most, second = max(most, v), max(second, min(most, v))
				}
				if known < 2 {
					second = most
				}
				jump = jump || now[y][x] > jumpAlways || now[y][x] > second+jumpOver
			}
		}
		w.past[(w.seen-2)%jumpPast] = now.around()
	}
	w.last = *t
	return jump
}

// Sampler chooses which frames of a clip are compared: evenly spread ones, at
// least 24, 8 for each second up to 10 s and 2 for each further one, at most 120;
// and the frames on both sides of each jump of the picture, for which all frames
// are watched. So nobody can be shown for a moment without being seen.
type Sampler struct {
	steps  steps
	due    time.Duration
	at     time.Duration // of the frame before
	watch  watch
	taken  bool // the frame before was sampled
	since  int  // frames since an evenly spread one
	even   int  // sampled
	beside int  // sampled for jumps
	missed int
}

// steps are the times between two evenly spread frames, up to denseFor and later.
type steps struct{ dense, sparse time.Duration }

// stepsOf are those of a clip of this length; 0 where it is not known.
func stepsOf(length time.Duration) steps {
	s := steps{dense: denseEvery, sparse: sparseEvery}
	// From the first frame to shortly before the last, whose time may be rounded.
	evenly := func(length time.Duration, n int) time.Duration { return length * 49 / 50 / time.Duration(n-1) }
	switch sparse := length - denseFor; {
	case length <= 0:
	case sparse <= 0:
		s.dense = min(denseEvery, evenly(length, SampledLeast))
	default:
		s.sparse = max(sparseEvery, evenly(sparse, SampledMost-int(denseFor/denseEvery)))
	}
	return s
}

func (s steps) at(t time.Duration) time.Duration {
	if t < denseFor {
		return s.dense
	}
	return s.sparse
}

// NewSampler makes a sampler for a clip of about this length, from its first frame
// to its last. It is 0 where that is not known: then half a minute can be sampled.
func NewSampler(length time.Duration) *Sampler { return &Sampler{steps: stepsOf(length)} }

// Add takes the next frame's time and thumbnail, and says whether that frame is to
// be sampled, and whether the one before it is, which was not.
func (s *Sampler) Add(at time.Duration, t Thumbnail) (before, this bool) {
	jump := s.watch.jumped(&t)
	s.at = at
	s.since++
	// After a gap the next frames make up for it. Times that do not go on hide none.
	step := s.steps.at(s.due)
	if at >= s.due || s.since > int(step*fastest/time.Second) {
		if s.even < SampledMost {
			this = true
			s.even++
		} else {
			s.missed++
		}
		s.since = 0
		s.due += step
	}
	if jump && !(s.taken && this) {
		more := 0
		for _, taken := range []bool{s.taken, this} {
			if !taken {
				more++
			}
		}
		if s.beside+more <= SampledMost {
			s.beside += more
			before, this = !s.taken, true
		} else {
			s.missed++
		}
	}
	s.taken = this
	return before, this
}

// Unsampled is how many jumps, or other frames that were due, were not sampled
// because there were too many, or because the clip is shorter than was said.
func (s *Sampler) Unsampled() int {
	// A length that is not true leaves longer gaps than the true one would.
	if s.at > denseFor && s.steps.sparse > 3*stepsOf(s.at).sparse/2 {
		return s.missed + 1
	}
	return s.missed
}
