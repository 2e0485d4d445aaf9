// Package history holds what is recorded of a check, as plain data: the vocabulary that
// app, store, views and the command line share.
package history

import (
	"time"

	"facematch/matcher"
)

// Outcome is how a check ended.
type Outcome string

// The outcomes. Rates and histograms count the first three only.
const (
	Pass        Outcome = "pass"
	Refer       Outcome = "refer"
	Fail        Outcome = "fail"
	NotCompared Outcome = "not compared"  // the document or the clip gave no usable face
	CouldNotRun Outcome = "could not run" // something was missing, unreadable or broken
	Cancelled   Outcome = "cancelled"
	Interrupted Outcome = "interrupted" // the program ended in the middle
	Unknown     Outcome = "unknown"     // a remote call was cut after bytes were sent
	Running     Outcome = "running"     // never stored: started, not finished, its program still runs
)

// Mode is which engine decides.
type Mode string

// The modes.
const (
	Offline Mode = "offline"
	Remote  Mode = "remote"
	Ask     Mode = "ask" // in the settings only: the clerk says which, for each check
)

// DocumentSource is where a document's picture came from.
type DocumentSource string

// The sources of a document.
const (
	FromFile   DocumentSource = "file"
	FromCamera DocumentSource = "camera" // a photo by the desk's own camera
)

// Where the key of sealed parts lies.
const (
	KeyInKeyring = "keyring"
	KeyInFile    = "file"
)

// Kind is the kind of a record.
type Kind string

// The kinds of record.
const (
	KindStarted     Kind = "started"
	KindSending     Kind = "sending" // of a remote check: from here on bytes may have been sent
	KindFinished    Kind = "finished"
	KindInterrupted Kind = "interrupted"
	KindSettings    Kind = "settings changed"
	KindDecided     Kind = "decided"
	KindSignedIn    Kind = "signed in"
	KindExported    Kind = "exported"
	KindErased      Kind = "erased"
	KindRead        Kind = "document read"
)

// Started is what is known before a check runs. Name and Reference are sealed; the rest is
// the record's payload.
type Started struct {
	Check       string              `json:"check"`    // chk_<uuid>
	Session     string              `json:"session"`  // sess_<uuid>
	Instance    string              `json:"instance"` // the running program that does it
	Mode        Mode                `json:"mode"`
	Operator    string              `json:"operator"`            // who signed in, or the system's user name
	SignedIn    bool                `json:"signed_in,omitempty"` // the operator did, with a passphrase
	Desk        string              `json:"desk"`                // from the settings
	Program     string              `json:"program"`             // version
	Consent     Consent             `json:"consent"`
	Rules       []matcher.Condition `json:"conditions"`
	Description matcher.Description `json:"description"` // engine, models and their SHA-256, calibration

	DocumentFrom DocumentSource `json:"document_from,omitempty"`
	Minor        bool           `json:"minor,omitempty"` // the operator said that the person is under 18
	// the face on the page that the clerk chose as the portrait; empty: the one that was found
	Chosen matcher.Pick `json:"chosen,omitzero"`
	// of the camera's picture that was used; empty: all of it, or no camera was
	CameraPart matcher.Part `json:"camera_part,omitzero"`
	// whether the clerk was to be asked; empty: recorded before there were inspections
	Inspection InspectionUse `json:"inspection,omitempty"`

	Kept      string `json:"kept,omitempty"`      // id of the kept check it was made from
	Prefilled bool   `json:"prefilled,omitempty"` // with the video the API, ours where Served, had of this session
	// asked for by another program through the API this one serves, with the token named Desk
	Served bool `json:"served,omitempty"`

	// Audit says that the session began with this check and that its key was encrypted for
	// auditors then; nil: it was not.
	Audit *Audit `json:"audit,omitempty"`

	// RequestDigest tells whether another request asks for the same: a keyed hash of what a
	// served check was asked with under an Idempotency-Key. Empty: there was no such key.
	RequestDigest string `json:"request_digest,omitempty"`

	Name      string `json:"-"` // the person's full name; empty where it was left out
	Reference string `json:"-"` // the customer's own, such as a case number; empty: the check has no reference
}

// Sending is written right before a remote check's request goes out. A check that has it
// and no end is unknown: the API may or may not have decided.
type Sending struct {
	Check   string `json:"check"`
	Session string `json:"session"`
	Host    string `json:"host"`           // whom it goes to
	Kept    string `json:"kept,omitempty"` // as Started.Kept
}

// Consent is what the person agreed to, and in which words.
type Consent struct {
	Processing bool   `json:"processing"`
	SendName   bool   `json:"send_name"` // the name may go to the remote API
	Wording    string `json:"wording"`   // version of the wording
}

