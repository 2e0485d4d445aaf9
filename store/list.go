package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"time"

	"facematch/app/history"
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

func (s *Store) lastChange(ctx context.Context, of string) (history.SettingsChange, bool, error) {
	var payload []byte
	err := s.reader.QueryRowContext(ctx, `SELECT payload FROM record WHERE kind = ? AND `+of+` ORDER BY seq DESC LIMIT 1`,
		history.KindSettings).Scan(&payload)
	if errors.Is(err, sql.ErrNoRows) {
		return history.SettingsChange{}, false, nil
	}
	var c history.SettingsChange
	if err == nil {
		err = damaged(json.Unmarshal(payload, &c))
	}
	return c, err == nil, problem(err)
}

// List gives checks, newest first, one page of those before f.Before. A check
// without an end is running while its program is alive and interrupted, or
// unknown, otherwise. Names that cannot be opened here leave their rows Sealed and are
// no error; KeyProblem tells why.
func (s *Store) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	rows, err := s.list(ctx, f)
	return rows, problem(err)
}

// listed is a row with what is needed to open its name.
type listed struct {
	history.Row
	name sealedPart
	key  sealedPart // of the session
}

func (s *Store) list(ctx context.Context, f history.Filter) ([]history.Row, error) {
	found, err := s.query(ctx, f)
	if err != nil {
		return nil, err
	}
	// Only now, with no query open, is the keyring asked: it may take its time.
	rows := make([]history.Row, 0, len(found))
	var master []byte
	asked := false
	for _, l := range found {
		if l.Sealed && !asked {
			asked = true
			if master, err = s.vault.master(ctx, false); err != nil && ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		if l.Sealed && master != nil {
			if name, err := s.openName(master, l); err == nil {
				l.Name, l.Sealed = string(name), false
			}
		}
		rows = append(rows, l.Row)
	}
	return rows, nil
}

// listQuery takes the seq to stay under and the length of the page.
const listQuery = `
	SELECT s.seq, s."check", s.session, s.at, coalesce(s.mode, ''), coalesce(s.instance, ''),
		s.payload ->> '$.sealed.name' IS NOT NULL, n.nonce, n.ciphertext, k.nonce, k.wrapped,
		e.outcome, e.score, ` + wasSent + `
	FROM record s
	LEFT JOIN record e ON e."check" = s."check" AND e.kind IN ('finished', 'interrupted')
	LEFT JOIN sealed n ON n.record = s.seq AND n.part = 'name'
	LEFT JOIN session_key k ON k.session = s.session
	WHERE s.kind = 'started' AND s.seq < ?
	ORDER BY s.seq DESC LIMIT ?`

func (s *Store) query(ctx context.Context, f history.Filter) ([]listed, error) {
	before := f.Before
	if before <= 0 {
		before = math.MaxInt64
	}
	rows, err := s.reader.QueryContext(ctx, listQuery, before, page(f.Limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	alive := s.aliveOnce()
	var found []listed
	for rows.Next() {
		var l listed
		var at, instance string
		var outcome sql.NullString
		var sent bool
		if err := rows.Scan(&l.Seq, &l.Check, &l.Session, &at, &l.Mode, &instance,
			&l.Sealed, &l.name.nonce, &l.name.ciphertext, &l.key.nonce, &l.key.ciphertext,
			&outcome, &l.Score, &sent); err != nil {
			return nil, damaged(err)
		}
		if l.At, err = time.Parse(timeLayout, at); err != nil {
			return nil, damaged(err)
		}
		switch {
		case outcome.Valid:
			l.Outcome = history.Outcome(outcome.String)
		case alive(instance):
			l.Outcome = history.Running
		case sent:
			l.Outcome = history.Unknown
		default:
			l.Outcome = history.Interrupted
		}
		found = append(found, l)
	}
	return found, rows.Err()
}

// openName opens the name of a row. Gone parts and keys do not open.
func (s *Store) openName(master []byte, l listed) ([]byte, error) {
	key, err := unseal(master, l.key.nonce, l.key.ciphertext, keyBinding(s.id, l.Session))
	if err != nil {
		return nil, err
	}
	return unseal(key, l.name.nonce, l.name.ciphertext, partBinding(l.Session, l.Check, partName))
}

func page(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return limit
}
