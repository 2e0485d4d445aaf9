package store

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/sqlite"
)

// problem turns the errors a person can act on into a *matcher.Problem and
// leaves the others as they are.
func problem(err error) error {
	var known *matcher.Problem
	if err == nil || errors.As(err, &known) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if key := problemKey(err); key != "" {
		return matcher.NewProblem(key, err)
	}
	return err
}

// kindKeys are the problems of SQLite's errors; the others have none.
var kindKeys = map[sqlite.Kind]string{
	sqlite.NotDatabase: history.KeyForeign, sqlite.Corrupt: history.KeyDamaged, sqlite.Full: history.KeyFull,
	sqlite.NoAccess: history.KeyNoAccess, sqlite.Busy: history.KeyBusy, sqlite.IO: history.KeyDisk,
}

func problemKey(err error) string {
	if kind, system, ok := sqlite.KindOf(err); ok {
		if key := diskProblem(system); key != "" {
			return key
		}
		return kindKeys[kind]
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

// diskProblem gives the key of an error of the operating system, which SQLite often calls
// an I/O error.
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
