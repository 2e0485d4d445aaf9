package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// StageVerifying is the stage of Verify's progress; Done and Total are records.
const StageVerifying matcher.Stage = "verifying"

// Verify walks the whole chain, computes every hash and every sealed part's hash anew,
// compares with the anchors, and names the first bad record. Then it looks whether the
// tables are those this program makes, whether those of lists hold what the records
// say, and whether the file is whole. It needs no key. With the master key, for which
// it may wait for the keyring, it also finds a session's key that was spoilt. Others
// can write meanwhile. A broken or damaged history is a verdict, not an error.
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
	marks, err := s.readAnchors(ctx, &v)
	if err != nil {
		return history.Verdict{}, err
	}
	if marks.first.Another != nil {
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
	// Without the master key only the length can be checked.
	opens := func(_ string, nonce, wrapped []byte) bool { return len(wrapped) == seal.KeySize+seal.Overhead }
	if s.vault != nil {
		if master, err := s.vault.Master(ctx, false); err == nil {
			aead, err := seal.GCM(master)
			if err != nil {
				return err
			}
			var text []byte
			opens = func(session string, nonce, wrapped []byte) bool {
				if len(nonce) != aead.NonceSize() {
					return false
				}
				text, err = aead.Open(text[:0], nonce, wrapped, seal.KeyBinding(s.id, session))
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
		_, err = walk(ctx, tx, v, marks, opens, progress, maphash.MakeSeed())
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

// verifyAll walks the chain and then compares what is made from it. While this goroutine
// computes, SQLite checks the file in another.
func (s *Store) verifyAll(
	ctx context.Context, tx *sql.Tx, v *history.Verdict, marks anchored, opens opener, progress matcher.ProgressFunc,
) error {
	var last int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM record`).Scan(&last); err != nil {
		return err
	}
	seed := maphash.MakeSeed()
	beside, cancel := context.WithCancel(ctx)
	defer cancel()
	file := make(chan error, 1)
	var indexes indexSums // read only after file was received from
	go func() {
		var err error
		if indexes, err = readIndexes(beside, s.reader, seed, last); err == nil {
			err = integrity(beside, s.reader)
		}
		file <- err
	}()
	w, err := walk(ctx, tx, v, marks, opens, progress, seed)
	if err == nil && v.Fault == "" {
		if err = w.folded.Compare(ctx, tx); err == nil {
			err = compareTokens(ctx, tx, w.seed, w.found)
		}
	}
	ended := err != nil && !errors.As(err, new(checks.Mismatch)) || v.Fault != ""
	if ended {
		cancel()
	}
	switch damage := <-file; {
	case ended: // the walk says more than SQLite's own look at the file
		return err
	case damage != nil:
		return damage
	case indexes != w.indexes:
		return fmt.Errorf("an index does not hold what the records say: %w", sqlite.ErrCorrupt)
	}
	var wrong checks.Mismatch
	if errors.As(err, &wrong) {
		v.BadSeq, v.Fault = wrong.Seq, history.FaultLists
	}
	return nil
}

// walked is what a walk through the whole chain found that other tables must hold too.
type walked struct {
	folded  *checks.Folded
	seed    maphash.Seed
	found   map[string]uint64 // by part: of what can be searched for
	indexes indexSums         // what the indexes of the table record must hold
}

// add takes in a record that is as it should be.
func (w *walked) add(r *stored) {
	w.folded.Add(r.summary)
	w.indexes.add(w.seed, r)
	if r.summary.Kind != history.KindStarted && r.summary.Kind != history.KindFinished {
		return
	}
	for part := range searched {
		if r.has(part) {
			w.found[part] += foundKey(w.seed, r.seq, r.summary.Session)
		}
	}
}

// walk reads the chain until its end or the first bad record.
func walk(
	ctx context.Context, tx *sql.Tx, v *history.Verdict, marks anchored, opens opener,
	progress matcher.ProgressFunc, seed maphash.Seed,
) (walked, error) {
	w := walked{folded: checks.NewFolded(), seed: seed, found: map[string]uint64{}}
	// The greatest number and not the count: that would read an index of all.
	var total int
	var lastSealed int64
	if err := tx.QueryRowContext(ctx, `
		SELECT (SELECT coalesce(max(seq), 0) FROM record), (SELECT coalesce(max(record), 0) FROM sealed)`).
		Scan(&total, &lastSealed); err != nil {
		return w, err
	}
	sealing, err := readSealing(ctx, tx, opens)
	if err != nil {
		return w, err
	}
	v.Erased, sealing.absent = sealing.count, marks.absent
	sealing.takeDeleted(marks.deleted)
	for _, recipient := range marks.withdrawn {
		sealing.audits.withdrawn[recipient] = math.MaxInt64
	}
	if err := eachRestored(ctx, tx, func(seq int64, at time.Time, r history.Restored) {
		if r.FromCentre {
			sealing.absent = append(sealing.absent, absence{r.Backup.Seq, r.Absent, r.Expired})
		}
		if lost, some := lossIn(r, seq, at); some {
			v.Losses = append(v.Losses, lost)
		}
	}); err != nil {
		return w, err
	}
	progress.Report(StageVerifying, 0, total)

	var before head
	bad := func(seq int64, f history.Fault) { v.BadSeq, v.Fault = seq, f }
	err = eachStored(ctx, tx, func(r *stored) bool {
		v.Records++
		switch hint := before.hint(r); {
		case hint != "":
			bad(before.seq+1, history.FaultChain)
			v.Hint = hint
			return false
		case !marks.agree(r.seq, r.computed[:], v):
			bad(r.seq, history.FaultReplaced)
			return false
		}
		f := sealing.fault(r)
		if f == "" {
			f = sealing.audits.fault(r, sealing.absent)
		}
		if f != "" {
			bad(r.seq, f)
			return false
		}
		if r.misfiled {
			bad(r.seq, history.FaultDamaged)
			return false
		}
		before = head{seq: r.seq, hash: r.computed}
		w.add(r)
		if v.Records%progressEvery == 0 {
			progress.Report(StageVerifying, int(v.Records), total)
		}
		return true
	})
	v.Absent = sealing.lacks
	if err != nil {
		v.BadSeq = before.seq + 1 // it could not be read
		return w, err
	}
	// A sealed part or an auditors' key whose record is gone shows a cut even without an anchor.
	until := v.Until
	if marks.older && before.seq > 0 {
		until = 0
	}
	if v.Fault == "" && (max(until, lastSealed) > before.seq || len(sealing.audits.keys) > 0) {
		bad(before.seq+1, history.FaultCutOff)
	}
	progress.Report(StageVerifying, int(v.Records), total)
	if before.seq > 0 {
		v.Head = hex.EncodeToString(before.hash[:])
	}
	return w, nil
}

// hint says what a record looks like that is not the next of the chain; empty where it
// is the next.
func (h head) hint(r *stored) history.Hint {
	follows, whole := bytes.Equal(r.prev, h.hash[:]), bytes.Equal(r.hash, r.computed[:])
	switch {
	case r.seq > h.seq+1:
		return history.HintMissing
	case r.seq == h.seq+1 && follows && whole:
		return ""
	case r.seq == h.seq+1 && follows:
		return history.HintEdited
	}
	return history.HintMoved
}

// opener reports whether a session's wrapped key is a key: whether the master key opens it
// or, without that, whether it has the right length.
type opener = func(session string, nonce, wrapped []byte) bool

// keyedSessions gives the sessions that have a row for their key, and whether the row holds
// a key.
func keyedSessions(ctx context.Context, q sqlite.Querier, opens opener) (map[string]bool, error) {
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
			return nil, sqlite.Damaged(err)
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

func tables(ctx context.Context, q sqlite.Querier) ([]table, error) {
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
			return nil, sqlite.Damaged(err)
		}
		found = append(found, t)
	}
	return found, rows.Err()
}

// integrity lets SQLite check the file: each page and value of every table but that of
// records, which the walk reads, and that each index of the tables of lists holds what its
// table does.
func integrity(ctx context.Context, db *sql.DB) error {
	var free int
	if err := db.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free); err != nil {
		return err
	}
	if free > 0 { // only a check of the whole file reads pages that no table uses
		return sound(ctx, db, `PRAGMA integrity_check(1)`)
	}
	found, err := tables(ctx, db)
	for i := 0; err == nil && i < len(found); i++ {
		kind, name := found[i][0], found[i][1] // only names this program makes: that was checked before
		switch {
		case kind != "table":
		case name == "record":
			err = reachable(ctx, db)
		case name == "checks" || name == "daily":
			err = sound(ctx, db, `PRAGMA integrity_check(`+name+`)`)
		default:
			err = sound(ctx, db, `PRAGMA quick_check(`+name+`)`)
		}
	}
	return err
}

// reachable looks up each record by its number. The walk reads the table from end to end,
// so it does not notice a wrong number inside the tree of the table, which hides records from
// all who ask for them. The numbers go down: going up, SQLite only steps to the next row.
func reachable(ctx context.Context, q sqlite.Querier) error {
	var last, found int64
	if err := q.QueryRowContext(ctx, `
		WITH RECURSIVE number (seq) AS (
			SELECT max(seq) FROM record UNION ALL SELECT seq - 1 FROM number WHERE seq > 1)
		SELECT coalesce(max(number.seq), 0), count(record.seq)
		FROM number LEFT JOIN record ON record.seq = number.seq`).Scan(&last, &found); err != nil {
		return err
	}
	if found != last {
		return fmt.Errorf("%d of %d records are found by their number: %w", found, last, sqlite.ErrCorrupt)
	}
	return nil
}

// sound runs one of SQLite's checks.
func sound(ctx context.Context, q sqlite.Querier, check string) error {
	var found string
	if err := q.QueryRowContext(ctx, check).Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%s: %w", found, sqlite.ErrCorrupt)
	}
	return nil
}
