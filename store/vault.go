package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/app/patience"
	"facematch/app/privatefile"
	"facematch/app/secrets"
	"facematch/matcher"
)

// The places of the master key, as meta and KeyPlace call them.
const (
	placeKeyring = "keyring"
	placeFile    = "file"
)

// The names in the meta table.
const (
	metaDatabase = "database"
	metaKeyPlace = "key place"
	metaKeyCheck = "key check"
	metaRecovery = "recovery" // the master key under the recovery passphrase, in age's armoured form
)

// errNoKey says that no master key was made yet: nothing is sealed.
var errNoKey = errors.New("no master key was made yet")

// vault finds the master key when it is first needed, and makes it where there
// is none. The place chosen then stays: a key that moved by itself would leave
// what was sealed before behind.
type vault struct {
	ring     ring
	patience time.Duration // how long the keyring may take
	file     string
	database string // id: the keyring's user name
	reader   *sql.DB
	writer   *sql.DB // nil: a key can be read, not made

	turn  chan struct{} // holds one token; guards what follows
	key   []byte
	maybe string         // where the first key would go, once somebody asked
	asker patience.Asker // of the keyring
}

func newVault(r ring, file, database string, reader, writer *sql.DB) *vault {
	return &vault{
		ring: r, patience: secrets.Patience, file: file, database: database,
		reader: reader, writer: writer, turn: make(chan struct{}, 1),
	}
}

// enter waits for the turn; the returned function gives it on.
func (v *vault) enter(ctx context.Context) (leave func(), err error) {
	select {
	case v.turn <- struct{}{}:
		return func() { <-v.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// master gives the master key. Where none was made yet it makes one, or says
// errNoKey. A failure is a *matcher.Problem and is tried anew the next time, as
// a keyring may be unlocked meanwhile.
func (v *vault) master(ctx context.Context, make bool) ([]byte, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if v.key != nil {
		return v.key, nil
	}
	place, check, err := keyMeta(ctx, v.reader)
	if err != nil {
		return nil, err
	}
	var key []byte
	switch {
	case place != "":
		key, err = v.fetch(ctx, place, check)
	case !make || v.writer == nil:
		return nil, errNoKey
	default:
		key, err = v.first(ctx)
	}
	if err != nil {
		return nil, err
	}
	v.key = key
	return key, nil
}

// place tells where the key lies, or where it would be put now.
func (v *vault) place(ctx context.Context) (string, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	place, _, err := keyMeta(ctx, v.reader)
	if err != nil || place != "" {
		return place, err
	}
	if v.maybe == "" {
		v.maybe = placeKeyring
		if _, err := v.ask(func() (string, error) { return v.ring.get(v.database) }); err != nil && !errors.Is(err, secrets.ErrNotFound) {
			v.maybe = placeFile
		}
	}
	return v.maybe, nil
}

// first makes the first master key. The write transaction keeps other processes
// from making theirs.
func (v *vault) first(ctx context.Context) ([]byte, error) {
	var key []byte
	err := transact(ctx, v.writer, func(ctx context.Context, tx *sql.Tx) error {
		place, check, err := keyMeta(ctx, tx)
		if err != nil {
			return err
		}
		if place != "" { // another process was first
			key, err = v.fetch(ctx, place, check)
			return err
		}
		place = placeKeyring
		if key, err = v.intoKeyring(); err != nil {
			place = placeFile
			if key, err = v.intoFile(ctx); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?, ?), (?, ?)`,
			metaKeyPlace, place, metaKeyCheck, v.checkOf(key))
		return err
	})
	return key, err
}

// fetch reads the key from its place and checks that it is this database's.
func (v *vault) fetch(ctx context.Context, place, check string) ([]byte, error) {
	var text string
	var err error
	switch place {
	case placeKeyring:
		text, err = v.ask(func() (string, error) { return v.ring.get(v.database) })
		if errors.Is(err, secrets.ErrNotFound) {
			return nil, matcher.NewProblem(history.KeyKeyLost, err)
		}
		if err != nil {
			return nil, matcher.NewProblem(history.KeyKeyring, err)
		}
	default:
		text, err = v.readFile()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, matcher.NewProblem(history.KeyKeyLost, err)
		}
		if err != nil {
			return nil, matcher.NewProblem(history.KeyKeyUnreadable, err)
		}
	}
	key, err := parseKey(text)
	if err != nil || !hmac.Equal([]byte(v.checkOf(key)), []byte(check)) {
		return nil, matcher.NewProblem(history.KeyKeyWrong, err)
	}
	return key, nil
}

// intoKeyring puts a new key into the keyring and reads it back, since some
// take a secret and keep nothing. A key left there by an attempt that was cut
// is taken over.
func (v *vault) intoKeyring() ([]byte, error) {
	text, err := v.ask(func() (string, error) {
		if text, err := v.ring.get(v.database); !errors.Is(err, secrets.ErrNotFound) {
			return text, err
		}
		if err := v.ring.set(v.database, hex.EncodeToString(newKey())); err != nil {
			return "", err
		}
		return v.ring.get(v.database)
	})
	if err != nil {
		return nil, err
	}
	return parseKey(text)
}

// intoFile takes the key of the key file, which may serve another database
// already, or makes the file.
func (v *vault) intoFile(ctx context.Context) ([]byte, error) {
	var key []byte
	err := locked(ctx, v.file, func() error {
		text, err := v.readFile()
		if errors.Is(err, fs.ErrNotExist) {
			key = newKey()
			return privatefile.Write(v.file, []byte(hex.EncodeToString(key)+"\n"))
		}
		if err != nil {
			return err
		}
		key, err = parseKey(text)
		return err
	})
	if err != nil {
		return nil, matcher.NewProblem("store.key_unsaved", err)
	}
	return key, nil
}

// ask asks the keyring and waits for v.patience. The caller holds the turn.
func (v *vault) ask(question func() (string, error)) (string, error) {
	return v.asker.Ask(v.patience, question)
}

// checkOf tells a right key from a wrong one without giving it away.
func (v *vault) checkOf(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(binding("facematch key check", v.database))
	return hex.EncodeToString(mac.Sum(nil))
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// keyMeta gives the key's place and check; empty where no key was made yet.
func keyMeta(ctx context.Context, q querier) (place, check string, err error) {
	err = q.QueryRowContext(ctx, `SELECT p.value, c.value FROM meta p, meta c WHERE p.name = ? AND c.name = ?`,
		metaKeyPlace, metaKeyCheck).Scan(&place, &check)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return place, check, err
}

// readFile reads the key file, which it makes private where it may write.
func (v *vault) readFile() (string, error) {
	if v.writer != nil {
		if err := makePrivate(v.file); err != nil {
			return "", err
		}
	}
	b, err := os.ReadFile(v.file)
	return string(b), err
}

func parseKey(text string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return nil, errors.New("the master key has no valid form") // the text stays out of the log
	}
	return key, nil
}
