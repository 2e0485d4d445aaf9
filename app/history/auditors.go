package history

// Audit says that the key of a session was encrypted for auditors when the session began.
// The person had agreed to words that name them.
type Audit struct {
	Auditors   string   `json:"auditors"`         // who they are, as the person read it
	Recipients []string `json:"recipients"`       // their public keys
	SHA256     string   `json:"sha256,omitempty"` // of the encrypted key; the history fills it in
}

// KindWithdrawn is the kind of record of a public key of the auditors that was withdrawn.
const KindWithdrawn Kind = "withdrawn"

// Withdrawn says that an administrator of the centre withdrew a public key of the auditors,
// because its private key is in wrong hands: what was encrypted for it is deleted here too.
type Withdrawn struct {
	Actor
	Recipient string `json:"recipient"`
}

// AuditKey is the key of a session, encrypted for the auditors.
type AuditKey struct {
	Session string
	Wrapped []byte
}

// AuditorsKey opens what was encrypted for auditors.
type AuditorsKey interface {
	// Unwrap gives at most so many bytes.
	Unwrap(wrapped []byte, most int64) ([]byte, error)
}

// NamesRead is how many checks with a name were read since the auditors' key was put to use.
type NamesRead struct {
	Opened int64 `json:"opened"` // with the auditors' key
	Sealed int64 `json:"sealed"` // the key does not open these
}
