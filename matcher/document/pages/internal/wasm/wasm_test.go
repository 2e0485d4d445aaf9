package wasm

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func section(id byte, content ...byte) []byte {
	return append([]byte{id, byte(len(content))}, content...)
}

func name(s string) []byte { return append([]byte{byte(len(s))}, s...) }

// moduleOf is a module that imports proc_exit and another function, and exports
// what a module must; "count", which counts a number down in a loop and returns
// how often it did; "grow", which grows the memory by so many pages; and "extra",
// which is this function from a number to a number.
func moduleOf(extra ...byte) []byte {
	imports := slices.Concat([]byte{2}, name("env"), name("other"), []byte{0, 1}, name("wasi_snapshot_preview1"),
		name("proc_exit"), []byte{0, 1})
	var exports []byte
	for i, f := range []string{"_initialize", "malloc", "count", "grow", "extra"} {
		exports = slices.Concat(exports, name(f), []byte{0, byte(2 + i)})
	}
	exports = slices.Concat([]byte{6}, name("memory"), []byte{2, 0}, exports)
	body := func(code ...byte) []byte { return append([]byte{byte(len(code))}, code...) }
	code := slices.Concat([]byte{5},
		body(0, 0x41, 1, 0x10, 0, 0x0b), // calls other
		body(0, 0x20, 0, 0x0b),          // returns what it gets
		body(1, 1, 0x7f, // a local number
			0x03, 0x40, // loop
			0x20, 1, 0x41, 1, 0x6a, 0x21, 1, // one more
			0x20, 0, 0x41, 0x7f, 0x6a, 0x22, 0, // one less
			0x0d, 0, 0x0b, // again, unless it is zero
			0x20, 1, 0x23, 0, 0x6a, 0x41, 7, 0x6b, 0x0b), // how often, plus the global, less seven
		body(0, 0x20, 0, 0x40, 0, 0x0b), // grows
		body(extra...))
	return slices.Concat([]byte{0, 'a', 's', 'm', 1, 0, 0, 0},
		section(1, 3, 0x60, 0, 0, 0x60, 1, 0x7f, 0, 0x60, 1, 0x7f, 1, 0x7f), // (), (i32), (i32) i32
		section(2, imports...),
		section(3, 5, 0, 2, 2, 2, 2),          // the types of the functions
		section(5, 1, 0, 1),                   // a memory of one page
		section(6, 1, 0x7f, 1, 0x41, 7, 0x0b), // a global of 7
		section(7, exports...),
		section(10, code...))
}

// nothing is a function that returns what it gets.
var nothing = []byte{0, 0x20, 0, 0x0b}

// run does work in an instance of a module.
func run(t *testing.T, code []byte, limit time.Duration, work func(*Instance) error) error {
	t.Helper()
	compiler := NewCompiler("", slog.New(slog.DiscardHandler))
	module := NewModule(compiler, func() ([]byte, error) { return code, nil })
	err := module.Run(context.Background(), limit, work)
	for range 2 {
		if err := errors.Join(module.Close(), compiler.Close()); err != nil {
			t.Error(err)
		}
	}
	return err
}

