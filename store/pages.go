package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"facematch/app/history"
)

// labelText is a word that checks have in common.
type labelText struct{ kind, text string }

// index holds in memory what the tables label and check_page hold, made from
// the records alone: about 60 bytes for each check.
type index struct {
	entries []entry
	labels  []labelText // the first is number 1
	numbers map[labelText]uint32
	seed    maphash.Seed
	checks  map[uint64]int // place in entries, by the check's id
}

func newIndex() *index {
	return &index{numbers: map[labelText]uint32{}, seed: maphash.MakeSeed(), checks: map[uint64]int{}}
}

func (x *index) label(kind, text string) (uint32, error) {
	if text == "" {
		return 0, nil
	}
	l := labelText{kind, text}
	if id, ok := x.numbers[l]; ok {
		return id, nil
	}
	l.text = strings.Clone(text) // it may be a part of a whole payload
	x.labels = append(x.labels, l)
	id := uint32(len(x.labels))
	x.numbers[l] = id
	return id, nil
}

// add takes the next record in.
func (x *index) add(t told) {
	if t.check == "" {
		return
	}
	id := maphash.String(x.seed, t.check)
	at, known := x.checks[id]
	switch {
	case known:
		_ = x.entries[at].learn(t, x.label) // label cannot fail here
	case t.kind == history.KindStarted:
		e, _ := begin(t, x.label)
		x.checks[id] = len(x.entries)
		x.entries = append(x.entries, e)
	}
}

// page gives the stored form of the entries from a place on, as many as a page
// holds.
func (x *index) page(from int, b []byte) []byte {
	for _, e := range x.entries[from:min(from+pageEntries, len(x.entries))] {
		b = e.append(b)
	}
	return b
}

// Rebuild makes what lists are chosen by and names are found by anew from the
// records, for a history whose records are whole while Verify says that its lists
// are not. Names can be found again once somebody who has the key looks for one.
func (s *Store) Rebuild(ctx context.Context) error {
	return problem(transact(ctx, s.writer, func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range []string{
			`DELETE FROM name_word`, `DELETE FROM name_token`,
			`INSERT OR REPLACE INTO meta (name, value) SELECT '` + metaNamesWait + `', max(seq) FROM record HAVING max(seq) IS NOT NULL`,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return rebuild(ctx, tx)
	}))
}

