package history

// Minor says whether the person is under 18, as the clerk or the document said.
func (d Detail) Minor() bool { return d.Started.Minor || d.Finished != nil && d.Finished.Minor }

// MRZ says how a document's machine-readable zone was read, and nothing of its holder.
type MRZ struct {
	Type       string `json:"type"`        // TD1, TD2, TD3, MRV-A or MRV-B
	DigitsHold bool   `json:"digits_hold"` // all check digits hold
	Corrected  bool   `json:"corrected,omitempty"`
	// Expired says whether the document had expired; nil: its expiry date is not proven, or
	// the clock of the computer could not be relied on.
	Expired *bool `json:"expired,omitempty"`
	Edited  bool  `json:"edited,omitempty"` // the clerk changed what was read
}

// Reading is what was read from a document. Its zero value says that nothing was.
type Reading struct {
	MRZ    MRZ    `json:"mrz"`
	Fields Fields `json:"fields"`
	// Minor says that the birth date proves that the person is under 18.
	Minor bool `json:"minor,omitempty"`
}

// DocumentRead says that a document was read for another program, through the API this one
// serves. It is no check, and nothing of what the document says is kept.
type DocumentRead struct {
	ID       string `json:"id"`                // doc_<uuid>
	Session  string `json:"session,omitempty"` // sess_<uuid>, where the program named one
	Actor           // its Desk is the token's name
	Portrait int    `json:"portrait_code"` // the code of the portrait, as in an answer
	MRZ      *MRZ   `json:"mrz,omitempty"` // nil: no zone was found
	Result   string `json:"result"`        // what was answered: refer or fail
}

// Fields are what a document says of its holder, as it was read or as the clerk put it
// right. They are sealed. A date is a day (2006-01-02), or a month or a year where the
// document says no more.
type Fields struct {
	Name        string `json:"name,omitempty"`
	Birth       string `json:"birth_date,omitempty"`
	Nationality string `json:"nationality,omitempty"`
	Number      string `json:"number,omitempty"` // only where the settings have it kept
}
