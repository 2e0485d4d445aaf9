package checks

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"facematch/app/history"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// View is a look at the checks as of one moment.
type View struct {
	tx     *sql.Tx
	tokens *nametoken.Hasher // nil where no name or reference can be searched for
	alive  func(instance string) bool

	// open says what each check without an end is now.
	open map[int64]history.Outcome
}

// NewView looks at the checks in a transaction. alive reports whether a running program is
// still there; without a hasher no names and references are found.
func NewView(ctx context.Context, tx *sql.Tx, h *nametoken.Hasher, alive func(instance string) bool) (*View, error) {
	v := &View{tx: tx, tokens: h, alive: alive, open: map[int64]history.Outcome{}}
	open, err := OpenChecks(ctx, tx)
	for i := range open {
		v.open[open[i].Seq] = open[i].OpenOutcome(alive)
	}
	return v, err
}

// Outcome is how a check ended or, where it has no end, what it is now.
func (v *View) Outcome(c *State) history.Outcome {
	if c.Ended == 0 {
		return c.OpenOutcome(v.alive)
	}
	return history.Outcome(c.Row.Outcome)
}

// Row reads one row of checks; the zero value where there is none.
func (v *View) Row(ctx context.Context, seq int64) (Row, error) { return rowAt(ctx, v.tx, seq) }

func rowAt(ctx context.Context, q sqlite.Querier, seq int64) (Row, error) {
	var row Row
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM checks WHERE seq = ?`, seq)
	if err != nil {
		return row, err
	}
	for rows.Next() {
		if err := row.scan(rows); err != nil {
			return row, errors.Join(err, rows.Close())
		}
	}
	return row, errors.Join(rows.Err(), rows.Close())
}

// Listed is a row of a list, its name still sealed.
type Listed struct {
	Row       history.Row
	Key, Name seal.Part
}

// Rows reads the rows of checks, in the order of the places.
func (v *View) Rows(ctx context.Context, places []Place) ([]Listed, error) {
	order := make(map[int64]int, len(places))
	seqs := make([]int64, len(places))
	for i, p := range places {
		order[p.Seq], seqs[i] = i, p.Seq
	}
	rows, err := v.tx.QueryContext(ctx, rowsQuery, jsonOf(seqs))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make([]Listed, len(places))
	for rows.Next() {
		var c Row
		var l Listed
		var named bool
		if err := c.scan(rows, &named, &l.Key.Nonce, &l.Key.Ciphertext, &l.Name.Nonce, &l.Name.Ciphertext); err != nil {
			return nil, err
		}
		if l.Row, err = c.ListRow(); err != nil {
			return nil, sqlite.Damaged(err)
		}
		if outcome, ok := v.open[c.Seq]; ok {
			l.Row.Outcome = outcome
		}
		l.Row.Sealed = l.Name.Ciphertext != nil
		l.Row.Erased = named && !l.Row.Sealed
		found[order[c.Seq]] = l
	}
	return found, rows.Err()
}

// rowsQuery takes a JSON list of numbers. It also gives whether there was a name, the
// session's key, and the name.
const rowsQuery = `SELECT ` + columns + `,
		(SELECT payload ->> '$.sealed.name' IS NOT NULL FROM record WHERE record.seq = checks.seq),
		key_nonce, wrapped, name_nonce, ciphertext
	FROM json_each(?) CROSS JOIN checks NOT INDEXED ON seq = value
	LEFT JOIN (SELECT session AS key_session, nonce AS key_nonce, wrapped FROM session_key) ON key_session = session
	LEFT JOIN (SELECT record AS named, nonce AS name_nonce, ciphertext FROM sealed WHERE part = 'name') ON named = seq`

// OfSession gives the checks of a session, oldest first.
func (v *View) OfSession(ctx context.Context, session string) ([]Place, error) {
	seqs, err := numbers(ctx, v.tx, sessionQuery, session)
	places := make([]Place, len(seqs))
	for i, seq := range seqs {
		places[i].Seq = seq
	}
	return places, err
}

// sessionQuery takes a session and gives the first records of its checks.
const sessionQuery = `SELECT group_concat(seq) FROM record WHERE session = ? AND kind = 'started'`

// Choices gives the values that filters can choose from, each sorted.
func (v *View) Choices(ctx context.Context) (history.Choices, error) {
	var c history.Choices
	var err error
	if c.Operators, err = texts(ctx, v.tx, `SELECT DISTINCT operator FROM daily ORDER BY operator`); err != nil {
		return c, err
	}
	if c.Desks, err = texts(ctx, v.tx, `SELECT DISTINCT desk FROM daily ORDER BY desk`); err != nil {
		return c, err
	}
	codes, err := texts(ctx, v.tx, codesQuery)
	for i := 0; err == nil && i < len(codes); i++ {
		var code int
		code, err = strconv.Atoi(codes[i])
		c.Codes = append(c.Codes, code)
	}
	return c, sqlite.Damaged(err)
}

// codesQuery steps from each code to the next, so that it does not read all checks.
const codesQuery = `WITH RECURSIVE c (code) AS (
	SELECT min(code) FROM checks
	UNION ALL SELECT (SELECT min(code) FROM checks WHERE code > c.code) FROM c WHERE c.code IS NOT NULL)
	SELECT code FROM c WHERE code IS NOT NULL`
