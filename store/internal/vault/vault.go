// Package vault keeps the master key of a history: in the keyring of the operating
// system or, where none answers, in a file.
package vault

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
	"facematch/store/internal/files"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// The places of the master key, as the table meta calls them.
const (
	PlaceKeyring = "keyring"
	PlaceFile    = "file"
)

// The names in the table meta.
const (
	MetaKeyPlace = "key place"
	MetaKeyCheck = "key check" // tells a wrong master key
)

// ErrNoKey says that no master key was made yet: nothing is sealed.
var ErrNoKey = errors.New("no master key was made yet")

// Params are the parts a Vault is made of; all are needed but the writer.
type Params struct {
	Ring     Ring
	File     string // the key file
	Database string // the id: the keyring's user name
	Reader   *sql.DB
	Writer   *sql.DB // nil: a key can be read, not made
}

// Vault finds the master key when it is first needed, and makes it where there is
// none. The place chosen then stays: if the key moved by itself, what was sealed
// before could not be read.
type Vault struct {
	Params
	Patience time.Duration // how long the keyring may take

	turn  chan struct{} // holds one token; guards what follows
	key   []byte
	first string         // where the first key would go, once Place looked
	asker patience.Asker // of the keyring
}

// New makes a vault. It asks nothing yet.
func New(p Params) *Vault {
	return &Vault{Params: p, Patience: secrets.Patience, turn: make(chan struct{}, 1)}
}

