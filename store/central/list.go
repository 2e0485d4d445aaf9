package central

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
)

const (
	// defaultLimit is the length of a page where the filter has no Limit.
	defaultLimit = 100

	// shortestBeginning is how many bytes of an id are needed to search for its beginning.
	shortestBeginning = 8

	// runs is how long a check without an end counts as running: the centre cannot ask the
	// program.
	runs = "1 hour"
)

// Reader reads the checks of all desks that a role sees, as one history. Names stay sealed,
// unless it was made by WithKey.
type Reader struct {
	pool    *pgxpool.Pool
	opening *opening // nil: names stay sealed
}

// readers is how many calls of a Reader run at once: a list, its counts, an export.
const readers = 4

// planning is how PostgreSQL plans the queries of a Reader. A plan made for any value cannot use the
// indexes of some values only. Compiling a query of all months takes longer than running it. A page of
// an index costs hardly more than the next page of a table, from memory or a solid-state drive.
const planning = `SET plan_cache_mode = force_custom_plan; SET jit = off; SET random_page_cost = 1.1`

// Open connects a Reader by a connection string, as Connect does.
func Open(ctx context.Context, at string) (*Reader, error) {
	config, err := parse(at)
	if err != nil {
		return nil, err
	}
	return open(ctx, config)
}

// OpenAt connects a Reader with a certificate.
func OpenAt(ctx context.Context, at Address) (*Reader, error) {
	config, err := at.Config()
	if err != nil {
		return nil, err
	}
	return open(ctx, config)
}

func open(ctx context.Context, config *pgx.ConnConfig) (*Reader, error) {
	pool, err := pgxpool.ParseConfig("host=/nowhere user=nobody")
	if err != nil {
		return nil, err
	}
	pool.ConnConfig, pool.MaxConns = config, readers
	// pgbouncer would refuse these as parameters of the connection.
	pool.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, planning)
		return err
	}
	r := &Reader{}
	if r.pool, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return nil, readProblem(ctx, err)
	}
	var sees bool // a desk's role does not
	if err := r.pool.QueryRow(ctx, `SELECT count(*) >= 0 FROM facematch.migration`).Scan(&sees); err != nil {
		r.pool.Close()
		return nil, readProblem(ctx, err)
	}
	return r, nil
}

// Close ends the connections.
func (r *Reader) Close() error {
	r.pool.Close()
	return nil
}

// ID stands for all desks.
func (r *Reader) ID() string { return "centre" }

// Head is the head of all heads: how many records the desks have together, and the SHA-256
// of the lines "HISTORY SEQ HASH" of all of them, in the order of their ids.
func (r *Reader) Head(ctx context.Context) (history.Head, error) {
	var h history.Head
	err := r.pool.QueryRow(ctx, `SELECT coalesce(sum(head_seq), 0)::bigint, coalesce(max(head_at), now()),
			encode(sha256(convert_to(coalesce(string_agg(
				concat_ws(' ', history, head_seq, encode(head_hash, 'hex')), E'\n' ORDER BY history), ''), 'UTF8')), 'hex')
		FROM facematch.chain`).Scan(&h.Seq, &h.At, &h.Hash)
	h.At = h.At.UTC()
	return h, readProblem(ctx, err)
}

// mostCodes is beyond every code of an answer.
const mostCodes = 100

// Choices gives the values that filters can choose from.
func (r *Reader) Choices(ctx context.Context) (history.Choices, error) {
	var c history.Choices
	err := r.pool.QueryRow(ctx, `SELECT
		coalesce((SELECT array_agg(DISTINCT operator ORDER BY operator) FROM facematch.staff
			WHERE unit = 'all'), '{}'),
		coalesce((SELECT array_agg(DISTINCT desk ORDER BY desk) FROM facematch.staff
			WHERE unit = 'all'), '{}'),
		coalesce((SELECT array_agg(DISTINCT branch ORDER BY branch) FROM facematch.chain), '{}'),
		coalesce((SELECT array_agg(n ORDER BY n) FROM generate_series(0, $1::int) n WHERE n = 0 OR n::text IN (
			SELECT code FROM facematch.staff WHERE unit = 'all')), '{}')`, mostCodes).
		Scan(&c.Operators, &c.Desks, &c.Branches, &c.Codes)
	return c, readProblem(ctx, err)
}

