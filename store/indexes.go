package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"

	"facematch/store/internal/sqlite"
)

// recordIndexes are the queries that read each index of the table record in its own order:
// two columns and the number of the record. Lists and details find records through these
// indexes, so an index that lacks an entry hides a record. SQLite's integrity_check finds
// that too, but it looks each entry up by itself, which takes several times as long.
var recordIndexes = [...]string{
	`SELECT kind, '', seq FROM record INDEXED BY record_kind`,
	`SELECT "check", kind, seq FROM record INDEXED BY record_check WHERE "check" IS NOT NULL`,
	`SELECT session, kind, seq FROM record INDEXED BY record_session WHERE session IS NOT NULL`,
}

// indexSums holds, for each of recordIndexes, the sum of a keyed hash of each entry. Two
// indexes that hold different entries have equal sums with a chance of about one in 2^64.
type indexSums [len(recordIndexes)]uint64

// entryHash is the hash of one entry. The seed is random, so an attacker cannot choose entries
// whose sums are equal.
func entryHash(seed maphash.Seed, first, second []byte, seq int64) uint64 {
	return maphash.Comparable(seed, [3]uint64{maphash.Bytes(seed, first), maphash.Bytes(seed, second), uint64(seq)})
}

// add takes in the entries that a record must have.
func (s *indexSums) add(seed maphash.Seed, r *stored) {
	kind, check, session := r.columns[0], r.columns[1], r.columns[2]
	s[0] += entryHash(seed, kind, nil, r.seq)
	if len(check) > 0 {
		s[1] += entryHash(seed, check, kind, r.seq)
	}
	if len(session) > 0 {
		s[2] += entryHash(seed, session, kind, r.seq)
	}
}

// readIndexes reads the indexes and gives the sums of their entries for the records up to
// last. Entries that are not in order are damage: SQLite would not find them.
func readIndexes(ctx context.Context, q sqlite.Querier, seed maphash.Seed, last int64) (indexSums, error) {
	var sums indexSums
	for i, query := range recordIndexes {
		var err error
		if sums[i], err = readIndex(ctx, q, query, seed, last); err != nil {
			return sums, err
		}
	}
	return sums, nil
}

func readIndex(ctx context.Context, q sqlite.Querier, query string, seed maphash.Seed, last int64) (sum uint64,
	err error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var firstBefore, secondBefore []byte
	var seqBefore int64
	for n := 0; rows.Next(); n++ {
		var first, second sql.RawBytes
		var seq int64
		if err := rows.Scan(&first, &second, &seq); err != nil {
			return 0, sqlite.Damaged(err)
		}
		order := cmp.Or(bytes.Compare(firstBefore, first), bytes.Compare(secondBefore, second), cmp.Compare(seqBefore, seq))
		if n > 0 && order >= 0 {
			return 0, fmt.Errorf("%s: not in order: %w", query, sqlite.ErrCorrupt)
		}
		firstBefore, secondBefore, seqBefore = append(firstBefore[:0], first...), append(secondBefore[:0], second...), seq
		if seq <= last {
			sum += entryHash(seed, first, second, seq)
		}
	}
	return sum, rows.Err()
}
