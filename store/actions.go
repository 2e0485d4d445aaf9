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

// Decidable gives what a decision about a check depends on: check, session, outcome
// and what was decided so far. One that has no end is running, whatever became of
// its program; the error is store.check_unknown where it is not there.
func (s *Store) Decidable(ctx context.Context, check string) (history.Row, error) {
	var r history.Row
	var at string
	var outcome, choice sql.NullString
	err := s.reader.QueryRowContext(ctx, `
		SELECT s.seq, s."check", s.session, s.at, e.outcome,
			(SELECT d.payload ->> '$.choice' FROM record d WHERE d."check" = s."check" AND d.kind = 'decided' ORDER BY d.seq DESC LIMIT 1)
		FROM record s
		LEFT JOIN record e ON e."check" = s."check" AND e.kind IN ('finished', 'interrupted')
		WHERE s."check" = ? AND s.kind = 'started'`, check).Scan(&r.Seq, &r.Check, &r.Session, &at, &outcome, &choice)
	if errors.Is(err, sql.ErrNoRows) {
		return history.Row{}, matcher.NewProblem("store.check_unknown", nil)
	}
	if err == nil {
		r.At, err = time.Parse(timeLayout, at)
		err = damaged(err)
	}
	r.Outcome = history.Running
	if outcome.Valid {
		r.Outcome = history.Outcome(outcome.String)
	}
	switch {
	case history.Choice(choice.String) == history.Approve:
		r.Decision = history.Approved
	case history.Choice(choice.String) == history.Reject:
		r.Decision = history.Rejected
	case r.Outcome == history.Refer:
		r.Decision = history.Undecided
	}
	return r, problem(err)
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
	h, err := headOf(ctx, s.reader)
	return h, problem(err)
}

func headOf(ctx context.Context, q querier) (history.Head, error) {
	var hash []byte
	var at string
	var h history.Head
	err := q.QueryRowContext(ctx, `SELECT seq, hash, at FROM record ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &hash, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	if err == nil {
		h.Hash = hex.EncodeToString(hash)
		h.At, err = time.Parse(timeLayout, at)
		err = damaged(err)
	}
	return h, err
}
