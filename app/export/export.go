// Package export writes checks of the history out of the program: as CSV and
// JSON Lines, one check after the other in constant memory, and as a PDF report
// of one check or of a selection.
//
// Without names an export holds nothing that was sealed: no name, no note and
// no raw answer, which may hold either. Kept pictures are in none.
//
// Each export carries the head of the chain, so that the records it shows can be
// found unchanged in the history later: JSON Lines and PDF in themselves, CSV,
// which has no place for it, in the file of its digest (see File).
package export

import (
	"fmt"
	"io"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// The formats.
const (
	CSV   = "csv"
	JSONL = "jsonl"
	PDF   = "pdf"
)

// Formats are the formats there are.
var Formats = []string{CSV, JSONL, PDF}

// Words gives the words of the catalogue (assets/translations).
type Words interface {
	T(key string, params ...any) string
	Notice(n matcher.Notice) string
}

// About says what an export holds, by whom and for which question.
type About struct {
	Names    bool          // with names, notes and raw answers
	Filter   string        // what was asked for, in words
	By       history.Actor // who exports
	At       time.Time
	Database string // id of the history the checks come from, where that is another desk's
	Subject  bool   // everything about one person; Names is true
	Signer   string // fingerprint of the key the file is signed with; empty: it is not signed
}

// Writer takes the checks of an export, one after the other.
type Writer interface {
	Check(d history.Detail) error
	// End writes what comes last, with the newest record of the chain.
	End(head history.Head) error
}

// New gives the writer of a format. What it writes is complete once End returned
// without an error.
func New(format string, to io.Writer, about About, words Words) (Writer, error) {
	switch {
	case about.Subject && format == JSON:
		return &subjectWriter{to: to, about: about}, nil
	}
	switch format {
	case CSV:
		return newCSV(to, about.Names), nil
	case JSONL:
		return newJSONL(to, about), nil
	case PDF:
		return newPDF(to, about, words), nil
	}
	return nil, matcher.NewProblem("export.format", fmt.Errorf("format %q", format))
}

// last is a check's newest decision; nil where there is none.
func last(d history.Detail) *history.Decided {
	if len(d.Decisions) == 0 {
		return nil
	}
	return &d.Decisions[len(d.Decisions)-1]
}