// Each calls do for each check that a filter selects, until do fails. Checks that come
// meanwhile may be among them.
func (r *Reader) Each(ctx context.Context, f history.Filter, do func(history.Detail) error) error {
	left := f.Limit
	for {
		f.Limit = eachBatch
		if left > 0 {
			f.Limit = min(eachBatch, left)
		}
		rows, err := r.List(ctx, f)
		if err != nil {
			return err
		}
		for _, row := range rows {
			d, err := r.Show(ctx, row.Check)
			if err != nil {
				return err
			}
			if err := do(d); err != nil {
				return err
			}
		}
		if len(rows) < f.Limit || left > 0 && left <= len(rows) {
			return nil
		}
		if left > 0 {
			left -= len(rows)
		}
		f.After = &rows[len(rows)-1]
	}
}

// eachBatch is how many checks Each lists at once.
const eachBatch = 1000

// conditions is the WHERE clause of a filter.
type conditions struct {
	terms []string
	args  []any
}

// add adds a term, whose question marks stand for the values.
func (c *conditions) add(term string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		term = strings.Replace(term, "?", fmt.Sprint("$", len(c.args)), 1)
	}
	c.terms = append(c.terms, term)
}

// oneOf adds that a column has one of some values, where there are any. With one value an index
// gives the checks in the order of time, and only those of the page are read.
func oneOf[T any](c *conditions, column string, values []T) {
	switch len(values) {
	case 0:
	case 1:
		c.add(column+` = ?`, values[0])
	default:
		c.add(column+` = ANY (?)`, values)
	}
}

// outcome is what lists say of a check, also of one without an end.
const outcome = `coalesce(outcome, CASE WHEN sent THEN 'unknown' WHEN arrived > now() - interval '` +
	runs + `' THEN 'running' ELSE 'interrupted' END)`

func where(f history.Filter) (conditions, error) {
	var c conditions
	c.add(`NOT lost`)
	if f.Sealed() {
		return c, matcher.NewProblem("central.sealed", nil)
	}
	ended := slices.DeleteFunc(slices.Clone(f.Outcomes), func(o history.Outcome) bool {
		return o == history.Running
	})
	switch {
	case len(f.Outcomes) == 0:
	case slices.ContainsFunc(f.Outcomes, func(o history.Outcome) bool {
		return o == history.Running || o == history.Unknown || o == history.Interrupted
	}):
		open := `outcome IS NULL AND ` + outcome + ` = ANY (?)`
		if slices.Equal(f.Outcomes, []history.Outcome{history.Running}) { // which is never stored
			c.add(open, texts(f.Outcomes))
			break
		}
		c.add(`(outcome = ANY (?) OR `+open+`)`, texts(ended), texts(f.Outcomes))
	default:
		oneOf(&c, `outcome`, f.Outcomes)
	}
	if slices.Contains(f.Decisions, "") {
		c.add(`(decision IS NULL OR decision = ANY (?))`, texts(f.Decisions))
	} else {
		oneOf(&c, `decision`, f.Decisions)
	}
	oneOf(&c, `inspection`, f.Inspections)
	oneOf(&c, `mode`, f.Modes)
	oneOf(&c, `operator`, f.Operators)
	oneOf(&c, `desk`, f.Desks)
	if len(f.Branches) > 0 {
		c.add(ofBranches, f.Branches)
	}
	oneOf(&c, `code`, f.Codes)
	if f.LeastScore != nil {
		c.add(`score >= ?`, *f.LeastScore)
	}
	if f.MostScore != nil {
		c.add(`score <= ?`, *f.MostScore)
	}
	if !f.From.IsZero() {
		c.add(`at >= ?`, f.From)
	}
	if !f.To.IsZero() {
		c.add(`at < ?`, f.To)
	}
	for _, id := range []struct{ column, text string }{{`session`, f.Session}, {`"check"`, f.Check},
		{`request`, f.Request}} {
		text := strings.TrimSpace(id.text)
		if text == "" {
			continue
		}
		upTo := text
		if len(text) >= shortestBeginning {
			upTo += "\U0010ffff"
		}
		c.add(id.column+` BETWEEN ? AND ?`, text, upTo)
	}
	return c, nil
}

