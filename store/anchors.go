package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/anchor"
	"facematch/store/internal/sqlite"
)

// forAnchors is the history as the anchors ask about it.
type forAnchors struct{ s *Store }

// Holds reports whether the history holds the marked record.
func (h forAnchors) Holds(ctx context.Context, m anchor.Mark) (bool, error) { return h.s.holds(ctx, m) }

// Losses gives what the "restored" records say was lost.
func (h forAnchors) Losses(ctx context.Context) ([]anchor.Loss, error) { return h.s.losses(ctx) }

func (s *Store) holds(ctx context.Context, m anchor.Mark) (bool, error) {
	var hash []byte
	err := s.reader.QueryRowContext(ctx, `SELECT hash FROM record WHERE seq = ?`, m.Seq).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return hex.EncodeToString(hash) == m.Hash, err
}

func (s *Store) losses(ctx context.Context) ([]anchor.Loss, error) {
	var losses []anchor.Loss
	err := eachRestored(ctx, s.reader, func(seq int64, at time.Time, r history.Restored) {
		if lost, some := lossIn(r, seq, at); some {
			losses = append(losses, anchor.Loss{From: lost.From, To: lost.To, Another: lost.Another, Until: r.Known.At})
		}
	})
	return losses, err
}

// lossIn gives what a "restored" record says was lost; false where that is nothing.
func lossIn(r history.Restored, seq int64, at time.Time) (history.Loss, bool) {
	lost := history.Loss{From: r.LostFrom, To: r.LostTo, Another: r.Another, At: at, Seq: seq, By: r.Operator}
	return lost, lost.To > 0 || lost.Another
}

// eachRestored hands over the "restored" records, oldest first. One that does not
// parse is left out: the walk of verify finds it.
func eachRestored(ctx context.Context, q sqlite.Querier, do func(seq int64, at time.Time, r history.Restored)) error {
	rows, err := q.QueryContext(ctx, `SELECT seq, payload FROM record WHERE kind = ? ORDER BY seq`, history.KindRestored)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var payload []byte
		var r struct {
			At time.Time `json:"at"`
			history.Restored
		}
		if err := rows.Scan(&seq, &payload); err != nil {
			return sqlite.Damaged(err)
		}
		if json.Unmarshal(payload, &r) == nil {
			do(seq, r.At, r.Restored)
		}
	}
	return rows.Err()
}

// keepHead anchors the head after a commit, in both anchors. The records are safe
// already, so a failure is logged and kept for AnchorProblem.
func (s *Store) keepHead(ctx context.Context, h head) {
	ctx = context.WithoutCancel(ctx)
	to := anchor.Mark{
		At: h.at.Truncate(time.Millisecond), Database: s.id, Place: s.anchor.Place,
		Seq: h.seq, Hash: hex.EncodeToString(h.hash[:]),
	}
	err := s.anchor.Advance(ctx, to, forAnchors{s})
	var p *matcher.Problem
	switch {
	case errors.Is(err, anchor.ErrDisagrees):
		p = matcher.NewProblem("store.anchor_disagrees", err)
	case err != nil:
		p = matcher.NewProblem("store.anchor_unwritten", err)
	}
	if s.second.Chosen() {
		err := s.second.Ask(func(a anchor.Anchor) error { return a.Advance(ctx, to, forAnchors{s}) })
		if err != nil && p == nil {
			p = matcher.AsProblem(err, "store.second_anchor")
		}
	}
	s.anchorProblem.Store(p)
	if p != nil {
		s.log.Warn("history not anchored", "seq", h.seq, "error", p)
	}
}

// anchored is what the anchors say.
type anchored struct {
	first, second, centre anchor.Known
	older                 bool              // the history may end before the newest mark: see mayBeOlder
	absent                absences          // while it is restored: what was not at the centre
	deleted               []history.Erasure // while it is restored: what the centre deleted
	withdrawn             []string          // and the auditors' public keys that were withdrawn there
}

