package store

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"facematch/app/history"
)

// entry is what lists choose a check by. It says nothing that its records do
// not say.
type entry struct {
	seq      int64  // of the started record
	at       int64  // when that was, in milliseconds since 1970
	score    int64  // hundredths; noScore where there is none
	operator uint32 // labels; 0: none
	desk     uint32
	code     uint32
	instance uint32
	outcome  uint8 // of outcomes
	decision uint8 // of decisions
	mode     uint8 // of modes
	sent     bool  // its request went out, or may have
}

// noScore comes after every score, whichever way they are sorted.
const noScore = math.MinInt64

// What the numbers of an entry mean. They lie in the database: new words are
// added at the end.
var (
	outcomes = []history.Outcome{"", history.Pass, history.Refer, history.Fail, history.NotCompared,
		history.CouldNotRun, history.Cancelled, history.Interrupted, history.Unknown} // "": it has no end
	decisions = []history.DecisionState{"", history.Undecided, history.Approved, history.Rejected}
	modes     = []history.Mode{"", history.Offline, history.Remote}
)

// number gives a word's place in its list; an unknown one is taken as the first.
func number[T comparable](list []T, word T) uint8 {
	for i, w := range list {
		if w == word {
			return uint8(i)
		}
	}
	return 0
}

const (
	entrySize   = 40  // bytes
	pageEntries = 100 // a page of SQLite's holds them
)

// append adds the stored form of an entry: seq and at with 6 bytes, the score
// with 8, each label with 4, the rest with 1, big-endian.
func (e entry) append(b []byte) []byte {
	b = append48(append48(b, e.seq), e.at)
	b = binary.BigEndian.AppendUint64(b, uint64(e.score))
	for _, label := range [...]uint32{e.operator, e.desk, e.code, e.instance} {
		b = binary.BigEndian.AppendUint32(b, label)
	}
	sent := uint8(0)
	if e.sent {
		sent = 1
	}
	return append(b, e.outcome, e.decision, e.mode, sent)
}

// Each field of a stored entry by itself.
func seqOf(b []byte) int64       { return read48(b) }
func atOf(b []byte) int64        { return read48(b[6:]) }
func scoreOf(b []byte) int64     { return int64(binary.BigEndian.Uint64(b[12:])) }
func operatorOf(b []byte) uint32 { return binary.BigEndian.Uint32(b[20:]) }
func deskOf(b []byte) uint32     { return binary.BigEndian.Uint32(b[24:]) }
func codeOf(b []byte) uint32     { return binary.BigEndian.Uint32(b[28:]) }
func instanceOf(b []byte) uint32 { return binary.BigEndian.Uint32(b[32:]) }
func endOf(b []byte) uint8       { return b[36] } // 0: it has none
func decisionOf(b []byte) uint8  { return b[37] }
func modeOf(b []byte) uint8      { return b[38] }
func sentOf(b []byte) bool       { return b[39] != 0 }

// parseEntry reads a stored entry.
func parseEntry(b []byte) entry {
	return entry{
		seq: seqOf(b), at: atOf(b), score: scoreOf(b),
		operator: operatorOf(b), desk: deskOf(b), code: codeOf(b), instance: instanceOf(b),
		outcome: endOf(b), decision: decisionOf(b), mode: modeOf(b), sent: sentOf(b),
	}
}

func append48(b []byte, n int64) []byte {
	return append(b, byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

func read48(b []byte) int64 {
	return int64(binary.BigEndian.Uint16(b))<<32 | int64(binary.BigEndian.Uint32(b[2:]))
}

// told is what lists need of a record's payload.
type told struct {
	seq                            int64
	kind                           history.Kind
	at, check, session             string
	instance, operator, desk, code string
	mode                           history.Mode
	outcome                        history.Outcome
	choice                         history.Choice
	score                          int64
	request                        string
	sealed, nonces                 string // JSON

	hasCheck, hasSession, hasRequest bool // they are there, though they may be empty
}

// tell reads a payload. It is called for each record of a history, and so does
// not read all of it; what is no JSON tells nothing. Its texts are parts of the
// payload.
func tell(seq int64, payload string) told {
	t := told{seq: seq, score: noScore}
	gjson.Parse(payload).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "kind":
			t.kind = history.Kind(value.Str)
		case "at":
			t.at = value.Str
		case "check":
			t.check, t.hasCheck = value.Str, true
		case "session":
			t.session, t.hasSession = value.Str, true
		case "instance":
			t.instance = value.Str
		case "operator":
			t.operator = value.Str
		case "desk":
			t.desk = value.Str
		case "mode":
			t.mode = history.Mode(value.Str)
		case "outcome":
			t.outcome = history.Outcome(value.Str)
		case "choice":
			t.choice = history.Choice(value.Str)
		case "code":
			t.code = value.Raw
		case "score":
			if n, err := strconv.ParseInt(value.Raw, 10, 64); err == nil {
				t.score = n
			}
		case "remote":
			id := value.Get("request_id")
			t.request, t.hasRequest = id.Str, id.Exists()
		case "sealed":
			t.sealed = value.Raw
		case "nonces":
			t.nonces = value.Raw
		}
		return true
	})
	return t
}

// seals reports whether the payload names a sealed part.
func (t told) seals(part string) bool { return t.sealed != "" && gjson.Get(t.sealed, part).Str != "" }

// label gives the number of a word that checks have in common, and a new one
// where it has none yet.
type label func(kind, text string) (uint32, error)

// The kinds of label.
const (
	labelOperator = "operator"
	labelDesk     = "desk"
	labelCode     = "code"
	labelInstance = "instance"
)

// begin makes the entry of a check that starts.
func begin(t told, label label) (e entry, err error) {
	e = entry{seq: t.seq, score: noScore, mode: number(modes, t.mode)}
	if at, err := time.Parse(timeLayout, t.at); err == nil {
		e.at = at.UnixMilli()
	}
	for _, l := range []struct {
		to         *uint32
		kind, text string
	}{{&e.operator, labelOperator, t.operator}, {&e.desk, labelDesk, t.desk}, {&e.instance, labelInstance, t.instance}} {
		if *l.to, err = label(l.kind, l.text); err != nil {
			return e, err
		}
	}
	return e, nil
}

// learn takes into an entry what a later record of its check tells.
func (e *entry) learn(t told, label label) (err error) {
	switch t.kind {
	case history.KindSending:
		e.sent = true
	case history.KindFinished, history.KindInterrupted:
		e.outcome, e.score = number(outcomes, t.outcome), t.score
		if t.code != "" {
			e.code, err = label(labelCode, t.code)
		}
		if t.outcome == history.Refer && e.decision == 0 {
			e.decision = number(decisions, history.Undecided)
		}
	case history.KindDecided:
		switch t.choice {
		case history.Approve:
			e.decision = number(decisions, history.Approved)
		case history.Reject:
			e.decision = number(decisions, history.Rejected)
		}
	}
	return err
}
