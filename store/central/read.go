package central

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"facematch/app/history"
	"facematch/matcher"
)

// Copy reads a history as the centre has it, without what restores lost. Which is the id of
// the history or, where one desk alone is called so, its name. The role of the connection
// must see it; the key under the recovery passphrase comes along where the role may read it.
// The connection serves nothing else until the copy is done with.
func Copy(ctx context.Context, conn *pgx.Conn, which string) (history.CentreCopy, error) {
	var c history.CentreCopy
	rows, err := conn.Query(ctx, `SELECT id, history, head_seq, head_hash, coalesce(head_at, now()),
			coalesce(key_check, '')
		FROM facematch.chain WHERE history = $1 OR desk = $1`, which)
	if err != nil {
		return c, readProblem(ctx, err)
	}
	found, id := 0, 0
	var hash []byte
	var at time.Time
	for ; rows.Next(); found++ {
		if err := rows.Scan(&id, &c.History, &c.Head.Seq, &hash, &at, &c.KeyCheck); err != nil {
			rows.Close()
			return c, err
		}
	}
	if err := rows.Err(); err != nil {
		return c, readProblem(ctx, err)
	}
	if found != 1 {
		return c, matcher.NewProblem("central.which", nil, "Count", found)
	}
	c.Head.Hash, c.Head.At = hex.EncodeToString(hash), at.UTC()
	var may bool
	const mayRead = `SELECT has_column_privilege('facematch.chain', 'recovery', 'SELECT')`
	if err := conn.QueryRow(ctx, mayRead).Scan(&may); err != nil {
		return c, readProblem(ctx, err)
	}
	if may {
		err := conn.QueryRow(ctx, `SELECT coalesce(recovery, '') FROM facematch.chain WHERE id = $1`, id).Scan(&c.Recovery)
		if err != nil {
			return c, readProblem(ctx, err)
		}
	}
	keys, err := conn.Query(ctx, `SELECT session, nonce, wrapped FROM facematch.session_key WHERE chain = $1`, id)
	if err == nil {
		c.Keys, err = pgx.CollectRows(keys, pgx.RowToStructByPos[history.WrappedKey])
	}
	if err == nil {
		keys, err = conn.Query(ctx, `SELECT session, audit_wrapped FROM facematch.session_key
			WHERE chain = $1 AND audit_wrapped IS NOT NULL`, id)
	}
	if err == nil {
		c.AuditKeys, err = pgx.CollectRows(keys, pgx.RowToStructByPos[history.AuditKey])
	}
	if err == nil {
		c.Deleted, c.Expired, err = deletions(ctx, conn, id)
	}
	if err == nil {
		c.Withdrawn, err = withdrawn(ctx, conn)
	}
	c.Records = func(ctx context.Context, do func(history.ChainRecord, []history.SealedPart) error) error {
		return readProblem(ctx, eachRecord(ctx, conn, id, c.Head.Seq, do))
	}
	return c, readProblem(ctx, err)
}

// deletions gives the sessions that the centre was asked to erase and the desk has not
// recorded, and what the centre deleted after its periods.
func deletions(ctx context.Context, conn *pgx.Conn, id int) ([]history.Erasure, []history.Expired, error) {
	rows, err := conn.Query(ctx, `SELECT session, part FROM facematch.erasure
		WHERE chain = $1 AND seq IS NULL ORDER BY 1, 2`, id)
	if err != nil {
		return nil, nil, err
	}
	asked, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (history.Erasure, error) {
		e := history.Erasure{Parts: make([]history.Part, 1), Reason: history.AskedAtCentre}
		return e, row.Scan(&e.Session, &e.Parts[0])
	})
	if err != nil {
		return nil, nil, err
	}
	expired, err := expiries(ctx, conn)
	return asked, expired, err
}

func eachRecord(
	ctx context.Context, conn *pgx.Conn, id int, until int64, do func(history.ChainRecord, []history.SealedPart) error,
) error {
	rows, err := conn.Query(ctx, `SELECT r.seq, r.hash, r.payload, s.part, s.nonce, s.ciphertext
		FROM facematch.record r LEFT JOIN facematch.sealed s ON s.chain = r.chain AND s.epoch = r.epoch AND s.seq = r.seq
		WHERE r.chain = $1 AND NOT r.lost AND r.seq <= $2 ORDER BY r.seq, s.part`, id, until)
	if err != nil {
		return err
	}
	defer rows.Close()
	var last history.ChainRecord
	var parts []history.SealedPart
	for rows.Next() {
		var r history.ChainRecord
		var name *string
		var p history.SealedPart
		if err := rows.Scan(&r.Seq, &r.Hash, &r.Payload, &name, &p.Nonce, &p.Ciphertext); err != nil {
			return err
		}
		if r.Seq != last.Seq && last.Seq > 0 {
			if err := do(last, parts); err != nil {
				return err
			}
			parts = nil
		}
		last = r
		if name != nil {
			p.Seq, p.Part = r.Seq, *name
			parts = append(parts, p)
		}
	}
	if err := rows.Err(); err != nil || last.Seq == 0 {
		return err
	}
	return do(last, parts)
}

// readProblem says why the centre could not be read.
func readProblem(ctx context.Context, err error) error {
	var p *matcher.Problem
	if err == nil || errors.As(err, &p) {
		return err
	}
	return linkProblem(ctx, err)
}

// Conn is a connection to a centre.
type Conn = pgx.Conn

// Connect connects an auditor or an administrator: by a connection string or, where that is
// empty, as the variables of PostgreSQL's own programs say.
func Connect(ctx context.Context, text string) (*Conn, error) {
	config, err := parse(text)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	return conn, readProblem(ctx, err)
}

// ConnectAt connects with a certificate.
func ConnectAt(ctx context.Context, at Address) (*Conn, error) {
	config, err := at.Config()
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	return conn, readProblem(ctx, err)
}

// parse reads a connection string, which may hold a password.
func parse(text string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, matcher.NewProblem("central.connection", errors.New("it has no valid form"))
	}
	return config, nil
}