// all gives the anchors that know a record, by what the verdict says of them.
func (a anchored) all(v *history.Verdict) map[*history.Anchor]anchor.Known {
	return map[*history.Anchor]anchor.Known{&v.First: a.first, &v.Second: a.second, &v.Centre.Anchor: a.centre}
}

// newest gives the mark of the greatest number an anchor knows.
func (a anchored) newest() anchor.Mark {
	newest := a.first.Newest()
	for _, k := range []anchor.Known{a.second, a.centre} {
		if m := k.Newest(); m.Seq > newest.Seq {
			newest = m
		}
	}
	return newest
}

// readAnchors reads all. A second anchor that cannot be read is a problem in the
// verdict; the first lies on this computer, so that is an error.
func (s *Store) readAnchors(ctx context.Context, v *history.Verdict) (anchored, error) {
	var all anchored
	losses, err := s.losses(ctx)
	if err = problem(err); err != nil {
		if key := matcher.AsProblem(err, "").Key; key != history.KeyDamaged && key != history.KeyForeign {
			return all, err
		}
		losses = nil // verify says that the file is damaged
	}
	if all.first, err = s.anchor.Known(losses); err != nil {
		return all, matcher.NewProblem("store.anchor_unread", err)
	}
	if v.Second.Chosen = s.second.Chosen(); v.Second.Chosen {
		if all.second, err = s.second.Known(losses); err != nil {
			v.Second.Problem = matcher.AsProblem(err, "store.second_anchor").Key
		}
	}
	if all.centre, err = s.knownToCentre(ctx, losses, v); err != nil {
		return all, matcher.NewProblem("store.anchor_unread", err)
	}
	for found, k := range all.all(v) {
		found.Found, found.Until = len(k.Marks) > 0, k.Newest().Seq
		v.Anchored = v.Anchored || found.Found
		v.Until = max(v.Until, found.Until)
	}
	return all, nil
}

// agree reports whether the anchors know this record, as far as they know one of its
// number, and notes in the verdict what that shows.
func (a anchored) agree(seq int64, hash []byte, v *history.Verdict) bool {
	_, inFirst := a.first.Marks[seq]
	_, inSecond := a.second.Marks[seq]
	_, inCentre := a.centre.Marks[seq]
	if !inFirst && !inSecond && !inCentre {
		return true
	}
	all := a.all(v)
	text := hex.EncodeToString(hash)
	for _, k := range all {
		if m, in := k.Marks[seq]; in && m.Hash != text {
			return false
		}
	}
	v.Good = seq
	for found, k := range all {
		m, in := k.Marks[seq]
		for _, at := range []*time.Time{&found.Since, &v.Since} {
			if in && (at.IsZero() || m.At.Before(*at)) {
				*at = m.At
			}
		}
	}
	return true
}

// noteLoss notes in a "restored" record which records the anchors know that are not in
// the restored history, or not the same, and whether another history lay in its place.
func (s *Store) noteLoss(ctx context.Context, note *history.Restored) error {
	var v history.Verdict
	all, err := s.readAnchors(ctx, &v)
	if err != nil {
		return err
	}
	newest := all.newest()
	note.Known = history.Head{Seq: newest.Seq, Hash: newest.Hash, At: newest.At}
	for _, marks := range []map[int64]anchor.Mark{all.first.Marks, all.second.Marks, all.centre.Marks} {
		for _, m := range marks {
			held, err := s.holds(ctx, m)
			if err != nil {
				return err
			}
			if held {
				continue
			}
			if note.LostFrom == 0 {
				note.LostFrom = note.Backup.Seq + 1
			}
			note.LostFrom, note.LostTo = min(note.LostFrom, m.Seq), max(note.LostTo, m.Seq)
			note.Known.At = later(note.Known.At, m.At)
		}
	}
	if other := all.first.Another; other != nil {
		note.Another, note.Known.At = true, later(note.Known.At, other.At)
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// brokenAt is the cause of a problem with a history that verify calls broken.
func brokenAt(v history.Verdict) error { return fmt.Errorf("%s at %d", v.Fault, v.BadSeq) }
