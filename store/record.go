package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"facematch/app/history"
	"facematch/matcher"
)

// Start records that a check begins. The name is sealed. Where the master key
// cannot be had that is a *matcher.Problem and nothing is recorded, with a name
// or without: the answer could not be sealed later, and a check that cannot be
// recorded whole must not begin. A check starts once.
func (s *Store) Start(ctx context.Context, st history.Started) error {
	if st.Check == "" || st.Session == "" {
		return errors.New("store: a check needs an id and a session")
	}
	var parts []part
	if st.Name != "" {
		parts = append(parts, part{partName, []byte(st.Name)})
	}
	master, err := s.sealingKey(ctx)
	if err != nil {
		return err
	}
	words, err := newTokens(master, s.id)
	if err != nil {
		return err
	}
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		c, err := a.lookUp(ctx, st.Check)
		if err != nil {
			return err
		}
		if c.started {
			return matcher.NewProblem("store.check_known", nil)
		}
		if err := a.mayStart(ctx, st.Session); err != nil {
			return err
		}
		sealed, err := a.seal(ctx, master, s.id, st.Session, st.Check, parts)
		if err != nil {
			return err
		}
		if err := a.add(ctx, struct {
			header
			history.Started
			seals
		}{a.header(history.KindStarted), st, sealsOf(sealed)}, sealed); err != nil || st.Name == "" {
			return err
		}
		return a.nameFound(ctx, words, st.Session, st.Name)
	})
}

// Sending records that a check's request goes out now. It is on the disk when
// this returns.
func (s *Store) Sending(ctx context.Context, se history.Sending) error {
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		c, err := a.lookUp(ctx, se.Check)
		switch {
		case err != nil:
			return err
		case !c.started:
			return matcher.NewProblem("store.check_unknown", nil)
		case c.ended:
			return matcher.NewProblem("store.check_ended", nil)
		case c.session != se.Session:
			return errors.New("store: a check is sent in the session it started in")
		}
		return a.add(ctx, struct {
			header
			history.Sending
		}{a.header(history.KindSending), se}, nil)
	})
}

