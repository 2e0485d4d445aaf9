package store

import (
	"context"
	"errors"

	"facematch/app/history"
)

// Journal appends to a history what somebody leaves there who otherwise only
// looks, and nothing else. It opens the history for each record, so that nobody
// holds it for writing in between.
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

// write never makes a history, nor brings one up to date: looking refuses both.
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
