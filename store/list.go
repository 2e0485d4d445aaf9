package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"facematch/app/history"
	"facematch/matcher"
)

// LastSettings gives the newest record of the settings themselves; false where
// there is none.
func (s *Store) LastSettings(ctx context.Context) (history.SettingsChange, bool, error) {
	return s.lastChange(ctx, `payload ->> '$.how' IS NOT 'operators'`)
}

// LastOperators gives the newest record of the list of operators; false where no
// operators were ever set up.
func (s *Store) LastOperators(ctx context.Context) (history.SettingsChange, bool, error) {
	return s.lastChange(ctx, `payload ->> '$.how' IS 'operators'`)
}

func (s *Store) lastChange(ctx context.Context, of string) (history.SettingsChange, bool, error) {
	var payload []byte
	err := s.reader.QueryRowContext(ctx, `SELECT payload FROM record WHERE kind = ? AND `+of+` ORDER BY seq DESC LIMIT 1`,
		history.KindSettings).Scan(&payload)
	if errors.Is(err, sql.ErrNoRows) {
		return history.SettingsChange{}, false, nil
	}
	var c history.SettingsChange
	if err == nil {
		err = damaged(json.Unmarshal(payload, &c))
	}
	return c, err == nil, problem(err)
}

// List gives one page of the checks a filter chooses, in its order. A check
// without an end is running while its program is alive and interrupted, or
// unknown, otherwise. Names that cannot be opened here leave their rows Sealed
// and are no error; KeyProblem tells why. Words to look for in names need the
// key: without it they are a *matcher.Problem.
func (s *Store) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	found := []read{}
	err := s.reading(ctx, f.Words, func(r *reading) error {
		chosen, err := r.choose(ctx, f, page(f.Limit))
		for i := 0; err == nil && i < len(chosen); i++ {
			var c read
			c, err = r.check(ctx, chosen[i].seq, false)
			if err == nil && !c.fits(chosen[i]) {
				err = damaged(listsError{c.detail.Seq})
			}
			found = append(found, c)
		}
		return err
	})
	if err != nil {
		return nil, problem(err)
	}
	return s.rows(ctx, found)
}

// rows gives the rows of checks and opens their names. Only now, with nothing
// open in the database, is the keyring asked: it may take its time.
func (s *Store) rows(ctx context.Context, found []read) ([]history.Row, error) {
	var master []byte
	if slices.ContainsFunc(found, func(c read) bool { return c.detail.Sealed }) {
		var err error
		if master, err = s.vault.master(ctx, false); err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	rows := make([]history.Row, len(found))
	for i := range found {
		s.unsealName(master, &found[i])
		rows[i] = found[i].detail.Row
	}
	return rows, nil
}

// Count counts what a filter chooses, however much that is. Before, After, Sort
// and Limit do not matter.
func (s *Store) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	counts := history.Counts{ByOutcome: map[history.Outcome]int64{}}
	err := s.reading(ctx, f.Words, func(r *reading) error {
		f.Before, f.After, f.Sort = 0, nil, history.Newest
		c, err := r.chooser(ctx, f)
		if err != nil || c == nil {
			return err
		}
		var by [256]int64
		undecided := number(decisions, history.Undecided)
		err = r.scan(ctx, c, func(b []byte, outcome uint8) bool {
			by[outcome]++
			counts.Total++
			if decisionOf(b) == undecided {
				counts.Undecided++
			}
			return true
		})
		for o, n := range by {
			if n > 0 {
				counts.ByOutcome[outcomeOf(uint8(o))] += n
			}
		}
		return err
	})
	return counts, problem(err)
}

// Choices gives the values that filters can choose from, each sorted.
func (s *Store) Choices(ctx context.Context) (history.Choices, error) {
	var c history.Choices
	err := s.reading(ctx, "", func(r *reading) error {
		for l := range r.labels {
			switch l.kind {
			case labelOperator:
				c.Operators = append(c.Operators, l.text)
			case labelDesk:
				c.Desks = append(c.Desks, l.text)
			case labelCode:
				var code int
				if json.Unmarshal([]byte(l.text), &code) == nil {
					c.Codes = append(c.Codes, code)
				}
			}
		}
		return nil
	})
	slices.Sort(c.Operators)
	slices.Sort(c.Desks)
	slices.Sort(c.Codes)
	return c, problem(err)
}

