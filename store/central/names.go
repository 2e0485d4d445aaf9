package central

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/seal"
	"facematch/store/internal/unseal"
)

// searchBatch is how many checks a search for what is sealed reads at once.
const searchBatch = 500

// opening is an auditors' key in use, and what it opened.
type opening struct {
	key history.AuditorsKey

	mu       sync.Mutex
	sessions map[session][]byte // their keys; nil: the auditors' key does not open it
	seen     map[string]bool    // the checks whose names were looked at, and whether they opened
}

// session is a session of a chain. Its id alone could be another desk's too.
type session struct {
	chain int
	id    string
}

// WithKey gives the same checks with what a key of the auditors opens. It is not closed: the
// connections are those of the Reader it comes from.
func (r *Reader) WithKey(key history.AuditorsKey) *Reader {
	return &Reader{pool: r.pool, opening: &opening{key: key, sessions: map[session][]byte{}, seen: map[string]bool{}}}
}

// NamesRead is how many names were looked at with the key.
func (r *Reader) NamesRead() (read history.NamesRead) {
	o := r.opening
	if o == nil {
		return read
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, opened := range o.seen {
		if opened {
			read.Opened++
		} else {
			read.Sealed++
		}
	}
	return read
}

// part opens a part with the key of its session, which is wrapped for the auditors.
func (o *opening) part(of session, check, name string, wrapped, nonce, ciphertext []byte) ([]byte, bool) {
	if wrapped == nil {
		return nil, false
	}
	o.mu.Lock()
	key, known := o.sessions[of]
	o.mu.Unlock()
	if !known {
		key, _ = o.key.Unwrap(wrapped, seal.KeySize) // one for others stays sealed
		o.mu.Lock()
		o.sessions[of] = key
		o.mu.Unlock()
	}
	if len(key) != seal.KeySize {
		return nil, false
	}
	text, err := seal.Open(key, nonce, ciphertext, seal.PartBinding(of.id, check, name))
	return text, err == nil
}

// opened is what of a check can be searched for.
type opened struct {
	had   bool              // it has a name, or had
	here  bool              // which is at the centre
	parts map[string]string // by name, of those that open
}

// searchable reads and opens names and, where a search asks for them, references and numbers
// of checks.
func (r *Reader) searchable(ctx context.Context, o *opening, checks, parts []string) (map[string]opened, error) {
	rows, err := r.pool.Query(ctx, `SELECT k.chain, k."check", r.session, r.kind = 'started'
				AND facematch.parse(r.payload) #> '{sealed,name}' IS NOT NULL,
			coalesce(s.part, ''), s.nonce, s.ciphertext, y.audit_wrapped
		FROM facematch.checks k
		JOIN facematch.record r ON r.chain = k.chain AND r."check" = k."check" AND NOT r.lost
			AND r.kind IN ('started', 'finished')
		LEFT JOIN facematch.sealed s ON s.chain = r.chain AND s.epoch = r.epoch AND s.seq = r.seq AND s.part = ANY ($2)
		LEFT JOIN facematch.session_key y ON y.chain = r.chain AND y.session = r.session
		WHERE k."check" = ANY ($1) AND NOT k.lost`, checks, parts)
	if err != nil {
		return nil, readProblem(ctx, err)
	}
	defer rows.Close()
	found := map[string]opened{}
	for rows.Next() {
		var of session
		var check, part string
		var had bool
		var nonce, ciphertext, wrapped []byte
		if err := rows.Scan(&of.chain, &check, &of.id, &had, &part, &nonce, &ciphertext, &wrapped); err != nil {
			return nil, readProblem(ctx, err)
		}
		c := found[check]
		if c.parts == nil {
			c.parts = map[string]string{}
		}
		c.had, c.here = c.had || had, c.here || part == seal.Name
		if text, ok := o.part(of, check, part, wrapped, nonce, ciphertext); ok {
			c.parts[part] = string(text)
		}
		found[check] = c
	}
	return found, readProblem(ctx, rows.Err())
}

// name puts the name of a check into its row, and takes note that it was looked at.
func (o *opening) name(row *history.Row, c opened) {
	name, ok := c.parts[seal.Name]
	row.Name, row.Sealed, row.Erased = name, c.here && !ok, c.had && !c.here
	if c.here {
		o.mu.Lock()
		o.seen[row.Check] = ok
		o.mu.Unlock()
	}
}

// named gives a page of checks with the names that open.
func (r *Reader) named(ctx context.Context, o *opening, f history.Filter) ([]history.Row, error) {
	if f.Sealed() {
		return r.search(ctx, o, f)
	}
	rows, err := r.list(ctx, f)
	if err != nil || len(rows) == 0 {
		return rows, err
	}
	found, err := r.searchable(ctx, o, checksOf(rows), []string{seal.Name})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		o.name(&rows[i], found[rows[i].Check])
	}
	return rows, nil
}

func checksOf(rows []history.Row) []string {
	checks := make([]string, len(rows))
	for i := range rows {
		checks[i] = rows[i].Check
	}
	return checks
}

// search gives a page of the checks whose sealed parts a filter asks for: all others it
// chooses are opened one after the other.
func (r *Reader) search(ctx context.Context, o *opening, f history.Filter) ([]history.Row, error) {
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	var page []history.Row
	errFull := errors.New("the page is full")
	err := r.eachFound(ctx, o, f, func(row history.Row) error {
		if page = append(page, row); len(page) == f.Limit {
			return errFull
		}
		return nil
	})
	if errors.Is(err, errFull) {
		err = nil
	}
	return page, err
}

