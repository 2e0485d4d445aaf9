// Package offline compares faces on this computer: go-face behind
// matcher.Matcher and matcher.FaceFinder.
//
//	Match ─ portrait ──────────────────────────┐
//	      └ film ─ each sampled frame: who is there? ─ best of each stretch ─ distances ─ Result
//	      ▲           │ detector, landmarks, second network        │ go-face
//	      │           ▼                                            ▼
//	      │        Engine: a set of networks for each core, go-face for each check that runs
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
	"sync/atomic"
	"time"

	face "github.com/Kagami/go-face"
	"golang.org/x/sync/errgroup"

	"facematch/matcher"
	"facematch/matcher/internal/background"
)

// Params are what an Engine is made of; all but Network and Program are needed.
type Params struct {
	Folders     []string // where the models may lie, in the order to try
	Calibration *matcher.Calibration
	Network     string // the second network's file where it does not lie among the models
	Program     string // tries that file and reads clips, see TryNetwork and DecodeHere; empty: this program
	Log         *slog.Logger
}

// Engine finds and describes faces. It may be used from several goroutines.
type Engine struct {
	params   Params
	native   background.Group // calls into C++, which cannot be interrupted
	workers  int              // sets of networks: as many as the computer has cores
	decoders *decoders
	checks   atomic.Int32 // that run now

	mu      sync.Mutex
	current *load // the load that runs or has succeeded; nil before, and after a failure
}

// load is one attempt to read the models; its results are there once done is
// closed.
type load struct {
	done     chan struct{}
	networks chan *networks // those that have nothing to do
	goFace   recognisers
	err      error
}

// recognisers are those of go-face. Each takes a second of computing to make, so
// there is one until several checks run at the same time.
type recognisers struct {
	folder string
	free   chan *face.Recognizer

	mu           sync.Mutex
	made, coming int
}

var _ matcher.FaceFinder = (*Engine)(nil)

// New makes an engine and returns at once; Load, or the first use, reads the
// models. The error says that the calibration names no finder of faces.
func New(p Params) (*Engine, error) {
	if f := p.Calibration.Finder; f.Detector == "" || f.Landmarks == "" {
		return nil, errors.New("the calibration names no detector or no landmarks")
	}
	workers := runtime.NumCPU()
	return &Engine{params: p, workers: workers, decoders: newDecoders(workers, p.Program)}, nil
}

// DecoderRestarts is how many of the processes that read clips were replaced since the start:
// they broke, met a damaged clip, were cut, or had read enough.
func (e *Engine) DecoderRestarts() int64 { return e.decoders.restarts.Load() }

// Load checks and reads the models, unless that is done already. Callers at the
// same time share one attempt, which goes on when one of them leaves; after a
// failure it can be tried again. The error is the context's, or a
// *matcher.Problem: engine.model_missing, engine.model_damaged (parameter
// Model), engine.network_unknown, engine.network_unusable (parameter Reason),
// engine.miscalculates (parameter Model), engine.failed, engine.closed.
func (e *Engine) Load(ctx context.Context) error {
	_, err := e.loaded(ctx)
	return err
}

