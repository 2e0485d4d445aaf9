package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/store/internal/checks"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
	"facematch/store/internal/vault"
)

// LastSettings gives the newest record of the settings themselves; false where
// there is none.
func (s *Store) LastSettings(ctx context.Context) (history.SettingsChange, bool, error) {
	return s.lastChange(ctx, `payload ->> '$.how' IS NOT 'operators'`)
}

// LastOperators gives the newest record of the list of operators; false where no
// operators were ever set up.
func (s *Store) LastOperators(ctx context.Context) (history.SettingsChange, bool, error) {
	return s.lastChange(ctx, `payload ->> '$.how' IS 'operators'`)
}

// ListSigned gives when the newest list of operators that was ever taken from the centre, for a
// branch and by a key, was signed; the zero time where there was none.
func (s *Store) ListSigned(ctx context.Context, branch, key string) (newest time.Time, err error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT payload ->> '$.signed' FROM record
		WHERE kind = ? AND payload ->> '$.change' = ? AND payload ->> '$.branch' = ? AND payload ->> '$.key' = ?`,
		history.KindSettings, history.OperatorsCentre, branch, key)
	if err != nil {
		return newest, problem(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return newest, problem(sqlite.Damaged(err))
		}
		at, err := time.Parse(time.RFC3339, text) // with or without milliseconds
		if err != nil {
			return newest, problem(sqlite.Damaged(err))
		}
		newest = later(newest, at)
	}
	return newest, problem(rows.Err())
}

func (s *Store) lastChange(ctx context.Context, of string) (history.SettingsChange, bool, error) {
	var payload []byte
	err := s.reader.QueryRowContext(ctx, `SELECT payload FROM record WHERE kind = ? AND `+of+` ORDER BY seq DESC LIMIT 1`,
		history.KindSettings).Scan(&payload)
	if errors.Is(err, sql.ErrNoRows) {
		return history.SettingsChange{}, false, nil
	}
	var c history.SettingsChange
	if err == nil {
		err = sqlite.Damaged(json.Unmarshal(payload, &c))
	}
	return c, err == nil, problem(err)
}

// List gives one page of the checks a filter chooses, in its order. A check without an
// end is running while its program is alive, and interrupted or unknown otherwise. A
// name that cannot be opened here leaves its row Sealed and is not an error; KeyProblem
// says why. A search for words in names or for a reference needs the key: without it the
// error is a *matcher.Problem.
func (s *Store) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	var found []checks.Listed
	err := s.reading(ctx, searches(f), func(r *reading) error {
		places, err := r.Choose(ctx, f, pageLimit(f.Limit))
		if err == nil {
			found, err = r.Rows(ctx, places)
		}
		return err
	})
	if err != nil {
		return nil, problem(err)
	}
	return s.openNames(ctx, found)
}

// Count counts what a filter chooses, however much that is. Before, After, Sort and
// Limit do not matter.
func (s *Store) Count(ctx context.Context, f history.Filter) (counts history.Counts, err error) {
	err = s.reading(ctx, searches(f), func(r *reading) error {
		counts, err = r.Count(ctx, f)
		return err
	})
	return counts, problem(err)
}

// Choices gives the values that filters can choose from, each sorted.
func (s *Store) Choices(ctx context.Context) (history.Choices, error) {
	var c history.Choices
	err := s.reading(ctx, false, func(r *reading) (err error) {
		c, err = r.Choices(ctx)
		return err
	})
	return c, problem(err)
}

// Show gives everything about a check. The error is store.check_unknown where there is
// no such check.
func (s *Store) Show(ctx context.Context, check string) (history.Detail, error) {
	var shown read
	var attempts []checks.Listed
	err := s.reading(ctx, false, func(r *reading) error {
		var err error
		if shown, err = r.check(ctx, check); err != nil {
			return err
		}
		places, err := r.OfSession(ctx, shown.detail.Session)
		if err != nil {
			return err
		}
		attempts, err = r.Rows(ctx, places)
		return err
	})
	if err != nil {
		return history.Detail{}, problem(err)
	}
	rows, err := s.openNames(ctx, attempts)
	if err != nil {
		return history.Detail{}, problem(err)
	}
	master, err := s.vault.Master(ctx, false)
	if err != nil && ctx.Err() != nil {
		return history.Detail{}, ctx.Err()
	}
	s.unsealAll(master, &shown)
	shown.detail.Attempts = rows
	return shown.detail, nil
}

// Each hands over everything about each check a filter chooses, in its order, all as of
// one moment, until do fails. It holds one check at a time, and the places of some
// thousands. Attempts stay nil; a Limit of 0 is no limit. do must not use the store,
// because Each keeps one of its connections.
func (s *Store) Each(ctx context.Context, f history.Filter, do func(history.Detail) error) error {
	// Before anything is open in the database, as the keyring may take its time.
	master, err := s.vault.Master(ctx, false)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return problem(s.reading(ctx, searches(f), func(r *reading) error {
		left := f.Limit
		for {
			some := eachBatch
			if f.Limit > 0 {
				some = min(some, left)
			}
			places, err := r.Choose(ctx, f, some)
			if err != nil {
				return err
			}
			for _, p := range places {
				c, err := r.checkAt(ctx, p.Seq)
				if err != nil {
					return err
				}
				s.unsealAll(master, &c)
				if err := do(c.detail); err != nil {
					return err
				}
			}
			if left -= len(places); len(places) < some || f.Limit > 0 && left <= 0 {
				return nil
			}
			last := places[len(places)-1]
			f.After = &history.Row{Seq: last.Seq, Score: last.Score}
		}
	}))
}

// reading is a look at the history as of one moment.
type reading struct {
	*checks.View
	tx   *sql.Tx
	head history.Head
}

// searches reports whether a filter asks for what is sealed.
func searches(f history.Filter) bool { return strings.TrimSpace(f.Words+f.Reference+f.Number) != "" }

// reading looks at the history, with what is needed to search for what is sealed where
// that is asked for.
func (s *Store) reading(ctx context.Context, searches bool, do func(*reading) error) error {
	var hasher *nametoken.Hasher
	if searches {
		master, err := s.vault.Master(ctx, false)
		switch {
		case errors.Is(err, vault.ErrNoKey): // nothing is sealed yet
		case err != nil:
			return err
		default:
			if hasher, err = nametoken.New(master, s.id); err != nil {
				return err
			}
		}
	}
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	r := &reading{tx: tx}
	if r.head, err = headOf(ctx, tx); err != nil {
		return err
	}
	if r.View, err = checks.NewView(ctx, tx, hasher, s.aliveOnce()); err != nil {
		return err
	}
	return do(r)
}

// openNames gives the rows with the names that can be opened. The keyring may take its
// time, so it is asked when nothing is open in the database.
func (s *Store) openNames(ctx context.Context, found []checks.Listed) ([]history.Row, error) {
	var master []byte
	if slices.ContainsFunc(found, func(l checks.Listed) bool { return l.Row.Sealed }) {
		var err error
		if master, err = s.vault.Master(ctx, false); err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	rows := make([]history.Row, len(found))
	for i, l := range found {
		rows[i] = l.Row
		if master == nil || !l.Row.Sealed {
			continue
		}
		if name, err := s.openPart(master, l.Row.Session, l.Row.Check, seal.Name, l.Name, l.Key); err == nil {
			rows[i].Name, rows[i].Sealed = string(name), false
		}
	}
	return rows, nil
}

func pageLimit(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return limit
}
