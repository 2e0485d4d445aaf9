package history

import (
	"context"
	"time"
)

// ChainRecord is a record as it lies in the chain: the exact bytes that were hashed.
type ChainRecord struct {
	Seq           int64
	Hash, Payload []byte
}

// SealedPart is a personal part of a record, encrypted under the key of its session.
type SealedPart struct {
	Seq               int64
	Part              string
	Nonce, Ciphertext []byte
}

// WrappedKey is the key of a session, encrypted under the master key of its history.
type WrappedKey struct {
	Session        string
	Nonce, Wrapped []byte
}

// Parcel is what goes to the centre in one go: the next records of a history with what is
// sealed of them and the keys of their sessions. Nothing in it can be read without the
// history's master key but the payloads, which hold no personal text.
type Parcel struct {
	Records   []ChainRecord // without a gap
	Parts     []SealedPart
	Keys      []WrappedKey
	AuditKeys []AuditKey // of the sessions that begin with one of the records
	Newest    int64      // the number of the history's newest record
	KeyCheck  string     // tells a wrong master key, and does not reveal the right one
	Recovery  string     // the master key under the recovery passphrase, where the settings send it
}

// Sends says what leaves a desk besides.
type Sends struct {
	Images   bool // the pictures that are kept, sealed
	Answers  bool // the answers' bodies, sealed
	Recovery bool // the master key under the recovery passphrase
}

// CentreToken is a token that gateways accept, as the centre knows it: its hash.
type CentreToken struct {
	Name   string // of the program that has it: its checks are recorded under it
	SHA256 string // of the token, in hexadecimal
	Added  time.Time
}

// NamedToken is a token as the centre's administrator sees it.
type NamedToken struct {
	Name   string    `json:"name"`
	Branch string    `json:"branch"` // whose gateways accept it; "*": all
	Added  time.Time `json:"added"`
}

// CentreState is what the centre says of a history.
type CentreState string

// The states. In the last two it takes nothing until an administrator of the centre has
// decided.
const (
	CentreOK       CentreState = "ok"
	CentreForked   CentreState = "forked"   // it knows another record of a number
	CentreRestored CentreState = "restored" // the desk was restored and lost records the centre has
)

// CentreHead is the newest record the centre has of a history, and what it says besides.
type CentreHead struct {
	Head
	State  CentreState
	Wishes []string // sessions whose erasure was asked for at the centre
	Hashes [][]byte // of the records that were asked about; nil where it has none

	Withdrawn []string // public keys of auditors: what was encrypted for one is to be deleted
}

// CentreStatus is how far a desk's records are at the centre.
type CentreStatus struct {
	Chosen  bool        `json:"chosen"`            // the settings name a centre
	Here    int64       `json:"here"`              // the newest record of the history
	There   int64       `json:"there"`             // the newest the centre has acknowledged
	At      time.Time   `json:"at,omitzero"`       // when the centre acknowledged that
	State   CentreState `json:"state,omitempty"`   // as the centre said last
	Problem string      `json:"problem,omitempty"` // key of why it was not reached; empty: it was
	Since   time.Time   `json:"since,omitzero"`    // since when, with Problem

	// Where the list of operators comes from the centre: when the one that counts here was
	// signed, and the key of why a newer one was not taken.
	Operators        time.Time `json:"operators_signed,omitzero"`
	OperatorsProblem string    `json:"operators_problem,omitempty"`
}

// ContactOver reports whether what the centre said counts no more: the last contact is longer
// ago than so many days; 0 is without end. Contact and now are by ContactTime.
func ContactOver(contact time.Time, days int, now time.Time) bool {
	return days > 0 && now.Sub(contact) > time.Duration(days)*24*time.Hour
}

// ContactTime is the time by which contacts are noted and become old: the clock's or, where a
// record is later than that, the latest record's. So a clock that is set back makes no contact
// younger, and one that ran ahead makes no contact of today old.
func ContactTime(now, latest time.Time) time.Time {
	if now.Before(latest) {
		return latest
	}
	return now
}

// OperatorList is a list of operators as it lies at the centre: the exact bytes that were
// signed, and the signature.
type OperatorList struct{ Text, Signature []byte }