// enter waits for the turn; the returned function ends it.
func (v *Vault) enter(ctx context.Context) (leave func(), err error) {
	select {
	case v.turn <- struct{}{}:
		return func() { <-v.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Master gives the master key. Where none was made yet it makes one with create, and
// otherwise returns ErrNoKey. Other failures are a *matcher.Problem. The next call tries
// again, because a keyring may be unlocked meanwhile.
func (v *Vault) Master(ctx context.Context, create bool) ([]byte, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if v.key != nil {
		return v.key, nil
	}
	place, check, err := keyMeta(ctx, v.Reader)
	if err != nil {
		return nil, err
	}
	var key []byte
	switch {
	case place != "":
		key, err = v.fetch(ctx, place, check)
	case !create || v.Writer == nil:
		return nil, ErrNoKey
	default:
		key, err = v.makeFirst(ctx)
	}
	if err != nil {
		return nil, err
	}
	v.key = key
	return key, nil
}

// Place gives where the key lies, or where it would be put now.
func (v *Vault) Place(ctx context.Context) (string, error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	place, _, err := keyMeta(ctx, v.Reader)
	if err != nil || place != "" {
		return place, err
	}
	if v.first == "" {
		v.first = PlaceKeyring
		_, err := v.ask(func() (string, error) { return v.Ring.Get(v.Database) })
		if err != nil && !errors.Is(err, secrets.ErrNotFound) {
			v.first = PlaceFile
		}
	}
	return v.first, nil
}

// makeFirst makes the first master key. The write transaction keeps other processes
// from making theirs.
func (v *Vault) makeFirst(ctx context.Context) ([]byte, error) {
	var key []byte
	err := sqlite.Transact(ctx, v.Writer, func(ctx context.Context, tx *sql.Tx) error {
		place, check, err := keyMeta(ctx, tx)
		if err != nil {
			return err
		}
		if place != "" { // another process was first
			key, err = v.fetch(ctx, place, check)
			return err
		}
		place = PlaceKeyring
		if key, err = v.intoKeyring(); err != nil {
			place = PlaceFile
			if key, err = v.intoFile(ctx); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?, ?), (?, ?)`,
			MetaKeyPlace, place, MetaKeyCheck, v.checkOf(key))
		return err
	})
	return key, err
}

// fetch reads the key from its place and checks that it is this database's.
func (v *Vault) fetch(ctx context.Context, place, check string) ([]byte, error) {
	var text string
	var err error
	switch place {
	case PlaceKeyring:
		text, err = v.ask(func() (string, error) { return v.Ring.Get(v.Database) })
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
	key, err := ParseKey(text)
	if err != nil || !hmac.Equal([]byte(v.checkOf(key)), []byte(check)) {
		return nil, matcher.NewProblem(history.KeyKeyWrong, err)
	}
	return key, nil
}

// intoKeyring puts a new key into the keyring and reads it back, since some
// accept a secret and do not keep it. A key left there by an interrupted attempt is used.
func (v *Vault) intoKeyring() ([]byte, error) {
	text, err := v.ask(func() (string, error) {
		if text, err := v.Ring.Get(v.Database); !errors.Is(err, secrets.ErrNotFound) {
			return text, err
		}
		if err := v.Ring.Set(v.Database, hex.EncodeToString(seal.NewKey())); err != nil {
			return "", err
		}
		return v.Ring.Get(v.Database)
	})
	if err != nil {
		return nil, err
	}
	return ParseKey(text)
}

// intoFile takes the key of the key file, which may serve another database
// already, or makes the file.
func (v *Vault) intoFile(ctx context.Context) ([]byte, error) {
	var key []byte
	err := files.Locked(ctx, v.File, func() error {
		text, err := v.readFile()
		if errors.Is(err, fs.ErrNotExist) {
			key = seal.NewKey()
			return privatefile.Write(v.File, []byte(hex.EncodeToString(key)+"\n"))
		}
		if err != nil {
			return err
		}
		key, err = ParseKey(text)
		return err
	})
	if err != nil {
		return nil, matcher.NewProblem("store.key_unsaved", err)
	}
	return key, nil
}

// ask asks the keyring and waits for v.Patience. The caller holds the turn.
func (v *Vault) ask(question func() (string, error)) (string, error) {
	return v.asker.Ask(v.Patience, question)
}

// checkOf gives a text by which the right key is recognised and which does not reveal it.
func (v *Vault) checkOf(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(seal.Binding("facematch key check", v.Database))
	return hex.EncodeToString(mac.Sum(nil))
}

// keyMeta gives the key's place and check; empty where no key was made yet.
func keyMeta(ctx context.Context, q sqlite.Querier) (place, check string, err error) {
	err = q.QueryRowContext(ctx, `SELECT p.value, c.value FROM meta p, meta c WHERE p.name = ? AND c.name = ?`,
		MetaKeyPlace, MetaKeyCheck).Scan(&place, &check)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return place, check, err
}

// readFile reads the key file, which it makes private where it may write.
func (v *Vault) readFile() (string, error) {
	if v.Writer != nil {
		if err := files.MakePrivate(v.File); err != nil {
			return "", err
		}
	}
	b, err := os.ReadFile(v.File)
	return string(b), err
}

// ParseKey reads a key from the text it is kept as.
func ParseKey(text string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != seal.KeySize {
		return nil, errors.New("the master key has no valid form") // the text stays out of the log
	}
	return key, nil
}

// Put makes a known key the one in use and gives the place where it lies then. now is
// part of the name of a key file that is put aside.
func (v *Vault) Put(ctx context.Context, key []byte, now string) (place string, err error) {
	leave, err := v.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	_, check, err := keyMeta(ctx, v.Reader)
	if err != nil {
		return "", err
	}
	if check == "" || !hmac.Equal([]byte(v.checkOf(key)), []byte(check)) {
		return "", matcher.NewProblem("store.recovery_damaged", errors.New("it is not the key of this history"))
	}
	text := hex.EncodeToString(key)
	place = PlaceKeyring
	back, err := v.ask(func() (string, error) {
		if err := v.Ring.Set(v.Database, text); err != nil {
			return "", err
		}
		return v.Ring.Get(v.Database) // some accept a secret and do not keep it
	})
	if err != nil || back != text {
		place = PlaceFile
		if err := v.putFile(ctx, text, now); err != nil {
			return "", matcher.NewProblem("store.key_unsaved", err)
		}
	}
	err = sqlite.Transact(ctx, v.Writer, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE meta SET value = ? WHERE name = ?`, place, MetaKeyPlace)
		return err
	})
	if err == nil {
		v.key = key
	}
	return place, err
}

// putFile writes the key file. Another key in it is kept aside.
func (v *Vault) putFile(ctx context.Context, text, now string) error {
	return files.Locked(ctx, v.File, func() error {
		there, err := os.ReadFile(v.File)
		switch {
		case err == nil && strings.TrimSpace(string(there)) != text:
			if err := os.Rename(v.File, v.File+".replaced-"+now); err != nil {
				return err
			}
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
		return privatefile.Write(v.File, []byte(text+"\n"))
	})
}
