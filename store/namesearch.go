package store

import (
	"cmp"
	"context"
	"database/sql"
	"hash/maphash"
	"slices"

	"facematch/store/internal/checks"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

const (
	addName = `INSERT INTO name_token (record, session) VALUES (?, ?)`
	addWord = `INSERT INTO name_word (token, record) VALUES (?, ?)`
)

// addTokens makes the name of the record that was just added one that can be found.
func (a *appending) addTokens(ctx context.Context, h *nametoken.Hasher, session, name string) error {
	if _, err := a.ExecContext(ctx, addName, a.head.seq, session); err != nil {
		return err
	}
	insert, err := a.PrepareContext(ctx, addWord)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, token := range h.OfName(name) {
		if _, err := insert.ExecContext(ctx, token, a.head.seq); err != nil {
			return err
		}
	}
	return nil
}

// rebuildNames makes the tokens of all names anew. A name that does not open has no
// tokens, as it is not shown either.
func (s *Store) rebuildNames(ctx context.Context, tx *sql.Tx, master []byte) error {
	hasher, err := nametoken.New(master, s.id)
	if err != nil {
		return err
	}
	for _, statement := range []string{`DELETE FROM name_word`, `DELETE FROM name_token`} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT r.seq, r."check", r.session, n.nonce, n.ciphertext, k.nonce, k.wrapped
		FROM sealed n JOIN record r ON r.seq = n.record JOIN session_key k ON k.session = r.session
		WHERE n.part = 'name'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	insertName, err := tx.PrepareContext(ctx, addName)
	if err != nil {
		return err
	}
	defer insertName.Close()
	insertWord, err := tx.PrepareContext(ctx, addWord)
	if err != nil {
		return err
	}
	defer insertWord.Close()
	type word struct{ token, record int64 }
	var words []word
	type name struct {
		record  int64
		session string
	}
	var names []name
	for rows.Next() {
		var n name
		var check string
		var part, key seal.Part
		if err := rows.Scan(&n.record, &check, &n.session,
			&part.Nonce, &part.Ciphertext, &key.Nonce, &key.Ciphertext); err != nil {
			return sqlite.Damaged(err)
		}
		names = append(names, n) // also one that does not open: verify expects its row
		text, err := s.openPart(master, n.session, check, seal.Name, part, key)
		if err != nil {
			continue
		}
		for _, t := range hasher.OfName(string(text)) {
			words = append(words, word{t, n.record})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, n := range names {
		if _, err := insertName.ExecContext(ctx, n.record, n.session); err != nil {
			return err
		}
	}
	// In the order of the table, which is many times faster.
	slices.SortFunc(words, func(a, b word) int {
		return cmp.Or(cmp.Compare(a.token, b.token), cmp.Compare(a.record, b.record))
	})
	for _, w := range words {
		if _, err := insertWord.ExecContext(ctx, w.token, w.record); err != nil {
			return err
		}
	}
	return nil
}

// openPart opens a sealed part of a check with its session's key. A part or a key that is
// gone does not open.
func (s *Store) openPart(master []byte, session, check, name string, part, wrapped seal.Part) ([]byte, error) {
	key, err := seal.Open(master, wrapped.Nonce, wrapped.Ciphertext, seal.KeyBinding(s.id, session))
	if err != nil {
		return nil, err
	}
	return seal.Open(key, part.Nonce, part.Ciphertext, seal.PartBinding(session, check, name))
}

// nameKey gives a number for a name that can be found.
func nameKey(seed maphash.Seed, record int64, session string) uint64 {
	return maphash.Comparable(seed, struct {
		record  int64
		session string
	}{record, session})
}

// compareNames compares the names that can be found with the sum of those that are
// sealed: none is missing, and none is left of a session that was erased. Whether a
// name has all its tokens can be said only with the key.
func compareNames(ctx context.Context, q sqlite.Querier, seed maphash.Seed, want uint64) error {
	rows, err := q.QueryContext(ctx, `SELECT record, session FROM name_token`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var sum uint64
	for rows.Next() {
		var record int64
		var session sql.RawBytes
		if err := rows.Scan(&record, &session); err != nil {
			return sqlite.Damaged(err)
		}
		sum += nameKey(seed, record, string(session))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var left bool
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM (SELECT DISTINCT record FROM name_word) w
		WHERE NOT EXISTS (SELECT 1 FROM name_token n WHERE n.record = w.record))`).Scan(&left)
	if err == nil && (left || sum != want) {
		err = checks.Mismatch{}
	}
	return err
}
