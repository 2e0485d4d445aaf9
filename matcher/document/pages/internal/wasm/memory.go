package wasm

import (
	"context"
	"fmt"
	"syscall"

	"github.com/tetratelabs/wazero/experimental"
)

// memory gives modules their memory. It lies outside of Go's heap, grows without
// being copied, and goes back to the system at once.
type memory struct {
	given   [][]byte
	refused bool // a module wanted more than it may have
}

// in is a context in which modules get their memory from m.
func (m *memory) in(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, m)
}

// Allocate reserves all the memory a module may ever use; the system gives it
// page by page, when it is first written to.
func (m *memory) Allocate(_, most uint64) experimental.LinearMemory {
	const access, kind = syscall.PROT_READ | syscall.PROT_WRITE, syscall.MAP_ANON | syscall.MAP_PRIVATE
	all, err := syscall.Mmap(-1, 0, int(min(most, MaxMemory)), access, kind)
	if err != nil {
		panic(fmt.Errorf("%w: %w", ErrStart, err))
	}
	m.given = append(m.given, all)
	return &linear{all, &m.refused}
}

// release gives all memory back. The modules must be closed, and nothing of
// theirs may be looked at any more.
func (m *memory) release() {
	for _, all := range m.given {
		// It can only fail for what was never mapped.
		_ = syscall.Munmap(all)
	}
	m.given = nil
}

type linear struct {
	all     []byte
	refused *bool
}

func (l *linear) Reallocate(size uint64) []byte {
	if size > uint64(len(l.all)) {
		*l.refused = true
		return nil
	}
	return l.all[:size]
}

// Free leaves it to release: the module's last call may not be over.
func (l *linear) Free() {}
