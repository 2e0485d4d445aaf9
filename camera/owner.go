package camera

import (
	"errors"
	"fmt"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// own opens and reads the source until Close, one session after another.
func (s *Source) own() {
	defer s.busy.Done()
	wait := retryFirst
	var pace pacer
	var still stillness
	for {
		frames, problem := s.session(&pace, &still)
		if frames > 0 {
			wait = retryFirst
		}
		if problem != nil {
			s.fail(problem)
			if !s.sleep(wait) {
				return
			}
			wait = min(2*wait, retryLast)
		}
		if s.isClosed() {
			return
		}
	}
}

// session opens the source and reads it until it fails or is closed. It returns
// how many frames came; no problem means that it may start again at once.
func (s *Source) session(pace *pacer, still *stillness) (frames int, problem *matcher.Problem) {
	if problem := s.from.check(); problem != nil {
		return 0, problem
	}
	capture, problem := s.from.open()
	if problem != nil {
		return 0, problem
	}
	defer capture.Close()
	mat := gocv.NewMat()
	defer mat.Close()

	if s.from.kind == file {
		pace.period = time.Duration(float64(time.Second) / playRate(capture.Get(gocv.VideoCaptureFPS)))
	}
	still.reopened()
	rewound := false
	for !s.isClosed() {
		if !capture.Read(&mat) {
			switch {
			case s.from.kind != file || frames == 0:
				return frames, s.from.failed(errors.New("no more pictures"))
			case rewound: // this kind of file cannot be rewound: open it again
				return frames, nil
			}
			// Rewinding takes a fifth of the time opening does, less than a frame.
			capture.Set(gocv.VideoCapturePosFrames, 0)
			rewound = true
			continue
		}
		rewound = false
		picture, err := toRGBA(mat)
		if err != nil {
			return frames, s.from.failed(err)
		}
		if size := frameSize(picture.Rect.Size()); min(size.X, size.Y) < leastSide {
			return frames, matcher.NewProblem("camera.too_small", fmt.Errorf("pictures of %v", picture.Rect.Size()))
		}
		if s.from.kind != device && still.stuck(picture, time.Now()) {
			s.p.Log.Info("camera stands still, opened anew", "source", s.from.kind.String())
			return frames, nil
		}
		if !s.sleep(pace.next(time.Now())) {
			break
		}
		s.show(picture)
		frames++
	}
	return frames, nil
}

// playRate is the frame rate a file is played at.
func playRate(named float64) float64 {
	if named > 0 && named <= highestRate { // false for NaN
		return named
	}
	return usualRate
}

func (s *Source) isClosed() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

// sleep waits, and says whether the source is still open.
func (s *Source) sleep(d time.Duration) bool {
	if d <= 0 {
		return !s.isClosed()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.quit:
		return false
	}
}

// pacer keeps a file to its own frame rate, from one opening to the next. Without
// a period it never waits: cameras and streams keep their own time.
type pacer struct {
	period time.Duration
	due    time.Time
}

// next says how long the next frame has to wait.
func (p *pacer) next(now time.Time) time.Duration {
	if p.period == 0 {
		return 0
	}
	if p.due.IsZero() || now.Sub(p.due) > playLate {
		p.due = now
	}
	wait := p.due.Sub(now)
	p.due = p.due.Add(p.period)
	return wait
}
