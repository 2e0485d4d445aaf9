package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/anchor"
	"facematch/store/internal/checks"
	"facematch/store/internal/files"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// Erase destroys sealed parts of a session for good: with history.PartKey its key
// and so everything, what is stored of it too. The record that says so is added in
// the same transaction; the chain stays whole. What the file held of it is
// overwritten, and the log beside the file is emptied. A session that has an open
// check, is on hold or is not in the history, is a *matcher.Problem. Erasing again what was
// erased adds nothing and only tidies up.
//
// Backups made before still hold it; the list beside the anchor has it erased from
// them when they are restored.
func (s *Store) Erase(ctx context.Context, e history.Erasure) error {
	err := s.append(ctx, func(ctx context.Context, a *appending) error {
		var known, open bool
		err := a.QueryRowContext(ctx, `SELECT count(*) > 0, count(*) > count(outcome) FROM checks
			WHERE seq IN (SELECT seq FROM record WHERE session = ? AND kind = 'started')`, e.Session).Scan(&known, &open)
		if err != nil {
			return err
		}
		switch {
		case !known:
			return matcher.NewProblem(history.KeySessionUnknown, nil)
		case open:
			return matcher.NewProblem("store.session_open", nil)
		}
		held, err := isHeld(ctx, a, e.Session)
		if err == nil && held {
			err = matcher.NewProblem(history.KeySessionHeld, nil)
		}
		if err != nil {
			return err
		}
		_, err = a.erase(ctx, e)
		return err
	})
	return errors.Join(err, s.erasedForGood(ctx, err))
}

// erase adds the record and deletes what it names. Where
// nothing of it is left it does nothing.
func (a *appending) erase(ctx context.Context, e history.Erasure) (did bool, err error) {
	rest, err := a.left(ctx, e.Session)
	if err != nil {
		return false, err
	}
	e.Parts = slices.DeleteFunc(slices.Clone(e.Parts), func(p history.Part) bool { return !rest[p] })
	if len(e.Parts) == 0 {
		return false, nil
	}
	if slices.Contains(e.Parts, history.PartKey) {
		e.Parts = []history.Part{history.PartKey} // all the others go with it
	}
	err = a.addErased(ctx, e)
	return err == nil, err
}

// addErased adds the record and deletes what is left of the parts that it names.
func (a *appending) addErased(ctx context.Context, e history.Erasure) error {
	if err := a.add(ctx, struct {
		header
		history.Erasure
	}{a.header(history.KindErased), e}, nil); err != nil {
		return err
	}
	for _, part := range e.Parts {
		if err := a.drop(ctx, e.Session, part); err != nil {
			return err
		}
	}
	_, err := a.ExecContext(ctx, dropAuditKey, e.Session, e.Session)
	return err
}

// left gives what can still be erased of a session. Its key is the last part, even where
// nothing is sealed under it.
func (a *appending) left(ctx context.Context, session string) (map[history.Part]bool, error) {
	rows, err := a.QueryContext(ctx, `
		SELECT p.part FROM record r JOIN sealed p ON p.record = r.seq WHERE r.session = ?1
		UNION SELECT 'key' FROM session_key WHERE session = ?1`, session)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	rest := map[history.Part]bool{}
	for rows.Next() {
		var part string
		if err := rows.Scan(&part); err != nil {
			return nil, sqlite.Damaged(err)
		}
		rest[erasable(part)] = true
	}
	return rest, rows.Err()
}

// drop deletes a part of a session, which the triggers allow because its record
// is there.
func (a *appending) drop(ctx context.Context, session string, part history.Part) error {
	const ofSession = `DELETE FROM sealed WHERE record IN (SELECT seq FROM record WHERE session = ?)`
	deletions := map[history.Part][]string{
		history.PartKey: {
			ofSession, `DELETE FROM audit_key WHERE session = ?`, `DELETE FROM session_key WHERE session = ?`,
			searched[seal.Name].drop(), searched[seal.Reference].drop(), searched[seal.Number].drop(),
		},
		history.PartName:      {ofSession + ` AND part = 'name'`, searched[seal.Name].drop()},
		history.PartReference: {ofSession + ` AND part = 'reference'`, searched[seal.Reference].drop()},

		history.PartFields: {ofSession + ` AND part IN ('fields', 'number')`, searched[seal.Number].drop()},

		history.PartNote:   {ofSession + ` AND part = 'note'`},
		history.PartAnswer: {ofSession + ` AND part = 'answer'`},
		history.PartImages: {ofSession + ` AND part IN ('document', 'frame')`},
	}[part]
	if deletions == nil {
		return errors.New("store: no part of a session is called so")
	}
	for _, statement := range deletions {
		if _, err := a.ExecContext(ctx, statement, session); err != nil {
			return err
		}
	}
	return nil
}

