package checks

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/sqlite"
)

// Sample picks checks at random among those that a filter chooses and that had ended, all
// as of the head of the sampling. Each is ranked by the SHA-256 of the seed and its first
// record's number, 8 bytes big-endian; those with the least are picked. So what is
// recorded or erased later changes nothing.
func (v *View) Sample(ctx context.Context, s history.Sampling) (all []history.Picked, of int64, err error) {
	seed, err := Seed(s)
	if err != nil {
		return nil, 0, err
	}
	if err := v.checkHead(ctx, s); err != nil {
		return nil, 0, err
	}
	f := s.Filter
	f.Before, f.After, f.Sort = 0, nil, history.Oldest
	places, err := v.Choose(ctx, f, math.MaxInt32)
	if err != nil {
		return nil, 0, err
	}
	changed, err := v.asOf(ctx, s.Head)
	if err != nil {
		return nil, 0, err
	}
	var seqs []int64
	for _, p := range places {
		_, open := v.open[p.Seq]
		if _, other := changed[p.Seq]; !open && !other && p.Seq <= s.Head {
			seqs = append(seqs, p.Seq)
		}
	}
	for seq, state := range changed {
		if state.Ended > 0 && state.Meets(f) {
			seqs = append(seqs, seq)
		}
	}
	picked := rank(seqs, seed)
	picked = picked[:min(s.Count, len(picked))]
	all = make([]history.Picked, 0, len(picked))
	for _, seq := range picked {
		row, err := v.Row(ctx, seq)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, history.Picked{Check: row.Check, Session: row.Session})
	}
	return all, int64(len(seqs)), nil
}

// Seed gives the bytes of a seed.
func Seed(s history.Sampling) ([]byte, error) {
	seed, err := hex.DecodeString(s.Seed)
	if err != nil || len(seed) != 16 {
		return nil, matcher.NewProblem("sample.seed", nil)
	}
	return seed, nil
}

// Rank is by what the checks of a sample are picked: those with the least. Key is the seed and, at
// the centre, after it the bytes of the history's id; seq is the number of the first record.
func Rank(key []byte, seq int64) [sha256.Size]byte {
	//nolint:gosec // numbers of records are not negative
	return sha256.Sum256(binary.BigEndian.AppendUint64(slices.Clip(key), uint64(seq)))
}

// checkHead makes sure that the history holds the record of the head.
func (v *View) checkHead(ctx context.Context, s history.Sampling) error {
	var hash []byte
	err := v.tx.QueryRowContext(ctx, `SELECT hash FROM record WHERE seq = ?`, s.Head).Scan(&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err != nil || s.Hash != "" && s.Hash != hex.EncodeToString(hash) {
		return matcher.NewProblem("sample.head", nil, "Seq", s.Head)
	}
	return nil
}

// rank gives the numbers in the order of what the seed makes of them.
func rank(seqs []int64, seed []byte) []int64 {
	type ranked struct {
		seq  int64
		rank [sha256.Size]byte
	}
	all := make([]ranked, len(seqs))
	for i, seq := range seqs {
		all[i] = ranked{seq, Rank(seed, seq)}
	}
	slices.SortFunc(all, func(a, b ranked) int { return bytes.Compare(a.rank[:], b.rank[:]) })
	for i, r := range all {
		seqs[i] = r.seq
	}
	return seqs
}

// asOf gives what the checks were at a record that have later records too.
func (v *View) asOf(ctx context.Context, head int64) (map[int64]State, error) {
	ids, err := textsWith(ctx, v.tx, `SELECT DISTINCT "check" FROM record WHERE seq > ? AND "check" IS NOT NULL`, head)
	if err != nil {
		return nil, err
	}
	changed := map[int64]State{}
	for _, id := range ids {
		records, err := RecordsOf(ctx, v.tx, id)
		if err != nil {
			return nil, err
		}
		var c State
		for _, r := range records {
			if r.Seq <= head {
				c.Apply(r.Summary)
			}
		}
		if c.Started() {
			changed[c.Seq] = c
		}
	}
	return changed, nil
}

func textsWith(ctx context.Context, q sqlite.Querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, sqlite.Damaged(err)
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// Meets reports whether a check that has ended meets a filter, which asks for no names, no
// reference and no branch.
func (c *State) Meets(f history.Filter) bool {
	begins := func(id, sought string) bool {
		sought = strings.TrimSpace(sought)
		return sought == "" || id == sought || len(sought) >= shortestBeginning && strings.HasPrefix(id, sought)
	}
	at, err := time.Parse(TimeLayout, c.At)
	score := c.Score.Int64
	switch {
	case err != nil || at.Before(f.From) || !f.To.IsZero() && !at.Before(f.To),
		!anyOf(f.Outcomes, history.Outcome(c.Outcome)) || !anyOf(f.Decisions, history.DecisionState(c.Decision)),
		!anyOf(f.Inspections, history.InspectionState(c.Inspection)),
		!anyOf(f.Modes, history.Mode(c.Mode)) || !anyOf(f.Operators, c.Operator) || !anyOf(f.Desks, c.Desk),
		len(f.Codes) > 0 && (!c.Code.Valid || !slices.Contains(f.Codes, int(c.Code.Int64))),
		f.LeastScore != nil && (!c.Score.Valid || score < *f.LeastScore),
		f.MostScore != nil && (!c.Score.Valid || score > *f.MostScore):
		return false
	}
	return begins(c.Session, f.Session) && begins(c.Check, f.Check) && begins(c.Request, f.Request)
}

func anyOf[T comparable](wanted []T, value T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}
