package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/mattn/go-sqlite3"

	"facematch/app/history"
	"facematch/matcher"
)

// StageVerifying is the stage of Verify's progress; Done and Total are records.
const StageVerifying matcher.Stage = "verifying"

// Verify walks the whole chain, computes every hash and every sealed part's
// hash anew, compares with the anchor, and names the first bad record. Then it
// looks whether the tables are those this program makes, as lists read columns
// that are computed from the payloads, and whether the file is whole. It needs
// no key, though with the master key at hand, for which it may wait for the keyring,
// it also tells a session's key that was spoilt. It keeps nobody from writing. A broken or damaged history is a
// verdict, not an error.
func (s *Store) Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error) {
	// One at a time: each takes two of the readers' connections and all cores.
	select {
	case s.verifying <- struct{}{}:
		defer func() { <-s.verifying }()
	case <-ctx.Done():
		return history.Verdict{}, ctx.Err()
	}
	// The marks first: a record added meanwhile is then in the chain for sure.
	var v history.Verdict
	marks, err := s.readAnchors(&v)
	if err != nil {
		return history.Verdict{}, err
	}
	if marks.first.replaced {
		v.BadSeq, v.Fault = 1, history.FaultReplaced
		return v, nil
	}
	marks.older = s.mayBeOlder()
	if err := s.verify(ctx, &v, marks, progress); err != nil {
		return history.Verdict{}, problem(err)
	}
	if v.Fault == "" && v.Until > v.Records {
		if err := s.older(ctx, &v, marks); err != nil {
			return history.Verdict{}, problem(err)
		}
	}
	v.Intact = v.Fault == ""
	switch {
	case v.Older:
	case v.Intact:
		v.Good = 0
	default:
		v.Head = ""
	}
	return v, nil
}

