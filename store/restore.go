package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/anchor"
	"facematch/store/internal/vault"
)

// Restore puts a backup in the place of the history, which no program may have open.
// The backup must be ours, not newer than this program, and whole. The history that
// was there is kept beside it under a dated name. A record says what was restored, by
// whom, and which records the anchors knew that the backup lacks: by it the anchors
// accept that, and Verify mentions it for ever. What was erased after the backup was
// made is erased from it again.
func Restore(
	ctx context.Context, p Params, r history.Restoring, progress matcher.ProgressFunc,
) (history.Restoration, error) {
	done, err := restore(ctx, p, vault.SystemRing{}, r, progress)
	return done, problem(err)
}

func restore(
	ctx context.Context, p Params, ring vault.Ring, r history.Restoring, progress matcher.ProgressFunc,
) (history.Restoration, error) {
	path, err := filepath.Abs(p.Path)
	if err != nil {
		return history.Restoration{}, err
	}
	p.Path = path
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return history.Restoration{}, err
	}
	if err := sweepRestoring(path); err != nil {
		return history.Restoration{}, err
	}
	// All is done to a copy, which then takes the place in one step.
	working := path + restoringSuffix
	done, err := prepare(ctx, p, ring, r, working, progress)
	if err == nil {
		done.Replaced, err = putInPlace(ctx, working, path, p.Now())
	}
	if err != nil {
		return history.Restoration{}, errors.Join(err, sweepRestoring(path))
	}
	s, err := open(ctx, p, ring)
	if err != nil {
		return done, err
	}
	defer s.Close()
	h, err := s.Head(ctx)
	if err == nil {
		s.keepHead(ctx, head{seq: h.Seq, hash: mustDigest(h.Hash), at: h.At})
		err = s.keepErasures(ctx)
	}
	return done, err
}

func mustDigest(text string) (d digest) {
	_, _ = hex.Decode(d[:], []byte(text)) // Head's own
	return d
}

const restoringSuffix = ".restoring"

// sweepRestoring removes what an attempt before left behind.
func sweepRestoring(path string) error { return removeDatabase(path + restoringSuffix) }

