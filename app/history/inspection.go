package history

import (
	"slices"
	"time"
)

// KindInspected is the kind of record of an inspection.
const KindInspected Kind = "inspected"

// InspectionUse is whether the clerk is asked what they see of person and document. No
// setting says more: the program itself checks nothing of it.
type InspectionUse string

// The uses. InspectionNone is of a check that nobody could be asked about: one of the
// command line, of another program, or that was kept and sent later.
const (
	InspectionOff      InspectionUse = "off"
	InspectionOffered  InspectionUse = "offered"
	InspectionRequired InspectionUse = "required" // the next check waits for it
	InspectionNone     InspectionUse = "none"
)

// InspectionUses are those a setting can have.
var InspectionUses = []InspectionUse{InspectionOff, InspectionOffered, InspectionRequired}

// InspectionPoints are the points with words of the program's own, in the order in which
// they are asked. Settings may name these and others.
var InspectionPoints = []string{"person", "screen", "document"}

// InspectionAnswer is what a clerk answered about one point.
type InspectionAnswer string

// The answers.
const (
	InspectionYes        InspectionAnswer = "yes"
	InspectionNo         InspectionAnswer = "no"
	InspectionUnanswered InspectionAnswer = "unanswered"
)

// InspectionState is what became of the inspection of a check. It never changes the
// machine's outcome.
type InspectionState string

// The states. A check that came to no verdict has none.
const (
	NotInspected        InspectionState = "none"      // the clerk was not asked
	InspectionOpen      InspectionState = "open"      // not each point was answered
	InspectionClear     InspectionState = "clear"     // each with yes
	InspectionObjection InspectionState = "objection" // one or more with no
)

// InspectionStates are all states, in the order in which they are offered.
var InspectionStates = []InspectionState{InspectionOpen, InspectionClear, InspectionObjection, NotInspected}

// InspectionReasons are the reasons of an objection; their words stand in the catalogue
// under inspect.reason.<reason>.
var InspectionReasons = []string{
	"not_live", "face_covered", "picture_shown", "document_doubtful", "not_their_document", ReasonOther,
}

// InspectedPoint is one point and its answer.
type InspectedPoint struct {
	Point  string           `json:"point"` // one of InspectionPoints, or the settings' own words
	Answer InspectionAnswer `json:"answer"`
}

// Inspection is what a clerk saw of person and document. A later one of the same check
// replaces it. Note is sealed.
type Inspection struct {
	Check   string `json:"check"`
	Session string `json:"session"`
	Actor
	Points []InspectedPoint `json:"points"`
	State  InspectionState  `json:"inspection"`
	Reason string           `json:"reason,omitempty"` // one of InspectionReasons, where State is InspectionObjection

	Note string `json:"-"` // in the clerk's own words; may be empty unless Reason is ReasonOther
}

// StateOf is the state that answers give.
func StateOf(points []InspectedPoint) InspectionState {
	has := func(a InspectionAnswer) bool {
		return slices.ContainsFunc(points, func(p InspectedPoint) bool { return p.Answer == a })
	}
	switch {
	case has(InspectionNo):
		return InspectionObjection
	case len(points) == 0 || has(InspectionUnanswered):
		return InspectionOpen
	}
	return InspectionClear
}

// Inspected is an inspection and when it was recorded.
type Inspected struct {
	At  time.Time
	Seq int64
	Inspection
	NoteSealed bool // there is a note, but it cannot be read here
	NoteErased bool
}
