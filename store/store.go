package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/matcher"
	"facematch/store/internal/anchor"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
	"facematch/store/internal/vault"
)

// The names in the table meta that are not the vault's.
const (
	metaDatabase = "database"
	metaRecovery = "recovery" // the master key under the recovery passphrase, in age's armoured form
)

// Params are the parts a Store is made of. SecondAnchor, ReadOnly, Other and Live may be
// left out.
type Params struct {
	Path    string // the database file; made with its folder where missing
	Anchor  string // the anchor's file, on another disk or at least in another folder
	KeyFile string // the master key's file where no keyring answers

	// SecondAnchor gives the folder of another anchor as it is chosen now, such as one on a
	// share; empty, or nil: none. The folder is never made, and may be gone or hang at any
	// time.
	SecondAnchor func() string

	// Acknowledged is the file of what the centre acknowledged; empty: there is no centre.
	// Centre asks the centre itself, for Verify; nil, or an error: the file must do.
	Acknowledged string
	Centre       func(context.Context) (history.CentreHead, error)

	// Added is called after this Store has added records. It may be nil.
	Added func()

	// Alive reports whether the running program of this id is still there. It is
	// called from any goroutine.
	Alive func(instance string) bool
	Now   func() time.Time
	Log   *slog.Logger

	// ReadOnly opens a history that is there and changes nothing: neither the
	// database nor the anchor nor a key.
	ReadOnly bool

	// Other says, with ReadOnly, that the history is another desk's. Where no program has
	// it open, not even the file is made through which readers and writers meet.
	Other bool

	// Live is, with Other, the path of this desk's own history. Another file with the same
	// id is a copy of it and may be older. Where Live is empty, Verify calls such a copy
	// cut off.
	Live string
}

// Store is an open history. It may be used from several goroutines, and by
// several processes at once. Errors a person can act on are *matcher.Problem.
type Store struct {
	id     string // of the database
	path   string
	live   string // of this desk's own history, where that may be another file
	writer *sql.DB
	reader *sql.DB
	vault  *vault.Vault
	anchor anchor.Anchor
	second anchor.Second
	centre centre
	added  func()
	alive  func(string) bool
	now    func() time.Time
	log    *slog.Logger

	verifying    chan struct{} // holds one token
	recoveryWork int           // of scrypt

	anchorProblem atomic.Pointer[matcher.Problem]
}

// Open opens the history, makes it where there is none, and migrates one of an older form.
// A file that is not a history of this program, or was written by a newer version, is
// refused and left as it is. So is an empty place in which the anchor knows a history. An
// existing folder keeps its rights, as it may be the user's own; the files in it are
// private.
func Open(ctx context.Context, p Params) (*Store, error) {
	return open(ctx, p, vault.SystemRing{})
}

func open(ctx context.Context, p Params, r vault.Ring) (*Store, error) {
	if p.Path == "" || p.Anchor == "" || p.KeyFile == "" || p.Alive == nil || p.Now == nil || p.Log == nil {
		return nil, errors.New("store: Params are not complete")
	}
	path, err := filepath.Abs(p.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: path, verifying: make(chan struct{}, 1), alive: p.Alive, now: p.Now, log: p.Log,
		recoveryWork: secrets.WorkFactor, anchor: anchor.Anchor{Path: p.Anchor, Place: anchor.PlaceOf(path)},
	}
	if s.added = p.Added; s.added == nil {
		s.added = func() {}
	}
	s.centre.file, s.centre.ask = anchor.Anchor{Path: p.Acknowledged, Place: s.anchor.Place}, p.Centre
	if p.Other {
		s.live = p.Live
	}
	// The anchor first, so that a database another process makes meanwhile is not called
	// gone. An anchor that cannot be read does not stop the recording; Verify and
	// AnchorProblem report it.
	before, _ := s.anchor.Known(nil)
	anchored := before.Another != nil // no database has an id yet
	if !p.ReadOnly {
		if s.writer, err = openWriter(ctx, path, anchored, p.Now); err != nil {
			return nil, problem(err)
		}
	}
	if s.reader, err = openReader(ctx, path, anchored, p.ReadOnly, p.Other); err == nil {
		err = s.reader.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ?`, metaDatabase).Scan(&s.id)
		if errors.Is(err, sql.ErrNoRows) {
			err = sqlite.Damaged(err)
		}
	}
	if err != nil {
		return nil, problem(errors.Join(err, s.Close()))
	}
	s.vault = vault.New(vault.Params{Ring: r, File: p.KeyFile, Database: s.id, Reader: s.reader, Writer: s.writer})
	s.anchor.Database, s.centre.file.Database = s.id, s.id
	s.second.Where, s.second.Database, s.second.Place = p.SecondAnchor, s.id, s.anchor.Place
	if s.writer != nil {
		if err := s.keepErasures(ctx); err != nil {
			s.log.Warn("erasures not listed", "error", err)
		}
	}
	return s, nil
}

// Close ends the store and waits for what is being read or written, though not
// for a keyring that hangs.
func (s *Store) Close() error {
	// The writer last: SQLite tidies up its files when the last connection of
	// all closes, and a reader may not.
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// ID is the database's own, by which it is known wherever its file lies.
func (s *Store) ID() string { return s.id }

// KeyPlace gives the place where the key of sealed parts lies: "keyring" or "file".
// While no check started yet it is where the key would be put now. The first
// call may wait for the keyring, some seconds where that hangs.
func (s *Store) KeyPlace() string {
	place, err := s.vault.Place(context.Background())
	if err != nil {
		return vault.PlaceFile // the database cannot be read: no keyring is in play
	}
	return place
}

// KeyProblem gives the reason why sealed parts cannot be read here, or nil where they can
// or no check started yet. It may wait for the keyring as KeyPlace does.
func (s *Store) KeyProblem(ctx context.Context) error {
	if _, err := s.vault.Master(ctx, false); err != nil && !errors.Is(err, vault.ErrNoKey) {
		return problem(err)
	}
	return nil
}

// DerivedKey gives a key for another purpose of this program, derived from the master key
// (HKDF with SHA-256), which it makes where there is none.
func (s *Store) DerivedKey(ctx context.Context, purpose string) ([]byte, error) {
	master, err := s.sealingKey(ctx)
	if err != nil {
		return nil, err
	}
	return seal.Derive(master, s.id, purpose)
}

// AnchorProblem gives the reason why the newest record could not be anchored, or nil. The
// record itself is safe; only the records since the last anchor could be cut off unseen.
func (s *Store) AnchorProblem() error {
	if p := s.anchorProblem.Load(); p != nil {
		return p
	}
	return nil
}
