package history

import (
	"slices"
	"time"
)

// The kinds of record of a sample.
const (
	KindSampled  Kind = "sampled"
	KindLookedAt Kind = "looked at"
)

// Sampling says which checks to pick at random. The same filter, seed and head give the
// same checks again for every auditor, whatever was recorded or erased since.
type Sampling struct {
	Filter Filter `json:"filter"` // without Words and Reference, which are personal
	Count  int    `json:"count"`  // how many
	Seed   string `json:"seed"`   // 32 hexadecimal digits
	Head   int64  `json:"head_seq"`
	Hash   string `json:"head"` // of the record Head; empty: it is not compared

	// Database is the id of the history the checks come from, where that is another desk's.
	Database string `json:"database,omitempty"`
}

// Sample says that checks were picked at random to be looked at. The record lies in
// the chain of the auditor who picked them.
type Sample struct {
	Sample string `json:"sample"` // smp_<uuid>
	Actor
	Sampling
	Of     int64    `json:"of"`     // how many the filter chose, as of the head, that had ended
	Checks []Picked `json:"checks"` // in the order in which they were drawn
}

// Picked is a check of a sample.
type Picked struct {
	Check   string `json:"check"`
	Session string `json:"session"`
}

// Look says that somebody looked at a check of a sample. Remark is sealed.
type Look struct {
	Sample string `json:"sample"`
	Actor
	Check   string `json:"looked_at"` // its id
	Session string `json:"session"`
	Remark  string `json:"-"`
}

// Looked is a Look and when it was recorded.
type Looked struct {
	At time.Time `json:"at"`
	Look
	Text   string `json:"remark,omitempty"`        // Remark, where it can be read here
	Sealed bool   `json:"remark_sealed,omitempty"` // there is a remark, but it cannot be read here
	Erased bool   `json:"remark_erased,omitempty"` // there was one, and it was erased
}

// Sampled is a sample with what came of it.
type Sampled struct {
	At time.Time `json:"at"`
	Sample
	Looks []Looked `json:"looks"` // the newest of each check, in the order of Checks
}

// Look is what came of one check; false: it was not looked at.
func (s Sampled) Look(check string) (Looked, bool) {
	if i := slices.IndexFunc(s.Looks, func(l Looked) bool { return l.Check == check }); i >= 0 {
		return s.Looks[i], true
	}
	return Looked{}, false
}
