// Package store keeps the history: an SQLite database to which records are only
// ever added, each chained to the one before it, with personal parts sealed.
//
// # The stored form
//
// So that anybody can verify a history with other tools:
//
// Table record holds one row for each record. Its seq counts 1, 2, 3 without a
// gap. Its payload is JSON (UTF-8) and holds everything about the record; the
// other columns of the table are generated from it. Its hash is
//
//	SHA-256( seq as 8 bytes, big-endian || prev, 32 bytes || payload )
//
// where prev is the hash of the record before, or 32 zero bytes for the first,
// and payload are the exact bytes of the column. A payload always has "kind"
// and "at" (UTC, RFC 3339 with milliseconds); the other fields are those of
// history.Started, Sending, Finished, SettingsChange, Decision, SignIn, Export,
// Erasure, Restored and GivenUp, and for "interrupted": check, session, instance
// and outcome. Scores are whole hundredths of a percent. Who verifies need not know
// a kind: the chain is the same for all.
//
// Personal parts are not in the payload. Table sealed holds them encrypted:
// part "name" of a "started" record; "answer", and where pictures are kept
// "document" and "frame", of a "finished" one; "note" of a "decided" one. The
// payload's "sealed" gives for each part the SHA-256 of its ciphertext, and
// "nonces" its nonce, both in lower-case hexadecimal, so that the chain tells a
// changed part without any key.
//
// A part is encrypted with AES-256-GCM under the key of its session; the
// additional data is the JSON array ["facematch sealed part", session, check,
// part]. Table session_key holds that key, itself encrypted in the same way
// under the master key, with ["facematch session key", database id, session].
// The master key is 32 bytes in hexadecimal, in the keyring of the
// operating system (service "Facematch Desk", user: the database id) or, where
// none answers when the first check starts, in a key file; table meta says
// which ("key place"). Where a recovery passphrase was set, meta's "recovery" holds
// {database, key} once more, in age's armoured form under the passphrase.
//
// # Erasure
//
// An "erased" record names one session and the parts that are gone from it: name,
// note, answer, images (document and frame), or key, which is the session's key and
// so all of them. It counts for the records before it. What a payload's "sealed"
// names and an "erased" record does not must be there, and a session with such
// parts must have its key; what one names must not. So the chain stays whole, and a
// part or key that went without a record is seen. The triggers allow a deletion
// only after its record. Each erasure is also a line of the list erasures.jsonl
// beside the anchor, {at, database, seq, session, parts}, by which it is done again
// to a backup that is restored.
//
// # Anchors
//
// The anchor is a file elsewhere, JSON Lines of {at, database, place, seq, hash}:
// the head of the chain after the first write, at the end of each day, and the
// newest. It tells a history that was cut off or written anew, which the chain
// alone cannot. Its place is the SHA-256 of the database's absolute path, and
// tells that another database was put there, or none is left. Who starts a new
// history in the old place on purpose puts the anchor away with the old one. A
// second anchor of the same form may lie in a folder of the user's choice, as
// facematch-anchor-DATABASE.jsonl.
//
// A restored backup may lack records an anchor knows. A "restored" record says what
// was restored over what, but the anchors stay as they are and go on saying that
// the history is cut off. When somebody accepts the loss, a "given up" record says
// who and what, and the anchors get a line with "accepts": of the lines before it
// those count no more whose seq is at least its "from", and no line of another
// database in this place. "known" is the newest record that was lost.
//
// testdata/verify.py does all this in another language.
//
// # What lists are chosen by
//
// All of this is made from the records and can be made anew; nobody needs it to
// verify the chain. Verify compares it with the records, because an entry that
// is missing would hide a check from whoever reads lists.
//
// Table check_page holds an entry of 40 bytes for each check, in the order of
// their first records, up to 100 in a row: the number of that record and its
// time in milliseconds since 1970 (6 bytes each), the score in hundredths
// (8 bytes, the least number there is where there is none), the labels of
// operator, desk, code and instance (4 bytes each, 0 for none), and outcome,
// decision, mode and whether a request went out (1 byte each), all big-endian.
// Table label numbers the words that checks have in common. A filter is one pass
// over the entries: it takes some nanoseconds for each check whatever is asked,
// where indexes would be fast for the filters they were made for, slow for the
// combinations nobody thought of, and a cost for each write.
//
// Names are found by tokens: the first 6 bytes of HMAC-SHA-256, under a key
// derived from the master key for this database, of each beginning of each word
// of the name, or of each character and pair of characters where names are
// written without spaces. A word after an apostrophe or a particle, as in O'Connor,
// de la Cruz or al-Abbas, has those of both, with what stands before it and alone.
// Table name_word holds them, table name_token the
// session they belong to; who deletes a session's rows there deletes its tokens
// too. Without the key a token says nothing about a word that is not known
// already. But the tokens of a history can be compared with each other: they
// tell which names share a beginning, how often each occurs, and about how long a
// name is, from which frequent names can be guessed. A name whose session was
// erased has no tokens. Verify looks whether each sealed name has its row and no
// other has; which tokens belong to it cannot be said without the key.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"facematch/app/secrets"
	"facematch/matcher"
)

