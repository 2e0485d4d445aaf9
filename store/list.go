package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"facematch/app/history"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/seal"
	"facematch/store/internal/vault"
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

// List gives one page of the checks a filter chooses, in its order. A check without an
// end is running while its program is alive, and interrupted or unknown otherwise. A
// name that cannot be opened here leaves its row Sealed and is not an error; KeyProblem
// says why. A search for words in names needs the key: without it the error is a
// *matcher.Problem.
func (s *Store) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	var found []listed
	err := s.reading(ctx, f.Words, func(r *reading) error {
		places, err := r.choose(ctx, f, pageLimit(f.Limit))
		if err == nil {
			found, err = r.rows(ctx, places)
		}
		return err
	})
	if err != nil {
		return nil, problem(err)
	}
	return s.openNames(ctx, found)
}

// Count counts what a filter chooses, however much that is. Before, After, Sort and
// Limit do not matter.
func (s *Store) Count(ctx context.Context, f history.Filter) (counts history.Counts, err error) {
	err = s.reading(ctx, f.Words, func(r *reading) error {
		counts, err = r.count(ctx, f)
		return err
	})
	return counts, problem(err)
}

// Choices gives the values that filters can choose from, each sorted.
func (s *Store) Choices(ctx context.Context) (history.Choices, error) {
	var c history.Choices
	err := s.reading(ctx, "", func(r *reading) error {
		var err error
		if c.Operators, err = texts(ctx, r.tx, `SELECT DISTINCT operator FROM daily ORDER BY operator`); err != nil {
			return err
		}
		if c.Desks, err = texts(ctx, r.tx, `SELECT DISTINCT desk FROM daily ORDER BY desk`); err != nil {
			return err
		}
		codes, err := texts(ctx, r.tx, codesQuery)
		for i := 0; err == nil && i < len(codes); i++ {
			var code int
			code, err = strconv.Atoi(codes[i])
			c.Codes = append(c.Codes, code)
		}
		return damaged(err)
	})
	return c, problem(err)
}

// codesQuery steps from each code to the next, so that it does not read all checks.
const codesQuery = `WITH RECURSIVE c (code) AS (
	SELECT min(code) FROM checks
	UNION ALL SELECT (SELECT min(code) FROM checks WHERE code > c.code) FROM c WHERE c.code IS NOT NULL)
	SELECT code FROM c WHERE code IS NOT NULL`

// Show gives everything about a check. The error is store.check_unknown where there is
// no such check.
func (s *Store) Show(ctx context.Context, check string) (history.Detail, error) {
	var shown read
	var attempts []listed
	err := s.reading(ctx, "", func(r *reading) error {
		var err error
		if shown, err = r.check(ctx, check); err != nil {
			return err
		}
		seqs, err := numbers(ctx, r.tx, sessionQuery, shown.detail.Session)
		if err != nil {
			return err
		}
		places := make([]place, len(seqs))
		for i, seq := range seqs {
			places[i].seq = seq
		}
		attempts, err = r.rows(ctx, places)
		return err
	})
	if err != nil {
		return history.Detail{}, problem(err)
	}
	rows, err := s.openNames(ctx, attempts)
	if err != nil {
		return history.Detail{}, problem(err)
	}
	master, err := s.vault.Master(ctx, false)
	if err != nil && ctx.Err() != nil {
		return history.Detail{}, ctx.Err()
	}
	s.unsealAll(master, &shown)
	shown.detail.Attempts = rows
	return shown.detail, nil
}

// sessionQuery takes a session and gives the first records of its checks.
const sessionQuery = `SELECT group_concat(seq) FROM record WHERE session = ? AND kind = 'started'`

// Each hands over everything about each check a filter chooses, in its order, all as of
// one moment, until do fails. It holds one check at a time, and the places of some
// thousands. Attempts stay nil; a Limit of 0 is no limit. do must not use the store,
// because Each keeps one of its connections.
func (s *Store) Each(ctx context.Context, f history.Filter, do func(history.Detail) error) error {
	// Before anything is open in the database, as the keyring may take its time.
	master, err := s.vault.Master(ctx, false)
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
			places, err := r.choose(ctx, f, some)
			if err != nil {
				return err
			}
			for _, p := range places {
				c, err := r.checkAt(ctx, p.seq)
				if err != nil {
					return err
				}
				s.unsealAll(master, &c)
				if err := do(c.detail); err != nil {
					return err
				}
			}
			if left -= len(places); len(places) < some || f.Limit > 0 && left <= 0 {
				return nil
			}
			last := places[len(places)-1]
			f.After = &history.Row{Seq: last.seq, Score: last.score}
		}
	}))
}

