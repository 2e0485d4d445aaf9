package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"math"

	"github.com/mattn/go-sqlite3"
)

// recordIndex is an index of the table record. Lists, details and the next
// record are found through them, so verify compares each with the records.
// SQLite's integrity_check does that too, but computes the columns anew from the
// payloads for each index of each record, which takes three times as long as
// reading the index.
type recordIndex struct {
	query string
	key   func(t *told) (a, b string, in bool) // the indexed columns
}

var recordIndexes = [...]recordIndex{
	{`SELECT kind, '', seq FROM record INDEXED BY record_kind WHERE kind IS NOT NULL`,
		func(t *told) (string, string, bool) { return string(t.kind), "", true }},
	{`SELECT "check", kind, seq FROM record INDEXED BY record_check WHERE "check" IS NOT NULL`,
		func(t *told) (string, string, bool) { return t.check, string(t.kind), t.hasCheck }},
	{`SELECT session, kind, seq FROM record INDEXED BY record_session WHERE session IS NOT NULL`,
		func(t *told) (string, string, bool) { return t.session, string(t.kind), t.hasSession }},
	{`SELECT request, '', seq FROM record INDEXED BY record_request WHERE request IS NOT NULL`,
		func(t *told) (string, string, bool) { return t.request, "", t.hasRequest }},
}

// keyOf gives a number for an index's entry of a record; 0: it has none.
func (x recordIndex) keyOf(seed maphash.Seed, t *told) uint64 {
	a, b, in := x.key(t)
	if !in {
		return 0
	}
	return entryKey(seed, maphash.String(seed, a), maphash.String(seed, b), t.seq)
}

// entryKey is never 0.
func entryKey(seed maphash.Seed, a, b uint64, seq int64) uint64 {
	return (a*3+b)*1_000_003 ^ maphash.Comparable(seed, seq) | 1
}

// sums adds up the entries of each index: two that hold the same have the same
// sums, and two that do not practically never.
type sums [len(recordIndexes)]uint64

func (s *sums) add(keys [len(recordIndexes)]uint64) {
	for i, k := range keys {
		s[i] += k
	}
}

// errIndex says that an index does not hold what the records do.
var errIndex = fmt.Errorf("an index does not fit the records: %w", sqlite3.Error{Code: sqlite3.ErrCorrupt})

// indexesFit compares the indexes with the sums of the records up to last.
func indexesFit(ctx context.Context, q querier, seed maphash.Seed, want sums, last int64) error {
	for i, index := range recordIndexes {
		rows, err := q.QueryContext(ctx, index.query)
		if err != nil {
			return err
		}
		var sum uint64
		var lastA, lastB []byte
		lastSeq := int64(math.MinInt64)
		for rows.Next() {
			var a, b sql.RawBytes
			var seq int64
			if err := rows.Scan(&a, &b, &seq); err != nil {
				rows.Close()
				return damaged(err)
			}
			if c := cmp.Or(bytes.Compare(lastA, a), bytes.Compare(lastB, b), cmp.Compare(lastSeq, seq)); c >= 0 && lastSeq != math.MinInt64 {
				rows.Close()
				return fmt.Errorf("index %d: not in order: %w", i, errIndex)
			}
			lastA, lastB, lastSeq = append(lastA[:0], a...), append(lastB[:0], b...), seq
			if seq <= last {
				sum += entryKey(seed, maphash.Bytes(seed, a), maphash.Bytes(seed, b), seq)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if sum != want[i] {
			return fmt.Errorf("index %d: %w", i, errIndex)
		}
	}
	return nil
}
