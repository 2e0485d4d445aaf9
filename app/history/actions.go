package history

import "time"

// Actor is who did something: the operator who signed in or, where no operators
// are set up, the system's user.
type Actor struct {
	Operator string `json:"operator"`
	Role     Role   `json:"role,omitempty"` // empty where no operators are set up
	SignedIn bool   `json:"signed_in,omitempty"`
	Instance string `json:"instance"` // the running program it was done with
	Desk     string `json:"desk"`
	Program  string `json:"program"` // version
}

// Role is what an operator may do. Roles attribute and prevent mistakes; they do
// not stop the owner of the files.
type Role string

// The roles.
const (
	RoleOperator      Role = "operator"      // checks, and decides referrals
	RoleReviewer      Role = "reviewer"      // also overrides, as the second operator
	RoleAuditor       Role = "auditor"       // reads and exports the history
	RoleAdministrator Role = "administrator" // settings, operators, tokens, erasure, backups
)

// Choice is what a person decided.
type Choice string

// The choices.
const (
	Approve Choice = "approve"
	Reject  Choice = "reject"

	// Identify: nothing was compared, and the person was identified in another way.
	Identify Choice = "identify"
)

// Decision is what a person decided about a check; the machine's result stays.
// Note is sealed.
type Decision struct {
	Check   string `json:"check"`
	Session string `json:"session"`
	Actor
	Choice Choice `json:"choice"`
	Reason string `json:"reason"` // one of Reasons

	// Overrides is the outcome the machine gave where that was pass or fail, or any where it
	// had been decided before; empty: the first decision of a referral, or of a check that
	// compared nobody.
	Overrides Outcome `json:"overrides,omitempty"`
	// the second operator, where Overrides is not empty or Choice is Identify
	Second   string `json:"second,omitempty"`
	Verified bool   `json:"second_verified,omitempty"` // the second one signed in; false: the name was typed

	Note string `json:"-"` // in the operator's own words; may be empty unless Reason is ReasonOther
}

// ReasonOther is the reason that needs a note.
const ReasonOther = "other"

// Reasons are the reasons to choose from; their words stand in the catalogue
// under reason.<choice>.<reason>.
var Reasons = map[Choice][]string{
	Approve: {"same_person_seen", "second_document", "known_person", "old_photo", "poor_picture", ReasonOther},
	Reject:  {"other_person", "document_doubtful", "not_cooperative", "poor_picture", "could_not_tell", ReasonOther},

	Identify: {"document_compared", "second_document", "known_person", "vouched", "own_records", ReasonOther},
}

// WhyNotCompared are the keys of why a person was identified whom the program has not
// compared at all: they refused it, or it was not possible. They are problems of checks that
// could not run.
var WhyNotCompared = []string{"check.consent_refused", "check.not_possible"}

// SignIn says that an operator signed in, with how many wrong attempts before.
type SignIn struct {
	Actor
	Failed int    `json:"failed_before,omitempty"` // wrong attempts since the last sign-in
	For    string `json:"for,omitempty"`           // "override" for the second operator of a decision; empty: to work
}

// Export says that records left the program.
type Export struct {
	Actor
	Format  string `json:"format"`   // csv, jsonl, pdf, json or OnScreen
	Filter  string `json:"filter"`   // the filter in words, without the words looked for in names
	Checks  int64  `json:"checks"`   // how many
	Names   bool   `json:"names"`    // whether with names
	SHA256  string `json:"sha256"`   // of the file's bytes, lower-case hexadecimal; empty: OnScreen
	HeadSeq int64  `json:"head_seq"` // the head of the chain the export carries
	Head    string `json:"head"`     // its hash

	// Signer is the fingerprint of the key the file is signed with; empty: it is not.
	Signer string `json:"signer,omitempty"`

	// Database is the id of the history the checks and the head come from, where
	// that is another desk's.
	Database string `json:"database,omitempty"`

	// AuditorsKey is the public key of the auditors' key that opened names at the centre.
	AuditorsKey string `json:"auditors_key,omitempty"`
}

// OnScreen is the format of an Export that left no file: names of other desks' checks were
// shown, or a search for what is sealed was answered.
const OnScreen = "screen"

// Part is a part of a session that can be erased by itself.
type Part string

// The parts. PartKey is the session's key, and so everything sealed under it.
const (
	PartKey    Part = "key"
	PartName   Part = "name"
	PartNote   Part = "note"
	PartAnswer Part = "answer"
	PartImages Part = "images"

	PartReference Part = "reference"
	PartFields    Part = "fields" // what the document says of its holder
)

// Why something was erased.
const (
	OnRequest   = "on request"
	AfterPeriod = "retention period"

	AskedAtCentre = "asked for at the centre"
)

// Erasure says that sealed parts of a session are no longer there.
type Erasure struct {
	Session string `json:"session"`
	Actor
	Parts  []Part `json:"parts"`
	Reason string `json:"reason"` // OnRequest or AfterPeriod
}

// Head is the newest record of the chain.
type Head struct {
	Seq  int64     `json:"seq"`
	Hash string    `json:"hash"` // lower-case hexadecimal
	At   time.Time `json:"at"`
}
