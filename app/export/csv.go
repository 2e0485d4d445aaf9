package export

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// column is a column of the CSV: texts go through CSVSafe, values are numbers, times and
// words of the program's own.
type column struct {
	name  string
	row   bool // its value stands in the Row, so that a list has it too
	value func(d history.Detail) string
	text  func(d history.Detail) string
}

// columns are in the order of the file. New ones are added at the end.
var columns = []column{
	{name: "seq", row: true, value: func(d history.Detail) string { return strconv.FormatInt(d.Seq, 10) }},
	{name: "time", row: true, value: func(d history.Detail) string { return stamp(d.At) }},
	{name: "mode", row: true, text: func(d history.Detail) string { return string(d.Mode) }},
	{name: "outcome", row: true, text: func(d history.Detail) string { return string(d.Outcome) }},
	{name: "score", row: true, value: func(d history.Detail) string { return optional(d.Score, history.FormatScore) }},
	{name: "code", row: true, value: func(d history.Detail) string { return optional(d.Code, strconv.Itoa) }},
	{name: "result", value: finished(func(f history.Finished) string { return optional(f.Result, strconv.FormatBool) })},
	{name: "status", text: finished(func(f history.Finished) string { return string(f.Status) })},
	{name: "percentages", value: finished(func(f history.Finished) string { return percentages(f.Percentages) })},
	{name: "failed_conditions", text: finished(func(f history.Finished) string { return strings.Join(f.Failed, "; ") })},
	{
		name: "refer_conditions",
		text: finished(func(f history.Finished) string { return strings.Join(f.FailedRefer, "; ") }),
	},
	{name: "flaw", text: finished(func(f history.Finished) string { return string(f.Flaw) })},
	{name: "document_flaw", text: finished(func(f history.Finished) string { return string(f.DocumentFlaw) })},
	{name: "problem", text: finished(func(f history.Finished) string { return f.Problem })},
	{
		name:  "took_seconds",
		value: finished(func(f history.Finished) string { return strconv.FormatFloat(f.Took.Seconds(), 'f', 3, 64) }),
	},
	{name: "decision", row: true, text: func(d history.Detail) string { return string(d.Decision) }},
	{name: "decisions", value: func(d history.Detail) string { return strconv.Itoa(len(d.Decisions)) }},
	{name: "decided_at", value: decided(func(l history.Decided) string { return stamp(l.At) })},
	{name: "decided_by", text: decided(func(l history.Decided) string { return l.Operator })},
	{name: "reason", text: decided(func(l history.Decided) string { return l.Reason })},
	{name: "overrides", text: decided(func(l history.Decided) string { return string(l.Overrides) })},
	{name: "second", text: decided(func(l history.Decided) string { return l.Second })},
	{name: "second_verified", value: decided(func(l history.Decided) string {
		if l.Second == "" {
			return ""
		}
		return strconv.FormatBool(l.Verified)
	})},
	{name: "operator", row: true, text: func(d history.Detail) string { return d.Operator }},
	{name: "signed_in", value: func(d history.Detail) string { return strconv.FormatBool(d.Started.SignedIn) }},
	{name: "desk", row: true, text: func(d history.Detail) string { return d.Desk }},
	{name: "minor", value: func(d history.Detail) string { return strconv.FormatBool(d.Minor()) }},
	{name: "portrait_chosen", value: func(d history.Detail) string {
		if d.Started.Chosen.Number == 0 {
			return ""
		}
		return strconv.Itoa(d.Started.Chosen.Number) + " of " + strconv.Itoa(d.Started.Chosen.Of)
	}},
	{name: "camera_part", text: func(d history.Detail) string { return d.Started.CameraPart.String() }},
	{name: "consent_wording", text: func(d history.Detail) string { return d.Started.Consent.Wording }},
	{name: "engine", text: func(d history.Detail) string { return description(d).Engine }},
	{name: "calibration", text: func(d history.Detail) string { return description(d).Calibration }},
	{name: "program", text: func(d history.Detail) string { return d.Started.Program }},
	{name: "session", row: true, text: func(d history.Detail) string { return d.Session }},
	{name: "check", row: true, text: func(d history.Detail) string { return d.Check }},
	{name: "request", row: true, text: func(d history.Detail) string { return d.Request }},
	{name: "virtual_camera", text: finished(func(f history.Finished) string { return f.VirtualCamera })},
	{name: "inspection", row: true, text: func(d history.Detail) string { return string(d.Inspection) }},
	{name: "inspected_at", value: inspected(func(l history.Inspected) string { return stamp(l.At) })},
	{name: "inspected_by", text: inspected(func(l history.Inspected) string { return l.Operator })},
	{name: "inspected_points", text: inspected(func(l history.Inspected) string {
		answers := make([]string, len(l.Points))
		for i, p := range l.Points {
			answers[i] = p.Point + ": " + string(p.Answer)
		}
		return strings.Join(answers, "; ")
	})},
	{name: "inspection_reason", text: inspected(func(l history.Inspected) string { return l.Reason })},
	{name: "mrz_type", text: zoned(func(m history.MRZ) string { return m.Type })},
	{name: "mrz_digits_hold", value: zoned(func(m history.MRZ) string { return strconv.FormatBool(m.DigitsHold) })},
	{name: "mrz_corrected", value: zoned(func(m history.MRZ) string { return strconv.FormatBool(m.Corrected) })},
	{name: "expired", value: zoned(func(m history.MRZ) string { return optional(m.Expired, strconv.FormatBool) })},
	{name: "mrz_edited", value: zoned(func(m history.MRZ) string { return strconv.FormatBool(m.Edited) })},
}