// Show gives everything about a check. One that is not there is a
// *matcher.Problem.
func (s *Store) Show(ctx context.Context, check string) (history.Detail, error) {
	var shown read
	var attempts []read
	err := s.reading(ctx, "", func(r *reading) error {
		var seq int64
		if err := r.tx.QueryRowContext(ctx, `SELECT coalesce(min(seq), 0) FROM record WHERE "check" = ? AND kind = 'started'`, check).Scan(&seq); err != nil {
			return err
		}
		if seq == 0 {
			return matcher.NewProblem("store.check_unknown", nil)
		}
		var err error
		if shown, err = r.check(ctx, seq, true); err != nil {
			return err
		}
		seqs, err := numbers(ctx, r.tx, sessionQuery, shown.detail.Session)
		for i := 0; err == nil && i < len(seqs); i++ {
			var c read
			c, err = r.check(ctx, seqs[i], false)
			attempts = append(attempts, c)
		}
		return err
	})
	if err != nil {
		return history.Detail{}, problem(err)
	}
	rows, err := s.rows(ctx, attempts)
	if err != nil {
		return history.Detail{}, problem(err)
	}
	master, err := s.vault.master(ctx, false)
	if err != nil && ctx.Err() != nil {
		return history.Detail{}, ctx.Err()
	}
	s.unsealAll(master, &shown)
	shown.detail.Attempts = rows
	return shown.detail, nil
}

// Each hands over everything about each check a filter chooses, in its order,
// all as of one moment, until do fails. It holds one check at a time, and the
// places of some thousands. Attempts stay nil; a Limit of 0 is no limit. do must
// not use the store, of whose connections Each keeps one.
func (s *Store) Each(ctx context.Context, f history.Filter, do func(history.Detail) error) error {
	// Before anything is open in the database, as the keyring may take its time.
	master, err := s.vault.master(ctx, false)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return problem(s.reading(ctx, f.Words, func(r *reading) error {
		left := f.Limit
		for {
			some := eachBatch
			if f.Limit > 0 {
				some = min(some, left)
			}
			chosen, err := r.choose(ctx, f, some)
			if err != nil {
				return err
			}
			for _, e := range chosen {
				c, err := r.check(ctx, e.seq, true)
				if err != nil {
					return err
				}
				if !c.fits(e) {
					return damaged(listsError{c.detail.Seq})
				}
				s.unsealAll(master, &c)
				if err := do(c.detail); err != nil {
					return err
				}
			}
			if left -= len(chosen); len(chosen) < some || f.Limit > 0 && left <= 0 {
				return nil
			}
			last := chosen[len(chosen)-1]
			f.After = &history.Row{Seq: last.seq}
			if last.score != noScore {
				f.After.Score = &last.score
			}
		}
	}))
}

// reading is a look at the history as of one moment.
type reading struct {
	tx     *sql.Tx
	alive  func(string) bool
	tokens *tokens // where words are looked for
	labels map[labelText]uint32
	head   history.Head

	instances map[uint32]string // those asked about so far
	err       error             // of asking
}

// reading looks at the history, with what is needed to look for words where
// there are some.
func (s *Store) reading(ctx context.Context, words string, do func(*reading) error) error {
	r := &reading{alive: s.aliveOnce(), labels: map[labelText]uint32{}, instances: map[uint32]string{}}
	if strings.TrimSpace(words) != "" {
		master, err := s.vault.master(ctx, false)
		switch {
		case errors.Is(err, errNoKey): // nothing is sealed yet
		case err != nil:
			return err
		default:
			if err := s.indexNames(ctx, master); err != nil {
				return err
			}
			t, err := newTokens(master, s.id)
			if err != nil {
				return err
			}
			r.tokens = &t
		}
	}
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	r.tx = tx
	if r.head, err = headOf(ctx, tx); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, labelsQuery)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uint32
		var l labelText
		if err := rows.Scan(&id, &l.kind, &l.text); err != nil {
			return damaged(err)
		}
		r.labels[l] = id
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return do(r)
}

// labelsQuery leaves out the running programs: each command is one, and only
// those of checks without an end are asked about.
const labelsQuery = `SELECT id, kind, text FROM label WHERE kind IN ('operator', 'desk', 'code')`

// instance gives the running program of a label.
func (r *reading) instance(ctx context.Context, id uint32) string {
	text, ok := r.instances[id]
	if !ok && id != 0 && r.err == nil {
		r.err = r.tx.QueryRowContext(ctx, `SELECT text FROM label WHERE id = ?`, id).Scan(&text)
		if errors.Is(r.err, sql.ErrNoRows) {
			r.err = damaged(r.err)
		}
		r.instances[id] = text
	}
	return text
}

