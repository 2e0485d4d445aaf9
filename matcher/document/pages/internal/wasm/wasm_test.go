package wasm

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// module is one that imports env.tick(i32), exports its memory and the function
// "count", which counts a number down in a loop and returns how often it did;
// and "grow", which grows the memory by so many pages.
var module = []byte{
	0, 'a', 's', 'm', 1, 0, 0, 0,
	1, 10, 2, 0x60, 1, 0x7f, 0, 0x60, 1, 0x7f, 1, 0x7f, // types: (i32), (i32) i32
	2, 12, 1, 3, 'e', 'n', 'v', 4, 't', 'i', 'c', 'k', 0, 0, // import
	3, 3, 2, 1, 1, // functions
	5, 3, 1, 0, 1, // memory of one page
	6, 6, 1, 0x7f, 1, 0x41, 7, 0x0b, // a global of 7
	7, 25, 3, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0, 5, 'c', 'o', 'u', 'n', 't', 0, 1, 4, 'g', 'r', 'o', 'w', 0, 2, // exports
	10, 40, 2,
	31, 1, 1, 0x7f, // a local number
	0x03, 0x40, // loop
	0x20, 1, 0x41, 1, 0x6a, 0x21, 1, // one more
	0x20, 0, 0x41, 0x7f, 0x6a, 0x22, 0, // one less
	0x0d, 0, 0x0b, // again, unless it is zero
	0x20, 1, 0x23, 0, 0x6a, 0x41, 7, 0x6b, 0x0b, // how often, plus the global, less seven
	6, 0, 0x20, 0, 0x40, 0, 0x0b, // grow
}

// start runs the module; tick is what it calls.
func start(t *testing.T, code []byte, tick func(context.Context, int32)) (api.Module, *Memory) {
	t.Helper()
	compiler := NewCompiler("", slog.New(slog.DiscardHandler))
	ctx := context.Background()
	memory := &Memory{}
	var instance api.Module
	err := compiler.Compile(ctx, func(ctx context.Context, config wazero.RuntimeConfig) error {
		runtime := wazero.NewRuntimeWithConfig(ctx, config.WithCloseOnContextDone(false))
		if _, err := runtime.NewHostModuleBuilder("env").NewFunctionBuilder().WithFunc(tick).Export("tick").Instantiate(ctx); err != nil {
			return err
		}
		var err error
		instance, err = runtime.Instantiate(memory.With(ctx), code)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(instance.Close(ctx), compiler.Close()); err != nil {
			t.Error(err)
		}
		memory.Release()
	})
	return instance, memory
}

func TestYielding(t *testing.T) {
	code, err := Yielding(module, 0)
	if err != nil {
		t.Fatal(err)
	}
	ticks := 0
	instance, _ := start(t, code, func(ctx context.Context, what int32) {
		if ticks++; what != Yield {
			t.Errorf("called with %d", what)
		}
		if err := ctx.Err(); err != nil {
			panic(err)
		}
	})
	const times = 10*turns + 5
	got, err := instance.ExportedFunction("count").Call(context.Background(), times)
	if err != nil || got[0] != times || ticks != 10 {
		t.Errorf("counted %v, %v; %d calls", got, err, ticks)
	}
	// Nothing counts as far as this in the time that is left.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	for err == nil {
		_, err = instance.ExportedFunction("count").Call(ctx, 1<<32-1)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stopped with %v", err)
	}
}

func TestYieldingRefusesWhatItDoesNotUnderstand(t *testing.T) {
	vectors := append([]byte(nil), module...)
	copy(vectors[len(vectors)-5:], []byte{0xfd, 0, 0x40, 0, 0x0b}) // the whole of the last function
	for n := range module {
		if _, err := Yielding(module[:n], 0); err == nil && n != 8 && !startsSection(n) {
			t.Errorf("cut after %d bytes: no error", n)
		}
	}
	if _, err := Yielding(vectors, 0); err == nil {
		t.Error("vectors: no error")
	}
}

// startsSection says whether a section of the module starts there: up to there
// it is whole.
func startsSection(n int) bool {
	at := 8
	for at < n {
		at += 2 + int(module[at+1])
	}
	return at == n
}

func TestMemoryIsBounded(t *testing.T) {
	instance, memory := start(t, module, func(context.Context, int32) {})
	grow := func(pages uint64) int32 {
		got, err := instance.ExportedFunction("grow").Call(context.Background(), pages)
		if err != nil {
			t.Fatal(err)
		}
		return int32(got[0])
	}
	if got := grow(99); got != 1 {
		t.Errorf("grown from %d pages", got)
	}
	if !instance.Memory().WriteByte(99*pageSize, 7) {
		t.Error("the memory did not grow")
	}
	if got := grow(MaxMemory / pageSize); got != -1 {
		t.Errorf("grown over the bound, from %d pages", got)
	}
	if got := grow(MaxMemory/pageSize - 100); got != 100 {
		t.Errorf("not grown to the bound, from %d pages", got)
	}
	if len(memory.given) != 1 {
		t.Errorf("%d memories for one module", len(memory.given))
	}
}

// A start that fails for another reason is tried once more only where there is
// something to throw away.
func TestCompileFails(t *testing.T) {
	broken := errors.New("broken")
	for dir, want := range map[string]int{"": 1, t.TempDir() + "/modules": 2} {
		compiler := NewCompiler(dir, slog.New(slog.DiscardHandler))
		tried := 0
		err := compiler.Compile(context.Background(), func(context.Context, wazero.RuntimeConfig) error {
			tried++
			return broken
		})
		if !errors.Is(err, broken) || tried != want {
			t.Errorf("in %q: %v after %d times", dir, err, tried)
		}
		for range 2 {
			if err := compiler.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
