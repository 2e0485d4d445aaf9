package history

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The kinds of record of a sample.
const (
	KindSampled  Kind = "sampled"
	KindLookedAt Kind = "looked at"
)

// Sampling says which checks to pick at random. The same filter, seed and head (of the centre: the
// same heads) give the same checks again for every auditor, whatever was recorded or erased since.
type Sampling struct {
	Filter Filter `json:"filter"` // without Words and Reference, which are personal
	Count  int    `json:"count"`  // how many
	Seed   string `json:"seed"`   // 32 hexadecimal digits
	Head   int64  `json:"head_seq"`
	Hash   string `json:"head"` // of the record Head; empty: it is not compared

	// Database is the id of the history the checks come from, where that is another desk's.
	Database string `json:"database,omitempty"`

	// Heads are the newest records of the histories that the auditor saw, where the checks come from
	// the centre. Head and Hash are then those of HeadOfHeads.
	Heads []ChainHead `json:"heads,omitempty"`
}

// ChainHead is the newest record of a history at the centre.
type ChainHead struct {
	History string `json:"history"` // its id
	Branch  string `json:"branch"`  // the branch of its desk, which may become another
	Seq     int64  `json:"seq"`
	Hash    string `json:"hash"`
}

// HeadOfHeads is how many records the histories have together, and the SHA-256 of the lines
// "HISTORY SEQ HASH" of all of them, in the order of their ids.
func HeadOfHeads(heads []ChainHead) Head {
	var h Head
	var lines []string
	for _, one := range slices.SortedFunc(slices.Values(heads), func(a, b ChainHead) int {
		return cmp.Compare(a.History, b.History)
	}) {
		h.Seq += one.Seq
		lines = append(lines, fmt.Sprint(one.History, " ", one.Seq, " ", one.Hash))
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	h.Hash = hex.EncodeToString(sum[:])
	return h
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
