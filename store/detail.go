package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
	"facematch/store/internal/unseal"
)

// read is everything that was read of a check, its personal parts still sealed.
type read struct {
	checks.State
	detail history.Detail
	key    seal.Part            // of the session
	parts  map[string]seal.Part // by name
	notes  map[int64]seal.Part  // of decisions and inspections, by record
}

// checkAt reads a check by its first record. A row of checks that does not match the
// records is an error: what is exported must be right.
func (r *reading) checkAt(ctx context.Context, seq int64) (read, error) {
	var c read
	row, err := r.Row(ctx, seq)
	if err != nil {
		return c, err
	}
	if c, err = r.check(ctx, row.Check); err == nil && c.Row != row {
		err = sqlite.Damaged(checks.Mismatch{Seq: seq})
	}
	return c, err
}

// check reads a check with all its records.
func (r *reading) check(ctx context.Context, id string) (read, error) {
	c := read{parts: map[string]seal.Part{}, notes: map[int64]seal.Part{}}
	records, err := checks.RecordsOf(ctx, r.tx, id)
	if err != nil {
		return c, err
	}
	for _, record := range records {
		if err := c.add(record); err != nil {
			return c, sqlite.Damaged(err)
		}
	}
	if !c.Started() {
		return c, matcher.NewProblem("store.check_unknown", nil)
	}
	d := &c.detail
	row, err := c.ListRow()
	if err != nil {
		return c, sqlite.Damaged(err)
	}
	row.Sealed = d.Sealed
	d.Row, d.Head = row, r.head
	d.Outcome = r.Outcome(&c.State)
	if err := r.sealed(ctx, &c); err != nil {
		return c, err
	}
	if err := r.erased(ctx, &c); err != nil {
		return c, err
	}
	d.Hold, err = holdOf(ctx, r.tx, d.Session)
	return c, err
}

// add takes in the next record of the check.
func (c *read) add(r checks.Record) error {
	first := !c.Started()
	c.Apply(r.Summary)
	d := &c.detail
	d.Seqs = append(d.Seqs, r.Seq)
	at, err := time.Parse(checks.TimeLayout, r.At)
	if err != nil {
		return err
	}
	switch r.Kind {
	case history.KindStarted:
		if !first {
			return nil
		}
		d.Sealed, d.ReferenceSealed = r.Seals(seal.Name), r.Seals(seal.Reference)
		return json.Unmarshal(r.Payload, &d.Started)
	case history.KindFinished:
		d.RawSealed, d.FieldsSealed = r.Seals(seal.Answer), r.Seals(seal.Fields)
		d.Finished = &history.Finished{}
		return json.Unmarshal(r.Payload, d.Finished)
	case history.KindDecided:
		d.Decisions = append(d.Decisions, history.Decided{At: at, Seq: r.Seq, NoteSealed: r.Seals(seal.Note)})
		return json.Unmarshal(r.Payload, &d.Decisions[len(d.Decisions)-1].Decision)
	case history.KindInspected:
		d.Inspected = append(d.Inspected, history.Inspected{At: at, Seq: r.Seq, NoteSealed: r.Seals(seal.Note)})
		return json.Unmarshal(r.Payload, &d.Inspected[len(d.Inspected)-1].Inspection)
	}
	return nil
}

// sealed reads the sealed parts and the key of the session.
func (r *reading) sealed(ctx context.Context, c *read) error {
	err := r.tx.QueryRowContext(ctx, `SELECT nonce, wrapped FROM session_key WHERE session = ?`, c.Session).
		Scan(&c.key.Nonce, &c.key.Ciphertext)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	for _, seq := range c.detail.Seqs {
		if err := r.partsOf(ctx, c, seq); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) partsOf(ctx context.Context, c *read, seq int64) error {
	rows, err := r.tx.QueryContext(ctx, `SELECT part, nonce, ciphertext FROM sealed WHERE record = ?`, seq)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p seal.Part
		if err := rows.Scan(&p.Name, &p.Nonce, &p.Ciphertext); err != nil {
			return sqlite.Damaged(err)
		}
		if p.Name == seal.Note {
			c.notes[seq] = p
		} else {
			c.parts[p.Name] = p
		}
	}
	return rows.Err()
}

// erased reads what was erased of the check's session, and marks what is no
// longer there because of it.
func (r *reading) erased(ctx context.Context, c *read) error {
	d := &c.detail
	rows, err := r.tx.QueryContext(ctx, erasedQuery, d.Session)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var at string
		var payload []byte
		if err := rows.Scan(&seq, &at, &payload); err != nil {
			return sqlite.Damaged(err)
		}
		var e history.Erased
		if err := json.Unmarshal(payload, &e.Erasure); err != nil {
			return sqlite.Damaged(err)
		}
		if e.At, err = time.Parse(checks.TimeLayout, at); err != nil {
			return sqlite.Damaged(err)
		}
		d.Erasures = append(d.Erasures, e)
		c.lose(seq, e.Parts)
	}
	return rows.Err()
}

// lose marks what an erasure has taken: its parts of the records before it.
func (c *read) lose(erasure int64, parts []history.Part) {
	mark := func(part history.Part, of int64, sealed, erased *bool) {
		if *sealed && of < erasure && (slices.Contains(parts, part) || slices.Contains(parts, history.PartKey)) {
			*sealed, *erased = false, true
		}
	}
	d := &c.detail
	mark(history.PartName, d.Seq, &d.Sealed, &d.Erased)
	mark(history.PartReference, d.Seq, &d.ReferenceSealed, &d.ReferenceErased)
	mark(history.PartAnswer, c.Ended, &d.RawSealed, &d.RawErased)
	mark(history.PartFields, c.Ended, &d.FieldsSealed, &d.FieldsErased)
	for i := range d.Decisions {
		m := &d.Decisions[i]
		mark(history.PartNote, m.Seq, &m.NoteSealed, &m.NoteErased)
	}
	for i := range d.Inspected {
		m := &d.Inspected[i]
		mark(history.PartNote, m.Seq, &m.NoteSealed, &m.NoteErased)
	}
}

// erasedQuery takes a session.
const erasedQuery = `SELECT seq, at, payload FROM record WHERE session = ? AND kind = 'erased' ORDER BY seq`

// unsealAll opens all parts of a check that can be opened.
func (s *Store) unsealAll(master []byte, c *read) {
	if master == nil {
		return
	}
	open := func(p seal.Part) ([]byte, bool) {
		clear, err := s.openPart(master, c.detail.Session, c.detail.Check, p.Name, p, c.key)
		return clear, err == nil
	}
	unseal.All(&c.detail,
		func(part string) ([]byte, bool) { return open(c.parts[part]) },
		func(seq int64) ([]byte, bool) { return open(c.notes[seq]) })
}
