package camera

import (
	"context"
	"image"
	"time"

	"facematch/matcher"
)

// Record films as Film does, into a file: an H.264 MP4 in Params.Temp, which its
// reader deletes. It returns when the file is finished.
//
// Progress is StageRecording in milliseconds, then StageWriting. Its errors are
// those of Film, and camera.clip where the file cannot be written. After an error
// there is no file.
func (s *Source) Record(ctx context.Context, length time.Duration,
	progress matcher.ProgressFunc) (matcher.Clip, error) {
	size, rate, err := s.ready(ctx)
	if err != nil {
		return matcher.Clip{}, err
	}
	enc, err := s.startEncoder(size, rate)
	if err != nil {
		return matcher.Clip{}, err
	}
	chosen := portrait{length: max(length, shortestClip)}
	f := newFilming(length, progress, func(frame matcher.Frame, sampled bool) {
		enc.offer(frame, sampled)
		if sampled {
			chosen.add(frame)
		}
	})
	progress.Report(matcher.StageRecording, 0, int(f.length.Milliseconds()))
	if err = s.film(ctx, f); err == nil {
		<-f.done // which the context, Close and the source's problems end as well
		err = f.err
	}
	enc.lasts = f.lasted
	close(enc.frames)
	var video matcher.Blob
	if err == nil {
		progress.Report(matcher.StageWriting, 0, 0)
		video, err = enc.wait(ctx, s.quit)
	}
	if err == nil {
		var picture matcher.Frame
		picture, err = small(matcher.Frame{Image: chosen.picture})
		chosen.picture = picture.Image
	}
	if err != nil {
		enc.discard()
		return matcher.Clip{}, err
	}
	return matcher.Clip{Video: video, Picture: chosen.picture, Length: f.lasted}, nil
}

// ready waits until the source's frame rate is known, and gives it with the size
// of its pictures.
func (s *Source) ready(ctx context.Context) (size image.Point, rate float64, err error) {
	for after := uint64(0); ; {
		live, err := s.Next(ctx, after)
		if err != nil {
			return size, 0, err
		}
		if live.Problem != nil {
			return size, 0, live.Problem
		}
		if rate, ok := s.rate(); ok {
			return live.Frame.Image.Rect.Size(), rate, nil
		}
		after = live.Seq
	}
}
