package app

import (
	"context"
	"time"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// CaptureFunc films a person. With asFile the film comes as a finished clip; else it
// is given as soon as filming has begun, and ends with the context.
type CaptureFunc func(ctx context.Context, asFile bool, progress matcher.ProgressFunc) (Captured, error)

// Captured is what somebody films.
type Captured struct {
	Film matcher.Film  // its frames, as they are taken; nil where it comes as a file
	Clip *matcher.Clip // the file; nil where it comes as frames
	Filmed
}

// Filmed says how the picture was when filming began.
type Filmed struct {
	Warning matcher.Notice   // the hint that was not followed; without a key: the picture was good, or nobody filmed
	Quality quality.Measures // of the face; all 0 where none was seen
}

const (
	// captureWait is how long a check waits for a good picture before the clerk may
	// film whatever there is.
	captureWait = 10 * time.Second

	// captureTick is how often the wait is told.
	captureTick = 100 * time.Millisecond
)

// Capture films a person for about this length as soon as the picture is good: at
// once where it is. Where it is not good within ten seconds (StageOffering), it
// films as well once anyway is closed, and says what was wrong. The errors are
// those of Source.Film and Source.Record and, but for the context's, of
// Source.Advise.
func Capture(source Source, length time.Duration, anyway <-chan struct{}) CaptureFunc {
	return func(ctx context.Context, asFile bool, progress matcher.ProgressFunc) (Captured, error) {
		filmed, err := awaitGood(ctx, source, anyway, progress)
		if err != nil {
			return Captured{}, err
		}
		captured := Captured{Filmed: filmed}
		if !asFile {
			captured.Film, err = source.Film(ctx, length, progress)
			return captured, err
		}
		clip, err := source.Record(ctx, length, progress)
		if err == nil {
			captured.Clip = &clip
		}
		return captured, err
	}
}

// awaitGood returns when the picture is good, or the clerk goes on without.
func awaitGood(ctx context.Context, source Source, anyway <-chan struct{}, progress matcher.ProgressFunc) (Filmed, error) {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	answers := make(chan answer)
	go func() { // a source without pictures answers nothing, and the clock must go on
		for seq := uint64(0); ; {
			a, err := source.Advise(asking, seq)
			seq = a.Seq
			select {
			case answers <- answer{a, err}:
			case <-asking.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()

	var newest matcher.Advice
	began := time.Now()
	tick := time.NewTicker(captureTick)
	defer tick.Stop()
	open := (<-chan struct{})(nil) // anyway, once it may be chosen
	for {
		select {
		case a := <-answers:
			switch {
			case ctx.Err() != nil:
				return Filmed{}, ctx.Err()
			case a.err != nil:
				return Filmed{}, a.err
			case a.Good:
				return Filmed{Quality: a.Quality}, nil
			}
			newest = a.Advice
		case <-tick.C:
			waited := time.Since(began)
			if waited >= captureWait {
				progress.Report(matcher.StageOffering, 0, 0)
				open = anyway
				continue
			}
			progress.Report(matcher.StageCoaching, int(waited.Milliseconds()), int(captureWait.Milliseconds()))
		case <-open:
			if newest.Hint.Key == "" {
				newest.Hint.Key = "coach.no_picture"
			}
			return Filmed{Warning: newest.Hint, Quality: newest.Quality}, nil
		case <-ctx.Done():
			return Filmed{}, ctx.Err()
		}
	}
}

// answer is what a source said when it was asked for advice.
type answer struct {
	matcher.Advice
	err error
}
