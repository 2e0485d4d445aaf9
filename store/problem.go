package store

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"facematch/app/history"
	"facematch/matcher"
)

// problem turns the errors a person can act on into a *matcher.Problem and
// leaves the others as they are.
func problem(err error) error {
	var known *matcher.Problem
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if key := problemKey(err); key != "" {
		return matcher.NewProblem(key, err)
	}
	return err
}

// damaged is what an error says that comes of what was read: a value of no use
// means that somebody or something changed the file. That the reading was
// cancelled stays what it is.
func damaged(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return matcher.NewProblem(history.KeyDamaged, err)
}

func problemKey(err error) string {
	var db sqlite3.Error
	if errors.As(err, &db) {
		if key := diskProblem(db.SystemErrno); key != "" {
			return key
		}
		switch db.Code {
		case sqlite3.ErrNotADB:
			return history.KeyForeign
		case sqlite3.ErrCorrupt, sqlite3.ErrFormat, sqlite3.ErrError, sqlite3.ErrConstraint:
			// The last two are what SQLite says, reading too, of a payload that is
			// no JSON, of a table or column that is gone, and of a payload's value
			// that does not fit its column.
			return history.KeyDamaged
		case sqlite3.ErrFull:
			return history.KeyFull
		case sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrAuth:
			return history.KeyNoAccess
		case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol:
			return history.KeyBusy
		case sqlite3.ErrIoErr:
			return history.KeyDisk
		}
		return ""
	}
	var no syscall.Errno
	if errors.As(err, &no) {
		if key := diskProblem(no); key != "" {
			return key
		}
	}
	if errors.Is(err, fs.ErrPermission) {
		return history.KeyNoAccess
	}
	return ""
}

// diskProblem is what the operating system said; SQLite often calls it an I/O
// error.
func diskProblem(no syscall.Errno) string {
	switch no {
	case syscall.ENOSPC, syscall.EDQUOT:
		return history.KeyFull
	case syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.ENOTDIR:
		return history.KeyNoAccess
	case syscall.EIO:
		return history.KeyDisk
	}
	return ""
}