func TestRun(t *testing.T) {
	err := run(t, moduleOf(nothing...), time.Minute, func(i *Instance) error {
		const times = 10*turns + 5
		if got, err := i.Call("count", times); err != nil || got != times {
			t.Errorf("counted %d, %v", got, err)
		}
		at, err := i.Put([]byte("12345")) // the place is the length, here
		if err != nil || at != 5 {
			t.Errorf("put to %d, %v", at, err)
		}
		if data, err := i.Bytes(at, 5); err != nil || string(data) != "12345" {
			t.Errorf("read %q, %v", data, err)
		}
		if _, err := i.Bytes(pageSize-4, 5); !errors.Is(err, ErrMemory) {
			t.Errorf("beyond the end: %v", err)
		}
		if _, err := i.Put(nil); !errors.Is(err, ErrMemory) {
			t.Errorf("no place: %v", err)
		}
		if _, err := i.Call("unknown"); !errors.Is(err, ErrStart) {
			t.Errorf("unknown: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	broken := errors.New("broken")
	if err := run(t, moduleOf(nothing...), time.Minute, func(*Instance) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// A loop ends within the one call when its time is up or its context ends.
func TestStops(t *testing.T) {
	forever := []byte{0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x20, 0, 0x0b}
	err := run(t, moduleOf(forever...), 20*time.Millisecond, func(i *Instance) error {
		_, err := i.Call("extra", 1)
		return err
	})
	if !errors.Is(err, ErrSlow) {
		t.Errorf("got %v", err)
	}
	compiler := NewCompiler("", slog.New(slog.DiscardHandler))
	defer compiler.Close()
	module := NewModule(compiler, func() ([]byte, error) { return moduleOf(forever...), nil })
	defer module.Close()
	ctx, cancel := context.WithCancel(context.Background())
	err = module.Run(ctx, time.Minute, func(i *Instance) error {
		time.AfterFunc(10*time.Millisecond, cancel)
		_, err := i.Call("extra", 1)
		return err
	})
	if err != context.Canceled {
		t.Errorf("got %v", err)
	}
	// The next call works as before.
	err = module.Run(context.Background(), time.Minute, func(i *Instance) error {
		if got, err := i.Call("count", 7); err != nil || got != 7 {
			t.Errorf("counted %d, %v", got, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	err := run(t, moduleOf(nothing...), time.Minute, func(i *Instance) error {
		for _, c := range []struct {
			by   uint64
			want int32
		}{{99, 1}, {MaxMemory / pageSize, -1}, {MaxMemory/pageSize - 100, 100}, {1, -1}} {
			if got, err := i.Call("grow", c.by); err != nil || int32(got) != c.want {
				t.Errorf("by %d pages: %d, %v", c.by, int32(got), err)
			}
		}
		if _, err := i.Bytes(MaxMemory-1, 1); err != nil {
			t.Errorf("the last byte: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// What goes wrong without the memory it wanted is for want of memory.
	fault := errors.New("a fault")
	for by, want := range map[uint64]bool{1: false, MaxMemory / pageSize: true} {
		err := run(t, moduleOf(nothing...), time.Minute, func(i *Instance) error {
			_, err := i.Call("grow", by)
			return errors.Join(err, fault)
		})
		if !errors.Is(err, fault) || errors.Is(err, ErrMemory) != want {
			t.Errorf("by %d pages: %v", by, err)
		}
	}
}

// All kinds of instruction are copied as they are, each with the bytes that
// belong to it, even where those look like the start of a loop.
func TestYieldingCopies(t *testing.T) {
	for name, instruction := range map[string][]byte{
		"a number":        {0x41, 0x03, 0x1a},
		"a long number":   {0x42, 0x83, 0x03, 0x1a},
		"a fraction":      {0x43, 3, 3, 3, 3, 0x1a},
		"a long fraction": {0x44, 3, 3, 3, 3, 3, 3, 3, 3, 0x1a},
		"a load":          {0x41, 0, 0x28, 2, 3, 0x1a},
		"a jump by table": {0x02, 0x40, 0x41, 0, 0x0e, 1, 0, 0, 0x0b},
		"a choice":        {0x41, 3, 0x41, 3, 0x41, 3, 0x1c, 1, 0x7f, 0x1a},
		"a fill":          {0x41, 3, 0x41, 3, 0x41, 3, 0xfc, 11, 0},
		"a copy":          {0x41, 3, 0x41, 3, 0x41, 3, 0xfc, 10, 0, 0},
		"a cast":          {0x43, 3, 3, 3, 3, 0xfc, 0, 0x1a},
		"a vector":        append([]byte{0xfd, 12}, append(bytes.Repeat([]byte{3}, 16), 0x1a)...),
		"a vector's part": append([]byte{0xfd, 12}, append(bytes.Repeat([]byte{3}, 16), 0xfd, 22, 3, 0x1a)...),
		"a vector's load": {0x41, 0, 0xfd, 0, 0, 3, 0x1a},
		"a part's load": append([]byte{0x41, 0, 0xfd, 12},
			append(bytes.Repeat([]byte{3}, 16), 0xfd, 84, 0, 3, 3, 0x1a)...),
		"a block that catches": {0x02, 0x69, 0x1f, 0x40, 1, 3, 0, 0x0b, 0x20, 0, 0x0f, 0x0b, 0x1a},
	} {
		err := run(t, moduleOf(append(append([]byte{0}, instruction...), 0x20, 0, 0x0b)...), time.Minute,
			func(i *Instance) error {
				if got, err := i.Call("extra", 5); err != nil || got != 5 {
					t.Errorf("%s: %d, %v", name, got, err)
				}
				return nil
			})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestYieldingRefusesWhatItDoesNotUnderstand(t *testing.T) {
	whole := moduleOf(nothing...)
	for n := range whole {
		if _, err := yielding(whole[:n]); err == nil && !endsSection(whole, n) {
			t.Errorf("cut after %d bytes: no error", n)
		}
	}
	for name, code := range map[string][]byte{
		"threads":           {0, 0xfe, 0x03, 0x00, 0x0b},
		"older exceptions":  {0, 0x06, 0x40, 0x0b, 0x0b},
		"vectors from 2024": {0, 0xfd, 0x80, 0x02, 0x0b},
	} {
		if _, err := yielding(moduleOf(code...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := yielding(bytes.Replace(whole, []byte("proc_exit"), []byte("proc_exut"), 1)); err == nil {
		t.Error("without proc_exit: no error")
	}
}

// endsSection says whether the module is whole up to there.
func endsSection(module []byte, n int) bool {
	at := 8
	for at < n {
		at += 2 + int(module[at+1])
	}
	return at == n
}

// A module that cannot be compiled is no fault of a document's.
func TestDoesNotStart(t *testing.T) {
	for _, dir := range []string{"", t.TempDir() + "/modules"} {
		compiler := NewCompiler(dir, slog.New(slog.DiscardHandler))
		module := NewModule(compiler, func() ([]byte, error) {
			return bytes.Replace(moduleOf(nothing...), []byte{0x23, 0}, []byte{0x23, 9}, 1), nil // there is no such global
		})
		err := module.Run(context.Background(), time.Minute, func(*Instance) error { return nil })
		if !errors.Is(err, ErrStart) {
			t.Errorf("in %q: %v", dir, err)
		}
		if err := errors.Join(module.Close(), compiler.Close()); err != nil {
			t.Error(err)
		}
	}
}

// A folder that cannot be used is no fault, and its path, which may name a
// person, is not logged.
func TestNoPathIsLogged(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "jane.doe")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	compiler := NewCompiler(filepath.Join(blocked, "compiled"), slog.New(slog.NewTextHandler(&log, nil)))
	defer compiler.Close()
	if compiler.open() == nil || !strings.Contains(log.String(), "cannot be kept") ||
		strings.Contains(log.String(), "jane") {
		t.Errorf("logged %q", log.String())
	}
}
