package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"facematch/app/history"
	"facematch/store/internal/sqlite"
)

// summary is what the state of a check and the verification need of a record's
// payload. Its texts are parts of the payload.
type summary struct {
	seq                             int64
	kind                            history.Kind
	at, check, session              string
	instance, operator, desk        string
	mode, outcome, status, choice   string
	code, score, took               sql.NullInt64
	request                         string
	minor, filmedAnyway             bool
	portraitQuality, pictureQuality sql.NullInt64
	sealed, nonces                  string // JSON
	notNumber                       bool   // a code or score is not a whole number
}

// parse reads a payload. It runs for each record of a history, so it reads only
// what the summary holds. A payload that is not JSON gives an empty summary.
func parse(seq int64, payload string) summary {
	r := summary{seq: seq}
	number := func(v gjson.Result) sql.NullInt64 {
		n, err := strconv.ParseInt(v.Raw, 10, 64)
		r.notNumber = r.notNumber || err != nil && v.Type != gjson.Null
		return sql.NullInt64{Int64: n, Valid: err == nil}
	}
	gjson.Parse(payload).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "kind":
			r.kind = history.Kind(value.Str)
		case "at":
			r.at = value.Str
		case "check":
			r.check = value.Str
		case "session":
			r.session = value.Str
		case "instance":
			r.instance = value.Str
		case "operator":
			r.operator = value.Str
		case "desk":
			r.desk = value.Str
		case "mode":
			r.mode = value.Str
		case "minor":
			r.minor = value.Bool()
		case "outcome":
			r.outcome = value.Str
		case "status":
			r.status = value.Str
		case "choice":
			r.choice = value.Str
		case "code":
			r.code = number(value)
		case "score":
			r.score = number(value)
		case "took_ns":
			r.took = number(value)
		case "remote":
			r.request = value.Get("request_id").Str
		case "quality":
			r.quality(value, number)
		case "sealed":
			r.sealed = value.Raw
		case "nonces":
			r.nonces = value.Raw
		}
		return true
	})
	return r
}

// quality reads what a "finished" record says of the two faces. A quality that was
// not measured is left out.
func (r *summary) quality(q gjson.Result, number func(gjson.Result) sql.NullInt64) {
	r.filmedAnyway = q.Get("capture_warning").Str != ""
	if v := q.Get("document.total"); v.Exists() {
		r.portraitQuality = number(v)
	}
	if v := q.Get("camera.total"); v.Exists() {
		r.pictureQuality = number(v)
	}
}

// seals reports whether the payload names a sealed part.
func (r summary) seals(part string) bool {
	return r.sealed != "" && gjson.Get(r.sealed, part).Str != ""
}

// checkRow is a row of the table checks. An empty text is NULL in the table.
type checkRow struct {
	seq                             int64
	at, check, session              string
	mode, outcome, status           string
	score, code                     sql.NullInt64
	decision, decidedAt             string
	operator, desk, request         string
	minor, filmedAnyway             bool
	portraitQuality, pictureQuality sql.NullInt64
	tookMS                          sql.NullInt64
}

// checkState is what a check is, as its records say. The zero value is a check
// that has no record.
type checkState struct {
	checkRow
	instance string // the program it runs or ran in
	sent     bool   // its request went out, or may have
	ended    int64  // the number of the record that says how it ended; 0: it has no end
	decided  bool
}

func (c *checkState) started() bool { return c.seq != 0 }

// apply takes in the next record of the check. This is the only place that says
// what a kind of record means for a check.
func (c *checkState) apply(r summary) {
	switch r.kind {
	case history.KindStarted:
		if c.started() {
			return
		}
		c.seq, c.at, c.check, c.session, c.mode = r.seq, r.at, r.check, r.session, r.mode
		c.operator, c.desk, c.instance, c.minor = r.operator, r.desk, r.instance, r.minor
	case history.KindSending:
		c.sent = true
	case history.KindFinished, history.KindInterrupted:
		c.ended, c.outcome, c.status, c.score, c.code = r.seq, r.outcome, r.status, r.score, r.code
		c.request, c.filmedAnyway = r.request, r.filmedAnyway
		c.portraitQuality, c.pictureQuality = r.portraitQuality, r.pictureQuality
		c.tookMS = sql.NullInt64{Int64: r.took.Int64 / int64(time.Millisecond), Valid: r.took.Valid}
		if c.decision == "" && history.Outcome(r.outcome) == history.Refer {
			c.decision = string(history.Undecided)
		}
	case history.KindDecided:
		c.decided, c.decidedAt = true, r.at
		switch history.Choice(r.choice) {
		case history.Approve:
			c.decision = string(history.Approved)
		case history.Reject:
			c.decision = string(history.Rejected)
		}
	}
}

// concerns reports whether a record changes the state of a check.
func (r summary) concerns() bool {
	switch r.kind {
	case history.KindStarted, history.KindSending, history.KindFinished, history.KindInterrupted, history.KindDecided:
		return r.check != ""
	}
	return false
}

// openOutcome is the outcome of a check that has no end.
func (c *checkState) openOutcome(alive func(instance string) bool) history.Outcome {
	switch {
	case alive(c.instance):
		return history.Running
	case c.sent:
		return history.Unknown
	}
	return history.Interrupted
}

// row is the check as lists show it, without the name.
func (c *checkRow) row() (history.Row, error) {
	at, err := time.Parse(timeLayout, c.at)
	r := history.Row{Seq: c.seq, Check: c.check, Session: c.session, At: at, Mode: history.Mode(c.mode),
		Outcome: history.Outcome(c.outcome), Decision: history.DecisionState(c.decision),
		Operator: c.operator, Desk: c.desk, Request: c.request}
	if c.score.Valid {
		score := c.score.Int64
		r.Score = &score
	}
	if c.code.Valid {
		code := int(c.code.Int64)
		r.Code = &code
	}
	return r, err
}

// storedRecord is a record of a check with its summary.
type storedRecord struct {
	payload []byte
	summary
}

// recordsOf gives the records of a check in their order.
func recordsOf(ctx context.Context, q sqlite.Querier, check string) ([]storedRecord, error) {
	rows, err := q.QueryContext(ctx, recordsQuery, check)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var records []storedRecord
	for rows.Next() {
		var seq int64
		var payload []byte
		if err := rows.Scan(&seq, &payload); err != nil {
			return nil, damaged(err)
		}
		if !gjson.ValidBytes(payload) {
			return nil, damaged(errors.New("a record is not JSON"))
		}
		r := parse(seq, string(payload))
		if r.notNumber || r.kind == history.KindStarted && r.session == "" {
			return nil, damaged(errors.New("a value of a record is missing or is not a whole number"))
		}
		records = append(records, storedRecord{payload, r})
	}
	return records, rows.Err()
}

// recordsQuery takes a check. The few records of one check are sorted afterwards: by
// the index they come by kind.
const recordsQuery = `SELECT seq, payload FROM record WHERE "check" = ? ORDER BY seq`

// stateOf folds the records of a check.
func stateOf(ctx context.Context, q sqlite.Querier, check string) (checkState, error) {
	var c checkState
	records, err := recordsOf(ctx, q, check)
	for _, r := range records {
		c.apply(r.summary)
	}
	return c, err
}