// mayStart refuses a session that was erased: it can have no other key, so nothing of the
// check could be sealed.
func (a *appending) mayStart(ctx context.Context, session string) error {
	gone, err := wasErased(ctx, a, session)
	if err == nil && gone {
		err = matcher.NewProblem("store.session_erased", nil)
	}
	return err
}

// Erased says whether a session was erased with all that is sealed in it.
func (s *Store) Erased(ctx context.Context, session string) (bool, error) {
	gone, err := wasErased(ctx, s.reader, session)
	return gone, problem(err)
}

func wasErased(ctx context.Context, q sqlite.Querier, session string) (gone bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (
		SELECT 1 FROM record e JOIN json_each(e.payload, '$.parts') p ON p.value = 'key'
		WHERE e.session = ? AND e.kind = ?)`, session, history.KindErased).Scan(&gone)
	return gone, err
}

// erasedForGood empties the log beside the database and brings the list of
// erasures up to date.
func (s *Store) erasedForGood(ctx context.Context, err error) error {
	if err != nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	return errors.Join(s.keepErasures(ctx), s.emptyLog(ctx))
}

// emptyLog empties the log beside the database, which still holds pages as they
// were before they were changed. That needs a moment without readers of an older state.
// While it waits for one, others can write.
func (s *Store) emptyLog(ctx context.Context) error {
	for deadline := time.Now().Add(emptyPatience); ; {
		empty, err := s.tryEmptyLog(ctx)
		if empty || err != nil {
			return problem(err)
		}
		if time.Now().After(deadline) {
			// The next erasure empties it, or the last connection that closes.
			return matcher.NewProblem(history.KeyErasedTraces, nil)
		}
		select {
		case <-time.After(emptyRetry):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryEmptyLog does not wait, because SQLite would block all writers meanwhile.
func (s *Store) tryEmptyLog(ctx context.Context) (bool, error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `PRAGMA busy_timeout = 0`); err != nil {
		return false, err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf(`PRAGMA busy_timeout = %d`, busyTimeout.Milliseconds()))
	var busy, frames, moved int
	err = conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved)
	if problemKey(err) == history.KeyBusy {
		return false, nil
	}
	return err == nil && busy == 0, err
}

// Expire erases the parts that are older than their periods, a session at a time,
// each with its record, and returns of how many sessions. It works through the
// history in small transactions, so that others get their turn, and ends early
// when the context does.
func (s *Store) Expire(ctx context.Context, by history.Actor, keep history.Periods) (int, error) {
	done := 0
	var err error
	for more := true; more && err == nil; {
		var old []history.Erasure
		if old, err = s.expired(ctx, keep); err != nil {
			break
		}
		more = len(old) == expireScan
		for some := range slices.Chunk(old, expireAtOnce) {
			if err = ctx.Err(); err != nil {
				break
			}
			n := 0
			err = s.append(ctx, func(ctx context.Context, a *appending) error {
				for _, e := range some {
					held, err := isHeld(ctx, a, e.Session) // it may be since a moment ago
					if err != nil {
						return err
					}
					if held {
						continue
					}
					e.Actor, e.Reason = by, history.AfterPeriod
					did, err := a.erase(ctx, e)
					if err != nil {
						return err
					}
					if did {
						n++
					}
				}
				return nil
			})
			if err != nil {
				break
			}
			done += n
		}
	}
	if done > 0 {
		err = errors.Join(err, s.erasedForGood(ctx, nil))
	}
	return done, problem(err)
}

// expired gives the parts whose periods are over, oldest first, of at most expireScan
// sessions. Those on hold are left out.
func (s *Store) expired(ctx context.Context, keep history.Periods) ([]history.Erasure, error) {
	now := s.now().UTC()
	before := map[history.Part]string{}
	newest := ""
	for part, period := range map[history.Part]time.Duration{
		history.PartName: keep.Names, history.PartReference: keep.Names, history.PartNote: keep.Names,
		history.PartAnswer: keep.Answers, history.PartImages: keep.Images,
		history.PartFields: keep.Fields,
	} {
		if period > 0 {
			before[part] = now.Add(-period).Format(checks.TimeLayout)
			newest = max(newest, now.Add(clockSetBack-period).Format(checks.TimeLayout))
		}
	}
	held, err := s.heldSessions(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.reader.QueryContext(ctx, `
		SELECT r.session, p.part, r.at FROM sealed p JOIN record r ON r.seq = p.record ORDER BY p.record`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var old []history.Erasure
	index := map[string]int{} // of a session in old
	for rows.Next() {
		var session, name, at string
		if err := rows.Scan(&session, &name, &at); err != nil {
			return nil, sqlite.Damaged(err)
		}
		if at > newest { // and so are those after it
			break
		}
		part := erasable(name)
		if at >= before[part] { // before[part] is "" where the part has no period
			continue
		}
		if held[session] {
			continue
		}
		i, ok := index[session]
		if !ok {
			if len(old) == expireScan {
				return old, nil
			}
			i = len(old)
			index[session] = i
			old = append(old, history.Erasure{Session: session})
		}
		if !slices.Contains(old[i].Parts, part) {
			old[i].Parts = append(old[i].Parts, part)
		}
	}
	return old, rows.Err()
}

// heldSessions are the sessions on hold.
func (s *Store) heldSessions(ctx context.Context) (map[string]bool, error) {
	rows, err := s.reader.QueryContext(ctx,
		`SELECT session, payload ->> '$.held' FROM record WHERE kind = 'hold' ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	held := map[string]bool{}
	for rows.Next() {
		var session string
		var on bool
		if err := rows.Scan(&session, &on); err != nil {
			return nil, sqlite.Damaged(err)
		}
		held[session] = on
	}
	return held, rows.Err()
}

