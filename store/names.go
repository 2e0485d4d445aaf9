package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"facematch/matcher"
)

// metaNamesWait is the number of the newest record whose name may have no
// tokens yet, because it was written before there were any.
const metaNamesWait = "names wait up to"

// nameFound makes the name of the record that was just added one that can be
// found.
func (a *appending) nameFound(ctx context.Context, t tokens, session, name string) error {
	found := t.ofName(name)
	if _, err := a.ExecContext(ctx, `INSERT INTO name_token (record, session) VALUES (?, ?)`, a.head.seq, session); err != nil {
		return err
	}
	insert, err := a.PrepareContext(ctx, `INSERT INTO name_word (token, record) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, token := range found {
		if _, err := insert.ExecContext(ctx, token, a.head.seq); err != nil {
			return err
		}
	}
	return nil
}

// namesWait says up to which record names cannot be found yet; 0: all can.
func namesWait(ctx context.Context, q querier) (int64, error) {
	var upTo int64
	err := q.QueryRowContext(ctx, `SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?`, metaNamesWait).Scan(&upTo)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return upTo, err
}

// indexNames makes the names of older records ones that can be found, of so many
// records in one transaction. Some thousands take a second; others can write in
// between. A name that does not open has no tokens, as it would not be shown
// either.
func (s *Store) indexNames(ctx context.Context, master []byte, atOnce int64) error {
	for {
		upTo, err := namesWait(ctx, s.reader)
		if err != nil || upTo == 0 {
			return err
		}
		if s.writer == nil {
			return matcher.NewProblem("store.names_wait", nil)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := transact(ctx, s.writer, func(ctx context.Context, tx *sql.Tx) error {
			upTo, err := namesWait(ctx, tx)
			if err != nil || upTo == 0 {
				return err
			}
			return s.indexSome(ctx, tx, master, max(0, upTo-atOnce), upTo)
		}); err != nil {
			return err
		}
	}
}

// indexSome does so for the records after one and up to another.
func (s *Store) indexSome(ctx context.Context, tx *sql.Tx, master []byte, after, upTo int64) error {
	made, err := newTokens(master, s.id)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT r.seq, r."check", r.session, n.nonce, n.ciphertext, k.nonce, k.wrapped
		FROM sealed n JOIN record r ON r.seq = n.record JOIN session_key k ON k.session = r.session
		WHERE n.record > ? AND n.record <= ? AND n.part = 'name'
			AND NOT EXISTS (SELECT 1 FROM name_token WHERE record = n.record)`, after, upTo)
	if err != nil {
		return err
	}
	defer rows.Close()
	addName, err := tx.PrepareContext(ctx, `INSERT INTO name_token (record, session) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	defer addName.Close()
	addWord, err := tx.PrepareContext(ctx, `INSERT INTO name_word (token, record) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	defer addWord.Close()

	type found struct{ token, record int64 }
	var all []found
	type name struct {
		record  int64
		session string
	}
	var names []name
	for rows.Next() {
		var n name
		var check string
		var part, key sealedPart
		if err := rows.Scan(&n.record, &check, &n.session, &part.nonce, &part.ciphertext, &key.nonce, &key.ciphertext); err != nil {
			return damaged(err)
		}
		names = append(names, n) // one that does not open too, or Verify misses it
		clear, err := s.openPart(master, n.session, check, partName, part, key)
		if err != nil {
			continue
		}
		for _, t := range made.ofName(string(clear)) {
			all = append(all, found{t, n.record})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, n := range names {
		if _, err := addName.ExecContext(ctx, n.record, n.session); err != nil {
			return err
		}
	}
	// In the order in which they lie there, which is many times faster.
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.token, b.token), cmp.Compare(a.record, b.record))
	})
	for _, f := range all {
		if _, err := addWord.ExecContext(ctx, f.token, f.record); err != nil {
			return err
		}
	}
	if after == 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM meta WHERE name = ?`, metaNamesWait)
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE meta SET value = ? WHERE name = ?`, strconv.FormatInt(after, 10), metaNamesWait)
	}
	return err
}

// openPart opens a sealed part of a check with its session's key. Gone parts and
// keys do not open.
func (s *Store) openPart(master []byte, session, check, name string, part, wrapped sealedPart) ([]byte, error) {
	key, err := unseal(master, wrapped.nonce, wrapped.ciphertext, keyBinding(s.id, session))
	if err != nil {
		return nil, err
	}
	return unseal(key, part.nonce, part.ciphertext, partBinding(session, check, name))
}

// nameKey gives a number for a name that can be found.
func nameKey(seed maphash.Seed, record int64, session string) uint64 {
	return maphash.Comparable(seed, struct {
		record  int64
		session string
	}{record, session})
}

// namesFit compares the names that can be found with the sum of those that are
// sealed in records after upTo: none is missing, and none is left of a session
// that was erased. Whether all tokens of a name are there cannot be said without
// the key.
func namesFit(ctx context.Context, q querier, seed maphash.Seed, want uint64, upTo int64) error {
	rows, err := q.QueryContext(ctx, `SELECT record, session FROM name_token WHERE record > ?`, upTo)
	if err != nil {
		return err
	}
	defer rows.Close()
	var sum uint64
	for rows.Next() {
		var record int64
		var session sql.RawBytes
		if err := rows.Scan(&record, &session); err != nil {
			return damaged(err)
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
		err = listsError{}
	}
	return err
}

// named gives the started records whose names hold all of the words, ascending.
func named(ctx context.Context, q querier, t tokens, words string) ([]int64, error) {
	var all []int64
	for i, spellings := range sought(words) {
		var word []int64
		for _, texts := range spellings {
			var spelling []int64
			for j, text := range texts {
				records, err := numbers(ctx, q, nameQuery, t.of(text))
				if err != nil {
					return nil, err
				}
				if j == 0 {
					spelling = records
				} else {
					spelling = both(spelling, records)
				}
			}
			word = append(word, spelling...)
		}
		if len(spellings) > 1 {
			slices.Sort(word)
			word = slices.Compact(word)
		}
		if i == 0 {
			all = word
		} else {
			all = both(all, word)
		}
		if len(all) == 0 {
			return []int64{}, nil
		}
	}
	return all, nil
}

// nameQuery takes a token.
const nameQuery = `SELECT group_concat(record) FROM name_word WHERE token = ?`

// numbers gives the numbers that a query joins by commas, ascending. A row for
// each would take several times as long.
func numbers(ctx context.Context, q querier, query string, args ...any) ([]int64, error) {
	var list sql.NullString
	if err := q.QueryRowContext(ctx, query, args...).Scan(&list); err != nil {
		return nil, err
	}
	found := make([]int64, 0, 1+strings.Count(list.String, ","))
	for text := range strings.SplitSeq(list.String, ",") {
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, damaged(err)
		}
		found = append(found, n)
	}
	if !slices.IsSorted(found) {
		slices.Sort(found)
	}
	return slices.Compact(found), nil
}

// both gives what two ascending lists have in common.
func both(a, b []int64) []int64 {
	found := []int64{}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			found = append(found, a[i])
			i++
			j++
		}
	}
	return found
}
