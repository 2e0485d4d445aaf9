package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/sqlite"
)

// StageBackup is the stage of Backup's progress while it copies; Done and Total
// are pages of the file. Verifying the copy has its own.
const StageBackup matcher.Stage = "copying"

// Backup copies the history into a new file, as it is at this moment, while others
// go on writing; a file that is there is never written over. The copy is one file
// that only its owner can read, is verified with the anchors' marks, and is on the
// disk when this returns. Where it could not be made whole nothing is left. It
// holds the sealed parts and the keys of sessions, but not the master key.
//
// A history that is broken is copied all the same, as evidence, and the error is
// store.backup_broken.
func (s *Store) Backup(ctx context.Context, file string, progress matcher.ProgressFunc) error {
	// The marks first, as in Verify.
	var v history.Verdict
	marks, err := s.readAnchors(ctx, &v)
	if err != nil {
		return err
	}
	if file, err = filepath.Abs(file); err != nil { // as it becomes an address
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return matcher.NewProblem("store.backup_exists", err)
	case err != nil:
		return backupProblem(err)
	}
	err = f.Close()
	if err == nil {
		err = s.copyTo(ctx, file, progress)
	}
	if err == nil {
		err = errors.Join(syncFile(file), syncFile(filepath.Dir(file)))
	}
	if err == nil {
		v, err = s.verifyCopy(ctx, file, v, marks, progress)
	}
	if err != nil {
		return backupProblem(errors.Join(err, removeDatabase(file)))
	}
	if !v.Intact {
		return matcher.NewProblem("store.backup_broken", brokenAt(v))
	}
	return nil
}

// backupProblem gives the problems of the copy keys of their own: the words of the others
// speak of the history.
func backupProblem(err error) error {
	if err = problem(err); err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	switch matcher.AsProblem(err, "").Key {
	case history.KeyFull:
		return matcher.NewProblem("store.backup_full", err)
	case history.KeyNoAccess, history.KeyDisk, history.KeyDamaged, history.KeyForeign, "":
		return matcher.NewProblem("store.backup_unwritten", err)
	}
	return err
}

// copyTo copies the pages of the history, all of one moment: the open transaction
// keeps SQLite from beginning anew after each write by others.
func (s *Store) copyTo(ctx context.Context, file string, progress matcher.ProgressFunc) error {
	tx, err := s.reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer tx.Close()
	if _, err := tx.ExecContext(ctx, `BEGIN`); err != nil {
		return err
	}
	defer tx.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	var seq int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM record`).Scan(&seq); err != nil {
		return err
	}
	db, err := sql.Open("sqlite3", dsn(file, url.Values{"mode": {"rw"}, "_synchronous": {"FULL"}}))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	to, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer to.Close()
	err = sqlite.CopyPages(ctx, to, tx, backupPages, func(done, total int) { progress.Report(StageBackup, done, total) })
	if err == nil {
		// The copy has the journal mode WAL of the original. As a backup it must be one file.
		var mode string
		if err = to.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err == nil && mode != "delete" {
			err = fmt.Errorf("journal mode is %q", mode)
		}
	}
	return errors.Join(err, to.Close(), db.Close())
}

// verifyCopy verifies a copy of this history that was made after the marks were
// read.
func (s *Store) verifyCopy(
	ctx context.Context, file string, v history.Verdict, marks anchored, progress matcher.ProgressFunc,
) (history.Verdict, error) {
	db, err := openReader(ctx, file, false, true, false)
	if err != nil {
		return v, err
	}
	copied := &Store{reader: db}
	err = copied.verify(ctx, &v, marks, progress)
	v.Intact = v.Fault == ""
	return v, errors.Join(err, db.Close())
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// removeDatabase removes a database and what SQLite may have left beside it.
func removeDatabase(path string) error {
	var errs []error
	for _, beside := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
