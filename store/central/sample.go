package central

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
)

// Heads gives the newest record of each history that the role sees.
func (r *Reader) Heads(ctx context.Context) ([]history.ChainHead, error) {
	rows, err := r.pool.Query(ctx, `SELECT history, branch, head_seq, encode(head_hash, 'hex')
		FROM facematch.chain ORDER BY history`)
	if err != nil {
		return nil, readProblem(ctx, err)
	}
	heads, err := pgx.CollectRows(rows, pgx.RowToStructByPos[history.ChainHead])
	return heads, readProblem(ctx, err)
}

// Pick picks checks at random, as a desk does: among those that the filter chooses and that had
// ended, all as of the heads. What was pushed or erased later changes nothing. The problems are
// sample.seed, sample.head where the heads do not give the head of all heads, and sample.chain
// where one of those that count is not at the centre or the role does not see it.
func (r *Reader) Pick(ctx context.Context, s history.Sampling) (all []history.Picked, of int64, err error) {
	seed, err := checks.Seed(s)
	if err != nil {
		return nil, 0, err
	}
	if h := history.HeadOfHeads(s.Heads); h.Seq != s.Head || h.Hash != s.Hash {
		return nil, 0, matcher.NewProblem("sample.head", nil, "Seq", s.Head)
	}
	tx, err := r.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, 0, readProblem(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing was written
	d := draw{tx: tx, filter: s.Filter}
	if len(s.Filter.Branches) > 0 { // as they were, which the heads say
		s.Heads = slices.DeleteFunc(slices.Clone(s.Heads), func(h history.ChainHead) bool {
			return !slices.Contains(s.Filter.Branches, h.Branch)
		})
		d.filter.Branches = nil
	}
	if err := d.find(ctx, s.Heads, seed); err != nil {
		return nil, 0, readProblem(ctx, err)
	}
	if err := d.change(ctx); err != nil {
		return nil, 0, readProblem(ctx, err)
	}
	of, err = d.least(ctx, s.Count)
	return d.picked(s.Count), of, readProblem(ctx, err)
}

// draw is one sample as it is drawn.
type draw struct {
	tx     pgx.Tx
	filter history.Filter
	chains []drawnChain
	drawn  []drawn

	// The checks that went on after the heads: what their rows say now does not count.
	changedOf  []int
	changedSeq []int64
}

// drawnChain is a history as of its head.
type drawnChain struct {
	id, epoch int
	seq       int64
	key       []byte // for the ranks of its checks
}

// drawn is a check that may be picked.
type drawn struct {
	rank []byte
	history.Picked
}

func (d *draw) add(c drawnChain, seq int64, check history.Picked) {
	rank := checks.Rank(c.key, seq)
	d.drawn = append(d.drawn, drawn{rank[:], check})
}

// find looks up the histories, and makes sure that each holds the record of its head.
func (d *draw) find(ctx context.Context, heads []history.ChainHead, seed []byte) error {
	histories, seqs, hashes := make([]string, len(heads)), make([]int64, len(heads)), make([]string, len(heads))
	branches := make([]string, len(heads))
	for i, h := range heads {
		histories[i], seqs[i], hashes[i], branches[i] = h.History, h.Seq, h.Hash, h.Branch
	}
	rows, err := d.tx.Query(ctx, `SELECT h.history, h.seq, h.branch,
			coalesce(c.id, 0), coalesce(c.desk, ''), coalesce(e.epoch, 0),
			c.id IS NOT NULL AND (h.seq = 0 OR coalesce(encode(r.hash, 'hex') = h.hash, false))
		FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) h(history, seq, hash, branch)
		LEFT JOIN facematch.chain c ON c.history = h.history
		LEFT JOIN LATERAL (SELECT max(epoch) AS epoch FROM facematch.epoch
			WHERE chain = c.id AND first_seq <= h.seq) e ON true
		LEFT JOIN facematch.record r ON r.chain = c.id AND r.epoch = e.epoch AND r.seq = h.seq AND NOT r.lost`,
		histories, seqs, hashes, branches)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c drawnChain
		var of, branch, whose string // whose: empty where the role does not see the desk
		var holds bool
		if err := rows.Scan(&of, &c.seq, &branch, &c.id, &whose, &c.epoch, &holds); err != nil {
			return err
		}
		id, err := hex.DecodeString(of)
		if err != nil || !holds {
			return matcher.NewProblem("sample.chain", nil, "Seq", c.seq, "Whose", whose, "Branch", branch)
		}
		c.key = slices.Concat(seed, id)
		d.chains = append(d.chains, c)
	}
	return rows.Err()
}

