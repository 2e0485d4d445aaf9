package export

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// column is a column of the CSV: texts go through CSVSafe, values are numbers,
// times and words of the program's own.
type column struct {
	name  string
	value func(d history.Detail) string
	text  func(d history.Detail) string
}

// columns are in the order of the file. More are added at the end only, where
// names are not asked for.
var columns = []column{
	{name: "seq", value: func(d history.Detail) string { return strconv.FormatInt(d.Seq, 10) }},
	{name: "time", value: func(d history.Detail) string { return stamp(d.At) }},
	{name: "mode", text: func(d history.Detail) string { return string(d.Mode) }},
	{name: "outcome", text: func(d history.Detail) string { return string(d.Outcome) }},
	{name: "score", value: func(d history.Detail) string { return optional(d.Score, history.FormatScore) }},
	{name: "code", value: func(d history.Detail) string { return optional(d.Code, strconv.Itoa) }},
	{name: "result", value: finished(func(f history.Finished) string { return optional(f.Result, strconv.FormatBool) })},
	{name: "status", text: finished(func(f history.Finished) string { return string(f.Status) })},
	{name: "percentages", value: finished(func(f history.Finished) string { return percentages(f.Percentages) })},
	{name: "failed_conditions", text: finished(func(f history.Finished) string { return strings.Join(f.Failed, "; ") })},
	{name: "refer_conditions", text: finished(func(f history.Finished) string { return strings.Join(f.FailedRefer, "; ") })},
	{name: "flaw", text: finished(func(f history.Finished) string { return string(f.Flaw) })},
	{name: "document_flaw", text: finished(func(f history.Finished) string { return string(f.DocumentFlaw) })},
	{name: "problem", text: finished(func(f history.Finished) string { return f.Problem })},
	{name: "took_seconds", value: finished(func(f history.Finished) string { return strconv.FormatFloat(f.Took.Seconds(), 'f', 3, 64) })},
	{name: "decision", text: func(d history.Detail) string { return string(d.Decision) }},
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
	{name: "operator", text: func(d history.Detail) string { return d.Operator }},
	{name: "signed_in", value: func(d history.Detail) string { return strconv.FormatBool(d.Started.SignedIn) }},
	{name: "desk", text: func(d history.Detail) string { return d.Desk }},
	{name: "minor", value: func(d history.Detail) string { return strconv.FormatBool(d.Started.Minor) }},
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
	{name: "session", text: func(d history.Detail) string { return d.Session }},
	{name: "check", text: func(d history.Detail) string { return d.Check }},
	{name: "request", text: func(d history.Detail) string { return d.Request }},
}

// nameColumns come last, where names are asked for. Each says in the next
// column why it is empty, so that no name can be taken for such a word.
var nameColumns = []column{
	{name: "name", text: func(d history.Detail) string { return d.Name }},
	{name: "name_state", value: func(d history.Detail) string { return state(d.Name != "", d.Sealed, d.Erased) }},
	{name: "note", text: decided(func(l history.Decided) string { return l.Note })},
	{name: "note_state", value: decided(func(l history.Decided) string { return state(l.Note != "", l.NoteSealed, l.NoteErased) })},
}

// finished reads a value of the end of a check; empty where it has none.
func finished(of func(history.Finished) string) func(history.Detail) string {
	return func(d history.Detail) string {
		if d.Finished == nil {
			return ""
		}
		return of(*d.Finished)
	}
}

// decided reads a value of the newest decision; empty where there is none.
func decided(of func(history.Decided) string) func(history.Detail) string {
	return func(d history.Detail) string {
		if l := last(d); l != nil {
			return of(*l)
		}
		return ""
	}
}

func optional[T any](v *T, format func(T) string) string {
	if v == nil {
		return ""
	}
	return format(*v)
}

// state says what became of a sealed part: "given", "sealed", "erased" or "none".
func state(given, sealed, erased bool) string {
	switch {
	case given:
		return "given"
	case sealed:
		return "sealed"
	case erased:
		return "erased"
	}
	return "none"
}

// description is what decided in the end or, before that, what was going to.
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

// ByteOrderMark before CSV tells spreadsheets that it is UTF-8. Opened by a double
// click they would otherwise take it for the system's old encoding, and spoil each
// letter beyond ASCII. A program that reads standard output would find it in the
// name of the first column.
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
		w.columns = append(columns[:len(columns):len(columns)], nameColumns...)
	}
	w.csv = csv.NewWriter(w.to)
	w.csv.UseCRLF = true // RFC 4180
	w.cells = make([]string, len(w.columns))
	return w
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
