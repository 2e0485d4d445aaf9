package history

import "time"

// Verdict is what verifying the chain found.
type Verdict struct {
	Records  int64     `json:"records"` // read until the end or the first bad one
	Intact   bool      `json:"intact"`
	BadSeq   int64     `json:"bad_seq,omitempty"`        // the first bad record; 0: no single one
	Fault    Fault     `json:"fault,omitempty"`          // what is wrong with it
	Older    bool      `json:"older,omitempty"`          // a copy of this desk's history that ends before what the desk knows
	Good     int64     `json:"good_seq,omitempty"`       // the last record an anchor confirms before the bad one, or of an older copy, anchor or history; 0: none
	Head     string    `json:"head,omitempty"`           // hash of the last record
	Anchored bool      `json:"anchored"`                 // an anchor for this database was found
	Since    time.Time `json:"since,omitzero"`           // time of the oldest anchor the chain agrees with
	Until    int64     `json:"until,omitempty"`          // seq of the newest anchor
	Erased   int64     `json:"erased,omitempty"`         // how many "erased" records there are
	Restored int64     `json:"restored,omitempty"`       // the newest record that says that a backup was restored; 0: none
	First    Anchor    `json:"anchor"`                   // the anchor on this computer
	Second   Anchor    `json:"second_anchor"`            // the one at a place of the user's choice
	GivenUp  Loss      `json:"given_up,omitzero"`        // the newest loss somebody accepted; zero: none
	Losses   int       `json:"given_up_count,omitempty"` // how many
}

// Anchor is what verifying had of one anchor.
type Anchor struct {
	Chosen  bool      `json:"chosen"`            // there is to be one
	Found   bool      `json:"found"`             // it knows this history
	Problem string    `json:"problem,omitempty"` // key of why it could not be read
	Since   time.Time `json:"since,omitzero"`    // of its oldest mark the chain agrees with
	Until   int64     `json:"until,omitempty"`   // seq of its newest mark
}

// Loss is records an anchor knew that are no longer in the history, and that
// somebody accepted after a restore.
type Loss struct {
	From int64     `json:"from"` // the first of them
	To   int64     `json:"to"`   // the last that was known
	At   time.Time `json:"at"`   // when it was accepted
	Seq  int64     `json:"seq"`  // of the record that says so
}

// Fault is what is wrong with a record.
type Fault string

// The faults verify can name. The first five and FaultChain are seen by the chain
// alone; FaultReplaced, and FaultCutOff but for sealed parts left behind, by an
// anchor.
const (
	FaultEdited    Fault = "edited"              // its payload, its hash or its link is not the one written
	FaultDeleted   Fault = "deleted"             // it is not there
	FaultInserted  Fault = "inserted"            // it was never written here
	FaultReordered Fault = "reordered"           // another record stands in its place, and it stands elsewhere
	FaultCutOff    Fault = "cut off"             // it and all after it are gone
	FaultChain     Fault = "not chained"         // it does not follow the record before it, and nothing says why
	FaultReplaced  Fault = "replaced"            // an anchor knows another record of this number
	FaultSealed    Fault = "sealed part changed" // a sealed part does not match its hash, or belongs to another record
	FaultPartGone  Fault = "sealed part gone"    // a sealed part of it is not there, and no record says that it was erased
	FaultKeyGone   Fault = "key gone"            // the key of its session is not there, and no record says that it was erased
	FaultBack      Fault = "erased part is back" // what it says was erased is there
	FaultSchema    Fault = "tables changed"      // the tables are not those the program makes
	FaultLists     Fault = "lists changed"       // what lists are chosen by is not what the records say
	FaultDamaged   Fault = "damaged"             // the file cannot be read whole
)

// Periods say how long sealed parts are kept; 0: for ever.
type Periods struct {
	Names   time.Duration // names, and the notes of decisions
	Answers time.Duration // the answers as they came
	Images  time.Duration // pictures, where they are kept at all
}

// Restored says that a backup took the place of the history.
type Restored struct {
	Actor
	Backup   Head  `json:"backup"`             // the backup's newest record
	Replaced *Head `json:"replaced,omitempty"` // the newest record of what lay there; nil: nothing, or it could not be read
	Same     bool  `json:"same,omitempty"`     // what lay there was the same history, at another time
	Known    int64 `json:"anchored,omitempty"` // the newest record an anchor knew; 0: none
}

// GivenUp says that somebody accepted that records an anchor knows are lost.
type GivenUp struct {
	Actor
	From int64  `json:"from"` // the first record that is not the one the anchors know
	To   int64  `json:"to"`   // the newest record the anchors know
	Hash string `json:"hash"` // its hash, lower-case hexadecimal
}

// The kinds of record after a restore.
const (
	KindRestored Kind = "restored"
	KindGivenUp  Kind = "given up"
)

// AfterRestore is the reason of an erasure that was applied again, because the
// backup still held what had been erased.
const AfterRestore = "again after a restore"

// Program is the operator of what the program does by itself, such as erasing what
// is over its period.
const Program = "(program)"

// RecoveryChanged is how settings changed where the recovery passphrase was set.
const RecoveryChanged = "recovery passphrase"

// Restoring is a backup that is to take the place of the history.
type Restoring struct {
	File    string // the backup; it is only read
	Replace bool   // also a history that is newer, another, or cannot be read
	By      Actor
}

// Restoration is how it went.
type Restoration struct {
	Backup   Head
	Replaced string // where the history lies now that was there before; empty: there was none
	Erased   int    // of how many sessions parts were erased again
	Lost     Loss   // the records an anchor knows and the backup does not hold; zero: none
	Another  bool   // the anchor knows another history in this place
}
