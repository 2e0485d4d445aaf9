package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"facematch/app/history"
)

// diagnose says what was done to the first record that does not fit, as well as
// the rest of the chain tells. A record's hash covers its number, so one that was
// moved still fits the number it had; and each record holds the hash of the one
// before it, so one that was changed is missed by the next. It reads the history
// twice at most, and is asked only about a broken one.
//
// before is the last record that fits, found the one that stands where
// before.seq+1 should; confirmed says that an anchor knows before.
func diagnose(ctx context.Context, q querier, before head, found stored, confirmed bool) (seq int64, f history.Fault, err error) {
	want := before.seq + 1
	if found.seq < want { // a number under 1: pages that were cut off may read so too
		if whole(ctx, q) != nil {
			return want, history.FaultDamaged, ctx.Err()
		}
		return found.seq, history.FaultInserted, nil
	}
	// Where is the record that was written here?
	elsewhere, err := findLinked(ctx, q, want, before.hash[:], found.seq)
	if err != nil {
		return 0, "", err
	}
	if found.seq > want { // a number is missing
		if elsewhere {
			return want, history.FaultReordered, nil
		}
		return want, history.FaultDeleted, nil
	}
	if fits(want, before.hash[:], found.payload, found.hash) {
		return want, history.FaultEdited, nil // but for what it says the hash before is
	}
	own, err := numberOf(ctx, found)
	if err != nil {
		return 0, "", err
	}
	// The record before may be the wrong one, with a hash made to fit.
	if !confirmed && before.seq > 0 && !bytes.Equal(found.prev, before.hash[:]) {
		var earlier []byte // what is written of the one before it
		if err := q.QueryRowContext(ctx, `SELECT prev FROM record WHERE seq = ?`, before.seq).Scan(&earlier); err != nil {
			return 0, "", err
		}
		switch {
		case own == before.seq && bytes.Equal(found.prev, earlier):
			return before.seq, history.FaultInserted, nil // what was before.seq stands here
		case own == want && !elsewhere:
			return before.seq, history.FaultEdited, nil
		}
	}
	switch {
	case elsewhere && own > want:
		twice, err := stands(ctx, q, found)
		if err != nil {
			return 0, "", err
		}
		if twice {
			return want, history.FaultInserted, nil // a copy
		}
		return want, history.FaultReordered, nil
	case elsewhere:
		return want, history.FaultInserted, nil
	case own > want:
		return want, history.FaultDeleted, nil // and the rest closed up
	case own > 0:
		return want, history.FaultEdited, nil // written over, by a copy or a forgery whole in itself
	}
	if bytes.Equal(found.prev, before.hash[:]) {
		swapped, err := payloadOf(ctx, q, want, before.hash[:], found.hash)
		if err != nil {
			return 0, "", err
		}
		if swapped {
			return want, history.FaultReordered, nil
		}
		return want, history.FaultEdited, nil
	}
	// Where the next one follows it, only this one was touched.
	var next []byte
	err = q.QueryRowContext(ctx, `SELECT prev FROM record WHERE seq = ?`, want+1).Scan(&next)
	switch {
	case err == nil && bytes.Equal(next, found.hash):
		return want, history.FaultEdited, nil
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return 0, "", err
	}
	return want, history.FaultChain, nil
}

func fits(seq int64, prev, payload, hash []byte) bool {
	made := link(seq, prev, payload)
	return bytes.Equal(made[:], hash)
}

// numberOf gives the number a record was written under; 0 where it fits none
// near its place.
func numberOf(ctx context.Context, r stored) (int64, error) {
	for off := int64(0); off <= movedWithin; off++ {
		if off%progressEvery == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		for _, seq := range []int64{r.seq + off, r.seq - off} {
			if seq > 0 && fits(seq, r.prev, r.payload, r.hash) {
				return seq, nil
			}
		}
	}
	return 0, nil
}

