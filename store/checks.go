package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"facematch/app/history"
	"facematch/store/internal/sqlite"
	"facematch/store/internal/vault"
)

// checkColumns are the columns of checks that have a value, in the order of scan and
// values. The others belong to features that do not exist yet.
const checkColumns = `seq, at, "check", session, mode, outcome, status, score, code, decision, decided_at,
	operator, desk, request, minor, filmed_anyway, portrait_quality, picture_quality, took_ms`

// putCheck takes the values of a row.
const putCheck = `INSERT OR REPLACE INTO checks (` + checkColumns + `)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (c *checkRow) values() []any {
	text := func(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
	return []any{c.seq, c.at, c.check, c.session, c.mode, text(c.outcome), text(c.status), c.score, c.code,
		text(c.decision), text(c.decidedAt), c.operator, c.desk, text(c.request), c.minor, c.filmedAnyway,
		c.portraitQuality, c.pictureQuality, c.tookMS}
}

// scan reads checkColumns and whatever more the query gives.
func (c *checkRow) scan(rows *sql.Rows, more ...any) error {
	var outcome, status, decision, decidedAt, request sql.NullString
	err := rows.Scan(append([]any{&c.seq, &c.at, &c.check, &c.session, &c.mode, &outcome, &status, &c.score, &c.code,
		&decision, &decidedAt, &c.operator, &c.desk, &request, &c.minor, &c.filmedAnyway,
		&c.portraitQuality, &c.pictureQuality, &c.tookMS}, more...)...)
	c.outcome, c.status, c.decision = outcome.String, status.String, decision.String
	c.decidedAt, c.request = decidedAt.String, request.String
	return damaged(err)
}

// dailyKey says in which row of the table daily a check is counted.
type dailyKey struct {
	day, desk, operator, mode, outcome, decision string
	filmedAnyway                                 bool
}

func (c *checkRow) dailyKey() dailyKey {
	day := c.at[:min(len(c.at), len(dayLayout))]
	return dailyKey{day, c.desk, c.operator, c.mode, c.outcome, c.decision, c.filmedAnyway}
}

func (k dailyKey) values() []any {
	return []any{k.day, k.desk, k.operator, k.mode, k.outcome, k.decision, k.filmedAnyway}
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

// keepTables brings checks and daily up to date with a record that was just added.
func (a *appending) keepTables(ctx context.Context, r summary) error {
	if !r.concerns() {
		return nil
	}
	after, err := stateOf(ctx, a, r.check)
	if err != nil || !after.started() {
		return err
	}
	var before checkState
	rows, err := a.QueryContext(ctx, `SELECT `+checkColumns+` FROM checks WHERE seq = ?`, after.seq)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := before.scan(rows); err != nil {
			rows.Close()
			return err
		}
	}
	if err := rows.Close(); err != nil {
		return err
	}
	if before.checkRow == after.checkRow {
		return nil
	}
	if _, err := a.ExecContext(ctx, putCheck, after.values()...); err != nil {
		return err
	}
	from, to := before.dailyKey(), after.dailyKey()
	if before.started() && from == to {
		return nil
	}
	if _, err := a.ExecContext(ctx, countOneMore, to.values()...); err != nil || !before.started() {
		return err
	}
	for _, statement := range []string{countOneLess, dropIfNone} {
		if _, err := a.ExecContext(ctx, statement, from.values()...); err != nil {
			return err
		}
	}
	return nil
}

// folded holds in memory what the tables checks and daily must hold.
type folded struct {
	checks []checkState
	places map[string]int // in checks, by id
	texts  map[string]string
}

func newFolded() *folded { return &folded{places: map[string]int{}, texts: map[string]string{}} }

// add takes in the next record of the history. It keeps no part of the payload.
func (f *folded) add(r summary) {
	if !r.concerns() {
		return
	}
	place, known := f.places[r.check]
	if !known && r.kind != history.KindStarted {
		return
	}
	f.keep(&r)
	if !known {
		place = len(f.checks)
		f.checks = append(f.checks, checkState{})
		f.places[r.check] = place
	}
	f.checks[place].apply(r)
}

// keep gives the summary texts of its own. Those that many records share are kept once.
func (f *folded) keep(r *summary) {
	for _, text := range []*string{&r.instance, &r.operator, &r.desk, &r.mode, &r.outcome, &r.status, &r.choice} {
		kept, ok := f.texts[*text]
		if !ok {
			kept = strings.Clone(*text)
			f.texts[kept] = kept
		}
		*text = kept
	}
	for _, text := range []*string{&r.at, &r.check, &r.session, &r.request} {
		*text = strings.Clone(*text)
	}
}

func (f *folded) daily() map[dailyKey]int64 {
	counts := map[dailyKey]int64{}
	for i := range f.checks {
		counts[f.checks[i].dailyKey()]++
	}
	return counts
}

// Rebuild makes the tables of lists anew from the records, for a history whose
// records are whole while Verify says that its lists are not. What names are found by
// is made anew with the master key; where that is not to be had it stays as it is,
// and the error says why.
func (s *Store) Rebuild(ctx context.Context) error {
	master, keyErr := s.vault.Master(ctx, false)
	err := sqlite.Transact(ctx, s.writer, func(ctx context.Context, tx *sql.Tx) error {
		if err := rebuild(ctx, tx); err != nil || keyErr != nil {
			return err
		}
		return s.rebuildNames(ctx, tx, master)
	})
	if err == nil && !errors.Is(keyErr, vault.ErrNoKey) {
		err = keyErr
	}
	return problem(err)
}

// rebuild makes the tables checks and daily anew.
func rebuild(ctx context.Context, tx *sql.Tx) error {
	f := newFolded()
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
		f.add(parse(seq, string(payload)))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, statement := range []string{`DELETE FROM checks`, `DELETE FROM daily`} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	put, err := tx.PrepareContext(ctx, putCheck)
	if err != nil {
		return err
	}
	defer put.Close()
	for i := range f.checks {
		if _, err := put.ExecContext(ctx, f.checks[i].values()...); err != nil {
			return err
		}
	}
	for key, n := range f.daily() {
		_, err := tx.ExecContext(ctx, `INSERT INTO daily VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, append(key.values(), n)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// listsError says that the tables of lists do not hold what the records say: of the
// check with this first record or, where that is 0, of no single check.
type listsError struct{ seq int64 }

func (e listsError) Error() string {
	return fmt.Sprintf("the tables of lists do not match record %d", e.seq)
}

// compare compares the tables checks and daily with the records.
func (f *folded) compare(ctx context.Context, q sqlite.Querier) error {
	rows, err := q.QueryContext(ctx, `SELECT `+checkColumns+`,
		coalesce(branch, expired, inspection, virtual_camera) IS NULL FROM checks ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var row checkRow
		var restEmpty bool
		if err := row.scan(rows, &restEmpty); err != nil {
			return err
		}
		switch {
		case n >= len(f.checks):
			return listsError{row.seq}
		case row != f.checks[n].checkRow || !restEmpty:
			return listsError{f.checks[n].seq}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n < len(f.checks) {
		return listsError{f.checks[n].seq}
	}
	return f.compareDaily(ctx, q)
}

func (f *folded) compareDaily(ctx context.Context, q sqlite.Querier) error {
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
		if err := rows.Scan(&k.day, &k.desk, &k.operator, &k.mode, &k.outcome, &k.decision, &k.filmedAnyway, &n); err != nil {
			return damaged(err)
		}
		if n == 0 || want[k] != n {
			return listsError{}
		}
		delete(want, k)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(want) > 0 {
		return listsError{}
	}
	return nil
}