func (s *Store) verify(ctx context.Context, v *history.Verdict, marks anchored, progress matcher.ProgressFunc) error {
	made, err := freshTables(ctx)
	if err != nil {
		return err
	}
	opens := func(_ string, nonce, wrapped []byte) bool { return len(wrapped) == keySize+16 } // all that can be said without the master key
	if s.vault != nil {
		if master, err := s.vault.master(ctx, false); err == nil {
			aead, err := gcm(master)
			if err != nil {
				return err
			}
			var clear []byte
			opens = func(session string, nonce, wrapped []byte) bool {
				if len(nonce) != aead.NonceSize() {
					return false
				}
				clear, err = aead.Open(clear[:0], nonce, wrapped, keyBinding(s.id, session))
				return err == nil
			}
		} else if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	// One transaction, so that all is read as of one moment.
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	found, err := tables(ctx, tx)
	changed := err == nil && !slices.Equal(found, made)
	if err == nil && changed {
		_, err = walk(ctx, tx, v, marks, opens, progress)
	} else if err == nil {
		err = s.verifyAll(ctx, tx, v, marks, opens, progress)
	}
	unreadable := false
	if err = problem(err); err != nil {
		key := matcher.AsProblem(err, "").Key
		if unreadable = key == history.KeyDamaged || key == history.KeyForeign; !unreadable {
			return err
		}
	}
	switch {
	case v.Fault != "":
	case changed:
		v.Fault = history.FaultSchema
	case unreadable:
		v.Fault = history.FaultDamaged
	}
	return nil
}

// verifyAll walks the chain and then looks at all that is made from it. While
// this goroutine computes, another lets SQLite go through the file.
func (s *Store) verifyAll(ctx context.Context, tx *sql.Tx, v *history.Verdict, marks anchored, opens opener, progress matcher.ProgressFunc) error {
	beside, cancel := context.WithCancel(ctx)
	file := make(chan error, 1)
	go func() { file <- rest(beside, s.reader) }()
	w, err := walk(ctx, tx, v, marks, opens, progress)
	if err == nil && v.Fault == "" {
		err = indexesFit(ctx, tx, w.seed, w.sums, w.last)
	}
	if err != nil || v.Fault != "" {
		cancel()
		<-file
		return err
	}
	err = <-file
	cancel()
	if err != nil {
		return err
	}
	if err = w.index.fits(ctx, tx); err == nil {
		err = namesFit(ctx, tx, w.seed, w.names, w.unfound)
	}
	var wrong listsError
	if errors.As(err, &wrong) {
		v.BadSeq, v.Fault = wrong.seq, history.FaultLists
		return nil
	}
	return err
}

// walked is what a walk through the whole chain found that other tables are to
// hold too.
type walked struct {
	last  int64 // the number of the last record
	index *index
	seed  maphash.Seed
	sums  sums

	unfound int64 // names of records up to here need not be found yet
	names   uint64
}

// walk reads the chain until its end or the first bad record.
func walk(ctx context.Context, tx *sql.Tx, v *history.Verdict, marks anchored, opens opener, progress matcher.ProgressFunc) (walked, error) {
	w := walked{index: newIndex(), seed: maphash.MakeSeed()}
	// The greatest number and not the count: that would read an index of all.
	var total int
	var lastSealed int64
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT coalesce(max(seq), 0) FROM record), (SELECT coalesce(max(record), 0) FROM sealed)`).
		Scan(&total, &lastSealed); err != nil {
		return w, err
	}
	sealing, err := readSealing(ctx, tx, opens)
	if err != nil {
		return w, err
	}
	if w.unfound, err = namesWait(ctx, tx); err != nil {
		return w, err
	}
	v.Erased, v.Restored = sealing.count, sealing.restored
	progress.Report(StageVerifying, 0, total)

	var before head
	var wrong *stored // does not fit its place
	bad := func(seq int64, f history.Fault) { v.BadSeq, v.Fault = seq, f }
	err = eachStored(ctx, tx, w.seed, func(r *stored) bool {
		v.Records++
		switch {
		case r.seq != before.seq+1 || !bytes.Equal(r.prev, before.hash[:]) || !bytes.Equal(r.hash, r.made[:]):
			wrong = r
			return false
		case !marks.agree(r.seq, r.made[:], v):
			bad(r.seq, history.FaultReplaced)
			return false
		}
		if f := sealing.fault(r); f != "" {
			bad(r.seq, f)
			return false
		}
		before = head{seq: r.seq, hash: r.made}
		w.index.add(r.told)
		w.sums.add(r.keys)
		if r.seq > w.unfound && r.told.kind == history.KindStarted && r.has(partName) {
			w.names += nameKey(w.seed, r.seq, r.told.session)
		}
		if v.Records%progressEvery == 0 {
			progress.Report(StageVerifying, int(v.Records), total)
		}
		return true
	})
	if err != nil {
		v.BadSeq = before.seq + 1 // read it could not be
		return w, err
	}
	if wrong != nil {
		seq, f, err := diagnose(ctx, tx, before, *wrong, v.Good == before.seq)
		if err != nil {
			v.BadSeq = before.seq + 1
			return w, err
		}
		bad(seq, f)
		return w, nil
	}
	// A sealed part whose record is gone tells of a cut even without an anchor.
	until := v.Until
	if marks.older && before.seq > 0 {
		until = 0
	}
	if v.Fault == "" && max(until, lastSealed) > before.seq {
		bad(before.seq+1, history.FaultCutOff)
	}
	if v.Fault == "" && w.unfound > before.seq { // or no name would be looked for, nor missed
		bad(0, history.FaultLists)
	}
	progress.Report(StageVerifying, int(v.Records), total)
	if before.seq > 0 {
		v.Head = hex.EncodeToString(before.hash[:])
	}
	w.last = before.seq
	return w, nil
}

// opener says whether a session's wrapped key is one: whether the master key opens
// it or, where that is not at hand, whether it has the length of one.
type opener = func(session string, nonce, wrapped []byte) bool

// keyedSessions gives the sessions that have a row for their key, and whether it is
// one.
func keyedSessions(ctx context.Context, q querier, opens opener) (map[string]bool, error) {
	rows, err := q.QueryContext(ctx, `SELECT session, nonce, wrapped FROM session_key`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	keys := map[string]bool{}
	for rows.Next() {
		var session string
		var nonce, wrapped sql.RawBytes
		if err := rows.Scan(&session, &nonce, &wrapped); err != nil {
			return nil, damaged(err)
		}
		keys[session] = opens(session, nonce, wrapped)
	}
	return keys, rows.Err()
}

// table is what SQLite knows of a table, an index or a trigger: its type, its
// name, the name of its table, and the statement that made it.
type table [4]string

// freshTables gives the tables of a new history, made in memory.
func freshTables(ctx context.Context) ([]table, error) {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would have its own
	if err := migrate(ctx, db, time.Now); err != nil {
		return nil, err
	}
	return tables(ctx, db)
}

func tables(ctx context.Context, q querier) ([]table, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT coalesce(type, ''), coalesce(name, ''), coalesce(tbl_name, ''), coalesce(sql, '')
		FROM sqlite_schema ORDER BY type, name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []table
	for rows.Next() {
		var t table
		if err := rows.Scan(&t[0], &t[1], &t[2], &t[3]); err != nil {
			return nil, damaged(err)
		}
		found = append(found, t)
	}
	return found, rows.Err()
}

// rest lets SQLite go through what neither walk nor indexesFit read: every table
// but record. Where there are free pages, only a look at the whole file sees them.
func rest(ctx context.Context, q querier) error {
	var free int
	if err := q.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free); err != nil {
		return err
	}
	if free > 0 {
		return whole(ctx, q)
	}
	if err := reachable(ctx, q); err != nil {
		return err
	}
	found, err := tables(ctx, q)
	if err != nil {
		return err
	}
	for _, t := range found {
		// The names are those this program makes: that was looked at before.
		if kind, name := t[0], t[1]; kind == "table" && name != "record" {
			if err := sound(ctx, q, `PRAGMA quick_check("`+name+`")`); err != nil {
				return err
			}
		}
	}
	return nil
}

// whole lets SQLite read every page of the file and look whether each is where
// it belongs. That takes about as long as all the rest of Verify.
func whole(ctx context.Context, q querier) error { return sound(ctx, q, `PRAGMA quick_check(1)`) }

func sound(ctx context.Context, q querier, check string) error {
	var found string
	if err := q.QueryRowContext(ctx, check).Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%s: %w", found, sqlite3.Error{Code: sqlite3.ErrCorrupt})
	}
	return nil
}

// reachable looks each record up by its number. A walk passes over records that a
// wrong separator in the table's tree hides from whoever asks for them. Downwards,
// because upwards SQLite would only step to the next row.
func reachable(ctx context.Context, q querier) error {
	var last, found int64
	if err := q.QueryRowContext(ctx, `WITH RECURSIVE n(seq) AS (SELECT max(seq) FROM record UNION ALL SELECT seq - 1 FROM n WHERE seq > 1)
		SELECT coalesce(max(n.seq), 0), count(r.seq) FROM n LEFT JOIN record r ON r.seq = n.seq`).Scan(&last, &found); err != nil {
		return err
	}
	if found != last {
		return fmt.Errorf("%d of %d records are found by their number: %w", found, last, sqlite3.Error{Code: sqlite3.ErrCorrupt})
	}
	return nil
}
