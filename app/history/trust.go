package history

import "time"

// Verdict is what verifying the chain found.
type Verdict struct {
	Records int64 `json:"records"` // read until the end or the first bad one
	Intact  bool  `json:"intact"`
	BadSeq  int64 `json:"bad_seq,omitempty"` // the first bad record; 0: no single one
	Fault   Fault `json:"fault,omitempty"`   // what is wrong with it
	Hint    Hint  `json:"hint,omitempty"`    // with FaultChain: what it looks like
	Older   bool  `json:"older,omitempty"`   // a copy of this desk's history that ends before what the desk knows
	// the last record an anchor confirms before the bad one, or of an older copy, anchor or history; 0: none
	Good     int64     `json:"good_seq,omitempty"`
	Head     string    `json:"head,omitempty"`   // hash of the last record
	Anchored bool      `json:"anchored"`         // an anchor for this database was found
	Since    time.Time `json:"since,omitzero"`   // time of the oldest anchor the chain agrees with
	Until    int64     `json:"until,omitempty"`  // seq of the newest anchor
	Erased   int64     `json:"erased,omitempty"` // how many "erased" records there are
	// how many sealed parts were not at the centre this history was restored from
	Absent int64  `json:"absent,omitempty"`
	First  Anchor `json:"anchor"`           // the anchor on this computer
	Second Anchor `json:"second_anchor"`    // the one at a place of the user's choice
	Centre Centre `json:"centre,omitzero"`  // what the centre of all desks knows
	Losses []Loss `json:"losses,omitempty"` // what restores lost, oldest first
}

// Anchor is what verifying had of one anchor.
type Anchor struct {
	Chosen  bool      `json:"chosen"`            // there is to be one
	Found   bool      `json:"found"`             // it knows this history
	Problem string    `json:"problem,omitempty"` // key of why it could not be read
	Since   time.Time `json:"since,omitzero"`    // of its oldest mark the chain agrees with
	Until   int64     `json:"until,omitempty"`   // seq of its newest mark
}

// Centre is what verifying had of the centre: as an anchor that is a file here, of what it
// acknowledged, and the centre's own answer.
type Centre struct {
	Anchor
	Asked bool `json:"asked"` // the centre itself answered; false: the file had to do
}

// Loss is records an anchor knew that a restore did not bring back, or another history
// that lay in the place.
type Loss struct {
	From    int64     `json:"from,omitempty"`    // the first of the lost records
	To      int64     `json:"to,omitempty"`      // the last that was known; 0: none was lost
	Another bool      `json:"another,omitempty"` // an anchor knew another history in this place
	At      time.Time `json:"at"`                // when the backup was restored
	Seq     int64     `json:"seq"`               // of the "restored" record
	By      string    `json:"by"`                // the operator who restored it
}

// Fault is what is wrong with a record.
type Fault string

// The faults verify can name. FaultChain is seen by the chain alone; FaultReplaced, and
// FaultCutOff but for sealed parts left behind, by an anchor.
const (
	FaultChain    Fault = "not chained"         // it is not the record that was written after the one before it
	FaultCutOff   Fault = "cut off"             // it and all after it are gone
	FaultReplaced Fault = "replaced"            // an anchor knows another record of this number
	FaultSealed   Fault = "sealed part changed" // a sealed part of it does not give its hash, or is not its own
	FaultPartGone Fault = "sealed part gone"    // a sealed part of it is not there, and no record says that it was erased
	// the key of its session is not there, and no record says that it was erased
	FaultKeyGone Fault = "key gone"
	FaultBack    Fault = "erased part is back" // what it says was erased is there
	// the key for the auditors is not the one that the first record of its session names
	FaultAuditKey Fault = "auditors key changed"
	FaultSchema   Fault = "tables changed" // the tables are not those the program makes
	FaultLists    Fault = "lists changed"  // the tables of lists do not hold what the records say
	FaultDamaged  Fault = "damaged"        // the file cannot be read whole
)

// Hint is what a record that is not chained looks like. It is a guess: a forger
// can make it look like anything.
type Hint string

// The hints.
const (
	HintMissing Hint = "missing" // no record has this number
	HintEdited  Hint = "edited"  // it names the record before it, but does not give its own hash
	HintMoved   Hint = "moved"   // it names another record before it: one was put in, taken out or moved
)

// Periods say how long sealed parts are kept; 0: for ever.
type Periods struct {
	Names   time.Duration // names, and the notes of decisions
	Answers time.Duration // the answers as they came
	Images  time.Duration // pictures, where they are kept at all
	Fields  time.Duration // what the documents say of their holders
}

// KindRestored is the kind of record after a restore.
const KindRestored Kind = "restored"

// Restored says that a backup took the place of the history. The anchors accept by it
// that the records from LostFrom to LostTo are gone.
type Restored struct {
	Actor
	Backup Head `json:"backup"` // the backup's newest record
	// the newest record of what lay there; nil: nothing, or it could not be read
	Replaced *Head `json:"replaced,omitempty"`
	Same     bool  `json:"same,omitempty"` // what lay there was the same history, at another time
	// the newest record an anchor knew, and the newest time of what is void now
	Known    Head  `json:"known,omitzero"`
	LostFrom int64 `json:"lost_from,omitempty"` // the first record an anchor knew and the backup does not hold; 0: none
	LostTo   int64 `json:"lost_to,omitempty"`   // the last of them
	Another  bool  `json:"another,omitempty"`   // an anchor knew another history in this place

	// FromCentre says that the records up to Backup came from the centre, and Absent which
	// sealed parts of them were not there.
	FromCentre bool     `json:"from_centre,omitempty"`
	Absent     []string `json:"absent,omitempty"`
	// Expired says which sealed parts the centre had deleted after its periods.
	Expired []Expired `json:"expired,omitempty"`
}

// Expired says that a centre deleted a sealed part of all records from before a time, after a
// period that was in force there.
type Expired struct {
	Part   string    `json:"part"`
	Before time.Time `json:"before"`

	Days  int       `json:"days"`  // the period
	Set   time.Time `json:"set"`   // when it was set
	By    string    `json:"by"`    // the role that set it
	First time.Time `json:"first"` // when something was deleted after it, the first time
	Last  time.Time `json:"last"`  // and the last
}

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
	File    string      // the backup; it is only read
	Centre  *CentreCopy // what the centre has, in place of File
	Replace bool        // also a history that is newer, another, or cannot be read
	By      Actor
}

// Restoration is how it went.
type Restoration struct {
	Backup   Head
	Replaced string // where the history lies now that was there before; empty: there was none
	Erased   int    // of how many sessions parts were erased again
	// what the centre it came from had deleted after its periods
	Expired []Expired
	Lost    Loss // what was lost; zero: nothing
}