// prepare makes the restored history at working: copied, brought up to date,
// verified, compared with what is there, with its record and the erasures.
// The anchors are asked as those of the place it is to take.
func prepare(
	ctx context.Context, p Params, ring vault.Ring, r history.Restoring, working string, progress matcher.ProgressFunc,
) (history.Restoration, error) {
	var done history.Restoration
	var absent []string
	var deleted []history.Erasure
	var expired []history.Expired
	var withdrawn []string
	var err error
	if r.Centre != nil {
		done.Expired, withdrawn = r.Centre.Expired, r.Centre.Withdrawn
		deleted, expired = r.Centre.Deleted, r.Centre.Expired
		absent, err = fromCentre(ctx, p, r.Centre, working)
	} else {
		err = copyBackup(ctx, r.File, p.Path, working)
	}
	if err != nil {
		return done, err
	}
	have, err := peek(ctx, working)
	if err == nil && have == 0 {
		err = matcher.NewProblem(history.KeyForeign, nil)
	}
	if err != nil {
		return done, restoreProblem(err)
	}
	at := p
	at.Path = working
	s, err := open(ctx, at, ring)
	if err != nil {
		return done, restoreProblem(err)
	}
	defer s.Close()
	s.anchor.Place = anchor.PlaceOf(p.Path)
	s.second.Place = s.anchor.Place
	if r.Centre != nil { // names are found again where the key is here
		if err := s.Rebuild(ctx); err != nil && ctx.Err() != nil {
			return done, err
		}
	}
	var v history.Verdict
	marks := anchored{absent: absences{{math.MaxInt64, absent, expired}}, deleted: deleted, withdrawn: withdrawn}
	if err := s.verify(ctx, &v, marks, progress); err != nil {
		return done, err
	}
	if v.Fault != "" {
		return done, matcher.NewProblem("store.restore_broken", brokenAt(v))
	}
	if done.Backup, err = s.Head(ctx); err != nil {
		return done, err
	}
	note := history.Restored{Actor: r.By, Backup: done.Backup, FromCentre: r.Centre != nil,
		Absent: absent, Expired: expired}
	if err := s.compare(ctx, p.Path, r.Replace, &note); err != nil {
		return done, err
	}
	if err := s.noteLoss(ctx, &note); err != nil {
		return done, err
	}
	again, err := s.erasedSince(ctx, p.Path, note.Same)
	if err != nil {
		return done, err
	}
	after, err := s.appendUnanchored(ctx, func(ctx context.Context, a *appending) error {
		// The marks that become void are those up to Known's time, so the mark of this
		// record must be later.
		if a.now = a.now.Truncate(time.Millisecond); !a.now.After(note.Known.At) {
			a.now = note.Known.At.Add(time.Millisecond)
		}
		if err := a.add(ctx, struct {
			header
			history.Restored
		}{a.header(history.KindRestored), note}, nil); err != nil {
			return err
		}
		for _, e := range deleted {
			e.Actor = r.By
			if err := a.addErased(ctx, e); err != nil {
				return err
			}
			done.Erased++
		}
		for _, recipient := range withdrawn {
			if err := a.withdraw(ctx, history.Withdrawn{Actor: r.By, Recipient: recipient}); err != nil {
				return err
			}
		}
		for _, e := range again {
			// An erasure the backup itself records is done. What was recorded in the session
			// later stays.
			var had bool
			if err := a.QueryRowContext(ctx, `SELECT EXISTS (
				SELECT 1 FROM record WHERE seq = ? AND seq <= ? AND kind = ? AND session = ?)`,
				e.Seq, done.Backup.Seq, history.KindErased, e.Session).Scan(&had); err != nil {
				return err
			}
			if had {
				continue
			}
			did, err := a.erase(ctx, history.Erasure{
				Session: e.Session, Actor: r.By, Parts: e.Parts, Reason: history.AfterRestore,
			})
			if err != nil {
				return err
			}
			if did {
				done.Erased++
			}
		}
		return nil
	})
	if err == nil {
		if lost, some := lossIn(note, done.Backup.Seq+1, after.at); some {
			done.Lost = lost
		}
		err = s.emptyLog(ctx)
	}
	return done, errors.Join(err, s.Close())
}

// restoreProblem gives the backup's problems keys of their own.
func restoreProblem(err error) error {
	err = problem(err)
	switch matcher.AsProblem(err, "").Key {
	case history.KeyForeign:
		return matcher.NewProblem("store.restore_foreign", err)
	case history.KeyNewer:
		return matcher.NewProblem("store.restore_future", err)
	case history.KeyDamaged:
		return matcher.NewProblem("store.restore_broken", err)
	}
	return err
}

// copyBackup copies the backup, with the log beside it where that was copied with the
// files of a history in use.
func copyBackup(ctx context.Context, from, place, to string) error {
	info, err := os.Stat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return matcher.NewProblem("store.restore_missing", err)
	case err != nil:
		return matcher.NewProblem("store.restore_unread", err)
	case !info.Mode().IsRegular():
		return matcher.NewProblem("store.restore_foreign", errors.New("not a file"))
	}
	if there, err := os.Stat(place); err == nil && os.SameFile(info, there) {
		return matcher.NewProblem("store.restore_itself", nil)
	}
	for _, beside := range []string{"", "-wal"} {
		in, err := os.Open(from + beside)
		if errors.Is(err, fs.ErrNotExist) && beside != "" {
			continue
		}
		if err != nil {
			return matcher.NewProblem("store.restore_unread", err)
		}
		out, err := os.OpenFile(to+beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return errors.Join(err, in.Close())
		}
		_, err = io.Copy(out, &cancellable{ctx, in})
		if err := errors.Join(err, out.Sync(), out.Close(), in.Close()); err != nil {
			return err
		}
	}
	return nil
}

type cancellable struct {
	ctx context.Context
	io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}

