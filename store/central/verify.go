package central

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
)

// StageVerifying is the stage of Verify's progress; Done and Total are records.
const StageVerifying matcher.Stage = "verifying"

// Finding is a row of the centre that is not as the desks' records say.
type Finding = history.CentreFault

// Verdict is what verifying the centre gives.
type Verdict = history.CentreVerdict

// mostFindings is enough for anybody to see that a centre is not to be trusted.
const mostFindings = 10_000

// progressEvery is how many records Verify reads between two reports.
const progressEvery = 5000

// optional are the parts that leave a desk only where its settings say so.
var optional = []string{seal.Answer, seal.Document, seal.Frame}

// Verify reads all records that the role of the connection sees, as of one moment, computes
// every hash anew, and compares the other tables with the records. It names each row that
// was changed, is gone, or does not belong there. What was changed by somebody who could
// also change the heads of chains, every later record and every table is noticed by the
// desks: each expects the head that the centre acknowledged.
func Verify(ctx context.Context, conn *pgx.Conn, progress matcher.ProgressFunc) (Verdict, error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return Verdict{}, readProblem(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	v, err := VerifyIn(ctx, tx, progress)
	return v, readProblem(ctx, err)
}

// VerifyIn is Verify in a transaction.
func VerifyIn(ctx context.Context, tx pgx.Tx, progress matcher.ProgressFunc) (Verdict, error) {
	v := Verdict{Faults: []Finding{}}
	chains, err := Chains(ctx, tx.Conn())
	if err != nil {
		return v, err
	}
	var total int64
	for _, c := range chains {
		total += c.Head
	}
	did, err := verifyActs(ctx, tx, &v)
	if err != nil {
		return v, err
	}
	for _, c := range chains {
		w := walk{Verdict: &v, tx: tx, chain: c, did: did, report: func() {
			progress.Report(StageVerifying, int(v.Records), int(max(total, v.Records)))
		}}
		if err := w.all(ctx); err != nil {
			return v, err
		}
		v.Chains++
	}
	if err := strangers(ctx, tx, &v); err != nil {
		return v, err
	}
	v.Intact = len(v.Faults) == 0
	return v, nil
}

// strangers names the tables that have rows of a chain that does not exist: no desk's verification
// reads them, but lists and totals would.
func strangers(ctx context.Context, tx pgx.Tx, v *Verdict) error {
	for _, table := range []string{"record", "sealed", "session_key", "erasure", "checks", "daily", "periods", "staff",
		"rates", "spread"} {
		rows, err := tx.Query(ctx, `SELECT DISTINCT chain FROM facematch.`+table+`
			WHERE chain NOT IN (SELECT id FROM facematch.chain) ORDER BY 1`)
		if err != nil {
			return err
		}
		chains, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return err
		}
		for _, chain := range chains {
			if len(v.Faults) < mostFindings {
				v.Faults = append(v.Faults, Finding{Table: table, What: history.CentreUnexpected,
					Which: fmt.Sprintf("chain %d", chain)})
			}
		}
	}
	return nil
}

// link gives the hash of a record, as package store does.
func link(seq int64, prev, payload []byte) [sha256.Size]byte {
	h := sha256.New()
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(seq))
	h.Write(number[:])
	h.Write(prev)
	h.Write(payload)
	return [sha256.Size]byte(h.Sum(nil))
}

// place is where a record stands in its chain.
type place struct {
	epoch int
	seq   int64
}

type part struct {
	name       string
	sum, nonce string
}

