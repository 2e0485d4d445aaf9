package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		c, err := a.lookUp(ctx, st.Check)
		if err != nil {
			return err
		}
		if c.started {
			return matcher.NewProblem("store.check_known", nil)
		}
		sealed, err := a.seal(ctx, master, s.id, st.Session, st.Check, parts)
		if err != nil {
			return err
		}
		return a.add(ctx, struct {
			header
			history.Started
			seals
		}{a.header(history.KindStarted), st, sealsOf(sealed)}, sealed)
	})
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
	if len(f.Raw) > 0 {
		parts = append(parts, part{partAnswer, f.Raw})
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
// check did, and returns how many. Two programs may recover at once.
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

// openChecks gives the checks that started and have no end, oldest first.
func openChecks(ctx context.Context, q querier) ([]interrupted, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT s."check", s.session, coalesce(s.instance, '')
		FROM record s
		WHERE s.kind = 'started' AND NOT EXISTS (
			SELECT 1 FROM record e WHERE e."check" = s."check" AND e.kind IN ('finished', 'interrupted'))
		ORDER BY s.seq`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var open []interrupted
	for rows.Next() {
		c := interrupted{Outcome: history.Interrupted}
		if err := rows.Scan(&c.Check, &c.Session, &c.Instance); err != nil {
			return nil, damaged(err)
		}
		open = append(open, c)
	}
	return open, rows.Err()
}

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
