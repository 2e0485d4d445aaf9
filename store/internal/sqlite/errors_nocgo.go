//go:build !cgo

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"syscall"

	_ "github.com/mattn/go-sqlite3" // its driver refuses every database without cgo
)

var errNoCgo = errors.New("built without cgo, and so without SQLite")

// ErrCorrupt is SQLite's error for a damaged file.
var ErrCorrupt = errors.New("database disk image is malformed")

// KindOf knows only ErrCorrupt here.
func KindOf(err error) (kind Kind, system syscall.Errno, ok bool) {
	return Corrupt, 0, errors.Is(err, ErrCorrupt)
}

// NeedsRollback is never the case here.
func NeedsRollback(error) bool { return false }

// CopyPages always fails here.
func CopyPages(context.Context, *sql.Conn, *sql.Conn, int, func(done, total int)) error {
	return errNoCgo
}