// nameColumns come last, where names are asked for. The column after each says why it is
// empty, so that such a word cannot be mistaken for a name.
var nameColumns = []column{
	{name: "name", row: true, text: func(d history.Detail) string { return d.Name }},
	{
		name: "name_state", row: true,
		value: func(d history.Detail) string { return state(d.Name != "", d.Sealed, d.Erased) },
	},
	{name: "note", text: decided(func(l history.Decided) string { return l.Note })},
	{
		name:  "note_state",
		value: decided(func(l history.Decided) string { return state(l.Note != "", l.NoteSealed, l.NoteErased) }),
	},
	{name: "reference", text: func(d history.Detail) string { return d.Reference }},
	{
		name:  "reference_state",
		value: func(d history.Detail) string { return state(d.Reference != "", d.ReferenceSealed, d.ReferenceErased) },
	},
	{name: "inspection_note", text: inspected(func(l history.Inspected) string { return l.Note })},
	{
		name:  "inspection_note_state",
		value: inspected(func(l history.Inspected) string { return state(l.Note != "", l.NoteSealed, l.NoteErased) }),
	},
	{name: "document_name", text: func(d history.Detail) string { return d.Fields.Name }},
	{name: "birth_date", text: func(d history.Detail) string { return d.Fields.Birth }},
	{name: "nationality", text: func(d history.Detail) string { return d.Fields.Nationality }},
	{name: "document_number", text: func(d history.Detail) string { return d.Fields.Number }},
	{name: "document_state", value: fieldsState},
}

// finished takes a value from the end of a check; empty where it has not ended.
func finished(of func(history.Finished) string) func(history.Detail) string {
	return func(d history.Detail) string {
		if d.Finished == nil {
			return ""
		}
		return of(*d.Finished)
	}
}

// decided takes a value from the newest decision; empty where there is none.
func decided(of func(history.Decided) string) func(history.Detail) string {
	return func(d history.Detail) string {
		if l := last(d); l != nil {
			return of(*l)
		}
		return ""
	}
}

// inspected takes a value from the newest inspection. It is empty for a check without one.
func inspected(of func(history.Inspected) string) func(history.Detail) string {
	return func(d history.Detail) string {
		if len(d.Inspected) == 0 {
			return ""
		}
		return of(d.Inspected[len(d.Inspected)-1])
	}
}

func optional[T any](v *T, format func(T) string) string {
	if v == nil {
		return ""
	}
	return format(*v)
}

// state is what became of a sealed part: "given", "sealed", "erased" or "none".
func state(there, sealed, erased bool) string {
	switch {
	case there:
		return "given"
	case sealed:
		return "sealed"
	case erased:
		return "erased"
	}
	return "none"
}

func fieldsState(d history.Detail) string {
	return state(d.Fields != history.Fields{}, d.FieldsSealed, d.FieldsErased)
}

// description describes what decided or, where nothing has yet, what was going to.
func description(d history.Detail) matcher.Description {
	if d.Finished != nil && d.Finished.Description.Engine != "" {
		return d.Finished.Description
	}
	return d.Started.Description
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func percentages(all []int64) string {
	words := make([]string, len(all))
	for i, p := range all {
		words[i] = history.FormatScore(p)
	}
	return strings.Join(words, " ")
}

// ByteOrderMark before CSV marks it as UTF-8 for spreadsheets. Without it a double click
// opens the file in the system's old encoding, which breaks every letter beyond ASCII. On
// standard output it is left out: a program that reads it would find the mark in the name
// of the first column.
const ByteOrderMark = "\uFEFF"

type csvWriter struct {
	to      *bufio.Writer
	csv     *csv.Writer
	columns []column
	cells   []string
	begun   bool
}

func newCSV(to io.Writer, names bool) *csvWriter {
	w := &csvWriter{to: bufio.NewWriterSize(to, bufferSize), columns: columns}
	if names {
		w.columns = slices.Concat(columns, nameColumns)
	}
	w.csv = csv.NewWriter(w.to)
	w.csv.UseCRLF = true // RFC 4180
	w.cells = make([]string, len(w.columns))
	return w
}

// WriteRows writes rows of a list as CSV: those columns of an export that a row holds.
func WriteRows(to io.Writer, rows []history.Row, names bool) error {
	w := newCSV(to, names)
	w.columns = slices.DeleteFunc(slices.Clone(w.columns), func(c column) bool { return !c.row })
	w.cells = w.cells[:len(w.columns)]
	for _, r := range rows {
		if err := w.Check(history.Detail{Row: r}); err != nil {
			return err
		}
	}
	return w.End(history.Head{})
}

func (w *csvWriter) head() error {
	if w.begun {
		return nil
	}
	w.begun = true
	for i, c := range w.columns {
		w.cells[i] = c.name
	}
	return w.csv.Write(w.cells)
}

func (w *csvWriter) Check(d history.Detail) error {
	if err := w.head(); err != nil {
		return err
	}
	for i, c := range w.columns {
		if c.text != nil {
			w.cells[i] = CSVSafe(c.text(d))
		} else {
			w.cells[i] = c.value(d)
		}
	}
	return w.csv.Write(w.cells)
}

// End leaves the head out: RFC 4180 has no comments.
func (w *csvWriter) End(history.Head) error {
	if err := w.head(); err != nil {
		return err
	}
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return err
	}
	return w.to.Flush()
}