// Taken says whether a kept check of a session was sent, or may have been: an
// attempt with it went out, and no end says that it did not arrive or was refused.
func (s *Store) Taken(ctx context.Context, session, kept string) (bool, error) {
	var taken bool
	err := s.reader.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM record s
			WHERE s.session = ? AND s.kind = 'sending' AND s.payload ->> '$.kept' = ? AND NOT EXISTS (
				SELECT 1 FROM record e WHERE e."check" = s."check" AND e.kind = 'finished'
					AND (NOT coalesce(e.payload ->> '$.remote.reached', 0) OR coalesce(e.payload ->> '$.remote.refused', 0))))`,
		session, kept).Scan(&taken)
	return taken, problem(err)
}

// Finish records how a check ended. The answer's body is sealed; that needs the
// master key as Start does, an end without an answer needs none. A check that
// did not start, or ended already, is a *matcher.Problem.
func (s *Store) Finish(ctx context.Context, f history.Finished) error {
	switch f.Outcome {
	case history.Pass, history.Refer, history.Fail, history.NotCompared, history.CouldNotRun,
		history.Cancelled, history.Interrupted, history.Unknown:
	default:
		return fmt.Errorf("store: no check ends as %q", f.Outcome)
	}
	var parts []part
	var master []byte
	for name, clear := range map[string][]byte{partAnswer: f.Raw, partDocument: f.Document, partFrame: f.Frame} {
		if len(clear) > 0 {
			parts = append(parts, part{name, clear})
		}
	}
	if len(parts) > 0 {
		var err error
		if master, err = s.sealingKey(ctx); err != nil {
			return err
		}
	}
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		c, err := a.lookUp(ctx, f.Check)
		switch {
		case err != nil:
			return err
		case !c.started:
			return matcher.NewProblem("store.check_unknown", nil)
		case c.ended:
			return matcher.NewProblem("store.check_ended", nil)
		case c.session != f.Session:
			return errors.New("store: a check ends in the session it started in")
		}
		sealed, err := a.seal(ctx, master, s.id, f.Session, f.Check, parts)
		if err != nil {
			return err
		}
		return a.add(ctx, struct {
			header
			history.Finished
			seals
		}{a.header(history.KindFinished), f, sealsOf(sealed)}, sealed)
	})
}

// Settings records that the settings changed.
func (s *Store) Settings(ctx context.Context, c history.SettingsChange) error {
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		return a.add(ctx, struct {
			header
			history.SettingsChange
		}{a.header(history.KindSettings), c}, nil)
	})
}

// interrupted is what is recorded of a check whose program ended in its middle.
type interrupted struct {
	Check    string          `json:"check"`
	Session  string          `json:"session"`
	Instance string          `json:"instance"` // the program that ended
	Outcome  history.Outcome `json:"outcome"`
}

// Recover records as interrupted each check whose program ended before the
// check did, and returns how many. One whose request had gone out to the API is
// recorded as unknown. Two programs may recover at once.
func (s *Store) Recover(ctx context.Context) (int, error) {
	open, err := openChecks(ctx, s.reader)
	if err != nil {
		return 0, problem(err)
	}
	alive := s.aliveOnce()
	dead := map[string]bool{} // by check
	for _, c := range open {
		if !alive(c.Instance) {
			dead[c.Check] = true
		}
	}
	if len(dead) == 0 {
		return 0, nil
	}
	done := 0
	err = s.append(ctx, func(ctx context.Context, a *appending) error {
		// Again, now that nobody else can write: another may have been first.
		open, err := openChecks(ctx, a)
		if err != nil {
			return err
		}
		for _, c := range open {
			if !dead[c.Check] {
				continue
			}
			if err := a.add(ctx, struct {
				header
				interrupted
			}{a.header(history.KindInterrupted), c}, nil); err != nil {
				return err
			}
			done++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

// openChecks gives the checks that started and have no end, oldest first. The
// entries of lists say where to look, the records what is so.
func openChecks(ctx context.Context, q querier) ([]interrupted, error) {
	var maybe []int64
	if err := entries(ctx, q, 0, math.MaxInt64, true, func(b []byte) bool {
		if endOf(b) == 0 {
			maybe = append(maybe, seqOf(b))
		}
		return true
	}); err != nil {
		return nil, err
	}
	var open []interrupted
	for _, seq := range maybe {
		c := interrupted{Outcome: history.Interrupted}
		var sent bool
		err := q.QueryRowContext(ctx, openQuery, seq).Scan(&c.Check, &c.Session, &c.Instance, &sent)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return nil, damaged(err)
		case sent:
			c.Outcome = history.Unknown
		}
		open = append(open, c)
	}
	return open, nil
}

// openQuery takes the number of a check's first record and gives the check where
// it has no end, and whether its request went out, or may have.
const openQuery = `
	SELECT s."check", s.session, coalesce(s.instance, ''),
		EXISTS (SELECT 1 FROM record w WHERE w."check" = s."check" AND w.kind = 'sending')
	FROM record s
	WHERE s.seq = ? AND NOT EXISTS (
		SELECT 1 FROM record e WHERE e."check" = s."check" AND e.kind IN ('finished', 'interrupted'))`

// aliveOnce asks about each running program only once, as that touches a lock
// on the disk.
func (s *Store) aliveOnce() func(instance string) bool {
	known := map[string]bool{}
	return func(instance string) bool {
		alive, ok := known[instance]
		if !ok {
			alive = s.alive(instance)
			known[instance] = alive
		}
		return alive
	}
}

// sealingKey gives the master key, which it makes where there is none yet.
func (s *Store) sealingKey(ctx context.Context) ([]byte, error) {
	if s.writer == nil {
		return nil, matcher.NewProblem("store.read_only", nil)
	}
	key, err := s.vault.master(ctx, true)
	return key, problem(err)
}

// known is what the chain holds of a check.
type known struct {
	started, ended bool
	session        string
}

func (a *appending) lookUp(ctx context.Context, check string) (known, error) {
	rows, err := a.QueryContext(ctx, `SELECT kind, session FROM record WHERE "check" = ?`, check)
	if err != nil {
		return known{}, err
	}
	defer rows.Close()
	var k known
	for rows.Next() {
		var kind history.Kind
		var session sql.NullString
		if err := rows.Scan(&kind, &session); err != nil {
			return known{}, damaged(err)
		}
		switch kind {
		case history.KindStarted:
			k.started, k.session = true, session.String
		case history.KindFinished, history.KindInterrupted:
			k.ended = true
		}
	}
	return k, rows.Err()
}
