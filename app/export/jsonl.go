package export

import (
	"bufio"
	"encoding/json"
	"io"
	"time"
	"unicode/utf8"

	"facematch/app/history"
)

// line is a check in JSON Lines. What stands in the records has the records'
// own form there, so scores are whole hundredths of a percent, as in the chain.
// What changes with everything else that is recorded, such as the head, is not
// in it: the same check gives the same line until something happens to it.
type line struct {
	history.Row
	Seqs      []int64           `json:"seqs"` // the numbers of all its records
	Started   history.Started   `json:"started"`
	Finished  *history.Finished `json:"finished"` // null: the check has no end, or was interrupted
	Decisions []decisionLine    `json:"decisions"`
	Erasures  []erasureLine     `json:"erasures"`

	Inspections []inspectionLine `json:"inspections,omitempty"`
	Hold        *history.Holding `json:"hold,omitempty"`

	NameState      string `json:"name_state,omitempty"`      // with names only: given, sealed, erased, none
	Reference      string `json:"reference,omitempty"`       // the customer's own
	ReferenceState string `json:"reference_state,omitempty"` // as NameState
	AnswerState    string `json:"answer_state,omitempty"`    // likewise
	FieldsState    string `json:"fields_state,omitempty"`    // likewise

	Fields history.Fields `json:"fields,omitzero"` // what the document says of its holder

	Answer      string `json:"answer,omitempty"`        // the raw answer, exactly as it came
	AnswerBytes []byte `json:"answer_base64,omitempty"` // in its place where it is not UTF-8
}

type decisionLine struct {
	At  time.Time `json:"at"`
	Seq int64     `json:"seq"`
	history.Decision
	Note      string `json:"note,omitempty"`
	NoteState string `json:"note_state,omitempty"` // with names only
}

type inspectionLine struct {
	At  time.Time `json:"at"`
	Seq int64     `json:"seq"`
	history.Inspection
	Note      string `json:"note,omitempty"`
	NoteState string `json:"note_state,omitempty"` // with names only
}

type erasureLine struct {
	At time.Time `json:"at"`
	history.Erasure
}

// lineOf is the line of a check, with what was sealed only where names are asked
// for.
func lineOf(d history.Detail, names bool) line {
	l := line{
		Row: d.Row, Seqs: d.Seqs, Started: d.Started, Finished: d.Finished,
		Decisions: []decisionLine{}, Erasures: []erasureLine{}, Hold: d.Hold,
	}
	for _, e := range d.Erasures {
		l.Erasures = append(l.Erasures, erasureLine{e.At, e.Erasure})
	}
	for _, x := range d.Decisions {
		of := decisionLine{At: x.At, Seq: x.Seq, Decision: x.Decision}
		if names {
			of.Note, of.NoteState = x.Note, state(x.Note != "", x.NoteSealed, x.NoteErased)
		}
		l.Decisions = append(l.Decisions, of)
	}
	for _, x := range d.Inspected {
		of := inspectionLine{At: x.At, Seq: x.Seq, Inspection: x.Inspection}
		if names {
			of.Note, of.NoteState = x.Note, state(x.Note != "", x.NoteSealed, x.NoteErased)
		}
		l.Inspections = append(l.Inspections, of)
	}
	if !names {
		// Without names, not even the presence of a name is exported.
		l.Name, l.Sealed, l.Erased = "", false, false
		return l
	}
	l.NameState = state(d.Name != "", d.Sealed, d.Erased)
	l.Reference, l.ReferenceState = d.Reference, state(d.Reference != "", d.ReferenceSealed, d.ReferenceErased)
	l.Fields, l.FieldsState = d.Fields, fieldsState(d)
	l.AnswerState = state(d.Raw != nil, d.RawSealed, d.RawErased)
	if utf8.Valid(d.Raw) {
		l.Answer = string(d.Raw)
	} else {
		l.AnswerBytes = d.Raw
	}
	return l
}

// trailer is the last line.
type trailer struct {
	Export struct {
		Version  int           `json:"version"` // of this form
		Checks   int64         `json:"checks"`  // how many lines come before
		Names    bool          `json:"names"`
		Filter   string        `json:"filter"`
		At       time.Time     `json:"at"`
		By       history.Actor `json:"by"`
		Database string        `json:"database,omitempty"` // id of another desk's history, where they come from one
		Signer   string        `json:"signer,omitempty"`   // fingerprint of the key the file is signed with
		Head     history.Head  `json:"head"`               // every record of the checks is this one or before it
	} `json:"facematch_export"`
}

// jsonlVersion is of the form of the lines; a reader can rely on it.
const jsonlVersion = 1

type jsonlWriter struct {
	to    *bufio.Writer
	lines *json.Encoder
	about About
	count int64
}

func newJSONL(to io.Writer, about About) *jsonlWriter {
	w := &jsonlWriter{to: bufio.NewWriterSize(to, bufferSize), about: about}
	w.lines = newLines(w.to)
	return w
}

// newLines writes one JSON value a line.
func newLines(to io.Writer) *json.Encoder {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false) // conditions read ">="
	return e
}

func (w *jsonlWriter) Check(d history.Detail) error {
	w.count++
	return w.lines.Encode(lineOf(d, w.about.Names))
}

func (w *jsonlWriter) End(head history.Head) error {
	var t trailer
	t.Export.Version, t.Export.Checks, t.Export.Names = jsonlVersion, w.count, w.about.Names
	t.Export.Filter, t.Export.At, t.Export.By = w.about.Filter, w.about.At.UTC(), w.about.By
	t.Export.Database, t.Export.Signer, t.Export.Head = w.about.Database, w.about.Signer, head
	if err := w.lines.Encode(t); err != nil {
		return err
	}
	return w.to.Flush()
}

// Whole is everything about one check as JSON: its line of an export, with all
// attempts of its session and the head of the chain.
func Whole(d history.Detail, names bool) any {
	attempts := make([]history.Row, len(d.Attempts))
	for i, a := range d.Attempts {
		if !names {
			a.Name, a.Sealed, a.Erased = "", false, false
		}
		attempts[i] = a
	}
	return struct {
		line
		Attempts []history.Row `json:"attempts"`
		Head     history.Head  `json:"head"`
	}{lineOf(d, names), attempts, d.Head}
}
