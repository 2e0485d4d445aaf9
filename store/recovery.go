package store

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"facematch/app/privatefile"
	"facematch/app/secrets"
	"facematch/matcher"
)

// MinRecovery is the shortest recovery passphrase, in characters. It opens every
// name, and whoever has a backup can try passphrases for years, about one a second
// and processor (secrets.WorkFactor); it is written down and typed in an emergency
// only.
const MinRecovery = 15

// recovery is what the recovery passphrase opens.
type recovery struct {
	Database string `json:"database"`
	Key      string `json:"key"` // the master key, lower-case hexadecimal
}

// SetRecovery keeps the master key in the database once more, under a passphrase,
// so that it can be had again where keyring or key file are lost; backups carry it.
// One set before opens this database no more, but backups made before. Where there
// is no master key yet it is made. It takes about a second.
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
	err = transact(ctx, s.writer, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			metaRecovery, text)
		return err
	})
	if err != nil {
		return problem(err)
	}
	// What the one before opened lies in the log; if somebody reads just now, until
	// the last closes.
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
// result says which. A key file with another key, as of a history that was here
// before, is kept under a dated name. Where the key is here already nothing is
// done.
func (s *Store) RecoverKey(ctx context.Context, passphrase string) (place string, err error) {
	if s.writer == nil {
		return "", matcher.NewProblem("store.read_only", nil)
	}
	if _, err := s.vault.master(ctx, false); err == nil {
		return s.KeyPlace(), nil
	} else if ctx.Err() != nil {
		return "", ctx.Err()
	}
	var text string
	err = s.reader.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ?`, metaRecovery).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", matcher.NewProblem("store.recovery_none", nil)
	}
	if err != nil {
		return "", problem(err)
	}
	key, err := s.unwrapRecovery(text, passphrase)
	if err != nil {
		return "", err
	}
	place, err = s.vault.put(ctx, key, s.now().Format("20060102-150405"))
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
		key, err = parseKey(clear.Key)
	}
	if err == nil && clear.Database != s.id {
		err = errors.New("it is another database's")
	}
	if err != nil {
		return nil, matcher.NewProblem("store.recovery_damaged", err)
	}
	return key, nil
}

// put makes a known key the one in use and says where it lies then.
func (v *vault) put(ctx context.Context, key []byte, now string) (place string, err error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	_, check, err := keyMeta(ctx, v.reader)
	if err != nil {
		return "", err
	}
	if check == "" || !hmac.Equal([]byte(v.checkOf(key)), []byte(check)) {
		return "", matcher.NewProblem("store.recovery_damaged", errors.New("it is not the key of this history"))
	}
	text := hex.EncodeToString(key)
	place = placeKeyring
	back, err := v.ask(func() (string, error) {
		if err := v.ring.set(v.database, text); err != nil {
			return "", err
		}
		return v.ring.get(v.database) // some take a secret and keep nothing
	})
	if err != nil || back != text {
		place = placeFile
		if err := v.putFile(ctx, text, now); err != nil {
			return "", matcher.NewProblem("store.key_unsaved", err)
		}
	}
	err = transact(ctx, v.writer, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE meta SET value = ? WHERE name = ?`, place, metaKeyPlace)
		return err
	})
	if err == nil {
		v.key = key
	}
	return place, err
}

// putFile writes the key file. Another key in it is kept aside.
func (v *vault) putFile(ctx context.Context, text, now string) error {
	return locked(ctx, v.file, func() error {
		there, err := os.ReadFile(v.file)
		switch {
		case err == nil && strings.TrimSpace(string(there)) != text:
			if err := os.Rename(v.file, v.file+".replaced-"+now); err != nil {
				return err
			}
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
		return privatefile.Write(v.file, []byte(text+"\n"))
	})
}
