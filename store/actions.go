package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// Decide records what a person decided about a check that has ended. The note
// is sealed, which needs the master key as Start does. Whether the decision is
// one that may be made is app's to say; here the check must have ended in the
// decision's session.
func (s *Store) Decide(ctx context.Context, d history.Decision) error {
	var parts []part
	var master []byte
	if d.Note != "" {
		parts = append(parts, part{partNote, []byte(d.Note)})
		var err error
		if master, err = s.sealingKey(ctx); err != nil {
			return err
		}
	}
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		c, err := a.lookUp(ctx, d.Check)
		switch {
		case err != nil:
			return err
		case !c.started:
			return matcher.NewProblem("store.check_unknown", nil)
		case !c.ended:
			return matcher.NewProblem("store.check_running", nil)
		case c.session != d.Session:
			return errors.New("store: a check is decided in the session it started in")
		}
		// Two operators may decide at once: only one of them makes the first
		// decision, and the other has to see it.
		var first bool
		if err := a.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM record WHERE "check" = ? AND kind = ?)`,
			d.Check, history.KindDecided).Scan(&first); err != nil {
			return err
		}
		if !first && d.Overrides == "" {
			return matcher.NewProblem("store.check_decided", nil)
		}
		sealed, err := a.seal(ctx, master, s.id, d.Session, d.Check, parts)
		if err != nil {
			return err
		}
		return a.add(ctx, struct {
			header
			history.Decision
			seals
		}{a.header(history.KindDecided), d, sealsOf(sealed)}, sealed)
	})
}

// SignedIn records that an operator signed in.
func (s *Store) SignedIn(ctx context.Context, in history.SignIn) error {
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		return a.add(ctx, struct {
			header
			history.SignIn
		}{a.header(history.KindSignedIn), in}, nil)
	})
}

// Exported records that records left the program.
func (s *Store) Exported(ctx context.Context, e history.Export) error {
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		return a.add(ctx, struct {
			header
			history.Export
		}{a.header(history.KindExported), e}, nil)
	})
}

// Head gives the newest record of the chain; its Seq is 0 where there is none.
func (s *Store) Head(ctx context.Context) (history.Head, error) {
	var hash []byte
	var at string
	var h history.Head
	err := s.reader.QueryRowContext(ctx, `SELECT seq, hash, at FROM record ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &hash, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	if err == nil {
		h.Hash = hex.EncodeToString(hash)
		h.At, err = time.Parse(timeLayout, at)
		err = damaged(err)
	}
	return h, problem(err)
}