// eachFound hands over the checks that a search finds, in the order of the filter. Without a
// beginning it would open every name there is, so that is a problem.
func (r *Reader) eachFound(
	ctx context.Context, o *opening, f history.Filter, do func(history.Row) error,
) error {
	if f.From.IsZero() {
		return matcher.NewProblem(history.KeyCentrePeriod, nil)
	}
	parts := []string{seal.Name}
	if f.Reference != "" {
		parts = append(parts, seal.Reference)
	}
	if f.Number != "" {
		parts = append(parts, seal.Number)
	}
	all := f
	all.Words, all.Reference, all.Number, all.Limit = "", "", "", searchBatch
	for {
		rows, err := r.list(ctx, all)
		if err != nil || len(rows) == 0 {
			return err
		}
		found, err := r.searchable(ctx, o, checksOf(rows), parts)
		if err != nil {
			return err
		}
		for _, row := range rows {
			c := found[row.Check]
			if o.name(&row, c); !c.meets(f) {
				continue
			}
			if err := do(row); err != nil {
				return err
			}
		}
		if len(rows) < searchBatch {
			return nil
		}
		all.After = &rows[len(rows)-1]
	}
}

// meets reports whether what opened of a check is what a filter asks for.
func (c opened) meets(f history.Filter) bool {
	return (strings.TrimSpace(f.Words) == "" || nametoken.Match(c.parts[seal.Name], f.Words)) &&
		(strings.TrimSpace(f.Reference) == "" || nametoken.MatchReference(c.parts[seal.Reference], f.Reference)) &&
		(strings.TrimSpace(f.Number) == "" || nametoken.MatchNumber(c.parts[seal.Number], f.Number))
}

// countFound counts the checks that a search finds.
func (r *Reader) countFound(ctx context.Context, o *opening, f history.Filter) (history.Counts, error) {
	counts := history.Counts{ByOutcome: map[history.Outcome]int64{}}
	f.After, f.Sort = nil, history.Newest
	err := r.eachFound(ctx, o, f, func(row history.Row) error {
		counts.Total++
		counts.ByOutcome[row.Outcome]++
		switch row.Decision {
		case history.Undecided:
			counts.Undecided++
		case history.Identified:
			counts.Identified++
		}
		return nil
	})
	return counts, err
}

// unseal opens what was sealed of a check for the auditors, and says what was erased.
func (r *Reader) unseal(ctx context.Context, o *opening, chain int, d *history.Detail) error {
	var wrapped []byte
	keyless := false
	err := r.pool.QueryRow(ctx, `SELECT audit_wrapped FROM facematch.session_key WHERE chain = $1 AND session = $2`,
		chain, d.Session).Scan(&wrapped)
	if errors.Is(err, pgx.ErrNoRows) {
		keyless, err = true, nil
	}
	if err != nil {
		return readProblem(ctx, err)
	}
	rows, err := r.pool.Query(ctx, `SELECT r.seq, r.parts, coalesce(s.part, ''), s.nonce, s.ciphertext
		FROM facematch.record r
		LEFT JOIN facematch.sealed s ON s.chain = r.chain AND s.epoch = r.epoch AND s.seq = r.seq
		WHERE r.chain = $1 AND r."check" = $2 AND NOT r.lost`, chain, d.Check)
	if err != nil {
		return readProblem(ctx, err)
	}
	defer rows.Close()
	type place struct {
		seq  int64
		part string
	}
	texts, here, came := map[place][]byte{}, map[place]bool{}, map[place]bool{}
	for rows.Next() {
		var at place
		var arrived []string
		var nonce, ciphertext []byte
		if err := rows.Scan(&at.seq, &arrived, &at.part, &nonce, &ciphertext); err != nil {
			return readProblem(ctx, err)
		}
		for _, part := range arrived {
			came[place{at.seq, part}] = true
		}
		here[at] = true
		if text, ok := o.part(session{chain, d.Session}, d.Check, at.part, wrapped, nonce, ciphertext); ok {
			texts[at] = text
		}
	}
	if err := rows.Err(); err != nil {
		return readProblem(ctx, err)
	}
	open := func(part string) ([]byte, bool) {
		for _, seq := range d.Seqs {
			if text, ok := texts[place{seq, part}]; ok {
				return text, true
			}
		}
		return nil, false
	}
	unseal.All(d, open, func(seq int64) ([]byte, bool) {
		text, ok := texts[place{seq, seal.Note}]
		return text, ok
	})
	erased := func(sealed, gone *bool, part string, seqs ...int64) {
		if *sealed && (keyless || slices.ContainsFunc(seqs, func(seq int64) bool {
			return came[place{seq, part}] && !here[place{seq, part}]
		})) {
			*sealed, *gone = false, true
		}
	}
	if name := d.Sealed || d.Name != ""; name && !keyless {
		o.mu.Lock()
		o.seen[d.Check] = !d.Sealed
		o.mu.Unlock()
	}
	erased(&d.Sealed, &d.Erased, seal.Name, d.Seqs...)
	erased(&d.ReferenceSealed, &d.ReferenceErased, seal.Reference, d.Seqs...)
	erased(&d.RawSealed, &d.RawErased, seal.Answer, d.Seqs...)
	erased(&d.FieldsSealed, &d.FieldsErased, seal.Fields, d.Seqs...)
	for i := range d.Decisions {
		erased(&d.Decisions[i].NoteSealed, &d.Decisions[i].NoteErased, seal.Note, d.Decisions[i].Seq)
	}
	for i := range d.Inspected {
		erased(&d.Inspected[i].NoteSealed, &d.Inspected[i].NoteErased, seal.Note, d.Inspected[i].Seq)
	}
	return nil
}