// The keys of the centre's problems by which others tell what to do.
const (
	KeyCentreUnreached = "central.unreached" // no connection, or none that stayed
	KeyCentreRefused   = "central.refused"   // the certificate does not let this desk in
	KeyCentreRetired   = "central.retired"   // the certificate was retired: another computer has this desk
	KeyCentreOther     = "central.other"     // the certificate is for another history
	KeyCentreForked    = "central.forked"    // the centre knows another record of a number
	KeyCentreRestored  = "central.restored"  // the centre has records that a restore lost
	KeyCentreBehind    = "central.behind"    // the centre has more of this history than this desk
	KeyCentreBroken    = "central.broken"    // a record here does not follow from the one before it
	KeyCentrePeriod    = "central.period"    // a search for a name has no beginning
	KeyCentreGap       = "central.gap"       // the centre lacks a record before the first that was sent
	KeyCentreOld       = "central.old"       // the centre's form is older than this program needs

	KeyNoOperators = "central.no_operators" // it has no list of operators for this desk's branch
)

// CentreCopy is a history as the centre has it, up to the record it acknowledged.
type CentreCopy struct {
	History   string // the id of its database
	Head      Head
	KeyCheck  string // empty: nothing is sealed
	Recovery  string // empty: it is not at the centre, or may not be read
	Keys      []WrappedKey
	AuditKeys []AuditKey
	// Deleted is what the centre was asked to erase and the desk has no record of yet. It has no
	// actor.
	Deleted []Erasure
	// Expired is what the centre deleted after periods of its own.
	Expired []Expired
	// Withdrawn are the public keys of auditors that were withdrawn there.
	Withdrawn []string

	// Records hands over the records in their order, each with its sealed parts.
	Records func(ctx context.Context, do func(ChainRecord, []SealedPart) error) error
}

// NewDesk is a desk that may push its history from now on.
type NewDesk struct {
	History string // the id of its database
	Role    string // the role it logs in as: the common name of its certificate
	Desk    string // what the administrator calls it
	Branch  string // the branch it stands in
}

// CentreDesk is a desk's history as the centre has it.
type CentreDesk struct {
	ID       int            `json:"-"`
	History  string         `json:"history"`
	Desk     string         `json:"desk"`
	Branch   string         `json:"branch"`
	Epoch    int            `json:"epoch"`
	Head     int64          `json:"head"`     // the newest record the centre has
	Hash     []byte         `json:"-"`        // its hash
	Declared int64          `json:"declared"` // the newest record the desk says it has
	Seen     *time.Time     `json:"seen"`     // when it called last; nil: never
	State    string         `json:"state"`
	Clock    *float64       `json:"clock_seconds"` // by how much its clock is ahead
	About    map[string]any `json:"about"`         // what it says of itself

	// since when the centre knows that it lacks records; nil: it has all that the desk told of
	Behind *time.Time `json:"behind_since,omitempty"`
	// the UTC days of the last weeks on which the desk made a check
	Worked []time.Time `json:"-"`

	Fork   *int64 `json:"fork,omitempty"` // the first record of which the centre knows another
	Wishes int    `json:"wishes"`         // erasures asked for that the desk has not recorded
}

// CentreFault is a row that is not as it was written, or is gone.
type CentreFault struct {
	History string     `json:"history"`
	Desk    string     `json:"desk"`
	Table   string     `json:"table"`
	Epoch   int        `json:"epoch,omitempty"`
	Seq     int64      `json:"seq,omitempty"` // of the record it belongs to; 0: of none
	What    CentreWhat `json:"what"`
	Which   string     `json:"which,omitempty"` // the part, the key of the row, or the last record of those that are gone
}

// CentreWhat is what is wrong with a row.
type CentreWhat string

// What can be wrong.
const (
	CentreChanged CentreWhat = "changed" // it does not hold what was written
	// it does not follow from the record before it, or that one was changed with its hash
	CentreUnchained  CentreWhat = "does not follow"
	CentreGone       CentreWhat = "gone"       // it is not there, and no record says why
	CentreUnexpected CentreWhat = "unexpected" // no record says that it should be there
)

// CentreVerdict is what verifying the centre found.
type CentreVerdict struct {
	Chains  int           `json:"chains"`
	Records int64         `json:"records"`
	NotHere int64         `json:"not_at_the_centre"` // sealed parts that no desk sent, as the settings say
	Lost    int64         `json:"lost"`              // records that desks lost in restores, and that are still here
	Faults  []CentreFault `json:"faults"`            // at most 10,000
	Intact  bool          `json:"intact"`
}