// findLinked reports whether the record that was written as seq after prev
// stands under another number than at.
func findLinked(ctx context.Context, q querier, seq int64, prev []byte, at int64) (bool, error) {
	return anyRecord(ctx, q, `prev = ? AND seq <> ?`, []any{prev, at}, func(r stored) bool {
		return r.seq != seq && fits(seq, prev, r.payload, r.hash)
	})
}

// stands reports whether the same record stands under another number too.
func stands(ctx context.Context, q querier, r stored) (bool, error) {
	return anyRecord(ctx, q, `hash = ? AND seq <> ?`, []any{r.hash, r.seq}, func(stored) bool { return true })
}

// payloadOf reports whether another record holds the payload that this number's
// hash was made of.
func payloadOf(ctx context.Context, q querier, seq int64, prev, hash []byte) (bool, error) {
	return anyRecord(ctx, q, `seq <> ?`, []any{seq}, func(r stored) bool { return fits(seq, prev, r.payload, hash) })
}

func anyRecord(ctx context.Context, q querier, where string, args []any, is func(stored) bool) (bool, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, prev, hash, payload FROM record WHERE `+where, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var r stored
		if err := rows.Scan(&r.seq, &r.prev, &r.hash, &r.payload); err != nil {
			return false, damaged(err)
		}
		if is(r) {
			return true, nil
		}
	}
	return false, rows.Err()
}

// erased says of a session with which record each of its parts was erased last;
// 0: it was not.
type erased map[history.Part]int64

// after reports whether a part of a record was erased, alone or with the key.
func (e erased) after(seq int64, part string) bool {
	return e[history.PartKey] > seq || e[erasable(part)] > seq
}

// erasable is what an erasure calls a sealed part.
func erasable(part string) history.Part {
	switch part {
	case partDocument, partFrame:
		return history.PartImages
	}
	return history.Part(part)
}

// sealing is what verify knows of keys and erasures before it walks the chain.
type sealing struct {
	keys   map[string]bool   // sessions that have one
	erased map[string]erased // by session
	count  int64             // of "erased" records
	back   map[int64]bool    // "erased" records whose key is there

	restored int64 // the newest "restored" record
}

func readSealing(ctx context.Context, q querier, opens opener) (sealing, error) {
	s := sealing{erased: map[string]erased{}, back: map[int64]bool{}}
	var err error
	if s.keys, err = keyedSessions(ctx, q, opens); err != nil {
		return s, err
	}
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM record WHERE kind = ?`, history.KindRestored).Scan(&s.restored); err != nil {
		return s, err
	}
	rows, err := q.QueryContext(ctx, `SELECT seq, payload FROM record WHERE kind = ? ORDER BY seq`, history.KindErased)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var payload []byte
		if err := rows.Scan(&seq, &payload); err != nil {
			return s, damaged(err)
		}
		var e history.Erasure
		if json.Unmarshal(payload, &e) != nil {
			continue // the walk finds it edited
		}
		of := s.erased[e.Session]
		if of == nil {
			of = erased{}
			s.erased[e.Session] = of
		}
		for _, part := range e.Parts {
			of[part] = seq
		}
		s.count++
	}
	for session, of := range s.erased {
		if _, there := s.keys[session]; there && of[history.PartKey] > 0 {
			seq := of[history.PartKey]
			s.back[seq] = true
		}
	}
	return s, rows.Err()
}

// fault says what is wrong with the sealed parts of a record: they are to be
// those the payload names, all of them that were not erased and no other, and
// their session has its key unless that was erased.
func (s sealing) fault(r *stored) history.Fault {
	switch {
	case s.back[r.seq]:
		return history.FaultBack
	case r.odd:
		return history.FaultSealed
	case len(r.named) == 0:
		return ""
	}
	gone := s.erased[r.told.session]
	missing := 0
	for _, part := range r.named {
		if gone.after(r.seq, part) {
			missing++
			if r.has(part) {
				return history.FaultBack
			}
		}
	}
	switch {
	case len(r.named) != len(r.parts)+missing:
		return history.FaultPartGone
	case !s.keys[r.told.session] && gone[history.PartKey] <= r.seq:
		return history.FaultKeyGone
	}
	return ""
}