// compare looks at the history that lies in the place and refuses to have it
// replaced where more or something else is in it than in the backup, which is s.
// What it finds goes into the note.
func (s *Store) compare(ctx context.Context, path string, replace bool, note *history.Restored) error {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var there history.Head
	var id string
	var hash []byte
	db, err := sql.Open("sqlite3", dsn(path, url.Values{"mode": {"ro"}, "_query_only": {"on"}}))
	if err == nil {
		err = db.QueryRowContext(ctx, `
			SELECT value, (SELECT coalesce(max(seq), 0) FROM record),
				coalesce((SELECT hash FROM record ORDER BY seq DESC LIMIT 1), x'')
			FROM meta WHERE name = ?`, metaDatabase).Scan(&id, &there.Seq, &hash)
		err = errors.Join(err, db.Close())
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !replace:
		return matcher.NewProblem("store.restore_unclear", err)
	case err != nil:
		return nil
	}
	there.Hash = hex.EncodeToString(hash)
	if there.Seq > 0 {
		note.Replaced, note.Same = &there, id == s.id
	}
	switch {
	case replace || there.Seq == 0:
		return nil
	case id != s.id:
		return matcher.NewProblem("store.restore_other", nil)
	case there.Seq >= note.Backup.Seq:
		return matcher.NewProblem("store.restore_newer", nil, "Here", there.Seq, "Backup", note.Backup.Seq)
	}
	older, err := s.holds(ctx, anchor.Mark{Seq: there.Seq, Hash: there.Hash})
	if err == nil && !older {
		err = matcher.NewProblem("store.restore_other", nil)
	}
	return err
}

// erasedSince gives all erasures of this database that are known: from the lists
// beside the anchors, and from the history it replaces.
func (s *Store) erasedSince(ctx context.Context, path string, same bool) ([]anchor.Erasure, error) {
	all, err := s.anchor.Erasures().Of(s.id)
	if err != nil {
		return nil, matcher.NewProblem("store.erasures_unread", err)
	}
	if s.second.Chosen() {
		answer := make(chan []anchor.Erasure, 1)
		if err := s.second.Ask(func(a anchor.Anchor) error {
			list, err := a.Erasures().Of(s.id)
			answer <- list
			return err
		}); err != nil {
			s.log.Warn("erasures at the second anchor not read", "error", err)
		} else {
			all = append(all, <-answer...)
		}
	}
	if !same {
		return all, nil
	}
	db, err := sql.Open("sqlite3", dsn(path, url.Values{"mode": {"ro"}, "_query_only": {"on"}}))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT seq, payload FROM record WHERE kind = ? ORDER BY seq`, history.KindErased)
	if err != nil {
		return all, nil // it cannot be read: the lists must do
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var payload []byte
		var e anchor.Erasure
		if rows.Scan(&seq, &payload) == nil && json.Unmarshal(payload, &e) == nil {
			e.Seq = seq
			all = append(all, e)
		}
	}
	return all, nil
}

// putInPlace moves what lies in the place aside, under a dated name, and the
// restored history there.
func putInPlace(ctx context.Context, from, path string, now time.Time) (aside string, err error) {
	if _, err := os.Lstat(path); err == nil {
		aside = path + ".replaced-" + now.Format("20060102-150405")
		for i := 2; ; i++ {
			if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
				break
			}
			aside = fmt.Sprintf("%s.replaced-%s-%d", path, now.Format("20060102-150405"), i)
		}
		mergeLog(ctx, path)
		// The log goes first: beside the restored history it would be read as its own.
		for _, beside := range []string{"-wal", "-shm", ""} {
			if err := os.Rename(path+beside, aside+beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
		}
	}
	if err := errors.Join(removeDatabase(path), os.Rename(from, path)); err != nil {
		return aside, err
	}
	return aside, syncFile(filepath.Dir(path))
}

// mergeLog brings into a history's file what lies in the log beside it. One that
// is damaged may not let it; file and log are kept together then.
func mergeLog(ctx context.Context, path string) {
	db, err := sql.Open("sqlite3", dsn(path, url.Values{"mode": {"rw"}}))
	if err != nil {
		return
	}
	defer db.Close()
	_, _ = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
}
