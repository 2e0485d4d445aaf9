// Package checks keeps the plain tables of a history: checks has a row for each check, and
// daily counts them. It says what a check is, from its records, and answers the filters of
// lists.
package checks

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

// TimeLayout is how "at" stands in a payload: UTC, RFC 3339, milliseconds, always equally
// long, so that text order is time order.
const TimeLayout = "2006-01-02T15:04:05.000Z"

// Summary is what the state of a check and the verification need of a record's
// payload. Its texts are parts of the payload.
type Summary struct {
	Seq                             int64
	Kind                            history.Kind
	At, Check, Session              string
	Instance, Operator, Desk        string
	Mode, Outcome, Status, Choice   string
	Inspection                      string // of "started" whether one was to be made, of "inspected" what it said
	Code, Score, Took               sql.NullInt64
	Request                         string
	Minor, FilmedAnyway             bool
	VirtualCamera                   bool
	Expired                         sql.NullBool
	PortraitQuality, PictureQuality sql.NullInt64
	Sealed, Nonces                  string // JSON
	NotNumber                       bool   // a code or score is not a whole number
}

// Parse reads a payload. It runs for each record of a history, so it reads only
// what the Summary holds. A payload that is not JSON gives an empty Summary.
func Parse(seq int64, payload string) Summary {
	r := Summary{Seq: seq}
	number := func(v gjson.Result) sql.NullInt64 {
		n, err := strconv.ParseInt(v.Raw, 10, 64)
		r.NotNumber = r.NotNumber || err != nil && v.Type != gjson.Null
		return sql.NullInt64{Int64: n, Valid: err == nil}
	}
	gjson.Parse(payload).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "kind":
			r.Kind = history.Kind(value.Str)
		case "at":
			r.At = value.Str
		case "check":
			r.Check = value.Str
		case "session":
			r.Session = value.Str
		case "instance":
			r.Instance = value.Str
		case "operator":
			r.Operator = value.Str
		case "desk":
			r.Desk = value.Str
		case "mode":
			r.Mode = value.Str
		case "minor":
			r.Minor = value.Bool()
		case "outcome":
			r.Outcome = value.Str
		case "status":
			r.Status = value.Str
		case "choice":
			r.Choice = value.Str
		case "inspection":
			r.Inspection = value.Str
		case "code":
			r.Code = number(value)
		case "score":
			r.Score = number(value)
		case "took_ns":
			r.Took = number(value)
		case "remote":
			r.Request = value.Get("request_id").Str
		case "virtual_camera":
			r.VirtualCamera = value.Str != ""
		case "mrz":
			if v := value.Get("expired"); v.IsBool() {
				r.Expired = sql.NullBool{Bool: v.Bool(), Valid: true}
			}
		case "quality":
			r.quality(value, number)
		case "sealed":
			r.Sealed = value.Raw
		case "nonces":
			r.Nonces = value.Raw
		}
		return true
	})
	return r
}

// quality reads what a "finished" record says of the two faces. A quality that was
// not measured is left out.
func (r *Summary) quality(q gjson.Result, number func(gjson.Result) sql.NullInt64) {
	r.FilmedAnyway = q.Get("capture_warning").Str != ""
	if v := q.Get("document.total"); v.Exists() {
		r.PortraitQuality = number(v)
	}
	if v := q.Get("camera.total"); v.Exists() {
		r.PictureQuality = number(v)
	}
}

// Seals reports whether the payload names a sealed part.
func (r Summary) Seals(part string) bool {
	return r.Sealed != "" && gjson.Get(r.Sealed, part).Str != ""
}

// Row is a row of the table checks. An empty text is NULL in the table.
type Row struct {
	Seq                             int64
	At, Check, Session              string
	Mode, Outcome, Status           string
	Score, Code                     sql.NullInt64
	Decision, DecidedAt             string
	Inspection                      string
	Operator, Desk, Request         string
	Minor, FilmedAnyway             bool
	VirtualCamera                   bool
	Expired                         sql.NullBool
	PortraitQuality, PictureQuality sql.NullInt64
	TookMS                          sql.NullInt64
}

// State is what a check is, as its records say. The zero value is a check
// that has no record.
type State struct {
	Row
	Instance string // the program it runs or ran in
	Sent     bool   // its request went out, or may have
	Ended    int64  // the number of the record that says how it ended; 0: it has no end
	Decided  bool
	Inspects string // whether the clerk was to be asked what they see: history.InspectionUse

	Inspected bool
}

// Started reports whether the check has a record.
func (c *State) Started() bool { return c.Seq != 0 }

