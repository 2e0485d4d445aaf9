//go:build cgo

package store

import (
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"
)

func TestProblemOfEachCode(t *testing.T) {
	for _, err := range []error{sqlite3.Error{Code: sqlite3.ErrBusy}, sqlite3.Error{Code: sqlite3.ErrLocked}} {
		wantKey(t, problem(fmt.Errorf("begin: %w", err)), "store.busy")
	}
	full := sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.ENOSPC}
	wantKey(t, problem(full), "store.full")
	wantKey(t, problem(sqlite3.Error{Code: sqlite3.ErrIoErr}), "store.disk")
	wantKey(t, problem(sqlite3.Error{Code: sqlite3.ErrError}), "store.damaged") // "malformed JSON"
	wantKey(t, problem(&fs.PathError{Op: "open", Path: "x", Err: syscall.EROFS}), "store.no_access")
	if err := problem(io.ErrUnexpectedEOF); err != io.ErrUnexpectedEOF {
		t.Errorf("an unknown error became %v", err)
	}
	if problem(nil) != nil {
		t.Error("nothing became a problem")
	}
}
