package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/files"
	"facematch/store/internal/sqlite"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// dsn names a database and how to open it. As a file: address every character
// of the path is itself.
func dsn(path string, params url.Values) string {
	params.Set("_busy_timeout", strconv.FormatInt(busyTimeout.Milliseconds(), 10))
	params.Set("_cache_size", strconv.Itoa(-pageCache>>10)) // negative: in KiB
	params.Set("_stmt_cache_size", strconv.Itoa(statements))
	address := url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}
	return address.String()
}

// openWriter opens the one writing connection on a database of the current
// form. Where it is anchored it is never made anew.
func openWriter(ctx context.Context, path string, anchored bool, now func() time.Time) (*sql.DB, error) {
	if err := preparePath(ctx, path, anchored); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3", dsn(path, url.Values{
		"mode":          {"rw"},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"on"},
		"_txlock":       {"immediate"},
		// What is deleted is overwritten: an erased session's key.
		"_secure_delete": {"on"},
		// With it INSERT OR REPLACE meets the triggers against deleting.
		"_recursive_triggers": {"on"},
	}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err = connect(ctx, db); err == nil {
		err = migrate(ctx, db, now)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// preparePath makes folder and file with private rights. It refuses a file that is not
// ours before anything writes to it. A history that is anchored and not there is refused
// too: its disk is missing, or it was removed.
func preparePath(ctx context.Context, path string, anchored bool) error {
	have := 0
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return matcher.NewProblem(history.KeyForeign, errors.New("not a file"))
	case err == nil && info.Size() > 0:
		if have, err = peek(ctx, path); err != nil {
			return err
		}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if anchored && have == 0 {
		return matcher.NewProblem(history.KeyGone, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// SQLite gives new files beside the database the database's rights.
	for _, beside := range []string{"", "-wal", "-shm"} {
		if err := files.MakePrivate(path + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// peek gives a database's version and refuses one that is not ours or too new,
// without touching it.
func peek(ctx context.Context, path string) (int, error) {
	db, err := sql.Open("sqlite3", dsn(path, url.Values{"mode": {"ro"}}))
	if err != nil {
		return 0, err
	}
	have, err := version(ctx, db)
	if sqlite.NeedsRollback(err) {
		err = nil // the writer repairs it and looks again
	}
	return have, errors.Join(err, db.Close())
}

// connect opens the first connection and checks that WAL took effect. It tries again
// while another process makes the same database.
func connect(ctx context.Context, db *sql.DB) error {
	var mode string
	deadline := time.Now().Add(busyTimeout)
	for {
		err := db.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode)
		if err == nil {
			break
		}
		if problemKey(err) != history.KeyBusy || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(openRetry):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if mode != "wal" {
		return matcher.NewProblem("store.no_wal", fmt.Errorf("journal mode is %q", mode))
	}
	return nil
}

// openReader opens the pool of readers. With readOnly no writer has checked the file, so
// it is checked here.
func openReader(ctx context.Context, path string, anchored, readOnly, other bool) (*sql.DB, error) {
	params := url.Values{"mode": {"ro"}, "_query_only": {"on"}}
	if readOnly {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && anchored:
			return nil, matcher.NewProblem(history.KeyGone, err)
		case errors.Is(err, fs.ErrNotExist):
			return nil, matcher.NewProblem(history.KeyMissing, err)
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular():
			return nil, matcher.NewProblem(history.KeyForeign, errors.New("not a file"))
		}
	}
	if readOnly && other && !inUse(path) {
		params.Set("immutable", "1")
	}
	db, err := readable(ctx, path, params, anchored, readOnly)
	if readOnly && problemKey(err) == history.KeyNoAccess && !hasLog(path) {
		// On a disk or in a folder that cannot be written, SQLite cannot make the files
		// through which processes share a WAL database. No other process writes there
		// either, so none are needed.
		params.Set("immutable", "1")
		db, err = readable(ctx, path, params, anchored, readOnly)
	}
	return db, err
}

func readable(ctx context.Context, path string, params url.Values, anchored, check bool) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", dsn(path, params))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	if !check {
		return db, nil
	}
	have, err := version(ctx, db)
	if err == nil && have == 0 && anchored {
		err = matcher.NewProblem(history.KeyGone, nil)
	}
	if err == nil {
		var known []string
		if known, err = migrations(); err == nil && have < len(known) {
			err = matcher.NewProblem(history.KeyOlder, nil)
		}
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// hasLog reports whether records still lie in the file beside the database.
func hasLog(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// inUse reports whether a process has the database open, or had it when it crashed.
func inUse(path string) bool {
	_, err := os.Stat(path + "-shm")
	return err == nil || hasLog(path)
}

// version gives the number of the last migration, 0 for an empty database. A
// database that is not ours or newer than this program is a *matcher.Problem.
func version(ctx context.Context, q sqlite.Querier) (int, error) {
	var id, tables, have int
	if err := q.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return 0, err
	}
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return 0, err
	}
	switch {
	case id == 0 && tables == 0:
		return 0, nil
	case id != applicationID:
		return 0, matcher.NewProblem(history.KeyForeign, fmt.Errorf("application id %#x", id))
	}
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM migration`).Scan(&have); err != nil {
		return 0, err
	}
	known, err := migrations()
	if err != nil {
		return 0, err
	}
	if have > len(known) {
		return 0, matcher.NewProblem(history.KeyNewer, fmt.Errorf("form %d, known are %d", have, len(known)))
	}
	return have, nil
}

// migrations gives the names of the migrations in order, numbered from 1.
func migrations() ([]string, error) {
	return fs.Glob(migrationFiles, "migrations/*.sql") // sorted by name
}

// packedMigration ends the name of the migration whose tables are made from others, which
// SQL alone cannot do.
const packedMigration = "_packed.sql"

// migrate brings the database to the current form, each step in a transaction
// with its record. Another process may be doing the same.
func migrate(ctx context.Context, db *sql.DB, now func() time.Time) error {
	known, err := migrations()
	if err != nil {
		return err
	}
	for have := 0; have < len(known); {
		err := sqlite.Transact(ctx, db, func(ctx context.Context, tx *sql.Tx) error {
			var err error
			if have, err = version(ctx, tx); err != nil || have == len(known) {
				return err
			}
			step, err := migrationFiles.ReadFile(known[have])
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, string(step)); err != nil {
				return fmt.Errorf("migration %d: %w", have+1, err)
			}
			if strings.HasSuffix(known[have], packedMigration) {
				if err := checks.Pack(ctx, tx); err != nil {
					return err
				}
			}
			have++
			_, err = tx.ExecContext(ctx, `INSERT INTO migration (number, at) VALUES (?, ?)`,
				have, now().UTC().Format(checks.TimeLayout))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
