package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/store/internal/sqlite"
)

// wrapForAuditors encrypts the key of a session that begins with this check for the auditors
// its Audit names, and puts the SHA-256 of that into Audit. In a session that has a record
// already it takes Audit away: the person agreed to other words when the session began. It does
// so too where all public keys were withdrawn.
func (a *appending) wrapForAuditors(
	ctx context.Context, master []byte, database string, st *history.Started,
) (wrapped []byte, err error) {
	if st.Audit == nil {
		return nil, nil
	}
	var known bool
	if err := a.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM record WHERE session = ?)`, st.Session).
		Scan(&known); err != nil {
		return nil, err
	}
	audit := *st.Audit
	withdrawn, err := readWithdrawn(ctx, a)
	if err != nil {
		return nil, err
	}
	audit.Recipients = slices.DeleteFunc(slices.Clone(audit.Recipients), func(r string) bool { return withdrawn[r] > 0 })
	if known || len(audit.Recipients) == 0 {
		st.Audit = nil
		return nil, nil
	}
	key, err := a.sessionKey(ctx, master, database, st.Session)
	if err != nil {
		return nil, err
	}
	if wrapped, err = secrets.WrapFor(key, audit.Recipients); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(wrapped)
	audit.SHA256 = hex.EncodeToString(sum[:])
	st.Audit = &audit
	return wrapped, nil
}

// addAuditKey keeps the auditors' key of the session whose first record was just added.
func (a *appending) addAuditKey(ctx context.Context, session string, wrapped []byte) error {
	if wrapped == nil {
		return nil
	}
	_, err := a.ExecContext(ctx, insertAuditKey, session, wrapped)
	return err
}

// insertAuditKey takes a session and its key.
const insertAuditKey = `INSERT INTO audit_key (session, wrapped) VALUES (?, ?)`

// dropAuditKey takes a session twice, and deletes the auditors' key where it opens nothing
// that is left.
const dropAuditKey = `DELETE FROM audit_key WHERE session = ? AND NOT EXISTS (
	SELECT 1 FROM sealed s JOIN record r ON r.seq = s.record WHERE r.session = ?)`

// Withdraw deletes the auditors' keys that were encrypted for a public key, and records that. From
// then on none is encrypted for it. What was recorded already is not done again. With the problem
// store.erased_traces they are deleted, but the log beside the history still holds some.
func (s *Store) Withdraw(ctx context.Context, w history.Withdrawn) error {
	withdrawn, err := readWithdrawn(ctx, s.reader)
	if err != nil || withdrawn[w.Recipient] > 0 {
		return problem(err)
	}
	if err := s.append(ctx, func(ctx context.Context, a *appending) error { return a.withdraw(ctx, w) }); err != nil {
		return err
	}
	return s.emptyLog(context.WithoutCancel(ctx))
}

// Withdrawn reports whether a public key of the auditors was withdrawn.
func (s *Store) Withdrawn(ctx context.Context, recipient string) (bool, error) {
	withdrawn, err := readWithdrawn(ctx, s.reader)
	return withdrawn[recipient] > 0, problem(err)
}

// withdraw does nothing where another program was first.
func (a *appending) withdraw(ctx context.Context, w history.Withdrawn) error {
	withdrawn, err := readWithdrawn(ctx, a)
	if err != nil || withdrawn[w.Recipient] > 0 {
		return err
	}
	if err := a.add(ctx, struct {
		header
		history.Withdrawn
	}{a.header(history.KindWithdrawn), w}, nil); err != nil {
		return err
	}
	_, err = a.ExecContext(ctx, `DELETE FROM audit_key WHERE session IN (SELECT r.session
		FROM record r JOIN json_each(r.payload, '$.audit.recipients') p WHERE r.kind = 'started' AND p.value = ?)`,
		w.Recipient)
	return err
}

// readWithdrawn gives the public keys that were withdrawn, with the numbers of their records.
func readWithdrawn(ctx context.Context, q sqlite.Querier) (map[string]int64, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, coalesce(payload ->> '$.recipient', '') FROM record WHERE kind = ?`,
		history.KindWithdrawn)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]int64{}
	for rows.Next() {
		var seq int64
		var recipient string
		if err := rows.Scan(&seq, &recipient); err != nil {
			return nil, sqlite.Damaged(err)
		}
		all[recipient] = seq
	}
	return all, rows.Err()
}

