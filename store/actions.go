package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// Decide records what a person decided about a check that has ended. The note is sealed,
// which needs the master key. App says which decisions are allowed; here the check must
// have ended in the decision's session.
func (s *Store) Decide(ctx context.Context, d history.Decision) error {
	parts, master, err := s.noteParts(ctx, d.Note)
	if err != nil {
		return err
	}
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		c, err := a.endedCheck(ctx, d.Check, d.Session)
		if err != nil {
			return err
		}
		// Of two operators who decide at once only one makes the first decision.
		if c.Decided && d.Overrides == "" {
			return matcher.NewProblem("store.check_decided", nil)
		}
		sealed, err := a.sealParts(ctx, master, s.id, d.Session, d.Check, parts)
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

// noteParts gives a note as the part to seal, and the master key that seals it; neither
// where the note is empty.
func (s *Store) noteParts(ctx context.Context, note string) ([]seal.Clear, []byte, error) {
	if note == "" {
		return nil, nil, nil
	}
	master, err := s.sealingKey(ctx)
	return []seal.Clear{{Name: seal.Note, Text: []byte(note)}}, master, err
}

// endedCheck gives a check of this session that has ended. The problems are
// store.check_unknown and store.check_running.
func (a *appending) endedCheck(ctx context.Context, check, session string) (checks.State, error) {
	c, err := checks.StateOf(ctx, a, check)
	switch {
	case err != nil:
		return c, err
	case !c.Started():
		return c, matcher.NewProblem(history.KeyCheckUnknown, nil)
	case c.Ended == 0:
		return c, matcher.NewProblem(history.KeyCheckRunning, nil)
	case c.Session != session:
		return c, errors.New("store: a check started in another session")
	}
	return c, nil
}

// Inspect records what a clerk saw of person and document, of a check that has ended. The
// note is sealed, which needs the master key.
func (s *Store) Inspect(ctx context.Context, in history.Inspection) error {
	parts, master, err := s.noteParts(ctx, in.Note)
	if err != nil {
		return err
	}
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		if _, err := a.endedCheck(ctx, in.Check, in.Session); err != nil {
			return err
		}
		sealed, err := a.sealParts(ctx, master, s.id, in.Session, in.Check, parts)
		if err != nil {
			return err
		}
		return a.add(ctx, struct {
			header
			history.Inspection
			seals
		}{a.header(history.KindInspected), in, sealsOf(sealed)}, sealed)
	})
}

// Decidable gives what a decision about a check depends on: check, session, outcome
// and what was decided so far. One that has no end is running, whatever became of
// its program; the error is store.check_unknown where it is not there.
func (s *Store) Decidable(ctx context.Context, check string) (history.Row, error) {
	c, err := checks.StateOf(ctx, s.reader, check)
	if err != nil {
		return history.Row{}, problem(err)
	}
	if !c.Started() {
		return history.Row{}, matcher.NewProblem("store.check_unknown", nil)
	}
	r, err := c.ListRow()
	if err != nil {
		return r, sqlite.Damaged(err)
	}
	if c.Ended == 0 {
		r.Outcome = history.Running
	}
	return r, nil
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

// Latest gives the greatest time of all records, which is not that of the newest where the clock
// was set back; the zero time where there is none.
func (s *Store) Latest(ctx context.Context) (time.Time, error) {
	var text string
	err := s.reader.QueryRowContext(ctx, checks.Latest).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, problem(err)
	}
	at, err := time.Parse(checks.TimeLayout, text)
	return at, problem(sqlite.Damaged(err))
}

func headOf(ctx context.Context, q sqlite.Querier) (history.Head, error) {
	var hash []byte
	var at string
	var h history.Head
	err := q.QueryRowContext(ctx, `SELECT seq, hash, at FROM record ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &hash, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	if err == nil {
		h.Hash = hex.EncodeToString(hash)
		h.At, err = time.Parse(checks.TimeLayout, at)
		err = sqlite.Damaged(err)
	}
	return h, err
}
