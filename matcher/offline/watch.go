package offline

import (
	"context"
	"errors"
	"image"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	face "github.com/Kagami/go-face"
	"gocv.io/x/gocv"
	"golang.org/x/sync/errgroup"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// seen is what one sampled frame shows.
type seen struct {
	at      time.Duration
	faces   []found      // all, largest first
	count   int          // how many of them count as people: the first ones
	flaw    matcher.Flaw // why the largest face cannot be compared; none: it is alone and can be
	quality quality.Measures

	frame *matcher.Frame // while it may be shown or compared; nil: let go
	crop  *image.RGBA    // of the largest face, for go-face; nil where nobody is there
	imprint
	known  bool          // the second network makes enough of the face to tell whose it is
	goFace *goFaceAnswer // nil: go-face was not asked yet
}

// goFaceAnswer is what go-face makes of a crop.
type goFaceAnswer struct {
	descriptor face.Descriptor
	ok         bool // it sees a face there
}

// watched is what a film shows.
type watched struct {
	seen      []seen // of each sampled frame
	others    *matcher.Sight
	unsampled int
}

// watch looks at each frame of a film as it comes, at as many at a time as there
// are sets of networks.
func (m *Matcher) watch(ctx context.Context, film matcher.Film, progress matcher.ProgressFunc) (watched, error) {
	var w watched
	var mu sync.Mutex // guards w and what stands in it
	kept := keeper{w: &w}
	looked := 0
	var parts [stretches]int           // how many frames of each part of the film have been looked at
	whole := make(chan int, stretches) // parts of which all frames have been
	early, stopEarly := context.WithCancel(ctx)
	defer stopEarly()
	described := make(chan error, 1)
	go func() { described <- m.describeEarly(early, &mu, &w, whole) }()
	group, inGroup := errgroup.WithContext(ctx)
	group.SetLimit(m.params.Engine.workers)
	for i := 0; ; i++ {
		frame, err := film.Next(inGroup)
		if err != nil {
			failed := group.Wait()
			if failed == nil && !errors.Is(err, io.EOF) {
				failed = err
			}
			if failed != nil {
				stopEarly()
			}
			close(whole)
			if err := <-described; failed == nil {
				failed = err
			}
			if failed != nil {
				return w, failed
			}
			w.unsampled = film.Unsampled()
			return w, nil
		}
		mu.Lock()
		w.seen = append(w.seen, seen{})
		mu.Unlock()
		group.Go(func() error {
			s, err := m.look(inGroup, frame, i%turnedEvery == 0)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			w.seen[i] = s
			kept.add()
			w.sight(s, frame)
			looked++
			progress.Report(matcher.StageFaces, looked, 0)
			if part := i / partFrames; part < len(parts) {
				if parts[part]++; parts[part] == partFrames {
					whole <- part
				}
			}
			return nil
		})
	}
}

// describeEarly has go-face describe the best frame of each part of a film while the
// next parts are looked at. In a film with the fewest frames the parts are the
// stretches of describeBest. In a longer one some frames are described for nothing:
// what is chosen in the end does not depend on it.
func (m *Matcher) describeEarly(ctx context.Context, mu *sync.Mutex, w *watched, parts <-chan int) error {
	for part := range parts {
		mu.Lock()
		best := part * partFrames
		for i := best + 1; i < (part+1)*partFrames; i++ {
			if w.seen[i].better(w.seen[best]) {
				best = i
			}
		}
		s := w.seen[best]
		mu.Unlock()
		if s.flaw != matcher.FlawNone {
			continue
		}
		if _, _, err := m.goFace(ctx, &s); err != nil {
			return err
		}
		mu.Lock()
		w.seen[best].goFace = s.goFace
		mu.Unlock()
	}
	return nil
}

// sight keeps the frame in which the second face is largest beside the first.
func (w *watched) sight(s seen, frame matcher.Frame) {
	if s.count < 2 {
		return
	}
	share := func(faces []matcher.Face) float64 { return float64(faces[1].Size()) / float64(faces[0].Size()) }
	faces := make([]matcher.Face, s.count)
	for i := range faces {
		faces[i] = s.faces[i].Face
	}
	if w.others == nil || share(faces) > share(w.others.Faces) {
		w.others = &matcher.Sight{Frame: frame, Faces: faces}
	}
}

// look looks at one frame; on both sides too, for a face that lies, where that is
// wanted or no other is there.
func (m *Matcher) look(ctx context.Context, frame matcher.Frame, turned bool) (seen, error) {
	return work(ctx, m.params.Engine, func(n *networks) (seen, error) {
		s := seen{at: frame.At, frame: &frame}
		all, err := n.find(frame.Image)
		if err != nil {
			return s, err
		}
		if turned || len(all) == 0 {
			if all, err = n.findLying(frame.Image, all); err != nil {
				return s, err
			}
		}
		s.faces, s.count = ranked(all)
		if s.count == 0 {
			s.flaw = emptyFlaw(quality.LightOf(frame.Image, frame.Image.Rect))
			return s, nil
		}
		f := s.faces[0]
		s.quality = quality.Measure(frame.Image, f.Square(), f.Eyes, f.Nose)
		if s.crop, err = closeUp(frame.Image, f); err != nil {
			s.flaw = matcher.FlawSmall
			return s, nil
		}
		s.known = true
		if n.features != nil {
			if s.imprint, err = n.describe(frame.Image, f, false); err != nil {
				return s, err
			}
			s.known = m.params.Engine.strong(s.imprint)
		}
		s.flaw = flawOf(s, frame.Image)
		return s, nil
	})
}

// ranked are the faces with those that count as people first, and how many these
// are.
func ranked(all []found) ([]found, int) {
	faces := make([]matcher.Face, len(all))
	for i, f := range all {
		faces[i] = f.Face
	}
	counting := matcher.Counting(faces)
	rank := func(f found) int {
		if i := slices.Index(counting, f.Face); i >= 0 {
			return i
		}
		return len(all)
	}
	slices.SortStableFunc(all, func(a, b found) int {
		if a, b := rank(a), rank(b); a != b {
			return a - b
		}
		return b.Size() - a.Size()
	})
	return all, len(counting)
}

// findLying adds faces that lie on one side or the other to those known.
func (n *networks) findLying(img *image.RGBA, known []found) ([]found, error) {
	mat, own, err := matOf(img)
	if err != nil {
		return nil, err
	}
	defer mat.Close()
	size := own.Rect.Size()
	for _, clockwise := range []bool{false, true} {
		turn := gocv.Rotate90CounterClockwise
		if clockwise {
			turn = gocv.Rotate90Clockwise
		}
		small, turned := gocv.NewMat(), gocv.NewMat()
		fitted := image.Pt(detectHeight*size.X/max(size.X, size.Y), detectHeight*size.Y/max(size.X, size.Y))
		gocv.Resize(mat, &small, image.Pt(max(1, fitted.X), max(1, fitted.Y)), 0, 0, gocv.InterpolationArea)
		gocv.Rotate(small, &turned, turn)
		boxes, err := n.detect(turned, image.Rect(0, 0, turned.Cols(), turned.Rows()),
			edgeMargin*float64(max(turned.Cols(), turned.Rows())))
		scale := float64(size.X) / float64(max(1, fitted.X))
		small.Close()
		turned.Close()
		if err != nil {
			return nil, err
		}
		for _, b := range boxes {
			if b.score < lyingScore {
				continue
			}
			back := box{score: b.score}
			lean := math.Pi / 2 // what a turn to the left sets upright leans to the right
			if clockwise {
				back.minX, back.maxX = scale*b.minY, scale*b.maxY
				back.minY, back.maxY = float64(size.Y)-scale*b.maxX, float64(size.Y)-scale*b.minX
				lean = -lean
			} else {
				back.minX, back.maxX = float64(size.X)-scale*b.maxY, float64(size.X)-scale*b.minY
				back.minY, back.maxY = scale*b.minX, scale*b.maxX
			}
			back = moved(back, img.Rect.Min)
			at := slices.IndexFunc(known, func(f found) bool {
				smaller, _ := f.box.shared(back)
				return smaller > oneFaceCut
			})
			if at >= 0 && known[at].Score >= b.score-lyingMore {
				continue
			}
			f, err := n.locate(img, back, lean, landmarkLooks)
			if err == nil {
				f.Doubted, err = n.doubted(img, f)
			}
			if err != nil {
				return nil, err
			}
			if at >= 0 {
				known[at] = f
			} else {
				known = append(known, f)
			}
		}
	}
	return known, nil
}

// moved is a box in a picture that begins at a point.
func moved(b box, from image.Point) box {
	b.minX, b.maxX = b.minX+float64(from.X), b.maxX+float64(from.X)
	b.minY, b.maxY = b.minY+float64(from.Y), b.maxY+float64(from.Y)
	return b
}

// flawOf says why what a frame shows cannot be compared.
func flawOf(s seen, img *image.RGBA) matcher.Flaw {
	f, bounds := s.faces[0], img.Rect
	inside := f.Box.Intersect(bounds)
	edge := image.Pt(int(offCentre*float64(bounds.Dx())), int(offCentre*float64(bounds.Dy())))
	light := quality.LightOf(img, f.Square())
	eyes := alignOn(f.points)
	lean := math.Abs(math.Atan2(eyes[1].y-eyes[0].y, eyes[1].x-eyes[0].x)) * 180 / math.Pi
	switch {
	case s.count > 1:
		return matcher.FlawTwo
	case quality.InterEye(f.Eyes) < minInterEye:
		return matcher.FlawSmall
	case float64(inside.Dx()*inside.Dy()) < minInside*float64(f.Box.Dx()*f.Box.Dy()),
		!middle(f.Box.Min, f.Box.Max).In(image.Rectangle{Min: bounds.Min.Add(edge), Max: bounds.Max.Sub(edge)}):
		return matcher.FlawCutOff
	case lean > mostLean:
		return matcher.FlawLying
	case s.known:
		return matcher.FlawNone
	}
	return poorFlaw(light, s.quality)
}

// emptyFlaw is the likeliest reason for which no face is seen in a picture.
func emptyFlaw(light quality.Light) matcher.Flaw {
	switch {
	case light.Mean < tooDark:
		return matcher.FlawDark
	case light.Mean > tooBright || light.Burnt > tooBurnt:
		return matcher.FlawBright
	}
	return matcher.FlawNobody
}

// poorFlaw is the likeliest reason for which the networks make too little of a face.
func poorFlaw(light quality.Light, q quality.Measures) matcher.Flaw {
	switch {
	case light.Mean < tooDark:
		return matcher.FlawDark
	case light.Mean > tooBright || light.Burnt > tooBurnt:
		return matcher.FlawBright
	case q.Sharpness < tooBlurred:
		return matcher.FlawBlurred
	}
	return matcher.FlawPoor
}

// keeper lets go of frames that will not be shown: of each row of neighbours it
// keeps the one with the best face. The rows grow with the film, so that at most
// mostKept frames are kept.
type keeper struct {
	w   *watched
	row int // frames in a row; 0: one
}

// add looks at the frames kept, now that one more has been looked at.
func (k *keeper) add() {
	k.row = max(1, k.row)
	for len(k.w.seen) > mostKept*k.row {
		k.row *= 2
	}
	if k.row == 1 {
		return
	}
	for from := 0; from < len(k.w.seen); from += k.row {
		best := -1
		for j := from; j < min(from+k.row, len(k.w.seen)); j++ {
			s := &k.w.seen[j]
			if s.frame == nil {
				continue
			}
			if best >= 0 && !s.better(k.w.seen[best]) {
				s.frame = nil
				continue
			}
			if best >= 0 {
				k.w.seen[best].frame = nil
			}
			best = j
		}
	}
}

// better says whether a frame is one to compare rather than another.
func (s seen) better(than seen) bool {
	if usable, other := s.flaw == matcher.FlawNone, than.flaw == matcher.FlawNone; usable != other {
		return usable
	}
	return s.quality.Total > than.quality.Total
}
