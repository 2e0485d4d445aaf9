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

// search is how a sealed part of a record is found: by tokens in two tables.
type search struct {
	part  string // of seal
	table string // PART_token and PART_word
	of    func(h *nametoken.Hasher, text string) []int64
}

// searched are the parts that can be searched for.
var searched = map[string]search{
	seal.Name:      {seal.Name, "name", (*nametoken.Hasher).OfName},
	seal.Reference: {seal.Reference, "reference", (*nametoken.Hasher).OfReference},
	seal.Number:    {seal.Number, "number", (*nametoken.Hasher).OfNumber},
}

func (s search) addRecord() string {
	return `INSERT INTO ` + s.table + `_token (record, session) VALUES (?, ?)`
}

func (s search) addToken() string {
	return `INSERT INTO ` + s.table + `_word (token, record) VALUES (?, ?)`
}

// drop deletes the tokens of a session, which it takes.
func (s search) drop() string { return `DELETE FROM ` + s.table + `_token WHERE session = ?` }

// addTokensOf does so with each of the parts that can be searched for.
func (a *appending) addTokensOf(ctx context.Context, parts []seal.Clear, h *nametoken.Hasher, session string) error {
	for _, p := range parts {
		if s, ok := searched[p.Name]; ok {
			if err := a.addTokens(ctx, s, h, session, string(p.Text)); err != nil {
				return err
			}
		}
	}
	return nil
}

// addTokens makes a part of the record that was just added one that can be found.
func (a *appending) addTokens(ctx context.Context, s search, h *nametoken.Hasher, session, text string) error {
	if _, err := a.ExecContext(ctx, s.addRecord(), a.head.seq, session); err != nil {
		return err
	}
	insert, err := a.PrepareContext(ctx, s.addToken())
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, token := range s.of(h, text) {
		if _, err := insert.ExecContext(ctx, token, a.head.seq); err != nil {
			return err
		}
	}
	return nil
}

// rebuildTokens makes the tokens of all that can be searched for anew. One that does not open
// has no tokens, as it is not shown either.
func (s *Store) rebuildTokens(ctx context.Context, tx *sql.Tx, master []byte) error {
	hasher, err := nametoken.New(master, s.id)
	for _, what := range searched {
		if err == nil {
			err = s.rebuildTokensOf(ctx, tx, what, hasher, master)
		}
	}
	return err
}

func (s *Store) rebuildTokensOf(
	ctx context.Context, tx *sql.Tx, what search, hasher *nametoken.Hasher, master []byte,
) error {
	for _, statement := range []string{`DELETE FROM ` + what.table + `_word`, `DELETE FROM ` + what.table + `_token`} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT r.seq, r."check", r.session, n.nonce, n.ciphertext, k.nonce, k.wrapped
		FROM sealed n JOIN record r ON r.seq = n.record JOIN session_key k ON k.session = r.session
		WHERE n.part = ?`, what.part)
	if err != nil {
		return err
	}
	defer rows.Close()
	insertRecord, err := tx.PrepareContext(ctx, what.addRecord())
	if err != nil {
		return err
	}
	defer insertRecord.Close()
	insertToken, err := tx.PrepareContext(ctx, what.addToken())
	if err != nil {
		return err
	}
	defer insertToken.Close()
	type word struct{ token, record int64 }
	var words []word
	type found struct {
		record  int64
		session string
	}
	var records []found
	for rows.Next() {
		var n found
		var check string
		var part, key seal.Part
		if err := rows.Scan(&n.record, &check, &n.session,
			&part.Nonce, &part.Ciphertext, &key.Nonce, &key.Ciphertext); err != nil {
			return sqlite.Damaged(err)
		}
		records = append(records, n) // also one that does not open: verify expects its row
		text, err := s.openPart(master, n.session, check, what.part, part, key)
		if err != nil {
			continue
		}
		for _, t := range what.of(hasher, string(text)) {
			words = append(words, word{t, n.record})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, n := range records {
		if _, err := insertRecord.ExecContext(ctx, n.record, n.session); err != nil {
			return err
		}
	}
	// In the order of the table, which is many times faster.
	slices.SortFunc(words, func(a, b word) int {
		return cmp.Or(cmp.Compare(a.token, b.token), cmp.Compare(a.record, b.record))
	})
	for _, w := range words {
		if _, err := insertToken.ExecContext(ctx, w.token, w.record); err != nil {
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

// foundKey gives a number for a name or reference that can be found.
func foundKey(seed maphash.Seed, record int64, session string) uint64 {
	return maphash.Comparable(seed, struct {
		record  int64
		session string
	}{record, session})
}

// compareTokens compares the names and references that can be found with the sums of those
// that are sealed: none is missing, and none is left of a session that was erased. Whether
// one has all its tokens can be said only with the key.
func compareTokens(ctx context.Context, q sqlite.Querier, seed maphash.Seed, want map[string]uint64) error {
	for part, what := range searched {
		if err := what.compare(ctx, q, seed, want[part]); err != nil {
			return err
		}
	}
	return nil
}

func (s search) compare(ctx context.Context, q sqlite.Querier, seed maphash.Seed, want uint64) error {
	rows, err := q.QueryContext(ctx, `SELECT record, session FROM `+s.table+`_token`)
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
		sum += foundKey(seed, record, string(session))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var left bool
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM (SELECT DISTINCT record FROM `+s.table+`_word) w
		WHERE NOT EXISTS (SELECT 1 FROM `+s.table+`_token n WHERE n.record = w.record))`).Scan(&left)
	if err == nil && (left || sum != want) {
		err = checks.Mismatch{}
	}
	return err
}