func texts[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// page adds what the order needs, and gives its ORDER BY.
func page(c *conditions, f history.Filter) string {
	after := f.After
	switch f.Sort {
	case history.Highest, history.Lowest:
		order, beyond := `score DESC NULLS LAST, at DESC, "check" DESC`, `<`
		if f.Sort == history.Lowest {
			order, beyond = `score ASC NULLS LAST, at DESC, "check" DESC`, `>`
		}
		switch {
		case after == nil:
		case after.Score == nil:
			c.add(`score IS NULL AND (at, "check") < (?, ?)`, after.At, after.Check)
		default:
			c.add(`(score `+beyond+` ? OR score IS NULL OR score = ? AND (at, "check") < (?, ?))`,
				*after.Score, *after.Score, after.At, after.Check)
		}
		return order
	case history.Oldest:
		if after != nil {
			c.add(`at >= ? AND (at, "check") > (?, ?)`, after.At, after.At, after.Check)
		}
		return `at, "check"`
	}
	if after != nil {
		c.add(`at <= ? AND (at, "check") < (?, ?)`, after.At, after.At, after.Check)
	}
	return `at DESC, "check" DESC`
}

// List gives one page of the checks a filter selects.
func (r *Reader) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	if r.opening != nil {
		return r.named(ctx, r.opening, f)
	}
	return r.list(ctx, f)
}

// list is List with the names sealed.
func (r *Reader) list(ctx context.Context, f history.Filter) ([]history.Row, error) {
	ordered, sorted, args, err := queries(f)
	if err != nil {
		return nil, err
	}
	found, err := r.sooner(ctx, ordered, sorted, args)
	return found, readProblem(ctx, err)
}

// queries gives two queries for the same page, as sooner needs them.
func queries(f history.Filter) (ordered, sorted string, args []any, err error) {
	c, err := where(f)
	if err != nil {
		return "", "", nil, err
	}
	// PostgreSQL answers EXISTS before it reads checks: a combination that no check has costs nothing.
	if known := (conditions{args: c.args}); known.counted(f) && len(known.args) > len(c.args) {
		c.args = known.args
		c.add(`EXISTS (SELECT FROM facematch.staff WHERE unit = 'all' AND ` + strings.Join(known.terms, " AND ") + `)`)
	}
	order := page(&c, f)
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	order = fmt.Sprint(` ORDER BY `, order, ` LIMIT `, f.Limit)
	selected := ` FROM facematch.checks WHERE ` + strings.Join(c.terms, " AND ")
	const columns = `SELECT seq, "check", session, at, mode, ` + outcome + `, score, code, coalesce(decision, ''),
		operator, desk, coalesce(request, ''), coalesce(inspection, '')`
	return columns + selected + order,
		`WITH k AS MATERIALIZED (SELECT chain, epoch, seq, at` + selected + noIndex.Replace(order) + `)` +
			columns + ` FROM k JOIN facematch.checks USING (chain, epoch, seq, at)` + order, c.args, nil
}

// noIndex rewrites an order so that no index can give it. The rows come in the same order.
var noIndex = strings.NewReplacer(`score`, `score + 0`, `at`, `at + interval '0'`)

// patience is how long a page may take before it is asked for in another way too.
const patience = 300 * time.Millisecond

// sooner gives the page of one query, or of another that gives the same: whichever is there first.
// The first goes through an index in the order of the page, until the page is full. That is soon,
// unless the filter selects few checks where the order goes through many. The other query first
// finds all checks that the filter selects, most often in the index checks_chain alone. PostgreSQL
// cannot know beforehand which of the two is the slow one: it takes columns to be independent that
// are not, such as score and outcome.
func (r *Reader) sooner(ctx context.Context, ordered, sorted string, args []any) ([]history.Row, error) {
	type answer struct {
		rows []history.Row
		err  error
	}
	answers := make(chan answer, 2)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the one that is not waited for
	ask := func(query string) {
		found, err := r.rowsOf(ctx, query, args)
		answers <- answer{found, err}
	}
	go ask(ordered)
	asked := 1
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case a := <-answers:
			if asked--; a.err == nil || asked == 0 {
				return a.rows, a.err
			}
		case <-late.C:
			go ask(sorted)
			asked++
		}
	}
}

// rowsOf gives the rows of a list.
func (r *Reader) rowsOf(ctx context.Context, query string, args []any) ([]history.Row, error) {
	rows, err := r.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (history.Row, error) {
		var h history.Row
		err := row.Scan(&h.Seq, &h.Check, &h.Session, &h.At, &h.Mode, &h.Outcome, &h.Score, &h.Code, &h.Decision,
			&h.Operator, &h.Desk, &h.Request, &h.Inspection)
		h.At, h.Sealed = h.At.UTC(), true
		return h, err
	})
}

// Show gives everything about one check that the centre has in clear, and what a key opens.
func (r *Reader) Show(ctx context.Context, check string) (history.Detail, error) {
	d, chain, err := r.show(ctx, check)
	if err == nil && r.opening != nil {
		err = r.unseal(ctx, r.opening, chain, &d)
	}
	return d, err
}

