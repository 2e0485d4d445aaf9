package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"

	"facematch/app/history"
	"facematch/matcher"
)

// StageVerifying is the stage of Verify's progress; Done and Total are records.
const StageVerifying matcher.Stage = "verifying"

// Verify walks the whole chain, computes every hash and every sealed part's
// hash anew, compares with the anchor, and names the first bad record. It needs
// no key and keeps nobody from writing. A broken chain is a verdict, not an
// error.
func (s *Store) Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error) {
	// The marks first: a record added meanwhile is then in the chain for sure.
	marks, err := s.anchor.ours()
	if err != nil {
		return history.Verdict{}, matcher.NewProblem("store.anchor_unread", err)
	}
	v, err := s.verify(ctx, marks, progress)
	if err != nil {
		return history.Verdict{}, problem(err)
	}
	return v, nil
}

func (s *Store) verify(ctx context.Context, marks map[int64]mark, progress matcher.ProgressFunc) (history.Verdict, error) {
	v := history.Verdict{Anchored: len(marks) > 0}
	for seq := range marks {
		v.Until = max(v.Until, seq)
	}
	// One transaction, so that all is read as of one moment.
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return v, err
	}
	defer tx.Rollback()
	var total int
	var lastSealed int64
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM record), (SELECT coalesce(max(record), 0) FROM sealed)`).
		Scan(&total, &lastSealed); err != nil {
		return v, err
	}
	progress.Report(StageVerifying, 0, total)

	var before head
	bad := func(seq int64, f history.Fault) { v.BadSeq, v.Fault = seq, f }
	err = eachStored(ctx, tx, func(r stored) bool {
		v.Records++
		hash := link(r.seq, r.prev, r.payload)
		m, marked := marks[r.seq]
		switch {
		case r.seq != before.seq+1:
			bad(r.seq, history.FaultMissing)
		case !bytes.Equal(r.prev, before.hash[:]):
			bad(r.seq, history.FaultChain)
		case !bytes.Equal(r.hash, hash[:]):
			bad(r.seq, history.FaultEdited)
		case marked && m.Hash != hex.EncodeToString(hash[:]):
			bad(r.seq, history.FaultReplaced)
		case !r.sealsHold():
			bad(r.seq, history.FaultSealed)
		}
		if v.Fault != "" {
			return false
		}
		if marked && v.Since.IsZero() {
			v.Since = m.At
		}
		before = head{seq: r.seq, hash: hash}
		if v.Records%progressEvery == 0 {
			progress.Report(StageVerifying, int(v.Records), total)
		}
		return true
	})
	if err != nil {
		return v, err
	}
	// A sealed part whose record is gone tells of a cut even without an anchor.
	if v.Fault == "" && max(v.Until, lastSealed) > before.seq {
		bad(before.seq+1, history.FaultCutOff)
	}
	progress.Report(StageVerifying, int(v.Records), total)
	v.Intact = v.Fault == ""
	if v.Intact && v.Records > 0 {
		v.Head = hex.EncodeToString(before.hash[:])
	}
	return v, nil
}

// stored is a record as it lies in the database.
type stored struct {
	seq                 int64
	prev, hash, payload []byte
	parts               []sealedPart
}

// sealsHold reports whether the sealed parts are those the payload names, all
// of them and no other.
func (r stored) sealsHold() bool {
	var named seals
	if json.Unmarshal(r.payload, &named) != nil || len(named.Sealed) != len(r.parts) || len(named.Nonces) != len(r.parts) {
		return false
	}
	for _, p := range r.parts {
		hash := sha256.Sum256(p.ciphertext)
		if named.Sealed[p.name] != hex.EncodeToString(hash[:]) || named.Nonces[p.name] != hex.EncodeToString(p.nonce) {
			return false
		}
	}
	return true
}

// eachStored hands over the records in their order, one at a time, until none
// is left or see returns false.
func eachStored(ctx context.Context, q querier, see func(stored) bool) error {
	rows, err := q.QueryContext(ctx, `
		SELECT r.seq, r.prev, r.hash, r.payload, p.part, p.nonce, p.ciphertext
		FROM record r LEFT JOIN sealed p ON p.record = r.seq
		ORDER BY r.seq, p.part`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var current stored
	begun := false
	for rows.Next() {
		var next stored
		var name sql.NullString
		var p sealedPart
		if err := rows.Scan(&next.seq, &next.prev, &next.hash, &next.payload, &name, &p.nonce, &p.ciphertext); err != nil {
			return err
		}
		if begun && next.seq != current.seq {
			if !see(current) {
				return nil
			}
			begun = false
		}
		if !begun {
			current, begun = next, true
		}
		if name.Valid {
			p.name = name.String
			current.parts = append(current.parts, p)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if begun {
		see(current)
	}
	return nil
}
