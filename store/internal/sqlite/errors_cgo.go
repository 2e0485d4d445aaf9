//go:build cgo

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// ErrCorrupt is SQLite's error for a damaged file.
var ErrCorrupt error = sqlite3.Error{Code: sqlite3.ErrCorrupt}

// needsRollback is SQLite's code for a half-written database that a reader cannot
// repair.
var needsRollback = sqlite3.ErrReadonly.Extend(3)

// KindOf gives the kind of an error of SQLite, and what the operating system said;
// false where the error is not SQLite's.
func KindOf(err error) (kind Kind, system syscall.Errno, ok bool) {
	var lite sqlite3.Error
	if !errors.As(err, &lite) {
		return Other, 0, false
	}
	switch lite.Code {
	case sqlite3.ErrNotADB:
		kind = NotDatabase
	case sqlite3.ErrCorrupt, sqlite3.ErrFormat, sqlite3.ErrError, sqlite3.ErrConstraint:
		// A reader gets the last two for a payload that is not JSON, for a table or
		// column that is gone, and for a value that does not suit its column.
		kind = Corrupt
	case sqlite3.ErrFull:
		kind = Full
	case sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrAuth:
		kind = NoAccess
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol:
		kind = Busy
	case sqlite3.ErrIoErr:
		kind = IO
	}
	return kind, lite.SystemErrno, true
}

// NeedsRollback reports whether a crash left a half-written database that only a
// writer can repair.
func NeedsRollback(err error) bool {
	var lite sqlite3.Error
	return errors.As(err, &lite) && lite.ExtendedCode == needsRollback
}

// CopyPages copies all pages of a database over another, so many at a time.
func CopyPages(ctx context.Context, to, from *sql.Conn, pages int, progress func(done, total int)) error {
	return to.Raw(func(toDriver any) error {
		return from.Raw(func(fromDriver any) error {
			return copyPages(ctx, toDriver.(*sqlite3.SQLiteConn), fromDriver.(*sqlite3.SQLiteConn), pages, progress)
		})
	})
}

func copyPages(ctx context.Context, to, from *sqlite3.SQLiteConn, pages int, progress func(done, total int)) error {
	backup, err := to.Backup("main", from, "main")
	if err != nil {
		return err
	}
	for done := false; !done && err == nil; {
		if done, err = backup.Step(pages); err == nil {
			err = ctx.Err()
			progress(backup.PageCount()-backup.Remaining(), backup.PageCount())
		}
	}
	return errors.Join(err, backup.Finish())
}
