package history

import (
	"strings"
	"time"
)

// Row is one check as lists show it.
type Row struct {
	Seq      int64         `json:"seq"` // of the started record
	Check    string        `json:"check"`
	Session  string        `json:"session"`
	At       time.Time     `json:"at"` // when it started, UTC
	Name     string        `json:"name,omitempty"`
	Sealed   bool          `json:"sealed,omitempty"` // there is a name, but it cannot be read here
	Erased   bool          `json:"erased,omitempty"` // there was a name, and it was erased
	Mode     Mode          `json:"mode"`
	Outcome  Outcome       `json:"outcome"`
	Score    *int64        `json:"score"`              // hundredths; nil where there is none
	Code     *int          `json:"code,omitempty"`     // the answer's; nil where there is none
	Decision DecisionState `json:"decision,omitempty"` // empty: none, and none is asked for
	Operator string        `json:"operator"`
	Desk     string        `json:"desk"`
	Request  string        `json:"request,omitempty"` // the API's id of the call

	// empty: there is no verdict, or it was made before there were inspections
	Inspection InspectionState `json:"inspection,omitempty"`
}

// DecisionState is what people decided about a check so far.
type DecisionState string

// The states of a decision.
const (
	Undecided DecisionState = "open"     // referred, and not decided yet
	Approved  DecisionState = "approved" // by the newest decision
	Rejected  DecisionState = "rejected"

	Identified DecisionState = "identified" // nothing was compared, and the person was identified in another way
)

// Sort is the order of a list.
type Sort string

// The orders. Ties of score are newest first; checks without a score come last.
const (
	Newest  Sort = "newest" // the default
	Oldest  Sort = "oldest"
	Highest Sort = "highest score"
	Lowest  Sort = "lowest score"
)

// Filter chooses checks: those that meet every field that is not empty. A field
// with several values is met by any of them. The zero value is all checks.
type Filter struct {
	From        time.Time         `json:"from,omitzero"` // when the check started: from From on, before To
	To          time.Time         `json:"to,omitzero"`
	Outcomes    []Outcome         `json:"outcomes,omitempty"`
	Decisions   []DecisionState   `json:"decisions,omitempty"`
	Inspections []InspectionState `json:"inspections,omitempty"`
	Modes       []Mode            `json:"modes,omitempty"`
	Operators   []string          `json:"operators,omitempty"`
	Desks       []string          `json:"desks,omitempty"`
	Branches    []string          `json:"branches,omitempty"` // as the centre knows them; a desk alone has none
	Codes       []int             `json:"codes,omitempty"`
	// hundredths, both included; a check without a score meets neither
	LeastScore *int64 `json:"least_score,omitempty"`
	MostScore  *int64 `json:"most_score,omitempty"`
	// each word must be a word of the person's name or its beginning, with its particle or without
	Words   string `json:"-"`
	Session string `json:"session,omitempty"` // whole, or its beginning from 8 characters on
	Check   string `json:"check,omitempty"`   // likewise
	Request string `json:"request,omitempty"` // likewise
	// the customer's own, whole or its beginning from LeastReference characters on
	Reference string `json:"-"`
	Number    string `json:"-"` // of the document, whole

	Before int64 `json:"-"` // seq; in the order Newest only: another way to say After; 0: from the newest
	Sort   Sort  `json:"-"`
	After  *Row  `json:"-"` // the last row of the page before, in the same order; nil: the first page
	Limit  int   `json:"-"` // at most this many; 0: 100
}

// Sealed reports whether the filter asks for what is sealed: a name, a reference or a number.
func (f Filter) Sealed() bool { return strings.TrimSpace(f.Words+f.Reference+f.Number) != "" }

// Counts are the counts of what a filter chooses.
type Counts struct {
	Total     int64             `json:"total"`
	ByOutcome map[Outcome]int64 `json:"by_outcome"`
	Undecided int64             `json:"undecided"` // referrals that are not decided yet

	Identified int64 `json:"identified"` // without a match: never a pass
}

// Choices are the values a history holds, for filters to choose from.
type Choices struct {
	Operators []string
	Desks     []string
	Branches  []string // of the centre
	Codes     []int
}

// Detail is everything about one check.
type Detail struct {
	Row
	Started   Started
	Finished  *Finished   // nil where the check has no end, or was interrupted
	Decisions []Decided   // oldest first
	Inspected []Inspected // oldest first
	Attempts  []Row       // all checks of the same session, this one too, oldest first

	Reference       string // the customer's own; empty where there is none or it cannot be read here
	ReferenceSealed bool   // there is one, but it cannot be read here
	ReferenceErased bool   // there was one, and it was erased

	Fields       Fields // what the document says of its holder; empty where there is nothing or it cannot be read here
	FieldsSealed bool   // there are some, but they cannot be read here
	FieldsErased bool   // there were some, and they were erased

	// the answer's body as it came, which need not be JSON; nil where there is none or it cannot be read here
	Raw       []byte
	RawSealed bool     // there is one, but it cannot be read here
	RawErased bool     // there was one, and it was erased
	Erasures  []Erased // of the session, oldest first
	Hold      *Holding // of the session, without its note; nil: it is on none

	Document []byte // the kept picture of the document, as JPEG; nil where none was kept or it cannot be read here
	Frame    []byte // likewise of the person

	Seqs []int64 // the numbers of all its records
	Head Head    // of the chain, as this was read
}

// Decided is a decision and when it was recorded.
type Decided struct {
	At  time.Time
	Seq int64
	Decision
	NoteSealed bool // there is a note, but it cannot be read here
	NoteErased bool
}

// Erased is an erasure and when it was recorded.
type Erased struct {
	At time.Time
	Erasure
}
