package export

import (
	"encoding/json"
	"io"
	"time"

	"facematch/app/export/paper"
	"facematch/app/history"
)

// JSON is the format of everything about one person beside PDF.
const JSON = "json"

// SubjectFormats are the formats of everything about one person.
var SubjectFormats = []string{PDF, JSON}

// subjectWriter gathers everything about one person's checks, with what was sealed and the
// kept pictures: what the person may ask for.
type subjectWriter struct {
	to     io.Writer
	about  About
	checks []subjectCheck
}

type subjectCheck struct {
	line
	DocumentJPEG []byte `json:"document_jpeg,omitempty"`
	PersonJPEG   []byte `json:"person_jpeg,omitempty"`
}

func (w *subjectWriter) Check(d history.Detail) error {
	w.checks = append(w.checks, subjectCheck{lineOf(d, true), d.Document, d.Frame})
	return nil
}

func (w *subjectWriter) End(head history.Head) error {
	var whole struct {
		Subject struct {
			Version int           `json:"version"` // of this form
			At      time.Time     `json:"at"`
			By      history.Actor `json:"by"`
			Filter  string        `json:"filter"`
			Signer  string        `json:"signer,omitempty"` // fingerprint of the key the file is signed with
			Head    history.Head  `json:"head"`
		} `json:"facematch_subject"`
		Checks []subjectCheck `json:"checks"` // oldest session first
	}
	s := &whole.Subject
	s.Version, s.At, s.By, s.Filter, s.Signer, s.Head = 1, w.about.At.UTC(), w.about.By, w.about.Filter,
		w.about.Signer, head
	whole.Checks = w.checks
	e := json.NewEncoder(w.to)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(whole)
}

// printSubject prints everything about each check of one person.
func (w *pdfWriter) printSubject(p *paper.Paper) {
	t := w.words.T
	p.Text(t("report.subject_help"), paper.Style{Size: 9, Colour: ink})
	p.Space(2)
	for i, d := range w.subject {
		p.Heading(t("report.subject_check", "Number", i+1, "Of", len(w.subject), "At", LocalTime(d.At)))
		w.printCheck(p, d)
		if d.Document != nil || d.Frame != nil {
			p.Text(t("report.subject_pictures"), paper.Style{Size: 9, Colour: ink})
		}
		p.Space(3)
	}
}
