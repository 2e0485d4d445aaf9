package history

import "time"

// KindHold is the kind of record of a legal hold.
const KindHold Kind = "hold"

// Hold says that a session is kept from erasure and from the periods, or no longer. Note is
// sealed.
type Hold struct {
	Session string `json:"session"`
	Actor
	Held bool `json:"held"` // false: it was lifted

	Note string `json:"-"` // why, in the operator's own words
}

// Holding is a hold in force and when it was recorded.
type Holding struct {
	At  time.Time `json:"at"`
	Seq int64     `json:"seq"`
	Hold
	NoteSealed bool `json:"note_sealed,omitempty"` // there is a note, but it cannot be read here
}
