package camera

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"sync/atomic"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// encoder writes one clip on its own goroutine. Its video has a constant frame
// rate: each frame is put at the place its time gives, and one that was dropped
// or late is stood in for by the frame before it, so the clip always lasts as
// long as what it shows. A sampled frame is never dropped: what a film of the same
// moments would show, the clip shows too.
//
// It works at the program's own priority. At 1280x720 it takes 45 ms of a core a
// frame, which OpenCV lets nobody change, and holds 40 frames until the end. At a
// lower priority a busy machine left it a tenth of a core, and a clip of three
// seconds took half a minute more. What it cannot do in time it drops, so it never
// takes more than the cores there are.
type encoder struct {
	path      string
	writer    *gocv.VideoWriter
	rate      float64
	size      image.Point
	frames    chan offered
	lasts     time.Duration // of the whole clip; set before frames is closed
	discarded atomic.Bool
	done      chan struct{} // closed when the file is finished or removed
	err       error         // read after done
}

// offered is a frame on its way to the encoder.
type offered struct {
	matcher.Frame
	sampled bool
}

// startEncoder makes the file and starts its goroutine, which ends when frames
// is closed.
func (s *Source) startEncoder(size image.Point, rate float64) (*encoder, error) {
	size = clipSize(size)
	rate = min(max(math.Round(rate), lowestClipRate), highestClipRate)
	// FFmpeg keeps the file and its mode, and only it would choose 0644.
	f, err := os.CreateTemp(s.p.Temp, "clip-*.mp4")
	if err != nil {
		return nil, matcher.NewProblem("camera.clip", err)
	}
	path := f.Name()
	if err := f.Close(); err != nil {
		return nil, unwritable(path, err)
	}
	e := &encoder{
		path: path, rate: rate, size: size,
		frames: make(chan offered, encoderQueue+mostSampled), done: make(chan struct{}),
	}
	s.mu.Lock()
	if s.closed { // Close may be waiting already and would miss this goroutine
		s.mu.Unlock()
		return nil, errors.Join(ErrClosed, os.Remove(path))
	}
	s.busy.Add(1)
	s.mu.Unlock()
	opened := make(chan error)
	go func() {
		defer s.busy.Done()
		err := e.open()
		opened <- err
		if err == nil {
			e.run()
		}
	}()
	if err := <-opened; err != nil {
		return nil, unwritable(path, err)
	}
	return e, nil
}

func (e *encoder) open() error {
	writer, err := gocv.VideoWriterFile(e.path, clipCodec, e.rate, e.size.X, e.size.Y, true)
	if err != nil {
		return errors.New("the writer has no size")
	}
	if !writer.IsOpened() {
		_ = writer.Close()
		return errors.New("the writer does not open")
	}
	e.writer = writer
	return nil
}

// unwritable removes what was begun and says that clips cannot be written.
func unwritable(path string, cause error) *matcher.Problem {
	return matcher.NewProblem("camera.clip", errors.Join(cause, os.Remove(path)))
}

// clipSize is a clip's size for frames of this one: both sides even because H.264
// halves them for colour.
func clipSize(size image.Point) image.Point {
	size = frameSize(size)
	return image.Pt(max(2, size.X&^1), max(2, size.Y&^1))
}

// offer gives the encoder a frame, unless it is too far behind and can do without.
// There is always room for the sampled ones.
func (e *encoder) offer(frame matcher.Frame, sampled bool) {
	if !sampled && len(e.frames) >= encoderQueue {
		return
	}
	if kept, err := small(frame); err == nil { // else the encoder scales it
		frame = kept
	}
	e.frames <- offered{frame, sampled}
}

// discard removes the file; what the encoder still does is for nothing.
func (e *encoder) discard() {
	e.discarded.Store(true)
	_ = os.Remove(e.path) // the encoder has it open since it began, so it cannot come back
}

// wait waits for the finished file.
func (e *encoder) wait(ctx context.Context, quit <-chan struct{}) (matcher.Blob, error) {
	select {
	case <-e.done:
	case <-ctx.Done():
		return matcher.Blob{}, ctx.Err()
	case <-quit:
		return matcher.Blob{}, ErrClosed
	}
	if e.err != nil {
		return matcher.Blob{}, matcher.NewProblem("camera.clip", e.err)
	}
	info, err := os.Stat(e.path)
	if err != nil {
		return matcher.Blob{}, matcher.NewProblem("camera.clip", err)
	}
	path := e.path
	return matcher.Blob{
		Name: "clip.mp4", MediaType: "video/mp4", Size: info.Size(), Path: path,
		Open: func() (io.ReadCloser, error) { return os.Open(path) },
	}, nil
}

// run encodes until frames is closed, then finishes the file.
func (e *encoder) run() {
	defer close(e.done)
	bgr := gocv.NewMat()
	defer bgr.Close()
	scaled := gocv.NewMat()
	defer scaled.Close()

	written := 0
	for frame := range e.frames {
		if e.discarded.Load() || e.err != nil {
			continue
		}
		place := e.place(frame.At)
		if place < written && !frame.sampled { // another one stands there
			continue
		}
		if written > 0 {
			written = e.fill(bgr, written, place)
		}
		if err := e.convert(frame.Image, &scaled, &bgr); err != nil {
			e.err = err
			continue
		}
		e.err = errors.Join(e.err, e.writer.Write(bgr))
		written++
	}
	if !e.discarded.Load() && e.err == nil {
		written = e.fill(bgr, written, e.place(e.lasts)+1)
	}
	e.err = errors.Join(e.err, e.writer.Close())
	if e.err == nil && !e.discarded.Load() {
		e.err = playable(e.path, written)
	}
}

// place is the number of the frame shown at this time of the clip.
func (e *encoder) place(at time.Duration) int { return int(math.Round(at.Seconds() * e.rate)) }

// fill repeats a frame until this many are written.
func (e *encoder) fill(bgr gocv.Mat, written, until int) int {
	for ; written < until; written++ {
		e.err = errors.Join(e.err, e.writer.Write(bgr))
	}
	return written
}

// convert makes what the writer takes: BGR of exactly its size, also where the
// source changed its own.
func (e *encoder) convert(picture *image.RGBA, scaled, bgr *gocv.Mat) error {
	return lend(picture, func(rgba gocv.Mat) {
		if picture.Rect.Size() != e.size {
			gocv.Resize(rgba, scaled, e.size, 0, 0, gocv.InterpolationArea)
			rgba = *scaled
		}
		gocv.CvtColor(rgba, bgr, gocv.ColorRGBAToBGR)
	})
}

// playable checks a finished clip, because the writer says nothing when the disk
// is full: such a file has no index and does not open.
func playable(path string, frames int) error {
	capture, err := openFile(path)
	if err != nil {
		return err
	}
	defer capture.Close()
	if n := int(capture.Get(gocv.VideoCaptureFrameCount)); n != frames {
		return fmt.Errorf("the finished clip has %d of %d frames", n, frames)
	}
	return nil
}