func (e *Engine) loaded(ctx context.Context) (*load, error) {
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
		return l, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (e *Engine) load(l *load) {
	defer close(l.done)
	start, oneThread := time.Now(), oneBLASThread()
	folder, err := modelFolder(e.params.Folders, e.shared())
	if err == nil && e.params.Network != "" {
		if err = known(e.params.Network, e.params.Calibration); err == nil {
			err = TryNetwork(context.Background(), e.params.Program, e.params.Network)
		}
	}
	if err == nil {
		err = e.read(l, folder)
	}
	if err == nil {
		if err = l.selfTest(e.params.Calibration, storedAnswers); err != nil {
			l.close()
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
		"workers", e.workers, "one_blas_thread", oneThread)
}

// shared are the models that lie in the models' folder: all but a network of the
// operator's own.
func (e *Engine) shared() []matcher.Model {
	c := e.params.Calibration
	return slices.DeleteFunc(slices.Clone(c.Models), func(m matcher.Model) bool {
		return e.params.Network != "" && c.Network != nil && m.Name == c.Network.Features
	})
}

// read reads the models, all at the same time.
func (e *Engine) read(l *load, folder string) error {
	l.networks = make(chan *networks, e.workers)
	l.goFace.folder, l.goFace.free = folder, make(chan *face.Recognizer, e.workers)
	var group errgroup.Group
	group.Go(func() error { return l.goFace.add() })
	for range e.workers {
		group.Go(func() error {
			n, err := loadNetworks(folder, e.params.Network, e.params.Calibration)
			if err == nil {
				l.networks <- n
			}
			return err
		})
	}
	err := group.Wait()
	if err != nil {
		l.close()
	}
	return err
}

// add makes one more recogniser, and lays it to the others.
func (r *recognisers) add() error {
	one, err := face.NewRecognizer(r.folder)
	if err != nil {
		// Its text names the file; what is left of it may stand in the log.
		return matcher.NewProblem("engine.failed", errors.New(strings.ReplaceAll(err.Error(), r.folder, "")))
	}
	r.mu.Lock()
	r.made++
	r.mu.Unlock()
	r.free <- one
	return nil
}

// close frees what nobody uses any more.
func (l *load) close() {
	for len(l.networks) > 0 {
		(<-l.networks).close()
	}
	for len(l.goFace.free) > 0 {
		(<-l.goFace.free).Close()
	}
}

// begin loads the models and counts a check that runs, until end is called. From the second one at the
// same time on there is one more recogniser, up to one a core.
func (e *Engine) begin(ctx context.Context) (end func(), err error) {
	l, err := e.loaded(ctx)
	if err != nil {
		return nil, err
	}
	running := int(e.checks.Add(1))
	l.goFace.mu.Lock()
	defer l.goFace.mu.Unlock()
	if most := min(running, e.workers); l.goFace.made+l.goFace.coming < most {
		l.goFace.coming++
		err := e.native.Go(func() {
			err := l.goFace.add()
			l.goFace.mu.Lock()
			l.goFace.coming--
			l.goFace.mu.Unlock()
			if err != nil {
				e.params.Log.Warn("no further recogniser", "error", err)
			}
		})
		if err != nil {
			l.goFace.coming--
		}
	}
	return func() { e.checks.Add(-1) }, nil
}

// Close refuses new work, waits for calls still running and frees the models.
// It may be called again.
func (e *Engine) Close() error {
	e.native.Close()
	e.decoders.close()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current != nil {
		e.current.close() // nobody works any more
	}
	e.current = nil
	return nil
}

// detection is one of go-face's two ways to find and describe the faces in a JPEG.
type detection func(*face.Recognizer, []byte) ([]face.Face, error)

// quick looks for gradients (HOG), in some 10 ms for a crop. thorough asks a
// network, in 0.1 to 0.2 s, and sees faces that are partly hidden too.
var (
	quick    detection = (*face.Recognizer).Recognize
	thorough detection = (*face.Recognizer).RecognizeCNN
)

// work has a set of networks do something that cannot be interrupted, as many at a
// time as there are. A caller who leaves does not wait for it; what it works on
// must not be changed afterwards.
func work[T any](ctx context.Context, e *Engine, do func(*networks) (T, error)) (T, error) {
	return withFree(ctx, e, func(l *load) chan *networks { return l.networks }, do)
}

// withGoFace does the same with a recogniser.
func withGoFace[T any](ctx context.Context, e *Engine, do func(*face.Recognizer) (T, error)) (T, error) {
	return withFree(ctx, e, func(l *load) chan *face.Recognizer { return l.goFace.free }, do)
}

func withFree[W, T any](ctx context.Context, e *Engine, pool func(*load) chan W, do func(W) (T, error)) (T, error) {
	var none T
	l, err := e.loaded(ctx)
	if err != nil {
		return none, err
	}
	free := pool(l)
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

// recognise is the one way into go-face.
func recognise(r *face.Recognizer, picture image.Image, detect detection) ([]face.Face, error) {
	// go-face takes baseline JPEG with three components only, which is what Go
	// writes for anything but grey pictures.
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, picture, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return nil, err
	}
	return detect(r, encoded.Bytes())
}

func closed(err error) error { return matcher.NewProblem(matcher.KeyEngineClosed, err) }
