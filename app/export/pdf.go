package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"time"

	"facematch/app/export/paper"
	"facematch/app/history"
)

// pdfWriter gathers the checks, at most MaxPDF, and prints them at the end: the
// number of checks and the head stand on the first page. A single check is
// printed as a report of everything about it, several as a list.
type pdfWriter struct {
	to    io.Writer
	about About
	words Words

	single  history.Detail   // the first
	subject []history.Detail // all, where they are about one person
	rows    []history.Row
	counts  history.Counts
	seen    *seen // for the overview

	sum   hash.Hash // of the data
	lines *json.Encoder
}

func newPDF(to io.Writer, about About, words Words) *pdfWriter {
	w := &pdfWriter{to: to, about: about, words: words, sum: sha256.New()}
	w.counts.ByOutcome = map[history.Outcome]int64{}
	w.lines = newLines(w.sum)
	w.seen = newSeen(about.At)
	return w
}

func (w *pdfWriter) Check(d history.Detail) error {
	if !w.about.Names {
		// Nothing below can print what is not there.
		d = withoutNames(d)
	}
	if len(w.rows) == 0 {
		w.single = d
	}
	if w.about.Subject {
		w.subject = append(w.subject, d)
	}
	w.rows = append(w.rows, d.Row)
	w.seen.add(d)
	w.counts.Total++
	w.counts.ByOutcome[d.Outcome]++
	if d.Decision == history.Undecided {
		w.counts.Undecided++
	}
	if d.Decision == history.Identified {
		w.counts.Identified++
	}
	return w.lines.Encode(lineOf(d, w.about.Names))
}

// withoutNames is a check without what was sealed.
func withoutNames(d history.Detail) history.Detail {
	d.Name, d.Raw, d.Document, d.Frame = "", nil, nil, nil
	d.Started.Name = ""
	if d.Finished != nil {
		f := *d.Finished
		f.Raw = nil
		d.Finished = &f
	}
	decisions := make([]history.Decided, len(d.Decisions))
	for i, x := range d.Decisions {
		x.Note = ""
		decisions[i] = x
	}
	d.Decisions = decisions
	inspected := make([]history.Inspected, len(d.Inspected))
	for i, x := range d.Inspected {
		x.Note = ""
		inspected[i] = x
	}
	d.Inspected = inspected
	attempts := make([]history.Row, len(d.Attempts))
	for i, a := range d.Attempts {
		a.Name = ""
		attempts[i] = a
	}
	d.Attempts = attempts
	return d
}

func (w *pdfWriter) End(head history.Head) error {
	title := w.words.T("report.title_many")
	switch {
	case w.about.Subject:
		title = w.words.T("report.title_subject")
	case len(w.rows) == 1:
		title = w.words.T("report.title_one")
	}
	p := paper.New(paper.Params{
		Title: title, Language: w.words.T("report.language"), Program: w.words.T("window.title") + " " + w.about.By.Program,
		At: w.about.At,
		Footer: []string{
			w.words.T("report.exported") + " " + w.exportedBy(), w.words.T("report.head", "Seq", head.Seq, "Hash", head.Hash),
		},
		Number: func(page int, of string) string { return w.words.T("report.page", "Page", page, "Of", of) },
	})
	p.Text(title, paper.Style{Size: 15, Bold: true, Colour: ink})
	p.Space(1)
	switch {
	case w.about.Subject:
		w.printSubject(p)
	case len(w.rows) == 1:
		w.printCheck(p, w.single)
	default:
		w.printSelection(p)
		w.printOverview(p)
	}
	w.printProof(p, head)
	return p.Output(w.to)
}

// printProof says how the report can be compared with the history later.
func (w *pdfWriter) printProof(p *paper.Paper, head history.Head) {
	t := w.words.T
	p.Heading(t("report.proof"))
	facts := []paper.Fact{
		{Name: t("report.filter"), Value: w.about.Filter},
		{Name: t("report.exported"), Value: w.exportedBy()},
		{Name: t("report.names"), Value: t("report.names_" + yesNo(w.about.Names))},
		{Name: t("report.database"), Value: w.about.Database},
		{
			Name:  t("report.head_name"),
			Value: t("report.head_of", "Seq", head.Seq, "Hash", head.Hash, "At", LocalTime(head.At)),
		},
		{Name: t("report.digest"), Value: hex.EncodeToString(w.sum.Sum(nil))},
		{Name: t("report.signer"), Value: w.signer()},
	}
	p.Facts(facts)
	small := paper.Style{Size: 7.6, Colour: soft}
	p.Space(1)
	p.Text(t("report.proof_help"), small)
	if p.Incomplete() {
		p.Text(t("report.no_glyph"), small)
	}
}

// signer is the key that the report is signed with.
func (w *pdfWriter) signer() string {
	if w.about.Signer == "" {
		return w.words.T("report.unsigned")
	}
	return w.about.Signer
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (w *pdfWriter) exportedBy() string {
	by := w.about.By
	who := by.Operator
	if by.Role != "" {
		who += " (" + string(by.Role) + ")"
	}
	return w.words.T("report.by", "At", LocalTime(w.about.At), "Who", who, "Desk", by.Desk, "Program", by.Program)
}

// LocalTime writes a moment in this computer's zone; a zero one is empty.
func LocalTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05 -07:00")
}

var (
	ink    = paper.Colour{R: 0x1c, G: 0x1f, B: 0x24}
	soft   = paper.Colour{R: 0x47, G: 0x50, B: 0x5e}
	violet = paper.Colour{R: 0x7b, G: 0x1f, B: 0xa2} // identified without a match
	green  = paper.Colour{R: 0x12, G: 0x6b, B: 0x2e}
	amber  = paper.Colour{R: 0x8a, G: 0x4b, B: 0x00}
	red    = paper.Colour{R: 0xb3, G: 0x1b, B: 0x1b}
)

// look is how an outcome is shown besides its word, as on the screen.
func look(o history.Outcome) (paper.Shape, paper.Colour) {
	switch o {
	case history.Pass:
		return paper.Tick, green
	case history.Refer:
		return paper.Question, amber
	case history.Fail:
		return paper.Cross, red
	case history.NotCompared:
		return paper.Circle, soft
	case history.CouldNotRun:
		return paper.Triangle, red
	case history.Cancelled:
		return paper.Square, soft
	case history.Interrupted:
		return paper.Broken, amber
	case history.Running:
		return paper.Dots, soft
	}
	return paper.Question, amber
}

func (w *pdfWriter) outcome(o history.Outcome) string { return w.known("outcome.", string(o)) }

func (w *pdfWriter) known(prefix, value string) string { return Known(prefix, value, w.words) }

// name is what is printed in the place of a person's name.
func (w *pdfWriter) name(r history.Row) string {
	switch {
	case !w.about.Names:
		return w.words.T("report.left_out")
	case r.Name != "":
		return r.Name
	case r.Sealed:
		return w.words.T("history.sealed")
	case r.Erased:
		return w.words.T("report.erased")
	}
	return w.words.T("report.none")
}

func (w *pdfWriter) decision(s history.DecisionState) string {
	if s == "" {
		return ""
	}
	return w.known("report.decision_", string(s))
}

func score(r history.Row) string { return optional(r.Score, history.FormatScore) }
