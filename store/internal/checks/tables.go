package checks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"facematch/app/history"
	"facematch/store/internal/sqlite"
)

// columns are the columns of checks that have a value, in the order of scan and
// values. The others belong to features that do not exist yet.
const columns = `seq, at, "check", session, mode, outcome, status, score, code, decision, decided_at,
	operator, desk, request, minor, expired, filmed_anyway, virtual_camera,
	portrait_quality, picture_quality, took_ms, inspection`

// putCheck takes the values of a row.
const putCheck = `INSERT OR REPLACE INTO checks (` + columns + `)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (c *Row) values() []any {
	text := func(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
	return []any{c.Seq, c.At, c.Check, c.Session, c.Mode, text(c.Outcome), text(c.Status), c.Score, c.Code,
		text(c.Decision), text(c.DecidedAt), c.Operator, c.Desk, text(c.Request), c.Minor, c.Expired, c.FilmedAnyway,
		c.VirtualCamera, c.PortraitQuality, c.PictureQuality, c.TookMS, text(c.Inspection)}
}

// scan reads columns and whatever more the query gives.
func (c *Row) scan(rows *sql.Rows, more ...any) error {
	var outcome, status, decision, decidedAt, request, inspection sql.NullString
	err := rows.Scan(append([]any{&c.Seq, &c.At, &c.Check, &c.Session, &c.Mode, &outcome, &status, &c.Score, &c.Code,
		&decision, &decidedAt, &c.Operator, &c.Desk, &request, &c.Minor, &c.Expired, &c.FilmedAnyway,
		&c.VirtualCamera, &c.PortraitQuality, &c.PictureQuality, &c.TookMS, &inspection}, more...)...)
	c.Outcome, c.Status, c.Decision = outcome.String, status.String, decision.String
	c.DecidedAt, c.Request, c.Inspection = decidedAt.String, request.String, inspection.String
	return sqlite.Damaged(err)
}

// dailyKey says in which row of the table daily a check is counted.
type dailyKey struct {
	Day, Desk, Operator, Mode, Outcome, Decision string
	FilmedAnyway                                 bool
}

func (c *Row) dailyKey() dailyKey {
	day := c.At[:min(len(c.At), len(dayLayout))]
	return dailyKey{day, c.Desk, c.Operator, c.Mode, c.Outcome, c.Decision, c.FilmedAnyway}
}

func (k dailyKey) values() []any {
	return []any{k.Day, k.Desk, k.Operator, k.Mode, k.Outcome, k.Decision, k.FilmedAnyway}
}

const (
	// These take the values of a key.
	countOneMore = `INSERT INTO daily VALUES (?, ?, ?, ?, ?, ?, ?, 1)
		ON CONFLICT DO UPDATE SET checks = checks + 1`
	countOneLess = `UPDATE daily SET checks = checks - 1 WHERE ` + thatKey
	dropIfNone   = `DELETE FROM daily WHERE checks = 0 AND ` + thatKey
	thatKey      = `day = ? AND desk = ? AND operator = ? AND mode = ? AND outcome = ? AND decision = ?
		AND filmed_anyway = ?`
)

// Keep brings checks, daily and packed up to date with a record that was just added.
func Keep(ctx context.Context, tx *sql.Tx, r Summary) error {
	if !r.concerns() {
		return nil
	}
	after, err := StateOf(ctx, tx, r.Check)
	if err != nil || !after.Started() {
		return err
	}
	row, err := rowAt(ctx, tx, after.Seq)
	if err != nil {
		return err
	}
	before := State{Row: row}
	if before.Row == after.Row {
		return nil
	}
	if err := keepPacked(ctx, tx, &after.Row); err != nil {
		return err
	}
	return keepRow(ctx, tx, before, after)
}

// keepRow brings checks and daily up to date with a check that has changed.
func keepRow(ctx context.Context, tx *sql.Tx, before, after State) error {
	if _, err := tx.ExecContext(ctx, putCheck, after.values()...); err != nil {
		return err
	}
	from, to := before.dailyKey(), after.dailyKey()
	if before.Started() && from == to {
		return nil
	}
	if _, err := tx.ExecContext(ctx, countOneMore, to.values()...); err != nil || !before.Started() {
		return err
	}
	for _, statement := range []string{countOneLess, dropIfNone} {
		if _, err := tx.ExecContext(ctx, statement, from.values()...); err != nil {
			return err
		}
	}
	return nil
}

// Folded holds in memory what the tables checks and daily must hold.
type Folded struct {
	checks [][]foldedCheck // in pieces, since a slice that grows is copied again and again
	places map[uint64]int  // by the hash of the id
	n      int             // how many checks there are
	texts  map[string]string
	seed   maphash.Seed
	latest []byte // the greatest time of all records
}

// piece is how many checks lie in one piece of Folded: a megabyte or two.
const piece = 4096

// foldedCheck is a check without the texts that no other check has: a history may have
// hundreds of thousands. Of its time only the day is left.
type foldedCheck struct {
	State
	texts uint64 // the hash of those that are left out
}

// NewFolded starts with no record.
func NewFolded() *Folded {
	return &Folded{places: map[uint64]int{}, texts: map[string]string{}, seed: maphash.MakeSeed()}
}

// Add takes in the next record of the history. It keeps no part of the payload.
func (f *Folded) Add(r Summary) {
	if r.At > string(f.latest) {
		f.latest = append(f.latest[:0], r.At...)
	}
	if !r.concerns() {
		return
	}
	id := maphash.String(f.seed, r.Check)
	place, known := f.places[id]
	if !known && r.Kind != history.KindStarted {
		return
	}
	for _, text := range []*string{&r.Instance, &r.Operator, &r.Desk, &r.Mode, &r.Outcome, &r.Status, &r.Choice,
		&r.Inspection} {
		*text = f.shared(*text)
	}
	r.Request = strings.Clone(r.Request)
	if r.Kind == history.KindDecided {
		r.At = strings.Clone(r.At)
	}
	if known {
		f.at(place).Apply(r)
		return
	}
	var c foldedCheck
	c.Apply(r)
	c.texts = f.shorten(&c.Row)
	f.places[id] = f.n
	if f.n%piece == 0 {
		f.checks = append(f.checks, make([]foldedCheck, 0, piece))
	}
	last := &f.checks[len(f.checks)-1]
	*last = append(*last, c)
	f.n++
}

// at gives the check of this place, from 0 on.
func (f *Folded) at(place int) *foldedCheck { return &f.checks[place/piece][place%piece] }

// shared gives a text of its own, the same for all that are equal.
func (f *Folded) shared(text string) string {
	kept, ok := f.texts[text]
	if !ok {
		kept = strings.Clone(text)
		f.texts[kept] = kept
	}
	return kept
}

// shorten leaves out of a row what foldedCheck leaves out, and gives its hash.
func (f *Folded) shorten(row *Row) uint64 {
	hash := maphash.Comparable(f.seed, [3]string{row.At, row.Check, row.Session})
	row.At, row.Check, row.Session = f.shared(row.dailyKey().Day), "", ""
	return hash
}

func (f *Folded) daily() map[dailyKey]int64 {
	counts := map[dailyKey]int64{}
	for i := range f.n {
		counts[f.at(i).dailyKey()]++
	}
	return counts
}

// The time of the latest record, in the table meta.
const (
	Latest     = `SELECT value FROM meta WHERE name = 'latest'`
	dropLatest = `DELETE FROM meta WHERE name = 'latest'`
	makeLatest = `INSERT INTO meta (name, value)
		SELECT 'latest', max(at) FROM record WHERE typeof(at) = 'text' HAVING max(at) IS NOT NULL`
)

// Rebuild makes the tables checks, daily and packed anew, and the time of the latest record.
func Rebuild(ctx context.Context, tx *sql.Tx) error {
	for _, statement := range []string{`DELETE FROM checks`, `DELETE FROM daily`, dropLatest, makeLatest} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	rows, err := tx.QueryContext(ctx, `SELECT seq, payload FROM record WHERE kind = ? ORDER BY seq`, history.KindStarted)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var payload string
		if err := rows.Scan(&seq, &payload); err != nil {
			return sqlite.Damaged(err)
		}
		state, err := StateOf(ctx, tx, Parse(seq, payload).Check)
		if err != nil {
			return err
		}
		if state.Seq != seq {
			continue // a second start of the same check says nothing
		}
		if err := keepRow(ctx, tx, State{}, state); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return Pack(ctx, tx)
}

// Mismatch says that the tables of lists do not hold what the records say: of the
// check with this first record or, where that is 0, of no single check.
type Mismatch struct{ Seq int64 }

// Error names the record.
func (e Mismatch) Error() string {
	return fmt.Sprintf("the tables of lists do not match record %d", e.Seq)
}

// Compare compares the tables checks, daily and packed, and the time of the latest record, with
// the records.
func (f *Folded) Compare(ctx context.Context, q sqlite.Querier) error {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+`,
		branch IS NULL FROM checks ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	packed, err := newPackedComparison(ctx, q)
	if err != nil {
		return err
	}
	n := 0
	for ; rows.Next(); n++ {
		var row Row
		var restEmpty bool
		if err := row.scan(rows, &restEmpty); err != nil {
			return err
		}
		if n >= f.n {
			return Mismatch{row.Seq}
		}
		if err := packed.add(ctx, q, &row); err != nil {
			return err
		}
		texts := f.shorten(&row)
		if want := f.at(n); row != want.Row || texts != want.texts || !restEmpty {
			return Mismatch{want.Seq}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n < f.n {
		return Mismatch{f.at(n).Seq}
	}
	if err := packed.end(ctx, q); err != nil {
		return err
	}
	if err := f.compareDaily(ctx, q); err != nil {
		return err
	}
	var latest string
	if err := q.QueryRowContext(ctx, Latest).Scan(&latest); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if latest != string(f.latest) {
		return Mismatch{}
	}
	return nil
}

func (f *Folded) compareDaily(ctx context.Context, q sqlite.Querier) error {
	rows, err := q.QueryContext(ctx,
		`SELECT day, desk, operator, mode, outcome, decision, filmed_anyway, checks FROM daily`)
	if err != nil {
		return err
	}
	defer rows.Close()
	want := f.daily()
	for rows.Next() {
		var k dailyKey
		var n int64
		if err := rows.Scan(&k.Day, &k.Desk, &k.Operator, &k.Mode, &k.Outcome, &k.Decision, &k.FilmedAnyway, &n); err != nil {
			return sqlite.Damaged(err)
		}
		if n == 0 || want[k] != n {
			return Mismatch{}
		}
		delete(want, k)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(want) > 0 {
		return Mismatch{}
	}
	return nil
}