// rebuild makes the tables label and check_page from the records.
func rebuild(ctx context.Context, tx *sql.Tx) error {
	x := newIndex()
	rows, err := tx.QueryContext(ctx, `SELECT seq, payload FROM record ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var payload sql.RawBytes
		if err := rows.Scan(&seq, &payload); err != nil {
			return damaged(err)
		}
		x.add(tell(seq, string(payload)))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, statement := range []string{`DELETE FROM check_page`, `DELETE FROM label`} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	for i, l := range x.labels {
		if _, err := tx.ExecContext(ctx, `INSERT INTO label (id, kind, text) VALUES (?, ?, ?)`, i+1, l.kind, l.text); err != nil {
			return err
		}
	}
	for from := 0; from < len(x.entries); from += pageEntries {
		if _, err := tx.ExecContext(ctx, `INSERT INTO check_page (first, entries) VALUES (?, ?)`,
			x.entries[from].seq, x.page(from, nil)); err != nil {
			return err
		}
	}
	return nil
}

// list keeps label and check_page up to date with a record that was just added.
func (a *appending) list(ctx context.Context, t told) error {
	if t.check == "" {
		return nil
	}
	if t.kind == history.KindStarted {
		e, err := begin(t, a.label(ctx))
		if err != nil {
			return err
		}
		first, entries, err := a.pageOf(ctx, t.seq)
		if err != nil {
			return err
		}
		if first == 0 || len(entries) >= pageEntries*entrySize {
			first, entries = e.seq, nil
		}
		return a.putPage(ctx, first, e.append(entries))
	}
	if t.kind != history.KindSending && t.kind != history.KindFinished && t.kind != history.KindInterrupted && t.kind != history.KindDecided {
		return nil
	}
	var seq int64
	if err := a.QueryRowContext(ctx, `SELECT coalesce(min(seq), 0) FROM record WHERE "check" = ? AND kind = 'started'`, t.check).Scan(&seq); err != nil {
		return err
	}
	first, entries, err := a.pageOf(ctx, seq)
	if err != nil {
		return err
	}
	for at := 0; at+entrySize <= len(entries); at += entrySize {
		if e := parseEntry(entries[at:]); e.seq == seq {
			if err := e.learn(t, a.label(ctx)); err != nil {
				return err
			}
			copy(entries[at:], e.append(nil))
			return a.putPage(ctx, first, entries)
		}
	}
	// Somebody changed the table. The record counts; verify tells of the table.
	return nil
}

// pageOf gives the page that a record's check is in, or would be in; first is 0
// where there is none.
func (a *appending) pageOf(ctx context.Context, seq int64) (first int64, entries []byte, err error) {
	err = a.QueryRowContext(ctx, `SELECT first, entries FROM check_page WHERE first <= ? ORDER BY first DESC LIMIT 1`, seq).Scan(&first, &entries)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return first, entries, err
}

func (a *appending) putPage(ctx context.Context, first int64, entries []byte) error {
	_, err := a.ExecContext(ctx, `INSERT OR REPLACE INTO check_page (first, entries) VALUES (?, ?)`, first, entries)
	return err
}

// label finds or adds labels in the database.
func (a *appending) label(ctx context.Context) label {
	return func(kind, text string) (uint32, error) {
		if text == "" {
			return 0, nil
		}
		var id uint32
		err := a.QueryRowContext(ctx, `SELECT id FROM label WHERE kind = ? AND text = ?`, kind, text).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return id, err
		}
		err = a.QueryRowContext(ctx, `INSERT INTO label (id, kind, text) SELECT coalesce(max(id), 0) + 1, ?, ? FROM label RETURNING id`, kind, text).Scan(&id)
		return id, err
	}
}

// listsError says that what lists choose by is not what the records tell: the
// entry of this record, or where that is 0 a label.
type listsError struct{ seq int64 }

func (e listsError) Error() string {
	return fmt.Sprintf("what lists choose by does not fit record %d", e.seq)
}

// fits compares the tables label and check_page with the records.
func (x *index) fits(ctx context.Context, q querier) error {
	rows, err := q.QueryContext(ctx, `SELECT id, kind, text FROM label ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var id int
		var l labelText
		if err := rows.Scan(&id, &l.kind, &l.text); err != nil {
			return damaged(err)
		}
		if n >= len(x.labels) || id != n+1 || l != x.labels[n] {
			return listsError{}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n != len(x.labels) {
		return listsError{}
	}

	pages, err := q.QueryContext(ctx, `SELECT first, entries FROM check_page ORDER BY first`)
	if err != nil {
		return err
	}
	defer pages.Close()
	from := 0
	var want []byte
	for ; pages.Next(); from += pageEntries {
		var first int64
		var entries sql.RawBytes
		if err := pages.Scan(&first, &entries); err != nil {
			return damaged(err)
		}
		if from >= len(x.entries) {
			return listsError{first}
		}
		if want = x.page(from, want[:0]); first != x.entries[from].seq || !bytes.Equal(entries, want) {
			same := 0 // entries
			for e := range slices.Chunk(want, entrySize) {
				if at := same * entrySize; first != x.entries[from].seq || at+entrySize > len(entries) || !bytes.Equal(e, entries[at:at+entrySize]) {
					break
				}
				same++
			}
			return listsError{x.entries[min(from+same, len(x.entries)-1)].seq}
		}
	}
	if err := pages.Err(); err != nil {
		return err
	}
	if from < len(x.entries) {
		return listsError{x.entries[from].seq}
	}
	return nil
}
