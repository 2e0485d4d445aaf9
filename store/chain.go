package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"facematch/app/history"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// digest is a SHA-256 hash.
type digest = [sha256.Size]byte

// link gives the hash of a record: see the package's doc comment.
func link(seq int64, prev, payload []byte) digest {
	h := sha256.New()
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(seq))
	h.Write(number[:])
	h.Write(prev)
	h.Write(payload)
	return digest(h.Sum(nil))
}

// head is the newest record of a chain.
type head struct {
	seq  int64 // 0: the chain is empty
	hash digest
	at   time.Time // when it was added; zero unless this program just did
}

// appending is a transaction that adds records.
type appending struct {
	*sql.Tx
	head head
	now  time.Time // of every record of the transaction
}

// append runs one transaction that adds records, and then anchors the new head.
func (s *Store) append(ctx context.Context, do func(context.Context, *appending) error) error {
	after, err := s.appendUnanchored(ctx, do)
	if err == nil && !after.at.IsZero() {
		s.keepHead(ctx, after)
		s.added()
	}
	return problem(err)
}

func (s *Store) appendUnanchored(
	ctx context.Context, do func(context.Context, *appending) error,
) (after head, err error) {
	err = sqlite.Transact(ctx, s.writer, func(ctx context.Context, tx *sql.Tx) error {
		a := &appending{Tx: tx, now: s.now().UTC()}
		var hash []byte
		err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1`).Scan(&a.head.seq, &hash)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		copy(a.head.hash[:], hash)
		err = do(ctx, a)
		after = a.head
		return err
	})
	return after, err
}

// header opens each payload.
type header struct {
	Kind history.Kind `json:"kind"`
	At   string       `json:"at"`
}

func (a *appending) header(kind history.Kind) header {
	return header{Kind: kind, At: a.now.Format(checks.TimeLayout)}
}

// seals closes the payload of a record with sealed parts: by part, in
// lower-case hexadecimal. It covers the nonce too: a changed one would make a part
// unreadable without a trace.
type seals struct {
	Sealed map[string]string `json:"sealed,omitempty"` // SHA-256 of the ciphertext
	Nonces map[string]string `json:"nonces,omitempty"`
}

func sealsOf(parts []seal.Part) seals {
	if len(parts) == 0 {
		return seals{}
	}
	s := seals{Sealed: map[string]string{}, Nonces: map[string]string{}}
	for _, p := range parts {
		hash := sha256.Sum256(p.Ciphertext)
		s.Sealed[p.Name] = hex.EncodeToString(hash[:])
		s.Nonces[p.Name] = hex.EncodeToString(p.Nonce)
	}
	return s
}

// add adds the next record of the chain with its sealed parts.
func (a *appending) add(ctx context.Context, record any, parts []seal.Part) error {
	payload, err := json.Marshal(record)
	if err != nil {
		return err
	}
	seq, prev := a.head.seq+1, a.head.hash
	hash := link(seq, prev[:], payload)
	if _, err := a.ExecContext(ctx, `INSERT INTO record (seq, prev, hash, payload) VALUES (?, ?, ?, ?)`,
		seq, prev[:], hash[:], string(payload)); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := a.ExecContext(ctx, `INSERT INTO sealed (record, part, nonce, ciphertext) VALUES (?, ?, ?, ?)`,
			seq, p.Name, p.Nonce, p.Ciphertext); err != nil {
			return err
		}
	}
	a.head = head{seq: seq, hash: hash, at: a.now}
	return checks.Keep(ctx, a.Tx, checks.Parse(seq, string(payload)))
}

// sealParts encrypts the parts of a check under its session's key, which it makes
// where the session has none yet. Nothing to seal needs no key.
func (a *appending) sealParts(
	ctx context.Context, master []byte, database, session, check string, parts []seal.Clear,
) ([]seal.Part, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	key, err := a.sessionKey(ctx, master, database, session)
	if err != nil {
		return nil, err
	}
	sealed := make([]seal.Part, 0, len(parts))
	for _, p := range parts {
		nonce, ciphertext, err := seal.Seal(key, p.Text, seal.PartBinding(session, check, p.Name))
		if err != nil {
			return nil, err
		}
		sealed = append(sealed, seal.Part{Name: p.Name, Nonce: nonce, Ciphertext: ciphertext})
	}
	return sealed, nil
}

func (a *appending) sessionKey(ctx context.Context, master []byte, database, session string) ([]byte, error) {
	var nonce, wrapped []byte
	err := a.QueryRowContext(ctx, `SELECT nonce, wrapped FROM session_key WHERE session = ?`, session).
		Scan(&nonce, &wrapped)
	switch {
	case err == nil:
		// The master key passed its check, so the session key itself was changed.
		key, err := seal.Open(master, nonce, wrapped, seal.KeyBinding(database, session))
		return key, sqlite.Damaged(err)
	case !errors.Is(err, sql.ErrNoRows):
		return nil, err
	}
	if err := a.mayStart(ctx, session); err != nil {
		return nil, err
	}
	key := seal.NewKey()
	if nonce, wrapped, err = seal.Seal(master, key, seal.KeyBinding(database, session)); err != nil {
		return nil, err
	}
	_, err = a.ExecContext(ctx, `INSERT INTO session_key (session, nonce, wrapped) VALUES (?, ?, ?)`,
		session, nonce, wrapped)
	return key, err
}
