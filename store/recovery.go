package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"

	"facematch/app/secrets"
	"facematch/matcher"
	"facematch/store/internal/sqlite"
	"facematch/store/internal/vault"
)

// MinRecovery is the shortest recovery passphrase, in characters. It opens every name, and
// with a backup one can try passphrases for years, about one a second and processor
// (secrets.WorkFactor). People write it down and type it only in an emergency.
const MinRecovery = 15

// recovery is what the recovery passphrase opens.
type recovery struct {
	Database string `json:"database"`
	Key      string `json:"key"` // the master key, lower-case hexadecimal
}

// SetRecovery keeps the master key in the database once more, under a passphrase,
// so that it can be had again where keyring or key file are lost; backups carry it.
// An earlier passphrase no longer opens this database, but still the backups made before.
// The master key is made where there is none yet. SetRecovery takes about a second.
func (s *Store) SetRecovery(ctx context.Context, passphrase string) error {
	if len([]rune(passphrase)) < MinRecovery {
		return matcher.NewProblem("store.recovery_short", nil, "Min", MinRecovery)
	}
	master, err := s.sealingKey(ctx)
	if err != nil {
		return err
	}
	clear, err := json.Marshal(recovery{s.id, hex.EncodeToString(master)})
	if err != nil {
		return err
	}
	text, err := secrets.Wrap(clear, passphrase, s.recoveryWork)
	if err != nil {
		return matcher.NewProblem("store.recovery_unset", err)
	}
	err = sqlite.Transact(ctx, s.writer, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			metaRecovery, text)
		return err
	})
	if err != nil {
		return problem(err)
	}
	// The log still holds what the earlier passphrase opens: where it cannot be emptied
	// now, until the last connection closes.
	if err := s.emptyLog(ctx); err != nil {
		s.log.Warn("log beside the history not emptied", "error", err)
	}
	return nil
}

// RecoverySet says whether there is a recovery passphrase.
func (s *Store) RecoverySet(ctx context.Context) (bool, error) {
	var set bool
	err := s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM meta WHERE name = ?)`, metaRecovery).Scan(&set)
	return set, problem(err)
}

// RecoverKey opens the master key with the recovery passphrase and puts it where
// this computer keeps it: the keyring or, where none answers, the key file; the
// result says which. A key file with another key, such as that of an earlier history,
// is kept under a dated name. Where the key is here already nothing is done.
func (s *Store) RecoverKey(ctx context.Context, passphrase string) (place string, err error) {
	return s.RecoverKeyFrom(ctx, "", passphrase)
}

// Recovery gives what the recovery passphrase opens, to be kept elsewhere.
func (s *Store) Recovery(ctx context.Context) (string, error) {
	var text string
	err := s.reader.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ?`, metaRecovery).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", matcher.NewProblem("store.recovery_none", nil)
	}
	return text, problem(err)
}

// RecoverKeyFrom is RecoverKey with what Recovery gave before; empty: with what lies in the
// history.
func (s *Store) RecoverKeyFrom(ctx context.Context, text, passphrase string) (place string, err error) {
	if s.writer == nil {
		return "", matcher.NewProblem("store.read_only", nil)
	}
	if _, err := s.vault.Master(ctx, false); err == nil {
		return s.KeyPlace(), nil
	} else if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if text == "" {
		if text, err = s.Recovery(ctx); err != nil {
			return "", err
		}
	}
	key, err := s.unwrapRecovery(text, passphrase)
	if err != nil {
		return "", err
	}
	place, err = s.vault.Put(ctx, key, s.now().Format("20060102-150405"))
	return place, problem(err)
}

func (s *Store) unwrapRecovery(text, passphrase string) ([]byte, error) {
	var clear recovery
	var key []byte
	data, err := secrets.Unwrap(text, passphrase, 4096)
	if errors.Is(err, secrets.ErrPassphrase) {
		return nil, matcher.NewProblem("store.recovery_wrong", nil)
	}
	if err == nil && json.Unmarshal(data, &clear) != nil {
		err = errors.New("it has no valid form") // the library's text may hold some of it
	}
	if err == nil {
		key, err = vault.ParseKey(clear.Key)
	}
	if err == nil && clear.Database != s.id {
		err = errors.New("it is another database's")
	}
	if err != nil {
		return nil, matcher.NewProblem("store.recovery_damaged", err)
	}
	return key, nil
}
