package app

import (
	"context"
	"time"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// CaptureFunc films a person. With asFile it returns the film as a finished file. Otherwise
// it returns the film as soon as filming has begun; the film then ends with the context.
type CaptureFunc func(ctx context.Context, asFile bool, progress matcher.ProgressFunc) (Captured, error)

// Captured is what was filmed.
type Captured struct {
	Film matcher.Film  // its frames, as they are taken; nil where it comes as a file
	Clip *matcher.Clip // the file; nil where it comes as frames
	Filmed
}

// Filmed says how the picture was when filming began.
type Filmed struct {
	Warning matcher.Notice   // the hint that was not followed; without a key: the picture was good, or nothing was filmed
	Quality quality.Measures // of the face; all 0 where none was seen
	Virtual string           // the driver of the camera, as Source.Virtual
}

const (
	// captureWait is how long a check waits for a good picture before the clerk may film
	// without one.
	captureWait = 10 * time.Second

	// captureTick is how often the wait is reported.
	captureTick = 100 * time.Millisecond
)

// Capture films a person for about this length as soon as the picture is good. Where it
// does not become good within ten seconds (StageOffering), it also films once anyway is
// closed, and returns what was wrong. The errors are those of Source.Film, Source.Record
// and, except for the context's, Source.Advise.
func Capture(source Source, length time.Duration, anyway <-chan struct{}) CaptureFunc {
	return func(ctx context.Context, asFile bool, progress matcher.ProgressFunc) (Captured, error) {
		filmed, err := awaitGood(ctx, source, anyway, progress)
		if err != nil {
			return Captured{}, err
		}
		captured := Captured{Filmed: filmed}
		if !asFile {
			captured.Film, err = source.Film(ctx, length, progress)
			captured.Virtual = source.Virtual() // now, since the camera may have been another one before
			return captured, err
		}
		clip, err := source.Record(ctx, length, progress)
		captured.Virtual = source.Virtual()
		if err == nil {
			captured.Clip = &clip
		}
		return captured, err
	}
}

// awaitGood returns when the picture is good, or when the clerk films anyway.
func awaitGood(
	ctx context.Context, source Source, anyway <-chan struct{}, progress matcher.ProgressFunc,
) (Filmed, error) {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	answers := make(chan answer)
	go func() { // Advise may block for ever where there are no pictures, and the clock must go on
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

// answer is the result of Source.Advise.
type answer struct {
	matcher.Advice
	err error
}
