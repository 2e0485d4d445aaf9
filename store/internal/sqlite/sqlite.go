// Package sqlite holds what the parts of store share of SQLite: transactions, the
// kinds of its errors, and the copying of pages. Only this package knows the driver,
// which needs cgo; without cgo everything compiles and no database opens.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"facematch/app/history"
	"facematch/matcher"
)

// Querier is a database or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Transact runs one write transaction; a nil writer gives the problem
// store.read_only. Waiting for a turn can be cancelled, but not a transaction that
// began: the caller must know whether a record was written.
func Transact(ctx context.Context, writer *sql.DB, do func(context.Context, *sql.Tx) error) error {
	if writer == nil {
		return matcher.NewProblem("store.read_only", nil)
	}
	conn, err := writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx = context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // does nothing after the commit
	if err := do(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Damaged turns an error about a value that was read into the problem of a damaged file:
// a value that cannot be used means that the file was changed. A cancelled reading stays
// what it is.
func Damaged(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return matcher.NewProblem(history.KeyDamaged, err)
}

// Kind is a kind of SQLite's errors.
type Kind int

// The kinds of errors.
const (
	Other       Kind = iota
	NotDatabase      // the file is not a database
	Corrupt          // the file, a table or a value is damaged
	Full             // the disk is full
	NoAccess         // the system refuses to open or to write
	Busy             // another process holds the database
	IO               // the disk fails
)
