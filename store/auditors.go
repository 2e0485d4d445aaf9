package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"strings"

	"github.com/tidwall/gjson"

	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/store/internal/sqlite"
)

// wrapForAuditors encrypts the key of a session that begins with this check for the auditors
// its Audit names, and puts the SHA-256 of that into Audit. In a session that has a record
// already it takes Audit away: the person agreed to other words when the session began.
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
	if known {
		st.Audit = nil
		return nil, nil
	}
	key, err := a.sessionKey(ctx, master, database, st.Session)
	if err != nil {
		return nil, err
	}
	if wrapped, err = secrets.WrapFor(key, st.Audit.Recipients); err != nil {
		return nil, err
	}
	audit, sum := *st.Audit, sha256.Sum256(wrapped)
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
// where no sealed part is left from before the first erasure of the session.
type audits struct {
	keys  map[string]digest // by session, of those whose first record was not read yet
	gone  map[string]bool   // sessions whose record names a key that is not there
	first map[string]int64  // the first "erased" record of each session
}

func readAudits(ctx context.Context, q sqlite.Querier) (audits, error) {
	a := audits{keys: map[string]digest{}, gone: map[string]bool{}, first: map[string]int64{}}
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
	session := r.summary.Session
	if sum, there := a.keys[session]; there {
		if r.audit != hex.EncodeToString(sum[:]) {
			return history.FaultAuditKey
		}
		delete(a.keys, session)
		return ""
	}
	if r.audit != "" && !absent.anyExpired(r) {
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
