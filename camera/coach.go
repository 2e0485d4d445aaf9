package camera

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"
	"time"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// Advise waits for a frame after the given Live.Seq and says what it needs to
// become a good capture: one hint, with a key coach.*. However many ask, a frame
// is looked at once, and one every adviceEvery at most, or every idleEvery while
// nobody is there. The error is the context's, ErrClosed, or the face finder's.
func (s *Source) Advise(ctx context.Context, after uint64) (matcher.Advice, error) {
	select { // one at a time: who waited finds the advice of who went before
	case s.coaching <- struct{}{}:
		defer func() { <-s.coaching }()
	case <-ctx.Done():
		return matcher.Advice{}, ctx.Err()
	case <-s.quit:
		return matcher.Advice{}, ErrClosed
	}
	c := &s.coach
	if c.advice.Seq > after && time.Since(c.at) < adviceFresh {
		return c.advice, nil
	}
	every := adviceEvery
	if len(c.advice.Faces) == 0 {
		every = idleEvery
	}
	timer := time.NewTimer(time.Until(c.at.Add(every)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return matcher.Advice{}, ctx.Err()
	case <-s.quit:
		return matcher.Advice{}, ErrClosed
	}
	live, err := s.Next(ctx, after)
	for err == nil && live.Problem != nil {
		live, err = s.Next(ctx, live.Seq)
	}
	if err != nil {
		return matcher.Advice{}, err
	}
	c.at = time.Now()
	frame, err := small(live.Frame) // as a film has it
	if err != nil {
		return matcher.Advice{}, err
	}
	faces, err := s.p.Faces.Find(ctx, frame.Image)
	if err != nil {
		return matcher.Advice{}, fmt.Errorf("looking for faces: %w", err)
	}
	c.advice = c.advise(frame, faces)
	c.advice.Seq = live.Seq
	return c.advice, nil
}

// coach turns what is seen in one frame after the other into hints that stand
// still long enough to be read.
type coach struct {
	at     time.Time // when the newest frame was looked at
	advice matcher.Advice

	noses recent // places of the nose of who is seen
	focus recent

	hint   string        // shown
	since  time.Duration // when it was first shown, in the source's time
	next   string        // the hint that would replace it
	wanted time.Duration // since when
	seen   time.Duration // the newest frame
}

// advise says what the frame needs.
func (c *coach) advise(frame matcher.Frame, faces []matcher.Face) matcher.Advice {
	if frame.At-c.seen > adviceForgotten {
		*c = coach{at: c.at}
	}
	c.seen = frame.At
	v := c.look(frame, mainFirst(matcher.Counting(faces), frame.Image.Rect.Size()))
	now := v.hint(c.hint)
	shown := c.steady(now, frame.At)
	advice := matcher.Advice{
		Size: v.size, Faces: v.faces, Quality: v.measures,
		Good: now == hintGood && shown == hintGood, Hint: matcher.Notice{Key: shown},
	}
	for aside, key := range severalKeys {
		if shown == key { // one hint for everybody else; where, the screen says
			advice.Hint.Key, advice.Aside = hintSeveral, aside
		}
	}
	return advice
}

// mainFirst puts the face the check is about first: the one nearest to the middle
// of the picture, of those that are about as large as the largest.
func mainFirst(faces []matcher.Face, size image.Point) []matcher.Face {
	if len(faces) < 2 {
		return faces
	}
	away := func(f matcher.Face) float64 {
		at := f.Box.Min.Add(f.Box.Max).Sub(size) // twice the way from the middle
		return math.Hypot(float64(at.X), float64(at.Y))
	}
	nearest := 0
	for i, f := range faces {
		if float64(f.Size()) >= asLarge*float64(faces[0].Size()) && away(f) < away(faces[nearest]) {
			nearest = i
		}
	}
	main := faces[nearest]
	return slices.Insert(slices.Delete(slices.Clone(faces), nearest, nearest+1), 0, main)
}

// aside is where the largest of the others stands, seen from the first.
func aside(faces []matcher.Face) matcher.Aside {
	main, other := faces[0].Box, faces[1].Box
	away := other.Min.Add(other.Max).Sub(main.Min.Add(main.Max)).Div(2) // from middle to middle
	switch {
	case 2*away.X < -main.Dx():
		return matcher.AsideLeft
	case 2*away.X > main.Dx():
		return matcher.AsideRight
	case away.Y <= 0:
		return matcher.AsideBehind
	}
	return matcher.AsideNobody // a child in arms
}

// steady is the hint to show when this one would be right now: another one has
// to be right for a while, and the one that is shown to have been read.
func (c *coach) steady(key string, at time.Duration) string {
	switch {
	case c.hint == "": // the first
		c.hint, c.since = key, at
	case key == c.hint:
		c.next = ""
	case key != c.next:
		c.next, c.wanted = key, at
	}
	if c.next != "" && at-c.wanted >= hintHolds && at-c.since >= hintStays {
		c.hint, c.since, c.next = c.next, at, ""
	}
	return c.hint
}

// look measures a frame.
func (c *coach) look(frame matcher.Frame, faces []matcher.Face) view {
	v := view{size: frame.Image.Rect.Size(), faces: faces}
	if len(faces) != 1 {
		c.noses, c.focus = nil, nil
		if len(faces) == 0 {
			part := middle(frame.Image.Rect)
			v.light = quality.LightOf(frame.Image, part)
			v.edges = edges(quality.Sharpness(frame.Image, part), v.light)
		}
		return v
	}
	f := faces[0]
	v.measures = quality.Measure(frame.Image, f.Square(), f.Eyes, f.Nose)
	v.light = quality.LightOf(frame.Image, f.Square())
	v.focus = c.focus.add(quality.Focus(frame.Image, f.Square()), focusLooks)
	v.held = quality.AnglesOf(f.Eyes, f.Nose, c.rest(f))
	return v
}

// rest is how far a person's nose stands below the eyes when they look straight
// ahead: the middle one of the last places, and the usual one while too little was
// seen. Somebody who never looks straight ahead is taken to do so; three points
// cannot tell.
func (c *coach) rest(f matcher.Face) float64 {
	below := c.noses.add(quality.NoseBelow(f.Eyes, f.Nose), restLooks)
	if len(c.noses) < restLeast {
		return quality.UsualRest
	}
	return min(max(below, leastRest), mostRest)
}

// recent are the last values of a measure.
type recent []float64

// add takes one more value and gives the median of the last ones, this many.
func (r *recent) add(value float64, keep int) float64 {
	*r = append(*r, value)
	if len(*r) > keep {
		*r = (*r)[len(*r)-keep:]
	}
	sorted := slices.Sorted(slices.Values(*r))
	return sorted[len(sorted)/2]
}

// middle is where the person is told to be: the middle half of the picture. It
// is lit and sharp like the face, and need not be looked for.
func middle(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Dx()/4, r.Dy()/4, r.Dx()-r.Dx()/4, r.Dy()-r.Dy()/4)
}
