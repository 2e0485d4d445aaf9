package wasm

import (
	"encoding/binary"
	"errors"
	"slices"
)

// yielding rewrites a module so that every so many turns of its loops it calls
// proc_exit, which it imports, with yield.
//
// A module that runs cannot be interrupted by itself, not even for Go's garbage
// collector, which would hold up the whole program. The runtime's own remedy
// (WithCloseOnContextDone) leaves the module at every turn of every loop, which
// makes picture decoders four times as slow; this costs a tenth.
//
// wazero's PR #2533 makes its own remedy cheap. Once a release holds it, delete this
// file and its test, and use WithCloseOnContextDone.
func yielding(module []byte) ([]byte, error) {
	const imports, globals, code = 2, 6, 10
	if len(module) < 8 {
		return nil, errNotUnderstood
	}
	out := slices.Clone(module[:8]) // magic and version
	r := reader{rest: module[8:]}
	var counter, call uint32
	for len(r.rest) > 0 {
		id := r.byte()
		section := reader{rest: r.bytes(r.number())}
		content := section.rest
		switch id {
		case imports:
			call = section.find(exit)
		case globals:
			counter = section.number() // its own globals; a module with imported ones fails to compile
			content = binary.AppendUvarint(nil, uint64(counter)+1)
			content = append(content, section.rest...)
			content = append(content, 0x7f, 1)                   // a number that changes,
			content = append(content, 0x41)                      // at first
			content = append(appendSigned(content, turns), 0x0b) // this one
		case code:
			content = nil
			functions := section.number()
			content = binary.AppendUvarint(content, uint64(functions))
			for range functions {
				body := reader{rest: section.bytes(section.number())}
				rewritten := body.function(counter, call)
				if body.failed {
					return nil, errNotUnderstood
				}
				content = binary.AppendUvarint(content, uint64(len(rewritten)))
				content = append(content, rewritten...)
			}
		}
		if section.failed || r.failed {
			return nil, errNotUnderstood
		}
		out = append(out, id)
		out = binary.AppendUvarint(out, uint64(len(content)))
		out = append(out, content...)
	}
	return out, nil
}

const (
	exit = "proc_exit"
	// yield is what it is called with: nothing it would else be.
	yield = 0x59494c44
)

// turns of loops between two calls: some tenths of a millisecond.
const turns = 1 << 16

var errNotUnderstood = errors.New("wasm: the module has code that is not understood")

// reader reads a module; failed once it met what it does not understand.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.failed = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.rest)) {
		r.failed, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// number reads a number of any length; of signed ones and of those with more
// than 32 bits it only skips the right number of bytes.
func (r *reader) number() uint32 {
	n := uint64(0)
	for shift := 0; ; shift += 7 {
		b := r.byte()
		n |= uint64(b&0x7f) << min(shift, 63)
		if b < 0x80 {
			return uint32(n)
		}
	}
}

// find is the number of an imported function. The other kinds of import (tables,
// memories, globals) are not understood.
func (r *reader) find(name string) uint32 {
	found := -1
	for i := range r.number() {
		r.bytes(r.number()) // the module
		if string(r.bytes(r.number())) == name {
			found = int(i)
		}
		if kind := r.byte(); kind != 0 {
			r.failed = true
		}
		if r.number(); r.failed { // the type
			return 0
		}
	}
	r.failed = r.failed || found < 0
	return uint32(max(found, 0))
}

// function copies a function, with a look at the counter at the start of each
// loop.
func (r *reader) function(counter, call uint32) []byte {
	look := binary.AppendUvarint([]byte{0x23}, uint64(counter)) // counter
	look = append(look, 0x41, 0x7f, 0x6a, 0x24)                 // less one
	look = binary.AppendUvarint(look, uint64(counter))          // becomes the counter
	look = append(look, 0x23)                                   // and where that is
	look = append(binary.AppendUvarint(look, uint64(counter)), 0x45, 0x04, 0x40, 0x41)
	look = append(appendSigned(look, turns), 0x24) // zero, it starts anew
	look = append(binary.AppendUvarint(look, uint64(counter)), 0x41)
	look = append(appendSigned(look, yield), 0x10) // and the call is made
	look = append(binary.AppendUvarint(look, uint64(call)), 0x0b)

	all := r.rest
	copied := 0
	var out []byte
	for range r.number() { // local variables: how many, of which type
		r.number()
		r.byte()
	}
	for len(r.rest) > 0 && !r.failed {
		op := r.byte()
		r.immediates(op)
		if op == 0x03 {
			here := len(all) - len(r.rest)
			out = append(append(out, all[copied:here]...), look...)
			copied = here
		}
	}
	return append(out, all[copied:]...)
}

// immediates skips what follows an instruction.
func (r *reader) immediates(op byte) {
	switch {
	case op == 0x0e: // a jump by table
		for range uint64(r.number()) + 1 {
			if r.number(); r.failed {
				return
			}
		}
	case op == 0x11 || op >= 0x28 && op <= 0x3e: // a call by table; loads and stores
		r.number()
		r.number()
	case op >= 0x02 && op <= 0x04, op == 0x0c, op == 0x0d, op == 0x10, // blocks, jumps, a call,
		// an exception, variables, tables, memory, numbers
		op == 0x08, op >= 0x20 && op <= 0x26, op >= 0x3f && op <= 0x42, op == 0xd0, op == 0xd2:
		r.number()
	case op == 0x1f: // a block with what catches its exceptions
		r.number()
		for range r.number() {
			if kind := r.byte(); kind <= 1 { // a certain one; 2 and 3 are any
				r.number()
			}
			if r.number(); r.failed {
				return
			}
		}
	case op == 0x1c: // a choice, with types
		r.bytes(r.number())
	case op == 0x43:
		r.bytes(4)
	case op == 0x44:
		r.bytes(8)
	case op == 0xfc:
		switch sub := r.number(); {
		case sub <= 7: // fractions to whole numbers
		case sub == 8, sub == 10, sub == 12, sub == 14:
			r.number()
			r.number()
		case sub <= 17:
			r.number()
		default:
			r.failed = true
		}
	case op == 0xfd: // vectors
		switch sub := r.number(); {
		case sub <= 11, sub == 92, sub == 93: // loads and stores
			r.number()
			r.number()
		case sub >= 84 && sub <= 91: // of a part
			r.number()
			r.number()
			r.byte()
		case sub == 12, sub == 13: // a whole one, a shuffle
			r.bytes(16)
		case sub >= 21 && sub <= 34: // a part
			r.byte()
		case sub > 255:
			r.failed = true
		}
	case op <= 0x01, op == 0x05, op == 0x0a, op == 0x0b, op == 0x0f, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4,
		op == 0xd1:
	default: // threads, older exceptions
		r.failed = true
	}
}

func appendSigned(to []byte, n int32) []byte {
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if n == 0 && b&0x40 == 0 || n == -1 && b&0x40 != 0 {
			return append(to, b)
		}
		to = append(to, b|0x80)
	}
}
