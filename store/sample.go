package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"facematch/app/history"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// Pick picks checks at random, and says of how many. The problems are sample.seed and
// sample.head, where this history does not hold that record.
func (s *Store) Pick(ctx context.Context, p history.Sampling) (all []history.Picked, of int64, err error) {
	err = s.reading(ctx, false, func(r *reading) error {
		all, of, err = r.Sample(ctx, p)
		return err
	})
	return all, of, problem(err)
}

// Sampled records that checks were picked.
func (s *Store) Sampled(ctx context.Context, sample history.Sample) error {
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		return a.add(ctx, struct {
			header
			history.Sample
		}{a.header(history.KindSampled), sample}, nil)
	})
}

// Looked records that somebody looked at a check of a sample. The remark is sealed as the
// notes of decisions are, under the key of the check's session, and goes with it when that
// is erased.
func (s *Store) Looked(ctx context.Context, l history.Look) error {
	parts, master, err := s.noteParts(ctx, l.Remark)
	if err != nil {
		return err
	}
	return s.append(ctx, func(ctx context.Context, a *appending) error {
		sealed, err := a.sealParts(ctx, master, s.id, l.Session, l.Check, parts)
		if err != nil {
			return err
		}
		return a.add(ctx, struct {
			header
			history.Look
			seals
		}{a.header(history.KindLookedAt), l, sealsOf(sealed)}, sealed)
	})
}

// Samples gives the samples that were recorded here, oldest first, with what came of each.
func (s *Store) Samples(ctx context.Context) ([]history.Sampled, error) {
	master, err := s.vault.Master(ctx, false)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	samples := []history.Sampled{}
	err = s.reading(ctx, false, func(r *reading) error {
		if err := r.eachOf(ctx, history.KindSampled, func(_ int64, at time.Time, payload []byte) error {
			sample := history.Sampled{At: at, Looks: []history.Looked{}}
			samples = append(samples, sample)
			return sqlite.Damaged(json.Unmarshal(payload, &samples[len(samples)-1].Sample))
		}); err != nil {
			return err
		}
		return s.looksInto(ctx, r, master, samples)
	})
	for i := range samples {
		order := samples[i].Checks
		place := func(l history.Looked) int {
			return slices.Index(order, history.Picked{Check: l.Check, Session: l.Session})
		}
		slices.SortFunc(samples[i].Looks, func(a, b history.Looked) int { return place(a) - place(b) })
	}
	return samples, problem(err)
}

// looksInto adds the looks to their samples, the newest of each check in the place of
// older ones.
func (s *Store) looksInto(ctx context.Context, r *reading, master []byte, samples []history.Sampled) error {
	return r.eachOf(ctx, history.KindLookedAt, func(seq int64, at time.Time, payload []byte) error {
		look := history.Looked{At: at}
		if err := json.Unmarshal(payload, &look.Look); err != nil {
			return sqlite.Damaged(err)
		}
		i := slices.IndexFunc(samples, func(sample history.Sampled) bool { return sample.Sample.Sample == look.Sample })
		if i < 0 {
			return nil
		}
		if checks.Parse(seq, string(payload)).Seals(seal.Note) {
			if err := s.remark(ctx, r, master, seq, &look); err != nil {
				return err
			}
		}
		of := &samples[i].Looks
		*of = slices.DeleteFunc(*of, func(before history.Looked) bool { return before.Check == look.Check })
		*of = append(*of, look)
		return nil
	})
}

// remark reads the remark of a look.
func (s *Store) remark(ctx context.Context, r *reading, master []byte, seq int64, look *history.Looked) error {
	c := read{parts: map[string]seal.Part{}, notes: map[int64]seal.Part{}}
	c.Session, c.detail.Seqs = look.Session, []int64{seq}
	if err := r.sealed(ctx, &c); err != nil {
		return err
	}
	part, there := c.notes[seq]
	if !there {
		look.Erased = true
		return nil
	}
	look.Sealed = true
	if master == nil {
		return nil
	}
	if text, err := s.openPart(master, look.Session, look.Check, seal.Note, part, c.key); err == nil {
		look.Text, look.Sealed = string(text), false
	}
	return nil
}

// eachOf hands over the records of a kind, oldest first. They are few.
func (r *reading) eachOf(
	ctx context.Context, kind history.Kind, do func(seq int64, at time.Time, payload []byte) error,
) error {
	type one struct {
		seq     int64
		at      string
		payload []byte
	}
	rows, err := r.tx.QueryContext(ctx, `SELECT seq, at, payload FROM record WHERE kind = ? ORDER BY seq`, kind)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []one
	for rows.Next() {
		var o one
		if err := rows.Scan(&o.seq, &o.at, &o.payload); err != nil {
			return sqlite.Damaged(err)
		}
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, o := range all {
		at, err := time.Parse(checks.TimeLayout, o.at)
		if err == nil {
			err = do(o.seq, at, o.payload)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