// Apply takes in the next record of the check. This is the only place that says
// what a kind of record means for a check.
func (c *State) Apply(r Summary) {
	switch r.Kind {
	case history.KindStarted:
		if c.Started() {
			return
		}
		c.Seq, c.At, c.Check, c.Session, c.Mode = r.Seq, r.At, r.Check, r.Session, r.Mode
		c.Operator, c.Desk, c.Instance, c.Minor = r.Operator, r.Desk, r.Instance, r.Minor
		c.Inspects = r.Inspection
		c.uninspected()
	case history.KindSending:
		c.Sent = true
	case history.KindFinished, history.KindInterrupted:
		c.Ended, c.Outcome, c.Status, c.Score, c.Code = r.Seq, r.Outcome, r.Status, r.Score, r.Code
		c.Request, c.FilmedAnyway, c.VirtualCamera = r.Request, r.FilmedAnyway, r.VirtualCamera
		c.Expired, c.Minor = r.Expired, c.Minor || r.Minor
		c.PortraitQuality, c.PictureQuality = r.PortraitQuality, r.PictureQuality
		c.TookMS = sql.NullInt64{Int64: r.Took.Int64 / int64(time.Millisecond), Valid: r.Took.Valid}
		if c.Decision == "" && history.Outcome(r.Outcome) == history.Refer {
			c.Decision = string(history.Undecided)
		}
		c.uninspected()
	case history.KindDecided:
		c.Decided, c.DecidedAt = true, r.At
		switch history.Choice(r.Choice) {
		case history.Approve:
			c.Decision = string(history.Approved)
		case history.Reject:
			c.Decision = string(history.Rejected)
		case history.Identify:
			c.Decision = string(history.Identified)
		}
	case history.KindInspected:
		c.Inspected, c.Inspection = true, r.Inspection
	}
}

// uninspected brings the state of the inspection in line with the rest, where there is no
// record of one. A check without a verdict has none.
func (c *State) uninspected() {
	if c.Inspected {
		return
	}
	c.Inspection = ""
	switch history.Outcome(c.Outcome) {
	case history.Pass, history.Refer, history.Fail:
		switch history.InspectionUse(c.Inspects) {
		case history.InspectionOffered, history.InspectionRequired:
			c.Inspection = string(history.InspectionOpen)
		case history.InspectionOff, history.InspectionNone:
			c.Inspection = string(history.NotInspected)
		}
	}
}

// concerns reports whether a record changes the state of a check.
func (r Summary) concerns() bool {
	switch r.Kind {
	case history.KindStarted, history.KindSending, history.KindFinished, history.KindInterrupted, history.KindDecided,
		history.KindInspected:
		return r.Check != ""
	}
	return false
}

// OpenOutcome is the outcome of a check that has no end.
func (c *State) OpenOutcome(alive func(instance string) bool) history.Outcome {
	switch {
	case alive(c.Instance):
		return history.Running
	case c.Sent:
		return history.Unknown
	}
	return history.Interrupted
}

// ListRow is the check as lists show it, without the name.
func (c *Row) ListRow() (history.Row, error) {
	at, err := time.Parse(TimeLayout, c.At)
	r := history.Row{Seq: c.Seq, Check: c.Check, Session: c.Session, At: at, Mode: history.Mode(c.Mode),
		Outcome: history.Outcome(c.Outcome), Decision: history.DecisionState(c.Decision),
		Operator: c.Operator, Desk: c.Desk, Request: c.Request, Inspection: history.InspectionState(c.Inspection)}
	if c.Score.Valid {
		score := c.Score.Int64
		r.Score = &score
	}
	if c.Code.Valid {
		code := int(c.Code.Int64)
		r.Code = &code
	}
	return r, err
}

// Record is a record of a check with its Summary.
type Record struct {
	Payload []byte
	Summary
}

// RecordsOf gives the records of a check in their order.
func RecordsOf(ctx context.Context, q sqlite.Querier, check string) ([]Record, error) {
	rows, err := q.QueryContext(ctx, recordsQuery, check)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var records []Record
	for rows.Next() {
		var seq int64
		var payload []byte
		if err := rows.Scan(&seq, &payload); err != nil {
			return nil, sqlite.Damaged(err)
		}
		if !gjson.ValidBytes(payload) {
			return nil, sqlite.Damaged(errors.New("a record is not JSON"))
		}
		r := Parse(seq, string(payload))
		if r.NotNumber || r.Kind == history.KindStarted && r.Session == "" {
			return nil, sqlite.Damaged(errors.New("a value of a record is missing or is not a whole number"))
		}
		records = append(records, Record{payload, r})
	}
	return records, rows.Err()
}

// recordsQuery takes a check. SQLite sorts its few records, which the index gives by kind.
const recordsQuery = `SELECT seq, payload FROM record WHERE "check" = ? ORDER BY seq`

// StateOf folds the records of a check.
func StateOf(ctx context.Context, q sqlite.Querier, check string) (State, error) {
	var c State
	records, err := RecordsOf(ctx, q, check)
	for _, r := range records {
		c.Apply(r.Summary)
	}
	return c, err
}