// change finds the checks that began before the heads and went on after them, and takes those
// that had ended and met the filter by their records up to there. A history alone is asked at a
// time, so that PostgreSQL reads the records after the head and, of checks that seem to begin there,
// whether there are others before: a desk may push that a check began twice.
func (d *draw) change(ctx context.Context) error {
	later := &pgx.Batch{}
	for _, c := range d.chains {
		later.Queue(`SELECT r."check" FROM facematch.record r
			WHERE chain = $1 AND (epoch, seq) > ($2, $3) AND NOT lost AND "check" IS NOT NULL
				AND kind IN ('started', 'sending', 'finished', 'interrupted', 'decided', 'inspected')
			GROUP BY 1 HAVING NOT bool_or(kind = 'started') OR EXISTS (SELECT FROM facematch.record b
				WHERE b.chain = $1 AND b."check" = r."check" AND b.seq <= $3 AND NOT b.lost)`, c.id, c.epoch, c.seq)
	}
	answers := d.tx.SendBatch(ctx, later)
	changed := make([][]string, len(d.chains))
	for i := range d.chains {
		rows, err := answers.Query()
		if err == nil {
			changed[i], err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		if err != nil {
			_ = answers.Close()
			return err
		}
	}
	if err := answers.Close(); err != nil {
		return err
	}
	for i, c := range d.chains {
		for some := range slices.Chunk(changed[i], changedBatch) {
			if err := d.asOf(ctx, c, some); err != nil {
				return err
			}
		}
	}
	return nil
}

// changedBatch is how many checks are asked for at once.
const changedBatch = 500

// asOf takes in what some checks of a history were at its head.
func (d *draw) asOf(ctx context.Context, c drawnChain, ids []string) error {
	rows, err := d.tx.Query(ctx, `SELECT seq, payload FROM facematch.record
		WHERE chain = $1 AND "check" = ANY ($2) AND seq <= $3 AND NOT lost ORDER BY seq`, c.id, ids, c.seq)
	if err != nil {
		return err
	}
	states := map[string]*checks.State{}
	var seq int64
	var payload []byte
	if _, err := pgx.ForEachRow(rows, []any{&seq, &payload}, func() error {
		r := checks.Parse(seq, string(payload))
		if states[r.Check] == nil {
			states[r.Check] = &checks.State{}
		}
		states[r.Check].Apply(r)
		return nil
	}); err != nil {
		return err
	}
	for _, state := range states {
		if !state.Started() {
			continue
		}
		d.changedOf, d.changedSeq = append(d.changedOf, c.id), append(d.changedSeq, state.Seq)
		if state.Outcome != "" && state.Meets(d.filter) {
			d.add(c, state.Seq, history.Picked{Check: state.Check, Session: state.Session})
		}
	}
	return nil
}

// least takes the checks with the least ranks among those that did not go on after the heads, as
// many as are wanted, and gives how many may be picked in all. PostgreSQL ranks them, as
// checks.Rank does, so that they need not come here.
func (d *draw) least(ctx context.Context, count int) (int64, error) {
	of := int64(len(d.drawn))
	c, err := where(d.filter)
	if err != nil || len(d.chains) == 0 {
		return of, err
	}
	ids, seqs, keys := make([]int, len(d.chains)), make([]int64, len(d.chains)), make([][]byte, len(d.chains))
	chains := map[int]drawnChain{}
	for i, chain := range d.chains {
		ids[i], seqs[i], keys[i] = chain.id, chain.seq, chain.key
		chains[chain.id] = chain
	}
	c.add(`outcome IS NOT NULL`)
	if len(d.changedOf) > 0 {
		c.add(`NOT EXISTS (SELECT FROM unnest(?::int[], ?::bigint[]) x(of, n) WHERE x.of = chain AND x.n = seq)`,
			d.changedOf, d.changedSeq)
	}
	n := len(c.args)
	from := fmt.Sprintf(` FROM facematch.checks
		JOIN unnest($%d::int[], $%d::bigint[], $%d::bytea[]) h(of, upto, key) ON chain = h.of AND seq <= h.upto
		WHERE `, n+1, n+2, n+3) + strings.Join(c.terms, " AND ")
	args := append(c.args, ids, seqs, keys)
	var others int64
	if err := d.tx.QueryRow(ctx, `SELECT count(*)`+from, args...).Scan(&others); err != nil {
		return of, err
	}
	// The index checks_chain has what is ranked, but no sessions.
	rows, err := d.tx.Query(ctx, `WITH k AS (SELECT chain, epoch, seq, at`+from+
		fmt.Sprint(` ORDER BY sha256(h.key || int8send(seq)) LIMIT `, count)+`)
		SELECT chain, seq, "check", session FROM k JOIN facematch.checks USING (chain, epoch, seq, at)`, args...)
	if err != nil {
		return of, err
	}
	var chain int
	var seq int64
	var check history.Picked
	_, err = pgx.ForEachRow(rows, []any{&chain, &seq, &check.Check, &check.Session}, func() error {
		d.add(chains[chain], seq, check)
		return nil
	})
	return of + others, err
}

// picked gives the checks with the least ranks, in their order.
func (d *draw) picked(count int) []history.Picked {
	slices.SortFunc(d.drawn, func(a, b drawn) int { return bytes.Compare(a.rank, b.rank) })
	all := []history.Picked{}
	for _, one := range d.drawn[:min(count, len(d.drawn))] {
		all = append(all, one.Picked)
	}
	return all
}
