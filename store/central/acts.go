package central

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"facematch/app/history"
)

// acts are what administrators and the centre itself did, as far as Verify relies on it.
type acts struct {
	asked   map[string]bool     // sessions whose erasure they asked for; nil: the role does not see the acts
	expired map[string][]expiry // by part, newest last

	withdrawn map[string]bool // public keys of auditors
}

// expiry is one or more deletions of a part after its period: of records before a time, carried out
// from first to last.
type expiry struct{ before, first, last time.Time }

// verifyActs walks the chain of acts, and compares the periods and the withdrawn keys with it. An
// auditor does not see the acts, and takes the centre's word for what was deleted.
func verifyActs(ctx context.Context, tx pgx.Tx, v *Verdict) (acts, error) {
	all := acts{expired: map[string][]expiry{}, withdrawn: map[string]bool{}}
	var may bool
	if err := tx.QueryRow(ctx, `SELECT has_table_privilege('facematch.act', 'SELECT')`).Scan(&may); err != nil {
		return all, err
	}
	if !may {
		return all, all.told(ctx, tx)
	}
	fault := func(table string, seq int64, what history.CentreWhat, which string) {
		v.Faults = append(v.Faults, Finding{Table: table, Seq: seq, What: what, Which: which})
	}
	periods, err := all.walk(ctx, tx, fault)
	if err != nil {
		return all, err
	}
	if err := comparePeriods(ctx, tx, periods, fault); err != nil {
		return all, err
	}
	listed, err := withdrawn(ctx, tx)
	for _, key := range listed {
		if !all.withdrawn[key] {
			fault("withdrawn", 0, history.CentreUnexpected, key)
		}
	}
	for key := range all.withdrawn {
		if !slices.Contains(listed, key) {
			fault("withdrawn", 0, history.CentreGone, key)
		}
	}
	return all, err
}

// told takes the centre's word.
func (a *acts) told(ctx context.Context, tx pgx.Tx) error {
	told, err := expiries(ctx, tx)
	if err != nil {
		return err
	}
	for _, e := range told {
		a.expired[e.Part] = append(a.expired[e.Part], expiry{e.Before, e.First, e.Last})
	}
	keys, err := withdrawn(ctx, tx)
	for _, key := range keys {
		a.withdrawn[key] = true
	}
	return err
}

// report notes what is wrong with a row of a table.
type report func(table string, seq int64, what history.CentreWhat, which string)

// walk takes in the chain of acts. It gives the periods in force after it: days by part.
func (a *acts) walk(ctx context.Context, tx pgx.Tx, fault report) (map[string]int64, error) {
	rows, err := tx.Query(ctx, `SELECT seq, hash, text FROM facematch.act ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	a.asked = map[string]bool{}
	prev, next := make([]byte, sha256.Size), int64(1)
	periods := map[string]int64{}
	for rows.Next() {
		var seq int64
		var hash []byte
		var text string
		if err := rows.Scan(&seq, &hash, &text); err != nil {
			return nil, err
		}
		computed := link(seq, prev, []byte(text))
		switch {
		case seq != next:
			fault("act", next, history.CentreGone, "")
		case !bytes.Equal(computed[:], hash):
			fault("act", seq, history.CentreChanged, "")
		case !a.add(gjson.Parse(text), periods):
			fault("act", seq, history.CentreUnexpected, "")
		}
		prev, next = hash, seq+1
	}
	return periods, rows.Err()
}

// comparePeriods compares the table of periods with those that the acts set.
func comparePeriods(ctx context.Context, tx pgx.Tx, want map[string]int64, fault report) error {
	rows, err := tx.Query(ctx, `SELECT part, days FROM facematch.period`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var part string
		var days int64
		if err := rows.Scan(&part, &days); err != nil {
			return err
		}
		if want[part] != days {
			fault("period", 0, history.CentreChanged, part)
		}
		delete(want, part)
	}
	for part := range want {
		fault("period", 0, history.CentreGone, part)
	}
	return rows.Err()
}

// withdrawn gives the public keys of auditors that were withdrawn.
func withdrawn(ctx context.Context, q querier) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT recipient FROM facematch.withdrawn ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// add takes in an act. It is false where the act says that something was deleted that the
// period in force then did not reach.
func (a *acts) add(act gjson.Result, periods map[string]int64) bool {
	part, days := act.Get("part").Str, act.Get("days").Int()
	switch act.Get("what").Str {
	case "erased":
		a.asked[act.Get("session").Str] = true
	case "withdrawn":
		a.withdrawn[act.Get("recipient").Str] = true
	case "period":
		if delete(periods, part); days > 0 {
			periods[part] = days
		}
	case "expired":
		at, atErr := time.Parse(time.RFC3339Nano, act.Get("at").Str)
		before, beforeErr := time.Parse(time.RFC3339Nano, act.Get("before").Str)
		if atErr != nil || beforeErr != nil || days == 0 || periods[part] != days ||
			before.After(at.Add(-time.Duration(days)*24*time.Hour)) {
			return false
		}
		a.expired[part] = append(a.expired[part], expiry{before, at, at})
	}
	return true
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// expiries gives what the centre says it deleted after its periods.
func expiries(ctx context.Context, q querier) ([]history.Expired, error) {
	rows, err := q.Query(ctx, `SELECT part, before, days, first, last, set_at, set_by FROM facematch.expiries()`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (history.Expired, error) {
		var e history.Expired
		err := row.Scan(&e.Part, &e.Before, &e.Days, &e.First, &e.Last, &e.Set, &e.By)
		e.Before, e.First, e.Last, e.Set = e.Before.UTC(), e.First.UTC(), e.Last.UTC(), e.Set.UTC()
		return e, err
	})
}
