// Package offline compares faces on this computer: go-face behind
// matcher.Matcher and matcher.FaceFinder.
//
//	Match ─ portrait ─┐
//	      └ clip ─ frames ─ usable? ─ best of each stretch ─ distances ─ Result
//	      ▲           │ find, describe
//	      │           ▼
//	      │        Engine: a worker a core, each with its own networks
//	  decoders: processes that read clips from outside, so that FFmpeg meets none
//	  of them in this one
package offline

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	face "github.com/Kagami/go-face"
	"golang.org/x/sync/errgroup"

	"facematch/matcher"
	"facematch/matcher/internal/background"
	"facematch/matcher/internal/cascade"
)

// Params are what an Engine is made of; all but Network and Program are needed.
type Params struct {
	Folders     []string // where the models may lie, in the order to try
	Calibration *matcher.Calibration
	Network     string // the second network's file where it does not lie among the models
	Program     string // tries that file and reads clips, see TryNetwork and DecodeHere; empty: this program
	Cascade     []byte // see assets/cascade
	Log         *slog.Logger
}

// Engine finds and describes faces. It may be used from several goroutines.
type Engine struct {
	params   Params
	cascade  *cascade.Cascade
	native   background.Group // calls into C++, which cannot be interrupted
	workers  int              // as many as the computer has cores
	decoders *decoders

	mu      sync.Mutex
	current *load // the load that runs or has succeeded; nil before, and after a failure
}

// load is one attempt to read the models; its results are there once done is
// closed.
type load struct {
	done chan struct{}
	free chan *worker // those that have nothing to do
	err  error
}

// worker is one set of networks. They are not made for two calls at once: go-face
// would make the second call wait, OpenCV would mix them up.
type worker struct {
	recogniser *face.Recognizer
	networks   *networks // nil where go-face decides alone
}

func (w *worker) close() {
	if w.recogniser != nil {
		w.recogniser.Close()
	}
	if w.networks != nil {
		w.networks.close()
	}
}

var _ matcher.FaceFinder = (*Engine)(nil)

// New makes an engine and returns at once; Load, or the first use, reads the
// models. The error says that the cascade is damaged.
func New(p Params) (*Engine, error) {
	c, err := cascade.Parse(p.Cascade)
	if err != nil {
		return nil, err
	}
	workers := runtime.NumCPU()
	return &Engine{params: p, cascade: c, workers: workers, decoders: newDecoders(workers, p.Program)}, nil
}

// Load checks and reads the models, unless that is done already. Callers at the
// same time share one attempt, which goes on when one of them leaves; after a
// failure it can be tried again. The error is the context's, or a
// *matcher.Problem: engine.model_missing, engine.model_damaged (parameter
// Model), engine.network_unknown, engine.network_unusable (parameter Reason),
// engine.failed, engine.closed.
func (e *Engine) Load(ctx context.Context) error {
	_, err := e.loaded(ctx)
	return err
}

func (e *Engine) loaded(ctx context.Context) (chan *worker, error) {
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
		return l.free, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (e *Engine) load(l *load) {
	defer close(l.done)
	start := time.Now()
	folder, err := modelFolder(e.params.Folders, e.shared())
	if err == nil && e.params.Network != "" {
		if err = known(e.params.Network, e.params.Calibration); err == nil {
			err = TryNetwork(context.Background(), e.params.Program, e.params.Network)
		}
	}
	if err == nil {
		l.free, err = e.newWorkers(folder)
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
		"workers", e.workers, "one_blas_thread", oneBLASThread())
}

// shared are the models that lie in the models' folder: all but a network of the
// operator's own.
func (e *Engine) shared() []matcher.Model {
	c := e.params.Calibration
	return slices.DeleteFunc(slices.Clone(c.Models), func(m matcher.Model) bool {
		return e.params.Network != "" && c.Network != nil && m.Name == c.Network.Features
	})
}

// newWorkers reads the models once for each worker, all at the same time.
func (e *Engine) newWorkers(folder string) (chan *worker, error) {
	free := make(chan *worker, e.workers)
	var group errgroup.Group
	for range e.workers {
		group.Go(func() error {
			w := &worker{}
			free <- w
			var err error
			if w.recogniser, err = face.NewRecognizer(folder); err != nil {
				w.recogniser = nil
				// Its text names the file; what is left of it may stand in the log.
				return matcher.NewProblem("engine.failed", errors.New(strings.ReplaceAll(err.Error(), folder, "")))
			}
			if network := e.params.Calibration.Network; network != nil {
				w.networks, err = loadNetworks(folder, e.params.Network, *network)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		for range e.workers {
			(<-free).close()
		}
		return nil, err
	}
	return free, nil
}

// Close refuses new work, waits for calls still running and frees the models.
// It may be called again.
func (e *Engine) Close() error {
	e.native.Close()
	e.decoders.close()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current != nil && e.current.free != nil {
		for range e.workers { // nobody works any more
			(<-e.current.free).close()
		}
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

// work has a worker do something that cannot be interrupted, as many at a time as
// there are. A caller who leaves does not wait for it; what it works on must not
// be changed afterwards.
func work[T any](ctx context.Context, e *Engine, do func(*worker) (T, error)) (T, error) {
	var none T
	free, err := e.loaded(ctx)
	if err != nil {
		return none, err
	}
	result, err := background.Run(ctx, &e.native, func() (T, error) {
		select {
		case w := <-free:
			defer func() { free <- w }()
			return do(w)
		case <-ctx.Done():
			return none, ctx.Err()
		}
	})
	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil: // the caller has left, whatever came of the work
		return none, ctx.Err()
	case errors.Is(err, background.ErrClosed):
		return none, closed(err)
	}
	return none, matcher.AsProblem(err, "engine.failed")
}

// recognise is the one way into go-face. The picture is made by the worker too,
// because scaling and encoding a large one takes long.
func (w *worker) recognise(picture image.Image, detect detector) ([]face.Face, error) {
	// go-face takes baseline JPEG with three components only, which is what Go
	// writes for anything but gray pictures.
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, picture, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return nil, err
	}
	return detect(w.recogniser, encoded.Bytes())
}

func closed(err error) error { return matcher.NewProblem("engine.closed", err) }
