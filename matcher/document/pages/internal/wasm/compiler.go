package wasm

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"facematch/matcher"
)

// Compiler compiles modules and keeps what it made, in a folder where it has
// one. It may be used from several goroutines.
type Compiler struct {
	dir string
	log *slog.Logger

	mu    sync.Mutex // one module at a time: each takes all cores
	cache wazero.CompilationCache
}

// NewCompiler makes a compiler with a private folder to keep its work in from
// one start to the next; empty: none. What lies there is run, so no other user may
// write to it.
func NewCompiler(dir string, log *slog.Logger) *Compiler { return &Compiler{dir: dir, log: log} }

// Close lets go of what was compiled. The modules must be closed.
func (c *Compiler) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cache == nil {
		return nil
	}
	err := c.cache.Close(context.Background())
	c.cache = nil
	return err
}

// compile compiles a module. Where that fails because the kept work is damaged,
// that is thrown away, and all done again.
func (c *Compiler) compile(code []byte) (wazero.Runtime, wazero.CompiledModule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cache == nil {
		c.cache = c.open()
	}
	runtime, module, err := c.try(code)
	if err == nil || c.dir == "" {
		return runtime, module, err
	}
	c.warn("compiled modules are thrown away", err)
	if err := errors.Join(c.cache.Close(context.Background()), os.RemoveAll(c.dir)); err != nil {
		c.warn("compiled modules cannot be removed", err)
		c.dir = ""
	}
	c.cache = c.open()
	return c.try(code)
}

func (c *Compiler) try(code []byte) (wazero.Runtime, wazero.CompiledModule, error) {
	ctx := experimental.WithCompilationWorkers(context.Background(), runtime.GOMAXPROCS(0))
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithCompilationCache(c.cache).
		WithCoreFeatures(api.CoreFeaturesV2|experimental.CoreFeaturesExceptionHandling)) // PDFium needs these
	module, err := r.CompileModule(ctx, code)
	if err == nil {
		err = system(ctx, r, module)
	}
	if err != nil {
		return nil, nil, errors.Join(err, r.Close(ctx))
	}
	return r, module, nil
}

// open opens the folder; without one it can use, work is kept in memory.
func (c *Compiler) open() wazero.CompilationCache {
	if c.dir == "" {
		return wazero.NewCompilationCache()
	}
	cache, err := func() (wazero.CompilationCache, error) {
		if err := os.MkdirAll(c.dir, 0o700); err != nil {
			return nil, err
		}
		if err := os.Chmod(c.dir, 0o700); err != nil { // it may be older, and open to others
			return nil, err
		}
		return wazero.NewCompilationCacheWithDir(c.dir)
	}()
	if err != nil {
		c.warn("compiled modules cannot be kept", err)
		c.dir = ""
		return wazero.NewCompilationCache()
	}
	return cache
}

// warn logs an error without its path: a home is named after a person.
func (c *Compiler) warn(what string, err error) {
	c.log.Warn(what, "error", matcher.NewProblem("problem.internal", err))
}