// walk verifies one chain.
type walk struct {
	*Verdict
	tx     pgx.Tx
	chain  Chain
	did    acts
	report func()

	epochs  []int64 // the first number of each, epoch 1 first
	parts   map[place][]part
	keys    map[string]bool             // sessions with a key of the right length
	audited map[string]string           // the SHA-256 of the auditors' keys, by session
	begun   map[string]string           // of those that "started" records name
	without map[string]bool             // sessions whose auditors' key was withdrawn
	faded   map[string]bool             // sessions of which a sealed part was deleted
	keyed   map[string]place            // sessions with a sealed part that is here, and the last such record
	erased  map[string]map[string]int64 // session, part: the number of the record that says so
	holds   map[string][]hold           // by session, in the order of the records

	last     place
	lastHash []byte
	computed []byte            // of the last record, which differs from lastHash where the hash was changed
	hashes   map[place][]byte  // of the records before the first of a later epoch
	live     map[string]*state // by check
	gone     map[string]*state // of checks that began in lost records, by the epoch and the check
	texts    map[string]string // what many records say, once
}

// state is a check as far as its records were read, and the epoch it started in.
type state struct {
	checks.State
	epoch int
}

func (w *walk) fault(table string, at place, what history.CentreWhat, which string) {
	if len(w.Faults) < mostFindings {
		w.Faults = append(w.Faults, Finding{
			History: w.chain.History, Desk: w.chain.Desk, Table: table, Epoch: at.epoch, Seq: at.seq, What: what, Which: which,
		})
	}
}

