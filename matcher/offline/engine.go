// Package offline compares faces on this computer: go-face behind
// matcher.Matcher and matcher.FaceFinder.
//
//	Match ─ portrait ─┐
//	      └ clip ─ frames ─ usable? ─ best of each stretch ─ distances ─ Result
//	                  │ find, describe
//	                  ▼
//	               Engine: one go-face recogniser, a worker a core
package offline

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"

	face "github.com/Kagami/go-face"

	"facematch/matcher"
	"facematch/matcher/internal/background"
)

// Params are what an Engine is made of; all are needed.
type Params struct {
	Folders     []string // where the models may lie, in the order to try
	Calibration *matcher.Calibration
	Log         *slog.Logger
}

// Engine finds and describes faces. It may be used from several goroutines.
type Engine struct {
	params  Params
	native  background.Group // calls into C++, which cannot be interrupted
	workers chan struct{}    // has room for as many calls as may run at once

	mu      sync.Mutex
	current *load // the load that runs or has succeeded; nil before, and after a failure
}

// load is one attempt to read the models; its results are there once done is
// closed.
type load struct {
	done       chan struct{}
	recogniser *face.Recognizer
	err        error
}

var _ matcher.FaceFinder = (*Engine)(nil)

// New makes an engine and returns at once; Load, or the first use, reads the
// models.
func New(p Params) *Engine {
	return &Engine{params: p, workers: make(chan struct{}, runtime.NumCPU())}
}

// Load checks and reads the models, unless that is done already. Callers at the
// same time share one attempt, which goes on when one of them leaves; after a
// failure it can be tried again. The error is the context's, or a
// *matcher.Problem: engine.model_missing, engine.model_damaged (parameter
// Model), engine.failed, engine.closed.
func (e *Engine) Load(ctx context.Context) error {
	_, err := e.loaded(ctx)
	return err
}

func (e *Engine) loaded(ctx context.Context) (*face.Recognizer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	l := e.current
	if l == nil {
		l = &load{done: make(chan struct{})}
		if err := e.native.Go(func() { e.load(l) }); err != nil {
			e.mu.Unlock()
			return nil, closed(err)
		}
		e.current = l
	}
	e.mu.Unlock()
	select {
	case <-l.done:
		return l.recogniser, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (e *Engine) load(l *load) {
	defer close(l.done)
	start := time.Now()
	folder, err := modelFolder(e.params.Folders, e.params.Calibration.Models)
	if err == nil {
		l.recogniser, err = face.NewRecognizer(folder)
		if err != nil {
			l.recogniser = nil
			// Its text names the file; what is left of it may stand in the log.
			err = matcher.NewProblem("engine.failed", errors.New(strings.ReplaceAll(err.Error(), folder, "")))
		}
	}
	if err != nil {
		l.err = err
		// No folder in the log: the one of a home is named after a person.
		e.params.Log.Info("models not loaded", "folders", len(e.params.Folders))
		e.mu.Lock()
		e.current = nil // the next caller tries again
		e.mu.Unlock()
		return
	}
	e.params.Log.Info("models loaded", "took", time.Since(start),
		"workers", cap(e.workers), "one_blas_thread", oneBLASThread())
}

// Close refuses new work, waits for calls still running and frees the models.
// It may be called again.
func (e *Engine) Close() error {
	e.native.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current != nil && e.current.recogniser != nil {
		e.current.recogniser.Close()
	}
	e.current = nil
	return nil
}

// detector is one of go-face's two ways to find and describe the faces in a JPEG.
type detector func(*face.Recognizer, []byte) ([]face.Face, error)

// quick looks for gradients (HOG), in some 30 ms. thorough asks a network, in
// 0.1 to 0.2 s for a crop of hiddenSide pixels and minutes for a whole scan, and
// sees faces that are partly hidden too.
var (
	quick    detector = (*face.Recognizer).Recognize
	thorough detector = (*face.Recognizer).RecognizeCNN
)

// recognise is the one way into go-face: as many calls at a time as there are
// workers. The picture is made by the worker too, because scaling and encoding a
// large one takes long. A caller who leaves does not wait for the call; what it
// works on must not be changed afterwards.
func (e *Engine) recognise(ctx context.Context, picture func() image.Image, detect detector) ([]face.Face, error) {
	recogniser, err := e.loaded(ctx)
	if err != nil {
		return nil, err
	}
	faces, err := background.Run(ctx, &e.native, func() ([]face.Face, error) {
		select {
		case e.workers <- struct{}{}:
			defer func() { <-e.workers }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// go-face takes baseline JPEG with three components only, which is what Go
		// writes for anything but gray pictures.
		var encoded bytes.Buffer
		if err := jpeg.Encode(&encoded, picture(), &jpeg.Options{Quality: jpegQuality}); err != nil {
			return nil, err
		}
		return detect(recogniser, encoded.Bytes())
	})
	switch {
	case err == nil || ctx.Err() != nil:
		return faces, err
	case errors.Is(err, background.ErrClosed):
		return nil, closed(err)
	}
	return nil, matcher.NewProblem("engine.failed", err)
}

func closed(err error) error { return matcher.NewProblem("engine.closed", err) }