// Params are the parts a Store is made of; all are needed but those that say what they are
// for when they are left out: SecondAnchor, ReadOnly, Other and Live.
type Params struct {
	Path    string // the database file; made with its folder where missing
	Anchor  string // the anchor's file, on another disk or at least in another folder
	KeyFile string // the master key's file where no keyring answers

	// SecondAnchor gives the folder of another anchor, such as a share's, as it is
	// chosen now; empty, or nil: none. It is never made, and may be gone or hang at
	// any time.
	SecondAnchor func() string

	// Alive reports whether the running program of this id is still there. It is
	// called from any goroutine.
	Alive func(instance string) bool
	Now   func() time.Time
	Log   *slog.Logger

	// ReadOnly opens a history that is there and changes nothing: neither the
	// database nor the anchor nor a key.
	ReadOnly bool

	// Other says, with ReadOnly, that the history is another desk's: where nobody
	// has it open, not even the file is made beside it in which readers say that
	// they read.
	Other bool

	// Live is, with Other, where this desk's own history lies. A file that is not
	// that one and has its id is a copy of it, and may be older. Empty: Verify calls
	// it cut off.
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
	vault  *vault
	anchor anchor
	second secondAnchor
	alive  func(string) bool
	now    func() time.Time
	log    *slog.Logger

	verifying    chan struct{} // holds one token
	recoveryWork int           // of scrypt

	anchorProblem atomic.Pointer[matcher.Problem]
}

// Open opens the history, makes it where there is none, and brings an older one
// up to date. What is no history of this program, or was written by a newer
// version, is refused and left as it is. So is an empty place in which the
// anchor knows a history. An existing folder keeps its rights,
// as it may be the user's own; the files in it are private.
func Open(ctx context.Context, p Params) (*Store, error) {
	return open(ctx, p, systemRing{})
}

func open(ctx context.Context, p Params, r ring) (*Store, error) {
	if p.Path == "" || p.Anchor == "" || p.KeyFile == "" || p.Alive == nil || p.Now == nil || p.Log == nil {
		return nil, errors.New("store: Params are not complete")
	}
	path, err := filepath.Abs(p.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, verifying: make(chan struct{}, 1), alive: p.Alive, now: p.Now, log: p.Log, recoveryWork: secrets.WorkFactor, anchor: anchor{path: p.Anchor, place: placeOf(path)}}
	if p.Other {
		s.live = p.Live
	}
	// The anchor first: a database that another process makes meanwhile is not
	// missed then. One that cannot be read keeps nobody from recording; Verify
	// and AnchorProblem tell of it.
	before, _ := s.anchor.ours()
	anchored := before.replaced // by whatever is there now
	if !p.ReadOnly {
		if s.writer, err = openWriter(ctx, path, anchored, p.Now); err != nil {
			return nil, problem(err)
		}
	}
	if s.reader, err = openReader(ctx, path, anchored, p.ReadOnly, p.Other); err == nil {
		err = s.reader.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ?`, metaDatabase).Scan(&s.id)
		if errors.Is(err, sql.ErrNoRows) {
			err = damaged(err)
		}
	}
	if err != nil {
		return nil, problem(errors.Join(err, s.Close()))
	}
	s.vault = newVault(r, p.KeyFile, s.id, s.reader, s.writer)
	s.anchor.database = s.id
	s.second.where, s.second.database, s.second.place = p.SecondAnchor, s.id, s.anchor.place
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

// KeyPlace tells where the key of sealed parts lies: "keyring" or "file".
// While no check started yet it is where the key would be put now. The first
// call may wait for the keyring, some seconds where that hangs.
func (s *Store) KeyPlace() string {
	place, err := s.vault.place(context.Background())
	if err != nil {
		return placeFile // the database cannot be read: no keyring is in play
	}
	return place
}

// KeyProblem tells why sealed parts cannot be read here, or nil where they can
// or no check started yet. It may wait for the keyring as KeyPlace does.
func (s *Store) KeyProblem(ctx context.Context) error {
	if _, err := s.vault.master(ctx, false); err != nil && !errors.Is(err, errNoKey) {
		return problem(err)
	}
	return nil
}

// DerivedKey gives a key for another purpose of this program, made from the
// master key (HKDF with SHA-256), which it makes where there is none. It lies in
// the keyring as that does.
func (s *Store) DerivedKey(ctx context.Context, purpose string) ([]byte, error) {
	master, err := s.sealingKey(ctx)
	if err != nil {
		return nil, err
	}
	return derive(master, s.id, purpose)
}

// AnchorProblem tells why the newest record could not be anchored, or nil. The
// record itself is safe; only what was added since the last anchor could be cut
// off unseen.
func (s *Store) AnchorProblem() error {
	if p := s.anchorProblem.Load(); p != nil {
		return p
	}
	return nil
}

// transact runs one write transaction. Waiting for a turn can be cancelled, a
// transaction that began cannot: nobody should have to guess whether a record
// was written.
func transact(ctx context.Context, writer *sql.DB, do func(context.Context, *sql.Tx) error) error {
	if writer == nil {
		return matcher.NewProblem("store.read_only", nil)
	}
	conn, err := writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx = context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // does nothing after the commit
	if err := do(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
