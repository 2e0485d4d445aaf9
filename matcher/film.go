package matcher

import (
	"context"
	"io"
	"slices"
)

// Film gives the sampled frames of a clip one after the other, while it is being
// filmed or read. Which frames those are, quality.Sampler decides. A film is read
// once, by one goroutine.
type Film interface {
	// Next waits for the next sampled frame. Its error is io.EOF after the last
	// one, the context's, or a *Problem.
	Next(ctx context.Context) (Frame, error)

	// Unsampled is how many jumps of the picture were not sampled on both sides,
	// because there were too many. It is known once Next has given io.EOF.
	Unsampled() int
}

// FilmOf is a film of frames that are there already.
func FilmOf(frames []Frame) Film { return &frameList{frames: slices.Clone(frames)} }

type frameList struct{ frames []Frame }

func (f *frameList) Next(ctx context.Context) (Frame, error) {
	if err := ctx.Err(); err != nil {
		return Frame{}, err
	}
	if len(f.frames) == 0 {
		return Frame{}, io.EOF
	}
	next := f.frames[0]
	f.frames = f.frames[1:]
	return next, nil
}

func (f *frameList) Unsampled() int { return 0 }
