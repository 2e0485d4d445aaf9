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
	"net/url"
	"os"
	"path/filepath"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// Restore puts a backup in the place of the history, which nobody may have open.
// The backup must be ours, not newer than this program, and whole. The history that
// was there is kept beside it under a dated name. A record says what was restored;
// what was erased after the backup was made is erased from it again. What the
// anchors know stays: where the backup lacks some of that, Verify goes on saying
// so until somebody accepts the loss.
func Restore(ctx context.Context, p Params, r history.Restoring, progress matcher.ProgressFunc) (history.Restoration, error) {
	done, err := restore(ctx, p, systemRing{}, r, progress)
	return done, problem(err)
}

func restore(ctx context.Context, p Params, ring ring, r history.Restoring, progress matcher.ProgressFunc) (history.Restoration, error) {
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
	if done.Lost, done.Another, err = s.lost(ctx); err != nil {
		return done, err
	}
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
func prepare(ctx context.Context, p Params, ring ring, r history.Restoring, working string, progress matcher.ProgressFunc) (history.Restoration, error) {
	var done history.Restoration
	if err := copyBackup(ctx, r.File, p.Path, working); err != nil {
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
	var v history.Verdict
	if err := s.verify(ctx, &v, anchored{}, progress); err != nil {
		return done, err
	}
	if v.Fault != "" {
		return done, matcher.NewProblem("store.restore_broken", fmt.Errorf("%s at %d", v.Fault, v.BadSeq))
	}
	if done.Backup, err = s.Head(ctx); err != nil {
		return done, err
	}
	note := history.Restored{Actor: r.By, Backup: done.Backup}
	if err := s.compare(ctx, p.Path, r.Replace, &note); err != nil {
		return done, err
	}
	var anchors history.Verdict
	if _, err := s.readAnchors(&anchors); err != nil {
		return done, err
	}
	note.Known = anchors.Until
	again, err := s.erasedSince(ctx, p.Path, note.Same)
	if err != nil {
		return done, err
	}
	_, err = s.appendUnanchored(ctx, func(ctx context.Context, a *appending) error {
		if err := a.add(ctx, struct {
			header
			history.Restored
		}{a.header(history.KindRestored), note}, nil); err != nil {
			return err
		}
		for _, e := range again {
			// What the backup says itself is done: what came to the session later stays.
			var had bool
			if err := a.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM record WHERE seq = ? AND seq <= ? AND kind = ? AND session = ?)`,
				e.Seq, done.Backup.Seq, history.KindErased, e.Session).Scan(&had); err != nil {
				return err
			}
			if had {
				continue
			}
			did, err := a.erase(ctx, history.Erasure{Session: e.Session, Actor: r.By, Parts: e.Parts, Reason: history.AfterRestore})
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
		err = s.emptyLog(ctx)
	}
	return done, errors.Join(err, s.Close())
}

// restoreProblem says of the backup what problems say of the history.
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

// copyBackup copies the backup, with the log beside it where somebody copied the
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
			SELECT value, (SELECT coalesce(max(seq), 0) FROM record), coalesce((SELECT hash FROM record ORDER BY seq DESC LIMIT 1), x'')
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
	older, err := s.holds(ctx, mark{Seq: there.Seq, Hash: there.Hash})
	if err == nil && !older {
		err = matcher.NewProblem("store.restore_other", nil)
	}
	return err
}

// erasedSince gives all erasures of this database that are known: from the lists
// beside the anchors, and from the history it replaces.
func (s *Store) erasedSince(ctx context.Context, path string, same bool) ([]erasure, error) {
	all, err := s.anchor.erasures().of(s.id)
	if err != nil {
		return nil, matcher.NewProblem("store.erasures_unread", err)
	}
	if s.second.chosen() {
		answer := make(chan []erasure, 1)
		if err := s.second.ask(func(a anchor) error {
			list, err := a.erasures().of(s.id)
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
		var e erasure
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

// lost says which records an anchor knows that are not in the history, or not the
// same, and whether another history lay in its place.
func (s *Store) lost(ctx context.Context) (history.Loss, bool, error) {
	newest, first, another, err := s.disagreeing(ctx)
	if err != nil || newest.Seq == 0 {
		return history.Loss{}, another, err
	}
	from, _ := s.lostFrom(ctx, first, newest)
	return history.Loss{From: from, To: newest.Seq}, another, nil
}

// disagreeing gives the newest and the first mark the history does not hold; zero
// where there is none.
func (s *Store) disagreeing(ctx context.Context) (newest mark, first int64, another bool, err error) {
	var v history.Verdict
	all, err := s.readAnchors(&v)
	if err != nil {
		return mark{}, 0, false, err
	}
	for _, marks := range []map[int64]mark{all.first.marks, all.second.marks} {
		for _, m := range marks {
			ok, err := s.holds(ctx, m)
			if err != nil {
				return mark{}, 0, false, err
			}
			if ok {
				continue
			}
			if m.Seq > newest.Seq {
				newest = m
			}
			if first == 0 || m.Seq < first {
				first = m.Seq
			}
		}
	}
	return newest, first, all.first.replaced, nil
}

// lostFrom gives the first record that a restore lost; false where no backup was
// restored since the newest mark the history does not hold. It is the one after
// the backup's last, or where the anchors know another line of this history than
// the backup's, their first mark it does not hold.
func (s *Store) lostFrom(ctx context.Context, first int64, newest mark) (int64, bool) {
	var seq int64
	var text string
	err := s.reader.QueryRowContext(ctx, `SELECT payload ->> '$.backup.seq', at FROM record WHERE kind = ? ORDER BY seq DESC LIMIT 1`,
		history.KindRestored).Scan(&seq, &text)
	at, timeErr := time.Parse(timeLayout, text)
	if err != nil || timeErr != nil || newest.At.After(at) {
		return 0, false
	}
	if seq++; first > 0 {
		seq = min(seq, first)
	}
	return seq, true
}

// AcceptLoss accepts that records the anchors know are lost since a backup was
// restored: a record says who did, and the anchors get a line that says from where
// on they begin anew. Verify tells of the loss for ever. Where nothing is lost, or
// what differs does not come of a restore, it is a *matcher.Problem.
func (s *Store) AcceptLoss(ctx context.Context, by history.Actor) (history.Loss, error) {
	newest, first, another, err := s.disagreeing(ctx)
	if err != nil {
		return history.Loss{}, problem(err)
	}
	if newest.Seq == 0 && !another {
		return history.Loss{}, matcher.NewProblem("store.nothing_lost", nil)
	}
	from, restored := s.lostFrom(ctx, first, newest)
	if !restored {
		return history.Loss{}, matcher.NewProblem("store.not_restored", nil)
	}
	loss := history.Loss{To: newest.Seq}
	if loss.To > 0 {
		loss.From = from
	}
	h, err := s.appendUnanchored(ctx, func(ctx context.Context, a *appending) error {
		return a.add(ctx, struct {
			header
			history.GivenUp
		}{a.header(history.KindGivenUp), history.GivenUp{Actor: by, From: loss.From, To: loss.To, Hash: newest.Hash}}, nil)
	})
	if err != nil {
		return history.Loss{}, problem(err)
	}
	loss.At, loss.Seq = h.at.Truncate(time.Millisecond), h.seq
	line := mark{
		At: loss.At, Database: s.id, Place: s.anchor.place, Seq: h.seq, Hash: hex.EncodeToString(h.hash[:]),
		Accepts: true, From: from, Known: loss.To,
	}
	if err := s.anchor.accept(ctx, line); err != nil {
		return loss, matcher.NewProblem("store.anchor_unwritten", err)
	}
	if s.second.chosen() {
		return loss, s.second.ask(func(a anchor) error { return a.accept(ctx, line) })
	}
	return loss, nil
}