func (w *walk) all(ctx context.Context) error {
	w.live, w.gone, w.hashes = map[string]*state{}, map[string]*state{}, map[place][]byte{}
	w.texts = map[string]string{}
	for _, step := range []func(context.Context) error{
		w.readEpochs, w.readErasures, w.readSealed, w.records, w.compareChecks, w.compareCounts,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	head := place{w.chain.Epoch, w.chain.Head}
	switch {
	case w.epochOf(w.last.seq) == w.last.epoch && w.last.seq < head.seq:
		w.fault("record", place{head.epoch, w.last.seq + 1}, history.CentreGone, fmt.Sprint(head.seq))
	case w.last.seq > head.seq, w.last.seq > 0 && !bytes.Equal(w.lastHash, w.chain.Hash) &&
		!bytes.Equal(w.computed, w.chain.Hash):
		w.fault("chain", head, history.CentreChanged, "")
	}
	for at, parts := range w.parts { // what is left belongs to no record
		for _, p := range parts {
			w.fault("sealed", at, history.CentreUnexpected, p.name)
		}
	}
	for session, at := range w.keyed {
		if !w.keys[session] {
			w.fault("session_key", at, history.CentreGone, session)
		}
	}
	w.compareAudited()
	w.report()
	return nil
}

// each runs a query of the chain and hands over its rows.
func (w *walk) each(ctx context.Context, query string, do func(pgx.Rows) error) error {
	rows, err := w.tx.Query(ctx, query, w.chain.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (w *walk) readEpochs(ctx context.Context) error {
	err := w.each(ctx, `SELECT first_seq FROM facematch.epoch WHERE chain = $1 ORDER BY epoch`, func(rows pgx.Rows) error {
		var first int64
		err := rows.Scan(&first)
		w.epochs = append(w.epochs, first)
		return err
	})
	if err == nil && len(w.epochs) != w.chain.Epoch {
		w.fault("epoch", place{epoch: w.chain.Epoch}, history.CentreGone, "")
	}
	return err
}

// epochOf is the epoch whose record of a number counts.
func (w *walk) epochOf(seq int64) int { return w.epochBefore(len(w.epochs)+1, seq) }

// epochBefore is the epoch whose record of a number counted until an epoch began.
func (w *walk) epochBefore(before int, seq int64) int {
	epoch := 1
	for i, first := range w.epochs[:min(before-1, len(w.epochs))] {
		if first <= seq {
			epoch = i + 1
		}
	}
	return epoch
}

// lostAt is the epoch by whose beginning a record was lost.
func (w *walk) lostAt(at place) int {
	epoch := at.epoch
	for epoch < len(w.epochs) {
		epoch++
		if w.epochs[epoch-1] <= at.seq {
			break
		}
	}
	return epoch
}

// hold is a record that puts a session on legal hold, or lifts that.
type hold struct {
	history.Hold
	arrived time.Time
	lost    bool
}

// readErasures reads from the records what was erased or on legal hold, and what administrators
// asked for.
func (w *walk) readErasures(ctx context.Context) error {
	w.holds = map[string][]hold{}
	w.erased = map[string]map[string]int64{}
	add := func(session, part string, seq int64) {
		if w.erased[session] == nil {
			w.erased[session] = map[string]int64{}
		}
		w.erased[session][part] = max(seq, w.erased[session][part])
	}
	type row struct{ session, part string }
	listed := map[row]*int64{}
	err := w.each(ctx, `SELECT session, part, seq FROM facematch.erasure WHERE chain = $1`, func(rows pgx.Rows) error {
		var r row
		var seq *int64
		err := rows.Scan(&r.session, &r.part, &seq)
		listed[r] = seq
		if seq == nil && (w.did.asked == nil || w.did.asked[r.session]) {
			add(r.session, r.part, math.MaxInt64)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = w.each(ctx, `SELECT seq, payload, kind, arrived, lost FROM facematch.record
		WHERE chain = $1 AND kind IN ('erased', 'hold') ORDER BY epoch, seq`,
		func(rows pgx.Rows) error {
			var seq int64
			var payload []byte
			var kind history.Kind
			var e history.Erasure
			var h hold
			if err := rows.Scan(&seq, &payload, &kind, &h.arrived, &h.lost); err != nil {
				return err
			}
			if kind == history.KindHold {
				if json.Unmarshal(payload, &h.Hold) == nil {
					w.holds[h.Session] = append(w.holds[h.Session], h)
				}
				return nil
			}
			if json.Unmarshal(payload, &e) != nil {
				return nil // the walk finds it changed
			}
			for _, p := range e.Parts {
				add(e.Session, string(p), seq)
				if _, there := listed[row{e.Session, string(p)}]; !there {
					w.fault("erasure", place{w.epochOf(seq), seq}, history.CentreGone, e.Session)
				}
			}
			return nil
		})
	if err != nil {
		return err
	}
	for r, seq := range listed {
		if seq != nil && w.erased[r.session][r.part] == 0 || seq == nil && w.did.asked != nil && !w.did.asked[r.session] {
			w.fault("erasure", place{}, history.CentreUnexpected, r.session)
		}
	}
	return nil
}

func (w *walk) readSealed(ctx context.Context) error {
	w.parts, w.keys, w.keyed = map[place][]part{}, map[string]bool{}, map[string]place{}
	w.audited, w.begun, w.faded = map[string]string{}, map[string]string{}, map[string]bool{}
	w.without = map[string]bool{}
	err := w.each(ctx, `SELECT epoch, seq, part, encode(sha256(ciphertext), 'hex'), encode(nonce, 'hex')
		FROM facematch.sealed WHERE chain = $1`, func(rows pgx.Rows) error {
		var at place
		var p part
		err := rows.Scan(&at.epoch, &at.seq, &p.name, &p.sum, &p.nonce)
		w.parts[at] = append(w.parts[at], p)
		return err
	})
	if err != nil {
		return err
	}
	return w.each(ctx, `SELECT session, length(nonce), length(wrapped), encode(sha256(audit_wrapped), 'hex')
		FROM facematch.session_key WHERE chain = $1`,
		func(rows pgx.Rows) error {
			var session string
			var nonce, wrapped int
			var audited *string
			err := rows.Scan(&session, &nonce, &wrapped, &audited)
			if audited != nil {
				w.audited[session] = *audited
			}
			w.keys[session] = nonce == 12 && wrapped == seal.KeySize+seal.Overhead
			if w.erased[session][string(history.PartKey)] > 0 {
				w.fault("session_key", place{}, history.CentreUnexpected, session)
			}
			return err
		})
}

// row is a record as the table has it.
type row struct {
	place
	hash, payload  []byte
	kind           string
	check, session *string
	at, arrived    time.Time
	parts          []string
	lost           bool
}

func (w *walk) records(ctx context.Context) error {
	return w.each(ctx, `SELECT epoch, seq, hash, payload, kind, "check", session, at, arrived, parts, lost
		FROM facematch.record WHERE chain = $1 ORDER BY epoch, seq`, func(rows pgx.Rows) error {
		var r row
		if err := rows.Scan(&r.epoch, &r.seq, &r.hash, &r.payload, &r.kind, &r.check, &r.session, &r.at, &r.arrived,
			&r.parts, &r.lost); err != nil {
			return err
		}
		w.record(&r)
		if w.Records++; w.Records%progressEvery == 0 {
			w.report()
		}
		return nil
	})
}

// record verifies the next record of the chain.
func (w *walk) record(r *row) {
	w.chained(r)
	payload := unsafe.String(unsafe.SliceData(r.payload), len(r.payload))
	s := checks.Parse(r.seq, payload)
	at, atErr := time.Parse(time.RFC3339Nano, s.At)
	lost := r.epoch != w.epochOf(r.seq)
	if lost {
		w.Lost++
	}
	if fit(string(s.Kind)) != r.kind || fit(s.Check) != deref(r.check) || fit(s.Session) != deref(r.session) ||
		lost != r.lost ||
		atErr == nil && !at.Equal(r.at) {
		w.fault("record", r.place, history.CentreChanged, "columns")
	}
	w.beginAudited(r, s)
	w.sealedOf(r, s)
	s.At = r.at.UTC().Format(time.RFC3339Nano)
	if s.Check == "" {
		return
	}
	w.keep(&s)
	states, key := w.live, s.Check
	if lost { // the row of a lost check is of the records that were lost with it, not of those lost before
		states, key = w.gone, fmt.Sprint(w.lostAt(r.place), " ", s.Check)
	}
	c := states[key]
	if c == nil {
		c = &state{epoch: r.epoch}
		states[key] = c
	}
	if s.Kind == history.KindStarted && !c.Started() {
		c.epoch = r.epoch
	}
	c.Apply(s)
}

// keep gives a Summary texts of its own: as parts of the payload they would keep all of it.
func (w *walk) keep(s *checks.Summary) {
	s.Check, s.Session, s.Request = strings.Clone(s.Check), strings.Clone(s.Session), strings.Clone(s.Request)
	for _, text := range []*string{&s.Instance, &s.Operator, &s.Desk, &s.Mode, &s.Outcome, &s.Status, &s.Choice} {
		kept, known := w.texts[*text]
		if !known {
			kept = strings.Clone(*text)
			w.texts[kept] = kept
		}
		*text = kept
	}
}

// chained looks whether a record follows from the one before it.
func (w *walk) chained(r *row) {
	prevHash, prevComputed := w.lastHash, w.computed
	next := w.last.seq + 1
	if r.epoch != w.last.epoch { // the first of an epoch follows a record of an earlier one
		next = 1
		if r.epoch <= len(w.epochs) {
			next = w.epochs[r.epoch-1]
		}
		prevHash = w.hashes[place{w.epochBefore(r.epoch, next-1), next - 1}]
		if next == 1 {
			prevHash = make([]byte, sha256.Size)
		}
		prevComputed = prevHash
	}
	computed := link(r.seq, prevHash, r.payload)
	switch {
	case r.seq > next:
		w.fault("record", place{r.epoch, next}, history.CentreGone, fmt.Sprint(r.seq-1))
		computed = [sha256.Size]byte{}
		copy(computed[:], r.hash)
	case r.seq < next:
		w.fault("record", r.place, history.CentreUnexpected, "")
	case !bytes.Equal(computed[:], r.hash):
		other := link(r.seq, prevComputed, r.payload)
		if bytes.Equal(other[:], r.hash) {
			break // only the hash of the record before was changed, which is named
		}
		w.fault("record", r.place, history.CentreUnchained, "")
	}
	w.last, w.lastHash, w.computed = r.place, r.hash, computed[:]
	for _, first := range w.epochs {
		if r.seq == first-1 {
			w.hashes[r.place] = r.hash
		}
	}
}

// sealedOf compares the sealed parts of a record with those it names.
func (w *walk) sealedOf(r *row, s checks.Summary) {
	here := w.parts[r.place]
	delete(w.parts, r.place)
	sums, nonces := gjson.Parse(s.Sealed), gjson.Parse(s.Nonces)
	text := func(of gjson.Result, name string) (found string) {
		of.ForEach(func(key, value gjson.Result) bool {
			found = value.Str
			return key.Str != name
		})
		return found
	}
	var names []string
	sums.ForEach(func(key, _ gjson.Result) bool {
		names = append(names, key.Str)
		return true
	})
	for _, p := range here {
		switch {
		case !slices.Contains(names, p.name):
			w.fault("sealed", r.place, history.CentreUnexpected, p.name)
		case text(sums, p.name) != p.sum || text(nonces, p.name) != p.nonce:
			w.fault("sealed", r.place, history.CentreChanged, p.name)
		case w.erasedAfter(s.Session, p.name, r.seq):
			w.fault("sealed", r.place, history.CentreUnexpected, p.name)
		}
		if !slices.Contains(r.parts, p.name) {
			w.fault("record", r.place, history.CentreChanged, "parts")
		}
		w.keyed[s.Session] = r.place
	}
	for _, name := range names {
		if slices.ContainsFunc(here, func(p part) bool { return p.name == name }) {
			continue
		}
		switch {
		case w.erasedAfter(s.Session, name, r.seq), w.expiredOf(r, s.Session, name):
			w.faded[strings.Clone(s.Session)] = true
		case slices.Contains(optional, name) && !slices.Contains(r.parts, name):
			w.NotHere++
		default:
			w.fault("sealed", r.place, history.CentreGone, name)
		}
	}
}

// underWay is longer than a push or expire takes. Both write down the time at which they began.
const underWay = time.Hour

// expiredOf reports whether a part of a record may have been deleted after its period: at some
// time when the record was there and its session not on legal hold.
func (w *walk) expiredOf(r *row, session, part string) bool {
	for _, e := range slices.Backward(w.did.expired[part]) {
		from := r.at.Add(e.last.Sub(e.before)) // when its time was over
		for _, t := range []time.Time{e.first, r.arrived.Add(-underWay)} {
			if t.After(from) {
				from = t
			}
		}
		if r.at.Before(e.before) && !from.After(e.last) && !w.heldAll(session, from, e.last) {
			return true
		}
	}
	return false
}

// heldAll reports whether the centre knew a session as on legal hold all the time between two.
// A hold of which a record was lost since does not count.
func (w *walk) heldAll(session string, from, to time.Time) bool {
	held := false
	for _, h := range w.holds[session] {
		switch {
		case h.lost:
			return false
		case h.Held && !h.arrived.Add(underWay).After(from):
			held = true
		case !h.Held && !h.arrived.After(to):
			held = false
		}
	}
	return held
}

// erasedAfter reports whether a part of a record was erased, alone or with the key.
func (w *walk) erasedAfter(session, part string, seq int64) bool {
	switch part {
	case seal.Document, seal.Frame:
		part = string(history.PartImages)
	case seal.Number:
		part = string(history.PartFields)
	}
	of := w.erased[session]
	return of[string(history.PartKey)] > seq || of[part] > seq
}

// listed is a row of checks in one form for both sides.
type listed struct {
	check, session, mode, outcome, status, decision, operator, desk, request string
	inspection                                                               string
	at, decidedAt                                                            int64
	score, code, portrait, picture, took, expired                            int64
	hasScore, hasCode, hasPortrait, hasPicture, hasTook, hasExpired          bool
	minor, filmed, virtual, sent, lost                                       bool
}

func (c *state) listed(lost bool) listed {
	number := func(n int64, valid bool) (int64, bool) {
		if !valid {
			return 0, false
		}
		return n, true
	}
	l := listed{
		check: fit(c.Check), session: fit(c.Session), mode: fit(c.Mode), outcome: fit(c.Outcome), status: fit(c.Status),
		decision: c.Decision, inspection: fit(c.Inspection), operator: fit(c.Operator), desk: fit(c.Desk),
		request: fit(c.Request),
		at:      micro(c.At), decidedAt: micro(c.DecidedAt),
		minor: c.Minor, filmed: c.FilmedAnyway, virtual: c.VirtualCamera, sent: c.Sent, lost: lost,
	}
	l.score, l.hasScore = number(c.Score.Int64, c.Score.Valid)
	l.code, l.hasCode = number(c.Code.Int64, c.Code.Valid)
	l.portrait, l.hasPortrait = number(c.PortraitQuality.Int64, c.PortraitQuality.Valid)
	l.picture, l.hasPicture = number(c.PictureQuality.Int64, c.PictureQuality.Valid)
	l.took, l.hasTook = number(c.TookMS.Int64, c.TookMS.Valid)
	if l.hasExpired = c.Expired.Valid; c.Expired.Bool {
		l.expired = 1
	}
	return l
}

func micro(at string) int64 {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return 0
	}
	return t.UnixMicro()
}

// compareChecks compares the table checks with the records.
func (w *walk) compareChecks(ctx context.Context) error {
	want := map[place]listed{}
	for lost, states := range map[bool]map[string]*state{false: w.live, true: w.gone} {
		for _, c := range states {
			if c.Started() {
				want[place{c.epoch, c.Seq}] = c.listed(lost)
			}
		}
	}
	err := w.each(ctx, `SELECT epoch, seq, "check", session, mode, coalesce(outcome, ''),
			coalesce(status, ''), coalesce(decision, ''), coalesce(inspection, ''), operator, desk, coalesce(request, ''),
			at, decided_at, score, code, portrait_quality, picture_quality, took_ms, expired, minor,
			filmed_anyway, virtual_camera, sent, lost
		FROM facematch.checks WHERE chain = $1`, func(rows pgx.Rows) error {
		var at place
		var l listed
		var when time.Time
		var decided *time.Time
		var numbers [6]*int64
		if err := rows.Scan(&at.epoch, &at.seq, &l.check, &l.session, &l.mode, &l.outcome, &l.status, &l.decision,
			&l.inspection,
			&l.operator, &l.desk, &l.request, &when, &decided, &numbers[0], &numbers[1], &numbers[2], &numbers[3], &numbers[4],
			&numbers[5],
			&l.minor, &l.filmed, &l.virtual, &l.sent, &l.lost); err != nil {
			return err
		}
		l.at = when.UnixMicro()
		if decided != nil {
			l.decidedAt = decided.UnixMicro()
		}
		for i, to := range []struct {
			value *int64
			has   *bool
		}{{&l.score, &l.hasScore}, {&l.code, &l.hasCode}, {&l.portrait, &l.hasPortrait}, {&l.picture, &l.hasPicture},
			{&l.took, &l.hasTook}, {&l.expired, &l.hasExpired}} {
			if numbers[i] != nil {
				*to.value, *to.has = *numbers[i], true
			}
		}
		expected, known := want[at]
		switch {
		case !known:
			w.fault("checks", at, history.CentreUnexpected, l.check)
		case l != expected:
			w.fault("checks", at, history.CentreChanged, expected.check)
		}
		delete(want, at)
		return nil
	})
	for at, l := range want {
		w.fault("checks", at, history.CentreGone, l.check)
	}
	return err
}

// counts are the rows that a table of counts should have: the numbers of each by the texts of
// its key, which are joined by NUL. No text of the centre has one.
type counts map[string][]int64

func keyOf(texts ...string) string { return strings.Join(texts, "\x00") }

const daySeconds = 24 * 60 * 60

// dayOf gives the day of a moment, counted from 1970.
func dayOf(at time.Time) int64 { return at.Truncate(daySeconds*time.Second).Unix() / daySeconds }

// startOf gives the beginning of the day, week or month in which a day lies, as dayText does.
func startOf(g grain, day int64) string {
	if g == always {
		return "-infinity"
	}
	return g.start(time.Unix(day*daySeconds, 0)).Format(dayLayout)
}

// add adds numbers to a row.
func (c counts) add(numbers []int64, key ...string) {
	at := keyOf(key...)
	c[at] = plus(c[at], numbers)
}

// plus adds numbers to to, in place, and returns it. A nil to stands for zeros.
func plus(to, numbers []int64) []int64 {
	if to == nil {
		return slices.Clone(numbers)
	}
	for i, n := range numbers {
		to[i] += n
	}
	return to
}

// dayLayout is how a day is compared, with its era. dayText gives it of a column.
const dayLayout = "2006-01-02 AD"

func dayText(column string) string {
	return `CASE WHEN isfinite(` + column + `) THEN to_char(` + column + `, 'YYYY-MM-DD BC') ELSE ` + column + `::text END`
}

// compareCounts compares the tables of counts with the records.
func (w *walk) compareCounts(ctx context.Context) error {
	// First, checks that fall into the same rows of every table are counted together.
	type like struct {
		day                                           int64
		desk, operator, mode, outcome, decision, code string
		filmed                                        bool
	}
	type valued struct {
		day                 int64
		kind, desk, outcome string
		value               int64
	}
	alike, equal := map[like][]int64{}, map[valued]int64{}
	for _, c := range w.live {
		if !c.Started() {
			continue
		}
		l := c.listed(false)
		day := dayOf(time.UnixMicro(l.at))
		code := ""
		if l.hasCode {
			code = fmt.Sprint(l.code)
		}
		of := like{day, l.desk, l.operator, l.mode, l.outcome, l.decision, code, l.filmed}
		alike[of] = plus(alike[of], l.rates())
		for kind, value := range l.spread() {
			of := valued{day, kind, l.desk, "", value}
			if kind == spreadScore {
				of.outcome = l.outcome
			}
			equal[of]++
		}
	}
	daily, periods, staff, rates := counts{}, counts{}, counts{}, counts{}
	for of, rated := range alike {
		n := []int64{rated[0]}
		daily.add(n, startOf(days, of.day), of.desk, of.operator, of.mode, of.outcome, of.decision, fmt.Sprint(of.filmed))
		for _, g := range []grain{days, weeks, months, always} {
			start := startOf(g, of.day)
			if g != always {
				periods.add(n, g.unit(), start, of.desk, of.outcome, of.decision)
				rates.add(rated[1:], "desk", g.unit(), start, of.desk, "")
			}
			if g != days {
				staff.add(n, g.unit(), start, of.desk, of.operator, of.mode, of.outcome, of.decision, of.code)
			}
			rates.add(rated[1:], "operator", g.unit(), start, of.desk, of.operator)
		}
	}
	values := map[string]map[int64]int64{} // of the rows of spread: how many checks have which value
	for of, n := range equal {
		for _, g := range []grain{days, weeks, months, always} {
			key := keyOf(g.unit(), startOf(g, of.day), of.kind, of.desk, of.outcome)
			if values[key] == nil {
				values[key] = map[int64]int64{}
			}
			values[key][of.value] += n
		}
	}
	spread := counts{}
	for key, of := range values {
		sorted := slices.Sorted(maps.Keys(of))
		for _, value := range slices.Clone(sorted) {
			sorted = append(sorted, of[value])
		}
		spread[key] = sorted
	}
	start := `unit, ` + dayText(`start`)
	for _, of := range []struct {
		table   string
		want    counts
		columns string
	}{
		{"daily", daily, dayText(`day`) + `, desk, operator, mode, outcome, decision, filmed_anyway::text],
			ARRAY[checks]`},
		{"periods", periods, start + `, desk, outcome, decision], ARRAY[checks]::bigint[]`},
		{"staff", staff, start + `, desk, operator, mode, outcome, decision, code], ARRAY[checks]::bigint[]`},
		{"rates", rates, `kind, ` + start + `, desk, operator],
			` + numbersOf(fmt.Sprintf(`array_dims(checks) = '[1:%d]' AND array_dims(identified) = '[1:%[1]d]'`, places),
			`checks || identified || ARRAY[filmed, overridden, portraits, portrait, pictures, picture]`)},
		{"spread", spread, start + `, kind, desk, outcome], ` + numbersOf(
			`array_ndims(value) = 1 AND array_lower(value, 1) = 1 AND array_dims(value) = array_dims(checks)`,
			`value || checks`)},
	} {
		query := `SELECT ARRAY[` + of.columns + ` FROM facematch.` + of.table + ` WHERE chain = $1`
		if err := w.compare(ctx, of.table, query, of.want); err != nil {
			return err
		}
	}
	return nil
}

// numbersOf gives the numbers of a row of arrays. Where the arrays do not have the form that they should
// have, it gives none, and for a null -1, which no row should have.
func numbersOf(form, arrays string) string {
	return `CASE WHEN ` + form + ` THEN array_replace(` + arrays + `, NULL, -1)::bigint[] ELSE '{}' END`
}

// rates gives 1, for the count, and then what the check adds to its rows of rates, as SQL's add_up.
func (l listed) rates() []int64 {
	one := func(is bool) int64 {
		if is {
			return 1
		}
		return 0
	}
	outcome := history.Outcome(l.outcome)
	place := unended
	if outcome != "" {
		place = firstEnd + placeOf(outcome)
	}
	numbers := make([]int64, 1+2*places)
	numbers[0], numbers[1+place] = 1, 1
	numbers[1+places+place] = one(l.decision == string(history.Identified))
	return append(numbers, one(l.filmed && overview.VerdictOf(outcome) != overview.NoVerdict),
		one((outcome == history.Pass || outcome == history.Fail) && l.decided()),
		one(l.hasPortrait), min(max(l.portrait, 0), 100), one(l.hasPicture), min(max(l.picture, 0), 100))
}

// decided reports whether a person decided about a verdict.
func (l listed) decided() bool {
	return l.decision == string(history.Approved) || l.decision == string(history.Rejected)
}

// spread are the values of a check in the table spread, as SQL's add_up gives them.
func (l listed) spread() map[string]int64 {
	values := map[string]int64{}
	switch history.Outcome(l.outcome) {
	case history.Pass, history.Refer, history.Fail:
	default:
		return values
	}
	if l.hasScore {
		values[spreadScore] = min(max(l.score/bandWidth, 0), overview.Bands-1)
	}
	if l.hasTook {
		values[spreadTook] = min(max(l.took/100, 0), overview.MostTenths)
	}
	if history.Outcome(l.outcome) == history.Refer && l.decided() && l.decidedAt != 0 {
		waited, unit := min(max((l.decidedAt-l.at)/1e6, 0), 2_000_000_000), int64(60)
		switch {
		case waited >= 2*24*3600:
			unit = 24 * 3600
		case waited >= 3600:
			unit = 3600
		}
		values[spreadWaited] = waited - waited%unit
	}
	return values
}

// compare compares a table of counts with what it should hold.
func (w *walk) compare(ctx context.Context, table, query string, want counts) error {
	name := func(key string) string { return strings.ReplaceAll(key, "\x00", ", ") }
	err := w.each(ctx, query, func(rows pgx.Rows) error {
		var texts []string
		var numbers []int64
		if err := rows.Scan(&texts, &numbers); err != nil {
			return err
		}
		key := keyOf(texts...)
		switch {
		case want[key] == nil:
			w.fault(table, place{}, history.CentreUnexpected, name(key))
		case !slices.Equal(want[key], numbers):
			w.fault(table, place{}, history.CentreChanged, name(key))
		}
		delete(want, key)
		return nil
	})
	for key := range want {
		w.fault(table, place{}, history.CentreGone, name(key))
	}
	return err
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// fit shortens a text as the SQL function of that name does.
func fit(s string) string {
	if len(s) <= 300 {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return string([]rune(s)[:50]) + hex.EncodeToString(sum[:])
}
