package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
	"facematch/store/internal/vault"
)

// optional are the sealed parts that leave a desk only where its settings say so. A history
// that was restored from the centre may lack them.
var optional = []string{seal.Answer, seal.Document, seal.Frame}

// fromCentre makes a history at working from what the centre has: the same records, byte for
// byte. It gives the parts that some record names and the centre does not have.
func fromCentre(ctx context.Context, p Params, c *history.CentreCopy, working string) (absent []string, err error) {
	db, err := openWriter(ctx, working, false, p.Now)
	if err != nil {
		return nil, err
	}
	err = sqlite.Transact(ctx, db, func(ctx context.Context, tx *sql.Tx) error {
		if err := putMeta(ctx, tx, c); err != nil {
			return err
		}
		if absent, err = putRecords(ctx, tx, c); err != nil {
			return err
		}
		if err := checks.Rebuild(ctx, tx); err != nil {
			return err
		}
		// What names are found by needs the master key: here are only the names' places.
		for part, what := range searched {
			if _, err := tx.ExecContext(ctx, `INSERT INTO `+what.table+`_token (record, session)
				SELECT r.seq, r.session FROM sealed n JOIN record r ON r.seq = n.record WHERE n.part = ?`, part); err != nil {
				return err
			}
		}
		return nil
	})
	return absent, errors.Join(err, db.Close())
}

func putMeta(ctx context.Context, tx *sql.Tx, c *history.CentreCopy) error {
	if _, err := tx.ExecContext(ctx, `UPDATE meta SET value = ? WHERE name = ?`, c.History, metaDatabase); err != nil {
		return err
	}
	add := func(name, value string) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?, ?)`, name, value)
		return err
	}
	if c.KeyCheck != "" {
		if err := errors.Join(add(vault.MetaKeyPlace, vault.PlaceFile), add(vault.MetaKeyCheck, c.KeyCheck)); err != nil {
			return err
		}
	}
	if c.Recovery != "" {
		if err := add(metaRecovery, c.Recovery); err != nil {
			return err
		}
	}
	for _, k := range c.Keys { // before the records, some of which say that a session was erased
		if _, err := tx.ExecContext(ctx, `INSERT INTO session_key (session, nonce, wrapped) VALUES (?, ?, ?)`,
			k.Session, k.Nonce, k.Wrapped); err != nil {
			return err
		}
	}
	return nil
}

func putRecords(ctx context.Context, tx *sql.Tx, c *history.CentreCopy) (absent []string, err error) {
	record, err := tx.PrepareContext(ctx, `INSERT INTO record (seq, prev, hash, payload) VALUES (?, ?, ?, ?)`)
	if err != nil {
		return nil, err
	}
	defer record.Close()
	sealed, err := tx.PrepareContext(ctx, `INSERT INTO sealed (record, part, nonce, ciphertext) VALUES (?, ?, ?, ?)`)
	if err != nil {
		return nil, err
	}
	defer sealed.Close()
	audited := map[string][]byte{}
	for _, k := range c.AuditKeys {
		audited[k.Session] = k.Wrapped
	}
	var last head
	err = c.Records(ctx, func(r history.ChainRecord, parts []history.SealedPart) error {
		hash := link(r.Seq, last.hash[:], r.Payload)
		if r.Seq != last.seq+1 || !slices.Equal(hash[:], r.Hash) {
			return matcher.NewProblem("store.centre_broken", nil, "Seq", last.seq+1)
		}
		if _, err := record.ExecContext(ctx, r.Seq, last.hash[:], r.Hash, string(r.Payload)); err != nil {
			return err
		}
		last = head{seq: r.Seq, hash: hash}
		for _, p := range parts {
			if _, err := sealed.ExecContext(ctx, r.Seq, p.Part, p.Nonce, p.Ciphertext); err != nil {
				return err
			}
		}
		if err := putAuditKey(ctx, tx, r.Payload, audited); err != nil {
			return err
		}
		gjson.GetBytes(r.Payload, "sealed").ForEach(func(key, _ gjson.Result) bool {
			name := key.String()
			here := slices.ContainsFunc(parts, func(p history.SealedPart) bool { return p.Part == name })
			if !here && slices.Contains(optional, name) && !slices.Contains(absent, name) {
				absent = append(absent, name)
			}
			return true
		})
		return nil
	})
	if err == nil && last.seq != c.Head.Seq {
		err = matcher.NewProblem("store.centre_broken", nil, "Seq", last.seq+1)
	}
	slices.Sort(absent)
	return absent, err
}

// absences are the parts that a history restored from the centre lacks, with the number of
// the last record that came from there.
type absences []absence

type absence struct {
	until   int64
	parts   []string
	expired []history.Expired
}

// has reports whether a part of a record was not at the centre.
func (a absences) has(r *stored, part string) bool {
	for _, of := range a {
		if r.seq <= of.until && (slices.Contains(of.parts, part) || of.isExpired(r, part)) {
			return true
		}
	}
	return false
}

// anyExpired reports whether the centre may have deleted some part of a record.
func (a absences) anyExpired(r *stored) bool {
	return slices.ContainsFunc(a, func(of absence) bool {
		return r.seq <= of.until && slices.ContainsFunc(of.expired, func(e history.Expired) bool {
			return of.isExpired(r, e.Part)
		})
	})
}

func (a absence) isExpired(r *stored, part string) bool {
	at, err := time.Parse(checks.TimeLayout, r.summary.At)
	return err == nil && slices.ContainsFunc(a.expired, func(e history.Expired) bool {
		return e.Part == part && at.Before(e.Before)
	})
}
