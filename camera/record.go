package camera

import (
	"context"
	"errors"
	"fmt"
	"time"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// Record records a clip of about this length from the next frame on: an H.264
// MP4 in Params.Temp, which whoever asked for it deletes, and at most 16
// candidate frames, spread evenly over the length. Both are at most 1280 pixels
// on their longer side. Times in the clip count from its first frame.
//
// Progress is StageRecording in milliseconds. The error is the context's,
// ErrClosed, or a *matcher.Problem: the source's own where it gives no frame to
// begin with, camera.lost where it stops in the middle, camera.clip where the file cannot be
// written. After an error there is no file.
func (s *Source) Record(ctx context.Context, length time.Duration, progress matcher.ProgressFunc) (matcher.Clip, error) {
	length = max(length, shortestClip)
	t, err := s.listen()
	if err != nil {
		return matcher.Clip{}, err
	}
	defer s.silence(t)

	progress.Report(matcher.StageRecording, 0, int(length.Milliseconds()))
	first, rate, err := s.first(ctx, t)
	if err != nil {
		return matcher.Clip{}, err
	}
	enc, err := s.startEncoder(first.Image.Rect.Size(), rate)
	if err != nil {
		return matcher.Clip{}, err
	}
	frames, lasted, err := s.take(ctx, t, first, length, enc, progress)
	enc.lasts = lasted
	close(enc.frames)
	var video matcher.Blob
	if err == nil {
		video, err = enc.wait(ctx, s.quit)
	}
	if err != nil {
		enc.discard()
		return matcher.Clip{}, err
	}
	return matcher.Clip{Video: video, Frames: frames, Length: lasted}, nil
}

// first waits for the clip's first frame, and until the source's frame rate is
// known.
func (s *Source) first(ctx context.Context, t *tap) (matcher.Frame, float64, error) {
	for {
		frame, err := s.receive(ctx, t)
		if err != nil {
			return matcher.Frame{}, 0, err
		}
		if rate, ok := s.rate(); ok {
			return frame, rate, nil
		}
	}
}

// take hands each frame to the encoder and keeps the candidates, until the
// length is reached.
func (s *Source) take(
	ctx context.Context, t *tap, first matcher.Frame, length time.Duration, enc *encoder, progress matcher.ProgressFunc,
) ([]matcher.Frame, time.Duration, error) {
	kept := candidates{length: length}
	frame := first
	for {
		// Before anything keeps it: queues of large frames would take hundreds of MB.
		if size := frameSize(frame.Image.Rect.Size()); size != frame.Image.Rect.Size() {
			small, err := shrink(frame.Image, size)
			if err != nil {
				return nil, 0, fmt.Errorf("scaling a frame: %w", err)
			}
			frame.Image = small
		}
		frame.At -= first.At
		kept.add(frame)
		enc.offer(frame)
		progress.Report(matcher.StageRecording, int(min(frame.At, length).Milliseconds()), int(length.Milliseconds()))
		if frame.At >= length {
			return kept.frames, frame.At, nil
		}
		var err error
		frame, err = s.receive(ctx, t)
		var problem *matcher.Problem
		if errors.As(err, &problem) {
			return nil, 0, matcher.NewProblem("camera.lost", err)
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// receive waits for the next frame of the source, or why there is none.
func (s *Source) receive(ctx context.Context, t *tap) (matcher.Frame, error) {
	if err := ctx.Err(); err != nil {
		return matcher.Frame{}, err
	}
	select {
	case frame := <-t.frames:
		return frame, nil
	case problem := <-t.lost:
		return matcher.Frame{}, problem
	case <-ctx.Done():
		return matcher.Frame{}, ctx.Err()
	case <-s.quit:
		return matcher.Frame{}, ErrClosed
	}
}

// candidates keeps one frame for each of maxCandidates equal stretches of the
// length, the sharpest where several compete.
type candidates struct {
	length  time.Duration
	frames  []matcher.Frame
	stretch int     // of the newest one
	sharp   float64 // how sharp the newest one is
}

func (c *candidates) add(frame matcher.Frame) {
	stretch := min(int(int64(frame.At)*maxCandidates/int64(c.length)), maxCandidates-1)
	sharp := quality.Sharpness(frame.Image, middle(frame.Image.Rect))
	last := len(c.frames) - 1
	switch {
	case last < 0 || stretch > c.stretch:
		c.frames = append(c.frames, frame)
	case sharp > c.sharp:
		c.frames[last] = frame
	default:
		return
	}
	c.stretch, c.sharp = stretch, sharp
}
