package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"

	"facematch/app/history"
	"facematch/store/internal/anchor"
)

// A copy of this desk's history, such as a backup, ends before the newest record the
// anchor knows, and is not broken for that. In the live history the same means that
// records were cut off.

// mayBeOlder reports whether the open file may end before the newest mark. That is so
// where it is certainly not this desk's live history, by whatever name it was opened.
func (s *Store) mayBeOlder() bool {
	if s.live == "" {
		return false
	}
	here, err := os.Stat(s.path)
	if err != nil {
		return false
	}
	live, err := os.Stat(s.live)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	return err == nil && !os.SameFile(here, live)
}

// older looks at a copy that verified and ends before the newest mark. The anchor knows
// few of its records. Where the live history leads from the number of the copy's last
// record to that mark without a gap, its hash there shows whether the copy is right or was
// changed and its chain made anew. A live history that is missing or broken shows neither.
func (s *Store) older(ctx context.Context, v *history.Verdict, marks anchored) error {
	v.Older = true
	hash, found, err := s.leadsTo(ctx, v.Records, marks.newest())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil || !found:
		return nil
	case hex.EncodeToString(hash) == v.Head:
		v.Good = v.Records
		return nil
	}
	v.Older, v.Fault = false, history.FaultReplaced
	v.BadSeq, err = s.firstOther(ctx, v.Good+1, v.Records)
	return err
}

// leadsTo gives the hash of a record in the live history, if the records after it
// are chained to it and end in the one the anchor knows.
func (s *Store) leadsTo(ctx context.Context, from int64, to anchor.Mark) (hash []byte, found bool, err error) {
	live, err := openReader(ctx, s.live, false, true, false)
	if err != nil {
		return nil, false, err
	}
	defer live.Close()
	rows, err := live.QueryContext(ctx, `
		SELECT seq, prev, hash, payload FROM record WHERE seq BETWEEN ? AND ? ORDER BY seq`, from, to.Seq)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	next := from
	var before []byte
	for ; rows.Next(); next++ {
		var r stored
		if err := rows.Scan(&r.seq, &r.prev, &r.hash, &r.payload); err != nil {
			return nil, false, err
		}
		switch {
		case r.seq != next:
			return nil, false, nil
		case next == from:
			hash = r.hash
		case !bytes.Equal(r.prev, before) || !fits(r.seq, before, r.payload, r.hash):
			return nil, false, nil
		}
		before = r.hash
	}
	return hash, next > to.Seq && hex.EncodeToString(before) == to.Hash, rows.Err()
}

// firstOther gives the first record of the copy, from one to another, that is not
// the live history's.
func (s *Store) firstOther(ctx context.Context, from, to int64) (int64, error) {
	live, err := openReader(ctx, s.live, false, true, false)
	if err != nil {
		return 0, err
	}
	defer live.Close()
	const query = `SELECT hash FROM record WHERE seq = ?`
	for seq := from; seq < to; seq++ {
		var theirs, ours []byte
		if err := s.reader.QueryRowContext(ctx, query, seq).Scan(&theirs); err != nil {
			return 0, err
		}
		err := live.QueryRowContext(ctx, query, seq).Scan(&ours)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return 0, err
		}
		if !bytes.Equal(theirs, ours) {
			return seq, nil
		}
	}
	return to, nil // its hash is another
}

func fits(seq int64, prev, payload, hash []byte) bool {
	computed := link(seq, prev, payload)
	return bytes.Equal(computed[:], hash)
}