// reading is a look at the history as of one moment.
type reading struct {
	tx     *sql.Tx
	alive  func(string) bool
	tokens *nametoken.Hasher // where words are looked for
	head   history.Head

	// open says what each check without an end is now.
	open map[int64]history.Outcome
}

// reading looks at the history, with what is needed to look for words where there are
// some.
func (s *Store) reading(ctx context.Context, words string, do func(*reading) error) error {
	r := &reading{alive: s.aliveOnce(), open: map[int64]history.Outcome{}}
	if strings.TrimSpace(words) != "" {
		master, err := s.vault.Master(ctx, false)
		switch {
		case errors.Is(err, vault.ErrNoKey): // nothing is sealed yet
		case err != nil:
			return err
		default:
			if r.tokens, err = nametoken.New(master, s.id); err != nil {
				return err
			}
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
	open, err := openChecks(ctx, tx)
	if err != nil {
		return err
	}
	for i := range open {
		r.open[open[i].seq] = open[i].openOutcome(r.alive)
	}
	return do(r)
}

// listed is a row of a list, its name still sealed.
type listed struct {
	row       history.Row
	key, name seal.Part
}

// rows reads the rows of checks, in the order of the places.
func (r *reading) rows(ctx context.Context, places []place) ([]listed, error) {
	order := make(map[int64]int, len(places))
	seqs := make([]int64, len(places))
	for i, p := range places {
		order[p.seq], seqs[i] = i, p.seq
	}
	rows, err := r.tx.QueryContext(ctx, rowsQuery, jsonOf(seqs))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make([]listed, len(places))
	for rows.Next() {
		var c checkRow
		var l listed
		var named bool
		if err := c.scan(rows, &named, &l.key.Nonce, &l.key.Ciphertext, &l.name.Nonce, &l.name.Ciphertext); err != nil {
			return nil, err
		}
		if l.row, err = c.row(); err != nil {
			return nil, damaged(err)
		}
		if outcome, ok := r.open[c.seq]; ok {
			l.row.Outcome = outcome
		}
		l.row.Sealed = l.name.Ciphertext != nil
		l.row.Erased = named && !l.row.Sealed
		found[order[c.seq]] = l
	}
	return found, rows.Err()
}

// rowsQuery takes a JSON list of numbers. It also gives whether there was a name, the
// session's key, and the name.
const rowsQuery = `SELECT ` + checkColumns + `,
		(SELECT payload ->> '$.sealed.name' IS NOT NULL FROM record WHERE record.seq = checks.seq),
		key_nonce, wrapped, name_nonce, ciphertext
	FROM json_each(?) CROSS JOIN checks NOT INDEXED ON seq = value
	LEFT JOIN (SELECT session AS key_session, nonce AS key_nonce, wrapped FROM session_key) ON key_session = session
	LEFT JOIN (SELECT record AS named, nonce AS name_nonce, ciphertext FROM sealed WHERE part = 'name') ON named = seq`

// openNames gives the rows with the names that can be opened. The keyring may take its
// time, so it is asked when nothing is open in the database.
func (s *Store) openNames(ctx context.Context, found []listed) ([]history.Row, error) {
	var master []byte
	if slices.ContainsFunc(found, func(l listed) bool { return l.row.Sealed }) {
		var err error
		if master, err = s.vault.Master(ctx, false); err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	rows := make([]history.Row, len(found))
	for i, l := range found {
		rows[i] = l.row
		if master == nil || !l.row.Sealed {
			continue
		}
		if name, err := s.openPart(master, l.row.Session, l.row.Check, seal.Name, l.name, l.key); err == nil {
			rows[i].Name, rows[i].Sealed = string(name), false
		}
	}
	return rows, nil
}

func pageLimit(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return limit
}