// packAuditKeys puts in the auditors' keys of the sessions that begin in a parcel.
func packAuditKeys(ctx context.Context, tx *sql.Tx, p *history.Parcel) error {
	rows, err := tx.QueryContext(ctx, `SELECT session, wrapped FROM audit_key WHERE session IN (
		SELECT session FROM record WHERE seq BETWEEN ? AND ? AND kind = 'started')`,
		p.Records[0].Seq, p.Records[len(p.Records)-1].Seq)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k history.AuditKey
		if err := rows.Scan(&k.Session, &k.Wrapped); err != nil {
			return sqlite.Damaged(err)
		}
		p.AuditKeys = append(p.AuditKeys, k)
	}
	return rows.Err()
}

// audits is what verify knows of the auditors' keys. A key must be that of the first record
// of its session. It may be gone once an erasure left nothing that it opens, which is so only
// where no sealed part is left from before the first erasure of the session. It must be gone once
// a public key for which it was encrypted was withdrawn.
type audits struct {
	keys  map[string]digest // by session, of those whose first record was not read yet
	gone  map[string]bool   // sessions whose record names a key that is not there
	first map[string]int64  // the first "erased" record of each session

	withdrawn map[string]int64 // public keys, and the numbers of the records that say so
	back      map[int64]bool   // records of these, of which a key is there
}

func readAudits(ctx context.Context, q sqlite.Querier) (audits, error) {
	a := audits{keys: map[string]digest{}, gone: map[string]bool{}, first: map[string]int64{}, back: map[int64]bool{}}
	var err error
	if a.withdrawn, err = readWithdrawn(ctx, q); err != nil {
		return a, err
	}
	rows, err := q.QueryContext(ctx, `SELECT session, wrapped FROM audit_key`)
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for rows.Next() {
		var session string
		var wrapped sql.RawBytes
		if err := rows.Scan(&session, &wrapped); err != nil {
			return a, sqlite.Damaged(err)
		}
		a.keys[session] = sha256.Sum256(wrapped)
	}
	return a, rows.Err()
}

// erased takes in an "erased" record, in the order of the chain.
func (a *audits) erased(session string, seq int64) {
	if a.first[session] == 0 {
		a.first[session] = seq
	}
}

// fault says what is wrong with the auditors' key of a record's session. Where the centre may
// have deleted parts of the first record after its periods, the key may have gone with them.
func (a *audits) fault(r *stored, absent absences) history.Fault {
	if a.back[r.seq] {
		return history.FaultBack
	}
	session := r.summary.Session
	withdrawn := int64(0)
	for _, recipient := range r.recipients {
		if seq := a.withdrawn[recipient]; seq > r.seq {
			withdrawn = seq
		}
	}
	if sum, there := a.keys[session]; there {
		a.back[withdrawn] = withdrawn > 0
		if r.audit != hex.EncodeToString(sum[:]) {
			return history.FaultAuditKey
		}
		delete(a.keys, session)
		return ""
	}
	if r.audit != "" && withdrawn == 0 && !absent.anyExpired(r) {
		session = strings.Clone(session) // a part of the record, which is read into again
		a.gone[session] = true
		if a.first[session] == 0 {
			return history.FaultKeyGone
		}
	}
	if len(r.parts) > 0 && len(a.gone) > 0 && a.gone[session] && r.seq < a.first[session] {
		return history.FaultKeyGone
	}
	return ""
}

// auditOf gives the SHA-256 that a "started" record names for the auditors' key; empty where
// it names none.
func auditOf(payload []byte) string {
	return strings.Clone(gjson.GetBytes(payload, "audit.sha256").Str)
}

// recipientsOf gives the public keys for which a "started" record says that the key of its
// session was encrypted.
func recipientsOf(payload []byte) (all []string) {
	for _, r := range gjson.GetBytes(payload, "audit.recipients").Array() {
		all = append(all, strings.Clone(r.Str))
	}
	return all
}

// putAuditKey keeps the auditors' key that came from the centre for a record, where the
// record names one.
func putAuditKey(ctx context.Context, tx *sql.Tx, payload []byte, keys map[string][]byte) error {
	session := gjson.GetBytes(payload, "session").Str
	wrapped := keys[session]
	if wrapped == nil || auditOf(payload) == "" {
		return nil
	}
	delete(keys, session)
	_, err := tx.ExecContext(ctx, insertAuditKey, session, wrapped)
	return err
}
