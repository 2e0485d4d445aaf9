package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/anchor"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
	"facematch/store/internal/vault"
)

// parcelBytes is how many bytes a parcel holds before it takes no further record: pictures
// make large ones.
const parcelBytes = 4 << 20

// Parcel gives the records after a number, at most so many, as they go to the centre. It is
// empty where there is none.
func (s *Store) Parcel(ctx context.Context, after int64, most int, sends history.Sends) (history.Parcel, error) {
	var p history.Parcel
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return p, problem(err)
	}
	defer tx.Rollback()
	for value, query := range map[*string]string{
		&p.KeyCheck: `SELECT value FROM meta WHERE name = '` + vault.MetaKeyCheck + `'`,
		&p.Recovery: `SELECT value FROM meta WHERE name = '` + metaRecovery + `'`,
	} {
		if value == &p.Recovery && !sends.Recovery {
			continue
		}
		if err := tx.QueryRowContext(ctx, query).Scan(value); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return p, problem(err)
		}
	}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM record`).Scan(&p.Newest); err != nil {
		return p, problem(err)
	}
	if err := packRecords(ctx, tx, &p, after, most, sends); err != nil || len(p.Records) == 0 {
		return p, problem(err)
	}
	if err := packKeys(ctx, tx, &p); err != nil {
		return p, problem(err)
	}
	return p, problem(packAuditKeys(ctx, tx, &p))
}

// packRecords puts in the records and what is sealed of them.
func packRecords(ctx context.Context, tx *sql.Tx, p *history.Parcel, after int64, most int, sends history.Sends) error {
	rows, err := tx.QueryContext(ctx, `SELECT seq, hash, payload FROM record WHERE seq > ? ORDER BY seq LIMIT ?`,
		after, most)
	if err != nil {
		return err
	}
	defer rows.Close()
	parts, err := tx.PrepareContext(ctx, `SELECT part, nonce, ciphertext FROM sealed WHERE record = ? ORDER BY part`)
	if err != nil {
		return err
	}
	defer parts.Close()
	for size := 0; size < parcelBytes && rows.Next(); {
		var r history.ChainRecord
		if err := rows.Scan(&r.Seq, &r.Hash, &r.Payload); err != nil {
			return sqlite.Damaged(err)
		}
		p.Records = append(p.Records, r)
		size += len(r.Payload)
		n, err := packParts(ctx, parts, p, r.Seq, sends)
		if err != nil {
			return err
		}
		size += n
	}
	return rows.Err()
}

func packParts(ctx context.Context, parts *sql.Stmt, p *history.Parcel, seq int64, sends history.Sends) (int, error) {
	rows, err := parts.QueryContext(ctx, seq)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		part := history.SealedPart{Seq: seq}
		if err := rows.Scan(&part.Part, &part.Nonce, &part.Ciphertext); err != nil {
			return 0, sqlite.Damaged(err)
		}
		if part.Part == seal.Answer && !sends.Answers ||
			(part.Part == seal.Document || part.Part == seal.Frame) && !sends.Images {
			continue
		}
		p.Parts = append(p.Parts, part)
		size += len(part.Ciphertext)
	}
	return size, rows.Err()
}

// packKeys puts in the keys of the records' sessions.
func packKeys(ctx context.Context, tx *sql.Tx, p *history.Parcel) error {
	rows, err := tx.QueryContext(ctx, `SELECT session, nonce, wrapped FROM session_key WHERE session IN (
		SELECT session FROM record WHERE seq BETWEEN ? AND ?)`, p.Records[0].Seq, p.Records[len(p.Records)-1].Seq)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k history.WrappedKey
		if err := rows.Scan(&k.Session, &k.Nonce, &k.Wrapped); err != nil {
			return sqlite.Damaged(err)
		}
		p.Keys = append(p.Keys, k)
	}
	return rows.Err()
}

// Hashes gives the hashes of records; nil for one that is not there.
func (s *Store) Hashes(ctx context.Context, seqs []int64) ([][]byte, error) {
	hashes := make([][]byte, len(seqs))
	for i, seq := range seqs {
		err := s.reader.QueryRowContext(ctx, `SELECT hash FROM record WHERE seq = ?`, seq).Scan(&hashes[i])
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, problem(err)
		}
	}
	return hashes, nil
}

// Acknowledge keeps the newest record that the centre says it has. From then on Verify
// expects it.
func (s *Store) Acknowledge(ctx context.Context, h history.Head) error {
	if !s.centre.chosen() || h.Seq == 0 {
		return nil
	}
	return s.centre.file.Advance(ctx, anchor.Mark{
		At: h.At.UTC().Truncate(time.Millisecond), Database: s.id, Place: s.anchor.Place, Seq: h.Seq, Hash: h.Hash,
	}, forAnchors{s})
}

// Acknowledged is the newest record that the centre said it has; the zero value where it
// said nothing yet. At is when it said so.
func (s *Store) Acknowledged(ctx context.Context) (history.Head, error) {
	if !s.centre.chosen() {
		return history.Head{}, nil
	}
	losses, err := s.losses(ctx)
	if err != nil {
		return history.Head{}, problem(err)
	}
	k, err := s.centre.file.Known(losses)
	newest := k.Newest()
	return history.Head{Seq: newest.Seq, Hash: newest.Hash, At: newest.At}, err
}

// centre is the third anchor: what the centre acknowledged, in a file, and the centre itself
// where it can be asked.
type centre struct {
	file anchor.Anchor
	ask  func(context.Context) (history.CentreHead, error)
}

func (c centre) chosen() bool { return c.file.Path != "" }

// knownToCentre gives what the centre says of the history. Where it does not answer, that is what it
// acknowledged before.
func (s *Store) knownToCentre(ctx context.Context, losses []anchor.Loss, v *history.Verdict) (anchor.Known, error) {
	if !s.centre.chosen() {
		return anchor.Known{}, nil
	}
	v.Centre.Chosen = true
	k, err := s.centre.file.Known(losses)
	if err != nil || s.centre.ask == nil {
		return k, err
	}
	h, err := s.centre.ask(ctx)
	switch {
	case ctx.Err() != nil:
		return k, ctx.Err()
	case err != nil:
		v.Centre.Problem = matcher.AsProblem(err, history.KeyCentreUnreached).Key
	case h.State != history.CentreOK:
		v.Centre.Problem = "central." + string(h.State)
	default:
		v.Centre.Asked = true
		m := anchor.Mark{At: h.At, Database: s.id, Place: s.anchor.Place, Seq: h.Seq, Hash: h.Hash}
		if h.Seq > 0 && !s.centre.file.Void(m, losses) {
			k.Marks[h.Seq] = m
		}
	}
	return k, nil
}
