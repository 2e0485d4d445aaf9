package camera

import (
	"bytes"
	"image"
	"time"
)

// stillness notices a picture that moved and then stands still to the last byte.
// A stream or file that grows in the middle can be told by nothing else: OpenCV
// goes on at the size it had at the opening, says so when asked, and gives its
// last good picture again and again. Opened anew, it gives the new size.
//
// A picture may stand still for good reasons, such as a test card or a title. So
// one that never moved is believed, and each time it was in vain the patience
// doubles: a file with a long title gets past it, a stream is left in peace.
type stillness struct {
	patience time.Duration
	size     image.Point // of the pictures since the last opening
	last     *image.RGBA // the newest one; nil after an opening
	since    time.Time   // when last began to stand still
	same     int         // pictures like last that came since
	moved    bool        // since the last opening
}

// reopened forgets the pictures of the session before.
func (s *stillness) reopened() { s.last, s.moved = nil, false }

// stuck takes the next picture and says whether to open the source anew.
func (s *stillness) stuck(picture *image.RGBA, now time.Time) bool {
	before := s.last
	s.last = picture
	switch {
	case before == nil:
		if size := picture.Rect.Size(); size != s.size { // the last opening was not in vain
			s.size, s.patience = size, stillAfter
		}
	case bytes.Equal(before.Pix, picture.Pix): // ends at the first difference, so it costs nothing
		s.same++
		if !s.moved || s.same < stillLeast || now.Sub(s.since) < s.patience {
			return false
		}
		s.patience *= 2
		return true
	default:
		s.moved = true
	}
	s.since, s.same = now, 0
	return false
}