// Finished is how a check ended. Raw is sealed; the rest is the payload.
type Finished struct {
	Check   string        `json:"check"`
	Session string        `json:"session"`
	Outcome Outcome       `json:"outcome"`
	Problem string        `json:"problem,omitempty"` // key of the problem where it could not run
	Took    time.Duration `json:"took_ns"`

	// The answer, where there is one. Scores are hundredths of a percent
	// (8358 is 83.58), so that no float stands in a hashed record.
	Code        *int           `json:"code,omitempty"`
	AnchorCode  *int           `json:"anchor_code,omitempty"`
	TargetCode  *int           `json:"target_code,omitempty"`
	Result      *bool          `json:"result,omitempty"`
	Status      matcher.Status `json:"status,omitempty"`
	Score       *int64         `json:"score,omitempty"` // nil where nothing was compared
	Percentages []int64        `json:"percentages,omitempty"`
	Failed      []string       `json:"failed_conditions,omitempty"`
	FailedRefer []string       `json:"failed_refer_conditions,omitempty"`

	// Why the clip, and the document, could not be compared; empty where they could,
	// or where another program decided.
	Flaw         matcher.Flaw `json:"flaw,omitempty"`
	DocumentFlaw matcher.Flaw `json:"document_flaw,omitempty"`

	// VirtualCamera is the driver of the virtual camera that filmed: another program makes its
	// pictures. Empty: a device, a stream or a file filmed, or nothing did.
	VirtualCamera string `json:"virtual_camera,omitempty"`

	MRZ *MRZ `json:"mrz,omitempty"` // how the document's machine-readable zone was read; nil: none was found
	// the document's birth date proves that the person is under 18, and the clerk was not asked
	Minor bool `json:"minor,omitempty"`

	Quality     *Quality            `json:"quality,omitempty"`
	Description matcher.Description `json:"description"` // what decided in the end

	Remote *matcher.Exchange `json:"remote,omitempty"` // what is known of the call to the API; nil where none was made

	Raw    []byte  `json:"-"` // the answer's body, sealed: JSON, or whatever the API sent
	Fields *Fields `json:"-"` // what the document says of its holder, sealed; nil: nothing

	// Pictures as JPEG, sealed; only where the settings have them kept.
	Document []byte `json:"-"` // the portrait
	Frame    []byte `json:"-"` // the person: the frame that scored highest
}

// Quality is the quality of the faces that were compared: whole numbers 0 to
// 100, but for the inter-eye distances in pixels.
type Quality struct {
	Portrait      int64   `json:"portrait"`
	PortraitEyes  int64   `json:"portrait_inter_eye_px"`
	Frames        []int64 `json:"frames"`
	FramesEyes    []int64 `json:"frames_inter_eye_px"`
	PortraitNotes int64   `json:"portrait_warnings"` // how many warnings the clerk was shown

	PortraitPage   int  `json:"portrait_page,omitempty"`    // of the document, from 1
	PortraitByHand bool `json:"portrait_by_hand,omitempty"` // the clerk turned the page or said where the portrait is

	// Each measure of the document's face, and of the person's: the mean of the compared
	// frames or, where none was compared, as filming began. Nil where nothing was measured.
	Document *Measures `json:"document,omitempty"`
	Camera   *Measures `json:"camera,omitempty"`

	// CaptureWarning is the key of the hint that was shown when the clerk filmed anyway, such
	// as coach.dark; empty: the picture was good, or a file was used.
	CaptureWarning string `json:"capture_warning,omitempty"`
}

// Measures are the quality measures of a face: whole numbers from 0 (useless) to
// 100 (ideal), but for Eyes. What they are made of stands in matcher/quality.
type Measures struct {
	Eyes      int64 `json:"inter_eye_px"` // distance between the eyes in pixels
	Size      int64 `json:"size"`
	Sharpness int64 `json:"sharpness"`
	Exposure  int64 `json:"exposure"`
	Contrast  int64 `json:"contrast"`
	Pose      int64 `json:"pose"`
	Tilt      int64 `json:"tilt"`
	Total     int64 `json:"total"`
}

// How settings changed.
const (
	FirstSeen       = "first seen"
	ChangedInWindow = "in the window"
	ChangedByHand   = "by hand"

	// ChangedOperators: not the settings but the list of operators changed.
	ChangedOperators = "operators"
)

// SettingsChange says that the settings changed, or the list of operators, and
// how.
type SettingsChange struct {
	How string `json:"how"` // one of the constants above
	// of the bytes of the user's settings file or, with ChangedOperators, of the operators' file
	SHA256 string `json:"sha256"`
	// Administrator is the SHA-256 of the administrator's settings file; empty where there is none.
	Administrator string `json:"administrator_sha256,omitempty"`

	Consent *ConsentWords `json:"consent,omitempty"` // the wording of our own from then on; nil: the program's

	*Actor                    // who did it; nil where that is not known
	Change    OperatorsChange `json:"change,omitempty"`    // with ChangedOperators
	Changed   string          `json:"changed,omitempty"`   // the name of the operator it is about; empty: by hand
	Operators []Operator      `json:"operators,omitempty"` // all of them, after the change

	// With OperatorsCentre: when the list was signed, for which branch ("*": all) and with which
	// key, as ssh-keygen -l shows it; who is on it that was not before, and the other way round.
	Signed time.Time `json:"signed,omitzero"`
	Branch string    `json:"branch,omitempty"`
	Key    string    `json:"key,omitempty"`
	Came   []string  `json:"came,omitempty"`
	Left   []string  `json:"left,omitempty"`
}

// Operator is who may work with the program.
type Operator struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
}

// OperatorsChange is how the list of operators changed.
type OperatorsChange string

// The changes of the list of operators.
const (
	OperatorAdded      OperatorsChange = "added"
	OperatorRemoved    OperatorsChange = "removed"
	OperatorPassphrase OperatorsChange = "passphrase"
	OperatorsByHand    OperatorsChange = "by hand" // the file is not the one that was recorded
	OperatorsCentre    OperatorsChange = "centre"  // another list came from the centre
)

// ConsentWords are the words persons agree to, where they are not the program's.
type ConsentWords struct {
	Wording    string `json:"wording"` // their version, as checks name it
	Processing string `json:"processing"`
	SendName   string `json:"send_name"`
}
