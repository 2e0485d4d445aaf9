// Package wasm runs WebAssembly modules within bounds: they see no files, no
// network and no clock, take no more than MaxMemory, stop when told to, and are
// compiled once.
package wasm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"syscall"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// MaxMemory of a module in bytes. The largest accepted pictures need two thirds
// of it, and the whole program is to stay below a gigabyte.
const MaxMemory = 512 << 20

// ErrStart says that a module could not be made ready, which is no fault of any
// document.
var ErrStart = errors.New("a reader of documents does not start")

const pageSize = 64 << 10 // of WebAssembly

// Compiler compiles modules and keeps what it made, in a folder where it has
// one. It may be used from several goroutines.
type Compiler struct {
	dir string
	log *slog.Logger

	mu    sync.Mutex // one module at a time: each takes all cores
	cache wazero.CompilationCache
}

// NewCompiler makes a compiler with a private folder to keep its work in from
// one start to the next; empty: none. What lies there is run, so nobody else may
// write to it.
func NewCompiler(dir string, log *slog.Logger) *Compiler { return &Compiler{dir: dir, log: log} }

// Compile calls start with what it needs to compile a module. Where that fails
// because the kept work is damaged, that is thrown away and start called again.
func (c *Compiler) Compile(ctx context.Context, start func(context.Context, wazero.RuntimeConfig) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cache == nil {
		c.cache = c.open()
	}
	ctx = experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0))
	err := start(ctx, c.config())
	if err == nil || c.dir == "" || ctx.Err() != nil {
		return err
	}
	c.log.Warn("compiled modules are thrown away", "error", err)
	if err := errors.Join(c.cache.Close(ctx), os.RemoveAll(c.dir)); err != nil {
		c.log.Warn("compiled modules cannot be removed", "error", err)
		c.dir = ""
	}
	c.cache = c.open()
	return start(ctx, c.config())
}

func (c *Compiler) config() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfig().
		WithCompilationCache(c.cache).
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling). // PDFium needs these
		WithMemoryLimitPages(MaxMemory / pageSize).
		WithCloseOnContextDone(true)
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
		c.log.Warn("compiled modules cannot be kept", "error", err)
		c.dir = ""
		return wazero.NewCompilationCache()
	}
	return cache
}

// Close lets go of what was compiled. No module may run any more.
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

// Memory gives modules their memory. It lies outside of Go's heap, grows without
// being copied, and goes back to the system at once.
type Memory struct{ given [][]byte }

var _ experimental.MemoryAllocator = (*Memory)(nil)

// With is a context in which modules get their memory from m.
func (m *Memory) With(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, m)
}

// Allocate reserves all the memory a module may ever use; the system gives it
// page by page, when it is first written to.
func (m *Memory) Allocate(_, most uint64) experimental.LinearMemory {
	all, err := syscall.Mmap(-1, 0, int(most), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(fmt.Errorf("no memory for a module: %w", err))
	}
	m.given = append(m.given, all)
	return linear(all)
}

// Release gives all memory back. The modules must be closed, and nothing they
// returned may be looked at any more.
func (m *Memory) Release() {
	for _, all := range m.given {
		// It can only fail for what was never mapped.
		_ = syscall.Munmap(all)
	}
	m.given = nil
}

type linear []byte

func (l linear) Reallocate(size uint64) []byte {
	if size > uint64(len(l)) {
		return nil
	}
	return l[:size]
}

// Free leaves it to Release: the module's last call may not be over.
func (l linear) Free() {}