// show is Show without opening what is sealed. It gives the chain too.
func (r *Reader) show(ctx context.Context, check string) (d history.Detail, chain int, err error) {
	var hash []byte
	err = r.pool.QueryRow(ctx, `SELECT k.chain, c.head_seq, c.head_hash
		FROM facematch.checks k JOIN facematch.chain c ON c.id = k.chain
		WHERE k."check" = $1 ORDER BY k.lost LIMIT 1`, check).Scan(&chain, &d.Head.Seq, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, chain, matcher.NewProblem(history.KeyCheckUnknown, nil)
	}
	if err != nil {
		return d, chain, readProblem(ctx, err)
	}
	d.Head.Hash = fmt.Sprintf("%x", hash)
	rows, err := r.pool.Query(ctx,
		`SELECT seq, payload FROM facematch.record WHERE chain = $1 AND "check" = $2 AND NOT lost ORDER BY seq`,
		chain, check)
	if err != nil {
		return d, chain, readProblem(ctx, err)
	}
	defer rows.Close()
	var state checks.State
	for rows.Next() {
		var seq int64
		var payload []byte
		if err := rows.Scan(&seq, &payload); err != nil {
			return d, chain, err
		}
		if err := addTo(&d, &state, seq, payload); err != nil {
			return d, chain, matcher.NewProblem("central.record", nil, "Seq", seq)
		}
	}
	if err := rows.Err(); err != nil {
		return d, chain, readProblem(ctx, err)
	}
	if !state.Started() {
		return d, chain, matcher.NewProblem(history.KeyCheckUnknown, nil)
	}
	sealed := d.Sealed
	if d.Row, err = state.ListRow(); err != nil {
		return d, chain, matcher.NewProblem("central.record", nil, "Seq", state.Seq)
	}
	d.Sealed = sealed
	if d.Outcome == "" {
		d.Outcome = state.OpenOutcome(func(string) bool { return false })
	}
	return d, chain, nil
}

// addTo takes in the next record of a check.
func addTo(d *history.Detail, state *checks.State, seq int64, payload []byte) error {
	s := checks.Parse(seq, string(payload))
	first := !state.Started()
	state.Apply(s)
	d.Seqs = append(d.Seqs, seq)
	at, err := time.Parse(checks.TimeLayout, s.At)
	if err != nil {
		return err
	}
	switch s.Kind {
	case history.KindStarted:
		if !first {
			return nil
		}
		d.Sealed, d.ReferenceSealed = s.Seals(seal.Name), s.Seals(seal.Reference)
		return json.Unmarshal(payload, &d.Started)
	case history.KindFinished:
		d.RawSealed, d.FieldsSealed = s.Seals(seal.Answer), s.Seals(seal.Fields)
		d.Finished = &history.Finished{}
		return json.Unmarshal(payload, d.Finished)
	case history.KindDecided:
		d.Decisions = append(d.Decisions, history.Decided{At: at, Seq: seq, NoteSealed: s.Seals(seal.Note)})
		return json.Unmarshal(payload, &d.Decisions[len(d.Decisions)-1].Decision)
	case history.KindInspected:
		d.Inspected = append(d.Inspected, history.Inspected{At: at, Seq: seq, NoteSealed: s.Seals(seal.Note)})
		return json.Unmarshal(payload, &d.Inspected[len(d.Inspected)-1].Inspection)
	}
	return nil
}

// faults are how one history calls what is wrong with a table.
var faults = map[string]history.Fault{
	"record": history.FaultChain, "sealed": history.FaultSealed, "session_key": history.FaultKeyGone,
	"checks": history.FaultLists, "daily": history.FaultLists,
	"periods": history.FaultLists, "staff": history.FaultLists, "rates": history.FaultLists, "spread": history.FaultLists,
}

// Verify verifies all desks that the role sees, in the terms of one history: of the first
// fault. The package's Verify names them all.
func (r *Reader) Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error) {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return history.Verdict{}, readProblem(ctx, err)
	}
	defer conn.Release()
	all, err := Verify(ctx, conn.Conn(), progress)
	v := history.Verdict{Records: all.Records, Intact: all.Intact}
	if len(all.Faults) > 0 {
		first := all.Faults[0]
		v.Fault = faults[first.Table]
		if first.Table != "act" && first.Table != "period" { // whose numbers are no records
			v.BadSeq = first.Seq
		}
		if v.Fault == "" {
			v.Fault = history.FaultDamaged
		}
	}
	return v, readProblem(ctx, err)
}
