// Package wasm runs WebAssembly modules within bounds: they see no files and no
// network, take no more than MaxMemory, stop when told to, and are compiled once.
package wasm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// MaxMemory of a module in bytes. The largest accepted pictures need nine tenths
// of it, and the whole program is to stay below a gigabyte.
const MaxMemory = 704 << 20

const pageSize = 64 << 10 // of WebAssembly

// What can go wrong but for the work itself.
var (
	// ErrStart says that a module could not be made ready, which is no fault of
	// any document.
	ErrStart = errors.New("wasm: a module does not start")
	// ErrSlow says that the work takes longer than it was given.
	ErrSlow = errors.New("wasm: takes too long")
	// ErrMemory says that a module needs more room than it may have, or looks beyond
	// what it has.
	ErrMemory = errors.New("wasm: out of memory")
)

// Module is compiled when it is first used. It may be used from several
// goroutines.
type Module struct {
	compiler *Compiler
	code     func() ([]byte, error)

	mu       sync.Mutex
	runtime  wazero.Runtime // nil until wanted
	compiled wazero.CompiledModule
}

// NewModule makes a module of what code gives: one built for WASI that imports
// its proc_exit and exports malloc and _initialize.
func NewModule(compiler *Compiler, code func() ([]byte, error)) *Module {
	return &Module{compiler: compiler, code: code}
}

// Close lets go of the module, in which nothing may run any more.
func (m *Module) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.runtime == nil {
		return nil
	}
	err := m.runtime.Close(context.Background())
	m.runtime = nil
	return err
}

// load compiles the module where that was not done. It cannot be interrupted.
func (m *Module) load() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.runtime != nil {
		return nil
	}
	code, err := m.code()
	if err == nil {
		code, err = yielding(code)
	}
	if err == nil {
		m.runtime, m.compiled, err = m.compiler.compile(code)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStart, err)
	}
	return nil
}

// Run gives the work an instance of its own, so that none can spoil the next.
// When the context ends or the time is up, the module is stopped and calls fail;
// the error then is the context's or ErrSlow. Nothing of the instance may be
// used after the work.
func (m *Module) Run(caller context.Context, limit time.Duration, work func(*Instance) error) error {
	if err := m.load(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(caller, limit, fmt.Errorf("%w: over %v", ErrSlow, limit))
	defer cancel()
	memory := &memory{}
	defer memory.release() // when the instance is closed
	instance, err := m.runtime.InstantiateModule(memory.in(ctx), m.compiled,
		wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err == nil {
		defer instance.Close(context.WithoutCancel(ctx))
		err = work(&Instance{ctx, instance})
	}
	if err != nil && memory.refused { // what it did then says nothing
		err = fmt.Errorf("%w: %w", ErrMemory, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Instance is a running module.
type Instance struct {
	ctx    context.Context
	module api.Module
}

// Call calls one of the module's functions; 0 where it returns nothing.
func (i *Instance) Call(name string, args ...uint64) (uint64, error) {
	function := i.module.ExportedFunction(name)
	if function == nil {
		return 0, fmt.Errorf("%w: it has no %s", ErrStart, name)
	}
	results, err := function.Call(i.ctx, args...)
	if err != nil || len(results) == 0 {
		return 0, err
	}
	return results[0], nil
}

// Alloc makes room for so many bytes, which the module gives back when it is
// closed.
func (i *Instance) Alloc(length int) (uint64, error) {
	at, err := i.Call("malloc", uint64(length))
	if err == nil && at == 0 {
		err = ErrMemory
	}
	return at, err
}

// Put writes data into the module.
func (i *Instance) Put(data []byte) (uint64, error) {
	at, err := i.Alloc(len(data))
	if err == nil && !i.module.Memory().Write(uint32(at), data) {
		err = ErrMemory
	}
	return at, err
}

// Bytes are the module's own, not a copy.
func (i *Instance) Bytes(at uint64, length int) ([]byte, error) {
	data, ok := i.module.Memory().Read(uint32(at), uint32(length))
	if !ok {
		return nil, ErrMemory
	}
	return data, nil
}

// system gives a module what it imports. There are no files and no arguments,
// and what is meant for a program around it does nothing.
func system(ctx context.Context, runtime wazero.Runtime, compiled wazero.CompiledModule) error {
	wasi := runtime.NewHostModuleBuilder(wasi_snapshot_preview1.ModuleName)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(wasi)
	wasi.NewFunctionBuilder().WithFunc(func(ctx context.Context, code uint32) {
		if code != yield {
			panic(fmt.Errorf("wasm: the module gives up with %d", code))
		}
		if err := ctx.Err(); err != nil {
			panic(err)
		}
	}).Export(exit)
	if _, err := wasi.Instantiate(ctx); err != nil {
		return err
	}
	others := map[string]wazero.HostModuleBuilder{}
	for _, f := range compiled.ImportedFunctions() {
		module, name, _ := f.Import()
		if module == wasi_snapshot_preview1.ModuleName {
			continue
		}
		if others[module] == nil {
			others[module] = runtime.NewHostModuleBuilder(module)
		}
		nothing := api.GoFunc(func(_ context.Context, stack []uint64) { clear(stack) })
		others[module].NewFunctionBuilder().WithGoFunction(nothing, f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for _, o := range others {
		if _, err := o.Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}