// keepErasures adds to the lists what the history says was erased since. It is
// done after each erasure, and when the history is opened, in case a crash came
// between.
func (s *Store) keepErasures(ctx context.Context) error {
	err := s.keepErasuresIn(ctx, s.anchor)
	if s.second.Chosen() {
		// The first list is enough; this one is for where it is lost.
		if err := s.second.Ask(func(a anchor.Anchor) error { return s.keepErasuresIn(ctx, a) }); err != nil {
			s.log.Warn("erasures not listed at the second anchor", "error", err)
		}
	}
	if err != nil {
		return matcher.NewProblem(history.KeyErasuresUnlisted, err)
	}
	return nil
}

func (s *Store) keepErasuresIn(ctx context.Context, a anchor.Anchor) error {
	var some bool
	err := s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM record WHERE kind = ?)`, history.KindErased).
		Scan(&some)
	if err != nil || !some {
		return err
	}
	list := a.Erasures()
	return files.Locked(ctx, list.Path, func() error {
		have, err := list.Of(s.id)
		if err != nil {
			return err
		}
		type line struct {
			seq     int64
			session string
		}
		// By number and session: after a restore the numbers are used again.
		listed := make(map[line]bool, len(have))
		for _, e := range have {
			listed[line{e.Seq, e.Session}] = true
		}
		rows, err := s.reader.QueryContext(ctx,
			`SELECT seq, payload FROM record WHERE kind = ? ORDER BY seq DESC`, history.KindErased)
		if err != nil {
			return err
		}
		defer rows.Close()
		var more []anchor.Erasure // newest first, down to one that is listed
		for rows.Next() {
			var seq int64
			var payload []byte
			if err := rows.Scan(&seq, &payload); err != nil {
				return sqlite.Damaged(err)
			}
			var e struct {
				At time.Time `json:"at"`
				history.Erasure
			}
			if err := json.Unmarshal(payload, &e); err != nil {
				return sqlite.Damaged(err)
			}
			if listed[line{seq, e.Session}] {
				break
			}
			more = append(more, anchor.Erasure{At: e.At, Database: s.id, Seq: seq, Session: e.Session, Parts: e.Parts})
		}
		if err := rows.Err(); err != nil || len(more) == 0 {
			return err
		}
		slices.Reverse(more)
		return list.Add(more)
	})
}