// read is what was read of a check, its personal parts still sealed.
type read struct {
	detail history.Detail
	key    sealedPart            // of the session
	parts  map[string]sealedPart // by name
	notes  []sealedPart          // of the decisions, as they stand in detail
	sent   bool

	instance string // the program it runs or ran in
	ended    int64  // the number of the record that says how
}

// check reads a check by its first record; with all the rest where whole is
// set, otherwise what a row needs.
func (r *reading) check(ctx context.Context, seq int64, whole bool) (read, error) {
	c := read{parts: map[string]sealedPart{}}
	rows, err := r.tx.QueryContext(ctx, checkQuery, seq)
	if err != nil {
		return c, err
	}
	defer rows.Close()
	type found struct {
		seq     int64
		payload []byte
	}
	var records []found
	for rows.Next() {
		var f found
		if err := rows.Scan(&f.seq, &f.payload); err != nil {
			return c, damaged(err)
		}
		records = append(records, f)
	}
	if err := rows.Err(); err != nil {
		return c, err
	}
	slices.SortFunc(records, func(a, b found) int { return int(a.seq - b.seq) })
	for _, f := range records {
		if err := c.learn(f.seq, f.payload, whole); err != nil {
			return c, damaged(err)
		}
	}
	d := &c.detail
	if d.Seq != seq {
		return c, damaged(errors.New("a check has no first record"))
	}
	d.Head = r.head
	if d.Outcome == "" {
		d.Outcome = unended(r.alive(c.instance), c.sent)
	}
	if d.Decision == "" && d.Outcome == history.Refer {
		d.Decision = history.Undecided
	}
	if err := r.sealed(ctx, &c, whole); err != nil {
		return c, err
	}
	return c, r.erased(ctx, &c)
}

// checkQuery takes the number of a check's first record and gives all of them.
const checkQuery = `SELECT r.seq, r.payload FROM record s JOIN record r ON r."check" = s."check" WHERE s.seq = ?`

// unended is the outcome of a check that has no end.
func unended(alive, sent bool) history.Outcome {
	switch {
	case alive:
		return history.Running
	case sent:
		return history.Unknown
	}
	return history.Interrupted
}

// learn takes in a record of the check; where whole is set, all of it.
func (c *read) learn(seq int64, payload []byte, whole bool) error {
	if !gjson.ValidBytes(payload) {
		return errors.New("a record is no JSON")
	}
	t := tell(seq, string(payload))
	d := &c.detail
	d.Seqs = append(d.Seqs, seq)
	at, err := time.Parse(timeLayout, t.at)
	if err != nil {
		return err
	}
	switch t.kind {
	case history.KindStarted:
		if d.Seq != 0 {
			return nil // the first counts
		}
		if t.session == "" {
			return errors.New("a check has no session")
		}
		c.instance = t.instance
		d.Row = history.Row{Seq: seq, Check: t.check, Session: t.session, At: at, Mode: t.mode,
			Operator: t.operator, Desk: t.desk, Sealed: t.seals(partName)}
		if whole {
			return json.Unmarshal(payload, &d.Started)
		}
	case history.KindSending:
		c.sent = true
	case history.KindInterrupted, history.KindFinished:
		c.ended = seq
		d.Outcome, d.Score, d.Code, d.Request = t.outcome, nil, nil, t.request
		if t.score != noScore {
			d.Score = &t.score
		}
		if t.code != "" {
			code, err := strconv.Atoi(t.code)
			if err != nil {
				return err
			}
			d.Code = &code
		}
		if t.kind == history.KindFinished && whole {
			d.RawSealed = t.seals(partAnswer)
			d.Finished = &history.Finished{}
			return json.Unmarshal(payload, d.Finished)
		}
	case history.KindDecided:
		switch t.choice {
		case history.Approve:
			d.Decision = history.Approved
		case history.Reject:
			d.Decision = history.Rejected
		}
		if whole {
			d.Decisions = append(d.Decisions, history.Decided{At: at, Seq: seq, NoteSealed: t.seals(partNote)})
			c.notes = append(c.notes, sealedPart{})
			return json.Unmarshal(payload, &d.Decisions[len(d.Decisions)-1].Decision)
		}
	}
	return nil
}

