package quality

import (
	"math/rand"
	"testing"
	"time"
)

// shade is a thumbnail of one grey with a patch of another.
func shade(patch uint8, side int) (t Thumbnail) {
	for i := range t {
		t[i] = 120
		if x, y := i%thumbWidth-9, i/thumbWidth-7; x >= 0 && x < side && y >= 0 && y < side {
			t[i] = patch
		}
	}
	return t
}

// sampled are the numbers of the frames that a sampler takes, from 0.
func sampled(s *Sampler, frames int, at func(int) time.Duration, picture func(int) Thumbnail) (taken []int) {
	for i := range frames {
		before, this := s.Add(at(i), picture(i))
		if before {
			taken = append(taken, i-1)
		}
		if this {
			taken = append(taken, i)
		}
	}
	return taken
}

func still(int) Thumbnail { return shade(0, 0) }

func every(perSecond int) func(int) time.Duration {
	return func(i int) time.Duration { return time.Duration(i) * time.Second / time.Duration(perSecond) }
}

func TestSampledEvenly(t *testing.T) {
	for _, c := range []struct {
		perSecond, frames, want int
		gap                     time.Duration // the longest between two sampled frames
	}{
		{25, 75, 24, 160 * time.Millisecond}, {30, 90, 24, 160 * time.Millisecond}, {60, 180, 24, 145 * time.Millisecond},
		{25, 24, 24, 40 * time.Millisecond}, {25, 30, 24, 80 * time.Millisecond}, {120, 120, 24, 60 * time.Millisecond},
		{25, 250, 80, 160 * time.Millisecond}, {30, 300, 80, 160 * time.Millisecond},
		{25, 500, 100, 520 * time.Millisecond}, {25, 750, 120, 560 * time.Millisecond},
		{30, 9000, 120, 7500 * time.Millisecond}, {25, 1500, 120, 1300 * time.Millisecond},
		{5, 15, 15, 200 * time.Millisecond}, {8, 24, 24, 125 * time.Millisecond}, {5, 50, 50, 200 * time.Millisecond},
		{10, 100, 80, 200 * time.Millisecond}, {1, 3, 3, time.Second}, {25, 1, 1, 0}, {25, 2, 2, 40 * time.Millisecond},
	} {
		at := every(c.perSecond)
		s := NewSampler(at(c.frames - 1))
		taken := sampled(s, c.frames, at, still)
		if len(taken) < c.want || len(taken) > c.want+1 || len(taken) > SampledMost || s.Unsampled() != 0 {
			t.Errorf("%d frames at %d a second: %d sampled, %d not, want %d", c.frames, c.perSecond, len(taken),
				s.Unsampled(), c.want)
		}
		last := 0
		for _, i := range append(taken, c.frames-1) {
			if gap := at(i) - at(last); gap > c.gap {
				t.Errorf("%d frames at %d a second: %v without a sample", c.frames, c.perSecond, gap)
			}
			last = i
		}
	}
}

// Where the length is not known, half a minute can be sampled.
func TestSampledWithoutLength(t *testing.T) {
	s := NewSampler(0)
	if taken := sampled(s, 740, every(25), still); len(taken) < 118 || s.Unsampled() != 0 {
		t.Errorf("%d sampled, %d not", len(taken), s.Unsampled())
	}
	sampled(s, 1000, func(i int) time.Duration { return 30*time.Second + every(25)(i) }, still)
	if s.Unsampled() == 0 {
		t.Error("nothing is said of what was not sampled")
	}
}

// Frames that come in bursts are sampled all the same: 10 at once, nothing for two
// seconds, then 30.
func TestSampledAfterAGap(t *testing.T) {
	at := func(i int) time.Duration {
		if i < 10 {
			return every(100)(i)
		}
		return 2*time.Second + every(100)(i)
	}
	if taken := sampled(NewSampler(at(39)), 40, at, still); len(taken) < SampledLeast-1 {
		t.Errorf("%d sampled", len(taken))
	}
}

// Times that stand still hide no frames for long.
func TestSampledWithoutTimes(t *testing.T) {
	last := 0
	for _, i := range sampled(NewSampler(3*time.Second), 900, func(int) time.Duration { return 0 }, still) {
		if i-last > 31 {
			t.Errorf("nothing between %d and %d", last, i)
		}
		last = i
	}
}

