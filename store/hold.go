package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// Hold records that a session is kept from erasure and from the periods, or no longer. The
// note is sealed. The problems are store.session_unknown, .session_erased, .session_held
// (already) and .session_not_held.
func (s *Store) Hold(ctx context.Context, h history.Hold) error {
	parts, master, err := s.noteParts(ctx, h.Note)
	if err != nil {
		return err
	}
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		var known bool
		if err := a.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM record WHERE session = ? AND kind = 'started')`,
			h.Session).
			Scan(&known); err != nil {
			return err
		}
		held, err := isHeld(ctx, a, h.Session)
		switch {
		case err != nil:
			return err
		case !known:
			return matcher.NewProblem(history.KeySessionUnknown, nil)
		case h.Held && held:
			return matcher.NewProblem(history.KeySessionHeld, nil)
		case !h.Held && !held:
			return matcher.NewProblem("store.session_not_held", nil)
		}
		if h.Held {
			if err := a.mayStart(ctx, h.Session); err != nil { // nothing is left to be kept
				return err
			}
		}
		sealed, err := a.sealParts(ctx, master, s.id, h.Session, "", parts)
		if err != nil {
			return err
		}
		return a.add(ctx, struct {
			header
			history.Hold
			seals
		}{a.header(history.KindHold), h, sealsOf(sealed)}, sealed)
	})
}

// isHeld reports whether a session is on hold now.
func isHeld(ctx context.Context, q sqlite.Querier, session string) (held bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce((SELECT payload ->> '$.held' FROM record
		WHERE session = ? AND kind = 'hold' ORDER BY seq DESC LIMIT 1), 0)`, session).Scan(&held)
	return held, err
}

// Holds gives the sessions that are on hold now, oldest hold first.
func (s *Store) Holds(ctx context.Context) ([]history.Holding, error) {
	master, err := s.vault.Master(ctx, false)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	rows, err := s.reader.QueryContext(ctx, holdsQuery)
	if err != nil {
		return nil, problem(err)
	}
	defer rows.Close()
	var all []history.Holding
	for rows.Next() {
		var h history.Holding
		var at string
		var payload []byte
		var key, note seal.Part
		if err := rows.Scan(&h.Seq, &at, &payload, &key.Nonce, &key.Ciphertext, &note.Nonce, &note.Ciphertext); err != nil {
			return nil, problem(sqlite.Damaged(err))
		}
		err := json.Unmarshal(payload, &h.Hold)
		if err == nil {
			h.At, err = time.Parse(checks.TimeLayout, at)
		}
		if err != nil {
			return nil, problem(sqlite.Damaged(err))
		}
		if h.NoteSealed = note.Ciphertext != nil; h.NoteSealed && master != nil {
			if text, err := s.openPart(master, h.Session, "", seal.Note, note, key); err == nil {
				h.Note, h.NoteSealed = string(text), false
			}
		}
		all = append(all, h)
	}
	return all, problem(rows.Err())
}

// holdsQuery gives of each session its newest record about a hold, where that is one.
const holdsQuery = `SELECT seq, at, payload, key.nonce, key.wrapped, sealed.nonce, sealed.ciphertext
	FROM record r LEFT JOIN session_key key ON key.session = r.session
	LEFT JOIN sealed ON sealed.record = r.seq AND sealed.part = 'note'
	WHERE kind = 'hold' AND payload ->> '$.held'
		AND NOT EXISTS (SELECT 1 FROM record later
			WHERE later.session = r.session AND later.kind = 'hold' AND later.seq > r.seq)
	ORDER BY seq`

// holdOf gives the hold of a session; nil where it is on none.
func holdOf(ctx context.Context, q sqlite.Querier, session string) (*history.Holding, error) {
	var h history.Holding
	var at string
	var payload []byte
	err := q.QueryRowContext(ctx, `SELECT seq, at, payload FROM record WHERE session = ? AND kind = 'hold'
		ORDER BY seq DESC LIMIT 1`, session).Scan(&h.Seq, &at, &payload)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = sqlite.Damaged(json.Unmarshal(payload, &h.Hold))
	}
	if err == nil {
		h.At, err = time.Parse(checks.TimeLayout, at)
		err = sqlite.Damaged(err)
	}
	if err != nil || !h.Held {
		return nil, err
	}
	return &h, nil
}