// fits reports whether an entry says what the records say.
func (c *read) fits(e entry) bool {
	d := &c.detail
	score := int64(noScore)
	if d.Score != nil {
		score = *d.Score
	}
	ended := d.Outcome
	if c.ended == 0 {
		ended = ""
	}
	return d.Seq == e.seq && d.At.UnixMilli() == e.at && score == e.score && outcomeOf(e.outcome) == ended &&
		number(decisions, d.Decision) == e.decision && number(modes, d.Mode) == e.mode && c.sent == e.sent
}

// sealed reads the sealed parts: the name or, where whole is set, all of them.
func (r *reading) sealed(ctx context.Context, c *read, whole bool) error {
	d := &c.detail
	first, last := d.Seq, d.Seq
	if whole {
		last = d.Seqs[len(d.Seqs)-1]
	} else if !d.Sealed {
		return nil
	}
	err := r.tx.QueryRowContext(ctx, `SELECT nonce, wrapped FROM session_key WHERE session = ?`, d.Session).Scan(&c.key.nonce, &c.key.ciphertext)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if first == last {
		return r.partsOf(ctx, c, first)
	}
	for _, seq := range d.Seqs {
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
		var p sealedPart
		if err := rows.Scan(&p.name, &p.nonce, &p.ciphertext); err != nil {
			return damaged(err)
		}
		if i := slices.IndexFunc(c.detail.Decisions, func(d history.Decided) bool { return d.Seq == seq }); i >= 0 {
			c.notes[i] = p
		} else {
			c.parts[p.name] = p
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
	// An erasure takes the parts of the records before it.
	gone := func(part history.Part, before int64, seq int64, e history.Erasure) bool {
		return before < seq && (slices.Contains(e.Parts, part) || slices.Contains(e.Parts, history.PartKey))
	}
	for rows.Next() {
		var seq int64
		var at string
		var payload []byte
		if err := rows.Scan(&seq, &at, &payload); err != nil {
			return damaged(err)
		}
		var e history.Erased
		if err := json.Unmarshal(payload, &e.Erasure); err != nil {
			return damaged(err)
		}
		if e.At, err = time.Parse(timeLayout, at); err != nil {
			return damaged(err)
		}
		d.Erasures = append(d.Erasures, e)
		if d.Sealed && gone(history.PartName, d.Seq, seq, e.Erasure) {
			d.Sealed, d.Erased = false, true
		}
		if d.RawSealed && gone(history.PartAnswer, c.ended, seq, e.Erasure) {
			d.RawSealed, d.RawErased = false, true
		}
		for i := range d.Decisions {
			if m := &d.Decisions[i]; m.NoteSealed && gone(history.PartNote, m.Seq, seq, e.Erasure) {
				m.NoteSealed, m.NoteErased = false, true
			}
		}
	}
	return rows.Err()
}

// erasedQuery takes a session.
const erasedQuery = `SELECT seq, at, payload FROM record WHERE session = ? AND kind = 'erased' ORDER BY seq`

// sessionQuery takes a session and gives the first records of its checks.
const sessionQuery = `SELECT group_concat(seq) FROM record WHERE session = ? AND kind = 'started'`

// unsealName opens the name of a check where that can be.
func (s *Store) unsealName(master []byte, c *read) {
	d := &c.detail
	if master == nil || !d.Sealed {
		return
	}
	if name, err := s.openPart(master, d.Session, d.Check, partName, c.parts[partName], c.key); err == nil {
		d.Name, d.Started.Name, d.Sealed = string(name), string(name), false
	}
}

// unsealAll opens all parts of a check that can be opened.
func (s *Store) unsealAll(master []byte, c *read) {
	s.unsealName(master, c)
	d := &c.detail
	if master == nil {
		return
	}
	open := func(p sealedPart) ([]byte, bool) {
		clear, err := s.openPart(master, d.Session, d.Check, p.name, p, c.key)
		return clear, err == nil
	}
	if d.RawSealed {
		if raw, ok := open(c.parts[partAnswer]); ok {
			d.Raw, d.Finished.Raw, d.RawSealed = raw, raw, false
		}
	}
	if d.Finished != nil {
		d.Document, _ = open(c.parts[partDocument])
		d.Frame, _ = open(c.parts[partFrame])
		d.Finished.Document, d.Finished.Frame = d.Document, d.Frame
	}
	for i := range d.Decisions {
		if m := &d.Decisions[i]; m.NoteSealed {
			if note, ok := open(c.notes[i]); ok {
				m.Note, m.NoteSealed = string(note), false
			}
		}
	}
}

func page(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return limit
}
