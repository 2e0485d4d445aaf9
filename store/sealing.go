package store

import (
	"context"
	"encoding/json"
	"math"

	"facematch/app/history"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// erased gives for each part of a session the record by which it was erased last; 0: it
// was not.
type erased map[history.Part]int64

// after reports whether a part of a record was erased, alone or with the key.
func (e erased) after(seq int64, part string) bool {
	return e[history.PartKey] > seq || e[erasable(part)] > seq
}

// erasable is what an erasure calls a sealed part.
func erasable(part string) history.Part {
	switch part {
	case seal.Document, seal.Frame:
		return history.PartImages
	case seal.Number:
		return history.PartFields
	}
	return history.Part(part)
}

// sealing is what verify knows of keys and erasures before it walks the chain.
type sealing struct {
	keys   map[string]bool   // sessions that have one
	erased map[string]erased // by session
	count  int64             // of "erased" records
	back   map[int64]bool    // "erased" records whose key is there
	absent absences          // what was not at the centre
	lacks  int64             // how many parts that are
	audits audits            // the keys for the auditors

	// deleted is, by session, what the centre deleted and no record says yet: while it is restored.
	deleted map[string]erased
}

func readSealing(ctx context.Context, q sqlite.Querier, opens opener) (sealing, error) {
	s := sealing{erased: map[string]erased{}, back: map[int64]bool{}}
	var err error
	if s.keys, err = keyedSessions(ctx, q, opens); err != nil {
		return s, err
	}
	if s.audits, err = readAudits(ctx, q); err != nil {
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
			return s, sqlite.Damaged(err)
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
		s.audits.erased(e.Session, seq)
		s.count++
	}
	for session, of := range s.erased {
		_, there := s.keys[session]
		_, audited := s.audits.keys[session]
		if (there || audited) && of[history.PartKey] > 0 {
			seq := of[history.PartKey]
			s.back[seq] = true
		}
	}
	return s, rows.Err()
}

// takeDeleted takes in what the centre deleted, after the "erased" records.
func (s *sealing) takeDeleted(all []history.Erasure) {
	s.deleted = map[string]erased{}
	for _, e := range all {
		if s.deleted[e.Session] == nil {
			s.deleted[e.Session] = erased{}
		}
		for _, part := range e.Parts {
			s.deleted[e.Session][part] = math.MaxInt64
		}
		s.audits.erased(e.Session, math.MaxInt64)
	}
}

// fault says what is wrong with the sealed parts of a record. There must be exactly those
// the payload names but for the erased ones, and the session must have its key unless that
// was erased.
func (s *sealing) fault(r *stored) history.Fault {
	switch {
	case s.back[r.seq]:
		return history.FaultBack
	case r.odd:
		return history.FaultSealed
	case len(r.named) == 0:
		return ""
	}
	gone := s.erased[r.summary.Session]
	missing := 0
	for _, part := range r.named {
		switch has := r.has(part); {
		case gone.after(r.seq, part):
			missing++
			if has {
				return history.FaultBack
			}
		case !has && s.absent.has(r, part):
			missing++
			s.lacks++
		case !has && s.deleted[r.summary.Session].after(r.seq, part):
			missing++
		}
	}
	switch {
	case len(r.named) != len(r.parts)+missing:
		return history.FaultPartGone
	case !s.keys[r.summary.Session] && gone[history.PartKey] <= r.seq &&
		s.deleted[r.summary.Session][history.PartKey] == 0:
		return history.FaultKeyGone
	}
	return ""
}
