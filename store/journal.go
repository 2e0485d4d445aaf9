package store

import (
	"context"
	"errors"

	"facematch/app/history"
)

// Journal adds the records of a program that otherwise only reads, such as that records
// were exported. It opens the history for each record, so that it holds nothing open for
// writing in between.
type Journal struct{ p Params }

// NewJournal makes a journal of the history that is there. Nothing is opened yet.
func NewJournal(p Params) *Journal { return &Journal{p} }

// SignedIn is Store.SignedIn.
func (j *Journal) SignedIn(ctx context.Context, in history.SignIn) error {
	return j.write(ctx, func(s *Store) error { return s.SignedIn(ctx, in) })
}

// Exported is Store.Exported.
func (j *Journal) Exported(ctx context.Context, e history.Export) error {
	return j.write(ctx, func(s *Store) error { return s.Exported(ctx, e) })
}

// write opens the history for reading first. That refuses a history that is missing or of
// an older form, so that write neither makes nor migrates one.
func (j *Journal) write(ctx context.Context, do func(*Store) error) error {
	p := j.p
	p.ReadOnly = true
	there, err := Open(ctx, p)
	if err != nil {
		return err
	}
	p.ReadOnly = false
	s, err := Open(ctx, p)
	if err != nil {
		return errors.Join(err, there.Close())
	}
	err = do(s)
	return errors.Join(err, s.Close(), there.Close())
}