// A length that is not true leaves gaps, which is told.
func TestSampledWithAFalseLength(t *testing.T) {
	s := NewSampler(5 * time.Minute)
	sampled(s, 500, every(25), still)
	if s.Unsampled() == 0 {
		t.Error("20 s said to be 5 minutes are sampled as these")
	}
	s = NewSampler(21 * time.Second)
	sampled(s, 500, every(25), still)
	if s.Unsampled() != 0 {
		t.Error("a second more or less is no lie")
	}
}

// A patch a quarter of the picture high changes for a single frame: that frame and
// its neighbours are sampled, wherever it is.
func TestBothSidesOfAJump(t *testing.T) {
	for _, side := range []int{6, 12, 24} {
		for at := 1; at < 240; at += 14 {
			grain := rand.New(rand.NewSource(int64(at)))
			s := NewSampler(every(60)(239))
			taken := map[int]bool{}
			for _, i := range sampled(s, 240, every(60), func(i int) Thumbnail {
				patch := uint8(120)
				if i == at {
					patch = 150
				}
				p := shade(patch, side)
				for k := range p {
					p[k] += uint8(grain.Intn(7))
				}
				return p
			}) {
				if taken[i] {
					t.Fatalf("frame %d twice", i)
				}
				taken[i] = true
			}
			if !taken[at] || !taken[at-1] || s.Unsampled() != 0 {
				t.Errorf("%d points: a jump to frame %d is not sampled", side, at)
			}
			if len(taken) > 40 {
				t.Errorf("%d sampled for one jump", len(taken))
			}
		}
	}
}

// What moves on and on is no jump at every frame; grain is never a jump.
func TestMovementIsNoJump(t *testing.T) {
	grain := rand.New(rand.NewSource(1))
	for name, picture := range map[string]func(int) Thumbnail{
		"a hand that waves": func(i int) (p Thumbnail) {
			for k := range p {
				p[k] = 120
				if x := k%thumbWidth - (4 + abs(i%40-20)); x >= 0 && x < 5 {
					p[k] = 200
				}
			}
			return p
		},
		"grain": func(int) (p Thumbnail) {
			for k := range p {
				p[k] = uint8(110 + grain.Intn(25))
			}
			return p
		},
		"light that flickers": func(i int) (p Thumbnail) {
			for k := range p {
				p[k] = uint8(120 + 12*(i%2))
			}
			return p
		},
	} {
		taken := sampled(NewSampler(3*time.Second), 90, every(30), picture)
		t.Logf("%s: %d sampled", name, len(taken))
		if len(taken) > 24+12 {
			t.Errorf("%s: %d sampled", name, len(taken))
		}
	}
}

func abs(i int) int { return max(i, -i) }

// Jumps without end are sampled up to a bound, and the rest is told.
func TestTooManyJumps(t *testing.T) {
	s := NewSampler(20 * time.Second)
	taken := sampled(s, 1200, every(60), func(i int) Thumbnail { return shade(uint8(120+60*(i%2)), 24) })
	if len(taken) > 2*SampledMost || s.Unsampled() < 100 {
		t.Errorf("%d sampled, %d jumps not", len(taken), s.Unsampled())
	}
}

// The places of a thumbnail are those of the picture, whatever its size.
func TestThumbnailOf(t *testing.T) {
	for _, size := range [][3]int{{640, 480, 3}, {1920, 1080, 4}, {64, 48, 3}, {5, 3, 3}} {
		w, h, n := size[0], size[1], size[2]
		pix := make([]uint8, w*h*n)
		for i := range pix {
			if (i/n)%w >= w/2 {
				pix[i] = 200
			}
		}
		p := ThumbnailOf(pix, w, h, n)
		if left, right := p[12*thumbWidth+3], p[12*thumbWidth+28]; left != 0 || right != 200 {
			t.Errorf("%v: %d and %d", size, left, right)
		}
	}
}

func BenchmarkThumbnail(b *testing.B) {
	pix := make([]uint8, 1280*720*3)
	s := NewSampler(time.Minute)
	for i := 0; b.Loop(); i++ {
		s.Add(every(30)(i), ThumbnailOf(pix, 1280, 720, 3))
	}
}
