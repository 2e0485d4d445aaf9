package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/seal"
)

// Start records that a check begins. The name and the reference are sealed. Without the master key the error
// is a *matcher.Problem and nothing is recorded, even where there is no name: the answer
// could not be sealed later, and a check that cannot be recorded whole must not begin. A
// check starts once.
func (s *Store) Start(ctx context.Context, st history.Started) error {
	if st.Check == "" || st.Session == "" {
		return errors.New("store: a check needs an id and a session")
	}
	var parts []seal.Clear
	for name, text := range map[string]string{seal.Name: st.Name, seal.Reference: st.Reference} {
		if text != "" {
			parts = append(parts, seal.Clear{Name: name, Text: []byte(text)})
		}
	}
	master, err := s.sealingKey(ctx)
	if err != nil {
		return err
	}
	hasher, err := nametoken.New(master, s.id)
	if err != nil {
		return err
	}
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		c, err := checks.StateOf(ctx, a, st.Check)
		if err != nil {
			return err
		}
		if c.Started() {
			return matcher.NewProblem("store.check_known", nil)
		}
		if err := a.mayStart(ctx, st.Session); err != nil {
			return err
		}
		wrapped, err := a.wrapForAuditors(ctx, master, s.id, &st)
		if err != nil {
			return err
		}
		sealed, err := a.sealParts(ctx, master, s.id, st.Session, st.Check, parts)
		if err != nil {
			return err
		}
		if err := a.add(ctx, struct {
			header
			history.Started
			seals
		}{a.header(history.KindStarted), st, sealsOf(sealed)}, sealed); err != nil {
			return err
		}
		if err := a.addAuditKey(ctx, st.Session, wrapped); err != nil {
			return err
		}
		return a.addTokensOf(ctx, parts, hasher, st.Session)
	})
}

// Sending records that a check's request goes out now. It is on the disk when
// this returns.
func (s *Store) Sending(ctx context.Context, se history.Sending) error {
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		c, err := checks.StateOf(ctx, a, se.Check)
		switch {
		case err != nil:
			return err
		case !c.Started():
			return matcher.NewProblem("store.check_unknown", nil)
		case c.Ended > 0:
			return matcher.NewProblem("store.check_ended", nil)
		case c.Session != se.Session:
			return errors.New("store: a check is sent in the session it started in")
		}
		return a.add(ctx, struct {
			header
			history.Sending
		}{a.header(history.KindSending), se}, nil)
	})
}

// Taken reports whether a kept check of a session was sent, or may have been: an attempt
// with it went out, and no end says that it did not arrive or was refused.
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

// Finish records how a check ended. The answer's body is sealed, which needs the master key;
// an end without an answer needs none. For a check that did not start, or ended already,
// the error is a *matcher.Problem.
func (s *Store) Finish(ctx context.Context, f history.Finished) error {
	switch f.Outcome {
	case history.Pass, history.Refer, history.Fail, history.NotCompared, history.CouldNotRun,
		history.Cancelled, history.Interrupted, history.Unknown:
	default:
		return fmt.Errorf("store: no check ends as %q", f.Outcome)
	}
	var parts []seal.Clear
	var master []byte
	texts := map[string][]byte{seal.Answer: f.Raw, seal.Document: f.Document, seal.Frame: f.Frame}
	if f.Fields != nil {
		texts[seal.Number] = []byte(f.Fields.Number)
		rest := *f.Fields
		rest.Number = ""
		var err error
		if texts[seal.Fields], err = json.Marshal(rest); err != nil {
			return err
		}
	}
	for name, text := range texts {
		if len(text) > 0 {
			parts = append(parts, seal.Clear{Name: name, Text: text})
		}
	}
	var hasher *nametoken.Hasher
	if len(parts) > 0 {
		var err error
		if master, err = s.sealingKey(ctx); err != nil {
			return err
		}
		if hasher, err = nametoken.New(master, s.id); err != nil {
			return err
		}
	}
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		c, err := checks.StateOf(ctx, a, f.Check)
		switch {
		case err != nil:
			return err
		case !c.Started():
			return matcher.NewProblem("store.check_unknown", nil)
		case c.Ended > 0:
			return matcher.NewProblem("store.check_ended", nil)
		case c.Session != f.Session:
			return errors.New("store: a check ends in the session it started in")
		}
		sealed, err := a.sealParts(ctx, master, s.id, f.Session, f.Check, parts)
		if err != nil {
			return err
		}
		if err := a.add(ctx, struct {
			header
			history.Finished
			seals
		}{a.header(history.KindFinished), f, sealsOf(sealed)}, sealed); err != nil {
			return err
		}
		return a.addTokensOf(ctx, parts, hasher, f.Session)
	})
}

// DocumentRead records that a document was read for another program.
func (s *Store) DocumentRead(ctx context.Context, r history.DocumentRead) error {
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		return a.add(ctx, struct {
			header
			history.DocumentRead
		}{a.header(history.KindRead), r}, nil)
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

// Recover records as interrupted each check whose program ended before the check did,
// and returns how many. One whose request had gone out to the API is recorded as
// unknown. Two programs may recover at once.
func (s *Store) Recover(ctx context.Context) (int, error) {
	open, err := checks.OpenChecks(ctx, s.reader)
	if err != nil {
		return 0, problem(err)
	}
	alive := s.aliveOnce()
	dead := map[string]bool{} // by check
	for i := range open {
		if !alive(open[i].Instance) {
			dead[open[i].Check] = true
		}
	}
	if len(dead) == 0 {
		return 0, nil
	}
	done := 0
	err = s.append(ctx, func(ctx context.Context, a *appending) error {
		// Again, because another process may have been first. Now only this one can write.
		open, err := checks.OpenChecks(ctx, a)
		if err != nil {
			return err
		}
		for i := range open {
			c := &open[i]
			if !dead[c.Check] {
				continue
			}
			outcome := c.OpenOutcome(func(string) bool { return false })
			if err := a.add(ctx, struct {
				header
				interrupted
			}{a.header(history.KindInterrupted), interrupted{c.Check, c.Session, c.Instance, outcome}}, nil); err != nil {
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

// aliveOnce gives a function that asks about each running program only once, because that
// touches a lock on the disk.
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
	key, err := s.vault.Master(ctx, true)
	return key, problem(err)
}
